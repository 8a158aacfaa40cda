--
-- Aggregates: make_set, make_list, make_bag
--
SET search_path TO public, azhunt;

CREATE TABLE activity (i integer PRIMARY KEY, caller text, operation text, duration integer);
INSERT INTO activity VALUES
    (1, 'alice', 'Delete', 30),
    (2, 'alice', 'Create', 10),
    (3, 'alice', 'Delete', 20),
    (4, 'alice', NULL, NULL),
    (5, 'bob', 'Write', 20),
    (6, 'bob', 'create', 20),
    (7, 'bob', '', NULL),
    (8, 'carol', NULL, NULL);

--
-- make_set and make_list
--
-- a set is sorted by bytes, or keeps the order that the call asks for; nulls
-- are left out, empty strings are not
SELECT caller,
       make_set(operation) AS set,
       make_set(operation ORDER BY i) AS first_seen,
       make_set(operation ORDER BY i DESC) AS last_seen,
       make_list(operation ORDER BY i) AS list
FROM activity GROUP BY caller ORDER BY caller COLLATE "C";

-- nothing in, an empty array out
SELECT make_set(operation), make_list(operation), make_set(operation, 1), make_list(operation, 1)
FROM activity WHERE false;
SELECT make_set(operation), make_list(operation), make_set(operation, 1), make_list(operation, 1)
FROM activity WHERE operation IS NULL;
SELECT make_set(operation) FROM activity WHERE false GROUP BY caller;

-- a limit keeps the smallest, or the first ones in the order of the call
SELECT make_set(operation, 1) AS "1", make_set(operation, 2) AS "2", make_set(operation, 3) AS "3",
       make_set(operation, 5) AS "5", make_set(operation, 1048576) AS "1048576"
FROM activity;
SELECT make_set(operation, 1 ORDER BY i) AS "1", make_set(operation, 2 ORDER BY i) AS "2",
       make_set(operation, 3 ORDER BY i DESC) AS "3 from the end",
       make_set(duration, 2) AS smallest, make_set(duration, 2 ORDER BY duration DESC) AS greatest
FROM activity;
SELECT make_list(operation, 1 ORDER BY i) AS "1", make_list(operation, 4 ORDER BY i) AS "4",
       make_list(operation, 7 ORDER BY i DESC) AS "7 from the end"
FROM activity;
SELECT make_set(i % 20, 13) AS many, jsonb_array_length(make_list(i, 13)) AS length
FROM generate_series(1, 1000) AS i;

-- DISTINCT, FILTER and both with an order
SELECT make_list(DISTINCT operation COLLATE "C" ORDER BY operation COLLATE "C" DESC) AS list,
       make_list(DISTINCT duration) AS durations,
       make_set(DISTINCT duration ORDER BY duration DESC) AS greatest_first,
       make_set(operation) FILTER (WHERE duration = 20) AS filtered,
       make_set(operation) FILTER (WHERE false) AS nothing,
       make_list(operation ORDER BY duration DESC NULLS LAST, i) FILTER (WHERE i < 6) AS ordered
FROM activity;

-- grouping sets
SELECT caller, operation, grouping(caller, operation),
       make_set(duration) AS set, make_list(duration ORDER BY i) AS list
FROM activity
WHERE i < 7
GROUP BY GROUPING SETS ((caller), (operation), ())
ORDER BY grouping(caller, operation), caller COLLATE "C", operation COLLATE "C";

-- window functions: the state goes on growing after it was read
SELECT i, make_set(operation) OVER w, make_list(operation) OVER w, make_set(operation, 2) OVER w AS set_2
FROM activity
WINDOW w AS (ORDER BY i)
ORDER BY i;
SELECT i, make_set(operation) OVER w AS in_frame, make_list(duration) OVER w
FROM activity
WINDOW w AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
ORDER BY i;
SELECT i, make_set(duration) OVER (PARTITION BY caller), make_list(duration, 1) OVER (PARTITION BY caller ORDER BY i DESC)
FROM activity ORDER BY i;
SELECT bool_and(a.set = to_jsonb(ARRAY(SELECT DISTINCT b % 40 FROM generate_series(1, a.i) AS b ORDER BY 1))) AS growing_past_a_lookup,
       bool_and(a.set_3 = to_jsonb(ARRAY(SELECT DISTINCT b % 40 FROM generate_series(1, a.i) AS b ORDER BY 1 LIMIT 3))) AS limited
FROM (SELECT i, make_set(i % 40) OVER w AS set, make_set(i % 40, 3) OVER w AS set_3
      FROM generate_series(1, 200) AS i WINDOW w AS (ORDER BY i)) AS a;

-- more than one aggregate over the same rows
SELECT make_set(operation), make_set(operation ORDER BY i), make_set(operation, 2), make_set(caller), make_set(duration)
FROM activity;

--
-- make_bag
--
CREATE TABLE logins (i integer PRIMARY KEY, account text, login jsonb);
INSERT INTO logins VALUES
    (1, 'alice', '{"At": 1, "From": "203.0.113.7", "Mfa": null}'),
    (2, 'alice', '{"At": 3, "From": "198.51.100.7"}'),
    (3, 'alice', '{"At": 2, "Mfa": true, "Nested": {"a": 1}}'),
    (4, 'bob', '[{"At": 9}]'),
    (5, 'bob', '"At"'),
    (6, 'bob', 'null'),
    (7, 'bob', NULL),
    (8, 'bob', '{}'),
    (9, 'carol', '42'),
    (10, 'carol', '{"": "empty key", "Nested": {"b": 2}}');

-- the greatest value of a key, or the last in the order of the call; what is
-- no object is left out
SELECT account,
       make_bag(login) AS greatest,
       make_bag(login ORDER BY i) AS last,
       make_bag(login ORDER BY i DESC) AS first
FROM logins GROUP BY account ORDER BY account COLLATE "C";

-- nothing in, an empty object out
SELECT make_bag(login), make_bag(login, 1) FROM logins WHERE false;
SELECT make_bag(login), make_bag(login ORDER BY i) FROM logins WHERE i BETWEEN 4 AND 8;
SELECT make_bag(NULL::jsonb);

-- null, strings, numbers, booleans, arrays and objects: the later wins
SELECT make_bag(jsonb_build_object('key', a)) -> 'key' AS winner,
       make_bag(jsonb_build_object('key', a)) = make_bag(jsonb_build_object('key', a) ORDER BY i) AS in_order
FROM (VALUES (1, 1, 'null'::jsonb), (1, 2, '""'), (2, 1, '"Z"'), (2, 2, '"a"'), (3, 1, '"~"'), (3, 2, '-1'),
             (4, 1, '2'), (4, 2, '10'), (5, 1, '1e100'), (5, 2, 'false'), (6, 1, 'false'), (6, 2, 'true'),
             (7, 1, 'true'), (7, 2, '[]'), (8, 1, '[9]'), (8, 2, '[1,1]'), (9, 1, '[1,1]'), (9, 2, '{}'),
             (10, 1, '{"a":1}'), (10, 2, '{"a":2}')) AS v(pair, i, a)
GROUP BY pair ORDER BY pair;

-- a limit keeps the smallest keys, or the first ones in the order of the call;
-- keys that it keeps still take in later values
SELECT make_bag(login, 1) AS "1", make_bag(login, 2) AS "2", make_bag(login, 3) AS "3", make_bag(login, 5) AS "5"
FROM logins;
SELECT make_bag(login, 1 ORDER BY i) AS "1", make_bag(login, 2 ORDER BY i) AS "2",
       make_bag(login, 2 ORDER BY i DESC) AS "2 from the end"
FROM logins;
SELECT make_bag(jsonb_build_object('key ' || i % 30, i), 2) AS smallest,
       make_bag(jsonb_build_object('key ' || i % 30, i), 2 ORDER BY i) AS first
FROM generate_series(1, 1000) AS i;
-- rows of many keys
SELECT make_bag(bag, 3)
FROM (SELECT jsonb_object_agg('key ' || j, i * j) AS bag
      FROM generate_series(1, 30) AS i, generate_series(1, 30) AS j GROUP BY i) AS v;

-- DISTINCT, FILTER, grouping sets
SELECT make_bag(DISTINCT login) FILTER (WHERE i < 4) AS distinct_filtered FROM logins;
SELECT account, make_bag(login ORDER BY i) FROM logins
GROUP BY GROUPING SETS ((account), ()) ORDER BY account COLLATE "C" NULLS FIRST;

-- window functions
SELECT i, make_bag(login) OVER w, make_bag(login, 2) OVER w AS two_keys
FROM logins WINDOW w AS (ORDER BY i) ORDER BY i;

-- nested values survive, also after a limit dropped others
SELECT make_bag(login) = '{"a": [1, {"b": [2, null]}], "c": {"d": {"e": "f"}}}' AS nested
FROM (VALUES ('{"a": [1, {"b": [2, null]}]}'::jsonb), ('{"c": {"d": {"e": "f"}}}')) AS v(login);
SELECT make_bag(jsonb_build_object(lpad(i::text, 3, '0'), ARRAY[i, i + 1]), 2)
FROM generate_series(999, 1, -1) AS i;

--
-- limits that are none
--
SELECT make_set(operation, 0) FROM activity;
\echo :SQLSTATE
SELECT make_set(operation, -1) FROM activity;
SELECT make_set(operation, 1048577) FROM activity;
\echo :SQLSTATE
SELECT make_set(operation, NULL) FROM activity;
\echo :SQLSTATE
SELECT make_list(operation, 0) FROM activity;
SELECT make_list(operation, NULL) FROM activity;
SELECT make_bag(login, 0) FROM logins;
SELECT make_bag(login, 2147483647) FROM logins;
SELECT make_bag(login, NULL) FROM logins;
SELECT make_set(operation, i) FROM activity;
\echo :SQLSTATE
SELECT make_list(operation, i) FROM activity;
SELECT make_bag(login, i) FROM logins;
-- nor may it differ between the states that a plan combines
CREATE TABLE partitioned (x integer, "limit" integer) PARTITION BY LIST ("limit");
CREATE TABLE limit_2 PARTITION OF partitioned FOR VALUES IN (2);
CREATE TABLE limit_4 PARTITION OF partitioned FOR VALUES IN (4);
INSERT INTO partitioned SELECT i, l FROM generate_series(1, 10) AS i, unnest('{2,4}'::integer[]) AS l;
ANALYZE partitioned;
SET enable_partitionwise_aggregate TO on;
SET max_parallel_workers_per_gather TO 0;
EXPLAIN (COSTS OFF) SELECT make_set(x, "limit") FROM partitioned;
SELECT make_set(x, "limit") FROM partitioned;
SELECT make_list(x, "limit") FROM partitioned;
SELECT make_bag(bag_pack('x', x), "limit") FROM partitioned;
SELECT "limit", make_set(x, "limit") FROM partitioned GROUP BY "limit" ORDER BY "limit";
RESET enable_partitionwise_aggregate;
RESET max_parallel_workers_per_gather;
-- a limit for each group
SELECT caller, make_list(operation, length(caller) ORDER BY i) FROM activity GROUP BY caller ORDER BY caller COLLATE "C";
-- also where rows hold nothing to take in
SELECT make_set(NULL::text, 0);
SELECT make_bag(NULL::jsonb, 0);
-- nobody sees the limit where there are no rows
SELECT make_set(operation, 0) FROM activity WHERE false;

--
-- where a state lives
--
-- correlated subqueries start anew for each row
SELECT o.i, (SELECT make_set(a.operation) FROM activity AS a WHERE a.i <= o.i AND a.caller = o.caller) AS set,
       (SELECT make_bag(l.login) FROM logins AS l WHERE l.i <= o.i) AS bag
FROM activity AS o WHERE o.i <= 3 ORDER BY o.i;
SELECT o.caller, s.set
FROM (SELECT DISTINCT caller FROM activity) AS o,
     LATERAL (SELECT make_set(a.operation, 1) FROM activity AS a WHERE a.caller = o.caller) AS s(set)
ORDER BY o.caller COLLATE "C";

-- loops that call it again and again
DO $$
DECLARE
    result jsonb := '[]';
BEGIN
    FOR n IN 1 .. 200 LOOP
        SELECT azhunt.make_set(x) INTO STRICT result
        FROM (SELECT e #>> '{}' FROM jsonb_array_elements(result) AS e
              UNION ALL SELECT 'element ' || n % 50) AS v(x);
    END LOOP;
    RAISE INFO '%', jsonb_array_length(result);
END
$$;

-- an error in the middle of a group leaves nothing behind
DO $$
BEGIN
    FOR n IN 1 .. 100 LOOP
        BEGIN
            PERFORM azhunt.make_set(1 / (50 - i)), azhunt.make_bag(jsonb_build_object(i, i))
            FROM generate_series(1, 100) AS i;
        EXCEPTION WHEN division_by_zero THEN
            CONTINUE;
        END;
    END LOOP;
END
$$;

-- a cursor that goes back and forth over a window
BEGIN;
DECLARE c SCROLL CURSOR FOR
    SELECT i, make_set(operation) OVER w, make_bag(bag_pack(caller, duration)) OVER w
    FROM activity WINDOW w AS (ORDER BY i);
FETCH 2 FROM c;
FETCH LAST FROM c;
FETCH FIRST FROM c;
MOVE BACKWARD ALL IN c;
FETCH 3 FROM c;
COMMIT;

-- stored values, compressed and out of line
CREATE TABLE stored (s text, bag jsonb);
ALTER TABLE stored ALTER COLUMN s SET STORAGE EXTERNAL;
INSERT INTO stored
SELECT repeat(chr(96 + i), 100000), jsonb_build_object(repeat(chr(96 + i), 1000), repeat('value', i * 10000))
FROM generate_series(1, 3) AS i;
INSERT INTO stored TABLE stored;
SELECT jsonb_array_length(make_set(s)) AS set, jsonb_array_length(make_list(s)) AS list,
       length(make_set(s) ->> 2) AS length, make_set(s) = to_jsonb(array_agg(DISTINCT s)) AS same,
       (SELECT array_agg(length(value)) FROM jsonb_each_text(make_bag(stored.bag))) AS bag
FROM stored;

-- HashAggregate that spills keeps its states
SET work_mem TO '64kB';
SET enable_sort TO off;
SELECT count(*), bool_and(set = jsonb_build_array(g, g + 1)) AS right_sets
FROM (SELECT g, make_set(g + j % 2) AS set
      FROM generate_series(1, 5000) AS g, generate_series(1, 3) AS j GROUP BY g) AS v;
RESET work_mem;
RESET enable_sort;

DROP TABLE activity, logins, partitioned, stored;
