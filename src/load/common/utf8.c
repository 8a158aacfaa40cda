/*-------------------------------------------------------------------------
 *
 * utf8.c
 *	  Texts that PostgreSQL takes as UTF-8.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "common/utf8.h"

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
