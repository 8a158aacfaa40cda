/*-------------------------------------------------------------------------
 *
 * case_insensitive.c
 *	  The operators =~, !=~, <~ and so on, and their operator classes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "fmgr.h"

#include "azhunt.h"

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
