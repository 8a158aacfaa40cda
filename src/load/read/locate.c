/*-------------------------------------------------------------------------
 *
 * locate.c
 *	  Where in the text of a record a value stands.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * Nobody needs to know unless the value is wrong, so positions are not kept
 * when a record is read: its text is searched again.  The record has been read,
 * so its brackets and quotes are known to match.
 */
#include "read/locate.h"

/*
 * The closing quote of the JSON string that starts at p.
 */
static const char *
closing_quote(const char *p, const char *end)
{
	p++;
	while (p < end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	return p < end ? p : end;
}

/*
 * The first byte that is not white space.
 */
static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/*
 * The member or element of the JSON object or array at p that has so many
 * before it.
 */
static const char *
find_item(const char *p, const char *end, size_t before)
{
	int64_t		depth = 0;

	for (; p < end; p++)
	{
		if (*p == '"')
			p = closing_quote(p, end);
		else if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		else if (*p != ',' || depth != 1)
			continue;
		else
			before--;
		if (depth == 1 && before == 0 && p < end)
			return skip_space(p + 1, end);
	}
	return end;
}

/*
 * The value of the JSON member at p.
 */
static const char *
value_of_member(const char *p, const char *end)
{
	p = skip_space(closing_quote(p, end) + 1, end);
	return skip_space(p + 1, end);
}

/*
 * The cell of a CSV record that has so many before it.
 */
static const char *
find_cell(const char *p, const char *end, char separator, size_t before)
{
	bool		quoted = false;

	for (; p < end && before > 0; p++)
	{
		if (*p == '"')
			quoted = !quoted;
		else if (*p == separator && !quoted)
			before--;
	}
	return p;
}

/*
 * Where a field's value stands, in bytes after the start of its record.
 */
size_t
locate_field(const Record *record, const FieldPath *path)
{
	const char *p = record->text;
	const char *end = p + record->length;

	/* a row of the portal is not written as what was made of it */
	if (record_is_object(record) && record->header != NULL)
		p = path->levels > 0 ? find_cell(p, end, record->header->separator, record->member_cells[path->before[0]]) : p;
	else if (path->levels > 0 && record->shape == RECORD_CSV)
		p = find_cell(p, end, record->header->separator, path->before[0]);
	else
	{
		/* an object may have been written as a string, which has no members */
		for (int i = 0; i < path->levels && *p != '"'; i++)
		{
			p = find_item(p, end, path->before[i]);
			if (record_is_object(record))
				p = value_of_member(p, end);
		}
	}
	return p < end ? (size_t) (p - record->text) : 0;
}
