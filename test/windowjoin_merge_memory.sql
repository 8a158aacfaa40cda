-- The windowed join by a merge of indexes keeps its memory below the limit, and
-- EXPLAIN says how much that is.

BEGIN;
SELECT plan(88);

SET LOCAL TimeZone = 'UTC';
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL hash_mem_multiplier = 1;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT set_config(name, 'off', true)
FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name) \g /dev/null
SELECT setseed(0.375);

-- Rows that are narrow, wide, of all widths, larger than what is left, and of one
-- key, so that entries go to files
CREATE TABLE narrow AS
SELECT i % 97 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, '' AS note FROM generate_series(1, 15000) AS i;
CREATE TABLE wide AS
SELECT i % 97 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('n', 900) AS note FROM generate_series(1, 6000) AS i;
CREATE TABLE mixed AS
SELECT i % 97 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('n', (1200 * random() ^ 4)::integer) AS note
FROM generate_series(1, 10000) AS i;
CREATE TABLE large AS
SELECT i % 97 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('n', 7000) AS note FROM generate_series(1, 1500) AS i;
CREATE TABLE one_key AS
SELECT 0 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('n', 300) AS note FROM generate_series(1, 1500) AS i;
ALTER TABLE large ALTER note SET STORAGE PLAIN;
SELECT format('CREATE INDEX ON %1$I (k, t); ANALYZE %1$I', name) FROM unnest('{narrow,wide,mixed,large,one_key}'::text[]) AS n (name) \gexec

-- Notes what the join's contexts have allocated while rows are fetched, and by how
-- much the executor's own have grown; always true.
CREATE FUNCTION sampled(t timestamptz) RETURNS boolean LANGUAGE plpgsql VOLATILE COST 0.1 AS $$
DECLARE
    joining bigint;
    executor bigint;
BEGIN
    IF extract(second FROM t) % 60 = 0 THEN
        SELECT sum(total_bytes) FILTER (WHERE name LIKE 'AzhuntWindowMerge%'), sum(total_bytes) FILTER (WHERE name = 'ExecutorState')
        INTO joining, executor FROM pg_catalog.pg_get_backend_memory_contexts();
        PERFORM set_config('test.most', greatest(joining, current_setting('test.most')::bigint)::text, true),
                set_config('test.least_executor', least(executor, nullif(current_setting('test.least_executor'), '')::bigint)::text, true),
                set_config('test.most_executor', greatest(executor, current_setting('test.most_executor')::bigint)::text, true);
    END IF;
    RETURN true;
END
$$;

CREATE FUNCTION find_node(plan jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "AzhuntWindowMerge")')
$$;

CREATE TABLE measured (source text, memory_limit bigint, reported bigint, allocated bigint, elsewhere bigint, spooled bigint, batches integer);

CREATE FUNCTION measure(source text, memory text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    PERFORM set_config('work_mem', memory, true), set_config('test.most', '0', true),
            set_config('test.least_executor', '', true), set_config('test.most_executor', '0', true);
    EXECUTE format('EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) SELECT e.t, e.note AS e, a.note AS a FROM %1$I AS e JOIN %1$I AS a USING (k)'
                   ' WHERE azhunt.within(e.t, a.t, ''5 minutes'') AND sampled(e.t) AND sampled(a.t)',
                   source) INTO plan;
    plan := find_node(plan);
    INSERT INTO measured VALUES
        (source, pg_catalog.pg_size_bytes(memory), (plan ->> 'Memory Usage')::bigint * 1024, current_setting('test.most')::bigint,
         current_setting('test.most_executor')::bigint - current_setting('test.least_executor')::bigint,
         (plan ->> 'Entries Spooled')::bigint, (plan ->> 'Fetches')::integer);
END
$$;

SELECT measure(s, m)
FROM unnest('{narrow,wide,mixed,large,one_key}'::text[]) AS s, unnest('{64kB,128kB,256kB,1MB,4MB}'::text[]) AS m
ORDER BY s, m
\g /dev/null

SELECT ok(reported <= memory_limit,
          format('%s within %s kB: %s kB in %s batches', source, memory_limit / 1024, reported / 1024, batches))
FROM measured ORDER BY source, memory_limit;

SELECT ok(allocated BETWEEN 0.8 * reported AND reported + 1024,
          format('%s within %s kB is really %s of %s kB', source, memory_limit / 1024, allocated / 1024, reported / 1024))
FROM measured ORDER BY source, memory_limit;

SELECT ok(elsewhere < 8192, format('%s within %s kB: no memory that is not counted, but %s', source, memory_limit / 1024, elsewhere))
FROM measured ORDER BY source, memory_limit;

-- and not far below it, but for files
SELECT ok(reported >= 0.6 * (memory_limit - CASE WHEN current_setting('server_version_num')::integer < 180000 THEN 20480 ELSE 36864 END), format('%s uses %s of %s kB', source, reported / 1024, memory_limit / 1024))
FROM measured WHERE source <> 'large' AND memory_limit <= 262144 ORDER BY source, memory_limit;

SELECT isnt(spooled, NULL, 'entries go to files') FROM measured WHERE source = 'one_key' AND memory_limit = 65536;

SELECT * FROM finish();
ROLLBACK;
