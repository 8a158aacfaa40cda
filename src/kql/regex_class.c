/*-------------------------------------------------------------------------
 *
 * regex_class.c
 *	  The classes of characters of regular expressions.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "fold.h"
#include "regex_internal.h"

/*
 * Add code points to a class.
 */
void
kql_regex_add_range(RegexCompiler *c, RegexClass *class, uint32_t first, uint32_t last)
{
	if (class->count == class->room)
	{
		int			room = class->room > 0 ? 2 * class->room : 4;
		RegexRange *ranges = c->allocate(c->context, (size_t) room * sizeof(RegexRange));

		if (class->count > 0)
			memcpy(ranges, class->ranges, (size_t) class->count * sizeof(RegexRange));
		class->ranges = ranges;
		class->room = room;
	}
	class->ranges[class->count].first = first;
	class->ranges[class->count++].last = last;
}

/*
 * The order of ranges.
 */
static int
compare_ranges(const void *a, const void *b)
{
	uint32_t	left = ((const RegexRange *) a)->first;
	uint32_t	right = ((const RegexRange *) b)->first;

	return (left > right) - (left < right);
}

/*
 * Put the ranges in order, and those that meet together.
 */
static void
merge_ranges(RegexClass *class)
{
	RegexRange *ranges = class->ranges;
	int			count = 0;

	if (class->count < 2)
		return;
	qsort(ranges, (size_t) class->count, sizeof(RegexRange), compare_ranges);
	for (int i = 1; i < class->count; i++)
	{
		if (ranges[i].first > ranges[count].last + 1)
			ranges[++count] = ranges[i];
		else if (ranges[i].last > ranges[count].last)
			ranges[count].last = ranges[i].last;
	}
	class->count = count + 1;
}

/*
 * Make a class ready for searches.  One that ignores case gets what its
 * characters fold to, so that others have to be folded, but these no more.
 */
void
kql_regex_close_class(RegexCompiler *c, RegexClass *class)
{
	int			count;

	if (class->is_closed)
		return;
	class->is_closed = true;
	merge_ranges(class);
	if (!class->folds)
		return;
	count = class->count;
	for (int i = 0; i < count; i++)
	{
		uint32_t	first = class->ranges[i].first;
		uint32_t	last = class->ranges[i].last;

		for (uint32_t at = kql_next_folded(first); at <= last; at = kql_next_folded(at + 1))
		{
			uint32_t	folded = kql_fold_code_point(at);

			if (folded < first || folded > last)
				kql_regex_add_range(c, class, folded, folded);
		}
	}
	merge_ranges(class);
}
