-- The limits of make_set, make_list and make_bag: their own, those of KQL and
-- those of jsonb, on many and on large values.
BEGIN;
SELECT plan(8);
SET LOCAL search_path TO public, azhunt;

CREATE TEMPORARY TABLE shuffled AS
SELECT hashint8extended(i, 9) AS h, i FROM generate_series(1, 100000) AS i ORDER BY 1;
SELECT results_eq(
    $$ SELECT make_set(i, 1), make_set(i, 2), make_set(i, 3), make_set(i, 1000), make_set(i), make_set('x' || i, 1000) FROM shuffled $$,
    $$ SELECT '[1]'::jsonb, '[1, 2]'::jsonb, '[1, 2, 3]'::jsonb,
              to_jsonb(ARRAY(SELECT generate_series(1, 1000))), to_jsonb(ARRAY(SELECT generate_series(1, 100000))),
              to_jsonb(ARRAY(SELECT 'x' || i FROM shuffled ORDER BY ('x' || i) COLLATE "C" LIMIT 1000)) $$,
    'make_set of 100,000 values that come in no order');
SELECT results_eq(
    $$ SELECT make_bag(b, 1), make_bag(b, 2), make_bag(b, 1000), make_bag(b)
       FROM (SELECT jsonb_build_object('key ' || i % 50000, i) AS b FROM shuffled) AS s $$,
    $$ SELECT '{"key 0": 100000}'::jsonb, '{"key 0": 100000, "key 1": 50001}'::jsonb,
              (SELECT jsonb_object_agg(key, i) FROM (SELECT 'key ' || i % 50000 AS key, i FROM shuffled WHERE i > 50000
                                                     ORDER BY ('key ' || i % 50000) COLLATE "C" LIMIT 1000) AS k),
              (SELECT jsonb_object_agg('key ' || i % 50000, i) FROM shuffled WHERE i > 50000) $$,
    'make_bag of 50,000 keys');

-- the limit of KQL, not passed and passed by one
SELECT results_eq(
    $$ SELECT n, jsonb_array_length(make_set(i)), make_set(i) -> -1, jsonb_array_length(make_list(i))
       FROM unnest('{1048576,1048577}'::integer[]) AS n, generate_series(1, n) AS i GROUP BY n ORDER BY n $$,
    $$ VALUES (1048576, 1048576, '1048576'::jsonb, 1048576), (1048577, 1048576, '1048576', 1048576) $$,
    'make_set and make_list of 1,048,576 values and one more');
SELECT results_eq(
    $$ SELECT count(*), max(key), max(value::integer) FROM
       (SELECT make_bag(jsonb_build_object(lpad(i::text, 7, '0'), i)) AS bag FROM generate_series(1048577, 1, -1) AS i) AS b,
       jsonb_each(bag) $$,
    $$ VALUES (1048576::bigint, '1048576', 1048576) $$, 'make_bag of 1,048,577 keys');

-- what a limit drops need not fit into the result
SELECT results_eq(
    $$ SELECT make_set(x || x, 3)
       FROM unnest(ARRAY['b', 'a', 'd', 'c', repeat('y', 100000000), repeat('z', 100000000)]) AS x $$,
    $$ VALUES ('["aa", "bb", "cc"]'::jsonb) $$, 'small values of a set that is too large');
SELECT results_eq(
    $$ SELECT make_bag(jsonb_build_object(x, 1), 3)
       FROM unnest(ARRAY['b', 'a', 'd', 'c', repeat('x', 100000000), repeat('y', 100000000), repeat('z', 100000000)]) AS x $$,
    $$ VALUES ('{"a": 1, "b": 1, "c": 1}'::jsonb) $$, 'and of a bag');
SELECT results_eq(
    $$ SELECT jsonb_array_length(make_list(x, 10)), jsonb_array_length(make_set(x, 10 ORDER BY x DESC))
       FROM (SELECT repeat('x', 1000000) || i AS x FROM generate_series(1, 300) AS i) AS s $$,
    $$ VALUES (10, 10) $$, 'a limit keeps a list and an ordered set small');
SELECT throws_ok($$ SELECT make_list(repeat('x', 1000000)) FROM generate_series(1, 300) $$, '54000',
                 'aggregated values exceed the maximum size of a jsonb, 268435455 bytes', 'no more than a jsonb holds');

SELECT * FROM finish();
ROLLBACK;
