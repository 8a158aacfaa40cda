/*-------------------------------------------------------------------------
 *
 * element_store.h
 *	  A growing array of encoded values that can find its elements.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef ELEMENT_STORE_H
#define ELEMENT_STORE_H

#include "dynamic.h"

struct lookup_hash;

/* Where an element's bytes are */
typedef struct Element
{
	uint32		offset;			/* in the store's bytes, int-aligned */
	uint32		length;
} Element;

typedef struct ElementStore
{
	MemoryContext context;		/* of all that the store allocates */
	DynamicKind kind;			/* of all elements */
	int			count;			/* elements there are */
	int			allocated;		/* elements there is room for */
	Element    *elements;
	char	   *bytes;			/* the elements' bytes, one after the other */
	Size		bytes_used;
	Size		bytes_allocated;
	struct lookup_hash *lookup; /* finds elements; NULL while they are few */
	const char *wanted;			/* what the lookup is looking for */
	int			wanted_length;
} ElementStore;

extern void element_store_init(ElementStore *store, DynamicKind kind,
							   MemoryContext context);
extern bool element_store_is_full(const ElementStore *store, int limit,
								  int length);
extern int	element_store_append(ElementStore *store, const char *data,
								 int length);
extern int	element_store_add(ElementStore *store, const char *data,
							  int length, bool *found);
extern int	element_store_find(ElementStore *store, const char *data,
							   int length);
extern int *element_store_order(const ElementStore *store);
extern void element_store_reorder(ElementStore *store, const int *order,
								  int count);
extern void element_store_send(const ElementStore *store, StringInfo message);
extern void element_store_receive(ElementStore *store, StringInfo message,
								  MemoryContext context);

/*
 * The bytes of an element.
 */
static inline const char *
element_data(const ElementStore *store, int index)
{
	return store->bytes + store->elements[index].offset;
}

#endif							/* ELEMENT_STORE_H */
