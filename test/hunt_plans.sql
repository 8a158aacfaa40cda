-- Plans of the hunts at default cost settings, over logs that look like real
-- ones: six days in daily partitions, two in the default partition.
--
-- What is asserted is what makes a plan good, never its whole shape.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TIME ZONE 'UTC';
SELECT plan(63);

--
-- plans as data
--
CREATE FUNCTION pg_temp.plan_of(query text, options text DEFAULT 'VERBOSE') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE format('EXPLAIN (%s, FORMAT JSON) %s', options, query) INTO plan;
    RETURN plan -> 0 -> 'Plan';
END
$$;

-- every node of a plan, with the place of its parent
CREATE FUNCTION pg_temp.nodes(plan jsonb) RETURNS TABLE (place integer[], node jsonb) LANGUAGE sql AS $$
    WITH RECURSIVE nodes AS (
        SELECT ARRAY[1] AS place, plan AS node
        UNION ALL
        SELECT n.place || c.number::integer, c.child
        FROM nodes AS n, jsonb_array_elements(n.node -> 'Plans') WITH ORDINALITY AS c (child, number)
    )
    SELECT n.place, n.node - 'Plans' FROM nodes AS n
$$;

-- indexes of log tables that a query's plan uses, under the names that
-- log_table_indexes() gives them, not those of their parts in partitions
CREATE FUNCTION pg_temp.indexes_of(query text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT DISTINCT p.relname::text
    FROM pg_temp.nodes(pg_temp.plan_of(query)) AS n
    JOIN pg_class AS c ON c.relname = n.node ->> 'Index Name' AND c.relnamespace = 'azhunt'::regnamespace
    JOIN pg_inherits AS i ON i.inhrelid = c.oid
    JOIN pg_class AS p ON p.oid = i.inhparent
$$;

-- tables that a query's plan scans
CREATE FUNCTION pg_temp.tables_of(query text, prefix text DEFAULT '') RETURNS SETOF text LANGUAGE sql AS $$
    SELECT DISTINCT n.node ->> 'Relation Name'
    FROM pg_temp.nodes(pg_temp.plan_of(query)) AS n
    WHERE n.node ->> 'Relation Name' LIKE prefix || '%'
$$;

-- scans that a query would repeat for each row of something else
CREATE FUNCTION pg_temp.repeated_scans(query text) RETURNS SETOF text LANGUAGE sql AS $$
    WITH plan AS MATERIALIZED (SELECT * FROM pg_temp.nodes(pg_temp.plan_of(query)))
    SELECT scan.node ->> 'Relation Name'
    FROM plan AS loop JOIN plan AS scan
      ON scan.place[1:cardinality(loop.place)] = loop.place
     AND scan.place[cardinality(loop.place) + 1] = 2
    WHERE loop.node ->> 'Node Type' = 'Nested Loop'
      AND scan.node ->> 'Node Type' IN ('Seq Scan', 'Bitmap Heap Scan')
      -- a bitmap of an index that is searched by address or caller is no scan
      AND NOT EXISTS (SELECT FROM plan AS search
                      WHERE search.place[1:cardinality(scan.place)] = scan.place
                        AND search.node ->> 'Index Cond' ~ 'ipaddress|caller')
$$;

--
-- logs
--
DO $$
DECLARE
    log_table text;
BEGIN
    PERFORM azhunt.create_log_tables();
    FOREACH log_table IN ARRAY '{storagebloblogs,storagefilelogs,signinlogs,aadnoninteractiveusersigninlogs,
                                  aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs,azureactivity}'::text[] LOOP
        PERFORM azhunt.add_partitions(('azhunt.' || log_table)::regclass, '2025-03-03', '2025-03-09');
    END LOOP;
END
$$;
SELECT setseed(0.25);

CREATE FUNCTION pg_temp.random_address() RETURNS text LANGUAGE sql VOLATILE
RETURN '198.51.' || floor(random() * random() * 100) || '.' || floor(random() * 250);
CREATE FUNCTION pg_temp.random_browser() RETURNS text LANGUAGE sql VOLATILE
RETURN (ARRAY['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36',
              'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
              'Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0'])[1 + floor(random() * 3)];

INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
                                    accountname, correlationid, etag, objectkey)
SELECT '2025-03-03 00:00Z'::timestamptz + n * interval '8.64 seconds',
       (ARRAY['GetBlob', 'GetBlob', 'GetBlobProperties', 'ListBlobs', 'PutBlob', 'PutBlock', 'PutBlockList', 'DeleteBlob'])[1 + floor(random() * 8)],
       CASE WHEN random() < 0.95 THEN 'Success' ELSE 'AuthorizationFailure' END, '201',
       pg_temp.random_address() || ':' || 1024 + floor(random() * 60000),
       'https://contosodata.blob.core.windows.net:443/container' || n % 50 || '/file-' || floor(random() * 20000) || '.bin?sv=2024-11-04&sig=XXXXX',
       CASE WHEN random() < 0.5 THEN pg_temp.random_browser() ELSE 'AzCopy/10.28.0' END,
       'contosodata', md5(n::text), 'etag', repeat('k', 400)
FROM generate_series(1, 80000) AS n;
INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
                                    accountname, correlationid, objectkey)
SELECT '2025-03-03 00:00Z'::timestamptz + n * interval '17.28 seconds',
       (ARRAY['GetFile', 'CreateFile', 'PutRange', 'Read', 'Write', 'Close'])[1 + floor(random() * 6)],
       'Success', '201', pg_temp.random_address() || ':' || 1024 + floor(random() * 60000),
       'https://contosodata.file.core.windows.net/share' || n % 50 || '/file-' || floor(random() * 20000) || '.bin?comp=range',
       pg_temp.random_browser(), 'contosodata', md5(n::text), repeat('k', 400)
FROM generate_series(1, 40000) AS n;
-- somebody copies twenty thousand blobs and as many files within an hour
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
                                    accountname, correlationid, objectkey)
SELECT '2025-03-10 12:00Z'::timestamptz + n * interval '0.18 seconds', 'PutBlob', 'Success', '201',
       pg_temp.random_address() || ':' || 1024 + floor(random() * 60000),
       'https://contosodata.blob.core.windows.net:443/copy/' || n || '?sig=XXXXX', pg_temp.random_browser(),
       'contosodata', md5(n::text), repeat('k', 400)
FROM generate_series(1, 20000) AS n;
INSERT INTO azhunt.storagefilelogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri, useragentheader,
                                    accountname, correlationid, objectkey)
SELECT '2025-03-10 12:00Z'::timestamptz + n * interval '0.18 seconds', 'PutRange', 'Success', '201',
       pg_temp.random_address() || ':' || 1024 + floor(random() * 60000),
       'https://contosodata.file.core.windows.net/copy/' || n || '?comp=range', pg_temp.random_browser(),
       'contosodata', md5(n::text), repeat('k', 400)
FROM generate_series(1, 20000) AS n;
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, appdisplayname, authenticationdetails)
SELECT '2025-03-03 00:00Z'::timestamptz + n * interval '11.52 seconds', pg_temp.random_address(),
       'user' || floor(random() * 5000) || '@contoso.com', pg_temp.random_browser(),
       CASE WHEN random() < 0.9 THEN '0' ELSE '50126' END, 'Azure Portal', repeat('d', 700)
FROM generate_series(1, 60000) AS n;
INSERT INTO azhunt.aadnoninteractiveusersigninlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, appdisplayname, authenticationdetails)
SELECT '2025-03-03 00:00Z'::timestamptz + n * interval '11.52 seconds', pg_temp.random_address(),
       'user' || floor(random() * 5000) || '@contoso.com', 'AzCopy/10.28.0',
       CASE WHEN random() < 0.9 THEN '0' ELSE '50126' END, 'Azure Storage', repeat('d', 700)
FROM generate_series(1, 60000) AS n;
-- and thousands of others sign in
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, authenticationdetails)
SELECT '2025-03-10 12:00Z'::timestamptz + n * interval '0.36 seconds', pg_temp.random_address(),
       'user' || floor(random() * 5000) || '@contoso.com', pg_temp.random_browser(), '0', repeat('d', 700)
FROM generate_series(1, 10000) AS n;
INSERT INTO azhunt.aadnoninteractiveusersigninlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, authenticationdetails)
SELECT '2025-03-10 12:00Z'::timestamptz + n * interval '0.36 seconds', pg_temp.random_address(),
       'user' || floor(random() * 5000) || '@contoso.com', 'AzCopy/10.28.0', '0', repeat('d', 700)
FROM generate_series(1, 10000) AS n;
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup, properties)
SELECT '2025-03-03 00:00Z'::timestamptz + n * interval '11.52 seconds', 'user' || floor(random() * 500) || '@contoso.com',
       CASE WHEN random() < 0.01 THEN 'MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION' ELSE 'MICROSOFT.COMPUTE/VIRTUALMACHINES/ACTION' || n % 100 END,
       (ARRAY['Start', 'Success', 'Accept'])[1 + floor(random() * 3)],
       CASE WHEN random() < 0.1 THEN 'cloud-shell-storage-westeurope' ELSE 'contoso' END, repeat('p', 700)
FROM generate_series(1, 60000) AS n;

SELECT isnt(sum(brin_summarize_new_values(c.oid)), NULL, 'block ranges are summarized, as vacuum or autosummarize does')
FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam
WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind = 'i' AND a.amname = 'brin';
-- a smaller sample than usual saves time
SET LOCAL default_statistics_target = 20;
ANALYZE azhunt.storagebloblogs, azhunt.storagefilelogs, azhunt.signinlogs, azhunt.aadnoninteractiveusersigninlogs, azhunt.azureactivity;

--
-- inlining
--
CREATE TEMP TABLE queries (number serial, query text);
INSERT INTO queries (query) VALUES
    ('SELECT * FROM azhunt.storage_upload_link_account()'),
    ('SELECT * FROM azhunt.storage_upload_link_account(''1 hour'', ''a'', false, ''{PutBlob}'', true, true, true, ''2025-03-03Z'', ''2025-03-04Z'')'),
    ('SELECT accounts FROM azhunt.storage_upload_link_account() AS h WHERE h.uploads > 5'),
    ('SELECT * FROM azhunt.cloudshell_usage()'),
    ('SELECT * FROM azhunt.cloudshell_usage(''7 days'', ''1 day'', ''x'', ''2025-03-10Z'')'),
    ('SELECT * FROM azhunt.uploads()'),
    ('SELECT * FROM azhunt.signins(true, true)'),
    ('SELECT * FROM azhunt.signins(include_service_principals => true)'),
    ('SELECT h.* FROM (VALUES (''file-1.bin''), (''file-2.bin'')) AS v (f), LATERAL azhunt.storage_upload_link_account(target_file => v.f) AS h');
SELECT is_empty(format($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of(%L)) WHERE node ->> 'Node Type' = 'Function Scan'
$$, query), 'inlined: ' || query) FROM queries ORDER BY number;

--
-- Every index is there for a plan
--
-- the hunt over a quiet hour: few log rows are read, and the sign-ins of each
-- upload are looked up by address
PREPARE hour AS SELECT * FROM azhunt.storage_upload_link_account(include_noninteractive => true,
    since => '2025-03-09 12:00Z', until => '2025-03-09 13:00Z');
SELECT set_has($$ SELECT pg_temp.indexes_of('EXECUTE hour') $$, $$
    VALUES ('signinlogs_address_idx'), ('aadnoninteractiveusersigninlogs_address_idx')
$$, 'the hunt over an hour looks up sign-ins by address');
SELECT is_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('EXECUTE hour')) WHERE node ->> 'Node Type' LIKE '%Seq Scan'
$$, 'and reads no partition from end to end');

-- one file in all history: all uploads must be read, but no sign-ins
SELECT set_has($$
    SELECT pg_temp.indexes_of('SELECT * FROM azhunt.storage_upload_link_account(target_file => ''file-1234.bin'')')
$$, $$ VALUES ('signinlogs_address_idx') $$, 'the hunt for one file looks up sign-ins by address');
SELECT is_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('SELECT * FROM azhunt.storage_upload_link_account(target_file => ''file-1234.bin'')'))
    WHERE node ->> 'Relation Name' LIKE 'signinlogs%' AND node ->> 'Node Type' NOT LIKE '%Index%'
$$, 'and in no other way');

-- the hunt over a busy hour: uploads and sign-ins of the hour are read once,
-- where tables are read
SET LOCAL azhunt.enable_windowmerge = off;
PREPARE busy_hour AS SELECT * FROM azhunt.storage_upload_link_account(include_noninteractive => true,
    since => '2025-03-10 12:00Z', until => '2025-03-10 13:00Z');
SELECT set_eq($$ SELECT pg_temp.indexes_of('EXECUTE busy_hour') $$, $$
    VALUES ('storagebloblogs_timegenerated_idx'), ('storagefilelogs_timegenerated_idx'),
           ('signinlogs_timegenerated_idx'), ('aadnoninteractiveusersigninlogs_timegenerated_idx')
$$, 'the hunt over a busy hour reads the hour''s logs by the indexes on time');
RESET azhunt.enable_windowmerge;
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('EXECUTE busy_hour')) WHERE node ->> 'Node Type' IN ('Hash Join', 'Merge Join', 'Custom Scan')
$$, 'and joins them at once');

-- the Cloud Shell hunt
SELECT set_eq($$ SELECT pg_temp.indexes_of('SELECT * FROM azhunt.cloudshell_usage(as_of => ''2025-03-10 12:00Z'')') $$, $$
    VALUES ('azureactivity_cloudshell_idx'), ('azureactivity_caller_idx')
$$, 'the Cloud Shell hunt finds starts by the one index, and what their callers did by the other');
SELECT set_eq($$ SELECT pg_temp.indexes_of('SELECT * FROM azhunt.cloudshell_usage(as_of => ''2025-03-10 12:00Z'', lookback => ''30 days'')') $$, $$
    VALUES ('azureactivity_cloudshell_idx'), ('azureactivity_caller_idx')
$$, 'over all history too');
SELECT is_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('SELECT * FROM azhunt.cloudshell_usage(as_of => ''2025-03-10 12:00Z'', lookback => ''30 days'')'))
    WHERE node ->> 'Node Type' = 'Seq Scan'
$$, 'and reads no log from end to end');

-- one address, in the logs that are there for queries of one's own
CREATE TEMP TABLE address_queries AS
SELECT format('SELECT * FROM azhunt.%I WHERE azhunt.strip_port(%I) = ''198.51.7.7'' AND timegenerated > ''2025-03-05Z''',
              c.log_table, c.column_name) AS query,
       format('INSERT INTO azhunt.%I (timegenerated, %I) SELECT ''2025-03-03Z''::timestamptz + n * interval ''1 minute'','
              ' pg_temp.random_address() FROM generate_series(1, 5000) AS n', c.log_table, c.column_name) AS fill,
       format('ANALYZE azhunt.%I', c.log_table) AS count
FROM azhunt.log_table_columns() AS c
WHERE c.log_table IN ('aadmanagedidentitysigninlogs', 'aadserviceprincipalsigninlogs', 'storagequeuelogs', 'storagetablelogs')
  AND c.column_name IN ('ipaddress', 'calleripaddress');
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT a.fill, a.count FROM address_queries AS a LOOP
        EXECUTE item.fill;
        EXECUTE item.count;
    END LOOP;
END
$$;

-- what is new since a run concerns scheduled hunts, which are tested elsewhere
SELECT is_empty($$
    SELECT index_name, purpose FROM azhunt.log_table_indexes()
    WHERE index_name NOT IN (
        SELECT i FROM unnest(ARRAY['EXECUTE hour', 'EXECUTE busy_hour',
                                   'SELECT * FROM azhunt.cloudshell_usage(as_of => ''2025-03-10 12:00Z'')']
                             || ARRAY(SELECT a.query FROM address_queries AS a)) AS query,
                      pg_temp.indexes_of(query) AS i)
      AND purpose !~ 'new|arrived'
$$, 'every index that is not for what is new is used by one of these plans');

--
-- Pruning
--
-- by constants, when the query is planned
SELECT set_eq($$
    SELECT pg_temp.tables_of('SELECT * FROM azhunt.storage_upload_link_account(since => ''2025-03-05 12:00Z'', until => ''2025-03-05 13:00Z'')')
$$, $$
    VALUES ('storagebloblogs_p20250305'), ('storagefilelogs_p20250305'), ('signinlogs_p20250305')
$$, 'an hour of uploads reads the day''s partitions');
SELECT set_eq($$
    SELECT pg_temp.tables_of('SELECT * FROM azhunt.storage_upload_link_account(since => ''2025-03-05 00:00Z'', until => ''2025-03-05 13:00Z'','
                             ' include_noninteractive => true)')
$$, $$
    VALUES ('storagebloblogs_p20250305'), ('storagefilelogs_p20250305'),
           ('signinlogs_p20250304'), ('signinlogs_p20250305'),
           ('aadnoninteractiveusersigninlogs_p20250304'), ('aadnoninteractiveusersigninlogs_p20250305')
$$, 'and sign-ins of the day before where the lookback reaches into it');
SELECT set_eq($$
    SELECT pg_temp.tables_of('SELECT * FROM azhunt.storage_upload_link_account(since => ''2025-03-05 00:00Z'', until => ''2025-03-05 13:00Z'','
                             ' include_service_principals => true)', 'aad')
$$, $$
    VALUES ('aadserviceprincipalsigninlogs_p20250304'), ('aadserviceprincipalsigninlogs_p20250305'),
           ('aadmanagedidentitysigninlogs_p20250304'), ('aadmanagedidentitysigninlogs_p20250305')
$$, 'so for service principals, and in their tables alone');
SELECT set_eq($$
    SELECT pg_temp.tables_of('SELECT * FROM azhunt.storage_upload_link_account(lookback => ''2 days'', since => ''2025-03-05 12:00Z'', until => ''2025-03-06 12:00Z'')', 'signinlogs')
$$, $$
    VALUES ('signinlogs_p20250303'), ('signinlogs_p20250304'), ('signinlogs_p20250305'), ('signinlogs_p20250306')
$$, 'however far it reaches');
SELECT set_eq($$
    SELECT pg_temp.tables_of('SELECT * FROM azhunt.cloudshell_usage(as_of => ''2025-03-06 12:00Z'')')
$$, $$ VALUES ('azureactivity_p20250305'), ('azureactivity_p20250306') $$, 'the Cloud Shell hunt reads the days of the lookback');

-- by now(), when the query starts
SELECT set_eq($$ SELECT pg_temp.tables_of('SELECT * FROM azhunt.cloudshell_usage()') $$,
              $$ VALUES ('azureactivity_default') $$, 'with its defaults it skips old partitions');
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('SELECT * FROM azhunt.cloudshell_usage()')) WHERE (node ->> 'Subplans Removed')::integer = 6
$$, 'when it starts, as now() is not known before');

-- by parameters, when a generic plan starts
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE upload_hunt (interval, timestamptz, timestamptz) AS
    SELECT * FROM azhunt.storage_upload_link_account(lookback => $1, since => $2, until => $3);
SELECT set_eq($$ SELECT DISTINCT t FROM pg_temp.tables_of('EXECUTE upload_hunt (''1 minute'', ''2025-03-05 12:00Z'', ''2025-03-05 13:00Z'')') AS t $$, $$
    VALUES ('storagebloblogs_p20250305'), ('storagefilelogs_p20250305'), ('signinlogs_p20250305'),
           ('storagebloblogs_default'), ('storagefilelogs_default'), ('signinlogs_default')
$$, 'a generic plan of the upload hunt merges the indexes of the day''s partitions, and of the default ones');
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('EXECUTE upload_hunt (''1 minute'', ''2025-03-05 12:00Z'', ''2025-03-05 13:00Z'')'))
    WHERE node ->> 'Custom Plan Provider' = 'AzhuntWindowMerge' AND (node ->> 'Subplans Removed')::integer > 0
$$, 'and removes the others when it starts');
SET LOCAL azhunt.enable_windowmerge = off;
SELECT set_eq($$ SELECT pg_temp.tables_of('EXECUTE upload_hunt (''1 minute'', ''2025-03-05 12:00Z'', ''2025-03-05 13:00Z'')') $$, $$
    VALUES ('storagebloblogs_p20250305'), ('storagefilelogs_p20250305'), ('signinlogs_p20250305')
$$, 'a generic plan of the upload hunt reads the day''s partitions');
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('EXECUTE upload_hunt (''1 minute'', ''2025-03-05 12:00Z'', ''2025-03-05 13:00Z'')'))
    WHERE (node ->> 'Subplans Removed')::integer > 0
$$, 'and removes the others when it starts');
SELECT set_eq($$ SELECT pg_temp.tables_of('EXECUTE upload_hunt (''2 days'', ''2025-03-05 12:00Z'', ''2025-03-05 13:00Z'')', 'signinlogs') $$, $$
    VALUES ('signinlogs_p20250303'), ('signinlogs_p20250304'), ('signinlogs_p20250305')
$$, 'with the lookback that it is given');
RESET azhunt.enable_windowmerge;
PREPARE cloudshell_hunt (interval, interval, text, timestamptz) AS SELECT * FROM azhunt.cloudshell_usage($1, $2, $3, $4);
SELECT set_eq($$ SELECT pg_temp.tables_of('EXECUTE cloudshell_hunt (''1 day'', ''1 hour'', ''cloud-shell-storage'', ''2025-03-06 12:00Z'')') $$, $$
    VALUES ('azureactivity_p20250305'), ('azureactivity_p20250306')
$$, 'a generic plan of the Cloud Shell hunt reads the days of the lookback');
SELECT set_eq($$ SELECT pg_temp.indexes_of('EXECUTE cloudshell_hunt (''1 day'', ''1 hour'', ''cloud-shell-storage'', ''2025-03-06 12:00Z'')') $$, $$
    VALUES ('azureactivity_cloudshell_idx'), ('azureactivity_caller_idx')
$$, 'by the same indexes');
SELECT is_empty($$ SELECT pg_temp.repeated_scans('EXECUTE upload_hunt (''1 minute'', ''-infinity'', ''infinity'')') $$,
                'a generic plan repeats no sequential scan');
SELECT bag_eq($$ EXECUTE cloudshell_hunt ('1 day', '1 hour', 'cloud-shell-storage', '2025-03-06 12:00Z') $$,
              $$ SELECT * FROM azhunt.cloudshell_usage(as_of => '2025-03-06 12:00Z') $$,
              'generic and constant plans of the Cloud Shell hunt agree');
SELECT bag_eq($$ EXECUTE upload_hunt ('1 hour', '2025-03-05 12:00Z', '2025-03-05 13:00Z') $$, $$
    SELECT * FROM azhunt.storage_upload_link_account(lookback => '1 hour', since => '2025-03-05 12:00Z', until => '2025-03-05 13:00Z')
$$, 'so do those of the upload hunt');
RESET plan_cache_mode;

-- by the time of each start of a Cloud Shell, while the query runs: what the
-- caller did is not looked for on other days although the lookback is long
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup) VALUES
    ('2025-03-05 12:00Z', 'user7@contoso.com', 'Microsoft.Storage/storageAccounts/listKeys/action', 'Success', 'rare-group');
SELECT set_eq($$
    SELECT x.indrelid::regclass::text
    FROM pg_temp.nodes(pg_temp.plan_of('SELECT * FROM azhunt.cloudshell_usage(''30 days'', resource_group => ''rare-group'', as_of => ''2025-03-11Z'')',
                                       'ANALYZE, TIMING OFF')) AS n
    JOIN pg_index AS x ON x.indexrelid = to_regclass('azhunt.' || (n.node ->> 'Index Name'))
    WHERE n.node ->> 'Index Cond' LIKE '%caller%' AND (n.node ->> 'Actual Loops')::numeric > 0
$$, $$ VALUES ('azhunt.azureactivity_p20250305') $$, 'for each start only the partition of its day is searched');

--
-- Filters of the calling query reach the scans
--
CREATE TEMP TABLE filtered AS
SELECT * FROM pg_temp.nodes(pg_temp.plan_of($$
    SELECT * FROM azhunt.storage_upload_link_account()
    WHERE fileuploadpath = 'https://contosodata.blob.core.windows.net/in/one.bin?x' AND operationname = 'PutBlob'
$$));
SELECT is_empty($$
    SELECT node FROM filtered
    WHERE node ->> 'Relation Name' LIKE 'storage%'
      AND (concat(node ->> 'Filter', node ->> 'Index Cond') NOT LIKE '%in/one.bin?x%'
           OR concat(node ->> 'Filter', node ->> 'Index Cond') NOT LIKE '%operationname = ''PutBlob''%')
$$, 'a filter on the file and the operation is in every scan of the storage logs');
SELECT is((SELECT count(DISTINCT node ->> 'Relation Name') FROM filtered WHERE node ->> 'Relation Name' LIKE 'storage%'),
          14::bigint, 'all of which are there');
SELECT is_empty($$
    SELECT node FROM filtered
    WHERE node ->> 'Relation Name' IS NULL AND node ->> 'Filter' LIKE '%one.bin%'
$$, 'and nowhere above');
SELECT is_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of(
        'SELECT * FROM azhunt.cloudshell_usage(as_of => ''2025-03-06 12:00Z'') WHERE caller = ''user7@contoso.com'''))
    WHERE node ->> 'Relation Name' LIKE 'azureactivity%'
      AND concat(node ->> 'Filter', node ->> 'Index Cond') NOT LIKE '%user7@contoso.com%'
$$, 'a filter on the caller is in every scan of the activity log');

--
-- All history costs no quadratic time
--
-- the function that looks for repeated scans finds some where nothing else is left
SAVEPOINT settings;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL azhunt.enable_windowjoin = off;
SELECT isnt_empty($$ SELECT pg_temp.repeated_scans('SELECT * FROM azhunt.storage_upload_link_account()') $$,
                  'repeated scans would be found');
ROLLBACK TO settings;
TRUNCATE queries;
INSERT INTO queries (query) VALUES
    ('SELECT * FROM azhunt.storage_upload_link_account()'),
    ('SELECT * FROM azhunt.storage_upload_link_account(include_noninteractive => true)'),
    ('SELECT * FROM azhunt.storage_upload_link_account(include_service_principals => true)'),
    ('SELECT * FROM azhunt.storage_upload_link_account(match_user_agent => false)'),
    ('SELECT * FROM azhunt.storage_upload_link_account(''1 day'', match_user_agent => false, include_noninteractive => true)'),
    ('SELECT * FROM azhunt.storage_upload_link_account(operations => ''{PutBlob,PutBlock,PutBlockList,CreateFile,PutRange,Write}'')'),
    ('SELECT * FROM azhunt.cloudshell_usage(''30 days'', as_of => ''2025-03-11Z'')'),
    ('SELECT * FROM azhunt.cloudshell_usage(''30 days'', resource_group => ''contoso'', as_of => ''2025-03-11Z'')');
SELECT is_empty(format('SELECT pg_temp.repeated_scans(%L)', query), 'no repeated scan: ' || query)
FROM queries ORDER BY number;
SET LOCAL azhunt.enable_windowjoin = off;
SELECT is_empty(format('SELECT pg_temp.repeated_scans(%L)', query), 'nor without windowed joins: ' || query)
FROM queries ORDER BY number;
RESET azhunt.enable_windowjoin;

--
-- Parallel plans
--
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('SELECT operationname, azhunt.make_set(accountname) FROM azhunt.uploads() GROUP BY operationname'))
    WHERE node ->> 'Partial Mode' = 'Partial'
$$, 'an aggregate over uploads() is computed in part by each process');
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('SELECT resulttype, count(*), azhunt.make_set(appdisplayname) FROM azhunt.signins(true) GROUP BY resulttype'))
    WHERE node ->> 'Partial Mode' = 'Partial'
$$, 'one over signins() too');
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_index_scan_size = 0;
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('SELECT * FROM azhunt.storage_upload_link_account()'))
    WHERE node ->> 'Node Type' LIKE 'Gather%'
$$, 'the upload hunt can run in parallel');
SELECT isnt_empty($$
    SELECT node FROM pg_temp.nodes(pg_temp.plan_of('SELECT * FROM azhunt.cloudshell_usage(''30 days'', as_of => ''2025-03-11Z'')'))
    WHERE node ->> 'Node Type' LIKE 'Gather%'
$$, 'the Cloud Shell hunt can run in parallel');

SELECT * FROM finish();
ROLLBACK;
