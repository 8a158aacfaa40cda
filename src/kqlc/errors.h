/*-------------------------------------------------------------------------
 *
 * errors.h
 *	  The errors of a query, all of them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef KQLC_ERRORS_H
#define KQLC_ERRORS_H

#include "kqlc.h"
#include "memory.h"

/* More errors than this are not kept */
#define MAX_ERRORS	100

typedef struct Errors
{
	Arena	   *arena;
	const char *query;
	KqlError   *first;
	int			count;
} Errors;

extern KqlError *add_error(Errors *errors, int offset, const char *format,...) KQL_PRINTF(3, 4);
extern void locate_errors(Errors *errors);
extern const char *nearest_name(const char *name, const Vector *candidates);

#endif							/* KQLC_ERRORS_H */
