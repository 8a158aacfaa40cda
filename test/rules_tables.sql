-- A rule looks for new rows in the log tables that its options have it read, and
-- locks no partition of the others.
SELECT plan(15);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_partitions(format('azhunt.%I', t)::regclass, '2026-03-10', '2026-03-11')
FROM azhunt.hunts AS h CROSS JOIN unnest(h.tables) AS t WHERE h.hunt = 'storage_upload_link_account' \g /dev/null
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
VALUES ('2026-03-10 08:00:30Z', 'PutBlob', 'Success', '192.0.2.1:1', 'https://h/a', 'Edge');
INSERT INTO azhunt.signinlogs (timegenerated, userprincipalname, ipaddress, useragent)
VALUES ('2026-03-10 08:00Z', 'person', '192.0.2.1', 'Edge');
INSERT INTO azhunt.aadnoninteractiveusersigninlogs (timegenerated, userprincipalname, ipaddress, useragent)
VALUES ('2026-03-10 08:00Z', 'refreshed', '192.0.2.1', 'Edge');
INSERT INTO azhunt.aadserviceprincipalsigninlogs (timegenerated, serviceprincipalname, serviceprincipalid, ipaddress, useragent)
VALUES ('2026-03-10 08:00Z', 'app', '1', '192.0.2.1', 'Edge');

CREATE TABLE asked (rule text, options jsonb, tables text[]);
INSERT INTO asked VALUES
    ('default', '{}', '{signinlogs,storagebloblogs,storagefilelogs}'),
    ('noninteractive', '{"include_noninteractive": true}',
     '{aadnoninteractiveusersigninlogs,signinlogs,storagebloblogs,storagefilelogs}'),
    ('principals', '{"include_service_principals": true}',
     '{aadmanagedidentitysigninlogs,aadserviceprincipalsigninlogs,signinlogs,storagebloblogs,storagefilelogs}'),
    ('all', '{"include_service_principals": true, "include_noninteractive": true}',
     '{aadmanagedidentitysigninlogs,aadnoninteractiveusersigninlogs,aadserviceprincipalsigninlogs,signinlogs,storagebloblogs,storagefilelogs}');
SELECT azhunt.add_rule(rule, 'storage_upload_link_account', options) FROM asked \g /dev/null

-- Run a rule: the log tables that it looked into, and those of whose partitions
-- this transaction, which has done nothing else, has a lock.
CREATE FUNCTION tables_of(rule text) RETURNS TABLE (read text[], locked text[]) LANGUAGE plpgsql AS $$
DECLARE
    this_run bigint := azhunt.run_rule_in_transaction(rule);
BEGIN
    RETURN QUERY
    SELECT ARRAY(SELECT k FROM azhunt.runs AS r CROSS JOIN jsonb_object_keys(r.rows_read) AS k WHERE r.run = this_run ORDER BY k),
           ARRAY(SELECT DISTINCT c.relname::text
                 FROM pg_locks AS l JOIN pg_inherits AS i ON i.inhrelid = l.relation JOIN pg_class AS c ON c.oid = i.inhparent
                 WHERE l.pid = pg_backend_pid() AND c.relkind = 'p' ORDER BY 1);
END
$$;

CREATE FUNCTION looks_into(rule text, tables text[], name text) RETURNS text LANGUAGE sql AS $$
    SELECT results_eq(format('SELECT * FROM tables_of(%L)', rule), format('VALUES (%L::text[], %1$L::text[])', tables), rule || ': ' || name)
$$;

-- each in a transaction: the first run, one with nothing new, and one with new rows of each table
SELECT format('SELECT looks_into(%L, %L::text[], %L)', rule, tables, 'a first run') FROM asked \gexec
SELECT format('SELECT looks_into(%L, %L::text[], %L)', rule, tables, 'nothing new') FROM asked \gexec
SELECT set_eq('SELECT rule, account FROM azhunt.matches', $$
    VALUES ('default', 'person'), ('noninteractive', 'person'), ('noninteractive', 'refreshed'), ('principals', 'person'),
           ('principals', 'app (1)'), ('all', 'person'), ('all', 'refreshed'), ('all', 'app (1)')$$,
    'each finds what its options ask for');
INSERT INTO azhunt.signinlogs (timegenerated, userprincipalname, ipaddress, useragent)
VALUES ('2026-03-10 08:00:01Z', 'person', '192.0.2.1', 'Edge');
INSERT INTO azhunt.aadnoninteractiveusersigninlogs (timegenerated, userprincipalname, ipaddress, useragent)
VALUES ('2026-03-10 08:00:01Z', 'refreshed', '192.0.2.1', 'Edge');
SELECT format('SELECT looks_into(%L, %L::text[], %L)', rule, tables, 'new rows') FROM asked \gexec
SELECT results_eq('SELECT rule, count(*) FROM azhunt.matches GROUP BY rule ORDER BY rule', $$
    VALUES ('all', 5::bigint), ('default', 2), ('noninteractive', 4), ('principals', 3)$$, 'which are found');

-- what is not in the catalogue was not checked
CREATE OR REPLACE FUNCTION azhunt.storage_upload_link_account_tables(include_noninteractive boolean, include_service_principals boolean)
RETURNS text[] LANGUAGE sql IMMUTABLE RETURN '{signinlogs,auditlogs}'::text[];
SELECT throws_ok($$SELECT azhunt.run_rule_in_transaction('default')$$, '42P13',
    'hunt "storage_upload_link_account" reads log tables that the catalogue does not have for it', 'a hunt reads tables of its own');

SELECT * FROM finish();
