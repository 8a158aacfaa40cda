-- The merge of indexes where not all rows are fetched, and where each row of one
-- side is returned once, against every other plan: on pages that are all-visible
-- and such that are not, beside rows that were updated, deleted and removed.

SET client_min_messages = warning;
SELECT plan(225);

SET TimeZone = 'UTC';
SET search_path = public, azhunt, pg_catalog;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET hash_mem_multiplier = 1;
SELECT setseed(0.625);

\ir lib/merge_data.sql

VACUUM events, anchors, parts, parent, child, partial, many_of_one, few;
-- rows that are seen by nobody any more, and others in their places
DELETE FROM events WHERE id % 17 = 0;
UPDATE anchors SET v = v + 1 WHERE id % 19 = 0;
VACUUM events;
INSERT INTO events SELECT * FROM random_rows(200, 40);
UPDATE events SET t = t + interval '3 seconds' WHERE id % 23 = 0;
DELETE FROM parts WHERE id % 29 = 0;
UPDATE many_of_one SET v = v + 1 WHERE id % 400 = 7;
ANALYZE;

CREATE FUNCTION explained(query text, number text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    RETURN (regexp_match(plan_of(query, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), number || ': ([0-9]+)'))[1]::bigint;
END
$$;

--
-- the time is all that is asked for
--

SELECT same_rows('nothing but a number', $$SELECT count(*) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('both times', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('the time of one side', $$SELECT e.t, a.note FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('the time of the other', $$SELECT e.note, a.t FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('computed of times', $$SELECT e.t = a.t AS same, date_trunc('minute', e.t) AS m FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('an expression for a key', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a ON strip_port(e.ip) = strip_port(a.ip) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('an expression for a time',
    $$SELECT count(*) FROM events e JOIN anchors a USING (k) WHERE within(window_start(e.t, '3 seconds'), a.t, '1 minute')$$);
SELECT same_rows('the expression of a time is asked for',
    $$SELECT window_start(e.t, '3 seconds') AS t FROM events e JOIN anchors a USING (k) WHERE within(window_start(e.t, '3 seconds'), a.t, '1 minute')$$);
SELECT same_rows('partitions', $$SELECT e.t, a.t AS a FROM parts e JOIN parts a USING (k) WHERE within(e.t, a.t, '10 seconds')$$);
SELECT same_rows('UNION ALL', $$SELECT e.t, a.t AS a FROM many e JOIN anchors a USING (k) WHERE within(e.t, a.t, '10 seconds')$$);
SELECT same_rows('a period', $$SELECT e.t, a.t AS a FROM parts e JOIN anchors a USING (k)
    WHERE within(e.t, a.t, '1 minute') AND a.t >= '2026-01-01 00:09:30' AND e.t < (SELECT '2026-01-01 00:12'::timestamptz)$$);
SELECT same_rows('a condition', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND a.v < 5$$);
SELECT same_rows('a partial index', $$SELECT e.t, a.t AS a FROM partial e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v < 5$$);
SELECT cmp_ok(explained($$SELECT e.t, a.t AS a FROM partial e JOIN partial a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v < 5 AND a.v < 5$$, 'Rows Not Fetched'),
              '>', 100::bigint, 'what is true of all its rows needs none of them');
SELECT is(explained($$SELECT e.t, a.t AS a FROM partial e JOIN partial a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v < 4 AND a.v < 4$$, 'Rows Not Fetched'),
          NULL, 'what is not does');
SELECT same_rows('a filter', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND a.v < e.v$$);
SELECT same_rows('a filter of times', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND date_trunc('minute', e.t) = date_trunc('minute', a.t)$$);
SELECT same_rows('another key', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a USING (k, v) WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('a hashed key', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a ON e.k = a.k AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('keys of two types', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a ON e.k = a.kb WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('more events in a window than fit into memory', $$SELECT count(*), min(e.t), max(a.t) FROM many e JOIN few a USING (k) WHERE within(e.t, a.t, '106751991 days')$$);
SELECT same_rows('whole rows', $$SELECT e::text, a.t FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('system columns', $$SELECT e.ctid AS place, a.t FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('inside an outer join', $$
    SELECT f.id, j.e, j.a FROM few f LEFT JOIN (SELECT e.t AS e, a.t AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '5 seconds')) j ON f.t > j.a$$);
SELECT same_rows('a rescan for each lookback', $$
    SELECT l.lookback, j.* FROM (VALUES (interval '1 second'), ('1 minute'), (NULL), ('5 minutes')) AS l (lookback)
    CROSS JOIN LATERAL (SELECT count(*), min(e.t) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, l.lookback)) AS j$$);

CREATE TABLE vacuumed AS SELECT * FROM random_rows(3000, 40);
CREATE INDEX ON vacuumed (k, t, hash(COALESCE(txt, '')));
VACUUM (ANALYZE) vacuumed;
\set times 'SELECT e.t, a.t AS a FROM vacuumed e JOIN vacuumed a USING (k) WHERE within(e.t, a.t, ''1 minute'')'
SELECT same_rows('all rows are visible', :'times');
SELECT is(explained(:'times', 'Rows Fetched'), 0::bigint, '... and none is fetched');
SELECT cmp_ok(explained(:'times', 'Rows Not Fetched'), '>', 1000::bigint, '... but known');
SELECT cmp_ok(explained(:'times' || $$ AND e.v + a.v >= 0$$, 'Rows Fetched'), '>', 1000::bigint, 'a filter needs them');
SELECT cmp_ok(explained(replace(:'times', 'SELECT e.t, ', 'SELECT e.v, '), 'Rows Fetched'), '>', 500::bigint, 'and so does another column');
SELECT is(explained(replace(:'times', 'USING (k)', $$ON e.k = a.k AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '')$$), 'Rows Not Fetched'), NULL,
          'the same hash does not say that texts are equal');
-- from version 19 on, reading a page may be enough for it to be marked
BEGIN;
UPDATE vacuumed SET note = note || '!' WHERE id % 3 = 0;
SELECT same_rows('no page is all-visible', :'times');
SELECT is(explained(:'times', 'Rows Not Fetched'), 0::bigint, '... so all are fetched');
COMMIT;
VACUUM vacuumed;
DELETE FROM vacuumed WHERE ctid IN (SELECT v.ctid FROM vacuumed AS v LIMIT 100);
SELECT same_rows('some pages are', :'times');
SELECT cmp_ok(least(explained(:'times', 'Rows Fetched'), explained(:'times', 'Rows Not Fetched')), '>', 50::bigint, '... so some are fetched');

--
-- each row of one side once
--

SELECT same_rows('anchors with an event', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('events with an anchor', $$SELECT e.id FROM events e WHERE EXISTS (SELECT FROM anchors a WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('whole rows', $$SELECT a AS a, a.ctid AS place FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('their times', $$SELECT a.t FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('their number', $$SELECT count(*) FROM events e WHERE EXISTS (SELECT FROM anchors a WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('duplicate rows', $$SELECT a.v FROM anchors a WHERE EXISTS (SELECT FROM many e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('a hashed key', $$SELECT a.id FROM anchors a WHERE EXISTS
    (SELECT FROM events e WHERE e.k = a.k AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('a hashed key, events', $$SELECT e.id FROM events e WHERE EXISTS
    (SELECT FROM anchors a WHERE e.k = a.k AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('a filter that few pairs pass', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND e.id = a.id + 17 AND within(e.t, a.t, '1 day'))$$);
SELECT same_rows('a filter that few pairs pass, events', $$SELECT e.id FROM events e WHERE EXISTS (SELECT FROM anchors a WHERE e.k = a.k AND e.id = a.id + 17 AND within(e.t, a.t, '1 day'))$$);
SELECT same_rows('a filter', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND e.v > a.v AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('conditions of both sides', $$SELECT a.id FROM anchors a WHERE a.v < 7 AND EXISTS (SELECT FROM events e WHERE e.k = a.k AND e.v > 3 AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('an expression for a key', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE strip_port(e.ip) = strip_port(a.ip) AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('keys of two types', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.kb AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('partitions', $$SELECT a.id FROM parts a WHERE EXISTS (SELECT FROM parts e WHERE e.k = a.k AND e.id <> a.id AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('UNION ALL', $$SELECT a.id FROM many a WHERE EXISTS (SELECT FROM many e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('a period', $$SELECT a.id FROM parts a WHERE a.t >= '2026-01-01 00:05' AND EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('more events in a window than fit into memory', $$SELECT a.id FROM few a WHERE EXISTS (SELECT FROM many e WHERE e.k = a.k AND within(e.t, a.t, '106751991 days'))$$);
SELECT same_rows('more events in a window than fit, one by one', $$SELECT e.id FROM many_of_one e WHERE EXISTS
    (SELECT FROM many_of_one a WHERE e.v % 2 = a.v % 2 AND within(e.t, a.t, '106751991 days'))$$);
SELECT same_rows('anchors with more events than fit, one by one', $$SELECT a.id FROM many_of_one a WHERE a.id % 10 = 0 AND EXISTS
    (SELECT FROM many_of_one e WHERE e.v % 2 = a.v % 2 AND within(e.t, a.t, '106751991 days'))$$);
SELECT same_rows('anchors with more events than fit, and a filter', $$SELECT a.id FROM many_of_one a WHERE a.id % 10 = 0 AND EXISTS
    (SELECT FROM many_of_one e WHERE e.v % 2 = a.v % 2 AND e.id % 10 = a.v AND within(e.t, a.t, '106751991 days'))$$);
SELECT same_rows('events of which more than fit, and a filter', $$SELECT e.id FROM many_of_one e WHERE EXISTS
    (SELECT FROM many_of_one a WHERE a.id % 20 = 0 AND e.v % 2 = a.v % 2 AND e.id % 10 = a.v AND within(e.t, a.t, '106751991 days'))$$);
SELECT same_rows('nothing on one side', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM nothing e WHERE e.k = a.k AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows('a semi-join of a semi-join', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))
    AND a.v IN (SELECT f.v FROM few f)$$);
SELECT same_rows('beside a join', $$SELECT a.id, f.id AS f FROM anchors a JOIN few f ON f.v = a.v WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))$$);
SELECT same_rows('below an outer join', $$SELECT f.id, s.id AS s FROM few f LEFT JOIN
    (SELECT a.id, a.v FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '10 seconds'))) s USING (v)$$);
SELECT same_rows('a rescan for each lookback', $$
    SELECT l.lookback, j.* FROM (VALUES (interval '1 second'), ('1 minute'), (NULL), ('5 minutes')) AS l (lookback)
    CROSS JOIN LATERAL (SELECT count(*), sum(a.id) FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, l.lookback))) AS j$$);
SELECT same_rows('a rescan while a row is joined', $$
    SELECT l.n, (SELECT a.v FROM anchors a WHERE a.v = l.n AND EXISTS (SELECT FROM many e WHERE e.k = a.k AND within(e.t, a.t, '10 minutes')) LIMIT 1) AS v
    FROM generate_series(0, 11) AS l (n)$$);

VACUUM (ANALYZE) vacuumed;
\set once 'SELECT a.note FROM vacuumed a WHERE EXISTS (SELECT FROM vacuumed e WHERE e.k = a.k AND within(e.t, a.t, ''10 minutes''))'
SELECT same_rows('all rows of the other side are visible', :'once');
SELECT cmp_ok(explained(:'once', 'Pairs'), '<=', (SELECT count(*) FROM vacuumed), '... so one partner is enough for each');
SELECT cmp_ok(explained(:'once', 'Rows Fetched'), '<=', (SELECT count(*) FROM vacuumed), '... and is not fetched');
SELECT cmp_ok(explained('SELECT e.note FROM vacuumed e WHERE EXISTS (SELECT FROM vacuumed a WHERE e.k = a.k AND within(e.t, a.t, ''10 minutes''))', 'Pairs'),
              '<=', (SELECT count(*) FROM vacuumed), 'the same for the events');
CREATE FUNCTION plan_without_others(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    RETURN plan_of(query);
END
$$;
SELECT alike(plan_without_others(:'once'), '%Join Type: Semi%', 'EXPLAIN says so');
SELECT unalike(plan_without_others('SELECT a.note FROM vacuumed a WHERE NOT EXISTS (SELECT FROM vacuumed e WHERE e.k = a.k AND within(e.t, a.t, ''10 minutes''))'),
               '%AzhuntWindow%', 'rows without a partner are left to other plans');

SELECT same_rows_in_parallel('times', $$SELECT e.t, a.t AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows_in_parallel('anchors with an event', $$SELECT a.id FROM anchors a WHERE EXISTS (SELECT FROM events e WHERE e.k = a.k AND within(e.t, a.t, '1 minute'))$$);
SELECT same_rows_in_parallel('events with an anchor, by a hash', $$SELECT e.id FROM many e WHERE EXISTS
    (SELECT FROM anchors a WHERE e.k = a.k AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') AND within(e.t, a.t, '1 minute'))$$);

--
-- queries put together at random
--

CREATE FUNCTION random_key() RETURNS text LANGUAGE sql VOLATILE
RETURN pick('{e.k = a.k,e.k = a.k,e.kb = a.k,strip_port(e.ip) = strip_port(a.ip),"e.k = a.k AND COALESCE(e.txt, '''') =~ COALESCE(a.txt, '''')","e.k = a.k AND e.v = a.v"}');
CREATE FUNCTION random_condition() RETURNS text LANGUAGE sql VOLATILE
RETURN pick('{true,true,true,e.v < a.v,"a.v > 3","e.v < 8","e.t <= a.t","e.t > ''2026-01-01 00:12''","a.t BETWEEN ''2026-01-01 00:09'' AND (SELECT ''2026-01-01 00:11''::timestamptz)",a.id % 10 = e.id % 10}');
CREATE FUNCTION random_lookback() RETURNS text LANGUAGE sql VOLATILE
RETURN pick('{"interval ''0''","interval ''1 second''","interval ''20 seconds''","interval ''10 minutes''","(SELECT interval ''30 seconds'')"}');
CREATE FUNCTION random_table() RETURNS text LANGUAGE sql VOLATILE
RETURN pick('{events,few,parts,anchors,many,parent,chosen}');

SELECT same_rows('maybe nothing: ' || query, query)
FROM (SELECT format('SELECT %s FROM %s AS e JOIN %s AS a ON %s WHERE within(e.t, a.t, %s) AND %s',
                    pick('{"e.t, a.t AS a",count(*),a.t,"e.t, a.note","e.id, a.t","DISTINCT e.t"}'),
                    random_table(), random_table(), random_key(), random_lookback(), random_condition()) AS query
      FROM generate_series(1, 60) OFFSET 0) AS q;
SELECT same_rows('maybe nothing: ' || query, query)
FROM (SELECT format('SELECT %s FROM %s AS a WHERE EXISTS (SELECT FROM %s AS e WHERE %s AND within(e.t, a.t, %s) AND %s)',
                    pick('{a.id,a.t,count(*),a::text,"a.t, a.note"}'),
                    random_table(), random_table(), random_key(), random_lookback(), random_condition()) AS query
      FROM generate_series(1, 45) OFFSET 0) AS q;
SELECT same_rows('maybe nothing: ' || query, query)
FROM (SELECT format('SELECT %s FROM %s AS e WHERE EXISTS (SELECT FROM %s AS a WHERE %s AND within(e.t, a.t, %s) AND %s)',
                    pick('{e.id,e.t,count(*),e::text,"e.t, e.note"}'),
                    random_table(), random_table(), random_key(), random_lookback(), random_condition()) AS query
      FROM generate_series(1, 45) OFFSET 0) AS q;

SELECT * FROM finish();
