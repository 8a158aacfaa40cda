/*-------------------------------------------------------------------------
 *
 * regex_functions.c
 *	  SQL functions with Kusto's regular expressions.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "azhunt.h"
#include "kql/regex.h"
#include "kql/scalars.h"

PG_FUNCTION_INFO_V1(azhunt_matches_regex);
PG_FUNCTION_INFO_V1(azhunt_extract);
PG_FUNCTION_INFO_V1(azhunt_extract_all);
PG_FUNCTION_INFO_V1(azhunt_regex_groups);
PG_FUNCTION_INFO_V1(azhunt_replace_regex);
PG_FUNCTION_INFO_V1(azhunt_trim_start);
PG_FUNCTION_INFO_V1(azhunt_trim_end);
PG_FUNCTION_INFO_V1(azhunt_count_matches);
PG_FUNCTION_INFO_V1(azhunt_regex_quote);
PG_FUNCTION_INFO_V1(azhunt_before_match);

/* The regular expression of the last call, which most calls share */
typedef struct RegexCache
{
	MemoryContext context;
	char	   *pattern;
	size_t		length;
	KqlRegex   *regex;
	void	   *scratch;
	ptrdiff_t  *captures;
} RegexCache;

/*
 * Memory of a context, all zeros.
 */
static void *
allocate(void *context, size_t size)
{
	void	   *result = MemoryContextAllocHuge(context, size > 0 ? size : 1);

	memset(result, 0, size);
	return result;
}

/*
 * End the search if the query was cancelled.
 */
static void
interrupt(void)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * Part of a string; a group that did not match is an empty one.
 */
static KqlString
utf8_part(KqlString s, ptrdiff_t start, ptrdiff_t end)
{
	return start < 0 ? kql_string("", 0) : kql_string(s.data + start, end - start);
}

/*
 * The same as a text.
 */
static text *
part_text(KqlString s, ptrdiff_t start, ptrdiff_t end)
{
	return server_text(utf8_part(s, start, end));
}

/*
 * The compiled regular expression of this pattern.
 */
static RegexCache *
compile(FunctionCallInfo fcinfo, KqlString pattern)
{
	RegexCache *cache = fcinfo->flinfo->fn_extra;
	const char *error;
	MemoryContext context;

	if (cache != NULL && cache->length == pattern.length &&
		memcmp(cache->pattern, pattern.data, pattern.length) == 0)
		return cache;
	if (cache != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(cache->context);
	}
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "azhunt regular expression", ALLOCSET_SMALL_SIZES);
	cache = MemoryContextAllocZero(context, sizeof(RegexCache));
	cache->context = context;
	cache->pattern = MemoryContextAlloc(context, pattern.length + 1);
	memcpy(cache->pattern, pattern.data, pattern.length);
	cache->length = pattern.length;
	cache->regex = kql_regex_compile(pattern, allocate, context, &error);
	if (cache->regex == NULL)
	{
		char	   *copy = pstrdup(error);

		MemoryContextDelete(context);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("invalid regular expression: %s", copy)));
	}
	cache->scratch = kql_regex_scratch(cache->regex, allocate, context, interrupt);
	cache->captures = MemoryContextAllocZero(context, (kql_regex_groups(cache->regex) + 1) * 2 * sizeof(ptrdiff_t));
	fcinfo->flinfo->fn_extra = cache;
	return cache;
}

/*
 * Find the next match from there on.
 */
static bool
search(RegexCache *cache, KqlString s, size_t from)
{
	interrupt();
	return from <= s.length && kql_regex_search(cache->regex, cache->scratch, s, from, cache->captures);
}

/*
 * Where to look for the match after this one.
 */
static size_t
behind(RegexCache *cache, KqlString s)
{
	size_t		end = cache->captures[1];

	if (cache->captures[1] > cache->captures[0])
		return end;
	/* an empty match: one character on */
	do
		end++;
	while (end < s.length && (s.data[end] & 0xC0) == 0x80);
	return end;
}

/*
 * matches_regex(string, pattern)
 */
Datum
azhunt_matches_regex(PG_FUNCTION_ARGS)
{
	KqlString	s = utf8_argument(fcinfo, 0);

	PG_RETURN_BOOL(search(compile(fcinfo, utf8_argument(fcinfo, 1)), s, 0));
}

/*
 * extract(pattern, group, string): NULL, which is the empty string, if there is
 * no match
 */
Datum
azhunt_extract(PG_FUNCTION_ARGS)
{
	RegexCache *cache = compile(fcinfo, utf8_argument(fcinfo, 0));
	int64		group = PG_GETARG_INT64(1);
	KqlString	s = utf8_argument(fcinfo, 2);

	if (group < 0 || group > kql_regex_groups(cache->regex) || !search(cache, s, 0) ||
		cache->captures[2 * group] < 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(part_text(s, cache->captures[2 * group], cache->captures[2 * group + 1]));
}

/*
 * Push a group of the match.
 */
static void
push_group(JsonbInState *state, RegexCache *cache, KqlString s, int group)
{
	KqlString	part = server_string(utf8_part(s, cache->captures[2 * group], cache->captures[2 * group + 1]));
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = (char *) part.data;
	value.val.string.len = part.length;
	pushJsonbValue(state, WJB_ELEM, &value);
}

/*
 * extract_all(pattern, string): the groups of all matches
 */
Datum
azhunt_extract_all(PG_FUNCTION_ARGS)
{
	RegexCache *cache = compile(fcinfo, utf8_argument(fcinfo, 0));
	KqlString	s = utf8_argument(fcinfo, 1);
	int			groups = kql_regex_groups(cache->regex);
	JsonbInState state = {0};
	bool		found = false;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (size_t from = 0; search(cache, s, from); from = behind(cache, s))
	{
		found = true;
		if (groups > 1)
			pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		for (int i = groups > 0 ? 1 : 0; i <= groups; i++)
			push_group(&state, cache, s, i);
		if (groups > 1)
			pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	}
	if (!found)
		PG_RETURN_NULL();
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(state.result));
}

/*
 * regex_groups(pattern, string): the groups of the first match as an array, or
 * NULL if there is none
 */
Datum
azhunt_regex_groups(PG_FUNCTION_ARGS)
{
	RegexCache *cache = compile(fcinfo, utf8_argument(fcinfo, 0));
	KqlString	s = utf8_argument(fcinfo, 1);
	int			groups = kql_regex_groups(cache->regex);
	Datum	   *values = palloc((groups + 1) * sizeof(Datum));

	if (!search(cache, s, 0))
		PG_RETURN_NULL();
	for (int i = 1; i <= groups; i++)
		values[i - 1] = PointerGetDatum(part_text(s, cache->captures[2 * i], cache->captures[2 * i + 1]));
	PG_RETURN_ARRAYTYPE_P(construct_array(values, groups, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Append what stands for a match, in which \1 is a group and \0 all of it.
 */
static void
append_replacement(StringInfo out, RegexCache *cache, KqlString s, KqlString replacement)
{
	for (size_t i = 0; i < replacement.length; i++)
	{
		char		c = replacement.data[i];

		if (c == '\\' && i + 1 < replacement.length && isdigit((unsigned char) replacement.data[i + 1]))
		{
			int			group = replacement.data[++i] - '0';

			if (group <= kql_regex_groups(cache->regex) && cache->captures[2 * group] >= 0)
				appendBinaryStringInfo(out, s.data + cache->captures[2 * group],
									   cache->captures[2 * group + 1] - cache->captures[2 * group]);
		}
		else if (c == '\\' && i + 1 < replacement.length && replacement.data[i + 1] == '\\')
			appendStringInfoChar(out, replacement.data[++i]);
		else
			appendStringInfoChar(out, c);
	}
}

/*
 * replace_regex(string, pattern, replacement)
 */
Datum
azhunt_replace_regex(PG_FUNCTION_ARGS)
{
	KqlString	s = utf8_argument(fcinfo, 0);
	RegexCache *cache = compile(fcinfo, utf8_argument(fcinfo, 1));
	KqlString	replacement = utf8_argument(fcinfo, 2);
	StringInfoData out;
	size_t		copied = 0;

	initStringInfo(&out);
	for (size_t from = 0; search(cache, s, from); from = behind(cache, s))
	{
		appendBinaryStringInfo(&out, s.data + copied, cache->captures[0] - copied);
		append_replacement(&out, cache, s, replacement);
		copied = cache->captures[1];
	}
	appendBinaryStringInfo(&out, s.data + copied, s.length - copied);
	PG_RETURN_TEXT_P(server_text(kql_string(out.data, out.len)));
}

/*
 * A pattern with something before and behind.
 */
static KqlString
surround(const char *before, KqlString pattern, const char *behind)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, before);
	appendBinaryStringInfo(&out, pattern.data, pattern.length);
	appendStringInfoString(&out, behind);
	return kql_string(out.data, out.len);
}

/*
 * trim_start(pattern, string)
 */
Datum
azhunt_trim_start(PG_FUNCTION_ARGS)
{
	RegexCache *cache = compile(fcinfo, surround("\\A(?:", utf8_argument(fcinfo, 0), ")"));
	KqlString	s = utf8_argument(fcinfo, 1);

	PG_RETURN_TEXT_P(part_text(s, search(cache, s, 0) ? cache->captures[1] : 0, s.length));
}

/*
 * trim_end(pattern, string)
 */
Datum
azhunt_trim_end(PG_FUNCTION_ARGS)
{
	RegexCache *cache = compile(fcinfo, surround("(?:", utf8_argument(fcinfo, 0), ")\\z"));
	KqlString	s = utf8_argument(fcinfo, 1);

	PG_RETURN_TEXT_P(part_text(s, 0, search(cache, s, 0) ? cache->captures[0] : (ptrdiff_t) s.length));
}

/*
 * count_matches(string, pattern)
 */
Datum
azhunt_count_matches(PG_FUNCTION_ARGS)
{
	KqlString	s = utf8_argument(fcinfo, 0);
	RegexCache *cache = compile(fcinfo, utf8_argument(fcinfo, 1));
	int64		count = 0;

	for (size_t from = 0; search(cache, s, from); from = behind(cache, s))
		count++;
	PG_RETURN_INT64(count);
}

/*
 * regex_quote(string)
 */
Datum
azhunt_regex_quote(PG_FUNCTION_ARGS)
{
	KqlString	s = utf8_argument(fcinfo, 0);
	StringInfoData out;

	initStringInfo(&out);
	for (size_t i = 0; i < s.length; i++)
	{
		if (s.data[i] != '\0' && strchr("\\.+*?()|[]{}^$#&-~", s.data[i]) != NULL)
			appendStringInfoChar(&out, '\\');
		appendStringInfoChar(&out, s.data[i]);
	}
	PG_RETURN_TEXT_P(server_text(kql_string(out.data, out.len)));
}

/*
 * before_match(pattern, string): NULL if there is no match
 */
Datum
azhunt_before_match(PG_FUNCTION_ARGS)
{
	RegexCache *cache = compile(fcinfo, utf8_argument(fcinfo, 0));
	KqlString	s = utf8_argument(fcinfo, 1);

	if (!search(cache, s, 0))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(part_text(s, 0, cache->captures[0]));
}
