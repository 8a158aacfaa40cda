/*-------------------------------------------------------------------------
 *
 * parse_literal.c
 *	  Literals, plain, typed and dynamic.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ast.h"
#include "../kql/values.h"

static Node *parse_dynamic_literal(Parser *parser);

/*
 * The value of a text of this type, in a literal; false if it has none.
 */
bool
set_literal(Arena *arena, Node *node, KqlString s)
{
	char		guid[40];
	bool		truth;
	KqlString	digits;

	switch (node->type)
	{
		case KQL_BOOL:
			if (!kql_parse_bool(s, &truth))
				return false;
			node->integer = truth;
			return true;
		case KQL_INT:
			return kql_parse_long(s, &node->integer) &&
				node->integer >= INT32_MIN && node->integer <= INT32_MAX;
		case KQL_LONG:
			return kql_parse_long(s, &node->integer);
		case KQL_REAL:
			return kql_parse_real(s, &node->real);
		case KQL_DECIMAL:
			if (!kql_parse_decimal(s, &digits))
				return false;
			node->text = arena_strndup(arena, digits.data, digits.length);
			return true;
		case KQL_GUID:
			if (!kql_parse_guid(s, guid))
				return false;
			node->text = arena_strdup(arena, guid);
			return true;
		case KQL_DATETIME:
			return kql_parse_datetime(s, &node->integer);
		case KQL_TIMESPAN:
			return kql_parse_timespan(s, &node->integer);
		default:
			return false;
	}
}

/*
 * The type of a number or timespan.
 */
static KqlType
number_type(const Token *token)
{
	if (token->kind == TOKEN_TIMESPAN)
		return KQL_TIMESPAN;
	if (token->length > 1 && (token->text[1] == 'x' || token->text[1] == 'X'))
		return KQL_LONG;
	return memchr(token->text, '.', token->length) != NULL ||
		memchr(token->text, 'e', token->length) != NULL ||
		memchr(token->text, 'E', token->length) != NULL ? KQL_REAL : KQL_LONG;
}

/*
 * A number, timespan or string.
 */
Node *
parse_literal(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_LITERAL);
	const Token *token = current_token(parser);
	KqlString	s = kql_string(token->text, token->length);

	if (token->kind == TOKEN_STRING)
	{
		Buffer		joined = {parser->arena, NULL, 0, 0, (size_t) 1 << 30, false};

		node->type = KQL_STRING;
		/* strings side by side are one */
		for (; current_token(parser)->kind == TOKEN_STRING; parser->at++)
			buffer_add(&joined, current_token(parser)->text, current_token(parser)->length);
		node->text = joined.data != NULL ? joined.data : "";
		node->length = joined.length;
		return finish_node(parser, node);
	}
	node->type = number_type(token);
	if (!set_literal(parser->arena, node, s))
		add_error(parser->errors, token->start, "%s literal %.*s is out of range",
				  kql_type_name(node->type), (int) token->length, token->text);
	parser->at++;
	return finish_node(parser, node);
}

/*
 * true or false
 */
static Node *
parse_truth(Parser *parser, const char *word, bool value)
{
	Node	   *node = new_node(parser, NODE_LITERAL);

	if (!accept_word(parser, word))
		return NULL;
	node->type = KQL_BOOL;
	node->integer = value;
	return finish_node(parser, node);
}

/*
 * What is between the parentheses of a typed literal.
 */
static KqlString
literal_text(Parser *parser)
{
	int			level = parser->levels[parser->at];
	int			start = current_token(parser)->end;
	int			end;
	const Token *content = next_token(parser, 1);

	if (content->kind == TOKEN_STRING && is_symbol(next_token(parser, 2), ")"))
	{
		parser->at += 3;
		return kql_string(content->text, content->length);
	}
	do
		parser->at++;
	while (current_token(parser)->kind != TOKEN_END &&
		   parser->levels[parser->at] > level);
	end = current_token(parser)->start;
	expect_symbol(parser, ")");
	while (start < end && strchr(" \t\r\n", parser->query[start]) != NULL)
		start++;
	while (start < end && strchr(" \t\r\n", parser->query[end - 1]) != NULL)
		end--;
	return kql_string(parser->query + start, (size_t) (end - start));
}

/*
 * A typed literal such as datetime(2026-01-01), or NULL if there is none.
 */
Node *
parse_typed_literal(Parser *parser)
{
	static const char *const words[] = {
		"bool", "boolean", "int", "int32", "long", "int64", "real", "double",
		"decimal", "guid", "uuid", "datetime", "date", "timespan", "time", NULL
	};
	const Token *token = current_token(parser);
	Node	   *node = parse_truth(parser, "true", true);
	KqlString	s;
	int			i = 0;

	if (node == NULL)
		node = parse_truth(parser, "false", false);
	if (node != NULL || parser->is_broken || token->kind != TOKEN_NAME ||
		!is_symbol(next_token(parser, 1), "("))
		return node;
	if (is_word(token, "dynamic"))
		return parse_dynamic_literal(parser);
	while (words[i] != NULL && !is_word(token, words[i]))
		i++;
	if (words[i] == NULL)
		return NULL;

	node = new_node(parser, NODE_LITERAL);
	node->type = kql_type_of_name(token->text);
	parser->at++;
	s = literal_text(parser);
	if (s.length == 0 || (s.length == 4 && memcmp(s.data, "null", 4) == 0))
		node->is_null = true;
	else if (parser->is_broken)
		node->is_null = true;
	else if (!set_literal(parser->arena, node, s))
	{
		add_error(parser->errors, node->start, "\"%.*s\" is no %s",
				  (int) s.length, s.data, kql_type_name(node->type));
		/* it has no value, and the error is known */
		node->is_null = true;
	}
	return finish_node(parser, node);
}

/*
 * Write a string as JSON.
 */
static void
json_string(Buffer *out, const char *text, size_t length)
{
	buffer_text(out, "\"");
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];
		char		escape[8];

		if (c == '"' || c == '\\')
		{
			escape[0] = '\\';
			escape[1] = (char) c;
			buffer_add(out, escape, 2);
		}
		else if (c < 0x20)
		{
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			buffer_text(out, escape);
		}
		else
			buffer_add(out, text + i, 1);
	}
	buffer_text(out, "\"");
}

/*
 * Write a literal inside of a dynamic one.
 */
static void
json_of_literal(Buffer *out, const Node *node)
{
	char		text[KQL_VALUE_SIZE];
	int			length;

	if (node->kind != NODE_LITERAL)
		return;
	if (node->is_null)
		buffer_text(out, "null");
	else if (node->type == KQL_STRING || node->type == KQL_GUID)
		json_string(out, node->text, node->type == KQL_STRING ? node->length : strlen(node->text));
	else if (node->type == KQL_BOOL)
		buffer_text(out, node->integer ? "true" : "false");
	else if (node->type == KQL_DATETIME || node->type == KQL_TIMESPAN)
	{
		length = node->type == KQL_DATETIME ?
			kql_print_datetime(node->integer, text) :
			kql_print_timespan(node->integer, text);
		json_string(out, text, (size_t) length);
	}
	else if (node->type == KQL_REAL)
	{
		length = kql_print_real(node->real, text);
		if (strpbrk(text, "nN") != NULL)
			json_string(out, text, (size_t) length);
		else
			buffer_add(out, text, (size_t) length);
	}
	else if (node->type == KQL_DECIMAL)
		buffer_text(out, node->text);
	else
	{
		snprintf(text, sizeof(text), "%lld", (long long) node->integer);
		buffer_text(out, text);
	}
}

/*
 * Read a number or timespan behind its sign, and write it.
 */
static void
json_number(Parser *parser, Buffer *out, const char *sign)
{
	const Token *token = current_token(parser);
	Node	   *node = new_node(parser, NODE_LITERAL);
	const char *text;
	KqlString	s;

	if (token->kind != TOKEN_NUMBER && token->kind != TOKEN_TIMESPAN)
	{
		syntax_error(parser, "a number");
		return;
	}
	text = arena_printf(parser->arena, "%s%.*s", sign, (int) token->length, token->text);
	s = kql_string(text, strlen(text));
	node->type = number_type(token);
	if (!set_literal(parser->arena, node, s))
	{
		/* JSON has whole numbers beyond those of long */
		node->type = KQL_REAL;
		if (!set_literal(parser->arena, node, s))
			add_error(parser->errors, token->start, "\"%s\" is no JSON", text);
	}
	json_of_literal(out, node);
	parser->at++;
}

static void parse_json(Parser *parser, Buffer *out);

/*
 * The elements of an array, or the members of an object.
 */
static void
parse_json_members(Parser *parser, Buffer *out, const char *close)
{
	bool		is_object = close[0] == '}';

	buffer_text(out, is_object ? "{" : "[");
	parser->at++;
	while (!parser->is_broken && !at_symbol(parser, close))
	{
		if (is_object)
		{
			const Token *token = current_token(parser);

			if (token->kind != TOKEN_STRING && token->kind != TOKEN_NAME)
				syntax_error(parser, "a key in quotes");
			json_string(out, token->text, token->length);
			parser->at++;
			expect_symbol(parser, ":");
			buffer_text(out, ":");
		}
		parse_json(parser, out);
		if (!at_symbol(parser, close))
		{
			expect_symbol(parser, ",");
			buffer_text(out, ",");
			if (at_symbol(parser, close))
				syntax_error(parser, "a value");
		}
	}
	expect_symbol(parser, close);
	buffer_text(out, is_object ? "}" : "]");
}

/*
 * A JSON value, in which Kusto's own literals may be.
 */
static void
parse_json(Parser *parser, Buffer *out)
{
	const Token *token = current_token(parser);

	if (!enter(parser))
		return;
	if (at_symbol(parser, "["))
		parse_json_members(parser, out, "]");
	else if (at_symbol(parser, "{"))
		parse_json_members(parser, out, "}");
	else if (accept_word(parser, "null"))
		buffer_text(out, "null");
	else if (at_symbol(parser, "-") || at_symbol(parser, "+"))
	{
		const char *sign = at_symbol(parser, "-") ? "-" : "";

		parser->at++;
		json_number(parser, out, sign);
	}
	else if (token->kind == TOKEN_STRING)
	{
		json_string(out, token->text, token->length);
		parser->at++;
	}
	else if (token->kind == TOKEN_NUMBER || token->kind == TOKEN_TIMESPAN)
		json_number(parser, out, "");
	else
	{
		Node	   *node = parse_typed_literal(parser);

		if (node == NULL)
			syntax_error(parser, "a JSON value");
		else if (node->type == KQL_DYNAMIC && !node->is_null)
			buffer_text(out, node->text);
		else
			json_of_literal(out, node);
	}
	leave(parser);
}

/*
 * dynamic(JSON)
 */
static Node *
parse_dynamic_literal(Parser *parser)
{
	Node	   *node = new_node(parser, NODE_LITERAL);
	Buffer		json = {parser->arena, NULL, 0, 0, (size_t) 1 << 30, false};

	node->type = KQL_DYNAMIC;
	parser->at++;
	expect_symbol(parser, "(");
	parse_json(parser, &json);
	expect_symbol(parser, ")");
	node->text = json.data != NULL ? json.data : "null";
	node->is_null = strcmp(node->text, "null") == 0;
	return finish_node(parser, node);
}

/*
 * The value of a dynamic literal whose text is not in the query; false if it is
 * no JSON.
 */
bool
parse_json_text(Arena *arena, const char *json, Node *node)
{
	Errors		errors = {arena, json, NULL, 0};
	Parser		parser = {0};
	Buffer		text = {arena, NULL, 0, 0, (size_t) 1 << 30, false};

	parser.arena = arena;
	parser.errors = &errors;
	parser.query = json;
	parser.tokens = lex(arena, &errors, json, strlen(json));
	parser.levels = count_levels(arena, parser.tokens);
	parse_json(&parser, &text);
	if (errors.first != NULL || parser.is_broken || current_token(&parser)->kind != TOKEN_END)
		return false;
	node->text = text.data != NULL ? text.data : "null";
	node->is_null = strcmp(node->text, "null") == 0;
	return true;
}
