/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: with a re-request server behind it the receiver loses nothing: what the lines lost is asked for and
 * answered, over real sockets; without one that answers, holes are named lost and the silence is seen. Method:
 * a small server in the test that answers from a list of messages, in packets of a few, and loses some answers
 * itself; the loss is random with a printed seed.
 */
#include "host/base/ll_prng.h"
#include "host/provider/ll_mold_receiver.h"
#include "host/provider/ll_udp_request.h"
#include "tests/unit/ll_test_vectors.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOPBACK      0x7f000001u
#define MESSAGE_COUNT 3000u
#define PER_ANSWER    5u
#define MS            UINT64_C(1000000)
#define TRIES_MAX     200000u

static const char SESSION[LL_MOLDUDP64_SESSION_BYTES + 1] = "REREQUEST1";

struct world {
    struct ll_prng prng;
    struct ll_udp_request *request;
    struct ll_mold_receiver *receiver;
    void *memory;
    int server;
    struct ll_ipv4 server_at;
    uint64_t now_ns;
    uint64_t next;
    uint64_t lost, requests;
};

/* --- The server ----------------------------------------------------------------------------------------- */

static void open_server(struct world *world)
{
    const struct ll_ipv4 any = {LOOPBACK, 0};
    struct sockaddr_in address = ll_ipv4_to_socket(&any);
    socklen_t address_bytes = sizeof address;
    world->server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(world->server, 0);
    ck_assert_int_eq(bind(world->server, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(world->server, (struct sockaddr *)&address, &address_bytes), 0);
    world->server_at = ll_ipv4_of_socket(&address);
}

static uint32_t make_packet(uint8_t *bytes, uint32_t capacity_bytes, uint64_t sequence, uint32_t count)
{
    struct ll_moldudp64_builder builder;
    ll_moldudp64_begin(&builder, bytes, capacity_bytes, SESSION, sequence);
    for (uint64_t i = sequence; i < sequence + count; i++)
        ck_assert_int_eq(ll_moldudp64_add(&builder, (const uint8_t *)&i, sizeof i), LL_OK);
    return ll_moldudp64_end(&builder);
}

/* Answers all requests that have come, each with the first few of what it asks for; loses some. */
static void serve(struct world *world, uint32_t loss_per_mille)
{
    uint8_t bytes[1024];
    struct sockaddr_in peer;
    for (uint32_t i = 0; i < 100; i++) {
        socklen_t peer_bytes = sizeof peer;
        struct ll_moldudp64_request asked;
        ssize_t got = recvfrom(world->server, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &peer_bytes);
        if (got < 0)
            return;
        ck_assert_int_eq(ll_moldudp64_parse_request(bytes, (uint32_t)got, &asked), LL_OK);
        ck_assert_mem_eq(asked.session, SESSION, sizeof asked.session);
        ck_assert_uint_ge(asked.sequence, 1);
        if (ll_prng_chance(&world->prng, loss_per_mille))
            continue;
        uint32_t bytes_count = make_packet(bytes, sizeof bytes, asked.sequence,
                                           asked.count < PER_ANSWER ? asked.count : PER_ANSWER);
        ck_assert_int_eq(
            sendto(world->server, bytes, bytes_count, 0, (const struct sockaddr *)&peer, peer_bytes),
            (ssize_t)bytes_count);
    }
}

/* --- The receiver --------------------------------------------------------------------------------------- */

static void on_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    struct world *world = context;
    uint64_t value;
    (void)now_ns;
    ck_assert_uint_eq(sequence, world->next++);
    ck_assert_uint_eq(message_bytes, sizeof value);
    memcpy(&value, message, sizeof value);
    ck_assert_uint_eq(value, sequence);
}

static void on_session(void *context, const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t first_sequence,
                       uint64_t now_ns)
{
    struct world *world = context;
    (void)session;
    (void)now_ns;
    world->next = first_sequence;
}

static void on_gap(void *context, uint64_t first_sequence, uint64_t count, uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    ck_assert_uint_eq(first_sequence, world->next);
    world->next += count;
    world->lost += count;
}

static void on_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES], uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    world->requests++;
    if (ll_udp_request_send(world->request, request) != LL_OK)
        ck_assert_uint_gt(world->request->unsent, 0);
}

static void on_bad_packet(void *context, uint32_t line, int reason, const uint8_t *bytes,
                          uint32_t bytes_count, uint64_t now_ns)
{
    (void)context;
    (void)line;
    (void)bytes;
    (void)bytes_count;
    (void)now_ns;
    ck_abort_msg("bad packet: %d", reason);
}

static void on_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    ck_assert_uint_eq(next_sequence, world->next);
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    const struct ll_mold_config config = {.line_count = 1,
                                          .start_sequence = 1,
                                          .holdback_packets = 64,
                                          .holdback_bytes_max = 1500,
                                          .request_timeout_ns = 5 * MS,
                                          .gap_requests_max = 40,
                                          .give_up_when_full = false};
    const struct ll_mold_handler handler = {world,      on_message,    on_session, on_gap,
                                            on_request, on_bad_packet, on_end};
    ck_assert_ptr_nonnull(world);
    world->now_ns = 1000 * MS;
    world->request = malloc(sizeof *world->request);
    world->memory = malloc(ll_mold_receiver_footprint_bytes(&config));
    ck_assert_ptr_nonnull(world->request);
    ck_assert_ptr_nonnull(world->memory);
    world->receiver = ll_mold_receiver_init(world->memory, &config, &handler);
    ck_assert_ptr_nonnull(world->receiver);
    open_server(world);
    ck_assert_int_eq(ll_udp_request_open(world->request, &world->server_at, NULL), LL_OK);
    return world;
}

static void world_free(struct world *world)
{
    ll_udp_request_close(world->request);
    ll_udp_request_close(world->request);
    if (world->server >= 0)
        (void)close(world->server);
    free(world->request);
    free(world->memory);
    free(world);
}

static void take_answers(struct world *world)
{
    uint32_t bytes_count = 0;
    for (uint32_t i = 0; i < 100; i++) {
        const uint8_t *answer = ll_udp_request_receive(world->request, &bytes_count);
        if (answer == NULL)
            return;
        ll_mold_receiver_packet(world->receiver, LL_MOLD_LINE_REREQUEST, answer, bytes_count, world->now_ns);
    }
}

static void hand_in(struct world *world, uint64_t sequence, uint32_t count)
{
    uint8_t bytes[256];
    uint32_t bytes_count = make_packet(bytes, sizeof bytes, sequence, count);
    ll_mold_receiver_packet(world->receiver, 0, bytes, bytes_count, world->now_ns);
}

/* --- The tests ------------------------------------------------------------------------------------------ */

START_TEST(nothing_is_lost)
{
    struct world *world = world_new();
    const struct timespec rest = {0, 20000};
    uint64_t sequence = 1;
    ll_prng_init(&world->prng, ll_test_seed("udp_request"));
    while (sequence <= MESSAGE_COUNT) {
        uint32_t count = 1 + ll_prng_below(&world->prng, 4);
        world->now_ns += MS;
        if (!ll_prng_chance(&world->prng, 200))
            hand_in(world, sequence, count);
        sequence += count;
        ll_mold_receiver_poll(world->receiver, world->now_ns);
        serve(world, 100);
        take_answers(world);
    }
    hand_in(world, sequence, 1);
    for (uint32_t i = 0; i < TRIES_MAX && world->next <= sequence; i++) {
        world->now_ns += MS;
        ll_mold_receiver_poll(world->receiver, world->now_ns);
        serve(world, 100);
        take_answers(world);
        (void)nanosleep(&rest, NULL);
    }
    ck_assert_uint_eq(world->next, sequence + 1);
    ck_assert_uint_eq(world->lost, 0);
    ck_assert_uint_gt(world->request->answers, 100);
    ck_assert_uint_eq(world->request->sent, world->requests);
    ck_assert_uint_eq(world->request->unsent, 0);
    world_free(world);
}
END_TEST

START_TEST(a_server_that_is_not_there)
{
    struct world *world = world_new();
    ck_assert_int_eq(close(world->server), 0);
    world->server = -1;
    hand_in(world, 1, 2);
    hand_in(world, 5, 1);
    for (uint32_t i = 0; i < 100; i++) {
        world->now_ns += 5 * MS;
        ll_mold_receiver_poll(world->receiver, world->now_ns);
        take_answers(world);
    }
    ck_assert_uint_eq(world->next, 6);
    ck_assert_uint_eq(world->lost, 2);
    ck_assert_uint_gt(world->request->refused, 0);
    ck_assert_uint_eq(world->request->answers, 0);
    ck_assert_uint_eq(world->request->sent + world->request->unsent, world->requests);
    world_free(world);
}
END_TEST

/* The word that nobody listens comes in the place of a later send, which leaves all the same. */
START_TEST(a_refusal_does_not_stop_the_next_request)
{
    struct world *world = world_new();
    const uint8_t request[LL_MOLDUDP64_HEADER_BYTES] = {0};
    struct pollfd refusal = {.fd = world->request->fd};
    ck_assert_int_eq(close(world->server), 0);
    world->server = -1;
    ck_assert_int_eq(ll_udp_request_send(world->request, request), LL_OK);
    ck_assert_int_eq(poll(&refusal, 1, 10000), 1);
    ck_assert_int_eq(ll_udp_request_send(world->request, request), LL_OK);
    ck_assert_uint_eq(world->request->refused, 1);
    ck_assert_uint_eq(world->request->sent, 2);
    ck_assert_uint_eq(world->request->unsent, 0);
    world_free(world);
}
END_TEST

/* Anybody can send to a port; only the server's datagrams are answers. */
START_TEST(strangers_are_not_heard)
{
    struct world *world = world_new();
    const uint8_t request[LL_MOLDUDP64_HEADER_BYTES] = {0};
    struct sockaddr_in ours;
    socklen_t ours_bytes = sizeof ours;
    uint32_t bytes_count = 0;
    const uint8_t *answer = NULL;
    int stranger = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_ge(stranger, 0);
    ck_assert_int_eq(getsockname(world->request->fd, (struct sockaddr *)&ours, &ours_bytes), 0);
    ck_assert_int_eq(ll_udp_request_send(world->request, request), LL_OK);
    ck_assert_int_eq(sendto(stranger, "forged", 6, 0, (const struct sockaddr *)&ours, ours_bytes), 6);
    ck_assert_int_eq(sendto(world->server, "true", 4, 0, (const struct sockaddr *)&ours, ours_bytes), 4);
    for (uint32_t i = 0; i < TRIES_MAX && answer == NULL; i++)
        answer = ll_udp_request_receive(world->request, &bytes_count);
    ck_assert_ptr_nonnull(answer);
    ck_assert_uint_eq(bytes_count, 4);
    ck_assert_ptr_null(ll_udp_request_receive(world->request, &bytes_count));
    (void)close(stranger);
    world_free(world);
}
END_TEST

START_TEST(addresses_of_nobody)
{
    static const struct ll_ipv4 bad[] = {{LOOPBACK, 0}, {0, 26480}, {0xe0000001u, 26480}};
    struct world *world = world_new();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ll_udp_request *request = malloc(sizeof *request);
        struct ll_why why = {0};
        ck_assert_ptr_nonnull(request);
        ck_assert_int_eq(ll_udp_request_open(request, &bad[i], &why), LL_ERR_USAGE);
        ck_assert_ptr_nonnull(strstr(why.text, "one server"));
        ck_assert_int_eq(request->fd, -1);
        free(request);
    }
    world_free(world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("udp_request");
    TCase *tcase = tcase_create("loopback");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, nothing_is_lost);
    tcase_add_test(tcase, a_server_that_is_not_there);
    tcase_add_test(tcase, a_refusal_does_not_stop_the_next_request);
    tcase_add_test(tcase, strangers_are_not_heard);
    tcase_add_test(tcase, addresses_of_nobody);
    suite_add_tcase(suite, tcase);
    return ll_test_run(suite);
}
