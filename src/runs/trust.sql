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
'internal: what relations refer to, if with_children with their partitions or children, by rules, policies, defaults, checks, statistics and indexes, too; as parts, one relation for each of their owners';

-- What is reached is what PostgreSQL knows: a function whose body is a string
-- does not say what it calls, so that its owner has to be trusted in all it does.
CREATE FUNCTION azhunt.untrusted_below(
    relations regclass[], functions oid[], with_children boolean, reader name, OUT object text, OUT owner name)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    trusted oid[] := ARRAY(SELECT r.oid FROM pg_roles AS r WHERE pg_has_role(r.oid, reader, 'USAGE'));
BEGIN
    WITH RECURSIVE reached (classid, objid, is_part) AS (
        (
            SELECT f.classid, f.objid, f.is_part FROM azhunt.reached_from(relations::oid[], with_children) AS f
            UNION ALL
            SELECT 'pg_proc'::regclass::oid, f.oid, false FROM unnest(functions) AS f (oid)
        )
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

COMMENT ON FUNCTION azhunt.untrusted_below(regclass[], oid[], boolean, name) IS
'internal: the first of all objects that relations and functions reach (if with_children, partitions or children; indexes, rules, policies, constraints, functions, types and so on, and what these refer to) whose owner has not the rights of a role, the reader, anyway; null if there is none';

-- Whoever may create functions in a hunt's schema could have others run them, by
-- rules, by checks of options and when log rows are looked up.
CREATE FUNCTION azhunt.check_hunt_function(function regproc) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    runner CONSTANT name := (SELECT pg_get_userbyid(p.proowner) FROM pg_proc AS p
                             WHERE p.oid = 'azhunt.run_rule_in_transaction(text)'::regprocedure);
    untrusted CONSTANT record := azhunt.untrusted_below('{}'::regclass[], ARRAY[function::oid], false, runner);
BEGIN
    IF untrusted.object IS NOT NULL THEN
        RAISE EXCEPTION 'the owner of %, %, is not trusted by %, who runs rules', untrusted.object, untrusted.owner, runner
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('A function that runs with the rights of %s would call it.'::text, runner),
                  HINT = format('Give it to %s.'::text, runner);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_hunt_function(regproc) IS
'internal: an error if a function of a hunt, or what it reaches, belongs to a role that the one who runs rules does not trust';

CREATE FUNCTION azhunt.check_log_table_owners(tables text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    relations regclass[] := '{}';
    untrusted record;
BEGIN
    FOREACH log_table IN ARRAY tables LOOP
        relations := relations || to_regclass(format('azhunt.%I', log_table));
        IF relations[cardinality(relations)] IS NULL THEN
            RAISE EXCEPTION 'there is no table azhunt.%', log_table
                USING ERRCODE = 'undefined_table',
                      HINT = 'azhunt.create_log_tables() creates the log tables.';
        END IF;
    END LOOP;

    -- whoever owns what is read can have code run by those who read it
    untrusted := azhunt.untrusted_below(relations, '{}'::oid[], true, current_user);
    IF untrusted.object IS NOT NULL THEN
        RAISE EXCEPTION 'the owner of %, %, is not trusted by %, who runs rules',
                        untrusted.object, untrusted.owner, current_user
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('A function that runs with the rights of %s would read it, or have it run.', current_user),
                  HINT = format('Give it to %s.', current_user);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_log_table_owners(text[]) IS
'internal: an error if these log tables are not there, or belong to a role that the current one does not trust';

CREATE FUNCTION azhunt.check_log_tables(tables text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    relation regclass;
    foreign_table regclass;
BEGIN
    PERFORM azhunt.check_log_table_owners(tables);
    FOREACH log_table IN ARRAY tables LOOP
        relation := format('azhunt.%I', log_table)::regclass;
        SELECT c.oid INTO foreign_table
        FROM azhunt.partition_tree(relation) AS t (relation)
        JOIN pg_class AS c ON c.oid = t.relation
        WHERE c.relkind = 'f'
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'a rule cannot tell the new rows of foreign table %', foreign_table
                USING ERRCODE = 'wrong_object_type',
                      HINT = 'Replicate the table here; or hunt ad hoc, which foreign tables serve as well.';
        END IF;

        PERFORM FROM pg_attribute AS a
        WHERE a.attrelid = relation AND a.attname = 'ingestxid'
          AND a.atttypid = 'bigint'::regtype AND NOT a.attisdropped;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'azhunt.% has no column ingestxid of type bigint', log_table
                USING ERRCODE = 'undefined_column',
                      HINT = 'A rule knows new rows by it: add it, with azhunt.ingest_xid() as its default.';
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.check_log_tables(text[]) IS
'internal: an error if a rule cannot read these log tables: they are not there, do not say what is new, or belong to a role that the current one does not trust';
