/*-------------------------------------------------------------------------
 *
 * turn.h
 *	  Waiting for others who load the same file.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_TURN_H
#define LOAD_TURN_H

#include "write/writer.h"

extern bool wait_for_turn(Writer *writer, const char *name);
extern char *who_writes(Writer *writer);

#endif							/* LOAD_TURN_H */
