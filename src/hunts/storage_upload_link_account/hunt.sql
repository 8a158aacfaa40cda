--
-- Storage upload link account: who signed in from the address that a file was
-- uploaded from, moments before?
--

CREATE FUNCTION azhunt.storage_upload_link_account_pairs(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text,
    since timestamptz,
    until timestamptz,
    signins_since timestamptz,
    arrivals azhunt.arrivals)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    uri text,
    useragentheader text,
    address text,
    storageaccount text,
    correlationid text,
    signin_timegenerated timestamptz,
    account text,
    signin_useragent text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT u.timegenerated, u.operationname, u.uri, u.useragentheader, u.calleripaddress, u.accountname,
           u.correlationid,
           azhunt.time_of_signin(storage_upload_link_account_pairs.signin_time, s.timegenerated, s.createddatetime),
           s.userprincipalname, s.useragent
    FROM azhunt.read_uploads(storage_upload_link_account_pairs.target_file,
                             storage_upload_link_account_pairs.operations,
                             storage_upload_link_account_pairs.since, storage_upload_link_account_pairs.until) AS u
    JOIN azhunt.read_signins(storage_upload_link_account_pairs.include_noninteractive,
                             storage_upload_link_account_pairs.successful_only,
                             storage_upload_link_account_pairs.include_service_principals,
                             storage_upload_link_account_pairs.signins_since,
                             azhunt.processed_until(storage_upload_link_account_pairs.signin_time,
                                                    storage_upload_link_account_pairs.until)) AS s
      ON s.ipaddress OPERATOR(pg_catalog.=) u.calleripaddress
     AND azhunt.within(azhunt.time_of_signin(storage_upload_link_account_pairs.signin_time, s.timegenerated,
                                             s.createddatetime),
                       u.timegenerated, storage_upload_link_account_pairs.lookback)
     -- as much again, for partitions to be pruned for each upload
     AND s.timegenerated OPERATOR(pg_catalog.>=)
         azhunt.window_start(u.timegenerated, storage_upload_link_account_pairs.lookback)
     AND azhunt.time_of_signin(storage_upload_link_account_pairs.signin_time, s.timegenerated, s.createddatetime)
         OPERATOR(pg_catalog.<=) u.timegenerated
     AND (NOT storage_upload_link_account_pairs.match_user_agent
          OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
     AND (azhunt.arrived_since(u.ingestxid, storage_upload_link_account_pairs.arrivals)
          OR azhunt.arrived_since(s.ingestxid, storage_upload_link_account_pairs.arrivals))
    WHERE u.calleripaddress OPERATOR(pg_catalog.<>) ''
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_pairs(interval, text, boolean, text[], boolean, boolean, boolean, text, timestamptz, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: uploads from since to until, both included, each with a sign-in at most lookback before it, processed not before signins_since; only those of which one has arrived, unless arrivals is null';

CREATE FUNCTION azhunt.storage_upload_link_account_check(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_lookback(storage_upload_link_account_check.lookback)
       AND azhunt.check_text(storage_upload_link_account_check.target_file, 'target_file', true)
       AND azhunt.check_flag(storage_upload_link_account_check.match_user_agent, 'match_user_agent')
       AND azhunt.check_operations(storage_upload_link_account_check.operations)
       AND azhunt.check_flag(storage_upload_link_account_check.include_noninteractive, 'include_noninteractive')
       AND azhunt.check_flag(storage_upload_link_account_check.successful_only, 'successful_only')
       AND azhunt.check_flag(storage_upload_link_account_check.include_service_principals, 'include_service_principals')
       AND azhunt.check_signin_time(storage_upload_link_account_check.signin_time);
END;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_check(interval, text, boolean, text[], boolean, boolean, boolean, text) IS
'internal: true, or an error if the hunt does not take these options';

CREATE FUNCTION azhunt.storage_upload_link_account_tables(include_noninteractive boolean,
                                                          include_service_principals boolean)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{storagebloblogs,storagefilelogs,signinlogs}'::text[]
    OPERATOR(pg_catalog.||) CASE WHEN include_noninteractive
                                 THEN '{aadnoninteractiveusersigninlogs}'::text[] ELSE '{}'::text[] END
    OPERATOR(pg_catalog.||) CASE WHEN include_service_principals
                                 THEN '{aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::text[]
                                 ELSE '{}'::text[] END;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_tables(boolean, boolean) IS
'internal: the log tables that the hunt reads with these options';

CREATE FUNCTION azhunt.storage_upload_link_account(
    lookback interval DEFAULT '1 minute',
    target_file text DEFAULT NULL,
    match_user_agent boolean DEFAULT true,
    operations text[] DEFAULT '{PutBlob,PutRange}',
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    include_service_principals boolean DEFAULT false,
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity',
    signin_time text DEFAULT 'TimeGenerated')
RETURNS TABLE (
    fileuploadpath text,
    operationname text,
    uploaduseragent text,
    loginevents jsonb,
    accounts text[],
    logins jsonb,
    uploads bigint,
    first_upload timestamptz,
    last_upload timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT p.uri,
               p.operationname,
               p.useragentheader,
               azhunt.linked_signins(p.timegenerated, p.correlationid, p.signin_timegenerated, p.account,
                                     p.signin_useragent, p.address) AS linked,
               pg_catalog.min(p.timegenerated) AS first_upload,
               pg_catalog.max(p.timegenerated) AS last_upload
        FROM azhunt.storage_upload_link_account_pairs(storage_upload_link_account.lookback,
                                      storage_upload_link_account.target_file,
                                      storage_upload_link_account.match_user_agent,
                                      storage_upload_link_account.operations,
                                      storage_upload_link_account.include_noninteractive,
                                      storage_upload_link_account.successful_only,
                                      storage_upload_link_account.include_service_principals,
                                      storage_upload_link_account.signin_time,
                                      storage_upload_link_account.since, storage_upload_link_account.until,
                                      azhunt.window_start(storage_upload_link_account.since,
                                                          storage_upload_link_account.lookback),
                                      NULL::azhunt.arrivals) AS p
        GROUP BY p.uri, p.operationname, p.useragentheader
    )
    SELECT h.uri,
           h.operationname,
           h.useragentheader,
           (h.linked).loginevents,
           (h.linked).accounts,
           (h.linked).logins,
           (h.linked).uploads,
           h.first_upload,
           h.last_upload
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns; and because of WITH, not
    -- beside the conditions of the calling query either.
    WHERE azhunt.storage_upload_link_account_check(storage_upload_link_account.lookback,
                                                    storage_upload_link_account.target_file,
                                                    storage_upload_link_account.match_user_agent,
                                                    storage_upload_link_account.operations,
                                                    storage_upload_link_account.include_noninteractive,
                                                    storage_upload_link_account.successful_only,
                                                    storage_upload_link_account.include_service_principals,
                                                    storage_upload_link_account.signin_time)
      AND azhunt.check_period(storage_upload_link_account.since, storage_upload_link_account.until)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs,signinlogs,aadnoninteractiveusersigninlogs,aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, boolean, timestamptz, timestamptz, text) IS
'hunt: the accounts that signed in, at most lookback before an upload, from the address of the upload';

CREATE FUNCTION azhunt.storage_upload_link_account_matches(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text,
    since timestamptz,
    until timestamptz,
    arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT p.timegenerated, p.account, p.address, p.useragentheader, p.storageaccount,
           azhunt.upload_details(p.uri, p.operationname, p.correlationid, p.signin_timegenerated, p.signin_useragent)
    FROM azhunt.storage_upload_link_account_pairs(storage_upload_link_account_matches.lookback,
                                          storage_upload_link_account_matches.target_file,
                                          storage_upload_link_account_matches.match_user_agent,
                                          storage_upload_link_account_matches.operations,
                                          storage_upload_link_account_matches.include_noninteractive,
                                          storage_upload_link_account_matches.successful_only,
                                          storage_upload_link_account_matches.include_service_principals,
                                          storage_upload_link_account_matches.signin_time,
                                          azhunt.begun_since(storage_upload_link_account_matches.signin_time,
                                                                  storage_upload_link_account_matches.since),
                                          storage_upload_link_account_matches.until,
                                          azhunt.window_start(storage_upload_link_account_matches.since,
                                                              storage_upload_link_account_matches.lookback),
                                          storage_upload_link_account_matches.arrivals) AS p
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_matches(interval, text, boolean, text[], boolean, boolean, boolean, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: an upload and a sign-in';

CREATE FUNCTION azhunt.upload_details(uri text, operationname text, correlationid text,
                                      signin_timegenerated timestamptz, signin_useragent text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('FileUploadPath'::text, uri,
                       'FileName'::text, COALESCE(NULLIF(azhunt.file_name(uri), ''::text), uri),
                       'OperationName'::text, operationname,
                       'CorrelationId'::text, correlationid,
                       'AzureLoginTime'::text, signin_timegenerated,
                       'UserAgent'::text, signin_useragent);

COMMENT ON FUNCTION azhunt.upload_details(text, text, text, timestamptz, text) IS
'internal: what a match of the hunt for uploads says beyond its entities';

CREATE FUNCTION azhunt.storage_upload_link_account_new_matches(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text,
    since timestamptz,
    until timestamptz,
    arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 1000
AS $$
    SELECT u.timegenerated, s.userprincipalname, u.calleripaddress, u.useragentheader, u.accountname,
           azhunt.upload_details(u.uri, u.operationname, u.correlationid, s.signintime, s.useragent)
    FROM azhunt.read_uploads(storage_upload_link_account_new_matches.target_file,
                             storage_upload_link_account_new_matches.operations,
                             storage_upload_link_account_new_matches.since,
                             storage_upload_link_account_new_matches.until) AS u
    CROSS JOIN LATERAL (
        SELECT azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                     s.createddatetime) AS signintime,
               s.userprincipalname, s.useragent
        FROM azhunt.read_signins(storage_upload_link_account_new_matches.include_noninteractive,
                                 storage_upload_link_account_new_matches.successful_only,
                                 storage_upload_link_account_new_matches.include_service_principals,
                                 storage_upload_link_account_new_matches.since,
                                 azhunt.processed_until(storage_upload_link_account_new_matches.signin_time,
                                                        storage_upload_link_account_new_matches.until)) AS s
        WHERE s.ipaddress OPERATOR(pg_catalog.=) u.calleripaddress
          AND azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                    s.createddatetime)
              OPERATOR(pg_catalog.>=) azhunt.window_start(u.timegenerated,
                                                          storage_upload_link_account_new_matches.lookback)
          AND azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                    s.createddatetime)
              OPERATOR(pg_catalog.<=) u.timegenerated
          AND s.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.window_start(u.timegenerated, storage_upload_link_account_new_matches.lookback)
          AND azhunt.count_visit(s.timegenerated, 1)
          AND (NOT storage_upload_link_account_new_matches.match_user_agent
               OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
        OFFSET 0
    ) AS s
    WHERE azhunt.arrived_since(u.ingestxid, storage_upload_link_account_new_matches.arrivals)
      AND azhunt.count_search(u.timegenerated, 32)
      AND u.calleripaddress OPERATOR(pg_catalog.<>) ''
    UNION ALL
    SELECT u.timegenerated, s.userprincipalname, s.ipaddress, u.useragentheader, u.accountname,
           azhunt.upload_details(u.uri, u.operationname, u.correlationid,
                                 azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time,
                                                       s.timegenerated, s.createddatetime), s.useragent)
    FROM azhunt.read_signins(storage_upload_link_account_new_matches.include_noninteractive,
                             storage_upload_link_account_new_matches.successful_only,
                             storage_upload_link_account_new_matches.include_service_principals,
                             storage_upload_link_account_new_matches.since,
                             storage_upload_link_account_new_matches.until) AS s
    CROSS JOIN LATERAL (
        SELECT u.timegenerated, u.operationname, u.uri, u.useragentheader, u.accountname, u.correlationid
        FROM azhunt.read_uploads(storage_upload_link_account_new_matches.target_file,
                                 storage_upload_link_account_new_matches.operations,
                                 azhunt.begun_since(storage_upload_link_account_new_matches.signin_time,
                                                    storage_upload_link_account_new_matches.since),
                                 storage_upload_link_account_new_matches.until) AS u
        WHERE u.calleripaddress OPERATOR(pg_catalog.=) s.ipaddress
          AND u.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                    s.createddatetime)
          AND u.timegenerated OPERATOR(pg_catalog.<=)
              azhunt.window_end(azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time,
                                                      s.timegenerated, s.createddatetime),
                                storage_upload_link_account_new_matches.lookback)
          AND azhunt.count_visit(u.timegenerated, 1)
          AND (NOT storage_upload_link_account_new_matches.match_user_agent
               OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
        OFFSET 0
    ) AS u
    WHERE azhunt.arrived_since(s.ingestxid, storage_upload_link_account_new_matches.arrivals)
      AND azhunt.count_search(s.timegenerated, 32)
      AND s.ipaddress OPERATOR(pg_catalog.<>) ''
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_new_matches(interval, text, boolean, text[], boolean, boolean, boolean, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of new uploads with all sign-ins, and of new sign-ins with all uploads, both from since to until';

REVOKE EXECUTE ON FUNCTION
    azhunt.storage_upload_link_account_new_matches(interval, text, boolean, text[], boolean, boolean, boolean, text,
                                                   timestamptz, timestamptz, azhunt.arrivals)
FROM PUBLIC;

CREATE FUNCTION azhunt.storage_upload_link_account_log_rows(match azhunt.matches)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    WITH rule AS (
        SELECT h.default_options OPERATOR(pg_catalog.||) r.options AS options
        FROM azhunt.rules AS r
        JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
        WHERE r.rule OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).rule
    )
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows((storage_upload_link_account_log_rows.match)."time") AS l
    WHERE l.calleripaddress OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).address
      AND l.useragentheader OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).useragent
      AND l.uri OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'FileUploadPath'::pg_catalog.text)
      AND l.operationname OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'OperationName'::pg_catalog.text)
      AND l.correlationid OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'CorrelationId'::pg_catalog.text)
      AND l.accountname OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).storageaccount
    UNION ALL
    SELECT l.log_table, l.log_row
    FROM (
        SELECT 'signinlogs', pg_catalog.to_jsonb(s), s.ipaddress, s.useragent, COALESCE(s.userprincipalname, ''),
               s.resulttype,
               s.timegenerated, NULL::pg_catalog.text
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT 'aadnoninteractiveusersigninlogs', pg_catalog.to_jsonb(n), n.ipaddress, n.useragent,
               COALESCE(n.userprincipalname, ''), n.resulttype,
               n.timegenerated, 'include_noninteractive'
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
        UNION ALL
        SELECT 'aadserviceprincipalsigninlogs', pg_catalog.to_jsonb(p), p.ipaddress, p.useragent,
               azhunt.principal_account(p.serviceprincipalname, p.serviceprincipalid), p.resulttype,
               p.timegenerated, 'include_service_principals'
        FROM azhunt.aadserviceprincipalsigninlogs AS p
        UNION ALL
        SELECT 'aadmanagedidentitysigninlogs', pg_catalog.to_jsonb(i), i.ipaddress, i.useragent,
               azhunt.principal_account(i.serviceprincipalname, i.serviceprincipalid), i.resulttype,
               i.timegenerated, 'include_service_principals'
        FROM azhunt.aadmanagedidentitysigninlogs AS i
    ) AS l (log_table, log_row, ipaddress, useragent, account, resulttype, timegenerated, on_request)
    CROSS JOIN rule AS o
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'AzureLoginTime'::pg_catalog.text)::pg_catalog.timestamptz
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          (SELECT azhunt.processed_until(r.options OPERATOR(pg_catalog.->>) 'signin_time'::pg_catalog.text,
                                         ((storage_upload_link_account_log_rows.match).details
                                          OPERATOR(pg_catalog.->>) 'AzureLoginTime'::pg_catalog.text)::pg_catalog.timestamptz)
           FROM rule AS r)
      AND azhunt.time_of_signin(o.options OPERATOR(pg_catalog.->>) 'signin_time'::pg_catalog.text, l.timegenerated,
                                -- which a view may not have
                                (l.log_row OPERATOR(pg_catalog.->>) 'createddatetime'::pg_catalog.text)::pg_catalog.timestamptz)
          OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'AzureLoginTime'::pg_catalog.text)::pg_catalog.timestamptz
      AND azhunt.strip_port(l.ipaddress) OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).address
      AND COALESCE(l.useragent, '')
          OPERATOR(pg_catalog.=) ((storage_upload_link_account_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'UserAgent'::pg_catalog.text)
      AND l.account OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).account
      AND (l.on_request IS NULL OR (o.options OPERATOR(pg_catalog.->) l.on_request)::pg_catalog.bool)
      AND (NOT (o.options OPERATOR(pg_catalog.->) 'successful_only'::pg_catalog.text)::pg_catalog.bool
           OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_log_rows(azhunt.matches) IS
'internal: the uploads and sign-ins of a match';

CREATE VIEW azhunt.storage_upload_link_account_results AS
SELECT r.last_upload AS "time",
       r.fileuploadpath, r.operationname, r.uploaduseragent, (r.linked).loginevents,
       (r.linked).accounts, (r.linked).logins, (r.linked).uploads, r.first_upload, r.last_upload,
       pg_catalog.array_to_string((r.linked).accounts, ', ') AS account,
       pg_catalog.array_to_string(r.addresses, ', ') AS address,
       r.addresses, r.storageaccounts,
       r.rule, h.title, h.description, h.tactics, h.techniques, u.severity,
       r.result_id, r.matches, r.hidden,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, r.run, r.found_at, r.matches,
                         r.hidden) AS status,
       s.note, s.changed_by, s.changed_at,
       r.first_run, r.run, r.found_at
FROM (
    SELECT m.rule, m.hunt, m.result_id,
           -- all have the same path, operation and user agent
           pg_catalog.min(m.fileuploadpath) AS fileuploadpath, pg_catalog.min(m.operationname) AS operationname,
           pg_catalog.min(m.useragent) AS uploaduseragent,
           azhunt.linked_signins(m."time", m.correlationid, m.signin_timegenerated, m.account, m.signin_useragent,
                                 m.address)
               FILTER (WHERE NOT m.hidden) AS linked,
           pg_catalog.min(m."time") FILTER (WHERE NOT m.hidden) AS first_upload,
           pg_catalog.max(m."time") FILTER (WHERE NOT m.hidden) AS last_upload,
           azhunt.array_of_texts(m.address) FILTER (WHERE NOT m.hidden) AS addresses,
           azhunt.array_of_texts(m.storageaccount) FILTER (WHERE NOT m.hidden) AS storageaccounts,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden,
           pg_catalog.min(m.run) FILTER (WHERE NOT m.hidden) AS first_run,
           pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at
    FROM (
        SELECT m.*,
               m.details OPERATOR(pg_catalog.->>) 'FileUploadPath' AS fileuploadpath,
               m.details OPERATOR(pg_catalog.->>) 'OperationName' AS operationname,
               m.details OPERATOR(pg_catalog.->>) 'CorrelationId' AS correlationid,
               m.details OPERATOR(pg_catalog.->>) 'UserAgent' AS signin_useragent,
               (m.details OPERATOR(pg_catalog.->>) 'AzureLoginTime')::timestamptz AS signin_timegenerated
        FROM azhunt.screened_matches AS m
        WHERE m.hunt OPERATOR(pg_catalog.=) 'storage_upload_link_account'
    ) AS m
    GROUP BY m.result_id, m.rule, m.hunt
) AS r
JOIN azhunt.rules AS u ON u.rule OPERATOR(pg_catalog.=) r.rule
JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.latest_status AS s ON s.result_id OPERATOR(pg_catalog.=) r.result_id
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.storage_upload_link_account_results IS
'what rules of the hunt for uploads found, a row for each URI, operation and user agent';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results."time" IS 'time of its latest upload';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.fileuploadpath IS 'URI of the file';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.operationname IS 'operation that uploaded it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.uploaduseragent IS 'user agent of the uploads';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.loginevents IS 'the sign-ins as one bag, in which later ones overwrite earlier ones, as the published query has it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.accounts IS 'the accounts that signed in, sorted';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.logins IS 'the sign-ins as an array of bags';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.uploads IS 'how many uploads it has';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.first_upload IS 'time of its first upload';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.last_upload IS 'time of its latest upload';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.account IS 'the accounts, separated by commas';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.address IS 'the addresses, separated by commas';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.addresses IS 'the addresses of uploads and sign-ins, sorted';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.storageaccounts IS 'the storage accounts, sorted';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.title IS 'title of the hunt';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.tactics IS 'MITRE ATT&CK tactics of the hunt';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.techniques IS 'MITRE ATT&CK techniques of the hunt';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.severity IS 'Sentinel''s severity, as the rule has it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.result_id IS 'id of the result, for set_status() and log_rows()';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.matches IS 'how many matches it has, without those that the allow-list hides';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.hidden IS 'how many more matches the allow-list hides';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.changed_by IS 'role of the session that set the latest status; null if nobody has';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.changed_at IS 'when the latest status was set; null if nobody has';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.first_run IS 'the run that found its first match';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.run IS 'the run that found its latest match';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.found_at IS 'when that run began';

CREATE FUNCTION azhunt.upload_counts(rule text, since timestamptz, until timestamptz, width interval DEFAULT '1 hour')
RETURNS TABLE ("time" timestamptz, uploads bigint)
-- volatile, so that the rows are those of now: by the snapshot of a query that
-- waited meanwhile, a partition is too new to be looked at
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
-- an error instead of counts without the rows that a policy hides
SET row_security = off
AS $$
DECLARE
    options jsonb := (SELECT h.default_options || r.options
                      FROM azhunt.rules AS r JOIN azhunt.hunts AS h ON h.hunt = r.hunt
                      WHERE r.rule = upload_counts.rule AND r.hunt = 'storage_upload_link_account');
    -- a function with a subquery among its arguments is not inlined, so that
    -- all partitions would be locked
    target_file text := options ->> 'target_file'::text;
    operations text[] := ARRAY(SELECT o.operation
                               FROM jsonb_array_elements_text(options -> 'operations'::text) AS o (operation));
BEGIN
    IF options IS NULL THEN
        RAISE EXCEPTION 'there is no rule "%" of hunt storage_upload_link_account', coalesce(upload_counts.rule, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table azhunt.rules lists the rules.';
    END IF;
    PERFORM azhunt.check_bin(upload_counts.width);
    PERFORM azhunt.check_log_table_owners('{storagebloblogs,storagefilelogs}'::text[]);
    RETURN QUERY
    SELECT azhunt.bin(u.timegenerated, upload_counts.width), count(*)
    FROM azhunt.uploads(target_file, operations, upload_counts.since, upload_counts.until) AS u
    GROUP BY 1
    ORDER BY 1;
END
$$;

COMMENT ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) IS
'how many uploads a rule looks at, linked to an account or not, for each width of time from since to until';

REVOKE EXECUTE ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) FROM PUBLIC;

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.storage_upload_link_account'::pg_catalog.regproc,
        tables => '{storagebloblogs,storagefilelogs,signinlogs,aadnoninteractiveusersigninlogs,aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::pg_catalog.text[],
        reach => 'lookback'::pg_catalog.text,
        result_key => '{FileUploadPath,OperationName,useragent}'::pg_catalog.text[],
        title => 'User Account Linked to Storage Account File Upload'::pg_catalog.text,
        description => 'Finds the accounts that signed in, moments before, from the address that a file was uploaded from.'::pg_catalog.text,
        summary => '{OperationName} of {FileName} from {address}, where {account} had signed in'::pg_catalog.text,
        tactics => '{CredentialAccess}'::pg_catalog.text[],
        techniques => '{T1528}'::pg_catalog.text[],
        id => 'bee57113-7b9d-4158-958c-a7f3d534c6c4'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]},
                             {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;
