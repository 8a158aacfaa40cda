CREATE FUNCTION azhunt.latest_time(relation regclass, time_column name, as_of timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz;
    result timestamptz;
BEGIN
    -- A block range index gives no maximum, but does find what is recent.
    FOREACH since IN ARRAY ARRAY[azhunt.window_start(as_of, interval '1 hour'),
                                 azhunt.window_start(as_of, interval '24 hours'),
                                 azhunt.window_start(as_of, interval '30 days'), '-infinity']
    LOOP
        EXECUTE format('SELECT max(%1$I) FROM %2$s WHERE %1$I >= $1', time_column, relation)
        INTO result
        USING since;
        EXIT WHEN result IS NOT NULL;
    END LOOP;
    RETURN result;
END
$$;

COMMENT ON FUNCTION azhunt.latest_time(regclass, name, timestamptz) IS
'internal: the latest time in a column of a log table, found fast if it is recent';

CREATE FUNCTION azhunt.log_table_health(
    log_table regclass, since timestamptz[], latest integer,
    OUT newest_event timestamptz, OUT newest_arrival timestamptz, OUT arrivals bigint[], OUT delays interval[],
    OUT processing interval[])
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_log_table_health';

COMMENT ON FUNCTION azhunt.log_table_health(regclass, timestamptz[], integer) IS
'internal: the newest event and arrival of a table or partitioned table, how many rows arrived in the hour after each time in since, and, of its latest rows by ingestxid, how late they arrived and how long sign-ins took to be processed; has one partition locked at a time';

CREATE FUNCTION azhunt.query_health(
    log_table regclass, since timestamptz[], latest integer,
    OUT newest_event timestamptz, OUT newest_arrival timestamptz, OUT arrivals bigint[], OUT delays interval[],
    OUT processing interval[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rows_of_hour bigint;
BEGIN
    newest_event := azhunt.latest_time(log_table, 'timegenerated'::name, since[1]);
    newest_arrival := azhunt.latest_time(log_table, 'ingestedat'::name, since[1]);
    FOR i IN 1 .. cardinality(since) LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE ingestedat > $1 AND ingestedat <= $1 + interval ''1 hour''',
                       log_table)
        INTO rows_of_hour
        USING since[i];
        arrivals[i] := rows_of_hour;
    END LOOP;
    EXECUTE format('SELECT array_agg(l.delay), array_agg(l.processing)'
                   ' FROM (SELECT CASE WHEN isfinite(timegenerated) AND isfinite(ingestedat)'
                   '               THEN ingestedat - timegenerated END AS delay,'
                   '              CASE WHEN isfinite(%2$s) AND isfinite(timegenerated)'
                   '               THEN timegenerated - %2$s END AS processing'
                   '       FROM %1$s WHERE ingestxid IS NOT NULL ORDER BY ingestxid DESC LIMIT $1) AS l',
                   log_table,
                   CASE WHEN EXISTS (SELECT FROM pg_attribute AS a
                                     WHERE a.attrelid = log_table::oid AND a.attname = 'createddatetime'::name
                                       AND a.atttypid = 'timestamp with time zone'::regtype)
                        THEN 'createddatetime'::text ELSE 'NULL::timestamptz'::text END)
    INTO delays, processing
    USING latest;
END
$$;

COMMENT ON FUNCTION azhunt.query_health(regclass, timestamptz[], integer) IS
'internal: what log_table_health() says, by queries: they read views, too, and lock all partitions and indexes';

CREATE FUNCTION azhunt.source_health_of(log_table text, as_of timestamptz)
RETURNS TABLE (newest_event timestamptz, newest_arrival timestamptz,
               median_delay interval, p95_delay interval, median_processing interval,
               rows_last_hour bigint, rows_hour_before bigint, rows_hour_day_before bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass := format('azhunt.%I', log_table)::regclass;
    since timestamptz[] := ARRAY[azhunt.window_start(as_of, interval '1 hour'),
                                 azhunt.window_start(as_of, interval '2 hours'),
                                 azhunt.window_start(as_of, interval '25 hours')];
    health record;
BEGIN
    IF row_security_active(relation::oid) THEN
        RAISE EXCEPTION 'row-level security may hide rows of % from %', relation, current_user
            USING ERRCODE = 'insufficient_privilege';
    END IF;

    -- a view, or a table whose columns only look like these, is queried
    IF (SELECT c.relkind IN ('p'::"char", 'r'::"char") FROM pg_class AS c WHERE c.oid = relation::oid)
       AND (SELECT count(*) = 3 FROM pg_attribute AS a
            WHERE a.attrelid = relation::oid AND NOT a.attisdropped
              AND (a.attname = 'ingestxid'::name AND a.atttypid = 'bigint'::regtype
                   OR a.attname IN ('timegenerated'::name, 'ingestedat'::name)
                      AND a.atttypid = 'timestamp with time zone'::regtype)) THEN
        health := azhunt.log_table_health(relation, since, 10000);
    ELSE
        health := azhunt.query_health(relation, since, 10000);
    END IF;

    newest_event := health.newest_event;
    newest_arrival := health.newest_arrival;
    rows_last_hour := health.arrivals[1];
    rows_hour_before := health.arrivals[2];
    rows_hour_day_before := health.arrivals[3];
    SELECT p.delays[1], p.delays[2]
    INTO median_delay, p95_delay
    FROM (SELECT percentile_cont('{0.5,0.95}'::double precision[]) WITHIN GROUP (ORDER BY d.delay) AS delays
          FROM unnest(health.delays) AS d (delay)) AS p;
    median_processing := (SELECT percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY d.delay)
                          FROM unnest(health.processing) AS d (delay));
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.source_health_of(text, timestamptz) IS
'internal: what source_health() says of one log table';

CREATE FUNCTION azhunt.source_health(as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (log_table text, state text, newest_event timestamptz, newest_arrival timestamptz,
               median_delay interval, p95_delay interval, median_processing interval,
               rows_last_hour bigint, rows_hour_before bigint, rows_hour_day_before bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source text;
BEGIN
    FOR source IN SELECT s.log_table FROM azhunt.log_table_schemas() AS s ORDER BY s.log_table LOOP
        BEGIN
            PERFORM azhunt.check_log_tables(ARRAY[source]);
            RETURN QUERY
            SELECT source,
                   CASE WHEN h.newest_arrival IS NULL AND h.newest_event IS NULL THEN 'never loaded'
                        WHEN h.rows_last_hour > 0 THEN 'flowing'
                        -- of what came after as_of, only the hours that are counted say something
                        WHEN h.newest_arrival > azhunt.window_start(source_health.as_of, interval '24 hours')
                             AND (h.newest_arrival <= source_health.as_of OR h.rows_hour_before > 0) THEN 'quiet'
                        ELSE 'stopped' END,
                   h.*
            FROM azhunt.source_health_of(source, source_health.as_of) AS h;
        EXCEPTION
            WHEN undefined_table THEN
                RETURN QUERY SELECT source, 'never loaded'::text, NULL::timestamptz, NULL::timestamptz,
                                    NULL::interval, NULL::interval, NULL::interval, 0::bigint, 0::bigint, 0::bigint;
            WHEN undefined_column OR wrong_object_type OR insufficient_privilege THEN
                RETURN QUERY SELECT source, 'not known: ' || SQLERRM, NULL::timestamptz, NULL::timestamptz,
                                    NULL::interval, NULL::interval, NULL::interval, NULL::bigint, NULL::bigint,
                                    NULL::bigint;
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.source_health(timestamptz) IS
'for each log table whether rows still arrive, how late they are and how many they were';

CREATE VIEW azhunt.source_health AS
SELECT s.log_table, s.state, s.newest_event, s.newest_arrival, s.median_delay, s.p95_delay, s.median_processing,
       s.rows_last_hour, s.rows_hour_before, s.rows_hour_day_before
FROM azhunt.source_health() AS s;

COMMENT ON VIEW azhunt.source_health IS
'source_health() as of now';
COMMENT ON COLUMN azhunt.source_health.log_table IS 'name of the log table, in lower case';
COMMENT ON COLUMN azhunt.source_health.state IS 'flowing, quiet, stopped, never loaded, or not known and why';
COMMENT ON COLUMN azhunt.source_health.newest_event IS 'latest timegenerated; null if there are no rows, or the state is not known';
COMMENT ON COLUMN azhunt.source_health.newest_arrival IS 'latest ingestedat; null if there are no rows, or the state is not known';
COMMENT ON COLUMN azhunt.source_health.median_delay IS 'median time from event to arrival of the latest 10,000 rows; null if there are none';
COMMENT ON COLUMN azhunt.source_health.p95_delay IS 'time from event to arrival that 95 % of the latest 10,000 rows did not exceed; null if there are none';
COMMENT ON COLUMN azhunt.source_health.median_processing IS 'median time from CreatedDateTime to TimeGenerated of the latest 10,000 sign-ins: how much later than they began a hunt by TimeGenerated takes them to be; null if there are none';
COMMENT ON COLUMN azhunt.source_health.rows_last_hour IS 'how many rows arrived in the last hour; null if the state is not known';
COMMENT ON COLUMN azhunt.source_health.rows_hour_before IS 'how many arrived in the hour before that; null if the state is not known';
COMMENT ON COLUMN azhunt.source_health.rows_hour_day_before IS 'how many arrived in the same hour of the day before; null if the state is not known';

CREATE VIEW azhunt.rule_health AS
SELECT u.rule, u.hunt, h.title, u.severity, u.run_every,
       CASE WHEN h.hunt IS NULL OR l.status OPERATOR(pg_catalog.=) 'failed' THEN 'failing'
            -- as numbers, of which none is too large to be doubled
            WHEN (EXTRACT(epoch FROM u.run_every) OPERATOR(pg_catalog.*) 2::numeric) OPERATOR(pg_catalog.<)
                 EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) COALESCE(s.finished, u.created_at))
            THEN CASE WHEN s.finished IS NULL THEN 'never run' ELSE 'late' END
            WHEN s.finished IS NULL THEN 'new'
            ELSE 'running' END AS health,
       s.finished AS last_success,
       l.run AS last_run, l.status AS last_status, l.finished AS last_finished, l.duration AS last_duration,
       CASE WHEN h.hunt IS NULL THEN pg_catalog.format('there is no hunt "%s"', u.hunt) ELSE l.error END AS last_error
FROM azhunt.rules AS u
LEFT JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) u.hunt
-- Not by =, after which the planner takes the order of all runs for that of a
-- rule's, and looks through them all for a rule that has not run for long.
LEFT JOIN LATERAL (
    SELECT r.run, r.status, r.finished, r.duration, r.error
    FROM azhunt.runs AS r
    WHERE r.rule OPERATOR(pg_catalog.>=) u.rule AND r.rule OPERATOR(pg_catalog.<=) u.rule
      AND r.status OPERATOR(pg_catalog.<>) 'skipped'
    ORDER BY r.rule DESC, r.run DESC
    LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT r.finished
    FROM azhunt.runs AS r
    WHERE r.rule OPERATOR(pg_catalog.>=) u.rule AND r.rule OPERATOR(pg_catalog.<=) u.rule
      AND r.status OPERATOR(pg_catalog.=) 'succeeded'
    ORDER BY r.rule DESC, r.run DESC
    LIMIT 1
) AS s ON true;

COMMENT ON VIEW azhunt.rule_health IS
'each rule and how it runs: running, new, late, never run or failing';
COMMENT ON COLUMN azhunt.rule_health.rule IS 'name of the rule';
COMMENT ON COLUMN azhunt.rule_health.hunt IS 'the hunt that it runs';
COMMENT ON COLUMN azhunt.rule_health.title IS 'title of the hunt; null if the hunt is not there';
COMMENT ON COLUMN azhunt.rule_health.severity IS 'Sentinel''s severity of its results';
COMMENT ON COLUMN azhunt.rule_health.run_every IS 'how often it should run';
COMMENT ON COLUMN azhunt.rule_health.health IS 'running, new, late, never run or failing';
COMMENT ON COLUMN azhunt.rule_health.last_success IS 'when its latest successful run ended; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_run IS 'its latest run that was not skipped; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_status IS 'succeeded or failed, of that run; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_finished IS 'when that run ended; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_duration IS 'how long that run took; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_error IS 'why that run failed, or that the hunt is not there; null otherwise';
