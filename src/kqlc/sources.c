/*-------------------------------------------------------------------------
 *
 * sources.c
 *	  Operators that make a table of nothing: print, range, datatable.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <string.h>

#include "bind.h"

/*
 * print VALUES
 */
Table *
op_print(Compiler *c, Table *table, const Node *node)
{
	Table	   *result = table_new(c);
	Scope		scope = {NULL, NULL, NULL};

	(void) table;
	for (int i = 0; i < node->args.count; i++)
	{
		const Node *item = node->args.items[i];
		Expr	   *expr = bind(c, &scope, unnamed(item));
		const char *name = arena_printf(c->arena, "print_%d", i);

		if (item->kind == NODE_NAMED)
			name = ((Node *) item->names.items[0])->text;
		check_name(c, item->start, name);
		add_column(c, result, free_name(c, result, name), expr);
	}
	return result;
}

/*
 * range NAME from START to STOP step STEP
 */
Table *
op_range(Compiler *c, Table *table, const Node *node)
{
	Table	   *result = table_new(c);
	const char *name = ((Node *) node->names.items[0])->text;
	const char *alias = new_alias(c, "t");
	Expr	   *from = bind_constant(c, node->args.items[0]);
	Expr	   *to = bind_constant(c, node->args.items[1]);
	Expr	   *step = bind_constant(c, node->args.items[2]);
	KqlType		type = common_type(from->type, to->type);
	Expr	   *column;

	(void) table;
	result->is_unknown = true;
	if (is_failed(from) || is_failed(to) || is_failed(step))
		return result;
	if (type == KQL_INT)
		type = KQL_LONG;
	if (is_number(type) && is_number(step->type))
		type = common_type(type, step->type);
	if (type == KQL_DECIMAL)
		type = KQL_REAL;
	if (type != KQL_LONG && type != KQL_REAL && type != KQL_DATETIME && type != KQL_TIMESPAN)
	{
		fail(c, node, "range does not go from %s to %s", kql_type_name(from->type), kql_type_name(to->type));
		return result;
	}
	from = convert(c, node, from, type);
	to = convert(c, node, to, type);
	step = coerce(c, node->args.items[2], step, type == KQL_DATETIME ? KQL_TIMESPAN : type);
	check_name(c, node->start, name);
	result->is_unknown = false;
	result->from = sql_format(c->arena, "#range_rows($1, $2, $3) AS $4($5)", from->sql, to->sql, step->sql,
							  sql_text(c->arena, alias), sql_name(c->arena, name));
	column = expr_new(c, type, sql_format(c->arena, "$1.$2", sql_text(c->arena, alias), sql_name(c->arena, name)), false);
	column->is_simple = true;
	add_column(c, result, name, column);
	return result;
}

/*
 * A row of a datatable.
 */
static Sql *
datatable_row(Compiler *c, const Node *node, int start, bool *nullable)
{
	Vector		cells = {0};

	for (int i = 0; i < node->by.count; i++)
	{
		const Node *cell = node->args.items[start + i];
		const Node *column = node->by.items[i];
		Expr	   *expr = bind_constant(c, cell);

		expr = convert(c, cell, expr, column->type);
		nullable[i] |= expr->is_nullable;
		vector_add(c->arena, &cells, value_of(c, expr));
	}
	return sql_format(c->arena, "($1)", sql_join(c->arena, &cells, ", "));
}

/*
 * datatable (COLUMNS) [VALUES]
 */
Table *
op_datatable(Compiler *c, Table *table, const Node *node)
{
	Table	   *result = table_new(c);
	const char *alias = new_alias(c, "t");
	int			width = node->by.count;
	bool	   *nullable = arena_alloc(c->arena, (size_t) width + 1);
	Vector		rows = {0};
	Vector		names = {0};
	Vector		nulls = {0};

	(void) table;
	if (width == 0 || node->args.count % width != 0)
	{
		fail(c, node, "the values of datatable do not fill its %d columns", width);
		result->is_unknown = true;
		return result;
	}
	for (int i = 0; i < node->args.count; i += width)
		vector_add(c->arena, &rows, datatable_row(c, node, i, nullable));
	for (int i = 0; i < width; i++)
	{
		const Node *column = node->by.items[i];
		Sql		   *name = sql_name(c->arena, column->text);
		Expr	   *expr = expr_new(c, column->type, sql_format(c->arena, "$1.$2", sql_text(c->arena, alias), name), nullable[i]);

		expr->is_simple = true;
		check_name(c, column->start, column->text);
		if (find_column(result, column->text) != NULL)
			fail(c, column, "column \"%s\" is there twice", column->text);
		add_column(c, result, column->text, expr);
		vector_add(c->arena, &names, name);
		vector_add(c->arena, &nulls, sql_text(c->arena, arena_printf(c->arena, "NULL::%s", kql_sql_type(column->type))));
	}
	if (rows.count == 0)
	{
		vector_add(c->arena, &rows, sql_format(c->arena, "($1)", sql_join(c->arena, &nulls, ", ")));
		vector_add(c->arena, &result->where, sql_text(c->arena, "false"));
	}
	result->from = sql_format(c->arena, "(VALUES $1) AS $2($3)", sql_join(c->arena, &rows, ", "),
							  sql_text(c->arena, alias), sql_join(c->arena, &names, ", "));
	return result;
}

/*
 * The column of a table that has this name, as it is written or in small
 * letters; NULL if there is none.
 */
static Column *
external_column(Compiler *c, const Table *table, const char *name)
{
	Column	   *column = find_column(table, name);
	char	   *lower = arena_strdup(c->arena, name);

	for (char *p = lower; *p != '\0'; p++)
		*p = (char) tolower((unsigned char) *p);
	return column != NULL ? column : find_column(table, lower);
}

/*
 * externaldata (COLUMNS) [ADDRESS]: the columns of the table that the address is
 * mapped to
 */
Table *
op_externaldata(Compiler *c, Table *table, const Node *node)
{
	Table	   *result = table_new(c);
	Expr	   *address = node->args.count == 1 ? bind_constant(c, node->args.items[0]) : NULL;
	const KqlSourceTable *source;
	const char *text;
	KqlError   *error;

	(void) table;
	result->is_unknown = true;
	if (address == NULL || !string_constant(address, &text))
	{
		fail(c, node, "externaldata takes one address, in quotes");
		return result;
	}
	source = c->schema->find_external == NULL ? NULL : c->schema->find_external(c->schema->context, text);
	if (source == NULL)
	{
		error = add_error(c->errors, node->start, "externaldata of \"%.200s\" is no table here", text);
		error->hint = "azhunt reads no addresses. Load what is there into a table, and map the address to it in azhunt.external_data.";
		return result;
	}
	table = source_table(c, source);
	result = table_new(c);
	*result = *table;
	result->columns = (Vector)
	{
		0
	};
	for (int i = 0; i < node->by.count; i++)
	{
		const Node *declaration = node->by.items[i];
		const Column *column = external_column(c, table, declaration->text);

		if (column == NULL)
			fail(c, declaration, "table %s, which is mapped to the address, has no column \"%s\"", source->sql_name, declaration->text);
		else if (column->expr->type != declaration->type)
			fail(c, declaration, "column \"%s\" of table %s, which is mapped to the address, is a %s, not a %s", declaration->text,
				 source->sql_name, kql_type_name(column->expr->type), kql_type_name(declaration->type));
		else if (find_column(result, declaration->text) != NULL)
			fail(c, declaration, "column \"%s\" is there twice", declaration->text);
		else
			add_column(c, result, declaration->text, column->expr);
	}
	return result;
}
