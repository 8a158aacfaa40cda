/*-------------------------------------------------------------------------
 *
 * log_tables.c
 *	  Which table and column takes what.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/log_tables.h"

#include <ctype.h>
#include <string.h>

#include "common/ascii.h"

#define CLAIM	"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define ENTRA_CLAIM	"http://schemas.microsoft.com/identity/claims/"

const LogTable log_tables[LOG_TABLES] = {
	{"StorageBlobLogs", BLOB},
	{"StorageFileLogs", FILES},
	{"SigninLogs", SIGNIN},
	{"AADNonInteractiveUserSignInLogs", NONINTERACTIVE},
	{"AzureActivity", ACTIVITY}
};

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

/* The categories of diagnostic settings, and their tables. */
static const CategoryMapping categories[] = {
	{"StorageRead", STORAGE},
	{"StorageWrite", STORAGE},
	{"StorageDelete", STORAGE},
	{"SignInLogs", SIGNIN},
	{"NonInteractiveUserSignInLogs", NONINTERACTIVE},
	{"Administrative", ACTIVITY},
	{"Security", ACTIVITY},
	{"ServiceHealth", ACTIVITY},
	{"Alert", ACTIVITY},
	{"Recommendation", ACTIVITY},
	{"Policy", ACTIVITY},
	{"Autoscale", ACTIVITY},
	{"ResourceHealth", ACTIVITY},
	/* of the older streams */
	{"Action", ACTIVITY},
	{"Write", ACTIVITY},
	{"Delete", ACTIVITY},
	{NULL, 0}
};

/* What resource types, resource ids and service types say of the service. */
static const CategoryMapping storage_services[] = {
	{"blob", BLOB},
	{"blobServices", BLOB},
	{"file", FILES},
	{"fileServices", FILES},
	{NULL, 0}
};

/*
 * Are these the same, ignoring the case of letters?
 */
static bool
same_name(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && ascii_strncasecmp(text, name, length) == 0;
}

/*
 * The log table of a bit.
 */
const LogTable *
log_table_of_bit(unsigned bit)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (log_tables[i].bit == bit)
			return &log_tables[i];
	}
	return NULL;
}

/*
 * The log table of a name, or NULL.
 */
const LogTable *
log_table_by_name(const char *name, size_t length)
{
	for (int i = 0; i < LOG_TABLES; i++)
	{
		if (same_name(name, length, log_tables[i].name))
			return &log_tables[i];
	}
	return NULL;
}

/*
 * The tables in which records of a category may belong; none if it is unknown.
 */
unsigned
tables_of_category(const char *category, size_t length)
{
	for (const CategoryMapping *c = categories; c->category != NULL; c++)
	{
		if (same_name(category, length, c->category))
			return c->tables;
	}
	return 0;
}

/*
 * The table of the storage service that is named in a hint or by a part of it
 * between slashes; none if it is unknown.
 */
unsigned
table_of_storage_service(const char *hint, size_t length)
{
	const char *end = hint + length;

	while (hint <= end)
	{
		const char *slash = memchr(hint, '/', (size_t) (end - hint));
		const char *part_end = slash != NULL ? slash : end;

		for (const CategoryMapping *s = storage_services; s->category != NULL; s++)
		{
			if (same_name(hint, (size_t) (part_end - hint), s->category))
				return s->tables;
		}
		hint = part_end + 1;
	}
	return 0;
}

/*
 * The tables of a container's name: am-<table> of data export rules,
 * insights-logs-<category> and insights-activity-logs of diagnostic settings.
 */
static unsigned
tables_of_component(const char *name, size_t length)
{
	static const char export[] = "am-";
	static const char diagnostic[] = "insights-logs-";
	const LogTable *table;

	if (same_name(name, length, "insights-activity-logs"))
		return ACTIVITY;
	if (length > strlen(diagnostic) && ascii_strncasecmp(name, diagnostic, strlen(diagnostic)) == 0)
		return tables_of_category(name + strlen(diagnostic), length - strlen(diagnostic));
	if (length > strlen(export) && ascii_strncasecmp(name, export, strlen(export)) == 0)
	{
		table = log_table_by_name(name + strlen(export), length - strlen(export));
		return table != NULL ? table->bit : 0;
	}
	return 0;
}

/*
 * The tables that the container in a path says; none if there is none.
 */
unsigned
tables_of_container(const char *path)
{
	unsigned	tables = 0;

	for (const char *p = path; *p != '\0';)
	{
		size_t		length = strcspn(p, "/");
		unsigned	found = tables_of_component(p, length);

		if (found != 0)
			tables = found;
		p += length;
		p += strspn(p, "/");
	}
	return tables;
}

/*
 * The log table that a directory is named after, or that a file's name starts
 * with; the last one in the path, or NULL.
 */
const LogTable *
log_table_in_path(const char *path)
{
	const LogTable *found = NULL;

	for (const char *p = path; *p != '\0';)
	{
		size_t		length = strcspn(p, "/");
		size_t		word = 0;

		while (word < length && isalnum((unsigned char) p[word]))
			word++;
		if ((word == length || p[length] == '\0') && log_table_by_name(p, word) != NULL)
			found = log_table_by_name(p, word);
		p += length;
		p += strspn(p, "/");
	}
	return found;
}
