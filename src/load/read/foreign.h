/*-------------------------------------------------------------------------
 *
 * foreign.h
 *	  What a file is that is no log, by its first bytes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_FOREIGN_H
#define LOAD_FOREIGN_H

#include <stddef.h>

extern char *describe_foreign(const char *text, size_t length);

#endif							/* LOAD_FOREIGN_H */
