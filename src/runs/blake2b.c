/*-------------------------------------------------------------------------
 *
 * blake2b.c
 *	  The digest BLAKE2b, RFC 7693, without a key.
 *
 * For a few hundred bytes, this takes a small part of the time of PostgreSQL's
 * SHA-256: OpenSSL allocates, looks algorithms up and locks for each digest.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "blake2b.h"

#define ROUNDS	12

static const uint64 initial_state[8] = {
	UINT64CONST(0x6a09e667f3bcc908), UINT64CONST(0xbb67ae8584caa73b),
	UINT64CONST(0x3c6ef372fe94f82b), UINT64CONST(0xa54ff53a5f1d36f1),
	UINT64CONST(0x510e527fade682d1), UINT64CONST(0x9b05688c2b3e6c1f),
	UINT64CONST(0x1f83d9abfb41bd6b), UINT64CONST(0x5be0cd19137e2179)
};

/* Which word of the block comes next */
static const uint8 schedule[ROUNDS][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}
};

static inline uint64
rotate_right(uint64 word, int bits)
{
	return (word >> bits) | (word << (64 - bits));
}

/*
 * RFC 7693's G: mix two words of the block into four of the work vector.
 */
static inline void
mix(uint64 *v, int a, int b, int c, int d, uint64 x, uint64 y)
{
	v[a] += v[b] + x;
	v[d] = rotate_right(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = rotate_right(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 63);
}

/*
 * RFC 7693's F: take in a block, after which the input has this length so far.
 */
static void
compress(Blake2b *digest, const uint8 *block, bool is_last)
{
	uint64		words[16];
	uint64		v[16];

	memcpy(words, block, BLAKE2B_BLOCK);
#ifdef WORDS_BIGENDIAN
	for (int i = 0; i < 16; i++)
		words[i] = pg_bswap64(words[i]);
#endif
	memcpy(v, digest->state, sizeof(digest->state));
	memcpy(v + 8, initial_state, sizeof(initial_state));
	v[12] ^= digest->length;
	if (is_last)
		v[14] = ~v[14];

	for (int i = 0; i < ROUNDS; i++)
	{
		const uint8 *order = schedule[i];

		mix(v, 0, 4, 8, 12, words[order[0]], words[order[1]]);
		mix(v, 1, 5, 9, 13, words[order[2]], words[order[3]]);
		mix(v, 2, 6, 10, 14, words[order[4]], words[order[5]]);
		mix(v, 3, 7, 11, 15, words[order[6]], words[order[7]]);
		mix(v, 0, 5, 10, 15, words[order[8]], words[order[9]]);
		mix(v, 1, 6, 11, 12, words[order[10]], words[order[11]]);
		mix(v, 2, 7, 8, 13, words[order[12]], words[order[13]]);
		mix(v, 3, 4, 9, 14, words[order[14]], words[order[15]]);
	}
	for (int i = 0; i < 8; i++)
		digest->state[i] ^= v[i] ^ v[i + 8];
}

/*
 * Start a digest of so many bytes.
 */
void
blake2b_init(Blake2b *digest, int size)
{
	Assert(size >= 1 && size <= BLAKE2B_MAX_SIZE);
	memcpy(digest->state, initial_state, sizeof(initial_state));
	digest->state[0] ^= 0x01010000 ^ size;
	digest->length = 0;
	digest->used = 0;
	digest->size = size;
}

/*
 * Take in some bytes.  The last block stays, as it is compressed otherwise.
 */
void
blake2b_update(Blake2b *digest, const void *data, size_t length)
{
	const uint8 *bytes = data;

	while (length > BLAKE2B_BLOCK - digest->used)
	{
		size_t		part = BLAKE2B_BLOCK - digest->used;

		memcpy(digest->block + digest->used, bytes, part);
		digest->length += BLAKE2B_BLOCK;
		compress(digest, digest->block, false);
		digest->used = 0;
		bytes += part;
		length -= part;
	}
	memcpy(digest->block + digest->used, bytes, length);
	digest->used += length;
}

/*
 * Give the digest of all that was taken in.
 */
void
blake2b_final(Blake2b *digest, uint8 *result)
{
	digest->length += digest->used;
	memset(digest->block + digest->used, 0, BLAKE2B_BLOCK - digest->used);
	compress(digest, digest->block, true);
#ifdef WORDS_BIGENDIAN
	for (int i = 0; i < 8; i++)
		digest->state[i] = pg_bswap64(digest->state[i]);
#endif
	memcpy(result, digest->state, digest->size);
}
