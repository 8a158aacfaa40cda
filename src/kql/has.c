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

/* Of strings up to so many bytes, it is first seen whether they are ASCII */
#define SHORT_LENGTH	64

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
 * Eight bytes that are zero where the word has the byte in any case.
 */
static inline uint64_t
word_differs(uint64_t word, SoughtByte sought)
{
	return (word | sought.case_bit) ^ sought.folded;
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
static KQL_SLOW_PATH bool
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
 * Does the term stand at this place, alone, ignoring case?  It is ASCII, and
 * so is the string up to its end there, or nothing is known of other bytes.
 */
static bool
has_bytes_at(KqlString haystack, KqlString term, size_t start,
			 KqlEncoding encoding)
{
	const char *s = haystack.data + start;
	const char *end = s + term.length;
	const char *haystack_end = haystack.data + haystack.length;

	if (start > 0 && is_term_byte(s[-1]) && is_term_byte(s[0]))
		return false;
	if (end < haystack_end && is_term_byte(end[-1]) &&
		is_term_character(kql_character(end, haystack_end, encoding).code_point,
						  encoding))
		return false;
	return kql_equal_fold(kql_string(s, term.length), term, KQL_BYTES);
}

/*
 * Search for a term of ASCII at a few places, one by one.
 */
static inline bool
has_bytes_near(KqlString haystack, KqlString term, size_t start, size_t stop,
			   KqlEncoding encoding)
{
	unsigned char first = kql_fold_byte(term.data[0]);

	for (size_t i = start; i < stop; i++)
	{
		if (kql_fold_byte(haystack.data[i]) == first &&
			has_bytes_at(haystack, term, i, encoding))
			return true;
	}
	return false;
}

/*
 * Can a term with these first and last bytes start at one of eight places?
 * The bytes that may be its last are added to those that were seen.
 */
static inline bool
may_start_in_word(const char *s, size_t length, SoughtByte first,
				  SoughtByte last, uint64_t *seen)
{
	uint64_t	ends = kql_load_word(s + length - 1);

	*seen |= ends;
	return has_zero_byte(word_differs(kql_load_word(s), first) |
						 word_differs(ends, last));
}

/*
 * Search for a term of ASCII in words of eight bytes.
 *
 * Eight places at a time are passed over where none has both the first and the
 * last byte of the term.  If a byte turns out not to be ASCII that is to be
 * known better, it is all done again, character by character.
 */
static inline bool
has_bytes(KqlString haystack, KqlString term, size_t start, size_t stop,
		  KqlEncoding encoding)
{
	SoughtByte	first = sought_byte(term.data[0]);
	SoughtByte	last = sought_byte(term.data[term.length - 1]);
	uint64_t	seen = 0;
	size_t		i = start;

	for (;;)
	{
		bool		may_start = false;

		while (i + sizeof(uint64_t) <= stop)
		{
			may_start = may_start_in_word(haystack.data + i, term.length,
										  first, last, &seen);
			if (may_start)
				break;
			i += sizeof(uint64_t);
		}
		if (!may_start && i < stop && stop - start >= sizeof(uint64_t))
		{
			/* the last eight places, some of which were looked at */
			i = stop - sizeof(uint64_t);
			continue;
		}
		if (!may_start)
			break;
		if (!kql_word_is_ascii(seen) && encoding != KQL_BYTES)
			break;
		if (has_bytes_near(haystack, term, i, i + sizeof(uint64_t), encoding))
			return true;
		i += sizeof(uint64_t);
	}

	if (encoding != KQL_BYTES &&
		(!kql_word_is_ascii(seen) ||
		 !kql_is_ascii(kql_string(haystack.data + i + term.length - 1, stop - i))))
		return has_characters(haystack, term, start, stop - start, encoding);
	return has_bytes_near(haystack, term, i, stop, encoding);
}

/*
 * KQL's has: the term occurs, ignoring case, and no term of the string goes on
 * past its ends.  What stands inside the term, separators included, must occur
 * as it is.  Every string has the empty term.
 *
 * The term must start at one of "count" places from "start" on: with many
 * places and a long term this may take long, so a caller that must be able to
 * stop asks for few places at once.
 */
bool
kql_has_from(KqlString haystack, KqlString term, size_t start, size_t count,
			 KqlEncoding encoding)
{
	size_t		before = start > 0 ? 1 : 0;
	size_t		stop;

	if (term.length == 0)
		return true;
	if (start >= haystack.length)
		return false;
	if (encoding != KQL_BYTES && !kql_is_ascii(term))
		return has_characters(haystack, term, start, count, encoding);

	/* a short string is looked at sooner than its parts */
	if (haystack.length <= SHORT_LENGTH && kql_is_ascii(haystack))
		encoding = KQL_BYTES;

	/* a character of ASCII equals none that has fewer bytes */
	if (term.length > haystack.length - start)
		return false;

	/* what has_bytes() does not look at itself */
	if (encoding != KQL_BYTES &&
		!kql_is_ascii(kql_string(haystack.data + start - before,
								 term.length - 1 + before)))
		return has_characters(haystack, term, start, count, encoding);
	stop = haystack.length - term.length + 1;
	if (count < stop - start)
		stop = start + count;
	return has_bytes(haystack, term, start, stop, encoding);
}
