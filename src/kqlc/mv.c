/*-------------------------------------------------------------------------
 *
 * mv.c
 *	  mv-expand and mv-apply: a row for each element.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* A column whose elements become rows */
typedef struct Expanded
{
	const char *name;
	Expr	   *expr;
	KqlType		type;
} Expanded;

/*
 * What is expanded, and under which names.
 */
static bool
bind_expanded(Compiler *c, Table *table, const Node *node, Vector *expanded)
{
	Scope		scope = {table, NULL, NULL};
	bool		ok = true;

	for (int i = 0; i < node->args.count; i++)
	{
		const Node *item = node->args.items[i];
		Expanded   *column = arena_alloc(c->arena, sizeof(Expanded));

		if (item->kind == NODE_BROKEN)
			return false;
		column->expr = bind(c, &scope, item->right);
		column->type = item->type == KQL_NONE ? KQL_DYNAMIC : item->type;
		column->name = item->names.count > 0 ? ((Node *) item->names.items[0])->text : default_name(c, item->right);
		if (column->name == NULL)
			column->name = "Column1";
		check_name(c, item->start, column->name);
		if (!is_failed(column->expr) && column->expr->type != KQL_DYNAMIC)
			fail(c, item, "%s takes a dynamic, not a %s", node->text, kql_type_name(column->expr->type));
		ok &= column->expr->type == KQL_DYNAMIC;
		vector_add(c->arena, expanded, column);
	}
	return ok;
}

/*
 * The rows of the elements, under an alias whose columns are e1, e2 ... and n,
 * their number.
 */
static Sql *
element_rows(Compiler *c, const Node *node, const Vector *expanded, const char *alias)
{
	const char *kind = parameter_of(node, "kind");
	Vector		calls = {0};
	Vector		names = {0};
	const char *function = "#elements($1)";

	if (kind == NULL)
		kind = parameter_of(node, "bagexpansion");
	if (kind != NULL && strcmp(kind, "array") == 0)
		function = "#elements_as_arrays($1)";
	for (int i = 0; i < expanded->count; i++)
	{
		const Expanded *column = expanded->items[i];

		vector_add(c->arena, &calls, sql_format(c->arena, function, column->expr->sql));
		vector_add(c->arena, &names, sql_text(c->arena, arena_printf(c->arena, "e%d", i + 1)));
	}
	vector_add(c->arena, &names, sql_text(c->arena, "n"));
	return sql_format(c->arena, "ROWS FROM ($1) WITH ORDINALITY AS $2($3)", sql_join(c->arena, &calls, ", "),
					  sql_text(c->arena, alias), sql_join(c->arena, &names, ", "));
}

/*
 * Put the elements, and their number, into a table's columns.
 */
static void
set_elements(Compiler *c, Table *table, const Node *node, const Vector *expanded, const char *alias)
{
	const char *index = parameter_of(node, "with_itemindex");

	for (int i = 0; i < expanded->count; i++)
	{
		const Expanded *column = expanded->items[i];
		Expr	   *element = expr_new(c, KQL_DYNAMIC, sql_text(c->arena, arena_printf(c->arena, "%s.e%d", alias, i + 1)), true);
		const Node *item = node->args.items[i];
		bool		is_named = item->names.count > 0 || item->right->kind == NODE_NAME;

		element->is_simple = true;
		element->has_json_null = true;
		if (column->type != KQL_DYNAMIC)
			element = convert(c, node->args.items[i], element, column->type);
		if (is_named)
			set_column(c, table, column->name, element);
		else
			add_column(c, table, free_name(c, table, column->name), element);
	}
	if (index != NULL)
	{
		Expr	   *number = expr_new(c, KQL_LONG, sql_format(c->arena, "($1.n {-} 1::bigint)", sql_text(c->arena, alias)), false);

		check_name(c, node->start, index);
		add_column(c, table, free_name(c, table, index), number);
	}
}

/*
 * The names of what is expanded.
 */
static const Vector *
expanded_names(Compiler *c, const Vector *expanded)
{
	Vector	   *names = arena_alloc(c->arena, sizeof(Vector));

	for (int i = 0; i < expanded->count; i++)
		vector_add(c->arena, names, (void *) ((Expanded *) expanded->items[i])->name);
	return names;
}

/*
 * A sort key for the place of elements.
 */
static SortKey *
element_order(Compiler *c, const char *alias)
{
	SortKey    *key = arena_alloc(c->arena, sizeof(SortKey));

	key->expr = expr_new(c, KQL_LONG, sql_text(c->arena, arena_printf(c->arena, "%s.n", alias)), false);
	return key;
}

/*
 * mv-expand COLUMNS
 */
Table *
op_mv_expand(Compiler *c, Table *table, const Node *node)
{
	Vector		expanded = {0};
	const char *alias = new_alias(c, "e");
	Sql		   *limit = NULL;

	close_for(c, table, node);
	if (table->from == NULL)
		close_table(c, table);
	if (!bind_expanded(c, table, node, &expanded))
	{
		for (int i = 0; i < expanded.count; i++)
			set_column(c, table, ((Expanded *) expanded.items[i])->name, null_expr(c, KQL_DYNAMIC));
		table->is_unknown = true;
		return table;
	}
	table->from = sql_format(c->arena, "$1\n  CROSS JOIN LATERAL $2", table->from, element_rows(c, node, &expanded, alias));
	if (node->limit != NULL)
		limit = known_count_sql(c, node->limit, "the number of elements");
	else if (strcmp(node->text, "mvexpand") == 0)
		limit = sql_text(c->arena, "128::bigint");
	if (limit != NULL)
		vector_add(c->arena, &table->where, sql_format(c->arena, "($1.n {<=} $2)", sql_text(c->arena, alias), limit));
	set_elements(c, table, node, &expanded, alias);
	multiply_rows(c, table, expanded_names(c, &expanded));
	/* the elements of a row stay in their order where rows have one */
	if (table->order.count > 0)
		vector_add(c->arena, &table->order, element_order(c, alias));
	table->has_row_number = false;
	return table;
}

/*
 * Is something expanded under this name?
 */
static bool
is_expanded(const Vector *expanded, const char *name)
{
	for (int i = 0; i < expanded->count; i++)
	{
		if (strcmp(((Expanded *) expanded->items[i])->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * What only passes through the pipe stays a column of the outer table.
 */
static void
keep_new(Compiler *c, Table *inner)
{
	Vector		columns = {0};

	for (int i = 0; i < inner->columns.count; i++)
	{
		Column	   *column = inner->columns.items[i];

		if (!column->is_hidden && (column->expr->row_column == NULL || strcmp(column->expr->row_column, column->name) != 0))
			vector_add(c->arena, &columns, column);
	}
	inner->columns = columns;
}

/*
 * A column that is expanded under its own name is one of the result only if the
 * pipe keeps it.
 */
static void
drop_expanded(Compiler *c, Table *outer, const Table *inner, const Vector *expanded)
{
	Vector		columns = {0};

	for (int i = 0; i < outer->columns.count; i++)
	{
		Column	   *column = outer->columns.items[i];

		if (column->is_hidden || !is_expanded(expanded, column->name) || find_column(inner, column->name) != NULL)
			vector_add(c->arena, &columns, column);
	}
	outer->columns = columns;
}

/*
 * The rows that the pipe of mv-apply gets for a row of a table: its columns, with
 * the elements.
 *
 * They are a subselect, as PostgreSQL takes an aggregate over columns of the row
 * alone for one of the query that has the row.
 */
static Table *
rows_of_elements(Compiler *c, const Table *table, const Node *node, const Vector *expanded)
{
	const char *alias = new_alias(c, "e");
	Table	   *rows = table_new(c);

	for (int i = 0; i < table->columns.count; i++)
		vector_add(c->arena, &rows->columns, table->columns.items[i]);
	rows->from = element_rows(c, node, expanded, alias);
	set_elements(c, rows, node, expanded, alias);
	if (node->limit != NULL)
		vector_add(c->arena, &rows->where, sql_format(c->arena, "($1.n {<=} $2)", sql_text(c->arena, alias),
													  known_count_sql(c, node->limit, "the number of elements")));
	vector_add(c->arena, &rows->order, element_order(c, alias));
	close_table(c, rows);
	for (int i = 0; i < rows->columns.count; i++)
	{
		Column	   *column = rows->columns.items[i];

		if (find_column(table, column->name) != NULL && !is_expanded(expanded, column->name))
			column->expr->row_column = column->name;
	}
	return rows;
}

/*
 * mv-apply COLUMNS on (PIPE)
 */
Table *
op_mv_apply(Compiler *c, Table *table, const Node *node)
{
	Vector		expanded = {0};
	Vector		names = {0};
	Table	   *inner;
	bool		is_single;

	close_for(c, table, node);
	close_table(c, table);
	if (!bind_expanded(c, table, node, &expanded) || node->right == NULL)
	{
		table->is_unknown = true;
		return table;
	}
	inner = apply_operators(c, rows_of_elements(c, table, node, &expanded), &node->right->args, 0);
	if (inner->is_unknown)
	{
		table->is_unknown = true;
		return table;
	}
	is_single = inner->is_grouped && inner->group_count == 0;
	/* columns are dropped once nothing is grouped by their numbers */
	close_table(c, inner);
	keep_new(c, inner);
	drop_expanded(c, table, inner, &expanded);
	table->from = sql_format(c->arena, "$1\n  CROSS JOIN LATERAL $2", table->from, inner->from);
	for (int i = 0; i < inner->columns.count; i++)
	{
		Column	   *column = inner->columns.items[i];

		/* another mv-apply around this one has another row */
		column->expr->row_column = NULL;
		set_column(c, table, column->name, column->expr);
		vector_add(c->arena, &names, (void *) column->name);
	}
	if (!is_single)
		multiply_rows(c, table, &names);
	for (int i = 0; table->order.count > 0 && i < inner->order.count; i++)
		vector_add(c->arena, &table->order, inner->order.items[i]);
	table->has_row_number = false;
	return table;
}
