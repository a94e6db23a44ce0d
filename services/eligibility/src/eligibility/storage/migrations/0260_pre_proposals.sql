--Proposals: entries of the log that a title be suspended, and what the log told before.
-- depends: 0221_pre_foreseen_by

-- migrate: apply

ALTER TABLE decisions
    ADD COLUMN entry text NOT NULL DEFAULT 'STATUS'
        CHECK (entry IN ('STATUS', 'PROPOSED', 'WITHDRAWN')),
    ADD COLUMN proposal_id uuid,
    ADD COLUMN announced_on date,
    ADD COLUMN opened_on date,
    ADD COLUMN withdrawn_because text,
    ADD CHECK ((entry = 'STATUS') = (proposal_id IS NULL));

-- A proposal is opened once and withdrawn at most once, whoever tries.
CREATE UNIQUE INDEX decisions_proposals ON decisions (proposal_id, entry)
    WHERE proposal_id IS NOT NULL;
-- What stood open at a moment of the past.
CREATE INDEX decisions_of_proposals ON decisions (village_key, decided_at)
    WHERE proposal_id IS NOT NULL;

ALTER TABLE villages
    ADD COLUMN announced_on date,
    ADD COLUMN propose_on date,
    ADD COLUMN proposal_id uuid,
    ADD COLUMN opened_on date,
    ADD CHECK ((proposal_id IS NULL) = (opened_on IS NULL));
CREATE INDEX villages_proposed ON villages (village_key) WHERE proposal_id IS NOT NULL;

-- Villages that are at risk already: since when the log has said so without a break.
UPDATE villages v SET announced_on = (
    SELECT (min(d.decided_at) AT TIME ZONE CASE v.time_zone
        WHEN 'WIB' THEN 'Asia/Jakarta' WHEN 'WITA' THEN 'Asia/Makassar' ELSE 'Asia/Jayapura' END
    )::date
    FROM decisions d
    WHERE d.village_key = v.village_key AND d.current->>'standing' = 'TERANCAM'
        AND d.decided_at > coalesce((
            SELECT max(e.decided_at) FROM decisions e
            WHERE e.village_key = v.village_key AND e.current->>'standing' <> 'TERANCAM'
        ), '-infinity')
)
WHERE v.standing = 'TERANCAM';
UPDATE villages SET
    propose_on = greatest(grace_ends, announced_on + 30),
    next_review_at = least(next_review_at, greatest(grace_ends, announced_on + 30)::timestamptz)
WHERE announced_on IS NOT NULL;

-- migrate: rollback
