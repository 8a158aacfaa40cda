/*-------------------------------------------------------------------------
 *
 * lists.c
 *	  in, has_any and has_all: a value and a list of others.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "bind.h"

/*
 * A string of a dynamic literal, of which the opening quote is passed.
 */
static Node *
json_element(Compiler *c, const Node *literal, const char **at)
{
	Node	   *node = arena_alloc(c->arena, sizeof(Node));
	Buffer		text = {c->arena, NULL, 0, 0, strlen(*at) + 1, false};
	const char *p = *at;

	for (; *p != '"' && *p != '\0'; p++)
	{
		char		escaped;

		if (*p == '\\' && p[1] == 'u')
		{
			escaped = (char) strtol(arena_strndup(c->arena, p + 2, 4), NULL, 16);
			p += 5;
		}
		else
		{
			if (*p == '\\')
				p++;
			escaped = *p;
		}
		buffer_add(&text, &escaped, 1);
	}
	*at = *p == '"' ? p + 1 : p;
	node->kind = NODE_LITERAL;
	node->start = literal->start;
	node->type = KQL_STRING;
	node->text = text.data != NULL ? text.data : "";
	node->length = text.length;
	return node;
}

/*
 * The strings of a dynamic literal that is an array of strings; false if it is
 * anything else.
 */
static bool
literal_strings(Compiler *c, const Node *literal, Vector *strings)
{
	const char *p = literal->text;

	if (literal->is_null || *p++ != '[')
		return false;
	while (*p == '"')
	{
		p++;
		vector_add(c->arena, strings, literal_expr(c, json_element(c, literal, &p)));
		if (*p == ',')
			p++;
	}
	return *p == ']' && p[1] == '\0' && strings->count > 0;
}

/*
 * The scalars of a list, with arrays of literals taken apart.
 */
static bool
bind_elements(Compiler *c, const Scope *scope, const Node *node, Vector *elements)
{
	bool		ok = true;

	for (int i = 0; i < node->args.count; i++)
	{
		Expr	   *element = bind(c, scope, node->args.items[i]);
		Vector		strings = {0};

		ok &= !is_failed(element);
		if (element->literal != NULL && element->type == KQL_DYNAMIC &&
			literal_strings(c, element->literal, &strings))
		{
			for (int j = 0; j < strings.count; j++)
				vector_add(c->arena, elements, strings.items[j]);
		}
		else
			vector_add(c->arena, elements, element);
	}
	return ok;
}

/*
 * Can the list be an array of SQL: literals of the value's type?
 */
static bool
is_plain_list(const Expr *value, const Vector *elements)
{
	for (int i = 0; i < elements->count; i++)
	{
		const Expr *element = elements->items[i];

		if (element->literal == NULL || element->literal->is_null || element->type != value->type)
			return false;
	}
	return value->type != KQL_DYNAMIC && value->type != KQL_REAL && elements->count > 0;
}

/*
 * Is the empty string in the list?
 */
static bool
has_empty(const Vector *elements)
{
	const char *text;

	for (int i = 0; i < elements->count; i++)
	{
		if (string_constant(elements->items[i], &text) && text[0] == '\0')
			return true;
	}
	return false;
}

/*
 * value in (literals), in the form that indexes serve.
 */
static Sql *
in_plain_list(Compiler *c, Expr *value, const Vector *elements, bool folds, bool negated, Mode mode)
{
	Vector		texts = {0};
	bool		bare = mode != MODE_VALUE || value->type != KQL_STRING;
	Sql		   *sql;

	for (int i = 0; i < elements->count; i++)
		vector_add(c->arena, &texts, ((Expr *) elements->items[i])->sql);
	sql = sql_format(c->arena, arena_printf(c->arena, "($1 %s %s (ARRAY[$2]))",
											folds ? (negated ? "{#!=~}" : "{#=~}") : (negated ? "{<>}" : "{=}"),
											negated ? "ALL" : "ANY"),
					 bare ? value->sql : value_of(c, value), sql_join(c->arena, &texts, ", "));
	if (!value->is_nullable || (!bare && value->type == KQL_STRING))
		return sql;
	if (value->type == KQL_STRING)
		return has_empty(elements) == negated ? sql : sql_format(c->arena, "($1 OR $2 IS NULL)", sql, value->sql);
	if (negated)
		return sql_format(c->arena, "coalesce($1, true)", sql);
	return mode == MODE_VALUE ? sql_format(c->arena, "coalesce($1, false)", sql) : sql;
}

/*
 * Is the value like one element?
 */
static Sql *
is_like(Compiler *c, const Node *node, Expr *value, Expr *element)
{
	const char *function = node->text[0] == 'h' ? "#has($1, $2)" : NULL;

	if (element->type == KQL_DYNAMIC && element->literal == NULL && value->type != KQL_DYNAMIC)
	{
		if (function != NULL)
			return sql_format(c->arena, node->text[4] == 'a' && strcmp(node->text, "has_all") == 0 ?
							  "#has_all($1, $2)" : "#has_any($1, $2)",
							  value_of(c, to_string(c, value)), value_of(c, element));
		if (strcmp(node->text, "in~") == 0)
			return sql_format(c->arena, "#in_array_fold($1, $2)", value_of(c, to_string(c, value)), value_of(c, element));
		return sql_format(c->arena, "coalesce($2 {@>} $1, false)", value_of(c, to_dynamic(c, value)), value_of(c, element));
	}
	if (function != NULL)
		return sql_format(c->arena, function, value_of(c, to_string(c, value)), value_of(c, to_string(c, element)));
	if (element->type == KQL_DYNAMIC && element->literal != NULL && !element->literal->is_null &&
		value->type != KQL_DYNAMIC && element->literal->text[0] == '[')
		return sql_format(c->arena, "coalesce($2 {@>} $1, false)", value_of(c, to_dynamic(c, value)), element->sql);
	return sql_format(c->arena, "coalesce($1, false)",
					  compare(c, node, strcmp(node->text, "in~") == 0 ? "=~" : "==", value, element, MODE_TRUE));
}

/*
 * value in (table): its first column.
 */
static Sql *
in_table(Compiler *c, const Node *node, Expr *value)
{
	Table	   *table = bind_table(c, node->args.items[0]);
	Column	   *column;
	Select	   *select;
	Expr	   *element;
	Table		inner = {0};

	if (table->is_unknown || is_failed(value))
		return sql_text(c->arena, "NULL::boolean");
	close_if_needed(c, table);
	column = first_column(table);
	if (column == NULL)
	{
		fail(c, node->args.items[0], "the table has no columns");
		return sql_text(c->arena, "NULL::boolean");
	}
	inner = *table;
	inner.columns = (Vector)
	{
		0
	};
	inner.order = (Vector)
	{
		0
	};
	if (node->text[0] == 'h' || strcmp(node->text, "in~") == 0)
	{
		add_column(c, &inner, column->name, column->expr);
		close_table(c, &inner);
		element = ((Column *) inner.columns.items[0])->expr;
		vector_add(c->arena, &inner.where, is_like(c, node, value, element));
		inner.columns = (Vector)
		{
			0
		};
		add_column(c, &inner, "one", long_expr(c, 1));
		return sql_format(c->arena, "EXISTS $1", sql_subselect(c->arena, table_select(c, &inner, false)));
	}
	element = column->expr;
	if (element->type == KQL_DYNAMIC && value->type != KQL_DYNAMIC)
		element = convert(c, node, element, value->type);
	else
		value = coerce(c, node, value, element->type);
	inner.columns = (Vector)
	{
		0
	};
	add_column(c, &inner, column->name, expr_new(c, element->type, value_of(c, element), false));
	select = table_select(c, &inner, false);
	select->needs_all = true;
	return sql_format(c->arena, "($1 {=} ANY $2)", value_of(c, value), sql_subselect(c->arena, select));
}

/*
 * value in (elements), has_any (elements) or has_all (elements)
 */
static Sql *
in_elements(Compiler *c, const Node *node, Expr *value, const Vector *elements, Mode mode)
{
	bool		negated = node->is_negated != (mode == MODE_FALSE);
	bool		folds = strcmp(node->text, "in~") == 0;
	Vector		parts = {0};
	Sql		   *sql;

	if (value->type == KQL_DYNAMIC && elements->count > 0)
	{
		const Expr *first = elements->items[0];

		value = convert(c, node, value, first->type == KQL_DYNAMIC ? KQL_STRING : first->type);
	}
	if (node->text[0] != 'h' && is_plain_list(value, elements) && (!folds || value->type == KQL_STRING))
		return in_plain_list(c, value, elements, folds, negated, mode);
	for (int i = 0; i < elements->count; i++)
		vector_add(c->arena, &parts, is_like(c, node, value, elements->items[i]));
	if (parts.count == 0)
		sql = sql_text(c->arena, "false");
	else
		sql = sql_format(c->arena, "($1)", sql_join(c->arena, &parts,
													strcmp(node->text, "has_all") == 0 ? " AND " : " OR "));
	return negated ? sql_format(c->arena, "(NOT $1)", sql) : sql;
}

/*
 * left in (args), has_any (args) or has_all (args), as a value or a condition
 */
Expr *
bind_in(Compiler *c, const Scope *scope, const Node *node, Mode mode)
{
	Expr	   *value = bind(c, scope, node->left);
	Expr	   *result = made_of(expr_new(c, KQL_BOOL, NULL, false), value, NULL);
	Vector		elements = {0};

	if (node->args.count == 1 && is_tabular(c, node->args.items[0]))
	{
		result->sql = sql_format(c->arena, node->is_negated != (mode == MODE_FALSE) ? "($1 IS NOT TRUE)" :
								 mode == MODE_VALUE ? "($1 IS TRUE)" : "$1", in_table(c, node, value));
		return result;
	}
	if (!bind_elements(c, scope, node, &elements) || is_failed(value))
		return failed_expr(c);
	for (int i = 0; i < elements.count; i++)
	{
		made_of(result, result, elements.items[i]);
		elements.items[i] = text_beside_string(c, elements.items[i], value);
	}
	result->sql = in_elements(c, node, value, &elements, mode);
	return result;
}
