/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_sim_feed.h"

#include "host/app/ll_mold_framer.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct ll_sim_feed {
    struct ll_arena arena;
    struct ll_feed_sim *sim;
    struct ll_port *port;
    struct ll_mold_framer framer;
    size_t memory_bytes;
    uint64_t split_ns;
    uint64_t origin_market_ns; /* planned time of the day's first message */
    uint64_t start_utc_ns;     /* when the message at start_elapsed_ns is due */
    uint64_t start_elapsed_ns; /* feed time of the next message at begin, since the day's first one */
    uint64_t last_feed_ns;
    uint64_t taken; /* messages taken from the generator */
    bool pending;   /* taken, not yet framed */
    bool sim_ended;
    bool end_sent;
    uint32_t message_bytes;
    uint64_t message_market_ns;
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
    char session[LL_MOLDUDP64_SESSION_BYTES];
};

void ll_sim_feed_session(const struct ll_feed_sim_config *config, char session[LL_MOLDUDP64_SESSION_BYTES])
{
    const uint64_t words[] = {config->seed,
                              config->message_count,
                              config->symbol_count,
                              config->live_orders_target,
                              config->faults_per_mille,
                              (uint64_t)config->references};
    char text[LL_MOLDUDP64_SESSION_BYTES + 1];
    (void)snprintf(text, sizeof text, "S%09" PRIx64, (uint64_t)XXH3_64bits(words, sizeof words) >> 28);
    memcpy(session, text, LL_MOLDUDP64_SESSION_BYTES);
}

/* --- Life ----------------------------------------------------------------------------------------------- */

int ll_sim_feed_open(struct ll_sim_feed **feed_out, const struct ll_feed_sim_config *config,
                     uint64_t split_ns, struct ll_why *why)
{
    size_t feed_bytes = ll_align_up(sizeof(struct ll_sim_feed), 64);
    size_t sim_bytes = ll_feed_sim_footprint_bytes(config);
    struct ll_arena arena;
    if (sim_bytes == 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "the simulated day does not fit together: %u symbols, %u live orders, %" PRIu64
                       " messages (at least %" PRIu64 " for so many symbols)",
                       config->symbol_count, config->live_orders_target, config->message_count,
                       ll_feed_sim_message_count_min(config->symbol_count));
    int status = ll_arena_init(&arena, feed_bytes + sim_bytes + 64, why);
    if (status != LL_OK)
        return status;
    struct ll_sim_feed *feed = ll_arena_alloc(&arena, feed_bytes, 64);
    void *sim_memory = ll_arena_alloc(&arena, sim_bytes, 64);
    ll_arena_seal(&arena);
    feed->arena = arena;
    feed->memory_bytes = feed_bytes + sim_bytes;
    feed->split_ns = split_ns;
    ll_sim_feed_session(config, feed->session);
    status = ll_feed_sim_init(&feed->sim, sim_memory, sim_bytes, config, why);
    if (status == LL_OK)
        status = ll_port_open(&feed->port, "ring:", NULL, 0, why);
    if (status != LL_OK) {
        ll_sim_feed_close(feed);
        return status;
    }
    *feed_out = feed;
    return LL_OK;
}

void ll_sim_feed_close(struct ll_sim_feed *feed)
{
    if (feed == NULL)
        return;
    ll_port_close(feed->port);
    struct ll_arena arena = feed->arena; /* the object lies in it */
    ll_arena_deinit(&arena);
}

/* --- Messages and their times --------------------------------------------------------------------------- */

static bool ll_sim_feed_take(struct ll_sim_feed *feed)
{
    if (feed->pending || feed->sim_ended)
        return feed->pending;
    feed->message_bytes = ll_feed_sim_next(feed->sim, feed->message, &feed->message_market_ns);
    feed->sim_ended = feed->message_bytes == 0;
    feed->pending = !feed->sim_ended;
    if (feed->taken == 0)
        feed->origin_market_ns = feed->message_market_ns;
    feed->taken += feed->pending;
    return feed->pending;
}

/* How long the generator plans for what comes before the open. */
static uint64_t ll_sim_feed_preopen_ns(const struct ll_sim_feed *feed)
{
    LL_ASSERT(feed->origin_market_ns < LL_FEED_SIM_OPEN_NS);
    return LL_FEED_SIM_OPEN_NS - feed->origin_market_ns;
}

/* Feed time since the day's first message. The generator plans less than 2^31 microseconds before the open. */
static uint64_t ll_sim_feed_elapsed_ns(const struct ll_sim_feed *feed, uint64_t market_ns)
{
    if (market_ns >= LL_FEED_SIM_OPEN_NS)
        return LL_SIM_FEED_QUIET_NS + (market_ns - LL_FEED_SIM_OPEN_NS);
    uint64_t market_us = (market_ns - feed->origin_market_ns) / LL_NS_PER_US;
    uint64_t preopen_us = ll_sim_feed_preopen_ns(feed) / LL_NS_PER_US;
    return LL_SIM_FEED_QUIET_NS * market_us / (preopen_us + 1);
}

uint64_t ll_sim_feed_market_ns(const struct ll_sim_feed *feed, uint64_t feed_ns)
{
    uint64_t since_ns = feed_ns > feed->start_utc_ns ? feed_ns - feed->start_utc_ns : 0;
    uint64_t elapsed_ns = feed->start_elapsed_ns + since_ns;
    if (elapsed_ns >= LL_SIM_FEED_QUIET_NS)
        return LL_FEED_SIM_OPEN_NS + (elapsed_ns - LL_SIM_FEED_QUIET_NS);
    uint64_t preopen_us = ll_sim_feed_preopen_ns(feed) / LL_NS_PER_US;
    return feed->origin_market_ns +
           elapsed_ns / LL_NS_PER_US * preopen_us / (LL_SIM_FEED_QUIET_NS / LL_NS_PER_US) * LL_NS_PER_US;
}

uint64_t ll_sim_feed_skip(struct ll_sim_feed *feed, uint64_t message_count)
{
    uint64_t skipped = 0;
    while (skipped < message_count && ll_sim_feed_take(feed)) {
        feed->pending = false;
        skipped++;
    }
    return skipped;
}

void ll_sim_feed_begin(struct ll_sim_feed *feed, uint64_t utc_ns)
{
    uint64_t first_sequence = feed->taken + 1;
    bool any = ll_sim_feed_take(feed);
    feed->start_utc_ns = utc_ns;
    feed->last_feed_ns = utc_ns;
    feed->start_elapsed_ns = any ? ll_sim_feed_elapsed_ns(feed, feed->message_market_ns) : 0;
    ll_mold_framer_init(&feed->framer, feed->port, feed->session, first_sequence, feed->split_ns);
}

uint32_t ll_sim_feed_fill(struct ll_sim_feed *feed, uint32_t message_count)
{
    uint32_t framed = 0;
    while (framed < message_count && ll_sim_feed_take(feed)) {
        uint64_t elapsed_ns = ll_sim_feed_elapsed_ns(feed, feed->message_market_ns);
        uint64_t feed_ns = feed->start_utc_ns + (elapsed_ns - feed->start_elapsed_ns);
        int status = ll_mold_framer_add(&feed->framer, feed->message, feed->message_bytes, feed_ns);
        if (status != LL_OK) {
            LL_ASSERT(status == LL_ERR_FULL); /* every message of the generator fits a packet */
            break;
        }
        feed->pending = false;
        feed->last_feed_ns = feed_ns;
        framed++;
    }
    /* An open packet lies in a buffer that the next receive may give to another. */
    ll_mold_framer_flush(&feed->framer);
    if (feed->sim_ended && !feed->pending && !feed->end_sent)
        feed->end_sent = ll_mold_framer_end(&feed->framer, feed->last_feed_ns) == LL_OK;
    return framed;
}

bool ll_sim_feed_ended(const struct ll_sim_feed *feed)
{
    return feed->end_sent;
}

struct ll_port *ll_sim_feed_port(struct ll_sim_feed *feed)
{
    return feed->port;
}

size_t ll_sim_feed_memory_bytes(const struct ll_sim_feed *feed)
{
    return feed->memory_bytes;
}

const char *ll_sim_feed_memory_pages(const struct ll_sim_feed *feed)
{
    return ll_arena_pages_name(&feed->arena);
}
