/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Comparisons.
 *
 * A comparison is written as a condition, where NULL is as good as false and
 * the bare forms of columns let indexes serve, or as a value, with Kusto's
 * rules for null: two values of which one is null are not equal.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "bind.h"

/*
 * The operator that is true where the other is false, nulls apart.
 */
static const char *
opposite(const char *operator)
{
	if (strcmp(operator, "==") == 0)
		return "!=";
	if (strcmp(operator, "=~") == 0)
		return "!~";
	if (strcmp(operator, "!~") == 0)
		return "=~";
	return "==";
}

/*
 * Is it an operator of equality, or of inequality?
 */
static bool
is_equality(const char *operator)
{
	return operator[0] == '=' || operator[0] == '!';
}

/*
 * Strings that are equal or not, as a condition or, as that is never null, as a
 * value.
 */
static Sql *
equal_strings(Compiler *c, const char *operator, Expr *left, Expr *right, Mode mode)
{
	bool		is_unequal = operator[0] == '!';
	bool		folds = operator[1] == '~';
	const char *same = folds ? (is_unequal ? "($1 {#!=~} $2)" : "($1 {#=~} $2)") :
	(is_unequal ? "($1 {<>} $2)" : "($1 {=} $2)");
	const char *text;

	if (string_constant(left, &text) && !string_constant(right, &text))
	{
		Expr	   *swap = left;

		left = right;
		right = swap;
	}
	if (mode == MODE_VALUE || !string_constant(right, &text))
		return sql_format(c->arena, same, value_of(c, left), value_of(c, right));
	if (text[0] != '\0')
	{
		if (is_unequal && left->is_nullable)
			return sql_format(c->arena, folds ? "($1 {#!=~} $2 OR $1 IS NULL)" : "($1 {<>} $2 OR $1 IS NULL)",
							  left->sql, right->sql);
		return sql_format(c->arena, same, left->sql, right->sql);
	}
	if (is_unequal)
		return sql_format(c->arena, "($1 {<>} ''::@text)", left->sql);
	if (left->is_nullable)
		return sql_format(c->arena, "($1 {=} ''::@text OR $1 IS NULL)", left->sql);
	return sql_format(c->arena, "($1 {=} ''::@text)", left->sql);
}

/*
 * Can it be NaN?
 */
static bool
can_be_nan(const Expr *expr)
{
	return expr->type == KQL_REAL && (expr->literal == NULL || isnan(expr->literal->real));
}

/*
 * The comparison with PostgreSQL's operator, and Kusto's NaN.
 */
static Sql *
plain_comparison(Compiler *c, const char *operator, Expr *left, Expr *right)
{
	const char *format;

	if (left->type == KQL_STRING)
		return sql_format(c->arena, arena_printf(c->arena, "($1 COLLATE pg_catalog.\"C\" {%s} $2)", operator),
						  value_of(c, left), value_of(c, right));
	if (operator[0] == '=' && can_be_nan(left) && can_be_nan(right))
		format = "($1 {=} $2 AND $1 {<>} 'NaN'::double precision)";
	else if (operator[0] == '!' && can_be_nan(left) && can_be_nan(right))
		format = "($1 {<>} $2 OR $1 {=} 'NaN'::double precision)";
	else if (operator[0] == '>' && can_be_nan(left))
		format = arena_printf(c->arena, "($1 {%s} $2 AND $1 {<>} 'NaN'::double precision)", operator);
	else if (operator[0] == '<' && can_be_nan(right))
		format = arena_printf(c->arena, "($1 {%s} $2 AND $2 {<>} 'NaN'::double precision)", operator);
	else
		format = arena_printf(c->arena, "($1 {%s} $2)", operator[0] == '=' ? "=" :
							  operator[0] == '!' ? "<>" : operator);
	return sql_format(c->arena, format, left->sql, right->sql);
}

/*
 * Two values that are equal or not, as Kusto's null wants it.
 */
static Sql *
equal_values(Compiler *c, const char *operator, Expr *left, Expr *right, Mode mode)
{
	Sql		   *plain = plain_comparison(c, operator, left, right);
	bool		is_unequal = operator[0] == '!';

	if (!left->is_nullable && !right->is_nullable)
		return plain;
	if (mode == MODE_TRUE)
	{
		if (!is_unequal)
			return plain;
		if (!right->is_nullable)
			return sql_format(c->arena, "($1 OR $2 IS NULL)", plain, left->sql);
		if (!left->is_nullable)
			return sql_format(c->arena, "($1 OR $2 IS NULL)", plain, right->sql);
		return sql_format(c->arena, "($1 OR ($2 IS NULL) {<>} ($3 IS NULL))", plain, left->sql, right->sql);
	}
	plain = sql_format(c->arena, is_unequal ? "coalesce($1, true)" : "coalesce($1, false)", plain);
	if (left->is_nullable && right->is_nullable)
		return sql_format(c->arena, "CASE WHEN $1 IS NULL AND $2 IS NULL THEN NULL ELSE $3 END",
						  left->sql, right->sql, plain);
	return plain;
}

/*
 * A dynamic beside something else becomes of its type.
 */
static Expr *
meet(Compiler *c, const Node *node, Expr *expr, const Expr *other)
{
	const char *text;

	if (expr->literal != NULL && expr->literal->is_null)
		return null_expr(c, other->type);
	if (expr->type != KQL_DYNAMIC)
		return expr;
	if (other->type == KQL_STRING)
	{
		Expr	   *result = to_string(c, expr);

		/* what ->> prints is what tostring() does, but for objects and arrays */
		if (expr->as_text != NULL && string_constant(other, &text) &&
			text[0] != '\0' && text[0] != '{' && text[0] != '[')
			result = expr_new(c, KQL_STRING, expr->as_text, true);
		return result;
	}
	return convert(c, node, expr, other->type);
}

/*
 * A whole number that is written beside a string becomes its text.
 */
Expr *
text_beside_string(Compiler *c, Expr *expr, const Expr *other)
{
	if (other->type != KQL_STRING || expr->literal == NULL || expr->literal->is_null ||
		!is_integer(expr->literal->type))
		return expr;
	return string_expr(c, arena_printf(c->arena, "%lld", (long long) expr->literal->integer));
}

/*
 * left operator right; the operator is ==, !=, <, <=, >, >=, =~ or !~.
 */
Sql *
compare(Compiler *c, const Node *node, const char *operator, Expr *left, Expr *right, Mode mode)
{
	bool		both_dynamic = left->type == KQL_DYNAMIC && right->type == KQL_DYNAMIC;
	KqlType		type;

	if (is_failed(left) || is_failed(right))
		return sql_text(c->arena, "NULL::boolean");
	if (strcmp(operator, "<>") == 0)
		operator = "!=";
	if (operator[1] == '~')
	{
		left = to_string(c, left);
		right = to_string(c, right);
	}
	else if (!both_dynamic)
	{
		left = meet(c, node, left, right);
		right = meet(c, node, right, left);
	}
	if (is_equality(operator))
	{
		left = text_beside_string(c, left, right);
		right = text_beside_string(c, right, left);
	}
	type = common_type(left->type, right->type);
	if (type == KQL_NONE || both_dynamic || (type == KQL_BOOL && !is_equality(operator)))
	{
		fail(c, node, "%s and %s cannot be compared by %s", kql_type_name(left->type),
			 kql_type_name(right->type), operator);
		return sql_text(c->arena, "NULL::boolean");
	}
	left = coerce(c, node, left, type);
	right = coerce(c, node, right, type);
	if (mode == MODE_FALSE && is_equality(operator))
		return compare(c, node, opposite(operator), left, right, MODE_TRUE);
	if (is_equality(operator))
		return type == KQL_STRING ? equal_strings(c, operator, left, right, mode) :
			equal_values(c, operator, left, right, mode);
	return sql_format(c->arena, mode == MODE_FALSE ? "(NOT $1)" : "$1",
					  plain_comparison(c, operator, left, right));
}

/*
 * The column that a time is measured from, or NULL.
 */
Sql *
time_base(const Expr *expr)
{
	if (expr->type != KQL_DATETIME || expr->is_constant)
		return NULL;
	if (expr->base != NULL)
		return expr->base;
	return expr->is_simple ? expr->sql : NULL;
}

/*
 * low <= event <= high as within(), which the windowed join knows, if low and
 * high are fixed distances from one column and event is another.  Or NULL.
 */
Sql *
window_condition(Compiler *c, const Expr *event, const Expr *low, const Expr *high)
{
	Sql		   *event_base = time_base(event);
	Sql		   *low_base = time_base(low);
	Sql		   *high_base = time_base(high);
	const char *anchor;
	int64_t		length;

	if (event_base == NULL || low_base == NULL || high_base == NULL)
		return NULL;
	anchor = sql_peek(c->arena, low_base);
	if (anchor[0] == '\0' || strcmp(anchor, sql_peek(c->arena, high_base)) != 0 ||
		strcmp(anchor, sql_peek(c->arena, event_base)) == 0 ||
		__builtin_sub_overflow(high->distance, low->distance, &length) || length < 0)
		return NULL;
	return sql_format(c->arena, "#within($1, $2, $3)", event->sql, high->sql, interval_sql(c, length));
}
