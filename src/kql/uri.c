/*-------------------------------------------------------------------------
 *
 * uri.c
 *	  Names of blobs and files in the URIs of storage logs.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kql.h"

#include <string.h>

/*
 * Is this byte in the hunt's character class [\w\-. ]?
 */
static inline bool
is_blob_name_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') ||
		(c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z') ||
		c == '_' || c == '-' || c == '.' || c == ' ';
}

/*
 * extract(@"\/([\w\-. ]+)\?", 1, uri), the empty string where nothing matches.
 *
 * The class holds neither "/" nor "?", so matches don't overlap and the
 * leftmost one ends at the leftmost "?" that has a name and a "/" before it.
 */
KqlString
kql_blob_name(KqlString uri)
{
	const char *end = uri.data + uri.length;
	const char *mark = uri.data;

	while ((mark = memchr(mark, '?', end - mark)) != NULL)
	{
		const char *start = mark;

		while (start > uri.data && is_blob_name_byte(start[-1]))
			start--;
		if (start < mark && start > uri.data && start[-1] == '/')
			return kql_string(start, mark - start);
		mark++;
	}
	return kql_string(end, 0);
}

/*
 * The value of a hexadecimal digit, or -1.
 */
static int
hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = kql_fold_byte(c);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/*
 * The byte that a percent escape at the start of the string stands for.
 *
 * Returns -1 where there is none, and for %00, which no text can hold.
 */
static int
escaped_byte(const char *s, const char *end)
{
	int			high;
	int			low;

	if (end - s < 3 || s[0] != '%')
		return -1;
	high = hex_digit(s[1]);
	low = hex_digit(s[2]);
	if (high < 0 || low < 0 || (high == 0 && low == 0))
		return -1;
	return high * 16 + low;
}

/*
 * The length that a UTF-8 character has by its first byte, or 0.
 */
static int
utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xC2 && first <= 0xDF)
		return 2;
	if (first >= 0xE0 && first <= 0xEF)
		return 3;
	if (first >= 0xF0 && first <= 0xF4)
		return 4;
	return 0;
}

/*
 * May this byte stand second in a UTF-8 character of that first byte?
 *
 * Leaves out overlong forms, surrogates, and what is past U+10FFFF.
 */
static bool
utf8_second_valid(unsigned char first, unsigned char second)
{
	unsigned char lowest = 0x80;
	unsigned char highest = 0xBF;

	if (first == 0xE0)
		lowest = 0xA0;
	else if (first == 0xED)
		highest = 0x9F;
	else if (first == 0xF0)
		lowest = 0x90;
	else if (first == 0xF4)
		highest = 0x8F;
	return second >= lowest && second <= highest;
}

/*
 * Decode the percent escapes of one character at the start of the string.
 *
 * Writes the character and returns its length; 0 if the escapes there do not
 * make a character, or one past ASCII that the caller does not want.
 */
static int
decode_character(const char *s, const char *end, bool utf8, char *character)
{
	int			first = escaped_byte(s, end);
	int			length = first < 0 ? 0 : utf8_length(first);

	if (length > 1 && !utf8)
		return 0;
	for (int i = 0; i < length; i++)
	{
		int			byte = escaped_byte(s + 3 * i, end);

		if (byte < 0 ||
			(i == 1 && !utf8_second_valid(first, byte)) ||
			(i > 1 && (byte < 0x80 || byte > 0xBF)))
			return 0;
		character[i] = (char) byte;
	}
	return length;
}

/*
 * Percent-decode into a buffer at least as long as the string.
 *
 * Escapes that make no character stay as they are.
 */
static KqlString
percent_decode(KqlString s, bool utf8, char *buffer)
{
	const char *end = s.data + s.length;
	const char *in = s.data;
	char	   *out = buffer;

	while (in < end)
	{
		char		character[4];
		int			length = decode_character(in, end, utf8, character);

		if (length == 0)
		{
			*out++ = *in++;
			continue;
		}
		memcpy(out, character, length);
		out += length;
		in += 3 * length;
	}
	return kql_string(buffer, out - buffer);
}

/*
 * What follows the last slash or backslash; all of it if there is none.
 */
static KqlString
last_segment(KqlString path)
{
	const char *end = path.data + path.length;
	const char *start = end;

	while (start > path.data && start[-1] != '/' && start[-1] != '\\')
		start--;
	return kql_string(start, end - start);
}

/*
 * What is left after cutting before the first occurrence of a byte.
 */
static KqlString
cut_before(KqlString s, char c)
{
	const char *found = memchr(s.data, c, s.length);

	if (found != NULL)
		s.length = found - s.data;
	return s;
}

/*
 * The file in a UNC path, \\host\share\directory\file.
 *
 * There, "%" and "#" are characters like others.  Host and share are no file.
 */
static KqlString
unc_file_name(KqlString path)
{
	const char *end = path.data + path.length;
	const char *rest = path.data + 2;

	for (int i = 0; i < 2; i++)
	{
		rest = memchr(rest, '\\', end - rest);
		if (rest == NULL)
			return kql_string(end, 0);
		rest++;
	}
	return last_segment(kql_string(rest, end - rest));
}

/*
 * Where the path starts: after "scheme://host", or at the start of a string
 * that has no host.
 */
static KqlString
uri_path(KqlString uri)
{
	const char *end = uri.data + uri.length;
	const char *colon = memchr(uri.data, ':', uri.length);
	const char *slash;

	if (colon == NULL || end - colon < 3 || colon[1] != '/' || colon[2] != '/' ||
		memchr(uri.data, '/', colon - uri.data) != NULL)
		return uri;
	slash = memchr(colon + 3, '/', end - colon - 3);
	if (slash == NULL)
		return kql_string(end, 0);
	return kql_string(slash, end - slash);
}

/*
 * The name that a person would give the file that a URI or UNC path is of.
 *
 * The last part of the path, without query string and fragment, its percent
 * escapes decoded first because a blob's directories may come as %2F.  Empty
 * for a directory and for a host alone.  The result lies in the argument or
 * in the buffer, which must be as long as the argument.  "utf8" says whether
 * characters past ASCII may be decoded.
 */
KqlString
kql_file_name(KqlString uri, bool utf8, char *buffer)
{
	KqlString	path;

	if (uri.length >= 2 && uri.data[0] == '\\' && uri.data[1] == '\\')
		return unc_file_name(uri);

	path = uri_path(cut_before(cut_before(uri, '?'), '#'));
	if (memchr(path.data, '%', path.length) != NULL)
		path = percent_decode(path, utf8, buffer);
	return last_segment(path);
}
