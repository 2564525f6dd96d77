/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of accounts, users and strategies as small numbers.
 *
 * Shape    config -> footprint -> init (formats the caller's memory) -> intern text as it comes. The first name gets
 *          number 0, the next one 1: the same names in the same order have the same numbers. Nothing is ever taken
 *          out. A hash table over an array of names; at most half of its slots are taken. The memory holds numbers
 *          and text only: it may be copied or written out, and attached elsewhere.
 * Units    text of 1..64 bytes, printable ASCII without space, not ended by a zero byte.
 * Errors   LL_ERR_INPUT for other text, LL_ERR_FULL; nothing was changed then. `why` may be NULL.
 * Threads  one owner.
 */
#ifndef LL_HOST_CORE_NAMES_H
#define LL_HOST_CORE_NAMES_H

#include "host/base/ll_err.h"

#include <stddef.h>
#include <stdint.h>

#define LL_NAMES_TEXT_BYTES_MAX 64u
#define LL_NAMES_MAX            ((uint64_t)1 << 24)
#define LL_NAME_NONE            UINT32_MAX

struct ll_names_config {
    uint64_t names; /* that shall fit */
    uint64_t seed;  /* of the hash; decides where names lie, not which numbers they get */
};

/* One name, for reading. */
struct ll_name {
    uint32_t bytes_count;
    uint32_t reserved;
    char text[LL_NAMES_TEXT_BYTES_MAX]; /* zero behind the name */
};
_Static_assert(sizeof(struct ll_name) == 72, "no padding");

struct ll_names_control;

/* The handle; all state is in the memory. */
struct ll_names { /* private */
    struct ll_names_control *control;
    uint32_t *slots;
    struct ll_name *names;
};

/* 0 = bad config: no names, or more than LL_NAMES_MAX. */
size_t ll_names_footprint_bytes(const struct ll_names_config *config);
/* Formats `memory` (8-byte aligned, footprint bytes): no names. */
void ll_names_init(struct ll_names *names, void *memory, const struct ll_names_config *config);
/* Takes memory that was formatted before, here or elsewhere. Only its header is looked at: bytes from outside need
 * ll_names_check before they are used. LL_ERR_CORRUPT when these are no names, or more than the memory. */
LL_MUST_CHECK int ll_names_attach(struct ll_names *names, void *memory, size_t memory_bytes,
                                  struct ll_why *why);

/* The number of a name, a new one if it is new. */
LL_MUST_CHECK int ll_names_intern(struct ll_names *names, const char *text, size_t text_bytes,
                                  uint32_t *number, struct ll_why *why);
/* LL_NAME_NONE = never interned, or no name at all. */
uint32_t ll_names_find(const struct ll_names *names, const char *text, size_t text_bytes);
uint32_t ll_names_count(const struct ll_names *names);
/* The name of a number below the count. */
const struct ll_name *ll_names_at(const struct ll_names *names, uint32_t number);

/* A hash of the names and their numbers, whatever capacity and seed. */
uint64_t ll_names_hash(const struct ll_names *names);
/* Walks everything; LL_ERR_CORRUPT names the first thing that is wrong. */
LL_MUST_CHECK int ll_names_check(const struct ll_names *names, struct ll_why *why);

#endif
