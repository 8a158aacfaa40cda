/*-------------------------------------------------------------------------
 *
 * named_tables.c
 *	  Tables by their names: of the schema, of let, and of as.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/*
 * A table of which nothing is known, after an error.
 */
Table *
unknown_table(Compiler *c)
{
	Table	   *table = table_new(c);

	table->is_unknown = true;
	return table;
}

/*
 * Read only the rows of the period that was asked for.
 */
static void
bound_period(Compiler *c, Table *table)
{
	const Column *column = find_column(table, "TimeGenerated");

	if (c->options->since == NULL || column == NULL || column->expr->type != KQL_DATETIME)
		return;
	vector_add(c->arena, &table->where, sql_format(c->arena, "$1 {>=} $2", column->expr->sql,
												   sql_text(c->arena, c->options->since)));
	vector_add(c->arena, &table->where, sql_format(c->arena, "$1 {<=} $2", column->expr->sql,
												   sql_text(c->arena, c->options->until)));
}

/*
 * Note that a table is read.
 */
static void
note_source(Compiler *c, const KqlSourceTable *source)
{
	for (int i = 0; i < c->sources.count; i++)
	{
		const KqlSourceTable *other = c->sources.items[i];

		if (strcmp(other->sql_name, source->sql_name) == 0)
			return;
	}
	vector_add(c->arena, &c->sources, (void *) source);
}

/*
 * A table of the schema.
 */
Table *
source_table(Compiler *c, const KqlSourceTable *source)
{
	Table	   *table = table_new(c);
	const char *alias = new_alias(c, "t");

	table->name = source->name;
	table->from = sql_text(c->arena, arena_printf(c->arena, "%s AS %s", source->sql_name, alias));
	for (int i = 0; i < source->column_count; i++)
	{
		const KqlSourceColumn *column = &source->columns[i];
		const char *sql = arena_printf(c->arena, "%s.%s", alias, column->sql_name);
		Expr	   *expr;

		if (column->type == KQL_NONE)
			continue;
		if (column->cast != NULL)
			sql = arena_printf(c->arena, "%s::%s", sql, column->cast);
		/* an interval may have months, which are refused, and days */
		if (column->type == KQL_TIMESPAN)
			sql = arena_printf(c->arena, "azhunt.totimespan(azhunt.tolong(%s))", sql);
		expr = expr_new(c, column->type, sql_text(c->arena, sql), !column->not_null);
		expr->is_simple = true;
		expr->has_json_null = column->type == KQL_DYNAMIC;
		add_column(c, table, column->name, expr);
	}
	if (source->ingestion_time != NULL)
	{
		Expr	   *expr = expr_new(c, KQL_DATETIME, sql_text(c->arena, arena_printf(c->arena, "%s.%s", alias, source->ingestion_time)), true);

		expr->is_simple = true;
		add_column(c, table, INGESTION_TIME, expr)->is_hidden = true;
	}
	note_source(c, source);
	bound_period(c, table);
	return table;
}

/*
 * A materialized table, once more.
 */
static Table *
common_table(Compiler *c, const Binding *binding)
{
	Table	   *table = table_new(c);
	Select	   *select = select_new(c->arena);

	select->alias = new_alias(c, "t");
	table->name = binding->name;
	table->is_serialized = binding->is_serialized;
	table->from = sql_text(c->arena, arena_printf(c->arena, "%s AS %s", binding->common->name, select->alias));
	for (int i = 0; i < binding->common_columns.count; i++)
	{
		const Column *column = binding->common_columns.items[i];
		Expr	   *expr = column_expr(c, select_add(c->arena, select, column->name, sql_text(c->arena, "")), column->expr);

		/* each use of the table has keys of its own */
		if (expr->key != NULL)
			set_key(c, table, expr);
		add_column(c, table, column->name, expr);
	}
	if (table->keys.count < binding->common_keys.count)
		table->keys.count = 0;
	return table;
}

/*
 * A list of its own of the same items.
 */
static Vector
copy_vector(Compiler *c, const Vector *vector)
{
	Vector		copy = {0};

	for (int i = 0; i < vector->count; i++)
		vector_add(c->arena, &copy, vector->items[i]);
	return copy;
}

/*
 * Another table that shares nothing that changes.
 */
static Table *
copy_table(Compiler *c, const Table *table)
{
	Table	   *copy = table_new(c);

	*copy = *table;
	copy->columns = copy_vector(c, &table->columns);
	copy->where = copy_vector(c, &table->where);
	copy->order = copy_vector(c, &table->order);
	copy->keys = copy_vector(c, &table->keys);
	copy->distinct_on = copy_vector(c, &table->distinct_on);
	copy->time_bounds = (Vector)
	{
		0
	};
	return copy;
}

/*
 * Keep a table as a query of its own, under a name.
 */
void
materialize(Compiler *c, Binding *binding, Table *table)
{
	CommonTable *common = arena_alloc(c->arena, sizeof(CommonTable));

	common->name = new_alias(c, "m");
	common->select = table_select(c, table, true);
	vector_add(c->arena, &c->common_tables, common);
	binding->common = common;
	binding->common_keys = table->keys;
	binding->is_serialized = table->is_serialized;
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];
		Column	   *copy = arena_alloc(c->arena, sizeof(Column));

		if (column->is_hidden)
			continue;
		copy->name = column->name;
		copy->expr = expr_new(c, column->expr->type, column->expr->sql,
							  column->expr->is_nullable && column->expr->type != KQL_STRING);
		copy->expr->key = column->expr->key;
		vector_add(c->arena, &binding->common_columns, copy);
	}
}

/*
 * Define a name for a table that is there, and return the table itself.  One
 * that is shared is computed once.
 */
Table *
bind_table_name(Compiler *c, const char *name, Table *table, bool is_shared)
{
	Binding    *binding = add_binding(c, name);

	binding->is_broken = table->is_unknown;
	if (is_shared)
	{
		materialize(c, binding, table);
		table = common_table(c, binding);
		table->as_name = name;
		return table;
	}
	binding->table = copy_table(c, table);
	return table;
}

/*
 * What let defined as a table.
 */
static Table *
bound_table(Compiler *c, const Node *node, Binding *binding)
{
	Binding    *scope = c->scope;
	Table	   *table;

	if (binding->is_broken)
		return unknown_table(c);
	if (binding->common != NULL)
		return common_table(c, binding);
	if (binding->table != NULL)
		return copy_table(c, binding->table);
	if (binding->scalar != NULL || binding->is_function)
	{
		fail(c, node, "%s is no table", node->text);
		return unknown_table(c);
	}
	c->scope = binding->scope;
	table = bind_table(c, binding->node);
	c->scope = scope;
	table->name = binding->name;
	return table;
}

/*
 * Say that there is no such table, and which one may be meant.
 */
static void
unknown_name(Compiler *c, const Node *node)
{
	Vector		candidates = {0};
	const char *name;

	for (int i = 0; (name = c->schema->table_name(c->schema->context, i)) != NULL; i++)
		vector_add(c->arena, &candidates, (void *) name);
	add_let_names(c, &candidates);
	suggest_name(c, add_error(c->errors, node->start, "table \"%s\" does not exist", node->text),
				 node->text, &candidates);
}

/*
 * A table by its name.
 */
Table *
named_table(Compiler *c, const Node *node)
{
	Binding    *binding = find_binding(c, node->text);
	const KqlSourceTable *source;

	if (binding != NULL && binding->is_function && binding->node->is_view && binding->node->names.count == 0)
	{
		Table	   *table = call_table_function(c, node, binding, NULL);

		table->name = binding->name;
		return table;
	}
	if (binding != NULL)
		return bound_table(c, node, binding);
	source = c->schema->find_table(c->schema->context, node->text);
	if (source != NULL)
		return source_table(c, source);
	unknown_name(c, node);
	return unknown_table(c);
}
