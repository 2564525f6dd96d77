/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: nothing that clients can send, in any cut and at any time, breaks the server: its output is whole
 * packets, numbered from the login's answer on without a hole, for one client at a time. Method: the input is
 * a script of two doors: bytes that come, partial sends, breaks, time, faults, and what the owner does. What
 * leaves is read again by a small model of a client.
 *
 * Input: config u8, then commands: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_assert.h"
#include "host/exchange/ll_soup_server.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_COMMANDS_MAX 2000u
#define FUZZ_DOORS        2u
#define FUZZ_MS           UINT64_C(1000000)

struct fuzz;

struct fuzz_door {
    struct fuzz *fuzz;
    bool connected;
    int in_status, send_status;
    uint32_t out_room_bytes;
    uint32_t in_bytes, out_bytes;
    uint64_t next; /* number of the next S; 0 = not let in */
    uint8_t in[256];
    uint8_t out[512]; /* what has left and is not a whole packet yet */
};

struct fuzz {
    struct ll_soup_server *server;
    struct ll_fuzz_bytes input;
    uint64_t now_ns;
    uint64_t logins, messages, closes;
    bool honest; /* no fault that makes the answer wrong was ever set */
    struct fuzz_door door[FUZZ_DOORS];
};

static void read_packet(struct fuzz_door *door, const struct ll_soup_packet *packet)
{
    struct ll_soup_login_accepted accepted;
    uint32_t stored_bytes = 0;
    switch (packet->type) {
    case LL_SOUP_LOGIN_ACCEPTED: {
        int status = ll_soup_login_accepted_decode(packet->payload, packet->payload_bytes, &accepted);
        LL_ASSERT(status == LL_OK);
        LL_ASSERT(door->next == 0);
        door->next = accepted.sequence;
        break;
    }
    case LL_SOUP_SEQUENCED: {
        const uint8_t *stored = ll_soup_server_message(door->fuzz->server, door->next, &stored_bytes);
        if (door->fuzz->honest) {
            LL_ASSERT(stored != NULL);
            LL_ASSERT(stored_bytes == packet->payload_bytes);
            LL_ASSERT(memcmp(stored, packet->payload, stored_bytes) == 0);
        }
        door->next++;
        break;
    }
    case LL_SOUP_LOGIN_REJECTED:
        LL_ASSERT(door->next == 0);
        break;
    default:
        LL_ASSERT(packet->type == LL_SOUP_SERVER_HEARTBEAT || packet->type == LL_SOUP_END_OF_SESSION ||
                  packet->type == LL_SOUP_UNSEQUENCED);
        LL_ASSERT(door->next != 0);
        break;
    }
}

static int door_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    struct fuzz_door *door = context;
    struct ll_soup_packet packet;
    LL_ASSERT(door->connected);
    LL_ASSERT(bytes_count > 0);
    if (door->send_status != 0)
        return door->send_status;
    uint32_t taken = bytes_count < door->out_room_bytes ? bytes_count : door->out_room_bytes;
    if (taken > sizeof door->out - door->out_bytes)
        taken = (uint32_t)sizeof door->out - door->out_bytes;
    memcpy(door->out + door->out_bytes, bytes, taken);
    door->out_room_bytes -= taken;
    door->out_bytes += taken;
    int status = ll_soup_packet_next(door->out, door->out_bytes, &packet);
    while (status == LL_OK) {
        read_packet(door, &packet);
        memmove(door->out, door->out + packet.packet_bytes, door->out_bytes - packet.packet_bytes);
        door->out_bytes -= packet.packet_bytes;
        status = ll_soup_packet_next(door->out, door->out_bytes, &packet);
    }
    LL_ASSERT(status == LL_ERR_SHORT);
    return (int)taken;
}

static int door_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    struct fuzz_door *door = context;
    LL_ASSERT(door->connected);
    LL_ASSERT(capacity_bytes > 0);
    if (door->in_bytes == 0)
        return door->in_status;
    uint32_t got = door->in_bytes < capacity_bytes ? door->in_bytes : capacity_bytes;
    memcpy(bytes, door->in, got);
    memmove(door->in, door->in + got, door->in_bytes - got);
    door->in_bytes -= got;
    return (int)got;
}

static void door_close(void *context)
{
    struct fuzz_door *door = context;
    LL_ASSERT(door->connected);
    door->connected = false;
}

static void on_login(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(next_sequence > 0);
    LL_ASSERT(next_sequence <= ll_soup_server_next_sequence(fuzz->server));
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->logins++;
}

static void on_message(void *context, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    LL_ASSERT(ll_soup_server_has_client(fuzz->server));
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->messages++;
    /* An exchange answers. */
    const int status = ll_soup_server_publish(fuzz->server, message, message_bytes);
    LL_ASSERT(status == LL_OK || status == LL_ERR_FULL || status == LL_ERR_STOPPED || status == LL_ERR_LONG);
}

static void on_closed(void *context, enum ll_soup_server_reason reason, bool was_in, uint64_t now_ns)
{
    struct fuzz *fuzz = context;
    (void)was_in;
    LL_ASSERT((uint32_t)reason < LL_SOUP_SERVER_REASON_COUNT);
    LL_ASSERT(now_ns == fuzz->now_ns);
    fuzz->closes++;
}

static void connect_door(struct fuzz *fuzz, uint8_t value)
{
    struct fuzz_door *mine = &fuzz->door[value % FUZZ_DOORS];
    const struct ll_byte_door door = {mine, NULL, door_send, door_receive, door_close};
    if (mine->connected)
        return;
    *mine = (struct fuzz_door){.fuzz = fuzz, .connected = true, .out_room_bytes = 500};
    int status = ll_soup_server_accept(fuzz->server, &door, fuzz->now_ns);
    LL_ASSERT(status == LL_OK); /* there are as many places as doors */
}

/* Bytes that come: raw ones, a login, or packets that a real client sends. */
static void come_in(struct fuzz *fuzz, struct fuzz_door *door, uint8_t kind)
{
    static const uint8_t types[] = "UUURO+LSX";
    const uint8_t payload[64] = {0};
    uint32_t room_bytes = (uint32_t)sizeof door->in - door->in_bytes;
    uint8_t value = ll_fuzz_u8(&fuzz->input);
    uint32_t written_bytes = 0;
    int status = LL_OK;
    if (kind == 0) {
        for (; written_bytes < value && written_bytes < room_bytes && ll_fuzz_left_bytes(&fuzz->input) > 0;
             written_bytes++)
            door->in[door->in_bytes + written_bytes] = ll_fuzz_u8(&fuzz->input);
    } else if (kind == 1) {
        const struct ll_soup_login_request login = {.username = "fuzz",
                                                    .session = "DAY",
                                                    .sequence = value % 8u,
                                                    .has_timeout = value >= 128,
                                                    .timeout_ms = 10};
        status = ll_soup_login_request_encode(&login, door->in + door->in_bytes, room_bytes, &written_bytes);
    } else {
        status = ll_soup_packet_encode(types[value % (sizeof types - 1)], payload, value / 9u,
                                       door->in + door->in_bytes, room_bytes, &written_bytes);
    }
    door->in_bytes += status == LL_OK ? written_bytes : 0;
}

static void set_faults(struct fuzz *fuzz, uint8_t value)
{
    const struct ll_soup_server_faults faults = {.drop = value % 4u == 1,
                                                 .drop_after_bytes = value,
                                                 .silent = value % 4u == 2,
                                                 .refuse = value % 16u == 3 ? 'S' : 0,
                                                 .accept_ahead = value % 16u == 7};
    fuzz->honest = fuzz->honest && faults.accept_ahead == 0;
    ll_soup_server_set_faults(fuzz->server, &faults);
}

static void run_command(struct fuzz *fuzz)
{
    static const int statuses[] = {0, LL_ERR_STOPPED, LL_ERR_IO};
    const uint8_t payload[64] = {0};
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    uint8_t value = ll_fuzz_u8(&fuzz->input);
    struct fuzz_door *door = &fuzz->door[kind / 16u % FUZZ_DOORS];
    int status = LL_OK;
    switch (kind % 12u) {
    case 0:
    case 1:
    case 2:
        come_in(fuzz, door, kind % 12u);
        break;
    case 3:
        connect_door(fuzz, value);
        break;
    case 4:
        door->in_status = statuses[value % 3u];
        break;
    case 5:
        door->send_status = statuses[value % 3u];
        break;
    case 6:
        door->out_room_bytes += value;
        break;
    case 7:
        status = ll_soup_server_publish(fuzz->server, payload, value % 64u);
        break;
    case 8:
        status = ll_soup_server_send(fuzz->server, payload, value % 64u);
        break;
    case 9:
        set_faults(fuzz, value);
        break;
    case 10:
        if (value == 255)
            ll_soup_server_end(fuzz->server);
        break;
    default:
        fuzz->now_ns += value * FUZZ_MS * (kind >= 128 ? 100u : 1u);
        ll_soup_server_poll(fuzz->server, fuzz->now_ns);
        break;
    }
    LL_ASSERT(status == LL_OK || status == LL_ERR_FULL || status == LL_ERR_STOPPED || status == LL_ERR_LONG);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz *fuzz = calloc(1, sizeof *fuzz);
    struct ll_soup_server_config config;
    LL_ASSERT(fuzz != NULL);
    fuzz->input = ll_fuzz_begin(bytes, bytes_count);
    fuzz->honest = true;
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    ll_soup_server_config_default(&config);
    memcpy(config.username, "FUZZ", 5);
    memcpy(config.session, "DAY", 4);
    config.second_login_kicks = choice >= 128;
    config.message_count_max = 1u + choice % 32u;
    config.store_bytes = 1u + choice * 8u;
    config.input_bytes = 54u + choice % 32u;
    config.output_bytes = 33u + choice % 64u;
    config.poll_bytes_max = 1u + choice % 50u;
    const struct ll_soup_server_handler handler = {fuzz, on_login, on_message, on_closed};
    void *memory = malloc(ll_soup_server_footprint_bytes(&config));
    LL_ASSERT(memory != NULL);
    fuzz->server = ll_soup_server_init(memory, &config, &handler);
    LL_ASSERT(fuzz->server != NULL);
    connect_door(fuzz, 0);
    for (uint32_t i = 0; i < FUZZ_COMMANDS_MAX && ll_fuzz_left_bytes(&fuzz->input) > 0; i++)
        run_command(fuzz);
    const struct ll_soup_server_counters *counters = ll_soup_server_counters(fuzz->server);
    LL_ASSERT(counters->logins == fuzz->logins);
    LL_ASSERT(counters->unsequenced_received == fuzz->messages);
    LL_ASSERT(counters->accepted == fuzz->closes + fuzz->door[0].connected + fuzz->door[1].connected);
    ll_soup_server_deinit(fuzz->server);
    free(memory);
    free(fuzz);
    return 0;
}
