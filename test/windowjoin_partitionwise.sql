-- The windowed join below other joins: of partitions one by one, below outer
-- joins, lateral, with subplans, in parallel, against every other plan.

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(64);

SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, azhunt, pg_catalog;
SELECT setseed(0.625);

-- Partitions have their columns in other places than the table.
CREATE FUNCTION create_partitioned(name text, rows integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (k integer, t timestamptz, x integer, l interval, note text) PARTITION BY RANGE (k)', name);
    FOR i IN 0 .. 2 LOOP
        EXECUTE format('CREATE TABLE %I (gone integer, note text, l interval, x integer, t timestamptz, k integer)', name || i);
        EXECUTE format('ALTER TABLE %I DROP COLUMN gone', name || i);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, name || i, i * 5, i * 5 + 5);
    END LOOP;
    EXECUTE format($insert$
        INSERT INTO %I
        SELECT floor(random() * 15)::integer,
               CASE WHEN random() < 0.02 THEN NULL ELSE '2026-01-01'::timestamptz + floor(random() * 1000) * interval '1 second' END,
               CASE WHEN random() < 0.05 THEN NULL ELSE floor(random() * 100)::integer END,
               floor(random() * 20) * interval '1 second', repeat('n', floor(random() * 60)::integer)
        FROM generate_series(1, %s)$insert$, name, rows);
    EXECUTE format('ANALYZE %I', name);
END
$$;
SELECT create_partitioned('p', 12);
SELECT create_partitioned('a', 500);
SELECT create_partitioned('b', 500);
SELECT create_partitioned('c', 150);
CREATE INDEX ON a (k, x);
CREATE INDEX ON c (k, t);

CREATE VIEW secure_b WITH (security_barrier) AS SELECT * FROM b WHERE x IS DISTINCT FROM 13;

\ir lib/plan_of.sql

-- What the windowed join was in
CREATE TABLE used (query text, plan text, rows bigint);

-- The same rows with the windowed join and without it.
CREATE FUNCTION same_rows(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    rows bigint;
    differences bigint;
BEGIN
    SET LOCAL azhunt.enable_windowjoin = off;
    EXECUTE 'CREATE TEMP TABLE without_join AS ' || query;
    SET LOCAL azhunt.enable_windowjoin = on;
    EXECUTE 'CREATE TEMP TABLE with_join AS ' || query;
    GET DIAGNOSTICS rows = ROW_COUNT;
    INSERT INTO used VALUES (query, plan_of(query), rows);
    SELECT count(*) INTO differences
    FROM ((TABLE with_join EXCEPT ALL TABLE without_join)
          UNION ALL (TABLE without_join EXCEPT ALL TABLE with_join)) AS d;
    DROP TABLE with_join, without_join;
    RETURN is(differences, 0::bigint, query);
END
$$;

SET LOCAL enable_partitionwise_join = on;
SET LOCAL enable_partitionwise_aggregate = on;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL max_parallel_workers_per_gather = 0;

-- by a parameter of the partition
SELECT matches(plan_of($$
    SELECT p.x, a.x, b.x FROM p LEFT JOIN (a JOIN b ON a.k = b.k AND within(a.t, b.t, '1 hour'))
      ON p.k = a.k AND p.x = a.x AND p.x + a.x + b.x > 10
$$), 'Append\n.*Nested Loop Left Join\n.*AzhuntWindowJoin.*Filter: \(\(\(p_1.x \+ a_1.x\) \+ b_1.x\) > 10\).*Index Cond: \(\(k = p_1.k\) AND \(x = p_1.x\)\)',
    'each partition''s windowed join takes parameters of its partition');

CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + floor(random() * cardinality(choices))::integer]
$$;

CREATE FUNCTION random_lookback() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT pick($e$'20 seconds'$e$, $e$'20 seconds'$e$, 'p.l', $e$(SELECT interval '15 seconds')$e$, $e$p.x * interval '1 second'$e$,
                $e$(SELECT max(l) FROM c)$e$, $e$(SELECT l FROM c WHERE c.x = p.x ORDER BY l LIMIT 1)$e$)
$$;

CREATE FUNCTION random_join() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT format('%s JOIN %s ON a.k = b.k AND within(%s, %s) AND %s',
                  pick('a', 'a', 'a', 'a', '(SELECT k, t, x, l, note, x + 1 AS y FROM a OFFSET 0) AS a'),
                  pick('b', 'b', 'b', 'b', 'secure_b AS b', '(SELECT DISTINCT k, t, x, l, note FROM b) AS b'),
                  pick('a.t, b.t', 'b.t, a.t', 'a.t, b.t + b.l'), random_lookback(),
                  pick('true', 'true', 'a.x <> b.x', 'a.x + b.x > p.x', 'a.x IS DISTINCT FROM b.x + p.x',
                       '(a.x + b.x) % 3 <> (SELECT min(x) FROM c WHERE c.k = b.k)', 'a.t + p.l >= b.t - b.l'))
$$;

-- The join of a and b may take anything of p where it is lateral.
CREATE FUNCTION random_query() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT format(pick(
        'SELECT %1$s FROM p LEFT JOIN LATERAL (SELECT a AS a, b AS b, a.k, a.x, b.x AS bx FROM %2$s) AS j ON p.k = j.k AND p.x = j.x AND %3$s',
        'SELECT %1$s FROM p JOIN LATERAL (SELECT a AS a, b AS b, a.k, a.x, b.x AS bx FROM %2$s OFFSET 0) AS j ON p.k = j.k AND %3$s',
        'SELECT %1$s FROM p LEFT JOIN LATERAL (SELECT a AS a, b AS b, a.k, a.x, b.x AS bx FROM %2$s WHERE a.k = p.k AND a.x = p.x) AS j ON %3$s',
        'SELECT %1$s FROM p LEFT JOIN (SELECT COALESCE(a.x, b.x) AS a, COALESCE(b.x, 0) AS b, a.k, a.x, b.x AS bx FROM a JOIN b ON a.k = b.k AND within(a.t, b.t, ''20 seconds'')) AS j ON p.k = j.k AND p.x = j.x AND %3$s',
        'SELECT %1$s FROM p LEFT JOIN (SELECT a.x AS a, b.x AS b, a.k, a.x, b.x AS bx FROM a JOIN b USING (k) LEFT JOIN c USING (k) WHERE within(a.t, b.t, ''9 seconds'') AND (c.x < 3) IS NOT FALSE) AS j ON p.k = j.k AND p.x = j.x AND %3$s',
        'SELECT p.k, p.x FROM p WHERE EXISTS (SELECT FROM %2$s WHERE a.k = p.k AND a.x = p.x)',
        'SELECT p.k, p.x FROM p WHERE NOT EXISTS (SELECT FROM %2$s WHERE a.k = p.k AND a.x = p.x)',
        'SELECT p.k, p.x, (SELECT count(*) FROM %2$s WHERE a.k = p.k) AS n FROM p',
        'SELECT p.k, count(*), sum(b.x), min(a.x) FROM p JOIN a USING (k) JOIN b USING (k) WHERE within(a.t, b.t, %4$s) AND p.x = a.x GROUP BY p.k',
        'SELECT p.k, a.x AS ax, b.x AS bx, c.x AS cx FROM p LEFT JOIN (a JOIN b ON a.k = b.k AND within(a.t, b.t, ''20 seconds'') JOIN c ON c.k = b.k AND within(b.t, c.t, ''9 seconds'')) ON p.k = a.k AND p.x = a.x AND p.x + b.x <> c.x'),
        pick('p.k, p.x, j.x AS jx, j.bx', 'p::text AS p, j.a::text AS a, j.b::text AS b', 'p.x + j.bx AS n', 'p.tableoid::regclass::text AS place, j.a::text AS a, p.ctid AS at'),
        random_join(), pick('true', 'p.x + j.x + j.bx > 60', 'p.x <> j.bx', 'j.bx IS NOT NULL'), random_lookback())
$$;

-- Each query under settings of its own.
CREATE FUNCTION random_settings() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', pick('0', '0', '2'), true),
            set_config('parallel_setup_cost', '0', true),
            set_config('parallel_tuple_cost', pick('0', '0.1'), true),
            set_config('min_parallel_table_scan_size', '0', true),
            set_config('min_parallel_index_scan_size', '0', true),
            set_config('work_mem', pick('64kB', '4MB'), true),
            set_config('hash_mem_multiplier', pick('1', '2'), true),
            set_config('enable_partitionwise_join', pick('on', 'on', 'on', 'off'), true),
            set_config('enable_nestloop', pick('on', 'on', 'off'), true),
            set_config('enable_material', pick('on', 'off'), true),
            set_config('enable_memoize', pick('on', 'off'), true),
            set_config('geqo_threshold', pick('12', '2'), true),
            set_config('jit', 'on', true),
            set_config('jit_above_cost', pick('-1', '-1', '-1', '-1', '-1', '-1', '-1', '-1', '-1', '0'), true);
END
$$;

CREATE FUNCTION random_test() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM random_settings();
    RETURN same_rows(random_query());
END
$$;

SELECT random_test() FROM generate_series(1, 60);

SELECT cmp_ok(count(*) FILTER (WHERE plan LIKE '%AzhuntWindowJoin%'), '>=', 35::bigint, 'the windowed join is used') FROM used;
SELECT cmp_ok(count(*) FILTER (WHERE plan ~ 'Nested Loop.*AzhuntWindowJoin.*AzhuntWindowJoin' AND rows > 0), '>=', 10::bigint,
              'partition by partition, below another join') FROM used;
SELECT cmp_ok(count(*) FILTER (WHERE plan ~ 'Gather.*AzhuntWindowJoin' AND rows > 0), '>=', 1::bigint, 'and in parallel') FROM used;

SELECT * FROM finish();
ROLLBACK;
