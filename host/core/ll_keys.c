/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_keys.h"

#include "host/base/ll_assert.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(LL_KEY_SECRET_BYTES >= XXH3_SECRET_SIZE_MIN, "a secret that XXH3 takes");

void ll_keys_init(struct ll_keys *keys, const uint8_t seed[16])
{
    XXH_errorcode code = XXH3_generateSecret(keys->secret, sizeof keys->secret, seed, 16);
    LL_ASSERT(code == XXH_OK);
}

bool ll_key_text_is_valid(const char *text, size_t text_bytes)
{
    if (text_bytes == 0 || text_bytes > LL_KEY_TEXT_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text_bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

struct ll_key ll_key_text(const struct ll_keys *keys, struct ll_key_scope scope, const char *text,
                          size_t text_bytes)
{
    uint64_t head = (uint64_t)scope.kind << 48 | (uint64_t)scope.owner << 32 | scope.day;
    LL_ASSERT(text_bytes != 0);
    LL_ASSERT(text_bytes <= LL_KEY_TEXT_BYTES_MAX);
    XXH128_hash_t digest = XXH3_128bits_withSecret(text, text_bytes, keys->secret, sizeof keys->secret);
    /* An odd factor: no two scopes give one text the same key, and what they add is spread over the word. */
    struct ll_key key = {{digest.low64 + head * 0x9e3779b97f4a7c15u, digest.high64 & ~LL_KEY_NUMBER_BIT}};
    key.word[0] |= (uint64_t)((key.word[0] | key.word[1]) == 0); /* both 0 is no key */
    return key;
}
