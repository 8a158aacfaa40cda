/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Conditions, and the operators that make booleans.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "functions.h"

/* Operators on strings, and the SQL for them */
static const struct
{
	const char *name;
	const char *template;
	bool		is_negated;
}			string_operators[] = {
	{"has", "#has($1, $2)", false},
	{"has_cs", "#has_cs($1, $2)", false},
	{"hasprefix", "#hasprefix($1, $2)", false},
	{"hasprefix_cs", "#hasprefix_cs($1, $2)", false},
	{"hassuffix", "#hassuffix($1, $2)", false},
	{"hassuffix_cs", "#hassuffix_cs($1, $2)", false},
	{"contains", "#contains($1, $2)", false},
	{"contains_cs", "(@strpos($1, $2) {>} 0)", false},
	{"containscs", "(@strpos($1, $2) {>} 0)", false},
	{"notcontains", "#contains($1, $2)", true},
	{"notcontainscs", "(@strpos($1, $2) {>} 0)", true},
	{"startswith", "#startswith($1, $2)", false},
	{"startswith_cs", "@starts_with($1, $2)", false},
	{"endswith", "#endswith($1, $2)", false},
	{"endswith_cs", "(@right($1, @length($2)) {=} $2)", false},
	{"matches regex", "#matches_regex($1, $2)", false},
	{NULL, NULL, false}
};

/*
 * The SQL of an operator on strings, or NULL.
 */
const char *
string_operator_template(const char *name)
{
	for (int i = 0; string_operators[i].name != NULL; i++)
	{
		if (strcmp(string_operators[i].name, name) == 0 && !string_operators[i].is_negated)
			return string_operators[i].template;
	}
	return NULL;
}

/*
 * left operator right, where the operator is one on strings.
 */
static Sql *
string_operation(Compiler *c, const Node *node, Expr *left, Expr *right, Mode mode)
{
	bool		negated = node->is_negated != (mode == MODE_FALSE);
	const char *text;
	int			i = 0;
	Sql		   *sql;
	bool		bare;

	if (is_failed(left) || is_failed(right))
		return sql_text(c->arena, "NULL::boolean");
	if (strcmp(node->text, "=~") == 0)
		return compare(c, node, node->is_negated ? "!~" : "=~", left, right, mode);
	while (string_operators[i].name != NULL && strcmp(string_operators[i].name, node->text) != 0)
		i++;
	if (string_operators[i].name == NULL)
	{
		fail(c, node, "the operator %s is not supported", node->text);
		return sql_text(c->arena, "NULL::boolean");
	}
	left = to_string(c, left);
	right = to_string(c, right);
	if (node->text[0] == 'm' && !check_regex(c, node->right, right))
		return sql_text(c->arena, "NULL::boolean");
	negated = negated != string_operators[i].is_negated;
	/* nothing contains a text that is not empty */
	bare = mode != MODE_VALUE && string_constant(right, &text) && text[0] != '\0' &&
		strcmp(node->text, "matches regex") != 0;

	sql = sql_format(c->arena, string_operators[i].template, bare ? left->sql : value_of(c, left),
					 value_of(c, right));
	if (!negated)
		return sql;
	return sql_format(c->arena, bare && left->is_nullable ? "($1 IS NOT TRUE)" : "(NOT $1)", sql);
}

/*
 * Conjunctions and disjunctions as conditions.
 */
static Sql *
filter_junction(Compiler *c, const Scope *scope, const Node *node, Mode mode, bool is_and)
{
	Vector		parts = {0};
	Vector		reversed = {0};
	const Node *part = node;

	/* a chain of them is one list */
	for (; part->kind == NODE_BINARY && strcmp(part->text, node->text) == 0; part = part->left)
		vector_add(c->arena, &reversed, part->right);
	vector_add(c->arena, &reversed, (void *) part);
	for (int i = reversed.count - 1; i >= 0; i--)
		vector_add(c->arena, &parts, filter(c, scope, reversed.items[i], mode));
	return sql_format(c->arena, "($1)", sql_join(c->arena, &parts,
												 is_and == (mode == MODE_TRUE) ? " AND " : " OR "));
}

/*
 * A boolean that is a value, as a condition.
 */
static Sql *
filter_value(Compiler *c, const Scope *scope, const Node *node, Mode mode)
{
	Expr	   *expr = to_condition(c, node, bind(c, scope, node));

	return sql_format(c->arena, mode == MODE_FALSE ? "(NOT $1)" : "$1", expr->sql);
}

/*
 * A condition: is the expression true, or is it false?
 */
Sql *
filter(Compiler *c, const Scope *scope, const Node *node, Mode mode)
{
	Expr	   *left;
	Expr	   *right;

	if (node->kind == NODE_CALL && strcmp(node->text, "not") == 0 && node->args.count == 1 &&
		find_binding(c, "not") == NULL)
		return filter(c, scope, node->args.items[0], mode == MODE_TRUE ? MODE_FALSE : MODE_TRUE);
	if (node->kind == NODE_CALL && node->args.count == 1 &&
		(strcmp(node->text, "isempty") == 0 || strcmp(node->text, "isnotempty") == 0 ||
		 strcmp(node->text, "notempty") == 0))
	{
		Expr	   *argument = bind(c, scope, node->args.items[0]);

		if (is_failed(argument))
			return argument->sql;
		return compare(c, node, node->text[2] == 'e' ? "==" : "!=", to_string(c, argument),
					   string_expr(c, ""), mode);
	}
	if (node->kind == NODE_IN)
		return bind_in(c, scope, node, mode)->sql;
	if (node->kind == NODE_BETWEEN)
		return bind_between(c, scope, node, mode)->sql;
	if (node->kind != NODE_BINARY)
		return filter_value(c, scope, node, mode);
	if (strcmp(node->text, "and") == 0 || strcmp(node->text, "or") == 0)
		return filter_junction(c, scope, node, mode, node->text[0] == 'a');
	if (strchr("+-*/%", node->text[0]) != NULL)
		return filter_value(c, scope, node, mode);
	if (node->left->kind == NODE_STAR && !node->is_negated)
	{
		Sql		   *condition = star_condition(c, scope, node);

		if (condition != NULL)
			return sql_format(c->arena, mode == MODE_FALSE ? "(NOT $1)" : "$1", condition);
	}
	left = bind(c, scope, node->left);
	right = bind(c, scope, node->right);
	if (strchr("=!<>", node->text[0]) != NULL && strcmp(node->text, "=~") != 0)
		return compare(c, node, node->text, left, right, mode);
	return string_operation(c, node, left, right, mode);
}

/*
 * and, or as a value
 */
static Expr *
bind_junction(Compiler *c, const Scope *scope, const Node *node)
{
	Expr	   *left = to_condition(c, node->left, bind(c, scope, node->left));
	Expr	   *right = to_condition(c, node->right, bind(c, scope, node->right));
	Expr	   *result;

	if (is_failed(left) || is_failed(right))
		return is_failed(left) ? left : right;
	result = expr_new(c, KQL_BOOL, sql_format(c->arena, node->text[0] == 'a' ? "($1 AND $2)" : "($1 OR $2)",
											  left->sql, right->sql), left->is_nullable || right->is_nullable);
	return made_of(result, left, right);
}

/*
 * An operator with two sides, as a value.
 */
Expr *
bind_binary(Compiler *c, const Scope *scope, const Node *node)
{
	bool		is_comparison = strchr("=!<>", node->text[0]) != NULL && strcmp(node->text, "=~") != 0;
	Expr	   *left;
	Expr	   *right;
	Expr	   *result;

	if (strcmp(node->text, "and") == 0 || strcmp(node->text, "or") == 0)
		return bind_junction(c, scope, node);
	left = bind(c, scope, node->left);
	if (node->text[0] == '/' && node->right->kind == NODE_LITERAL && node->right->type == KQL_TIMESPAN &&
		!node->right->is_null && node->right->integer != 0 && node->right->integer < TICKS_PER_MICROSECOND &&
		left->type == KQL_TIMESPAN)
	{
		result = expr_new(c, KQL_REAL, sql_format(c->arena, "(#tolong($1)::double precision {/} $2::double precision)", left->sql,
												  long_expr(c, node->right->integer)->sql), left->is_nullable);
		return made_of(result, left, NULL);
	}
	right = bind(c, scope, node->right);
	if (is_failed(left) || is_failed(right))
		return is_failed(left) ? left : right;
	if (strchr("+-*/%", node->text[0]) != NULL)
		return arithmetic(c, node, node->text, left, right);
	if (is_comparison)
		result = expr_new(c, KQL_BOOL, compare(c, node, node->text, left, right, MODE_VALUE),
						  left->is_nullable || right->is_nullable);
	else
		result = expr_new(c, KQL_BOOL, string_operation(c, node, left, right, MODE_VALUE), false);
	return made_of(result, left, right);
}

/*
 * later - earlier between (low .. high) as a window, if low and high are known
 * and the others are times.  Or NULL.
 */
static Sql *
difference_window(Compiler *c, const Scope *scope, const Node *node, Expr *low, Expr *high)
{
	Expr	   *later;
	Expr	   *earlier;

	if (node->left->kind != NODE_BINARY || strcmp(node->left->text, "-") != 0 ||
		low->literal == NULL || high->literal == NULL ||
		low->type != KQL_TIMESPAN || high->type != KQL_TIMESPAN ||
		low->literal->is_null || high->literal->is_null)
		return NULL;
	later = bind(c, scope, node->left->left);
	earlier = bind(c, scope, node->left->right);
	if (later->type != KQL_DATETIME || earlier->type != KQL_DATETIME)
		return NULL;
	return window_condition(c, later, arithmetic(c, node, "+", earlier, low), arithmetic(c, node, "+", earlier, high));
}

/*
 * left between (low .. high), as a value or a condition
 */
Expr *
bind_between(Compiler *c, const Scope *scope, const Node *node, Mode mode)
{
	Expr	   *value = bind(c, scope, node->left);
	Expr	   *low = bind(c, scope, node->args.items[0]);
	Expr	   *high = bind(c, scope, node->args.items[1]);
	bool		negated = node->is_negated != (mode == MODE_FALSE);
	Sql		   *above;
	Sql		   *below;
	Sql		   *window;
	Expr	   *result = expr_new(c, KQL_BOOL, NULL, true);

	if (is_failed(value) || is_failed(low) || is_failed(high))
		return failed_expr(c);
	made_of(made_of(result, low, high), result, value);
	/* from a time, for so long */
	if (low->type == KQL_DATETIME && high->type == KQL_TIMESPAN)
		high = arithmetic(c, node, "+", low, high);
	if (mode == MODE_TRUE && !negated)
	{
		window = value->type == KQL_TIMESPAN ? difference_window(c, scope, node, low, high) :
			window_condition(c, value, low, high);
		if (window != NULL)
		{
			result->sql = window;
			return result;
		}
	}
	above = compare(c, node, ">=", value, low, MODE_VALUE);
	below = compare(c, node, "<=", value, high, MODE_VALUE);
	result->sql = sql_format(c->arena, negated ? "(NOT ($1 AND $2))" : "($1 AND $2)", above, below);
	return result;
}
