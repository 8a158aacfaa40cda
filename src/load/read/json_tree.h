/*-------------------------------------------------------------------------
 *
 * json_tree.h
 *	  Trees of JSON, made by jansson.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_JSON_TREE_H
#define LOAD_JSON_TREE_H

#include <jansson.h>

extern json_t *json_tree_of_text(const char *text, size_t length, size_t nnames, json_error_t *error);
extern void trim_json_trees(void);

#endif							/* LOAD_JSON_TREE_H */
