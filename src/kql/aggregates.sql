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
