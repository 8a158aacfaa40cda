-- The status of results, and the allow-list.
BEGIN;
SELECT plan(31);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage') \g /dev/null

-- An upload from the address, with a sign-in of the account.
CREATE FUNCTION pg_temp.upload(file text, address text, account text, at timestamptz DEFAULT '2026-03-10 08:00+00', agent text DEFAULT 'Edge')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname)
    VALUES (at, 'PutBlob', 'Success', address || ':5000', 'https://contosodata.blob.core.windows.net/in/' || file, agent, 'contosodata');
    INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
    VALUES (at - interval '10 s', address, account, agent);
$$;
CREATE FUNCTION pg_temp.run() RETURNS void LANGUAGE sql AS $$
    SELECT azhunt.run_rule_in_transaction(r) FROM unnest('{storage_upload_link_account,cloudshell_usage}'::text[]) AS r
$$;

SELECT pg_temp.upload('a', '192.0.2.1', 'adele@contoso.com') \g /dev/null
SELECT pg_temp.upload('b', '192.0.2.2', 'alex@contoso.com') \g /dev/null
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
VALUES ('2026-03-10 08:00:00+00', 'adele@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope'),
       ('2026-03-10 08:10:00+00', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web');
SELECT pg_temp.run() \g /dev/null

CREATE TEMP VIEW triage AS
SELECT CASE hunt WHEN 'cloudshell_usage' THEN 'shell' ELSE right(details ->> 'FileUploadPath', 1) END AS what,
       account, status, note, changed_by, changed_at, matches, hidden, result_id
FROM azhunt.results;

SELECT results_eq('SELECT what, account, status, note, changed_by FROM triage ORDER BY what', $$
    VALUES ('a', 'adele@contoso.com', 'new', NULL::text, NULL::text), ('b', 'alex@contoso.com', 'new', NULL, NULL),
           ('shell', 'adele@contoso.com', 'new', NULL, NULL)$$, 'results are new at first');

SELECT azhunt.set_status(result_id, 'closed', 'ours') FROM triage WHERE what IN ('a', 'shell') \g /dev/null
SELECT azhunt.set_status(result_id, 'investigating') FROM triage WHERE what = 'b' \g /dev/null
SELECT results_eq('SELECT what, status, note, changed_by = session_user, changed_at BETWEEN now() AND clock_timestamp() FROM triage ORDER BY what', $$
    VALUES ('a', 'closed', 'ours', true, true), ('b', 'investigating', NULL, true, true), ('shell', 'closed', 'ours', true, true)$$,
    'a status says what, who and when');

SELECT pg_temp.run() \g /dev/null
SELECT results_eq('SELECT status FROM triage ORDER BY what', $$VALUES ('closed'), ('investigating'), ('closed')$$,
    'a run that finds nothing changes nothing');

-- the same match again, as Azure delivers records twice
SELECT pg_temp.upload('a', '192.0.2.1', 'adele@contoso.com') \g /dev/null
SELECT pg_temp.run() \g /dev/null
SELECT results_eq('SELECT status FROM triage ORDER BY what', $$VALUES ('closed'), ('investigating'), ('closed')$$, 'nor do duplicates');

SELECT pg_temp.upload('a', '192.0.2.1', 'megan@contoso.com', '2026-03-10 09:00+00') \g /dev/null
SELECT pg_temp.upload('b', '192.0.2.2', 'megan@contoso.com', '2026-03-10 09:00+00') \g /dev/null
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
VALUES ('2026-03-10 08:59:59+00', 'adele@contoso.com', 'Microsoft.KeyVault/vaults/delete', 'Start', 'web'),
       ('2026-03-10 09:00:00+00', 'adele@contoso.com', 'Microsoft.KeyVault/vaults/write', 'Start', 'web');
SELECT pg_temp.run() \g /dev/null
SELECT results_eq('SELECT what, status, note, matches FROM triage ORDER BY what', $$
    VALUES ('a', 'new', 'ours', 2::bigint), ('b', 'investigating', NULL, 2), ('shell', 'new', 'ours', 2)$$,
    'a closed result is new again where a match has come, with the note that it had');

SELECT azhunt.set_status(result_id, 'closed', 'ours, too') FROM triage \g /dev/null
SELECT results_eq('SELECT status, note FROM triage ORDER BY what', $$
    VALUES ('closed', 'ours, too'), ('closed', 'ours, too'), ('closed', 'ours, too')$$, 'and can be closed again');
SELECT azhunt.restart_rule('storage_upload_link_account') \g /dev/null
SELECT pg_temp.run() \g /dev/null
SELECT results_eq('SELECT status FROM triage ORDER BY what', $$VALUES ('closed'), ('closed'), ('closed')$$, 'a run that starts over opens none');
SELECT azhunt.set_status(result_id, 'new') FROM triage WHERE what = 'a' \g /dev/null
SELECT is((SELECT status FROM triage WHERE what = 'a'), 'new', 'people can, too');
SELECT is((SELECT count(*) FROM azhunt.status_changes), 7::bigint, 'all that people said is kept');

SELECT set_eq('SELECT result_id, status FROM azhunt.result_status', 'SELECT result_id, status FROM azhunt.results',
    'each status is that of the list of results');
SELECT azhunt.set_status(result_id, 'closed', classification => 'false positive') FROM triage WHERE what = 'b' \g /dev/null
SELECT results_eq($$SELECT r.classification, s.classification FROM triage AS t JOIN azhunt.results AS r ON r.result_id = t.result_id
    JOIN azhunt.result_status AS s ON s.result_id = r.result_id WHERE t.what = 'b'$$,
    $$VALUES ('false positive', 'false positive')$$, 'a closed result can be classified');
SELECT pg_temp.upload('b', '192.0.2.2', 'diego@contoso.com', '2026-03-10 10:00+00') \g /dev/null
SELECT pg_temp.run() \g /dev/null
SELECT results_eq($$SELECT s.status FROM triage AS t JOIN azhunt.result_status AS s ON s.result_id = t.result_id WHERE t.what = 'b'$$,
    $$VALUES ('new')$$, 'and is new again where a match has come');
DELETE FROM azhunt.matches WHERE account = 'diego@contoso.com';
SELECT throws_ok($$SELECT azhunt.set_status(result_id, 'closed', classification => 'wrong') FROM triage$$, '22023',
    'a result cannot be classified as "wrong"', 'a classification is one of four');
SELECT throws_ok($$SELECT azhunt.set_status(result_id, 'new', classification => 'false positive') FROM triage$$, '22023',
    'only a closed result has a classification', 'of a closed result');

SELECT throws_ok($$SELECT azhunt.set_status(result_id, 'done') FROM triage$$, '22023', 'a result cannot have status "done"', 'a status is one of three');
SELECT throws_ok($$SELECT azhunt.set_status(result_id, NULL) FROM triage$$, '22023', 'a result cannot have status "NULL"', 'and not null');
SELECT throws_ok($$SELECT azhunt.set_status('00000000-0000-0000-0000-000000000000', 'closed')$$, 'P0002',
    'there is no result 00000000-0000-0000-0000-000000000000', 'of a result that is there');

--
-- allow-list
--
CREATE TEMP VIEW shown AS SELECT what, account, matches, hidden FROM triage;
SELECT results_eq('SELECT * FROM shown ORDER BY what', $$
    VALUES ('a', 'adele@contoso.com, megan@contoso.com', 2::bigint, 0::bigint), ('b', 'alex@contoso.com, megan@contoso.com', 2, 0),
           ('shell', 'adele@contoso.com', 2, 0)$$, 'an empty list hides nothing');

INSERT INTO azhunt.allow_list (entity, value, note) VALUES ('account', 'Megan@Contoso.com', 'tests uploads');
SELECT results_eq('SELECT * FROM shown ORDER BY what', $$
    VALUES ('a', 'adele@contoso.com', 1::bigint, 1::bigint), ('b', 'alex@contoso.com', 1, 1), ('shell', 'adele@contoso.com', 2, 0)$$,
    'an account is hidden, in any case, and counted with what it is part of');
SELECT results_eq($$SELECT uploads, jsonb_array_length(logins), accounts, loginevents ->> 'AccountUsed', last_upload, "time" = last_upload
                    FROM azhunt.storage_upload_link_account_results WHERE fileuploadpath LIKE '%/a'$$,
    $$VALUES (1::bigint, 1, '{adele@contoso.com}'::text[], 'adele@contoso.com', '2026-03-10 08:00+00'::timestamptz, true)$$,
    'nothing of it is left in the result');
SELECT results_eq('SELECT entity, value, note, rule, matches, results FROM azhunt.hidden_results',
    $$VALUES ('account', 'Megan@Contoso.com', 'tests uploads', 'storage_upload_link_account', 2::bigint, 2::bigint)$$, 'what it hides is counted');

INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'adele@contoso.com'), ('account', 'nobody@contoso.com');
SELECT results_eq('SELECT * FROM shown ORDER BY what', $$VALUES ('b', 'alex@contoso.com', 1::bigint, 1::bigint)$$,
    'a result with nothing else is gone, in both hunts');
SELECT results_eq('SELECT value, rule, matches, results FROM azhunt.hidden_results ORDER BY lower(value), rule', $$
    VALUES ('adele@contoso.com', 'cloudshell_usage', 2::bigint, 1::bigint), ('adele@contoso.com', 'storage_upload_link_account', 1, 1),
           ('Megan@Contoso.com', 'storage_upload_link_account', 2, 2), ('nobody@contoso.com', NULL, 0, 0)$$, 'and an entry that hides nothing says so');

DELETE FROM azhunt.allow_list;
SELECT is((SELECT count(*) FROM shown), 3::bigint, 'all is back when the list is empty');
INSERT INTO azhunt.allow_list (entity, value) VALUES ('address', '192.0.2.1');
SELECT results_eq('SELECT what FROM shown ORDER BY what', $$VALUES ('b'), ('shell')$$, 'addresses');
UPDATE azhunt.allow_list SET entity = 'useragent', value = 'EDGE';
SELECT results_eq('SELECT what FROM shown ORDER BY what', $$VALUES ('shell')$$, 'user agents');
UPDATE azhunt.allow_list SET entity = 'storageaccount', value = 'contosodata';
SELECT results_eq('SELECT what FROM shown ORDER BY what', $$VALUES ('shell')$$, 'and storage accounts are hidden, too');
SELECT is((SELECT count(*) FROM azhunt.screened_matches WHERE hunt = 'storage_upload_link_account' AND hidden), 4::bigint, 'the matches themselves are there');
SELECT throws_ok($$INSERT INTO azhunt.allow_list (entity, value) VALUES ('useragent', '')$$, '23514', NULL, 'nothing hides all that lacks a text');

-- what is dropped leaves nothing to a rule of the same name
DELETE FROM azhunt.allow_list;
SELECT cmp_ok((SELECT count(*) FROM azhunt.results AS r JOIN azhunt.latest_status AS s ON s.result_id = r.result_id), '>', 0::bigint,
    'some results have a status');
SELECT azhunt.drop_rule(rule) FROM azhunt.rules \g /dev/null
SELECT is_empty('SELECT FROM azhunt.status_changes', 'which goes with the rule');

SELECT * FROM finish();
ROLLBACK;
