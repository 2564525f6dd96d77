/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: nothing a server can send, in any cut and at any time, makes the client break its promises: numbers
 * without holes, every on_open closed once, no work after it is refused or ended. Method: the input is a
 * script of a door: bytes that come, partial sends, breaks, time, and what the owner does. The callbacks carry
 * the model.
 *
 * Input: config u8, then commands: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_assert.h"
#include "host/provider/ll_soup_client.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_COMMANDS_MAX 2000u
#define FUZZ_MS           UINT64_C(1000000)

struct fuzz {
    struct ll_soup_client *client;
    struct ll_fuzz_bytes input;
    uint64_t now_ns;
    uint64_t next;
    uint64_t opens, closes_open, messages;
    bool connected, is_open;
    int connect_status, in_status, send_status;
    uint32_t out_room_bytes;
    uint32_t in_bytes;
    uint8_t in[512];
};

static int door_connect(void *context, struct ll_why *why)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(!fuzz->connected);
    (void)why;
    fuzz->connected = fuzz->connect_status == LL_OK;
    return fuzz->connect_status;
}

static int door_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    struct fuzz *fuzz = context;
    uint8_t sum = 0;
    LL_ASSERT(fuzz->connected);
    LL_ASSERT(bytes_count > 0);
    for (uint32_t i = 0; i < bytes_count; i++)
        sum = (uint8_t)(sum + bytes[i]); /* reads all of it, for the address sanitizer */
    (void)sum;
    if (fuzz->send_status != 0)
        return fuzz->send_status;
    uint32_t taken = bytes_count < fuzz->out_room_bytes ? bytes_count : fuzz->out_room_bytes;
    fuzz->out_room_bytes -= taken;
    return (int)taken;
}

static int door_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(fuzz->connected);
    LL_ASSERT(capacity_bytes > 0);
    if (fuzz->in_bytes == 0)
        return fuzz->in_status;
    uint32_t got = fuzz->in_bytes < capacity_bytes ? fuzz->in_bytes : capacity_bytes;
    memcpy(bytes, fuzz->in, got);
    memmove(fuzz->in, fuzz->in + got, fuzz->in_bytes - got);
    fuzz->in_bytes -= got;
    return (int)got;
}

static void door_close(void *context)
{
    struct fuzz *fuzz = context;
    fuzz->connected = false;
    fuzz->in_bytes = 0;
}

static void on_open(void *context, const char *session, uint64_t next_sequence, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(!fuzz->is_open);
    LL_ASSERT(fuzz->connected);
    LL_ASSERT(strlen(session) <= LL_SOUP_SESSION_BYTES);
    LL_ASSERT(next_sequence > 0);
    LL_ASSERT(fuzz->next == 0 || next_sequence == fuzz->next);
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->next = next_sequence;
    fuzz->is_open = true;
    fuzz->opens++;
    const int sent = ll_soup_client_send(fuzz->client, (const uint8_t *)"x", 1);
    LL_ASSERT(sent == LL_OK || sent == LL_ERR_FULL || sent == LL_ERR_STOPPED);
}

static void on_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    uint8_t sum = 0;
    LL_ASSERT(fuzz->is_open);
    LL_ASSERT(sequence == fuzz->next);
    LL_ASSERT(now_ns == fuzz->now_ns);
    for (uint32_t i = 0; i < message_bytes; i++)
        sum = (uint8_t)(sum + message[i]);
    (void)sum;
    fuzz->next++;
    fuzz->messages++;
}

static void on_closed(void *context, enum ll_soup_client_reason reason, const struct ll_why *why,
                      uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(!fuzz->connected);
    LL_ASSERT((uint32_t)reason < LL_SOUP_CLIENT_REASON_COUNT);
    LL_ASSERT(why->code != LL_OK);
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->closes_open += fuzz->is_open;
    fuzz->is_open = false;
}

static void on_end_of_session(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(fuzz->is_open);
    LL_ASSERT(next_sequence == fuzz->next);
    LL_ASSERT(now_ns == fuzz->now_ns);
}

static void restart(struct fuzz *fuzz)
{
    uint64_t sequence = ll_fuzz_u8(&fuzz->input) % 4u;
    const char *session = ll_fuzz_u8(&fuzz->input) % 2u == 0 ? "" : "FUZZ";
    fuzz->next = sequence;
    int status = ll_soup_client_restart(fuzz->client, session, sequence, fuzz->now_ns);
    LL_ASSERT(status == LL_OK);
}

/* Bytes that come: raw ones, or packets that a real server sends. */
static void come_in(struct fuzz *fuzz, uint8_t kind)
{
    uint8_t payload[64] = {0};
    uint32_t room_bytes = (uint32_t)sizeof fuzz->in - fuzz->in_bytes;
    uint32_t wanted_bytes = ll_fuzz_u8(&fuzz->input) % 64u;
    uint32_t written_bytes = 0;
    if (kind == 0) {
        for (; written_bytes < wanted_bytes && written_bytes < room_bytes &&
               ll_fuzz_left_bytes(&fuzz->input) > 0;
             written_bytes++)
            fuzz->in[fuzz->in_bytes + written_bytes] = ll_fuzz_u8(&fuzz->input);
    } else if (kind == 1) {
        const struct ll_soup_login_accepted accepted = {.session = "FUZZ",
                                                        .sequence = fuzz->next + wanted_bytes % 8u / 7u};
        if (ll_soup_login_accepted_encode(&accepted, fuzz->in + fuzz->in_bytes, room_bytes, &written_bytes) !=
            LL_OK)
            written_bytes = 0;
    } else {
        static const uint8_t types[] = "SSSUHZ+AJRX";
        uint8_t type = types[ll_fuzz_u8(&fuzz->input) % (sizeof types - 1)];
        if (ll_soup_packet_encode(type, payload, wanted_bytes, fuzz->in + fuzz->in_bytes, room_bytes,
                                  &written_bytes) != LL_OK)
            written_bytes = 0;
    }
    fuzz->in_bytes += written_bytes;
}

static void run_command(struct fuzz *fuzz)
{
    static const int statuses[] = {0, LL_ERR_STOPPED, LL_ERR_IO, LL_ERR_BUSY};
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    uint8_t value = ll_fuzz_u8(&fuzz->input);
    uint8_t payload[256] = {0};
    int status;
    switch (kind % 12u) {
    case 0:
    case 1:
    case 2:
        come_in(fuzz, kind % 12u);
        break;
    case 3:
        fuzz->in_status = statuses[value % 3u];
        break;
    case 4:
        fuzz->send_status = statuses[value % 3u];
        break;
    case 5:
        fuzz->connect_status = statuses[value % 4u];
        break;
    case 6:
        fuzz->out_room_bytes += value;
        break;
    case 7:
        status = ll_soup_client_send(fuzz->client, payload, value);
        LL_ASSERT(status == LL_OK || status == LL_ERR_FULL || status == LL_ERR_STOPPED ||
                  status == LL_ERR_LONG);
        break;
    case 8:
        restart(fuzz);
        break;
    case 9:
        ll_soup_client_logout(fuzz->client, fuzz->now_ns);
        break;
    default:
        fuzz->now_ns += value * FUZZ_MS * (kind >= 128 ? 100u : 1u);
        ll_soup_client_poll(fuzz->client, fuzz->now_ns);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz *fuzz = calloc(1, sizeof *fuzz);
    struct ll_soup_client_config config;
    LL_ASSERT(fuzz != NULL);
    fuzz->input = ll_fuzz_begin(bytes, bytes_count);
    fuzz->out_room_bytes = 1000;
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    ll_soup_client_config_default(&config);
    config.input_bytes = 33u + choice % 64u;
    config.output_bytes = 54u + choice % 32u;
    config.poll_bytes_max = 1u + choice % 50u;
    config.heartbeat_timeout_ms = choice >= 128 ? 700 : 0;
    const struct ll_soup_client_handler handler = {fuzz, on_open, on_message, on_closed, on_end_of_session};
    const struct ll_byte_door door = {fuzz, door_connect, door_send, door_receive, door_close};
    void *memory = malloc(ll_soup_client_footprint_bytes(&config));
    LL_ASSERT(memory != NULL);
    fuzz->client = ll_soup_client_init(memory, &config, &door, &handler);
    LL_ASSERT(fuzz->client != NULL);
    restart(fuzz);
    for (uint32_t i = 0; i < FUZZ_COMMANDS_MAX && ll_fuzz_left_bytes(&fuzz->input) > 0; i++) {
        run_command(fuzz);
        LL_ASSERT(ll_soup_client_unsent_bytes(fuzz->client) <= config.output_bytes + 6);
        LL_ASSERT(ll_soup_client_next_sequence(fuzz->client) == fuzz->next);
        LL_ASSERT(fuzz->is_open == (ll_soup_client_state(fuzz->client) == LL_SOUP_CLIENT_OPEN ||
                                    ll_soup_client_state(fuzz->client) == LL_SOUP_CLIENT_LEAVING));
    }
    const struct ll_soup_client_counters *counters = ll_soup_client_counters(fuzz->client);
    LL_ASSERT(counters->messages == fuzz->messages);
    LL_ASSERT(counters->opens == fuzz->opens);
    LL_ASSERT(fuzz->opens == fuzz->closes_open + fuzz->is_open);
    ll_soup_client_deinit(fuzz->client);
    free(memory);
    free(fuzz);
    return 0;
}
