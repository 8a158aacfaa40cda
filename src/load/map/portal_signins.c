/*-------------------------------------------------------------------------
 *
 * portal_signins.c
 *	  Sign-ins that the Entra portal downloads, as Microsoft Graph lists them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/portal_signins.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "map/write_json.h"

typedef enum SigninRule
{
	AS_TEXT,
	AS_NUMBER,					/* if it is one */
	AS_BOOLEAN,					/* Yes and No are true and false */
	AS_PLACE,					/* city, state, country */
	AS_POLICY,					/* how conditional access ended */
	AS_FACTORS					/* how many factors were required */
} SigninRule;

typedef struct SigninHeading
{
	const char *heading;
	const char *object;			/* in which the member is, or NULL */
	const char *member;
	SigninRule	rule;
} SigninHeading;

/* Those of one object stand together, and before a heading of the same name. */
static const SigninHeading known[] = {
	{"Date (UTC)", NULL, "createdDateTime", AS_TEXT},
	{"Date", NULL, "createdDateTime", AS_TEXT},
	{"Request ID", NULL, "id", AS_TEXT},
	{"User agent", NULL, "userAgent", AS_TEXT},
	{"Correlation ID", NULL, "correlationId", AS_TEXT},
	{"User ID", NULL, "userId", AS_TEXT},
	{"User", NULL, "userDisplayName", AS_TEXT},
	{"Username", NULL, "userPrincipalName", AS_TEXT},
	{"User type", NULL, "userType", AS_TEXT},
	{"Service principal ID", NULL, "servicePrincipalId", AS_TEXT},
	{"Managed identity ID", NULL, "servicePrincipalId", AS_TEXT},
	{"Service principal name", NULL, "servicePrincipalName", AS_TEXT},
	{"Managed identity name", NULL, "servicePrincipalName", AS_TEXT},
	{"Credential key ID", NULL, "servicePrincipalCredentialKeyId", AS_TEXT},
	{"Credential thumbprint", NULL, "servicePrincipalCredentialThumbprint", AS_TEXT},
	{"Cross tenant access type", NULL, "crossTenantAccessType", AS_TEXT},
	{"Incoming token type", NULL, "incomingTokenType", AS_TEXT},
	{"Authentication Protocol", NULL, "authenticationProtocol", AS_TEXT},
	{"Unique token identifier", NULL, "uniqueTokenIdentifier", AS_TEXT},
	{"Original transfer method", NULL, "originalTransferMethod", AS_TEXT},
	{"Client credential type", NULL, "clientCredentialType", AS_TEXT},
	{"Token Protection - Sign In Session", "tokenProtectionStatusDetails", "signInSessionStatus", AS_TEXT},
	{"Token Protection - Sign In Session StatusCode", "tokenProtectionStatusDetails", "signInSessionStatusCode", AS_NUMBER},
	{"Application", NULL, "appDisplayName", AS_TEXT},
	{"Application ID", NULL, "appId", AS_TEXT},
	{"App owner tenant ID", NULL, "appOwnerTenantId", AS_TEXT},
	{"Resource", NULL, "resourceDisplayName", AS_TEXT},
	{"Resource ID", NULL, "resourceId", AS_TEXT},
	{"Resource tenant ID", NULL, "resourceTenantId", AS_TEXT},
	{"Resource owner tenant ID", NULL, "resourceOwnerTenantId", AS_TEXT},
	{"Home tenant ID", NULL, "homeTenantId", AS_TEXT},
	{"Home tenant name", NULL, "homeTenantName", AS_TEXT},
	{"IP address", NULL, "ipAddress", AS_TEXT},
	{"Location", "location", NULL, AS_PLACE},
	{"Sign-in error code", "status", "errorCode", AS_NUMBER},
	{"Failure reason", "status", "failureReason", AS_TEXT},
	{"Multifactor authentication result", "status", "additionalDetails", AS_TEXT},
	{"Client app", NULL, "clientAppUsed", AS_TEXT},
	{"Device ID", "deviceDetail", "deviceId", AS_TEXT},
	{"Browser", "deviceDetail", "browser", AS_TEXT},
	{"Operating System", "deviceDetail", "operatingSystem", AS_TEXT},
	{"Compliant", "deviceDetail", "isCompliant", AS_BOOLEAN},
	{"Managed", "deviceDetail", "isManaged", AS_BOOLEAN},
	{"Join Type", "deviceDetail", "trustType", AS_TEXT},
	{"Multifactor authentication auth method", "mfaDetail", "authMethod", AS_TEXT},
	{"Multifactor authentication auth detail", "mfaDetail", "authDetail", AS_TEXT},
	{"Authentication requirement", NULL, "authenticationRequirement", AS_FACTORS},
	{"Sign-in identifier", NULL, "signInIdentifier", AS_TEXT},
	{"Session ID", NULL, "sessionId", AS_TEXT},
	{"IP address (seen by resource)", NULL, "ipAddressFromResourceProvider", AS_TEXT},
	{"Through Global Secure Access", NULL, "isThroughGlobalSecureAccess", AS_BOOLEAN},
	{"Global Secure Access IP address", NULL, "globalSecureAccessIpAddress", AS_TEXT},
	{"Autonomous system number", NULL, "autonomousSystemNumber", AS_TEXT},
	{"Flagged for review", NULL, "flaggedForReview", AS_BOOLEAN},
	{"Token issuer type", NULL, "tokenIssuerType", AS_TEXT},
	{"Token issuer name", NULL, "tokenIssuerName", AS_TEXT},
	{"Latency", NULL, "processingTimeInMilliseconds", AS_NUMBER},
	{"Conditional Access", NULL, "conditionalAccessStatus", AS_POLICY},
	{"Managed Identity type", "managedServiceIdentity", "msiType", AS_TEXT},
	{"Associated Resource Id", "managedServiceIdentity", "associatedResourceId", AS_TEXT},
	{"Federated Token Id", "managedServiceIdentity", "federatedTokenId", AS_TEXT},
	{"Federated Token Issuer", "managedServiceIdentity", "federatedTokenIssuer", AS_TEXT}
};

#define KNOWN_HEADINGS	((int) (sizeof(known) / sizeof(known[0])))

static const char *const logs_of_users[] = {"SigninLogs", "AADNonInteractiveUserSignInLogs", NULL};
static const char *const logs_of_programs[] = {"AADServicePrincipalSignInLogs", "AADManagedIdentitySignInLogs", NULL};
static const char *const logs_of_applications[] = {"AADServicePrincipalSignInLogs", NULL};
static const char *const logs_of_managed_identities[] = {"AADManagedIdentitySignInLogs", NULL};

/*
 * Is this a known heading?  Case, blanks and the like have changed now and then.
 */
static bool
same_heading(const char *heading, const char *other)
{
	for (;;)
	{
		while (*heading != '\0' && !isalnum((unsigned char) *heading))
			heading++;
		while (*other != '\0' && !isalnum((unsigned char) *other))
			other++;
		if (*heading == '\0' || *other == '\0' || ascii_lower(*heading) != ascii_lower(*other))
			return *heading == *other;
		heading++;
		other++;
	}
}

/*
 * Has a header this heading?
 */
static bool
has_heading(const Header *header, const char *heading)
{
	for (size_t i = 0; i < header->nnames; i++)
	{
		if (same_heading(header->names[i], heading))
			return true;
	}
	return false;
}

/*
 * The logs of whose sign-ins these are the headings.
 */
static const char *const *
logs_of_headings(const Header *header)
{
	if (has_heading(header, "Managed identity ID"))
		return logs_of_managed_identities;
	if (has_heading(header, "Credential key ID"))
		return logs_of_applications;
	return has_heading(header, "Service principal ID") && !has_heading(header, "Username") ? logs_of_programs : logs_of_users;
}

/*
 * Has a heading before this one, for the same member, a cell?
 */
static bool
member_is_taken(const SigninHeadings *headings, int k)
{
	for (int i = 0; i < k; i++)
	{
		if (headings->cells[i] >= 0 && known[i].member != NULL && known[k].member != NULL &&
			strcmp(known[i].member, known[k].member) == 0)
			return true;
	}
	return false;
}

/*
 * Find out what the columns of a file are.  Of two with one heading, the first is
 * taken.
 */
void
read_signin_headings(SigninHeadings *headings, const Header *header)
{
	headings->cells = load_malloc(sizeof(int) * KNOWN_HEADINGS);
	headings->known = load_calloc(header->nnames, sizeof(bool));
	headings->logs = logs_of_headings(header);
	for (int k = 0; k < KNOWN_HEADINGS; k++)
	{
		headings->cells[k] = -1;
		for (size_t i = 0; i < header->nnames && headings->cells[k] < 0 && !member_is_taken(headings, k); i++)
		{
			if (headings->known[i] || !same_heading(header->names[i], known[k].heading))
				continue;
			headings->cells[k] = (int) i;
			headings->known[i] = true;
		}
	}
}

/*
 * Is a value this word?
 */
static bool
is_word(const Value *value, const char *word)
{
	return value->length == strlen(word) && ascii_strncasecmp(value->text, word, value->length) == 0;
}

/*
 * Write a boolean; what is none is a string.
 */
static void
write_boolean(Buffer *out, const char *member, const Value *value)
{
	bool		is_true = is_word(value, "true") || is_word(value, "yes");

	if (!is_true && !is_word(value, "false") && !is_word(value, "no"))
	{
		write_string(out, member, value->text, value->length);
		return;
	}
	write_name(out, member);
	buffer_append_string(out, is_true ? "true" : "false");
}

/*
 * Write a number without a fraction; what is none is a string.
 */
static void
write_number(Buffer *out, const char *member, const Value *value)
{
	size_t		digits = 0;

	while (digits < value->length && isdigit((unsigned char) value->text[digits]))
		digits++;
	if (digits == 0 || digits < value->length || (*value->text == '0' && digits > 1))
	{
		write_string(out, member, value->text, value->length);
		return;
	}
	write_name(out, member);
	buffer_append(out, value->text, value->length);
}

/*
 * Write one of these words as Graph does; any other as it is.
 */
static void
write_word(Buffer *out, const char *member, const Value *value, const char *const words[][2])
{
	for (size_t i = 0; words[i][0] != NULL; i++)
	{
		if (is_word(value, words[i][0]))
		{
			write_string(out, member, words[i][1], strlen(words[i][1]));
			return;
		}
	}
	write_string(out, member, value->text, value->length);
}

/*
 * Write a part of a place, without blanks around it, unless it is empty.
 */
static void
write_part(Buffer *out, const char *member, const char *start, const char *end)
{
	while (start < end && *start == ' ')
		start++;
	while (start < end && end[-1] == ' ')
		end--;
	if (start < end)
		write_string(out, member, start, (size_t) (end - start));
}

/*
 * Write the members of "city, state, country", of which the first may be missing.
 */
static void
write_place(Buffer *out, const Value *value)
{
	const char *start = value->text;
	const char *end = start + value->length;
	const char *country = memrchr(start, ',', value->length);
	const char *state = country != NULL ? memrchr(start, ',', (size_t) (country - start)) : NULL;

	if (country == NULL)
	{
		write_part(out, "countryOrRegion", start, end);
		return;
	}
	write_part(out, "city", start, state != NULL ? state : country);
	if (state != NULL)
		write_part(out, "state", state + 1, country);
	write_part(out, "countryOrRegion", country + 1, end);
}

/*
 * Write one value.
 */
static void
write_value(Buffer *out, const SigninHeading *heading, const Value *value)
{
	static const char *const policies[][2] = {
		{"Success", "success"}, {"Failure", "failure"}, {"Not Applied", "notApplied"}, {NULL, NULL}
	};
	static const char *const factors[][2] = {
		{"Multifactor authentication", "multiFactorAuthentication"}, {"Multi-factor authentication", "multiFactorAuthentication"},
		{"Single-factor authentication", "singleFactorAuthentication"}, {NULL, NULL}
	};

	switch (heading->rule)
	{
		case AS_NUMBER:
			write_number(out, heading->member, value);
			break;
		case AS_BOOLEAN:
			write_boolean(out, heading->member, value);
			break;
		case AS_PLACE:
			write_place(out, value);
			break;
		case AS_POLICY:
			write_word(out, heading->member, value, policies);
			break;
		case AS_FACTORS:
			write_word(out, heading->member, value, factors);
			break;
		default:
			write_string(out, heading->member, value->text, value->length);
	}
}

/*
 * The value of a known heading, or NULL if it is null.
 */
static const Value *
value_of(const SigninHeadings *headings, const Record *record, int k)
{
	const Value *value = headings->cells[k] >= 0 ? &record->values[headings->cells[k]] : NULL;

	return value != NULL && value->kind != VALUE_NULL ? value : NULL;
}

/*
 * Has an object a heading before this one, and does it have a value?
 */
static bool
object_is_open(const SigninHeadings *headings, const Record *record, int k)
{
	for (int i = k - 1; i >= 0 && known[i].object != NULL && strcmp(known[i].object, known[k].object) == 0; i--)
	{
		if (value_of(headings, record, i) != NULL)
			return true;
	}
	return false;
}

/*
 * Is this what Graph calls something that a known heading has?
 */
static bool
is_member(const char *name)
{
	for (int k = 0; k < KNOWN_HEADINGS; k++)
	{
		if ((known[k].member != NULL && strcmp(known[k].member, name) == 0) ||
			(known[k].object != NULL && strcmp(known[k].object, name) == 0))
			return true;
	}
	return false;
}

/*
 * Write what no known heading has.  What a column says that occurs twice is left out
 * if it says the same.
 */
static void
write_rest(const SigninHeadings *headings, const Record *record, Buffer *out, MemberCells *cells)
{
	for (size_t i = 0; i < record->header->nnames; i++)
	{
		const Value *value = &record->values[i];
		size_t		same = is_member(record->header->names[i]) ? 1 : 0;
		bool		again = false;
		char	   *name;

		if (headings->known[i] || value->kind == VALUE_NULL)
			continue;
		for (size_t j = 0; j < i; j++)
		{
			if (!same_heading(record->header->names[j], record->header->names[i]))
				continue;
			same++;
			again = again || (record->values[j].length == value->length &&
							  memcmp(record->values[j].text, value->text, value->length) == 0);
		}
		if (again)
			continue;
		name = same > 0 ? load_printf("%s (%zu)", record->header->names[i], same + 1) : load_strdup(record->header->names[i]);
		write_string(out, name, value->text, value->length);
		note_cell(cells, i);
		free(name);
	}
}

/*
 * Write a row as the record that Graph lists.
 */
void
write_signin(const SigninHeadings *headings, const Record *record, Buffer *out, MemberCells *cells)
{
	buffer_append_byte(out, '{');
	for (int k = 0; k < KNOWN_HEADINGS; k++)
	{
		const Value *value = value_of(headings, record, k);
		bool		open = known[k].object != NULL && object_is_open(headings, record, k);
		bool		last = known[k].object != NULL &&
		(k + 1 == KNOWN_HEADINGS || known[k + 1].object == NULL || strcmp(known[k + 1].object, known[k].object) != 0);

		if (value != NULL && !open)
			note_cell(cells, (size_t) headings->cells[k]);
		if (value != NULL && known[k].object != NULL && !open)
			write_open(out, known[k].object, '{');
		if (value != NULL)
			write_value(out, &known[k], value);
		if (last && (open || value != NULL))
			buffer_append_byte(out, '}');
	}
	write_rest(headings, record, out, cells);
	buffer_append_byte(out, '}');
}

/*
 * Give all memory back.
 */
void
free_signin_headings(SigninHeadings *headings)
{
	free(headings->cells);
	free(headings->known);
	memset(headings, 0, sizeof(*headings));
}
