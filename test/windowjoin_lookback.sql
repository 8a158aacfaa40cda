-- A lookback that is no timespan, or negative, is an error as soon as it is
-- known: by every plan, rows or not.

BEGIN;
SELECT plan(91);

SET LOCAL TimeZone = 'UTC';
SET LOCAL client_min_messages = warning;
SET LOCAL max_parallel_workers_per_gather = 0;

\ir lib/plan_of.sql

CREATE TABLE events (k integer, t timestamptz);
CREATE TABLE anchors (k integer, t timestamptz);
CREATE INDEX events_t_idx ON events (t);
CREATE TABLE daily (k integer, t timestamptz) PARTITION BY RANGE (t);
CREATE TABLE no_partitions (k integer, t timestamptz) PARTITION BY RANGE (t);
CREATE TABLE first_day PARTITION OF daily FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');

-- one plan of a join each: what EXPLAIN shows of it, and the settings for it
CREATE TABLE plans (name text, shown text, disabled text[]);
INSERT INTO plans VALUES
    ('windowed join', 'Custom Scan \(AzhuntWindowJoin\)', '{enable_nestloop,enable_hashjoin,enable_mergejoin}'),
    ('nested loop that looks events up', 'Index Cond: .*window_start',
     '{azhunt.enable_windowjoin,enable_hashjoin,enable_mergejoin,enable_seqscan,enable_bitmapscan}'),
    ('nested loop with a bitmap', 'Bitmap Index Scan',
     '{azhunt.enable_windowjoin,enable_hashjoin,enable_mergejoin,enable_seqscan,enable_indexscan,enable_indexonlyscan}'),
    ('nested loop with a filter', 'Join Filter: .*within',
     '{azhunt.enable_windowjoin,enable_hashjoin,enable_mergejoin,enable_indexscan,enable_bitmapscan}'),
    ('hash join', 'Hash Join.*within', '{azhunt.enable_windowjoin,enable_nestloop,enable_mergejoin}'),
    ('merge join', 'Merge Join.*within', '{azhunt.enable_windowjoin,enable_nestloop,enable_hashjoin}');

CREATE FUNCTION use_plan(plan plans) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    setting text;
BEGIN
    FOREACH setting IN ARRAY '{azhunt.enable_windowjoin,enable_nestloop,enable_hashjoin,enable_mergejoin,enable_seqscan,'
                             'enable_indexscan,enable_indexonlyscan,enable_bitmapscan}'::text[] LOOP
        PERFORM set_config(setting, CASE WHEN setting = ANY (plan.disabled) THEN 'off' ELSE 'on' END, true);
    END LOOP;
    -- plans that were made with other settings
    DISCARD PLANS;
END
$$;

-- The query's lookback as a parameter of a plan that is for any value
PREPARE generic(interval) AS
SELECT count(*) FROM events AS e JOIN anchors AS a ON e.k = a.k AND azhunt.within(e.t, a.t, $1);
PREPARE computed(double precision) AS
SELECT count(*) FROM events AS e JOIN anchors AS a ON e.k = a.k AND azhunt.within(e.t, a.t, pg_catalog.make_interval(secs => $1));
SET LOCAL plan_cache_mode = force_generic_plan;

CREATE FUNCTION by_variable(lookback interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    result bigint;
BEGIN
    SELECT count(*) INTO result FROM events AS e JOIN anchors AS a ON e.k = a.k AND azhunt.within(e.t, a.t, lookback);
    RETURN result;
END
$$;

CREATE FUNCTION lookback_is_checked(plan plans, situation text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    join_within text := 'SELECT count(*) FROM events AS e JOIN anchors AS a ON e.k = a.k AND azhunt.within(e.t, a.t, %L)';
    what text := format('%s, %s', plan.name, situation);
BEGIN
    PERFORM use_plan(plan);
    RETURN NEXT matches(plan_of('EXECUTE generic(''1 minute'')'), plan.shown, what || ': the plan');
    RETURN NEXT throws_ok(format(join_within, '-1 microsecond'), '22023', 'lookback must not be negative', what || ': a constant');
    RETURN NEXT throws_ok(format(join_within, '1 month'), '22023', 'lookback must not contain months or years', what || ': a constant with months');
    RETURN NEXT throws_ok('EXECUTE generic(''-1 microsecond'')', '22023', 'lookback must not be negative', what || ': a parameter');
    RETURN NEXT throws_ok('EXECUTE generic(''106751992 days'')', '22015', 'lookback is out of range', what || ': a parameter that is too long');
    RETURN NEXT throws_ok('EXECUTE computed(-1)', '22023', 'lookback must not be negative', what || ': computed from a parameter');
    RETURN NEXT throws_ok('SELECT by_variable(''-1 microsecond'')', '22023', 'lookback must not be negative', what || ': a variable');
    RETURN NEXT lives_ok('EXECUTE generic(NULL)', what || ': null is no error');
END
$$;

SELECT lookback_is_checked(plans, 'both sides empty') FROM plans WHERE name IN ('windowed join', 'hash join');
INSERT INTO events VALUES (1, '2026-01-01 10:00');
SELECT lookback_is_checked(plans, 'no anchors') FROM plans WHERE name LIKE '%events up' OR name LIKE '%bitmap';
INSERT INTO anchors VALUES (2, '2026-01-01 10:00');
ANALYZE events, anchors;
SELECT lookback_is_checked(plans, 'no equal keys') FROM plans WHERE name IN ('windowed join', 'nested loop with a filter', 'hash join', 'merge join');
RESET plan_cache_mode;

-- without a join
SELECT throws_ok(query, '22023', 'lookback must not be negative', query)
FROM (VALUES
    ($$SELECT FROM daily WHERE azhunt.within(t, '2026-01-01 12:00', '-1 hour')$$),
    ($$SELECT FROM no_partitions WHERE azhunt.within(t, '2026-01-01 12:00', '-1 hour')$$),
    ($$SELECT azhunt.within('2026-01-01', t, '-1 hour') FROM daily$$),
    ($$SELECT azhunt.window_start(t, '-1 hour') FROM daily$$),
    ($$SELECT azhunt.window_end(t, '-1 hour') FROM daily$$),
    ($$DELETE FROM daily WHERE azhunt.within(t, t, '-1 hour')$$)) AS v (query);

-- an error where it is used: what is known only then
PREPARE by_subquery AS
SELECT count(*) FROM events AS e JOIN anchors AS a ON azhunt.within(e.t, a.t, (SELECT interval '-1 hour' OFFSET 0));
SELECT throws_ok('EXECUTE by_subquery', '22023', 'lookback must not be negative', 'a subquery''s lookback that is used');
TRUNCATE anchors;
SELECT lives_ok('EXECUTE by_subquery', 'a subquery''s lookback that is not');
SELECT lives_ok($$SELECT FROM events AS e, anchors AS a WHERE azhunt.within(e.t, a.t, a.k * interval '-1 hour')$$,
                'a lookback of each row, where there is none');

-- what the planner does not look at at all
SELECT lives_ok($$SELECT FROM events WHERE false AND azhunt.within(t, t, '-1 hour')$$, 'a condition after one that is false');
SELECT lives_ok($$SELECT FROM events WHERE CASE WHEN true THEN true ELSE azhunt.within(t, t, '-1 hour') END$$, 'a case that never comes');
SELECT is(azhunt.within(NULL, '2026-01-01', '-1 hour'), NULL, 'a null time');

-- what EXPLAIN shows is not executed
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT lives_ok('EXPLAIN EXECUTE generic(''-1 hour'')', 'EXPLAIN does not look at parameters');

-- expressions of parameters, and places where a plan has them
PREPARE greatest_of(interval) AS SELECT FROM daily WHERE azhunt.within(t, t, greatest($1, interval '-5 minutes'));
SELECT throws_ok('EXECUTE greatest_of(''-1 minute'')', '22023', 'lookback must not be negative', 'the greater of two');
PREPARE case_of(interval, boolean) AS SELECT FROM daily WHERE azhunt.within(t, t, CASE WHEN $2 THEN $1 ELSE interval '1 minute' END);
SELECT throws_ok('EXECUTE case_of(''-1 minute'', true)', '22023', 'lookback must not be negative', 'one of two cases');
PREPARE element_of(interval[]) AS SELECT FROM daily WHERE azhunt.within(t, t, $1[1]);
SELECT throws_ok('EXECUTE element_of(''{-1 minute}'')', '22023', 'lookback must not be negative', 'an element of an array');
CREATE TEMP TABLE flags (b boolean);
SET LOCAL enable_nestloop = off;
SET LOCAL enable_mergejoin = off;
PREPARE hashed(interval) AS SELECT FROM daily AS d JOIN flags AS f ON f.b = azhunt.within(d.t, pg_catalog.now(), $1);
SELECT throws_ok('EXECUTE hashed(''-1 minute'')', '22023', 'lookback must not be negative', 'in the condition of a hash join');
SET LOCAL enable_mergejoin = on;
SET LOCAL enable_hashjoin = off;
PREPARE merged(interval) AS SELECT FROM daily AS d JOIN flags AS f ON f.b = azhunt.within(d.t, pg_catalog.now(), $1);
SELECT throws_ok('EXECUTE merged(''-1 minute'')', '22023', 'lookback must not be negative', 'or of a merge join');
SET LOCAL enable_nestloop = on;
SET LOCAL enable_hashjoin = on;

-- places that no row comes to, as there is none
CREATE FUNCTION seconds_of(t timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN extract(epoch FROM t)::bigint;
PREPARE run_condition(interval) AS
SELECT FROM (SELECT row_number() OVER (ORDER BY t) AS n FROM daily) AS d WHERE n <= seconds_of(azhunt.window_start('2026-01-01', $1));
SELECT throws_ok('EXECUTE run_condition(''-1 minute'')', '22023', 'lookback must not be negative', 'where a window ends early');
PREPARE frame_start(interval) AS
SELECT f.n FROM daily AS d
CROSS JOIN LATERAL (SELECT count(*) OVER (ROWS BETWEEN seconds_of(azhunt.window_start('2026-01-01', $1)) PRECEDING AND CURRENT ROW) AS n
                    FROM flags WHERE b = (d.k = 1)) AS f;
SELECT throws_ok('EXECUTE frame_start(''-1 minute'')', '22023', 'lookback must not be negative', 'where a frame begins');
PREPARE frame_end(interval) AS
SELECT f.n FROM daily AS d
CROSS JOIN LATERAL (SELECT count(*) OVER (ROWS BETWEEN CURRENT ROW AND seconds_of(azhunt.window_start('2026-01-01', $1)) FOLLOWING) AS n
                    FROM flags WHERE b = (d.k = 1)) AS f;
SELECT throws_ok('EXECUTE frame_end(''-1 minute'')', '22023', 'lookback must not be negative', 'where a frame ends');
PREPARE limit_of(interval) AS
SELECT FROM daily AS d CROSS JOIN LATERAL (SELECT FROM flags WHERE b = (d.k = 1) LIMIT seconds_of(azhunt.window_start('2026-01-01', $1))) AS f;
SELECT throws_ok('EXECUTE limit_of(''-1 minute'')', '22023', 'lookback must not be negative', 'in a limit');
PREPARE offset_of(interval) AS
SELECT FROM daily AS d CROSS JOIN LATERAL (SELECT FROM flags WHERE b = (d.k = 1) OFFSET seconds_of(azhunt.window_start('2026-01-01', $1))) AS f;
SELECT throws_ok('EXECUTE offset_of(''-1 minute'')', '22023', 'lookback must not be negative', 'in an offset');
PREPARE values_of(interval) AS
SELECT v.t FROM daily AS d CROSS JOIN LATERAL (VALUES (d.t), (azhunt.window_start(d.t, $1))) AS v (t);
SELECT throws_ok('EXECUTE values_of(''-1 minute'')', '22023', 'lookback must not be negative', 'among values');
SET LOCAL test.lookback = '-1 minute';
CREATE VIEW checked AS
SELECT * FROM daily WHERE azhunt.within(t, '2026-01-01 12:00', pg_catalog.current_setting('test.lookback')::interval) WITH CHECK OPTION;
SELECT throws_ok('INSERT INTO checked SELECT * FROM first_day', '22023', 'lookback must not be negative', 'in the check option of a view');

-- conditions on parameters alone come first
PREPARE conditional(boolean, interval) AS SELECT FROM daily WHERE $1 AND azhunt.within(t, t, $2);
SELECT lives_ok('EXECUTE conditional(false, ''-1 hour'')', 'what is not executed');
SELECT throws_ok('EXECUTE conditional(true, ''-1 hour'')', '22023', 'lookback must not be negative', 'what is executed');

SELECT * FROM finish();
ROLLBACK;
