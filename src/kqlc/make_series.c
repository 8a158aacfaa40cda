/*-------------------------------------------------------------------------
 *
 * make_series.c
 *	  make-series: aggregates in bins of an axis, as arrays.
 *
 * The rows are grouped by their keys and bins first, then by their keys, with
 * the bins as an object of which an array is made.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* What the bins are counted by */
typedef struct Axis
{
	const char *name;
	KqlType		type;
	Expr	   *value;
	Expr	   *from;
	Expr	   *to;				/* NULL: the last value is in the last bin */
	Expr	   *step;
} Axis;

/*
 * Distance of two places of the axis in steps, as a real.
 */
static Sql *
steps_between(Compiler *c, const Axis *axis, Sql *low, Sql *high)
{
	return sql_format(c->arena, "#divide(#subtract($2, $1), $3)", low, high, axis->step->sql);
}

/*
 * A bound of the axis: what is written, or the least or greatest value.
 */
static Expr *
bound(Compiler *c, Table *table, const Node *node, const Axis *axis, const char *function)
{
	Expr	   *expr;
	Column	   *column;
	const char *name;

	if (node->kind != NODE_BROKEN)
		return coerce(c, node, bind_constant(c, node), axis->type);
	name = new_alias(c, "bound");
	expr = expr_new(c, axis->type, sql_format(c->arena, arena_printf(c->arena, "@%s($1) OVER ()", function), axis->value->sql), true);
	column = add_column(c, table, name, expr);
	column->is_hidden = true;
	return expr;
}

/*
 * The hidden column that a bound has become, or the bound itself.
 */
static Expr *
find_bound(const Table *table, int place, Expr *expr, bool is_hidden)
{
	return is_hidden ? ((Column *) table->columns.items[place])->expr : expr;
}

/*
 * Is the step of an axis greater than zero?
 */
static bool
is_positive(const Node *step)
{
	return !step->is_null && (step->type == KQL_REAL ? step->real > 0 : step->integer > 0);
}

/*
 * Bind the axis, and close the table with its bounds.
 */
static bool
bind_axis(Compiler *c, Table *table, const Node *node, Axis *axis)
{
	Scope		scope = {table, NULL, NULL};
	const Node *from = node->names.items[0];
	const Node *to = node->names.items[1];
	int			first = table->columns.count;
	bool		finds_from = from->kind == NODE_BROKEN;
	bool		finds_to = to->kind == NODE_BROKEN;

	if (node->is_table)
	{
		fail(c, node, "make-series with \"in range\" is not supported");
		return false;
	}
	axis->value = bind(c, &scope, unnamed(node->left));
	axis->name = node->left->kind == NODE_NAMED ? ((Node *) node->left->names.items[0])->text : default_name(c, node->left);
	if (axis->name == NULL)
		axis->name = "Column1";
	check_name(c, node->left->start, axis->name);
	if (is_failed(axis->value))
		return false;
	axis->type = is_number(axis->value->type) ? KQL_REAL : axis->value->type;
	if (axis->type != KQL_REAL && axis->type != KQL_DATETIME && axis->type != KQL_TIMESPAN)
	{
		fail(c, node->left, "make-series does not take a %s as its axis", kql_type_name(axis->value->type));
		return false;
	}
	axis->value = convert(c, node->left, axis->value, axis->type);
	axis->step = bind_constant(c, node->names.items[2]);
	if (axis->step->literal != NULL && !is_positive(axis->step->literal))
		axis->step = fail(c, node->names.items[2], "the step of make-series has to be greater than zero");
	axis->step = coerce(c, node->names.items[2], axis->step, axis->type == KQL_DATETIME ? KQL_TIMESPAN : axis->type);
	add_column(c, table, new_alias(c, "axis"), axis->value)->is_hidden = true;
	axis->from = bound(c, table, from, axis, "min");
	axis->to = bound(c, table, to, axis, "max");
	if (is_failed(axis->step) || is_failed(axis->from) || is_failed(axis->to))
		return false;
	close_table(c, table);
	axis->value = ((Column *) table->columns.items[first])->expr;
	axis->from = find_bound(table, first + 1, axis->from, finds_from);
	axis->to = find_bound(table, first + (finds_from ? 2 : 1), axis->to, finds_to);
	return true;
}

/*
 * How many bins there are.
 */
static Sql *
bin_count(Compiler *c, const Axis *axis, bool includes_end)
{
	return sql_format(c->arena, includes_end ? "#series_bin(@floor($1) {+} 1::double precision)" : "#series_bin(@ceil($1))",
					  steps_between(c, axis, axis->from->sql, axis->to->sql));
}

/*
 * The value of a bin without rows.
 */
static Sql *
default_value(Compiler *c, const Node *item, KqlType type)
{
	Expr	   *value = item->limit != NULL ? bind_constant(c, item->limit) : long_expr(c, 0);

	if (type == KQL_INT || type == KQL_LONG || type == KQL_REAL)
		value = value->type == KQL_REAL ? value : convert(c, item, value, type);
	return value_of(c, to_dynamic(c, value));
}

/* What make-series makes of its bins: a bin's number, then these, then aggregates */
enum
{
	BIN_NUMBER,
	BIN_COUNT,
	BIN_FROM,
	BIN_AGGREGATES
};

/*
 * The SQL of a column of the bins, which come after the keys.
 */
static Expr *
bin_column(const Table *bins, int keys, int which)
{
	return ((Column *) bins->columns.items[keys + which])->expr;
}

/*
 * The table of a row for each key and bin, by summarize.
 */
static Table *
make_bins(Compiler *c, Table *table, const Node *node, const Axis *axis, Sql *count, int *keys)
{
	Node		first = *node;
	Scope		scope = {0};
	Sql		   *number = sql_format(c->arena, "#series_bin(@floor($1))", steps_between(c, axis, axis->from->sql, axis->value->sql));
	Table	   *bins;

	first.args = (Vector)
	{
		0
	};
	bins = op_summarize(c, table, &first);
	*keys = bins->columns.count;
	add_column(c, bins, new_alias(c, "bin"), expr_new(c, KQL_LONG, number, true));
	add_column(c, bins, new_alias(c, "count"), expr_new(c, KQL_LONG, count, true));
	add_column(c, bins, new_alias(c, "from"), expr_new(c, axis->type, axis->from->sql, true));
	bins->group_count = *keys + BIN_AGGREGATES;
	scope.table = table;
	c->aggregated = table;
	for (int i = 0; i < node->args.count; i++)
	{
		const Node *item = node->args.items[i];
		Expr	   *expr = bind(c, &scope, unnamed(item));

		if (!is_failed(expr) && !expr->has_aggregate)
			expr = fail(c, item, "make-series needs an aggregate here");
		add_column(c, bins, new_alias(c, "series"), expr);
	}
	c->aggregated = NULL;
	bins->is_closed = true;
	close_table(c, bins);
	return bins;
}

/*
 * Add the array of each aggregate to the result.
 */
static void
add_series(Compiler *c, Table *result, const Node *node, const Table *bins, int keys, Sql *count)
{
	for (int i = 0; i < node->args.count; i++)
	{
		const Node *item = node->args.items[i];
		Expr	   *value = bin_column(bins, keys, BIN_AGGREGATES + i);
		const char *name = item->kind == NODE_NAMED ? ((Node *) item->names.items[0])->text : aggregate_name(c, item);

		if (name == NULL)
			name = "Column1";
		check_name(c, item->start, name);
		if (is_failed(value))
			continue;
		add_column(c, result, free_name(c, result, name),
				   expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#series_of(coalesce(@jsonb_object_agg($1::@text, $2) FILTER (WHERE $1 IS NOT NULL), @jsonb_build_object()), $3, $4)",
													   bin_column(bins, keys, BIN_NUMBER)->sql, value_of(c, to_dynamic(c, value)), count,
													   default_value(c, item, value->type)), true));
	}
}

/*
 * make-series AGGREGATES on AXIS from START to STOP step STEP by KEYS
 */
Table *
op_make_series(Compiler *c, Table *table, const Node *node)
{
	Table	   *bins;
	Table	   *result = table_new(c);
	Axis		axis = {0};
	bool		includes_end = node->names.count > 1 && ((Node *) node->names.items[1])->kind == NODE_BROKEN;
	bool		has_start;
	Sql		   *count;
	int			keys;
	Sql		   *start;

	close_if_needed(c, table);
	if (node->names.count < 3 || !bind_axis(c, table, node, &axis))
	{
		table->is_unknown = true;
		return table;
	}
	has_start = ((Node *) node->names.items[0])->kind != NODE_BROKEN;
	count = bin_count(c, &axis, includes_end);
	vector_add(c->arena, &table->where, sql_format(c->arena, "$1 {>=} $2", axis.value->sql, axis.from->sql));
	vector_add(c->arena, &table->where, sql_format(c->arena, includes_end ? "$1 {<=} $2" : "$1 {<} $2", axis.value->sql, axis.to->sql));
	bins = make_bins(c, table, node, &axis, count, &keys);
	result->from = bins->from;
	result->is_unknown = bins->is_unknown;
	for (int i = 0; i < keys; i++)
	{
		vector_add(c->arena, &result->columns, bins->columns.items[i]);
		set_key(c, result, bin_column(bins, keys, i - keys));
	}
	result->group_count = keys;
	result->is_grouped = true;
	count = sql_format(c->arena, "coalesce(@max($1), $2)", bin_column(bins, keys, BIN_COUNT)->sql,
					   includes_end || !has_start ? sql_text(c->arena, "0::bigint") : count);
	add_series(c, result, node, bins, keys, count);
	start = has_start ? axis.from->sql : sql_format(c->arena, "@min($1)", bin_column(bins, keys, BIN_FROM)->sql);
	add_column(c, result, free_name(c, result, axis.name),
			   expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#axis_of($1, $2, $3)", start, axis.step->sql, count), true));
	return result;
}
