--
-- azhunt over several servers by postgres_fdw: doc/scaling.md
--
-- Run this file in the database of the coordinator and in that of each shard,
-- after CREATE EXTENSION azhunt, as a superuser.  It makes the schema
-- azhunt_shards; DROP SCHEMA azhunt_shards CASCADE undoes that.
--
-- A log row lives on the shard that the hash of its address, without port,
-- says, and one of AzureActivity on that of its caller: log rows that a hunt
-- joins are on one shard.
--
CREATE SCHEMA azhunt_shards;
COMMENT ON SCHEMA azhunt_shards IS 'azhunt over several servers';

CREATE FUNCTION azhunt_shards.log_table_keys() RETURNS TABLE (log_table text, key text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.log_table,
           CASE s.log_table
               WHEN 'azureactivity' THEN 'COALESCE(caller, '''')'
               WHEN 'auditlogs' THEN 'COALESCE(correlationid, '''')'
               ELSE pg_catalog.format('azhunt.strip_port(%I)', CASE WHEN s.log_table OPERATOR(pg_catalog.~~) 'storage%'
                                                                    THEN 'calleripaddress' ELSE 'ipaddress' END)
           END
    FROM azhunt.log_table_schemas() AS s;
END;
COMMENT ON FUNCTION azhunt_shards.log_table_keys() IS
'log tables, and the expression whose hash says on which shard a row lives';

-- What the hunt for uploads reads, as one relation each, so that its join is one
-- of two foreign tables.
CREATE PROCEDURE azhunt_shards.create_shard()
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
    WHERE azhunt.is_upload(s.operationname)
      AND azhunt.is_successful_storage_operation(s.statustext, s.statuscode);
    COMMENT ON VIEW azhunt_shards.uploads_here IS 'successful uploads on this shard';

    CREATE VIEW azhunt_shards.signins_here AS
    SELECT s.timegenerated, s.account, azhunt.strip_port(s.ipaddress) AS address,
           COALESCE(s.useragent, '') AS useragent, COALESCE(s.resulttype, '') AS resulttype, s.log_table
    FROM (
        SELECT i.timegenerated, COALESCE(i.userprincipalname, '') AS account, i.ipaddress, i.useragent,
               i.resulttype, 'signinlogs' AS log_table
        FROM azhunt.signinlogs AS i
        UNION ALL
        SELECT n.timegenerated, COALESCE(n.userprincipalname, ''), n.ipaddress, n.useragent,
               n.resulttype, 'aadnoninteractiveusersigninlogs'
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
        UNION ALL
        SELECT p.timegenerated, azhunt.principal_account(p.serviceprincipalname, p.serviceprincipalid), p.ipaddress,
               p.useragent, p.resulttype, 'aadserviceprincipalsigninlogs'
        FROM azhunt.aadserviceprincipalsigninlogs AS p
        UNION ALL
        SELECT m.timegenerated, azhunt.principal_account(m.serviceprincipalname, m.serviceprincipalid), m.ipaddress,
               m.useragent, m.resulttype, 'aadmanagedidentitysigninlogs'
        FROM azhunt.aadmanagedidentitysigninlogs AS m
    ) AS s;
    COMMENT ON VIEW azhunt_shards.signins_here IS 'sign-ins on this shard';
END
$$;
COMMENT ON PROCEDURE azhunt_shards.create_shard() IS
'makes the log tables of this shard, and the views that the coordinator reads';
REVOKE EXECUTE ON PROCEDURE azhunt_shards.create_shard() FROM PUBLIC;

CREATE PROCEDURE azhunt_shards.create_coordinator(VARIADIC servers text[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shards constant integer := cardinality(servers);
    log_table record;
    has_rows boolean;
BEGIN
    PERFORM azhunt.create_log_tables();

    FOR log_table IN SELECT k.log_table AS name, k.key FROM azhunt_shards.log_table_keys() AS k LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM azhunt.%I)', log_table.name) INTO has_rows;
        IF has_rows THEN
            RAISE EXCEPTION 'table azhunt.% has rows', log_table.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'The coordinator has no log rows of its own: load them once it has shards.';
        END IF;
        EXECUTE format('DROP TABLE azhunt.%I', log_table.name);
        -- without ingestedat and ingestxid, which each shard fills
        EXECUTE format('CREATE TABLE azhunt.%I (%s, additionalfields jsonb) PARTITION BY HASH ((%s))', log_table.name,
                       (SELECT string_agg(format('%I %s', c.column_name, c.data_type)
                                          || CASE c.column_name WHEN 'timegenerated' THEN ' NOT NULL' ELSE '' END,
                                          ', ' ORDER BY c.ordinal_position)
                        FROM azhunt.log_table_columns() AS c WHERE c.log_table = log_table.name),
                       log_table.key);
        PERFORM azhunt_shards.add_foreign_partitions(format('azhunt.%I', log_table.name), 'azhunt',
                                                     log_table.name, servers);
    END LOOP;

    CREATE TABLE azhunt_shards.uploads (
        timegenerated timestamptz, operationname text, address text, uri text, useragent text, correlationid text
    ) PARTITION BY HASH (address);
    COMMENT ON TABLE azhunt_shards.uploads IS 'successful uploads on all shards';
    PERFORM azhunt_shards.add_foreign_partitions('azhunt_shards.uploads', 'azhunt_shards', 'uploads_here', servers);
    CREATE TABLE azhunt_shards.signins (
        timegenerated timestamptz, account text, address text, useragent text, resulttype text, log_table text
    ) PARTITION BY HASH (address);
    COMMENT ON TABLE azhunt_shards.signins IS 'sign-ins on all shards';
    PERFORM azhunt_shards.add_foreign_partitions('azhunt_shards.signins', 'azhunt_shards', 'signins_here', servers);

    -- What rules found there is read as if it had been found here.
    FOR shard IN 1 .. shards LOOP
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
    until timestamptz DEFAULT 'infinity')
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
#variable_conflict use_column
<<function>>
BEGIN
    PERFORM azhunt.storage_upload_link_account_check(
        storage_upload_link_account.lookback, storage_upload_link_account.target_file,
        storage_upload_link_account.match_user_agent, storage_upload_link_account.operations,
        storage_upload_link_account.include_noninteractive, storage_upload_link_account.successful_only,
        storage_upload_link_account.include_service_principals, 'TimeGenerated');
    PERFORM azhunt.check_period(storage_upload_link_account.since, storage_upload_link_account.until);
    RETURN QUERY
    SELECT m.uri, m.operationname, m.upload_useragent,
           azhunt.make_bag(m.login ORDER BY m.signin_time, m.account, m.signin_useragent, m.address),
           array_agg(DISTINCT m.account ORDER BY m.account),
           azhunt.set_of_bags(m.login ORDER BY m.signin_time, m.account, m.signin_useragent, m.address),
           count(DISTINCT ROW (m.timegenerated, m.address, m.correlationid)),
           min(m.timegenerated), max(m.timegenerated)
    FROM (
        SELECT u.uri, u.operationname, u.useragent AS upload_useragent, u.timegenerated,
               u.address COLLATE "C" AS address, u.correlationid, s.timegenerated AS signin_time,
               s.account COLLATE "C" AS account, s.useragent COLLATE "C" AS signin_useragent,
               azhunt.login_bag(s.account, u.address, s.timegenerated, s.useragent) AS login
        FROM azhunt_shards.uploads AS u
        JOIN azhunt_shards.signins AS s
          ON s.address = u.address
         AND azhunt.within(s.timegenerated, u.timegenerated, storage_upload_link_account.lookback)
         AND (NOT storage_upload_link_account.match_user_agent OR s.useragent OPERATOR(azhunt.=~) u.useragent)
        WHERE u.address <> ''
          AND u.timegenerated BETWEEN coalesce(storage_upload_link_account.since, '-infinity')
                                  AND coalesce(storage_upload_link_account.until, 'infinity')
          AND u.operationname OPERATOR(azhunt.=~) ANY (storage_upload_link_account.operations)
          AND (storage_upload_link_account.target_file IS NULL OR azhunt.is_file(u.uri, storage_upload_link_account.target_file))
          AND (s.log_table = 'signinlogs'
               OR s.log_table = 'aadnoninteractiveusersigninlogs' AND storage_upload_link_account.include_noninteractive
               OR s.log_table IN ('aadserviceprincipalsigninlogs', 'aadmanagedidentitysigninlogs')
                  AND storage_upload_link_account.include_service_principals)
          AND (NOT storage_upload_link_account.successful_only OR s.resulttype = '0')
    ) AS m
    GROUP BY m.uri, m.operationname, m.upload_useragent;
END
$$;
COMMENT ON FUNCTION azhunt_shards.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, boolean, timestamptz, timestamptz) IS
'hunt: as azhunt.storage_upload_link_account(), joined on the shards';
