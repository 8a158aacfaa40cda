CREATE VIEW azhunt.storage_upload_link_account_results AS
SELECT r.lastupload AS "time",
       r.fileuploadpath, r.operationname, r.uploaduseragent, r.loginevents,
       r.accounts COLLATE pg_catalog."default" AS accounts, r.logins, r.uploads, r.firstupload, r.lastupload,
       pg_catalog.array_to_string(r.accounts, ', ') COLLATE pg_catalog."default" AS account,
       pg_catalog.array_to_string(r.addresses, ', ') COLLATE pg_catalog."default" AS address,
       r.addresses COLLATE pg_catalog."default" AS addresses,
       r.storageaccounts COLLATE pg_catalog."default" AS storageaccounts,
       r.hunt, h.title, h.description, h.tactics, h.techniques, h.severity,
       r.resultid, r.matches, r.hidden,
       CASE WHEN m.status OPERATOR(pg_catalog.=) 'closed' AND r.run OPERATOR(pg_catalog.>) m.last_run THEN 'new'
            ELSE COALESCE(m.status, 'new') END AS status,
       m.note, m.marked_by, m.marked_at,
       r.firstrun, r.run, r.foundat
FROM (
    SELECT f.hunt, f.resultid,
           f.uri AS fileuploadpath,
           f.operationname,
           f.useragentheader AS uploaduseragent,
           azhunt.make_bag(f.login ORDER BY f.logintime, f.account COLLATE pg_catalog."C", f.loginuseragent COLLATE pg_catalog."C", f.address COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS loginevents,
           pg_catalog.array_agg(DISTINCT f.account COLLATE pg_catalog."C" ORDER BY f.account COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS accounts,
           azhunt.set_of_bags(f.login ORDER BY f.logintime, f.account COLLATE pg_catalog."C", f.loginuseragent COLLATE pg_catalog."C", f.address COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS logins,
           pg_catalog.count(DISTINCT ROW (f.uploadtime, f.address, f.correlationid))
               FILTER (WHERE NOT f.hidden) AS uploads,
           pg_catalog.min(f.uploadtime) FILTER (WHERE NOT f.hidden) AS firstupload,
           pg_catalog.max(f.uploadtime) FILTER (WHERE NOT f.hidden) AS lastupload,
           pg_catalog.array_agg(DISTINCT f.address COLLATE pg_catalog."C" ORDER BY f.address COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS addresses,
           pg_catalog.array_agg(DISTINCT f.storageaccount COLLATE pg_catalog."C" ORDER BY f.storageaccount COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS storageaccounts,
           pg_catalog.count(*) FILTER (WHERE NOT f.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE f.hidden) AS hidden,
           pg_catalog.min(f.run) FILTER (WHERE NOT f.hidden) AS firstrun,
           pg_catalog.max(f.run) FILTER (WHERE NOT f.hidden) AS run,
           pg_catalog.max(f.foundat) FILTER (WHERE NOT f.hidden) AS foundat
    FROM (
        SELECT f.*,
               azhunt.login_bag(f.account, f.address, f.logintime, f.loginuseragent) AS login
        FROM azhunt.storage_upload_link_account_matches AS f
    ) AS f
    GROUP BY f.hunt, f.resultid, f.uri, f.operationname, f.useragentheader
) AS r
JOIN azhunt.hunts AS h ON h.name OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.result_marks AS m ON m.resultid OPERATOR(pg_catalog.=) r.resultid
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.storage_upload_link_account_results IS
'what scheduled hunts for uploads found, a row for each URI, operation and user agent with the columns of storage_upload_link_account(); time is that of the last upload; run and foundat are those of the latest match; hidden counts matches that the allow-list hides';

CREATE VIEW azhunt.cloudshell_usage_results AS
SELECT r.timekey AS "time",
       r.caller, r.timekey, r.set_operationnamevalue, r.timekey AS "timestamp",
       r.caller AS accountcustomentity,
       r.caller AS account, NULL::text AS address,
       r.hunt, h.title, h.description, h.tactics, h.techniques, h.severity,
       r.resultid, r.matches, r.hidden,
       CASE WHEN m.status OPERATOR(pg_catalog.=) 'closed' AND r.run OPERATOR(pg_catalog.>) m.last_run THEN 'new'
            ELSE COALESCE(m.status, 'new') END AS status,
       m.note, m.marked_by, m.marked_at,
       r.firstrun, r.run, r.foundat
FROM (
    SELECT f.hunt, f.resultid, f.caller, f.timekey,
           azhunt.set_of_texts(f.operationnamevalue) FILTER (WHERE NOT f.hidden) AS set_operationnamevalue,
           pg_catalog.count(*) FILTER (WHERE NOT f.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE f.hidden) AS hidden,
           pg_catalog.min(f.run) FILTER (WHERE NOT f.hidden) AS firstrun,
           pg_catalog.max(f.run) FILTER (WHERE NOT f.hidden) AS run,
           pg_catalog.max(f.foundat) FILTER (WHERE NOT f.hidden) AS foundat
    FROM azhunt.cloudshell_usage_matches AS f
    GROUP BY f.hunt, f.resultid, f.caller, f.timekey
) AS r
JOIN azhunt.hunts AS h ON h.name OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.result_marks AS m ON m.resultid OPERATOR(pg_catalog.=) r.resultid
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.cloudshell_usage_results IS
'what scheduled hunts for Cloud Shells found, a row for each caller and hour with the columns of cloudshell_usage(); time is the start of the hour; address is always null, as the hunt does not look at it; run and foundat are those of the latest match';

CREATE VIEW azhunt.results AS
SELECT s."time", s.hunt, s.title, s.description, s.tactics, s.techniques, s.severity, s.account, s.address,
       pg_catalog.format('%s of %s from %s, where %s had signed in', s.operationname,
                         COALESCE(NULLIF(azhunt.file_name(s.fileuploadpath), ''), s.fileuploadpath), s.address, s.account) AS summary,
       pg_catalog.jsonb_build_object(
           'FileUploadPath', s.fileuploadpath, 'OperationName', s.operationname,
           'UploadUserAgent', s.uploaduseragent, 'Logins', s.logins) AS details,
       s.resultid, s.matches, s.hidden, s.status, s.note, s.marked_by, s.marked_at, s.firstrun, s.run, s.foundat
FROM azhunt.storage_upload_link_account_results AS s
UNION ALL
SELECT c."time", c.hunt, c.title, c.description, c.tactics, c.techniques, c.severity, c.account, c.address,
       pg_catalog.format('Cloud Shell of %s; other operations: %s', c.account,
                         pg_catalog.jsonb_array_length(c.set_operationnamevalue)),
       azhunt.bag_pack('Caller'::text, c.caller, 'timekey'::text, c.timekey, 'set_OperationNameValue'::text, c.set_operationnamevalue),
       c.resultid, c.matches, c.hidden, c.status, c.note, c.marked_by, c.marked_at, c.firstrun, c.run, c.foundat
FROM azhunt.cloudshell_usage_results AS c;

COMMENT ON VIEW azhunt.results IS
'what all scheduled hunts found, a row for each finding';

CREATE VIEW azhunt.hidden_results AS
SELECT a.kind, a.value, a.note, a.added_by, a.added_at, m.hunt,
       pg_catalog.count(m.resultid) AS matches,
       pg_catalog.count(DISTINCT m.resultid) AS results,
       pg_catalog.max(m.foundat) AS foundat
FROM azhunt.allow_list AS a
LEFT JOIN (
    SELECT e.kind, e.value, s.hunt, s.resultid, s.foundat
    FROM azhunt.storage_upload_link_account_facts AS s
    CROSS JOIN LATERAL (VALUES ('address', s.address), ('account', s.account),
                               ('useragent', s.useragentheader), ('storageaccount', s.storageaccount)) AS e (kind, value)
    UNION ALL
    SELECT 'account', c.caller, c.hunt, c.resultid, c.foundat
    FROM azhunt.cloudshell_usage_facts AS c
) AS m ON m.kind OPERATOR(pg_catalog.=) a.kind AND m.value OPERATOR(azhunt.=~) a.value
GROUP BY a.kind, a.value, m.hunt;

COMMENT ON VIEW azhunt.hidden_results IS
'how many matches, of how many results, each entry of the allow-list hides in each hunt; a match that several entries hide counts for each of them';

CREATE FUNCTION azhunt.mark_result(resultid uuid, status text, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_run bigint;
BEGIN
    IF (status IN ('new', 'investigating', 'closed')) IS NOT TRUE THEN
        RAISE EXCEPTION 'a result cannot be marked "%"', coalesce(status, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use new, investigating or closed.';
    END IF;
    IF char_length(note) > 10000 THEN
        RAISE EXCEPTION 'a note cannot have more than 10000 characters, as this one of %', char_length(note)
            USING ERRCODE = 'string_data_right_truncation';
    END IF;
    -- prune() must not remove a part of it meanwhile
    PERFORM FROM azhunt.scheduled_hunts AS h
    WHERE h.name IN (SELECT f.hunt FROM azhunt.storage_upload_link_account_facts AS f WHERE f.resultid = $1
                     UNION ALL
                     SELECT f.hunt FROM azhunt.cloudshell_usage_facts AS f WHERE f.resultid = $1)
    FOR KEY SHARE OF h;
    last_run := greatest((SELECT max(f.run) FROM azhunt.storage_upload_link_account_facts AS f WHERE f.resultid = $1),
                         (SELECT max(f.run) FROM azhunt.cloudshell_usage_facts AS f WHERE f.resultid = $1));
    IF last_run IS NULL THEN
        RAISE EXCEPTION 'there is no result %', coalesce(resultid::text, 'NULL')
            USING ERRCODE = 'no_data_found',
                  HINT = 'It is column resultid of view azhunt.results.';
    END IF;
    INSERT INTO azhunt.marks (resultid, status, note, marked_by, marked_at, last_run)
    VALUES ($1, $2, $3, session_user, clock_timestamp(), last_run);
END
$$;

COMMENT ON FUNCTION azhunt.mark_result(uuid, text, text) IS
'marks a result as new, investigating or closed; matches that later runs add to a closed one make it new again';

REVOKE EXECUTE ON FUNCTION azhunt.mark_result(uuid, text, text) FROM PUBLIC;
