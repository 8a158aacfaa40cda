-- The aggregates in parallel plans and in plans that aggregate by partition,
-- whose states are serialized and combined, give the serial plan's answer.
BEGIN;
SELECT plan(40);
SET LOCAL search_path TO public, azhunt;

-- Values that come again in all parts of the table
CREATE TABLE elements AS
SELECT i, i % 7 AS few, i / 20 AS many,
       CASE WHEN i % 17 > 0 THEN CASE WHEN i % 3 = 0 THEN '' ELSE repeat('é"\', i % 5) || i % 2000 END END AS text,
       CASE WHEN i % 13 > 0 THEN (i % 5000 - 2500) * 3000000000000000 END AS bigint,
       CASE WHEN i % 13 > 0 THEN round(i % 3000 / 7.0, i % 4 * 10) END AS numeric,
       CASE i % 8 WHEN 0 THEN NULL WHEN 1 THEN 'null' WHEN 2 THEN to_jsonb(i % 100) WHEN 3 THEN to_jsonb(i % 50 || 'x')
                  WHEN 4 THEN jsonb_build_array(i % 30, NULL) WHEN 5 THEN to_jsonb(i % 2 = 0)
                  ELSE jsonb_build_object('b', i % 20, 'a', jsonb_build_object('c', i % 10)) END AS jsonb,
       CASE WHEN i % 9 = 0 THEN '[1]' WHEN i % 9 = 1 THEN NULL
            ELSE jsonb_build_object('key ' || hashint8(i) % 1500, i % 1000, 'type ' || i % 40,
                                    (ARRAY['null', '"text"', '12.50', 'true', '[1, {"a": 2}]', '{"a": [2]}']::jsonb[])[1 + (hashint8(i) & 3)])
       END AS bag
FROM generate_series(1, 50000) AS i;
CREATE TABLE parts (LIKE elements) PARTITION BY RANGE (i);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (MINVALUE) TO (15000);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (15000) TO (45000);
CREATE TABLE part_3 PARTITION OF parts FOR VALUES FROM (45000) TO (MAXVALUE);
INSERT INTO parts TABLE elements;
ANALYZE elements, parts;

-- A list in order, as a parallel plan has none
CREATE FUNCTION sorted(list jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT jsonb_agg(e ORDER BY e, e::text COLLATE "C") FROM jsonb_array_elements(list) AS e);

\ir lib/plan_of.sql

-- Run a query serially and in a plan that matches a pattern; compare both ways.
CREATE FUNCTION pg_temp.same_answer(name text, query text, plan text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT matches(plan_of(query), plan, name || ': plan');
    EXECUTE 'CREATE TEMPORARY TABLE combined ON COMMIT DROP AS ' || query;
    SET LOCAL max_parallel_workers_per_gather TO 0;
    SET LOCAL enable_partitionwise_aggregate TO off;
    IF plan_of(query) ~ 'Partial' THEN
        RAISE EXCEPTION 'the serial plan is none';
    END IF;
    EXECUTE 'CREATE TEMPORARY TABLE serial ON COMMIT DROP AS ' || query;
    -- as text, in which equal numbers may differ
    RETURN NEXT is_empty('(SELECT combined::text FROM combined EXCEPT ALL SELECT serial::text FROM serial)'
                         ' UNION ALL (SELECT serial::text FROM serial EXCEPT ALL SELECT combined::text FROM combined)',
                         name || ': same answer');
    DROP TABLE combined, serial;
END
$$;

CREATE FUNCTION pg_temp.same_parallel(name text, query text) RETURNS SETOF text
LANGUAGE sql
SET min_parallel_table_scan_size TO 0
SET parallel_setup_cost TO 0
SET parallel_tuple_cost TO 0
SET max_parallel_workers_per_gather TO 2
SET parallel_leader_participation TO off
AS $$ SELECT * FROM pg_temp.same_answer(name, query, 'Finalize .*Gather.*Partial .*Parallel') $$;

CREATE FUNCTION pg_temp.same_by_partition(name text, query text) RETURNS SETOF text
LANGUAGE sql
SET max_parallel_workers_per_gather TO 0
SET enable_partitionwise_aggregate TO on
AS $$ SELECT * FROM pg_temp.same_answer(name, query, 'Finalize .*Append.*Partial .*Partial .*Partial ') $$;

--
-- sets, by size of groups and with limits
--
SELECT pg_temp.same_parallel('sets of all rows',
    'SELECT make_set(text) AS a, make_set(bigint) AS b, make_set(numeric) AS c, make_set(jsonb) AS d FROM elements');
SELECT pg_temp.same_parallel('sets of few groups',
    'SELECT few, make_set(text) AS a, make_set(bigint) AS b, make_set(numeric) AS c, make_set(jsonb) AS d
     FROM elements GROUP BY few');
SELECT pg_temp.same_parallel('sets of many groups',
    'SELECT many, make_set(text) AS a, make_set(bigint) AS b, make_set(numeric) AS c, make_set(jsonb) AS d
     FROM elements GROUP BY many');
SELECT pg_temp.same_parallel('sets with limits',
    'SELECT few, make_set(text, 1) AS a, make_set(text, 2) AS b, make_set(bigint, 3) AS c, make_set(numeric, 12) AS d,
            make_set(numeric, 13) AS e, make_set(jsonb, 40) AS f, make_set(bigint, 1000) AS g
     FROM elements GROUP BY few');
SELECT pg_temp.same_parallel('limited sets of 100,000 values',
    'SELECT make_set(h, 1) AS a, make_set(h, 2) AS b, make_set(h, 3) AS c, make_set(h, 1000) AS d, make_set(''x'' || h, 1000) AS e
     FROM (SELECT hashint8(i)::bigint AS h FROM elements) AS s');
SELECT pg_temp.same_parallel('sets of nulls',
    'SELECT make_set(text) AS a, make_set(jsonb) AS b, make_list(text) AS c, make_bag(bag) AS d
     FROM (SELECT NULLIF(text, text) AS text, NULLIF(jsonb, jsonb) AS jsonb, NULLIF(bag, bag) AS bag FROM elements) AS n');
SELECT pg_temp.same_parallel('sets of no rows',
    'SELECT make_set(text) AS a, make_list(text) AS b, make_bag(bag) AS c FROM elements WHERE length(text) < 0');
SELECT pg_temp.same_parallel('sets of groups that few rows have',
    'SELECT few, make_set(text) AS a, sorted(make_list(bigint)) AS b, make_bag(bag) AS c
     FROM elements WHERE abs(i % 9999 - 1) < 1 GROUP BY few');

--
-- lists
--
SELECT pg_temp.same_parallel('lists',
    'SELECT few, sorted(make_list(text)) AS a, sorted(make_list(bigint)) AS b,
            sorted(make_list(numeric)) AS c, sorted(make_list(jsonb)) AS d
     FROM elements GROUP BY few');
SELECT pg_temp.same_parallel('lists of many groups',
    'SELECT many, sorted(make_list(text)) AS a, sorted(make_list(jsonb)) AS b
     FROM elements GROUP BY many');
SELECT pg_temp.same_parallel('limited lists',
    'SELECT few, jsonb_array_length(list) AS length, list <@ set AS members, jsonb_array_length(none) AS fewer
     FROM (SELECT few, make_list(bigint, 1000) AS list, make_set(bigint) AS set,
                  make_list(bigint, 100) FILTER (WHERE i % 3000 = 0) AS none
           FROM elements GROUP BY few) AS l');

--
-- bags
--
SELECT pg_temp.same_parallel('a bag', 'SELECT make_bag(bag) AS bag FROM elements');
SELECT pg_temp.same_parallel('bags of few groups', 'SELECT few, make_bag(bag) AS bag FROM elements GROUP BY few');
SELECT pg_temp.same_parallel('bags of many groups', 'SELECT many, make_bag(bag) AS bag FROM elements GROUP BY many');
SELECT pg_temp.same_parallel('limited bags',
    'SELECT few, make_bag(bag, 1) AS a, make_bag(bag, 2) AS b, make_bag(bag, 12) AS c, make_bag(bag, 13) AS d,
            make_bag(bag, 1000) AS e
     FROM elements GROUP BY few');

--
-- by partition, without a second process
--
SELECT pg_temp.same_by_partition('sets, lists and bags by partition',
    'SELECT few, make_set(text) AS a, make_set(bigint, 3) AS b, make_set(numeric) AS c, make_set(jsonb) AS d,
            sorted(make_list(jsonb)) AS e, make_bag(bag) AS f, make_bag(bag, 5) AS g
     FROM parts GROUP BY few');
-- partitions come in order, so a list does as well
SELECT pg_temp.same_by_partition('lists by partition',
    'SELECT make_list(text) AS a, make_list(i, 50000) AS b, make_list(jsonb, 7) AS c FROM parts');

--
-- an order inside the call is never aggregated in part
--
SELECT doesnt_match(plan_of('SELECT make_set(text ORDER BY i), make_bag(bag ORDER BY i) FROM elements'),
                    'Partial', 'no partial aggregate of a call with an order');

--
-- large values and large sets
--
CREATE TABLE large AS
SELECT i, repeat('x', 3000) AS filler, repeat(md5((i % 100)::text), 3200) AS text,
       jsonb_build_object('key ' || i % 10, repeat(md5((i % 50)::text), 3200)) AS bag
FROM generate_series(1, 200) AS i;
ALTER TABLE large ALTER filler SET STORAGE PLAIN;
CREATE TABLE many AS SELECT hashint8extended(i, 0) AS h FROM generate_series(1, 1048577) AS i;
ANALYZE large, many;
SELECT pg_temp.same_parallel('values of 100 kB',
    'SELECT make_set(text) AS a, make_set(text, 3) AS b, sorted(make_list(text)) AS c, make_bag(bag) AS d FROM large');
SELECT pg_temp.same_parallel('one value more than the limit of KQL',
    'SELECT jsonb_array_length(s) AS length, jsonb_hash_extended(s, 0) AS hash
     FROM (SELECT make_set(h) AS s FROM many OFFSET 0) AS m');

-- and all this in more than one process
CREATE FUNCTION pg_temp.workers(query text) RETURNS integer
LANGUAGE plpgsql
SET min_parallel_table_scan_size TO 0
SET parallel_setup_cost TO 0
SET parallel_tuple_cost TO 0
SET max_parallel_workers_per_gather TO 2
AS $$
DECLARE
    explained jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO explained;
    RETURN (SELECT sum(n::integer) FROM jsonb_path_query(explained, 'strict $.**."Workers Launched"') AS n);
END
$$;
SELECT cmp_ok(pg_temp.workers('SELECT few, make_set(text), make_bag(bag) FROM elements GROUP BY few'), '>', 0, 'workers ran');

SELECT * FROM finish();
ROLLBACK;
