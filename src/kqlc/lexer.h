/*-------------------------------------------------------------------------
 *
 * lexer.h
 *	  The tokens of a KQL query.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_LEXER_H
#define KQLC_LEXER_H

#include "errors.h"
#include "memory.h"

typedef enum TokenKind
{
	TOKEN_END,
	TOKEN_NAME,					/* text is the name */
	TOKEN_NUMBER,				/* digits, 0x..., or with a point or exponent */
	TOKEN_TIMESPAN,				/* a number and a unit, such as 1d */
	TOKEN_STRING,				/* text is what the string stands for */
	TOKEN_SYMBOL				/* text is the symbol */
} TokenKind;

typedef struct Token
{
	TokenKind	kind;
	int			start;			/* offsets in the query */
	int			end;
	const char *text;
	size_t		length;			/* of text, which may be in the query itself */
} Token;

extern int	find_broken_character(const char *query, size_t length);
extern Token *lex(Arena *arena, Errors *errors, const char *query, size_t length);

#endif							/* KQLC_LEXER_H */
