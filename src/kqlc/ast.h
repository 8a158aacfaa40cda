/*-------------------------------------------------------------------------
 *
 * ast.h
 *	  What the parser makes of a query.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_AST_H
#define KQLC_AST_H

#include <stdint.h>

#include "lexer.h"
#include "../kql/kql.h"

typedef enum NodeKind
{
	NODE_BROKEN,				/* what has a syntax error */
	NODE_NAME,					/* text; is_wildcard if it has a * in it */
	NODE_LITERAL,				/* type, is_null, integer, real, text */
	NODE_MEMBER,				/* left . text */
	NODE_INDEX,					/* left [ right ] */
	NODE_CALL,					/* text ( args ) */
	NODE_BINARY,				/* left text right */
	NODE_UNARY,					/* text left */
	NODE_BETWEEN,				/* left between (args[0] .. args[1]) */
	NODE_IN,					/* left text (args) */
	NODE_STAR,					/* * */
	NODE_NAMED,					/* names = right, type is of to typeof() */
	NODE_ORDERED,				/* left, is_descending, nulls */
	NODE_PIPE,					/* left | args; without left inside mv-apply */
	NODE_OPERATOR,				/* text is its name, the rest depends on it */
	NODE_PARAMETER,				/* text = right */
	NODE_DECLARATION,			/* text : type, or a table of names */
	NODE_LAMBDA,				/* (names) { args; left } */
	NODE_LET,					/* let text = left */
	NODE_PARAMETERS				/* declare query_parameters (names) */
} NodeKind;

typedef enum NullsOrder
{
	NULLS_DEFAULT,
	NULLS_ARE_FIRST,
	NULLS_ARE_LAST
} NullsOrder;

typedef struct Node
{
	NodeKind	kind;
	int			start;			/* offsets in the query */
	int			end;
	int			depth;			/* of the tree below */
	const char *text;
	size_t		length;			/* of text */
	KqlType		type;
	bool		is_null;		/* a null literal */
	bool		is_negated;
	bool		is_wildcard;
	bool		is_table;		/* a parameter or column list that is a table */
	bool		is_view;
	bool		has_order;		/* asc or desc was written */
	bool		is_descending;
	bool		is_quoted;		/* a name in brackets or quotes */
	NullsOrder	nulls;
	int64_t		integer;		/* value; ticks of times and timespans */
	double		real;
	struct Node *left;
	struct Node *right;
	struct Node *limit;
	Vector		args;
	Vector		names;
	Vector		by;
	Vector		parameters;
} Node;

/* The most that may be nested, which bounds the stack */
#define MAX_DEPTH	250

typedef struct Parser
{
	Arena	   *arena;
	Errors	   *errors;
	const char *query;
	const Token *tokens;
	const int  *levels;			/* how many brackets are open at each token */
	int			at;
	int			depth;
	bool		is_broken;		/* a syntax error is not yet passed over */
} Parser;

/* the statements of a query: lets, and pipes */
extern void parse_query(Arena *arena, Errors *errors, const char *query,
						size_t length, Vector *statements);

/* for the parser's own files */
extern const Token *current_token(const Parser *parser);
extern const Token *next_token(const Parser *parser, int distance);
extern bool at_symbol(const Parser *parser, const char *symbol);
extern bool at_word(const Parser *parser, const char *word);
extern bool accept_symbol(Parser *parser, const char *symbol);
extern bool accept_word(Parser *parser, const char *word);
extern void expect_symbol(Parser *parser, const char *symbol);
extern void expect_word(Parser *parser, const char *word);
extern void syntax_error(Parser *parser, const char *expected);
extern bool is_word(const Token *token, const char *word);
extern bool is_symbol(const Token *token, const char *symbol);
extern Node *new_node(Parser *parser, NodeKind kind);
extern Node *finish_node(Parser *parser, Node *node);
extern void add_child(Parser *parser, Node *node, Vector *list, Node *child);
extern bool enter(Parser *parser);
extern void leave(Parser *parser);
extern void skip_operator(Parser *parser, int level);

extern int *count_levels(Arena *arena, const Token *tokens);
extern Node *parse_expression(Parser *parser);
extern Node *parse_additive(Parser *parser);
extern Node *parse_postfix(Parser *parser);
extern Node *parse_named(Parser *parser);
extern Node *parse_name(Parser *parser);
extern bool at_name(const Parser *parser);
extern void parse_list(Parser *parser, Node *node, Vector *list,
					   Node *(*parse) (Parser *parser));
extern void parse_arguments(Parser *parser, Node *node, Vector *list);
extern bool set_literal(Arena *arena, Node *node, KqlString s);
extern bool parse_json_text(Arena *arena, const char *json, Node *node);
extern Node *parse_literal(Parser *parser);
extern Node *parse_typed_literal(Parser *parser);
extern KqlType parse_type(Parser *parser);
extern Node *parse_declaration(Parser *parser);
extern void parse_declarations(Parser *parser, Node *node, Vector *list);
extern Node *parse_pipe(Parser *parser);
extern Node *parse_operators(Parser *parser, Node *source);
extern Node *parse_source_operator(Parser *parser);
extern Node *parse_parse(Parser *parser, Node *node);
extern Node *parse_make_series(Parser *parser, Node *node);
extern Node *parse_mv(Parser *parser, Node *node);
extern void parse_parameters(Parser *parser, Node *node);

#endif							/* KQLC_AST_H */
