-- What the dashboards need of the extension: matches of all hunts in one view,
-- and how many uploads there were, for a role that may not read the logs.
BEGIN;
SELECT plan(20);

SELECT azhunt.create_log_tables() \g /dev/null

INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
VALUES ('2026-03-10 08:00:00+00', 'PutBlob', 'Success', '192.0.2.1:1', 'https://contosodata.blob.core.windows.net/in/a.pdf', 'Edge'),
       ('2026-03-10 08:59:59.999999+00', 'PutBlob', 'Success', '192.0.2.1:1', 'https://contosodata.blob.core.windows.net/in/b.pdf', 'Edge'),
       ('2026-03-10 09:00:00+00', 'PutBlob', 'Success', '192.0.2.1:1', 'https://contosodata.blob.core.windows.net/in/c.pdf', 'Edge'),
       -- neither a failed one nor one that the hunt does not look at
       ('2026-03-10 09:01:00+00', 'PutBlob', 'AuthorizationFailure', '192.0.2.1:1', 'https://contosodata.blob.core.windows.net/in/d.pdf', 'Edge'),
       ('2026-03-10 09:02:00+00', 'PutBlockList', 'Success', '192.0.2.1:1', 'https://contosodata.blob.core.windows.net/in/e.pdf', 'Edge');
INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
VALUES ('2026-03-10 08:30:00+00', 'PutRange', 'Success', '192.0.2.2', '\\contosodata.file.core.windows.net\share\a.pdf', 'smb');
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
VALUES ('2026-03-10 07:59:30+00', '192.0.2.1', 'adele@contoso.com', 'Edge'),
       ('2026-03-10 08:59:30+00', '192.0.2.1', 'alex@contoso.com', 'Edge');
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
VALUES ('2026-03-10 08:00+00', 'adele@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope'),
       ('2026-03-10 08:10+00', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web');
INSERT INTO azhunt.rules (rule, hunt, options)
VALUES ('storage_upload_link_account', 'storage_upload_link_account', '{}'),
       ('cloudshell_usage', 'cloudshell_usage', '{}'),
       ('large_files', 'storage_upload_link_account', '{"operations": ["PutBlockList"]}'),
       ('only_a', 'storage_upload_link_account', '{"target_file": "A.PDF"}');
SELECT azhunt.run_rule_in_transaction(rule) FROM azhunt.rules ORDER BY rule \g /dev/null

SELECT results_eq(
    $$SELECT "time", uploads FROM azhunt.upload_counts('storage_upload_link_account', '2026-03-10 00:00+00', '2026-03-11 00:00+00')$$,
    $$VALUES ('2026-03-10 08:00+00'::timestamptz, 3::bigint), ('2026-03-10 09:00+00', 1)$$,
    'uploads are counted for each hour');
SELECT results_eq(
    $$SELECT "time", uploads FROM azhunt.upload_counts('storage_upload_link_account', '2026-03-10 00:00+00', '2026-03-11 00:00+00', '1 day')$$,
    $$VALUES ('2026-03-10 00:00+00'::timestamptz, 4::bigint)$$, 'or each other width of time');
SELECT results_eq(
    $$SELECT "time", uploads FROM azhunt.upload_counts('storage_upload_link_account', '2026-03-10 08:59:59.999999+00', '2026-03-10 09:00+00')$$,
    $$VALUES ('2026-03-10 08:00+00'::timestamptz, 1::bigint), ('2026-03-10 09:00+00', 1)$$, 'both ends are included');
SELECT is_empty(
    $$SELECT "time" FROM azhunt.upload_counts('storage_upload_link_account', '2026-03-11 00:00+00', '2026-03-12 00:00+00')$$,
    'there is no row for an hour without uploads');
SELECT results_eq(
    $$SELECT "time", uploads FROM azhunt.upload_counts('large_files', '2026-03-10 00:00+00', '2026-03-11 00:00+00')$$,
    $$VALUES ('2026-03-10 09:00+00'::timestamptz, 1::bigint)$$, 'a rule''s operations are those that count');
SELECT results_eq(
    $$SELECT "time", uploads FROM azhunt.upload_counts('only_a', '2026-03-10 00:00+00', '2026-03-11 00:00+00')$$,
    $$VALUES ('2026-03-10 08:00+00'::timestamptz, 2::bigint)$$, 'and its target file');

SELECT throws_ok($$SELECT azhunt.upload_counts('nothing', '2026-03-10', '2026-03-11')$$,
    '42704', 'there is no rule "nothing" of hunt storage_upload_link_account', 'there must be such a rule');
SELECT throws_ok($$SELECT azhunt.upload_counts('cloudshell_usage', '2026-03-10', '2026-03-11')$$,
    '42704', 'there is no rule "cloudshell_usage" of hunt storage_upload_link_account', 'which looks at uploads');
SELECT throws_ok($$SELECT azhunt.upload_counts(NULL, '2026-03-10', '2026-03-11')$$,
    '42704', 'there is no rule "NULL" of hunt storage_upload_link_account', 'null is none');
SELECT throws_ok($$SELECT azhunt.upload_counts('storage_upload_link_account', '2026-03-11', '2026-03-10')$$,
    '22023', NULL, 'a period is not upside down');
SELECT throws_ok($$SELECT azhunt.upload_counts('storage_upload_link_account', '2026-03-10', '2026-03-11', '0 s')$$,
    '22023', NULL, 'a width is positive');

-- the matches of both hunts, in one
SELECT bag_eq(
    $$SELECT rule, hunt, "time", account, address, useragent, details ->> 'FileName' AS file, details ->> 'OperationNameValue' AS operation FROM azhunt.screened_matches$$,
    $$VALUES ('storage_upload_link_account', 'storage_upload_link_account', '2026-03-10 08:00+00'::timestamptz, 'adele@contoso.com', '192.0.2.1', 'Edge', 'a.pdf', NULL),
             ('storage_upload_link_account', 'storage_upload_link_account', '2026-03-10 08:59:59.999999+00', 'alex@contoso.com', '192.0.2.1', 'Edge', 'b.pdf', NULL),
             ('storage_upload_link_account', 'storage_upload_link_account', '2026-03-10 09:00+00', 'alex@contoso.com', '192.0.2.1', 'Edge', 'c.pdf', NULL),
             ('only_a', 'storage_upload_link_account', '2026-03-10 08:00+00', 'adele@contoso.com', '192.0.2.1', 'Edge', 'a.pdf', NULL),
             ('cloudshell_usage', 'cloudshell_usage', '2026-03-10 08:00+00', 'adele@contoso.com', NULL, NULL, NULL, 'Microsoft.Compute/virtualMachines/write')$$,
    'screened_matches has those of all hunts');
SELECT set_eq(
    $$SELECT "time", rule, hunt, result_id, account, address, hidden, run, found_at FROM azhunt.screened_matches$$,
    $$SELECT m."time", m.rule, r.hunt, m.result_id, m.account, m.address, false, m.run, m.found_at
      FROM azhunt.matches AS m JOIN azhunt.rules AS r ON r.rule = m.rule$$,
    'all that are stored');
SELECT is((SELECT array_agg(DISTINCT rule ORDER BY rule) FROM azhunt.screened_matches),
    '{cloudshell_usage,only_a,storage_upload_link_account}', 'of each rule that found something');
SELECT is_empty('SELECT FROM azhunt.screened_matches WHERE hidden', 'none is hidden');
INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'ADELE@contoso.com');
SELECT results_eq($$SELECT DISTINCT account FROM azhunt.screened_matches WHERE hidden$$, ARRAY['adele@contoso.com'],
    'the allow-list hides matches here, too');

-- who may not read the logs
CREATE ROLE azhunt_test_reader;
GRANT USAGE ON SCHEMA azhunt TO azhunt_test_reader;
SET ROLE azhunt_test_reader;
SELECT throws_ok($$SELECT azhunt.upload_counts('storage_upload_link_account', '2026-03-10', '2026-03-11')$$,
    '42501', NULL, 'counts are for those who were granted them');
RESET ROLE;
GRANT EXECUTE ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) TO azhunt_test_reader;
SET ROLE azhunt_test_reader;
SELECT lives_ok($$SELECT azhunt.upload_counts('storage_upload_link_account', '2026-03-10', '2026-03-11')$$,
    'who then need not read the logs');
SELECT throws_ok('SELECT FROM azhunt.storagebloblogs', '42501', NULL, 'nor can they');
RESET ROLE;

-- somebody else's table must not run code as the owner of the function
ALTER TABLE azhunt.storagefilelogs OWNER TO azhunt_test_reader;
CREATE ROLE azhunt_test_owner;
GRANT azhunt_test_owner TO CURRENT_USER;
GRANT USAGE, CREATE ON SCHEMA azhunt TO azhunt_test_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA azhunt TO azhunt_test_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA azhunt TO azhunt_test_owner;
ALTER FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) OWNER TO azhunt_test_owner;
SELECT throws_like($$SELECT azhunt.upload_counts('storage_upload_link_account', '2026-03-10', '2026-03-11')$$,
    'the owner of table azhunt.storage%logs%is not trusted by azhunt_test_owner%',
    'a table of an owner who is not trusted is not read');

SELECT * FROM finish();
ROLLBACK;
