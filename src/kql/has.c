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
 * Does the term stand at this place, alone, ignoring case?
 */
static bool
has_at(KqlString haystack, KqlString term, size_t start)
{
	const char *s = haystack.data + start;
	size_t		end = start + term.length;

	if (kql_fold_byte(s[0]) != kql_fold_byte(term.data[0]))
		return false;
	if (start > 0 && is_term_byte(haystack.data[start - 1]))
		return false;
	if (end < haystack.length && is_term_byte(haystack.data[end]))
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
 * KQL's has: the term occurs, ignoring ASCII case, with the end of the string
 * or a byte that belongs to no term on each side of it.  What stands inside
 * the term, separators included, must occur as it is.  Every string has the
 * empty term.
 *
 * Eight places at once are passed over where none has both the first and the
 * last byte of the term.
 */
bool
kql_has(KqlString haystack, KqlString term)
{
	SoughtByte	first;
	SoughtByte	last;
	size_t		starts;
	size_t		i = 0;

	if (term.length == 0)
		return true;
	if (term.length > haystack.length)
		return false;

	first = sought_byte(term.data[0]);
	last = sought_byte(term.data[term.length - 1]);
	starts = haystack.length - term.length + 1;
	while (i < starts)
	{
		size_t		end = i + sizeof(uint64_t);

		if (end > starts)
			end = starts;
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
