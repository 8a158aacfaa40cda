-- A database that has the extension and no log tables: each hunt says what is
-- missing, and how to get it.
\set QUIET on
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();

CREATE FUNCTION pg_temp.error_of(query text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END
$$;

SELECT cmp_ok(count(*), '>=', 2::bigint, 'there are hunts') FROM azhunt.hunts;

SELECT matches(e::text, '^\(42P01,"relation ""azhunt\.[a-z]+"" does not exist","azhunt\.create_log_tables\(\) creates the log tables\."\)$',
               query || ' names a table and how to get it')
FROM (SELECT format('azhunt.%I()', h.hunt) FROM azhunt.hunts AS h
      UNION ALL
      VALUES ('azhunt.uploads()'), ('azhunt.signins()'), ('azhunt.cloudshell_sessions()')) AS q (query)
CROSS JOIN LATERAL pg_temp.error_of('SELECT * FROM ' || query) AS e
ORDER BY query;

-- also for one of the tables, and where the function's query does not take the
-- place of the call
SELECT azhunt.create_log_tables() \g /dev/null
SELECT is(e::text, '(,,)', 'with log tables there is no error')
FROM pg_temp.error_of('SELECT * FROM azhunt.storage_upload_link_account()') AS e;
DROP TABLE azhunt.aadnoninteractiveusersigninlogs;
SELECT is(e::text, '(42P01,"relation ""azhunt.aadnoninteractiveusersigninlogs"" does not exist","azhunt.create_log_tables() creates the log tables.")',
          'the table that is missing is named: ' || query)
FROM (VALUES ('SELECT * FROM azhunt.storage_upload_link_account()'),
             ('SELECT azhunt.storage_upload_link_account()'),
             ('SELECT azhunt.signins()')) AS q (query)
CROSS JOIN LATERAL pg_temp.error_of(query) AS e;
SELECT azhunt.create_log_tables() \g /dev/null
DROP TABLE azhunt.aadserviceprincipalsigninlogs;
SELECT is(e::text, '(42P01,"relation ""azhunt.aadserviceprincipalsigninlogs"" does not exist","azhunt.create_log_tables() creates the log tables.")',
          'that of service principals, though it is not asked for')
FROM pg_temp.error_of('SELECT * FROM azhunt.storage_upload_link_account()') AS e;
SELECT azhunt.create_log_tables() \g /dev/null
DROP TABLE azhunt.aadmanagedidentitysigninlogs;
SELECT is(e::text, '(42P01,"relation ""azhunt.aadmanagedidentitysigninlogs"" does not exist","azhunt.create_log_tables() creates the log tables.")',
          'and that of managed identities')
FROM pg_temp.error_of('SELECT * FROM azhunt.signins()') AS e;

-- The names that the planner's support function has are those of functions.
SELECT set_eq($$ SELECT p.proname::text FROM pg_proc AS p WHERE p.prosupport = 'azhunt.log_table_support'::regproc $$,
              ARRAY['read_storage_operations', 'read_signins', 'read_activity'], 'what reads log tables has the support function');

SELECT * FROM finish();
ROLLBACK;
