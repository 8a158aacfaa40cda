-- countof and indexof, and terms with borders, against substr() at each place of a text, and on texts so
-- long that only a search which reads each byte once comes to an end.
BEGIN;
SELECT plan(10);
SET LOCAL client_min_messages = warning;
SELECT setseed(0.28) \g /dev/null

CREATE FUNCTION pg_temp.some_text(most integer) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(string_agg((ARRAY['a', 'a', 'b', 'é', '中'])[1 + floor(random() * 5)::integer], ''), '') FROM generate_series(1, floor(random() * (most + 1))::integer)
$$;
CREATE TEMP TABLE tried AS
SELECT pg_temp.some_text(12) AS a, pg_temp.some_text(3) AS b, (random() * 20 - 8)::bigint AS first, (random() * 12 - 2)::bigint AS length, (random() * 4)::bigint AS which
FROM generate_series(1, 20000);
INSERT INTO tried
SELECT a, b, f, l, w FROM (VALUES ('', ''), ('a', ''), ('', 'a'), ('aaaa', 'aa'), ('é中é', 'é')) AS t (a, b),
    unnest('{-9223372036854775808,-1,0,1,9223372036854775807}'::bigint[]) AS f, unnest('{-9223372036854775808,-1,0,1,9223372036854775807}'::bigint[]) AS l,
    unnest('{-9223372036854775808,0,1,9223372036854775807}'::bigint[]) AS w;

CREATE FUNCTION pg_temp.places(a text, b text) RETURNS SETOF bigint LANGUAGE sql AS $$
    SELECT p::bigint FROM generate_series(0, length(a) - length(b)) AS p WHERE substr(a, p + 1, length(b)) = b
$$;
CREATE FUNCTION pg_temp.place(a text, b text, first bigint, length bigint, which bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce((array_agg(p ORDER BY p))[least(which, 1000)], -1)
    FROM (SELECT CASE WHEN first < 0 THEN greatest(length(a) + first, 0) ELSE first END AS start) AS s, pg_temp.places(a, b) AS p
    WHERE p >= start AND (length < 0 OR p - start < length)
$$;
SELECT is_empty('SELECT a, b FROM tried WHERE azhunt.countof(a, b) <> CASE b WHEN '''' THEN 0 ELSE (SELECT count(*) FROM pg_temp.places(a, b)) END', 'countof');
SELECT is_empty('SELECT * FROM tried WHERE azhunt.indexof(a, b, first, length, which) IS DISTINCT FROM CASE WHEN which > 0 THEN pg_temp.place(a, b, first, length, which) END', 'indexof');
SELECT is_empty('SELECT * FROM tried WHERE azhunt.indexof(a, b, first, length) IS DISTINCT FROM pg_temp.place(a, b, first, length, 1)', 'its first occurrence');
SELECT cmp_ok((SELECT count(*) FROM tried WHERE azhunt.indexof(a, b, first, length, which) > 0), '>', 1000::bigint, 'there are places');

-- a term whose first or last character is no blank has none but blanks around it
SELECT is_empty($$
    SELECT t.a, t.b FROM (SELECT translate(a, 'b', ' '), translate(b, 'b', ' ') FROM tried) AS t (a, b)
    WHERE azhunt.has_cs(t.a, t.b) <> (t.b = '' OR EXISTS (
        SELECT FROM pg_temp.places(t.a, t.b) AS p
        WHERE (t.b LIKE ' %' OR substr(' ' || t.a || ' ', p::integer + 1, 1) = ' ')
          AND (t.b LIKE '% ' OR substr(' ' || t.a || ' ', p::integer + length(t.b) + 2, 1) = ' ')))
$$, 'has_cs');

SET LOCAL statement_timeout = '5min';
SELECT is(azhunt.countof(repeat('(', 2000000), 'a'), 0::bigint, 'a long text without any');
SELECT is(azhunt.countof(repeat('é', 2000000), repeat('é', 1000000)), 1000001::bigint, 'and one that is sought everywhere');
SELECT is(azhunt.indexof(repeat('中', 2000000) || 'a', 'a', 1, -1, 1), 2000000::bigint, 'and with one at its end');

SELECT ok(NOT azhunt.has_cs(repeat('a', 1000000), repeat('a', 500000)), 'a long term that ends nowhere');
SELECT ok(NOT azhunt.hassuffix(repeat('a', 1000000) || 'b', repeat('A', 500000)), 'whatever its case');

SELECT * FROM finish();
ROLLBACK;
