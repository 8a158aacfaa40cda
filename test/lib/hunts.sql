-- What tests of hunts have in common: random values, planner settings, and
-- logs that arrive bit by bit.

CREATE FUNCTION pg_temp.pick(choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + floor(random() * cardinality(choices))]
$$;

CREATE FUNCTION pg_temp.fold(string text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN translate(string, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');

-- Is b at most a window after a?  A day has 24 hours, and an infinite time is
-- only equal to itself.
CREATE FUNCTION pg_temp.follows(a timestamptz, b timestamptz, "window" interval) RETURNS boolean LANGUAGE sql STABLE
RETURN a = b OR isfinite(a) AND isfinite(b)
                AND extract(epoch FROM b) - extract(epoch FROM a) BETWEEN 0 AND extract(epoch FROM "window");

-- Times with many ties, around a day's end in spring when New York's clocks
-- jump, a microsecond beside whole minutes; a few at the ends of time.
CREATE FUNCTION pg_temp.pick_time() RETURNS timestamptz LANGUAGE sql VOLATILE
RETURN CASE WHEN random() < 0.02
            THEN pg_temp.pick('{infinity,-infinity,4714-11-24 00:00:00+00 BC,4714-11-24 00:02:00+00 BC,294276-12-31 23:59:59.999999+00,294276-12-31 23:58:00+00}'::timestamptz[])
            ELSE timestamptz '2026-03-08 06:58:00Z'
                 + floor(random() * 6) * interval '1 minute'
                 + pg_temp.pick('{-1,0,0,0,1}'::integer[]) * interval '1 microsecond'
                 - pg_temp.pick('{0,0,0,0,24}'::integer[]) * interval '1 hour'
       END;

CREATE FUNCTION pg_temp.set_planner(settings text) RETURNS void LANGUAGE sql AS $$
    SELECT set_config(s.name, s.value, true)
    FROM (VALUES
        ('enable_nestloop', (settings NOT IN ('no nested loop', 'windowed join'))::text),
        ('enable_hashjoin', (settings NOT IN ('no hash join', 'windowed join'))::text),
        ('enable_mergejoin', (settings NOT IN ('no merge join', 'windowed join'))::text),
        ('azhunt.enable_windowjoin', (settings <> 'no windowed join')::text),
        ('enable_indexscan', (settings <> 'no index')::text),
        ('enable_indexonlyscan', (settings <> 'no index')::text),
        ('enable_bitmapscan', (settings <> 'no index')::text),
        ('enable_incremental_sort', (settings <> 'no incremental sort')::text),
        ('plan_cache_mode', CASE settings WHEN 'generic plan' THEN 'force_generic_plan' ELSE 'auto' END),
        ('parallel_setup_cost', CASE settings WHEN 'parallel' THEN '0' ELSE '1000' END),
        ('parallel_tuple_cost', CASE settings WHEN 'parallel' THEN '0' ELSE '0.1' END),
        ('min_parallel_table_scan_size', CASE settings WHEN 'parallel' THEN '0' ELSE '8MB' END)) AS s (name, value)
$$;

CREATE FUNCTION pg_temp.pick_settings() RETURNS text LANGUAGE sql VOLATILE
RETURN pg_temp.pick('{none,no nested loop,no hash join,no merge join,windowed join,no windowed join,no index,no incremental sort,generic plan,parallel}'::text[]);

-- How many rows two queries differ in.
CREATE FUNCTION pg_temp.differences(one text, other text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    different bigint;
BEGIN
    EXECUTE format('WITH one AS MATERIALIZED (%s), other AS MATERIALIZED (%s)'
                   ' SELECT (SELECT count(*) FROM (TABLE one EXCEPT ALL TABLE other) AS d)'
                   '      + (SELECT count(*) FROM (TABLE other EXCEPT ALL TABLE one) AS d)', one, other)
    INTO different;
    RETURN different;
END
$$;

-- The log rows are taken away and given back in a number of batches, in random
-- order, each followed by a run.  In this transaction all rows are new to each
-- run, so those of the batches before get an older transaction.
CREATE TABLE pg_temp.arriving (log_table text, log_row jsonb, batch integer);
CREATE TABLE pg_temp.arrival_runs (rule text, batch integer, rows_expected bigint, rows_read bigint, started_over text, new_matches bigint);

CREATE PROCEDURE pg_temp.arrive(rule text, tables text[], batches integer) LANGUAGE plpgsql AS $$
DECLARE
    log_table text;
    current_batch integer;
    this_run bigint;
BEGIN
    TRUNCATE pg_temp.arriving;
    FOREACH log_table IN ARRAY tables LOOP
        EXECUTE format('INSERT INTO pg_temp.arriving SELECT %1$L, to_jsonb(l) - ''ingestxid'', floor(random() * %2$s) FROM azhunt.%1$I AS l',
                       log_table, batches);
        EXECUTE format('TRUNCATE azhunt.%I', log_table);
    END LOOP;
    FOR current_batch IN 0 .. batches LOOP
        FOREACH log_table IN ARRAY tables LOOP
            EXECUTE format('UPDATE azhunt.%I SET ingestxid = 3', log_table);
            EXECUTE format('INSERT INTO azhunt.%1$I SELECT r.* FROM pg_temp.arriving AS a'
                           ' CROSS JOIN LATERAL jsonb_populate_record(NULL::azhunt.%1$I, a.log_row || jsonb_build_object(''ingestxid'', azhunt.ingest_xid())) AS r'
                           ' WHERE a.log_table = %1$L AND a.batch = $1', log_table) USING current_batch;
        END LOOP;
        this_run := azhunt.run_rule_in_transaction(rule);
        INSERT INTO pg_temp.arrival_runs
        SELECT arrive.rule, current_batch, (SELECT count(*) FROM pg_temp.arriving AS a WHERE a.batch = current_batch),
               (SELECT sum(e.value::bigint) FROM jsonb_each_text(r.rows_read) AS e), r.started_over, r.new_matches
        FROM azhunt.runs AS r WHERE r.run = this_run;
    END LOOP;
END
$$;
