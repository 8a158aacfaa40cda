-- The hunt for files that were deleted soon after they were uploaded, against its
-- definition in plain SQL, on random logs full of ties, duplicates, missing
-- values and times at the edges of the windows, ad hoc and as a rule whose log
-- rows come in any order.
BEGIN;
SET LOCAL client_min_messages = warning;
-- a zone with daylight saving time, which must not matter: a day has 24 hours
SET LOCAL TIME ZONE 'America/New_York';
SET LOCAL jit = off;
SELECT plan(59);

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
                                   uri, useragentheader, accountname)
            SELECT pg_temp.pick_time(),
                   pg_temp.pick('{DeleteBlob,DeleteFile,DELETEFILE,DeleteBlobs,PutBlob,PutBlob,putrange,PutRange,PutBlockList,GetBlob,"",NULL}'::text[]),
                   pg_temp.pick('{Success,Success,Success,success,SUCCEEDED,SASSuccess,"",NULL}'::text[]),
                   pg_temp.pick('{202,0,"",NULL}'::text[]),
                   pg_temp.pick('{203.0.113.7:443,203.0.113.7:1,203.0.113.7,"[2001:db8::7]:443",2001:DB8:0::7,"",NULL}'::text[]),
                   pg_temp.pick('{https://h/a,https://h/a?sv=1,https://h/a?sv=2&x=?,https://h/A,https://h/b?,https://h/b,https://h/c,?,"",NULL}'::text[]),
                   pg_temp.pick('{AzCopy,azcopy,"",NULL}'::text[]),
                   pg_temp.pick('{contosodata,CONTOSODATA,"",NULL}'::text[])
            FROM generate_series(1, 90) AS n $f$, log_table);
    END LOOP;
    -- log rows that came twice
    INSERT INTO azhunt.storagebloblogs SELECT * FROM azhunt.storagebloblogs WHERE random() < 0.2;
END
$$;

CREATE FUNCTION pg_temp.in_bag("time" timestamptz) RETURNS text LANGUAGE sql STABLE
RETURN CASE WHEN isfinite("time")
            THEN to_char(timezone('UTC', "time"), 'FMYYYY-MM-DD"T"HH24:MI:SS.US') || '0Z' || CASE WHEN "time" < '0001-01-01Z' THEN ' BC' ELSE '' END
            ELSE "time"::text END;

CREATE FUNCTION pg_temp.pairs("window" interval, operations text[], since timestamptz, until timestamptz)
RETURNS TABLE ("time" timestamptz, operation text, file text, useragent text, address text, storageaccount text,
               deleted timestamptz, delete_operation text, delete_address text)
LANGUAGE sql STABLE AS $$
    WITH operations AS MATERIALIZED (
        SELECT l.timegenerated AS "time", l.operationname AS operation, regexp_replace(coalesce(l.uri, ''), '[?].*', '') AS file,
               coalesce(l.useragentheader, '') AS useragent,
               CASE WHEN l.calleripaddress LIKE '203.0.113.7%' THEN '203.0.113.7'
                    WHEN l.calleripaddress IS NULL OR l.calleripaddress = '' THEN '' ELSE '2001:db8::7' END AS address,
               coalesce(l.accountname, '') AS storageaccount
        FROM (
            SELECT f.timegenerated, f.operationname, f.statustext, f.statuscode, f.calleripaddress, f.uri, f.useragentheader, f.accountname
            FROM azhunt.storagefilelogs AS f
            UNION ALL
            SELECT b.timegenerated, b.operationname, b.statustext, b.statuscode, b.calleripaddress, b.uri, b.useragentheader, b.accountname
            FROM azhunt.storagebloblogs AS b
        ) AS l
        WHERE (pg_temp.fold(l.statustext) IN ('success', 'succeeded') OR coalesce(l.statustext, '') = '' AND l.statuscode = '0')
          AND l.timegenerated BETWEEN since AND until
    )
    SELECT u.*, d.time, d.operation, d.address
    FROM operations AS u, operations AS d
    WHERE pg_temp.fold(u.operation) = ANY (SELECT pg_temp.fold(o) FROM unnest(operations) AS o)
      AND pg_temp.fold(d.operation) IN ('deleteblob', 'deletefile')
      AND u.file = d.file AND u.file <> ''
      AND pg_temp.follows(u.time, d.time, "window")
$$;

CREATE FUNCTION pg_temp.expected("window" interval, operations text[], lookback interval, as_of timestamptz)
RETURNS TABLE (timegenerated timestamptz, deletedtime timestamptz, uri text, calleripaddress text, useragentheader text, storageaccount text)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT p.time, p.deleted, p.file, p.address, p.useragent, p.storageaccount
    FROM pg_temp.pairs("window", operations,
       CASE WHEN lookback < '100000 days' THEN timezone('UTC', timezone('UTC', as_of) - lookback)
            ELSE '4714-11-24 00:00:00Z BC'::timestamptz END, as_of) AS p
$$;

CREATE FUNCTION pg_temp.expected_matches("window" interval, operations text[])
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT p.time, NULL::text, p.address, p.useragent, p.storageaccount,
           jsonb_build_object('Uri', p.file, 'FileName', CASE p.file WHEN 'https://h/a' THEN 'a' WHEN 'https://h/A' THEN 'A' WHEN 'https://h/b' THEN 'b'
                                                                     WHEN 'https://h/c' THEN 'c' END,
                              'OperationName', p.operation, 'DeletedTime', pg_temp.in_bag(p.deleted),
                              'DeleteOperationName', p.delete_operation, 'DeleteCallerIpAddress', p.delete_address)
    FROM pg_temp.pairs("window", operations, '-infinity', 'infinity') AS p
$$;

--
-- ad hoc
--
DO $$
BEGIN
    FOR seed IN 1 .. 20 LOOP
        CALL pg_temp.fill(seed);
        FOR i IN 1 .. 10 LOOP
            CALL pg_temp.ask('storage_file_created_quickly_deleted', 'interval, text[], interval, timestamptz', ARRAY[
                pg_temp.pick('{5 minutes,3 minutes,1 minute,1 minute,0,59.999999 seconds,1 minute 1 microsecond,1 day,23:59:00,1 day 1 microsecond,100000 days 1 microsecond,106751991 days}'::text[]),
                pg_temp.pick(ARRAY['{putblob}', '{PutBlockList,PutRange}', '{PutBlob,PutRange}', '{PutBlob,PutRange}']),
                pg_temp.pick('{7 days,7 days,1 day,0,2 minutes,1 day 1 microsecond,106751991 days}'::text[]),
                pg_temp.pick_as_of()::text]);
        END LOOP;
    END LOOP;
END
$$;

SELECT is_empty('SELECT * FROM answers WHERE different <> 0', 'the hunt gives what its definition gives, for every seed and argument');
SELECT is(count(*), 200::bigint, 'all comparisons were made') FROM answers;
SELECT cmp_ok(sum(rows_expected), '>', 500::numeric, 'there was much to find') FROM answers;
SELECT is_empty('SELECT settings FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'under every setting');
SELECT is_empty('SELECT arguments[1] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every window');
SELECT is_empty('SELECT arguments[3] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every lookback');
SELECT is_empty('SELECT arguments[2] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every list of operations');

--
-- as a rule
--
DO $$
DECLARE
    "window" text;
    operations text[];
BEGIN
    FOR seed IN 101 .. 115 LOOP
        CALL pg_temp.fill(seed);
        "window" := pg_temp.pick('{5 minutes,1 minute,1 minute,0,1 minute 1 microsecond,1 day,100000 days 1 microsecond,106751991 days}'::text[]);
        operations := CASE WHEN random() < 0.3 THEN '{PutBlockList,PutRange}' ELSE '{PutBlob,PutRange}' END;
        CALL pg_temp.try_rule(
            'storage_file_created_quickly_deleted', '{storagebloblogs,storagefilelogs}', jsonb_build_object('window', "window", 'operations', operations),
            format('SELECT * FROM pg_temp.expected_matches(%L, %L)', "window", operations),
            'SELECT DISTINCT "time", (details ->> ''DeletedTime'')::timestamptz, details ->> ''Uri'', address, useragent, storageaccount'
            ' FROM azhunt.matches WHERE rule = %L AND "time" >= ''2020-01-01'' AND "time" < ''infinity''',
            format('SELECT * FROM azhunt.storage_file_created_quickly_deleted(%L, %L, ''106751991 days'', ''294276-12-31 23:59:59.999999Z'')',
                   "window", operations));
    END LOOP;
END
$$;
SELECT * FROM pg_temp.check_rules('{window,operations}');

--
-- boundaries
--
CREATE FUNCTION pg_temp.log("time" timestamptz, operation text DEFAULT 'PutBlob', file text DEFAULT 'https://h/a', status text DEFAULT 'Success',
                            address text DEFAULT '203.0.113.7:443', ua text DEFAULT 'AzCopy', storageaccount text DEFAULT 'contosodata')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader, accountname)
    VALUES ("time", operation, status, '202', address, file, ua, storageaccount)
$$;
CREATE FUNCTION pg_temp.found(VARIADIC statements text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE 'SELECT pg_temp.log(' || statement || ')';
    END LOOP;
    RETURN (SELECT count(*) FROM azhunt.storage_file_created_quickly_deleted(as_of => '2026-03-10 12:00Z'));
END
$$;
SELECT is(pg_temp.found(VARIADIC statements), expected::bigint, name) FROM (VALUES
    ('deleted at once', 1, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:00Z', 'DeleteBlob'$$]),
    ('exactly a window later', 1, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:05Z', 'DeleteBlob'$$]),
    ('a microsecond after it', 0, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:05:00.000001Z', 'DeleteBlob'$$]),
    ('before the upload', 0, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 09:59:59.999999Z', 'DeleteBlob'$$]),
    ('every upload, of which the published query keeps one', 2, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:01Z'$$, $$'2026-03-10 10:02Z', 'DeleteBlob'$$]),
    ('and every deletion', 2, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:01Z', 'DeleteBlob'$$, $$'2026-03-10 10:02Z', 'DeleteBlob'$$]),
    ('what was delivered twice is shown once', 1, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:01Z', 'DeleteBlob'$$, $$'2026-03-10 10:01Z', 'DeleteBlob'$$]),
    ('whatever the query strings', 1, ARRAY[$$'2026-03-10 10:00Z', file => 'https://h/a?x'$$, $$'2026-03-10 10:01Z', 'DeleteBlob', 'https://h/a?y?z'$$]),
    ('another file', 0, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:01Z', 'DeleteBlob', 'https://h/b'$$]),
    ('files have case', 0, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:01Z', 'DeleteBlob', 'https://h/A'$$]),
    ('a missing name is no file', 0, ARRAY[$$'2026-03-10 10:00Z', file => NULL$$, $$'2026-03-10 10:01Z', 'DeleteBlob', ''$$, $$'2026-03-10 10:01Z', 'DeleteBlob', '?x'$$, $$'2026-03-10 10:00Z', file => ''$$]),
    ('another address and user agent deletes', 1, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:01Z', 'DeleteFile', address => '198.51.100.1', ua => 'Edge'$$]),
    ('no address at all', 1, ARRAY[$$'2026-03-10 10:00Z', address => NULL$$, $$'2026-03-10 10:01Z', 'DeleteFile', address => NULL$$]),
    ('operations have no case', 1, ARRAY[$$'2026-03-10 10:00Z', 'PUTRANGE'$$, $$'2026-03-10 10:01Z', 'deletefile'$$]),
    ('a list of blocks is no upload by default', 0, ARRAY[$$'2026-03-10 10:00Z', 'PutBlockList'$$, $$'2026-03-10 10:01Z', 'DeleteBlob'$$]),
    ('a failed upload', 0, ARRAY[$$'2026-03-10 10:00Z', status => 'ServerBusy'$$, $$'2026-03-10 10:01Z', 'DeleteBlob'$$]),
    ('a failed deletion', 0, ARRAY[$$'2026-03-10 10:00Z'$$, $$'2026-03-10 10:01Z', 'DeleteBlob', status => 'BlobNotFound'$$]),
    ('the first moment of the lookback counts', 1, ARRAY[$$'2026-03-03 12:00Z'$$, $$'2026-03-03 12:01Z', 'DeleteBlob'$$]),
    ('the one before does not', 0, ARRAY[$$'2026-03-03 11:59:59.999999Z'$$, $$'2026-03-03 12:01Z', 'DeleteBlob'$$]),
    ('as_of counts', 1, ARRAY[$$'2026-03-10 12:00Z'$$, $$'2026-03-10 12:00Z', 'DeleteBlob'$$]),
    ('the moment after it does not', 0, ARRAY[$$'2026-03-10 12:00Z'$$, $$'2026-03-10 12:00:00.000001Z', 'DeleteBlob'$$])
) AS v (name, expected, statements);

SELECT pg_temp.found($$now() - interval '168:00'$$, $$now() - interval '167:55', 'DeleteBlob'$$, $$now() - interval '168:00:00.000001', file => 'b'$$, $$now() - interval '168:00', 'DeleteBlob', 'b'$$) \g /dev/null
SELECT results_eq('SELECT * FROM azhunt.storage_file_created_quickly_deleted()', $$
    VALUES (now() - interval '168:00', now() - interval '167:55', 'https://h/a', '203.0.113.7', 'AzCopy', 'contosodata') $$,
    'the defaults are seven days and five minutes, and an answer has the upload and when it was deleted');

--
-- late rows, results and log rows
--
SELECT azhunt.add_rule('one', 'storage_file_created_quickly_deleted') \g /dev/null
CREATE FUNCTION pg_temp.run() RETURNS bigint LANGUAGE sql AS $$
    SELECT r.new_matches FROM azhunt.run_rule_in_transaction('one') AS n (run) JOIN azhunt.runs AS r USING (run)
$$;
SELECT pg_temp.found($$'2026-03-10 10:02Z', 'DeleteBlob'$$) \g /dev/null
SELECT pg_temp.run() \g /dev/null
UPDATE azhunt.storagebloblogs SET ingestxid = 3;
SELECT pg_temp.log('2026-03-10 10:00Z');
SELECT azhunt.run_rule_in_transaction('one') \g /dev/null
SELECT results_eq($$SELECT "time", address, matches, summary FROM azhunt.results WHERE rule = 'one'$$, $$
    VALUES ('2026-03-10 10:00Z'::timestamptz, '203.0.113.7', 1::bigint,
            'PutBlob of a from 203.0.113.7; DeleteBlob at 2026-03-10T10:02:00.0000000Z') $$, 'an upload that comes late makes a result of a deletion');
-- each differs from the two in one thing
SELECT pg_temp.log('2026-03-10 10:00Z', file => 'https://h/b'), pg_temp.log('2026-03-10 10:00Z', 'PUTBLOB'), pg_temp.log('2026-03-10 10:00Z', status => 'ServerBusy'),
       pg_temp.log('2026-03-10 10:00Z', address => '203.0.113.8'), pg_temp.log('2026-03-10 10:00Z', ua => 'Edge'), pg_temp.log('2026-03-10 10:00Z', storageaccount => 'x'),
       pg_temp.log('2026-03-10 10:01Z'), pg_temp.log('2026-03-10 10:01Z', 'DeleteBlob'),
       pg_temp.log('2026-03-10 10:02Z', 'DeleteBlob', 'https://h/b'), pg_temp.log('2026-03-10 10:02Z', 'DELETEBLOB'), pg_temp.log('2026-03-10 10:02Z', 'DeleteBlob', status => 'BlobNotFound'),
       pg_temp.log('2026-03-10 10:02Z', 'DeleteBlob', address => '203.0.113.8') \g /dev/null
INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statuscode, calleripaddress, uri, useragentheader, accountname)
VALUES ('2026-03-10 10:00Z', 'PutBlob', '0', '203.0.113.7:9', 'https://h/a?x', 'AzCopy', 'contosodata');
SELECT results_eq($$
    SELECT l.log_table, l.log_row ->> 'uri', l.log_row ->> 'operationname', (l.log_row ->> 'timegenerated')::timestamptz
    FROM azhunt.results AS r CROSS JOIN LATERAL azhunt.log_rows(r.result_id) AS l
    WHERE r.rule = 'one' ORDER BY 1, 4 $$, $$
    VALUES ('storagebloblogs', 'https://h/a', 'PutBlob', '2026-03-10 10:00Z'::timestamptz), ('storagebloblogs', 'https://h/a', 'DeleteBlob', '2026-03-10 10:02Z'),
           ('storagefilelogs', 'https://h/a?x', 'PutBlob', '2026-03-10 10:00Z') $$,
    'the log rows are those of the match, from either table, and no others');
SELECT isnt(pg_temp.run(), 0::bigint, 'the others are matches of their own');
SELECT is((SELECT count(*) FROM azhunt.results WHERE rule = 'one'),
          (SELECT count(*) FROM azhunt.storage_file_created_quickly_deleted(as_of => '2026-03-10 12:00Z')),
          'there is a result for each row of the ad-hoc hunt');

--
-- wrong arguments
--
SELECT throws_ok('SELECT * FROM azhunt.storage_file_created_quickly_deleted(' || arguments || ')', code, message, arguments || ' is an error') FROM (VALUES
    ('''-1 microsecond''', '22023', 'window must not be negative'),
    ('NULL', '22004', 'window must not be null'),
    ('''1 month''', '22023', 'window must not contain months or years'),
    ('''106751992 days''', '22015', 'window is out of range'),
    ('operations => NULL', '22004', 'operations must not be null'),
    ('operations => ''{}''', '22023', 'operations must not be empty'),
    ('operations => ''{DeleteBlob}''', '22023', 'unknown upload operation "DeleteBlob"'),
    ('lookback => ''-1 s''', '22023', 'lookback must not be negative'),
    ('lookback => NULL', '22004', 'lookback must not be null'),
    ('as_of => NULL', '22004', 'as_of must not be null'),
    ('as_of => ''infinity''', '22023', 'as_of must be finite')
) AS v (arguments, code, message);
SELECT throws_ok('SELECT azhunt.add_rule(''wrong'', ''storage_file_created_quickly_deleted'', ''{"window": "-1 s"}'')', '22023',
                 'window must not be negative', 'a rule refuses them, too');

--
-- plans
--
TRUNCATE azhunt.storagebloblogs, azhunt.storagefilelogs;
SELECT azhunt.add_partitions('azhunt.storagebloblogs'::regclass, '2025-05-01', '2025-07-01') \g /dev/null
SELECT azhunt.add_partitions('azhunt.storagefilelogs'::regclass, '2025-05-01', '2025-07-01') \g /dev/null
SELECT is(array(SELECT DISTINCT m[1] FROM regexp_matches(plan_of(
              'SELECT * FROM azhunt.storage_file_created_quickly_deleted(as_of => ''2025-06-10 12:00Z'', lookback => ''3 days'')'), 'on (storage\w+_p\d+) ', 'g') AS m ORDER BY 1),
          ARRAY(SELECT t || '_p202506' || d FROM unnest('{storagebloblogs,storagefilelogs}'::text[]) AS t, unnest('{07,08,09,10}'::text[]) AS d ORDER BY 1),
          'of two months of daily partitions, only those of the lookback are read');
SELECT is(count(*), 1::bigint, 'when it starts, too, as now() is not known before')
FROM (SELECT plan_of('SELECT * FROM azhunt.storage_file_created_quickly_deleted()') AS plan) AS p
WHERE p.plan ~ 'Subplans Removed: 122' AND p.plan !~ 'storage\w+_p\d';
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname)
SELECT '2026-03-10 12:00Z'::timestamptz + n * interval '1 ms', o, 'Success', '203.0.113.7:1', 'https://h/' || n % 100, 'AzCopy', 'contosodata'
FROM generate_series(1, 10000) AS n, unnest('{PutBlob,DeleteBlob}'::text[]) AS o;
ANALYZE azhunt.storagebloblogs;
SELECT alike(plan_of('SELECT * FROM azhunt.storage_file_created_quickly_deleted(''10 milliseconds'', as_of => ''2026-03-10 13:00Z'')'),
             '%AzhuntWindowJoin%', 'many uploads of few files are joined by the windowed join');
SELECT is((SELECT count(*) FROM azhunt.storage_file_created_quickly_deleted('10 milliseconds', as_of => '2026-03-10 13:00Z')), 10000::bigint,
          'which finds each with its own deletion');

SELECT * FROM finish();
ROLLBACK;
