-- What only these functions call.
REVOKE EXECUTE ON FUNCTION
    azhunt.find_in_period_storage_upload_link_account(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]),
    azhunt.find_new_storage_upload_link_account(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]),
    azhunt.find_in_period_cloudshell_usage(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]),
    azhunt.find_new_cloudshell_usage(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]),
    azhunt.find_matches(text, text, jsonb, bigint, timestamptz, tstzrange, bigint, bigint, bigint[]),
    azhunt.describe_running(text),
    azhunt.count_all_rows(text[]),
    azhunt.check_log_tables(text[]),
    azhunt.reason_to_start_over(text),
    azhunt.find_results(text, bigint, timestamptz, pg_snapshot),
    azhunt.latest(regclass, name, timestamptz),
    azhunt.log_table_health(regclass, timestamptz[], integer),
    azhunt.query_health(regclass, timestamptz[], integer),
    azhunt.source_health_of(text, timestamptz),
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
