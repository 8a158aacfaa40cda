-- A week of logs of a company that does not exist, rules over them, and what
-- analysts did: for pictures of the dashboards, and for the tests that read them.
--
--   psql --set=ON_ERROR_STOP=1 --file=grafana/preview/seed.sql DATABASE
--
-- All times are before now.

BEGIN;
SELECT setseed(0.4);
SELECT count(*) AS log_tables FROM azhunt.create_log_tables();

CREATE TEMPORARY TABLE people AS
SELECT i, (ARRAY['adele', 'alex', 'diego', 'grady', 'henrietta', 'isaiah', 'johanna', 'lee', 'lidia', 'lynne', 'megan', 'miriam',
                 'nestor', 'patti', 'pradeep'])[i] || '@contoso.com' AS account,
       CASE WHEN i % 5 = 0 THEN '2001:db8:51::' || i ELSE '198.51.100.' || 10 + i END AS address,
       (ARRAY['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.3537.57',
              'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
              'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
              'azsdk-python-storage-blob/12.19.0 Python/3.11.9 (Linux-6.5.0-1025-azure-x86_64-with-glibc2.35)',
              'Microsoft Azure Storage Explorer, 1.40.0, win32, AzCopy/10.27.0'])[1 + i % 5] AS useragent,
       (ARRAY['Oslo', 'Seattle', 'Hyderabad', 'Toulouse'])[1 + i % 4] AS city,
       (ARRAY['NO', 'US', 'IN', 'FR'])[1 + i % 4] AS country
FROM generate_series(1, 15) AS i;

-- Uploads: more by day than by night.
CREATE TEMPORARY TABLE uploads AS
SELECT n, date_trunc('minute', now()) - interval '9 days' * (n / 420.0) - interval '9 minutes' AS t, 1 + (n * 7 + n / 11) % 15 AS person,
       (ARRAY['contosodata', 'contosobackup', 'contosoweb'])[1 + n % 3] AS account,
       (ARRAY['quarterly report.xlsx', 'customers.csv', 'build.zip', 'photo.jpg', 'contract.pdf', 'db.bak', 'install.ps1'])[1 + n % 7] AS file,
       n % 13 = 0 AS unlinked
FROM generate_series(1, 420) AS n
WHERE random() < CASE WHEN extract(hour FROM now() - interval '9 days' * (n / 420.0)) BETWEEN 7 AND 18 THEN 0.6 ELSE 0.15 END;

INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, accountname, calleripaddress, uri, useragentheader, correlationid, ingestedat)
SELECT u.t, 'PutBlob', 'Success', u.account, CASE WHEN p.address LIKE '%::%' THEN '[' || p.address || ']:443' ELSE p.address || ':' || 50000 + u.n END,
       format('https://%s.blob.core.windows.net:443/in/%s', u.account, replace(u.file, ' ', '%20')), p.useragent, md5('upload ' || u.n), u.t + interval '4 minutes'
FROM uploads AS u
JOIN people AS p ON p.i = u.person;

-- Who signed in moments before; one person changes the browser, two share an address.
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, location, locationdetails, resulttype, appdisplayname, correlationid, ingestedat)
SELECT u.t - make_interval(secs => 5 + u.n % 50), p.address, p.account, p.useragent, p.country,
       jsonb_build_object('city', p.city, 'countryOrRegion', p.country), '0', 'Azure Portal', md5('sign-in ' || u.n), u.t + interval '3 minutes'
FROM uploads AS u
JOIN people AS p ON p.i = u.person
WHERE NOT u.unlinked
UNION ALL
SELECT u.t - interval '20 seconds', p.address, 'svc-build@contoso.com', 'python-requests/2.32.3', p.country,
       jsonb_build_object('city', p.city, 'countryOrRegion', p.country), '0', 'Azure CLI', md5('second ' || u.n), u.t + interval '3 minutes'
FROM uploads AS u
JOIN people AS p ON p.i = u.person
WHERE u.person = 7;

-- Cloud Shells: one person for the first time.
INSERT INTO azhunt.azureactivity (timegenerated, caller, calleripaddress, operationnamevalue, activitystatusvalue, resourcegroup, ingestedat)
SELECT s.t, p.account, p.address, 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage-westeurope', s.t + interval '6 minutes'
FROM (SELECT n, date_trunc('hour', now()) - n * interval '7 hours' + interval '3 minutes' AS t, 2 + n % 4 AS person FROM generate_series(1, 27) AS n
      UNION ALL SELECT 28, now() - interval '8 minutes', 13) AS s
JOIN people AS p ON p.i = s.person;

INSERT INTO azhunt.azureactivity (timegenerated, caller, calleripaddress, operationnamevalue, activitystatusvalue, resourcegroup, ingestedat)
SELECT a.timegenerated + k * interval '40 seconds', a.caller, a.calleripaddress,
       (ARRAY['Microsoft.Compute/virtualMachines/write', 'Microsoft.Authorization/roleAssignments/write', 'Microsoft.KeyVault/vaults/secrets/read',
              'Microsoft.Resources/deployments/write', 'Microsoft.Compute/virtualMachines/runCommand/action'])[1 + (k + extract(day FROM a.timegenerated)::integer) % 5],
       'Success', 'web-production', a.timegenerated + k * interval '40 seconds' + interval '6 minutes'
FROM azhunt.azureactivity AS a
CROSS JOIN generate_series(1, 5) AS k
WHERE k <= 1 + extract(hour FROM a.timegenerated)::integer % 5;

-- One person sets a Cloud Shell up.
INSERT INTO azhunt.azureactivity (timegenerated, caller, calleripaddress, operationnamevalue, activitystatusvalue, resourcegroup, ingestedat)
SELECT now() - interval '9 minutes', 'nestor@contoso.com', '198.51.100.23', 'Microsoft.Storage/storageAccounts/write', 'Success',
       'cloud-shell-storage-westeurope', now() - interval '2 minutes';

-- Somebody deletes very much.
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, accountname, calleripaddress, uri, useragentheader, correlationid, ingestedat)
SELECT now() - interval '50 minutes' + n * interval '2 seconds', 'DeleteBlob', 'Success', 'contosobackup', '203.0.113.77:' || 40000 + n,
       'https://contosobackup.blob.core.windows.net:443/archive/2026/' || n || '.bak', 'AzCopy/10.27.0 (go1.23; linux)', md5('delete ' || n), now() - interval '40 minutes'
FROM generate_series(1, 140) AS n;
COMMIT;

-- A hunt of the administrator's own, which nothing here knows beforehand.
CREATE SCHEMA IF NOT EXISTS hunts;
CREATE FUNCTION hunts.role_assigned_matches(operation text, "window" interval, since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE
AS $$
    SELECT a.timegenerated, a.caller, a.calleripaddress, NULL::text, NULL::text,
           jsonb_build_object('ResourceGroup', a.resourcegroup, 'Operation', a.operationnamevalue)
    FROM azhunt.azureactivity AS a
    WHERE a.timegenerated BETWEEN since AND until AND a.operationnamevalue = operation
      AND azhunt.arrived_since(a.ingestxid, arrivals)
$$;
CREATE FUNCTION hunts.role_assigned(operation text DEFAULT 'Microsoft.Authorization/roleAssignments/write', "window" interval DEFAULT '0',
                                    since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS TABLE ("time" timestamptz, account text, address text)
LANGUAGE sql STABLE
AS $$SELECT m."time", m.account, m.address FROM hunts.role_assigned_matches(operation, "window", since, until, NULL) AS m$$;
CREATE FUNCTION hunts.role_assigned_log_rows(match azhunt.matches) RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE
AS $$SELECT 'azureactivity', to_jsonb(a) FROM azhunt.azureactivity AS a WHERE a.timegenerated = (match)."time" AND a.caller = (match).account$$;
SELECT azhunt.add_hunt('hunts.role_assigned', tables => '{azureactivity}', reach => 'window', result_key => '{account,ResourceGroup}',
                       title => 'Role assigned', description => 'Finds who gave somebody a role.',
                       summary => '{account} assigned roles in {ResourceGroup}', tactics => '{PrivilegeEscalation,Persistence}', techniques => '{T1098}');

SELECT azhunt.add_rule('storage_upload_link_account', severity => 'Medium', run_every => '10 minutes'),
       azhunt.add_rule('cloudshell_usage', severity => 'Low', run_every => '10 minutes'),
       azhunt.add_rule('new_cloudshell_user', severity => 'High', run_every => '1 hour'),
       azhunt.add_rule('storage_mass_deletion', severity => 'High', run_every => '1 hour'),
       azhunt.add_rule('role_assigned', severity => 'Informational', run_every => '1 day');
CALL azhunt.run_rule('storage_upload_link_account');
CALL azhunt.run_rule('cloudshell_usage');
CALL azhunt.run_rule('new_cloudshell_user');
CALL azhunt.run_rule('storage_mass_deletion');
CALL azhunt.run_rule('role_assigned');

-- What analysts thought of it: half of what was uploaded is looked at.
SELECT count(azhunt.set_status(r.result_id, (ARRAY['closed', 'investigating', 'closed', 'closed'])[1 + r.place % 4], 'seen',
                               (ARRAY['benign positive', NULL, 'false positive', 'true positive'])[1 + r.place % 4])) AS statuses
FROM (SELECT r.result_id, (row_number() OVER (ORDER BY r.time))::integer AS place, count(*) OVER () AS results FROM azhunt.results AS r WHERE r.severity <> 'High') AS r
WHERE r.place < r.results * 0.7;

-- The runs of two days, so that the rows that came in have a shape.
INSERT INTO azhunt.runs (run, rule, started, finished, status, rows_read, new_matches, run_by)
SELECT -n, r.rule, now() - n * interval '10 minutes', now() - n * interval '10 minutes' + interval '1 second', 'succeeded',
       (SELECT jsonb_object_agg(t.name, 40 + (n * 7 + length(t.name)) % 90) FROM unnest(h.tables) AS t (name)), 0, current_user
FROM azhunt.rules AS r
JOIN azhunt.hunts AS h ON h.hunt = r.hunt
CROSS JOIN generate_series(3, 288) AS n
WHERE r.rule = 'storage_upload_link_account';
