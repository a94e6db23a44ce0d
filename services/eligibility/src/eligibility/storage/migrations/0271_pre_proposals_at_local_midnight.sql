--Proposals that wait are looked at when their day begins where the village is.
-- depends: 0270_pre_coverage

-- migrate: apply

-- 0260 took midnight from the session's time zone: in UTC seven to nine hours late.
UPDATE villages SET next_review_at = least(
    next_review_at,
    propose_on::timestamp AT TIME ZONE CASE time_zone
        WHEN 'WIB' THEN 'Asia/Jakarta' WHEN 'WITA' THEN 'Asia/Makassar' ELSE 'Asia/Jayapura' END
)
WHERE propose_on IS NOT NULL;

-- migrate: rollback
