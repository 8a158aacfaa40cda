-- report.sql
--
-- The table of all measurements.

\pset footer off
SELECT m.measured,
       m.contender,
       m.reference,
       r.below || r.contender_cost::numeric(12, 1) AS cost,
       m.reference_cost::numeric(12, 1) AS "reference's",
       m.unit,
       r.below || r.ratio::numeric(8, 4) AS ratio,
       m.target::numeric(8, 4) AS target,
       CASE WHEN r.ratio <= m.target THEN 'met' WHEN r.ratio > m.target THEN 'not met' END AS met
FROM bench.measurement AS m
CROSS JOIN LATERAL (
    SELECT CASE WHEN m.contender_cost < m.resolution THEN '< ' ELSE '' END AS below,
           greatest(m.contender_cost, m.resolution) AS contender_cost,
           greatest(m.contender_cost, m.resolution) / m.reference_cost AS ratio
) AS r
ORDER BY m.ordinal;

SELECT count(*) FILTER (WHERE greatest(contender_cost, resolution) / reference_cost <= target) AS "targets met",
       count(target) AS "of"
FROM bench.measurement;
