/* azhunt--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION azhunt" to load this file. \quit

-- Whoever can create objects in the schema could have its functions called in
-- place of ours.
DO $$
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
          AND c.creator OPERATOR(pg_catalog.<>) ALL (ARRAY(
              SELECT r.oid FROM pg_catalog.pg_roles AS r
              WHERE r.rolsuper OR r.rolname OPERATOR(pg_catalog.=) CURRENT_USER)))
    THEN
        RAISE EXCEPTION 'schema azhunt exists, and another role can create objects in it'
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Drop the schema, or make its owner a superuser and revoke CREATE on it from all others.';
    END IF;
END
$$;

-- The hunts read the log tables, which do not exist yet.
SET LOCAL check_function_bodies = off;

--
-- strings
--

CREATE FUNCTION azhunt.strip_port(address text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_strip_port';

COMMENT ON FUNCTION azhunt.strip_port(text) IS
'the address in a.b.c.d:port, [v6]:port or bare IPv6, which comes out in canonical form; anything else up to its first colon, as KQL''s split(x, ":", 0)[0]';

CREATE FUNCTION azhunt.blob_name(uri text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_blob_name';

COMMENT ON FUNCTION azhunt.blob_name(text) IS
'KQL''s extract(@"\/([\w\-. ]+)\?", 1, uri): the name before the query string, the empty string where there is none';

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
'KQL''s has: the term occurs, ignoring ASCII case, and where it begins or ends with an ASCII letter or digit, none is next to it there';

--
-- =~ and its operator classes
--

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
'order of two texts by bytes, ignoring ASCII case: negative, zero or positive';

CREATE FUNCTION azhunt.hash(text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hash';
COMMENT ON FUNCTION azhunt.hash(text) IS 'hash of a text, ignoring ASCII case';

CREATE FUNCTION azhunt.hash_extended(text, bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_hash_extended';
COMMENT ON FUNCTION azhunt.hash_extended(text, bigint) IS
'hash of a text with a seed, ignoring ASCII case';

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
'equal, ignoring ASCII case: KQL''s =~';

CREATE OPERATOR azhunt.!=~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.not_equals,
    COMMUTATOR = OPERATOR(azhunt.!=~), NEGATOR = OPERATOR(azhunt.=~),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR azhunt.!=~ (text, text) IS
'not equal, ignoring ASCII case: KQL''s !~, whose name is PostgreSQL''s own';

CREATE OPERATOR azhunt.<~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.less,
    COMMUTATOR = OPERATOR(azhunt.>~), NEGATOR = OPERATOR(azhunt.>=~),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR azhunt.<~ (text, text) IS 'less by bytes, ignoring ASCII case';

CREATE OPERATOR azhunt.<=~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.less_or_equal,
    COMMUTATOR = OPERATOR(azhunt.>=~), NEGATOR = OPERATOR(azhunt.>~),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR azhunt.<=~ (text, text) IS 'less or equal by bytes, ignoring ASCII case';

CREATE OPERATOR azhunt.>~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.greater,
    COMMUTATOR = OPERATOR(azhunt.<~), NEGATOR = OPERATOR(azhunt.<=~),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR azhunt.>~ (text, text) IS 'greater by bytes, ignoring ASCII case';

CREATE OPERATOR azhunt.>=~ (
    LEFTARG = text, RIGHTARG = text, FUNCTION = azhunt.greater_or_equal,
    COMMUTATOR = OPERATOR(azhunt.<=~), NEGATOR = OPERATOR(azhunt.<~),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR azhunt.>=~ (text, text) IS 'greater or equal by bytes, ignoring ASCII case';

CREATE OPERATOR FAMILY azhunt.case_insensitive_ops USING btree;
COMMENT ON OPERATOR FAMILY azhunt.case_insensitive_ops USING btree IS
'texts ordered by bytes, ignoring ASCII case';

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
'texts hashed ignoring ASCII case';

CREATE OPERATOR CLASS azhunt.case_insensitive_ops
FOR TYPE text USING hash FAMILY azhunt.case_insensitive_ops AS
    OPERATOR 1 azhunt.=~,
    FUNCTION 1 azhunt.hash(text),
    FUNCTION 2 azhunt.hash_extended(text, bigint);
COMMENT ON OPERATOR CLASS azhunt.case_insensitive_ops USING hash IS
'for indexes and hash joins that =~ uses';

--
-- times
--

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
COMMENT ON FUNCTION azhunt.within_support(internal) IS 'planner support of within()';

CREATE FUNCTION azhunt.within(event timestamptz, anchor timestamptz, lookback interval)
RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.within_support
AS 'MODULE_PATHNAME', 'azhunt_within';

COMMENT ON FUNCTION azhunt.within(timestamptz, timestamptz, interval) IS
'anchor - lookback <= event <= anchor; a day has 24 hours; negative lookbacks and months are errors';

CREATE FUNCTION azhunt.window_start(anchor timestamptz, lookback interval)
RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_window_start';

COMMENT ON FUNCTION azhunt.window_start(timestamptz, interval) IS
'anchor - lookback, the earliest event that is within(); the earliest timestamp there is where the window reaches past it';

CREATE FUNCTION azhunt.window_end(event timestamptz, lookback interval)
RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_window_end';

COMMENT ON FUNCTION azhunt.window_end(timestamptz, interval) IS
'event + lookback, the latest anchor that the event is within() of; the latest timestamp there is where the window reaches past it';

--
-- dynamic values and aggregates
--

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

--
-- log tables
--

CREATE FUNCTION azhunt.ingest_xid() RETURNS bigint
LANGUAGE C STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'azhunt_ingest_xid';

COMMENT ON FUNCTION azhunt.ingest_xid() IS
'the 64-bit id of the current transaction, for the column ingestxid of the log tables';

CREATE FUNCTION azhunt.log_table_schemas()
RETURNS TABLE (log_table text, kusto_schema text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.log_table, t.kusto_schema
    FROM (VALUES
        ('storagebloblogs', '
            TimeGenerated:datetime, OperationName:string, StatusText:string, StatusCode:string,
            CallerIpAddress:string, Uri:string, UserAgentHeader:string, AccountName:string, CorrelationId:string,
            AccessTier:string, AuthenticationHash:string, AuthenticationType:string, AuthorizationDetails:dynamic,
            Category:string, ClientRequestId:string, ConditionsUsed:string, ContentLengthHeader:long,
            DestinationUri:string, DurationMs:real, Etag:string, LastModifiedTime:datetime, Location:string,
            MetricResponseType:string, ObjectKey:string, OperationCount:int, OperationVersion:string, Protocol:string,
            ReferrerHeader:string, RehydratePriority:string, RequestBodySize:long, RequesterAppId:string,
            RequesterAudience:string, RequesterObjectId:string, RequesterTenantId:string, RequesterTokenIssuer:string,
            RequesterUpn:string, RequestHeaderSize:long, RequestMd5:string, ResponseBodySize:long,
            ResponseHeaderSize:long, ResponseMd5:string, SasExpiryStatus:string, SchemaVersion:string,
            ServerLatencyMs:real, ServiceType:string, SourceAccessTier:string, SourceUri:string, TlsVersion:string'),
        ('storagefilelogs', '
            TimeGenerated:datetime, OperationName:string, StatusText:string, StatusCode:string,
            CallerIpAddress:string, Uri:string, UserAgentHeader:string, AccountName:string, CorrelationId:string,
            AuthenticationHash:string, AuthenticationType:string, AuthorizationDetails:dynamic,
            Category:string, ClientRequestId:string, ConditionsUsed:string, ContentLengthHeader:long,
            DurationMs:real, Etag:string, LastModifiedTime:datetime, Location:string,
            MetricResponseType:string, ObjectKey:string, OperationCount:int, OperationVersion:string, Protocol:string,
            ReferrerHeader:string, RequestBodySize:long, RequesterAppId:string, RequesterAudience:string,
            RequesterObjectId:string, RequesterTenantId:string, RequesterTokenIssuer:string, RequesterUpn:string,
            RequesterUserName:string, RequestHeaderSize:long, RequestMd5:string, ResponseBodySize:long,
            ResponseHeaderSize:long, ResponseMd5:string, SchemaVersion:string, ServerLatencyMs:real,
            ServiceType:string, SmbCommandDetail:string, SmbCommandMajor:int, SmbCommandMinor:string,
            SmbCreditsConsumed:int, SmbFileId:long, SmbMessageID:long, SmbPersistentHandleID:long,
            SmbPrimarySID:string, SmbSessionID:long, SmbTreeConnectID:int, SmbVolatileHandleID:long, TlsVersion:string'),
        ('signinlogs', '
            TimeGenerated:datetime, IPAddress:string, UserPrincipalName:string, UserAgent:string, ResultType:string,
            AppDisplayName:string, AADTenantId:string, Agent:string, AlternateSignInName:string, AppId:string,
            AppliedConditionalAccessPolicies:string, AppliedEventListeners:dynamic, AppOwnerTenantId:string,
            AuthenticationContextClassReferences:string, AuthenticationDetails:string, AuthenticationMethodsUsed:string,
            AuthenticationProcessingDetails:string, AuthenticationProtocol:string, AuthenticationRequirement:string,
            AuthenticationRequirementPolicies:string, AuthenticatorAppLocation:string, AutonomousSystemNumber:string,
            Category:string, ClientAppUsed:string, ClientCredentialType:string, ClientSessionId:string,
            ConditionalAccessAudiences:string, ConditionalAccessPolicies:dynamic, ConditionalAccessStatus:string,
            CorrelationId:string, CreatedDateTime:datetime, CrossTenantAccessType:string, DeviceDetail:dynamic,
            DurationMs:long, FederatedCredentialId:string, FlaggedForReview:bool, GlobalSecureAccessIpAddress:string,
            HomeTenantId:string, HomeTenantName:string, Id:string, Identity:string, IncomingTokenType:string,
            IPAddressFromResourceProvider:string, IsInteractive:bool, IsRisky:bool, IsTenantRestricted:bool,
            IsThroughGlobalSecureAccess:bool, Level:string, Location:string, LocationDetails:dynamic, MfaDetail:dynamic,
            NetworkLocationDetails:string, OperationName:string, OperationVersion:string, OriginalRequestId:string,
            OriginalTransferMethod:string, ProcessingTimeInMilliseconds:string, Resource:string,
            ResourceDisplayName:string, ResourceGroup:string, ResourceId:string, ResourceIdentity:string,
            ResourceOwnerTenantId:string, ResourceProvider:string, ResourceServicePrincipalId:string,
            ResourceTenantId:string, ResultDescription:string, ResultSignature:string, RiskDetail:string,
            RiskEventTypes:string, RiskEventTypes_V2:string, RiskLevel:string, RiskLevelAggregated:string,
            RiskLevelDuringSignIn:string, RiskState:string, ServicePrincipalId:string, ServicePrincipalName:string,
            SessionId:string, SessionLifetimePolicies:string, SignInEventTypes:string, SignInIdentifier:string,
            SignInIdentifierType:string, Status:dynamic, TokenIssuerName:string, TokenIssuerType:string,
            TokenProtectionStatusDetails:dynamic, UniqueTokenIdentifier:string, UserDisplayName:string, UserId:string,
            UserType:string'),
        ('aadnoninteractiveusersigninlogs', '
            TimeGenerated:datetime, IPAddress:string, UserPrincipalName:string, UserAgent:string, ResultType:string,
            AppDisplayName:string, AADTenantId:string, Agent:string, AlternateSignInName:string, AppId:string,
            AppliedConditionalAccessPolicies:string, AppliedEventListeners:dynamic, AppOwnerTenantId:string,
            AuthenticationContextClassReferences:string, AuthenticationDetails:string, AuthenticationMethodsUsed:string,
            AuthenticationProcessingDetails:string, AuthenticationProtocol:string, AuthenticationRequirement:string,
            AuthenticationRequirementPolicies:string, AuthenticatorAppLocation:string, AutonomousSystemNumber:string,
            Category:string, ClientAppUsed:string, ClientCredentialType:string, ClientSessionId:string,
            ConditionalAccessAudiences:string, ConditionalAccessPolicies:string, ConditionalAccessStatus:string,
            CorrelationId:string, CreatedDateTime:datetime, CrossTenantAccessType:string, DeviceDetail:string,
            DurationMs:long, FederatedCredentialId:string, FlaggedForReview:bool, GlobalSecureAccessIpAddress:string,
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
            UniqueTokenIdentifier:string, UserDisplayName:string, UserId:string, UserType:string'),
        ('azureactivity', '
            TimeGenerated:datetime, Caller:string, OperationNameValue:string, ActivityStatusValue:string,
            ResourceGroup:string, ActivityStatus:string, ActivitySubstatus:string, ActivitySubstatusValue:string,
            Authorization:string, Authorization_d:dynamic, CallerIpAddress:string, Category:string,
            CategoryValue:string, Claims:string, Claims_d:dynamic, CorrelationId:string, EventDataId:string,
            EventSubmissionTimestamp:datetime, Hierarchy:string, HTTPRequest:string, Level:string, OperationId:string,
            OperationName:string, Properties:string, Properties_d:dynamic, Resource:string, ResourceId:string,
            ResourceProvider:string, ResourceProviderValue:string, SubscriptionId:string')
    ) AS t (log_table, kusto_schema);
END;

COMMENT ON FUNCTION azhunt.log_table_schemas() IS
'the log tables and their columns as Microsoft documents them, in the form of Kusto''s .create table; every table also has the standard columns';

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
        pg_catalog.btrim(s.kusto_schema, E' \n')
            || ', SourceSystem:string, TenantId:string, Type:string, _BilledSize:real'
            || ', _IsBillable:string, _ResourceId:string, _SubscriptionId:string',
        ',\s+') WITH ORDINALITY AS c (definition, ordinal_position);
END;

COMMENT ON FUNCTION azhunt.log_table_columns() IS
'the columns of the log tables that come from Azure, with their types in Kusto and in PostgreSQL';

CREATE FUNCTION azhunt.log_table_indexes()
RETURNS TABLE (log_table text, index_name text, definition text, purpose text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT i.log_table, i.index_name, i.definition, i.purpose
    FROM (VALUES
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
        ('signinlogs', 'signinlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('signinlogs', 'signinlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('signinlogs', 'signinlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from the address of one upload, in its window'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from the address of one upload, in its window'),
        ('azureactivity', 'azureactivity_cloudshell_idx',
         'USING btree (timegenerated) INCLUDE (caller, resourcegroup)'
         ' WHERE operationnamevalue OPERATOR(azhunt.=~) ''Microsoft.Storage/storageAccounts/listKeys/action'''
         ' AND (activitystatusvalue OPERATOR(azhunt.=~) ''Success'''
         ' OR activitystatusvalue OPERATOR(azhunt.=~) ''Succeeded'')',
         'the few operations that may be the start of a Cloud Shell'),
        ('azureactivity', 'azureactivity_caller_idx',
         'USING btree ((coalesce(caller, '''')), timegenerated)',
         'operations of one caller in one hour'),
        ('azureactivity', 'azureactivity_ingestedat_idx',
         'USING brin (ingestedat, timegenerated) WITH (autosummarize = on)',
         'what arrived in a period'),
        ('azureactivity', 'azureactivity_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a scheduled hunt')
    ) AS i (log_table, index_name, definition, purpose);
END;

COMMENT ON FUNCTION azhunt.log_table_indexes() IS
'the indexes of the log tables, and what each is there for';

CREATE FUNCTION azhunt.create_log_tables() RETURNS SETOF regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
<<function>>
DECLARE
    log_table text;
    kind "char";
    item record;
BEGIN
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
        ELSIF kind <> 'p' THEN
            RAISE NOTICE 'azhunt.% is not a partitioned table, leaving it as it is', log_table;
            CONTINUE;
        END IF;

        -- a new table gets the columns that do not come from Azure, and one
        -- that an earlier version made gets what is new
        FOR item IN
            SELECT c.column_name, c.definition, c.comment
            FROM (
                SELECT a.column_name, a.data_type AS definition, NULL AS comment, a.ordinal_position
                FROM azhunt.log_table_columns() AS a
                WHERE a.log_table = function.log_table
                UNION ALL
                VALUES
                    ('additionalfields', 'jsonb',
                     'what a record brought that no other column takes', 10001),
                    ('ingestedat', 'timestamp with time zone DEFAULT now()',
                     'when the row arrived here', 10002),
                    ('ingestxid', 'bigint DEFAULT azhunt.ingest_xid()',
                     'id of the transaction that brought the row', 10003)
            ) AS c (column_name, definition, comment, ordinal_position)
            WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                              WHERE a.attrelid = format('azhunt.%I', log_table)::regclass
                                AND a.attname = c.column_name
                                AND NOT a.attisdropped)
            ORDER BY c.ordinal_position
        LOOP
            EXECUTE format('ALTER TABLE azhunt.%I ADD COLUMN %I %s',
                           log_table, item.column_name, item.definition);
            IF item.comment IS NOT NULL THEN
                EXECUTE format('COMMENT ON COLUMN azhunt.%I.%I IS %L',
                               log_table, item.column_name, item.comment);
            END IF;
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

    PERFORM azhunt.create_loaded_files();
END
$$;

COMMENT ON FUNCTION azhunt.create_log_tables() IS
'creates the five log tables and the ledger of azhunt-load, which belong to the caller and not to the extension, and returns the log tables that were not there; called again, adds only columns, defaults and indexes that are missing';

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
    CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                    '^FOR VALUES FROM \((.*)\) TO \((.*)\)$') AS b (bounds)
    WHERE i.inhparent = $1 AND b.bounds IS NOT NULL
$$;

COMMENT ON FUNCTION azhunt.partition_bounds(regclass) IS
'the partitions, but the default one, of a table that is partitioned by range of one timestamp with time zone, each with its first time and the first time after it';

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
    WITH target AS (
        SELECT a.relid FROM pg_partition_ancestors($1) AS a
    )
    SELECT format('Trigger %I of %s would fire.', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger AS t
    WHERE t.tgrelid = $1 AND NOT t.tgisinternal
    UNION ALL
    SELECT format('Foreign key %I of %s refers to these rows.', k.conname, k.conrelid::regclass)
    FROM pg_constraint AS k
    WHERE k.contype = 'f' AND k.confrelid IN (SELECT relid FROM target)
    UNION ALL
    SELECT format('Publication %I would publish that they are deleted.', p.pubname)
    FROM pg_publication AS p
    JOIN pg_publication_tables AS t ON t.pubname = p.pubname
    WHERE p.pubdelete
      AND to_regclass(format('%I.%I', t.schemaname, t.tablename)) IN (SELECT relid FROM target)
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
AS $$
DECLARE
    schema_name name;
    table_name name;
    owner name;
    time_column name;
    default_partition regclass;
    tablespace name;
    column_list text;
    obstacle text;
    missing date[];
    day date;
    partition_name text;
    partition text;
    rows_of_day text;
    has_rows boolean;
BEGIN
    SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner), a.attname, nullif(p.partdefid, 0), t.spcname
    INTO schema_name, table_name, owner, time_column, default_partition, tablespace
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table AS p ON p.partrelid = c.oid
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    LEFT JOIN pg_tablespace AS t ON t.oid = c.reltablespace
    WHERE c.oid = "table" AND p.partstrat = 'r' AND p.partnatts = 1
      AND a.atttypid = 'timestamp with time zone'::regtype;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not partitioned by range of one timestamp with time zone',
                        coalesce("table"::text, 'NULL')
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'azhunt.create_log_tables() makes tables that are.';
    END IF;

    -- the owner's constraints and triggers run with the rights of the caller
    IF owner <> current_user THEN
        RAISE EXCEPTION 'must be owner of table %', "table"
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('SET ROLE %I, or change the owner of the table.', owner);
    END IF;

    IF (since < until AND isfinite(since) AND isfinite(until)) IS NOT TRUE THEN
        RAISE EXCEPTION 'since must be before until, and both finite: % to %',
                        coalesce(since::text, 'NULL'), coalesce(until::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Days are counted in UTC; until is the day after the last that gets a partition.';
    END IF;

    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', "table");
    missing := azhunt.missing_days("table", since, until);
    IF missing = '{}' THEN
        RETURN;
    END IF;

    IF default_partition IS NOT NULL THEN
        -- no rows of these days may come into it meanwhile
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', default_partition);
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
                       partition, "table", ' TABLESPACE ' || quote_ident(tablespace));
        IF default_partition IS NOT NULL THEN
            rows_of_day := format('FROM %1$s WHERE %2$I >= %3$L AND %2$I < %4$L', default_partition,
                                  time_column, day::timestamptz, (day + 1)::timestamptz);
            EXECUTE format('SELECT EXISTS (SELECT %s)', rows_of_day) INTO has_rows;
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
        RETURN NEXT partition::regclass;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.add_partitions(regclass, date, date) IS
'adds the daily partitions, of days in UTC, from since up to but not including until, that a log table lacks; moves rows of these days out of the default partition, unless triggers, foreign keys or publications would take them for deleted; returns the partitions that it added; only for the owner of the table';

REVOKE EXECUTE ON FUNCTION azhunt.add_partitions(regclass, date, date) FROM PUBLIC;

--
-- loaded files
--

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
        loadedat timestamp with time zone NOT NULL DEFAULT now(),
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
    COMMENT ON COLUMN azhunt.loaded_files.loadedat IS
    'when the transaction began in which the file was loaded';
    RETURN true;
END
$$;

COMMENT ON FUNCTION azhunt.create_loaded_files() IS
'creates the ledger of azhunt-load, azhunt.loaded_files, which belongs to the caller as the log tables do; returns false if it is there already';

--
-- checks of the hunts' arguments
--

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

--
-- hunt: storage upload link account
--

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
    FROM (
        SELECT f.timegenerated, f.operationname, f.statustext, f.statuscode, f.calleripaddress,
               f.uri, f.useragentheader, f.accountname, f.correlationid
        FROM azhunt.storagefilelogs AS f
        UNION ALL
        SELECT b.timegenerated, b.operationname, b.statustext, b.statuscode, b.calleripaddress,
               b.uri, b.useragentheader, b.accountname, b.correlationid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    -- a null bound would prune all partitions, and with them its check
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(unchecked_uploads.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(unchecked_uploads.until, 'infinity')
      AND l.operationname OPERATOR(azhunt.=~) ANY (unchecked_uploads.operations)
      AND (l.statustext OPERATOR(azhunt.=~) 'Success'
           OR l.statustext OPERATOR(azhunt.=~) 'Succeeded'
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
    WHERE azhunt.check_text(uploads.target_file, 'target_file', true)
      AND azhunt.check_operations(uploads.operations)
      AND azhunt.check_period(uploads.since, uploads.until)
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
        SELECT s.timegenerated, s.userprincipalname, s.ipaddress, s.useragent, s.resulttype,
               s.appdisplayname, true AS isinteractive
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated, n.userprincipalname, n.ipaddress, n.useragent, n.resulttype,
               n.appdisplayname, false
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
    ) AS l
    -- a null bound would prune all partitions, and with them its check
    WHERE l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(unchecked_signins.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(unchecked_signins.until, 'infinity')
      AND (l.isinteractive OR unchecked_signins.include_noninteractive)
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
    WHERE azhunt.check_flag(signins.include_noninteractive, 'include_noninteractive')
      AND azhunt.check_flag(signins.successful_only, 'successful_only')
      AND azhunt.check_period(signins.since, signins.until)
$$;

COMMENT ON FUNCTION azhunt.signins(boolean, boolean, timestamptz, timestamptz) IS
'sign-ins in SigninLogs, and on request AADNonInteractiveUserSignInLogs, from since to until, both included; IPAddress in the form that strip_port() gives; a missing text is empty, but a missing address null; successful_only keeps those of ResultType 0';

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
               azhunt.make_set(m.login ORDER BY m.logintime, m.account, m.loginuseragent, m.address) AS logins,
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
                   azhunt.bag_pack('AccountUsed', s.userprincipalname,
                                   'IPUsed', s.ipaddress,
                                   'AzureLoginTime', s.timegenerated,
                                   'UserAgent', s.useragent) AS login
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
      AND azhunt.check_text(storage_upload_link_account.target_file, 'target_file', true)
      AND azhunt.check_flag(storage_upload_link_account.match_user_agent, 'match_user_agent')
      AND azhunt.check_operations(storage_upload_link_account.operations)
      AND azhunt.check_flag(storage_upload_link_account.include_noninteractive, 'include_noninteractive')
      AND azhunt.check_flag(storage_upload_link_account.successful_only, 'successful_only')
      AND azhunt.check_period(storage_upload_link_account.since, storage_upload_link_account.until)
$$;

COMMENT ON FUNCTION azhunt.storage_upload_link_account(interval, text, boolean, text[], boolean, boolean, timestamptz, timestamptz) IS
'hunt: the accounts that signed in, from the address that a file was uploaded from, at most lookback before the upload; a row for each URI, operation and user agent of uploads from since to until, both included';

--
-- hunt: Cloud Shell usage
--

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
               azhunt.make_set(a.operationnamevalue) AS set_operationnamevalue
        FROM (
            SELECT DISTINCT
                   COALESCE(a.caller, '') AS caller,
                   azhunt.bin(a.timegenerated, cloudshell_usage.bin) AS timekey
            FROM azhunt.azureactivity AS a
            WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'
              AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'
                   OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded')
              AND azhunt.has(a.resourcegroup, cloudshell_usage.resource_group)
              -- a bin that starts earlier ends before the lookback does
              AND a.timegenerated OPERATOR(pg_catalog.>=)
                  azhunt.window_start(azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback),
                                      cloudshell_usage.bin)
              AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_usage.as_of
        ) AS s
        JOIN azhunt.azureactivity AS a
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
          AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'
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
      AND azhunt.check_text(cloudshell_usage.resource_group, 'resource_group', false)
      AND azhunt.check_as_of(cloudshell_usage.as_of)
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
               azhunt.make_set(a.operationnamevalue) AS set_operationnamevalue,
               pg_catalog.count(*) AS operations,
               pg_catalog.max(a.timegenerated) AS lastoperation
        FROM (
            SELECT DISTINCT
                   COALESCE(a.caller, '') AS caller,
                   a.timegenerated AS starttime
            FROM azhunt.azureactivity AS a
            WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'
              AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'
                   OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded')
              AND azhunt.has(a.resourcegroup, cloudshell_sessions.resource_group)
              AND a.timegenerated OPERATOR(pg_catalog.>=)
                  azhunt.window_start(cloudshell_sessions.as_of, cloudshell_sessions.lookback)
              AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_sessions.as_of
        ) AS s
        JOIN azhunt.azureactivity AS a
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
          AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'
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
      AND azhunt.check_text(cloudshell_sessions.resource_group, 'resource_group', false)
      AND azhunt.check_as_of(cloudshell_sessions.as_of)
$$;

COMMENT ON FUNCTION azhunt.cloudshell_sessions(interval, interval, text, timestamptz) IS
'hunt: what else a caller did after each start of a Cloud Shell, within the window that begins with it, whatever the hour; looks back from as_of';

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

CREATE FUNCTION azhunt.texts_hash(VARIADIC texts text[]) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.sha256(pg_catalog.decode(pg_catalog.replace(texts::pg_catalog.text, '\', '\\'), 'escape'));

COMMENT ON FUNCTION azhunt.texts_hash(text[]) IS
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
               AND azhunt.check_text(options ->> 'target_file', 'target_file', true)
               AND azhunt.check_operations(ARRAY(SELECT jsonb_array_elements_text(options -> 'operations')));
    ELSE
        RETURN azhunt.check_bin((options ->> 'bin')::interval)
               AND azhunt.check_text(options ->> 'resource_group', 'resource_group', false);
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.check_options(text, jsonb) IS
'true, or an error if the hunt is unknown or does not take these options';

CREATE TABLE azhunt.scheduled_hunts (
    name text PRIMARY KEY CHECK (name OPERATOR(pg_catalog.<>) ''),
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

CREATE SEQUENCE azhunt.runs_run_seq;
COMMENT ON SEQUENCE azhunt.runs_run_seq IS 'ids of runs';
SELECT pg_catalog.pg_extension_config_dump('azhunt.runs_run_seq', '');

CREATE TABLE azhunt.runs (
    run bigint PRIMARY KEY DEFAULT pg_catalog.nextval('azhunt.runs_run_seq'),
    hunt text NOT NULL REFERENCES azhunt.scheduled_hunts,
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
    hunt text PRIMARY KEY REFERENCES azhunt.scheduled_hunts,
    snapshot pg_snapshot,
    system_identifier text NOT NULL
);

COMMENT ON TABLE azhunt.watermarks IS
'the snapshot of each hunt''s last successful run, null if the next is to start over, and the cluster whose transactions it is about';
SELECT pg_catalog.pg_extension_config_dump('azhunt.watermarks', '');

-- No foreign key to runs: its checks would wait in memory for the end of a
-- run, and the first may find many millions.
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

--
-- scheduled hunts: what is joined
--

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
        SELECT f.timegenerated, f.operationname, f.statustext, f.statuscode, f.calleripaddress,
               f.uri, f.useragentheader, f.accountname, f.correlationid, f.ingestxid
        FROM azhunt.storagefilelogs AS f
        UNION ALL
        SELECT b.timegenerated, b.operationname, b.statustext, b.statuscode, b.calleripaddress,
               b.uri, b.useragentheader, b.accountname, b.correlationid, b.ingestxid
        FROM azhunt.storagebloblogs AS b
    ) AS l
    WHERE l.operationname OPERATOR(azhunt.=~) ANY (hunted_uploads.operations)
      -- for the indexes; all operations that a hunt can have are uploads
      AND azhunt.is_upload(l.operationname)
      AND (l.statustext OPERATOR(azhunt.=~) 'Success'
           OR l.statustext OPERATOR(azhunt.=~) 'Succeeded'
           -- SMB and NFS records have no status text
           OR COALESCE(l.statustext, '') OPERATOR(pg_catalog.=) ''
              AND l.statuscode OPERATOR(pg_catalog.=) '0')
      AND (hunted_uploads.target_file IS NULL
           OR azhunt.blob_name(l.uri) OPERATOR(azhunt.=~) hunted_uploads.target_file
           OR azhunt.file_name(l.uri) OPERATOR(azhunt.=~) hunted_uploads.target_file)
$$;

COMMENT ON FUNCTION azhunt.hunted_uploads(text, text[]) IS
'as uploads(), of all time and with ingestxid';

CREATE FUNCTION azhunt.hunted_signins(include_noninteractive boolean, successful_only boolean)
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
        SELECT s.timegenerated, s.userprincipalname, s.ipaddress, s.useragent, s.resulttype,
               s.ingestxid, true AS isinteractive
        FROM azhunt.signinlogs AS s
        UNION ALL
        SELECT n.timegenerated, n.userprincipalname, n.ipaddress, n.useragent, n.resulttype,
               n.ingestxid, false
        FROM azhunt.aadnoninteractiveusersigninlogs AS n
    ) AS l
    WHERE (l.isinteractive OR hunted_signins.include_noninteractive)
      AND (NOT hunted_signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.hunted_signins(boolean, boolean) IS
'as signins(), of all time and with ingestxid';

CREATE FUNCTION azhunt.hunted_shell_starts(resource_group text)
RETURNS TABLE (starttime timestamptz, caller text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT a.timegenerated, COALESCE(a.caller, ''), a.ingestxid
    FROM azhunt.azureactivity AS a
    WHERE a.operationnamevalue OPERATOR(azhunt.=~) 'Microsoft.Storage/storageAccounts/listKeys/action'
      AND (a.activitystatusvalue OPERATOR(azhunt.=~) 'Success'
           OR a.activitystatusvalue OPERATOR(azhunt.=~) 'Succeeded')
      AND azhunt.has(a.resourcegroup, hunted_shell_starts.resource_group)
$$;

COMMENT ON FUNCTION azhunt.hunted_shell_starts(text) IS
'the operations, of all time, by which a Cloud Shell starts';

CREATE FUNCTION azhunt.hunted_operations()
RETURNS TABLE (operationtime timestamptz, caller text, operationnamevalue text, ingestxid bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT a.timegenerated, COALESCE(a.caller, ''), a.operationnamevalue, a.ingestxid
    FROM azhunt.azureactivity AS a
    WHERE a.operationnamevalue OPERATOR(pg_catalog.<>) ''
      AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'
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

--
-- scheduled hunts: the joins
--
-- Each hunt has one function for a run that starts over, whose plan is the
-- planner's choice as for the ad-hoc hunt, and one for a run that reads only
-- what is new.  The second must not depend on what the planner knows about
-- rows that came a moment ago.  It goes from each new row to its partners,
-- which OFFSET 0 ensures, by index.
--

CREATE FUNCTION azhunt.find_all_storage_upload_link_account(
    name text, options jsonb, run bigint, started timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    lookback_option interval := options ->> 'lookback';
    match_option boolean := options ->> 'match_user_agent';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.storage_upload_link_account_facts (
        hunt, uploadtime, operationname, uri, useragentheader, address, storageaccount, correlationid,
        logintime, account, loginuseragent, texts_hash, resultid, run, foundat)
    SELECT $1, u.uploadtime, u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
           u.correlationid, s.logintime, s.account, s.loginuseragent,
           azhunt.texts_hash(u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
                             u.correlationid, s.account, s.loginuseragent),
           encode(substr(azhunt.texts_hash($1, u.uri, u.operationname, u.useragentheader), 1, 16), 'hex')::uuid,
           $3, $4
    FROM azhunt.hunted_uploads(
             options ->> 'target_file',
             ARRAY(SELECT jsonb_array_elements_text(options -> 'operations'))) AS u
    JOIN azhunt.hunted_signins(
             (options ->> 'include_noninteractive')::boolean,
             (options ->> 'successful_only')::boolean) AS s
      ON s.address = u.address
     AND azhunt.within(s.logintime, u.uploadtime, lookback_option)
     -- says the same, for the pruning of partitions
     AND s.logintime >= azhunt.window_start(u.uploadtime, lookback_option)
     AND s.logintime <= u.uploadtime
     AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
    WHERE u.address <> ''
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_all_storage_upload_link_account(text, jsonb, bigint, timestamptz) IS
'stores the matches of all uploads and sign-ins that are not there, and counts them';

CREATE FUNCTION azhunt.find_new_storage_upload_link_account(
    name text, options jsonb, run bigint, started timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
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
           azhunt.texts_hash(m.operationname, m.uri, m.useragentheader, m.address, m.storageaccount,
                             m.correlationid, m.account, m.loginuseragent),
           encode(substr(azhunt.texts_hash($1, m.uri, m.operationname, m.useragentheader), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, u.address, u.storageaccount,
               u.correlationid, s.logintime, s.account, s.loginuseragent
        FROM azhunt.hunted_uploads(file_option, operations_option) AS u
        CROSS JOIN LATERAL (
            SELECT s.logintime, s.account, s.loginuseragent
            FROM azhunt.hunted_signins(noninteractive_option, successful_option) AS s
            WHERE s.address = u.address
              AND s.logintime >= azhunt.window_start(u.uploadtime, lookback_option)
              AND s.logintime <= u.uploadtime
              AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
            OFFSET 0
        ) AS s
        WHERE azhunt.is_new(u.ingestxid, $5, $6, $7) AND u.address <> ''
        UNION ALL
        SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, s.address, u.storageaccount,
               u.correlationid, s.logintime, s.account, s.loginuseragent
        FROM azhunt.hunted_signins(noninteractive_option, successful_option) AS s
        CROSS JOIN LATERAL (
            SELECT u.uploadtime, u.operationname, u.uri, u.useragentheader, u.storageaccount,
                   u.correlationid
            FROM azhunt.hunted_uploads(file_option, operations_option) AS u
            WHERE u.address = s.address
              AND u.uploadtime >= s.logintime
              AND u.uploadtime <= azhunt.window_end(s.logintime, lookback_option)
              AND (NOT match_option OR s.loginuseragent OPERATOR(azhunt.=~) u.useragentheader)
            OFFSET 0
        ) AS u
        WHERE azhunt.is_new(s.ingestxid, $5, $6, $7) AND s.address <> ''
    ) AS m
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_new_storage_upload_link_account(text, jsonb, bigint, timestamptz, bigint, bigint, bigint[]) IS
'stores the matches of new uploads with all sign-ins, and of new sign-ins with all uploads, that are not there, and counts them';

CREATE FUNCTION azhunt.find_all_cloudshell_usage(
    name text, options jsonb, run bigint, started timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    bin_option interval := options ->> 'bin';
    found_results bigint;
BEGIN
    INSERT INTO azhunt.cloudshell_usage_facts (
        hunt, timekey, caller, operationnamevalue, texts_hash, resultid, run, foundat)
    SELECT DISTINCT $1, s.timekey, s.caller, o.operationnamevalue,
           azhunt.texts_hash(s.caller, o.operationnamevalue),
           encode(substr(azhunt.texts_hash($1, s.caller, extract(epoch FROM s.timekey)::text), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT DISTINCT s.caller, azhunt.bin(s.starttime, bin_option) AS timekey
        FROM azhunt.hunted_shell_starts(options ->> 'resource_group') AS s
    ) AS s
    JOIN azhunt.hunted_operations() AS o
      ON o.caller = s.caller
     AND o.operationtime >= s.timekey
     AND o.operationtime < azhunt.bin_end(s.timekey, bin_option)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_all_cloudshell_usage(text, jsonb, bigint, timestamptz) IS
'stores the operations of all callers in all bins of time with a Cloud Shell that are not there, and counts them';

CREATE FUNCTION azhunt.find_new_cloudshell_usage(
    name text, options jsonb, run bigint, started timestamptz,
    first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
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
           azhunt.texts_hash(m.caller, m.operationnamevalue),
           encode(substr(azhunt.texts_hash($1, m.caller, extract(epoch FROM m.timekey)::text), 1, 16), 'hex')::uuid,
           $3, $4
    FROM (
        SELECT s.timekey, s.caller, o.operationnamevalue
        FROM (
            SELECT DISTINCT s.caller, azhunt.bin(s.starttime, bin_option) AS timekey
            FROM azhunt.hunted_shell_starts(group_option) AS s
            WHERE azhunt.is_new(s.ingestxid, $5, $6, $7)
        ) AS s
        CROSS JOIN LATERAL (
            SELECT o.operationnamevalue
            FROM azhunt.hunted_operations() AS o
            WHERE o.caller = s.caller
              AND o.operationtime >= s.timekey
              AND o.operationtime < azhunt.bin_end(s.timekey, bin_option)
            OFFSET 0
        ) AS o
        UNION
        SELECT o.timekey, o.caller, o.operationnamevalue
        FROM (
            SELECT DISTINCT o.caller, azhunt.bin(o.operationtime, bin_option) AS timekey, o.operationnamevalue
            FROM azhunt.hunted_operations() AS o
            WHERE azhunt.is_new(o.ingestxid, $5, $6, $7)
        ) AS o
        CROSS JOIN LATERAL (
            SELECT
            FROM azhunt.hunted_shell_starts(group_option) AS s
            WHERE s.caller = o.caller
              AND s.starttime >= o.timekey
              AND s.starttime < azhunt.bin_end(o.timekey, bin_option)
            LIMIT 1
        ) AS s
    ) AS m
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS found_results = ROW_COUNT;
    RETURN found_results;
END
$$;

COMMENT ON FUNCTION azhunt.find_new_cloudshell_usage(text, jsonb, bigint, timestamptz, bigint, bigint, bigint[]) IS
'stores the operations in bins of time with a new Cloud Shell, and the new operations in bins with any Cloud Shell, that are not there, and counts them';

CREATE FUNCTION azhunt.count_new_rows(
    tables text[], first_xid bigint, end_xid bigint, unfinished_xids bigint[])
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    log_table text;
    log_rows bigint;
    counts jsonb := '{}';
BEGIN
    FOREACH log_table IN ARRAY tables LOOP
        EXECUTE format('SELECT count(*) FROM azhunt.%I AS l WHERE azhunt.is_new(l.ingestxid, $1, $2, $3)',
                       log_table)
        INTO log_rows
        USING first_xid, end_xid, unfinished_xids;
        counts := counts || jsonb_build_object(log_table, log_rows);
    END LOOP;
    RETURN counts;
END
$$;

COMMENT ON FUNCTION azhunt.count_new_rows(text[], bigint, bigint, bigint[]) IS
'how many rows of log tables is_new() is true of';

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

--
-- scheduled hunts: runs
--

CREATE FUNCTION azhunt.check_log_tables(tables text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table text;
    relation regclass;
    part record;
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

        FOR part IN
            SELECT c.oid::regclass AS relation, c.relkind, c.relowner
            FROM pg_class AS c
            WHERE c.oid = relation
               OR c.oid IN (SELECT t.relid FROM pg_partition_tree(relation) AS t)
        LOOP
            IF part.relkind = 'f' THEN
                RAISE EXCEPTION 'a scheduled hunt cannot tell the new rows of foreign table %', part.relation
                    USING ERRCODE = 'wrong_object_type',
                          HINT = 'Replicate the table here; or hunt ad hoc, which foreign tables serve as well.';
            -- whoever owns a relation can have code run by those who read it
            ELSIF NOT pg_has_role(part.relowner, current_user, 'USAGE') THEN
                RAISE EXCEPTION 'the owner of %, %, is not trusted by %, who runs hunts',
                                part.relation, pg_get_userbyid(part.relowner), current_user
                    USING ERRCODE = 'insufficient_privilege',
                          DETAIL = 'Scheduled hunts run with the rights of the owner of azhunt.run_hunt_in_transaction(text), who reads the table.',
                          HINT = format('Give the table to %s; or the function to the table''s owner.', current_user);
            END IF;
        END LOOP;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.check_log_tables(text[]) IS
'an error if a scheduled hunt cannot read these log tables: they are not there, do not say what is new, or belong to a role that the current one does not trust';

CREATE FUNCTION azhunt.reason_to_start_over(hunt text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watermark record;
BEGIN
    SELECT w.snapshot, w.system_identifier INTO watermark
    FROM azhunt.watermarks AS w WHERE w.hunt = $1;
    RETURN CASE
        WHEN NOT FOUND THEN 'first run'
        WHEN watermark.snapshot IS NULL THEN 'restart_hunt() was called'
        WHEN watermark.system_identifier <> (SELECT s.system_identifier::text FROM pg_control_system() AS s)
            THEN 'last run was in another cluster'
        WHEN pg_snapshot_xmax(watermark.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
            THEN 'transaction ids are lower than at the last run'
    END;
END
$$;

COMMENT ON FUNCTION azhunt.reason_to_start_over(text) IS
'why the next run of a hunt has to read all rows; null if it has not';

CREATE FUNCTION azhunt.find_results(hunt text, run bigint, started timestamptz, snapshot pg_snapshot)
RETURNS TABLE (started_over text, rows_read jsonb, new_results bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    instance azhunt.hunts;
    seen pg_snapshot;
    first_xid bigint;
    end_xid bigint := pg_snapshot_xmax(snapshot)::text;
    unfinished_xids bigint[];
BEGIN
    SELECT h.* INTO instance FROM azhunt.hunts AS h WHERE h.name = hunt;
    PERFORM azhunt.check_log_tables(instance.tables);

    started_over := azhunt.reason_to_start_over(hunt);
    IF started_over IS NOT NULL THEN
        rows_read := azhunt.count_all_rows(instance.tables);
        new_results := CASE instance.hunt
            WHEN 'storage_upload_link_account'
            THEN azhunt.find_all_storage_upload_link_account(hunt, instance.options, run, started)
            ELSE azhunt.find_all_cloudshell_usage(hunt, instance.options, run, started)
        END;
        RETURN NEXT;
        RETURN;
    END IF;

    seen := (SELECT w.snapshot FROM azhunt.watermarks AS w WHERE w.hunt = hunt);
    first_xid := pg_snapshot_xmax(seen)::text;
    -- with what this transaction itself has written
    unfinished_xids := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(seen) AS x)
                       || pg_current_xact_id()::text::bigint;
    rows_read := azhunt.count_new_rows(instance.tables, first_xid, end_xid, unfinished_xids);
    new_results := CASE instance.hunt
        WHEN 'storage_upload_link_account'
        THEN azhunt.find_new_storage_upload_link_account(hunt, instance.options, run, started,
                                                         first_xid, end_xid, unfinished_xids)
        ELSE azhunt.find_new_cloudshell_usage(hunt, instance.options, run, started,
                                              first_xid, end_xid, unfinished_xids)
    END;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION azhunt.find_results(text, bigint, timestamptz, pg_snapshot) IS
'stores what a run finds in the rows that the snapshot sees and the last run''s did not; says why it read all rows instead, if it did';

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
        VALUES (name, started, clock_timestamp(), 'skipped', 'another run of this hunt is going on', session_user)
        RETURNING runs.run INTO function.run;
        RETURN function.run;
    END IF;

    -- The snapshot that is stored comes before all that reads rows: what was
    -- committed in between is read by this run and the next, never by none.
    run := nextval('azhunt.runs_run_seq');
    snapshot := pg_current_snapshot();
    SELECT * INTO found_results FROM azhunt.find_results(name, run, started, snapshot);

    INSERT INTO azhunt.watermarks (hunt, snapshot, system_identifier)
    VALUES (name, snapshot, (SELECT s.system_identifier::text FROM pg_control_system() AS s))
    ON CONFLICT (hunt) DO UPDATE
    SET snapshot = EXCLUDED.snapshot, system_identifier = EXCLUDED.system_identifier;
    INSERT INTO azhunt.runs (run, hunt, started, finished, status, started_over, rows_read, new_results, snapshot, run_by)
    VALUES (function.run, name, started, clock_timestamp(), 'succeeded', found_results.started_over,
            found_results.rows_read, found_results.new_results, snapshot, session_user);
    IF found_results.new_results > 0 THEN
        PERFORM pg_notify('azhunt', json_build_object('hunt', name, 'new_results', found_results.new_results)::text);
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
BEGIN
    INSERT INTO azhunt.runs (hunt, started, finished, status, sqlstate, error, run_by)
    SELECT h.name, $2, clock_timestamp(), 'failed', $3, $4, session_user
    FROM azhunt.scheduled_hunts AS h
    WHERE h.name = $1;
END
$$;

COMMENT ON FUNCTION azhunt.record_failed_run(text, timestamptz, text, text) IS
'records in azhunt.runs that a run failed; used by run_hunt()';

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
    UPDATE azhunt.watermarks AS w SET snapshot = NULL WHERE w.hunt = $1;
    PERFORM FROM azhunt.scheduled_hunts AS h WHERE h.name = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%"', name
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists them.';
    END IF;
END
$$;

COMMENT ON FUNCTION azhunt.restart_hunt(text) IS
'has the next run of a scheduled hunt read all rows again, as after rows were loaded with an ingestxid of their own; what it has found stays and is not announced again';

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
    IF (NEW.name, NEW.hunt, NEW.options) IS DISTINCT FROM (OLD.name, OLD.hunt, OLD.options)
       AND EXISTS (SELECT FROM azhunt.runs AS r WHERE r.hunt = OLD.name) THEN
        RAISE EXCEPTION 'scheduled hunt "%" has run, and its results are those of its options', OLD.name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make another one with the new options; azhunt.drop_hunt() removes the old one with its results.';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION azhunt.keep_options() IS
'trigger: refuses to change a scheduled hunt that has run';

CREATE TRIGGER keep_options BEFORE UPDATE ON azhunt.scheduled_hunts
FOR EACH ROW EXECUTE FUNCTION azhunt.keep_options();
COMMENT ON TRIGGER keep_options ON azhunt.scheduled_hunts IS
'a hunt that has run keeps its name and options, of which its results are';

--
-- scheduled hunts: triage and allow-list
--

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
'addresses, accounts, user agents and storage accounts, compared ignoring ASCII case, whose matches the result views hide; view hidden_results counts what each entry hides';
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

--
-- scheduled hunts: results
--

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
           azhunt.make_set(f.login ORDER BY f.logintime, f.account COLLATE pg_catalog."C", f.loginuseragent COLLATE pg_catalog."C", f.address COLLATE pg_catalog."C")
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
               azhunt.bag_pack('AccountUsed', f.account,
                               'IPUsed', f.address,
                               'AzureLoginTime', f.logintime,
                               'UserAgent', f.loginuseragent) AS login
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
           azhunt.make_set(f.operationnamevalue) FILTER (WHERE NOT f.hidden) AS set_operationnamevalue,
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
       azhunt.bag_pack('Caller', c.caller, 'timekey', c.timekey, 'set_OperationNameValue', c.set_operationnamevalue),
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

--
-- scheduled hunts: are the logs still coming?
--

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

CREATE FUNCTION azhunt.source_health_of(log_table text, as_of timestamptz)
RETURNS TABLE (newest_event timestamptz, newest_arrival timestamptz,
               median_delay interval, p95_delay interval,
               rows_last_hour bigint, rows_hour_before bigint, rows_hour_day_before bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass := format('azhunt.%I', log_table);
    arrivals text := format('SELECT count(*) FROM %s WHERE ingestedat > $1 AND ingestedat <= $1 + interval ''1 hour''',
                            relation);
BEGIN
    newest_event := azhunt.latest(relation, 'timegenerated', as_of);
    newest_arrival := azhunt.latest(relation, 'ingestedat', as_of);
    EXECUTE arrivals INTO rows_last_hour USING as_of - interval '1 hour';
    EXECUTE arrivals INTO rows_hour_before USING as_of - interval '2 hours';
    EXECUTE arrivals INTO rows_hour_day_before USING as_of - interval '25 hours';
    EXECUTE format('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY l.delay),'
                   ' percentile_cont(0.95) WITHIN GROUP (ORDER BY l.delay)'
                   ' FROM (SELECT CASE WHEN isfinite(timegenerated) AND isfinite(ingestedat)'
                   '               THEN ingestedat - timegenerated END AS delay'
                   '       FROM %s WHERE ingestxid IS NOT NULL ORDER BY ingestxid DESC LIMIT 10000) AS l', relation)
    INTO median_delay, p95_delay;
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
                        WHEN h.newest_arrival > as_of - interval '1 hour' THEN 'flowing'
                        WHEN h.newest_arrival > as_of - interval '24 hours' THEN 'quiet'
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
AS $$
#variable_conflict use_column
DECLARE
    options jsonb := (SELECT h.options FROM azhunt.hunts AS h
                      WHERE h.name = $1 AND h.hunt = 'storage_upload_link_account');
BEGIN
    IF options IS NULL THEN
        RAISE EXCEPTION 'there is no scheduled hunt "%" for uploads', coalesce($1, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'View azhunt.hunts lists the scheduled hunts.';
    END IF;
    PERFORM azhunt.check_bin(width);
    PERFORM azhunt.check_log_tables('{storagebloblogs,storagefilelogs}');
    RETURN QUERY
    SELECT azhunt.bin(u.timegenerated, width), count(*)
    FROM azhunt.uploads(options ->> 'target_file',
                        ARRAY(SELECT jsonb_array_elements_text(options -> 'operations')), since, until) AS u
    GROUP BY 1
    ORDER BY 1;
END
$$;

COMMENT ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) IS
'how many uploads the logs have that a scheduled hunt looks at, linked to an account or not, for each width of time from since to until; for those who may not read the logs';

REVOKE EXECUTE ON FUNCTION azhunt.upload_counts(text, timestamptz, timestamptz, interval) FROM PUBLIC;

--
-- scheduled hunts: retention
--

CREATE FUNCTION azhunt.prune(keep interval, keep_log_partitions interval DEFAULT NULL)
RETURNS TABLE (relation text, removed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before timestamptz := now() - keep;
    fact_table text;
    log_table text;
    part record;
BEGIN
    IF (keep >= interval '0') IS NOT TRUE OR keep_log_partitions < interval '0' THEN
        RAISE EXCEPTION 'what is kept must be a time that is not negative'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'As in azhunt.prune(''90 days'').';
    END IF;

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

    FOR log_table IN
        SELECT s.log_table FROM azhunt.log_table_schemas() AS s
        WHERE keep_log_partitions IS NOT NULL AND to_regclass('azhunt.' || s.log_table) IS NOT NULL
    LOOP
        FOR part IN
            SELECT b.partition FROM azhunt.partition_bounds(('azhunt.' || log_table)::regclass) AS b
            WHERE b.until <= now() - keep_log_partitions
            ORDER BY b.since
        LOOP
            EXECUTE format('SELECT count(*) FROM %s', part.partition) INTO removed;
            relation := part.partition::text;
            EXECUTE format('DROP TABLE %s', part.partition);
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.prune(interval, interval) IS
'removes runs and results older than keep, but no result under investigation; only on request, partitions of the log tables that end before now() - keep_log_partitions; returns how many rows it removed from where';

REVOKE EXECUTE ON FUNCTION azhunt.prune(interval, interval) FROM PUBLIC;

--
-- scheduled hunts: pg_cron
--

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

    connection := format('host=%s port=%s dbname=''%s'' user=''%s''',
                         coalesce(nullif(split_part(current_setting('unix_socket_directories'), ',', 1), ''), 'localhost'),
                         current_setting('port'),
                         replace(replace(cron_database, '\', '\\'), '''', '\'''),
                         replace(replace(current_user, '\', '\\'), '''', '\'''));
    EXECUTE format('SELECT d.result FROM %s.dblink($1, $2) AS d (result bigint)', dblink_schema)
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
    query := format('SELECT cron.schedule_in_database(%L, %L, %L, %L)',
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
                       ' WHERE j.jobname = %L AND j.username = current_user',
                       azhunt.cron_job_name(name));
BEGIN
    RETURN azhunt.call_cron(format('SELECT count(*) FROM (%s) AS u', job), job) > 0;
END
$$;

COMMENT ON FUNCTION azhunt.unschedule_hunt(text) IS
'has pg_cron no longer run a scheduled hunt of the current user; false if it did not';

REVOKE EXECUTE ON FUNCTION azhunt.unschedule_hunt(text) FROM PUBLIC;

-- What only these functions call.
REVOKE EXECUTE ON FUNCTION
    azhunt.find_all_storage_upload_link_account(text, jsonb, bigint, timestamptz),
    azhunt.find_new_storage_upload_link_account(text, jsonb, bigint, timestamptz, bigint, bigint, bigint[]),
    azhunt.find_all_cloudshell_usage(text, jsonb, bigint, timestamptz),
    azhunt.find_new_cloudshell_usage(text, jsonb, bigint, timestamptz, bigint, bigint, bigint[]),
    azhunt.count_new_rows(text[], bigint, bigint, bigint[]),
    azhunt.count_all_rows(text[]),
    azhunt.check_log_tables(text[]),
    azhunt.reason_to_start_over(text),
    azhunt.find_results(text, bigint, timestamptz, pg_snapshot),
    azhunt.latest(regclass, name, timestamptz),
    azhunt.source_health_of(text, timestamptz),
    azhunt.call_cron(text, text)
FROM PUBLIC;
