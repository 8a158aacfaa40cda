/*-------------------------------------------------------------------------
 *
 * terms.c
 *	  SQL functions that look for texts in others: contains, startswith,
 *	  hasprefix and their like, and split.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "azhunt.h"
#include "kql/fold.h"
#include "kql/occurrences.h"
#include "kql/scalars.h"

PG_FUNCTION_INFO_V1(azhunt_contains);
PG_FUNCTION_INFO_V1(azhunt_startswith);
PG_FUNCTION_INFO_V1(azhunt_endswith);
PG_FUNCTION_INFO_V1(azhunt_has_cs);
PG_FUNCTION_INFO_V1(azhunt_hasprefix);
PG_FUNCTION_INFO_V1(azhunt_hasprefix_cs);
PG_FUNCTION_INFO_V1(azhunt_hassuffix);
PG_FUNCTION_INFO_V1(azhunt_hassuffix_cs);
PG_FUNCTION_INFO_V1(azhunt_split);
PG_FUNCTION_INFO_V1(azhunt_split_part);
PG_FUNCTION_INFO_V1(azhunt_replace_any);

/* Where a term must not go on */
#define BORDER_BEFORE	1
#define BORDER_AFTER	2

/*
 * A text argument in UTF-8, folded to one case.
 */
static KqlString
folded_argument(FunctionCallInfo fcinfo, int number)
{
	KqlString	s = utf8_argument(fcinfo, number);
	char	   *buffer = MemoryContextAllocHuge(CurrentMemoryContext, s.length * KQL_FOLD_RATIO + KQL_CHARACTER_SIZE);

	return kql_string(buffer, kql_fold_utf8(s, buffer));
}

/*
 * Where the needle is in the haystack from there on, or NULL.
 */
static const char *
find(KqlString haystack, KqlString needle, const char *from)
{
	const char *end = haystack.data + haystack.length;

	/* the C library takes time in proportion to both lengths */
	return needle.length == 0 ? from : memmem(from, end - from, needle.data, needle.length);
}

/*
 * Does a character begin at a place of a text in the database's encoding?  All
 * before the boundary have been looked at.
 *
 * Two characters of EUC may have between them the bytes of another.
 */
static bool
begins_character(const char *place, const char **boundary)
{
	if (GetDatabaseEncoding() == PG_UTF8 || pg_database_encoding_max_length() == 1)
		return true;
	while (*boundary < place)
		*boundary += pg_mblen(*boundary);
	return *boundary == place;
}

/*
 * The same as find(), in texts in the database's encoding.
 */
static const char *
find_whole(KqlString haystack, KqlString needle, const char *from)
{
	const char *boundary = from;
	const char *at = find(haystack, needle, from);

	while (at != NULL && !begins_character(at, &boundary))
	{
		CHECK_FOR_INTERRUPTS();
		at = find(haystack, needle, boundary);
	}
	return at;
}

/*
 * The character that begins there.
 */
static uint32_t
character_at(const char *p)
{
	return utf8_to_unicode((const unsigned char *) p);
}

/*
 * The character that ends there.
 */
static uint32_t
character_before(const char *p)
{
	do
		p--;
	while ((*p & 0xC0) == 0x80);
	return character_at(p);
}

/*
 * Is the term there with borders where they are asked for?
 */
static bool
find_term(KqlString s, KqlString term, int borders)
{
	const char *end = s.data + s.length;
	const char *at = find(s, term, s.data);
	KqlString	rest = s;
	bool		before,
				after;
	Occurrences search;

	if (term.length == 0 || at == NULL)
		return at != NULL;
	before = (borders & BORDER_BEFORE) != 0 && kql_is_alphanumeric(character_at(term.data));
	after = (borders & BORDER_AFTER) != 0 && kql_is_alphanumeric(character_before(term.data + term.length));

	/* the C library is faster, but not where it begins again at each place */
	rest.data = at;
	rest.length = end - at;
	begin_search(&search, rest, term);
	while ((at = next_occurrence(&search)) != NULL)
	{
		if (before && at > s.data && kql_is_alphanumeric(character_before(at)))
			continue;
		if (after && at + term.length < end && kql_is_alphanumeric(character_at(at + term.length)))
			continue;
		break;
	}
	end_search(&search);
	return at != NULL;
}

/*
 * contains, ignoring case
 */
Datum
azhunt_contains(PG_FUNCTION_ARGS)
{
	KqlString	s = folded_argument(fcinfo, 0);

	PG_RETURN_BOOL(find(s, folded_argument(fcinfo, 1), s.data) != NULL);
}

/*
 * startswith, ignoring case
 */
Datum
azhunt_startswith(PG_FUNCTION_ARGS)
{
	KqlString	s = folded_argument(fcinfo, 0);
	KqlString	start = folded_argument(fcinfo, 1);

	PG_RETURN_BOOL(s.length >= start.length && memcmp(s.data, start.data, start.length) == 0);
}

/*
 * endswith, ignoring case
 */
Datum
azhunt_endswith(PG_FUNCTION_ARGS)
{
	KqlString	s = folded_argument(fcinfo, 0);
	KqlString	end = folded_argument(fcinfo, 1);

	PG_RETURN_BOOL(s.length >= end.length &&
				   memcmp(s.data + s.length - end.length, end.data, end.length) == 0);
}

/*
 * has_cs
 */
Datum
azhunt_has_cs(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(find_term(utf8_argument(fcinfo, 0), utf8_argument(fcinfo, 1), BORDER_BEFORE | BORDER_AFTER));
}

/*
 * hasprefix
 */
Datum
azhunt_hasprefix(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(find_term(folded_argument(fcinfo, 0), folded_argument(fcinfo, 1), BORDER_BEFORE));
}

/*
 * hasprefix_cs
 */
Datum
azhunt_hasprefix_cs(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(find_term(utf8_argument(fcinfo, 0), utf8_argument(fcinfo, 1), BORDER_BEFORE));
}

/*
 * hassuffix
 */
Datum
azhunt_hassuffix(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(find_term(folded_argument(fcinfo, 0), folded_argument(fcinfo, 1), BORDER_AFTER));
}

/*
 * hassuffix_cs
 */
Datum
azhunt_hassuffix_cs(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(find_term(utf8_argument(fcinfo, 0), utf8_argument(fcinfo, 1), BORDER_AFTER));
}

/*
 * A part of a text as an element of JSON.
 */
static JsonbValue
part_value(const char *start, const char *end)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = (char *) start;
	value.val.string.len = end - start;
	return value;
}

/*
 * split(): all parts, or that with one number; NULL if there is no such part.
 */
static Jsonb *
split(KqlString s, KqlString delimiter, bool all, int64 wanted)
{
	JsonbInState state = {0};
	const char *start = s.data;
	const char *end = s.data + s.length;
	bool		found = all;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int64 i = 0; start != NULL; i++)
	{
		const char *next = delimiter.length == 0 ? NULL : find_whole(s, delimiter, start);

		CHECK_FOR_INTERRUPTS();
		if (all || i == wanted)
		{
			JsonbValue	value = part_value(start, next != NULL ? next : end);

			pushJsonbValue(&state, WJB_ELEM, &value);
			found = true;
			if (!all)
				break;
		}
		start = next != NULL ? next + delimiter.length : NULL;
	}
	if (!found)
		return NULL;
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(state.result);
}

/*
 * split(string, delimiter)
 */
Datum
azhunt_split(PG_FUNCTION_ARGS)
{
	text	   *s = PG_GETARG_TEXT_PP(0);
	text	   *delimiter = PG_GETARG_TEXT_PP(1);

	PG_RETURN_JSONB_P(split(TextKqlString(s), TextKqlString(delimiter), true, 0));
}

/*
 * split(string, delimiter, number)
 */
Datum
azhunt_split_part(PG_FUNCTION_ARGS)
{
	text	   *s = PG_GETARG_TEXT_PP(0);
	text	   *delimiter = PG_GETARG_TEXT_PP(1);
	Jsonb	   *result = split(TextKqlString(s), TextKqlString(delimiter), false, PG_GETARG_INT64(2));

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(result);
}

/*
 * Let a search string take the places where it is found and nothing else is.  A
 * place that is the start of one gets its number, others that are taken -1; all
 * else is -2.
 */
static void
claim_occurrences(KqlString s, KqlString needle, int number, int *claims)
{
	Occurrences search;
	const char *boundary = s.data;
	const char *at;
	size_t		seen = 0;
	size_t		free_from = 0;	/* behind what is taken of what was seen */

	begin_search(&search, s, needle);
	while ((at = next_occurrence(&search)) != NULL)
	{
		size_t		start = at - s.data;
		size_t		end = start + needle.length;

		for (; seen < end; seen++)
			if (claims[seen] != -2)
				free_from = seen + 1;
		if (start < free_from || !begins_character(at, &boundary))
			continue;
		claims[start] = number;
		for (size_t i = start + 1; i < end; i++)
			claims[i] = -1;
		free_from = end;
	}
	end_search(&search);
}

/*
 * Note which search string each place of the text is taken by: those that come
 * first in the list have the first choice.
 */
static int *
claim_places(KqlString s, Datum *searched, bool *nulls, int count)
{
	int		   *claims = MemoryContextAllocHuge(CurrentMemoryContext, (s.length + 1) * sizeof(int));

	for (size_t i = 0; i <= s.length; i++)
		claims[i] = -2;
	for (int n = 0; n < count; n++)
	{
		text	   *t;
		KqlString	needle;

		CHECK_FOR_INTERRUPTS();
		if (nulls[n])
			continue;
		t = DatumGetTextPP(searched[n]);
		needle = TextKqlString(t);
		if (needle.length > 0 && find(s, needle, s.data) != NULL)
			claim_occurrences(s, needle, n, claims);
	}
	return claims;
}

/*
 * replace_any(string, searched, replacements); a null in either is the empty
 * string, as Kusto's strings are never null
 */
Datum
azhunt_replace_any(PG_FUNCTION_ARGS)
{
	text	   *t = PG_GETARG_TEXT_PP(0);
	KqlString	s = TextKqlString(t);
	Datum	   *searched;
	Datum	   *replacements;
	bool	   *searched_nulls;
	bool	   *replacement_nulls;
	int			count;
	int			replacement_count;
	int		   *claims;
	StringInfoData out;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &searched, &searched_nulls, &count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &replacements, &replacement_nulls, &replacement_count);
	claims = claim_places(s, searched, searched_nulls, Min(count, replacement_count));
	initStringInfo(&out);
	for (size_t i = 0; i < s.length; i++)
	{
		if (claims[i] == -2)
			appendStringInfoChar(&out, s.data[i]);
		else if (claims[i] >= 0 && !replacement_nulls[claims[i]])
		{
			text	   *replacement = DatumGetTextPP(replacements[claims[i]]);

			appendBinaryStringInfo(&out, VARDATA_ANY(replacement), VARSIZE_ANY_EXHDR(replacement));
		}
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
