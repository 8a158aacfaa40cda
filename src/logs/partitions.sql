CREATE FUNCTION azhunt.missing_days("table" regclass, since date, until date) RETURNS date[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET "TimeZone" = 'UTC'
AS $$
DECLARE
    bounds record;
    days date[] := '{}';
    next_day date := since;
BEGIN
    FOR bounds IN
        SELECT b.partition, b.since, b.until
        FROM azhunt.partition_bounds("table") AS b
        WHERE b.since < missing_days.until AND b.until > missing_days.since
        ORDER BY b.since
    LOOP
        IF bounds.since <> bounds.since::date OR bounds.until <> bounds.since::date + 1 THEN
            RAISE EXCEPTION 'partition % holds % already, but not that day alone',
                            bounds.partition, greatest(bounds.since::date, next_day)
                USING ERRCODE = 'invalid_object_definition',
                      HINT = 'Leave out the days that this partition holds, or detach it first.';
        END IF;
        days := days || ARRAY(SELECT next_day + i
                              FROM generate_series(0, bounds.since::date - next_day - 1) AS i);
        next_day := bounds.until::date;
    END LOOP;
    RETURN days || ARRAY(SELECT next_day + i
                         FROM generate_series(0, missing_days.until - next_day - 1) AS i);
END
$$;

COMMENT ON FUNCTION azhunt.missing_days(regclass, date, date) IS
'internal: the days in UTC, from since up to but not including until, for which a table has no partition; an error if a partition holds part of these days or more than one';

CREATE FUNCTION azhunt.rows_cannot_move_because(partition regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH below AS (
        SELECT t.relid FROM azhunt.partition_tree(rows_cannot_move_because.partition) AS t (relid)
    ), target AS (
        SELECT a.relid FROM pg_partition_ancestors(rows_cannot_move_because.partition) AS a
        UNION
        SELECT b.relid FROM below AS b
    )
    -- 8: on DELETE
    SELECT format('Trigger %I of %s would fire.'::text, t.tgname, t.tgrelid::regclass)
    FROM pg_trigger AS t
    WHERE t.tgrelid IN (SELECT relid FROM below) AND NOT t.tgisinternal AND t.tgtype & 8 <> 0
    UNION ALL
    -- 4: on DELETE
    SELECT format('Rule %I of %s would apply.'::text, r.rulename, r.ev_class::regclass)
    FROM pg_rewrite AS r
    WHERE r.ev_class IN (SELECT relid FROM below) AND r.ev_type = '4'
    UNION ALL
    SELECT format('%s is a foreign table.'::text, c.oid::regclass)
    FROM pg_class AS c
    WHERE c.oid IN (SELECT relid FROM below) AND c.relkind = 'f'
    UNION ALL
    SELECT format('Row-level security of %s would hide rows.'::text, rows_cannot_move_because.partition)
    WHERE row_security_active(rows_cannot_move_because.partition::oid)
    UNION ALL
    SELECT format('Foreign key %I of %s refers to these rows.'::text, k.conname, k.conrelid::regclass)
    FROM pg_constraint AS k
    WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid IN (SELECT relid FROM target)
    UNION ALL
    SELECT format('Publication %I would publish that they are deleted.'::text, p.pubname)
    FROM pg_publication AS p
    JOIN pg_publication_tables AS t ON t.pubname = p.pubname
    WHERE p.pubdelete
      AND to_regclass(format('%I.%I'::text, t.schemaname, t.tablename)) IN (SELECT relid FROM target)
    LIMIT 1
$$;

COMMENT ON FUNCTION azhunt.rows_cannot_move_because(regclass) IS
'internal: why rows should not be moved out of a partition by deleting and inserting them, or null if nothing is against it';

CREATE FUNCTION azhunt.add_partitions("table" regclass, since date, until date)
RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "TimeZone" = 'UTC'
SET "DateStyle" = 'ISO, YMD'
SET row_security = off
AS $$
DECLARE
    schema_name name;
    table_name name;
    owner oid;
    time_column name;
    default_partition regclass;
    default_tree regclass[] := '{}';
    storage text;
    column_list text;
    untrusted record;
    obstacle text;
    missing date[];
    day date;
    partition_name text;
    partition text;
    rows_of_day text;
    has_rows boolean;
    most_days constant integer := 36525;
BEGIN
    SELECT n.nspname, c.relname, c.relowner, a.attname, nullif(p.partdefid, 0),
           concat(' USING ' || quote_ident(coalesce(m.amname, dm.amname)), ' TABLESPACE ' || quote_ident(t.spcname))
    INTO schema_name, table_name, owner, time_column, default_partition, storage
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table AS p ON p.partrelid = c.oid
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    LEFT JOIN pg_tablespace AS t ON t.oid = c.reltablespace
    LEFT JOIN pg_am AS m ON m.oid = c.relam
    LEFT JOIN pg_class AS d ON d.oid = p.partdefid AND d.relkind = 'r'
    LEFT JOIN pg_am AS dm ON dm.oid = d.relam
    WHERE c.oid = "table" AND p.partstrat = 'r' AND p.partnatts = 1
      AND a.atttypid = 'timestamp with time zone'::regtype;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not partitioned by range of one timestamp with time zone',
                        coalesce("table"::text, 'NULL')
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'azhunt.create_log_tables() makes tables that are.';
    END IF;

    IF NOT pg_has_role(owner, 'USAGE'::text) THEN
        RAISE EXCEPTION 'must be owner of table %', "table"
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('SET ROLE %I, or change the owner of the table.', pg_get_userbyid(owner));
    -- the owner's constraints and triggers run with the rights of the caller
    ELSIF NOT pg_has_role(owner, current_user, 'USAGE'::text) THEN
        RAISE EXCEPTION 'the owner of table %, %, is not trusted by %', "table", pg_get_userbyid(owner), current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('SET ROLE %I, or change the owner of the table.', pg_get_userbyid(owner));
    END IF;

    IF (since < until AND isfinite(since) AND isfinite(until)) IS NOT TRUE THEN
        RAISE EXCEPTION 'since must be before until, and both finite: % to %',
                        coalesce(since::text, 'NULL'), coalesce(until::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Days are counted in UTC; until is the day after the last that gets a partition.';
    END IF;

    IF until > date '294276-12-31' OR until - since > most_days THEN
        RAISE EXCEPTION 'cannot add partitions from % to %', since, until
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('They are added for at most %s days at once, and no later than 294276-12-31.'::text,
                                  most_days);
    END IF;

    -- what is there already costs no lock
    IF azhunt.missing_days("table", since, until) = '{}' THEN
        RETURN;
    END IF;

    -- No rows of these days may come into the default partition meanwhile.  It
    -- is what others use, so it comes first, and nothing is held meanwhile.
    IF default_partition IS NOT NULL THEN
        default_tree := ARRAY(SELECT t.relation FROM azhunt.partition_tree(default_partition) AS t (relation));
    END IF;
    PERFORM azhunt.lock_relations(
        default_tree || "table",
        array_fill('ACCESS EXCLUSIVE'::text, ARRAY[cardinality(default_tree)]) || 'SHARE UPDATE EXCLUSIVE'::text);
    IF default_partition IS DISTINCT FROM (SELECT nullif(p.partdefid, 0)::regclass
                                           FROM pg_partitioned_table AS p WHERE p.partrelid = "table") THEN
        RAISE EXCEPTION 'the default partition of % has changed meanwhile', "table"
            USING ERRCODE = 'object_in_use',
                  HINT = 'Try again.';
    END IF;
    missing := azhunt.missing_days("table", since, until);
    IF missing = '{}' THEN
        RETURN;
    END IF;

    untrusted := azhunt.untrusted_below(default_tree || "table", '{}'::oid[], false, current_user);
    IF untrusted.object IS NOT NULL THEN
        RAISE EXCEPTION 'partitions of % could run the code of a role that % does not trust', "table", current_user
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('The owner of %s is %s.', untrusted.object, untrusted.owner),
                  HINT = 'Change the owner.';
    END IF;
    IF default_partition IS NOT NULL THEN
        obstacle := azhunt.rows_cannot_move_because(default_partition);
    END IF;

    column_list := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                    FROM pg_attribute AS a
                    WHERE a.attrelid = "table" AND a.attnum > 0
                      AND NOT a.attisdropped AND a.attgenerated = '');

    FOREACH day IN ARRAY missing LOOP
        partition_name := table_name || to_char(day, '"_p"YYYYMMDD');
        IF octet_length(partition_name) > 63 THEN
            RAISE EXCEPTION 'the name of partition "%" is too long', partition_name
                USING ERRCODE = 'name_too_long',
                      HINT = 'Give the table a shorter name.';
        END IF;
        partition := format('%I.%I', schema_name, partition_name);

        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY)%s',
                       partition, "table", storage);
        IF default_partition IS NOT NULL THEN
            rows_of_day := format('FROM %1$s WHERE %2$I >= %3$L AND %2$I < %4$L', default_partition,
                                  time_column, day::timestamptz, (day + 1)::timestamptz);
            EXECUTE format('SELECT EXISTS (SELECT 1 %s)', rows_of_day) INTO has_rows;
            IF has_rows AND obstacle IS NOT NULL THEN
                RAISE EXCEPTION 'cannot move the rows of % out of %', day, default_partition
                    USING ERRCODE = 'object_not_in_prerequisite_state',
                          DETAIL = obstacle,
                          HINT = 'Detach the default partition, add the partitions, and insert its rows into the table.';
            ELSIF has_rows THEN
                EXECUTE format('WITH moved AS (DELETE %1$s RETURNING %2$s) INSERT INTO %3$s (%2$s) SELECT %2$s FROM moved',
                               rows_of_day, column_list, partition);
            END IF;
        END IF;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                       "table", partition, day::timestamptz, (day + 1)::timestamptz);
        IF pg_get_userbyid(owner) <> current_user THEN
            EXECUTE format('ALTER TABLE %s OWNER TO %I', partition, pg_get_userbyid(owner));
        END IF;
        RETURN NEXT partition::regclass;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.add_partitions(regclass, date, date) IS
'adds the daily partitions from since up to but not including until that a log table lacks, and returns them';

REVOKE EXECUTE ON FUNCTION azhunt.add_partitions(regclass, date, date) FROM PUBLIC;

CREATE FUNCTION azhunt.add_log_partitions(log_table text, since date, until date)
RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET "TimeZone" = 'UTC'
SET "DateStyle" = 'ISO, YMD'
SET standard_conforming_strings = on
SET quote_all_identifiers = off
SET row_security = off
SET default_tablespace = ''
SET default_table_access_method = heap
AS $$
<<function>>
DECLARE
    relation regclass;
    first_day constant date := '2010-01-01';
    most_partitions constant integer := 1500;
    end_day constant date := (now() AT TIME ZONE 'UTC'::text)::date + 32;
BEGIN
    relation := (SELECT to_regclass(format('azhunt.%I'::text, s.log_table))
                 FROM azhunt.log_table_schemas() AS s
                 WHERE s.log_table = lower(add_log_partitions.log_table COLLATE "C"));
    IF relation IS NULL THEN
        RAISE EXCEPTION 'there is no log table "%"', coalesce(log_table, 'NULL')
            USING ERRCODE = 'undefined_table',
                  HINT = 'azhunt.create_log_tables() creates the log tables.';
    END IF;
    IF since < first_day OR since > end_day OR until < first_day OR until > end_day
       OR until > least(since, end_day) + 400 THEN
        RAISE EXCEPTION 'partitions are added from % to %, for at most 400 days at once, not from % to %',
                        first_day, end_day, since, until
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The owner of the table can add others with azhunt.add_partitions().';
    END IF;

    -- each makes all that reads the table slower, and stays
    IF (SELECT count(*) FROM pg_inherits AS i WHERE i.inhparent = relation) + (until - since) > most_partitions THEN
        RAISE EXCEPTION 'table % would have more than % partitions', relation, most_partitions
            USING ERRCODE = 'program_limit_exceeded',
                  HINT = 'The owner of the table can add more with azhunt.add_partitions(), or drop old ones with azhunt.prune().';
    END IF;

    RETURN QUERY SELECT p.partition
                 FROM azhunt.add_partitions(relation, add_log_partitions.since,
                                            add_log_partitions.until) AS p (partition);
END
$$;

COMMENT ON FUNCTION azhunt.add_log_partitions(text, date, date) IS
'adds daily partitions to a log table as add_partitions() does, with the rights of the owner of this function: for the role that loads';

REVOKE EXECUTE ON FUNCTION azhunt.add_log_partitions(text, date, date) FROM PUBLIC;
