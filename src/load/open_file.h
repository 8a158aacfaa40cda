/*-------------------------------------------------------------------------
 *
 * open_file.h
 *	  A file, and the name that the ledger has for it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_OPEN_FILE_H
#define LOAD_OPEN_FILE_H

#include "read/inflate.h"
#include "write/writer.h"

extern bool open_file(Writer *writer, Source *source, char **name);

#endif							/* LOAD_OPEN_FILE_H */
