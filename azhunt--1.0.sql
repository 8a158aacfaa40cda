/* src/guard.sql */

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

/* src/kql/strings.sql */

CREATE FUNCTION azhunt.strip_port(address text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_strip_port';

COMMENT ON FUNCTION azhunt.strip_port(text) IS
'the address in host:port, [v6]:port or bare IPv6, which comes out in canonical form, or as the IPv4 address that it stands for; anything else as it is';

CREATE FUNCTION azhunt.blob_name(uri text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_blob_name';

COMMENT ON FUNCTION azhunt.blob_name(text) IS
E'KQL''s extract(@"\\/([\\w\\-. ]+)\\?", 1, uri): the name before the query string, the empty string where there is none';

CREATE FUNCTION azhunt.file_name(uri text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_file_name';

COMMENT ON FUNCTION azhunt.file_name(text) IS
'the last part of the path of a URI, percent-decoded and without query string and fragment, or of a UNC path, as it is; the empty string for a directory or a host alone';

CREATE FUNCTION azhunt.has_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_has_support';
COMMENT ON FUNCTION azhunt.has_support(internal) IS 'planner support of has()';

CREATE FUNCTION azhunt.has(string text, term text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.has_support
AS 'MODULE_PATHNAME', 'azhunt_has';

COMMENT ON FUNCTION azhunt.has(text, text) IS
'KQL''s has: the term occurs, ignoring case, and where it begins or ends with a letter or digit, none is next to it there';

/* src/kql/case_insensitive.sql */

CREATE FUNCTION azhunt.equals(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_equals';
COMMENT ON FUNCTION azhunt.equals(text, text) IS 'implementation of =~ operator';

CREATE FUNCTION azhunt.not_equals(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_not_equals';
COMMENT ON FUNCTION azhunt.not_equals(text, text) IS 'implementation of !=~ operator';

CREATE FUNCTION azhunt.less(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_less';
COMMENT ON FUNCTION azhunt.less(text, text) IS 'implementation of <~ operator';

CREATE FUNCTION azhunt.less_or_equal(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_less_or_equal';
COMMENT ON FUNCTION azhunt.less_or_equal(text, text) IS 'implementation of <=~ operator';

CREATE FUNCTION azhunt.greater(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_greater';
COMMENT ON FUNCTION azhunt.greater(text, text) IS 'implementation of >~ operator';

CREATE FUNCTION azhunt.greater_or_equal(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_greater_or_equal';
COMMENT ON FUNCTION azhunt.greater_or_equal(text, text) IS 'implementation of >=~ operator';

CREATE FUNCTION azhunt.compare(text, text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_compare';
COMMENT ON FUNCTION azhunt.compare(text, text) IS
'order of two texts by code points, ignoring case: negative, zero or positive';

CREATE FUNCTION azhunt.hash(text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hash';
COMMENT ON FUNCTION azhunt.hash(text) IS 'hash of a text, ignoring case';

CREATE FUNCTION azhunt.hash_extended(text, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hash_extended';
COMMENT ON FUNCTION azhunt.hash_extended(text, bigint) IS
'hash of a text with a seed, ignoring case';

CREATE FUNCTION azhunt.equals_selectivity(internal, oid, internal, integer)
RETURNS double precision
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_equals_selectivity';
COMMENT ON FUNCTION azhunt.equals_selectivity(internal, oid, internal, integer) IS
'restriction selectivity of =~ operator';

CREATE FUNCTION azhunt.equals_join_selectivity(internal, oid, internal, smallint, internal)
RETURNS double precision
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_equals_join_selectivity';
COMMENT ON FUNCTION azhunt.equals_join_selectivity(internal, oid, internal, smallint, internal) IS
'join selectivity of =~ operator';

CREATE OPERATOR azhunt.=~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.equals,
    COMMUTATOR = OPERATOR(azhunt.=~), NEGATOR = OPERATOR(azhunt.!=~),
    RESTRICT = azhunt.equals_selectivity, JOIN = azhunt.equals_join_selectivity,
    HASHES, MERGES
);
COMMENT ON OPERATOR azhunt.=~ (text, text) IS
'equal, ignoring case: KQL''s =~';

CREATE OPERATOR azhunt.!=~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.not_equals,
    COMMUTATOR = OPERATOR(azhunt.!=~), NEGATOR = OPERATOR(azhunt.=~),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR azhunt.!=~ (text, text) IS
'not equal, ignoring case: KQL''s !~, whose name is PostgreSQL''s own';

CREATE OPERATOR azhunt.<~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.less,
    COMMUTATOR = OPERATOR(azhunt.>~), NEGATOR = OPERATOR(azhunt.>=~),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR azhunt.<~ (text, text) IS 'less by code points, ignoring case';

CREATE OPERATOR azhunt.<=~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.less_or_equal,
    COMMUTATOR = OPERATOR(azhunt.>=~), NEGATOR = OPERATOR(azhunt.>~),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR azhunt.<=~ (text, text) IS 'less or equal by code points, ignoring case';

CREATE OPERATOR azhunt.>~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.greater,
    COMMUTATOR = OPERATOR(azhunt.<~), NEGATOR = OPERATOR(azhunt.<=~),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR azhunt.>~ (text, text) IS 'greater by code points, ignoring case';

CREATE OPERATOR azhunt.>=~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.greater_or_equal,
    COMMUTATOR = OPERATOR(azhunt.<=~), NEGATOR = OPERATOR(azhunt.<~),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR azhunt.>=~ (text, text) IS 'greater or equal by code points, ignoring case';

CREATE OPERATOR FAMILY azhunt.case_insensitive_ops USING btree;
COMMENT ON OPERATOR FAMILY azhunt.case_insensitive_ops USING btree IS
'texts ordered by code points, ignoring case';

CREATE OPERATOR CLASS azhunt.case_insensitive_ops
FOR TYPE text USING btree FAMILY azhunt.case_insensitive_ops AS
    OPERATOR 1 azhunt.<~,
    OPERATOR 2 azhunt.<=~,
    OPERATOR 3 azhunt.=~,
    OPERATOR 4 azhunt.>=~,
    OPERATOR 5 azhunt.>~,
    FUNCTION 1 azhunt.compare(text, text);
COMMENT ON OPERATOR CLASS azhunt.case_insensitive_ops USING btree IS
'for indexes that =~ uses';

CREATE OPERATOR FAMILY azhunt.case_insensitive_ops USING hash;
COMMENT ON OPERATOR FAMILY azhunt.case_insensitive_ops USING hash IS
'texts hashed ignoring case';

CREATE OPERATOR CLASS azhunt.case_insensitive_ops
FOR TYPE text USING hash FAMILY azhunt.case_insensitive_ops AS
    OPERATOR 1 azhunt.=~,
    FUNCTION 1 azhunt.hash(text),
    FUNCTION 2 azhunt.hash_extended(text, bigint);
COMMENT ON OPERATOR CLASS azhunt.case_insensitive_ops USING hash IS
'for indexes and hash joins that =~ uses';

/* src/kql/times.sql */

CREATE FUNCTION azhunt.bin("time" timestamptz, size interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin';

COMMENT ON FUNCTION azhunt.bin(timestamptz, interval) IS
'KQL''s bin(): the time rounded down to a multiple of the size since 0001-01-01 UTC; a day has 24 hours, and months are an error';

CREATE FUNCTION azhunt.bin_end("time" timestamptz, size interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_end';

COMMENT ON FUNCTION azhunt.bin_end(timestamptz, interval) IS
'the first time after the bin that the time is in: bin() plus the size';

CREATE FUNCTION azhunt.within_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_within_support';
COMMENT ON FUNCTION azhunt.within_support(internal) IS 'planner support of within(), window_start() and window_end()';

CREATE FUNCTION azhunt.within(event timestamptz, anchor timestamptz, lookback interval)
RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_within';

COMMENT ON FUNCTION azhunt.within(timestamptz, timestamptz, interval) IS
'anchor - lookback <= event <= anchor; a day has 24 hours; a lookback that is negative or has months is an error as soon as it is known, rows or not';

CREATE FUNCTION azhunt.window_start(anchor timestamptz, lookback interval)
RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_window_start';

COMMENT ON FUNCTION azhunt.window_start(timestamptz, interval) IS
'anchor - lookback, the earliest event that is within(); the earliest timestamp there is where the window reaches past it';

CREATE FUNCTION azhunt.window_end(event timestamptz, lookback interval)
RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_window_end';

COMMENT ON FUNCTION azhunt.window_end(timestamptz, interval) IS
'event + lookback, the latest anchor that the event is within() of; the latest timestamp there is where the window reaches past it';

/* src/kql/aggregates.sql */

CREATE FUNCTION azhunt.bag_pack(VARIADIC "any") RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bag_pack';

COMMENT ON FUNCTION azhunt.bag_pack("any") IS
'KQL''s bag_pack(): a jsonb object of keys and values that alternate; times become ISO 8601 in UTC';

CREATE FUNCTION azhunt.make_set_transition(internal, anyelement) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_set_transition';
COMMENT ON FUNCTION azhunt.make_set_transition(internal, anyelement) IS
'aggregate transition function';

CREATE FUNCTION azhunt.make_set_transition(internal, anyelement, integer) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_set_transition';
COMMENT ON FUNCTION azhunt.make_set_transition(internal, anyelement, integer) IS
'aggregate transition function';

CREATE FUNCTION azhunt.make_list_transition(internal, anyelement) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_list_transition';
COMMENT ON FUNCTION azhunt.make_list_transition(internal, anyelement) IS
'aggregate transition function';

CREATE FUNCTION azhunt.make_list_transition(internal, anyelement, integer) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_list_transition';
COMMENT ON FUNCTION azhunt.make_list_transition(internal, anyelement, integer) IS
'aggregate transition function';

CREATE FUNCTION azhunt.collection_combine(internal, internal) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_combine';
COMMENT ON FUNCTION azhunt.collection_combine(internal, internal) IS
'aggregate combine function';

CREATE FUNCTION azhunt.collection_serialize(internal) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_serialize';
COMMENT ON FUNCTION azhunt.collection_serialize(internal) IS
'aggregate serialization function';

CREATE FUNCTION azhunt.collection_deserialize(bytea, internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_deserialize';
COMMENT ON FUNCTION azhunt.collection_deserialize(bytea, internal) IS
'aggregate deserialization function';

CREATE FUNCTION azhunt.collection_final(internal) RETURNS jsonb
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_final';
COMMENT ON FUNCTION azhunt.collection_final(internal) IS
'aggregate final function';

CREATE FUNCTION azhunt.make_bag_transition(internal, jsonb) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_transition';
COMMENT ON FUNCTION azhunt.make_bag_transition(internal, jsonb) IS
'aggregate transition function';

CREATE FUNCTION azhunt.make_bag_transition(internal, jsonb, integer) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_transition';
COMMENT ON FUNCTION azhunt.make_bag_transition(internal, jsonb, integer) IS
'aggregate transition function';

CREATE FUNCTION azhunt.make_bag_combine(internal, internal) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_combine';
COMMENT ON FUNCTION azhunt.make_bag_combine(internal, internal) IS
'aggregate combine function';

CREATE FUNCTION azhunt.make_bag_serialize(internal) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_serialize';
COMMENT ON FUNCTION azhunt.make_bag_serialize(internal) IS
'aggregate serialization function';

CREATE FUNCTION azhunt.make_bag_deserialize(bytea, internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_deserialize';
COMMENT ON FUNCTION azhunt.make_bag_deserialize(bytea, internal) IS
'aggregate deserialization function';

CREATE FUNCTION azhunt.make_bag_final(internal) RETURNS jsonb
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_final';
COMMENT ON FUNCTION azhunt.make_bag_final(internal) IS
'aggregate final function';

CREATE AGGREGATE azhunt.make_set(anyelement) (
    SFUNC = azhunt.make_set_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.collection_final, COMBINEFUNC = azhunt.collection_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.make_set(anyelement) IS
'KQL''s make_set(): a jsonb array of the distinct values but null, at most 1048576, sorted, or in the order of an ORDER BY inside the call';

CREATE AGGREGATE azhunt.make_set(anyelement, "limit" integer) (
    SFUNC = azhunt.make_set_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.collection_final, COMBINEFUNC = azhunt.collection_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.make_set(anyelement, integer) IS
'make_set() of at most so many values: the smallest, or the first in the order of an ORDER BY inside the call';

-- What the hunts call has no polymorphic argument: a function for just the type
-- of the argument would be preferred to it.
CREATE AGGREGATE azhunt.set_of_texts(text) (
    SFUNC = azhunt.make_set_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.collection_final, COMBINEFUNC = azhunt.collection_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.set_of_texts(text) IS
'make_set() of texts, for the hunts';

CREATE AGGREGATE azhunt.set_of_bags(jsonb) (
    SFUNC = azhunt.make_set_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.collection_final, COMBINEFUNC = azhunt.collection_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.set_of_bags(jsonb) IS
'make_set() of jsonb, for the hunts';

CREATE AGGREGATE azhunt.make_list(anyelement) (
    SFUNC = azhunt.make_list_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.collection_final, COMBINEFUNC = azhunt.collection_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.make_list(anyelement) IS
'KQL''s make_list(): a jsonb array of all values but null, at most 1048576, in the order in which they come';

CREATE AGGREGATE azhunt.make_list(anyelement, "limit" integer) (
    SFUNC = azhunt.make_list_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.collection_final, COMBINEFUNC = azhunt.collection_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.make_list(anyelement, integer) IS
'make_list() of at most so many values, the first that come';

CREATE AGGREGATE azhunt.make_bag(jsonb) (
    SFUNC = azhunt.make_bag_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.make_bag_final, COMBINEFUNC = azhunt.make_bag_combine,
    SERIALFUNC = azhunt.make_bag_serialize, DESERIALFUNC = azhunt.make_bag_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.make_bag(jsonb) IS
'KQL''s make_bag(): all objects merged into one; of values of the same key the last wins in the order of an ORDER BY inside the call, without one the greatest; what is no object is skipped';

CREATE AGGREGATE azhunt.make_bag(jsonb, "limit" integer) (
    SFUNC = azhunt.make_bag_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.make_bag_final, COMBINEFUNC = azhunt.make_bag_combine,
    SERIALFUNC = azhunt.make_bag_serialize, DESERIALFUNC = azhunt.make_bag_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.make_bag(jsonb, integer) IS
'make_bag() of at most so many keys: the smallest, or the first in the order of an ORDER BY inside the call';

/* src/logs/descriptions.sql */

-- written by script/make-log-tables from src/logs/tables
CREATE FUNCTION azhunt.log_table_schemas()
RETURNS TABLE (log_table text, kusto_schema text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.log_table, t.kusto_schema
    FROM (VALUES
        ('aadmanagedidentitysigninlogs', '
            TimeGenerated:datetime, IPAddress:string, ServicePrincipalName:string, ServicePrincipalId:string,
            UserAgent:string, ResultType:string, AADTenantId:string, Agent:string, AppId:string,
            AppOwnerTenantId:string, AuthenticationContextClassReferences:string,
            AuthenticationProcessingDetails:string, Category:string, ClientCredentialType:string,
            ConditionalAccessAudiences:string, ConditionalAccessPolicies:string, ConditionalAccessStatus:string,
            CorrelationId:string, CreatedDateTime:datetime, DurationMs:long, FederatedCredentialId:string, Id:string,
            Identity:string, Level:string, Location:string, LocationDetails:string, ManagedServiceIdentity:string,
            NetworkLocationDetails:string, OperationName:string, OperationVersion:string, ResourceDisplayName:string,
            ResourceGroup:string, ResourceIdentity:string, ResourceOwnerTenantId:string,
            ResourceServicePrincipalId:string, ResultDescription:string, ResultSignature:string,
            ServicePrincipalCredentialKeyId:string, ServicePrincipalCredentialThumbprint:string, SessionId:string,
            SourceAppClientId:string, UniqueTokenIdentifier:string, SourceSystem:string, TenantId:string, Type:string,
            _BilledSize:real, _IsBillable:string, _ResourceId:string, _SubscriptionId:string'),
        ('aadnoninteractiveusersigninlogs', '
            TimeGenerated:datetime, IPAddress:string, UserPrincipalName:string, UserAgent:string, ResultType:string,
            AppDisplayName:string, AADTenantId:string, Agent:string, AlternateSignInName:string, AppId:string,
            AppliedConditionalAccessPolicies:string, AppliedEventListeners:dynamic, AppOwnerTenantId:string,
            AuthenticationContextClassReferences:string, AuthenticationDetails:string,
            AuthenticationMethodsUsed:string, AuthenticationProcessingDetails:string, AuthenticationProtocol:string,
            AuthenticationRequirement:string, AuthenticationRequirementPolicies:string,
            AuthenticatorAppLocation:string, AutonomousSystemNumber:string, Category:string, ClientAppUsed:string,
            ClientCredentialType:string, ClientSessionId:string, ConditionalAccessAudiences:string,
            ConditionalAccessPolicies:string, ConditionalAccessStatus:string, CorrelationId:string,
            CreatedDateTime:datetime, CrossTenantAccessType:string, DeviceDetail:string, DurationMs:long,
            FederatedCredentialId:string, FlaggedForReview:bool, GlobalSecureAccessIpAddress:string,
            HomeTenantId:string, HomeTenantName:string, Id:string, Identity:string, IncomingTokenType:string,
            IPAddressFromResourceProvider:string, IsInteractive:bool, IsRisky:bool, IsTenantRestricted:bool,
            IsThroughGlobalSecureAccess:bool, Level:string, Location:string, LocationDetails:string, MfaDetail:string,
            NetworkLocationDetails:string, OperationName:string, OperationVersion:string, OriginalRequestId:string,
            OriginalTransferMethod:string, ProcessingTimeInMs:string, ResourceDisplayName:string, ResourceGroup:string,
            ResourceIdentity:string, ResourceOwnerTenantId:string, ResourceServicePrincipalId:string,
            ResourceTenantId:string, ResultDescription:string, ResultSignature:string, RiskDetail:string,
            RiskEventTypes:string, RiskEventTypes_V2:string, RiskLevel:string, RiskLevelAggregated:string,
            RiskLevelDuringSignIn:string, RiskState:string, ServicePrincipalId:string, SessionId:string,
            SessionLifetimePolicies:string, SignInEventTypes:string, SignInIdentifierType:string, Status:string,
            TokenIssuerName:string, TokenIssuerType:string, TokenProtectionStatusDetails:string,
            UniqueTokenIdentifier:string, UserDisplayName:string, UserId:string, UserType:string, SourceSystem:string,
            TenantId:string, Type:string, _BilledSize:real, _IsBillable:string, _ResourceId:string,
            _SubscriptionId:string'),
        ('aadserviceprincipalsigninlogs', '
            TimeGenerated:datetime, IPAddress:string, ServicePrincipalName:string, ServicePrincipalId:string,
            UserAgent:string, ResultType:string, AADTenantId:string, Agent:string, AppId:string,
            AppOwnerTenantId:string, AuthenticationContextClassReferences:string,
            AuthenticationProcessingDetails:string, AutonomousSystemNumber:string, Category:string,
            ClientCredentialType:string, ConditionalAccessAudiences:string, ConditionalAccessPolicies:string,
            ConditionalAccessStatus:string, CorrelationId:string, CreatedDateTime:datetime, DurationMs:long,
            FederatedCredentialId:string, Id:string, Identity:string, Level:string, Location:string,
            LocationDetails:string, NetworkLocationDetails:string, OperationName:string, OperationVersion:string,
            ResourceDisplayName:string, ResourceGroup:string, ResourceIdentity:string, ResourceOwnerTenantId:string,
            ResourceServicePrincipalId:string, ResultDescription:string, ResultSignature:string,
            ServicePrincipalCredentialKeyId:string, ServicePrincipalCredentialThumbprint:string, SessionId:string,
            UniqueTokenIdentifier:string, SourceSystem:string, TenantId:string, Type:string, _BilledSize:real,
            _IsBillable:string, _ResourceId:string, _SubscriptionId:string'),
        ('auditlogs', '
            TimeGenerated:datetime, OperationName:string, InitiatedBy:dynamic, TargetResources:dynamic, Result:string,
            CorrelationId:string, AADOperationType:string, AADTenantId:string, ActivityDateTime:datetime,
            ActivityDisplayName:string, AdditionalDetails:dynamic, Category:string, DurationMs:long, Id:string,
            Identity:string, Level:string, Location:string, LoggedByService:string, OperationVersion:string,
            Resource:string, ResourceGroup:string, ResourceId:string, ResourceProvider:string,
            ResultDescription:string, ResultReason:string, ResultSignature:string, ResultType:string,
            SourceSystem:string, TenantId:string, Type:string, _BilledSize:real, _IsBillable:string,
            _ResourceId:string, _SubscriptionId:string'),
        ('azureactivity', '
            TimeGenerated:datetime, Caller:string, OperationNameValue:string, ActivityStatusValue:string,
            ResourceGroup:string, ActivityStatus:string, ActivitySubstatus:string, ActivitySubstatusValue:string,
            Authorization:string, Authorization_d:dynamic, CallerIpAddress:string, Category:string,
            CategoryValue:string, Claims:string, Claims_d:dynamic, CorrelationId:string, EventDataId:string,
            EventSubmissionTimestamp:datetime, Hierarchy:string, HTTPRequest:string, Level:string, OperationId:string,
            OperationName:string, Properties:string, Properties_d:dynamic, Resource:string, ResourceId:string,
            ResourceProvider:string, ResourceProviderValue:string, SubscriptionId:string, SourceSystem:string,
            TenantId:string, Type:string, _BilledSize:real, _IsBillable:string, _ResourceId:string,
            _SubscriptionId:string'),
        ('signinlogs', '
            TimeGenerated:datetime, IPAddress:string, UserPrincipalName:string, UserAgent:string, ResultType:string,
            AppDisplayName:string, AADTenantId:string, Agent:string, AlternateSignInName:string, AppId:string,
            AppliedConditionalAccessPolicies:string, AppliedEventListeners:dynamic, AppOwnerTenantId:string,
            AuthenticationContextClassReferences:string, AuthenticationDetails:string,
            AuthenticationMethodsUsed:string, AuthenticationProcessingDetails:string, AuthenticationProtocol:string,
            AuthenticationRequirement:string, AuthenticationRequirementPolicies:string,
            AuthenticatorAppLocation:string, AutonomousSystemNumber:string, Category:string, ClientAppUsed:string,
            ClientCredentialType:string, ClientSessionId:string, ConditionalAccessAudiences:string,
            ConditionalAccessPolicies:dynamic, ConditionalAccessStatus:string, CorrelationId:string,
            CreatedDateTime:datetime, CrossTenantAccessType:string, DeviceDetail:dynamic, DurationMs:long,
            FederatedCredentialId:string, FlaggedForReview:bool, GlobalSecureAccessIpAddress:string,
            HomeTenantId:string, HomeTenantName:string, Id:string, Identity:string, IncomingTokenType:string,
            IPAddressFromResourceProvider:string, IsInteractive:bool, IsRisky:bool, IsTenantRestricted:bool,
            IsThroughGlobalSecureAccess:bool, Level:string, Location:string, LocationDetails:dynamic,
            MfaDetail:dynamic, NetworkLocationDetails:string, OperationName:string, OperationVersion:string,
            OriginalRequestId:string, OriginalTransferMethod:string, ProcessingTimeInMilliseconds:string,
            Resource:string, ResourceDisplayName:string, ResourceGroup:string, ResourceId:string,
            ResourceIdentity:string, ResourceOwnerTenantId:string, ResourceProvider:string,
            ResourceServicePrincipalId:string, ResourceTenantId:string, ResultDescription:string,
            ResultSignature:string, RiskDetail:string, RiskEventTypes:string, RiskEventTypes_V2:string,
            RiskLevel:string, RiskLevelAggregated:string, RiskLevelDuringSignIn:string, RiskState:string,
            ServicePrincipalId:string, ServicePrincipalName:string, SessionId:string, SessionLifetimePolicies:string,
            SignInEventTypes:string, SignInIdentifier:string, SignInIdentifierType:string, Status:dynamic,
            TokenIssuerName:string, TokenIssuerType:string, TokenProtectionStatusDetails:dynamic,
            UniqueTokenIdentifier:string, UserDisplayName:string, UserId:string, UserType:string, SourceSystem:string,
            TenantId:string, Type:string, _BilledSize:real, _IsBillable:string, _ResourceId:string,
            _SubscriptionId:string'),
        ('storagebloblogs', '
            TimeGenerated:datetime, OperationName:string, StatusText:string, StatusCode:string, CallerIpAddress:string,
            Uri:string, UserAgentHeader:string, AccountName:string, CorrelationId:string, AccessTier:string,
            AuthenticationHash:string, AuthenticationType:string, AuthorizationDetails:dynamic, Category:string,
            ClientRequestId:string, ConditionsUsed:string, ContentLengthHeader:long, DestinationUri:string,
            DurationMs:real, Etag:string, LastModifiedTime:datetime, Location:string, MetricResponseType:string,
            ObjectKey:string, OperationCount:int, OperationVersion:string, Protocol:string, ReferrerHeader:string,
            RehydratePriority:string, RequestBodySize:long, RequesterAppId:string, RequesterAudience:string,
            RequesterObjectId:string, RequesterTenantId:string, RequesterTokenIssuer:string, RequesterUpn:string,
            RequestHeaderSize:long, RequestMd5:string, ResponseBodySize:long, ResponseHeaderSize:long,
            ResponseMd5:string, SasExpiryStatus:string, SchemaVersion:string, ServerLatencyMs:real, ServiceType:string,
            SourceAccessTier:string, SourceUri:string, TlsVersion:string, SourceSystem:string, TenantId:string,
            Type:string, _BilledSize:real, _IsBillable:string, _ResourceId:string, _SubscriptionId:string'),
        ('storagefilelogs', '
            TimeGenerated:datetime, OperationName:string, StatusText:string, StatusCode:string, CallerIpAddress:string,
            Uri:string, UserAgentHeader:string, AccountName:string, CorrelationId:string, AuthenticationHash:string,
            AuthenticationType:string, AuthorizationDetails:dynamic, Category:string, ClientRequestId:string,
            ConditionsUsed:string, ContentLengthHeader:long, DurationMs:real, Etag:string, LastModifiedTime:datetime,
            Location:string, MetricResponseType:string, ObjectKey:string, OperationCount:int, OperationVersion:string,
            Protocol:string, ReferrerHeader:string, RequestBodySize:long, RequesterAppId:string,
            RequesterAudience:string, RequesterObjectId:string, RequesterTenantId:string, RequesterTokenIssuer:string,
            RequesterUpn:string, RequesterUserName:string, RequestHeaderSize:long, RequestMd5:string,
            ResponseBodySize:long, ResponseHeaderSize:long, ResponseMd5:string, SchemaVersion:string,
            ServerLatencyMs:real, ServiceType:string, SmbCommandDetail:string, SmbCommandMajor:int,
            SmbCommandMinor:string, SmbCreditsConsumed:int, SmbFileId:long, SmbMessageID:long,
            SmbPersistentHandleID:long, SmbPrimarySID:string, SmbSessionID:long, SmbTreeConnectID:int,
            SmbVolatileHandleID:long, TlsVersion:string, SourceSystem:string, TenantId:string, Type:string,
            _BilledSize:real, _IsBillable:string, _ResourceId:string, _SubscriptionId:string'),
        ('storagequeuelogs', '
            TimeGenerated:datetime, OperationName:string, StatusText:string, StatusCode:string, CallerIpAddress:string,
            Uri:string, UserAgentHeader:string, AccountName:string, CorrelationId:string, AuthenticationHash:string,
            AuthenticationType:string, AuthorizationDetails:dynamic, Category:string, ClientRequestId:string,
            ConditionsUsed:string, ContentLengthHeader:long, DurationMs:real, Etag:string, LastModifiedTime:datetime,
            Location:string, MetricResponseType:string, ObjectKey:string, OperationCount:int, OperationVersion:string,
            Protocol:string, ReferrerHeader:string, RequestBodySize:long, RequesterAppId:string,
            RequesterAudience:string, RequesterObjectId:string, RequesterTenantId:string, RequesterTokenIssuer:string,
            RequesterUpn:string, RequestHeaderSize:long, RequestMd5:string, ResponseBodySize:long,
            ResponseHeaderSize:long, ResponseMd5:string, SasExpiryStatus:string, SchemaVersion:string,
            ServerLatencyMs:real, ServiceType:string, TlsVersion:string, SourceSystem:string, TenantId:string,
            Type:string, _BilledSize:real, _IsBillable:string, _ResourceId:string, _SubscriptionId:string'),
        ('storagetablelogs', '
            TimeGenerated:datetime, OperationName:string, StatusText:string, StatusCode:string, CallerIpAddress:string,
            Uri:string, UserAgentHeader:string, AccountName:string, CorrelationId:string, AuthenticationHash:string,
            AuthenticationType:string, AuthorizationDetails:dynamic, Category:string, ClientRequestId:string,
            ConditionsUsed:string, ContentLengthHeader:long, DurationMs:real, Etag:string, LastModifiedTime:datetime,
            Location:string, MetricResponseType:string, ObjectKey:string, OperationCount:int, OperationVersion:string,
            Protocol:string, ReferrerHeader:string, RequestBodySize:long, RequesterAppId:string,
            RequesterAudience:string, RequesterObjectId:string, RequesterTenantId:string, RequesterTokenIssuer:string,
            RequesterUpn:string, RequestHeaderSize:long, RequestMd5:string, ResponseBodySize:long,
            ResponseHeaderSize:long, ResponseMd5:string, SasExpiryStatus:string, SchemaVersion:string,
            ServerLatencyMs:real, ServiceType:string, TlsVersion:string, SourceSystem:string, TenantId:string,
            Type:string, _BilledSize:real, _IsBillable:string, _ResourceId:string, _SubscriptionId:string')
    ) AS t (log_table, kusto_schema);
END;

COMMENT ON FUNCTION azhunt.log_table_schemas() IS
'the log tables and their columns as Microsoft documents them, in the form of Kusto''s .create table';

CREATE FUNCTION azhunt.log_table_indexes()
RETURNS TABLE (log_table text, index_name text, definition text, purpose text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT i.log_table, i.index_name, i.definition, i.purpose
    FROM (VALUES
        ('aadmanagedidentitysigninlogs', 'aadmanagedidentitysigninlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period; what arrived in a period'),
        ('aadmanagedidentitysigninlogs', 'aadmanagedidentitysigninlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('aadmanagedidentitysigninlogs', 'aadmanagedidentitysigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from one address, in its window'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from the address of one upload, in its window'),
        ('aadserviceprincipalsigninlogs', 'aadserviceprincipalsigninlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period; what arrived in a period'),
        ('aadserviceprincipalsigninlogs', 'aadserviceprincipalsigninlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('aadserviceprincipalsigninlogs', 'aadserviceprincipalsigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from one address, in its window'),
        ('auditlogs', 'auditlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'changes of a period; what arrived in a period'),
        ('auditlogs', 'auditlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('azureactivity', 'azureactivity_cloudshell_idx',
         'USING btree (timegenerated) INCLUDE (caller, resourcegroup) WHERE operationnamevalue OPERATOR(azhunt.=~) ''Microsoft.Storage/storageAccounts/listKeys/action'' AND (activitystatusvalue OPERATOR(azhunt.=~) ''Success'' OR activitystatusvalue OPERATOR(azhunt.=~) ''Succeeded'')',
         'the few operations that may be the start of a Cloud Shell'),
        ('azureactivity', 'azureactivity_caller_idx',
         'USING btree ((coalesce(caller, '''')), timegenerated)',
         'operations of one caller in one hour'),
        ('azureactivity', 'azureactivity_ingestedat_idx',
         'USING brin (ingestedat, timegenerated) WITH (autosummarize = on)',
         'what arrived in a period'),
        ('azureactivity', 'azureactivity_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('signinlogs', 'signinlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('signinlogs', 'signinlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('signinlogs', 'signinlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from the address of one upload, in its window'),
        ('storagebloblogs', 'storagebloblogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'uploads of a period; what arrived in a period'),
        ('storagebloblogs', 'storagebloblogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated) WHERE azhunt.is_upload(operationname)',
         'uploads from the address of one new sign-in, after it'),
        ('storagebloblogs', 'storagebloblogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('storagefilelogs', 'storagefilelogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'uploads of a period; what arrived in a period'),
        ('storagefilelogs', 'storagefilelogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated) WHERE azhunt.is_upload(operationname)',
         'uploads from the address of one new sign-in, after it'),
        ('storagefilelogs', 'storagefilelogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('storagequeuelogs', 'storagequeuelogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'requests of a period; what arrived in a period'),
        ('storagequeuelogs', 'storagequeuelogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated)',
         'requests to queues from one address, in its window'),
        ('storagequeuelogs', 'storagequeuelogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('storagetablelogs', 'storagetablelogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'requests of a period; what arrived in a period'),
        ('storagetablelogs', 'storagetablelogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated)',
         'requests to tables from one address, in its window'),
        ('storagetablelogs', 'storagetablelogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt')
    ) AS i (log_table, index_name, definition, purpose);
END;

COMMENT ON FUNCTION azhunt.log_table_indexes() IS
'the indexes of the log tables, and what each is there for';

-- A string, unlike BEGIN ATOMIC, is not stored as a tree of nodes, which has
-- every letter as a number.
CREATE FUNCTION azhunt.log_table_descriptions()
RETURNS TABLE (log_table text, comment text, column_comments text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.log_table, d.comment, d.column_comments || 'sourcesystem: kind of agent that collected the record, such as Azure
tenantid: id of the Log Analytics workspace, not of the tenant in Entra
type: name of the log table
_billedsize: bytes that Log Analytics bills for the record
_isbillable: whether Log Analytics bills for the record
_resourceid: resource that the record is about, in lower case
_subscriptionid: subscription of that resource
additionalfields: what a record brought that no other column takes
ingestedat: when the row arrived here
ingestxid: id of the transaction that brought the row
'
    FROM (VALUES
        ('aadmanagedidentitysigninlogs', 'sign-ins of managed identities of Azure resources', '
timegenerated: when Entra processed the sign-in, a minute or two after CreatedDateTime
ipaddress: address that the sign-in came from
serviceprincipalname: name of the managed identity
serviceprincipalid: service principal of the managed identity
useragent: program that the client says it is
resulttype: 0 if the sign-in succeeded, else the number of the error
aadtenantid: tenant in which the sign-in was recorded
agent: what is known of an AI agent that signed in
appid: application that signed in
appownertenantid: tenant that owns the application
authenticationcontextclassreferences: authentication contexts that were required
authenticationprocessingdetails: facts about how the sign-in was processed, such as the library of the client
category: category in the diagnostic setting
clientcredentialtype: kind of credential that the client proved itself with
conditionalaccessaudiences: services that conditional access was evaluated for
conditionalaccesspolicies: each policy of conditional access and what came of it
conditionalaccessstatus: outcome of conditional access: success, failure or notApplied
correlationid: id that the client gave what it does, shared by sign-ins of one attempt
createddatetime: when the sign-in began
durationms: milliseconds; 0 in most records
federatedcredentialid: id of the federated credential that was used
id: id of the sign-in
identity: display name of who or what signed in
level: severity of the record, as a number
location: country or region of the address
locationdetails: city, state, country and coordinates of the address
managedserviceidentity: the managed identity, and the Azure resource that it belongs to
networklocationdetails: named locations that the address belongs to
operationname: always Sign-in activity
operationversion: version of the operation
resourcedisplayname: name of the service that was signed in to
resourcegroup: resource group that the record belongs to
resourceidentity: id of the service that was signed in to
resourceownertenantid: tenant that owns the service that was signed in to
resourceserviceprincipalid: service principal of the service that was signed in to
resultdescription: why the sign-in failed
resultsignature: outcome in one word, where there is one
serviceprincipalcredentialkeyid: id of the key or certificate that the service principal used
serviceprincipalcredentialthumbprint: thumbprint of the certificate that the service principal used
sessionid: id of the session, shared by what one sign-in led to
sourceappclientid: application on whose behalf the identity signed in
uniquetokenidentifier: id of the token that was issued, which other logs repeat
'),
        ('aadnoninteractiveusersigninlogs', 'sign-ins by clients on behalf of a user', '
timegenerated: when Entra processed the sign-in, a minute or two after CreatedDateTime
ipaddress: address that the sign-in came from
userprincipalname: name with which the user signed in
useragent: browser or program that the client says it is
resulttype: 0 if the sign-in succeeded, else the number of the error
appdisplayname: name of the application that was signed in to
aadtenantid: tenant in which the sign-in was recorded
agent: what is known of an AI agent that signed in
alternatesigninname: other name that identified the user, such as a telephone number
appid: application that was signed in to
appliedconditionalaccesspolicies: policies of conditional access that were applied, as text
appliedeventlisteners: extensions of the sign-in that were called, such as custom claims providers
appownertenantid: tenant that owns the application
authenticationcontextclassreferences: authentication contexts that were required
authenticationdetails: each step of authentication, its method and its outcome
authenticationmethodsused: methods of authentication that were used
authenticationprocessingdetails: facts about how the sign-in was processed, such as the library of the client
authenticationprotocol: protocol or grant, such as deviceCode or ropc
authenticationrequirement: whether one factor or several were required
authenticationrequirementpolicies: what required several factors
authenticatorapplocation: place that the authenticator app reported
autonomoussystemnumber: number of the network that the address belongs to
category: category in the diagnostic setting
clientappused: kind of client: browser, mobile or desktop client, or an old protocol
clientcredentialtype: kind of credential that the client proved itself with
clientsessionid: id of the session at the client
conditionalaccessaudiences: services that conditional access was evaluated for
conditionalaccesspolicies: each policy of conditional access and what came of it
conditionalaccessstatus: outcome of conditional access: success, failure or notApplied
correlationid: id that the client gave what it does, shared by sign-ins of one attempt
createddatetime: when the sign-in began
crosstenantaccesstype: how a user of another tenant came in, such as b2bCollaboration
devicedetail: device, its operating system, browser and state of management
durationms: milliseconds; 0 in most records
federatedcredentialid: id of the federated credential that was used
flaggedforreview: whether somebody asked an administrator to look at the sign-in
globalsecureaccessipaddress: address of Global Secure Access that the sign-in came through
hometenantid: tenant that the user belongs to
hometenantname: name of the tenant that the user belongs to
id: id of the sign-in
identity: display name of who or what signed in
incomingtokentype: kinds of token that were presented, such as primaryRefreshToken
ipaddressfromresourceprovider: address that the service saw which was signed in to
isinteractive: whether a person took part in the sign-in
isrisky: whether the sign-in was found risky
istenantrestricted: whether tenant restrictions applied
isthroughglobalsecureaccess: whether the sign-in came through Global Secure Access
level: severity of the record, as a number
location: country or region of the address
locationdetails: city, state, country and coordinates of the address
mfadetail: method of multifactor authentication, and what it was sent to
networklocationdetails: named locations that the address belongs to
operationname: always Sign-in activity
operationversion: version of the operation
originalrequestid: id of the first request of the sign-in
originaltransfermethod: how the authentication was first handed to this device, such as deviceCodeFlow
processingtimeinms: milliseconds that Entra took
resourcedisplayname: name of the service that was signed in to
resourcegroup: resource group that the record belongs to
resourceidentity: id of the service that was signed in to
resourceownertenantid: tenant that owns the service that was signed in to
resourceserviceprincipalid: service principal of the service that was signed in to
resourcetenantid: tenant of the service that was signed in to
resultdescription: why the sign-in failed
resultsignature: outcome in one word, where there is one
riskdetail: why the risk is what it is, such as a decision of an administrator
riskeventtypes: kinds of risk that were detected, in the older form
riskeventtypes_v2: kinds of risk that were detected
risklevel: level of risk
risklevelaggregated: level of risk of all that is known about the sign-in
risklevelduringsignin: level of risk that was known while the sign-in went on
riskstate: whether the risk was confirmed, remediated or dismissed
serviceprincipalid: service principal that signed in
sessionid: id of the session, shared by what one sign-in led to
sessionlifetimepolicies: policies that limited how long the session lasts
signineventtypes: kinds of sign-in, such as nonInteractiveUser
signinidentifiertype: kind of name that the user typed
status: number and reason of an error, and more about the outcome
tokenissuername: name of the identity provider that issued the token
tokenissuertype: kind of identity provider: Entra or a federated one
tokenprotectionstatusdetails: whether the token was bound to the device
uniquetokenidentifier: id of the token that was issued, which other logs repeat
userdisplayname: display name of the user
userid: id of the user in Entra
usertype: member or guest
'),
        ('aadserviceprincipalsigninlogs', 'sign-ins of applications with a secret, certificate or federated credential of their own', '
timegenerated: when Entra processed the sign-in, a minute or two after CreatedDateTime
ipaddress: address that the sign-in came from
serviceprincipalname: name of the service principal that signed in
serviceprincipalid: service principal that signed in
useragent: program that the client says it is
resulttype: 0 if the sign-in succeeded, else the number of the error
aadtenantid: tenant in which the sign-in was recorded
agent: what is known of an AI agent that signed in
appid: application that signed in
appownertenantid: tenant that owns the application
authenticationcontextclassreferences: authentication contexts that were required
authenticationprocessingdetails: facts about how the sign-in was processed, such as the library of the client
autonomoussystemnumber: number of the network that the address belongs to
category: category in the diagnostic setting
clientcredentialtype: kind of credential that the client proved itself with
conditionalaccessaudiences: services that conditional access was evaluated for
conditionalaccesspolicies: each policy of conditional access and what came of it
conditionalaccessstatus: outcome of conditional access: success, failure or notApplied
correlationid: id that the client gave what it does, shared by sign-ins of one attempt
createddatetime: when the sign-in began
durationms: milliseconds; 0 in most records
federatedcredentialid: id of the federated credential that was used
id: id of the sign-in
identity: display name of who or what signed in
level: severity of the record, as a number
location: country or region of the address
locationdetails: city, state, country and coordinates of the address
networklocationdetails: named locations that the address belongs to
operationname: always Sign-in activity
operationversion: version of the operation
resourcedisplayname: name of the service that was signed in to
resourcegroup: resource group that the record belongs to
resourceidentity: id of the service that was signed in to
resourceownertenantid: tenant that owns the service that was signed in to
resourceserviceprincipalid: service principal of the service that was signed in to
resultdescription: why the sign-in failed
resultsignature: outcome in one word, where there is one
serviceprincipalcredentialkeyid: id of the key or certificate that the service principal used
serviceprincipalcredentialthumbprint: thumbprint of the certificate that the service principal used
sessionid: id of the session, shared by what one sign-in led to
uniquetokenidentifier: id of the token that was issued, which other logs repeat
'),
        ('auditlogs', 'changes to users, groups, applications, roles and policies of a tenant', '
timegenerated: when the activity was recorded
operationname: activity, such as Add member to role
initiatedby: user or application that did it
targetresources: what was changed, each with its old and new values
result: success, failure or timeout
correlationid: id that the records of one activity share
aadoperationtype: kind of change: Add, Assign, Update, Unassign, Delete
aadtenantid: tenant in which the activity was recorded
activitydatetime: when the activity happened
activitydisplayname: name of the activity for people
additionaldetails: further facts as pairs of key and value, such as the user agent
category: kind of what was changed, such as RoleManagement or UserManagement
durationms: milliseconds; 0 in most records
id: id of the record
identity: name of who or what did it
level: severity of the record, as a number
location: region that the record comes from
loggedbyservice: service of Entra that recorded the activity
operationversion: version of the operation
resource: resource that the record belongs to
resourcegroup: resource group that the record belongs to
resourceid: resource that the record belongs to: the tenant''s directory
resourceprovider: provider of the resource that the record belongs to
resultdescription: outcome in words
resultreason: why the activity failed
resultsignature: outcome in one word, where there is one
resulttype: outcome as a number or a word
'),
        ('azureactivity', 'control plane operations: creating, changing and deleting of Azure resources, and events of the platform', '
timegenerated: when the operation was recorded
caller: user, service principal or other identity that did it
operationnamevalue: operation, such as Microsoft.Compute/virtualMachines/write
activitystatusvalue: state of the operation: Start, Accept, Success, Failure
resourcegroup: resource group of the resource
activitystatus: state of the operation in words, in older records
activitysubstatus: HTTP status in words, in older records
activitysubstatusvalue: HTTP status or other detail of the state
authorization: action, scope and role that allowed the operation, as text
authorization_d: Authorization as JSON
calleripaddress: address that the operation was requested from
category: kind of event in words, in older records
categoryvalue: kind of event: Administrative, Security, Policy, ServiceHealth
claims: claims of the caller''s token, as text
claims_d: Claims as JSON
correlationid: id that the events of one operation share
eventdataid: id of the event
eventsubmissiontimestamp: when the event could be queried in Azure
hierarchy: management groups and subscription above the resource
httprequest: method, address and ids of the HTTP request
level: severity: Critical, Error, Warning, Informational
operationid: id that the events of one operation share, in older records
operationname: name of the operation for people
properties: details of the event, as text
properties_d: Properties as JSON
resource: name of the resource
resourceid: id of the resource, in older records
resourceprovider: provider of the resource in words, in older records
resourceprovidervalue: provider of the resource, such as MICROSOFT.COMPUTE
subscriptionid: subscription of the resource
'),
        ('signinlogs', 'interactive sign-ins of users', '
timegenerated: when Entra processed the sign-in, a minute or two after CreatedDateTime
ipaddress: address that the sign-in came from
userprincipalname: name with which the user signed in
useragent: browser or program that the client says it is
resulttype: 0 if the sign-in succeeded, else the number of the error
appdisplayname: name of the application that was signed in to
aadtenantid: tenant in which the sign-in was recorded
agent: what is known of an AI agent that signed in
alternatesigninname: other name that identified the user, such as a telephone number
appid: application that was signed in to
appliedconditionalaccesspolicies: policies of conditional access that were applied, as text
appliedeventlisteners: extensions of the sign-in that were called, such as custom claims providers
appownertenantid: tenant that owns the application
authenticationcontextclassreferences: authentication contexts that were required
authenticationdetails: each step of authentication, its method and its outcome
authenticationmethodsused: methods of authentication that were used
authenticationprocessingdetails: facts about how the sign-in was processed, such as the library of the client
authenticationprotocol: protocol or grant, such as deviceCode or ropc
authenticationrequirement: whether one factor or several were required
authenticationrequirementpolicies: what required several factors
authenticatorapplocation: place that the authenticator app reported
autonomoussystemnumber: number of the network that the address belongs to
category: category in the diagnostic setting
clientappused: kind of client: browser, mobile or desktop client, or an old protocol
clientcredentialtype: kind of credential that the client proved itself with
clientsessionid: id of the session at the client
conditionalaccessaudiences: services that conditional access was evaluated for
conditionalaccesspolicies: each policy of conditional access and what came of it
conditionalaccessstatus: outcome of conditional access: success, failure or notApplied
correlationid: id that the client gave what it does, shared by sign-ins of one attempt
createddatetime: when the sign-in began
crosstenantaccesstype: how a user of another tenant came in, such as b2bCollaboration
devicedetail: device, its operating system, browser and state of management
durationms: milliseconds; 0 in most records
federatedcredentialid: id of the federated credential that was used
flaggedforreview: whether somebody asked an administrator to look at the sign-in
globalsecureaccessipaddress: address of Global Secure Access that the sign-in came through
hometenantid: tenant that the user belongs to
hometenantname: name of the tenant that the user belongs to
id: id of the sign-in
identity: display name of who or what signed in
incomingtokentype: kinds of token that were presented, such as primaryRefreshToken
ipaddressfromresourceprovider: address that the service saw which was signed in to
isinteractive: whether a person took part in the sign-in
isrisky: whether the sign-in was found risky
istenantrestricted: whether tenant restrictions applied
isthroughglobalsecureaccess: whether the sign-in came through Global Secure Access
level: severity of the record, as a number
location: country or region of the address
locationdetails: city, state, country and coordinates of the address
mfadetail: method of multifactor authentication, and what it was sent to
networklocationdetails: named locations that the address belongs to
operationname: always Sign-in activity
operationversion: version of the operation
originalrequestid: id of the first request of the sign-in
originaltransfermethod: how the authentication was first handed to this device, such as deviceCodeFlow
processingtimeinmilliseconds: milliseconds that Entra took
resource: resource that the record belongs to
resourcedisplayname: name of the service that was signed in to
resourcegroup: resource group that the record belongs to
resourceid: resource that the record belongs to: the tenant''s directory
resourceidentity: id of the service that was signed in to
resourceownertenantid: tenant that owns the service that was signed in to
resourceprovider: provider of the resource that the record belongs to
resourceserviceprincipalid: service principal of the service that was signed in to
resourcetenantid: tenant of the service that was signed in to
resultdescription: why the sign-in failed
resultsignature: outcome in one word, where there is one
riskdetail: why the risk is what it is, such as a decision of an administrator
riskeventtypes: kinds of risk that were detected, in the older form
riskeventtypes_v2: kinds of risk that were detected
risklevel: level of risk
risklevelaggregated: level of risk of all that is known about the sign-in
risklevelduringsignin: level of risk that was known while the sign-in went on
riskstate: whether the risk was confirmed, remediated or dismissed
serviceprincipalid: service principal that signed in
serviceprincipalname: name of the service principal that signed in
sessionid: id of the session, shared by what one sign-in led to
sessionlifetimepolicies: policies that limited how long the session lasts
signineventtypes: kinds of sign-in, such as nonInteractiveUser
signinidentifier: name that the user typed
signinidentifiertype: kind of name that the user typed
status: number and reason of an error, and more about the outcome
tokenissuername: name of the identity provider that issued the token
tokenissuertype: kind of identity provider: Entra or a federated one
tokenprotectionstatusdetails: whether the token was bound to the device
uniquetokenidentifier: id of the token that was issued, which other logs repeat
userdisplayname: display name of the user
userid: id of the user in Entra
usertype: member or guest
'),
        ('storagebloblogs', 'requests to blobs and to Data Lake Storage Gen2, one row each', '
timegenerated: when the storage service received the request
operationname: operation, such as PutBlob or GetBlob
statustext: outcome in words: Success, or the code of an error
statuscode: HTTP status, or that of NFS or SFTP
calleripaddress: address that the request came from, over REST with its port
uri: blob or container that was requested, with the query
useragentheader: program that the client says it is
accountname: storage account
correlationid: id that logs of other services about the same request share
accesstier: tier that the blob has, such as Hot or Archive
authenticationhash: hash of the key, signature or token that the request was authorized with
authenticationtype: how the request was authorized: AccountKey, SAS, OAuth, Anonymous
authorizationdetails: actions that were checked, and the role assignments that granted or denied them
category: StorageRead, StorageWrite or StorageDelete
clientrequestid: id that the client gave the request
conditionsused: conditions of the request, such as If-None-Match=*
contentlengthheader: Content-Length that the client sent, in bytes
destinationuri: where a copy goes
durationms: milliseconds from the first byte of the request to the last of the answer, network included
etag: version of the object, as the service returned it
lastmodifiedtime: when the object was changed last
location: Azure region of the storage account
metricresponsetype: outcome as the metrics of the account count it
objectkey: path of the object: account, container and name
operationcount: place of this operation among those of one request, counted from 0
operationversion: version of the REST API
protocol: HTTP, HTTPS, NFS or SFTP
referrerheader: page that led to the request, as the client says
rehydratepriority: how urgently an archived blob is brought back
requestbodysize: bytes of the request''s body that the service read
requesterappid: application that the token was issued to
requesteraudience: service that the token was issued for
requesterobjectid: id in Entra of the user or service principal with the token
requestertenantid: tenant of that user or service principal
requestertokenissuer: who issued the token
requesterupn: user principal name of the user with the token
requestheadersize: bytes of the request''s headers
requestmd5: MD5 of the content, as the client sent it
responsebodysize: bytes of the answer''s body
responseheadersize: bytes of the answer''s headers
responsemd5: MD5 of the content, as the service computed it
sasexpirystatus: whether the shared access signature lives longer than the account''s policy allows
schemaversion: version of the form of this record
serverlatencyms: milliseconds that the service itself took, network excluded
servicetype: blob, file, queue or table
sourceaccesstier: tier of the blob that is copied
sourceuri: what is copied
tlsversion: version of TLS of the connection
'),
        ('storagefilelogs', 'requests to file shares over REST, SMB and NFS, one row each', '
timegenerated: when the storage service received the request
operationname: REST operation, or SMB or NFS command, such as PutBlob
statustext: outcome in words: Success, or the code of an error
statuscode: HTTP status, or that of SMB or NFS
calleripaddress: address that the request came from; over REST with its port
uri: what was requested; over SMB a UNC path
useragentheader: program that the client says it is
accountname: storage account
correlationid: id that logs of other services about the same request share
authenticationhash: hash of the key, signature or token that the request was authorized with
authenticationtype: how the request was authorized: AccountKey, SAS, OAuth, Anonymous, Kerberos
authorizationdetails: actions that were checked, and the role assignments that granted or denied them
category: StorageRead, StorageWrite or StorageDelete
clientrequestid: id that the client gave the request
conditionsused: conditions of the request, such as If-None-Match=*
contentlengthheader: Content-Length that the client sent, in bytes
durationms: milliseconds from the first byte of the request to the last of the answer, network included
etag: version of the object, as the service returned it
lastmodifiedtime: when the object was changed last
location: Azure region of the storage account
metricresponsetype: outcome as the metrics of the account count it
objectkey: path of the object: account, container and name
operationcount: place of this operation among those of one request, counted from 0
operationversion: version of the REST API, or dialect of SMB or NFS
protocol: HTTP, HTTPS, SMB or NFS
referrerheader: page that led to the request, as the client says
requestbodysize: bytes of the request''s body that the service read
requesterappid: application that the token was issued to
requesteraudience: service that the token was issued for
requesterobjectid: id in Entra of the user or service principal with the token
requestertenantid: tenant of that user or service principal
requestertokenissuer: who issued the token
requesterupn: user principal name of the user with the token
requesterusername: name of the user, over SMB
requestheadersize: bytes of the request''s headers
requestmd5: MD5 of the content, as the client sent it
responsebodysize: bytes of the answer''s body
responseheadersize: bytes of the answer''s headers
responsemd5: MD5 of the content, as the service computed it
schemaversion: version of the form of this record
serverlatencyms: milliseconds that the service itself took, network excluded
servicetype: blob, file, queue or table
smbcommanddetail: more about the SMB command
smbcommandmajor: number of the SMB command
smbcommandminor: name of what the SMB command does in particular
smbcreditsconsumed: credits of SMB that the request used up
smbfileid: id of the file or directory over SMB
smbmessageid: id of the SMB message within its connection
smbpersistenthandleid: part of the SMB handle that outlives the connection
smbprimarysid: security identifier of the user, over SMB
smbsessionid: id of the SMB session
smbtreeconnectid: id of the connection to the share within the SMB session
smbvolatilehandleid: part of the SMB handle that ends with the connection
tlsversion: version of TLS of the connection
'),
        ('storagequeuelogs', 'requests to queues, one row each', '
timegenerated: when the storage service received the request
operationname: REST operation, such as PutMessage
statustext: outcome in words: Success, or the code of an error
statuscode: HTTP status
calleripaddress: address that the request came from, with its port
uri: queue or message that was requested, with the query
useragentheader: program that the client says it is
accountname: storage account
correlationid: id that logs of other services about the same request share
authenticationhash: hash of the key, signature or token that the request was authorized with
authenticationtype: how the request was authorized: AccountKey, SAS, OAuth, Anonymous
authorizationdetails: actions that were checked, and the role assignments that granted or denied them
category: StorageRead, StorageWrite or StorageDelete
clientrequestid: id that the client gave the request
conditionsused: conditions of the request, such as If-None-Match=*
contentlengthheader: Content-Length that the client sent, in bytes
durationms: milliseconds from the first byte of the request to the last of the answer, network included
etag: version of the object, as the service returned it
lastmodifiedtime: when the object was changed last
location: Azure region of the storage account
metricresponsetype: outcome as the metrics of the account count it
objectkey: path of the object: account and queue
operationcount: place of this operation among those of one request, counted from 0
operationversion: version of the REST API
protocol: HTTP or HTTPS
referrerheader: page that led to the request, as the client says
requestbodysize: bytes of the request''s body that the service read
requesterappid: application that the token was issued to
requesteraudience: service that the token was issued for
requesterobjectid: id in Entra of the user or service principal with the token
requestertenantid: tenant of that user or service principal
requestertokenissuer: who issued the token
requesterupn: user principal name of the user with the token
requestheadersize: bytes of the request''s headers
requestmd5: MD5 of the content, as the client sent it
responsebodysize: bytes of the answer''s body
responseheadersize: bytes of the answer''s headers
responsemd5: MD5 of the content, as the service computed it
sasexpirystatus: whether the shared access signature lives longer than the account''s policy allows
schemaversion: version of the form of this record
serverlatencyms: milliseconds that the service itself took, network excluded
servicetype: blob, file, queue or table
tlsversion: version of TLS of the connection
'),
        ('storagetablelogs', 'requests to the tables of a storage account, one row each', '
timegenerated: when the storage service received the request
operationname: REST operation, such as QueryEntities
statustext: outcome in words: Success, or the code of an error
statuscode: HTTP status
calleripaddress: address that the request came from, with its port
uri: table or entity that was requested, with the query
useragentheader: program that the client says it is
accountname: storage account
correlationid: id that logs of other services about the same request share
authenticationhash: hash of the key, signature or token that the request was authorized with
authenticationtype: how the request was authorized: AccountKey, SAS, OAuth, Anonymous
authorizationdetails: actions that were checked, and the role assignments that granted or denied them
category: StorageRead, StorageWrite or StorageDelete
clientrequestid: id that the client gave the request
conditionsused: conditions of the request, such as If-None-Match=*
contentlengthheader: Content-Length that the client sent, in bytes
durationms: milliseconds from the first byte of the request to the last of the answer, network included
etag: version of the entity, as the service returned it
lastmodifiedtime: when the entity was changed last
location: Azure region of the storage account
metricresponsetype: outcome as the metrics of the account count it
objectkey: path of the object: account and table
operationcount: place of this operation among those of one request, counted from 0
operationversion: version of the REST API
protocol: HTTP or HTTPS
referrerheader: page that led to the request, as the client says
requestbodysize: bytes of the request''s body that the service read
requesterappid: application that the token was issued to
requesteraudience: service that the token was issued for
requesterobjectid: id in Entra of the user or service principal with the token
requestertenantid: tenant of that user or service principal
requestertokenissuer: who issued the token
requesterupn: user principal name of the user with the token
requestheadersize: bytes of the request''s headers
requestmd5: MD5 of the content, as the client sent it
responsebodysize: bytes of the answer''s body
responseheadersize: bytes of the answer''s headers
responsemd5: MD5 of the content, as the service computed it
sasexpirystatus: whether the shared access signature lives longer than the account''s policy allows
schemaversion: version of the form of this record
serverlatencyms: milliseconds that the service itself took, network excluded
servicetype: blob, file, queue or table
tlsversion: version of TLS of the connection
')
    ) AS d (log_table, comment, column_comments)
$$;

COMMENT ON FUNCTION azhunt.log_table_descriptions() IS
'what the log tables are, and what each of their columns says, a line each';

/* src/logs/tables.sql */

CREATE FUNCTION azhunt.ingest_xid() RETURNS bigint
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_ingest_xid';

COMMENT ON FUNCTION azhunt.ingest_xid() IS
'the 64-bit id of the current transaction, for the column ingestxid of the log tables';

CREATE FUNCTION azhunt.log_table_columns()
RETURNS TABLE (log_table text, ordinal_position bigint, column_name text, kusto_type text, data_type text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.log_table, c.ordinal_position,
           pg_catalog.lower(pg_catalog.split_part(c.definition, ':', 1)),
           pg_catalog.split_part(c.definition, ':', 2),
           CASE pg_catalog.split_part(c.definition, ':', 2)
               WHEN 'string' THEN 'text'
               WHEN 'datetime' THEN 'timestamp with time zone'
               WHEN 'dynamic' THEN 'jsonb'
               WHEN 'long' THEN 'bigint'
               WHEN 'int' THEN 'integer'
               WHEN 'real' THEN 'double precision'
               WHEN 'bool' THEN 'boolean'
           END
    FROM azhunt.log_table_schemas() AS s
    CROSS JOIN LATERAL pg_catalog.regexp_split_to_table(
        pg_catalog.btrim(s.kusto_schema, E' \n'), E',\\s+') WITH ORDINALITY AS c (definition, ordinal_position);
END;

COMMENT ON FUNCTION azhunt.log_table_columns() IS
'the columns of the log tables that come from Azure, with their types in Kusto and in PostgreSQL';

CREATE FUNCTION azhunt.missing_columns("table" regclass, log_table text)
RETURNS TABLE (column_name text, definition text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.column_name, c.definition
    FROM (
        SELECT a.column_name, a.data_type AS definition, a.ordinal_position
        FROM azhunt.log_table_columns() AS a
        WHERE a.log_table = $2
        UNION ALL
        VALUES
            ('additionalfields', 'jsonb', 10001),
            ('ingestedat', 'timestamp with time zone DEFAULT now()', 10002),
            ('ingestxid', 'bigint DEFAULT azhunt.ingest_xid()', 10003)
    ) AS c (column_name, definition, ordinal_position)
    LEFT JOIN pg_attribute AS a
    ON a.attrelid = $1 AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE a.attname IS NULL
    ORDER BY c.ordinal_position
$$;

COMMENT ON FUNCTION azhunt.missing_columns(regclass, text) IS
'columns that a log table should have and has not';

-- A column's line is "name: comment".
CREATE FUNCTION azhunt.missing_comments()
RETURNS TABLE (log_table text, column_name text, comment text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.log_table, c.column_name, c.comment
    FROM azhunt.log_table_descriptions() AS d
    JOIN pg_class AS t ON t.oid = to_regclass(format('azhunt.%I'::text, d.log_table)) AND t.relkind = 'p'
    CROSS JOIN LATERAL (
        SELECT NULL, d.comment
        UNION ALL
        SELECT split_part(l.line, ': '::text, 1), substr(l.line, strpos(l.line, ': '::text) + 2)
        FROM string_to_table(btrim(d.column_comments, E'\n'::text), E'\n'::text) AS l (line)
    ) AS c (column_name, comment)
    LEFT JOIN pg_attribute AS a
    ON a.attrelid = t.oid AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE (c.column_name IS NULL OR a.attnum IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pg_description AS e
                      WHERE e.objoid = t.oid AND e.classoid = 'pg_class'::regclass AND e.objsubid = coalesce(a.attnum, 0))
$$;

COMMENT ON FUNCTION azhunt.missing_comments() IS
'what log tables and their columns are, where no comment says it; a table itself has no column_name';

CREATE FUNCTION azhunt.create_log_tables() RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    log_table text;
    kind "char";
    item record;
    relations regclass[] := '{}';
    lock_modes text[] := '{}';
    uncommented text[] := ARRAY(SELECT DISTINCT c.log_table FROM azhunt.missing_comments() AS c);
BEGIN
    -- Tables that are there are locked all at once before the first is changed:
    -- one that waits must not keep others from using those that it has.
    -- A comment needs a lock on the table alone, beside those on its partitions.
    FOR item IN
        SELECT l.relation, l.lock_mode
        FROM (
            SELECT c.oid::regclass,
                   CASE WHEN EXISTS (SELECT FROM azhunt.missing_columns(c.oid::regclass, s.log_table))
                             OR EXISTS (SELECT FROM pg_attribute AS a
                                        WHERE a.attrelid = c.oid AND a.attname = 'ingestxid' AND NOT a.atthasdef)
                        THEN 'ACCESS EXCLUSIVE'::text
                        WHEN EXISTS (SELECT FROM azhunt.log_table_indexes() AS i
                                     WHERE i.log_table = s.log_table
                                       AND to_regclass(format('azhunt.%I', i.index_name)) IS NULL)
                        THEN 'SHARE'::text
                   END,
                   s.log_table = ANY (uncommented)
            FROM azhunt.log_table_schemas() AS s
            JOIN pg_class AS c ON c.oid = to_regclass(format('azhunt.%I', s.log_table)) AND c.relkind = 'p'
        ) AS t (relation, lock_mode, lacks_comments)
        CROSS JOIN LATERAL (
            SELECT t.relation, 'SHARE UPDATE EXCLUSIVE'::text
            WHERE t.lacks_comments AND t.lock_mode IS DISTINCT FROM 'ACCESS EXCLUSIVE'::text
            UNION ALL
            SELECT p.relation, t.lock_mode
            FROM azhunt.partition_tree(t.relation) AS p (relation)
            WHERE t.lock_mode IS NOT NULL
        ) AS l (relation, lock_mode)
    LOOP
        relations := relations || item.relation;
        lock_modes := lock_modes || item.lock_mode;
    END LOOP;
    PERFORM azhunt.lock_relations(relations, lock_modes);

    FOR log_table IN SELECT s.log_table FROM azhunt.log_table_schemas() AS s LOOP
        kind := (SELECT c.relkind FROM pg_class AS c
                 WHERE c.oid = to_regclass(format('azhunt.%I', log_table)));

        IF kind IS NULL THEN
            EXECUTE format(
                'CREATE TABLE azhunt.%I (%s) PARTITION BY RANGE (timegenerated)',
                log_table,
                (SELECT string_agg(format('%I %s', c.column_name, c.data_type)
                                   || CASE c.column_name WHEN 'timegenerated' THEN ' NOT NULL' ELSE '' END,
                                   ', ' ORDER BY c.ordinal_position)
                 FROM azhunt.log_table_columns() AS c
                 WHERE c.log_table = function.log_table));
            EXECUTE format('CREATE TABLE azhunt.%I PARTITION OF azhunt.%I DEFAULT',
                           log_table || '_default', log_table);
            RETURN NEXT format('azhunt.%I', log_table)::regclass;
            uncommented := uncommented || log_table;
        ELSIF kind <> 'p' THEN
            RAISE NOTICE 'azhunt.% is not a partitioned table, leaving it as it is', log_table;
            CONTINUE;
        END IF;

        -- a new table gets the columns that do not come from Azure, and one
        -- that an earlier version made gets what is new
        FOR item IN
            SELECT c.column_name, c.definition
            FROM azhunt.missing_columns(format('azhunt.%I', log_table)::regclass, log_table) AS c
        LOOP
            EXECUTE format('ALTER TABLE azhunt.%I ADD COLUMN %I %s',
                           log_table, item.column_name, item.definition);
            uncommented := uncommented || log_table;
        END LOOP;

        -- DROP EXTENSION ... CASCADE takes this default and some indexes along
        IF EXISTS (SELECT FROM pg_attribute AS a
                   WHERE a.attrelid = format('azhunt.%I', log_table)::regclass
                     AND a.attname = 'ingestxid' AND NOT a.atthasdef) THEN
            EXECUTE format('ALTER TABLE azhunt.%I ALTER COLUMN ingestxid SET DEFAULT azhunt.ingest_xid()',
                           log_table);
        END IF;

        FOR item IN
            SELECT i.index_name, i.definition, i.purpose
            FROM azhunt.log_table_indexes() AS i
            WHERE i.log_table = function.log_table
              AND to_regclass(format('azhunt.%I', i.index_name)) IS NULL
        LOOP
            EXECUTE format('CREATE INDEX %I ON azhunt.%I %s',
                           item.index_name, log_table, item.definition);
            EXECUTE format('COMMENT ON INDEX azhunt.%I IS %L',
                           item.index_name, item.purpose);
        END LOOP;
    END LOOP;

    -- a comment of the owner's stays
    IF uncommented <> '{}' THEN
        EXECUTE coalesce(
            (SELECT string_agg(CASE WHEN c.column_name IS NULL
                                    THEN format('COMMENT ON TABLE azhunt.%I IS %L', c.log_table, c.comment)
                                    ELSE format('COMMENT ON COLUMN azhunt.%I.%I IS %L', c.log_table, c.column_name, c.comment)
                               END, '; ')
             FROM azhunt.missing_comments() AS c), '');
    END IF;

    PERFORM azhunt.create_loaded_files();
END
$$;

COMMENT ON FUNCTION azhunt.create_log_tables() IS
'creates the log tables and the ledger of azhunt-load, which belong to the caller and not to the extension, and returns the log tables that were not there; called again, adds only columns, comments, defaults and indexes that are missing';

REVOKE EXECUTE ON FUNCTION azhunt.create_log_tables() FROM PUBLIC;

CREATE FUNCTION azhunt.partition_bounds("table" regclass)
RETURNS TABLE (partition regclass, since timestamptz, until timestamptz)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET "TimeZone" = 'UTC'
SET "DateStyle" = 'ISO, YMD'
AS $$
    SELECT c.oid::regclass,
           CASE b.bounds[1] WHEN 'MINVALUE' THEN '-infinity' ELSE btrim(b.bounds[1], '''')::timestamptz END,
           CASE b.bounds[2] WHEN 'MAXVALUE' THEN 'infinity' ELSE btrim(b.bounds[2], '''')::timestamptz END
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    -- bounds have no columns, so the partition need not be named, nor locked;
    -- and no backslashes, which mean what the session says
    CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, '0'::oid),
                                    '^FOR VALUES FROM [(](.*)[)] TO [(](.*)[)]$'::text) AS b (bounds)
    WHERE i.inhparent = $1 AND b.bounds IS NOT NULL
$$;

COMMENT ON FUNCTION azhunt.partition_bounds(regclass) IS
'the partitions, but the default one, of a table that is partitioned by range of one timestamp with time zone, each with its first time and the first time after it';

CREATE FUNCTION azhunt.partition_tree("table" regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree (relation, level) AS (
        SELECT $1::oid, 0
        UNION ALL
        SELECT i.inhrelid, t.level + 1
        FROM tree AS t
        JOIN pg_inherits AS i ON i.inhparent = t.relation
    )
    SELECT t.relation::regclass FROM tree AS t ORDER BY t.level, t.relation
$$;

COMMENT ON FUNCTION azhunt.partition_tree(regclass) IS
'a table and all partitions below it, in the order in which they are locked; unlike pg_partition_tree(regclass), it waits for no lock';

/* src/logs/locks.sql */

CREATE FUNCTION azhunt.lock_holders(relation regclass, lock_mode text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET "DateStyle" = 'ISO, YMD'
AS $$
    SELECT string_agg(h.holder, ' '::text ORDER BY h.since)
    FROM (
        SELECT CASE WHEN l.pid IS NULL
                    THEN format('Prepared transaction %L of %s uses it since %s.'::text, p.gid, p.owner, p.prepared)
                    ELSE format('Process %s of %s uses it%s.'::text, l.pid, coalesce(a.usename::text, a.backend_type),
                                ' in a transaction that began at '::text || a.xact_start::text)
               END,
               coalesce(a.xact_start, p.prepared)
        FROM pg_locks AS l
        LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        LEFT JOIN pg_locks AS x ON l.pid IS NULL AND x.pid IS NULL
                               AND x.virtualtransaction = l.virtualtransaction AND x.locktype = 'transactionid'::text
        LEFT JOIN pg_prepared_xacts AS p ON p.transaction = x.transactionid
        WHERE l.locktype = 'relation'::text
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.relation = $1::oid AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND l.mode = ANY (
              CASE $2
                  WHEN 'SHARE'::text
                  THEN '{RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[]
                  WHEN 'SHARE UPDATE EXCLUSIVE'::text
                  THEN '{ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[]
                  ELSE ARRAY[l.mode]
              END)
        ORDER BY 2
        LIMIT 3
    ) AS h (holder, since)
$$;

COMMENT ON FUNCTION azhunt.lock_holders(regclass, text) IS
'who keeps a relation from being locked, as sentences; null if nobody does';

-- The locks are taken all or none.  Those who come meanwhile queue behind an
-- attempt for less than a second, and then get their turn.
CREATE FUNCTION azhunt.lock_relations(relations regclass[], lock_modes text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own_timeout constant text := current_setting('lock_timeout'::text);
    patience integer := (SELECT s.setting::integer FROM pg_settings AS s WHERE s.name = 'lock_timeout'::text);
    deadline timestamptz;
    attempt_end timestamptz;
    attempt integer := 50;
    place integer;
BEGIN
    patience := CASE patience WHEN 0 THEN 5000 ELSE patience END;
    deadline := clock_timestamp() + patience * interval '1 ms';
    LOOP
        attempt_end := least(deadline, clock_timestamp() + attempt * interval '1 ms');
        place := 1;
        BEGIN
            WHILE place <= cardinality(relations) LOOP
                PERFORM set_config('lock_timeout'::text, greatest(1, ceil(
                    1000 * extract(epoch FROM attempt_end - clock_timestamp()))::integer)::text, true);
                EXECUTE format('LOCK TABLE ONLY %s IN %s MODE'::text, relations[place], lock_modes[place]);
                place := place + 1;
            END LOOP;
            PERFORM set_config('lock_timeout'::text, own_timeout, true);
            RETURN;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                -- all that this attempt has locked is free again
                NULL;
        END;

        IF clock_timestamp() >= deadline THEN
            RAISE EXCEPTION 'could not lock % within % ms', relations[place], patience
                USING ERRCODE = 'lock_not_available',
                      DETAIL = coalesce(azhunt.lock_holders(relations[place], lock_modes[place]),
                                        'It has been released in this moment.'),
                      HINT = 'Try again later, or SET lock_timeout to a longer time; pg_terminate_backend() ends a session that has been forgotten.';
        END IF;
        PERFORM pg_sleep(greatest(0.0, least(attempt / 1000.0,
                                             extract(epoch FROM deadline - clock_timestamp())))::double precision);
        attempt := least(2 * attempt, 800);
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.lock_relations(regclass[], text[]) IS
'locks relations, each in its mode, all or none; waits for lock_timeout, or 5 seconds if that is 0, and then tells who uses them';

/* src/logs/partitions.sql */

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
'the days in UTC, from since up to but not including until, for which a table has no partition; an error if a partition holds part of these days or more than one';

CREATE FUNCTION azhunt.moving_obstacle(partition regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH below AS (
        SELECT t.relid FROM azhunt.partition_tree($1) AS t (relid)
    ), target AS (
        SELECT a.relid FROM pg_partition_ancestors($1) AS a
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
    SELECT format('Row-level security of %s would hide rows.'::text, $1)
    WHERE row_security_active($1::oid)
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

COMMENT ON FUNCTION azhunt.moving_obstacle(regclass) IS
'why rows should not be moved out of a partition by deleting and inserting them, or null if nothing is against it';

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

    untrusted := azhunt.untrusted_below(default_tree || "table", false);
    IF untrusted.object IS NOT NULL THEN
        RAISE EXCEPTION 'partitions of % could run the code of a role that % does not trust', "table", current_user
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('The owner of %s is %s.', untrusted.object, untrusted.owner),
                  HINT = 'Change the owner.';
    END IF;
    IF default_partition IS NOT NULL THEN
        obstacle := azhunt.moving_obstacle(default_partition);
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
'adds the daily partitions, of days in UTC, from since up to but not including until, that a log table lacks; moves rows of these days out of the default partition, unless triggers, foreign keys or publications would take them for deleted; returns the partitions that it added; waits at most for lock_timeout, or 5 seconds if that is 0; only for the owner of the table';

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
    IF since < first_day OR until > end_day OR until - since > 400 THEN
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
                 FROM azhunt.add_partitions(relation, add_log_partitions.since, add_log_partitions.until) AS p (partition);
END
$$;

COMMENT ON FUNCTION azhunt.add_log_partitions(text, date, date) IS
'adds daily partitions to a log table as add_partitions() does, with the rights of the owner of this function: for the role that loads';

REVOKE EXECUTE ON FUNCTION azhunt.add_log_partitions(text, date, date) FROM PUBLIC;

/* src/logs/ledger.sql */

CREATE FUNCTION azhunt.create_loaded_files() RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('azhunt.loaded_files') IS NOT NULL THEN
        RETURN false;
    END IF;

    CREATE TABLE azhunt.loaded_files (
        name text NOT NULL,
        part bigint,
        size bigint NOT NULL,
        "offset" bigint NOT NULL,
        digest bytea NOT NULL,
        rows bigint NOT NULL,
        rejected bigint NOT NULL,
        loaded_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT loaded_files_digest_key UNIQUE (digest),
        CONSTRAINT loaded_files_check CHECK ("offset" >= 0 AND "offset" <= size AND octet_length(digest) = 32)
    );
    CREATE UNIQUE INDEX loaded_files_name_part_idx ON azhunt.loaded_files USING btree (name, part);
    CREATE INDEX loaded_files_size_idx ON azhunt.loaded_files USING btree (size);

    COMMENT ON TABLE azhunt.loaded_files IS
    'what azhunt-load has loaded, so that it loads nothing twice';
    COMMENT ON COLUMN azhunt.loaded_files.name IS
    'the blob''s name from its container on, if the path shows that, else the path without symbolic links; without .gz; - for standard input';
    COMMENT ON COLUMN azhunt.loaded_files.part IS
    'number of this load among those of the name, so that of two at the same time only one counts; null for standard input and what else can be read only once';
    COMMENT ON COLUMN azhunt.loaded_files.size IS
    'bytes of the file, decompressed, that have been loaded; without a last record that had no end yet';
    COMMENT ON COLUMN azhunt.loaded_files."offset" IS
    'where in the file this load began: the size that it had at the load before, or 0';
    COMMENT ON COLUMN azhunt.loaded_files.digest IS
    'SHA-256 of these bytes, decompressed, from the beginning of the file';
    COMMENT ON COLUMN azhunt.loaded_files.rows IS
    'rows that this load brought';
    COMMENT ON COLUMN azhunt.loaded_files.rejected IS
    'records that this load rejected';
    COMMENT ON COLUMN azhunt.loaded_files.loaded_at IS
    'when the transaction began in which the file was loaded';
    RETURN true;
END
$$;

COMMENT ON FUNCTION azhunt.create_loaded_files() IS
'creates the ledger of azhunt-load, azhunt.loaded_files, which belongs to the caller as the log tables do; returns false if it is there already';

/* src/hunts/checks.sql */

CREATE FUNCTION azhunt.check_lookback(lookback interval) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_lookback';
COMMENT ON FUNCTION azhunt.check_lookback(interval) IS
'true, or an error if the lookback is null, negative or has months';

CREATE FUNCTION azhunt.check_bin(bin interval) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_bin';
COMMENT ON FUNCTION azhunt.check_bin(interval) IS
'true, or an error if the size of bins is null, not positive or has months';

CREATE FUNCTION azhunt.check_window("window" interval) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_window';
COMMENT ON FUNCTION azhunt.check_window(interval) IS
'true, or an error if the window is null, negative or has months';

CREATE FUNCTION azhunt.check_operations(operations text[]) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_operations';
COMMENT ON FUNCTION azhunt.check_operations(text[]) IS
'true, or an error if the array is null, empty or has what is no upload operation of the storage services';

CREATE FUNCTION azhunt.check_text(string text, argument text, may_be_null boolean) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_text';
COMMENT ON FUNCTION azhunt.check_text(text, text, boolean) IS
'true, or an error, naming the argument, if the string is empty, or null where that has no meaning';

CREATE FUNCTION azhunt.check_flag(flag boolean, argument text) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_flag';
COMMENT ON FUNCTION azhunt.check_flag(boolean, text) IS
'true, or an error, naming the argument, if the flag is null';

CREATE FUNCTION azhunt.check_as_of(as_of timestamptz) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_as_of';
COMMENT ON FUNCTION azhunt.check_as_of(timestamptz) IS
'true, or an error if the time is null or infinite';

CREATE FUNCTION azhunt.check_period(since timestamptz, until timestamptz) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_period';
COMMENT ON FUNCTION azhunt.check_period(timestamptz, timestamptz) IS
'true, or an error if a bound is null or since is after until';

/* src/hunts/storage_upload_link_account/hunt.sql */

CREATE FUNCTION azhunt.unchecked_uploads(
    target_file text,
    operations text[],
    since timestamptz,
    until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           l.operationname,
           azhunt.strip_port(l.calleripaddress),
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, '')
    -- Under a log table's name can be a view whose columns are, say, varchar.
    -- CASE makes them text without taking what is no text, such as inet, whose
    -- ::text has a prefix length; it is gone from the plan.
    FROM (
        SELECT f.timegenerated,
               CASE WHEN true THEN f.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN f.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN f.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN f.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN f.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN f.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN f.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN f.correlationid ELSE NULL::pg_catalog.text END AS correlationid
        FROM azhunt.storagefilelogs AS f
        UNION ALL
        SELECT b.timegenerated,
               CASE WHEN true THEN b.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN b.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN b.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN b.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN b.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN b.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN b.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN b.correlationid ELSE NULL::pg_catalog.text END AS correlationid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    -- a null bound would prune all partitions, and with them its check
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(unchecked_uploads.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(unchecked_uploads.until, 'infinity')
      AND l.operationname OPERATOR(azhunt.=~) ANY (unchecked_uploads.operations)
      AND (l.statustext OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
           OR l.statustext OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text
           -- SMB and NFS records have no status text
           OR COALESCE(l.statustext, '') OPERATOR(pg_catalog.=) ''
              AND l.statuscode OPERATOR(pg_catalog.=) '0')
      AND (unchecked_uploads.target_file IS NULL
           OR azhunt.blob_name(l.uri) OPERATOR(azhunt.=~) unchecked_uploads.target_file
           OR azhunt.file_name(l.uri) OPERATOR(azhunt.=~) unchecked_uploads.target_file)
$$;

COMMENT ON FUNCTION azhunt.unchecked_uploads(text, text[], timestamptz, timestamptz) IS
'as uploads(), without checks of the arguments';

CREATE FUNCTION azhunt.uploads(
    target_file text DEFAULT NULL,
    operations text[] DEFAULT '{PutBlob,PutRange}',
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT u.timegenerated,
           u.operationname,
           u.calleripaddress,
           u.uri,
           u.useragentheader,
           u.accountname,
           u.correlationid
    FROM azhunt.unchecked_uploads(uploads.target_file, uploads.operations,
                                  uploads.since, uploads.until) AS u
    WHERE azhunt.check_text(uploads.target_file, 'target_file'::pg_catalog.text, true)
      AND azhunt.check_operations(uploads.operations)
      AND azhunt.check_period(uploads.since, uploads.until)
    -- no row, but checked; a condition above would keep PostgreSQL before
    -- version 17 from a windowed join
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM (VALUES ('storagefilelogs'::pg_catalog.text), ('storagebloblogs'::pg_catalog.text)) AS t (log_table)
    WHERE NOT azhunt.check_rows_are_visible(ARRAY[t.log_table])
$$;

COMMENT ON FUNCTION azhunt.uploads(text, text[], timestamptz, timestamptz) IS
'successful uploads in StorageFileLogs and StorageBlobLogs from since to until, both included, the port stripped from CallerIpAddress; a missing text is empty, but a missing address null; target_file, if not null, is compared with blob_name() and file_name() ignoring case';

CREATE FUNCTION azhunt.unchecked_signins(
    include_noninteractive boolean,
    successful_only boolean,
    since timestamptz,
    until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    userprincipalname text,
    ipaddress text,
    useragent text,
    resulttype text,
    appdisplayname text,
    isinteractive boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           COALESCE(l.userprincipalname, ''),
           azhunt.strip_port(l.ipaddress),
           COALESCE(l.useragent, ''),
           COALESCE(l.resulttype, ''),
           COALESCE(l.appdisplayname, ''),
           l.isinteractive
    FROM (
        SELECT s.timegenerated,
               CASE WHEN true THEN s.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN s.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN s.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN s.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN s.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               true AS isinteractive
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated,
               CASE WHEN true THEN n.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN n.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN n.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN n.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN n.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               false
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
    ) AS l
    -- A null bound would prune all partitions, and with them its check.  What is
    -- not included has an empty period: a condition that is plainly false would
    -- have the planner open all partitions before it leaves them out.
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          CASE WHEN l.isinteractive OR unchecked_signins.include_noninteractive THEN COALESCE(unchecked_signins.since, '-infinity')
               ELSE 'infinity'::pg_catalog.timestamptz END
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          CASE WHEN l.isinteractive OR unchecked_signins.include_noninteractive THEN COALESCE(unchecked_signins.until, 'infinity')
               ELSE '-infinity'::pg_catalog.timestamptz END
      AND (NOT unchecked_signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.unchecked_signins(boolean, boolean, timestamptz, timestamptz) IS
'as signins(), without checks of the arguments';

CREATE FUNCTION azhunt.signins(
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    timegenerated timestamptz,
    userprincipalname text,
    ipaddress text,
    useragent text,
    resulttype text,
    appdisplayname text,
    isinteractive boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT s.timegenerated,
           s.userprincipalname,
           s.ipaddress,
           s.useragent,
           s.resulttype,
           s.appdisplayname,
           s.isinteractive
    FROM azhunt.unchecked_signins(signins.include_noninteractive, signins.successful_only,
                                  signins.since, signins.until) AS s
    WHERE azhunt.check_flag(signins.include_noninteractive, 'include_noninteractive'::pg_catalog.text)
      AND azhunt.check_flag(signins.successful_only, 'successful_only'::pg_catalog.text)
      AND azhunt.check_period(signins.since, signins.until)
    -- no row, but checked, as in uploads()
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM (VALUES ('signinlogs'::pg_catalog.text), ('aadnoninteractiveusersigninlogs'::pg_catalog.text)) AS t (log_table)
    WHERE NOT azhunt.check_rows_are_visible(ARRAY[t.log_table])
$$;

COMMENT ON FUNCTION azhunt.signins(boolean, boolean, timestamptz, timestamptz) IS
'sign-ins in SigninLogs, and on request AADNonInteractiveUserSignInLogs, from since to until, both included; IPAddress in the form that strip_port() gives; a missing text is empty, but a missing address null; successful_only keeps those of ResultType 0';

CREATE FUNCTION azhunt.login_bag(account text, address text, logintime timestamptz, useragent text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('AccountUsed'::text, account,
                       'IPUsed'::text, address,
                       'AzureLoginTime'::text, logintime,
                       'UserAgent'::text, useragent);

COMMENT ON FUNCTION azhunt.login_bag(text, text, timestamptz, text) IS
'a sign-in as the hunt for uploads shows it';

CREATE FUNCTION azhunt.storage_upload_link_account(
    lookback interval DEFAULT '1 minute',
    target_file text DEFAULT NULL,
    match_user_agent boolean DEFAULT true,
    operations text[] DEFAULT '{PutBlob,PutRange}',
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    fileuploadpath text,
    operationname text,
    uploaduseragent text,
    loginevents jsonb,
    accounts text[],
    logins jsonb,
    uploads bigint,
    firstupload timestamptz,
    lastupload timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT m.uri,
               m.operationname,
               m.useragentheader,
               azhunt.make_bag(m.login ORDER BY m.logintime, m.account, m.loginuseragent, m.address) AS loginevents,
               pg_catalog.array_agg(DISTINCT m.account COLLATE pg_catalog."C" ORDER BY m.account COLLATE pg_catalog."C") AS accounts,
               azhunt.set_of_bags(m.login ORDER BY m.logintime, m.account, m.loginuseragent, m.address) AS logins,
               pg_catalog.count(DISTINCT ROW (m.uploadtime, m.address, m.correlationid)) AS uploads,
               pg_catalog.min(m.uploadtime) AS firstupload,
               pg_catalog.max(m.uploadtime) AS lastupload
        FROM (
            SELECT u.uri,
                   u.operationname,
                   u.useragentheader,
                   u.timegenerated AS uploadtime,
                   u.calleripaddress COLLATE pg_catalog."C" AS address,
                   u.correlationid,
                   s.timegenerated AS logintime,
                   s.userprincipalname COLLATE pg_catalog."C" AS account,
                   s.useragent COLLATE pg_catalog."C" AS loginuseragent,
                   azhunt.login_bag(s.userprincipalname, s.ipaddress, s.timegenerated, s.useragent) AS login
            FROM azhunt.unchecked_uploads(storage_upload_link_account.target_file,
                                          storage_upload_link_account.operations,
                                          storage_upload_link_account.since,
                                          storage_upload_link_account.until) AS u
            JOIN azhunt.unchecked_signins(storage_upload_link_account.include_noninteractive,
                                          storage_upload_link_account.successful_only,
                                          azhunt.window_start(storage_upload_link_account.since,
                                                              storage_upload_link_account.lookback),
                                          storage_upload_link_account.until) AS s
              ON s.ipaddress OPERATOR(pg_catalog.=) u.calleripaddress
             AND azhunt.within(s.timegenerated, u.timegenerated, storage_upload_link_account.lookback)
             -- as much again, for partitions to be pruned for each upload
             AND s.timegenerated OPERATOR(pg_catalog.>=)
                 azhunt.window_start(u.timegenerated, storage_upload_link_account.lookback)
             AND s.timegenerated OPERATOR(pg_catalog.<=) u.timegenerated
             AND (NOT storage_upload_link_account.match_user_agent
                  OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
            WHERE u.calleripaddress OPERATOR(pg_catalog.<>) ''
        ) AS m
        GROUP BY m.uri, m.operationname, m.useragentheader
    )
    SELECT h.uri,
           h.operationname,
           h.useragentheader,
           h.loginevents,
           h.accounts,
           h.logins,
           h.uploads,
           h.firstupload,
           h.lastupload
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns; and because of WITH, not
    -- beside the conditions of the calling query either.
    WHERE azhunt.check_lookback(storage_upload_link_account.lookback)
      AND azhunt.check_text(storage_upload_link_account.target_file, 'target_file'::pg_catalog.text, true)
      AND azhunt.check_flag(storage_upload_link_account.match_user_agent, 'match_user_agent'::pg_catalog.text)
      AND azhunt.check_operations(storage_upload_link_account.operations)
      AND azhunt.check_flag(storage_upload_link_account.include_noninteractive, 'include_noninteractive'::pg_catalog.text)
      AND azhunt.check_flag(storage_upload_link_account.successful_only, 'successful_only'::pg_catalog.text)
      AND azhunt.check_period(storage_upload_link_account.since, storage_upload_link_account.until)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs,signinlogs,aadnoninteractiveusersigninlogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, timestamptz, timestamptz) IS
'hunt: the accounts that signed in, from the address that a file was uploaded from, at most lookback before the upload; a row for each URI, operation and user agent of uploads from since to until, both included';

/* src/hunts/cloudshell_usage/hunt.sql */

CREATE FUNCTION azhunt.cloudshell_usage(
    lookback interval DEFAULT '1 day',
    bin interval DEFAULT '1 hour',
    resource_group text DEFAULT 'cloud-shell-storage',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    caller text,
    timekey timestamptz,
    set_operationnamevalue jsonb,
    "timestamp" timestamptz,
    accountcustomentity text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT s.caller,
               s.timekey,
               azhunt.set_of_texts(a.operationnamevalue) AS set_operationnamevalue
        FROM (
            SELECT DISTINCT
                   COALESCE(a.caller, '') AS caller,
                   azhunt.bin(a.timegenerated, cloudshell_usage.bin) AS timekey
            FROM (
                SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                       CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                       CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
                       CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
                       CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup
                FROM azhunt.azureactivity AS a
            ) AS a
            WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
              AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
                   OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text)
              AND azhunt.has(a.resourcegroup, cloudshell_usage.resource_group)
              -- a bin that starts earlier ends before the lookback does
              AND a.timegenerated OPERATOR(pg_catalog.>=)
                  azhunt.window_start(azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback),
                                      cloudshell_usage.bin)
              AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_usage.as_of
        ) AS s
        JOIN (
            SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                   CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                   CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue
            FROM azhunt.azureactivity AS a
        ) AS a
          ON COALESCE(a.caller, '') OPERATOR(pg_catalog.=) s.caller
         -- the first time after the bin is not in it
         AND azhunt.within(s.timekey, a.timegenerated,
                           cloudshell_usage.bin OPERATOR(pg_catalog.-) interval '1 microsecond')
         -- as much again, for partitions to be pruned for each bin
         AND a.timegenerated OPERATOR(pg_catalog.>=) s.timekey
         AND a.timegenerated OPERATOR(pg_catalog.<=)
             azhunt.window_end(s.timekey, cloudshell_usage.bin OPERATOR(pg_catalog.-) interval '1 microsecond')
        WHERE a.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback)
          AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_usage.as_of
          AND a.operationnamevalue OPERATOR(pg_catalog.<>) ''
          AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
        GROUP BY s.caller, s.timekey
    )
    SELECT h.caller,
           h.timekey,
           h.set_operationnamevalue,
           h.timekey,
           h.caller
    FROM found AS h
    -- not beside the join, as in the hunt before
    WHERE azhunt.check_lookback(cloudshell_usage.lookback)
      AND azhunt.check_bin(cloudshell_usage.bin)
      AND azhunt.check_text(cloudshell_usage.resource_group, 'resource_group'::pg_catalog.text, false)
      AND azhunt.check_as_of(cloudshell_usage.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage(interval, interval, text, timestamptz) IS
'hunt: what else callers did in the bin of time, an hour by default, in which they opened a Cloud Shell, looking back from as_of';

CREATE FUNCTION azhunt.cloudshell_sessions(
    "window" interval DEFAULT '1 hour',
    lookback interval DEFAULT '1 day',
    resource_group text DEFAULT 'cloud-shell-storage',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    caller text,
    starttime timestamptz,
    set_operationnamevalue jsonb,
    operations bigint,
    lastoperation timestamptz,
    "timestamp" timestamptz,
    accountcustomentity text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT s.caller,
               s.starttime,
               azhunt.set_of_texts(a.operationnamevalue) AS set_operationnamevalue,
               -- a record that was delivered twice counts once
               pg_catalog.count(DISTINCT ROW(a.timegenerated, a.operationnamevalue,
                                             a.activitystatusvalue, a.resourcegroup)) AS operations,
               pg_catalog.max(a.timegenerated) AS lastoperation
        FROM (
            SELECT DISTINCT
                   COALESCE(a.caller, '') AS caller,
                   a.timegenerated AS starttime
            FROM (
                SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                       CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                       CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
                       CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
                       CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup
                FROM azhunt.azureactivity AS a
            ) AS a
            WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
              AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
                   OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text)
              AND azhunt.has(a.resourcegroup, cloudshell_sessions.resource_group)
              AND a.timegenerated OPERATOR(pg_catalog.>=)
                  azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback)
              AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_sessions.as_of
        ) AS s
        JOIN (
            SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
                   CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
                   CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
                   CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
                   CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup
            FROM azhunt.azureactivity AS a
        ) AS a
          ON COALESCE(a.caller, '') OPERATOR(pg_catalog.=) s.caller
         AND azhunt.within(s.starttime, a.timegenerated, cloudshell_sessions."window")
         -- as much again, for partitions to be pruned for each start
         AND a.timegenerated OPERATOR(pg_catalog.>=) s.starttime
         AND a.timegenerated OPERATOR(pg_catalog.<=)
             azhunt.window_end(s.starttime, cloudshell_sessions."window")
        WHERE a.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback)
          AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_sessions.as_of
          AND a.operationnamevalue OPERATOR(pg_catalog.<>) ''
          AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
        GROUP BY s.caller, s.starttime
    )
    SELECT h.caller,
           h.starttime,
           h.set_operationnamevalue,
           h.operations,
           h.lastoperation,
           h.starttime,
           h.caller
    FROM found AS h
    -- not beside the join, as in the hunts before
    WHERE azhunt.check_window(cloudshell_sessions."window")
      AND azhunt.check_lookback(cloudshell_sessions.lookback)
      AND azhunt.check_text(cloudshell_sessions.resource_group, 'resource_group'::pg_catalog.text, false)
      AND azhunt.check_as_of(cloudshell_sessions.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.cloudshell_sessions(interval, interval, text, timestamptz) IS
'hunt: what else a caller did after each start of a Cloud Shell, within the window that begins with it, whatever the hour; looks back from as_of';

/* src/runs/catalog.sql */

--
-- scheduled hunts
--
-- A run reads the log rows that the runs before it have not seen, joins them
-- with all others, and stores each match that was not there.  What it has seen
-- is a pg_snapshot: a row is new if the snapshot does not see the transaction
-- in ingestxid.  So a match is found by the first run that sees both its rows,
-- in whatever order they were written, committed or dated.
--

CREATE FUNCTION azhunt.prevent_in_transaction_block(command text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_prevent_in_transaction_block';

COMMENT ON FUNCTION azhunt.prevent_in_transaction_block(text) IS
'an error inside a transaction block, where a procedure cannot commit';

CREATE FUNCTION azhunt.rethrow(sqlstate text, message text, detail text, hint text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_rethrow';

COMMENT ON FUNCTION azhunt.rethrow(text, text, text, text) IS
'the error that GET STACKED DIAGNOSTICS told of; an empty detail or hint is none';

CREATE FUNCTION azhunt.is_upload(operationname text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationname OPERATOR(azhunt.=~) ANY (ARRAY[
    'PutBlob', 'PutBlobFromURL', 'PutBlock', 'PutBlockFromURL', 'PutBlockList', 'AppendBlock', 'PutPage',
    'CopyBlob', 'IncrementalCopyBlob', 'CreatePathFile', 'AppendFile', 'FlushFile', 'RenamePathFile',
    'CreateFile', 'PutRange', 'PutRangeFromURL', 'CopyFile', 'Create', 'Write', 'Nfs4Write', 'SftpWrite',
    'SftpCommit']);

COMMENT ON FUNCTION azhunt.is_upload(text) IS
'is this one of the operations that check_operations() accepts? In the predicate of indexes';

CREATE FUNCTION azhunt.sha256_of(texts text[]) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.sha256(pg_catalog.decode(pg_catalog.replace(texts::text, E'\\', E'\\\\'), 'escape'));

COMMENT ON FUNCTION azhunt.sha256_of(text[]) IS
'SHA-256 of texts, for unique keys over texts too long for an index';

CREATE VIEW azhunt.hunt_definitions AS
SELECT d.hunt, d.id, d.title, d.description, d.tactics, d.techniques,
       d.entity_mappings, d.tables, d.default_options
FROM (VALUES
    ('storage_upload_link_account',
     'bee57113-7b9d-4158-958c-a7f3d534c6c4'::uuid,
     'User Account Linked to Storage Account File Upload',
     'Finds the accounts that signed in, moments before, from the address that a file was uploaded from.',
     '{CredentialAccess}'::text[], '{T1528}'::text[],
     '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]},
       {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::jsonb,
     '{storagebloblogs,storagefilelogs,signinlogs,aadnoninteractiveusersigninlogs}'::text[],
     '{"lookback": "1 minute", "target_file": null, "match_user_agent": true,
       "operations": ["PutBlob", "PutRange"], "include_noninteractive": false,
       "successful_only": false}'::jsonb),
    ('cloudshell_usage',
     '42831fb3-f61d-41e9-95d9-f08797479a0e',
     'Azure CloudShell Usage',
     'Finds the callers that opened a Cloud Shell, and what else they did in the same hour.',
     '{Execution}', '{T1059}',
     '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]}]',
     '{azureactivity}',
     '{"bin": "1 hour", "resource_group": "cloud-shell-storage"}')
) AS d (hunt, id, title, description, tactics, techniques, entity_mappings, tables, default_options);

COMMENT ON VIEW azhunt.hunt_definitions IS
'what the published definitions of the hunts say, and the options that a scheduled one can have';

CREATE FUNCTION azhunt.check_options(hunt text, options jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    defaults jsonb := (SELECT d.default_options FROM azhunt.hunt_definitions AS d
                       WHERE d.hunt = check_options.hunt);
    option record;
BEGIN
    IF defaults IS NULL THEN
        RAISE EXCEPTION 'there is no hunt "%"', hunt
            USING ERRCODE = 'undefined_object',
                  HINT = format('Hunts: %s.', (SELECT string_agg(d.hunt, ', ' ORDER BY d.hunt)
                                               FROM azhunt.hunt_definitions AS d));
    ELSIF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'options must be a JSON object, such as {"%": %}',
                        (SELECT key FROM jsonb_each(defaults) ORDER BY key LIMIT 1),
                        (SELECT value FROM jsonb_each(defaults) ORDER BY key LIMIT 1)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    FOR option IN SELECT e.key, e.value, jsonb_typeof(e.value) AS type,
                         jsonb_typeof(defaults -> e.key) AS default_type
                  FROM jsonb_each(options) AS e
    LOOP
        IF NOT defaults ? option.key THEN
            RAISE EXCEPTION 'hunt "%" has no option "%"', hunt, option.key
                USING ERRCODE = 'undefined_parameter',
                      HINT = format('Options: %s.', (SELECT string_agg(k, ', ' ORDER BY k)
                                                     FROM jsonb_object_keys(defaults) AS k));
        ELSIF option.type <> option.default_type
              AND NOT (option.key = 'target_file' AND option.type = 'string') THEN
            RAISE EXCEPTION 'option "%" must not be of JSON type %', option.key, option.type
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Its default is %s.', defaults -> option.key);
        END IF;
    END LOOP;

    options := defaults || options;
    IF hunt = 'storage_upload_link_account' THEN
        RETURN azhunt.check_lookback((options ->> 'lookback')::interval)
               AND azhunt.check_text(options ->> 'target_file', 'target_file'::text, true)
               AND azhunt.check_operations(ARRAY(SELECT jsonb_array_elements_text(options -> 'operations')));
    ELSE
        RETURN azhunt.check_bin((options ->> 'bin')::interval)
               AND azhunt.check_text(options ->> 'resource_group', 'resource_group'::text, false);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_options(text, jsonb) IS
'true, or an error if the hunt is unknown or does not take these options';

CREATE TABLE azhunt.scheduled_hunts (
    name text PRIMARY KEY CHECK (name OPERATOR(pg_catalog.<>) '' AND pg_catalog.octet_length(name) OPERATOR(pg_catalog.<=) 500),
    hunt text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    severity text NOT NULL DEFAULT 'Medium'
        CHECK (severity OPERATOR(pg_catalog.=) ANY ('{Informational,Low,Medium,High}'::text[])),
    -- pg_dump leaves these two rows out, so they must be as they were created
    CONSTRAINT scheduled_hunts_shipped_check CHECK (
        name OPERATOR(pg_catalog.<>) ALL ('{storage_upload_link_account,cloudshell_usage}'::text[])
        OR name OPERATOR(pg_catalog.=) hunt AND options OPERATOR(pg_catalog.=) '{}'
           AND severity OPERATOR(pg_catalog.=) 'Medium'),
    CONSTRAINT scheduled_hunts_options_check CHECK (azhunt.check_options(hunt, options))
);

COMMENT ON TABLE azhunt.scheduled_hunts IS
'the hunts that run_hunt() knows: each a hunt with options, which are those of hunt_definitions where they are left out';

INSERT INTO azhunt.scheduled_hunts (name, hunt)
VALUES ('storage_upload_link_account', 'storage_upload_link_account'),
       ('cloudshell_usage', 'cloudshell_usage');

SELECT pg_catalog.pg_extension_config_dump('azhunt.scheduled_hunts',
    'WHERE name OPERATOR(pg_catalog.<>) ALL (''{storage_upload_link_account,cloudshell_usage}''::text[])');

CREATE VIEW azhunt.hunts AS
SELECT h.name, h.hunt, d.id, d.title, d.description, d.tactics, d.techniques, h.severity,
       d.entity_mappings, d.tables,
       d.default_options OPERATOR(pg_catalog.||) h.options AS options
FROM azhunt.scheduled_hunts AS h
JOIN azhunt.hunt_definitions AS d ON d.hunt OPERATOR(pg_catalog.=) h.hunt;

COMMENT ON VIEW azhunt.hunts IS
'the hunts that run_hunt() knows, with what their published definitions say and all their options';

-- There are no foreign keys among these tables: pg_restore loads their rows in
-- any order, or side by side.

CREATE SEQUENCE azhunt.runs_run_seq;
COMMENT ON SEQUENCE azhunt.runs_run_seq IS 'ids of runs';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs_run_seq', '');

CREATE TABLE azhunt.runs (
    run bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.runs_run_seq'),
    hunt text NOT NULL,
    started timestamptz NOT NULL,
    finished timestamptz NOT NULL,
    duration interval GENERATED ALWAYS AS (finished OPERATOR(pg_catalog.-) started) STORED,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{succeeded,failed,skipped}'::text[])),
    started_over text,
    rows_read jsonb,
    new_results bigint,
    error text,
    sqlstate text,
    snapshot pg_snapshot,
    run_by text NOT NULL
);

CREATE INDEX runs_hunt_idx ON azhunt.runs (hunt, run);
COMMENT ON INDEX azhunt.runs_hunt_idx IS 'the latest runs of one hunt';
CREATE INDEX runs_started_idx ON azhunt.runs (started);
COMMENT ON INDEX azhunt.runs_started_idx IS 'the runs of a period';
COMMENT ON TABLE azhunt.runs IS
'what run_hunt() did: new log rows read, by table; matches that were not there; why it failed or was skipped; why it started over, if it read all rows';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs', '');

CREATE TABLE azhunt.watermarks (
    hunt text PRIMARY KEY,
    snapshot pg_snapshot NOT NULL,
    relations bigint[] NOT NULL,
    system_identifier text NOT NULL
);

COMMENT ON TABLE azhunt.watermarks IS
'what each hunt''s last successful run has seen: the transactions that its snapshot sees, in the relations that it read, of one cluster';
SELECT pg_catalog.pg_extension_config_dump('azhunt.watermarks', '');

-- A table of its own: a run takes only the requests away that it has seen, so
-- that it cannot undo one that is made meanwhile.
CREATE TABLE azhunt.restart_requests (
    hunt text NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL
);

COMMENT ON TABLE azhunt.restart_requests IS
'calls of restart_hunt() that no successful run has followed yet';
SELECT pg_catalog.pg_extension_config_dump('azhunt.restart_requests', '');

CREATE TABLE azhunt.storage_upload_link_account_facts (
    hunt text NOT NULL,
    uploadtime timestamptz NOT NULL,
    operationname text NOT NULL,
    uri text NOT NULL,
    useragentheader text NOT NULL,
    address text NOT NULL,
    storageaccount text NOT NULL,
    correlationid text NOT NULL,
    logintime timestamptz NOT NULL,
    account text NOT NULL,
    loginuseragent text NOT NULL,
    texts_hash bytea NOT NULL,
    resultid uuid NOT NULL,
    run bigint NOT NULL,
    foundat timestamptz NOT NULL,
    CONSTRAINT storage_upload_link_account_facts_key UNIQUE (hunt, uploadtime, logintime, texts_hash)
);

CREATE INDEX storage_upload_link_account_facts_resultid_idx ON azhunt.storage_upload_link_account_facts (resultid);
COMMENT ON INDEX azhunt.storage_upload_link_account_facts_resultid_idx IS 'the matches of one result';
CREATE INDEX storage_upload_link_account_facts_run_idx ON azhunt.storage_upload_link_account_facts (run);
COMMENT ON INDEX azhunt.storage_upload_link_account_facts_run_idx IS 'what one run found';
COMMENT ON TABLE azhunt.storage_upload_link_account_facts IS
'what scheduled hunts found: a row for each upload and sign-in, unique by all that describes the two; texts_hash stands for the texts, resultid for the row of the result view';
SELECT pg_catalog.pg_extension_config_dump('azhunt.storage_upload_link_account_facts', '');

CREATE TABLE azhunt.cloudshell_usage_facts (
    hunt text NOT NULL,
    timekey timestamptz NOT NULL,
    caller text NOT NULL,
    operationnamevalue text NOT NULL,
    texts_hash bytea NOT NULL,
    resultid uuid NOT NULL,
    run bigint NOT NULL,
    foundat timestamptz NOT NULL,
    CONSTRAINT cloudshell_usage_facts_key UNIQUE (hunt, timekey, texts_hash)
);

CREATE INDEX cloudshell_usage_facts_resultid_idx ON azhunt.cloudshell_usage_facts (resultid);
COMMENT ON INDEX azhunt.cloudshell_usage_facts_resultid_idx IS 'the matches of one result';
CREATE INDEX cloudshell_usage_facts_run_idx ON azhunt.cloudshell_usage_facts (run);
COMMENT ON INDEX azhunt.cloudshell_usage_facts_run_idx IS 'what one run found';
CREATE INDEX cloudshell_usage_facts_caller_idx
ON azhunt.cloudshell_usage_facts (hunt, caller azhunt.case_insensitive_ops, timekey);
COMMENT ON INDEX azhunt.cloudshell_usage_facts_caller_idx IS 'the first Cloud Shell of one caller';
COMMENT ON TABLE azhunt.cloudshell_usage_facts IS
'what scheduled hunts found: a row for each caller, hour and operation; texts_hash stands for the texts, resultid for the row of the result view';
SELECT pg_catalog.pg_extension_config_dump('azhunt.cloudshell_usage_facts', '');

/* src/runs/joined.sql */

CREATE FUNCTION azhunt.hunted_uploads(target_file text, operations text[])
RETURNS TABLE (
    uploadtime timestamptz,
    operationname text,
    uri text,
    useragentheader text,
    address text,
    storageaccount text,
    correlationid text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           l.operationname,
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           azhunt.strip_port(l.calleripaddress),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, ''),
           l.ingestxid
    FROM (
        SELECT f.timegenerated,
               CASE WHEN true THEN f.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN f.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN f.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN f.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN f.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN f.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN f.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN f.correlationid ELSE NULL::pg_catalog.text END AS correlationid,
               CASE WHEN true THEN f.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.storagefilelogs AS f
        UNION ALL
        SELECT b.timegenerated,
               CASE WHEN true THEN b.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN b.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN b.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN b.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN b.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN b.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN b.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN b.correlationid ELSE NULL::pg_catalog.text END AS correlationid,
               CASE WHEN true THEN b.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    WHERE l.operationname OPERATOR(azhunt.=~) ANY (hunted_uploads.operations)
      -- for the indexes; all operations that a hunt can have are uploads
      AND azhunt.is_upload(l.operationname)
      AND (l.statustext OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
           OR l.statustext OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text
           -- SMB and NFS records have no status text
           OR COALESCE(l.statustext, '') OPERATOR(pg_catalog.=) ''
              AND l.statuscode OPERATOR(pg_catalog.=) '0')
      AND (hunted_uploads.target_file IS NULL
           OR azhunt.blob_name(l.uri) OPERATOR(azhunt.=~) hunted_uploads.target_file
           OR azhunt.file_name(l.uri) OPERATOR(azhunt.=~) hunted_uploads.target_file)
$$;

COMMENT ON FUNCTION azhunt.hunted_uploads(text, text[]) IS
'as uploads(), of all time and with ingestxid';

CREATE FUNCTION azhunt.hunted_signins(include_noninteractive boolean, successful_only boolean, since timestamptz, until timestamptz)
RETURNS TABLE (
    logintime timestamptz,
    account text,
    address text,
    loginuseragent text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT l.timegenerated,
           COALESCE(l.userprincipalname, ''),
           azhunt.strip_port(l.ipaddress),
           COALESCE(l.useragent, ''),
           l.ingestxid
    FROM (
        SELECT s.timegenerated,
               CASE WHEN true THEN s.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN s.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN s.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN s.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN s.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid,
               true AS isinteractive
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated,
               CASE WHEN true THEN n.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN n.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN n.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN n.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN n.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid,
               false
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
    ) AS l
    -- likewise an empty period for what is not included
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          CASE WHEN l.isinteractive OR hunted_signins.include_noninteractive THEN hunted_signins.since
               ELSE 'infinity'::pg_catalog.timestamptz END
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          CASE WHEN l.isinteractive OR hunted_signins.include_noninteractive THEN hunted_signins.until
               ELSE '-infinity'::pg_catalog.timestamptz END
      AND (NOT hunted_signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.hunted_signins(boolean, boolean, timestamptz, timestamptz) IS
'as signins(), with ingestxid';

CREATE FUNCTION azhunt.hunted_shell_starts(resource_group text)
RETURNS TABLE (starttime timestamptz, caller text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT a.timegenerated, COALESCE(a.caller, ''), a.ingestxid
    FROM (
        SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
               CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
               CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
               CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
               CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup,
               CASE WHEN true THEN a.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.azureactivity AS a
    ) AS a
    WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
      AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'::pg_catalog.text
           OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded'::pg_catalog.text)
      AND azhunt.has(a.resourcegroup, hunted_shell_starts.resource_group)
$$;

COMMENT ON FUNCTION azhunt.hunted_shell_starts(text) IS
'the operations, of all time, by which a Cloud Shell starts';

CREATE FUNCTION azhunt.hunted_operations()
RETURNS TABLE (operationtime timestamptz, caller text, operationnamevalue text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT a.timegenerated, COALESCE(a.caller, ''), a.operationnamevalue, a.ingestxid
    FROM (
        SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
               CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
               CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
               CASE WHEN true THEN a.ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.azureactivity AS a
    ) AS a
    WHERE a.operationnamevalue OPERATOR(pg_catalog.<>) ''
      AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::pg_catalog.text
$$;

COMMENT ON FUNCTION azhunt.hunted_operations() IS
'the operations, of all time, that may have been done in a Cloud Shell';

CREATE FUNCTION azhunt.is_new(ingestxid bigint, first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ingestxid OPERATOR(pg_catalog.>=) first_xid AND ingestxid OPERATOR(pg_catalog.<) end_xid
    OR ingestxid OPERATOR(pg_catalog.=) ANY (unfinished_xids)
    -- a row that says nothing about its arrival is read by every run
    OR ingestxid IS NULL;

COMMENT ON FUNCTION azhunt.is_new(bigint, bigint, bigint, bigint[]) IS
'is this the transaction of a row that a run has to read: from first_xid up to but not including end_xid, one of unfinished_xids, or not known?';

/* src/runs/arrivals.sql */

CREATE FUNCTION azhunt.check_rows_are_visible(tables text[]) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_rows_are_visible';

COMMENT ON FUNCTION azhunt.check_rows_are_visible(text[]) IS
'true, or an error if a query of these log tables would not see rows that are there: Citus distributes a table, or its partitions are newer than the snapshot';

CREATE FUNCTION azhunt.arrivals(log_table regclass, first_xid bigint, end_xid bigint,
                                unfinished_xids bigint[], known bigint[])
RETURNS TABLE (relation regclass, identity bigint, is_view boolean, pages bigint,
               new_rows bigint, since timestamptz, until timestamptz, reread boolean)
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_arrivals';

COMMENT ON FUNCTION azhunt.arrivals(regclass, bigint, bigint, bigint[], bigint[]) IS
'for each relation that a query of a log table reads: who it is, how many rows are new to a run and of what time, or, with reread, that all rows are because the last run did not read it';

REVOKE EXECUTE ON FUNCTION azhunt.arrivals(regclass, bigint, bigint, bigint[], bigint[]) FROM PUBLIC;

CREATE FUNCTION azhunt.relations_below(tables text[]) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(array_agg(a.identity ORDER BY a.identity), '{}'::bigint[])
    FROM unnest(tables) AS t (log_table)
    CROSS JOIN LATERAL azhunt.arrivals(format('azhunt.%I'::text, t.log_table)::regclass, NULL::bigint, NULL::bigint,
                                       NULL::bigint[], NULL::bigint[]) AS a
$$;

COMMENT ON FUNCTION azhunt.relations_below(text[]) IS
'the identities of all relations that queries of these log tables read';

REVOKE EXECUTE ON FUNCTION azhunt.relations_below(text[]) FROM PUBLIC;

CREATE FUNCTION azhunt.new_rows_of_view(log_table text, first_xid bigint, end_xid bigint, unfinished_xids bigint[],
                                        OUT new_rows bigint, OUT since timestamptz, OUT until timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('SELECT count(*), min(l.timegenerated), max(l.timegenerated) FROM azhunt.%I AS l'
                   ' WHERE azhunt.is_new(l.ingestxid, $1, $2, $3)', log_table)
    INTO new_rows, since, until
    USING first_xid, end_xid, unfinished_xids;
END
$$;

COMMENT ON FUNCTION azhunt.new_rows_of_view(text, bigint, bigint, bigint[]) IS
'how many rows of a view under a log table''s name are new to a run, and of what time';

REVOKE EXECUTE ON FUNCTION azhunt.new_rows_of_view(text, bigint, bigint, bigint[]) FROM PUBLIC;

CREATE FUNCTION azhunt.look_for_arrivals(tables text[], reach interval, first_xid bigint, end_xid bigint,
                                         unfinished_xids bigint[], known bigint[],
                                         OUT relations bigint[], OUT pages bigint, OUT rows_read jsonb,
                                         OUT new_periods tstzmultirange, OUT reread_periods tstzmultirange)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    relation regclass;
    part record;
    of_view record;
    all_time CONSTANT tstzmultirange := '{[-infinity,infinity]}';
BEGIN
    relations := '{}';
    pages := 0;
    rows_read := '{}';
    new_periods := '{}';
    reread_periods := '{}';

    FOREACH log_table IN ARRAY tables LOOP
        relation := format('azhunt.%I'::text, log_table)::regclass;
        SELECT array_agg(a.identity) AS relations,
               sum(a.pages)::bigint AS pages,
               sum(a.new_rows)::bigint AS new_rows,
               bool_or(a.is_view) AS is_view,
               bool_or(a.reread) AS reread,
               range_agg(tstzrange(azhunt.window_start(a.since, reach), azhunt.window_end(a.until, reach), '[]'::text))
                   FILTER (WHERE a.since IS NOT NULL AND NOT a.reread) AS new_periods,
               range_agg(tstzrange(azhunt.window_start(a.since, reach), azhunt.window_end(a.until, reach), '[]'::text))
                   FILTER (WHERE a.since IS NOT NULL AND a.reread) AS reread_periods
        INTO part
        FROM azhunt.arrivals(relation, first_xid, end_xid, unfinished_xids, known) AS a;

        relations := relations || part.relations;
        pages := pages + part.pages;
        IF part.is_view THEN
            SELECT v.new_rows, v.since, v.until INTO of_view
            FROM azhunt.new_rows_of_view(log_table, first_xid, end_xid, unfinished_xids) AS v;
            part.new_rows := of_view.new_rows;
            part.new_periods := CASE WHEN of_view.since IS NOT NULL THEN tstzmultirange(
                tstzrange(azhunt.window_start(of_view.since, reach), azhunt.window_end(of_view.until, reach), '[]'::text)) END;
            part.reread_periods := CASE WHEN part.reread THEN all_time END;
        END IF;
        rows_read := rows_read || jsonb_build_object(log_table, part.new_rows);
        new_periods := new_periods + COALESCE(part.new_periods, '{}'::tstzmultirange);
        reread_periods := reread_periods + COALESCE(part.reread_periods, '{}'::tstzmultirange);
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.look_for_arrivals(text[], interval, bigint, bigint, bigint[], bigint[]) IS
'what is new in log tables: how many rows, and the periods that have all new rows and their partners, which are at most reach away; reread_periods are of relations that the last run did not read';

REVOKE EXECUTE ON FUNCTION azhunt.look_for_arrivals(text[], interval, bigint, bigint, bigint[], bigint[]) FROM PUBLIC;

CREATE FUNCTION azhunt.allow_visits(visits bigint) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_allow_visits';

COMMENT ON FUNCTION azhunt.allow_visits(bigint) IS
'sets how many rows count_visit() lets a run visit';

CREATE FUNCTION azhunt.count_visit("time" timestamptz, weight integer) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 0.01
AS 'MODULE_PATHNAME', 'azhunt_count_visit';

COMMENT ON FUNCTION azhunt.count_visit(timestamptz, integer) IS
'true, or error ZH001 when a run visits more rows than allow_visits() allowed it; the time is not looked at';

REVOKE EXECUTE ON FUNCTION azhunt.allow_visits(bigint), azhunt.count_visit(timestamptz, integer) FROM PUBLIC;

/* src/runs/joins.sql */

--
-- scheduled hunts: the joins
--
-- Each hunt has two functions.  find_in_period_*() joins all rows of a period
-- by the windowed join, whose cost is that of reading them and of what it
-- finds.  find_new_*() goes from each new row to its partners, which OFFSET 0
-- ensures, by index.  That is far less work for a few rows, and far more for
-- many that share an address.  Nobody knows beforehand, so it gives up where it
-- has visited more rows than it should.
--
-- Neither depends on what the planner knows about rows that came a moment ago:
-- find_in_period_*() has no other join, and find_new_*() no other scans than
-- of indexes, chosen by how many of their entries have to be read.
--

CREATE FUNCTION azhunt.find_in_period_storage_upload_link_account(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    lookback_option interval := options ->> 'lookback';
    match_option boolean := options ->> 'match_user_agent';
    file_option text := options ->> 'target_file';
    operations_option text[] := ARRAY(SELECT jsonb_array_elements_text(options -> 'operations'));
    noninteractive_option boolean := options ->> 'include_noninteractive';
    successful_option boolean := options ->> 'successful_only';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.storage_upload_link_account_facts (
        hunt, uploadtime, operationname, uri, useragentheader, address, storageaccount, correlationid,
        logintime, account, loginuseragent, texts_hash, resultid, run, foundat)
    SELECT $1, u.uploadtime, u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
           u.correlationid, s.logintime, s.account, s.loginuseragent,
           azhunt.sha256_of(ARRAY[u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
                                  u.correlationid, s.account, s.loginuseragent]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, u.uri, u.operationname, u.useragentheader]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM azhunt.hunted_uploads(file_option, operations_option) AS u
    JOIN azhunt.hunted_signins(noninteractive_option, successful_option, $5, $6) AS s
      ON s.address = u.address
     AND azhunt.within(s.logintime, u.uploadtime, lookback_option)
     -- says the same, for the pruning of partitions
     AND s.logintime >= azhunt.window_start(u.uploadtime, lookback_option)
     AND s.logintime <= u.uploadtime
     AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
     AND ($7 IS NULL OR azhunt.is_new(u.ingestxid, $7, $8, $9) OR azhunt.is_new(s.ingestxid, $7, $8, $9))
    WHERE u.address <> ''
      AND u.uploadtime >= $5 AND u.uploadtime <= $6
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_in_period_storage_upload_link_account(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the matches of uploads and sign-ins from since to until that are not there, and counts them; only those of which one is new, unless first_xid is null';

CREATE FUNCTION azhunt.find_new_storage_upload_link_account(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET cpu_index_tuple_cost = 1
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    lookback_option interval := options ->> 'lookback';
    match_option boolean := options ->> 'match_user_agent';
    file_option text := options ->> 'target_file';
    operations_option text[] := ARRAY(SELECT jsonb_array_elements_text(options -> 'operations'));
    noninteractive_option boolean := options ->> 'include_noninteractive';
    successful_option boolean := options ->> 'successful_only';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.storage_upload_link_account_facts (
        hunt, uploadtime, operationname, uri, useragentheader, address, storageaccount, correlationid,
        logintime, account, loginuseragent, texts_hash, resultid, run, foundat)
    SELECT $1, m.uploadtime, m.operationname, m.uri, m.useragentheader, m.address, m.storageaccount,
           m.correlationid, m.logintime, m.account, m.loginuseragent,
           azhunt.sha256_of(ARRAY[m.operationname, m.uri, m.useragentheader, m.address, m.storageaccount,
                                  m.correlationid, m.account, m.loginuseragent]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, m.uri, m.operationname, m.useragentheader]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
               u.correlationid, s.logintime, s.account, s.loginuseragent
        FROM azhunt.hunted_uploads(file_option, operations_option) AS u
        CROSS JOIN LATERAL (
            SELECT s.logintime, s.account, s.loginuseragent
            FROM azhunt.hunted_signins(noninteractive_option, successful_option, $5, $6) AS s
            WHERE s.address = u.address
              AND s.logintime >= azhunt.window_start(u.uploadtime, lookback_option)
              AND s.logintime <= u.uploadtime
              AND azhunt.count_visit(s.logintime, 1)
              AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
            OFFSET 0
        ) AS s
        WHERE azhunt.is_new(u.ingestxid, $7, $8, $9)
          AND u.uploadtime >= $5 AND u.uploadtime <= $6
          AND azhunt.count_visit(u.uploadtime, 4)
          AND u.address <> ''
        UNION ALL
        SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, s.address, u.storageaccount,
               u.correlationid, s.logintime, s.account, s.loginuseragent
        FROM azhunt.hunted_signins(noninteractive_option, successful_option, $5, $6) AS s
        CROSS JOIN LATERAL (
            SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, u.storageaccount,
                   u.correlationid
            FROM azhunt.hunted_uploads(file_option, operations_option) AS u
            WHERE u.address = s.address
              AND u.uploadtime >= s.logintime
              AND u.uploadtime <= azhunt.window_end(s.logintime, lookback_option)
              AND u.uploadtime >= $5 AND u.uploadtime <= $6
              AND azhunt.count_visit(u.uploadtime, 1)
              AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
            OFFSET 0
        ) AS u
        WHERE azhunt.is_new(s.ingestxid, $7, $8, $9)
          AND azhunt.count_visit(s.logintime, 4)
          AND s.address <> ''
    ) AS m
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_new_storage_upload_link_account(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the matches of new uploads with all sign-ins, and of new sign-ins with all uploads, that are not there, and counts them; since to until is a period that has them all';

CREATE FUNCTION azhunt.find_in_period_cloudshell_usage(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    bin_option interval := options ->> 'bin';
    group_option text := options ->> 'resource_group';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.cloudshell_usage_facts (
        hunt, timekey, caller, operationnamevalue, texts_hash, resultid, run, foundat)
    SELECT DISTINCT $1, s.timekey, s.caller, o.operationnamevalue,
           azhunt.sha256_of(ARRAY[s.caller, o.operationnamevalue]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, s.caller, extract(epoch FROM s.timekey)::text]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT DISTINCT s.caller, azhunt.bin(s.starttime, bin_option) AS timekey
        FROM azhunt.hunted_shell_starts(group_option) AS s
        WHERE s.starttime >= $5 AND s.starttime <= $6
          -- whose bin has a start
          AND azhunt.window_start(s.starttime, bin_option) > timestamptz '4714-11-24 00:00:00+00 BC'
    ) AS s
    JOIN azhunt.hunted_operations() AS o
      ON o.caller = s.caller
     -- the first time after the bin is not in it
     AND azhunt.within(s.timekey, o.operationtime, bin_option - interval '1 microsecond')
     -- nor is anything in a bin that has no end
     AND o.operationtime < azhunt.bin_end(s.timekey, bin_option)
    WHERE o.operationtime >= $5 AND o.operationtime <= $6
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_in_period_cloudshell_usage(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the operations of all callers in all bins of time with a Cloud Shell, both from since to until, that are not there, and counts them; whether they are new is not looked at';

CREATE FUNCTION azhunt.find_new_cloudshell_usage(
    name text, options jsonb, run bigint, started timestamptz, since timestamptz, until timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET cpu_index_tuple_cost = 1
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    bin_option interval := options ->> 'bin';
    group_option text := options ->> 'resource_group';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.cloudshell_usage_facts (
        hunt, timekey, caller, operationnamevalue, texts_hash, resultid, run, foundat)
    SELECT $1, m.timekey, m.caller, m.operationnamevalue,
           azhunt.sha256_of(ARRAY[m.caller, m.operationnamevalue]),
           encode(substr(azhunt.sha256_of(ARRAY[$1, m.caller, extract(epoch FROM m.timekey)::text]), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT s.timekey, s.caller, o.operationnamevalue
        FROM (
            SELECT DISTINCT s.caller, azhunt.bin(s.starttime, bin_option) AS timekey
            FROM azhunt.hunted_shell_starts(group_option) AS s
            WHERE azhunt.is_new(s.ingestxid, $7, $8, $9)
              AND s.starttime >= $5 AND s.starttime <= $6
              AND azhunt.count_visit(s.starttime, 4)
              AND azhunt.window_start(s.starttime, bin_option) > timestamptz '4714-11-24 00:00:00+00 BC'
        ) AS s
        CROSS JOIN LATERAL (
            SELECT o.operationnamevalue
            FROM azhunt.hunted_operations() AS o
            WHERE o.caller = s.caller
              AND o.operationtime >= s.timekey
              AND o.operationtime < azhunt.bin_end(s.timekey, bin_option)
              AND o.operationtime >= $5 AND o.operationtime <= $6
              AND azhunt.count_visit(o.operationtime, 1)
            OFFSET 0
        ) AS o
        UNION
        SELECT o.timekey, o.caller, o.operationnamevalue
        FROM (
            SELECT DISTINCT o.caller, azhunt.bin(o.operationtime, bin_option) AS timekey, o.operationnamevalue
            FROM azhunt.hunted_operations() AS o
            WHERE azhunt.is_new(o.ingestxid, $7, $8, $9)
              AND o.operationtime >= $5 AND o.operationtime <= $6
              AND azhunt.count_visit(o.operationtime, 4)
              AND azhunt.window_start(o.operationtime, bin_option) > timestamptz '4714-11-24 00:00:00+00 BC'
        ) AS o
        CROSS JOIN LATERAL (
            SELECT
            FROM azhunt.hunted_shell_starts(group_option) AS s
            WHERE s.caller = o.caller
              AND s.starttime >= o.timekey
              AND s.starttime < azhunt.bin_end(o.timekey, bin_option)
              AND s.starttime >= $5 AND s.starttime <= $6
              AND azhunt.count_visit(s.starttime, 1)
            LIMIT 1
        ) AS s
    ) AS m
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_new_cloudshell_usage(text, jsonb, bigint, timestamptz, timestamptz, timestamptz, bigint, bigint, bigint[]) IS
'stores the operations in bins of time with a new Cloud Shell, and the new operations in bins with any Cloud Shell, that are not there, and counts them; since to until is a period that has them all';

CREATE FUNCTION azhunt.count_all_rows(tables text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    log_rows bigint;
    counts jsonb := '{}';
BEGIN
    FOREACH log_table IN ARRAY tables LOOP
        EXECUTE format('SELECT count(*) FROM azhunt.%I', log_table) INTO log_rows;
        counts := counts || jsonb_build_object(log_table, log_rows);
    END LOOP;
    RETURN counts;
END
$$;

COMMENT ON FUNCTION azhunt.count_all_rows(text[]) IS
'how many rows log tables have';

/* src/runs/run.sql */

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
'what relations refer to, if with_children with their partitions or children, by rules, policies, defaults, checks, statistics and indexes, too; as parts, one relation for each of their owners';

-- What is reached is what PostgreSQL knows: a function whose body is a string
-- does not say what it calls, so that its owner has to be trusted in all it does.
CREATE FUNCTION azhunt.untrusted_below(relations regclass[], with_children boolean, OUT object text, OUT owner name)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    trusted oid[] := ARRAY(SELECT r.oid FROM pg_roles AS r WHERE pg_has_role(r.oid, current_user, 'USAGE'));
BEGIN
    WITH RECURSIVE reached (classid, objid, is_part) AS (
        SELECT f.classid, f.objid, f.is_part FROM azhunt.reached_from(relations::oid[], with_children) AS f
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

COMMENT ON FUNCTION azhunt.untrusted_below(regclass[], boolean) IS
'the first of all objects that relations reach (if with_children, partitions or children; indexes, rules, policies, constraints, functions, types and so on, and what these refer to) whose owner has not the rights of the current role anyway; null if there is none';

CREATE FUNCTION azhunt.check_log_tables(tables text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    relation regclass;
    relations regclass[] := '{}';
    foreign_table regclass;
    untrusted record;
BEGIN
    FOREACH log_table IN ARRAY tables LOOP
        relation := to_regclass(format('azhunt.%I', log_table));
        IF relation IS NULL THEN
            RAISE EXCEPTION 'there is no table azhunt.%', log_table
                USING ERRCODE = 'undefined_table',
                      HINT = 'azhunt.create_log_tables() creates the log tables.';
        END IF;

        PERFORM FROM pg_attribute AS a
        WHERE a.attrelid = relation AND a.attname = 'ingestxid'
          AND a.atttypid = 'bigint'::regtype AND NOT a.attisdropped;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'azhunt.% has no column ingestxid of type bigint', log_table
                USING ERRCODE = 'undefined_column',
                      HINT = 'A scheduled hunt knows new rows by it: add it, with azhunt.ingest_xid() as its default.';
        END IF;
        relations := relations || relation;
    END LOOP;

    SELECT c.oid INTO foreign_table
    FROM unnest(relations) AS r (relation)
    CROSS JOIN LATERAL azhunt.partition_tree(r.relation) AS t (relation)
    JOIN pg_class AS c ON c.oid = t.relation
    WHERE c.relkind = 'f'
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a scheduled hunt cannot tell the new rows of foreign table %', foreign_table
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'Replicate the table here; or hunt ad hoc, which foreign tables serve as well.';
    END IF;

    -- whoever owns what is read can have code run by those who read it
    untrusted := azhunt.untrusted_below(relations, true);
    IF untrusted.object IS NOT NULL THEN
        RAISE EXCEPTION 'the owner of %, %, is not trusted by %, who runs hunts',
                        untrusted.object, untrusted.owner, current_user
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('A function that runs with the rights of %s would read it, or have it run.', current_user),
                  HINT = format('Give it to %s.', current_user);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_log_tables(text[]) IS
'an error if a scheduled hunt cannot read these log tables: they are not there, do not say what is new, or belong to a role that the current one does not trust';

CREATE FUNCTION azhunt.reason_to_start_over(hunt text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watermark record;
    requested boolean;
BEGIN
    -- only those that this run sees: the rows that they are about it sees too
    DELETE FROM azhunt.restart_requests AS q WHERE q.hunt = $1;
    requested := FOUND;

    SELECT w.snapshot, w.system_identifier INTO watermark
    FROM azhunt.watermarks AS w WHERE w.hunt = $1;
    RETURN CASE
        WHEN NOT FOUND THEN 'first run'
        WHEN requested THEN 'restart_hunt() was called'
        WHEN watermark.system_identifier <> (SELECT s.system_identifier::text FROM pg_control_system() AS s)
            THEN 'last run was in another cluster'
        WHEN pg_snapshot_xmax(watermark.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
            THEN 'transaction ids are lower than at the last run'
    END;
END
$$;

COMMENT ON FUNCTION azhunt.reason_to_start_over(text) IS
'why this run of a hunt has to read all rows; null if it has not; removes the requests of restart_hunt() that the run fulfils';

CREATE FUNCTION azhunt.snapshot_with_unfinished(snapshot pg_snapshot, unfinished xid8) RETURNS pg_snapshot
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN unfinished >= pg_snapshot_xmax(snapshot) THEN snapshot
                ELSE format('%s:%s:%s'::text, min(x.xid), pg_snapshot_xmax(snapshot),
                            string_agg(x.xid::text, ','::text ORDER BY x.xid)
                                FILTER (WHERE x.xid = unfinished OR NOT pg_visible_in_snapshot(x.xid, snapshot)))::pg_snapshot
           END
    FROM (
        SELECT unfinished
        UNION
        SELECT pg_snapshot_xmin(snapshot)
        UNION
        SELECT u.xid FROM pg_snapshot_xip(snapshot) AS u (xid)
    ) AS x (xid)
    WHERE x.xid < pg_snapshot_xmax(snapshot)
$$;

COMMENT ON FUNCTION azhunt.snapshot_with_unfinished(pg_snapshot, xid8) IS
'a snapshot that also takes a transaction for unfinished';

CREATE FUNCTION azhunt.find_matches(kind text, name text, options jsonb, run bigint, started timestamptz, period tstzrange,
                                    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF first_xid IS NOT NULL THEN
        BEGIN
            RETURN CASE kind
                WHEN 'storage_upload_link_account'
                THEN azhunt.find_new_storage_upload_link_account(name, options, run, started, lower(period), upper(period),
                                                                 first_xid, end_xid, unfinished_xids)
                ELSE azhunt.find_new_cloudshell_usage(name, options, run, started, lower(period), upper(period),
                                                      first_xid, end_xid, unfinished_xids)
            END;
        EXCEPTION WHEN SQLSTATE 'ZH001' THEN
            -- too many partners: let the planner join what the period has
        END;
    END IF;
    RETURN CASE kind
        WHEN 'storage_upload_link_account'
        THEN azhunt.find_in_period_storage_upload_link_account(name, options, run, started, lower(period), upper(period),
                                                               first_xid, end_xid, unfinished_xids)
        ELSE azhunt.find_in_period_cloudshell_usage(name, options, run, started, lower(period), upper(period),
                                                    first_xid, end_xid, unfinished_xids)
    END;
END
$$;

COMMENT ON FUNCTION azhunt.find_matches(text, text, jsonb, bigint, timestamptz, tstzrange, bigint, bigint, bigint[]) IS
'stores the matches of a period that are not there, and counts them; only those with a new row, unless first_xid is null';

CREATE FUNCTION azhunt.some_periods(periods tstzmultirange) RETURNS SETOF tstzrange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.period
    FROM unnest(CASE WHEN (SELECT count(*) FROM unnest(periods)) <= 8 THEN periods
                     ELSE tstzmultirange(range_merge(periods)) END) AS p (period)
$$;

COMMENT ON FUNCTION azhunt.some_periods(tstzmultirange) IS
'the periods that something new is in; one that has them all if they are many, as each is a query';

CREATE FUNCTION azhunt.find_results(hunt text, run bigint, started timestamptz, snapshot pg_snapshot)
RETURNS TABLE (started_over text, relations bigint[], rows_read jsonb, new_results bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
#variable_conflict use_variable
DECLARE
    instance azhunt.hunts;
    watermark azhunt.watermarks;
    arrivals record;
    period tstzrange;
    first_xid bigint;
    end_xid bigint := pg_snapshot_xmax(snapshot)::text;
    unfinished_xids bigint[];
BEGIN
    SELECT h.* INTO instance FROM azhunt.hunts AS h WHERE h.name = hunt;
    -- first, as an older snapshot does not see what the other looks at
    PERFORM azhunt.check_rows_are_visible(instance.tables);
    PERFORM azhunt.check_log_tables(instance.tables);

    new_results := 0;
    started_over := azhunt.reason_to_start_over(hunt);
    IF started_over IS NOT NULL THEN
        relations := azhunt.relations_below(instance.tables);
        rows_read := azhunt.count_all_rows(instance.tables);
        new_results := azhunt.find_matches(instance.hunt, hunt, instance.options, run, started,
                                           '[-infinity,infinity]'::tstzrange, NULL::bigint, NULL::bigint, NULL::bigint[]);
    ELSE
        SELECT w.* INTO watermark FROM azhunt.watermarks AS w WHERE w.hunt = hunt;
        first_xid := pg_snapshot_xmax(watermark.snapshot)::text;
        -- with what this transaction itself has written
        unfinished_xids := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(watermark.snapshot) AS x)
                           || pg_current_xact_id()::text::bigint;
        SELECT a.* INTO arrivals
        FROM azhunt.look_for_arrivals(instance.tables,
                                      coalesce(instance.options ->> 'lookback', instance.options ->> 'bin')::interval,
                                      first_xid, end_xid, unfinished_xids, watermark.relations) AS a;
        relations := arrivals.relations;
        rows_read := arrivals.rows_read;

        -- A page takes about as long to read as eight rows that are looked up.
        PERFORM azhunt.allow_visits(1000 + 8 * arrivals.pages);
        FOR period IN SELECT p FROM azhunt.some_periods(arrivals.new_periods) AS p LOOP
            new_results := new_results + azhunt.find_matches(instance.hunt, hunt, instance.options, run, started, period,
                                                             first_xid, end_xid, unfinished_xids);
        END LOOP;
        FOR period IN SELECT p FROM azhunt.some_periods(arrivals.reread_periods) AS p LOOP
            new_results := new_results + azhunt.find_matches(instance.hunt, hunt, instance.options, run, started, period,
                                                             NULL::bigint, NULL::bigint, NULL::bigint[]);
        END LOOP;
    END IF;

    -- Only what was there from the first look to the last has surely been read.
    relations := ARRAY(SELECT r FROM unnest(relations) AS r
                       INTERSECT SELECT r FROM unnest(azhunt.relations_below(instance.tables)) AS r);
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.find_results(text, bigint, timestamptz, pg_snapshot) IS
'stores what a run finds in the rows that the snapshot sees and the last run did not read; says why it read all rows instead, if it did, and what relations it read';

CREATE FUNCTION azhunt.describe_running(name text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN 'another run of this hunt is going on'
        || coalesce((SELECT format(': process %s of role %s, in a transaction since %s'::text, a.pid, a.usename, a.xact_start)
                     FROM azhunt.scheduled_hunts AS h
                     JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.transactionid = h.xmax AND l.granted
                     JOIN pg_stat_activity AS a ON a.pid = l.pid
                     WHERE h.name = $1
                     LIMIT 1), ''::text);
END
$$;

COMMENT ON FUNCTION azhunt.describe_running(text) IS
'why a run was skipped: which process has the hunt, if that can be told';

CREATE FUNCTION azhunt.run_hunt_in_transaction(name text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    run bigint;
    started timestamptz := clock_timestamp();
    snapshot pg_snapshot;
    found_results record;
BEGIN
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them; a row in azhunt.scheduled_hunts makes one.';
    END IF;

    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1 FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        INSERT INTO azhunt.runs (hunt, started, finished, status, error, run_by)
        VALUES (name, started, clock_timestamp(), 'skipped', azhunt.describe_running(name), session_user)
        RETURNING runs.run INTO function.run;
        RETURN function.run;
    END IF;

    -- A change, and not only a lock: a transaction whose snapshot is older must
    -- not change or drop a hunt as if it had not run.
    UPDATE azhunt.scheduled_hunts AS h SET severity = h.severity WHERE h.name = $1;

    -- The snapshot that is stored comes before all that reads rows: what was
    -- committed in between is read by this run and the next, never by none.
    -- It must not count this transaction, which can still write, as finished.
    run := nextval('azhunt.runs_run_seq'::regclass);
    snapshot := azhunt.snapshot_with_unfinished(pg_current_snapshot(), pg_current_xact_id());
    SELECT r.* INTO found_results FROM azhunt.find_results(name, run, started, snapshot) AS r;

    INSERT INTO azhunt.watermarks (hunt, snapshot, relations, system_identifier)
    VALUES (name, snapshot, found_results.relations, (SELECT s.system_identifier::text FROM pg_control_system() AS s))
    ON CONFLICT (hunt) DO UPDATE
    SET snapshot = EXCLUDED.snapshot, relations = EXCLUDED.relations, system_identifier = EXCLUDED.system_identifier;
    INSERT INTO azhunt.runs (run, hunt, started, finished, status, started_over, rows_read, new_results, snapshot, run_by)
    VALUES (function.run, name, started, clock_timestamp(), 'succeeded', found_results.started_over,
            found_results.rows_read, found_results.new_results, snapshot, session_user);
    -- Where someone keeps the queue from being emptied, what was found matters
    -- more than that it is announced.
    IF found_results.new_results > 0 AND pg_notification_queue_usage() < 0.9 THEN
        PERFORM pg_notify('azhunt', json_build_object('hunt', name, 'run', function.run,
                                                      'new_results', found_results.new_results)::text);
    END IF;
    RETURN run;
END
$$;

COMMENT ON FUNCTION azhunt.run_hunt_in_transaction(text) IS
'one incremental run of a scheduled hunt in the current transaction, which it leaves to the caller; returns the id of the run in azhunt.runs';

REVOKE EXECUTE ON FUNCTION azhunt.run_hunt_in_transaction(text) FROM PUBLIC;

CREATE FUNCTION azhunt.record_failed_run(name text, started timestamptz, sqlstate text, error text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    connected timestamptz := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a);
BEGIN
    -- Whoever runs hunts can call this, so what it is told is held within what
    -- can be true of this session.
    INSERT INTO azhunt.runs (hunt, started, finished, status, sqlstate, error, run_by)
    SELECT h.name, least(greatest($2, connected), clock_timestamp()), clock_timestamp(), 'failed', left($3, 5), left($4, 10000),
           session_user
    FROM azhunt.scheduled_hunts AS h
    WHERE h.name = $1;
END
$$;

COMMENT ON FUNCTION azhunt.record_failed_run(text, timestamptz, text, text) IS
'records in azhunt.runs that a run of this session failed; used by run_hunt()';

REVOKE EXECUTE ON FUNCTION azhunt.record_failed_run(text, timestamptz, text, text) FROM PUBLIC;

-- It commits, so it cannot have a SET clause.
CREATE PROCEDURE azhunt.run_hunt(name text)
LANGUAGE plpgsql
AS $$
DECLARE
    started pg_catalog.timestamptz;
    failed pg_catalog.bool := false;
    failed_state pg_catalog.text;
    failed_message pg_catalog.text;
    failed_detail pg_catalog.text;
    failed_hint pg_catalog.text;
BEGIN
    PERFORM azhunt.prevent_in_transaction_block('azhunt.run_hunt()');
    -- Whatever the session's default: a run that waits for nothing and sees
    -- what the last one committed cannot fail to serialize.
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;
    started := pg_catalog.clock_timestamp();

    BEGIN
        PERFORM azhunt.run_hunt_in_transaction(run_hunt.name);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        failed := true;
        GET STACKED DIAGNOSTICS
            failed_state = RETURNED_SQLSTATE,
            failed_message = MESSAGE_TEXT,
            failed_detail = PG_EXCEPTION_DETAIL,
            failed_hint = PG_EXCEPTION_HINT;
        PERFORM azhunt.record_failed_run(run_hunt.name, started, failed_state, failed_message);
    END;
    COMMIT;

    IF failed THEN
        PERFORM azhunt.rethrow(failed_state, failed_message, failed_detail, failed_hint);
    END IF;
END
$$;

COMMENT ON PROCEDURE azhunt.run_hunt(text) IS
'one incremental run of a scheduled hunt: results, watermark and the row in azhunt.runs in one transaction of its own; a run that fails is recorded and ends in its error, one that finds another still going is recorded as skipped';

REVOKE EXECUTE ON PROCEDURE azhunt.run_hunt(text) FROM PUBLIC;

CREATE FUNCTION azhunt.restart_hunt(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them.';
    END IF;
    INSERT INTO azhunt.restart_requests (hunt, requested_at, requested_by)
    VALUES (name, clock_timestamp(), session_user);
END
$$;

COMMENT ON FUNCTION azhunt.restart_hunt(text) IS
'has the next run of a scheduled hunt read all rows again, as after rows were loaded with an ingestxid of their own; a run that is going on does not count; what was found stays and is not announced again';

REVOKE EXECUTE ON FUNCTION azhunt.restart_hunt(text) FROM PUBLIC;

CREATE FUNCTION azhunt.drop_hunt(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- also waits for a run to end
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1 FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them.';
    END IF;
    DELETE FROM azhunt.storage_upload_link_account_facts AS f WHERE f.hunt = $1;
    DELETE FROM azhunt.cloudshell_usage_facts AS f WHERE f.hunt = $1;
    DELETE FROM azhunt.watermarks AS w WHERE w.hunt = $1;
    DELETE FROM azhunt.restart_requests AS q WHERE q.hunt = $1;
    DELETE FROM azhunt.runs AS r WHERE r.hunt = $1;
    DELETE FROM azhunt.scheduled_hunts AS h
    WHERE h.name = $1 AND h.name NOT IN ('storage_upload_link_account', 'cloudshell_usage');
END
$$;

COMMENT ON FUNCTION azhunt.drop_hunt(text) IS
'removes a scheduled hunt with its runs and results; of the two that come with azhunt, which stay, runs and results only';

REVOKE EXECUTE ON FUNCTION azhunt.drop_hunt(text) FROM PUBLIC;

CREATE FUNCTION azhunt.keep_options() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.name, NEW.hunt, NEW.options) IS NOT DISTINCT FROM (OLD.name, OLD.hunt, OLD.options) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM azhunt.runs AS r WHERE r.hunt = OLD.name)
       OR EXISTS (SELECT FROM azhunt.watermarks AS w WHERE w.hunt = OLD.name) THEN
        RAISE EXCEPTION 'scheduled hunt "%" has run, and its results are those of its options', OLD.name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make another one with the new options; azhunt.drop_hunt() removes the old one with its results.';
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
END
$$;

COMMENT ON FUNCTION azhunt.keep_options() IS
'trigger: refuses to change or delete a scheduled hunt that has run';

CREATE TRIGGER keep_options BEFORE UPDATE OR DELETE ON azhunt.scheduled_hunts
FOR EACH ROW EXECUTE FUNCTION azhunt.keep_options();
COMMENT ON TRIGGER keep_options ON azhunt.scheduled_hunts IS
'a hunt that has run keeps its name and options, of which its results are';

/* src/runs/triage.sql */

CREATE TABLE azhunt.allow_list (
    kind text NOT NULL
        CHECK (kind OPERATOR(pg_catalog.=) ANY ('{address,account,useragent,storageaccount}'::text[])),
    value text NOT NULL CHECK (value OPERATOR(pg_catalog.<>) ''),
    note text,
    added_by text NOT NULL DEFAULT session_user,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (kind, value)
);

COMMENT ON TABLE azhunt.allow_list IS
'addresses, accounts, user agents and storage accounts, compared ignoring case, whose matches the result views hide; view hidden_results counts what each entry hides';
SELECT pg_catalog.pg_extension_config_dump('azhunt.allow_list', '');

CREATE SEQUENCE azhunt.marks_mark_seq;
COMMENT ON SEQUENCE azhunt.marks_mark_seq IS 'ids of marks';
SELECT pg_catalog.pg_extension_config_dump('azhunt.marks_mark_seq', '');

CREATE TABLE azhunt.marks (
    mark bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.marks_mark_seq'),
    resultid uuid NOT NULL,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{new,investigating,closed}'::text[])),
    note text,
    marked_by text NOT NULL,
    marked_at timestamptz NOT NULL,
    last_run bigint NOT NULL
);

CREATE INDEX marks_resultid_idx ON azhunt.marks (resultid, mark);
COMMENT ON INDEX azhunt.marks_resultid_idx IS 'the latest mark of one result';
COMMENT ON TABLE azhunt.marks IS
'what people said of results, each time; last_run is the last run whose matches they had before them';
SELECT pg_catalog.pg_extension_config_dump('azhunt.marks', '');

CREATE VIEW azhunt.storage_upload_link_account_matches AS
SELECT f.hunt, f.resultid, f.uploadtime, f.operationname, f.uri, f.useragentheader, f.address,
       f.storageaccount, f.correlationid, f.logintime, f.account, f.loginuseragent,
       f.address OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                          WHERE a.kind OPERATOR(pg_catalog.=) 'address')
       OR f.account OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                             WHERE a.kind OPERATOR(pg_catalog.=) 'account')
       OR f.useragentheader OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                     WHERE a.kind OPERATOR(pg_catalog.=) 'useragent')
       OR f.storageaccount OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                    WHERE a.kind OPERATOR(pg_catalog.=) 'storageaccount') AS hidden,
       f.run, f.foundat
FROM azhunt.storage_upload_link_account_facts AS f;

COMMENT ON VIEW azhunt.storage_upload_link_account_matches IS
'each upload and sign-in that scheduled hunts found, those too that the allow-list hides';

CREATE VIEW azhunt.cloudshell_usage_matches AS
SELECT f.hunt, f.resultid, f.timekey, f.caller, f.operationnamevalue,
       f.caller OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                         WHERE a.kind OPERATOR(pg_catalog.=) 'account') AS hidden,
       f.run, f.foundat
FROM azhunt.cloudshell_usage_facts AS f;

COMMENT ON VIEW azhunt.cloudshell_usage_matches IS
'each caller, hour and operation that scheduled hunts found, those too that the allow-list hides';

CREATE VIEW azhunt.matches AS
SELECT s.uploadtime AS "time", s.hunt, s.resultid, s.account, s.address, s.hidden, s.run, s.foundat
FROM azhunt.storage_upload_link_account_matches AS s
UNION ALL
SELECT c.timekey, c.hunt, c.resultid, c.caller, NULL::text, c.hidden, c.run, c.foundat
FROM azhunt.cloudshell_usage_matches AS c;

COMMENT ON VIEW azhunt.matches IS
'each match of all scheduled hunts, those too that the allow-list hides; conditions on hunt and time, on resultid and on run are answered by index';

CREATE VIEW azhunt.result_marks AS
SELECT DISTINCT ON (m.resultid)
       m.resultid, m.status, m.note, m.marked_by, m.marked_at, m.last_run
FROM azhunt.marks AS m
ORDER BY m.resultid, m.mark DESC;

COMMENT ON VIEW azhunt.result_marks IS 'the latest mark of each result';

/* src/runs/results.sql */

CREATE VIEW azhunt.storage_upload_link_account_results AS
SELECT r.lastupload AS "time",
       r.fileuploadpath, r.operationname, r.uploaduseragent, r.loginevents,
       r.accounts COLLATE pg_catalog."default" AS accounts, r.logins, r.uploads, r.firstupload, r.lastupload,
       pg_catalog.array_to_string(r.accounts, ', ') COLLATE pg_catalog."default" AS account,
       pg_catalog.array_to_string(r.addresses, ', ') COLLATE pg_catalog."default" AS address,
       r.addresses COLLATE pg_catalog."default" AS addresses,
       r.storageaccounts COLLATE pg_catalog."default" AS storageaccounts,
       r.hunt, h.title, h.description, h.tactics, h.techniques, h.severity,
       r.resultid, r.matches, r.hidden,
       CASE WHEN m.status OPERATOR(pg_catalog.=) 'closed' AND r.run OPERATOR(pg_catalog.>) m.last_run THEN 'new'
            ELSE COALESCE(m.status, 'new') END AS status,
       m.note, m.marked_by, m.marked_at,
       r.firstrun, r.run, r.foundat
FROM (
    SELECT f.hunt, f.resultid,
           f.uri AS fileuploadpath,
           f.operationname,
           f.useragentheader AS uploaduseragent,
           azhunt.make_bag(f.login ORDER BY f.logintime, f.account COLLATE pg_catalog."C", f.loginuseragent COLLATE pg_catalog."C", f.address COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS loginevents,
           pg_catalog.array_agg(DISTINCT f.account COLLATE pg_catalog."C" ORDER BY f.account COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS accounts,
           azhunt.set_of_bags(f.login ORDER BY f.logintime, f.account COLLATE pg_catalog."C", f.loginuseragent COLLATE pg_catalog."C", f.address COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS logins,
           pg_catalog.count(DISTINCT ROW (f.uploadtime, f.address, f.correlationid))
               FILTER (WHERE NOT f.hidden) AS uploads,
           pg_catalog.min(f.uploadtime) FILTER (WHERE NOT f.hidden) AS firstupload,
           pg_catalog.max(f.uploadtime) FILTER (WHERE NOT f.hidden) AS lastupload,
           pg_catalog.array_agg(DISTINCT f.address COLLATE pg_catalog."C" ORDER BY f.address COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS addresses,
           pg_catalog.array_agg(DISTINCT f.storageaccount COLLATE pg_catalog."C" ORDER BY f.storageaccount COLLATE pg_catalog."C")
               FILTER (WHERE NOT f.hidden) AS storageaccounts,
           pg_catalog.count(*) FILTER (WHERE NOT f.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE f.hidden) AS hidden,
           pg_catalog.min(f.run) FILTER (WHERE NOT f.hidden) AS firstrun,
           pg_catalog.max(f.run) FILTER (WHERE NOT f.hidden) AS run,
           pg_catalog.max(f.foundat) FILTER (WHERE NOT f.hidden) AS foundat
    FROM (
        SELECT f.*,
               azhunt.login_bag(f.account, f.address, f.logintime, f.loginuseragent) AS login
        FROM azhunt.storage_upload_link_account_matches AS f
    ) AS f
    GROUP BY f.hunt, f.resultid, f.uri, f.operationname, f.useragentheader
) AS r
JOIN azhunt.hunts AS h ON h.name OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.result_marks AS m ON m.resultid OPERATOR(pg_catalog.=) r.resultid
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.storage_upload_link_account_results IS
'what scheduled hunts for uploads found, a row for each URI, operation and user agent with the columns of storage_upload_link_account(); time is that of the last upload; run and foundat are those of the latest match; hidden counts matches that the allow-list hides';

CREATE VIEW azhunt.cloudshell_usage_results AS
SELECT r.timekey AS "time",
       r.caller, r.timekey, r.set_operationnamevalue, r.timekey AS "timestamp",
       r.caller AS accountcustomentity,
       r.caller AS account, NULL::text AS address,
       r.hunt, h.title, h.description, h.tactics, h.techniques, h.severity,
       r.resultid, r.matches, r.hidden,
       CASE WHEN m.status OPERATOR(pg_catalog.=) 'closed' AND r.run OPERATOR(pg_catalog.>) m.last_run THEN 'new'
            ELSE COALESCE(m.status, 'new') END AS status,
       m.note, m.marked_by, m.marked_at,
       r.firstrun, r.run, r.foundat
FROM (
    SELECT f.hunt, f.resultid, f.caller, f.timekey,
           azhunt.set_of_texts(f.operationnamevalue) FILTER (WHERE NOT f.hidden) AS set_operationnamevalue,
           pg_catalog.count(*) FILTER (WHERE NOT f.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE f.hidden) AS hidden,
           pg_catalog.min(f.run) FILTER (WHERE NOT f.hidden) AS firstrun,
           pg_catalog.max(f.run) FILTER (WHERE NOT f.hidden) AS run,
           pg_catalog.max(f.foundat) FILTER (WHERE NOT f.hidden) AS foundat
    FROM azhunt.cloudshell_usage_matches AS f
    GROUP BY f.hunt, f.resultid, f.caller, f.timekey
) AS r
JOIN azhunt.hunts AS h ON h.name OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.result_marks AS m ON m.resultid OPERATOR(pg_catalog.=) r.resultid
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.cloudshell_usage_results IS
'what scheduled hunts for Cloud Shells found, a row for each caller and hour with the columns of cloudshell_usage(); time is the start of the hour; address is always null, as the hunt does not look at it; run and foundat are those of the latest match';

CREATE VIEW azhunt.results AS
SELECT s."time", s.hunt, s.title, s.description, s.tactics, s.techniques, s.severity, s.account, s.address,
       pg_catalog.format('%s of %s from %s, where %s had signed in', s.operationname,
                         COALESCE(NULLIF(azhunt.file_name(s.fileuploadpath), ''), s.fileuploadpath), s.address, s.account) AS summary,
       pg_catalog.jsonb_build_object(
           'FileUploadPath', s.fileuploadpath, 'OperationName', s.operationname,
           'UploadUserAgent', s.uploaduseragent, 'Logins', s.logins) AS details,
       s.resultid, s.matches, s.hidden, s.status, s.note, s.marked_by, s.marked_at, s.firstrun, s.run, s.foundat
FROM azhunt.storage_upload_link_account_results AS s
UNION ALL
SELECT c."time", c.hunt, c.title, c.description, c.tactics, c.techniques, c.severity, c.account, c.address,
       pg_catalog.format('Cloud Shell of %s; other operations: %s', c.account,
                         pg_catalog.jsonb_array_length(c.set_operationnamevalue)),
       azhunt.bag_pack('Caller'::text, c.caller, 'timekey'::text, c.timekey, 'set_OperationNameValue'::text, c.set_operationnamevalue),
       c.resultid, c.matches, c.hidden, c.status, c.note, c.marked_by, c.marked_at, c.firstrun, c.run, c.foundat
FROM azhunt.cloudshell_usage_results AS c;

COMMENT ON VIEW azhunt.results IS
'what all scheduled hunts found, a row for each finding';

CREATE VIEW azhunt.hidden_results AS
SELECT a.kind, a.value, a.note, a.added_by, a.added_at, m.hunt,
       pg_catalog.count(m.resultid) AS matches,
       pg_catalog.count(DISTINCT m.resultid) AS results,
       pg_catalog.max(m.foundat) AS foundat
FROM azhunt.allow_list AS a
LEFT JOIN (
    SELECT e.kind, e.value, s.hunt, s.resultid, s.foundat
    FROM azhunt.storage_upload_link_account_facts AS s
    CROSS JOIN LATERAL (VALUES ('address', s.address), ('account', s.account),
                               ('useragent', s.useragentheader), ('storageaccount', s.storageaccount)) AS e (kind, value)
    UNION ALL
    SELECT 'account', c.caller, c.hunt, c.resultid, c.foundat
    FROM azhunt.cloudshell_usage_facts AS c
) AS m ON m.kind OPERATOR(pg_catalog.=) a.kind AND m.value OPERATOR(azhunt.=~) a.value
GROUP BY a.kind, a.value, m.hunt;

COMMENT ON VIEW azhunt.hidden_results IS
'how many matches, of how many results, each entry of the allow-list hides in each hunt; a match that several entries hide counts for each of them';

CREATE FUNCTION azhunt.mark_result(resultid uuid, status text, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_run bigint;
BEGIN
    IF (status IN ('new', 'investigating', 'closed')) IS NOT TRUE THEN
        RAISE EXCEPTION 'a result cannot be marked "%"', coalesce(status, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use new, investigating or closed.';
    END IF;
    IF char_length(note) > 10000 THEN
        RAISE EXCEPTION 'a note cannot have more than 10000 characters, as this one of %', char_length(note)
            USING ERRCODE = 'string_data_right_truncation';
    END IF;
    -- prune() must not remove a part of it meanwhile
    PERFORM FROM azhunt.scheduled_hunts AS h
    WHERE h.name IN (SELECT f.hunt FROM azhunt.storage_upload_link_account_facts AS f WHERE f.resultid = $1
                     UNION ALL
                     SELECT f.hunt FROM azhunt.cloudshell_usage_facts AS f WHERE f.resultid = $1)
    FOR KEY SHARE OF h;
    last_run := greatest((SELECT max(f.run) FROM azhunt.storage_upload_link_account_facts AS f WHERE f.resultid = $1),
                         (SELECT max(f.run) FROM azhunt.cloudshell_usage_facts AS f WHERE f.resultid = $1));
    IF last_run IS NULL THEN
        RAISE EXCEPTION 'there is no result %', coalesce(resultid::text, 'NULL')
            USING ERRCODE = 'no_data_found',
                  HINT = 'It is column resultid of view azhunt.results.';
    END IF;
    INSERT INTO azhunt.marks (resultid, status, note, marked_by, marked_at, last_run)
    VALUES ($1, $2, $3, session_user, clock_timestamp(), last_run);
END
$$;

COMMENT ON FUNCTION azhunt.mark_result(uuid, text, text) IS
'marks a result as new, investigating or closed; matches that later runs add to a closed one make it new again';

REVOKE EXECUTE ON FUNCTION azhunt.mark_result(uuid, text, text) FROM PUBLIC;

/* src/runs/health.sql */

CREATE FUNCTION azhunt.latest(relation regclass, time_column name, as_of timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz;
    result timestamptz;
BEGIN
    -- A block range index gives no maximum, but does find what is recent.
    FOREACH since IN ARRAY ARRAY[as_of - interval '1 hour', as_of - interval '24 hours', as_of - interval '30 days', '-infinity']
    LOOP
        EXECUTE format('SELECT max(%1$I) FROM %2$s WHERE %1$I >= $1', time_column, relation)
        INTO result
        USING since;
        EXIT WHEN result IS NOT NULL;
    END LOOP;
    RETURN result;
END
$$;

COMMENT ON FUNCTION azhunt.latest(regclass, name, timestamptz) IS
'the latest time in a column of a log table, found fast if it is recent';

CREATE FUNCTION azhunt.log_table_health(
    log_table regclass, since timestamptz[], latest integer,
    OUT newest_event timestamptz, OUT newest_arrival timestamptz, OUT arrivals bigint[], OUT delays interval[])
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_log_table_health';

COMMENT ON FUNCTION azhunt.log_table_health(regclass, timestamptz[], integer) IS
'the newest event and arrival of a table or partitioned table, how many rows arrived in the hour after each time in since, and the delays of its latest rows by ingestxid; has one partition locked at a time';

CREATE FUNCTION azhunt.query_health(
    log_table regclass, since timestamptz[], latest integer,
    OUT newest_event timestamptz, OUT newest_arrival timestamptz, OUT arrivals bigint[], OUT delays interval[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rows_of_hour bigint;
BEGIN
    newest_event := azhunt.latest(log_table, 'timegenerated'::name, since[1]);
    newest_arrival := azhunt.latest(log_table, 'ingestedat'::name, since[1]);
    FOR i IN 1 .. cardinality(since) LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE ingestedat > $1 AND ingestedat <= $1 + interval ''1 hour''',
                       log_table)
        INTO rows_of_hour
        USING since[i];
        arrivals[i] := rows_of_hour;
    END LOOP;
    EXECUTE format('SELECT array_agg(l.delay)'
                   ' FROM (SELECT CASE WHEN isfinite(timegenerated) AND isfinite(ingestedat)'
                   '               THEN ingestedat - timegenerated END AS delay'
                   '       FROM %s WHERE ingestxid IS NOT NULL ORDER BY ingestxid DESC LIMIT $1) AS l', log_table)
    INTO delays
    USING latest;
END
$$;

COMMENT ON FUNCTION azhunt.query_health(regclass, timestamptz[], integer) IS
'what log_table_health() says, by queries: they read views, too, and lock all partitions and indexes';

CREATE FUNCTION azhunt.source_health_of(log_table text, as_of timestamptz)
RETURNS TABLE (newest_event timestamptz, newest_arrival timestamptz,
               median_delay interval, p95_delay interval,
               rows_last_hour bigint, rows_hour_before bigint, rows_hour_day_before bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass := format('azhunt.%I', log_table)::regclass;
    since timestamptz[] := ARRAY[as_of - interval '1 hour', as_of - interval '2 hours', as_of - interval '25 hours'];
    health record;
BEGIN
    IF row_security_active(relation::oid) THEN
        RAISE EXCEPTION 'row-level security may hide rows of % from %', relation, current_user
            USING ERRCODE = 'insufficient_privilege';
    END IF;

    -- a view, or a table whose columns only look like these, is queried
    IF (SELECT c.relkind IN ('p'::"char", 'r'::"char") FROM pg_class AS c WHERE c.oid = relation::oid)
       AND (SELECT count(*) = 3 FROM pg_attribute AS a
            WHERE a.attrelid = relation::oid AND NOT a.attisdropped
              AND (a.attname = 'ingestxid'::name AND a.atttypid = 'bigint'::regtype
                   OR a.attname IN ('timegenerated'::name, 'ingestedat'::name)
                      AND a.atttypid = 'timestamp with time zone'::regtype)) THEN
        health := azhunt.log_table_health(relation, since, 10000);
    ELSE
        health := azhunt.query_health(relation, since, 10000);
    END IF;

    newest_event := health.newest_event;
    newest_arrival := health.newest_arrival;
    rows_last_hour := health.arrivals[1];
    rows_hour_before := health.arrivals[2];
    rows_hour_day_before := health.arrivals[3];
    SELECT p.delays[1], p.delays[2]
    INTO median_delay, p95_delay
    FROM (SELECT percentile_cont('{0.5,0.95}'::double precision[]) WITHIN GROUP (ORDER BY d.delay) AS delays
          FROM unnest(health.delays) AS d (delay)) AS p;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.source_health_of(text, timestamptz) IS
'what source_health() says of one log table';

CREATE FUNCTION azhunt.source_health(as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (log_table text, state text, newest_event timestamptz, newest_arrival timestamptz,
               median_delay interval, p95_delay interval,
               rows_last_hour bigint, rows_hour_before bigint, rows_hour_day_before bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    source text;
BEGIN
    FOR source IN SELECT s.log_table FROM azhunt.log_table_schemas() AS s ORDER BY s.log_table LOOP
        BEGIN
            PERFORM azhunt.check_log_tables(ARRAY[source]);
            RETURN QUERY
            SELECT source,
                   CASE WHEN h.newest_arrival IS NULL AND h.newest_event IS NULL THEN 'never loaded'
                        WHEN h.rows_last_hour > 0 THEN 'flowing'
                        -- of what came after as_of, only the hours that are counted say something
                        WHEN h.newest_arrival > as_of - interval '24 hours'
                             AND (h.newest_arrival <= as_of OR h.rows_hour_before > 0) THEN 'quiet'
                        ELSE 'stopped' END,
                   h.*
            FROM azhunt.source_health_of(source, as_of) AS h;
        EXCEPTION
            WHEN undefined_table THEN
                RETURN QUERY SELECT source, 'never loaded'::text, NULL::timestamptz, NULL::timestamptz,
                                    NULL::interval, NULL::interval, 0::bigint, 0::bigint, 0::bigint;
            WHEN undefined_column OR wrong_object_type OR insufficient_privilege THEN
                RETURN QUERY SELECT source, 'not known: ' || SQLERRM, NULL::timestamptz, NULL::timestamptz,
                                    NULL::interval, NULL::interval, NULL::bigint, NULL::bigint, NULL::bigint;
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.source_health(timestamptz) IS
'for each log table whether rows still arrive (flowing: in the last hour, quiet: in the last 24 hours, stopped, never loaded), its newest event and arrival, the delay between the two of its latest 10000 rows, and the rows that arrived in the last hour, the one before, and the same hour a day before';

REVOKE EXECUTE ON FUNCTION azhunt.source_health(timestamptz) FROM PUBLIC;

CREATE VIEW azhunt.source_health AS
SELECT s.log_table, s.state, s.newest_event, s.newest_arrival, s.median_delay, s.p95_delay,
       s.rows_last_hour, s.rows_hour_before, s.rows_hour_day_before
FROM azhunt.source_health() AS s;

COMMENT ON VIEW azhunt.source_health IS
'source_health() as of now';

CREATE FUNCTION azhunt.upload_counts(hunt text, since timestamptz, until timestamptz, width interval DEFAULT '1 hour')
RETURNS TABLE ("time" timestamptz, uploads bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
-- an error instead of counts without the rows that a policy hides
SET row_security = off
AS $$
#variable_conflict use_column
DECLARE
    options jsonb := (SELECT h.options FROM azhunt.hunts AS h
                      WHERE h.name = $1 AND h.hunt = 'storage_upload_link_account');
    -- a function with a subquery among its arguments is not inlined, so that
    -- all partitions would be locked
    target_file text := options ->> 'target_file'::text;
    operations text[] := ARRAY(SELECT o.operation FROM jsonb_array_elements_text(options -> 'operations'::text) AS o (operation));
BEGIN
    IF options IS NULL THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%" for uploads', coalesce($1, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists the scheduled hunts.';
    END IF;
    PERFORM azhunt.check_bin(width);
    PERFORM azhunt.check_log_tables('{storagebloblogs,storagefilelogs}'::text[]);
    RETURN QUERY
    SELECT azhunt.bin(u.timegenerated, width), count(*)
    FROM azhunt.uploads(target_file, operations, since, until) AS u
    GROUP BY 1
    ORDER BY 1;
END
$$;

COMMENT ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) IS
'how many uploads the logs have that a scheduled hunt looks at, linked to an account or not, for each width of time from since to until; for those who may not read the logs';

REVOKE EXECUTE ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) FROM PUBLIC;

/* src/runs/retention.sql */

CREATE FUNCTION azhunt.prune(keep interval, keep_log_partitions interval DEFAULT NULL)
RETURNS TABLE (relation text, removed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before timestamptz := now() - keep;
    fact_table text;
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

    -- no run, and nobody who marks a result, is in the middle of it
    PERFORM FROM azhunt.scheduled_hunts AS h FOR UPDATE;

    -- whole results, by their latest match, but none that is being looked into
    FOREACH fact_table IN ARRAY '{storage_upload_link_account_facts,cloudshell_usage_facts}'::text[] LOOP
        EXECUTE format('DELETE FROM azhunt.%1$I AS f USING ('
                       ' SELECT a.resultid FROM azhunt.%1$I AS a GROUP BY a.resultid HAVING max(a.foundat) < $1'
                       ' EXCEPT SELECT m.resultid FROM azhunt.result_marks AS m WHERE m.status = ''investigating'''
                       ') AS o WHERE o.resultid = f.resultid', fact_table)
        USING before;
        GET DIAGNOSTICS removed = ROW_COUNT;
        relation := 'azhunt.' || fact_table;
        RETURN NEXT;
    END LOOP;

    DELETE FROM azhunt.marks AS m
    WHERE m.marked_at < before
      AND NOT EXISTS (SELECT FROM azhunt.storage_upload_link_account_facts AS f WHERE f.resultid = m.resultid)
      AND NOT EXISTS (SELECT FROM azhunt.cloudshell_usage_facts AS f WHERE f.resultid = m.resultid);
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.marks';
    RETURN NEXT;

    DELETE FROM azhunt.runs AS r
    WHERE r.finished < before
      AND NOT EXISTS (SELECT FROM azhunt.storage_upload_link_account_facts AS f WHERE f.run = r.run)
      AND NOT EXISTS (SELECT FROM azhunt.cloudshell_usage_facts AS f WHERE f.run = r.run);
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
    untrusted := azhunt.untrusted_below(partitions, true);
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
'removes runs and results older than keep, but no result under investigation; only on request, partitions of the log tables that end before now() - keep_log_partitions; returns how many rows it removed from where';

REVOKE EXECUTE ON FUNCTION azhunt.prune(interval, interval) FROM PUBLIC;

/* src/runs/cron.sql */

CREATE FUNCTION azhunt.call_cron(query text, hint text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cron_database text;
    dblink_schema text := (SELECT quote_ident(n.nspname) FROM pg_extension AS e
                           JOIN pg_namespace AS n ON n.oid = e.extnamespace
                           WHERE e.extname = 'dblink');
    connection text;
    result bigint;
BEGIN
    IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
        EXECUTE query INTO result;
        RETURN result;
    END IF;

    -- not everybody may know the database
    BEGIN
        cron_database := current_setting('cron.database_name', true);
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'pg_cron is in another database'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Run there: %s.', hint);
    END;
    IF cron_database IS NULL THEN
        RAISE EXCEPTION 'pg_cron is not there'
            USING ERRCODE = 'undefined_object',
                  HINT = 'Install it and add it to shared_preload_libraries; or have another scheduler, such as cron with psql, call azhunt.run_hunt().';
    ELSIF dblink_schema IS NULL THEN
        RAISE EXCEPTION 'pg_cron is in another database, "%"', cron_database
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Run there: %s. Or create extension dblink here, and call this again.', hint);
    END IF;

    -- in libpq's quotes, inside which a backslash goes before both
    connection := (
        SELECT string_agg(format('%s=''%s''', c.keyword, regexp_replace(c.value, E'([\\\\''])', E'\\\\\\1', 'g')), ' ')
        FROM (VALUES
            ('host', coalesce(nullif(split_part(current_setting('unix_socket_directories'), ',', 1), ''), 'localhost')),
            ('port', current_setting('port')),
            ('dbname', cron_database),
            ('user', current_user::text)
        ) AS c (keyword, value));
    -- A schema of the name cron that is not pg_cron's could be anybody's.
    EXECUTE format('SELECT d.result FROM %s.dblink($1::text, $2::text) AS d (result bigint)', dblink_schema)
    INTO result
    USING connection, 'SELECT pg_catalog.count(*) FROM pg_catalog.pg_extension'
                      ' WHERE extname OPERATOR(pg_catalog.=) ''pg_cron''::pg_catalog.name'::text;
    IF result = 0 THEN
        RAISE EXCEPTION 'there is no extension pg_cron in database "%"', cron_database
            USING ERRCODE = 'undefined_object',
                  HINT = 'Run there: CREATE EXTENSION pg_cron.';
    END IF;
    EXECUTE format('SELECT d.result FROM %s.dblink($1::text, $2::text) AS d (result bigint)', dblink_schema)
    INTO result
    USING connection, query;
    RETURN result;
END
$$;

COMMENT ON FUNCTION azhunt.call_cron(text, text) IS
'runs a query in the database that has pg_cron: this one, or another through dblink';

CREATE FUNCTION azhunt.cron_job_name(name text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.format('azhunt %s: %s', pg_catalog.current_database(), name);

COMMENT ON FUNCTION azhunt.cron_job_name(text) IS
'the name of pg_cron''s job for a scheduled hunt of this database';

CREATE FUNCTION azhunt.schedule_hunt(name text, cron_expression text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    command text := format('CALL azhunt.run_hunt(%L)', name);
    query text;
BEGIN
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them.';
    END IF;
    -- in another database with a search_path of its own
    query := format('SELECT cron.schedule_in_database(%L::pg_catalog.text, %L::pg_catalog.text, %L::pg_catalog.text,'
                    ' %L::pg_catalog.text, NULL::pg_catalog.text, true)',
                    azhunt.cron_job_name(name), cron_expression, command, current_database());
    RETURN azhunt.call_cron(query, query);
END
$$;

COMMENT ON FUNCTION azhunt.schedule_hunt(text, text) IS
'has pg_cron run a scheduled hunt in this database, at times in pg_cron''s time zone, which is GMT unless configured; replaces the schedule that it had; returns pg_cron''s job id';

REVOKE EXECUTE ON FUNCTION azhunt.schedule_hunt(text, text) FROM PUBLIC;

CREATE FUNCTION azhunt.unschedule_hunt(name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job text := format('SELECT j.jobid, cron.unschedule(j.jobid) FROM cron.job AS j'
                       ' WHERE j.jobname OPERATOR(pg_catalog.=) %L AND j.username OPERATOR(pg_catalog.=) current_user',
                       azhunt.cron_job_name(name));
BEGIN
    RETURN azhunt.call_cron(format('SELECT pg_catalog.count(*) FROM (%s) AS u', job), job) > 0;
END
$$;

COMMENT ON FUNCTION azhunt.unschedule_hunt(text) IS
'has pg_cron no longer run a scheduled hunt of the current user; false if it did not';

REVOKE EXECUTE ON FUNCTION azhunt.unschedule_hunt(text) FROM PUBLIC;

/* src/runs/privileges.sql */

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
