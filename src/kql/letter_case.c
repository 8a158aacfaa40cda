/*-------------------------------------------------------------------------
 *
 * letter_case.c
 *	  KQL's tolower() and toupper().
 *
 * PostgreSQL's lower() and upper() do what the collation says, which may know
 * ASCII alone, or that a Turkish I has no dot.  Kusto's do the same everywhere.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "azhunt.h"
#include "kql/fold.h"
#include "kql/scalars.h"

PG_FUNCTION_INFO_V1(azhunt_tolower);
PG_FUNCTION_INFO_V1(azhunt_toupper);

/*
 * Has the database's encoding, to which this converts, a character of UTF-8?
 */
static bool
database_has(Oid conversion, const char *character, int length)
{
	unsigned char converted[MAX_CONVERSION_GROWTH * KQL_CHARACTER_SIZE + 1];

	return pg_do_encoding_conversion_buf(conversion, PG_UTF8, GetDatabaseEncoding(), (unsigned char *) character, length,
										 converted, sizeof(converted), true) == length;
}

/*
 * Change the case of a string of UTF-8 into a buffer, which must have twice its
 * length, and return the length that it has there.  A letter whose other case
 * cannot be converted stays as it is.
 */
static size_t
change_case(KqlString s, uint32_t (*change) (uint32_t), Oid conversion, char *buffer)
{
	const char *end = s.data + s.length;
	char	   *changed = buffer;

	while (s.data < end)
	{
		KqlCharacter character = kql_character(s.data, end, KQL_UTF8);
		uint32_t	code_point = change(character.code_point);
		int			length = 0;

		CHECK_FOR_INTERRUPTS();
		if (code_point != character.code_point)
		{
			length = kql_encode_utf8(code_point, changed);
			if (OidIsValid(conversion) && !database_has(conversion, changed, length))
				length = 0;
		}
		if (length == 0)
		{
			length = character.length;
			memcpy(changed, s.data, length);
		}
		changed += length;
		s.data += character.length;
	}
	return changed - buffer;
}

/*
 * A text argument in another case, by the mapping of characters.
 */
static Datum
in_case(FunctionCallInfo fcinfo, uint32_t (*change) (uint32_t))
{
	bool		is_converted = GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII;
	KqlString	s = utf8_argument(fcinfo, 0);
	Oid			conversion = is_converted ? FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding()) : InvalidOid;
	char	   *buffer = MemoryContextAllocHuge(CurrentMemoryContext, s.length * 2 + 1);

	PG_RETURN_TEXT_P(server_text(kql_string(buffer, change_case(s, change, conversion, buffer))));
}

/*
 * tolower(text)
 */
Datum
azhunt_tolower(PG_FUNCTION_ARGS)
{
	return in_case(fcinfo, kql_lower_code_point);
}

/*
 * toupper(text)
 */
Datum
azhunt_toupper(PG_FUNCTION_ARGS)
{
	return in_case(fcinfo, kql_upper_code_point);
}
