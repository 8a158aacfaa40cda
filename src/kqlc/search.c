/*-------------------------------------------------------------------------
 *
 * search.c
 *	  search, and conditions on all columns.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/*
 * A condition that one of the columns meets: text operator on each, as text.
 */
static Sql *
any_column(Compiler *c, const Table *table, const char *template, Sql *text, bool strings_only)
{
	Vector		conditions = {0};

	for (int i = 0; i < table->columns.count; i++)
	{
		const Column *column = table->columns.items[i];

		if (column->is_hidden || is_failed(column->expr) || (strings_only && column->expr->type != KQL_STRING))
			continue;
		vector_add(c->arena, &conditions, sql_format(c->arena, template, value_of(c, to_string(c, column->expr)), text));
	}
	if (conditions.count == 0)
		return sql_text(c->arena, "false");
	return sql_format(c->arena, "($1)", sql_join(c->arena, &conditions, " OR "));
}

/*
 * * operator "text", in a condition; NULL if the operator is none on strings.
 */
Sql *
star_condition(Compiler *c, const Scope *scope, const Node *node)
{
	const char *template = string_operator_template(node->text);
	Expr	   *text = bind(c, scope, node->right);

	if (template == NULL || scope->table == NULL)
		return NULL;
	if (is_failed(text))
		return text->sql;
	return any_column(c, scope->table, template, value_of(c, to_string(c, text)), true);
}

/*
 * A term of a search, which may begin or end with *.
 */
static Sql *
search_term(Compiler *c, const Table *table, const Node *node, bool has_case)
{
	const char *text = node->text;
	size_t		length = node->length;
	bool		at_start = length > 0 && text[0] == '*';
	bool		at_end = length > 1 && text[length - 1] == '*';
	const char *template;
	Sql		   *term;

	term = sql_string(c->arena, text + (at_start ? 1 : 0), length - (at_start ? 1 : 0) - (at_end ? 1 : 0));
	if (at_start && at_end)
		template = has_case ? "(@strpos($1, $2) {>} 0)" : "#contains($1, $2)";
	else if (at_end)
		template = has_case ? "#hasprefix_cs($1, $2)" : "#hasprefix($1, $2)";
	else if (at_start)
		template = has_case ? "#hassuffix_cs($1, $2)" : "#hassuffix($1, $2)";
	else
		template = has_case ? "#has_cs($1, $2)" : "#has($1, $2)";
	return any_column(c, table, template, term, false);
}

/*
 * The condition of a search.
 */
static Sql *
search_condition(Compiler *c, Table *table, const Node *node, bool has_case)
{
	Scope		scope = {table, NULL, NULL};

	if (node->kind == NODE_LITERAL && node->type == KQL_STRING)
		return search_term(c, table, node, has_case);
	if (node->kind == NODE_BINARY && (strcmp(node->text, "and") == 0 || strcmp(node->text, "or") == 0))
		return sql_format(c->arena, node->text[0] == 'a' ? "($1 AND $2)" : "($1 OR $2)",
						  search_condition(c, table, node->left, has_case),
						  search_condition(c, table, node->right, has_case));
	if (node->kind == NODE_CALL && strcmp(node->text, "not") == 0 && node->args.count == 1)
		return sql_format(c->arena, "(NOT $1)", search_condition(c, table, node->args.items[0], has_case));
	if (node->kind == NODE_BINARY && strcmp(node->text, ":") == 0 && node->left->kind == NODE_NAME &&
		node->right->kind == NODE_LITERAL && node->right->type == KQL_STRING)
	{
		Column	   *column = find_column(table, node->left->text);
		Table		one = {0};

		if (column == NULL)
		{
			unknown_column(c, node->left, table);
			return sql_text(c->arena, "NULL::boolean");
		}
		vector_add(c->arena, &one.columns, column);
		return search_term(c, &one, node->right, has_case);
	}
	return filter(c, &scope, node, MODE_TRUE);
}

/*
 * search CONDITION
 */
Table *
op_search(Compiler *c, Table *table, const Node *node)
{
	const char *kind = parameter_of(node, "kind");
	Vector		columns = {0};

	if (table == NULL || node->by.count > 0)
	{
		if (table == NULL)
			table = table_new(c);
		fail(c, node, "search without a table before it is not supported");
		table->is_unknown = true;
		return table;
	}
	if (find_column(table, "$table") != NULL)
	{
		fail(c, node, "search behind another search is not supported");
		return table;
	}
	close_for(c, table, node->left);
	vector_add(c->arena, &table->where, search_condition(c, table, node->left,
														 kind != NULL && strcmp(kind, "case_sensitive") == 0));
	columns = table->columns;
	table->columns = (Vector)
	{
		0
	};
	add_column(c, table, "$table", string_expr(c, "search_arg0"));
	for (int i = 0; i < columns.count; i++)
		vector_add(c->arena, &table->columns, columns.items[i]);
	return table;
}
