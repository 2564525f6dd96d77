/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the exchange of a simulated run tells everything it does, once and in order, however the network and it itself
 * misbehave; and each bug that is built into it shows. Method: a receiver of the product on the feed and a session
 * client of the product on each order port, over the simulated network, with every fault, for many seeds; random
 * orders. Then calm: the receiver has every message of the sender, byte for byte; each client has every message of its
 * port, and what they say adds up to what the port's links hold. LL_SEED=n runs from that seed on.
 */
#include "host/base/ll_prng.h"
#include "host/provider/ll_mold_receiver.h"
#include "host/provider/ll_soup_client.h"
#include "host/wire/ll_command.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_ouch_report.h"
#include "tests/sim/ll_sim_venue.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS         24u
#define STEPS         1200u
#define CALM_STEPS    20000u
#define CALM_ORDERS   40u
#define NUMBERS       4096u
#define START_NS      (UINT64_C(1790000000) * 1000000000)
#define MS_NS         UINT64_C(1000000)
#define STEP_NS       UINT64_C(2000000)
#define SECOND_NS     UINT64_C(1000000000)
#define REQUEST_BYTES LL_OUCH_MESSAGE_BYTES_MAX

/* What a port's messages say about a link. */
struct tally {
    uint32_t accepted;
    uint32_t executed;
    uint32_t cancelled;
};

struct session {
    struct world *world;
    uint32_t index;
    uint8_t protocol;
    struct ll_soup_client *client;
    uint64_t number; /* the next */
    uint64_t told;   /* messages, and the number of the last */
    uint64_t opens;
    struct tally tallies[NUMBERS];
};

struct world {
    uint64_t seed;
    uint64_t now_ns;
    uint64_t hash;
    struct ll_prng prng;
    struct ll_sim_faults faults;
    struct ll_sim_tcp *tcp[LL_SIM_SESSIONS];
    struct ll_sim_venue *venue;
    struct ll_mold_receiver *receiver;
    struct session sessions[LL_SIM_SESSIONS];
    uint64_t orders; /* that arrived at the exchange */
    uint64_t enters;
    uint64_t feed_messages;
    uint64_t feed_differs;
    uint64_t feed_lost;
};

#define CHECK(world, condition)                                              \
    do {                                                                     \
        if (!(condition))                                                    \
            ck_abort_msg("%s; LL_SEED=%" PRIu64, #condition, (world)->seed); \
    } while (0)

static void remember(struct world *world, uint64_t word)
{
    world->hash = (world->hash ^ word) * UINT64_C(0x100000001b3) + (world->hash >> 47);
}

/* --- the feed ----------------------------------------------------------------------------------------------- */

static void on_feed_message(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                            uint64_t now_ns)
{
    struct world *world = context;
    uint32_t expected_bytes = 0;
    const struct ll_mold_sender *sender = ll_sim_venue_sender(world->venue);
    CHECK(world, sequence == world->feed_messages + 1);
    CHECK(world, sequence <= ll_mold_sender_counters(sender)->messages);
    const uint8_t *expected = ll_mold_sender_message(sender, sequence, &expected_bytes);
    CHECK(world, message_bytes == expected_bytes && now_ns == world->now_ns);
    world->feed_differs += memcmp(message, expected, message_bytes) != 0;
    world->feed_messages++;
    remember(world, message[message_bytes - 1] + sequence * 256);
}

static void on_feed_session(void *context, const char session[LL_MOLDUDP64_SESSION_BYTES],
                            uint64_t first_sequence, uint64_t now_ns)
{
    struct world *world = context;
    (void)now_ns;
    CHECK(world, memcmp(session, LL_SIM_SESSION_NAME, LL_MOLDUDP64_SESSION_BYTES) == 0);
    CHECK(world, first_sequence == 1);
}

static void on_feed_gap(void *context, uint64_t first_sequence, uint64_t count, uint64_t now_ns)
{
    struct world *world = context;
    (void)first_sequence;
    (void)now_ns;
    world->feed_lost += count;
    world->feed_messages += count;
}

static void on_feed_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES], uint64_t now_ns)
{
    struct world *world = context;
    ll_sim_venue_request(world->venue, request, now_ns);
}

static void on_feed_bad(void *context, uint32_t line, int reason, const uint8_t *bytes, uint32_t bytes_count,
                        uint64_t now_ns)
{
    (void)context;
    (void)line;
    (void)reason;
    (void)bytes;
    (void)bytes_count;
    (void)now_ns;
}

static void on_feed_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct world *world = context;
    (void)next_sequence;
    (void)now_ns;
    CHECK(world, false); /* the day does not end */
}

static void open_receiver(struct world *world)
{
    struct ll_mold_config config = {.line_count = LL_MOLD_LINES_MAX,
                                    .start_sequence = 1,
                                    .holdback_packets = 64,
                                    .holdback_bytes_max = 512,
                                    .request_timeout_ns = 20 * MS_NS,
                                    .gap_timeout_ns = 100000 * SECOND_NS,
                                    .stale_after_ns = SECOND_NS};
    struct ll_mold_handler handler = {world,           on_feed_message, on_feed_session, on_feed_gap,
                                      on_feed_request, on_feed_bad,     on_feed_end};
    void *memory = calloc(1, ll_mold_receiver_footprint_bytes(&config));
    ck_assert_ptr_nonnull(memory);
    world->receiver = ll_mold_receiver_init(memory, &config, &handler);
    ck_assert_ptr_nonnull(world->receiver);
}

static void take_feed(struct world *world)
{
    uint32_t line;
    uint32_t bytes_count;
    const uint8_t *bytes;
    while (ll_sim_venue_feed_take(world->venue, world->now_ns, &line, &bytes, &bytes_count)) {
        CHECK(world, line <= LL_SIM_LINE_ANSWERS);
        ll_mold_receiver_packet(world->receiver, line, bytes, bytes_count, world->now_ns);
    }
    ll_mold_receiver_poll(world->receiver, world->now_ns);
}

/* --- order sessions ----------------------------------------------------------------------------------------- */

static void on_open(void *context, const char *name, uint64_t next_sequence, uint64_t now_ns)
{
    struct session *session = context;
    (void)now_ns;
    CHECK(session->world, strcmp(name, LL_SIM_SESSION_NAME) == 0);
    CHECK(session->world, next_sequence == session->told + 1);
    session->opens++;
}

static void on_report(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                      uint64_t now_ns)
{
    struct session *session = context;
    struct world *world = session->world;
    struct ll_report report;
    CHECK(world, sequence == session->told + 1);
    CHECK(world, ll_ouch_report(session->protocol, message, message_bytes, &report) == LL_OK);
    CHECK(world, report.number < NUMBERS);
    session->told = sequence;
    struct tally *tally = &session->tallies[report.number];
    tally->accepted += report.kind == LL_REPORT_ACCEPTED || report.kind == LL_REPORT_REPLACED;
    tally->executed += report.kind == LL_REPORT_EXECUTED ? report.quantity : 0;
    tally->cancelled += report.kind == LL_REPORT_CANCELLED ? report.quantity : 0;
    remember(world, sequence * 64 + report.kind);
    remember(world, now_ns);
}

static void on_closed(void *context, enum ll_soup_client_reason reason, const struct ll_why *why,
                      uint64_t now_ns)
{
    struct session *session = context;
    (void)why;
    (void)now_ns;
    CHECK(session->world,
          reason != LL_SOUP_CLIENT_REASON_NOT_AUTHORISED && reason != LL_SOUP_CLIENT_REASON_NO_SESSION &&
              reason != LL_SOUP_CLIENT_REASON_OTHER_SEQUENCE && reason != LL_SOUP_CLIENT_REASON_BAD_PACKET);
}

static void on_session_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct session *session = context;
    (void)next_sequence;
    (void)now_ns;
    CHECK(session->world, false);
}

static void open_session(struct world *world, uint32_t index)
{
    struct session *session = &world->sessions[index];
    struct ll_soup_client_handler handler = {session, on_open, on_report, on_closed, on_session_end};
    struct ll_soup_client_config config;
    ll_soup_client_config_default(&config);
    memcpy(config.username, LL_SIM_USER, sizeof LL_SIM_USER);
    memcpy(config.password, LL_SIM_PASSWORD, sizeof LL_SIM_PASSWORD);
    config.silence_ns = 2 * SECOND_NS;
    config.connect_timeout_ns = SECOND_NS;
    config.backoff_first_ns = 10 * MS_NS;
    config.backoff_max_ns = SECOND_NS / 5;
    void *memory = calloc(1, ll_soup_client_footprint_bytes(&config));
    ck_assert_ptr_nonnull(memory);
    session->world = world;
    session->index = index;
    session->number = 1;
    session->protocol = index == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
    session->client =
        ll_soup_client_init(memory, &config, ll_sim_tcp_client_door(world->tcp[index]), &handler);
    ck_assert_ptr_nonnull(session->client);
    ck_assert_int_eq(ll_soup_client_restart(session->client, "", 1, world->now_ns), LL_OK);
}

static void draw_order(struct world *world, struct session *session, struct ll_ouch_order *order)
{
    uint32_t instrument = ll_prng_below(&world->prng, LL_SIM_INSTRUMENTS);
    const struct ll_matching *matching = ll_sim_venue_matching(world->venue);
    const struct ll_matching_instrument *config = ll_matching_instrument(matching, instrument);
    bool is_buy = ll_prng_below(&world->prng, 2) == 0;
    memset(order, 0, sizeof *order);
    memcpy(order->symbol, config->symbol, sizeof order->symbol);
    memcpy(order->firm, LL_SIM_FIRM, sizeof order->firm);
    order->number = session->number + (is_buy ? 0 : 1);
    order->side = is_buy ? LL_OUCH_SIDE_BUY : LL_OUCH_SIDE_SELL;
    order->quantity = 1 + ll_prng_below(&world->prng, 400);
    order->price = config->prior_close / config->tick * config->tick;
    order->price += config->tick * ll_prng_below(&world->prng, 10);
    order->price -= config->tick * ll_prng_below(&world->prng, 10);
    order->time_in_force = LL_TIF_DAY;
}

/* A new order, or something about the one before. */
static void order_something(struct world *world, struct session *session)
{
    struct ll_ouch_order order;
    uint8_t bytes[REQUEST_BYTES];
    uint32_t bytes_count;
    uint32_t what = ll_prng_below(&world->prng, 10);
    uint64_t before = session->number > 2 ? session->number - 2 + ll_prng_below(&world->prng, 2) : 0;
    if (session->number + 4 >= NUMBERS || ll_soup_client_state(session->client) != LL_SOUP_CLIENT_OPEN)
        return;
    draw_order(world, session, &order);
    if (what < 6 || before == 0) {
        bytes_count = ll_ouch_enter(session->protocol, &order, bytes);
        session->number += 2;
    } else if (what < 8) {
        order.old_number = before;
        order.number = session->number + before % 2;
        order.quantity += 300;
        bytes_count = ll_ouch_replace(session->protocol, &order, bytes);
        session->number += 2;
    } else {
        order.number = before;
        order.quantity = 0;
        bytes_count = ll_ouch_cancel(session->protocol, &order, bytes);
    }
    (void)!ll_soup_client_send(session->client, bytes, bytes_count);
}

/* --- the world ---------------------------------------------------------------------------------------------- */

static void on_order(void *context, uint32_t session, const uint8_t *message, uint32_t message_bytes)
{
    struct world *world = context;
    CHECK(world, session < LL_SIM_SESSIONS && message_bytes > 0);
    world->orders++;
    world->enters += message[0] == 'O';
    remember(world, message[message_bytes - 1] + session * 256u);
}

/* F(fault, per million): each of them rules one of the days, whatever else that day's seed has. */
#define RULERS(F)             \
    F(FEED_LOSS, 200000)      \
    F(FEED_DUPLICATE, 200000) \
    F(FEED_REORDER, 200000)   \
    F(FEED_SKEW, 200000)      \
    F(FEED_JUNK, 200000)      \
    F(FEED_LINE_DEAD, 10000)  \
    F(REQUEST_LOST, 500000)   \
    F(REQUEST_LATE, 500000)   \
    F(REQUEST_SILENT, 10000)  \
    F(TCP_CUT, 10000)         \
    F(TCP_CUT_INSIDE, 100000) \
    F(TCP_STALL, 20000)       \
    F(TCP_TRICKLE, 500000)    \
    F(TCP_REFUSED, 950000)    \
    F(VENUE_RESTART, 10000)   \
    F(VENUE_RACES, 1000000)   \
    F(VENUE_SILENT, 10000)

struct ruler {
    enum ll_sim_fault fault;
    uint32_t per_million;
};

static const struct ruler rulers[] = {
#define RULER(NAME, rate) {LL_SIM_##NAME, rate},
    RULERS(RULER)
#undef RULER
};

#define RULER_COUNT (sizeof rulers / sizeof rulers[0])

static const struct ruler no_faults = {LL_SIM_FAULT_COUNT, 0};
static const struct ruler as_drawn = {LL_SIM_FAULT_COUNT, 1};

/* What is about re-requests needs something to ask for. */
static void rule(struct ll_sim_faults *faults, const struct ruler *ruler)
{
    faults->per_million[LL_SIM_FEED_LOSS] = rulers[0].per_million;
    faults->per_million[ruler->fault] = ruler->per_million;
}

static struct world *open_world(uint64_t seed, enum ll_sim_bug bug, const struct ruler *ruler)
{
    struct world *world = calloc(1, sizeof *world);
    ck_assert_ptr_nonnull(world);
    world->seed = seed;
    world->now_ns = START_NS;
    ll_prng_init(&world->prng, seed);
    ll_sim_faults_init(&world->faults, seed);
    if (ruler == &no_faults)
        memset(world->faults.per_million, 0, sizeof world->faults.per_million);
    else if (ruler != &as_drawn)
        rule(&world->faults, ruler);
    struct ll_sim_venue_config config = {.seed = seed,
                                         .now_ns = world->now_ns,
                                         .faults = &world->faults,
                                         .bug = bug,
                                         .on_order = on_order,
                                         .context = world};
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        world->tcp[i] = ll_sim_tcp_new(&world->faults);
        config.tcp[i] = world->tcp[i];
    }
    world->venue = ll_sim_venue_new(&config);
    open_receiver(world);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        open_session(world, i);
    return world;
}

static void close_world(struct world *world)
{
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        ll_soup_client_deinit(world->sessions[i].client);
        free(world->sessions[i].client);
    }
    free(world->receiver);
    ll_sim_venue_free(world->venue);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_sim_tcp_free(world->tcp[i]);
    free(world);
}

static void step(struct world *world, uint64_t ns)
{
    world->now_ns += ns;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_sim_tcp_poll(world->tcp[i], world->now_ns);
    ll_sim_venue_poll(world->venue, world->now_ns);
    take_feed(world);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_soup_client_poll(world->sessions[i].client, world->now_ns);
}

static void live(struct world *world)
{
    for (uint32_t i = 0; i < STEPS; i++) {
        uint64_t most_ns = ll_prng_chance(&world->prng, 20) ? SECOND_NS : STEP_NS;
        step(world, 1 + ll_prng_next(&world->prng) % most_ns);
        if (ll_prng_chance(&world->prng, 300))
            order_something(world, &world->sessions[ll_prng_below(&world->prng, LL_SIM_SESSIONS)]);
    }
}

static bool is_told(const struct world *world)
{
    uint64_t messages = ll_mold_sender_counters(ll_sim_venue_sender(world->venue))->messages;
    if (world->feed_messages != messages || !ll_sim_venue_is_quiet(world->venue))
        return false;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        if (ll_soup_client_state(world->sessions[i].client) != LL_SOUP_CLIENT_OPEN)
            return false;
    return true;
}

/* True = everything that happened has been told. */
static bool heal(struct world *world)
{
    ll_sim_faults_calm(&world->faults);
    ll_sim_venue_calm(world->venue);
    for (uint32_t i = 0; i < CALM_STEPS && !is_told(world); i++)
        step(world, STEP_NS);
    return is_told(world);
}

static uint64_t misbehaved(const struct world *world)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        for (uint32_t fault = 0; fault < LL_OUCH_PORT_FAULT_COUNT; fault++)
            count += ll_ouch_port_counters(ll_sim_venue_port(world->venue, i))->faults[fault];
    return count;
}

/* A healed exchange takes orders, and does nothing wrong any more. */
static void trade_on(struct world *world)
{
    uint64_t count = misbehaved(world);
    uint64_t orders = world->orders;
    for (uint32_t i = 0; i < CALM_ORDERS; i++) {
        order_something(world, &world->sessions[i % LL_SIM_SESSIONS]);
        step(world, STEP_NS);
    }
    CHECK(world, heal(world));
    CHECK(world, misbehaved(world) == count && world->orders == orders + CALM_ORDERS);
}

static uint64_t number_of(uint8_t protocol, const struct ll_ouch_link *link)
{
    char digits[LL_OUCH_PORT_NAME_BYTES + 1] = {0};
    memcpy(digits, link->name, sizeof link->name);
    return protocol == LL_PROTOCOL_OUCH50 ? link->number : strtoull(digits + 2, NULL, 10);
}

/* Links whose record is not what the client was told. */
static uint32_t count_wrong(const struct world *world, uint32_t index)
{
    const struct session *session = &world->sessions[index];
    const struct ll_ouch_port *port = ll_sim_venue_port(world->venue, index);
    uint32_t count = 0;
    for (uint32_t i = 0; i < ll_ouch_port_link_count(port); i++) {
        const struct ll_ouch_link *link = ll_ouch_port_link(port, i);
        const struct tally *tally = &session->tallies[number_of(session->protocol, link)];
        count += tally->accepted != (link->reference != 0) || tally->executed != link->executed ||
                 tally->cancelled != link->cancelled;
    }
    return count;
}

static void check_truth(const struct world *world)
{
    CHECK(world, world->feed_lost == 0 && world->feed_differs == 0);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        const struct ll_ouch_port *port = ll_sim_venue_port(world->venue, i);
        const struct ll_ouch_port_counters *counters = ll_ouch_port_counters(port);
        CHECK(world, counters->lost == 0 && counters->executions_not_kept == 0);
        CHECK(world, world->sessions[i].told == counters->published);
        CHECK(world, count_wrong(world, i) == 0);
    }
    CHECK(world, world->orders == ll_ouch_port_counters(ll_sim_venue_port(world->venue, 0))->received +
                                      ll_ouch_port_counters(ll_sim_venue_port(world->venue, 1))->received);
    ll_matching_check(ll_sim_venue_matching(world->venue));
}

/* What the receiver saw of the network. */
static void add_lines(const struct world *world, struct ll_mold_line_counters *lines)
{
    struct ll_mold_line_counters sum = ll_mold_counters_sum(ll_mold_receiver_counters(world->receiver));
    lines->malformed += sum.malformed;
    lines->wrong_session += sum.wrong_session;
    lines->gaps += sum.gaps;
    lines->packets_back += sum.packets_back;
    lines->messages_duplicate += sum.messages_duplicate;
    lines->stale_periods += sum.stale_periods;
}

/* --- tests -------------------------------------------------------------------------------------------------- */

START_TEST(a_quiet_day_is_told_whole)
{
    struct world *world = open_world(7, LL_SIM_BUG_NONE, &no_faults);
    live(world);
    ck_assert(heal(world));
    check_truth(world);
    struct ll_mold_line_counters lines = {0};
    add_lines(world, &lines); /* all of it in order, and each line once */
    ck_assert_uint_eq(lines.malformed + lines.gaps + lines.packets_back + lines.stale_periods, 0);
    ck_assert_uint_eq(ll_mold_receiver_counters(world->receiver)->requests, 0);
    ck_assert_uint_eq(lines.messages_duplicate, world->feed_messages);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        const struct ll_ouch_port *port = ll_sim_venue_port(world->venue, i);
        ck_assert_uint_eq(world->sessions[i].opens, 1);
        ck_assert_uint_gt(ll_ouch_port_counters(port)->accepted, 20);
        ck_assert_uint_gt(ll_ouch_port_counters(port)->executions, 0);
    }
    ck_assert_uint_gt(world->feed_messages, 100);
    ck_assert_str_eq(ll_sim_venue_symbol(0), "ALPHA");
    close_world(world);
}
END_TEST

START_TEST(every_fault_and_still_told_whole)
{
    uint64_t seed = ll_test_seed("simulated exchange");
    struct ll_mold_line_counters lines = {0};
    for (uint32_t i = 0; i < SEEDS; i++) {
        const struct ruler *ruler = &rulers[i % RULER_COUNT];
        struct world *world = open_world(seed + i, LL_SIM_BUG_NONE, ruler);
        live(world);
        CHECK(world, heal(world));
        trade_on(world);
        check_truth(world);
        ck_assert_msg(world->faults.struck[ruler->fault] > 0, "%s never struck; LL_SEED=%" PRIu64,
                      ll_sim_fault_name(ruler->fault), world->seed);
        add_lines(world, &lines);
        close_world(world);
    }
    ck_assert_uint_gt(lines.malformed, 0);
    ck_assert_uint_gt(lines.gaps, 0);
    ck_assert_uint_gt(lines.packets_back, 0);
    ck_assert_uint_gt(lines.messages_duplicate, 0);
    ck_assert_uint_gt(lines.stale_periods, 0);
}
END_TEST

START_TEST(the_same_seed_is_the_same_day)
{
    uint64_t hashes[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct world *world = open_world(i < 2 ? 11 : 12, LL_SIM_BUG_NONE, &as_drawn);
        live(world);
        ck_assert(heal(world));
        hashes[i] = world->hash;
        close_world(world);
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
    ck_assert_uint_ne(hashes[0], hashes[2]);
}
END_TEST

START_TEST(junk_can_always_be_told)
{
    struct world *world = open_world(9, LL_SIM_BUG_NONE, &no_faults);
    struct ll_mold_line_counters lines = {0};
    world->faults.per_million[LL_SIM_FEED_JUNK] = 1000000;
    live(world);
    add_lines(world, &lines);
    ck_assert_uint_gt(lines.malformed, 100);
    ck_assert_uint_eq(ll_mold_counters_sum(ll_mold_receiver_counters(world->receiver)).packets,
                      lines.malformed + lines.wrong_session);
    ck_assert_uint_eq(world->feed_messages, 0);
    ck_assert(heal(world));
    check_truth(world);
    close_world(world);
}
END_TEST

START_TEST(who_is_not_there_loses_the_feed)
{
    struct world *world = open_world(3, LL_SIM_BUG_NONE, &no_faults);
    uint32_t line;
    uint32_t bytes_count;
    const uint8_t *bytes;
    ll_sim_venue_poll(world->venue, world->now_ns);
    ck_assert(!ll_sim_venue_is_quiet(world->venue));
    ck_assert(!ll_sim_venue_feed_take(world->venue, world->now_ns, &line, &bytes, &bytes_count));
    ll_sim_venue_feed_drop(world->venue, world->now_ns + SECOND_NS);
    ck_assert(!ll_sim_venue_feed_take(world->venue, world->now_ns + SECOND_NS, &line, &bytes, &bytes_count));
    ck_assert(heal(world)); /* and asks for it again */
    check_truth(world);
    close_world(world);
}
END_TEST

/* --- bugs show ---------------------------------------------------------------------------------------------- */

START_TEST(orders_sent_twice_are_two)
{
    struct world *right = open_world(5, LL_SIM_BUG_NONE, &no_faults);
    struct world *wrong = open_world(5, LL_SIM_BUG_SENT_TWICE, &no_faults);
    live(right);
    live(wrong);
    uint32_t links[2] = {ll_ouch_port_link_count(ll_sim_venue_port(right->venue, 0)),
                         ll_ouch_port_link_count(ll_sim_venue_port(wrong->venue, 0))};
    ck_assert_uint_gt(wrong->enters, right->enters);
    ck_assert_uint_ne(links[0], 0);
    const struct ll_ouch_port *port = ll_sim_venue_port(wrong->venue, 0);
    const struct ll_ouch_link *first = ll_ouch_port_link(port, 0);
    const struct ll_ouch_link *second = ll_ouch_port_link(port, 1);
    ck_assert_uint_eq(second->number, first->number + 2);
    ck_assert_uint_eq(second->price, first->price);
    ck_assert_uint_ne(second->reference, 0);
    const struct ll_ouch_port *port42 = ll_sim_venue_port(wrong->venue, 1);
    ck_assert_uint_eq(number_of(LL_PROTOCOL_OUCH42, ll_ouch_port_link(port42, 1)),
                      number_of(LL_PROTOCOL_OUCH42, ll_ouch_port_link(port42, 0)) + 2);
    close_world(right);
    close_world(wrong);
}
END_TEST

START_TEST(short_fills_and_lost_reports_leave_another_record)
{
    static const enum ll_sim_bug bugs[] = {LL_SIM_BUG_SHORT_FILL, LL_SIM_BUG_LOST_REPORT};
    for (uint32_t i = 0; i < 2; i++) {
        struct world *world = open_world(5, bugs[i], &no_faults);
        live(world);
        ck_assert(heal(world));
        for (uint32_t session = 0; session < LL_SIM_SESSIONS; session++)
            ck_assert_uint_gt(count_wrong(world, session), 0);
        ck_assert_uint_eq(world->feed_differs, 0);
        close_world(world);
    }
}
END_TEST

START_TEST(a_poked_book_is_told_alike_by_all_ways)
{
    struct world *world = open_world(5, LL_SIM_BUG_BOOK_POKE, &as_drawn);
    live(world);
    ck_assert(heal(world));
    ck_assert_uint_gt(world->feed_differs, 0);
    ck_assert_uint_eq(count_wrong(world, 0), 0);
    close_world(world);
}
END_TEST

START_TEST(a_deaf_venue_never_answers)
{
    struct world *world = open_world(5, LL_SIM_BUG_DEAF_VENUE, &no_faults);
    live(world);
    ck_assert(!heal(world));
    ck_assert_uint_eq(world->sessions[0].opens, 0);
    ck_assert_uint_eq(world->sessions[1].opens, 1);
    ck_assert_uint_gt(
        ll_soup_client_counters(world->sessions[0].client)->closes[LL_SOUP_CLIENT_REASON_LOGIN_TIMEOUT], 1);
    close_world(world);
}
END_TEST

START_TEST(a_silent_server_leaves_a_hole)
{
    struct world *world = open_world(5, LL_SIM_BUG_SILENT_SERVER, &no_faults);
    live(world);
    ck_assert(!heal(world));
    ck_assert_uint_lt(world->feed_messages,
                      ll_mold_sender_counters(ll_sim_venue_sender(world->venue))->messages);
    close_world(world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim_venue");
    TCase *days = tcase_create("days");
    TCase *bugs = tcase_create("bugs");
    tcase_add_test(days, a_quiet_day_is_told_whole);
    tcase_add_test(days, every_fault_and_still_told_whole);
    tcase_add_test(days, the_same_seed_is_the_same_day);
    tcase_add_test(days, junk_can_always_be_told);
    tcase_add_test(days, who_is_not_there_loses_the_feed);
    tcase_add_test(bugs, orders_sent_twice_are_two);
    tcase_add_test(bugs, short_fills_and_lost_reports_leave_another_record);
    tcase_add_test(bugs, a_poked_book_is_told_alike_by_all_ways);
    tcase_add_test(bugs, a_deaf_venue_never_answers);
    tcase_add_test(bugs, a_silent_server_leaves_a_hole);
    tcase_set_timeout(days, 60);
    tcase_set_timeout(bugs, 60);
    suite_add_tcase(suite, days);
    suite_add_tcase(suite, bugs);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
