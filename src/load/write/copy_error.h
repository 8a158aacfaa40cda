/*-------------------------------------------------------------------------
 *
 * copy_error.h
 *	  The line of a COPY that the context of an error names.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_COPY_ERROR_H
#define LOAD_COPY_ERROR_H

extern int	copy_error_line(const char *context, const char *relation, int nlines);

#endif							/* LOAD_COPY_ERROR_H */
