/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: over any number of breaks, cuts and faults the client delivers exactly what the server published:
 * none lost, none twice, in order. Method: client and server in one thread, first over a pipe in memory whose
 * every step is chosen from a printed seed (how many bytes go, when it breaks, what is lost in it), then over
 * TCP on loopback with the server's own faults. The model is one number: the next message expected.
 */
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/base/ll_tcp.h"
#include "host/exchange/ll_soup_server.h"
#include "host/provider/ll_soup_client.h"
#include "tests/unit/ll_test_vectors.h"

#include <time.h>

#define MS           UINT64_C(1000000)
#define ROUNDS       60u
#define STEPS        4000u
#define STEPS_MAX    2000000u
#define PIPE_BYTES   4096u
#define MESSAGES_MAX 20000u
#define LOOPBACK     0x7f000001u

/* One direction. */
struct flow {
    uint8_t bytes[PIPE_BYTES];
    uint32_t bytes_count;
};

struct world;

struct side { /* one end of the pipe, as a door's context */
    struct world *world;
    struct flow *in, *out;
    uint32_t generation; /* of the connection that this end belongs to */
};

struct world {
    struct ll_prng prng;
    struct flow up, down;
    struct side client_side;
    struct side server_sides[2];
    uint32_t side_turn;
    uint32_t generation; /* of the present connection; 0 = none */
    bool half_closed;    /* in order, by one side: what is under way still arrives */
    struct ll_soup_client *client;
    struct ll_soup_server *server;
    void *client_memory, *server_memory;
    uint64_t now_ns;
    uint64_t next; /* expected */
    bool is_open;
    uint64_t opens, closes, ends, received, sent;
};

/* --- The pipe ------------------------------------------------------------------------------------------- */

static bool side_is_whole(const struct side *side)
{
    return side->generation != 0 && side->generation == side->world->generation;
}

static int side_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    struct side *side = context;
    uint32_t room = PIPE_BYTES - side->out->bytes_count;
    if (!side_is_whole(side))
        return LL_ERR_IO;
    if (side->world->half_closed)
        return (int)bytes_count; /* as TCP does until it hears of the other side's end */
    uint32_t taken = ll_prng_below(&side->world->prng, 200);
    taken = taken < bytes_count ? taken : bytes_count;
    taken = taken < room ? taken : room;
    memcpy(side->out->bytes + side->out->bytes_count, bytes, taken);
    side->out->bytes_count += taken;
    return (int)taken;
}

static int side_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    struct side *side = context;
    struct world *world = side->world;
    if (!side_is_whole(side))
        return ll_prng_chance(&world->prng, 500) ? LL_ERR_IO : LL_ERR_STOPPED;
    uint32_t got = ll_prng_below(&world->prng, 1 + ll_prng_below(&world->prng, 300));
    got = got < side->in->bytes_count ? got : side->in->bytes_count;
    got = got < capacity_bytes ? got : capacity_bytes;
    memcpy(bytes, side->in->bytes, got);
    memmove(side->in->bytes, side->in->bytes + got, side->in->bytes_count - got);
    side->in->bytes_count -= got;
    if (got == 0 && side->in->bytes_count == 0 && world->half_closed)
        return LL_ERR_STOPPED;
    return (int)got;
}

static void break_pipe(struct world *world)
{
    world->generation = 0;
    world->half_closed = false;
    world->up.bytes_count = 0;
    world->down.bytes_count = 0;
}

static void side_close(void *context)
{
    struct side *side = context;
    if (side_is_whole(side) && side->world->half_closed)
        break_pipe(side->world);
    else if (side_is_whole(side))
        side->world->half_closed = true;
    side->generation = 0;
}

static int side_connect(void *context, struct ll_why *why)
{
    static uint32_t generations = 0;
    struct side *side = context;
    struct world *world = side->world;
    if (ll_prng_chance(&world->prng, 300))
        return LL_ERR_BUSY;
    if (ll_prng_chance(&world->prng, 100))
        return LL_FAIL(why, LL_ERR_IO, "the seed says no");
    struct side *server_side = &world->server_sides[world->side_turn++ % 2u];
    break_pipe(world);
    world->generation = ++generations;
    *server_side = (struct side){world, &world->up, &world->down, world->generation};
    side->generation = world->generation;
    const struct ll_byte_door door = {server_side, NULL, side_send, side_receive, side_close};
    if (ll_soup_server_accept(world->server, &door, world->now_ns) != LL_OK) {
        break_pipe(world);
        return LL_FAIL(why, LL_ERR_IO, "no place");
    }
    return LL_OK;
}

/* --- What both sides say -------------------------------------------------------------------------------- */

static void on_open(void *context, const char *session, uint64_t next_sequence, uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    ck_assert(!world->is_open);
    ck_assert_str_eq(session, "DAY1");
    ck_assert_uint_eq(next_sequence, world->next);
    world->is_open = true;
    world->opens++;
}

static void on_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    struct world *world = context;
    uint32_t published_bytes = 0;
    (void)now_ns;
    const uint8_t *published = ll_soup_server_message(world->server, sequence, &published_bytes);
    ck_assert(world->is_open);
    ck_assert_uint_eq(sequence, world->next);
    ck_assert_ptr_nonnull(published);
    ck_assert_uint_eq(message_bytes, published_bytes);
    ck_assert_mem_eq(message, published, message_bytes);
    world->next++;
}

static void on_closed(void *context, enum ll_soup_client_reason reason, const struct ll_why *why,
                      uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    ck_assert(why->code != LL_OK);
    ck_assert_msg(reason == LL_SOUP_CLIENT_REASON_CONNECT_FAILED ||
                      reason == LL_SOUP_CLIENT_REASON_CONNECT_TIMEOUT ||
                      reason == LL_SOUP_CLIENT_REASON_LOGIN_TIMEOUT ||
                      reason == LL_SOUP_CLIENT_REASON_PEER_CLOSED || reason == LL_SOUP_CLIENT_REASON_BROKEN ||
                      reason == LL_SOUP_CLIENT_REASON_SILENT || reason == LL_SOUP_CLIENT_REASON_SESSION_ENDED,
                  "%s", why->text);
    world->is_open = false;
    world->closes++;
}

static void on_end_of_session(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    ck_assert_uint_eq(next_sequence, world->next);
    world->ends++;
}

static void on_login(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    (void)context;
    (void)next_sequence;
    (void)now_ns;
}

static void on_order(void *context, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    ck_assert_uint_eq(message_bytes, 4);
    ck_assert_mem_eq(message, "ping", 4);
    world->received++;
}

static void on_server_closed(void *context, enum ll_soup_server_reason reason, bool was_in, uint64_t now_ns)
{
    (void)context;
    (void)was_in;
    (void)now_ns;
    ck_assert_int_ne(reason, LL_SOUP_SERVER_REASON_BAD_PACKET);
    ck_assert_int_ne(reason, LL_SOUP_SERVER_REASON_UNEXPECTED);
}

/* --- Set-up --------------------------------------------------------------------------------------------- */

static void make_server(struct world *world)
{
    const struct ll_soup_server_handler handler = {world, on_login, on_order, on_server_closed};
    struct ll_soup_server_config config;
    ll_soup_server_config_default(&config);
    memcpy(config.username, "USER", 5);
    memcpy(config.password, "SECRET", 7);
    memcpy(config.session, "DAY1", 5);
    config.second_login_kicks = true; /* the server may learn of a break later than the client */
    config.message_count_max = MESSAGES_MAX;
    config.store_bytes = 4u << 20;
    config.output_bytes = 400;
    config.input_bytes = 100;
    world->server_memory = malloc(ll_soup_server_footprint_bytes(&config));
    ck_assert_ptr_nonnull(world->server_memory);
    world->server = ll_soup_server_init(world->server_memory, &config, &handler);
    ck_assert_ptr_nonnull(world->server);
}

static void make_client(struct world *world, const struct ll_byte_door *door)
{
    const struct ll_soup_client_handler handler = {world, on_open, on_message, on_closed, on_end_of_session};
    struct ll_soup_client_config config;
    ll_soup_client_config_default(&config);
    memcpy(config.username, "user", 5);
    memcpy(config.password, "secret", 7);
    config.input_bytes = 400;
    config.output_bytes = 100;
    config.poll_bytes_max = 300;
    config.backoff_first_ns = 2 * MS;
    config.backoff_max_ns = 50 * MS;
    world->client_memory = malloc(ll_soup_client_footprint_bytes(&config));
    ck_assert_ptr_nonnull(world->client_memory);
    world->client = ll_soup_client_init(world->client_memory, &config, door, &handler);
    ck_assert_ptr_nonnull(world->client);
    ck_assert_int_eq(ll_soup_client_restart(world->client, "", 1, world->now_ns), LL_OK);
    world->next = 1;
}

static void free_both(struct world *world)
{
    ll_soup_client_deinit(world->client);
    ll_soup_server_deinit(world->server);
    free(world->client_memory);
    free(world->server_memory);
}

static void publish_some(struct world *world)
{
    uint8_t message[300];
    uint32_t count = ll_prng_below(&world->prng, 4);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t message_bytes = ll_prng_below(&world->prng, sizeof message);
        memset(message, (int)ll_prng_below(&world->prng, 256), message_bytes);
        ck_assert_int_eq(ll_soup_server_publish(world->server, message, message_bytes), LL_OK);
    }
}

static void send_some(struct world *world)
{
    int status = ll_soup_client_send(world->client, (const uint8_t *)"ping", 4);
    if (status == LL_OK)
        world->sent++;
    else
        ck_assert(status == LL_ERR_FULL || status == LL_ERR_STOPPED);
}

/* Nothing breaks any more: everything must arrive. */
static void expect_all(struct world *world, uint32_t steps)
{
    uint64_t all = ll_soup_server_next_sequence(world->server);
    ck_assert_msg(world->next == all, "%llu of %llu messages after %u steps, client %s",
                  (unsigned long long)world->next - 1, (unsigned long long)all - 1, steps,
                  ll_soup_client_state_text(ll_soup_client_state(world->client)));
    ck_assert_int_eq(ll_soup_client_state(world->client), LL_SOUP_CLIENT_ENDED);
    ck_assert_uint_eq(world->ends, 1);
    ck_assert_uint_le(world->received, world->sent);
    ck_assert_uint_eq(ll_soup_client_counters(world->client)->messages, all - 1);
}

/* --- The tests ------------------------------------------------------------------------------------------ */

static void one_round(uint64_t seed, uint64_t *breaks)
{
    struct world *world = calloc(1, sizeof *world);
    uint32_t steps = 0;
    ck_assert_ptr_nonnull(world);
    ll_prng_init(&world->prng, seed);
    uint32_t cut_per_mille = ll_prng_below(&world->prng, 40);
    world->now_ns = MS;
    world->client_side = (struct side){world, &world->down, &world->up, 0};
    const struct ll_byte_door door = {&world->client_side, side_connect, side_send, side_receive, side_close};
    make_server(world);
    make_client(world, &door);
    for (uint32_t i = 0; i < STEPS; i++) {
        world->now_ns += ll_prng_below(&world->prng, 3) * MS;
        if (ll_prng_chance(&world->prng, 2))
            world->now_ns += ll_prng_below(&world->prng, 20000) * MS;
        if (ll_prng_chance(&world->prng, 300))
            publish_some(world);
        if (ll_prng_chance(&world->prng, 100))
            send_some(world);
        if (world->generation != 0 && ll_prng_chance(&world->prng, cut_per_mille)) {
            break_pipe(world);
            (*breaks)++;
        }
        if (ll_prng_chance(&world->prng, 800))
            ll_soup_client_poll(world->client, world->now_ns);
        if (ll_prng_chance(&world->prng, 800))
            ll_soup_server_poll(world->server, world->now_ns);
    }
    /* The session ends only when the client has all: with Z on its way a break would leave it outside. */
    for (; steps < STEPS_MAX && world->next < ll_soup_server_next_sequence(world->server); steps++) {
        world->now_ns += MS;
        ll_soup_client_poll(world->client, world->now_ns);
        ll_soup_server_poll(world->server, world->now_ns);
    }
    for (uint32_t i = 0; i < 1000 && !(world->is_open && world->generation != 0); i++) {
        world->now_ns += MS;
        ll_soup_client_poll(world->client, world->now_ns);
        ll_soup_server_poll(world->server, world->now_ns);
    }
    ll_soup_server_end(world->server);
    for (uint32_t i = 0; i < 1000 && world->ends == 0; i++) {
        world->now_ns += MS;
        ll_soup_client_poll(world->client, world->now_ns);
        ll_soup_server_poll(world->server, world->now_ns);
    }
    expect_all(world, steps);
    free_both(world);
    free(world);
}

START_TEST(random_breaks)
{
    struct ll_prng prng;
    uint64_t breaks = 0;
    ll_prng_init(&prng, ll_test_seed("soup_session"));
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t seed = ll_prng_next(&prng);
        printf("round %u: seed %llu\n", i, (unsigned long long)seed);
        (void)fflush(stdout);
        one_round(seed, &breaks);
    }
    ck_assert_uint_gt(breaks, ROUNDS);
}
END_TEST

/* Loopback, with the server dropping connections after random numbers of bytes. */
START_TEST(over_tcp)
{
    const struct ll_ipv4 any = {LOOPBACK, 0};
    const struct timespec rest = {0, 20000};
    struct world *world = calloc(1, sizeof *world);
    struct ll_tcp_listener listener;
    struct ll_tcp tcp, accepted[4];
    uint32_t turn = 0;
    uint32_t steps = 0;
    uint32_t published_steps = 300;
    ck_assert_ptr_nonnull(world);
    ll_prng_init(&world->prng, ll_test_seed("soup_session over tcp"));
    ck_assert_int_eq(ll_tcp_listen(&listener, &any, NULL), LL_OK);
    ll_tcp_init(&tcp, &listener.local);
    const struct ll_byte_door door = ll_tcp_door(&tcp);
    world->now_ns = ll_clock_mono_ns();
    make_server(world);
    make_client(world, &door);
    bool ending = false;
    for (; steps < STEPS_MAX && world->ends == 0; steps++) {
        struct ll_tcp *place = &accepted[turn % 4u];
        world->now_ns = ll_clock_mono_ns();
        if (steps < published_steps) {
            publish_some(world);
            send_some(world);
        }
        if (ll_tcp_accept(&listener, place, NULL) == LL_OK) {
            const struct ll_byte_door server_door = ll_tcp_door(place);
            if (ll_soup_server_accept(world->server, &server_door, world->now_ns) == LL_OK)
                turn++;
            else
                ll_tcp_close(place);
            const struct ll_soup_server_faults faults = {
                .drop = turn < 20, .drop_after_bytes = 20 + ll_prng_below(&world->prng, 4000)};
            ll_soup_server_set_faults(world->server, &faults);
        }
        ll_soup_server_poll(world->server, world->now_ns);
        ll_soup_client_poll(world->client, world->now_ns);
        if (!ending && steps >= published_steps && world->is_open && turn >= 20 &&
            world->next == ll_soup_server_next_sequence(world->server)) {
            ll_soup_server_end(world->server);
            ending = true;
        }
        if (steps < published_steps && turn < 20)
            published_steps++;
        if (ll_soup_server_next_sequence(world->server) > MESSAGES_MAX / 2)
            published_steps = 0;
        (void)nanosleep(&rest, NULL);
    }
    expect_all(world, steps);
    ck_assert_uint_gt(world->received, 0);
    ck_assert_uint_gt(world->opens, 2);
    free_both(world);
    ll_tcp_listener_close(&listener);
    free(world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("soup_session");
    TCase *tcase = tcase_create("both sides");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, random_breaks);
    tcase_add_test(tcase, over_tcp);
    suite_add_tcase(suite, tcase);
    return ll_test_run(suite);
}
