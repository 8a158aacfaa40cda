-- The catalogue of hunts, rules, and what one run after the other finds.
BEGIN;
SELECT plan(103);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null

--
-- the catalogue
--
SELECT results_eq(
    $$SELECT hunt, schema, id::text, title, tactics, techniques FROM azhunt.hunts
      WHERE hunt IN ('cloudshell_usage', 'storage_upload_link_account') ORDER BY hunt$$,
    $$VALUES ('cloudshell_usage', 'azhunt', '42831fb3-f61d-41e9-95d9-f08797479a0e', 'Azure CloudShell Usage',
              '{Execution}'::text[], '{T1059}'::text[]),
             ('storage_upload_link_account', 'azhunt', 'bee57113-7b9d-4158-958c-a7f3d534c6c4',
              'User Account Linked to Storage Account File Upload', '{CredentialAccess}', '{T1528}')$$,
    'both hunts are there, as their definitions describe them');
SELECT is_empty('SELECT FROM azhunt.rules', 'there are no rules at first');
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage') \g /dev/null
SELECT results_eq('SELECT rule, hunt, options, severity, run_every, announce_since, created_at FROM azhunt.rules ORDER BY rule',
    $$VALUES ('cloudshell_usage', 'cloudshell_usage', '{}'::jsonb, 'Medium', interval '1 hour', '-infinity'::timestamptz, now()),
             ('storage_upload_link_account', 'storage_upload_link_account', '{}', 'Medium', '1 hour', '-infinity', now())$$,
    'add_rule() makes one of the hunt of its name, every hour, of medium severity');

SELECT is_empty($$
    SELECT h.hunt, t FROM azhunt.hunts AS h CROSS JOIN LATERAL unnest(h.tables) AS t
    WHERE t NOT IN (SELECT log_table FROM azhunt.log_table_schemas())
$$, 'the tables that they need are log tables');

SELECT is_empty($$
    SELECT h.hunt, m ->> 'columnName'
    FROM azhunt.hunts AS h
    CROSS JOIN LATERAL jsonb_path_query(h.entity_mappings, '$[*].fieldMappings[*]') AS m
    WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                      WHERE a.attrelid = coalesce(to_regclass(format('azhunt.%I', h.hunt || '_results')), 'azhunt.results'::regclass)
                        AND a.attname = m ->> 'columnName')
$$, 'the columns that entities are mapped to are in the result views, or in the one of all hunts');

SELECT is_empty($$
    SELECT d.hunt, o.key
    FROM azhunt.hunts AS d
    CROSS JOIN LATERAL jsonb_each_text(d.default_options) AS o
    LEFT JOIN LATERAL (
        SELECT p.proargnames[n] AS argument,
               (string_to_array(pg_get_expr(p.proargdefaults, 0), ', '))[n] AS default_value
        FROM pg_proc AS p
        CROSS JOIN LATERAL generate_series(1, p.pronargs) AS n
        WHERE p.oid::regproc::text = 'azhunt.' || d.hunt AND p.proargnames[n] = o.key
    ) AS a ON true
    WHERE CASE WHEN o.value IS NULL THEN a.default_value NOT LIKE 'NULL%'
               WHEN o.value LIKE '[%' THEN ARRAY(SELECT jsonb_array_elements_text(o.value::jsonb)) <> '{PutBlob,PutRange}'
               WHEN o.value IN ('true', 'false') THEN a.default_value <> o.value
               WHEN a.default_value LIKE '%interval' THEN btrim(split_part(a.default_value, '::', 1), '''')::interval <> o.value::interval
               ELSE btrim(split_part(a.default_value, '::', 1), '''') <> o.value
          END IS NOT FALSE
$$, 'options are arguments of the ad-hoc hunts, and have their defaults');

INSERT INTO azhunt.rules (rule, hunt, options, severity)
VALUES ('wide', 'storage_upload_link_account', '{"lookback": "1 hour", "match_user_agent": false}', 'High');
SELECT is((SELECT h.default_options || r.options FROM azhunt.rules AS r JOIN azhunt.hunts AS h USING (hunt) WHERE rule = 'wide'),
    '{"lookback": "1 hour", "match_user_agent": false, "target_file": null, "operations": ["PutBlob", "PutRange"],
      "include_noninteractive": false, "successful_only": false, "include_service_principals": false, "signin_time": "TimeGenerated"}'::jsonb,
    'options that are left out have their defaults');

-- each wrong in one way
SELECT throws_ok(format(s.statement, hunt, options), code, message, format('%s: %s: %s', s.way, hunt, options))
FROM (VALUES
    ('INSERT', 'INSERT INTO azhunt.rules (rule, hunt, options) VALUES (''wrong'', %L, %L)'),
    ('add_rule()', 'SELECT azhunt.add_rule(''wrong'', %L, %L)')
) AS s (way, statement), (VALUES
    ('cloudshell_usage', '[]', '22023', 'options must be a JSON object, such as {"bin": "01:00:00"}'),
    ('cloudshell_usage', 'null', '22023', 'options must be a JSON object, such as {"bin": "01:00:00"}'),
    ('cloudshell_usage', '{"lookback": "1 day"}', '42P02', 'hunt "cloudshell_usage" has no option "lookback"'),
    ('cloudshell_usage', '{"bin": 60}', '22023', 'option "bin" must not be of JSON type number'),
    ('cloudshell_usage', '{"bin": null}', '22023', 'option "bin" must not be of JSON type null'),
    ('cloudshell_usage', '{"bin": "0 s"}', '22023', NULL),
    ('cloudshell_usage', '{"bin": "1 month"}', '22023', NULL),
    ('cloudshell_usage', '{"bin": "soon"}', '22007', 'invalid input syntax for type interval: "soon"'),
    ('cloudshell_usage', '{"resource_group": ""}', '22023', 'resource_group must not be empty'),
    ('storage_upload_link_account', '{"lookback": "-1 minute"}', '22023', NULL),
    ('storage_upload_link_account', '{"target_file": ""}', '22023', 'target_file must not be empty'),
    ('storage_upload_link_account', '{"target_file": true}', '22023', 'option "target_file" must not be of JSON type boolean'),
    ('storage_upload_link_account', '{"operations": "PutBlob"}', '22023', 'option "operations" must not be of JSON type string'),
    ('storage_upload_link_account', '{"operations": []}', '22023', 'operations must not be empty'),
    ('storage_upload_link_account', '{"operations": ["GetBlob"]}', '22023', 'unknown upload operation "GetBlob"'),
    ('storage_upload_link_account', '{"operations": [null]}', '22004', NULL),
    ('storage_upload_link_account', '{"successful_only": "yes"}', '22023', 'option "successful_only" must not be of JSON type string'),
    ('storage_upload_link_account', '{"match_user_agent": null}', '22023', 'option "match_user_agent" must not be of JSON type null'),
    ('storage_upload_link_account', '{"lookback": "1 month"}', '22023', 'lookback must not contain months or years'),
    ('storage_upload_link_account', '{"lookback": {}}', '22023', 'option "lookback" must not be of JSON type object'),
    ('storage_upload_link_account', '{"since": "2026-03-10"}', '42P02', 'hunt "storage_upload_link_account" has no option "since"')
) AS v (hunt, options, code, message);

SELECT throws_ok($$SELECT azhunt.add_rule('wrong', 'no_hunt')$$, '42704', 'there is no hunt "no_hunt"', 'a rule runs a hunt that is there');
SELECT throws_ok($$SELECT azhunt.add_rule('no_hunt')$$, '42704', 'there is no hunt "no_hunt"', 'that of its own name where none is said');
SELECT throws_ok($$SELECT azhunt.add_rule(NULL)$$, '42704', 'there is no hunt "NULL"', 'null is no name');
SELECT throws_ok($$SELECT azhunt.add_rule(NULL, 'cloudshell_usage')$$, '23502', NULL, 'for no hunt');
SELECT throws_ok($$SELECT azhunt.add_rule('wide', 'cloudshell_usage')$$, '23505', NULL, 'a name is there once');
SELECT throws_ok($$SELECT azhunt.add_rule('', 'cloudshell_usage')$$, '23514', NULL, 'and not empty');
SELECT throws_ok($$SELECT azhunt.add_rule(repeat('x', 501), 'cloudshell_usage')$$, '23514', NULL, 'nor too long for an index');
SELECT throws_ok($$SELECT azhunt.add_rule('wrong', 'cloudshell_usage', NULL)$$, '22023',
    'options must be a JSON object, such as {"bin": "01:00:00"}', 'options are not null');
SELECT throws_ok(format('SELECT azhunt.add_rule(''wrong'', ''cloudshell_usage'', %s)', argument), code, message, argument)
FROM (VALUES
    ('run_every => ''0''', '23514', NULL),
    ('run_every => ''-1 hour''', '23514', NULL),
    ('severity => ''Critical''', '23514', NULL),
    ('severity => ''medium''', '23514', NULL),
    ('announce_since => NULL', '23502', NULL)
) AS v (argument, code, message);
SELECT lives_ok(format('SELECT azhunt.add_rule(%L, ''cloudshell_usage'', severity => %L)', s, s), s || ' is a severity')
FROM unnest('{Informational,Low,High}'::text[]) AS s;
DELETE FROM azhunt.rules WHERE rule IN ('Informational', 'Low', 'High');

-- a dump may bring the rule before its hunt
SELECT lives_ok($$INSERT INTO azhunt.rules (rule, hunt, options) VALUES ('early', 'no_hunt', '{"x": 1}')$$,
    'INSERT takes a rule whose hunt is not there');
SELECT throws_ok($$SELECT azhunt.run_rule_in_transaction('early')$$, '42704', 'there is no hunt "no_hunt"', 'a run says so');
SELECT throws_ok($$UPDATE azhunt.rules SET hunt = 'cloudshell_usage' WHERE rule = 'early'$$, '42P02',
    'hunt "cloudshell_usage" has no option "x"', 'and the options are checked as soon as it has one');
SELECT azhunt.drop_rule('early') \g /dev/null

SELECT lives_ok($$UPDATE azhunt.rules SET options = '{"bin": "2 hours"}' WHERE rule = 'cloudshell_usage'$$,
    'a rule that has not run can have other options');
SELECT throws_ok($$UPDATE azhunt.rules SET options = '{"bin": "0"}' WHERE rule = 'cloudshell_usage'$$, '22023', NULL, 'which are checked');
UPDATE azhunt.rules SET options = '{}' WHERE rule = 'cloudshell_usage';

-- every operation that a hunt may ask for is in the index of uploads
SELECT is((SELECT count(*) FROM unnest(string_to_array('PutBlob,putblob,PutBlobFromURL,PutBlock,PutBlockFromURL,PutBlockList,'
              'AppendBlock,PutPage,CopyBlob,IncrementalCopyBlob,CreatePathFile,AppendFile,FlushFile,RenamePathFile,CreateFile,PutRange,'
              'PutRangeFromURL,CopyFile,Create,Write,Nfs4Write,SftpWrite,SftpCommit', ',')) AS o
           WHERE azhunt.check_operations(ARRAY[o]) AND azhunt.is_upload(o)), 23::bigint,
    'is_upload() knows the operations of check_operations()');
DO $$
BEGIN
    PERFORM azhunt.check_operations('{none}');
EXCEPTION WHEN invalid_parameter_value THEN
    CREATE TEMP TABLE known (operation text);
    DECLARE
        hint text;
    BEGIN
        GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
        INSERT INTO known SELECT unnest(string_to_array(rtrim(split_part(hint, ': ', 2), '.'), ', '));
    END;
END
$$;
SELECT results_eq('SELECT count(*), count(*) FILTER (WHERE azhunt.is_upload(operation)) FROM known', 'VALUES (22::bigint, 22::bigint)',
    'and no other');

--
-- runs in one transaction: its own rows are new to it again, and change nothing
--
CREATE FUNCTION pg_temp.run(name text) RETURNS TABLE (status text, started_over text, new_matches bigint, read bigint)
LANGUAGE plpgsql AS $$
DECLARE
    this_run bigint := azhunt.run_rule_in_transaction(name);
BEGIN
    RETURN QUERY
    SELECT r.status, r.started_over, r.new_matches, (SELECT sum(v::bigint) FROM jsonb_each_text(r.rows_read) AS e (k, v))::bigint
    FROM azhunt.runs AS r
    WHERE r.run = this_run;
END
$$;

INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
VALUES ('2026-03-10 08:00:30+00', 'PutBlob', 'Success', '192.0.2.1:5000', 'https://contosodata.blob.core.windows.net/in/a?x', 'Edge');
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
VALUES ('2026-03-10 08:00:00+00', '192.0.2.1', 'adele@contoso.com', 'Edge');

SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', 'first run', 1::bigint, 2::bigint)$$, 'the first run reads all');
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', NULL::text, 0::bigint, 2::bigint)$$, 'the second, its own rows');
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, ingestxid)
VALUES ('2026-03-10 08:00:10+00', '192.0.2.1', 'alex@contoso.com', 'Chrome', NULL);
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', NULL::text, 1::bigint, 3::bigint)$$,
    'a row that does not say when it came is read');
INSERT INTO azhunt.signinlogs SELECT * FROM azhunt.signinlogs;
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', NULL::text, 0::bigint, 5::bigint)$$,
    'duplicates of log records are read, and are no new results');

-- the same facts by another way
SELECT results_eq($$SELECT "time", account, address, accounts, severity, status, matches, hidden, found_at IS NOT NULL
                    FROM azhunt.storage_upload_link_account_results WHERE rule = 'wide'$$,
    $$VALUES ('2026-03-10 08:00:30+00'::timestamptz, 'adele@contoso.com, alex@contoso.com', '192.0.2.1',
              '{adele@contoso.com,alex@contoso.com}'::text[], 'High', 'new', 2::bigint, 0::bigint, true)$$,
    'a result has a time, entities and what the hunt says');
SELECT is((SELECT array_agg(DISTINCT rule) FROM azhunt.results), '{wide}', 'other rules have found nothing');
SELECT is_empty($$
    SELECT a.attrelid::regclass, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'v' AND a.atttypid IN ('text'::regtype, 'text[]'::regtype)
      AND a.attcollation <> 'pg_catalog."default"'::regcollation
$$, 'texts in views can be sorted and compared like any others');

-- keys longer than an index takes
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
SELECT '2026-03-10 08:00:30+00', 'PutBlob', 'Success', '192.0.2.1:5000',
       'https://contosodata.blob.core.windows.net/in/' || (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 1000)) || i, 'Edge'
FROM generate_series(1, 2) AS i;
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', NULL::text, 4::bigint, 7::bigint)$$, 'long URIs are no trouble');

-- texts that a careless key would take for the same
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, accountname, correlationid, useragentheader)
SELECT '2026-03-10 08:00:30+00', 'PutBlob', 'Success', '192.0.2.1:5000', u, a, c, 'Edge'
FROM (VALUES ('x,y', '', ''), ('x', 'y', ''), ('x', '', 'y'), ('x","y', '', ''), ('x\', '', ''), ('x\\', '', ''), ('NULL', '', ''), ('', '', ''),
             ('{x}', '', ''), ('x ', '', ''), ('X', '', '')) AS v (u, a, c);
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', NULL::text, 22::bigint, 18::bigint)$$, 'different texts are different facts');

--
-- starting over
--
UPDATE azhunt.watermarks SET system_identifier = '1' WHERE rule = 'wide';
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', 'last run was in another cluster', 0::bigint, 18::bigint)$$,
    'in another cluster a run starts over, and finds nothing twice');
UPDATE azhunt.watermarks SET snapshot = '9000000000000000:9000000000000000:' WHERE rule = 'wide';
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', 'transaction ids are lower than at the last run', 0::bigint, 18::bigint)$$,
    'as it does where the last one is in the future');
SELECT azhunt.restart_rule('wide') \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.run('wide')$$, $$VALUES ('succeeded', 'restart_rule() was called', 0::bigint, 18::bigint)$$,
    'or where it is told to');
SELECT throws_ok($$SELECT azhunt.restart_rule('none')$$, '42704', 'there is no rule "none"', 'which works for rules');

--
-- a rule that has run
--
SELECT throws_ok(format('UPDATE azhunt.rules SET %s WHERE rule = ''wide''', change), '55000',
    'rule "wide" has run, and its results are those of its options', 'keeps ' || what)
FROM (VALUES ('options = ''{}''', 'its options'),
             ('hunt = ''cloudshell_usage'', options = ''{}''', 'its hunt'),
             ('rule = ''other''', 'its name')) AS v (change, what);
SELECT lives_ok(format('UPDATE azhunt.rules SET %s WHERE rule = ''wide''', change), 'but not ' || what)
FROM (VALUES ('severity = ''Low''', 'its severity'), ('run_every = ''5 minutes''', 'how often it runs'),
             ('announce_since = now()', 'what it announces')) AS v (change, what);
SELECT is((SELECT array_agg(DISTINCT severity) FROM azhunt.results WHERE rule = 'wide'), '{Low}', 'which its results have');
SELECT throws_ok($$DELETE FROM azhunt.rules WHERE rule = 'wide'$$, '55000', NULL, 'does not just disappear');
-- whose runs were pruned, or failed
INSERT INTO azhunt.rules (rule, hunt) VALUES ('pruned', 'cloudshell_usage'), ('failed', 'cloudshell_usage');
INSERT INTO azhunt.watermarks (rule, snapshot, relations, system_identifier) VALUES ('pruned', '10:10:', '{}', '1');
INSERT INTO azhunt.runs (rule, started, finished, status, run_by) VALUES ('failed', now(), now(), 'failed', 'test');
SELECT throws_ok(format('UPDATE azhunt.rules SET options = ''{"bin": "1 day"}'' WHERE rule = %L', r), '55000',
    format('rule "%s" has run, and its results are those of its options', r), format('nor can one change whose runs were %s', r))
FROM unnest('{pruned,failed}'::text[]) AS r;
SELECT azhunt.drop_rule('pruned'), azhunt.drop_rule('failed') \g /dev/null
SELECT azhunt.run_rule_in_transaction('storage_upload_link_account') \g /dev/null
SELECT azhunt.drop_rule('wide') \g /dev/null
SELECT is((SELECT count(*) FROM azhunt.rules WHERE rule = 'wide') + (SELECT count(*) FROM azhunt.runs WHERE rule = 'wide')
          + (SELECT count(*) FROM azhunt.results WHERE rule = 'wide') + (SELECT count(*) FROM azhunt.watermarks WHERE rule = 'wide')
          + (SELECT count(*) FROM azhunt.matches WHERE rule = 'wide'), 0::bigint,
    'but is dropped with all that it found');
SELECT cmp_ok((SELECT count(*) FROM azhunt.results), '>', 0::bigint, 'and nothing else');
SELECT azhunt.drop_rule('storage_upload_link_account') \g /dev/null
SELECT results_eq('SELECT rule, (SELECT count(*) FROM azhunt.results) FROM azhunt.rules', $$VALUES ('cloudshell_usage', 0::bigint)$$,
    'every rule can be dropped');
SELECT cmp_ok((SELECT count(*) FROM azhunt.hunts), '>=', 2::bigint, 'its hunt stays');
SELECT throws_ok($$SELECT azhunt.drop_rule('storage_upload_link_account')$$, '42704', 'there is no rule "storage_upload_link_account"',
    'a rule is dropped once');

--
-- log tables that a run cannot read
--
ALTER TABLE azhunt.azureactivity RENAME TO mine;
CREATE VIEW azhunt.azureactivity AS SELECT timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup FROM azhunt.mine;
SELECT throws_ok($$SELECT azhunt.run_rule_in_transaction('cloudshell_usage')$$, '42703',
    'azhunt.azureactivity has no column ingestxid of type bigint', 'a view must say when rows came');
DROP VIEW azhunt.azureactivity;
CREATE VIEW azhunt.azureactivity AS SELECT * FROM azhunt.mine;
SELECT lives_ok($$SELECT azhunt.run_rule_in_transaction('cloudshell_usage')$$, 'one that does is as good as a table');
DROP VIEW azhunt.azureactivity;
CREATE FOREIGN DATA WRAPPER none;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER none;
CREATE FOREIGN TABLE azhunt.azureactivity (timegenerated timestamptz, ingestxid bigint) SERVER elsewhere;
SELECT throws_ok($$SELECT azhunt.run_rule_in_transaction('cloudshell_usage')$$, '42809',
    'a rule cannot tell the new rows of foreign table azhunt.azureactivity', 'a foreign table has ids of another server');

SELECT * FROM finish();
ROLLBACK;
