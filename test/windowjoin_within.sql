-- What the planner makes of within(), and its estimates of within(), =~ and
-- has().

BEGIN;
SELECT plan(27);

SET LOCAL TimeZone = 'UTC';

\ir lib/plan_of.sql
\ir lib/estimates.sql

--
-- every form gives what within() gives, at every edge
--

CREATE TABLE times AS
SELECT t::timestamptz AS t
FROM unnest(ARRAY['-infinity', '4714-11-24 00:00:00 BC', '4714-11-24 00:00:00.000001 BC', '1999-12-31 23:59:59.999999',
                  '2000-01-01', '2000-01-01 00:00:00.000001', '2026-01-01', '2026-01-01 00:00:59.999999',
                  '2026-01-01 00:01:00', '2026-01-01 00:01:00.000001', '294276-12-31 23:59:58',
                  '294276-12-31 23:59:59.999999', 'infinity', NULL]) AS t;

CREATE TABLE lookbacks AS
SELECT l::interval AS l
FROM unnest(ARRAY['0', '1 microsecond', '1 minute', '1 day', '106751991 days']) AS l;

-- lookback and the fixed time as literals, so that within() is simplified
CREATE FUNCTION matches(condition text) RETURNS TABLE (t timestamptz, fixed timestamptz, l interval, result boolean)
LANGUAGE plpgsql AS $$
BEGIN
    FOR fixed, l IN SELECT f.t, b.l FROM times AS f, lookbacks AS b LOOP
        FOR t, result IN EXECUTE format('SELECT t, %s FROM times', format(condition, fixed, l)) LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

CREATE TABLE as_defined AS
SELECT e.t AS event, a.t AS anchor, b.l,
       CASE WHEN NOT (isfinite(e.t) AND isfinite(a.t)) THEN e.t = a.t
            -- microseconds, as an interval can't span all times
            ELSE e.t <= a.t AND extract(epoch FROM a.t) - extract(epoch FROM e.t) <= extract(epoch FROM b.l)
       END AS result
FROM times AS e, times AS a, lookbacks AS b;

SELECT cmp_ok(count(*) FILTER (WHERE result), '>', 100::bigint, 'enough pairs are within the lookback')
FROM as_defined;

SELECT bag_eq($$
    SELECT event, anchor, l, azhunt.within(event, anchor, l) FROM as_defined
$$, 'TABLE as_defined', 'within() as a function');

SELECT bag_eq($$
    SELECT t, fixed, l, result FROM matches('azhunt.within(t, %L, %L)')
$$, 'TABLE as_defined', 'within() of an event and a fixed anchor');

SELECT bag_eq($$
    SELECT fixed, t, l, result FROM matches('azhunt.within(%L, t, %L)')
$$, 'TABLE as_defined', 'within() of a fixed event and an anchor');

SELECT bag_eq($$
    SELECT fixed, t, l, NOT result FROM matches('NOT azhunt.within(%L, t, %L)')
$$, 'TABLE as_defined', 'NOT within() of a fixed event and an anchor');

--
-- indexes
--

CREATE TABLE indexed AS SELECT t FROM times, generate_series(1, 50);
CREATE INDEX indexed_t_idx ON indexed (t);
ANALYZE indexed;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_material = off;

SELECT matches(plan_of('SELECT * FROM lookbacks, times, indexed WHERE azhunt.within(indexed.t, times.t, lookbacks.l)'),
               E'Index Cond: \\(\\(t >= azhunt\\.window_start\\(times\\.t, lookbacks\\.l\\)\\) AND \\(t <= times\\.t\\)\\)',
               'the event is looked up in a btree index');
SELECT matches(plan_of('SELECT * FROM lookbacks, times, indexed WHERE azhunt.within(times.t, indexed.t, lookbacks.l)'),
               E'Index Cond: \\(\\(t >= times\\.t\\) AND \\(t <= azhunt\\.window_end\\(times\\.t, lookbacks\\.l\\)\\)\\)',
               'the anchor is looked up in a btree index');
SELECT doesnt_match(plan_of('SELECT * FROM lookbacks, times, indexed WHERE azhunt.within(indexed.t, times.t, lookbacks.l)'),
                    'Filter', 'nothing is left to recheck');

SELECT is_empty($$
    (SELECT i.t, f.t, b.l, true FROM lookbacks AS b, times AS f, (SELECT DISTINCT t FROM indexed) AS i
     WHERE azhunt.within(i.t, f.t, b.l))
    EXCEPT SELECT * FROM as_defined WHERE result
$$, 'the index finds no event too many');
SELECT set_eq($$
    SELECT i.t, f.t AS fixed, b.l FROM lookbacks AS b, times AS f, indexed AS i WHERE azhunt.within(i.t, f.t, b.l)
$$, 'SELECT event, anchor, l FROM as_defined WHERE result', 'the index finds the events');
SELECT set_eq($$
    SELECT f.t AS fixed, i.t, b.l FROM lookbacks AS b, times AS f, indexed AS i WHERE azhunt.within(f.t, i.t, b.l)
$$, 'SELECT event, anchor, l FROM as_defined WHERE result', 'the index finds the anchors');

DROP INDEX indexed_t_idx;
CREATE INDEX indexed_t_idx ON indexed USING brin (t);
SELECT matches(plan_of('SELECT * FROM lookbacks, times, indexed WHERE azhunt.within(indexed.t, times.t, lookbacks.l)'),
               'Bitmap Index Scan on indexed_t_idx', 'the event is looked up in a BRIN index');
SELECT set_eq($$
    SELECT i.t, f.t AS fixed, b.l FROM lookbacks AS b, times AS f, indexed AS i WHERE azhunt.within(i.t, f.t, b.l)
$$, 'SELECT event, anchor, l FROM as_defined WHERE result', 'the BRIN index finds the events');

DROP INDEX indexed_t_idx;
CREATE INDEX indexed_t_idx ON indexed USING hash (t);
SELECT doesnt_match(plan_of('SELECT * FROM lookbacks, times, indexed WHERE azhunt.within(indexed.t, times.t, lookbacks.l)'),
                    'indexed_t_idx', 'an index that can''t compare is not used');
RESET enable_seqscan;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

--
-- partitions
--

CREATE TABLE daily (t timestamptz) PARTITION BY RANGE (t);
CREATE TABLE first_day PARTITION OF daily FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
CREATE TABLE second_day PARTITION OF daily FOR VALUES FROM ('2026-01-02') TO ('2026-01-03');
CREATE TABLE third_day PARTITION OF daily FOR VALUES FROM ('2026-01-03') TO ('2026-01-04');
SELECT is(array(SELECT m[1] FROM regexp_matches(
                    plan_of($$SELECT * FROM daily WHERE azhunt.within(t, '2026-01-03 00:30', '1 hour')$$),
                    '[a-z]+_day', 'g') AS m),
          '{second_day,third_day}', 'partitions are pruned while planning');

--
-- estimates
--

SELECT setseed(0.5);
CREATE TABLE events AS
SELECT (random() * 500)::integer AS uniform, (500 * random() ^ 4)::integer AS skewed,
       CASE (random() * 10)::integer WHEN 0 THEN 'Success' WHEN 1 THEN 'SUCCESS' WHEN 2 THEN NULL
                                     ELSE 'failure ' || (random() * 1000)::integer END AS status,
       CASE WHEN random() < 0.02 THEN 'cloud-shell-storage-' || (random() * 1000)::integer
            ELSE 'rg-' || md5(random()::text) END AS resource_group,
       '2026-01-01'::timestamptz + random() * interval '7 days' AS t
FROM generate_series(1, 20000);
CREATE TABLE anchors AS
SELECT (random() * 500)::integer AS uniform, (500 * random() ^ 4)::integer AS skewed,
       CASE (random() * 10)::integer WHEN 0 THEN 'success' WHEN 1 THEN 'Success' WHEN 2 THEN NULL
                                     ELSE 'Failure ' || (random() * 1000)::integer END AS status,
       '2026-01-05'::timestamptz + random() ^ 2 * interval '7 days' AS t
FROM generate_series(1, 5000);
ANALYZE events, anchors;

SELECT is_estimated_within('SELECT FROM events AS e JOIN anchors AS a USING (uniform) WHERE azhunt.within(e.t, a.t, ''1 hour'')',
                           2, 'within() of a uniform key');
SELECT is_estimated_within('SELECT FROM events AS e JOIN anchors AS a USING (skewed) WHERE azhunt.within(e.t, a.t, ''1 hour'')',
                           3, 'within() of a skewed key');
SELECT is_estimated_within($$
    SELECT FROM (TABLE events UNION ALL TABLE events) AS e
    JOIN (TABLE anchors UNION ALL SELECT uniform, skewed, status, t - interval '30 days' FROM anchors) AS a ON e.uniform < 10
    WHERE azhunt.within(e.t, a.t, '1 hour')
$$, 3, 'within() over UNION ALL');
SELECT is_estimated_within($$
    SELECT FROM (TABLE events UNION ALL TABLE events) AS e JOIN anchors AS a ON e.uniform < 10
    WHERE azhunt.within(e.t, a.t, '1 hour') AND e.t >= azhunt.window_start(a.t, '1 hour') AND e.t <= a.t
$$, 3, 'conditions that within() implies count for nothing');
SELECT is_estimated_within(format('SELECT FROM events AS e JOIN anchors AS a ON e.uniform < 10 WHERE azhunt.within(e.t, a.t, ''1 hour'') AND %s', condition),
                           1.5, 'within() of part of the events: ' || condition)
FROM unnest(ARRAY[$$e.t >= '2026-01-05 12:00'$$, $$'2026-01-05 12:00' <= e.t$$, $$a.t < '2026-01-05 12:00'$$, $$'2026-01-05 12:00' > a.t$$]) AS condition;
SELECT is_estimated_within($$SELECT FROM events WHERE status OPERATOR(azhunt.=~) 'success'$$,
                           1.5, '=~ adds up the common values that differ in case');
SELECT is_estimated_within($$
    SELECT FROM (TABLE events UNION ALL TABLE events) AS e
    JOIN (TABLE anchors UNION ALL TABLE anchors) AS a ON COALESCE(e.status, '') OPERATOR(azhunt.=~) COALESCE(a.status, '')
    WHERE e.uniform = 1 AND a.uniform = 1
$$, 5, '=~ joins over UNION ALL');
SELECT is_estimated_within($$SELECT FROM events WHERE azhunt.has(resource_group, 'cloud-shell-storage')$$,
                           3, 'has() of a rare term');
SELECT is_estimated_within($$SELECT FROM events WHERE azhunt.has(resource_group, 'rg')$$,
                           1.5, 'has() of a common term');

SELECT * FROM finish();
ROLLBACK;
