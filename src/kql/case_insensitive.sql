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
