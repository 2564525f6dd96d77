/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever clients ask and a venue does, with connections that break and a gateway that dies at any instant: no
 * order is forgotten and none is sent twice, all that is filled is booked once, and when the faults stop nothing stays
 * unanswered.
 * Method: random commands against a small venue by chance (tests/model/ll_oms_venue.h); the engine's checks after every
 * event; at random points the journal, cut anywhere behind what was durable, is replayed into a fresh engine, which
 * goes on; a copy of the memories goes on as well. At the end the venue's own record is compared with the engine's. The
 * venue aborts when a number comes twice with other bytes.
 */
#include "tests/model/ll_oms_venue.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sanitizer takes long, and looks at memory: it sees in a part of the days what it would see in all. */
#ifdef __SANITIZE_ADDRESS__
enum { SEEDS = 70 };
#else
enum { SEEDS = 200 };
#endif
enum { STEPS = 400, NAMES = 64, MARKS = 8192 };

/* A gateway and a venue, and the wire between them. */
struct world {
    struct ll_prng prng;
    struct ll_oms_rig *rig;
    struct ll_oms_rig rigs[2];
    struct ll_oms_venue venue;
    uint8_t session;
    bool is_connected;
    bool is_caught_up;
    uint32_t sent_at;    /* of rig->sends: next to go onto the wire */
    uint32_t arrived_at; /* next to reach the venue */
    uint32_t delivered;  /* of what the venue said */
    uint32_t durable;    /* records */
    uint32_t placed;
    uint64_t hashes[MARKS]; /* by records in the journal; 0 = not known */
};

static struct world world;

static uint32_t below(uint32_t bound)
{
    return ll_prng_below(&world.prng, bound);
}

static bool chance(uint32_t per_mille)
{
    return ll_prng_chance(&world.prng, per_mille);
}

/* --- The wire --------------------------------------------------------------------------------------------- */

/* What is durable leaves, if it was meant for this connection. */
static void let_out(void)
{
    struct ll_oms_rig *rig = world.rig;
    uint64_t durable_event_id = world.durable == 0 ? 0 : rig->journal[world.durable - 1].event_id;
    while (world.sent_at < rig->send_count && rig->sends[world.sent_at].event_id <= durable_event_id) {
        if (!world.is_connected ||
            rig->sends[world.sent_at].connection != ll_oms_connection(rig->oms, world.session))
            rig->sends[world.sent_at].bytes_count = 0; /* falls under the table */
        world.sent_at++;
    }
}

static void arrive(uint32_t count)
{
    for (; count != 0 && world.arrived_at < world.sent_at; count--) {
        const struct ll_oms_send *send = &world.rig->sends[world.arrived_at++];
        if (send->bytes_count != 0 && send->session == world.session)
            ll_oms_venue_take(&world.venue, send);
    }
}

/* Some of them are matched together. */
static void deliver(uint32_t count)
{
    while (count-- != 0 && world.is_connected && world.delivered < world.venue.said_count) {
        ll_oms_rig_hold(world.rig, world.session, &world.venue.said[world.delivered++]);
        if (chance(400))
            ll_oms_rig_pump(world.rig);
    }
    ll_oms_rig_pump(world.rig);
}

/* A heartbeat: the venue has nothing more to say. */
static void idle(void)
{
    if (!world.is_connected || world.is_caught_up || world.delivered != world.venue.said_count)
        return;
    world.is_caught_up = true;
    ll_oms_rig_link(world.rig, world.session, LL_LINK_CAUGHT_UP, NULL, 0);
}

static void cut_connection(void)
{
    if (!world.is_connected)
        return;
    let_out();
    arrive(below(4));
    world.arrived_at = world.sent_at; /* the rest is lost */
    world.is_connected = false;
    ll_oms_rig_link(world.rig, world.session, LL_LINK_CLOSED, NULL, 0);
}

static void connect(void)
{
    char name[10];
    if (world.is_connected)
        return;
    uint64_t next = ll_oms_next_sequence(world.rig->oms, world.session, name);
    ck_assert_uint_le(next, world.venue.said_count + 1);
    world.delivered = (uint32_t)next - 1;
    world.is_connected = true;
    world.is_caught_up = false;
    ll_oms_rig_link(world.rig, world.session, LL_LINK_OPENED, "DAY1", next);
}

/* --- Replay ----------------------------------------------------------------------------------------------- */

static void mark(void)
{
    if (world.rig->record_count < MARKS)
        world.hashes[world.rig->record_count] = ll_oms_rig_hash(world.rig);
}

static struct ll_oms_rig *other_rig(void)
{
    return world.rig == &world.rigs[0] ? &world.rigs[1] : &world.rigs[0];
}

/* A fresh engine with the first `count` records. The messages whose records are missing get them, as they were. */
static struct ll_oms_rig *replayed(uint32_t count)
{
    struct ll_oms_rig *fresh = other_rig();
    struct ll_why why = {0};
    ll_oms_rig_make(fresh, &world.rig->config);
    ck_assert_msg(ll_oms_rig_replay(fresh, world.rig, count, &why) == LL_OK, "%s", why.text);
    ll_oms_rig_replay_end(fresh);
    ck_assert_uint_le(fresh->record_count, world.rig->record_count);
    for (uint32_t i = count; i < fresh->record_count; i++)
        ck_assert_int_eq(memcmp(&fresh->journal[i], &world.rig->journal[i], sizeof fresh->journal[i]), 0);
    if (fresh->record_count < MARKS && world.hashes[fresh->record_count] != 0)
        ck_assert_uint_eq(ll_oms_rig_hash(fresh), world.hashes[fresh->record_count]);
    fresh->now_ns = world.rig->now_ns;
    fresh->request = world.rig->request;
    return fresh;
}

static void check_replay(void)
{
    mark();
    ll_oms_rig_free(replayed(world.rig->record_count));
    ll_oms_rig_free(replayed(below(world.rig->record_count + 1)));
}

/* The gateway dies; what was not durable may be gone, but nothing of it has left. */
static void crash(void)
{
    let_out();
    arrive(below(4));
    uint32_t keep = world.durable + below(world.rig->record_count - world.durable + 1);
    struct ll_oms_rig *fresh = replayed(keep);
    memset(&world.hashes[fresh->record_count], 0, (MARKS - fresh->record_count) * sizeof world.hashes[0]);
    ll_oms_rig_free(world.rig);
    world.rig = fresh;
    world.durable = fresh->record_count;
    world.sent_at = fresh->send_count;
    world.arrived_at = fresh->send_count;
    world.is_connected = false;
    ll_oms_rig_configure(fresh, world.session, world.session == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42);
    ll_oms_rig_link(fresh, world.session, LL_LINK_CLOSED, NULL, 0);
}

/* The state goes on elsewhere, as from a snapshot. */
static void move(void)
{
    struct ll_oms_rig *from = world.rig;
    struct ll_oms_rig *fresh = other_rig();
    let_out();
    ll_oms_rig_make(fresh, &from->config);
    ll_oms_rig_copy(fresh, from);
    ck_assert_uint_eq(ll_oms_rig_hash(fresh), ll_oms_rig_hash(from));
    ll_oms_rig_check(fresh);
    fresh->journal = from->journal;
    fresh->record_count = from->record_count;
    fresh->record_max = from->record_max;
    fresh->sends = from->sends;
    fresh->send_count = from->send_count;
    fresh->send_max = from->send_max;
    fresh->request = from->request;
    from->journal = NULL;
    from->sends = NULL;
    ll_oms_rig_free(from);
    world.rig = fresh;
}

/* --- Clients ---------------------------------------------------------------------------------------------- */

static const char *const symbols[] = {"SYM0", "SYM1"};

static const char *some_name(char text[32])
{
    (void)snprintf(text, 32, "P%u", below(world.placed + 1));
    return text;
}

static void place(void)
{
    char id[32];
    char key[32];
    bool buys = chance(500);
    uint32_t away = 200 + 100 * below(5);
    (void)snprintf(id, sizeof id, "P%u", world.placed);
    (void)snprintf(key, sizeof key, "K%u", below(world.placed + 4));
    const struct ll_client_event *answer = ll_oms_rig_do(
        world.rig, &(struct ll_rig_command){.kind = LL_COMMAND_PLACE,
                                            .session = world.session,
                                            .symbol = symbols[below(2)],
                                            .account = chance(100) ? "POOR" : "ACC",
                                            .id = id,
                                            .key = chance(300) ? key : NULL,
                                            .side = buys          ? LL_ORDER_BUY
                                                    : chance(200) ? LL_ORDER_SELL_SHORT
                                                                  : LL_ORDER_SELL,
                                            .flags = chance(100) ? LL_COMMAND_EXIT : 0,
                                            .quantity = 1 + below(200),
                                            .price = buys ? LL_RIG_MID - away : LL_RIG_MID + away});
    if (answer->kind == LL_CLIENT_ACCEPTED)
        world.placed++;
}

static void act(void)
{
    static const uint8_t kinds[] = {LL_COMMAND_CANCEL,         LL_COMMAND_CANCEL,
                                    LL_COMMAND_REPLACE,        LL_COMMAND_REPLACE,
                                    LL_COMMAND_CLOSE,          LL_COMMAND_STOPLOSS_ADD,
                                    LL_COMMAND_STOPLOSS_ADD,   LL_COMMAND_STOPLOSS_CANCEL,
                                    LL_COMMAND_TAKEPROFIT_ADD, LL_COMMAND_TAKEPROFIT_CANCEL,
                                    LL_COMMAND_ID_ADD,         LL_COMMAND_ID_STATUS,
                                    LL_COMMAND_RESOLVE,        LL_COMMAND_STATUS};
    char target[32];
    char id[32];
    (void)snprintf(id, sizeof id, "I%u", below(200));
    struct ll_rig_command command = {.kind = kinds[below(sizeof kinds)],
                                     .target = some_name(target),
                                     .quantity = chance(600) ? 0 : 1 + below(250),
                                     .price = LL_RIG_MID + 1000 - 100 * below(20),
                                     .stop_price = LL_RIG_MID + 1000 - 100 * below(20),
                                     .take_price = LL_RIG_MID + 1000 - 100 * below(20),
                                     .id_type = (uint8_t)below(LL_ID_TYPE_COUNT),
                                     .id_status = (uint8_t)below(LL_ID_STATUS_COUNT)};
    if (chance(300) || command.kind >= LL_COMMAND_ID_ADD)
        command.id = id;
    if (command.kind == LL_COMMAND_CLOSE && chance(500))
        command.price = 0;
    (void)ll_oms_rig_do(world.rig, &command);
}

static void latch(void)
{
    const struct ll_rig_command command = {.kind = chance(700) ? LL_COMMAND_KILL : LL_COMMAND_UNKILL,
                                           .scope = (uint8_t)below(4),
                                           .symbol = symbols[below(2)],
                                           .account = chance(500) ? "POOR" : "ACC"};
    (void)ll_oms_rig_do(world.rig, &command);
}

static void unlatch(void)
{
    for (uint8_t scope = 0; scope < 4; scope++)
        for (uint32_t i = 0; i < 2; i++)
            (void)ll_oms_rig_do(world.rig, &(struct ll_rig_command){.kind = LL_COMMAND_UNKILL,
                                                                    .scope = scope,
                                                                    .symbol = symbols[i],
                                                                    .account = i == 0 ? "POOR" : "ACC"});
}

static void quote(void)
{
    uint64_t bid = LL_RIG_MID - 1000 + 100 * below(20);
    ll_oms_rig_quote(world.rig, below(2), chance(950) ? bid : 0, bid + 200);
}

/* --- One seed --------------------------------------------------------------------------------------------- */

static void step(void)
{
    uint32_t what = below(1000);
    world.rig->now_ns += below(200) * (LL_RIG_S / 1000);
    if (what < 170)
        place();
    else if (what < 340)
        act();
    else if (what < 350)
        latch();
    else if (what < 390)
        quote();
    else if (what < 560)
        arrive(1 + below(3));
    else if (what < 760)
        deliver(1 + below(6));
    else if (what < 830)
        ll_oms_venue_stir(&world.venue);
    else if (what < 838)
        cut_connection();
    else if (what < 900)
        connect();
    else if (what < 960)
        idle();
    else if (what < 966)
        crash();
    else if (what < 972)
        move();
    else if (what < 976)
        world.rig->now_ns += 3 * LL_RIG_S;
    else if (what < 980)
        check_replay();
    else if (what < 990)
        unlatch();
    (void)ll_oms_rig_due(world.rig);
    if (chance(700))
        world.durable = world.rig->record_count;
    if (chance(100))
        mark();
    let_out();
}

static void calm_down(void)
{
    world.venue.is_calm = true;
    unlatch();
    for (uint32_t i = 0; i < 400; i++) {
        connect();
        world.durable = world.rig->record_count;
        let_out();
        arrive(UINT32_MAX);
        deliver(UINT32_MAX);
        idle();
        world.rig->now_ns += LL_RIG_S / 4;
        ll_oms_rig_quote(world.rig, 0, LL_RIG_MID - 100, LL_RIG_MID + 100);
        ll_oms_rig_quote(world.rig, 1, LL_RIG_MID - 100, LL_RIG_MID + 100);
        (void)ll_oms_rig_due(world.rig);
    }
    let_out();
    arrive(UINT32_MAX);
    deliver(UINT32_MAX);
}

/* Every number of an order, against what the venue knows under it. */
static void compare_order(uint32_t number)
{
    struct ll_oms_view order;
    uint32_t entered = 0;
    uint64_t filled = 0;
    uint64_t open = 0;
    ll_oms_order(world.rig->oms, number, &order);
    for (uint32_t id = ll_oms_first_id(world.rig->oms, number); id != LL_LIFE_NONE;
         id = ll_oms_next_id(world.rig->oms, id)) {
        struct ll_oms_id_view view;
        ll_oms_id(world.rig->oms, id, &view);
        if (view.type != LL_ID_PROVIDER_REF)
            continue;
        uint64_t link = strtoull(view.text, NULL, 10);
        const struct ll_venue_order *known = ll_oms_venue_order(&world.venue, link);
        if (known == NULL || known->first_number != link)
            continue;
        entered++;
        filled += known->executed - known->busted;
        open += known->open;
    }
    ck_assert_uint_le(entered, 1);
    ck_assert_uint_eq(order.cumulative, filled);
    ck_assert_uint_eq(order.leaves, open);
    ck_assert(!order.request_outstanding);
    ck_assert_uint_ne(order.state, LL_ORDER_PENDING);
    ck_assert_uint_ne(order.state, LL_ORDER_SUBMITTED);
}

static void run(uint64_t seed)
{
    struct ll_oms_config config;
    memset(&world, 0, sizeof world);
    ll_prng_init(&world.prng, seed * 0x9e3779b97f4a7c15u);
    world.session = (uint8_t)(seed % 3 == 0);
    world.rig = &world.rigs[0];
    ll_oms_rig_config(&config);
    config.orders = 512;
    config.ids = 4096;
    ll_oms_rig_make(world.rig, &config);
    ll_oms_rig_limit(world.rig, LL_SCOPE_FIRM, "", LL_LIMIT_ONE_ACTIVE_EXIT, seed % 2);
    if (seed % 5 == 0) {
        ll_oms_rig_limit(world.rig, LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGES, 8);
        ll_oms_rig_limit(world.rig, LL_SCOPE_FIRM, "", LL_LIMIT_MESSAGE_WINDOW, LL_RIG_S);
    }
    ll_oms_rig_ready(world.rig);
    (void)ll_oms_rig_do(world.rig, &(struct ll_rig_command){.kind = LL_COMMAND_DEPOSIT,
                                                            .account = "POOR",
                                                            .amount = 300 * (int64_t)LL_RIG_MID});
    ll_oms_venue_init(&world.venue, world.session == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42,
                      &world.prng);
    ll_oms_rig_link(world.rig, 0, LL_LINK_CLOSED, NULL, 0);
    ll_oms_rig_configure(world.rig, 1, LL_PROTOCOL_OUCH42);
    if (world.session == 0) /* ready said one thing in the name of the venue */
        world.venue.said[world.venue.said_count++] = (struct ll_rig_message){.type = 'Q', .number = 1};
    world.sent_at = world.rig->send_count;
    world.arrived_at = world.sent_at;
    world.durable = world.rig->record_count;
    connect();
    for (uint32_t i = 0; i < STEPS; i++)
        step();
    calm_down();
    check_replay();
    for (uint32_t order = 0; order < ll_oms_order_count(world.rig->oms); order++)
        compare_order(order);
    uint64_t ended = 0;
    for (uint32_t state = 0; state < LL_ORDER_STATE_COUNT; state++)
        ended += ll_oms_counters(world.rig->oms)->ended[state];
    ck_assert_uint_eq(ended + ll_oms_live_count(world.rig->oms), ll_oms_order_count(world.rig->oms));
    ck_assert_uint_eq(ll_oms_in_flight(world.rig->oms, world.session), 0);
    ck_assert_uint_eq(ll_oms_counters(world.rig->oms)->suspended, 0);
    ck_assert_uint_eq(ll_oms_counters(world.rig->oms)->money_lost, 0);
    ll_oms_rig_free(world.rig);
}

START_TEST(random_days)
{
    uint64_t first = ll_test_seed("random_days") * 1000;
    for (uint64_t seed = first; seed < first + SEEDS / 10; seed++) {
        uint64_t one = seed + (uint64_t)_i * (SEEDS / 10);
        printf("random_days: seed %llu\n", (unsigned long long)one);
        (void)fflush(stdout);
        run(one);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oms_random");
    TCase *days = tcase_create("days");
    tcase_set_timeout(days, 300);
    tcase_add_loop_test(days, random_days, 0, 10);
    suite_add_tcase(suite, days);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
