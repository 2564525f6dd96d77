/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the simulated network of an order session loses, holds back and cuts, and never invents, doubles or reorders a
 * byte. Method: known edges one by one; then random connects, sends, receives, closes, deaths and absences of the venue
 * under every fault, against the simplest model: of each connection and direction the bytes that were taken, and how
 * many of them were read; the bytes read are those taken, from the first on. When the faults are over, a connection
 * that holds delivers all. LL_SEED=n runs from that seed on.
 */
#include "host/base/ll_prng.h"
#include "tests/sim/ll_sim_tcp.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS       60u
#define STEPS       1500u
#define CALM_STEPS  3000u
#define ENDS        2u
#define CONNECTIONS 512u
#define PIECE       400u
#define STEP_NS     UINT64_C(400000)
#define SECOND_NS   UINT64_C(1000000000)

/* --- edges -------------------------------------------------------------------------------------------------- */

struct pair {
    struct ll_sim_faults faults;
    struct ll_sim_tcp *tcp;
    const struct ll_byte_door *client;
    struct ll_byte_door venue;
    uint64_t now_ns;
};

static void pass(struct pair *pair, uint64_t ns)
{
    pair->now_ns += ns;
    ll_sim_tcp_poll(pair->tcp, pair->now_ns);
}

/* No faults, listening. */
static void open_pair(struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    ll_sim_faults_init(&pair->faults, 1);
    memset(pair->faults.per_million, 0, sizeof pair->faults.per_million);
    pair->tcp = ll_sim_tcp_new(&pair->faults);
    pair->client = ll_sim_tcp_client_door(pair->tcp);
    pass(pair, SECOND_NS);
    ll_sim_tcp_listen(pair->tcp, true);
}

static void connect_pair(struct pair *pair)
{
    struct ll_why why = {0};
    ck_assert(!ll_sim_tcp_is_connected(pair->tcp));
    ck_assert_int_eq(pair->client->connect(pair->client->context, &why), LL_ERR_BUSY);
    ck_assert(!ll_sim_tcp_accept(pair->tcp, &pair->venue));
    pass(pair, SECOND_NS);
    ck_assert_int_eq(pair->client->connect(pair->client->context, &why), LL_OK);
    ck_assert(ll_sim_tcp_is_connected(pair->tcp));
    ck_assert(ll_sim_tcp_accept(pair->tcp, &pair->venue));
    ck_assert(pair->venue.connect == NULL);
}

static void say(const struct ll_byte_door *door, const char *text)
{
    ck_assert_int_eq(door->send(door->context, (const uint8_t *)text, (uint32_t)strlen(text)),
                     (int)strlen(text));
}

static void hear(const struct ll_byte_door *door, const char *text)
{
    char got[64] = {0};
    ck_assert_int_eq(door->receive(door->context, (uint8_t *)got, sizeof got - 1), (int)strlen(text));
    ck_assert_str_eq(got, text);
}

static int hear_status(const struct ll_byte_door *door)
{
    uint8_t byte;
    return door->receive(door->context, &byte, 1);
}

START_TEST(bytes_take_their_time_and_arrive)
{
    struct pair pair;
    open_pair(&pair);
    connect_pair(&pair);
    say(pair.client, "order");
    ck_assert(!ll_sim_tcp_is_quiet(pair.tcp));
    ck_assert_int_eq(hear_status(&pair.venue), 0);
    pass(&pair, SECOND_NS);
    hear(&pair.venue, "order");
    say(&pair.venue, "accepted");
    ck_assert_int_eq(hear_status(pair.client), 0);
    pass(&pair, SECOND_NS);
    hear(pair.client, "accepted");
    ck_assert(ll_sim_tcp_is_quiet(pair.tcp));
    pair.client->close(pair.client->context);
    pair.client->close(pair.client->context); /* of a door that is closed already */
    pair.venue.close(pair.venue.context);
    ll_sim_tcp_free(pair.tcp);
}
END_TEST

START_TEST(who_closes_is_heard_behind_what_he_said)
{
    struct pair pair;
    open_pair(&pair);
    connect_pair(&pair);
    say(pair.client, "last");
    pair.client->close(pair.client->context);
    ck_assert(!ll_sim_tcp_is_connected(pair.tcp));
    pass(&pair, SECOND_NS);
    hear(&pair.venue, "last");
    ck_assert_int_eq(hear_status(&pair.venue), LL_ERR_STOPPED);
    pair.venue.close(pair.venue.context);
    connect_pair(&pair);
    say(&pair.venue, "last");
    pair.venue.close(pair.venue.context);
    say(pair.client, "unheard"); /* nobody has told it yet */
    pass(&pair, SECOND_NS);
    hear(pair.client, "last");
    ck_assert_int_eq(hear_status(pair.client), LL_ERR_STOPPED);
    pair.client->close(pair.client->context);
    ll_sim_tcp_free(pair.tcp);
}
END_TEST

START_TEST(a_dead_machine_leaves_what_is_under_way_and_a_break)
{
    struct pair pair;
    open_pair(&pair);
    connect_pair(&pair);
    struct ll_byte_door old = pair.venue;
    say(pair.client, "order");
    ll_sim_tcp_client_died(pair.tcp);
    ll_sim_tcp_client_died(pair.tcp); /* nobody is there to die again */
    connect_pair(&pair);              /* and it is back before the venue knows */
    pass(&pair, SECOND_NS);
    hear(&old, "order");
    ck_assert_int_eq(hear_status(&old), LL_ERR_IO);
    ck_assert_int_eq(old.send(old.context, (const uint8_t *)"x", 1), LL_ERR_IO);
    say(pair.client, "new");
    pass(&pair, SECOND_NS);
    hear(&pair.venue, "new");
    old.close(old.context);
    ck_assert(ll_sim_tcp_is_connected(pair.tcp));
    ll_sim_tcp_free(pair.tcp);
}
END_TEST

START_TEST(a_venue_that_is_away_refuses_and_breaks)
{
    struct pair pair;
    struct ll_why why = {0};
    open_pair(&pair);
    connect_pair(&pair);
    say(pair.client, "unheard");
    pass(&pair, SECOND_NS);
    ll_sim_tcp_listen(pair.tcp, false);
    ck_assert_int_eq(hear_status(&pair.venue), LL_ERR_IO);
    pair.venue.close(pair.venue.context);
    pass(&pair, SECOND_NS);
    ck_assert_int_eq(hear_status(pair.client), LL_ERR_IO);
    pair.client->close(pair.client->context);
    ck_assert_int_eq(pair.client->connect(pair.client->context, &why), LL_ERR_BUSY);
    pass(&pair, SECOND_NS);
    ck_assert_int_eq(pair.client->connect(pair.client->context, &why), LL_ERR_IO);
    ck_assert_int_eq(why.code, LL_ERR_IO);
    ll_sim_tcp_listen(pair.tcp, true);
    connect_pair(&pair);
    ll_sim_tcp_free(pair.tcp);
}
END_TEST

START_TEST(a_full_network_takes_no_more)
{
    static uint8_t bytes[LL_SIM_TCP_BYTES];
    struct pair pair;
    open_pair(&pair);
    connect_pair(&pair);
    ck_assert_int_eq(pair.client->send(pair.client->context, bytes, LL_SIM_TCP_BYTES - 1),
                     LL_SIM_TCP_BYTES - 1);
    ck_assert_int_eq(pair.client->send(pair.client->context, bytes, 2), 1);
    ck_assert_int_eq(pair.client->send(pair.client->context, bytes, 2), 0);
    pass(&pair, SECOND_NS);
    ck_assert_int_gt(pair.venue.receive(pair.venue.context, bytes, 5), 0);
    ck_assert(!ll_sim_tcp_is_quiet(pair.tcp));
    ck_assert_int_eq(pair.client->send(pair.client->context, bytes, 2), 2);
    ll_sim_tcp_free(pair.tcp);
}
END_TEST

START_TEST(connections_that_nobody_closes_use_up_the_venue)
{
    struct pair pair;
    struct ll_why why = {0};
    uint32_t count = 0;
    int status = LL_OK;
    open_pair(&pair);
    while (status == LL_OK && count < 100) {
        ck_assert_int_eq(pair.client->connect(pair.client->context, &why), LL_ERR_BUSY);
        pass(&pair, SECOND_NS);
        status = pair.client->connect(pair.client->context, &why);
        pair.client->close(pair.client->context);
        count++;
    }
    ck_assert_int_eq(status, LL_ERR_IO);
    ck_assert(ll_sim_tcp_accept(pair.tcp, &pair.venue));
    pair.venue.close(pair.venue.context);
    while (ll_sim_tcp_accept(pair.tcp, &pair.venue))
        continue;
    connect_pair(&pair);
    ll_sim_tcp_free(pair.tcp);
}
END_TEST

/* --- the model ---------------------------------------------------------------------------------------------- */

struct way { /* one direction of one connection */
    uint64_t taken;
    uint64_t read;
};

struct connection {
    struct way to[ENDS]; /* 0 = to the client */
    bool is_clean;       /* nobody closed, died or broke */
};

struct run {
    uint64_t seed;
    struct pair pair;
    struct ll_prng prng;
    struct connection connections[CONNECTIONS];
    uint32_t made;
    bool is_client_in;
    bool is_new; /* the latest one has not been accepted */
    uint32_t venue_count;
    uint32_t venue_of[CONNECTIONS]; /* connections that the venue holds, in the order of their coming */
    struct ll_byte_door venue[CONNECTIONS];
    uint64_t hash;
};

#define CHECK(run, condition)                                              \
    do {                                                                   \
        if (!(condition))                                                  \
            ck_abort_msg("%s; LL_SEED=%" PRIu64, #condition, (run)->seed); \
    } while (0)

static void remember(struct run *run, uint64_t word)
{
    run->hash = (run->hash ^ word) * UINT64_C(0x100000001b3) + (run->hash >> 47);
}

/* Byte n of a way is this, whatever happens. */
static uint8_t byte_at(uint32_t connection, uint32_t end, uint64_t at)
{
    struct ll_prng prng;
    ll_prng_init(&prng, (uint64_t)connection << 32 | at << 1 | end);
    return (uint8_t)ll_prng_next(&prng);
}

static void model_send(struct run *run, const struct ll_byte_door *door, uint32_t connection, uint32_t end)
{
    uint8_t bytes[PIECE];
    struct way *way = &run->connections[connection].to[1 - end];
    uint32_t count = 1 + ll_prng_below(&run->prng, PIECE);
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = byte_at(connection, 1 - end, way->taken + i);
    int taken = door->send(door->context, bytes, count);
    remember(run, (uint64_t)(int64_t)taken);
    CHECK(run, taken <= (int)count);
    if (taken < 0)
        run->connections[connection].is_clean = false;
    else
        way->taken += (uint32_t)taken;
}

/* False = the connection is over. */
static bool model_receive(struct run *run, const struct ll_byte_door *door, uint32_t connection, uint32_t end)
{
    uint8_t bytes[PIECE];
    struct way *way = &run->connections[connection].to[end];
    int got = door->receive(door->context, bytes, 1 + ll_prng_below(&run->prng, PIECE));
    remember(run, (uint64_t)(int64_t)got);
    if (got < 0) {
        CHECK(run, got == LL_ERR_IO || got == LL_ERR_STOPPED);
        run->connections[connection].is_clean = false;
        return false;
    }
    CHECK(run, way->read + (uint32_t)got <= way->taken);
    for (uint32_t i = 0; i < (uint32_t)got; i++)
        CHECK(run, bytes[i] == byte_at(connection, end, way->read + i));
    way->read += (uint32_t)got;
    return true;
}

static void client_leaves(struct run *run, bool is_dead)
{
    if (is_dead)
        ll_sim_tcp_client_died(run->pair.tcp);
    else
        run->pair.client->close(run->pair.client->context);
    if (run->is_client_in)
        run->connections[run->made - 1].is_clean = false;
    run->is_client_in = false;
}

static void client_turn(struct run *run, bool is_calm)
{
    const struct ll_byte_door *door = run->pair.client;
    struct ll_why why = {0};
    uint32_t what = ll_prng_below(&run->prng, 100);
    if (!run->is_client_in) {
        int status = run->made < CONNECTIONS ? door->connect(door->context, &why) : LL_ERR_BUSY;
        if (status == LL_OK) {
            run->is_client_in = true;
            run->is_new = true;
            run->connections[run->made++].is_clean = true;
        } else if (status != LL_ERR_BUSY) {
            door->close(door->context);
        }
    } else if (what < 40) {
        model_send(run, door, run->made - 1, 0);
    } else if (what < 98 || is_calm) {
        if (!model_receive(run, door, run->made - 1, 0))
            client_leaves(run, false);
    } else {
        client_leaves(run, what == 99);
    }
}

static void venue_closes(struct run *run, uint32_t at)
{
    run->venue[at].close(run->venue[at].context);
    run->connections[run->venue_of[at]].is_clean = false;
    run->venue_count--;
    for (; at < run->venue_count; at++) {
        run->venue[at] = run->venue[at + 1];
        run->venue_of[at] = run->venue_of[at + 1];
    }
}

static void venue_turn(struct run *run, bool is_calm)
{
    while (ll_sim_tcp_accept(run->pair.tcp, &run->venue[run->venue_count])) {
        CHECK(run, run->is_new); /* it is the one that was made last: each turn takes all there are */
        run->is_new = false;
        run->venue_of[run->venue_count++] = run->made - 1;
    }
    for (uint32_t at = run->venue_count; at > 0; at--) {
        uint32_t what = ll_prng_below(&run->prng, 100);
        if (what < 40)
            model_send(run, &run->venue[at - 1], run->venue_of[at - 1], 1);
        else if (what < 99 || is_calm) {
            if (!model_receive(run, &run->venue[at - 1], run->venue_of[at - 1], 1))
                venue_closes(run, at - 1);
        } else {
            venue_closes(run, at - 1);
        }
    }
}

static void go_away(struct run *run)
{
    ll_sim_tcp_listen(run->pair.tcp, false);
    run->is_new = false;
    for (uint32_t i = 0; i < run->made; i++)
        run->connections[i].is_clean = false;
    while (run->venue_count > 0) {
        CHECK(run, !model_receive(run, &run->venue[0], run->venue_of[0], 1));
        venue_closes(run, 0);
    }
    pass(&run->pair, SECOND_NS);
    ll_sim_tcp_listen(run->pair.tcp, true);
}

static bool is_connected(const struct run *run)
{
    return ll_sim_tcp_is_connected(run->pair.tcp) && run->venue_count == 1 &&
           run->venue_of[0] == run->made - 1;
}

/* Each end sends once more, now that all is taken, and no more: what holds delivers all. */
static void heal(struct run *run)
{
    ll_sim_faults_calm(&run->pair.faults);
    for (uint32_t i = 0; i < CALM_STEPS && !is_connected(run); i++) {
        pass(&run->pair, STEP_NS);
        client_turn(run, true);
        venue_turn(run, true);
    }
    CHECK(run, is_connected(run));
    uint32_t last = run->made - 1;
    model_send(run, run->pair.client, last, 0);
    model_send(run, &run->venue[0], last, 1);
    for (uint32_t i = 0; i < CALM_STEPS && !ll_sim_tcp_is_quiet(run->pair.tcp); i++) {
        pass(&run->pair, STEP_NS);
        CHECK(run, model_receive(run, run->pair.client, last, 0));
        CHECK(run, model_receive(run, &run->venue[0], last, 1));
    }
    CHECK(run, ll_sim_tcp_is_quiet(run->pair.tcp) && run->connections[last].is_clean);
    for (uint32_t end = 0; end < ENDS; end++)
        CHECK(run, run->connections[last].to[end].read == run->connections[last].to[end].taken);
}

static void make_run(struct run *run, uint64_t seed, uint64_t struck[LL_SIM_FAULT_COUNT])
{
    memset(run, 0, sizeof *run);
    run->seed = seed;
    ll_prng_init(&run->prng, seed);
    ll_sim_faults_init(&run->pair.faults, seed);
    run->pair.tcp = ll_sim_tcp_new(&run->pair.faults);
    run->pair.client = ll_sim_tcp_client_door(run->pair.tcp);
    ll_sim_tcp_listen(run->pair.tcp, true);
    for (uint32_t step = 0; step < STEPS; step++) {
        bool is_long = ll_prng_chance(&run->prng, 10);
        pass(&run->pair, is_long ? SECOND_NS : 1 + ll_prng_next(&run->prng) % STEP_NS);
        client_turn(run, false);
        venue_turn(run, false);
        if (ll_prng_chance(&run->prng, 2))
            go_away(run);
    }
    heal(run);
    for (uint32_t i = 0; i < LL_SIM_FAULT_COUNT; i++)
        struck[i] += run->pair.faults.struck[i];
    ll_sim_tcp_free(run->pair.tcp);
}

START_TEST(nothing_is_invented_and_what_holds_delivers)
{
    static const enum ll_sim_fault expected[] = {LL_SIM_TCP_CUT, LL_SIM_TCP_CUT_INSIDE, LL_SIM_TCP_STALL,
                                                 LL_SIM_TCP_TRICKLE, LL_SIM_TCP_REFUSED};
    uint64_t seed = ll_test_seed("simulated connections");
    uint64_t struck[LL_SIM_FAULT_COUNT] = {0};
    struct run *run = calloc(1, sizeof *run);
    ck_assert_ptr_nonnull(run);
    for (uint32_t i = 0; i < SEEDS; i++) {
        make_run(run, seed + i, struck);
        uint64_t hash = run->hash;
        if (i % 8 != 0)
            continue;
        make_run(run, seed + i, struck);
        ck_assert_uint_eq(run->hash, hash);
    }
    for (uint32_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_msg(struck[expected[i]] > 0, "%s never struck", ll_sim_fault_name(expected[i]));
    free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim_tcp");
    TCase *edges = tcase_create("edges");
    TCase *model = tcase_create("model");
    tcase_add_test(edges, bytes_take_their_time_and_arrive);
    tcase_add_test(edges, who_closes_is_heard_behind_what_he_said);
    tcase_add_test(edges, a_dead_machine_leaves_what_is_under_way_and_a_break);
    tcase_add_test(edges, a_venue_that_is_away_refuses_and_breaks);
    tcase_add_test(edges, a_full_network_takes_no_more);
    tcase_add_test(edges, connections_that_nobody_closes_use_up_the_venue);
    tcase_add_test(model, nothing_is_invented_and_what_holds_delivers);
    tcase_set_timeout(model, 60);
    suite_add_tcase(suite, edges);
    suite_add_tcase(suite, model);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
