/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SipHash-2-4 of one and of two words, equal to the kernel's, and like hash.h with a way to make
 * values collide.
 */
#ifndef SHIM_LINUX_SIPHASH_H
#define SHIM_LINUX_SIPHASH_H

#include <linux/hash.h>
#include <linux/types.h>

typedef struct {
	u64 key[2];
} siphash_key_t;

static inline u64 siphash_rotate(u64 x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void siphash_round(u64 v[4])
{
	v[0] += v[1];
	v[1] = siphash_rotate(v[1], 13) ^ v[0];
	v[0] = siphash_rotate(v[0], 32);
	v[2] += v[3];
	v[3] = siphash_rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = siphash_rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = siphash_rotate(v[1], 17) ^ v[2];
	v[2] = siphash_rotate(v[2], 32);
}

static inline void siphash_word(u64 v[4], u64 word)
{
	v[3] ^= word;
	siphash_round(v);
	siphash_round(v);
	v[0] ^= word;
}

static inline u64 siphash_words(const u64 *words, u64 count, const siphash_key_t *key)
{
	u64 v[4] = { 0x736f6d6570736575ull ^ key->key[0], 0x646f72616e646f6dull ^ key->key[1],
		     0x6c7967656e657261ull ^ key->key[0], 0x7465646279746573ull ^ key->key[1] };

	for (u64 i = 0; i < count; i++)
		siphash_word(v, words[i]);
	siphash_word(v, count * 8 << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		siphash_round(v);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]) & (shim_hash_mask == ~0u ? ~0ull : shim_hash_mask);
}

static inline u64 siphash_1u64(u64 a, const siphash_key_t *key)
{
	return siphash_words(&a, 1, key);
}

static inline u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key)
{
	return siphash_words((u64[]){ a, b }, 2, key);
}

#endif /* SHIM_LINUX_SIPHASH_H */
