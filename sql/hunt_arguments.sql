--
-- Bad arguments of the hunts
--
-- The log tables are empty throughout: an error must come although there is
-- no row to look at.  Each hunt is asked in several ways, because a constant
-- is checked when the query is planned, and any other value when it runs.
--
BEGIN;
SET LOCAL client_min_messages = warning;
DO $$ BEGIN PERFORM azhunt.create_log_tables(); END $$;

-- Runs a query that returns a number of rows; returns its error, or the number.
CREATE FUNCTION pg_temp.outcome(query text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
DECLARE
    found_rows bigint;
BEGIN
    EXECUTE query INTO STRICT found_rows;
    message := 'no error, rows: ' || found_rows;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS
        state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;

-- Arguments that are wrong, and at the end some that only look so.
CREATE TEMP TABLE arguments (number serial, hunt text, argument text, type text, value text);
INSERT INTO arguments (hunt, argument, type, value) VALUES
    ('storage_upload_link_account', 'lookback', 'interval', NULL),
    ('storage_upload_link_account', 'lookback', 'interval', '-1 microsecond'),
    ('storage_upload_link_account', 'lookback', 'interval', '1 month'),
    ('storage_upload_link_account', 'lookback', 'interval', '1 year -365 days'),
    ('storage_upload_link_account', 'lookback', 'interval', '1 day -24 hours -1 microsecond'),
    ('storage_upload_link_account', 'lookback', 'interval', '200000000 days'),
    ('storage_upload_link_account', 'target_file', 'text', ''),
    ('storage_upload_link_account', 'match_user_agent', 'boolean', NULL),
    ('storage_upload_link_account', 'operations', 'text[]', NULL),
    ('storage_upload_link_account', 'operations', 'text[]', '{}'),
    ('storage_upload_link_account', 'operations', 'text[]', '{PutBlob,NULL}'),
    ('storage_upload_link_account', 'operations', 'text[]', '{PutBlob,""}'),
    ('storage_upload_link_account', 'operations', 'text[]', '{PutBlob,GetBlob}'),
    ('storage_upload_link_account', 'operations', 'text[]', '{{PutBlob},{PutBlobs}}'),
    ('storage_upload_link_account', 'operations', 'text[]', '{" PutBlob"}'),
    ('storage_upload_link_account', 'include_noninteractive', 'boolean', NULL),
    ('storage_upload_link_account', 'successful_only', 'boolean', NULL),
    ('storage_upload_link_account', 'include_service_principals', 'boolean', NULL),
    ('storage_upload_link_account', 'since', 'timestamptz', NULL),
    ('storage_upload_link_account', 'until', 'timestamptz', NULL),
    ('cloudshell_usage', 'lookback', 'interval', NULL),
    ('cloudshell_usage', 'lookback', 'interval', '-1 second'),
    ('cloudshell_usage', 'lookback', 'interval', '1 month'),
    ('cloudshell_usage', 'lookback', 'interval', '200000000 days'),
    ('cloudshell_usage', 'bin', 'interval', NULL),
    ('cloudshell_usage', 'bin', 'interval', '0'),
    ('cloudshell_usage', 'bin', 'interval', '-1 hour'),
    ('cloudshell_usage', 'bin', 'interval', '1 month'),
    ('cloudshell_usage', 'bin', 'interval', '200000000 days'),
    ('cloudshell_usage', 'resource_group', 'text', NULL),
    ('cloudshell_usage', 'resource_group', 'text', ''),
    ('cloudshell_usage', 'as_of', 'timestamptz', NULL),
    ('cloudshell_usage', 'as_of', 'timestamptz', 'infinity'),
    ('cloudshell_usage', 'as_of', 'timestamptz', '-infinity'),
    ('cloudshell_sessions', 'window', 'interval', NULL),
    ('cloudshell_sessions', 'window', 'interval', '-1 microsecond'),
    ('cloudshell_sessions', 'window', 'interval', '1 month'),
    ('cloudshell_sessions', 'window', 'interval', '200000000 days'),
    ('cloudshell_sessions', 'lookback', 'interval', NULL),
    ('cloudshell_sessions', 'lookback', 'interval', '-1 second'),
    ('cloudshell_sessions', 'resource_group', 'text', ''),
    ('cloudshell_sessions', 'as_of', 'timestamptz', 'infinity'),
    ('uploads', 'target_file', 'text', ''),
    ('uploads', 'operations', 'text[]', '{ListBlobs}'),
    ('uploads', 'since', 'timestamptz', NULL),
    ('uploads', 'until', 'timestamptz', NULL),
    ('signins', 'include_noninteractive', 'boolean', NULL),
    ('signins', 'successful_only', 'boolean', NULL),
    ('signins', 'include_service_principals', 'boolean', NULL),
    ('signins', 'until', 'timestamptz', NULL),
    -- what is no mistake
    ('storage_upload_link_account', 'lookback', 'interval', '0'),
    ('storage_upload_link_account', 'lookback', 'interval', '1 day -24 hours'),
    ('storage_upload_link_account', 'lookback', 'interval', '106751991 days'),
    ('storage_upload_link_account', 'target_file', 'text', NULL),
    ('storage_upload_link_account', 'target_file', 'text', ' '),
    ('storage_upload_link_account', 'operations', 'text[]', '{putblob}'),
    ('storage_upload_link_account', 'since', 'timestamptz', '-infinity'),
    ('storage_upload_link_account', 'until', 'timestamptz', 'infinity'),
    ('storage_upload_link_account', 'since', 'timestamptz', 'infinity'),
    ('storage_upload_link_account', 'until', 'timestamptz', '-infinity'),
    ('signins', 'since', 'timestamptz', 'infinity'),
    ('cloudshell_usage', 'lookback', 'interval', '0'),
    ('cloudshell_usage', 'lookback', 'interval', '106751991 days'),
    ('cloudshell_usage', 'bin', 'interval', '1 microsecond'),
    ('cloudshell_usage', 'bin', 'interval', '106751991 days'),
    ('cloudshell_usage', 'resource_group', 'text', '-'),
    ('cloudshell_sessions', 'window', 'interval', '0'),
    ('cloudshell_sessions', 'window', 'interval', '106751991 days');

-- as a constant
CREATE TEMP TABLE outcomes AS
SELECT a.*, o.*
FROM arguments AS a,
     pg_temp.outcome(format('SELECT count(*) FROM azhunt.%I(%I => %L::%s)',
                            a.hunt, a.argument, a.value, a.type)) AS o;

\pset null '(null)'
\a
SELECT hunt, argument, value, state, message, detail, hint FROM outcomes ORDER BY number;
\a

-- Every error has a hint.
SELECT count(*) AS errors, count(*) FILTER (WHERE hint <> '') AS with_hint
FROM outcomes WHERE state IS NOT NULL;

-- The same outcome in every other way of asking.  The constant is turned into
-- a value that the planner does not know: a parameter of a prepared statement
-- with a generic plan, a variable of a function, a sub-select, a column.
SET LOCAL plan_cache_mode = force_generic_plan;

CREATE FUNCTION pg_temp.outcome_prepared(hunt text, argument text, type text, value text,
    OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('PREPARE ask (%s) AS SELECT count(*) FROM azhunt.%I(%I => $1)', type, hunt, argument);
    SELECT o.* INTO state, message, detail, hint
    FROM pg_temp.outcome(format('EXECUTE ask (%L)', value)) AS o;
    DEALLOCATE ask;
END
$$;

CREATE FUNCTION pg_temp.outcome_variable(hunt text, argument text, type text, value text,
    OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($f$
        CREATE FUNCTION pg_temp.ask(value text) RETURNS bigint LANGUAGE plpgsql AS
        'DECLARE
             variable %1$s := value;
         BEGIN
             RETURN (SELECT count(*) FROM azhunt.%2$I(%3$I => variable));
         END'
        $f$, type, hunt, argument);
    SELECT o.* INTO state, message, detail, hint
    FROM pg_temp.outcome(format('SELECT pg_temp.ask(%L)', value)) AS o;
    DROP FUNCTION pg_temp.ask(text);
END
$$;

WITH others AS (
    SELECT a.number, 'prepared statement' AS way, o.*
    FROM arguments AS a, pg_temp.outcome_prepared(a.hunt, a.argument, a.type, a.value) AS o
    UNION ALL
    SELECT a.number, 'variable', o.*
    FROM arguments AS a, pg_temp.outcome_variable(a.hunt, a.argument, a.type, a.value) AS o
    UNION ALL
    SELECT a.number, 'sub-select', o.*
    FROM arguments AS a,
         pg_temp.outcome(format('SELECT count(*) FROM azhunt.%I(%I => (SELECT %L::%s))',
                                a.hunt, a.argument, a.value, a.type)) AS o
    UNION ALL
    SELECT a.number, 'column', o.*
    FROM arguments AS a,
         pg_temp.outcome(format('SELECT count(*) FROM pg_temp.arguments AS a, azhunt.%I(%I => a.value::%s) AS h'
                                ' WHERE a.number = %s',
                                a.hunt, a.argument, a.type, a.number)) AS o
)
SELECT way, count(*) AS asked,
       count(*) FILTER (WHERE (others.state, others.message, others.detail, others.hint)
                              IS NOT DISTINCT FROM (c.state, c.message, c.detail, c.hint)) AS same,
       string_agg(format('%s(%s => %s): %s', c.hunt, c.argument, coalesce(c.value, 'NULL'), others.message), E'\n')
           FILTER (WHERE (others.state, others.message, others.detail, others.hint)
                         IS DISTINCT FROM (c.state, c.message, c.detail, c.hint)) AS different
FROM others JOIN outcomes AS c USING (number)
GROUP BY way ORDER BY way;

-- The period is wrong in both arguments together.
\a
SELECT o.* FROM pg_temp.outcome($$
    SELECT count(*) FROM azhunt.storage_upload_link_account(
        since => '2026-03-02 00:00:00Z', until => '2026-03-01 23:59:59.999999Z')
$$) AS o;
SELECT o.* FROM pg_temp.outcome($$
    SELECT count(*) FROM azhunt.storage_upload_link_account(
        since => '2026-03-02 00:00:00Z', until => '2026-03-02 00:00:00Z')
$$) AS o;

-- Of several wrong arguments one is named, and not something made of them.
SELECT o.message FROM pg_temp.outcome($$
    SELECT count(*) FROM azhunt.cloudshell_usage(lookback => NULL, bin => NULL, resource_group => NULL, as_of => NULL)
$$) AS o;

-- Every operation that the hint lists is known, in any case.
SELECT count(*) AS operations, bool_and(azhunt.check_operations(ARRAY[upper(o.operation)])) AS known
FROM outcomes,
     regexp_split_to_table(rtrim(replace(hint, 'Known upload operations: ', ''), '.'), ', ') AS o (operation)
WHERE number = (SELECT min(number) FROM outcomes WHERE message = 'operations must not be empty');


--
-- The checks themselves, called by hand
--
\set ON_ERROR_ROLLBACK on
SELECT azhunt.check_text('x', NULL, NULL), azhunt.check_flag(true, NULL);
SELECT azhunt.check_text(NULL, NULL, NULL);
SELECT azhunt.check_flag(NULL, NULL);

ROLLBACK;
