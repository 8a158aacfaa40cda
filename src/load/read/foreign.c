/*-------------------------------------------------------------------------
 *
 * foreign.c
 *	  What a file is that is no log, by its first bytes.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "read/foreign.h"

#include <string.h>

#include "common/buffer.h"
#include "read/record.h"

/* so many bytes are looked at for those that are in no text */
#define LOOKED_AT	512

static const struct
{
	const char *start;
	size_t		length;
	const char *description;
}			kinds[] =

{
	{"PAR1", 4, "file is in Parquet; write it as JSON lines first, for example with: duckdb -c \"COPY (FROM 'FILE') TO 'FILE.json'\""},
	{"PK\003\004", 4, "file is a ZIP archive, or a spreadsheet; unpack it first with unzip, or save the spreadsheet as CSV"},
	{"BZh", 3, "file is compressed with bzip2; decompress it first: bunzip2 FILE"},
	{"\375" "7zXZ", 5, "file is compressed with xz; decompress it first: unxz FILE"},
	{"\050\265\057\375", 4, "file is compressed with Zstandard; decompress it first: unzstd FILE"},
	{"7z\274\257", 4, "file is a 7z archive; unpack it first: 7z x FILE"},
	{"<", 1, "file is XML or HTML, such as an error that was downloaded in place of a log; " EXPECTED_SHAPES},
	{"{\0", 2, "file is in UTF-16 without its mark; convert it first: iconv -f UTF-16LE -t UTF-8 FILE"},
	{"[\0", 2, "file is in UTF-16 without its mark; convert it first: iconv -f UTF-16LE -t UTF-8 FILE"},
	{"T\0i\0m\0", 6, "file is in UTF-16 without its mark; convert it first: iconv -f UTF-16LE -t UTF-8 FILE"},
	{"\0{", 2, "file is in UTF-16 without its mark; convert it first: iconv -f UTF-16BE -t UTF-8 FILE"},
	{"\0[", 2, "file is in UTF-16 without its mark; convert it first: iconv -f UTF-16BE -t UTF-8 FILE"},
	{"\0T\0i\0m", 6, "file is in UTF-16 without its mark; convert it first: iconv -f UTF-16BE -t UTF-8 FILE"},
	{"\037\213", 2, "file is compressed with gzip twice; decompress it once: gunzip FILE"}
};

/*
 * Say what a file is that starts so, and what to do, or NULL if it may be a log.
 */
char *
describe_foreign(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (length >= kinds[i].length && memcmp(text, kinds[i].start, kinds[i].length) == 0)
			return load_strdup(kinds[i].description);
	}
	if (memchr(text, 0, length < LOOKED_AT ? length : LOOKED_AT) != NULL)
		return load_strdup("file is no Azure log but binary data; " EXPECTED_SHAPES);
	return NULL;
}
