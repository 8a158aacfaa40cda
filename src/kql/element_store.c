/*-------------------------------------------------------------------------
 *
 * element_store.c
 *	  A growing array of encoded values that can find its elements.
 *
 * This is what the aggregates keep for a group.  Bytes of all elements stand
 * in one chunk, because a palloc for each would cost more than most elements,
 * and a hash table exists only where there are many, because most groups of
 * most queries are small.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"

#include "element_store.h"

/* Up to this many elements are searched one by one */
#define LINEAR_SEARCH_LIMIT		12

#define INITIAL_ELEMENTS		4
#define INITIAL_BYTES			128

/* No jsonb array or object can be larger than this */
#define BYTES_LIMIT				JENTRY_OFFLENMASK

/* An index that stands for what is being looked for */
#define WANTED					(-1)

typedef struct LookupEntry
{
	int			index;			/* of an element */
	uint32		hash;
	char		status;
} LookupEntry;

/*
 * Hash of what is being looked for, the only key that is hashed: entries
 * carry their hash.
 */
static inline uint32
wanted_hash(const ElementStore *store)
{
	return dynamic_hash(store->kind, store->wanted, store->wanted_length);
}

/*
 * Is the element what is being looked for?
 */
static inline bool
equals_wanted(const ElementStore *store, int index)
{
	const char *data = element_data(store, index);
	int			length = store->elements[index].length;

	if (store->kind == DYNAMIC_NUMERIC || store->kind == DYNAMIC_JSONB)
		return dynamic_compare(store->kind, data, length,
							   store->wanted, store->wanted_length) == 0;
	return length == store->wanted_length &&
		memcmp(data, store->wanted, length) == 0;
}

#define SH_PREFIX		lookup
#define SH_ELEMENT_TYPE LookupEntry
#define SH_KEY_TYPE		int
#define SH_KEY			index
#define SH_HASH_KEY(tb, key) \
	wanted_hash((const ElementStore *) (tb)->private_data)
#define SH_EQUAL(tb, a, b) \
	equals_wanted((const ElementStore *) (tb)->private_data, \
				  (a) == WANTED ? (b) : (a))
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * Start a store without elements.
 */
void
element_store_init(ElementStore *store, DynamicKind kind,
				   MemoryContext context)
{
	memset(store, 0, sizeof(*store));
	store->context = context;
	store->kind = kind;
	store->allocated = INITIAL_ELEMENTS;
	store->elements = MemoryContextAlloc(context,
										 store->allocated * sizeof(Element));
	store->bytes_allocated = INITIAL_BYTES;
	store->bytes = MemoryContextAlloc(context, store->bytes_allocated);
}

/*
 * Is there no room for an element of this length, unless elements past the
 * limit are dropped?
 *
 * Dropping them costs a sort, so they must be a fair part of all.
 */
bool
element_store_is_full(const ElementStore *store, int limit, int length)
{
	return store->bytes_used + INTALIGN(length) > BYTES_LIMIT &&
		store->count > limit + limit / 8;
}

/*
 * Make room for one more element of this length.
 */
static void
reserve(ElementStore *store, int length)
{
	Size		needed = store->bytes_used + INTALIGN(length);

	if (needed > BYTES_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("aggregated values exceed the maximum size of a jsonb, %d bytes",
						BYTES_LIMIT),
				 errhint("Pass a smaller limit, group by more, or aggregate shorter values.")));

	if (needed > store->bytes_allocated)
	{
		while (store->bytes_allocated < needed)
			store->bytes_allocated *= 2;
		store->bytes = repalloc(store->bytes, store->bytes_allocated);
	}
	if (store->count == store->allocated)
	{
		store->allocated *= 2;
		store->elements = repalloc(store->elements,
								   store->allocated * sizeof(Element));
	}
}

/*
 * Add an element at the end and return its index.
 */
int
element_store_append(ElementStore *store, const char *data, int length)
{
	Element    *element;

	reserve(store, length);
	element = &store->elements[store->count];
	element->offset = store->bytes_used;
	element->length = length;
	memcpy(store->bytes + store->bytes_used, data, length);
	store->bytes_used += INTALIGN(length);
	return store->count++;
}

/*
 * Enter an element, which no equal one precedes, into the lookup.
 */
static void
enter_into_lookup(ElementStore *store, int index)
{
	bool		found;

	store->wanted = element_data(store, index);
	store->wanted_length = store->elements[index].length;
	lookup_insert(store->lookup, WANTED, &found)->index = index;
	Assert(!found);
}

/*
 * Start the lookup with the elements that there are.
 */
static void
build_lookup(ElementStore *store)
{
	store->lookup = lookup_create(store->context, store->count * 2, store);
	for (int i = 0; i < store->count; i++)
		enter_into_lookup(store, i);
}

/*
 * The index of an equal element, or -1.
 */
int
element_store_find(ElementStore *store, const char *data, int length)
{
	store->wanted = data;
	store->wanted_length = length;
	if (store->lookup != NULL)
	{
		LookupEntry *entry = lookup_lookup(store->lookup, WANTED);

		return entry == NULL ? -1 : entry->index;
	}
	for (int i = 0; i < store->count; i++)
	{
		if (equals_wanted(store, i))
			return i;
	}
	return -1;
}

/*
 * Add an element unless there is an equal one; return the index of either.
 */
int
element_store_add(ElementStore *store, const char *data, int length,
				  bool *found)
{
	LookupEntry *entry;

	if (store->lookup == NULL)
	{
		int			index = element_store_find(store, data, length);

		*found = index >= 0;
		if (*found)
			return index;
		index = element_store_append(store, data, length);
		if (store->count > LINEAR_SEARCH_LIMIT)
			build_lookup(store);
		return index;
	}

	store->wanted = data;
	store->wanted_length = length;
	entry = lookup_insert(store->lookup, WANTED, found);
	if (!*found)
		entry->index = element_store_append(store, data, length);
	return entry->index;
}

/*
 * qsort_arg() comparator of element indexes.
 */
static int
compare_elements(const void *a, const void *b, void *arg)
{
	const ElementStore *store = arg;
	int			index_a = *(const int *) a;
	int			index_b = *(const int *) b;

	return dynamic_compare(store->kind,
						   element_data(store, index_a),
						   store->elements[index_a].length,
						   element_data(store, index_b),
						   store->elements[index_b].length);
}

/*
 * The indexes of all elements, in ascending order of the elements.
 */
int *
element_store_order(const ElementStore *store)
{
	int		   *order = palloc(Max(store->count, 1) * sizeof(int));

	for (int i = 0; i < store->count; i++)
		order[i] = i;
	qsort_arg(order, store->count, sizeof(int), compare_elements,
			  unconstify(ElementStore *, store));
	return order;
}

/*
 * Keep the elements with these indexes, in this order, and drop the others.
 */
void
element_store_reorder(ElementStore *store, const int *order, int count)
{
	ElementStore kept;

	element_store_init(&kept, store->kind, store->context);
	for (int i = 0; i < count; i++)
		element_store_append(&kept, element_data(store, order[i]),
							 store->elements[order[i]].length);

	pfree(store->elements);
	pfree(store->bytes);
	if (store->lookup != NULL)
		lookup_destroy(store->lookup);
	*store = kept;
	if (store->count > LINEAR_SEARCH_LIMIT)
		build_lookup(store);
}

/*
 * Write the store into a message for another process.
 */
void
element_store_send(const ElementStore *store, StringInfo message)
{
	pq_sendint32(message, store->kind);
	pq_sendint32(message, store->count);
	for (int i = 0; i < store->count; i++)
	{
		pq_sendint32(message, store->elements[i].length);
		pq_sendbytes(message, element_data(store, i),
					 store->elements[i].length);
	}
}

/*
 * Read a store from a message.
 *
 * Elements come without a lookup; adding them to another store is what they
 * are for.
 */
void
element_store_receive(ElementStore *store, StringInfo message,
					  MemoryContext context)
{
	int			count;

	element_store_init(store, pq_getmsgint(message, 4), context);
	count = pq_getmsgint(message, 4);
	for (int i = 0; i < count; i++)
	{
		int			length = pq_getmsgint(message, 4);

		CHECK_FOR_INTERRUPTS();
		element_store_append(store, pq_getmsgbytes(message, length), length);
	}
}
