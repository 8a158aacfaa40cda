-- The hunt for new users of Cloud Shells against its definition in plain SQL, on
-- random logs full of ties, duplicates, missing values and times at the edges of
-- the windows, ad hoc and as a rule whose log rows come in any order.
BEGIN;
SET LOCAL client_min_messages = warning;
-- a zone with daylight saving time, which must not matter: a day has 24 hours
SET LOCAL TIME ZONE 'America/New_York';
SET LOCAL jit = off;
SELECT plan(63);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
\ir lib/hunts.sql
\ir lib/plan_of.sql

CREATE PROCEDURE pg_temp.fill(seed integer) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(seed / 1000.0);
    TRUNCATE azhunt.azureactivity;
    INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup, calleripaddress)
    SELECT pg_temp.pick_time(),
           pg_temp.pick('{adele@contoso.com,adele@contoso.com,Adele@contoso.com,zoë@contoso.com,"",NULL}'::text[]),
           pg_temp.pick('{Microsoft.Storage/storageAccounts/listKeys/action,MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION,Microsoft.Storage/storageAccounts/write,Microsoft.Storage/storageAccounts/write,MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE,Microsoft.Storage/storageAccounts/writes,"",NULL}'::text[]),
           pg_temp.pick('{Success,success,SUCCEEDED,Start,Failure,"",NULL}'::text[]),
           pg_temp.pick('{cloud-shell-storage-westeurope,CLOUD-SHELL-STORAGE-EASTUS,cloud-shell,mycloud-shell-storage,contoso,"",NULL}'::text[]),
           pg_temp.pick('{203.0.113.7:443,203.0.113.7,"[2001:db8::7]:443",2001:DB8:0::7,"",NULL}'::text[])
    FROM generate_series(1, 220);
    -- log rows that came twice
    INSERT INTO azhunt.azureactivity SELECT * FROM azhunt.azureactivity WHERE random() < 0.2;
END
$$;

CREATE FUNCTION pg_temp.in_bag("time" timestamptz) RETURNS text LANGUAGE sql STABLE
RETURN CASE WHEN isfinite("time")
            THEN to_char(timezone('UTC', "time"), 'FMYYYY-MM-DD"T"HH24:MI:SS.US') || '0Z' || CASE WHEN "time" < '0001-01-01Z' THEN ' BC' ELSE '' END
            ELSE "time"::text END;

CREATE FUNCTION pg_temp.pairs("window" interval, resource_group text, since timestamptz, until timestamptz)
RETURNS TABLE ("time" timestamptz, caller text, address text, resource_group text,
               write_time timestamptz, write_address text, write_resource_group text, write_status text)
LANGUAGE sql STABLE AS $$
    WITH operations AS MATERIALIZED (
        SELECT a.timegenerated AS "time", coalesce(a.caller, '') AS caller,
               CASE WHEN a.calleripaddress LIKE '203.0.113.7%' THEN '203.0.113.7'
                    WHEN a.calleripaddress IS NULL OR a.calleripaddress = '' THEN '' ELSE '2001:db8::7' END AS address,
               a.resourcegroup, coalesce(a.activitystatusvalue, '') AS status, pg_temp.fold(a.operationnamevalue) AS operation
        FROM azhunt.azureactivity AS a
        WHERE pg_temp.fold(a.resourcegroup) ~ ('(^|[^0-9a-z])' || pg_temp.fold(pairs.resource_group) || '($|[^0-9a-z])')
          AND a.timegenerated BETWEEN since AND until
    )
    SELECT k.time, k.caller, k.address, k.resourcegroup, w.time, w.address, w.resourcegroup, w.status
    FROM operations AS k, operations AS w
    WHERE k.operation = 'microsoft.storage/storageaccounts/listkeys/action' AND pg_temp.fold(k.status) IN ('success', 'succeeded')
      AND w.operation = 'microsoft.storage/storageaccounts/write'
      AND k.caller = w.caller
      AND (pg_temp.follows(k.time, w.time, "window") OR pg_temp.follows(w.time, k.time, "window"))
$$;

CREATE FUNCTION pg_temp.expected("window" interval, resource_group text, lookback interval, as_of timestamptz)
RETURNS TABLE (timegenerated timestamptz, caller text, resourcegroup text, azureip text, userip text, writes bigint)
LANGUAGE sql STABLE AS $$
    SELECT p.time, p.caller, p.resource_group, p.address, p.write_address, count(DISTINCT (p.write_time, p.write_resource_group, p.write_status))
    FROM pg_temp.pairs("window", resource_group,
       CASE WHEN lookback < '100000 days' THEN timezone('UTC', timezone('UTC', as_of) - lookback)
            ELSE '4714-11-24 00:00:00Z BC'::timestamptz END, as_of) AS p
    GROUP BY 1, 2, 3, 4, 5
$$;

CREATE FUNCTION pg_temp.expected_matches("window" interval, resource_group text)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT p.time, p.caller, p.write_address, NULL::text, NULL::text,
           jsonb_build_object('ResourceGroup', p.resource_group, 'AzureIP', p.address, 'WriteTime', pg_temp.in_bag(p.write_time),
                              'WriteResourceGroup', p.write_resource_group, 'WriteStatus', p.write_status)
    FROM pg_temp.pairs("window", resource_group, '-infinity', 'infinity') AS p
$$;

--
-- ad hoc
--
DO $$
BEGIN
    FOR seed IN 1 .. 20 LOOP
        CALL pg_temp.fill(seed);
        FOR i IN 1 .. 10 LOOP
            CALL pg_temp.ask('new_cloudshell_user', 'interval, text, interval, timestamptz', ARRAY[
                pg_temp.pick('{5 minutes,3 minutes,1 minute,1 minute,0,59.999999 seconds,1 minute 1 microsecond,1 day,23:59:00,1 day 1 microsecond,100000 days 1 microsecond,106751991 days}'::text[]),
                pg_temp.pick('{cloud-shell,cloud-shell,CLOUD-shell-storage,contoso,absent}'::text[]),
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
SELECT bag_eq('SELECT arguments[2] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', ARRAY['absent'],
              'with every resource group but the one that is not there');

--
-- as a rule
--
DO $$
DECLARE
    "window" text;
    resource_group text;
BEGIN
    FOR seed IN 101 .. 115 LOOP
        CALL pg_temp.fill(seed);
        "window" := pg_temp.pick('{3 minutes,1 minute,1 minute,0,1 minute 1 microsecond,1 day,100000 days 1 microsecond,106751991 days}'::text[]);
        resource_group := pg_temp.pick('{cloud-shell,cloud-shell,contoso}'::text[]);
        CALL pg_temp.try_rule(
            'new_cloudshell_user', '{azureactivity}', jsonb_build_object('window', "window", 'resource_group', resource_group),
            format('SELECT * FROM pg_temp.expected_matches(%L, %L)', "window", resource_group),
            'SELECT "time", account, details ->> ''ResourceGroup'', details ->> ''AzureIP'', address,'
            ' count(DISTINCT (details ->> ''WriteTime'', details ->> ''WriteResourceGroup'', details ->> ''WriteStatus''))'
            ' FROM azhunt.matches WHERE rule = %L AND "time" BETWEEN ''2020-01-01'' AND ''294276-12-31 23:59:59.999999Z'''
            ' AND (details ->> ''WriteTime'')::timestamptz BETWEEN ''2020-01-01'' AND ''294276-12-31 23:59:59.999999Z'' GROUP BY 1, 2, 3, 4, 5',
            format('SELECT * FROM azhunt.new_cloudshell_user(%L, %L, ''106751991 days'', ''294276-12-31 23:59:59.999999Z'')',
                   "window", resource_group));
    END LOOP;
END
$$;
SELECT * FROM pg_temp.check_rules('{window,resource_group}');

--
-- boundaries
--
CREATE FUNCTION pg_temp.log("time" timestamptz, operation text, status text DEFAULT 'Success', caller text DEFAULT 'adele@contoso.com',
                            resource_group text DEFAULT 'cloud-shell-storage-westeurope', address text DEFAULT '203.0.113.7')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.azureactivity (timegenerated, operationnamevalue, activitystatusvalue, caller, resourcegroup, calleripaddress)
    VALUES ("time", CASE operation WHEN 'keys' THEN 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION'
                                   WHEN 'write' THEN 'MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE' ELSE operation END,
            status, caller, resource_group, address)
$$;
CREATE FUNCTION pg_temp.found(VARIADIC statements text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    TRUNCATE azhunt.azureactivity;
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE 'SELECT pg_temp.log(' || statement || ')';
    END LOOP;
    RETURN (SELECT coalesce(sum(writes), 0) FROM azhunt.new_cloudshell_user(as_of => '2026-03-10 12:00Z'));
END
$$;
SELECT is(pg_temp.found(VARIADIC statements), expected::bigint, name) FROM (VALUES
    ('at the same time', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write'$$]),
    ('the write exactly a window before', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 09:57Z', 'write'$$]),
    ('a microsecond more', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 09:56:59.999999Z', 'write'$$]),
    ('the write exactly a window after', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:03Z', 'write'$$]),
    ('a microsecond more', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:03:00.000001Z', 'write'$$]),
    ('over the edge of a bin, which the published query misses', 1, ARRAY[$$'2026-03-10 09:59:59.999999Z', 'write'$$, $$'2026-03-10 10:00Z', 'keys'$$]),
    ('two writes', 2, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 09:59Z', 'write'$$, $$'2026-03-10 10:01Z', 'write'$$]),
    ('two of different status', 2, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write', 'Start'$$, $$'2026-03-10 10:00Z', 'write', NULL$$]),
    ('one that was delivered twice', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write'$$, $$'2026-03-10 10:00Z', 'write'$$]),
    ('keys that were delivered twice', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write'$$]),
    ('keys that were listed twice', 2, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:01Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write'$$]),
    ('keys that were not given', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys', 'Failure'$$, $$'2026-03-10 10:00Z', 'write'$$]),
    ('a write that failed counts', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys', 'succeeded'$$, $$'2026-03-10 10:00Z', 'write', 'Failure'$$]),
    ('another caller', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write', caller => 'alex@contoso.com'$$]),
    ('callers have case', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write', caller => 'Adele@contoso.com'$$]),
    ('a missing caller is an empty one', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys', caller => NULL$$, $$'2026-03-10 10:00Z', 'write', caller => ''$$]),
    ('keys of another resource group', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys', resource_group => 'mycloud-shell'$$, $$'2026-03-10 10:00Z', 'write'$$]),
    ('a write in another resource group', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write', resource_group => NULL$$]),
    ('in two resource groups of Cloud Shells', 1, ARRAY[$$'2026-03-10 10:00Z', 'keys', resource_group => 'CLOUD-SHELL'$$, $$'2026-03-10 10:00Z', 'write'$$]),
    ('another operation', 0, ARRAY[$$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'Microsoft.Storage/storageAccounts/delete'$$]),
    ('the first moment of the lookback counts', 1, ARRAY[$$'2026-03-09 12:00Z', 'keys'$$, $$'2026-03-09 12:00Z', 'write'$$]),
    ('the one before does not', 0, ARRAY[$$'2026-03-09 12:00Z', 'keys'$$, $$'2026-03-09 11:59:59.999999Z', 'write'$$]),
    ('nor does the one after as_of', 0, ARRAY[$$'2026-03-10 12:00Z', 'keys'$$, $$'2026-03-10 12:00:00.000001Z', 'write'$$])
) AS v (name, expected, statements);

SELECT pg_temp.found($$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write'$$) \g /dev/null
SELECT is((SELECT count(*) FROM azhunt.new_cloudshell_user_matches('3 minutes', 'cloud-shell', '-infinity', 'infinity', NULL)), 1::bigint,
          'two operations at the same time are one match, and not one for each direction');

SELECT pg_temp.found($$now() - interval '24:00', 'keys', address => '198.51.100.9:1'$$, $$now() - interval '23:57', 'write', address => '203.0.113.7:443'$$,
                     $$now() - interval '24:00:00.000001', 'write'$$) \g /dev/null
SELECT results_eq('SELECT * FROM azhunt.new_cloudshell_user()', $$
    VALUES (now() - interval '24:00', 'adele@contoso.com', 'cloud-shell-storage-westeurope', '198.51.100.9', '203.0.113.7', 1::bigint) $$,
    'the defaults are a day and three minutes, and an answer has both addresses');

--
-- late rows, results and log rows
--
SELECT azhunt.add_rule('one', 'new_cloudshell_user') \g /dev/null
SELECT pg_temp.found($$'2026-03-10 10:00Z', 'write', 'Start'$$, $$'2026-03-10 10:00:30Z', 'write'$$) \g /dev/null
SELECT azhunt.run_rule_in_transaction('one') \g /dev/null
UPDATE azhunt.azureactivity SET ingestxid = 3;
SELECT pg_temp.log('2026-03-10 10:01Z', 'keys', address => '198.51.100.9:1');
SELECT azhunt.run_rule_in_transaction('one') \g /dev/null
SELECT results_eq($$SELECT "time", account, address, matches, summary FROM azhunt.results WHERE rule = 'one'$$, $$
    VALUES ('2026-03-10 10:01Z'::timestamptz, 'adele@contoso.com', '203.0.113.7', 2::bigint,
            'adele@contoso.com set up a Cloud Shell from 203.0.113.7 in resource group cloud-shell-storage-westeurope') $$,
    'keys that come late make a result of two writes');
-- each differs from the three in one thing
SELECT pg_temp.log('2026-03-10 10:00Z', 'write', 'Failure'), pg_temp.log('2026-03-10 10:00Z', 'write', 'Start', address => '203.0.113.8'),
       pg_temp.log('2026-03-10 10:00Z', 'write', 'Start', caller => 'alex@contoso.com'), pg_temp.log('2026-03-10 10:00Z', 'write', 'Start', resource_group => 'cloud-shell'),
       pg_temp.log('2026-03-10 10:00Z', 'other', 'Start'), pg_temp.log('2026-03-10 10:00:01Z', 'write', 'Start'),
       pg_temp.log('2026-03-10 10:01Z', 'keys', 'Failure', address => '198.51.100.9'), pg_temp.log('2026-03-10 10:01Z', 'keys', address => '198.51.100.8'),
       pg_temp.log('2026-03-10 10:01Z', 'keys', caller => 'alex@contoso.com', address => '198.51.100.9'),
       pg_temp.log('2026-03-10 10:01Z', 'keys', resource_group => 'cloud-shell', address => '198.51.100.9'), pg_temp.log('2026-03-10 10:01Z', 'other', address => '198.51.100.9'),
       pg_temp.log('2026-03-10 10:01:01Z', 'keys', address => '198.51.100.9') \g /dev/null
SELECT results_eq($$
    SELECT DISTINCT l.log_table, l.log_row ->> 'operationnamevalue', (l.log_row ->> 'timegenerated')::timestamptz, l.log_row ->> 'activitystatusvalue',
           l.log_row ->> 'calleripaddress', l.log_row ->> 'caller', l.log_row ->> 'resourcegroup'
    FROM azhunt.results AS r CROSS JOIN LATERAL azhunt.log_rows(r.result_id) AS l
    WHERE r.rule = 'one' ORDER BY 3 $$, $$
    VALUES ('azureactivity', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE', '2026-03-10 10:00Z'::timestamptz, 'Start', '203.0.113.7', 'adele@contoso.com', 'cloud-shell-storage-westeurope'),
           ('azureactivity', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE', '2026-03-10 10:00:30Z', 'Success', '203.0.113.7', 'adele@contoso.com', 'cloud-shell-storage-westeurope'),
           ('azureactivity', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION', '2026-03-10 10:01Z', 'Success', '198.51.100.9:1', 'adele@contoso.com', 'cloud-shell-storage-westeurope') $$,
    'the log rows are those of the matches, and no others');
SELECT azhunt.run_rule_in_transaction('one') \g /dev/null
SELECT is((SELECT count(*) FROM azhunt.results WHERE rule = 'one'),
          (SELECT count(*) FROM azhunt.new_cloudshell_user(as_of => '2026-03-10 12:00Z')), 'there is a result for each row of the ad-hoc hunt');

-- a log table, such as a view, that has no column for the address
SELECT pg_temp.found($$'2026-03-10 10:00Z', 'keys'$$, $$'2026-03-10 10:00Z', 'write'$$) \g /dev/null
ALTER TABLE azhunt.azureactivity DROP COLUMN calleripaddress;
SELECT results_eq('SELECT azureip, userip, writes FROM azhunt.new_cloudshell_user(as_of => ''2026-03-10 12:00Z'')',
                  'VALUES ('''', '''', 1::bigint)', 'a log table need not have the address');
SELECT azhunt.add_rule('without', 'new_cloudshell_user') \g /dev/null
SELECT azhunt.run_rule_in_transaction('without') \g /dev/null
SELECT is((SELECT count(*) FROM azhunt.results AS r CROSS JOIN LATERAL azhunt.log_rows(r.result_id) AS l WHERE r.rule = 'without'), 2::bigint,
          'nor do its log rows');

--
-- wrong arguments
--
SELECT throws_ok('SELECT * FROM azhunt.new_cloudshell_user(' || arguments || ')', code, message, arguments || ' is an error') FROM (VALUES
    ('''-1 microsecond''', '22023', 'window must not be negative'),
    ('NULL', '22004', 'window must not be null'),
    ('''1 month''', '22023', 'window must not contain months or years'),
    ('''106751992 days''', '22015', 'window is out of range'),
    ('resource_group => NULL', '22004', 'resource_group must not be null'),
    ('resource_group => ''''', '22023', 'resource_group must not be empty'),
    ('lookback => ''-1 s''', '22023', 'lookback must not be negative'),
    ('lookback => NULL', '22004', 'lookback must not be null'),
    ('as_of => NULL', '22004', 'as_of must not be null'),
    ('as_of => ''infinity''', '22023', 'as_of must be finite')
) AS v (arguments, code, message);
SELECT throws_ok('SELECT azhunt.add_rule(''wrong'', ''new_cloudshell_user'', ''{"window": "-1 s"}'')', '22023',
                 'window must not be negative', 'a rule refuses them, too');

--
-- plans
--
TRUNCATE azhunt.azureactivity;
SELECT azhunt.add_partitions('azhunt.azureactivity'::regclass, '2025-05-01', '2025-07-01') \g /dev/null
SELECT is(array(SELECT DISTINCT m[1] FROM regexp_matches(plan_of(
              'SELECT * FROM azhunt.new_cloudshell_user(as_of => ''2025-06-10 12:00Z'')'), 'on (azureactivity_p\d+) ', 'g') AS m ORDER BY 1),
          '{azureactivity_p20250609,azureactivity_p20250610}'::text[], 'of two months of daily partitions, only those of the lookback are read');
SELECT is(count(*), 1::bigint, 'when it starts, too, as now() is not known before')
FROM (SELECT plan_of('SELECT * FROM azhunt.new_cloudshell_user()') AS plan) AS p
WHERE p.plan ~ 'Subplans Removed: 61' AND p.plan !~ 'azureactivity_p\d';
INSERT INTO azhunt.azureactivity (timegenerated, operationnamevalue, activitystatusvalue, caller, resourcegroup)
SELECT '2026-03-10 12:00Z'::timestamptz + n * interval '1 s', 'x', 'Success', 'user' || n % 100, 'contoso' FROM generate_series(1, 10000) AS n;
INSERT INTO azhunt.azureactivity (timegenerated, operationnamevalue, activitystatusvalue, caller, resourcegroup)
SELECT '2026-03-10 12:00Z'::timestamptz + n * interval '1 min', o, 'Success', 'adele', 'cloud-shell-storage-westeurope'
FROM generate_series(1, 2) AS n, unnest('{Microsoft.Storage/storageAccounts/write,Microsoft.Storage/storageAccounts/listKeys/action}'::text[]) AS o;
ANALYZE azhunt.azureactivity;
SELECT alike(plan_of('SELECT * FROM azhunt.new_cloudshell_user(as_of => ''2026-03-10 16:00Z'')'), '%_caller_resourcegroup_idx%',
             'the few listings of keys are found by their index');
SELECT alike(plan_of('SELECT * FROM azhunt.new_cloudshell_user(as_of => ''2026-03-10 16:00Z'')'), '%_coalesce_timegenerated_idx%',
             'and the writes of their callers looked up');
SELECT pg_temp.set_planner('windowed join');
SELECT alike(plan_of('SELECT * FROM azhunt.new_cloudshell_user(as_of => ''2026-03-10 16:00Z'')'), '%AzhuntWindowJoin%',
             'a run joins them by the windowed join');

SELECT * FROM finish();
ROLLBACK;
