/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every rule of the server's side of a SoupBinTCP port, and every fault it is asked to commit, each on
 * its own. Method: doors that follow a script, and the bytes that left them taken apart again.
 */
#include "host/exchange/ll_soup_server.h"
#include "tests/unit/ll_test_soup.h"
#include "tests/unit/ll_test_vectors.h"

#define MS UINT64_C(1000000)
#define S  (1000 * MS)

struct world {
    struct ll_test_script *first;
    struct ll_test_script *second;
    struct ll_soup_server_config config;
    struct ll_soup_server *server;
    void *memory;
    uint64_t now_ns;
    uint32_t logins, closes, messages;
    uint64_t login_sequence;
    enum ll_soup_server_reason reason;
    bool was_in;
    uint32_t last_bytes;
    uint32_t at; /* in the first door's output */
};

static void on_login(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct world *world = context;
    ck_assert_uint_eq(now_ns, world->now_ns);
    world->logins++;
    world->login_sequence = next_sequence;
}

static void on_message(void *context, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns)
{
    struct world *world = context;
    (void)message;
    ck_assert_uint_eq(now_ns, world->now_ns);
    world->messages++;
    world->last_bytes = message_bytes;
}

static void on_closed(void *context, enum ll_soup_server_reason reason, bool was_in, uint64_t now_ns)
{
    struct world *world = context;
    ck_assert_uint_eq(now_ns, world->now_ns);
    world->closes++;
    world->reason = reason;
    world->was_in = was_in;
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    ck_assert_ptr_nonnull(world);
    world->first = ll_test_script_new();
    world->second = ll_test_script_new();
    world->now_ns = 100 * S;
    ll_soup_server_config_default(&world->config);
    memcpy(world->config.username, "USER01", 7);
    memcpy(world->config.password, "PASS", 5);
    memcpy(world->config.session, "SESS000001", 11);
    world->config.store_bytes = 4096;
    world->config.message_count_max = 100;
    return world;
}

static void make_server(struct world *world)
{
    const struct ll_soup_server_handler handler = {world, on_login, on_message, on_closed};
    size_t memory_bytes = ll_soup_server_footprint_bytes(&world->config);
    ck_assert_uint_gt(memory_bytes, 0);
    world->memory = malloc(memory_bytes);
    ck_assert_ptr_nonnull(world->memory);
    world->server = ll_soup_server_init(world->memory, &world->config, &handler);
    ck_assert_ptr_nonnull(world->server);
}

static void world_free(struct world *world)
{
    ll_soup_server_deinit(world->server);
    ck_assert(!world->first->connected);
    ck_assert(!world->second->connected);
    free(world->memory);
    free(world->first);
    free(world->second);
    free(world);
}

static void poll_after(struct world *world, uint64_t wait_ns)
{
    world->now_ns += wait_ns;
    ll_soup_server_poll(world->server, world->now_ns);
}

static int accept_door(struct world *world, struct ll_test_script *script)
{
    const struct ll_byte_door door = ll_test_script_door(script);
    int status = ll_soup_server_accept(world->server, &door, world->now_ns);
    script->connected = script->connected || status == LL_OK;
    return status;
}

static void publish(struct world *world, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t message = (uint8_t)ll_soup_server_next_sequence(world->server);
        ck_assert_int_eq(ll_soup_server_publish(world->server, &message, 1), LL_OK);
    }
}

static struct world *world_in(const char *session, uint64_t sequence, uint32_t stored)
{
    struct world *world = world_new();
    make_server(world);
    publish(world, stored);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_login(world->first, "user01", "pass", session, sequence);
    poll_after(world, 0);
    return world;
}

static struct ll_soup_packet sent(struct world *world)
{
    return ll_test_script_sent(world->first, &world->at);
}

static uint64_t expect_accepted(struct world *world)
{
    struct ll_soup_login_accepted accepted;
    struct ll_soup_packet packet = sent(world);
    ck_assert_uint_eq(packet.type, LL_SOUP_LOGIN_ACCEPTED);
    ck_assert_int_eq(ll_soup_login_accepted_decode(packet.payload, packet.payload_bytes, &accepted), LL_OK);
    ck_assert_str_eq(accepted.session, "SESS000001");
    return accepted.sequence;
}

static void expect_messages(struct world *world, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        struct ll_soup_packet packet = sent(world);
        ck_assert_uint_eq(packet.type, LL_SOUP_SEQUENCED);
        ck_assert_uint_eq(packet.payload_bytes, 1);
        ck_assert_uint_eq(packet.payload[0], i);
    }
    ck_assert_uint_eq(world->at, world->first->out_bytes);
}

static void expect_rejected(struct world *world, char code, enum ll_soup_server_reason reason)
{
    struct ll_soup_packet packet = sent(world);
    ck_assert_uint_eq(packet.type, LL_SOUP_LOGIN_REJECTED);
    ck_assert_uint_eq(packet.payload[0], (uint8_t)code);
    ck_assert_uint_eq(world->at, world->first->out_bytes);
    ck_assert_uint_eq(world->closes, 1);
    ck_assert_int_eq(world->reason, reason);
    ck_assert(!world->was_in);
    ck_assert(!world->first->connected);
    ck_assert_uint_eq(world->logins, 0);
}

/* --- Logging in ----------------------------------------------------------------------------------------- */

/* wanted, stored, first number sent */
static const uint64_t starts[][3] = {{1, 0, 1}, {1, 5, 1}, {3, 5, 3}, {5, 5, 5},         {6, 5, 6},
                                     {7, 5, 6}, {0, 5, 5}, {0, 0, 1}, {UINT64_MAX, 5, 6}};

START_TEST(replay_then_live)
{
    struct world *world = world_in(_i % 2 == 0 ? "" : "SESS000001", starts[_i][0], (uint32_t)starts[_i][1]);
    uint64_t first = starts[_i][2];
    ck_assert_uint_eq(expect_accepted(world), first);
    ck_assert_uint_eq(world->login_sequence, first);
    ck_assert(ll_soup_server_has_client(world->server));
    expect_messages(world, first, starts[_i][1]);
    publish(world, 3);
    poll_after(world, MS);
    expect_messages(world, starts[_i][1] + 1, starts[_i][1] + 3);
    world_free(world);
}
END_TEST

START_TEST(wrong_logins_are_refused)
{
    static const struct {
        const char *username, *password, *session;
        char code;
    } rows[] = {{"USER02", "PASS", "", 'A'}, {"USER01", "WRONG", "", 'A'}, {"USER01", "PASS", "OTHER", 'S'}};
    struct world *world = world_new();
    make_server(world);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_login(world->first, rows[_i].username, rows[_i].password, rows[_i].session, 1);
    poll_after(world, 0);
    expect_rejected(world, rows[_i].code, LL_SOUP_SERVER_REASON_REFUSED);
    world_free(world);
}
END_TEST

START_TEST(login_byte_by_byte)
{
    struct world *world = world_new();
    make_server(world);
    publish(world, 2);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_packet(world->first, LL_SOUP_DEBUG, "hi", 2);
    ll_test_script_login(world->first, "USER01", "PASS", "", 1);
    ll_test_script_packet(world->first, LL_SOUP_UNSEQUENCED, "order", 5);
    ll_test_script_packet(world->first, LL_SOUP_CLIENT_HEARTBEAT, NULL, 0);
    ll_test_script_packet(world->first, LL_SOUP_UNSEQUENCED, NULL, 0);
    world->first->in_step_bytes = 1;
    poll_after(world, 0);
    ck_assert_uint_eq(expect_accepted(world), 1);
    expect_messages(world, 1, 2);
    ck_assert_uint_eq(world->messages, 2);
    ck_assert_uint_eq(world->last_bytes, 0);
    ck_assert_uint_eq(ll_soup_server_counters(world->server)->heartbeats_received, 1);
    ck_assert_uint_eq(ll_soup_server_counters(world->server)->debug_ignored, 1);
    world_free(world);
}
END_TEST

START_TEST(nobody_logs_in_for_ever)
{
    struct world *world = world_new();
    make_server(world);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_packet(world->first, LL_SOUP_DEBUG, "hi", 2);
    poll_after(world, 30 * S - 1);
    ck_assert_uint_eq(world->closes, 0);
    poll_after(world, 1);
    ck_assert_int_eq(world->reason, LL_SOUP_SERVER_REASON_LOGIN_TIMEOUT);
    ck_assert_uint_eq(world->first->out_bytes, 0);
    world_free(world);
}
END_TEST

START_TEST(a_second_login_is_refused_or_kicks)
{
    struct world *world = world_new();
    bool kicks = _i == 1;
    world->config.second_login_kicks = kicks;
    make_server(world);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_login(world->first, "USER01", "PASS", "", 1);
    poll_after(world, 0);
    ck_assert_int_eq(accept_door(world, world->second), LL_OK);
    const struct ll_byte_door third = ll_test_script_door(world->second);
    ck_assert_int_eq(ll_soup_server_accept(world->server, &third, world->now_ns), LL_ERR_FULL);
    ll_test_script_login(world->second, "USER01", "PASS", "", 1);
    poll_after(world, 0);
    ck_assert_uint_eq(world->closes, 1);
    ck_assert(world->first->connected == !kicks);
    ck_assert(world->second->connected == kicks);
    ck_assert_int_eq(world->reason,
                     kicks ? LL_SOUP_SERVER_REASON_KICKED : LL_SOUP_SERVER_REASON_SECOND_LOGIN);
    ck_assert_uint_eq(world->logins, kicks ? 2 : 1);
    ck_assert(ll_soup_server_has_client(world->server));
    world_free(world);
}
END_TEST

/* --- Time ----------------------------------------------------------------------------------------------- */

START_TEST(heartbeats)
{
    struct world *world = world_in("", 1, 0);
    (void)expect_accepted(world);
    poll_after(world, S - 1);
    ck_assert_uint_eq(world->at, world->first->out_bytes);
    poll_after(world, 1);
    ck_assert_uint_eq(sent(world).type, LL_SOUP_SERVER_HEARTBEAT);
    publish(world, 1);
    poll_after(world, S - 1);
    expect_messages(world, 1, 1);
    poll_after(world, S - 1);
    ck_assert_uint_eq(world->at, world->first->out_bytes);
    poll_after(world, 1);
    ck_assert_uint_eq(sent(world).type, LL_SOUP_SERVER_HEARTBEAT);
    world_free(world);
}
END_TEST

START_TEST(silent_clients_are_dropped)
{
    struct world *world = world_new();
    uint64_t limit_ns = _i == 0 ? 15 * S : 700 * MS;
    make_server(world);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    if (_i == 0) {
        ll_test_script_login(world->first, "USER01", "PASS", "", 1);
    } else {
        const struct ll_soup_login_request login = {
            .username = "USER01", .password = "PASS", .sequence = 1, .has_timeout = true, .timeout_ms = 700};
        ck_assert_int_eq(ll_soup_login_request_encode(&login, world->first->in, 64, &world->first->in_bytes),
                         LL_OK);
    }
    poll_after(world, 0);
    ck_assert_uint_eq(world->logins, 1);
    poll_after(world, limit_ns - 1);
    ll_test_script_packet(world->first, LL_SOUP_CLIENT_HEARTBEAT, NULL, 0);
    poll_after(world, 0);
    poll_after(world, limit_ns - 1);
    ck_assert_uint_eq(world->closes, 0);
    poll_after(world, 1);
    ck_assert_int_eq(world->reason, LL_SOUP_SERVER_REASON_SILENT);
    ck_assert(world->was_in);
    world_free(world);
}
END_TEST

/* --- The end of a connection and of a session ----------------------------------------------------------- */

struct end {
    const char *bytes;
    uint32_t bytes_count;
    enum ll_soup_server_reason reason;
};

static const struct end ends[] = {
    {"\0\1O", 3, LL_SOUP_SERVER_REASON_LOGOUT},       {"\0\0", 2, LL_SOUP_SERVER_REASON_BAD_PACKET},
    {"\0\1S", 3, LL_SOUP_SERVER_REASON_UNEXPECTED},   {"\0\1L", 3, LL_SOUP_SERVER_REASON_UNEXPECTED},
    {"\x10\x00U", 3, LL_SOUP_SERVER_REASON_TOO_LONG}, {"\0\1?", 3, LL_SOUP_SERVER_REASON_UNEXPECTED},
};

START_TEST(how_a_connection_ends)
{
    struct world *world = world_in("", 1, 0);
    ll_test_script_raw(world->first, ends[_i].bytes, ends[_i].bytes_count);
    poll_after(world, 0);
    ck_assert_uint_eq(world->closes, 1);
    ck_assert_int_eq(world->reason, ends[_i].reason);
    ck_assert(world->was_in);
    ck_assert(!ll_soup_server_has_client(world->server));
    world_free(world);
}
END_TEST

START_TEST(a_login_of_wrong_length_closes)
{
    struct world *world = world_new();
    struct ll_test_file file = ll_test_read(LL_VECTORS "soupbintcp/", "NEG_bad_login_length.bin");
    make_server(world);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_raw(world->first, file.bytes, file.bytes_count);
    poll_after(world, 0);
    ck_assert_int_eq(world->reason, LL_SOUP_SERVER_REASON_BAD_PACKET);
    ck_assert_uint_eq(world->first->out_bytes, 0);
    free(file.bytes);
    world_free(world);
}
END_TEST

START_TEST(the_client_goes_away)
{
    struct world *world = world_in("", 1, 0);
    world->first->in_status = _i == 0 ? LL_ERR_STOPPED : LL_ERR_IO;
    poll_after(world, 0);
    ck_assert_int_eq(world->reason,
                     _i == 0 ? LL_SOUP_SERVER_REASON_PEER_CLOSED : LL_SOUP_SERVER_REASON_BROKEN);
    world_free(world);
}
END_TEST

START_TEST(end_of_session)
{
    struct world *world = world_in("", 1, 3);
    (void)expect_accepted(world);
    expect_messages(world, 1, 3);
    publish(world, 1);
    ll_soup_server_end(world->server);
    ck_assert_int_eq(ll_soup_server_publish(world->server, NULL, 0), LL_ERR_STOPPED);
    poll_after(world, 0);
    ck_assert_uint_eq(sent(world).type, LL_SOUP_SEQUENCED);
    ck_assert_uint_eq(sent(world).type, LL_SOUP_END_OF_SESSION);
    ck_assert_uint_eq(world->at, world->first->out_bytes);
    ck_assert_int_eq(world->reason, LL_SOUP_SERVER_REASON_SESSION_ENDED);
    ck_assert_int_eq(accept_door(world, world->second), LL_OK);
    ll_test_script_login(world->second, "USER01", "PASS", "SESS000001", 1);
    poll_after(world, 0);
    ck_assert_mem_eq(world->second->out, "\0\2JS", 4);
    world_free(world);
}
END_TEST

/* --- A slow client -------------------------------------------------------------------------------------- */

START_TEST(a_slow_client_gets_everything)
{
    struct world *world = world_new();
    world->config.output_bytes = 40;
    make_server(world);
    publish(world, 90);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_login(world->first, "USER01", "PASS", "", 1);
    for (uint32_t i = 0; i < 1000; i++) {
        world->first->out_room_bytes = 1 + i % 3;
        poll_after(world, 0);
    }
    ck_assert_uint_eq(expect_accepted(world), 1);
    expect_messages(world, 1, 90);
    ck_assert_uint_eq(world->closes, 0);
    world_free(world);
}
END_TEST

/* The end is a shorter packet than a message: it must not slip into room that the next message does not find. */
START_TEST(a_slow_client_hears_the_end_last)
{
    struct world *world = world_new();
    world->config.output_bytes = 40;
    make_server(world);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_login(world->first, "USER01", "PASS", "", 1);
    world->first->out_room_bytes = 0;
    poll_after(world, 0);
    publish(world, 90);
    ll_soup_server_end(world->server);
    for (uint32_t i = 0; i < 1000 && world->closes == 0; i++) {
        world->first->out_room_bytes = 1 + i % 3;
        poll_after(world, 0);
    }
    ck_assert_uint_eq(expect_accepted(world), 1);
    for (uint32_t i = 1; i <= 90; i++) {
        struct ll_soup_packet packet = sent(world);
        ck_assert_uint_eq(packet.type, LL_SOUP_SEQUENCED);
        ck_assert_uint_eq(packet.payload[0], i);
    }
    ck_assert_uint_eq(sent(world).type, LL_SOUP_END_OF_SESSION);
    ck_assert_int_eq(world->reason, LL_SOUP_SERVER_REASON_SESSION_ENDED);
    world_free(world);
}
END_TEST

START_TEST(unsequenced_packets_are_not_kept)
{
    struct world *world = world_new();
    const uint8_t byte = 7;
    world->config.output_bytes = 40;
    make_server(world);
    ck_assert_int_eq(ll_soup_server_send(world->server, &byte, 1), LL_ERR_STOPPED);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_login(world->first, "USER01", "PASS", "", 1);
    poll_after(world, 0);
    (void)expect_accepted(world);
    ck_assert_int_eq(ll_soup_server_send(world->server, &byte, 38), LL_ERR_LONG);
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_int_eq(ll_soup_server_send(world->server, &byte, 1), LL_OK);
    ck_assert_int_eq(ll_soup_server_send(world->server, &byte, 1), LL_ERR_FULL);
    poll_after(world, 0);
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_uint_eq(sent(world).type, LL_SOUP_UNSEQUENCED);
    ck_assert_uint_eq(ll_soup_server_next_sequence(world->server), 1);
    world_free(world);
}
END_TEST

START_TEST(the_store_is_bounded)
{
    struct world *world = world_new();
    const uint8_t message[30] = {0};
    uint32_t message_bytes = 0;
    world->config.message_count_max = 3;
    world->config.store_bytes = 50;
    make_server(world);
    ck_assert_int_eq(ll_soup_server_publish(world->server, message, 30), LL_OK);
    ck_assert_int_eq(ll_soup_server_publish(world->server, message, 21), LL_ERR_FULL);
    ck_assert_int_eq(ll_soup_server_publish(world->server, message, 20), LL_OK);
    ck_assert_int_eq(ll_soup_server_publish(world->server, NULL, 0), LL_OK);
    ck_assert_int_eq(ll_soup_server_publish(world->server, NULL, 0), LL_ERR_FULL);
    ck_assert_int_eq(ll_soup_server_publish(world->server, message, 65534), LL_ERR_LONG);
    ck_assert_ptr_null(ll_soup_server_message(world->server, 0, &message_bytes));
    ck_assert_ptr_null(ll_soup_server_message(world->server, 4, &message_bytes));
    ck_assert_ptr_nonnull(ll_soup_server_message(world->server, 2, &message_bytes));
    ck_assert_uint_eq(message_bytes, 20);
    world_free(world);
}
END_TEST

/* --- Faults --------------------------------------------------------------------------------------------- */

START_TEST(drops_after_exactly_so_many_bytes)
{
    for (uint32_t after = 0; after < 45; after++) {
        struct world *world = world_new();
        make_server(world);
        publish(world, 3);
        const struct ll_soup_server_faults faults = {.drop = true, .drop_after_bytes = after};
        ll_soup_server_set_faults(world->server, &faults);
        ck_assert_int_eq(accept_door(world, world->first), LL_OK);
        ll_test_script_login(world->first, "USER01", "PASS", "", 1);
        poll_after(world, 0);
        ck_assert_uint_eq(world->first->out_bytes, after);
        ck_assert_int_eq(world->reason, LL_SOUP_SERVER_REASON_FAULT);
        ck_assert(!world->first->connected);
        world_free(world);
    }
}
END_TEST

START_TEST(silence_refusal_and_a_wrong_number)
{
    struct world *world = world_new();
    struct ll_soup_server_faults faults = {.silent = true, .accept_ahead = 3};
    make_server(world);
    publish(world, 1);
    ll_soup_server_set_faults(world->server, &faults);
    ck_assert_int_eq(accept_door(world, world->first), LL_OK);
    ll_test_script_login(world->first, "USER01", "PASS", "", 1);
    poll_after(world, 0);
    poll_after(world, 5 * S);
    ck_assert_uint_eq(world->first->out_bytes, 0);
    faults.silent = false;
    ll_soup_server_set_faults(world->server, &faults);
    poll_after(world, 0);
    ck_assert_uint_eq(expect_accepted(world), 4);
    faults = (struct ll_soup_server_faults){.refuse = 'S'};
    ll_soup_server_set_faults(world->server, &faults);
    ck_assert_int_eq(accept_door(world, world->second), LL_OK);
    ll_test_script_login(world->second, "USER01", "PASS", "", 1);
    poll_after(world, 0);
    ck_assert_mem_eq(world->second->out, "\0\2JS", 4);
    world_free(world);
}
END_TEST

START_TEST(config_limits)
{
    struct world *world = world_new();
    const struct ll_soup_server_config good = world->config;
    struct ll_soup_server_config config = good;
    ck_assert_uint_gt(ll_soup_server_footprint_bytes(&good), 0);
#define REFUSED(field, value) \
    config = good;            \
    config.field = (value);   \
    ck_assert_uint_eq(ll_soup_server_footprint_bytes(&config), 0)
    REFUSED(session[0], '\0');
    REFUSED(session[0], '\t');
    REFUSED(message_count_max, 0);
    REFUSED(store_bytes, 0);
    REFUSED(store_bytes, UINT64_MAX);
    REFUSED(input_bytes, 53);
    REFUSED(output_bytes, 32);
    REFUSED(poll_bytes_max, 0);
    REFUSED(heartbeat_ns, 0);
    REFUSED(silence_ns, 0);
    REFUSED(login_timeout_ns, 0);
#undef REFUSED
    for (int i = 0; i < LL_SOUP_SERVER_REASON_COUNT; i++)
        ck_assert_uint_gt(strlen(ll_soup_server_reason_text((enum ll_soup_server_reason)i)), 0);
    ck_assert_str_eq(ll_soup_server_reason_text((enum ll_soup_server_reason)99), "unknown");
    make_server(world);
    world_free(world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("soup_server");
    TCase *tcase = tcase_create("rules");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, replay_then_live, 0, (int)(sizeof starts / sizeof starts[0]));
    tcase_add_loop_test(tcase, wrong_logins_are_refused, 0, 3);
    tcase_add_test(tcase, login_byte_by_byte);
    tcase_add_test(tcase, nobody_logs_in_for_ever);
    tcase_add_loop_test(tcase, a_second_login_is_refused_or_kicks, 0, 2);
    tcase_add_test(tcase, heartbeats);
    tcase_add_loop_test(tcase, silent_clients_are_dropped, 0, 2);
    tcase_add_loop_test(tcase, how_a_connection_ends, 0, (int)(sizeof ends / sizeof ends[0]));
    tcase_add_test(tcase, a_login_of_wrong_length_closes);
    tcase_add_loop_test(tcase, the_client_goes_away, 0, 2);
    tcase_add_test(tcase, end_of_session);
    tcase_add_test(tcase, a_slow_client_gets_everything);
    tcase_add_test(tcase, a_slow_client_hears_the_end_last);
    tcase_add_test(tcase, unsequenced_packets_are_not_kept);
    tcase_add_test(tcase, the_store_is_bounded);
    tcase_add_test(tcase, drops_after_exactly_so_many_bytes);
    tcase_add_test(tcase, silence_refusal_and_a_wrong_number);
    tcase_add_test(tcase, config_limits);
    suite_add_tcase(suite, tcase);
    return ll_test_run(suite);
}
