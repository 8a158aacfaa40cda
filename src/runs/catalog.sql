--
-- The hunts that there are, and the rules that run them.
--
-- A hunt is a query, as published.  A rule is a hunt with options that runs on
-- a schedule.  A hunt NAME has these functions, which may be in a schema of the
-- administrator's, and are called by name:
--
--     NAME              what a person calls; gives the published columns
--     NAME_matches      the matches of a period, for rules
--     NAME_new_matches  the same, going from new rows; optional
--     NAME_check        checks options; optional
--     NAME_tables       the log tables that options have it read; optional
--     NAME_log_rows     the log rows of a match; optional
--
-- doc/hunts.md has the contract.
--

CREATE TABLE azhunt.hunts (
    hunt text PRIMARY KEY,
    schema text NOT NULL,
    id uuid,
    title text NOT NULL,
    description text NOT NULL,
    tactics text[] NOT NULL,
    techniques text[] NOT NULL,
    entity_mappings jsonb NOT NULL,
    tables text[] NOT NULL,
    default_options jsonb NOT NULL,
    reach text NOT NULL,
    result_key text[] NOT NULL,
    summary text NOT NULL,
    severity text,
    run_every interval,
    query text
);

COMMENT ON TABLE azhunt.hunts IS
'the catalogue of hunts, with the options that a rule can set';
COMMENT ON COLUMN azhunt.hunts.hunt IS 'name of the hunt, and of the function that a person calls';
COMMENT ON COLUMN azhunt.hunts.schema IS 'schema of the hunt''s functions';
COMMENT ON COLUMN azhunt.hunts.id IS 'Microsoft''s id of the published query; two published queries can have the same';
COMMENT ON COLUMN azhunt.hunts.title IS 'title of the published query';
COMMENT ON COLUMN azhunt.hunts.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.hunts.tactics IS 'MITRE ATT&CK tactics';
COMMENT ON COLUMN azhunt.hunts.techniques IS 'MITRE ATT&CK techniques';
COMMENT ON COLUMN azhunt.hunts.entity_mappings IS 'which columns of a result are which Sentinel entities';
COMMENT ON COLUMN azhunt.hunts.tables IS 'log tables that the hunt reads';
COMMENT ON COLUMN azhunt.hunts.default_options IS 'the options of a rule, with the defaults of the function that a person calls';
COMMENT ON COLUMN azhunt.hunts.reach IS 'the option that says how far apart in time the rows of a match can be';
COMMENT ON COLUMN azhunt.hunts.result_key IS 'columns, or members of details, in which all matches of a result agree';
COMMENT ON COLUMN azhunt.hunts.summary IS 'a sentence about a result, with the names of its columns, and of members of details, in braces';
COMMENT ON COLUMN azhunt.hunts.severity IS 'Sentinel''s severity of its results, unless a rule says otherwise; null for Medium';
COMMENT ON COLUMN azhunt.hunts.run_every IS 'how often a rule runs it, unless that says otherwise; null for every hour';
COMMENT ON COLUMN azhunt.hunts.query IS 'the query in KQL, which a run evaluates over its period; null for a hunt whose functions find matches';
SELECT pg_catalog.pg_extension_config_dump('azhunt.hunts', 'WHERE schema OPERATOR(pg_catalog.<>) ''azhunt''::text');

CREATE TYPE azhunt.arrivals AS (first_xid bigint, end_xid bigint, unfinished_xids bigint[]);
COMMENT ON TYPE azhunt.arrivals IS
'the transactions whose rows a run has to read: from first_xid up to but not including end_xid, and unfinished_xids; null for those of all rows';

CREATE FUNCTION azhunt.arrived_since(ingestxid bigint, arrivals azhunt.arrivals) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (arrivals).first_xid IS NULL
    OR ingestxid OPERATOR(pg_catalog.>=) (arrivals).first_xid AND ingestxid OPERATOR(pg_catalog.<) (arrivals).end_xid
    OR ingestxid OPERATOR(pg_catalog.=) ANY ((arrivals).unfinished_xids)
    -- a row that says nothing about its arrival is read by every run
    OR ingestxid IS NULL;

COMMENT ON FUNCTION azhunt.arrived_since(bigint, azhunt.arrivals) IS
'condition: is this the transaction of a row that a run has to read?';

CREATE FUNCTION azhunt.function_arguments(function regproc)
RETURNS TABLE (place integer, name text, type regtype, "default" text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.place::integer, a.name, a.type::regtype, pg_get_function_arg_default(p.oid, a.place::integer)
    FROM pg_proc AS p
    CROSS JOIN LATERAL (
        -- only arguments that are passed in
        SELECT row_number() OVER (ORDER BY u.ordinality), p.proargnames[u.ordinality], u.type
        FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes)
             WITH ORDINALITY AS u (type, mode, ordinality)
        WHERE coalesce(u.mode, 'i'::"char") = ANY ('{i,b,v}'::"char"[])
    ) AS a (place, name, type)
    WHERE p.oid = function::oid
$$;

COMMENT ON FUNCTION azhunt.function_arguments(regproc) IS
'internal: the arguments of a function, with their defaults as expressions';

CREATE FUNCTION azhunt.hunt_function(schema text, hunt text, suffix text) RETURNS regproc
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    functions oid[] := ARRAY(SELECT p.oid FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                             WHERE n.nspname = schema AND p.proname = hunt || suffix);
BEGIN
    -- which of several is called could depend on the options
    IF cardinality(functions) > 1 THEN
        RAISE EXCEPTION 'there are % functions %.%', cardinality(functions), quote_ident(schema),
                        quote_ident(hunt || suffix)
            USING ERRCODE = 'ambiguous_function',
                  HINT = 'A hunt''s functions cannot be overloaded: drop the others.';
    END IF;
    RETURN functions[1];
END
$$;

COMMENT ON FUNCTION azhunt.hunt_function(text, text, text) IS
'internal: the function of a hunt with this suffix; null if it has none';

CREATE FUNCTION azhunt.option_literal(value jsonb, type regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE jsonb_typeof(value)
               WHEN 'null'::text THEN format('NULL::%s'::text, type)
               WHEN 'array'::text THEN format('%L::%s'::text,
                                              ARRAY(SELECT e.element
                                                    FROM jsonb_array_elements_text(value) AS e (element))::text, type)
               ELSE format('%L::%s'::text, value #>> '{}'::text[], type)
           END
$$;

COMMENT ON FUNCTION azhunt.option_literal(jsonb, regtype) IS
'internal: the value of an option as an SQL expression of its type';

CREATE FUNCTION azhunt.has_dimensions(value jsonb, type regtype) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.typcategory = 'A' AND t.typelem <> ALL ('{json,jsonb}'::regtype[]::oid[])
           AND jsonb_path_exists(value, 'strict $[*] ? (@.type() == "array")'::jsonpath, silent => true)
    FROM pg_type AS t
    WHERE t.oid = type
$$;

COMMENT ON FUNCTION azhunt.has_dimensions(jsonb, regtype) IS
'internal: is the value of an option an array of arrays, where the type is an array?';

CREATE FUNCTION azhunt.hunt_call(function regproc, options jsonb, others text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT format('%s(%s)'::text, function,
                  array_to_string(ARRAY(SELECT format('%I => %s'::text, a.name,
                                                      azhunt.option_literal(options -> a.name, a.type))
                                        FROM azhunt.function_arguments(function) AS a
                                        WHERE options ? a.name
                                        ORDER BY a.place) || others, ', '::text))
$$;

COMMENT ON FUNCTION azhunt.hunt_call(regproc, jsonb, text[]) IS
'internal: a call of a hunt''s function with options, each of its exact type, and other arguments';

CREATE FUNCTION azhunt.check_hunt_signature(function regproc, suffix text, options text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- in which arguments and results are told
SET quote_all_identifiers = off
AS $$
DECLARE
    result text := pg_get_function_result(function::oid);
    expected record;
    arguments text[] := ARRAY(SELECT format('%I %s'::text, a.name, a.type)
                              FROM azhunt.function_arguments(function) AS a ORDER BY a.place);
    missing text[];
    unknown text[];
BEGIN
    SELECT e.* INTO STRICT expected
    FROM (VALUES
        ('_matches', 'matches',
         '{since timestamp with time zone,until timestamp with time zone,arrivals azhunt.arrivals}'::text[],
         'TABLE("time" timestamp with time zone, account text, address text, useragent text, storageaccount text, details jsonb)'),
        ('_check', 'boolean', '{}', 'boolean'),
        ('_tables', 'log tables', '{}', 'text[]'),
        ('_log_rows', 'log rows', '{match azhunt.matches}', 'TABLE(log_table text, log_row jsonb)')
    ) AS e (suffix, name, arguments, result)
    WHERE e.suffix = replace(check_hunt_signature.suffix, '_new'::text, ''::text);

    IF suffix = '_log_rows' THEN
        options := '{}';
        -- which is not called by its name
        IF cardinality(arguments) = 1 THEN
            arguments := ARRAY(SELECT format('match %s'::text, a.type) FROM azhunt.function_arguments(function) AS a);
        END IF;
    END IF;
    missing := ARRAY(SELECT e FROM unnest(expected.arguments) AS e WHERE e <> ALL (arguments));
    unknown := ARRAY(SELECT a FROM unnest(arguments) AS a WHERE a <> ALL (expected.arguments || options));
    IF missing <> '{}' OR unknown <> '{}' THEN
        RAISE EXCEPTION '% does not have the arguments of such a function', function
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = concat_ws(' '::text, 'It lacks '::text
                                     || nullif(array_to_string(missing, ', '::text), ''::text) || '.'::text,
                                     'It has '::text || nullif(array_to_string(unknown, ', '::text), ''::text)
                                         || '.'::text),
                  HINT = format('It has to be %s(%s).'::text, function,
                                array_to_string(options || expected.arguments, ', '::text));
    ELSIF result IS DISTINCT FROM expected.result THEN
        RAISE EXCEPTION '% does not return %', function, expected.name
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = format('It returns %s.'::text, coalesce(result, 'nothing'::text)),
                  HINT = format('It has to return %s.'::text, expected.result);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_hunt_signature(regproc, text, text[]) IS
'internal: an error if the function of a hunt with this suffix does not have the arguments and the result that it should';

CREATE FUNCTION azhunt.check_hunt_functions(schema text, hunt text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    suffix text;
    function regproc;
    options text[] := ARRAY(SELECT format('%I %s'::text, a.name, a.type)
                            FROM azhunt.function_arguments(azhunt.hunt_function(schema, hunt, '_matches'::text)) AS a
                            WHERE a.name <> ALL ('{since,until,arrivals}'::text[])
                            ORDER BY a.place);
BEGIN
    FOREACH suffix IN ARRAY '{"",_matches,_new_matches,_check,_tables,_log_rows}'::text[] LOOP
        function := azhunt.hunt_function(schema, hunt, suffix);
        IF function IS NULL AND suffix = ANY ('{"",_matches}'::text[]) THEN
            RAISE EXCEPTION 'there is no function %.%', quote_ident(schema), quote_ident(hunt || suffix)
                USING ERRCODE = 'undefined_function',
                      HINT = 'doc/hunts.md says what functions a hunt has.';
        ELSIF function IS NOT NULL AND suffix <> '' THEN
            PERFORM azhunt.check_hunt_signature(function, suffix, options);
        END IF;

        PERFORM azhunt.check_hunt_function(function);
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.check_hunt_functions(text, text) IS
'internal: an error if a hunt''s functions are not there, do not take or give what they should, or belong to a role that the current one does not trust';

CREATE FUNCTION azhunt.check_reach(reach text, options jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
BEGIN
    PERFORM azhunt.check_window((options ->> reach)::interval);
EXCEPTION WHEN invalid_parameter_value OR null_value_not_allowed OR interval_field_overflow
    OR feature_not_supported THEN
    RAISE EXCEPTION 'option "%" cannot be "%"', reach, coalesce(options ->> reach, 'NULL')
        USING ERRCODE = 'invalid_parameter_value',
              DETAIL = 'It says how far apart in time the rows of a match can be.',
              HINT = 'Use a time that is not negative, in days, hours or less.';
END
$$;

COMMENT ON FUNCTION azhunt.check_reach(text, jsonb) IS
'internal: an error if the option that says how far apart the rows of a match can be is not a fixed time';

CREATE FUNCTION azhunt.default_options(schema text, hunt text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET "DateStyle" = 'ISO, YMD'
SET "TimeZone" = 'UTC'
AS $$
DECLARE
    option record;
    value jsonb;
    options jsonb := '{}';
BEGIN
    FOR option IN
        SELECT m.name, m.type, f."default",
               (SELECT t.typcategory = ANY ('{A,B,N}'::"char"[]) FROM pg_type AS t WHERE t.oid = m.type) AS is_json
        FROM azhunt.function_arguments(azhunt.hunt_function(schema, hunt, '_matches'::text)) AS m
        LEFT JOIN azhunt.function_arguments(azhunt.hunt_function(schema, hunt, ''::text)) AS f
          ON f.name = m.name AND f.type = m.type
        WHERE m.name <> ALL ('{since,until,arrivals}'::text[])
    LOOP
        IF option."default" IS NULL THEN
            RAISE EXCEPTION 'argument "%" of %.% is no option', option.name, quote_ident(schema),
                            quote_ident(hunt || '_matches')
                USING ERRCODE = 'invalid_function_definition',
                      HINT = format('%I.%I() needs an argument of that name and type, with a default.'::text, schema,
                                    hunt);
        END IF;
        EXECUTE format(CASE WHEN option.is_json THEN 'SELECT to_jsonb(%s)'::text
                       ELSE 'SELECT to_jsonb((%s)::text)'::text END, option."default")
        INTO value;
        IF azhunt.has_dimensions(value, option.type) THEN
            RAISE EXCEPTION 'the default of option "%" is an array of more than one dimension', option.name
                USING ERRCODE = 'invalid_function_definition',
                      HINT = format('Give argument "%s" of %I.%I() another default.'::text, option.name, schema, hunt);
        END IF;
        options := options || jsonb_build_object(option.name, value);
    END LOOP;
    RETURN options;
END
$$;

COMMENT ON FUNCTION azhunt.default_options(text, text) IS
'internal: the options that a rule can set: the arguments of NAME_matches() but since, until and arrivals, with the defaults that NAME() has for them';

CREATE FUNCTION azhunt.check_hunt_found(is_found boolean, hunt text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT is_found THEN
        RAISE EXCEPTION 'there is no hunt "%"', coalesce(hunt, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = format('Hunts: %s.', (SELECT string_agg(h.hunt, ', ' ORDER BY h.hunt)
                                               FROM azhunt.hunts AS h));
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_hunt_found(boolean, text) IS
'internal: an error that there is no such hunt, unless it was found';

CREATE FUNCTION azhunt.check_options(hunt text, options jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    defaults jsonb;
    schema text;
    reach text;
    check_function regproc;
    option record;
BEGIN
    SELECT h.default_options, h.schema, h.reach INTO defaults, schema, reach
    FROM azhunt.hunts AS h
    WHERE h.hunt = check_options.hunt;
    PERFORM azhunt.check_hunt_found(FOUND, check_options.hunt);
    IF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'options must be a JSON object, such as {"%": %}',
                        (SELECT key FROM jsonb_each(defaults) ORDER BY key LIMIT 1),
                        (SELECT value FROM jsonb_each(defaults) ORDER BY key LIMIT 1)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    FOR option IN
        SELECT e.key, e.value, a.type, jsonb_typeof(e.value) AS json_type, defaults -> e.key AS "default",
               CASE (SELECT t.typcategory FROM pg_type AS t WHERE t.oid = a.type)
                   WHEN 'A' THEN 'array' WHEN 'B' THEN 'boolean' WHEN 'N' THEN 'number' ELSE 'string'
               END AS option_type
        FROM jsonb_each(options) AS e
        LEFT JOIN azhunt.function_arguments(azhunt.hunt_function(schema, hunt, '_matches'::text)) AS a ON a.name = e.key
    LOOP
        IF option."default" IS NULL THEN
            RAISE EXCEPTION 'hunt "%" has no option "%"', hunt, option.key
                USING ERRCODE = 'undefined_parameter',
                      HINT = format('Options: %s.', (SELECT string_agg(k, ', ' ORDER BY k)
                                                     FROM jsonb_object_keys(defaults) AS k));
        ELSIF option.json_type <> option.option_type
              AND NOT (option.json_type = 'null' AND option."default" = 'null'::jsonb) THEN
            RAISE EXCEPTION 'option "%" must not be of JSON type %', option.key, option.json_type
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Its default is %s.', option."default");
        ELSIF azhunt.has_dimensions(option.value, option.type) THEN
            RAISE EXCEPTION 'option "%" must be an array of one dimension', option.key
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Its default is %s.', option."default");
        END IF;
    END LOOP;

    check_function := azhunt.hunt_function(schema, hunt, '_check'::text);
    IF check_function IS NOT NULL THEN
        PERFORM azhunt.check_hunt_function(check_function);
        EXECUTE format('SELECT %s'::text, azhunt.hunt_call(check_function, defaults || options, '{}'::text[]));
    END IF;
    PERFORM azhunt.check_reach(reach, defaults || options);
END
$$;

COMMENT ON FUNCTION azhunt.check_options(text, jsonb) IS
'internal: an error if the hunt is unknown or does not take these options';

CREATE FUNCTION azhunt.tables_read(hunt azhunt.hunts, options jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tables_function CONSTANT regproc := azhunt.hunt_function(hunt.schema, hunt.hunt, '_tables'::text);
    tables text[];
BEGIN
    IF tables_function IS NULL THEN
        RETURN hunt.tables;
    END IF;
    EXECUTE format('SELECT %s'::text, azhunt.hunt_call(tables_function, options, '{}'::text[])) INTO tables;
    IF coalesce(cardinality(tables), 0) = 0 OR NOT tables <@ hunt.tables THEN
        RAISE EXCEPTION 'hunt "%" reads log tables that the catalogue does not have for it', hunt.hunt
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = format('%s returned %s.'::text, tables_function, coalesce(tables::text, 'NULL'::text)),
                  HINT = format('It has to return one or more of %s.'::text, hunt.tables::text);
    END IF;
    RETURN tables;
END
$$;

COMMENT ON FUNCTION azhunt.tables_read(azhunt.hunts, jsonb) IS
'internal: the log tables that a hunt with these options reads; all of the catalogue, unless the hunt says which';

CREATE FUNCTION azhunt.add_hunt(
    function regproc,
    tables text[],
    reach text,
    result_key text[],
    title text,
    description text,
    summary text DEFAULT '{matches} matches of {account}',
    tactics text[] DEFAULT '{}',
    techniques text[] DEFAULT '{}',
    id uuid DEFAULT NULL,
    entity_mappings jsonb DEFAULT '[]')
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hunt_name text;
    schema_name text;
    unknown text;
    options jsonb;
BEGIN
    SELECT p.proname, n.nspname INTO hunt_name, schema_name
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.oid = add_hunt.function::oid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no function %', coalesce(add_hunt.function::text, 'NULL')
            USING ERRCODE = 'undefined_function',
                  HINT = 'doc/hunts.md says what functions a hunt has.';
    END IF;
    PERFORM azhunt.check_hunt_functions(schema_name, hunt_name);
    -- a dump leaves the hunts of this schema to the extension
    IF schema_name = 'azhunt'
       AND (EXISTS (SELECT FROM azhunt.hunts AS h WHERE h.hunt = hunt_name)
            OR NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass
                           AND d.objid = add_hunt.function::oid AND d.deptype = 'e')) THEN
        RAISE EXCEPTION 'cannot add or change hunt "%" of schema azhunt', hunt_name
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Write your own hunt in a schema of yours.';
    END IF;
    options := azhunt.default_options(schema_name, hunt_name);

    unknown := (SELECT t.log_table FROM unnest(add_hunt.tables) AS t (log_table)
                WHERE NOT EXISTS (SELECT FROM azhunt.log_table_schemas() AS s WHERE s.log_table = t.log_table)
                LIMIT 1);
    IF unknown IS NOT NULL OR coalesce(cardinality(add_hunt.tables), 0) = 0 THEN
        RAISE EXCEPTION 'there is no log table "%"', coalesce(unknown, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Log tables: %s.', (SELECT string_agg(s.log_table, ', ' ORDER BY s.log_table)
                                                    FROM azhunt.log_table_schemas() AS s));
    ELSIF (SELECT a.type FROM azhunt.function_arguments(add_hunt.function) AS a
           WHERE a.name = add_hunt.reach AND options ? a.name)
          IS DISTINCT FROM 'interval'::regtype THEN
        RAISE EXCEPTION 'reach must name an option of type interval, not "%"', coalesce(add_hunt.reach, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Options: %s.',
                                (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(options) AS k));
    ELSIF options -> add_hunt.reach = 'null'::jsonb THEN
        RAISE EXCEPTION 'reach must name an option that is not null, and "%" is null by default', add_hunt.reach
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Give argument "%s" of %I.%I() a default.'::text, add_hunt.reach, schema_name,
                                hunt_name);
    ELSIF coalesce(cardinality(add_hunt.result_key), 0) = 0
          OR array_position(add_hunt.result_key, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'result_key must name the columns, or members of details, that tell results apart'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    PERFORM azhunt.check_reach(add_hunt.reach, options);

    INSERT INTO azhunt.hunts AS h (hunt, schema, id, title, description, tactics, techniques, entity_mappings,
                                   tables, default_options, reach, result_key, summary)
    VALUES (hunt_name, schema_name, add_hunt.id, add_hunt.title, add_hunt.description, add_hunt.tactics,
            add_hunt.techniques, add_hunt.entity_mappings, add_hunt.tables, options, add_hunt.reach,
            add_hunt.result_key, add_hunt.summary)
    -- again, after its functions have changed
    ON CONFLICT (hunt) DO UPDATE
    SET schema = excluded.schema, id = excluded.id, title = excluded.title, description = excluded.description,
        tactics = excluded.tactics,
        techniques = excluded.techniques, entity_mappings = excluded.entity_mappings, tables = excluded.tables,
        default_options = excluded.default_options, reach = excluded.reach, result_key = excluded.result_key,
        summary = excluded.summary, severity = excluded.severity, run_every = excluded.run_every, query = excluded.query
    -- which may have moved
    WHERE h.schema = excluded.schema OR azhunt.hunt_function(h.schema, h.hunt, ''::text) IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is another hunt "%"', hunt_name
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Give the functions of this one another name.';
    END IF;
    RETURN hunt_name;
END
$$;

COMMENT ON FUNCTION azhunt.add_hunt(regproc, text[], text, text[], text, text, text, text[], text[], uuid, jsonb) IS
'adds a hunt to the catalogue, or changes its entry, so that rules can run it; returns its name';

CREATE FUNCTION azhunt.drop_hunt(hunt text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM azhunt.rules AS r WHERE r.hunt = drop_hunt.hunt) THEN
        RAISE EXCEPTION 'rules run hunt "%"', hunt
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = format('Rules: %s.', (SELECT string_agg(r.rule, ', ' ORDER BY r.rule)
                                                 FROM azhunt.rules AS r WHERE r.hunt = drop_hunt.hunt)),
                  HINT = 'azhunt.drop_rule() removes a rule with its results.';
    END IF;
    PERFORM azhunt.drop_kql_objects(h.schema, h.hunt) FROM azhunt.hunts AS h WHERE h.hunt = drop_hunt.hunt
        AND h.query IS NOT NULL;
    DELETE FROM azhunt.hunts AS h WHERE h.hunt = drop_hunt.hunt AND h.schema <> 'azhunt';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no hunt "%" that was added', coalesce(hunt, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table azhunt.hunts lists the hunts; those of schema azhunt stay.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.drop_hunt(text) IS
'removes a hunt that was added from the catalogue; its functions stay, but those that add_kql_hunt() made';
