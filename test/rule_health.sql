-- Do the rules run?
BEGIN;
SELECT plan(24);

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT is_empty('SELECT FROM azhunt.rule_health', 'without rules there is nothing to tell');

-- A rule with a run of this status, which ended some time ago.
CREATE FUNCTION pg_temp.rule(name text, made interval, every interval DEFAULT '1 hour') RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.rules (rule, hunt, run_every, severity, created_at) VALUES (name, 'cloudshell_usage', every, 'High', now() - made);
$$;
CREATE FUNCTION pg_temp.run(name text, run_status text, ended interval, run_error text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO azhunt.runs (rule, started, finished, status, error, run_by)
    VALUES (name, now() - ended - interval '3 s', now() - ended, run_status, run_error, 'test');
$$;
CREATE FUNCTION pg_temp.health(name text) RETURNS text LANGUAGE sql AS $$SELECT health FROM azhunt.rule_health WHERE rule = name$$;

-- before the first run
SELECT pg_temp.rule('fresh', '0'), pg_temp.rule('two hours', '2 hours'), pg_temp.rule('older', '2 hours 1 microsecond') \g /dev/null
SELECT is(pg_temp.health('fresh'), 'new', 'a rule that was just made is new');
SELECT is(pg_temp.health('two hours'), 'new', 'until it should have run twice');
SELECT is(pg_temp.health('older'), 'never run', 'and then has never run');
SELECT results_eq($$SELECT rule, hunt, title, severity, run_every, last_success, last_run, last_status, last_finished, last_duration, last_error
                    FROM azhunt.rule_health WHERE rule = 'fresh'$$,
    $$VALUES ('fresh', 'cloudshell_usage', 'Azure CloudShell Usage', 'High', interval '1 hour', NULL::timestamptz, NULL::bigint, NULL::text,
              NULL::timestamptz, NULL::interval, NULL::text)$$, 'there is no run to tell of');

SELECT pg_temp.rule('never', '10 years', '178956970 years'), pg_temp.rule('mixed', '10 years', '178956970 years -2147483648 days') \g /dev/null
SELECT is(pg_temp.health(name), 'new', 'a rule can be meant to run hardly ever: ' || name) FROM (VALUES ('never'), ('mixed')) AS n (name);

-- a run that was skipped is none
SELECT pg_temp.run('fresh', 'skipped', '1 min'), pg_temp.run('older', 'skipped', '1 min') \g /dev/null
SELECT is(pg_temp.health('fresh'), 'new', 'a run that was skipped is no run');
SELECT is(pg_temp.health('older'), 'never run', 'here either');

-- runs
SELECT pg_temp.rule('good', '1 day'), pg_temp.run('good', 'succeeded', '2 hours') \g /dev/null
SELECT is(pg_temp.health('good'), 'running', 'a rule runs that ran within twice the time');
SELECT pg_temp.rule('slow', '1 day'), pg_temp.run('slow', 'succeeded', '2 hours 1 microsecond') \g /dev/null
SELECT is(pg_temp.health('slow'), 'late', 'one that did not is late');
UPDATE azhunt.rules SET run_every = '61 minutes' WHERE rule = 'slow';
SELECT is(pg_temp.health('slow'), 'running', 'which depends on how often it should run');
UPDATE azhunt.rules SET run_every = '5 minutes' WHERE rule = 'good';
SELECT is(pg_temp.health('good'), 'late', 'in both directions');
SELECT pg_temp.run('good', 'skipped', '1 min') \g /dev/null
SELECT is(pg_temp.health('good'), 'late', 'a run that was skipped does not help');
SELECT pg_temp.run('good', 'succeeded', '1 min') AS ignored \g /dev/null
SELECT is(pg_temp.health('good'), 'running', 'one that succeeds does');

-- failures
SELECT pg_temp.run('good', 'failed', '30 s', 'no memory') \g /dev/null
SELECT results_eq($$SELECT health, last_success, last_status, last_finished, last_duration, last_error, last_run = (SELECT max(run) FROM azhunt.runs)
                    FROM azhunt.rule_health WHERE rule = 'good'$$,
    $$VALUES ('failing', now() - interval '1 min', 'failed', now() - interval '30 s', interval '3 s', 'no memory', true)$$,
    'a rule fails whose last run did, whatever came before');
SELECT pg_temp.run('good', 'skipped', '20 s', 'another run') \g /dev/null
SELECT results_eq($$SELECT health, last_error FROM azhunt.rule_health WHERE rule = 'good'$$, $$VALUES ('failing', 'no memory')$$,
    'a run that was skipped does not mend it');
SELECT pg_temp.run('good', 'succeeded', '10 s') \g /dev/null
SELECT results_eq($$SELECT health, last_success, last_error FROM azhunt.rule_health WHERE rule = 'good'$$,
    $$VALUES ('running', now() - interval '10 s', NULL::text)$$, 'one that succeeds does');
SELECT pg_temp.run('two hours', 'failed', '1 min', 'no table') \g /dev/null
SELECT is(pg_temp.health('two hours'), 'failing', 'a first run can fail, too');

-- a hunt that is not there
INSERT INTO azhunt.rules (rule, hunt) VALUES ('lost', 'no_hunt');
SELECT results_eq($$SELECT health, title, last_error FROM azhunt.rule_health WHERE rule = 'lost'$$,
    $$VALUES ('failing', NULL::text, 'there is no hunt "no_hunt"')$$, 'a rule without its hunt fails before it runs');
SELECT pg_temp.run('lost', 'succeeded', '1 s') \g /dev/null
SELECT is(pg_temp.health('lost'), 'failing', 'however well it ran');

-- true runs
SELECT azhunt.add_rule('storage_upload_link_account', run_every => '5 minutes') \g /dev/null
SELECT is(pg_temp.health('storage_upload_link_account'), 'new', 'a rule of add_rule() is new');
SELECT azhunt.run_rule_in_transaction('storage_upload_link_account') \g /dev/null
SELECT results_eq($$SELECT health, last_status, last_success IS NOT NULL FROM azhunt.rule_health WHERE rule = 'storage_upload_link_account'$$,
    $$VALUES ('running', 'succeeded', true)$$, 'and runs after a run');
SELECT is((SELECT count(*) FROM azhunt.rule_health), (SELECT count(*) FROM azhunt.rules), 'every rule is there once');

SELECT * FROM finish();
ROLLBACK;
