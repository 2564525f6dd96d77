/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever two clients send, and whatever goes wrong on purpose, nothing is lost between the engine, a port's
 * record and what its client was told: quantities add up, every new number is answered once, a match number means
 * the same trade on both sides; and the same seed gives the same bytes.
 * Method: random messages to a 5.0 and a 4.2 port; the simplest client model follows the reports alone; at the end it
 * is compared with the ports' records, member by member, and with the engine's counters.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_prng.h"
#include "host/exchange/ll_matching.h"
#include "host/exchange/ll_ouch_port.h"
#include "host/wire/ll_command.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_ouch_report.h"

#define STEPS       4000u
#define NUMBERS     (STEPS + 2)
#define MATCHES     65536u
#define STEP_NS     UINT64_C(1000)
#define INSTRUMENTS 2u

enum told { TOLD_NEVER, TOLD_SENT, TOLD_LIVE, TOLD_DEAD, TOLD_REPLACED, TOLD_REJECTED };

struct order { /* as the client knows it */
    enum told told;
    uint32_t quantity;
    uint32_t open;
    uint32_t executed;
    uint32_t cancelled;
    uint32_t passed_on;
    uint32_t broken_count;
    bool is_replace; /* may be ignored, or end as a cancel of the old one */
};

struct match {
    uint32_t quantity;
    uint64_t price;
    uint32_t sides;
    uint32_t broken_sides;
};

struct client {
    struct world *world;
    struct ll_ouch_port *port;
    uint8_t protocol;
    uint32_t number_next;
    uint64_t venue_ns; /* of the last message: it never goes back */
    struct order orders[NUMBERS];
};

struct world {
    struct ll_matching *matching;
    struct ll_ouch_ports ports;
    struct client clients[2];
    struct match *matches;
    struct ll_prng prng;
    uint64_t hash; /* of all bytes published */
    uint64_t now_ns;
    uint64_t match_count;
    void *memory[3];
};

static const struct ll_matching_instrument instruments[INSTRUMENTS] = {
    {{'A', 'A', 'A', ' ', ' ', ' ', ' ', ' '}, 1, 100, 100, false, 1000000},
    {{'B', 'B', 'B', ' ', ' ', ' ', ' ', ' '}, 2, 100, 100, false, 1000000}};

/* --- the client: what the reports say -------------------------------------------------------------------- */

static struct order *order_of(struct client *client, uint64_t number)
{
    ck_assert_uint_gt(number, 0);
    ck_assert_uint_lt(number, NUMBERS);
    return &client->orders[number];
}

static void end_when_empty(struct order *order)
{
    if (order->open == 0)
        order->told = TOLD_DEAD;
}

static void on_opened(struct client *client, const struct ll_report *report)
{
    struct order *order = order_of(client, report->number);
    ck_assert_int_eq(order->told, TOLD_SENT);
    order->told = report->dead ? TOLD_DEAD : TOLD_LIVE;
    order->quantity = report->quantity;
    order->open = report->dead ? 0 : report->quantity;
    order->cancelled = report->dead ? report->quantity : 0;
    if (report->kind != LL_REPORT_REPLACED)
        return;
    struct order *before = order_of(client, report->old_number);
    ck_assert_int_eq(before->told, TOLD_LIVE);
    before->told = TOLD_REPLACED;
    before->passed_on = before->open;
    before->open = 0;
}

static void on_execution(struct client *client, const struct ll_report *report)
{
    struct order *order = order_of(client, report->number);
    ck_assert_uint_lt(report->match, MATCHES);
    struct match *match = &client->world->matches[report->match];
    ck_assert_int_eq(order->told, TOLD_LIVE);
    ck_assert_uint_ge(order->open, report->quantity);
    order->open -= report->quantity;
    order->executed += report->quantity;
    end_when_empty(order);
    client->world->match_count += match->sides == 0;
    if (match->sides > 0) {
        ck_assert_uint_eq(match->quantity, report->quantity);
        ck_assert_uint_eq(match->price, report->price);
    }
    match->quantity = report->quantity;
    match->price = report->price;
    match->sides++;
    ck_assert_uint_le(match->sides, 2);
}

static void on_report(struct client *client, const struct ll_report *report)
{
    struct order *order;
    ck_assert_uint_ge(report->venue_ns, client->venue_ns);
    client->venue_ns = report->venue_ns;
    switch (report->kind) {
    case LL_REPORT_ACCEPTED:
    case LL_REPORT_REPLACED:
        on_opened(client, report);
        break;
    case LL_REPORT_EXECUTED:
        on_execution(client, report);
        break;
    case LL_REPORT_CANCELLED:
        order = order_of(client, report->number);
        ck_assert_int_eq(order->told, TOLD_LIVE);
        ck_assert_uint_ge(order->open, report->quantity);
        ck_assert_uint_gt(report->quantity, 0);
        order->open -= report->quantity;
        order->cancelled += report->quantity;
        end_when_empty(order);
        break;
    case LL_REPORT_REJECTED:
        order = order_of(client, report->number);
        ck_assert_int_eq(order->told, TOLD_SENT);
        order->told = TOLD_REJECTED;
        break;
    case LL_REPORT_BROKEN:
        ck_assert_uint_gt(client->world->matches[report->match].sides, 0);
        client->world->matches[report->match].broken_sides++;
        order_of(client, report->number)->broken_count++;
        break;
    default:
        ck_assert_int_eq(report->kind, LL_REPORT_SYSTEM);
    }
}

static int on_publish(void *context, const uint8_t *message, uint32_t message_bytes)
{
    struct client *client = context;
    struct ll_report report;
    ck_assert_int_eq(ll_ouch_report(client->protocol, message, message_bytes, &report), LL_OK);
    for (uint32_t i = 0; i < message_bytes; i++)
        client->world->hash = (client->world->hash ^ message[i]) * UINT64_C(0x100000001b3);
    on_report(client, &report);
    return LL_OK;
}

static void on_drop(void *context)
{
    (void)context;
    ck_abort_msg("no drop was asked for");
}

/* --- the world -------------------------------------------------------------------------------------------- */

static void *world_memory(struct world *world, uint32_t which, size_t bytes)
{
    world->memory[which] = aligned_alloc(64, ll_align_up(bytes, 64));
    ck_assert_ptr_nonnull(world->memory[which]);
    return world->memory[which];
}

static struct ll_ouch_port_faults faults_of(bool is_wild)
{
    struct ll_ouch_port_faults faults = {.delay_ns_max = 20 * STEP_NS,
                                         .silence_ns_max = 50 * STEP_NS,
                                         .bust_ns_max = 100 * STEP_NS,
                                         .cancel_ns_max = 100 * STEP_NS};
    if (!is_wild)
        return faults;
    for (uint32_t fault = 0; fault < LL_OUCH_PORT_FAULT_COUNT; fault++)
        if (fault != LL_OUCH_PORT_FAULT_DROP && fault != LL_OUCH_PORT_FAULT_DROP_LOST)
            faults.per_mille[fault] = 100;
    return faults;
}

static struct world *world_new(uint64_t seed, bool is_wild, enum ll_matching_self_trade self_trade)
{
    struct world *world = calloc(1, sizeof *world);
    ck_assert_ptr_nonnull(world);
    world->matches = calloc(MATCHES, sizeof *world->matches);
    ck_assert_ptr_nonnull(world->matches);
    world->now_ns = 1;
    ll_prng_init(&world->prng, seed);
    for (uint32_t i = 0; i < 2; i++) {
        struct client *client = &world->clients[i];
        struct ll_ouch_port_config config = {.protocol = i == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42,
                                             .number = i + 1,
                                             .group = i == 0 ? 1 : 0,
                                             .links_max = NUMBERS,
                                             .executions_max = 4 * NUMBERS,
                                             .answers_max = 64,
                                             .firm_count = 1,
                                             .firms = {{'F', 'I', 'R', 'M'}},
                                             .seed = seed,
                                             .faults = faults_of(is_wild)};
        struct ll_ouch_port_door door = {client, on_publish, on_drop};
        size_t bytes = ll_ouch_port_footprint_bytes(&config);
        client->world = world;
        client->protocol = config.protocol;
        client->number_next = 1;
        ck_assert_int_eq(
            ll_ouch_port_init(&client->port, world_memory(world, i, bytes), bytes, &config, &door, NULL),
            LL_OK);
        ll_ouch_ports_add(&world->ports, client->port);
    }
    struct ll_matching_config config = {.instruments = instruments,
                                        .instrument_count = INSTRUMENTS,
                                        .orders_max = 256,
                                        .trades_max = 4 * NUMBERS,
                                        .reference_first = 1,
                                        .match_first = 1,
                                        .band_per_mille = 100,
                                        .self_trade = self_trade};
    struct ll_matching_handler handler = ll_ouch_ports_handler(&world->ports);
    size_t bytes = ll_matching_footprint_bytes(&config);
    ck_assert_int_eq(
        ll_matching_init(&world->matching, world_memory(world, 2, bytes), bytes, &config, &handler, 1, NULL),
        LL_OK);
    for (uint32_t i = 0; i < 2; i++) {
        ll_ouch_port_attach(world->clients[i].port, world->matching);
        ll_ouch_port_start_of_day(world->clients[i].port, world->now_ns);
    }
    return world;
}

static void world_free(struct world *world)
{
    for (uint32_t i = 0; i < 3; i++)
        free(world->memory[i]);
    free(world->matches);
    free(world);
}

/* --- what clients do -------------------------------------------------------------------------------------- */

static struct ll_ouch_order random_order(struct world *world)
{
    static const char sides[] = {'B', 'S', 'B', 'S', 'T', 'E'};
    static const uint8_t tifs[] = {LL_TIF_DAY, LL_TIF_DAY, LL_TIF_DAY, LL_TIF_IOC, LL_TIF_FOK, LL_TIF_GTD};
    struct ll_prng *prng = &world->prng;
    struct ll_ouch_order order = {.price = 999000 + 100 * (uint64_t)ll_prng_below(prng, 20),
                                  .quantity = 100 * (1 + ll_prng_below(prng, 10)),
                                  .expire_s = 1,
                                  .symbol = {'A', 'A', 'A', ' ', ' ', ' ', ' ', ' '},
                                  .side = sides[ll_prng_below(prng, sizeof sides)],
                                  .time_in_force = tifs[ll_prng_below(prng, sizeof tifs)],
                                  .post_only = ll_prng_below(prng, 10) == 0};
    if (ll_prng_below(prng, 2) == 0)
        memcpy(order.symbol, "BBB", 3);
    if (ll_prng_below(prng, 20) == 0)
        memcpy(order.symbol, "NO", 2);
    if (ll_prng_below(prng, 20) == 0)
        order.price = ll_prng_below(prng, 2) == 0 ? LL_OUCH_PRICE_MARKET : order.price + 1;
    if (ll_prng_below(prng, 20) == 0)
        order.quantity = ll_prng_below(prng, 2) == 0 ? 0 : 1000000;
    return order;
}

static void send(struct client *client, const uint8_t *bytes, uint32_t bytes_count)
{
    ll_ouch_port_receive(client->port, bytes, bytes_count, client->world->now_ns);
}

/* Numbers of the past are also asked about, and used again. */
static void step(struct world *world)
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    struct client *client = &world->clients[ll_prng_below(&world->prng, 2)];
    struct ll_ouch_order order = random_order(world);
    uint32_t kind = ll_prng_below(&world->prng, 10);
    uint32_t recent = client->number_next < 30 ? client->number_next : 30;
    uint32_t past = client->number_next - ll_prng_below(&world->prng, recent);
    if (kind < 5 || past == client->number_next) {
        bool is_again = ll_prng_below(&world->prng, 20) == 0 && past < client->number_next;
        order.number = is_again ? past : client->number_next++;
        if (!is_again)
            client->orders[order.number].told = TOLD_SENT;
        send(client, bytes, ll_ouch_enter(client->protocol, &order, bytes));
    } else if (kind < 7) {
        order.old_number = past;
        order.number = client->number_next++;
        client->orders[order.number].told = TOLD_SENT;
        client->orders[order.number].is_replace = true;
        send(client, bytes, ll_ouch_replace(client->protocol, &order, bytes));
    } else {
        order.number = past;
        order.quantity = ll_prng_below(&world->prng, 3) == 0 ? 0 : order.quantity;
        send(client, bytes, ll_ouch_cancel(client->protocol, &order, bytes));
    }
}

static void run(struct world *world)
{
    for (uint32_t i = 0; i < STEPS; i++) {
        world->now_ns += STEP_NS;
        step(world);
        for (uint32_t c = 0; c < 2; c++)
            ll_ouch_port_poll(world->clients[c].port, world->now_ns);
        if (i % 500 == 250)
            (void)ll_matching_halt(world->matching, 0, "T1  ", world->now_ns);
        if (i % 500 == 260)
            (void)ll_matching_resume(world->matching, 0, "T1  ", world->now_ns);
        if (i % 100 == 0)
            ll_matching_check(world->matching);
    }
    /* Every answer that waits leaves; what is due in the far future, expiries too, happens. */
    for (uint32_t c = 0; c < 2; c++)
        ll_ouch_port_poll(world->clients[c].port, world->now_ns + 10 * UINT64_C(1000000000));
    for (uint32_t c = 0; c < 2; c++)
        ll_ouch_port_poll(world->clients[c].port, world->now_ns + 20 * UINT64_C(1000000000));
    ll_matching_end_of_day(world->matching, world->now_ns + 20 * UINT64_C(1000000000));
    for (uint32_t c = 0; c < 2; c++)
        ll_ouch_port_end_of_day(world->clients[c].port, world->now_ns + 20 * UINT64_C(1000000000));
}

/* --- what must be true at the end ------------------------------------------------------------------------- */

static uint64_t link_number(const struct client *client, const struct ll_ouch_link *link)
{
    char text[LL_OUCH_PORT_NAME_BYTES + 1] = {0};
    if (client->protocol == LL_PROTOCOL_OUCH50)
        return link->number;
    memcpy(text, link->name, LL_OUCH_PORT_NAME_BYTES);
    return strtoull(text + 2, NULL, 10);
}

static void check_link(struct client *client, const struct ll_ouch_link *link)
{
    static const enum told told_of[LL_OUCH_LINK_STATE_COUNT] = {
        [LL_OUCH_LINK_LIVE] = TOLD_LIVE,         [LL_OUCH_LINK_FILLED] = TOLD_DEAD,
        [LL_OUCH_LINK_CANCELLED] = TOLD_DEAD,    [LL_OUCH_LINK_REPLACED] = TOLD_REPLACED,
        [LL_OUCH_LINK_REJECTED] = TOLD_REJECTED, [LL_OUCH_LINK_USED] = TOLD_NEVER};
    const struct order *order = order_of(client, link_number(client, link));
    uint32_t executed = 0;
    uint32_t broken_count = 0;
    ck_assert_int_eq(told_of[link->state], order->told);
    if (link->state == LL_OUCH_LINK_REJECTED)
        return;
    ck_assert_uint_eq(link->quantity, order->quantity);
    ck_assert_uint_eq(link->open, order->open);
    ck_assert_uint_eq(link->executed, order->executed);
    ck_assert_uint_eq(link->cancelled, order->cancelled);
    ck_assert_uint_eq(link->passed_on, order->passed_on);
    ck_assert_uint_eq(order->quantity, order->open + order->executed + order->cancelled + order->passed_on);
    for (uint32_t at = link->first_execution; at != LL_OUCH_PORT_NONE;) {
        const struct ll_ouch_execution *execution = ll_ouch_port_execution(client->port, at);
        executed += execution->quantity;
        broken_count += execution->broken;
        at = execution->next;
    }
    ck_assert_uint_eq(executed, link->executed);
    ck_assert_uint_eq(broken_count, order->broken_count);
}

static void check_client(struct client *client)
{
    uint32_t recorded_count = ll_ouch_port_link_count(client->port);
    uint32_t answered_count = 0;
    for (uint32_t i = 0; i < recorded_count; i++)
        check_link(client, ll_ouch_port_link(client->port, i));
    for (uint32_t number = 1; number < client->number_next; number++) {
        const struct order *order = &client->orders[number];
        if (order->told == TOLD_SENT) /* only a replace may go without an answer under its new number */
            ck_assert(order->is_replace);
        else
            answered_count++;
        ck_assert_uint_eq(order->open, 0); /* the day is over */
    }
    ck_assert_uint_eq(answered_count, recorded_count);
    ck_assert_uint_eq(ll_ouch_port_waiting(client->port), 0);
    ck_assert_uint_eq(ll_ouch_port_counters(client->port)->lost, 0);
    ck_assert_uint_eq(ll_ouch_port_counters(client->port)->executions_not_kept, 0);
    ck_assert_uint_eq(ll_ouch_port_counters(client->port)->malformed, 0);
}

static void check_world(struct world *world, bool is_wild)
{
    const struct ll_matching_counters *counters = ll_matching_counters(world->matching);
    uint64_t sides_count = 0;
    uint64_t broken_count = 0;
    for (uint32_t i = 0; i < 2; i++)
        check_client(&world->clients[i]);
    for (uint32_t i = 0; i < MATCHES; i++) {
        const struct match *match = &world->matches[i];
        sides_count += match->sides;
        broken_count += match->broken_sides > 0;
        if (match->broken_sides > 0)
            ck_assert_uint_eq(match->broken_sides, match->sides);
        if (!is_wild && match->sides > 0)
            ck_assert_uint_eq(match->sides, 2); /* nobody else is there to trade with */
    }
    ck_assert_uint_eq(world->match_count, counters->trades);
    ck_assert_uint_eq(broken_count, counters->broken);
    ck_assert_uint_gt(counters->trades, 100);
    ck_assert_uint_eq(is_wild, sides_count < 2 * counters->trades);
    ck_assert_uint_eq(is_wild, counters->broken > 0);
}

START_TEST(nothing_is_lost_between_engine_record_and_client)
{
    bool is_wild = _i % 2 == 1;
    uint64_t seed = ll_test_seed("nothing_is_lost_between_engine_record_and_client") + (uint64_t)_i;
    struct world *world = world_new(seed, is_wild, (enum ll_matching_self_trade)(_i / 2));
    run(world);
    check_world(world, is_wild);
    world_free(world);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes)
{
    uint64_t seed = ll_test_seed("the_same_seed_gives_the_same_bytes");
    uint64_t hashes[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct world *world = world_new(i < 2 ? seed : seed + 1, true, LL_MATCHING_SELF_CANCEL_NEWEST);
        run(world);
        hashes[i] = world->hash;
        world_free(world);
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
    ck_assert_uint_ne(hashes[0], hashes[2]);
}
END_TEST

static Suite *ouch_port_random_suite(void)
{
    Suite *suite = suite_create("ouch_port_random");
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 60);
    tcase_add_loop_test(random, nothing_is_lost_between_engine_record_and_client, 0, 6);
    tcase_add_test(random, the_same_seed_gives_the_same_bytes);
    suite_add_tcase(suite, random);
    return suite;
}

int main(void)
{
    return ll_test_run(ouch_port_random_suite());
}
