CREATE FUNCTION azhunt.prevent_in_transaction_block() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_prevent_in_transaction_block';

COMMENT ON FUNCTION azhunt.prevent_in_transaction_block() IS
'internal: an error inside a transaction block, where a procedure cannot commit';

CREATE FUNCTION azhunt.raise_saved_error(sqlstate text, message text, detail text, hint text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_raise_saved_error';

COMMENT ON FUNCTION azhunt.raise_saved_error(text, text, text, text) IS
'internal: raises the error that GET STACKED DIAGNOSTICS has described; an empty detail or hint is none';

CREATE FUNCTION azhunt.reason_to_start_over(rule text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watermark record;
    requested boolean;
BEGIN
    -- only those that this run sees: the rows that they are about it sees too
    DELETE FROM azhunt.restart_requests AS q WHERE q.rule = reason_to_start_over.rule;
    requested := FOUND;

    SELECT w.snapshot, w.system_identifier INTO watermark
    FROM azhunt.watermarks AS w WHERE w.rule = reason_to_start_over.rule;
    RETURN CASE
        WHEN NOT FOUND THEN 'first run'
        WHEN requested THEN 'restart_rule() was called'
        WHEN watermark.system_identifier <> (SELECT s.system_identifier::text FROM pg_control_system() AS s)
            THEN 'last run was in another cluster'
        WHEN pg_snapshot_xmax(watermark.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
            THEN 'transaction ids are lower than at the last run'
    END;
END
$$;

COMMENT ON FUNCTION azhunt.reason_to_start_over(text) IS
'internal: why this run of a rule has to read all rows; null if it has not; removes the requests of restart_rule() that the run fulfils';

CREATE FUNCTION azhunt.snapshot_with_unfinished(snapshot pg_snapshot, unfinished xid8) RETURNS pg_snapshot
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN unfinished >= pg_snapshot_xmax(snapshot) THEN snapshot
                ELSE format('%s:%s:%s'::text, min(x.xid), pg_snapshot_xmax(snapshot),
                            string_agg(x.xid::text, ','::text ORDER BY x.xid)
                                FILTER (WHERE x.xid = unfinished
                                        OR NOT pg_visible_in_snapshot(x.xid, snapshot)))::pg_snapshot
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
'internal: a snapshot that also takes a transaction for unfinished';

CREATE FUNCTION azhunt.find_matches(rule azhunt.rules, run bigint, found_at timestamptz, period tstzrange,
                                    arrivals azhunt.arrivals,
                                    new_rows bigint)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hunt azhunt.hunts := (SELECT h FROM azhunt.hunts AS h WHERE h.hunt = rule.hunt);
    options jsonb := hunt.default_options || rule.options;
    others CONSTANT text[] := '{"since => $4","until => $5","arrivals => $6"}';
    new_rows_function CONSTANT regproc := azhunt.hunt_function(hunt.schema, hunt.hunt, '_new_matches'::text);
    join_call CONSTANT text := azhunt.hunt_call(azhunt.hunt_function(hunt.schema, hunt.hunt, '_matches'::text), options,
                                                others);
    visits bigint;
BEGIN
    IF (arrivals).first_xid IS NOT NULL AND new_rows_function IS NOT NULL THEN
        -- The join takes about as long as ten times as many visits as it costs.
        visits := 6000 + (10 * azhunt.cost_of_period(join_call, lower(period), upper(period), arrivals))::bigint;
        -- One new row counts for 32 visits.  Where a fourth of them is too many,
        -- the join costs less than there are new rows.
        IF 8 * new_rows <= visits THEN
            BEGIN
                PERFORM azhunt.allow_visits(visits);
                RETURN azhunt.insert_new_matches(rule.rule, run, found_at,
                                                 azhunt.hunt_call(new_rows_function, options, others),
                                                 hunt.result_key, lower(period), upper(period), arrivals);
            EXCEPTION WHEN SQLSTATE 'ZH001' THEN
                -- too many partners: join what the period has
            END;
        END IF;
    END IF;
    RETURN azhunt.insert_matches_of_period(rule.rule, run, found_at, join_call, hunt.result_key, lower(period),
                                           upper(period), arrivals);
END
$$;

COMMENT ON FUNCTION azhunt.find_matches(azhunt.rules, bigint, timestamptz, tstzrange, azhunt.arrivals, bigint) IS
'internal: stores the matches of a period that are not there, and counts them; only those with a new row, of which there are so many, unless arrivals is null';

CREATE FUNCTION azhunt.some_periods(periods tstzmultirange) RETURNS SETOF tstzrange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.period
    FROM unnest(CASE WHEN (SELECT count(*) FROM unnest(periods)) <= 8 THEN periods
                     ELSE tstzmultirange(range_merge(periods)) END) AS p (period)
$$;

COMMENT ON FUNCTION azhunt.some_periods(tstzmultirange) IS
'internal: the periods that something new is in; one that has them all if they are many, as each is a query';

CREATE FUNCTION azhunt.count_rows(tables text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    log_rows bigint;
    counts jsonb := '{}';
BEGIN
    FOREACH log_table IN ARRAY tables LOOP
        EXECUTE format('SELECT count(*) FROM azhunt.%I', log_table) INTO log_rows;
        counts := counts || jsonb_build_object(log_table, log_rows);
    END LOOP;
    RETURN counts;
END
$$;

COMMENT ON FUNCTION azhunt.count_rows(text[]) IS
'internal: how many rows log tables have';

CREATE FUNCTION azhunt.check_result_key(hunt text, run bigint, result_key text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text := (
        SELECT k.name
        FROM unnest(result_key) AS k (name)
        WHERE k.name <> ALL ('{time,account,address,useragent,storageaccount}'::text[])
          AND EXISTS (SELECT FROM azhunt.matches AS m WHERE m.run = check_result_key.run AND NOT m.details ? k.name)
        LIMIT 1);
BEGIN
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'hunt "%" found a match without "%", by which results are told apart', hunt, missing
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = format('"%s" is in the hunt''s result_key, but neither a column of matches nor a member of details.'::text, missing),
                  HINT = 'Correct the function that finds matches, or call azhunt.add_hunt() with another result_key.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_result_key(text, bigint, text[]) IS
'internal: an error if a match that a run found lacks a member of details that the hunt''s result_key names';

CREATE FUNCTION azhunt.find_all_matches(rule azhunt.rules, run bigint, found_at timestamptz, snapshot pg_snapshot)
RETURNS TABLE (started_over text, relations bigint[], rows_read jsonb, new_matches bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    hunt azhunt.hunts := (SELECT h FROM azhunt.hunts AS h WHERE h.hunt = rule.hunt);
    watermark azhunt.watermarks;
    tables text[];
    findings record;
    period tstzrange;
    arrivals azhunt.arrivals;
    new_rows bigint;
BEGIN
    -- First, as an older snapshot does not see what the others look at.  At READ
    -- COMMITTED, each of them has a newer one than this would.
    IF current_setting('transaction_isolation') = ANY ('{repeatable read,serializable}'::text[]) THEN
        PERFORM azhunt.check_rows_are_visible(hunt.tables);
    END IF;
    PERFORM azhunt.check_log_tables(hunt.tables);
    PERFORM azhunt.check_hunt_functions(hunt.schema, hunt.hunt);
    PERFORM azhunt.check_options(hunt.hunt, rule.options);

    -- Those that the options leave out are planned, but have no row in the period,
    -- so that nothing but the look for new rows would lock their partitions.
    tables := azhunt.tables_read(hunt, hunt.default_options || rule.options);
    new_matches := 0;
    started_over := azhunt.reason_to_start_over(rule.rule);
    IF hunt.query IS NOT NULL THEN
        -- whatever has arrived, as a row of its result can come of any rows
        started_over := NULL;
        relations := azhunt.relations_below(hunt.tables);
        new_matches := azhunt.store_rows_of_period(rule, run, found_at);
        RETURN NEXT;
        RETURN;
    END IF;
    IF started_over IS NOT NULL THEN
        relations := azhunt.relations_below(tables);
        rows_read := azhunt.count_rows(tables);
        new_matches := azhunt.find_matches(rule, run, found_at, '[-infinity,infinity]'::tstzrange,
                                           NULL::azhunt.arrivals, NULL::bigint);
    ELSE
        SELECT w.* INTO watermark FROM azhunt.watermarks AS w WHERE w.rule = rule.rule;
        arrivals := ROW(pg_snapshot_xmax(watermark.snapshot)::text::bigint,
                        pg_snapshot_xmax(snapshot)::text::bigint,
                        -- with what this transaction itself has written
                        ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(watermark.snapshot) AS x)
                        || pg_current_xact_id()::text::bigint);
        SELECT a.* INTO findings
        FROM azhunt.look_for_arrivals(tables, ((hunt.default_options || rule.options) ->> hunt.reach)::interval,
                                      arrivals, watermark.relations) AS a;
        relations := findings.relations;
        rows_read := findings.rows_read;

        new_rows := (SELECT sum(r.value::bigint) FROM jsonb_each_text(rows_read) AS r);
        FOR period IN SELECT p FROM azhunt.some_periods(findings.new_periods) AS p LOOP
            new_matches := new_matches + azhunt.find_matches(rule, run, found_at, period, arrivals, new_rows);
        END LOOP;
        FOR period IN SELECT p FROM azhunt.some_periods(findings.reread_periods) AS p LOOP
            new_matches := new_matches + azhunt.find_matches(rule, run, found_at, period, NULL::azhunt.arrivals,
                                                             new_rows);
        END LOOP;
    END IF;

    IF new_matches > 0 THEN
        PERFORM azhunt.check_result_key(rule.hunt, run, hunt.result_key);
    END IF;

    -- Only what was there from the first look to the last has surely been read.
    relations := ARRAY(SELECT r FROM unnest(relations) AS r
                       INTERSECT SELECT r FROM unnest(azhunt.relations_below(tables)) AS r);
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.find_all_matches(azhunt.rules, bigint, timestamptz, pg_snapshot) IS
'internal: stores the matches of the rows that the snapshot sees and the last run did not read; says why it read all rows instead, if it did, and what relations it read';

CREATE FUNCTION azhunt.describe_running(rule text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN 'another run of this rule is going on'
        || coalesce((SELECT CASE WHEN l.pid IS NULL
                                 THEN format(': prepared transaction %L of role %s, since %s'::text, p.gid, p.owner,
                                             p.prepared)
                                 ELSE format(': process %s of role %s, in a transaction since %s'::text, a.pid,
                                             a.usename, a.xact_start)
                            END
                     FROM azhunt.rules AS r
                     JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.transactionid = r.xmax AND l.granted
                     LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
                     LEFT JOIN pg_prepared_xacts AS p ON l.pid IS NULL AND p.transaction = l.transactionid
                     WHERE r.rule = describe_running.rule AND coalesce(a.pid::text, p.gid) IS NOT NULL
                     LIMIT 1), ''::text);
END
$$;

COMMENT ON FUNCTION azhunt.describe_running(text) IS
'internal: why a run was skipped: which process or prepared transaction runs the rule, if that can be told';

CREATE FUNCTION azhunt.run_rule_in_transaction(rule text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    rule_row azhunt.rules;
    run bigint;
    started timestamptz := clock_timestamp();
    obstacle text;
    snapshot pg_snapshot;
    findings record;
    announced bigint;
BEGIN
    PERFORM FROM azhunt.rules AS r WHERE r.rule = run_rule_in_transaction.rule FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        -- before this transaction has a lock, too, which would hide whose the other is
        obstacle := azhunt.describe_running(run_rule_in_transaction.rule);
        -- waits for drop_rule() and prune(), but not for a run
        PERFORM FROM azhunt.rules AS r WHERE r.rule = run_rule_in_transaction.rule FOR KEY SHARE;
        PERFORM azhunt.check_rule_found(FOUND, run_rule_in_transaction.rule);
        PERFORM FROM azhunt.rules AS r WHERE r.rule = run_rule_in_transaction.rule FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN
        INSERT INTO azhunt.runs (rule, started, finished, status, error, run_by)
        VALUES (run_rule_in_transaction.rule, started, clock_timestamp(), 'skipped', obstacle, session_user)
        RETURNING runs.run INTO function.run;
        RETURN function.run;
    END IF;

    -- A change, and not only a lock: a transaction whose snapshot is older must
    -- not change or drop a rule as if it had not run.
    UPDATE azhunt.rules AS r SET severity = r.severity WHERE r.rule = run_rule_in_transaction.rule
    RETURNING r.* INTO rule_row;
    PERFORM FROM azhunt.hunts AS h WHERE h.hunt = rule_row.hunt;
    PERFORM azhunt.check_hunt_found(FOUND, rule_row.hunt);

    -- The snapshot that is stored comes before all that reads rows: what was
    -- committed in between is read by this run and the next, never by none.
    -- It must not count this transaction, which can still write, as finished.
    run := nextval('azhunt.runs_run_seq'::regclass);
    snapshot := azhunt.snapshot_with_unfinished(pg_current_snapshot(), pg_current_xact_id());
    SELECT f.* INTO findings FROM azhunt.find_all_matches(rule_row, run, started, snapshot) AS f;
    announced := findings.new_matches;
    IF announced > 0 AND rule_row.announce_since > '-infinity' THEN
        announced := (SELECT count(*) FROM azhunt.matches AS m
                      WHERE m.run = function.run AND m."time" >= rule_row.announce_since);
    END IF;

    INSERT INTO azhunt.watermarks (rule, snapshot, relations, system_identifier)
    VALUES (run_rule_in_transaction.rule, snapshot, findings.relations,
            (SELECT s.system_identifier::text FROM pg_control_system() AS s))
    ON CONFLICT ON CONSTRAINT watermarks_pkey DO UPDATE
    SET snapshot = EXCLUDED.snapshot, relations = EXCLUDED.relations, system_identifier = EXCLUDED.system_identifier;
    INSERT INTO azhunt.runs (run, rule, started, finished, status, started_over, rows_read, new_matches, announced,
                             snapshot, run_by)
    VALUES (function.run, run_rule_in_transaction.rule, started, clock_timestamp(), 'succeeded', findings.started_over,
            findings.rows_read, findings.new_matches, announced, snapshot, session_user);
    -- Where someone keeps the queue from being emptied, what was found matters
    -- more than that it is announced.
    IF announced > 0 AND pg_notification_queue_usage() < 0.9 THEN
        PERFORM pg_notify('azhunt', json_build_object('rule', run_rule_in_transaction.rule, 'run', function.run,
                                                      'new_matches', announced)::text);
    END IF;
    RETURN run;
END
$$;

COMMENT ON FUNCTION azhunt.run_rule_in_transaction(text) IS
'one incremental run of a rule in the current transaction, which it leaves to the caller; returns the id of the run in azhunt.runs';

CREATE FUNCTION azhunt.record_failed_run(rule text, started timestamptz, sqlstate text, error text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    connected timestamptz := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a);
BEGIN
    -- Whoever runs rules can call this, so what it is told is held within what
    -- can be true of this session.
    INSERT INTO azhunt.runs (rule, started, finished, status, sqlstate, error, run_by)
    SELECT r.rule, least(greatest(record_failed_run.started, connected), clock_timestamp()), clock_timestamp(),
           'failed',
           left(record_failed_run.sqlstate, 5), left(record_failed_run.error, 10000), session_user
    FROM azhunt.rules AS r
    WHERE r.rule = record_failed_run.rule
    FOR KEY SHARE OF r;
END
$$;

COMMENT ON FUNCTION azhunt.record_failed_run(text, timestamptz, text, text) IS
'internal: records in azhunt.runs that a run of this session failed; used by run_rule()';

-- It commits, so it cannot have a SET clause.
CREATE PROCEDURE azhunt.run_rule(rule text)
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
    PERFORM azhunt.prevent_in_transaction_block();
    -- Whatever the session's default: a run that waits for nothing and sees
    -- what the last one committed cannot fail to serialize.
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;
    started := pg_catalog.clock_timestamp();

    BEGIN
        PERFORM azhunt.run_rule_in_transaction(run_rule.rule);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        failed := true;
        GET STACKED DIAGNOSTICS
            failed_state = RETURNED_SQLSTATE,
            failed_message = MESSAGE_TEXT,
            failed_detail = PG_EXCEPTION_DETAIL,
            failed_hint = PG_EXCEPTION_HINT;
        PERFORM azhunt.record_failed_run(run_rule.rule, started, failed_state, failed_message);
    END;
    COMMIT;

    IF failed THEN
        PERFORM azhunt.raise_saved_error(failed_state, failed_message, failed_detail, failed_hint);
    END IF;
END
$$;

COMMENT ON PROCEDURE azhunt.run_rule(text) IS
'runs a rule in a transaction of its own, in which it stores the matches of rows that have arrived since its last run';
