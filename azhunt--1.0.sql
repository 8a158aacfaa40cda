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

-- Everybody may execute what is not revoked, also where default privileges say
-- otherwise: indexes and defaults of log tables call functions, and whoever had to
-- grant these might grant others as well.
ALTER DEFAULT PRIVILEGES IN SCHEMA azhunt GRANT EXECUTE ON ROUTINES TO PUBLIC;

/* src/kql/strings.sql */

CREATE FUNCTION azhunt.strip_port(address text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_strip_port';

COMMENT ON FUNCTION azhunt.strip_port(text) IS
'the address without its port, IPv6 in canonical form; anything else as it is';

CREATE FUNCTION azhunt.is_in_network(address text, network text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_is_in_network';

COMMENT ON FUNCTION azhunt.is_in_network(text, text) IS
'is the address in the network, such as 203.0.113.0/24? False if either is no address';

CREATE FUNCTION azhunt.blob_name(uri text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_blob_name';

COMMENT ON FUNCTION azhunt.blob_name(text) IS
E'KQL''s extract(@"\\/([\\w\\-. ]+)\\?", 1, uri): the name before the query string, the empty string where there is none';

CREATE FUNCTION azhunt.file_name(uri text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_file_name';

COMMENT ON FUNCTION azhunt.file_name(text) IS
'the last part of the path of a URI, percent-decoded, or of a UNC path; empty for a directory or a host alone';

CREATE FUNCTION azhunt.has_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_has_support';
COMMENT ON FUNCTION azhunt.has_support(internal) IS 'internal: planner support of has()';

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
COMMENT ON FUNCTION azhunt.equals(text, text) IS 'internal: implementation of =~ operator';

CREATE FUNCTION azhunt.not_equals(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_not_equals';
COMMENT ON FUNCTION azhunt.not_equals(text, text) IS 'internal: implementation of !=~ operator';

CREATE FUNCTION azhunt.less(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_less';
COMMENT ON FUNCTION azhunt.less(text, text) IS 'internal: implementation of <~ operator';

CREATE FUNCTION azhunt.less_or_equal(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_less_or_equal';
COMMENT ON FUNCTION azhunt.less_or_equal(text, text) IS 'internal: implementation of <=~ operator';

CREATE FUNCTION azhunt.greater(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_greater';
COMMENT ON FUNCTION azhunt.greater(text, text) IS 'internal: implementation of >~ operator';

CREATE FUNCTION azhunt.greater_or_equal(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_greater_or_equal';
COMMENT ON FUNCTION azhunt.greater_or_equal(text, text) IS 'internal: implementation of >=~ operator';

CREATE FUNCTION azhunt.compare(text, text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_compare';
COMMENT ON FUNCTION azhunt.compare(text, text) IS
'internal: order of two texts by code points, ignoring case: negative, zero or positive';

CREATE FUNCTION azhunt.hash(text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hash';
COMMENT ON FUNCTION azhunt.hash(text) IS 'internal: hash of a text, ignoring case';

CREATE FUNCTION azhunt.hash_extended(text, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hash_extended';
COMMENT ON FUNCTION azhunt.hash_extended(text, bigint) IS
'internal: hash of a text with a seed, ignoring case';

CREATE FUNCTION azhunt.equals_selectivity(internal, oid, internal, integer)
RETURNS double precision
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_equals_selectivity';
COMMENT ON FUNCTION azhunt.equals_selectivity(internal, oid, internal, integer) IS
'internal: restriction selectivity of =~ operator';

CREATE FUNCTION azhunt.equals_join_selectivity(internal, oid, internal, smallint, internal)
RETURNS double precision
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_equals_join_selectivity';
COMMENT ON FUNCTION azhunt.equals_join_selectivity(internal, oid, internal, smallint, internal) IS
'internal: join selectivity of =~ operator';

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
COMMENT ON FUNCTION azhunt.within_support(internal) IS 'internal: planner support of within(), window_start() and window_end()';

CREATE FUNCTION azhunt.within(event timestamptz, anchor timestamptz, lookback interval)
RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_within';

COMMENT ON FUNCTION azhunt.within(timestamptz, timestamptz, interval) IS
'anchor - lookback <= event <= anchor, where a day has 24 hours';

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
'internal: aggregate transition function';

CREATE FUNCTION azhunt.make_set_transition(internal, anyelement, integer) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_set_transition';
COMMENT ON FUNCTION azhunt.make_set_transition(internal, anyelement, integer) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.make_list_transition(internal, anyelement) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_list_transition';
COMMENT ON FUNCTION azhunt.make_list_transition(internal, anyelement) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.make_list_transition(internal, anyelement, integer) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_list_transition';
COMMENT ON FUNCTION azhunt.make_list_transition(internal, anyelement, integer) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.collection_combine(internal, internal) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_combine';
COMMENT ON FUNCTION azhunt.collection_combine(internal, internal) IS
'internal: aggregate combine function';

CREATE FUNCTION azhunt.collection_serialize(internal) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_serialize';
COMMENT ON FUNCTION azhunt.collection_serialize(internal) IS
'internal: aggregate serialization function';

CREATE FUNCTION azhunt.collection_deserialize(bytea, internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_deserialize';
COMMENT ON FUNCTION azhunt.collection_deserialize(bytea, internal) IS
'internal: aggregate deserialization function';

CREATE FUNCTION azhunt.collection_final(internal) RETURNS jsonb
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_collection_final';
COMMENT ON FUNCTION azhunt.collection_final(internal) IS
'internal: aggregate final function';

CREATE FUNCTION azhunt.texts_final(internal) RETURNS text[]
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_texts_final';
COMMENT ON FUNCTION azhunt.texts_final(internal) IS
'internal: aggregate final function';

CREATE FUNCTION azhunt.make_bag_transition(internal, jsonb) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_transition';
COMMENT ON FUNCTION azhunt.make_bag_transition(internal, jsonb) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.make_bag_transition(internal, jsonb, integer) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_transition';
COMMENT ON FUNCTION azhunt.make_bag_transition(internal, jsonb, integer) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.make_bag_combine(internal, internal) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_combine';
COMMENT ON FUNCTION azhunt.make_bag_combine(internal, internal) IS
'internal: aggregate combine function';

CREATE FUNCTION azhunt.make_bag_serialize(internal) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_serialize';
COMMENT ON FUNCTION azhunt.make_bag_serialize(internal) IS
'internal: aggregate serialization function';

CREATE FUNCTION azhunt.make_bag_deserialize(bytea, internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_deserialize';
COMMENT ON FUNCTION azhunt.make_bag_deserialize(bytea, internal) IS
'internal: aggregate deserialization function';

CREATE FUNCTION azhunt.make_bag_final(internal) RETURNS jsonb
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_make_bag_final';
COMMENT ON FUNCTION azhunt.make_bag_final(internal) IS
'internal: aggregate final function';

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
'internal: make_set() of texts, for the hunts';

CREATE AGGREGATE azhunt.array_of_texts(text) (
    SFUNC = azhunt.make_set_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.texts_final, COMBINEFUNC = azhunt.collection_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.array_of_texts(text) IS
'internal: the distinct texts but null, sorted by bytes; null if there are none';

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

/* src/kqlc/runtime/arithmetic.sql */

-- Arithmetic of compiled queries, where SQL has no form that does exactly what
-- Kusto does.  NULL stands for Kusto's null here and in the files beside.

CREATE FUNCTION azhunt.add(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_add_long';
COMMENT ON FUNCTION azhunt.add(bigint, bigint) IS
'internal: add as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.add(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_add_real';
COMMENT ON FUNCTION azhunt.add(double precision, double precision) IS
'internal: add as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.subtract(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_long';
COMMENT ON FUNCTION azhunt.subtract(bigint, bigint) IS
'internal: subtract as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.subtract(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_real';
COMMENT ON FUNCTION azhunt.subtract(double precision, double precision) IS
'internal: subtract as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.multiply(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_multiply_long';
COMMENT ON FUNCTION azhunt.multiply(bigint, bigint) IS
'internal: multiply as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.multiply(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_multiply_real';
COMMENT ON FUNCTION azhunt.multiply(double precision, double precision) IS
'internal: multiply as Kusto does, without an error for what is out of range';

CREATE FUNCTION azhunt.divide(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_long';
COMMENT ON FUNCTION azhunt.divide(bigint, bigint) IS
'internal: divide as Kusto does';

CREATE FUNCTION azhunt.modulo(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_modulo_long';
COMMENT ON FUNCTION azhunt.modulo(bigint, bigint) IS
'internal: remainder as Kusto has it, never negative';

CREATE FUNCTION azhunt.bin_or_null(bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_long';
COMMENT ON FUNCTION azhunt.bin_or_null(bigint, bigint) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.divide(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_real';
COMMENT ON FUNCTION azhunt.divide(double precision, double precision) IS
'internal: divide as Kusto does';

CREATE FUNCTION azhunt.modulo(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_modulo_real';
COMMENT ON FUNCTION azhunt.modulo(double precision, double precision) IS
'internal: remainder as Kusto has it, never negative';

CREATE FUNCTION azhunt.bin_or_null(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_real';
COMMENT ON FUNCTION azhunt.bin_or_null(double precision, double precision) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.bin_or_null(timestamptz, interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_datetime';
COMMENT ON FUNCTION azhunt.bin_or_null(timestamptz, interval) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.bin_or_null(interval, interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_bin_timespan';
COMMENT ON FUNCTION azhunt.bin_or_null(interval, interval) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.abs(bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_abs_long';
COMMENT ON FUNCTION azhunt.abs(bigint) IS
'internal: KQL''s abs()';

CREATE FUNCTION azhunt.abs(interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_abs_timespan';
COMMENT ON FUNCTION azhunt.abs(interval) IS
'internal: KQL''s abs()';

CREATE FUNCTION azhunt.pow(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_pow';
COMMENT ON FUNCTION azhunt.pow(double precision, double precision) IS
'internal: KQL''s pow()';

CREATE FUNCTION azhunt.exp(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_exp';
COMMENT ON FUNCTION azhunt.exp(double precision) IS
'internal: KQL''s exp()';

CREATE FUNCTION azhunt.sqrt(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_sqrt';
COMMENT ON FUNCTION azhunt.sqrt(double precision) IS
'internal: KQL''s sqrt()';

CREATE FUNCTION azhunt.log(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log';
COMMENT ON FUNCTION azhunt.log(double precision) IS
'internal: KQL''s log()';

CREATE FUNCTION azhunt.log2(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log2';
COMMENT ON FUNCTION azhunt.log2(double precision) IS
'internal: KQL''s log2()';

CREATE FUNCTION azhunt.log10(double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log10';
COMMENT ON FUNCTION azhunt.log10(double precision) IS
'internal: KQL''s log10()';

CREATE FUNCTION azhunt.angle(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(a) = 'Infinity' THEN 'NaN' ELSE a END;
COMMENT ON FUNCTION azhunt.angle(double precision) IS
'internal: NaN in place of infinity, of which sin() and others raise an error';

CREATE FUNCTION azhunt.least_real(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_least_real';
COMMENT ON FUNCTION azhunt.least_real(double precision, double precision) IS
'internal: the less of two, or NaN';

CREATE FUNCTION azhunt.greatest_real(double precision, double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_greatest_real';
COMMENT ON FUNCTION azhunt.greatest_real(double precision, double precision) IS
'internal: the greater of two, or NaN';

CREATE FUNCTION azhunt.add(timestamptz, interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_add_timespan';
COMMENT ON FUNCTION azhunt.add(timestamptz, interval) IS
'internal: a time later by a timespan, null if Kusto has none';

CREATE FUNCTION azhunt.subtract(timestamptz, interval) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_timespan';
COMMENT ON FUNCTION azhunt.subtract(timestamptz, interval) IS
'internal: a time earlier by a timespan, null if Kusto has none';

CREATE FUNCTION azhunt.subtract(timestamptz, timestamptz) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_subtract_datetimes';
COMMENT ON FUNCTION azhunt.subtract(timestamptz, timestamptz) IS
'internal: the timespan between two times, without days';

CREATE FUNCTION azhunt.multiply(interval, double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_multiply_timespan';
COMMENT ON FUNCTION azhunt.multiply(interval, double precision) IS
'internal: a multiple of a timespan';

CREATE FUNCTION azhunt.divide(interval, double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_timespan';
COMMENT ON FUNCTION azhunt.divide(interval, double precision) IS
'internal: a part of a timespan';

CREATE FUNCTION azhunt.divide(interval, interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_divide_timespans';
COMMENT ON FUNCTION azhunt.divide(interval, interval) IS
'internal: how often one timespan is in another';

CREATE FUNCTION azhunt.modulo(interval, interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_modulo_timespans';
COMMENT ON FUNCTION azhunt.modulo(interval, interval) IS
'internal: what a timespan leaves of another';

CREATE FUNCTION azhunt.divide(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b <> 0 THEN a / b END;
COMMENT ON FUNCTION azhunt.divide(numeric, numeric) IS
'internal: divide as Kusto does';

CREATE FUNCTION azhunt.modulo(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b <> 0 THEN mod(mod(a, abs(b)) + abs(b), abs(b)) END;
COMMENT ON FUNCTION azhunt.modulo(numeric, numeric) IS
'internal: remainder as Kusto has it, never negative';

CREATE FUNCTION azhunt.bin_or_null(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b > 0 THEN floor(a / b) * b END;
COMMENT ON FUNCTION azhunt.bin_or_null(numeric, numeric) IS
'internal: KQL''s bin(), null for a size that is not positive';

CREATE FUNCTION azhunt.round(a double precision, b bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(a::numeric, least(greatest(b, -300), 300)::integer)::double precision;
COMMENT ON FUNCTION azhunt.round(double precision, bigint) IS
'internal: KQL''s round()';

CREATE FUNCTION azhunt.subtract(a interval, b interval) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN a - b;
COMMENT ON FUNCTION azhunt.subtract(interval, interval) IS
'internal: the difference of two timespans';

-- What is too much is cut off, as the conversion of a constant is done before the
-- conditions are looked at.
CREATE FUNCTION azhunt.some_interval(a text, b bigint, c timestamp) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b BETWEEN -1 AND 1 OR extract('year' FROM c) + b::numeric / CASE a WHEN 'day' THEN 365 WHEN 'week' THEN 52 WHEN 'month' THEN 12 WHEN 'quarter' THEN 4 ELSE 1 END BETWEEN -100 AND 10100
    THEN CASE a WHEN 'day' THEN make_interval(days => (b % 100000000)::integer) WHEN 'week' THEN make_interval(weeks => (b % 100000000)::integer) WHEN 'month' THEN make_interval(months => (b % 100000000)::integer) WHEN 'quarter' THEN make_interval(months => (3 * (b % 100000000))::integer) WHEN 'year' THEN make_interval(years => (b % 100000000)::integer) END END;
COMMENT ON FUNCTION azhunt.some_interval(text, bigint, timestamp) IS
'internal: so many days or months, unless a time is then far from all that Kusto has';

/* src/kqlc/runtime/conversions.sql */

-- Conversions between the types of KQL.

CREATE FUNCTION azhunt.tostring(boolean) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_bool';
COMMENT ON FUNCTION azhunt.tostring(boolean) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(double precision) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_real';
COMMENT ON FUNCTION azhunt.tostring(double precision) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(timestamptz) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_datetime';
COMMENT ON FUNCTION azhunt.tostring(timestamptz) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(interval) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_timespan';
COMMENT ON FUNCTION azhunt.tostring(interval) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.tostring(jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tostring_dynamic';
COMMENT ON FUNCTION azhunt.tostring(jsonb) IS
'internal: KQL''s tostring()';

CREATE FUNCTION azhunt.toint(bigint) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_long';
COMMENT ON FUNCTION azhunt.toint(bigint) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.toint(double precision) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_real';
COMMENT ON FUNCTION azhunt.toint(double precision) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.toint(text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_text';
COMMENT ON FUNCTION azhunt.toint(text) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.toint(jsonb) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toint_dynamic';
COMMENT ON FUNCTION azhunt.toint(jsonb) IS
'internal: KQL''s toint()';

CREATE FUNCTION azhunt.tolong(double precision) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_real';
COMMENT ON FUNCTION azhunt.tolong(double precision) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_text';
COMMENT ON FUNCTION azhunt.tolong(text) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(jsonb) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_dynamic';
COMMENT ON FUNCTION azhunt.tolong(jsonb) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_datetime';
COMMENT ON FUNCTION azhunt.tolong(timestamptz) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.tolong(interval) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolong_timespan';
COMMENT ON FUNCTION azhunt.tolong(interval) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.toreal(text) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toreal_text';
COMMENT ON FUNCTION azhunt.toreal(text) IS
'internal: KQL''s toreal()';

CREATE FUNCTION azhunt.toreal(jsonb) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toreal_dynamic';
COMMENT ON FUNCTION azhunt.toreal(jsonb) IS
'internal: KQL''s toreal()';

CREATE FUNCTION azhunt.toreal(numeric) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toreal_decimal';
COMMENT ON FUNCTION azhunt.toreal(numeric) IS
'internal: KQL''s toreal()';

CREATE FUNCTION azhunt.tobool(text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tobool_text';
COMMENT ON FUNCTION azhunt.tobool(text) IS
'internal: KQL''s tobool()';

CREATE FUNCTION azhunt.tobool(jsonb) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tobool_dynamic';
COMMENT ON FUNCTION azhunt.tobool(jsonb) IS
'internal: KQL''s tobool()';

CREATE FUNCTION azhunt.todecimal(text) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todecimal_text';
COMMENT ON FUNCTION azhunt.todecimal(text) IS
'internal: KQL''s todecimal()';

CREATE FUNCTION azhunt.toguid(text) RETURNS uuid
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toguid';
COMMENT ON FUNCTION azhunt.toguid(text) IS
'internal: KQL''s toguid()';

CREATE FUNCTION azhunt.todatetime(text) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todatetime_text';
COMMENT ON FUNCTION azhunt.todatetime(text) IS
'internal: KQL''s todatetime()';

CREATE FUNCTION azhunt.todatetime(bigint) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todatetime_long';
COMMENT ON FUNCTION azhunt.todatetime(bigint) IS
'internal: KQL''s todatetime() of ticks';

CREATE FUNCTION azhunt.totimespan(text) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_totimespan_text';
COMMENT ON FUNCTION azhunt.totimespan(text) IS
'internal: KQL''s totimespan()';

CREATE FUNCTION azhunt.todynamic(double precision) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_todynamic_real';
COMMENT ON FUNCTION azhunt.todynamic(double precision) IS
'internal: a real as dynamic, with a point';

CREATE FUNCTION azhunt.parse_json(text) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_parse_json';
COMMENT ON FUNCTION azhunt.parse_json(text) IS
'internal: KQL''s parse_json()';

CREATE FUNCTION azhunt.not_json_null(jsonb) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_not_json_null';
COMMENT ON FUNCTION azhunt.not_json_null(jsonb) IS
'internal: the value, or NULL if it is the null of JSON';

CREATE FUNCTION azhunt.gettype(jsonb) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_gettype';
COMMENT ON FUNCTION azhunt.gettype(jsonb) IS
'internal: KQL''s gettype()';

CREATE FUNCTION azhunt.json_text(jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_json_text';
COMMENT ON FUNCTION azhunt.json_text(jsonb) IS
'internal: JSON with the keys of objects in the order of their names';

CREATE FUNCTION azhunt.tolong(a numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= -9223372036854775808 AND a <= 9223372036854775807 THEN trunc(a)::bigint END;
COMMENT ON FUNCTION azhunt.tolong(numeric) IS
'internal: KQL''s tolong()';

CREATE FUNCTION azhunt.todecimal(a double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(a) < 'Infinity' THEN azhunt.todecimal(azhunt.tostring(a)) END;
COMMENT ON FUNCTION azhunt.todecimal(double precision) IS
'internal: KQL''s todecimal()';

CREATE FUNCTION azhunt.totimespan(a bigint) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN make_interval(hours => (a / 36000000000)::integer, secs => (a % 36000000000 / 10)::double precision / 1000000);
COMMENT ON FUNCTION azhunt.totimespan(bigint) IS
'internal: KQL''s totimespan() of ticks';

CREATE FUNCTION azhunt.not_empty(a text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a <> '' THEN a END;
COMMENT ON FUNCTION azhunt.not_empty(text) IS
'internal: the text, or NULL if it is empty';

CREATE FUNCTION azhunt.dynamic_to_json(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.json_text(a);
COMMENT ON FUNCTION azhunt.dynamic_to_json(jsonb) IS
'internal: KQL''s dynamic_to_json()';

CREATE FUNCTION azhunt.utc_fields(a timestamptz) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= '0001-01-01 00:00+00' AND a < '10000-01-01 00:00+00' THEN timezone('UTC', a) END;
COMMENT ON FUNCTION azhunt.utc_fields(timestamptz) IS
'internal: a time in UTC, or NULL if Kusto has none like it';

CREATE FUNCTION azhunt.kusto_time(a timestamp) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= '0001-01-01' AND a < '10000-01-01' THEN timezone('UTC', a) END;
COMMENT ON FUNCTION azhunt.kusto_time(timestamp) IS
'internal: a time of UTC, null if Kusto has none';

/* src/kqlc/runtime/times.sql */

-- Times and timespans of compiled queries.

CREATE FUNCTION azhunt.format_datetime(timestamptz, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_format_datetime';
COMMENT ON FUNCTION azhunt.format_datetime(timestamptz, text) IS
'internal: KQL''s format_datetime()';

CREATE FUNCTION azhunt.format_timespan(interval, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_format_timespan';
COMMENT ON FUNCTION azhunt.format_timespan(interval, text) IS
'internal: KQL''s format_timespan()';

CREATE FUNCTION azhunt.startofday(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('day', azhunt.utc_fields(a)) + azhunt.some_interval('day', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofday(timestamptz, bigint) IS
'internal: KQL''s startofday()';

CREATE FUNCTION azhunt.endofday(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('day', azhunt.utc_fields(a)) + azhunt.some_interval('day', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofday(timestamptz, bigint) IS
'internal: KQL''s endofday()';

CREATE FUNCTION azhunt.startofmonth(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('month', azhunt.utc_fields(a)) + azhunt.some_interval('month', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofmonth(timestamptz, bigint) IS
'internal: KQL''s startofmonth()';

CREATE FUNCTION azhunt.endofmonth(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('month', azhunt.utc_fields(a)) + azhunt.some_interval('month', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofmonth(timestamptz, bigint) IS
'internal: KQL''s endofmonth()';

CREATE FUNCTION azhunt.startofyear(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('year', azhunt.utc_fields(a)) + azhunt.some_interval('year', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofyear(timestamptz, bigint) IS
'internal: KQL''s startofyear()';

CREATE FUNCTION azhunt.endofyear(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('year', azhunt.utc_fields(a)) + azhunt.some_interval('year', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofyear(timestamptz, bigint) IS
'internal: KQL''s endofyear()';

CREATE FUNCTION azhunt.startofweek(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('week', azhunt.utc_fields(a) + interval '1 day') - interval '1 day' + azhunt.some_interval('week', b, azhunt.utc_fields(a)));
COMMENT ON FUNCTION azhunt.startofweek(timestamptz, bigint) IS
'internal: KQL''s startofweek()';

CREATE FUNCTION azhunt.endofweek(a timestamptz, b bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.kusto_time(date_trunc('week', azhunt.utc_fields(a) + interval '1 day') - interval '1 day' + azhunt.some_interval('week', azhunt.add(b, 1), azhunt.utc_fields(a)) - interval '1 microsecond');
COMMENT ON FUNCTION azhunt.endofweek(timestamptz, bigint) IS
'internal: KQL''s endofweek()';

CREATE FUNCTION azhunt.dayofweek(a timestamptz) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(hours => 24 * extract('dow' FROM azhunt.utc_fields(a))::integer);
COMMENT ON FUNCTION azhunt.dayofweek(timestamptz) IS
'internal: KQL''s dayofweek()';

CREATE FUNCTION azhunt.datetime_add(a text, b bigint, c timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a IN ('year', 'quarter', 'month') THEN azhunt.kusto_time(azhunt.utc_fields(c) + azhunt.some_interval(a, b, azhunt.utc_fields(c)))
    ELSE azhunt.add(c, azhunt.multiply(CASE a WHEN 'week' THEN interval '168 hours' WHEN 'day' THEN interval '24 hours' WHEN 'hour' THEN interval '1 hour' WHEN 'minute' THEN interval '1 minute'
        WHEN 'second' THEN interval '1 second' WHEN 'millisecond' THEN interval '1 millisecond' WHEN 'microsecond' THEN interval '1 microsecond' END, b::double precision)) END;
COMMENT ON FUNCTION azhunt.datetime_add(text, bigint, timestamptz) IS
'internal: KQL''s datetime_add()';

CREATE FUNCTION azhunt.datetime_diff(a text, b timestamptz, c timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE a WHEN 'year' THEN (extract('year' FROM azhunt.utc_fields(b)) - extract('year' FROM azhunt.utc_fields(c)))::bigint
    WHEN 'quarter' THEN (4 * (extract('year' FROM azhunt.utc_fields(b)) - extract('year' FROM azhunt.utc_fields(c))) + extract('quarter' FROM azhunt.utc_fields(b)) - extract('quarter' FROM azhunt.utc_fields(c)))::bigint
    WHEN 'month' THEN (12 * (extract('year' FROM azhunt.utc_fields(b)) - extract('year' FROM azhunt.utc_fields(c))) + extract('month' FROM azhunt.utc_fields(b)) - extract('month' FROM azhunt.utc_fields(c)))::bigint
    WHEN 'week' THEN (azhunt.tolong(b) + 864000000000) / 6048000000000 - (azhunt.tolong(c) + 864000000000) / 6048000000000
    WHEN 'day' THEN azhunt.tolong(b) / 864000000000 - azhunt.tolong(c) / 864000000000
    WHEN 'hour' THEN azhunt.tolong(b) / 36000000000 - azhunt.tolong(c) / 36000000000
    WHEN 'minute' THEN azhunt.tolong(b) / 600000000 - azhunt.tolong(c) / 600000000
    WHEN 'second' THEN azhunt.tolong(b) / 10000000 - azhunt.tolong(c) / 10000000
    WHEN 'millisecond' THEN azhunt.tolong(b) / 10000 - azhunt.tolong(c) / 10000
    WHEN 'microsecond' THEN azhunt.tolong(b) / 10 - azhunt.tolong(c) / 10
    WHEN 'nanosecond' THEN azhunt.multiply(azhunt.tolong(b) - azhunt.tolong(c), 100) END;
COMMENT ON FUNCTION azhunt.datetime_diff(text, timestamptz, timestamptz) IS
'internal: KQL''s datetime_diff()';

CREATE FUNCTION azhunt.make_datetime(a bigint, b bigint, c bigint, d bigint, e bigint, f double precision) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN a BETWEEN 1 AND 9999 AND d BETWEEN 0 AND 23 AND f >= 0 AND f < 60 THEN azhunt.add(azhunt.todatetime(lpad(a::text, 4, '0') || '-' || b::text || '-' || c::text || ' ' || d::text || ':' || e::text), azhunt.multiply(interval '1 second', f)) END;
COMMENT ON FUNCTION azhunt.make_datetime(bigint, bigint, bigint, bigint, bigint, double precision) IS
'internal: KQL''s make_datetime()';

CREATE FUNCTION azhunt.make_datetime(a bigint, b bigint, c bigint, d bigint, e bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.make_datetime(a, b, c, d, e, 0);
COMMENT ON FUNCTION azhunt.make_datetime(bigint, bigint, bigint, bigint, bigint) IS
'internal: KQL''s make_datetime()';

CREATE FUNCTION azhunt.make_datetime(a bigint, b bigint, c bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.make_datetime(a, b, c, 0, 0, 0);
COMMENT ON FUNCTION azhunt.make_datetime(bigint, bigint, bigint) IS
'internal: KQL''s make_datetime()';

CREATE FUNCTION azhunt.make_timespan(a bigint, b bigint, c bigint, d double precision) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN a >= 0 AND a < 10675199 AND b BETWEEN 0 AND 23 AND c BETWEEN 0 AND 59 AND d >= 0 AND d < 60 THEN make_interval(hours => (24 * a + b)::integer, mins => c::integer, secs => (round(d * 10000000)::bigint / 10)::double precision / 1000000) END;
COMMENT ON FUNCTION azhunt.make_timespan(bigint, bigint, bigint, double precision) IS
'internal: KQL''s make_timespan()';

CREATE FUNCTION azhunt.unixtime_todatetime(a double precision) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= -62135596800000000 AND a < 253402300800000000 THEN azhunt.add(timestamptz '1970-01-01 00:00:00+00', make_interval(secs => trunc(a) / 1000000)) END;
COMMENT ON FUNCTION azhunt.unixtime_todatetime(double precision) IS
'internal: KQL''s unixtime_microseconds_todatetime()';

CREATE FUNCTION azhunt.time_in_zone(a timestamptz, zone text, is_local boolean) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    clock timestamp := a AT TIME ZONE 'UTC';
    moment timestamptz;
BEGIN
    -- what is no name, PostgreSQL may take for a rule of POSIX's, with another sign
    IF zone !~ '^(GMT[-+]?0|Etc/GMT([-+]?0|[-+]([1-9]|1[0-4])))$' AND zone !~ '^[A-Za-z_]+(-[A-Za-z]+)*(/[A-Za-z_]+(-[A-Za-z_]+)*)*$'
        AND zone NOT IN ('EST5EDT', 'CST6CDT', 'MST7MDT', 'PST8PDT') OR zone = 'posixrules' THEN
        RETURN NULL;
    END IF;
    IF NOT is_local THEN
        RETURN azhunt.kusto_time(a AT TIME ZONE zone);
    END IF;
    moment := clock AT TIME ZONE zone;
    -- a time that clocks skip is as if they had gone on an hour earlier
    RETURN azhunt.kusto_time((moment - (moment AT TIME ZONE zone - clock)) AT TIME ZONE 'UTC');
EXCEPTION WHEN invalid_parameter_value OR datetime_field_overflow THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION azhunt.time_in_zone(timestamptz, text, boolean) IS
'internal: KQL''s datetime_local_to_utc() and datetime_utc_to_local()';

/* src/kqlc/runtime/dynamic.sql */

-- Dynamic values of compiled queries: elements, arrays, bags and ranges.

CREATE FUNCTION azhunt.element(jsonb, bigint) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_element';
COMMENT ON FUNCTION azhunt.element(jsonb, bigint) IS
'internal: element of an array by its number';

CREATE FUNCTION azhunt.element(jsonb, jsonb) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_element_dynamic';
COMMENT ON FUNCTION azhunt.element(jsonb, jsonb) IS
'internal: element of an array by its number, or member of an object by its key';

CREATE FUNCTION azhunt.first_of(anyelement, anyelement) RETURNS anyelement
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_first_of';
COMMENT ON FUNCTION azhunt.first_of(anyelement, anyelement) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.array_length(a jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN jsonb_array_length(a)::bigint END;
COMMENT ON FUNCTION azhunt.array_length(jsonb) IS
'internal: KQL''s array_length()';

-- A value of a table may be compressed, or apart from its row, and whatever looks at
-- it fetches all of it.  What is looked at for each element of an array is therefore
-- asked once, or a copy in memory, which #> '{}' makes.  From PostgreSQL 16 on, rows
-- are sorted before they are aggregated, with all columns of which the aggregate is
-- made: so its argument is computed below an OFFSET 0, and no row has the array.

CREATE FUNCTION azhunt.array_slice(a jsonb, b bigint, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY n)
        FROM (SELECT CASE WHEN b < 0 THEN jsonb_array_length(a) + b ELSE b END AS low, CASE WHEN c < 0 THEN jsonb_array_length(a) + c ELSE c END AS high OFFSET 0) AS s
        CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE n - 1 BETWEEN low AND high), '[]') END;
COMMENT ON FUNCTION azhunt.array_slice(jsonb, bigint, bigint) IS
'internal: KQL''s array_slice()';

CREATE FUNCTION azhunt.array_reverse(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY n DESC) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)), '[]') END;
COMMENT ON FUNCTION azhunt.array_reverse(jsonb) IS
'internal: KQL''s array_reverse()';

CREATE FUNCTION azhunt.array_rotate(a jsonb, b bigint, c integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY mod(mod(n - 1 - c * mod(b, l), l) + l, l)) FROM (SELECT jsonb_array_length(a) AS l OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)), '[]') END;
COMMENT ON FUNCTION azhunt.array_rotate(jsonb, bigint, integer) IS
'internal: KQL''s array_rotate_left()';

CREATE FUNCTION azhunt.array_shift(a jsonb, b bigint, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY i)
        FROM (SELECT coalesce(CASE WHEN i + d >= 0 THEN azhunt.element(m, i + d) END, CASE WHEN i + d < 0 OR i + d >= l THEN c END) AS v, i
              FROM (SELECT a #> '{}' AS m, jsonb_array_length(a) AS l, greatest(least(b, 1048576), -1048576) AS d OFFSET 0) AS s
              CROSS JOIN LATERAL generate_series(0, l - 1) AS g (i) OFFSET 0) AS t), '[]') END;
COMMENT ON FUNCTION azhunt.array_shift(jsonb, bigint, jsonb) IS
'internal: KQL''s array_shift_left()';

CREATE FUNCTION azhunt.array_index_of(a jsonb, b jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT min(n) - 1 FROM (SELECT b #> '{}' AS m OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE v = m), -1) END;
COMMENT ON FUNCTION azhunt.array_index_of(jsonb, jsonb) IS
'internal: KQL''s array_index_of()';

CREATE FUNCTION azhunt.array_sort(a jsonb, b boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(v ORDER BY v = 'null',
        CASE WHEN NOT b AND jsonb_typeof(v) = 'number' THEN v::numeric END, CASE WHEN b AND jsonb_typeof(v) = 'number' THEN v::numeric END DESC NULLS LAST,
        CASE WHEN NOT b THEN azhunt.tostring(v) END COLLATE "C", CASE WHEN b THEN azhunt.tostring(v) END COLLATE "C" DESC NULLS LAST)
        FROM jsonb_array_elements(a) AS e (v)), '[]') END;
COMMENT ON FUNCTION azhunt.array_sort(jsonb, boolean) IS
'internal: KQL''s array_sort_asc()';

CREATE FUNCTION azhunt.array_split(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT jsonb_agg(coalesce((SELECT jsonb_agg(v ORDER BY n) FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)
        WHERE n > s.low AND n <= s.high), '[]') ORDER BY s.low, s.high)
    FROM (SELECT lag(p, 1, 0::bigint) OVER (ORDER BY p) AS low, p AS high
        FROM (SELECT least(greatest(CASE WHEN azhunt.tolong(v) < 0 THEN jsonb_array_length(a) + azhunt.tolong(v) ELSE azhunt.tolong(v) END, 0), jsonb_array_length(a)) AS p
            FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS i (v)
            UNION ALL SELECT jsonb_array_length(a)) AS positions) AS s) END;
COMMENT ON FUNCTION azhunt.array_split(jsonb, jsonb) IS
'internal: KQL''s array_split()';

CREATE FUNCTION azhunt.array_iff(a jsonb, b jsonb, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT jsonb_agg(w ORDER BY n)
        FROM (SELECT CASE WHEN azhunt.tobool(v) THEN CASE jsonb_typeof(x) WHEN 'array' THEN azhunt.element(x, n - 1) ELSE x END
                     ELSE CASE jsonb_typeof(y) WHEN 'array' THEN azhunt.element(y, n - 1) ELSE y END END AS w, n
              FROM (SELECT b #> '{}' AS x, c #> '{}' AS y OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) OFFSET 0) AS t), '[]') END;
COMMENT ON FUNCTION azhunt.array_iff(jsonb, jsonb, jsonb) IS
'internal: KQL''s array_iff()';

CREATE FUNCTION azhunt.array_concat(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN bool_and(is_array) THEN coalesce(jsonb_agg(v ORDER BY i, n) FILTER (WHERE v IS NOT NULL), '[]') END
        FROM (SELECT x, i, jsonb_typeof(x) = 'array' AS is_array FROM unnest(a) WITH ORDINALITY AS p (x, i) OFFSET 0) AS s
        LEFT JOIN LATERAL jsonb_array_elements(CASE WHEN is_array THEN x END) WITH ORDINALITY AS e (v, n) ON true);
COMMENT ON FUNCTION azhunt.array_concat(jsonb[]) IS
'internal: KQL''s array_concat()';

CREATE FUNCTION azhunt.strcat_array(a jsonb, b text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(string_agg(coalesce(azhunt.tostring(v), ''), b ORDER BY n), '') FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a) = 'array' THEN a END) WITH ORDINALITY AS e (v, n));
COMMENT ON FUNCTION azhunt.strcat_array(jsonb, text) IS
'internal: KQL''s strcat_array()';

CREATE FUNCTION azhunt.distinct_elements(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM (SELECT v, min(n) AS n FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a) = 'array' THEN a END) WITH ORDINALITY AS e (v, n) GROUP BY v) AS s);
COMMENT ON FUNCTION azhunt.distinct_elements(jsonb) IS
'internal: the distinct elements of an array, in the order in which they come first';

CREATE FUNCTION azhunt.flatten(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(x ORDER BY n, m), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(v) WHEN 'array' THEN v ELSE jsonb_build_array(v) END) WITH ORDINALITY AS f (x, m));
COMMENT ON FUNCTION azhunt.flatten(jsonb) IS
'internal: the array with arrays in it replaced by their elements';

CREATE FUNCTION azhunt.set_union(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.distinct_elements(azhunt.array_concat(VARIADIC a));
COMMENT ON FUNCTION azhunt.set_union(jsonb[]) IS
'internal: KQL''s set_union()';

CREATE FUNCTION azhunt.set_intersect(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM (
    SELECT v, min(n) FILTER (WHERE i = 1) AS n
    FROM unnest(a) WITH ORDINALITY AS p (x, i) CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(x) = 'array' THEN x END) WITH ORDINALITY AS e (v, n)
    GROUP BY v HAVING count(DISTINCT i) = cardinality(a)) AS s);
COMMENT ON FUNCTION azhunt.set_intersect(jsonb[]) IS
'internal: KQL''s set_intersect()';

CREATE FUNCTION azhunt.set_difference(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v ORDER BY n), '[]') FROM jsonb_array_elements(azhunt.distinct_elements(a[1])) WITH ORDINALITY AS e (v, n) WHERE NOT EXISTS (SELECT FROM unnest(a) WITH ORDINALITY AS p (x, i) CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(x) = 'array' THEN x END) AS f (w) WHERE i > 1 AND w = v));
COMMENT ON FUNCTION azhunt.set_difference(jsonb[]) IS
'internal: KQL''s set_difference()';

CREATE FUNCTION azhunt.set_has_element(a jsonb, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN EXISTS (SELECT FROM (SELECT b #> '{}' AS m OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) AS e (v) WHERE v = m) END;
COMMENT ON FUNCTION azhunt.set_has_element(jsonb, jsonb) IS
'internal: KQL''s set_has_element()';

CREATE FUNCTION azhunt.zip(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(r ORDER BY p), '[]')
        FROM (SELECT p, jsonb_agg(v ORDER BY i) AS r
              FROM generate_series(0, (SELECT max(CASE jsonb_typeof(x) WHEN 'array' THEN jsonb_array_length(x) ELSE 1 END) FROM unnest(a) AS l (x))::bigint - 1) AS g (p)
              CROSS JOIN generate_series(1, cardinality(a)::bigint) AS h (i)
              LEFT JOIN (SELECT i, n - 1 AS p, v FROM unnest(a) WITH ORDINALITY AS l (x, i)
                         CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(x) WHEN 'array' THEN x ELSE jsonb_build_array(x) END) WITH ORDINALITY AS e (v, n)) AS e USING (p, i)
              GROUP BY p) AS s);
COMMENT ON FUNCTION azhunt.zip(jsonb[]) IS
'internal: KQL''s zip()';

CREATE FUNCTION azhunt.bounded_count(count bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF count > 1048576 THEN
        RAISE EXCEPTION 'an array of KQL cannot have % elements', count
            USING ERRCODE = 'program_limit_exceeded',
                  HINT = 'It has 1048576 at most.';
    END IF;
    RETURN count;
END
$$;
COMMENT ON FUNCTION azhunt.bounded_count(bigint) IS
'internal: the number of elements that an array will have, or an error if they are too many';

CREATE FUNCTION azhunt.repeat(a jsonb, b bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b >= 0 THEN (SELECT coalesce(jsonb_agg(a), '[]') FROM generate_series(1, azhunt.bounded_count(b))) END;
COMMENT ON FUNCTION azhunt.repeat(jsonb, bigint) IS
'internal: KQL''s repeat()';

CREATE FUNCTION azhunt.bag_keys(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' THEN (SELECT coalesce(jsonb_agg(k ORDER BY n), '[]') FROM jsonb_object_keys(a) WITH ORDINALITY AS e (k, n)) END;
COMMENT ON FUNCTION azhunt.bag_keys(jsonb) IS
'internal: KQL''s bag_keys()';

CREATE FUNCTION azhunt.bag_merge(VARIADIC a jsonb[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_object_agg(k, v ORDER BY i DESC), '{}') FROM unnest(a) WITH ORDINALITY AS p (x, i) CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(x) = 'object' THEN x END) AS e (k, v));
COMMENT ON FUNCTION azhunt.bag_merge(jsonb[]) IS
'internal: KQL''s bag_merge()';

CREATE FUNCTION azhunt.bag_has_key(a jsonb, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' THEN a ? b END;
COMMENT ON FUNCTION azhunt.bag_has_key(jsonb, text) IS
'internal: KQL''s bag_has_key()';

CREATE FUNCTION azhunt.bag_remove_keys(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' THEN a - ARRAY(SELECT azhunt.tostring(v) FROM jsonb_array_elements(CASE WHEN jsonb_typeof(b) = 'array' THEN b END) AS e (v)) END;
COMMENT ON FUNCTION azhunt.bag_remove_keys(jsonb, jsonb) IS
'internal: KQL''s bag_remove_keys()';

CREATE FUNCTION azhunt.bag_set_key(a jsonb, b text, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'object' OR a IS NULL THEN coalesce(a, '{}') || jsonb_build_object(b, c) END;
COMMENT ON FUNCTION azhunt.bag_set_key(jsonb, text, jsonb) IS
'internal: KQL''s bag_set_key()';

CREATE FUNCTION azhunt.elements(a jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN v <> 'null' THEN v END FROM jsonb_array_elements(CASE jsonb_typeof(a) WHEN 'array' THEN a WHEN 'object' THEN
        (SELECT coalesce(jsonb_agg(jsonb_build_object(k, w) ORDER BY n), '[]') FROM jsonb_each(a) WITH ORDINALITY AS o (k, w, n))
        ELSE jsonb_build_array(a) END) AS e (v);
END;
COMMENT ON FUNCTION azhunt.elements(jsonb) IS
'internal: the rows that mv-expand makes of a value';

CREATE FUNCTION azhunt.elements_as_arrays(a jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN v <> 'null' THEN v END FROM jsonb_array_elements(CASE jsonb_typeof(a) WHEN 'array' THEN a WHEN 'object' THEN
        (SELECT coalesce(jsonb_agg(jsonb_build_array(k, w) ORDER BY n), '[]') FROM jsonb_each(a) WITH ORDINALITY AS o (k, w, n))
        ELSE jsonb_build_array(a) END) AS e (v);
END;
COMMENT ON FUNCTION azhunt.elements_as_arrays(jsonb) IS
'internal: the rows that mv-expand kind=array makes of a value';

CREATE FUNCTION azhunt.range_rows(a bigint, b bigint, c bigint) RETURNS SETOF bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT generate_series(a, b, CASE WHEN c <> 0 THEN c END);
END;
COMMENT ON FUNCTION azhunt.range_rows(bigint, bigint, bigint) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a double precision, b double precision, c double precision) RETURNS SETOF double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a + i * c FROM (SELECT generate_series(0, CASE WHEN n < 'NaN' THEN greatest(least(n, 9e18), -1) END::bigint)
        FROM (SELECT floor(azhunt.divide(azhunt.subtract(b, a), CASE WHEN c <> 0 THEN c END))) AS s (n)) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(double precision, double precision, double precision) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a timestamptz, b timestamptz, c interval) RETURNS SETOF timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.add(a, azhunt.multiply(c, i::double precision)) FROM (SELECT generate_series(0, floor(azhunt.divide(azhunt.subtract(b, a), CASE WHEN c <> '0' THEN c END))::bigint)) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(timestamptz, timestamptz, interval) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_rows(a interval, b interval, c interval) RETURNS SETOF interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a + azhunt.multiply(c, i::double precision) FROM (SELECT generate_series(0, floor(azhunt.divide(b - a, CASE WHEN c <> '0' THEN c END))::bigint)) AS g (i);
END;
COMMENT ON FUNCTION azhunt.range_rows(interval, interval, interval) IS
'internal: KQL''s range';

CREATE FUNCTION azhunt.range_array(a bigint, b bigint, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(v), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(bigint, bigint, bigint) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.range_array(a double precision, b double precision, c double precision) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.todynamic(v)), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(double precision, double precision, double precision) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.range_array(a timestamptz, b timestamptz, c interval) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(v)), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(timestamptz, timestamptz, interval) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.range_array(a interval, b interval, c interval) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(v)), '[]') FROM (SELECT v FROM azhunt.range_rows(a, b, c) AS r (v) LIMIT 1048576) AS s);
COMMENT ON FUNCTION azhunt.range_array(interval, interval, interval) IS
'internal: KQL''s range()';

CREATE FUNCTION azhunt.bag_zip(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_object_agg(k, w ORDER BY n DESC), '{}')
        FROM (SELECT azhunt.tostring(v) AS k, coalesce(azhunt.element(m, n - 1), 'null') AS w, n
              FROM (SELECT b #> '{}' AS m OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS e (v, n) WHERE jsonb_typeof(v) = 'string' OFFSET 0) AS t) END;
COMMENT ON FUNCTION azhunt.bag_zip(jsonb, jsonb) IS
'internal: KQL''s bag_zip()';

CREATE FUNCTION azhunt.array_index_of(a jsonb, b jsonb, c bigint, d bigint, e bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN coalesce((SELECT n - 1
        FROM (SELECT b #> '{}' AS m, CASE WHEN c < 0 THEN greatest(jsonb_array_length(a) + c, 0) ELSE c END AS low OFFSET 0) AS s CROSS JOIN jsonb_array_elements(a) WITH ORDINALITY AS x (v, n)
        WHERE v = m AND n - 1 >= low AND (d < 0 OR n - 1 - low < d) ORDER BY n OFFSET greatest(e, 1) - 1 LIMIT 1), -1) END;
COMMENT ON FUNCTION azhunt.array_index_of(jsonb, jsonb, bigint, bigint, bigint) IS
'internal: KQL''s array_index_of()';

/* src/kqlc/runtime/strings.sql */

-- Strings of compiled queries.

CREATE FUNCTION azhunt.contains(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_contains';
COMMENT ON FUNCTION azhunt.contains(text, text) IS
'internal: KQL''s contains';

CREATE FUNCTION azhunt.startswith(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_startswith';
COMMENT ON FUNCTION azhunt.startswith(text, text) IS
'internal: KQL''s startswith';

CREATE FUNCTION azhunt.endswith(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_endswith';
COMMENT ON FUNCTION azhunt.endswith(text, text) IS
'internal: KQL''s endswith';

CREATE FUNCTION azhunt.has_cs(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_has_cs';
COMMENT ON FUNCTION azhunt.has_cs(text, text) IS
'internal: KQL''s has_cs';

CREATE FUNCTION azhunt.hasprefix(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hasprefix';
COMMENT ON FUNCTION azhunt.hasprefix(text, text) IS
'internal: KQL''s hasprefix';

CREATE FUNCTION azhunt.hasprefix_cs(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hasprefix_cs';
COMMENT ON FUNCTION azhunt.hasprefix_cs(text, text) IS
'internal: KQL''s hasprefix_cs';

CREATE FUNCTION azhunt.hassuffix(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hassuffix';
COMMENT ON FUNCTION azhunt.hassuffix(text, text) IS
'internal: KQL''s hassuffix';

CREATE FUNCTION azhunt.hassuffix_cs(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hassuffix_cs';
COMMENT ON FUNCTION azhunt.hassuffix_cs(text, text) IS
'internal: KQL''s hassuffix_cs';

CREATE FUNCTION azhunt.tolower(text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_tolower';
COMMENT ON FUNCTION azhunt.tolower(text) IS
'internal: KQL''s tolower()';

CREATE FUNCTION azhunt.toupper(text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_toupper';
COMMENT ON FUNCTION azhunt.toupper(text) IS
'internal: KQL''s toupper()';

CREATE FUNCTION azhunt.split(text, text) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_split';
COMMENT ON FUNCTION azhunt.split(text, text) IS
'internal: KQL''s split()';

CREATE FUNCTION azhunt.split(text, text, bigint) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_split_part';
COMMENT ON FUNCTION azhunt.split(text, text, bigint) IS
'internal: KQL''s split()';

CREATE FUNCTION azhunt.matches_regex(text, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_matches_regex';
COMMENT ON FUNCTION azhunt.matches_regex(text, text) IS
'internal: KQL''s matches regex';

CREATE FUNCTION azhunt.extract(text, bigint, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_extract';
COMMENT ON FUNCTION azhunt.extract(text, bigint, text) IS
'internal: KQL''s extract()';

CREATE FUNCTION azhunt.extract_all(text, text) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_extract_all';
COMMENT ON FUNCTION azhunt.extract_all(text, text) IS
'internal: KQL''s extract_all()';

CREATE FUNCTION azhunt.regex_groups(text, text) RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_regex_groups';
COMMENT ON FUNCTION azhunt.regex_groups(text, text) IS
'internal: the groups of the first match';

CREATE FUNCTION azhunt.replace_regex(text, text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_replace_regex';
COMMENT ON FUNCTION azhunt.replace_regex(text, text, text) IS
'internal: KQL''s replace_regex()';

CREATE FUNCTION azhunt.trim_start(text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_trim_start';
COMMENT ON FUNCTION azhunt.trim_start(text, text) IS
'internal: KQL''s trim_start()';

CREATE FUNCTION azhunt.trim_end(text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_trim_end';
COMMENT ON FUNCTION azhunt.trim_end(text, text) IS
'internal: KQL''s trim_end()';

CREATE FUNCTION azhunt.count_matches(text, text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_count_matches';
COMMENT ON FUNCTION azhunt.count_matches(text, text) IS
'internal: number of matches of a regular expression';

CREATE FUNCTION azhunt.regex_quote(text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_regex_quote';
COMMENT ON FUNCTION azhunt.regex_quote(text) IS
'internal: KQL''s regex_quote()';

CREATE FUNCTION azhunt.replace_any(text, text[], text[]) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_replace_any';
COMMENT ON FUNCTION azhunt.replace_any(text, text[], text[]) IS
'internal: KQL''s replace_strings()';

CREATE FUNCTION azhunt.before_match(text, text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_before_match';
COMMENT ON FUNCTION azhunt.before_match(text, text) IS
'internal: the text before the first match of a regular expression';

CREATE FUNCTION azhunt.has_any(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT bool_or(azhunt.has(a, azhunt.tostring(v))) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)), false);
COMMENT ON FUNCTION azhunt.has_any(text, jsonb) IS
'internal: KQL''s has_any';

CREATE FUNCTION azhunt.has_all(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT bool_and(azhunt.has(a, azhunt.tostring(v))) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)), true);
COMMENT ON FUNCTION azhunt.has_all(text, jsonb) IS
'internal: KQL''s has_all';

CREATE FUNCTION azhunt.in_array_fold(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT bool_or(a OPERATOR(azhunt.=~) azhunt.tostring(v)) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)), false);
COMMENT ON FUNCTION azhunt.in_array_fold(text, jsonb) IS
'internal: KQL''s in~ with an array';

CREATE FUNCTION azhunt.trim(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.trim_end(a, azhunt.trim_start(a, b));
COMMENT ON FUNCTION azhunt.trim(text, text) IS
'internal: KQL''s trim()';

CREATE FUNCTION azhunt.indexof(text, text, bigint, bigint, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_indexof';
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint, bigint, bigint) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.indexof(a text, b text, c bigint, d bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.indexof(a, b, c, d, 1::bigint);
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint, bigint) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.indexof(a text, b text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (strpos(a, b) - 1)::bigint;
COMMENT ON FUNCTION azhunt.indexof(text, text) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.indexof(a text, b text, c bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN azhunt.indexof(a, b, c, -1::bigint);
COMMENT ON FUNCTION azhunt.indexof(text, text, bigint) IS
'internal: KQL''s indexof()';

CREATE FUNCTION azhunt.substring(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substr(a, least(greatest(CASE WHEN b < 0 THEN length(a) + b ELSE b END, -1000000000), 2000000000)::integer + 1);
COMMENT ON FUNCTION azhunt.substring(text, bigint) IS
'internal: KQL''s substring()';

CREATE FUNCTION azhunt.substring(a text, b bigint, c bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substr(a, least(greatest(CASE WHEN b < 0 THEN length(a) + b ELSE b END, -1000000000), 1000000000)::integer + 1, least(greatest(c, 0), 1000000000)::integer);
COMMENT ON FUNCTION azhunt.substring(text, bigint, bigint) IS
'internal: KQL''s substring()';

CREATE FUNCTION azhunt.strrep(a text, b bigint, c text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT string_agg(a, c) FROM generate_series(1, least(b, 1024))), '');
COMMENT ON FUNCTION azhunt.strrep(text, bigint, text) IS
'internal: KQL''s strrep()';

CREATE FUNCTION azhunt.strcmp(a text, b text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN a COLLATE "C" < b THEN -1 WHEN a COLLATE "C" > b THEN 1 ELSE 0 END;
COMMENT ON FUNCTION azhunt.strcmp(text, text) IS
'internal: KQL''s strcmp()';

CREATE FUNCTION azhunt.countof(text, text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_countof';
COMMENT ON FUNCTION azhunt.countof(text, text) IS
'internal: KQL''s countof()';

CREATE FUNCTION azhunt.countof(a text, b text, c text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN c = 'regex' THEN azhunt.count_matches(a, b) ELSE azhunt.countof(a, b) END;
COMMENT ON FUNCTION azhunt.countof(text, text, text) IS
'internal: KQL''s countof()';

CREATE FUNCTION azhunt.pad_left(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lpad(a, greatest(least(b, 1000), length(a))::integer, '0');
COMMENT ON FUNCTION azhunt.pad_left(text, bigint) IS
'internal: digits with zeros before them';

CREATE FUNCTION azhunt.url_encode(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT string_agg(CASE WHEN c ~ '^[A-Za-z0-9_.~-]$' THEN c WHEN c = ' ' THEN b ELSE (SELECT string_agg('%' || (lpad(to_hex(get_byte(convert_to(c, 'UTF8'), i)), 2, '0')), '' ORDER BY i) FROM generate_series(0, octet_length(convert_to(c, 'UTF8')) - 1) AS g (i)) END, '' ORDER BY n) FROM regexp_split_to_table(a, '') WITH ORDINALITY AS e (c, n)), '');
COMMENT ON FUNCTION azhunt.url_encode(text, text) IS
'internal: KQL''s url_encode()';

CREATE FUNCTION azhunt.jaccard_index(a jsonb, b jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_array_length(azhunt.set_intersect(VARIADIC ARRAY[a, b]))::double precision / nullif(jsonb_array_length(azhunt.set_union(VARIADIC ARRAY[a, b])), 0);
COMMENT ON FUNCTION azhunt.jaccard_index(jsonb, jsonb) IS
'internal: KQL''s jaccard_index()';

CREATE FUNCTION azhunt.unicode_codepoints_from_string(a text) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(ascii(c) ORDER BY n), '[]') FROM regexp_split_to_table(a, '') WITH ORDINALITY AS e (c, n) WHERE c <> '');
COMMENT ON FUNCTION azhunt.unicode_codepoints_from_string(text) IS
'internal: KQL''s unicode_codepoints_from_string()';

CREATE FUNCTION azhunt.unicode_codepoints_to_string(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT string_agg(chr(azhunt.toint(v)), '' ORDER BY n) FROM jsonb_array_elements(azhunt.flatten(a)) WITH ORDINALITY AS e (v, n) WHERE azhunt.toint(v) BETWEEN 1 AND 55295 OR azhunt.toint(v) BETWEEN 57344 AND 1114111);
COMMENT ON FUNCTION azhunt.unicode_codepoints_to_string(jsonb) IS
'internal: KQL''s unicode_codepoints_to_string()';

CREATE FUNCTION azhunt.replace_strings(a text, b jsonb, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT azhunt.replace_any(a, l, r)
        FROM (SELECT array_agg(x ORDER BY n) AS l, array_agg(y ORDER BY n) AS r
              FROM (SELECT azhunt.tostring(v) AS x, coalesce(azhunt.tostring(azhunt.element(m, n - 1)), '') AS y, n
                    FROM (SELECT c #> '{}' AS m OFFSET 0) AS o CROSS JOIN jsonb_array_elements(CASE WHEN jsonb_typeof(b) = 'array' THEN b END) WITH ORDINALITY AS e (v, n) OFFSET 0) AS t) AS s);
COMMENT ON FUNCTION azhunt.replace_strings(text, jsonb, jsonb) IS
'internal: KQL''s replace_strings()';

CREATE FUNCTION azhunt.indexof_regex(a text, b text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT length(p) FROM (SELECT azhunt.before_match(b, a)) AS s (p))::bigint, -1);
COMMENT ON FUNCTION azhunt.indexof_regex(text, text) IS
'internal: KQL''s indexof_regex()';

CREATE FUNCTION azhunt.parse_version(a text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a ~ '^[0-9]{1,8}(?:[.][0-9]{1,8}){0,3}$' THEN (
    SELECT string_agg(lpad(split_part(a, '.', n), 8, '0'), '' ORDER BY n)::numeric FROM generate_series(1, 4) AS g (n)) END;
COMMENT ON FUNCTION azhunt.parse_version(text) IS
'internal: KQL''s parse_version()';

CREATE FUNCTION azhunt.base64_bytes(a text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN length(a) % 4 = 0 AND a !~ '[[:space:]]' THEN decode(a, 'base64') END;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION azhunt.base64_bytes(text) IS
'internal: what a text in base64 stands for; null if it is none';

CREATE FUNCTION azhunt.base64_decode(a text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(convert_from(azhunt.base64_bytes(a), 'UTF8'), '');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN '';
END
$$;
COMMENT ON FUNCTION azhunt.base64_decode(text) IS
'internal: KQL''s base64_decode_tostring(): the empty string for what is no text';

CREATE FUNCTION azhunt.base64_decode_toarray(a text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT (SELECT coalesce(jsonb_agg(get_byte(b.bytes, n) ORDER BY n), '[]') FROM generate_series(0, length(b.bytes) - 1) AS g (n))
        FROM (SELECT azhunt.base64_bytes(a) OFFSET 0) AS b (bytes) WHERE b.bytes IS NOT NULL);
COMMENT ON FUNCTION azhunt.base64_decode_toarray(text) IS
'internal: KQL''s base64_decode_toarray()';

CREATE FUNCTION azhunt.base64_encode_fromarray(a jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND NOT jsonb_path_exists(a, '$[*] ? (@.type() != "number" || @ < 0 || @ > 255 || @ != @.floor())')
    THEN (SELECT coalesce(replace(encode(decode(string_agg(lpad(to_hex(v::integer), 2, '0'), '' ORDER BY n), 'hex'), 'base64'), E'\n', ''), '')
          FROM jsonb_array_elements_text(a) WITH ORDINALITY AS e (v, n)) ELSE '' END;
COMMENT ON FUNCTION azhunt.base64_encode_fromarray(jsonb) IS
'internal: KQL''s base64_encode_fromarray()';

CREATE FUNCTION azhunt.base64_encode_fromguid(a uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce((SELECT encode(decode(string_agg(substr(replace(a::text, '-', ''), 2 * place - 1, 2), '' ORDER BY n), 'hex'), 'base64')
                 FROM unnest('{4,3,2,1,6,5,8,7,9,10,11,12,13,14,15,16}'::integer[]) WITH ORDINALITY AS p (place, n)), '');
COMMENT ON FUNCTION azhunt.base64_encode_fromguid(uuid) IS
'internal: KQL''s base64_encode_fromguid(): of its bytes in the order that Windows has';

/* src/kqlc/runtime/network.sql */

-- IPv4 addresses and networks of compiled queries.

CREATE FUNCTION azhunt.ipv4_network(a text) RETURNS inet
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a ~ E'^\\s*(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}(/(3[0-2]|[12]?\\d))?\\s*$' THEN btrim(a)::inet END;
COMMENT ON FUNCTION azhunt.ipv4_network(text) IS
'internal: the address, or NULL if it is none';

CREATE FUNCTION azhunt.ipv4_is_private(a text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN azhunt.ipv4_network(a) IS NOT NULL THEN azhunt.ipv4_network(a) <<= ANY ('{10.0.0.0/8,172.16.0.0/12,192.168.0.0/16}'::inet[]) END;
COMMENT ON FUNCTION azhunt.ipv4_is_private(text) IS
'internal: KQL''s ipv4_is_private()';

CREATE FUNCTION azhunt.ipv4_compare(a text, b text, c bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN c BETWEEN 0 AND 32 THEN sign(
        (network(set_masklen(azhunt.ipv4_network(a), least(c, masklen(azhunt.ipv4_network(a)), masklen(azhunt.ipv4_network(b)))::integer)) - inet '0.0.0.0')
        - (network(set_masklen(azhunt.ipv4_network(b), least(c, masklen(azhunt.ipv4_network(a)), masklen(azhunt.ipv4_network(b)))::integer)) - inet '0.0.0.0'))::bigint END;
COMMENT ON FUNCTION azhunt.ipv4_compare(text, text, bigint) IS
'internal: KQL''s ipv4_compare()';

CREATE FUNCTION azhunt.ipv4_is_in_range(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.ipv4_compare(host(azhunt.ipv4_network(a)), host(azhunt.ipv4_network(b)), masklen(azhunt.ipv4_network(b))::bigint) = 0;
COMMENT ON FUNCTION azhunt.ipv4_is_in_range(text, text) IS
'internal: KQL''s ipv4_is_in_range()';

CREATE FUNCTION azhunt.ipv4_is_in_any_range(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT bool_or(coalesce(azhunt.ipv4_is_in_range(a, azhunt.tostring(v)), false)) FROM jsonb_array_elements(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v) WHERE azhunt.ipv4_network(a) IS NOT NULL);
COMMENT ON FUNCTION azhunt.ipv4_is_in_any_range(text, jsonb) IS
'internal: KQL''s ipv4_is_in_any_range()';

CREATE FUNCTION azhunt.ipv4_netmask_suffix(a text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN masklen(azhunt.ipv4_network(a))::bigint;
COMMENT ON FUNCTION azhunt.ipv4_netmask_suffix(text) IS
'internal: KQL''s ipv4_netmask_suffix()';

CREATE FUNCTION azhunt.parse_ipv4(a text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN host(network(azhunt.ipv4_network(a)))::inet - inet '0.0.0.0';
COMMENT ON FUNCTION azhunt.parse_ipv4(text) IS
'internal: KQL''s parse_ipv4()';

CREATE FUNCTION azhunt.format_ipv4(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b BETWEEN 0 AND 32 THEN host(network(set_masklen(azhunt.ipv4_network(a), least(b, masklen(azhunt.ipv4_network(a)))::integer))) ELSE '' END;
COMMENT ON FUNCTION azhunt.format_ipv4(text, bigint) IS
'internal: KQL''s format_ipv4()';

CREATE FUNCTION azhunt.format_ipv4_mask(a text, b bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b BETWEEN 0 AND 32 THEN host(network(set_masklen(azhunt.ipv4_network(a), least(b, masklen(azhunt.ipv4_network(a)))::integer))) || '/' || least(b, masklen(azhunt.ipv4_network(a))) ELSE '' END;
COMMENT ON FUNCTION azhunt.format_ipv4_mask(text, bigint) IS
'internal: KQL''s format_ipv4_mask()';

CREATE FUNCTION azhunt.has_ipv4(a text, b jsonb, is_prefix boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM regexp_matches(a, '(?<![[:alnum:]])(?:[0-9]{1,3}[.]){3}[0-9]{1,3}(?![[:alnum:]])', 'g') AS m (match)
    CROSS JOIN jsonb_array_elements_text(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS p (wanted)
    WHERE azhunt.ipv4_network(m.match[1]) IS NOT NULL
      AND (m.match[1] = p.wanted
           OR is_prefix AND p.wanted ~ '^(?:[0-9]{1,3}[.]){1,3}$' AND starts_with(m.match[1], p.wanted)));
COMMENT ON FUNCTION azhunt.has_ipv4(text, jsonb, boolean) IS
'internal: KQL''s has_any_ipv4() and its like: does an address of a list, or with a prefix of it, stand in a text by itself?';

CREATE FUNCTION azhunt.ipv6_network(a text) RETURNS inet
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ipv4 CONSTANT inet := azhunt.ipv4_network(a);
BEGIN
    RETURN CASE WHEN ipv4 IS NOT NULL THEN set_masklen(('::ffff:' || host(ipv4))::inet, masklen(ipv4) + 96)
                WHEN a ~ '^[0-9A-Fa-f:.]+(?:/[0-9]+)?$' AND a ~ ':' THEN a::inet END;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION azhunt.ipv6_network(text) IS
'internal: an IPv6 address or network, which one of IPv4 is, too; null for anything else';

CREATE FUNCTION azhunt.ipv6_compare(a text, b text, prefix bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN x.a = x.b THEN 0 WHEN x.a < x.b THEN -1 WHEN x.a > x.b THEN 1 END::bigint
    FROM (SELECT network(set_masklen(n.a, n.bits)) AS a, network(set_masklen(n.b, n.bits)) AS b
          FROM (SELECT azhunt.ipv6_network(ipv6_compare.a) AS a, azhunt.ipv6_network(ipv6_compare.b) AS b,
                       least(masklen(azhunt.ipv6_network(ipv6_compare.a)), masklen(azhunt.ipv6_network(ipv6_compare.b)),
                             greatest(0, least(128, prefix + CASE WHEN azhunt.ipv4_network(ipv6_compare.a) IS NOT NULL
                                                                       AND azhunt.ipv4_network(ipv6_compare.b) IS NOT NULL THEN 96 ELSE 0 END)))::integer AS bits) AS n) AS x);
COMMENT ON FUNCTION azhunt.ipv6_compare(text, text, bigint) IS
'internal: KQL''s ipv6_compare()';

CREATE FUNCTION azhunt.ipv6_is_in_any_range(a text, b jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN azhunt.ipv6_network(a) IS NOT NULL THEN EXISTS (
    SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(b) WHEN 'array' THEN b ELSE jsonb_build_array(b) END) AS e (v)
    WHERE set_masklen(azhunt.ipv6_network(a), 128) <<= azhunt.ipv6_network(e.v)) END;
COMMENT ON FUNCTION azhunt.ipv6_is_in_any_range(text, jsonb) IS
'internal: KQL''s ipv6_is_in_any_range()';

/* src/kqlc/runtime/series.sql */

-- Series: arrays of numbers, and what make-series is made of.

CREATE FUNCTION azhunt.series_of(a jsonb, b bigint, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(coalesce(a -> i::text, c) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(b) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.series_of(jsonb, bigint, jsonb) IS
'internal: the array that make-series makes of bins';

CREATE FUNCTION azhunt.is_long(a jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.gettype(a) = 'long' AND a::numeric BETWEEN -9223372036854775808 AND 9223372036854775807;
COMMENT ON FUNCTION azhunt.is_long(jsonb) IS
'internal: is a number of JSON a long of Kusto?';

CREATE FUNCTION azhunt.series_bin(steps double precision) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF steps BETWEEN -1e18 AND 1e18 THEN
        RETURN steps::bigint;
    END IF;
    RAISE EXCEPTION 'make-series has too many steps'
        USING ERRCODE = 'program_limit_exceeded',
              HINT = 'Its step has to be greater than zero, and its arrays have 1048576 elements at most.';
END
$$;
COMMENT ON FUNCTION azhunt.series_bin(double precision) IS
'internal: the number of a bin of make-series, or an error if there are too many';

CREATE FUNCTION azhunt.axis_of(a timestamptz, b interval, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(azhunt.add(a, azhunt.multiply(b, i::double precision))) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(c) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(timestamptz, interval, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.axis_of(a interval, b interval, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.tostring(a + azhunt.multiply(b, i::double precision)) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(c) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(interval, interval, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.axis_of(a double precision, b double precision, c bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(azhunt.add(a, azhunt.multiply(b, i::double precision)) ORDER BY i), '[]') FROM generate_series(0, azhunt.bounded_count(c) - 1) AS g (i));
COMMENT ON FUNCTION azhunt.axis_of(double precision, double precision, bigint) IS
'internal: the axis of make-series';

CREATE FUNCTION azhunt.series_add(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN CASE WHEN azhunt.is_long(x) AND azhunt.is_long(y) THEN to_jsonb(azhunt.add(azhunt.tolong(x), azhunt.tolong(y))) ELSE azhunt.todynamic(azhunt.add(azhunt.toreal(x), azhunt.toreal(y))) END END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_add(jsonb, jsonb) IS
'internal: KQL''s series_add()';

CREATE FUNCTION azhunt.series_subtract(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN CASE WHEN azhunt.is_long(x) AND azhunt.is_long(y) THEN to_jsonb(azhunt.subtract(azhunt.tolong(x), azhunt.tolong(y))) ELSE azhunt.todynamic(azhunt.subtract(azhunt.toreal(x), azhunt.toreal(y))) END END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_subtract(jsonb, jsonb) IS
'internal: KQL''s series_subtract()';

CREATE FUNCTION azhunt.series_multiply(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN CASE WHEN azhunt.is_long(x) AND azhunt.is_long(y) THEN to_jsonb(azhunt.multiply(azhunt.tolong(x), azhunt.tolong(y))) ELSE azhunt.todynamic(azhunt.multiply(azhunt.toreal(x), azhunt.toreal(y))) END END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_multiply(jsonb, jsonb) IS
'internal: KQL''s series_multiply()';

CREATE FUNCTION azhunt.series_divide(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN azhunt.todynamic(azhunt.divide(azhunt.toreal(x), azhunt.toreal(y))) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_divide(jsonb, jsonb) IS
'internal: KQL''s series_divide()';

CREATE FUNCTION azhunt.series_pow(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN azhunt.todynamic(azhunt.pow(azhunt.toreal(x), azhunt.toreal(y))) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_pow(jsonb, jsonb) IS
'internal: KQL''s series_pow()';

CREATE FUNCTION azhunt.series_greater(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric > y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_greater(jsonb, jsonb) IS
'internal: KQL''s series_greater()';

CREATE FUNCTION azhunt.series_greater_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric >= y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_greater_equals(jsonb, jsonb) IS
'internal: KQL''s series_greater_equals()';

CREATE FUNCTION azhunt.series_less(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric < y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_less(jsonb, jsonb) IS
'internal: KQL''s series_less()';

CREATE FUNCTION azhunt.series_less_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric <= y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_less_equals(jsonb, jsonb) IS
'internal: KQL''s series_less_equals()';

CREATE FUNCTION azhunt.series_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric = y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_equals(jsonb, jsonb) IS
'internal: KQL''s series_equals()';

CREATE FUNCTION azhunt.series_not_equals(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(x) = 'number' AND jsonb_typeof(y) = 'number' THEN to_jsonb(x::numeric <> y::numeric) END ORDER BY i), '[]') FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_not_equals(jsonb, jsonb) IS
'internal: KQL''s series_not_equals()';

CREATE FUNCTION azhunt.series_sin(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(sin(azhunt.angle(v))) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_sin(jsonb) IS
'internal: KQL''s series_sin()';

CREATE FUNCTION azhunt.series_cos(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(cos(azhunt.angle(v))) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_cos(jsonb) IS
'internal: KQL''s series_cos()';

CREATE FUNCTION azhunt.series_tan(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(tan(azhunt.angle(v))) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_tan(jsonb) IS
'internal: KQL''s series_tan()';

CREATE FUNCTION azhunt.series_asin(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(CASE WHEN abs(v) > 1 THEN 'NaN' ELSE asin(v) END) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_asin(jsonb) IS
'internal: KQL''s series_asin()';

CREATE FUNCTION azhunt.series_acos(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(CASE WHEN abs(v) > 1 THEN 'NaN' ELSE acos(v) END) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_acos(jsonb) IS
'internal: KQL''s series_acos()';

CREATE FUNCTION azhunt.series_atan(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(atan(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_atan(jsonb) IS
'internal: KQL''s series_atan()';

CREATE FUNCTION azhunt.series_exp(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(azhunt.exp(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_exp(jsonb) IS
'internal: KQL''s series_exp()';

CREATE FUNCTION azhunt.series_ceiling(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(ceil(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_ceiling(jsonb) IS
'internal: KQL''s series_ceiling()';

CREATE FUNCTION azhunt.series_floor(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(floor(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_floor(jsonb) IS
'internal: KQL''s series_floor()';

CREATE FUNCTION azhunt.series_abs(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(abs(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_abs(jsonb) IS
'internal: KQL''s series_abs()';

CREATE FUNCTION azhunt.series_sign(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(azhunt.todynamic(sign(v)) ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (j, n) CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(j) = 'number' THEN azhunt.toreal(j) END AS v) AS r) END;
COMMENT ON FUNCTION azhunt.series_sign(jsonb) IS
'internal: KQL''s series_sign()';

CREATE AGGREGATE azhunt.product_of(double precision) (
    SFUNC = azhunt.multiply, STYPE = double precision, INITCOND = '1',
    COMBINEFUNC = azhunt.multiply,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.product_of(double precision) IS
'internal: product of numbers';

CREATE FUNCTION azhunt.series_product(a jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT azhunt.product_of(azhunt.toreal(v)) FROM jsonb_array_elements(a) AS e (v) WHERE jsonb_typeof(v) = 'number') END;
COMMENT ON FUNCTION azhunt.series_product(jsonb) IS
'internal: KQL''s series_product()';

CREATE FUNCTION azhunt.series_dot_product(a jsonb, b jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN (SELECT sum(azhunt.multiply(azhunt.toreal(x), azhunt.toreal(y))) FROM ROWS FROM (jsonb_array_elements(a), jsonb_array_elements(b)) WITH ORDINALITY AS p (x, y, i)) END;
COMMENT ON FUNCTION azhunt.series_dot_product(jsonb, jsonb) IS
'internal: KQL''s series_dot_product()';

CREATE FUNCTION azhunt.series_fill_const(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN v = 'null' THEN b ELSE v END ORDER BY n), '[]') FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)) END;
COMMENT ON FUNCTION azhunt.series_fill_const(jsonb, jsonb) IS
'internal: KQL''s series_fill_const()';

CREATE FUNCTION azhunt.series_fill_forward(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(coalesce(w, 'null') ORDER BY n), '[]') FROM (SELECT n, first_value(v) OVER (PARTITION BY k ORDER BY n) AS w FROM (SELECT v, n, count(*) FILTER (WHERE v <> 'null') OVER (ORDER BY n) AS k FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)) AS s) AS t) END;
COMMENT ON FUNCTION azhunt.series_fill_forward(jsonb) IS
'internal: KQL''s series_fill_forward()';

CREATE FUNCTION azhunt.series_fill_backward(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT coalesce(jsonb_agg(coalesce(w, 'null') ORDER BY n), '[]') FROM (SELECT n, first_value(v) OVER (PARTITION BY k ORDER BY n DESC) AS w FROM (SELECT v, n, count(*) FILTER (WHERE v <> 'null') OVER (ORDER BY n DESC) AS k FROM jsonb_array_elements(a) WITH ORDINALITY AS e (v, n)) AS s) AS t) END;
COMMENT ON FUNCTION azhunt.series_fill_backward(jsonb) IS
'internal: KQL''s series_fill_backward()';

CREATE FUNCTION azhunt.fit_of(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT jsonb_build_array(azhunt.todynamic(r2), azhunt.todynamic(slope), azhunt.todynamic(v), azhunt.todynamic(v * (1 - r2)), azhunt.todynamic(icept),
        (SELECT jsonb_agg(azhunt.todynamic(icept + slope * n) ORDER BY n) FROM jsonb_array_elements(a) WITH ORDINALITY AS f (j, n)))
    FROM (SELECT coalesce(regr_r2(y, x), 0) AS r2, regr_slope(y, x) AS slope, regr_intercept(y, x) AS icept, var_samp(y) AS v
        FROM (SELECT azhunt.toreal(j) AS y, n::double precision AS x FROM jsonb_array_elements(CASE WHEN jsonb_typeof(a) = 'array' THEN a END) WITH ORDINALITY AS e (j, n)) AS s) AS r WHERE slope IS NOT NULL);
COMMENT ON FUNCTION azhunt.fit_of(jsonb) IS
'internal: R square, slope, variance, variance of residuals, interception and line of a series';

CREATE FUNCTION azhunt.series_fit_line(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.fit_of(a);
COMMENT ON FUNCTION azhunt.series_fit_line(jsonb) IS
'internal: KQL''s series_fit_line()';

CREATE FUNCTION azhunt.series_fit_line_dynamic(a jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT jsonb_build_object('rsquare', f -> 0, 'slope', f -> 1, 'variance', f -> 2, 'rvariance', f -> 3, 'interception', f -> 4, 'line_fit', f -> 5) FROM (SELECT azhunt.fit_of(a)) AS s (f) WHERE f IS NOT NULL);
COMMENT ON FUNCTION azhunt.series_fit_line_dynamic(jsonb) IS
'internal: KQL''s series_fit_line_dynamic()';

/* src/kqlc/runtime/aggregates.sql */

-- Aggregates of compiled queries.

CREATE FUNCTION azhunt.average(a double precision, b bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b = 0 THEN 'NaN' ELSE a / b END;
COMMENT ON FUNCTION azhunt.average(double precision, bigint) IS
'internal: a sum divided by a count, NaN if that is zero';

CREATE FUNCTION azhunt.average(a bigint, b bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b = 0 THEN 'NaN' ELSE a::double precision / b END;
COMMENT ON FUNCTION azhunt.average(bigint, bigint) IS
'internal: a sum divided by a count, NaN if that is zero';

CREATE FUNCTION azhunt.average(a interval, b bigint) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b > 0 THEN azhunt.divide(a, b::double precision) END;
COMMENT ON FUNCTION azhunt.average(interval, bigint) IS
'internal: a sum divided by a count';

CREATE FUNCTION azhunt.rounded_variance(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a IS NULL THEN 0 WHEN abs(a) < 'Infinity' THEN round(a::numeric, 10)::double precision ELSE a END;
COMMENT ON FUNCTION azhunt.rounded_variance(double precision) IS
'internal: KQL''s variance()';

CREATE FUNCTION azhunt.rounded_stdev(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.sqrt(azhunt.rounded_variance(a));
COMMENT ON FUNCTION azhunt.rounded_stdev(double precision) IS
'internal: KQL''s stdev()';

CREATE FUNCTION azhunt.least_fraction(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(greatest(a / 100, 0), 1);
COMMENT ON FUNCTION azhunt.least_fraction(double precision) IS
'internal: a percentage as a fraction';

CREATE FUNCTION azhunt.session_transition(timestamptz[], timestamptz, interval, interval, boolean) RETURNS timestamptz[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN $2 IS NULL THEN $1
    WHEN $1 IS NULL OR $5 OR azhunt.subtract($2, $1[2]) > $4 OR azhunt.subtract($2, $1[1]) > $3 THEN ARRAY[$2, $2]
    ELSE ARRAY[$1[1], $2] END;
COMMENT ON FUNCTION azhunt.session_transition(timestamptz[], timestamptz, interval, interval, boolean) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.session_final(timestamptz[]) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $1[1];
COMMENT ON FUNCTION azhunt.session_final(timestamptz[]) IS
'internal: aggregate final function';

CREATE AGGREGATE azhunt.session_start(timestamptz, interval, interval, boolean) (
    SFUNC = azhunt.session_transition, STYPE = timestamptz[], FINALFUNC = azhunt.session_final
);
COMMENT ON AGGREGATE azhunt.session_start(timestamptz, interval, interval, boolean) IS
'internal: KQL''s row_window_session()';

CREATE AGGREGATE azhunt.sum_of(bigint) (
    SFUNC = azhunt.add, STYPE = bigint, INITCOND = '0',
    COMBINEFUNC = azhunt.add,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.sum_of(bigint) IS
'internal: KQL''s sum()';

CREATE AGGREGATE azhunt.sum_of(double precision) (
    SFUNC = azhunt.add, STYPE = double precision, INITCOND = '0',
    COMBINEFUNC = azhunt.add,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.sum_of(double precision) IS
'internal: KQL''s sum()';

CREATE AGGREGATE azhunt.sum_of(interval) (
    SFUNC = pg_catalog.interval_pl, STYPE = interval, INITCOND = '0',
    COMBINEFUNC = pg_catalog.interval_pl,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.sum_of(interval) IS
'internal: KQL''s sum()';

CREATE AGGREGATE azhunt.min_of(double precision) (
    SFUNC = azhunt.least_real, STYPE = double precision,
    COMBINEFUNC = azhunt.least_real,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.min_of(double precision) IS
'internal: KQL''s min()';

CREATE AGGREGATE azhunt.max_of(double precision) (
    SFUNC = azhunt.greatest_real, STYPE = double precision,
    COMBINEFUNC = azhunt.greatest_real,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.max_of(double precision) IS
'internal: KQL''s max()';

CREATE AGGREGATE azhunt.any_of(anyelement) (
    SFUNC = azhunt.first_of, STYPE = anyelement,
    COMBINEFUNC = azhunt.first_of,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.any_of(anyelement) IS
'internal: KQL''s take_any()';

CREATE FUNCTION azhunt.array_sum(a jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(a) = 'array' THEN (SELECT CASE WHEN count(*) > 0 THEN azhunt.sum_of(azhunt.toreal(v)) END FROM jsonb_array_elements(a) AS e (v) WHERE jsonb_typeof(v) IN ('number', 'boolean')) END;
COMMENT ON FUNCTION azhunt.array_sum(jsonb) IS
'internal: KQL''s array_sum()';

/* src/kqlc/server.sql */

CREATE TABLE azhunt.external_data (
    address text PRIMARY KEY,
    relation regclass NOT NULL
);

COMMENT ON TABLE azhunt.external_data IS
'the tables that KQL''s externaldata reads, by the address that it names';
COMMENT ON COLUMN azhunt.external_data.address IS 'the address, as queries have it';
COMMENT ON COLUMN azhunt.external_data.relation IS 'the table or view that has what is at the address';
SELECT pg_catalog.pg_extension_config_dump('azhunt.external_data', '');

CREATE FUNCTION azhunt.kql_to_sql(query text, parameters jsonb DEFAULT '{}') RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_kql_to_sql';
COMMENT ON FUNCTION azhunt.kql_to_sql(text, jsonb) IS
'a KQL query, with values of its query parameters, as one SQL statement, which runs with any search_path';

CREATE FUNCTION azhunt.kql_columns(query text)
RETURNS TABLE ("column" text, type text)
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_kql_columns';
COMMENT ON FUNCTION azhunt.kql_columns(text) IS
'the columns of a KQL query''s result, and their types in Kusto';

CREATE FUNCTION azhunt.compile_hunt(
    query text, since text, until text,
    OUT sql text, OUT columns text[], OUT types text[], OUT key text[], OUT tables text[])
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_compile_hunt';
COMMENT ON FUNCTION azhunt.compile_hunt(text, text, text) IS
'internal: a KQL query as SQL that reads the rows with a TimeGenerated between two expressions of SQL; its columns and their types, those that tell its rows apart, and the log tables that it reads';

-- These two have a search_path of their own, as the SQL needs none; what names
-- the query's tables, and the view, is looked up before.
CREATE FUNCTION azhunt.run_compiled(sql text) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.concat('SELECT pg_catalog.to_jsonb(q.*) FROM (', sql, ') AS q');
END
$$;
COMMENT ON FUNCTION azhunt.run_compiled(text) IS
'internal: runs a compiled query with the rights of the caller';

CREATE FUNCTION azhunt.create_compiled_view(schema text, name text, sql text) RETURNS regclass
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE pg_catalog.format('CREATE VIEW %I.%I AS %s', schema, name, sql);
    RETURN pg_catalog.format('%I.%I', schema, name)::pg_catalog.regclass;
END
$$;
COMMENT ON FUNCTION azhunt.create_compiled_view(text, text, text) IS
'internal: makes a view of a compiled query with the rights of the caller';

CREATE FUNCTION azhunt.kql(query text, parameters jsonb DEFAULT '{}') RETURNS SETOF jsonb
LANGUAGE sql VOLATILE STRICT
BEGIN ATOMIC
    SELECT r.result FROM azhunt.run_compiled(azhunt.kql_to_sql(query, parameters)) AS r (result);
END;
COMMENT ON FUNCTION azhunt.kql(text, jsonb) IS
'runs a KQL query with the rights of the caller: a jsonb object for each row';

CREATE FUNCTION azhunt.create_kql_view(name text, query text, parameters jsonb DEFAULT '{}') RETURNS regclass
LANGUAGE sql VOLATILE STRICT
BEGIN ATOMIC
    SELECT azhunt.create_compiled_view(
        CASE pg_catalog.cardinality(p.parts) WHEN 1 THEN pg_catalog.current_schema() WHEN 2 THEN p.parts[1] END,
        p.parts[pg_catalog.cardinality(p.parts)], azhunt.kql_to_sql(query, parameters))
    FROM (SELECT pg_catalog.parse_ident(name)) AS p (parts);
END;
COMMENT ON FUNCTION azhunt.create_kql_view(text, text, jsonb) IS
'makes a view of a KQL query, which belongs to the caller';

/* src/logs/ingest.sql */

CREATE FUNCTION azhunt.ingest_xid() RETURNS bigint
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_ingest_xid';

COMMENT ON FUNCTION azhunt.ingest_xid() IS
'the 64-bit id of the current transaction, for the column ingestxid of the log tables';

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
         'what is new to a rule'),
        ('aadmanagedidentitysigninlogs', 'aadmanagedidentitysigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated, azhunt.hash(COALESCE(useragent, '''')))',
         'sign-ins from one address, in its window'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated, azhunt.hash(COALESCE(useragent, '''')))',
         'sign-ins from the address of one upload, in its window'),
        ('aadserviceprincipalsigninlogs', 'aadserviceprincipalsigninlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period; what arrived in a period'),
        ('aadserviceprincipalsigninlogs', 'aadserviceprincipalsigninlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('aadserviceprincipalsigninlogs', 'aadserviceprincipalsigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated, azhunt.hash(COALESCE(useragent, '''')))',
         'sign-ins from one address, in its window'),
        ('auditlogs', 'auditlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'changes of a period; what arrived in a period'),
        ('auditlogs', 'auditlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('azureactivity', 'azureactivity_cloudshell_idx',
         'USING btree (timegenerated) INCLUDE (caller, resourcegroup) WHERE azhunt.is_shell_start(operationnamevalue, activitystatusvalue)',
         'the few operations that may be the start of a Cloud Shell'),
        ('azureactivity', 'azureactivity_caller_idx',
         'USING btree ((coalesce(caller, '''')), timegenerated)',
         'operations of one caller in one hour'),
        ('azureactivity', 'azureactivity_ingestedat_idx',
         'USING brin (ingestedat, timegenerated) WITH (autosummarize = on)',
         'what arrived in a period'),
        ('azureactivity', 'azureactivity_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('signinlogs', 'signinlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('signinlogs', 'signinlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('signinlogs', 'signinlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated, azhunt.hash(COALESCE(useragent, '''')))',
         'sign-ins from the address of one upload, in its window'),
        ('storagebloblogs', 'storagebloblogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'uploads of a period; what arrived in a period'),
        ('storagebloblogs', 'storagebloblogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated, azhunt.hash(COALESCE(useragentheader, ''''))) WHERE azhunt.is_upload(operationname)',
         'uploads from the address of one new sign-in, after it'),
        ('storagebloblogs', 'storagebloblogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('storagefilelogs', 'storagefilelogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'uploads of a period; what arrived in a period'),
        ('storagefilelogs', 'storagefilelogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated, azhunt.hash(COALESCE(useragentheader, ''''))) WHERE azhunt.is_upload(operationname)',
         'uploads from the address of one new sign-in, after it'),
        ('storagefilelogs', 'storagefilelogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('storagequeuelogs', 'storagequeuelogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'requests of a period; what arrived in a period'),
        ('storagequeuelogs', 'storagequeuelogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated)',
         'requests to queues from one address, in its window'),
        ('storagequeuelogs', 'storagequeuelogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('storagetablelogs', 'storagetablelogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'requests of a period; what arrived in a period'),
        ('storagetablelogs', 'storagetablelogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated)',
         'requests to tables from one address, in its window'),
        ('storagetablelogs', 'storagetablelogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule')
    ) AS i (log_table, index_name, definition, purpose);
END;

COMMENT ON FUNCTION azhunt.log_table_indexes() IS
'the indexes of the log tables, and what each is there for';

-- A string, unlike BEGIN ATOMIC, is not stored as a tree of nodes, which has
-- every letter as a number.
CREATE FUNCTION azhunt.log_table_descriptions()
RETURNS TABLE (log_table text, comment text, retention interval, column_comments text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.log_table, d.comment, d.retention::interval, d.column_comments || 'sourcesystem: kind of agent that collected the record, such as Azure
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
        ('aadmanagedidentitysigninlogs', 'sign-ins of managed identities of Azure resources', NULL, '
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
        ('aadnoninteractiveusersigninlogs', 'sign-ins by clients on behalf of a user', NULL, '
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
        ('aadserviceprincipalsigninlogs', 'sign-ins of applications with a secret, certificate or federated credential of their own', NULL, '
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
        ('auditlogs', 'changes to users, groups, applications, roles and policies of a tenant', NULL, '
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
        ('azureactivity', 'control plane operations: creating, changing and deleting of Azure resources, and events of the platform', NULL, '
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
        ('signinlogs', 'interactive sign-ins of users', NULL, '
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
        ('storagebloblogs', 'requests to blobs and to Data Lake Storage Gen2, one row each', NULL, '
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
        ('storagefilelogs', 'requests to file shares over REST, SMB and NFS, one row each', NULL, '
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
        ('storagequeuelogs', 'requests to queues, one row each', NULL, '
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
        ('storagetablelogs', 'requests to the tables of a storage account, one row each', NULL, '
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
    ) AS d (log_table, comment, retention, column_comments)
$$;

COMMENT ON FUNCTION azhunt.log_table_descriptions() IS
'internal: what the log tables are, how long prune() keeps their partitions where a description says so, and what each of their columns says, a line each';

/* src/logs/tables.sql */

CREATE FUNCTION azhunt.log_table_columns()
RETURNS TABLE (log_table text, ordinal_position bigint, column_name text, kusto_type text, data_type text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.log_table, c.ordinal_position,
           pg_catalog.lower(pg_catalog.split_part(c.definition, ':', 1) COLLATE pg_catalog."C"),
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
        WHERE a.log_table = missing_columns.log_table
        UNION ALL
        VALUES
            ('additionalfields', 'jsonb', 10001),
            ('ingestedat', 'timestamp with time zone DEFAULT now()', 10002),
            ('ingestxid', 'bigint DEFAULT azhunt.ingest_xid()', 10003)
    ) AS c (column_name, definition, ordinal_position)
    LEFT JOIN pg_attribute AS a
    ON a.attrelid = missing_columns."table" AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE a.attname IS NULL
    ORDER BY c.ordinal_position
$$;

COMMENT ON FUNCTION azhunt.missing_columns(regclass, text) IS
'internal: columns that a log table should have and has not';

-- A column's line is "name: comment".
CREATE FUNCTION azhunt.missing_comments()
RETURNS TABLE (log_table text, column_name text, comment text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.log_table, c.column_name, c.comment
    FROM azhunt.log_table_descriptions() AS d
    JOIN pg_partitioned_table AS t ON t.partrelid = to_regclass(format('azhunt.%I'::text, d.log_table))
        AND t.partstrat = 'r'
    CROSS JOIN LATERAL (
        SELECT NULL, d.comment
        UNION ALL
        SELECT split_part(l.line, ': '::text, 1), substr(l.line, strpos(l.line, ': '::text) + 2)
        FROM string_to_table(btrim(d.column_comments, E'\n'::text), E'\n'::text) AS l (line)
    ) AS c (column_name, comment)
    LEFT JOIN pg_attribute AS a
    ON a.attrelid = t.partrelid AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE (c.column_name IS NULL OR a.attnum IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pg_description AS e
                      WHERE e.objoid = t.partrelid AND e.classoid = 'pg_class'::regclass
                        AND e.objsubid = coalesce(a.attnum, 0))
$$;

COMMENT ON FUNCTION azhunt.missing_comments() IS
'internal: what log tables and their columns are, where no comment says it; a table itself has no column_name';

CREATE FUNCTION azhunt.create_log_tables() RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    log_table text;
    relation oid;
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
            SELECT c.partrelid::regclass,
                   CASE WHEN EXISTS (SELECT FROM azhunt.missing_columns(c.partrelid::regclass, s.log_table))
                             OR EXISTS (SELECT FROM pg_attribute AS a
                                        WHERE a.attrelid = c.partrelid AND a.attname = 'ingestxid' AND NOT a.atthasdef)
                        THEN 'ACCESS EXCLUSIVE'::text
                        WHEN EXISTS (SELECT FROM azhunt.log_table_indexes() AS i
                                     WHERE i.log_table = s.log_table
                                       AND to_regclass(format('azhunt.%I', i.index_name)) IS NULL)
                        THEN 'SHARE'::text
                   END,
                   s.log_table = ANY (uncommented)
            FROM azhunt.log_table_schemas() AS s
            JOIN pg_partitioned_table AS c ON c.partrelid = to_regclass(format('azhunt.%I', s.log_table))
                AND c.partstrat = 'r'
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
        relation := to_regclass(format('azhunt.%I', log_table));

        IF relation IS NULL THEN
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
            relation := format('azhunt.%I', log_table)::regclass;
            RETURN NEXT relation;
            uncommented := uncommented || log_table;
        ELSIF (SELECT p.partstrat FROM pg_partitioned_table AS p WHERE p.partrelid = relation) IS DISTINCT FROM 'r' THEN
            RAISE NOTICE 'azhunt.% is not partitioned by range, leaving it as it is', log_table;
            CONTINUE;
        END IF;

        -- a new table gets the columns that do not come from Azure, and one
        -- that an earlier version made gets what is new
        FOR item IN
            SELECT c.column_name, c.definition
            FROM azhunt.missing_columns(relation::regclass, log_table) AS c
        LOOP
            EXECUTE format('ALTER TABLE azhunt.%I ADD COLUMN %I %s',
                           log_table, item.column_name, item.definition);
            uncommented := uncommented || log_table;
        END LOOP;

        -- DROP EXTENSION ... CASCADE takes this default and some indexes along
        IF EXISTS (SELECT FROM pg_attribute AS a
                   WHERE a.attrelid = relation AND a.attname = 'ingestxid' AND NOT a.atthasdef) THEN
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
                                    ELSE format('COMMENT ON COLUMN azhunt.%I.%I IS %L', c.log_table, c.column_name,
                                                c.comment)
                               END, '; ')
             FROM azhunt.missing_comments() AS c), '');
    END IF;

    PERFORM azhunt.create_loaded_files();
END
$$;

COMMENT ON FUNCTION azhunt.create_log_tables() IS
'creates the log tables and the ledger of azhunt-load, or what they lack, and returns the tables that were not there';

REVOKE EXECUTE ON FUNCTION azhunt.create_log_tables() FROM PUBLIC;

-- By when sign-ins began, and not when they were processed.  Loading has to keep
-- these up, so that only those have them who ask.
CREATE FUNCTION azhunt.create_signin_time_indexes() RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing CONSTANT jsonb := (
        SELECT coalesce(jsonb_agg(jsonb_build_object('table', i.log_table, 'name', i.index_name, 'definition',
                                                     i.definition)
                                  ORDER BY i.log_table), '[]'::jsonb)
        FROM (
            SELECT d.log_table, replace(d.index_name, '_address_idx'::text, '_signin_time_idx'::text),
                   replace(d.definition, 'timegenerated'::text, 'LEAST(createddatetime, timegenerated)'::text)
            FROM azhunt.log_table_indexes() AS d
            WHERE d.index_name LIKE '%signinlogs_address_idx'::text
        ) AS i (log_table, index_name, definition)
        JOIN pg_class AS c ON c.oid = to_regclass(format('azhunt.%I'::text, i.log_table)) AND c.relkind IN ('p', 'r')
        WHERE to_regclass(format('azhunt.%I'::text, i.index_name)) IS NULL);
    relations CONSTANT regclass[] := ARRAY(
        SELECT t.relation
        FROM jsonb_array_elements(missing) AS m
        CROSS JOIN LATERAL azhunt.partition_tree(format('azhunt.%I'::text, m ->> 'table')::regclass) AS t (relation));
    item jsonb;
BEGIN
    PERFORM azhunt.lock_relations(relations, array_fill('SHARE'::text, ARRAY[cardinality(relations)]));
    FOR item IN SELECT * FROM jsonb_array_elements(missing) LOOP
        EXECUTE format('CREATE INDEX %I ON azhunt.%I %s', item ->> 'name', item ->> 'table', item ->> 'definition');
        EXECUTE format('COMMENT ON INDEX azhunt.%I IS %L', item ->> 'name',
                       'sign-ins from the address of one upload, in its window, by when they began');
        RETURN NEXT format('azhunt.%I', item ->> 'name')::regclass;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.create_signin_time_indexes() IS
'creates indexes for signin_time => ''CreatedDateTime'' on the log tables of sign-ins, where they are not there, and returns them';

REVOKE EXECUTE ON FUNCTION azhunt.create_signin_time_indexes() FROM PUBLIC;

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
    WHERE i.inhparent = partition_bounds."table" AND b.bounds IS NOT NULL
$$;

COMMENT ON FUNCTION azhunt.partition_bounds(regclass) IS
'the partitions, except the default one, of a table that is partitioned by range of time, with their bounds';

CREATE FUNCTION azhunt.partition_tree("table" regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree (relation, level) AS (
        SELECT partition_tree."table"::oid, 0
        UNION ALL
        SELECT i.inhrelid, t.level + 1
        FROM tree AS t
        JOIN pg_inherits AS i ON i.inhparent = t.relation
    )
    SELECT t.relation::regclass FROM tree AS t ORDER BY t.level, t.relation
$$;

COMMENT ON FUNCTION azhunt.partition_tree(regclass) IS
'internal: a table and all partitions below it, in the order in which they are locked; unlike pg_partition_tree(regclass), it waits for no lock';

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
          AND l.relation = lock_holders.relation::oid AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND l.mode = ANY (
              CASE lock_holders.lock_mode
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
'internal: who keeps a relation from being locked, as sentences; null if nobody does';

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
'internal: locks relations, each in its mode, all or none; waits for lock_timeout, or 5 seconds if that is 0, and then tells who uses them';

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
'internal: creates the ledger of azhunt-load, azhunt.loaded_files, which belongs to the caller as the log tables do; returns false if it is there already';

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

CREATE FUNCTION azhunt.check_signin_time(signin_time text) RETURNS boolean
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_signin_time';
COMMENT ON FUNCTION azhunt.check_signin_time(text) IS
'true, or an error if this is neither TimeGenerated nor CreatedDateTime';

/* src/hunts/conditions.sql */

-- What hunts ask about a log row.  Each condition stands here once; all are
-- inlined, so that the planner sees what the indexes have.

CREATE FUNCTION azhunt.has_succeeded(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status OPERATOR(azhunt.=~) 'Success'::text OR status OPERATOR(azhunt.=~) 'Succeeded'::text;

COMMENT ON FUNCTION azhunt.has_succeeded(text) IS
'condition: is this the status of an operation that succeeded, as StatusText of storage logs or ActivityStatusValue of AzureActivity?';

CREATE FUNCTION azhunt.is_successful_storage_operation(statustext text, statuscode text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- SMB and NFS records have no status text
RETURN azhunt.has_succeeded(statustext)
    OR COALESCE(statustext, ''::text) OPERATOR(pg_catalog.=) ''::text AND statuscode OPERATOR(pg_catalog.=) '0'::text;

COMMENT ON FUNCTION azhunt.is_successful_storage_operation(text, text) IS
'condition: did the operation of a storage log succeed, by its StatusText, or by its StatusCode where it has no text?';

CREATE FUNCTION azhunt.is_upload(operationname text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationname OPERATOR(azhunt.=~) ANY (ARRAY[
    'PutBlob', 'PutBlobFromURL', 'PutBlock', 'PutBlockFromURL', 'PutBlockList', 'AppendBlock', 'PutPage',
    'CopyBlob', 'IncrementalCopyBlob', 'CreatePathFile', 'AppendFile', 'FlushFile', 'RenamePathFile',
    'CreateFile', 'PutRange', 'PutRangeFromURL', 'CopyFile', 'Create', 'Write', 'Nfs4Write', 'SftpWrite',
    'SftpCommit']);

COMMENT ON FUNCTION azhunt.is_upload(text) IS
'condition: is this one of the upload operations, which check_operations() accepts? In the predicate of indexes';

CREATE FUNCTION azhunt.is_deletion(operationname text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationname OPERATOR(azhunt.=~) ANY (ARRAY['DeleteBlob', 'DeleteFile']);

COMMENT ON FUNCTION azhunt.is_deletion(text) IS
'condition: is this an operation that deletes a file, of those that the published queries look for?';

CREATE FUNCTION azhunt.without_query(uri text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.split_part(uri, '?', 1);

COMMENT ON FUNCTION azhunt.without_query(text) IS
'the file that a URI is of: all that stands before the query string';

CREATE FUNCTION azhunt.is_file(uri text, target_file text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.blob_name(uri) OPERATOR(azhunt.=~) target_file OR azhunt.file_name(uri) OPERATOR(azhunt.=~) target_file;

COMMENT ON FUNCTION azhunt.is_file(text, text) IS
'condition: does this URI name the file, by blob_name() or file_name(), ignoring case?';

CREATE FUNCTION azhunt.is_listing_of_storage_keys(operationnamevalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'::text;

COMMENT ON FUNCTION azhunt.is_listing_of_storage_keys(text) IS
'condition: is this the operation that lists the keys of a storage account, as each start of a Cloud Shell does?';

CREATE FUNCTION azhunt.is_shell_start(operationnamevalue text, activitystatusvalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN azhunt.is_listing_of_storage_keys(operationnamevalue) AND azhunt.has_succeeded(activitystatusvalue);

COMMENT ON FUNCTION azhunt.is_shell_start(text, text) IS
'condition: may this operation be the start of a Cloud Shell, if its resource group is that of Cloud Shells? In the predicate of an index';

CREATE FUNCTION azhunt.is_other_operation(operationnamevalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationnamevalue OPERATOR(pg_catalog.<>) ''::text
    AND NOT azhunt.is_listing_of_storage_keys(operationnamevalue);

COMMENT ON FUNCTION azhunt.is_other_operation(text) IS
'condition: is there an operation, and does it not list the keys of a storage account?';

CREATE FUNCTION azhunt.principal_account(name text, id text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN name OPERATOR(pg_catalog.<>) ''::text AND id OPERATOR(pg_catalog.<>) ''::text
            THEN name OPERATOR(pg_catalog.||) ' ('::text OPERATOR(pg_catalog.||) id OPERATOR(pg_catalog.||) ')'::text
            ELSE COALESCE(NULLIF(name, ''::text), NULLIF(id, ''::text), ''::text) END;

COMMENT ON FUNCTION azhunt.principal_account(text, text) IS
'the account of a service principal or managed identity: its name, and in parentheses its id; only one where the other is missing';

CREATE FUNCTION azhunt.time_of_signin(signin_time text, timegenerated timestamptz, createddatetime timestamptz)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- Null is not the least.  No sign-in was processed before it began, so that what
-- says so was processed when it began, and time of processing can prune.
RETURN CASE WHEN signin_time OPERATOR(pg_catalog.=) 'CreatedDateTime'::text THEN LEAST(createddatetime, timegenerated)
            ELSE timegenerated END;

COMMENT ON FUNCTION azhunt.time_of_signin(text, timestamptz, timestamptz) IS
'when a person signed in, by the column that signin_time names; TimeGenerated where CreatedDateTime is missing, or after it';

CREATE FUNCTION azhunt.processed_until(signin_time text, until timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN signin_time OPERATOR(pg_catalog.=) 'CreatedDateTime'::text THEN 'infinity'::timestamptz ELSE until END;

COMMENT ON FUNCTION azhunt.processed_until(text, timestamptz) IS
'internal: until when sign-ins are processed whose time, by the column that signin_time names, is not after "until"';

CREATE FUNCTION azhunt.begun_since(signin_time text, since timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN signin_time OPERATOR(pg_catalog.=) 'CreatedDateTime'::text THEN '-infinity'::timestamptz
    ELSE since END;

COMMENT ON FUNCTION azhunt.begun_since(text, timestamptz) IS
'internal: since when sign-ins have their time, by the column that signin_time names, that are processed since "since"';

/* src/hunts/sources.sql */

-- The log rows that hunts join.
--
-- Under a log table's name can be a view whose columns are, say, varchar.  CASE
-- makes them text without taking what is no text, such as inet, whose ::text
-- has a prefix length; it is gone from the plan.
--
-- Such a view may have no ingestxid, which only rules need, nor what only some
-- hunts show.  Such a name stands alone where it is read: if the log table has
-- no such column, it is that of "without", which is null.
--
-- A null bound would prune all partitions, and with them the check of the
-- bounds.

CREATE FUNCTION azhunt.log_table_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_log_table_support';
COMMENT ON FUNCTION azhunt.log_table_support(internal) IS 'internal: planner support of what reads log tables: the hint if they are not there';

CREATE FUNCTION azhunt.read_storage_operations(since timestamptz, until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SUPPORT azhunt.log_table_support
AS $$
    SELECT l.timegenerated,
           l.operationname,
           azhunt.strip_port(l.calleripaddress),
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, ''),
           l.ingestxid
    FROM (SELECT NULL::pg_catalog.int8 AS ingestxid) AS without
    CROSS JOIN LATERAL (
        SELECT f.timegenerated,
               CASE WHEN true THEN f.operationname ELSE NULL::pg_catalog.text END AS operationname,
               CASE WHEN true THEN f.statustext ELSE NULL::pg_catalog.text END AS statustext,
               CASE WHEN true THEN f.statuscode ELSE NULL::pg_catalog.text END AS statuscode,
               CASE WHEN true THEN f.calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN f.uri ELSE NULL::pg_catalog.text END AS uri,
               CASE WHEN true THEN f.useragentheader ELSE NULL::pg_catalog.text END AS useragentheader,
               CASE WHEN true THEN f.accountname ELSE NULL::pg_catalog.text END AS accountname,
               CASE WHEN true THEN f.correlationid ELSE NULL::pg_catalog.text END AS correlationid,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
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
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(read_storage_operations.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(read_storage_operations.until, 'infinity')
      AND azhunt.is_successful_storage_operation(l.statustext, l.statuscode)
$$;

COMMENT ON FUNCTION azhunt.read_storage_operations(timestamptz, timestamptz) IS
'internal: successful operations in StorageFileLogs and StorageBlobLogs from since to until, both included, the port stripped from CallerIpAddress; a missing text is empty, but a missing address null';

CREATE FUNCTION azhunt.storage_log_rows(at timestamptz)
RETURNS TABLE (
    log_table text,
    log_row jsonb,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT l.log_table,
           l.log_row,
           l.operationname,
           COALESCE(azhunt.strip_port(l.calleripaddress), ''),
           COALESCE(l.uri, ''),
           COALESCE(l.useragentheader, ''),
           COALESCE(l.accountname, ''),
           COALESCE(l.correlationid, '')
    FROM (
        SELECT 'storagebloblogs'::pg_catalog.text, pg_catalog.to_jsonb(b), b.timegenerated, b.operationname,
               b.statustext, b.statuscode,
               b.calleripaddress, b.uri, b.useragentheader, b.accountname, b.correlationid
        FROM azhunt.storagebloblogs AS b
        UNION ALL
        SELECT 'storagefilelogs'::pg_catalog.text, pg_catalog.to_jsonb(f), f.timegenerated, f.operationname,
               f.statustext, f.statuscode,
               f.calleripaddress, f.uri, f.useragentheader, f.accountname, f.correlationid
        FROM azhunt.storagefilelogs AS f
    ) AS l (log_table, log_row, timegenerated, operationname, statustext, statuscode,
            calleripaddress, uri, useragentheader, accountname, correlationid)
    WHERE l.timegenerated OPERATOR(pg_catalog.=) storage_log_rows.at
      AND azhunt.is_successful_storage_operation(l.statustext, l.statuscode)
$$;

COMMENT ON FUNCTION azhunt.storage_log_rows(timestamptz) IS
'internal: the rows of successful operations in StorageFileLogs and StorageBlobLogs at a time, with the columns by which a match knows them; a missing text is empty';

CREATE FUNCTION azhunt.read_uploads(target_file text, operations text[], since timestamptz, until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    calleripaddress text,
    uri text,
    useragentheader text,
    accountname text,
    correlationid text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT o.timegenerated,
           o.operationname,
           o.calleripaddress,
           o.uri,
           o.useragentheader,
           o.accountname,
           o.correlationid,
           o.ingestxid
    FROM azhunt.read_storage_operations(read_uploads.since, read_uploads.until) AS o
    WHERE o.operationname OPERATOR(azhunt.=~) ANY (read_uploads.operations)
      -- for the indexes; all operations that a hunt can have are uploads
      AND azhunt.is_upload(o.operationname)
      AND (read_uploads.target_file IS NULL OR azhunt.is_file(o.uri, read_uploads.target_file))
$$;

COMMENT ON FUNCTION azhunt.read_uploads(text, text[], timestamptz, timestamptz) IS
'internal: as uploads(), without checks of the arguments, and with ingestxid';

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
    FROM azhunt.read_uploads(uploads.target_file, uploads.operations,
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
'successful uploads in StorageFileLogs and StorageBlobLogs from since to until, both included';

CREATE FUNCTION azhunt.read_signins(
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    since timestamptz,
    until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    userprincipalname text,
    ipaddress text,
    useragent text,
    resulttype text,
    appdisplayname text,
    isinteractive boolean,
    createddatetime timestamptz,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SUPPORT azhunt.log_table_support
AS $$
    SELECT l.timegenerated,
           COALESCE(l.userprincipalname, ''),
           azhunt.strip_port(l.ipaddress),
           COALESCE(l.useragent, ''),
           COALESCE(l.resulttype, ''),
           COALESCE(l.appdisplayname, ''),
           l.isinteractive,
           l.createddatetime,
           l.ingestxid
    FROM (SELECT NULL::pg_catalog.timestamptz AS createddatetime, NULL::pg_catalog.int8 AS ingestxid) AS without
    CROSS JOIN LATERAL (
        SELECT s.timegenerated,
               CASE WHEN true THEN s.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN s.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN s.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN s.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN s.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               true AS isinteractive,
               false AS isprincipal,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated,
               CASE WHEN true THEN n.userprincipalname ELSE NULL::pg_catalog.text END AS userprincipalname,
               CASE WHEN true THEN n.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN n.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN n.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               CASE WHEN true THEN n.appdisplayname ELSE NULL::pg_catalog.text END AS appdisplayname,
               false,
               false,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
        UNION ALL
        SELECT p.timegenerated,
               azhunt.principal_account(CASE WHEN true THEN p.serviceprincipalname ELSE NULL::pg_catalog.text END,
                                        CASE WHEN true THEN p.serviceprincipalid ELSE NULL::pg_catalog.text END),
               CASE WHEN true THEN p.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN p.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN p.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               NULL,
               false,
               true,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.aadserviceprincipalsigninlogs AS p
        UNION ALL
        SELECT i.timegenerated,
               azhunt.principal_account(CASE WHEN true THEN i.serviceprincipalname ELSE NULL::pg_catalog.text END,
                                        CASE WHEN true THEN i.serviceprincipalid ELSE NULL::pg_catalog.text END),
               CASE WHEN true THEN i.ipaddress ELSE NULL::pg_catalog.text END AS ipaddress,
               CASE WHEN true THEN i.useragent ELSE NULL::pg_catalog.text END AS useragent,
               CASE WHEN true THEN i.resulttype ELSE NULL::pg_catalog.text END AS resulttype,
               NULL,
               false,
               true,
               CASE WHEN true THEN createddatetime ELSE NULL::pg_catalog.timestamptz END AS createddatetime,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.aadmanagedidentitysigninlogs AS i
    ) AS l
    -- What is not included has an empty period: a condition that is plainly
    -- false would have the planner open all partitions before it leaves them
    -- out.
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          CASE WHEN l.isinteractive
                    OR CASE WHEN l.isprincipal THEN read_signins.include_service_principals
                        ELSE read_signins.include_noninteractive END
               THEN COALESCE(read_signins.since, '-infinity')
               ELSE 'infinity'::pg_catalog.timestamptz END
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          CASE WHEN l.isinteractive
                    OR CASE WHEN l.isprincipal THEN read_signins.include_service_principals
                        ELSE read_signins.include_noninteractive END
               THEN COALESCE(read_signins.until, 'infinity')
               ELSE '-infinity'::pg_catalog.timestamptz END
      AND (NOT read_signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.read_signins(boolean, boolean, boolean, timestamptz, timestamptz) IS
'internal: as signins(), without checks of the arguments, and with CreatedDateTime and ingestxid';

CREATE FUNCTION azhunt.signins(
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    include_service_principals boolean DEFAULT false,
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
    FROM azhunt.read_signins(signins.include_noninteractive, signins.successful_only,
                             signins.include_service_principals, signins.since, signins.until) AS s
    WHERE azhunt.check_flag(signins.include_noninteractive, 'include_noninteractive'::pg_catalog.text)
      AND azhunt.check_flag(signins.successful_only, 'successful_only'::pg_catalog.text)
      AND azhunt.check_flag(signins.include_service_principals, 'include_service_principals'::pg_catalog.text)
      AND azhunt.check_period(signins.since, signins.until)
    -- no row, but checked, as in uploads()
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM (VALUES ('signinlogs'::pg_catalog.text), ('aadnoninteractiveusersigninlogs'::pg_catalog.text),
                 ('aadserviceprincipalsigninlogs'::pg_catalog.text),
                 ('aadmanagedidentitysigninlogs'::pg_catalog.text)) AS t (log_table)
    WHERE NOT azhunt.check_rows_are_visible(ARRAY[t.log_table])
$$;

COMMENT ON FUNCTION azhunt.signins(boolean, boolean, boolean, timestamptz, timestamptz) IS
'sign-ins in SigninLogs, and on request the logs of other sign-ins, from since to until, both included';

CREATE FUNCTION azhunt.read_activity(since timestamptz, until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    caller text,
    operationnamevalue text,
    activitystatusvalue text,
    resourcegroup text,
    calleripaddress text,
    ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SUPPORT azhunt.log_table_support
AS $$
    SELECT l.timegenerated,
           COALESCE(l.caller, ''),
           l.operationnamevalue,
           l.activitystatusvalue,
           l.resourcegroup,
           azhunt.strip_port(l.calleripaddress),
           l.ingestxid
    FROM (SELECT NULL::pg_catalog.text AS calleripaddress, NULL::pg_catalog.int8 AS ingestxid) AS without
    CROSS JOIN LATERAL (
        SELECT CASE WHEN true THEN a.timegenerated ELSE NULL::pg_catalog.timestamptz END AS timegenerated,
               CASE WHEN true THEN a.caller ELSE NULL::pg_catalog.text END AS caller,
               CASE WHEN true THEN a.operationnamevalue ELSE NULL::pg_catalog.text END AS operationnamevalue,
               CASE WHEN true THEN a.activitystatusvalue ELSE NULL::pg_catalog.text END AS activitystatusvalue,
               CASE WHEN true THEN a.resourcegroup ELSE NULL::pg_catalog.text END AS resourcegroup,
               CASE WHEN true THEN calleripaddress ELSE NULL::pg_catalog.text END AS calleripaddress,
               CASE WHEN true THEN ingestxid ELSE NULL::pg_catalog.int8 END AS ingestxid
        FROM azhunt.azureactivity AS a
    ) AS l
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(read_activity.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(read_activity.until, 'infinity')
$$;

COMMENT ON FUNCTION azhunt.read_activity(timestamptz, timestamptz) IS
'internal: operations in AzureActivity from since to until, both included, the port stripped from CallerIpAddress; a missing caller is empty';

CREATE FUNCTION azhunt.read_shell_starts(resource_group text, since timestamptz, until timestamptz)
RETURNS TABLE (timegenerated timestamptz, caller text, calleripaddress text, resourcegroup text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT a.timegenerated, a.caller, COALESCE(a.calleripaddress, ''), a.resourcegroup, a.ingestxid
    FROM azhunt.read_activity(read_shell_starts.since, read_shell_starts.until) AS a
    WHERE azhunt.is_shell_start(a.operationnamevalue, a.activitystatusvalue)
      AND azhunt.has(a.resourcegroup, read_shell_starts.resource_group)
$$;

COMMENT ON FUNCTION azhunt.read_shell_starts(text, timestamptz, timestamptz) IS
'internal: the operations in AzureActivity by which a Cloud Shell starts, which list the keys of its storage account, from since to until, both included';

/* src/runs/catalog.sql */

--
-- The hunts that there are, and the rules that run them.
--
-- A hunt is a query, as published.  A rule is a hunt with options that runs on
-- a schedule.  A hunt NAME has these functions, which may be in a schema of the
-- administrator's, and are called by name:
--
--     NAME              what a person calls; gives the published columns
--     NAME_matches      the matches of a period, for rules
--     NAME_new_matches  the same, going from new rows; optional
--     NAME_check        checks options; optional
--     NAME_tables       the log tables that options have it read; optional
--     NAME_log_rows     the log rows of a match; optional
--
-- doc/hunts.md has the contract.
--

CREATE TABLE azhunt.hunts (
    hunt text PRIMARY KEY,
    schema text NOT NULL,
    id uuid,
    title text NOT NULL,
    description text NOT NULL,
    tactics text[] NOT NULL,
    techniques text[] NOT NULL,
    entity_mappings jsonb NOT NULL,
    tables text[] NOT NULL,
    default_options jsonb NOT NULL,
    reach text NOT NULL,
    result_key text[] NOT NULL,
    summary text NOT NULL,
    severity text,
    run_every interval,
    query text
);

COMMENT ON TABLE azhunt.hunts IS
'the catalogue of hunts, with the options that a rule can set';
COMMENT ON COLUMN azhunt.hunts.hunt IS 'name of the hunt, and of the function that a person calls';
COMMENT ON COLUMN azhunt.hunts.schema IS 'schema of the hunt''s functions';
COMMENT ON COLUMN azhunt.hunts.id IS 'Microsoft''s id of the published query; two published queries can have the same';
COMMENT ON COLUMN azhunt.hunts.title IS 'title of the published query';
COMMENT ON COLUMN azhunt.hunts.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.hunts.tactics IS 'MITRE ATT&CK tactics';
COMMENT ON COLUMN azhunt.hunts.techniques IS 'MITRE ATT&CK techniques';
COMMENT ON COLUMN azhunt.hunts.entity_mappings IS 'which columns of a result are which Sentinel entities';
COMMENT ON COLUMN azhunt.hunts.tables IS 'log tables that the hunt reads';
COMMENT ON COLUMN azhunt.hunts.default_options IS 'the options of a rule, with the defaults of the function that a person calls';
COMMENT ON COLUMN azhunt.hunts.reach IS 'the option that says how far apart in time the rows of a match can be';
COMMENT ON COLUMN azhunt.hunts.result_key IS 'columns, or members of details, in which all matches of a result agree';
COMMENT ON COLUMN azhunt.hunts.summary IS 'a sentence about a result, with the names of its columns, and of members of details, in braces';
COMMENT ON COLUMN azhunt.hunts.severity IS 'Sentinel''s severity of its results, unless a rule says otherwise; null for Medium';
COMMENT ON COLUMN azhunt.hunts.run_every IS 'how often a rule runs it, unless that says otherwise; null for every hour';
COMMENT ON COLUMN azhunt.hunts.query IS 'the query in KQL, which a run evaluates over its period; null for a hunt whose functions find matches';
SELECT pg_catalog.pg_extension_config_dump('azhunt.hunts', 'WHERE schema OPERATOR(pg_catalog.<>) ''azhunt''::text');

CREATE TYPE azhunt.arrivals AS (first_xid bigint, end_xid bigint, unfinished_xids bigint[]);
COMMENT ON TYPE azhunt.arrivals IS
'the transactions whose rows a run has to read: from first_xid up to but not including end_xid, and unfinished_xids; null for those of all rows';

CREATE FUNCTION azhunt.arrived_since(ingestxid bigint, arrivals azhunt.arrivals) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (arrivals).first_xid IS NULL
    OR ingestxid OPERATOR(pg_catalog.>=) (arrivals).first_xid AND ingestxid OPERATOR(pg_catalog.<) (arrivals).end_xid
    OR ingestxid OPERATOR(pg_catalog.=) ANY ((arrivals).unfinished_xids)
    -- a row that says nothing about its arrival is read by every run
    OR ingestxid IS NULL;

COMMENT ON FUNCTION azhunt.arrived_since(bigint, azhunt.arrivals) IS
'condition: is this the transaction of a row that a run has to read?';

CREATE FUNCTION azhunt.function_arguments(function regproc)
RETURNS TABLE (place integer, name text, type regtype, "default" text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.place::integer, a.name, a.type::regtype, pg_get_function_arg_default(p.oid, a.place::integer)
    FROM pg_proc AS p
    CROSS JOIN LATERAL (
        -- only arguments that are passed in
        SELECT row_number() OVER (ORDER BY u.ordinality), p.proargnames[u.ordinality], u.type
        FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes)
             WITH ORDINALITY AS u (type, mode, ordinality)
        WHERE coalesce(u.mode, 'i'::"char") = ANY ('{i,b,v}'::"char"[])
    ) AS a (place, name, type)
    WHERE p.oid = function::oid
$$;

COMMENT ON FUNCTION azhunt.function_arguments(regproc) IS
'internal: the arguments of a function, with their defaults as expressions';

CREATE FUNCTION azhunt.hunt_function(schema text, hunt text, suffix text) RETURNS regproc
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    functions oid[] := ARRAY(SELECT p.oid FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                             WHERE n.nspname = schema AND p.proname = hunt || suffix);
BEGIN
    -- which of several is called could depend on the options
    IF cardinality(functions) > 1 THEN
        RAISE EXCEPTION 'there are % functions %.%', cardinality(functions), quote_ident(schema),
                        quote_ident(hunt || suffix)
            USING ERRCODE = 'ambiguous_function',
                  HINT = 'A hunt''s functions cannot be overloaded: drop the others.';
    END IF;
    RETURN functions[1];
END
$$;

COMMENT ON FUNCTION azhunt.hunt_function(text, text, text) IS
'internal: the function of a hunt with this suffix; null if it has none';

CREATE FUNCTION azhunt.option_literal(value jsonb, type regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE jsonb_typeof(value)
               WHEN 'null'::text THEN format('NULL::%s'::text, type)
               WHEN 'array'::text THEN format('%L::%s'::text,
                                              ARRAY(SELECT e.element
                                                    FROM jsonb_array_elements_text(value) AS e (element))::text, type)
               ELSE format('%L::%s'::text, value #>> '{}'::text[], type)
           END
$$;

COMMENT ON FUNCTION azhunt.option_literal(jsonb, regtype) IS
'internal: the value of an option as an SQL expression of its type';

CREATE FUNCTION azhunt.has_dimensions(value jsonb, type regtype) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.typcategory = 'A' AND t.typelem <> ALL ('{json,jsonb}'::regtype[]::oid[])
           AND jsonb_path_exists(value, 'strict $[*] ? (@.type() == "array")'::jsonpath, silent => true)
    FROM pg_type AS t
    WHERE t.oid = type
$$;

COMMENT ON FUNCTION azhunt.has_dimensions(jsonb, regtype) IS
'internal: is the value of an option an array of arrays, where the type is an array?';

CREATE FUNCTION azhunt.hunt_call(function regproc, options jsonb, others text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT format('%s(%s)'::text, function,
                  array_to_string(ARRAY(SELECT format('%I => %s'::text, a.name,
                                                      azhunt.option_literal(options -> a.name, a.type))
                                        FROM azhunt.function_arguments(function) AS a
                                        WHERE options ? a.name
                                        ORDER BY a.place) || others, ', '::text))
$$;

COMMENT ON FUNCTION azhunt.hunt_call(regproc, jsonb, text[]) IS
'internal: a call of a hunt''s function with options, each of its exact type, and other arguments';

CREATE FUNCTION azhunt.check_hunt_signature(function regproc, suffix text, options text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- in which arguments and results are told
SET quote_all_identifiers = off
AS $$
DECLARE
    result text := pg_get_function_result(function::oid);
    expected record;
    arguments text[] := ARRAY(SELECT format('%I %s'::text, a.name, a.type)
                              FROM azhunt.function_arguments(function) AS a ORDER BY a.place);
    missing text[];
    unknown text[];
BEGIN
    SELECT e.* INTO STRICT expected
    FROM (VALUES
        ('_matches', 'matches',
         '{since timestamp with time zone,until timestamp with time zone,arrivals azhunt.arrivals}'::text[],
         'TABLE("time" timestamp with time zone, account text, address text, useragent text, storageaccount text, details jsonb)'),
        ('_check', 'boolean', '{}', 'boolean'),
        ('_tables', 'log tables', '{}', 'text[]'),
        ('_log_rows', 'log rows', '{match azhunt.matches}', 'TABLE(log_table text, log_row jsonb)')
    ) AS e (suffix, name, arguments, result)
    WHERE e.suffix = replace(check_hunt_signature.suffix, '_new'::text, ''::text);

    IF suffix = '_log_rows' THEN
        options := '{}';
        -- which is not called by its name
        IF cardinality(arguments) = 1 THEN
            arguments := ARRAY(SELECT format('match %s'::text, a.type) FROM azhunt.function_arguments(function) AS a);
        END IF;
    END IF;
    missing := ARRAY(SELECT e FROM unnest(expected.arguments) AS e WHERE e <> ALL (arguments));
    unknown := ARRAY(SELECT a FROM unnest(arguments) AS a WHERE a <> ALL (expected.arguments || options));
    IF missing <> '{}' OR unknown <> '{}' THEN
        RAISE EXCEPTION '% does not have the arguments of such a function', function
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = concat_ws(' '::text, 'It lacks '::text
                                     || nullif(array_to_string(missing, ', '::text), ''::text) || '.'::text,
                                     'It has '::text || nullif(array_to_string(unknown, ', '::text), ''::text)
                                         || '.'::text),
                  HINT = format('It has to be %s(%s).'::text, function,
                                array_to_string(options || expected.arguments, ', '::text));
    ELSIF result IS DISTINCT FROM expected.result THEN
        RAISE EXCEPTION '% does not return %', function, expected.name
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = format('It returns %s.'::text, coalesce(result, 'nothing'::text)),
                  HINT = format('It has to return %s.'::text, expected.result);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_hunt_signature(regproc, text, text[]) IS
'internal: an error if the function of a hunt with this suffix does not have the arguments and the result that it should';

CREATE FUNCTION azhunt.check_hunt_functions(schema text, hunt text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    suffix text;
    function regproc;
    options text[] := ARRAY(SELECT format('%I %s'::text, a.name, a.type)
                            FROM azhunt.function_arguments(azhunt.hunt_function(schema, hunt, '_matches'::text)) AS a
                            WHERE a.name <> ALL ('{since,until,arrivals}'::text[])
                            ORDER BY a.place);
BEGIN
    FOREACH suffix IN ARRAY '{"",_matches,_new_matches,_check,_tables,_log_rows}'::text[] LOOP
        function := azhunt.hunt_function(schema, hunt, suffix);
        IF function IS NULL AND suffix = ANY ('{"",_matches}'::text[]) THEN
            RAISE EXCEPTION 'there is no function %.%', quote_ident(schema), quote_ident(hunt || suffix)
                USING ERRCODE = 'undefined_function',
                      HINT = 'doc/hunts.md says what functions a hunt has.';
        ELSIF function IS NOT NULL AND suffix <> '' THEN
            PERFORM azhunt.check_hunt_signature(function, suffix, options);
        END IF;

        PERFORM azhunt.check_hunt_function(function);
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.check_hunt_functions(text, text) IS
'internal: an error if a hunt''s functions are not there, do not take or give what they should, or belong to a role that the current one does not trust';

CREATE FUNCTION azhunt.check_reach(reach text, options jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
BEGIN
    PERFORM azhunt.check_window((options ->> reach)::interval);
EXCEPTION WHEN invalid_parameter_value OR null_value_not_allowed OR interval_field_overflow
    OR feature_not_supported THEN
    RAISE EXCEPTION 'option "%" cannot be "%"', reach, coalesce(options ->> reach, 'NULL')
        USING ERRCODE = 'invalid_parameter_value',
              DETAIL = 'It says how far apart in time the rows of a match can be.',
              HINT = 'Use a time that is not negative, in days, hours or less.';
END
$$;

COMMENT ON FUNCTION azhunt.check_reach(text, jsonb) IS
'internal: an error if the option that says how far apart the rows of a match can be is not a fixed time';

CREATE FUNCTION azhunt.default_options(schema text, hunt text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET "DateStyle" = 'ISO, YMD'
SET "TimeZone" = 'UTC'
AS $$
DECLARE
    option record;
    value jsonb;
    options jsonb := '{}';
BEGIN
    FOR option IN
        SELECT m.name, m.type, f."default",
               (SELECT t.typcategory = ANY ('{A,B,N}'::"char"[]) FROM pg_type AS t WHERE t.oid = m.type) AS is_json
        FROM azhunt.function_arguments(azhunt.hunt_function(schema, hunt, '_matches'::text)) AS m
        LEFT JOIN azhunt.function_arguments(azhunt.hunt_function(schema, hunt, ''::text)) AS f
          ON f.name = m.name AND f.type = m.type
        WHERE m.name <> ALL ('{since,until,arrivals}'::text[])
    LOOP
        IF option."default" IS NULL THEN
            RAISE EXCEPTION 'argument "%" of %.% is no option', option.name, quote_ident(schema),
                            quote_ident(hunt || '_matches')
                USING ERRCODE = 'invalid_function_definition',
                      HINT = format('%I.%I() needs an argument of that name and type, with a default.'::text, schema,
                                    hunt);
        END IF;
        EXECUTE format(CASE WHEN option.is_json THEN 'SELECT to_jsonb(%s)'::text
                       ELSE 'SELECT to_jsonb((%s)::text)'::text END, option."default")
        INTO value;
        IF azhunt.has_dimensions(value, option.type) THEN
            RAISE EXCEPTION 'the default of option "%" is an array of more than one dimension', option.name
                USING ERRCODE = 'invalid_function_definition',
                      HINT = format('Give argument "%s" of %I.%I() another default.'::text, option.name, schema, hunt);
        END IF;
        options := options || jsonb_build_object(option.name, value);
    END LOOP;
    RETURN options;
END
$$;

COMMENT ON FUNCTION azhunt.default_options(text, text) IS
'internal: the options that a rule can set: the arguments of NAME_matches() but since, until and arrivals, with the defaults that NAME() has for them';

CREATE FUNCTION azhunt.check_hunt_found(is_found boolean, hunt text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT is_found THEN
        RAISE EXCEPTION 'there is no hunt "%"', coalesce(hunt, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = format('Hunts: %s.', (SELECT string_agg(h.hunt, ', ' ORDER BY h.hunt)
                                               FROM azhunt.hunts AS h));
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_hunt_found(boolean, text) IS
'internal: an error that there is no such hunt, unless it was found';

CREATE FUNCTION azhunt.check_options(hunt text, options jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    defaults jsonb;
    schema text;
    reach text;
    check_function regproc;
    option record;
BEGIN
    SELECT h.default_options, h.schema, h.reach INTO defaults, schema, reach
    FROM azhunt.hunts AS h
    WHERE h.hunt = check_options.hunt;
    PERFORM azhunt.check_hunt_found(FOUND, check_options.hunt);
    IF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'options must be a JSON object, such as {"%": %}',
                        (SELECT key FROM jsonb_each(defaults) ORDER BY key LIMIT 1),
                        (SELECT value FROM jsonb_each(defaults) ORDER BY key LIMIT 1)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    FOR option IN
        SELECT e.key, e.value, a.type, jsonb_typeof(e.value) AS json_type, defaults -> e.key AS "default",
               CASE (SELECT t.typcategory FROM pg_type AS t WHERE t.oid = a.type)
                   WHEN 'A' THEN 'array' WHEN 'B' THEN 'boolean' WHEN 'N' THEN 'number' ELSE 'string'
               END AS option_type
        FROM jsonb_each(options) AS e
        LEFT JOIN azhunt.function_arguments(azhunt.hunt_function(schema, hunt, '_matches'::text)) AS a ON a.name = e.key
    LOOP
        IF option."default" IS NULL THEN
            RAISE EXCEPTION 'hunt "%" has no option "%"', hunt, option.key
                USING ERRCODE = 'undefined_parameter',
                      HINT = format('Options: %s.', (SELECT string_agg(k, ', ' ORDER BY k)
                                                     FROM jsonb_object_keys(defaults) AS k));
        ELSIF option.json_type <> option.option_type
              AND NOT (option.json_type = 'null' AND option."default" = 'null'::jsonb) THEN
            RAISE EXCEPTION 'option "%" must not be of JSON type %', option.key, option.json_type
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Its default is %s.', option."default");
        ELSIF azhunt.has_dimensions(option.value, option.type) THEN
            RAISE EXCEPTION 'option "%" must be an array of one dimension', option.key
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Its default is %s.', option."default");
        END IF;
    END LOOP;

    check_function := azhunt.hunt_function(schema, hunt, '_check'::text);
    IF check_function IS NOT NULL THEN
        PERFORM azhunt.check_hunt_function(check_function);
        EXECUTE format('SELECT %s'::text, azhunt.hunt_call(check_function, defaults || options, '{}'::text[]));
    END IF;
    PERFORM azhunt.check_reach(reach, defaults || options);
END
$$;

COMMENT ON FUNCTION azhunt.check_options(text, jsonb) IS
'internal: an error if the hunt is unknown or does not take these options';

CREATE FUNCTION azhunt.tables_read(hunt azhunt.hunts, options jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tables_function CONSTANT regproc := azhunt.hunt_function(hunt.schema, hunt.hunt, '_tables'::text);
    tables text[];
BEGIN
    IF tables_function IS NULL THEN
        RETURN hunt.tables;
    END IF;
    EXECUTE format('SELECT %s'::text, azhunt.hunt_call(tables_function, options, '{}'::text[])) INTO tables;
    IF coalesce(cardinality(tables), 0) = 0 OR NOT tables <@ hunt.tables THEN
        RAISE EXCEPTION 'hunt "%" reads log tables that the catalogue does not have for it', hunt.hunt
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = format('%s returned %s.'::text, tables_function, coalesce(tables::text, 'NULL'::text)),
                  HINT = format('It has to return one or more of %s.'::text, hunt.tables::text);
    END IF;
    RETURN tables;
END
$$;

COMMENT ON FUNCTION azhunt.tables_read(azhunt.hunts, jsonb) IS
'internal: the log tables that a hunt with these options reads; all of the catalogue, unless the hunt says which';

CREATE FUNCTION azhunt.add_hunt(
    function regproc,
    tables text[],
    reach text,
    result_key text[],
    title text,
    description text,
    summary text DEFAULT '{matches} matches of {account}',
    tactics text[] DEFAULT '{}',
    techniques text[] DEFAULT '{}',
    id uuid DEFAULT NULL,
    entity_mappings jsonb DEFAULT '[]')
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hunt_name text;
    schema_name text;
    unknown text;
    options jsonb;
BEGIN
    SELECT p.proname, n.nspname INTO hunt_name, schema_name
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.oid = add_hunt.function::oid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no function %', coalesce(add_hunt.function::text, 'NULL')
            USING ERRCODE = 'undefined_function',
                  HINT = 'doc/hunts.md says what functions a hunt has.';
    END IF;
    PERFORM azhunt.check_hunt_functions(schema_name, hunt_name);
    -- a dump leaves the hunts of this schema to the extension
    IF schema_name = 'azhunt'
       AND (EXISTS (SELECT FROM azhunt.hunts AS h WHERE h.hunt = hunt_name)
            OR NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass
                           AND d.objid = add_hunt.function::oid AND d.deptype = 'e')) THEN
        RAISE EXCEPTION 'cannot add or change hunt "%" of schema azhunt', hunt_name
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Write your own hunt in a schema of yours.';
    END IF;
    options := azhunt.default_options(schema_name, hunt_name);

    unknown := (SELECT t.log_table FROM unnest(add_hunt.tables) AS t (log_table)
                WHERE NOT EXISTS (SELECT FROM azhunt.log_table_schemas() AS s WHERE s.log_table = t.log_table)
                LIMIT 1);
    IF unknown IS NOT NULL OR coalesce(cardinality(add_hunt.tables), 0) = 0 THEN
        RAISE EXCEPTION 'there is no log table "%"', coalesce(unknown, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Log tables: %s.', (SELECT string_agg(s.log_table, ', ' ORDER BY s.log_table)
                                                    FROM azhunt.log_table_schemas() AS s));
    ELSIF (SELECT a.type FROM azhunt.function_arguments(add_hunt.function) AS a
           WHERE a.name = add_hunt.reach AND options ? a.name)
          IS DISTINCT FROM 'interval'::regtype THEN
        RAISE EXCEPTION 'reach must name an option of type interval, not "%"', coalesce(add_hunt.reach, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Options: %s.',
                                (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(options) AS k));
    ELSIF options -> add_hunt.reach = 'null'::jsonb THEN
        RAISE EXCEPTION 'reach must name an option that is not null, and "%" is null by default', add_hunt.reach
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Give argument "%s" of %I.%I() a default.'::text, add_hunt.reach, schema_name,
                                hunt_name);
    ELSIF coalesce(cardinality(add_hunt.result_key), 0) = 0
          OR array_position(add_hunt.result_key, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'result_key must name the columns, or members of details, that tell results apart'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    PERFORM azhunt.check_reach(add_hunt.reach, options);

    INSERT INTO azhunt.hunts AS h (hunt, schema, id, title, description, tactics, techniques, entity_mappings,
                                   tables, default_options, reach, result_key, summary)
    VALUES (hunt_name, schema_name, add_hunt.id, add_hunt.title, add_hunt.description, add_hunt.tactics,
            add_hunt.techniques, add_hunt.entity_mappings, add_hunt.tables, options, add_hunt.reach,
            add_hunt.result_key, add_hunt.summary)
    -- again, after its functions have changed
    ON CONFLICT (hunt) DO UPDATE
    SET schema = excluded.schema, id = excluded.id, title = excluded.title, description = excluded.description,
        tactics = excluded.tactics,
        techniques = excluded.techniques, entity_mappings = excluded.entity_mappings, tables = excluded.tables,
        default_options = excluded.default_options, reach = excluded.reach, result_key = excluded.result_key,
        summary = excluded.summary, severity = excluded.severity, run_every = excluded.run_every, query = excluded.query
    -- which may have moved
    WHERE h.schema = excluded.schema OR azhunt.hunt_function(h.schema, h.hunt, ''::text) IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is another hunt "%"', hunt_name
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Give the functions of this one another name.';
    END IF;
    RETURN hunt_name;
END
$$;

COMMENT ON FUNCTION azhunt.add_hunt(regproc, text[], text, text[], text, text, text, text[], text[], uuid, jsonb) IS
'adds a hunt to the catalogue, or changes its entry, so that rules can run it; returns its name';

CREATE FUNCTION azhunt.drop_hunt(hunt text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM azhunt.rules AS r WHERE r.hunt = drop_hunt.hunt) THEN
        RAISE EXCEPTION 'rules run hunt "%"', hunt
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = format('Rules: %s.', (SELECT string_agg(r.rule, ', ' ORDER BY r.rule)
                                                 FROM azhunt.rules AS r WHERE r.hunt = drop_hunt.hunt)),
                  HINT = 'azhunt.drop_rule() removes a rule with its results.';
    END IF;
    PERFORM azhunt.drop_kql_objects(h.schema, h.hunt) FROM azhunt.hunts AS h WHERE h.hunt = drop_hunt.hunt
        AND h.query IS NOT NULL;
    DELETE FROM azhunt.hunts AS h WHERE h.hunt = drop_hunt.hunt AND h.schema <> 'azhunt';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no hunt "%" that was added', coalesce(hunt, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table azhunt.hunts lists the hunts; those of schema azhunt stay.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.drop_hunt(text) IS
'removes a hunt that was added from the catalogue; its functions stay, but those that add_kql_hunt() made';

/* src/runs/rules.sql */

CREATE TABLE azhunt.rules (
    rule text PRIMARY KEY
        CHECK (rule OPERATOR(pg_catalog.<>) '' AND pg_catalog.octet_length(rule) OPERATOR(pg_catalog.<=) 500),
    hunt text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    severity text NOT NULL DEFAULT 'Medium'
        CHECK (severity OPERATOR(pg_catalog.=) ANY ('{Informational,Low,Medium,High}'::text[])),
    run_every interval NOT NULL DEFAULT '1 hour' CHECK (run_every OPERATOR(pg_catalog.>) '0'::interval),
    announce_since timestamptz NOT NULL DEFAULT '-infinity',
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE azhunt.rules IS
'the rules that run_rule() knows: each a hunt with options, which are those of table hunts where they are left out';
COMMENT ON COLUMN azhunt.rules.rule IS 'name of the rule';
COMMENT ON COLUMN azhunt.rules.hunt IS 'the hunt that it runs';
COMMENT ON COLUMN azhunt.rules.options IS 'options that differ from the defaults of the hunt';
COMMENT ON COLUMN azhunt.rules.severity IS 'Sentinel''s severity of its results';
COMMENT ON COLUMN azhunt.rules.run_every IS 'how often it should run: a rule without a successful run for twice as long is late';
COMMENT ON COLUMN azhunt.rules.announce_since IS 'matches before this time are stored, but not announced by NOTIFY';
COMMENT ON COLUMN azhunt.rules.created_at IS 'when the rule was made';
SELECT pg_catalog.pg_extension_config_dump('azhunt.rules', '');

CREATE FUNCTION azhunt.check_rule() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A dump may bring the rules before the hunts, before the tables that a check
    -- reads, or with options that the hunt has no longer: all rules must come, and
    -- a run says what is wrong.  pg_dump has functions' bodies not checked either.
    IF current_setting('check_function_bodies')::boolean
       AND EXISTS (SELECT FROM azhunt.hunts AS h WHERE h.hunt = NEW.hunt) THEN
        PERFORM azhunt.check_options(NEW.hunt, NEW.options);
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION azhunt.check_rule() IS
'internal: trigger that refuses a rule whose hunt does not take its options';

CREATE TRIGGER check_rule BEFORE INSERT OR UPDATE OF hunt, options ON azhunt.rules
FOR EACH ROW EXECUTE FUNCTION azhunt.check_rule();
COMMENT ON TRIGGER check_rule ON azhunt.rules IS 'a rule has options that its hunt takes';

CREATE FUNCTION azhunt.add_rule(
    rule text,
    hunt text DEFAULT NULL,
    options jsonb DEFAULT '{}',
    run_every interval DEFAULT NULL,
    severity text DEFAULT NULL,
    announce_since timestamptz DEFAULT '-infinity')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM azhunt.check_options(coalesce(add_rule.hunt, add_rule.rule), add_rule.options);
    INSERT INTO azhunt.rules (rule, hunt, options, run_every, severity, announce_since)
    SELECT add_rule.rule, h.hunt, add_rule.options, coalesce(add_rule.run_every, h.run_every, interval '1 hour'),
           coalesce(add_rule.severity, h.severity, 'Medium'), add_rule.announce_since
    FROM azhunt.hunts AS h
    WHERE h.hunt = coalesce(add_rule.hunt, add_rule.rule);
END
$$;

COMMENT ON FUNCTION azhunt.add_rule(text, text, jsonb, interval, text, timestamptz) IS
'makes a rule, which runs a hunt, by default the one of its own name, with options, as often and with the severity that the hunt has';

CREATE FUNCTION azhunt.check_rule_found(is_found boolean, rule text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT is_found THEN
        RAISE EXCEPTION 'there is no rule "%"', coalesce(rule, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table azhunt.rules lists the rules; azhunt.add_rule() makes one.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_rule_found(boolean, text) IS
'internal: an error that there is no such rule, unless it was found';

--
-- What belongs to a rule is written under a lock of its row that keeps the rule
-- from being dropped: FOR KEY SHARE, which runs do not wait for, or stronger.
-- What is written without could come after drop_rule() has looked, and be found
-- by the next rule of that name.
--

CREATE FUNCTION azhunt.restart_rule(rule text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM azhunt.rules AS r WHERE r.rule = restart_rule.rule FOR KEY SHARE;
    PERFORM azhunt.check_rule_found(FOUND, restart_rule.rule);
    INSERT INTO azhunt.restart_requests (rule, requested_at, requested_by)
    VALUES (restart_rule.rule, clock_timestamp(), session_user);
END
$$;

COMMENT ON FUNCTION azhunt.restart_rule(text) IS
'has the next run of a rule read all rows again';

CREATE FUNCTION azhunt.drop_rule(rule text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- also waits for a run to end
    PERFORM FROM azhunt.rules AS r WHERE r.rule = drop_rule.rule FOR UPDATE;
    PERFORM azhunt.check_rule_found(FOUND, drop_rule.rule);
    DELETE FROM azhunt.status_changes AS c
    WHERE c.result_id = ANY (ARRAY(SELECT m.result_id FROM azhunt.matches AS m WHERE m.rule = drop_rule.rule));
    DELETE FROM azhunt.matches AS m WHERE m.rule = drop_rule.rule;
    DELETE FROM azhunt.watermarks AS w WHERE w.rule = drop_rule.rule;
    DELETE FROM azhunt.restart_requests AS q WHERE q.rule = drop_rule.rule;
    DELETE FROM azhunt.runs AS r WHERE r.rule = drop_rule.rule;
    DELETE FROM azhunt.rules AS r WHERE r.rule = drop_rule.rule;
END
$$;

COMMENT ON FUNCTION azhunt.drop_rule(text) IS
'removes a rule with its runs, its results and their status';

CREATE FUNCTION azhunt.keep_options() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND (NEW.rule, NEW.hunt, NEW.options) IS NOT DISTINCT FROM (OLD.rule, OLD.hunt, OLD.options) THEN
        RETURN NEW;
    END IF;
    -- A run that was skipped has changed nothing.
    IF EXISTS (SELECT FROM azhunt.runs AS r WHERE r.rule = OLD.rule AND r.status <> 'skipped')
       OR EXISTS (SELECT FROM azhunt.watermarks AS w WHERE w.rule = OLD.rule) THEN
        RAISE EXCEPTION 'rule "%" has run, and its results are those of its options', OLD.rule
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make another one with the new options; azhunt.drop_rule() removes the old one with its results.';
    END IF;
    IF TG_OP = 'DELETE' OR NEW.rule <> OLD.rule THEN
        DELETE FROM azhunt.restart_requests AS q WHERE q.rule = OLD.rule;
        DELETE FROM azhunt.runs AS r WHERE r.rule = OLD.rule;
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
END
$$;

COMMENT ON FUNCTION azhunt.keep_options() IS
'internal: trigger that refuses to change or delete a rule that has run, and removes what else goes by the name of one that has not';

CREATE TRIGGER keep_options BEFORE UPDATE OR DELETE ON azhunt.rules
FOR EACH ROW EXECUTE FUNCTION azhunt.keep_options();
COMMENT ON TRIGGER keep_options ON azhunt.rules IS
'a rule that has run keeps its name and options, of which its results are';

/* src/runs/matches.sql */

--
-- What rules did and found.
--
-- A run reads the log rows that the runs before it have not seen, joins them
-- with all others, and stores each match that was not there.  What it has seen
-- is a pg_snapshot: a row is new if the snapshot does not see the transaction
-- in ingestxid.  So a match is found by the first run that sees all its rows,
-- in whatever order they were written, committed or dated.
--
-- There are no foreign keys among these tables: pg_restore loads their rows in
-- any order, or side by side.
--

CREATE SEQUENCE azhunt.runs_run_seq;
COMMENT ON SEQUENCE azhunt.runs_run_seq IS 'ids of runs';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs_run_seq', '');

CREATE TABLE azhunt.runs (
    run bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.runs_run_seq'),
    rule text NOT NULL,
    started timestamptz NOT NULL,
    finished timestamptz NOT NULL,
    duration interval GENERATED ALWAYS AS (finished OPERATOR(pg_catalog.-) started) STORED,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{succeeded,failed,skipped}'::text[])),
    started_over text,
    rows_read jsonb,
    new_matches bigint,
    announced bigint,
    error text,
    sqlstate text,
    snapshot pg_snapshot,
    run_by text NOT NULL
);

CREATE INDEX runs_rule_idx ON azhunt.runs (rule, run);
COMMENT ON INDEX azhunt.runs_rule_idx IS 'the latest runs of one rule';
CREATE INDEX runs_started_idx ON azhunt.runs (started);
COMMENT ON INDEX azhunt.runs_started_idx IS 'the runs of a period';
COMMENT ON TABLE azhunt.runs IS
'what run_rule() did, a row for each run';
COMMENT ON COLUMN azhunt.runs.run IS 'id of the run; a later run has a higher one';
COMMENT ON COLUMN azhunt.runs.rule IS 'the rule that ran';
COMMENT ON COLUMN azhunt.runs.started IS 'when the run began';
COMMENT ON COLUMN azhunt.runs.finished IS 'when it ended';
COMMENT ON COLUMN azhunt.runs.duration IS 'finished - started';
COMMENT ON COLUMN azhunt.runs.status IS 'succeeded, failed, or skipped because another run of the rule was going on';
COMMENT ON COLUMN azhunt.runs.started_over IS 'why the run read all rows; null if it read only new ones';
COMMENT ON COLUMN azhunt.runs.rows_read IS 'how many log rows it read, by log table';
COMMENT ON COLUMN azhunt.runs.new_matches IS 'how many matches it found that were not there';
COMMENT ON COLUMN azhunt.runs.announced IS 'how many of these the notification counts';
COMMENT ON COLUMN azhunt.runs.error IS 'why it failed or was skipped';
COMMENT ON COLUMN azhunt.runs.sqlstate IS 'SQLSTATE of the error';
COMMENT ON COLUMN azhunt.runs.snapshot IS 'the transactions whose rows it has seen';
COMMENT ON COLUMN azhunt.runs.run_by IS 'role of the session that ran it';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs', '');

CREATE TABLE azhunt.watermarks (
    rule text PRIMARY KEY,
    snapshot pg_snapshot NOT NULL,
    relations bigint[] NOT NULL,
    system_identifier text NOT NULL
);

COMMENT ON TABLE azhunt.watermarks IS
'what each rule''s last successful run has seen: the transactions that its snapshot sees, in the relations that it read, of one cluster';
COMMENT ON COLUMN azhunt.watermarks.rule IS 'the rule';
COMMENT ON COLUMN azhunt.watermarks.snapshot IS 'the transactions whose rows the run has seen';
COMMENT ON COLUMN azhunt.watermarks.relations IS 'identities of the relations that it read';
COMMENT ON COLUMN azhunt.watermarks.system_identifier IS 'the cluster in which it ran';
SELECT pg_catalog.pg_extension_config_dump('azhunt.watermarks', '');

-- A table of its own: a run takes only the requests away that it has seen, so
-- that it cannot undo one that is made meanwhile.
CREATE TABLE azhunt.restart_requests (
    rule text NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL
);
-- A publication of all tables would have deletions refused that name no row.
ALTER TABLE azhunt.restart_requests REPLICA IDENTITY FULL;

COMMENT ON TABLE azhunt.restart_requests IS
'calls of restart_rule() that no successful run has followed yet';
COMMENT ON COLUMN azhunt.restart_requests.rule IS 'the rule';
COMMENT ON COLUMN azhunt.restart_requests.requested_at IS 'when restart_rule() was called';
COMMENT ON COLUMN azhunt.restart_requests.requested_by IS 'role of the session that called it';
SELECT pg_catalog.pg_extension_config_dump('azhunt.restart_requests', '');

CREATE TABLE azhunt.matches (
    rule text NOT NULL,
    "time" timestamptz NOT NULL,
    account text,
    address text,
    useragent text,
    storageaccount text,
    details jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(details) OPERATOR(pg_catalog.=) 'object'),
    key bytea NOT NULL,
    result_id uuid NOT NULL,
    run bigint NOT NULL,
    found_at timestamptz NOT NULL,
    CONSTRAINT matches_key UNIQUE (rule, "time", key)
);
ALTER TABLE azhunt.matches REPLICA IDENTITY USING INDEX matches_key;

CREATE INDEX matches_result_id_idx ON azhunt.matches (result_id);
COMMENT ON INDEX azhunt.matches_result_id_idx IS 'the matches of one result';
CREATE INDEX matches_run_idx ON azhunt.matches (run);
COMMENT ON INDEX azhunt.matches_run_idx IS 'what one run found';
CREATE INDEX matches_account_idx ON azhunt.matches (account azhunt.case_insensitive_ops, rule, "time");
COMMENT ON INDEX azhunt.matches_account_idx IS 'the first match of one account';
COMMENT ON TABLE azhunt.matches IS
'what rules found, a row for each match, which is one or more log rows that belong together';
COMMENT ON COLUMN azhunt.matches.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.matches."time" IS 'when it happened';
COMMENT ON COLUMN azhunt.matches.account IS 'the account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.address IS 'the address, without its port; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.useragent IS 'the user agent; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.storageaccount IS 'the storage account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.matches.details IS 'what only this hunt knows';
COMMENT ON COLUMN azhunt.matches.key IS 'digest of all that describes the match but its time';
COMMENT ON COLUMN azhunt.matches.result_id IS 'the result that it belongs to';
COMMENT ON COLUMN azhunt.matches.run IS 'the run that found it';
COMMENT ON COLUMN azhunt.matches.found_at IS 'when that run began';
SELECT pg_catalog.pg_extension_config_dump('azhunt.matches', '');

CREATE FUNCTION azhunt.match_key(account text, address text, useragent text, storageaccount text, details jsonb)
RETURNS bytea
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_match_key';

COMMENT ON FUNCTION azhunt.match_key(text, text, text, text, jsonb) IS
'internal: digest of all that describes a match but its time, for a unique key over what is too long for an index';

CREATE FUNCTION azhunt.match_result_id(rule text, result_key text[], "time" timestamptz,
                                       account text, address text, useragent text, storageaccount text, details jsonb)
RETURNS uuid
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_match_result_id';

COMMENT ON FUNCTION azhunt.match_result_id(text, text[], timestamptz, text, text, text, text, jsonb) IS
'internal: the result of a rule that a match belongs to: digest of the columns, or members of details, that the result key names; the key is the same in all rows of a query';

--
-- A hunt can have two functions that find matches.  NAME_matches() joins all
-- rows of a period by the windowed join, whose cost is that of reading them and
-- of what it finds.  NAME_new_matches() goes from each new row to its partners,
-- which OFFSET 0 ensures, by index.  That is far less work for a few rows, and
-- far more for many that share an address.  Nobody knows beforehand, so it gives
-- up where it has visited rows for as long as the other would take.
--
-- Neither depends on what the planner knows about rows that came a moment ago:
-- the first has no other join, and the second no other scans than of indexes,
-- chosen by how many of their entries have to be read.
--

CREATE FUNCTION azhunt.insert_matches(rule text, run bigint, found_at timestamptz, call text, result_key text[],
                                      since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
SET "DateStyle" = 'ISO, YMD'
SET "TimeZone" = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
AS $$
DECLARE
    new_matches bigint;
BEGIN
    EXECUTE format(
        'INSERT INTO azhunt.matches (rule, "time", account, address, useragent, storageaccount, details, key, result_id, run, found_at)'
        ' SELECT $1, m."time", m.account, m.address, m.useragent, m.storageaccount, m.details,'
        '        azhunt.match_key(m.account, m.address, m.useragent, m.storageaccount, m.details),'
        '        azhunt.match_result_id($1, $7, m."time", m.account, m.address, m.useragent, m.storageaccount, m.details),'
        '        $2, $3'
        -- details are made once for a match, whatever uses them
        ' FROM (SELECT m.* FROM %s AS m OFFSET 0) AS m'
        ' ON CONFLICT DO NOTHING'::text, call)
    USING rule, run, found_at, since, until, arrivals, result_key;
    GET DIAGNOSTICS new_matches = ROW_COUNT;
    RETURN new_matches;
END
$$;

COMMENT ON FUNCTION azhunt.insert_matches(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: stores the matches that a call of a hunt''s function gives and that are not there, and counts them; in the call, $4 to $6 are since, until and arrivals';

CREATE FUNCTION azhunt.cost_of_period(call text, since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS double precision
-- as EXPLAIN may change something, for all that PostgreSQL knows
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM %s AS m'::text, call)
    INTO plan
    USING NULL::text, NULL::text, NULL::text, since, until, arrivals;
    RETURN (plan #>> '{0,Plan,Total Cost}')::double precision;
END
$$;

COMMENT ON FUNCTION azhunt.cost_of_period(text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: what the planner takes insert_matches_of_period() to cost, where it finds no matches; its join reads rows, and these it can count without statistics';

CREATE FUNCTION azhunt.insert_matches_of_period(rule text, run bigint, found_at timestamptz, call text,
                                                result_key text[],
                                                since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
BEGIN
    RETURN azhunt.insert_matches(rule, run, found_at, call, result_key, since, until, arrivals);
END
$$;

COMMENT ON FUNCTION azhunt.insert_matches_of_period(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: as insert_matches(), with the windowed join as the only one';

CREATE FUNCTION azhunt.insert_new_matches(rule text, run bigint, found_at timestamptz, call text, result_key text[],
                                          since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET cpu_index_tuple_cost = 1
SET jit = off
AS $$
BEGIN
    RETURN azhunt.insert_matches(rule, run, found_at, call, result_key, since, until, arrivals);
END
$$;

COMMENT ON FUNCTION azhunt.insert_new_matches(text, bigint, timestamptz, text, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: as insert_matches(), by index from the new rows to their partners';

/* src/runs/trust.sql */

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

/* src/runs/arrivals.sql */

CREATE FUNCTION azhunt.check_rows_are_visible(tables text[]) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_check_rows_are_visible';

COMMENT ON FUNCTION azhunt.check_rows_are_visible(text[]) IS
'internal: true, or an error if a query of these log tables would not see rows that are there: Citus distributes a table, or its partitions are newer than the snapshot';

CREATE FUNCTION azhunt.find_arrivals(log_table regclass, first_xid bigint, end_xid bigint,
                                     unfinished_xids bigint[], known bigint[])
RETURNS TABLE (relation regclass, identity bigint, is_view boolean,
               new_rows bigint, since timestamptz, until timestamptz, reread boolean)
LANGUAGE C STABLE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_find_arrivals';

COMMENT ON FUNCTION azhunt.find_arrivals(regclass, bigint, bigint, bigint[], bigint[]) IS
'internal: for each relation that a query of a log table reads: who it is, how many rows are new to a run and of what time, or, with reread, that all rows are because the last run did not read it';

CREATE FUNCTION azhunt.relations_below(tables text[]) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(array_agg(a.identity ORDER BY a.identity), '{}'::bigint[])
    FROM unnest(tables) AS t (log_table)
    CROSS JOIN LATERAL azhunt.find_arrivals(format('azhunt.%I'::text, t.log_table)::regclass, NULL::bigint,
                                            NULL::bigint,
                                            NULL::bigint[], NULL::bigint[]) AS a
$$;

COMMENT ON FUNCTION azhunt.relations_below(text[]) IS
'internal: the identities of all relations that queries of these log tables read';

CREATE FUNCTION azhunt.new_rows_of_view(log_table text, arrivals azhunt.arrivals,
                                        OUT new_rows bigint, OUT since timestamptz, OUT until timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('SELECT count(*), min(l.timegenerated), max(l.timegenerated) FROM azhunt.%I AS l'
                   ' WHERE azhunt.arrived_since(l.ingestxid, $1)', log_table)
    INTO new_rows, since, until
    USING arrivals;
END
$$;

COMMENT ON FUNCTION azhunt.new_rows_of_view(text, azhunt.arrivals) IS
'internal: how many rows of a view under a log table''s name are new to a run, and of what time';

CREATE FUNCTION azhunt.look_for_arrivals(tables text[], reach interval, arrivals azhunt.arrivals, known bigint[],
                                         OUT relations bigint[], OUT rows_read jsonb,
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
    rows_read := '{}';
    new_periods := '{}';
    reread_periods := '{}';

    FOREACH log_table IN ARRAY tables LOOP
        relation := format('azhunt.%I'::text, log_table)::regclass;
        SELECT array_agg(a.identity) AS relations,
               sum(a.new_rows)::bigint AS new_rows,
               bool_or(a.is_view) AS is_view,
               bool_or(a.reread) AS reread,
               range_agg(tstzrange(azhunt.window_start(a.since, reach), azhunt.window_end(a.until, reach), '[]'::text))
                   FILTER (WHERE a.since IS NOT NULL AND NOT a.reread) AS new_periods,
               range_agg(tstzrange(azhunt.window_start(a.since, reach), azhunt.window_end(a.until, reach), '[]'::text))
                   FILTER (WHERE a.since IS NOT NULL AND a.reread) AS reread_periods
        INTO part
        FROM azhunt.find_arrivals(relation, arrivals.first_xid, arrivals.end_xid, arrivals.unfinished_xids, known) AS a;

        relations := relations || part.relations;
        IF part.is_view THEN
            SELECT v.new_rows, v.since, v.until INTO of_view
            FROM azhunt.new_rows_of_view(log_table, arrivals) AS v;
            part.new_rows := of_view.new_rows;
            part.new_periods := CASE WHEN of_view.since IS NOT NULL THEN tstzmultirange(
                tstzrange(azhunt.window_start(of_view.since, reach), azhunt.window_end(of_view.until, reach),
                          '[]'::text)) END;
            part.reread_periods := CASE WHEN part.reread THEN all_time END;
        END IF;
        rows_read := rows_read || jsonb_build_object(log_table, part.new_rows);
        new_periods := new_periods + COALESCE(part.new_periods, '{}'::tstzmultirange);
        reread_periods := reread_periods + COALESCE(part.reread_periods, '{}'::tstzmultirange);
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.look_for_arrivals(text[], interval, azhunt.arrivals, bigint[]) IS
'internal: what is new in log tables: how many rows, and the periods that have all new rows and their partners, which are at most reach away; reread_periods are of relations that the last run did not read';

CREATE FUNCTION azhunt.allow_visits(visits bigint) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_allow_visits';

COMMENT ON FUNCTION azhunt.allow_visits(bigint) IS
'internal: sets how many rows count_visit() lets a run visit';

CREATE FUNCTION azhunt.count_visit("time" timestamptz, weight integer) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 0.01
AS 'MODULE_PATHNAME', 'azhunt_count_visit';

COMMENT ON FUNCTION azhunt.count_visit(timestamptz, integer) IS
'internal: true, or error ZH001 when a run visits more rows than allow_visits() allowed it; the time is not looked at';

-- COST has it checked after all other conditions: a row that they reject is not
-- one whose partners are searched.
CREATE FUNCTION azhunt.count_search("time" timestamptz, weight integer) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'azhunt_count_visit';

COMMENT ON FUNCTION azhunt.count_search(timestamptz, integer) IS
'internal: the same for a new row whose partners are searched, which counts for as many visits as weight says';

/* src/runs/run.sql */

CREATE FUNCTION azhunt.prevent_in_transaction_block() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_prevent_in_transaction_block';

COMMENT ON FUNCTION azhunt.prevent_in_transaction_block() IS
'internal: an error inside a transaction block, where a procedure cannot commit';

CREATE FUNCTION azhunt.raise_saved_error(sqlstate text, message text, detail text, hint text) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_raise_saved_error';

COMMENT ON FUNCTION azhunt.raise_saved_error(text, text, text, text) IS
'internal: raises the error that GET STACKED DIAGNOSTICS has described; an empty detail or hint is none';

CREATE FUNCTION azhunt.reason_to_start_over(rule text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watermark record;
    requested boolean;
BEGIN
    -- only those that this run sees: the rows that they are about it sees too
    DELETE FROM azhunt.restart_requests AS q WHERE q.rule = reason_to_start_over.rule;
    requested := FOUND;

    SELECT w.snapshot, w.system_identifier INTO watermark
    FROM azhunt.watermarks AS w WHERE w.rule = reason_to_start_over.rule;
    RETURN CASE
        WHEN NOT FOUND THEN 'first run'
        WHEN requested THEN 'restart_rule() was called'
        WHEN watermark.system_identifier <> (SELECT s.system_identifier::text FROM pg_control_system() AS s)
            THEN 'last run was in another cluster'
        WHEN pg_snapshot_xmax(watermark.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
            THEN 'transaction ids are lower than at the last run'
    END;
END
$$;

COMMENT ON FUNCTION azhunt.reason_to_start_over(text) IS
'internal: why this run of a rule has to read all rows; null if it has not; removes the requests of restart_rule() that the run fulfils';

CREATE FUNCTION azhunt.snapshot_with_unfinished(snapshot pg_snapshot, unfinished xid8) RETURNS pg_snapshot
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN unfinished >= pg_snapshot_xmax(snapshot) THEN snapshot
                ELSE format('%s:%s:%s'::text, min(x.xid), pg_snapshot_xmax(snapshot),
                            string_agg(x.xid::text, ','::text ORDER BY x.xid)
                                FILTER (WHERE x.xid = unfinished
                                        OR NOT pg_visible_in_snapshot(x.xid, snapshot)))::pg_snapshot
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
'internal: a snapshot that also takes a transaction for unfinished';

CREATE FUNCTION azhunt.find_matches(rule azhunt.rules, run bigint, found_at timestamptz, period tstzrange,
                                    arrivals azhunt.arrivals,
                                    new_rows bigint)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hunt azhunt.hunts := (SELECT h FROM azhunt.hunts AS h WHERE h.hunt = rule.hunt);
    options jsonb := hunt.default_options || rule.options;
    others CONSTANT text[] := '{"since => $4","until => $5","arrivals => $6"}';
    new_rows_function CONSTANT regproc := azhunt.hunt_function(hunt.schema, hunt.hunt, '_new_matches'::text);
    join_call CONSTANT text := azhunt.hunt_call(azhunt.hunt_function(hunt.schema, hunt.hunt, '_matches'::text), options,
                                                others);
    visits bigint;
BEGIN
    IF (arrivals).first_xid IS NOT NULL AND new_rows_function IS NOT NULL THEN
        -- The join takes about as long as ten times as many visits as it costs.
        visits := 6000 + (10 * azhunt.cost_of_period(join_call, lower(period), upper(period), arrivals))::bigint;
        -- One new row counts for 32 visits.  Where a fourth of them is too many,
        -- the join costs less than there are new rows.
        IF 8 * new_rows <= visits THEN
            BEGIN
                PERFORM azhunt.allow_visits(visits);
                RETURN azhunt.insert_new_matches(rule.rule, run, found_at,
                                                 azhunt.hunt_call(new_rows_function, options, others),
                                                 hunt.result_key, lower(period), upper(period), arrivals);
            EXCEPTION WHEN SQLSTATE 'ZH001' THEN
                -- too many partners: join what the period has
            END;
        END IF;
    END IF;
    RETURN azhunt.insert_matches_of_period(rule.rule, run, found_at, join_call, hunt.result_key, lower(period),
                                           upper(period), arrivals);
END
$$;

COMMENT ON FUNCTION azhunt.find_matches(azhunt.rules, bigint, timestamptz, tstzrange, azhunt.arrivals, bigint) IS
'internal: stores the matches of a period that are not there, and counts them; only those with a new row, of which there are so many, unless arrivals is null';

CREATE FUNCTION azhunt.some_periods(periods tstzmultirange) RETURNS SETOF tstzrange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.period
    FROM unnest(CASE WHEN (SELECT count(*) FROM unnest(periods)) <= 8 THEN periods
                     ELSE tstzmultirange(range_merge(periods)) END) AS p (period)
$$;

COMMENT ON FUNCTION azhunt.some_periods(tstzmultirange) IS
'internal: the periods that something new is in; one that has them all if they are many, as each is a query';

CREATE FUNCTION azhunt.count_rows(tables text[]) RETURNS jsonb
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

COMMENT ON FUNCTION azhunt.count_rows(text[]) IS
'internal: how many rows log tables have';

CREATE FUNCTION azhunt.check_result_key(hunt text, run bigint, result_key text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text := (
        SELECT k.name
        FROM unnest(result_key) AS k (name)
        WHERE k.name <> ALL ('{time,account,address,useragent,storageaccount}'::text[])
          AND EXISTS (SELECT FROM azhunt.matches AS m WHERE m.run = check_result_key.run AND NOT m.details ? k.name)
        LIMIT 1);
BEGIN
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'hunt "%" found a match without "%", by which results are told apart', hunt, missing
            USING ERRCODE = 'invalid_function_definition',
                  DETAIL = format('"%s" is in the hunt''s result_key, but neither a column of matches nor a member of details.'::text, missing),
                  HINT = 'Correct the function that finds matches, or call azhunt.add_hunt() with another result_key.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_result_key(text, bigint, text[]) IS
'internal: an error if a match that a run found lacks a member of details that the hunt''s result_key names';

CREATE FUNCTION azhunt.find_all_matches(rule azhunt.rules, run bigint, found_at timestamptz, snapshot pg_snapshot)
RETURNS TABLE (started_over text, relations bigint[], rows_read jsonb, new_matches bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    hunt azhunt.hunts := (SELECT h FROM azhunt.hunts AS h WHERE h.hunt = rule.hunt);
    watermark azhunt.watermarks;
    tables text[];
    findings record;
    period tstzrange;
    arrivals azhunt.arrivals;
    new_rows bigint;
BEGIN
    -- First, as an older snapshot does not see what the others look at.  At READ
    -- COMMITTED, each of them has a newer one than this would.
    IF current_setting('transaction_isolation') = ANY ('{repeatable read,serializable}'::text[]) THEN
        PERFORM azhunt.check_rows_are_visible(hunt.tables);
    END IF;
    PERFORM azhunt.check_log_tables(hunt.tables);
    PERFORM azhunt.check_hunt_functions(hunt.schema, hunt.hunt);
    PERFORM azhunt.check_options(hunt.hunt, rule.options);

    -- Those that the options leave out are planned, but have no row in the period,
    -- so that nothing but the look for new rows would lock their partitions.
    tables := azhunt.tables_read(hunt, hunt.default_options || rule.options);
    new_matches := 0;
    started_over := azhunt.reason_to_start_over(rule.rule);
    IF hunt.query IS NOT NULL THEN
        -- whatever has arrived, as a row of its result can come of any rows
        started_over := NULL;
        relations := azhunt.relations_below(hunt.tables);
        new_matches := azhunt.store_rows_of_period(rule, run, found_at);
        RETURN NEXT;
        RETURN;
    END IF;
    IF started_over IS NOT NULL THEN
        relations := azhunt.relations_below(tables);
        rows_read := azhunt.count_rows(tables);
        new_matches := azhunt.find_matches(rule, run, found_at, '[-infinity,infinity]'::tstzrange,
                                           NULL::azhunt.arrivals, NULL::bigint);
    ELSE
        SELECT w.* INTO watermark FROM azhunt.watermarks AS w WHERE w.rule = rule.rule;
        arrivals := ROW(pg_snapshot_xmax(watermark.snapshot)::text::bigint,
                        pg_snapshot_xmax(snapshot)::text::bigint,
                        -- with what this transaction itself has written
                        ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(watermark.snapshot) AS x)
                        || pg_current_xact_id()::text::bigint);
        SELECT a.* INTO findings
        FROM azhunt.look_for_arrivals(tables, ((hunt.default_options || rule.options) ->> hunt.reach)::interval,
                                      arrivals, watermark.relations) AS a;
        relations := findings.relations;
        rows_read := findings.rows_read;

        new_rows := (SELECT sum(r.value::bigint) FROM jsonb_each_text(rows_read) AS r);
        FOR period IN SELECT p FROM azhunt.some_periods(findings.new_periods) AS p LOOP
            new_matches := new_matches + azhunt.find_matches(rule, run, found_at, period, arrivals, new_rows);
        END LOOP;
        FOR period IN SELECT p FROM azhunt.some_periods(findings.reread_periods) AS p LOOP
            new_matches := new_matches + azhunt.find_matches(rule, run, found_at, period, NULL::azhunt.arrivals,
                                                             new_rows);
        END LOOP;
    END IF;

    IF new_matches > 0 THEN
        PERFORM azhunt.check_result_key(rule.hunt, run, hunt.result_key);
    END IF;

    -- Only what was there from the first look to the last has surely been read.
    relations := ARRAY(SELECT r FROM unnest(relations) AS r
                       INTERSECT SELECT r FROM unnest(azhunt.relations_below(tables)) AS r);
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.find_all_matches(azhunt.rules, bigint, timestamptz, pg_snapshot) IS
'internal: stores the matches of the rows that the snapshot sees and the last run did not read; says why it read all rows instead, if it did, and what relations it read';

CREATE FUNCTION azhunt.describe_running(rule text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN 'another run of this rule is going on'
        || coalesce((SELECT CASE WHEN l.pid IS NULL
                                 THEN format(': prepared transaction %L of role %s, since %s'::text, p.gid, p.owner,
                                             p.prepared)
                                 ELSE format(': process %s of role %s, in a transaction since %s'::text, a.pid,
                                             a.usename, a.xact_start)
                            END
                     FROM azhunt.rules AS r
                     JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.transactionid = r.xmax AND l.granted
                     LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
                     LEFT JOIN pg_prepared_xacts AS p ON l.pid IS NULL AND p.transaction = l.transactionid
                     WHERE r.rule = describe_running.rule AND coalesce(a.pid::text, p.gid) IS NOT NULL
                     LIMIT 1), ''::text);
END
$$;

COMMENT ON FUNCTION azhunt.describe_running(text) IS
'internal: why a run was skipped: which process or prepared transaction runs the rule, if that can be told';

CREATE FUNCTION azhunt.run_rule_in_transaction(rule text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    rule_row azhunt.rules;
    run bigint;
    started timestamptz := clock_timestamp();
    obstacle text;
    snapshot pg_snapshot;
    findings record;
    announced bigint;
BEGIN
    PERFORM FROM azhunt.rules AS r WHERE r.rule = run_rule_in_transaction.rule FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        -- before this transaction has a lock, too, which would hide whose the other is
        obstacle := azhunt.describe_running(run_rule_in_transaction.rule);
        -- waits for drop_rule() and prune(), but not for a run
        PERFORM FROM azhunt.rules AS r WHERE r.rule = run_rule_in_transaction.rule FOR KEY SHARE;
        PERFORM azhunt.check_rule_found(FOUND, run_rule_in_transaction.rule);
        PERFORM FROM azhunt.rules AS r WHERE r.rule = run_rule_in_transaction.rule FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN
        INSERT INTO azhunt.runs (rule, started, finished, status, error, run_by)
        VALUES (run_rule_in_transaction.rule, started, clock_timestamp(), 'skipped', obstacle, session_user)
        RETURNING runs.run INTO function.run;
        RETURN function.run;
    END IF;

    -- A change, and not only a lock: a transaction whose snapshot is older must
    -- not change or drop a rule as if it had not run.
    UPDATE azhunt.rules AS r SET severity = r.severity WHERE r.rule = run_rule_in_transaction.rule
    RETURNING r.* INTO rule_row;
    PERFORM FROM azhunt.hunts AS h WHERE h.hunt = rule_row.hunt;
    PERFORM azhunt.check_hunt_found(FOUND, rule_row.hunt);

    -- The snapshot that is stored comes before all that reads rows: what was
    -- committed in between is read by this run and the next, never by none.
    -- It must not count this transaction, which can still write, as finished.
    run := nextval('azhunt.runs_run_seq'::regclass);
    snapshot := azhunt.snapshot_with_unfinished(pg_current_snapshot(), pg_current_xact_id());
    SELECT f.* INTO findings FROM azhunt.find_all_matches(rule_row, run, started, snapshot) AS f;
    announced := findings.new_matches;
    IF announced > 0 AND rule_row.announce_since > '-infinity' THEN
        announced := (SELECT count(*) FROM azhunt.matches AS m
                      WHERE m.run = function.run AND m."time" >= rule_row.announce_since);
    END IF;

    INSERT INTO azhunt.watermarks (rule, snapshot, relations, system_identifier)
    VALUES (run_rule_in_transaction.rule, snapshot, findings.relations,
            (SELECT s.system_identifier::text FROM pg_control_system() AS s))
    ON CONFLICT ON CONSTRAINT watermarks_pkey DO UPDATE
    SET snapshot = EXCLUDED.snapshot, relations = EXCLUDED.relations, system_identifier = EXCLUDED.system_identifier;
    INSERT INTO azhunt.runs (run, rule, started, finished, status, started_over, rows_read, new_matches, announced,
                             snapshot, run_by)
    VALUES (function.run, run_rule_in_transaction.rule, started, clock_timestamp(), 'succeeded', findings.started_over,
            findings.rows_read, findings.new_matches, announced, snapshot, session_user);
    -- Where someone keeps the queue from being emptied, what was found matters
    -- more than that it is announced.
    IF announced > 0 AND pg_notification_queue_usage() < 0.9 THEN
        PERFORM pg_notify('azhunt', json_build_object('rule', run_rule_in_transaction.rule, 'run', function.run,
                                                      'new_matches', announced)::text);
    END IF;
    RETURN run;
END
$$;

COMMENT ON FUNCTION azhunt.run_rule_in_transaction(text) IS
'one incremental run of a rule in the current transaction, which it leaves to the caller; returns the id of the run in azhunt.runs';

CREATE FUNCTION azhunt.record_failed_run(rule text, started timestamptz, sqlstate text, error text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    connected timestamptz := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a);
BEGIN
    -- Whoever runs rules can call this, so what it is told is held within what
    -- can be true of this session.
    INSERT INTO azhunt.runs (rule, started, finished, status, sqlstate, error, run_by)
    SELECT r.rule, least(greatest(record_failed_run.started, connected), clock_timestamp()), clock_timestamp(),
           'failed',
           left(record_failed_run.sqlstate, 5), left(record_failed_run.error, 10000), session_user
    FROM azhunt.rules AS r
    WHERE r.rule = record_failed_run.rule
    FOR KEY SHARE OF r;
END
$$;

COMMENT ON FUNCTION azhunt.record_failed_run(text, timestamptz, text, text) IS
'internal: records in azhunt.runs that a run of this session failed; used by run_rule()';

-- It commits, so it cannot have a SET clause.
CREATE PROCEDURE azhunt.run_rule(rule text)
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
    PERFORM azhunt.prevent_in_transaction_block();
    -- Whatever the session's default: a run that waits for nothing and sees
    -- what the last one committed cannot fail to serialize.
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;
    started := pg_catalog.clock_timestamp();

    BEGIN
        PERFORM azhunt.run_rule_in_transaction(run_rule.rule);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        failed := true;
        GET STACKED DIAGNOSTICS
            failed_state = RETURNED_SQLSTATE,
            failed_message = MESSAGE_TEXT,
            failed_detail = PG_EXCEPTION_DETAIL,
            failed_hint = PG_EXCEPTION_HINT;
        PERFORM azhunt.record_failed_run(run_rule.rule, started, failed_state, failed_message);
    END;
    COMMIT;

    IF failed THEN
        PERFORM azhunt.raise_saved_error(failed_state, failed_message, failed_detail, failed_hint);
    END IF;
END
$$;

COMMENT ON PROCEDURE azhunt.run_rule(text) IS
'runs a rule in a transaction of its own, in which it stores the matches of rows that have arrived since its last run';

/* src/runs/kql_hunts.sql */

--
-- Hunts in KQL.
--
-- A hunt NAME in KQL has a view, NAME, which is the query as it is written, and
-- two functions that read a period: NAME(query_period), and NAME_matches(), which
-- runs call.  A run evaluates the whole query over its period, as Sentinel does.
-- A row of its result is one match, which is a result of its own; the columns in
-- result_key say which row it is, so that a later run that finds it again changes
-- it where it has changed.
--

CREATE FUNCTION azhunt.texts_of(bag jsonb, member text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE jsonb_typeof(bag -> member)
        WHEN 'array' THEN ARRAY(SELECT e.element FROM jsonb_array_elements_text(bag -> member) AS e (element)
                              WHERE e.element IS NOT NULL)
        ELSE array_remove(ARRAY[bag ->> member], NULL) END;
END
$$;

COMMENT ON FUNCTION azhunt.texts_of(jsonb, text) IS
'internal: a member of a bag as an array of texts, empty if there is none or it is null';

CREATE FUNCTION azhunt.period_of(description jsonb, member text, "default" interval) RETURNS interval
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    period interval := "default";
BEGIN
    IF description ->> member IS NOT NULL THEN
        period := (description ->> member)::interval;
    END IF;
    PERFORM azhunt.check_window(period);
    IF period = interval '0' THEN
        RAISE invalid_parameter_value;
    END IF;
    RETURN period;
EXCEPTION WHEN invalid_datetime_format OR interval_field_overflow OR datetime_field_overflow
               OR invalid_parameter_value OR feature_not_supported THEN
    RAISE EXCEPTION '% cannot be "%"', member, description ->> member
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Use a time in days, hours or less, such as "14d".';
END
$$;

COMMENT ON FUNCTION azhunt.period_of(jsonb, text, interval) IS
'internal: a time that the description of a hunt has, such as queryPeriod';

-- An account is known by its full name, by name and domain, or by what else
-- Sentinel maps.
CREATE FUNCTION azhunt.entity_expression(description jsonb, entity_type text, columns text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    identifiers CONSTANT text[] := '{FullName,Address,Name,AadUserId,ObjectGuid,Sid,DisplayName,UPNSuffix}';
    fields jsonb := (SELECT jsonb_object_agg(f.field ->> 'identifier', f.field ->> 'columnName')
                     FROM (SELECT m.mapping -> 'fieldMappings' AS fields
                           FROM jsonb_path_query(description, '$.entityMappings[*]') WITH ORDINALITY AS m (mapping,
                                   place)
                           WHERE m.mapping ->> 'entityType' = entity_type
                           ORDER BY m.place LIMIT 1) AS e
                     CROSS JOIN LATERAL jsonb_path_query(e.fields, '$[*]') AS f (field)
                     WHERE f.field ->> 'identifier' IS NOT NULL);
    candidates text[];
    column_name text;
BEGIN
    IF fields ->> 'Name' = ANY (columns) AND fields ->> 'UPNSuffix' = ANY (columns) THEN
        RETURN format($f$nullif(pg_catalog.concat(q.%1$I, '@', q.%2$I), '@'::text)$f$, fields ->> 'Name',
                      fields ->> 'UPNSuffix');
    END IF;
    candidates := ARRAY(SELECT fields ->> i.identifier FROM unnest(identifiers) WITH ORDINALITY AS i (identifier, place)
                        ORDER BY i.place)
        || CASE entity_type WHEN 'Account' THEN 'AccountCustomEntity'::text WHEN 'IP' THEN 'IPCustomEntity' END;
    column_name := (SELECT c.name FROM unnest(candidates) WITH ORDINALITY AS c (name, place)
                    WHERE c.name = ANY (columns) ORDER BY c.place LIMIT 1);
    RETURN CASE WHEN column_name IS NULL THEN 'NULL::text'
                ELSE format($f$nullif(q.%I::text, ''::text)$f$, column_name) END;
END
$$;

COMMENT ON FUNCTION azhunt.entity_expression(jsonb, text, text[]) IS
'internal: the account or address of a row of a hunt in KQL, as SQL, by the entity mappings of its description';

CREATE FUNCTION azhunt.time_expression(description jsonb, columns text[], types text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    times text[] := ARRAY(SELECT c.name FROM unnest(columns, types) WITH ORDINALITY AS c (name, type, place)
                          WHERE c.type = 'timestamp with time zone' ORDER BY c.place);
    named text;
BEGIN
    IF description ->> 'time' IS NOT NULL AND description ->> 'time' <> ALL (times) THEN
        RAISE EXCEPTION 'time names "%", which is no datetime column of the query', description ->> 'time'
            USING ERRCODE = 'undefined_column',
                  HINT = coalesce('Columns: ' || nullif(array_to_string(times, ', '), '') || '.',
                                  'The query has none.');
    END IF;
    named := (SELECT t.name
              FROM unnest(ARRAY[description ->> 'time', 'TimeGenerated', 'timestamp',
                                'Timestamp']) WITH ORDINALITY AS t (name, place)
              WHERE t.name = ANY (times) ORDER BY t.place LIMIT 1);
    RETURN CASE WHEN named IS NOT NULL THEN format('q.%I', named)
                WHEN times = '{}' THEN 'NULL::timestamp with time zone'
                ELSE format('greatest(%s)',
                            (SELECT string_agg(format('q.%I', t.name), ', ') FROM unnest(times) AS t (name))) END;
END
$$;

COMMENT ON FUNCTION azhunt.time_expression(jsonb, text[], text[]) IS
'internal: when a row of a hunt in KQL happened, as SQL: the column that its description names, TimeGenerated, timestamp, or the latest of all';

CREATE FUNCTION azhunt.kql_result_key(description jsonb, columns text[], key text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named CONSTANT text[] := azhunt.texts_of(description, 'key');
    unknown CONSTANT text := (SELECT n.name FROM unnest(named) AS n (name) WHERE n.name <> ALL (columns) LIMIT 1);
BEGIN
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'key names "%", which is no column of the query', unknown
            USING ERRCODE = 'undefined_column',
                  HINT = format('Columns: %s.', array_to_string(columns, ', '));
    END IF;
    RETURN CASE WHEN named <> '{}' THEN named WHEN key <> '{}' THEN key ELSE columns END;
END
$$;

COMMENT ON FUNCTION azhunt.kql_result_key(jsonb, text[], text[]) IS
'internal: the columns that tell the rows of a hunt in KQL apart: those that its description names, those of the last summarize, or all';

CREATE FUNCTION azhunt.drop_kql_objects(schema text, hunt text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
    EXECUTE format('DROP FUNCTION IF EXISTS %I.%I(interval, timestamptz, timestamptz, azhunt.arrivals)', schema, hunt
                   || '_matches');
    EXECUTE format('DROP FUNCTION IF EXISTS %I.%I(interval)', schema, hunt);
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', schema, hunt);
END
$$;

COMMENT ON FUNCTION azhunt.drop_kql_objects(text, text) IS
'internal: drops the view and the functions of a hunt in KQL';

CREATE FUNCTION azhunt.create_kql_objects(schema text, name text, description jsonb, view_sql text, period_sql text,
                                          rule_sql text, columns text[], types text[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET "IntervalStyle" = 'postgres'
AS $$
DECLARE
    title CONSTANT text := coalesce(description ->> 'name', name);
    key_columns CONSTANT text := (SELECT string_agg(format('q.%I', k.name), ', ')
                                  FROM unnest(azhunt.texts_of(description, 'key')) AS k (name));
BEGIN
    -- as the function of that name, and all other hunts: what row-level security
    -- hides from the reader, it must not show
    EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS %s', schema, name, view_sql);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', schema, name, title);
    EXECUTE format('CREATE FUNCTION %1$I.%2$I(query_period interval DEFAULT %3$L) RETURNS SETOF %1$I.%2$I'
                   ' LANGUAGE sql STABLE BEGIN ATOMIC %4$s; END',
                   schema, name, azhunt.period_of(description, 'queryPeriod', interval '1 day'), period_sql);
    EXECUTE format('COMMENT ON FUNCTION %I.%I(interval) IS %L', schema, name, title);
    EXECUTE format('CREATE FUNCTION %I.%I(query_period interval, since timestamptz, until timestamptz, arrivals azhunt.arrivals)'
                   ' RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)'
                   ' LANGUAGE sql STABLE BEGIN ATOMIC SELECT %s %s AS "time", %s, %s, NULL::text, NULL::text, pg_catalog.to_jsonb(q.*) FROM (%s) AS q %s; END',
                   schema, name || '_matches',
                   -- of the rows that agree in the columns that the user names, the latest
                   'DISTINCT ON (' || key_columns || ')', azhunt.time_expression(description, columns, types),
                   azhunt.entity_expression(description, 'Account', columns),
                   azhunt.entity_expression(description, 'IP', columns), rule_sql,
                   'ORDER BY ' || key_columns || ', "time" DESC NULLS LAST, pg_catalog.to_jsonb(q.*) DESC');
    EXECUTE format('COMMENT ON FUNCTION %I.%I(interval, timestamptz, timestamptz, azhunt.arrivals) IS %L',
                   schema, name || '_matches', 'rows of the hunt, for rules');
END
$$;

COMMENT ON FUNCTION azhunt.create_kql_objects(text, text, jsonb, text, text, text, text[], text[]) IS
'internal: makes the view and the functions of a hunt in KQL';

CREATE FUNCTION azhunt.check_kql_description(schema text, name text, description jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF schema IS NULL THEN
        RAISE EXCEPTION 'the name of a hunt has to be NAME or SCHEMA.NAME'
            USING ERRCODE = 'invalid_name';
    ELSIF octet_length(name) > 50 THEN
        RAISE EXCEPTION 'hunt name "%" is longer than 50 bytes', name
            USING ERRCODE = 'name_too_long';
    ELSIF jsonb_typeof(description) <> 'object' THEN
        RAISE EXCEPTION 'description must be a JSON object, such as {"name": "...", "queryPeriod": "1d"}'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF description ->> 'severity' <> ALL ('{Informational,Low,Medium,High}'::text[]) THEN
        RAISE EXCEPTION 'severity cannot be "%"', description ->> 'severity'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is Informational, Low, Medium or High.';
    ELSIF EXISTS (SELECT FROM azhunt.hunts AS h
                  WHERE h.hunt = name AND (h.schema <> check_kql_description.schema OR h.query IS NULL)) THEN
        RAISE EXCEPTION 'there is another hunt "%"', name
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Use another name.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_kql_description(text, text, jsonb) IS
'internal: an error if a hunt in KQL cannot have this name and description';

CREATE FUNCTION azhunt.check_kql_names(schema text, name text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken CONSTANT text := coalesce(
        (SELECT format('relation "%s"', c.relname) FROM pg_class AS c
         WHERE c.relnamespace = to_regnamespace(quote_ident(schema)) AND c.relname = name),
        (SELECT format('type "%s"', t.typname) FROM pg_type AS t
         WHERE t.typnamespace = to_regnamespace(quote_ident(schema)) AND t.typname = name),
        (SELECT format('function %s()', quote_ident(p.proname)) FROM pg_proc AS p
         WHERE p.pronamespace = to_regnamespace(quote_ident(schema)) AND p.proname IN (name, name || '_matches')
         ORDER BY p.oid LIMIT 1));
BEGIN
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" has a % already, which hunt "%" would have, too', schema, taken, name
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Drop it if it is left of a hunt that went with its extension, or use another name: a hunt NAME has a view and a function of its name, and a function NAME_matches().';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_kql_names(text, text) IS
'internal: an error if what a hunt in KQL has is there already, and is not its own';

CREATE FUNCTION azhunt.add_compiled_hunt(schema text, name text, query text, description jsonb, view_sql text,
                                         period_sql text,
                                         rule_sql text, columns text[], types text[], key text[], tables text[])
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result_key CONSTANT text[] := azhunt.kql_result_key(description, columns, key);
    title CONSTANT text := coalesce(description ->> 'name', name);
    hunt text;
BEGIN
    PERFORM azhunt.check_kql_description(schema, name, description);
    IF tables = '{}' THEN
        RAISE EXCEPTION 'the query reads no log table'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use azhunt.create_kql_view() for a query that is no hunt.';
    END IF;
    PERFORM azhunt.drop_kql_objects(h.schema, h.hunt) FROM azhunt.hunts AS h WHERE h.hunt = add_compiled_hunt.name;
    PERFORM azhunt.check_kql_names(schema, name);
    PERFORM azhunt.create_kql_objects(schema, name, description, view_sql, period_sql, rule_sql, columns, types);
    hunt := azhunt.add_hunt(
        format('%I.%I', schema, name)::regproc, tables, 'query_period', result_key, title,
        coalesce(description ->> 'description', title),
        -- the columns that tell results apart, if a sentence can have them all
        coalesce(description ->> 'summary',
                 (SELECT string_agg(format('%s: {%s}', k.name, k.name), ', ')
                  FROM unnest(result_key) AS k (name) HAVING count(*) <= 6 AND bool_and(k.name !~ '[{}]')),
                 replace(replace(title, '{', '{{'), '}', '}}')),
        azhunt.texts_of(description, 'tactics'), azhunt.texts_of(description, 'relevantTechniques'),
        substring(description ->> 'id' FROM '^[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}$')::uuid,
        coalesce(nullif(description -> 'entityMappings', 'null'), '[]'));
    UPDATE azhunt.hunts AS h
    SET query = add_compiled_hunt.query, severity = add_compiled_hunt.description ->> 'severity',
        run_every = CASE WHEN add_compiled_hunt.description ->> 'queryFrequency' IS NOT NULL
                         THEN azhunt.period_of(add_compiled_hunt.description, 'queryFrequency', interval '1 hour') END
    WHERE h.hunt = add_compiled_hunt.name;
    RETURN hunt;
END
$$;

COMMENT ON FUNCTION azhunt.add_compiled_hunt(text, text, text, jsonb, text, text, text, text[], text[], text[], text[]) IS
'internal: adds a hunt in KQL to the catalogue, with the view and the functions that it has';

-- What the query calls tables is looked up with the search_path of the caller.
CREATE FUNCTION azhunt.add_kql_hunt(name text, query text, description jsonb DEFAULT '{}') RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT azhunt.add_compiled_hunt(
        CASE pg_catalog.cardinality(p.parts) WHEN 1 THEN pg_catalog.current_schema() WHEN 2 THEN p.parts[1] END,
        p.parts[pg_catalog.cardinality(p.parts)], query, description, azhunt.kql_to_sql(query), c.sql, r.sql,
        r.columns, r.types, r.key, r.tables)
    FROM (SELECT pg_catalog.parse_ident(name)) AS p (parts)
    CROSS JOIN LATERAL azhunt.compile_hunt(query, 'azhunt.window_start(pg_catalog.now(), $1)', 'pg_catalog.now()') AS c
    CROSS JOIN LATERAL azhunt.compile_hunt(query, '$2', '$3') AS r;
END;

COMMENT ON FUNCTION azhunt.add_kql_hunt(text, text, jsonb) IS
'adds a query in KQL to the catalogue of hunts, or changes its entry: as a view to be read at any time, and for rules; the description has what Sentinel''s files have; returns its name';

CREATE FUNCTION azhunt.store_rows_of_period(rule azhunt.rules, run bigint, found_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET "IntervalStyle" = 'postgres'
SET "DateStyle" = 'ISO, YMD'
SET "TimeZone" = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
AS $$
DECLARE
    hunt azhunt.hunts := (SELECT h FROM azhunt.hunts AS h WHERE h.hunt = rule.hunt);
    options jsonb := hunt.default_options || rule.options;
    new_matches bigint;
BEGIN
    EXECUTE format(
        'WITH found AS MATERIALIZED ('
        ' SELECT DISTINCT m."time", m.account, m.address, m.useragent, m.storageaccount, m.details, k.key, k.result_id'
        ' FROM (SELECT m.*, azhunt.members(m.details, $7) AS members,'
        '              dense_rank() OVER (PARTITION BY azhunt.members(m.details, $7) ORDER BY m."time" DESC NULLS LAST, m.details DESC) AS rank'
        '       FROM %s AS m) AS m'
        -- rows of several tables may agree in the columns that tell those of one apart
        ' CROSS JOIN LATERAL (SELECT jsonb_build_object(''key'', m.members) || CASE WHEN m.rank > 1 THEN jsonb_build_object(''rank'', m.rank) ELSE ''{}'' END AS key OFFSET 0) AS b'
        ' CROSS JOIN LATERAL (SELECT azhunt.match_key(NULL, NULL, NULL, NULL, b.key) AS key,'
        '                            azhunt.match_result_id($1, ''{key,rank}'', ''-infinity'', NULL, NULL, NULL, NULL, b.key) AS result_id) AS k'
        '), changed AS ('
        ' UPDATE azhunt.matches AS s'
        ' SET "time" = coalesce(f."time", s."time"), account = f.account, address = f.address, useragent = f.useragent,'
        '     storageaccount = f.storageaccount, details = f.details'
        ' FROM found AS f'
        ' WHERE s.rule = $1 AND s.result_id = f.result_id'
        '   AND (s."time", s.account, s.address, s.useragent, s.storageaccount, s.details)'
        '       IS DISTINCT FROM (coalesce(f."time", s."time"), f.account, f.address, f.useragent, f.storageaccount, f.details)'
        ')'
        ' INSERT INTO azhunt.matches (rule, "time", account, address, useragent, storageaccount, details, key, result_id, run, found_at)'
        ' SELECT $1, coalesce(f."time", $5), f.account, f.address, f.useragent, f.storageaccount, f.details, f.key, f.result_id, $2, $3'
        ' FROM found AS f'
        ' WHERE NOT EXISTS (SELECT FROM azhunt.matches AS s WHERE s.rule = $1 AND s.result_id = f.result_id)'::text,
        azhunt.hunt_call(azhunt.hunt_function(hunt.schema, hunt.hunt, '_matches'), options,
                         '{"since => $4","until => $5","arrivals => $6"}'))
    -- the now() of the query is that of the transaction
    USING rule.rule, run, found_at, azhunt.window_start(now(), (options ->> 'query_period')::interval), now(),
          NULL::azhunt.arrivals, hunt.result_key;
    GET DIAGNOSTICS new_matches = ROW_COUNT;
    RETURN new_matches;
END
$$;

COMMENT ON FUNCTION azhunt.store_rows_of_period(azhunt.rules, bigint, timestamptz) IS
'internal: evaluates a hunt in KQL over the period before now; stores the rows of its result that are not there, counts them, and changes those that are there where they have changed';

/* src/runs/triage.sql */

-- What people decide about matches and results.

CREATE TABLE azhunt.allow_list (
    entity text NOT NULL
        CHECK (entity OPERATOR(pg_catalog.=) ANY ('{address,account,useragent,storageaccount}'::text[])),
    value text NOT NULL CHECK (value OPERATOR(pg_catalog.<>) ''),
    note text,
    added_by text NOT NULL DEFAULT session_user,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (entity, value),
    CONSTRAINT allow_list_network_check CHECK (
        entity OPERATOR(pg_catalog.<>) 'address' OR pg_catalog.strpos(value, '/') OPERATOR(pg_catalog.=) 0
        OR azhunt.is_in_network(pg_catalog.split_part(value, '/', 1), value))
);

COMMENT ON TABLE azhunt.allow_list IS
'entities whose matches the result views hide; view hidden_results counts what each entry hides';
COMMENT ON COLUMN azhunt.allow_list.entity IS 'column of azhunt.matches: address, account, useragent or storageaccount';
COMMENT ON COLUMN azhunt.allow_list.value IS 'its value, compared ignoring case; for an address also a network, such as 203.0.113.0/24';
COMMENT ON COLUMN azhunt.allow_list.note IS 'why it is allowed';
COMMENT ON COLUMN azhunt.allow_list.added_by IS 'role of the session that added it';
COMMENT ON COLUMN azhunt.allow_list.added_at IS 'when it was added';
SELECT pg_catalog.pg_extension_config_dump('azhunt.allow_list', '');

CREATE SEQUENCE azhunt.status_changes_change_seq;
COMMENT ON SEQUENCE azhunt.status_changes_change_seq IS 'ids of status changes';
SELECT pg_catalog.pg_extension_config_dump('azhunt.status_changes_change_seq', '');

CREATE TABLE azhunt.status_changes (
    change bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.status_changes_change_seq'),
    result_id uuid NOT NULL,
    status text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{new,investigating,closed}'::text[])),
    note text,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    last_run bigint NOT NULL,
    matches bigint,
    hidden bigint,
    classification text
        CHECK (classification
               OPERATOR(pg_catalog.=) ANY ('{true positive,benign positive,false positive,undetermined}'::text[])),
    CHECK (status OPERATOR(pg_catalog.=) 'closed' OR classification IS NULL)
);

CREATE INDEX status_changes_result_id_idx ON azhunt.status_changes (result_id, change);
COMMENT ON INDEX azhunt.status_changes_result_id_idx IS 'the latest status of one result';
COMMENT ON TABLE azhunt.status_changes IS
'what people said of results, each time';
COMMENT ON COLUMN azhunt.status_changes.change IS 'id of the change; a later one has a higher one';
COMMENT ON COLUMN azhunt.status_changes.result_id IS 'the result';
COMMENT ON COLUMN azhunt.status_changes.status IS 'new, investigating or closed';
COMMENT ON COLUMN azhunt.status_changes.note IS 'why';
COMMENT ON COLUMN azhunt.status_changes.changed_by IS 'role of the session that set it';
COMMENT ON COLUMN azhunt.status_changes.changed_at IS 'when it was set';
COMMENT ON COLUMN azhunt.status_changes.last_run IS 'the last run whose matches that person could see';
COMMENT ON COLUMN azhunt.status_changes.matches IS 'how many matches the result had, without those that the allow-list hid';
COMMENT ON COLUMN azhunt.status_changes.hidden IS 'how many more matches the allow-list hid';
COMMENT ON COLUMN azhunt.status_changes.classification IS 'what a closed result was: true positive, benign positive, false positive or undetermined';
SELECT pg_catalog.pg_extension_config_dump('azhunt.status_changes', '');

CREATE VIEW azhunt.latest_status AS
SELECT DISTINCT ON (c.result_id)
       c.result_id, c.status, c.note, c.changed_by, c.changed_at, c.last_run, c.matches, c.hidden, c.classification
FROM azhunt.status_changes AS c
ORDER BY c.result_id, c.change DESC;

COMMENT ON VIEW azhunt.latest_status IS 'the latest status change of each result';
COMMENT ON COLUMN azhunt.latest_status.result_id IS 'the result';
COMMENT ON COLUMN azhunt.latest_status.status IS 'new, investigating or closed, as it was set';
COMMENT ON COLUMN azhunt.latest_status.note IS 'why; null if nobody said';
COMMENT ON COLUMN azhunt.latest_status.changed_by IS 'role of the session that set it';
COMMENT ON COLUMN azhunt.latest_status.changed_at IS 'when it was set';
COMMENT ON COLUMN azhunt.latest_status.last_run IS 'the last run whose matches that person could see';
COMMENT ON COLUMN azhunt.latest_status.matches IS 'how many matches the result had, without those that the allow-list hid';
COMMENT ON COLUMN azhunt.latest_status.hidden IS 'how many more matches the allow-list hid';
COMMENT ON COLUMN azhunt.latest_status.classification IS 'what a closed result was; null if nobody said';

CREATE VIEW azhunt.screened_matches AS
SELECT m.rule, r.hunt, m."time", m.account, m.address, m.useragent, m.storageaccount, m.details, m.result_id,
       s.hidden, m.run, m.found_at
FROM azhunt.matches AS m
JOIN azhunt.rules AS r ON r.rule OPERATOR(pg_catalog.=) m.rule
CROSS JOIN LATERAL (
    SELECT m.account OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                              WHERE a.entity OPERATOR(pg_catalog.=) 'account') IS TRUE
           OR m.address OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                 WHERE a.entity OPERATOR(pg_catalog.=) 'address') IS TRUE
           OR m.useragent OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                   WHERE a.entity OPERATOR(pg_catalog.=) 'useragent') IS TRUE
           OR m.storageaccount OPERATOR(azhunt.=~) ANY (SELECT a.value FROM azhunt.allow_list AS a
                                                        WHERE a.entity OPERATOR(pg_catalog.=) 'storageaccount') IS TRUE
           -- first of all, are there networks, or IPv6 addresses, which can be
           -- written in several ways?
           OR EXISTS (SELECT FROM azhunt.allow_list AS a
                      WHERE a.entity OPERATOR(pg_catalog.=) 'address' AND a.value OPERATOR(pg_catalog.~) '[/:]')
              AND EXISTS (SELECT FROM azhunt.allow_list AS a
                          WHERE a.entity OPERATOR(pg_catalog.=) 'address' AND a.value OPERATOR(pg_catalog.~) '[/:]'
                            AND azhunt.is_in_network(m.address, a.value))
    -- evaluated once for a match, whatever uses it
    OFFSET 0
) AS s (hidden);

COMMENT ON VIEW azhunt.screened_matches IS
'each match of all rules, and whether the allow-list hides it';
COMMENT ON COLUMN azhunt.screened_matches.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.screened_matches.hunt IS 'the hunt that the rule runs';
COMMENT ON COLUMN azhunt.screened_matches."time" IS 'when it happened';
COMMENT ON COLUMN azhunt.screened_matches.account IS 'the account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.address IS 'the address, without its port; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.useragent IS 'the user agent; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.storageaccount IS 'the storage account; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.screened_matches.details IS 'what only this hunt knows';
COMMENT ON COLUMN azhunt.screened_matches.result_id IS 'the result that it belongs to';
COMMENT ON COLUMN azhunt.screened_matches.hidden IS 'whether the allow-list hides it';
COMMENT ON COLUMN azhunt.screened_matches.run IS 'the run that found it';
COMMENT ON COLUMN azhunt.screened_matches.found_at IS 'when that run began';

CREATE FUNCTION azhunt.check_result_found(is_found boolean, result_id uuid) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT is_found THEN
        RAISE EXCEPTION 'there is no result %', coalesce(result_id::text, 'NULL')
            USING ERRCODE = 'no_data_found',
                  HINT = 'It is column result_id of view azhunt.results.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_result_found(boolean, uuid) IS
'internal: an error that there is no such result, unless it was found';

CREATE FUNCTION azhunt.set_status(result_id uuid, status text, note text DEFAULT NULL, classification text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    seen record;
BEGIN
    IF (status IN ('new', 'investigating', 'closed')) IS NOT TRUE THEN
        RAISE EXCEPTION 'a result cannot have status "%"', coalesce(status, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use new, investigating or closed.';
    END IF;
    IF (classification IN ('true positive', 'benign positive', 'false positive', 'undetermined')) IS FALSE THEN
        RAISE EXCEPTION 'a result cannot be classified as "%"', classification
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use true positive, benign positive, false positive or undetermined.';
    ELSIF classification IS NOT NULL AND status <> 'closed' THEN
        RAISE EXCEPTION 'only a closed result has a classification'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF char_length(note) > 10000 THEN
        RAISE EXCEPTION 'a note cannot have more than 10000 characters, as this one of %', char_length(note)
            USING ERRCODE = 'string_data_right_truncation';
    END IF;
    -- prune() must not remove a part of it meanwhile
    PERFORM FROM azhunt.rules AS r
    WHERE r.rule = ANY (ARRAY(SELECT m.rule FROM azhunt.matches AS m WHERE m.result_id = set_status.result_id))
    FOR KEY SHARE OF r;
    SELECT max(m.run) AS last_run, count(*) FILTER (WHERE NOT m.hidden) AS matches,
           count(*) FILTER (WHERE m.hidden) AS hidden
    INTO seen
    FROM azhunt.screened_matches AS m
    WHERE m.result_id = set_status.result_id;
    PERFORM azhunt.check_result_found(seen.last_run IS NOT NULL, set_status.result_id);
    INSERT INTO azhunt.status_changes (result_id, status, note, changed_by, changed_at, last_run, matches, hidden,
                                       classification)
    VALUES (set_status.result_id, set_status.status, set_status.note, session_user, clock_timestamp(), seen.last_run,
            seen.matches,
        seen.hidden, set_status.classification);
END
$$;

COMMENT ON FUNCTION azhunt.set_status(uuid, text, text, text) IS
'sets the status of a result: new, investigating or closed, and what a closed one was; matches that later runs add to a closed one make it new again';

/* src/runs/results.sql */

-- What rules found, as results: rows of the published queries.

CREATE FUNCTION azhunt.fill_in(template text, names jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_fill_in';

COMMENT ON FUNCTION azhunt.fill_in(text, jsonb) IS
'internal: the template with each name in braces replaced by its value';

CREATE FUNCTION azhunt.members(bag jsonb, names text[]) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_members';

COMMENT ON FUNCTION azhunt.members(jsonb, text[]) IS
'internal: the members of a bag that have these names';

-- Runs of one server have ids in their order; those of several, whose matches are
-- read together, may not, and a run that was not over when the status was set adds
-- what began before.
CREATE FUNCTION azhunt.status_now(status text, last_run bigint, changed_at timestamptz, last_matches bigint,
                                  last_hidden bigint,
                                  run bigint, found_at timestamptz, matches bigint, hidden bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN status OPERATOR(pg_catalog.=) 'closed'
                 AND (run OPERATOR(pg_catalog.>) last_run
                      OR found_at OPERATOR(pg_catalog.>) changed_at
                      -- more of them, and not because the allow-list hides less
                      OR matches OPERATOR(pg_catalog.>) last_matches
                         AND (matches OPERATOR(pg_catalog.+) hidden)
                             OPERATOR(pg_catalog.>) (last_matches OPERATOR(pg_catalog.+) last_hidden))
            THEN 'new'
            ELSE COALESCE(status, 'new') END;

COMMENT ON FUNCTION azhunt.status_now(text, bigint, timestamptz, bigint, bigint, bigint, timestamptz, bigint, bigint) IS
'internal: the status of a result: the last one set, but new if it was closed and a run has found more since';

CREATE FUNCTION azhunt.latest_details_transition(internal, timestamptz, jsonb) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_latest_details_transition';
COMMENT ON FUNCTION azhunt.latest_details_transition(internal, timestamptz, jsonb) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.latest_details_final(internal) RETURNS jsonb
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_latest_details_final';
COMMENT ON FUNCTION azhunt.latest_details_final(internal) IS
'internal: aggregate final function';

CREATE AGGREGATE azhunt.latest_details(timestamptz, jsonb) (
    SFUNC = azhunt.latest_details_transition, STYPE = internal, SSPACE = 1024,
    FINALFUNC = azhunt.latest_details_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.latest_details(timestamptz, jsonb) IS
'internal: the details of the latest time, the greatest of them if it has several';

CREATE VIEW azhunt.results AS
SELECT r."time", r.rule, r.hunt, h.title, h.description, h.tactics, h.techniques, u.severity,
       pg_catalog.array_to_string(r.accounts, ', ') AS account,
       pg_catalog.array_to_string(r.addresses, ', ') AS address,
       azhunt.fill_in(h.summary, r.latest OPERATOR(pg_catalog.||)
                                 pg_catalog.jsonb_build_object('time', r."time",
                                                               'account', pg_catalog.array_to_string(r.accounts, ', '),
                                                               'address', pg_catalog.array_to_string(r.addresses, ', '),
                                                               'matches', r.matches)) AS summary,
       azhunt.members(r.latest, h.result_key)
       OPERATOR(pg_catalog.||)
       pg_catalog.jsonb_build_object('matches', CASE
           -- nothing to be looked up in the allow-list again
           WHEN r.hidden OPERATOR(pg_catalog.=) 0 THEN (
               SELECT azhunt.make_list(m.details)
               FROM (
                   SELECT m.details
                   FROM azhunt.matches AS m
                   WHERE m.result_id OPERATOR(pg_catalog.=) r.result_id
                   ORDER BY m."time" DESC, m.details DESC
                   LIMIT 100
               ) AS m
           )
           ELSE (
               SELECT azhunt.make_list(m.details)
               FROM (
                   SELECT m.details
                   FROM azhunt.screened_matches AS m
                   WHERE m.result_id OPERATOR(pg_catalog.=) r.result_id AND NOT m.hidden
                   ORDER BY m."time" DESC, m.details DESC
                   LIMIT 100
               ) AS m
           )
       END) AS details,
       r.result_id, r.matches, r.hidden,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, r.run, r.found_at, r.matches,
                         r.hidden) AS status,
       s.classification, s.note, s.changed_by, s.changed_at,
       r.first_run, r.run, r.found_at
FROM (
    SELECT m.rule, m.hunt, m.result_id,
           pg_catalog.max(m."time") FILTER (WHERE NOT m.hidden) AS "time",
           azhunt.array_of_texts(m.account) FILTER (WHERE NOT m.hidden) AS accounts,
           azhunt.array_of_texts(m.address) FILTER (WHERE NOT m.hidden) AS addresses,
           azhunt.latest_details(m."time", m.details) FILTER (WHERE NOT m.hidden) AS latest,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden,
           pg_catalog.min(m.run) FILTER (WHERE NOT m.hidden) AS first_run,
           pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at
    FROM azhunt.screened_matches AS m
    -- ids first, which differ
    GROUP BY m.result_id, m.rule, m.hunt
) AS r
JOIN azhunt.rules AS u ON u.rule OPERATOR(pg_catalog.=) r.rule
JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.latest_status AS s ON s.result_id OPERATOR(pg_catalog.=) r.result_id
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.results IS
'what all rules found, a row for each result; details has at most the latest 100 matches';
COMMENT ON COLUMN azhunt.results."time" IS 'time of its latest match';
COMMENT ON COLUMN azhunt.results.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.results.hunt IS 'the hunt that the rule runs';
COMMENT ON COLUMN azhunt.results.title IS 'title of the hunt';
COMMENT ON COLUMN azhunt.results.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.results.tactics IS 'MITRE ATT&CK tactics of the hunt';
COMMENT ON COLUMN azhunt.results.techniques IS 'MITRE ATT&CK techniques of the hunt';
COMMENT ON COLUMN azhunt.results.severity IS 'Sentinel''s severity, as the rule has it';
COMMENT ON COLUMN azhunt.results.account IS 'the accounts, separated by commas; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.results.address IS 'the addresses, separated by commas; null if the hunt does not look at any';
COMMENT ON COLUMN azhunt.results.summary IS 'a sentence about the result';
COMMENT ON COLUMN azhunt.results.details IS 'members of details that the hunt''s result_key names, and in matches the details of its latest 100 matches';
COMMENT ON COLUMN azhunt.results.result_id IS 'id of the result, for set_status() and log_rows()';
COMMENT ON COLUMN azhunt.results.matches IS 'how many matches it has, without those that the allow-list hides';
COMMENT ON COLUMN azhunt.results.hidden IS 'how many more matches the allow-list hides';
COMMENT ON COLUMN azhunt.results.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.results.classification IS 'what it was, if it was closed: true positive, benign positive, false positive or undetermined; null if nobody said';
COMMENT ON COLUMN azhunt.results.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.results.changed_by IS 'role of the session that set the latest status; null if nobody has';
COMMENT ON COLUMN azhunt.results.changed_at IS 'when the latest status was set; null if nobody has';
COMMENT ON COLUMN azhunt.results.first_run IS 'the run that found its first match';
COMMENT ON COLUMN azhunt.results.run IS 'the run that found its latest match';
COMMENT ON COLUMN azhunt.results.found_at IS 'when that run began';

CREATE VIEW azhunt.result_status AS
SELECT s.result_id,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, m.run, m.found_at, m.matches,
                         m.hidden) AS status,
       s.classification, s.note, s.changed_by, s.changed_at
FROM azhunt.latest_status AS s
-- only a closed result can be new again
LEFT JOIN LATERAL (
    SELECT pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden
    FROM azhunt.screened_matches AS m
    WHERE m.result_id OPERATOR(pg_catalog.=) s.result_id
) AS m ON s.status OPERATOR(pg_catalog.=) 'closed';

COMMENT ON VIEW azhunt.result_status IS
'the status that results have of which somebody has set it; all others are new';
COMMENT ON COLUMN azhunt.result_status.result_id IS 'the result';
COMMENT ON COLUMN azhunt.result_status.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.result_status.classification IS 'what it was, if it was closed; null if nobody said';
COMMENT ON COLUMN azhunt.result_status.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.result_status.changed_by IS 'role of the session that set the latest status';
COMMENT ON COLUMN azhunt.result_status.changed_at IS 'when the latest status was set';

CREATE VIEW azhunt.hidden_results AS
SELECT a.entity, a.value, a.note, a.added_by, a.added_at, m.rule,
       pg_catalog.count(m.result_id) AS matches,
       pg_catalog.count(DISTINCT m.result_id) AS results,
       pg_catalog.max(m.found_at) AS found_at
FROM azhunt.allow_list AS a
LEFT JOIN (
    SELECT e.entity, e.value, m.rule, m.result_id, m.found_at
    FROM azhunt.matches AS m
    CROSS JOIN LATERAL (VALUES ('address', m.address), ('account', m.account),
                               ('useragent', m.useragent), ('storageaccount', m.storageaccount)) AS e (entity, value)
) AS m ON m.entity OPERATOR(pg_catalog.=) a.entity
      AND (m.value OPERATOR(azhunt.=~) a.value
           OR a.entity OPERATOR(pg_catalog.=) 'address' AND a.value OPERATOR(pg_catalog.~) '[/:]'
              AND azhunt.is_in_network(m.value, a.value))
GROUP BY a.entity, a.value, m.rule;

COMMENT ON VIEW azhunt.hidden_results IS
'how many matches and results each entry of the allow-list hides for each rule';
COMMENT ON COLUMN azhunt.hidden_results.entity IS 'column of azhunt.matches: address, account, useragent or storageaccount';
COMMENT ON COLUMN azhunt.hidden_results.value IS 'the value of it that is hidden, or a network of addresses';
COMMENT ON COLUMN azhunt.hidden_results.note IS 'why it is allowed; null if nobody said';
COMMENT ON COLUMN azhunt.hidden_results.added_by IS 'role of the session that added the entry';
COMMENT ON COLUMN azhunt.hidden_results.added_at IS 'when it was added';
COMMENT ON COLUMN azhunt.hidden_results.rule IS 'the rule whose matches it hides; null if it hides none';
COMMENT ON COLUMN azhunt.hidden_results.matches IS 'how many matches of the rule it hides';
COMMENT ON COLUMN azhunt.hidden_results.results IS 'how many results of the rule these belong to';
COMMENT ON COLUMN azhunt.hidden_results.found_at IS 'when the run began that found the latest of them; null if it hides none';

CREATE FUNCTION azhunt.log_rows(result_id uuid, most integer DEFAULT 100)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    match azhunt.matches;
    hunt record;
    function regproc;
BEGIN
    SELECT h.schema, h.hunt INTO hunt
    FROM azhunt.matches AS m
    JOIN azhunt.rules AS r ON r.rule = m.rule
    JOIN azhunt.hunts AS h ON h.hunt = r.hunt
    WHERE m.result_id = log_rows.result_id
    LIMIT 1;
    PERFORM azhunt.check_result_found(FOUND, log_rows.result_id);
    function := azhunt.hunt_function(hunt.schema, hunt.hunt, '_log_rows'::text);
    IF function IS NULL THEN
        RAISE EXCEPTION 'hunt "%" does not say which log rows its matches are of', hunt.hunt
            USING ERRCODE = 'feature_not_supported',
                  HINT = format('It needs a function %I.%I(azhunt.matches).'::text, hunt.schema,
                                hunt.hunt || '_log_rows');
    END IF;
    PERFORM azhunt.check_hunt_function(function);
    FOR match IN SELECT m.* FROM azhunt.matches AS m WHERE m.result_id = log_rows.result_id
                 ORDER BY m."time" DESC, m.key LIMIT most LOOP
        RETURN QUERY EXECUTE format('SELECT l.log_table, l.log_row FROM %s($1) AS l'::text, function) USING match;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.log_rows(uuid, integer) IS
'the log rows that the latest matches of a result are made of, as JSON; most says how many matches; a row that two matches share comes twice';

/* src/runs/health.sql */

CREATE FUNCTION azhunt.latest_time(relation regclass, time_column name, as_of timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz;
    result timestamptz;
BEGIN
    -- A block range index gives no maximum, but does find what is recent.
    FOREACH since IN ARRAY ARRAY[azhunt.window_start(as_of, interval '1 hour'),
                                 azhunt.window_start(as_of, interval '24 hours'),
                                 azhunt.window_start(as_of, interval '30 days'), '-infinity']
    LOOP
        EXECUTE format('SELECT max(%1$I) FROM %2$s WHERE %1$I >= $1', time_column, relation)
        INTO result
        USING since;
        EXIT WHEN result IS NOT NULL;
    END LOOP;
    RETURN result;
END
$$;

COMMENT ON FUNCTION azhunt.latest_time(regclass, name, timestamptz) IS
'internal: the latest time in a column of a log table, found fast if it is recent';

CREATE FUNCTION azhunt.log_table_health(
    log_table regclass, since timestamptz[], latest integer,
    OUT newest_event timestamptz, OUT newest_arrival timestamptz, OUT arrivals bigint[], OUT delays interval[],
    OUT processing interval[])
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_log_table_health';

COMMENT ON FUNCTION azhunt.log_table_health(regclass, timestamptz[], integer) IS
'internal: the newest event and arrival of a table or partitioned table, how many rows arrived in the hour after each time in since, and, of its latest rows by ingestxid, how late they arrived and how long sign-ins took to be processed; has one partition locked at a time';

CREATE FUNCTION azhunt.query_health(
    log_table regclass, since timestamptz[], latest integer,
    OUT newest_event timestamptz, OUT newest_arrival timestamptz, OUT arrivals bigint[], OUT delays interval[],
    OUT processing interval[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rows_of_hour bigint;
BEGIN
    newest_event := azhunt.latest_time(log_table, 'timegenerated'::name, since[1]);
    newest_arrival := azhunt.latest_time(log_table, 'ingestedat'::name, since[1]);
    FOR i IN 1 .. cardinality(since) LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE ingestedat > $1 AND ingestedat <= $1 + interval ''1 hour''',
                       log_table)
        INTO rows_of_hour
        USING since[i];
        arrivals[i] := rows_of_hour;
    END LOOP;
    EXECUTE format('SELECT array_agg(l.delay), array_agg(l.processing)'
                   ' FROM (SELECT CASE WHEN isfinite(timegenerated) AND isfinite(ingestedat)'
                   '               THEN ingestedat - timegenerated END AS delay,'
                   '              CASE WHEN isfinite(%2$s) AND isfinite(timegenerated)'
                   '               THEN timegenerated - %2$s END AS processing'
                   '       FROM %1$s WHERE ingestxid IS NOT NULL ORDER BY ingestxid DESC LIMIT $1) AS l',
                   log_table,
                   CASE WHEN EXISTS (SELECT FROM pg_attribute AS a
                                     WHERE a.attrelid = log_table::oid AND a.attname = 'createddatetime'::name
                                       AND a.atttypid = 'timestamp with time zone'::regtype)
                        THEN 'createddatetime'::text ELSE 'NULL::timestamptz'::text END)
    INTO delays, processing
    USING latest;
END
$$;

COMMENT ON FUNCTION azhunt.query_health(regclass, timestamptz[], integer) IS
'internal: what log_table_health() says, by queries: they read views, too, and lock all partitions and indexes';

CREATE FUNCTION azhunt.source_health_of(log_table text, as_of timestamptz)
RETURNS TABLE (newest_event timestamptz, newest_arrival timestamptz,
               median_delay interval, p95_delay interval, median_processing interval,
               rows_last_hour bigint, rows_hour_before bigint, rows_hour_day_before bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass := format('azhunt.%I', log_table)::regclass;
    since timestamptz[] := ARRAY[azhunt.window_start(as_of, interval '1 hour'),
                                 azhunt.window_start(as_of, interval '2 hours'),
                                 azhunt.window_start(as_of, interval '25 hours')];
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
    median_processing := (SELECT percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY d.delay)
                          FROM unnest(health.processing) AS d (delay));
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.source_health_of(text, timestamptz) IS
'internal: what source_health() says of one log table';

CREATE FUNCTION azhunt.source_health(as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (log_table text, state text, newest_event timestamptz, newest_arrival timestamptz,
               median_delay interval, p95_delay interval, median_processing interval,
               rows_last_hour bigint, rows_hour_before bigint, rows_hour_day_before bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
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
                        WHEN h.newest_arrival > azhunt.window_start(source_health.as_of, interval '24 hours')
                             AND (h.newest_arrival <= source_health.as_of OR h.rows_hour_before > 0) THEN 'quiet'
                        ELSE 'stopped' END,
                   h.*
            FROM azhunt.source_health_of(source, source_health.as_of) AS h;
        EXCEPTION
            WHEN undefined_table THEN
                RETURN QUERY SELECT source, 'never loaded'::text, NULL::timestamptz, NULL::timestamptz,
                                    NULL::interval, NULL::interval, NULL::interval, 0::bigint, 0::bigint, 0::bigint;
            WHEN undefined_column OR wrong_object_type OR insufficient_privilege THEN
                RETURN QUERY SELECT source, 'not known: ' || SQLERRM, NULL::timestamptz, NULL::timestamptz,
                                    NULL::interval, NULL::interval, NULL::interval, NULL::bigint, NULL::bigint,
                                    NULL::bigint;
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.source_health(timestamptz) IS
'for each log table whether rows still arrive, how late they are and how many they were';

CREATE VIEW azhunt.source_health AS
SELECT s.log_table, s.state, s.newest_event, s.newest_arrival, s.median_delay, s.p95_delay, s.median_processing,
       s.rows_last_hour, s.rows_hour_before, s.rows_hour_day_before
FROM azhunt.source_health() AS s;

COMMENT ON VIEW azhunt.source_health IS
'source_health() as of now';
COMMENT ON COLUMN azhunt.source_health.log_table IS 'name of the log table, in lower case';
COMMENT ON COLUMN azhunt.source_health.state IS 'flowing, quiet, stopped, never loaded, or not known and why';
COMMENT ON COLUMN azhunt.source_health.newest_event IS 'latest timegenerated; null if there are no rows, or the state is not known';
COMMENT ON COLUMN azhunt.source_health.newest_arrival IS 'latest ingestedat; null if there are no rows, or the state is not known';
COMMENT ON COLUMN azhunt.source_health.median_delay IS 'median time from event to arrival of the latest 10,000 rows; null if there are none';
COMMENT ON COLUMN azhunt.source_health.p95_delay IS 'time from event to arrival that 95 % of the latest 10,000 rows did not exceed; null if there are none';
COMMENT ON COLUMN azhunt.source_health.median_processing IS 'median time from CreatedDateTime to TimeGenerated of the latest 10,000 sign-ins: how much later than they began a hunt by TimeGenerated takes them to be; null if there are none';
COMMENT ON COLUMN azhunt.source_health.rows_last_hour IS 'how many rows arrived in the last hour; null if the state is not known';
COMMENT ON COLUMN azhunt.source_health.rows_hour_before IS 'how many arrived in the hour before that; null if the state is not known';
COMMENT ON COLUMN azhunt.source_health.rows_hour_day_before IS 'how many arrived in the same hour of the day before; null if the state is not known';

CREATE VIEW azhunt.rule_health AS
SELECT u.rule, u.hunt, h.title, u.severity, u.run_every,
       CASE WHEN h.hunt IS NULL OR l.status OPERATOR(pg_catalog.=) 'failed' THEN 'failing'
            -- as numbers, of which none is too large to be doubled
            WHEN (EXTRACT(epoch FROM u.run_every) OPERATOR(pg_catalog.*) 2::numeric) OPERATOR(pg_catalog.<)
                 EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) COALESCE(s.finished, u.created_at))
            THEN CASE WHEN s.finished IS NULL THEN 'never run' ELSE 'late' END
            WHEN s.finished IS NULL THEN 'new'
            ELSE 'running' END AS health,
       s.finished AS last_success,
       l.run AS last_run, l.status AS last_status, l.finished AS last_finished, l.duration AS last_duration,
       CASE WHEN h.hunt IS NULL THEN pg_catalog.format('there is no hunt "%s"', u.hunt) ELSE l.error END AS last_error
FROM azhunt.rules AS u
LEFT JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) u.hunt
-- Not by =, after which the planner takes the order of all runs for that of a
-- rule's, and looks through them all for a rule that has not run for long.
LEFT JOIN LATERAL (
    SELECT r.run, r.status, r.finished, r.duration, r.error
    FROM azhunt.runs AS r
    WHERE r.rule OPERATOR(pg_catalog.>=) u.rule AND r.rule OPERATOR(pg_catalog.<=) u.rule
      AND r.status OPERATOR(pg_catalog.<>) 'skipped'
    ORDER BY r.rule DESC, r.run DESC
    LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT r.finished
    FROM azhunt.runs AS r
    WHERE r.rule OPERATOR(pg_catalog.>=) u.rule AND r.rule OPERATOR(pg_catalog.<=) u.rule
      AND r.status OPERATOR(pg_catalog.=) 'succeeded'
    ORDER BY r.rule DESC, r.run DESC
    LIMIT 1
) AS s ON true;

COMMENT ON VIEW azhunt.rule_health IS
'each rule and how it runs: running, new, late, never run or failing';
COMMENT ON COLUMN azhunt.rule_health.rule IS 'name of the rule';
COMMENT ON COLUMN azhunt.rule_health.hunt IS 'the hunt that it runs';
COMMENT ON COLUMN azhunt.rule_health.title IS 'title of the hunt; null if the hunt is not there';
COMMENT ON COLUMN azhunt.rule_health.severity IS 'Sentinel''s severity of its results';
COMMENT ON COLUMN azhunt.rule_health.run_every IS 'how often it should run';
COMMENT ON COLUMN azhunt.rule_health.health IS 'running, new, late, never run or failing';
COMMENT ON COLUMN azhunt.rule_health.last_success IS 'when its latest successful run ended; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_run IS 'its latest run that was not skipped; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_status IS 'succeeded or failed, of that run; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_finished IS 'when that run ended; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_duration IS 'how long that run took; null if there was none';
COMMENT ON COLUMN azhunt.rule_health.last_error IS 'why that run failed, or that the hunt is not there; null otherwise';

/* src/runs/retention.sql */

CREATE FUNCTION azhunt.time_before(moment timestamptz, age interval) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN moment - age;
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN CASE WHEN age > interval '0' THEN '-infinity'::timestamptz ELSE 'infinity'::timestamptz END;
END
$$;

COMMENT ON FUNCTION azhunt.time_before(timestamptz, interval) IS
'internal: moment - age, infinite where that is no timestamp';

-- What the caller says of one table comes before what its description says, and
-- that before what the caller says of all.
CREATE FUNCTION azhunt.log_table_ages(keep_log_partitions interval, keep_partitions_of jsonb)
RETURNS TABLE (log_table text, age interval)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(keep_partitions_of) IS DISTINCT FROM 'object'
       OR jsonb_path_exists(keep_partitions_of,
                            'strict $.* ? (@.type() != "string" && @.type() != "null")'::jsonpath) THEN
        RAISE EXCEPTION 'keep_partitions_of must be a JSON object of log tables and times'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'As in {"signinlogs": "90 days"}.';
    END IF;
    unknown := (SELECT k.name FROM jsonb_object_keys(keep_partitions_of) AS k (name)
                WHERE NOT EXISTS (SELECT FROM azhunt.log_table_schemas() AS s WHERE s.log_table = k.name)
                ORDER BY k.name LIMIT 1);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'there is no log table "%"', unknown
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Log tables: %s.', (SELECT string_agg(s.log_table, ', ' ORDER BY s.log_table)
                                                    FROM azhunt.log_table_schemas() AS s));
    END IF;
    RETURN QUERY
    SELECT d.log_table,
           CASE WHEN keep_partitions_of ? d.log_table THEN (keep_partitions_of ->> d.log_table)::interval
                WHEN keep_log_partitions IS NOT NULL THEN coalesce(d.retention, keep_log_partitions)
           END
    FROM azhunt.log_table_descriptions() AS d;
END
$$;

COMMENT ON FUNCTION azhunt.log_table_ages(interval, jsonb) IS
'internal: the age at which prune() drops partitions of each log table; null if it drops none';

CREATE FUNCTION azhunt.prune(
    keep interval,
    keep_log_partitions interval DEFAULT NULL,
    keep_partitions_of jsonb DEFAULT '{}')
RETURNS TABLE (relation text, removed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before timestamptz := azhunt.time_before(now(), keep);
    part record;
    log_tables regclass[] := '{}';
    partitions regclass[] := '{}';
    estimates bigint[] := '{}';
    relations regclass[];
BEGIN
    IF (before <= now()) IS NOT TRUE OR azhunt.time_before(now(), keep_log_partitions) > now()
       OR EXISTS (SELECT FROM azhunt.log_table_ages(keep_log_partitions, keep_partitions_of) AS a
                  WHERE azhunt.time_before(now(), a.age) > now()) THEN
        RAISE EXCEPTION 'what is kept must be a time that is not negative'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'As in azhunt.prune(interval ''90 days'').';
    END IF;

    -- no run, and nobody who sets a status, is in the middle of it; in an order
    -- that a transaction with several runs can keep as well
    PERFORM FROM azhunt.rules AS r ORDER BY r.rule FOR UPDATE;

    -- whole results, by their latest match, but none that is being looked into
    DELETE FROM azhunt.matches AS m
    USING (SELECT a.result_id FROM azhunt.matches AS a GROUP BY a.result_id HAVING max(a.found_at) < before
           EXCEPT SELECT s.result_id FROM azhunt.latest_status AS s WHERE s.status = 'investigating'
           -- what a run would find, and announce, again
           EXCEPT SELECT k.result_id
           FROM azhunt.hunts AS h
           JOIN azhunt.rules AS u ON u.hunt = h.hunt
           JOIN azhunt.matches AS k ON k.rule = u.rule
           WHERE h.query IS NOT NULL
             AND k."time" >= azhunt.window_start(now(),
                                                 ((h.default_options || u.options) ->> 'query_period')::interval)) AS o
    WHERE o.result_id = m.result_id;
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.matches';
    RETURN NEXT;

    DELETE FROM azhunt.status_changes AS c
    WHERE c.changed_at < before AND NOT EXISTS (SELECT FROM azhunt.matches AS m WHERE m.result_id = c.result_id);
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.status_changes';
    RETURN NEXT;

    DELETE FROM azhunt.runs AS r
    WHERE r.finished < before AND NOT EXISTS (SELECT FROM azhunt.matches AS m WHERE m.run = r.run);
    GET DIAGNOSTICS removed = ROW_COUNT;
    relation := 'azhunt.runs';
    RETURN NEXT;

    -- All are locked, and then dropped: to drop a partition is to lock its whole
    -- table.  To count the rows would be to read them all.
    FOR part IN
        SELECT t.relation AS log_table, b.partition,
               (SELECT CASE WHEN bool_and(c.reltuples >= 0) THEN sum(c.reltuples)::bigint END
                FROM azhunt.partition_tree(b.partition) AS p (relation)
                JOIN pg_class AS c ON c.oid = p.relation
                WHERE c.relkind <> 'p') AS estimate
        FROM azhunt.log_table_ages(keep_log_partitions, keep_partitions_of) AS s
        CROSS JOIN to_regclass(format('azhunt.%I'::text, s.log_table)) AS t (relation)
        CROSS JOIN azhunt.partition_bounds(t.relation) AS b
        WHERE b.until <= azhunt.time_before(now(), s.age)
        ORDER BY s.log_table, b.since
    LOOP
        log_tables := log_tables || part.log_table;
        partitions := partitions || part.partition;
        estimates := estimates || part.estimate;
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
        removed := estimates[place];
        EXECUTE format('DROP TABLE %s'::text, partitions[place]);
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.prune(interval, interval, jsonb) IS
'removes runs and results older than keep, and on request old partitions of log tables; returns how many rows from where, of a partition by estimate';

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
    failure text;
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
                  HINT = 'Install it and add it to shared_preload_libraries; or have another scheduler, such as cron with psql, call azhunt.run_rule().';
    ELSIF cron_database = current_database() THEN
        RAISE EXCEPTION 'there is no extension pg_cron in database "%"', cron_database
            USING ERRCODE = 'undefined_object',
                  HINT = 'Run here: CREATE EXTENSION pg_cron.';
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
    BEGIN
        EXECUTE format('SELECT d.result FROM %s.dblink($1::text, $2::text) AS d (result bigint)', dblink_schema)
        INTO result
        USING connection, 'SELECT pg_catalog.count(*) FROM pg_catalog.pg_extension'
                          ' WHERE extname OPERATOR(pg_catalog.=) ''pg_cron''::pg_catalog.name'::text;
    EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
        -- as where a superuser is let in by a name of the operating system only
        GET STACKED DIAGNOSTICS failure = PG_EXCEPTION_DETAIL;
        RAISE EXCEPTION 'could not connect to the database of pg_cron, "%"', cron_database
            USING ERRCODE = 'sqlclient_unable_to_establish_sqlconnection', DETAIL = failure,
                  HINT = format('Run there: %s.', hint);
    END;
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
'internal: runs a query in the database that has pg_cron: this one, or another through dblink';

-- A name in quotes where it needs them: no other database and rule give the
-- same, whatever colons they have.
CREATE FUNCTION azhunt.cron_job_name(rule text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET quote_all_identifiers = off
RETURN pg_catalog.format('azhunt %I: %s', pg_catalog.current_database(), rule);

COMMENT ON FUNCTION azhunt.cron_job_name(text) IS
'internal: the name of pg_cron''s job for a rule of this database';

CREATE FUNCTION azhunt.schedule_rule(rule text, cron_expression text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    command text := format('CALL azhunt.run_rule(%L)', rule);
    query text;
BEGIN
    PERFORM FROM azhunt.rules AS r WHERE r.rule = schedule_rule.rule;
    PERFORM azhunt.check_rule_found(FOUND, schedule_rule.rule);
    -- in another database with a search_path of its own
    query := format('SELECT cron.schedule_in_database(%L::pg_catalog.text, %L::pg_catalog.text, %L::pg_catalog.text,'
                    ' %L::pg_catalog.text, NULL::pg_catalog.text, true)',
                    azhunt.cron_job_name(rule), cron_expression, command, current_database());
    RETURN azhunt.call_cron(query, query);
END
$$;

COMMENT ON FUNCTION azhunt.schedule_rule(text, text) IS
'has pg_cron run a rule in this database, instead of at the times that it had; returns the id of the job';

CREATE FUNCTION azhunt.unschedule_rule(rule text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job text := format('SELECT j.jobid, cron.unschedule(j.jobid) FROM cron.job AS j'
                       ' WHERE j.jobname OPERATOR(pg_catalog.=) %L AND j.username OPERATOR(pg_catalog.=) current_user',
                       azhunt.cron_job_name(rule));
BEGIN
    RETURN azhunt.call_cron(format('SELECT pg_catalog.count(*) FROM (%s) AS u', job), job) > 0;
END
$$;

COMMENT ON FUNCTION azhunt.unschedule_rule(text) IS
'has pg_cron no longer run a rule of the current user; false if it did not';

/* src/hunts/storage_upload_link_account/linked_signins.sql */

-- What the hunt for uploads says of a group, in one pass over its matches.
CREATE TYPE azhunt.linked_signins AS (
    loginevents jsonb,
    accounts text[],
    logins jsonb,
    uploads bigint
);
COMMENT ON TYPE azhunt.linked_signins IS
'internal: what the hunt for uploads says of a group: the latest sign-in, the accounts, all sign-ins, and how many uploads';

CREATE FUNCTION azhunt.linked_signins_transition(internal, timestamptz, text, timestamptz, text, text, text)
RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_linked_signins_transition';
COMMENT ON FUNCTION azhunt.linked_signins_transition(internal, timestamptz, text, timestamptz, text, text, text) IS
'internal: aggregate transition function';

CREATE FUNCTION azhunt.linked_signins_combine(internal, internal) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_linked_signins_combine';
COMMENT ON FUNCTION azhunt.linked_signins_combine(internal, internal) IS
'internal: aggregate combine function';

CREATE FUNCTION azhunt.linked_signins_final(internal) RETURNS azhunt.linked_signins
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_linked_signins_final';
COMMENT ON FUNCTION azhunt.linked_signins_final(internal) IS
'internal: aggregate final function';

CREATE AGGREGATE azhunt.linked_signins(uploadtime timestamptz, correlationid text, logintime timestamptz, account text,
                                       useragent text, address text) (
    SFUNC = azhunt.linked_signins_transition, STYPE = internal, SSPACE = 512,
    FINALFUNC = azhunt.linked_signins_final, COMBINEFUNC = azhunt.linked_signins_combine,
    SERIALFUNC = azhunt.collection_serialize, DESERIALFUNC = azhunt.collection_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE azhunt.linked_signins(timestamptz, text, timestamptz, text, text, text) IS
'internal: the sign-ins, accounts and uploads of matches, each once, sign-ins and accounts in order, at most 1048576 sign-ins';

/* src/hunts/storage_upload_link_account/hunt.sql */

--
-- Storage upload link account: who signed in from the address that a file was
-- uploaded from, moments before?
--

CREATE FUNCTION azhunt.storage_upload_link_account_pairs(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text,
    since timestamptz,
    until timestamptz,
    signins_since timestamptz,
    arrivals azhunt.arrivals)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    uri text,
    useragentheader text,
    address text,
    storageaccount text,
    correlationid text,
    signin_timegenerated timestamptz,
    account text,
    signin_useragent text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT u.timegenerated, u.operationname, u.uri, u.useragentheader, u.calleripaddress, u.accountname,
           u.correlationid,
           azhunt.time_of_signin(storage_upload_link_account_pairs.signin_time, s.timegenerated, s.createddatetime),
           s.userprincipalname, s.useragent
    FROM azhunt.read_uploads(storage_upload_link_account_pairs.target_file,
                             storage_upload_link_account_pairs.operations,
                             storage_upload_link_account_pairs.since, storage_upload_link_account_pairs.until) AS u
    JOIN azhunt.read_signins(storage_upload_link_account_pairs.include_noninteractive,
                             storage_upload_link_account_pairs.successful_only,
                             storage_upload_link_account_pairs.include_service_principals,
                             storage_upload_link_account_pairs.signins_since,
                             azhunt.processed_until(storage_upload_link_account_pairs.signin_time,
                                                    storage_upload_link_account_pairs.until)) AS s
      ON s.ipaddress OPERATOR(pg_catalog.=) u.calleripaddress
     AND azhunt.within(azhunt.time_of_signin(storage_upload_link_account_pairs.signin_time, s.timegenerated,
                                             s.createddatetime),
                       u.timegenerated, storage_upload_link_account_pairs.lookback)
     -- as much again, for partitions to be pruned for each upload
     AND s.timegenerated OPERATOR(pg_catalog.>=)
         azhunt.window_start(u.timegenerated, storage_upload_link_account_pairs.lookback)
     AND azhunt.time_of_signin(storage_upload_link_account_pairs.signin_time, s.timegenerated, s.createddatetime)
         OPERATOR(pg_catalog.<=) u.timegenerated
     AND (NOT storage_upload_link_account_pairs.match_user_agent
          OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
     AND (azhunt.arrived_since(u.ingestxid, storage_upload_link_account_pairs.arrivals)
          OR azhunt.arrived_since(s.ingestxid, storage_upload_link_account_pairs.arrivals))
    WHERE u.calleripaddress OPERATOR(pg_catalog.<>) ''
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_pairs(interval, text, boolean, text[], boolean, boolean, boolean, text, timestamptz, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: uploads from since to until, both included, each with a sign-in at most lookback before it, processed not before signins_since; only those of which one has arrived, unless arrivals is null';

CREATE FUNCTION azhunt.storage_upload_link_account_check(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_lookback(storage_upload_link_account_check.lookback)
       AND azhunt.check_text(storage_upload_link_account_check.target_file, 'target_file', true)
       AND azhunt.check_flag(storage_upload_link_account_check.match_user_agent, 'match_user_agent')
       AND azhunt.check_operations(storage_upload_link_account_check.operations)
       AND azhunt.check_flag(storage_upload_link_account_check.include_noninteractive, 'include_noninteractive')
       AND azhunt.check_flag(storage_upload_link_account_check.successful_only, 'successful_only')
       AND azhunt.check_flag(storage_upload_link_account_check.include_service_principals, 'include_service_principals')
       AND azhunt.check_signin_time(storage_upload_link_account_check.signin_time);
END;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_check(interval, text, boolean, text[], boolean, boolean, boolean, text) IS
'internal: true, or an error if the hunt does not take these options';

CREATE FUNCTION azhunt.storage_upload_link_account_tables(include_noninteractive boolean,
                                                          include_service_principals boolean)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{storagebloblogs,storagefilelogs,signinlogs}'::text[]
    OPERATOR(pg_catalog.||) CASE WHEN include_noninteractive
                                 THEN '{aadnoninteractiveusersigninlogs}'::text[] ELSE '{}'::text[] END
    OPERATOR(pg_catalog.||) CASE WHEN include_service_principals
                                 THEN '{aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::text[]
                                 ELSE '{}'::text[] END;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_tables(boolean, boolean) IS
'internal: the log tables that the hunt reads with these options';

CREATE FUNCTION azhunt.storage_upload_link_account(
    lookback interval DEFAULT '1 minute',
    target_file text DEFAULT NULL,
    match_user_agent boolean DEFAULT true,
    operations text[] DEFAULT '{PutBlob,PutRange}',
    include_noninteractive boolean DEFAULT false,
    successful_only boolean DEFAULT false,
    include_service_principals boolean DEFAULT false,
    since timestamptz DEFAULT '-infinity',
    until timestamptz DEFAULT 'infinity',
    signin_time text DEFAULT 'TimeGenerated')
RETURNS TABLE (
    fileuploadpath text,
    operationname text,
    uploaduseragent text,
    loginevents jsonb,
    accounts text[],
    logins jsonb,
    uploads bigint,
    first_upload timestamptz,
    last_upload timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT p.uri,
               p.operationname,
               p.useragentheader,
               azhunt.linked_signins(p.timegenerated, p.correlationid, p.signin_timegenerated, p.account,
                                     p.signin_useragent, p.address) AS linked,
               pg_catalog.min(p.timegenerated) AS first_upload,
               pg_catalog.max(p.timegenerated) AS last_upload
        FROM azhunt.storage_upload_link_account_pairs(storage_upload_link_account.lookback,
                                      storage_upload_link_account.target_file,
                                      storage_upload_link_account.match_user_agent,
                                      storage_upload_link_account.operations,
                                      storage_upload_link_account.include_noninteractive,
                                      storage_upload_link_account.successful_only,
                                      storage_upload_link_account.include_service_principals,
                                      storage_upload_link_account.signin_time,
                                      storage_upload_link_account.since, storage_upload_link_account.until,
                                      azhunt.window_start(storage_upload_link_account.since,
                                                          storage_upload_link_account.lookback),
                                      NULL::azhunt.arrivals) AS p
        GROUP BY p.uri, p.operationname, p.useragentheader
    )
    SELECT h.uri,
           h.operationname,
           h.useragentheader,
           (h.linked).loginevents,
           (h.linked).accounts,
           (h.linked).logins,
           (h.linked).uploads,
           h.first_upload,
           h.last_upload
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns; and because of WITH, not
    -- beside the conditions of the calling query either.
    WHERE azhunt.storage_upload_link_account_check(storage_upload_link_account.lookback,
                                                    storage_upload_link_account.target_file,
                                                    storage_upload_link_account.match_user_agent,
                                                    storage_upload_link_account.operations,
                                                    storage_upload_link_account.include_noninteractive,
                                                    storage_upload_link_account.successful_only,
                                                    storage_upload_link_account.include_service_principals,
                                                    storage_upload_link_account.signin_time)
      AND azhunt.check_period(storage_upload_link_account.since, storage_upload_link_account.until)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs,signinlogs,aadnoninteractiveusersigninlogs,aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, boolean, timestamptz, timestamptz, text) IS
'hunt: the accounts that signed in, at most lookback before an upload, from the address of the upload';

CREATE FUNCTION azhunt.storage_upload_link_account_matches(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text,
    since timestamptz,
    until timestamptz,
    arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT p.timegenerated, p.account, p.address, p.useragentheader, p.storageaccount,
           azhunt.upload_details(p.uri, p.operationname, p.correlationid, p.signin_timegenerated, p.signin_useragent)
    FROM azhunt.storage_upload_link_account_pairs(storage_upload_link_account_matches.lookback,
                                          storage_upload_link_account_matches.target_file,
                                          storage_upload_link_account_matches.match_user_agent,
                                          storage_upload_link_account_matches.operations,
                                          storage_upload_link_account_matches.include_noninteractive,
                                          storage_upload_link_account_matches.successful_only,
                                          storage_upload_link_account_matches.include_service_principals,
                                          storage_upload_link_account_matches.signin_time,
                                          azhunt.begun_since(storage_upload_link_account_matches.signin_time,
                                                                  storage_upload_link_account_matches.since),
                                          storage_upload_link_account_matches.until,
                                          azhunt.window_start(storage_upload_link_account_matches.since,
                                                              storage_upload_link_account_matches.lookback),
                                          storage_upload_link_account_matches.arrivals) AS p
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_matches(interval, text, boolean, text[], boolean, boolean, boolean, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: an upload and a sign-in';

CREATE FUNCTION azhunt.upload_details(uri text, operationname text, correlationid text,
                                      signin_timegenerated timestamptz, signin_useragent text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('FileUploadPath'::text, uri,
                       'FileName'::text, COALESCE(NULLIF(azhunt.file_name(uri), ''::text), uri),
                       'OperationName'::text, operationname,
                       'CorrelationId'::text, correlationid,
                       'AzureLoginTime'::text, signin_timegenerated,
                       'UserAgent'::text, signin_useragent);

COMMENT ON FUNCTION azhunt.upload_details(text, text, text, timestamptz, text) IS
'internal: what a match of the hunt for uploads says beyond its entities';

CREATE FUNCTION azhunt.storage_upload_link_account_new_matches(
    lookback interval,
    target_file text,
    match_user_agent boolean,
    operations text[],
    include_noninteractive boolean,
    successful_only boolean,
    include_service_principals boolean,
    signin_time text,
    since timestamptz,
    until timestamptz,
    arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 1000
AS $$
    SELECT u.timegenerated, s.userprincipalname, u.calleripaddress, u.useragentheader, u.accountname,
           azhunt.upload_details(u.uri, u.operationname, u.correlationid, s.signintime, s.useragent)
    FROM azhunt.read_uploads(storage_upload_link_account_new_matches.target_file,
                             storage_upload_link_account_new_matches.operations,
                             storage_upload_link_account_new_matches.since,
                             storage_upload_link_account_new_matches.until) AS u
    CROSS JOIN LATERAL (
        SELECT azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                     s.createddatetime) AS signintime,
               s.userprincipalname, s.useragent
        FROM azhunt.read_signins(storage_upload_link_account_new_matches.include_noninteractive,
                                 storage_upload_link_account_new_matches.successful_only,
                                 storage_upload_link_account_new_matches.include_service_principals,
                                 storage_upload_link_account_new_matches.since,
                                 azhunt.processed_until(storage_upload_link_account_new_matches.signin_time,
                                                        storage_upload_link_account_new_matches.until)) AS s
        WHERE s.ipaddress OPERATOR(pg_catalog.=) u.calleripaddress
          AND azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                    s.createddatetime)
              OPERATOR(pg_catalog.>=) azhunt.window_start(u.timegenerated,
                                                          storage_upload_link_account_new_matches.lookback)
          AND azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                    s.createddatetime)
              OPERATOR(pg_catalog.<=) u.timegenerated
          AND s.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.window_start(u.timegenerated, storage_upload_link_account_new_matches.lookback)
          AND azhunt.count_visit(s.timegenerated, 1)
          AND (NOT storage_upload_link_account_new_matches.match_user_agent
               OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
        OFFSET 0
    ) AS s
    WHERE azhunt.arrived_since(u.ingestxid, storage_upload_link_account_new_matches.arrivals)
      AND azhunt.count_search(u.timegenerated, 32)
      AND u.calleripaddress OPERATOR(pg_catalog.<>) ''
    UNION ALL
    SELECT u.timegenerated, s.userprincipalname, s.ipaddress, u.useragentheader, u.accountname,
           azhunt.upload_details(u.uri, u.operationname, u.correlationid,
                                 azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time,
                                                       s.timegenerated, s.createddatetime), s.useragent)
    FROM azhunt.read_signins(storage_upload_link_account_new_matches.include_noninteractive,
                             storage_upload_link_account_new_matches.successful_only,
                             storage_upload_link_account_new_matches.include_service_principals,
                             storage_upload_link_account_new_matches.since,
                             storage_upload_link_account_new_matches.until) AS s
    CROSS JOIN LATERAL (
        SELECT u.timegenerated, u.operationname, u.uri, u.useragentheader, u.accountname, u.correlationid
        FROM azhunt.read_uploads(storage_upload_link_account_new_matches.target_file,
                                 storage_upload_link_account_new_matches.operations,
                                 azhunt.begun_since(storage_upload_link_account_new_matches.signin_time,
                                                    storage_upload_link_account_new_matches.since),
                                 storage_upload_link_account_new_matches.until) AS u
        WHERE u.calleripaddress OPERATOR(pg_catalog.=) s.ipaddress
          AND u.timegenerated OPERATOR(pg_catalog.>=)
              azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time, s.timegenerated,
                                    s.createddatetime)
          AND u.timegenerated OPERATOR(pg_catalog.<=)
              azhunt.window_end(azhunt.time_of_signin(storage_upload_link_account_new_matches.signin_time,
                                                      s.timegenerated, s.createddatetime),
                                storage_upload_link_account_new_matches.lookback)
          AND azhunt.count_visit(u.timegenerated, 1)
          AND (NOT storage_upload_link_account_new_matches.match_user_agent
               OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
        OFFSET 0
    ) AS u
    WHERE azhunt.arrived_since(s.ingestxid, storage_upload_link_account_new_matches.arrivals)
      AND azhunt.count_search(s.timegenerated, 32)
      AND s.ipaddress OPERATOR(pg_catalog.<>) ''
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_new_matches(interval, text, boolean, text[], boolean, boolean, boolean, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of new uploads with all sign-ins, and of new sign-ins with all uploads, both from since to until';

REVOKE EXECUTE ON FUNCTION
    azhunt.storage_upload_link_account_new_matches(interval, text, boolean, text[], boolean, boolean, boolean, text,
                                                   timestamptz, timestamptz, azhunt.arrivals)
FROM PUBLIC;

CREATE FUNCTION azhunt.storage_upload_link_account_log_rows(match azhunt.matches)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    WITH rule AS (
        SELECT h.default_options OPERATOR(pg_catalog.||) r.options AS options
        FROM azhunt.rules AS r
        JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
        WHERE r.rule OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).rule
    )
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows((storage_upload_link_account_log_rows.match)."time") AS l
    WHERE l.calleripaddress OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).address
      AND l.useragentheader OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).useragent
      AND l.uri OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'FileUploadPath'::pg_catalog.text)
      AND l.operationname OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'OperationName'::pg_catalog.text)
      AND l.correlationid OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'CorrelationId'::pg_catalog.text)
      AND l.accountname OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).storageaccount
    UNION ALL
    SELECT l.log_table, l.log_row
    FROM (
        SELECT 'signinlogs', pg_catalog.to_jsonb(s), s.ipaddress, s.useragent, COALESCE(s.userprincipalname, ''),
               s.resulttype,
               s.timegenerated, NULL::pg_catalog.text
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT 'aadnoninteractiveusersigninlogs', pg_catalog.to_jsonb(n), n.ipaddress, n.useragent,
               COALESCE(n.userprincipalname, ''), n.resulttype,
               n.timegenerated, 'include_noninteractive'
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
        UNION ALL
        SELECT 'aadserviceprincipalsigninlogs', pg_catalog.to_jsonb(p), p.ipaddress, p.useragent,
               azhunt.principal_account(p.serviceprincipalname, p.serviceprincipalid), p.resulttype,
               p.timegenerated, 'include_service_principals'
        FROM azhunt.aadserviceprincipalsigninlogs AS p
        UNION ALL
        SELECT 'aadmanagedidentitysigninlogs', pg_catalog.to_jsonb(i), i.ipaddress, i.useragent,
               azhunt.principal_account(i.serviceprincipalname, i.serviceprincipalid), i.resulttype,
               i.timegenerated, 'include_service_principals'
        FROM azhunt.aadmanagedidentitysigninlogs AS i
    ) AS l (log_table, log_row, ipaddress, useragent, account, resulttype, timegenerated, on_request)
    CROSS JOIN rule AS o
    WHERE l.timegenerated OPERATOR(pg_catalog.>=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'AzureLoginTime'::pg_catalog.text)::pg_catalog.timestamptz
      AND l.timegenerated OPERATOR(pg_catalog.<=)
          (SELECT azhunt.processed_until(r.options OPERATOR(pg_catalog.->>) 'signin_time'::pg_catalog.text,
                                         ((storage_upload_link_account_log_rows.match).details
                                          OPERATOR(pg_catalog.->>) 'AzureLoginTime'::pg_catalog.text)::pg_catalog.timestamptz)
           FROM rule AS r)
      AND azhunt.time_of_signin(o.options OPERATOR(pg_catalog.->>) 'signin_time'::pg_catalog.text, l.timegenerated,
                                -- which a view may not have
                                (l.log_row OPERATOR(pg_catalog.->>) 'createddatetime'::pg_catalog.text)::pg_catalog.timestamptz)
          OPERATOR(pg_catalog.=)
          ((storage_upload_link_account_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'AzureLoginTime'::pg_catalog.text)::pg_catalog.timestamptz
      AND azhunt.strip_port(l.ipaddress) OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).address
      AND COALESCE(l.useragent, '')
          OPERATOR(pg_catalog.=) ((storage_upload_link_account_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'UserAgent'::pg_catalog.text)
      AND l.account OPERATOR(pg_catalog.=) (storage_upload_link_account_log_rows.match).account
      AND (l.on_request IS NULL OR (o.options OPERATOR(pg_catalog.->) l.on_request)::pg_catalog.bool)
      AND (NOT (o.options OPERATOR(pg_catalog.->) 'successful_only'::pg_catalog.text)::pg_catalog.bool
           OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account_log_rows(azhunt.matches) IS
'internal: the uploads and sign-ins of a match';

CREATE VIEW azhunt.storage_upload_link_account_results AS
SELECT r.last_upload AS "time",
       r.fileuploadpath, r.operationname, r.uploaduseragent, (r.linked).loginevents,
       (r.linked).accounts, (r.linked).logins, (r.linked).uploads, r.first_upload, r.last_upload,
       pg_catalog.array_to_string((r.linked).accounts, ', ') AS account,
       pg_catalog.array_to_string(r.addresses, ', ') AS address,
       r.addresses, r.storageaccounts,
       r.rule, h.title, h.description, h.tactics, h.techniques, u.severity,
       r.result_id, r.matches, r.hidden,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, r.run, r.found_at, r.matches,
                         r.hidden) AS status,
       s.note, s.changed_by, s.changed_at,
       r.first_run, r.run, r.found_at
FROM (
    SELECT m.rule, m.hunt, m.result_id,
           -- all have the same path, operation and user agent
           pg_catalog.min(m.fileuploadpath) AS fileuploadpath, pg_catalog.min(m.operationname) AS operationname,
           pg_catalog.min(m.useragent) AS uploaduseragent,
           azhunt.linked_signins(m."time", m.correlationid, m.signin_timegenerated, m.account, m.signin_useragent,
                                 m.address)
               FILTER (WHERE NOT m.hidden) AS linked,
           pg_catalog.min(m."time") FILTER (WHERE NOT m.hidden) AS first_upload,
           pg_catalog.max(m."time") FILTER (WHERE NOT m.hidden) AS last_upload,
           azhunt.array_of_texts(m.address) FILTER (WHERE NOT m.hidden) AS addresses,
           azhunt.array_of_texts(m.storageaccount) FILTER (WHERE NOT m.hidden) AS storageaccounts,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden,
           pg_catalog.min(m.run) FILTER (WHERE NOT m.hidden) AS first_run,
           pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at
    FROM (
        SELECT m.*,
               m.details OPERATOR(pg_catalog.->>) 'FileUploadPath' AS fileuploadpath,
               m.details OPERATOR(pg_catalog.->>) 'OperationName' AS operationname,
               m.details OPERATOR(pg_catalog.->>) 'CorrelationId' AS correlationid,
               m.details OPERATOR(pg_catalog.->>) 'UserAgent' AS signin_useragent,
               (m.details OPERATOR(pg_catalog.->>) 'AzureLoginTime')::timestamptz AS signin_timegenerated
        FROM azhunt.screened_matches AS m
        WHERE m.hunt OPERATOR(pg_catalog.=) 'storage_upload_link_account'
    ) AS m
    GROUP BY m.result_id, m.rule, m.hunt
) AS r
JOIN azhunt.rules AS u ON u.rule OPERATOR(pg_catalog.=) r.rule
JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.latest_status AS s ON s.result_id OPERATOR(pg_catalog.=) r.result_id
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.storage_upload_link_account_results IS
'what rules of the hunt for uploads found, a row for each URI, operation and user agent';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results."time" IS 'time of its latest upload';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.fileuploadpath IS 'URI of the file';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.operationname IS 'operation that uploaded it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.uploaduseragent IS 'user agent of the uploads';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.loginevents IS 'the sign-ins as one bag, in which later ones overwrite earlier ones, as the published query has it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.accounts IS 'the accounts that signed in, sorted';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.logins IS 'the sign-ins as an array of bags';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.uploads IS 'how many uploads it has';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.first_upload IS 'time of its first upload';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.last_upload IS 'time of its latest upload';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.account IS 'the accounts, separated by commas';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.address IS 'the addresses, separated by commas';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.addresses IS 'the addresses of uploads and sign-ins, sorted';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.storageaccounts IS 'the storage accounts, sorted';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.title IS 'title of the hunt';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.tactics IS 'MITRE ATT&CK tactics of the hunt';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.techniques IS 'MITRE ATT&CK techniques of the hunt';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.severity IS 'Sentinel''s severity, as the rule has it';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.result_id IS 'id of the result, for set_status() and log_rows()';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.matches IS 'how many matches it has, without those that the allow-list hides';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.hidden IS 'how many more matches the allow-list hides';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.changed_by IS 'role of the session that set the latest status; null if nobody has';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.changed_at IS 'when the latest status was set; null if nobody has';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.first_run IS 'the run that found its first match';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.run IS 'the run that found its latest match';
COMMENT ON COLUMN azhunt.storage_upload_link_account_results.found_at IS 'when that run began';

CREATE FUNCTION azhunt.upload_counts(rule text, since timestamptz, until timestamptz, width interval DEFAULT '1 hour')
RETURNS TABLE ("time" timestamptz, uploads bigint)
-- volatile, so that the rows are those of now: by the snapshot of a query that
-- waited meanwhile, a partition is too new to be looked at
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
-- an error instead of counts without the rows that a policy hides
SET row_security = off
AS $$
DECLARE
    options jsonb := (SELECT h.default_options || r.options
                      FROM azhunt.rules AS r JOIN azhunt.hunts AS h ON h.hunt = r.hunt
                      WHERE r.rule = upload_counts.rule AND r.hunt = 'storage_upload_link_account');
    -- a function with a subquery among its arguments is not inlined, so that
    -- all partitions would be locked
    target_file text := options ->> 'target_file'::text;
    operations text[] := ARRAY(SELECT o.operation
                               FROM jsonb_array_elements_text(options -> 'operations'::text) AS o (operation));
BEGIN
    IF options IS NULL THEN
        RAISE EXCEPTION 'there is no rule "%" of hunt storage_upload_link_account', coalesce(upload_counts.rule, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table azhunt.rules lists the rules.';
    END IF;
    PERFORM azhunt.check_bin(upload_counts.width);
    PERFORM azhunt.check_log_table_owners('{storagebloblogs,storagefilelogs}'::text[]);
    RETURN QUERY
    SELECT azhunt.bin(u.timegenerated, upload_counts.width), count(*)
    FROM azhunt.uploads(target_file, operations, upload_counts.since, upload_counts.until) AS u
    GROUP BY 1
    ORDER BY 1;
END
$$;

COMMENT ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) IS
'how many uploads a rule looks at, linked to an account or not, for each width of time from since to until';

REVOKE EXECUTE ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) FROM PUBLIC;

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.storage_upload_link_account'::pg_catalog.regproc,
        tables => '{storagebloblogs,storagefilelogs,signinlogs,aadnoninteractiveusersigninlogs,aadserviceprincipalsigninlogs,aadmanagedidentitysigninlogs}'::pg_catalog.text[],
        reach => 'lookback'::pg_catalog.text,
        result_key => '{FileUploadPath,OperationName,useragent}'::pg_catalog.text[],
        title => 'User Account Linked to Storage Account File Upload'::pg_catalog.text,
        description => 'Finds the accounts that signed in, moments before, from the address that a file was uploaded from.'::pg_catalog.text,
        summary => '{OperationName} of {FileName} from {address}, where {account} had signed in'::pg_catalog.text,
        tactics => '{CredentialAccess}'::pg_catalog.text[],
        techniques => '{T1528}'::pg_catalog.text[],
        id => 'bee57113-7b9d-4158-958c-a7f3d534c6c4'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]},
                             {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;

/* src/hunts/cloudshell_usage/hunt.sql */

--
-- Cloud Shell usage: what did this caller do in the hour in which they opened a
-- Cloud Shell?
--

CREATE FUNCTION azhunt.cloudshell_usage_pairs(bin interval, resource_group text, since timestamptz, until timestamptz)
RETURNS TABLE (timekey timestamptz, caller text, operationnamevalue text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT s.timekey, s.caller, a.operationnamevalue
    FROM (
        SELECT DISTINCT s.caller, azhunt.bin(s.timegenerated, cloudshell_usage_pairs.bin) AS timekey
        -- a bin that starts earlier ends before since
        FROM azhunt.read_shell_starts(cloudshell_usage_pairs.resource_group,
                                      azhunt.window_start(cloudshell_usage_pairs.since, cloudshell_usage_pairs.bin),
                                      cloudshell_usage_pairs.until) AS s
        -- whose bin has a start
        WHERE azhunt.window_start(s.timegenerated, cloudshell_usage_pairs.bin)
              OPERATOR(pg_catalog.>) '4714-11-24 00:00:00+00 BC'::pg_catalog.timestamptz
    ) AS s
    JOIN azhunt.read_activity(cloudshell_usage_pairs.since, cloudshell_usage_pairs.until) AS a
      ON a.caller OPERATOR(pg_catalog.=) s.caller
     -- the first time after the bin is not in it
     AND azhunt.within(s.timekey, a.timegenerated,
                       cloudshell_usage_pairs.bin OPERATOR(pg_catalog.-) '1 microsecond'::pg_catalog.interval)
     -- as much again, for partitions to be pruned for each bin
     AND a.timegenerated OPERATOR(pg_catalog.>=) s.timekey
     AND a.timegenerated OPERATOR(pg_catalog.<=)
         azhunt.window_end(s.timekey,
                           cloudshell_usage_pairs.bin OPERATOR(pg_catalog.-) '1 microsecond'::pg_catalog.interval)
     -- nor is anything in a bin that has no end
     AND a.timegenerated OPERATOR(pg_catalog.<) azhunt.bin_end(s.timekey, cloudshell_usage_pairs.bin)
    WHERE azhunt.is_other_operation(a.operationnamevalue)
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_pairs(interval, text, timestamptz, timestamptz) IS
'internal: operations from since to until, both included, of callers who opened a Cloud Shell in the same bin of time';

CREATE FUNCTION azhunt.cloudshell_usage_check(bin interval, resource_group text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_bin(cloudshell_usage_check.bin)
       AND azhunt.check_text(cloudshell_usage_check.resource_group, 'resource_group', false);
END;

COMMENT ON FUNCTION azhunt.cloudshell_usage_check(interval, text) IS
'internal: true, or an error if the hunt does not take these options';

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
        SELECT p.caller,
               p.timekey,
               azhunt.set_of_texts(p.operationnamevalue) AS set_operationnamevalue
        FROM azhunt.cloudshell_usage_pairs(cloudshell_usage.bin, cloudshell_usage.resource_group,
                              azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback),
                              cloudshell_usage.as_of) AS p
        GROUP BY p.caller, p.timekey
    )
    SELECT h.caller,
           h.timekey,
           h.set_operationnamevalue,
           h.timekey,
           h.caller
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns.
    WHERE azhunt.check_lookback(cloudshell_usage.lookback)
      AND azhunt.cloudshell_usage_check(cloudshell_usage.bin, cloudshell_usage.resource_group)
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
    start_time timestamptz,
    set_operationnamevalue jsonb,
    operations bigint,
    last_operation timestamptz,
    "timestamp" timestamptz,
    accountcustomentity text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT s.caller,
               s.start_time,
               azhunt.set_of_texts(a.operationnamevalue) AS set_operationnamevalue,
               -- a record that was delivered twice counts once
               pg_catalog.count(DISTINCT ROW(a.timegenerated, a.operationnamevalue,
                                             a.activitystatusvalue, a.resourcegroup)) AS operations,
               pg_catalog.max(a.timegenerated) AS last_operation
        FROM (
            SELECT DISTINCT s.caller, s.timegenerated AS start_time
            FROM azhunt.read_shell_starts(cloudshell_sessions.resource_group,
                                          azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback),
                                          cloudshell_sessions.as_of) AS s
        ) AS s
        JOIN azhunt.read_activity(azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback),
                                  cloudshell_sessions.as_of) AS a
          ON a.caller OPERATOR(pg_catalog.=) s.caller
         AND azhunt.within(s.start_time, a.timegenerated, cloudshell_sessions."window")
         -- as much again, for partitions to be pruned for each start
         AND a.timegenerated OPERATOR(pg_catalog.>=) s.start_time
         AND a.timegenerated OPERATOR(pg_catalog.<=)
             azhunt.window_end(s.start_time, cloudshell_sessions."window")
        WHERE azhunt.is_other_operation(a.operationnamevalue)
        GROUP BY s.caller, s.start_time
    )
    SELECT h.caller,
           h.start_time,
           h.set_operationnamevalue,
           h.operations,
           h.last_operation,
           h.start_time,
           h.caller
    FROM found AS h
    -- Not beside the join, as PostgreSQL before version 17 lets no extension
    -- join what has a condition without columns.
    WHERE azhunt.check_window(cloudshell_sessions."window")
      AND azhunt.check_lookback(cloudshell_sessions.lookback)
      AND azhunt.check_text(cloudshell_sessions.resource_group, 'resource_group'::pg_catalog.text, false)
      AND azhunt.check_as_of(cloudshell_sessions.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.cloudshell_sessions(interval, interval, text, timestamptz) IS
'hunt: what else callers did within a window after each start of a Cloud Shell, looking back from as_of';

CREATE FUNCTION azhunt.cloudshell_usage_matches(bin interval, resource_group text, since timestamptz, until timestamptz,
                                                arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT DISTINCT p.timekey, p.caller, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text,
           pg_catalog.jsonb_build_object('OperationNameValue', p.operationnamevalue)
    FROM azhunt.cloudshell_usage_pairs(cloudshell_usage_matches.bin, cloudshell_usage_matches.resource_group,
                          cloudshell_usage_matches.since, cloudshell_usage_matches.until) AS p
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: a caller, a bin of time in which they opened a Cloud Shell, and an operation; whether they are new is not looked at';

CREATE FUNCTION azhunt.cloudshell_usage_new_matches(bin interval, resource_group text, since timestamptz,
                                                    until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 1000
AS $$
    SELECT m.timekey, m.caller, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text,
           pg_catalog.jsonb_build_object('OperationNameValue', m.operationnamevalue)
    FROM (
        SELECT s.timekey, s.caller, a.operationnamevalue
        FROM (
            SELECT DISTINCT s.caller, azhunt.bin(s.timegenerated, cloudshell_usage_new_matches.bin) AS timekey
            FROM azhunt.read_shell_starts(cloudshell_usage_new_matches.resource_group,
                                          cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS s
            WHERE azhunt.arrived_since(s.ingestxid, cloudshell_usage_new_matches.arrivals)
              AND azhunt.count_search(s.timegenerated, 32)
              AND azhunt.window_start(s.timegenerated, cloudshell_usage_new_matches.bin)
                  OPERATOR(pg_catalog.>) '4714-11-24 00:00:00+00 BC'::pg_catalog.timestamptz
        ) AS s
        CROSS JOIN LATERAL (
            SELECT a.operationnamevalue
            FROM azhunt.read_activity(cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS a
            WHERE a.caller OPERATOR(pg_catalog.=) s.caller
              AND azhunt.is_other_operation(a.operationnamevalue)
              AND a.timegenerated OPERATOR(pg_catalog.>=) s.timekey
              AND a.timegenerated OPERATOR(pg_catalog.<) azhunt.bin_end(s.timekey, cloudshell_usage_new_matches.bin)
              AND azhunt.count_visit(a.timegenerated, 1)
            OFFSET 0
        ) AS a
        UNION
        SELECT a.timekey, a.caller, a.operationnamevalue
        FROM (
            SELECT DISTINCT a.caller, azhunt.bin(a.timegenerated, cloudshell_usage_new_matches.bin) AS timekey,
                   a.operationnamevalue
            FROM azhunt.read_activity(cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS a
            WHERE azhunt.is_other_operation(a.operationnamevalue)
              AND azhunt.arrived_since(a.ingestxid, cloudshell_usage_new_matches.arrivals)
              AND azhunt.count_search(a.timegenerated, 32)
              AND azhunt.window_start(a.timegenerated, cloudshell_usage_new_matches.bin)
                  OPERATOR(pg_catalog.>) '4714-11-24 00:00:00+00 BC'::pg_catalog.timestamptz
        ) AS a
        CROSS JOIN LATERAL (
            SELECT
            FROM azhunt.read_shell_starts(cloudshell_usage_new_matches.resource_group,
                                          cloudshell_usage_new_matches.since, cloudshell_usage_new_matches.until) AS s
            WHERE s.caller OPERATOR(pg_catalog.=) a.caller
              AND s.timegenerated OPERATOR(pg_catalog.>=) a.timekey
              AND s.timegenerated OPERATOR(pg_catalog.<) azhunt.bin_end(a.timekey, cloudshell_usage_new_matches.bin)
              AND azhunt.count_visit(s.timegenerated, 1)
            LIMIT 1
        ) AS s
    ) AS m
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_new_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the operations in bins of time with a new Cloud Shell, and the new operations in bins with any Cloud Shell';

REVOKE EXECUTE ON FUNCTION
    azhunt.cloudshell_usage_new_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals)
FROM PUBLIC;

CREATE FUNCTION azhunt.cloudshell_usage_log_rows(match azhunt.matches) RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT 'azureactivity', pg_catalog.to_jsonb(a)
    FROM azhunt.azureactivity AS a
    JOIN azhunt.rules AS r ON r.rule OPERATOR(pg_catalog.=) (cloudshell_usage_log_rows.match).rule
    JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
    CROSS JOIN LATERAL (SELECT h.default_options OPERATOR(pg_catalog.||) r.options) AS o (options)
    WHERE COALESCE(a.caller, '') OPERATOR(pg_catalog.=) (cloudshell_usage_log_rows.match).account
      AND a.timegenerated OPERATOR(pg_catalog.>=) (cloudshell_usage_log_rows.match)."time"
      AND a.timegenerated OPERATOR(pg_catalog.<)
          azhunt.bin_end((cloudshell_usage_log_rows.match)."time",
                         (o.options OPERATOR(pg_catalog.->>) 'bin'::pg_catalog.text)::pg_catalog.interval)
      AND (a.operationnamevalue OPERATOR(pg_catalog.=)
           ((cloudshell_usage_log_rows.match).details OPERATOR(pg_catalog.->>) 'OperationNameValue'::pg_catalog.text)
           OR azhunt.is_shell_start(a.operationnamevalue, a.activitystatusvalue)
              AND azhunt.has(a.resourcegroup, o.options OPERATOR(pg_catalog.->>) 'resource_group'::pg_catalog.text))
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage_log_rows(azhunt.matches) IS
'internal: the starts of a Cloud Shell and the operation of a match';

CREATE VIEW azhunt.cloudshell_usage_results AS
SELECT r.timekey AS "time",
       r.caller, r.timekey, r.set_operationnamevalue, r.timekey AS "timestamp",
       r.caller AS accountcustomentity,
       r.caller AS account, NULL::text AS address,
       r.rule, h.title, h.description, h.tactics, h.techniques, u.severity,
       r.result_id, r.matches, r.hidden,
       azhunt.status_now(s.status, s.last_run, s.changed_at, s.matches, s.hidden, r.run, r.found_at, r.matches,
                         r.hidden) AS status,
       s.note, s.changed_by, s.changed_at,
       r.first_run, r.run, r.found_at
FROM (
    SELECT m.rule, m.hunt, m.result_id, m.account AS caller, m."time" AS timekey,
           azhunt.set_of_texts(m.details OPERATOR(pg_catalog.->>) 'OperationNameValue')
               FILTER (WHERE NOT m.hidden) AS set_operationnamevalue,
           pg_catalog.count(*) FILTER (WHERE NOT m.hidden) AS matches,
           pg_catalog.count(*) FILTER (WHERE m.hidden) AS hidden,
           pg_catalog.min(m.run) FILTER (WHERE NOT m.hidden) AS first_run,
           pg_catalog.max(m.run) FILTER (WHERE NOT m.hidden) AS run,
           pg_catalog.max(m.found_at) FILTER (WHERE NOT m.hidden) AS found_at
    FROM azhunt.screened_matches AS m
    WHERE m.hunt OPERATOR(pg_catalog.=) 'cloudshell_usage'
    GROUP BY m.result_id, m.rule, m.hunt, m.account, m."time"
) AS r
JOIN azhunt.rules AS u ON u.rule OPERATOR(pg_catalog.=) r.rule
JOIN azhunt.hunts AS h ON h.hunt OPERATOR(pg_catalog.=) r.hunt
LEFT JOIN azhunt.latest_status AS s ON s.result_id OPERATOR(pg_catalog.=) r.result_id
WHERE r.matches OPERATOR(pg_catalog.>) 0;

COMMENT ON VIEW azhunt.cloudshell_usage_results IS
'what rules of the hunt for Cloud Shells found, a row for each caller and hour';
COMMENT ON COLUMN azhunt.cloudshell_usage_results."time" IS 'start of the bin of time';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.caller IS 'who opened a Cloud Shell';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.timekey IS 'start of the bin of time, by default of an hour';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.set_operationnamevalue IS 'the other operations of the caller in that bin, a sorted array';
COMMENT ON COLUMN azhunt.cloudshell_usage_results."timestamp" IS 'start of the bin of time, under the name of the published query';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.accountcustomentity IS 'the caller, under the name of the published query';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.account IS 'the caller';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.address IS 'always null, as the hunt does not look at it';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.rule IS 'the rule that found it';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.title IS 'title of the hunt';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.description IS 'what the hunt finds, in one sentence';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.tactics IS 'MITRE ATT&CK tactics of the hunt';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.techniques IS 'MITRE ATT&CK techniques of the hunt';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.severity IS 'Sentinel''s severity, as the rule has it';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.result_id IS 'id of the result, for set_status() and log_rows()';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.matches IS 'how many matches it has, without those that the allow-list hides';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.hidden IS 'how many more matches the allow-list hides';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.status IS 'new, investigating or closed; new again if a later run added a match to a closed one';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.note IS 'note of the latest status; null if there is none';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.changed_by IS 'role of the session that set the latest status; null if nobody has';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.changed_at IS 'when the latest status was set; null if nobody has';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.first_run IS 'the run that found its first match';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.run IS 'the run that found its latest match';
COMMENT ON COLUMN azhunt.cloudshell_usage_results.found_at IS 'when that run began';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.cloudshell_usage'::pg_catalog.regproc,
        tables => '{azureactivity}'::pg_catalog.text[],
        reach => 'bin'::pg_catalog.text,
        result_key => '{account,time}'::pg_catalog.text[],
        title => 'Azure CloudShell Usage'::pg_catalog.text,
        description => 'Finds the callers that opened a Cloud Shell, and what else they did in the same hour.'::pg_catalog.text,
        summary => 'Cloud Shell of {account}; other operations: {matches}'::pg_catalog.text,
        tactics => '{Execution}'::pg_catalog.text[],
        techniques => '{T1059}'::pg_catalog.text[],
        id => '42831fb3-f61d-41e9-95d9-f08797479a0e'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]}]'::pg_catalog.jsonb);
END
$$;

/* src/hunts/storage_mass_deletion/hunt.sql */

--
-- Storage mass deletion: from where were many files of one storage account
-- deleted within minutes?
--

CREATE FUNCTION azhunt.storage_mass_deletion_check(threshold integer, "window" interval) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (threshold >= 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'threshold must be at least 1, not %', coalesce(threshold::text, 'null')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN azhunt.check_window("window");
END
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_check(integer, interval) IS
'internal: true, or an error if the hunt does not take these options';

-- A deletion belongs to a mass deletion if it lies in some window with enough
-- files, and each such window can be moved to begin with a deletion.
--
-- The deletions of one file form runs: in a run, each comes at most a window
-- after the one before.  Two runs of a file are more than a window apart, so that
-- no window has both, and a run that has begun by the end of a window and has not
-- ended before its start has a deletion in it.  So the files of a window are the
-- runs that begin by its end, less those that end before its start: two running
-- counts.
--
-- As numbers, times know no daylight saving time, and no end.
CREATE FUNCTION azhunt.storage_mass_deletion_deletions(threshold integer, "window" interval, since timestamptz,
                                                       until timestamptz)
RETURNS TABLE (
    timegenerated timestamptz,
    operationname text,
    file text,
    useragentheader text,
    address text,
    storageaccount text,
    correlationid text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT d.timegenerated, d.operationname, d.file, d.useragentheader, d.address, d.storageaccount, d.correlationid
    FROM (
        SELECT f.*,
               pg_catalog.bool_or(f.files OPERATOR(pg_catalog.>=) storage_mass_deletion_deletions.threshold) OVER (
                   PARTITION BY f.address, f.useragentheader, f.storageaccount ORDER BY f.seconds
                   RANGE BETWEEN pg_catalog."extract"('epoch'::pg_catalog.text,
                                                      storage_mass_deletion_deletions."window") PRECEDING
                   AND CURRENT ROW) AS is_mass_deletion
        FROM (
            SELECT o.*,
                   pg_catalog.count(*) FILTER (WHERE o.begins) OVER (
                       PARTITION BY o.address, o.useragentheader, o.storageaccount ORDER BY o.seconds
                       RANGE BETWEEN UNBOUNDED PRECEDING
                       AND pg_catalog."extract"('epoch'::pg_catalog.text, storage_mass_deletion_deletions."window")
                           FOLLOWING)
                   OPERATOR(pg_catalog.-)
                   pg_catalog.count(*) FILTER (WHERE o.ends) OVER (
                       PARTITION BY o.address, o.useragentheader, o.storageaccount ORDER BY o.seconds
                       GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS files
            FROM (
                SELECT o.*,
                       (pg_catalog.lag(o.seconds) OVER of_file OPERATOR(pg_catalog.>=)
                        (o.seconds OPERATOR(pg_catalog.-)
                         pg_catalog."extract"('epoch'::pg_catalog.text, storage_mass_deletion_deletions."window")))
                       IS NOT TRUE AS begins,
                       (pg_catalog.lead(o.seconds) OVER of_file OPERATOR(pg_catalog.<=)
                        (o.seconds OPERATOR(pg_catalog.+)
                         pg_catalog."extract"('epoch'::pg_catalog.text, storage_mass_deletion_deletions."window")))
                       IS NOT TRUE AS ends
                FROM (
                    SELECT o.timegenerated,
                           pg_catalog."extract"('epoch'::pg_catalog.text, o.timegenerated) AS seconds,
                           o.operationname,
                           azhunt.without_query(o.uri) COLLATE pg_catalog."C" AS file,
                           o.useragentheader COLLATE pg_catalog."C" AS useragentheader,
                           COALESCE(o.calleripaddress, '') COLLATE pg_catalog."C" AS address,
                           o.accountname COLLATE pg_catalog."C" AS storageaccount,
                           o.correlationid
                    FROM azhunt.read_storage_operations(storage_mass_deletion_deletions.since,
                                                        storage_mass_deletion_deletions.until) AS o
                    WHERE azhunt.is_deletion(o.operationname)
                ) AS o
                WINDOW of_file AS (PARTITION BY o.address, o.useragentheader, o.storageaccount, o.file
                                   ORDER BY o.seconds)
            ) AS o
        ) AS f
    ) AS d
    WHERE d.is_mass_deletion
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_deletions(integer, interval, timestamptz, timestamptz) IS
'internal: deletions from since to until, both included, each in some window of these deletions in which one address, user agent and storage account deletes at least threshold files';

CREATE FUNCTION azhunt.storage_mass_deletion(
    threshold integer DEFAULT 3,
    "window" interval DEFAULT '10 minutes',
    lookback interval DEFAULT '3 days',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    timegenerated timestamptz,
    ipcustomentity text,
    useragentheader text,
    filesdeleted bigint,
    accountname text,
    last_deletion timestamptz,
    files jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT d.address, d.useragentheader, d.storageaccount,
               pg_catalog.count(DISTINCT d.file) AS filesdeleted,
               pg_catalog.min(d.timegenerated) AS first_deletion,
               pg_catalog.max(d.timegenerated) AS last_deletion,
               pg_catalog.to_jsonb((pg_catalog.array_agg(DISTINCT d.file ORDER BY d.file))[1:1000]) AS files
        FROM azhunt.storage_mass_deletion_deletions(storage_mass_deletion.threshold, storage_mass_deletion."window",
                                                    azhunt.window_start(storage_mass_deletion.as_of,
                                                                        storage_mass_deletion.lookback),
                                                    storage_mass_deletion.as_of) AS d
        GROUP BY azhunt.bin(d.timegenerated, '1 day'::pg_catalog.interval), d.address, d.useragentheader,
                 d.storageaccount
    )
    SELECT h.first_deletion, h.address, h.useragentheader, h.filesdeleted, h.storageaccount, h.last_deletion, h.files
    FROM found AS h
    WHERE azhunt.storage_mass_deletion_check(storage_mass_deletion.threshold, storage_mass_deletion."window")
      AND azhunt.check_lookback(storage_mass_deletion.lookback)
      AND azhunt.check_as_of(storage_mass_deletion.as_of)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion(integer, interval, interval, timestamptz) IS
'hunt: who deleted at least threshold files of a storage account within a window, looking back from as_of';

CREATE FUNCTION azhunt.storage_mass_deletion_day("time" timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN NOT pg_catalog.isfinite("time") THEN "time"::text
            WHEN "time" OPERATOR(pg_catalog.<) '0001-01-01 00:00:00+00'::timestamptz
            THEN pg_catalog.to_char(pg_catalog.timezone('UTC'::text, "time"), 'YYYY-MM-DD BC'::text)
            ELSE pg_catalog.to_char(pg_catalog.timezone('UTC'::text, "time"), 'YYYY-MM-DD'::text) END;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_day(timestamptz) IS
'internal: the day in UTC, which tells results of the hunt for mass deletions apart';

CREATE FUNCTION azhunt.storage_mass_deletion_matches(threshold integer, "window" interval, since timestamptz,
                                                     until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    -- An old deletion becomes a match by a new one in the same window, and that
    -- window is in the period.
    SELECT d.timegenerated, NULL::pg_catalog.text, d.address, d.useragentheader, d.storageaccount,
           pg_catalog.jsonb_build_object('File', d.file, 'OperationName', d.operationname,
                                         'CorrelationId', d.correlationid, 'AccountName', d.storageaccount,
                                         'Day', azhunt.storage_mass_deletion_day(d.timegenerated))
    FROM azhunt.storage_mass_deletion_deletions(storage_mass_deletion_matches.threshold,
                                                storage_mass_deletion_matches."window",
                                                storage_mass_deletion_matches.since,
                                                storage_mass_deletion_matches.until) AS d
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_matches(integer, interval, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: a deletion from since to until that is part of a mass deletion between them, new or not';

CREATE FUNCTION azhunt.storage_mass_deletion_log_rows(match azhunt.matches)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows((storage_mass_deletion_log_rows.match)."time") AS l
    WHERE l.operationname OPERATOR(pg_catalog.=)
          ((storage_mass_deletion_log_rows.match).details OPERATOR(pg_catalog.->>) 'OperationName'::pg_catalog.text)
      AND l.calleripaddress OPERATOR(pg_catalog.=) (storage_mass_deletion_log_rows.match).address
      AND azhunt.without_query(l.uri)
          OPERATOR(pg_catalog.=) ((storage_mass_deletion_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'File'::pg_catalog.text)
      AND l.useragentheader OPERATOR(pg_catalog.=) (storage_mass_deletion_log_rows.match).useragent
      AND l.accountname OPERATOR(pg_catalog.=) (storage_mass_deletion_log_rows.match).storageaccount
      AND l.correlationid
          OPERATOR(pg_catalog.=) ((storage_mass_deletion_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'CorrelationId'::pg_catalog.text)
$$;

COMMENT ON FUNCTION azhunt.storage_mass_deletion_log_rows(azhunt.matches) IS
'internal: the deletion of a match';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.storage_mass_deletion'::pg_catalog.regproc,
        tables => '{storagebloblogs,storagefilelogs}'::pg_catalog.text[],
        reach => 'window'::pg_catalog.text,
        result_key => '{Day,address,useragent,AccountName}'::pg_catalog.text[],
        title => 'Azure Storage Mass File Deletion'::pg_catalog.text,
        description => 'Finds the addresses from which many files of a storage account were deleted within minutes.'::pg_catalog.text,
        summary => '{matches} deletions in storage account {AccountName} from {address} on {Day}'::pg_catalog.text,
        tactics => '{Impact}'::pg_catalog.text[],
        techniques => '{T1485}'::pg_catalog.text[],
        id => '85e16874-72aa-4ebe-b36e-e45f8ba50f79'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;

/* src/hunts/storage_file_created_quickly_deleted/hunt.sql */

--
-- File created and quickly deleted: which file was deleted minutes after it was
-- uploaded?
--

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_check("window" interval, operations text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_window(storage_file_created_quickly_deleted_check."window")
       AND azhunt.check_operations(storage_file_created_quickly_deleted_check.operations);
END;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_check(interval, text[]) IS
'internal: true, or an error if the hunt does not take these options';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_pairs(
    "window" interval, operations text[], since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE (
    timegenerated timestamptz,
    deletedtime timestamptz,
    uri text,
    operationname text,
    calleripaddress text,
    useragentheader text,
    storageaccount text,
    delete_operationname text,
    delete_calleripaddress text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT u.timegenerated, d.timegenerated, u.file, u.operationname, u.calleripaddress, u.useragentheader,
           u.accountname,
           d.operationname, d.calleripaddress
    FROM (
        SELECT u.timegenerated, u.operationname, COALESCE(u.calleripaddress, '') AS calleripaddress, u.useragentheader,
               u.accountname, u.ingestxid, azhunt.without_query(u.uri) AS file
        FROM azhunt.read_uploads(NULL::pg_catalog.text, storage_file_created_quickly_deleted_pairs.operations,
                                 storage_file_created_quickly_deleted_pairs.since,
                                 storage_file_created_quickly_deleted_pairs.until) AS u
    ) AS u
    JOIN (
        SELECT d.timegenerated, d.operationname, COALESCE(d.calleripaddress, '') AS calleripaddress, d.ingestxid,
               azhunt.without_query(d.uri) AS file
        FROM azhunt.read_storage_operations(storage_file_created_quickly_deleted_pairs.since,
                                            storage_file_created_quickly_deleted_pairs.until) AS d
        WHERE azhunt.is_deletion(d.operationname)
    ) AS d
      ON d.file OPERATOR(pg_catalog.=) u.file
     AND azhunt.within(u.timegenerated, d.timegenerated, storage_file_created_quickly_deleted_pairs."window")
     AND (azhunt.arrived_since(u.ingestxid, storage_file_created_quickly_deleted_pairs.arrivals)
          OR azhunt.arrived_since(d.ingestxid, storage_file_created_quickly_deleted_pairs.arrivals))
    WHERE u.file OPERATOR(pg_catalog.<>) ''
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_pairs(interval, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: uploads and deletions from since to until, both included, each deletion with an upload of the same file at most a window before it; only those of which one has arrived, unless arrivals is null';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted(
    "window" interval DEFAULT '5 minutes',
    operations text[] DEFAULT '{PutBlob,PutRange}',
    lookback interval DEFAULT '7 days',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    timegenerated timestamptz,
    deletedtime timestamptz,
    uri text,
    calleripaddress text,
    useragentheader text,
    storageaccount text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT DISTINCT p.timegenerated, p.deletedtime, p.uri, p.calleripaddress, p.useragentheader, p.storageaccount
        FROM azhunt.storage_file_created_quickly_deleted_pairs(
                 storage_file_created_quickly_deleted."window", storage_file_created_quickly_deleted.operations,
                 azhunt.window_start(storage_file_created_quickly_deleted.as_of,
                                     storage_file_created_quickly_deleted.lookback),
                 storage_file_created_quickly_deleted.as_of, NULL::azhunt.arrivals) AS p
    )
    SELECT h.timegenerated, h.deletedtime, h.uri, h.calleripaddress, h.useragentheader, h.storageaccount
    FROM found AS h
    WHERE azhunt.storage_file_created_quickly_deleted_check(storage_file_created_quickly_deleted."window",
                                                            storage_file_created_quickly_deleted.operations)
      AND azhunt.check_lookback(storage_file_created_quickly_deleted.lookback)
      AND azhunt.check_as_of(storage_file_created_quickly_deleted.as_of)
      AND azhunt.check_rows_are_visible('{storagefilelogs,storagebloblogs}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted(interval, text[], interval, timestamptz) IS
'hunt: files that were deleted at most a window after an upload, looking back from as_of; a row for each upload and deletion';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_details(
    uri text, operationname text, deletedtime timestamptz, delete_operationname text, delete_calleripaddress text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('Uri'::text, uri,
                       'FileName'::text, COALESCE(NULLIF(azhunt.file_name(uri), ''::text), uri),
                       'OperationName'::text, operationname,
                       'DeletedTime'::text, deletedtime,
                       'DeleteOperationName'::text, delete_operationname,
                       'DeleteCallerIpAddress'::text, delete_calleripaddress);

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_details(text, text, timestamptz, text, text) IS
'internal: what a match of this hunt says beyond the entities of the upload';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_matches("window" interval, operations text[],
                                                                    since timestamptz, until timestamptz,
                                                                    arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT p.timegenerated, NULL::pg_catalog.text, p.calleripaddress, p.useragentheader, p.storageaccount,
           azhunt.storage_file_created_quickly_deleted_details(p.uri, p.operationname, p.deletedtime,
                                                               p.delete_operationname, p.delete_calleripaddress)
    FROM azhunt.storage_file_created_quickly_deleted_pairs(
             storage_file_created_quickly_deleted_matches."window",
             storage_file_created_quickly_deleted_matches.operations,
             storage_file_created_quickly_deleted_matches.since, storage_file_created_quickly_deleted_matches.until,
             storage_file_created_quickly_deleted_matches.arrivals) AS p
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_matches(interval, text[], timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: an upload and a deletion of the same file';

CREATE FUNCTION azhunt.storage_file_created_quickly_deleted_log_rows(match azhunt.matches)
RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows((storage_file_created_quickly_deleted_log_rows.match)."time") AS l
    WHERE azhunt.without_query(l.uri)
          OPERATOR(pg_catalog.=) ((storage_file_created_quickly_deleted_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'Uri'::pg_catalog.text)
      AND l.operationname OPERATOR(pg_catalog.=)
          ((storage_file_created_quickly_deleted_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'OperationName'::pg_catalog.text)
      AND l.calleripaddress OPERATOR(pg_catalog.=) (storage_file_created_quickly_deleted_log_rows.match).address
      AND l.useragentheader OPERATOR(pg_catalog.=) (storage_file_created_quickly_deleted_log_rows.match).useragent
      AND l.accountname OPERATOR(pg_catalog.=) (storage_file_created_quickly_deleted_log_rows.match).storageaccount
    UNION ALL
    SELECT l.log_table, l.log_row
    FROM azhunt.storage_log_rows(
             ((storage_file_created_quickly_deleted_log_rows.match).details
              OPERATOR(pg_catalog.->>) 'DeletedTime'::pg_catalog.text)::pg_catalog.timestamptz) AS l
    WHERE azhunt.without_query(l.uri)
          OPERATOR(pg_catalog.=) ((storage_file_created_quickly_deleted_log_rows.match).details
                                  OPERATOR(pg_catalog.->>) 'Uri'::pg_catalog.text)
      AND l.operationname OPERATOR(pg_catalog.=)
          ((storage_file_created_quickly_deleted_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'DeleteOperationName'::pg_catalog.text)
      AND l.calleripaddress OPERATOR(pg_catalog.=)
          ((storage_file_created_quickly_deleted_log_rows.match).details
           OPERATOR(pg_catalog.->>) 'DeleteCallerIpAddress'::pg_catalog.text)
$$;

COMMENT ON FUNCTION azhunt.storage_file_created_quickly_deleted_log_rows(azhunt.matches) IS
'internal: the upload and the deletion of a match';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.storage_file_created_quickly_deleted'::pg_catalog.regproc,
        tables => '{storagebloblogs,storagefilelogs}'::pg_catalog.text[],
        reach => 'window'::pg_catalog.text,
        result_key => '{Uri,time,DeletedTime,address,useragent,storageaccount}'::pg_catalog.text[],
        title => 'Azure Storage File Create and Delete'::pg_catalog.text,
        description => 'Finds the files that were deleted minutes after they were uploaded.'::pg_catalog.text,
        summary => '{OperationName} of {FileName} from {address}; {DeleteOperationName} at {DeletedTime}'::pg_catalog.text,
        tactics => '{Exfiltration}'::pg_catalog.text[],
        techniques => '{T1020,T1537}'::pg_catalog.text[],
        id => '276731f6-ae09-4469-9fa0-c0791a5a0d8d'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;

/* src/hunts/new_cloudshell_user/hunt.sql */

--
-- New Cloud Shell user: who set up a Cloud Shell, which writes a storage account
-- and lists its keys within minutes?
--

CREATE FUNCTION azhunt.new_cloudshell_user_check("window" interval, resource_group text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT azhunt.check_window(new_cloudshell_user_check."window")
       AND azhunt.check_text(new_cloudshell_user_check.resource_group, 'resource_group', false);
END;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_check(interval, text) IS
'internal: true, or an error if the hunt does not take these options';

CREATE FUNCTION azhunt.is_write_of_storage_account(operationnamevalue text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/write'::text;

COMMENT ON FUNCTION azhunt.is_write_of_storage_account(text) IS
'condition: is this the operation that creates or changes a storage account?';

CREATE FUNCTION azhunt.new_cloudshell_user_writes(resource_group text, since timestamptz, until timestamptz)
RETURNS TABLE (timegenerated timestamptz, caller text, calleripaddress text, resourcegroup text,
               activitystatusvalue text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT a.timegenerated, a.caller, COALESCE(a.calleripaddress, ''), a.resourcegroup,
           COALESCE(a.activitystatusvalue, ''), a.ingestxid
    FROM azhunt.read_activity(new_cloudshell_user_writes.since, new_cloudshell_user_writes.until) AS a
    WHERE azhunt.is_write_of_storage_account(a.operationnamevalue)
      AND azhunt.has(a.resourcegroup, new_cloudshell_user_writes.resource_group)
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_writes(text, timestamptz, timestamptz) IS
'internal: operations that write a storage account of Cloud Shells, whatever their status, from since to until, both included';

-- Either can come first.  Two joins, as within() has one direction.
CREATE FUNCTION azhunt.new_cloudshell_user_pairs(
    "window" interval, resource_group text, since timestamptz, until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE (
    timegenerated timestamptz,
    caller text,
    azureip text,
    resourcegroup text,
    write_timegenerated timestamptz,
    userip text,
    write_resourcegroup text,
    write_status text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT k.timegenerated, k.caller, k.calleripaddress, k.resourcegroup,
           w.timegenerated, w.calleripaddress, w.resourcegroup, w.activitystatusvalue
    FROM azhunt.read_shell_starts(new_cloudshell_user_pairs.resource_group,
                                  new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS k
    JOIN azhunt.new_cloudshell_user_writes(new_cloudshell_user_pairs.resource_group,
                                           new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS w
      ON w.caller OPERATOR(pg_catalog.=) k.caller
     AND azhunt.within(w.timegenerated, k.timegenerated, new_cloudshell_user_pairs."window")
     -- as much again, for the writes of one caller to be looked up
     AND w.timegenerated OPERATOR(pg_catalog.>=)
         azhunt.window_start(k.timegenerated, new_cloudshell_user_pairs."window")
     AND w.timegenerated OPERATOR(pg_catalog.<=) k.timegenerated
     AND (azhunt.arrived_since(k.ingestxid, new_cloudshell_user_pairs.arrivals)
          OR azhunt.arrived_since(w.ingestxid, new_cloudshell_user_pairs.arrivals))
    UNION ALL
    SELECT k.timegenerated, k.caller, k.calleripaddress, k.resourcegroup,
           w.timegenerated, w.calleripaddress, w.resourcegroup, w.activitystatusvalue
    FROM azhunt.read_shell_starts(new_cloudshell_user_pairs.resource_group,
                                  new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS k
    JOIN azhunt.new_cloudshell_user_writes(new_cloudshell_user_pairs.resource_group,
                                           new_cloudshell_user_pairs.since, new_cloudshell_user_pairs.until) AS w
      ON w.caller OPERATOR(pg_catalog.=) k.caller
     AND azhunt.within(k.timegenerated, w.timegenerated, new_cloudshell_user_pairs."window")
     AND w.timegenerated OPERATOR(pg_catalog.>) k.timegenerated
     AND w.timegenerated OPERATOR(pg_catalog.<=)
         azhunt.window_end(k.timegenerated, new_cloudshell_user_pairs."window")
     AND (azhunt.arrived_since(k.ingestxid, new_cloudshell_user_pairs.arrivals)
          OR azhunt.arrived_since(w.ingestxid, new_cloudshell_user_pairs.arrivals))
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_pairs(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: operations that list keys for a Cloud Shell, each with one by the same caller that writes a storage account, at most a window before or after it, both from since to until, both included; only those of which one has arrived, unless arrivals is null';

CREATE FUNCTION azhunt.new_cloudshell_user(
    "window" interval DEFAULT '3 minutes',
    resource_group text DEFAULT 'cloud-shell',
    lookback interval DEFAULT '1 day',
    as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    timegenerated timestamptz,
    caller text,
    resourcegroup text,
    azureip text,
    userip text,
    writes bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH found AS (
        SELECT p.timegenerated, p.caller, p.resourcegroup, p.azureip, p.userip,
               -- a record that was delivered twice counts once
               pg_catalog.count(DISTINCT ROW(p.write_timegenerated, p.write_resourcegroup, p.write_status)) AS writes
        FROM azhunt.new_cloudshell_user_pairs(new_cloudshell_user."window", new_cloudshell_user.resource_group,
                                             azhunt.window_start(new_cloudshell_user.as_of,
                                                                 new_cloudshell_user.lookback),
                                             new_cloudshell_user.as_of, NULL::azhunt.arrivals) AS p
        GROUP BY p.timegenerated, p.caller, p.resourcegroup, p.azureip, p.userip
    )
    SELECT h.timegenerated, h.caller, h.resourcegroup, h.azureip, h.userip, h.writes
    FROM found AS h
    WHERE azhunt.new_cloudshell_user_check(new_cloudshell_user."window", new_cloudshell_user.resource_group)
      AND azhunt.check_lookback(new_cloudshell_user.lookback)
      AND azhunt.check_as_of(new_cloudshell_user.as_of)
      AND azhunt.check_rows_are_visible('{azureactivity}'::pg_catalog.text[])
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user(interval, text, interval, timestamptz) IS
'hunt: who listed storage keys and wrote a storage account within a window, as in setting up a Cloud Shell, looking back from as_of';

CREATE FUNCTION azhunt.new_cloudshell_user_details(
    resourcegroup text, azureip text, write_timegenerated timestamptz, write_resourcegroup text, write_status text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN azhunt.bag_pack('ResourceGroup'::text, resourcegroup,
                       'AzureIP'::text, azureip,
                       'WriteTime'::text, write_timegenerated,
                       'WriteResourceGroup'::text, write_resourcegroup,
                       'WriteStatus'::text, write_status);

COMMENT ON FUNCTION azhunt.new_cloudshell_user_details(text, text, timestamptz, text, text) IS
'internal: what a match of this hunt says beyond its caller and the address of the write';

CREATE FUNCTION azhunt.new_cloudshell_user_matches("window" interval, resource_group text, since timestamptz,
                                                   until timestamptz, arrivals azhunt.arrivals)
RETURNS TABLE ("time" timestamptz, account text, address text, useragent text, storageaccount text, details jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT p.timegenerated, p.caller, p.userip, NULL::pg_catalog.text, NULL::pg_catalog.text,
           azhunt.new_cloudshell_user_details(p.resourcegroup, p.azureip, p.write_timegenerated, p.write_resourcegroup,
                                              p.write_status)
    FROM azhunt.new_cloudshell_user_pairs(new_cloudshell_user_matches."window",
                                          new_cloudshell_user_matches.resource_group,
                                         new_cloudshell_user_matches.since, new_cloudshell_user_matches.until,
                                         new_cloudshell_user_matches.arrivals) AS p
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_matches(interval, text, timestamptz, timestamptz, azhunt.arrivals) IS
'internal: the matches of a rule: a listing of storage keys and a write of a storage account';

CREATE FUNCTION azhunt.new_cloudshell_user_log_rows(match azhunt.matches) RETURNS TABLE (log_table text, log_row jsonb)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT 'azureactivity', l.log_row
    FROM azhunt.azureactivity AS a
    CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(a)) AS l (log_row)
    -- the log table need not have such a column
    CROSS JOIN LATERAL (SELECT COALESCE(azhunt.strip_port(l.log_row
                                                          OPERATOR(pg_catalog.->>) 'calleripaddress'::pg_catalog.text),
                                                          '')) AS c (address)
    WHERE COALESCE(a.caller, '') OPERATOR(pg_catalog.=) (new_cloudshell_user_log_rows.match).account
      AND (a.timegenerated OPERATOR(pg_catalog.=) (new_cloudshell_user_log_rows.match)."time"
           AND azhunt.is_shell_start(a.operationnamevalue, a.activitystatusvalue)
           AND a.resourcegroup OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                                       OPERATOR(pg_catalog.->>) 'ResourceGroup'::pg_catalog.text)
           AND c.address OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                                 OPERATOR(pg_catalog.->>) 'AzureIP'::pg_catalog.text)
           OR a.timegenerated OPERATOR(pg_catalog.=)
              ((new_cloudshell_user_log_rows.match).details
               OPERATOR(pg_catalog.->>) 'WriteTime'::pg_catalog.text)::pg_catalog.timestamptz
              AND azhunt.is_write_of_storage_account(a.operationnamevalue)
              AND a.resourcegroup OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                                          OPERATOR(pg_catalog.->>) 'WriteResourceGroup'::pg_catalog.text)
              AND COALESCE(a.activitystatusvalue, '')
                  OPERATOR(pg_catalog.=) ((new_cloudshell_user_log_rows.match).details
                                          OPERATOR(pg_catalog.->>) 'WriteStatus'::pg_catalog.text)
              AND c.address OPERATOR(pg_catalog.=) (new_cloudshell_user_log_rows.match).address)
$$;

COMMENT ON FUNCTION azhunt.new_cloudshell_user_log_rows(azhunt.matches) IS
'internal: the two operations of a match';

DO $$
BEGIN
    PERFORM azhunt.add_hunt(
        'azhunt.new_cloudshell_user'::pg_catalog.regproc,
        tables => '{azureactivity}'::pg_catalog.text[],
        reach => 'window'::pg_catalog.text,
        result_key => '{account,time,ResourceGroup,AzureIP,address}'::pg_catalog.text[],
        title => 'New CloudShell User'::pg_catalog.text,
        description => 'Finds the callers that set up a Cloud Shell.'::pg_catalog.text,
        summary => '{account} set up a Cloud Shell from {address} in resource group {ResourceGroup}'::pg_catalog.text,
        tactics => '{Execution}'::pg_catalog.text[],
        techniques => '{T1059}'::pg_catalog.text[],
        id => '6d7214d9-4a28-44df-aafb-0910b9e6ae3e'::pg_catalog.uuid,
        entity_mappings => '[{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "account"}]},
                             {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "address"}]}]'::pg_catalog.jsonb);
END
$$;

/* src/runs/privileges.sql */

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
