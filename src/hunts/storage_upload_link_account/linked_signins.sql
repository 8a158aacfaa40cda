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
