-- The windowed join against every other plan, on random data.

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(103);

SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, azhunt, pg_catalog;
SELECT setseed(0.25);

-- Keys with nulls and skew, times with ties, nulls and infinities.
CREATE FUNCTION random_rows(rows integer, keys integer)
RETURNS TABLE (id integer, k integer, kb bigint, txt text, v integer, t timestamptz)
LANGUAGE sql VOLATILE AS $$
    SELECT i,
           CASE WHEN random() < 0.05 THEN NULL WHEN random() < 0.2 THEN 0 ELSE (random() * keys)::integer END,
           CASE WHEN random() < 0.05 THEN NULL ELSE (random() * keys)::bigint END,
           CASE WHEN random() < 0.05 THEN NULL
                ELSE (ARRAY['Chrome', 'chrome', 'CHROME', 'Edge', 'edge', 'curl', ''])[1 + floor(random() * 7)::integer] END,
           (random() * 10)::integer,
           CASE WHEN random() < 0.03 THEN NULL WHEN random() < 0.03 THEN '-infinity' WHEN random() < 0.03 THEN 'infinity'
                ELSE '2026-01-01'::timestamptz + floor(random() * 2000) * interval '1 second' END
    FROM generate_series(1, rows) AS i
$$;

CREATE TABLE events AS SELECT * FROM random_rows(3000, 40);
CREATE TABLE anchors AS SELECT * FROM random_rows(1000, 40);
CREATE TABLE few AS SELECT * FROM random_rows(15, 40);
CREATE TABLE nothing AS SELECT * FROM random_rows(0, 40);
CREATE TABLE one_key AS SELECT i AS id, 0 AS k, repeat('x', 200) AS txt, i % 10 AS v, '2026-01-01'::timestamptz + i * interval '1 second' AS t
                        FROM generate_series(1, 3000) AS i;
CREATE TABLE parts (LIKE events) PARTITION BY HASH (k);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts TABLE events;
CREATE TABLE anchor_parts (LIKE events) PARTITION BY HASH (k);
CREATE TABLE anchor_parts_0 PARTITION OF anchor_parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE anchor_parts_1 PARTITION OF anchor_parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO anchor_parts TABLE anchors;
CREATE VIEW both_events AS SELECT id, k, txt, v, t FROM events UNION ALL SELECT id, k, txt, v, t FROM parts WHERE v < 5;
ANALYZE events, anchors, few, nothing, one_key, parts, anchor_parts;

\ir lib/plan_of.sql

-- The same rows with the windowed join alone, in memory and in batches, by one
-- process and by three, and without it.
CREATE FUNCTION same_rows(description text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    memory text;
    workers integer;
    rows bigint;
    differences bigint;
BEGIN
    SET LOCAL azhunt.enable_windowjoin = off;
    SET LOCAL enable_nestloop = on;
    SET LOCAL enable_hashjoin = on;
    SET LOCAL enable_mergejoin = on;
    SET LOCAL work_mem = '4MB';
    SET LOCAL max_parallel_workers_per_gather = 0;
    DROP TABLE IF EXISTS without_join, with_join;
    EXECUTE 'CREATE TEMP TABLE without_join AS ' || query;
    GET DIAGNOSTICS rows = ROW_COUNT;
    IF rows = 0 AND description NOT LIKE '%nothing%' THEN
        RETURN ok(false, description || ': tests nothing, there are no rows');
    END IF;

    SET LOCAL azhunt.enable_windowjoin = on;
    SET LOCAL enable_nestloop = off;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    FOR memory, workers IN VALUES ('4MB', 0), ('64kB', 0), ('4MB', 2), ('64kB', 2) LOOP
        PERFORM set_config('work_mem', memory, true),
                set_config('max_parallel_workers_per_gather', workers::text, true);
        IF plan_of(query) NOT LIKE '%Custom Scan (AzhuntWindowJoin)%' THEN
            RETURN ok(false, format('%s: no windowed join with %s and %s workers', description, memory, workers));
        END IF;
        EXECUTE 'CREATE TEMP TABLE with_join AS ' || query;
        SELECT count(*) INTO differences
        FROM ((TABLE with_join EXCEPT ALL TABLE without_join)
              UNION ALL (TABLE without_join EXCEPT ALL TABLE with_join)) AS d;
        DROP TABLE with_join;
        IF differences > 0 THEN
            RETURN ok(false, format('%s: %s rows of %s differ with %s and %s workers', description, differences, rows, memory, workers));
        END IF;
    END LOOP;
    DROP TABLE without_join;
    RETURN ok(true, format('%s (%s rows)', description, rows));
END
$$;

-- processes are for free
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;

SELECT same_rows('one key', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('few anchors', $$SELECT e.id, a.id AS a FROM events e JOIN few a USING (k) WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('few events', $$SELECT e.id, a.id AS a FROM few e JOIN anchors a USING (k) WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('a lookback of zero', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '0')$$);
SELECT same_rows('a lookback of all times', $$SELECT e.id, a.id AS a FROM few e JOIN anchors a USING (k) WHERE within(e.t, a.t, '106751991 days')$$);
SELECT same_rows('nothing on one side', $$SELECT e.id, a.id AS a FROM nothing e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('nothing on the other side', $$SELECT e.id, a.id AS a FROM events e JOIN nothing a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('a null lookback, so nothing',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, (SELECT NULL::interval))$$);
SELECT same_rows('two keys, one ignoring case',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k = a.k AND e.txt =~ a.txt WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('keys of two types', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k = a.kb WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('keys of expressions',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON lower(e.txt) = lower(a.txt) AND a.k + 1 = e.k WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('a time of an expression',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t - a.id * interval '0', a.t, '1 hour')
      AND within(e.t + interval '1 hour', a.t, '2 hours')$$);
SELECT same_rows('a filter', $$SELECT e.id, a.id AS a, e.txt, a.v FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v < a.v$$);
SELECT same_rows('a filter with a subplan',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k)
      WHERE within(e.t, a.t, '1 minute') AND e.v + a.v <> (SELECT max(f.v) FROM few f WHERE f.id < e.v + a.v)$$);
SELECT same_rows('a key or another', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.v = a.v AND (e.k = a.k OR e.txt = a.txt)
                                      WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('a key that can only be merged', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k::money = a.k::money WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('a key that can only be merged, and another',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k::bit(8) = a.k::bit(8) AND e.v = a.v WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('no key', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON within(e.t, a.t, '10 seconds')$$);
SELECT same_rows('no key but a filter', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON within(e.t, a.t, '10 seconds') AND e.k < a.k$$);
SELECT same_rows('a key compared twice', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k = a.k AND e.k = a.kb WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('whole rows and system columns',
    $$SELECT e AS e, a AS a, e.ctid AS e_place, a.tableoid AS a_table FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('only computed columns', $$SELECT e.v + a.v AS sum FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('no columns but a count', $$SELECT count(*) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('an aggregate with an order',
    $$SELECT a.id, string_agg(e.id::text, ',' ORDER BY e.t, e.id) AS ids FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') GROUP BY a.id$$);
SELECT same_rows('one key larger than memory',
    $$SELECT e.id, a.id AS a, e.txt FROM one_key e JOIN few a USING (k) WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('one key larger than memory on both sides',
    $$SELECT e.id, a.id AS a FROM one_key e JOIN one_key a USING (k, txt) WHERE within(e.t, a.t, '5 seconds')$$);
SELECT same_rows('UNION ALL of two sides', $$
    SELECT e.id, a.id AS a, e.v FROM both_events e
    JOIN (SELECT id, k, t FROM anchors UNION ALL SELECT id, kb, t FROM few) a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('a materialized CTE', $$
    WITH a AS MATERIALIZED (SELECT * FROM anchors WHERE v > 3)
    SELECT e.id, a.id AS a FROM events e JOIN a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('partitions', $$SELECT e.id, a.id AS a FROM parts e JOIN anchor_parts a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SET LOCAL enable_partitionwise_join = on;
SELECT same_rows('partitions one by one', $$SELECT e.id, a.id AS a FROM parts e JOIN anchor_parts a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
RESET enable_partitionwise_join;
SELECT same_rows('a join of three, with two windows', $$
    SELECT e.id, a.id AS a, f.id AS f FROM events e JOIN anchors a USING (k) JOIN few f ON f.k = a.k
    WHERE within(e.t, a.t, '2 minutes') AND within(a.t, f.t, '2 minutes')$$);
SELECT same_rows('inside an outer join', $$
    SELECT f.id, j.e, j.a FROM few f LEFT JOIN (SELECT e.id AS e, a.id AS a, e.v FROM events e JOIN anchors a USING (k)
                                               WHERE within(e.t, a.t, '5 seconds')) j ON f.v = j.v$$);
SELECT same_rows('an outer join as input', $$
    SELECT e.id, a.id AS a, f.id AS f FROM events e JOIN (anchors a LEFT JOIN few f ON f.v = a.v AND f.id < 3) ON e.k = a.k
    WHERE within(e.t, a.t, '5 seconds')$$);
SELECT same_rows('a rescan for each lookback', $$
    SELECT l.lookback, j.* FROM (VALUES (interval '1 second'), ('1 minute'), (NULL), ('5 minutes')) AS l (lookback)
    CROSS JOIN LATERAL (SELECT count(*), sum(e.id - a.id) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, l.lookback)) AS j$$);
SELECT same_rows('a rescan for each limit of one input', $$
    SELECT l.least, j.* FROM generate_series(0, 10, 2) AS l (least)
    CROSS JOIN LATERAL (SELECT count(*), sum(e.id - a.id) FROM events e JOIN anchors a USING (k)
                        WHERE within(e.t, a.t, '1 minute') AND e.v >= l.least) AS j$$);
SELECT same_rows('a rescan for each filter and aggregated input', $$
    SELECT l.least, j.* FROM generate_series(0, 10, 2) AS l (least)
    CROSS JOIN LATERAL (SELECT count(*), sum(e.n) FROM (SELECT k, t, count(*) AS n FROM events WHERE v <> l.least GROUP BY k, t) AS e
                        JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND a.v + e.n > l.least) AS j$$);
SELECT same_rows('a subquery that is scanned again and again', $$
    SELECT f.id, (SELECT count(*) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v = f.v) AS n FROM few f$$);
SELECT same_rows('a rescan with a key from outside', $$
    SELECT f.id, (SELECT sum(e.id) FROM events e JOIN anchors a ON e.v = a.v AND e.k + f.v = a.k WHERE within(e.t, a.t, '1 minute')) AS n FROM few f$$);
SELECT same_rows('a rescan while a row is joined', $$
    SELECT l.n, (SELECT e.v * 100 + a.v FROM one_key e JOIN one_key a USING (k)
                 WHERE within(e.t, a.t, '10 minutes') AND e.v = l.n AND a.v = l.n LIMIT 1) AS v FROM generate_series(0, 11) AS l (n)$$);

-- What the processes share is made anew for each scan.
SET LOCAL enable_material = off;
SELECT same_rows('a join scanned again and again', $$
    SELECT f.id, j.* FROM (SELECT id FROM few WHERE id < 5) AS f CROSS JOIN
    (SELECT e.id AS e, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') OFFSET 0) AS j$$);
SELECT same_rows('only the first rows of a join scanned again and again', $$
    SELECT f.id, j.n FROM (SELECT id FROM few WHERE id < 5) AS f CROSS JOIN LATERAL
    (SELECT count(*) AS n FROM (SELECT FROM one_key e JOIN one_key a USING (k, txt) WHERE within(e.t, a.t, '5 seconds') LIMIT 100) AS l OFFSET 0) AS j$$);
RESET enable_material;

-- and it was used above
SELECT matches(plan_of($$SELECT e.id FROM one_key e JOIN one_key a USING (k, txt) WHERE within(e.t, a.t, '5 seconds')$$),
               'Gather.*Parallel Custom Scan \(AzhuntWindowJoin\).*Parallel Seq Scan.*Parallel Seq Scan', 'processes share the join');
SELECT matches(plan_of($$SELECT e.id FROM events e JOIN few a USING (k) WHERE within(e.t, a.t, '5 seconds')$$),
               'Gather.* Custom Scan \(AzhuntWindowJoin\).*Parallel Seq Scan.*Seq Scan on few', 'each process has its own of a small side');

--
-- queries put together at random
--

CREATE FUNCTION pick(choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + floor(random() * cardinality(choices))::integer]
$$;

CREATE FUNCTION random_query() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT format('SELECT %s FROM %s AS e JOIN %s AS a ON %s WHERE within(e.t, a.t, %s) AND %s',
                  pick('{"e.id AS e, a.id AS a","e.txt, a.v, e.t, a.k AS ak","e::text AS e, a.t","a.id - e.id AS n, a::text AS a","DISTINCT e.k, a.v"}'),
                  pick('{events,few,parts,anchors,"(TABLE few UNION ALL TABLE events)","(SELECT * FROM events ORDER BY id LIMIT 100)"}'),
                  pick('{events,few,anchor_parts,anchors,"(SELECT * FROM parts WHERE v < 4)","(SELECT DISTINCT * FROM few)"}'),
                  pick('{e.k = a.k,e.kb = a.k,"e.k = a.k AND e.txt =~ a.txt","a.txt = e.txt AND e.v = a.v","a.k = e.kb AND a.kb = e.kb",'
                       '"e.k % 3 = a.k % 3 AND e.txt =~ a.txt","COALESCE(e.txt, '''') =~ COALESCE(a.txt, '''') AND e.v = a.v"}'),
                  pick('{"interval ''0''","interval ''1 second''","interval ''1 minute''","(SELECT interval ''30 seconds'')"}'),
                  pick('{true,e.v < a.v,"e.id IS DISTINCT FROM a.id","a.v > 3","e.k IN (SELECT k FROM few)","e.t <= a.t","(e.txt IS NOT NULL OR a.v = 1)",'
                       '"e.k < 5","within(a.t, e.t + interval ''20 seconds'', interval ''20 seconds'')"}'))
$$;

SELECT same_rows('maybe nothing: ' || query, query)
FROM (SELECT random_query() AS query FROM generate_series(1, 60) OFFSET 0) AS q;

SELECT * FROM finish();
ROLLBACK;
