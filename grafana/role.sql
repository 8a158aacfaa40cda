-- The role by which Grafana reads what rules found, and nothing
-- else: no log table, and nothing to write.
--
--   psql --set=ON_ERROR_STOP=1 --file=grafana/role.sql DATABASE
--   psql --command='\password azhunt_grafana' DATABASE
--
-- Run it as the owner of the extension azhunt who may create roles; again after
-- an upgrade.

-- the database's owner may have set another
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false) \g /dev/null

SELECT 'CREATE ROLE azhunt_grafana LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'azhunt_grafana') \gexec

-- What a query could switch off is no protection, but stops accidents.
ALTER ROLE azhunt_grafana SET default_transaction_read_only = on;
ALTER ROLE azhunt_grafana SET statement_timeout = '30s';
-- compiling takes longer than these queries do
ALTER ROLE azhunt_grafana SET jit = off;

GRANT USAGE ON SCHEMA azhunt TO azhunt_grafana;
GRANT SELECT ON
    azhunt.hunts,
    azhunt.rules,
    azhunt.rule_health,
    azhunt.runs,
    azhunt.screened_matches,
    azhunt.results,
    azhunt.storage_upload_link_account_results,
    azhunt.cloudshell_usage_results,
    azhunt.latest_status,
    azhunt.result_status,
    azhunt.source_health
TO azhunt_grafana;
GRANT EXECUTE ON FUNCTION
    azhunt.source_health(timestamptz),
    azhunt.upload_counts(text, timestamptz, timestamptz, interval)
TO azhunt_grafana;
