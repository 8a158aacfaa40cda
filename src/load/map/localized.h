/*-------------------------------------------------------------------------
 *
 * localized.h
 *	  Objects {value, localizedValue}, as the REST API writes texts that it
 *	  has for programs and for people.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_LOCALIZED_H
#define LOAD_LOCALIZED_H

#include "read/record.h"

extern bool is_localized(const json_t *node);
extern Value localized_value(const JsonText *json, const json_t *node);

#endif							/* LOAD_LOCALIZED_H */
