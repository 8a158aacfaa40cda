-- cloudshell_usage.sql
--
-- The hunt for Cloud Shell usage against a literal translation of the
-- published query into SQL with nothing but what PostgreSQL brings, over two
-- million rows of seven days.

\echo Making data for the hunt for Cloud Shell usage ...
SET TimeZone = 'UTC';
SELECT setseed(0.5) \g /dev/null

SELECT azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_partitions('azhunt.azureactivity', '2026-01-10', '2026-01-17') \g /dev/null

-- 1,800 people and 200 service principals, some far busier than others.  One
-- row in a hundred is a service principal that lists the keys of a storage
-- account, one in 4,683 the start of a Cloud Shell.
INSERT INTO azhunt.azureactivity (
    timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup, calleripaddress, categoryvalue,
    correlationid, eventdataid, level, resourceid, resourceprovidervalue, subscriptionid)
SELECT r.timegenerated,
       CASE WHEN r.by_person THEN format('user%s@contoso.com', floor(1800 * power(r.who, 3)))
            ELSE gen.guids[1 + floor(200 * power(r.who, 3))::integer] END,
       CASE WHEN r.lists_keys AND r.who < 0.5 THEN 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION'
            WHEN r.lists_keys THEN 'Microsoft.Storage/storageAccounts/listKeys/action'
            WHEN r.what % 3 = 0 THEN upper(o.operation)
            ELSE o.operation END,
       CASE WHEN r.starts_shell THEN 'Success'
            ELSE (ARRAY['Start', 'Success', 'Success', 'Accept', 'Failure'])[1 + floor(random() * 5)::integer] END,
       CASE WHEN r.starts_shell THEN 'cloud-shell-storage-' || (ARRAY['westeurope', 'eastus', 'southeastasia'])[1 + r.what % 3]
            ELSE format('rg-%s-%s', (ARRAY['payroll', 'network', 'analytics', 'shared'])[1 + r.what % 4], r.what % 60) END,
       format('198.51.100.%s', floor(random() * 256)),
       'Administrative',
       gen_random_uuid(),
       gen_random_uuid(),
       'Informational',
       format('/subscriptions/00000000-0000-0000-0000-0000000000%s/resourceGroups/rg-%s/providers/Microsoft.Compute'
              '/virtualMachines/vm-%s', 10 + r.what % 20, r.what % 60, floor(random() * 5000)),
       'MICROSOFT.COMPUTE',
       format('00000000-0000-0000-0000-0000000000%s', 10 + r.what % 20)
FROM (
    SELECT timestamptz '2026-01-10 00:00 UTC' + i * (interval '7 days' / (2 * :rows + 1)) AS timegenerated,
           i % 4683 = 0 AS starts_shell,
           i % 4683 = 0 OR i % 100 = 1 AS lists_keys,
           i % 4683 = 0 OR i % 100 <> 1 AND random() < 0.6 AS by_person,
           random() AS who,
           floor(300 * power(random(), 3))::integer AS what
    FROM generate_series(1, 2 * :rows) AS i
) AS r
CROSS JOIN (SELECT array_agg(md5(i::text)::uuid::text) AS guids FROM generate_series(1, 200) AS i) AS gen
CROSS JOIN LATERAL format((ARRAY['Microsoft.Compute/virtualMachines/extensions%s/write',
                                 'Microsoft.Storage/storageAccounts/blobServices%s/write',
                                 'Microsoft.Network/networkSecurityGroups/securityRules%s/delete',
                                 'Microsoft.Authorization/roleAssignments%s/write'])[1 + r.what % 4],
                          r.what) AS o (operation);

VACUUM ANALYZE azhunt.azureactivity;
CALL bench.warm('{azhunt.azureactivity}');

-- The published query, word for word.
CREATE FUNCTION bench.cloudshell_usage_literal(lookback text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN format($query$
    SELECT caller, timekey, set_operationnamevalue, timekey AS "timestamp", caller AS accountcustomentity
    FROM (
        SELECT DISTINCT caller, date_bin('1 hour', timegenerated, '0001-01-01 00:00 UTC') AS timekey
        FROM azhunt.azureactivity
        WHERE lower(activitystatusvalue) = lower('Success')
          AND resourcegroup ~* '\mcloud-shell-storage\M'
          AND lower(operationnamevalue) = lower('Microsoft.Storage/storageAccounts/listKeys/action')
    ) AS shell
    JOIN (
        SELECT caller, date_bin('1 hour', timegenerated, '0001-01-01 00:00 UTC') AS timekey,
               jsonb_agg(DISTINCT operationnamevalue) AS set_operationnamevalue
        FROM azhunt.azureactivity
        WHERE timegenerated >= timestamptz '2026-01-17 00:00 UTC' - interval '%s'
          AND lower(operationnamevalue) <> lower('Microsoft.Storage/storageAccounts/listKeys/action')
          AND operationnamevalue <> ''
        GROUP BY 1, 2
    ) AS usage USING (caller, timekey)
$query$, lookback);

\echo Measuring the hunt for Cloud Shell usage ...
CALL bench.check_same_answer(
    $$SELECT * FROM azhunt.cloudshell_usage('1 day', as_of => '2026-01-17 00:00 UTC')$$,
    bench.cloudshell_usage_literal('1 day'));
CALL bench.measure_queries('Cloud Shell usage, 1 day of 7',
    'azhunt.cloudshell_usage()', $$SELECT * FROM azhunt.cloudshell_usage('1 day', as_of => '2026-01-17 00:00 UTC')$$,
    'the published query in SQL', bench.cloudshell_usage_literal('1 day'), 1 / 100.0);

CALL bench.check_same_answer(
    $$SELECT * FROM azhunt.cloudshell_usage('7 days', as_of => '2026-01-17 00:00 UTC')$$,
    bench.cloudshell_usage_literal('7 days'));
CALL bench.measure_queries('Cloud Shell usage, 7 days of 7',
    $$azhunt.cloudshell_usage('7 days')$$, $$SELECT * FROM azhunt.cloudshell_usage('7 days', as_of => '2026-01-17 00:00 UTC')$$,
    'the published query in SQL', bench.cloudshell_usage_literal('7 days'), 1 / 100.0);
