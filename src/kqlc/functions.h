/*-------------------------------------------------------------------------
 *
 * functions.h
 *	  The table of scalar functions.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_FUNCTIONS_H
#define KQLC_FUNCTIONS_H

#include "bind.h"

/* What of NULL */
typedef enum NullRule
{
	STRICT,						/* NULL if an argument is, and only then */
	NEVER,						/* never NULL */
	MAYBE						/* perhaps NULL even if no argument is */
} NullRule;

/* A call of a function that has code of its own */
typedef Expr *(*FunctionBinder) (Compiler *c, const Node *node, Expr **arguments, int count);

/*
 * A function.
 *
 * "arguments" has a letter for each: s string, S anything as string, b bool,
 * i whole number, n number, r real, t datetime, p timespan, y dynamic,
 * Y anything as dynamic, g guid, a anything; * repeats the last, ? makes those
 * that follow optional.  "template" is SQL, or "binder" makes it.
 */
typedef struct Function
{
	const char *name;
	const char *arguments;
	KqlType		result;			/* KQL_NONE: that of the first argument */
	const char *template;
	FunctionBinder binder;
	NullRule	nulls;
	const char *description;
} Function;

extern const Function *const function_tables[];
extern const Function string_functions[];
extern const Function number_functions[];
extern const Function time_functions[];
extern const Function dynamic_functions[];
extern const Function other_functions[];

extern Expr *bind_strcat(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_case(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_coalesce(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_extreme(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_isnull(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_isempty(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_conversion(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_bin(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_bin_at(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_ago(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_now(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_bag_pack(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_datetime_diff(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_datetime_part(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_datetime_add(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_extract(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_gettype(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_abs(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_array_list(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_strcat_delim(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_tohex(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_parse_json(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_range_function(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_split(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_with_keys(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_regex_search(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_regex(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_has_any_ipv4(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_codepoints(Compiler *c, const Node *node, Expr **arguments, int count);
extern Expr *bind_extract_json(Compiler *c, const Node *node, Expr **arguments, int count);
extern bool check_regex(Compiler *c, const Node *node, const Expr *pattern);

#endif							/* KQLC_FUNCTIONS_H */
