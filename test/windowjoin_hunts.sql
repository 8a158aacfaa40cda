-- azhunt.cloudshell_sessions() against its definition, on random data and at
-- the edges of its windows; and the windowed join in the plans of all hunts.

BEGIN;
SELECT plan(21);

SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SELECT azhunt.create_log_tables() \g /dev/null

-- a session that crosses the hour
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup) VALUES
    ('2026-03-02 10:55Z', 'ada@contoso.com', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION', 'Success', 'cloud-shell-storage-westeurope'),
    ('2026-03-02 10:54:59.999999Z', 'ada@contoso.com', 'before', 'Success', 'a'),
    ('2026-03-02 10:55Z', 'ada@contoso.com', 'at the start', 'Success', 'a'),
    ('2026-03-02 11:05Z', 'ada@contoso.com', 'in the next hour', 'Failure', NULL),
    ('2026-03-02 11:05Z', 'ada@contoso.com', 'in the next hour', 'Success', NULL),
    ('2026-03-02 11:06Z', 'bob@contoso.com', 'by another', 'Success', NULL),
    ('2026-03-02 11:55Z', 'ada@contoso.com', 'at the end', 'Success', NULL),
    ('2026-03-02 11:55:00.000001Z', 'ada@contoso.com', 'after', 'Success', NULL),
    ('2026-03-02 10:55Z', 'eve@contoso.com', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION', 'Start', 'cloud-shell-storage-westeurope'),
    ('2026-03-02 10:56Z', 'eve@contoso.com', 'by one without a shell', 'Success', NULL);

SELECT results_eq(
    $$SELECT * FROM azhunt.cloudshell_sessions(as_of => '2026-03-02 13:00Z')$$,
    $$VALUES ('ada@contoso.com'::text, '2026-03-02 10:55Z'::timestamptz, '["at the end", "at the start", "in the next hour"]'::jsonb, 4::bigint,
              '2026-03-02 11:55Z'::timestamptz, '2026-03-02 10:55Z'::timestamptz, 'ada@contoso.com'::text)$$,
    'an hour from the start of the shell, with both its ends');
-- each record twice
SAVEPOINT once;
INSERT INTO azhunt.azureactivity SELECT * FROM azhunt.azureactivity;
SELECT results_eq(
    $$SELECT operations FROM azhunt.cloudshell_sessions(as_of => '2026-03-02 13:00Z')$$,
    $$VALUES (4::bigint)$$, 'a record that came twice counts once');
-- and others that differ in one column only, or have none
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup) VALUES
    ('2026-03-02 11:05Z', 'ada@contoso.com', 'in the next hour', 'Success', 'b'),
    ('2026-03-02 11:05Z', 'ada@contoso.com', 'in the next hour', NULL, NULL),
    ('2026-03-02 11:05Z', 'ada@contoso.com', 'in the next hour', NULL, NULL),
    ('2026-03-02 11:05Z', 'ada@contoso.com', 'another', NULL, NULL);
SELECT results_eq(
    $$SELECT operations FROM azhunt.cloudshell_sessions(as_of => '2026-03-02 13:00Z')$$,
    $$VALUES (7::bigint)$$, 'and one that differs counts');
ROLLBACK TO once;

SELECT results_eq(
    $$SELECT set_operationnamevalue FROM azhunt.cloudshell_sessions('59 minutes 59.999999 seconds', as_of => '2026-03-02 13:00Z')$$,
    $$VALUES ('["at the start", "in the next hour"]'::jsonb)$$, 'a shorter window');
SELECT results_eq(
    $$SELECT set_operationnamevalue FROM azhunt.cloudshell_sessions('0', as_of => '2026-03-02 13:00Z')$$,
    $$VALUES ('["at the start"]'::jsonb)$$, 'a window of no length');
SELECT results_eq(
    $$SELECT set_operationnamevalue FROM azhunt.cloudshell_sessions(as_of => '2026-03-02 11:54:59.999999Z')$$,
    $$VALUES ('["at the start", "in the next hour"]'::jsonb)$$, 'nothing after as_of');
SELECT is_empty($$SELECT * FROM azhunt.cloudshell_sessions(as_of => '2026-03-02 12:00Z', lookback => '1 hour')$$,
                'no start before the lookback');

SELECT throws_ok($$SELECT * FROM azhunt.cloudshell_sessions(NULL)$$, '22004', 'window must not be null');
SELECT throws_ok($$SELECT * FROM azhunt.cloudshell_sessions('-1 hour')$$, '22023', 'window must not be negative');
SELECT throws_ok($$SELECT * FROM azhunt.cloudshell_sessions('1 month')$$, '22023', 'window must not contain months or years');
SELECT throws_ok($$SELECT * FROM azhunt.cloudshell_sessions(lookback => NULL)$$, '22004', 'lookback must not be null');

-- random data, by any plan
SELECT setseed(0.75);
TRUNCATE azhunt.azureactivity;
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
SELECT '2026-03-02'::timestamptz + floor(random() * 20000) * interval '1 second',
       (ARRAY[NULL, '', 'ada@contoso.com', 'bob@contoso.com', 'Bob@contoso.com'])[1 + floor(random() * 5)::integer],
       CASE WHEN random() < 0.1 THEN 'Microsoft.Storage/storageAccounts/listKeys/action'
            ELSE (ARRAY['write', 'delete', 'read', '', NULL])[1 + floor(random() * 5)::integer] END,
       (ARRAY['Success', 'succeeded', 'Start', NULL])[1 + floor(random() * 4)::integer],
       (ARRAY['cloud-shell-storage-westeurope', 'CLOUD-SHELL-STORAGE', 'cloud-shell-storage2', NULL])[1 + floor(random() * 4)::integer]
FROM generate_series(1, 3000);
INSERT INTO azhunt.azureactivity SELECT * FROM azhunt.azureactivity WHERE timegenerated < '2026-03-02 03:00Z';
ANALYZE azhunt.azureactivity;

CREATE TABLE expected AS
SELECT coalesce(s.caller, '') AS caller, s.timegenerated AS start_time,
       jsonb_agg(DISTINCT a.operationnamevalue ORDER BY a.operationnamevalue) AS set_operationnamevalue,
       count(DISTINCT concat_ws('|', a.timegenerated, a.operationnamevalue, coalesce(a.activitystatusvalue, '-'), coalesce(a.resourcegroup, '-'))) AS operations,
       max(a.timegenerated) AS last_operation
FROM azhunt.azureactivity AS s
JOIN azhunt.azureactivity AS a ON coalesce(a.caller, '') = coalesce(s.caller, '')
 AND a.timegenerated BETWEEN s.timegenerated AND s.timegenerated + interval '10 minutes'
WHERE lower(s.operationnamevalue) = 'microsoft.storage/storageaccounts/listkeys/action'
  AND lower(s.activitystatusvalue) IN ('success', 'succeeded') AND s.resourcegroup ~* '^cloud-shell-storage($|-)'
  AND s.timegenerated >= '2026-03-02 01:00Z'
  AND lower(a.operationnamevalue) NOT IN ('', 'microsoft.storage/storageaccounts/listkeys/action')
  AND a.timegenerated <= '2026-03-02 05:00Z'
GROUP BY 1, 2;

PREPARE found AS
SELECT caller, start_time, set_operationnamevalue, operations, last_operation
FROM azhunt.cloudshell_sessions('10 minutes', '4 hours', as_of => '2026-03-02 05:00Z');
SELECT bag_eq('found', 'TABLE expected', 'random data');
SET LOCAL enable_nestloop = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SELECT bag_eq('found', 'TABLE expected', 'random data with the windowed join');

--
-- plans
--

\ir lib/plan_of.sql
CREATE FUNCTION has_windowed_join(query text) RETURNS boolean LANGUAGE sql
RETURN plan_of(query) ~ 'Custom Scan \(AzhuntWindow(Join|Merge)\)';

-- whatever the arguments are: known to the planner, known later, or not at all
SELECT ok(has_windowed_join('SELECT * FROM azhunt.' || call), call)
FROM (VALUES ('cloudshell_sessions()'), ('cloudshell_usage()'), ('storage_upload_link_account()'),
             ('storage_upload_link_account(match_user_agent => false)'),
             ('storage_upload_link_account(since => now() - interval ''1 day'', until => now())')) AS v (call);
PREPARE generic(interval, timestamptz) AS SELECT * FROM azhunt.storage_upload_link_account($1, since => $2);
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT ok(has_windowed_join('EXECUTE generic(''1 minute'', now())'), 'a generic plan');
SET LOCAL azhunt.enable_windowmerge = off;
SELECT ok(has_windowed_join('EXECUTE generic(''1 minute'', now())'), 'also without the merge of indexes');
SET LOCAL azhunt.enable_windowjoin = off;
SELECT ok(NOT has_windowed_join('EXECUTE generic(''1 minute'', now())'), 'but not when it is disabled');

SELECT * FROM finish();
ROLLBACK;
