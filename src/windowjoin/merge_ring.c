/*-------------------------------------------------------------------------
 *
 * merge_ring.c
 *	  The events that the next anchors of a key may be joined with.
 *
 * Events come in the order of time, and leave in it once they are out of the
 * window.  Those of one hash are in a chain, so that an anchor meets few others.
 *
 * Of a key with more events in a window than fit into memory, the entries of
 * events and of anchors are written to files from there on, and then joined piece
 * by piece: as many events as fit, with all anchors.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "windowjoin/merge.h"
#include "windowjoin/node.h"

/* As many entries at least, whatever the limit */
#define MIN_CAPACITY	64

/* What an entry takes, with its part of the chains */
#define ENTRY_SIZE		(sizeof(MergeEntry) + 2 * sizeof(uint32))

/*
 * The slot of an entry's number.
 */
static inline uint32
slot_of(const MergeRing *ring, uint64 number)
{
	return (uint32) (number & (ring->capacity - 1));
}

/*
 * The chain of a hash.
 */
static inline uint32
chain_of(const MergeRing *ring, uint32 hash)
{
	return hash & (ring->capacity - 1);
}

/*
 * Put the entry of a slot at the end of its chain.
 */
static inline void
link_entry(MergeRing *ring, uint32 slot)
{
	MergeEntry *entry = &ring->entries[slot];
	uint32		chain = chain_of(ring, entry->hash);

	entry->next = MERGE_NONE;
	if (ring->chain_first[chain] == MERGE_NONE)
		ring->chain_first[chain] = slot;
	else
		ring->entries[ring->chain_last[chain]].next = slot;
	ring->chain_last[chain] = slot;
}

/*
 * Note how much memory is in use, once there is more.
 */
static void
note_memory(MergeRing *ring)
{
	ring->peak = Max(ring->peak, MemoryContextMemAllocated(ring->context, false));
}

/*
 * Allocate as many entries and chains, without any in them.
 */
static void
allocate(MergeRing *ring, uint32 capacity)
{
	ring->capacity = capacity;
	ring->entries = MemoryContextAllocHuge(ring->context, capacity * ENTRY_SIZE);
	ring->chain_first = (uint32 *) (ring->entries + capacity);
	ring->chain_last = ring->chain_first + capacity;
	memset(ring->chain_first, 0xff, capacity * sizeof(uint32));
	note_memory(ring);
}

/*
 * Make room for twice as many entries; false if that is too much.
 *
 * The old ones are there until they are copied, so that the limit is for both.
 */
static bool
grow(MergeRing *ring)
{
	MergeEntry *entries = ring->entries;
	uint32		mask = ring->capacity - 1;

	if (ring->capacity > PG_UINT32_MAX / 4 ||
		(Size) ring->capacity * 3 * ENTRY_SIZE > ring->limit)
		return false;

	allocate(ring, ring->capacity * 2);
	for (uint64 number = ring->first; number < ring->end; number++)
	{
		uint32		slot = slot_of(ring, number);

		ring->entries[slot] = entries[number & mask];
		link_entry(ring, slot);
	}
	pfree(entries);
	return true;
}

/*
 * Create a ring without entries, which take no more than the limit.  Beside them,
 * it takes MERGE_RING_OVERHEAD.
 */
MergeRing *
merge_ring_create(MemoryContext parent, Size limit)
{
	/* small, so that entries and files are allocations of their own */
	MemoryContext context = AllocSetContextCreate(parent, WINDOW_MERGE_NAME " ring",
												  ALLOCSET_SMALL_SIZES);
	MergeRing  *ring = MemoryContextAllocZero(context, sizeof(MergeRing));

	ring->context = context;
	ring->limit = limit;
	allocate(ring, MIN_CAPACITY);
	return ring;
}

/*
 * Remove the oldest event, which is the first of its chain.
 */
static inline void
remove_first(MergeRing *ring)
{
	MergeEntry *entry = &ring->entries[slot_of(ring, ring->first)];
	uint32		chain = chain_of(ring, entry->hash);

	Assert(ring->chain_first[chain] == slot_of(ring, ring->first));
	ring->chain_first[chain] = entry->next;
	ring->first++;
}

/*
 * Remove the events before a time.
 */
void
merge_ring_evict(MergeRing *ring, TimestampTz oldest)
{
	while (ring->first < ring->end &&
		   ring->entries[slot_of(ring, ring->first)].time < oldest)
		remove_first(ring);
}

/*
 * Add an event behind those that are there; false if it does not fit.
 *
 * Those before "oldest" join nothing any more.
 */
bool
merge_ring_add(MergeRing *ring, const MergeEntry *event, TimestampTz oldest)
{
	uint32		slot;

	if (ring->end - ring->first == ring->capacity)
	{
		merge_ring_evict(ring, oldest);
		if (ring->end - ring->first > ring->capacity / 2 && !grow(ring) &&
			ring->end - ring->first == ring->capacity)
			return false;
	}
	slot = slot_of(ring, ring->end++);
	ring->entries[slot] = *event;
	link_entry(ring, slot);
	return true;
}

/*
 * The slot of the first event that may have the hash, MERGE_NONE if there is
 * none.
 */
uint32
merge_ring_find(const MergeRing *ring, uint32 hash)
{
	return ring->chain_first[chain_of(ring, hash)];
}

/*
 * Remove all events.
 */
void
merge_ring_clear(MergeRing *ring)
{
	while (ring->first < ring->end)
		remove_first(ring);
}

/*
 * The batch has none of the rows any more.
 */
void
merge_ring_forget_rows(MergeRing *ring)
{
	for (uint64 number = ring->first; number < ring->end; number++)
		ring->entries[slot_of(ring, number)].row = MERGE_NONE;
}

/*
 * Write an entry to a file, which is created for the first.
 */
void
merge_ring_spool(MergeRing *ring, BufFile **file, const MergeEntry *entry)
{
	if (*file == NULL)
	{
		MemoryContext caller;

		PrepareTempTablespaces();
		caller = MemoryContextSwitchTo(ring->context);
		*file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(caller);
		note_memory(ring);
	}
	BufFileWrite(*file, (void *) entry, sizeof(MergeEntry));
}

/*
 * Write an anchor to its file, and number it.
 */
void
merge_ring_spool_anchor(MergeRing *ring, MergeEntry *anchor)
{
	if (ring->anchor_count == MERGE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows with the same key in a windowed join")));
	anchor->next = ring->anchor_count++;
	merge_ring_spool(ring, &ring->anchors, anchor);
}

/*
 * Remember that an anchor that was written to the file needs no other partner.
 */
void
merge_ring_set_joined(MergeRing *ring, uint32 anchor)
{
	Size		size = (Size) ring->anchor_count / BITS_PER_BYTE + 1;

	if (ring->joined_size < size)
	{
		Size		old_size = ring->joined_size;

		ring->joined_size = Max(size, 2 * old_size);
		ring->joined_anchors = ring->joined_anchors == NULL ?
			MemoryContextAllocHuge(ring->context, ring->joined_size) :
			repalloc_huge(ring->joined_anchors, ring->joined_size);
		memset(ring->joined_anchors + old_size, 0, ring->joined_size - old_size);
		note_memory(ring);
	}
	ring->joined_anchors[anchor / BITS_PER_BYTE] |= 1 << anchor % BITS_PER_BYTE;
}

/*
 * Needs an anchor that was written to the file no other partner?
 */
bool
merge_ring_is_joined(const MergeRing *ring, uint32 anchor)
{
	return anchor / BITS_PER_BYTE < ring->joined_size &&
		(ring->joined_anchors[anchor / BITS_PER_BYTE] & 1 << anchor % BITS_PER_BYTE) != 0;
}

/*
 * Begin to number anchors anew, unless some are in a file.
 */
void
merge_ring_forget_anchors(MergeRing *ring)
{
	if (ring->anchors != NULL)
		return;
	if (ring->joined_anchors != NULL)
		pfree(ring->joined_anchors);
	ring->joined_anchors = NULL;
	ring->joined_size = 0;
	ring->anchor_count = 0;
}

/*
 * Read an entry from a file; false at its end.
 */
static bool
read_entry(BufFile *file, MergeEntry *entry)
{
	if (BufFileReadMaybeEOF(file, entry, sizeof(MergeEntry), true) == 0)
		return false;
	entry->row = MERGE_NONE;
	return true;
}

/*
 * Fill the ring with the next events that were written to the file, as many as
 * fit, to be joined with all anchors that were; false if there are none left.
 */
bool
merge_ring_next_piece(MergeRing *ring)
{
	MergeEntry	event;

	if (ring->anchors == NULL)
		return false;
	if (ring->spooling)
		window_rewind_file(ring->events);
	ring->spooling = false;
	window_rewind_file(ring->anchors);

	merge_ring_clear(ring);
	while ((ring->end - ring->first < ring->capacity || grow(ring)) &&
		   read_entry(ring->events, &event))
	{
		CHECK_FOR_INTERRUPTS();
		(void) merge_ring_add(ring, &event, DT_NOBEGIN);
	}
	return ring->first < ring->end;
}

/*
 * Read the next anchor from the file; false after the last.
 */
bool
merge_ring_next_anchor(MergeRing *ring, MergeEntry *anchor)
{
	return read_entry(ring->anchors, anchor);
}

/*
 * Close the files.
 */
void
merge_ring_end_spool(MergeRing *ring)
{
	if (ring->events != NULL)
		BufFileClose(ring->events);
	if (ring->anchors != NULL)
		BufFileClose(ring->anchors);
	ring->events = ring->anchors = NULL;
	ring->spooling = false;
}
