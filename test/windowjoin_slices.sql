-- The merge of the indexes of many partitions, which is divided by time, against
-- every other plan.

SET client_min_messages = warning;
SELECT plan(70);

SET TimeZone = 'UTC';
SET search_path = public, azhunt, pg_catalog;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET hash_mem_multiplier = 1;
SELECT setseed(0.875);

\ir lib/merge_data.sql

-- Partitions of 40 seconds, with rows at their very ends, and a few in the default one.
CREATE TABLE daily (LIKE events) PARTITION BY RANGE (t);
CREATE TABLE other (LIKE events) PARTITION BY RANGE (t);
SELECT format('CREATE TABLE %1$s_%2$s PARTITION OF %1$s FOR VALUES FROM (%3$L) TO (%4$L)', name, i,
              '2026-01-01'::timestamptz + i * interval '40 seconds', '2026-01-01'::timestamptz + (i + 1) * interval '40 seconds')
FROM generate_series(0, 49) AS i, unnest('{daily,other}'::text[]) AS n (name) \gexec
CREATE TABLE daily_rest PARTITION OF daily DEFAULT;
CREATE TABLE other_rest PARTITION OF other DEFAULT;
SELECT format('CREATE INDEX ON %1$I (k, t, hash(COALESCE(txt, ''''))); CREATE INDEX ON %1$I (kb, t); CREATE INDEX ON %1$I (strip_port(ip), t)', name)
FROM unnest('{daily,other}'::text[]) AS n (name) \gexec
INSERT INTO daily SELECT * FROM random_rows(6000, 40);
INSERT INTO daily SELECT i, i % 9, i % 9, '198.51.100.' || i % 9, 'Edge', i % 7, '2026-01-01'::timestamptz + (i % 50) * interval '40 seconds' - (i % 2) * interval '1 microsecond', 'end'
FROM generate_series(1, 600) AS i;
INSERT INTO other SELECT * FROM random_rows(3000, 40);
INSERT INTO other SELECT * FROM daily WHERE note = 'end' AND id % 3 = 0;
DELETE FROM daily_rest WHERE id % 50 > 0;
DELETE FROM other_rest WHERE id % 50 > 0;
VACUUM daily_rest, other_rest;
ANALYZE;
VACUUM daily_10, daily_11, daily_12, other_12, other_13;
DELETE FROM daily WHERE id % 13 = 0;

-- The same rows by a merge that is divided by time, or is not.
CREATE FUNCTION same_rows_in_slices(description text, query text, divided boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT same_rows(description, query);
    PERFORM set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    RETURN NEXT is(plan_of(query) LIKE '%Slices: %', divided, description || CASE WHEN divided THEN ': in slices' ELSE ': not in slices' END);
END
$$;

SELECT same_rows_in_slices('one key', $$SELECT e.id, a.id AS a, e.note FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '3 seconds')$$, true);
SELECT same_rows_in_slices('the same on both sides', $$SELECT e.id, a.id AS a FROM daily e JOIN daily a USING (k) WHERE within(e.t, a.t, '3 seconds')$$, true);
SELECT same_rows_in_slices('the anchors first', $$SELECT e.id, a.id AS a FROM other a JOIN daily e USING (k) WHERE within(e.t, a.t, '3 seconds')$$, true);
SELECT same_rows_in_slices('a lookback of zero', $$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '0')$$, true);
SELECT same_rows_in_slices('a lookback of a microsecond', $$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '1 microsecond')$$, true);
SELECT same_rows_in_slices('a lookback as long as a partition', $$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '40 seconds')$$, true);
SELECT same_rows_in_slices('a lookback longer than a slice', $$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '1 hour')$$, false);
SELECT same_rows_in_slices('a lookback that is not known', $$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, (SELECT interval '3 seconds'))$$, false);
SELECT same_rows_in_slices('a hash', $$SELECT e.id, a.id AS a FROM daily e JOIN other a ON e.k = a.k AND COALESCE(e.txt, '') =~ COALESCE(a.txt, '') WHERE within(e.t, a.t, '20 seconds')$$, true);
SELECT same_rows_in_slices('a text', $$SELECT e.id, a.id AS a FROM daily e JOIN other a ON strip_port(e.ip) = strip_port(a.ip) WHERE within(e.t, a.t, '3 seconds')$$, true);
SELECT same_rows_in_slices('times alone', $$SELECT e.t, a.t AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '3 seconds')$$, true);
SELECT same_rows_in_slices('a period', $$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k)
    WHERE within(e.t, a.t, '3 seconds') AND a.t > (SELECT '2026-01-01 00:09:30'::timestamptz) AND e.t < (SELECT '2026-01-01 00:12'::timestamptz)$$, true);
SELECT same_rows_in_slices('UNION ALL', $$SELECT e.id, a.id AS a FROM (SELECT id, k, t FROM daily UNION ALL SELECT id, k, t FROM other) e JOIN other a USING (k)
    WHERE within(e.t, a.t, '3 seconds')$$, true);
SELECT same_rows_in_slices('a table without partitions', $$SELECT e.id, a.id AS a FROM daily e JOIN few a USING (k) WHERE within(e.t, a.t, '3 seconds')$$, true);
SELECT same_rows_in_slices('more rows of a table without partitions than are read again', $$SELECT e.id, a.id AS a FROM daily e JOIN anchors a USING (k) WHERE within(e.t, a.t, '3 seconds')$$, false);
SELECT same_rows_in_slices('anchors with an event', $$SELECT a.id FROM other a WHERE EXISTS (SELECT FROM daily e WHERE e.k = a.k AND within(e.t, a.t, '3 seconds'))$$, true);
SELECT same_rows_in_slices('events with an anchor', $$SELECT e.id FROM daily e WHERE EXISTS (SELECT FROM other a WHERE e.k = a.k AND within(e.t, a.t, '3 seconds'))$$, true);
SELECT same_rows_in_slices('events with an anchor and a filter', $$SELECT e.id FROM daily e WHERE EXISTS (SELECT FROM other a WHERE e.k = a.k AND e.v < a.v AND within(e.t, a.t, '20 seconds'))$$, true);
SELECT same_rows_in_slices('a rescan for each row', $$SELECT f.id, j.* FROM few AS f
    CROSS JOIN LATERAL (SELECT count(*), sum(e.id - a.id) FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '3 seconds') AND e.v >= f.v) AS j$$, true);
SELECT same_rows_in_slices('a rescan while a row is joined', $$SELECT l.n, (SELECT e.v * 100 + a.v FROM daily e JOIN other a USING (k)
    WHERE within(e.t, a.t, '3 seconds') AND e.v = l.n AND a.v = l.n LIMIT 1) AS v FROM generate_series(0, 11) AS l (n)$$, true);

SELECT same_rows_in_slices('maybe nothing: ' || query, query, true)
FROM (SELECT format(pick('{"SELECT e.id, a.id AS a FROM daily AS e JOIN other AS a ON %s WHERE within(e.t, a.t, %s) AND %s",'
                         '"SELECT e.t, a.t AS a FROM other AS a JOIN daily AS e ON %s WHERE within(e.t, a.t, %s) AND %s",'
                         '"SELECT a.id FROM daily AS a WHERE EXISTS (SELECT FROM other AS e WHERE %s AND within(e.t, a.t, %s) AND %s)",'
                         '"SELECT e.id FROM daily AS e WHERE EXISTS (SELECT FROM other AS a WHERE %s AND within(e.t, a.t, %s) AND %s)"}'),
                    pick('{e.k = a.k,e.kb = a.k,strip_port(e.ip) = strip_port(a.ip),"e.k = a.k AND COALESCE(e.txt, '''') =~ COALESCE(a.txt, '''')"}'),
                    pick('{"interval ''1 second''","interval ''4 seconds''","interval ''10 seconds''"}'),
                    pick('{true,true,"a.v > 3","e.v < a.v","e.t > (SELECT ''2026-01-01 00:09:30''::timestamptz)"}')) AS query
      FROM generate_series(1, 12) OFFSET 0) AS q;

-- each slice is a share of the work where there are many
SELECT same_rows_in_parallel('in parallel', $$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '3 seconds')$$);
SELECT same_rows_in_parallel('in parallel, events with an anchor', $$SELECT e.id FROM daily e WHERE EXISTS (SELECT FROM other a WHERE e.k = a.k AND within(e.t, a.t, '3 seconds'))$$);
CREATE FUNCTION entries_of(workers text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(name, '0', true) FROM unnest('{parallel_setup_cost,parallel_tuple_cost,min_parallel_index_scan_size,min_parallel_table_scan_size}'::text[]) AS n (name);
    PERFORM set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan,enable_bitmapscan,enable_nestloop,enable_hashjoin,enable_mergejoin}'::text[]) AS n (name);
    PERFORM set_config('max_parallel_workers_per_gather', workers, true);
    RETURN (regexp_match(plan_of($q$SELECT e.id, a.id AS a FROM daily e JOIN other a USING (k) WHERE within(e.t, a.t, '3 seconds')$q$,
                                 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF'), 'Entries Read: ([0-9]+)'))[1]::integer;
END
$$;
SELECT cmp_ok(entries_of('0'), '<', (1.15 * ((SELECT count(*) FROM daily) + (SELECT count(*) FROM other)) + 700)::integer, 'few entries are read again');
SELECT cmp_ok(entries_of('1'), '<', (1.15 * ((SELECT count(*) FROM daily) + (SELECT count(*) FROM other)) + 700)::integer, 'nor in parallel');

SELECT * FROM finish();
