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

#include "utils/array.h"

#include "dynamic.h"

struct lookup_hash;
struct pool_hash;

/* A value that the groups of one hash table share */
typedef struct PooledValue
{
	uint32		hash;
	uint32		length;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} PooledValue;

typedef struct ValuePool
{
	struct pool_hash *lookup;	/* finds values */
	MemoryContext context;		/* of the pool, its values and the groups */
	MemoryContextCallback reset;	/* of the context, which ends the pool */
} ValuePool;

/* An element of a store without pool */
typedef struct StoredElement
{
	uint32		hash;			/* 0 in a store that is not searched */
	uint32		length;
	uint32		distance;		/* of its bytes from the end of the store */
} StoredElement;

/*
 * The state of a group: one chunk of memory with the elements at its start
 * and their bytes at its end, as line pointers and tuples are in a page.  The
 * chunk moves when it grows.
 *
 * With many groups, each row finds its group outside the processor's cache.
 * It finds one place sooner than several, and small groups sooner than large
 * ones, so groups of a hash table have their values in a pool while they are
 * small, and only pointers here.
 */
typedef struct ElementStore
{
	uint32		size;			/* of the chunk */
	uint32		bytes_used;		/* at its end */
	int			count;			/* of elements */
	DynamicKind kind;			/* of all elements */
	int			limit;			/* elements that the result may have */
	bool		distinct;		/* a set, not a list */
	bool		ordered;		/* keep the order of arrival */
	bool		pruned;			/* the first "limit" elements are sorted, and
								 * greater ones were dropped */
	ValuePool  *pool;			/* NULL if the bytes are here */
	struct lookup_hash *lookup; /* finds elements; NULL while they are few */
	StoredElement elements[FLEXIBLE_ARRAY_MEMBER];	/* or PooledValue * */
} ElementStore;

extern void value_pool_create(ValuePool **pool, MemoryContext context);
extern ElementStore *element_store_create(DynamicKind kind, int limit,
										  MemoryContext context,
										  ValuePool *pool);
extern void element_store_free(ElementStore *store);
extern bool element_store_is_full(const ElementStore *store, int length);
extern bool element_store_is_past_limit(const ElementStore *store,
										const char *data, int length);
extern void element_store_append(ElementStore **store, const char *data,
								 int length);
extern int	element_store_add(ElementStore **store, const char *data,
							  int length, bool *found);
extern int	element_store_find(ElementStore *store, const char *data,
							   int length);
extern int *element_store_order(const ElementStore *store);
extern ArrayType *element_store_texts(const ElementStore *store);
extern void element_store_prune(ElementStore **store, const int *order);
extern void element_store_send(const ElementStore *store, StringInfo message);
extern ElementStore *element_store_receive(StringInfo message);

/*
 * The elements of a store with a pool.
 */
static inline PooledValue **
pooled_values(const ElementStore *store)
{
	return (PooledValue **) unconstify(ElementStore *, store)->elements;
}

/*
 * The bytes of an element, int-aligned.
 */
static inline const char *
element_data(const ElementStore *store, int index)
{
	if (store->pool != NULL)
		return pooled_values(store)[index]->data;
	return (const char *) store + store->size -
		store->elements[index].distance;
}

/*
 * The length of an element.
 */
static inline int
element_length(const ElementStore *store, int index)
{
	return store->pool != NULL ? pooled_values(store)[index]->length :
		store->elements[index].length;
}

/*
 * Is this string the element with this index, which need not be there?
 */
static inline bool
element_store_is_at(const ElementStore *store, int index,
					const char *data, int length)
{
	return index < store->count &&
		element_length(store, index) == length &&
		memcmp(element_data(store, index), data, length) == 0;
}

#endif							/* ELEMENT_STORE_H */
