/* written by script/make-log-tables from src/logs/tables */
#include "map/log_tables.h"

#include <stddef.h>

/* AADManagedIdentitySignInLogs */
static const char *const aadmanagedidentitysigninlogs_categories[] = {
	"ManagedIdentitySignInLogs",
	NULL
};

static const char *const aadmanagedidentitysigninlogs_containers[] = {
	NULL
};

static const char *const aadmanagedidentitysigninlogs_services[] = {
	NULL
};

static const FieldMapping aadmanagedidentitysigninlogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND},
	{"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE},
	{"properties.resourceId", "ResourceIdentity", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation aadmanagedidentitysigninlogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* AADNonInteractiveUserSignInLogs */
static const char *const aadnoninteractiveusersigninlogs_categories[] = {
	"NonInteractiveUserSignInLogs",
	NULL
};

static const char *const aadnoninteractiveusersigninlogs_containers[] = {
	NULL
};

static const char *const aadnoninteractiveusersigninlogs_services[] = {
	NULL
};

static const FieldMapping aadnoninteractiveusersigninlogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND},
	{"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE},
	{"properties.processingTimeInMilliseconds", "ProcessingTimeInMs", TAKE},
	{"properties.resourceId", "ResourceIdentity", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation aadnoninteractiveusersigninlogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* AADServicePrincipalSignInLogs */
static const char *const aadserviceprincipalsigninlogs_categories[] = {
	"ServicePrincipalSignInLogs",
	NULL
};

static const char *const aadserviceprincipalsigninlogs_containers[] = {
	NULL
};

static const char *const aadserviceprincipalsigninlogs_services[] = {
	NULL
};

static const FieldMapping aadserviceprincipalsigninlogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND},
	{"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE},
	{"properties.resourceId", "ResourceIdentity", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation aadserviceprincipalsigninlogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* AuditLogs */
static const char *const auditlogs_categories[] = {
	"AuditLogs",
	NULL
};

static const char *const auditlogs_containers[] = {
	NULL
};

static const char *const auditlogs_services[] = {
	NULL
};

static const FieldMapping auditlogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"properties.operationType", "AADOperationType", TAKE},
	{"tenantId", "AADTenantId", TAKE},
	{"properties.category", "Category", TAKE},
	{"category", "Category", SECOND},
	{"resourceId", "ResourceId", TAKE},
	{NULL, NULL, TAKE}
};

static const Derivation auditlogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* AzureActivity */
static const char *const azureactivity_categories[] = {
	"Administrative",
	"Security",
	"ServiceHealth",
	"Alert",
	"Recommendation",
	"Policy",
	"Autoscale",
	"ResourceHealth",
	"Action",
	"Write",
	"Delete",
	NULL
};

static const char *const azureactivity_containers[] = {
	"insights-activity-logs",
	NULL
};

static const char *const azureactivity_services[] = {
	NULL
};

static const FieldMapping azureactivity_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"eventTimestamp", "TimeGenerated", SECOND},
	{"operationName", "OperationNameValue", TAKE},
	{"resultType", "ActivityStatusValue", TAKE},
	{"resultSignature", "ActivitySubstatusValue", TAKE},
	{"identity.authorization", "Authorization", TAKE},
	{"identity.authorization", "Authorization_d", TAKE},
	{"category", "CategoryValue", TAKE},
	{"identity.claims", "Claims", TAKE},
	{"identity.claims", "Claims_d", TAKE},
	{"properties", "Properties", TAKE},
	{"properties", "Properties_d", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation azureactivity_derivations[] = {
	{"Caller", "identity.claims", "Claims", MEMBER, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"},
	{"Caller", "identity.claims", "Claims", MEMBER, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"},
	{"Caller", "identity.claims", "Claims", MEMBER, "http://schemas.microsoft.com/identity/claims/objectidentifier"},
	{"Caller", "identity.claims", "Claims", MEMBER, "appid"},
	{"SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{"SubscriptionId", NULL, "ResourceId", SUBSCRIPTION, NULL},
	{"ResourceGroup", "resourceId", "_ResourceId", RESOURCE_GROUP, NULL},
	{"ResourceGroup", NULL, "ResourceId", RESOURCE_GROUP, NULL},
	{"ResourceProviderValue", NULL, "ResourceProvider", WHOLE, NULL},
	{"ResourceProviderValue", "resourceId", "_ResourceId", PROVIDER, NULL},
	{"Hierarchy", "properties", "Properties", MEMBER, "hierarchy"},
	{"OperationNameValue", NULL, "Properties", OPERATION, "message"},
	{"OperationNameValue", NULL, "Authorization", OPERATION, "action"},
	{"OperationNameValue", NULL, "OperationName", OPERATION, NULL},
	{"ActivityStatusValue", NULL, "ActivityStatus", WHOLE, NULL},
	{"ActivitySubstatusValue", NULL, "ActivitySubstatus", WHOLE, NULL},
	{"CategoryValue", NULL, "Category", WHOLE, NULL},
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* SigninLogs */
static const char *const signinlogs_categories[] = {
	"SignInLogs",
	NULL
};

static const char *const signinlogs_containers[] = {
	NULL
};

static const char *const signinlogs_services[] = {
	NULL
};

static const FieldMapping signinlogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"properties.ipAddress", "IPAddress", TAKE},
	{"callerIpAddress", "IPAddress", SECOND},
	{"tenantId", "AADTenantId", TAKE},
	{"properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{"properties.location", "LocationDetails", TAKE},
	{"resourceId", "ResourceId", TAKE},
	{"properties.resourceId", "ResourceIdentity", TAKE},
	{NULL, NULL, TAKE}
};

static const Derivation signinlogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageBlobLogs */
static const char *const storagebloblogs_categories[] = {
	"StorageRead",
	"StorageWrite",
	"StorageDelete",
	NULL
};

static const char *const storagebloblogs_containers[] = {
	NULL
};

static const char *const storagebloblogs_services[] = {
	"blob",
	"blobServices",
	NULL
};

static const FieldMapping storagebloblogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"uri", "Uri", TAKE},
	{"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE},
	{"properties.accountName", "AccountName", TAKE},
	{"properties.accessTier", "AccessTier", TAKE},
	{"identity.tokenHash", "AuthenticationHash", TAKE},
	{"identity.type", "AuthenticationType", TAKE},
	{"identity.authorization", "AuthorizationDetails", TAKE},
	{"properties.clientRequestId", "ClientRequestId", TAKE},
	{"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE},
	{"properties.destinationUri", "DestinationUri", TAKE},
	{"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE},
	{"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE},
	{"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.rehydratePriority", "RehydratePriority", TAKE},
	{"properties.requestBodySize", "RequestBodySize", TAKE},
	{"identity.requester.appId", "RequesterAppId", TAKE},
	{"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE},
	{"identity.requester.upn", "RequesterUpn", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE},
	{"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE},
	{"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.sasExpiryStatus", "SasExpiryStatus", TAKE},
	{"properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{"properties.serviceType", "ServiceType", TAKE},
	{"properties.sourceAccessTier", "SourceAccessTier", TAKE},
	{"properties.sourceUri", "SourceUri", TAKE},
	{"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation storagebloblogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageFileLogs */
static const char *const storagefilelogs_categories[] = {
	"StorageRead",
	"StorageWrite",
	"StorageDelete",
	NULL
};

static const char *const storagefilelogs_containers[] = {
	NULL
};

static const char *const storagefilelogs_services[] = {
	"file",
	"fileServices",
	NULL
};

static const FieldMapping storagefilelogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"uri", "Uri", TAKE},
	{"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE},
	{"properties.accountName", "AccountName", TAKE},
	{"identity.tokenHash", "AuthenticationHash", TAKE},
	{"identity.type", "AuthenticationType", TAKE},
	{"identity.authorization", "AuthorizationDetails", TAKE},
	{"properties.clientRequestId", "ClientRequestId", TAKE},
	{"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE},
	{"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE},
	{"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE},
	{"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.requestBodySize", "RequestBodySize", TAKE},
	{"identity.requester.appId", "RequesterAppId", TAKE},
	{"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE},
	{"identity.requester.upn", "RequesterUpn", TAKE},
	{"identity.requester.userName", "RequesterUserName", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE},
	{"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE},
	{"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{"properties.serviceType", "ServiceType", TAKE},
	{"properties.smbCommandDetail", "SmbCommandDetail", TAKE},
	{"properties.smbCommandMajor", "SmbCommandMajor", TAKE},
	{"properties.smbCommandMinor", "SmbCommandMinor", TAKE},
	{"properties.smbCreditsConsumed", "SmbCreditsConsumed", TAKE},
	{"properties.smbFileId", "SmbFileId", TAKE},
	{"properties.smbMessageID", "SmbMessageID", TAKE},
	{"properties.smbPersistentHandleID", "SmbPersistentHandleID", TAKE},
	{"identity.requester.smbPrimarySID", "SmbPrimarySID", TAKE},
	{"properties.smbPrimarySID", "SmbPrimarySID", SECOND},
	{"properties.smbSessionID", "SmbSessionID", TAKE},
	{"properties.smbTreeConnectID", "SmbTreeConnectID", TAKE},
	{"properties.smbVolatileHandleID", "SmbVolatileHandleID", TAKE},
	{"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation storagefilelogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageQueueLogs */
static const char *const storagequeuelogs_categories[] = {
	"StorageRead",
	"StorageWrite",
	"StorageDelete",
	NULL
};

static const char *const storagequeuelogs_containers[] = {
	NULL
};

static const char *const storagequeuelogs_services[] = {
	"queue",
	"queueServices",
	NULL
};

static const FieldMapping storagequeuelogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"uri", "Uri", TAKE},
	{"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE},
	{"properties.accountName", "AccountName", TAKE},
	{"identity.tokenHash", "AuthenticationHash", TAKE},
	{"identity.type", "AuthenticationType", TAKE},
	{"identity.authorization", "AuthorizationDetails", TAKE},
	{"properties.clientRequestId", "ClientRequestId", TAKE},
	{"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE},
	{"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE},
	{"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE},
	{"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.requestBodySize", "RequestBodySize", TAKE},
	{"identity.requester.appId", "RequesterAppId", TAKE},
	{"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE},
	{"identity.requester.upn", "RequesterUpn", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE},
	{"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE},
	{"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.sasExpiryStatus", "SasExpiryStatus", TAKE},
	{"properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{"properties.serviceType", "ServiceType", TAKE},
	{"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation storagequeuelogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

/* StorageTableLogs */
static const char *const storagetablelogs_categories[] = {
	"StorageRead",
	"StorageWrite",
	"StorageDelete",
	NULL
};

static const char *const storagetablelogs_containers[] = {
	NULL
};

static const char *const storagetablelogs_services[] = {
	"table",
	"tableServices",
	NULL
};

static const FieldMapping storagetablelogs_fields[] = {
	{"time", "TimeGenerated", TAKE},
	{"uri", "Uri", TAKE},
	{"properties.requestUrl", "Uri", SECOND},
	{"properties.userAgentHeader", "UserAgentHeader", TAKE},
	{"properties.accountName", "AccountName", TAKE},
	{"identity.tokenHash", "AuthenticationHash", TAKE},
	{"identity.type", "AuthenticationType", TAKE},
	{"identity.authorization", "AuthorizationDetails", TAKE},
	{"properties.clientRequestId", "ClientRequestId", TAKE},
	{"properties.conditionsUsed", "ConditionsUsed", TAKE},
	{"properties.contentLengthHeader", "ContentLengthHeader", TAKE},
	{"properties.etag", "Etag", TAKE},
	{"properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{"properties.metricResponseType", "MetricResponseType", TAKE},
	{"properties.objectKey", "ObjectKey", TAKE},
	{"properties.operationCount", "OperationCount", TAKE},
	{"properties.referrerHeader", "ReferrerHeader", TAKE},
	{"properties.requestBodySize", "RequestBodySize", TAKE},
	{"identity.requester.appId", "RequesterAppId", TAKE},
	{"identity.requester.audience", "RequesterAudience", TAKE},
	{"identity.requester.objectId", "RequesterObjectId", TAKE},
	{"identity.requester.tenantId", "RequesterTenantId", TAKE},
	{"identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE},
	{"identity.requester.upn", "RequesterUpn", TAKE},
	{"properties.requestHeaderSize", "RequestHeaderSize", TAKE},
	{"properties.requestMd5", "RequestMd5", TAKE},
	{"properties.responseBodySize", "ResponseBodySize", TAKE},
	{"properties.responseHeaderSize", "ResponseHeaderSize", TAKE},
	{"properties.serverMd5", "ResponseMd5", TAKE},
	{"properties.sasExpiryStatus", "SasExpiryStatus", TAKE},
	{"properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{"properties.serviceType", "ServiceType", TAKE},
	{"properties.tlsVersion", "TlsVersion", TAKE},
	{"resourceId", "_ResourceId", FOLD},
	{NULL, NULL, TAKE}
};

static const Derivation storagetablelogs_derivations[] = {
	{"_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{NULL, NULL, NULL, WHOLE, NULL}
};

const LogTable log_tables[LOG_TABLES] = {
	{
		"AADManagedIdentitySignInLogs", 1U << 0,
		NULL,
		aadmanagedidentitysigninlogs_categories, aadmanagedidentitysigninlogs_containers, aadmanagedidentitysigninlogs_services,
		aadmanagedidentitysigninlogs_fields, aadmanagedidentitysigninlogs_derivations
	},
	{
		"AADNonInteractiveUserSignInLogs", 1U << 1,
		NULL,
		aadnoninteractiveusersigninlogs_categories, aadnoninteractiveusersigninlogs_containers, aadnoninteractiveusersigninlogs_services,
		aadnoninteractiveusersigninlogs_fields, aadnoninteractiveusersigninlogs_derivations
	},
	{
		"AADServicePrincipalSignInLogs", 1U << 2,
		NULL,
		aadserviceprincipalsigninlogs_categories, aadserviceprincipalsigninlogs_containers, aadserviceprincipalsigninlogs_services,
		aadserviceprincipalsigninlogs_fields, aadserviceprincipalsigninlogs_derivations
	},
	{
		"AuditLogs", 1U << 3,
		"Microsoft.aadiam",
		auditlogs_categories, auditlogs_containers, auditlogs_services,
		auditlogs_fields, auditlogs_derivations
	},
	{
		"AzureActivity", 1U << 4,
		NULL,
		azureactivity_categories, azureactivity_containers, azureactivity_services,
		azureactivity_fields, azureactivity_derivations
	},
	{
		"SigninLogs", 1U << 5,
		NULL,
		signinlogs_categories, signinlogs_containers, signinlogs_services,
		signinlogs_fields, signinlogs_derivations
	},
	{
		"StorageBlobLogs", 1U << 6,
		NULL,
		storagebloblogs_categories, storagebloblogs_containers, storagebloblogs_services,
		storagebloblogs_fields, storagebloblogs_derivations
	},
	{
		"StorageFileLogs", 1U << 7,
		NULL,
		storagefilelogs_categories, storagefilelogs_containers, storagefilelogs_services,
		storagefilelogs_fields, storagefilelogs_derivations
	},
	{
		"StorageQueueLogs", 1U << 8,
		NULL,
		storagequeuelogs_categories, storagequeuelogs_containers, storagequeuelogs_services,
		storagequeuelogs_fields, storagequeuelogs_derivations
	},
	{
		"StorageTableLogs", 1U << 9,
		NULL,
		storagetablelogs_categories, storagetablelogs_containers, storagetablelogs_services,
		storagetablelogs_fields, storagetablelogs_derivations
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
