--
-- Log tables
--
BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\pset null '(null)'

-- Who may make them: not everybody.
CREATE ROLE regress_azhunt_owner;
GRANT USAGE, CREATE ON SCHEMA azhunt TO regress_azhunt_owner;
SET LOCAL ROLE regress_azhunt_owner;
SELECT * FROM azhunt.create_log_tables();
RESET ROLE;
GRANT EXECUTE ON FUNCTION azhunt.create_log_tables(), azhunt.add_partitions(regclass, date, date)
    TO regress_azhunt_owner;
SET LOCAL ROLE regress_azhunt_owner;
SELECT * FROM azhunt.create_log_tables();
SELECT * FROM azhunt.add_partitions('azhunt.signinlogs', '2026-03-01', '2026-03-02');
RESET ROLE;

-- They belong to the role that made them, and nothing of them to the extension.
SELECT pg_get_userbyid(c.relowner) AS owner, c.relkind, count(*)
FROM pg_class AS c
WHERE c.relnamespace = 'azhunt'::regnamespace
  AND c.relname ~ ('^(' || (SELECT string_agg(s.log_table, '|') FROM azhunt.log_table_schemas() AS s) || ')')
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT d.classid::regclass, d.objid, d.deptype
FROM pg_depend AS d
JOIN pg_class AS c ON c.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype IN ('e', 'x')
  AND d.classid = 'pg_class'::regclass
  AND c.relname ~ ('^(' || (SELECT string_agg(s.log_table, '|') FROM azhunt.log_table_schemas() AS s) || ')');

-- How many columns of each type; the eight that every table of a Log
-- Analytics workspace has are TenantId, Type, SourceSystem, _ResourceId,
-- _SubscriptionId, _BilledSize, _IsBillable and TimeGenerated.
SELECT a.attrelid::regclass AS log_table, count(*) AS columns,
       count(*) FILTER (WHERE a.atttypid = 'text'::regtype) AS text,
       count(*) FILTER (WHERE a.atttypid = 'timestamptz'::regtype) AS timestamptz,
       count(*) FILTER (WHERE a.atttypid = 'jsonb'::regtype) AS jsonb,
       count(*) FILTER (WHERE a.atttypid = 'bigint'::regtype) AS bigint,
       count(*) FILTER (WHERE a.atttypid = 'integer'::regtype) AS integer,
       count(*) FILTER (WHERE a.atttypid = 'double precision'::regtype) AS "double",
       count(*) FILTER (WHERE a.atttypid = 'boolean'::regtype) AS boolean
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'p' AND a.attnum > 0
GROUP BY a.attrelid ORDER BY a.attrelid::regclass::text;

-- The three columns that do not come from Azure.
SELECT c.relname AS log_table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
       pg_get_expr(d.adbin, d.adrelid) AS default, col_description(c.oid, a.attnum) AS comment
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'p'
  AND (a.attname IN ('additionalfields', 'ingestedat', 'ingestxid') OR d.oid IS NOT NULL)
ORDER BY c.relname, a.attnum;

-- Only the time must be there.
SELECT a.attrelid::regclass, a.attname
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'p' AND a.attnum > 0 AND a.attnotnull
ORDER BY a.attrelid::regclass::text;

-- Every column goes by the name that Microsoft documents, unquoted, but one,
-- whose name is reserved in SQL.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT s.log_table, split_part(definition, ':', 1) AS column_name
        FROM azhunt.log_table_schemas() AS s,
             regexp_split_to_table(btrim(s.kusto_schema, E' \n') || ', AdditionalFields:, IngestedAt:, IngestXid:',
                                   ',\s+') AS definition
        WHERE definition <> ''
    LOOP
        BEGIN
            EXECUTE format('SELECT %s FROM azhunt.%s', item.column_name, item.log_table);
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE '% of %: %', item.column_name, item.log_table, SQLERRM;
        END;
    END LOOP;
END
$$;
SELECT a."authorization", A.Authorization_d FROM azhunt.AzureActivity AS a;

--
-- COPY takes Azure's files as they come: headers in Sentinel's spelling
--
SET LOCAL TIME ZONE 'UTC';
SET LOCAL DateStyle = 'ISO, MDY';
COPY azhunt.StorageBlobLogs (TimeGenerated, AccountName, OperationName, StatusCode, StatusText, CallerIpAddress,
    Uri, UserAgentHeader, AuthorizationDetails, ServerLatencyMs, OperationCount, ContentLengthHeader, _ResourceId)
FROM STDIN (FORMAT csv, HEADER);
TimeGenerated,AccountName,OperationName,StatusCode,StatusText,CallerIpAddress,Uri,UserAgentHeader,AuthorizationDetails,ServerLatencyMs,OperationCount,ContentLengthHeader,_ResourceId
2026-03-01T10:00:00.1234567Z,contosodata,PutBlob,201,Success,203.0.113.7:50123,https://contosodata.blob.core.windows.net:443/in/report.docx?sv=2024-11-04,Mozilla/5.0,"[{""action"": ""write""}]",12.5,0,4096,/subscriptions/00000000-0000-0000-0000-000000000000
"3/1/2026, 10:00:01.000 AM",contosodata,GetBlob,200,Success,,,,,,,,
\.
COPY azhunt.SigninLogs (TimeGenerated, UserPrincipalName, IPAddress, UserAgent, ResultType, IsInteractive, DeviceDetail, RiskEventTypes_V2)
FROM STDIN (FORMAT csv, HEADER);
TimeGenerated,UserPrincipalName,IPAddress,UserAgent,ResultType,IsInteractive,DeviceDetail,RiskEventTypes_V2
2026-03-01T09:59:30Z,adele@contoso.com,203.0.113.7,Mozilla/5.0,0,TRUE,"{""operatingSystem"": ""Windows10""}",[]
\.
COPY azhunt.AzureActivity (TimeGenerated, Caller, OperationNameValue, ActivityStatusValue, ResourceGroup, "authorization", Authorization_d, HTTPRequest)
FROM STDIN (FORMAT csv, HEADER);
TimeGenerated,Caller,OperationNameValue,ActivityStatusValue,ResourceGroup,Authorization,Authorization_d,HTTPRequest
2026-03-01T10:00:00Z,adele@contoso.com,Microsoft.Storage/storageAccounts/listKeys/action,Success,cloud-shell-storage-westeurope,"{}","{""scope"": ""/""}",
\.
SELECT tableoid::regclass, TimeGenerated, OperationName, StatusCode, AuthorizationDetails, ServerLatencyMs, OperationCount,
       ContentLengthHeader, AdditionalFields
FROM azhunt.StorageBlobLogs ORDER BY TimeGenerated;
SELECT tableoid::regclass, TimeGenerated, IsInteractive, DeviceDetail FROM azhunt.SigninLogs;
SELECT tableoid::regclass, TimeGenerated, "authorization", Authorization_d, HTTPRequest FROM azhunt.AzureActivity;

-- A row without a time is refused.
\set VERBOSITY terse
INSERT INTO azhunt.SigninLogs (UserPrincipalName) VALUES ('adele@contoso.com');
\set VERBOSITY default

-- Arrival: the transaction, not the subtransaction, that brings the row,
-- under COPY and INSERT, through the table and into a partition.
SAVEPOINT deeper;
INSERT INTO azhunt.AADNonInteractiveUserSignInLogs (TimeGenerated) VALUES ('2026-03-01 00:00Z'), ('2026-03-02 00:00Z');
INSERT INTO azhunt.signinlogs_p20260301 (TimeGenerated) VALUES ('2026-03-01 12:00Z');
INSERT INTO azhunt.signinlogs_default (TimeGenerated) VALUES ('2026-02-28 12:00Z');
COPY azhunt.StorageFileLogs (TimeGenerated) FROM STDIN;
2026-03-01 00:00:00Z
\.
RELEASE SAVEPOINT deeper;
SELECT log_table, count(*) AS rows,
       count(*) FILTER (WHERE ingestxid = pg_current_xact_id()::text::bigint) AS of_this_transaction,
       count(*) FILTER (WHERE ingestedat = now()) AS of_this_time
FROM (
    SELECT 'storagebloblogs' AS log_table, ingestxid, ingestedat FROM azhunt.storagebloblogs
    UNION ALL SELECT 'storagefilelogs', ingestxid, ingestedat FROM azhunt.storagefilelogs
    UNION ALL SELECT 'signinlogs', ingestxid, ingestedat FROM azhunt.signinlogs
    UNION ALL SELECT 'aadnoninteractiveusersigninlogs', ingestxid, ingestedat FROM azhunt.aadnoninteractiveusersigninlogs
    UNION ALL SELECT 'azureactivity', ingestxid, ingestedat FROM azhunt.azureactivity
) AS l
GROUP BY log_table ORDER BY log_table;
-- a value that the row brings is kept
INSERT INTO azhunt.SigninLogs (TimeGenerated, IngestXid) VALUES ('2026-03-05 00:00Z', 7), ('2026-03-05 00:00Z', NULL)
RETURNING ingestxid;
ROLLBACK;

-- Another transaction, another number.
BEGIN;
SET LOCAL client_min_messages = warning;
DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
CREATE TABLE public.ids AS SELECT azhunt.ingest_xid() AS id;
COMMIT;
INSERT INTO azhunt.signinlogs (timegenerated) VALUES ('2026-03-01 00:00Z');
SELECT s.ingestxid > i.id AS later, count(*) OVER () AS rows FROM azhunt.signinlogs AS s, public.ids AS i;
DROP TABLE public.ids;

--
-- What stands under the name of a log table already is left alone
--
DROP TABLE azhunt.signinlogs, azhunt.azureactivity, azhunt.storagefilelogs;
CREATE VIEW azhunt.signinlogs AS SELECT now() AS timegenerated, ''::text AS userprincipalname, ''::text AS ipaddress,
    ''::text AS useragent, ''::text AS resulttype, ''::text AS appdisplayname;
CREATE TABLE azhunt.azureactivity (timegenerated timestamptz, caller text);
CREATE MATERIALIZED VIEW azhunt.storagefilelogs AS SELECT 1 AS one;
SELECT * FROM azhunt.create_log_tables();
\d azhunt.azureactivity
-- and none of them, or of the log tables that were there, is touched by the next call
SELECT * FROM azhunt.create_log_tables();
DROP VIEW azhunt.signinlogs;
DROP MATERIALIZED VIEW azhunt.storagefilelogs;
DROP TABLE azhunt.azureactivity;
DO $$
DECLARE
    log_table regclass;
BEGIN
    FOR log_table IN SELECT to_regclass('azhunt.' || s.log_table) FROM azhunt.log_table_schemas() AS s LOOP
        IF log_table IS NOT NULL THEN
            EXECUTE 'DROP TABLE ' || log_table;
        END IF;
    END LOOP;
END
$$;
SELECT count(*) FROM pg_class
WHERE relnamespace = 'azhunt'::regnamespace
  AND relname ~ ('^(' || (SELECT string_agg(s.log_table, '|') FROM azhunt.log_table_schemas() AS s) || ')');
