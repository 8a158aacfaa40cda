-- The hunt for mass deletions against its definition in plain SQL, on random
-- logs full of ties, duplicates, missing values and times at the edges of the
-- windows, ad hoc and as a rule whose log rows come in any order.
BEGIN;
SET LOCAL client_min_messages = warning;
-- a zone with daylight saving time, which must not matter: a day has 24 hours
SET LOCAL TIME ZONE 'America/New_York';
SET LOCAL jit = off;
SELECT plan(66);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
\ir lib/hunts.sql
\ir lib/plan_of.sql

CREATE PROCEDURE pg_temp.fill(seed integer) LANGUAGE plpgsql AS $$
DECLARE
    log_table text;
BEGIN
    PERFORM setseed(seed / 1000.0);
    TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs;
    FOREACH log_table IN ARRAY '{storagebloblogs,storagefilelogs}'::text[] LOOP
        EXECUTE format($f$
            INSERT INTO azhunt.%I (timegenerated, operationname, statustext, statuscode, calleripaddress,
                                   uri, useragentheader, accountname, correlationid)
            SELECT pg_temp.pick_time(),
                   pg_temp.pick('{DeleteBlob,DeleteBlob,DeleteFile,DELETEFILE,deleteblob,DeleteBlobs,PutBlob,"",NULL}'::text[]),
                   pg_temp.pick('{Success,Success,Success,success,SUCCEEDED,SASSuccess,"",NULL}'::text[]),
                   pg_temp.pick('{202,0,"",NULL}'::text[]),
                   pg_temp.pick('{203.0.113.7:443,203.0.113.7:1,203.0.113.7,"[2001:db8::7]:443",2001:DB8:0::7,"",NULL}'::text[]),
                   pg_temp.pick('{https://h/a,https://h/a?sv=1,https://h/a?sv=2&x=?,https://h/A,https://h/b?,https://h/c,https://h/d,https://h/e,?,"",NULL}'::text[]),
                   pg_temp.pick('{AzCopy,AzCopy,AzCopy,azcopy,"",NULL}'::text[]),
                   pg_temp.pick('{contosodata,contosodata,contosodata,CONTOSODATA,"",NULL}'::text[]),
                   pg_temp.pick('{a,b,"",NULL}'::text[])
            FROM generate_series(1, 90) AS n $f$, log_table);
    END LOOP;
    -- log rows that came twice
    INSERT INTO azhunt.storagebloblogs SELECT * FROM azhunt.storagebloblogs WHERE random() < 0.2;
END
$$;

CREATE FUNCTION pg_temp.deletions(since timestamptz, until timestamptz)
RETURNS TABLE ("time" timestamptz, operation text, file text, useragent text, address text, storageaccount text, correlation text)
LANGUAGE sql STABLE AS $$
    SELECT l.timegenerated, l.operationname, regexp_replace(coalesce(l.uri, ''), '[?].*', ''), coalesce(l.useragentheader, ''),
           CASE WHEN l.calleripaddress LIKE '203.0.113.7%' THEN '203.0.113.7'
                WHEN l.calleripaddress IS NULL OR l.calleripaddress = '' THEN '' ELSE '2001:db8::7' END,
           coalesce(l.accountname, ''), coalesce(l.correlationid, '')
    FROM (
        SELECT f.timegenerated, f.operationname, f.statustext, f.statuscode, f.calleripaddress, f.uri, f.useragentheader,
               f.accountname, f.correlationid
        FROM azhunt.storagefilelogs AS f
        UNION ALL
        SELECT b.timegenerated, b.operationname, b.statustext, b.statuscode, b.calleripaddress, b.uri, b.useragentheader,
               b.accountname, b.correlationid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    WHERE pg_temp.fold(l.operationname) IN ('deleteblob', 'deletefile')
      AND (pg_temp.fold(l.statustext) IN ('success', 'succeeded') OR coalesce(l.statustext, '') = '' AND l.statuscode = '0')
      AND l.timegenerated BETWEEN since AND until
$$;

-- the deletions that lie in some window with enough files; a window that begins
-- or ends elsewhere has no more of them than one that begins with a deletion
CREATE FUNCTION pg_temp.mass_deletions(threshold integer, "window" interval, since timestamptz, until timestamptz)
RETURNS TABLE ("time" timestamptz, operation text, file text, useragent text, address text, storageaccount text, correlation text)
LANGUAGE sql STABLE AS $$
    WITH deletions AS MATERIALIZED (SELECT * FROM pg_temp.deletions(since, until))
    SELECT d.*
    FROM deletions AS d
    WHERE EXISTS (
        SELECT
        FROM deletions AS s
        WHERE (s.address, s.useragent, s.storageaccount) = (d.address, d.useragent, d.storageaccount)
          AND pg_temp.follows(s.time, d.time, "window")
          AND (SELECT count(DISTINCT f.file) FROM deletions AS f
               WHERE (f.address, f.useragent, f.storageaccount) = (s.address, s.useragent, s.storageaccount)
                 AND pg_temp.follows(s.time, f.time, "window")) >= threshold)
$$;

CREATE FUNCTION pg_temp.expected(threshold integer, "window" interval, lookback interval, as_of timestamptz)
RETURNS TABLE (timegenerated timestamptz, ipcustomentity text, useragentheader text, filesdeleted bigint, accountname text,
               last_deletion timestamptz, files jsonb)
LANGUAGE sql STABLE AS $$
    SELECT min(d.time), d.address, d.useragent, count(DISTINCT d.file), d.storageaccount, max(d.time),
           jsonb_agg(DISTINCT d.file ORDER BY d.file)
    FROM (
        SELECT m.time, m.operation, m.file COLLATE "C" AS file, m.useragent, m.address, m.storageaccount
        FROM pg_temp.mass_deletions(threshold, "window",
                                    CASE WHEN lookback < '100000 days' THEN timezone('UTC', timezone('UTC', as_of) - lookback)
                                         ELSE '4714-11-24 00:00:00Z BC'::timestamptz END, as_of) AS m
    ) AS d
    GROUP BY timezone('UTC', d.time)::date, d.address, d.useragent, d.storageaccount
$$;

CREATE FUNCTION pg_temp.expected_matches(threshold integer, "window" interval)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT m.time, NULL::text, m.address, m.useragent, m.storageaccount,
           jsonb_build_object('File', m.file, 'OperationName', m.operation, 'CorrelationId', m.correlation, 'AccountName', m.storageaccount,
                              'Day', CASE m.time WHEN 'infinity' THEN 'infinity' WHEN '-infinity' THEN '-infinity'
                                          ELSE to_char(timezone('UTC', m.time), CASE WHEN m.time < '0001-01-01Z' THEN 'YYYY-MM-DD BC' ELSE 'YYYY-MM-DD' END) END)
    FROM pg_temp.mass_deletions(threshold, "window", '-infinity', 'infinity') AS m
$$;

--
-- ad hoc
--
DO $$
BEGIN
    FOR seed IN 1 .. 15 LOOP
        CALL pg_temp.fill(seed);
        FOR i IN 1 .. 10 LOOP
            CALL pg_temp.ask('storage_mass_deletion', 'integer, interval, interval, timestamptz', ARRAY[
                pg_temp.pick('{1,2,3,3,4,2147483647}'::text[]),
                pg_temp.pick('{10 minutes,1 minute,1 minute,0,59.999999 seconds,1 minute 1 microsecond,1 day,23:59:00,1 day 1 microsecond,100000 days 1 microsecond,106751991 days}'::text[]),
                pg_temp.pick('{3 days,3 days,1 day,0,2 minutes,1 day 1 microsecond,106751991 days}'::text[]),
                pg_temp.pick_as_of()::text]);
        END LOOP;
    END LOOP;
END
$$;

SELECT is_empty('SELECT * FROM answers WHERE different <> 0', 'the hunt gives what its definition gives, for every seed and argument');
SELECT is(count(*), 150::bigint, 'all comparisons were made') FROM answers;
SELECT cmp_ok(sum(rows_expected), '>', 250::numeric, 'there was much to find') FROM answers;
SELECT is_empty('SELECT settings FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'under every setting');
SELECT bag_eq('SELECT arguments[1] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', ARRAY['2147483647'], 'with every threshold but a huge one');
SELECT is_empty('SELECT arguments[2] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every window');
SELECT is_empty('SELECT arguments[3] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every lookback');

--
-- as a rule
--
DO $$
DECLARE
    threshold integer;
    "window" text;
BEGIN
    FOR seed IN 101 .. 115 LOOP
        CALL pg_temp.fill(seed);
        threshold := pg_temp.pick('{1,2,3,3,4}'::integer[]);
        "window" := pg_temp.pick('{10 minutes,1 minute,1 minute,0,1 minute 1 microsecond,1 day,100000 days 1 microsecond,106751991 days}'::text[]);
        CALL pg_temp.try_rule(
            'storage_mass_deletion', '{storagebloblogs,storagefilelogs}', jsonb_build_object('threshold', threshold, 'window', "window"),
            format('SELECT * FROM pg_temp.expected_matches(%s, %L)', threshold, "window"),
            'SELECT min("time"), address, useragent, count(DISTINCT details ->> ''File''), storageaccount, max("time")'
            ' FROM azhunt.matches WHERE rule = %L AND "time" BETWEEN ''2020-01-01'' AND ''2030-01-01'' GROUP BY result_id, address, useragent, storageaccount',
            CASE WHEN "window"::interval < '100000 days' THEN
                format('SELECT timegenerated, ipcustomentity, useragentheader, filesdeleted, accountname, last_deletion'
                       ' FROM azhunt.storage_mass_deletion(%s, %L, ''106751991 days'', ''294276-12-31 23:59:59.999999Z'')'
                       ' WHERE timegenerated BETWEEN ''2020-01-01'' AND ''2030-01-01''', threshold, "window") END);
    END LOOP;
END
$$;
SELECT * FROM pg_temp.check_rules('{window}');

--
-- boundaries
--
CREATE FUNCTION pg_temp.delete_at("time" timestamptz, file text, ua text DEFAULT 'AzCopy', address text DEFAULT '203.0.113.7:443',
                                  storageaccount text DEFAULT 'contosodata', operation text DEFAULT 'DeleteBlob', status text DEFAULT 'Success')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader, accountname)
    VALUES ("time", operation, status, '202', address, 'https://h/' || file, ua, storageaccount)
$$;
CREATE FUNCTION pg_temp.found(VARIADIC statements text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE 'SELECT pg_temp.delete_at(' || statement || ')';
    END LOOP;
    RETURN coalesce((SELECT sum(filesdeleted) FROM azhunt.storage_mass_deletion(as_of => '2026-03-10 12:00Z')), 0);
END
$$;
SELECT is(pg_temp.found(VARIADIC statements), expected::bigint, name) FROM (VALUES
    ('three at once', 3, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('two are not enough', 0, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:00Z', 'b'$$]),
    ('three exactly a window apart', 3, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:05Z', 'b'$$, $$'2026-03-10 10:10Z', 'c'$$]),
    ('one a microsecond after it', 0, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:05Z', 'b'$$, $$'2026-03-10 10:10:00.000001Z', 'c'$$]),
    ('over the edge of a bin, which the published query misses', 3, ARRAY[$$'2026-03-10 10:09:59Z', 'a'$$, $$'2026-03-10 10:10Z', 'b'$$, $$'2026-03-10 10:10:01Z', 'c'$$]),
    ('two windows that share a deletion', 5, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:10Z', 'c'$$, $$'2026-03-10 10:20Z', 'd'$$, $$'2026-03-10 10:20Z', 'e'$$]),
    ('a deletion beside a mass deletion is none of it', 3, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$, $$'2026-03-10 10:10:00.000001Z', 'd'$$]),
    ('one file three times is one', 0, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:01Z', 'a'$$, $$'2026-03-10 10:02Z', 'a'$$]),
    ('so it is with three query strings', 0, ARRAY[$$'2026-03-10 10:00Z', 'a?x'$$, $$'2026-03-10 10:01Z', 'a?y'$$, $$'2026-03-10 10:02Z', 'a'$$]),
    ('a file between its own deletions', 3, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:05Z', 'b'$$, $$'2026-03-10 10:09Z', 'a'$$, $$'2026-03-10 10:10Z', 'c'$$]),
    ('a file again after the window', 0, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:01Z', 'b'$$, $$'2026-03-10 10:11Z', 'a'$$, $$'2026-03-10 10:11Z', 'b'$$]),
    ('files have case', 3, ARRAY[$$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:00Z', 'A'$$, $$'2026-03-10 10:00Z', 'b'$$]),
    ('two ports are one address', 3, ARRAY[$$'2026-03-10 10:00Z', 'a', address => '203.0.113.7:1'$$, $$'2026-03-10 10:00Z', 'b', address => '203.0.113.7'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('no address and an empty one are one', 3, ARRAY[$$'2026-03-10 10:00Z', 'a', address => NULL$$, $$'2026-03-10 10:00Z', 'b', address => ''$$, $$'2026-03-10 10:00Z', 'c', address => NULL$$]),
    ('two addresses are two', 0, ARRAY[$$'2026-03-10 10:00Z', 'a', address => '203.0.113.8'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('so are two user agents', 0, ARRAY[$$'2026-03-10 10:00Z', 'a', 'Edge'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('which have case', 0, ARRAY[$$'2026-03-10 10:00Z', 'a', 'azcopy'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('and two storage accounts', 0, ARRAY[$$'2026-03-10 10:00Z', 'a', storageaccount => 'x'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('operations have no case', 3, ARRAY[$$'2026-03-10 10:00Z', 'a', operation => 'DELETEBLOB'$$, $$'2026-03-10 10:00Z', 'b', operation => 'deletefile'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('a copy is no deletion', 0, ARRAY[$$'2026-03-10 10:00Z', 'a', operation => 'CopyBlob'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('one that failed neither', 0, ARRAY[$$'2026-03-10 10:00Z', 'a', status => 'BlobNotFound'$$, $$'2026-03-10 10:00Z', 'b'$$, $$'2026-03-10 10:00Z', 'c'$$]),
    ('the first moment of the lookback counts', 3, ARRAY[$$'2026-03-07 12:00Z', 'a'$$, $$'2026-03-07 12:00Z', 'b'$$, $$'2026-03-07 12:00Z', 'c'$$]),
    ('the one before does not', 0, ARRAY[$$'2026-03-07 11:59:59.999999Z', 'a'$$, $$'2026-03-07 12:00Z', 'b'$$, $$'2026-03-07 12:00Z', 'c'$$]),
    ('nor does the one after as_of', 0, ARRAY[$$'2026-03-10 12:00Z', 'a'$$, $$'2026-03-10 12:00Z', 'b'$$, $$'2026-03-10 12:00:00.000001Z', 'c'$$]),
    ('over midnight', 3, ARRAY[$$'2026-03-08 23:59Z', 'a'$$, $$'2026-03-08 23:59Z', 'b'$$, $$'2026-03-09 00:01Z', 'c'$$])
) AS v (name, expected, statements);

SELECT results_eq('SELECT timegenerated, filesdeleted FROM azhunt.storage_mass_deletion(as_of => ''2026-03-10 12:00Z'') ORDER BY 1',
                  $$VALUES ('2026-03-08 23:59Z'::timestamptz, 2::bigint), ('2026-03-09 00:01Z', 1)$$, 'it is two rows, one for each day');

SELECT is(azhunt.storage_mass_deletion_day('2026-03-10 02:00Z'), '2026-03-10', 'days are those of UTC');

-- the columns of one answer
SELECT pg_temp.found($$'2026-03-10 10:00Z', 'a?x'$$, $$'2026-03-10 10:05Z', 'b'$$, $$'2026-03-10 10:10Z', 'c'$$, $$'2026-03-10 10:10Z', 'c'$$) \g /dev/null
SELECT results_eq('SELECT * FROM azhunt.storage_mass_deletion(as_of => ''2026-03-10 12:00Z'')', $$
    VALUES ('2026-03-10 10:00Z'::timestamptz, '203.0.113.7', 'AzCopy', 3::bigint, 'contosodata', '2026-03-10 10:10Z'::timestamptz,
            '["https://h/a", "https://h/b", "https://h/c"]'::jsonb) $$, 'an answer has the files and when they were deleted');
SELECT pg_temp.found($$now() - interval '72:00:00.000001', 'a'$$, $$now() - interval '72:00', 'b'$$, $$now() - interval '72:00', 'c'$$) \g /dev/null
SELECT is_empty('SELECT * FROM azhunt.storage_mass_deletion()', 'the defaults look back three days');
SELECT is((SELECT sum(filesdeleted) FROM azhunt.storage_mass_deletion(2)), 2::numeric, 'and no less');
SELECT pg_temp.found($$now(), 'a'$$, $$now() - interval '10 minutes', 'b'$$, $$now() - interval '5 minutes', 'c'$$) \g /dev/null
SELECT is((SELECT sum(filesdeleted) FROM azhunt.storage_mass_deletion()), 3::numeric, 'from now, for three files in ten minutes');

--
-- a late row, results and log rows
--
SELECT pg_temp.found($$'2026-03-10 10:00Z', 'a'$$, $$'2026-03-10 10:10Z', 'b'$$, $$'2026-03-10 10:10Z', 'failed', status => 'BlobNotFound'$$) \g /dev/null
SELECT azhunt.add_rule('storage_mass_deletion');
SELECT azhunt.run_rule_in_transaction('storage_mass_deletion') \g /dev/null
UPDATE azhunt.storagebloblogs SET ingestxid = 3;
SELECT is_empty('SELECT * FROM azhunt.results WHERE rule = ''storage_mass_deletion''', 'two deletions are no match');
SELECT pg_temp.delete_at('2026-03-10 10:05Z', 'c');
SELECT azhunt.run_rule_in_transaction('storage_mass_deletion') \g /dev/null
SELECT results_eq('SELECT "time", address, matches, summary FROM azhunt.results WHERE rule = ''storage_mass_deletion''', $$
    VALUES ('2026-03-10 10:10Z'::timestamptz, '203.0.113.7', 3::bigint,
            '3 deletions in storage account contosodata from 203.0.113.7 on 2026-03-10') $$, 'a late one between them makes all three a result');
-- each differs from a deletion of the match in one thing
SELECT pg_temp.delete_at('2026-03-10 10:05Z', 'other'), pg_temp.delete_at('2026-03-10 10:05Z', 'c', 'Edge'),
       pg_temp.delete_at('2026-03-10 10:05Z', 'c', address => '203.0.113.8'), pg_temp.delete_at('2026-03-10 10:05Z', 'c', storageaccount => 'x'),
       pg_temp.delete_at('2026-03-10 10:05Z', 'c', status => 'BlobNotFound'), pg_temp.delete_at('2026-03-10 10:05Z', 'c', operation => 'DELETEBLOB'),
       pg_temp.delete_at('2026-03-10 10:05:00.000001Z', 'c') \g /dev/null
UPDATE azhunt.storagebloblogs SET correlationid = 'x' WHERE uri = 'https://h/other';
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname, correlationid)
VALUES ('2026-03-10 10:05Z', 'DeleteBlob', 'Success', '203.0.113.7', 'https://h/c', 'AzCopy', 'contosodata', 'other');
INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statuscode, calleripaddress, uri, useragentheader, accountname)
VALUES ('2026-03-10 10:05Z', 'DeleteBlob', '0', '203.0.113.7:9', 'https://h/c?x', 'AzCopy', 'contosodata');
SELECT results_eq($$
    SELECT l.log_table, l.log_row ->> 'uri', (l.log_row ->> 'timegenerated')::timestamptz
    FROM azhunt.results AS r CROSS JOIN LATERAL azhunt.log_rows(r.result_id) AS l
    WHERE r.rule = 'storage_mass_deletion' AND r.matches = 3 ORDER BY 1, 3, 2 $$, $$
    VALUES ('storagebloblogs', 'https://h/a', '2026-03-10 10:00Z'::timestamptz), ('storagebloblogs', 'https://h/c', '2026-03-10 10:05Z'),
           ('storagebloblogs', 'https://h/b', '2026-03-10 10:10Z'), ('storagefilelogs', 'https://h/c?x', '2026-03-10 10:05Z') $$,
    'the log rows are those of the matches, from either table, and no others');

--
-- wrong arguments
--
SELECT throws_ok('SELECT * FROM azhunt.storage_mass_deletion(' || arguments || ')', code, message, arguments || ' is an error') FROM (VALUES
    ('0', '22023', 'threshold must be at least 1, not 0'),
    ('NULL', '22023', 'threshold must be at least 1, not null'),
    ('"window" => ''-1 microsecond''', '22023', 'window must not be negative'),
    ('"window" => NULL', '22004', 'window must not be null'),
    ('"window" => ''1 month''', '22023', 'window must not contain months or years'),
    ('"window" => ''106751992 days''', '22015', 'window is out of range'),
    ('lookback => ''-1 s''', '22023', 'lookback must not be negative'),
    ('lookback => NULL', '22004', 'lookback must not be null'),
    ('as_of => NULL', '22004', 'as_of must not be null'),
    ('as_of => ''infinity''', '22023', 'as_of must be finite')
) AS v (arguments, code, message);
SELECT throws_ok('SELECT azhunt.add_rule(''wrong'', ''storage_mass_deletion'', ''{"threshold": 0}'')', '22023',
                 'threshold must be at least 1, not 0', 'a rule refuses them, too');

--
-- plans
--
TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs;
SELECT azhunt.add_partitions('azhunt.storagebloblogs'::regclass, '2025-05-01', '2025-07-01') \g /dev/null
SELECT azhunt.add_partitions('azhunt.storagefilelogs'::regclass, '2025-05-01', '2025-07-01') \g /dev/null
SELECT is(array(SELECT DISTINCT m[1] FROM regexp_matches(plan_of(
              'SELECT * FROM azhunt.storage_mass_deletion(as_of => ''2025-06-10 12:00Z'')'), 'on (storage\w+_p\d+) ', 'g') AS m ORDER BY 1),
          ARRAY(SELECT t || '_p202506' || d FROM unnest('{storagebloblogs,storagefilelogs}'::text[]) AS t, unnest('{07,08,09,10}'::text[]) AS d ORDER BY 1),
          'of two months of daily partitions, only those of the lookback are read');
SELECT is(count(*), 1::bigint, 'when it starts, too, as now() is not known before')
FROM (SELECT plan_of('SELECT * FROM azhunt.storage_mass_deletion()') AS plan) AS p
WHERE p.plan ~ 'Subplans Removed: 122' AND p.plan !~ 'storage\w+_p\d';
SELECT unalike(plan_of('SELECT * FROM azhunt.storage_mass_deletion()'), '%Join%', 'nothing is joined');

-- Twenty thousand deletions of one address within one window: all pairs would be
-- 400 million.
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname)
SELECT '2026-03-10 12:00Z'::timestamptz + n * interval '1 ms', 'DeleteBlob', 'Success', '203.0.113.7:1', 'https://h/' || n % 15000, 'AzCopy', 'contosodata'
FROM generate_series(1, 20000) AS n;
SET LOCAL statement_timeout = '60s';
SELECT results_eq('SELECT filesdeleted, jsonb_array_length(files) FROM azhunt.storage_mass_deletion(15000, as_of => ''2026-03-10 13:00Z'')',
                  'VALUES (15000::bigint, 1000)', 'many deletions in one window are counted once each, and a thousand files shown');
SELECT is_empty('SELECT * FROM azhunt.storage_mass_deletion(15001, as_of => ''2026-03-10 13:00Z'')', 'they are not more');

SELECT * FROM finish();
ROLLBACK;
