/*-------------------------------------------------------------------------
 *
 * expr.c
 *	  Scalar expressions.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "../kql/values.h"

/* More nodes than this are not bound: functions of functions can be endless */
#define MOST_WORK	100000

/* As much work as a node is */
#define NAMES_LIKE_A_NODE	16

/*
 * An expression that has an error, which is known already.
 */
Expr *
failed_expr(Compiler *c)
{
	return expr_new(c, KQL_NONE, sql_text(c->arena, "NULL"), true);
}

/*
 * An expression that has an error, which is added.
 */
Expr *
fail(Compiler *c, const Node *node, const char *format,...)
{
	va_list		arguments;
	const char *message;

	va_start(arguments, format);
	message = arena_vprintf(c->arena, format, arguments);
	va_end(arguments);
	add_error(c->errors, node->start, "%s", message);
	return failed_expr(c);
}

/*
 * Has the expression an error?
 */
bool
is_failed(const Expr *expr)
{
	return expr->type == KQL_NONE;
}

/*
 * An expression.
 */
Expr *
expr_new(Compiler *c, KqlType type, Sql *sql, bool nullable)
{
	Expr	   *expr = arena_alloc(c->arena, sizeof(Expr));

	expr->type = type;
	expr->sql = sql;
	expr->is_nullable = nullable;
	return expr;
}

/*
 * An expression of a template without arguments.
 */
Expr *
expr_format(Compiler *c, KqlType type, bool nullable, const char *format,...)
{
	va_list		arguments;
	const char *template;

	va_start(arguments, format);
	template = arena_vprintf(c->arena, format, arguments);
	va_end(arguments);
	return expr_new(c, type, sql_template(c->arena, template, NULL, 0), nullable);
}

/*
 * Let an expression be as constant as those that it is made of, and say whether
 * one of them has an aggregate.  The second may be NULL.
 */
Expr *
made_of(Expr *result, const Expr *one, const Expr *other)
{
	result->is_constant = one->is_constant && (other == NULL || other->is_constant);
	result->has_aggregate = one->has_aggregate || (other != NULL && other->has_aggregate);
	return result;
}

/*
 * The form of an expression that may be seen.
 */
Sql *
value_of(Compiler *c, const Expr *expr)
{
	if (expr->type == KQL_STRING && expr->is_nullable)
		return sql_format(c->arena, "coalesce($1, '')", expr->sql);
	if (expr->type == KQL_DYNAMIC && expr->has_json_null)
		return sql_format(c->arena, "#not_json_null($1)", expr->sql);
	return expr->sql;
}

/*
 * An interval without days, so that adding it does not depend on a time zone.
 */
Sql *
interval_sql(Compiler *c, int64_t microseconds)
{
	uint64_t	rest = microseconds < 0 ? 0 - (uint64_t) microseconds : (uint64_t) microseconds;
	uint64_t	seconds = rest / 1000000;
	const char *fraction = "";

	if (rest % 1000000 != 0)
		fraction = arena_printf(c->arena, ".%06d", (int) (rest % 1000000));
	return sql_text(c->arena, arena_printf(c->arena, "'%s%02llu:%02d:%02d%s'::interval",
										   microseconds < 0 ? "-" : "",
										   (unsigned long long) (seconds / 3600),
										   (int) (seconds / 60 % 60), (int) (seconds % 60), fraction));
}

/*
 * A time.
 */
static const char *
datetime_text(Compiler *c, int64_t ticks)
{
	char		text[KQL_VALUE_SIZE];

	kql_print_datetime(ticks, text);
	text[10] = ' ';
	/* the seventh digit is cut off, as everywhere */
	text[26] = '\0';
	if (strcmp(text + 19, ".000000") == 0)
		text[19] = '\0';
	return arena_printf(c->arena, "'%s+00'::timestamp with time zone", text);
}

/*
 * A number that is not whole.
 */
static const char *
real_text(Compiler *c, double value)
{
	if (isnan(value))
		return "'NaN'::double precision";
	if (isinf(value))
		return value < 0 ? "'-Infinity'::double precision" : "'Infinity'::double precision";
	return arena_printf(c->arena, "'%.17g'::double precision", value);
}

/*
 * A literal as SQL.
 */
static Sql *
literal_sql(Compiler *c, const Node *node)
{
	const char *text;
	long long	integer = (long long) node->integer;

	if (node->is_null)
		return sql_text(c->arena, arena_printf(c->arena, "NULL::%s", kql_sql_type(node->type)));
	switch (node->type)
	{
		case KQL_BOOL:
			text = node->integer ? "true" : "false";
			break;
		case KQL_INT:
		case KQL_LONG:
			text = arena_printf(c->arena, integer < 0 ? "'%lld'::%s" : "%lld::%s", integer,
								kql_sql_type(node->type));

			break;
		case KQL_REAL:
			text = real_text(c, node->real);
			break;
		case KQL_DECIMAL:
			text = arena_printf(c->arena, "'%s'::numeric", node->text);
			break;
		case KQL_GUID:
			text = arena_printf(c->arena, "'%s'::pg_catalog.uuid", node->text);
			break;
		case KQL_DATETIME:
			text = datetime_text(c, node->integer);
			break;
		case KQL_TIMESPAN:
			return interval_sql(c, node->integer / TICKS_PER_MICROSECOND);
		case KQL_DYNAMIC:
			return sql_format(c->arena, "($1)::pg_catalog.jsonb",
							  sql_string(c->arena, node->text, strlen(node->text)));
		default:
			return sql_string(c->arena, node->text, node->length);
	}
	return sql_text(c->arena, text);
}

/*
 * A literal.
 */
Expr *
literal_expr(Compiler *c, const Node *node)
{
	Expr	   *expr = expr_new(c, node->type, literal_sql(c, node), node->is_null);

	if (node->type == KQL_TIMESPAN && node->integer % TICKS_PER_MICROSECOND != 0 &&
		node->integer / TICKS_PER_MICROSECOND == 0)
		return fail(c, node, "timespans below a microsecond are not supported");
	expr->literal = node;
	expr->is_simple = expr->is_constant = true;
	return expr;
}

/*
 * A node for a literal that the query does not have.
 */
static Node *
made_literal(Compiler *c, KqlType type)
{
	Node	   *node = arena_alloc(c->arena, sizeof(Node));

	node->kind = NODE_LITERAL;
	node->type = type;
	return node;
}

/*
 * A number.
 */
Expr *
long_expr(Compiler *c, int64_t value)
{
	Node	   *node = made_literal(c, KQL_LONG);

	node->integer = value;
	return literal_expr(c, node);
}

/*
 * A string.
 */
Expr *
string_expr(Compiler *c, const char *text)
{
	Node	   *node = made_literal(c, KQL_STRING);

	node->text = text;
	node->length = strlen(text);
	return literal_expr(c, node);
}

/*
 * The null of a type, which for a string is the empty one.
 */
Expr *
null_expr(Compiler *c, KqlType type)
{
	Node	   *node = made_literal(c, type);

	if (type == KQL_STRING)
		return string_expr(c, "");
	node->is_null = true;
	node->text = "null";
	return literal_expr(c, node);
}

/*
 * Is it a whole number that is known now?
 */
bool
long_constant(const Expr *expr, int64_t *value)
{
	if (expr->literal == NULL || expr->literal->is_null || !is_integer(expr->literal->type))
		return false;
	*value = expr->literal->integer;
	return true;
}

/*
 * A number that has to be known when the query is compiled, such as that of rows.
 */
bool
known_number(Compiler *c, const Node *node, const Expr *expr, int64_t least,
			 const char *what, int64_t *value)
{
	if (is_failed(expr))
		return false;
	if (!long_constant(expr, value))
	{
		fail(c, node, "%s has to be a whole number that is known when the query is compiled", what);
		return false;
	}
	if (*value >= least)
		return true;
	fail(c, node, "%s cannot be %lld", what, (long long) *value);
	return false;
}

/*
 * How many of something, as SQL, which has to be known when the query is compiled.
 */
Sql *
known_count_sql(Compiler *c, const Node *node, const char *what)
{
	int64_t		count = 0;

	known_number(c, node, bind_constant(c, node), 0, what, &count);
	return long_expr(c, count)->sql;
}

/*
 * Is it a string that is known now?
 */
bool
string_constant(const Expr *expr, const char **text)
{
	if (expr->literal == NULL || expr->literal->type != KQL_STRING)
		return false;
	*text = expr->literal->text;
	return true;
}

/*
 * Count work that takes time in proportion to this: false if there is too much
 * of it, which is said once.
 */
bool
count_work(Compiler *c, int place, int amount)
{
	if (!c->too_large)
	{
		c->work += amount;
		if (c->work <= MOST_WORK)
			return true;
		add_error(c->errors, place, "query is too large once its functions are expanded");
		c->too_large = true;
	}
	return false;
}

/*
 * Count what is done with each of so many names as work, which is less than a
 * node is.
 */
bool
count_names(Compiler *c, int place, int count)
{
	return count_work(c, place, 1 + count / NAMES_LIKE_A_NODE);
}

/*
 * The same with each column of a table.
 */
bool
count_columns(Compiler *c, int place, const Table *table)
{
	return count_names(c, place, table->columns.count);
}

/*
 * Count a node as work.
 */
bool
descend(Compiler *c, const Node *node)
{
	return count_work(c, node->start, 1);
}

/*
 * A column of a table, which cannot stand beside aggregates over it.
 */
Expr *
read_column(Compiler *c, const Node *node, const Table *table, const Column *column)
{
	if (c->aggregated == table)
		return fail(c, node, "column \"%s\" stands outside of an aggregate", column->name);
	return column->expr;
}

/*
 * A name: a column, or what let defines.
 */
static Expr *
bind_name(Compiler *c, const Scope *scope, const Node *node)
{
	Table	   *table = scope->table;
	Column	   *column = table != NULL ? find_column(table, node->text) : NULL;
	Binding    *binding;

	if (column != NULL)
		return read_column(c, node, table, column);
	binding = find_binding(c, node->text);
	if (binding != NULL && binding->scalar != NULL)
		return binding->scalar;
	if ((binding != NULL && binding->is_broken) || (table != NULL && table->is_unknown))
		return failed_expr(c);
	if (binding != NULL && binding->is_function)
		return fail(c, node, "function %s is called without parentheses", node->text);
	if (binding != NULL)
		return fail(c, node, "%s is a table, where a scalar is expected", node->text);
	if (node->text[0] == '$')
		return fail(c, node, "%s is not known here", node->text);
	unknown_column(c, node, table);
	return failed_expr(c);
}

/*
 * A sign.
 */
static Expr *
bind_unary(Compiler *c, const Scope *scope, const Node *node)
{
	Expr	   *operand = bind(c, scope, node->left);

	if (is_failed(operand) || node->text[0] == '+')
		return operand;
	return negate(c, node, operand);
}

/*
 * What an expression stands for.
 */
Expr *
bind(Compiler *c, const Scope *scope, const Node *node)
{
	Expr	   *window;

	if (!descend(c, node))
		return failed_expr(c);
	switch (node->kind)
	{
		case NODE_BROKEN:
			return failed_expr(c);
		case NODE_NAME:
			return bind_name(c, scope, node);
		case NODE_LITERAL:
			return literal_expr(c, node);
		case NODE_MEMBER:
			return bind_member(c, scope, node);
		case NODE_INDEX:
			return bind_index(c, scope, node);
		case NODE_CALL:
			window = find_window(c, node);
			return window != NULL ? window : bind_call(c, scope, node);
		case NODE_UNARY:
			return bind_unary(c, scope, node);
		case NODE_BINARY:
			return bind_binary(c, scope, node);
		case NODE_IN:
			return bind_in(c, scope, node, MODE_VALUE);
		case NODE_BETWEEN:
			return bind_between(c, scope, node, MODE_VALUE);
		case NODE_NAMED:
			return bind(c, scope, node->right);
		case NODE_STAR:
			return fail(c, node, "* is not supported here");
		case NODE_PIPE:
		case NODE_OPERATOR:
			return fail(c, node, "a table stands where a scalar is expected");
		default:
			return fail(c, node, "this is not supported here");
	}
}

/*
 * What an expression without columns stands for.
 */
Expr *
bind_constant(Compiler *c, const Node *node)
{
	Scope		scope = {0};

	return bind(c, &scope, node);
}
