/*-------------------------------------------------------------------------
 *
 * field_mappings.c
 *	  Which column takes which field.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/field_mappings.h"

#include <stddef.h>

#define CLAIM	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define ENTRA_CLAIM	"http://schemas.microsoft.com/identity/claims/"

/*
 * The fields of raw diagnostic records, and the columns that take them.
 *
 * Beyond these, a field at the top or in properties is taken by the column of
 * the same name, if the table has one; the case of letters does not matter.
 * What no column takes becomes part of additionalfields.
 */
const FieldMapping field_mappings[] = {
	/* all logs */
	{ALL_TABLES, "time", "TimeGenerated", TAKE},
	{STORAGE | NONINTERACTIVE | ACTIVITY, "resourceId", "_ResourceId", FOLD},
	{ALL_TABLES, "correlationId", "CorrelationId", TAKE},

	/* storage */
	{STORAGE, "category", "Category", TAKE},
	{STORAGE, "operationName", "OperationName", TAKE},
	{STORAGE, "operationVersion", "OperationVersion", TAKE},
	{STORAGE, "schemaVersion", "SchemaVersion", TAKE},
	{STORAGE, "statusCode", "StatusCode", TAKE},
	{STORAGE, "statusText", "StatusText", TAKE},
	{STORAGE, "durationMs", "DurationMs", TAKE},
	{STORAGE, "callerIpAddress", "CallerIpAddress", TAKE},
	{STORAGE, "location", "Location", TAKE},
	{STORAGE, "protocol", "Protocol", TAKE},
	{STORAGE, "uri", "Uri", TAKE},
	{STORAGE, "properties.requestUrl", "Uri", SECOND},
	{STORAGE, "identity.type", "AuthenticationType", TAKE},
	{STORAGE, "identity.tokenHash", "AuthenticationHash", TAKE},
	{STORAGE, "identity.authorization", "AuthorizationDetails", TAKE},
	{STORAGE, "identity.requester.appId", "RequesterAppId", TAKE},
	{STORAGE, "identity.requester.audience", "RequesterAudience", TAKE},
	{STORAGE, "identity.requester.objectId", "RequesterObjectId", TAKE},
	{STORAGE, "identity.requester.tenantId", "RequesterTenantId", TAKE},
	{STORAGE, "identity.requester.tokenIssuer", "RequesterTokenIssuer", TAKE},
	{STORAGE, "identity.requester.upn", "RequesterUpn", TAKE},
	{FILES, "identity.requester.userName", "RequesterUserName", TAKE},
	{FILES, "identity.requester.smbPrimarySID", "SmbPrimarySID", TAKE},
	{STORAGE, "properties.accountName", "AccountName", TAKE},
	{STORAGE, "properties.userAgentHeader", "UserAgentHeader", TAKE},
	{STORAGE, "properties.referrerHeader", "ReferrerHeader", TAKE},
	{STORAGE, "properties.clientRequestId", "ClientRequestId", TAKE},
	{STORAGE, "properties.etag", "Etag", TAKE},
	{STORAGE, "properties.serverLatencyMs", "ServerLatencyMs", TAKE},
	{STORAGE, "properties.serviceType", "ServiceType", TAKE},
	{STORAGE, "properties.operationCount", "OperationCount", TAKE},
	{STORAGE, "properties.requestHeaderSize", "RequestHeaderSize", TAKE},
	{STORAGE, "properties.requestBodySize", "RequestBodySize", TAKE},
	{STORAGE, "properties.responseHeaderSize", "ResponseHeaderSize", TAKE},
	{STORAGE, "properties.responseBodySize", "ResponseBodySize", TAKE},
	{STORAGE, "properties.contentLengthHeader", "ContentLengthHeader", TAKE},
	{STORAGE, "properties.requestMd5", "RequestMd5", TAKE},
	{STORAGE, "properties.serverMd5", "ResponseMd5", TAKE},
	{STORAGE, "properties.lastModifiedTime", "LastModifiedTime", TAKE},
	{STORAGE, "properties.conditionsUsed", "ConditionsUsed", TAKE},
	{STORAGE, "properties.tlsVersion", "TlsVersion", TAKE},
	{STORAGE, "properties.objectKey", "ObjectKey", TAKE},
	{STORAGE, "properties.metricResponseType", "MetricResponseType", TAKE},
	{BLOB, "properties.sasExpiryStatus", "SasExpiryStatus", TAKE},
	{BLOB, "properties.accessTier", "AccessTier", TAKE},
	{BLOB, "properties.sourceAccessTier", "SourceAccessTier", TAKE},
	{BLOB, "properties.rehydratePriority", "RehydratePriority", TAKE},
	{BLOB, "properties.sourceUri", "SourceUri", TAKE},
	{BLOB, "properties.destinationUri", "DestinationUri", TAKE},
	{FILES, "properties.smbCommandDetail", "SmbCommandDetail", TAKE},
	{FILES, "properties.smbCommandMajor", "SmbCommandMajor", TAKE},
	{FILES, "properties.smbCommandMinor", "SmbCommandMinor", TAKE},
	{FILES, "properties.smbCreditsConsumed", "SmbCreditsConsumed", TAKE},
	{FILES, "properties.smbFileId", "SmbFileId", TAKE},
	{FILES, "properties.smbMessageID", "SmbMessageID", TAKE},
	{FILES, "properties.smbPersistentHandleID", "SmbPersistentHandleID", TAKE},
	{FILES, "properties.smbPrimarySID", "SmbPrimarySID", SECOND},
	{FILES, "properties.smbSessionID", "SmbSessionID", TAKE},
	{FILES, "properties.smbTreeConnectID", "SmbTreeConnectID", TAKE},
	{FILES, "properties.smbVolatileHandleID", "SmbVolatileHandleID", TAKE},

	/* sign-ins */
	{SIGNIN, "resourceId", "ResourceId", TAKE},
	{SIGNINS, "category", "Category", TAKE},
	{SIGNINS, "operationName", "OperationName", TAKE},
	{SIGNINS, "operationVersion", "OperationVersion", TAKE},
	{SIGNINS, "tenantId", "AADTenantId", TAKE},
	{SIGNINS, "resultType", "ResultType", TAKE},
	{SIGNINS, "resultSignature", "ResultSignature", TAKE},
	{SIGNINS, "resultDescription", "ResultDescription", TAKE},
	{SIGNINS, "durationMs", "DurationMs", TAKE},
	{SIGNINS, "callerIpAddress", "IPAddress", SECOND},
	{SIGNINS, "identity", "Identity", TAKE},
	{SIGNINS, "level", "Level", TAKE},
	{SIGNINS, "location", "Location", TAKE},
	{SIGNINS, "properties.correlationId", "CorrelationId", SECOND},
	{SIGNINS, "properties.ipAddress", "IPAddress", TAKE},
	{SIGNINS, "properties.location", "LocationDetails", TAKE},
	{SIGNINS, "properties.appliedConditionalAccessPolicies", "ConditionalAccessPolicies", TAKE},
	{SIGNINS, "properties.resourceId", "ResourceIdentity", TAKE},
	{SIGNIN, "properties.processingTimeInMilliseconds", "ProcessingTimeInMilliseconds", TAKE},
	{NONINTERACTIVE, "properties.processingTimeInMilliseconds", "ProcessingTimeInMs", TAKE},

	/* activity log */
	{ACTIVITY, "eventTimestamp", "TimeGenerated", SECOND},
	{ACTIVITY, "operationName", "OperationNameValue", TAKE},
	{ACTIVITY, "category", "CategoryValue", TAKE},
	{ACTIVITY, "resultType", "ActivityStatusValue", TAKE},
	{ACTIVITY, "resultSignature", "ActivitySubstatusValue", TAKE},
	{ACTIVITY, "callerIpAddress", "CallerIpAddress", TAKE},
	{ACTIVITY, "level", "Level", TAKE},
	{ACTIVITY, "identity.authorization", "Authorization", TAKE},
	{ACTIVITY, "identity.authorization", "Authorization_d", TAKE},
	{ACTIVITY, "identity.claims", "Claims", TAKE},
	{ACTIVITY, "identity.claims", "Claims_d", TAKE},
	{ACTIVITY, "properties", "Properties", TAKE},
	{ACTIVITY, "properties", "Properties_d", TAKE},
	{0, NULL, NULL, TAKE}
};

/*
 * Columns that are filled from other fields of a record that does not bring
 * them itself; of several lines for one column, the first that has a value.
 */
const Derivation derivations[] = {
	{ALL_TABLES, "_SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},

	/* raw activity records have no caller but the claims of its token */
	{ACTIVITY, "Caller", "identity.claims", "Claims", MEMBER, CLAIM "upn"},
	{ACTIVITY, "Caller", "identity.claims", "Claims", MEMBER, CLAIM "name"},
	{ACTIVITY, "Caller", "identity.claims", "Claims", MEMBER, ENTRA_CLAIM "objectidentifier"},
	{ACTIVITY, "Caller", "identity.claims", "Claims", MEMBER, "appid"},

	{ACTIVITY, "SubscriptionId", "resourceId", "_ResourceId", SUBSCRIPTION, NULL},
	{ACTIVITY, "SubscriptionId", NULL, "ResourceId", SUBSCRIPTION, NULL},
	{ACTIVITY, "ResourceGroup", "resourceId", "_ResourceId", RESOURCE_GROUP, NULL},
	{ACTIVITY, "ResourceGroup", NULL, "ResourceId", RESOURCE_GROUP, NULL},
	{ACTIVITY, "ResourceProviderValue", NULL, "ResourceProvider", WHOLE, NULL},
	{ACTIVITY, "ResourceProviderValue", "resourceId", "_ResourceId", PROVIDER, NULL},
	{ACTIVITY, "Hierarchy", "properties", "Properties", MEMBER, "hierarchy"},

	/* exports with the old columns, whose OperationName is for people */
	{ACTIVITY, "OperationNameValue", NULL, "Properties", OPERATION, "message"},
	{ACTIVITY, "OperationNameValue", NULL, "Authorization", OPERATION, "action"},
	{ACTIVITY, "OperationNameValue", NULL, "OperationName", OPERATION, NULL},
	{ACTIVITY, "ActivityStatusValue", NULL, "ActivityStatus", WHOLE, NULL},
	{ACTIVITY, "ActivitySubstatusValue", NULL, "ActivitySubstatus", WHOLE, NULL},
	{ACTIVITY, "CategoryValue", NULL, "Category", WHOLE, NULL},
	{0, NULL, NULL, NULL, WHOLE, NULL}
};
