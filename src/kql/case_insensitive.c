/*-------------------------------------------------------------------------
 *
 * case_insensitive.c
 *	  KQL's =~ and an order to go with it.
 *
 * KQL folds ASCII letters only ("Case-insensitive operators are currently
 * supported only for ASCII-text"), whatever the locale, so a string and its
 * folded form have the same length.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kql.h"

#include <string.h>

/*
 * Fold eight bytes at once.
 *
 * Adding to the lower seven bits carries into the eighth where they pass a
 * bound; a byte is a capital if it passes 'A' - 1, does not pass 'Z', and had
 * no eighth bit of its own.
 */
static inline uint64_t
fold_word(uint64_t word)
{
	uint64_t	low = word & KQL_EVERY_BYTE(0x7f);
	uint64_t	from_a = low + KQL_EVERY_BYTE(0x80 - 'A');
	uint64_t	after_z = low + KQL_EVERY_BYTE(0x7f - 'Z');
	uint64_t	capital = from_a & ~after_z & ~word & KQL_EVERY_BYTE(0x80);

	return word | (capital >> 2);
}

/*
 * Are these eight bytes equal when folded?
 */
static inline bool
words_equal_fold(uint64_t a, uint64_t b)
{
	return a == b || fold_word(a) == fold_word(b);
}

/*
 * Mix the bits of a word.
 */
static inline uint64_t
hash_mix(uint64_t word)
{
	word ^= word >> 23;
	word *= UINT64_C(0x2127599bf4325c37);
	return word ^ (word >> 47);
}

/*
 * Hash the folded form of a string.
 *
 * This is fasthash64, which PostgreSQL itself uses from version 17 on: it takes
 * words as they are folded, and less than half the time of hash_any().
 */
uint64_t
kql_hash_fold(KqlString s, uint64_t seed)
{
	const uint64_t multiplier = UINT64_C(0x880355f21e6d1965);
	uint64_t	hash = seed ^ (s.length * multiplier);
	size_t		i = 0;

	for (; i + sizeof(uint64_t) <= s.length; i += sizeof(uint64_t))
	{
		hash ^= hash_mix(fold_word(kql_load_word(s.data + i)));
		hash *= multiplier;
	}
	if (i < s.length)
	{
		uint64_t	word = 0;

		memcpy(&word, s.data + i, s.length - i);
		hash ^= hash_mix(fold_word(word));
		hash *= multiplier;
	}
	return hash_mix(hash);
}

/*
 * Number of bytes at the start of both strings that are equal when folded.
 */
static size_t
common_prefix_fold(const char *a, const char *b, size_t length)
{
	size_t		i = 0;

	while (i + sizeof(uint64_t) <= length)
	{
		uint64_t	word_a = kql_load_word(a + i);
		uint64_t	word_b = kql_load_word(b + i);

		if (!words_equal_fold(word_a, word_b))
			break;
		i += sizeof(uint64_t);
	}
	while (i < length && kql_fold_byte(a[i]) == kql_fold_byte(b[i]))
		i++;
	return i;
}

/*
 * The bytes of a string of four to seven, some of them twice, in one word.
 */
static inline uint64_t
load_short(const char *data, size_t length)
{
	uint32_t	start;
	uint32_t	end;

	memcpy(&start, data, sizeof(start));
	memcpy(&end, data + length - sizeof(end), sizeof(end));
	return ((uint64_t) start << 32) | end;
}

/*
 * KQL's =~.
 */
bool
kql_equal_fold(KqlString a, KqlString b)
{
	size_t		length = a.length;

	if (length != b.length)
		return false;
	if (length < sizeof(uint32_t))
		return common_prefix_fold(a.data, b.data, length) == length;
	if (length < sizeof(uint64_t))
		return words_equal_fold(load_short(a.data, length),
								load_short(b.data, length));

	for (size_t i = 0; i < length - sizeof(uint64_t); i += sizeof(uint64_t))
	{
		if (!words_equal_fold(kql_load_word(a.data + i),
							  kql_load_word(b.data + i)))
			return false;
	}

	/* the last eight bytes, some of which the loop may have seen */
	return words_equal_fold(kql_load_word(a.data + length - sizeof(uint64_t)),
							kql_load_word(b.data + length - sizeof(uint64_t)));
}

/*
 * Order by folded bytes: negative, zero or positive as memcmp() has it.
 */
int
kql_compare_fold(KqlString a, KqlString b)
{
	size_t		shorter = a.length < b.length ? a.length : b.length;
	size_t		common = common_prefix_fold(a.data, b.data, shorter);

	if (common < shorter)
		return (int) kql_fold_byte(a.data[common]) -
			(int) kql_fold_byte(b.data[common]);
	return (a.length > b.length) - (a.length < b.length);
}
