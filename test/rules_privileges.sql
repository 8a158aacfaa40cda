-- Who may run rules, read results and set their status; tried as other roles.
BEGIN;
SELECT plan(33);

CREATE ROLE regress_azhunt_reader;
CREATE ROLE regress_azhunt_hunter;
CREATE ROLE regress_azhunt_nobody;
CREATE ROLE regress_azhunt_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC;

-- as the documentation says
GRANT USAGE ON SCHEMA azhunt TO regress_azhunt_reader, regress_azhunt_hunter, regress_azhunt_nobody;
GRANT SELECT ON azhunt.results, azhunt.storage_upload_link_account_results, azhunt.cloudshell_usage_results,
    azhunt.hidden_results, azhunt.rules, azhunt.runs, azhunt.source_health
TO regress_azhunt_reader;
GRANT EXECUTE ON FUNCTION azhunt.source_health(timestamptz) TO regress_azhunt_reader;
GRANT EXECUTE ON PROCEDURE azhunt.run_rule(text) TO regress_azhunt_hunter;
GRANT EXECUTE ON FUNCTION azhunt.run_rule_in_transaction(text), azhunt.record_failed_run(text, timestamptz, text, text) TO regress_azhunt_hunter;

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_rule('storage_upload_link_account'), azhunt.add_rule('cloudshell_usage') \g /dev/null
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
VALUES ('2026-03-10 08:00:30+00', 'PutBlob', 'Success', '192.0.2.1:5000', 'https://contosodata.blob.core.windows.net/in/a', 'Edge');
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
VALUES ('2026-03-10 08:00:00+00', '192.0.2.1', 'adele@contoso.com', 'Edge');

-- what is refused, and by what
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'not refused';
EXCEPTION WHEN insufficient_privilege THEN
    RETURN SQLERRM;
END
$$;

SET LOCAL ROLE regress_azhunt_hunter;
SELECT ok(azhunt.run_rule_in_transaction('storage_upload_link_account') > 0, 'a hunter runs a rule');
SELECT is(pg_temp.refused('SELECT FROM azhunt.signinlogs'), 'permission denied for table signinlogs', 'a hunter reads no sign-ins');
SELECT is(pg_temp.refused('SELECT FROM azhunt.storagebloblogs'), 'permission denied for table storagebloblogs', 'nor uploads');
SELECT isnt(pg_temp.refused('SELECT * FROM azhunt.storage_upload_link_account()'), 'not refused', 'nor either through the ad-hoc hunt');
SELECT is(pg_temp.refused('SELECT FROM azhunt.results'), 'permission denied for view results', 'nor results');
SELECT is(pg_temp.refused('SELECT FROM azhunt.matches'), 'permission denied for table matches', 'nor matches');
SELECT is(pg_temp.refused($$INSERT INTO azhunt.rules (rule, hunt) VALUES ('mine', 'cloudshell_usage')$$),
    'permission denied for table rules', 'and makes no other rules');
SELECT is(pg_temp.refused($$SELECT azhunt.add_rule('mine', 'cloudshell_usage')$$), 'permission denied for function add_rule', 'in no way');
SELECT is(pg_temp.refused($$SELECT azhunt.drop_hunt('cloudshell_usage')$$), 'permission denied for function drop_hunt', 'nor changes the hunts');
SELECT is(pg_temp.refused($$SELECT azhunt.find_all_matches(NULL, 1, now(), pg_current_snapshot())$$),
    'permission denied for function find_all_matches', 'nor calls the parts');

-- operators and functions of the hunter's own are not called
RESET ROLE;
CREATE SCHEMA hostile AUTHORIZATION regress_azhunt_hunter;
SET LOCAL ROLE regress_azhunt_hunter;
CREATE FUNCTION hostile.refuse(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.refuse);
CREATE OPERATOR hostile.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.refuse);
CREATE FUNCTION hostile.encode(bytea, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile function called'; END$$;
CREATE TEMP TABLE pg_class (oid oid);
SELECT set_config('search_path', 'hostile, pg_temp, pg_catalog, public', true) \g /dev/null
SELECT azhunt.run_rule_in_transaction('storage_upload_link_account') AS run \gset
DROP TABLE pg_temp.pg_class;
SELECT set_config('search_path', 'public', true) \g /dev/null
RESET ROLE;
SELECT is((SELECT status FROM azhunt.runs WHERE run = :run), 'succeeded', 'a hostile search_path changes nothing');
SELECT is((SELECT run_by FROM azhunt.runs WHERE run = :run), session_user::text, 'a run says who logged in to run it');

SET LOCAL ROLE regress_azhunt_reader;
SELECT is((SELECT account FROM azhunt.results), 'adele@contoso.com', 'a reader reads results');
SELECT is((SELECT accounts FROM azhunt.storage_upload_link_account_results), '{adele@contoso.com}', 'of each hunt');
SELECT is((SELECT count(*) FROM azhunt.cloudshell_usage_results), 0::bigint, 'also where there are none');
SELECT is((SELECT count(*) FROM azhunt.runs), 2::bigint, 'runs');
SELECT is((SELECT state FROM azhunt.source_health WHERE log_table = 'signinlogs'), 'flowing', 'and the health of the logs');
SELECT is(pg_temp.refused('SELECT FROM azhunt.signinlogs'), 'permission denied for table signinlogs', 'but no logs');
SELECT is(pg_temp.refused('SELECT FROM azhunt.screened_matches'), 'permission denied for view screened_matches',
    'nor what the allow-list hides');
SELECT is(pg_temp.refused($$SELECT azhunt.run_rule_in_transaction('cloudshell_usage')$$),
    'permission denied for function run_rule_in_transaction', 'a reader runs nothing');
SELECT is(pg_temp.refused($$CALL azhunt.run_rule('cloudshell_usage')$$), 'permission denied for procedure run_rule', 'in no way');
SELECT is(pg_temp.refused($$SELECT azhunt.set_status(result_id, 'closed') FROM azhunt.results$$),
    'permission denied for function set_status', 'and sets no status');
SELECT is(pg_temp.refused($$DELETE FROM azhunt.runs$$), 'permission denied for table runs', 'nor deletes anything');

RESET ROLE;
GRANT SELECT, DELETE, INSERT (entity, value, note) ON azhunt.allow_list TO regress_azhunt_reader;
GRANT EXECUTE ON FUNCTION azhunt.set_status(uuid, text, text, text) TO regress_azhunt_reader;
SET LOCAL ROLE regress_azhunt_reader;
SELECT is(pg_temp.refused($$INSERT INTO azhunt.allow_list (entity, value, added_by) VALUES ('account', 'adele@contoso.com', 'somebody else')$$),
    'permission denied for table allow_list', 'who keeps the allow-list cannot say that another did');
SELECT lives_ok($$INSERT INTO azhunt.allow_list (entity, value, note) VALUES ('account', 'nobody@contoso.com', 'a test')$$, 'but keeps it');
SELECT throws_ok($$SELECT azhunt.set_status(result_id, 'new'::text, repeat('x', 10001)) FROM azhunt.results$$, '22001',
    'a note cannot have more than 10000 characters, as this one of 10001', 'notes have an end');
SET LOCAL ROLE regress_azhunt_nobody;
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class AS c
    WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind IN ('r', 'v', 'p', 'S')
      AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
$$, 'nobody else can read or write any table, view or sequence');
SELECT is(pg_temp.refused($$CALL azhunt.run_rule('cloudshell_usage')$$), 'permission denied for procedure run_rule', 'nor run a rule');
SELECT is(pg_temp.refused($$SELECT azhunt.record_failed_run('cloudshell_usage', now(), '00000', 'no')$$),
    'permission denied for function record_failed_run', 'nor say that one failed');
RESET ROLE;

-- Whoever owns a log table could have code run by those who read it.
ALTER TABLE azhunt.signinlogs_default OWNER TO regress_azhunt_owner;
SELECT throws_ok($$SELECT azhunt.run_rule_in_transaction('storage_upload_link_account')$$, '42501',
    format('the owner of table azhunt.signinlogs_default, regress_azhunt_owner, is not trusted by %I, who runs rules', current_user),
    'a log table of somebody who is not trusted is not read');
GRANT SELECT ON azhunt.signinlogs, azhunt.storagebloblogs, azhunt.storagefilelogs, azhunt.aadnoninteractiveusersigninlogs,
    azhunt.aadserviceprincipalsigninlogs, azhunt.aadmanagedidentitysigninlogs TO regress_azhunt_owner;
SELECT is((SELECT split_part(state, ':', 1) FROM azhunt.source_health WHERE log_table = 'signinlogs'), 'not known', 'nor is its health');

-- the way out that the documentation has
ALTER TABLE azhunt.signinlogs_default OWNER TO CURRENT_USER;
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
VALUES ('2026-03-10 08:00:01+00', '192.0.2.1', 'alex@contoso.com', 'Edge');
SET LOCAL ROLE regress_azhunt_hunter;
SELECT azhunt.run_rule_in_transaction('storage_upload_link_account') AS run \gset
RESET ROLE;
SELECT results_eq(format('SELECT status, new_matches, started_over FROM azhunt.runs WHERE run = %s', :run),
    $$VALUES ('succeeded', 1::bigint, NULL::text)$$, 'one that is given to the extension''s owner is');

-- prune() reads nothing of what it drops
SELECT azhunt.add_partitions('azhunt.signinlogs'::regclass, date '2020-01-01', date '2020-01-02') \g /dev/null
ALTER TABLE azhunt.signinlogs_p20200101 OWNER TO regress_azhunt_owner;
SELECT results_eq($$SELECT relation FROM azhunt.prune(interval '180 days', interval '90 days') WHERE relation LIKE '%signinlogs%'$$,
    $$VALUES ('azhunt.signinlogs_p20200101')$$, 'so that it can be of somebody who is not trusted');

SELECT * FROM finish();
ROLLBACK;
