-- Hunts in KQL: what the catalogue has of them, by what their rows are known, and
-- rules, which find each row once, however often they see it and however late its
-- log rows come.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TIME ZONE 'America/New_York';
SELECT no_plan();

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
CREATE SCHEMA mine;
SET LOCAL search_path = mine, public;

CREATE FUNCTION pg_temp.key_of(query text) RETURNS text LANGUAGE sql AS 'SELECT c.key::text FROM azhunt.compile_hunt(query, ''now()'', ''now()'') AS c';

-- which columns tell rows apart
SELECT is(pg_temp.key_of(q), k, q)
FROM (VALUES
    ('SigninLogs | project TimeGenerated', '{}'),
    ('SigninLogs | summarize count()', '{}'),
    ('SigninLogs | summarize n = count() by IPAddress, h = bin(TimeGenerated, 1h) | where n > 3 | sort by n | take 5 | extend x = n + 1', '{IPAddress,h}'),
    ('SigninLogs | summarize n = count() by IPAddress, Location | project n, Where = Location, IPAddress', '{IPAddress,Where}'),
    ('SigninLogs | summarize n = count() by IPAddress, Location | project n, IPAddress', '{}'),
    ('SigninLogs | summarize n = count() by IPAddress | extend IPAddress = strcat(IPAddress, "!")', '{}'),
    ('SigninLogs | summarize n = count() by IPAddress, Location | summarize sum(n) by Location', '{Location}'),
    ('SigninLogs | summarize n = count() by IPAddress | summarize sum(n)', '{}'),
    ('SigninLogs | summarize arg_max(TimeGenerated, *) by UserPrincipalName', '{UserPrincipalName}'),
    ('SigninLogs | summarize make_set(AppDisplayName) by IPAddress | mv-expand set_AppDisplayName', '{IPAddress,set_AppDisplayName}'),
    ('SigninLogs | summarize l = make_list(AppDisplayName) by IPAddress | mv-apply l on (summarize n = count())', '{IPAddress}'),
    ('SigninLogs | summarize l = make_list(AppDisplayName) by IPAddress | mv-apply a = l on (where a != "x")', '{IPAddress,a}'),
    ('SigninLogs | summarize n = count() by IPAddress | join kind=inner (AzureActivity | summarize m = count() by IPAddress = CallerIpAddress, Caller) on IPAddress', '{IPAddress,Caller}'),
    ('SigninLogs | summarize n = count() by IPAddress | join kind=inner (AzureActivity | project IPAddress = CallerIpAddress, Caller) on IPAddress', '{IPAddress,Caller}'),
    ('SigninLogs | project IPAddress, Location | join kind=inner (AzureActivity | summarize m = count() by IPAddress = CallerIpAddress) on IPAddress', '{IPAddress,Location}'),
    ('let t = materialize(SigninLogs | summarize n = count() by IPAddress, Location); t | join kind=inner t on IPAddress', '{IPAddress,Location,Location1}'),
    ('SigninLogs | summarize n = count() by IPAddress | join kind=leftsemi (AzureActivity) on $left.IPAddress == $right.CallerIpAddress', '{IPAddress}'),
    ('union (SigninLogs | summarize n = count() by IPAddress), (AzureActivity | summarize n = count() by IPAddress = CallerIpAddress)', '{IPAddress}'),
    ('union (SigninLogs | summarize n = count() by IPAddress), (AzureActivity | summarize n = count() by CallerIpAddress)', '{}'),
    ('union (SigninLogs | summarize n = count() by IPAddress), (SigninLogs | summarize n = count() by IPAddress, Location)', '{}'),
    ('union (SigninLogs | summarize n = count() by IPAddress), (AzureActivity | project IPAddress = CallerIpAddress)', '{}'),
    ('SigninLogs | summarize n = count() by IPAddress, Location | distinct IPAddress, Location', '{IPAddress,Location}'),
    ('SigninLogs | make-series n = count() on TimeGenerated from datetime(2026-01-01) to datetime(2026-01-02) step 1h by IPAddress', '{IPAddress}')
) AS c (q, k);
SELECT is((SELECT tables::text FROM azhunt.compile_hunt('let x = AzureActivity; union SigninLogs, x | join kind=inner SigninLogs on TimeGenerated | take 1', '1', '2')),
          '{azureactivity,signinlogs}', 'the log tables that a query reads');
SET LOCAL quote_all_identifiers = on;
SELECT is((SELECT tables::text FROM azhunt.compile_hunt('SigninLogs', '1', '2')), '{signinlogs}', 'however names are quoted');
RESET quote_all_identifiers;

-- the catalogue
SELECT is(azhunt.add_kql_hunt('failures',
    'SigninLogs | where ResultType != "0" | summarize n = count(), last = max(TimeGenerated) by UserPrincipalName, IPAddress | where n > 1',
    '{"id": "11111111-2222-3333-4444-555555555555", "name": "Failed sign-ins", "description": "Finds who failed twice.", "tactics": ["CredentialAccess"],
      "relevantTechniques": ["T1110"], "severity": "High", "queryPeriod": "14d", "queryFrequency": "PT5M",
      "entityMappings": [{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "UserPrincipalName"}]},
                         {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "IPAddress"}]}]}'), 'failures', 'a hunt is added');
SELECT is((SELECT to_jsonb(h) - 'entity_mappings' - 'query' FROM azhunt.hunts AS h WHERE h.hunt = 'failures'),
    '{"hunt": "failures", "schema": "mine", "id": "11111111-2222-3333-4444-555555555555", "title": "Failed sign-ins", "description": "Finds who failed twice.",
      "tactics": ["CredentialAccess"], "techniques": ["T1110"], "tables": ["signinlogs"], "default_options": {"query_period": "14 days"}, "reach": "query_period",
      "result_key": ["UserPrincipalName", "IPAddress"], "summary": "UserPrincipalName: {UserPrincipalName}, IPAddress: {IPAddress}", "severity": "High", "run_every": "00:05:00"}',
    'with all that its description says');

INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, ResultType)
SELECT now() - age, u, '203.0.113.7', '50126'
FROM (VALUES (interval '1 day', 'a@contoso.com'), ('2 days', 'a@contoso.com'), ('20 days', 'a@contoso.com'), ('1 hour', 'b@contoso.com'), ('13 days', 'c@contoso.com'), ('13 days', 'c@contoso.com')) AS v (age, u);
SELECT results_eq('SELECT "UserPrincipalName", n FROM failures ORDER BY 1', $$VALUES ('a@contoso.com', 3::bigint), ('c@contoso.com', 2)$$, 'its view reads all rows');
SELECT results_eq('SELECT "UserPrincipalName", n FROM failures() ORDER BY 1', $$VALUES ('a@contoso.com', 2::bigint), ('c@contoso.com', 2)$$, 'its function those of its period');
SELECT results_eq($$SELECT "UserPrincipalName", n FROM failures('7 days')$$, $$VALUES ('a@contoso.com', 2::bigint)$$, 'or of another one');

-- rules
DO $$ BEGIN PERFORM azhunt.add_rule('failures'); END $$;
SELECT results_eq($$SELECT severity, run_every FROM azhunt.rules WHERE rule = 'failures'$$, $$VALUES ('High', interval '5 minutes')$$, 'a rule has what the hunt says');
CREATE FUNCTION pg_temp.run(rule text) RETURNS text LANGUAGE sql VOLATILE AS $$
    WITH r AS MATERIALIZED (SELECT azhunt.run_rule_in_transaction(rule) AS run)
    SELECT 'run' FROM r
$$;
CREATE FUNCTION pg_temp.last_run() RETURNS text LANGUAGE sql AS
'SELECT concat(r.new_matches, '' new, '', r.announced, '' announced'') FROM azhunt.runs AS r ORDER BY r.run DESC LIMIT 1';
SELECT pg_temp.run('failures');
SELECT is(pg_temp.last_run(), '2 new, 2 announced', 'each row is a match');
SELECT results_eq($$SELECT account, address, "time", summary, details -> 'matches' -> 0 ->> 'n' FROM azhunt.results ORDER BY account$$,
    $$SELECT u, '203.0.113.7', now() - age, 'UserPrincipalName: ' || u || ', IPAddress: 203.0.113.7', '2' FROM (VALUES ('a@contoso.com', interval '1 day'), ('c@contoso.com', '13 days')) AS v (u, age)$$,
    'with account, address and time');
SELECT pg_temp.run('failures');
SELECT is(pg_temp.last_run(), '0 new, 0 announced', 'and found once');
DO $$ BEGIN PERFORM azhunt.set_status(r.result_id, 'closed') FROM azhunt.results AS r WHERE r.account = 'a@contoso.com'; END $$;
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, ResultType)
VALUES (now() - interval '1 minute', 'a@contoso.com', '203.0.113.7', '1'), (now() - interval '13 days', 'b@contoso.com', '203.0.113.7', '1'),
       (now() - interval '15 days', 'd@contoso.com', '203.0.113.7', '1'), (now() - interval '15 days', 'd@contoso.com', '203.0.113.7', '1');
SELECT pg_temp.run('failures');
SELECT is(pg_temp.last_run(), '1 new, 1 announced', 'what comes late within the period is found, and what grows is not announced');
SELECT results_eq($$SELECT account, details -> 'matches' -> 0 ->> 'n', "time", status, run - first_run FROM azhunt.results ORDER BY account$$,
    $$VALUES ('a@contoso.com', '3', now() - interval '1 minute', 'closed', 0::bigint), ('b@contoso.com', '2', now() - interval '1 hour', 'new', 0), ('c@contoso.com', '2', now() - interval '13 days', 'new', 0)$$,
    'but changed, without being opened again');
SELECT is((SELECT count(*) FROM azhunt.matches), 3::bigint, 'in its row');
DO $$ BEGIN PERFORM azhunt.restart_rule('failures'); END $$;
SELECT pg_temp.run('failures');
SELECT is(pg_temp.last_run(), '0 new, 0 announced', 'from the beginning, too');
SELECT is_empty('SELECT * FROM azhunt.restart_requests', 'which is done then');
DO $$ BEGIN PERFORM azhunt.add_rule('long', 'failures', '{"query_period": "30 days"}'); END $$;
SELECT pg_temp.run('long');
SELECT is(pg_temp.last_run(), '4 new, 4 announced', 'a rule can have another period');
SELECT throws_ok($$SELECT azhunt.add_rule('wrong', 'failures', '{"query_period": "-1 day"}')$$, '22023', NULL, 'if that can be one');
INSERT INTO azhunt.allow_list (entity, value) VALUES ('account', 'A@contoso.com');
SELECT is((SELECT count(*) FROM azhunt.results WHERE rule = 'failures'), 2::bigint, 'the allow-list hides rows');

-- prune() leaves what would be found again
UPDATE azhunt.matches SET found_at = now() - interval '100 days';
SELECT results_eq($$SELECT removed FROM azhunt.prune('90 days') WHERE relation = 'azhunt.matches'$$, 'VALUES (0::bigint)', 'what a run would find again stays');
UPDATE azhunt.matches SET "time" = "time" - interval '20 days' WHERE account = 'c@contoso.com';
SELECT results_eq($$SELECT removed FROM azhunt.prune('90 days') WHERE relation = 'azhunt.matches'$$, 'VALUES (2::bigint)', 'and the rest does not');

-- keys, times and tables of a user's own
CREATE VIEW vips AS SELECT 'a@contoso.com' AS "Who";
SELECT azhunt.add_kql_hunt('mine.vip', 'SigninLogs | join kind=inner vips on $left.UserPrincipalName == $right.Who | project Who, ResultType, TimeGenerated',
                           '{"key": ["Who", "ResultType"]}');
SELECT results_eq($$SELECT result_key, title, severity, run_every, default_options FROM azhunt.hunts WHERE hunt = 'vip'$$,
                  $$VALUES ('{Who,ResultType}'::text[], 'vip', NULL::text, NULL::interval, '{"query_period": "1 day"}'::jsonb)$$, 'columns that the user names');
DO $$ BEGIN PERFORM azhunt.add_rule('vip', options => '{"query_period": "10 days"}'); END $$;
SELECT pg_temp.run('vip');
SELECT is(pg_temp.last_run(), '2 new, 2 announced', 'know the rows');
SELECT results_eq($$SELECT details ->> 'ResultType', "time" FROM azhunt.matches WHERE rule = 'vip' ORDER BY 1$$,
                  $$VALUES ('1', now() - interval '1 minute'), ('50126', now() - interval '1 day')$$, 'of several the latest');
SELECT azhunt.add_kql_hunt('unnamed', 'SigninLogs | project TimeGenerated, IPAddress', '{"key": [null], "tactics": [null]}');
SELECT results_eq($$SELECT result_key, tactics FROM azhunt.hunts WHERE hunt = 'unnamed'$$, $$VALUES ('{TimeGenerated,IPAddress}'::text[], '{}'::text[])$$, 'a null is no name');
SELECT azhunt.add_kql_hunt('counted', 'SigninLogs | summarize n = count() by UserPrincipalName | where n > 3');
DO $$ BEGIN PERFORM azhunt.add_rule('counted', options => '{"query_period": "30 days"}'); END $$;
SELECT pg_temp.run('counted');
SELECT results_eq($$SELECT "time", details FROM azhunt.matches WHERE rule = 'counted'$$, $$VALUES (now(), '{"n": 4, "UserPrincipalName": "a@contoso.com"}'::jsonb)$$, 'without a time it is that of the run');
UPDATE azhunt.matches SET "time" = now() - interval '1 hour' WHERE rule = 'counted';
SELECT pg_temp.run('counted');
SELECT results_eq($$SELECT "time" FROM azhunt.matches WHERE rule = 'counted'$$, $$VALUES (now() - interval '1 hour')$$, 'which found it first');

-- rows of two tables that agree in the key
SELECT azhunt.add_kql_hunt('both', 'let f = (name:string) { table(name) | where TimeGenerated > ago(30d) | summarize n = count(), last = max(TimeGenerated) by UserPrincipalName };
union isfuzzy=true f("SigninLogs"), f("AADNonInteractiveUserSignInLogs") | where UserPrincipalName == "a@contoso.com"', '{"queryPeriod": "30d"}');
INSERT INTO azhunt.AADNonInteractiveUserSignInLogs (TimeGenerated, UserPrincipalName) VALUES (now() - interval '1 hour', 'a@contoso.com');
DO $$ BEGIN PERFORM azhunt.add_rule('both'); END $$;
SELECT pg_temp.run('both');
SELECT is(pg_temp.last_run(), '2 new, 2 announced', 'rows of two tables are two');
INSERT INTO azhunt.AADNonInteractiveUserSignInLogs (TimeGenerated, UserPrincipalName) VALUES (now(), 'a@contoso.com');
SELECT pg_temp.run('both');
SELECT is(pg_temp.last_run(), '0 new, 0 announced', 'and stay two');
SELECT results_eq($$SELECT details ->> 'n' FROM azhunt.matches WHERE rule = 'both' ORDER BY 1$$, $$VALUES ('2'), ('4')$$, 'with what they have now');
SELECT azhunt.add_kql_hunt('same', 'SigninLogs | project UserPrincipalName', '{"queryPeriod": "30d"}');
DO $$ BEGIN PERFORM azhunt.add_rule('same'); END $$;
SELECT pg_temp.run('same');
SELECT is(pg_temp.last_run(), '4 new, 4 announced', 'equal rows are one');

-- changed, and dropped
SELECT azhunt.add_kql_hunt('vip', 'SigninLogs | project TimeGenerated, Name = UserPrincipalName', '{"queryPeriod": "2h", "time": "TimeGenerated"}');
SELECT results_eq($$SELECT result_key, default_options FROM azhunt.hunts WHERE hunt = 'vip'$$, $$VALUES ('{TimeGenerated,Name}'::text[], '{"query_period": "02:00:00"}'::jsonb)$$, 'a hunt is changed');
SELECT throws_ok($$SELECT azhunt.drop_hunt('vip')$$, '2BP01', NULL, 'one that a rule runs stays');
DO $$ BEGIN PERFORM azhunt.drop_rule('vip'); PERFORM azhunt.drop_hunt('vip'); END $$;
SELECT is(concat(to_regclass('mine.vip'), to_regproc('mine.vip'), to_regproc('mine.vip_matches')), '', 'with a hunt go its view and functions');

-- errors
CREATE FUNCTION pg_temp.error_of(name text, query text, description jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text;
BEGIN
    PERFORM azhunt.add_kql_hunt(name, query, description);
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    RETURN concat(SQLSTATE, ' ', message);
END $$;
SELECT is(pg_temp.error_of(n, q, d::jsonb), e, e)
FROM (VALUES
    ('x', 'SigninLogs | nonsense', '{}', '42601 KQL query has an error at line 1, column 14: the operator nonsense is not supported'),
    ('x', 'print 1', '{}', '22023 the query reads no log table'),
    ('x', 'vips', '{}', '22023 the query reads no log table'),
    ('cloudshell_usage', 'SigninLogs', '{}', '42710 there is another hunt "cloudshell_usage"'),
    ('azhunt.x', 'SigninLogs', '{}', '22023 cannot add or change hunt "x" of schema azhunt'),
    ('a.b.c', 'SigninLogs', '{}', '42602 the name of a hunt has to be NAME or SCHEMA.NAME'),
    (repeat('x', 51), 'SigninLogs', '{}', '42622 hunt name "' || repeat('x', 51) || '" is longer than 50 bytes'),
    ('x', 'SigninLogs', '[]', '22023 description must be a JSON object, such as {"name": "...", "queryPeriod": "1d"}'),
    ('x', 'SigninLogs', '{"severity": "Mild"}', '22023 severity cannot be "Mild"'),
    ('x', 'SigninLogs', '{"queryPeriod": "1 month"}', '22023 queryPeriod cannot be "1 month"'),
    ('x', 'SigninLogs', '{"queryPeriod": "0h"}', '22023 queryPeriod cannot be "0h"'),
    ('x', 'SigninLogs', '{"queryFrequency": "soon"}', '22023 queryFrequency cannot be "soon"'),
    ('x', 'SigninLogs', '{"key": "Nobody"}', '42703 key names "Nobody", which is no column of the query'),
    ('x', 'SigninLogs', '{"time": "IPAddress"}', '42703 time names "IPAddress", which is no datetime column of the query')
) AS v (n, q, d, e);

-- nothing of a description or a name leaves its place
SELECT azhunt.add_kql_hunt('"o''clock; --"', 'SigninLogs | project ["a''b\"c"] = UserPrincipalName, ["$2"] = 1, TimeGenerated | where ["a''b\"c"] == "a@contoso.com"',
    '{"name": "''; DROP SCHEMA mine CASCADE; --", "description": "$1 %s {x}", "key": ["a''b\"c"], "entityMappings": [{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "a''b\"c"}]}]}');
DO $$ BEGIN PERFORM azhunt.add_rule('odd', 'o''clock; --'); END $$;
SELECT pg_temp.run('odd');
SELECT results_eq($$SELECT account, title FROM azhunt.matches AS m JOIN azhunt.rules AS r USING (rule) JOIN azhunt.hunts AS h USING (hunt) WHERE rule = 'odd'$$,
                  $$VALUES ('a@contoso.com', '''; DROP SCHEMA mine CASCADE; --')$$, 'names and texts stay what they are');

-- names that functions have inside
SELECT azhunt.add_kql_hunt('t1', 'SigninLogs | where UserPrincipalName startswith "a" | project since = TimeGenerated, until = IPAddress, query_period = 1, arrivals = "q", ["time"] = now(), account = "x", q = "y", details = UserPrincipalName',
                           '{"key": ["since", "details"], "queryPeriod": "30d"}');
DO $$ BEGIN PERFORM azhunt.add_rule('t1'); END $$;
SELECT pg_temp.run('t1');
SELECT results_eq($$SELECT count(*), min(details ->> 'arrivals'), min(details ->> 'q') FROM azhunt.matches WHERE rule = 't1'$$,
                  $$SELECT count(*), 'q', 'y' FROM azhunt.SigninLogs WHERE userprincipalname LIKE 'a%' AND timegenerated > now() - interval '30 days'$$, 'are names like others');

-- what a hunt has is not taken from another, nor from a user
CREATE TABLE taken ();
CREATE TYPE taken_type AS ENUM ('x');
CREATE FUNCTION taken_function_matches() RETURNS integer LANGUAGE sql RETURN 1;
SELECT azhunt.add_kql_hunt('pair', 'SigninLogs');
SELECT azhunt.add_kql_hunt('other_matches', 'SigninLogs');
SELECT throws_ok(format('SELECT azhunt.add_kql_hunt(%L, %L)', v.name, 'SigninLogs'), '42710', format('schema "%s" has a %s already, which hunt "%s" would have, too', current_schema(), v.what, v.name), v.name || ' is taken')
FROM (VALUES ('pair_matches', 'function pair_matches()'), ('other', 'function other_matches()'), ('taken', 'relation "taken"'), ('taken_type', 'type "taken_type"'), ('taken_function', 'function taken_function_matches()')) AS v (name, what);
SELECT lives_ok($$SELECT azhunt.add_kql_hunt('pair', 'SigninLogs')$$, 'a hunt has its own names again');

-- braces are no names
SELECT azhunt.add_kql_hunt('braces', 'SigninLogs | summarize n = count() by ["a{b}"] = UserPrincipalName', '{"name": "Of {{n}} and {n}"}');
SELECT is((SELECT azhunt.fill_in(summary, '{"n": 1}') FROM azhunt.hunts WHERE hunt = 'braces'), 'Of {{n}} and {n}', 'a title stays what it is');

-- random rows, in any order: each key is found once, by the first run that could
SELECT azhunt.add_kql_hunt('chance', 'AzureActivity | summarize n = count(), last = max(TimeGenerated) by Caller, h = bin(TimeGenerated, 1h) | where n > 2', '{"queryPeriod": "2d"}');
CREATE TEMP TABLE expected (caller text, h timestamptz, n bigint, run integer);
DO $$
BEGIN
    PERFORM azhunt.add_rule('chance');
    FOR i IN 1 .. 25 LOOP
        INSERT INTO azhunt.AzureActivity (TimeGenerated, Caller)
        SELECT now() - random() ^ 2 * interval '3 days', 'user' || floor(random() * 5) FROM generate_series(1, (random() * 40)::integer);
        INSERT INTO expected SELECT q."Caller", q.h, q.n, i FROM chance() AS q;
        PERFORM azhunt.run_rule_in_transaction('chance');
    END LOOP;
END $$;
SELECT cmp_ok((SELECT count(*) FROM expected), '>', 100::bigint, 'there are random rows');
SELECT results_eq($$SELECT m.details ->> 'Caller', (m.details ->> 'h')::timestamptz, (m.details ->> 'n')::bigint, dense_rank() OVER (ORDER BY m.run) FROM azhunt.matches AS m WHERE m.rule = 'chance' ORDER BY 1, 2$$,
                  $$SELECT e.caller, e.h, max(e.n), dense_rank() OVER (ORDER BY min(e.run)) FROM expected AS e GROUP BY 1, 2 ORDER BY 1, 2$$, 'each is found once, and has its latest count');
SELECT is((SELECT sum(new_matches) FROM azhunt.runs WHERE rule = 'chance'), (SELECT count(*)::numeric FROM azhunt.matches WHERE rule = 'chance'), 'and was announced once');

-- who asks a hunt reads with rights of their own, by whichever name
SELECT azhunt.add_kql_hunt('asked', 'AzureActivity | project TimeGenerated, Caller');
CREATE ROLE regress_azhunt_analyst;
GRANT USAGE ON SCHEMA azhunt, mine TO regress_azhunt_analyst;
GRANT SELECT ON asked TO regress_azhunt_analyst;
SET LOCAL ROLE regress_azhunt_analyst;
SELECT throws_ok('SELECT FROM asked', '42501', 'permission denied for table azureactivity', 'the view needs privileges on the log tables');
SELECT throws_ok('SELECT FROM asked()', '42501', 'permission denied for table azureactivity', 'as the function does');
RESET ROLE;
GRANT SELECT ON azhunt.azureactivity TO regress_azhunt_analyst;
ALTER TABLE azhunt.azureactivity ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON azhunt.azureactivity TO regress_azhunt_analyst USING (caller = 'user1');
SET LOCAL ROLE regress_azhunt_analyst;
SELECT results_eq('SELECT DISTINCT "Caller" FROM asked', '{user1}'::text[], 'the view shows what policies show the reader');
SELECT results_eq($$SELECT DISTINCT "Caller" FROM asked('4 days')$$, '{user1}'::text[], 'as the function does');
RESET ROLE;
SELECT set_eq('SELECT "Caller" FROM asked', 'SELECT caller FROM azhunt.azureactivity', 'others see more');

SELECT * FROM finish();
ROLLBACK;
