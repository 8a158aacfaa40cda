/*-------------------------------------------------------------------------
 *
 * element.c
 *	  One JSON value in memory, whose numbers keep their digits.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "element.h"

#include <stdlib.h>
#include <string.h>

/* numeric holds so many digits before and after the decimal point */
#define NUMERIC_DIGITS_BEFORE	131072
#define NUMERIC_DIGITS_AFTER	16383

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The first byte that is no digit.
 */
static const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/*
 * An exponent's value, at most a million in either direction.
 */
static long
exponent_value(const char *p, const char *end)
{
	bool		negative = (*p == '-');
	long		value = 0;

	if (*p == '-' || *p == '+')
		p++;
	for (; p < end; p++)
	{
		value = value * 10 + (*p - '0');
		if (value > 1000000)
			value = 1000000;
	}
	return negative ? -value : value;
}

/*
 * The end of a JSON number that starts at p, or NULL if it is none.
 */
static const char *
scan_number(const char *p, const char *end, bool *too_large)
{
	const char *integer;
	long		before;
	long		after = 0;
	long		exponent = 0;

	if (p < end && *p == '-')
		p++;
	integer = p;
	p = skip_digits(p, end);
	before = p - integer;
	if (before == 0 || (before > 1 && *integer == '0'))
		return NULL;
	if (p < end && *p == '.')
	{
		const char *fraction = p + 1;

		p = skip_digits(fraction, end);
		after = p - fraction;
		if (after == 0)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		const char *start = ++p;

		if (p < end && (*p == '-' || *p == '+'))
			p++;
		if (p == end || !is_digit(*p))
			return NULL;
		p = skip_digits(p, end);
		exponent = exponent_value(start, p);
	}
	*too_large = before + exponent > NUMERIC_DIGITS_BEFORE ||
		after - exponent > NUMERIC_DIGITS_AFTER;
	return p;
}

/*
 * Remember a number, and write its index into the text for jansson.
 */
static void
replace_number(Element *element, const char *start, const char *end, bool too_large)
{
	Number	   *number;

	if (element->nnumbers == element->size)
	{
		element->size = element->size > 0 ? element->size * 2 : 64;
		element->numbers = load_realloc(element->numbers, element->size * sizeof(Number));
	}
	number = &element->numbers[element->nnumbers];
	number->text = start;
	number->length = (size_t) (end - start);
	number->replaced_at = element->text.length;
	number->too_large = too_large;
	buffer_printf(&element->text, "%zu", element->nnumbers);
	element->nnumbers++;
}

/*
 * The first byte after a string that starts at p, or the end.
 */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++)
	{
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return end;
}

/*
 * Make the text for jansson; on failure say where the bad number is.
 */
static bool
replace_numbers(Element *element, const char *text, size_t length, size_t *error_at)
{
	const char *end = &text[length];
	const char *p = text;
	const char *copied = text;

	element->text.length = 0;
	element->nnumbers = 0;
	while (p < end)
	{
		if (*p == '"')
			p = skip_string(p, end);
		else if (is_digit(*p) || *p == '-')
		{
			bool		too_large = false;
			const char *number_end = scan_number(p, end, &too_large);

			if (number_end == NULL)
			{
				*error_at = (size_t) (p - text);
				return false;
			}
			buffer_append(&element->text, copied, (size_t) (p - copied));
			replace_number(element, p, number_end, too_large);
			p = copied = number_end;
		}
		else
			p++;
	}
	if (copied < end)
		buffer_append(&element->text, copied, (size_t) (end - copied));
	return true;
}

/*
 * The place in the original text of a place in the text for jansson.
 */
static size_t
original_place(const Element *element, const char *text, size_t place)
{
	for (size_t i = element->nnumbers; i > 0; i--)
	{
		const Number *number = &element->numbers[i - 1];

		if (number->replaced_at <= place)
		{
			size_t		digits = 1;

			for (size_t rest = i - 1; rest >= 10; rest /= 10)
				digits++;
			if (place < number->replaced_at + digits)
				return (size_t) (number->text -text);
			return (size_t) (number->text -text) +number->length +
				(place - number->replaced_at - digits);
		}
	}
	return place;
}

/*
 * What jansson found wrong, as a message of ours.
 */
static char *
describe_error(const json_error_t *error)
{
	switch (json_error_code(error))
	{
		case json_error_null_character:
		case json_error_null_byte_in_key:
			return load_strdup("PostgreSQL cannot store \\u0000");
		case json_error_stack_overflow:
			return load_printf("nested more than %d levels deep", JSON_PARSER_MAX_DEPTH);
		case json_error_premature_end_of_input:
			return load_strdup("JSON ends before its end");
		default:
			return load_printf("invalid JSON: %s", error->text);
	}
}

/*
 * Parse a JSON value; the text must stay where it is as long as the element is
 * in use.
 */
bool
element_parse(Element *element, const char *text, size_t length,
			  char **error, size_t *error_at)
{
	json_error_t json_error;

	json_decref(element->root);
	element->root = NULL;
	if (!replace_numbers(element, text, length, error_at))
	{
		*error = load_strdup("invalid JSON: not a number");
		return false;
	}
	element->root = json_loadb(element->text.data, element->text.length,
							   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &json_error);
	if (element->root == NULL)
	{
		size_t		place = json_error.position > 0 ? (size_t) json_error.position - 1 : 0;

		*error = describe_error(&json_error);
		*error_at = original_place(element, text, place);
		if (*error_at > length)
			*error_at = length;
		return false;
	}
	return true;
}

/*
 * Give all memory back.
 */
void
element_free(Element *element)
{
	json_decref(element->root);
	free(element->numbers);
	buffer_free(&element->text);
	memset(element, 0, sizeof(*element));
}

/*
 * The number that an integer in the tree stands for.
 */
const Number *
element_number(const Element *element, const json_t *node)
{
	return &element->numbers[json_integer_value(node)];
}

/*
 * Write a string as JSON.
 */
void
dump_json_string(Buffer *out, const char *text, size_t length)
{
	const char *end = &text[length];
	const char *copied = text;

	buffer_append_byte(out, '"');
	for (const char *p = text; p < end; p++)
	{
		unsigned char c = (unsigned char) *p;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buffer_append(out, copied, (size_t) (p - copied));
		if (c < 0x20)
			buffer_printf(out, "\\u%04x", c);
		else
		{
			buffer_append_byte(out, '\\');
			buffer_append_byte(out, (char) c);
		}
		copied = p + 1;
	}
	buffer_append(out, copied, (size_t) (end - copied));
	buffer_append_byte(out, '"');
}

/*
 * Write the members of an object.
 */
static bool
dump_object(const Element *element, const json_t *node, Buffer *out)
{
	const char *separator = "{";

	if (json_object_size(node) == 0)
		buffer_append_byte(out, '{');
	for (void *member = json_object_iter((json_t *) node); member != NULL;
		 member = json_object_iter_next((json_t *) node, member))
	{
		buffer_append_string(out, separator);
		dump_json_string(out, json_object_iter_key(member), json_object_iter_key_len(member));
		buffer_append_byte(out, ':');
		if (!element_dump(element, json_object_iter_value(member), out))
			return false;
		separator = ",";
	}
	buffer_append_byte(out, '}');
	return true;
}

/*
 * Write the elements of an array.
 */
static bool
dump_array(const Element *element, const json_t *node, Buffer *out)
{
	buffer_append_byte(out, '[');
	for (size_t i = 0; i < json_array_size(node); i++)
	{
		if (i > 0)
			buffer_append_byte(out, ',');
		if (!element_dump(element, json_array_get(node, i), out))
			return false;
	}
	buffer_append_byte(out, ']');
	return true;
}

/*
 * Write a part of the tree as JSON, each number with its own digits.
 *
 * Returns false if a number is too large for PostgreSQL's numeric, and with
 * that for jsonb.  element_parse() has limited the depth of the recursion.
 */
bool
element_dump(const Element *element, const json_t *node, Buffer *out)
{
	switch (json_typeof(node))
	{
		case JSON_OBJECT:
			return dump_object(element, node, out);
		case JSON_ARRAY:
			return dump_array(element, node, out);
		case JSON_STRING:
			dump_json_string(out, json_string_value(node), json_string_length(node));
			return true;
		case JSON_INTEGER:
			{
				const Number *number = element_number(element, node);

				buffer_append(out, number->text, number->length);
				return !number->too_large;
			}
		case JSON_TRUE:
			buffer_append_string(out, "true");
			return true;
		case JSON_FALSE:
			buffer_append_string(out, "false");
			return true;
		default:
			buffer_append_string(out, "null");
			return true;
	}
}

/*
 * The length of the UTF-8 character at p, or zero if there is none.
 */
static size_t
utf8_character(const unsigned char *p, size_t available)
{
	size_t		length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

	if (p[0] < 0xC2 || p[0] > 0xF4 || available < length)
		return 0;
	for (size_t i = 1; i < length; i++)
	{
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
		(p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return length;
}

/*
 * Is this valid UTF-8, as PostgreSQL sees it, and without zero bytes?
 */
bool
is_utf8(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + length;

	while (p < end)
	{
		size_t		character = 1;

		if (*p == 0)
			return false;
		if (*p >= 0x80)
			character = utf8_character(p, (size_t) (end - p));
		if (character == 0)
			return false;
		p += character;
	}
	return true;
}
