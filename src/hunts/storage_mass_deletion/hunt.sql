--
-- Storage mass deletion: from where were many files of one storage account
-- deleted within minutes?
--

CREATE FUNCTION azhunt.storage_mass_deletion_check(threshold integer, "window" interval) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (threshold >= 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'threshold must be at least 1, not %', coalesce(threshold::text, 'null')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN azhunt.check_window("window");
END
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_check(integer, interval) IS
'internal: true, or an error if the hunt does not take these options';

-- A deletion belongs to a mass deletion if it lies in some window with enough
-- files, and each such window can be moved to begin with a deletion.
--
-- The deletions of one file form runs: in a run, each comes at most a window
-- after the one before.  Two runs of a file are more than a window apart, so that
-- no window has both, and a run that has begun by the end of a window and has not
-- ended before its start has a deletion in it.  So the files of a window are the
-- runs that begin by its end, less those that end before its start: two running
-- counts.
--
-- As numbers, times know no daylight saving time, and no end.
CREATE FUNCTION azhunt.storage_mass_deletion_deletions(threshold integer, "window" interval, since timestamptz,
                                                       until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    file text,
    useragentheader text,
    address text,
    storageaccount text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT d.timegenerated, d.operationname, d.file, d.useragentheader, d.address, d.storageaccount, d.correlationid
    FROM (
        SELECT f.*,
               pg_catalog.bool_or(f.files OPERATOR(pg_catalog.>=) storage_mass_deletion_deletions.threshold) OVER (
                   PARTITION BY f.address, f.useragentheader, f.storageaccount ORDER BY f.seconds
                   RANGE BETWEEN pg_catalog."extract"('epoch'::pg_catalog.text,
                                                      storage_mass_deletion_deletions."window") PRECEDING
                   AND CURRENT ROW) AS is_mass_deletion
        FROM (
            SELECT o.*,
                   pg_catalog.count(*) FILTER (WHERE o.begins) OVER (
                       PARTITION BY o.address, o.useragentheader, o.storageaccount ORDER BY o.seconds
                       RANGE BETWEEN UNBOUNDED PRECEDING
                       AND pg_catalog."extract"('epoch'::pg_catalog.text, storage_mass_deletion_deletions."window")
                           FOLLOWING)
                   OPERATOR(pg_catalog.-)
                   pg_catalog.count(*) FILTER (WHERE o.ends) OVER (
                       PARTITION BY o.address, o.useragentheader, o.storageaccount ORDER BY o.seconds
                       GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS files
            FROM (
                SELECT o.*,
                       (pg_catalog.lag(o.seconds) OVER of_file OPERATOR(pg_catalog.>=)
                        (o.seconds OPERATOR(pg_catalog.-)
                         pg_catalog."extract"('epoch'::pg_catalog.text, storage_mass_deletion_deletions."window")))
                       IS NOT TRUE AS begins,
                       (pg_catalog.lead(o.seconds) OVER of_file OPERATOR(pg_catalog.<=)
                        (o.seconds OPERATOR(pg_catalog.+)
                         pg_catalog."extract"('epoch'::pg_catalog.text, storage_mass_deletion_deletions."window")))
                       IS NOT TRUE AS ends
                FROM (
                    SELECT o.timegenerated,
                           pg_catalog."extract"('epoch'::pg_catalog.text, o.timegenerated) AS seconds,
                           o.operationname,
                           azhunt.without_query(o.uri) COLLATE pg_catalog."C" AS file,
                           o.useragentheader COLLATE pg_catalog."C" AS useragentheader,
                           COALESCE(o.calleripaddress, '') COLLATE pg_catalog."C" AS address,
                           o.accountname COLLATE pg_catalog."C" AS storageaccount,
                           o.correlationid
                    FROM azhunt.read_storage_operations(storage_mass_deletion_deletions.since,
                                                        storage_mass_deletion_deletions.until) AS o
                    WHERE azhunt.is_deletion(o.operationname)
                ) AS o
                WINDOW of_file AS (PARTITION BY o.address, o.useragentheader, o.storageaccount, o.file
                                   ORDER BY o.seconds)
            ) AS o
        ) AS f
    ) AS d
    WHERE d.is_mass_deletion
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_deletions(integer, interval, timestamptz, timestamptz) IS
'internal: deletions from since to until, both included, each in some window of these deletions in which one address, user agent and storage account deletes at least threshold files';

CREATE FUNCTION azhunt.storage_mass_deletion(
    threshold integer DEFAULT 3,
    "window" interval DEFAULT '10 minutes',
    lookback interval DEFAULT '3 days',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    timegenerated timestamptz,
    ipcustomentity text,
    useragentheader text,
    filesdeleted bigint,
    accountname text,
    last_deletion timestamptz,
    files jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT d.address, d.useragentheader, d.storageaccount,
               pg_catalog.count(DISTINCT d.file) AS filesdeleted,
               pg_catalog.min(d.timegenerated) AS first_deletion,
               pg_catalog.max(d.timegenerated) AS last_deletion,
               pg_catalog.to_jsonb((pg_catalog.array_agg(DISTINCT d.file ORDER BY d.file))[1:1000]) AS files
        FROM azhunt.storage_mass_deletion_deletions(storage_mass_deletion.threshold, storage_mass_deletion."window",
                                                    azhunt.window_start(storage_mass_deletion.as_of,
                                                                        storage_mass_deletion.lookback),
                                                    storage_mass_deletion.as_of) AS d
        GROUP BY azhunt.bin(d.timegenerated, '1 day'::pg_catalog.interval), d.address, d.useragentheader,
                 d.storageaccount
    )
    SELECT h.first_deletion, h.address, h.useragentheader, h.filesdeleted, h.storageaccount, h.last_deletion, h.files
    FROM found AS h
    WHERE azhunt.storage_mass_deletion_check(storage_mass_deletion.threshold, storage_mass_deletion."window")
      AND azhunt.check_lookback(storage_mass_deletion.lookback)
      AND azhunt.check_as_of(storage_mass_deletion.as_of)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion(integer, interval, interval, timestamptz) IS
'hunt: who deleted at least threshold files of a storage account within a window, looking back from as_of';

CREATE FUNCTION azhunt.storage_mass_deletion_day("time" timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN NOT pg_catalog.isfinite("time") THEN "time"::text
            WHEN "time" OPERATOR(pg_catalog.<) '0001-01-01 00:00:00+00'::timestamptz
            THEN pg_catalog.to_char(pg_catalog.timezone('UTC'::text, "time"), 'YYYY-MM-DD BC'::text)
            ELSE pg_catalog.to_char(pg_catalog.timezone('UTC'::text, "time"), 'YYYY-MM-DD'::text) END;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_day(timestamptz) IS
'internal: the day in UTC, which tells results of the hunt for mass deletions apart';

CREATE FUNCTION azhunt.storage_mass_deletion_matches(threshold integer, "window" interval, since timestamptz,
                                                     until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    -- An old deletion becomes a match by a new one in the same window, and that
    -- window is in the period.
    SELECT d.timegenerated, NULL::pg_catalog.text, d.address, d.useragentheader, d.storageaccount,
           pg_catalog.jsonb_build_object('File', d.file, 'OperationName', d.operationname,
                                         'CorrelationId', d.correlationid, 'AccountName', d.storageaccount,
                                         'Day', azhunt.storage_mass_deletion_day(d.timegenerated))
    FROM azhunt.storage_mass_deletion_deletions(storage_mass_deletion_matches.threshold,
                                                storage_mass_deletion_matches."window",
                                                storage_mass_deletion_matches.since,
                                                storage_mass_deletion_matches.until) AS d
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_matches(integer, interval, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: a deletion from since to until that is part of a mass deletion between them, new or not';

CREATE FUNCTION azhunt.storage_mass_deletion_log_rows(match azhunt.matches)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows((storage_mass_deletion_log_rows.match)."time") AS l
    WHERE l.operationname OPERATOR(pg_catalog.=)
          ((storage_mass_deletion_log_rows.match).details OPERATOR(pg_catalog.->>) 'OperationName'::pg_catalog.text)
      AND l.calleripaddress OPERATOR(pg_catalog.=) (storage_mass_deletion_log_rows.match).address
      AND azhunt.without_query(l.uri)
          OPERATOR(pg_catalog.=) ((storage_mass_deletion_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'File'::pg_catalog.text)
      AND l.useragentheader OPERATOR(pg_catalog.=) (storage_mass_deletion_log_rows.match).useragent
      AND l.accountname OPERATOR(pg_catalog.=) (storage_mass_deletion_log_rows.match).storageaccount
      AND l.correlationid
          OPERATOR(pg_catalog.=) ((storage_mass_deletion_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'CorrelationId'::pg_catalog.text)
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_log_rows(azhunt.matches) IS
'internal: the deletion of a match';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.storage_mass_deletion'::pg_catalog.regproc,
        tables => '{storagebloblogs,storagefilelogs}'::pg_catalog.text[],
        reach => 'window'::pg_catalog.text,
        result_key => '{Day,address,useragent,AccountName}'::pg_catalog.text[],
        title => 'Azure Storage Mass File Deletion'::pg_catalog.text,
        description => 'Finds the addresses from which many files of a storage account were deleted within minutes.'::pg_catalog.text,
        summary => '{matches} deletions in storage account {AccountName} from {address} on {Day}'::pg_catalog.text,
        tactics => '{Impact}'::pg_catalog.text[],
        techniques => '{T1485}'::pg_catalog.text[],
        id => '85e16874-72aa-4ebe-b36e-e45f8ba50f79'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;
