/*-------------------------------------------------------------------------
 *
 * avro_reader.h
 *	  Records out of the messages that Event Hubs Capture keeps in Avro.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_AVRO_READER_H
#define LOAD_AVRO_READER_H

#include "read/reader.h"

/* the bytes with which such a file starts */
#define AVRO_START	"Obj\001"

extern bool read_avro(Reader *reader);

#endif							/* LOAD_AVRO_READER_H */
