/*-------------------------------------------------------------------------
 *
 * search_dates.h
 *	  Looking through a file for a date that tells where months are.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_SEARCH_DATES_H
#define LOAD_SEARCH_DATES_H

#include "map/date_order.h"

extern bool search_dates(DateOrders *orders, const char *path);

#endif							/* LOAD_SEARCH_DATES_H */
