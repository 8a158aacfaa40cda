/*-------------------------------------------------------------------------
 *
 * rel.c
 *	  Tables while operators are applied to them.
 *
 * A table is a SELECT that is still open: conditions and columns are added to
 * it as long as SQL would evaluate them in the order that KQL says.  Otherwise
 * it is closed, and becomes a subselect that a new SELECT reads.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* PostgreSQL's names are not longer than this */
#define LONGEST_NAME	63

/* More columns than this are not in a table, as in PostgreSQL */
#define MOST_COLUMNS	1600

/*
 * A table without columns.
 */
Table *
table_new(Compiler *c)
{
	return arena_alloc(c->arena, sizeof(Table));
}

/*
 * A name for a subselect.
 */
const char *
new_alias(Compiler *c, const char *prefix)
{
	return arena_printf(c->arena, "%s%d", prefix, ++c->alias_count);
}

/*
 * The column of that name, or NULL.
 */
Column *
find_column(const Table *table, const char *name)
{
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (!column->is_hidden && strcmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

/*
 * The hidden column of that name, or NULL.
 */
Column *
find_hidden(const Table *table, const char *name)
{
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (column->is_hidden && strcmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

/*
 * The first column that is not hidden, or NULL.
 */
Column *
first_column(const Table *table)
{
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (!column->is_hidden)
			return column;
	}
	return NULL;
}

/*
 * Add a column at the end.
 */
Column *
add_column(Compiler *c, Table *table, const char *name, Expr *expr)
{
	Column	   *column = arena_alloc(c->arena, sizeof(Column));

	if (table->columns.count == MOST_COLUMNS && !c->too_large)
	{
		add_error(c->errors, c->place, "a table cannot have more than %d columns", MOST_COLUMNS);
		c->too_large = true;
	}
	column->name = name;
	column->expr = expr;
	vector_add(c->arena, &table->columns, column);
	return column;
}

/*
 * Replace the column of that name, or add it at the end.
 */
void
set_column(Compiler *c, Table *table, const char *name, Expr *expr)
{
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (column->is_hidden || strcmp(column->name, name) != 0)
			continue;
		/* others may still have the old column */
		column = arena_alloc(c->arena, sizeof(Column));
		column->name = name;
		column->expr = expr;
		table->columns.items[i] = column;
		return;
	}
	add_column(c, table, name, expr);
}

/*
 * A name that no column has yet: this one, or with the first number that is
 * free.
 */
const char *
free_name(Compiler *c, const Table *table, const char *name)
{
	const char *free = name;

	for (int i = 1; find_column(table, free) != NULL && count_work(c, c->place, 1); i++)
		free = arena_printf(c->arena, "%s%d", name, i);
	if (free != name)
		check_name(c, c->place, free);
	return free;
}

/*
 * A name that PostgreSQL would cut off cannot be a column's, nor can one that is
 * empty.
 */
void
check_name(Compiler *c, int place, const char *name)
{
	if (name[0] == '\0')
		add_error(c->errors, place, "column name is empty");
	else if (strlen(name) > LONGEST_NAME)
		add_error(c->errors, place, "column name \"%.40s...\" is longer than %d bytes",
				  name, LONGEST_NAME);
}

/*
 * A sort key as SQL.
 */
static Sql *
sort_key_sql(Compiler *c, const SortKey *key)
{
	const char *format;
	Sql		   *sql = value_of(c, key->expr);

	/* true and false alone are no sort keys in SQL */
	if (key->expr->type == KQL_BOOL)
		sql = sql_format(c->arena, "($1)::boolean", sql);
	if (key->expr->type == KQL_STRING)
		format = key->is_descending ? "$1 COLLATE pg_catalog.\"C\" DESC" : "$1 COLLATE pg_catalog.\"C\"";
	else if (key->is_descending)
		format = key->nulls_first ? "$1 DESC" : "$1 DESC NULLS LAST";
	else
		format = key->nulls_first ? "$1 NULLS FIRST" : "$1";
	return sql_format(c->arena, format, sql);
}

/*
 * The table's order as SQL, or NULL if it has none.
 */
Sql *
order_by(Compiler *c, const Table *table)
{
	Vector		keys = {0};

	for (int i = 0; i < table->order.count; i++)
		vector_add(c->arena, &keys, sort_key_sql(c, table->order.items[i]));
	return keys.count > 0 ? sql_join(c->arena, &keys, ", ") : NULL;
}

/*
 * Reading a column of a subselect, whose expression was "of".
 */
Expr *
column_expr(Compiler *c, OutColumn *column, const Expr *of)
{
	Expr	   *expr = expr_new(c, of->type, sql_column(c->arena, column), of->is_nullable);

	expr->has_json_null = of->has_json_null;
	expr->is_simple = true;
	expr->key = of->key;
	expr->row_column = of->row_column;
	return expr;
}

/*
 * The table as a SELECT.  "values" asks for columns in the form that is seen.
 */
Select *
table_select(Compiler *c, Table *table, bool values)
{
	Select	   *select = select_new(c->arena);
	Sql		   *order = NULL;

	select->from = table->from;
	select->where = table->where;
	select->group_count = table->group_count;
	select->is_grouped = table->is_grouped;
	select->is_distinct = table->is_distinct;
	select->distinct_on = table->distinct_on;
	select->limit = table->limit;
	for (int i = 0; i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (values && column->is_hidden)
			continue;
		select_add(c->arena, select, column->name,
				   values ? value_of(c, column->expr) : column->expr->sql);
	}
	if ((table->limit != NULL || values) && !table->is_distinct)
		order = order_by(c, table);
	if (order != NULL)
		vector_add(c->arena, &select->order, order);
	return select;
}

/*
 * Where a time of a table is found again once the table is a subselect: at the
 * first column that has the same base.  "texts" are the columns, as SQL.
 */
static void
carry_time(Compiler *c, const Vector *before, const Vector *after, int at, const char *const *texts)
{
	const Expr *old = ((Column *) before->items[at])->expr;
	Expr	   *new = ((Column *) after->items[at])->expr;
	Sql		   *old_base = old->base != NULL ? old->base : old->sql;
	const char *base;

	if (old->type != KQL_DATETIME || (old->base == NULL && !old->is_simple))
		return;
	base = sql_peek(c->arena, old_base);
	for (int i = 0; i < before->count && base[0] != '\0'; i++)
	{
		if (texts[i] == NULL || strcmp(base, texts[i]) != 0)
			continue;
		new->base = ((Column *) after->items[i])->expr->sql;
		new->distance = old->distance;
		return;
	}
}

/*
 * Where the first so many columns are found again, if they are times.
 */
static void
carry_times(Compiler *c, const Vector *before, const Vector *after, int count)
{
	const char **texts = arena_alloc(c->arena, (size_t) before->count * sizeof(char *));

	for (int i = 0; i < before->count; i++)
	{
		const Expr *expr = ((Column *) before->items[i])->expr;

		texts[i] = expr->type == KQL_DATETIME ? sql_peek(c->arena, expr->sql) : NULL;
	}
	for (int i = 0; i < count; i++)
		carry_time(c, before, after, i, texts);
}

/*
 * Make the table a subselect that a new SELECT reads.
 */
void
close_table(Compiler *c, Table *table)
{
	Vector		before = table->columns;
	Vector		order = table->order;
	int			visible = before.count;
	Select	   *select;

	count_columns(c, c->place, table);
	/* what the order needs is carried along */
	for (int i = 0; i < order.count; i++)
	{
		SortKey    *key = order.items[i];

		add_column(c, table, new_alias(c, "order"), key->expr)->is_hidden = true;
	}
	before = table->columns;
	select = table_select(c, table, false);
	select->alias = new_alias(c, "t");

	table->columns = (Vector)
	{
		0
	};
	table->order = (Vector)
	{
		0
	};
	for (int i = 0; i < before.count; i++)
	{
		Column	   *column = before.items[i];
		Expr	   *expr = column_expr(c, select->columns.items[i], column->expr);

		if (i >= visible)
		{
			SortKey    *key = arena_alloc(c->arena, sizeof(SortKey));

			*key = *(SortKey *) order.items[i - visible];
			key->expr = expr;
			vector_add(c->arena, &table->order, key);
		}
		add_column(c, table, column->name, expr)->is_hidden = column->is_hidden;
	}
	carry_times(c, &before, &table->columns, visible);
	/* hidden columns that only order are found by the order alone */
	table->columns.count = visible;

	table->from = sql_format(c->arena, "$1 AS $2", sql_subselect(c->arena, select),
							 sql_text(c->arena, select->alias));
	table->where = (Vector)
	{
		0
	};
	table->time_bounds = (Vector)
	{
		0
	};
	table->distinct_on = (Vector)
	{
		0
	};
	table->limit = NULL;
	table->group_count = 0;
	table->is_grouped = table->is_distinct = table->is_closed = false;
}

/*
 * Close a table that nothing can be added to.
 */
void
close_if_needed(Compiler *c, Table *table)
{
	if (table->is_closed || table->limit != NULL || table->is_grouped ||
		table->is_distinct || table->distinct_on.count > 0)
		close_table(c, table);
}

/*
 * Does the expression read a column that should not be computed again?
 */
static bool
reads_computed(const Table *table, const Node *node)
{
	if (node == NULL)
		return false;
	if (node->kind == NODE_NAME)
	{
		Column	   *column = find_column(table, node->text);

		return column != NULL && !column->expr->is_simple;
	}
	if (node->kind == NODE_STAR || (node->kind == NODE_CALL && strcmp(node->text, "pack_all") == 0))
	{
		for (int i = 0; i < table->columns.count; i++)
		{
			if (!((Column *) table->columns.items[i])->expr->is_simple)
				return true;
		}
		return false;
	}
	if (reads_computed(table, node->left) || reads_computed(table, node->right) ||
		reads_computed(table, node->limit))
		return true;
	for (int i = 0; i < node->args.count; i++)
	{
		if (reads_computed(table, node->args.items[i]))
			return true;
	}
	return false;
}

/*
 * Close a table if it has to be before this expression can be added.
 */
void
close_for(Compiler *c, Table *table, const Node *node)
{
	close_if_needed(c, table);
	if (reads_computed(table, node))
		close_table(c, table);
}

/*
 * The same for a list of columns, where a bare name computes nothing again.
 */
void
close_for_all(Compiler *c, Table *table, const Vector *nodes)
{
	close_if_needed(c, table);
	for (int i = 0; i < nodes->count; i++)
	{
		const Node *node = unnamed(nodes->items[i]);

		if (node->kind != NODE_NAME && reads_computed(table, node))
		{
			close_table(c, table);
			return;
		}
	}
}

/*
 * Number the rows in the table's order, so that windows see the same one.
 */
void
order_rows(Compiler *c, Table *table)
{
	SortKey    *key;
	Expr	   *number;
	Sql		   *order;

	close_if_needed(c, table);
	if (table->has_row_number)
		return;
	order = order_by(c, table);
	number = expr_new(c, KQL_LONG, order == NULL ?
					  sql_format(c->arena, "@row_number() OVER ()") :
					  sql_format(c->arena, "@row_number() OVER (ORDER BY $1)", order), false);
	key = arena_alloc(c->arena, sizeof(SortKey));
	key->expr = number;
	table->order = (Vector)
	{
		0
	};
	vector_add(c->arena, &table->order, key);
	close_table(c, table);
	table->has_row_number = true;
}
