-- What the generator wrote, and plain joins of it that say what each rule has to find.
-- Nothing here is azhunt's but the names of columns.
CREATE SCHEMA soak;
CREATE TABLE soak.storage (log_table text, path text, "time" timestamptz, id text, operation text, status text, code text,
    spelling text, address text, uri text, path_of_file text, name text, agent text, account text);
CREATE TABLE soak.signin (log_table text, path text, "time" timestamptz, id text, created timestamptz, spelling text,
    address text, account text, agent text, result text);
CREATE TABLE soak.activity (log_table text, path text, "time" timestamptz, id text, caller text, operation text, status text,
    resource_group text, spelling text, address text);
CREATE TABLE soak.audit (log_table text, path text, "time" timestamptz, id text);

CREATE FUNCTION soak.in_bag("time" timestamptz) RETURNS text LANGUAGE sql STABLE
RETURN to_char(timezone('UTC', "time"), 'YYYY-MM-DD"T"HH24:MI:SS.US') || '0Z';

CREATE FUNCTION soak.uploads(lookback interval, same_agent boolean, operations text[], noninteractive boolean,
    principals boolean, successful boolean, by_creation boolean)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT u."time", s.account, u.address, coalesce(u.agent, ''), u.account,
           jsonb_build_object('FileUploadPath', u.uri, 'FileName', u.name, 'OperationName', u.operation, 'CorrelationId', u.id,
                              'AzureLoginTime', soak.in_bag(s.began), 'UserAgent', coalesce(s.agent, ''))
    FROM soak.storage AS u
    JOIN (SELECT s.*, CASE WHEN by_creation AND s.created < s."time" THEN s.created ELSE s."time" END AS began
          FROM soak.signin AS s) AS s ON s.address = u.address
    WHERE lower(u.operation) = ANY (operations) AND lower(u.status) = 'success'
      AND CASE s.log_table WHEN 'signinlogs' THEN true WHEN 'aadnoninteractiveusersigninlogs' THEN noninteractive
          ELSE principals END
      AND (s.result = '0' OR NOT successful)
      AND (lower(coalesce(u.agent, '')) = lower(coalesce(s.agent, '')) OR NOT same_agent)
      AND s.began BETWEEN u."time" - lookback AND u."time"
$$;

CREATE FUNCTION soak.deletions(threshold integer, "window" interval)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    WITH d AS MATERIALIZED (
        SELECT o.*, coalesce(o.agent, '') AS useragent FROM soak.storage AS o
        WHERE lower(o.operation) IN ('deleteblob', 'deletefile') AND lower(o.status) = 'success'
    ), begins AS MATERIALIZED (
        SELECT s.address, s.useragent, s.account, s."time"
        FROM d AS s JOIN d AS f USING (address, useragent, account)
        WHERE f."time" BETWEEN s."time" AND s."time" + "window"
        GROUP BY 1, 2, 3, 4
        HAVING count(DISTINCT f.path_of_file) >= threshold
    )
    SELECT DISTINCT d."time", NULL::text, d.address, d.useragent, d.account,
           jsonb_build_object('File', d.path_of_file, 'OperationName', d.operation, 'CorrelationId', d.id, 'AccountName', d.account,
                              'Day', to_char(timezone('UTC', d."time"), 'YYYY-MM-DD'))
    FROM d JOIN begins AS b USING (address, useragent, account)
    WHERE d."time" BETWEEN b."time" AND b."time" + "window"
$$;

CREATE FUNCTION soak.quick("window" interval)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT u."time", NULL::text, u.address, coalesce(u.agent, ''), u.account,
           jsonb_build_object('Uri', u.path_of_file, 'FileName', u.name, 'OperationName', u.operation, 'DeletedTime', soak.in_bag(d."time"),
                              'DeleteOperationName', d.operation, 'DeleteCallerIpAddress', d.address)
    FROM soak.storage AS u JOIN soak.storage AS d USING (path_of_file)
    WHERE lower(u.operation) IN ('putblob', 'putrange') AND lower(u.status) = 'success'
      AND lower(d.operation) IN ('deleteblob', 'deletefile') AND lower(d.status) = 'success'
      AND d."time" BETWEEN u."time" AND u."time" + "window"
$$;

CREATE FUNCTION soak.has(string text, term text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN lower(string) ~ ('(^|[^0-9a-z])' || term || '($|[^0-9a-z])');

CREATE FUNCTION soak.shells()
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT date_trunc('hour', o."time", 'UTC'), coalesce(o.caller, ''), NULL::text, NULL::text, NULL::text,
           jsonb_build_object('OperationNameValue', o.operation)
    FROM soak.activity AS s JOIN soak.activity AS o
      ON coalesce(o.caller, '') = coalesce(s.caller, '')
     AND date_trunc('hour', o."time", 'UTC') = date_trunc('hour', s."time", 'UTC')
    WHERE lower(s.operation) = 'microsoft.storage/storageaccounts/listkeys/action'
      AND lower(s.status) IN ('success', 'succeeded') AND soak.has(s.resource_group, 'cloud-shell-storage')
      AND lower(o.operation) <> 'microsoft.storage/storageaccounts/listkeys/action'
$$;

CREATE FUNCTION soak.new_shells("window" interval)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT k."time", coalesce(k.caller, ''), w.address, NULL::text, NULL::text,
           jsonb_build_object('ResourceGroup', k.resource_group, 'AzureIP', k.address, 'WriteTime', soak.in_bag(w."time"),
                              'WriteResourceGroup', w.resource_group, 'WriteStatus', w.status)
    FROM soak.activity AS k JOIN soak.activity AS w ON coalesce(w.caller, '') = coalesce(k.caller, '')
    WHERE lower(k.operation) = 'microsoft.storage/storageaccounts/listkeys/action'
      AND lower(k.status) IN ('success', 'succeeded') AND soak.has(k.resource_group, 'cloud-shell')
      AND lower(w.operation) = 'microsoft.storage/storageaccounts/write' AND soak.has(w.resource_group, 'cloud-shell')
      AND w."time" BETWEEN k."time" - "window" AND k."time" + "window"
$$;

-- of the last 20 days, as the hunt says
CREATE FUNCTION soak.failures()
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE AS $$
    SELECT max(s."time"), NULLIF(s.account, ''), s.address, NULL::text, NULL::text,
           jsonb_build_object('n', count(*), 'last', max(s."time"), 'UserPrincipalName', s.account, 'IPAddress', s.address,
                              'day', date_trunc('day', s."time", 'UTC'))
    FROM soak.signin AS s
    WHERE s.log_table = 'signinlogs' AND s.result <> '0' AND s."time" > now() - interval '20 days'
    GROUP BY s.account, s.address, date_trunc('day', s."time", 'UTC')
    HAVING count(*) > 1
$$;

-- the rows of the log tables, in the form of those above
CREATE VIEW soak.loaded_storage AS
SELECT l.log_table, l.timegenerated AS "time", l.correlationid AS id, l.operationname AS operation, l.statustext AS status,
       l.statuscode AS code, l.calleripaddress AS spelling, l.uri, l.useragentheader AS agent, l.accountname AS account
FROM (SELECT 'storagebloblogs' AS log_table, b.timegenerated, b.correlationid, b.operationname, b.statustext, b.statuscode,
             b.calleripaddress, b.uri, b.useragentheader, b.accountname
      FROM azhunt.storagebloblogs AS b
      UNION ALL
      SELECT 'storagefilelogs', f.timegenerated, f.correlationid, f.operationname, f.statustext, f.statuscode,
             f.calleripaddress, f.uri, f.useragentheader, f.accountname
      FROM azhunt.storagefilelogs AS f) AS l;
CREATE VIEW soak.loaded_signin AS
SELECT 'signinlogs' AS log_table, timegenerated AS "time", id, createddatetime AS created, ipaddress AS spelling,
       coalesce(userprincipalname, '') AS account, useragent AS agent, resulttype AS result
FROM azhunt.signinlogs
UNION ALL
SELECT 'aadnoninteractiveusersigninlogs', timegenerated, id, createddatetime, ipaddress, coalesce(userprincipalname, ''), useragent, resulttype
FROM azhunt.aadnoninteractiveusersigninlogs
UNION ALL
SELECT 'aadserviceprincipalsigninlogs', timegenerated, id, createddatetime, ipaddress,
       coalesce(serviceprincipalname || ' (' || serviceprincipalid || ')', serviceprincipalname, serviceprincipalid, ''), useragent, resulttype
FROM azhunt.aadserviceprincipalsigninlogs
UNION ALL
SELECT 'aadmanagedidentitysigninlogs', timegenerated, id, createddatetime, ipaddress,
       coalesce(serviceprincipalname || ' (' || serviceprincipalid || ')', serviceprincipalname, serviceprincipalid, ''), useragent, resulttype
FROM azhunt.aadmanagedidentitysigninlogs;
CREATE VIEW soak.loaded_activity AS
SELECT 'azureactivity' AS log_table, timegenerated AS "time", correlationid AS id, caller, operationnamevalue AS operation,
       activitystatusvalue AS status, resourcegroup AS resource_group, calleripaddress AS spelling
FROM azhunt.azureactivity;
CREATE VIEW soak.loaded_audit AS
SELECT 'auditlogs' AS log_table, timegenerated AS "time", id FROM azhunt.auditlogs;
