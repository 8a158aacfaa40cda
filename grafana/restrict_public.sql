-- Take from everybody what lets any role write into this database: temporary
-- tables, large objects and, where it was made before PostgreSQL 15, tables in
-- schema public.
--
--   psql --set=ON_ERROR_STOP=1 --file=grafana/restrict_public.sql DATABASE
--
-- Run it as a superuser, in a database that is there for azhunt: other programs
-- in it may need what this revokes; grant it to their roles.

SELECT pg_catalog.format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', pg_catalog.current_database()) \gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION
    pg_catalog.lo_creat(integer),
    pg_catalog.lo_create(oid),
    pg_catalog.lo_from_bytea(oid, bytea)
FROM PUBLIC;
