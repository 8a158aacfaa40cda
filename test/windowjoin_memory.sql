-- The windowed join keeps its memory below the limit, and EXPLAIN says how much
-- that is.

BEGIN;
SELECT plan(90);

SET LOCAL TimeZone = 'UTC';
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SET LOCAL enable_nestloop = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT setseed(0.375);

-- Rows that are narrow, of all widths, of one key, and of a width of which the
-- planner has no idea.
CREATE TABLE narrow AS
SELECT i % 997 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, '' AS note FROM generate_series(1, 15000) AS i;
CREATE TABLE mixed AS
SELECT i % 997 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('n', (1200 * random() ^ 4)::integer) AS note
FROM generate_series(1, 15000) AS i;
CREATE TABLE one_key AS
SELECT 0 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('n', 300) AS note FROM generate_series(1, 6000) AS i;
CREATE TABLE unknown AS
SELECT i % 997 AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('n', 900) AS note FROM generate_series(1, 6000) AS i;
ANALYZE narrow, mixed, one_key;
ALTER TABLE unknown SET (autovacuum_enabled = false);

-- Notes what the join's contexts have allocated in this process, while it reads
-- its inputs and while it joins; always true.
CREATE FUNCTION sampled(t timestamptz) RETURNS boolean LANGUAGE plpgsql VOLATILE PARALLEL SAFE COST 0.1 AS $$
DECLARE
    allocated bigint;
BEGIN
    IF extract(second FROM t) % 60 = 0 THEN
        SELECT sum(total_bytes) INTO allocated FROM pg_catalog.pg_get_backend_memory_contexts() WHERE name LIKE 'AzhuntWindowJoin%';
        IF allocated > current_setting('test.most')::bigint THEN
            PERFORM set_config('test.most', allocated::text, true);
        END IF;
    END IF;
    RETURN true;
END
$$;

-- The same for processes, which can't set anything
CREATE FUNCTION allocated(t timestamptz) RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL SAFE COST 0.1 AS $$
BEGIN
    IF extract(second FROM t) % 60 = 0 THEN
        RETURN (SELECT sum(total_bytes)::bigint FROM pg_catalog.pg_get_backend_memory_contexts() WHERE name LIKE 'AzhuntWindowJoin%');
    END IF;
    RETURN 0;
END
$$;

CREATE FUNCTION find_node(plan jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "AzhuntWindowJoin")')
$$;

CREATE TABLE measured (
    source text, memory text, multiplier double precision, workers integer, memory_limit bigint,
    reported bigint, batches integer, allocated bigint, divided boolean);

CREATE FUNCTION measure(source text, memory text, multiplier double precision, workers integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    joined text := 'SELECT e.t, e.note AS e, a.note AS a FROM %1$s AS e JOIN %1$s AS a USING (k)'
                   ' WHERE azhunt.within(e.t, a.t, ''0'') AND length(e.note) = length(a.note)';
    plan jsonb;
    allocated bigint;
BEGIN
    PERFORM set_config('work_mem', memory, true), set_config('hash_mem_multiplier', multiplier::text, true),
            set_config('max_parallel_workers_per_gather', workers::text, true), set_config('test.most', '0', true);
    IF workers = 0 THEN
        joined := format(joined || ' AND sampled(greatest(e.t, a.t))', format('(SELECT * FROM %I WHERE sampled(t))', source));
        EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || joined INTO plan;
        allocated := current_setting('test.most');
    ELSE
        joined := format(joined, quote_ident(source));
        EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || joined INTO plan;
        EXECUTE format('SELECT max(allocated(t)) FROM (%s) AS j WHERE e IS NOT NULL AND a IS NOT NULL', joined) INTO allocated;
    END IF;
    plan := find_node(plan);
    INSERT INTO measured VALUES
        (source, memory, multiplier, workers, pg_catalog.pg_size_bytes(memory) * multiplier,
         (plan ->> 'Memory Usage')::bigint * 1024, (plan ->> 'Batches')::integer, allocated, plan ? 'Pieces');
END
$$;

SELECT measure(s, m, f, w)
FROM unnest('{narrow,mixed,one_key,unknown}'::text[]) AS s, unnest('{64kB,128kB,256kB,1MB,4MB}'::text[]) AS m,
     unnest('{1,2}'::double precision[]) AS f, unnest('{0,2}'::integer[]) AS w
WHERE f = 1 OR m IN ('64kB', '4MB')
ORDER BY s, m, f, w
\g /dev/null

SELECT ok(reported <= memory_limit,
          format('%s within %s * %s: %s kB in %s batches', source, memory, multiplier, reported / 1024, batches))
FROM measured WHERE workers = 0 ORDER BY source, memory_limit, multiplier;

SELECT ok(allocated BETWEEN 0.8 * reported AND reported + 1024,
          format('%s within %s * %s is really %s of %s kB', source, memory, multiplier, allocated / 1024, reported / 1024))
FROM measured WHERE workers = 0 ORDER BY source, memory_limit, multiplier;

SELECT ok(bool_and(reported <= memory_limit), 'each process is within the limit: '
          || string_agg(format('%s of %s kB for %s', reported / 1024, memory_limit / 1024, source), ', '))
FROM measured WHERE workers > 0 AND divided GROUP BY source ORDER BY source;
SELECT ok(bool_and(allocated <= memory_limit), 'and really so: '
          || string_agg(format('%s of %s kB for %s', allocated / 1024, memory_limit / 1024, source), ', '))
FROM measured WHERE workers > 0 AND divided GROUP BY source ORDER BY source;
SELECT ok(bool_and(reported <= memory_limit * 3), 'all of them are together, in memory: '
          || string_agg(format('%s of %s kB for %s', reported / 1024, memory_limit / 1024, source), ', '))
FROM measured WHERE workers > 0 AND NOT divided GROUP BY source ORDER BY source;

-- and not far below it
SELECT ok(reported >= 0.6 * memory_limit, format('%s uses %s of %s kB', source, reported / 1024, memory_limit / 1024))
FROM measured WHERE workers = 0 AND divided ORDER BY source, memory_limit, multiplier;

SELECT * FROM finish();
ROLLBACK;
