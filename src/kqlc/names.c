/*-------------------------------------------------------------------------
 *
 * names.c
 *	  Names: those that let defines, and those that columns get by themselves.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "bind.h"

/* Functions whose result has the name of their argument */
static const char *const transparent[] = {
	"bin", "floor", "tostring", "toint", "tolong", "todouble", "toreal",
	"todecimal", "tobool", "toboolean", "todatetime", "totimespan", "toguid",
	"todynamic", "parse_json", "parsejson", "toobject", "startofday",
	"startofweek", "startofmonth", "startofyear", "endofday", "endofweek",
	"endofmonth", "endofyear", "tohex", "bin_at", NULL
};

/*
 * What let defined last under that name, or NULL.
 */
Binding *
find_binding(const Compiler *c, const char *name)
{
	for (Binding *binding = c->scope; binding != NULL; binding = binding->outer)
	{
		if (strcmp(binding->name, name) == 0)
			return binding;
	}
	return NULL;
}

/*
 * Define a name.
 */
Binding *
add_binding(Compiler *c, const char *name)
{
	Binding    *binding = arena_alloc(c->arena, sizeof(Binding));

	binding->name = name;
	binding->outer = c->scope;
	c->scope = binding;
	return binding;
}

/*
 * Add the names that let defines to others.
 */
void
add_let_names(const Compiler *c, Vector *names)
{
	for (Binding *binding = c->scope; binding != NULL; binding = binding->outer)
		vector_add(c->arena, names, (void *) binding->name);
}

/*
 * Hint at which of these names may be meant.
 */
void
suggest_name(Compiler *c, KqlError *error, const char *name, const Vector *candidates)
{
	const char *nearest = nearest_name(name, candidates);

	if (nearest != NULL)
		error->hint = arena_printf(c->arena, "Perhaps you meant \"%s\".", nearest);
}

/*
 * Say that there is no such column, and which one may be meant.
 */
void
unknown_column(Compiler *c, const Node *node, const Table *table)
{
	Vector		candidates = {0};
	KqlError   *error;

	for (int i = 0; table != NULL && i < table->columns.count; i++)
	{
		Column	   *column = table->columns.items[i];

		if (!column->is_hidden)
			vector_add(c->arena, &candidates, (void *) column->name);
	}
	add_let_names(c, &candidates);
	if (table != NULL && table->name != NULL)
		error = add_error(c->errors, node->start, "column \"%s\" of %s does not exist", node->text, table->name);
	else
		error = add_error(c->errors, node->start, "column \"%s\" does not exist", node->text);
	suggest_name(c, error, node->text, &candidates);
}

/*
 * Does a name match a pattern, in which * is anything?
 */
bool
matches_pattern(const char *pattern, const char *name)
{
	const char *star = NULL;
	const char *resume = NULL;

	while (*name != '\0')
	{
		if (*pattern == '*')
		{
			star = pattern++;
			resume = name;
		}
		else if (*pattern == *name)
		{
			pattern++;
			name++;
		}
		else if (star != NULL)
		{
			pattern = star + 1;
			name = ++resume;
		}
		else
			return false;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/*
 * What is behind a name, or the node itself.
 */
const Node *
unnamed(const Node *node)
{
	return node->kind == NODE_NAMED ? node->right : node;
}

/*
 * The name that a column has if it was given none, or NULL.
 */
const char *
default_name(Compiler *c, const Node *node)
{
	const char *of;

	switch (node->kind)
	{
		case NODE_NAME:
			return node->text;
		case NODE_MEMBER:
			if (node->right != NULL)
				return NULL;
			of = default_name(c, node->left);
			if (node->left->kind == NODE_NAME && node->left->text[0] == '$')
				return node->text;
			return of == NULL ? NULL : arena_printf(c->arena, "%s_%s", of, node->text);
		case NODE_INDEX:
			of = default_name(c, node->left);
			if (of == NULL || node->right->kind != NODE_LITERAL)
				return NULL;
			if (node->right->type == KQL_STRING)
				return arena_printf(c->arena, "%s_%s", of, node->right->text);
			if (node->right->type != KQL_LONG)
				return NULL;
			return arena_printf(c->arena, "%s_%lld", of, (long long) node->right->integer);
		case NODE_CALL:
			for (int i = 0; transparent[i] != NULL && node->args.count > 0; i++)
			{
				if (strcmp(node->text, transparent[i]) == 0)
					return default_name(c, node->args.items[0]);
			}
			return NULL;
		default:
			return NULL;
	}
}

/*
 * The name that an aggregate's column has.
 */
const char *
aggregate_name(Compiler *c, const Node *node)
{
	static const struct
	{
		const char *function;
		const char *prefix;
	}			prefixes[] = {
		{"make_list", "list"}, {"make_set", "set"}, {"make_bag", "bag"},
		{"makelist", "list"}, {"makeset", "set"}, {"make_list_if", "list"},
		{"make_set_if", "set"}, {"make_bag_if", "bag"}, {"make_list_with_nulls", "list"},
		{"make_dictionary", "dictionary"}, {NULL, NULL}
	};
	const char *prefix = node->text;
	const char *of = "";

	if (node->kind != NODE_CALL)
		return NULL;
	for (int i = 0; prefixes[i].function != NULL; i++)
	{
		if (strcmp(node->text, prefixes[i].function) == 0)
			prefix = prefixes[i].prefix;
	}
	if (node->args.count > 0)
	{
		const char *name = default_name(c, unnamed(node->args.items[0]));

		if (name != NULL)
			of = name;
	}
	if (strcmp(node->text, "percentile") == 0 && node->args.count == 2 &&
		((Node *) node->args.items[1])->kind == NODE_LITERAL)
	{
		const Node *percent = node->args.items[1];

		return percent->type == KQL_REAL ?
			arena_printf(c->arena, "percentile_%s_%g", of, percent->real) :
			arena_printf(c->arena, "percentile_%s_%lld", of, (long long) percent->integer);
	}
	return arena_printf(c->arena, "%s_%s", prefix, of);
}
