/*-------------------------------------------------------------------------
 *
 * dynamic.c
 *	  Members and elements of dynamic values.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <string.h>

#include "functions.h"

/*
 * A member of an object.
 */
static Expr *
member_of(Compiler *c, Expr *of, const char *name)
{
	Sql		   *key = sql_string(c->arena, name, strlen(name));
	Expr	   *result = expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "($1 {->} $2)", of->sql, key), true);

	result->has_json_null = true;
	made_of(result, of, NULL);
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
		return failed_expr(c);
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
	return made_of(result, of, index);
}

/*
 * A step of a path of JSON, .NAME or ['NAME'] or [NUMBER], as a key or a number;
 * what is behind it, or NULL if it is none.
 */
static const char *
path_step(Compiler *c, const char *path, const char **key, int64_t *number)
{
	const char *start = path + 1;
	const char *end = start;
	char		quote = *path == '[' && (*start == '\'' || *start == '"') ? *start : '\0';

	*key = NULL;
	*number = 0;
	if (*path == '.' || quote != '\0')
	{
		start += quote != '\0';
		end = start;
		while (quote != '\0' ? *end != '\0' && *end != quote : isalnum((unsigned char) *end) || *end == '_')
			end++;
		*key = arena_strndup(c->arena, start, (size_t) (end - start));
		if (quote == '\0' || end[0] == '\0')
			return end > start && quote == '\0' ? end : NULL;
		return end[1] == ']' ? end + 2 : NULL;
	}
	while (*path == '[' && isdigit((unsigned char) *end) && end - start < 9)
		*number = *number * 10 + (*end++ - '0');
	return end > start && *end == ']' ? end + 1 : NULL;
}

/*
 * extractjson(path, text)
 */
Expr *
bind_extract_json(Compiler *c, const Node *node, Expr **arguments, int count)
{
	Expr	   *found = expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#parse_json($1)", value_of(c, to_string(c, arguments[1]))), true);
	const char *path;
	const char *step;

	if (!string_constant(arguments[0], &path))
		return fail(c, node, "the path of %s() has to be known when the query is compiled", node->text);
	if (count == 3 && arguments[2]->type != KQL_STRING && arguments[2]->type != KQL_DYNAMIC)
		return fail(c, node, "%s() as a %s is not supported", node->text, kql_type_name(arguments[2]->type));
	step = path[0] == '$' && path[1] != '\0' ? path + 1 : NULL;
	while (step != NULL && *step != '\0')
	{
		const char *key;
		int64_t		number;

		step = path_step(c, step, &key, &number);
		if (step == NULL)
			break;
		found = key != NULL ? member_of(c, found, key) :
			expr_new(c, KQL_DYNAMIC, sql_format(c->arena, "#element($1, $2)", found->sql, long_expr(c, number)->sql), true);
		found->has_json_null = true;
	}
	if (step == NULL)
		return fail(c, node->args.items[0], "the path \"%.60s\" is not supported", path);
	return count == 3 && arguments[2]->type == KQL_DYNAMIC ? found : to_string(c, found);
}
