/*-------------------------------------------------------------------------
 *
 * database.h
 *	  What a database must have before anything can be loaded.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_DATABASE_H
#define LOAD_DATABASE_H

#include "write/connection.h"

extern bool check_database(PGconn *connection, const ConnectionOptions *options, bool create);

#endif							/* LOAD_DATABASE_H */
