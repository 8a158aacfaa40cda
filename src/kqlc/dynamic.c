/*-------------------------------------------------------------------------
 *
 * dynamic.c
 *	  Members and elements of dynamic values.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/*
 * A member of an object.
 */
static Expr *
member_of(Compiler *c, Expr *of, const char *name)
{
	Sql		   *key = sql_string(c->arena, name, strlen(name));
	Expr	   *result = expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "($1 {->} $2)", of->sql, key), true);

	result->has_json_null = true;
	result->is_constant = of->is_constant;
	result->has_aggregate = of->has_aggregate;
	result->as_text = sql_format(c->arena, "($1 {->>} $2)", of->sql, key);
	return result;
}

/*
 * left.name: a column of a side of a join, or a member.
 */
Expr *
bind_member(Compiler *c, const Scope *scope, const Node *node)
{
	Expr	   *of;

	if (node->left->kind == NODE_NAME && node->left->text[0] == '$')
	{
		Table	   *table = strcmp(node->left->text, "$left") == 0 ? scope->left : scope->right;
		Column	   *column;

		if (table == NULL || (strcmp(node->left->text, "$left") != 0 &&
							  strcmp(node->left->text, "$right") != 0))
			return fail(c, node, "%s is not known here", node->left->text);
		column = find_column(table, node->text);
		if (column != NULL)
			return column->expr;
		if (!table->is_unknown)
			unknown_column(c, node, table);
		return expr_new(c, KQL_NONE, sql_text(c->arena, "NULL"), true);
	}
	if (node->right != NULL)
		return fail(c, node, "queries of other databases are not supported");
	of = bind(c, scope, node->left);
	if (is_failed(of))
		return of;
	if (of->type != KQL_DYNAMIC)
		return fail(c, node, "a %s has no member \"%s\"", kql_type_name(of->type), node->text);
	return member_of(c, of, node->text);
}

/*
 * left[right]
 */
Expr *
bind_index(Compiler *c, const Scope *scope, const Node *node)
{
	Expr	   *of = bind(c, scope, node->left);
	Expr	   *index = bind(c, scope, node->right);
	Expr	   *result;

	if (is_failed(of) || is_failed(index))
		return expr_new(c, KQL_NONE, of->sql, true);
	if (of->type != KQL_DYNAMIC)
		return fail(c, node, "a %s has no elements", kql_type_name(of->type));
	if (index->literal != NULL && index->type == KQL_STRING)
		return member_of(c, of, index->literal->text);
	if (index->type == KQL_STRING)
		result = expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "($1 {->} $2)", of->sql, value_of(c, index)), true);
	else if (is_integer(index->type) || index->type == KQL_DYNAMIC)
		result = expr_new(c, KQL_DYNAMIC, sql_format(c->arena, index->type == KQL_INT ?
													 "#element($1, $2::bigint)" : "#element($1, $2)", of->sql, index->sql), true);
	else
		return fail(c, node->right, "elements are found by a string or a whole number, not a %s",
					kql_type_name(index->type));
	result->has_json_null = true;
	result->is_constant = of->is_constant && index->is_constant;
	result->has_aggregate = of->has_aggregate || index->has_aggregate;
	return result;
}
