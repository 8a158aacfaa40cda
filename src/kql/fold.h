/*-------------------------------------------------------------------------
 *
 * fold.h
 *	  Characters as KQL compares them: decoded, and folded to one case.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef FOLD_H
#define FOLD_H

#include "kql.h"

/* The longest character of UTF-8, and the longest that folds to one byte */
#define KQL_CHARACTER_SIZE	4
#define KQL_FOLD_RATIO		3

/* A character of a string */
typedef struct KqlCharacter
{
	uint32_t	code_point;
	int			length;			/* in bytes */
} KqlCharacter;

/* What few strings need, and the others should not wait for */
#ifdef __GNUC__
#define KQL_SLOW_PATH	__attribute__((noinline, cold))
#else
#define KQL_SLOW_PATH
#endif

/* A word of eight equal bytes */
#define KQL_EVERY_BYTE(c)	((uint64_t) 0x0101010101010101 * (c))

/*
 * Read eight bytes that need not be aligned.
 */
static inline uint64_t
kql_load_word(const char *data)
{
	uint64_t	word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/*
 * Has one of the eight bytes its eighth bit set?
 */
static inline bool
kql_word_is_ascii(uint64_t word)
{
	return (word & KQL_EVERY_BYTE(0x80)) == 0;
}

/*
 * Are there only characters of ASCII?
 *
 * The last words may have bytes that were seen before.
 */
static inline bool
kql_is_ascii(KqlString s)
{
	const size_t size = sizeof(uint64_t);
	const char *end = s.data + s.length;
	uint64_t	seen = 0;

	if (s.length < size)
	{
		for (const char *p = s.data; p < end; p++)
			seen |= (unsigned char) *p;
		return kql_word_is_ascii(seen);
	}

	for (; s.length > 4 * size; s.length -= 4 * size, s.data += 4 * size)
		seen |= kql_load_word(s.data) | kql_load_word(s.data + size) |
			kql_load_word(s.data + 2 * size) | kql_load_word(s.data + 3 * size);
	if (s.length > 2 * size)
		seen |= kql_load_word(s.data) | kql_load_word(s.data + size) |
			kql_load_word(end - 2 * size);
	else if (s.length > size)
		seen |= kql_load_word(s.data);
	return kql_word_is_ascii(seen | kql_load_word(end - size));
}

/*
 * Fold the ASCII letters of eight bytes at once.
 *
 * Adding to the lower seven bits carries into the eighth where they pass a
 * bound; a byte is a capital if it passes 'A' - 1, does not pass 'Z', and had
 * no eighth bit of its own.
 */
static inline uint64_t
kql_fold_word(uint64_t word)
{
	uint64_t	low = word & KQL_EVERY_BYTE(0x7f);
	uint64_t	from_a = low + KQL_EVERY_BYTE(0x80 - 'A');
	uint64_t	after_z = low + KQL_EVERY_BYTE(0x7f - 'Z');
	uint64_t	capital = from_a & ~after_z & ~word & KQL_EVERY_BYTE(0x80);

	return word | (capital >> 2);
}

/*
 * A character of several bytes in EUC: its bytes, and how many.
 */
static inline KqlCharacter
kql_euc_character(const unsigned char *s, const unsigned char *end)
{
	KqlCharacter character = {0, 0};
	int			length = s[0] == 0x8f ? 3 : 2;

	while (character.length < length && s + character.length < end)
		character.code_point = character.code_point << 8 | s[character.length++];
	return character;
}

/*
 * The character at a place that is before the end of the string.
 *
 * A database holds no invalid UTF-8.  If there is some all the same, each of
 * its bytes is a character past all others.
 */
static inline KqlCharacter
kql_character(const char *data, const char *end, KqlEncoding encoding)
{
	const unsigned char *s = (const unsigned char *) data;
	KqlCharacter character = {s[0], 1};

	if (s[0] < 0x80 || encoding == KQL_BYTES || encoding == KQL_LATIN1)
		return character;
	if (encoding == KQL_EUC)
		return kql_euc_character(s, (const unsigned char *) end);
	if ((s[0] & 0xe0) == 0xc0 && end - data >= 2)
	{
		character.code_point = (s[0] & 0x1f) << 6 | (s[1] & 0x3f);
		character.length = 2;
	}
	else if ((s[0] & 0xf0) == 0xe0 && end - data >= 3)
	{
		character.code_point = (s[0] & 0x0f) << 12 | (s[1] & 0x3f) << 6 |
			(s[2] & 0x3f);
		character.length = 3;
	}
	else if ((s[0] & 0xf8) == 0xf0 && end - data >= 4)
	{
		character.code_point = (s[0] & 0x07) << 18 | (s[1] & 0x3f) << 12 |
			(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
		character.length = 4;
	}
	else
		character.code_point = 0x200000 + s[0];
	return character;
}

/*
 * Is the case of letters beyond ASCII known?
 */
static inline bool
kql_folds_all(KqlEncoding encoding)
{
	return encoding == KQL_UTF8 || encoding == KQL_LATIN1;
}

/*
 * Fold a character.
 */
static inline uint32_t
kql_fold_character(uint32_t code_point, KqlEncoding encoding)
{
	if (code_point < 0x80)
		return kql_fold_byte(code_point);
	return kql_folds_all(encoding) ? kql_fold_code_point(code_point) : code_point;
}

#endif							/* FOLD_H */
