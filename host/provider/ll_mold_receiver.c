/* SPDX-License-Identifier: Apache-2.0 */
#include "host/provider/ll_mold_receiver.h"

#include "host/base/ll_assert.h"

#include <string.h>

/*
 * Memory: receiver | held[capacity] | order[mask + 1] | free[capacity] | slots[(capacity + 1) * slot_bytes]
 *
 * Numbers:      next            reach                known_end
 *   ...delivered | hole | held ... held | tail hole  |
 *
 * `next` is the first number neither delivered nor lost, `known_end` lies one past the last number known to
 * exist, and next <= known_end always. Held packets are sorted by first number, and none lies inside another,
 * so that their ends are sorted too. Each held packet owns the hole just below it; the hole between the last
 * of them (`reach`) and known_end is the tail's. While nothing is missing, next == known_end and nothing is
 * held.
 */
#define LL_MOLD_SLOT_ALIGN_BYTES 64u
#define LL_MOLD_FIRST_NUMBER     1u
#define LL_MOLD_LINE_BYTES       64u /* of the cache */

/* What has been done about missing numbers. All zero = nothing yet. */
struct ll_mold_hole {
    bool asked;
    uint32_t unanswered_count; /* requests since anything of it last came */
    uint64_t seen_end;         /* numbers below it were known to be missing when the clock started */
    uint64_t asked_first_ns;   /* the hole was seen; gap_timeout_ns counts from here */
    uint64_t asked_last_ns;
};

struct ll_mold_held {
    uint64_t sequence;
    uint64_t end; /* one past the last number */
    uint32_t line;
    uint32_t slot_index;
    struct ll_mold_hole hole; /* below this packet */
};

/* The one packet put aside because it jumps too far. Its bytes are in the spare slot, if they fit. */
struct ll_mold_far {
    bool present;
    uint32_t line;
    uint32_t bytes_count; /* 0 = too long to be kept: only its numbers are known */
    uint64_t sequence;
    uint64_t end;
    uint64_t packets; /* packets that had come, this one with them: has another come since? */
};

struct ll_mold_receiver {
    uint64_t next; /* 0 until the session's first packet */
    uint64_t known_end;
    char session[LL_MOLDUDP64_SESSION_BYTES];
    bool session_known;
    bool busy; /* inside a public call: a callback that calls back is our owner's mistake */
    bool ended;
    bool end_known;
    bool gap_open; /* delivery waits for numbers below gap_end */
    bool gap_lost; /* some of them were given up */
    bool started;
    uint64_t first;    /* number delivery started at */
    uint64_t position; /* how far the stream has come while it is still below first: a file read again */
    uint64_t end_sequence;
    uint64_t gap_end;
    uint64_t started_ns; /* first time ever told: silence of a line never heard counts from here */
    uint32_t held_count;
    uint32_t order_head;
    uint32_t order_mask;
    uint32_t free_count;
    size_t slot_bytes;
    struct ll_mold_held *held; /* by order[] */
    uint32_t *order;           /* ring of indexes into held[], by sequence */
    uint32_t *free;            /* stack of unused indexes */
    uint8_t *slots;
    struct ll_mold_hole tail;
    struct ll_mold_far far;
    struct ll_mold_config config;
    struct ll_mold_handler handler;
    struct ll_mold_counters counters;
};

/* --- set-up --- */

struct ll_mold_layout {
    size_t held_at_bytes;
    size_t order_at_bytes;
    size_t free_at_bytes;
    size_t slots_at_bytes;
    size_t slot_bytes;
    size_t total_bytes;
    uint32_t order_count;
};

static size_t ll_mold_align(size_t bytes)
{
    return (bytes + LL_MOLD_SLOT_ALIGN_BYTES - 1) & ~(size_t)(LL_MOLD_SLOT_ALIGN_BYTES - 1);
}

static bool ll_mold_config_is_good(const struct ll_mold_config *config)
{
    if (config->line_count == 0 || config->line_count > LL_MOLD_LINES_MAX)
        return false;
    if (config->holdback_packets == 0 || config->holdback_packets > LL_MOLD_HOLDBACK_PACKETS_MAX)
        return false;
    if (config->holdback_bytes_max < LL_MOLDUDP64_HEADER_BYTES ||
        config->holdback_bytes_max > LL_MOLDUDP64_DATAGRAM_BYTES_MAX)
        return false;
    /* A hole that nothing ever closes would stop the stream for good. */
    bool by_count = config->request_timeout_ns != 0 && config->gap_requests_max != 0;
    return by_count || config->gap_timeout_ns != 0;
}

static struct ll_mold_layout ll_mold_layout(const struct ll_mold_config *config)
{
    struct ll_mold_layout layout;
    size_t capacity = config->holdback_packets;
    layout.order_count = 1;
    while (layout.order_count < config->holdback_packets)
        layout.order_count *= 2;
    layout.slot_bytes = ll_mold_align(config->holdback_bytes_max);
    layout.held_at_bytes = ll_mold_align(sizeof(struct ll_mold_receiver));
    layout.order_at_bytes = layout.held_at_bytes + ll_mold_align(capacity * sizeof(struct ll_mold_held));
    layout.free_at_bytes = layout.order_at_bytes + ll_mold_align(layout.order_count * sizeof(uint32_t));
    layout.slots_at_bytes = layout.free_at_bytes + ll_mold_align(capacity * sizeof(uint32_t));
    layout.total_bytes = layout.slots_at_bytes + (capacity + 1) * layout.slot_bytes;
    return layout;
}

size_t ll_mold_receiver_footprint_bytes(const struct ll_mold_config *config)
{
    return ll_mold_config_is_good(config) ? ll_mold_layout(config).total_bytes : 0;
}

struct ll_mold_receiver *ll_mold_receiver_init(void *memory, const struct ll_mold_config *config,
                                               const struct ll_mold_handler *handler)
{
    LL_ASSERT(memory != NULL);
    LL_ASSERT((uintptr_t)memory % _Alignof(struct ll_mold_receiver) == 0);
    LL_ASSERT(handler->on_message != NULL);
    LL_ASSERT(handler->on_session != NULL);
    LL_ASSERT(handler->on_gap != NULL);
    LL_ASSERT(handler->on_request != NULL);
    LL_ASSERT(handler->on_bad_packet != NULL);
    LL_ASSERT(handler->on_end != NULL);
    if (!ll_mold_config_is_good(config))
        return NULL;
    struct ll_mold_layout layout = ll_mold_layout(config);
    struct ll_mold_receiver *receiver = memory;
    uint8_t *base = memory;
    memset(receiver, 0, sizeof *receiver);
    receiver->config = *config;
    receiver->handler = *handler;
    if (config->ahead_messages_max == 0)
        receiver->config.ahead_messages_max = LL_MOLD_AHEAD_MESSAGES_DEFAULT;
    receiver->held = (struct ll_mold_held *)(void *)(base + layout.held_at_bytes);
    receiver->order = (uint32_t *)(void *)(base + layout.order_at_bytes);
    receiver->free = (uint32_t *)(void *)(base + layout.free_at_bytes);
    receiver->slots = base + layout.slots_at_bytes;
    receiver->slot_bytes = layout.slot_bytes;
    receiver->order_mask = layout.order_count - 1;
    receiver->free_count = config->holdback_packets;
    for (uint32_t i = 0; i < config->holdback_packets; i++)
        receiver->free[i] = config->holdback_packets - 1 - i;
    receiver->session_known = config->session_known;
    memcpy(receiver->session, config->session, sizeof receiver->session);
    return receiver;
}

/* --- small parts --- */

/* A clock that steps back makes nothing happen early. */
static uint64_t ll_mold_elapsed_ns(uint64_t since_ns, uint64_t now_ns)
{
    return now_ns > since_ns ? now_ns - since_ns : 0;
}

static struct ll_mold_held *ll_mold_held_at(const struct ll_mold_receiver *receiver, uint32_t index)
{
    LL_ASSERT_SLOW(index < receiver->held_count);
    return &receiver->held[receiver->order[(receiver->order_head + index) & receiver->order_mask]];
}

static uint8_t *ll_mold_slot(const struct ll_mold_receiver *receiver, uint32_t slot_index)
{
    return receiver->slots + slot_index * receiver->slot_bytes;
}

/* The slot of the far packet: one more than the held ones have. */
static uint8_t *ll_mold_spare_slot(const struct ll_mold_receiver *receiver)
{
    return ll_mold_slot(receiver, receiver->config.holdback_packets);
}

static uint64_t ll_mold_reach(const struct ll_mold_receiver *receiver)
{
    return receiver->held_count > 0 ? ll_mold_held_at(receiver, receiver->held_count - 1)->end
                                    : receiver->next;
}

/* Where the hole at `next` ends. */
static uint64_t ll_mold_first_bound(const struct ll_mold_receiver *receiver)
{
    return receiver->held_count > 0 ? ll_mold_held_at(receiver, 0)->sequence : receiver->known_end;
}

static struct ll_mold_hole *ll_mold_first_hole(struct ll_mold_receiver *receiver)
{
    return receiver->held_count > 0 ? &ll_mold_held_at(receiver, 0)->hole : &receiver->tail;
}

/* How many held packets begin at or below `sequence`. */
static uint32_t ll_mold_held_upto(const struct ll_mold_receiver *receiver, uint64_t sequence)
{
    uint32_t low = 0;
    uint32_t high = receiver->held_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ll_mold_held_at(receiver, middle)->sequence <= sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#ifdef LL_SLOW_CHECKS
static bool ll_mold_is_sound(const struct ll_mold_receiver *receiver)
{
    if (receiver->next > receiver->known_end)
        return false;
    if (receiver->held_count + receiver->free_count != receiver->config.holdback_packets)
        return false;
    for (uint32_t i = 0; i < receiver->held_count; i++) {
        const struct ll_mold_held *held = ll_mold_held_at(receiver, i);
        if (held->sequence >= held->end || held->sequence <= receiver->next)
            return false;
        if (held->end > receiver->known_end)
            return false;
        if (i > 0 && (ll_mold_held_at(receiver, i - 1)->sequence >= held->sequence ||
                      ll_mold_held_at(receiver, i - 1)->end >= held->end))
            return false;
    }
    return true;
}
#endif

/* Numbers sequence..end-1 came, all below `next`. */
static void ll_mold_count_old(struct ll_mold_receiver *receiver, uint32_t line, uint64_t sequence,
                              uint64_t end)
{
    uint64_t before_count = 0;
    if (sequence < receiver->first)
        before_count = (end < receiver->first ? end : receiver->first) - sequence;
    receiver->counters.messages_before_start += before_count;
    receiver->counters.line[line].messages_duplicate += end - sequence - before_count;
}

static void ll_mold_count_dropped(struct ll_mold_receiver *receiver, uint64_t message_count)
{
    receiver->counters.dropped_holdback++;
    receiver->counters.messages_dropped += message_count;
}

/* Starts the hole's clock, and asks for its first numbers where there is a server. One request for a hole at
 * a time: what the answer leaves is asked for when it comes, so a large hole needs no burst of requests. */
static void ll_mold_ask(struct ll_mold_receiver *receiver, struct ll_mold_hole *hole, uint64_t sequence,
                        uint64_t end, uint64_t now_ns)
{
    LL_ASSERT(sequence < end);
    if (!hole->asked || hole->seen_end <= sequence) {
        hole->unanswered_count = 0;
        hole->asked_first_ns = now_ns;
        hole->seen_end = end;
    }
    hole->asked = true;
    hole->asked_last_ns = now_ns;
    if (receiver->config.request_timeout_ns == 0)
        return;
    uint64_t count = end - sequence;
    if (count > LL_MOLDUDP64_MESSAGES_MAX)
        count = LL_MOLDUDP64_MESSAGES_MAX;
    uint8_t request[LL_MOLDUDP64_HEADER_BYTES];
    ll_moldudp64_write_header(request, receiver->session, sequence, (uint16_t)count);
    hole->unanswered_count++;
    receiver->counters.requests++;
    receiver->handler.on_request(receiver->handler.context, request, now_ns);
}

/* --- delivery --- */

/* Hands out the blocks of a packet that reaches beyond `next`; the numbers below it are counted as old. */
static inline void ll_mold_deliver(struct ll_mold_receiver *receiver, uint32_t line, uint64_t sequence,
                                   uint64_t end, const uint8_t *blocks, uint64_t now_ns)
{
    LL_ASSERT_SLOW(sequence <= receiver->next && receiver->next < end);
    struct ll_moldudp64_cursor cursor = {blocks, (uint32_t)(end - sequence)};
    uint32_t message_bytes = 0;
    if (LL_UNLIKELY(sequence < receiver->next)) {
        ll_mold_count_old(receiver, line, sequence, receiver->next);
        for (; sequence < receiver->next; sequence++)
            (void)ll_moldudp64_next(&cursor, &message_bytes);
    }
    receiver->counters.messages += end - sequence;
    receiver->counters.line[line].messages_first += end - sequence;
    const struct ll_mold_handler handler = receiver->handler;
    for (; sequence < end; sequence++) {
        const uint8_t *message = ll_moldudp64_next(&cursor, &message_bytes);
        receiver->next = sequence + 1;
        handler.on_message(handler.context, sequence, message, message_bytes, now_ns);
    }
}

/* Hands out held packets as long as they touch `next`. */
static void ll_mold_drain(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    while (receiver->held_count > 0) {
        struct ll_mold_held *held = ll_mold_held_at(receiver, 0);
        if (held->sequence > receiver->next)
            break;
        if (held->end > receiver->next)
            ll_mold_deliver(receiver, held->line, held->sequence, held->end,
                            ll_mold_slot(receiver, held->slot_index) + LL_MOLDUDP64_HEADER_BYTES, now_ns);
        else
            ll_mold_count_old(receiver, held->line, held->sequence, held->end);
        receiver->free[receiver->free_count++] = held->slot_index;
        receiver->order_head = (receiver->order_head + 1) & receiver->order_mask;
        receiver->held_count--;
    }
}

/* --- the hold-back store --- */

/* Takes held packets from..to-1 out of the order and leaves one free place there. */
static void ll_mold_open_place(struct ll_mold_receiver *receiver, uint32_t from, uint32_t to)
{
    uint32_t head = receiver->order_head;
    uint32_t mask = receiver->order_mask;
    uint32_t *order = receiver->order;
    for (uint32_t i = from; i < to; i++) {
        const struct ll_mold_held *held = ll_mold_held_at(receiver, i);
        receiver->counters.line[held->line].messages_duplicate += held->end - held->sequence;
        receiver->free[receiver->free_count++] = held->slot_index;
    }
    if (from == to) {
        for (uint32_t i = receiver->held_count; i > from; i--)
            order[(head + i) & mask] = order[(head + i - 1) & mask];
    } else {
        for (uint32_t i = to; i < receiver->held_count; i++)
            order[(head + i - (to - from - 1)) & mask] = order[(head + i) & mask];
    }
    receiver->held_count = receiver->held_count + 1 - (to - from);
}

/* Gives up the packet that is furthest ahead: its messages are needed last, so most likely to come again. */
static void ll_mold_evict_last(struct ll_mold_receiver *receiver)
{
    const struct ll_mold_held *held = ll_mold_held_at(receiver, receiver->held_count - 1);
    ll_mold_count_dropped(receiver, held->end - held->sequence);
    receiver->free[receiver->free_count++] = held->slot_index;
    receiver->held_count--;
    memset(&receiver->tail, 0, sizeof receiver->tail);
}

/* True when held packets from `at` on contain all of sequence..end-1. */
static bool ll_mold_held_covers(const struct ll_mold_receiver *receiver, uint32_t at, uint64_t sequence,
                                uint64_t end)
{
    for (; at < receiver->held_count && sequence < end; at++) {
        const struct ll_mold_held *held = ll_mold_held_at(receiver, at);
        if (held->sequence > sequence)
            break;
        if (held->end > sequence)
            sequence = held->end;
    }
    return sequence >= end;
}

/* The hole that will be below a packet put in at `at`: the lower part of the one it falls into. */
static struct ll_mold_hole ll_mold_split_hole(struct ll_mold_receiver *receiver, uint32_t at,
                                              uint64_t sequence)
{
    struct ll_mold_hole *hole =
        at < receiver->held_count ? &ll_mold_held_at(receiver, at)->hole : &receiver->tail;
    if (sequence < receiver->known_end)
        hole->unanswered_count = 0;
    return *hole;
}

/* Copies the packet into a free slot, in the place opened for it, and sees to the hole below it. */
static void ll_mold_place(struct ll_mold_receiver *receiver, uint32_t at, uint32_t line,
                          const struct ll_moldudp64_packet *packet, const uint8_t *bytes,
                          uint32_t bytes_count, struct ll_mold_hole hole, uint64_t now_ns)
{
    LL_ASSERT(receiver->free_count > 0);
    uint32_t slot_index = receiver->free[--receiver->free_count];
    receiver->order[(receiver->order_head + at) & receiver->order_mask] = slot_index;
    struct ll_mold_held *held = &receiver->held[slot_index];
    held->sequence = packet->sequence;
    held->end = packet->sequence + packet->message_count;
    held->line = line;
    held->slot_index = slot_index;
    held->hole = hole;
    memcpy(ll_mold_slot(receiver, slot_index), bytes, bytes_count);
    receiver->counters.held_packets++;
    if (receiver->counters.held_packets_max < receiver->held_count)
        receiver->counters.held_packets_max = receiver->held_count;
    uint64_t below = at > 0 ? ll_mold_held_at(receiver, at - 1)->end : receiver->next;
    if (below < held->sequence && !held->hole.asked)
        ll_mold_ask(receiver, &held->hole, below, held->sequence, now_ns);
}

/* Keeps a packet that begins above `next`. True when it brought a new number and was kept. */
static bool ll_mold_hold(struct ll_mold_receiver *receiver, uint32_t line,
                         const struct ll_moldudp64_packet *packet, const uint8_t *bytes, uint32_t bytes_count,
                         uint64_t now_ns)
{
    uint64_t sequence = packet->sequence;
    uint64_t end = sequence + packet->message_count;
    uint32_t from = ll_mold_held_upto(receiver, sequence);
    if (ll_mold_held_covers(receiver, from > 0 ? from - 1 : 0, sequence, end)) {
        receiver->counters.line[line].messages_duplicate += packet->message_count;
        return false;
    }
    /* Held packets that lie inside this one are not needed any more. */
    if (from > 0 && ll_mold_held_at(receiver, from - 1)->sequence == sequence)
        from--;
    uint32_t to = from;
    while (to < receiver->held_count && ll_mold_held_at(receiver, to)->end <= end)
        to++;
    bool is_full = receiver->free_count == 0 && from == to;
    if (bytes_count > receiver->config.holdback_bytes_max || (is_full && from == receiver->held_count)) {
        ll_mold_count_dropped(receiver, packet->message_count);
        return false;
    }
    struct ll_mold_hole hole = ll_mold_split_hole(receiver, from, sequence);
    if (is_full)
        ll_mold_evict_last(receiver);
    ll_mold_open_place(receiver, from, to);
    ll_mold_place(receiver, from, line, packet, bytes, bytes_count, hole, now_ns);
    return true;
}

/* --- gaps and the end --- */

/* Brings the books in line with what is missing now: the tail's hole, the open gap, the end. */
static void ll_mold_settle(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    uint64_t reach = ll_mold_reach(receiver);
    if (receiver->known_end <= reach) {
        memset(&receiver->tail, 0, sizeof receiver->tail);
    } else if (!receiver->tail.asked && (receiver->held_count == 0 || receiver->free_count > 0)) {
        /* With a full store the answer would only be dropped: the tail is asked for when there is room. */
        ll_mold_ask(receiver, &receiver->tail, reach, receiver->known_end, now_ns);
    }
    if (receiver->gap_open && receiver->next >= receiver->gap_end) {
        receiver->gap_open = false;
        if (receiver->gap_lost)
            receiver->counters.gaps_given_up++;
        else
            receiver->counters.gaps_filled++;
    }
    if (!receiver->gap_open && receiver->next < receiver->known_end) {
        receiver->gap_open = true;
        receiver->gap_lost = false;
        receiver->gap_end = ll_mold_first_bound(receiver);
        receiver->counters.gaps_detected++;
    }
    if (receiver->end_known && !receiver->ended && receiver->next == receiver->end_sequence) {
        receiver->ended = true;
        receiver->handler.on_end(receiver->handler.context, receiver->next, now_ns);
    }
    LL_ASSERT_SLOW(ll_mold_is_sound(receiver));
}

/* The hole at `next` is lost up to `lost_end`: names it and goes on with what is held behind it. */
static void ll_mold_give_up(struct ll_mold_receiver *receiver, uint64_t lost_end, uint64_t now_ns)
{
    uint64_t lost_first = receiver->next;
    LL_ASSERT(lost_first < lost_end);
    LL_ASSERT(lost_end <= ll_mold_first_bound(receiver));
    LL_ASSERT(receiver->gap_open);
    receiver->gap_lost = true;
    receiver->next = lost_end;
    receiver->counters.messages_lost += lost_end - lost_first;
    receiver->handler.on_gap(receiver->handler.context, lost_first, lost_end - lost_first, now_ns);
    ll_mold_drain(receiver, now_ns);
    ll_mold_settle(receiver, now_ns);
}

static bool ll_mold_hole_is_hopeless(const struct ll_mold_receiver *receiver, const struct ll_mold_hole *hole,
                                     uint64_t now_ns)
{
    const struct ll_mold_config *config = &receiver->config;
    if (config->gap_timeout_ns != 0 &&
        ll_mold_elapsed_ns(hole->asked_first_ns, now_ns) >= config->gap_timeout_ns)
        return true;
    return config->request_timeout_ns != 0 && config->gap_requests_max != 0 &&
           hole->unanswered_count >= config->gap_requests_max &&
           ll_mold_elapsed_ns(hole->asked_last_ns, now_ns) >= config->request_timeout_ns;
}

/* What time does to the first hole. Numbers that went missing later than its first ones have a clock of their
 * own, so each turn of the loop but the last gives up a whole hole, or the older part of the last one. */
static void ll_mold_gap_work(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    while (receiver->next < receiver->known_end) {
        struct ll_mold_hole *hole = ll_mold_first_hole(receiver);
        uint64_t bound = ll_mold_first_bound(receiver);
        bool is_running = hole->asked && hole->seen_end > receiver->next;
        bool is_due = receiver->config.request_timeout_ns != 0 &&
                      ll_mold_elapsed_ns(hole->asked_last_ns, now_ns) >= receiver->config.request_timeout_ns;
        if (is_running && ll_mold_hole_is_hopeless(receiver, hole, now_ns)) {
            ll_mold_give_up(receiver, hole->seen_end < bound ? hole->seen_end : bound, now_ns);
            continue;
        }
        if (!is_running || is_due)
            ll_mold_ask(receiver, hole, receiver->next, bound, now_ns);
        break;
    }
}

/* An answer ended at `end`. A server answers one datagram per request: ask for what it left of its hole. */
static void ll_mold_ask_rest(struct ll_mold_receiver *receiver, uint64_t end, uint64_t now_ns)
{
    if (end < receiver->next || end >= receiver->known_end)
        return;
    uint32_t at = ll_mold_held_upto(receiver, end);
    if (at > 0 && ll_mold_held_at(receiver, at - 1)->end > end)
        return;
    bool is_tail = at == receiver->held_count;
    if (is_tail && at > 0 && receiver->free_count == 0) {
        memset(&receiver->tail, 0, sizeof receiver->tail); /* asked for when there is room */
        return;
    }
    struct ll_mold_hole *hole = is_tail ? &receiver->tail : &ll_mold_held_at(receiver, at)->hole;
    hole->unanswered_count = 0;
    ll_mold_ask(receiver, hole, end, is_tail ? receiver->known_end : ll_mold_held_at(receiver, at)->sequence,
                now_ns);
}

static void ll_mold_end_seen(struct ll_mold_receiver *receiver, uint64_t end_sequence)
{
    if (end_sequence < receiver->known_end) {
        receiver->counters.end_contradicted++;
        return;
    }
    receiver->end_known = true;
    receiver->end_sequence = end_sequence;
}

/* --- packets --- */

/* One past the last number the packet says exists. */
static uint64_t ll_mold_claim_end(const struct ll_moldudp64_packet *packet)
{
    return packet->sequence + packet->message_count;
}

static void ll_mold_track_line(struct ll_mold_line_counters *counters, uint64_t sequence, uint64_t end)
{
    if (counters->next_sequence != 0 && sequence > counters->next_sequence)
        counters->gaps++;
    if (sequence < counters->next_sequence)
        counters->packets_back++;
    if (end > counters->next_sequence)
        counters->next_sequence = end;
}

/* The blocks of a data packet, wherever they belong. True when it brought a new number that was kept. */
static bool ll_mold_take_blocks(struct ll_mold_receiver *receiver, uint32_t line,
                                const struct ll_moldudp64_packet *packet, const uint8_t *bytes,
                                uint32_t bytes_count, uint64_t now_ns)
{
    uint64_t end = ll_mold_claim_end(packet);
    if (end <= receiver->next) {
        ll_mold_count_old(receiver, line, packet->sequence, end);
        return false;
    }
    if (packet->sequence > receiver->next)
        return ll_mold_hold(receiver, line, packet, bytes, bytes_count, now_ns);
    if (end < ll_mold_first_bound(receiver))
        ll_mold_first_hole(receiver)->unanswered_count = 0;
    ll_mold_deliver(receiver, line, packet->sequence, end, packet->blocks, now_ns);
    return true;
}

/* A packet whose numbers are believed. */
static void ll_mold_accept(struct ll_mold_receiver *receiver, uint32_t line,
                           const struct ll_moldudp64_packet *packet, const uint8_t *bytes,
                           uint32_t bytes_count, uint64_t now_ns)
{
    uint64_t claim_end = ll_mold_claim_end(packet);
    if (line != LL_MOLD_LINE_REREQUEST)
        ll_mold_track_line(&receiver->counters.line[line], packet->sequence, claim_end);
    if (receiver->end_known && claim_end > receiver->end_sequence) {
        receiver->end_known = false;
        receiver->counters.end_contradicted++;
    }
    if (packet->kind == LL_MOLDUDP64_END)
        ll_mold_end_seen(receiver, packet->sequence);
    /* Nobody will send again what finds no room: rather name the oldest missing numbers lost than drop new ones. */
    if (receiver->config.give_up_when_full && receiver->free_count == 0 &&
        packet->sequence > receiver->next && claim_end > receiver->known_end)
        ll_mold_give_up(receiver, ll_mold_first_bound(receiver), now_ns);
    bool is_news = packet->kind == LL_MOLDUDP64_DATA &&
                   ll_mold_take_blocks(receiver, line, packet, bytes, bytes_count, now_ns);
    if (receiver->known_end < claim_end)
        receiver->known_end = claim_end;
    if (receiver->position < claim_end)
        receiver->position = claim_end;
    ll_mold_drain(receiver, now_ns);
    if (is_news && line == LL_MOLD_LINE_REREQUEST)
        ll_mold_ask_rest(receiver, claim_end, now_ns);
    ll_mold_settle(receiver, now_ns);
}

/* --- packets that jump too far --- */

/* Judged from where the stream is, and not from where delivery starts: a file read again after a restart is
 * judged as it was the first time. */
static bool ll_mold_is_far(const struct ll_mold_receiver *receiver, uint64_t sequence)
{
    uint64_t here = receiver->known_end > receiver->first ? receiver->known_end : receiver->position;
    return sequence > here && sequence - here > receiver->config.ahead_messages_max;
}

static void ll_mold_far_drop(struct ll_mold_receiver *receiver)
{
    if (!receiver->far.present)
        return;
    receiver->far.present = false;
    receiver->counters.far_dropped++;
    receiver->counters.messages_dropped += receiver->far.end - receiver->far.sequence;
}

static void ll_mold_far_put(struct ll_mold_receiver *receiver, uint32_t line,
                            const struct ll_moldudp64_packet *packet, const uint8_t *bytes,
                            uint32_t bytes_count)
{
    ll_mold_far_drop(receiver);
    struct ll_mold_far *far = &receiver->far;
    far->present = true;
    far->line = line;
    far->sequence = packet->sequence;
    far->end = ll_mold_claim_end(packet);
    far->packets = ll_mold_counters_sum(&receiver->counters).packets;
    far->bytes_count = bytes_count <= receiver->config.holdback_bytes_max ? bytes_count : 0;
    memcpy(ll_mold_spare_slot(receiver), bytes, far->bytes_count);
    receiver->counters.far_packets++;
}

/* Does a second far packet speak of the same place in the stream? */
static bool ll_mold_far_fits(const struct ll_mold_receiver *receiver,
                             const struct ll_moldudp64_packet *packet)
{
    const struct ll_mold_far *far = &receiver->far;
    uint64_t end = ll_mold_claim_end(packet);
    uint64_t upper_first = packet->sequence > far->sequence ? packet->sequence : far->sequence;
    uint64_t lower_end = end < far->end ? end : far->end;
    return far->present &&
           (upper_first <= lower_end || upper_first - lower_end <= receiver->config.ahead_messages_max);
}

static void ll_mold_far_take(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    struct ll_mold_far far = receiver->far;
    const uint8_t *bytes = ll_mold_spare_slot(receiver);
    struct ll_moldudp64_packet packet;
    receiver->far.present = false;
    if (far.bytes_count == 0) {
        /* Its numbers exist, its bytes were not kept; the packet that confirmed it tells where the stream is.
         */
        ll_mold_count_dropped(receiver, far.end - far.sequence);
        return;
    }
    int code = ll_moldudp64_parse(bytes, far.bytes_count, &packet);
    LL_ASSERT(code == LL_OK);
    ll_mold_accept(receiver, far.line, &packet, bytes, far.bytes_count, now_ns);
}

/* Has the stream come near the packet put aside? Then its numbers are as good as any, and must not be named
 * lost while they lie there. */
static void ll_mold_far_review(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    if (receiver->far.present && !receiver->ended && !ll_mold_is_far(receiver, receiver->far.sequence))
        ll_mold_far_take(receiver, now_ns);
}

/* --- the doors --- */

static void ll_mold_enter(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    LL_ASSERT(!receiver->busy);
    receiver->busy = true;
    if (LL_UNLIKELY(!receiver->started)) {
        receiver->started = true;
        receiver->started_ns = now_ns;
    }
}

static void ll_mold_begin_session(struct ll_mold_receiver *receiver, const struct ll_moldudp64_packet *packet,
                                  uint64_t now_ns)
{
    uint64_t first = receiver->config.start_sequence;
    if (first == 0)
        first = packet->sequence > LL_MOLD_FIRST_NUMBER ? packet->sequence : LL_MOLD_FIRST_NUMBER;
    memcpy(receiver->session, packet->session, sizeof receiver->session);
    receiver->session_known = true;
    receiver->first = first;
    receiver->next = first;
    receiver->known_end = first;
    receiver->position = first;
    if (receiver->config.session_known && packet->sequence < first)
        receiver->position = packet->sequence;
    receiver->handler.on_session(receiver->handler.context, receiver->session, first, now_ns);
}

static void ll_mold_after_end(struct ll_mold_receiver *receiver, uint32_t line,
                              const struct ll_moldudp64_packet *packet)
{
    uint64_t end = ll_mold_claim_end(packet);
    uint64_t known_end = end < receiver->next ? end : receiver->next;
    uint64_t beyond = packet->sequence > receiver->next ? packet->sequence : receiver->next;
    if (packet->sequence < known_end)
        ll_mold_count_old(receiver, line, packet->sequence, known_end);
    if (end > receiver->next) {
        receiver->counters.packets_after_end++;
        receiver->counters.messages_dropped += end - beyond;
    }
}

/* Every packet of the session that is not simply the next one. */
static void ll_mold_sort_out(struct ll_mold_receiver *receiver, uint32_t line,
                             const struct ll_moldudp64_packet *packet, const uint8_t *bytes,
                             uint32_t bytes_count, uint64_t now_ns)
{
    if (packet->kind == LL_MOLDUDP64_HEARTBEAT)
        receiver->counters.line[line].heartbeats++;
    if (receiver->ended) {
        ll_mold_after_end(receiver, line, packet);
        return;
    }
    bool is_far = ll_mold_is_far(receiver, packet->sequence);
    if (is_far && !ll_mold_far_fits(receiver, packet)) {
        ll_mold_far_put(receiver, line, packet, bytes, bytes_count);
    } else {
        if (is_far)
            ll_mold_far_take(receiver, now_ns);
        ll_mold_accept(receiver, line, packet, bytes, bytes_count, now_ns);
    }
    ll_mold_far_review(receiver, now_ns);
    ll_mold_gap_work(receiver, now_ns);
}

void ll_mold_receiver_packet(struct ll_mold_receiver *receiver, uint32_t line, const uint8_t *bytes,
                             uint32_t bytes_count, uint64_t now_ns)
{
    LL_ASSERT(line < receiver->config.line_count || line == LL_MOLD_LINE_REREQUEST);
    ll_mold_enter(receiver, now_ns);
    struct ll_mold_line_counters *counters = &receiver->counters.line[line];
    struct ll_moldudp64_packet packet;
    counters->packets++;
    counters->bytes += bytes_count;
    /* Each block says where the next one begins: without this a datagram that comes from memory is waited for line by
     * line. */
    for (uint32_t at = 0; at < bytes_count; at += LL_MOLD_LINE_BYTES)
        __builtin_prefetch(bytes + at);
    int code = ll_moldudp64_parse(bytes, bytes_count, &packet);
    if (LL_UNLIKELY(code != LL_OK)) {
        counters->malformed++;
        receiver->handler.on_bad_packet(receiver->handler.context, line, code, bytes, bytes_count, now_ns);
    } else if (LL_UNLIKELY(receiver->session_known &&
                           memcmp(packet.session, receiver->session, LL_MOLDUDP64_SESSION_BYTES) != 0)) {
        counters->wrong_session++;
    } else {
        counters->last_packet_ns = now_ns;
        counters->stale = false;
        if (LL_UNLIKELY(receiver->next == 0))
            ll_mold_begin_session(receiver, &packet, now_ns);
        /* The common packet: the next one of a line in order, while nothing is missing. */
        if (LL_LIKELY(packet.sequence == receiver->next && packet.kind == LL_MOLDUDP64_DATA &&
                      counters->next_sequence == packet.sequence && receiver->known_end == packet.sequence &&
                      !receiver->ended)) {
            uint64_t end = packet.sequence + packet.message_count;
            counters->next_sequence = end;
            ll_mold_deliver(receiver, line, packet.sequence, end, packet.blocks, now_ns);
            receiver->known_end = end;
        } else {
            ll_mold_sort_out(receiver, line, &packet, bytes, bytes_count, now_ns);
        }
    }
    receiver->busy = false;
}

static void ll_mold_mark_stale(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    for (uint32_t line = 0; line < receiver->config.line_count; line++) {
        struct ll_mold_line_counters *counters = &receiver->counters.line[line];
        uint64_t since_ns =
            counters->last_packet_ns > receiver->started_ns ? counters->last_packet_ns : receiver->started_ns;
        if (counters->stale || ll_mold_elapsed_ns(since_ns, now_ns) < receiver->config.stale_after_ns)
            continue;
        counters->stale = true;
        counters->stale_periods++;
    }
}

void ll_mold_receiver_poll(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    ll_mold_enter(receiver, now_ns);
    if (receiver->config.stale_after_ns != 0 && !receiver->ended)
        ll_mold_mark_stale(receiver, now_ns);
    ll_mold_far_review(receiver, now_ns);
    ll_mold_gap_work(receiver, now_ns);
    receiver->busy = false;
}

void ll_mold_receiver_finish(struct ll_mold_receiver *receiver, uint64_t now_ns)
{
    ll_mold_enter(receiver, now_ns);
    ll_mold_far_review(receiver, now_ns);
    /* The very last packet had nothing behind it that could confirm or contradict it: it is believed. */
    if (receiver->far.present && !receiver->ended &&
        receiver->far.packets == ll_mold_counters_sum(&receiver->counters).packets)
        ll_mold_far_take(receiver, now_ns);
    ll_mold_far_drop(receiver);
    while (receiver->next < receiver->known_end)
        ll_mold_give_up(receiver, ll_mold_first_bound(receiver), now_ns);
    LL_ASSERT(receiver->held_count == 0);
    receiver->busy = false;
}

struct ll_mold_line_counters ll_mold_counters_sum(const struct ll_mold_counters *counters)
{
    struct ll_mold_line_counters sum = {0};
    for (uint32_t i = 0; i <= LL_MOLD_LINES_MAX; i++) {
        const struct ll_mold_line_counters *line = &counters->line[i];
        sum.packets += line->packets;
        sum.bytes += line->bytes;
        sum.heartbeats += line->heartbeats;
        sum.messages_first += line->messages_first;
        sum.messages_duplicate += line->messages_duplicate;
        sum.wrong_session += line->wrong_session;
        sum.malformed += line->malformed;
        sum.gaps += line->gaps;
        sum.packets_back += line->packets_back;
        sum.stale_periods += line->stale_periods;
        if (sum.last_packet_ns < line->last_packet_ns)
            sum.last_packet_ns = line->last_packet_ns;
    }
    return sum;
}

const struct ll_mold_counters *ll_mold_receiver_counters(const struct ll_mold_receiver *receiver)
{
    return &receiver->counters;
}

uint64_t ll_mold_receiver_next_sequence(const struct ll_mold_receiver *receiver)
{
    return receiver->next;
}

bool ll_mold_receiver_ended(const struct ll_mold_receiver *receiver)
{
    return receiver->ended;
}
