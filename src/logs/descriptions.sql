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
