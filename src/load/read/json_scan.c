/*-------------------------------------------------------------------------
 *
 * json_scan.c
 *	  Where JSON values in a window end, found by their brackets and quotes alone.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/json_scan.h"

#include <string.h>

#include "common/ascii.h"
#include "common/bytes.h"

/*
 * Move over white space; returns the byte after it, or -1.
 */
int
skip_space(Input *input, size_t *index)
{
	int			c;

	while ((c = input_peek(input, *index)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		(*index)++;
	return c;
}

/*
 * Move over a string.  If each record has a line of its own, a line's end ends
 * a string that lacks its quote.
 */
static ScanResult
scan_string(Input *input, size_t *index, bool lines)
{
	size_t		i = *index + 1;

	for (;;)
	{
		const char *text = input_text(input);
		size_t		held = input->end - input->start;

		while (i < held)
		{
			i = (size_t) (skip_plain(text + i, text + held) - text);
			if (i == held)
				break;
			if (text[i] == '"')
			{
				*index = i + 1;
				return SCAN_OK;
			}
			if (text[i] == '\n' && lines)
			{
				*index = i;
				return SCAN_BROKEN;
			}
			i += text[i] == '\\' ? 2 : 1;
		}
		if (!input_more(input))
		{
			*index = input->end - input->start;
			return SCAN_END;
		}
	}
}

/*
 * Move over a number, a literal or anything else up to a delimiter.
 */
static ScanResult
scan_scalar(Input *input, size_t *index)
{
	int			c;

	while ((c = input_peek(input, *index)) != -1 && strchr(",:]}[{\" \t\r\n", c) == NULL)
		(*index)++;
	return c == -1 ? SCAN_END : SCAN_OK;
}

/*
 * Move over an object or array, by its brackets alone.
 *
 * If each record has a line of its own, a line that starts with a brace is the
 * next record, so this one is broken.
 */
ScanResult
scan_container(Input *input, size_t *index, bool lines)
{
	int64_t		depth = 0;

	for (;;)
	{
		int			c = input_peek(input, *index);
		ScanResult	result;

		switch (c)
		{
			case -1:
				return SCAN_END;
			case '"':
				result = scan_string(input, index, lines);
				if (result != SCAN_OK)
					return result;
				continue;
			case '{':
			case '[':
				depth++;
				break;
			case '}':
			case ']':
				if (--depth == 0)
				{
					(*index)++;
					return SCAN_OK;
				}
				break;
			case '\n':
				if (lines && input_peek(input, *index + 1) == '{')
					return SCAN_BROKEN;
				break;
			default:
				break;
		}
		(*index)++;
	}
}

/*
 * Move over any value.
 */
ScanResult
scan_value(Input *input, size_t *index, bool lines)
{
	switch (input_peek(input, *index))
	{
		case '{':
		case '[':
			return scan_container(input, index, lines);
		case '"':
			return scan_string(input, index, lines);
		default:
			return scan_scalar(input, index);
	}
}

/*
 * Move over the name of a member and its colon, to the value.
 */
ScanResult
scan_name(Input *input, size_t *index, bool lines, Span *name)
{
	ScanResult	result;

	if (skip_space(input, index) != '"')
		return SCAN_BROKEN;
	name->start = *index + 1;
	result = scan_string(input, index, lines);
	if (result != SCAN_OK)
		return result;
	name->length = *index - 1 - name->start;
	if (skip_space(input, index) != ':')
		return SCAN_BROKEN;
	(*index)++;
	(void) skip_space(input, index);
	return SCAN_OK;
}

/*
 * Has the name this spelling, whatever the case of its letters?
 */
bool
name_is(const Input *input, Span name, const char *spelling)
{
	return name.length == strlen(spelling) &&
		ascii_strncasecmp(input_text(input) + name.start, spelling, name.length) == 0;
}

/*
 * Does a member say where the next page of a list is?
 */
bool
names_next_page(Input *input, Span name, size_t value)
{
	return (name_is(input, name, "@odata.nextLink") || name_is(input, name, "nextLink")) &&
		input_peek(input, value) == '"' && input_peek(input, value + 1) != '"';
}

/*
 * Move over the members of an object up to its end, or up to an array that
 * must not be held in memory as a whole.
 */
Members
scan_members(Input *input, size_t *index, bool lines, Remarks *remarks)
{
	bool		only_remarks = true;	/* so far, like @odata.context */
	int			c;

	*index = 1;
	if (skip_space(input, index) == '}')
	{
		(*index)++;
		return MEMBERS_ALL;
	}
	do
	{
		Span		name;
		size_t		start;

		if (scan_name(input, index, lines, &name) != SCAN_OK)
			return MEMBERS_BROKEN;
		if (input_peek(input, *index) == '[')
		{
			if (name_is(input, name, "records"))
				return MEMBERS_RECORDS;
			if (name_is(input, name, "tables"))
				return MEMBERS_TABLES;
			/* what Microsoft Graph and the REST API list */
			if (only_remarks && name_is(input, name, "value"))
				return MEMBERS_RECORDS;
		}
		only_remarks = only_remarks && name.length > 0 &&
			(input_text(input)[name.start] == '@' || name_is(input, name, "nextLink"));
		start = *index;
		if (scan_value(input, index, lines) != SCAN_OK || *index == start)
			return MEMBERS_BROKEN;
		if (name_is(input, name, "error"))
			remarks->error = (Span)
		{
			start, *index - start
		};
		remarks->goes_on = remarks->goes_on || names_next_page(input, name, start);
		c = skip_space(input, index);
		(*index)++;
	} while (c == ',');
	return c == '}' ? MEMBERS_ALL : MEMBERS_BROKEN;
}
