/*-------------------------------------------------------------------------
 *
 * strings.c
 *	  SQL functions on strings: addresses, URIs, has, =~ and its order.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "azhunt.h"

/* A search compares about so many bytes before it looks for interrupts */
#define HAS_BYTES_BETWEEN_INTERRUPTS	(1024 * 1024)

PG_FUNCTION_INFO_V1(azhunt_strip_port);
PG_FUNCTION_INFO_V1(azhunt_blob_name);
PG_FUNCTION_INFO_V1(azhunt_file_name);
PG_FUNCTION_INFO_V1(azhunt_has);
PG_FUNCTION_INFO_V1(azhunt_equals);
PG_FUNCTION_INFO_V1(azhunt_not_equals);
PG_FUNCTION_INFO_V1(azhunt_less);
PG_FUNCTION_INFO_V1(azhunt_less_or_equal);
PG_FUNCTION_INFO_V1(azhunt_greater);
PG_FUNCTION_INFO_V1(azhunt_greater_or_equal);
PG_FUNCTION_INFO_V1(azhunt_compare);
PG_FUNCTION_INFO_V1(azhunt_hash);
PG_FUNCTION_INFO_V1(azhunt_hash_extended);

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
	size_t		places = 1 + HAS_BYTES_BETWEEN_INTERRUPTS / (t.length + 1);
	size_t		start = 0;
	KqlEncoding encoding = database_encoding();

	while (!kql_has_from(h, t, start, places, encoding))
	{
		start += places;
		if (start >= h.length)
			PG_RETURN_BOOL(false);
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_BOOL(true);
}

/*
 * Is this text neither compressed nor stored elsewhere?
 */
static inline bool
is_plain(Datum t)
{
	return !VARATT_IS_EXTERNAL(DatumGetPointer(t)) &&
		!VARATT_IS_COMPRESSED(DatumGetPointer(t));
}

/*
 * Are both arguments equal, ignoring case?
 *
 * Compares lengths before it detoasts, as texteq() does, though only to find
 * that they are too far apart.
 */
static bool
arguments_equal(FunctionCallInfo fcinfo)
{
	Datum		a = PG_GETARG_DATUM(0);
	Datum		b = PG_GETARG_DATUM(1);
	text	   *text_a;
	text	   *text_b;
	bool		equal;

	if (is_plain(a) && is_plain(b))
		return kql_equal_fold(TextKqlString(DatumGetPointer(a)),
							  TextKqlString(DatumGetPointer(b)),
							  database_encoding());

	if (!kql_may_be_equal(toast_raw_datum_size(a) - VARHDRSZ,
						  toast_raw_datum_size(b) - VARHDRSZ,
						  database_encoding()))
		return false;

	text_a = DatumGetTextPP(a);
	text_b = DatumGetTextPP(b);
	equal = kql_equal_fold(TextKqlString(text_a), TextKqlString(text_b),
						   database_encoding());

	/* index support functions may not leak */
	PG_FREE_IF_COPY(text_a, 0);
	PG_FREE_IF_COPY(text_b, 1);
	return equal;
}

/*
 * Order of both arguments, ignoring case.
 */
static int
compare_arguments(FunctionCallInfo fcinfo)
{
	text	   *a = PG_GETARG_TEXT_PP(0);
	text	   *b = PG_GETARG_TEXT_PP(1);
	int			order = kql_compare_fold(TextKqlString(a), TextKqlString(b),
										 database_encoding());

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

/*
 * text =~ text
 */
Datum
azhunt_equals(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(arguments_equal(fcinfo));
}

/*
 * text !=~ text, KQL's !~
 */
Datum
azhunt_not_equals(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!arguments_equal(fcinfo));
}

/*
 * text <~ text
 */
Datum
azhunt_less(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) < 0);
}

/*
 * text <=~ text
 */
Datum
azhunt_less_or_equal(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) <= 0);
}

/*
 * text >~ text
 */
Datum
azhunt_greater(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) > 0);
}

/*
 * text >=~ text
 */
Datum
azhunt_greater_or_equal(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) >= 0);
}

/*
 * Order support function of the btree operator class.
 */
Datum
azhunt_compare(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_arguments(fcinfo));
}

/*
 * Hash support function of the hash operator class.
 */
Datum
azhunt_hash(PG_FUNCTION_ARGS)
{
	text	   *t = PG_GETARG_TEXT_PP(0);
	uint64		hash = kql_hash_fold(TextKqlString(t), 0, database_encoding());

	/* as many bits as the extended function gives without a seed */
	PG_FREE_IF_COPY(t, 0);
	PG_RETURN_UINT32((uint32) hash);
}

/*
 * The same with a seed and 64 bits.
 */
Datum
azhunt_hash_extended(PG_FUNCTION_ARGS)
{
	text	   *t = PG_GETARG_TEXT_PP(0);
	uint64		hash = kql_hash_fold(TextKqlString(t), PG_GETARG_INT64(1),
									 database_encoding());

	PG_FREE_IF_COPY(t, 0);
	PG_RETURN_UINT64(hash);
}
