CREATE FUNCTION azhunt.untrusted_below(
    relations regclass[], functions oid[], with_children boolean, reader name, OUT object text, OUT owner name)
LANGUAGE C STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'azhunt_untrusted_below';

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
        RAISE EXCEPTION 'the owner of %, %, is not trusted by %, who runs rules', untrusted.object, untrusted.owner,
                        runner
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
                  DETAIL = format('A function that runs with the rights of %s would read it, or have it run.',
                                  current_user),
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
