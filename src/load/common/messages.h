/*-------------------------------------------------------------------------
 *
 * messages.h
 *	  Messages on standard error.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_MESSAGES_H
#define LOAD_MESSAGES_H

#include "common/buffer.h"

#define PROGRAM	"azhunt-load"

/* What is counted, as it is called if it is one or any other number */
#define counted(number, one, many)	((number) == 1 ? (one) : (many))

extern void share_progress_width(size_t *width);
extern void clear_progress_line(void);
extern void set_progress_line(const char *text);
extern void append_for_terminal(Buffer *line, const char *text, size_t length);
extern void message(const char *format,...) printf_like(1, 2);
extern void report_error(const char *format,...) printf_like(1, 2);
extern void report_warning(const char *format,...) printf_like(1, 2);

#endif							/* LOAD_MESSAGES_H */
