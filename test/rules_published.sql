-- Rules where a publication has all tables, as those who capture changes make it:
-- each table from which azhunt deletes has to say which row is meant.
BEGIN;
SELECT plan(8);

SET LOCAL client_min_messages = error;
CREATE PUBLICATION everything FOR ALL TABLES;
RESET client_min_messages;
SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
CREATE SCHEMA soc;
SELECT azhunt.add_kql_hunt('soc.failures', 'SigninLogs | where ResultType != "0" | summarize n = count() by UserPrincipalName') \g /dev/null
SELECT azhunt.add_rule('cloudshell_usage'), azhunt.add_rule('failures'), azhunt.add_rule('new_cloudshell_user') \g /dev/null

CREATE FUNCTION pg_temp.load() RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.signinlogs (timegenerated, userprincipalname, resulttype) VALUES (now(), 'kim@contoso.com', '50126');
    INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
    SELECT '2026-03-10 09:00Z', 'kim@contoso.com', o, 'Success', 'cloud-shell-storage-westeurope'
    FROM unnest('{MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION,MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE}'::text[]) AS o;
$$;
SELECT pg_temp.load() \g /dev/null
SELECT lives_ok($$SELECT azhunt.run_rule_in_transaction('cloudshell_usage'), azhunt.run_rule_in_transaction('failures')$$, 'rules run');
SELECT pg_temp.load(), azhunt.restart_rule('cloudshell_usage') \g /dev/null
SELECT lives_ok($$SELECT azhunt.run_rule_in_transaction('cloudshell_usage'), azhunt.run_rule_in_transaction('failures')$$, 'and start over, and change results of a query in KQL');
SELECT results_eq($$SELECT DISTINCT rule FROM azhunt.results ORDER BY rule$$, '{cloudshell_usage,failures}'::text[], 'they find something');
SELECT is_empty('SELECT * FROM azhunt.restart_requests', 'the request is done');
SELECT lives_ok($$DELETE FROM azhunt.rules WHERE rule = 'new_cloudshell_user'$$, 'a rule that has not run can be deleted');
SELECT lives_ok($$SELECT * FROM azhunt.prune('0')$$, 'results are pruned');
SELECT lives_ok($$SELECT azhunt.drop_rule('cloudshell_usage'), azhunt.drop_rule('failures'), azhunt.drop_hunt('failures')$$, 'rules and hunts are dropped');

-- whatever else is written some day
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    WHERE c.relkind = 'r' AND c.relnamespace = 'azhunt'::regnamespace
      AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary))
$$, 'each table of azhunt has a replica identity');

SELECT * FROM finish();
ROLLBACK;
