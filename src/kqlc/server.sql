CREATE TABLE azhunt.external_data (
    address text PRIMARY KEY,
    relation regclass NOT NULL
);

COMMENT ON TABLE azhunt.external_data IS
'the tables that KQL''s externaldata reads, by the address that it names';
COMMENT ON COLUMN azhunt.external_data.address IS 'the address, as queries have it';
COMMENT ON COLUMN azhunt.external_data.relation IS 'the table or view that has what is at the address';
SELECT pg_catalog.pg_extension_config_dump('azhunt.external_data', '');

CREATE FUNCTION azhunt.kql_to_sql(query text, parameters jsonb DEFAULT '{}') RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_kql_to_sql';
COMMENT ON FUNCTION azhunt.kql_to_sql(text, jsonb) IS
'a KQL query, with values of its query parameters, as one SQL statement, which runs with any search_path';

CREATE FUNCTION azhunt.kql_columns(query text)
RETURNS TABLE ("column" text, type text)
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_kql_columns';
COMMENT ON FUNCTION azhunt.kql_columns(text) IS
'the columns of a KQL query''s result, and their types in Kusto';

CREATE FUNCTION azhunt.compile_hunt(
    query text, since text, until text,
    OUT sql text, OUT columns text[], OUT types text[], OUT key text[], OUT tables text[])
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_compile_hunt';
COMMENT ON FUNCTION azhunt.compile_hunt(text, text, text) IS
'internal: a KQL query as SQL that reads the rows with a TimeGenerated between two expressions of SQL; its columns and their types, those that tell its rows apart, and the log tables that it reads';

-- These two have a search_path of their own, as the SQL needs none; what names
-- the query's tables, and the view, is looked up before.
CREATE FUNCTION azhunt.run_compiled(sql text) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.concat('SELECT pg_catalog.to_jsonb(q.*) FROM (', sql, ') AS q');
END
$$;
COMMENT ON FUNCTION azhunt.run_compiled(text) IS
'internal: runs a compiled query with the rights of the caller';

CREATE FUNCTION azhunt.create_compiled_view(schema text, name text, sql text) RETURNS regclass
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE pg_catalog.format('CREATE VIEW %I.%I AS %s', schema, name, sql);
    RETURN pg_catalog.format('%I.%I', schema, name)::pg_catalog.regclass;
END
$$;
COMMENT ON FUNCTION azhunt.create_compiled_view(text, text, text) IS
'internal: makes a view of a compiled query with the rights of the caller';

CREATE FUNCTION azhunt.kql(query text, parameters jsonb DEFAULT '{}') RETURNS SETOF jsonb
LANGUAGE sql VOLATILE STRICT
BEGIN ATOMIC
    SELECT r.result FROM azhunt.run_compiled(azhunt.kql_to_sql(query, parameters)) AS r (result);
END;
COMMENT ON FUNCTION azhunt.kql(text, jsonb) IS
'runs a KQL query with the rights of the caller: a jsonb object for each row';

CREATE FUNCTION azhunt.create_kql_view(name text, query text, parameters jsonb DEFAULT '{}') RETURNS regclass
LANGUAGE sql VOLATILE STRICT
BEGIN ATOMIC
    SELECT azhunt.create_compiled_view(
        CASE pg_catalog.cardinality(p.parts) WHEN 1 THEN pg_catalog.current_schema() WHEN 2 THEN p.parts[1] END,
        p.parts[pg_catalog.cardinality(p.parts)], azhunt.kql_to_sql(query, parameters))
    FROM (SELECT pg_catalog.parse_ident(name)) AS p (parts);
END;
COMMENT ON FUNCTION azhunt.create_kql_view(text, text, jsonb) IS
'makes a view of a KQL query, which belongs to the caller';
