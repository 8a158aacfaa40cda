/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  The ledger of what was loaded, azhunt.loaded_files.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_LEDGER_H
#define LOAD_LEDGER_H

#include <sys/stat.h>

#include "read/buffered_input.h"
#include "write/writer.h"

/* Where a file stands in the ledger. */
typedef struct LedgerPlace
{
	char	   *name;
	bool		numbered;		/* loads of the name have numbers, as the file
								 * can be read again */
	struct stat opened;			/* the file before it was read */
	int64_t		part;			/* that of this load */
	int64_t		resume_at;		/* what is before it was loaded earlier, */
	char		resume_digest[DIGEST_HEX_SIZE]; /* and has this digest */
} LedgerPlace;

/* What the ledger says about a file. */
typedef enum LedgerAnswer
{
	LEDGER_NEW,
	LEDGER_KNOWN,				/* all of it was loaded */
	LEDGER_GROWN,				/* its beginning was loaded */
	LEDGER_CHANGED,				/* what was loaded is not its beginning */
	LEDGER_ERROR
} LedgerAnswer;

extern char *ledger_name(const char *path);
extern LedgerAnswer ask_ledger(Writer *writer, Source *source, LedgerPlace *place);
extern bool write_ledger(Writer *writer, const LedgerPlace *place, Input *input);

#endif							/* LOAD_LEDGER_H */
