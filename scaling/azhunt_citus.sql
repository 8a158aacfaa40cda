--
-- azhunt on Citus: doc/scaling.md
--
-- Run this file with psql on the coordinator, after CREATE EXTENSION citus, azhunt and
-- citus_add_node(), as a superuser.
--
-- A log row lives on the worker that the hash of its address, without port,
-- says, and one of AzureActivity on that of its caller: log rows that a hunt
-- joins are on one worker.  The tables are in schema logs.  In schema azhunt,
-- each worker has views of the rows that it has itself, so that rules run there
-- unchanged; the coordinator has none, so that no hunt reads an empty table.
--
-- All or nothing: whoever has made this schema before could have put functions
-- there that are called next.
\set azhunt_on_error_stop :ON_ERROR_STOP
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA azhunt_citus;
COMMENT ON SCHEMA azhunt_citus IS 'azhunt on Citus';
CREATE SCHEMA logs;
COMMENT ON SCHEMA logs IS 'log tables of azhunt, distributed over the workers';

\set azhunt_scaling_schema azhunt_citus
\ir common.sql
\unset azhunt_scaling_schema

-- An error of any worker is one here.
CREATE PROCEDURE azhunt_citus.run_on_workers(command text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    failed record;
BEGIN
    SELECT r.nodename, r.nodeport, r.result INTO failed
    FROM run_command_on_workers(command) AS r
    WHERE NOT r.success
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'worker %:%: %', failed.nodename, failed.nodeport, failed.result
            USING ERRCODE = 'external_routine_exception';
    END IF;
END
$$;
COMMENT ON PROCEDURE azhunt_citus.run_on_workers(text) IS
'runs a command on each worker; an error if it fails on any';
REVOKE EXECUTE ON PROCEDURE azhunt_citus.run_on_workers(text) FROM PUBLIC;

-- What a worker has seen is what its own snapshot sees, so that it stamps its
-- rows itself.
CREATE FUNCTION azhunt_citus.stamp() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.ingestxid := azhunt.ingest_xid();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION azhunt_citus.stamp() IS
'trigger on log tables: the transaction of this worker that brings the row';

CREATE PROCEDURE azhunt_citus.distribute_log_tables(shards integer DEFAULT 32)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    distribution_key text;
    partition regclass;
    first_table text;
BEGIN
    SET LOCAL citus.enable_unsafe_triggers = on;
    PERFORM azhunt.create_log_tables();
    FOR log_table, distribution_key IN SELECT k.log_table, k.key FROM azhunt_citus.log_table_keys() AS k ORDER BY k.log_table LOOP
        FOR partition IN SELECT p.relation FROM azhunt.partition_tree(format('azhunt.%I', log_table)) AS p (relation) LOOP
            EXECUTE format('ALTER TABLE %s SET SCHEMA logs', partition);
        END LOOP;
        -- no default: what fills the table has to fill this column
        EXECUTE format('ALTER TABLE logs.%1$I ADD COLUMN distribution_key text NOT NULL,'
                       ' ADD CONSTRAINT %2$I CHECK (distribution_key = %3$s)',
                       log_table, log_table || '_distribution_key_check', distribution_key);
        EXECUTE format('COMMENT ON COLUMN logs.%I.distribution_key IS %L', log_table,
                       'says on which worker the row is: ' || distribution_key);
        IF first_table IS NULL THEN
            first_table := format('logs.%I', log_table);
            PERFORM create_distributed_table(first_table::regclass, 'distribution_key', shard_count => shards);
        ELSE
            PERFORM create_distributed_table(format('logs.%I', log_table)::regclass, 'distribution_key',
                                             colocate_with => first_table);
        END IF;
        EXECUTE format('CREATE TRIGGER stamp BEFORE INSERT ON logs.%I FOR EACH ROW EXECUTE FUNCTION azhunt_citus.stamp()',
                       log_table);
    END LOOP;
    PERFORM azhunt_citus.check_placements();
END
$$;
COMMENT ON PROCEDURE azhunt_citus.distribute_log_tables(integer) IS
'makes the log tables in schema logs and distributes them over the workers, in so many shards each; create_local_views() on each worker comes next';
REVOKE EXECUTE ON PROCEDURE azhunt_citus.distribute_log_tables(integer) FROM PUBLIC;

-- A run reads what its worker has, and run_command_on_workers() reaches active
-- workers only.
CREATE FUNCTION azhunt_citus.check_placements() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    misplaced text;
BEGIN
    SELECT s.logicalrelid::text INTO misplaced
    FROM azhunt_citus.log_table_keys() AS k
    JOIN pg_dist_shard AS s ON s.logicalrelid = to_regclass(format('logs.%I', k.log_table))
    JOIN pg_dist_placement AS p ON p.shardid = s.shardid
    WHERE NOT EXISTS (SELECT FROM pg_dist_node AS n
                      WHERE n.groupid = p.groupid AND n.groupid <> 0 AND n.noderole = 'primary' AND n.isactive)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a shard of % is on the coordinator, or on a worker that is not active', misplaced
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'No rule would read it.',
                  HINT = 'Move it to a worker, as by citus_drain_node(), or activate the worker.';
    END IF;
END
$$;
COMMENT ON FUNCTION azhunt_citus.check_placements() IS
'internal: an error if a log table has a shard where no rule runs';
REVOKE EXECUTE ON FUNCTION azhunt_citus.check_placements() FROM PUBLIC;

CREATE FUNCTION azhunt_citus.shards_here(log_table text) RETURNS TABLE (shard regclass)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET citus.override_table_visibility = off
AS $$
    SELECT format('logs.%I', shards_here.log_table || '_' || s.shardid)::regclass
    FROM pg_dist_shard AS s
    JOIN pg_dist_placement AS p ON p.shardid = s.shardid
    JOIN pg_dist_local_group AS g ON g.groupid = p.groupid
    WHERE s.logicalrelid = format('logs.%I', shards_here.log_table)::regclass
$$;
COMMENT ON FUNCTION azhunt_citus.shards_here(text) IS
'internal: on a worker: the shards of a log table that it has';

CREATE FUNCTION azhunt_citus.shards_of_view(view regclass) RETURNS regclass[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(DISTINCT d.refobjid::regclass)
    FROM pg_rewrite AS r
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE r.ev_class = view AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
$$;
COMMENT ON FUNCTION azhunt_citus.shards_of_view(regclass) IS
'internal: the relations that a view reads';

CREATE FUNCTION azhunt_citus.create_local_view(log_table text, shards regclass[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET citus.enable_ddl_propagation = off
SET citus.override_table_visibility = off
AS $$
DECLARE
    columns text;
    no_rows text;
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
           string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', ' ORDER BY a.attnum)
    INTO columns, no_rows
    FROM pg_attribute AS a
    WHERE a.attrelid = format('logs.%I', log_table)::regclass AND a.attnum > 0 AND NOT a.attisdropped;
    -- what is granted on the view stays, and what reads it
    EXECUTE format('CREATE OR REPLACE VIEW azhunt.%I AS %s', log_table,
                   -- where no shard is, as on a worker that was added later, there are no rows
                   coalesce((SELECT string_agg(format('SELECT %s FROM %s', columns, s.shard), ' UNION ALL ')
                             FROM unnest(shards) AS s (shard)),
                            format('SELECT %s WHERE false', no_rows)));
    EXECUTE format('COMMENT ON VIEW azhunt.%1$I IS ''the rows of logs.%1$I on this worker''', log_table);
END
$$;
COMMENT ON FUNCTION azhunt_citus.create_local_view(text, regclass[]) IS
'internal: on a worker: makes the view of these shards of a log table, or has it read these';
REVOKE EXECUTE ON FUNCTION azhunt_citus.create_local_view(text, regclass[]) FROM PUBLIC;

-- Rows of a shard that has come from another worker have that one's transactions in
-- ingestxid, which say nothing of what this one has seen.
CREATE PROCEDURE azhunt_citus.create_local_views()
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    here regclass[];
    viewed regclass[];
    has_gained boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock('azhunt_citus.create_local_views()'::regprocedure::oid::bigint);
    FOR log_table IN SELECT s.log_table FROM azhunt.log_table_schemas() AS s LOOP
        here := ARRAY(SELECT s.shard FROM azhunt_citus.shards_here(log_table) AS s ORDER BY s.shard);
        viewed := coalesce(azhunt_citus.shards_of_view(to_regclass(format('azhunt.%I', log_table))), '{}');
        IF to_regclass(format('azhunt.%I', log_table)) IS NULL OR here <> viewed THEN
            PERFORM azhunt_citus.create_local_view(log_table, here);
            has_gained := has_gained OR NOT here::oid[] <@ viewed::oid[];
        END IF;
    END LOOP;
    IF has_gained THEN
        PERFORM azhunt.restart_rule(r.rule) FROM azhunt.rules AS r;
    END IF;
END
$$;
COMMENT ON PROCEDURE azhunt_citus.create_local_views() IS
'on a worker: makes the views of its own log rows, unless they are there; once a shard has come, rules read all rows again';
REVOKE EXECUTE ON PROCEDURE azhunt_citus.create_local_views() FROM PUBLIC;

-- What rules find, and what they have seen, is in one local transaction of a
-- worker; the coordinator reads it as if it had been found there.
CREATE FUNCTION azhunt_citus.unread_workers() RETURNS TABLE (id integer, host text, port integer)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT n.nodeid, n.nodename, n.nodeport
    FROM pg_dist_node AS n
    WHERE n.noderole = 'primary' AND n.groupid <> 0
      AND to_regclass(format('azhunt_citus.matches_%s', n.nodeid)) IS NULL
$$;
COMMENT ON FUNCTION azhunt_citus.unread_workers() IS
'internal: workers of which azhunt.matches of the coordinator lacks what rules find there';

CREATE PROCEDURE azhunt_citus.create_foreign_tables()
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    worker record;
BEGIN
    SET LOCAL citus.enable_ddl_propagation = off;
    FOR worker IN SELECT format('worker%s', w.id) AS name, w.id, w.host, w.port FROM azhunt_citus.unread_workers() AS w LOOP
        -- one that is left from before
        IF NOT EXISTS (SELECT FROM pg_foreign_server AS s
                       WHERE s.srvname = worker.name AND s.srvowner = current_user::regrole) THEN
            EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw'
                           ' OPTIONS (host %L, port %L, dbname %L, extensions ''azhunt'')',
                           worker.name, worker.host, worker.port, current_database());
        END IF;
        EXECUTE format('CREATE FOREIGN TABLE azhunt_citus.%I () INHERITS (azhunt.matches)'
                       ' SERVER %I OPTIONS (schema_name ''azhunt'', table_name ''matches'')',
                       'matches_' || worker.id, worker.name);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE azhunt_citus.create_foreign_tables() IS
'adds what rules find on workers to azhunt.matches of the coordinator, through servers of postgres_fdw named worker and the id of the node; they need user mappings';
REVOKE EXECUTE ON PROCEDURE azhunt_citus.create_foreign_tables() FROM PUBLIC;

CREATE PROCEDURE azhunt_citus.grant_to_coordinator(coordinator name)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Citus has the workers do as much
    EXECUTE format('GRANT USAGE ON SCHEMA azhunt TO %I', coordinator);
    -- prune() locks what it deletes, and what two workers have found gets one time
    CALL azhunt_citus.run_on_workers(format('GRANT SELECT, DELETE, UPDATE (run, found_at) ON azhunt.matches TO %I', coordinator));
END
$$;
COMMENT ON PROCEDURE azhunt_citus.grant_to_coordinator(name) IS
'grants what the coordinator needs on the workers to a role; again once a worker is added';
REVOKE EXECUTE ON PROCEDURE azhunt_citus.grant_to_coordinator(name) FROM PUBLIC;

CREATE FUNCTION azhunt_citus.check_foreign_tables() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    worker record;
BEGIN
    SELECT w.host, w.port INTO worker FROM azhunt_citus.unread_workers() AS w LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'what rules find on worker %:% would not be read', worker.host, worker.port
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Call azhunt_citus.create_foreign_tables(), and create a user mapping.';
    END IF;
END
$$;
COMMENT ON FUNCTION azhunt_citus.check_foreign_tables() IS
'internal: an error if azhunt.matches of the coordinator lacks what rules find on a worker';
REVOKE EXECUTE ON FUNCTION azhunt_citus.check_foreign_tables() FROM PUBLIC;

CREATE TABLE azhunt_citus.unmerged_rules (rule text PRIMARY KEY);
COMMENT ON TABLE azhunt_citus.unmerged_rules IS
'rules that started over on a worker: what they found there can be on another worker, too';
COMMENT ON COLUMN azhunt_citus.unmerged_rules.rule IS 'the rule';

-- A worker that fails here fails again when the rule runs there.
CREATE FUNCTION azhunt_citus.prepare_run(rule text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM run_command_on_workers('CALL azhunt_citus.create_local_views()');
    IF EXISTS (SELECT FROM run_command_on_workers(format(
                   'SELECT EXISTS (SELECT FROM azhunt.restart_requests AS q WHERE q.rule = %1$L)'
                   ' OR NOT EXISTS (SELECT FROM azhunt.watermarks AS w WHERE w.rule = %1$L)', prepare_run.rule)) AS r
               WHERE r.result <> 'f') THEN
        INSERT INTO azhunt_citus.unmerged_rules VALUES (prepare_run.rule) ON CONFLICT DO NOTHING;
    END IF;
END
$$;
COMMENT ON FUNCTION azhunt_citus.prepare_run(text) IS
'internal: has workers read the shards that they have now, and notes whether the rule is to start over on one';
REVOKE EXECUTE ON FUNCTION azhunt_citus.prepare_run(text) FROM PUBLIC;

-- Where a shard has come, a run finds what is found already on the worker that had
-- the shard.  The match stays where the rows are now, which any later run could find
-- there again, and is as old as it was, for the status of its result.
CREATE FUNCTION azhunt_citus.merge_matches(rule text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM azhunt_citus.unmerged_rules AS u WHERE u.rule = merge_matches.rule;
    IF FOUND THEN
        WITH repeated AS MATERIALIZED (
            SELECT m.rule, m."time", m.key, m.tableoid AS later, e.tableoid AS earlier, e.run, e.found_at
            FROM azhunt.matches AS m
            JOIN azhunt.matches AS e ON e.rule = m.rule AND e."time" = m."time" AND e.key = m.key
            WHERE m.rule = merge_matches.rule AND (e.found_at, e.tableoid) < (m.found_at, m.tableoid)
        ), kept AS (
            UPDATE azhunt.matches AS m SET run = r.run, found_at = r.found_at
            FROM repeated AS r
            WHERE m.rule = r.rule AND m."time" = r."time" AND m.key = r.key AND m.tableoid = r.later
        )
        DELETE FROM azhunt.matches AS m
        USING repeated AS r
        WHERE m.rule = r.rule AND m."time" = r."time" AND m.key = r.key AND m.tableoid = r.earlier;
    END IF;
END
$$;
COMMENT ON FUNCTION azhunt_citus.merge_matches(text) IS
'internal: if a rule has started over on a worker, makes one match of those that two workers have';
REVOKE EXECUTE ON FUNCTION azhunt_citus.merge_matches(text) FROM PUBLIC;

-- These two have no SET clause, so that they can commit: the views are to be there,
-- and the note is to stay, whatever becomes of the run.
CREATE PROCEDURE azhunt_citus.run_rule_here(rule text)
LANGUAGE plpgsql
AS $$
BEGIN
    CALL azhunt_citus.create_local_views();
    CALL azhunt.run_rule(run_rule_here.rule);
END
$$;
COMMENT ON PROCEDURE azhunt_citus.run_rule_here(text) IS
'internal: on a worker: runs a rule over the shards that it has now';
REVOKE EXECUTE ON PROCEDURE azhunt_citus.run_rule_here(text) FROM PUBLIC;

CREATE PROCEDURE azhunt_citus.run_rule(rule text)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM azhunt.prevent_in_transaction_block();
    PERFORM azhunt_citus.check_placements();
    PERFORM azhunt_citus.check_foreign_tables();
    PERFORM azhunt_citus.prepare_run(run_rule.rule);
    COMMIT;
    CALL azhunt_citus.run_on_workers(pg_catalog.format('CALL azhunt_citus.run_rule_here(%L)', run_rule.rule));
    PERFORM azhunt_citus.merge_matches(run_rule.rule);
END
$$;
COMMENT ON PROCEDURE azhunt_citus.run_rule(text) IS
'runs a rule on each worker, over the shards that it has; an error if it fails on any';
REVOKE EXECUTE ON PROCEDURE azhunt_citus.run_rule(text) FROM PUBLIC;

-- Citus pushes a join down if both sides have the distribution column in all their
-- branches, so the statement has only the tables that it is to read.
CREATE FUNCTION azhunt_citus.storage_upload_link_account(
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
AS $$
DECLARE
    signins text := 'SELECT timegenerated, createddatetime, distribution_key, userprincipalname AS account, useragent, resulttype'
        ' FROM logs.signinlogs';
    users constant text := ' UNION ALL SELECT timegenerated, createddatetime, distribution_key, userprincipalname, useragent, resulttype'
        ' FROM logs.%I';
    principals constant text := ' UNION ALL SELECT timegenerated, createddatetime, distribution_key,'
        ' azhunt.principal_account(serviceprincipalname, serviceprincipalid), useragent, resulttype FROM logs.%I';
BEGIN
    PERFORM azhunt.storage_upload_link_account_check(lookback, target_file, match_user_agent, operations,
                                                     include_noninteractive, successful_only, include_service_principals, signin_time);
    PERFORM azhunt.check_period(since, until);
    IF include_noninteractive THEN
        signins := signins || format(users, 'aadnoninteractiveusersigninlogs');
    END IF;
    IF include_service_principals THEN
        signins := signins || format(principals, 'aadserviceprincipalsigninlogs')
                           || format(principals, 'aadmanagedidentitysigninlogs');
    END IF;
    RETURN QUERY EXECUTE azhunt_citus.storage_upload_link_account_query(format($pairs$
        SELECT u.timegenerated, u.operationname, u.uri, u.useragentheader, u.distribution_key AS address, u.correlationid,
               azhunt.time_of_signin($9, s.timegenerated, s.createddatetime) AS signin_timegenerated,
               coalesce(s.account, '') AS account, coalesce(s.useragent, '') AS signin_useragent
        FROM (
            SELECT l.timegenerated, l.distribution_key, l.operationname, coalesce(l.uri, '') AS uri,
                   coalesce(l.useragentheader, '') AS useragentheader, coalesce(l.correlationid, '') AS correlationid,
                   l.statustext, l.statuscode
            FROM (
                SELECT timegenerated, distribution_key, operationname, uri, useragentheader, correlationid,
                       statustext, statuscode
                FROM logs.storagefilelogs
                UNION ALL
                SELECT timegenerated, distribution_key, operationname, uri, useragentheader, correlationid,
                       statustext, statuscode
                FROM logs.storagebloblogs
            ) AS l
        ) AS u
        JOIN (%s) AS s
          ON s.distribution_key = u.distribution_key
         AND azhunt.within(azhunt.time_of_signin($9, s.timegenerated, s.createddatetime), u.timegenerated, $1)
         AND (NOT $3 OR coalesce(s.useragent, '') OPERATOR(azhunt.=~) u.useragentheader)
        WHERE u.distribution_key <> ''
          AND u.timegenerated BETWEEN $6 AND $7
          AND s.timegenerated BETWEEN $8 AND $10
          AND azhunt.is_successful_storage_operation(u.statustext, u.statuscode)
          AND azhunt.is_upload(u.operationname)
          AND u.operationname OPERATOR(azhunt.=~) ANY ($4)
          AND ($2 IS NULL OR azhunt.is_file(u.uri, $2))
          AND (NOT $5 OR s.resulttype = '0')$pairs$, signins))
    USING lookback, target_file, match_user_agent, operations, successful_only, since, until,
          azhunt.window_start(since, lookback), signin_time, azhunt.processed_until(signin_time, until);
END
$$;
COMMENT ON FUNCTION azhunt_citus.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, boolean, timestamptz, timestamptz, text) IS
'hunt: as azhunt.storage_upload_link_account(), joined on the workers';

COMMIT;
\set ON_ERROR_STOP :azhunt_on_error_stop
\unset azhunt_on_error_stop
