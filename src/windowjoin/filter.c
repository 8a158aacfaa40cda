/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Which keys have an inner row near a time, approximately.
 *
 * Where windows are short, most outer rows join nothing, and to find that out
 * in the table costs as much as to find a match.  The filter is a Bloom filter
 * with one hash function of key and period: time is divided into periods no
 * shorter than the lookback, so that all times at which an inner row can be
 * joined are in one or two of them.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "windowjoin/windowjoin.h"

/* More would be of no use, as there are no more hashes */
#define MAX_FILTER_BITS		32

/* Bits in a word of the filter, as a power of two */
#define WORD_BITS			6

/*
 * The number of the period that a time is in.
 */
static inline uint64
period_of(const WindowTable *table, TimestampTz time)
{
	/* from the first time on, as the shift of a negative number is undefined */
	return ((uint64) time - (uint64) PG_INT64_MIN) >> table->period_bits;
}

/*
 * The place of a key's bit for a period.
 */
static inline uint32
bit_of(const WindowTable *table, uint32 hash, uint64 period)
{
	uint32		place = hash_combine(hash, (uint32) period ^ (uint32) (period >> 32));

	return murmurhash32(place) >> (32 - table->filter_bits);
}

/*
 * Note that a key has an inner row in a period.
 */
static inline void
set_bit(WindowTable *table, uint32 hash, uint64 period)
{
	uint32		bit = bit_of(table, hash, period);

	table->filter[bit >> WORD_BITS] |= UINT64CONST(1) << (bit % (1 << WORD_BITS));
}

/*
 * Make the filter of a table that is sorted.
 */
void
window_filter_build(WindowTable *table, int64 lookback, bool inner_is_event)
{
	uint64		bits = (uint64) Max(table->entry_count, 8) * FILTER_BITS_PER_ENTRY;
	uint64		word_count;

	Assert(table->entries != NULL && table->filter == NULL);
	Assert(lookback >= 0);

	table->filter_bits = Min(pg_leftmost_one_pos64(bits), MAX_FILTER_BITS);
	table->period_bits = lookback > 0 ? pg_leftmost_one_pos64(lookback) + 1 : 0;
	word_count = UINT64CONST(1) << (table->filter_bits - WORD_BITS);
	table->filter = MemoryContextAllocExtended(table->context,
											   word_count * sizeof(uint64),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (uint32 i = 0; i < table->entry_count; i++)
	{
		const WindowEntry *entry = &table->entries[i];
		TimestampTz other;

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();

		/* the other end of the times at which the row can be joined */
		if (inner_is_event)
		{
			if (pg_add_s64_overflow(entry->time, lookback, &other))
				other = PG_INT64_MAX;
		}
		else if (pg_sub_s64_overflow(entry->time, lookback, &other))
			other = PG_INT64_MIN;

		set_bit(table, entry->hash, period_of(table, entry->time));
		set_bit(table, entry->hash, period_of(table, other));
		Assert(window_filter_passes(table, entry->hash, entry->time));
	}
}

/*
 * May there be an inner row with this hash that an outer row at this time is
 * joined with?
 */
bool
window_filter_passes(const WindowTable *table, uint32 hash, TimestampTz time)
{
	uint32		bit = bit_of(table, hash, period_of(table, time));

	return (table->filter[bit >> WORD_BITS] >> (bit % (1 << WORD_BITS))) & 1;
}
