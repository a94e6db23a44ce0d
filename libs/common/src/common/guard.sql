-- name: role
-- What this login may do beyond its part: nothing of this is needed to serve.
SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolbypassrls AS sees_all_rows,
    pg_has_role(r.oid, c.relowner, 'MEMBER') AS owner,
    pg_has_role(r.oid, $1, 'MEMBER') AS other
FROM pg_roles r, pg_class c
WHERE r.rolname = current_user AND c.oid = 'events'::regclass

-- name: moved_by
-- How far business time was moved in this database.
SELECT moved_by FROM clock
