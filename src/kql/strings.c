/*-------------------------------------------------------------------------
 *
 * strings.c
 *	  SQL functions on strings: strip_port, blob_name, file_name and has.
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

#include "azhunt.h"
#include "kql/scalars.h"

/* A search looks at so many places, or as many as the term is long, at once */
#define HAS_PLACES_BETWEEN_INTERRUPTS	(64 * 1024)

PG_FUNCTION_INFO_V1(azhunt_strip_port);
PG_FUNCTION_INFO_V1(azhunt_blob_name);
PG_FUNCTION_INFO_V1(azhunt_file_name);
PG_FUNCTION_INFO_V1(azhunt_has);

/*
 * Make a text of a range of bytes.
 */
static inline text *
kql_string_to_text(KqlString s)
{
	return cstring_to_text_with_len(s.data, s.length);
}

KqlEncoding known_encoding = KQL_UNKNOWN;

/*
 * What the functions on strings know of the bytes in this database.
 *
 * Other encodings would have to be converted to Unicode, by conversions that
 * can be changed and may fail, and an operator class must do neither.
 */
KqlEncoding
look_up_encoding(void)
{
	switch (GetDatabaseEncoding())
	{
		case PG_UTF8:
			known_encoding = KQL_UTF8;
			break;
		case PG_LATIN1:
			known_encoding = KQL_LATIN1;
			break;
		case PG_EUC_JP:
		case PG_EUC_CN:
		case PG_EUC_KR:
		case PG_EUC_JIS_2004:
			known_encoding = KQL_EUC;
			break;
		default:
			known_encoding = KQL_BYTES;
	}
	return known_encoding;
}

/*
 * strip_port(text): the address without its port.
 */
Datum
azhunt_strip_port(PG_FUNCTION_ARGS)
{
	text	   *address = PG_GETARG_TEXT_PP(0);
	char		buffer[KQL_ADDRESS_SIZE];
	KqlString	stripped = kql_strip_port(TextKqlString(address), buffer);

	/* no copy of what has no port */
	if (stripped.data == VARDATA_ANY(address) &&
		stripped.length == VARSIZE_ANY_EXHDR(address))
		PG_RETURN_TEXT_P(address);

	PG_RETURN_TEXT_P(kql_string_to_text(stripped));
}

/*
 * blob_name(text): the file name that the published hunt extracts.
 */
Datum
azhunt_blob_name(PG_FUNCTION_ARGS)
{
	text	   *uri = PG_GETARG_TEXT_PP(0);

	PG_RETURN_TEXT_P(kql_string_to_text(kql_blob_name(TextKqlString(uri))));
}

/*
 * file_name(text): the file name that a person would expect.
 *
 * Percent escapes spell UTF-8, so in a database with another encoding only
 * those of ASCII characters are decoded.
 */
Datum
azhunt_file_name(PG_FUNCTION_ARGS)
{
	text	   *uri = PG_GETARG_TEXT_PP(0);
	char	   *buffer = palloc(VARSIZE_ANY_EXHDR(uri) + 1);
	KqlString	name = kql_file_name(TextKqlString(uri),
									 GetDatabaseEncoding() == PG_UTF8, buffer);

	PG_RETURN_TEXT_P(kql_string_to_text(name));
}

/*
 * has(text, text): does the string have the term?
 */
Datum
azhunt_has(PG_FUNCTION_ARGS)
{
	text	   *haystack = PG_GETARG_TEXT_PP(0);
	text	   *term = PG_GETARG_TEXT_PP(1);
	KqlString	h = TextKqlString(haystack);
	KqlString	t = TextKqlString(term);
	size_t		places = Max(t.length, HAS_PLACES_BETWEEN_INTERRUPTS);
	size_t		start = 0;
	KqlEncoding encoding = database_encoding();

	while (!kql_has_from(h, t, &start, places, encoding))
	{
		if (start == h.length)
			PG_RETURN_BOOL(false);
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_BOOL(true);
}
