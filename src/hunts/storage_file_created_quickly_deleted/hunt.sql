--
-- File created and quickly deleted: which file was deleted minutes after it was
-- uploaded?
--

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_check("window" interval, operations text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_window(storage_file_created_quickly_deleted_check."window")
       AND azhunt.check_operations(storage_file_created_quickly_deleted_check.operations);
END;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_check(interval, text[]) IS
'internal: true, or an error if the hunt does not take these options';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_pairs(
    "window" interval, operations text[], since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE (
    timegenerated timestamptz,
    deletedtime timestamptz,
    uri text,
    operationname text,
    calleripaddress text,
    useragentheader text,
    storageaccount text,
    delete_operationname text,
    delete_calleripaddress text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT u.timegenerated, d.timegenerated, u.file, u.operationname, u.calleripaddress, u.useragentheader,
           u.accountname,
           d.operationname, d.calleripaddress
    FROM (
        SELECT u.timegenerated, u.operationname, COALESCE(u.calleripaddress, '') AS calleripaddress, u.useragentheader,
               u.accountname, u.ingestxid, azhunt.without_query(u.uri) AS file
        FROM azhunt.read_uploads(NULL::pg_catalog.text, storage_file_created_quickly_deleted_pairs.operations,
                                 storage_file_created_quickly_deleted_pairs.since,
                                 storage_file_created_quickly_deleted_pairs.until) AS u
    ) AS u
    JOIN (
        SELECT d.timegenerated, d.operationname, COALESCE(d.calleripaddress, '') AS calleripaddress, d.ingestxid,
               azhunt.without_query(d.uri) AS file
        FROM azhunt.read_storage_operations(storage_file_created_quickly_deleted_pairs.since,
                                            storage_file_created_quickly_deleted_pairs.until) AS d
        WHERE azhunt.is_deletion(d.operationname)
    ) AS d
      ON d.file OPERATOR(pg_catalog.=) u.file
     AND azhunt.within(u.timegenerated, d.timegenerated, storage_file_created_quickly_deleted_pairs."window")
     AND (azhunt.arrived_since(u.ingestxid, storage_file_created_quickly_deleted_pairs.arrivals)
          OR azhunt.arrived_since(d.ingestxid, storage_file_created_quickly_deleted_pairs.arrivals))
    WHERE u.file OPERATOR(pg_catalog.<>) ''
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_pairs(interval, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: uploads and deletions from since to until, both included, each deletion with an upload of the same file at most a window before it; only those of which one has arrived, unless arrivals is null';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted(
    "window" interval DEFAULT '5 minutes',
    operations text[] DEFAULT '{PutBlob,PutRange}',
    lookback interval DEFAULT '7 days',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    timegenerated timestamptz,
    deletedtime timestamptz,
    uri text,
    calleripaddress text,
    useragentheader text,
    storageaccount text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT DISTINCT p.timegenerated, p.deletedtime, p.uri, p.calleripaddress, p.useragentheader, p.storageaccount
        FROM azhunt.storage_file_created_quickly_deleted_pairs(
                 storage_file_created_quickly_deleted."window", storage_file_created_quickly_deleted.operations,
                 azhunt.window_start(storage_file_created_quickly_deleted.as_of,
                                     storage_file_created_quickly_deleted.lookback),
                 storage_file_created_quickly_deleted.as_of, NULL::azhunt.arrivals) AS p
    )
    SELECT h.timegenerated, h.deletedtime, h.uri, h.calleripaddress, h.useragentheader, h.storageaccount
    FROM found AS h
    WHERE azhunt.storage_file_created_quickly_deleted_check(storage_file_created_quickly_deleted."window",
                                                            storage_file_created_quickly_deleted.operations)
      AND azhunt.check_lookback(storage_file_created_quickly_deleted.lookback)
      AND azhunt.check_as_of(storage_file_created_quickly_deleted.as_of)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted(interval, text[], interval, timestamptz) IS
'hunt: files that were deleted at most a window after an upload, looking back from as_of; a row for each upload and deletion';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_details(
    uri text, operationname text, deletedtime timestamptz, delete_operationname text, delete_calleripaddress text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('Uri'::text, uri,
                       'FileName'::text, COALESCE(NULLIF(azhunt.file_name(uri), ''::text), uri),
                       'OperationName'::text, operationname,
                       'DeletedTime'::text, deletedtime,
                       'DeleteOperationName'::text, delete_operationname,
                       'DeleteCallerIpAddress'::text, delete_calleripaddress);

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_details(text, text, timestamptz, text, text) IS
'internal: what a match of this hunt says beyond the entities of the upload';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_matches("window" interval, operations text[],
                                                                    since timestamptz, until timestamptz,
                                                                    arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT p.timegenerated, NULL::pg_catalog.text, p.calleripaddress, p.useragentheader, p.storageaccount,
           azhunt.storage_file_created_quickly_deleted_details(p.uri, p.operationname, p.deletedtime,
                                                               p.delete_operationname, p.delete_calleripaddress)
    FROM azhunt.storage_file_created_quickly_deleted_pairs(
             storage_file_created_quickly_deleted_matches."window",
             storage_file_created_quickly_deleted_matches.operations,
             storage_file_created_quickly_deleted_matches.since, storage_file_created_quickly_deleted_matches.until,
             storage_file_created_quickly_deleted_matches.arrivals) AS p
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_matches(interval, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: an upload and a deletion of the same file';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_log_rows(match azhunt.matches)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows((storage_file_created_quickly_deleted_log_rows.match)."time") AS l
    WHERE azhunt.without_query(l.uri)
          OPERATOR(pg_catalog.=) ((storage_file_created_quickly_deleted_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'Uri'::pg_catalog.text)
      AND l.operationname OPERATOR(pg_catalog.=)
          ((storage_file_created_quickly_deleted_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'OperationName'::pg_catalog.text)
      AND l.calleripaddress OPERATOR(pg_catalog.=) (storage_file_created_quickly_deleted_log_rows.match).address
      AND l.useragentheader OPERATOR(pg_catalog.=) (storage_file_created_quickly_deleted_log_rows.match).useragent
      AND l.accountname OPERATOR(pg_catalog.=) (storage_file_created_quickly_deleted_log_rows.match).storageaccount
    UNION ALL
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows(
             ((storage_file_created_quickly_deleted_log_rows.match).details
              OPERATOR(pg_catalog.->>) 'DeletedTime'::pg_catalog.text)::pg_catalog.timestamptz) AS l
    WHERE azhunt.without_query(l.uri)
          OPERATOR(pg_catalog.=) ((storage_file_created_quickly_deleted_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'Uri'::pg_catalog.text)
      AND l.operationname OPERATOR(pg_catalog.=)
          ((storage_file_created_quickly_deleted_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'DeleteOperationName'::pg_catalog.text)
      AND l.calleripaddress OPERATOR(pg_catalog.=)
          ((storage_file_created_quickly_deleted_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'DeleteCallerIpAddress'::pg_catalog.text)
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_log_rows(azhunt.matches) IS
'internal: the upload and the deletion of a match';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.storage_file_created_quickly_deleted'::pg_catalog.regproc,
        tables => '{storagebloblogs,storagefilelogs}'::pg_catalog.text[],
        reach => 'window'::pg_catalog.text,
        result_key => '{Uri,time,DeletedTime,address,useragent,storageaccount}'::pg_catalog.text[],
        title => 'Azure Storage File Create and Delete'::pg_catalog.text,
        description => 'Finds the files that were deleted minutes after they were uploaded.'::pg_catalog.text,
        summary => '{OperationName} of {FileName} from {address}; {DeleteOperationName} at {DeletedTime}'::pg_catalog.text,
        tactics => '{Exfiltration}'::pg_catalog.text[],
        techniques => '{T1020,T1537}'::pg_catalog.text[],
        id => '276731f6-ae09-4469-9fa0-c0791a5a0d8d'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;
