/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: nothing a receiver can ask for, at any time, makes the sending end of a session say what is not so: each
 * packet and each answer holds messages of the store under their numbers, in the order of the line, no larger than it
 * may be, and every request has one verdict. Method: the input is a script: messages to send, requests (made up, or
 * any bytes), time, faults, the end. A model of the lines is in the callbacks.
 *
 * Input: config[4], then commands: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/exchange/ll_mold_sender.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_MS UINT64_C(1000000)
enum { FUZZ_COMMANDS_MAX = 1000, FUZZ_MESSAGES_MAX = 64, FUZZ_MESSAGE_BYTES_MAX = 40 };

struct fuzz {
    struct ll_fuzz_bytes input;
    struct ll_mold_sender *sender;
    struct ll_mold_sender_config config;
    uint64_t now_ns;
    uint64_t added;
    uint64_t requests[LL_MOLD_REQUEST_COUNT];
    uint64_t packets[LL_MOLD_SENDER_LINES_MAX];
    uint64_t answers;
    uint64_t high[LL_MOLD_SENDER_LINES_MAX]; /* first number that the line has not told yet */
    bool is_faulty;
    bool ended;
};

/* Every block is the stored message of its number. */
static void check_messages(const struct fuzz *fuzz, const uint8_t *bytes, uint32_t bytes_count,
                           struct ll_moldudp64_packet *packet)
{
    const uint8_t *message;
    uint32_t message_bytes = 0;
    LL_ASSERT(ll_moldudp64_parse(bytes, bytes_count, packet) == LL_OK);
    LL_ASSERT(memcmp(packet->session, fuzz->config.session, sizeof packet->session) == 0);
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(packet);
    uint64_t sequence = packet->sequence;
    for (; (message = ll_moldudp64_next(&cursor, &message_bytes)) != NULL; sequence++) {
        uint32_t stored_bytes = 0;
        LL_ASSERT(sequence >= 1 && sequence <= fuzz->added);
        const uint8_t *stored = ll_mold_sender_message(fuzz->sender, sequence, &stored_bytes);
        LL_ASSERT(message_bytes == stored_bytes && memcmp(message, stored, stored_bytes) == 0);
    }
    LL_ASSERT(sequence == packet->sequence + packet->message_count);
}

static void on_send(void *context, uint32_t line, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    struct ll_moldudp64_packet packet;
    LL_ASSERT(line < fuzz->config.line_count && now_ns == fuzz->now_ns);
    LL_ASSERT(bytes_count <= fuzz->config.packet_bytes_max[line]);
    check_messages(fuzz, bytes, bytes_count, &packet);
    fuzz->packets[line]++;
    LL_ASSERT(packet.sequence <= fuzz->added + 1);
    /* Without faults a line tells each number once, in order. */
    LL_ASSERT(fuzz->is_faulty || packet.sequence == fuzz->high[line]);
    uint64_t next = packet.sequence + packet.message_count;
    if (next > fuzz->high[line])
        fuzz->high[line] = next;
}

static void on_answer(void *context, uint64_t requester, const uint8_t *bytes, uint32_t bytes_count,
                      uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    struct ll_moldudp64_packet packet;
    LL_ASSERT(requester == 7 && now_ns == fuzz->now_ns);
    LL_ASSERT(bytes_count <= fuzz->config.answer_bytes_max);
    check_messages(fuzz, bytes, bytes_count, &packet);
    LL_ASSERT(packet.message_count > 0);
    fuzz->answers++;
}

static void ask(struct fuzz *fuzz, const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_moldudp64_request parsed;
    uint8_t *copy = malloc(bytes_count > 0 ? bytes_count : 1); /* of exact size */
    LL_ASSERT(copy != NULL);
    memcpy(copy, bytes, bytes_count);
    enum ll_mold_request verdict = ll_mold_sender_request(fuzz->sender, 7, copy, bytes_count, fuzz->now_ns);
    LL_ASSERT(verdict < LL_MOLD_REQUEST_COUNT);
    bool is_readable = ll_moldudp64_parse_request(copy, bytes_count, &parsed) == LL_OK;
    LL_ASSERT(is_readable || verdict == LL_MOLD_REQUEST_BAD);
    if (verdict < LL_MOLD_REQUEST_BAD)
        LL_ASSERT(parsed.sequence >= 1 && parsed.sequence <= fuzz->added && parsed.count > 0);
    fuzz->requests[verdict]++;
    free(copy);
}

/* A line that dies, or heals. */
static void set_faults(struct fuzz *fuzz, uint8_t value, uint32_t line)
{
    const struct ll_mold_sender_faults faults = {value * 4u, value, value, value, value % 32u * FUZZ_MS + 1};
    const struct ll_mold_sender_server_faults server_faults = {value * 4u, value, value * FUZZ_MS + 1};
    ll_mold_sender_set_faults(fuzz->sender, line, &faults);
    ll_mold_sender_set_server_faults(fuzz->sender, &server_faults);
}

static void run_command(struct fuzz *fuzz)
{
    uint8_t bytes[64];
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    uint8_t value = ll_fuzz_u8(&fuzz->input);
    switch (kind % 8) {
    case 0:
    case 1: {
        memset(bytes, value, sizeof bytes);
        int err = ll_mold_sender_add(fuzz->sender, bytes, value % (fuzz->config.message_bytes_max + 1u));
        int wanted = fuzz->ended ? LL_ERR_STOPPED : LL_OK;
        LL_ASSERT(err == (fuzz->added == fuzz->config.messages_max ? LL_ERR_FULL : wanted));
        fuzz->added += err == LL_OK;
        break;
    }
    case 2: { /* what a receiver would ask, near the numbers there are */
        uint16_t count = (uint16_t)(kind < 192 ? kind / 8 : 0xffff - kind % 4);
        uint64_t sequence = value < 240 ? value % (FUZZ_MESSAGES_MAX + 4u) : ll_fuzz_u64(&fuzz->input);
        ll_moldudp64_write_header(bytes, value % 16 == 15 ? "OTHER     " : fuzz->config.session, sequence,
                                  count);
        ask(fuzz, bytes, LL_MOLDUDP64_HEADER_BYTES);
        break;
    }
    case 3:
        for (uint32_t i = 0; i < sizeof bytes; i++)
            bytes[i] = ll_fuzz_u8(&fuzz->input);
        ask(fuzz, bytes, value % sizeof bytes);
        break;
    case 4:
        if (value >= 250) {
            ll_mold_sender_finish(fuzz->sender);
            fuzz->ended = true;
        } else if (fuzz->is_faulty) {
            set_faults(fuzz, value, kind / 64 % fuzz->config.line_count);
        }
        break;
    default:
        fuzz->now_ns += value * FUZZ_MS;
        (void)ll_mold_sender_poll(fuzz->sender, fuzz->now_ns);
        break;
    }
}

static void choose_config(struct fuzz *fuzz)
{
    struct ll_mold_sender_config *config = &fuzz->config;
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    uint8_t sizes = ll_fuzz_u8(&fuzz->input);
    uint8_t faults = ll_fuzz_u8(&fuzz->input);
    uint8_t server = ll_fuzz_u8(&fuzz->input);
    memcpy(config->session, "FUZZ      ", sizeof config->session);
    config->seed = choice;
    config->messages_max = 1 + choice % FUZZ_MESSAGES_MAX;
    config->heartbeat_ns = 100 * FUZZ_MS;
    config->message_bytes_max = 1 + sizes % FUZZ_MESSAGE_BYTES_MAX;
    config->held_max = 1 + sizes % 4;
    config->line_count = 1 + choice / 128;
    for (uint32_t line = 0; line < config->line_count; line++) {
        config->packet_bytes_max[line] =
            LL_MOLDUDP64_HEADER_BYTES + 2 + config->message_bytes_max + (line + 1) * (sizes / 4u);
        if (faults >= 64)
            config->faults[line] =
                (struct ll_mold_sender_faults){faults, faults, faults, faults, faults % 32u * FUZZ_MS + 1};
    }
    config->answer_bytes_max = LL_MOLDUDP64_HEADER_BYTES + 2 + config->message_bytes_max + sizes;
    if (server >= 64)
        config->server_faults = (struct ll_mold_sender_server_faults){server, server, server * FUZZ_MS};
    fuzz->is_faulty = faults >= 64;
}

static void check_counters(const struct fuzz *fuzz)
{
    const struct ll_mold_sender_counters *counters = ll_mold_sender_counters(fuzz->sender);
    LL_ASSERT(counters->messages == fuzz->added);
    LL_ASSERT(counters->answers == fuzz->answers);
    for (uint32_t line = 0; line < fuzz->config.line_count; line++)
        LL_ASSERT(counters->line[line].packets == fuzz->packets[line]);
    for (uint32_t verdict = 0; verdict < LL_MOLD_REQUEST_COUNT; verdict++)
        LL_ASSERT(counters->requests[verdict] == fuzz->requests[verdict]);
    LL_ASSERT(fuzz->answers <=
              fuzz->requests[LL_MOLD_REQUEST_ANSWERED] + fuzz->requests[LL_MOLD_REQUEST_LATE]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz *fuzz = calloc(1, sizeof *fuzz);
    LL_ASSERT(fuzz != NULL);
    const struct ll_mold_sender_door door = {fuzz, on_send, on_answer};
    fuzz->input = ll_fuzz_begin(bytes, bytes_count);
    fuzz->high[0] = 1;
    fuzz->high[1] = 1;
    choose_config(fuzz);
    size_t memory_bytes = ll_mold_sender_footprint_bytes(&fuzz->config);
    LL_ASSERT(memory_bytes != 0);
    void *memory = aligned_alloc(64, ll_align_up(memory_bytes, 64));
    LL_ASSERT(memory != NULL);
    LL_ASSERT(ll_mold_sender_init(&fuzz->sender, memory, memory_bytes, &fuzz->config, &door, NULL) == LL_OK);
    for (uint32_t i = 0; i < FUZZ_COMMANDS_MAX && ll_fuzz_left_bytes(&fuzz->input) > 0; i++)
        run_command(fuzz);
    for (uint32_t i = 0; i < 4; i++) { /* whatever waits has left */
        fuzz->now_ns += 1000 * FUZZ_MS;
        (void)ll_mold_sender_poll(fuzz->sender, fuzz->now_ns);
    }
    for (uint32_t line = 0; line < fuzz->config.line_count; line++)
        LL_ASSERT(fuzz->is_faulty || fuzz->high[line] == fuzz->added + 1);
    check_counters(fuzz);
    free(memory);
    free(fuzz);
    return 0;
}
