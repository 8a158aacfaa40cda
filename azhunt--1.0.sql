/* azhunt--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION azhunt" to load this file. \quit

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
'the last part of the path of a URI or UNC path, percent-decoded, without query string; the empty string for a directory or a host alone';

CREATE FUNCTION azhunt.has_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'azhunt_has_support';
COMMENT ON FUNCTION azhunt.has_support(internal) IS 'planner support of has()';

CREATE FUNCTION azhunt.has(string text, term text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT azhunt.has_support
AS 'MODULE_PATHNAME', 'azhunt_has';

COMMENT ON FUNCTION azhunt.has(text, text) IS
'KQL''s has: the term occurs, ignoring ASCII case, with no ASCII letter or digit next to it';

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
         'USING brin (timegenerated) WITH (autosummarize = on)',
         'uploads of a period'),
        ('storagefilelogs', 'storagefilelogs_timegenerated_idx',
         'USING brin (timegenerated) WITH (autosummarize = on)',
         'uploads of a period'),
        ('signinlogs', 'signinlogs_timegenerated_idx',
         'USING brin (timegenerated) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads'),
        ('signinlogs', 'signinlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from the address of one upload, in its window'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_timegenerated_idx',
         'USING brin (timegenerated) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads'),
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
         'operations of one caller in one hour')
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
'creates the five log tables, which belong to the caller and not to the extension, and returns those that were not there; called again, adds only columns, defaults and indexes that are missing';

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
    column_list text;
    day date;
    other record;
    partition_name text;
    partition text;
BEGIN
    SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner), a.attname, nullif(p.partdefid, 0)
    INTO schema_name, table_name, owner, time_column, default_partition
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table AS p ON p.partrelid = c.oid
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    WHERE c.oid = "table" AND p.partstrat = 'r' AND p.partnatts = 1
      AND a.atttypid = 'timestamp with time zone'::regtype;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not partitioned by range of one timestamp with time zone',
                        coalesce("table"::text, 'NULL')
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'azhunt.create_log_tables() makes tables that are.';
    END IF;

    IF (since < until AND isfinite(since) AND isfinite(until)) IS NOT TRUE THEN
        RAISE EXCEPTION 'since must be before until, and both finite: % to %',
                        coalesce(since::text, 'NULL'), coalesce(until::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Days are counted in UTC; until is the day after the last that gets a partition.';
    END IF;

    -- no rows of these days may come into the default partition meanwhile
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', "table");
    IF default_partition IS NOT NULL THEN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', default_partition);
    END IF;

    column_list := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                    FROM pg_attribute AS a
                    WHERE a.attrelid = "table" AND a.attnum > 0
                      AND NOT a.attisdropped AND a.attgenerated = '');

    FOR day IN SELECT add_partitions.since + i FROM generate_series(0, until - since - 1) AS i LOOP
        SELECT b.partition, b.since = day AND b.until = day + 1 AS is_that_day
        INTO other
        FROM azhunt.partition_bounds("table") AS b
        WHERE b.since < day + 1 AND b.until > day
        LIMIT 1;
        CONTINUE WHEN other.is_that_day;
        IF FOUND THEN
            RAISE EXCEPTION 'partition % holds % already, but not that day alone', other.partition, day
                USING ERRCODE = 'invalid_object_definition',
                      HINT = 'Leave out the days that this partition holds, or detach it first.';
        END IF;

        partition_name := table_name || to_char(day, '"_p"YYYYMMDD');
        IF octet_length(partition_name) > 63 THEN
            RAISE EXCEPTION 'the name of partition "%" is too long', partition_name
                USING ERRCODE = 'name_too_long',
                      HINT = 'Give the table a shorter name.';
        END IF;
        partition := format('%I.%I', schema_name, partition_name);

        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY)',
                       partition, "table");
        IF owner <> current_user THEN
            EXECUTE format('ALTER TABLE %s OWNER TO %I', partition, owner);
        END IF;
        IF default_partition IS NOT NULL THEN
            EXECUTE format('WITH moved AS (DELETE FROM %1$s WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING %5$s)'
                           ' INSERT INTO %6$s (%5$s) SELECT %5$s FROM moved',
                           default_partition, time_column, day::timestamptz, (day + 1)::timestamptz,
                           column_list, partition);
        END IF;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                       "table", partition, day::timestamptz, (day + 1)::timestamptz);
        RETURN NEXT partition::regclass;
    END LOOP;
END
$$;

COMMENT ON FUNCTION azhunt.add_partitions(regclass, date, date) IS
'adds the daily partitions, of days in UTC, from since up to but not including until, that a log table lacks; moves rows of these days out of the default partition; returns the partitions that it added';

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
        size bigint NOT NULL,
        "offset" bigint NOT NULL,
        digest bytea NOT NULL,
        rows bigint NOT NULL,
        rejected bigint NOT NULL,
        loadedat timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT loaded_files_digest_key UNIQUE (digest),
        CONSTRAINT loaded_files_check CHECK ("offset" >= 0 AND "offset" <= size AND octet_length(digest) = 32)
    );
    CREATE INDEX loaded_files_name_idx ON azhunt.loaded_files USING btree (name);
    CREATE INDEX loaded_files_size_idx ON azhunt.loaded_files USING btree (size);

    COMMENT ON TABLE azhunt.loaded_files IS
    'what azhunt-load has loaded, so that it loads nothing twice';
    COMMENT ON COLUMN azhunt.loaded_files.name IS
    'the blob''s name from its container on, if the path shows that, else the path without symbolic links; - for standard input';
    COMMENT ON COLUMN azhunt.loaded_files.size IS
    'bytes of the file, decompressed, when it was loaded';
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

REVOKE EXECUTE ON FUNCTION azhunt.create_loaded_files() FROM PUBLIC;

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
    WHERE azhunt.check_text(uploads.target_file, 'target_file', true)
      AND azhunt.check_operations(uploads.operations)
      AND azhunt.check_period(uploads.since, uploads.until)
      -- a null bound would prune all partitions, and with them the check
      AND l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(uploads.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(uploads.until, 'infinity')
      AND l.operationname OPERATOR(azhunt.=~) ANY (uploads.operations)
      AND (l.statustext OPERATOR(azhunt.=~) 'Success'
           OR l.statustext OPERATOR(azhunt.=~) 'Succeeded'
           -- SMB and NFS records have no status text
           OR COALESCE(l.statustext, '') OPERATOR(pg_catalog.=) ''
              AND l.statuscode OPERATOR(pg_catalog.=) '0')
      AND (uploads.target_file IS NULL
           OR azhunt.blob_name(l.uri) OPERATOR(azhunt.=~) uploads.target_file
           OR azhunt.file_name(l.uri) OPERATOR(azhunt.=~) uploads.target_file)
$$;

COMMENT ON FUNCTION azhunt.uploads(text, text[], timestamptz, timestamptz) IS
'successful uploads in StorageFileLogs and StorageBlobLogs from since to until, both included, the port stripped from CallerIpAddress; a missing text is empty; target_file, if not null, is compared with blob_name() and file_name() ignoring case';

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
    WHERE azhunt.check_flag(signins.include_noninteractive, 'include_noninteractive')
      AND azhunt.check_flag(signins.successful_only, 'successful_only')
      AND azhunt.check_period(signins.since, signins.until)
      -- a null bound would prune all partitions, and with them the check
      AND l.timegenerated OPERATOR(pg_catalog.>=) COALESCE(signins.since, '-infinity')
      AND l.timegenerated OPERATOR(pg_catalog.<=) COALESCE(signins.until, 'infinity')
      AND (l.isinteractive OR signins.include_noninteractive)
      AND (NOT signins.successful_only OR l.resulttype OPERATOR(pg_catalog.=) '0')
$$;

COMMENT ON FUNCTION azhunt.signins(boolean, boolean, timestamptz, timestamptz) IS
'sign-ins in SigninLogs, and on request AADNonInteractiveUserSignInLogs, from since to until, both included; IPAddress in the form that strip_port() gives; a missing text is empty; successful_only keeps those of ResultType 0';

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
    SELECT m.uri,
           m.operationname,
           m.useragentheader,
           azhunt.make_bag(m.login ORDER BY m.logintime, m.account, m.loginuseragent, m.address),
           pg_catalog.array_agg(DISTINCT m.account COLLATE "C" ORDER BY m.account COLLATE "C"),
           azhunt.make_set(m.login ORDER BY m.logintime, m.account, m.loginuseragent, m.address),
           pg_catalog.count(DISTINCT ROW (m.uploadtime, m.address, m.correlationid)),
           pg_catalog.min(m.uploadtime),
           pg_catalog.max(m.uploadtime)
    FROM (
        SELECT u.uri,
               u.operationname,
               u.useragentheader,
               u.timegenerated AS uploadtime,
               u.calleripaddress COLLATE "C" AS address,
               u.correlationid,
               s.timegenerated AS logintime,
               s.userprincipalname COLLATE "C" AS account,
               s.useragent COLLATE "C" AS loginuseragent,
               azhunt.bag_pack('AccountUsed', s.userprincipalname,
                               'IPUsed', s.ipaddress,
                               'AzureLoginTime', s.timegenerated,
                               'UserAgent', s.useragent) AS login
        FROM azhunt.uploads(storage_upload_link_account.target_file,
                            storage_upload_link_account.operations,
                            storage_upload_link_account.since,
                            storage_upload_link_account.until) AS u
        JOIN azhunt.signins(storage_upload_link_account.include_noninteractive,
                            storage_upload_link_account.successful_only,
                            azhunt.window_start(storage_upload_link_account.since,
                                                -- null is an error, but not of since
                                                COALESCE(storage_upload_link_account.lookback, '0')),
                            storage_upload_link_account.until) AS s
          ON s.ipaddress OPERATOR(pg_catalog.=) u.calleripaddress
         AND s.timegenerated OPERATOR(pg_catalog.>=)
             azhunt.window_start(u.timegenerated, storage_upload_link_account.lookback)
         AND s.timegenerated OPERATOR(pg_catalog.<=) u.timegenerated
         AND (NOT storage_upload_link_account.match_user_agent
              OR s.useragent OPERATOR(azhunt.=~) u.useragentheader)
        WHERE azhunt.check_lookback(storage_upload_link_account.lookback)
          AND azhunt.check_flag(storage_upload_link_account.match_user_agent, 'match_user_agent')
          AND u.calleripaddress OPERATOR(pg_catalog.<>) ''
    ) AS m
    GROUP BY m.uri, m.operationname, m.useragentheader
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
    SELECT s.caller,
           s.timekey,
           azhunt.make_set(a.operationnamevalue),
           s.timekey,
           s.caller
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
     AND a.timegenerated OPERATOR(pg_catalog.>=) s.timekey
     AND a.timegenerated OPERATOR(pg_catalog.<) azhunt.bin_end(s.timekey, cloudshell_usage.bin)
    WHERE azhunt.check_lookback(cloudshell_usage.lookback)
      AND azhunt.check_bin(cloudshell_usage.bin)
      AND azhunt.check_text(cloudshell_usage.resource_group, 'resource_group', false)
      AND azhunt.check_as_of(cloudshell_usage.as_of)
      AND a.timegenerated OPERATOR(pg_catalog.>=)
          azhunt.window_start(cloudshell_usage.as_of, cloudshell_usage.lookback)
      AND a.timegenerated OPERATOR(pg_catalog.<=) cloudshell_usage.as_of
      AND a.operationnamevalue OPERATOR(pg_catalog.<>) ''
      AND a.operationnamevalue OPERATOR(azhunt.!=~) 'Microsoft.Storage/storageAccounts/listKeys/action'
    GROUP BY s.caller, s.timekey
$$;

COMMENT ON FUNCTION azhunt.cloudshell_usage(interval, interval, text, timestamptz) IS
'hunt: what else callers did in the bin of time, an hour by default, in which they opened a Cloud Shell, looking back from as_of';
