/*-------------------------------------------------------------------------
 *
 * unwrap.h
 *	  Objects of raw records that were written as strings.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_UNWRAP_H
#define LOAD_UNWRAP_H

#include "read/record.h"

/* Work space for one record after the other. */
typedef struct Unwrapper
{
	Record		record;			/* without strings for objects */
	JsonText	json;
	Buffer		text;
} Unwrapper;

extern const Record *unwrap_record(Unwrapper *unwrapper, const Record *record);
extern void unwrapper_free(Unwrapper *unwrapper);

#endif							/* LOAD_UNWRAP_H */
