/*-------------------------------------------------------------------------
 *
 * portal_audits.c
 *	  Audit logs that the Entra portal downloads, as Microsoft Graph lists them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "map/portal_audits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "map/write_json.h"

/* The headings, in the order of AuditMember, and what Graph calls those at the top. */
static const char *const member_headings[AUDIT_MEMBERS][2] = {
	{"Date (UTC)", "activityDateTime"}, {"Id", "id"}, {"CorrelationId", "correlationId"}, {"Service", "loggedByService"},
	{"Category", "category"}, {"Activity", "activityDisplayName"}, {"OperationType", "operationType"},
	{"Result", "result"}, {"ResultReason", "resultReason"}, {"User Agent", NULL}, {"ActorType", NULL},
	{"ActorDisplayName", NULL}, {"ActorObjectId", NULL}, {"ActorUserPrincipalName", NULL}, {"IPAddress", NULL},
	{"ActorHomeTenantId", NULL}, {"ActorHomeTenantName", NULL}, {"ActorServicePrincipalId", NULL},
	{"ActorServicePrincipalName", NULL}
};

/* What a heading has after Target1, and what Graph calls it. */
static const char *const target_headings[TARGET_MEMBERS][2] = {
	{"Type", "type"}, {"DisplayName", "displayName"}, {"ObjectId", "id"}, {"UserPrincipalName", "userPrincipalName"}
};

static const char *const property_headings[PROPERTY_MEMBERS][2] = {
	{"Name", "displayName"}, {"OldValue", "oldValue"}, {"NewValue", "newValue"}
};

static const char *const detail_headings[2][2] = {{"Key", "key"}, {"Value", "value"}};

/*
 * Are these the headings of audit logs, rather than of sign-ins?
 */
bool
are_audit_headings(const Header *header)
{
	return header_has_name(header, "Activity") && header_has_name(header, "CorrelationId") && !header_has_name(header, "Request ID");
}

/*
 * The place of a word among the first halves of pairs, or -1.
 */
static int
find_word(const char *word, const char *const pairs[][2], int npairs)
{
	for (int i = 0; i < npairs; i++)
	{
		if (ascii_strcasecmp(word, pairs[i][0]) == 0)
			return i;
	}
	return -1;
}

/*
 * Where the number of the cell of a numbered heading belongs, or NULL.
 */
static int *
place_of_numbered(AuditHeadings *headings, const char *name)
{
	int			target;
	int			number;
	int			length = 0;
	int			member;

	if (sscanf(name, "Target%2dModifiedProperty%2d%n", &target, &number, &length) == 2 && length > 0)
	{
		member = find_word(name + length, property_headings, PROPERTY_MEMBERS);
		return member >= 0 && target >= 1 && target <= MAX_AUDIT_TARGETS && number >= 1 && number <= MAX_AUDIT_PROPERTIES ?
			&headings->properties[target - 1][number - 1][member] : NULL;
	}
	length = 0;
	if (sscanf(name, "Target%2d%n", &target, &length) == 1 && length > 0)
	{
		member = find_word(name + length, target_headings, TARGET_MEMBERS);
		return member >= 0 && target >= 1 && target <= MAX_AUDIT_TARGETS ? &headings->targets[target - 1][member] : NULL;
	}
	length = 0;
	if (sscanf(name, "AdditionalDetail%2d%n", &number, &length) == 1 && length > 0)
	{
		member = find_word(name + length, detail_headings, 2);
		return member >= 0 && number >= 1 && number <= MAX_AUDIT_DETAILS ? &headings->details[number - 1][member] : NULL;
	}
	return NULL;
}

/*
 * Find out what the columns of a file are.
 */
void
read_audit_headings(AuditHeadings *headings, const Header *header)
{
	memset(headings, 0, sizeof(*headings));
	headings->known = load_calloc(header->nnames, sizeof(bool));
	for (size_t i = 0; i < header->nnames; i++)
	{
		const char *name = header->names[i];
		int			member = find_word(ascii_strcasecmp(name, "Date") == 0 ? "Date (UTC)" : name, member_headings, AUDIT_MEMBERS);
		int		   *place = member >= 0 ? &headings->members[member] : place_of_numbered(headings, name);

		if (place == NULL || *place != 0)
			continue;
		*place = (int) i + 1;
		headings->known[i] = true;
	}
}

/*
 * Write a member from a cell, unless that is null.
 */
static void
write_cell(Buffer *out, const Record *record, int cell, const char *name)
{
	const Value *value = cell > 0 ? &record->values[cell - 1] : NULL;

	if (value != NULL && value->kind != VALUE_NULL)
		write_string(out, name, value->text, value->length);
}

/*
 * Write a member of the record itself from a cell, unless that is null.
 */
static void
write_at_top(Buffer *out, MemberCells *cells, const Record *record, int cell, const char *name)
{
	size_t		before = out->length;

	write_cell(out, record, cell, name);
	if (out->length > before)
		note_cell(cells, (size_t) cell - 1);
}

/*
 * Has any of some cells a value?
 */
static bool
have_value(const Record *record, const int *cells, int ncells)
{
	for (int i = 0; i < ncells; i++)
	{
		if (cells[i] > 0 && record->values[cells[i] - 1].kind != VALUE_NULL)
			return true;
	}
	return false;
}

/*
 * Write who did it, if the row says so: a user, unless it says that it was a program.
 */
static bool
write_actor(Buffer *out, const AuditHeadings *headings, const Record *record)
{
	const int  *cells = headings->members;
	bool		is_user = have_value(record, &cells[AUDIT_ACTOR_UPN], 1) ||
	(!have_value(record, &cells[AUDIT_PRINCIPAL_ID], 2) && have_value(record, &cells[AUDIT_ACTOR_ID], 1));

	if (!have_value(record, &cells[AUDIT_ACTOR_NAME], AUDIT_PRINCIPAL_NAME - AUDIT_ACTOR_NAME + 1))
		return false;
	write_open(out, "initiatedBy", '{');
	write_open(out, is_user ? "user" : "app", '{');
	write_cell(out, record, cells[AUDIT_ACTOR_ID], "id");
	write_cell(out, record, cells[AUDIT_ACTOR_NAME], "displayName");
	write_cell(out, record, cells[AUDIT_ACTOR_UPN], "userPrincipalName");
	write_cell(out, record, cells[AUDIT_ADDRESS], "ipAddress");
	write_cell(out, record, cells[AUDIT_TENANT_ID], "homeTenantId");
	write_cell(out, record, cells[AUDIT_TENANT_NAME], "homeTenantName");
	write_cell(out, record, cells[AUDIT_PRINCIPAL_ID], "servicePrincipalId");
	write_cell(out, record, cells[AUDIT_PRINCIPAL_NAME], "servicePrincipalName");
	buffer_append_string(out, "}}");
	return true;
}

/*
 * Write the properties of a thing that were changed.
 */
static void
write_properties(Buffer *out, const AuditHeadings *headings, const Record *record, int target)
{
	write_open(out, "modifiedProperties", '[');
	for (int i = 0; i < MAX_AUDIT_PROPERTIES; i++)
	{
		const int  *cells = headings->properties[target][i];

		if (!have_value(record, cells, PROPERTY_MEMBERS))
			continue;
		write_comma(out);
		buffer_append_byte(out, '{');
		for (int k = 0; k < PROPERTY_MEMBERS; k++)
			write_cell(out, record, cells[k], property_headings[k][1]);
		buffer_append_byte(out, '}');
	}
	buffer_append_byte(out, ']');
}

/*
 * Write the things that were changed.
 */
static void
write_targets(Buffer *out, const AuditHeadings *headings, const Record *record)
{
	write_open(out, "targetResources", '[');
	for (int i = 0; i < MAX_AUDIT_TARGETS; i++)
	{
		const int  *cells = headings->targets[i];

		if (!have_value(record, cells, TARGET_MEMBERS) &&
			!have_value(record, &headings->properties[i][0][0], MAX_AUDIT_PROPERTIES * PROPERTY_MEMBERS))
			continue;
		write_comma(out);
		buffer_append_byte(out, '{');
		for (int k = 0; k < TARGET_MEMBERS; k++)
			write_cell(out, record, cells[k], target_headings[k][1]);
		write_properties(out, headings, record, i);
		buffer_append_byte(out, '}');
	}
	buffer_append_byte(out, ']');
}

/*
 * Write the details, among which Graph has the user agent.
 */
static void
write_details(Buffer *out, const AuditHeadings *headings, const Record *record)
{
	write_open(out, "additionalDetails", '[');
	if (have_value(record, &headings->members[AUDIT_AGENT], 1))
	{
		buffer_append_string(out, "{\"key\":\"User-Agent\"");
		write_cell(out, record, headings->members[AUDIT_AGENT], "value");
		buffer_append_byte(out, '}');
	}
	for (int i = 0; i < MAX_AUDIT_DETAILS; i++)
	{
		const int  *cells = headings->details[i];

		if (!have_value(record, cells, 2))
			continue;
		write_comma(out);
		buffer_append_byte(out, '{');
		write_cell(out, record, cells[0], "key");
		write_cell(out, record, cells[1], "value");
		buffer_append_byte(out, '}');
	}
	buffer_append_byte(out, ']');
}

/*
 * Write a row as the record that Graph lists.  What Graph does not have keeps its
 * heading.
 */
void
write_audit(const AuditHeadings *headings, const Record *record, Buffer *out, MemberCells *cells)
{
	buffer_append_byte(out, '{');
	for (int i = 0; i < AUDIT_MEMBERS; i++)
	{
		if (member_headings[i][1] != NULL)
			write_at_top(out, cells, record, headings->members[i], member_headings[i][1]);
	}
	if (write_actor(out, headings, record))
		note_cell(cells, NO_CELL);
	write_targets(out, headings, record);
	note_cell(cells, NO_CELL);
	write_details(out, headings, record);
	note_cell(cells, NO_CELL);
	write_at_top(out, cells, record, headings->members[AUDIT_ACTOR_TYPE], "ActorType");
	for (size_t i = 0; i < record->header->nnames; i++)
	{
		char	   *name;

		if (headings->known[i])
			continue;
		/* none that is known, so that no member occurs twice */
		name = load_printf("%s (column %zu)", record->header->names[i], i + 1);
		write_at_top(out, cells, record, (int) i + 1, name);
		free(name);
	}
	buffer_append_byte(out, '}');
}

/*
 * Give all memory back.
 */
void
free_audit_headings(AuditHeadings *headings)
{
	free(headings->known);
	headings->known = NULL;
}
