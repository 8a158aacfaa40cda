/*-------------------------------------------------------------------------
 *
 * keys.c
 *	  The columns that tell the rows of a result apart.
 *
 * They are those of the last "summarize ... by", followed through what comes
 * behind it: a join or mv-expand makes several rows of one, so that what they
 * add is part of the key.  Only rows of several tables of a union may agree.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "bind.h"

/*
 * Let an expression be one of the keys of a table.
 */
void
set_key(Compiler *c, Table *table, Expr *expr)
{
	expr->key = expr;
	vector_add(c->arena, &table->keys, expr);
}

/*
 * Let all columns be keys, in expressions that nobody shares.
 */
static void
key_all(Compiler *c, Table *table)
{
	for (int i = 0; i < table->columns.count; i++)
	{
		const Column *old = table->columns.items[i];
		Column	   *column = arena_alloc(c->arena, sizeof(Column));

		*column = *old;
		column->expr = arena_alloc(c->arena, sizeof(Expr));
		*column->expr = *old->expr;
		table->columns.items[i] = column;
		if (!column->is_hidden)
			set_key(c, table, column->expr);
	}
}

/*
 * The same column once more, after key_all().
 */
static void
find_pairs_again(const Table *left, const Table *right, const Vector *pairs)
{
	for (int i = 0; i < pairs->count; i++)
	{
		JoinKey    *pair = pairs->items[i];

		pair->left = find_column(left, pair->left->name);
		pair->right = find_column(right, pair->right->name);
	}
}

/*
 * The keys of a join: those of both sides, where a side that has none is known
 * by all its columns.  Columns that are equal by the join count once.
 */
void
join_keys(Compiler *c, Table *result, Table *left, Table *right, const Vector *pairs)
{
	if (left->keys.count == 0 && right->keys.count == 0)
		return;
	if (left->keys.count == 0)
		key_all(c, left);
	if (right->keys.count == 0)
		key_all(c, right);
	find_pairs_again(left, right, pairs);
	for (int i = 0; i < left->keys.count; i++)
		vector_add(c->arena, &result->keys, left->keys.items[i]);
	for (int i = 0; i < right->keys.count; i++)
	{
		bool		is_known = false;

		for (int j = 0; j < pairs->count; j++)
		{
			const JoinKey *pair = pairs->items[j];

			is_known |= pair->right->expr->key == right->keys.items[i] && pair->left->expr->key != NULL;
		}
		if (!is_known)
			vector_add(c->arena, &result->keys, right->keys.items[i]);
	}
}

/*
 * The name of the first column that is this key, or NULL.
 */
static const char *
key_name(const Table *table, const Expr *key)
{
	for (int i = 0; i < table->columns.count; i++)
	{
		const Column *column = table->columns.items[i];

		if (!column->is_hidden && column->expr->key == key)
			return column->name;
	}
	return NULL;
}

/*
 * Are the keys of a table columns with the names of these?
 */
static bool
has_same_keys(const Table *table, const Table *other)
{
	if (table->keys.count != other->keys.count)
		return false;
	for (int i = 0; i < table->keys.count; i++)
	{
		const char *name = key_name(table, table->keys.items[i]);
		const Column *column = name != NULL ? find_column(other, name) : NULL;

		if (column == NULL || column->expr->key == NULL)
			return false;
	}
	return true;
}

/*
 * The keys of a union: those of its tables, if they have the same names in all.
 * Rows of two tables may agree in them.
 */
void
union_keys(Compiler *c, Table *result, const Vector *tables)
{
	const Table *first = tables->items[0];

	for (int i = 0; i < tables->count; i++)
	{
		const Table *table = tables->items[i];

		if (table->keys.count == 0 || !has_same_keys(table, first) || !has_same_keys(first, table))
			return;
	}
	for (int i = 0; i < first->keys.count; i++)
	{
		Column	   *column = find_column(result, key_name(first, first->keys.items[i]));

		if (column != NULL)
			set_key(c, result, column->expr);
	}
	if (result->keys.count < first->keys.count)
		result->keys.count = 0;
}

/*
 * Several rows may be made of one, which differ in these columns.
 */
void
multiply_rows(Compiler *c, Table *table, const Vector *names)
{
	if (table->keys.count == 0)
		return;
	for (int i = 0; i < names->count; i++)
	{
		Column	   *column = find_column(table, names->items[i]);

		if (column != NULL)
			set_key(c, table, column->expr);
	}
}

/*
 * Name the keys among the columns of the result, if all are there.
 */
void
describe_keys(Compiler *c, const Table *table, KqlResult *result)
{
	const char **names = arena_alloc(c->arena, (size_t) (table->keys.count + 1) * sizeof(char *));

	for (int i = 0; i < table->keys.count; i++)
	{
		const char *name = key_name(table, table->keys.items[i]);

		if (name == NULL)
			return;
		names[i] = name;
	}
	result->keys = names;
	result->key_count = table->keys.count;
}
