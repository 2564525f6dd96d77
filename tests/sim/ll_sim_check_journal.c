/* SPDX-License-Identifier: Apache-2.0 */
/* The journal on the disk: what was there before a start is there after it, and it is the state. */
#include "tests/sim/ll_sim_checks_parts.h"

#include "host/base/ll_assert.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* --- What a start would read ---------------------------------------------------------------------------- */

void ll_sim_tail_free(struct ll_sim_tail *tail)
{
    free(tail->hashes);
}

static uint64_t ll_sim_record_hash(const struct ll_journal_record *record)
{
    uint64_t about =
        record->event_id ^ record->time_ns ^ (uint64_t)record->kind << 48 ^ (uint64_t)record->verdict << 56;
    return XXH3_64bits_withSeed(record->payload, record->payload_bytes, about);
}

static void ll_sim_tail_put(struct ll_sim_tail *tail, const struct ll_journal_record *record)
{
    LL_ASSERT(record->event_id == tail->count + 1); /* the reader leaves none out */
    if (record->event_id > tail->max) {
        tail->max = tail->max == 0 ? 4096 : 2 * tail->max;
        tail->hashes = realloc(tail->hashes, tail->max * sizeof *tail->hashes);
        LL_ASSERT(tail->hashes != NULL);
    }
    tail->hashes[record->event_id - 1] = ll_sim_record_hash(record);
    tail->count = record->event_id;
}

void ll_sim_tail_look(struct ll_sim_tail *tail, const struct ll_gateway_config *config,
                      uint64_t durable_event_id)
{
    struct ll_journal_reader *reader = NULL;
    struct ll_journal_record record;
    if (tail->count >= durable_event_id)
        return;
    int status =
        ll_journal_reader_open_at(&reader, config->journal.dir, tail->count + 1, config->journal.files, NULL);
    while (status == LL_OK && tail->count < durable_event_id) {
        status = ll_journal_reader_next(reader, &record, NULL);
        if (status == LL_OK)
            ll_sim_tail_put(tail, &record);
    }
    ll_journal_reader_close(reader);
}

/* --- What a start did read ------------------------------------------------------------------------------ */

static bool ll_sim_tail_record(struct ll_sim_tail *tail, const struct ll_journal_record *record,
                               bool is_damaged, struct ll_sim_verdict *verdict)
{
    if (ll_sim_record_hash(record) == tail->hashes[record->event_id - 1])
        return true;
    return ll_sim_break(
        verdict, is_damaged ? LL_SIM_CHECK_CORRUPTION : LL_SIM_CHECK_ACKNOWLEDGED,
        "record %llu (kind %u) is another one than before the start, and the gateway took it%s",
        (unsigned long long)record->event_id, record->kind, is_damaged ? ": it was damaged" : "");
}

bool ll_sim_tail_compare(struct ll_sim_tail *tail, const struct ll_gateway_config *config,
                         const struct ll_gateway_counters *counters, bool is_damaged, uint64_t *looked_count,
                         struct ll_sim_verdict *verdict)
{
    enum ll_sim_check check = is_damaged ? LL_SIM_CHECK_CORRUPTION : LL_SIM_CHECK_ACKNOWLEDGED;
    struct ll_journal_reader *reader = NULL;
    struct ll_journal_record record;
    struct ll_why why = {0};
    bool is_good = true;
    if (counters->records_recovered < tail->count)
        return ll_sim_break(verdict, check, "%llu records were durable, and the gateway started with %llu",
                            (unsigned long long)tail->count, (unsigned long long)counters->records_recovered);
    int status = ll_journal_reader_open_at(&reader, config->journal.dir, counters->snapshot_event_id + 1,
                                           config->journal.files, &why);
    uint64_t next = counters->snapshot_event_id + 1;
    while (is_good && status == LL_OK && next <= tail->count) {
        status = ll_journal_reader_next(reader, &record, &why);
        if (status != LL_OK)
            break;
        is_good = ll_sim_tail_record(tail, &record, is_damaged, verdict);
        next = record.event_id + 1;
        ++*looked_count;
    }
    ll_journal_reader_close(reader);
    if (is_good && next <= tail->count)
        return ll_sim_break(verdict, check, "record %llu cannot be read after the start: %s",
                            (unsigned long long)next, why.text);
    return is_good;
}

/* --- The state replayed --------------------------------------------------------------------------------- */

struct ll_sim_state {
    uint64_t next_event_id;
    uint64_t engine;
    uint64_t trading;
};

static struct ll_sim_state ll_sim_state_of(const struct ll_gateway *gateway)
{
    const struct ll_engine *engine = ll_gateway_engine(gateway);
    return (struct ll_sim_state){ll_engine_next_event_id(engine),
                                 ll_engine_state_hash(engine, ll_book_memory_hash(ll_gateway_book(gateway))),
                                 ll_trading_hash(ll_gateway_trading(gateway))};
}

/* Names the first order that differs, for who looks into it. */
static void ll_sim_first_difference(const struct ll_oms *is, const struct ll_oms *replayed, char *text,
                                    size_t text_bytes)
{
    uint32_t order_count = ll_oms_order_count(is);
    (void)snprintf(text, text_bytes, "orders %u and %u, identifiers %u and %u", order_count,
                   ll_oms_order_count(replayed), ll_oms_id_count(is), ll_oms_id_count(replayed));
    for (uint32_t order = 0; order < order_count && order < ll_oms_order_count(replayed); order++) {
        struct ll_oms_view views[2];
        ll_oms_order(is, order, &views[0]);
        ll_oms_order(replayed, order, &views[1]);
        if (memcmp(&views[0], &views[1], sizeof views[0]) == 0)
            continue;
        (void)snprintf(text, text_bytes,
                       "order %u: state %u and %u, filled %llu and %llu, open %llu and %llu", order,
                       views[0].state, views[1].state, (unsigned long long)views[0].cumulative,
                       (unsigned long long)views[1].cumulative, (unsigned long long)views[0].leaves,
                       (unsigned long long)views[1].leaves);
        return;
    }
}

static bool ll_sim_same_state(struct ll_gateway *gateway, const struct ll_gateway *looked, bool no_snapshot,
                              struct ll_sim_verdict *verdict)
{
    const struct ll_sim_state is = ll_sim_state_of(gateway);
    const struct ll_sim_state replayed = ll_sim_state_of(looked);
    char text[160];
    if (is.next_event_id == replayed.next_event_id && is.engine == replayed.engine &&
        is.trading == replayed.trading)
        return true;
    ll_sim_first_difference(ll_trading_oms(ll_gateway_trading(gateway)),
                            ll_trading_oms(ll_gateway_trading(looked)), text, sizeof text);
    return ll_sim_break(verdict, LL_SIM_CHECK_REPLAY,
                        "replayed %s: next event %llu, it is %llu; books %016llx, is %016llx; orders "
                        "%016llx, is %016llx (is and "
                        "replayed: %s)",
                        no_snapshot ? "without snapshots" : "with snapshots",
                        (unsigned long long)replayed.next_event_id, (unsigned long long)is.next_event_id,
                        (unsigned long long)replayed.engine, (unsigned long long)is.engine,
                        (unsigned long long)replayed.trading, (unsigned long long)is.trading, text);
}

bool ll_sim_replay(struct ll_gateway *gateway, const struct ll_gateway_config *config, bool no_snapshot,
                   struct ll_sim_verdict *verdict)
{
    struct ll_gateway_config beside = *config;
    struct ll_gateway *looked = NULL;
    struct ll_why why = {0};
    beside.resume = true;
    beside.no_snapshot = no_snapshot;
    beside.progress = NULL;
    beside.note = NULL;
    int status = ll_gateway_look(&looked, &beside, &why);
    if (status != LL_OK)
        return ll_sim_break(verdict, LL_SIM_CHECK_REPLAY, "the journal cannot be replayed %s: %s: %s",
                            no_snapshot ? "without snapshots" : "with snapshots", ll_err_name(status),
                            why.text);
    bool is_good = ll_sim_same_state(gateway, looked, no_snapshot, verdict);
    (void)ll_gateway_close(looked, NULL);
    return is_good;
}
