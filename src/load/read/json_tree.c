/*-------------------------------------------------------------------------
 *
 * json_tree.c
 *	  Trees of JSON, made by jansson.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
/*
 * The texts that json_text.c hands to jansson have no values in them, so those of
 * two records with the same members are the same, and so are their trees.  Most
 * records have the members of an earlier one.  So trees are kept, and found
 * again by their texts.
 *
 * All trees are discarded together when they take too much memory; they need no
 * json_decref().
 */
#include "read/json_tree.h"

#include <string.h>

#include "common/buffer.h"
#include "common/bytes.h"

/* so much memory for trees, before those of the next record */
#define MAX_TREE_MEMORY	((size_t) 2 * 1024 * 1024)

#define TREE_SLOTS	512			/* a power of two */

/* A tree that may be found again. */
typedef struct KnownTree
{
	uint64_t	hash;
	size_t		length;
	const char *text;
	json_t	   *root;
} KnownTree;

static Arena tree_memory;
static KnownTree known_trees[TREE_SLOTS];

/*
 * malloc() for jansson.
 */
static void *
tree_malloc(size_t size)
{
	return arena_alloc(&tree_memory, size);
}

/*
 * free() for jansson.
 */
static void
tree_free(void *pointer)
{
	(void) pointer;
}

/*
 * Discard all trees, if they take too much memory.
 */
void
trim_json_trees(void)
{
	if (tree_memory.size <= MAX_TREE_MEMORY)
		return;
	arena_reset(&tree_memory);
	memset(known_trees, 0, sizeof(known_trees));
}

/*
 * The number of members of all objects of a tree.
 */
static size_t
count_members(json_t *node)
{
	size_t		count = 0;

	if (json_is_object(node))
	{
		count = json_object_size(node);
		for (void *member = json_object_iter(node); member != NULL;
			 member = json_object_iter_next(node, member))
			count += count_members(json_object_iter_value(member));
	}
	for (size_t i = 0; i < json_array_size(node); i++)
		count += count_members(json_array_get(node, i));
	return count;
}

/*
 * The tree of a text that has so many names of members, or NULL and the error.
 */
json_t *
json_tree_of_text(const char *text, size_t length, size_t nnames, json_error_t *error)
{
	uint64_t	hash = hash_text(text, length, 0);
	KnownTree  *known = &known_trees[hash % TREE_SLOTS];
	json_t	   *root;

	if (known->hash == hash && known->length == length && known->root != NULL &&
		memcmp(known->text, text, length) == 0)
		return known->root;

	json_set_alloc_funcs(tree_malloc, tree_free);
	root = json_loadb(text, length, JSON_DECODE_ANY, error);
	/* of a name that occurs twice in an object, the tree has one member only */
	if (root != NULL && count_members(root) < nnames)
		root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
	if (root != NULL)
	{
		known->hash = hash;
		known->length = length;
		known->text = arena_copy(&tree_memory, text, length);
		known->root = root;
	}
	return root;
}
