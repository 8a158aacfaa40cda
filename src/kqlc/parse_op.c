/*-------------------------------------------------------------------------
 *
 * parse_op.c
 *	  parse and parse-where: columns from the parts of a text.
 *
 * The pattern becomes one regular expression with a group for each column.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <string.h>

#include "functions.h"

typedef enum ParseKind
{
	PARSE_SIMPLE,
	PARSE_RELAXED,
	PARSE_REGEX
} ParseKind;

/* A column that the pattern names */
typedef struct Part
{
	const Node *node;
	int			group;
	Expr	   *expr;
} Part;

/*
 * Add text in which nothing has a meaning to regular expressions.
 */
static void
add_quoted(Buffer *pattern, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (strchr("\\.+*?()|[]{}^$", text[i]) != NULL && text[i] != '\0')
			buffer_text(pattern, "\\");
		buffer_add(pattern, text + i, 1);
	}
}

/*
 * How many groups has a regular expression?
 */
static int
count_groups(const char *text)
{
	int			count = 0;
	bool		in_brackets = false;

	for (; *text != '\0'; text++)
	{
		if (*text == '\\' && text[1] != '\0')
			text++;
		else if (*text == '[')
			in_brackets = true;
		else if (*text == ']')
			in_brackets = false;
		else if (*text == '(' && !in_brackets &&
				 (text[1] != '?' || text[2] == 'P' || (text[2] == '<' && text[3] != '=' && text[3] != '!')))
			count++;
	}
	return count;
}

/*
 * The group for a column.
 */
static const char *
column_pattern(const Node *node, ParseKind kind, bool is_last)
{
	if (kind == PARSE_REGEX)
		return node->type == KQL_INT || node->type == KQL_LONG ? "([+-]?\\d+)" : "(.*)";
	if (kind == PARSE_SIMPLE && is_integer(node->type))
		return "([+-]?\\d+)";
	if (kind == PARSE_SIMPLE && node->type == KQL_REAL)
		return "([+-]?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)";
	return is_last ? "((?s:.*))" : "((?s:.*?))";
}

/*
 * The regular expression for a pattern; adds its columns to the list.
 */
static const char *
build_pattern(Compiler *c, const Node *node, ParseKind kind, Vector *parts)
{
	Buffer		pattern = {c->arena, NULL, 0, 0, 20000, false};
	const char *flags = parameter_of(node, "flags");
	int			group = 1;
	int			count = node->args.count;

	if (flags != NULL)
		buffer_text(&pattern, arena_printf(c->arena, "(?%s)", flags));
	if (kind != PARSE_REGEX)
		buffer_text(&pattern, "\\A");
	for (int i = 0; i < count; i++)
	{
		const Node *item = node->args.items[i];

		if (item->kind == NODE_STAR)
			buffer_text(&pattern, kind == PARSE_REGEX ? ".*?" : "(?s:.*?)");
		else if (item->kind == NODE_LITERAL && kind == PARSE_REGEX)
		{
			buffer_text(&pattern, "(?:");
			buffer_add(&pattern, item->text, item->length);
			buffer_text(&pattern, ")");
			group += count_groups(item->text);
		}
		else if (item->kind == NODE_LITERAL)
			add_quoted(&pattern, item->text, item->length);
		else if (item->kind == NODE_NAME && kind == PARSE_RELAXED && item->type != KQL_STRING &&
				 i + 1 < count && ((Node *) node->args.items[i + 1])->kind == NODE_STAR)
			fail(c, item, "a typed column before * is not supported in %s kind=relaxed", node->text);
		else if (item->kind == NODE_NAME)
		{
			Part	   *part = arena_alloc(c->arena, sizeof(Part));

			part->node = item;
			part->group = group++;
			vector_add(c->arena, parts, part);
			buffer_text(&pattern, column_pattern(item, kind, i + 1 == count));
		}
	}
	if (kind != PARSE_REGEX && ((Node *) node->args.items[count - 1])->kind != NODE_STAR)
		buffer_text(&pattern, "\\z");
	if (pattern.is_full)
		fail(c, node, "the pattern of %s is too long", node->text);
	return pattern.data != NULL ? pattern.data : "";
}

/*
 * Are all typed columns converted?  NULL if there are none.
 */
static Sql *
all_converted(Compiler *c, const Vector *parts)
{
	Vector		conditions = {0};

	for (int i = 0; i < parts->count; i++)
	{
		const Part *part = parts->items[i];

		if (part->node->type != KQL_STRING)
			vector_add(c->arena, &conditions, sql_format(c->arena, "$1 IS NOT NULL", part->expr->sql));
	}
	return conditions.count > 0 ? sql_join(c->arena, &conditions, " AND ") : NULL;
}

/*
 * The kind of parse, by its parameter.
 */
static ParseKind
parse_kind(Compiler *c, const Node *node)
{
	const char *name = parameter_of(node, "kind");

	if (name == NULL || strcmp(name, "simple") == 0)
		return PARSE_SIMPLE;
	if (strcmp(name, "relaxed") == 0)
		return PARSE_RELAXED;
	if (strcmp(name, "regex") != 0)
		fail(c, node, "%s kind=%s is not supported", node->text, name);
	return PARSE_REGEX;
}

/*
 * parse TEXT with PATTERN
 */
Table *
op_parse(Compiler *c, Table *table, const Node *node)
{
	Scope		scope = {table, NULL, NULL};
	ParseKind	kind = parse_kind(c, node);
	Vector		parts = {0};
	const char *alias = new_alias(c, "p");
	Expr	   *text;
	Expr	   *pattern;
	Sql		   *condition = NULL;
	Sql		   *matched;

	close_for(c, table, node->left);
	if (table->from == NULL)
		close_table(c, table);
	text = bind(c, &scope, node->left);
	pattern = string_expr(c, build_pattern(c, node, kind, &parts));
	if (!check_regex(c, node, pattern) || is_failed(text))
		table->is_unknown = true;
	else
		table->from = sql_format(c->arena, "$1\n  CROSS JOIN LATERAL (SELECT #regex_groups($2, $3) AS g OFFSET 0) AS $4", table->from,
								 pattern->sql, value_of(c, to_string(c, text)), sql_text(c->arena, alias));
	for (int i = 0; i < parts.count; i++)
	{
		Part	   *part = parts.items[i];
		Expr	   *group = expr_new(c, KQL_STRING, sql_text(c->arena, arena_printf(c->arena, "%s.g[%d]", alias, part->group)), true);

		part->expr = convert(c, part->node, group, part->node->type);
	}
	if (kind == PARSE_SIMPLE)
		condition = all_converted(c, &parts);
	matched = sql_format(c->arena, "$1.g IS NOT NULL", sql_text(c->arena, alias));
	if (strcmp(node->text, "parse-where") == 0)
		vector_add(c->arena, &table->where, condition != NULL ? sql_format(c->arena, "($1 AND $2)", matched, condition) : matched);
	for (int i = 0; i < parts.count; i++)
	{
		Part	   *part = parts.items[i];
		Expr	   *expr = part->expr;

		if (condition != NULL)
			expr = expr_new(c, expr->type, sql_format(c->arena, "CASE WHEN $1 THEN $2 END", condition, expr->sql), true);
		check_name(c, part->node->start, part->node->text);
		set_column(c, table, part->node->text, expr);
	}
	return table;
}
