-- A year of daily partitions has thousands of parts that refer to the same few
-- objects.  pg_depend does not tell of PostgreSQL's own, which belong to the
-- first superuser and have the ids below 16384.
CREATE FUNCTION azhunt.reached_from(relations oid[], with_children boolean) RETURNS TABLE (classid oid, objid oid, is_part boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
-- so that arrays are hashed
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    tree oid[];
    tree_and_indexes oid[];
    parts oid[];
    part_class regclass;
BEGIN
    WITH RECURSIVE part (oid) AS (
        SELECT r.oid FROM unnest(relations) AS r (oid)
        UNION
        SELECT i.inhrelid FROM part AS p JOIN pg_inherits AS i ON i.inhparent = p.oid WHERE with_children
    )
    SELECT array_agg(p.oid) INTO tree FROM part AS p;

    tree_and_indexes := tree || ARRAY(
        SELECT i.indexrelid FROM pg_index AS i
        WHERE i.indrelid = ANY (tree)
          AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL OR 16384::oid <= ANY (i.indclass::oid[])));

    -- one relation for each owner
    RETURN QUERY
    SELECT 'pg_class'::regclass::oid, min(c.oid), true FROM pg_class AS c WHERE c.oid = ANY (tree) GROUP BY c.relowner;

    FOREACH part_class IN ARRAY '{pg_class,pg_rewrite,pg_policy,pg_attrdef,pg_constraint,pg_statistic_ext}'::regclass[] LOOP
        parts := CASE part_class
            WHEN 'pg_class'::regclass THEN tree_and_indexes
            WHEN 'pg_rewrite'::regclass THEN ARRAY(SELECT w.oid FROM pg_rewrite AS w WHERE w.ev_class = ANY (tree))
            WHEN 'pg_policy'::regclass THEN ARRAY(SELECT p.oid FROM pg_policy AS p WHERE p.polrelid = ANY (tree))
            WHEN 'pg_attrdef'::regclass THEN ARRAY(SELECT a.oid FROM pg_attrdef AS a WHERE a.adrelid = ANY (tree))
            WHEN 'pg_constraint'::regclass THEN ARRAY(SELECT k.oid FROM pg_constraint AS k
                                                      WHERE k.conrelid = ANY (tree) AND k.contype = 'c')
            ELSE ARRAY(SELECT s.oid FROM pg_statistic_ext AS s WHERE s.stxrelid = ANY (tree))
        END;
        RETURN QUERY
        SELECT DISTINCT d.refclassid, d.refobjid, false
        FROM pg_depend AS d
        WHERE d.classid = part_class AND d.objid = ANY (parts) AND d.refobjid >= 16384::oid
          AND NOT (d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (tree_and_indexes))
          AND d.refclassid <> 'pg_namespace'::regclass;
    END LOOP;
    RETURN QUERY
    SELECT 'pg_statistic_ext'::regclass::oid, s.oid, true FROM pg_statistic_ext AS s WHERE s.stxrelid = ANY (tree);
END
$$;

COMMENT ON FUNCTION azhunt.reached_from(oid[], boolean) IS
'what relations refer to, if with_children with their partitions or children, by rules, policies, defaults, checks, statistics and indexes, too; as parts, one relation for each of their owners';

-- What is reached is what PostgreSQL knows: a function whose body is a string
-- does not say what it calls, so that its owner has to be trusted in all it does.
CREATE FUNCTION azhunt.untrusted_below(relations regclass[], with_children boolean, OUT object text, OUT owner name)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    trusted oid[] := ARRAY(SELECT r.oid FROM pg_roles AS r WHERE pg_has_role(r.oid, current_user, 'USAGE'));
BEGIN
    WITH RECURSIVE reached (classid, objid, is_part) AS (
        SELECT f.classid, f.objid, f.is_part FROM azhunt.reached_from(relations::oid[], with_children) AS f
        UNION
        SELECT n.classid, n.objid, n.is_part
        FROM reached AS r
        CROSS JOIN LATERAL (
            SELECT f.classid, f.objid, f.is_part FROM azhunt.reached_from(ARRAY[r.objid], true) AS f
            WHERE r.classid = 'pg_class'::regclass AND NOT r.is_part
            UNION ALL
            SELECT d.refclassid, d.refobjid, false FROM pg_depend AS d
            WHERE r.classid <> 'pg_class'::regclass
              AND d.classid = r.classid AND d.objid = r.objid AND d.refobjid >= 16384::oid
            -- checks of domains, operators and functions of operator classes
            UNION ALL
            SELECT 'pg_constraint'::regclass, k.oid, false FROM pg_constraint AS k
            WHERE r.classid = 'pg_type'::regclass AND k.contypid = r.objid
            UNION ALL
            SELECT 'pg_amop'::regclass, o.oid, false FROM pg_amop AS o
            WHERE r.classid = 'pg_opfamily'::regclass AND o.amopfamily = r.objid
            UNION ALL
            SELECT 'pg_amproc'::regclass, f.oid, false FROM pg_amproc AS f
            WHERE r.classid = 'pg_opfamily'::regclass AND f.amprocfamily = r.objid
        ) AS n (classid, objid, is_part)
    )
    SELECT pg_describe_object(o.classid, o.objid, 0), pg_get_userbyid(o.owner)
    INTO object, untrusted_below.owner
    FROM (
        SELECT r.classid, r.objid, c.relowner
        FROM reached AS r JOIN pg_class AS c ON c.oid = r.objid WHERE r.classid = 'pg_class'::regclass
        UNION ALL
        SELECT r.classid, r.objid, p.proowner
        FROM reached AS r JOIN pg_proc AS p ON p.oid = r.objid WHERE r.classid = 'pg_proc'::regclass
        UNION ALL
        SELECT r.classid, r.objid, t.typowner
        FROM reached AS r JOIN pg_type AS t ON t.oid = r.objid WHERE r.classid = 'pg_type'::regclass
        UNION ALL
        SELECT r.classid, r.objid, o.oprowner
        FROM reached AS r JOIN pg_operator AS o ON o.oid = r.objid WHERE r.classid = 'pg_operator'::regclass
        UNION ALL
        SELECT r.classid, r.objid, c.opcowner
        FROM reached AS r JOIN pg_opclass AS c ON c.oid = r.objid WHERE r.classid = 'pg_opclass'::regclass
        UNION ALL
        SELECT r.classid, r.objid, f.opfowner
        FROM reached AS r JOIN pg_opfamily AS f ON f.oid = r.objid WHERE r.classid = 'pg_opfamily'::regclass
        UNION ALL
        SELECT r.classid, r.objid, s.stxowner
        FROM reached AS r JOIN pg_statistic_ext AS s ON s.oid = r.objid WHERE r.classid = 'pg_statistic_ext'::regclass
        UNION ALL
        SELECT r.classid, r.objid, l.lanowner
        FROM reached AS r JOIN pg_language AS l ON l.oid = r.objid WHERE r.classid = 'pg_language'::regclass
        UNION ALL
        SELECT r.classid, r.objid, s.srvowner
        FROM reached AS r JOIN pg_foreign_server AS s ON s.oid = r.objid WHERE r.classid = 'pg_foreign_server'::regclass
        UNION ALL
        SELECT r.classid, r.objid, w.fdwowner
        FROM reached AS r JOIN pg_foreign_data_wrapper AS w ON w.oid = r.objid
        WHERE r.classid = 'pg_foreign_data_wrapper'::regclass
    ) AS o (classid, objid, owner)
    WHERE o.owner <> ALL (trusted)
    ORDER BY o.classid <> 'pg_class'::regclass, o.objid
    LIMIT 1;
END
$$;

COMMENT ON FUNCTION azhunt.untrusted_below(regclass[], boolean) IS
'the first of all objects that relations reach (if with_children, partitions or children; indexes, rules, policies, constraints, functions, types and so on, and what these refer to) whose owner has not the rights of the current role anyway; null if there is none';

CREATE FUNCTION azhunt.check_log_tables(tables text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    relation regclass;
    relations regclass[] := '{}';
    foreign_table regclass;
    untrusted record;
BEGIN
    FOREACH log_table IN ARRAY tables LOOP
        relation := to_regclass(format('azhunt.%I', log_table));
        IF relation IS NULL THEN
            RAISE EXCEPTION 'there is no table azhunt.%', log_table
                USING ERRCODE = 'undefined_table',
                      HINT = 'azhunt.create_log_tables() creates the log tables.';
        END IF;

        PERFORM FROM pg_attribute AS a
        WHERE a.attrelid = relation AND a.attname = 'ingestxid'
          AND a.atttypid = 'bigint'::regtype AND NOT a.attisdropped;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'azhunt.% has no column ingestxid of type bigint', log_table
                USING ERRCODE = 'undefined_column',
                      HINT = 'A scheduled hunt knows new rows by it: add it, with azhunt.ingest_xid() as its default.';
        END IF;
        relations := relations || relation;
    END LOOP;

    SELECT c.oid INTO foreign_table
    FROM unnest(relations) AS r (relation)
    CROSS JOIN LATERAL azhunt.partition_tree(r.relation) AS t (relation)
    JOIN pg_class AS c ON c.oid = t.relation
    WHERE c.relkind = 'f'
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a scheduled hunt cannot tell the new rows of foreign table %', foreign_table
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'Replicate the table here; or hunt ad hoc, which foreign tables serve as well.';
    END IF;

    -- whoever owns what is read can have code run by those who read it
    untrusted := azhunt.untrusted_below(relations, true);
    IF untrusted.object IS NOT NULL THEN
        RAISE EXCEPTION 'the owner of %, %, is not trusted by %, who runs hunts',
                        untrusted.object, untrusted.owner, current_user
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('A function that runs with the rights of %s would read it, or have it run.', current_user),
                  HINT = format('Give it to %s.', current_user);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_log_tables(text[]) IS
'an error if a scheduled hunt cannot read these log tables: they are not there, do not say what is new, or belong to a role that the current one does not trust';

CREATE FUNCTION azhunt.reason_to_start_over(hunt text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watermark record;
    requested boolean;
BEGIN
    -- only those that this run sees: the rows that they are about it sees too
    DELETE FROM azhunt.restart_requests AS q WHERE q.hunt = $1;
    requested := FOUND;

    SELECT w.snapshot, w.system_identifier INTO watermark
    FROM azhunt.watermarks AS w WHERE w.hunt = $1;
    RETURN CASE
        WHEN NOT FOUND THEN 'first run'
        WHEN requested THEN 'restart_hunt() was called'
        WHEN watermark.system_identifier <> (SELECT s.system_identifier::text FROM pg_control_system() AS s)
            THEN 'last run was in another cluster'
        WHEN pg_snapshot_xmax(watermark.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
            THEN 'transaction ids are lower than at the last run'
    END;
END
$$;

COMMENT ON FUNCTION azhunt.reason_to_start_over(text) IS
'why this run of a hunt has to read all rows; null if it has not; removes the requests of restart_hunt() that the run fulfils';

CREATE FUNCTION azhunt.snapshot_with_unfinished(snapshot pg_snapshot, unfinished xid8) RETURNS pg_snapshot
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN unfinished >= pg_snapshot_xmax(snapshot) THEN snapshot
                ELSE format('%s:%s:%s'::text, min(x.xid), pg_snapshot_xmax(snapshot),
                            string_agg(x.xid::text, ','::text ORDER BY x.xid)
                                FILTER (WHERE x.xid = unfinished OR NOT pg_visible_in_snapshot(x.xid, snapshot)))::pg_snapshot
           END
    FROM (
        SELECT unfinished
        UNION
        SELECT pg_snapshot_xmin(snapshot)
        UNION
        SELECT u.xid FROM pg_snapshot_xip(snapshot) AS u (xid)
    ) AS x (xid)
    WHERE x.xid < pg_snapshot_xmax(snapshot)
$$;

COMMENT ON FUNCTION azhunt.snapshot_with_unfinished(pg_snapshot, xid8) IS
'a snapshot that also takes a transaction for unfinished';

CREATE FUNCTION azhunt.find_matches(kind text, name text, options jsonb, run bigint, started timestamptz, period tstzrange,
                                    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF first_xid IS NOT NULL THEN
        BEGIN
            RETURN CASE kind
                WHEN 'storage_upload_link_account'
                THEN azhunt.find_new_storage_upload_link_account(name, options, run, started, lower(period), upper(period),
                                                                 first_xid, end_xid, unfinished_xids)
                ELSE azhunt.find_new_cloudshell_usage(name, options, run, started, lower(period), upper(period),
                                                      first_xid, end_xid, unfinished_xids)
            END;
        EXCEPTION WHEN SQLSTATE 'ZH001' THEN
            -- too many partners: let the planner join what the period has
        END;
    END IF;
    RETURN CASE kind
        WHEN 'storage_upload_link_account'
        THEN azhunt.find_in_period_storage_upload_link_account(name, options, run, started, lower(period), upper(period),
                                                               first_xid, end_xid, unfinished_xids)
        ELSE azhunt.find_in_period_cloudshell_usage(name, options, run, started, lower(period), upper(period),
                                                    first_xid, end_xid, unfinished_xids)
    END;
END
$$;

COMMENT ON FUNCTION azhunt.find_matches(text, text, jsonb, bigint, timestamptz, tstzrange, bigint, bigint, bigint[]) IS
'stores the matches of a period that are not there, and counts them; only those with a new row, unless first_xid is null';

CREATE FUNCTION azhunt.some_periods(periods tstzmultirange) RETURNS SETOF tstzrange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.period
    FROM unnest(CASE WHEN (SELECT count(*) FROM unnest(periods)) <= 8 THEN periods
                     ELSE tstzmultirange(range_merge(periods)) END) AS p (period)
$$;

COMMENT ON FUNCTION azhunt.some_periods(tstzmultirange) IS
'the periods that something new is in; one that has them all if they are many, as each is a query';

CREATE FUNCTION azhunt.find_results(hunt text, run bigint, started timestamptz, snapshot pg_snapshot)
RETURNS TABLE (started_over text, relations bigint[], rows_read jsonb, new_results bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
#variable_conflict use_variable
DECLARE
    instance azhunt.hunts;
    watermark azhunt.watermarks;
    arrivals record;
    period tstzrange;
    first_xid bigint;
    end_xid bigint := pg_snapshot_xmax(snapshot)::text;
    unfinished_xids bigint[];
BEGIN
    SELECT h.* INTO instance FROM azhunt.hunts AS h WHERE h.name = hunt;
    -- first, as an older snapshot does not see what the other looks at
    PERFORM azhunt.check_rows_are_visible(instance.tables);
    PERFORM azhunt.check_log_tables(instance.tables);

    new_results := 0;
    started_over := azhunt.reason_to_start_over(hunt);
    IF started_over IS NOT NULL THEN
        relations := azhunt.relations_below(instance.tables);
        rows_read := azhunt.count_all_rows(instance.tables);
        new_results := azhunt.find_matches(instance.hunt, hunt, instance.options, run, started,
                                           '[-infinity,infinity]'::tstzrange, NULL::bigint, NULL::bigint, NULL::bigint[]);
    ELSE
        SELECT w.* INTO watermark FROM azhunt.watermarks AS w WHERE w.hunt = hunt;
        first_xid := pg_snapshot_xmax(watermark.snapshot)::text;
        -- with what this transaction itself has written
        unfinished_xids := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(watermark.snapshot) AS x)
                           || pg_current_xact_id()::text::bigint;
        SELECT a.* INTO arrivals
        FROM azhunt.look_for_arrivals(instance.tables,
                                      coalesce(instance.options ->> 'lookback', instance.options ->> 'bin')::interval,
                                      first_xid, end_xid, unfinished_xids, watermark.relations) AS a;
        relations := arrivals.relations;
        rows_read := arrivals.rows_read;

        -- A page takes about as long to read as eight rows that are looked up.
        PERFORM azhunt.allow_visits(1000 + 8 * arrivals.pages);
        FOR period IN SELECT p FROM azhunt.some_periods(arrivals.new_periods) AS p LOOP
            new_results := new_results + azhunt.find_matches(instance.hunt, hunt, instance.options, run, started, period,
                                                             first_xid, end_xid, unfinished_xids);
        END LOOP;
        FOR period IN SELECT p FROM azhunt.some_periods(arrivals.reread_periods) AS p LOOP
            new_results := new_results + azhunt.find_matches(instance.hunt, hunt, instance.options, run, started, period,
                                                             NULL::bigint, NULL::bigint, NULL::bigint[]);
        END LOOP;
    END IF;

    -- Only what was there from the first look to the last has surely been read.
    relations := ARRAY(SELECT r FROM unnest(relations) AS r
                       INTERSECT SELECT r FROM unnest(azhunt.relations_below(instance.tables)) AS r);
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.find_results(text, bigint, timestamptz, pg_snapshot) IS
'stores what a run finds in the rows that the snapshot sees and the last run did not read; says why it read all rows instead, if it did, and what relations it read';

CREATE FUNCTION azhunt.describe_running(name text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN 'another run of this hunt is going on'
        || coalesce((SELECT format(': process %s of role %s, in a transaction since %s'::text, a.pid, a.usename, a.xact_start)
                     FROM azhunt.scheduled_hunts AS h
                     JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.transactionid = h.xmax AND l.granted
                     JOIN pg_stat_activity AS a ON a.pid = l.pid
                     WHERE h.name = $1
                     LIMIT 1), ''::text);
END
$$;

COMMENT ON FUNCTION azhunt.describe_running(text) IS
'why a run was skipped: which process has the hunt, if that can be told';

CREATE FUNCTION azhunt.run_hunt_in_transaction(name text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    run bigint;
    started timestamptz := clock_timestamp();
    snapshot pg_snapshot;
    found_results record;
BEGIN
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them; a row in azhunt.scheduled_hunts makes one.';
    END IF;

    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1 FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        INSERT INTO azhunt.runs (hunt, started, finished, status, error, run_by)
        VALUES (name, started, clock_timestamp(), 'skipped', azhunt.describe_running(name), session_user)
        RETURNING runs.run INTO function.run;
        RETURN function.run;
    END IF;

    -- A change, and not only a lock: a transaction whose snapshot is older must
    -- not change or drop a hunt as if it had not run.
    UPDATE azhunt.scheduled_hunts AS h SET severity = h.severity WHERE h.name = $1;

    -- The snapshot that is stored comes before all that reads rows: what was
    -- committed in between is read by this run and the next, never by none.
    -- It must not count this transaction, which can still write, as finished.
    run := nextval('azhunt.runs_run_seq'::regclass);
    snapshot := azhunt.snapshot_with_unfinished(pg_current_snapshot(), pg_current_xact_id());
    SELECT r.* INTO found_results FROM azhunt.find_results(name, run, started, snapshot) AS r;

    INSERT INTO azhunt.watermarks (hunt, snapshot, relations, system_identifier)
    VALUES (name, snapshot, found_results.relations, (SELECT s.system_identifier::text FROM pg_control_system() AS s))
    ON CONFLICT (hunt) DO UPDATE
    SET snapshot = EXCLUDED.snapshot, relations = EXCLUDED.relations, system_identifier = EXCLUDED.system_identifier;
    INSERT INTO azhunt.runs (run, hunt, started, finished, status, started_over, rows_read, new_results, snapshot, run_by)
    VALUES (function.run, name, started, clock_timestamp(), 'succeeded', found_results.started_over,
            found_results.rows_read, found_results.new_results, snapshot, session_user);
    -- Where someone keeps the queue from being emptied, what was found matters
    -- more than that it is announced.
    IF found_results.new_results > 0 AND pg_notification_queue_usage() < 0.9 THEN
        PERFORM pg_notify('azhunt', json_build_object('hunt', name, 'run', function.run,
                                                      'new_results', found_results.new_results)::text);
    END IF;
    RETURN run;
END
$$;

COMMENT ON FUNCTION azhunt.run_hunt_in_transaction(text) IS
'one incremental run of a scheduled hunt in the current transaction, which it leaves to the caller; returns the id of the run in azhunt.runs';

REVOKE EXECUTE ON FUNCTION azhunt.run_hunt_in_transaction(text) FROM PUBLIC;

CREATE FUNCTION azhunt.record_failed_run(name text, started timestamptz, sqlstate text, error text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    connected timestamptz := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a);
BEGIN
    -- Whoever runs hunts can call this, so what it is told is held within what
    -- can be true of this session.
    INSERT INTO azhunt.runs (hunt, started, finished, status, sqlstate, error, run_by)
    SELECT h.name, least(greatest($2, connected), clock_timestamp()), clock_timestamp(), 'failed', left($3, 5), left($4, 10000),
           session_user
    FROM azhunt.scheduled_hunts AS h
    WHERE h.name = $1;
END
$$;

COMMENT ON FUNCTION azhunt.record_failed_run(text, timestamptz, text, text) IS
'records in azhunt.runs that a run of this session failed; used by run_hunt()';

REVOKE EXECUTE ON FUNCTION azhunt.record_failed_run(text, timestamptz, text, text) FROM PUBLIC;

-- It commits, so it cannot have a SET clause.
CREATE PROCEDURE azhunt.run_hunt(name text)
LANGUAGE plpgsql
AS $$
DECLARE
    started pg_catalog.timestamptz;
    failed pg_catalog.bool := false;
    failed_state pg_catalog.text;
    failed_message pg_catalog.text;
    failed_detail pg_catalog.text;
    failed_hint pg_catalog.text;
BEGIN
    PERFORM azhunt.prevent_in_transaction_block('azhunt.run_hunt()');
    -- Whatever the session's default: a run that waits for nothing and sees
    -- what the last one committed cannot fail to serialize.
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;
    started := pg_catalog.clock_timestamp();

    BEGIN
        PERFORM azhunt.run_hunt_in_transaction(run_hunt.name);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        failed := true;
        GET STACKED DIAGNOSTICS
            failed_state = RETURNED_SQLSTATE,
            failed_message = MESSAGE_TEXT,
            failed_detail = PG_EXCEPTION_DETAIL,
            failed_hint = PG_EXCEPTION_HINT;
        PERFORM azhunt.record_failed_run(run_hunt.name, started, failed_state, failed_message);
    END;
    COMMIT;

    IF failed THEN
        PERFORM azhunt.rethrow(failed_state, failed_message, failed_detail, failed_hint);
    END IF;
END
$$;

COMMENT ON PROCEDURE azhunt.run_hunt(text) IS
'one incremental run of a scheduled hunt: results, watermark and the row in azhunt.runs in one transaction of its own; a run that fails is recorded and ends in its error, one that finds another still going is recorded as skipped';

REVOKE EXECUTE ON PROCEDURE azhunt.run_hunt(text) FROM PUBLIC;

CREATE FUNCTION azhunt.restart_hunt(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them.';
    END IF;
    INSERT INTO azhunt.restart_requests (hunt, requested_at, requested_by)
    VALUES (name, clock_timestamp(), session_user);
END
$$;

COMMENT ON FUNCTION azhunt.restart_hunt(text) IS
'has the next run of a scheduled hunt read all rows again, as after rows were loaded with an ingestxid of their own; a run that is going on does not count; what was found stays and is not announced again';

REVOKE EXECUTE ON FUNCTION azhunt.restart_hunt(text) FROM PUBLIC;

CREATE FUNCTION azhunt.drop_hunt(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- also waits for a run to end
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1 FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them.';
    END IF;
    DELETE FROM azhunt.storage_upload_link_account_facts AS f WHERE f.hunt = $1;
    DELETE FROM azhunt.cloudshell_usage_facts AS f WHERE f.hunt = $1;
    DELETE FROM azhunt.watermarks AS w WHERE w.hunt = $1;
    DELETE FROM azhunt.restart_requests AS q WHERE q.hunt = $1;
    DELETE FROM azhunt.runs AS r WHERE r.hunt = $1;
    DELETE FROM azhunt.scheduled_hunts AS h
    WHERE h.name = $1 AND h.name NOT IN ('storage_upload_link_account', 'cloudshell_usage');
END
$$;

COMMENT ON FUNCTION azhunt.drop_hunt(text) IS
'removes a scheduled hunt with its runs and results; of the two that come with azhunt, which stay, runs and results only';

REVOKE EXECUTE ON FUNCTION azhunt.drop_hunt(text) FROM PUBLIC;

CREATE FUNCTION azhunt.keep_options() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.name, NEW.hunt, NEW.options) IS NOT DISTINCT FROM (OLD.name, OLD.hunt, OLD.options) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM azhunt.runs AS r WHERE r.hunt = OLD.name)
       OR EXISTS (SELECT FROM azhunt.watermarks AS w WHERE w.hunt = OLD.name) THEN
        RAISE EXCEPTION 'scheduled hunt "%" has run, and its results are those of its options', OLD.name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make another one with the new options; azhunt.drop_hunt() removes the old one with its results.';
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
END
$$;

COMMENT ON FUNCTION azhunt.keep_options() IS
'trigger: refuses to change or delete a scheduled hunt that has run';

CREATE TRIGGER keep_options BEFORE UPDATE OR DELETE ON azhunt.scheduled_hunts
FOR EACH ROW EXECUTE FUNCTION azhunt.keep_options();
COMMENT ON TRIGGER keep_options ON azhunt.scheduled_hunts IS
'a hunt that has run keeps its name and options, of which its results are';
