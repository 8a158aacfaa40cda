CREATE FUNCTION azhunt.cloudshell_usage(
    lookback interval DEFAULT '1 day',
    bin interval DEFAULT '1 hour',
    resource_group text DEFAULT 'cloud-shell-storage',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    caller text,
    timekey timestamptz,
    set_operationnamevalue jsonb,
    "timestamp" timestamptz,
    accountcustomentity text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT s.caller,
               s.timekey,
               azhunt.set_of_texts(a.operationnamevalue) AS set_operationnamevalue
        FROM (
            SELECT DISTINCT
                   COALESCE(a.caller, '') AS caller,
                   azhunt.bin(a.timegenerated, cloudshell_usage.bin) AS timekey
            FROM (
                SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                       CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                       CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
                       CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
                       CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup
                FROM azhunt.azureactivity AS a
            ) AS a
            WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
              AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
                   OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text)
              AND azhunt.has(a.resourcegroup, cloudshell_usage.resource_group)
              -- a bin that starts earlier ends before the lookback does
              AND a.timegenerated OPERATOR(pg_catalog.>=)
                  azhunt.window_start(azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback),
                                      cloudshell_usage.bin)
              AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_usage.as_of
        ) AS s
        JOIN (
            SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                   CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                   CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue
            FROM azhunt.azureactivity AS a
        ) AS a
          ON COALESCE(a.caller, '') OPERATOR(pg_catalog.=) s.caller
         -- the first time after the bin is not in it
         AND azhunt.within(s.timekey, a.timegenerated,
                           cloudshell_usage.bin OPERATOR(pg_catalog.-) interval '1 microsecond')
         -- as much again, for partitions to be pruned for each bin
         AND a.timegenerated OPERATOR(pg_catalog.>=) s.timekey
         AND a.timegenerated OPERATOR(pg_catalog.<=)
             azhunt.window_end(s.timekey, cloudshell_usage.bin OPERATOR(pg_catalog.-) interval '1 microsecond')
        WHERE a.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback)
          AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_usage.as_of
          AND a.operationnamevalue OPERATOR(pg_catalog.<>) ''
          AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
        GROUP BY s.caller, s.timekey
    )
    SELECT h.caller,
           h.timekey,
           h.set_operationnamevalue,
           h.timekey,
           h.caller
    FROM found AS h
    -- not beside the join, as in the hunt before
    WHERE azhunt.check_lookback(cloudshell_usage.lookback)
      AND azhunt.check_bin(cloudshell_usage.bin)
      AND azhunt.check_text(cloudshell_usage.resource_group, 'resource_group'::pg_catalog.text, false)
      AND azhunt.check_as_of(cloudshell_usage.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage(interval, interval, text, timestamptz) IS
'hunt: what else callers did in the bin of time, an hour by default, in which they opened a Cloud Shell, looking back from as_of';

CREATE FUNCTION azhunt.cloudshell_sessions(
    "window" interval DEFAULT '1 hour',
    lookback interval DEFAULT '1 day',
    resource_group text DEFAULT 'cloud-shell-storage',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    caller text,
    starttime timestamptz,
    set_operationnamevalue jsonb,
    operations bigint,
    lastoperation timestamptz,
    "timestamp" timestamptz,
    accountcustomentity text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT s.caller,
               s.starttime,
               azhunt.set_of_texts(a.operationnamevalue) AS set_operationnamevalue,
               -- a record that was delivered twice counts once
               pg_catalog.count(DISTINCT ROW(a.timegenerated, a.operationnamevalue,
                                             a.activitystatusvalue, a.resourcegroup)) AS operations,
               pg_catalog.max(a.timegenerated) AS lastoperation
        FROM (
            SELECT DISTINCT
                   COALESCE(a.caller, '') AS caller,
                   a.timegenerated AS starttime
            FROM (
                SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                       CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                       CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
                       CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
                       CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup
                FROM azhunt.azureactivity AS a
            ) AS a
            WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
              AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
                   OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text)
              AND azhunt.has(a.resourcegroup, cloudshell_sessions.resource_group)
              AND a.timegenerated OPERATOR(pg_catalog.>=)
                  azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback)
              AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_sessions.as_of
        ) AS s
        JOIN (
            SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                   CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                   CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
                   CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
                   CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup
            FROM azhunt.azureactivity AS a
        ) AS a
          ON COALESCE(a.caller, '') OPERATOR(pg_catalog.=) s.caller
         AND azhunt.within(s.starttime, a.timegenerated, cloudshell_sessions."window")
         -- as much again, for partitions to be pruned for each start
         AND a.timegenerated OPERATOR(pg_catalog.>=) s.starttime
         AND a.timegenerated OPERATOR(pg_catalog.<=)
             azhunt.window_end(s.starttime, cloudshell_sessions."window")
        WHERE a.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback)
          AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_sessions.as_of
          AND a.operationnamevalue OPERATOR(pg_catalog.<>) ''
          AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
        GROUP BY s.caller, s.starttime
    )
    SELECT h.caller,
           h.starttime,
           h.set_operationnamevalue,
           h.operations,
           h.lastoperation,
           h.starttime,
           h.caller
    FROM found AS h
    -- not beside the join, as in the hunts before
    WHERE azhunt.check_window(cloudshell_sessions."window")
      AND azhunt.check_lookback(cloudshell_sessions.lookback)
      AND azhunt.check_text(cloudshell_sessions.resource_group, 'resource_group'::pg_catalog.text, false)
      AND azhunt.check_as_of(cloudshell_sessions.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.cloudshell_sessions(interval, interval, text, timestamptz) IS
'hunt: what else a caller did after each start of a Cloud Shell, within the window that begins with it, whatever the hour; looks back from as_of';
