/*-------------------------------------------------------------------------
 *
 * encoding.c
 *	  Strings of the database in UTF-8, in which most functions read them.
 *
 * A database with encoding SQL_ASCII may hold any bytes.  What is UTF-8 there is
 * read as such; each other byte becomes a lone surrogate, U+DC80 to U+DCFF, that
 * no UTF-8 has, and that byte again on the way back.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "azhunt.h"
#include "kql/fold.h"
#include "kql/scalars.h"

/* What comes before a byte that is no UTF-8, as a code point */
#define LONE_BYTE		0xDC00
#define LONE_BYTE_SIZE	3

/*
 * Any bytes in UTF-8.
 */
static KqlString
escape_bytes(KqlString s)
{
	const char *end = s.data + s.length;
	char	   *buffer = MemoryContextAllocHuge(CurrentMemoryContext, s.length * LONE_BYTE_SIZE + 1);
	char	   *out = buffer;

	while (s.data < end)
	{
		const unsigned char *at = (const unsigned char *) s.data;
		int			length = pg_utf_mblen(at);

		CHECK_FOR_INTERRUPTS();
		if (length <= end - s.data && pg_utf8_islegal(at, length))
		{
			memcpy(out, at, length);
			out += length;
		}
		else
		{
			length = 1;
			out += kql_encode_utf8(LONE_BYTE + *at, out);
		}
		s.data += length;
	}
	return kql_string(buffer, out - buffer);
}

/*
 * The bytes that escape_bytes() was given.
 */
static KqlString
unescape_bytes(KqlString s)
{
	const char *end = s.data + s.length;
	char	   *buffer = MemoryContextAllocHuge(CurrentMemoryContext, s.length + 1);
	char	   *out = buffer;

	while (s.data < end)
	{
		KqlCharacter character = kql_character(s.data, end, KQL_UTF8);

		CHECK_FOR_INTERRUPTS();
		if (character.code_point >= LONE_BYTE + 0x80 && character.code_point <= LONE_BYTE + 0xFF)
			*out++ = (char) (character.code_point - LONE_BYTE);
		else
		{
			memcpy(out, s.data, character.length);
			out += character.length;
		}
		s.data += character.length;
	}
	return kql_string(buffer, out - buffer);
}

/*
 * A text argument in UTF-8.
 */
KqlString
utf8_argument(FunctionCallInfo fcinfo, int number)
{
	text	   *t = PG_GETARG_TEXT_PP(number);
	KqlString	s = TextKqlString(t);

	if (GetDatabaseEncoding() == PG_UTF8)
		return s;
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return escape_bytes(s);
	s.data = pg_server_to_any(pnstrdup(s.data, s.length), s.length, PG_UTF8);
	s.length = strlen(s.data);
	return s;
}

/*
 * A string in UTF-8, or a part of one, in the database's encoding.
 */
KqlString
server_string(KqlString s)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return s;
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return unescape_bytes(s);
	s.data = pg_any_to_server(pnstrdup(s.data, s.length), s.length, PG_UTF8);
	s.length = strlen(s.data);
	return s;
}

/*
 * The same as a text.
 */
text *
server_text(KqlString s)
{
	s = server_string(s);
	return cstring_to_text_with_len(s.data, s.length);
}
