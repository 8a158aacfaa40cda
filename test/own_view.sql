-- Somebody who has sign-ins already, in a table of another name and with other
-- columns, puts a view over it under the name of the log table: the hunt reads
-- it, and uses the table's indexes.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;
SELECT plan(19);

CREATE SCHEMA siem;
CREATE TABLE siem.entra_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened timestamptz NOT NULL,
    who text,
    source inet,
    browser text,
    outcome jsonb
);
CREATE INDEX entra_events_address ON siem.entra_events (azhunt.strip_port(host(source)), happened);
CREATE VIEW azhunt.SigninLogs AS
SELECT happened AS TimeGenerated, who AS UserPrincipalName, host(source) AS IPAddress, browser AS UserAgent,
       outcome ->> 'errorCode' AS ResultType, outcome ->> 'app' AS AppDisplayName
FROM siem.entra_events;

SELECT bag_eq('SELECT t::text FROM azhunt.create_log_tables() AS t',
              'SELECT ''azhunt.'' || log_table FROM azhunt.log_table_schemas() WHERE log_table <> ''signinlogs''',
              'create_log_tables() makes the other tables');
SELECT has_view('azhunt'::name, 'signinlogs'::name, 'and leaves the view');

INSERT INTO siem.entra_events (happened, who, source, browser, outcome)
SELECT timestamptz '2026-03-02 00:00Z' + n * interval '1 second', 'user' || n % 1000 || '@contoso.com',
       inet '198.51.100.0' + n % 250, 'Mozilla/5.0', jsonb_build_object('errorCode', CASE WHEN n % 10 = 0 THEN 50126 ELSE 0 END)
FROM generate_series(1, 50000) AS n;
INSERT INTO siem.entra_events (happened, who, source, browser, outcome) VALUES
    ('2026-03-02 10:00Z', 'adele@contoso.com', '203.0.113.7', 'Mozilla/5.0', '{"errorCode": 0, "app": "Azure Portal"}'),
    ('2026-03-02 10:00Z', 'failed@contoso.com', '203.0.113.7', 'Mozilla/5.0', '{"errorCode": 50126}'),
    ('2026-03-02 10:00Z', 'diego@contoso.com', '2001:db8::7', 'Mozilla/5.0', NULL);
INSERT INTO azhunt.StorageBlobLogs (TimeGenerated, OperationName, StatusText, CallerIpAddress, Uri, UserAgentHeader) VALUES
    ('2026-03-02 10:00:30Z', 'PutBlob', 'Success', '203.0.113.7:50123', 'https://contosodata.blob.core.windows.net/in/a?b', 'Mozilla/5.0'),
    ('2026-03-02 10:00:30Z', 'PutBlob', 'Success', '[2001:DB8::7]:50123', 'https://contosodata.blob.core.windows.net/in/b?b', 'Mozilla/5.0');
ANALYZE siem.entra_events;
ANALYZE azhunt.StorageBlobLogs;

SELECT bag_eq('SELECT fileuploadpath, accounts FROM azhunt.storage_upload_link_account()', $$
    VALUES ('https://contosodata.blob.core.windows.net/in/a?b', '{adele@contoso.com,failed@contoso.com}'::text[]),
           ('https://contosodata.blob.core.windows.net/in/b?b', '{diego@contoso.com}')
$$, 'the hunt reads the view');
SELECT bag_eq('SELECT fileuploadpath, accounts FROM azhunt.storage_upload_link_account(successful_only => true)', $$
    VALUES ('https://contosodata.blob.core.windows.net/in/a?b', '{adele@contoso.com}'::text[])
$$, 'with every option');
SELECT results_eq('SELECT count(*), count(*) FILTER (WHERE appdisplayname = ''Azure Portal'') FROM azhunt.signins()',
                  'VALUES (50003::bigint, 1::bigint)', 'so does signins()');

-- The answer is that of the same rows in a log table.
CREATE TEMP TABLE answer AS SELECT * FROM azhunt.storage_upload_link_account();
CREATE TEMP TABLE saved_signins AS SELECT * FROM azhunt.SigninLogs;

CREATE FUNCTION pg_temp.indexes_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN QUERY SELECT jsonb_path_query(plan, '$.**."Index Name"') #>> '{}';
END
$$;
SELECT set_has($$ SELECT pg_temp.indexes_of('SELECT * FROM azhunt.storage_upload_link_account()') $$,
               $$ VALUES ('entra_events_address') $$, 'an index under the view is used');

-- varchar and domains are text by another name; what is not is refused, not
-- taken for a text that looks otherwise, such as 203.0.113.7/32.
CREATE DOMAIN siem.address AS text;
CREATE OR REPLACE FUNCTION pg_temp.replace_view(source text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DROP VIEW azhunt.SigninLogs;
    EXECUTE 'CREATE VIEW azhunt.SigninLogs AS SELECT happened AS TimeGenerated, who::varchar AS UserPrincipalName, ' || source || ' AS IPAddress,'
            ' browser::varchar AS UserAgent, (outcome ->> ''errorCode'')::varchar AS ResultType, outcome ->> ''app'' AS AppDisplayName FROM siem.entra_events';
END
$$;
SELECT pg_temp.replace_view('host(source)::varchar') \g /dev/null
SELECT bag_eq('SELECT * FROM azhunt.storage_upload_link_account()', 'SELECT * FROM answer', 'varchar columns give the same answer');
SELECT set_has($$ SELECT pg_temp.indexes_of('SELECT * FROM azhunt.storage_upload_link_account(include_noninteractive => true)') $$,
               $$ VALUES ('entra_events_address') $$, 'by the same index');
SELECT pg_temp.replace_view('host(source)::siem.address') \g /dev/null
SELECT bag_eq('SELECT * FROM azhunt.storage_upload_link_account()', 'SELECT * FROM answer', 'so do columns of domains');
SELECT pg_temp.replace_view('source') \g /dev/null
SELECT throws_like('SELECT * FROM azhunt.storage_upload_link_account()', 'CASE types text and inet cannot be matched', 'inet is refused');
SELECT pg_temp.replace_view('to_jsonb(source)') \g /dev/null
SELECT throws_like('SELECT * FROM azhunt.storage_upload_link_account()', 'CASE types text and jsonb cannot be matched', 'as is jsonb');

-- A plain table of the log table's name serves as well.
DROP VIEW azhunt.SigninLogs;
CREATE TABLE azhunt.SigninLogs AS TABLE saved_signins;
SELECT is_empty('SELECT * FROM azhunt.create_log_tables()', 'a plain table is left alone');
SELECT bag_eq('SELECT * FROM azhunt.storage_upload_link_account()', 'SELECT * FROM answer', 'and read by the hunt');

-- Now the log table proper, with the same rows.
DROP TABLE azhunt.SigninLogs;
SELECT results_eq('SELECT t::text FROM azhunt.create_log_tables() AS t', ARRAY['azhunt.signinlogs'],
                  'without the view the log table is made');
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent, ResultType, AppDisplayName)
SELECT * FROM saved_signins;
SELECT bag_eq('SELECT * FROM azhunt.storage_upload_link_account()', 'SELECT * FROM answer',
              'and gives the same answer');
-- A view over sign-ins of apps, which has no column more than the hunt reads.
DROP TABLE azhunt.AADServicePrincipalSignInLogs;
CREATE VIEW azhunt.AADServicePrincipalSignInLogs AS
SELECT happened AS TimeGenerated, split_part(who, '@', 1)::varchar AS ServicePrincipalName, id::text::varchar AS ServicePrincipalId,
       host(source) AS IPAddress, browser AS UserAgent, (outcome ->> 'errorCode')::varchar AS ResultType
FROM siem.entra_events WHERE who = 'adele@contoso.com';
SELECT bag_eq('SELECT fileuploadpath, accounts FROM azhunt.storage_upload_link_account(include_service_principals => true, successful_only => true)',
              $$SELECT 'https://contosodata.blob.core.windows.net/in/a?b', ARRAY['adele (' || id || ')', 'adele@contoso.com']
                FROM siem.entra_events WHERE who = 'adele@contoso.com'$$, 'a view of apps'' sign-ins is read, too');
DROP VIEW azhunt.AADServicePrincipalSignInLogs;
SELECT throws_ok('SELECT * FROM azhunt.storage_upload_link_account()', '42P01',
                 'relation "azhunt.aadserviceprincipalsigninlogs" does not exist', 'and its absence is an error, asked for or not');
SELECT azhunt.create_log_tables() \g /dev/null

-- A view of another role is read once, as are the tables below it.
CREATE ROLE regress_azhunt_viewer;
DROP TABLE azhunt.AzureActivity;
CREATE VIEW azhunt.AzureActivity AS SELECT happened AS TimeGenerated FROM siem.entra_events;
ALTER VIEW azhunt.AzureActivity OWNER TO regress_azhunt_viewer;
SELECT bag_eq('SELECT relation::oid FROM azhunt.find_arrivals(''azhunt.azureactivity'', NULL, NULL, NULL, NULL)',
              'VALUES (''azhunt.azureactivity''::regclass::oid), (''siem.entra_events''::regclass)', 'another''s view is not told twice');

-- What is missing is named, not passed over.
DROP TABLE azhunt.SigninLogs;
SELECT throws_ok('SELECT * FROM azhunt.storage_upload_link_account()', '42P01',
                 'relation "azhunt.signinlogs" does not exist', 'without either the hunt says what is missing');

SELECT * FROM finish();
ROLLBACK;
