/*-------------------------------------------------------------------------
 *
 * has.c
 *	  KQL's has: a whole term, ignoring case.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "fold.h"

/*
 * Does this byte belong to a term?  Terms are runs of letters and digits;
 * every other character separates them.
 */
static inline bool
is_term_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') ||
		(c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z');
}

/*
 * Do these two neighbours belong to one and the same term?
 */
static inline bool
continues_term(unsigned char left, unsigned char right)
{
	return is_term_byte(left) && is_term_byte(right);
}

/*
 * Does the term stand at this place, alone, ignoring case?  All is ASCII.
 */
static bool
has_at(KqlString haystack, KqlString term, size_t start)
{
	const char *s = haystack.data + start;
	size_t		end = start + term.length;

	if (kql_fold_byte(s[0]) != kql_fold_byte(term.data[0]))
		return false;
	if (start > 0 && continues_term(haystack.data[start - 1], s[0]))
		return false;
	if (end < haystack.length &&
		continues_term(s[term.length - 1], haystack.data[end]))
		return false;
	return kql_equal_fold(kql_string(s, term.length), term, KQL_BYTES);
}

/*
 * A byte as word_differs() compares it: case_bit is what capitals lack.
 */
typedef struct SoughtByte
{
	uint64_t	folded;			/* the byte, folded, eight times */
	uint64_t	case_bit;		/* likewise; zero for all but letters */
}			SoughtByte;

/*
 * Prepare to look for a byte.
 */
static inline SoughtByte
sought_byte(unsigned char c)
{
	SoughtByte	sought;

	c = kql_fold_byte(c);
	sought.folded = KQL_EVERY_BYTE(c);
	sought.case_bit = (c >= 'a' && c <= 'z') ? KQL_EVERY_BYTE(0x20) : 0;
	return sought;
}

/*
 * Eight bytes that are zero where the string has the byte in any case.
 */
static inline uint64_t
word_differs(const char *s, SoughtByte sought)
{
	return (kql_load_word(s) | sought.case_bit) ^ sought.folded;
}

/*
 * Is one of the eight bytes zero?
 */
static inline bool
has_zero_byte(uint64_t word)
{
	return ((word - KQL_EVERY_BYTE(0x01)) & ~word & KQL_EVERY_BYTE(0x80)) != 0;
}

/*
 * Search where all is ASCII, or nothing is known of other bytes: among
 * "count" places from "start" on.
 *
 * Eight places at a time are passed over where none has both the first and the
 * last byte of the term.
 */
static bool
has_bytes(KqlString haystack, KqlString term, size_t start, size_t count)
{
	SoughtByte	first = sought_byte(term.data[0]);
	SoughtByte	last = sought_byte(term.data[term.length - 1]);
	size_t		stop;
	size_t		i = start;

	if (term.length > haystack.length)
		return false;

	stop = haystack.length - term.length + 1;
	if (start < stop && count < stop - start)
		stop = start + count;
	while (i < stop)
	{
		size_t		end = i + sizeof(uint64_t);

		if (end > stop)
			end = stop;
		else if (!has_zero_byte(word_differs(haystack.data + i, first) |
								word_differs(haystack.data + i + term.length - 1, last)))
		{
			i = end;
			continue;
		}
		for (; i < end; i++)
		{
			if (has_at(haystack, term, i))
				return true;
		}
	}
	return false;
}

/*
 * Does this character belong to a term?  Of encodings whose characters are not
 * known to be letters, only those of ASCII do.
 */
static inline bool
is_term_character(uint32_t code_point, KqlEncoding encoding)
{
	if (code_point < 0x80)
		return is_term_byte(code_point);
	return kql_folds_all(encoding) && kql_is_alphanumeric(code_point);
}

/*
 * Does the term stand at this place of the haystack, ignoring case, and does
 * no term go on past its end?
 */
static bool
has_characters_at(const char *s, const char *end, KqlString term,
				  KqlEncoding encoding)
{
	const char *t = term.data;
	const char *term_end = term.data + term.length;
	uint32_t	code_point = 0;

	while (t < term_end)
	{
		KqlCharacter expected = kql_character(t, term_end, encoding);
		KqlCharacter found;

		if (s == end)
			return false;
		found = kql_character(s, end, encoding);
		if (kql_fold_character(found.code_point, encoding) !=
			kql_fold_character(expected.code_point, encoding))
			return false;
		code_point = found.code_point;
		s += found.length;
		t += expected.length;
	}
	return s == end || !is_term_character(code_point, encoding) ||
		!is_term_character(kql_character(s, end, encoding).code_point, encoding);
}

/*
 * The first character that starts at this place or after it; *before becomes
 * whether what stands before it belongs to a term.
 */
static const char *
first_character(KqlString haystack, size_t start, KqlEncoding encoding,
				bool *before)
{
	const char *end = haystack.data + haystack.length;
	const char *s = haystack.data + start;
	const char *next = s;

	/* back to a byte that surely starts a character, and on from there */
	if (encoding == KQL_UTF8)
	{
		for (int i = 0; i < KQL_CHARACTER_SIZE && next > haystack.data; i++)
		{
			next--;
			if ((*next & 0xc0) != 0x80)
				break;
		}
	}
	else if (encoding == KQL_EUC)
	{
		while (next > haystack.data && (next[-1] & 0x80) != 0)
			next--;
		if (next > haystack.data)
			next--;
	}
	else if (start > 0)
		next--;

	*before = false;
	while (next < s)
	{
		KqlCharacter character = kql_character(next, end, encoding);

		*before = is_term_character(character.code_point, encoding);
		next += character.length;
	}
	return next;
}

/*
 * Search character by character, from those on that start at one of "count"
 * places from "start" on.
 */
static bool
has_characters(KqlString haystack, KqlString term, size_t start, size_t count,
			   KqlEncoding encoding)
{
	const char *end = haystack.data + haystack.length;
	const char *stop = count < haystack.length - start ?
	haystack.data + start + count : end;
	uint32_t	first = kql_fold_character(kql_character(term.data, term.data + term.length,
														 encoding).code_point, encoding);
	bool		before;
	const char *s = first_character(haystack, start, encoding, &before);

	while (s < stop)
	{
		KqlCharacter character = kql_character(s, end, encoding);
		bool		is_term = is_term_character(character.code_point, encoding);

		if (kql_fold_character(character.code_point, encoding) == first &&
			!(before && is_term) &&
			has_characters_at(s, end, term, encoding))
			return true;
		before = is_term;
		s += character.length;
	}
	return false;
}

/*
 * KQL's has: the term occurs, ignoring case, and no term of the string goes on
 * past its ends.  What stands inside the term, separators included, must occur
 * as it is.  Every string has the empty term.
 *
 * The term must start at one of "count" places from "start" on: with many
 * places and a long term this may take long, so a caller that must be able to
 * stop asks for few places at once.  A caller that knows the strings to be
 * ASCII says KQL_BYTES, which is faster.
 */
bool
kql_has_from(KqlString haystack, KqlString term, size_t start, size_t count,
			 KqlEncoding encoding)
{
	if (term.length == 0)
		return true;
	if (start >= haystack.length)
		return false;
	if (encoding == KQL_BYTES)
		return has_bytes(haystack, term, start, count);
	return has_characters(haystack, term, start, count, encoding);
}
