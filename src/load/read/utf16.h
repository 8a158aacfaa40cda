/*-------------------------------------------------------------------------
 *
 * utf16.h
 *	  Text in UTF-16, as Windows PowerShell and spreadsheets write it, as UTF-8.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_UTF16_H
#define LOAD_UTF16_H

#include <stdbool.h>
#include <stddef.h>

#define UTF16_UNITS	2048

/* Text between its bytes in UTF-16 and those in UTF-8. */
typedef struct Utf16
{
	bool		big_endian;
	unsigned char bytes[2 * UTF16_UNITS];	/* not yet decoded */
	size_t		nbytes;
	char		text[3 * UTF16_UNITS + 8];	/* decoded */
	size_t		start;
	size_t		end;
} Utf16;

extern bool is_utf16(const unsigned char *bytes, size_t length);
extern Utf16 *utf16_start(const unsigned char *bytes, size_t length);
extern void utf16_decode(Utf16 *utf16, bool at_end);
extern size_t utf16_take(Utf16 *utf16, char *data, size_t size);

#endif							/* LOAD_UTF16_H */
