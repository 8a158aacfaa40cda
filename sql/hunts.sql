--
-- Both hunts, on logs that can be followed by eye
--
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TIME ZONE 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
\pset null '(null)'
DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;

-- no logs, no answer
SELECT * FROM azhunt.storage_upload_link_account();
SELECT * FROM azhunt.cloudshell_usage();

--
-- Who signed in from the address that uploaded a file?
--
INSERT INTO azhunt.StorageBlobLogs
    (TimeGenerated, OperationName, StatusText, StatusCode, CallerIpAddress, Uri, UserAgentHeader, CorrelationId) VALUES
    ('2026-03-02 10:00:00Z', 'PutBlob', 'Success', '201', '203.0.113.7:50123',
     'https://contosodata.blob.core.windows.net:443/in/report.docx?sv=2024-11-04', 'Mozilla/5.0', 'c1');
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent, ResultType, AppDisplayName) VALUES
    -- a minute before, to the microsecond: the window has both ends
    ('2026-03-02 09:58:59.999999Z', 'early@contoso.com', '203.0.113.7', 'Mozilla/5.0', '0', 'Azure Portal'),
    ('2026-03-02 09:59:00Z', 'start@contoso.com', '203.0.113.7', 'MOZILLA/5.0', '0', 'Azure Portal'),
    ('2026-03-02 09:59:30Z', 'failed@contoso.com', '203.0.113.7', 'Mozilla/5.0', '50126', 'Azure Portal'),
    ('2026-03-02 10:00:00Z', 'end@contoso.com', '203.0.113.7', 'Mozilla/5.0', '0', 'Azure Portal'),
    ('2026-03-02 10:00:00.000001Z', 'late@contoso.com', '203.0.113.7', 'Mozilla/5.0', '0', 'Azure Portal'),
    -- another address, another user agent
    ('2026-03-02 09:59:30Z', 'neighbour@contoso.com', '203.0.113.8', 'Mozilla/5.0', '0', 'Azure Portal'),
    ('2026-03-02 09:59:30Z', 'other-browser@contoso.com', '203.0.113.7', 'Mozilla/4.0', '0', 'Azure Portal');
INSERT INTO azhunt.AADNonInteractiveUserSignInLogs
    (TimeGenerated, UserPrincipalName, IPAddress, UserAgent, ResultType, AppDisplayName) VALUES
    ('2026-03-02 09:59:45Z', 'token@contoso.com', '203.0.113.7', 'Mozilla/5.0', '0', 'Azure Storage');
INSERT INTO azhunt.AADServicePrincipalSignInLogs
    (TimeGenerated, ServicePrincipalName, ServicePrincipalId, IPAddress, UserAgent, ResultType) VALUES
    ('2026-03-02 09:59:40Z', 'backup-app', '6f1e0c52-40a5-4b7f-9d0e-2a61c8f4b3d7', '203.0.113.7', 'Mozilla/5.0', '0'),
    ('2026-03-02 09:59:41Z', 'backup-app', NULL, '203.0.113.7', 'Mozilla/5.0', '7000215');
INSERT INTO azhunt.AADManagedIdentitySignInLogs
    (TimeGenerated, ServicePrincipalName, ServicePrincipalId, IPAddress, UserAgent, ResultType) VALUES
    ('2026-03-02 09:59:42Z', '', '2c9a77d1-0b7e-4c55-8a3d-91f6e0b2d4c8', '203.0.113.7', 'Mozilla/5.0', '0'),
    ('2026-03-02 09:59:43Z', NULL, '', '203.0.113.7', 'Mozilla/5.0', '0');

\x
SELECT * FROM azhunt.storage_upload_link_account();
\x
SELECT accounts FROM azhunt.storage_upload_link_account(lookback => '60.000001 seconds');
SELECT accounts FROM azhunt.storage_upload_link_account(lookback => '59.999999 seconds');
SELECT accounts FROM azhunt.storage_upload_link_account(lookback => '0');
SELECT accounts FROM azhunt.storage_upload_link_account(match_user_agent => false);
SELECT accounts FROM azhunt.storage_upload_link_account(include_noninteractive => true);
SELECT accounts FROM azhunt.storage_upload_link_account(successful_only => true);
SELECT unnest(accounts) AS account FROM azhunt.storage_upload_link_account(include_service_principals => true);
SELECT userprincipalname, resulttype, appdisplayname, isinteractive
FROM azhunt.signins(include_service_principals => true) WHERE NOT isinteractive ORDER BY timegenerated;
SELECT accounts FROM azhunt.storage_upload_link_account(
    '1 day', 'REPORT.docx', false, '{putblob}', true, true, true, '2026-03-02 10:00:00Z', '2026-03-02 10:00:00Z');

-- the period is that of the uploads: sign-ins before it count, and both ends belong to it
SELECT accounts FROM azhunt.storage_upload_link_account(since => '2026-03-02 10:00:00Z');
SELECT accounts FROM azhunt.storage_upload_link_account(since => '2026-03-02 10:00:00.000001Z');
SELECT accounts FROM azhunt.storage_upload_link_account(until => '2026-03-02 10:00:00Z');
SELECT accounts FROM azhunt.storage_upload_link_account(until => '2026-03-02 09:59:59.999999Z');

-- what an upload brings that is logged again, and what a second one brings
INSERT INTO azhunt.StorageBlobLogs SELECT * FROM azhunt.StorageBlobLogs;
INSERT INTO azhunt.SigninLogs SELECT * FROM azhunt.SigninLogs;
INSERT INTO azhunt.StorageBlobLogs
    (TimeGenerated, OperationName, StatusText, CallerIpAddress, Uri, UserAgentHeader, CorrelationId) VALUES
    ('2026-03-02 10:00:10Z', 'PutBlob', 'Success', '203.0.113.8:50124',
     'https://contosodata.blob.core.windows.net:443/in/report.docx?sv=2024-11-04', 'Mozilla/5.0', 'c2'),
    -- another operation and another query string are other rows
    ('2026-03-02 10:00:00Z', 'putblob', 'Success', '203.0.113.7:50123',
     'https://contosodata.blob.core.windows.net:443/in/report.docx?sv=2024-11-04', 'Mozilla/5.0', 'c3'),
    ('2026-03-02 10:00:00Z', 'PutBlob', 'Success', '203.0.113.7:50123',
     'https://contosodata.blob.core.windows.net:443/in/report.docx?sv=2025-01-05', 'Mozilla/5.0', 'c4');
SELECT fileuploadpath, operationname, accounts, jsonb_array_length(logins) AS logins, uploads, first_upload, last_upload,
       loginevents ->> 'AccountUsed' AS latest
FROM azhunt.storage_upload_link_account() ORDER BY fileuploadpath, operationname COLLATE "C";
-- of sign-ins at the same time from two addresses the one from the greater address is the latest
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent)
SELECT '2026-03-02 10:00:00Z', 'end@contoso.com', '203.0.113.8', 'Mozilla/5.0';
SELECT jsonb_path_query_array(logins, '$[*].IPUsed') AS addresses, loginevents ->> 'IPUsed' AS latest
FROM azhunt.storage_upload_link_account() WHERE uploads = 2;

--
-- What counts as a successful upload, and its file
--
TRUNCATE azhunt.StorageBlobLogs, azhunt.SigninLogs, azhunt.AADNonInteractiveUserSignInLogs,
    azhunt.AADServicePrincipalSignInLogs, azhunt.AADManagedIdentitySignInLogs;
INSERT INTO azhunt.StorageBlobLogs (TimeGenerated, OperationName, StatusText, StatusCode, Uri) VALUES
    ('2026-03-02 01:00Z', 'PutBlob', 'Success', '201', 'success'),
    ('2026-03-02 02:00Z', 'pUTbLOB', 'SUCCEEDED', '201', 'case of status and operation'),
    ('2026-03-02 03:00Z', 'PutBlob', 'SASSuccess', '201', 'no: the name that is in old documents'),
    ('2026-03-02 04:00Z', 'PutBlob', 'ConditionNotMet', '412', 'no: failed'),
    ('2026-03-02 05:00Z', 'PutBlob', NULL, '0', 'no text, code 0, as SMB and NFS have it'),
    ('2026-03-02 06:00Z', 'PutBlob', '', '0', 'empty text, code 0'),
    ('2026-03-02 07:00Z', 'PutBlob', NULL, '-1073741536', 'no: an NTSTATUS'),
    ('2026-03-02 08:00Z', 'PutBlob', NULL, NULL, 'no: neither text nor code'),
    ('2026-03-02 09:00Z', 'PutBlob', 'ServerBusy', '0', 'no: a text that says otherwise'),
    ('2026-03-02 10:00Z', 'GetBlob', 'Success', '200', 'no: a download'),
    ('2026-03-02 11:00Z', NULL, 'Success', '200', 'no: no operation'),
    ('2026-03-02 12:00Z', 'PutBlockList', 'Success', '201', 'not by default');
INSERT INTO azhunt.StorageFileLogs (TimeGenerated, OperationName, StatusText, StatusCode, Uri) VALUES
    ('2026-03-02 13:00Z', 'PutRange', 'Success', '201', 'a file'),
    ('2026-03-02 14:00Z', 'Write', NULL, '0', 'not by default: SMB'),
    ('2026-03-02 15:00Z', 'Nfs4Write', NULL, '0', 'not by default: NFS');
SELECT uri FROM azhunt.uploads() ORDER BY timegenerated;
SELECT uri FROM azhunt.uploads(operations => '{PutBlockList,WRITE,nfs4write}') ORDER BY timegenerated;

TRUNCATE azhunt.StorageBlobLogs, azhunt.StorageFileLogs;
INSERT INTO azhunt.StorageBlobLogs (TimeGenerated, OperationName, StatusText, Uri)
SELECT '2026-03-02 00:00Z'::timestamptz + number * interval '1 minute', 'PutBlob', 'Success', uri
FROM (VALUES
    (1, 'https://contosodata.blob.core.windows.net:443/in/mimikatz.exe?sv=2024-11-04'),
    (2, 'https://contosodata.blob.core.windows.net:443/in/MimiKatz.EXE'),
    (3, 'https://contosodata.blob.core.windows.net:443/in%2Fmimikatz%2Eexe'),
    (4, '\\contosodata.file.core.windows.net\share\tools\mimikatz.exe'),
    (5, 'https://contosodata.blob.core.windows.net:443/in/other.bin?x=/mimikatz.exe?y'),
    (6, 'https://contosodata.blob.core.windows.net:443/in/mimikatz.exe.bak?sv=2024-11-04'),
    (7, 'https://contosodata.blob.core.windows.net:443/in/not-mimikatz.exe?sv=2024-11-04'),
    (8, 'https://contosodata.blob.core.windows.net:443/mimikatz.exe/?sv=2024-11-04'),
    (9, ''),
    (10, NULL)) AS v (number, uri);
SELECT uri FROM azhunt.uploads('mimikatz.exe') ORDER BY timegenerated;
SELECT count(*) FROM azhunt.uploads(NULL);

--
-- Addresses
--
TRUNCATE azhunt.StorageBlobLogs;
INSERT INTO azhunt.StorageBlobLogs (TimeGenerated, OperationName, StatusText, CallerIpAddress, Uri)
SELECT '2026-03-02 12:00Z', 'PutBlob', 'Success', address, coalesce(address, 'none')
FROM unnest(ARRAY['203.0.113.7:50123', '203.0.113.7', '[2001:DB8::7]:443', '2001:db8:0:0:0:0:0:7', '', ':443', NULL,
                  'redacted']) AS address;
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress)
SELECT '2026-03-02 12:00Z', coalesce(address, 'none'), address
FROM unnest(ARRAY['203.0.113.7', '2001:0db8::0007', '2001:db8::7', '', NULL, 'redacted', 'REDACTED']) AS address;
SELECT fileuploadpath, accounts, jsonb_path_query_array(logins, '$[*].IPUsed') AS addresses
FROM azhunt.storage_upload_link_account() ORDER BY fileuploadpath COLLATE "C";
-- the rows under the hunt keep them all
SELECT count(*), count(*) FILTER (WHERE calleripaddress = '') AS empty, count(*) FILTER (WHERE calleripaddress IS NULL) AS missing
FROM azhunt.uploads();

--
-- A missing text is an empty one
--
TRUNCATE azhunt.StorageBlobLogs, azhunt.SigninLogs;
INSERT INTO azhunt.StorageBlobLogs (TimeGenerated, OperationName, StatusText, CallerIpAddress, Uri, UserAgentHeader, CorrelationId) VALUES
    ('2026-03-02 12:00Z', 'PutBlob', 'Success', '203.0.113.7:1', NULL, NULL, NULL),
    ('2026-03-02 12:00Z', 'PutBlob', 'Success', '203.0.113.7:2', '', '', '');
INSERT INTO azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent) VALUES
    ('2026-03-02 12:00Z', NULL, '203.0.113.7', ''),
    ('2026-03-02 12:00Z', '', '203.0.113.7', NULL);
\x
SELECT * FROM azhunt.storage_upload_link_account();
\x

--
-- What did callers do in the hour in which they opened a Cloud Shell?
--
INSERT INTO azhunt.AzureActivity (TimeGenerated, Caller, OperationNameValue, ActivityStatusValue, ResourceGroup)
SELECT t.timegenerated::timestamptz, t.caller, t.operation, t.status, t.resource_group
FROM (VALUES
    -- adele: in the hour from 10 o'clock, before the start too, whatever became of it
    ('2026-03-02 10:29:59.5Z', 'adele@contoso.com', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION', 'Start', 'cloud-shell-storage-westeurope'),
    ('2026-03-02 10:30:00Z', 'adele@contoso.com', 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION', 'Success', 'CLOUD-SHELL-STORAGE-WESTEUROPE'),
    ('2026-03-02 09:59:59.999999Z', 'adele@contoso.com', 'Microsoft.Compute/too/early', 'Success', 'contoso'),
    ('2026-03-02 10:00:00Z', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Start', 'contoso'),
    ('2026-03-02 10:01:00Z', 'adele@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Failure', 'contoso'),
    ('2026-03-02 10:45:00Z', 'adele@contoso.com', 'MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE', 'Success', 'contoso'),
    ('2026-03-02 10:46:00Z', 'adele@contoso.com', '', 'Success', 'contoso'),
    ('2026-03-02 10:46:00Z', 'adele@contoso.com', NULL, 'Success', 'contoso'),
    ('2026-03-02 10:59:59.999999Z', 'adele@contoso.com', 'Microsoft.Authorization/roleAssignments/write', 'Success', 'contoso'),
    ('2026-03-02 11:00:00Z', 'adele@contoso.com', 'Microsoft.Compute/too/late', 'Success', 'contoso'),
    ('2026-03-02 10:30:00Z', 'Adele@contoso.com', 'Microsoft.Compute/another/caller', 'Success', 'contoso'),
    -- diego: opened one and did nothing else, so is not in the answer
    ('2026-03-02 10:30:00Z', 'diego@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Succeeded', 'cloud-shell-storage-eastus'),
    -- lee: listed the keys of other accounts, or failed
    ('2026-03-02 10:30:00Z', 'lee@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'contoso'),
    ('2026-03-02 10:30:00Z', 'lee@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'mycloud-shell-storage'),
    ('2026-03-02 10:30:00Z', 'lee@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'cloud-shell-storage2'),
    ('2026-03-02 10:30:00Z', 'lee@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Failure', 'cloud-shell-storage-eastus'),
    ('2026-03-02 10:31:00Z', 'lee@contoso.com', 'Microsoft.Compute/virtualMachines/write', 'Success', 'contoso'),
    -- no caller is a caller
    ('2026-03-02 12:00:00Z', NULL, 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'x_cloud-shell-storage'),
    ('2026-03-02 12:30:00Z', '', 'Microsoft.KeyVault/vaults/delete', 'Success', NULL)
) AS t (timegenerated, caller, operation, status, resource_group);

SELECT * FROM azhunt.cloudshell_usage(as_of => '2026-03-02 13:00Z') ORDER BY caller COLLATE "C";
-- longer and shorter bins
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 13:00Z', bin => '1 day') ORDER BY caller COLLATE "C";
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 13:00Z', bin => '30 minutes') ORDER BY caller COLLATE "C";
-- another resource group
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 13:00Z', resource_group => 'MyCloud-Shell') ORDER BY caller COLLATE "C";
-- as_of and lookback have both ends, and cut the hour; a start before the lookback still counts
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 10:59:59.999999Z', lookback => '14 minutes 59.999999 seconds');
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 10:59:59.999998Z', lookback => '14 minutes 59.999998 seconds');
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 10:59:59.999998Z', lookback => '14 minutes 59.999997 seconds');
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 10:30:00Z', lookback => '1 day');
SELECT caller, timekey, set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 10:29:59.999999Z', lookback => '1 day');
-- the longest lookback, with bins that do not start with the earliest timestamp
SELECT caller, timekey
FROM azhunt.cloudshell_usage(as_of => '2026-03-02 13:00Z', lookback => '106751991 days', bin => '13 hours')
ORDER BY caller COLLATE "C";

ROLLBACK;
