/*-------------------------------------------------------------------------
 *
 * element_store.c
 *	  A growing array of encoded values that can find its elements.
 *
 * This is what the aggregates keep for a group.  A hash table exists only
 * where there are many elements, because most groups of most queries are
 * small.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "aggregate.h"
#include "element_store.h"

/*
 * Up to this many elements are searched one by one, or are in a pool.
 */
#define FEW_ELEMENTS			32

/* Powers of two, as all sizes, because those are what palloc() gives */
#define INITIAL_SIZE			512
#define INITIAL_POOLED_SIZE		128

/* No jsonb array or object can be larger than this */
#define BYTES_LIMIT				JENTRY_OFFLENMASK

/* The largest chunk: the last power of two that palloc() gives */
#define SIZE_LIMIT				(MaxAllocSize / 2 + 1)

/* An element that is being looked for */
typedef struct SoughtElement
{
	const ElementStore *store;
	const char *data;
	int			length;
	uint32		hash;
} SoughtElement;

/* An index that stands for what is being looked for */
#define SOUGHT_INDEX			(-1)

typedef struct LookupEntry
{
	int			index;			/* of an element */
	uint32		hash;
	char		status;
} LookupEntry;

/*
 * Is the element of a store without pool what is being looked for?
 */
static inline bool
is_sought_element(const SoughtElement *sought, int index)
{
	const ElementStore *store = sought->store;
	const StoredElement *element = &store->elements[index];
	const char *data;

	if (element->hash != sought->hash)
		return false;

	data = (const char *) store + store->size - element->distance;
	if (store->kind == DYNAMIC_NUMERIC || store->kind == DYNAMIC_JSONB)
		return dynamic_compare(store->kind, data, element->length,
							   sought->data, sought->length) == 0;
	return element->length == (uint32) sought->length &&
		memcmp(data, sought->data, element->length) == 0;
}

#define SH_PREFIX		lookup
#define SH_ELEMENT_TYPE LookupEntry
#define SH_KEY_TYPE		int
#define SH_KEY			index
#define SH_HASH_KEY(tb, key) \
	(((const SoughtElement *) (tb)->private_data)->hash)
#define SH_EQUAL(tb, a, b) \
	is_sought_element((const SoughtElement *) (tb)->private_data, \
					  (a) == SOUGHT_INDEX ? (b) : (a))
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A pooled value that is being looked for */
typedef struct SoughtValue
{
	const char *data;
	uint32		length;
	uint32		hash;
} SoughtValue;

typedef struct PoolEntry
{
	PooledValue *value;			/* NULL for what is being looked for */
	uint32		hash;
	char		status;
} PoolEntry;

/*
 * Is the pooled value what is being looked for?
 */
static inline bool
is_sought_value(const SoughtValue *sought, const PooledValue *value)
{
	return value->length == sought->length &&
		memcmp(value->data, sought->data, value->length) == 0;
}

#define SH_PREFIX		pool
#define SH_ELEMENT_TYPE PoolEntry
#define SH_KEY_TYPE		PooledValue *
#define SH_KEY			value
#define SH_HASH_KEY(tb, key) (((const SoughtValue *) (tb)->private_data)->hash)
#define SH_EQUAL(tb, a, b) \
	is_sought_value((const SoughtValue *) (tb)->private_data, \
					(a) == NULL ? (b) : (a))
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * Discard a pool, whose memory goes.
 */
static void
discard_pool(void *pool)
{
	*(ValuePool **) pool = NULL;
}

/*
 * Start a pool for groups whose states are in this context.
 *
 * The pointer to it is reset when the context is.
 */
void
value_pool_create(ValuePool **pool_pointer, MemoryContext context)
{
	ValuePool  *pool = MemoryContextAllocZero(context, sizeof(ValuePool));

	pool->context = context;
	pool->lookup = pool_create(context, FEW_ELEMENTS, NULL);
	pool->reset.func = discard_pool;
	pool->reset.arg = pool_pointer;
	MemoryContextRegisterResetCallback(context, &pool->reset);
	*pool_pointer = pool;
}

/*
 * The one value in the pool with these bytes, which takes it in if it is new.
 */
static PooledValue *
pool_value(ValuePool *pool, const char *data, int length, uint32 hash)
{
	SoughtValue sought;
	PoolEntry  *entry;
	bool		found;

	sought.data = data;
	sought.length = length;
	sought.hash = hash;
	pool->lookup->private_data = &sought;
	entry = pool_insert(pool->lookup, NULL, &found);
	if (!found)
	{
		entry->value = MemoryContextAlloc(pool->context,
										  offsetof(PooledValue, data) + length);
		entry->value->hash = hash;
		entry->value->length = length;
		memcpy(entry->value->data, data, length);
	}
	return entry->value;
}

/*
 * Can a store of such elements have them in a pool?
 *
 * A pool tells values apart by their bytes, and it never drops one, so a
 * store must not drop many.
 */
static bool
can_be_pooled(DynamicKind kind, int limit)
{
	return kind != DYNAMIC_NUMERIC && kind != DYNAMIC_JSONB &&
		limit > FEW_ELEMENTS;
}

/*
 * Start a store without elements, which may use a pool if there is one.
 */
ElementStore *
element_store_create(DynamicKind kind, int limit, MemoryContext context,
					 ValuePool *pool)
{
	ElementStore *store;
	uint32		size;

	if (!can_be_pooled(kind, limit))
		pool = NULL;
	size = pool != NULL ? INITIAL_POOLED_SIZE : INITIAL_SIZE;
	store = MemoryContextAlloc(context, size);
	memset(store, 0, offsetof(ElementStore, elements));
	store->size = size;
	store->kind = kind;
	store->limit = limit;
	store->pool = pool;
	return store;
}

/*
 * What a store with one more element needs, which takes this much at its start
 * and makes it this much at its end.
 */
static inline Size
needed_size(const ElementStore *store, Size element_size, Size bytes)
{
	return offsetof(ElementStore, elements) +
		((Size) store->count + 1) * element_size + bytes;
}

/*
 * Is there no room for an element of this length, unless elements past the
 * limit are dropped?
 *
 * Dropping them costs a sort, so they must be a fair part of all.
 */
bool
element_store_is_full(const ElementStore *store, int length)
{
	Size		bytes = store->bytes_used + INTALIGN((Size) length);

	return (bytes > BYTES_LIMIT ||
			needed_size(store, sizeof(StoredElement), bytes) > SIZE_LIMIT) &&
		store->count > store->limit + store->limit / 8;
}

/*
 * Is a new element past what a pruned store can still take in?
 */
bool
element_store_is_past_limit(const ElementStore *store,
							const char *data, int length)
{
	int			last = store->limit - 1;

	return store->pruned &&
		dynamic_compare(store->kind, data, length, element_data(store, last),
						element_length(store, last)) >= 0;
}

/*
 * What must be true of a store between calls, and of its last element.
 */
static inline void
assert_store(const ElementStore *store PG_USED_FOR_ASSERTS_ONLY)
{
#ifdef USE_ASSERT_CHECKING
	Size		element_size = store->pool != NULL ? sizeof(PooledValue *) : sizeof(StoredElement);

	Assert(store->count >= 0 && store->bytes_used <= BYTES_LIMIT);
	Assert(offsetof(ElementStore, elements) + store->count * element_size +
		   store->bytes_used <= store->size);
	Assert(store->pool == NULL || store->lookup == NULL);
	if (store->pool == NULL && store->count > 0)
	{
		const StoredElement *last = &store->elements[store->count - 1];

		/* bytes are added at the front, so the last ones reach to it */
		Assert(last->distance == store->bytes_used);
		Assert(INTALIGN(last->length) <= last->distance);
	}
#endif
}

/*
 * Make room for one more element, which takes this much at the start of the
 * store and this much at its end.
 */
static ElementStore *
reserve(ElementStore *store, Size element_size, int length)
{
	Size		used = offsetof(ElementStore, elements) +
	store->count * element_size;
	Size		bytes = store->bytes_used + INTALIGN((Size) length);
	Size		needed = needed_size(store, element_size, bytes);
	Size		size = store->size;
	ElementStore *larger;

	if (bytes > BYTES_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("aggregated values exceed the maximum size of a jsonb, %d bytes",
						BYTES_LIMIT),
				 errhint("Pass a smaller limit, group by more, or aggregate shorter values.")));
	if (needed > SIZE_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many aggregated values, %d in one group", store->count),
				 errhint("Group by more.")));
	if (needed <= size)
		return store;

	while (size < needed)
		size *= 2;
	larger = MemoryContextAlloc(GetMemoryChunkContext(store), size);
	memcpy(larger, store, used);
	larger->size = size;
	memcpy((char *) larger + size - store->bytes_used,
		   (char *) store + store->size - store->bytes_used,
		   store->bytes_used);
	if (store->lookup != NULL)
		((SoughtElement *) store->lookup->private_data)->store = larger;
	pfree(store);
	return larger;
}

/*
 * Add an element with its hash at the end of a store without pool.
 */
static int
append(ElementStore **store_pointer, const char *data, int length, uint32 hash)
{
	ElementStore *store = reserve(*store_pointer, sizeof(StoredElement), length);
	StoredElement *element = &store->elements[store->count];

	Assert(store->pool == NULL);
	assert_store(store);
	*store_pointer = store;
	store->bytes_used += INTALIGN(length);
	element->hash = hash;
	element->length = length;
	element->distance = store->bytes_used;
	memcpy((char *) store + store->size - store->bytes_used, data, length);
	store->count++;
	assert_store(store);
	return store->count - 1;
}

/*
 * Add an element at the end of a store that will not be searched.
 */
void
element_store_append(ElementStore **store, const char *data, int length)
{
	(void) append(store, data, length, 0);
}

/*
 * Find the element, or enter the one that is going to be the next.
 */
static int
look_up(ElementStore *store, const char *data, int length, uint32 hash,
		bool *found)
{
	SoughtElement *sought = store->lookup->private_data;
	LookupEntry *entry;

	sought->data = data;
	sought->length = length;
	sought->hash = hash;
	entry = lookup_insert(store->lookup, SOUGHT_INDEX, found);
	if (!*found)
		entry->index = store->count;
	return entry->index;
}

/*
 * Start the lookup with the elements that there are.
 */
static void
build_lookup(ElementStore *store)
{
	MemoryContext context = GetMemoryChunkContext(store);
	SoughtElement *sought = MemoryContextAlloc(context, sizeof(SoughtElement));
	int			count = store->count;

	sought->store = store;
	store->lookup = lookup_create(context, count * 2, sought);
	for (store->count = 0; store->count < count; store->count++)
	{
		StoredElement *element = &store->elements[store->count];
		bool		found;

		(void) look_up(store, element_data(store, store->count),
					   element->length, element->hash, &found);
		Assert(!found);
	}
}

/*
 * Free a store; what a pool has of it stays there.
 */
void
element_store_free(ElementStore *store)
{
	if (store->lookup != NULL)
	{
		pfree(store->lookup->private_data);
		lookup_destroy(store->lookup);
	}
	pfree(store);
}

/*
 * Replace a store by one, without pool, of its first elements in this order,
 * or in the order that they have.
 */
static ElementStore *
rebuild(ElementStore *store, const int *order, int count)
{
	ElementStore *rebuilt = element_store_create(store->kind, store->limit,
												 GetMemoryChunkContext(store),
												 NULL);

	rebuilt->distinct = store->distinct;
	rebuilt->ordered = store->ordered;
	for (int i = 0; i < count; i++)
	{
		int			index = order != NULL ? order[i] : i;

		append(&rebuilt, element_data(store, index),
			   element_length(store, index),
			   store->pool != NULL ? pooled_values(store)[index]->hash :
			   store->elements[index].hash);
	}

	if (count > FEW_ELEMENTS)
		build_lookup(rebuilt);
	assert_store(rebuilt);
	Assert(rebuilt->count == count);
	Assert(rebuilt->lookup == NULL || rebuilt->lookup->members == (uint32) count);
	element_store_free(store);
	return rebuilt;
}

/*
 * The index of an element in a store without lookup and pool, or -1.
 */
static int
search(const ElementStore *store, const char *data, int length, uint32 hash)
{
	SoughtElement sought;

	sought.store = store;
	sought.data = data;
	sought.length = length;
	sought.hash = hash;
	for (int i = 0; i < store->count; i++)
	{
		if (is_sought_element(&sought, i))
			return i;
	}
	return -1;
}

/*
 * The index of an element in a store with a pool, or -1.
 */
static int
search_pooled(const ElementStore *store, const PooledValue *value)
{
	for (int i = 0; i < store->count; i++)
	{
		if (pooled_values(store)[i] == value)
			return i;
	}
	return -1;
}

/*
 * Add an element to a store with a pool unless it is there.
 */
static int
add_pooled(ElementStore **store_pointer, const char *data, int length,
		   uint32 hash, bool *found)
{
	ElementStore *store = *store_pointer;
	PooledValue *value = pool_value(store->pool, data, length, hash);
	int			index = search_pooled(store, value);

	*found = index >= 0;
	if (*found)
		return index;

	store = reserve(store, sizeof(PooledValue *), 0);
	index = store->count++;
	pooled_values(store)[index] = value;
	if (store->count > FEW_ELEMENTS)
		store = rebuild(store, NULL, store->count);
	*store_pointer = store;
	return index;
}

/*
 * Add an element unless there is an equal one; return the index of either.
 */
int
element_store_add(ElementStore **store, const char *data, int length,
				  bool *found)
{
	uint32		hash = dynamic_hash((*store)->kind, data, length);
	int			index;

	if ((*store)->pool != NULL)
		return add_pooled(store, data, length, hash, found);

	if ((*store)->lookup != NULL)
	{
		index = look_up(*store, data, length, hash, found);
		if (!*found)
			append(store, data, length, hash);
		return index;
	}

	index = search(*store, data, length, hash);
	*found = index >= 0;
	if (*found)
		return index;
	index = append(store, data, length, hash);
	if ((*store)->count > FEW_ELEMENTS)
		build_lookup(*store);
	return index;
}

/*
 * The index of an equal element, or -1.
 */
int
element_store_find(ElementStore *store, const char *data, int length)
{
	uint32		hash = dynamic_hash(store->kind, data, length);
	SoughtElement *sought;
	LookupEntry *entry;

	if (store->pool != NULL)
		return search_pooled(store, pool_value(store->pool, data, length, hash));
	if (store->lookup == NULL)
		return search(store, data, length, hash);

	sought = store->lookup->private_data;
	sought->data = data;
	sought->length = length;
	sought->hash = hash;
	entry = lookup_lookup(store->lookup, SOUGHT_INDEX);
	return entry == NULL ? -1 : entry->index;
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
						   element_length(store, index_a),
						   element_data(store, index_b),
						   element_length(store, index_b));
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
 * The elements, which are strings, as an array: as many as the limit says, in
 * order unless it is that of arrival.
 */
ArrayType *
element_store_texts(const ElementStore *store)
{
	int			count = Min(store->count, store->limit);
	int		   *order = store->ordered ? NULL : element_store_order(store);
	Datum	   *texts = palloc(Max(count, 1) * sizeof(Datum));

	Assert(store->kind == DYNAMIC_STRING);
	for (int i = 0; i < count; i++)
	{
		int			index = order != NULL ? order[i] : i;

		CHECK_FOR_INTERRUPTS();
		texts[i] = PointerGetDatum(cstring_to_text_with_len(element_data(store, index),
															element_length(store, index)));
	}
	return construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/*
 * Keep the first elements of this order, as many as the limit says.
 */
void
element_store_prune(ElementStore **store, const int *order)
{
	*store = rebuild(*store, order, (*store)->limit);
	(*store)->pruned = true;
}

/*
 * Write the store into a message for another process.
 */
void
element_store_send(const ElementStore *store, StringInfo message)
{
	pq_sendint32(message, store->kind);
	pq_sendint32(message, store->limit);
	pq_sendbyte(message, store->distinct);
	pq_sendbyte(message, store->ordered);
	pq_sendint32(message, store->count);
	for (int i = 0; i < store->count; i++)
	{
		pq_sendint32(message, element_length(store, i));
		pq_sendbytes(message, element_data(store, i),
					 element_length(store, i));
	}
}

/*
 * Read a store from a message.
 *
 * What arrives is only read from, so it needs to be neither sorted nor
 * searchable.
 */
ElementStore *
element_store_receive(StringInfo message)
{
	DynamicKind kind = pq_getmsgint(message, 4);
	int			limit = pq_getmsgint(message, 4);
	ElementStore *store = element_store_create(kind, limit,
											   CurrentMemoryContext, NULL);
	int			count;

	store->distinct = pq_getmsgbyte(message);
	store->ordered = pq_getmsgbyte(message);
	count = pq_getmsgint(message, 4);
	for (int i = 0; i < count; i++)
	{
		int			length = pq_getmsgint(message, 4);

		CHECK_FOR_INTERRUPTS();
		element_store_append(&store, pq_getmsgbytes(message, length), length);
	}
	return store;
}
