-- log_rows(): the rows of the logs that a result is made of, as they are there.
BEGIN;
SELECT plan(28);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage'),
       azhunt.add_rule('wide', 'storage_upload_link_account', '{"include_noninteractive": true, "match_user_agent": false}'),
       azhunt.add_rule('principals', 'storage_upload_link_account', '{"include_service_principals": true}'),
       azhunt.add_rule('successful', 'storage_upload_link_account', '{"successful_only": true}'),
       azhunt.add_rule('minutes', 'cloudshell_usage', '{"bin": "10 minutes"}') \g /dev/null

-- ETag, Location and Level say which row it is.
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader, accountname, correlationid, etag)
VALUES ('2026-03-10 08:00:00.123456+00', 'PutBlob', 'Success', '201', '203.0.113.7:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosodata', 'c1', 'upload 1'),
       -- the same file again
       ('2026-03-10 08:00:01+00', 'PutBlob', 'Success', '201', '203.0.113.7:5001', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosodata', 'c2', 'upload 2'),
       -- as the first, but for one thing: still the same result, by another match
       ('2026-03-10 08:00:00.123456+00', 'PutBlob', 'Success', '201', '203.0.113.7:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosodata', 'c3', 'upload 3'),
       ('2026-03-10 08:00:00.123456+00', 'PutBlob', 'Success', '201', '203.0.113.7:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosobackup', 'c1', 'upload 4'),
       -- or none of it
       ('2026-03-10 08:00:00.123456+00', 'PutBlob', 'ServerBusy', '503', '203.0.113.7:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosodata', 'c1', 'failed'),
       ('2026-03-10 08:00:00.123456+00', 'PutBlob', 'Success', '201', '203.0.113.8:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosodata', 'c1', 'other address'),
       ('2026-03-10 08:00:00.123456+00', 'PutBlob', 'Success', '201', '203.0.113.7:5000', 'https://contosodata.blob.core.windows.net/in/b?x', 'Edge', 'contosodata', 'c1', 'other file'),
       ('2026-03-10 08:00:00.123456+00', 'PutBlob', 'Success', '201', '203.0.113.7:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Safari', 'contosodata', 'c1', 'other agent'),
       ('2026-03-10 08:00:00.123456+00', 'GetBlob', 'Success', '201', '203.0.113.7:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosodata', 'c1', 'no upload'),
       ('2026-03-10 08:00:00.123457+00', 'PutBlob', 'Success', '201', '198.51.100.9:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge', 'contosodata', 'c1', 'other time');
INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statuscode, calleripaddress, uri, etag)
VALUES ('2026-03-10 09:00:00+00', 'PutRange', '0', '[2001:DB8::7]:445', '\\contosodata.file.core.windows.net\share\a', 'file 1');
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, location)
VALUES ('2026-03-10 07:59:30.654321+00', '203.0.113.7', 'adele@contoso.com', 'EDGE', '0', 'sign-in 1'),
       ('2026-03-10 07:59:30.654321+00', '203.0.113.7', 'alex@contoso.com', 'Edge', '50126', 'sign-in 2'),
       ('2026-03-10 07:59:30.654321+00', '203.0.113.9', 'adele@contoso.com', 'Edge', '0', 'other address'),
       ('2026-03-10 07:59:30.654321+00', '203.0.113.7', 'adele@contoso.com', 'Safari', '0', 'other agent'),
       ('2026-03-10 07:58:59+00', '203.0.113.7', 'adele@contoso.com', 'EDGE', '0', 'before the window'),
       -- a text that is missing
       ('2026-03-10 08:59:30+00', '2001:db8:0:0:0:0:0:7', NULL, NULL, '0', 'sign-in 3');
INSERT INTO azhunt.aadnoninteractiveusersigninlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, location)
VALUES ('2026-03-10 07:59:30.654321+00', '203.0.113.7', 'adele@contoso.com', 'EDGE', '0', 'non-interactive');
INSERT INTO azhunt.aadserviceprincipalsigninlogs (timegenerated, ipaddress, serviceprincipalname, serviceprincipalid, useragent, resulttype, location)
VALUES ('2026-03-10 07:59:30.654321+00', '203.0.113.7', 'backup-app', '6f1e0c52', 'EDGE', '0', 'app'),
       ('2026-03-10 07:59:30.654321+00', '203.0.113.9', 'backup-app', '6f1e0c52', 'EDGE', '0', 'app of another address'),
       ('2026-03-10 07:59:30.654321+00', '203.0.113.7', 'backup-app', NULL, 'Safari', '0', 'app of another agent');
INSERT INTO azhunt.aadmanagedidentitysigninlogs (timegenerated, ipaddress, serviceprincipalid, useragent, resulttype, location)
VALUES ('2026-03-10 07:59:30.654321+00', '203.0.113.7', '2c9a77d1', 'EDGE', '0', 'identity'),
       ('2026-03-10 07:58:59+00', '203.0.113.7', '2c9a77d1', 'EDGE', '0', 'identity before the window');
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup, level)
SELECT t::timestamptz, caller, operation, status, resourcegroup, level
FROM (VALUES
    ('2026-03-10 08:01+00', 'adele@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope', 'start 1'),
    ('2026-03-10 08:30+00', 'adele@contoso.com', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION', 'Succeeded', 'cloud-shell-storage-westeurope', 'start 2'),
    ('2026-03-10 08:01+00', 'adele@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Start', 'cloud-shell-storage-westeurope', 'not yet'),
    ('2026-03-10 08:01+00', 'adele@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'web', 'other group'),
    ('2026-03-10 08:00+00', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Start', 'web', 'operation 1'),
    ('2026-03-10 08:59:59.999999+00', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', NULL, 'operation 2'),
    ('2026-03-10 07:59:59.999999+00', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web', 'hour before'),
    ('2026-03-10 09:00+00', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web', 'hour after'),
    ('2026-03-10 08:40+00', 'adele@contoso.com', 'Microsoft.KeyVault/vaults/delete', 'Success', 'web', 'operation 3'),
    ('2026-03-10 08:02+00', 'alex@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web', 'other caller'),
    ('2026-03-10 12:01+00', NULL, 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage', 'start of nobody'),
    ('2026-03-10 12:02+00', '', 'Microsoft.Compute/disks/write', 'Success', 'web', 'operation of nobody')
) AS v (t, caller, operation, status, resourcegroup, level);
SELECT azhunt.run_rule_in_transaction(rule) FROM azhunt.rules \g /dev/null

-- The result of a rule for a file and agent, or a caller and time.
CREATE FUNCTION pg_temp.upload(of_rule text, file text) RETURNS uuid LANGUAGE sql AS $$
    SELECT DISTINCT m.result_id FROM azhunt.matches AS m
    WHERE m.rule = of_rule AND m.details ->> 'FileUploadPath' LIKE '%' || file AND m.useragent IN ('Edge', '')
$$;
CREATE FUNCTION pg_temp.shell(of_rule text, caller text, at timestamptz) RETURNS uuid LANGUAGE sql AS $$
    SELECT DISTINCT m.result_id FROM azhunt.matches AS m WHERE m.rule = of_rule AND m.account = caller AND m."time" = at
$$;
-- What it is made of, each row once, by what says which row it is.
CREATE FUNCTION pg_temp.made_of(result uuid, most integer DEFAULT 100) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(r.name ORDER BY r.name)
    FROM (SELECT DISTINCT coalesce(log_row ->> 'etag', log_row ->> 'level', log_row ->> 'location') COLLATE "C" AS name
          FROM azhunt.log_rows(result, most)) AS r
$$;

-- uploads
SELECT is(pg_temp.made_of(pg_temp.upload('storage_upload_link_account', '/a?x')),
    '{sign-in 1,sign-in 2,upload 1,upload 2,upload 3,upload 4}', 'a result of uploads is made of uploads and sign-ins');
SELECT is((SELECT count(*) FROM azhunt.log_rows(pg_temp.upload('storage_upload_link_account', '/a?x'))), 16::bigint, 'two for each match');
SELECT bag_eq($$SELECT DISTINCT log_table, log_row FROM azhunt.log_rows(pg_temp.upload('storage_upload_link_account', '/a?x'))$$,
    $$SELECT 'storagebloblogs', to_jsonb(b) FROM azhunt.storagebloblogs AS b WHERE etag LIKE 'upload _'
      UNION ALL SELECT 'signinlogs', to_jsonb(s) FROM azhunt.signinlogs AS s WHERE location IN ('sign-in 1', 'sign-in 2')$$,
    'each with all its columns and the name of its table');
SELECT is(pg_temp.made_of(pg_temp.upload('storage_upload_link_account', '\a')), '{file 1,sign-in 3}', 'files, IPv6, and texts that are missing');
SELECT bag_eq($$SELECT log_table FROM azhunt.log_rows(pg_temp.upload('storage_upload_link_account', '\a'))$$,
    '{storagefilelogs,signinlogs}'::text[], 'of the tables that they are in');
SELECT is(pg_temp.made_of(pg_temp.upload('wide', '/a?x')), '{non-interactive,other agent,sign-in 1,sign-in 2,upload 1,upload 2,upload 3,upload 4}',
    'the options of the rule decide which sign-ins');
SELECT is(pg_temp.made_of(pg_temp.upload('principals', '/a?x')), '{app,identity,sign-in 1,sign-in 2,upload 1,upload 2,upload 3,upload 4}',
    'or those of apps and managed identities');
SELECT bag_eq($$SELECT DISTINCT log_table, log_row FROM azhunt.log_rows(pg_temp.upload('principals', '/a?x')) WHERE log_table LIKE 'aad%'$$,
    $$SELECT 'aadserviceprincipalsigninlogs', to_jsonb(p) FROM azhunt.aadserviceprincipalsigninlogs AS p WHERE location = 'app'
      UNION ALL SELECT 'aadmanagedidentitysigninlogs', to_jsonb(i) FROM azhunt.aadmanagedidentitysigninlogs AS i WHERE location = 'identity'$$,
    'each as it is in its table');
SELECT is(pg_temp.made_of(pg_temp.upload('successful', '/a?x')), '{sign-in 1,upload 1,upload 2,upload 3,upload 4}', 'and whether only those that succeeded');

-- how many
SELECT is(pg_temp.made_of(pg_temp.upload('successful', '/a?x'), 1), '{sign-in 1,upload 2}', 'the latest match comes first');
SELECT is(pg_temp.made_of(pg_temp.upload('successful', '/a?x'), 0), NULL, 'or none');
SELECT is(pg_temp.made_of(pg_temp.upload('successful', '/a?x'), NULL), '{sign-in 1,upload 1,upload 2,upload 3,upload 4}', 'or all');

-- Cloud Shells
SELECT is(pg_temp.made_of(pg_temp.shell('cloudshell_usage', 'adele@contoso.com', '2026-03-10 08:00+00')),
    '{operation 1,operation 2,operation 3,start 1,start 2}', 'a Cloud Shell is made of its starts and operations');
SELECT bag_eq($$SELECT DISTINCT log_table, log_row FROM azhunt.log_rows(pg_temp.shell('cloudshell_usage', 'adele@contoso.com', '2026-03-10 08:00+00'))$$,
    $$SELECT 'azureactivity', to_jsonb(a) FROM azhunt.azureactivity AS a WHERE level IN ('operation 1', 'operation 2', 'operation 3', 'start 1', 'start 2')$$,
    'as they are in the log');
SELECT is(pg_temp.made_of(pg_temp.shell('minutes', 'adele@contoso.com', '2026-03-10 08:00+00')), '{operation 1,start 1}',
    'in the bin of the rule');
SELECT is(pg_temp.made_of(pg_temp.shell('cloudshell_usage', '', '2026-03-10 12:00+00')), '{operation of nobody,start of nobody}', 'no caller is one');

-- delivered twice
CREATE TEMP TABLE before AS
SELECT m.rule, m.result_id, l.* FROM (SELECT DISTINCT rule, result_id FROM azhunt.matches) AS m CROSS JOIN LATERAL azhunt.log_rows(m.result_id) AS l;
INSERT INTO azhunt.storagebloblogs SELECT * FROM azhunt.storagebloblogs;
INSERT INTO azhunt.storagefilelogs SELECT * FROM azhunt.storagefilelogs;
INSERT INTO azhunt.signinlogs SELECT * FROM azhunt.signinlogs;
INSERT INTO azhunt.aadnoninteractiveusersigninlogs SELECT * FROM azhunt.aadnoninteractiveusersigninlogs;
INSERT INTO azhunt.aadserviceprincipalsigninlogs SELECT * FROM azhunt.aadserviceprincipalsigninlogs;
INSERT INTO azhunt.aadmanagedidentitysigninlogs SELECT * FROM azhunt.aadmanagedidentitysigninlogs;
INSERT INTO azhunt.azureactivity SELECT * FROM azhunt.azureactivity;
SELECT azhunt.run_rule_in_transaction(rule) FROM azhunt.rules \g /dev/null
SELECT bag_eq($$SELECT m.rule, m.result_id, l.* FROM (SELECT DISTINCT rule, result_id FROM azhunt.matches) AS m CROSS JOIN LATERAL azhunt.log_rows(m.result_id) AS l$$,
    'SELECT * FROM before UNION ALL SELECT * FROM before', 'a row that was delivered twice is there twice');
SELECT is_empty('SELECT r.rule, r.result_id FROM azhunt.results AS r WHERE NOT EXISTS (SELECT FROM before AS b WHERE b.result_id = r.result_id)',
    'every result is made of something');

-- rows that are gone
DELETE FROM azhunt.signinlogs;
SELECT is(pg_temp.made_of(pg_temp.upload('successful', '/a?x')), '{upload 1,upload 2,upload 3,upload 4}', 'what is no longer there is not shown');

-- what is no result, or cannot be told
SELECT throws_ok($$SELECT * FROM azhunt.log_rows('00000000-0000-0000-0000-000000000000')$$, 'P0002',
    'there is no result 00000000-0000-0000-0000-000000000000', 'there must be such a result');
SELECT throws_ok($$SELECT * FROM azhunt.log_rows(NULL)$$, 'P0002', 'there is no result NULL', 'null is none');

-- with the rights of the caller
SELECT pg_temp.upload('successful', '/a?x') AS uploads, pg_temp.shell('cloudshell_usage', '', '2026-03-10 12:00+00') AS shell \gset
CREATE ROLE regress_azhunt_reader;
GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_reader;
GRANT SELECT ON azhunt.results TO regress_azhunt_reader;
SET LOCAL ROLE regress_azhunt_reader;
SELECT throws_ok(format('SELECT * FROM azhunt.log_rows(%L)', :'uploads'), '42501', 'permission denied for table matches', 'who reads results alone reads no log rows');
RESET ROLE;
GRANT SELECT ON azhunt.matches, azhunt.rules, azhunt.hunts TO regress_azhunt_reader;
SET LOCAL ROLE regress_azhunt_reader;
SELECT throws_like(format('SELECT * FROM azhunt.log_rows(%L)', :'uploads'), 'permission denied for table %logs', 'nor who reads matches');
SELECT throws_ok(format('SELECT * FROM azhunt.log_rows(%L)', :'shell'), '42501', 'permission denied for table azureactivity', 'of either hunt');
RESET ROLE;
GRANT SELECT ON azhunt.azureactivity TO regress_azhunt_reader;
SET LOCAL ROLE regress_azhunt_reader;
SELECT is((SELECT count(*) FROM azhunt.log_rows(:'shell')), 4::bigint, 'who may read a log table reads its rows');
SELECT throws_like(format('SELECT * FROM azhunt.log_rows(%L)', :'uploads'), 'permission denied for table %logs', 'and no others');
RESET ROLE;

-- a rule or hunt that is gone
INSERT INTO azhunt.rules (rule, hunt) VALUES ('lost', 'no_hunt');
INSERT INTO azhunt.matches (rule, "time", details, key, result_id, run, found_at)
VALUES ('lost', now(), '{}', '', '11111111-1111-1111-1111-111111111111', 1, now());
SELECT throws_ok($$SELECT * FROM azhunt.log_rows('11111111-1111-1111-1111-111111111111')$$, 'P0002',
    'there is no result 11111111-1111-1111-1111-111111111111', 'a result of a hunt that is not there is none');
SELECT is((SELECT count(*) FROM azhunt.results WHERE result_id = '11111111-1111-1111-1111-111111111111'), 0::bigint, 'and is in no view');

SELECT * FROM finish();
ROLLBACK;
