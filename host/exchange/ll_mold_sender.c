/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_mold_sender.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"

#include <stdbool.h>
#include <string.h>

#define ALIGN_BYTES  64u
#define LENGTH_BYTES 2u         /* before each message of the store */
#define SERVER       UINT32_MAX /* in place of a line */

/* A datagram before it is built: what it holds lies in the store. */
struct packet {
    uint64_t sequence;
    uint32_t message_count; /* 0 for heartbeat and end */
    uint32_t line;          /* or SERVER */
    uint64_t requester;
    bool is_end;
};

struct held {
    struct packet packet;
    uint64_t due_ns;
    bool behind_next; /* goes when the line has sent another one, not by time */
};

struct line {
    struct ll_prng prng;
    uint64_t next_sequence; /* of the next new packet */
    uint64_t sent_ns;       /* of the last packet, lost ones included */
    bool has_sent;
    bool end_told;
};

struct ll_mold_sender {
    struct ll_mold_sender_config config;
    struct ll_mold_sender_door door;
    struct ll_mold_sender_counters counters;
    struct line lines[LL_MOLD_SENDER_LINES_MAX];
    struct ll_prng server_prng;
    struct held *held; /* in the order in which they came */
    uint32_t held_count;
    uint8_t *datagram;
    uint8_t *store; /* slots of slot_bytes: length, message */
    size_t slot_bytes;
    bool finished;
};

/* --- life cycle ----------------------------------------------------------------------------------------- */

static size_t align_up(size_t bytes)
{
    return ll_align_up(bytes, ALIGN_BYTES);
}

static bool packet_bytes_are_good(const struct ll_mold_sender_config *config, uint32_t packet_bytes_max)
{
    return packet_bytes_max <= LL_MOLDUDP64_DATAGRAM_BYTES_MAX &&
           packet_bytes_max >=
               LL_MOLDUDP64_HEADER_BYTES + LL_MOLDUDP64_BLOCK_HEADER_BYTES + config->message_bytes_max;
}

size_t ll_mold_sender_footprint_bytes(const struct ll_mold_sender_config *config)
{
    if (config->messages_max == 0 || config->messages_max > LL_MOLD_SENDER_MESSAGES_MAX)
        return 0;
    if (config->message_bytes_max == 0 || config->message_bytes_max > LL_MOLD_SENDER_MESSAGE_BYTES_MAX)
        return 0;
    if (config->held_max == 0 || config->held_max > LL_MOLD_SENDER_HELD_MAX || config->heartbeat_ns == 0)
        return 0;
    if (config->line_count == 0 || config->line_count > LL_MOLD_SENDER_LINES_MAX)
        return 0;
    for (uint32_t line = 0; line < config->line_count; line++)
        if (!packet_bytes_are_good(config, config->packet_bytes_max[line]))
            return 0;
    if (!packet_bytes_are_good(config, config->answer_bytes_max))
        return 0;
    return align_up(sizeof(struct ll_mold_sender)) + align_up(config->held_max * sizeof(struct held)) +
           align_up(LL_MOLDUDP64_DATAGRAM_BYTES_MAX) +
           align_up(config->messages_max * (LENGTH_BYTES + config->message_bytes_max));
}

int ll_mold_sender_init(struct ll_mold_sender **sender, void *memory, size_t memory_bytes,
                        const struct ll_mold_sender_config *config, const struct ll_mold_sender_door *door,
                        struct ll_why *why)
{
    size_t footprint_bytes = ll_mold_sender_footprint_bytes(config);
    if (footprint_bytes == 0)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "feed: a value is outside its limits; messages from 1, message bytes 1..%u, lines 1..%u, "
            "packets held 1..%u, a heartbeat, and packets of at least one message and at most %u "
            "bytes",
            LL_MOLD_SENDER_MESSAGE_BYTES_MAX, LL_MOLD_SENDER_LINES_MAX, LL_MOLD_SENDER_HELD_MAX,
            LL_MOLDUDP64_DATAGRAM_BYTES_MAX);
    if (memory == NULL || memory_bytes < footprint_bytes)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "feed: %zu bytes given, %zu needed", memory_bytes,
                       footprint_bytes);
    LL_ASSERT(((uintptr_t)memory & (ALIGN_BYTES - 1)) == 0);
    LL_ASSERT(door->send != NULL);
    LL_ASSERT(door->answer != NULL);
    unsigned char *bytes = memory;
    struct ll_mold_sender *made = memory;
    struct ll_prng seeds;
    memset(made, 0, sizeof *made);
    made->config = *config;
    made->door = *door;
    ll_prng_init(&seeds, config->seed);
    for (uint32_t line = 0; line < LL_MOLD_SENDER_LINES_MAX; line++) {
        ll_prng_init(&made->lines[line].prng, ll_prng_next(&seeds));
        made->lines[line].next_sequence = 1;
    }
    ll_prng_init(&made->server_prng, ll_prng_next(&seeds));
    bytes += align_up(sizeof *made);
    made->held = (struct held *)(void *)bytes;
    bytes += align_up(config->held_max * sizeof(struct held));
    made->datagram = bytes;
    bytes += align_up(LL_MOLDUDP64_DATAGRAM_BYTES_MAX);
    made->store = bytes;
    made->slot_bytes = LENGTH_BYTES + config->message_bytes_max;
    *sender = made;
    return LL_OK;
}

/* --- the store ------------------------------------------------------------------------------------------ */

int ll_mold_sender_add(struct ll_mold_sender *sender, const uint8_t *message, uint32_t message_bytes)
{
    LL_ASSERT(message_bytes <= sender->config.message_bytes_max);
    bool is_full = sender->counters.messages == sender->config.messages_max;
    if (is_full || sender->finished) {
        sender->counters.messages_refused++;
        return is_full ? LL_ERR_FULL : LL_ERR_STOPPED;
    }
    uint8_t *slot = sender->store + sender->counters.messages * sender->slot_bytes;
    ll_store_be16(slot, (uint16_t)message_bytes);
    memcpy(slot + LENGTH_BYTES, message, message_bytes);
    sender->counters.messages++;
    return LL_OK;
}

const uint8_t *ll_mold_sender_message(const struct ll_mold_sender *sender, uint64_t sequence,
                                      uint32_t *message_bytes)
{
    LL_ASSERT(sequence >= 1);
    LL_ASSERT(sequence <= sender->counters.messages);
    const uint8_t *slot = sender->store + (sequence - 1) * sender->slot_bytes;
    *message_bytes = ll_load_be16(slot);
    return slot + LENGTH_BYTES;
}

void ll_mold_sender_finish(struct ll_mold_sender *sender)
{
    sender->finished = true;
}

/* How many messages from `sequence` on, at most `wanted`, fit into a packet. */
static uint32_t messages_that_fit(const struct ll_mold_sender *sender, uint64_t sequence, uint32_t wanted,
                                  uint32_t packet_bytes_max)
{
    uint64_t left = sender->counters.messages + 1 - sequence;
    uint32_t used_bytes = LL_MOLDUDP64_HEADER_BYTES;
    uint32_t count = 0;
    uint32_t message_bytes = 0;
    while (count < wanted && count < left) {
        (void)ll_mold_sender_message(sender, sequence + count, &message_bytes);
        used_bytes += LL_MOLDUDP64_BLOCK_HEADER_BYTES + message_bytes;
        if (used_bytes > packet_bytes_max)
            break;
        count++;
    }
    return count;
}

/* --- the door ------------------------------------------------------------------------------------------- */

static uint32_t packet_build(struct ll_mold_sender *sender, const struct packet *packet)
{
    struct ll_moldudp64_builder builder;
    if (packet->is_end) {
        ll_moldudp64_write_header(sender->datagram, sender->config.session, packet->sequence,
                                  LL_MOLDUDP64_COUNT_END);
        return LL_MOLDUDP64_HEADER_BYTES;
    }
    ll_moldudp64_begin(&builder, sender->datagram, LL_MOLDUDP64_DATAGRAM_BYTES_MAX, sender->config.session,
                       packet->sequence);
    for (uint32_t index = 0; index < packet->message_count; index++) {
        uint32_t message_bytes;
        const uint8_t *message = ll_mold_sender_message(sender, packet->sequence + index, &message_bytes);
        int err = ll_moldudp64_add(&builder, message, message_bytes);
        LL_ASSERT(err == LL_OK);
    }
    return ll_moldudp64_end(&builder);
}

static void emit(struct ll_mold_sender *sender, const struct packet *packet, uint64_t now_ns)
{
    uint32_t bytes_count = packet_build(sender, packet);
    if (packet->line == SERVER) {
        sender->counters.answers++;
        sender->door.answer(sender->door.context, packet->requester, sender->datagram, bytes_count, now_ns);
    } else {
        sender->counters.line[packet->line].packets++;
        sender->door.send(sender->door.context, packet->line, sender->datagram, bytes_count, now_ns);
    }
}

/* --- what is under way late ----------------------------------------------------------------------------- */

static bool hold(struct ll_mold_sender *sender, const struct packet *packet, uint64_t due_ns,
                 bool behind_next)
{
    if (sender->held_count == sender->config.held_max)
        return false;
    sender->held[sender->held_count++] = (struct held){*packet, due_ns, behind_next};
    return true;
}

static void held_emit(struct ll_mold_sender *sender, uint32_t index, uint64_t now_ns)
{
    struct packet packet = sender->held[index].packet;
    sender->held_count--;
    memmove(&sender->held[index], &sender->held[index + 1],
            (sender->held_count - index) * sizeof sender->held[0]);
    emit(sender, &packet, now_ns);
}

/* In the order of their times, and of equal times in that of their coming. Returns how many. */
static uint32_t held_emit_due(struct ll_mold_sender *sender, uint64_t now_ns)
{
    uint32_t count = 0;
    for (;;) {
        uint32_t found = sender->held_count;
        for (uint32_t index = 0; index < sender->held_count; index++) {
            const struct held *held = &sender->held[index];
            if (held->behind_next || held->due_ns > now_ns)
                continue;
            if (found == sender->held_count || held->due_ns < sender->held[found].due_ns)
                found = index;
        }
        if (found == sender->held_count)
            return count;
        held_emit(sender, found, now_ns);
        count++;
    }
}

static uint32_t held_emit_behind(struct ll_mold_sender *sender, uint32_t line, uint64_t now_ns)
{
    uint32_t count = 0;
    uint32_t index = 0;
    while (index < sender->held_count) {
        if (!sender->held[index].behind_next || sender->held[index].packet.line != line) {
            index++;
            continue;
        }
        held_emit(sender, index, now_ns);
        count++;
    }
    return count;
}

/* --- the lines ------------------------------------------------------------------------------------------ */

/* A packet leaves on a line, and the network does with it what it likes. All draws are made every time, so that
 * one fault's rate does not move another's draws. Returns the datagrams that went through the door. */
static uint32_t line_send(struct ll_mold_sender *sender, const struct packet *packet, uint64_t now_ns)
{
    const struct ll_mold_sender_faults *faults = &sender->config.faults[packet->line];
    struct line *line = &sender->lines[packet->line];
    bool is_lost = ll_prng_chance(&line->prng, faults->loss_per_mille);
    bool is_delayed = ll_prng_chance(&line->prng, faults->delay_per_mille);
    bool is_reordered = ll_prng_chance(&line->prng, faults->reorder_per_mille);
    bool is_double = ll_prng_chance(&line->prng, faults->duplicate_per_mille);
    uint64_t random = ll_prng_next(&line->prng);
    line->sent_ns = now_ns;
    line->has_sent = true;
    if (is_lost) {
        sender->counters.line[packet->line].lost++;
        return 0;
    }
    if (is_delayed || is_reordered) {
        uint64_t delay_ns = 1 + (faults->delay_ns_max > 1 ? random % faults->delay_ns_max : 0);
        if (hold(sender, packet, now_ns + delay_ns, !is_delayed)) {
            sender->counters.line[packet->line].delayed += is_delayed;
            sender->counters.line[packet->line].reordered += !is_delayed;
            return 0;
        }
        sender->counters.line[packet->line].held_full++;
    }
    emit(sender, packet, now_ns);
    uint32_t count = 1;
    if (is_double) {
        sender->counters.line[packet->line].duplicated++;
        emit(sender, packet, now_ns);
        count++;
    }
    return count + held_emit_behind(sender, packet->line, now_ns);
}

static uint32_t line_poll(struct ll_mold_sender *sender, uint32_t index, uint64_t now_ns)
{
    struct line *line = &sender->lines[index];
    uint32_t count = 0;
    for (uint32_t burst = 0; burst < LL_MOLD_SENDER_BURST_PACKETS; burst++) {
        uint32_t message_count = messages_that_fit(sender, line->next_sequence, LL_MOLDUDP64_MESSAGES_MAX,
                                                   sender->config.packet_bytes_max[index]);
        if (message_count == 0)
            break;
        struct packet packet = {
            .sequence = line->next_sequence, .message_count = message_count, .line = index};
        line->next_sequence += message_count;
        count += line_send(sender, &packet, now_ns);
    }
    if (line->next_sequence <= sender->counters.messages)
        return count; /* the rest goes with the next poll */
    bool is_silent = !line->has_sent || now_ns - line->sent_ns >= sender->config.heartbeat_ns;
    bool is_first_end = sender->finished && !line->end_told;
    if (!is_silent && !is_first_end)
        return count;
    struct packet packet = {.sequence = line->next_sequence, .line = index, .is_end = sender->finished};
    line->end_told = sender->finished;
    sender->counters.line[index].heartbeats += !packet.is_end;
    sender->counters.line[index].ends += packet.is_end;
    return count + line_send(sender, &packet, now_ns);
}

uint32_t ll_mold_sender_poll(struct ll_mold_sender *sender, uint64_t now_ns)
{
    uint32_t count = held_emit_due(sender, now_ns);
    for (uint32_t line = 0; line < sender->config.line_count; line++)
        count += line_poll(sender, line, now_ns);
    return count;
}

/* --- the re-request server ------------------------------------------------------------------------------ */

static enum ll_mold_request request_work(struct ll_mold_sender *sender, uint64_t requester,
                                         const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    const struct ll_mold_sender_server_faults *faults = &sender->config.server_faults;
    struct ll_moldudp64_request request;
    if (ll_moldudp64_parse_request(bytes, bytes_count, &request) != LL_OK)
        return LL_MOLD_REQUEST_BAD;
    if (memcmp(request.session, sender->config.session, LL_MOLDUDP64_SESSION_BYTES) != 0)
        return LL_MOLD_REQUEST_SESSION;
    if (request.count == 0 || request.sequence == 0 || request.sequence > sender->counters.messages)
        return LL_MOLD_REQUEST_RANGE;
    struct packet packet = {.sequence = request.sequence, .line = SERVER, .requester = requester};
    packet.message_count = messages_that_fit(
        sender, request.sequence,
        request.count > LL_MOLDUDP64_MESSAGES_MAX ? LL_MOLDUDP64_MESSAGES_MAX : request.count,
        sender->config.answer_bytes_max);
    bool is_silent = ll_prng_chance(&sender->server_prng, faults->silence_per_mille);
    bool is_late = ll_prng_chance(&sender->server_prng, faults->late_per_mille);
    uint64_t random = ll_prng_next(&sender->server_prng);
    if (is_silent)
        return LL_MOLD_REQUEST_SILENT;
    uint64_t late_ns = 1 + (faults->late_ns_max > 1 ? random % faults->late_ns_max : 0);
    if (is_late && hold(sender, &packet, now_ns + late_ns, false))
        return LL_MOLD_REQUEST_LATE;
    emit(sender, &packet, now_ns);
    return LL_MOLD_REQUEST_ANSWERED;
}

enum ll_mold_request ll_mold_sender_request(struct ll_mold_sender *sender, uint64_t requester,
                                            const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    enum ll_mold_request verdict = request_work(sender, requester, bytes, bytes_count, now_ns);
    sender->counters.requests[verdict]++;
    return verdict;
}

/* --- settings and questions ----------------------------------------------------------------------------- */

void ll_mold_sender_set_faults(struct ll_mold_sender *sender, uint32_t line,
                               const struct ll_mold_sender_faults *faults)
{
    LL_ASSERT(line < sender->config.line_count);
    sender->config.faults[line] = *faults;
}

void ll_mold_sender_set_server_faults(struct ll_mold_sender *sender,
                                      const struct ll_mold_sender_server_faults *faults)
{
    sender->config.server_faults = *faults;
}

const struct ll_mold_sender_counters *ll_mold_sender_counters(const struct ll_mold_sender *sender)
{
    return &sender->counters;
}
