CREATE FUNCTION azhunt.hunted_uploads(target_file text, operations text[])
RETURNS TABLE (
    uploadtime timestamptz,
    operationname text,
    uri text,
    useragentheader text,
    address text,
    storageaccount text,
    correlationid text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           l.operationname,
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           azhunt.strip_port(l.calleripaddress),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, ''),
           l.ingestxid
    FROM (
        SELECT f.timegenerated,
               CASE WHEN true THEN f.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN f.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN f.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN f.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN f.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN f.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN f.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN f.correlationid ELSE NULL::pg_catalog.text END AS correlationid,
               CASE WHEN true THEN f.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
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
               CASE WHEN true THEN b.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    WHERE l.operationname OPERATOR(azhunt.=~) ANY (hunted_uploads.operations)
      -- for the indexes; all operations that a hunt can have are uploads
      AND azhunt.is_upload(l.operationname)
      AND (l.statustext OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
           OR l.statustext OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text
           -- SMB and NFS records have no status text
           OR COALESCE(l.statustext, '') OPERATOR(pg_catalog.=) ''
              AND l.statuscode OPERATOR(pg_catalog.=) '0')
      AND (hunted_uploads.target_file IS NULL
           OR azhunt.blob_name(l.uri) OPERATOR(azhunt.=~) hunted_uploads.target_file
           OR azhunt.file_name(l.uri) OPERATOR(azhunt.=~) hunted_uploads.target_file)
$$;

COMMENT ON FUNCTION azhunt.hunted_uploads(text, text[]) IS
'as uploads(), of all time and with ingestxid';

CREATE FUNCTION azhunt.hunted_signins(include_noninteractive boolean, successful_only boolean, since timestamptz, until timestamptz)
RETURNS TABLE (
    logintime timestamptz,
    account text,
    address text,
    loginuseragent text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           COALESCE(l.userprincipalname, ''),
           azhunt.strip_port(l.ipaddress),
           COALESCE(l.useragent, ''),
           l.ingestxid
    FROM (
        SELECT s.timegenerated,
               CASE WHEN true THEN s.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN s.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN s.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN s.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN s.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid,
               true AS isinteractive
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated,
               CASE WHEN true THEN n.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN n.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN n.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN n.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN n.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid,
               false
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
    ) AS l
    -- likewise an empty period for what is not included
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          CASE WHEN l.isinteractive OR hunted_signins.include_noninteractive THEN hunted_signins.since
               ELSE 'infinity'::pg_catalog.timestamptz END
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          CASE WHEN l.isinteractive OR hunted_signins.include_noninteractive THEN hunted_signins.until
               ELSE '-infinity'::pg_catalog.timestamptz END
      AND (NOT hunted_signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.hunted_signins(boolean, boolean, timestamptz, timestamptz) IS
'as signins(), with ingestxid';

CREATE FUNCTION azhunt.hunted_shell_starts(resource_group text)
RETURNS TABLE (starttime timestamptz, caller text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT a.timegenerated, COALESCE(a.caller, ''), a.ingestxid
    FROM (
        SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
               CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
               CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
               CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
               CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup,
               CASE WHEN true THEN a.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.azureactivity AS a
    ) AS a
    WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
      AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
           OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text)
      AND azhunt.has(a.resourcegroup, hunted_shell_starts.resource_group)
$$;

COMMENT ON FUNCTION azhunt.hunted_shell_starts(text) IS
'the operations, of all time, by which a Cloud Shell starts';

CREATE FUNCTION azhunt.hunted_operations()
RETURNS TABLE (operationtime timestamptz, caller text, operationnamevalue text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT a.timegenerated, COALESCE(a.caller, ''), a.operationnamevalue, a.ingestxid
    FROM (
        SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
               CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
               CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
               CASE WHEN true THEN a.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.azureactivity AS a
    ) AS a
    WHERE a.operationnamevalue OPERATOR(pg_catalog.<>) ''
      AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
$$;

COMMENT ON FUNCTION azhunt.hunted_operations() IS
'the operations, of all time, that may have been done in a Cloud Shell';

CREATE FUNCTION azhunt.is_new(ingestxid bigint, first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ingestxid OPERATOR(pg_catalog.>=) first_xid AND ingestxid OPERATOR(pg_catalog.<) end_xid
    OR ingestxid OPERATOR(pg_catalog.=) ANY (unfinished_xids)
    -- a row that says nothing about its arrival is read by every run
    OR ingestxid IS NULL;

COMMENT ON FUNCTION azhunt.is_new(bigint, bigint, bigint, bigint[]) IS
'is this the transaction of a row that a run has to read: from first_xid up to but not including end_xid, one of unfinished_xids, or not known?';
