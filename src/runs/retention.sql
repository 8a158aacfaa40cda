CREATE FUNCTION azhunt.prune(keep interval, keep_log_partitions interval DEFAULT NULL)
RETURNS TABLE (relation text, removed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before timestamptz := now() - keep;
    part record;
    log_tables regclass[] := '{}';
    partitions regclass[] := '{}';
    counts bigint[] := '{}';
    untrusted record;
    relations regclass[];
BEGIN
    IF (keep >= interval '0') IS NOT TRUE OR keep_log_partitions < interval '0' THEN
        RAISE EXCEPTION 'what is kept must be a time that is not negative'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'As in azhunt.prune(interval ''90 days'').';
    END IF;

    -- no run, and nobody who sets a status, is in the middle of it
    PERFORM FROM azhunt.rules AS r FOR UPDATE;

    -- whole results, by their latest match, but none that is being looked into
    DELETE FROM azhunt.matches AS m
    USING (SELECT a.result_id FROM azhunt.matches AS a GROUP BY a.result_id HAVING max(a.found_at) < before
           EXCEPT SELECT s.result_id FROM azhunt.latest_status AS s WHERE s.status = 'investigating') AS o
    WHERE o.result_id = m.result_id;
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.matches';
    RETURN NEXT;

    DELETE FROM azhunt.status_changes AS c
    WHERE c.changed_at < before AND c.result_id <> ALL (ARRAY(SELECT m.result_id FROM azhunt.matches AS m));
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.status_changes';
    RETURN NEXT;

    DELETE FROM azhunt.runs AS r
    WHERE r.finished < before AND r.run <> ALL (ARRAY(SELECT m.run FROM azhunt.matches AS m));
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.runs';
    RETURN NEXT;

    -- All are counted first, then locked, then dropped: to drop a partition is
    -- to lock its whole table.
    FOR part IN
        SELECT t.relation AS log_table, b.partition
        FROM azhunt.log_table_schemas() AS s
        CROSS JOIN to_regclass(format('azhunt.%I'::text, s.log_table)) AS t (relation)
        CROSS JOIN azhunt.partition_bounds(t.relation) AS b
        WHERE b.until <= now() - keep_log_partitions
        ORDER BY s.log_table, b.since
    LOOP
        log_tables := log_tables || part.log_table;
        partitions := partitions || part.partition;
    END LOOP;
    -- whoever owns what is read can have code run by those who read it
    untrusted := azhunt.untrusted_below(partitions, '{}'::oid[], true);
    IF untrusted.object IS NOT NULL THEN
        RAISE EXCEPTION 'the owner of %, %, is not trusted by %', untrusted.object, untrusted.owner, current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Give it to %s, or SET ROLE %I.', current_user, untrusted.owner);
    END IF;
    FOR place IN 1 .. cardinality(partitions) LOOP
        EXECUTE format('SELECT count(*) FROM %s'::text, partitions[place]) INTO removed;
        counts := counts || removed;
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
        removed := counts[place];
        EXECUTE format('DROP TABLE %s'::text, partitions[place]);
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.prune(interval, interval) IS
'removes runs and results older than keep, and on request old partitions of log tables; returns how many rows from where';

REVOKE EXECUTE ON FUNCTION azhunt.prune(interval, interval) FROM PUBLIC;
