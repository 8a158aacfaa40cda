-- The windowed join by a merge of indexes against every other plan, on random
-- data: tables, partitions, children and UNION ALL, with rows that were updated
-- and deleted.

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(206);

SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, azhunt, pg_catalog;
SET LOCAL max_parallel_workers_per_gather = 0;
-- plans that are not wanted seem to cost enough for it
SET LOCAL jit = off;
SET LOCAL hash_mem_multiplier = 1;
SELECT setseed(0.375);

\ir lib/merge_data.sql

SELECT same_rows('one key', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('a lookback of zero', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '0')$$);
SELECT same_rows('a lookback of all times', $$SELECT e.id, a.id AS a FROM few e JOIN anchors a USING (k) WHERE within(e.t, a.t, '106751991 days')$$);
SELECT same_rows('more events in a window than fit into memory',
    $$SELECT e.id, a.id AS a, e.note FROM many e JOIN few a USING (k) WHERE within(e.t, a.t, '106751991 days')$$);
SELECT same_rows('windows that hold more events than fit, and leave most of them behind',
    $$SELECT e.id, a.id AS a FROM (SELECT id, v % 2 AS k, t FROM many_of_one) e JOIN (SELECT id, v % 2 AS k, t FROM many_of_one WHERE id % 20 = 0) a USING (k)
      WHERE within(e.t, a.t, '2 minutes')$$);
SELECT same_rows('the same on both sides', $$SELECT e.id, a.id AS a FROM events e JOIN events a USING (k) WHERE within(e.t, a.t, '1 hour') AND e.id % 5 = 0$$);
SELECT same_rows('nothing on one side', $$SELECT e.id, a.id AS a FROM nothing e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('nothing on the other side', $$SELECT e.id, a.id AS a FROM events e JOIN nothing a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('a null lookback, so nothing',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, (SELECT NULL::interval))$$);
SELECT same_rows('two keys, one by its hash',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k = a.k AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('two keys, one by its rows',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k = a.k AND e.txt =~ a.txt WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('three keys',
    $$SELECT e.id, a.id AS a FROM parts e JOIN anchors a ON e.v = a.v AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') AND strip_port(e.ip) = strip_port(a.ip)
      WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows('keys of two types', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k = a.kb WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('keys of two types, the other way', $$SELECT e.id, a.id AS a FROM many e JOIN parts a ON e.kb = a.k WHERE within(e.t, a.t, '5 seconds')$$);
SELECT same_rows('a time of an expression',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(window_start(e.t, '3 seconds'), a.t, '1 minute')$$);
SELECT same_rows('a filter with a subplan',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k)
      WHERE within(e.t, a.t, '1 minute') AND e.v <> (SELECT max(g.n) FROM generate_series(1, a.v) AS g (n))$$);
SELECT same_rows('a condition of one side with a subplan',
    $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k)
      WHERE within(e.t, a.t, '1 minute') AND e.v <> (SELECT max(f.v) FROM few f WHERE f.id < e.v)$$);
SELECT same_rows('whole rows and system columns',
    $$SELECT e AS e, a AS a, e.ctid AS e_place, a.tableoid AS a_table FROM parts e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('only computed columns', $$SELECT e.v + a.v AS sum FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('no columns but a count', $$SELECT count(*) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('UNION ALL', $$
    SELECT e.id, a.id AS a, e.v, e.txt FROM many e JOIN (SELECT id, k, t FROM anchors UNION ALL SELECT id, k, t FROM few) a USING (k)
    WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('partitions', $$SELECT e.id, a.id AS a, e.note FROM parts e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('partitions of both sides', $$SELECT e.id, a.id AS a, e.note FROM parts e JOIN parts a USING (k) WHERE within(e.t, a.t, '10 seconds')$$);
SELECT same_rows('a table and its child', $$SELECT e.id, a.id AS a, e.note FROM parent e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows('a partial index', $$SELECT e.id, a.id AS a, e.note FROM partial e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v < 3$$);
SELECT same_rows('a period of one side', $$
    SELECT e.id, a.id AS a FROM parts e JOIN parts a USING (k)
    WHERE within(e.t, a.t, '1 minute') AND a.t >= '2026-01-01 00:09:30' AND a.t < '2026-01-01 00:12'$$);
SELECT same_rows('a period of the other side, known late', $$
    SELECT e.id, a.id AS a FROM parts e JOIN many a USING (k)
    WHERE within(e.t, a.t, '1 minute') AND e.t > (SELECT '2026-01-01 00:09:30'::timestamptz) AND '2026-01-01 00:12' >= e.t$$);
SELECT same_rows('a time that is one', $$
    SELECT e.id, a.id AS a FROM parts e JOIN parts a USING (k)
    WHERE within(e.t, a.t, '1 minute') AND a.t = (SELECT t FROM parts WHERE isfinite(t) ORDER BY t LIMIT 1 OFFSET 1000)$$);
SELECT same_rows('a period without an end, with nothing in it', $$
    SELECT e.id, a.id AS a FROM parts e JOIN parts a USING (k) WHERE within(e.t, a.t, '1 minute') AND a.t > (SELECT 'infinity'::timestamptz)$$);
SELECT same_rows('a period without a start, with nothing in it', $$
    SELECT e.id, a.id AS a FROM parts e JOIN parts a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.t < (SELECT '-infinity'::timestamptz)$$);
SELECT same_rows('a period that is null, with nothing in it', $$
    SELECT e.id, a.id AS a FROM parts e JOIN parts a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.t < (SELECT NULL::timestamptz)$$);
SELECT same_rows('inside an outer join', $$
    SELECT f.id, j.e, j.a FROM few f LEFT JOIN (SELECT e.id AS e, a.id AS a, e.v FROM events e JOIN anchors a USING (k)
                                               WHERE within(e.t, a.t, '5 seconds')) j ON f.v = j.v$$);
SELECT same_rows('a rescan for each lookback', $$
    SELECT l.lookback, j.* FROM (VALUES (interval '1 second'), ('1 minute'), (NULL), ('5 minutes')) AS l (lookback)
    CROSS JOIN LATERAL (SELECT count(*), sum(e.id - a.id) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, l.lookback)) AS j$$);
SELECT same_rows('a rescan for each limit of one input', $$
    SELECT l.least, j.* FROM generate_series(0, 10, 2) AS l (least)
    CROSS JOIN LATERAL (SELECT count(*), sum(e.id - a.id) FROM events e JOIN anchors a USING (k)
                        WHERE within(e.t, a.t, '1 minute') AND e.v >= l.least) AS j$$);
SELECT same_rows('a rescan for each period', $$
    SELECT f.id, j.* FROM few AS f
    CROSS JOIN LATERAL (SELECT count(*), sum(e.id - a.id) FROM parts e JOIN many a USING (k)
                        WHERE within(e.t, a.t, '1 minute') AND e.t >= f.t AND a.t < f.t + interval '2 minutes') AS j$$);
SELECT same_rows('a subquery that is scanned again and again', $$
    SELECT f.id, (SELECT count(*) FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v = f.v) AS n FROM few f$$);
SELECT same_rows('a rescan while a row is joined', $$
    SELECT l.n, (SELECT e.v * 100 + a.v FROM events e JOIN anchors a USING (k)
                 WHERE within(e.t, a.t, '10 minutes') AND e.v = l.n AND a.v = l.n LIMIT 1) AS v FROM generate_series(0, 11) AS l (n)$$);
-- entries that are not read: of times out of the period, and of keys that one side has alone
CREATE TABLE long_keys AS
SELECT i AS id, i % 4 AS k, 'key ' || i % 4 AS txt, '2026-01-01'::timestamptz + i * interval '1 second' AS t FROM generate_series(1, 40000) AS i;
INSERT INTO long_keys SELECT i, 3, 'key 3', CASE WHEN i % 3 > 0 THEN timestamptz 'infinity' END FROM generate_series(1, 2000) AS i;
CREATE INDEX ON long_keys (k, t);
CREATE INDEX ON long_keys (txt, t);
CREATE TABLE short_keys AS SELECT * FROM long_keys WHERE k IN (1, 3) AND id % 1000 = 3 OR id IN (2, 4);
CREATE INDEX ON short_keys (k, t);
CREATE INDEX ON short_keys (txt, t);
ANALYZE long_keys, short_keys;
CREATE FUNCTION entries_read(query text) RETURNS integer LANGUAGE sql VOLATILE
RETURN (regexp_match(plan_of(query, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'Entries Read: ([0-9]+)'))[1]::integer;
CREATE FUNCTION few_entries(description text, query text, most integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT same_rows(description, query);
    RETURN NEXT cmp_ok(entries_read(query), '<', most, description || ': entries that are read');
END
$$;
SELECT few_entries('a short period of long keys', $$
    SELECT e.id, a.id AS a FROM long_keys e JOIN long_keys a USING (k)
    WHERE within(e.t, a.t, '1 minute') AND a.t BETWEEN '2026-01-01 05:00' AND '2026-01-01 05:01'$$, 5000);
SELECT few_entries('a short period of long keys, which are texts', $$
    SELECT e.id, a.id AS a FROM long_keys e JOIN long_keys a USING (txt)
    WHERE within(e.t, a.t, '1 minute') AND e.t BETWEEN '2026-01-01 05:00' AND '2026-01-01 05:01'$$, 5000);
SELECT few_entries('a period without an end, and infinite times', $$
    SELECT e.id, a.id AS a FROM long_keys e JOIN short_keys a USING (k) WHERE within(e.t, a.t, '1 hour') AND a.t > '2026-01-01 11:00'$$, 10000);
SELECT few_entries('keys that one side has alone', $$
    SELECT e.id, a.id AS a FROM long_keys e JOIN (SELECT * FROM short_keys WHERE t > '2026-01-01 11:00') a USING (k) WHERE within(e.t, a.t, '10 hours')$$, 30000);
-- as soon as one side has no key left, whichever it is
CREATE TABLE many_keys AS SELECT i AS id, i AS k, '2026-01-01'::timestamptz + i * interval '1 second' AS t FROM generate_series(1, 20000) AS i;
INSERT INTO many_keys SELECT i, NULL, '2026-01-01' FROM generate_series(1, 1000) AS i;
CREATE INDEX ON many_keys (k, t);
CREATE TABLE first_keys AS SELECT * FROM many_keys WHERE k IN (50, 100) OR id = 1 AND k IS NULL;
CREATE INDEX ON first_keys (k, t);
ANALYZE many_keys, first_keys;
SELECT few_entries('keys behind the last anchor', $$SELECT e.id, a.id AS a FROM many_keys e JOIN first_keys a USING (k) WHERE within(e.t, a.t, '1 minute')$$, 1000);
SELECT few_entries('keys behind the last event', $$SELECT e.id, a.id AS a FROM first_keys e JOIN many_keys a USING (k) WHERE within(e.t, a.t, '1 minute')$$, 1000);
SELECT same_rows('long keys, no period', $$SELECT e.id, a.id AS a FROM long_keys e JOIN short_keys a USING (txt) WHERE within(e.t, a.t, '1 minute')$$);

-- a LIMIT waits for few pairs, in each scan
CREATE FUNCTION pairs_found(query text) RETURNS integer LANGUAGE sql VOLATILE
RETURN (regexp_match(plan_of(query, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'Pairs: ([0-9]+)'))[1]::integer;
SELECT cmp_ok(pairs_found($$SELECT e.id FROM many e JOIN anchors a USING (k) WHERE within(e.t, a.t, '10 minutes') LIMIT 1$$), '<=', 1024, 'a LIMIT');
SELECT cmp_ok(pairs_found($$
    SELECT (SELECT e.id FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '10 minutes') AND e.v + a.v > l.n LIMIT 1)
    FROM generate_series(1, 3) AS l (n)$$),
              '<=', 3 * 1024, 'a LIMIT for each row');
-- from version 18 on, EXPLAIN shows what is disabled
SELECT unalike(plan_of($$SELECT e.id FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$), '%Disabled%',
               'scans that are never executed are not disabled');
-- and what it takes
SET LOCAL work_mem = '64kB';
SELECT matches(plan_of($$SELECT e.id, a.id AS a, e.note FROM many e JOIN few a USING (k) WHERE within(e.t, a.t, '106751991 days')$$,
                       'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'),
               'AzhuntWindowMerge.*Entries Spooled: [0-9]+', 'entries go to files');
SELECT matches(plan_of($$SELECT e.id, a.id AS a, e.note FROM many e JOIN anchors a USING (k) WHERE within(e.t, a.t, '10 minutes')$$,
                       'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'),
               'AzhuntWindowMerge.*Fetches: [0-9]+[0-9]', 'rows are fetched in many batches');
SELECT cmp_ok((regexp_match(plan_of($$SELECT e.id, a.id AS a, e.note FROM many e JOIN anchors a USING (k) WHERE within(e.t, a.t, '10 minutes')$$,
                                    'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'Memory Usage: ([0-9]+) kB'))[1]::integer,
              '<=', 64, 'within work_mem');
CREATE FUNCTION plan_numbers(query text) RETURNS json LANGUAGE sql VOLATILE
RETURN plan_of(query, 'ANALYZE, TIMING OFF, FORMAT JSON')::json #> '{0,Plan}';
SELECT is((numbers ->> 'Rows Removed by Filter')::numeric, (numbers ->> 'Pairs')::numeric - (numbers ->> 'Actual Rows')::numeric,
          'each pair is returned or removed by the filter, also by an equality that no index has')
FROM plan_numbers($$SELECT FROM long_keys e JOIN short_keys a ON e.k = a.k AND e.id % 2 = a.id % 2 WHERE within(e.t, a.t, '1 minute') AND e.id <> a.id$$) AS numbers;

--
-- in several processes
--

CREATE TABLE unanalyzed AS TABLE events;
CREATE INDEX ON unanalyzed (k, t, hash(COALESCE(txt, '')));
CREATE INDEX ON unanalyzed (strip_port(ip), t);
SELECT set_config(name, 'on', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name) \g /dev/null

SELECT same_rows_in_parallel('one key', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows_in_parallel('a text, and a hash', $$
    SELECT e.id, a.id AS a FROM events e JOIN anchors a ON strip_port(e.ip) = strip_port(a.ip) AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') WHERE within(e.t, a.t, '10 minutes')$$);
SELECT same_rows_in_parallel('keys of two types', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a ON e.k = a.kb WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows_in_parallel('keys of two types, the other way', $$SELECT e.id, a.id AS a FROM many e JOIN few a ON e.kb = a.k WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows_in_parallel('UNION ALL', $$SELECT e.id, a.id AS a, e.note FROM many e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows_in_parallel('partitions of both sides', $$SELECT e.id, a.id AS a, e.note FROM parts e JOIN parts a USING (k) WHERE within(e.t, a.t, '10 seconds')$$);
SELECT same_rows_in_parallel('a partial index', $$SELECT e.id, a.id AS a, e.note FROM partial e JOIN partial a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v < 3 AND a.v < 4$$);
SELECT same_rows_in_parallel('no statistics', $$SELECT e.id, a.id AS a FROM unanalyzed e JOIN unanalyzed a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows_in_parallel('no statistics of a text', $$
    SELECT e.id, a.id AS a FROM unanalyzed e JOIN unanalyzed a ON strip_port(e.ip) = strip_port(a.ip) WHERE within(e.t, a.t, '1 minute')$$);
SELECT same_rows_in_parallel('a period', $$
    SELECT e.id, a.id AS a FROM parts e JOIN many a USING (k)
    WHERE within(e.t, a.t, '1 minute') AND e.t > (SELECT '2026-01-01 00:09:30'::timestamptz)$$);
SELECT same_rows_in_parallel('a null lookback, so nothing', $$
    SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, (SELECT NULL::interval))$$);
SELECT same_rows_in_parallel('a rescan for each row', $$
    SELECT f.id, j.n FROM few AS f LEFT JOIN LATERAL (SELECT count(*) AS n FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') OFFSET f.v % 1) AS j ON true$$);
SET LOCAL max_parallel_workers = 0;
SELECT same_rows_in_parallel('no worker to be had', $$SELECT e.id, a.id AS a FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
RESET max_parallel_workers;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name) \g /dev/null
SELECT cmp_ok(entries_read($$SELECT FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$), '<', 5000, 'each entry is read by one process');
SELECT cmp_ok(entries_read($$SELECT FROM unanalyzed e JOIN unanalyzed a USING (k) WHERE within(e.t, a.t, '1 minute')$$), '>', 9000, 'or by all where keys can only be divided by their hash');
-- whichever side is not to be read by workers, and whichever is written first
ALTER TABLE few SET (parallel_workers = 0);
SELECT unalike(plan_of(format('SELECT FROM %s USING (k) WHERE within(e.t, a.t, ''1 minute'')', tables)), '%Gather%', 'no workers: ' || tables)
FROM unnest('{events e JOIN few a,few a JOIN events e}'::text[]) AS tables;
ALTER TABLE few RESET (parallel_workers);
SELECT alike(plan_of($$SELECT FROM events e JOIN few a USING (k) WHERE within(e.t, a.t, '1 minute')$$), '%Gather%Parallel Custom Scan (AzhuntWindowMerge)%', 'but for that, there are some');
SET LOCAL max_parallel_workers_per_gather = 0;

--
-- queries put together at random
--

CREATE FUNCTION random_query() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT format('SELECT %s FROM %s AS e JOIN %s AS a ON %s WHERE within(e.t, a.t, %s) AND %s',
                  pick('{"e.id AS e, a.id AS a","e.txt, a.v, e.t, a.k AS ak","e::text AS e, a.t","a.id - e.id AS n, a::text AS a","DISTINCT e.k, a.v","e.note, a.note AS a_note"}'),
                  pick('{events,few,parts,anchors,many,many,parent,chosen}'),
                  pick('{events,few,parts,anchors,many,parent,chosen}'),
                  pick('{e.k = a.k,e.kb = a.k,"e.k = a.k AND COALESCE(e.txt, '''') =~ COALESCE(a.txt, '''')","a.txt = e.txt AND e.kb = a.kb","strip_port(e.ip) = strip_port(a.ip)",'
                       '"strip_port(e.ip) = strip_port(a.ip) AND e.txt =~ a.txt","COALESCE(e.txt, '''') =~ COALESCE(a.txt, '''') AND e.k = a.k AND e.v = a.v"}'),
                  pick('{"interval ''0''","interval ''1 second''","interval ''20 seconds''","(SELECT interval ''30 seconds'')"}'),
                  pick('{true,e.v < a.v,"e.id IS DISTINCT FROM a.id","a.v > 3","e.k IN (SELECT k FROM few)","e.t <= a.t","(e.txt IS NOT NULL OR a.v = 1)",'
                       '"e.k < 5","e.t > ''2026-01-01 00:12''","a.t BETWEEN ''2026-01-01 00:09'' AND (SELECT ''2026-01-01 00:11''::timestamptz)"}'))
$$;

SELECT same_rows('maybe nothing: ' || query, query)
FROM (SELECT random_query() AS query FROM generate_series(1, 100) OFFSET 0) AS q;

--
-- what is chosen
--

CREATE FUNCTION cost_of(query text) RETURNS double precision LANGUAGE sql
RETURN (regexp_match(plan_of(query, 'COSTS ON'), 'cost=[0-9.]+[.][.]([0-9.]+)'))[1]::double precision;
CREATE FUNCTION plan_for(lookback text, more text) RETURNS text LANGUAGE sql
RETURN plan_of(format('SELECT e.note, a.note AS a_note FROM wide AS e JOIN wide AS a ON e.k = a.k %s WHERE within(e.t, a.t, %L)', more, lookback));
CREATE TABLE wide AS
SELECT i AS id, i % 50 AS k, 'agent ' || i % 20 AS agent, '2026-01-01'::timestamptz + i * interval '1 second' AS t, repeat('w', 1000) AS note FROM generate_series(1, 8000) AS i;
CREATE INDEX ON wide (k, t, hash(agent));
CREATE INDEX ON wide (id);
ANALYZE wide;

SELECT cmp_ok(abs(cost_of($$SELECT e.id, a.id FROM events e JOIN anchors a USING (k)
                            WHERE within(e.t, a.t, '5 seconds') AND e.t >= window_start(a.t, '5 seconds') AND e.t <= a.t$$)
                  / cost_of($$SELECT e.id, a.id FROM events e JOIN anchors a USING (k) WHERE within(e.t, a.t, '5 seconds')$$) - 1), '<', 0.05::double precision,
              'comparisons that say the same as within() cost nothing');
SELECT set_config(name, 'on', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name) \g /dev/null
SET LOCAL random_page_cost = 1.1;
SET LOCAL work_mem = '64MB';
SELECT alike(plan_for('1 second', 'AND e.agent =~ a.agent AND e.id <> a.id'), '%AzhuntWindowMerge%', 'indexes are merged where few rows match');
SELECT unalike(plan_for('2 hours', ''), '%AzhuntWindowMerge%', 'tables are read where most rows match');
SELECT unalike(plan_for('1 second', 'AND e.agent =~ a.agent AND a.id = 5'), '%AzhuntWindow%', 'a few rows are looked up');
SELECT set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name) \g /dev/null


-- Half of the rows have one key, and nearly all pairs, unless it is another one on
-- the other side.
CREATE FUNCTION half_of_one(one integer) RETURNS TABLE (id integer, k integer, t timestamptz) LANGUAGE sql AS $$
SELECT i, CASE WHEN random() < 0.5 THEN one ELSE floor(random() * 10000)::integer END, '2026-01-01'::timestamptz + random() * interval '1 day'
FROM generate_series(1, 20000) AS i
$$;
CREATE TABLE half_of_one AS SELECT * FROM half_of_one(0);
CREATE TABLE half_of_it_too AS SELECT * FROM half_of_one(0);
CREATE TABLE half_of_another AS SELECT * FROM half_of_one(1);
CREATE INDEX ON half_of_one (k, t);
CREATE INDEX ON half_of_it_too (k, t);
CREATE INDEX ON half_of_another (k, t);
ANALYZE half_of_one, half_of_it_too, half_of_another;
CREATE FUNCTION fetched_ratio(query text) RETURNS double precision LANGUAGE sql
RETURN (SELECT sum((s ->> 'Plan Rows')::double precision) / sum((s ->> 'Actual Rows')::double precision)
        FROM json_array_elements(plan_numbers(query) -> 'Plans') AS s);
SELECT ok(ratio BETWEEN 0.7 AND c.most, format('rows that are fetched are estimated %s: %s', description, ratio::numeric(10, 2)))
FROM (VALUES ('where one key has most pairs', 'half_of_it_too', interval '1 minute', 1.4),
             ('where no key has most', 'half_of_another', '8 hours', 2.5)) AS c (description, anchors, lookback, most),
     fetched_ratio(format('SELECT e.id, a.id FROM half_of_one e JOIN %I a USING (k) WHERE within(e.t, a.t, %L)', anchors, lookback)) AS ratio;

--
-- what it leaves to other plans
--

CREATE FUNCTION is_not_merged(description text, query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN unalike(plan_of(query), '%AzhuntWindowMerge%', description);
END
$$;

CREATE TABLE unfit AS TABLE events;
CREATE INDEX unfit_index ON unfit (k DESC, t);
SELECT is_not_merged('an index in the other direction', $$SELECT FROM unfit e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
DROP INDEX unfit_index;
CREATE INDEX unfit_index ON unfit (k, t NULLS FIRST);
SELECT is_not_merged('an index with nulls first', $$SELECT FROM unfit e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
DROP INDEX unfit_index;
CREATE INDEX unfit_index ON unfit (k) INCLUDE (t);
SELECT is_not_merged('an index without the time in its order', $$SELECT FROM unfit e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
DROP INDEX unfit_index;
CREATE INDEX unfit_index ON unfit (k, t) WHERE v < 5;
SELECT is_not_merged('an index of other rows', $$SELECT FROM unfit e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') AND e.v < 6$$);
DROP INDEX unfit_index;
CREATE INDEX unfit_index ON unfit (strip_port(ip) COLLATE "C", t);
SELECT is_not_merged('an index of another collation', $$SELECT FROM unfit e JOIN anchors a ON strip_port(e.ip) = strip_port(a.ip) WHERE within(e.t, a.t, '1 minute')$$);
DROP INDEX unfit_index;
CREATE INDEX unfit_index ON unfit (strip_port(ip) text_pattern_ops, t);
SELECT is_not_merged('an index of another operator family', $$SELECT FROM unfit e JOIN anchors a ON strip_port(e.ip) = strip_port(a.ip) WHERE within(e.t, a.t, '1 minute')$$);
DROP INDEX unfit_index;
CREATE INDEX unfit_index ON unfit USING brin (k, t);
SELECT is_not_merged('an index of another access method', $$SELECT FROM unfit e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
CREATE INDEX ON unfit (k, t);
SELECT is_not_merged('rows that are locked', $$SELECT e.id FROM unfit e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute') FOR UPDATE OF e$$);
SELECT is_not_merged('a table that is updated', $$UPDATE unfit AS e SET v = 1 FROM anchors a WHERE e.k = a.k AND within(e.t, a.t, '1 minute')$$);
SELECT is_not_merged('a sample', $$SELECT e.id FROM unfit AS e TABLESAMPLE SYSTEM (50) JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SELECT is_not_merged('a subquery', $$SELECT e.id FROM (SELECT DISTINCT k, t, id FROM unfit) AS e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);
SET LOCAL azhunt.enable_windowmerge = off;
SELECT is_not_merged('what is switched off', $$SELECT e.id FROM unfit e JOIN anchors a USING (k) WHERE within(e.t, a.t, '1 minute')$$);

SELECT * FROM finish();
ROLLBACK;
