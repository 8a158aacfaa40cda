-- The log rows that hunts join.
--
-- Under a log table's name can be a view whose columns are, say, varchar.  CASE
-- makes them text without taking what is no text, such as inet, whose ::text
-- has a prefix length; it is gone from the plan.
--
-- Such a view may have no ingestxid, which only rules need, nor what only some
-- hunts show.  Such a name stands alone where it is read: if the log table has
-- no such column, it is that of "without", which is null.
--
-- A null bound would prune all partitions, and with them the check of the
-- bounds.

CREATE FUNCTION azhunt.log_table_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log_table_support';
COMMENT ON FUNCTION azhunt.log_table_support(internal) IS 'internal: planner support of what reads log tables: the hint if they are not there';

CREATE FUNCTION azhunt.read_storage_operations(since timestamptz, until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SUPPORT azhunt.log_table_support
AS $$
    SELECT l.timegenerated,
           l.operationname,
           azhunt.strip_port(l.calleripaddress),
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, ''),
           l.ingestxid
    FROM (SELECT NULL::pg_catalog.int8 AS ingestxid) AS without
    CROSS JOIN LATERAL (
        SELECT f.timegenerated,
               CASE WHEN true THEN f.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN f.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN f.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN f.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN f.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN f.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN f.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN f.correlationid ELSE NULL::pg_catalog.text END AS correlationid,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
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
               CASE WHEN true THEN b.correlationid ELSE NULL::pg_catalog.text END AS correlationid,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(read_storage_operations.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(read_storage_operations.until, 'infinity')
      AND azhunt.is_successful_storage_operation(l.statustext, l.statuscode)
$$;

COMMENT ON FUNCTION azhunt.read_storage_operations(timestamptz, timestamptz) IS
'internal: successful operations in StorageFileLogs and StorageBlobLogs from since to until, both included, the port stripped from CallerIpAddress; a missing text is empty, but a missing address null';

CREATE FUNCTION azhunt.storage_log_rows(at timestamptz)
RETURNS TABLE (
    log_table text,
    log_row jsonb,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT l.log_table,
           l.log_row,
           l.operationname,
           COALESCE(azhunt.strip_port(l.calleripaddress), ''),
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, '')
    FROM (
        SELECT 'storagebloblogs'::pg_catalog.text, pg_catalog.to_jsonb(b), b.timegenerated, b.operationname,
               b.statustext, b.statuscode,
               b.calleripaddress, b.uri, b.useragentheader, b.accountname, b.correlationid
        FROM azhunt.storagebloblogs AS b
        UNION ALL
        SELECT 'storagefilelogs'::pg_catalog.text, pg_catalog.to_jsonb(f), f.timegenerated, f.operationname,
               f.statustext, f.statuscode,
               f.calleripaddress, f.uri, f.useragentheader, f.accountname, f.correlationid
        FROM azhunt.storagefilelogs AS f
    ) AS l (log_table, log_row, timegenerated, operationname, statustext, statuscode,
            calleripaddress, uri, useragentheader, accountname, correlationid)
    WHERE l.timegenerated OPERATOR(pg_catalog.=) storage_log_rows.at
      AND azhunt.is_successful_storage_operation(l.statustext, l.statuscode)
$$;

COMMENT ON FUNCTION azhunt.storage_log_rows(timestamptz) IS
'internal: the rows of successful operations in StorageFileLogs and StorageBlobLogs at a time, with the columns by which a match knows them; a missing text is empty';

CREATE FUNCTION azhunt.read_uploads(target_file text, operations text[], since timestamptz, until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT o.timegenerated,
           o.operationname,
           o.calleripaddress,
           o.uri,
           o.useragentheader,
           o.accountname,
           o.correlationid,
           o.ingestxid
    FROM azhunt.read_storage_operations(read_uploads.since, read_uploads.until) AS o
    WHERE o.operationname OPERATOR(azhunt.=~) ANY (read_uploads.operations)
      -- for the indexes; all operations that a hunt can have are uploads
      AND azhunt.is_upload(o.operationname)
      AND (read_uploads.target_file IS NULL OR azhunt.is_file(o.uri, read_uploads.target_file))
$$;

COMMENT ON FUNCTION azhunt.read_uploads(text, text[], timestamptz, timestamptz) IS
'internal: as uploads(), without checks of the arguments, and with ingestxid';

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
    FROM azhunt.read_uploads(uploads.target_file, uploads.operations,
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
'successful uploads in StorageFileLogs and StorageBlobLogs from since to until, both included';

CREATE FUNCTION azhunt.read_signins(
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    since timestamptz,
    until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    userprincipalname text,
    ipaddress text,
    useragent text,
    resulttype text,
    appdisplayname text,
    isinteractive boolean,
    createddatetime timestamptz,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SUPPORT azhunt.log_table_support
AS $$
    SELECT l.timegenerated,
           COALESCE(l.userprincipalname, ''),
           azhunt.strip_port(l.ipaddress),
           COALESCE(l.useragent, ''),
           COALESCE(l.resulttype, ''),
           COALESCE(l.appdisplayname, ''),
           l.isinteractive,
           l.createddatetime,
           l.ingestxid
    FROM (SELECT NULL::pg_catalog.timestamptz AS createddatetime, NULL::pg_catalog.int8 AS ingestxid) AS without
    CROSS JOIN LATERAL (
        SELECT s.timegenerated,
               CASE WHEN true THEN s.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN s.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN s.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN s.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN s.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               true AS isinteractive,
               false AS isprincipal,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated,
               CASE WHEN true THEN n.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN n.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN n.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN n.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN n.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               false,
               false,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
        UNION ALL
        SELECT p.timegenerated,
               azhunt.principal_account(CASE WHEN true THEN p.serviceprincipalname ELSE NULL::pg_catalog.text END,
                                        CASE WHEN true THEN p.serviceprincipalid ELSE NULL::pg_catalog.text END),
               CASE WHEN true THEN p.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN p.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN p.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               NULL,
               false,
               true,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.aadserviceprincipalsigninlogs AS p
        UNION ALL
        SELECT i.timegenerated,
               azhunt.principal_account(CASE WHEN true THEN i.serviceprincipalname ELSE NULL::pg_catalog.text END,
                                        CASE WHEN true THEN i.serviceprincipalid ELSE NULL::pg_catalog.text END),
               CASE WHEN true THEN i.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN i.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN i.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               NULL,
               false,
               true,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.aadmanagedidentitysigninlogs AS i
    ) AS l
    -- What is not included has an empty period: a condition that is plainly
    -- false would have the planner open all partitions before it leaves them
    -- out.
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          CASE WHEN l.isinteractive
                    OR CASE WHEN l.isprincipal THEN read_signins.include_service_principals
                        ELSE read_signins.include_noninteractive END
               THEN COALESCE(read_signins.since, '-infinity')
               ELSE 'infinity'::pg_catalog.timestamptz END
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          CASE WHEN l.isinteractive
                    OR CASE WHEN l.isprincipal THEN read_signins.include_service_principals
                        ELSE read_signins.include_noninteractive END
               THEN COALESCE(read_signins.until, 'infinity')
               ELSE '-infinity'::pg_catalog.timestamptz END
      AND (NOT read_signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.read_signins(boolean, boolean, boolean, timestamptz, timestamptz) IS
'internal: as signins(), without checks of the arguments, and with CreatedDateTime and ingestxid';

CREATE FUNCTION azhunt.signins(
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    include_service_principals boolean DEFAULT false,
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
    FROM azhunt.read_signins(signins.include_noninteractive, signins.successful_only,
                             signins.include_service_principals, signins.since, signins.until) AS s
    WHERE azhunt.check_flag(signins.include_noninteractive, 'include_noninteractive'::pg_catalog.text)
      AND azhunt.check_flag(signins.successful_only, 'successful_only'::pg_catalog.text)
      AND azhunt.check_flag(signins.include_service_principals, 'include_service_principals'::pg_catalog.text)
      AND azhunt.check_period(signins.since, signins.until)
    -- no row, but checked, as in uploads()
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM (VALUES ('signinlogs'::pg_catalog.text), ('aadnoninteractiveusersigninlogs'::pg_catalog.text),
                 ('aadserviceprincipalsigninlogs'::pg_catalog.text),
                 ('aadmanagedidentitysigninlogs'::pg_catalog.text)) AS t (log_table)
    WHERE NOT azhunt.check_rows_are_visible(ARRAY[t.log_table])
$$;

COMMENT ON FUNCTION azhunt.signins(boolean, boolean, boolean, timestamptz, timestamptz) IS
'sign-ins in SigninLogs, and on request the logs of other sign-ins, from since to until, both included';

CREATE FUNCTION azhunt.read_activity(since timestamptz, until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    caller text,
    operationnamevalue text,
    activitystatusvalue text,
    resourcegroup text,
    calleripaddress text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SUPPORT azhunt.log_table_support
AS $$
    SELECT l.timegenerated,
           COALESCE(l.caller, ''),
           l.operationnamevalue,
           l.activitystatusvalue,
           l.resourcegroup,
           azhunt.strip_port(l.calleripaddress),
           l.ingestxid
    FROM (SELECT NULL::pg_catalog.text AS calleripaddress, NULL::pg_catalog.int8 AS ingestxid) AS without
    CROSS JOIN LATERAL (
        SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
               CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
               CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
               CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
               CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup,
               CASE WHEN true THEN calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.azureactivity AS a
    ) AS l
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(read_activity.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(read_activity.until, 'infinity')
$$;

COMMENT ON FUNCTION azhunt.read_activity(timestamptz, timestamptz) IS
'internal: operations in AzureActivity from since to until, both included, the port stripped from CallerIpAddress; a missing caller is empty';

CREATE FUNCTION azhunt.read_shell_starts(resource_group text, since timestamptz, until timestamptz)
RETURNS TABLE (timegenerated timestamptz, caller text, calleripaddress text, resourcegroup text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT a.timegenerated, a.caller, COALESCE(a.calleripaddress, ''), a.resourcegroup, a.ingestxid
    FROM azhunt.read_activity(read_shell_starts.since, read_shell_starts.until) AS a
    WHERE azhunt.is_shell_start(a.operationnamevalue, a.activitystatusvalue)
      AND azhunt.has(a.resourcegroup, read_shell_starts.resource_group)
$$;

COMMENT ON FUNCTION azhunt.read_shell_starts(text, timestamptz, timestamptz) IS
'internal: the operations in AzureActivity by which a Cloud Shell starts, which list the keys of its storage account, from since to until, both included';
