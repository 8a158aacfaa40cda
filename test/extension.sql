-- What is true of the extension as a whole.
BEGIN;
SELECT plan(15);

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_depend AS d
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'azhunt' AND d.deptype = 'e';

CREATE TEMP VIEW member_function AS
SELECT p.*, l.lanname
FROM pg_proc AS p
JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
JOIN pg_language AS l ON l.oid = p.prolang;

SELECT cmp_ok((SELECT count(*) FROM member), '>', 50::bigint, 'the view of members sees them');

-- what a CREATE statement makes beside what it names (row types, operator
-- class members) needs no comment of its own
SELECT is_empty($$
    SELECT object FROM member
    WHERE obj_description(objid, classid::regclass::name) IS NULL
      AND classid NOT IN ('pg_type'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass)
$$, 'every object has a comment');

CREATE TEMP VIEW uncommented AS
SELECT a.attrelid::regclass, a.attname
FROM member AS m
JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind IN ('r', 'v')
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE coalesce(col_description(a.attrelid, a.attnum), '') = '';
SELECT is_empty('TABLE uncommented', 'every column of a table or view has a comment');
SAVEPOINT without;
COMMENT ON COLUMN azhunt.results.summary IS NULL;
SELECT isnt_empty('TABLE uncommented', 'and one without is seen');
ROLLBACK TO without;

SELECT is_empty($$
    SELECT object FROM member
    WHERE classid = 'pg_proc'::regclass
      AND objid NOT IN (SELECT oid FROM pg_proc WHERE pronamespace = 'azhunt'::regnamespace)
$$, 'every function is in schema azhunt');

SELECT set_eq($$
    SELECT proname FROM member_function WHERE prosecdef
$$, ARRAY['run_rule_in_transaction', 'record_failed_run', 'set_status', 'source_health', 'upload_counts',
         'add_log_partitions'],
    'few functions run with the rights of their owner');

SELECT is_empty($$
    SELECT oid::regprocedure FROM member_function
    WHERE prosecdef AND has_function_privilege('public', oid, 'EXECUTE')
$$, 'and none of these is for everybody');

SELECT is_empty($$
    SELECT c.oid::regclass
    FROM pg_class AS c
    JOIN member AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
    CROSS JOIN LATERAL aclexplode(c.relacl) AS a
    WHERE a.grantee = 0
$$, 'no table, view or sequence is for everybody');

SELECT is_empty($$
    SELECT oid::regprocedure FROM member_function
    WHERE lanname = 'plpgsql'
      -- a procedure that commits can have no SET clause
      AND proname <> 'run_rule'
      AND NOT ('search_path=pg_catalog, pg_temp' = ANY (COALESCE(proconfig, '{}')))
$$, 'every PL/pgSQL function sets its search_path');

SELECT set_eq($$
    SELECT proname FROM member_function
    WHERE NOT has_function_privilege('public', oid, 'EXECUTE')
$$, $$
    SELECT p.proname FROM azhunt.hunts AS h
    JOIN pg_proc AS p ON p.pronamespace = h.schema::regnamespace AND p.proname = h.hunt || '_new_matches'
    UNION ALL
    SELECT unnest(ARRAY['create_log_tables', 'create_signin_time_indexes', 'add_partitions', 'add_log_partitions', 'add_hunt', 'drop_hunt', 'add_rule', 'run_rule', 'run_rule_in_transaction', 'add_kql_hunt', 'add_compiled_hunt', 'create_kql_objects', 'drop_kql_objects', 'check_kql_description', 'check_kql_names', 'kql_result_key', 'time_expression', 'entity_expression', 'period_of', 'texts_of', 'store_rows_of_period',
          'record_failed_run', 'restart_rule', 'drop_rule', 'set_status', 'source_health', 'upload_counts', 'prune', 'schedule_rule',
          'unschedule_rule',
          -- what these call
          'check_hunt_functions', 'check_result_key', 'default_options', 'check_options', 'tables_read', 'check_log_tables', 'check_log_table_owners', 'reason_to_start_over', 'find_all_matches', 'count_rows',
          'describe_running', 'find_arrivals', 'relations_below', 'new_rows_of_view', 'look_for_arrivals', 'allow_visits', 'count_visit', 'count_search',
          'cost_of_period', 'find_matches', 'insert_matches', 'insert_matches_of_period', 'insert_new_matches',
          'latest_time', 'log_table_health', 'query_health', 'source_health_of', 'call_cron']::name[])
$$, 'functions that change or read tables for others are not for everybody');

SELECT is_empty($$
    SELECT oid::regprocedure FROM member_function
    WHERE proname IN ('uploads', 'signins', 'storage_upload_link_account', 'cloudshell_usage')
      AND (provolatile <> 's' OR proparallel <> 's' OR proisstrict OR proconfig IS NOT NULL OR lanname <> 'sql')
$$, 'nothing keeps the hunts from being inlined');

SELECT is_empty($$
    SELECT c.opcname FROM pg_opclass AS c
    WHERE c.opcnamespace = 'azhunt'::regnamespace AND NOT amvalidate(c.oid)
$$, 'operator classes are valid');

-- Names in a hostile schema must not be found before our own.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.refuse(text, text) RETURNS boolean
LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE FUNCTION hostile.refuse(timestamptz, timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE OPERATOR hostile.=  (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.refuse);
CREATE OPERATOR hostile.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.refuse);
CREATE OPERATOR hostile.=~ (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.refuse);
CREATE OPERATOR hostile.>= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = hostile.refuse);
CREATE OPERATOR hostile.<= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = hostile.refuse);
CREATE OPERATOR hostile.<  (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = hostile.refuse);
CREATE COLLATION hostile."C" (provider = icu, locale = 'en-u-ks-level2', deterministic = false);
CREATE FUNCTION hostile.count("any") RETURNS bigint
LANGUAGE internal AS 'pg_backend_pid';
CREATE FUNCTION hostile.lower(text) RETURNS text
LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;

CREATE TEMP TABLE session_path AS SELECT current_setting('search_path') AS path;
GRANT SELECT ON session_path TO PUBLIC;
SELECT set_config('search_path', 'hostile, pg_catalog, public', true) \g /dev/null

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
VALUES ('2026-03-10 08:00:30+00', 'PutBlob', 'Success', '192.0.2.1:5000', 'https://contoso.blob.core.windows.net/c/f.txt?sig=XXXXX', 'Edge');
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
VALUES ('2026-03-10 08:00:00+00', '192.0.2.1', 'adelev@contoso.com', 'Edge'),
       ('2026-03-10 08:00:10+00', '192.0.2.1', 'AdeleV@contoso.com', 'Edge');
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
VALUES ('2026-03-10 08:00:00+00', 'adelev@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope'),
       ('2026-03-10 08:10:00+00', 'adelev@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'web');
SELECT count(*) FROM azhunt.add_partitions('azhunt.signinlogs', '2026-03-10', '2026-03-11') \g /dev/null

CREATE TEMP TABLE found AS
SELECT 'upload' AS hunt, array_to_string(accounts, ' ') AS account, target_file.uploads
FROM azhunt.storage_upload_link_account(target_file => 'f.txt', match_user_agent => true) AS target_file
UNION ALL
SELECT 'shell', caller, jsonb_array_length(set_operationnamevalue)
FROM azhunt.cloudshell_usage(as_of => '2026-03-10 09:00+00');

SELECT set_config('search_path', path, true) FROM session_path \g /dev/null

SELECT results_eq(
    'SELECT hunt, account, uploads FROM found ORDER BY hunt',
    $$VALUES ('shell', 'adelev@contoso.com', 1::bigint), ('upload', 'AdeleV@contoso.com adelev@contoso.com', 1)$$,
    'a hostile search_path changes no answer');

SELECT is((SELECT count(*) FROM azhunt.log_table_columns() WHERE data_type IS NULL), 0::bigint,
    'every Kusto type of a log table has a PostgreSQL type');

SELECT is_empty($$
    SELECT log_table, column_name FROM azhunt.log_table_columns()
    GROUP BY log_table, column_name HAVING count(*) > 1
$$, 'no column is there twice');

SELECT * FROM finish();
ROLLBACK;
