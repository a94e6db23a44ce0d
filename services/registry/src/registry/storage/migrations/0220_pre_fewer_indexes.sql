--Indexes that no query asks for are gone: each cost every deed or every new person its log record.
-- depends: 0202_pre_posts

-- migrate: apply

-- The number is drawn by the table itself; a span names its participant through its enrollment too.
ALTER TABLE enrollment_spans DROP CONSTRAINT enrollment_spans_participant_no_fkey;
ALTER TABLE participants DROP CONSTRAINT participants_participant_no_key;

-- "Who recorded this" is asked with the time of its event: a summary of times per range of pages,
-- made by vacuum and not by each deed.
ALTER TABLE acts DROP CONSTRAINT acts_pkey;
CREATE INDEX acts_by_time ON acts USING brin (recorded_at) WITH (pages_per_range = 16);

-- migrate: rollback
