-- The Cloud Shell hunt against a literal translation of its KQL query, on
-- random logs with random arguments, under several planner settings.
--
-- The translation uses date_bin(), regular expressions and translate(), no
-- function of azhunt.  As documented, as_of stands for now(), which nothing in
-- a log is later than, and Succeeded is a Success too.
BEGIN;
SET LOCAL client_min_messages = warning;
-- a zone with daylight saving time, which must not matter: bins are UTC's
SET LOCAL TIME ZONE 'America/New_York';
SET LOCAL jit = off;
SELECT plan(9);

DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;
\ir lib/hunts.sql

-- Times around the end of a day in spring when the session's time zone jumps:
-- starts of minutes, hours and other bins, and a microsecond beside them.
CREATE FUNCTION pg_temp.pick_moment() RETURNS timestamptz LANGUAGE sql VOLATILE
RETURN timestamptz '2026-03-08 06:00:00Z'
       + pg_temp.pick('{-30,-24,-2,-1,0,0,0,1,2,17,18}'::integer[]) * interval '1 hour'
       + pg_temp.pick('{0,0,0,1,7,14,21,30,59}'::integer[]) * interval '1 minute'
       + pg_temp.pick('{-1,0,0,0,1}'::integer[]) * interval '1 microsecond';

CREATE PROCEDURE pg_temp.fill(seed integer)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(seed / 1000.0);
    TRUNCATE azhunt.azureactivity;
    INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
    SELECT pg_temp.pick_moment(),
           pg_temp.pick('{adele@contoso.com,Adele@contoso.com,zoë@contoso.com,"",NULL}'::text[]),
           CASE WHEN random() < 0.3
                THEN pg_temp.pick('{Microsoft.Storage/storageAccounts/listKeys/action,MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION}'::text[])
                ELSE pg_temp.pick('{Microsoft.Compute/virtualMachines/write,MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE,Microsoft.KeyVault/vaults/delete,Ä,a,B,Microsoft.Storage/storageAccounts/listKeys/actions,"",NULL}'::text[])
           END,
           pg_temp.pick('{Success,success,SUCCEEDED,Start,Failure,"",NULL}'::text[]),
           pg_temp.pick('{cloud-shell-storage-westeurope,CLOUD-SHELL-STORAGE-EASTUS,cloud-shell-storage,x_cloud-shell-storage,mycloud-shell-storage,cloud-shell-storage2,"2cloud-shell-storage cloud-shell-storage","cloud shell storage",öcloud-shell-storageö,contoso,"",NULL}'::text[])
    FROM generate_series(1, 300);
    -- log rows that came twice
    INSERT INTO azhunt.azureactivity SELECT * FROM azhunt.azureactivity WHERE random() < 0.2;
END
$$;

CREATE FUNCTION pg_temp.expected(lookback interval, bin interval, resource_group text, as_of timestamptz)
RETURNS TABLE (caller text, timekey timestamptz, set_operationnamevalue jsonb, "timestamp" timestamptz, accountcustomentity text)
LANGUAGE sql AS $$
    WITH starts AS (
        SELECT DISTINCT coalesce(a.caller, '') AS caller, date_bin(bin, a.timegenerated, '0001-01-01 00:00Z') AS timekey
        FROM azhunt.azureactivity AS a
        WHERE pg_temp.fold(a.activitystatusvalue) IN ('success', 'succeeded')
          AND pg_temp.fold(a.resourcegroup) ~ ('(^|[^0-9a-zö])' || pg_temp.fold(resource_group) || '($|[^0-9a-zö])')
          AND pg_temp.fold(a.operationnamevalue) = 'microsoft.storage/storageaccounts/listkeys/action'
          AND a.timegenerated <= as_of
    ),
    operations AS (
        SELECT DISTINCT coalesce(a.caller, '') AS caller, date_bin(bin, a.timegenerated, '0001-01-01 00:00Z') AS timekey,
               a.operationnamevalue
        FROM azhunt.azureactivity AS a
        -- a difference of two times has no days that could be longer or shorter
        WHERE as_of - a.timegenerated BETWEEN interval '0' AND lookback
          AND pg_temp.fold(a.operationnamevalue) <> 'microsoft.storage/storageaccounts/listkeys/action'
          AND a.operationnamevalue <> ''
    )
    SELECT s.caller, s.timekey, jsonb_agg(o.operationnamevalue ORDER BY o.operationnamevalue COLLATE "C"),
           s.timekey, s.caller
    FROM starts AS s JOIN operations AS o ON o.caller = s.caller AND o.timekey = s.timekey
    GROUP BY s.caller, s.timekey
$$;

DO $$
BEGIN
    FOR seed IN 1 .. 50 LOOP
        CALL pg_temp.fill(seed);
        FOR i IN 1 .. 10 LOOP
            CALL pg_temp.ask('cloudshell_usage', 'interval, interval, text, timestamptz', ARRAY[
                pg_temp.pick('{1 day,1 day,0,1 hour,59 minutes 59.999999 seconds,1 day 1 microsecond,7 days,100000 days}'::text[]),
                pg_temp.pick('{1 hour,1 hour,3 hours,1 day,7 minutes,1 day 3 hours,1 microsecond}'::text[]),
                pg_temp.pick('{cloud-shell-storage,cloud-shell-storage,CLOUD-SHELL-storage-westeurope,shell,contoso,absent}'::text[]),
                pg_temp.pick_moment()::text]);
        END LOOP;
    END LOOP;
END
$$;

SELECT is_empty('SELECT * FROM answers WHERE different <> 0', 'the hunt gives what its translation gives, for every seed and argument');
SELECT is(count(*), 500::bigint, 'all comparisons were made') FROM answers;

-- A comparison of nothing with nothing would prove nothing: every value of
-- every argument had answers to be right about.
SELECT cmp_ok(sum(rows_expected), '>', 500::numeric, 'there was much to find') FROM answers;
SELECT is_empty('SELECT settings FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'under every setting');
SELECT is_empty('SELECT arguments[1] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every lookback');
SELECT is_empty('SELECT arguments[2] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', 'with every size of bins');
SELECT bag_eq('SELECT arguments[3] FROM answers GROUP BY 1 HAVING sum(rows_expected) = 0', ARRAY['absent'],
              'with every resource group but the one that is not there');

-- The defaults: a day back from now, in hours.
TRUNCATE azhunt.azureactivity;
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
SELECT now() - ago, 'adele@contoso.com', operation, 'Success', 'cloud-shell-storage-westeurope'
FROM (VALUES (interval '0'), ('1 day'), ('1 day 1 microsecond'), ('30 days'), ('-1 microsecond')) AS t (ago),
     (VALUES ('Microsoft.Storage/storageAccounts/listKeys/action'), ('Microsoft.Compute/virtualMachines/write')) AS o (operation);
SELECT bag_eq('SELECT * FROM azhunt.cloudshell_usage()',
              'SELECT * FROM pg_temp.expected(''1 day'', ''1 hour'', ''cloud-shell-storage'', now())',
              'without arguments it looks back a day from now, in hours');
SELECT bag_eq('SELECT timekey FROM azhunt.cloudshell_usage()',
              'SELECT date_bin(''1 hour'', now() - ago, ''0001-01-01Z'') FROM (VALUES (interval ''0''), (''24 hours'')) AS t (ago)',
              'and finds this hour and the one a day ago');

SELECT * FROM finish();
ROLLBACK;
