CREATE FUNCTION azhunt.log_table_columns()
RETURNS TABLE (log_table text, ordinal_position bigint, column_name text, kusto_type text, data_type text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.log_table, c.ordinal_position,
           pg_catalog.lower(pg_catalog.split_part(c.definition, ':', 1) COLLATE pg_catalog."C"),
           pg_catalog.split_part(c.definition, ':', 2),
           CASE pg_catalog.split_part(c.definition, ':', 2)
               WHEN 'string' THEN 'text'
               WHEN 'datetime' THEN 'timestamp with time zone'
               WHEN 'dynamic' THEN 'jsonb'
               WHEN 'long' THEN 'bigint'
               WHEN 'int' THEN 'integer'
               WHEN 'real' THEN 'double precision'
               WHEN 'bool' THEN 'boolean'
           END
    FROM azhunt.log_table_schemas() AS s
    CROSS JOIN LATERAL pg_catalog.regexp_split_to_table(
        pg_catalog.btrim(s.kusto_schema, E' \n'), E',\\s+') WITH ORDINALITY AS c (definition, ordinal_position);
END;

COMMENT ON FUNCTION azhunt.log_table_columns() IS
'the columns of the log tables that come from Azure, with their types in Kusto and in PostgreSQL';

CREATE FUNCTION azhunt.missing_columns("table" regclass, log_table text)
RETURNS TABLE (column_name text, definition text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.column_name, c.definition
    FROM (
        SELECT a.column_name, a.data_type AS definition, a.ordinal_position
        FROM azhunt.log_table_columns() AS a
        WHERE a.log_table = missing_columns.log_table
        UNION ALL
        VALUES
            ('additionalfields', 'jsonb', 10001),
            ('ingestedat', 'timestamp with time zone DEFAULT now()', 10002),
            ('ingestxid', 'bigint DEFAULT azhunt.ingest_xid()', 10003)
    ) AS c (column_name, definition, ordinal_position)
    LEFT JOIN pg_attribute AS a
    ON a.attrelid = missing_columns."table" AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE a.attname IS NULL
    ORDER BY c.ordinal_position
$$;

COMMENT ON FUNCTION azhunt.missing_columns(regclass, text) IS
'internal: columns that a log table should have and has not';

-- A column's line is "name: comment".
CREATE FUNCTION azhunt.missing_comments()
RETURNS TABLE (log_table text, column_name text, comment text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.log_table, c.column_name, c.comment
    FROM azhunt.log_table_descriptions() AS d
    JOIN pg_partitioned_table AS t ON t.partrelid = to_regclass(format('azhunt.%I'::text, d.log_table))
        AND t.partstrat = 'r'
    CROSS JOIN LATERAL (
        SELECT NULL, d.comment
        UNION ALL
        SELECT split_part(l.line, ': '::text, 1), substr(l.line, strpos(l.line, ': '::text) + 2)
        FROM string_to_table(btrim(d.column_comments, E'\n'::text), E'\n'::text) AS l (line)
    ) AS c (column_name, comment)
    LEFT JOIN pg_attribute AS a
    ON a.attrelid = t.partrelid AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE (c.column_name IS NULL OR a.attnum IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pg_description AS e
                      WHERE e.objoid = t.partrelid AND e.classoid = 'pg_class'::regclass
                        AND e.objsubid = coalesce(a.attnum, 0))
$$;

COMMENT ON FUNCTION azhunt.missing_comments() IS
'internal: what log tables and their columns are, where no comment says it; a table itself has no column_name';

CREATE FUNCTION azhunt.create_log_tables() RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    log_table text;
    relation oid;
    item record;
    relations regclass[] := '{}';
    lock_modes text[] := '{}';
    uncommented text[] := ARRAY(SELECT DISTINCT c.log_table FROM azhunt.missing_comments() AS c);
BEGIN
    -- Tables that are there are locked all at once before the first is changed:
    -- one that waits must not keep others from using those that it has.
    -- A comment needs a lock on the table alone, beside those on its partitions.
    FOR item IN
        SELECT l.relation, l.lock_mode
        FROM (
            SELECT c.partrelid::regclass,
                   CASE WHEN EXISTS (SELECT FROM azhunt.missing_columns(c.partrelid::regclass, s.log_table))
                             OR EXISTS (SELECT FROM pg_attribute AS a
                                        WHERE a.attrelid = c.partrelid AND a.attname = 'ingestxid' AND NOT a.atthasdef)
                        THEN 'ACCESS EXCLUSIVE'::text
                        WHEN EXISTS (SELECT FROM azhunt.log_table_indexes() AS i
                                     WHERE i.log_table = s.log_table
                                       AND to_regclass(format('azhunt.%I', i.index_name)) IS NULL)
                        THEN 'SHARE'::text
                   END,
                   s.log_table = ANY (uncommented)
            FROM azhunt.log_table_schemas() AS s
            JOIN pg_partitioned_table AS c ON c.partrelid = to_regclass(format('azhunt.%I', s.log_table))
                AND c.partstrat = 'r'
        ) AS t (relation, lock_mode, lacks_comments)
        CROSS JOIN LATERAL (
            SELECT t.relation, 'SHARE UPDATE EXCLUSIVE'::text
            WHERE t.lacks_comments AND t.lock_mode IS DISTINCT FROM 'ACCESS EXCLUSIVE'::text
            UNION ALL
            SELECT p.relation, t.lock_mode
            FROM azhunt.partition_tree(t.relation) AS p (relation)
            WHERE t.lock_mode IS NOT NULL
        ) AS l (relation, lock_mode)
    LOOP
        relations := relations || item.relation;
        lock_modes := lock_modes || item.lock_mode;
    END LOOP;
    PERFORM azhunt.lock_relations(relations, lock_modes);

    FOR log_table IN SELECT s.log_table FROM azhunt.log_table_schemas() AS s LOOP
        relation := to_regclass(format('azhunt.%I', log_table));

        IF relation IS NULL THEN
            EXECUTE format(
                'CREATE TABLE azhunt.%I (%s) PARTITION BY RANGE (timegenerated)',
                log_table,
                (SELECT string_agg(format('%I %s', c.column_name, c.data_type)
                                   || CASE c.column_name WHEN 'timegenerated' THEN ' NOT NULL' ELSE '' END,
                                   ', ' ORDER BY c.ordinal_position)
                 FROM azhunt.log_table_columns() AS c
                 WHERE c.log_table = function.log_table));
            EXECUTE format('CREATE TABLE azhunt.%I PARTITION OF azhunt.%I DEFAULT',
                           log_table || '_default', log_table);
            relation := format('azhunt.%I', log_table)::regclass;
            RETURN NEXT relation;
            uncommented := uncommented || log_table;
        ELSIF (SELECT p.partstrat FROM pg_partitioned_table AS p WHERE p.partrelid = relation) IS DISTINCT FROM 'r' THEN
            RAISE NOTICE 'azhunt.% is not partitioned by range, leaving it as it is', log_table;
            CONTINUE;
        END IF;

        -- a new table gets the columns that do not come from Azure, and one
        -- that an earlier version made gets what is new
        FOR item IN
            SELECT c.column_name, c.definition
            FROM azhunt.missing_columns(relation::regclass, log_table) AS c
        LOOP
            EXECUTE format('ALTER TABLE azhunt.%I ADD COLUMN %I %s',
                           log_table, item.column_name, item.definition);
            uncommented := uncommented || log_table;
        END LOOP;

        -- DROP EXTENSION ... CASCADE takes this default and some indexes along
        IF EXISTS (SELECT FROM pg_attribute AS a
                   WHERE a.attrelid = relation AND a.attname = 'ingestxid' AND NOT a.atthasdef) THEN
            EXECUTE format('ALTER TABLE azhunt.%I ALTER COLUMN ingestxid SET DEFAULT azhunt.ingest_xid()',
                           log_table);
        END IF;

        FOR item IN
            SELECT i.index_name, i.definition, i.purpose
            FROM azhunt.log_table_indexes() AS i
            WHERE i.log_table = function.log_table
              AND to_regclass(format('azhunt.%I', i.index_name)) IS NULL
        LOOP
            EXECUTE format('CREATE INDEX %I ON azhunt.%I %s',
                           item.index_name, log_table, item.definition);
            EXECUTE format('COMMENT ON INDEX azhunt.%I IS %L',
                           item.index_name, item.purpose);
        END LOOP;
    END LOOP;

    -- a comment of the owner's stays
    IF uncommented <> '{}' THEN
        EXECUTE coalesce(
            (SELECT string_agg(CASE WHEN c.column_name IS NULL
                                    THEN format('COMMENT ON TABLE azhunt.%I IS %L', c.log_table, c.comment)
                                    ELSE format('COMMENT ON COLUMN azhunt.%I.%I IS %L', c.log_table, c.column_name,
                                                c.comment)
                               END, '; ')
             FROM azhunt.missing_comments() AS c), '');
    END IF;

    PERFORM azhunt.create_loaded_files();
END
$$;

COMMENT ON FUNCTION azhunt.create_log_tables() IS
'creates the log tables and the ledger of azhunt-load, or what they lack, and returns the tables that were not there';

REVOKE EXECUTE ON FUNCTION azhunt.create_log_tables() FROM PUBLIC;

-- By when sign-ins began, and not when they were processed.  Loading has to keep
-- these up, so that only those have them who ask.
CREATE FUNCTION azhunt.create_signin_time_indexes() RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing CONSTANT jsonb := (
        SELECT coalesce(jsonb_agg(jsonb_build_object('table', i.log_table, 'name', i.index_name, 'definition',
                                                     i.definition)
                                  ORDER BY i.log_table), '[]'::jsonb)
        FROM (
            SELECT d.log_table, replace(d.index_name, '_address_idx'::text, '_signin_time_idx'::text),
                   replace(d.definition, 'timegenerated'::text, 'LEAST(createddatetime, timegenerated)'::text)
            FROM azhunt.log_table_indexes() AS d
            WHERE d.index_name LIKE '%signinlogs_address_idx'::text
        ) AS i (log_table, index_name, definition)
        JOIN pg_class AS c ON c.oid = to_regclass(format('azhunt.%I'::text, i.log_table)) AND c.relkind IN ('p', 'r')
        WHERE to_regclass(format('azhunt.%I'::text, i.index_name)) IS NULL);
    relations CONSTANT regclass[] := ARRAY(
        SELECT t.relation
        FROM jsonb_array_elements(missing) AS m
        CROSS JOIN LATERAL azhunt.partition_tree(format('azhunt.%I'::text, m ->> 'table')::regclass) AS t (relation));
    item jsonb;
BEGIN
    PERFORM azhunt.lock_relations(relations, array_fill('SHARE'::text, ARRAY[cardinality(relations)]));
    FOR item IN SELECT * FROM jsonb_array_elements(missing) LOOP
        EXECUTE format('CREATE INDEX %I ON azhunt.%I %s', item ->> 'name', item ->> 'table', item ->> 'definition');
        EXECUTE format('COMMENT ON INDEX azhunt.%I IS %L', item ->> 'name',
                       'sign-ins from the address of one upload, in its window, by when they began');
        RETURN NEXT format('azhunt.%I', item ->> 'name')::regclass;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.create_signin_time_indexes() IS
'creates indexes for signin_time => ''CreatedDateTime'' on the log tables of sign-ins, where they are not there, and returns them';

REVOKE EXECUTE ON FUNCTION azhunt.create_signin_time_indexes() FROM PUBLIC;

CREATE FUNCTION azhunt.partition_bounds("table" regclass)
RETURNS TABLE (partition regclass, since timestamptz, until timestamptz)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET "TimeZone" = 'UTC'
SET "DateStyle" = 'ISO, YMD'
AS $$
    SELECT c.oid::regclass,
           CASE b.bounds[1] WHEN 'MINVALUE' THEN '-infinity' ELSE btrim(b.bounds[1], '''')::timestamptz END,
           CASE b.bounds[2] WHEN 'MAXVALUE' THEN 'infinity' ELSE btrim(b.bounds[2], '''')::timestamptz END
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    -- bounds have no columns, so the partition need not be named, nor locked;
    -- and no backslashes, which mean what the session says
    CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, '0'::oid),
                                    '^FOR VALUES FROM [(](.*)[)] TO [(](.*)[)]$'::text) AS b (bounds)
    WHERE i.inhparent = partition_bounds."table" AND b.bounds IS NOT NULL
$$;

COMMENT ON FUNCTION azhunt.partition_bounds(regclass) IS
'the partitions, except the default one, of a table that is partitioned by range of time, with their bounds';

CREATE FUNCTION azhunt.partition_tree("table" regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree (relation, level) AS (
        SELECT partition_tree."table"::oid, 0
        UNION ALL
        SELECT i.inhrelid, t.level + 1
        FROM tree AS t
        JOIN pg_inherits AS i ON i.inhparent = t.relation
    )
    SELECT t.relation::regclass FROM tree AS t ORDER BY t.level, t.relation
$$;

COMMENT ON FUNCTION azhunt.partition_tree(regclass) IS
'internal: a table and all partitions below it, in the order in which they are locked; unlike pg_partition_tree(regclass), it waits for no lock';
