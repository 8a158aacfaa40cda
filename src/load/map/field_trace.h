/*-------------------------------------------------------------------------
 *
 * field_trace.h
 *	  What wants to know which field of a record has filled a column.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_FIELD_TRACE_H
#define LOAD_FIELD_TRACE_H

typedef struct Leftover Leftover;
typedef struct FieldTrace FieldTrace;

struct FieldTrace
{
	void		(*filled) (FieldTrace *trace, int column, const Leftover *field);
	void		(*derived) (FieldTrace *trace, int column, const char *field, const char *member);
};

#endif							/* LOAD_FIELD_TRACE_H */
