CREATE FUNCTION azhunt.call_cron(query text, hint text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cron_database text;
    dblink_schema text := (SELECT quote_ident(n.nspname) FROM pg_extension AS e
                           JOIN pg_namespace AS n ON n.oid = e.extnamespace
                           WHERE e.extname = 'dblink');
    connection text;
    failure text;
    result bigint;
BEGIN
    IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
        EXECUTE query INTO result;
        RETURN result;
    END IF;

    -- not everybody may know the database
    BEGIN
        cron_database := current_setting('cron.database_name', true);
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'pg_cron is in another database'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Run there: %s.', hint);
    END;
    IF cron_database IS NULL THEN
        RAISE EXCEPTION 'pg_cron is not there'
            USING ERRCODE = 'undefined_object',
                  HINT = 'Install it and add it to shared_preload_libraries; or have another scheduler, such as cron with psql, call azhunt.run_rule().';
    ELSIF cron_database = current_database() THEN
        RAISE EXCEPTION 'there is no extension pg_cron in database "%"', cron_database
            USING ERRCODE = 'undefined_object',
                  HINT = 'Run here: CREATE EXTENSION pg_cron.';
    ELSIF dblink_schema IS NULL THEN
        RAISE EXCEPTION 'pg_cron is in another database, "%"', cron_database
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Run there: %s. Or create extension dblink here, and call this again.', hint);
    END IF;

    -- in libpq's quotes, inside which a backslash goes before both
    connection := (
        SELECT string_agg(format('%s=''%s''', c.keyword, regexp_replace(c.value, E'([\\\\''])', E'\\\\\\1', 'g')), ' ')
        FROM (VALUES
            ('host', coalesce(nullif(split_part(current_setting('unix_socket_directories'), ',', 1), ''), 'localhost')),
            ('port', current_setting('port')),
            ('dbname', cron_database),
            ('user', current_user::text)
        ) AS c (keyword, value));
    -- A schema of the name cron that is not pg_cron's could be anybody's.
    BEGIN
        EXECUTE format('SELECT d.result FROM %s.dblink($1::text, $2::text) AS d (result bigint)', dblink_schema)
        INTO result
        USING connection, 'SELECT pg_catalog.count(*) FROM pg_catalog.pg_extension'
                          ' WHERE extname OPERATOR(pg_catalog.=) ''pg_cron''::pg_catalog.name'::text;
    EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
        -- as where a superuser is let in by a name of the operating system only
        GET STACKED DIAGNOSTICS failure = PG_EXCEPTION_DETAIL;
        RAISE EXCEPTION 'could not connect to the database of pg_cron, "%"', cron_database
            USING ERRCODE = 'sqlclient_unable_to_establish_sqlconnection', DETAIL = failure,
                  HINT = format('Run there: %s.', hint);
    END;
    IF result = 0 THEN
        RAISE EXCEPTION 'there is no extension pg_cron in database "%"', cron_database
            USING ERRCODE = 'undefined_object',
                  HINT = 'Run there: CREATE EXTENSION pg_cron.';
    END IF;
    EXECUTE format('SELECT d.result FROM %s.dblink($1::text, $2::text) AS d (result bigint)', dblink_schema)
    INTO result
    USING connection, query;
    RETURN result;
END
$$;

COMMENT ON FUNCTION azhunt.call_cron(text, text) IS
'internal: runs a query in the database that has pg_cron: this one, or another through dblink';

-- A name in quotes where it needs them: no other database and rule give the
-- same, whatever colons they have.
CREATE FUNCTION azhunt.cron_job_name(rule text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET quote_all_identifiers = off
RETURN pg_catalog.format('azhunt %I: %s', pg_catalog.current_database(), rule);

COMMENT ON FUNCTION azhunt.cron_job_name(text) IS
'internal: the name of pg_cron''s job for a rule of this database';

CREATE FUNCTION azhunt.schedule_rule(rule text, cron_expression text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    command text := format('CALL azhunt.run_rule(%L)', rule);
    query text;
BEGIN
    PERFORM FROM azhunt.rules AS r WHERE r.rule = schedule_rule.rule;
    PERFORM azhunt.check_rule_found(FOUND, schedule_rule.rule);
    -- in another database with a search_path of its own
    query := format('SELECT cron.schedule_in_database(%L::pg_catalog.text, %L::pg_catalog.text, %L::pg_catalog.text,'
                    ' %L::pg_catalog.text, NULL::pg_catalog.text, true)',
                    azhunt.cron_job_name(rule), cron_expression, command, current_database());
    RETURN azhunt.call_cron(query, query);
END
$$;

COMMENT ON FUNCTION azhunt.schedule_rule(text, text) IS
'has pg_cron run a rule in this database, instead of at the times that it had; returns the id of the job';

CREATE FUNCTION azhunt.unschedule_rule(rule text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job text := format('SELECT j.jobid, cron.unschedule(j.jobid) FROM cron.job AS j'
                       ' WHERE j.jobname OPERATOR(pg_catalog.=) %L AND j.username OPERATOR(pg_catalog.=) current_user',
                       azhunt.cron_job_name(rule));
BEGIN
    RETURN azhunt.call_cron(format('SELECT pg_catalog.count(*) FROM (%s) AS u', job), job) > 0;
END
$$;

COMMENT ON FUNCTION azhunt.unschedule_rule(text) IS
'has pg_cron no longer run a rule of the current user; false if it did not';
