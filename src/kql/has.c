/*-------------------------------------------------------------------------
 *
 * has.c
 *	  KQL's has: a whole term, ignoring case.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "kql.h"

/*
 * Does this byte belong to a term?  Terms are runs of ASCII letters and
 * digits; every other byte separates them.
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
 * Does the term stand at this place, alone, ignoring case?
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
	return kql_equal_fold(kql_string(s, term.length), term);
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
 * KQL's has: the term occurs, ignoring ASCII case, and no term of the string
 * goes on past its ends.  What stands inside the term, separators included,
 * must occur as it is.  Every string has the empty term.
 */
bool
kql_has(KqlString haystack, KqlString term)
{
	return kql_has_from(haystack, term, 0, haystack.length);
}

/*
 * The same for a term that starts at one of "count" places from "start" on.
 *
 * With many places and a long term this may take long, so a caller that must
 * be able to stop asks for few places at once.  Eight places at a time are
 * passed over where none has both the first and the last byte of the term.
 */
bool
kql_has_from(KqlString haystack, KqlString term, size_t start, size_t count)
{
	SoughtByte	first;
	SoughtByte	last;
	size_t		stop;
	size_t		i = start;

	if (term.length == 0)
		return true;
	if (term.length > haystack.length)
		return false;

	first = sought_byte(term.data[0]);
	last = sought_byte(term.data[term.length - 1]);
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
