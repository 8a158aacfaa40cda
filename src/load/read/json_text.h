/*-------------------------------------------------------------------------
 *
 * json_text.h
 *	  One JSON value in memory, whose numbers keep their digits.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_JSON_TEXT_H
#define LOAD_JSON_TEXT_H

#include <jansson.h>

#include "common/buffer.h"

typedef enum TokenKind
{
	TOKEN_NUMBER,
	TOKEN_STRING
} TokenKind;

/* A number or a string. */
typedef struct Token
{
	TokenKind	kind;
	const char *text;			/* a number's digits, a string's characters */
	size_t		length;
	const char *raw;			/* as it stands in the JSON */
	size_t		raw_length;
	size_t		replaced_at;	/* where its index stands for it, see below */
	bool		too_large;		/* for PostgreSQL's numeric */
} Token;

/*
 * A parsed JSON value.
 *
 * jansson would turn numbers into double precision or 64-bit integers, and copy
 * each string.  So it is given a text in which an index stands for each value
 * that is a number or a string: {"a": "x", "b": 1.50} becomes {"a": 0, "b": 1}.
 * An integer in its tree is the index of a token here; there are no strings and
 * no other numbers in the tree.
 */
typedef struct JsonText
{
	json_t	   *root;			/* NULL before json_text_parse() */
	Token	   *tokens;
	size_t		ntokens;
	size_t		size;			/* of tokens */
	size_t		nnames;			/* names of members in the text */
	Buffer		text;			/* what jansson was given */
	Arena		strings;		/* of those that had escapes */
} JsonText;

extern bool json_text_parse(JsonText *json, const char *text, size_t length,
							char **error, size_t *error_at);
extern void json_text_free(JsonText *json);
extern const Token *json_text_token(const JsonText *json, const json_t *node);
extern bool json_text_dump(const JsonText *json, const json_t *node, Buffer *out);
extern void dump_json_string(Buffer *out, const char *text, size_t length);

#endif							/* LOAD_JSON_TEXT_H */
