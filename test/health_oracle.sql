-- What log_table_health() finds in indexes, one partition at a time, is what
-- plain queries of the whole table say, whatever the rows are and wherever they
-- are.
BEGIN;
SELECT plan(20);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT setseed(0.4711) \g /dev/null

CREATE FUNCTION pg_temp.expected(log_table regclass, since timestamptz[], latest integer)
RETURNS TABLE (newest_event timestamptz, newest_arrival timestamptz, arrivals bigint[], delays interval[])
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('
        SELECT (SELECT max(timegenerated) FROM %1$s), (SELECT max(ingestedat) FROM %1$s),
               ARRAY(SELECT (SELECT count(*) FROM %1$s WHERE ingestedat > s AND ingestedat <= s + interval ''1 hour'')
                     FROM unnest($1) WITH ORDINALITY AS s (s, i) ORDER BY i),
               ARRAY(SELECT ingestedat - timegenerated
                     FROM (SELECT * FROM %1$s WHERE ingestxid IS NOT NULL ORDER BY ingestxid DESC LIMIT $2) AS l
                     WHERE isfinite(timegenerated) AND isfinite(ingestedat)
                     ORDER BY 1)', log_table)
    USING since, latest;
END
$$;

-- Both, asked of many times: what differs.
CREATE FUNCTION pg_temp.differences(log_table regclass) RETURNS SETOF text
LANGUAGE sql AS $$
    WITH question AS (
        SELECT ARRAY[t, t - interval '1 hour', t - interval '24 hours'] AS since, latest
        FROM (SELECT '2026-03-12 00:00Z'::timestamptz - random() * interval '13 days' FROM generate_series(1, 10)
              UNION ALL VALUES ('infinity'::timestamptz), ('-infinity'), (NULL), ('2027-01-01 00:00Z')) AS s (t)
        CROSS JOIN (VALUES (1), (25), (10000)) AS l (latest)
    )
    SELECT format('%s, %s: got %s, expected %s', q.since, q.latest, g, e)
    FROM question AS q
    CROSS JOIN LATERAL azhunt.log_table_health($1, q.since, q.latest) AS h
    CROSS JOIN LATERAL (SELECT h.newest_event, h.newest_arrival, h.arrivals, ARRAY(SELECT unnest(h.delays) ORDER BY 1)) AS g
    CROSS JOIN LATERAL pg_temp.expected($1, q.since, q.latest) AS e
    WHERE g::text IS DISTINCT FROM e::text
$$;

-- Rows of ten days and of no time, that arrived when they happened, or much
-- later, or who knows when.  No two have the same ingestxid.
CREATE SEQUENCE pg_temp.xids;
CREATE FUNCTION pg_temp.add_rows(log_table regclass, number integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('
        INSERT INTO %s (timegenerated, ingestedat, ingestxid, resulttype, useragent)
        SELECT CASE WHEN random() < 0.01 THEN ''infinity'' WHEN random() < 0.01 THEN ''-infinity'' ELSE t END,
               CASE WHEN random() < 0.02 THEN NULL
                    WHEN random() < 0.01 THEN ''infinity'' WHEN random() < 0.01 THEN ''-infinity''
                    WHEN random() < 0.2 THEN ''2026-03-11 00:00Z''::timestamptz - random() * interval ''11 days''
                    ELSE t + random() * interval ''10 minutes'' END,
               CASE WHEN random() > 0.05 THEN (extract(epoch FROM t) - 1770000000)::bigint * 10000
                                              + nextval(''pg_temp.xids'') END,
               (i %% 2)::text, repeat(md5(random()::text), 1 + i %% 40)
        FROM (SELECT i, ''2026-03-11 00:00Z''::timestamptz - random() * interval ''10 days'' AS t
              FROM generate_series(1, $1) AS i) AS r', log_table)
    USING number;
END
$$;

SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'an empty table');
SELECT pg_temp.add_rows('azhunt.signinlogs', 30) \g /dev/null
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'a default partition alone');

-- Daily partitions of some days, of which one is divided, one stays empty and
-- one has its columns in the reverse order.
DELETE FROM azhunt.signinlogs_default WHERE timegenerated >= '2026-03-06 00:00Z' AND timegenerated <> 'infinity';
SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2026-03-02', '2026-03-06') \g /dev/null
CREATE TABLE azhunt.signinlogs_halves PARTITION OF azhunt.signinlogs
    FOR VALUES FROM ('2026-03-07 00:00Z') TO ('2026-03-08 00:00Z') PARTITION BY LIST (resulttype);
CREATE TABLE azhunt.signinlogs_success PARTITION OF azhunt.signinlogs_halves FOR VALUES IN ('0');
CREATE TABLE azhunt.signinlogs_failure PARTITION OF azhunt.signinlogs_halves DEFAULT;
CREATE TABLE azhunt.signinlogs_empty PARTITION OF azhunt.signinlogs
    FOR VALUES FROM ('2026-04-01 00:00Z') TO ('2026-04-02 00:00Z');
SELECT format('CREATE TABLE azhunt.signinlogs_reverse (dropped text, %s)',
              string_agg(format('%I %s%s', attname, format_type(atttypid, NULL), CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END),
                         ', ' ORDER BY attnum DESC))
FROM pg_attribute WHERE attrelid = 'azhunt.signinlogs'::regclass AND attnum > 0 \gexec
ALTER TABLE azhunt.signinlogs_reverse DROP COLUMN dropped;
ALTER TABLE azhunt.signinlogs ATTACH PARTITION azhunt.signinlogs_reverse
    FOR VALUES FROM ('2026-03-08 00:00Z') TO ('2026-03-10 00:00Z');
CREATE INDEX signinlogs_pages_idx ON azhunt.signinlogs USING brin (timegenerated, ingestedat) WITH (pages_per_range = 1);
DROP INDEX azhunt.signinlogs_timegenerated_idx;
SELECT pg_temp.add_rows('azhunt.signinlogs', 2000) \g /dev/null
SELECT cmp_ok((SELECT count(DISTINCT tableoid) FROM azhunt.signinlogs), '=', 8::bigint, 'rows are everywhere');
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'partitions of all kinds');

-- and when each page is a range, which an index has summarized
SELECT cmp_ok((SELECT sum(brin_summarize_new_values(t.relid)) FROM pg_partition_tree('azhunt.signinlogs_pages_idx') AS t WHERE t.isleaf),
    '>', 100::bigint, 'there were pages that were not summarized');
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'pages that are summarized');
SELECT pg_temp.add_rows('azhunt.signinlogs', 1000) \g /dev/null
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'and some that are not');

-- rows that are gone, changed, moved, and not yet there
DELETE FROM azhunt.signinlogs WHERE random() < 0.2;
DELETE FROM azhunt.signinlogs WHERE ingestedat > '2026-03-10 12:00Z' OR timegenerated > '2026-03-10 12:00Z';
UPDATE azhunt.signinlogs SET ingestxid = nextval('pg_temp.xids') WHERE random() < 0.1;
UPDATE azhunt.signinlogs SET ingestedat = ingestedat - interval '1 day' WHERE random() < 0.1;
UPDATE azhunt.signinlogs SET timegenerated = timegenerated - interval '1 day' WHERE random() < 0.1;
SAVEPOINT undone;
SELECT pg_temp.add_rows('azhunt.signinlogs', 200) \g /dev/null
INSERT INTO azhunt.signinlogs (timegenerated, ingestedat, ingestxid) VALUES ('2026-03-20 00:00Z', '2026-03-20 00:00Z', 1::bigint << 62);
ROLLBACK TO undone;
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'rows that have come and gone');

-- Two indexes, and so little memory that pages are remembered only roughly.
CREATE INDEX ON azhunt.signinlogs USING brin (ingestedat) WITH (pages_per_range = 1);
CREATE INDEX ON azhunt.signinlogs USING brin (resulttype, timegenerated) WITH (pages_per_range = 1);
DROP INDEX azhunt.signinlogs_pages_idx;
SET LOCAL work_mem = '64kB';
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'an index for each column');
RESET work_mem;

-- Without the index of what is new, a partition is read from its beginning.
DROP INDEX azhunt.signinlogs_ingestxid_idx;
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'no index on ingestxid');
CREATE INDEX ON azhunt.signinlogs_p20260302 (ingestxid DESC);
CREATE INDEX ON azhunt.signinlogs_p20260303 (ingestxid NULLS FIRST);
CREATE INDEX ON azhunt.signinlogs_p20260304 (ingestxid DESC NULLS LAST, ipaddress);
CREATE INDEX ON azhunt.signinlogs_success (ipaddress, ingestxid);
CREATE INDEX ON azhunt.signinlogs_failure (ingestxid) WHERE resulttype = '2';
CREATE INDEX ON azhunt.signinlogs_reverse ((ingestxid + 0));
CREATE INDEX ON azhunt.signinlogs_default (ingestxid) INCLUDE (timegenerated);
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'all kinds of indexes on ingestxid');
CREATE INDEX broken ON azhunt.signinlogs_p20260305 (ingestxid);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'azhunt.broken'::regclass;
INSERT INTO azhunt.signinlogs (timegenerated, ingestxid) VALUES ('2026-03-05 01:00Z', 1::bigint << 61);
UPDATE pg_index SET indislive = false WHERE indexrelid = 'azhunt.broken'::regclass;
INSERT INTO azhunt.signinlogs (timegenerated, ingestxid) VALUES ('2026-03-05 02:00Z', 1::bigint << 62);
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'an index that is not valid');

SELECT format('DROP INDEX %s', i.indexrelid::regclass) FROM pg_index AS i
WHERE i.indrelid = 'azhunt.signinlogs'::regclass \gexec
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'no index at all');
CREATE INDEX ON azhunt.signinlogs_p20260302 USING brin (ingestedat timestamptz_bloom_ops);
CREATE INDEX ON azhunt.signinlogs_p20260303 USING brin (ingestedat timestamptz_minmax_multi_ops, timegenerated) WITH (pages_per_range = 1);
CREATE INDEX ON azhunt.signinlogs_p20260304 (ingestedat);
CREATE INDEX ON azhunt.signinlogs_p20260304 (timegenerated DESC);
CREATE INDEX ON azhunt.signinlogs_success USING brin (ingestedat) WHERE resulttype = '2';
CREATE INDEX ON azhunt.signinlogs_success USING brin ((ingestedat AT TIME ZONE 'UTC'));
CREATE INDEX ON azhunt.signinlogs_failure USING hash (ingestedat);
CREATE INDEX ON azhunt.signinlogs_default (ingestedat DESC, timegenerated);
SELECT is_empty($$SELECT pg_temp.differences('azhunt.signinlogs')$$, 'all kinds of indexes on times');

-- partitions by something else than the time alone, in another order
CREATE TABLE azhunt.by_type (LIKE azhunt.signinlogs) PARTITION BY RANGE (resulttype, timegenerated);
CREATE TABLE azhunt.by_type_0 PARTITION OF azhunt.by_type FOR VALUES FROM ('0', MINVALUE) TO ('0', '2026-03-05 00:00Z');
CREATE TABLE azhunt.by_type_1 PARTITION OF azhunt.by_type FOR VALUES FROM ('0', '2026-03-05 00:00Z') TO ('1', '2026-03-01 00:00Z');
CREATE TABLE azhunt.by_type_2 PARTITION OF azhunt.by_type FOR VALUES FROM ('1', '2026-03-01 00:00Z') TO (MAXVALUE, MAXVALUE);
CREATE INDEX ON azhunt.by_type (ingestxid);
CREATE INDEX ON azhunt.by_type USING brin (timegenerated, ingestedat) WITH (pages_per_range = 1);
INSERT INTO azhunt.by_type SELECT * FROM azhunt.signinlogs WHERE (resulttype, timegenerated) >= ('0', '-infinity');
SELECT is_empty($$SELECT pg_temp.differences('azhunt.by_type')$$, 'partitions by more than the time');
CREATE TABLE azhunt.by_arrival (LIKE azhunt.signinlogs) PARTITION BY RANGE (ingestedat);
CREATE TABLE azhunt.by_arrival_1 PARTITION OF azhunt.by_arrival FOR VALUES FROM (MINVALUE) TO ('2026-03-04 00:00Z');
CREATE TABLE azhunt.by_arrival_2 PARTITION OF azhunt.by_arrival DEFAULT;
CREATE INDEX ON azhunt.by_arrival (ingestxid);
CREATE INDEX ON azhunt.by_arrival USING brin (timegenerated, ingestedat) WITH (pages_per_range = 1);
INSERT INTO azhunt.by_arrival SELECT * FROM azhunt.signinlogs;
SELECT is_empty($$SELECT pg_temp.differences('azhunt.by_arrival')$$, 'or by the arrival');

-- a plain table, and one with children, of which one has two parents
CREATE TABLE azhunt.plain (LIKE azhunt.signinlogs);
CREATE INDEX ON azhunt.plain (ingestxid);
CREATE INDEX ON azhunt.plain USING brin (ingestedat, timegenerated);
SELECT pg_temp.add_rows('azhunt.plain', 300) \g /dev/null
SELECT is_empty($$SELECT pg_temp.differences('azhunt.plain')$$, 'a plain table');
CREATE TABLE azhunt.child_1 () INHERITS (azhunt.plain);
CREATE TABLE azhunt.child_2 (dropped text, LIKE azhunt.signinlogs_reverse);
ALTER TABLE azhunt.child_2 DROP COLUMN dropped, INHERIT azhunt.plain;
SET LOCAL client_min_messages = warning;
CREATE TEMPORARY TABLE grandchild () INHERITS (azhunt.child_1, azhunt.plain);
CREATE INDEX ON azhunt.child_2 (ingestxid);
CREATE INDEX ON azhunt.child_2 USING brin (ingestedat, timegenerated) WITH (pages_per_range = 1);
SELECT pg_temp.add_rows('azhunt.child_1', 300) \g /dev/null
SELECT pg_temp.add_rows('azhunt.child_2', 300) \g /dev/null
SELECT pg_temp.add_rows('pg_temp.grandchild', 300) \g /dev/null
SELECT is_empty($$SELECT pg_temp.differences('azhunt.plain')$$, 'and its children');

-- The same table is queried where a view stands for it.
CREATE TEMPORARY TABLE health AS
SELECT t, h.* FROM generate_series('2026-02-28 00:00Z'::timestamptz, '2026-03-12 00:00Z', '7 hours') AS t
CROSS JOIN LATERAL azhunt.source_health_of('signinlogs', t) AS h;
SELECT cmp_ok((SELECT count(*) FROM health WHERE rows_last_hour > 0 AND rows_hour_before <> rows_hour_day_before
               AND median_delay < p95_delay), '>', 10::bigint, 'a table has some health');
ALTER TABLE azhunt.signinlogs RENAME TO stored_signinlogs;
CREATE VIEW azhunt.signinlogs AS SELECT * FROM azhunt.stored_signinlogs;
SELECT results_eq($$SELECT t, h.* FROM generate_series('2026-02-28 00:00Z'::timestamptz, '2026-03-12 00:00Z', '7 hours') AS t
    CROSS JOIN LATERAL azhunt.source_health_of('signinlogs', t) AS h ORDER BY t$$, 'SELECT * FROM health ORDER BY t', 'and a view of it the same');

SELECT * FROM finish();
ROLLBACK;
