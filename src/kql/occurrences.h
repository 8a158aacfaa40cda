/*-------------------------------------------------------------------------
 *
 * occurrences.h
 *	  All occurrences of a text in another, which may overlap.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef OCCURRENCES_H
#define OCCURRENCES_H

#include "kql/kql.h"

/* A search that goes on from one occurrence to the next */
typedef struct Occurrences
{
	KqlString	string;
	KqlString	sought;			/* not empty */
	int32_t    *border;			/* of each beginning of what is sought: how
								 * long an end of it is a beginning, too */
	size_t		read;			/* bytes of the string that were read */
	size_t		matched;		/* bytes of what is sought that end there */
} Occurrences;

extern void begin_search(Occurrences *search, KqlString string, KqlString sought);
extern const char *next_occurrence(Occurrences *search);
extern void end_search(Occurrences *search);

#endif							/* OCCURRENCES_H */
