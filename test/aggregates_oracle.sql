-- make_set, make_list and make_bag against array_agg, jsonb_agg and
-- jsonb_object_agg over jsonb_each on random data, for elements of many types.
BEGIN;
SELECT plan(24);
SET LOCAL TimeZone TO 'America/New_York';
SET LOCAL search_path TO public, azhunt;

-- One of so many numbers from zero, by hash.
CREATE FUNCTION pg_temp.draw(i bigint, salt bigint, choices bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(i, salt) & 9223372036854775807) % choices;

-- Groups of some 10,000, 1,000 and 15 rows, and one of nulls alone
CREATE TYPE pg_temp.login AS (account text, at timestamptz, attempts integer);
CREATE TEMPORARY TABLE numbered AS
SELECT i, CASE pg_temp.draw(i, 1, 4) WHEN 0 THEN 0
                                     WHEN 1 THEN 1 + pg_temp.draw(i, 2, 10)
                                     ELSE 11 + pg_temp.draw(i, 2, 1400) END AS g,
       pg_temp.draw(i, 3, 100) AS few, pg_temp.draw(i, 4, 30000) AS many
FROM generate_series(1, 20000) AS i;
CREATE TEMPORARY TABLE data AS
SELECT i, g,
       CASE WHEN few < 3 THEN ''
            WHEN few < 50 THEN chr(60 + few::integer) || E'\n"\\' || chr(300 - few::integer)
            ELSE repeat(many::text, (few - 48)::integer) END AS text,
       CASE WHEN few % 3 = 0 THEN few::smallint ELSE -few::smallint END AS smallint,
       CASE WHEN few < 50 THEN few - 25 ELSE (many - 15000) * 307445734561825 END AS bigint,
       CASE WHEN few < 50 THEN round(few / 7.0, (few % 5)::integer) ELSE (many - 15000) / 10.0 ^ (few - 50)::integer END AS numeric,
       CASE WHEN few < 50 THEN few / 7.0 ELSE (many - 15000) * 10.0 ^ (few - 75)::integer END::double precision AS double,
       CASE WHEN few < 50 THEN few % 2 = 0 END AS boolean,
       timestamptz '2026-01-01 00:00+00' + CASE WHEN few < 50 THEN few * interval '1 hour' ELSE many * interval '1.000001 s' END AS timestamptz,
       date '1999-12-01' + few::integer AS date,
       md5(CASE WHEN few < 50 THEN few ELSE many END::text)::uuid AS uuid,
       CASE few % 10 WHEN 0 THEN 'null'
                     WHEN 1 THEN to_jsonb(few % 7)
                     WHEN 2 THEN to_jsonb(round(few % 7, 2))
                     WHEN 3 THEN to_jsonb((few % 7)::text)
                     WHEN 4 THEN to_jsonb(few % 4 = 0)
                     WHEN 5 THEN jsonb_build_array(few % 3, many % 5, NULL)
                     WHEN 6 THEN jsonb_build_object('b', few % 3, 'a', jsonb_build_array(many))
                     WHEN 7 THEN '[]'
                     WHEN 8 THEN '{}'
                     ELSE to_jsonb(many) END AS jsonb,
       CASE WHEN few % 11 > 0 THEN ARRAY[few % 3, NULL, many % (1 + few % 20)] END AS bigints,
       (CASE WHEN few % 7 > 0 THEN 'account ' || many % 20 END, timestamptz '2026-03-08 00:00+00' + few * interval '1 hour',
        few % 2)::pg_temp.login AS login,
       -- objects of up to five keys, of values of all types, and what is none
       CASE WHEN few % 10 = 9 THEN (ARRAY['null', '[{"a": 1}]', '"a"', '1', '{}']::jsonb[])[1 + many % 5]
            ELSE (SELECT jsonb_object_agg(
                             repeat(chr(97 + pg_temp.draw(i * 8 + k, 5, 26)::integer), (pg_temp.draw(i * 8 + k, 6, 3))::integer),
                             (ARRAY['null', '""', '"Z"', '"z"', '"é"', '-1', '2', '10', '1.5', 'false', 'true', '[]', '[1]',
                                    '[null, 2]', '{}', '{"a": 1}', '{"a": [2]}']::jsonb[])[1 + pg_temp.draw(i * 8 + k, 7, 17)])
                  FROM generate_series(1, 1 + few % 5) AS k) END AS bag
FROM numbered;
DROP TABLE numbered;
INSERT INTO data (i, g) SELECT 100000 + i, -1 FROM generate_series(1, 5) AS i;
INSERT INTO data (i, g, jsonb, bag) VALUES (100006, -1, 'null', 'null');
UPDATE data SET text = NULL, bigint = NULL, numeric = NULL, timestamptz = NULL, uuid = NULL, bag = NULL
WHERE pg_temp.draw(i, 8, 10) = 0;

-- Compare all aggregates of a column, whose values as jsonb and the order of
-- which the oracle has to be told.
CREATE FUNCTION pg_temp.disagreements(argument text, as_jsonb text, sorted_by text) RETURNS text
LANGUAGE sql
RETURN format($$
    WITH answer AS (
        SELECT g, make_set(%1$s) AS set, make_set(%1$s, 1) AS set_1, make_set(%1$s, 3) AS set_3, make_set(%1$s, 20) AS set_20,
               make_set(%1$s ORDER BY i) AS first, make_set(%1$s, 3 ORDER BY i) AS first_3,
               make_set(%1$s ORDER BY i DESC) AS last, make_set(%1$s, 20 ORDER BY i DESC) AS last_20,
               make_list(%1$s ORDER BY i) AS list, make_list(%1$s, 3 ORDER BY i DESC) AS list_3
        FROM data GROUP BY g
    ), elements AS (
        SELECT g, i, NULLIF(%2$s, 'null') AS v FROM data
    ), members AS (
        SELECT g, v, row_number() OVER (PARTITION BY g ORDER BY %3$s) AS place,
               row_number() OVER (PARTITION BY g ORDER BY min(i)) AS place_from_first,
               row_number() OVER (PARTITION BY g ORDER BY max(i) DESC) AS place_from_last
        FROM elements WHERE v IS NOT NULL GROUP BY g, v
    ), sets AS (
        SELECT g, jsonb_agg(v ORDER BY place) AS set,
               jsonb_agg(v ORDER BY place) FILTER (WHERE place <= 1) AS set_1,
               jsonb_agg(v ORDER BY place) FILTER (WHERE place <= 3) AS set_3,
               jsonb_agg(v ORDER BY place) FILTER (WHERE place <= 20) AS set_20,
               jsonb_agg(v ORDER BY place_from_first) AS first,
               jsonb_agg(v ORDER BY place_from_first) FILTER (WHERE place_from_first <= 3) AS first_3,
               jsonb_agg(v ORDER BY place_from_last) AS last,
               jsonb_agg(v ORDER BY place_from_last) FILTER (WHERE place_from_last <= 20) AS last_20
        FROM members GROUP BY g
    ), lists AS (
        SELECT g, jsonb_agg(v ORDER BY i) AS list, jsonb_agg(v ORDER BY i DESC) FILTER (WHERE place_from_last <= 3) AS list_3
        FROM (SELECT g, i, v, row_number() OVER (PARTITION BY g ORDER BY i DESC) AS place_from_last
              FROM elements WHERE v IS NOT NULL) AS e GROUP BY g
    ), oracle AS (
        SELECT g, coalesce(set, '[]'), coalesce(set_1, '[]'), coalesce(set_3, '[]'), coalesce(set_20, '[]'),
               coalesce(first, '[]'), coalesce(first_3, '[]'), coalesce(last, '[]'), coalesce(last_20, '[]'),
               coalesce(list, '[]'), coalesce(list_3, '[]')
        FROM (SELECT DISTINCT g FROM data) AS d LEFT JOIN sets USING (g) LEFT JOIN lists USING (g)
    )
    SELECT left(d::text, 1000)
    FROM ((TABLE answer EXCEPT ALL TABLE oracle) UNION ALL (TABLE oracle EXCEPT ALL TABLE answer)) AS d LIMIT 4
    $$, argument, as_jsonb, sorted_by);

SELECT cmp_ok(count(DISTINCT g), '>', 500::bigint, 'many groups') FROM data;
SELECT cmp_ok(max(n), '>', 1500::bigint, 'of many elements') FROM (SELECT count(DISTINCT text) AS n FROM data GROUP BY g) AS groups;

-- strings and times stand in the order of their bytes, all else in that of jsonb
SELECT is_empty(pg_temp.disagreements('text', 'to_jsonb(text)', '(v #>> ''{}'') COLLATE "C"'), 'text');
SELECT is_empty(pg_temp.disagreements('text::varchar', 'to_jsonb(text)', '(v #>> ''{}'') COLLATE "C"'), 'varchar');
SELECT is_empty(pg_temp.disagreements('smallint', 'to_jsonb(smallint)', 'v'), 'smallint');
SELECT is_empty(pg_temp.disagreements('bigint', 'to_jsonb(bigint)', 'v'), 'bigint');
SELECT is_empty(pg_temp.disagreements('numeric', 'to_jsonb(numeric)', 'v'), 'numeric');
SELECT is_empty(pg_temp.disagreements('double', 'to_jsonb(double)', 'v'), 'double precision');
SELECT is_empty(pg_temp.disagreements('boolean', 'to_jsonb(boolean)', 'v'), 'boolean');
SELECT is_empty(pg_temp.disagreements('timestamptz',
    $$to_jsonb(to_char(timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"0Z"'))$$, '(v #>> ''{}'') COLLATE "C"'),
    'timestamptz');
SELECT is_empty(pg_temp.disagreements('date', 'to_jsonb(date)', '(v #>> ''{}'') COLLATE "C"'), 'date');
SELECT is_empty(pg_temp.disagreements('uuid', 'to_jsonb(uuid)', 'v'), 'uuid');
SELECT is_empty(pg_temp.disagreements('jsonb', 'jsonb', 'v'), 'jsonb');
SELECT is_empty(pg_temp.disagreements('jsonb::json', 'jsonb', 'v'), 'json');
SELECT is_empty(pg_temp.disagreements('bigints', 'to_jsonb(bigints)', 'v'), 'bigint[]');
SELECT is_empty(pg_temp.disagreements('login',
    $$jsonb_build_object('account', (login).account, 'attempts', (login).attempts,
                         'at', to_char((login).at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"0Z"'))
      || CASE WHEN login IS NULL THEN NULL ELSE '{}'::jsonb END$$, 'v'), 'rows');

--
-- make_bag
--

-- Each key and value, the order in which they come, and the kinds of value:
-- nulls before strings before numbers before booleans before the others
CREATE TEMPORARY TABLE entries AS
SELECT g, key, value, row_number() OVER (PARTITION BY g ORDER BY i, place) AS place,
       row_number() OVER (PARTITION BY g ORDER BY i DESC, place) AS place_from_last,
       array_position('{"null",string,number,boolean}', jsonb_typeof(value)) AS kind
FROM data, jsonb_each(CASE WHEN jsonb_typeof(bag) = 'object' THEN bag END) WITH ORDINALITY AS e (key, value, place);
CREATE TEMPORARY TABLE winners AS
SELECT g, key, row_number() OVER (PARTITION BY g ORDER BY key COLLATE "C") AS place,
       row_number() OVER (PARTITION BY g ORDER BY min(place)) AS place_from_first,
       row_number() OVER (PARTITION BY g ORDER BY min(place_from_last)) AS place_from_last,
       (array_agg(value ORDER BY kind DESC NULLS FIRST, CASE WHEN kind = 2 THEN value #>> '{}' END COLLATE "C" DESC, value DESC))[1] AS greatest,
       (array_agg(value ORDER BY place DESC))[1] AS last,
       (array_agg(value ORDER BY place_from_last DESC))[1] AS first
FROM entries GROUP BY g, key;
CREATE TEMPORARY TABLE bags AS
SELECT g, make_bag(bag) AS bag, make_bag(bag, 1) AS bag_1, make_bag(bag, 3) AS bag_3, make_bag(bag, 20) AS bag_20,
       make_bag(bag ORDER BY i) AS last, make_bag(bag, 3 ORDER BY i) AS last_3, make_bag(bag, 20 ORDER BY i) AS last_20,
       make_bag(bag ORDER BY i DESC) AS first, make_bag(bag, 3 ORDER BY i DESC) AS first_3
FROM data GROUP BY g;
CREATE TEMPORARY TABLE bags_oracle AS
SELECT g, coalesce(jsonb_object_agg(key, greatest) FILTER (WHERE place IS NOT NULL), '{}') AS bag,
       coalesce(jsonb_object_agg(key, greatest) FILTER (WHERE place <= 1), '{}') AS bag_1,
       coalesce(jsonb_object_agg(key, greatest) FILTER (WHERE place <= 3), '{}') AS bag_3,
       coalesce(jsonb_object_agg(key, greatest) FILTER (WHERE place <= 20), '{}') AS bag_20,
       coalesce(jsonb_object_agg(key, last) FILTER (WHERE place IS NOT NULL), '{}') AS last,
       coalesce(jsonb_object_agg(key, last) FILTER (WHERE place_from_first <= 3), '{}') AS last_3,
       coalesce(jsonb_object_agg(key, last) FILTER (WHERE place_from_first <= 20), '{}') AS last_20,
       coalesce(jsonb_object_agg(key, first) FILTER (WHERE place IS NOT NULL), '{}') AS first,
       coalesce(jsonb_object_agg(key, first) FILTER (WHERE place_from_last <= 3), '{}') AS first_3
FROM (SELECT DISTINCT g FROM data) AS d LEFT JOIN winners USING (g) GROUP BY g;

SELECT cmp_ok(count(*), '>', 30000::bigint, 'many keys') FROM entries;
SELECT cmp_ok(count(*) FILTER (WHERE greatest IS DISTINCT FROM last), '>', 1500::bigint, 'with more than one value') FROM winners;
SELECT is_empty('TABLE bags EXCEPT ALL TABLE bags_oracle LIMIT 3', 'make_bag');
SELECT is_empty('TABLE bags_oracle EXCEPT ALL TABLE bags LIMIT 3', 'and the other way round');

--
-- equal values that are written differently, in any order of input
--
CREATE TEMPORARY TABLE spelled AS
SELECT i % 40 AS g, i, n.number, jsonb_build_array(n.number, jsonb_build_object('a', n.number / 1.0)) AS container,
       jsonb_build_object('k' || i % 7, n.number, 'l', jsonb_build_array(n.number), 'm', CASE WHEN i % 3 = 0 THEN to_jsonb(n.number) ELSE '"x"' END) AS bag
FROM generate_series(1, 10000) AS i, LATERAL (SELECT round(pg_temp.draw(i, 60, 60) / 4.0, 2 + pg_temp.draw(i, 61, 30)::integer)) AS n (number);
SELECT cmp_ok(count(DISTINCT number::text), '>', 1000::bigint, 'many spellings') FROM spelled;
SELECT cmp_ok(count(DISTINCT number), '=', 60::bigint, 'of few numbers') FROM spelled;

CREATE TEMPORARY TABLE answers (way integer, answer text);
DO $$
BEGIN
    FOR way IN 1 .. 12 LOOP
        -- twice as groups that are hashed, and twice as groups that are sorted
        PERFORM set_config('enable_hashagg', (way % 4 < 2)::text, true), set_config('enable_sort', (way % 4 < 2)::text, true);
        INSERT INTO answers
        SELECT way, string_agg(a::text, E'\n' ORDER BY g)
        FROM (SELECT g, make_set(number) AS numbers, make_set(number, 5) AS few, make_set(container) AS containers, make_set(container, 40) AS many,
                     make_bag(bag) AS bag, make_bag(bag, 3) AS three
              FROM (SELECT * FROM spelled ORDER BY hashint8extended(i, way)) AS s GROUP BY g) AS a;
    END LOOP;
END
$$;
SELECT is(count(DISTINCT answer), 1::bigint, 'whatever the order of rows, the answer is the same text') FROM answers;
SELECT is_empty($$ SELECT g, make_set(number) FROM spelled GROUP BY g
    EXCEPT ALL SELECT g, jsonb_agg(number ORDER BY number) FROM (SELECT DISTINCT g, trim_scale(number) AS number FROM spelled) AS s GROUP BY g $$,
    'sets of numbers without zeros at their end');

SELECT * FROM finish();
ROLLBACK;
