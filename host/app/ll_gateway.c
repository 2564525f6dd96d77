/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_gateway.h"

#include "host/app/ll_gateway_parts.h"
#include "host/base/ll_clock.h"

#include <string.h>
#include <time.h>

/* How often a full journal ring is tried again before the thread sleeps. It does sleep, and not yield: a hot thread of
 * real-time priority that only yields keeps the kernel's block workers of its CPU from running, and so the disk from
 * answering. The ring holds milliseconds of work, so a short sleep never lets it run dry. */
#define LL_GATEWAY_SPINS    64u
#define LL_GATEWAY_SLEEP_NS ((long)50000)

void ll_gateway_config_default(struct ll_gateway_config *config)
{
    memset(config, 0, sizeof *config);
    ll_device_config_default(&config->device);
    config->mold = (struct ll_mold_config){
        .line_count = 1,
        .holdback_packets = 4096,
        .holdback_bytes_max = 1500,
        .gap_timeout_ns = 5 * LL_NS_PER_S,
        .give_up_when_full = true,
        .request_timeout_ns = LL_NS_PER_S,
        .gap_requests_max = 5,
        .stale_after_ns = 5 * LL_NS_PER_S,
    };
    ll_journal_config_default(&config->journal);
}

static void ll_gateway_fail(struct ll_gateway *gateway, int status)
{
    if (gateway->status == LL_OK)
        gateway->status = status;
}

/* While the journal's writer works. */
static void ll_gateway_rest(struct ll_gateway *gateway)
{
    const struct timespec rest = {0, LL_GATEWAY_SLEEP_NS};
    if (gateway->is_stepped)
        (void)ll_journal_work(gateway->journal);
    else
        (void)nanosleep(&rest, NULL);
}

/* --- The step ------------------------------------------------------------------------------------------- */

/* A lost device is an error only when it was asked to be one; then nothing that it said may be kept. */
static bool ll_gateway_device_is_well(struct ll_gateway *gateway)
{
    struct ll_why why = {0};
    if (LL_LIKELY(ll_device_status(gateway->device, NULL) == LL_OK))
        return true;
    (void)ll_device_status(gateway->device, &why);
    if (gateway->status == LL_OK)
        ll_gateway_fail(gateway, LL_FAIL(&gateway->why, LL_ERR_ENVIRONMENT, "%s", why.text));
    return false;
}

void ll_gateway_tend(struct ll_gateway *gateway)
{
    ll_device_tend(gateway->device);
    (void)ll_gateway_device_is_well(gateway);
}

static void ll_gateway_append(struct ll_gateway *gateway)
{
    const struct ll_slot *slots;
    uint32_t slot_count = ll_engine_records(gateway->engine, &slots);
    uint32_t spins = 0;
    if (gateway->journal == NULL || gateway->status != LL_OK || slot_count == 0)
        return;
    int status = ll_journal_append(gateway->journal, slots, slot_count);
    if (LL_UNLIKELY(status == LL_ERR_FULL))
        gateway->counters.journal_waits++;
    /* Bounded by the journal: its writer frees the ring or fails, and then append says LL_ERR_STOPPED. */
    while (status == LL_ERR_FULL) {
        if (++spins > LL_GATEWAY_SPINS || gateway->is_stepped)
            ll_gateway_rest(gateway);
        status = ll_journal_append(gateway->journal, slots, slot_count);
    }
    if (LL_UNLIKELY(status != LL_OK))
        ll_gateway_fail(gateway, ll_journal_status(gateway->journal, &gateway->why));
}

/* What the public feed said reaches the order engine in the feed's order, matched. */
static void ll_gateway_tell_trading(struct ll_gateway *gateway, const struct ll_update *updates,
                                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct ll_slot *slot = ll_engine_update_slot(gateway->engine, i);
        ll_trading_feed(gateway->trading, &updates[i], &gateway->results[i], slot->payload, slot->time_ns);
    }
}

/* False: the device is lost, and no result is to be had. */
static bool ll_gateway_ask_device(struct ll_gateway *gateway, const struct ll_update *updates, uint32_t count)
{
    bool is_away = ll_device_standing(gateway->device) == LL_DEVICE_THERE;
    uint64_t start_ns = is_away ? ll_clock_mono_ns() : 0;
    uint32_t submitted = 0;
    uint32_t polled = 0;
    /* Bounded by the device: it answers in its watchdog's time, from here if need be, or its status says why not. */
    while (polled < count && ll_gateway_device_is_well(gateway)) {
        submitted += ll_device_submit(gateway->device, updates + submitted, count - submitted);
        polled += ll_device_poll(gateway->device, gateway->results + polled, count - polled);
    }
    if (is_away && count != 0)
        ll_histogram_record(&gateway->round_trips, ll_clock_mono_ns() - start_ns, 1);
    return polled == count && ll_gateway_device_is_well(gateway);
}

void ll_gateway_step(struct ll_gateway *gateway, bool journal)
{
    const struct ll_update *updates;
    uint32_t count = ll_engine_updates(gateway->engine, &updates);
    if (LL_UNLIKELY(gateway->status != LL_OK)) {
        ll_engine_clear(gateway->engine);
        return;
    }
    int status = LL_OK;
    if (LL_LIKELY(ll_gateway_ask_device(gateway, updates, count)))
        status = ll_engine_reconcile(gateway->engine, gateway->results, count, &gateway->why);
    if (LL_UNLIKELY(status != LL_OK))
        ll_gateway_fail(gateway, status);
    if (LL_LIKELY(gateway->status == LL_OK) && gateway->trading != NULL)
        ll_gateway_tell_trading(gateway, updates, count);
    /* What the trading half asked the device in this batch is part of it. */
    if (journal && ll_gateway_device_is_well(gateway))
        ll_gateway_append(gateway);
    ll_engine_clear(gateway->engine);
    gateway->counters.steps++;
}

void ll_gateway_flush(struct ll_gateway *gateway)
{
    const struct ll_slot *slots;
    if (gateway->takes_reports)
        ll_trading_settle_reports(gateway->trading);
    if (ll_engine_records(gateway->engine, &slots) != 0)
        ll_gateway_step(gateway, true);
}

/* --- Trading -------------------------------------------------------------------------------------------- */

/* While the state is brought back, the records are in the journal already. */
static void ll_gateway_flush_for_trading(void *context)
{
    struct ll_gateway *gateway = context;
    const struct ll_slot *slots;
    if (ll_engine_records(gateway->engine, &slots) != 0)
        ll_gateway_step(gateway, !gateway->is_recovering);
}

static uint64_t ll_gateway_durable_for_trading(void *context)
{
    const struct ll_gateway *gateway = context;
    return gateway->journal == NULL ? UINT64_MAX : ll_journal_durable_event_id(gateway->journal);
}

uint32_t ll_gateway_trade(struct ll_gateway *gateway, uint64_t now_ns)
{
    if (gateway->trading == NULL || gateway->status != LL_OK)
        return 0;
    /* The feed's records come first: they are numbered already. */
    ll_gateway_flush(gateway);
    return ll_trading_poll(gateway->trading, now_ns);
}

static int ll_gateway_init_trading(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                                   void *memory, struct ll_why *why)
{
    const struct ll_trading_owner owner = {gateway, ll_gateway_flush_for_trading,
                                           ll_gateway_durable_for_trading};
    return ll_trading_init(&gateway->trading, memory, config->trading, ll_engine_batch(gateway->engine),
                           gateway->device, &owner, why);
}

/* Reports that wait have their records already, and are worked before another kind of record follows. */
static void ll_gateway_make_room(struct ll_gateway *gateway)
{
    if (gateway->takes_reports)
        ll_trading_settle_reports(gateway->trading);
    if (LL_UNLIKELY(ll_engine_full(gateway->engine)))
        ll_gateway_step(gateway, true);
}

/* --- What the receiver says ----------------------------------------------------------------------------- */

static void ll_gateway_on_message(void *context, uint64_t sequence, const uint8_t *message,
                                  uint32_t message_bytes, uint64_t now_ns)
{
    struct ll_gateway *gateway = context;
    if (gateway->takes_reports) {
        ll_trading_feed_report(gateway->trading, message, message_bytes, now_ns);
        return;
    }
    ll_gateway_make_room(gateway);
    ll_engine_message(gateway->engine, sequence, message, message_bytes, now_ns);
}

static void ll_gateway_on_session(void *context, const char session[LL_MOLDUDP64_SESSION_BYTES],
                                  uint64_t first_sequence, uint64_t now_ns)
{
    struct ll_gateway *gateway = context;
    char known[LL_MOLDUDP64_SESSION_BYTES];
    /* After a restart the journal knows the session already, and where it stands. */
    if (ll_gateway_feed_place(gateway, known) == first_sequence)
        return;
    if (gateway->takes_reports) {
        ll_trading_feed_session(gateway->trading, session, first_sequence, now_ns);
        return;
    }
    ll_gateway_make_room(gateway);
    ll_engine_session(gateway->engine, session, first_sequence, now_ns);
}

static void ll_gateway_on_gap(void *context, uint64_t first_sequence, uint64_t count, uint64_t now_ns)
{
    struct ll_gateway *gateway = context;
    if (gateway->takes_reports) {
        ll_trading_feed_gap(gateway->trading, first_sequence + count, now_ns);
        return;
    }
    ll_gateway_make_room(gateway);
    ll_engine_gap(gateway->engine, first_sequence, count, now_ns);
}

static void ll_gateway_on_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES],
                                  uint64_t now_ns)
{
    struct ll_gateway *gateway = context;
    (void)now_ns;
    gateway->counters.requests++;
    if (gateway->send_request != NULL &&
        gateway->send_request(gateway->send_request_context, request) == LL_OK)
        gateway->counters.requests_sent++;
}

static void ll_gateway_on_bad_packet(void *context, uint32_t line, int reason, const uint8_t *bytes,
                                     uint32_t bytes_count, uint64_t now_ns)
{
    struct ll_gateway *gateway = context;
    (void)line;
    (void)reason;
    ll_gateway_make_room(gateway);
    ll_engine_bad_packet(gateway->engine, gateway->ordinal, bytes, bytes_count, now_ns);
}

static void ll_gateway_on_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct ll_gateway *gateway = context;
    if (ll_gateway_feed_ended(gateway))
        return;
    if (gateway->takes_reports) {
        ll_trading_feed_end(gateway->trading, next_sequence, now_ns);
        return;
    }
    ll_gateway_make_room(gateway);
    ll_engine_feed_end(gateway->engine, next_sequence, now_ns);
}

/* --- Life ----------------------------------------------------------------------------------------------- */

static int ll_gateway_init_receiver(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                                    void *memory, struct ll_why *why)
{
    struct ll_mold_config mold = config->mold;
    char session[LL_MOLDUDP64_SESSION_BYTES];
    const struct ll_mold_handler handler = {
        gateway,           ll_gateway_on_message, ll_gateway_on_session,
        ll_gateway_on_gap, ll_gateway_on_request, ll_gateway_on_bad_packet,
        ll_gateway_on_end};
    uint64_t next_sequence = ll_gateway_feed_place(gateway, session);
    if (next_sequence != 0) {
        mold.session_known = true;
        memcpy(mold.session, session, sizeof mold.session);
        mold.start_sequence = next_sequence;
    }
    gateway->receiver = ll_mold_receiver_init(memory, &mold, &handler);
    if (gateway->receiver == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "the receiver's limits do not fit together");
    return LL_OK;
}

int ll_gateway_take(struct ll_gateway **gateway_out, const struct ll_gateway_config *config,
                    size_t receiver_bytes, void **receiver_memory, struct ll_why *why)
{
    size_t gateway_bytes = ll_align_up(sizeof(struct ll_gateway), 64);
    size_t engine_bytes = ll_align_up(ll_engine_footprint_bytes(), 64);
    size_t trading_bytes = config->trading == NULL ? 0 : ll_trading_footprint_bytes(config->trading);
    struct ll_arena arena;
    if (config->trading != NULL && trading_bytes == 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "the limits of orders, identifiers, names or accounts are out of range");
    int status =
        ll_arena_init(&arena, gateway_bytes + engine_bytes + trading_bytes + receiver_bytes + 128, why);
    if (status != LL_OK)
        return status;
    struct ll_gateway *gateway = ll_arena_alloc(&arena, gateway_bytes, 64);
    gateway->engine = ll_engine_init(ll_arena_alloc(&arena, engine_bytes, 64));
    *receiver_memory = ll_arena_alloc(&arena, receiver_bytes, 64);
    void *trading_memory = trading_bytes == 0 ? NULL : ll_arena_alloc(&arena, trading_bytes, 64);
    ll_arena_seal(&arena);
    gateway->arena = arena;
    gateway->device_config = config->device;
    gateway->device_config.life = (struct ll_life_config){0};
    if (config->trading != NULL)
        gateway->device_config.life = ll_trading_life_config(config->trading);
    gateway->takes_reports = config->trading != NULL && config->trading->feed_protocol != 0;
    gateway->is_stepped = config->journal.is_stepped;
    gateway->send_request = config->send_request;
    gateway->send_request_context = config->send_request_context;
    gateway->memory_bytes = gateway_bytes + engine_bytes + receiver_bytes + trading_bytes;
    ll_histogram_init(&gateway->round_trips);
    status = ll_device_open(&gateway->device, &gateway->device_config, why);
    if (status == LL_OK && trading_memory != NULL)
        status = ll_gateway_init_trading(gateway, config, trading_memory, why);
    if (status != LL_OK) {
        (void)ll_gateway_close(gateway, NULL);
        return status;
    }
    gateway->memory_bytes += ll_device_memory_bytes(gateway->device);
    *gateway_out = gateway;
    return LL_OK;
}

int ll_gateway_open(struct ll_gateway **gateway_out, const struct ll_gateway_config *config,
                    struct ll_why *why)
{
    struct ll_gateway *gateway;
    void *receiver_memory;
    size_t receiver_bytes = ll_mold_receiver_footprint_bytes(&config->mold);
    if (receiver_bytes == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "the receiver's limits are out of range");
    if (config->journal.dir != NULL && config->journal.ring_slots < LL_RECORD_BATCH_SLOTS)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "journal ring of %llu slots: give at least %u, so that the records of a step fit",
                       (unsigned long long)config->journal.ring_slots, LL_RECORD_BATCH_SLOTS);
    int status = ll_gateway_take(&gateway, config, receiver_bytes, &receiver_memory, why);
    if (status != LL_OK)
        return status;
    if (config->journal.dir != NULL)
        status = ll_gateway_recover(gateway, config, why);
    if (status == LL_OK)
        status = ll_gateway_init_receiver(gateway, config, receiver_memory, why);
    if (status == LL_OK)
        status = ll_device_attach(gateway->device, why);
    if (status != LL_OK) {
        (void)ll_gateway_close(gateway, NULL);
        return status;
    }
    *gateway_out = gateway;
    return LL_OK;
}

int ll_gateway_close(struct ll_gateway *gateway, struct ll_why *why)
{
    if (gateway == NULL)
        return LL_OK;
    ll_trading_deinit(gateway->trading);
    int journal_status = ll_journal_close(gateway->journal, &gateway->why);
    ll_gateway_fail(gateway, journal_status);
    int status = ll_gateway_status(gateway, why);
    ll_device_close(gateway->device);
    struct ll_arena arena = gateway->arena;
    ll_arena_deinit(&arena);
    return status;
}

/* --- Work ----------------------------------------------------------------------------------------------- */

void ll_gateway_datagram(struct ll_gateway *gateway, uint32_t line, const uint8_t *payload,
                         uint32_t payload_bytes, uint64_t ordinal, uint64_t now_ns)
{
    if (LL_UNLIKELY(gateway->status != LL_OK))
        return;
    gateway->ordinal = ordinal;
    ll_mold_receiver_packet(gateway->receiver, line, payload, payload_bytes, now_ns);
}

void ll_gateway_poll(struct ll_gateway *gateway, uint64_t now_ns)
{
    if (gateway->status == LL_OK)
        ll_mold_receiver_poll(gateway->receiver, now_ns);
}

void ll_gateway_drain(struct ll_gateway *gateway)
{
    ll_gateway_flush(gateway);
    uint64_t last_event_id = ll_engine_next_event_id(gateway->engine) - 1;
    while (gateway->journal != NULL && gateway->status == LL_OK &&
           ll_journal_durable_event_id(gateway->journal) < last_event_id) {
        ll_gateway_fail(gateway, ll_journal_status(gateway->journal, &gateway->why));
        ll_gateway_rest(gateway);
    }
}

void ll_gateway_finish(struct ll_gateway *gateway, uint64_t now_ns)
{
    if (gateway->status != LL_OK)
        return;
    ll_mold_receiver_finish(gateway->receiver, now_ns);
    ll_gateway_drain(gateway);
}

int ll_gateway_status(const struct ll_gateway *gateway, struct ll_why *why)
{
    if (why != NULL && why->code == LL_OK)
        *why = gateway->why;
    return gateway->status;
}

const struct ll_engine *ll_gateway_engine(const struct ll_gateway *gateway)
{
    return gateway->engine;
}

struct ll_trading *ll_gateway_trading(const struct ll_gateway *gateway)
{
    return gateway->trading;
}

uint64_t ll_gateway_feed_place(const struct ll_gateway *gateway, char session[LL_MOLDUDP64_SESSION_BYTES])
{
    if (gateway->takes_reports)
        return ll_trading_feed_place(gateway->trading, session);
    (void)ll_engine_session_name(gateway->engine, session);
    return ll_engine_next_sequence(gateway->engine);
}

bool ll_gateway_feed_ended(const struct ll_gateway *gateway)
{
    return gateway->takes_reports ? ll_trading_feed_ended(gateway->trading)
                                  : ll_engine_feed_ended(gateway->engine);
}

const struct ll_book_memory *ll_gateway_book(const struct ll_gateway *gateway)
{
    return ll_device_book(gateway->device);
}

const struct ll_mold_counters *ll_gateway_mold_counters(const struct ll_gateway *gateway)
{
    return ll_mold_receiver_counters(gateway->receiver);
}

const struct ll_gateway_counters *ll_gateway_counters(const struct ll_gateway *gateway)
{
    return &gateway->counters;
}

struct ll_device *ll_gateway_device(const struct ll_gateway *gateway)
{
    return gateway->device;
}

const struct ll_device_config *ll_gateway_device_config(const struct ll_gateway *gateway)
{
    return &gateway->device_config;
}

const struct ll_histogram *ll_gateway_round_trips(const struct ll_gateway *gateway)
{
    return &gateway->round_trips;
}

void ll_gateway_journal_stats(const struct ll_gateway *gateway, struct ll_journal_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    if (gateway->journal != NULL)
        ll_journal_stats(gateway->journal, stats);
}

uint64_t ll_gateway_durable_event_id(const struct ll_gateway *gateway)
{
    return gateway->journal != NULL ? ll_journal_durable_event_id(gateway->journal) : 0;
}

uint64_t ll_gateway_memory_bytes(const struct ll_gateway *gateway)
{
    return gateway->memory_bytes;
}

const char *ll_gateway_memory_pages(const struct ll_gateway *gateway)
{
    return ll_arena_pages_name(&gateway->arena);
}
