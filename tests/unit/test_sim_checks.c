/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the checks of a simulated run are silent while all is well, and say which promise is broken when one is.
 * Method: an order engine (tests/model/ll_oms_rig.h) trades by chance at real order ports of both protocols on a real
 * matching engine, and every part of the checks looks after every step; then one thing is made wrong: a message that is
 * lost, said twice or changed, a state, a key, a balance. What needs a whole simulated world (clients, disk, books) is
 * tested there, by the bugs that are built into it (tests/sim/ll_sim_bugs.h).
 */
#include "tests/sim/ll_sim_checks_parts.h"
#include "tests/unit/ll_test_oms.h"
#include "tests/unit/ll_test_seed.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_prng.h"

enum { SESSIONS = LL_SIM_SESSIONS, STEPS = 600, SEEDS = 8, TRADES = 4096 };

static const uint8_t protocols[SESSIONS] = {LL_PROTOCOL_OUCH50, LL_PROTOCOL_OUCH42};
static const char *const symbols[] = {"SYM0", "SYM1"};

struct bench {
    struct ll_prng prng;
    struct ll_matching *matching;
    struct ll_ouch_port *port[SESSIONS];
    struct ll_ouch_ports ports;
    void *memory[SESSIONS + 1];
    uint32_t sent_at;
    char lost_type; /* the next such message of a port is lost; 0 = none */
    uint64_t placed;
    struct ll_sim_known known;
    struct ll_sim_wire wire;
    struct ll_sim_life life;
    struct ll_sim_verdict verdict;
    uint64_t looked_count;
};

static struct bench bench;

/* --- the exchange --------------------------------------------------------------------------------------- */

struct publisher {
    uint8_t session;
};
static struct publisher publishers[SESSIONS] = {{0}, {1}};

static int on_publish(void *context, const uint8_t *message, uint32_t message_bytes)
{
    const struct publisher *publisher = context;
    if (bench.lost_type != 0 && message[0] == (uint8_t)bench.lost_type) {
        bench.lost_type = 0;
        return LL_OK;
    }
    ll_oms_rig_bytes(&rig, publisher->session, message, message_bytes);
    return LL_OK;
}

static void on_drop(void *context)
{
    (void)context;
}

static void *take_memory(size_t bytes)
{
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static void open_port(uint32_t session)
{
    struct ll_ouch_port_config config = {.protocol = protocols[session],
                                         .number = session + 1,
                                         .links_max = 8192,
                                         .executions_max = 8192,
                                         .answers_max = 64,
                                         .firm_count = 1,
                                         .firms = {"FIRM"}};
    const struct ll_ouch_port_door door = {&publishers[session], on_publish, on_drop};
    struct ll_why why = {0};
    size_t bytes = ll_ouch_port_footprint_bytes(&config);
    bench.memory[session] = take_memory(bytes);
    ck_assert_msg(
        ll_ouch_port_init(&bench.port[session], bench.memory[session], bytes, &config, &door, &why) == LL_OK,
        "%s", why.text);
    ll_ouch_ports_add(&bench.ports, bench.port[session]);
}

static void begin(uint64_t seed)
{
    static const struct ll_matching_instrument instruments[] = {
        {{'S', 'Y', 'M', '0', ' ', ' ', ' ', ' '}, 1, 100, 1, false, LL_RIG_MID},
        {{'S', 'Y', 'M', '1', ' ', ' ', ' ', ' '}, 2, 100, 1, false, LL_RIG_MID}};
    const struct ll_matching_config config = {.instruments = instruments,
                                              .instrument_count = 2,
                                              .orders_max = 4096,
                                              .trades_max = TRADES,
                                              .reference_first = 1,
                                              .match_first = 1};
    struct ll_why why = {0};
    memset(&bench, 0, sizeof bench);
    ll_prng_init(&bench.prng, seed);
    ll_test_oms_begin();
    ll_oms_rig_configure(&rig, 1, LL_PROTOCOL_OUCH42);
    ll_oms_rig_open(&rig, 1, "DAY1", 1);
    for (uint32_t session = 0; session < SESSIONS; session++)
        open_port(session);
    const struct ll_matching_handler handler = ll_ouch_ports_handler(&bench.ports);
    size_t bytes = ll_matching_footprint_bytes(&config);
    bench.memory[SESSIONS] = take_memory(bytes);
    ck_assert_msg(
        ll_matching_init(&bench.matching, bench.memory[SESSIONS], bytes, &config, &handler, 1, &why) == LL_OK,
        "%s", why.text);
    for (uint32_t session = 0; session < SESSIONS; session++)
        ll_ouch_port_attach(bench.port[session], bench.matching);
    bench.sent_at = rig.send_count;
}

static void end(void)
{
    for (uint32_t i = 0; i <= SESSIONS; i++)
        free(bench.memory[i]);
    ll_sim_known_free(&bench.known);
    ll_sim_wire_free(&bench.wire);
    ll_sim_life_free(&bench.life);
    ll_test_oms_end();
}

/* --- looking -------------------------------------------------------------------------------------------- */

static void take(uint32_t session, const uint8_t *bytes, uint32_t bytes_count)
{
    (void)!ll_sim_wire_take(&bench.wire, session, protocols[session], bytes, bytes_count, &bench.verdict);
    ll_ouch_port_receive(bench.port[session], bytes, bytes_count, rig.now_ns);
}

static void deliver(void)
{
    while (bench.sent_at < rig.send_count) {
        const struct ll_oms_send send = rig.sends[bench.sent_at++];
        take(send.session, send.bytes, send.bytes_count);
    }
}

static bool look(void)
{
    const struct ll_ouch_port *const ports[SESSIONS] = {bench.port[0], bench.port[1]};
    uint64_t *count = &bench.looked_count;
    bool is_good = ll_sim_known_follow(&bench.known, rig.oms, &bench.verdict) &&
                   ll_sim_wire_known(&bench.wire, &bench.known, rig.oms, ports, count, &bench.verdict) &&
                   ll_sim_life_follow(&bench.life, rig.oms, rig.batch.next_event_id, count, &bench.verdict) &&
                   ll_sim_told_index(rig.oms, &rig.life, count, &bench.verdict) &&
                   ll_sim_life_ids(&bench.life, rig.oms, count, &bench.verdict) &&
                   ll_sim_told_paid(rig.oms, count, &bench.verdict);
    for (uint32_t session = 0; is_good && session < SESSIONS; session++)
        is_good =
            ll_sim_wire_links(&bench.wire, &bench.known, session, bench.port[session], count, &bench.verdict);
    return is_good && !bench.verdict.is_broken;
}

static bool reconcile(void)
{
    uint8_t *is_taken = calloc(ll_oms_order_count(rig.oms) + 1, 1);
    uint64_t *count = &bench.looked_count;
    struct ll_sim_moved all = {0};
    bool is_good = true;
    ck_assert_ptr_nonnull(is_taken);
    ll_sim_moved_make(&all, rig.oms);
    for (uint32_t session = 0; is_good && session < SESSIONS; session++) {
        struct ll_sim_moved moved = {0};
        ll_sim_moved_make(&moved, rig.oms);
        is_good = ll_sim_record_orders(bench.port[session], session, &bench.known, rig.oms, &moved, is_taken,
                                       count, &bench.verdict) &&
                  ll_sim_record_provider(rig.oms, session, &moved, count, &bench.verdict);
        ll_sim_moved_add(&all, &moved);
        ll_sim_moved_free(&moved);
    }
    is_good = is_good && ll_sim_record_others(rig.oms, is_taken, count, &bench.verdict) &&
              ll_sim_record_accounts(rig.oms, &all, count, &bench.verdict);
    ll_sim_moved_free(&all);
    free(is_taken);
    return is_good;
}

static void ck_broken(enum ll_sim_check check)
{
    ck_assert(bench.verdict.is_broken);
    ck_assert_msg(bench.verdict.check == check, "%s, not %s: %s", ll_sim_check_name(bench.verdict.check),
                  ll_sim_check_name(check), bench.verdict.text);
    ck_assert_uint_ne(strlen(bench.verdict.text), 0);
}

/* --- trading by chance ---------------------------------------------------------------------------------- */

static uint64_t some_price(void)
{
    return LL_RIG_MID - 1000 + 100 * ll_prng_below(&bench.prng, 20);
}

static void place(void)
{
    char id[32];
    (void)snprintf(id, sizeof id, "P%llu", (unsigned long long)bench.placed);
    const struct ll_client_event *answer =
        ll_oms_rig_do(&rig, &(struct ll_rig_command){.kind = LL_COMMAND_PLACE,
                                                     .session = (uint8_t)ll_prng_below(&bench.prng, SESSIONS),
                                                     .symbol = symbols[ll_prng_below(&bench.prng, 2)],
                                                     .id = id,
                                                     .key = id,
                                                     .side = (uint8_t)ll_prng_below(&bench.prng, 2),
                                                     .quantity = 1 + ll_prng_below(&bench.prng, 200),
                                                     .price = some_price()});
    bench.placed += answer->kind == LL_CLIENT_ACCEPTED;
}

static void act(void)
{
    char target[32];
    bool replaces = ll_prng_chance(&bench.prng, 500);
    (void)snprintf(target, sizeof target, "P%u", ll_prng_below(&bench.prng, (uint32_t)bench.placed + 1));
    (void)ll_oms_rig_do(
        &rig, &(struct ll_rig_command){.kind = replaces ? LL_COMMAND_REPLACE : LL_COMMAND_CANCEL,
                                       .target = target,
                                       .quantity = replaces ? 1 + ll_prng_below(&bench.prng, 250) : 0,
                                       .price = some_price()});
}

/* Somebody else trades. */
static void meet(void)
{
    const struct ll_matching_enter enter = {.instrument = ll_prng_below(&bench.prng, 2),
                                            .quantity = 1 + ll_prng_below(&bench.prng, 150),
                                            .price = (uint32_t)some_price(),
                                            .side = (uint8_t)ll_prng_below(&bench.prng, 2),
                                            .time_in_force = LL_MATCHING_IOC};
    (void)ll_matching_enter(bench.matching, &enter, rig.now_ns);
}

static void break_trade(void)
{
    uint64_t trades = ll_matching_counters(bench.matching)->trades;
    if (trades != 0)
        (void)ll_matching_break_trade(bench.matching, 1 + ll_prng_below(&bench.prng, (uint32_t)trades), 'E',
                                      rig.now_ns);
}

static void step(void)
{
    uint32_t what = ll_prng_below(&bench.prng, 100);
    rig.now_ns += LL_RIG_S / 1000;
    if (what < 40)
        place();
    else if (what < 60)
        act();
    else if (what < 95)
        meet();
    else
        break_trade();
    deliver();
    ll_oms_rig_quote(&rig, 0, LL_RIG_MID - 100, LL_RIG_MID + 100);
    ll_oms_rig_quote(&rig, 1, LL_RIG_MID - 100, LL_RIG_MID + 100);
}

static void trade(uint64_t seed, uint32_t steps)
{
    begin(seed);
    for (uint32_t i = 0; i < steps; i++) {
        step();
        ck_assert_msg(look(), "step %u: %s: %s", i, ll_sim_check_name(bench.verdict.check),
                      bench.verdict.text);
    }
}

START_TEST(a_day_without_faults_is_well)
{
    uint64_t first = ll_test_seed("a_day_without_faults_is_well");
    for (uint64_t seed = first; seed < first + SEEDS; seed++) {
        trade(seed, STEPS);
        ck_assert_msg(reconcile(), "seed %llu: %s", (unsigned long long)seed, bench.verdict.text);
        ck_assert_uint_gt(ll_oms_counters(rig.oms)->fills, 50);
        ck_assert_uint_gt(ll_ouch_port_counters(bench.port[0])->broken, 0);
        ck_assert_uint_gt(ll_ouch_port_counters(bench.port[1])->replaced, 0);
        ck_assert_uint_gt(bench.looked_count, STEPS);
        ll_sim_wire_restart(&bench.wire); /* everything is found again */
        ck_assert(look());
        end();
    }
}
END_TEST

/* --- one thing is wrong --------------------------------------------------------------------------------- */

START_TEST(a_lost_message_is_seen_in_the_record)
{
    static const char types[] = {'E', 'C', 'U', 'A', 'B'};
    trade(7, 40);
    bench.lost_type = types[_i];
    for (uint32_t i = 0; i < STEPS && bench.lost_type != 0; i++)
        step();
    ck_assert_int_eq(bench.lost_type, 0);
    ck_assert(ll_sim_known_follow(&bench.known, rig.oms, &bench.verdict));
    ck_assert(!reconcile());
    ck_broken(LL_SIM_CHECK_RECORD);
    end();
}
END_TEST

/* An order of a session that was sent and not delivered yet. */
static struct ll_oms_send sent_order(uint8_t session)
{
    const struct ll_client_event *answer =
        ll_oms_rig_do(&rig, &(struct ll_rig_command){.kind = LL_COMMAND_PLACE,
                                                     .session = session,
                                                     .symbol = symbols[0],
                                                     .key = session == 0 ? "ONE" : "TWO",
                                                     .quantity = 100,
                                                     .price = LL_RIG_MID - 1000});
    ck_assert_uint_eq(answer->kind, LL_CLIENT_ACCEPTED);
    struct ll_oms_send send = rig.sends[rig.send_count - 1];
    ck_assert_uint_eq(send.bytes[0], 'O');
    return send;
}

START_TEST(the_same_bytes_may_come_again_and_others_not)
{
    uint8_t session = (uint8_t)_i;
    begin(1);
    struct ll_oms_send send = sent_order(session);
    deliver();
    take(session, send.bytes, send.bytes_count);
    ck_assert(look());
    send.bytes[session == 0 ? 9 : 19]++; /* the quantity */
    take(session, send.bytes, send.bytes_count);
    ck_broken(LL_SIM_CHECK_ONCE);
    end();
}
END_TEST

START_TEST(an_order_under_two_numbers_is_one_too_many)
{
    uint8_t session = (uint8_t)_i;
    begin(1);
    struct ll_oms_send send = sent_order(session);
    deliver();
    send.bytes[session == 0 ? 4 : 14] += 2;
    take(session, send.bytes, send.bytes_count);
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_ONCE);
    end();
}
END_TEST

START_TEST(a_number_that_nobody_gave_is_not_known)
{
    uint8_t session = (uint8_t)_i;
    begin(1);
    struct ll_oms_send send = sent_order(session);
    send.bytes[session == 0 ? 4 : 14] += 2;
    send.bytes[session == 0 ? 9 : 19]++;
    take(session, send.bytes, send.bytes_count);
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_KNOWN);
    end();
}
END_TEST

START_TEST(a_number_is_of_the_order_that_was_sent)
{
    begin(1);
    struct ll_oms_send send = sent_order(0);
    memcpy(send.bytes + 10, "SYM1    ", 8);
    take(0, send.bytes, send.bytes_count);
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_KNOWN);
    end();
}
END_TEST

START_TEST(an_order_at_the_exchange_that_was_never_sent)
{
    begin(1);
    struct ll_oms_send send = sent_order(0);
    send.bytes[4] += 2;
    ll_ouch_port_receive(bench.port[0], send.bytes, send.bytes_count, rig.now_ns);
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_ONCE);
    end();
}
END_TEST

START_TEST(a_state_that_does_not_follow)
{
    static const uint8_t before[] = {LL_ORDER_FILLED, LL_ORDER_PARTIALLY_FILLED, LL_ORDER_CANCELLED};
    begin(1);
    (void)sent_order(0);
    deliver();
    ck_assert(look());
    ck_assert_uint_eq(bench.life.orders[0].state, LL_ORDER_NEW);
    bench.life.orders[0].state = before[_i];
    bench.life.next_event_id = 0;
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_LEGAL);
    end();
}
END_TEST

START_TEST(nothing_changes_without_an_event)
{
    begin(1);
    (void)sent_order(0);
    deliver();
    ck_assert(look());
    bench.life.orders[0].state = LL_ORDER_SUBMITTED; /* a step that the table knows */
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_LEGAL);
    end();
}
END_TEST

START_TEST(fills_go_back_by_busts_only)
{
    begin(1);
    (void)sent_order(0);
    deliver();
    ck_assert(look());
    bench.life.orders[0].cumulative = 10;
    bench.life.next_event_id = 0;
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_LEGAL);
    end();
}
END_TEST

START_TEST(a_status_of_an_identifier_that_does_not_follow)
{
    begin(1);
    (void)sent_order(0);
    deliver();
    ck_assert(look());
    bench.life.id_statuses[ll_oms_first_id(rig.oms, 0)] = LL_ID_STATUS_EXECUTED;
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_LEGAL);
    end();
}
END_TEST

START_TEST(a_deposit_that_is_booked_twice)
{
    begin(1);
    ck_assert(look());
    (void)DO(.kind = LL_COMMAND_DEPOSIT, .amount = 1);
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_ONCE);
    end();
}
END_TEST

START_TEST(states_lead_where_the_table_says)
{
    ck_assert(ll_sim_life_leads(LL_ORDER_PENDING, LL_ORDER_FILLED));
    ck_assert(ll_sim_life_leads(LL_ORDER_SUBMITTED, LL_ORDER_PENDING)); /* it failed, and is tried again */
    ck_assert(ll_sim_life_leads(LL_ORDER_NEW, LL_ORDER_NEW));
    ck_assert(ll_sim_life_leads(LL_ORDER_NEW, LL_ORDER_FILLED));
    ck_assert(ll_sim_life_leads(LL_ORDER_CANCELLED, LL_ORDER_FILLED));
    ck_assert(!ll_sim_life_leads(LL_ORDER_CANCELLED, LL_ORDER_PARTIALLY_FILLED));
    ck_assert(!ll_sim_life_leads(LL_ORDER_NEW, LL_ORDER_SUBMITTED));
    ck_assert(!ll_sim_life_leads(LL_ORDER_NEW, LL_ORDER_REJECTED));
    ck_assert(!ll_sim_life_leads(LL_ORDER_EXPIRED, LL_ORDER_CANCELLED));
    for (uint8_t state = 0; state < LL_ORDER_STATE_COUNT; state++)
        ck_assert(state == LL_ORDER_FILLED || !ll_sim_life_leads(LL_ORDER_FILLED, state));
    ck_assert(!ll_sim_life_leads(LL_ORDER_STATE_COUNT, LL_ORDER_NEW));
    ck_assert(!ll_sim_life_leads(LL_ORDER_NEW, LL_ORDER_STATE_COUNT));
}
END_TEST

START_TEST(a_key_that_leads_nowhere)
{
    trade(3, 60);
    uint32_t place = rig.life.places[ll_oms_first_id(rig.oms, 2)];
    rig.life.buckets[place >> LL_LIFE_WAY_BITS].key[place & (LL_LIFE_WAYS - 1u)][0] ^= 1u;
    ck_assert(!look());
    ck_broken(LL_SIM_CHECK_IDENTIFIERS);
    end();
}
END_TEST

START_TEST(a_balance_that_executions_do_not_explain)
{
    trade(3, 200);
    const struct ll_ledger *ledger = ll_oms_ledger(rig.oms);
    uint32_t kind = _i == 0 ? LL_LEDGER_PROVIDER : LL_LEDGER_AVAILABLE;
    for (uint32_t i = 0; i < ll_ledger_account_count(ledger); i++)
        if (ledger->accounts[i].kind == kind && ledger->accounts[i].asset == 1) {
            ledger->accounts[i].balance++;
            break;
        }
    ck_assert(!reconcile());
    ck_broken(LL_SIM_CHECK_RECORD);
    end();
}
END_TEST

/* --- words and numbers ---------------------------------------------------------------------------------- */

START_TEST(every_bug_has_its_check)
{
    ck_assert_str_eq(ll_sim_bug_name(LL_SIM_BUG_NONE), "NONE");
    ck_assert_str_eq(ll_sim_bug_name(LL_SIM_BUG_LOST_REPORT), "LOST_REPORT");
    ck_assert_int_eq(ll_sim_bug_check(LL_SIM_BUG_LOST_REPORT), LL_SIM_CHECK_SETTLED);
    ck_assert_str_eq(ll_sim_check_name(LL_SIM_CHECK_SETTLED), "SETTLED");
    for (uint32_t check = 0; check < LL_SIM_CHECK_COUNT; check++) {
        uint32_t bugs = 0;
        for (uint32_t bug = LL_SIM_BUG_NONE + 1; bug < LL_SIM_BUG_COUNT; bug++)
            bugs += ll_sim_bug_check((enum ll_sim_bug)bug) == check;
        ck_assert_msg(bugs > 0, "nothing shows that %s can fail",
                      ll_sim_check_name((enum ll_sim_check)check));
        ck_assert_uint_gt(strlen(ll_sim_check_text((enum ll_sim_check)check)), 10);
    }
}
END_TEST

START_TEST(an_index_finds_what_was_put)
{
    struct ll_sim_index index = {0};
    ck_assert_uint_eq(ll_sim_index_find(&index, 5), LL_SIM_INDEX_NONE);
    for (uint32_t i = 0; i < 5000; i++)
        ll_sim_index_put(&index, ll_sim_key_number(i & 1u, i), i);
    for (uint32_t i = 0; i < 5000; i++) {
        ck_assert_uint_eq(ll_sim_index_find(&index, ll_sim_key_number(i & 1u, i)), i);
        ck_assert_uint_eq(ll_sim_index_find(&index, ll_sim_key_number((i & 1u) ^ 1u, i)), LL_SIM_INDEX_NONE);
    }
    ll_sim_index_put(&index, ll_sim_key_number(0, 2), 7);
    ck_assert_uint_eq(ll_sim_index_find(&index, ll_sim_key_number(0, 2)), 7);
    ck_assert_uint_eq(index.count, 5000);
    ll_sim_index_clear(&index);
    ck_assert_uint_eq(ll_sim_index_find(&index, ll_sim_key_number(0, 2)), LL_SIM_INDEX_NONE);
    ll_sim_index_free(&index);
}
END_TEST

START_TEST(the_first_verdict_stays)
{
    struct ll_sim_verdict verdict = {.is_broken = false};
    ck_assert(!ll_sim_break(&verdict, LL_SIM_CHECK_ONCE, "number %d", 1));
    ck_assert(!ll_sim_break(&verdict, LL_SIM_CHECK_BOOK, "number %d", 2));
    ck_assert_int_eq(verdict.check, LL_SIM_CHECK_ONCE);
    ck_assert_str_eq(verdict.text, "number 1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim_checks");
    TCase *checks = tcase_create("checks");
    tcase_set_timeout(checks, 120);
    tcase_add_test(checks, a_day_without_faults_is_well);
    tcase_add_loop_test(checks, a_lost_message_is_seen_in_the_record, 0, 5);
    tcase_add_loop_test(checks, the_same_bytes_may_come_again_and_others_not, 0, SESSIONS);
    tcase_add_loop_test(checks, an_order_under_two_numbers_is_one_too_many, 0, SESSIONS);
    tcase_add_loop_test(checks, a_number_that_nobody_gave_is_not_known, 0, SESSIONS);
    tcase_add_test(checks, a_number_is_of_the_order_that_was_sent);
    tcase_add_test(checks, an_order_at_the_exchange_that_was_never_sent);
    tcase_add_loop_test(checks, a_state_that_does_not_follow, 0, 3);
    tcase_add_test(checks, nothing_changes_without_an_event);
    tcase_add_test(checks, fills_go_back_by_busts_only);
    tcase_add_test(checks, a_status_of_an_identifier_that_does_not_follow);
    tcase_add_test(checks, a_deposit_that_is_booked_twice);
    tcase_add_test(checks, states_lead_where_the_table_says);
    tcase_add_test(checks, a_key_that_leads_nowhere);
    tcase_add_loop_test(checks, a_balance_that_executions_do_not_explain, 0, 2);
    tcase_add_test(checks, every_bug_has_its_check);
    tcase_add_test(checks, an_index_finds_what_was_put);
    tcase_add_test(checks, the_first_verdict_stays);
    suite_add_tcase(suite, checks);
    return ll_test_oms_run(suite);
}
