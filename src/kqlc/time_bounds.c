/*-------------------------------------------------------------------------
 *
 * time_bounds.c
 *	  Windows of time that are written as two comparisons.
 *
 * "a >= b - 1h and a <= b" bounds the difference of two columns on both sides,
 * and so do two "where", one behind the other.  As one call of within() the
 * windowed join can serve it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* low <= event - anchor <= high, in microseconds, as far as it is known */
typedef struct TimeBound
{
	Sql		   *event;
	Sql		   *anchor;
	const char *event_text;
	const char *anchor_text;
	bool		has_low;
	bool		has_high;
	int64_t		low;
	int64_t		high;
	Vector		comparisons;	/* Sql: as they were written */
	int			added;			/* of these are conditions of the table */
	int			place;			/* where the first of them is */
	bool		is_strict;		/* one of them leaves its border out */
	bool		is_window;		/* the window is a condition, too */
} TimeBound;

/*
 * The bound of these two columns, either way round; a new one if there is none.
 */
static TimeBound *
find_bound(Compiler *c, Vector *bounds, Sql *event, Sql *anchor, bool *is_swapped)
{
	const char *event_text = sql_peek(c->arena, event);
	const char *anchor_text = sql_peek(c->arena, anchor);
	TimeBound  *bound;

	for (int i = 0; i < bounds->count; i++)
	{
		bound = bounds->items[i];
		*is_swapped = strcmp(bound->event_text, anchor_text) == 0 && strcmp(bound->anchor_text, event_text) == 0;
		if (*is_swapped || (strcmp(bound->event_text, event_text) == 0 && strcmp(bound->anchor_text, anchor_text) == 0))
			return bound;
	}
	bound = arena_alloc(c->arena, sizeof(TimeBound));
	bound->event = event;
	bound->anchor = anchor;
	bound->event_text = event_text;
	bound->anchor_text = anchor_text;
	*is_swapped = false;
	vector_add(c->arena, bounds, bound);
	return bound;
}

/*
 * Note a comparison of two times that are columns, or fixed distances from
 * columns; false if it is none.
 */
bool
note_time_bound(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	Expr	   *left;
	Expr	   *right;
	Sql		   *left_base;
	Sql		   *right_base;
	TimeBound  *bound;
	int64_t		difference;
	bool		is_swapped;
	bool		is_high;

	if (node->kind != NODE_BINARY || (node->text[0] != '<' && node->text[0] != '>') || strcmp(node->text, "<>") == 0)
		return false;
	left = bind(c, &scope, node->left);
	right = bind(c, &scope, node->right);
	left_base = time_base(left);
	right_base = time_base(right);
	if (left_base == NULL || right_base == NULL ||
		__builtin_sub_overflow(right->distance, left->distance, &difference) ||
		difference == INT64_MIN || sql_peek(c->arena, left_base)[0] == '\0' ||
		strcmp(sql_peek(c->arena, left_base), sql_peek(c->arena, right_base)) == 0)
		return false;
	bound = find_bound(c, &table->time_bounds, left_base, right_base, &is_swapped);
	is_high = (node->text[0] == '<') != is_swapped;
	if (is_swapped)
		difference = -difference;
	/* of several on one side the first is taken; all are tested beside it */
	bound->is_strict |= node->text[1] != '=' || (is_high ? bound->has_high : bound->has_low);
	if (is_high && !bound->has_high)
		bound->high = difference;
	if (!is_high && !bound->has_low)
		bound->low = difference;
	bound->has_high |= is_high;
	bound->has_low |= !is_high;
	vector_add(c->arena, &bound->comparisons, compare(c, node, node->text, left, right, MODE_TRUE));
	return true;
}

/*
 * The window as a condition.
 */
static Sql *
window_sql(Compiler *c, const TimeBound *bound)
{
	Sql		   *length = interval_sql(c, bound->high - bound->low);

	if (bound->high == 0)
		return sql_format(c->arena, "#within($1, $2, $3)", bound->event, bound->anchor, length);
	if (bound->low == 0)
		return sql_format(c->arena, "#within($1, $2, $3)", bound->anchor, bound->event, length);
	return sql_format(c->arena, "#within($1, #add($2, $3), $4)", bound->event, bound->anchor,
					  interval_sql(c, bound->high), length);
}

/*
 * Is it bounded on both sides?
 */
static bool
is_bounded(const TimeBound *bound)
{
	int64_t		length;

	return bound->has_low && bound->has_high && bound->low <= bound->high &&
		!__builtin_sub_overflow(bound->high, bound->low, &length);
}

/*
 * Add what was noted to the conditions of a table.  A comparison that became
 * one already gives its place to the window that says more.
 */
void
add_time_bounds(Compiler *c, Table *table)
{
	for (int i = 0; i < table->time_bounds.count; i++)
	{
		TimeBound  *bound = table->time_bounds.items[i];
		bool		is_new = is_bounded(bound) && !bound->is_window;

		if (is_new && bound->added > 0 && !bound->is_strict)
			table->where.items[bound->place] = window_sql(c, bound);
		else if (is_new)
			vector_add(c->arena, &table->where, window_sql(c, bound));
		bound->is_window |= is_new;
		if (bound->added == 0)
			bound->place = table->where.count;
		for (; bound->added < bound->comparisons.count; bound->added++)
		{
			if (!bound->is_window || bound->is_strict)
				vector_add(c->arena, &table->where, bound->comparisons.items[bound->added]);
		}
	}
}
