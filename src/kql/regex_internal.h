/*-------------------------------------------------------------------------
 *
 * regex_internal.h
 *	  The tree and the program that a regular expression becomes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQL_REGEX_INTERNAL_H
#define KQL_REGEX_INTERNAL_H

#include "regex.h"

/* Patterns that need more are refused */
#define MOST_INSTRUCTIONS	20000
#define MOST_GROUPS			100
#define DEEPEST_GROUP		100
#define MOST_REPEATS		1000

typedef enum RegexOp
{
	RE_CLASS,					/* a character of a class */
	RE_SPLIT,					/* go on at x, or else at y */
	RE_JUMP,					/* go on at x */
	RE_SAVE,					/* note where we are, under number x */
	RE_ASSERT,					/* what x says is so here */
	RE_MATCH
} RegexOp;

typedef enum RegexAssert
{
	RE_TEXT_START,
	RE_TEXT_END,
	RE_LINE_START,
	RE_LINE_END,
	RE_WORD_BORDER,
	RE_NO_WORD_BORDER
} RegexAssert;

/* Code points from one to another */
typedef struct RegexRange
{
	uint32_t	first;
	uint32_t	last;
} RegexRange;

/* Classes that are no ranges */
#define RE_WORD			1
#define RE_NOT_WORD		2
#define RE_SPACE		4
#define RE_NOT_SPACE	8

typedef struct RegexClass
{
	RegexRange *ranges;
	int			count;
	int			room;
	int			sets;			/* RE_WORD and so on */
	bool		is_negated;
	bool		folds;
	bool		is_closed;		/* the ranges are in order */
} RegexClass;

typedef struct RegexInstruction
{
	RegexOp		op;
	int			x;
	int			y;
	const RegexClass *class;
} RegexInstruction;

struct KqlRegex
{
	RegexInstruction *program;
	int			length;
	int			groups;			/* without that of the whole match */
};

/* What a pattern has in it */
typedef enum RegexNodeKind
{
	NODE_EMPTY,
	NODE_CLASS,
	NODE_ASSERT,
	NODE_GROUP,
	NODE_SEQUENCE,				/* left, then right */
	NODE_CHOICE,				/* left, or else right */
	NODE_REPEAT
} RegexNodeKind;

typedef struct RegexNode
{
	RegexNodeKind kind;
	int			number;			/* of a group, or an assertion */
	int			least;
	int			most;			/* -1 for any number */
	bool		is_lazy;
	RegexClass *class;
	struct RegexNode *left;
	struct RegexNode *right;
} RegexNode;

typedef struct RegexCompiler
{
	KqlAllocate allocate;
	void	   *context;
	const char *at;
	const char *end;
	const char *error;
	bool		folds;			/* (?i) */
	bool		dot_is_all;		/* (?s) */
	bool		lines;			/* (?m) */
	bool		swaps;			/* (?U): lazy is the rule */
	int			depth;
	int			groups;
	KqlRegex   *regex;
} RegexCompiler;

/* regex_class.c */
extern void kql_regex_add_range(RegexCompiler *c, RegexClass *class, uint32_t first, uint32_t last);
extern void kql_regex_close_class(RegexCompiler *c, RegexClass *class);

/* regex_parse.c */
extern void kql_regex_fail(RegexCompiler *c, const char *error);
extern RegexNode *kql_regex_parse(RegexCompiler *c);

#endif							/* KQL_REGEX_INTERNAL_H */
