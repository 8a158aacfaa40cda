-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION azhunt" to load this file. \quit

-- Whoever can create objects in the schema, or could before, could have its
-- functions called in place of ours.
DO $$
DECLARE
    trusted pg_catalog.oid[] := ARRAY(
        SELECT r.oid FROM pg_catalog.pg_roles AS r
        WHERE r.rolsuper OR r.rolname OPERATOR(pg_catalog.=) CURRENT_USER);
    strangers pg_catalog.text;
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_namespace AS n
        CROSS JOIN LATERAL (
            SELECT n.nspowner
            UNION
            SELECT a.grantee FROM pg_catalog.aclexplode(n.nspacl) AS a
            WHERE a.privilege_type OPERATOR(pg_catalog.=) 'CREATE'
        ) AS c (creator)
        WHERE n.nspname OPERATOR(pg_catalog.=) 'azhunt'
          AND c.creator OPERATOR(pg_catalog.<>) ALL (trusted))
    THEN
        RAISE EXCEPTION 'another role can create objects in schema azhunt'
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Drop the schema: CREATE EXTENSION makes it. Default privileges must not grant CREATE on new schemas.';
    END IF;

    -- What an extension that was dropped has left may stay: the log tables, or
    -- what stood under their names, with all that is part of them, and the
    -- ledger of azhunt-load.  Their indexes and types do not depend on the
    -- schema themselves.
    WITH RECURSIVE left_behind (oid) AS (
        SELECT c.oid
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE n.nspname OPERATOR(pg_catalog.=) 'azhunt'
          AND c.relname OPERATOR(pg_catalog.=) ANY (
              -- log tables {
              '{aadmanagedidentitysigninlogs,aadnoninteractiveusersigninlogs,aadserviceprincipalsigninlogs,auditlogs,azureactivity,signinlogs,storagebloblogs,storagefilelogs,storagequeuelogs,storagetablelogs,loaded_files}'::pg_catalog.name[])
              -- log tables }
          AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::pg_catalog."char"[])
          AND c.relowner OPERATOR(pg_catalog.=) ANY (trusted)
        UNION
        SELECT c.oid
        FROM left_behind AS l
        CROSS JOIN LATERAL (
            SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
            WHERE i.inhparent OPERATOR(pg_catalog.=) l.oid
            UNION ALL
            SELECT d.objid FROM pg_catalog.pg_depend AS d
            WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
              AND d.refobjid OPERATOR(pg_catalog.=) l.oid
              AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
              AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,i}'::pg_catalog."char"[])
        ) AS p (relation)
        JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) p.relation
        WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,f,S}'::pg_catalog."char"[])
          AND c.relowner OPERATOR(pg_catalog.=) ANY (trusted)
    )
    SELECT pg_catalog.string_agg(o.description, ', ' ORDER BY o.description)
    INTO strangers
    FROM (
        SELECT pg_catalog.format('%s %s', i.type, i.identity)
        FROM pg_catalog.pg_depend AS d
        CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) AS i
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) d.refobjid
        WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
          AND n.nspname OPERATOR(pg_catalog.=) 'azhunt'
          -- what says something of the schema, but is not in it
          AND d.classid OPERATOR(pg_catalog.<>) ALL (
              '{pg_catalog.pg_default_acl,pg_catalog.pg_publication_namespace}'::pg_catalog.regclass[])
          AND NOT (d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
                   AND d.objid OPERATOR(pg_catalog.=) (SELECT e.oid FROM pg_catalog.pg_extension AS e
                                                       WHERE e.extname OPERATOR(pg_catalog.=) 'azhunt'))
          AND NOT (d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                   AND d.objid OPERATOR(pg_catalog.=) ANY (SELECT l.oid FROM left_behind AS l))
        ORDER BY d.classid, d.objid
        LIMIT 10
    ) AS o (description);
    IF strangers IS NOT NULL THEN
        RAISE EXCEPTION 'schema azhunt has objects that do not belong to extension azhunt'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = pg_catalog.format('There are: %s.', strangers),
                  HINT = 'Drop the schema: CREATE EXTENSION makes it. Only log tables, their partitions and azhunt.loaded_files may stay, if they belong to a superuser.';
    END IF;
END
$$;

-- The hunts read the log tables, which do not exist yet.
SET LOCAL check_function_bodies = off;

-- Everybody may execute what is not revoked, also where default privileges say
-- otherwise: indexes and defaults of log tables call functions, and whoever had to
-- grant these might grant others as well.
ALTER DEFAULT PRIVILEGES IN SCHEMA azhunt GRANT EXECUTE ON ROUTINES TO PUBLIC;
