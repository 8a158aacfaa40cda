/*-------------------------------------------------------------------------
 *
 * fold.c
 *	  Case folding, changes of case, and letters and digits, by the tables of
 *	  Unicode.
 *
 * The tables are compiled in, so that indexes stay right whatever becomes of
 * the operating system's locales.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "fold.h"
#include "unicode_table.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

/*
 * What a code point is mapped to by the tables of a mapping.
 */
static inline uint32_t
mapped(uint32_t code_point, const uint16_t *index, size_t length,
	   const uint8_t (*pages)[KQL_UNICODE_PAGE], const int32_t *deltas)
{
	uint32_t	page = code_point / KQL_UNICODE_PAGE;

	if (page >= length)
		return code_point;
	return code_point + deltas[pages[index[page]][code_point % KQL_UNICODE_PAGE]];
}

/*
 * Simple case folding: the C and S mappings of Unicode's CaseFolding.txt.
 */
uint32_t
kql_fold_code_point(uint32_t code_point)
{
	return mapped(code_point, fold_index, LENGTH(fold_index), fold_pages, fold_deltas);
}

/*
 * The next code point, from this one on, that folds to another; UINT32_MAX if
 * there is none.
 */
uint32_t
kql_next_folded(uint32_t code_point)
{
	/* there is no letter among the first, nor in other pages like theirs */
	while (code_point / KQL_UNICODE_PAGE < LENGTH(fold_index))
	{
		if (fold_index[code_point / KQL_UNICODE_PAGE] == fold_index[0])
			code_point = (code_point / KQL_UNICODE_PAGE + 1) * KQL_UNICODE_PAGE;
		else if (kql_fold_code_point(code_point) != code_point)
			return code_point;
		else
			code_point++;
	}
	return UINT32_MAX;
}

/*
 * A letter in lower case: the simple mappings of Unicode's UnicodeData.txt.
 */
uint32_t
kql_lower_code_point(uint32_t code_point)
{
	return mapped(code_point, lower_index, LENGTH(lower_index), lower_pages, lower_deltas);
}

/*
 * Likewise in upper case.
 */
uint32_t
kql_upper_code_point(uint32_t code_point)
{
	return mapped(code_point, upper_index, LENGTH(upper_index), upper_pages, upper_deltas);
}

/*
 * Is this a letter (with the property Alphabetic) or a decimal digit?
 */
bool
kql_is_alphanumeric(uint32_t code_point)
{
	uint32_t	page = code_point / KQL_UNICODE_PAGE;

	if (page >= LENGTH(term_index))
		return false;
	return term_pages[term_index[page]] >> (code_point % KQL_UNICODE_PAGE) & 1;
}

/*
 * Is this white space (with the property White_Space)?
 */
bool
kql_is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/*
 * Write a character in UTF-8, and return its length.
 */
int
kql_encode_utf8(uint32_t code_point, char *buffer)
{
	if (code_point < 0x80)
	{
		buffer[0] = code_point;
		return 1;
	}
	if (code_point < 0x800)
	{
		buffer[0] = 0xc0 | code_point >> 6;
		buffer[1] = 0x80 | (code_point & 0x3f);
		return 2;
	}
	if (code_point < 0x10000)
	{
		buffer[0] = 0xe0 | code_point >> 12;
		buffer[1] = 0x80 | (code_point >> 6 & 0x3f);
		buffer[2] = 0x80 | (code_point & 0x3f);
		return 3;
	}
	buffer[0] = 0xf0 | code_point >> 18;
	buffer[1] = 0x80 | (code_point >> 12 & 0x3f);
	buffer[2] = 0x80 | (code_point >> 6 & 0x3f);
	buffer[3] = 0x80 | (code_point & 0x3f);
	return 4;
}

/*
 * Fold a string of UTF-8 into a buffer, which must have twice its length, and
 * return the length that it has there.
 */
size_t
kql_fold_utf8(KqlString s, char *buffer)
{
	const char *end = s.data + s.length;
	char	   *folded = buffer;

	while (s.data < end)
	{
		KqlCharacter character = kql_character(s.data, end, KQL_UTF8);
		uint32_t	code_point = kql_fold_character(character.code_point,
													KQL_UTF8);

		/* what is no UTF-8 stays as it is */
		if (code_point > 0x10ffff)
			*folded++ = *s.data;
		else
			folded += kql_encode_utf8(code_point, folded);
		s.data += character.length;
	}
	return folded - buffer;
}
