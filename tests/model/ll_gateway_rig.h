/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway kernel with small tables and a link of its own, each memory alone on the heap, so that a
 * sanitizer sees a step beyond any of them.
 *
 * Shape    init (all memories zeros, as on a device before its first launch) -> place (or LOADs by the link)
 *          -> requests into to_device (ll_link_put) -> run -> answers in from_device
 * Units    as in hls/ll_gateway.h; the sizes of the tables are the constants below.
 * Errors   none: too little memory is an assertion.
 * Threads  run in one thread, the link's host side in another or the same.
 */
#ifndef LL_TESTS_MODEL_GATEWAY_RIG_H
#define LL_TESTS_MODEL_GATEWAY_RIG_H

#include "hls/ll_book_types.h"
#include "hls/ll_life_types.h"
#include "hls/ll_link.h"

#include <stdint.h>

#define LL_GATEWAY_RIG_BUCKETS       32u
#define LL_GATEWAY_RIG_OVERFLOW      9u
#define LL_GATEWAY_RIG_BOOKS         4u
#define LL_GATEWAY_RIG_LEAVES        (2u * LL_GATEWAY_RIG_BOOKS + 70u)
#define LL_GATEWAY_RIG_INNERS        (2u * LL_GATEWAY_RIG_BOOKS + 390u)
#define LL_GATEWAY_RIG_LIFE_BUCKETS  64u
#define LL_GATEWAY_RIG_LIFE_OVERFLOW 11u
#define LL_GATEWAY_RIG_IDS           201u /* odd: the last place has no neighbour */
#define LL_GATEWAY_RIG_ORDERS        30u

/* A word of the head to the device that nobody else has: how many PINGs the hot kernel shall find, one each
 * time that so many looks in a row have found nothing. */
#define LL_GATEWAY_RIG_FEED       63u
#define LL_GATEWAY_RIG_FEED_LOOKS 5u

struct ll_gateway_rig {
    struct ll_book_control *control;
    struct ll_order_bucket *buckets;
    struct ll_leaf *leaves;
    struct ll_level *levels;
    struct ll_inner *inners;
    struct ll_book_side *sides;
    struct ll_life_control *life_control;
    struct ll_life_bucket *life_buckets;
    uint32_t *life_places;
    struct ll_life_order *life_orders;
    struct ll_update *updates;
    struct ll_result *results;
    struct ll_life_ask *asks;
    struct ll_life_answer *answers;
    uint64_t *to_device;
    uint64_t *from_device;
    struct ll_gateway_hot *hot; /* NULL = no lines on chip */
    uint32_t slots;
    uint32_t batch;
};

/* One part of the tables: elements as LL_PARTS counts them; memory_bytes is less for an odd number of places.
 */
struct ll_gateway_rig_part {
    void *memory;
    uint32_t count;
    uint32_t element_bytes;
    uint32_t memory_bytes;
};

void ll_gateway_rig_init(struct ll_gateway_rig *rig, uint32_t slots, uint32_t batch);
void ll_gateway_rig_deinit(struct ll_gateway_rig *rig);

/* From now on the kernel is one with a few lines on chip, which stay from launch to launch. */
void ll_gateway_rig_go_hot(struct ll_gateway_rig *rig);

/* Sizes into both control lines, and empty tables. */
void ll_gateway_rig_place(struct ll_gateway_rig *rig, uint32_t book_epoch, uint32_t life_epoch);

struct ll_gateway_rig_part ll_gateway_rig_part(const struct ll_gateway_rig *rig, uint32_t part);

/* ll_gateway_run. */
void ll_gateway_rig_run(struct ll_gateway_rig *rig, uint32_t first, uint32_t count, uint32_t looks_max);

/* The same without the link, which gives the answers to be compared with: ll_book_batch and ll_life_batch. */
void ll_gateway_rig_book(struct ll_gateway_rig *rig, const struct ll_update *update,
                         struct ll_result *result);
void ll_gateway_rig_life(struct ll_gateway_rig *rig, const struct ll_life_ask *ask,
                         struct ll_life_answer *answer);

/* The kernel of ll_gateway_rig_go_hot, and its lines. */
struct ll_gateway_hot *ll_gateway_hot_make(void);
void ll_gateway_hot_run(struct ll_gateway_rig *rig, uint32_t first, uint32_t count, uint32_t looks_max);

#endif
