--
-- New Cloud Shell user: who set up a Cloud Shell, which writes a storage account
-- and lists its keys within minutes?
--

CREATE FUNCTION azhunt.new_cloudshell_user_check("window" interval, resource_group text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_window(new_cloudshell_user_check."window")
       AND azhunt.check_text(new_cloudshell_user_check.resource_group, 'resource_group', false);
END;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_check(interval, text) IS
'internal: true, or an error if the hunt does not take these options';

CREATE FUNCTION azhunt.is_write_of_storage_account(operationnamevalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/write'::text;

COMMENT ON FUNCTION azhunt.is_write_of_storage_account(text) IS
'condition: is this the operation that creates or changes a storage account?';

CREATE FUNCTION azhunt.new_cloudshell_user_writes(resource_group text, since timestamptz, until timestamptz)
RETURNS TABLE (timegenerated timestamptz, caller text, calleripaddress text, resourcegroup text,
               activitystatusvalue text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT a.timegenerated, a.caller, COALESCE(a.calleripaddress, ''), a.resourcegroup,
           COALESCE(a.activitystatusvalue, ''), a.ingestxid
    FROM azhunt.read_activity(new_cloudshell_user_writes.since, new_cloudshell_user_writes.until) AS a
    WHERE azhunt.is_write_of_storage_account(a.operationnamevalue)
      AND azhunt.has(a.resourcegroup, new_cloudshell_user_writes.resource_group)
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_writes(text, timestamptz, timestamptz) IS
'internal: operations that write a storage account of Cloud Shells, whatever their status, from since to until, both included';

-- Either can come first.  Two joins, as within() has one direction.
CREATE FUNCTION azhunt.new_cloudshell_user_pairs(
    "window" interval, resource_group text, since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE (
    timegenerated timestamptz,
    caller text,
    azureip text,
    resourcegroup text,
    write_timegenerated timestamptz,
    userip text,
    write_resourcegroup text,
    write_status text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT k.timegenerated, k.caller, k.calleripaddress, k.resourcegroup,
           w.timegenerated, w.calleripaddress, w.resourcegroup, w.activitystatusvalue
    FROM azhunt.read_shell_starts(new_cloudshell_user_pairs.resource_group,
                                  new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS k
    JOIN azhunt.new_cloudshell_user_writes(new_cloudshell_user_pairs.resource_group,
                                           new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS w
      ON w.caller OPERATOR(pg_catalog.=) k.caller
     AND azhunt.within(w.timegenerated, k.timegenerated, new_cloudshell_user_pairs."window")
     -- as much again, for the writes of one caller to be looked up
     AND w.timegenerated OPERATOR(pg_catalog.>=)
         azhunt.window_start(k.timegenerated, new_cloudshell_user_pairs."window")
     AND w.timegenerated OPERATOR(pg_catalog.<=) k.timegenerated
     AND (azhunt.arrived_since(k.ingestxid, new_cloudshell_user_pairs.arrivals)
          OR azhunt.arrived_since(w.ingestxid, new_cloudshell_user_pairs.arrivals))
    UNION ALL
    SELECT k.timegenerated, k.caller, k.calleripaddress, k.resourcegroup,
           w.timegenerated, w.calleripaddress, w.resourcegroup, w.activitystatusvalue
    FROM azhunt.read_shell_starts(new_cloudshell_user_pairs.resource_group,
                                  new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS k
    JOIN azhunt.new_cloudshell_user_writes(new_cloudshell_user_pairs.resource_group,
                                           new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS w
      ON w.caller OPERATOR(pg_catalog.=) k.caller
     AND azhunt.within(k.timegenerated, w.timegenerated, new_cloudshell_user_pairs."window")
     AND w.timegenerated OPERATOR(pg_catalog.>) k.timegenerated
     AND w.timegenerated OPERATOR(pg_catalog.<=)
         azhunt.window_end(k.timegenerated, new_cloudshell_user_pairs."window")
     AND (azhunt.arrived_since(k.ingestxid, new_cloudshell_user_pairs.arrivals)
          OR azhunt.arrived_since(w.ingestxid, new_cloudshell_user_pairs.arrivals))
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_pairs(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: operations that list keys for a Cloud Shell, each with one by the same caller that writes a storage account, at most a window before or after it, both from since to until, both included; only those of which one has arrived, unless arrivals is null';

CREATE FUNCTION azhunt.new_cloudshell_user(
    "window" interval DEFAULT '3 minutes',
    resource_group text DEFAULT 'cloud-shell',
    lookback interval DEFAULT '1 day',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    timegenerated timestamptz,
    caller text,
    resourcegroup text,
    azureip text,
    userip text,
    writes bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT p.timegenerated, p.caller, p.resourcegroup, p.azureip, p.userip,
               -- a record that was delivered twice counts once
               pg_catalog.count(DISTINCT ROW(p.write_timegenerated, p.write_resourcegroup, p.write_status)) AS writes
        FROM azhunt.new_cloudshell_user_pairs(new_cloudshell_user."window", new_cloudshell_user.resource_group,
                                             azhunt.window_start(new_cloudshell_user.as_of,
                                                                 new_cloudshell_user.lookback),
                                             new_cloudshell_user.as_of, NULL::azhunt.arrivals) AS p
        GROUP BY p.timegenerated, p.caller, p.resourcegroup, p.azureip, p.userip
    )
    SELECT h.timegenerated, h.caller, h.resourcegroup, h.azureip, h.userip, h.writes
    FROM found AS h
    WHERE azhunt.new_cloudshell_user_check(new_cloudshell_user."window", new_cloudshell_user.resource_group)
      AND azhunt.check_lookback(new_cloudshell_user.lookback)
      AND azhunt.check_as_of(new_cloudshell_user.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user(interval, text, interval, timestamptz) IS
'hunt: who listed storage keys and wrote a storage account within a window, as in setting up a Cloud Shell, looking back from as_of';

CREATE FUNCTION azhunt.new_cloudshell_user_details(
    resourcegroup text, azureip text, write_timegenerated timestamptz, write_resourcegroup text, write_status text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('ResourceGroup'::text, resourcegroup,
                       'AzureIP'::text, azureip,
                       'WriteTime'::text, write_timegenerated,
                       'WriteResourceGroup'::text, write_resourcegroup,
                       'WriteStatus'::text, write_status);

COMMENT ON FUNCTION azhunt.new_cloudshell_user_details(text, text, timestamptz, text, text) IS
'internal: what a match of this hunt says beyond its caller and the address of the write';

CREATE FUNCTION azhunt.new_cloudshell_user_matches("window" interval, resource_group text, since timestamptz,
                                                   until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT p.timegenerated, p.caller, p.userip, NULL::pg_catalog.text, NULL::pg_catalog.text,
           azhunt.new_cloudshell_user_details(p.resourcegroup, p.azureip, p.write_timegenerated, p.write_resourcegroup,
                                              p.write_status)
    FROM azhunt.new_cloudshell_user_pairs(new_cloudshell_user_matches."window",
                                          new_cloudshell_user_matches.resource_group,
                                         new_cloudshell_user_matches.since, new_cloudshell_user_matches.until,
                                         new_cloudshell_user_matches.arrivals) AS p
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: a listing of storage keys and a write of a storage account';

CREATE FUNCTION azhunt.new_cloudshell_user_log_rows(match azhunt.matches) RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT 'azureactivity', l.log_row
    FROM azhunt.azureactivity AS a
    CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(a)) AS l (log_row)
    -- the log table need not have such a column
    CROSS JOIN LATERAL (SELECT COALESCE(azhunt.strip_port(l.log_row
                                                          OPERATOR(pg_catalog.->>) 'calleripaddress'::pg_catalog.text),
                                                          '')) AS c (address)
    WHERE COALESCE(a.caller, '') OPERATOR(pg_catalog.=) (new_cloudshell_user_log_rows.match).account
      AND (a.timegenerated OPERATOR(pg_catalog.=) (new_cloudshell_user_log_rows.match)."time"
           AND azhunt.is_shell_start(a.operationnamevalue, a.activitystatusvalue)
           AND a.resourcegroup OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                                       OPERATOR(pg_catalog.->>) 'ResourceGroup'::pg_catalog.text)
           AND c.address OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                                 OPERATOR(pg_catalog.->>) 'AzureIP'::pg_catalog.text)
           OR a.timegenerated OPERATOR(pg_catalog.=)
              ((new_cloudshell_user_log_rows.match).details
               OPERATOR(pg_catalog.->>) 'WriteTime'::pg_catalog.text)::pg_catalog.timestamptz
              AND azhunt.is_write_of_storage_account(a.operationnamevalue)
              AND a.resourcegroup OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                                          OPERATOR(pg_catalog.->>) 'WriteResourceGroup'::pg_catalog.text)
              AND COALESCE(a.activitystatusvalue, '')
                  OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                          OPERATOR(pg_catalog.->>) 'WriteStatus'::pg_catalog.text)
              AND c.address OPERATOR(pg_catalog.=) (new_cloudshell_user_log_rows.match).address)
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_log_rows(azhunt.matches) IS
'internal: the two operations of a match';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.new_cloudshell_user'::pg_catalog.regproc,
        tables => '{azureactivity}'::pg_catalog.text[],
        reach => 'window'::pg_catalog.text,
        result_key => '{account,time,ResourceGroup,AzureIP,address}'::pg_catalog.text[],
        title => 'New CloudShell User'::pg_catalog.text,
        description => 'Finds the callers that set up a Cloud Shell.'::pg_catalog.text,
        summary => '{account} set up a Cloud Shell from {address} in resource group {ResourceGroup}'::pg_catalog.text,
        tactics => '{Execution}'::pg_catalog.text[],
        techniques => '{T1059}'::pg_catalog.text[],
        id => '6d7214d9-4a28-44df-aafb-0910b9e6ae3e'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]},
                             {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;
