/*-------------------------------------------------------------------------
 *
 * utf16.c
 *	  Text in UTF-16, as Windows PowerShell and spreadsheets write it, as UTF-8.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * What is no UTF-16 becomes what is no UTF-8, so that the record in which it
 * stands is refused rather than changed.
 */
#include "read/utf16.h"

#include <string.h>

#include "common/buffer.h"

/*
 * Do these bytes start with a mark of UTF-16?
 */
bool
is_utf16(const unsigned char *bytes, size_t length)
{
	return length >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF));
}

/*
 * Start with the first bytes of a text, which begin with the mark; it is left out.
 */
Utf16	   *
utf16_start(const unsigned char *bytes, size_t length)
{
	Utf16	   *utf16 = load_calloc(1, sizeof(Utf16));

	utf16->big_endian = bytes[0] == 0xFE;
	utf16->nbytes = length - 2;
	memcpy(utf16->bytes, bytes + 2, utf16->nbytes);
	return utf16;
}

/*
 * The unit at p.
 */
static unsigned
unit_at(const Utf16 *utf16, const unsigned char *p)
{
	return utf16->big_endian ? (unsigned) p[0] << 8 | p[1] : (unsigned) p[1] << 8 | p[0];
}

/*
 * Append a code point in UTF-8.
 */
static void
append_code_point(Utf16 *utf16, unsigned c)
{
	char	   *text = &utf16->text[utf16->end];

	if (c < 0x80)
	{
		text[0] = (char) c;
		utf16->end += 1;
	}
	else if (c < 0x800)
	{
		text[0] = (char) (0xC0 | c >> 6);
		text[1] = (char) (0x80 | (c & 0x3F));
		utf16->end += 2;
	}
	else if (c < 0x10000)
	{
		/* half of a pair alone is not valid in UTF-8, either */
		text[0] = (char) (0xE0 | c >> 12);
		text[1] = (char) (0x80 | (c >> 6 & 0x3F));
		text[2] = (char) (0x80 | (c & 0x3F));
		utf16->end += 3;
	}
	else
	{
		text[0] = (char) (0xF0 | c >> 18);
		text[1] = (char) (0x80 | (c >> 12 & 0x3F));
		text[2] = (char) (0x80 | (c >> 6 & 0x3F));
		text[3] = (char) (0x80 | (c & 0x3F));
		utf16->end += 4;
	}
}

/*
 * Decode the bytes that are there, but for the half of something whose other half
 * is still to come.  All text that was decoded before must have been taken.
 */
void
utf16_decode(Utf16 *utf16, bool at_end)
{
	const unsigned char *p = utf16->bytes;
	const unsigned char *end = p + utf16->nbytes;

	utf16->start = 0;
	utf16->end = 0;
	while (end - p >= 2)
	{
		unsigned	c = unit_at(utf16, p);

		if ((c & 0xFC00) == 0xD800)
		{
			if (end - p < 4 && !at_end)
				break;
			if (end - p >= 4 && (unit_at(utf16, p + 2) & 0xFC00) == 0xDC00)
			{
				c = 0x10000 + ((c & 0x3FF) << 10 | (unit_at(utf16, p + 2) & 0x3FF));
				p += 2;
			}
		}
		append_code_point(utf16, c);
		p += 2;
	}
	if (at_end && p < end)
	{
		/* half a unit, as a byte that is never in UTF-8 */
		utf16->text[utf16->end++] = (char) 0xFF;
		p = end;
	}
	utf16->nbytes = (size_t) (end - p);
	memmove(utf16->bytes, p, utf16->nbytes);
}

/*
 * Take at most so many bytes of the text that was decoded.
 */
size_t
utf16_take(Utf16 *utf16, char *data, size_t size)
{
	size_t		length = utf16->end - utf16->start;

	if (length > size)
		length = size;
	memcpy(data, &utf16->text[utf16->start], length);
	utf16->start += length;
	return length;
}
