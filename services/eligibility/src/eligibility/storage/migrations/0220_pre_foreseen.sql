--Foreseen: what a village will be when time alone changes it, judged before its midnight.
-- depends: 0202_pre_decisions

-- migrate: apply

-- One row a village at most, written ahead of its next_judge_on and deleted whenever the village is
-- judged. It holds as long as no rule set is added: they are never changed, so their number is
-- enough to tell.
CREATE TABLE foreseen (
    village_key text PRIMARY KEY,
    judge_on date NOT NULL,
    rule_sets integer NOT NULL,
    judged json NOT NULL
);

ALTER TABLE foreseen ENABLE ROW LEVEL SECURITY;
CREATE POLICY foreseen_in_sight ON foreseen TO desa_app USING (in_sight(village_key));
CREATE POLICY foreseen_all ON foreseen TO desa_work USING (true);

GRANT SELECT, DELETE ON foreseen TO desa_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON foreseen TO desa_work;

-- migrate: rollback
