-- What holds of every hunt in the catalogue, whatever it hunts.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT * FROM no_plan();

SELECT count(*) FROM azhunt.create_log_tables() \g /dev/null
SELECT cmp_ok((SELECT count(*) FROM azhunt.hunts), '>=', 2::bigint, 'there are hunts');

CREATE TEMP VIEW functions AS
SELECT h.hunt, s.suffix, s.required, p.oid
FROM azhunt.hunts AS h
-- what goes from new rows is for hunts to which that is worth it
CROSS JOIN (VALUES ('', true), ('_matches', true), ('_new_matches', false), ('_check', true), ('_tables', false), ('_log_rows', true)) AS s (suffix, required)
LEFT JOIN pg_proc AS p ON p.proname = h.hunt || s.suffix AND p.pronamespace = h.schema::regnamespace;

--
-- functions
--
SELECT is(count(oid), 1::bigint, format('%s: there is one function %1$s%s', hunt, suffix))
FROM functions
WHERE required OR oid IS NOT NULL
GROUP BY hunt, suffix
ORDER BY hunt, suffix;
SELECT is_empty($$SELECT hunt, suffix FROM functions WHERE oid IS NOT NULL AND coalesce(obj_description(oid, 'pg_proc'), '') = ''$$,
    'each function has a comment');
SELECT is_empty($$SELECT hunt, suffix FROM functions WHERE suffix = '_new_matches' AND has_function_privilege('public', oid, 'EXECUTE')$$,
    'what looks for new rows is not for everybody');
SELECT is_empty($$SELECT hunt, suffix FROM functions JOIN pg_proc AS p USING (oid) WHERE p.prosecdef$$,
    'none runs with the rights of its owner');
SELECT is_empty($$
    SELECT hunt, suffix, pg_get_function_result(oid) FROM functions
    WHERE suffix IN ('_matches', '_new_matches')
      AND pg_get_function_result(oid) <> 'TABLE("time" timestamp with time zone, account text, address text, useragent text, storageaccount text, details jsonb)'
       OR suffix = '_log_rows' AND pg_get_function_result(oid) <> 'TABLE(log_table text, log_row jsonb)'
$$, 'matches and log rows have the columns of all hunts');
SELECT is_empty($$SELECT hunt FROM functions WHERE suffix = '_log_rows' AND pg_get_function_arguments(oid) <> 'match azhunt.matches'$$,
    'log rows are those of a match');
-- what the engine passes
SELECT is_empty($$
    SELECT f.hunt, f.suffix, a.name FROM functions AS f CROSS JOIN unnest('{since,until,arrivals}'::text[]) AS a (name)
    WHERE f.suffix IN ('_matches', '_new_matches') AND f.oid IS NOT NULL
      AND NOT EXISTS (SELECT FROM azhunt.function_arguments(f.oid::regproc) AS g WHERE g.name = a.name)
$$, 'they take a period, and what has arrived');
-- A hunt is inlined only if it is plain SQL that nothing keeps from it.
SELECT is_empty($$
    SELECT f.hunt, f.suffix FROM functions AS f JOIN pg_proc AS p USING (oid) JOIN pg_language AS l ON l.oid = p.prolang
    WHERE f.suffix IN ('', '_matches', '_new_matches') AND (l.lanname <> 'sql' OR p.provolatile <> 's' OR p.proisstrict OR p.proconfig IS NOT NULL)
$$, 'and can be inlined');

--
-- what the catalogue says of them
--
SELECT is_empty($$
    SELECT h.hunt, t.log_table FROM azhunt.hunts AS h CROSS JOIN unnest(h.tables) AS t (log_table)
    WHERE to_regclass(format('azhunt.%I', t.log_table)) IS NULL OR t.log_table NOT IN (SELECT s.log_table FROM azhunt.log_table_schemas() AS s)
    UNION ALL
    SELECT h.hunt, NULL FROM azhunt.hunts AS h WHERE h.tables = '{}'
$$, 'a hunt reads log tables that there are');
-- A hunt, and what a rule calls, fail without each of these tables, and do
-- without all others.
CREATE FUNCTION pg_temp.needed(statement text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    dropped text;
    needed text[] := '{}';
BEGIN
    FOR dropped IN SELECT s.log_table FROM azhunt.log_table_schemas() AS s LOOP
        BEGIN
            EXECUTE format('DROP TABLE azhunt.%I', dropped);
            BEGIN
                EXECUTE statement;
            EXCEPTION WHEN undefined_table THEN
                needed := needed || dropped;
            END;
            RAISE EXCEPTION 'bring it back' USING ERRCODE = 'ZZ001';
        EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
            NULL;
        END;
    END LOOP;
    RETURN needed;
END
$$;
SELECT set_eq(format('SELECT unnest(pg_temp.needed(%L))', format(s.statement, h.schema, h.hunt)), h.tables, format('%s: %s', h.hunt, s.what))
FROM azhunt.hunts AS h
CROSS JOIN LATERAL (VALUES
    ('SELECT FROM %I.%I()', 'the hunt reads the tables that it says'),
    (format('SELECT FROM %s', azhunt.hunt_call(azhunt.hunt_function(h.schema, h.hunt, '_matches'), h.default_options,
                                               '{since => now(),until => now(),arrivals => NULL}')), 'so does its _matches()'),
    (format('SELECT FROM %s', azhunt.hunt_call(azhunt.hunt_function(h.schema, h.hunt, '_new_matches'), h.default_options,
                                               '{since => now(),until => now(),arrivals => NULL}')), 'and its _new_matches()')
) AS s (statement, what)
WHERE s.what NOT LIKE '%\_new\_matches()' OR azhunt.hunt_function(h.schema, h.hunt, '_new_matches') IS NOT NULL
ORDER BY h.hunt, s.what;
SELECT is_empty($$SELECT hunt FROM azhunt.hunts WHERE btrim(title) = '' OR btrim(description) = '' OR description !~ '[.]$' OR tactics = '{}' OR techniques = '{}'$$,
    'a title, a description, tactics and techniques');
SELECT is_empty($$
    SELECT h.hunt, h.reach FROM azhunt.hunts AS h JOIN functions AS f ON f.hunt = h.hunt AND f.suffix = '_matches'
    WHERE NOT EXISTS (SELECT FROM azhunt.function_arguments(f.oid::regproc) AS a WHERE a.name = h.reach AND a.type = 'interval'::regtype)
       OR (h.default_options ->> h.reach)::interval < '0'
$$, 'its reach is an option that is an interval');
SELECT is_empty($$
    SELECT h.hunt, m ->> 'columnName' FROM azhunt.hunts AS h CROSS JOIN LATERAL jsonb_path_query(h.entity_mappings, '$[*].fieldMappings[*]') AS m
    WHERE m ->> 'columnName' NOT IN ('account', 'address', 'useragent', 'storageaccount')
       OR m ->> 'identifier' IS NULL
$$, 'entities are mapped to columns of matches');

--
-- options
--
SELECT is_empty($$
    SELECT h.hunt, a.name FROM azhunt.hunts AS h JOIN functions AS f ON f.hunt = h.hunt AND f.suffix = '_matches'
    CROSS JOIN LATERAL azhunt.function_arguments(f.oid::regproc) AS a
    WHERE a.name NOT IN ('since', 'until', 'arrivals') AND NOT h.default_options ? a.name
$$, 'every option has a default');
SELECT is_empty($$
    SELECT h.hunt, o.name FROM azhunt.hunts AS h JOIN functions AS f ON f.hunt = h.hunt AND f.suffix = ''
    CROSS JOIN LATERAL jsonb_object_keys(h.default_options) AS o (name)
    WHERE NOT EXISTS (SELECT FROM azhunt.function_arguments(f.oid::regproc) AS a WHERE a.name = o.name AND a."default" IS NOT NULL)
$$, 'which is one of the function that a person calls');
SELECT is_empty($$SELECT hunt FROM azhunt.hunts WHERE default_options <> azhunt.default_options(schema, hunt) OR default_options = '{}'$$,
    'the catalogue has them as they are now');
-- one after the other, as errors are not to hide each other
SELECT lives_ok(format('SELECT azhunt.check_options(%L, %L)', hunt, default_options), format('%s takes its defaults', hunt)) FROM azhunt.hunts ORDER BY hunt;
SELECT lives_ok(format('SELECT azhunt.check_options(%L, ''{}'')', hunt), format('%s takes none', hunt)) FROM azhunt.hunts ORDER BY hunt;
SELECT throws_ok(format('SELECT azhunt.check_options(%L, ''{"no_option": 1}'')', hunt), '42P02', format('hunt "%s" has no option "no_option"', hunt),
                 format('%s takes no other', hunt))
FROM azhunt.hunts ORDER BY hunt;
SELECT lives_ok(format('SELECT azhunt.check_options(%L, %L)', h.hunt, jsonb_build_object(o.key, o.value)), format('%s takes the default of %s', h.hunt, o.key))
FROM azhunt.hunts AS h CROSS JOIN LATERAL jsonb_each(h.default_options) AS o
ORDER BY h.hunt, o.key;
SELECT throws_ok(format('SELECT azhunt.check_options(%L, %L)', h.hunt, jsonb_build_object(o.key, '{}'::jsonb)), '22023',
                 format('option "%s" must not be of JSON type object', o.key), format('%s takes no object as %s', h.hunt, o.key))
FROM azhunt.hunts AS h CROSS JOIN LATERAL jsonb_each(h.default_options) AS o
ORDER BY h.hunt, o.key;
SELECT throws_ok(format('SELECT azhunt.check_options(%L, %L)', h.hunt, jsonb_build_object(o.key, null)), '22023',
                 format('option "%s" must not be of JSON type null', o.key), format('%s takes no null as %s', h.hunt, o.key))
FROM azhunt.hunts AS h CROSS JOIN LATERAL jsonb_each(h.default_options) AS o
WHERE o.value <> 'null'
ORDER BY h.hunt, o.key;
SELECT throws_ok(format('SELECT azhunt.check_options(%L, %L)', hunt, jsonb_build_object(reach, v.value)), '22023', NULL, format('%s takes no %s as %s', hunt, v.value, reach))
FROM azhunt.hunts CROSS JOIN (VALUES ('-1 second'), ('1 month')) AS v (value)
ORDER BY hunt, v.value;

--
-- over empty log tables: ad hoc, and by a rule, twice
--
CREATE FUNCTION pg_temp.count_of(hunt azhunt.hunts) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I.%I()', hunt.schema, hunt.hunt) INTO n;
    RETURN n;
END
$$;
CREATE FUNCTION pg_temp.run(rule text) RETURNS TABLE (status text, started_over text, new_matches bigint, announced bigint, rows_read bigint, tables text[])
LANGUAGE plpgsql AS $$
DECLARE
    this_run bigint := azhunt.run_rule_in_transaction(rule);
BEGIN
    RETURN QUERY
    SELECT r.status, r.started_over, r.new_matches, r.announced,
           (SELECT sum(e.value::bigint) FROM jsonb_each_text(r.rows_read) AS e)::bigint,
           ARRAY(SELECT jsonb_object_keys(r.rows_read))
    FROM azhunt.runs AS r WHERE r.run = this_run;
END
$$;
SELECT is(pg_temp.count_of(h), 0::bigint, format('%s finds nothing in empty logs', hunt)) FROM azhunt.hunts AS h ORDER BY hunt;
SELECT lives_ok(format('SELECT azhunt.add_rule(%L)', hunt), format('a rule runs %s', hunt)) FROM azhunt.hunts ORDER BY hunt;
SELECT results_eq(format('SELECT status, started_over, new_matches, announced, rows_read, tables <@ %1$L FROM pg_temp.run(%2$L)', tables, hunt),
    $$VALUES ('succeeded', 'first run', 0::bigint, 0::bigint, 0::bigint, true)$$,
    format('%s: a first run finds nothing', hunt))
FROM azhunt.hunts ORDER BY hunt;
SELECT results_eq(format('SELECT status, started_over, new_matches, announced, rows_read FROM pg_temp.run(%L)', hunt),
    $$VALUES ('succeeded', NULL::text, 0::bigint, 0::bigint, 0::bigint)$$, format('%s: nor does the second', hunt))
FROM azhunt.hunts ORDER BY hunt;
SELECT is_empty('SELECT FROM azhunt.matches', 'there are no matches');
SELECT is_empty('SELECT FROM azhunt.results', 'and no results');

--
-- over a few rows of this day; a hunt that finds none in them is not asked further
--
SELECT date_trunc('hour', now()) - interval '3 hours' AS t \gset
INSERT INTO azhunt.storagebloblogs (timegenerated, operationname, statustext, calleripaddress, uri, useragentheader, accountname, correlationid)
SELECT :'t'::timestamptz + n * interval '1 second', 'PutBlob', 'Success', '203.0.113.7:5000',
       'https://contosodata.blob.core.windows.net/in/' || n % 3 || '.txt?x', 'Edge', 'contosodata', n
FROM generate_series(1, 10) AS n;
INSERT INTO azhunt.signinlogs (timegenerated, ipaddress, userprincipalname, useragent, resulttype)
VALUES (:'t', '203.0.113.7', 'adele@contoso.com', 'Edge', '0'), (:'t', '203.0.113.7', 'alex@contoso.com', 'Edge', '0');
INSERT INTO azhunt.azureactivity (timegenerated, caller, operationnamevalue, activitystatusvalue, resourcegroup)
SELECT :'t'::timestamptz + n * interval '1 minute', 'adele@contoso.com',
       CASE WHEN n % 10 = 0 THEN 'Microsoft.Storage/storageAccounts/listKeys/action' ELSE 'Microsoft.Compute/virtualMachines/write/' || n % 3 END,
       'Success', 'cloud-shell-storage-westeurope'
FROM generate_series(0, 119) AS n;
SELECT is_empty(format('SELECT status FROM pg_temp.run(%L) WHERE status <> ''succeeded'' OR started_over IS NOT NULL OR rows_read = 0', hunt),
    format('%s: a run reads what is new', hunt))
FROM azhunt.hunts ORDER BY hunt;
SELECT cmp_ok((SELECT count(DISTINCT hunt) FROM azhunt.results), '>=', 2::bigint, 'there is something to look at');
SELECT is_empty($$
    SELECT DISTINCT h.hunt, k.name FROM azhunt.hunts AS h JOIN azhunt.matches AS m ON m.rule = h.hunt CROSS JOIN unnest(h.result_key) AS k (name)
    WHERE k.name NOT IN ('time', 'account', 'address', 'useragent', 'storageaccount') AND NOT m.details ? k.name
$$, 'results are told apart by columns and members of details that there are');
SELECT is_empty($$
    SELECT DISTINCT h.hunt, n.name[1]
    FROM azhunt.hunts AS h JOIN azhunt.matches AS m ON m.rule = h.hunt CROSS JOIN regexp_matches(h.summary, '[{]([^}]*)[}]', 'g') AS n (name)
    WHERE n.name[1] NOT IN ('time', 'account', 'address', 'matches') AND NOT m.details ? n.name[1]
$$, 'the summary has names that there are');
SELECT is_empty($$SELECT hunt, summary FROM azhunt.results WHERE coalesce(summary, '') = '' OR summary ~ '[{}]|  ' OR summary <> btrim(summary)$$,
    'and makes sentences of them');
SELECT set_eq('SELECT DISTINCT result_id FROM azhunt.matches', 'SELECT result_id FROM azhunt.results', 'every match is in a result');
SELECT is_empty($$SELECT rule, run FROM azhunt.matches AS m WHERE NOT EXISTS (SELECT FROM azhunt.runs AS r WHERE r.run = m.run AND r.rule = m.rule)$$,
    'each match is of a run of its rule');
SELECT is_empty($$SELECT r.hunt, r.result_id FROM azhunt.results AS r WHERE NOT EXISTS (SELECT FROM azhunt.log_rows(r.result_id))$$,
    'each result is made of log rows');
SELECT is_empty($$
    SELECT r.hunt, l.log_table FROM azhunt.results AS r JOIN azhunt.hunts AS h ON h.hunt = r.hunt CROSS JOIN LATERAL azhunt.log_rows(r.result_id) AS l
    WHERE l.log_table <> ALL (h.tables)
$$, 'of the log tables that the hunt reads');
SELECT is(pg_temp.count_of(h), (SELECT count(*) FROM azhunt.results AS r WHERE r.rule = h.hunt),
          format('%s: as many results as the hunt has rows', h.hunt))
FROM azhunt.hunts AS h ORDER BY h.hunt;

-- starting over, on the whole and by what is new, finds the same
CREATE TEMP TABLE before AS SELECT * FROM azhunt.matches;
SELECT azhunt.restart_rule(hunt) FROM azhunt.hunts \g /dev/null
SELECT results_eq(format('SELECT status, started_over, new_matches FROM pg_temp.run(%L)', hunt),
    $$VALUES ('succeeded', 'restart_rule() was called', 0::bigint)$$, format('%s: a run that starts over finds nothing else', hunt))
FROM azhunt.hunts ORDER BY hunt;
SELECT azhunt.drop_rule(hunt), azhunt.add_rule(hunt) FROM azhunt.hunts \g /dev/null
SELECT azhunt.run_rule_in_transaction(hunt) FROM azhunt.hunts \g /dev/null
SELECT bag_eq('SELECT rule, "time", account, address, useragent, storageaccount, details, key, result_id FROM azhunt.matches',
    'SELECT rule, "time", account, address, useragent, storageaccount, details, key, result_id FROM before',
    'a first run finds what a later one did');

SELECT * FROM finish();
ROLLBACK;
