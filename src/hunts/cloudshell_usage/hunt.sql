--
-- Cloud Shell usage: what did this caller do in the hour in which they opened a
-- Cloud Shell?
--

CREATE FUNCTION azhunt.cloudshell_usage_pairs(bin interval, resource_group text, since timestamptz, until timestamptz)
RETURNS TABLE (timekey timestamptz, caller text, operationnamevalue text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT s.timekey, s.caller, a.operationnamevalue
    FROM (
        SELECT DISTINCT s.caller, azhunt.bin(s.timegenerated, cloudshell_usage_pairs.bin) AS timekey
        -- a bin that starts earlier ends before since
        FROM azhunt.read_shell_starts(cloudshell_usage_pairs.resource_group,
                                      azhunt.window_start(cloudshell_usage_pairs.since, cloudshell_usage_pairs.bin),
                                      cloudshell_usage_pairs.until) AS s
        -- whose bin has a start
        WHERE azhunt.window_start(s.timegenerated, cloudshell_usage_pairs.bin)
              OPERATOR(pg_catalog.>) '4714-11-24 00:00:00+00 BC'::pg_catalog.timestamptz
    ) AS s
    JOIN azhunt.read_activity(cloudshell_usage_pairs.since, cloudshell_usage_pairs.until) AS a
      ON a.caller OPERATOR(pg_catalog.=) s.caller
     -- the first time after the bin is not in it
     AND azhunt.within(s.timekey, a.timegenerated,
                       cloudshell_usage_pairs.bin OPERATOR(pg_catalog.-) '1 microsecond'::pg_catalog.interval)
     -- as much again, for partitions to be pruned for each bin
     AND a.timegenerated OPERATOR(pg_catalog.>=) s.timekey
     AND a.timegenerated OPERATOR(pg_catalog.<=)
         azhunt.window_end(s.timekey,
                           cloudshell_usage_pairs.bin OPERATOR(pg_catalog.-) '1 microsecond'::pg_catalog.interval)
     -- nor is anything in a bin that has no end
     AND a.timegenerated OPERATOR(pg_catalog.<) azhunt.bin_end(s.timekey, cloudshell_usage_pairs.bin)
    WHERE azhunt.is_other_operation(a.operationnamevalue)
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_pairs(interval, text, timestamptz, timestamptz) IS
'internal: operations from since to until, both included, of callers who opened a Cloud Shell in the same bin of time';

CREATE FUNCTION azhunt.cloudshell_usage_check(bin interval, resource_group text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_bin(cloudshell_usage_check.bin)
       AND azhunt.check_text(cloudshell_usage_check.resource_group, 'resource_group', false);
END;

COMMENT ON FUNCTION azhunt.cloudshell_usage_check(interval, text) IS
'internal: true, or an error if the hunt does not take these options';

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
        SELECT p.caller,
               p.timekey,
               azhunt.set_of_texts(p.operationnamevalue) AS set_operationnamevalue
        FROM azhunt.cloudshell_usage_pairs(cloudshell_usage.bin, cloudshell_usage.resource_group,
                              azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback),
                              cloudshell_usage.as_of) AS p
        GROUP BY p.caller, p.timekey
    )
    SELECT h.caller,
           h.timekey,
           h.set_operationnamevalue,
           h.timekey,
           h.caller
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns.
    WHERE azhunt.check_lookback(cloudshell_usage.lookback)
      AND azhunt.cloudshell_usage_check(cloudshell_usage.bin, cloudshell_usage.resource_group)
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
    start_time timestamptz,
    set_operationnamevalue jsonb,
    operations bigint,
    last_operation timestamptz,
    "timestamp" timestamptz,
    accountcustomentity text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT s.caller,
               s.start_time,
               azhunt.set_of_texts(a.operationnamevalue) AS set_operationnamevalue,
               -- a record that was delivered twice counts once
               pg_catalog.count(DISTINCT ROW(a.timegenerated, a.operationnamevalue,
                                             a.activitystatusvalue, a.resourcegroup)) AS operations,
               pg_catalog.max(a.timegenerated) AS last_operation
        FROM (
            SELECT DISTINCT s.caller, s.timegenerated AS start_time
            FROM azhunt.read_shell_starts(cloudshell_sessions.resource_group,
                                          azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback),
                                          cloudshell_sessions.as_of) AS s
        ) AS s
        JOIN azhunt.read_activity(azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback),
                                  cloudshell_sessions.as_of) AS a
          ON a.caller OPERATOR(pg_catalog.=) s.caller
         AND azhunt.within(s.start_time, a.timegenerated, cloudshell_sessions."window")
         -- as much again, for partitions to be pruned for each start
         AND a.timegenerated OPERATOR(pg_catalog.>=) s.start_time
         AND a.timegenerated OPERATOR(pg_catalog.<=)
             azhunt.window_end(s.start_time, cloudshell_sessions."window")
        WHERE azhunt.is_other_operation(a.operationnamevalue)
        GROUP BY s.caller, s.start_time
    )
    SELECT h.caller,
           h.start_time,
           h.set_operationnamevalue,
           h.operations,
           h.last_operation,
           h.start_time,
           h.caller
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns.
    WHERE azhunt.check_window(cloudshell_sessions."window")
      AND azhunt.check_lookback(cloudshell_sessions.lookback)
      AND azhunt.check_text(cloudshell_sessions.resource_group, 'resource_group'::pg_catalog.text, false)
      AND azhunt.check_as_of(cloudshell_sessions.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.cloudshell_sessions(interval, interval, text, timestamptz) IS
'hunt: what else callers did within a window after each start of a Cloud Shell, looking back from as_of';

CREATE FUNCTION azhunt.cloudshell_usage_matches(bin interval, resource_group text, since timestamptz, until timestamptz,
                                                arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT DISTINCT p.timekey, p.caller, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text,
           pg_catalog.jsonb_build_object('OperationNameValue', p.operationnamevalue)
    FROM azhunt.cloudshell_usage_pairs(cloudshell_usage_matches.bin, cloudshell_usage_matches.resource_group,
                          cloudshell_usage_matches.since, cloudshell_usage_matches.until) AS p
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: a caller, a bin of time in which they opened a Cloud Shell, and an operation; whether they are new is not looked at';

CREATE FUNCTION azhunt.cloudshell_usage_new_matches(bin interval, resource_group text, since timestamptz,
                                                    until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 1000
AS $$
    SELECT m.timekey, m.caller, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text,
           pg_catalog.jsonb_build_object('OperationNameValue', m.operationnamevalue)
    FROM (
        SELECT s.timekey, s.caller, a.operationnamevalue
        FROM (
            SELECT DISTINCT s.caller, azhunt.bin(s.timegenerated, cloudshell_usage_new_matches.bin) AS timekey
            FROM azhunt.read_shell_starts(cloudshell_usage_new_matches.resource_group,
                                          cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS s
            WHERE azhunt.arrived_since(s.ingestxid, cloudshell_usage_new_matches.arrivals)
              AND azhunt.count_search(s.timegenerated, 32)
              AND azhunt.window_start(s.timegenerated, cloudshell_usage_new_matches.bin)
                  OPERATOR(pg_catalog.>) '4714-11-24 00:00:00+00 BC'::pg_catalog.timestamptz
        ) AS s
        CROSS JOIN LATERAL (
            SELECT a.operationnamevalue
            FROM azhunt.read_activity(cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS a
            WHERE a.caller OPERATOR(pg_catalog.=) s.caller
              AND azhunt.is_other_operation(a.operationnamevalue)
              AND a.timegenerated OPERATOR(pg_catalog.>=) s.timekey
              AND a.timegenerated OPERATOR(pg_catalog.<) azhunt.bin_end(s.timekey, cloudshell_usage_new_matches.bin)
              AND azhunt.count_visit(a.timegenerated, 1)
            OFFSET 0
        ) AS a
        UNION
        SELECT a.timekey, a.caller, a.operationnamevalue
        FROM (
            SELECT DISTINCT a.caller, azhunt.bin(a.timegenerated, cloudshell_usage_new_matches.bin) AS timekey,
                   a.operationnamevalue
            FROM azhunt.read_activity(cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS a
            WHERE azhunt.is_other_operation(a.operationnamevalue)
              AND azhunt.arrived_since(a.ingestxid, cloudshell_usage_new_matches.arrivals)
              AND azhunt.count_search(a.timegenerated, 32)
              AND azhunt.window_start(a.timegenerated, cloudshell_usage_new_matches.bin)
                  OPERATOR(pg_catalog.>) '4714-11-24 00:00:00+00 BC'::pg_catalog.timestamptz
        ) AS a
        CROSS JOIN LATERAL (
            SELECT
            FROM azhunt.read_shell_starts(cloudshell_usage_new_matches.resource_group,
                                          cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS s
            WHERE s.caller OPERATOR(pg_catalog.=) a.caller
              AND s.timegenerated OPERATOR(pg_catalog.>=) a.timekey
              AND s.timegenerated OPERATOR(pg_catalog.<) azhunt.bin_end(a.timekey, cloudshell_usage_new_matches.bin)
              AND azhunt.count_visit(s.timegenerated, 1)
            LIMIT 1
        ) AS s
    ) AS m
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_new_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the operations in bins of time with a new Cloud Shell, and the new operations in bins with any Cloud Shell';

REVOKE EXECUTE ON FUNCTION
    azhunt.cloudshell_usage_new_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals)
FROM PUBLIC;

CREATE FUNCTION azhunt.cloudshell_usage_log_rows(match azhunt.matches) RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT 'azureactivity', pg_catalog.to_jsonb(a)
    FROM azhunt.azureactivity AS a
    JOIN azhunt.rules AS r ON r.rule OPERATOR(pg_catalog.=) (cloudshell_usage_log_rows.match).rule
    JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
    CROSS JOIN LATERAL (SELECT h.default_options OPERATOR(pg_catalog.||) r.options) AS o (options)
    WHERE COALESCE(a.caller, '') OPERATOR(pg_catalog.=) (cloudshell_usage_log_rows.match).account
      AND a.timegenerated OPERATOR(pg_catalog.>=) (cloudshell_usage_log_rows.match)."time"
      AND a.timegenerated OPERATOR(pg_catalog.<)
          azhunt.bin_end((cloudshell_usage_log_rows.match)."time",
                         (o.options OPERATOR(pg_catalog.->>) 'bin'::pg_catalog.text)::pg_catalog.interval)
      AND (a.operationnamevalue OPERATOR(pg_catalog.=)
           ((cloudshell_usage_log_rows.match).details OPERATOR(pg_catalog.->>) 'OperationNameValue'::pg_catalog.text)
           OR azhunt.is_shell_start(a.operationnamevalue, a.activitystatusvalue)
              AND azhunt.has(a.resourcegroup, o.options OPERATOR(pg_catalog.->>) 'resource_group'::pg_catalog.text))
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_log_rows(azhunt.matches) IS
'internal: the starts of a Cloud Shell and the operation of a match';

CREATE VIEW azhunt.cloudshell_usage_results AS
SELECT r.timekey AS "time",
       r.caller, r.timekey, r.set_operationnamevalue, r.timekey AS "timestamp",
       r.caller AS accountcustomentity,
       r.caller AS account, NULL::text AS address,
       r.rule, h.title, h.description, h.tactics, h.techniques, u.severity,
       r.result_id, r.matches, r.hidden,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, r.run, r.found_at, r.matches,
                         r.hidden) AS status,
       s.note, s.changed_by, s.changed_at,
       r.first_run, r.run, r.found_at
FROM (
    SELECT m.rule, m.hunt, m.result_id, m.account AS caller, m."time" AS timekey,
           azhunt.set_of_texts(m.details OPERATOR(pg_catalog.->>) 'OperationNameValue')
               FILTER (WHERE NOT m.hidden) AS set_operationnamevalue,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden,
           pg_catalog.min(m.run) FILTER (WHERE NOT m.hidden) AS first_run,
           pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at
    FROM azhunt.screened_matches AS m
    WHERE m.hunt OPERATOR(pg_catalog.=) 'cloudshell_usage'
    GROUP BY m.result_id, m.rule, m.hunt, m.account, m."time"
) AS r
JOIN azhunt.rules AS u ON u.rule OPERATOR(pg_catalog.=) r.rule
JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.latest_status AS s ON s.result_id OPERATOR(pg_catalog.=) r.result_id
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.cloudshell_usage_results IS
'what rules of the hunt for Cloud Shells found, a row for each caller and hour';
COMMENT ON COLUMN azhunt.cloudshell_usage_results."time" IS 'start of the bin of time';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.caller IS 'who opened a Cloud Shell';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.timekey IS 'start of the bin of time, by default of an hour';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.set_operationnamevalue IS 'the other operations of the caller in that bin, a sorted array';
COMMENT ON COLUMN azhunt.cloudshell_usage_results."timestamp" IS 'start of the bin of time, under the name of the published query';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.accountcustomentity IS 'the caller, under the name of the published query';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.account IS 'the caller';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.address IS 'always null, as the hunt does not look at it';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.title IS 'title of the hunt';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.tactics IS 'MITRE ATT&CK tactics of the hunt';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.techniques IS 'MITRE ATT&CK techniques of the hunt';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.severity IS 'Sentinel''s severity, as the rule has it';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.result_id IS 'id of the result, for set_status() and log_rows()';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.matches IS 'how many matches it has, without those that the allow-list hides';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.hidden IS 'how many more matches the allow-list hides';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.changed_by IS 'role of the session that set the latest status; null if nobody has';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.changed_at IS 'when the latest status was set; null if nobody has';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.first_run IS 'the run that found its first match';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.run IS 'the run that found its latest match';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.found_at IS 'when that run began';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.cloudshell_usage'::pg_catalog.regproc,
        tables => '{azureactivity}'::pg_catalog.text[],
        reach => 'bin'::pg_catalog.text,
        result_key => '{account,time}'::pg_catalog.text[],
        title => 'Azure CloudShell Usage'::pg_catalog.text,
        description => 'Finds the callers that opened a Cloud Shell, and what else they did in the same hour.'::pg_catalog.text,
        summary => 'Cloud Shell of {account}; other operations: {matches}'::pg_catalog.text,
        tactics => '{Execution}'::pg_catalog.text[],
        techniques => '{T1059}'::pg_catalog.text[],
        id => '42831fb3-f61d-41e9-95d9-f08797479a0e'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]}]'::pg_catalog.jsonb);
END
$$;
