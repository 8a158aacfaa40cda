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
 * Terms of more bytes are not compared at each place at which they may start,
 * which could take time in proportion to their length for each of them: first
 * where characters are compared one by one, then where words of bytes are
 */
#define LONG_TERM		32
#define LONG_ASCII_TERM	256

/* Products of two remainders, and of one and a character, fit into 64 bits */
#define HASH_MODULUS	UINT64_C(2147483647)
#define HASH_BASE		UINT64_C(1000003939)

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
} SoughtByte;

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
 * Does a term go on from the character before a place of the haystack?
 */
static inline bool
term_goes_on(uint32_t before, const char *s, const char *end,
			 KqlEncoding encoding)
{
	return s < end && is_term_character(before, encoding) &&
		is_term_character(kql_character(s, end, encoding).code_point, encoding);
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
	return !term_goes_on(code_point, s, end, encoding);
}

/*
 * Does what stands before this place, at which a character starts, belong to a
 * term?
 */
static bool
is_term_before(KqlString haystack, size_t start, KqlEncoding encoding)
{
	const char *s = haystack.data + start;
	const char *previous = s;

	if (start == 0)
		return false;
	do
		previous--;
	while (encoding == KQL_UTF8 && (*previous & 0xc0) == 0x80 &&
		   previous > haystack.data && s - previous < KQL_CHARACTER_SIZE);

	/* of a character of EUC the last byte says as much as the whole */
	return is_term_character(kql_character(previous, s, encoding).code_point,
							 encoding);
}

/*
 * Search for a short term character by character, from those on that start at
 * "*start" or after it and before "stop".
 */
static KQL_SLOW_PATH bool
has_characters(KqlString haystack, KqlString term, size_t *start, size_t stop,
			   KqlEncoding encoding)
{
	const char *end = haystack.data + haystack.length;
	uint32_t	first = kql_fold_character(kql_character(term.data, term.data + term.length,
														 encoding).code_point, encoding);
	bool		before = is_term_before(haystack, *start, encoding);
	const char *s = haystack.data + *start;

	while (s < haystack.data + stop)
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
	*start = s - haystack.data;
	return false;
}

/*
 * Characters that follow each other, and the hash of them, folded: a polynomial
 * of which the first can be taken away again.
 */
typedef struct Window
{
	const char *start;
	const char *end;
	uint32_t	last;			/* character */
	uint64_t	hash;
	uint64_t	weight;			/* with which the first is in the hash */
} Window;

/*
 * Add the next character to a window.
 */
static inline void
add_character(Window *window, const char *end, KqlEncoding encoding)
{
	KqlCharacter character = kql_character(window->end, end, encoding);

	window->hash = (window->hash * HASH_BASE +
					kql_fold_character(character.code_point, encoding)) % HASH_MODULUS;
	window->end += character.length;
	window->last = character.code_point;
}

/*
 * Take the first character, which is given, out of a window.
 */
static inline void
remove_character(Window *window, KqlCharacter character, KqlEncoding encoding)
{
	uint64_t	share = kql_fold_character(character.code_point, encoding) *
	window->weight % HASH_MODULUS;

	window->hash = (window->hash + HASH_MODULUS - share) % HASH_MODULUS;
	window->start += character.length;
}

/*
 * As has_characters(), for a long term, much of which may stand at each of many
 * places.
 *
 * A window as long as the term moves over the haystack, and is compared with it
 * only where their hashes are equal.  If the hash is right, only the ends can
 * be wrong, which are looked at before.
 */
static KQL_SLOW_PATH bool
has_long_term(KqlString haystack, KqlString term, size_t *start, size_t stop,
			  KqlEncoding encoding)
{
	const char *end = haystack.data + haystack.length;
	const char *term_end = term.data + term.length;
	bool		before = is_term_before(haystack, *start, encoding);
	Window		window = {haystack.data + *start, haystack.data + *start, 0, 0, 1};
	Window		sought = {term.data, term.data, 0, 0, 1};

	/* in case we return because no term can start */
	*start = haystack.length;
	while (sought.end < term_end)
	{
		if (window.end == end)
			return false;
		if (sought.end > sought.start)
			window.weight = window.weight * HASH_BASE % HASH_MODULUS;
		add_character(&sought, term_end, encoding);
		add_character(&window, end, encoding);
	}

	while (window.start < haystack.data + stop)
	{
		KqlCharacter first = kql_character(window.start, end, encoding);
		bool		is_term = is_term_character(first.code_point, encoding);

		if (window.hash == sought.hash && !(before && is_term) &&
			!term_goes_on(window.last, window.end, end, encoding) &&
			has_characters_at(window.start, end, term, encoding))
			return true;
		if (window.end == end)
			return false;
		remove_character(&window, first, encoding);
		add_character(&window, end, encoding);
		before = is_term;
	}
	*start = window.start - haystack.data;
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
 * Search for a term of ASCII in words of eight bytes, at places before "stop".
 *
 * Eight places at a time are passed over where none has both the first and the
 * last byte of the term.  If a byte turns out not to be ASCII that is to be
 * known better, *is_ascii becomes false, and there is no answer.
 */
static inline bool
has_bytes(KqlString haystack, KqlString term, size_t start, size_t stop,
		  KqlEncoding encoding, bool *is_ascii)
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

	*is_ascii = encoding == KQL_BYTES ||
		(kql_word_is_ascii(seen) &&
		 kql_is_ascii(kql_string(haystack.data + i + term.length - 1, stop - i)));
	return *is_ascii && has_bytes_near(haystack, term, i, stop, encoding);
}

/*
 * KQL's has: the term occurs, ignoring case, and no term of the string goes on
 * past its ends.  What stands inside the term, separators included, must occur
 * as it is.  Every string has the empty term.
 *
 * The term must start at one of "count" places from "*start" on, which becomes
 * where to go on, so that a caller can stop in between.  This takes time in
 * proportion to the places and the length of the term: all of a string takes
 * it in proportion to its length if there are at least as many places at once
 * as the term has bytes.
 */
bool
kql_has_from(KqlString haystack, KqlString term, size_t *start, size_t count,
			 KqlEncoding encoding)
{
	size_t		rest = haystack.length - *start;
	size_t		before = *start > 0 ? 1 : 0;
	size_t		stop = count < rest ? *start + count : haystack.length;
	bool		is_ascii;

	if (term.length == 0)
		return true;
	if (rest == 0)
		return false;
	if (encoding != KQL_BYTES && !kql_is_ascii(term))
		goto characters;

	/* a short string is looked at sooner than its parts */
	if (haystack.length <= SHORT_LENGTH && kql_is_ascii(haystack))
		encoding = KQL_BYTES;

	/* a character of ASCII equals none that has fewer bytes */
	if (term.length > rest)
	{
		*start = haystack.length;
		return false;
	}
	if (term.length > LONG_ASCII_TERM)
		goto characters;

	/* what has_bytes() does not look at itself */
	is_ascii = encoding == KQL_BYTES ||
		kql_is_ascii(kql_string(haystack.data + *start - before,
								term.length - 1 + before));
	if (is_ascii)
	{
		size_t		last_stop = haystack.length - term.length + 1;

		if (has_bytes(haystack, term, *start, stop < last_stop ? stop : last_stop,
					  encoding, &is_ascii))
			return true;
	}
	if (is_ascii)
	{
		*start = stop;
		return false;
	}

characters:
	return term.length > LONG_TERM ?
		has_long_term(haystack, term, start, stop, encoding) :
		has_characters(haystack, term, start, stop, encoding);
}
