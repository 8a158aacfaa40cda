-- signin_time of the hunt for uploads: sign-ins by when they began, though Entra
-- processes them minutes or hours later, ad hoc and by rule.
BEGIN;
SELECT plan(19);
SET LOCAL TIME ZONE 'UTC';
SET LOCAL jit = off;

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_partitions('azhunt.signinlogs', '2026-05-04', '2026-05-09') \g /dev/null
SELECT azhunt.add_partitions('azhunt.storagebloblogs', '2026-05-04', '2026-05-09') \g /dev/null

CREATE FUNCTION pg_temp.upload("time" timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
    VALUES ("time", 'PutBlob', 'Success', '203.0.113.7:443', 'https://contosodata.blob.core.windows.net/in/' || extract(epoch FROM "time"), 'Mozilla/5.0')
$$;
CREATE FUNCTION pg_temp.signin(account text, processed timestamptz, began timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.signinlogs (timegenerated, createddatetime, userprincipalname, ipaddress, useragent, resulttype)
    VALUES (processed, began, account, '203.0.113.7', 'mozilla/5.0', '0')
$$;
CREATE FUNCTION pg_temp.accounts(signin_time text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS SETOF text LANGUAGE sql AS $$
    SELECT to_char(first_upload, 'DD HH24:MI:SS ') || array_to_string(accounts, ',')
    FROM azhunt.storage_upload_link_account(signin_time => accounts.signin_time, since => accounts.since, until => accounts.until)
$$;

-- one upload is soon after the sign-in began, another soon after it was processed
SELECT pg_temp.signin('kim', '2026-05-06 04:06:06.654790Z', '2026-05-06 04:04:01.812342Z'),
       pg_temp.upload('2026-05-06 04:04:20Z'), pg_temp.upload('2026-05-06 04:06:30Z') \g /dev/null
-- one was processed two days later, and one does not say when it began
SELECT pg_temp.signin('lee', '2026-05-08 10:00:00Z', '2026-05-06 10:00:00Z'), pg_temp.upload('2026-05-06 10:00:59Z'),
       pg_temp.signin('max', '2026-05-07 12:00:00Z', NULL), pg_temp.upload('2026-05-07 12:01:00Z') \g /dev/null
-- what cannot be: it was processed before it began
SELECT pg_temp.signin('nia', '2026-05-07 18:00:00Z', '2026-05-07 20:00:00Z'), pg_temp.upload('2026-05-07 18:00:10Z'),
       pg_temp.upload('2026-05-07 20:00:10Z') \g /dev/null

SELECT bag_eq($$ SELECT * FROM pg_temp.accounts('TimeGenerated') $$,
              ARRAY['06 04:06:30 kim', '07 12:01:00 max', '07 18:00:10 nia'], 'by when they were processed');
SELECT bag_eq($$ SELECT * FROM pg_temp.accounts('CreatedDateTime') $$,
              ARRAY['06 04:04:20 kim', '06 10:00:59 lee', '07 12:01:00 max', '07 18:00:10 nia'], 'by when they began');
SELECT bag_eq($$ SELECT accounts, first_upload FROM azhunt.storage_upload_link_account() $$,
              $$ SELECT accounts, first_upload FROM azhunt.storage_upload_link_account(signin_time => 'TimeGenerated') $$, 'as published by default');
SELECT bag_eq($$ SELECT * FROM pg_temp.accounts('CreatedDateTime', '2026-05-06 04:04:10Z', '2026-05-06 10:00:59Z') $$,
              ARRAY['06 04:04:20 kim', '06 10:00:59 lee'], 'a period is that of the uploads: a sign-in of it may be processed later');
SELECT is((SELECT loginevents ->> 'AzureLoginTime' FROM azhunt.storage_upload_link_account(signin_time => 'CreatedDateTime', until => '2026-05-06 05:00Z')),
          '2026-05-06T04:04:01.8123420Z', 'the time that is shown is the time that was compared');

SELECT throws_ok($$ SELECT * FROM azhunt.storage_upload_link_account(signin_time => 'createddatetime') $$, '22023',
                 'signin_time cannot be "createddatetime"', 'no other column');
SELECT throws_ok($$ SELECT * FROM azhunt.storage_upload_link_account(signin_time => NULL) $$, '22004',
                 'signin_time must not be null', 'nor none');
SELECT throws_ok($$ SELECT azhunt.add_rule('wrong', 'storage_upload_link_account', '{"signin_time": "UserId"}') $$, '22023',
                 'signin_time cannot be "UserId"', 'nor for a rule');

-- plans
SELECT bag_eq('SELECT azhunt.create_signin_time_indexes()::text', ARRAY[
    'azhunt.aadmanagedidentitysigninlogs_signin_time_idx', 'azhunt.aadnoninteractiveusersigninlogs_signin_time_idx',
    'azhunt.aadserviceprincipalsigninlogs_signin_time_idx', 'azhunt.signinlogs_signin_time_idx'], 'there are indexes for it');
SELECT is_empty('SELECT azhunt.create_signin_time_indexes()', 'which need not be made twice');
\ir lib/plan_of.sql
SET LOCAL enable_nestloop = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL azhunt.enable_windowmerge = on;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT matches(plan_of($$SELECT * FROM azhunt.storage_upload_link_account(signin_time => 'CreatedDateTime')$$),
               'AzhuntWindowMerge.*signinlogs_p20260506_strip_port_least_hash_idx', 'they give the sign-ins in the order of uploads');
RESET enable_nestloop;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT set_eq($$
    SELECT (regexp_matches(plan_of('SELECT * FROM azhunt.storage_upload_link_account(signin_time => ''CreatedDateTime'','
        ' since => ''2026-05-06 00:01Z'', until => ''2026-05-06 12:00Z'')'), ' (signinlogs_p\d+)', 'g'))[1]
$$, ARRAY['signinlogs_p20260506', 'signinlogs_p20260507', 'signinlogs_p20260508'], 'of partitions, only those before are left out');

-- a rule
SELECT azhunt.add_rule('began', 'storage_upload_link_account', '{"signin_time": "CreatedDateTime"}') \g /dev/null
SELECT azhunt.run_rule_in_transaction('began') \g /dev/null
SELECT bag_eq($$ SELECT m.account FROM azhunt.screened_matches AS m $$, '{kim,lee,max,nia}'::text[], 'its first run finds all');
CREATE TEMP TABLE before AS SELECT max(run) AS run FROM azhunt.runs;
-- the upload of an hour ago, whose sign-in only now arrives, and is only now processed
SELECT pg_temp.upload('2026-05-06 20:00:30Z') \g /dev/null
SELECT azhunt.run_rule_in_transaction('began') \g /dev/null
-- in another transaction, so that the run sees these rows as new ones
UPDATE azhunt.storagebloblogs SET ingestxid = 3 WHERE timegenerated = '2026-05-06 20:00:30Z';
SELECT pg_temp.signin('ola', '2026-05-08 09:00:00Z', '2026-05-06 20:00:00Z') \g /dev/null
SELECT azhunt.run_rule_in_transaction('began') \g /dev/null
SELECT bag_eq($$ SELECT m.account, m."time" FROM azhunt.screened_matches AS m, before AS b WHERE m.run > b.run $$,
              $$ VALUES ('ola', timestamptz '2026-05-06 20:00:30Z') $$, 'a sign-in that is processed late completes the upload');
SELECT results_eq($$
    SELECT l.log_table, (l.log_row ->> 'createddatetime')::timestamptz, (l.log_row ->> 'timegenerated')::timestamptz
    FROM azhunt.storage_upload_link_account_results AS r CROSS JOIN LATERAL azhunt.log_rows(r.result_id) AS l
    WHERE r.account = 'ola' ORDER BY 1
$$, $$ VALUES ('signinlogs', timestamptz '2026-05-06 20:00Z', timestamptz '2026-05-08 09:00Z'), ('storagebloblogs', NULL, '2026-05-06 20:00:30Z') $$,
    'the match leads to its log rows');
SELECT is((SELECT loginevents ->> 'AzureLoginTime' FROM azhunt.storage_upload_link_account_results WHERE account = 'ola'),
          '2026-05-06T20:00:00.0000000Z', 'and shows when the sign-in began');

-- how much it matters
SELECT is((SELECT median_processing FROM azhunt.source_health WHERE log_table = 'signinlogs'),
          (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY timegenerated - createddatetime) FROM azhunt.signinlogs),
          'source_health says how much later sign-ins are processed');
SELECT is((SELECT median_processing FROM azhunt.source_health WHERE log_table = 'storagebloblogs'), NULL, 'other logs do not say');

-- a view that does not say when they began
ALTER TABLE azhunt.signinlogs RENAME TO kept;
CREATE VIEW azhunt.signinlogs AS SELECT timegenerated, userprincipalname, ipaddress, useragent, resulttype, appdisplayname FROM azhunt.kept;
SELECT bag_eq($$ SELECT * FROM pg_temp.accounts('CreatedDateTime', until => '2026-05-07 23:00Z') $$,
              $$ SELECT * FROM pg_temp.accounts('TimeGenerated', until => '2026-05-07 23:00Z') $$, 'without the column, TimeGenerated is taken');

SELECT * FROM finish();
ROLLBACK;
