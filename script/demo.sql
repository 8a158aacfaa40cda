\pset border 1
\pset footer off

\echo
\echo 'Hunt 1, storage upload link account: who signed in, from the address that'
\echo 'uploaded this file, in the minute before?'
\echo
\echo '  SELECT * FROM azhunt.storage_upload_link_account();'
\echo
SELECT azhunt.file_name(fileuploadpath) AS file,
       operationname,
       array_to_string(accounts, E'\n') AS accounts,
       uploads,
       to_char(first_upload, 'HH24:MI:SS') AS first_upload,
       (SELECT string_agg(substr(login ->> 'AzureLoginTime', 12, 8) || ' from ' || (login ->> 'IPUsed'), E'\n' ORDER BY n)
        FROM jsonb_array_elements(logins) WITH ORDINALITY AS l (login, n)) AS logins
FROM azhunt.storage_upload_link_account()
ORDER BY storage_upload_link_account.first_upload;
\echo 'To read it: each of these accounts may have uploaded the file; two accounts in'
\echo 'one row share an address and a browser, as behind a NAT gateway.'
\echo
\echo 'Large files come by other operations, and tools sign in without a browser:'
\echo
\echo '  SELECT * FROM azhunt.storage_upload_link_account('
\echo '      operations => ''{PutBlob,PutRange,PutBlockList,Write}'','
\echo '      include_noninteractive => true, successful_only => true,'
\echo '      since => ''2026-03-10 09:00+00'');'
\echo
SELECT azhunt.file_name(fileuploadpath) AS file,
       operationname,
       array_to_string(accounts, E'\n') AS accounts,
       left(uploaduseragent, 40) AS uploaduseragent
FROM azhunt.storage_upload_link_account(
    operations => '{PutBlob,PutRange,PutBlockList,Write}',
    include_noninteractive => true, successful_only => true,
    since => '2026-03-10 09:00+00')
ORDER BY storage_upload_link_account.first_upload;
\echo 'To read it: as above; tools name themselves as user agent on both sides.'

\echo
\echo 'Hunt 2, Cloud Shell usage: what else did a caller do in the hour in which they'
\echo 'opened a Cloud Shell?'
\echo
\echo '  SELECT * FROM azhunt.cloudshell_usage(as_of => ''2026-03-10 18:00+00'');'
\echo
SELECT caller,
       to_char(timekey, 'YYYY-MM-DD HH24:MI') AS timekey,
       array_to_string(ARRAY(SELECT jsonb_array_elements_text(set_operationnamevalue)), E'\n') AS set_operationnamevalue
FROM azhunt.cloudshell_usage(as_of => '2026-03-10 18:00+00')
ORDER BY cloudshell_usage.timekey, caller;
\echo 'To read it: a row for each caller and hour with a shell; look for operations that'
\echo 'this caller never needs, such as writing role assignments or key vault policies.'
\echo
\echo 'Where to go next:'
\echo '  README.md         install it, load your own logs, first query'
\echo '  doc/loading.md    every way of getting logs out of Azure and in here'
\echo '  doc/operations.md hunts that run every few minutes'
\echo '  doc/grafana.md    their results as dashboards'
\echo '  doc/reference.md  every function and option'
\echo '  doc/kql.md        what differs from the published queries, and why'
\echo '  make test         run the tests'
