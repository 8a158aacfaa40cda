-- The two hunts as their published text, compiled, against the hunts themselves
-- on random logs, with what both know: uploads over IPv4 with an address, and one
-- spelling of success.  The first has kind=inner written into its join, as the
-- hunt has.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TIME ZONE 'America/New_York';
SELECT plan(14);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;

INSERT INTO azhunt.StorageBlobLogs (TimeGenerated, OperationName, StatusText, CallerIpAddress, Uri, UserAgentHeader)
SELECT now() - random() * interval '2 hours', (ARRAY['PutBlob', 'PUTRANGE', 'GetBlob'])[1 + floor(random() * 3)],
    (ARRAY['Success', 'success', 'Other'])[1 + floor(random() * 3)], '203.0.113.' || floor(random() * 4) || ':' || n,
    'https://h/c/' || floor(random() * 9) || '?x', (ARRAY['Edge', 'edge', '', NULL])[1 + floor(random() * 4)]
FROM generate_series(1, 400) AS n;
INSERT INTO azhunt.StorageFileLogs (TimeGenerated, OperationName, StatusText, CallerIpAddress, Uri, UserAgentHeader)
SELECT TimeGenerated + random() * interval '10 seconds', 'PutRange', StatusText, CallerIpAddress, Uri, UserAgentHeader FROM azhunt.StorageBlobLogs LIMIT 100;
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent)
SELECT now() - random() * interval '2 hours', 'user' || floor(random() * 5), '203.0.113.' || floor(random() * 5), (ARRAY['EDGE', 'Firefox', '', NULL])[1 + floor(random() * 4)]
FROM generate_series(1, 2000);
-- both ends of the window
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent)
SELECT TimeGenerated - d, 'edge', split_part(CallerIpAddress, ':', 1), UserAgentHeader
FROM azhunt.StorageBlobLogs CROSS JOIN unnest('{0,1 minute,1 minute 1 microsecond,-1 microsecond}'::interval[]) AS d WHERE Uri LIKE '%1?x';
INSERT INTO azhunt.AzureActivity (TimeGenerated, Caller, OperationNameValue, ActivityStatusValue, ResourceGroup)
SELECT now() - random() * interval '30 hours', (ARRAY['a@contoso.com', 'A@contoso.com', 'b@contoso.com', '', NULL])[1 + floor(random() * 5)],
    (ARRAY['Microsoft.Storage/storageAccounts/listKeys/action', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION', 'x/write', 'X/write', 'y/delete', '', NULL])[1 + floor(random() * 7)],
    (ARRAY['Success', 'SUCCESS', 'Start'])[1 + floor(random() * 3)], (ARRAY['cloud-shell-storage-westeurope', 'rg', NULL])[1 + floor(random() * 3)]
FROM generate_series(1, 600);
ANALYZE azhunt.StorageBlobLogs, azhunt.StorageFileLogs, azhunt.SigninLogs, azhunt.AzureActivity;

SELECT azhunt.create_kql_view('pg_temp.published_upload', $kql$
//Period of time to look back in signin logs
let lookback = 1m;
let TargetFile = "mimikatz.exe"; //Example
union
StorageFileLogs,
StorageBlobLogs
//Collect file uploads
| where StatusText =~ "Success"
| where OperationName =~ "PutBlob" or OperationName =~ "PutRange"
| extend FileName = extract(@"\/([\w\-. ]+)\?", 1, Uri)
//Caller IP has the port appended, remove it
| extend CallerIpAddress = tostring(split(CallerIpAddress, ":", 0)[0])
| extend FileUploadTime = TimeGenerated
| extend WindowStart = FileUploadTime - lookback
| join kind=inner (
    SigninLogs
    | project AzureLoginTime=TimeGenerated, UserPrincipalName, IPAddress, LoginUserAgent=UserAgent
) on $left.CallerIpAddress == $right.IPAddress
| where AzureLoginTime between (WindowStart .. FileUploadTime)
| project AccountUsed=UserPrincipalName, AzureLoginTime, OperationName, FileUploadPath=Uri, CallerIpAddress, LoginUserAgent, UploadUserAgent=UserAgentHeader
| where LoginUserAgent =~ UploadUserAgent
| extend p = pack("AccountUsed", AccountUsed, "IPUsed", CallerIpAddress, "AzureLoginTime", AzureLoginTime, "UserAgent", LoginUserAgent)
| summarize LoginEvents=make_bag(p) by FileUploadPath, OperationName, UploadUserAgent
$kql$);
SELECT azhunt.create_kql_view('pg_temp.published_shell', $kql$
AzureActivity
   | where ActivityStatusValue =~ "Success"
   | where ResourceGroup has "cloud-shell-storage"
   | where OperationNameValue =~ "Microsoft.Storage/storageAccounts/listKeys/action"
   // Change the timekey scope below to get activity for a longer window
   | summarize by Caller, timekey= bin(TimeGenerated, 1h)
   | join (AzureActivity | where TimeGenerated >= ago(1d)
   | where OperationNameValue !~ "Microsoft.Storage/storageAccounts/listKeys/action"
   | where isnotempty(OperationNameValue)
   | summarize make_set(OperationNameValue) by Caller, timekey=bin(TimeGenerated, 1h)) on Caller, timekey
   | extend timestamp = timekey, AccountCustomEntity = Caller
$kql$);

CREATE TEMP VIEW upload AS SELECT fileuploadpath, operationname, useragentheader FROM (SELECT * FROM azhunt.storage_upload_link_account()) AS h (fileuploadpath, operationname, useragentheader);
SELECT cmp_ok((SELECT count(*) FROM upload), '>', 10::bigint, 'there are uploads with sign-ins');
SELECT is_empty('SELECT * FROM upload EXCEPT ALL SELECT "FileUploadPath", "OperationName", "UploadUserAgent" FROM published_upload', 'the text finds what the hunt does');
SELECT is_empty('SELECT "FileUploadPath", "OperationName", "UploadUserAgent" FROM published_upload EXCEPT ALL SELECT * FROM upload', 'and nothing else');

CREATE TEMP VIEW shell AS SELECT caller, timekey, set_operationnamevalue, "timestamp", accountcustomentity FROM azhunt.cloudshell_usage();
SELECT cmp_ok((SELECT count(*) FROM shell), '>', 5::bigint, 'there are Cloud Shells');
SELECT is_empty('SELECT * FROM shell EXCEPT ALL SELECT "Caller", "timekey", "set_OperationNameValue", "timestamp", "AccountCustomEntity" FROM published_shell', 'the text finds what the hunt does');
SELECT is_empty('SELECT "Caller", "timekey", "set_OperationNameValue", "timestamp", "AccountCustomEntity" FROM published_shell EXCEPT ALL SELECT * FROM shell', 'and nothing else');

\ir lib/plan_of.sql
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_nestloop = off;
SELECT matches(plan_of('SELECT * FROM published_upload'), 'AzhuntWindowJoin', 'the windowed join serves the text');
SELECT matches(plan_of(azhunt.kql_to_sql('SigninLogs | project t = TimeGenerated, IPAddress | join kind=inner (StorageBlobLogs | project u = TimeGenerated, IPAddress = CallerIpAddress) on IPAddress | where ' || w)),
    'AzhuntWindowJoin', 'and ' || w)
FROM unnest('{"t <= u and t >= u - 1h","u - t between (0s .. 1h)","t <= u | where t >= u - 1h","t >= u - 1h | extend x = 1 | where IPAddress != \"\" and t < u"}'::text[]) AS c (w);
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;
SELECT is((SELECT count(*) FROM (
    SELECT b, count(*) FROM azhunt.kql('SigninLogs | project t = TimeGenerated, a = IPAddress | join kind=inner (StorageBlobLogs | project u = TimeGenerated, a = tostring(split(CallerIpAddress, ":")[0])) on a '
                                       || w) AS r (b) GROUP BY b) AS q),
          (SELECT count(*) FROM (SELECT DISTINCT s.timegenerated, s.ipaddress, b.timegenerated FROM azhunt.signinlogs AS s JOIN azhunt.storagebloblogs AS b
                                 ON split_part(b.calleripaddress, ':', 1) = s.ipaddress
                                 AND s.timegenerated < b.timegenerated AND s.timegenerated >= b.timegenerated - interval '1 minute') AS q),
          'two conditions mean what they say')
FROM (VALUES ('| where t >= u - 1m | where t < u')) AS v (w);

-- the bare column and the constant are where an index on it can serve
CREATE INDEX ON azhunt.SigninLogs (UserPrincipalName);
SET LOCAL enable_seqscan = off;
SELECT matches(plan_of(azhunt.kql_to_sql('SigninLogs | where UserPrincipalName == "user1" | project IPAddress')), 'userprincipalname_idx', 'an index serves a comparison');
SELECT matches(plan_of(azhunt.kql_to_sql('SigninLogs | where UserPrincipalName in ("user1", "user2") | extend x = strlen(IPAddress) | where x > 3')), 'userprincipalname_idx', 'and a list');

SELECT * FROM finish();
ROLLBACK;
