/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no script of packets and pauses breaks the receiver: every number is delivered once and in order or
 * named lost, nothing follows the end, requests ask for missing numbers only, and every message handed in is
 * counted somewhere. Method: the input is a configuration with tiny limits and then commands; packets are
 * built near the expected number, or come raw. The callbacks carry the one-number model.
 *
 * Input: config[8], then commands: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_assert.h"
#include "host/provider/ll_mold_receiver.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_COMMANDS_MAX 2000u
#define FUZZ_MS           UINT64_C(1000000)

static const char SESSION[LL_MOLDUDP64_SESSION_BYTES] = {'F', 'U', 'Z', 'Z', ' ', ' ', ' ', ' ', ' ', ' '};

struct fuzz {
    struct ll_mold_receiver *receiver;
    struct ll_mold_config config;
    struct ll_fuzz_bytes input;
    uint64_t now_ns;
    uint64_t first;
    uint64_t next; /* 0 before the session */
    uint64_t delivered, lost, requests, bad, blocks;
    char session[LL_MOLDUDP64_SESSION_BYTES];
    bool ended;
};

static void on_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    uint8_t sum = 0;
    LL_ASSERT(!fuzz->ended);
    LL_ASSERT(sequence == fuzz->next);
    LL_ASSERT(now_ns == fuzz->now_ns);
    for (uint32_t i = 0; i < message_bytes; i++)
        sum = (uint8_t)(sum + message[i]); /* reads all of it, for the address sanitizer */
    (void)sum;
    fuzz->next++;
    fuzz->delivered++;
}

static void on_session(void *context, const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t first_sequence,
                       uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(fuzz->next == 0);
    LL_ASSERT(first_sequence > 0);
    LL_ASSERT(now_ns == fuzz->now_ns);
    memcpy(fuzz->session, session, sizeof fuzz->session);
    fuzz->first = first_sequence;
    fuzz->next = first_sequence;
}

static void on_gap(void *context, uint64_t first_sequence, uint64_t count, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(!fuzz->ended);
    LL_ASSERT(first_sequence == fuzz->next);
    LL_ASSERT(count > 0);
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->next += count;
    fuzz->lost += count;
}

static void on_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES], uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    struct ll_moldudp64_request parsed;
    int code = ll_moldudp64_parse_request(request, LL_MOLDUDP64_HEADER_BYTES, &parsed);
    LL_ASSERT(code == LL_OK);
    LL_ASSERT(memcmp(parsed.session, fuzz->session, sizeof fuzz->session) == 0);
    LL_ASSERT(parsed.count >= 1);
    LL_ASSERT(parsed.count <= LL_MOLDUDP64_MESSAGES_MAX);
    LL_ASSERT(parsed.sequence >= fuzz->next);
    LL_ASSERT(now_ns == fuzz->now_ns);
    LL_ASSERT(fuzz->config.request_timeout_ns != 0);
    LL_ASSERT(!fuzz->ended);
    fuzz->requests++;
}

static void on_bad_packet(void *context, uint32_t line, int reason, const uint8_t *bytes,
                          uint32_t bytes_count, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    struct ll_moldudp64_packet packet;
    LL_ASSERT(line <= LL_MOLD_LINE_REREQUEST);
    LL_ASSERT(ll_moldudp64_parse(bytes, bytes_count, &packet) == reason);
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->bad++;
}

static void on_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(!fuzz->ended);
    LL_ASSERT(next_sequence == fuzz->next);
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->ended = true;
}

static void hand_in(struct fuzz *fuzz, uint8_t line_byte, const uint8_t *bytes, uint32_t bytes_count)
{
    uint32_t line = line_byte % (fuzz->config.line_count + 1);
    struct ll_moldudp64_packet packet;
    /* An exact-size copy, gone after the call: neither a read past it nor a pointer kept stays unseen. */
    uint8_t *copy = malloc(bytes_count > 0 ? bytes_count : 1);
    LL_ASSERT(copy != NULL);
    memcpy(copy, bytes, bytes_count);
    if (line == fuzz->config.line_count)
        line = LL_MOLD_LINE_REREQUEST;
    bool is_readable = ll_moldudp64_parse(copy, bytes_count, &packet) == LL_OK;
    uint32_t message_count = is_readable ? packet.message_count : 0;
    char session[LL_MOLDUDP64_SESSION_BYTES] = {0};
    if (is_readable)
        memcpy(session, packet.session, sizeof session);
    ll_mold_receiver_packet(fuzz->receiver, line, copy, bytes_count, fuzz->now_ns);
    if (is_readable && fuzz->next != 0 && memcmp(session, fuzz->session, sizeof session) == 0)
        fuzz->blocks += message_count;
    free(copy);
    LL_ASSERT(ll_mold_receiver_next_sequence(fuzz->receiver) == fuzz->next);
    LL_ASSERT(ll_mold_receiver_ended(fuzz->receiver) == fuzz->ended);
}

static void hand_in_data(struct fuzz *fuzz, uint64_t sequence)
{
    uint8_t bytes[256];
    uint8_t message[16];
    struct ll_moldudp64_builder builder;
    uint8_t line = ll_fuzz_u8(&fuzz->input);
    uint32_t message_count = ll_fuzz_u8(&fuzz->input) % 12u;
    memset(message, line, sizeof message);
    if (sequence > UINT64_MAX - message_count)
        return;
    ll_moldudp64_begin(&builder, bytes, sizeof bytes, SESSION, sequence);
    for (uint32_t i = 0; i < message_count; i++) {
        int code = ll_moldudp64_add(&builder, message, (uint32_t)((sequence + i) % sizeof message));
        LL_ASSERT(code == LL_OK);
    }
    uint32_t bytes_count = ll_moldudp64_end(&builder);
    hand_in(fuzz, line, bytes, bytes_count);
}

static void hand_in_header(struct fuzz *fuzz, uint64_t sequence, uint16_t count)
{
    uint8_t bytes[LL_MOLDUDP64_HEADER_BYTES];
    ll_moldudp64_write_header(bytes, SESSION, sequence, count);
    hand_in(fuzz, ll_fuzz_u8(&fuzz->input), bytes, sizeof bytes);
}

static void hand_in_raw(struct fuzz *fuzz)
{
    uint8_t line = ll_fuzz_u8(&fuzz->input);
    uint32_t bytes_count = ll_fuzz_u8(&fuzz->input);
    if (bytes_count > ll_fuzz_left_bytes(&fuzz->input))
        bytes_count = (uint32_t)ll_fuzz_left_bytes(&fuzz->input);
    hand_in(fuzz, line, fuzz->input.at, bytes_count);
    fuzz->input.at += bytes_count;
}

static void run_command(struct fuzz *fuzz)
{
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    /* A little before the expected number to somewhat ahead of it. */
    uint64_t base = fuzz->next > 8 ? fuzz->next - 8 : 0;
    switch (kind % 8u) {
    case 0:
    case 1:
        hand_in_data(fuzz, base + ll_fuzz_u8(&fuzz->input) % 48u);
        break;
    case 2:
        hand_in_data(fuzz, ll_fuzz_u64(&fuzz->input));
        break;
    case 3:
        hand_in_header(fuzz, base + ll_fuzz_u8(&fuzz->input) % 48u, LL_MOLDUDP64_COUNT_HEARTBEAT);
        break;
    case 4:
        hand_in_header(fuzz, base + ll_fuzz_u8(&fuzz->input) % 48u, LL_MOLDUDP64_COUNT_END);
        break;
    case 5:
        hand_in_header(fuzz, ll_fuzz_u64(&fuzz->input),
                       kind < 128 ? LL_MOLDUDP64_COUNT_HEARTBEAT : LL_MOLDUDP64_COUNT_END);
        break;
    case 6:
        hand_in_raw(fuzz);
        break;
    default:
        fuzz->now_ns += ll_fuzz_u8(&fuzz->input) * FUZZ_MS;
        ll_mold_receiver_poll(fuzz->receiver, fuzz->now_ns);
        if (kind >= 248)
            ll_mold_receiver_finish(fuzz->receiver, fuzz->now_ns);
        break;
    }
}

static void choose_config(struct fuzz *fuzz)
{
    struct ll_mold_config *config = &fuzz->config;
    uint8_t flags = ll_fuzz_u8(&fuzz->input);
    config->line_count = 1 + (flags & 1u);
    config->session_known = (flags & 2u) != 0;
    memcpy(config->session, SESSION, sizeof config->session);
    config->start_sequence = ll_fuzz_u8(&fuzz->input) % 20u;
    uint8_t store = ll_fuzz_u8(&fuzz->input);
    config->holdback_packets = 1 + store % 7u;
    config->give_up_when_full = store >= 0x80u;
    config->holdback_bytes_max = LL_MOLDUDP64_HEADER_BYTES + ll_fuzz_u8(&fuzz->input);
    config->request_timeout_ns = ll_fuzz_u8(&fuzz->input) % 16u * FUZZ_MS;
    config->gap_requests_max = ll_fuzz_u8(&fuzz->input) % 4u;
    config->gap_timeout_ns = ll_fuzz_u8(&fuzz->input) * FUZZ_MS;
    config->ahead_messages_max = 1 + ll_fuzz_u8(&fuzz->input) % 64u;
    config->stale_after_ns = 50 * FUZZ_MS;
}

static void check_counters(const struct fuzz *fuzz)
{
    const struct ll_mold_counters *counters = ll_mold_receiver_counters(fuzz->receiver);
    uint64_t first = 0;
    uint64_t duplicate = 0;
    uint64_t malformed = 0;
    for (uint32_t i = 0; i <= LL_MOLD_LINES_MAX; i++) {
        first += counters->line[i].messages_first;
        duplicate += counters->line[i].messages_duplicate;
        malformed += counters->line[i].malformed;
    }
    LL_ASSERT(counters->messages == fuzz->delivered);
    LL_ASSERT(counters->messages == first);
    LL_ASSERT(counters->messages_lost == fuzz->lost);
    LL_ASSERT(counters->requests == fuzz->requests);
    LL_ASSERT(malformed == fuzz->bad);
    LL_ASSERT(fuzz->delivered + fuzz->lost == fuzz->next - fuzz->first);
    LL_ASSERT(counters->gaps_detected == counters->gaps_filled + counters->gaps_given_up);
    LL_ASSERT(counters->held_packets_max <= fuzz->config.holdback_packets);
    LL_ASSERT(fuzz->blocks ==
              first + duplicate + counters->messages_before_start + counters->messages_dropped);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz fuzz = {.input = ll_fuzz_begin(bytes, bytes_count)};
    const struct ll_mold_handler handler = {&fuzz,      on_message,    on_session, on_gap,
                                            on_request, on_bad_packet, on_end};
    choose_config(&fuzz);
    size_t memory_bytes = ll_mold_receiver_footprint_bytes(&fuzz.config);
    if (memory_bytes == 0)
        return 0;
    void *memory = malloc(memory_bytes);
    LL_ASSERT(memory != NULL);
    fuzz.receiver = ll_mold_receiver_init(memory, &fuzz.config, &handler);
    LL_ASSERT(fuzz.receiver != NULL);
    for (uint32_t i = 0; i < FUZZ_COMMANDS_MAX && ll_fuzz_left_bytes(&fuzz.input) > 0; i++)
        run_command(&fuzz);
    ll_mold_receiver_finish(fuzz.receiver, fuzz.now_ns);
    check_counters(&fuzz);
    free(memory);
    return 0;
}
