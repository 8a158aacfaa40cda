/*-------------------------------------------------------------------------
 *
 * hunt_file.c
 *	  Hunting queries and analytics rules in the YAML of Sentinel's repository.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "client.h"

/* Bounds: an alias can stand for a lot, or for what it is in */
#define DEEPEST			20
#define LONGEST_JSON	(1024 * 1024)

/* What azhunt.add_kql_hunt() reads */
static const char *const members[] = {
	"id", "name", "description", "severity", "tactics", "relevantTechniques",
	"entityMappings", "queryPeriod", "queryFrequency", NULL
};

/*
 * Write a string as JSON.
 */
static void
write_string(Text *out, const char *value, size_t length)
{
	add_text(out, "\"");
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) value[i];
		char		escape[8];

		if (c == '"' || c == '\\')
			snprintf(escape, sizeof(escape), "\\%c", c);
		else if (c < ' ')
			snprintf(escape, sizeof(escape), "\\u%04x", c);
		else
		{
			add_bytes(out, value + i, 1);
			continue;
		}
		/* jsonb has no null character */
		if (c != '\0')
			add_text(out, escape);
	}
	add_text(out, "\"");
}

/*
 * Is it a null of YAML?
 */
static bool
is_null(const yaml_node_t *node)
{
	const char *value = (const char *) node->data.scalar.value;

	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(value[0] == '\0' || strcmp(value, "~") == 0 || strcmp(value, "null") == 0);
}

/*
 * Write a node as JSON; false if it is too large.  All scalars are strings.
 */
static bool
write_node(Text *out, yaml_document_t *document, int number, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(document, number);
	bool		is_first = true;

	if (node == NULL || depth > DEEPEST || out->length > LONGEST_JSON)
		return false;
	if (node->type == YAML_SCALAR_NODE && is_null(node))
		add_text(out, "null");
	else if (node->type == YAML_SCALAR_NODE)
		write_string(out, (const char *) node->data.scalar.value, node->data.scalar.length);
	else if (node->type == YAML_SEQUENCE_NODE)
	{
		add_text(out, "[");
		for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
		{
			if (!is_first)
				add_text(out, ",");
			is_first = false;
			if (!write_node(out, document, *item, depth + 1))
				return false;
		}
		add_text(out, "]");
	}
	else
	{
		add_text(out, "{");
		for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
		{
			const yaml_node_t *key = yaml_document_get_node(document, pair->key);

			if (key == NULL || key->type != YAML_SCALAR_NODE)
				return false;
			if (!is_first)
				add_text(out, ",");
			is_first = false;
			write_string(out, (const char *) key->data.scalar.value, key->data.scalar.length);
			add_text(out, ":");
			if (!write_node(out, document, pair->value, depth + 1))
				return false;
		}
		add_text(out, "}");
	}
	return true;
}

/*
 * The number of a mapping's value, or 0.
 */
static int
find_member(yaml_document_t *document, const yaml_node_t *mapping, const char *name)
{
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++)
	{
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);

		if (key != NULL && key->type == YAML_SCALAR_NODE && strcmp((const char *) key->data.scalar.value, name) == 0)
			return pair->value;
	}
	return 0;
}

/*
 * Take what a document says.
 */
static void
read_document(yaml_document_t *document, HuntFile *hunt)
{
	const yaml_node_t *root = yaml_document_get_root_node(document);
	const yaml_node_t *query;
	Text		json = {0};

	if (root == NULL || root->type != YAML_MAPPING_NODE)
		return;
	query = yaml_document_get_node(document, find_member(document, root, "query"));
	if (query == NULL || query->type != YAML_SCALAR_NODE || query->data.scalar.length == 0)
		return;
	if (strlen((const char *) query->data.scalar.value) != query->data.scalar.length)
	{
		hunt->problem = copy_text("the query has a null character");
		return;
	}
	add_text(&json, "{");
	for (int i = 0; members[i] != NULL; i++)
	{
		int			number = find_member(document, root, members[i]);

		if (number == 0)
			continue;
		if (json.length > 1)
			add_text(&json, ",");
		write_string(&json, members[i], strlen(members[i]));
		add_text(&json, ":");
		if (!write_node(&json, document, number, 0))
		{
			hunt->problem = copy_text("the description is too large, or too deep");
			free(json.data);
			return;
		}
	}
	add_text(&json, "}");
	hunt->description = json.data;
	hunt->query = copy_text((const char *) query->data.scalar.value);
}

/*
 * Read a file; what the caller then has to free are its parts.
 */
void
read_hunt_file(const char *path, HuntFile *hunt)
{
	yaml_parser_t parser;
	yaml_document_t document;
	FILE	   *file = fopen(path, "rb");
	char		problem[512];

	memset(hunt, 0, sizeof(*hunt));
	if (file == NULL)
	{
		hunt->problem = copy_text(strerror(errno));
		return;
	}
	if (!yaml_parser_initialize(&parser))
	{
		fputs("azhunt-kql: out of memory\n", stderr);
		exit(EXIT_TROUBLE);
	}
	yaml_parser_set_input_file(&parser, file);
	if (yaml_parser_load(&parser, &document))
	{
		read_document(&document, hunt);
		yaml_document_delete(&document);
	}
	else
	{
		snprintf(problem, sizeof(problem), "line %lu of the file: %s", (unsigned long) parser.problem_mark.line + 1,
				 parser.problem != NULL ? parser.problem : "no YAML");
		hunt->problem = copy_text(problem);
	}
	yaml_parser_delete(&parser);
	fclose(file);
}
