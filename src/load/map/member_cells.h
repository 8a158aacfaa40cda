/*-------------------------------------------------------------------------
 *
 * member_cells.h
 *	  From which cell of a line each member of an object was made.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_MEMBER_CELLS_H
#define LOAD_MEMBER_CELLS_H

#include "common/buffer.h"

/* of a member that was made of several cells */
#define NO_CELL	SIZE_MAX

typedef struct MemberCells
{
	size_t	   *cells;
	size_t		count;
	size_t		size;
} MemberCells;

/*
 * Note the cell of the next member.
 */
static inline void
note_cell(MemberCells *cells, size_t cell)
{
	if (cells->count == cells->size)
	{
		cells->size = cells->size > 0 ? cells->size * 2 : 64;
		cells->cells = load_realloc(cells->cells, cells->size * sizeof(size_t));
	}
	cells->cells[cells->count++] = cell;
}

#endif							/* LOAD_MEMBER_CELLS_H */
