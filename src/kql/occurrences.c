/*-------------------------------------------------------------------------
 *
 * occurrences.c
 *	  All occurrences of a text in another, which may overlap, and the SQL
 *	  functions countof and indexof.
 *
 * The algorithm is that of Knuth, Morris and Pratt.  It reads each byte once,
 * whatever the two texts are, and one of them may come from a log.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "azhunt.h"
#include "kql/occurrences.h"
#include "kql/scalars.h"

PG_FUNCTION_INFO_V1(azhunt_countof);
PG_FUNCTION_INFO_V1(azhunt_indexof);

/* Bytes that are read between looks for interrupts */
#define BYTES_BETWEEN_INTERRUPTS	8192

/*
 * How many characters begin in some bytes of UTF-8?
 */
static int64
count_characters(const char *from, const char *end)
{
	int64		count = 0;

	for (; from < end; from++)
		if ((*from & 0xC0) != 0x80)
			count++;
	return count;
}

/*
 * How much of what is sought ends in a byte, if so much ended in the one before?
 */
static size_t
match_byte(const Occurrences *search, size_t matched, char byte)
{
	while (matched > 0 &&
		   (matched == search->sought.length || search->sought.data[matched] != byte))
		matched = search->border[matched - 1];
	return search->sought.data[matched] == byte ? matched + 1 : 0;
}

/*
 * Begin a search.
 */
void
begin_search(Occurrences *search, KqlString string, KqlString sought)
{
	memset(search, 0, sizeof(*search));
	search->string = string;
	search->sought = sought;
	search->border = MemoryContextAllocHuge(CurrentMemoryContext, sought.length * sizeof(int32_t));
	search->border[0] = 0;
	for (size_t i = 1; i < sought.length; i++)
	{
		if (i % BYTES_BETWEEN_INTERRUPTS == 0)
			CHECK_FOR_INTERRUPTS();
		search->border[i] = (int32_t) match_byte(search, search->border[i - 1], sought.data[i]);
	}
}

/*
 * Where does the next occurrence begin?  NULL if there is none.
 */
const char *
next_occurrence(Occurrences *search)
{
	do
	{
		if (search->read == search->string.length)
			return NULL;
		if (search->read % BYTES_BETWEEN_INTERRUPTS == 0)
			CHECK_FOR_INTERRUPTS();
		search->matched = match_byte(search, search->matched, search->string.data[search->read++]);
	} while (search->matched < search->sought.length);
	return search->string.data + search->read - search->sought.length;
}

/*
 * Give up what a search needed.
 */
void
end_search(Occurrences *search)
{
	pfree(search->border);
}

/*
 * countof(text, text): how often a text occurs.
 */
Datum
azhunt_countof(PG_FUNCTION_ARGS)
{
	KqlString	string = utf8_argument(fcinfo, 0);
	KqlString	sought = utf8_argument(fcinfo, 1);
	Occurrences search;
	int64		count = 0;

	if (sought.length > 0 && sought.length <= string.length)
	{
		begin_search(&search, string, sought);
		while (next_occurrence(&search) != NULL)
			count++;
		end_search(&search);
	}
	PG_RETURN_INT64(count);
}

/*
 * The place of an occurrence of a text between two places, both included; -1 if
 * there are not so many.
 */
static int64
find_occurrence(KqlString string, KqlString sought, int64 first, int64 last, int64 which)
{
	Occurrences search;
	const char *counted = string.data;
	const char *at;
	int64		place = 0;

	if (sought.length == 0)		/* which is everywhere */
		return first <= last && which - 1 <= last - first ? first + which - 1 : -1;
	if (sought.length > string.length)
		return -1;
	begin_search(&search, string, sought);
	while ((at = next_occurrence(&search)) != NULL)
	{
		place += count_characters(counted, at);
		counted = at;
		if (place > last || (place >= first && --which == 0))
			break;
	}
	end_search(&search);
	return at != NULL && place <= last ? place : -1;
}

/*
 * indexof(text, text, start bigint, length bigint, occurrence bigint): where a
 * text occurs among so many places from a start, which counts from the end if it
 * is negative; all that follow if the length is negative.
 */
Datum
azhunt_indexof(PG_FUNCTION_ARGS)
{
	KqlString	string = utf8_argument(fcinfo, 0);
	int64		first = PG_GETARG_INT64(2);
	int64		length = PG_GETARG_INT64(3);
	int64		which = PG_GETARG_INT64(4);
	int64		end = count_characters(string.data, string.data + string.length);
	int64		last;

	if (which <= 0)
		PG_RETURN_NULL();
	if (first < 0)
		first = Max(end + first, 0);
	if (length < 0 || pg_add_s64_overflow(first, length - 1, &last))
		last = end;
	PG_RETURN_INT64(find_occurrence(string, utf8_argument(fcinfo, 1), first, Min(last, end), which));
}
