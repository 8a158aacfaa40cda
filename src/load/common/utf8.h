/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Texts that PostgreSQL takes as UTF-8.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_UTF8_H
#define LOAD_UTF8_H

#include <stdbool.h>
#include <stddef.h>

extern bool is_utf8(const char *text, size_t length);

#endif							/* LOAD_UTF8_H */
