/*-------------------------------------------------------------------------
 *
 * json_reader.h
 *	  Records out of JSON: lines, arrays, envelopes and answers of queries.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_JSON_READER_H
#define LOAD_JSON_READER_H

#include "read/reader.h"

/* false where reading ended early */
extern bool read_json(Reader *reader);

#endif							/* LOAD_JSON_READER_H */
