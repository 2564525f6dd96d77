/* SPDX-License-Identifier: Apache-2.0 */
/* The cold half of ll_risk.h: what must be true at all times, and the hash. */
#include "host/core/ll_risk_memory.h"

#include <stddef.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* --- Invariants ----------------------------------------------------------------------------------------- */

static void ll_risk_visit_out(void *visitor, const struct ll_risk_hold *hold)
{
    ll_risk_count_open(visitor, hold, false);
}

static void ll_risk_visit_in(void *visitor, const struct ll_risk_hold *hold)
{
    ll_risk_count_open(visitor, hold, true);
}

static bool ll_risk_is_empty(const struct ll_risk_tally *tally)
{
    return tally->open_buy_lots == 0 && tally->open_sell_lots == 0 && tally->open_notional == 0;
}

/* With every live order taken out nothing is left open. */
static int ll_risk_check_empty(const struct ll_risk *risk, struct ll_why *why)
{
    const struct ll_risk_control *control = risk->control;
    for (uint32_t i = 0; i < control->position_count; i++) {
        const struct ll_risk_position *position = &risk->positions[i];
        if (!ll_risk_is_empty(&position->tally))
            return LL_FAIL(why, LL_ERR_CORRUPT,
                           "account %u, instrument %u: what is open is not the sum of its live orders",
                           position->account, position->instrument);
    }
    for (uint32_t i = 0; i < ll_risk_owner_count(&control->config); i++)
        if (!ll_risk_is_empty(&risk->owners[i].tally))
            return LL_FAIL(why, LL_ERR_CORRUPT, "owner %u: what is open is not the sum of its live orders",
                           i);
    return LL_OK;
}

/* Adds the accounts' positions to the instruments', or takes them out. Unsigned, so that both ways meet again. */
static void ll_risk_move_positions(struct ll_risk *risk, uint64_t sign)
{
    for (uint32_t i = 0; i < risk->control->position_count; i++) {
        const struct ll_risk_position *position = &risk->positions[i];
        struct ll_risk_tally *sum =
            &risk->owners[ll_risk_owner_index(&risk->control->config, LL_SCOPE_SYMBOL, position->instrument)]
                 .tally;
        sum->position_lots =
            (int64_t)((uint64_t)sum->position_lots + sign * (uint64_t)position->tally.position_lots);
    }
}

/* The positions of all accounts in an instrument add up to the instrument's. */
static int ll_risk_check_positions(struct ll_risk *risk, struct ll_why *why)
{
    const struct ll_risk_config *config = &risk->control->config;
    int code = LL_OK;
    ll_risk_move_positions(risk, UINT64_MAX);
    for (uint32_t i = 0; i < config->instruments_max && code == LL_OK; i++)
        if (risk->owners[ll_risk_owner_index(config, LL_SCOPE_SYMBOL, i)].tally.position_lots != 0)
            code = LL_FAIL(why, LL_ERR_CORRUPT,
                           "instrument %u: the accounts' positions do not add up to the firm's", i);
    ll_risk_move_positions(risk, 1);
    return code;
}

int ll_risk_check(struct ll_risk *risk, const struct ll_risk_live *live, struct ll_why *why)
{
    live->each(live->context, ll_risk_visit_out, risk);
    int code = ll_risk_check_empty(risk, why);
    live->each(live->context, ll_risk_visit_in, risk);
    if (code == LL_OK)
        code = ll_risk_check_positions(risk, why);
    return code;
}

/* --- Hash ----------------------------------------------------------------------------------------------- */

/* The last `count` times of a ring, oldest first. */
static uint64_t ll_risk_hash_ring(const struct ll_risk *risk, uint32_t ring, uint64_t count)
{
    const uint64_t *stamps = ll_risk_ring(risk, ring);
    uint64_t room = (uint64_t)risk->control->ring_mask + 1;
    uint64_t hash = count;
    for (uint64_t i = count > room ? count - room : 0; i < count; i++)
        hash = XXH3_64bits_withSeed(&stamps[i & risk->control->ring_mask], sizeof(uint64_t), hash);
    return hash;
}

/* Sums, counts, latches and times. Where limits were found is not state: it follows from them. */
static uint64_t ll_risk_hash_owner(const struct ll_risk *risk, uint32_t index)
{
    const struct ll_risk_owner *owner = &risk->owners[index];
    uint64_t words[8] = {index,
                         owner->message_count,
                         owner->cancel_count,
                         owner->execution_count,
                         (uint64_t)owner->is_killed << 8 | owner->is_disabled,
                         ll_risk_hash_ring(risk, index, owner->message_count),
                         XXH3_64bits(&owner->tally, sizeof owner->tally),
                         0};
    const struct ll_risk_config *config = &risk->control->config;
    uint32_t first_strategy = 1 + config->accounts_max;
    if (index >= first_strategy && index < first_strategy + config->strategies_max)
        words[7] = ll_risk_hash_ring(risk, ll_risk_owner_count(config) + index - first_strategy,
                                     owner->execution_count);
    return XXH3_64bits(words, sizeof words);
}

uint64_t ll_risk_hash(const struct ll_risk *risk)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < risk->control->position_count; i++)
        sum += XXH3_64bits(&risk->positions[i], sizeof risk->positions[i]);
    for (uint32_t i = 0; i < ll_risk_owner_count(&risk->control->config); i++)
        sum += ll_risk_hash_owner(risk, i);
    return sum;
}
