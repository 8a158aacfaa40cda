/*-------------------------------------------------------------------------
 *
 * compare_fold.c
 *	  Equality, order and hash of strings, ignoring case: KQL's =~.
 *
 * KQL folds all letters, whatever the locale, by Unicode's simple case
 * folding, so that a character stays one character; but it may come to have
 * another number of bytes.  Nearly all strings in logs are ASCII, so all
 * functions here take words of eight bytes while those are ASCII, or equal.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "fold.h"

#include <string.h>

/*
 * Are these eight bytes equal but for the case of ASCII letters?
 */
static inline bool
words_equal_fold(uint64_t a, uint64_t b)
{
	return a == b || kql_fold_word(a) == kql_fold_word(b);
}

#define HASH_MULTIPLIER		UINT64_C(0x880355f21e6d1965)

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
 * Hash one more word.
 *
 * This is fasthash64, which PostgreSQL itself uses from version 17 on: it takes
 * words as they are folded, and less than half the time of hash_any().  The
 * length comes in at the end, as only then that of the folded form is known.
 */
static inline uint64_t
hash_word(uint64_t hash, uint64_t word)
{
	return (hash ^ hash_mix(word)) * HASH_MULTIPLIER;
}

/*
 * Finish the hash of a string whose folded form has so many bytes.
 */
static inline uint64_t
hash_end(uint64_t hash, size_t length)
{
	return hash_mix(hash ^ (length * HASH_MULTIPLIER));
}

/*
 * Hash what follows the first words of a string, character by character: the
 * folded form in UTF-8.
 */
static KQL_SLOW_PATH uint64_t
hash_characters(KqlString s, size_t start, uint64_t hash, KqlEncoding encoding)
{
	const char *end = s.data + s.length;
	size_t		length = start;
	char		folded[sizeof(uint64_t) + KQL_CHARACTER_SIZE] = {0};
	int			used = 0;

	for (const char *p = s.data + start; p < end;)
	{
		KqlCharacter character = kql_character(p, end, encoding);

		p += character.length;
		used += kql_encode_utf8(kql_fold_character(character.code_point, encoding),
								folded + used);
		if (used < (int) sizeof(uint64_t))
			continue;
		hash = hash_word(hash, kql_load_word(folded));
		length += sizeof(uint64_t);
		used -= sizeof(uint64_t);
		memmove(folded, folded + sizeof(uint64_t), KQL_CHARACTER_SIZE);
	}
	if (used > 0)
	{
		memset(folded + used, 0, sizeof(uint64_t) - used);
		hash = hash_word(hash, kql_load_word(folded));
	}
	return hash_end(hash, length + used);
}

/*
 * Hash the folded form of a string.
 */
uint64_t
kql_hash_fold(KqlString s, uint64_t seed, KqlEncoding encoding)
{
	uint64_t	hash = seed;
	size_t		i = 0;

	for (; i < s.length; i += sizeof(uint64_t))
	{
		uint64_t	word = 0;

		if (i + sizeof(uint64_t) <= s.length)
			word = kql_load_word(s.data + i);
		else
			memcpy(&word, s.data + i, s.length - i);
		if (!kql_word_is_ascii(word) && kql_folds_all(encoding))
			return hash_characters(s, i, hash, encoding);
		hash = hash_word(hash, kql_fold_word(word));
	}
	return hash_end(hash, s.length);
}

/*
 * Order of what follows in both strings, character by character.
 */
static KQL_SLOW_PATH int
compare_characters(KqlString a, KqlString b, size_t start, KqlEncoding encoding)
{
	const char *end_a = a.data + a.length;
	const char *end_b = b.data + b.length;
	const char *p = a.data + start;
	const char *q = b.data + start;

	while (p < end_a && q < end_b)
	{
		KqlCharacter character_a = kql_character(p, end_a, encoding);
		KqlCharacter character_b = kql_character(q, end_b, encoding);

		if (character_a.code_point != character_b.code_point)
		{
			uint32_t	folded_a = kql_fold_character(character_a.code_point, encoding);
			uint32_t	folded_b = kql_fold_character(character_b.code_point, encoding);

			if (folded_a != folded_b)
				return folded_a < folded_b ? -1 : 1;
		}
		p += character_a.length;
		q += character_b.length;
	}
	return (p < end_a) - (q < end_b);
}

/*
 * Where the character starts that the byte at this place belongs to.
 */
static size_t
character_start(KqlString s, size_t i, KqlEncoding encoding)
{
	if (encoding == KQL_UTF8)
	{
		while (i > 0 && i < s.length && (s.data[i] & 0xc0) == 0x80)
			i--;
	}
	return i;
}

/*
 * Are two strings equal that have the same bytes, but for the case of ASCII
 * letters, before this place, and others in the words from there?
 */
static KQL_SLOW_PATH bool
equal_from(KqlString a, KqlString b, size_t start, KqlEncoding encoding)
{
	if (!kql_folds_all(encoding))
		return false;
	return compare_characters(a, b, character_start(a, start, encoding),
							  encoding) == 0;
}

/*
 * The bytes of a string of up to seven, some of them perhaps twice, in one
 * word.
 */
static inline uint64_t
load_short(const char *data, size_t length)
{
	uint32_t	start = 0;
	uint32_t	end = 0;

	if (length < sizeof(start))
	{
		if (length > 0)
		{
			start = (unsigned char) data[0];
			end = (unsigned char) data[length / 2] << 8 |
				(unsigned char) data[length - 1];
		}
	}
	else
	{
		memcpy(&start, data, sizeof(start));
		memcpy(&end, data + length - sizeof(end), sizeof(end));
	}
	return ((uint64_t) start << 32) | end;
}

/*
 * Can strings of these lengths be equal?  Of different lengths, only in UTF-8.
 */
bool
kql_may_be_equal(size_t length_a, size_t length_b, KqlEncoding encoding)
{
	return length_a == length_b ||
		(encoding == KQL_UTF8 &&
		 length_a <= KQL_FOLD_RATIO * length_b &&
		 length_b <= KQL_FOLD_RATIO * length_a);
}

/*
 * KQL's =~.
 *
 * Strings of different lengths are compared, too, as in UTF-8 they may be
 * equal; where all is ASCII, the first word that differs tells.
 */
bool
kql_equal_fold(KqlString a, KqlString b, KqlEncoding encoding)
{
	bool		same_length = a.length == b.length;
	size_t		length = a.length < b.length ? a.length : b.length;
	size_t		i = 0;
	uint64_t	word_a;
	uint64_t	word_b;

	if (encoding != KQL_UTF8 && !same_length)
		return false;
	if (length < sizeof(uint64_t))
	{
		word_a = load_short(a.data, length);
		word_b = load_short(b.data, length);
		/* without branches that short strings would take by chance */
		if (kql_word_is_ascii(word_a | word_b))
			return (kql_fold_word(word_a) == kql_fold_word(word_b)) & same_length;
		if (words_equal_fold(word_a, word_b))
			return same_length;
		goto differ;
	}

	for (; i < length - sizeof(uint64_t); i += sizeof(uint64_t))
	{
		word_a = kql_load_word(a.data + i);
		word_b = kql_load_word(b.data + i);
		if (!words_equal_fold(word_a, word_b))
			goto differ;
	}

	/* the last eight bytes, some of which the loop may have seen */
	i = length - sizeof(uint64_t);
	word_a = kql_load_word(a.data + i);
	word_b = kql_load_word(b.data + i);
	if (words_equal_fold(word_a, word_b))
		return same_length;

differ:
	return !kql_word_is_ascii(word_a | word_b) &&
		equal_from(a, b, i, encoding);
}

/*
 * Number of bytes at the start of both strings that are equal but for the case
 * of ASCII letters.
 */
static size_t
common_prefix_fold(const char *a, const char *b, size_t length)
{
	size_t		i = 0;

	while (i + sizeof(uint64_t) <= length &&
		   words_equal_fold(kql_load_word(a + i), kql_load_word(b + i)))
		i += sizeof(uint64_t);
	while (i < length && kql_fold_byte(a[i]) == kql_fold_byte(b[i]))
		i++;
	return i;
}

/*
 * Order by folded characters, by their code points where those are known:
 * negative, zero or positive as memcmp() has it.
 */
int
kql_compare_fold(KqlString a, KqlString b, KqlEncoding encoding)
{
	size_t		shorter = a.length < b.length ? a.length : b.length;
	size_t		common = common_prefix_fold(a.data, b.data, shorter);

	if (common == shorter)
		return (a.length > b.length) - (a.length < b.length);
	if (((a.data[common] | b.data[common]) & 0x80) != 0 &&
		kql_folds_all(encoding))
		return compare_characters(a, b, character_start(a, common, encoding),
								  encoding);
	return (int) kql_fold_byte(a.data[common]) -
		(int) kql_fold_byte(b.data[common]);
}
