/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: an order port answers each message as the OUCH documents say: numbers and tokens, the four outcomes of a
 * replace, total-liability quantities, intended order sizes, what is silently ignored, what is accepted dead, every
 * reject code; its own record of it is right; and what goes wrong on purpose does so in the allowed ways.
 * Method: messages go in and come out as bytes, through the project's full codecs; what came out is written as one
 * short line per message and compared with lines written by hand.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/base/ll_arena.h"
#include "host/exchange/ll_matching.h"
#include "host/exchange/ll_ouch_port.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_ouch_report.h"

#define TEXT_BYTES  8192u
#define START_NS    UINT64_C(1000000)
#define MIDNIGHT_NS UINT64_C(1000)

static const struct ll_matching_instrument instruments[] = {
    {{'A', 'A', 'A', ' ', ' ', ' ', ' ', ' '}, 1, 100, 100, false, 1000000},
    {{'B', 'B', 'B', ' ', ' ', ' ', ' ', ' '}, 2, 100, 100, false, 1000000}};

struct side { /* one port and what it said since the last look */
    struct ll_ouch_port *port;
    uint8_t protocol;
    uint32_t drop_count;
    bool is_full;
    char text[TEXT_BYTES];
};

struct bench {
    struct ll_matching *matching;
    struct ll_ouch_ports ports;
    struct side sides[2]; /* 5.0, 4.2 */
    uint64_t now_ns;
    void *memory[3];
};

/* --- what came out, as lines ------------------------------------------------------------------------------ */

static void line50(const struct ll_ouch50_message *m, char *line, size_t line_bytes)
{
    unsigned number = m->executed.user_ref_num;
    switch (m->message_type) {
    case 'S':
        (void)snprintf(line, line_bytes, "S %c", m->system_event.event_code);
        break;
    case 'A':
        (void)snprintf(line, line_bytes, "A %u %c %u@%u %c", number, m->accepted.side, m->accepted.quantity,
                       (unsigned)m->accepted.price, m->accepted.order_state);
        break;
    case 'U':
        (void)snprintf(line, line_bytes, "U %u>%u %u@%u %c", m->replaced.orig_user_ref_num,
                       m->replaced.user_ref_num, m->replaced.quantity, (unsigned)m->replaced.price,
                       m->replaced.order_state);
        break;
    case 'C':
        (void)snprintf(line, line_bytes, "C %u %u %c", number, m->canceled.quantity, m->canceled.reason);
        break;
    case 'D':
        (void)snprintf(line, line_bytes, "D %u %u of %u@%u", number, m->aiq_canceled.decrement_shares,
                       m->aiq_canceled.quantity_prevented_from_trading,
                       (unsigned)m->aiq_canceled.execution_price);
        break;
    case 'E':
        (void)snprintf(line, line_bytes, "E %u %u@%u %c #%u", number, m->executed.quantity,
                       (unsigned)m->executed.price, m->executed.liquidity_flag,
                       (unsigned)m->executed.match_number);
        break;
    case 'B':
        (void)snprintf(line, line_bytes, "B %u #%u %c", number, (unsigned)m->broken_trade.match_number,
                       m->broken_trade.reason);
        break;
    case 'J':
        (void)snprintf(line, line_bytes, "J %u %04x", number, m->rejected.reason);
        break;
    case 'M':
        (void)snprintf(line, line_bytes, "M %u %c %u", number, m->modified.side, m->modified.quantity);
        break;
    case 'X':
        (void)snprintf(line, line_bytes, "X %u %.4s %.8s", number, m->mass_cancel_response.firm,
                       m->mass_cancel_response.symbol);
        break;
    case 'Q':
        (void)snprintf(line, line_bytes, "Q %u", m->query_response.next_user_ref_num);
        break;
    default:
        (void)snprintf(line, line_bytes, "%c %u", m->message_type, number);
    }
}

static unsigned token_number(const char token[14])
{
    char text[15] = {0};
    memcpy(text, token, 14);
    return (unsigned)strtoul(text + 2, NULL, 10);
}

static void line42(const union ll_ouch42_message *m, char *line, size_t line_bytes)
{
    unsigned number = token_number(m->executed.order_token);
    switch (m->message_type) {
    case 'S':
        (void)snprintf(line, line_bytes, "S %c", m->system_event.event_code);
        break;
    case 'A':
        (void)snprintf(line, line_bytes, "A %u %c %u@%u %c", number, m->accepted.buy_sell_indicator,
                       m->accepted.shares, m->accepted.price, m->accepted.order_state);
        break;
    case 'U':
        (void)snprintf(line, line_bytes, "U %u>%u %u@%u %c", token_number(m->replaced.previous_order_token),
                       number, m->replaced.shares, m->replaced.price, m->replaced.order_state);
        break;
    case 'C':
        (void)snprintf(line, line_bytes, "C %u %u %c", number, m->canceled.decrement_shares,
                       m->canceled.reason);
        break;
    case 'D':
        (void)snprintf(line, line_bytes, "D %u %u of %u@%u", number, m->aiq_canceled.decrement_shares,
                       m->aiq_canceled.quantity_prevented_from_trading, m->aiq_canceled.execution_price);
        break;
    case 'E':
        (void)snprintf(line, line_bytes, "E %u %u@%u %c #%u", number, m->executed.executed_shares,
                       m->executed.execution_price, m->executed.liquidity_flag,
                       (unsigned)m->executed.match_number);
        break;
    case 'B':
        (void)snprintf(line, line_bytes, "B %u #%u %c", number, (unsigned)m->broken_trade.match_number,
                       m->broken_trade.reason);
        break;
    case 'J':
        (void)snprintf(line, line_bytes, "J %u %c", number, m->rejected.reason);
        break;
    case 'M':
        (void)snprintf(line, line_bytes, "M %u %c %u", number, m->modified.buy_sell_indicator,
                       m->modified.shares);
        break;
    default:
        (void)snprintf(line, line_bytes, "%c %u", m->message_type, number);
    }
}

static int on_publish(void *context, const uint8_t *message, uint32_t message_bytes)
{
    struct side *side = context;
    struct ll_ouch50_message message50;
    union ll_ouch42_message message42;
    char line[128];
    if (side->is_full)
        return LL_ERR_FULL;
    if (side->protocol == LL_PROTOCOL_OUCH50) {
        ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_OUT, message, message_bytes, &message50), LL_OK);
        ck_assert_uint_ge(message50.executed.timestamp, START_NS - MIDNIGHT_NS);
        line50(&message50, line, sizeof line);
    } else {
        ck_assert_int_eq(ll_ouch42_decode(LL_OUCH_OUT, message, message_bytes, &message42), LL_OK);
        ck_assert_uint_ge(message42.executed.timestamp, START_NS - MIDNIGHT_NS);
        line42(&message42, line, sizeof line);
    }
    size_t used = strlen(side->text);
    ck_assert_uint_lt(used + strlen(line) + 3, sizeof side->text);
    (void)snprintf(side->text + used, sizeof side->text - used, "%s%s", used > 0 ? "; " : "", line);
    return LL_OK;
}

static void on_drop(void *context)
{
    struct side *side = context;
    side->drop_count++;
}

static void said(struct side *side, const char *expected)
{
    ck_assert_str_eq(side->text, expected);
    side->text[0] = '\0';
}

/* --- the bench -------------------------------------------------------------------------------------------- */

static struct ll_ouch_port_config port_config(uint32_t number)
{
    struct ll_ouch_port_config config = {.protocol = number == 1 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42,
                                         .number = number,
                                         .links_max = 64,
                                         .executions_max = 64,
                                         .answers_max = 16,
                                         .firm_count = 2,
                                         .firms = {{'F', 'I', 'R', 'M'}, {'O', 'T', 'H', 'R'}},
                                         .midnight_ns = MIDNIGHT_NS,
                                         .seed = 7};
    return config;
}

static void *bench_memory(struct bench *bench, uint32_t which, size_t bytes)
{
    bench->memory[which] = aligned_alloc(64, ll_align_up(bytes, 64));
    ck_assert_ptr_nonnull(bench->memory[which]);
    return bench->memory[which];
}

static void bench_init_with(struct bench *bench, const struct ll_ouch_port_config configs[2],
                            enum ll_matching_self_trade self_trade)
{
    memset(bench, 0, sizeof *bench);
    bench->now_ns = START_NS;
    for (uint32_t i = 0; i < 2; i++) {
        struct side *side = &bench->sides[i];
        struct ll_ouch_port_door door = {side, on_publish, on_drop};
        size_t bytes = ll_ouch_port_footprint_bytes(&configs[i]);
        side->protocol = configs[i].protocol;
        ck_assert_int_eq(
            ll_ouch_port_init(&side->port, bench_memory(bench, i, bytes), bytes, &configs[i], &door, NULL),
            LL_OK);
        ll_ouch_ports_add(&bench->ports, side->port);
    }
    struct ll_matching_config config = {.instruments = instruments,
                                        .instrument_count = 2,
                                        .orders_max = 16,
                                        .trades_max = 64,
                                        .reference_first = 1,
                                        .match_first = 1,
                                        .band_per_mille = 500,
                                        .self_trade = self_trade};
    struct ll_matching_handler handler = ll_ouch_ports_handler(&bench->ports);
    size_t bytes = ll_matching_footprint_bytes(&config);
    ck_assert_int_eq(
        ll_matching_init(&bench->matching, bench_memory(bench, 2, bytes), bytes, &config, &handler, 1, NULL),
        LL_OK);
    for (uint32_t i = 0; i < 2; i++) {
        ll_ouch_port_attach(bench->sides[i].port, bench->matching);
        ll_ouch_port_start_of_day(bench->sides[i].port, bench->now_ns);
        said(&bench->sides[i], "S S");
    }
}

static void bench_init(struct bench *bench)
{
    struct ll_ouch_port_config configs[2] = {port_config(1), port_config(2)};
    bench_init_with(bench, configs, LL_MATCHING_SELF_CANCEL_NEWEST);
}

/* Every link's quantities add up, in both records and in the engine. */
static void bench_deinit(struct bench *bench)
{
    ll_matching_check(bench->matching);
    for (uint32_t i = 0; i < 2; i++) {
        const struct ll_ouch_port *port = bench->sides[i].port;
        for (uint32_t at = 0; at < ll_ouch_port_link_count(port); at++) {
            const struct ll_ouch_link *link = ll_ouch_port_link(port, at);
            struct ll_matching_order order;
            bool is_live = link->state == LL_OUCH_LINK_LIVE;
            ck_assert_int_eq(ll_matching_find(bench->matching, link->reference, &order), is_live);
            ck_assert_uint_eq(link->open, is_live ? order.quantity : 0);
            if (link->state != LL_OUCH_LINK_REJECTED)
                ck_assert_uint_eq(link->quantity,
                                  link->open + link->executed + link->cancelled + link->passed_on);
        }
        ck_assert_str_eq(bench->sides[i].text, "");
    }
    for (uint32_t i = 0; i < 3; i++)
        free(bench->memory[i]);
}

static void receive(struct bench *bench, uint32_t which, const uint8_t *bytes, uint32_t bytes_count)
{
    uint8_t *exact = ll_test_copy(bytes, bytes_count);
    ll_ouch_port_receive(bench->sides[which].port, exact, bytes_count, bench->now_ns);
    free(exact);
}

static void send50(struct bench *bench, const struct ll_ouch50_message *message)
{
    uint8_t bytes[LL_OUCH50_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = 0;
    ck_assert_int_eq(ll_ouch50_encode(LL_OUCH_IN, message, bytes, sizeof bytes, &bytes_count), LL_OK);
    receive(bench, 0, bytes, bytes_count);
}

static void send42(struct bench *bench, const union ll_ouch42_message *message)
{
    uint8_t bytes[LL_OUCH42_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = 0;
    ck_assert_int_eq(ll_ouch42_encode(LL_OUCH_IN, message, bytes, sizeof bytes, &bytes_count), LL_OK);
    receive(bench, 1, bytes, bytes_count);
}

static struct ll_ouch50_message enter50(uint32_t number, char side, uint32_t quantity, uint32_t price)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.enter = (struct ll_ouch50_enter){.message_type = 'O',
                                             .user_ref_num = number,
                                             .side = side,
                                             .quantity = quantity,
                                             .symbol = {'A', 'A', 'A', ' ', ' ', ' ', ' ', ' '},
                                             .price = price,
                                             .time_in_force = '0',
                                             .display = 'Y',
                                             .capacity = 'P',
                                             .intermarket_sweep_eligibility = 'N',
                                             .cross_type = 'N'};
    memcpy(message.enter.cl_ord_id, "LL000000000000", 14);
    return message;
}

static void do_enter50(struct bench *bench, uint32_t number, char side, uint32_t quantity, uint32_t price)
{
    struct ll_ouch50_message message = enter50(number, side, quantity, price);
    send50(bench, &message);
}

static struct ll_ouch50_message replace50(uint32_t old, uint32_t number, uint32_t quantity, uint64_t price)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.replace = (struct ll_ouch50_replace){.message_type = 'U',
                                                 .orig_user_ref_num = old,
                                                 .user_ref_num = number,
                                                 .quantity = quantity,
                                                 .price = price,
                                                 .time_in_force = '0',
                                                 .display = 'Y',
                                                 .intermarket_sweep_eligibility = 'N'};
    memcpy(message.replace.cl_ord_id, "LL000000000000", 14);
    return message;
}

static void do_replace50(struct bench *bench, uint32_t old, uint32_t number, uint32_t quantity,
                         uint64_t price)
{
    struct ll_ouch50_message message = replace50(old, number, quantity, price);
    send50(bench, &message);
}

static void do_cancel50(struct bench *bench, uint32_t number, uint32_t quantity)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.cancel = (struct ll_ouch50_cancel){'X', number, quantity};
    send50(bench, &message);
}

static void do_modify50(struct bench *bench, uint32_t number, char side, uint32_t quantity)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.modify = (struct ll_ouch50_modify){'M', number, side, quantity};
    send50(bench, &message);
}

static void do_query50(struct bench *bench)
{
    static const uint8_t query[] = {'Q'};
    receive(bench, 0, query, sizeof query);
}

static void put_token(uint32_t number, char token[14])
{
    char text[15];
    (void)snprintf(text, sizeof text, "LL%012u", number);
    memcpy(token, text, 14);
}

static union ll_ouch42_message enter42(uint32_t number, char side, uint32_t quantity, uint32_t price)
{
    union ll_ouch42_message message;
    memset(&message, 0, sizeof message);
    message.enter = (struct ll_ouch42_enter){.message_type = 'O',
                                             .buy_sell_indicator = side,
                                             .shares = quantity,
                                             .stock = {'A', 'A', 'A', ' ', ' ', ' ', ' ', ' '},
                                             .price = price,
                                             .time_in_force = 99998,
                                             .firm = {' ', ' ', ' ', ' '},
                                             .display = 'Y',
                                             .capacity = 'P',
                                             .intermarket_sweep_eligibility = 'N',
                                             .cross_type = 'N',
                                             .customer_type = ' '};
    put_token(number, message.enter.order_token);
    return message;
}

static void do_enter42(struct bench *bench, uint32_t number, char side, uint32_t quantity, uint32_t price)
{
    union ll_ouch42_message message = enter42(number, side, quantity, price);
    send42(bench, &message);
}

static void do_replace42(struct bench *bench, uint32_t old, uint32_t number, uint32_t quantity,
                         uint32_t price)
{
    union ll_ouch42_message message;
    memset(&message, 0, sizeof message);
    message.replace = (struct ll_ouch42_replace){.message_type = 'U',
                                                 .shares = quantity,
                                                 .price = price,
                                                 .time_in_force = 99998,
                                                 .display = 'Y',
                                                 .intermarket_sweep_eligibility = 'N'};
    put_token(old, message.replace.existing_order_token);
    put_token(number, message.replace.replacement_order_token);
    send42(bench, &message);
}

static void do_cancel42(struct bench *bench, uint32_t number, uint32_t quantity)
{
    union ll_ouch42_message message;
    memset(&message, 0, sizeof message);
    message.cancel = (struct ll_ouch42_cancel){.message_type = 'X', .shares = quantity};
    put_token(number, message.cancel.order_token);
    send42(bench, &message);
}

static void do_modify42(struct bench *bench, uint32_t number, char side, uint32_t quantity)
{
    union ll_ouch42_message message;
    memset(&message, 0, sizeof message);
    message.modify =
        (struct ll_ouch42_modify){.message_type = 'M', .buy_sell_indicator = side, .shares = quantity};
    put_token(number, message.modify.order_token);
    send42(bench, &message);
}

/* --- numbers and tokens ----------------------------------------------------------------------------------- */

START_TEST(numbers_only_go_up)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 5, 'B', 100, 1000000);
    said(&bench.sides[0], "A 5 B 100@1000000 L");
    do_enter50(&bench, 5, 'B', 100, 1000000); /* the same again: a retransmission */
    do_enter50(&bench, 4, 'B', 100, 1000000);
    do_enter50(&bench, 0, 'B', 100, 1000000);
    said(&bench.sides[0], "");
    do_enter50(&bench, 9, 'B', 100, 1000000);
    said(&bench.sides[0], "A 9 B 100@1000000 L");
    do_query50(&bench);
    said(&bench.sides[0], "Q 10");
    ck_assert_uint_eq(ll_ouch_port_counters(bench.sides[0].port)->ignored, 3);
    bench_deinit(&bench);
}
END_TEST

START_TEST(channels_count_for_themselves)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 9, 'B', 100, 1000000);
    struct ll_ouch50_message message = enter50(1, 'B', 200, 1000000);
    message.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_USER_REF_IDX);
    message.options.user_ref_idx = 3;
    send50(&bench, &message);
    said(&bench.sides[0], "A 9 B 100@1000000 L; A 1 B 200@1000000 L");
    do_cancel50(&bench, 1, 0); /* of channel 0: no such order */
    said(&bench.sides[0], "");
    send50(&bench, &message);                 /* used on its channel */
    do_enter50(&bench, 9, 'B', 100, 1000000); /* and on channel 0 */
    said(&bench.sides[0], "");
    message.enter.user_ref_num = 2;
    send50(&bench, &message);
    do_query50(&bench);
    said(&bench.sides[0], "A 2 B 200@1000000 L; Q 10");
    const struct ll_ouch_link *link = ll_ouch_port_link(bench.sides[0].port, 1);
    ck_assert_uint_eq(link->channel, 3);
    ck_assert_uint_eq(link->state, LL_OUCH_LINK_LIVE);
    bench_deinit(&bench);
}
END_TEST

START_TEST(a_restart_goes_on_behind_the_numbers_used)
{
    struct bench bench;
    struct ll_ouch_port_config configs[2] = {port_config(1), port_config(2)};
    configs[0].number_last = 41;
    bench_init_with(&bench, configs, LL_MATCHING_SELF_CANCEL_NEWEST);
    do_query50(&bench);
    do_enter50(&bench, 41, 'B', 100, 1000000);
    do_enter50(&bench, 42, 'B', 100, 1000000);
    said(&bench.sides[0], "Q 42; A 42 B 100@1000000 L");
    bench_deinit(&bench);
}
END_TEST

START_TEST(a_token_is_used_once)
{
    struct bench bench;
    bench_init(&bench);
    do_enter42(&bench, 5, 'B', 100, 1000000);
    do_enter42(&bench, 5, 'S', 300, 1000000);
    do_enter42(&bench, 4, 'B', 100, 1000000); /* lower is as good as higher */
    said(&bench.sides[1], "A 5 B 100@1000000 L; A 4 B 100@1000000 L");
    do_enter42(&bench, 6, 'B', 100, 0);
    do_enter42(&bench, 6, 'B', 100, 1000000); /* burned by its reject */
    said(&bench.sides[1], "J 6 X");
    bench_deinit(&bench);
}
END_TEST

START_TEST(what_cannot_be_read_is_ignored)
{
    struct bench bench;
    static const uint8_t junk[] = {'z', 1, 2};
    bench_init(&bench);
    receive(&bench, 0, junk, sizeof junk);
    receive(&bench, 0, junk, 0);
    receive(&bench, 1, junk, sizeof junk);
    ck_assert_uint_eq(ll_ouch_port_counters(bench.sides[0].port)->malformed, 2);
    ck_assert_uint_eq(ll_ouch_port_counters(bench.sides[1].port)->malformed, 1);
    bench_deinit(&bench);
}
END_TEST

/* --- trades ------------------------------------------------------------------------------------------------ */

START_TEST(both_sides_see_one_match_number)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 300, 1000000);
    do_enter42(&bench, 1, 'S', 100, 1000000);
    said(&bench.sides[0], "A 1 B 300@1000000 L; E 1 100@1000000 A #1");
    said(&bench.sides[1], "A 1 S 100@1000000 L; E 1 100@1000000 R #1");
    do_enter42(&bench, 2, 'S', 500, 999900);
    said(&bench.sides[0], "E 1 200@1000000 A #2");
    said(&bench.sides[1], "A 2 S 500@999900 L; E 2 200@1000000 R #2");
    const struct ll_ouch_link *link = ll_ouch_port_link(bench.sides[0].port, 0);
    ck_assert_uint_eq(link->state, LL_OUCH_LINK_FILLED);
    ck_assert_uint_eq(link->executed, 300);
    const struct ll_ouch_execution *execution =
        ll_ouch_port_execution(bench.sides[0].port, link->first_execution);
    ck_assert_uint_eq(execution->match_number, 1);
    ck_assert_uint_eq(ll_ouch_port_execution(bench.sides[0].port, execution->next)->match_number, 2);
    bench_deinit(&bench);
}
END_TEST

START_TEST(what_does_not_rest_ends_dead_or_cancelled)
{
    struct bench bench;
    bench_init(&bench);
    struct ll_ouch50_message ioc = enter50(1, 'B', 300, 1000000);
    ioc.enter.time_in_force = '3';
    send50(&bench, &ioc);
    said(&bench.sides[0], "A 1 B 300@1000000 D"); /* nothing was to be had */
    do_enter42(&bench, 1, 'S', 100, 1000000);
    said(&bench.sides[1], "A 1 S 100@1000000 L");
    ioc.enter.user_ref_num = 2;
    send50(&bench, &ioc);
    said(&bench.sides[0], "A 2 B 300@1000000 L; E 2 100@1000000 R #1; C 2 200 I");
    said(&bench.sides[1], "E 1 100@1000000 A #1");
    union ll_ouch42_message ioc42 = enter42(2, 'B', 100, 1000000);
    ioc42.enter.time_in_force = 0;
    send42(&bench, &ioc42);
    said(&bench.sides[1], "A 2 B 100@1000000 D");
    bench_deinit(&bench);
}
END_TEST

START_TEST(all_or_nothing_is_a_minimum_of_all)
{
    struct bench bench;
    bench_init(&bench);
    do_enter42(&bench, 1, 'S', 200, 1000000);
    said(&bench.sides[1], "A 1 S 200@1000000 L");
    struct ll_ouch50_message fok = enter50(1, 'B', 300, 1000000);
    fok.enter.time_in_force = '3';
    fok.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_MIN_QTY);
    fok.options.min_qty = 300;
    send50(&bench, &fok);
    said(&bench.sides[0], "A 1 B 300@1000000 D");
    fok.enter.user_ref_num = 2;
    fok.enter.quantity = 200;
    fok.options.min_qty = 200;
    send50(&bench, &fok);
    said(&bench.sides[0], "A 2 B 200@1000000 L; E 2 200@1000000 R #1");
    said(&bench.sides[1], "E 1 200@1000000 A #1");
    bench_deinit(&bench);
}
END_TEST

START_TEST(post_only_goes_with_its_reason)
{
    struct bench bench;
    bench_init(&bench);
    do_enter42(&bench, 1, 'S', 200, 1000000);
    struct ll_ouch50_message message = enter50(1, 'B', 300, 1000000);
    message.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_POST_ONLY);
    message.options.post_only = 'P';
    send50(&bench, &message);
    said(&bench.sides[0], "A 1 B 300@1000000 L; C 1 300 F");
    union ll_ouch42_message message42 = enter42(2, 'B', 100, 1000000);
    message42.enter.display = 'P';
    send42(&bench, &message42);
    said(&bench.sides[1], "A 1 S 200@1000000 L; A 2 B 100@1000000 L; C 2 100 F");
    bench_deinit(&bench);
}
END_TEST

START_TEST(market_orders_take_what_is_there)
{
    struct bench bench;
    bench_init(&bench);
    do_enter42(&bench, 1, 'S', 200, 1000000);
    do_enter50(&bench, 1, 'B', 300, LL_OUCH_PRICE_MARKET);
    said(&bench.sides[0], "A 1 B 300@2147483647 L; E 1 200@1000000 R #1; C 1 100 I");
    said(&bench.sides[1], "A 1 S 200@1000000 L; E 1 200@1000000 A #1");
    bench_deinit(&bench);
}
END_TEST

START_TEST(own_orders_do_not_trade)
{
    struct bench bench;
    struct ll_ouch_port_config configs[2] = {port_config(1), port_config(2)};
    configs[0].group = 9;
    bench_init_with(&bench, configs, LL_MATCHING_SELF_DECREMENT);
    do_enter50(&bench, 1, 'B', 300, 1000000);
    do_enter50(&bench, 2, 'S', 100, 1000000);
    said(&bench.sides[0],
         "A 1 B 300@1000000 L; A 2 S 100@1000000 L; D 1 100 of 100@1000000; D 2 100 of 100@1000000");
    /* What was prevented counts against the chain: of 300, 100 are gone, so 250 leaves 150. */
    do_replace50(&bench, 1, 3, 250, 1000000);
    said(&bench.sides[0], "U 1>3 150@1000000 L");
    bench_deinit(&bench);
}
END_TEST

/* --- replace ----------------------------------------------------------------------------------------------- */

START_TEST(a_replace_names_the_total_liability)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 500, 1000000);
    do_enter42(&bench, 1, 'S', 100, 1000000);
    do_replace50(&bench, 1, 2, 500, 1000100); /* the document's example: 400 stay open */
    said(&bench.sides[0], "A 1 B 500@1000000 L; E 1 100@1000000 A #1; U 1>2 400@1000100 L");
    do_replace50(&bench, 2, 3, 600, 1000100);
    said(&bench.sides[0], "U 2>3 500@1000100 L");
    do_enter42(&bench, 2, 'S', 500, 1000100);
    said(&bench.sides[0], "E 3 500@1000100 A #2");
    said(&bench.sides[1],
         "A 1 S 100@1000000 L; E 1 100@1000000 R #1; A 2 S 500@1000100 L; E 2 500@1000100 R #2");
    const struct ll_ouch_link *link = ll_ouch_port_link(bench.sides[0].port, 0);
    ck_assert_uint_eq(link->state, LL_OUCH_LINK_REPLACED);
    ck_assert_uint_eq(link->replaced_by, 1);
    ck_assert_uint_eq(ll_ouch_port_link(bench.sides[0].port, 1)->replaces, 0);
    ck_assert_uint_eq(ll_ouch_port_link(bench.sides[0].port, 2)->chain_used, 600);
    bench_deinit(&bench);
}
END_TEST

START_TEST(replace_outcome_1_says_nothing_and_uses_nothing)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 500, 1000000);
    said(&bench.sides[0], "A 1 B 500@1000000 L");
    do_replace50(&bench, 7, 8, 500, 1000000); /* never was */
    do_replace50(&bench, 1, 1, 500, 1000000); /* the new number is used */
    said(&bench.sides[0], "");
    do_replace50(&bench, 1, 2, 400, 1000000);
    do_replace50(&bench, 1, 3, 400, 1000000); /* replaced: dead */
    do_query50(&bench);
    said(&bench.sides[0], "U 1>2 400@1000000 L; Q 3");
    do_enter42(&bench, 1, 'B', 500, 1000000);
    do_enter42(&bench, 2, 'B', 500, 1000000);
    said(&bench.sides[1], "A 1 B 500@1000000 L; A 2 B 500@1000000 L");
    do_replace42(&bench, 1, 2, 400, 1000000);
    do_replace42(&bench, 9, 3, 400, 1000000);
    said(&bench.sides[1], "");
    do_enter42(&bench, 3, 'B', 500, 1000000); /* not used by the ignored one */
    said(&bench.sides[1], "A 3 B 500@1000000 L");
    bench_deinit(&bench);
}
END_TEST

START_TEST(replace_outcome_2_cancels_the_order)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 500, 1000000);
    do_replace50(&bench, 1, 2, 1000000, 1000000);
    said(&bench.sides[0], "A 1 B 500@1000000 L; C 1 500 U");
    do_enter50(&bench, 2, 'B', 500, 1000000); /* the number was not used */
    do_replace50(&bench, 2, 3, 500, 1000050); /* no multiple of the tick */
    said(&bench.sides[0], "A 2 B 500@1000000 L; C 2 500 U");
    do_enter50(&bench, 3, 'B', 500, 1000000);
    do_enter42(&bench, 1, 'S', 100, 1000000);
    do_replace50(&bench, 3, 4, 100, 1000000); /* no more than has been executed */
    said(&bench.sides[0], "A 3 B 500@1000000 L; E 3 100@1000000 A #1; C 3 400 U");
    said(&bench.sides[1], "A 1 S 100@1000000 L; E 1 100@1000000 R #1");
    do_enter42(&bench, 2, 'S', 100, 1000000);
    do_replace42(&bench, 2, 3, 0, 1000000);
    do_enter42(&bench, 3, 'S', 100, 1000000);
    said(&bench.sides[1], "A 2 S 100@1000000 L; C 2 100 U; A 3 S 100@1000000 L");
    bench_deinit(&bench);
}
END_TEST

START_TEST(replace_outcome_3_rejects_the_new_number)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 500, 1000000);
    do_enter42(&bench, 1, 'B', 500, 1000000);
    ck_assert_int_eq(ll_matching_halt(bench.matching, 0, "T1  ", bench.now_ns), LL_MATCHING_OK);
    do_replace50(&bench, 1, 2, 400, 1000000);
    do_replace42(&bench, 1, 2, 400, 1000000);
    said(&bench.sides[0], "A 1 B 500@1000000 L; J 2 0007");
    said(&bench.sides[1], "A 1 B 500@1000000 L; J 2 H");
    do_enter50(&bench, 2, 'B', 500, 1000000); /* used */
    do_cancel50(&bench, 1, 0);                /* intact, and may go while halted */
    said(&bench.sides[0], "C 1 500 U");
    bench_deinit(&bench);
}
END_TEST

START_TEST(replace_outcome_4_lives_or_is_dead)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 500, 1000000);
    struct ll_ouch50_message ioc = replace50(1, 2, 400, 1000000);
    ioc.replace.time_in_force = '3';
    send50(&bench, &ioc);
    said(&bench.sides[0], "A 1 B 500@1000000 L; U 1>2 400@1000000 D");
    do_enter50(&bench, 3, 'B', 500, 1000000);
    do_enter42(&bench, 1, 'S', 100, 1000100);
    do_replace50(&bench, 3, 4, 500, 1000100); /* comes to the other side, and trades there */
    said(&bench.sides[0], "A 3 B 500@1000000 L; U 3>4 500@1000100 L; E 4 100@1000100 R #1");
    said(&bench.sides[1], "A 1 S 100@1000100 L; E 1 100@1000100 A #1");
    do_cancel50(&bench, 3, 0); /* the old number is dead */
    said(&bench.sides[0], "");
    bench_deinit(&bench);
}
END_TEST

START_TEST(an_option_that_is_not_said_again_stays)
{
    struct bench bench;
    bench_init(&bench);
    struct ll_ouch50_message message = enter50(1, 'B', 100, 1000000);
    message.options.present =
        LL_OUCH50_PRESENT(LL_OUCH50_TAG_POST_ONLY) | LL_OUCH50_PRESENT(LL_OUCH50_TAG_FIRM);
    message.options.post_only = 'P';
    memcpy(message.options.firm, "OTHR", 4);
    send50(&bench, &message);
    do_replace50(&bench, 1, 2, 100, 999900);
    const struct ll_ouch_link *link = ll_ouch_port_link(bench.sides[0].port, 1);
    ck_assert(link->post_only);
    ck_assert_mem_eq(link->firm, "OTHR", 4);
    struct ll_ouch50_message again = replace50(2, 3, 100, 999900);
    again.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_POST_ONLY);
    again.options.post_only = 'N';
    send50(&bench, &again);
    ck_assert(!ll_ouch_port_link(bench.sides[0].port, 2)->post_only);
    said(&bench.sides[0], "A 1 B 100@1000000 L; U 1>2 100@999900 L; U 2>3 100@999900 L");
    bench_deinit(&bench);
}
END_TEST

/* --- cancel and modify --------------------------------------------------------------------------------------- */

START_TEST(a_cancel_names_the_intended_size)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 500, 1000000);
    do_enter42(&bench, 1, 'S', 100, 1000000);
    said(&bench.sides[0], "A 1 B 500@1000000 L; E 1 100@1000000 A #1");
    do_cancel50(&bench, 1, 500); /* superfluous, and so is more */
    do_cancel50(&bench, 1, 9999999);
    said(&bench.sides[0], "");
    do_cancel50(&bench, 1, 300); /* 100 are done: 200 stay */
    do_cancel50(&bench, 1, 300);
    said(&bench.sides[0], "C 1 200 U");
    do_cancel50(&bench, 1, 50); /* less than is done: all the rest */
    do_cancel50(&bench, 1, 0);  /* and again: dead */
    said(&bench.sides[0], "C 1 200 U");
    do_enter42(&bench, 2, 'B', 500, 1000000);
    do_cancel42(&bench, 2, 400);
    do_cancel42(&bench, 2, 0);
    do_cancel42(&bench, 77, 0);
    said(&bench.sides[1],
         "A 1 S 100@1000000 L; E 1 100@1000000 R #1; A 2 B 500@1000000 L; C 2 100 U; C 2 400 U");
    bench_deinit(&bench);
}
END_TEST

START_TEST(a_modify_changes_kinds_of_sells_and_sizes)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'S', 500, 1000000);
    do_modify50(&bench, 1, 'T', 500);
    do_modify50(&bench, 1, 'E', 300);
    do_modify50(&bench, 1, 'E', 300); /* nothing changes */
    do_modify50(&bench, 1, 'B', 300); /* a sell stays a sell */
    do_modify50(&bench, 1, 'S', 400); /* 5.0 never raises */
    said(&bench.sides[0], "A 1 S 500@1000000 L; M 1 T 500; M 1 E 300");
    do_modify50(&bench, 1, 'E', 0);
    said(&bench.sides[0], "C 1 300 U");
    do_enter42(&bench, 1, 'S', 500, 1000000);
    do_modify42(&bench, 1, 'T', 400);
    do_modify42(&bench, 1, 'T', 600); /* 4.2 raises, for a new place in the queue */
    said(&bench.sides[1], "A 1 S 500@1000000 L; M 1 T 400; M 1 T 600; T 1");
    bench_deinit(&bench);
}
END_TEST

/* --- rejects -------------------------------------------------------------------------------------------------- */

START_TEST(rejects_have_their_codes)
{
    struct bench bench;
    bench_init(&bench);
    struct ll_ouch50_message m = enter50(1, 'B', 100, 1000000);
    memcpy(m.enter.symbol, "NONE    ", 8);
    send50(&bench, &m);
    do_enter50(&bench, 2, 'B', 100, 0);
    do_enter50(&bench, 3, 'B', 100, 1000050);
    do_enter50(&bench, 4, 'B', 100, LL_OUCH_PRICE_LIMIT_MAX + 50);
    do_enter50(&bench, 5, 'B', 100, 1600000);
    do_enter50(&bench, 6, 'B', 0, 1000000);
    do_enter50(&bench, 7, 'B', 1000000, 1000000);
    do_enter50(&bench, 8, 'Z', 100, 1000000);
    m = enter50(9, 'B', 100, 1000000);
    m.enter.display = 'W';
    send50(&bench, &m);
    m = enter50(10, 'B', 100, 1000000);
    m.enter.cross_type = 'O';
    send50(&bench, &m);
    m = enter50(11, 'B', 100, 1000000);
    m.enter.time_in_force = '6'; /* without its option */
    send50(&bench, &m);
    m = enter50(12, 'B', 100, 1000000);
    m.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_PRICE_TYPE);
    m.options.price_type = 'M';
    send50(&bench, &m);
    m = enter50(13, 'B', 100, 1000000);
    m.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_MIN_QTY);
    m.options.min_qty = 50;
    send50(&bench, &m);
    m.enter.user_ref_num = 14;
    m.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_FIRM);
    memcpy(m.options.firm, "NOPE", 4);
    send50(&bench, &m);
    said(&bench.sides[0],
         "J 1 0017; J 2 001d; J 3 001d; J 4 001d; J 5 0006; J 6 0013; J 7 0013; J 8 0009; J 9 0003; "
         "J 10 0014; J 11 000f; J 12 0011; J 13 000d; J 14 000c");
    ck_assert_int_eq(ll_matching_halt(bench.matching, 0, "T1  ", bench.now_ns), LL_MATCHING_OK);
    do_enter50(&bench, 15, 'B', 100, 1000000);
    do_enter42(&bench, 15, 'B', 100, 1000000);
    ll_matching_end_of_day(bench.matching, bench.now_ns);
    do_enter50(&bench, 16, 'B', 100, 1000000);
    do_enter42(&bench, 16, 'B', 100, 1000000);
    said(&bench.sides[0], "J 15 0007; J 16 0002");
    said(&bench.sides[1], "J 15 H; J 16 C");
    ck_assert_uint_eq(ll_ouch_port_counters(bench.sides[0].port)->rejected, 16);
    bench_deinit(&bench);
}
END_TEST

START_TEST(rejects_of_42_have_their_letters)
{
    struct bench bench;
    bench_init(&bench);
    union ll_ouch42_message m = enter42(1, 'B', 100, 1000000);
    memcpy(m.enter.stock, "NONE    ", 8);
    send42(&bench, &m);
    do_enter42(&bench, 2, 'B', 100, 1000050);
    do_enter42(&bench, 3, 'B', 1000000, 1000000);
    m = enter42(4, 'B', 100, 1000000);
    m.enter.display = 'M';
    send42(&bench, &m);
    m = enter42(5, 'B', 100, 1000000);
    m.enter.cross_type = 'C';
    send42(&bench, &m);
    m = enter42(6, 'B', 100, 1000000);
    m.enter.minimum_quantity = 200;
    send42(&bench, &m);
    m = enter42(7, 'B', 100, 1000000);
    memcpy(m.enter.firm, "NOPE", 4);
    send42(&bench, &m);
    do_enter42(&bench, 8, 'B', 100, 1600000);
    said(&bench.sides[1], "J 1 S; J 2 X; J 3 Z; J 4 D; J 5 R; J 6 N; J 7 L; J 8 e");
    bench_deinit(&bench);
}
END_TEST

START_TEST(a_full_day_is_refused_and_goes_on)
{
    struct bench bench;
    struct ll_ouch_port_config configs[2] = {port_config(1), port_config(2)};
    configs[0].links_max = 2;
    configs[0].executions_max = 1;
    bench_init_with(&bench, configs, LL_MATCHING_SELF_CANCEL_NEWEST);
    do_enter50(&bench, 1, 'B', 500, 1000000);
    do_enter50(&bench, 2, 'B', 500, 1000000);
    do_enter50(&bench, 3, 'B', 500, 1000000);
    do_replace50(&bench, 1, 4, 400, 1000000);
    said(&bench.sides[0], "A 1 B 500@1000000 L; A 2 B 500@1000000 L; J 3 000a; J 4 000a");
    do_enter42(&bench, 1, 'S', 100, 1000000);
    do_enter42(&bench, 2, 'S', 100, 1000000);
    said(&bench.sides[0], "E 1 100@1000000 A #1; E 1 100@1000000 A #2");
    ck_assert_uint_eq(ll_ouch_port_counters(bench.sides[0].port)->executions_not_kept, 1);
    ck_assert_uint_eq(ll_ouch_port_link(bench.sides[0].port, 0)->executed, 200);
    bench.sides[1].text[0] = '\0';
    bench.sides[0].is_full = true;
    do_cancel50(&bench, 1, 0);
    ck_assert_uint_eq(ll_ouch_port_counters(bench.sides[0].port)->lost, 1);
    bench_deinit(&bench);
}
END_TEST

/* --- a firm's whole ------------------------------------------------------------------------------------------- */

static void do_mass_cancel(struct bench *bench, uint32_t number, const char *firm, const char *symbol,
                           char side)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.mass_cancel.message_type = 'C';
    message.mass_cancel.user_ref_num = number;
    memcpy(message.mass_cancel.firm, firm, 4);
    memcpy(message.mass_cancel.symbol, symbol, 8);
    if (side != 0) {
        message.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_SIDE);
        message.options.side = side;
    }
    send50(bench, &message);
}

START_TEST(a_mass_cancel_takes_what_it_names)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 100, 1000000);
    do_enter50(&bench, 2, 'S', 200, 1000100);
    struct ll_ouch50_message message = enter50(3, 'B', 300, 1000000);
    memcpy(message.enter.symbol, "BBB     ", 8);
    send50(&bench, &message);
    message = enter50(4, 'B', 400, 1000000);
    message.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_FIRM);
    memcpy(message.options.firm, "OTHR", 4);
    send50(&bench, &message);
    do_enter42(&bench, 1, 'B', 500, 1000000);
    bench.sides[0].text[0] = '\0';
    said(&bench.sides[1], "A 1 B 500@1000000 L");
    do_mass_cancel(&bench, 5, "FIRM", "AAA     ", 'B');
    said(&bench.sides[0], "X 5 FIRM AAA     ; C 1 100 U");
    do_mass_cancel(&bench, 5, "FIRM", "        ", 0); /* the number was used */
    do_mass_cancel(&bench, 6, "FIRM", "        ", 0);
    said(&bench.sides[0], "X 6 FIRM         ; C 2 200 U; C 3 300 U");
    do_mass_cancel(&bench, 7, "NOPE", "        ", 0);
    do_mass_cancel(&bench, 8, "OTHR", "NONE    ", 0);
    do_query50(&bench);
    said(&bench.sides[0], "J 7 000c; J 8 0017; Q 9");
    bench_deinit(&bench);
}
END_TEST

static void do_entry(struct bench *bench, char type, uint32_t number)
{
    struct ll_ouch50_message message;
    memset(&message, 0, sizeof message);
    message.disable.message_type = type;
    message.disable.user_ref_num = number;
    memcpy(message.disable.firm, "FIRM", 4);
    send50(bench, &message);
}

START_TEST(a_disabled_firm_enters_nothing_and_cancels)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 100, 1000000);
    do_entry(&bench, 'D', 2);
    do_enter50(&bench, 3, 'B', 100, 1000000);
    do_replace50(&bench, 1, 4, 50, 1000000);
    do_cancel50(&bench, 1, 50);
    said(&bench.sides[0], "A 1 B 100@1000000 L; G 2; J 3 000c; J 4 000c; C 1 50 U");
    do_entry(&bench, 'E', 4);
    do_entry(&bench, 'E', 5);
    do_enter50(&bench, 6, 'B', 100, 1000000);
    said(&bench.sides[0], "K 5; A 6 B 100@1000000 L");
    bench_deinit(&bench);
}
END_TEST

/* --- the day --------------------------------------------------------------------------------------------------- */

START_TEST(orders_expire_and_the_day_ends)
{
    struct bench bench;
    bench_init(&bench);
    struct ll_ouch50_message message = enter50(1, 'B', 100, 1000000);
    message.enter.time_in_force = '6';
    message.options.present = LL_OUCH50_PRESENT(LL_OUCH50_TAG_EXPIRE_TIME);
    message.options.expire_time = 2;
    send50(&bench, &message);
    union ll_ouch42_message message42 = enter42(1, 'B', 100, 1000000);
    message42.enter.time_in_force = 3;
    send42(&bench, &message42);
    do_enter42(&bench, 2, 'B', 100, 1000000);
    bench.sides[0].text[0] = '\0';
    bench.sides[1].text[0] = '\0';
    ll_ouch_port_poll(bench.sides[0].port, START_NS + 1999999999u);
    said(&bench.sides[0], "");
    ll_ouch_port_poll(bench.sides[0].port, START_NS + 2000000000u);
    said(&bench.sides[0], "C 1 100 T");
    ll_ouch_port_poll(bench.sides[1].port, START_NS + 9000000000u);
    said(&bench.sides[1], "C 1 100 T");
    ll_matching_end_of_day(bench.matching, START_NS + 9000000000u);
    ll_ouch_port_end_of_day(bench.sides[1].port, START_NS + 9000000000u);
    said(&bench.sides[1], "C 2 100 E; S E");
    bench_deinit(&bench);
}
END_TEST

START_TEST(a_broken_trade_reaches_both_sides_and_revives_nothing)
{
    struct bench bench;
    bench_init(&bench);
    do_enter50(&bench, 1, 'B', 100, 1000000);
    do_enter42(&bench, 1, 'S', 100, 1000000);
    bench.sides[0].text[0] = '\0';
    bench.sides[1].text[0] = '\0';
    ck_assert_int_eq(ll_matching_break_trade(bench.matching, 1, 'C', bench.now_ns), LL_MATCHING_OK);
    said(&bench.sides[0], "B 1 #1 C");
    said(&bench.sides[1], "B 1 #1 C");
    ck_assert(ll_ouch_port_execution(bench.sides[0].port, 0)->broken);
    ck_assert_uint_eq(ll_ouch_port_execution(bench.sides[0].port, 0)->broken_reason, 'C');
    ck_assert_uint_eq(ll_ouch_port_link(bench.sides[0].port, 0)->state, LL_OUCH_LINK_FILLED);
    bench_deinit(&bench);
}
END_TEST

/* --- faults ------------------------------------------------------------------------------------------------------ */

static void fault_init(struct bench *bench, enum ll_ouch_port_fault fault, struct ll_ouch_port_faults faults)
{
    faults.per_mille[fault] = 1000;
    bench_init(bench);
    ll_ouch_port_set_faults(bench->sides[0].port, &faults);
}

START_TEST(delayed_answers_keep_their_order)
{
    struct bench bench;
    fault_init(&bench, LL_OUCH_PORT_FAULT_DELAY, (struct ll_ouch_port_faults){.delay_ns_max = 1000});
    for (uint32_t number = 1; number <= 8; number++)
        do_enter50(&bench, number, 'B', 100, 1000000);
    said(&bench.sides[0], "");
    ck_assert_uint_eq(ll_ouch_port_waiting(bench.sides[0].port), 8);
    for (uint64_t ns = 1; ns <= 1000; ns++)
        ll_ouch_port_poll(bench.sides[0].port, START_NS + ns);
    said(&bench.sides[0],
         "A 1 B 100@1000000 L; A 2 B 100@1000000 L; A 3 B 100@1000000 L; A 4 B 100@1000000 L; "
         "A 5 B 100@1000000 L; A 6 B 100@1000000 L; A 7 B 100@1000000 L; A 8 B 100@1000000 L");
    bench_deinit(&bench);
}
END_TEST

START_TEST(silence_holds_answers_back_and_more_than_fit_leave_early)
{
    struct bench bench;
    fault_init(&bench, LL_OUCH_PORT_FAULT_SILENCE, (struct ll_ouch_port_faults){.silence_ns_max = 1000000});
    for (uint32_t number = 1; number <= 10; number++) {
        do_enter50(&bench, number, 'B', 100, 1000000);
        do_cancel50(&bench, number, 0);
    }
    ck_assert_uint_eq(ll_ouch_port_waiting(bench.sides[0].port), 16);
    said(&bench.sides[0], "A 1 B 100@1000000 L; C 1 100 U; A 2 B 100@1000000 L; C 2 100 U");
    ll_ouch_port_poll(bench.sides[0].port, START_NS + 1000000);
    ck_assert_uint_eq(ll_ouch_port_waiting(bench.sides[0].port), 0);
    bench.sides[0].text[0] = '\0';
    bench_deinit(&bench);
}
END_TEST

START_TEST(dropped_messages_are_worked_or_lost)
{
    struct bench bench;
    fault_init(&bench, LL_OUCH_PORT_FAULT_DROP, (struct ll_ouch_port_faults){0});
    do_enter50(&bench, 1, 'B', 100, 1000000);
    said(&bench.sides[0], "A 1 B 100@1000000 L");
    ck_assert_uint_eq(bench.sides[0].drop_count, 1);
    struct ll_ouch_port_faults faults = {.per_mille = {[LL_OUCH_PORT_FAULT_DROP_LOST] = 1000}};
    ll_ouch_port_set_faults(bench.sides[0].port, &faults);
    do_enter50(&bench, 2, 'B', 100, 1000000);
    said(&bench.sides[0], "");
    ck_assert_uint_eq(bench.sides[0].drop_count, 2);
    faults = (struct ll_ouch_port_faults){.drop_every = 4};
    ll_ouch_port_set_faults(bench.sides[0].port, &faults);
    do_enter50(&bench, 2, 'B', 100, 1000000); /* the third message */
    do_enter50(&bench, 3, 'B', 100, 1000000);
    ck_assert_uint_eq(bench.sides[0].drop_count, 3);
    said(&bench.sides[0], "A 2 B 100@1000000 L; A 3 B 100@1000000 L");
    bench_deinit(&bench);
}
END_TEST

START_TEST(rejects_on_purpose_say_whether_to_try_again)
{
    struct bench bench;
    fault_init(&bench, LL_OUCH_PORT_FAULT_REJECT_RETRY, (struct ll_ouch_port_faults){0});
    do_enter50(&bench, 1, 'B', 100, 1000000);
    said(&bench.sides[0], "J 1 0029");
    ck_assert(ll_ouch_reject_is_retryable(LL_PROTOCOL_OUCH50, 0x29));
    struct ll_ouch_port_faults faults = {.per_mille = {[LL_OUCH_PORT_FAULT_REJECT_FINAL] = 1000}};
    ll_ouch_port_set_faults(bench.sides[0].port, &faults);
    do_enter50(&bench, 2, 'B', 100, 1000000);
    said(&bench.sides[0], "J 2 0020");
    ck_assert(!ll_ouch_reject_is_retryable(LL_PROTOCOL_OUCH50, 0x20));
    bench_deinit(&bench);
}
END_TEST

/* The house comes first; then the cancel finds less, or nothing. */
START_TEST(fills_come_before_cancel_and_replace)
{
    struct bench bench;
    fault_init(&bench, LL_OUCH_PORT_FAULT_FILL_ON_CANCEL,
               (struct ll_ouch_port_faults){.per_mille = {[LL_OUCH_PORT_FAULT_FILL_ON_REPLACE] = 1000}});
    uint32_t filled_count = 0;
    for (uint32_t number = 1; number <= 40; number += 2) {
        const struct ll_ouch_link *link;
        do_enter50(&bench, number, 'B', 100, 1000000);
        link = ll_ouch_port_link(bench.sides[0].port, ll_ouch_port_link_count(bench.sides[0].port) - 1);
        if (number % 4 == 1)
            do_cancel50(&bench, number, 0);
        else
            do_replace50(&bench, number, number + 1, 100, 1000100);
        ck_assert_uint_gt(link->executed, 0);
        ck_assert_uint_ne(link->state, LL_OUCH_LINK_LIVE);
        filled_count += link->state == LL_OUCH_LINK_FILLED;
        do_cancel50(&bench, number + 1, 0);
        bench.sides[0].text[0] = '\0';
    }
    ck_assert_uint_gt(filled_count, 0);
    ck_assert_uint_lt(filled_count, 20);
    bench_deinit(&bench);
}
END_TEST

START_TEST(busts_and_cancels_come_unasked)
{
    struct bench bench;
    fault_init(&bench, LL_OUCH_PORT_FAULT_BUST, (struct ll_ouch_port_faults){.bust_ns_max = 1000});
    do_enter50(&bench, 1, 'B', 100, 1000000);
    do_enter42(&bench, 1, 'S', 100, 1000000);
    bench.sides[0].text[0] = '\0';
    bench.sides[1].text[0] = '\0';
    ll_ouch_port_poll(bench.sides[0].port, START_NS);
    said(&bench.sides[0], "");
    ll_ouch_port_poll(bench.sides[0].port, START_NS + 1000);
    said(&bench.sides[0], "B 1 #1 E");
    said(&bench.sides[1], "B 1 #1 E");
    struct ll_ouch_port_faults faults = {.per_mille = {[LL_OUCH_PORT_FAULT_CANCEL] = 1000},
                                         .cancel_ns_max = 1000};
    ll_ouch_port_set_faults(bench.sides[0].port, &faults);
    do_enter50(&bench, 2, 'B', 100, 1000000);
    ll_ouch_port_poll(bench.sides[0].port, START_NS + 1000);
    said(&bench.sides[0], "A 2 B 100@1000000 L; C 2 100 S");
    bench_deinit(&bench);
}
END_TEST

START_TEST(configs_outside_their_limits_are_refused)
{
    struct ll_ouch_port_config config = port_config(1);
    struct ll_ouch_port_door door = {NULL, on_publish, on_drop};
    struct ll_ouch_port *port;
    struct ll_why why = {0};
    uint64_t memory[8];
    ck_assert_uint_gt(ll_ouch_port_footprint_bytes(&config), 0);
    ck_assert_int_eq(ll_ouch_port_init(&port, memory, sizeof memory, &config, &door, &why), LL_ERR_NO_MEMORY);
    config.number = 0;
    ck_assert_uint_eq(ll_ouch_port_footprint_bytes(&config), 0);
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_ouch_port_init(&port, memory, sizeof memory, &config, &door, &why), LL_ERR_USAGE);
    config = port_config(1);
    config.firm_count = 0;
    ck_assert_uint_eq(ll_ouch_port_footprint_bytes(&config), 0);
    config = port_config(1);
    config.protocol = 9;
    ck_assert_uint_eq(ll_ouch_port_footprint_bytes(&config), 0);
    config = port_config(1);
    config.links_max = LL_OUCH_PORT_LINKS_MAX + 1;
    ck_assert_uint_eq(ll_ouch_port_footprint_bytes(&config), 0);
}
END_TEST

static Suite *ouch_port_suite(void)
{
    const TTest *const rules[] = {numbers_only_go_up,
                                  channels_count_for_themselves,
                                  a_restart_goes_on_behind_the_numbers_used,
                                  a_token_is_used_once,
                                  what_cannot_be_read_is_ignored,
                                  both_sides_see_one_match_number,
                                  what_does_not_rest_ends_dead_or_cancelled,
                                  all_or_nothing_is_a_minimum_of_all,
                                  post_only_goes_with_its_reason,
                                  market_orders_take_what_is_there,
                                  own_orders_do_not_trade,
                                  a_replace_names_the_total_liability,
                                  replace_outcome_1_says_nothing_and_uses_nothing,
                                  replace_outcome_2_cancels_the_order,
                                  replace_outcome_3_rejects_the_new_number,
                                  replace_outcome_4_lives_or_is_dead,
                                  an_option_that_is_not_said_again_stays,
                                  a_cancel_names_the_intended_size,
                                  a_modify_changes_kinds_of_sells_and_sizes,
                                  rejects_have_their_codes,
                                  rejects_of_42_have_their_letters,
                                  a_full_day_is_refused_and_goes_on,
                                  a_mass_cancel_takes_what_it_names,
                                  a_disabled_firm_enters_nothing_and_cancels,
                                  orders_expire_and_the_day_ends,
                                  a_broken_trade_reaches_both_sides_and_revives_nothing,
                                  configs_outside_their_limits_are_refused};
    const TTest *const faults[] = {
        delayed_answers_keep_their_order,     silence_holds_answers_back_and_more_than_fit_leave_early,
        dropped_messages_are_worked_or_lost,  rejects_on_purpose_say_whether_to_try_again,
        fills_come_before_cancel_and_replace, busts_and_cancels_come_unasked};
    Suite *suite = suite_create("ouch_port");
    TCase *rule = tcase_create("rules");
    TCase *fault = tcase_create("faults");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        tcase_add_test(rule, rules[i]);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        tcase_add_test(fault, faults[i]);
    suite_add_tcase(suite, rule);
    suite_add_tcase(suite, fault);
    return suite;
}

int main(void)
{
    return ll_test_run(ouch_port_suite());
}
