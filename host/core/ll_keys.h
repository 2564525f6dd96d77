/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16-byte keys by which the kernel knows identifiers.
 *
 * Shape    A provider's number is a key as it is, with its scope: who, which day, what it counts. A text is a
 *          keyed digest of scope and text (XXH3, 128 bits). One bit tells them apart, so that a number never
 *          equals a digest.
 *
 *            number   word 0  the number                     word 1  1 | kind 15 | owner 16 | day 32
 *            digest   word 0  64 bits of the digest          word 1  0 | 63 bits of the digest
 *
 *          Who holds the full text compares it after a lookup: two texts of one digest are then detected. The
 *          secret keeps others from making such texts, and from filling one chain of the table. An
 *          execution's number carries the side in its kind: a match of two orders of our own has one number,
 *          and is a fill of each.
 * Units    day: any number that grows from one session day to the next and never comes again (days since
 *          1970).
 * Errors   a text that is no identifier (ll_key_text_is_valid) is the caller's to refuse before: assertion.
 * Threads  pure after ll_keys_init.
 * Source   digest: xxHash specification, XXH3 128 bits with a secret; texts: docs/orders.md.
 */
#ifndef LL_HOST_CORE_KEYS_H
#define LL_HOST_CORE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_KEY_TEXT_BYTES_MAX 64u
#define LL_KEY_SECRET_BYTES   192u
#define LL_KEY_NUMBER_BIT     ((uint64_t)1 << 63) /* in word 1 */

/* K(NAME, number): what an identifier's name is unique within. Kept in journals and snapshots:
 * never changed. */
#define LL_KEY_KINDS(K)                                                                        \
    K(PLATFORM, 0)       /* ours: order ids and all that belong to orders; owner and day 0 */  \
    K(CLIENT, 1)         /* a client's idempotency key; owner = the client */                  \
    K(PROVIDER_REF, 2)   /* what a session calls an order (UserRefNum, token, ClOrdID) */      \
    K(EXCHANGE_REF, 3)   /* what its public feed calls it (order reference number, OrderID) */ \
    K(EXECUTION_BUY, 4)  /* one fill of a buy order, by match number or ExecID */              \
    K(EXECUTION_SELL, 5) /* one fill of a sell order */

enum ll_key_kind {
#define LL_KEY_KIND_ENUM(name, number) LL_KEY_##name = (number),
    LL_KEY_KINDS(LL_KEY_KIND_ENUM)
#undef LL_KEY_KIND_ENUM
        LL_KEY_KIND_COUNT = 6
};

/* The namespace of an identifier. */
struct ll_key_scope {
    uint16_t kind;  /* enum ll_key_kind */
    uint16_t owner; /* the provider's session, or the client; 0 where there is none */
    uint32_t day;   /* 0 = for ever */
};

struct ll_key {
    uint64_t word[2]; /* never both 0: that is no key */
};

struct ll_keys { /* private */
    uint8_t secret[LL_KEY_SECRET_BYTES];
};

/* `seed` is 16 bytes nobody else knows, the same for the life of the journal. */
void ll_keys_init(struct ll_keys *keys, const uint8_t seed[16]);

/* A provider's number, exactly. */
static inline struct ll_key ll_key_number(struct ll_key_scope scope, uint64_t number)
{
    struct ll_key key = {{number, LL_KEY_NUMBER_BIT | (uint64_t)(scope.kind & 0x7fffu) << 48 |
                                      (uint64_t)scope.owner << 32 | scope.day}};
    return key;
}

static inline bool ll_key_is_number(struct ll_key key)
{
    return (key.word[1] & LL_KEY_NUMBER_BIT) != 0;
}

/* The digest of a text of 1..LL_KEY_TEXT_BYTES_MAX bytes in its scope. */
struct ll_key ll_key_text(const struct ll_keys *keys, struct ll_key_scope scope, const char *text,
                          size_t text_bytes);

/* 1..LL_KEY_TEXT_BYTES_MAX bytes, printable ASCII without space. */
bool ll_key_text_is_valid(const char *text, size_t text_bytes);

#endif
