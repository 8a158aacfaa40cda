/* written by script/make-log-tables from src/logs/tables */
#include "map/log_tables.h"

#include <stddef.h>

/* AADManagedIdentitySignInLogs */
static const char *const aadmanagedidentitysigninlogs_categories[] = {
	"ManagedIdentitySignInLogs", NULL
};
static const char *const aadmanagedidentitysigninlogs_verbs[] = {NULL};
static const char *const aadmanagedidentitysigninlogs_containers[] = {NULL};
static const char *const aadmanagedidentitysigninlogs_services[] = {NULL};
static const char *const aadmanagedidentitysigninlogs_files[] = {
	"MSISignIns", NULL
};
static const ColumnDescription aadmanagedidentitysigninlogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"IPAddress", TYPE_TEXT, COLUMN_HUNTED},
	{"ServicePrincipalName", TYPE_TEXT, COLUMN_HUNTED}, {"ServicePrincipalId", TYPE_TEXT, COLUMN_HUNTED},
	{"UserAgent", TYPE_TEXT, COLUMN_HUNTED}, {"ResultType", TYPE_TEXT, COLUMN_HUNTED}, {"AADTenantId", TYPE_TEXT, 0},
	{"Agent", TYPE_TEXT, COLUMN_JSON}, {"AppId", TYPE_TEXT, 0}, {"AppOwnerTenantId", TYPE_TEXT, 0},
	{"AuthenticationContextClassReferences", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticationProcessingDetails", TYPE_TEXT, COLUMN_JSON}, {"Category", TYPE_TEXT, 0},
	{"ClientCredentialType", TYPE_TEXT, 0}, {"ConditionalAccessAudiences", TYPE_TEXT, COLUMN_JSON},
	{"ConditionalAccessPolicies", TYPE_TEXT, COLUMN_JSON}, {"ConditionalAccessStatus", TYPE_TEXT, 0},
	{"CorrelationId", TYPE_TEXT, 0}, {"CreatedDateTime", TYPE_TIME, COLUMN_HUNTED}, {"DurationMs", TYPE_BIGINT, 0},
	{"FederatedCredentialId", TYPE_TEXT, 0}, {"Id", TYPE_TEXT, 0}, {"Identity", TYPE_TEXT, 0}, {"Level", TYPE_TEXT, 0},
	{"Location", TYPE_TEXT, 0}, {"LocationDetails", TYPE_TEXT, COLUMN_JSON},
	{"ManagedServiceIdentity", TYPE_TEXT, COLUMN_JSON}, {"NetworkLocationDetails", TYPE_TEXT, COLUMN_JSON},
	{"OperationName", TYPE_TEXT, 0}, {"OperationVersion", TYPE_TEXT, 0}, {"ResourceDisplayName", TYPE_TEXT, 0},
	{"ResourceGroup", TYPE_TEXT, 0}, {"ResourceIdentity", TYPE_TEXT, 0}, {"ResourceOwnerTenantId", TYPE_TEXT, 0},
	{"ResourceServicePrincipalId", TYPE_TEXT, 0}, {"ResultDescription", TYPE_TEXT, 0}, {"ResultSignature", TYPE_TEXT, 0},
	{"ServicePrincipalCredentialKeyId", TYPE_TEXT, 0}, {"ServicePrincipalCredentialThumbprint", TYPE_TEXT, 0},
	{"SessionId", TYPE_TEXT, 0}, {"SourceAppClientId", TYPE_TEXT, 0}, {"UniqueTokenIdentifier", TYPE_TEXT, 0},
	{"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0}, {"_BilledSize", TYPE_REAL, 0},
	{"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0}, {"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn aadmanagedidentitysigninlogs_needed[] = {
	{"address", "IPAddress"}, {"account", "ServicePrincipalId"}, {NULL, NULL}
};
static const FieldMapping aadmanagedidentitysigninlogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND}, {"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE}, {"properties.resourceId", "ResourceIdentity", TAKE},
	{"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping aadmanagedidentitysigninlogs_listed[] = {
	{"resourceId", "ResourceIdentity", TAKE}, {"location", "LocationDetails", TAKE},
	{"appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE}, {NULL, NULL, TAKE}
};
static const Derivation aadmanagedidentitysigninlogs_derivations[] = {
	{"ResultType", NULL, NULL, "status", MEMBER, "errorCode"},
	{"ResultDescription", NULL, NULL, "status", MEMBER, "failureReason"},
	{"Location", NULL, NULL, "location", MEMBER, "countryOrRegion"},
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* AADNonInteractiveUserSignInLogs */
static const char *const aadnoninteractiveusersigninlogs_categories[] = {
	"NonInteractiveUserSignInLogs", NULL
};
static const char *const aadnoninteractiveusersigninlogs_verbs[] = {NULL};
static const char *const aadnoninteractiveusersigninlogs_containers[] = {NULL};
static const char *const aadnoninteractiveusersigninlogs_services[] = {NULL};
static const char *const aadnoninteractiveusersigninlogs_files[] = {
	"NonInteractiveSignIns", NULL
};
static const ColumnDescription aadnoninteractiveusersigninlogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"IPAddress", TYPE_TEXT, COLUMN_HUNTED},
	{"UserPrincipalName", TYPE_TEXT, COLUMN_HUNTED}, {"UserAgent", TYPE_TEXT, COLUMN_HUNTED},
	{"ResultType", TYPE_TEXT, COLUMN_HUNTED}, {"AppDisplayName", TYPE_TEXT, COLUMN_HUNTED}, {"AADTenantId", TYPE_TEXT, 0},
	{"Agent", TYPE_TEXT, COLUMN_JSON}, {"AlternateSignInName", TYPE_TEXT, 0}, {"AppId", TYPE_TEXT, 0},
	{"AppliedConditionalAccessPolicies", TYPE_TEXT, COLUMN_JSON}, {"AppliedEventListeners", TYPE_DYNAMIC, 0},
	{"AppOwnerTenantId", TYPE_TEXT, 0}, {"AuthenticationContextClassReferences", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticationDetails", TYPE_TEXT, COLUMN_JSON}, {"AuthenticationMethodsUsed", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticationProcessingDetails", TYPE_TEXT, COLUMN_JSON}, {"AuthenticationProtocol", TYPE_TEXT, 0},
	{"AuthenticationRequirement", TYPE_TEXT, 0}, {"AuthenticationRequirementPolicies", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticatorAppLocation", TYPE_TEXT, COLUMN_JSON}, {"AutonomousSystemNumber", TYPE_TEXT, 0},
	{"Category", TYPE_TEXT, 0}, {"ClientAppUsed", TYPE_TEXT, 0}, {"ClientCredentialType", TYPE_TEXT, 0},
	{"ClientSessionId", TYPE_TEXT, 0}, {"ConditionalAccessAudiences", TYPE_TEXT, COLUMN_JSON},
	{"ConditionalAccessPolicies", TYPE_TEXT, COLUMN_JSON}, {"ConditionalAccessStatus", TYPE_TEXT, 0},
	{"CorrelationId", TYPE_TEXT, 0}, {"CreatedDateTime", TYPE_TIME, COLUMN_HUNTED},
	{"CrossTenantAccessType", TYPE_TEXT, 0}, {"DeviceDetail", TYPE_TEXT, COLUMN_JSON}, {"DurationMs", TYPE_BIGINT, 0},
	{"FederatedCredentialId", TYPE_TEXT, 0}, {"FlaggedForReview", TYPE_BOOLEAN, 0},
	{"GlobalSecureAccessIpAddress", TYPE_TEXT, 0}, {"HomeTenantId", TYPE_TEXT, 0}, {"HomeTenantName", TYPE_TEXT, 0},
	{"Id", TYPE_TEXT, 0}, {"Identity", TYPE_TEXT, 0}, {"IncomingTokenType", TYPE_TEXT, 0},
	{"IPAddressFromResourceProvider", TYPE_TEXT, 0}, {"IsInteractive", TYPE_BOOLEAN, 0}, {"IsRisky", TYPE_BOOLEAN, 0},
	{"IsTenantRestricted", TYPE_BOOLEAN, 0}, {"IsThroughGlobalSecureAccess", TYPE_BOOLEAN, 0}, {"Level", TYPE_TEXT, 0},
	{"Location", TYPE_TEXT, 0}, {"LocationDetails", TYPE_TEXT, COLUMN_JSON}, {"MfaDetail", TYPE_TEXT, COLUMN_JSON},
	{"NetworkLocationDetails", TYPE_TEXT, COLUMN_JSON}, {"OperationName", TYPE_TEXT, 0},
	{"OperationVersion", TYPE_TEXT, 0}, {"OriginalRequestId", TYPE_TEXT, 0}, {"OriginalTransferMethod", TYPE_TEXT, 0},
	{"ProcessingTimeInMs", TYPE_TEXT, 0}, {"ResourceDisplayName", TYPE_TEXT, 0}, {"ResourceGroup", TYPE_TEXT, 0},
	{"ResourceIdentity", TYPE_TEXT, 0}, {"ResourceOwnerTenantId", TYPE_TEXT, 0},
	{"ResourceServicePrincipalId", TYPE_TEXT, 0}, {"ResourceTenantId", TYPE_TEXT, 0}, {"ResultDescription", TYPE_TEXT, 0},
	{"ResultSignature", TYPE_TEXT, 0}, {"RiskDetail", TYPE_TEXT, 0}, {"RiskEventTypes", TYPE_TEXT, COLUMN_JSON},
	{"RiskEventTypes_V2", TYPE_TEXT, COLUMN_JSON}, {"RiskLevel", TYPE_TEXT, 0}, {"RiskLevelAggregated", TYPE_TEXT, 0},
	{"RiskLevelDuringSignIn", TYPE_TEXT, 0}, {"RiskState", TYPE_TEXT, 0}, {"ServicePrincipalId", TYPE_TEXT, 0},
	{"SessionId", TYPE_TEXT, 0}, {"SessionLifetimePolicies", TYPE_TEXT, COLUMN_JSON},
	{"SignInEventTypes", TYPE_TEXT, COLUMN_JSON}, {"SignInIdentifierType", TYPE_TEXT, 0},
	{"Status", TYPE_TEXT, COLUMN_JSON}, {"TokenIssuerName", TYPE_TEXT, 0}, {"TokenIssuerType", TYPE_TEXT, 0},
	{"TokenProtectionStatusDetails", TYPE_TEXT, COLUMN_JSON}, {"UniqueTokenIdentifier", TYPE_TEXT, 0},
	{"UserDisplayName", TYPE_TEXT, 0}, {"UserId", TYPE_TEXT, 0}, {"UserType", TYPE_TEXT, 0},
	{"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0}, {"_BilledSize", TYPE_REAL, 0},
	{"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0}, {"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn aadnoninteractiveusersigninlogs_needed[] = {
	{"address", "IPAddress"}, {"account", "UserPrincipalName"}, {NULL, NULL}
};
static const FieldMapping aadnoninteractiveusersigninlogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND}, {"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE},
	{"properties.processingTimeInMilliseconds", "ProcessingTimeInMs", TAKE},
	{"properties.resourceId", "ResourceIdentity", TAKE}, {"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping aadnoninteractiveusersigninlogs_listed[] = {
	{"resourceId", "ResourceIdentity", TAKE}, {"location", "LocationDetails", TAKE},
	{"appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"processingTimeInMilliseconds", "ProcessingTimeInMs", TAKE}, {NULL, NULL, TAKE}
};
static const Derivation aadnoninteractiveusersigninlogs_derivations[] = {
	{"ResultType", NULL, NULL, "status", MEMBER, "errorCode"},
	{"ResultDescription", NULL, NULL, "status", MEMBER, "failureReason"},
	{"Location", NULL, NULL, "location", MEMBER, "countryOrRegion"},
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* AADServicePrincipalSignInLogs */
static const char *const aadserviceprincipalsigninlogs_categories[] = {
	"ServicePrincipalSignInLogs", NULL
};
static const char *const aadserviceprincipalsigninlogs_verbs[] = {NULL};
static const char *const aadserviceprincipalsigninlogs_containers[] = {NULL};
static const char *const aadserviceprincipalsigninlogs_services[] = {NULL};
static const char *const aadserviceprincipalsigninlogs_files[] = {
	"ApplicationSignIns", NULL
};
static const ColumnDescription aadserviceprincipalsigninlogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"IPAddress", TYPE_TEXT, COLUMN_HUNTED},
	{"ServicePrincipalName", TYPE_TEXT, COLUMN_HUNTED}, {"ServicePrincipalId", TYPE_TEXT, COLUMN_HUNTED},
	{"UserAgent", TYPE_TEXT, COLUMN_HUNTED}, {"ResultType", TYPE_TEXT, COLUMN_HUNTED}, {"AADTenantId", TYPE_TEXT, 0},
	{"Agent", TYPE_TEXT, COLUMN_JSON}, {"AppId", TYPE_TEXT, 0}, {"AppOwnerTenantId", TYPE_TEXT, 0},
	{"AuthenticationContextClassReferences", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticationProcessingDetails", TYPE_TEXT, COLUMN_JSON}, {"AutonomousSystemNumber", TYPE_TEXT, 0},
	{"Category", TYPE_TEXT, 0}, {"ClientCredentialType", TYPE_TEXT, 0},
	{"ConditionalAccessAudiences", TYPE_TEXT, COLUMN_JSON}, {"ConditionalAccessPolicies", TYPE_TEXT, COLUMN_JSON},
	{"ConditionalAccessStatus", TYPE_TEXT, 0}, {"CorrelationId", TYPE_TEXT, 0},
	{"CreatedDateTime", TYPE_TIME, COLUMN_HUNTED}, {"DurationMs", TYPE_BIGINT, 0},
	{"FederatedCredentialId", TYPE_TEXT, 0}, {"Id", TYPE_TEXT, 0}, {"Identity", TYPE_TEXT, 0}, {"Level", TYPE_TEXT, 0},
	{"Location", TYPE_TEXT, 0}, {"LocationDetails", TYPE_TEXT, COLUMN_JSON},
	{"NetworkLocationDetails", TYPE_TEXT, COLUMN_JSON}, {"OperationName", TYPE_TEXT, 0},
	{"OperationVersion", TYPE_TEXT, 0}, {"ResourceDisplayName", TYPE_TEXT, 0}, {"ResourceGroup", TYPE_TEXT, 0},
	{"ResourceIdentity", TYPE_TEXT, 0}, {"ResourceOwnerTenantId", TYPE_TEXT, 0},
	{"ResourceServicePrincipalId", TYPE_TEXT, 0}, {"ResultDescription", TYPE_TEXT, 0}, {"ResultSignature", TYPE_TEXT, 0},
	{"ServicePrincipalCredentialKeyId", TYPE_TEXT, 0}, {"ServicePrincipalCredentialThumbprint", TYPE_TEXT, 0},
	{"SessionId", TYPE_TEXT, 0}, {"UniqueTokenIdentifier", TYPE_TEXT, 0}, {"SourceSystem", TYPE_TEXT, 0},
	{"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0}, {"_BilledSize", TYPE_REAL, 0}, {"_IsBillable", TYPE_TEXT, 0},
	{"_ResourceId", TYPE_TEXT, 0}, {"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn aadserviceprincipalsigninlogs_needed[] = {
	{"address", "IPAddress"}, {"account", "ServicePrincipalId"}, {NULL, NULL}
};
static const FieldMapping aadserviceprincipalsigninlogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND}, {"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE}, {"properties.resourceId", "ResourceIdentity", TAKE},
	{"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping aadserviceprincipalsigninlogs_listed[] = {
	{"resourceId", "ResourceIdentity", TAKE}, {"location", "LocationDetails", TAKE},
	{"appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE}, {NULL, NULL, TAKE}
};
static const Derivation aadserviceprincipalsigninlogs_derivations[] = {
	{"ResultType", NULL, NULL, "status", MEMBER, "errorCode"},
	{"ResultDescription", NULL, NULL, "status", MEMBER, "failureReason"},
	{"Location", NULL, NULL, "location", MEMBER, "countryOrRegion"},
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* AuditLogs */
static const char *const auditlogs_categories[] = {
	"AuditLogs", "Policy", NULL
};
static const char *const auditlogs_verbs[] = {NULL};
static const char *const auditlogs_containers[] = {NULL};
static const char *const auditlogs_services[] = {NULL};
static const char *const auditlogs_files[] = {NULL};
static const ColumnDescription auditlogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"OperationName", TYPE_TEXT, 0}, {"InitiatedBy", TYPE_DYNAMIC, 0},
	{"TargetResources", TYPE_DYNAMIC, 0}, {"Result", TYPE_TEXT, 0}, {"CorrelationId", TYPE_TEXT, 0},
	{"AADOperationType", TYPE_TEXT, 0}, {"AADTenantId", TYPE_TEXT, 0}, {"ActivityDateTime", TYPE_TIME, 0},
	{"ActivityDisplayName", TYPE_TEXT, 0}, {"AdditionalDetails", TYPE_DYNAMIC, 0}, {"Category", TYPE_TEXT, 0},
	{"DurationMs", TYPE_BIGINT, 0}, {"Id", TYPE_TEXT, 0}, {"Identity", TYPE_TEXT, 0}, {"Level", TYPE_TEXT, 0},
	{"Location", TYPE_TEXT, 0}, {"LoggedByService", TYPE_TEXT, 0}, {"OperationVersion", TYPE_TEXT, 0},
	{"Resource", TYPE_TEXT, 0}, {"ResourceGroup", TYPE_TEXT, 0}, {"ResourceId", TYPE_TEXT, 0},
	{"ResourceProvider", TYPE_TEXT, 0}, {"ResultDescription", TYPE_TEXT, 0}, {"ResultReason", TYPE_TEXT, 0},
	{"ResultSignature", TYPE_TEXT, 0}, {"ResultType", TYPE_TEXT, 0}, {"SourceSystem", TYPE_TEXT, 0},
	{"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0}, {"_BilledSize", TYPE_REAL, 0}, {"_IsBillable", TYPE_TEXT, 0},
	{"_ResourceId", TYPE_TEXT, 0}, {"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn auditlogs_needed[] = {{NULL, NULL}};
static const FieldMapping auditlogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"properties.operationType", "AADOperationType", TAKE},
	{"tenantId", "AADTenantId", TAKE}, {"properties.category", "Category", TAKE}, {"category", "Category", SECOND},
	{"resourceId", "ResourceId", TAKE}, {NULL, NULL, TAKE}
};
static const FieldMapping auditlogs_listed[] = {
	{"activityDisplayName", "ActivityDisplayName", TAKE}, {"activityDisplayName", "OperationName", TAKE},
	{"operationType", "AADOperationType", TAKE}, {NULL, NULL, TAKE}
};
static const Derivation auditlogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* AzureActivity */
static const char *const azureactivity_categories[] = {
	"Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale", "ResourceHealth",
	NULL
};
static const char *const azureactivity_verbs[] = {
	"Action", "Write", "Delete", NULL
};
static const char *const azureactivity_containers[] = {
	"insights-activity-logs", NULL
};
static const char *const azureactivity_services[] = {NULL};
static const char *const azureactivity_files[] = {NULL};
static const ColumnDescription azureactivity_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"Caller", TYPE_TEXT, COLUMN_HUNTED},
	{"OperationNameValue", TYPE_TEXT, COLUMN_HUNTED}, {"ActivityStatusValue", TYPE_TEXT, COLUMN_HUNTED},
	{"ResourceGroup", TYPE_TEXT, COLUMN_HUNTED}, {"ActivityStatus", TYPE_TEXT, 0}, {"ActivitySubstatus", TYPE_TEXT, 0},
	{"ActivitySubstatusValue", TYPE_TEXT, 0}, {"Authorization", TYPE_TEXT, COLUMN_JSON},
	{"Authorization_d", TYPE_DYNAMIC, 0}, {"CallerIpAddress", TYPE_TEXT, COLUMN_HUNTED}, {"Category", TYPE_TEXT, 0},
	{"CategoryValue", TYPE_TEXT, 0}, {"Claims", TYPE_TEXT, COLUMN_JSON}, {"Claims_d", TYPE_DYNAMIC, 0},
	{"CorrelationId", TYPE_TEXT, 0}, {"EventDataId", TYPE_TEXT, 0}, {"EventSubmissionTimestamp", TYPE_TIME, 0},
	{"Hierarchy", TYPE_TEXT, 0}, {"HTTPRequest", TYPE_TEXT, COLUMN_JSON}, {"Level", TYPE_TEXT, 0},
	{"OperationId", TYPE_TEXT, 0}, {"OperationName", TYPE_TEXT, 0}, {"Properties", TYPE_TEXT, COLUMN_JSON},
	{"Properties_d", TYPE_DYNAMIC, 0}, {"Resource", TYPE_TEXT, 0}, {"ResourceId", TYPE_TEXT, 0},
	{"ResourceProvider", TYPE_TEXT, 0}, {"ResourceProviderValue", TYPE_TEXT, 0}, {"SubscriptionId", TYPE_TEXT, 0},
	{"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0}, {"_BilledSize", TYPE_REAL, 0},
	{"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0}, {"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn azureactivity_needed[] = {
	{"caller", "Caller"}, {"operation", "OperationNameValue"}, {NULL, NULL}
};
static const FieldMapping azureactivity_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"eventTimestamp", "TimeGenerated", SECOND},
	{"operationName", "OperationNameValue", TAKE}, {"resultType", "ActivityStatusValue", TAKE},
	{"resultSignature", "ActivitySubstatusValue", TAKE}, {"identity.authorization", "Authorization", TAKE},
	{"identity.authorization", "Authorization_d", TAKE}, {"category", "CategoryValue", TAKE},
	{"identity.claims", "Claims", TAKE}, {"identity.claims", "Claims_d", TAKE},
	{"operationName.localizedValue", "OperationName", TAKE}, {"properties", "Properties", TAKE},
	{"properties", "Properties_d", TAKE}, {"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping azureactivity_listed[] = {
	{"eventTimestamp", "TimeGenerated", TAKE}, {"submissionTimestamp", "EventSubmissionTimestamp", TAKE},
	{"operationName.value", "OperationNameValue", TAKE}, {"operationName.localizedValue", "OperationName", TAKE},
	{"status", "ActivityStatusValue", TAKE}, {"status.localizedValue", "ActivityStatus", TAKE},
	{"subStatus", "ActivitySubstatusValue", TAKE}, {"subStatus.localizedValue", "ActivitySubstatus", TAKE},
	{"category", "CategoryValue", TAKE}, {"category.localizedValue", "Category", TAKE},
	{"resourceGroupName", "ResourceGroup", TAKE}, {"resourceProviderName", "ResourceProviderValue", TAKE},
	{"resourceProviderName.localizedValue", "ResourceProvider", TAKE}, {"resourceId", "ResourceId", TAKE},
	{"resourceId", "_ResourceId", FOLD}, {"authorization", "Authorization", TAKE},
	{"authorization", "Authorization_d", TAKE}, {"claims", "Claims", TAKE}, {"claims", "Claims_d", TAKE},
	{"properties", "Properties", TAKE}, {"properties", "Properties_d", TAKE}, {NULL, NULL, TAKE}
};
static const Derivation azureactivity_derivations[] = {
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"},
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"},
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "upn"},
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/spn"},
	{"Caller", "identity.claims", "Claims", "Claims", ACCOUNT, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"},
	{"Caller", "identity.claims", "Claims", "Claims", ACCOUNT, "unique_name"},
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "http://schemas.microsoft.com/identity/claims/objectidentifier"},
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "oid"},
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"},
	{"Caller", "identity.claims", "Claims", "Claims", MEMBER, "appid"},
	{"SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{"SubscriptionId", NULL, "ResourceId", "ResourceId", SUBSCRIPTION, NULL},
	{"ResourceGroup", "resourceId", "_ResourceId", "_ResourceId", RESOURCE_GROUP, NULL},
	{"ResourceGroup", NULL, "ResourceId", "ResourceId", RESOURCE_GROUP, NULL},
	{"ResourceProviderValue", NULL, "ResourceProvider", "ResourceProvider", WHOLE, NULL},
	{"ResourceProviderValue", "resourceId", "_ResourceId", "_ResourceId", PROVIDER, NULL},
	{"Hierarchy", "properties", "Properties", "Properties", MEMBER, "hierarchy"},
	{"OperationNameValue", NULL, "Properties", "Properties", OPERATION, "message"},
	{"OperationNameValue", NULL, "Authorization", "Authorization", OPERATION, "action"},
	{"OperationNameValue", NULL, "OperationName", "OperationName", OPERATION, NULL},
	{"CallerIpAddress", NULL, NULL, "httpRequest", MEMBER, "clientIpAddress"},
	{"ResourceProviderValue", NULL, NULL, "resourceId", PROVIDER, NULL},
	{"_SubscriptionId", NULL, NULL, "resourceId", SUBSCRIPTION, NULL},
	{"ActivityStatusValue", NULL, "ActivityStatus", "ActivityStatus", WHOLE, NULL},
	{"ActivitySubstatusValue", NULL, "ActivitySubstatus", "ActivitySubstatus", WHOLE, NULL},
	{"CategoryValue", NULL, "Category", "Category", WHOLE, NULL},
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* SigninLogs */
static const char *const signinlogs_categories[] = {
	"SignInLogs", NULL
};
static const char *const signinlogs_verbs[] = {NULL};
static const char *const signinlogs_containers[] = {NULL};
static const char *const signinlogs_services[] = {NULL};
static const char *const signinlogs_files[] = {
	"InteractiveSignIns", "SignIns", NULL
};
static const ColumnDescription signinlogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"IPAddress", TYPE_TEXT, COLUMN_HUNTED},
	{"UserPrincipalName", TYPE_TEXT, COLUMN_HUNTED}, {"UserAgent", TYPE_TEXT, COLUMN_HUNTED},
	{"ResultType", TYPE_TEXT, COLUMN_HUNTED}, {"AppDisplayName", TYPE_TEXT, COLUMN_HUNTED}, {"AADTenantId", TYPE_TEXT, 0},
	{"Agent", TYPE_TEXT, COLUMN_JSON}, {"AlternateSignInName", TYPE_TEXT, 0}, {"AppId", TYPE_TEXT, 0},
	{"AppliedConditionalAccessPolicies", TYPE_TEXT, COLUMN_JSON}, {"AppliedEventListeners", TYPE_DYNAMIC, 0},
	{"AppOwnerTenantId", TYPE_TEXT, 0}, {"AuthenticationContextClassReferences", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticationDetails", TYPE_TEXT, COLUMN_JSON}, {"AuthenticationMethodsUsed", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticationProcessingDetails", TYPE_TEXT, COLUMN_JSON}, {"AuthenticationProtocol", TYPE_TEXT, 0},
	{"AuthenticationRequirement", TYPE_TEXT, 0}, {"AuthenticationRequirementPolicies", TYPE_TEXT, COLUMN_JSON},
	{"AuthenticatorAppLocation", TYPE_TEXT, COLUMN_JSON}, {"AutonomousSystemNumber", TYPE_TEXT, 0},
	{"Category", TYPE_TEXT, 0}, {"ClientAppUsed", TYPE_TEXT, 0}, {"ClientCredentialType", TYPE_TEXT, 0},
	{"ClientSessionId", TYPE_TEXT, 0}, {"ConditionalAccessAudiences", TYPE_TEXT, COLUMN_JSON},
	{"ConditionalAccessPolicies", TYPE_DYNAMIC, 0}, {"ConditionalAccessStatus", TYPE_TEXT, 0},
	{"CorrelationId", TYPE_TEXT, 0}, {"CreatedDateTime", TYPE_TIME, COLUMN_HUNTED},
	{"CrossTenantAccessType", TYPE_TEXT, 0}, {"DeviceDetail", TYPE_DYNAMIC, 0}, {"DurationMs", TYPE_BIGINT, 0},
	{"FederatedCredentialId", TYPE_TEXT, 0}, {"FlaggedForReview", TYPE_BOOLEAN, 0},
	{"GlobalSecureAccessIpAddress", TYPE_TEXT, 0}, {"HomeTenantId", TYPE_TEXT, 0}, {"HomeTenantName", TYPE_TEXT, 0},
	{"Id", TYPE_TEXT, 0}, {"Identity", TYPE_TEXT, 0}, {"IncomingTokenType", TYPE_TEXT, 0},
	{"IPAddressFromResourceProvider", TYPE_TEXT, 0}, {"IsInteractive", TYPE_BOOLEAN, 0}, {"IsRisky", TYPE_BOOLEAN, 0},
	{"IsTenantRestricted", TYPE_BOOLEAN, 0}, {"IsThroughGlobalSecureAccess", TYPE_BOOLEAN, 0}, {"Level", TYPE_TEXT, 0},
	{"Location", TYPE_TEXT, 0}, {"LocationDetails", TYPE_DYNAMIC, 0}, {"MfaDetail", TYPE_DYNAMIC, 0},
	{"NetworkLocationDetails", TYPE_TEXT, COLUMN_JSON}, {"OperationName", TYPE_TEXT, 0},
	{"OperationVersion", TYPE_TEXT, 0}, {"OriginalRequestId", TYPE_TEXT, 0}, {"OriginalTransferMethod", TYPE_TEXT, 0},
	{"ProcessingTimeInMilliseconds", TYPE_TEXT, 0}, {"Resource", TYPE_TEXT, 0}, {"ResourceDisplayName", TYPE_TEXT, 0},
	{"ResourceGroup", TYPE_TEXT, 0}, {"ResourceId", TYPE_TEXT, 0}, {"ResourceIdentity", TYPE_TEXT, 0},
	{"ResourceOwnerTenantId", TYPE_TEXT, 0}, {"ResourceProvider", TYPE_TEXT, 0},
	{"ResourceServicePrincipalId", TYPE_TEXT, 0}, {"ResourceTenantId", TYPE_TEXT, 0}, {"ResultDescription", TYPE_TEXT, 0},
	{"ResultSignature", TYPE_TEXT, 0}, {"RiskDetail", TYPE_TEXT, 0}, {"RiskEventTypes", TYPE_TEXT, COLUMN_JSON},
	{"RiskEventTypes_V2", TYPE_TEXT, COLUMN_JSON}, {"RiskLevel", TYPE_TEXT, 0}, {"RiskLevelAggregated", TYPE_TEXT, 0},
	{"RiskLevelDuringSignIn", TYPE_TEXT, 0}, {"RiskState", TYPE_TEXT, 0}, {"ServicePrincipalId", TYPE_TEXT, 0},
	{"ServicePrincipalName", TYPE_TEXT, 0}, {"SessionId", TYPE_TEXT, 0},
	{"SessionLifetimePolicies", TYPE_TEXT, COLUMN_JSON}, {"SignInEventTypes", TYPE_TEXT, COLUMN_JSON},
	{"SignInIdentifier", TYPE_TEXT, 0}, {"SignInIdentifierType", TYPE_TEXT, 0}, {"Status", TYPE_DYNAMIC, 0},
	{"TokenIssuerName", TYPE_TEXT, 0}, {"TokenIssuerType", TYPE_TEXT, 0},
	{"TokenProtectionStatusDetails", TYPE_DYNAMIC, 0}, {"UniqueTokenIdentifier", TYPE_TEXT, 0},
	{"UserDisplayName", TYPE_TEXT, 0}, {"UserId", TYPE_TEXT, 0}, {"UserType", TYPE_TEXT, 0},
	{"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0}, {"_BilledSize", TYPE_REAL, 0},
	{"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0}, {"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn signinlogs_needed[] = {
	{"address", "IPAddress"}, {"account", "UserPrincipalName"}, {NULL, NULL}
};
static const FieldMapping signinlogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND}, {"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE}, {"resourceId", "ResourceId", TAKE},
	{"properties.resourceId", "ResourceIdentity", TAKE}, {NULL, NULL, TAKE}
};
static const FieldMapping signinlogs_listed[] = {
	{"resourceId", "ResourceIdentity", TAKE}, {"location", "LocationDetails", TAKE},
	{"appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE}, {NULL, NULL, TAKE}
};
static const Derivation signinlogs_derivations[] = {
	{"ResultType", NULL, NULL, "status", MEMBER, "errorCode"},
	{"ResultDescription", NULL, NULL, "status", MEMBER, "failureReason"},
	{"Location", NULL, NULL, "location", MEMBER, "countryOrRegion"},
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageBlobLogs */
static const char *const storagebloblogs_categories[] = {
	"StorageRead", "StorageWrite", "StorageDelete", NULL
};
static const char *const storagebloblogs_verbs[] = {NULL};
static const char *const storagebloblogs_containers[] = {NULL};
static const char *const storagebloblogs_services[] = {
	"blob", "blobServices", NULL
};
static const char *const storagebloblogs_files[] = {NULL};
static const ColumnDescription storagebloblogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"OperationName", TYPE_TEXT, COLUMN_HUNTED},
	{"StatusText", TYPE_TEXT, COLUMN_HUNTED}, {"StatusCode", TYPE_TEXT, COLUMN_HUNTED},
	{"CallerIpAddress", TYPE_TEXT, COLUMN_HUNTED}, {"Uri", TYPE_TEXT, COLUMN_HUNTED},
	{"UserAgentHeader", TYPE_TEXT, COLUMN_HUNTED}, {"AccountName", TYPE_TEXT, COLUMN_HUNTED},
	{"CorrelationId", TYPE_TEXT, COLUMN_HUNTED}, {"AccessTier", TYPE_TEXT, 0}, {"AuthenticationHash", TYPE_TEXT, 0},
	{"AuthenticationType", TYPE_TEXT, 0}, {"AuthorizationDetails", TYPE_DYNAMIC, 0}, {"Category", TYPE_TEXT, 0},
	{"ClientRequestId", TYPE_TEXT, 0}, {"ConditionsUsed", TYPE_TEXT, 0}, {"ContentLengthHeader", TYPE_BIGINT, 0},
	{"DestinationUri", TYPE_TEXT, 0}, {"DurationMs", TYPE_REAL, 0}, {"Etag", TYPE_TEXT, 0},
	{"LastModifiedTime", TYPE_TIME, 0}, {"Location", TYPE_TEXT, 0}, {"MetricResponseType", TYPE_TEXT, 0},
	{"ObjectKey", TYPE_TEXT, 0}, {"OperationCount", TYPE_INTEGER, 0}, {"OperationVersion", TYPE_TEXT, 0},
	{"Protocol", TYPE_TEXT, 0}, {"ReferrerHeader", TYPE_TEXT, 0}, {"RehydratePriority", TYPE_TEXT, 0},
	{"RequestBodySize", TYPE_BIGINT, 0}, {"RequesterAppId", TYPE_TEXT, 0}, {"RequesterAudience", TYPE_TEXT, 0},
	{"RequesterObjectId", TYPE_TEXT, 0}, {"RequesterTenantId", TYPE_TEXT, 0}, {"RequesterTokenIssuer", TYPE_TEXT, 0},
	{"RequesterUpn", TYPE_TEXT, 0}, {"RequestHeaderSize", TYPE_BIGINT, 0}, {"RequestMd5", TYPE_TEXT, 0},
	{"ResponseBodySize", TYPE_BIGINT, 0}, {"ResponseHeaderSize", TYPE_BIGINT, 0}, {"ResponseMd5", TYPE_TEXT, 0},
	{"SasExpiryStatus", TYPE_TEXT, 0}, {"SchemaVersion", TYPE_TEXT, 0}, {"ServerLatencyMs", TYPE_REAL, 0},
	{"ServiceType", TYPE_TEXT, 0}, {"SourceAccessTier", TYPE_TEXT, 0}, {"SourceUri", TYPE_TEXT, 0},
	{"TlsVersion", TYPE_TEXT, 0}, {"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0},
	{"_BilledSize", TYPE_REAL, 0}, {"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0},
	{"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn storagebloblogs_needed[] = {
	{"address", "CallerIpAddress"}, {"operation", "OperationName"}, {NULL, NULL}
};
static const FieldMapping storagebloblogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"uri", "Uri", TAKE}, {"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE}, {"properties.accountName", "AccountName", TAKE},
	{"properties.accessTier", "AccessTier", TAKE}, {"identity.tokenHash", "AuthenticationHash", TAKE},
	{"identity.type", "AuthenticationType", TAKE}, {"identity.authorization", "AuthorizationDetails", TAKE},
	{"properties.clientRequestId", "ClientRequestId", TAKE}, {"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE},
	{"properties.destinationUri", "DestinationUri", TAKE}, {"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE}, {"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE}, {"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.rehydratePriority", "RehydratePriority", TAKE}, {"properties.requestBodySize", "RequestBodySize", TAKE},
	{"identity.requester.appId", "RequesterAppId", TAKE}, {"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE}, {"identity.requester.upn", "RequesterUpn", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE}, {"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE}, {"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.sasExpiryStatus", "SasExpiryStatus", TAKE}, {"properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{"properties.serviceType", "ServiceType", TAKE}, {"properties.sourceAccessTier", "SourceAccessTier", TAKE},
	{"properties.sourceUri", "SourceUri", TAKE}, {"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping storagebloblogs_listed[] = {{NULL, NULL, TAKE}};
static const Derivation storagebloblogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageFileLogs */
static const char *const storagefilelogs_categories[] = {
	"StorageRead", "StorageWrite", "StorageDelete", NULL
};
static const char *const storagefilelogs_verbs[] = {NULL};
static const char *const storagefilelogs_containers[] = {NULL};
static const char *const storagefilelogs_services[] = {
	"file", "fileServices", NULL
};
static const char *const storagefilelogs_files[] = {NULL};
static const ColumnDescription storagefilelogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"OperationName", TYPE_TEXT, COLUMN_HUNTED},
	{"StatusText", TYPE_TEXT, COLUMN_HUNTED}, {"StatusCode", TYPE_TEXT, COLUMN_HUNTED},
	{"CallerIpAddress", TYPE_TEXT, COLUMN_HUNTED}, {"Uri", TYPE_TEXT, COLUMN_HUNTED},
	{"UserAgentHeader", TYPE_TEXT, COLUMN_HUNTED}, {"AccountName", TYPE_TEXT, COLUMN_HUNTED},
	{"CorrelationId", TYPE_TEXT, COLUMN_HUNTED}, {"AuthenticationHash", TYPE_TEXT, 0},
	{"AuthenticationType", TYPE_TEXT, 0}, {"AuthorizationDetails", TYPE_DYNAMIC, 0}, {"Category", TYPE_TEXT, 0},
	{"ClientRequestId", TYPE_TEXT, 0}, {"ConditionsUsed", TYPE_TEXT, 0}, {"ContentLengthHeader", TYPE_BIGINT, 0},
	{"DurationMs", TYPE_REAL, 0}, {"Etag", TYPE_TEXT, 0}, {"LastModifiedTime", TYPE_TIME, 0}, {"Location", TYPE_TEXT, 0},
	{"MetricResponseType", TYPE_TEXT, 0}, {"ObjectKey", TYPE_TEXT, 0}, {"OperationCount", TYPE_INTEGER, 0},
	{"OperationVersion", TYPE_TEXT, 0}, {"Protocol", TYPE_TEXT, 0}, {"ReferrerHeader", TYPE_TEXT, 0},
	{"RequestBodySize", TYPE_BIGINT, 0}, {"RequesterAppId", TYPE_TEXT, 0}, {"RequesterAudience", TYPE_TEXT, 0},
	{"RequesterObjectId", TYPE_TEXT, 0}, {"RequesterTenantId", TYPE_TEXT, 0}, {"RequesterTokenIssuer", TYPE_TEXT, 0},
	{"RequesterUpn", TYPE_TEXT, 0}, {"RequesterUserName", TYPE_TEXT, 0}, {"RequestHeaderSize", TYPE_BIGINT, 0},
	{"RequestMd5", TYPE_TEXT, 0}, {"ResponseBodySize", TYPE_BIGINT, 0}, {"ResponseHeaderSize", TYPE_BIGINT, 0},
	{"ResponseMd5", TYPE_TEXT, 0}, {"SchemaVersion", TYPE_TEXT, 0}, {"ServerLatencyMs", TYPE_REAL, 0},
	{"ServiceType", TYPE_TEXT, 0}, {"SmbCommandDetail", TYPE_TEXT, 0}, {"SmbCommandMajor", TYPE_INTEGER, 0},
	{"SmbCommandMinor", TYPE_TEXT, 0}, {"SmbCreditsConsumed", TYPE_INTEGER, 0}, {"SmbFileId", TYPE_BIGINT, 0},
	{"SmbMessageID", TYPE_BIGINT, 0}, {"SmbPersistentHandleID", TYPE_BIGINT, 0}, {"SmbPrimarySID", TYPE_TEXT, 0},
	{"SmbSessionID", TYPE_BIGINT, 0}, {"SmbTreeConnectID", TYPE_INTEGER, 0}, {"SmbVolatileHandleID", TYPE_BIGINT, 0},
	{"TlsVersion", TYPE_TEXT, 0}, {"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0},
	{"_BilledSize", TYPE_REAL, 0}, {"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0},
	{"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn storagefilelogs_needed[] = {
	{"address", "CallerIpAddress"}, {"operation", "OperationName"}, {NULL, NULL}
};
static const FieldMapping storagefilelogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"uri", "Uri", TAKE}, {"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE}, {"properties.accountName", "AccountName", TAKE},
	{"identity.tokenHash", "AuthenticationHash", TAKE}, {"identity.type", "AuthenticationType", TAKE},
	{"identity.authorization", "AuthorizationDetails", TAKE}, {"properties.clientRequestId", "ClientRequestId", TAKE},
	{"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE}, {"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE}, {"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE}, {"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.requestBodySize", "RequestBodySize", TAKE}, {"identity.requester.appId", "RequesterAppId", TAKE},
	{"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE}, {"identity.requester.upn", "RequesterUpn", TAKE},
	{"identity.requester.userName", "RequesterUserName", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE}, {"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE}, {"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.serverLatencyMs", "ServerLatencyMs", TAKE}, {"properties.serviceType", "ServiceType", TAKE},
	{"properties.smbCommandDetail", "SmbCommandDetail", TAKE}, {"properties.smbCommandMajor", "SmbCommandMajor", TAKE},
	{"properties.smbCommandMinor", "SmbCommandMinor", TAKE},
	{"properties.smbCreditsConsumed", "SmbCreditsConsumed", TAKE}, {"properties.smbFileId", "SmbFileId", TAKE},
	{"properties.smbMessageID", "SmbMessageID", TAKE},
	{"properties.smbPersistentHandleID", "SmbPersistentHandleID", TAKE},
	{"identity.requester.smbPrimarySID", "SmbPrimarySID", TAKE}, {"properties.smbPrimarySID", "SmbPrimarySID", SECOND},
	{"properties.smbSessionID", "SmbSessionID", TAKE}, {"properties.smbTreeConnectID", "SmbTreeConnectID", TAKE},
	{"properties.smbVolatileHandleID", "SmbVolatileHandleID", TAKE}, {"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping storagefilelogs_listed[] = {{NULL, NULL, TAKE}};
static const Derivation storagefilelogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageQueueLogs */
static const char *const storagequeuelogs_categories[] = {
	"StorageRead", "StorageWrite", "StorageDelete", NULL
};
static const char *const storagequeuelogs_verbs[] = {NULL};
static const char *const storagequeuelogs_containers[] = {NULL};
static const char *const storagequeuelogs_services[] = {
	"queue", "queueServices", NULL
};
static const char *const storagequeuelogs_files[] = {NULL};
static const ColumnDescription storagequeuelogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"OperationName", TYPE_TEXT, 0}, {"StatusText", TYPE_TEXT, 0},
	{"StatusCode", TYPE_TEXT, 0}, {"CallerIpAddress", TYPE_TEXT, 0}, {"Uri", TYPE_TEXT, 0},
	{"UserAgentHeader", TYPE_TEXT, 0}, {"AccountName", TYPE_TEXT, 0}, {"CorrelationId", TYPE_TEXT, 0},
	{"AuthenticationHash", TYPE_TEXT, 0}, {"AuthenticationType", TYPE_TEXT, 0}, {"AuthorizationDetails", TYPE_DYNAMIC, 0},
	{"Category", TYPE_TEXT, 0}, {"ClientRequestId", TYPE_TEXT, 0}, {"ConditionsUsed", TYPE_TEXT, 0},
	{"ContentLengthHeader", TYPE_BIGINT, 0}, {"DurationMs", TYPE_REAL, 0}, {"Etag", TYPE_TEXT, 0},
	{"LastModifiedTime", TYPE_TIME, 0}, {"Location", TYPE_TEXT, 0}, {"MetricResponseType", TYPE_TEXT, 0},
	{"ObjectKey", TYPE_TEXT, 0}, {"OperationCount", TYPE_INTEGER, 0}, {"OperationVersion", TYPE_TEXT, 0},
	{"Protocol", TYPE_TEXT, 0}, {"ReferrerHeader", TYPE_TEXT, 0}, {"RequestBodySize", TYPE_BIGINT, 0},
	{"RequesterAppId", TYPE_TEXT, 0}, {"RequesterAudience", TYPE_TEXT, 0}, {"RequesterObjectId", TYPE_TEXT, 0},
	{"RequesterTenantId", TYPE_TEXT, 0}, {"RequesterTokenIssuer", TYPE_TEXT, 0}, {"RequesterUpn", TYPE_TEXT, 0},
	{"RequestHeaderSize", TYPE_BIGINT, 0}, {"RequestMd5", TYPE_TEXT, 0}, {"ResponseBodySize", TYPE_BIGINT, 0},
	{"ResponseHeaderSize", TYPE_BIGINT, 0}, {"ResponseMd5", TYPE_TEXT, 0}, {"SasExpiryStatus", TYPE_TEXT, 0},
	{"SchemaVersion", TYPE_TEXT, 0}, {"ServerLatencyMs", TYPE_REAL, 0}, {"ServiceType", TYPE_TEXT, 0},
	{"TlsVersion", TYPE_TEXT, 0}, {"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0},
	{"_BilledSize", TYPE_REAL, 0}, {"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0},
	{"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn storagequeuelogs_needed[] = {
	{"address", "CallerIpAddress"}, {NULL, NULL}
};
static const FieldMapping storagequeuelogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"uri", "Uri", TAKE}, {"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE}, {"properties.accountName", "AccountName", TAKE},
	{"identity.tokenHash", "AuthenticationHash", TAKE}, {"identity.type", "AuthenticationType", TAKE},
	{"identity.authorization", "AuthorizationDetails", TAKE}, {"properties.clientRequestId", "ClientRequestId", TAKE},
	{"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE}, {"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE}, {"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE}, {"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.requestBodySize", "RequestBodySize", TAKE}, {"identity.requester.appId", "RequesterAppId", TAKE},
	{"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE}, {"identity.requester.upn", "RequesterUpn", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE}, {"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE}, {"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.sasExpiryStatus", "SasExpiryStatus", TAKE}, {"properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{"properties.serviceType", "ServiceType", TAKE}, {"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping storagequeuelogs_listed[] = {{NULL, NULL, TAKE}};
static const Derivation storagequeuelogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageTableLogs */
static const char *const storagetablelogs_categories[] = {
	"StorageRead", "StorageWrite", "StorageDelete", NULL
};
static const char *const storagetablelogs_verbs[] = {NULL};
static const char *const storagetablelogs_containers[] = {NULL};
static const char *const storagetablelogs_services[] = {
	"table", "tableServices", NULL
};
static const char *const storagetablelogs_files[] = {NULL};
static const ColumnDescription storagetablelogs_columns[] = {
	{"TimeGenerated", TYPE_TIME, COLUMN_HUNTED}, {"OperationName", TYPE_TEXT, 0}, {"StatusText", TYPE_TEXT, 0},
	{"StatusCode", TYPE_TEXT, 0}, {"CallerIpAddress", TYPE_TEXT, 0}, {"Uri", TYPE_TEXT, 0},
	{"UserAgentHeader", TYPE_TEXT, 0}, {"AccountName", TYPE_TEXT, 0}, {"CorrelationId", TYPE_TEXT, 0},
	{"AuthenticationHash", TYPE_TEXT, 0}, {"AuthenticationType", TYPE_TEXT, 0}, {"AuthorizationDetails", TYPE_DYNAMIC, 0},
	{"Category", TYPE_TEXT, 0}, {"ClientRequestId", TYPE_TEXT, 0}, {"ConditionsUsed", TYPE_TEXT, 0},
	{"ContentLengthHeader", TYPE_BIGINT, 0}, {"DurationMs", TYPE_REAL, 0}, {"Etag", TYPE_TEXT, 0},
	{"LastModifiedTime", TYPE_TIME, 0}, {"Location", TYPE_TEXT, 0}, {"MetricResponseType", TYPE_TEXT, 0},
	{"ObjectKey", TYPE_TEXT, 0}, {"OperationCount", TYPE_INTEGER, 0}, {"OperationVersion", TYPE_TEXT, 0},
	{"Protocol", TYPE_TEXT, 0}, {"ReferrerHeader", TYPE_TEXT, 0}, {"RequestBodySize", TYPE_BIGINT, 0},
	{"RequesterAppId", TYPE_TEXT, 0}, {"RequesterAudience", TYPE_TEXT, 0}, {"RequesterObjectId", TYPE_TEXT, 0},
	{"RequesterTenantId", TYPE_TEXT, 0}, {"RequesterTokenIssuer", TYPE_TEXT, 0}, {"RequesterUpn", TYPE_TEXT, 0},
	{"RequestHeaderSize", TYPE_BIGINT, 0}, {"RequestMd5", TYPE_TEXT, 0}, {"ResponseBodySize", TYPE_BIGINT, 0},
	{"ResponseHeaderSize", TYPE_BIGINT, 0}, {"ResponseMd5", TYPE_TEXT, 0}, {"SasExpiryStatus", TYPE_TEXT, 0},
	{"SchemaVersion", TYPE_TEXT, 0}, {"ServerLatencyMs", TYPE_REAL, 0}, {"ServiceType", TYPE_TEXT, 0},
	{"TlsVersion", TYPE_TEXT, 0}, {"SourceSystem", TYPE_TEXT, 0}, {"TenantId", TYPE_TEXT, 0}, {"Type", TYPE_TEXT, 0},
	{"_BilledSize", TYPE_REAL, 0}, {"_IsBillable", TYPE_TEXT, 0}, {"_ResourceId", TYPE_TEXT, 0},
	{"_SubscriptionId", TYPE_TEXT, 0}, {NULL, TYPE_OTHER, 0}
};
static const NeededColumn storagetablelogs_needed[] = {
	{"address", "CallerIpAddress"}, {NULL, NULL}
};
static const FieldMapping storagetablelogs_fields[] = {
	{"time", "TimeGenerated", TAKE}, {"uri", "Uri", TAKE}, {"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE}, {"properties.accountName", "AccountName", TAKE},
	{"identity.tokenHash", "AuthenticationHash", TAKE}, {"identity.type", "AuthenticationType", TAKE},
	{"identity.authorization", "AuthorizationDetails", TAKE}, {"properties.clientRequestId", "ClientRequestId", TAKE},
	{"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE}, {"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE}, {"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE}, {"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.requestBodySize", "RequestBodySize", TAKE}, {"identity.requester.appId", "RequesterAppId", TAKE},
	{"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE}, {"identity.requester.upn", "RequesterUpn", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE}, {"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE}, {"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.sasExpiryStatus", "SasExpiryStatus", TAKE}, {"properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{"properties.serviceType", "ServiceType", TAKE}, {"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD}, {NULL, NULL, TAKE}
};
static const FieldMapping storagetablelogs_listed[] = {{NULL, NULL, TAKE}};
static const Derivation storagetablelogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, NULL, WHOLE, NULL}
};

const LogTable log_tables[LOG_TABLES] = {
	{
		"AADManagedIdentitySignInLogs", 1U << 0,
		"Microsoft.aadiam", true, false,
		"IPAddress", true,
		aadmanagedidentitysigninlogs_categories, aadmanagedidentitysigninlogs_verbs, aadmanagedidentitysigninlogs_containers, aadmanagedidentitysigninlogs_services, aadmanagedidentitysigninlogs_files,
		aadmanagedidentitysigninlogs_columns, aadmanagedidentitysigninlogs_needed, aadmanagedidentitysigninlogs_fields, aadmanagedidentitysigninlogs_listed,
		aadmanagedidentitysigninlogs_derivations
	},
	{
		"AADNonInteractiveUserSignInLogs", 1U << 1,
		"Microsoft.aadiam", true, false,
		"IPAddress", true,
		aadnoninteractiveusersigninlogs_categories, aadnoninteractiveusersigninlogs_verbs, aadnoninteractiveusersigninlogs_containers, aadnoninteractiveusersigninlogs_services, aadnoninteractiveusersigninlogs_files,
		aadnoninteractiveusersigninlogs_columns, aadnoninteractiveusersigninlogs_needed, aadnoninteractiveusersigninlogs_fields, aadnoninteractiveusersigninlogs_listed,
		aadnoninteractiveusersigninlogs_derivations
	},
	{
		"AADServicePrincipalSignInLogs", 1U << 2,
		"Microsoft.aadiam", true, false,
		"IPAddress", true,
		aadserviceprincipalsigninlogs_categories, aadserviceprincipalsigninlogs_verbs, aadserviceprincipalsigninlogs_containers, aadserviceprincipalsigninlogs_services, aadserviceprincipalsigninlogs_files,
		aadserviceprincipalsigninlogs_columns, aadserviceprincipalsigninlogs_needed, aadserviceprincipalsigninlogs_fields, aadserviceprincipalsigninlogs_listed,
		aadserviceprincipalsigninlogs_derivations
	},
	{
		"AuditLogs", 1U << 3,
		"Microsoft.aadiam", true, false,
		"CorrelationId", false,
		auditlogs_categories, auditlogs_verbs, auditlogs_containers, auditlogs_services, auditlogs_files,
		auditlogs_columns, auditlogs_needed, auditlogs_fields, auditlogs_listed,
		auditlogs_derivations
	},
	{
		"AzureActivity", 1U << 4,
		NULL, false, true,
		"Caller", false,
		azureactivity_categories, azureactivity_verbs, azureactivity_containers, azureactivity_services, azureactivity_files,
		azureactivity_columns, azureactivity_needed, azureactivity_fields, azureactivity_listed,
		azureactivity_derivations
	},
	{
		"SigninLogs", 1U << 5,
		"Microsoft.aadiam", true, false,
		"IPAddress", true,
		signinlogs_categories, signinlogs_verbs, signinlogs_containers, signinlogs_services, signinlogs_files,
		signinlogs_columns, signinlogs_needed, signinlogs_fields, signinlogs_listed,
		signinlogs_derivations
	},
	{
		"StorageBlobLogs", 1U << 6,
		"Microsoft.Storage", false, false,
		"CallerIpAddress", true,
		storagebloblogs_categories, storagebloblogs_verbs, storagebloblogs_containers, storagebloblogs_services, storagebloblogs_files,
		storagebloblogs_columns, storagebloblogs_needed, storagebloblogs_fields, storagebloblogs_listed,
		storagebloblogs_derivations
	},
	{
		"StorageFileLogs", 1U << 7,
		"Microsoft.Storage", false, false,
		"CallerIpAddress", true,
		storagefilelogs_categories, storagefilelogs_verbs, storagefilelogs_containers, storagefilelogs_services, storagefilelogs_files,
		storagefilelogs_columns, storagefilelogs_needed, storagefilelogs_fields, storagefilelogs_listed,
		storagefilelogs_derivations
	},
	{
		"StorageQueueLogs", 1U << 8,
		"Microsoft.Storage", false, false,
		"CallerIpAddress", true,
		storagequeuelogs_categories, storagequeuelogs_verbs, storagequeuelogs_containers, storagequeuelogs_services, storagequeuelogs_files,
		storagequeuelogs_columns, storagequeuelogs_needed, storagequeuelogs_fields, storagequeuelogs_listed,
		storagequeuelogs_derivations
	},
	{
		"StorageTableLogs", 1U << 9,
		"Microsoft.Storage", false, false,
		"CallerIpAddress", true,
		storagetablelogs_categories, storagetablelogs_verbs, storagetablelogs_containers, storagetablelogs_services, storagetablelogs_files,
		storagetablelogs_columns, storagetablelogs_needed, storagetablelogs_fields, storagetablelogs_listed,
		storagetablelogs_derivations
	}
};

const KnownColumn known_columns[] = {
	{"managedserviceidentity", &log_tables[0]},
	{"processingtimeinms", &log_tables[1]},
	{"aadoperationtype", &log_tables[3]},
	{"operationnamevalue", &log_tables[4]},
	{"smbtreeconnectid", &log_tables[7]},
	{"serviceprincipalcredentialthumbprint", &log_tables[2]},
	{"userprincipalname", &log_tables[5]},
	{"useragentheader", &log_tables[6]},
	{NULL, NULL}
};
