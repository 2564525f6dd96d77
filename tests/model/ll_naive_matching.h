/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simplest matching engine that can be right: the oracle of host/exchange/ll_matching.
 *
 * Shape    All resting orders of all instruments in one array, in the order in which they got their priority; every
 *          question is a walk over all of it. Whether an order can have its minimum is found out by trying it
 *          on a copy. Requests and events are those of ll_matching.h, the rules are written down once more.
 * Units    as in host/exchange/ll_matching.h.
 * Errors   verdicts. The memory comes from malloc; running out of it aborts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_MODEL_NAIVE_MATCHING_H
#define LL_TESTS_MODEL_NAIVE_MATCHING_H

#include "host/exchange/ll_matching.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_naive_matching;

/* The config's instrument table must stay. */
void ll_naive_matching_init(struct ll_naive_matching **naive, const struct ll_matching_config *config,
                            const struct ll_matching_handler *handler);
void ll_naive_matching_deinit(struct ll_naive_matching *naive);

enum ll_matching_verdict ll_naive_matching_enter(struct ll_naive_matching *naive,
                                                 const struct ll_matching_enter *request, uint64_t now_ns);
enum ll_matching_verdict ll_naive_matching_replace(struct ll_naive_matching *naive,
                                                   const struct ll_matching_replace *request,
                                                   uint64_t now_ns);
enum ll_matching_verdict ll_naive_matching_reduce(struct ll_naive_matching *naive, uint64_t reference,
                                                  uint32_t quantity, enum ll_matching_reason reason,
                                                  uint64_t now_ns);
uint32_t ll_naive_matching_mass_cancel(struct ll_naive_matching *naive, uint32_t instrument,
                                       bool (*wanted)(void *context, const struct ll_matching_order *order),
                                       void *context, enum ll_matching_reason reason, uint64_t now_ns);
enum ll_matching_verdict ll_naive_matching_break_trade(struct ll_naive_matching *naive, uint64_t match_number,
                                                       uint8_t reason, uint64_t now_ns);
enum ll_matching_verdict ll_naive_matching_trading(struct ll_naive_matching *naive, uint32_t instrument,
                                                   bool halted, const char reason[4], uint64_t now_ns);
void ll_naive_matching_end_of_day(struct ll_naive_matching *naive, uint64_t now_ns);

uint32_t ll_naive_matching_live_count(const struct ll_naive_matching *naive);
/* The live order at index < live_count. */
const struct ll_matching_order *ll_naive_matching_live(const struct ll_naive_matching *naive, uint32_t index);
/* The level of a side at `depth` from the best; orders 0 = there is none. */
struct ll_matching_level ll_naive_matching_level(const struct ll_naive_matching *naive, uint32_t instrument,
                                                 enum ll_matching_side side, uint32_t depth);

#endif
