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

#define EVERY_BYTE(c)	((uint64_t) 0x0101010101010101 * (c))

/*
 * Fold one byte.
 */
unsigned char
kql_fold_byte(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}

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
	uint64_t	low = word & EVERY_BYTE(0x7f);
	uint64_t	from_a = low + EVERY_BYTE(0x80 - 'A');
	uint64_t	after_z = low + EVERY_BYTE(0x7f - 'Z');
	uint64_t	capital = from_a & ~after_z & ~word & EVERY_BYTE(0x80);

	return word | (capital >> 2);
}

/*
 * Read eight bytes that need not be aligned.
 */
static inline uint64_t
load_word(const char *data)
{
	uint64_t	word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/*
 * Write the folded form of a string, which is as long as the string.
 */
void
kql_fold(char *folded, KqlString s)
{
	size_t		i = 0;

	for (; i + sizeof(uint64_t) <= s.length; i += sizeof(uint64_t))
	{
		uint64_t	word = fold_word(load_word(s.data + i));

		memcpy(folded + i, &word, sizeof(word));
	}
	for (; i < s.length; i++)
		folded[i] = kql_fold_byte(s.data[i]);
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
		uint64_t	word_a = load_word(a + i);
		uint64_t	word_b = load_word(b + i);

		if (word_a != word_b && fold_word(word_a) != fold_word(word_b))
			break;
		i += sizeof(uint64_t);
	}
	while (i < length && kql_fold_byte(a[i]) == kql_fold_byte(b[i]))
		i++;
	return i;
}

/*
 * KQL's =~.
 */
bool
kql_equal_fold(KqlString a, KqlString b)
{
	return a.length == b.length &&
		common_prefix_fold(a.data, b.data, a.length) == a.length;
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
