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
        E',\\s+') WITH ORDINALITY AS c (definition, ordinal_position);
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
         'what is new to a rule'),
        ('storagefilelogs', 'storagefilelogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'uploads of a period; what arrived in a period'),
        ('storagefilelogs', 'storagefilelogs_address_idx',
         'USING btree (azhunt.strip_port(calleripaddress), timegenerated) WHERE azhunt.is_upload(operationname)',
         'uploads from the address of one new sign-in, after it'),
        ('storagefilelogs', 'storagefilelogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('signinlogs', 'signinlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('signinlogs', 'signinlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('signinlogs', 'signinlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from the address of one upload, in its window'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_timegenerated_idx',
         'USING brin (timegenerated, ingestedat) WITH (autosummarize = on)',
         'sign-ins of a period, for many uploads; what arrived in a period'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule'),
        ('aadnoninteractiveusersigninlogs', 'aadnoninteractiveusersigninlogs_address_idx',
         'USING btree (azhunt.strip_port(ipaddress), timegenerated)',
         'sign-ins from the address of one upload, in its window'),
        ('azureactivity', 'azureactivity_cloudshell_idx',
         'USING btree (timegenerated) INCLUDE (caller, resourcegroup)'
         ' WHERE azhunt.is_shell_start(operationnamevalue, activitystatusvalue)',
         'the few operations that may be the start of a Cloud Shell'),
        ('azureactivity', 'azureactivity_caller_idx',
         'USING btree ((coalesce(caller, '''')), timegenerated)',
         'operations of one caller in one hour'),
        ('azureactivity', 'azureactivity_ingestedat_idx',
         'USING brin (ingestedat, timegenerated) WITH (autosummarize = on)',
         'what arrived in a period'),
        ('azureactivity', 'azureactivity_ingestxid_idx',
         'USING btree (ingestxid)',
         'what is new to a rule')
    ) AS i (log_table, index_name, definition, purpose);
END;

COMMENT ON FUNCTION azhunt.log_table_indexes() IS
'the indexes of the log tables, and what each is there for';

CREATE FUNCTION azhunt.missing_columns("table" regclass, log_table text)
RETURNS TABLE (column_name text, definition text, comment text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.column_name, c.definition, c.comment
    FROM (
        SELECT a.column_name, a.data_type AS definition, NULL AS comment, a.ordinal_position
        FROM azhunt.log_table_columns() AS a
        WHERE a.log_table = $2
        UNION ALL
        VALUES
            ('additionalfields', 'jsonb',
             'what a record brought that no other column takes', 10001),
            ('ingestedat', 'timestamp with time zone DEFAULT now()',
             'when the row arrived here', 10002),
            ('ingestxid', 'bigint DEFAULT azhunt.ingest_xid()',
             'id of the transaction that brought the row', 10003)
    ) AS c (column_name, definition, comment, ordinal_position)
    LEFT JOIN pg_attribute AS a
    ON a.attrelid = $1 AND a.attname = c.column_name AND NOT a.attisdropped
    WHERE a.attname IS NULL
    ORDER BY c.ordinal_position
$$;

COMMENT ON FUNCTION azhunt.missing_columns(regclass, text) IS
'columns that a log table should have and has not';

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
BEGIN
    -- Tables that are there are locked all at once before the first is changed:
    -- one that waits must not keep others from using those that it has.
    FOR item IN
        SELECT azhunt.partition_tree(t.relation) AS relation, t.lock_mode
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
                   END
            FROM azhunt.log_table_schemas() AS s
            JOIN pg_class AS c ON c.oid = to_regclass(format('azhunt.%I', s.log_table)) AND c.relkind = 'p'
        ) AS t (relation, lock_mode)
        WHERE t.lock_mode IS NOT NULL
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
        ELSIF kind <> 'p' THEN
            RAISE NOTICE 'azhunt.% is not a partitioned table, leaving it as it is', log_table;
            CONTINUE;
        END IF;

        -- a new table gets the columns that do not come from Azure, and one
        -- that an earlier version made gets what is new
        FOR item IN
            SELECT c.column_name, c.definition, c.comment
            FROM azhunt.missing_columns(format('azhunt.%I', log_table)::regclass, log_table) AS c
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
