CREATE FUNCTION azhunt.time_before(moment timestamptz, age interval) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moment - age;
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN CASE WHEN age > interval '0' THEN '-infinity'::timestamptz ELSE 'infinity'::timestamptz END;
END
$$;

COMMENT ON FUNCTION azhunt.time_before(timestamptz, interval) IS
'internal: moment - age, infinite where that is no timestamp';

-- What the caller says of one table comes before what its description says, and
-- that before what the caller says of all.
CREATE FUNCTION azhunt.log_table_ages(keep_log_partitions interval, keep_partitions_of jsonb)
RETURNS TABLE (log_table text, age interval)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(keep_partitions_of) IS DISTINCT FROM 'object'
       OR jsonb_path_exists(keep_partitions_of,
                            'strict $.* ? (@.type() != "string" && @.type() != "null")'::jsonpath) THEN
        RAISE EXCEPTION 'keep_partitions_of must be a JSON object of log tables and times'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'As in {"signinlogs": "90 days"}.';
    END IF;
    unknown := (SELECT k.name FROM jsonb_object_keys(keep_partitions_of) AS k (name)
                WHERE NOT EXISTS (SELECT FROM azhunt.log_table_schemas() AS s WHERE s.log_table = k.name)
                ORDER BY k.name LIMIT 1);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'there is no log table "%"', unknown
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Log tables: %s.', (SELECT string_agg(s.log_table, ', ' ORDER BY s.log_table)
                                                    FROM azhunt.log_table_schemas() AS s));
    END IF;
    RETURN QUERY
    SELECT d.log_table,
           CASE WHEN keep_partitions_of ? d.log_table THEN (keep_partitions_of ->> d.log_table)::interval
                WHEN keep_log_partitions IS NOT NULL THEN coalesce(d.retention, keep_log_partitions)
           END
    FROM azhunt.log_table_descriptions() AS d;
END
$$;

COMMENT ON FUNCTION azhunt.log_table_ages(interval, jsonb) IS
'internal: the age at which prune() drops partitions of each log table; null if it drops none';

CREATE FUNCTION azhunt.prune(
    keep interval,
    keep_log_partitions interval DEFAULT NULL,
    keep_partitions_of jsonb DEFAULT '{}')
RETURNS TABLE (relation text, removed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before timestamptz := azhunt.time_before(now(), keep);
    part record;
    log_tables regclass[] := '{}';
    partitions regclass[] := '{}';
    estimates bigint[] := '{}';
    relations regclass[];
BEGIN
    IF (before <= now()) IS NOT TRUE OR azhunt.time_before(now(), keep_log_partitions) > now()
       OR EXISTS (SELECT FROM azhunt.log_table_ages(keep_log_partitions, keep_partitions_of) AS a
                  WHERE azhunt.time_before(now(), a.age) > now()) THEN
        RAISE EXCEPTION 'what is kept must be a time that is not negative'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'As in azhunt.prune(interval ''90 days'').';
    END IF;

    -- no run, and nobody who sets a status, is in the middle of it; in an order
    -- that a transaction with several runs can keep as well
    PERFORM FROM azhunt.rules AS r ORDER BY r.rule FOR UPDATE;

    -- whole results, by their latest match, but none that is being looked into
    DELETE FROM azhunt.matches AS m
    USING (SELECT a.result_id FROM azhunt.matches AS a GROUP BY a.result_id HAVING max(a.found_at) < before
           EXCEPT SELECT s.result_id FROM azhunt.latest_status AS s WHERE s.status = 'investigating'
           -- what a run would find, and announce, again
           EXCEPT SELECT k.result_id
           FROM azhunt.hunts AS h
           JOIN azhunt.rules AS u ON u.hunt = h.hunt
           JOIN azhunt.matches AS k ON k.rule = u.rule
           WHERE h.query IS NOT NULL
             AND k."time" >= azhunt.window_start(now(),
                                                 ((h.default_options || u.options) ->> 'query_period')::interval)) AS o
    WHERE o.result_id = m.result_id;
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.matches';
    RETURN NEXT;

    DELETE FROM azhunt.status_changes AS c
    WHERE c.changed_at < before AND NOT EXISTS (SELECT FROM azhunt.matches AS m WHERE m.result_id = c.result_id);
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.status_changes';
    RETURN NEXT;

    DELETE FROM azhunt.runs AS r
    WHERE r.finished < before AND NOT EXISTS (SELECT FROM azhunt.matches AS m WHERE m.run = r.run);
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.runs';
    RETURN NEXT;

    -- All are locked, and then dropped: to drop a partition is to lock its whole
    -- table.  To count the rows would be to read them all.
    FOR part IN
        SELECT t.relation AS log_table, b.partition,
               (SELECT CASE WHEN bool_and(c.reltuples >= 0) THEN sum(c.reltuples)::bigint END
                FROM azhunt.partition_tree(b.partition) AS p (relation)
                JOIN pg_class AS c ON c.oid = p.relation
                WHERE c.relkind <> 'p') AS estimate
        FROM azhunt.log_table_ages(keep_log_partitions, keep_partitions_of) AS s
        CROSS JOIN to_regclass(format('azhunt.%I'::text, s.log_table)) AS t (relation)
        CROSS JOIN azhunt.partition_bounds(t.relation) AS b
        WHERE b.until <= azhunt.time_before(now(), s.age)
        ORDER BY s.log_table, b.since
    LOOP
        log_tables := log_tables || part.log_table;
        partitions := partitions || part.partition;
        estimates := estimates || part.estimate;
    END LOOP;
    relations := ARRAY(
        SELECT r.relation
        FROM (
            SELECT DISTINCT 1, l.relation::oid FROM unnest(log_tables) AS l (relation)
            UNION
            SELECT 2, p.partdefid FROM pg_partitioned_table AS p
            WHERE p.partrelid = ANY (log_tables) AND p.partdefid <> 0
            UNION
            SELECT 3, t.relation::oid FROM unnest(partitions) AS p (partition)
            CROSS JOIN azhunt.partition_tree(p.partition) AS t (relation)
        ) AS r (place, relation)
        ORDER BY r.place, r.relation);
    PERFORM azhunt.lock_relations(relations, array_fill('ACCESS EXCLUSIVE'::text, ARRAY[cardinality(relations)]));
    FOR place IN 1 .. cardinality(partitions) LOOP
        relation := partitions[place]::text;
        removed := estimates[place];
        EXECUTE format('DROP TABLE %s'::text, partitions[place]);
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.prune(interval, interval, jsonb) IS
'removes runs and results older than keep, and on request old partitions of log tables; returns how many rows from where, of a partition by estimate';
