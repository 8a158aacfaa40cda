--
-- Hunts in KQL.
--
-- A hunt NAME in KQL has a view, NAME, which is the query as it is written, and
-- two functions that read a period: NAME(query_period), and NAME_matches(), which
-- runs call.  A run evaluates the whole query over its period, as Sentinel does.
-- A row of its result is one match, which is a result of its own; the columns in
-- result_key say which row it is, so that a later run that finds it again changes
-- it where it has changed.
--

CREATE FUNCTION azhunt.texts_of(bag jsonb, member text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE jsonb_typeof(bag -> member)
        WHEN 'array' THEN ARRAY(SELECT e.element FROM jsonb_array_elements_text(bag -> member) AS e (element)
                              WHERE e.element IS NOT NULL)
        ELSE array_remove(ARRAY[bag ->> member], NULL) END;
END
$$;

COMMENT ON FUNCTION azhunt.texts_of(jsonb, text) IS
'internal: a member of a bag as an array of texts, empty if there is none or it is null';

CREATE FUNCTION azhunt.period_of(description jsonb, member text, "default" interval) RETURNS interval
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    period interval := "default";
BEGIN
    IF description ->> member IS NOT NULL THEN
        period := (description ->> member)::interval;
    END IF;
    PERFORM azhunt.check_window(period);
    IF period = interval '0' THEN
        RAISE invalid_parameter_value;
    END IF;
    RETURN period;
EXCEPTION WHEN invalid_datetime_format OR interval_field_overflow OR datetime_field_overflow
               OR invalid_parameter_value OR feature_not_supported THEN
    RAISE EXCEPTION '% cannot be "%"', member, description ->> member
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Use a time in days, hours or less, such as "14d".';
END
$$;

COMMENT ON FUNCTION azhunt.period_of(jsonb, text, interval) IS
'internal: a time that the description of a hunt has, such as queryPeriod';

-- An account is known by its full name, by name and domain, or by what else
-- Sentinel maps.
CREATE FUNCTION azhunt.entity_expression(description jsonb, entity_type text, columns text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    identifiers CONSTANT text[] := '{FullName,Address,Name,AadUserId,ObjectGuid,Sid,DisplayName,UPNSuffix}';
    fields jsonb := (SELECT jsonb_object_agg(f.field ->> 'identifier', f.field ->> 'columnName')
                     FROM (SELECT m.mapping -> 'fieldMappings' AS fields
                           FROM jsonb_path_query(description, '$.entityMappings[*]') WITH ORDINALITY AS m (mapping,
                                   place)
                           WHERE m.mapping ->> 'entityType' = entity_type
                           ORDER BY m.place LIMIT 1) AS e
                     CROSS JOIN LATERAL jsonb_path_query(e.fields, '$[*]') AS f (field)
                     WHERE f.field ->> 'identifier' IS NOT NULL);
    candidates text[];
    column_name text;
BEGIN
    IF fields ->> 'Name' = ANY (columns) AND fields ->> 'UPNSuffix' = ANY (columns) THEN
        RETURN format($f$nullif(pg_catalog.concat(q.%1$I, '@', q.%2$I), '@'::text)$f$, fields ->> 'Name',
                      fields ->> 'UPNSuffix');
    END IF;
    candidates := ARRAY(SELECT fields ->> i.identifier FROM unnest(identifiers) WITH ORDINALITY AS i (identifier, place)
                        ORDER BY i.place)
        || CASE entity_type WHEN 'Account' THEN 'AccountCustomEntity'::text WHEN 'IP' THEN 'IPCustomEntity' END;
    column_name := (SELECT c.name FROM unnest(candidates) WITH ORDINALITY AS c (name, place)
                    WHERE c.name = ANY (columns) ORDER BY c.place LIMIT 1);
    RETURN CASE WHEN column_name IS NULL THEN 'NULL::text'
                ELSE format($f$nullif(q.%I::text, ''::text)$f$, column_name) END;
END
$$;

COMMENT ON FUNCTION azhunt.entity_expression(jsonb, text, text[]) IS
'internal: the account or address of a row of a hunt in KQL, as SQL, by the entity mappings of its description';

CREATE FUNCTION azhunt.time_expression(description jsonb, columns text[], types text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    times text[] := ARRAY(SELECT c.name FROM unnest(columns, types) WITH ORDINALITY AS c (name, type, place)
                          WHERE c.type = 'timestamp with time zone' ORDER BY c.place);
    named text;
BEGIN
    IF description ->> 'time' IS NOT NULL AND description ->> 'time' <> ALL (times) THEN
        RAISE EXCEPTION 'time names "%", which is no datetime column of the query', description ->> 'time'
            USING ERRCODE = 'undefined_column',
                  HINT = coalesce('Columns: ' || nullif(array_to_string(times, ', '), '') || '.',
                                  'The query has none.');
    END IF;
    named := (SELECT t.name
              FROM unnest(ARRAY[description ->> 'time', 'TimeGenerated', 'timestamp',
                                'Timestamp']) WITH ORDINALITY AS t (name, place)
              WHERE t.name = ANY (times) ORDER BY t.place LIMIT 1);
    RETURN CASE WHEN named IS NOT NULL THEN format('q.%I', named)
                WHEN times = '{}' THEN 'NULL::timestamp with time zone'
                ELSE format('greatest(%s)',
                            (SELECT string_agg(format('q.%I', t.name), ', ') FROM unnest(times) AS t (name))) END;
END
$$;

COMMENT ON FUNCTION azhunt.time_expression(jsonb, text[], text[]) IS
'internal: when a row of a hunt in KQL happened, as SQL: the column that its description names, TimeGenerated, timestamp, or the latest of all';

CREATE FUNCTION azhunt.kql_result_key(description jsonb, columns text[], key text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named CONSTANT text[] := azhunt.texts_of(description, 'key');
    unknown CONSTANT text := (SELECT n.name FROM unnest(named) AS n (name) WHERE n.name <> ALL (columns) LIMIT 1);
BEGIN
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'key names "%", which is no column of the query', unknown
            USING ERRCODE = 'undefined_column',
                  HINT = format('Columns: %s.', array_to_string(columns, ', '));
    END IF;
    RETURN CASE WHEN named <> '{}' THEN named WHEN key <> '{}' THEN key ELSE columns END;
END
$$;

COMMENT ON FUNCTION azhunt.kql_result_key(jsonb, text[], text[]) IS
'internal: the columns that tell the rows of a hunt in KQL apart: those that its description names, those of the last summarize, or all';

CREATE FUNCTION azhunt.drop_kql_objects(schema text, hunt text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
    EXECUTE format('DROP FUNCTION IF EXISTS %I.%I(interval, timestamptz, timestamptz, azhunt.arrivals)', schema, hunt
                   || '_matches');
    EXECUTE format('DROP FUNCTION IF EXISTS %I.%I(interval)', schema, hunt);
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', schema, hunt);
END
$$;

COMMENT ON FUNCTION azhunt.drop_kql_objects(text, text) IS
'internal: drops the view and the functions of a hunt in KQL';

CREATE FUNCTION azhunt.create_kql_objects(schema text, name text, description jsonb, view_sql text, period_sql text,
                                          rule_sql text, columns text[], types text[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    title CONSTANT text := coalesce(description ->> 'name', name);
    key_columns CONSTANT text := (SELECT string_agg(format('q.%I', k.name), ', ')
                                  FROM unnest(azhunt.texts_of(description, 'key')) AS k (name));
BEGIN
    -- as the function of that name, and all other hunts: what row-level security
    -- hides from the reader, it must not show
    EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS %s', schema, name, view_sql);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', schema, name, title);
    EXECUTE format('CREATE FUNCTION %1$I.%2$I(query_period interval DEFAULT %3$L) RETURNS SETOF %1$I.%2$I'
                   ' LANGUAGE sql STABLE BEGIN ATOMIC %4$s; END',
                   schema, name, azhunt.period_of(description, 'queryPeriod', interval '1 day'), period_sql);
    EXECUTE format('COMMENT ON FUNCTION %I.%I(interval) IS %L', schema, name, title);
    EXECUTE format('CREATE FUNCTION %I.%I(query_period interval, since timestamptz, until timestamptz, arrivals azhunt.arrivals)'
                   ' RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)'
                   ' LANGUAGE sql STABLE BEGIN ATOMIC SELECT %s %s AS "time", %s, %s, NULL::text, NULL::text, pg_catalog.to_jsonb(q.*) FROM (%s) AS q %s; END',
                   schema, name || '_matches',
                   -- of the rows that agree in the columns that the user names, the latest
                   'DISTINCT ON (' || key_columns || ')', azhunt.time_expression(description, columns, types),
                   azhunt.entity_expression(description, 'Account', columns),
                   azhunt.entity_expression(description, 'IP', columns), rule_sql,
                   'ORDER BY ' || key_columns || ', "time" DESC NULLS LAST, pg_catalog.to_jsonb(q.*) DESC');
    EXECUTE format('COMMENT ON FUNCTION %I.%I(interval, timestamptz, timestamptz, azhunt.arrivals) IS %L',
                   schema, name || '_matches', 'rows of the hunt, for rules');
END
$$;

COMMENT ON FUNCTION azhunt.create_kql_objects(text, text, jsonb, text, text, text, text[], text[]) IS
'internal: makes the view and the functions of a hunt in KQL';

CREATE FUNCTION azhunt.check_kql_description(schema text, name text, description jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF schema IS NULL THEN
        RAISE EXCEPTION 'the name of a hunt has to be NAME or SCHEMA.NAME'
            USING ERRCODE = 'invalid_name';
    ELSIF octet_length(name) > 50 THEN
        RAISE EXCEPTION 'hunt name "%" is longer than 50 bytes', name
            USING ERRCODE = 'name_too_long';
    ELSIF jsonb_typeof(description) <> 'object' THEN
        RAISE EXCEPTION 'description must be a JSON object, such as {"name": "...", "queryPeriod": "1d"}'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF description ->> 'severity' <> ALL ('{Informational,Low,Medium,High}'::text[]) THEN
        RAISE EXCEPTION 'severity cannot be "%"', description ->> 'severity'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is Informational, Low, Medium or High.';
    ELSIF EXISTS (SELECT FROM azhunt.hunts AS h
                  WHERE h.hunt = name AND (h.schema <> check_kql_description.schema OR h.query IS NULL)) THEN
        RAISE EXCEPTION 'there is another hunt "%"', name
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Use another name.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_kql_description(text, text, jsonb) IS
'internal: an error if a hunt in KQL cannot have this name and description';

CREATE FUNCTION azhunt.check_kql_names(schema text, name text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken CONSTANT text := coalesce(
        (SELECT format('relation "%s"', c.relname) FROM pg_class AS c
         WHERE c.relnamespace = to_regnamespace(quote_ident(schema)) AND c.relname = name),
        (SELECT format('type "%s"', t.typname) FROM pg_type AS t
         WHERE t.typnamespace = to_regnamespace(quote_ident(schema)) AND t.typname = name),
        (SELECT format('function %s()', quote_ident(p.proname)) FROM pg_proc AS p
         WHERE p.pronamespace = to_regnamespace(quote_ident(schema)) AND p.proname IN (name, name || '_matches')
         ORDER BY p.oid LIMIT 1));
BEGIN
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" has a % already, which hunt "%" would have, too', schema, taken, name
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Drop it if it is left of a hunt that went with its extension, or use another name: a hunt NAME has a view and a function of its name, and a function NAME_matches().';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_kql_names(text, text) IS
'internal: an error if what a hunt in KQL has is there already, and is not its own';

CREATE FUNCTION azhunt.add_compiled_hunt(schema text, name text, query text, description jsonb, view_sql text,
                                         period_sql text,
                                         rule_sql text, columns text[], types text[], key text[], tables text[])
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result_key CONSTANT text[] := azhunt.kql_result_key(description, columns, key);
    title CONSTANT text := coalesce(description ->> 'name', name);
    hunt text;
BEGIN
    PERFORM azhunt.check_kql_description(schema, name, description);
    IF tables = '{}' THEN
        RAISE EXCEPTION 'the query reads no log table'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use azhunt.create_kql_view() for a query that is no hunt.';
    END IF;
    PERFORM azhunt.drop_kql_objects(h.schema, h.hunt) FROM azhunt.hunts AS h WHERE h.hunt = add_compiled_hunt.name;
    PERFORM azhunt.check_kql_names(schema, name);
    PERFORM azhunt.create_kql_objects(schema, name, description, view_sql, period_sql, rule_sql, columns, types);
    hunt := azhunt.add_hunt(
        format('%I.%I', schema, name)::regproc, tables, 'query_period', result_key, title,
        coalesce(description ->> 'description', title),
        -- the columns that tell results apart, if a sentence can have them all
        coalesce(description ->> 'summary',
                 (SELECT string_agg(format('%s: {%s}', k.name, k.name), ', ')
                  FROM unnest(result_key) AS k (name) HAVING count(*) <= 6 AND bool_and(k.name !~ '[{}]')),
                 replace(replace(title, '{', '{{'), '}', '}}')),
        azhunt.texts_of(description, 'tactics'), azhunt.texts_of(description, 'relevantTechniques'),
        substring(description ->> 'id' FROM '^[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}$')::uuid,
        coalesce(nullif(description -> 'entityMappings', 'null'), '[]'));
    UPDATE azhunt.hunts AS h
    SET query = add_compiled_hunt.query, severity = add_compiled_hunt.description ->> 'severity',
        run_every = CASE WHEN add_compiled_hunt.description ->> 'queryFrequency' IS NOT NULL
                         THEN azhunt.period_of(add_compiled_hunt.description, 'queryFrequency', interval '1 hour') END
    WHERE h.hunt = add_compiled_hunt.name;
    RETURN hunt;
END
$$;

COMMENT ON FUNCTION azhunt.add_compiled_hunt(text, text, text, jsonb, text, text, text, text[], text[], text[], text[]) IS
'internal: adds a hunt in KQL to the catalogue, with the view and the functions that it has';

-- What the query calls tables is looked up with the search_path of the caller.
CREATE FUNCTION azhunt.add_kql_hunt(name text, query text, description jsonb DEFAULT '{}') RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT azhunt.add_compiled_hunt(
        CASE pg_catalog.cardinality(p.parts) WHEN 1 THEN pg_catalog.current_schema() WHEN 2 THEN p.parts[1] END,
        p.parts[pg_catalog.cardinality(p.parts)], query, description, azhunt.kql_to_sql(query), c.sql, r.sql,
        r.columns, r.types, r.key, r.tables)
    FROM (SELECT pg_catalog.parse_ident(name)) AS p (parts)
    CROSS JOIN LATERAL azhunt.compile_hunt(query, 'azhunt.window_start(pg_catalog.now(), $1)', 'pg_catalog.now()') AS c
    CROSS JOIN LATERAL azhunt.compile_hunt(query, '$2', '$3') AS r;
END;

COMMENT ON FUNCTION azhunt.add_kql_hunt(text, text, jsonb) IS
'adds a query in KQL to the catalogue of hunts, or changes its entry: as a view to be read at any time, and for rules; the description has what Sentinel''s files have; returns its name';

CREATE FUNCTION azhunt.store_rows_of_period(rule azhunt.rules, run bigint, found_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET "IntervalStyle" = 'postgres'
SET "DateStyle" = 'ISO, YMD'
SET "TimeZone" = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
AS $$
DECLARE
    hunt azhunt.hunts := (SELECT h FROM azhunt.hunts AS h WHERE h.hunt = rule.hunt);
    options jsonb := hunt.default_options || rule.options;
    new_matches bigint;
BEGIN
    EXECUTE format(
        'WITH found AS MATERIALIZED ('
        ' SELECT DISTINCT m."time", m.account, m.address, m.useragent, m.storageaccount, m.details, k.key, k.result_id'
        ' FROM (SELECT m.*, azhunt.members(m.details, $7) AS members,'
        '              dense_rank() OVER (PARTITION BY azhunt.members(m.details, $7) ORDER BY m."time" DESC NULLS LAST, m.details DESC) AS rank'
        '       FROM %s AS m) AS m'
        -- rows of several tables may agree in the columns that tell those of one apart
        ' CROSS JOIN LATERAL (SELECT jsonb_build_object(''key'', m.members) || CASE WHEN m.rank > 1 THEN jsonb_build_object(''rank'', m.rank) ELSE ''{}'' END AS key OFFSET 0) AS b'
        ' CROSS JOIN LATERAL (SELECT azhunt.match_key(NULL, NULL, NULL, NULL, b.key) AS key,'
        '                            azhunt.match_result_id($1, ''{key,rank}'', ''-infinity'', NULL, NULL, NULL, NULL, b.key) AS result_id) AS k'
        '), changed AS ('
        ' UPDATE azhunt.matches AS s'
        ' SET "time" = coalesce(f."time", s."time"), account = f.account, address = f.address, useragent = f.useragent,'
        '     storageaccount = f.storageaccount, details = f.details'
        ' FROM found AS f'
        ' WHERE s.rule = $1 AND s.result_id = f.result_id'
        '   AND (s."time", s.account, s.address, s.useragent, s.storageaccount, s.details)'
        '       IS DISTINCT FROM (coalesce(f."time", s."time"), f.account, f.address, f.useragent, f.storageaccount, f.details)'
        ')'
        ' INSERT INTO azhunt.matches (rule, "time", account, address, useragent, storageaccount, details, key, result_id, run, found_at)'
        ' SELECT $1, coalesce(f."time", $5), f.account, f.address, f.useragent, f.storageaccount, f.details, f.key, f.result_id, $2, $3'
        ' FROM found AS f'
        ' WHERE NOT EXISTS (SELECT FROM azhunt.matches AS s WHERE s.rule = $1 AND s.result_id = f.result_id)'::text,
        azhunt.hunt_call(azhunt.hunt_function(hunt.schema, hunt.hunt, '_matches'), options,
                         '{"since => $4","until => $5","arrivals => $6"}'))
    -- the now() of the query is that of the transaction
    USING rule.rule, run, found_at, azhunt.window_start(now(), (options ->> 'query_period')::interval), now(),
          NULL::azhunt.arrivals, hunt.result_key;
    GET DIAGNOSTICS new_matches = ROW_COUNT;
    RETURN new_matches;
END
$$;

COMMENT ON FUNCTION azhunt.store_rows_of_period(azhunt.rules, bigint, timestamptz) IS
'internal: evaluates a hunt in KQL over the period before now; stores the rows of its result that are not there, counts them, and changes those that are there where they have changed';
