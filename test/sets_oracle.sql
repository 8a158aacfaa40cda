-- set_intersect and set_difference against a look at each element by itself, and
-- what looks at all elements of arrays on some that are so long, and compressed, that
-- it does not come to an end if it reads the array again for each.
BEGIN;
SELECT plan(16);
SELECT setseed(0.28) \g /dev/null

CREATE FUNCTION pg_temp.some_array() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN random() < 0.9 THEN (SELECT coalesce(jsonb_agg((ARRAY['1', '1.0', '"1"', 'null', 'true', '[1]', '[]', '{"a": 1}', '{}', '"x"'])[1 + floor(random() * 10)::integer]::jsonb), '[]')
                                          FROM generate_series(1, floor(random() * 8)::integer))
                ELSE (ARRAY[NULL, '1', '{}', 'null']::jsonb[])[1 + floor(random() * 4)::integer] END
$$;
CREATE TEMP TABLE tried AS
SELECT CASE WHEN random() < 0.2 THEN ARRAY[pg_temp.some_array()] WHEN random() < 0.5 THEN ARRAY[pg_temp.some_array(), pg_temp.some_array(), pg_temp.some_array()]
            ELSE ARRAY[pg_temp.some_array(), pg_temp.some_array()] END AS a
FROM generate_series(1, 5000);

CREATE FUNCTION pg_temp.has(x jsonb, v jsonb) RETURNS boolean LANGUAGE sql AS $$
    SELECT coalesce(jsonb_typeof(x) = 'array' AND EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(x) WHEN 'array' THEN x END) AS e (w) WHERE w = v), false)
$$;
CREATE FUNCTION pg_temp.of_first(a jsonb[], in_others boolean) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(v ORDER BY n), '[]')
    FROM (SELECT DISTINCT ON (v) v, n FROM jsonb_array_elements(CASE jsonb_typeof(a[1]) WHEN 'array' THEN a[1] END) WITH ORDINALITY AS e (v, n) ORDER BY v, n) AS d
    WHERE NOT EXISTS (SELECT FROM unnest(a[2:]) AS p (x) WHERE pg_temp.has(x, v) <> in_others)
$$;
SELECT is_empty('SELECT a FROM tried WHERE azhunt.set_intersect(VARIADIC a) IS DISTINCT FROM pg_temp.of_first(a, true)', 'set_intersect');
SELECT is_empty('SELECT a FROM tried WHERE azhunt.set_difference(VARIADIC a) IS DISTINCT FROM pg_temp.of_first(a, false)', 'set_difference');
SELECT cmp_ok((SELECT count(*) FROM tried WHERE azhunt.set_intersect(VARIADIC a) <> '[]'), '>', 1000::bigint, 'there are elements');

SET LOCAL statement_timeout = '5min';
CREATE TEMP TABLE long AS
SELECT jsonb_agg(i) FILTER (WHERE i <= 200000) AS a, jsonb_agg(i) FILTER (WHERE i > 100000) AS b, jsonb_agg('x' || i) FILTER (WHERE i <= 200000) AS s FROM generate_series(1, 300000) AS i;
SELECT is((SELECT jsonb_array_length(azhunt.set_intersect(a, b)) FROM long), 100000, 'what long arrays share');
SELECT is((SELECT azhunt.jaccard_index(a, b) FROM long), 1.0::double precision / 3, 'and which part of all that is');

SELECT is((SELECT azhunt.array_rotate(a, 1, 1) -> 0 FROM long), '2', 'array_rotate');
SELECT is((SELECT azhunt.array_shift(a, 1, '0') -> 199999 FROM long), '0', 'array_shift');
SELECT is((SELECT azhunt.array_iff(a, b, a) -> 199999 FROM long), '300000', 'array_iff');
SELECT is((SELECT azhunt.array_index_of(a, b) FROM long), -1::bigint, 'array_index_of');
SELECT is((SELECT azhunt.array_index_of(a, '200000', -2, -1, 1) FROM long), 199999::bigint, 'array_index_of from a place');
SELECT is((SELECT azhunt.array_slice(a, -2, -1) FROM long), '[199999, 200000]', 'array_slice');
SELECT is((SELECT jsonb_array_length(azhunt.array_concat(a, b)) FROM long), 400000, 'array_concat');
SELECT is((SELECT azhunt.zip(a, b) -> 199999 FROM long), '[200000, 300000]', 'zip');
SELECT is((SELECT azhunt.set_has_element(a, b) FROM long), false, 'set_has_element');
SELECT is((SELECT azhunt.bag_zip(s, a) -> 'x200000' FROM long), '200000', 'bag_zip');
SELECT is((SELECT azhunt.replace_strings('x', s, s) FROM long), 'x', 'replace_strings');

SELECT * FROM finish();
ROLLBACK;
