/*-------------------------------------------------------------------------
 *
 * element.h
 *	  One JSON value in memory, whose numbers keep their digits.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_ELEMENT_H
#define LOAD_ELEMENT_H

#include <jansson.h>

#include "buffer.h"

/* A number as it stands in the text. */
typedef struct Number
{
	const char *text;
	size_t		length;
	size_t		replaced_at;	/* where its index stands for it, see below */
	bool		too_large;		/* for PostgreSQL's numeric */
} Number;

/*
 * A parsed JSON value.
 *
 * jansson would turn numbers into double precision or 64-bit integers.  So it
 * is given a text in which the first number is 0, the second 1, and so on; an
 * integer in the tree is the index of a number here.
 */
typedef struct Element
{
	json_t	   *root;			/* NULL before element_parse() */
	Number	   *numbers;
	size_t		nnumbers;
	size_t		size;			/* of numbers */
	Buffer text;				/* what jansson was given */
} Element;

extern bool element_parse(Element *element, const char *text, size_t length,
						  char **error, size_t *error_at);
extern void element_free(Element *element);
extern const Number *element_number(const Element *element, const json_t *node);
extern bool element_dump(const Element *element, const json_t *node, Buffer *out);
extern void dump_json_string(Buffer *out, const char *text, size_t length);
extern bool is_utf8(const char *text, size_t length);

#endif							/* LOAD_ELEMENT_H */
