-- What looks like a match and is none.  Each request to a storage account beside
-- each sign-in, where one condition of the hunt is not met and all others are,
-- unless the hunt finds that account for that file anyway:
SELECT DISTINCT request.timegenerated::time(0) AS at, azhunt.file_name(request.uri) AS file, signin.account, condition.missed
FROM (
    SELECT timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader FROM azhunt.storagebloblogs
    UNION ALL
    SELECT timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader FROM azhunt.storagefilelogs
) AS request
CROSS JOIN (
    SELECT timegenerated, ipaddress, userprincipalname AS account, useragent, true AS isinteractive FROM azhunt.signinlogs
    UNION ALL
    SELECT timegenerated, ipaddress, userprincipalname, useragent, false FROM azhunt.aadnoninteractiveusersigninlogs
) AS signin
CROSS JOIN LATERAL (
    SELECT string_agg(name, ', ') AS missed
    FROM (VALUES
        (concat('not an upload, but ', request.operationname),
         request.operationname OPERATOR(azhunt.=~) ANY ('{PutBlob,PutRange}'::text[])),
        (concat('the upload failed: ', request.statustext),
         azhunt.is_successful_storage_operation(request.statustext, request.statuscode)),
        (concat('signed in from another address: ', coalesce(signin.ipaddress, 'none')),
         azhunt.strip_port(request.calleripaddress) = azhunt.strip_port(signin.ipaddress)),
        (concat('another user agent: ', left(signin.useragent, 27), '...'),
         coalesce(request.useragentheader, '') OPERATOR(azhunt.=~) coalesce(signin.useragent, '')),
        (concat('signed in too long before: ', request.timegenerated - signin.timegenerated),
         azhunt.within(signin.timegenerated, request.timegenerated, '1 minute')),
        ('a tool signed in, not a person',
         signin.isinteractive)) AS c (name, met)
    WHERE met IS NOT TRUE
    HAVING count(*) = 1
) AS condition
WHERE NOT EXISTS (
    SELECT FROM azhunt.storage_upload_link_account() AS found
    WHERE found.fileuploadpath = request.uri AND found.operationname = request.operationname
      AND signin.account = ANY (found.accounts))
ORDER BY at, file, missed;

-- Each operation beside each listing of storage keys, likewise, unless the hunt
-- for Cloud Shell usage finds the operation anyway:
SELECT operation.timegenerated::time(0) AS at, left(operation.caller, 20) AS caller, operation.operationnamevalue AS operation, condition.missed
FROM azhunt.azureactivity AS operation
CROSS JOIN azhunt.azureactivity AS start
CROSS JOIN LATERAL (
    SELECT string_agg(name, ', ') AS missed
    FROM (VALUES
        (concat('the Cloud Shell is of ', start.caller),
         operation.caller = start.caller),
        (concat('in another hour than the Cloud Shell of ', start.timegenerated::time(0)),
         azhunt.bin(operation.timegenerated, '1 hour') = azhunt.bin(start.timegenerated, '1 hour')),
        (concat('the Cloud Shell did not start: ', start.activitystatusvalue),
         azhunt.has_succeeded(start.activitystatusvalue)),
        (concat('keys not of a Cloud Shell, but of ', start.resourcegroup),
         azhunt.has(start.resourcegroup, 'cloud-shell-storage'))) AS c (name, met)
    WHERE met IS NOT TRUE
    HAVING count(*) = 1
) AS condition
WHERE azhunt.is_listing_of_storage_keys(start.operationnamevalue)
  AND azhunt.is_other_operation(operation.operationnamevalue)
  AND NOT EXISTS (
      SELECT FROM azhunt.cloudshell_usage(as_of => '2026-03-10 18:00Z') AS found
      WHERE found.caller = operation.caller AND found.timekey = azhunt.bin(operation.timegenerated, '1 hour'))
ORDER BY operation.timegenerated, start.timegenerated;

-- Files that were deleted, but more than five minutes after they were uploaded:
SELECT DISTINCT azhunt.file_name(upload.uri) AS file, deletion.timegenerated - upload.timegenerated AS deleted_after
FROM azhunt.uploads() AS upload
JOIN azhunt.storagebloblogs AS deletion ON azhunt.without_query(deletion.uri) = azhunt.without_query(upload.uri)
WHERE azhunt.is_deletion(deletion.operationname)
  AND NOT azhunt.within(upload.timegenerated, deletion.timegenerated, '5 minutes')
ORDER BY file, deleted_after;

-- Who deleted fewer than three files:
SELECT azhunt.strip_port(calleripaddress) AS address, count(DISTINCT azhunt.without_query(uri)) AS files
FROM azhunt.storagebloblogs
WHERE azhunt.is_deletion(operationname)
GROUP BY address
HAVING count(DISTINCT azhunt.without_query(uri)) < 3;

-- Who opened a Cloud Shell that had been set up before, as no storage account is
-- written within three minutes:
SELECT timegenerated::time(0) AS at, caller
FROM azhunt.azureactivity AS start
WHERE azhunt.is_shell_start(operationnamevalue, activitystatusvalue) AND azhunt.has(resourcegroup, 'cloud-shell')
  AND NOT EXISTS (
      SELECT FROM azhunt.azureactivity AS written
      WHERE azhunt.is_write_of_storage_account(written.operationnamevalue) AND written.caller = start.caller
        AND written.timegenerated BETWEEN start.timegenerated - interval '3 minutes' AND start.timegenerated + interval '3 minutes');
