/*-------------------------------------------------------------------------
 *
 * json_scan.h
 *	  Where JSON values in a window end, found by their brackets and quotes alone.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_JSON_SCAN_H
#define LOAD_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "read/buffered_input.h"

typedef enum ScanResult
{
	SCAN_OK,
	SCAN_BROKEN,				/* the value cannot end well */
	SCAN_END					/* the file ends first */
} ScanResult;

typedef enum Members
{
	MEMBERS_ALL,				/* the whole object was scanned */
	MEMBERS_RECORDS,			/* next is the array of an envelope */
	MEMBERS_TABLES,				/* next is the array of a query's answer */
	MEMBERS_BROKEN
} Members;

/* A part of what is in the window. */
typedef struct Span
{
	size_t		start;
	size_t		length;
} Span;

/* What an envelope says beside its records. */
typedef struct Remarks
{
	Span		error;			/* of a query's answer */
	bool		goes_on;		/* the list has another page */
} Remarks;

extern int	skip_space(Input *input, size_t *index);
extern ScanResult scan_container(Input *input, size_t *index, bool lines);
extern ScanResult scan_value(Input *input, size_t *index, bool lines);
extern ScanResult scan_name(Input *input, size_t *index, bool lines, Span *name);
extern Members scan_members(Input *input, size_t *index, bool lines, Remarks *remarks);
extern bool names_next_page(Input *input, Span name, size_t value);
extern bool name_is(const Input *input, Span name, const char *spelling);

#endif							/* LOAD_JSON_SCAN_H */
