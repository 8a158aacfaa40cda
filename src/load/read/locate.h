/*-------------------------------------------------------------------------
 *
 * locate.h
 *	  Where in the text of a record a value stands.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_LOCATE_H
#define LOAD_LOCATE_H

#include "read/record.h"

/* objects within objects whose members are fields, at most */
#define FIELD_LEVELS	3

/* Where a field stands in its record. */
typedef struct FieldPath
{
	int			levels;			/* zero for the record as a whole */
	size_t		before[FIELD_LEVELS];	/* how many members are before it, or
										 * before the object around it */
} FieldPath;

extern size_t locate_field(const Record *record, const FieldPath *path);

#endif							/* LOAD_LOCATE_H */
