/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_net.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/wire/ll_moldudp64.h"

#include <stdlib.h>
#include <string.h>

#define DELAY_MIN_NS  UINT64_C(10000)
#define DELAY_DRAW_NS UINT64_C(300000)
#define AGAIN_NS      UINT64_C(20000000)
#define SKEW_NS       UINT64_C(300000000)
#define DEAD_NS       UINT64_C(3000000000)
#define ANSWER_NS     UINT64_C(3000000)
#define LATE_NS       UINT64_C(1000000000)
#define SILENT_NS     UINT64_C(2000000000)
#define BEHIND_MAX    6u
#define COUNT_AT      18u /* of the header: how many messages */
#define JUNK_KINDS    4u

struct packet {
    uint64_t due_ns;
    uint64_t number; /* of equal times the one sent first */
    uint32_t line;
    uint32_t behind; /* so many packets of the line go before it; 0 = it is not held */
    uint32_t bytes_count;
    uint8_t bytes[LL_SIM_NET_PACKET_BYTES];
};

struct line {
    uint64_t due_ns; /* of the packet sent last */
    uint64_t dead_until_ns;
};

struct ll_sim_net {
    struct ll_sim_faults *faults;
    struct ll_prng prng; /* of the delays */
    uint64_t sent;
    uint64_t silent_until_ns; /* nothing gets to the re-request server */
    uint64_t late_ns;         /* of the next answer */
    struct line lines[LL_SIM_NET_LINES];
    uint32_t packet_count;
    struct packet taken;
    struct packet packets[LL_SIM_NET_PACKETS]; /* in no order */
};

/* --- life --------------------------------------------------------------------------------------------------- */

struct ll_sim_net *ll_sim_net_new(struct ll_sim_faults *faults)
{
    struct ll_sim_net *net = calloc(1, sizeof *net);
    LL_ASSERT(net != NULL);
    net->faults = faults;
    ll_prng_init(&net->prng, ll_sim_draw(faults, LL_SIM_FEED_SKEW, UINT64_MAX));
    return net;
}

void ll_sim_net_free(struct ll_sim_net *net)
{
    free(net);
}

void ll_sim_net_poll(struct ll_sim_net *net, uint64_t now_ns)
{
    struct ll_sim_faults *faults = net->faults;
    if (ll_sim_strikes(faults, LL_SIM_FEED_LINE_DEAD)) {
        uint64_t line = ll_sim_draw(faults, LL_SIM_FEED_LINE_DEAD, LL_MOLD_SENDER_LINES_MAX);
        net->lines[line].dead_until_ns = now_ns + 1 + ll_sim_draw(faults, LL_SIM_FEED_LINE_DEAD, DEAD_NS);
    }
    if (ll_sim_strikes(faults, LL_SIM_REQUEST_SILENT))
        net->silent_until_ns = now_ns + 1 + ll_sim_draw(faults, LL_SIM_REQUEST_SILENT, SILENT_NS);
}

/* --- junk --------------------------------------------------------------------------------------------------- */

static uint32_t noise(struct ll_sim_faults *faults, uint8_t *bytes)
{
    uint32_t bytes_count = (uint32_t)ll_sim_draw(faults, LL_SIM_FEED_JUNK, LL_SIM_NET_PACKET_BYTES + 1);
    for (uint32_t i = 0; i < bytes_count; i++)
        bytes[i] = (uint8_t)ll_sim_draw(faults, LL_SIM_FEED_JUNK, 256);
    return bytes_count;
}

/* Bytes that no receiver takes for a packet. */
static void garble(struct ll_sim_faults *faults, struct packet *packet)
{
    struct ll_moldudp64_packet parsed;
    uint32_t bytes_count = packet->bytes_count;
    switch (ll_sim_draw(faults, LL_SIM_FEED_JUNK, JUNK_KINDS)) {
    case 0: /* bytes of something else behind it */
        if (bytes_count < LL_SIM_NET_PACKET_BYTES)
            packet->bytes[packet->bytes_count++] = (uint8_t)ll_sim_draw(faults, LL_SIM_FEED_JUNK, 256);
        break;
    case 1: /* another count of messages */
        ll_store_be16(packet->bytes + COUNT_AT, (uint16_t)(1 + ll_sim_draw(faults, LL_SIM_FEED_JUNK, 65534)));
        break;
    case 2:
        packet->bytes_count = noise(faults, packet->bytes);
        break;
    default:
        break;
    }
    if (ll_moldudp64_parse(packet->bytes, packet->bytes_count, &parsed) == LL_OK) /* then it is cut short */
        packet->bytes_count = (uint32_t)ll_sim_draw(faults, LL_SIM_FEED_JUNK, packet->bytes_count);
}

/* --- out ---------------------------------------------------------------------------------------------------- */

static uint64_t draw_delay_ns(struct ll_sim_net *net)
{
    return DELAY_MIN_NS + ll_prng_next(&net->prng) % DELAY_DRAW_NS;
}

/* NULL = no room, it is lost. */
static struct packet *put(struct ll_sim_net *net, uint32_t line, const uint8_t *bytes, uint32_t bytes_count,
                          uint64_t due_ns)
{
    LL_ASSERT(bytes_count <= LL_SIM_NET_PACKET_BYTES);
    if (net->packet_count == LL_SIM_NET_PACKETS)
        return NULL;
    struct packet *packet = &net->packets[net->packet_count++];
    packet->due_ns = due_ns;
    packet->number = net->sent++;
    packet->line = line;
    packet->behind = 0;
    packet->bytes_count = bytes_count;
    memcpy(packet->bytes, bytes, bytes_count);
    if (ll_sim_strikes(net->faults, LL_SIM_FEED_JUNK))
        garble(net->faults, packet);
    return packet;
}

/* A packet of the line has gone: those that are held let it pass. */
static void pass(struct ll_sim_net *net, uint32_t line, uint64_t due_ns)
{
    for (uint32_t i = 0; i < net->packet_count; i++) {
        struct packet *packet = &net->packets[i];
        if (packet->line == line && packet->behind > 0 && --packet->behind == 0)
            packet->due_ns = due_ns + 1;
    }
}

void ll_sim_net_send(struct ll_sim_net *net, uint32_t index, const uint8_t *bytes, uint32_t bytes_count,
                     uint64_t now_ns)
{
    struct ll_sim_faults *faults = net->faults;
    struct line *line = &net->lines[index];
    uint64_t due_ns = now_ns + draw_delay_ns(net);
    bool is_dead = !faults->is_calm && now_ns < line->dead_until_ns;
    if (is_dead || ll_sim_strikes(faults, LL_SIM_FEED_LOSS))
        return;
    if (ll_sim_strikes(faults, LL_SIM_FEED_SKEW)) /* and those behind it wait */
        due_ns += ll_sim_draw(faults, LL_SIM_FEED_SKEW, SKEW_NS);
    if (due_ns < line->due_ns)
        due_ns = line->due_ns;
    if (ll_sim_strikes(faults, LL_SIM_FEED_DUPLICATE))
        (void)put(net, index, bytes, bytes_count,
                  due_ns + ll_sim_draw(faults, LL_SIM_FEED_DUPLICATE, AGAIN_NS));
    bool is_held = ll_sim_strikes(faults, LL_SIM_FEED_REORDER);
    if (!is_held) {
        line->due_ns = due_ns;
        pass(net, index, due_ns);
    }
    struct packet *packet =
        put(net, index, bytes, bytes_count, is_held ? now_ns + LL_SIM_NET_HELD_NS : due_ns);
    if (packet != NULL && is_held)
        packet->behind = 1 + (uint32_t)ll_sim_draw(faults, LL_SIM_FEED_REORDER, BEHIND_MAX);
}

/* --- re-requests -------------------------------------------------------------------------------------------- */

bool ll_sim_net_request(struct ll_sim_net *net, uint64_t now_ns)
{
    struct ll_sim_faults *faults = net->faults;
    bool is_silent = !faults->is_calm && now_ns < net->silent_until_ns;
    net->late_ns = 0;
    if (is_silent || ll_sim_strikes(faults, LL_SIM_REQUEST_LOST))
        return false;
    if (ll_sim_strikes(faults, LL_SIM_REQUEST_LATE))
        net->late_ns = ll_sim_draw(faults, LL_SIM_REQUEST_LATE, LATE_NS);
    return true;
}

void ll_sim_net_answer(struct ll_sim_net *net, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    uint64_t delay_ns = 2 * DELAY_MIN_NS + ll_prng_next(&net->prng) % ANSWER_NS;
    (void)put(net, LL_SIM_NET_ANSWERS, bytes, bytes_count, now_ns + delay_ns + net->late_ns);
}

/* --- in ----------------------------------------------------------------------------------------------------- */

bool ll_sim_net_take(struct ll_sim_net *net, uint64_t now_ns, uint32_t *line, const uint8_t **bytes,
                     uint32_t *bytes_count)
{
    struct packet *first = NULL;
    for (uint32_t i = 0; i < net->packet_count; i++) {
        struct packet *packet = &net->packets[i];
        if (packet->due_ns > now_ns)
            continue;
        if (first == NULL || packet->due_ns < first->due_ns ||
            (packet->due_ns == first->due_ns && packet->number < first->number))
            first = packet;
    }
    if (first == NULL)
        return false;
    net->taken = *first;
    *first = net->packets[--net->packet_count];
    *line = net->taken.line;
    *bytes = net->taken.bytes;
    *bytes_count = net->taken.bytes_count;
    return true;
}

bool ll_sim_net_is_quiet(const struct ll_sim_net *net)
{
    return net->packet_count == 0;
}
