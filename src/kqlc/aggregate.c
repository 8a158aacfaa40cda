/*-------------------------------------------------------------------------
 *
 * aggregate.c
 *	  Aggregates, and summarize.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "functions.h"

/* What an aggregate's argument is made to be */
typedef enum AggregateKind
{
	AGG_COUNT,
	AGG_SUM,
	AGG_AVG,
	AGG_EXTREME,
	AGG_DCOUNT,
	AGG_COLLECT,
	AGG_BAG,
	AGG_ANY,
	AGG_SPREAD,
	AGG_PERCENTILE,
	AGG_BITS,
	AGG_ARG
} AggregateKind;

/* An aggregate: "arguments" without the condition of its _if form */
static const struct
{
	const char *name;
	AggregateKind kind;
	int			least;
	int			most;
	bool		has_condition;	/* the last argument is a condition */
	const char *function;
}			aggregates[] = {
	{"count", AGG_COUNT, 0, 1, false, NULL},
	{"countif", AGG_COUNT, 0, 0, true, NULL},
	{"sum", AGG_SUM, 1, 1, false, "sum"},
	{"sumif", AGG_SUM, 1, 1, true, "sum"},
	{"avg", AGG_AVG, 1, 1, false, "avg"},
	{"avgif", AGG_AVG, 1, 1, true, "avg"},
	{"min", AGG_EXTREME, 1, 1, false, "min"},
	{"minif", AGG_EXTREME, 1, 1, true, "min"},
	{"max", AGG_EXTREME, 1, 1, false, "max"},
	{"maxif", AGG_EXTREME, 1, 1, true, "max"},
	{"dcount", AGG_DCOUNT, 1, 2, false, NULL},
	{"dcountif", AGG_DCOUNT, 1, 1, true, NULL},
	{"count_distinct", AGG_DCOUNT, 1, 1, false, NULL},
	{"count_distinctif", AGG_DCOUNT, 1, 1, true, NULL},
	{"make_list", AGG_COLLECT, 1, 2, false, "list"},
	{"makelist", AGG_COLLECT, 1, 2, false, "list"},
	{"make_list_if", AGG_COLLECT, 1, 1, true, "list"},
	{"make_list_with_nulls", AGG_COLLECT, 1, 1, false, "nulls"},
	{"make_set", AGG_COLLECT, 1, 2, false, "set"},
	{"makeset", AGG_COLLECT, 1, 2, false, "set"},
	{"make_set_if", AGG_COLLECT, 1, 1, true, "set"},
	{"make_bag", AGG_BAG, 1, 1, false, NULL},
	{"make_bag_if", AGG_BAG, 1, 1, true, NULL},
	{"make_dictionary", AGG_BAG, 1, 1, false, NULL},
	{"take_any", AGG_ANY, 1, 1, false, NULL},
	{"take_anyif", AGG_ANY, 1, 1, true, NULL},
	{"any", AGG_ANY, 1, 1, false, NULL},
	{"anyif", AGG_ANY, 1, 1, true, NULL},
	{"stdev", AGG_SPREAD, 1, 1, false, "stdev"},
	{"stdevif", AGG_SPREAD, 1, 1, true, "stdev"},
	{"stdevp", AGG_SPREAD, 1, 1, false, "stdevp"},
	{"variance", AGG_SPREAD, 1, 1, false, "variance"},
	{"varianceif", AGG_SPREAD, 1, 1, true, "variance"},
	{"variancep", AGG_SPREAD, 1, 1, false, "variancep"},
	{"variancepif", AGG_SPREAD, 1, 1, true, "variancep"},
	{"binary_all_and", AGG_BITS, 1, 1, false, "@bit_and($1)"},
	{"binary_all_or", AGG_BITS, 1, 1, false, "@bit_or($1)"},
	{"binary_all_xor", AGG_BITS, 1, 1, false, "@bit_xor($1)"},
	{"percentile", AGG_PERCENTILE, 2, 2, false, NULL},
	{"arg_max", AGG_ARG, 1, 100, false, "DESC"},
	{"arg_min", AGG_ARG, 1, 100, false, ""},
	{"argmax", AGG_ARG, 1, 100, false, "DESC"},
	{"argmin", AGG_ARG, 1, 100, false, ""},
	{NULL, AGG_COUNT, 0, 0, false, NULL}
};

/*
 * Which aggregate is that?  Or -1.
 */
static int
find_aggregate(const char *name)
{
	for (int i = 0; aggregates[i].name != NULL; i++)
	{
		if (strcmp(aggregates[i].name, name) == 0)
			return i;
	}
	return -1;
}

/*
 * Is it an aggregate's name?
 */
bool
is_aggregate_name(const char *name)
{
	return find_aggregate(name) >= 0;
}

/*
 * The filter of an _if form, and the order of one that depends on it.
 */
static Sql *
with_filter(Compiler *c, Sql *aggregate, Sql *condition)
{
	return condition == NULL ? aggregate : sql_format(c->arena, "$1 FILTER (WHERE $2)", aggregate, condition);
}

/*
 * The sum of numbers or timespans; that of nothing is zero.
 */
static Sql *
sum_sql(Compiler *c, Expr *value, Sql *condition)
{
	if (value->type == KQL_DECIMAL)
		return sql_format(c->arena, "coalesce($1, 0::numeric)", with_filter(c, sql_format(c->arena, "@sum($1)", value->sql), condition));
	return with_filter(c, sql_format(c->arena, "#sum_of($1)", value->sql), condition);
}

/*
 * sum(), avg()
 */
static Expr *
aggregate_sum(Compiler *c, const Node *node, Expr *value, Sql *condition, bool is_avg)
{
	Sql		   *count;

	if (value->type == KQL_INT || value->type == KQL_BOOL)
		value = convert(c, node, value, KQL_LONG);
	if (value->type == KQL_DYNAMIC)
		value = convert(c, node, value, KQL_REAL);
	if (value->type == KQL_DATETIME && is_avg)
		return expr_new(c, KQL_DATETIME, sql_format(c->arena, "#todatetime(@trunc($1)::bigint)",
													with_filter(c, sql_format(c->arena, "@avg(#tolong($1)::numeric)", value->sql), condition)), true);
	if (!is_number(value->type) && value->type != KQL_TIMESPAN)
		return fail(c, node, "%s() does not take a %s", node->text, kql_type_name(value->type));
	if (!is_avg)
		return expr_new(c, value->type, sum_sql(c, value, condition), false);
	if (value->type == KQL_DECIMAL)
		return expr_new(c, KQL_DECIMAL, with_filter(c, sql_format(c->arena, "@avg($1)", value->sql), condition), true);
	count = with_filter(c, sql_format(c->arena, "@count($1)", value->sql), condition);
	return expr_new(c, value->type == KQL_LONG ? KQL_REAL : value->type,
					sql_format(c->arena, "#average($1, $2)", sum_sql(c, value, condition), count), value->type == KQL_TIMESPAN);
}

/*
 * min(), max()
 */
static Expr *
aggregate_extreme(Compiler *c, const Node *node, Expr *value, Sql *condition, const char *function)
{
	const char *format;

	if (value->type == KQL_DYNAMIC)
		return fail(c, node, "%s() of a dynamic is not supported: convert it by tostring() or the like", node->text);
	if (value->type == KQL_REAL)
		format = arena_printf(c->arena, "#%s_of($1)", function);
	else if (value->type == KQL_STRING)
		format = arena_printf(c->arena, "@%s(#not_empty($1) COLLATE pg_catalog.\"C\")", function);
	else if (value->type == KQL_BOOL)
		format = function[1] == 'a' ? "@bool_or($1)" : "@bool_and($1)";
	else if (value->type == KQL_GUID)
		return fail(c, node, "%s() of a guid is not supported", node->text);
	else
		format = arena_printf(c->arena, "@%s($1)", function);
	return expr_new(c, value->type, with_filter(c, sql_format(c->arena, format, value->sql), condition), true);
}

/*
 * The order of the rows that are aggregated, or NULL.
 */
static Sql *
order_of(Compiler *c)
{
	return c->aggregated->order.count > 0 ? order_by(c, c->aggregated) : NULL;
}

/*
 * make_list(), make_set()
 */
static Expr *
aggregate_collect(Compiler *c, const Node *node, Expr *value, Expr *limit, Sql *condition, const char *function)
{
	Sql		   *order = order_of(c);
	bool		is_set = strcmp(function, "set") == 0;
	bool		is_flat = value->type != KQL_DYNAMIC;
	const char *name = strcmp(function, "nulls") == 0 ? "@jsonb_agg" : is_set && is_flat ? "#make_set" : "#make_list";
	int64_t		most = 1048576;
	Sql		   *limited;
	Sql		   *sql;

	if (limit != NULL && !known_number(c, node->args.items[1], limit, 1, "the number of elements", &most))
		return failed_expr(c);
	if (limit == NULL && (strcmp(node->text, "makelist") == 0 || strcmp(node->text, "makeset") == 0))
		most = 128;
	limited = sql_text(c->arena, most < 1048576 && is_flat ? arena_printf(c->arena, ", %lld", (long long) most) : "");
	sql = sql_format(c->arena, arena_printf(c->arena, order != NULL ? "%s($1$2 ORDER BY $3)" : "%s($1$2)", name),
					 value_of(c, to_dynamic(c, value)), limited, order);
	sql = with_filter(c, sql, condition);
	if (!is_flat && strcmp(function, "nulls") != 0)
	{
		/* arrays are taken apart, one level */
		sql = sql_format(c->arena, is_set ? "#distinct_elements(#flatten($1))" : "#flatten($1)", sql);
		if (most < 1048576)
			sql = sql_format(c->arena, "#array_slice($1, 0::bigint, $2)", sql, long_expr(c, most - 1)->sql);
	}
	return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "coalesce($1, '[]'::@jsonb)", sql), false);
}

/*
 * stdev(), variance()
 */
static Expr *
aggregate_spread(Compiler *c, const Node *node, Expr *value, Sql *condition, const char *function)
{
	bool		is_population = function[strlen(function) - 1] == 'p';
	Sql		   *sql;

	value = convert(c, node, value, KQL_REAL);
	sql = with_filter(c, sql_format(c->arena, is_population ? "@var_pop($1)" : "@var_samp($1)", value->sql), condition);
	return expr_new(c, KQL_REAL, sql_format(c->arena, function[0] == 's' ? "#rounded_stdev($1)" : "#rounded_variance($1)", sql), false);
}

/*
 * The value of a column in the row where another is greatest or least.
 */
static Expr *
arg_value(Compiler *c, Expr *by, Expr *value, const char *direction)
{
	Sql		   *order = order_of(c);
	Sql		   *key = by->type == KQL_STRING ? sql_format(c->arena, "$1 COLLATE pg_catalog.\"C\"", value_of(c, by)) : value_of(c, by);
	const char *nan = "";
	Expr	   *result;

	/* the least may be NaN, and then it is */
	if (by->type == KQL_REAL && direction[0] == '\0')
		nan = "$2 {<>} 'NaN'::double precision, ";
	result = expr_new(c, value->type,
					  sql_format(c->arena, arena_printf(c->arena, order != NULL ? "(@array_agg($1 ORDER BY %s$2 %s NULLS LAST, $3))[1]" :
														"(@array_agg($1 ORDER BY %s$2 %s NULLS LAST))[1]", nan, direction),
								 value->sql, key, order), true);
	result->has_json_null = value->has_json_null;
	result->has_aggregate = true;
	return result;
}

/*
 * percentile()
 */
static Expr *
aggregate_percentile(Compiler *c, const Node *node, Expr *value, Expr *percent)
{
	const Node *literal = percent->literal;
	double		number;

	if (value->type == KQL_DYNAMIC)
		value = convert(c, node, value, KQL_REAL);
	if (literal == NULL || literal->is_null || (!is_integer(literal->type) && literal->type != KQL_REAL))
		return fail(c, node->args.items[1], "the percentage of %s() has to be a number that is known when the query is compiled", node->text);
	number = literal->type == KQL_REAL ? literal->real : (double) literal->integer;
	if (!(number >= 0 && number <= 100))
		return fail(c, node->args.items[1], "the percentage of %s() has to be between 0 and 100", node->text);
	percent = convert(c, node, percent, KQL_REAL);
	return expr_new(c, value->type, sql_format(c->arena, value->type == KQL_STRING ?
											   "@percentile_disc(#least_fraction($1)) WITHIN GROUP (ORDER BY $2 COLLATE pg_catalog.\"C\")" :
											   "@percentile_disc(#least_fraction($1)) WITHIN GROUP (ORDER BY $2)",
											   percent->sql, value->sql), true);
}

/*
 * An argument of an aggregate, in which there must be no other.
 */
static Expr *
bind_argument(Compiler *c, const Scope *scope, const Node *node)
{
	Table	   *aggregated = c->aggregated;
	Expr	   *argument;

	c->aggregated = NULL;
	argument = bind(c, scope, node);
	c->aggregated = aggregated;
	return argument;
}

/*
 * The arguments of an aggregate.
 */
static bool
bind_arguments(Compiler *c, const Scope *scope, const Node *node, int count, Expr **arguments)
{
	bool		ok = true;

	for (int i = 0; i < count; i++)
	{
		arguments[i] = bind_argument(c, scope, node->args.items[i]);
		ok &= !is_failed(arguments[i]);
	}
	return ok;
}

/*
 * An aggregate, by its kind.
 */
static Expr *
aggregate_expr(Compiler *c, const Node *node, int which, Expr **arguments, int count, Sql *condition)
{
	const char *function = aggregates[which].function;

	switch (aggregates[which].kind)
	{
		case AGG_COUNT:
			return expr_new(c, KQL_LONG, with_filter(c, sql_template(c->arena, "@count(*)", NULL, 0), condition), false);
		case AGG_SUM:
			return aggregate_sum(c, node, arguments[0], condition, false);
		case AGG_AVG:
			return aggregate_sum(c, node, arguments[0], condition, true);
		case AGG_EXTREME:
			return aggregate_extreme(c, node, arguments[0], condition, function);
		case AGG_DCOUNT:
			return expr_new(c, KQL_LONG, with_filter(c, sql_format(c->arena, "@count(DISTINCT $1)", value_of(c, arguments[0])), condition), false);
		case AGG_COLLECT:
			return aggregate_collect(c, node, arguments[0], count > 1 ? arguments[1] : NULL, condition, function);
		case AGG_BAG:
			return expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "coalesce($1, @jsonb_build_object())",
													   with_filter(c, sql_format(c->arena, order_of(c) == NULL ? "#make_bag($1)" : "#make_bag($1 ORDER BY $2)",
																				 value_of(c, convert(c, node, arguments[0], KQL_DYNAMIC)), order_of(c)), condition)), false);
		case AGG_ANY:
			return expr_new(c, arguments[0]->type, with_filter(c, sql_format(c->arena, "#any_of($1)", value_of(c, arguments[0])), condition), true);
		case AGG_SPREAD:
			return aggregate_spread(c, node, arguments[0], condition, function);
		case AGG_PERCENTILE:
			return aggregate_percentile(c, node, arguments[0], arguments[1]);
		case AGG_BITS:
			return expr_new(c, KQL_LONG, sql_format(c->arena, function, convert(c, node, arguments[0], KQL_LONG)->sql), true);
		default:
			return arg_value(c, arguments[0], arguments[count - 1], function);
	}
}

/*
 * A call of an aggregate.
 */
Expr *
bind_aggregate(Compiler *c, const Scope *scope, const Node *node)
{
	int			which = find_aggregate(node->text);
	int			count = node->args.count - (aggregates[which].has_condition ? 1 : 0);
	Expr	   *arguments[102];
	Sql		   *condition = NULL;
	Table	   *aggregated = c->aggregated;
	Expr	   *result;

	if (aggregated == NULL)
		return fail(c, node, "the aggregate %s() is not allowed here", node->text);
	if (count < aggregates[which].least || count > aggregates[which].most)
		return fail(c, node, "wrong number of arguments of %s()", node->text);
	if (!bind_arguments(c, scope, node, count, arguments))
		return failed_expr(c);
	if (aggregates[which].has_condition)
	{
		c->aggregated = NULL;
		condition = filter(c, scope, node->args.items[node->args.count - 1], MODE_TRUE);
		c->aggregated = aggregated;
	}
	if (aggregates[which].kind == AGG_ARG && count > 2)
		return fail(c, node, "%s() of several columns is not allowed in an expression", node->text);
	result = aggregate_expr(c, node, which, arguments, count, condition);
	result->has_aggregate = true;
	return result;
}

/*
 * Add a column to the result of summarize, and to its SELECT.
 */
static void
add_result(Compiler *c, Table *result, const char *name, Expr *expr)
{
	name = free_name(c, result, name);
	add_column(c, result, name, expr);
}

/*
 * Is the column one of these expressions, as far as to a star?
 */
static bool
is_among(const Column *column, const Vector *expressions)
{
	for (int i = 0; i < expressions->count; i++)
	{
		const Node *expression = unnamed(expressions->items[i]);

		if (expression->kind == NODE_STAR)
			break;
		if (expression->kind == NODE_NAME && strcmp(expression->text, column->name) == 0)
			return true;
	}
	return false;
}

/*
 * Does the star of a call stand for the column?  It does not for those that rows
 * are grouped by, nor for those that the call names before it.
 */
static bool
is_starred(const Vector *by, const Node *call, const Column *column)
{
	return !column->is_hidden && !is_among(column, by) && !is_among(column, &call->args);
}

/*
 * The columns of arg_max(by, columns), which are more than one.
 */
static void
summarize_arg(Compiler *c, Table *table, Table *result, const Vector *keys, const Node *node, const Node *call, int which)
{
	Scope		scope = {table, NULL, NULL};
	const Node *by = call->args.items[0];
	const char *by_name = default_name(c, by);
	Expr	   *by_expr;
	bool		is_all = false;
	int			names = node->kind == NODE_NAMED ? node->names.count : 0;

	by_expr = bind_argument(c, &scope, by);
	if (is_failed(by_expr))
		return;
	if (names > 0)
		by_name = ((Node *) node->names.items[0])->text;
	else if (by_name == NULL)
		by_name = arena_printf(c->arena, "%s_", call->text);
	check_name(c, node->start, by_name);
	add_result(c, result, by_name, aggregate_expr(c, call, which, &by_expr, 1, NULL));
	for (int i = 1; i < call->args.count; i++)
	{
		const Node *argument = call->args.items[i];
		Expr	   *value;
		const char *name = default_name(c, argument);

		/* a star before it has it already */
		if (is_all && (argument->kind == NODE_NAME || argument->kind == NODE_STAR))
			continue;
		if (argument->kind == NODE_STAR)
		{
			for (int j = 0; j < table->columns.count; j++)
			{
				Column	   *column = table->columns.items[j];

				if (is_starred(keys, call, column))
					add_result(c, result, column->name, arg_value(c, by_expr, column->expr, aggregates[which].function));
			}
			is_all = true;
			continue;
		}
		value = bind_argument(c, &scope, argument);
		if (is_failed(value))
			continue;
		if (i < names)
			name = ((Node *) node->names.items[i])->text;
		else if (name == NULL)
			name = arena_printf(c->arena, "%s_%s_arg%d", call->text, by_name, i);
		check_name(c, argument->start, name);
		add_result(c, result, name, arg_value(c, by_expr, value, aggregates[which].function));
	}
}

/*
 * take_any(*) and take_any(a, b)
 */
static void
summarize_any(Compiler *c, Table *table, Table *result, const Vector *keys, const Node *call)
{
	bool		is_all = false;

	for (int i = 0; i < call->args.count; i++)
	{
		const Node *argument = call->args.items[i];
		Scope		scope = {table, NULL, NULL};

		/* a star before it has it already */
		if (is_all && (argument->kind == NODE_NAME || argument->kind == NODE_STAR))
			continue;
		for (int j = 0; argument->kind == NODE_STAR && j < table->columns.count; j++)
		{
			Column	   *column = table->columns.items[j];

			if (is_starred(keys, call, column))
				add_result(c, result, column->name, expr_new(c, column->expr->type, sql_format(c->arena, "#any_of($1)", value_of(c, column->expr)), true));
		}
		is_all |= argument->kind == NODE_STAR;
		if (argument->kind != NODE_STAR)
		{
			Expr	   *value = bind_argument(c, &scope, argument);
			const char *name = default_name(c, argument);

			if (!is_failed(value))
				add_result(c, result, name != NULL ? name : arena_printf(c->arena, "%s_", call->text),
						   expr_new(c, value->type, sql_format(c->arena, "#any_of($1)", value_of(c, value)), true));
		}
	}
}

/*
 * One item of summarize that is an aggregate or made of some.
 */
static void
summarize_item(Compiler *c, Table *table, Table *result, const Vector *keys, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	const Node *value = unnamed(node);
	int			which = value->kind == NODE_CALL ? find_aggregate(value->text) : -1;
	const char *name = NULL;
	Expr	   *expr;

	if (which >= 0 && aggregates[which].kind == AGG_ARG && value->args.count >= 1)
	{
		summarize_arg(c, table, result, keys, node, value, which);
		return;
	}
	if (which >= 0 && aggregates[which].kind == AGG_ANY && !aggregates[which].has_condition && node->kind != NODE_NAMED &&
		(value->args.count > 1 || (value->args.count == 1 && ((Node *) value->args.items[0])->kind == NODE_STAR)))
	{
		summarize_any(c, table, result, keys, value);
		return;
	}
	expr = bind(c, &scope, value);
	if (node->kind == NODE_NAMED)
		name = ((Node *) node->names.items[0])->text;
	else if (which >= 0 && aggregates[which].kind == AGG_ANY && value->args.count > 0)
		name = default_name(c, value->args.items[0]);
	else if (which >= 0)
		name = aggregate_name(c, value);
	if (name == NULL && which >= 0)
		name = aggregate_name(c, value);
	if (name == NULL)
		name = default_name(c, value) != NULL ? default_name(c, value) : "Column1";
	check_name(c, node->start, name);
	add_result(c, result, name, expr);
}

/*
 * summarize AGGREGATES by KEYS
 */
Table *
op_summarize(Compiler *c, Table *table, const Node *node)
{
	Table	   *result = table_new(c);
	Scope		scope = {table, NULL, NULL};
	Table	   *outer = c->aggregated;

	close_for_all(c, table, &node->by);
	close_for_all(c, table, &node->args);
	for (int i = 0; i < node->by.count; i++)
	{
		const Node *key = node->by.items[i];
		const char *name = default_name(c, unnamed(key));
		Expr	   *expr = bind(c, &scope, unnamed(key));
		Expr	   *value;

		if (key->kind == NODE_NAMED)
			name = ((Node *) key->names.items[0])->text;
		if (name == NULL)
			name = "Column1";
		check_name(c, key->start, name);
		value = expr_new(c, expr->type, value_of(c, expr), expr->type == KQL_STRING ? false : expr->is_nullable);
		value->base = expr->base;
		value->distance = expr->distance;
		value->row_column = expr->row_column;
		set_key(c, result, value);
		add_result(c, result, name, value);
	}
	result->group_count = result->columns.count;
	result->is_grouped = true;
	c->aggregated = table;
	for (int i = 0; i < node->args.count; i++)
		summarize_item(c, table, result, &node->by, node->args.items[i]);
	c->aggregated = outer;
	result->from = table->from;
	result->where = table->where;
	result->is_unknown = table->is_unknown;
	return result;
}
