/*-------------------------------------------------------------------------
 *
 * arithmetic.c
 *	  Arithmetic on numbers, times and timespans.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "bind.h"

/* Types that an operator takes, and what it gives */
typedef struct Rule
{
	const char *operators;		/* each one character */
	KqlType		left;
	KqlType		right;
	KqlType		result;
	bool		may_fail;		/* NULL of what is not */
} Rule;

static const Rule rules[] = {
	{"+-*", KQL_LONG, KQL_LONG, KQL_LONG, false},
	{"/%", KQL_LONG, KQL_LONG, KQL_LONG, true},
	{"+-*/", KQL_REAL, KQL_REAL, KQL_REAL, false},
	{"%", KQL_REAL, KQL_REAL, KQL_REAL, false},
	{"+-*", KQL_DECIMAL, KQL_DECIMAL, KQL_DECIMAL, false},
	{"/%", KQL_DECIMAL, KQL_DECIMAL, KQL_DECIMAL, true},
	{"+-", KQL_DATETIME, KQL_TIMESPAN, KQL_DATETIME, true},
	{"+", KQL_TIMESPAN, KQL_DATETIME, KQL_DATETIME, true},
	{"-", KQL_DATETIME, KQL_DATETIME, KQL_TIMESPAN, false},
	{"+-", KQL_TIMESPAN, KQL_TIMESPAN, KQL_TIMESPAN, false},
	{"%", KQL_TIMESPAN, KQL_TIMESPAN, KQL_TIMESPAN, true},
	{"/", KQL_TIMESPAN, KQL_TIMESPAN, KQL_REAL, true},
	{"*/", KQL_TIMESPAN, KQL_REAL, KQL_TIMESPAN, true},
	{"*", KQL_REAL, KQL_TIMESPAN, KQL_TIMESPAN, true},
};

/*
 * The SQL of an operation.
 */
static Sql *
operation_sql(Compiler *c, char operator, const Rule *rule, Expr *left, Expr *right)
{
	static const char operators[] = "+-*/%";
	static const char *const functions[] = {
		"#add($1, $2)", "#subtract($1, $2)", "#multiply($1, $2)",
		"#divide($1, $2)", "#modulo($1, $2)"
	};
	bool		is_plain = (rule->result == KQL_DECIMAL || rule->result == KQL_TIMESPAN) &&
	rule->left == rule->right && strchr("+-*", operator) != NULL &&
	rule->left != KQL_DATETIME;

	if (is_plain)
		return sql_format(c->arena, arena_printf(c->arena, "($1 {%c} $2)", operator),
						  left->sql, right->sql);
	if (rule->left == KQL_TIMESPAN && rule->result == KQL_DATETIME)
		return sql_format(c->arena, "#add($2, $1)", left->sql, right->sql);
	if (rule->left == KQL_REAL && rule->right == KQL_TIMESPAN)
		return sql_format(c->arena, "#multiply($2, $1)", left->sql, right->sql);
	return sql_format(c->arena, functions[strchr(operators, operator) - operators],
					  left->sql, right->sql);
}

/*
 * Is it a timespan that is known now?
 */
static bool
timespan_constant(const Expr *expr, int64_t *microseconds)
{
	if (expr->literal == NULL || expr->literal->is_null ||
		expr->literal->type != KQL_TIMESPAN)
		return false;
	*microseconds = expr->literal->integer / TICKS_PER_MICROSECOND;
	return true;
}

/*
 * Remember that a time is a column and a distance; write times around now so
 * that the planner can tell how much they leave.
 */
static Expr *
shift_time(Compiler *c, Expr *result, const Expr *time, int64_t distance)
{
	Sql		   *base = time->base;

	if (base == NULL && time->is_simple && time->literal == NULL)
		base = time->sql;
	if (base == NULL || __builtin_add_overflow(time->distance, distance, &distance))
		return result;
	result->base = base;
	result->distance = distance;
	if (time->is_constant && llabs(distance) < INT64_C(86400000000) * 36500)
		result->sql = sql_format(c->arena, distance <= 0 ? "#window_start($1, $2)" : "#window_end($1, $2)",
								 base, interval_sql(c, llabs(distance)));
	return result;
}

/*
 * A literal of what two literals give, or NULL.
 */
static Expr *
fold(Compiler *c, const Node *node, char operator, const Rule *rule,
	 const Expr *left, const Expr *right)
{
	Node	   *result = arena_alloc(c->arena, sizeof(Node));
	int64_t		value = 0;
	const Node *a = left->literal;
	const Node *b = right->literal;
	bool		overflow = true;

	if (a == NULL || b == NULL || a->is_null || b->is_null)
		return NULL;
	if (rule->result == KQL_TIMESPAN && (rule->left == KQL_REAL || rule->right == KQL_REAL))
	{
		double		product = rule->left == KQL_REAL ? a->real : b->real;
		double		ticks = (double) (rule->left == KQL_REAL ? b : a)->integer;

		product = operator == '*' ? ticks * product : ticks / product;
		overflow = !(product > -9e18 && product < 9e18);
		if (!overflow)
			value = (int64_t) product;
	}
	else if ((rule->result != KQL_TIMESPAN && rule->result != KQL_LONG) ||
			 rule->left != rule->result)
		return NULL;
	else if (operator == '+')
		overflow = __builtin_add_overflow(a->integer, b->integer, &value);
	else if (operator == '-')
		overflow = __builtin_sub_overflow(a->integer, b->integer, &value);
	else if (operator == '*')
		overflow = __builtin_mul_overflow(a->integer, b->integer, &value);
	if (overflow)
		return NULL;
	result->kind = NODE_LITERAL;
	result->start = node->start;
	result->type = rule->result;
	result->integer = value;
	return literal_expr(c, result);
}

/*
 * A literal of another number type, with its value, so that it can be folded.
 */
static Expr *
promote(Compiler *c, const Node *node, Expr *expr, KqlType type)
{
	Expr	   *result;
	Node	   *literal;

	if (expr->type == type)
		return expr;
	result = convert(c, node, expr, type);
	if (expr->literal == NULL || expr->literal->is_null || !is_integer(expr->type))
		return result;
	literal = arena_alloc(c->arena, sizeof(Node));
	*literal = *expr->literal;
	literal->type = type;
	literal->real = (double) literal->integer;
	literal->text = arena_printf(c->arena, "%lld", (long long) literal->integer);
	return literal_expr(c, literal);
}

/*
 * Bring both operands to types that an operator can take.
 */
static void
promote_operands(Compiler *c, const Node *node, Expr **left, Expr **right)
{
	KqlType		common;

	if ((*left)->type == KQL_DYNAMIC && (*right)->type != KQL_DYNAMIC)
		*left = convert(c, node, *left, (*right)->type);
	else if ((*right)->type == KQL_DYNAMIC && (*left)->type != KQL_DYNAMIC)
		*right = convert(c, node, *right, (*left)->type);
	common = common_type((*left)->type, (*right)->type);
	if (is_number(common))
	{
		if (common == KQL_INT)
			common = KQL_LONG;
		*left = promote(c, node, *left, common);
		*right = promote(c, node, *right, common);
	}
	else if ((*left)->type == KQL_TIMESPAN && is_number((*right)->type))
		*right = promote(c, node, *right, KQL_REAL);
	else if ((*right)->type == KQL_TIMESPAN && is_number((*left)->type))
		*left = promote(c, node, *left, KQL_REAL);
}

/*
 * left operator right
 */
Expr *
arithmetic(Compiler *c, const Node *node, const char *operator, Expr *left, Expr *right)
{
	int64_t		distance;

	if (is_failed(left) || is_failed(right))
		return is_failed(left) ? left : right;
	promote_operands(c, node, &left, &right);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
	{
		const Rule *rule = &rules[i];
		Expr	   *result;

		if (rule->left != left->type || rule->right != right->type ||
			strchr(rule->operators, operator[0]) == NULL)
			continue;
		result = fold(c, node, operator[0], rule, left, right);
		if (result != NULL)
			return result;
		result = expr_new(c, rule->result, operation_sql(c, operator[0], rule, left, right),
						  left->is_nullable || right->is_nullable || rule->may_fail);
		made_of(result, left, right);
		if (rule->result == KQL_DATETIME && timespan_constant(right, &distance))
			return shift_time(c, result, left, operator[0] == '-' ? -distance : distance);
		if (rule->result == KQL_DATETIME && timespan_constant(left, &distance))
			return shift_time(c, result, right, distance);
		return result;
	}
	return fail(c, node, "operator %s does not take %s and %s", operator,
				kql_type_name(left->type), kql_type_name(right->type));
}

/*
 * -operand
 */
Expr *
negate(Compiler *c, const Node *node, Expr *operand)
{
	Expr	   *result;

	if (operand->literal != NULL && !operand->literal->is_null &&
		(is_integer(operand->type) || operand->type == KQL_TIMESPAN || operand->type == KQL_REAL))
	{
		Node	   *literal = arena_alloc(c->arena, sizeof(Node));

		*literal = *operand->literal;
		literal->integer = (int64_t) (0 - (uint64_t) literal->integer);
		literal->real = -literal->real;
		if (literal->type == KQL_INT)
			literal->type = KQL_LONG;
		return literal_expr(c, literal);
	}
	if (operand->type == KQL_INT)
		operand = convert(c, node, operand, KQL_LONG);
	if (operand->type == KQL_LONG)
		result = expr_new(c, KQL_LONG, sql_format(c->arena, "#subtract(0::bigint, $1)", operand->sql), operand->is_nullable);
	else if (operand->type == KQL_REAL || operand->type == KQL_DECIMAL || operand->type == KQL_TIMESPAN)
		result = expr_new(c, operand->type, sql_format(c->arena, "({-} $1)", operand->sql), operand->is_nullable);
	else
		return fail(c, node, "operator - does not take a %s", kql_type_name(operand->type));
	return made_of(result, operand, NULL);
}
