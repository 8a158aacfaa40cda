/*-------------------------------------------------------------------------
 *
 * json_text.c
 *	  One JSON value in memory, whose numbers keep their digits.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/utf8.h"
#include "read/json_tree.h"

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
 * A byte that cannot become one with a number beside it.
 */
static inline bool
is_structure(char c)
{
	return c == ',' || c == ':' || c == '[' || c == ']' || c == '{' || c == '}';
}

/*
 * Remember a token, and write its index into the text for jansson, with blanks
 * around it where it could become one number with what is beside it.
 */
static Token *
add_token(JsonText *json, TokenKind kind, const char *raw, const char *end, const char *text_end)
{
	Token	   *token;
	char		digits[24];
	char	   *p = digits + sizeof(digits);
	size_t		index = json->ntokens++;

	if (index == json->size)
	{
		json->size = json->size > 0 ? json->size * 2 : 64;
		json->tokens = load_realloc(json->tokens, json->size * sizeof(Token));
	}
	token = &json->tokens[index];
	memset(token, 0, sizeof(*token));
	token->kind = kind;
	token->text = token->raw = raw;
	token->length = token->raw_length = (size_t) (end - raw);
	if (json->text.length > 0 && !is_structure(json->text.data[json->text.length - 1]))
		buffer_append_byte(&json->text, ' ');
	token->replaced_at = json->text.length;
	do
		*--p = (char) ('0' + index % 10);
	while ((index /= 10) > 0);
	buffer_append(&json->text, p, (size_t) (digits + sizeof(digits) - p));
	if (end < text_end && !is_structure(*end))
		buffer_append_byte(&json->text, ' ');
	return token;
}

/*
 * The value of four hexadecimal digits, or -1.
 */
static int
hex_value(const char *p, const char *end)
{
	int			value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char		c = p[i];

		if (is_digit(c))
			value = value * 16 + (c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			value = value * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/*
 * Write a character in UTF-8; returns where it ends.
 */
static char *
write_utf8(char *out, int c)
{
	if (c < 0x80)
		*out++ = (char) c;
	else if (c < 0x800)
	{
		*out++ = (char) (0xC0 | c >> 6);
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	else
	{
		if (c < 0x10000)
			*out++ = (char) (0xE0 | c >> 12);
		else
		{
			*out++ = (char) (0xF0 | c >> 18);
			*out++ = (char) (0x80 | (c >> 12 & 0x3F));
		}
		*out++ = (char) (0x80 | (c >> 6 & 0x3F));
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	return out;
}

/*
 * The character of the escape \\u at p, or of two that are a surrogate pair; -1
 * if there is none.  Moves p behind it.
 */
static int
decode_unicode(const char **p, const char *end)
{
	int			c = hex_value(*p + 2, end);
	int			low;

	if (c < 0 || (c >= 0xDC00 && c <= 0xDFFF))
		return -1;
	*p += 6;
	if (c < 0xD800 || c > 0xDBFF)
		return c;
	if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return -1;
	low = hex_value(*p + 2, end);
	if (low < 0xDC00 || low > 0xDFFF)
		return -1;
	*p += 6;
	return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

/*
 * Resolve the escape at p; returns why that is impossible, or NULL.
 */
static const char *
decode_escape(const char **p, const char *end, char **out)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char characters[] = "\"\\/\b\f\n\r\t";
	const char *found;
	int			c;

	if (end - *p >= 2 && (*p)[1] == 'u')
	{
		c = decode_unicode(p, end);
		if (c < 0)
			return "invalid JSON: invalid Unicode escape";
		if (c == 0)
			return "PostgreSQL cannot store \\u0000";
		*out = write_utf8(*out, c);
		return NULL;
	}
	found = end - *p >= 2 && (*p)[1] != '\0' ? strchr(escapes, (*p)[1]) : NULL;
	if (found == NULL)
		return "invalid JSON: invalid escape";
	*(*out)++ = characters[found - escapes];
	*p += 2;
	return NULL;
}

/*
 * Resolve the escapes of a string; returns why that is impossible, or NULL.
 */
static const char *
decode_string(JsonText *json, Token *token, const char **where)
{
	const char *p = token->text;
	const char *end = p + token->length;
	char	   *start = arena_alloc(&json->strings, token->length);
	char	   *out = start;

	while (p < end)
	{
		const char *problem;

		if (*p != '\\')
		{
			*out++ = *p++;
			continue;
		}
		*where = p;
		problem = decode_escape(&p, end, &out);
		if (problem != NULL)
			return problem;
	}
	token->text = start;
	token->length = (size_t) (out - start);
	return NULL;
}

/* What was seen in a string. */
#define SEEN_ESCAPE		1
#define SEEN_NOT_ASCII	2
#define SEEN_CONTROL	4

/*
 * The closing quote of the string whose first character is at p, or NULL.
 */
static const char *
find_quote(const char *p, const char *end, int *seen)
{
	*seen = 0;
	for (p = skip_plain(p, end); p < end; p = skip_plain(p + 1, end))
	{
		if (*p == '"')
			return p;
		if (*p == '\\')
		{
			*seen |= SEEN_ESCAPE;
			p++;
		}
		else if ((unsigned char) *p < 0x20)
			*seen |= SEEN_CONTROL;
		else
		{
			*seen |= SEEN_NOT_ASCII;
			while (p + 1 < end && (unsigned char) p[1] >= 0x80)
				p++;
		}
	}
	return NULL;
}

/*
 * Remember a string that is a value; returns why that is impossible, or NULL.
 */
static const char *
add_string(JsonText *json, const char *start, const char *quote, const char *end,
		   int seen, const char **where)
{
	Token	   *token = add_token(json, TOKEN_STRING, start, quote + 1, end);

	token->text = start + 1;
	token->length = (size_t) (quote - start - 1);
	*where = start;
	if (seen & SEEN_CONTROL)
		return "invalid JSON: control character in a string";
	if ((seen & SEEN_NOT_ASCII) && !is_utf8(token->text, token->length))
		return "invalid JSON: invalid UTF-8";
	return (seen & SEEN_ESCAPE) ? decode_string(json, token, where) : NULL;
}

/*
 * Is the next byte but white space a colon?
 */
static bool
is_before_colon(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p < end && *p == ':';
}

/*
 * Replace the number or string at *p, and move *p behind it; names of members
 * stay.  Returns why that is impossible, or NULL.
 */
static const char *
replace_token(JsonText *json, const char **p, const char *end, const char **copied,
			  const char **where)
{
	const char *start = *p;
	const char *problem = NULL;
	bool		too_large = false;
	int			seen;

	*where = start;
	if (*start == '"')
	{
		const char *quote = find_quote(start + 1, end, &seen);

		if (quote == NULL)
			return "JSON ends before its end";
		*p = quote + 1;
		if (is_before_colon(*p, end))
		{
			json->nnames++;
			return NULL;
		}
		buffer_append(&json->text, *copied, (size_t) (start - *copied));
		problem = add_string(json, start, quote, end, seen, where);
	}
	else
	{
		*p = scan_number(start, end, &too_large);
		if (*p == NULL)
			return "invalid JSON: not a number";
		buffer_append(&json->text, *copied, (size_t) (start - *copied));
		add_token(json, TOKEN_NUMBER, start, *p, end)->too_large = too_large;
	}
	*copied = *p;
	return problem;
}

/*
 * Make the text for jansson; returns why that is impossible, or NULL.
 */
static const char *
replace_tokens(JsonText *json, const char *text, size_t length, const char **where)
{
	const char *end = &text[length];
	const char *p = text;
	const char *copied = text;

	json->text.length = 0;
	json->ntokens = 0;
	json->nnames = 0;
	arena_reset(&json->strings);
	while (p < end)
	{
		const char *problem;

		if (*p != '"' && *p != '-' && !is_digit(*p))
		{
			*where = p;
			/* jansson would overlook it */
			if (*p++ == '\0')
				return "invalid JSON: zero byte";
			continue;
		}
		problem = replace_token(json, &p, end, &copied, where);
		if (problem != NULL)
			return problem;
	}
	if (copied < end)
		buffer_append(&json->text, copied, (size_t) (end - copied));
	return NULL;
}

/*
 * The place in the original text of a place in the text for jansson.
 */
static size_t
original_place(const JsonText *json, const char *text, size_t length, size_t place)
{
	const Token *token;
	size_t		i = json->ntokens;
	size_t		digits = 1;
	size_t		end;

	while (i > 0 && json->tokens[i - 1].replaced_at > place)
		i--;
	if (i == 0)
		return place;
	token = &json->tokens[i - 1];
	for (size_t rest = i - 1; rest >= 10; rest /= 10)
		digits++;
	place -= token->replaced_at;
	if (place < digits)
		return (size_t) (token->raw - text);
	place -= digits;
	end = (size_t) (token->raw - text) + token->raw_length;
	/* the blank that add_token() has put there is not in the original */
	if (place > 0 && end < length && !is_structure(text[end]))
		place--;
	return end + place;
}

/*
 * What jansson found wrong, as a message of ours.
 */
static char *
describe_error(const json_error_t *error)
{
	const char *near;

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
			/* "near" would show the text with the indexes */
			near = strstr(error->text, " near ");
			return load_printf("invalid JSON: %.*s",
							   (int) (near != NULL ? near - error->text : (long) strlen(error->text)),
							   error->text);
	}
}

/*
 * Parse a JSON value; the text must stay where it is as long as the value is
 * in use, which is until the next trim_json_trees() at most.
 */
bool
json_text_parse(JsonText *json, const char *text, size_t length,
				char **error, size_t *error_at)
{
	json_error_t json_error;
	const char *where = text;
	const char *problem;

	json->root = NULL;
	problem = length > 0 ? replace_tokens(json, text, length, &where) : "expected a JSON value";
	if (problem != NULL)
	{
		*error = load_strdup(problem);
		*error_at = (size_t) (where - text);
		return false;
	}
	json->root = json_tree_of_text(json->text.data, json->text.length,
								   json->nnames, &json_error);
	if (json->root == NULL)
	{
		size_t		place = json_error.position > 0 ? (size_t) json_error.position - 1 : 0;

		*error = describe_error(&json_error);
		*error_at = original_place(json, text, length, place);
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
json_text_free(JsonText *json)
{
	free(json->tokens);
	buffer_free(&json->text);
	arena_free(&json->strings);
	memset(json, 0, sizeof(*json));
}

/*
 * The number or string that an integer in the tree stands for.
 */
const Token *
json_text_token(const JsonText *json, const json_t *node)
{
	return &json->tokens[json_integer_value(node)];
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
	for (const char *p = skip_plain(text, end); p < end; p = skip_plain(p + 1, end))
	{
		unsigned char c = (unsigned char) *p;

		if (c >= 0x80)
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
dump_object(const JsonText *json, const json_t *node, Buffer *out)
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
		if (!json_text_dump(json, json_object_iter_value(member), out))
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
dump_array(const JsonText *json, const json_t *node, Buffer *out)
{
	buffer_append_byte(out, '[');
	for (size_t i = 0; i < json_array_size(node); i++)
	{
		if (i > 0)
			buffer_append_byte(out, ',');
		if (!json_text_dump(json, json_array_get(node, i), out))
			return false;
	}
	buffer_append_byte(out, ']');
	return true;
}

/*
 * Write a part of the tree as JSON, numbers and strings as they were.
 *
 * Returns false if a number is too large for PostgreSQL's numeric, and with
 * that for jsonb.  json_text_parse() has limited the depth of the recursion.
 */
bool
json_text_dump(const JsonText *json, const json_t *node, Buffer *out)
{
	const Token *token;

	switch (json_typeof(node))
	{
		case JSON_OBJECT:
			return dump_object(json, node, out);
		case JSON_ARRAY:
			return dump_array(json, node, out);
		case JSON_INTEGER:
			token = json_text_token(json, node);
			buffer_append(out, token->raw, token->raw_length);
			return !token->too_large;
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
