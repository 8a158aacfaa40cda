CREATE FUNCTION azhunt.unchecked_uploads(
    target_file text,
    operations text[],
    since timestamptz,
    until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           l.operationname,
           azhunt.strip_port(l.calleripaddress),
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, '')
    -- Under a log table's name can be a view whose columns are, say, varchar.
    -- CASE makes them text without taking what is no text, such as inet, whose
    -- ::text has a prefix length; it is gone from the plan.
    FROM (
        SELECT f.timegenerated,
               CASE WHEN true THEN f.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN f.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN f.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN f.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN f.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN f.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN f.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN f.correlationid ELSE NULL::pg_catalog.text END AS correlationid
        FROM azhunt.storagefilelogs AS f
        UNION ALL
        SELECT b.timegenerated,
               CASE WHEN true THEN b.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN b.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN b.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN b.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN b.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN b.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN b.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN b.correlationid ELSE NULL::pg_catalog.text END AS correlationid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    -- a null bound would prune all partitions, and with them its check
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(unchecked_uploads.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(unchecked_uploads.until, 'infinity')
      AND l.operationname OPERATOR(azhunt.=~) ANY (unchecked_uploads.operations)
      AND (l.statustext OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
           OR l.statustext OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text
           -- SMB and NFS records have no status text
           OR COALESCE(l.statustext, '') OPERATOR(pg_catalog.=) ''
              AND l.statuscode OPERATOR(pg_catalog.=) '0')
      AND (unchecked_uploads.target_file IS NULL
           OR azhunt.blob_name(l.uri) OPERATOR(azhunt.=~) unchecked_uploads.target_file
           OR azhunt.file_name(l.uri) OPERATOR(azhunt.=~) unchecked_uploads.target_file)
$$;

COMMENT ON FUNCTION azhunt.unchecked_uploads(text, text[], timestamptz, timestamptz) IS
'as uploads(), without checks of the arguments';

CREATE FUNCTION azhunt.uploads(
    target_file text DEFAULT NULL,
    operations text[] DEFAULT '{PutBlob,PutRange}',
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT u.timegenerated,
           u.operationname,
           u.calleripaddress,
           u.uri,
           u.useragentheader,
           u.accountname,
           u.correlationid
    FROM azhunt.unchecked_uploads(uploads.target_file, uploads.operations,
                                  uploads.since, uploads.until) AS u
    WHERE azhunt.check_text(uploads.target_file, 'target_file'::pg_catalog.text, true)
      AND azhunt.check_operations(uploads.operations)
      AND azhunt.check_period(uploads.since, uploads.until)
    -- no row, but checked; a condition above would keep PostgreSQL before
    -- version 17 from a windowed join
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM (VALUES ('storagefilelogs'::pg_catalog.text), ('storagebloblogs'::pg_catalog.text)) AS t (log_table)
    WHERE NOT azhunt.check_rows_are_visible(ARRAY[t.log_table])
$$;

COMMENT ON FUNCTION azhunt.uploads(text, text[], timestamptz, timestamptz) IS
'successful uploads in StorageFileLogs and StorageBlobLogs from since to until, both included, the port stripped from CallerIpAddress; a missing text is empty, but a missing address null; target_file, if not null, is compared with blob_name() and file_name() ignoring case';

CREATE FUNCTION azhunt.unchecked_signins(
    include_noninteractive boolean,
    successful_only boolean,
    since timestamptz,
    until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    userprincipalname text,
    ipaddress text,
    useragent text,
    resulttype text,
    appdisplayname text,
    isinteractive boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           COALESCE(l.userprincipalname, ''),
           azhunt.strip_port(l.ipaddress),
           COALESCE(l.useragent, ''),
           COALESCE(l.resulttype, ''),
           COALESCE(l.appdisplayname, ''),
           l.isinteractive
    FROM (
        SELECT s.timegenerated,
               CASE WHEN true THEN s.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN s.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN s.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN s.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN s.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               true AS isinteractive
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated,
               CASE WHEN true THEN n.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN n.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN n.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN n.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN n.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               false
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
    ) AS l
    -- A null bound would prune all partitions, and with them its check.  What is
    -- not included has an empty period: a condition that is plainly false would
    -- have the planner open all partitions before it leaves them out.
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          CASE WHEN l.isinteractive OR unchecked_signins.include_noninteractive THEN COALESCE(unchecked_signins.since, '-infinity')
               ELSE 'infinity'::pg_catalog.timestamptz END
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          CASE WHEN l.isinteractive OR unchecked_signins.include_noninteractive THEN COALESCE(unchecked_signins.until, 'infinity')
               ELSE '-infinity'::pg_catalog.timestamptz END
      AND (NOT unchecked_signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.unchecked_signins(boolean, boolean, timestamptz, timestamptz) IS
'as signins(), without checks of the arguments';

CREATE FUNCTION azhunt.signins(
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    timegenerated timestamptz,
    userprincipalname text,
    ipaddress text,
    useragent text,
    resulttype text,
    appdisplayname text,
    isinteractive boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT s.timegenerated,
           s.userprincipalname,
           s.ipaddress,
           s.useragent,
           s.resulttype,
           s.appdisplayname,
           s.isinteractive
    FROM azhunt.unchecked_signins(signins.include_noninteractive, signins.successful_only,
                                  signins.since, signins.until) AS s
    WHERE azhunt.check_flag(signins.include_noninteractive, 'include_noninteractive'::pg_catalog.text)
      AND azhunt.check_flag(signins.successful_only, 'successful_only'::pg_catalog.text)
      AND azhunt.check_period(signins.since, signins.until)
    -- no row, but checked, as in uploads()
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM (VALUES ('signinlogs'::pg_catalog.text), ('aadnoninteractiveusersigninlogs'::pg_catalog.text)) AS t (log_table)
    WHERE NOT azhunt.check_rows_are_visible(ARRAY[t.log_table])
$$;

COMMENT ON FUNCTION azhunt.signins(boolean, boolean, timestamptz, timestamptz) IS
'sign-ins in SigninLogs, and on request AADNonInteractiveUserSignInLogs, from since to until, both included; IPAddress in the form that strip_port() gives; a missing text is empty, but a missing address null; successful_only keeps those of ResultType 0';

CREATE FUNCTION azhunt.login_bag(account text, address text, logintime timestamptz, useragent text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('AccountUsed'::text, account,
                       'IPUsed'::text, address,
                       'AzureLoginTime'::text, logintime,
                       'UserAgent'::text, useragent);

COMMENT ON FUNCTION azhunt.login_bag(text, text, timestamptz, text) IS
'a sign-in as the hunt for uploads shows it';

CREATE FUNCTION azhunt.storage_upload_link_account(
    lookback interval DEFAULT '1 minute',
    target_file text DEFAULT NULL,
    match_user_agent boolean DEFAULT true,
    operations text[] DEFAULT '{PutBlob,PutRange}',
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    fileuploadpath text,
    operationname text,
    uploaduseragent text,
    loginevents jsonb,
    accounts text[],
    logins jsonb,
    uploads bigint,
    firstupload timestamptz,
    lastupload timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT m.uri,
               m.operationname,
               m.useragentheader,
               azhunt.make_bag(m.login ORDER BY m.logintime, m.account, m.loginuseragent, m.address) AS loginevents,
               pg_catalog.array_agg(DISTINCT m.account COLLATE pg_catalog."C" ORDER BY m.account COLLATE pg_catalog."C") AS accounts,
               azhunt.set_of_bags(m.login ORDER BY m.logintime, m.account, m.loginuseragent, m.address) AS logins,
               pg_catalog.count(DISTINCT ROW (m.uploadtime, m.address, m.correlationid)) AS uploads,
               pg_catalog.min(m.uploadtime) AS firstupload,
               pg_catalog.max(m.uploadtime) AS lastupload
        FROM (
            SELECT u.uri,
                   u.operationname,
                   u.useragentheader,
                   u.timegenerated AS uploadtime,
                   u.calleripaddress COLLATE pg_catalog."C" AS address,
                   u.correlationid,
                   s.timegenerated AS logintime,
                   s.userprincipalname COLLATE pg_catalog."C" AS account,
                   s.useragent COLLATE pg_catalog."C" AS loginuseragent,
                   azhunt.login_bag(s.userprincipalname, s.ipaddress, s.timegenerated, s.useragent) AS login
            FROM azhunt.unchecked_uploads(storage_upload_link_account.target_file,
                                          storage_upload_link_account.operations,
                                          storage_upload_link_account.since,
                                          storage_upload_link_account.until) AS u
            JOIN azhunt.unchecked_signins(storage_upload_link_account.include_noninteractive,
                                          storage_upload_link_account.successful_only,
                                          azhunt.window_start(storage_upload_link_account.since,
                                                              storage_upload_link_account.lookback),
                                          storage_upload_link_account.until) AS s
              ON s.ipaddress OPERATOR(pg_catalog.=) u.calleripaddress
             AND azhunt.within(s.timegenerated, u.timegenerated, storage_upload_link_account.lookback)
             -- as much again, for partitions to be pruned for each upload
             AND s.timegenerated OPERATOR(pg_catalog.>=)
                 azhunt.window_start(u.timegenerated, storage_upload_link_account.lookback)
             AND s.timegenerated OPERATOR(pg_catalog.<=) u.timegenerated
             AND (NOT storage_upload_link_account.match_user_agent
                  OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
            WHERE u.calleripaddress OPERATOR(pg_catalog.<>) ''
        ) AS m
        GROUP BY m.uri, m.operationname, m.useragentheader
    )
    SELECT h.uri,
           h.operationname,
           h.useragentheader,
           h.loginevents,
           h.accounts,
           h.logins,
           h.uploads,
           h.firstupload,
           h.lastupload
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns; and because of WITH, not
    -- beside the conditions of the calling query either.
    WHERE azhunt.check_lookback(storage_upload_link_account.lookback)
      AND azhunt.check_text(storage_upload_link_account.target_file, 'target_file'::pg_catalog.text, true)
      AND azhunt.check_flag(storage_upload_link_account.match_user_agent, 'match_user_agent'::pg_catalog.text)
      AND azhunt.check_operations(storage_upload_link_account.operations)
      AND azhunt.check_flag(storage_upload_link_account.include_noninteractive, 'include_noninteractive'::pg_catalog.text)
      AND azhunt.check_flag(storage_upload_link_account.successful_only, 'successful_only'::pg_catalog.text)
      AND azhunt.check_period(storage_upload_link_account.since, storage_upload_link_account.until)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs,signinlogs,aadnoninteractiveusersigninlogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, timestamptz, timestamptz) IS
'hunt: the accounts that signed in, from the address that a file was uploaded from, at most lookback before the upload; a row for each URI, operation and user agent of uploads from since to until, both included';
