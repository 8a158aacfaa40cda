-- rules.sql
--
-- Cost of a scheduled run over 10,000 new rows, where :rows rows are stored.
-- Prints a line for each run: rows, round, name, milliseconds, buffers.

\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET synchronous_commit = off;

CREATE EXTENSION azhunt;
SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT azhunt.add_partitions(t::regclass, '2026-03-01', '2026-03-31')
FROM unnest('{azhunt.storagebloblogs,azhunt.signinlogs,azhunt.azureactivity}'::text[]) AS t \g /dev/null

-- Six in ten rows are requests to storage, of which one in ten is an upload;
-- three are sign-ins; one is an operation.  A thousandth of all is bait: a
-- sign-in with an upload from the same address half a minute later.
CREATE PROCEDURE load(requests bigint, since timestamptz, until timestamptz)
LANGUAGE plpgsql
AS $$
DECLARE
    span interval := until - since;
BEGIN
    INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, statuscode, calleripaddress, uri,
                                        useragentheader, accountname, correlationid)
    SELECT since + span * (i / (0.6 * requests)),
           CASE WHEN random() < 0.1 THEN 'PutBlob' ELSE 'GetBlob' END, 'Success', '201',
           format('198.51.%s.%s:%s', floor(random() * 250), floor(random() * 250), 1024 + floor(random() * 60000)),
           format('https://contosodata%s.blob.core.windows.net:443/in/%s/report%s.pdf?sv=2022-11-02&sig=XXXXX&timeout=901',
                  floor(random() * 20), floor(random() * 100), floor(random() * 100000)),
           'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
           'contosodata', md5(random()::text)
    FROM generate_series(1, (0.6 * requests)::bigint - 1) AS i;

    INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype, appdisplayname)
    SELECT since + span * (i / (0.3 * requests)),
           format('198.51.%s.%s', floor(random() * 250), floor(random() * 250)),
           format('user%s@contoso.com', floor(random() * 5000)),
           'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
           '0', 'Azure Portal'
    FROM generate_series(1, (0.3 * requests)::bigint - 1) AS i;

    INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
    SELECT since + span * (i / (0.1 * requests)),
           format('user%s@contoso.com', floor(random() * 5000)),
           CASE WHEN random() < 0.01 THEN 'Microsoft.Storage/storageAccounts/listKeys/action'
                ELSE format('Microsoft.Compute/virtualMachines/operation%s', floor(random() * 50)) END,
           'Success',
           CASE WHEN random() < 0.5 THEN 'cloud-shell-storage-westeurope' ELSE 'web' END
    FROM generate_series(1, (0.1 * requests)::bigint - 1) AS i;

    WITH bait AS (
        SELECT since + span * random() AS t, floor(random() * 250) AS a, floor(random() * 250) AS b
        FROM generate_series(1, (0.001 * requests)::bigint)
    ), uploads AS (
        INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader)
        SELECT t + interval '30 seconds', 'PutBlob', 'Success', format('203.0.%s.%s:5000', a, b),
               'https://contosodata.blob.core.windows.net/in/bait?sig=XXXXX', 'Edge'
        FROM bait
    )
    INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent)
    SELECT t, format('203.0.%s.%s', a, b), 'adele@contoso.com', 'Edge' FROM bait;
END
$$;

CREATE PROCEDURE measure(round integer)
LANGUAGE plpgsql
AS $$
DECLARE
    name text;
    plan json;
BEGIN
    FOREACH name IN ARRAY '{storage_upload_link_account,cloudshell_usage}'::text[] LOOP
        EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT azhunt.run_rule_in_transaction(%L)', name)
        INTO plan;
        COMMIT;
        RAISE INFO '%', concat_ws(',', current_setting('bench.rows'), round, name,
            (SELECT r.new_matches FROM azhunt.runs AS r WHERE r.hunt = name ORDER BY r.run DESC LIMIT 1),
            (plan -> 0 ->> 'Execution Time')::numeric(12, 1),
            (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint);
    END LOOP;
END
$$;

SELECT set_config('bench.rows', :'rows', false) \g /dev/null
SELECT setseed(0.5) \g /dev/null
CALL load(:rows, '2026-03-01', '2026-03-31');
VACUUM ANALYZE;
CALL measure(0);
VACUUM ANALYZE;

-- Half of what is new is of the last quarter of an hour, half is late.
SELECT format('CALL load(5000, %L, %L)', '2026-03-30 23:45+00', '2026-03-31 00:00+00'),
       format('CALL load(5000, %L, %L)', '2026-03-10', '2026-03-31'),
       format('CALL measure(%s)', i)
FROM generate_series(1, :rounds) AS i
\gexec
