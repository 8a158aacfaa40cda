/*-------------------------------------------------------------------------
 *
 * sha256.c
 *	  SHA-256, as FIPS 180-4 defines it.
 *
 * Copyright (c) 2026, azhunt contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sha256.h"

#include <stdbool.h>
#include <string.h>

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static inline uint32_t
rotate_right(uint32_t x, int bits)
{
	return (x >> bits) | (x << (32 - bits));
}

/*
 * The message schedule of one block.
 */
static void
expand_block(uint32_t w[64], const unsigned char *block)
{
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t) block[4 * i] << 24 | (uint32_t) block[4 * i + 1] << 16 |
			(uint32_t) block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++)
	{
		uint32_t	s0 = rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ (w[i - 15] >> 3);
		uint32_t	s1 = rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ (w[i - 2] >> 10);

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

/*
 * Take one block into the state.
 */
static void
compress(uint32_t state[8], const unsigned char *block)
{
	uint32_t	w[64];
	uint32_t	v[8];

	expand_block(w, block);
	memcpy(v, state, sizeof(v));
	for (int i = 0; i < 64; i++)
	{
		uint32_t	s1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
		uint32_t	choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint32_t	t1 = v[7] + s1 + choice + round_constants[i] + w[i];
		uint32_t	s0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
		uint32_t	majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

		v[7] = v[6];
		v[6] = v[5];
		v[5] = v[4];
		v[4] = v[3] + t1;
		v[3] = v[2];
		v[2] = v[1];
		v[1] = v[0];
		v[0] = t1 + s0 + majority;
	}
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define HAVE_SHA_INSTRUCTIONS

/*
 * Has the processor the instructions that compress_fast() needs?
 */
static bool
has_sha_instructions(void)
{
	unsigned	a,
				b,
				c,
				d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/*
 * Take blocks into the state by the processor's own instructions for SHA-256.
 *
 * These keep the state as ABEF and CDGH, and do two rounds at a time.
 */
__attribute__((target("sha,sse4.1,ssse3")))
static void
compress_fast(uint32_t state[8], const unsigned char *data, size_t blocks)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
	__m128i		low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *) state), 0xB1);
	__m128i		high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *) (state + 4)), 0x1B);
	__m128i		abef = _mm_alignr_epi8(low, high, 8);
	__m128i		cdgh = _mm_blend_epi16(high, low, 0xF0);

	for (; blocks > 0; blocks--, data += 64)
	{
		const __m128i abef_before = abef;
		const __m128i cdgh_before = cdgh;
		__m128i		w[4];

		for (int i = 0; i < 16; i++)
		{
			__m128i		wk;

			if (i < 4)
				w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *) (data + 16 * i)), big_endian);
			else
			{
				__m128i		next = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);

				next = _mm_add_epi32(next, _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
				w[i % 4] = _mm_sha256msg2_epu32(next, w[(i + 3) % 4]);
			}
			wk = _mm_add_epi32(w[i % 4], _mm_loadu_si128((const __m128i *) (round_constants + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0E));
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	low = _mm_shuffle_epi32(abef, 0x1B);
	high = _mm_shuffle_epi32(cdgh, 0xB1);
	_mm_storeu_si128((__m128i *) state, _mm_blend_epi16(low, high, 0xF0));
	_mm_storeu_si128((__m128i *) (state + 4), _mm_alignr_epi8(high, low, 8));
}
#endif

/*
 * Take blocks into the state.
 */
static void
compress_blocks(uint32_t state[8], const unsigned char *data, size_t blocks)
{
#ifdef HAVE_SHA_INSTRUCTIONS
	static int	fast = -1;

	if (fast < 0)
		fast = has_sha_instructions();
	if (fast)
	{
		compress_fast(state, data, blocks);
		return;
	}
#endif
	for (; blocks > 0; blocks--, data += 64)
		compress(state, data);
}

/*
 * The state before any byte.
 */
void
sha256_init(Sha256 *sha)
{
	static const uint32_t initial[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
	};

	memcpy(sha->state, initial, sizeof(initial));
	sha->length = 0;
}

/*
 * Take bytes in.
 */
void
sha256_update(Sha256 *sha, const void *data, size_t length)
{
	const unsigned char *p = data;
	size_t		held = sha->length % 64;

	sha->length += length;
	if (held > 0)
	{
		size_t		part = length < 64 - held ? length : 64 - held;

		memcpy(sha->block + held, p, part);
		if (held + part < 64)
			return;
		compress_blocks(sha->state, sha->block, 1);
		p += part;
		length -= part;
	}
	if (length >= 64)
		compress_blocks(sha->state, p, length / 64);
	if (length % 64 > 0)
		memcpy(sha->block, p + length / 64 * 64, length % 64);
}

/*
 * The digest of the bytes so far; the caller's state stays as it is.
 */
void
sha256_final(Sha256 sha, unsigned char digest[SHA256_LENGTH])
{
	uint64_t	bits = sha.length * 8;
	size_t		held = sha.length % 64;
	unsigned char tail[72] = {0x80};
	size_t		padding = held < 56 ? 56 - held : 120 - held;

	for (int i = 0; i < 8; i++)
		tail[padding + i] = (unsigned char) (bits >> (56 - 8 * i));
	sha256_update(&sha, tail, padding + 8);
	for (int i = 0; i < SHA256_LENGTH; i++)
		digest[i] = (unsigned char) (sha.state[i / 4] >> (24 - 8 * (i % 4)));
}

/*
 * The digest in hexadecimal.
 */
void
sha256_hex(Sha256 sha, char hex[2 * SHA256_LENGTH + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[SHA256_LENGTH];

	sha256_final(sha, digest);
	for (int i = 0; i < SHA256_LENGTH; i++)
	{
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[2 * SHA256_LENGTH] = '\0';
}
