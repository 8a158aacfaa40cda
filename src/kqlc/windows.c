/*-------------------------------------------------------------------------
 *
 * windows.c
 *	  Functions that look at other rows: row_number(), prev() and the like.
 *
 * Each call becomes a hidden column of a subselect before the operator that
 * it is in is looked at, inner calls first.  A restart condition cuts the rows
 * into segments, numbered by a running sum.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* A window that is a column by now */
typedef struct Window
{
	const Node *node;
	const char *name;
	Expr	   *expr;
} Window;

/*
 * Add a hidden column and make it one of a subselect.
 */
static Expr *
hide(Compiler *c, Table *table, Expr *expr, const char **name)
{
	*name = new_alias(c, "w");
	add_column(c, table, *name, expr)->is_hidden = true;
	close_table(c, table);
	return find_hidden(table, *name)->expr;
}

/*
 * The hidden column of that name.
 */
static Expr *
hidden(const Table *table, const char *name)
{
	Column	   *column = find_hidden(table, name);

	return column != NULL ? column->expr : NULL;
}

/*
 * OVER what: the rows in their order, of the segment if there is one.
 */
static Sql *
over(Compiler *c, Table *table, const char *segment)
{
	if (segment == NULL)
		return sql_format(c->arena, "OVER (ORDER BY $1)", order_by(c, table));
	return sql_format(c->arena, "OVER (PARTITION BY $1 ORDER BY $2)", hidden(table, segment)->sql, order_by(c, table));
}

/*
 * The name of a hidden column that numbers segments; NULL if there is no
 * restart condition.
 */
static const char *
segments(Compiler *c, Table *table, const Node *condition)
{
	Scope		scope = {table, NULL, NULL};
	const char *name;
	Expr	   *flag;

	if (condition == NULL)
		return NULL;
	flag = to_condition(c, condition, bind(c, &scope, condition));
	if (is_failed(flag))
		return NULL;
	flag = hide(c, table, expr_new(c, KQL_LONG, sql_format(c->arena, "CASE WHEN $1 THEN 1::bigint ELSE 0::bigint END",
														   flag->sql), false), &name);
	hide(c, table, expr_new(c, KQL_LONG, sql_format(c->arena, "@sum($1) $2", flag->sql, over(c, table, NULL)), false), &name);
	return name;
}

/*
 * An argument, or NULL if there is none.
 */
static const Node *
argument(const Node *node, int number)
{
	return number < node->args.count ? node->args.items[number] : NULL;
}

/*
 * prev(), next()
 */
static Expr *
window_neighbour(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	Expr	   *value;
	Expr	   *result;
	int64_t		distance = 1;
	const char *function = strcmp(node->text, "prev") == 0 ? "lag" : "lead";
	Sql		   *otherwise = NULL;

	if (node->args.count < 1 || node->args.count > 3)
		return fail(c, node, "%s() takes one to three arguments", node->text);
	value = bind(c, &scope, node->args.items[0]);
	if (is_failed(value))
		return value;
	if (node->args.count > 1 && !known_number(c, node->args.items[1], bind_constant(c, node->args.items[1]), INT64_MIN, "the distance", &distance))
		return failed_expr(c);
	/* no table has as many rows */
	distance = distance < -INT32_MAX ? -INT32_MAX : distance > INT32_MAX ? INT32_MAX : distance;
	if (node->args.count > 2)
		otherwise = value_of(c, convert(c, node, bind(c, &scope, node->args.items[2]), value->type));
	result = expr_new(c, value->type,
					  sql_format(c->arena, arena_printf(c->arena, otherwise != NULL ? "@%s($1, %lld, $3) $2" : "@%s($1, %lld) $2", function, (long long) distance),
								 value_of(c, value), over(c, table, NULL), otherwise), true);
	return result;
}

/*
 * row_number()
 */
static Expr *
window_row_number(Compiler *c, Table *table, const Node *node)
{
	const char *segment = segments(c, table, argument(node, 1));
	int64_t		start = 1;

	if (node->args.count > 2)
		return fail(c, node, "row_number() takes no more than two arguments");
	if (node->args.count > 0 && !known_number(c, node->args.items[0], bind_constant(c, node->args.items[0]), INT64_MIN, "the first number", &start))
		return failed_expr(c);
	return expr_new(c, KQL_LONG, sql_format(c->arena, start == 1 ? "@row_number() $1" :
											arena_printf(c->arena, "#add(@row_number() $1, '%lld'::bigint)", (long long) (int64_t) ((uint64_t) start - 1)),
											over(c, table, segment)), false);
}

/*
 * row_cumsum()
 */
static Expr *
window_row_cumsum(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	const char *segment = segments(c, table, argument(node, 1));
	Expr	   *value;

	if (node->args.count < 1 || node->args.count > 2)
		return fail(c, node, "row_cumsum() takes one or two arguments");
	value = bind(c, &scope, node->args.items[0]);
	if (value->type == KQL_INT)
		value = convert(c, node, value, KQL_LONG);
	if (!is_failed(value) && value->type != KQL_LONG && value->type != KQL_REAL && value->type != KQL_TIMESPAN)
		return fail(c, node, "row_cumsum() does not take a %s", kql_type_name(value->type));
	return expr_new(c, value->type, sql_format(c->arena, "#sum_of($1) $2", value->sql, over(c, table, segment)), false);
}

/*
 * row_rank_dense(), row_rank_min(), row_rank(): where the term changes
 */
static Expr *
window_row_rank(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	const char *segment = segments(c, table, argument(node, 1));
	const char *name;
	Expr	   *value;
	Expr	   *change;

	if (node->args.count < 1 || node->args.count > 2)
		return fail(c, node, "%s() takes one or two arguments", node->text);
	value = bind(c, &scope, node->args.items[0]);
	if (is_failed(value))
		return value;
	change = expr_new(c, KQL_LONG, sql_format(c->arena, "CASE WHEN coalesce(@lag($1) $2 {=} $1, @lag(1) $2 {=} 1 AND @lag($1) $2 IS NULL AND $1 IS NULL, false) THEN 0::bigint ELSE @row_number() $2 END",
											  value_of(c, value), over(c, table, segment)), false);
	change = hide(c, table, change, &name);
	if (strcmp(node->text, "row_rank_dense") == 0)
		return expr_new(c, KQL_LONG, sql_format(c->arena, "@count(*) FILTER (WHERE $1 {>} 0::bigint) $2", change->sql, over(c, table, segment)), false);
	return expr_new(c, KQL_LONG, sql_format(c->arena, "@max($1) $2", change->sql, over(c, table, segment)), false);
}

/*
 * row_window_session()
 */
static Expr *
window_session(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	Expr	   *time;
	Expr	   *first;
	Expr	   *between;
	Expr	   *restart;
	Sql		   *condition = sql_text(c->arena, "false");

	if (node->args.count < 3 || node->args.count > 4)
		return fail(c, node, "row_window_session() takes three or four arguments");
	time = bind(c, &scope, node->args.items[0]);
	first = coerce(c, node, bind(c, &scope, node->args.items[1]), KQL_TIMESPAN);
	between = coerce(c, node, bind(c, &scope, node->args.items[2]), KQL_TIMESPAN);
	if (node->args.count == 4)
	{
		restart = to_condition(c, node->args.items[3], bind(c, &scope, node->args.items[3]));
		condition = sql_format(c->arena, "coalesce($1, false)", restart->sql);
	}
	if (is_failed(time))
		return time;
	time = coerce(c, node, time, KQL_DATETIME);
	return expr_new(c, KQL_DATETIME, sql_format(c->arena, "#session_start($1, $2, $3, $4) $5", time->sql, first->sql, between->sql,
												condition, over(c, table, NULL)), true);
}

static const struct
{
	const char *name;
	Expr	   *(*bind) (Compiler *c, Table *table, const Node *node);
}			windows[] = {
	{"prev", window_neighbour}, {"next", window_neighbour},
	{"row_number", window_row_number}, {"row_cumsum", window_row_cumsum},
	{"row_rank_dense", window_row_rank}, {"row_rank_min", window_row_rank},
	{"row_rank", window_row_rank}, {"row_window_session", window_session},
	{NULL, NULL}
};

/*
 * Is it the name of a window function?
 */
bool
is_window_name(const char *name)
{
	for (int i = 0; windows[i].name != NULL; i++)
	{
		if (strcmp(windows[i].name, name) == 0)
			return true;
	}
	return false;
}

/*
 * The column that the call has become, or NULL.
 */
Expr *
find_window(const Compiler *c, const Node *node)
{
	for (int i = 0; i < c->windows.count; i++)
	{
		const Window *window = c->windows.items[i];

		if (window->node == node)
			return window->expr;
	}
	return NULL;
}

/*
 * Make a column of one call.
 */
static void
prepare_call(Compiler *c, Table *table, const Node *node)
{
	Window	   *window = arena_alloc(c->arena, sizeof(Window));
	Expr	   *expr = failed_expr(c);

	if (!table->is_serialized && !table->is_unknown)
		add_error(c->errors, node->start, "%s() needs rows in an order, and these have none", node->text)->hint =
			"Write sort or serialize before it.";
	order_rows(c, table);
	for (int i = 0; table->is_serialized && windows[i].name != NULL; i++)
	{
		if (strcmp(windows[i].name, node->text) == 0)
			expr = windows[i].bind(c, table, node);
	}
	window->node = node;
	hide(c, table, expr, &window->name);
	/* all windows are columns of the new subselect now */
	vector_add(c->arena, &c->windows, window);
	for (int i = 0; i < c->windows.count; i++)
	{
		Window	   *other = c->windows.items[i];

		other->expr = hidden(table, other->name);
	}
}

/*
 * Make columns of the calls in an expression, inner ones first.
 */
static void
prepare_node(Compiler *c, Table *table, const Node *node)
{
	if (node == NULL || node->kind == NODE_PIPE || node->kind == NODE_OPERATOR || node->kind == NODE_BROKEN)
		return;
	prepare_node(c, table, node->left);
	prepare_node(c, table, node->right);
	for (int i = 0; i < node->args.count; i++)
		prepare_node(c, table, node->args.items[i]);
	if (node->kind == NODE_CALL && is_window_name(node->text) && find_binding(c, node->text) == NULL)
		prepare_call(c, table, node);
}

/*
 * Make columns of all window functions that the items of an operator call.
 */
void
prepare_windows(Compiler *c, Table *table, const Vector *nodes)
{
	c->windows = (Vector)
	{
		0
	};
	for (int i = 0; i < nodes->count; i++)
		prepare_node(c, table, nodes->items[i]);
}
