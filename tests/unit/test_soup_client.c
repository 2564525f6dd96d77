/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every rule of the client's side of a SoupBinTCP session, each on its own, and that no cut of the
 * connection loses a message or brings one twice. Method: a door that follows a script, bytes of the published
 * vectors, and a log of the callbacks. Every stream is also delivered byte by byte and cut at every byte.
 */
#include "host/base/ll_prng.h"
#include "host/provider/ll_soup_client.h"
#include "tests/unit/ll_test_soup.h"
#include "tests/unit/ll_test_vectors.h"

#include <pcap/pcap.h>

#define MS       UINT64_C(1000000)
#define S        (1000 * MS)
#define LOG_MAX  4096u
#define SOUP_DIR LL_VECTORS "soupbintcp/"

struct world {
    struct ll_test_script *script;
    struct ll_soup_client_config config;
    struct ll_soup_client *client;
    void *memory;
    uint64_t now_ns;
    uint32_t opens, closes, ends;
    uint64_t open_sequence;
    char open_session[LL_SOUP_SESSION_BYTES + 1];
    enum ll_soup_client_reason reason; /* of the last on_closed */
    char why[LL_WHY_BYTES];
    uint32_t message_count;
    uint64_t sequence[LOG_MAX];
    uint32_t bytes[LOG_MAX];
    uint8_t first[LOG_MAX];
    const char *send_on_open;
};

static void on_open(void *context, const char *session, uint64_t next_sequence, uint64_t now_ns)
{
    struct world *world = context;
    ck_assert_uint_eq(now_ns, world->now_ns);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_OPEN);
    world->opens++;
    world->open_sequence = next_sequence;
    memcpy(world->open_session, session, strlen(session) + 1);
    if (world->send_on_open != NULL)
        ck_assert_int_eq(ll_soup_client_send(world->client, (const uint8_t *)world->send_on_open,
                                             (uint32_t)strlen(world->send_on_open)),
                         LL_OK);
}

static void on_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    struct world *world = context;
    ck_assert_uint_eq(now_ns, world->now_ns);
    ck_assert_uint_lt(world->message_count, LOG_MAX);
    world->sequence[world->message_count] = sequence;
    world->bytes[world->message_count] = message_bytes;
    world->first[world->message_count] = message_bytes > 0 ? message[0] : 0;
    world->message_count++;
}

static void on_closed(void *context, enum ll_soup_client_reason reason, const struct ll_why *why,
                      uint64_t now_ns)
{
    struct world *world = context;
    ck_assert_uint_eq(now_ns, world->now_ns);
    ck_assert(!world->script->connected);
    ck_assert(why->code != LL_OK);
    world->closes++;
    world->reason = reason;
    memcpy(world->why, why->text, sizeof world->why);
}

static void on_end_of_session(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct world *world = context;
    ck_assert_uint_eq(now_ns, world->now_ns);
    ck_assert_uint_eq(next_sequence, ll_soup_client_next_sequence(world->client));
    world->ends++;
}

static void make_client(struct world *world)
{
    const struct ll_soup_client_handler handler = {world, on_open, on_message, on_closed, on_end_of_session};
    const struct ll_byte_door door = ll_test_script_door(world->script);
    size_t memory_bytes = ll_soup_client_footprint_bytes(&world->config);
    ck_assert_uint_gt(memory_bytes, 0);
    world->memory = malloc(memory_bytes);
    ck_assert_ptr_nonnull(world->memory);
    world->client = ll_soup_client_init(world->memory, &world->config, &door, &handler);
    ck_assert_ptr_nonnull(world->client);
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    ck_assert_ptr_nonnull(world);
    world->script = ll_test_script_new();
    world->now_ns = 100 * S;
    ll_soup_client_config_default(&world->config);
    memcpy(world->config.username, "USER01", 7);
    memcpy(world->config.password, "PASS", 5);
    return world;
}

static void world_free(struct world *world)
{
    ll_soup_client_deinit(world->client);
    ck_assert(!world->script->connected);
    free(world->memory);
    free(world->script);
    free(world);
}

static void poll_after(struct world *world, uint64_t wait_ns)
{
    world->now_ns += wait_ns;
    ll_soup_client_poll(world->client, world->now_ns);
}

static void restart(struct world *world, const char *session, uint64_t sequence)
{
    ck_assert_int_eq(ll_soup_client_restart(world->client, session, sequence, world->now_ns), LL_OK);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_CONNECTING);
}

/* Logged in to SESS000001 at `sequence`, with nothing left to read. */
static struct world *world_open(uint64_t sequence)
{
    struct world *world = world_new();
    make_client(world);
    ll_test_script_accept(world->script, "SESS000001", sequence);
    restart(world, "", sequence);
    poll_after(world, 0);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_OPEN);
    ck_assert_uint_eq(world->opens, 1);
    return world;
}

static void expect(const struct world *world, enum ll_soup_client_state state,
                   enum ll_soup_client_reason reason)
{
    ck_assert_msg(ll_soup_client_state(world->client) == state, "state %s after: %s",
                  ll_soup_client_state_text(ll_soup_client_state(world->client)), world->why);
    ck_assert_msg(world->reason == reason, "%s, not %s", ll_soup_client_reason_text(world->reason),
                  ll_soup_client_reason_text(reason));
    ck_assert_uint_ge(ll_soup_client_counters(world->client)->closes[reason], 1);
}

/* Nothing happens any more by itself. */
static void expect_rest(struct world *world)
{
    uint32_t connects = world->script->connects;
    for (uint32_t i = 0; i < 100; i++)
        poll_after(world, 60 * S);
    ck_assert_uint_eq(world->script->connects, connects);
}

/* --- Logging in ----------------------------------------------------------------------------------------- */

START_TEST(login_is_what_the_vectors_say)
{
    static const struct {
        const char *name;
        const char *session;
        uint64_t sequence;
        uint32_t timeout_ms;
    } rows[] = {{"login_request_3_00.bin", "", 1, 0}, {"login_request_4_10.bin", "SESS000001", 42, 15000}};
    struct world *world = world_new();
    struct ll_test_file file = ll_test_read(SOUP_DIR, rows[_i].name);
    world->config.heartbeat_timeout_ms = rows[_i].timeout_ms;
    make_client(world);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_CLOSED);
    poll_after(world, S);
    ck_assert_uint_eq(world->script->connects, 0);
    restart(world, rows[_i].session, rows[_i].sequence);
    poll_after(world, 0);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_LOGGING_IN);
    ck_assert_uint_eq(world->script->out_bytes, file.bytes_count);
    ck_assert_mem_eq(world->script->out, file.bytes, file.bytes_count);
    free(file.bytes);
    world_free(world);
}
END_TEST

START_TEST(only_sequenced_packets_are_counted)
{
    struct world *world = world_new();
    make_client(world);
    ll_test_script_packet(world->script, LL_SOUP_DEBUG, "hello", 5);
    ll_test_script_accept(world->script, "SESS000001", 1);
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "a", 1);
    ll_test_script_packet(world->script, LL_SOUP_UNSEQUENCED, "u", 1);
    ll_test_script_packet(world->script, LL_SOUP_SERVER_HEARTBEAT, NULL, 0);
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, NULL, 0);
    ll_test_script_packet(world->script, LL_SOUP_DEBUG, NULL, 0);
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "cc", 2);
    restart(world, "", 1);
    poll_after(world, 0);
    const struct ll_soup_client_counters *counters = ll_soup_client_counters(world->client);
    ck_assert_uint_eq(world->open_sequence, 1);
    ck_assert_str_eq(world->open_session, "SESS000001");
    ck_assert_str_eq(ll_soup_client_session(world->client), "SESS000001");
    ck_assert_uint_eq(world->message_count, 3);
    static const uint32_t lengths[] = {1, 0, 2};
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(world->sequence[i], i + 1);
        ck_assert_uint_eq(world->bytes[i], lengths[i]);
    }
    ck_assert_uint_eq(ll_soup_client_next_sequence(world->client), 4);
    ck_assert_uint_eq(counters->messages, 3);
    ck_assert_uint_eq(counters->unsequenced_ignored, 1);
    ck_assert_uint_eq(counters->heartbeats_received, 1);
    ck_assert_uint_eq(counters->debug_ignored, 2);
    ck_assert_uint_eq(counters->bytes_received, world->script->in_bytes);
    ck_assert_uint_eq(world->closes, 0);
    world_free(world);
}
END_TEST

struct refusal {
    const char *asked_session;
    uint64_t asked;
    const char *session; /* NULL = rejected */
    uint64_t sequence;
    char code;
    enum ll_soup_client_reason reason;
};

static const struct refusal refusals[] = {
    {"", 1, NULL, 0, 'A', LL_SOUP_CLIENT_REASON_NOT_AUTHORISED},
    {"", 1, NULL, 0, 'S', LL_SOUP_CLIENT_REASON_NO_SESSION},
    {"", 1, NULL, 0, 'x', LL_SOUP_CLIENT_REASON_REJECTED},
    {"", 1, "SESS000001", 2, 0, LL_SOUP_CLIENT_REASON_OTHER_SEQUENCE},
    {"SESS000001", 7, "SESS000001", 6, 0, LL_SOUP_CLIENT_REASON_OTHER_SEQUENCE},
    {"SESS000001", 7, "SESS000002", 7, 0, LL_SOUP_CLIENT_REASON_OTHER_SESSION},
};

START_TEST(what_the_owner_must_decide_stops_it)
{
    const struct refusal *row = &refusals[_i];
    struct world *world = world_new();
    make_client(world);
    if (row->session != NULL)
        ll_test_script_accept(world->script, row->session, row->sequence);
    else
        ll_test_script_packet(world->script, LL_SOUP_LOGIN_REJECTED, &row->code, 1);
    /* What follows is not looked at. */
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "a", 1);
    restart(world, row->asked_session, row->asked);
    poll_after(world, 0);
    expect(world, LL_SOUP_CLIENT_REFUSED, row->reason);
    ck_assert_uint_eq(world->opens, 0);
    ck_assert_uint_eq(world->message_count, 0);
    ck_assert_uint_eq(ll_soup_client_next_sequence(world->client), row->asked);
    expect_rest(world);
    /* Until the owner says so. */
    world->script->in_at = world->script->in_bytes;
    ll_test_script_accept(world->script, "SESS000003", 5);
    restart(world, "", 5);
    poll_after(world, 0);
    ck_assert_uint_eq(world->opens, 1);
    ck_assert_uint_eq(world->open_sequence, 5);
    world_free(world);
}
END_TEST

START_TEST(zero_takes_what_the_server_says)
{
    struct world *world = world_new();
    make_client(world);
    ll_test_script_accept(world->script, "S", 77);
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "a", 1);
    restart(world, "", 0);
    poll_after(world, 0);
    ck_assert_uint_eq(world->open_sequence, 77);
    ck_assert_uint_eq(world->sequence[0], 77);
    ck_assert_uint_eq(ll_soup_client_next_sequence(world->client), 78);
    world_free(world);
}
END_TEST

START_TEST(restart_refuses_what_no_login_carries)
{
    struct world *world = world_new();
    make_client(world);
    ck_assert_int_eq(ll_soup_client_restart(world->client, "ELEVENCHARS", 1, world->now_ns), LL_ERR_USAGE);
    ck_assert_int_eq(ll_soup_client_restart(world->client, "\n", 1, world->now_ns), LL_ERR_USAGE);
    ck_assert_int_eq(ll_soup_client_restart(world->client, "", UINT64_MAX, world->now_ns), LL_ERR_USAGE);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_CLOSED);
    world_free(world);
}
END_TEST

START_TEST(restart_while_open_closes_first)
{
    struct world *world = world_open(1);
    restart(world, "NEXT", 9);
    ck_assert_int_eq(world->reason, LL_SOUP_CLIENT_REASON_RESTARTED);
    ll_test_script_accept(world->script, "NEXT", 9);
    poll_after(world, 0);
    ck_assert_uint_eq(world->opens, 2);
    ck_assert_uint_eq(world->closes, 1);
    ck_assert_uint_eq(world->open_sequence, 9);
    world_free(world);
}
END_TEST

/* --- Time ----------------------------------------------------------------------------------------------- */

START_TEST(heartbeat_after_a_second_of_own_silence)
{
    struct world *world = world_open(1);
    uint32_t at = world->script->out_bytes;
    const struct ll_soup_client_counters *counters = ll_soup_client_counters(world->client);
    poll_after(world, S - 1);
    ck_assert_uint_eq(counters->heartbeats_sent, 0);
    poll_after(world, 1);
    ck_assert_uint_eq(counters->heartbeats_sent, 1);
    ck_assert_uint_eq(ll_test_script_sent(world->script, &at).type, LL_SOUP_CLIENT_HEARTBEAT);
    poll_after(world, S / 2);
    ck_assert_int_eq(ll_soup_client_send(world->client, (const uint8_t *)"x", 1), LL_OK);
    poll_after(world, S - 1);
    ck_assert_uint_eq(counters->heartbeats_sent, 1);
    poll_after(world, 1);
    ck_assert_uint_eq(counters->heartbeats_sent, 2);
    ck_assert_uint_eq(world->closes, 0);
    world_free(world);
}
END_TEST

START_TEST(silence_closes_and_any_packet_is_life)
{
    struct world *world = world_open(1);
    poll_after(world, 4 * S);
    ll_test_script_packet(world->script, LL_SOUP_DEBUG, NULL, 0);
    poll_after(world, S - 1);
    poll_after(world, 5 * S - 1);
    ck_assert_uint_eq(world->closes, 0);
    poll_after(world, 1);
    expect(world, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_SILENT);
    poll_after(world, 100 * MS - 1);
    ck_assert_uint_eq(world->script->connects, 1);
    poll_after(world, 1);
    ck_assert_uint_eq(world->script->connects, 2);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_LOGGING_IN);
    world_free(world);
}
END_TEST

START_TEST(a_clock_that_steps_back_hurries_nothing)
{
    struct world *world = world_open(1);
    world->now_ns -= 50 * S;
    ll_soup_client_poll(world->client, world->now_ns);
    ck_assert_uint_eq(world->closes, 0);
    ck_assert_uint_eq(ll_soup_client_counters(world->client)->heartbeats_sent, 0);
    world_free(world);
}
END_TEST

START_TEST(login_that_is_not_answered_ends)
{
    struct world *world = world_new();
    make_client(world);
    restart(world, "", 1);
    poll_after(world, 0);
    for (uint32_t i = 0; i < 4; i++) { /* talk is no answer */
        ll_test_script_packet(world->script, LL_SOUP_DEBUG, "x", 1);
        poll_after(world, S);
    }
    poll_after(world, S - 1);
    ck_assert_uint_eq(world->closes, 0);
    poll_after(world, 1);
    expect(world, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_LOGIN_TIMEOUT);
    world_free(world);
}
END_TEST

START_TEST(connect_takes_its_time_but_not_for_ever)
{
    struct world *world = world_new();
    make_client(world);
    world->script->connect_status = LL_ERR_BUSY;
    restart(world, "", 1);
    poll_after(world, 0);
    poll_after(world, 5 * S - 1);
    ck_assert_uint_eq(world->closes, 0);
    poll_after(world, 1);
    expect(world, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_CONNECT_TIMEOUT);
    world->script->connect_status = LL_ERR_IO;
    poll_after(world, 100 * MS);
    expect(world, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_CONNECT_FAILED);
    ck_assert_str_eq(world->why, "the script says no");
    world_free(world);
}
END_TEST

START_TEST(waits_double_up_to_a_bound)
{
    struct world *world = world_new();
    uint64_t wait_ns = 100 * MS;
    make_client(world);
    world->script->connect_status = LL_ERR_IO;
    restart(world, "", 1);
    poll_after(world, 0);
    for (uint32_t i = 1; i <= 12; i++) {
        poll_after(world, wait_ns - 1);
        ck_assert_uint_eq(world->script->connects, i);
        poll_after(world, 1);
        ck_assert_uint_eq(world->script->connects, i + 1);
        wait_ns = 2 * wait_ns < 10 * S ? 2 * wait_ns : 10 * S;
    }
    /* Open for as long as the longest wait: the next break is a first one again. */
    world->script->connect_status = LL_OK;
    ll_test_script_accept(world->script, "SESS000001", 1);
    poll_after(world, 10 * S);
    for (uint32_t i = 0; i < 10; i++) {
        ll_test_script_packet(world->script, LL_SOUP_SERVER_HEARTBEAT, NULL, 0);
        poll_after(world, S);
    }
    uint32_t connects = world->script->connects;
    world->script->in_status = LL_ERR_STOPPED;
    poll_after(world, 0);
    expect(world, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_PEER_CLOSED);
    poll_after(world, 100 * MS);
    ck_assert_uint_eq(world->script->connects, connects + 1);
    world_free(world);
}
END_TEST

/* Only being open makes the next break a first one. */
START_TEST(a_long_try_is_no_success)
{
    struct world *world = world_new();
    world->config.connect_timeout_ns = 30 * S;
    make_client(world);
    world->script->connect_status = LL_ERR_BUSY;
    restart(world, "", 1);
    poll_after(world, 0);
    poll_after(world, 30 * S);
    expect(world, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_CONNECT_TIMEOUT);
    poll_after(world, 100 * MS);
    poll_after(world, 30 * S);
    ck_assert_uint_eq(world->closes, 2);
    poll_after(world, 200 * MS - 1);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_WAITING);
    poll_after(world, 1);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_CONNECTING);
    world_free(world);
}
END_TEST

/* --- What the server does wrong ------------------------------------------------------------------------- */

struct bad {
    const char *bytes;
    uint32_t bytes_count;
    enum ll_soup_client_state state;
    enum ll_soup_client_reason reason;
};

static const struct bad bads[] = {
    {"\0\0", 2, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_BAD_PACKET},
    {"\0\1X", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\1R", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\1O", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\2JA", 4, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\37A                             1", 33, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\x63", 2, LL_SOUP_CLIENT_REFUSED, LL_SOUP_CLIENT_REASON_TOO_LONG},
    {"\xff\xff", 2, LL_SOUP_CLIENT_REFUSED, LL_SOUP_CLIENT_REASON_TOO_LONG},
};

START_TEST(bad_packets_while_open)
{
    struct world *world = world_new();
    world->config.input_bytes = 100;
    make_client(world);
    ll_test_script_accept(world->script, "SESS000001", 1);
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "a", 1);
    ll_test_script_raw(world->script, bads[_i].bytes, bads[_i].bytes_count);
    restart(world, "", 1);
    poll_after(world, 0);
    expect(world, bads[_i].state, bads[_i].reason);
    ck_assert_uint_eq(world->message_count, 1);
    ck_assert_uint_eq(world->opens, 1);
    ck_assert_uint_eq(world->closes, 1);
    ck_assert_uint_eq(ll_soup_client_next_sequence(world->client), 2);
    world_free(world);
}
END_TEST

static const struct bad bad_answers[] = {
    {"\0\1S", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\1H", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\1Z", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_UNEXPECTED},
    {"\0\1J", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_BAD_PACKET},
    {"\0\1A", 3, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_BAD_PACKET},
    {"\0\37ASESS000001                   x", 33, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_BAD_PACKET},
    {"\0\37ASESS000001                   0", 33, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_BAD_PACKET},
    {"\0\37ASESS00000118446744073709551615", 33, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_BAD_PACKET},
};

START_TEST(bad_answers_to_a_login)
{
    struct world *world = world_new();
    make_client(world);
    ll_test_script_raw(world->script, bad_answers[_i].bytes, bad_answers[_i].bytes_count);
    restart(world, "", _i >= 6 ? 0 : 1);
    poll_after(world, 0);
    expect(world, bad_answers[_i].state, bad_answers[_i].reason);
    ck_assert_uint_eq(world->opens, 0);
    world_free(world);
}
END_TEST

START_TEST(longest_packet_fits_exactly)
{
    struct world *world = world_new();
    uint8_t message[97] = {9};
    world->config.input_bytes = 100;
    make_client(world);
    ll_test_script_accept(world->script, "SESS000001", 1);
    for (uint32_t i = 0; i < 5; i++)
        ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, message, sizeof message);
    restart(world, "", 1);
    poll_after(world, 0);
    ck_assert_uint_eq(world->message_count, 5);
    ck_assert_uint_eq(world->bytes[4], 97);
    ck_assert_uint_eq(world->closes, 0);
    world_free(world);
}
END_TEST

START_TEST(end_of_session_ends)
{
    struct world *world = world_open(5);
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "a", 1);
    ll_test_script_packet(world->script, LL_SOUP_END_OF_SESSION, NULL, 0);
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "b", 1);
    poll_after(world, 0);
    expect(world, LL_SOUP_CLIENT_ENDED, LL_SOUP_CLIENT_REASON_SESSION_ENDED);
    ck_assert_uint_eq(world->ends, 1);
    ck_assert_uint_eq(world->closes, 1);
    ck_assert_uint_eq(world->message_count, 1);
    expect_rest(world);
    world_free(world);
}
END_TEST

/* --- Cuts ----------------------------------------------------------------------------------------------- */

#define CUT_MESSAGES 4u

/* The server's whole story from `sequence` on; returns its length. */
static uint32_t tell(struct ll_test_script *script, uint64_t sequence)
{
    script->in_at = 0;
    script->in_bytes = 0;
    ll_test_script_packet(script, LL_SOUP_DEBUG, "hello", 5);
    ll_test_script_accept(script, "SESS000001", sequence);
    for (uint64_t i = sequence; i <= CUT_MESSAGES; i++) {
        const uint8_t message[3] = {(uint8_t)i, (uint8_t)i, (uint8_t)i};
        ll_test_script_packet(script, LL_SOUP_SEQUENCED, message, i == 2 ? 0 : 3);
        ll_test_script_packet(script, LL_SOUP_SERVER_HEARTBEAT, NULL, 0);
    }
    ll_test_script_packet(script, LL_SOUP_END_OF_SESSION, NULL, 0);
    return script->in_bytes;
}

static void expect_all(const struct world *world)
{
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_ENDED);
    ck_assert_uint_eq(world->message_count, CUT_MESSAGES);
    for (uint32_t i = 0; i < CUT_MESSAGES; i++) {
        ck_assert_uint_eq(world->sequence[i], i + 1);
        ck_assert_uint_eq(world->first[i], i == 1 ? 0 : i + 1);
    }
    ck_assert_uint_eq(world->ends, 1);
}

START_TEST(any_step_gives_the_same)
{
    for (uint32_t step = 1; step <= 40; step++) {
        struct world *world = world_new();
        make_client(world);
        (void)tell(world->script, 1);
        world->script->in_step_bytes = step;
        restart(world, "", 1);
        for (uint32_t i = 0; i < 200 && world->ends == 0; i++)
            poll_after(world, MS);
        expect_all(world);
        ck_assert_uint_eq(world->opens, 1);
        world_free(world);
    }
}
END_TEST

START_TEST(a_poll_is_bounded)
{
    struct world *world = world_new();
    world->config.poll_bytes_max = 7;
    make_client(world);
    uint32_t story_bytes = tell(world->script, 1);
    restart(world, "", 1);
    for (uint32_t read_bytes = 7; read_bytes < story_bytes; read_bytes += 7) {
        poll_after(world, 0);
        ck_assert_uint_eq(world->script->in_at, read_bytes);
    }
    poll_after(world, 0);
    expect_all(world);
    world_free(world);
}
END_TEST

START_TEST(cut_at_every_byte_loses_and_repeats_nothing)
{
    struct ll_test_script *measure = ll_test_script_new();
    uint32_t story_bytes = tell(measure, 1);
    free(measure);
    for (uint32_t cut = 0; cut < story_bytes; cut++) {
        struct world *world = world_new();
        make_client(world);
        (void)tell(world->script, 1);
        world->script->in_bytes = cut;
        world->script->in_status = cut % 2 == 0 ? LL_ERR_STOPPED : LL_ERR_IO;
        restart(world, "", 1);
        poll_after(world, 0);
        expect(world, LL_SOUP_CLIENT_WAITING,
               cut % 2 == 0 ? LL_SOUP_CLIENT_REASON_PEER_CLOSED : LL_SOUP_CLIENT_REASON_BROKEN);
        ck_assert_uint_eq(world->opens, cut >= 8 + 33 ? 1 : 0);
        ck_assert_uint_eq(world->closes, 1);
        /* The second login asks for what comes next, of the session known by now. */
        uint64_t next = world->message_count + 1;
        uint32_t at = world->script->out_bytes;
        world->script->in_status = 0;
        world->script->in_bytes = world->script->in_at;
        poll_after(world, 100 * MS);
        struct ll_soup_packet packet = ll_test_script_sent(world->script, &at);
        struct ll_soup_login_request login;
        ck_assert_int_eq(ll_soup_login_request_decode(packet.payload, packet.payload_bytes, &login), LL_OK);
        ck_assert_uint_eq(login.sequence, next);
        ck_assert_str_eq(login.session, world->opens == 1 ? "SESS000001" : "");
        (void)tell(world->script, next);
        poll_after(world, 0);
        expect_all(world);
        world_free(world);
    }
}
END_TEST

/* --- Sending -------------------------------------------------------------------------------------------- */

START_TEST(sends_only_when_open)
{
    struct world *world = world_new();
    const uint8_t byte = 1;
    make_client(world);
    ck_assert_int_eq(ll_soup_client_send(world->client, &byte, 1), LL_ERR_STOPPED);
    restart(world, "", 1);
    poll_after(world, 0);
    ck_assert_int_eq(ll_soup_client_send(world->client, &byte, 1), LL_ERR_STOPPED);
    world->send_on_open = "first";
    ll_test_script_accept(world->script, "SESS000001", 1);
    poll_after(world, 0);
    uint32_t at = LL_SOUP_LOGIN_REQUEST_BYTES;
    struct ll_soup_packet packet = ll_test_script_sent(world->script, &at);
    ck_assert_uint_eq(packet.type, LL_SOUP_UNSEQUENCED);
    ck_assert_uint_eq(packet.payload_bytes, 5);
    ck_assert_mem_eq(packet.payload, "first", 5);
    world_free(world);
}
END_TEST

START_TEST(partial_sends_keep_order_and_bytes)
{
    for (uint32_t room = 0; room <= 9; room++) {
        struct world *world = world_open(1);
        uint32_t at = world->script->out_bytes;
        for (uint8_t i = 0; i < 60; i++) {
            const uint8_t message[4] = {i, i, i, i};
            world->script->out_room_bytes = room;
            ck_assert_int_eq(ll_soup_client_send(world->client, message, i % 5u), LL_OK);
        }
        for (uint32_t i = 0; i < 400 && ll_soup_client_unsent_bytes(world->client) > 0; i++) {
            world->script->out_room_bytes = 1;
            poll_after(world, 0);
        }
        for (uint8_t i = 0; i < 60; i++) {
            struct ll_soup_packet packet = ll_test_script_sent(world->script, &at);
            ck_assert_uint_eq(packet.type, LL_SOUP_UNSEQUENCED);
            ck_assert_uint_eq(packet.payload_bytes, i % 5u);
            for (uint32_t j = 0; j < packet.payload_bytes; j++)
                ck_assert_uint_eq(packet.payload[j], i);
        }
        ck_assert_uint_eq(at, world->script->out_bytes);
        world_free(world);
    }
}
END_TEST

/* Any sizes through a small buffer: what was taken arrives, in order and whole; what was refused does not. */
START_TEST(random_sends_against_a_list)
{
    struct ll_prng prng;
    uint8_t wanted[LL_TEST_SCRIPT_BYTES];
    uint32_t wanted_bytes = 0;
    uint64_t full = 0;
    struct world *world = world_new();
    ll_prng_init(&prng, ll_test_seed("random_sends_against_a_list"));
    world->config.output_bytes = 100;
    make_client(world);
    ll_test_script_accept(world->script, "SESS000001", 1);
    restart(world, "", 1);
    poll_after(world, 0);
    uint32_t at = world->script->out_bytes;
    for (uint32_t i = 0; i < 5000; i++) {
        uint8_t message[60];
        uint32_t message_bytes = ll_prng_below(&prng, sizeof message);
        uint32_t packet_bytes = 0;
        uint32_t unsent_bytes = ll_soup_client_unsent_bytes(world->client);
        memset(message, (int)(i & 0xff), sizeof message);
        world->script->out_room_bytes = ll_prng_below(&prng, 70);
        int status = ll_soup_client_send(world->client, message, message_bytes);
        ck_assert_int_eq(status, message_bytes + 3 <= 100 - unsent_bytes ? LL_OK : LL_ERR_FULL);
        if (status == LL_OK)
            ck_assert_int_eq(ll_soup_packet_encode(LL_SOUP_UNSEQUENCED, message, message_bytes,
                                                   wanted + wanted_bytes,
                                                   (uint32_t)sizeof wanted - wanted_bytes, &packet_bytes),
                             LL_OK);
        wanted_bytes += packet_bytes;
        full += status != LL_OK;
        if (ll_prng_chance(&prng, 300))
            poll_after(world, 0);
    }
    world->script->out_room_bytes = UINT32_MAX;
    poll_after(world, 0);
    ck_assert_uint_gt(full, 100);
    ck_assert_uint_eq(world->script->out_bytes - at, wanted_bytes);
    ck_assert_mem_eq(world->script->out + at, wanted, wanted_bytes);
    world_free(world);
}
END_TEST

START_TEST(full_buffer_takes_nothing)
{
    struct world *world = world_new();
    uint8_t message[64] = {0};
    world->config.output_bytes = 60;
    make_client(world);
    ll_test_script_accept(world->script, "SESS000001", 1);
    restart(world, "", 1);
    poll_after(world, 0);
    ck_assert_int_eq(ll_soup_client_send(world->client, message, 58), LL_ERR_LONG);
    world->script->out_room_bytes = 0;
    ck_assert_int_eq(ll_soup_client_send(world->client, message, 27), LL_OK);
    ck_assert_int_eq(ll_soup_client_send(world->client, message, 28), LL_ERR_FULL);
    ck_assert_uint_eq(ll_soup_client_unsent_bytes(world->client), 30);
    ck_assert_int_eq(ll_soup_client_send(world->client, message, 27), LL_OK);
    ck_assert_int_eq(ll_soup_client_send(world->client, message, 0), LL_ERR_FULL);
    ck_assert_uint_eq(ll_soup_client_counters(world->client)->sends_full, 2);
    ck_assert_uint_eq(ll_soup_client_counters(world->client)->sends, 2);
    /* No heartbeat is put behind what waits; the logout finds room all the same. */
    poll_after(world, 2 * S);
    ck_assert_uint_eq(ll_soup_client_unsent_bytes(world->client), 60);
    ll_soup_client_logout(world->client, world->now_ns);
    ck_assert_uint_eq(ll_soup_client_unsent_bytes(world->client), 63);
    world->script->out_room_bytes = UINT32_MAX;
    poll_after(world, 0);
    uint32_t at = LL_SOUP_LOGIN_REQUEST_BYTES;
    (void)ll_test_script_sent(world->script, &at);
    (void)ll_test_script_sent(world->script, &at);
    ck_assert_uint_eq(ll_test_script_sent(world->script, &at).type, LL_SOUP_LOGOUT_REQUEST);
    world_free(world);
}
END_TEST

START_TEST(broken_send_still_reads_what_came)
{
    struct world *world = world_open(1);
    const uint8_t byte = 1;
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "a", 1);
    world->script->send_status = LL_ERR_IO;
    ck_assert_int_eq(ll_soup_client_send(world->client, &byte, 1), LL_OK);
    ck_assert_int_eq(ll_soup_client_send(world->client, &byte, 1), LL_ERR_STOPPED);
    ck_assert_uint_eq(world->closes, 0); /* told at the next poll, not out of a send */
    poll_after(world, 0);
    expect(world, LL_SOUP_CLIENT_WAITING, LL_SOUP_CLIENT_REASON_BROKEN);
    ck_assert_uint_eq(world->message_count, 1);
    ck_assert_uint_eq(ll_soup_client_counters(world->client)->unsent_bytes_discarded, 4);
    /* Nothing of it is sent on the next connection. */
    uint32_t at = world->script->out_bytes;
    world->script->send_status = 0;
    ll_test_script_accept(world->script, "SESS000001", 2);
    poll_after(world, 100 * MS);
    ck_assert_uint_eq(world->opens, 2);
    ck_assert_uint_eq(world->script->out_bytes - at, LL_SOUP_LOGIN_REQUEST_BYTES);
    world_free(world);
}
END_TEST

/* --- Logging out ---------------------------------------------------------------------------------------- */

START_TEST(logout_waits_for_the_server)
{
    struct world *world = world_open(1);
    ll_soup_client_logout(world->client, world->now_ns);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_LEAVING);
    /* What was under way is still a message. */
    ll_test_script_packet(world->script, LL_SOUP_SEQUENCED, "a", 1);
    poll_after(world, MS);
    ck_assert_uint_eq(world->message_count, 1);
    world->script->in_status = LL_ERR_STOPPED;
    poll_after(world, MS);
    expect(world, LL_SOUP_CLIENT_CLOSED, LL_SOUP_CLIENT_REASON_LOGOUT);
    expect_rest(world);
    world_free(world);
}
END_TEST

START_TEST(logout_does_not_wait_for_ever)
{
    struct world *world = world_open(1);
    ll_soup_client_logout(world->client, world->now_ns);
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(world->closes, 0);
        ll_test_script_packet(world->script, LL_SOUP_SERVER_HEARTBEAT, NULL, 0);
        poll_after(world, S);
    }
    expect(world, LL_SOUP_CLIENT_CLOSED, LL_SOUP_CLIENT_REASON_LOGOUT);
    world_free(world);
}
END_TEST

START_TEST(logout_before_it_is_open)
{
    struct world *world = world_new();
    make_client(world);
    ll_soup_client_logout(world->client, world->now_ns);
    ck_assert_uint_eq(world->closes, 0);
    restart(world, "", 1);
    poll_after(world, 0);
    ll_soup_client_logout(world->client, world->now_ns);
    expect(world, LL_SOUP_CLIENT_CLOSED, LL_SOUP_CLIENT_REASON_LOGOUT);
    world->script->connect_status = LL_ERR_IO;
    restart(world, "", 1);
    poll_after(world, 0);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_WAITING);
    ll_soup_client_logout(world->client, world->now_ns);
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_CLOSED);
    expect_rest(world);
    world_free(world);
}
END_TEST

/* --- Config --------------------------------------------------------------------------------------------- */

START_TEST(config_limits)
{
    struct world *world = world_new();
    const struct ll_soup_client_config good = world->config;
    struct ll_soup_client_config config = good;
    ck_assert_uint_gt(ll_soup_client_footprint_bytes(&good), 0);
#define REFUSED(field, value) \
    config = good;            \
    config.field = (value);   \
    ck_assert_uint_eq(ll_soup_client_footprint_bytes(&config), 0)
    REFUSED(input_bytes, 32);
    REFUSED(output_bytes, 53);
    REFUSED(poll_bytes_max, 0);
    REFUSED(heartbeat_timeout_ms, 100000);
    REFUSED(heartbeat_ns, 0);
    REFUSED(silence_ns, 0);
    REFUSED(connect_timeout_ns, 0);
    REFUSED(backoff_first_ns, 0);
    REFUSED(backoff_first_ns, good.backoff_max_ns + 1);
    REFUSED(username[0], '\t');
#undef REFUSED
    make_client(world);
    world_free(world);
}
END_TEST

START_TEST(every_name_is_there)
{
    for (int i = 0; i < LL_SOUP_CLIENT_STATE_COUNT; i++)
        ck_assert_uint_gt(strlen(ll_soup_client_state_text((enum ll_soup_client_state)i)), 0);
    for (int i = 0; i < LL_SOUP_CLIENT_REASON_COUNT; i++)
        ck_assert_uint_gt(strlen(ll_soup_client_reason_text((enum ll_soup_client_reason)i)), 0);
    ck_assert_str_eq(ll_soup_client_state_text((enum ll_soup_client_state)99), "unknown");
    ck_assert_str_eq(ll_soup_client_reason_text((enum ll_soup_client_reason)99), "unknown");
}
END_TEST

/* --- The published capture ------------------------------------------------------------------------------ */

#define SERVER_PORT  26400u
#define HEADERS_LEAD 14u

/* The TCP payload of an Ethernet frame with IPv4, and who sent it. */
static uint32_t payload_of(const uint8_t *frame, uint32_t frame_bytes, const uint8_t **payload,
                           bool *from_server)
{
    const uint8_t *ip = frame + HEADERS_LEAD;
    const uint8_t *tcp = ip + (ip[0] & 0xfu) * 4u;
    uint32_t ip_bytes = (uint32_t)ip[2] << 8 | ip[3];
    ck_assert_uint_le(HEADERS_LEAD + ip_bytes, frame_bytes);
    *payload = tcp + (tcp[12] >> 4) * 4u;
    *from_server = ((uint32_t)tcp[0] << 8 | tcp[1]) == SERVER_PORT;
    return ip_bytes - (uint32_t)(*payload - ip);
}

START_TEST(the_published_session)
{
    struct world *world = world_new();
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const uint8_t *frame;
    pcap_t *pcap = pcap_open_offline(SOUP_DIR "session.pcap", error);
    ck_assert_msg(pcap != NULL, "%s", error);
    ck_assert_int_eq(pcap_datalink(pcap), DLT_EN10MB);
    make_client(world);
    restart(world, "", 1);
    poll_after(world, 0);
    while (pcap_next_ex(pcap, &header, &frame) == 1) {
        const uint8_t *payload;
        bool from_server;
        uint32_t payload_bytes = payload_of(frame, header->caplen, &payload, &from_server);
        if (from_server && payload_bytes > 0) {
            ll_test_script_raw(world->script, payload, payload_bytes);
            poll_after(world, MS);
        }
    }
    pcap_close(pcap);
    expect(world, LL_SOUP_CLIENT_ENDED, LL_SOUP_CLIENT_REASON_SESSION_ENDED);
    ck_assert_uint_eq(world->opens, 1);
    ck_assert_uint_eq(world->open_sequence, 1);
    ck_assert_uint_eq(world->message_count, 3);
    ck_assert_uint_eq(world->sequence[2], 3);
    ck_assert_uint_eq(ll_soup_client_counters(world->client)->debug_ignored, 1);
    ck_assert_uint_ge(ll_soup_client_counters(world->client)->heartbeats_received, 1);
    world_free(world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("soup_client");
    TCase *tcase = tcase_create("rules");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, login_is_what_the_vectors_say, 0, 2);
    tcase_add_test(tcase, only_sequenced_packets_are_counted);
    tcase_add_loop_test(tcase, what_the_owner_must_decide_stops_it, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tcase, zero_takes_what_the_server_says);
    tcase_add_test(tcase, restart_refuses_what_no_login_carries);
    tcase_add_test(tcase, restart_while_open_closes_first);
    tcase_add_test(tcase, heartbeat_after_a_second_of_own_silence);
    tcase_add_test(tcase, silence_closes_and_any_packet_is_life);
    tcase_add_test(tcase, a_clock_that_steps_back_hurries_nothing);
    tcase_add_test(tcase, login_that_is_not_answered_ends);
    tcase_add_test(tcase, connect_takes_its_time_but_not_for_ever);
    tcase_add_test(tcase, waits_double_up_to_a_bound);
    tcase_add_test(tcase, a_long_try_is_no_success);
    tcase_add_loop_test(tcase, bad_packets_while_open, 0, (int)(sizeof bads / sizeof bads[0]));
    tcase_add_loop_test(tcase, bad_answers_to_a_login, 0, (int)(sizeof bad_answers / sizeof bad_answers[0]));
    tcase_add_test(tcase, longest_packet_fits_exactly);
    tcase_add_test(tcase, end_of_session_ends);
    tcase_add_test(tcase, any_step_gives_the_same);
    tcase_add_test(tcase, a_poll_is_bounded);
    tcase_add_test(tcase, cut_at_every_byte_loses_and_repeats_nothing);
    tcase_add_test(tcase, sends_only_when_open);
    tcase_add_test(tcase, partial_sends_keep_order_and_bytes);
    tcase_add_test(tcase, random_sends_against_a_list);
    tcase_add_test(tcase, full_buffer_takes_nothing);
    tcase_add_test(tcase, broken_send_still_reads_what_came);
    tcase_add_test(tcase, logout_waits_for_the_server);
    tcase_add_test(tcase, logout_does_not_wait_for_ever);
    tcase_add_test(tcase, logout_before_it_is_open);
    tcase_add_test(tcase, config_limits);
    tcase_add_test(tcase, every_name_is_there);
    tcase_add_test(tcase, the_published_session);
    suite_add_tcase(suite, tcase);
    return ll_test_run(suite);
}
