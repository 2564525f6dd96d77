/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of ll_risk.h from within: what its two files share, and nobody else.
 *
 * Shape    control, owners, positions, slots of the position hash, rings of time stamps; one behind the other.
 * Units    as in ll_risk.h.
 * Errors   none.
 * Threads  as in ll_risk.h.
 */
#ifndef LL_HOST_CORE_RISK_MEMORY_H
#define LL_HOST_CORE_RISK_MEMORY_H

#include "host/core/ll_risk.h"

struct ll_risk_control {
    uint64_t magic;
    struct ll_risk_config config;
    uint32_t position_count;
    uint32_t slot_mask;
    uint32_t ring_mask;
};

/* The firm, an account, a strategy, an instrument or a session. */
struct ll_risk_owner {
    struct ll_risk_tally tally;
    uint64_t message_count; /* ever; the last of them have their times in the ring */
    uint64_t cancel_count;
    uint64_t execution_count; /* of a strategy, since it was enabled last */
    char name[LL_NAME_BYTES_MAX];
    uint32_t row;         /* of the limits, as of their version `row_version` */
    uint32_t row_version; /* 0 = never looked for */
    uint8_t is_killed;
    uint8_t is_disabled;
    uint8_t is_named;
    uint8_t reserved[5];
};

/* One account in one instrument. */
struct ll_risk_position {
    struct ll_risk_tally tally;
    uint32_t instrument;
    uint16_t account;
    uint16_t reserved;
};

/* Sessions have messages, but no limits of their own, so they come behind the four scopes. */
enum { LL_RISK_SESSION = LL_SCOPE_COUNT, LL_RISK_OWNER_KINDS };

static inline uint32_t ll_risk_owner_index(const struct ll_risk_config *config, uint32_t kind,
                                           uint32_t number)
{
    uint32_t index = number;
    if (kind == LL_SCOPE_FIRM)
        return 0;
    index += 1;
    if (kind > LL_SCOPE_ACCOUNT)
        index += config->accounts_max;
    if (kind > LL_SCOPE_STRATEGY)
        index += config->strategies_max;
    if (kind > LL_SCOPE_SYMBOL)
        index += config->instruments_max;
    return index;
}

static inline uint32_t ll_risk_owner_count(const struct ll_risk_config *config)
{
    return 1 + config->accounts_max + config->strategies_max + config->instruments_max + config->sessions_max;
}

/* The ring of an owner's messages; a strategy's executions are in `ring` owner_count + number. */
static inline uint64_t *ll_risk_ring(const struct ll_risk *risk, uint32_t ring)
{
    return risk->stamps + (size_t)ring * ((size_t)risk->control->ring_mask + 1);
}

/* What of a hold is in the sums: the larger of the old and the new values while a replace is not resolved. */
struct ll_risk_amount {
    uint64_t lots;
    uint64_t notional;
};

static inline struct ll_risk_amount ll_risk_hold_amount(const struct ll_risk_hold *hold)
{
    struct ll_risk_amount amount = {hold->open_lots, hold->open_lots * hold->lot_notional};
    if (hold->is_replacing) {
        uint64_t notional = hold->new_open_lots * hold->new_lot_notional;
        amount.lots = amount.lots > hold->new_open_lots ? amount.lots : hold->new_open_lots;
        amount.notional = amount.notional > notional ? amount.notional : notional;
    }
    return amount;
}

/* The sums an order is in: one of each scope, and its position. */
#define LL_RISK_SUMS (LL_SCOPE_COUNT + 1u)

static inline void ll_risk_sums_of(const struct ll_risk *risk, const struct ll_risk_hold *hold,
                                   struct ll_risk_tally *sums[LL_RISK_SUMS])
{
    const struct ll_risk_config *config = &risk->control->config;
    sums[0] = &risk->owners[0].tally;
    sums[1] = &risk->owners[ll_risk_owner_index(config, LL_SCOPE_ACCOUNT, hold->account)].tally;
    sums[2] = &risk->owners[ll_risk_owner_index(config, LL_SCOPE_STRATEGY, hold->strategy)].tally;
    sums[3] = &risk->owners[ll_risk_owner_index(config, LL_SCOPE_SYMBOL, hold->instrument)].tally;
    sums[4] = &risk->positions[hold->position].tally;
}

/* Adds what a hold reserves to all its sums, or takes it out of them. */
static inline void ll_risk_count_open(const struct ll_risk *risk, const struct ll_risk_hold *hold, bool is_in)
{
    struct ll_risk_tally *sums[LL_RISK_SUMS];
    struct ll_risk_amount amount = ll_risk_hold_amount(hold);
    ll_risk_sums_of(risk, hold, sums);
    for (uint32_t i = 0; i < LL_RISK_SUMS; i++) {
        uint64_t *lots = hold->side == LL_ORDER_BUY ? &sums[i]->open_buy_lots : &sums[i]->open_sell_lots;
        *lots = is_in ? *lots + amount.lots : *lots - amount.lots;
        sums[i]->open_notional =
            is_in ? sums[i]->open_notional + amount.notional : sums[i]->open_notional - amount.notional;
    }
}

#endif
