/*-------------------------------------------------------------------------
 *
 * union.c
 *	  union.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* A column of a union: where each table has it */
typedef struct UnionColumn
{
	const char *name;			/* in the tables */
	const char *new_name;
	KqlType		type;
} UnionColumn;

/*
 * Is there such a table at all?
 */
static bool
table_exists(Compiler *c, const Node *node)
{
	return node->kind != NODE_NAME || find_binding(c, node->text) != NULL ||
		c->schema->find_table(c->schema->context, node->text) != NULL;
}

/*
 * Add a table to a union.
 */
static void
add_table(Compiler *c, Vector *tables, const Node *node)
{
	Table	   *table = bind_table(c, node);

	if (table->as_name != NULL)
		table->name = table->as_name;
	else if (table->name == NULL || node->kind != NODE_NAME ||
			 (find_binding(c, node->text) != NULL && !find_binding(c, node->text)->is_function))
		table->name = arena_printf(c->arena, "union_arg%d", tables->count);
	vector_add(c->arena, tables, table);
}

/*
 * Add the tables whose names match a pattern.
 */
static void
add_matching_tables(Compiler *c, Vector *tables, const Node *pattern)
{
	const char *name;
	int			before = tables->count;

	for (Binding *binding = c->scope; binding != NULL; binding = binding->outer)
	{
		Node	   *node = arena_alloc(c->arena, sizeof(Node));

		*node = *pattern;
		node->kind = NODE_NAME;
		node->text = binding->name;
		if (matches_pattern(pattern->text, binding->name) && is_tabular(c, node))
			add_table(c, tables, node);
	}
	for (int i = 0; (name = c->schema->table_name(c->schema->context, i)) != NULL; i++)
	{
		Node	   *node = arena_alloc(c->arena, sizeof(Node));

		*node = *pattern;
		node->kind = NODE_NAME;
		node->text = name;
		if (matches_pattern(pattern->text, name))
			add_table(c, tables, node);
	}
	if (tables->count == before)
		fail(c, pattern, "no table matches \"%s\"", pattern->text);
}

/*
 * Have the tables a column of that name and another type?
 */
static bool
is_ambiguous(const Vector *tables, const char *name, KqlType type)
{
	for (int i = 0; i < tables->count; i++)
	{
		Column	   *column = find_column(tables->items[i], name);

		if (column != NULL && column->expr->type != type)
			return true;
	}
	return false;
}

/*
 * Is the column in the list already?
 */
static bool
has_union_column(const Vector *columns, const char *name, KqlType type)
{
	for (int i = 0; i < columns->count; i++)
	{
		const UnionColumn *column = columns->items[i];

		if (strcmp(column->name, name) == 0 && column->type == type)
			return true;
	}
	return false;
}

/*
 * A name that no column of the union has.
 */
static const char *
union_name(Compiler *c, const Vector *columns, const Vector *tables, const char *name)
{
	const char *free = name;
	bool		taken = true;

	for (int number = 1; taken && count_work(c, c->place, 1); number++)
	{
		taken = false;
		for (int i = 0; i < columns->count; i++)
			taken |= strcmp(((UnionColumn *) columns->items[i])->new_name, free) == 0;
		for (int i = 0; i < tables->count; i++)
			taken |= find_column(tables->items[i], free) != NULL;
		if (taken)
			free = arena_printf(c->arena, "%s%d", name, number);
	}
	check_name(c, c->place, free);
	return free;
}

/*
 * Add a column, behind those of its name that have other types.
 */
static void
add_union_column(Compiler *c, Vector *columns, UnionColumn *new)
{
	int			place = columns->count;

	vector_add(c->arena, columns, new);
	for (int i = 0; i < columns->count - 1; i++)
	{
		if (strcmp(((UnionColumn *) columns->items[i])->name, new->name) == 0)
			place = i + 1;
	}
	for (int i = columns->count - 1; i > place; i--)
		columns->items[i] = columns->items[i - 1];
	columns->items[place] = new;
}

/*
 * The columns of a union, in the order in which they first appear.
 */
static void
union_columns(Compiler *c, const Vector *tables, bool is_inner, Vector *columns)
{
	for (int i = 0; i < tables->count; i++)
	{
		const Table *table = tables->items[i];

		for (int j = 0; j < table->columns.count; j++)
		{
			const Column *column = table->columns.items[j];
			UnionColumn *new;
			bool		everywhere = true;

			if (column->is_hidden || has_union_column(columns, column->name, column->expr->type))
				continue;
			if (!count_work(c, c->place, tables->count))
				return;
			for (int k = 0; k < tables->count; k++)
			{
				Column	   *other = find_column(tables->items[k], column->name);

				everywhere &= other != NULL && other->expr->type == column->expr->type;
			}
			if (is_inner && !everywhere)
				continue;
			new = arena_alloc(c->arena, sizeof(UnionColumn));
			new->name = column->name;
			new->type = column->expr->type;
			new->new_name = column->name;
			if (is_ambiguous(tables, column->name, column->expr->type))
				new->new_name = union_name(c, columns, tables,
										   arena_printf(c->arena, "%s_%s", column->name, kql_type_name(column->expr->type)));
			add_union_column(c, columns, new);
		}
	}
}

/*
 * One table as a branch of the union; notes which columns may be NULL.
 */
static Select *
union_branch(Compiler *c, Table *table, const Vector *columns, const char *source, bool *nullable, bool *json_null)
{
	Table		branch;

	close_if_needed(c, table);
	branch = *table;
	branch.columns = (Vector)
	{
		0
	};
	branch.order = (Vector)
	{
		0
	};
	if (source != NULL)
		add_column(c, &branch, source, string_expr(c, table->name));
	for (int i = 0; i < columns->count; i++)
	{
		const UnionColumn *wanted = columns->items[i];
		Column	   *column = find_column(table, wanted->name);
		Expr	   *expr;

		if (column != NULL && column->expr->type == wanted->type)
			expr = column->expr;
		else
			expr = expr_new(c, wanted->type, sql_text(c->arena, arena_printf(c->arena, "NULL::%s", kql_sql_type(wanted->type))), true);
		nullable[i] |= expr->is_nullable;
		json_null[i] |= expr->has_json_null;
		add_column(c, &branch, wanted->new_name, expr);
	}
	return table_select(c, &branch, false);
}

/*
 * The union of tables.
 */
static Table *
unite(Compiler *c, const Vector *tables, bool is_inner, const char *source)
{
	Table	   *result = table_new(c);
	Select	   *select = select_new(c->arena);
	Vector		columns = {0};
	bool	   *nullable;
	bool	   *json_null;

	for (int i = 0; i < tables->count; i++)
		result->is_unknown |= ((Table *) tables->items[i])->is_unknown;
	union_columns(c, tables, is_inner, &columns);
	/* unions of unions can double the columns each time */
	c->work += tables->count * columns.count / 4;
	nullable = arena_alloc(c->arena, (size_t) columns.count + 1);
	json_null = arena_alloc(c->arena, (size_t) columns.count + 1);
	select->alias = new_alias(c, "t");
	for (int i = 0; i < tables->count; i++)
		vector_add(c->arena, &select->branches, union_branch(c, tables->items[i], &columns, source, nullable, json_null));
	if (source != NULL)
	{
		Expr		name = {.type = KQL_STRING};

		check_name(c, c->place, source);
		for (int i = 0; i < columns.count; i++)
		{
			if (strcmp(((UnionColumn *) columns.items[i])->new_name, source) == 0)
				add_error(c->errors, c->place, "withsource=%s is not supported where the tables have a column of that name", source);
		}
		add_column(c, result, source, column_expr(c, select_add(c->arena, select, source, NULL), &name));
	}
	for (int i = 0; i < columns.count; i++)
	{
		const UnionColumn *column = columns.items[i];
		Expr		expr = {.type = column->type,.is_nullable = nullable[i],.has_json_null = json_null[i]};

		add_column(c, result, column->new_name,
				   column_expr(c, select_add(c->arena, select, column->new_name, NULL), &expr));
	}
	result->from = sql_format(c->arena, "$1 AS $2", sql_subselect(c->arena, select), sql_text(c->arena, select->alias));
	union_keys(c, result, tables);
	return result;
}

/*
 * union PARAMETERS TABLES
 */
Table *
op_union(Compiler *c, Table *table, const Node *node)
{
	const char *kind = parameter_of(node, "kind");
	const char *fuzzy = parameter_of(node, "isfuzzy");
	Vector		tables = {0};

	if (table != NULL)
	{
		table->name = table->as_name != NULL ? table->as_name : "union_arg0";
		vector_add(c->arena, &tables, table);
	}
	for (int i = 0; i < node->args.count; i++)
	{
		const Node *argument = node->args.items[i];

		if (argument->is_wildcard)
			add_matching_tables(c, &tables, argument);
		else if (fuzzy == NULL || strcmp(fuzzy, "true") != 0 || table_exists(c, argument))
			add_table(c, &tables, argument);
	}
	if (kind != NULL && strcmp(kind, "inner") != 0 && strcmp(kind, "outer") != 0)
		fail(c, node, "union kind=%s is not supported", kind);
	if (tables.count == 0)
	{
		fail(c, node, "none of the tables of union exists");
		table = table_new(c);
		table->is_unknown = true;
		return table;
	}
	return unite(c, &tables, kind != NULL && strcmp(kind, "inner") == 0, parameter_of(node, "withsource"));
}
