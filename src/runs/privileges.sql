-- What only these functions call, and what is costly or changes tables.
REVOKE EXECUTE ON ROUTINE
    azhunt.add_hunt(regproc, text[], text, text[], text, text, text, text[], text[], uuid, jsonb),
    azhunt.drop_hunt(text),
    azhunt.add_kql_hunt(text, text, jsonb),
    azhunt.add_compiled_hunt(text, text, text, jsonb, text, text, text, text[], text[], text[], text[]),
    azhunt.create_kql_objects(text, text, jsonb, text, text, text, text[], text[]),
    azhunt.drop_kql_objects(text, text),
    azhunt.check_kql_description(text, text, jsonb),
    azhunt.check_kql_names(text, text),
    azhunt.texts_of(jsonb, text),
    azhunt.period_of(jsonb, text, interval),
    azhunt.entity_expression(jsonb, text, text[]),
    azhunt.time_expression(jsonb, text[], text[]),
    azhunt.kql_result_key(jsonb, text[], text[]),
    azhunt.store_rows_of_period(azhunt.rules, bigint, timestamptz),
    azhunt.add_rule(text, text, jsonb, interval, text, timestamptz),
    azhunt.restart_rule(text),
    azhunt.drop_rule(text),
    azhunt.default_options(text, text),
    azhunt.check_options(text, jsonb),
    azhunt.tables_read(azhunt.hunts, jsonb),
    azhunt.check_hunt_functions(text, text),
    azhunt.check_result_key(text, bigint, text[]),
    azhunt.insert_matches(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals),
    azhunt.cost_of_period(text, timestamptz, timestamptz, azhunt.arrivals),
    azhunt.insert_matches_of_period(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals),
    azhunt.insert_new_matches(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals),
    azhunt.find_matches(azhunt.rules, bigint, timestamptz, tstzrange, azhunt.arrivals, bigint),
    azhunt.find_all_matches(azhunt.rules, bigint, timestamptz, pg_snapshot),
    azhunt.find_arrivals(regclass, bigint, bigint, bigint[], bigint[]),
    azhunt.relations_below(text[]),
    azhunt.new_rows_of_view(text, azhunt.arrivals),
    azhunt.look_for_arrivals(text[], interval, azhunt.arrivals, bigint[]),
    azhunt.allow_visits(bigint),
    azhunt.count_visit(timestamptz, integer),
    azhunt.count_search(timestamptz, integer),
    azhunt.run_rule_in_transaction(text),
    azhunt.record_failed_run(text, timestamptz, text, text),
    azhunt.run_rule(text),
    azhunt.describe_running(text),
    azhunt.count_rows(text[]),
    azhunt.check_log_tables(text[]),
    azhunt.check_log_table_owners(text[]),
    azhunt.reason_to_start_over(text),
    azhunt.source_health(timestamptz),
    azhunt.set_status(uuid, text, text, text),
    azhunt.latest_time(regclass, name, timestamptz),
    azhunt.log_table_health(regclass, timestamptz[], integer),
    azhunt.query_health(regclass, timestamptz[], integer),
    azhunt.source_health_of(text, timestamptz),
    azhunt.schedule_rule(text, text),
    azhunt.unschedule_rule(text),
    azhunt.prune(interval, interval, jsonb),
    azhunt.call_cron(text, text)
FROM PUBLIC;

-- What default privileges have granted on these objects: who may change the
-- tables, or have a trigger on one, has the rights of the functions' owner.
DO $$
DECLARE
    granted pg_catalog.record;
BEGIN
    FOR granted IN
        SELECT CASE WHEN d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                    THEN pg_catalog.format('ROUTINE %s', d.objid::pg_catalog.regprocedure)
                    ELSE pg_catalog.format('TABLE %s', d.objid::pg_catalog.regclass) END AS object,
               CASE a.grantee WHEN 0 THEN 'PUBLIC'
                    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END AS grantee
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_extension AS e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
        LEFT JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d.objid
             AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
        LEFT JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.objid
             AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
        CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(c.relacl, p.proacl)) AS a
        WHERE e.extname OPERATOR(pg_catalog.=) 'azhunt'
          AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
          AND d.deptype OPERATOR(pg_catalog.=) 'e'
          AND a.grantee OPERATOR(pg_catalog.<>) COALESCE(c.relowner, p.proowner)
          AND NOT (p.oid IS NOT NULL AND a.grantee OPERATOR(pg_catalog.=) 0)
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON %s FROM %s', granted.object, granted.grantee);
    END LOOP;
END
$$;

-- as guard.sql has granted
ALTER DEFAULT PRIVILEGES IN SCHEMA azhunt REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
