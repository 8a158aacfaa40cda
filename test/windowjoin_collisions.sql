-- Keys of equal hashes are not equal keys: those of an operator class that has
-- one hash for all values, joined in memory, in batches, and by several processes.

BEGIN;
SELECT plan(21);

SET LOCAL TimeZone = 'UTC';
SET LOCAL client_min_messages = warning;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL hash_mem_multiplier = 1;
SELECT setseed(0.125);

-- An equality of integers without regard to the sign, whose hash says little.
-- A function in SQL would be inlined, and the operator be one of core's.
CREATE FUNCTION same(a integer, b integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN abs(a) OPERATOR(pg_catalog.=) abs(b); END';
CREATE FUNCTION poor_hash(a integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN abs(a) / 1000; END';
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = same, COMMUTATOR = ===, HASHES, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR CLASS poor_ops FOR TYPE integer USING hash AS OPERATOR 1 === (integer, integer), FUNCTION 1 poor_hash(integer);

-- In the order of time, neighbours have one hash, equal keys in three forms,
-- and different ones.
CREATE TABLE events AS
SELECT i AS id, (CASE WHEN i % 7 < 3 THEN -1 ELSE 1 END) * (CASE WHEN i % 5 < 2 THEN 7 ELSE i % 11 END) AS k, (i % 3)::bigint AS second_key,
       '2026-01-01'::timestamptz + (i / 3) * interval '1 second' AS t, repeat('e', 200) AS note
FROM generate_series(1, 3000) AS i;
CREATE TABLE anchors AS
SELECT i AS id, (CASE WHEN i % 2 = 0 THEN -1 ELSE 1 END) * (i % 13) AS k, (i % 2)::bigint AS second_key,
       '2026-01-01'::timestamptz + (i * 2) * interval '1 second' AS t, repeat('a', 200) AS note
FROM generate_series(1, 900) AS i;
ANALYZE events, anchors;

\ir lib/plan_of.sql

CREATE FUNCTION same_rows(description text, query text, written text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    memory text;
    workers integer;
    differences bigint;
    rows bigint;
    plan text;
BEGIN
    -- without any equality that can be hashed
    EXECUTE 'CREATE TEMP TABLE expected AS ' || written;
    SELECT count(*) INTO rows FROM expected;
    RETURN NEXT cmp_ok(rows, '>', 1000::bigint, description || ': there are rows');
    SET LOCAL enable_nestloop = off;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    FOR memory, workers IN VALUES ('4MB', 0), ('64kB', 0), ('4MB', 2), ('64kB', 2) LOOP
        PERFORM set_config('work_mem', memory, true), set_config('max_parallel_workers_per_gather', workers::text, true);
        plan := plan_of(query, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF');
        EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL TABLE expected) UNION ALL (TABLE expected EXCEPT ALL %1$s)) AS d', query)
        INTO differences;
        RETURN NEXT is(differences, 0::bigint, format('%s, %s, %s workers', description, memory, workers));
        RETURN NEXT matches(plan, CASE workers WHEN 0 THEN '' ELSE 'Parallel ' END || E'Custom Scan \\(AzhuntWindowJoin\\)[^\n]*\n +Key: [^\n]*===.*'
                                  || CASE memory WHEN '64kB' THEN 'Pieces' ELSE 'Batches: 1' END, 'by the windowed join');
    END LOOP;
    RESET enable_nestloop;
    RESET enable_hashjoin;
    RESET enable_mergejoin;
    DROP TABLE expected;
END
$$;

SELECT same_rows('one key',
    $$SELECT e.id, a.id AS a, e.note, a.note AS a_note FROM events AS e JOIN anchors AS a ON e.k === a.k WHERE azhunt.within(e.t, a.t, '20 seconds')$$,
    $$SELECT e.id, a.id AS a, e.note, a.note AS a_note FROM events AS e JOIN anchors AS a ON abs(e.k) - abs(a.k) = 0
      WHERE e.t <= a.t AND e.t >= a.t - interval '20 seconds'$$);
SELECT same_rows('the inner rows as anchors, and another key',
    $$SELECT e.id, a.id AS a, e.note, a.note AS a_note FROM anchors AS e JOIN events AS a ON e.k === a.k AND e.second_key = a.second_key WHERE azhunt.within(e.t, a.t, '60 seconds')$$,
    $$SELECT e.id, a.id AS a, e.note, a.note AS a_note FROM anchors AS e JOIN events AS a ON abs(e.k) - abs(a.k) = 0 AND e.second_key - a.second_key = 0
      WHERE e.t <= a.t AND e.t >= a.t - interval '60 seconds'$$);

--
-- real collisions of integer keys
--

CREATE TABLE hashes AS SELECT i AS k, hashint4(i) AS hash FROM generate_series(1, 300000) AS i;
CREATE TABLE colliding AS
SELECT min(k) AS a, max(k) AS b FROM hashes GROUP BY hash HAVING count(*) > 1;
SELECT cmp_ok(count(*), '>=', 1::bigint, 'integers have hashes that collide') FROM colliding;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL enable_nestloop = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SELECT is(count(*), 0::bigint, 'keys whose hashes collide are told apart')
FROM (SELECT a AS k, '2026-01-01'::timestamptz AS t FROM colliding OFFSET 0) AS e
JOIN (SELECT b AS k, '2026-01-01'::timestamptz AS t FROM colliding OFFSET 0) AS a ON e.k = a.k
WHERE azhunt.within(e.t, a.t, '1 second');
SELECT is(count(*), (SELECT count(*) FROM colliding), 'and are found among each other')
FROM (SELECT a AS k, '2026-01-01'::timestamptz AS t FROM colliding OFFSET 0) AS e
JOIN (SELECT unnest(ARRAY[b, a]) AS k, '2026-01-01'::timestamptz AS t FROM colliding OFFSET 0) AS a ON e.k = a.k
WHERE azhunt.within(e.t, a.t, '1 second');

SELECT * FROM finish();
ROLLBACK;
