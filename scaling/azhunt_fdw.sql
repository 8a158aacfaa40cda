--
-- azhunt over several servers by postgres_fdw: doc/scaling.md
--
-- Run this file with psql in the database of the coordinator and in that of each
-- shard, after CREATE EXTENSION azhunt, as a superuser.  It makes the schema
-- azhunt_shards; azhunt_shards.drop_coordinator(), where there is one, and then
-- DROP SCHEMA azhunt_shards CASCADE undo that.
--
-- A log row lives on the shard that the hash of its address, without port,
-- says, and one of AzureActivity on that of its caller: log rows that a hunt
-- joins are on one shard.
--
-- All or nothing: whoever has made this schema before could have put functions
-- there that are called next.
\set azhunt_on_error_stop :ON_ERROR_STOP
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA azhunt_shards;
COMMENT ON SCHEMA azhunt_shards IS 'azhunt over several servers';

\set azhunt_scaling_schema azhunt_shards
\ir common.sql
\unset azhunt_scaling_schema

-- What has to be the same on all servers, as rows that one has sorted, another merges.
CREATE VIEW azhunt_shards.settings_here AS
SELECT jsonb_build_object('azhunt', e.extversion, 'encoding', pg_encoding_to_char(d.encoding),
                          'collation', d.datcollate, 'character type', d.datctype, 'provider', d.datlocprovider,
                          -- the column's names before and from PostgreSQL 17 on
                          'locale', COALESCE(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale')) AS settings,
       -- a copy of a server has its system identifier
       jsonb_build_array(s.system_identifier, d.oid, extract(epoch FROM pg_postmaster_start_time())) AS database
FROM pg_database AS d
CROSS JOIN pg_extension AS e
CROSS JOIN pg_control_system() AS s
WHERE d.datname = current_database() AND e.extname = 'azhunt';
COMMENT ON VIEW azhunt_shards.settings_here IS 'by what this server compares texts, and its version of azhunt';
COMMENT ON COLUMN azhunt_shards.settings_here.settings IS 'each by its name';
COMMENT ON COLUMN azhunt_shards.settings_here.database IS 'what no other database has';

-- What the hunt for uploads reads, as one relation each, so that its join is one
-- of two foreign tables.  A row without an address is where the others with an
-- empty one are, and not where a null in column address would be.
CREATE PROCEDURE azhunt_shards.create_shard(coordinator name)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM azhunt.create_log_tables();

    CREATE VIEW azhunt_shards.uploads_here AS
    SELECT s.timegenerated, s.operationname, azhunt.strip_port(s.calleripaddress) AS address,
           COALESCE(s.uri, '') AS uri, COALESCE(s.useragentheader, '') AS useragent,
           COALESCE(s.correlationid, '') AS correlationid
    FROM (
        SELECT f.timegenerated, f.operationname, f.statustext, f.statuscode, f.calleripaddress, f.uri,
               f.useragentheader, f.correlationid
        FROM azhunt.storagefilelogs AS f
        UNION ALL
        SELECT b.timegenerated, b.operationname, b.statustext, b.statuscode, b.calleripaddress, b.uri,
               b.useragentheader, b.correlationid
        FROM azhunt.storagebloblogs AS b
    ) AS s
    WHERE s.calleripaddress IS NOT NULL
      AND azhunt.is_upload(s.operationname)
      AND azhunt.is_successful_storage_operation(s.statustext, s.statuscode);
    COMMENT ON VIEW azhunt_shards.uploads_here IS 'successful uploads on this shard that have an address';

    CREATE VIEW azhunt_shards.signins_here AS
    SELECT s.timegenerated, azhunt.time_of_signin('CreatedDateTime', s.timegenerated, s.createddatetime) AS begun,
           s.account, azhunt.strip_port(s.ipaddress) AS address,
           COALESCE(s.useragent, '') AS useragent, COALESCE(s.resulttype, '') AS resulttype, s.log_table
    FROM (
        SELECT i.timegenerated, i.createddatetime, COALESCE(i.userprincipalname, '') AS account, i.ipaddress, i.useragent,
               i.resulttype, 'signinlogs' AS log_table
        FROM azhunt.signinlogs AS i
        UNION ALL
        SELECT n.timegenerated, n.createddatetime, COALESCE(n.userprincipalname, ''), n.ipaddress, n.useragent,
               n.resulttype, 'aadnoninteractiveusersigninlogs'
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
        UNION ALL
        SELECT p.timegenerated, p.createddatetime, azhunt.principal_account(p.serviceprincipalname, p.serviceprincipalid), p.ipaddress,
               p.useragent, p.resulttype, 'aadserviceprincipalsigninlogs'
        FROM azhunt.aadserviceprincipalsigninlogs AS p
        UNION ALL
        SELECT m.timegenerated, m.createddatetime, azhunt.principal_account(m.serviceprincipalname, m.serviceprincipalid), m.ipaddress,
               m.useragent, m.resulttype, 'aadmanagedidentitysigninlogs'
        FROM azhunt.aadmanagedidentitysigninlogs AS m
    ) AS s
    WHERE s.ipaddress IS NOT NULL;
    COMMENT ON VIEW azhunt_shards.signins_here IS 'sign-ins on this shard that have an address';

    CALL azhunt_shards.grant_to_coordinator(coordinator);
END
$$;
COMMENT ON PROCEDURE azhunt_shards.create_shard(name) IS
'makes the log tables of this shard and the views that the coordinator reads, and grants what it needs to the role as which it connects';
REVOKE EXECUTE ON PROCEDURE azhunt_shards.create_shard(name) FROM PUBLIC;

CREATE PROCEDURE azhunt_shards.grant_to_coordinator(coordinator name)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA azhunt, azhunt_shards TO %I', coordinator);
    EXECUTE format('GRANT SELECT, INSERT ON %s TO %I',
                   (SELECT string_agg(format('azhunt.%I', k.log_table), ', ') FROM azhunt_shards.log_table_keys() AS k),
                   coordinator);
    EXECUTE format('GRANT SELECT ON azhunt_shards.uploads_here, azhunt_shards.signins_here, azhunt_shards.settings_here,'
                   ' azhunt.runs, azhunt.rule_health, azhunt.source_health TO %I', coordinator);
    EXECUTE format('GRANT EXECUTE ON FUNCTION azhunt.source_health(timestamptz) TO %I', coordinator);
    -- prune() locks what it deletes, for which the right to update any column is needed
    EXECUTE format('GRANT SELECT, DELETE, UPDATE (run) ON azhunt.matches TO %I', coordinator);
END
$$;
COMMENT ON PROCEDURE azhunt_shards.grant_to_coordinator(name) IS
'grants what the coordinator needs on a shard to a role; again after an upgrade that brings new log tables';
REVOKE EXECUTE ON PROCEDURE azhunt_shards.grant_to_coordinator(name) FROM PUBLIC;

CREATE PROCEDURE azhunt_shards.create_coordinator(VARIADIC servers text[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table record;
BEGIN
    IF to_regclass('azhunt_shards.uploads') IS NOT NULL THEN
        RAISE EXCEPTION 'this database is a coordinator already'
            USING ERRCODE = 'duplicate_object',
                  HINT = 'azhunt_shards.drop_coordinator() undoes that.';
    END IF;
    PERFORM azhunt_shards.check_servers(servers);
    PERFORM azhunt.create_log_tables();

    FOR log_table IN SELECT k.log_table AS name, k.key_column, k.key FROM azhunt_shards.log_table_keys() AS k LOOP
        PERFORM azhunt_shards.drop_empty_table(log_table.name);
        -- without ingestxid, which each shard fills
        EXECUTE format('CREATE TABLE azhunt.%I (%s, additionalfields jsonb, ingestedat timestamptz DEFAULT now())'
                       ' PARTITION BY HASH ((%s))', log_table.name,
                       (SELECT string_agg(format('%I %s', c.column_name, c.data_type)
                                          || CASE c.column_name WHEN 'timegenerated' THEN ' NOT NULL' ELSE '' END,
                                          ', ' ORDER BY c.ordinal_position)
                        FROM azhunt.log_table_columns() AS c WHERE c.log_table = log_table.name),
                       log_table.key);
        EXECUTE format('COMMENT ON TABLE azhunt.%I IS %L', log_table.name,
                       (SELECT d.comment FROM azhunt.log_table_descriptions() AS d WHERE d.log_table = log_table.name));
        -- an update of a foreign table leaves the row where it is
        EXECUTE format('CREATE TRIGGER keep_on_shard BEFORE UPDATE ON azhunt.%1$I FOR EACH ROW'
                       ' WHEN (OLD.%2$I IS DISTINCT FROM NEW.%2$I) EXECUTE FUNCTION azhunt_shards.keep_on_shard(%2$L)',
                       log_table.name, log_table.key_column);
        PERFORM azhunt_shards.add_foreign_partitions(format('azhunt.%I', log_table.name), 'azhunt',
                                                     log_table.name, servers);
        PERFORM azhunt_shards.check_placement(log_table.name, log_table.key_column, log_table.key, servers);
    END LOOP;

    CREATE TABLE azhunt_shards.uploads (
        timegenerated timestamptz, operationname text, address text, uri text, useragent text, correlationid text
    ) PARTITION BY HASH (address);
    COMMENT ON TABLE azhunt_shards.uploads IS 'successful uploads on all shards that have an address';
    PERFORM azhunt_shards.add_foreign_partitions('azhunt_shards.uploads', 'azhunt_shards', 'uploads_here', servers);
    CREATE TABLE azhunt_shards.signins (
        timegenerated timestamptz, begun timestamptz, account text, address text, useragent text, resulttype text, log_table text
    ) PARTITION BY HASH (address);
    COMMENT ON TABLE azhunt_shards.signins IS 'sign-ins on all shards that have an address';
    PERFORM azhunt_shards.add_foreign_partitions('azhunt_shards.signins', 'azhunt_shards', 'signins_here', servers);

    -- What rules found there is read as if it had been found here.
    FOR shard IN 1 .. cardinality(servers) LOOP
        EXECUTE format('CREATE FOREIGN TABLE azhunt_shards.%I () INHERITS (azhunt.matches)'
                       ' SERVER %I OPTIONS (schema_name ''azhunt'', table_name ''matches'')',
                       'matches_' || shard, servers[shard]);
    END LOOP;
    PERFORM azhunt_shards.create_view_of_all('rule_health', servers);
    PERFORM azhunt_shards.create_view_of_all('source_health', servers);
    PERFORM azhunt_shards.create_view_of_all('runs', servers);
END
$$;
COMMENT ON PROCEDURE azhunt_shards.create_coordinator(text[]) IS
'puts foreign tables in the place of the log tables, each row on one of these servers, and adds what the shards'' rules found to azhunt.matches';
REVOKE EXECUTE ON PROCEDURE azhunt_shards.create_coordinator(text[]) FROM PUBLIC;

CREATE PROCEDURE azhunt_shards.drop_coordinator()
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass;
BEGIN
    DROP VIEW azhunt_shards.rule_health, azhunt_shards.source_health, azhunt_shards.runs;
    FOR relation IN
        SELECT to_regclass(format('azhunt.%I', k.log_table)) FROM azhunt_shards.log_table_keys() AS k
        UNION ALL VALUES ('azhunt_shards.uploads'::regclass), ('azhunt_shards.signins')
    LOOP
        IF (SELECT p.partstrat FROM pg_partitioned_table AS p WHERE p.partrelid = relation) = 'h' THEN
            EXECUTE format('DROP TABLE %s', relation);
        END IF;
    END LOOP;
    FOR relation IN
        SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'azhunt_shards'::regnamespace AND c.relkind = 'f'
    LOOP
        EXECUTE format('DROP FOREIGN TABLE %s', relation);
    END LOOP;
    PERFORM azhunt.create_log_tables();
END
$$;
COMMENT ON PROCEDURE azhunt_shards.drop_coordinator() IS
'undoes create_coordinator(): log tables of its own, without rows, in the place of the foreign tables; the shards keep their rows';
REVOKE EXECUTE ON PROCEDURE azhunt_shards.drop_coordinator() FROM PUBLIC;

CREATE FUNCTION azhunt_shards.check_servers(servers text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    server text;
    options text[];
    settings jsonb;
    database jsonb;
    expected constant jsonb := (SELECT h.settings FROM azhunt_shards.settings_here AS h);
    databases jsonb[] := ARRAY(SELECT h.database FROM azhunt_shards.settings_here AS h);
BEGIN
    IF cardinality(servers) <> (SELECT count(DISTINCT s.server) FROM unnest(servers) AS s (server)) THEN
        RAISE EXCEPTION 'each server can be one shard only'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR shard IN 1 .. cardinality(servers) LOOP
        server := servers[shard];
        SELECT s.srvoptions INTO options FROM pg_foreign_server AS s WHERE s.srvname = server;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'server "%" does not exist', server
                USING ERRCODE = 'undefined_object';
        END IF;
        IF NOT EXISTS (SELECT FROM unnest(options) AS o (option) WHERE o.option ~ '^extensions=(.*,)? *azhunt *(,|$)') THEN
            RAISE EXCEPTION 'server "%" does not have azhunt among its extensions', server
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = 'All rows would travel to the coordinator.',
                      HINT = format('As in ALTER SERVER %I OPTIONS (ADD extensions ''azhunt'').', server);
        END IF;
        EXECUTE format('CREATE FOREIGN TABLE azhunt_shards.%I (settings jsonb, database jsonb) SERVER %I'
                       ' OPTIONS (schema_name ''azhunt_shards'', table_name ''settings_here'')', 'settings_' || shard, server);
        EXECUTE format('SELECT s.settings, s.database FROM azhunt_shards.%I AS s', 'settings_' || shard) INTO settings, database;
        IF database = ANY (databases) THEN
            RAISE EXCEPTION 'server "%" is the database of the coordinator or of another server', server
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = 'Its rows would be read twice.';
        END IF;
        databases := databases || database;
        IF settings IS DISTINCT FROM expected THEN
            RAISE EXCEPTION 'server "%" has other settings than the coordinator', server
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = format('%s there, %s here.', settings, expected);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION azhunt_shards.check_servers(text[]) IS
'internal: an error if these servers cannot be shards; makes a foreign table of the settings of each';
REVOKE EXECUTE ON FUNCTION azhunt_shards.check_servers(text[]) FROM PUBLIC;

CREATE FUNCTION azhunt_shards.drop_empty_table(log_table text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    has_rows boolean;
BEGIN
    -- so that no row comes after the look
    EXECUTE format('LOCK TABLE azhunt.%I', log_table);
    EXECUTE format('SELECT EXISTS (SELECT FROM azhunt.%I)', log_table) INTO has_rows;
    IF has_rows THEN
        RAISE EXCEPTION 'table azhunt.% has rows', log_table
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'The coordinator has no log rows of its own: load them once it has shards.';
    END IF;
    EXECUTE format('DROP TABLE azhunt.%I', log_table);
END
$$;
COMMENT ON FUNCTION azhunt_shards.drop_empty_table(text) IS
'internal: drops a log table, or is an error if it has rows';
REVOKE EXECUTE ON FUNCTION azhunt_shards.drop_empty_table(text) FROM PUBLIC;

CREATE FUNCTION azhunt_shards.keep_on_shard() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'column % says on which shard a row is, and cannot change', TG_ARGV[0]
        USING ERRCODE = 'feature_not_supported',
              HINT = 'Delete the row and insert it again.';
END
$$;
COMMENT ON FUNCTION azhunt_shards.keep_on_shard() IS
'internal: trigger that refuses to change the column by which rows are divided';
REVOKE EXECUTE ON FUNCTION azhunt_shards.keep_on_shard() FROM PUBLIC;

CREATE FUNCTION azhunt_shards.add_foreign_partitions(parent regclass, remote_schema text, remote_table text, servers text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR shard IN 1 .. cardinality(servers) LOOP
        EXECUTE format('CREATE FOREIGN TABLE azhunt_shards.%I PARTITION OF %s FOR VALUES WITH (MODULUS %s, REMAINDER %s)'
                       ' SERVER %I OPTIONS (schema_name %L, table_name %L)',
                       remote_table || '_' || shard, parent, cardinality(servers), shard - 1,
                       servers[shard], remote_schema, remote_table);
    END LOOP;
END
$$;
COMMENT ON FUNCTION azhunt_shards.add_foreign_partitions(regclass, text, text, text[]) IS
'internal: adds the partitions of a table, each a table or view of one server';
REVOKE EXECUTE ON FUNCTION azhunt_shards.add_foreign_partitions(regclass, text, text, text[]) FROM PUBLIC;

-- Some rows of each shard tell: if the servers are others than before, or in another
-- order, few are where they belong.
CREATE FUNCTION azhunt_shards.check_placement(log_table text, key_column text, key text, servers text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_misplaced boolean;
BEGIN
    FOR shard IN 1 .. cardinality(servers) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM (SELECT f.%I FROM azhunt_shards.%I AS f LIMIT 1000) AS f'
                       ' WHERE NOT satisfies_hash_partition(%L::regclass, %s, %s, %s))',
                       key_column, log_table || '_' || shard, format('azhunt.%I', log_table), cardinality(servers),
                       shard - 1, key)
        INTO is_misplaced;
        IF is_misplaced THEN
            RAISE EXCEPTION 'server "%" has rows of azhunt.% that belong on another', servers[shard], log_table
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Give the same servers in the same order as before; or empty the table there, and load its rows through the coordinator.';
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION azhunt_shards.check_placement(text, text, text, text[]) IS
'internal: an error if shards have rows of a log table that belong on another; looks at some rows of each';
REVOKE EXECUTE ON FUNCTION azhunt_shards.check_placement(text, text, text, text[]) FROM PUBLIC;

CREATE FUNCTION azhunt_shards.create_view_of_all(relation text, servers text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns constant text := (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)),
                                                ', ' ORDER BY a.attnum)
                              FROM pg_attribute AS a
                              WHERE a.attrelid = format('azhunt.%I', relation)::regclass
                                AND a.attnum > 0 AND NOT a.attisdropped);
BEGIN
    FOR shard IN 1 .. cardinality(servers) LOOP
        EXECUTE format('CREATE FOREIGN TABLE azhunt_shards.%I (%s) SERVER %I OPTIONS (schema_name ''azhunt'', table_name %L)',
                       relation || '_' || shard, columns, servers[shard], relation);
    END LOOP;
    EXECUTE format('CREATE VIEW azhunt_shards.%I AS %s', relation,
                   (SELECT string_agg(format('SELECT %L::text AS shard, s.* FROM azhunt_shards.%I AS s',
                                             t.server, relation || '_' || t.shard), ' UNION ALL ' ORDER BY t.shard)
                    FROM unnest(servers) WITH ORDINALITY AS t (server, shard)));
    EXECUTE format('COMMENT ON VIEW azhunt_shards.%I IS %L', relation, format('azhunt.%s of all shards', relation));
END
$$;
COMMENT ON FUNCTION azhunt_shards.create_view_of_all(text, text[]) IS
'internal: a view of the same table or view of all servers';
REVOKE EXECUTE ON FUNCTION azhunt_shards.create_view_of_all(text, text[]) FROM PUBLIC;

CREATE FUNCTION azhunt_shards.storage_upload_link_account(
    lookback interval DEFAULT '1 minute',
    target_file text DEFAULT NULL,
    match_user_agent boolean DEFAULT true,
    operations text[] DEFAULT '{PutBlob,PutRange}',
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    include_service_principals boolean DEFAULT false,
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity',
    signin_time text DEFAULT 'TimeGenerated')
RETURNS TABLE (
    fileuploadpath text,
    operationname text,
    uploaduseragent text,
    loginevents jsonb,
    accounts text[],
    logins jsonb,
    uploads bigint,
    first_upload timestamptz,
    last_upload timestamptz)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp
-- the shards join, whatever is known here about their rows
SET enable_partitionwise_join = on
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET azhunt.enable_windowjoin = off
SET jit = off
AS $$
BEGIN
    PERFORM azhunt.storage_upload_link_account_check(lookback, target_file, match_user_agent, operations,
                                                     include_noninteractive, successful_only, include_service_principals,
                                                     signin_time);
    PERFORM azhunt.check_period(since, until);
    RETURN QUERY EXECUTE azhunt_shards.storage_upload_link_account_query($pairs$
        SELECT u.timegenerated, u.operationname, u.uri, u.useragent AS useragentheader, u.address, u.correlationid,
               CASE WHEN $11 = 'CreatedDateTime' THEN s.begun ELSE s.timegenerated END AS signin_timegenerated,
               s.account, s.useragent AS signin_useragent
        FROM azhunt_shards.uploads AS u
        JOIN azhunt_shards.signins AS s
          ON s.address = u.address
         AND azhunt.within(CASE WHEN $11 = 'CreatedDateTime' THEN s.begun ELSE s.timegenerated END, u.timegenerated, $1)
         AND (NOT $3 OR s.useragent OPERATOR(azhunt.=~) u.useragent)
        WHERE u.address <> ''
          AND u.timegenerated BETWEEN $8 AND $9
          AND s.timegenerated BETWEEN $10 AND $12
          AND u.operationname OPERATOR(azhunt.=~) ANY ($4)
          AND ($2 IS NULL OR azhunt.is_file(u.uri, $2))
          AND (s.log_table = 'signinlogs'
               OR s.log_table = 'aadnoninteractiveusersigninlogs' AND $5
               OR s.log_table IN ('aadserviceprincipalsigninlogs', 'aadmanagedidentitysigninlogs') AND $7)
          AND (NOT $6 OR s.resulttype = '0')$pairs$)
    USING lookback, target_file, match_user_agent, operations, include_noninteractive, successful_only,
          include_service_principals, since, until, azhunt.window_start(since, lookback),
          signin_time, azhunt.processed_until(signin_time, until);
END
$$;
COMMENT ON FUNCTION azhunt_shards.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, boolean, timestamptz, timestamptz, text) IS
'hunt: as azhunt.storage_upload_link_account(), joined on the shards';

COMMIT;
\set ON_ERROR_STOP :azhunt_on_error_stop
\unset azhunt_on_error_stop
