/*-------------------------------------------------------------------------
 *
 * bytes.h
 *	  Eight bytes of text at a time.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_BYTES_H
#define LOAD_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* a word with this in each of its bytes */
#define EACH_BYTE(c)	(UINT64_C(0x0101010101010101) * (unsigned char) (c))
#define WORD_SIZE		sizeof(uint64_t)

/*
 * The word at p, which need not be aligned; its lowest byte is the first one.
 */
static inline uint64_t
load_word(const char *p)
{
	uint64_t	word;

	memcpy(&word, p, WORD_SIZE);
	return le64toh(word);
}

/*
 * The functions below return a word with the highest bit set in each byte that
 * they look for.  Bytes above the first of these may be marked in error, since
 * a subtraction borrowed from them, so what can be told is whether there is
 * one, and which is the first.
 */

/*
 * Bytes that are not ASCII.
 */
static inline uint64_t
not_ascii_bytes(uint64_t word)
{
	return word & EACH_BYTE(0x80);
}

/*
 * Control characters.
 */
static inline uint64_t
control_bytes(uint64_t word)
{
	return (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
}

/*
 * Bytes that are c.
 */
static inline uint64_t
equal_bytes(uint64_t word, char c)
{
	uint64_t	difference = word ^ EACH_BYTE(c);

	return (difference - EACH_BYTE(1)) & ~difference & EACH_BYTE(0x80);
}

/*
 * The number of the first byte that is marked.
 */
static inline int
first_byte(uint64_t marks)
{
	return __builtin_ctzll(marks) / 8;
}

/*
 * The first byte that is not ASCII, or means something in a JSON string: a
 * quote, a backslash or a control character.
 */
static inline const char *
skip_plain(const char *p, const char *end)
{
	for (; end - p >= (ptrdiff_t) WORD_SIZE; p += WORD_SIZE)
	{
		uint64_t	word = load_word(p);
		uint64_t	marks = not_ascii_bytes(word) | control_bytes(word) |
		equal_bytes(word, '"') | equal_bytes(word, '\\');

		if (marks != 0)
			return p + first_byte(marks);
	}
	while (p < end && (unsigned char) *p >= 0x20 && (unsigned char) *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/*
 * The first control character or backslash.
 */
static inline const char *
skip_unescaped(const char *p, const char *end)
{
	for (; end - p >= (ptrdiff_t) WORD_SIZE; p += WORD_SIZE)
	{
		uint64_t	word = load_word(p);
		uint64_t	marks = control_bytes(word) | equal_bytes(word, '\\');

		if (marks != 0)
			return p + first_byte(marks);
	}
	while (p < end && (unsigned char) *p >= 0x20 && *p != '\\')
		p++;
	return p;
}

/*
 * A text that is shorter than a word, in a word.
 */
static inline uint64_t
load_short(const char *p, size_t length)
{
	uint64_t	word = 0;
	uint32_t	first;
	uint32_t	last;

	if (length >= sizeof(first))
	{
		memcpy(&first, p, sizeof(first));
		memcpy(&last, p + length - sizeof(last), sizeof(last));
		return (uint64_t) first << 32 | last;
	}
	for (size_t i = 0; i < length; i++)
		word = word << 8 | (unsigned char) p[i];
	return word;
}

/*
 * Add a word to a hash.
 */
static inline uint64_t
hash_add_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

/*
 * A hash of a text, with these bits set in each byte.
 */
static inline uint64_t
hash_text(const char *text, size_t length, uint64_t bits)
{
	const char *end = &text[length];
	uint64_t	hash = length;

	if (length < WORD_SIZE)
		return hash_add_word(hash, load_short(text, length) | bits);
	for (; end - text > (ptrdiff_t) WORD_SIZE; text += WORD_SIZE)
		hash = hash_add_word(hash, load_word(text) | bits);
	/* the last word, which may overlap with the one before */
	return hash_add_word(hash, load_word(end - WORD_SIZE) | bits);
}

/*
 * Are two words the same, but for the case of ASCII letters?  The two cases of a
 * letter differ in one bit, and so do some pairs of other characters.
 */
static inline bool
words_match(uint64_t a, uint64_t b)
{
	uint64_t	differences = a ^ b;
	uint64_t	folded = (a | EACH_BYTE(0x20)) & EACH_BYTE(0x7F);
	uint64_t	letters = (folded + EACH_BYTE(0x80 - 'a')) & ~(folded + EACH_BYTE(0x80 - 'z' - 1)) &
	~a & EACH_BYTE(0x80);

	return (differences & ~(letters >> 2)) == 0;
}

/*
 * Are two texts of one length the same, but for the case of ASCII letters?
 */
static inline bool
texts_match(const char *a, const char *b, size_t length)
{
	const char *end = &a[length];

	if (length < WORD_SIZE)
		return words_match(load_short(a, length), load_short(b, length));
	for (; end - a > (ptrdiff_t) WORD_SIZE; a += WORD_SIZE, b += WORD_SIZE)
	{
		if (!words_match(load_word(a), load_word(b)))
			return false;
	}
	b -= WORD_SIZE - (size_t) (end - a);
	return words_match(load_word(end - WORD_SIZE), load_word(b));
}

#endif							/* LOAD_BYTES_H */
