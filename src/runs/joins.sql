--
-- scheduled hunts: the joins
--
-- Each hunt has two functions.  find_in_period_*() joins all rows of a period
-- by the windowed join, whose cost is that of reading them and of what it
-- finds.  find_new_*() goes from each new row to its partners, which OFFSET 0
-- ensures, by index.  That is far less work for a few rows, and far more for
-- many that share an address.  Nobody knows beforehand, so it gives up where it
-- has visited more rows than it should.
--
-- Neither depends on what the planner knows about rows that came a moment ago:
-- find_in_period_*() has no other join, and find_new_*() no other scans than
-- of indexes, chosen by how many of their entries have to be read.
--

CREATE FUNCTION azhunt.find_in_period_storage_upload_link_account(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    lookback_option interval := options ->> 'lookback';
    match_option boolean := options ->> 'match_user_agent';
    file_option text := options ->> 'target_file';
    operations_option text[] := ARRAY(SELECT jsonb_array_elements_text(options -> 'operations'));
    noninteractive_option boolean := options ->> 'include_noninteractive';
    successful_option boolean := options ->> 'successful_only';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.storage_upload_link_account_facts (
        hunt, uploadtime, operationname, uri, useragentheader, address, storageaccount, correlationid,
        logintime, account, loginuseragent, texts_hash, resultid, run, foundat)
    SELECT $1, u.uploadtime, u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
           u.correlationid, s.logintime, s.account, s.loginuseragent,
           azhunt.sha256_of(ARRAY[u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
                                  u.correlationid, s.account, s.loginuseragent]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, u.uri, u.operationname, u.useragentheader]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM azhunt.hunted_uploads(file_option, operations_option) AS u
    JOIN azhunt.hunted_signins(noninteractive_option, successful_option, $5, $6) AS s
      ON s.address = u.address
     AND azhunt.within(s.logintime, u.uploadtime, lookback_option)
     -- says the same, for the pruning of partitions
     AND s.logintime >= azhunt.window_start(u.uploadtime, lookback_option)
     AND s.logintime <= u.uploadtime
     AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
     AND ($7 IS NULL OR azhunt.is_new(u.ingestxid, $7, $8, $9) OR azhunt.is_new(s.ingestxid, $7, $8, $9))
    WHERE u.address <> ''
      AND u.uploadtime >= $5 AND u.uploadtime <= $6
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_in_period_storage_upload_link_account(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the matches of uploads and sign-ins from since to until that are not there, and counts them; only those of which one is new, unless first_xid is null';

CREATE FUNCTION azhunt.find_new_storage_upload_link_account(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET cpu_index_tuple_cost = 1
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    lookback_option interval := options ->> 'lookback';
    match_option boolean := options ->> 'match_user_agent';
    file_option text := options ->> 'target_file';
    operations_option text[] := ARRAY(SELECT jsonb_array_elements_text(options -> 'operations'));
    noninteractive_option boolean := options ->> 'include_noninteractive';
    successful_option boolean := options ->> 'successful_only';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.storage_upload_link_account_facts (
        hunt, uploadtime, operationname, uri, useragentheader, address, storageaccount, correlationid,
        logintime, account, loginuseragent, texts_hash, resultid, run, foundat)
    SELECT $1, m.uploadtime, m.operationname, m.uri, m.useragentheader, m.address, m.storageaccount,
           m.correlationid, m.logintime, m.account, m.loginuseragent,
           azhunt.sha256_of(ARRAY[m.operationname, m.uri, m.useragentheader, m.address, m.storageaccount,
                                  m.correlationid, m.account, m.loginuseragent]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, m.uri, m.operationname, m.useragentheader]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
               u.correlationid, s.logintime, s.account, s.loginuseragent
        FROM azhunt.hunted_uploads(file_option, operations_option) AS u
        CROSS JOIN LATERAL (
            SELECT s.logintime, s.account, s.loginuseragent
            FROM azhunt.hunted_signins(noninteractive_option, successful_option, $5, $6) AS s
            WHERE s.address = u.address
              AND s.logintime >= azhunt.window_start(u.uploadtime, lookback_option)
              AND s.logintime <= u.uploadtime
              AND azhunt.count_visit(s.logintime, 1)
              AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
            OFFSET 0
        ) AS s
        WHERE azhunt.is_new(u.ingestxid, $7, $8, $9)
          AND u.uploadtime >= $5 AND u.uploadtime <= $6
          AND azhunt.count_visit(u.uploadtime, 4)
          AND u.address <> ''
        UNION ALL
        SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, s.address, u.storageaccount,
               u.correlationid, s.logintime, s.account, s.loginuseragent
        FROM azhunt.hunted_signins(noninteractive_option, successful_option, $5, $6) AS s
        CROSS JOIN LATERAL (
            SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, u.storageaccount,
                   u.correlationid
            FROM azhunt.hunted_uploads(file_option, operations_option) AS u
            WHERE u.address = s.address
              AND u.uploadtime >= s.logintime
              AND u.uploadtime <= azhunt.window_end(s.logintime, lookback_option)
              AND u.uploadtime >= $5 AND u.uploadtime <= $6
              AND azhunt.count_visit(u.uploadtime, 1)
              AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
            OFFSET 0
        ) AS u
        WHERE azhunt.is_new(s.ingestxid, $7, $8, $9)
          AND azhunt.count_visit(s.logintime, 4)
          AND s.address <> ''
    ) AS m
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_new_storage_upload_link_account(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the matches of new uploads with all sign-ins, and of new sign-ins with all uploads, that are not there, and counts them; since to until is a period that has them all';

CREATE FUNCTION azhunt.find_in_period_cloudshell_usage(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    bin_option interval := options ->> 'bin';
    group_option text := options ->> 'resource_group';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.cloudshell_usage_facts (
        hunt, timekey, caller, operationnamevalue, texts_hash, resultid, run, foundat)
    SELECT DISTINCT $1, s.timekey, s.caller, o.operationnamevalue,
           azhunt.sha256_of(ARRAY[s.caller, o.operationnamevalue]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, s.caller, extract(epoch FROM s.timekey)::text]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT DISTINCT s.caller, azhunt.bin(s.starttime, bin_option) AS timekey
        FROM azhunt.hunted_shell_starts(group_option) AS s
        WHERE s.starttime >= $5 AND s.starttime <= $6
          -- whose bin has a start
          AND azhunt.window_start(s.starttime, bin_option) > timestamptz '4714-11-24 00:00:00+00 BC'
    ) AS s
    JOIN azhunt.hunted_operations() AS o
      ON o.caller = s.caller
     -- the first time after the bin is not in it
     AND azhunt.within(s.timekey, o.operationtime, bin_option - interval '1 microsecond')
     -- nor is anything in a bin that has no end
     AND o.operationtime < azhunt.bin_end(s.timekey, bin_option)
    WHERE o.operationtime >= $5 AND o.operationtime <= $6
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_in_period_cloudshell_usage(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the operations of all callers in all bins of time with a Cloud Shell, both from since to until, that are not there, and counts them; whether they are new is not looked at';

CREATE FUNCTION azhunt.find_new_cloudshell_usage(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET cpu_index_tuple_cost = 1
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    bin_option interval := options ->> 'bin';
    group_option text := options ->> 'resource_group';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.cloudshell_usage_facts (
        hunt, timekey, caller, operationnamevalue, texts_hash, resultid, run, foundat)
    SELECT $1, m.timekey, m.caller, m.operationnamevalue,
           azhunt.sha256_of(ARRAY[m.caller, m.operationnamevalue]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, m.caller, extract(epoch FROM m.timekey)::text]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT s.timekey, s.caller, o.operationnamevalue
        FROM (
            SELECT DISTINCT s.caller, azhunt.bin(s.starttime, bin_option) AS timekey
            FROM azhunt.hunted_shell_starts(group_option) AS s
            WHERE azhunt.is_new(s.ingestxid, $7, $8, $9)
              AND s.starttime >= $5 AND s.starttime <= $6
              AND azhunt.count_visit(s.starttime, 4)
              AND azhunt.window_start(s.starttime, bin_option) > timestamptz '4714-11-24 00:00:00+00 BC'
        ) AS s
        CROSS JOIN LATERAL (
            SELECT o.operationnamevalue
            FROM azhunt.hunted_operations() AS o
            WHERE o.caller = s.caller
              AND o.operationtime >= s.timekey
              AND o.operationtime < azhunt.bin_end(s.timekey, bin_option)
              AND o.operationtime >= $5 AND o.operationtime <= $6
              AND azhunt.count_visit(o.operationtime, 1)
            OFFSET 0
        ) AS o
        UNION
        SELECT o.timekey, o.caller, o.operationnamevalue
        FROM (
            SELECT DISTINCT o.caller, azhunt.bin(o.operationtime, bin_option) AS timekey, o.operationnamevalue
            FROM azhunt.hunted_operations() AS o
            WHERE azhunt.is_new(o.ingestxid, $7, $8, $9)
              AND o.operationtime >= $5 AND o.operationtime <= $6
              AND azhunt.count_visit(o.operationtime, 4)
              AND azhunt.window_start(o.operationtime, bin_option) > timestamptz '4714-11-24 00:00:00+00 BC'
        ) AS o
        CROSS JOIN LATERAL (
            SELECT
            FROM azhunt.hunted_shell_starts(group_option) AS s
            WHERE s.caller = o.caller
              AND s.starttime >= o.timekey
              AND s.starttime < azhunt.bin_end(o.timekey, bin_option)
              AND s.starttime >= $5 AND s.starttime <= $6
              AND azhunt.count_visit(s.starttime, 1)
            LIMIT 1
        ) AS s
    ) AS m
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_new_cloudshell_usage(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the operations in bins of time with a new Cloud Shell, and the new operations in bins with any Cloud Shell, that are not there, and counts them; since to until is a period that has them all';

CREATE FUNCTION azhunt.count_all_rows(tables text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    log_rows bigint;
    counts jsonb := '{}';
BEGIN
    FOREACH log_table IN ARRAY tables LOOP
        EXECUTE format('SELECT count(*) FROM azhunt.%I', log_table) INTO log_rows;
        counts := counts || jsonb_build_object(log_table, log_rows);
    END LOOP;
    RETURN counts;
END
$$;

COMMENT ON FUNCTION azhunt.count_all_rows(text[]) IS
'how many rows log tables have';
