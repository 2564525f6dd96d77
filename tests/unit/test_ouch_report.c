/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a report says what the provider's message says, in both editions; the messages written for an order are
 * what the documents ask for; wrong lengths and appendages are refused as the codecs refuse them.
 * Method: reports of the vectors against values written by hand; reports of random messages against the full
 * decoders, member by member; every message written is decoded in full and compared with the order.
 */
#include "tests/unit/ll_test_fields.h"

#include "host/wire/ll_command.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_ouch_report.h"

/* --- the vectors ---------------------------------------------------------------------------------------- */

struct vector {
    const char *name;
    struct ll_report report;
};

#define VENUE_NS 34200000000000u

static const struct vector vectors[] = {
    {"ouch50/out_S.bin",
     {.kind = LL_REPORT_SYSTEM, .venue_ns = VENUE_NS + 123, .code = 'S', .raw_type = 'S'}},
    {"ouch50/out_A.bin",
     {.kind = LL_REPORT_ACCEPTED,
      .number = 1,
      .venue_ns = VENUE_NS + 223,
      .exchange_ref = 4000001,
      .price = 1503400,
      .quantity = 500,
      .side = 'B',
      .raw_type = 'A'}},
    {"ouch50/out_A_unknown_tag.bin",
     {.kind = LL_REPORT_ACCEPTED,
      .number = 1,
      .venue_ns = VENUE_NS + 223,
      .exchange_ref = 4000001,
      .price = 1503400,
      .quantity = 500,
      .side = 'B',
      .raw_type = 'A'}},
    {"ouch50/out_U.bin",
     {.kind = LL_REPORT_REPLACED,
      .number = 2,
      .old_number = 1,
      .venue_ns = VENUE_NS + 423,
      .exchange_ref = 4000002,
      .price = 1503500,
      .quantity = 400,
      .side = 'B',
      .raw_type = 'U'}},
    {"ouch50/out_C.bin",
     {.kind = LL_REPORT_CANCELLED,
      .number = 3,
      .venue_ns = VENUE_NS + 523,
      .quantity = 50,
      .code = 'U',
      .raw_type = 'C'}},
    {"ouch50/out_C_channel5.bin",
     {.kind = LL_REPORT_CANCELLED,
      .number = 1,
      .venue_ns = VENUE_NS + 533,
      .quantity = 50,
      .code = 'U',
      .raw_type = 'C'}},
    {"ouch50/out_D.bin",
     {.kind = LL_REPORT_CANCELLED,
      .number = 2,
      .venue_ns = VENUE_NS + 623,
      .quantity = 40,
      .code = 'Q',
      .raw_type = 'D'}},
    {"ouch50/out_E.bin",
     {.kind = LL_REPORT_EXECUTED,
      .number = 1,
      .venue_ns = VENUE_NS + 323,
      .quantity = 100,
      .price = 1503300,
      .code = 'A',
      .match = 700001,
      .raw_type = 'E'}},
    {"ouch50/out_E_34.bin",
     {.kind = LL_REPORT_EXECUTED,
      .number = 1,
      .venue_ns = VENUE_NS + 323,
      .quantity = 100,
      .price = 1503300,
      .code = 'A',
      .match = 700001,
      .raw_type = 'E'}},
    {"ouch50/out_B.bin",
     {.kind = LL_REPORT_BROKEN,
      .number = 1,
      .venue_ns = VENUE_NS + 723,
      .code = 'E',
      .match = 700001,
      .raw_type = 'B'}},
    {"ouch50/out_J.bin",
     {.kind = LL_REPORT_REJECTED, .number = 4, .venue_ns = VENUE_NS + 823, .code = 23, .raw_type = 'J'}},
    {"ouch50/out_P.bin",
     {.kind = LL_REPORT_CANCEL_PENDING, .number = 2, .venue_ns = VENUE_NS + 923, .raw_type = 'P'}},
    {"ouch50/out_I.bin",
     {.kind = LL_REPORT_CANCEL_REJECTED, .number = 2, .venue_ns = VENUE_NS + 1023, .raw_type = 'I'}},
    {"ouch50/out_M.bin",
     {.kind = LL_REPORT_MODIFIED,
      .number = 3,
      .venue_ns = VENUE_NS + 473,
      .quantity = 200,
      .side = 'S',
      .raw_type = 'M'}},
    {"ouch50/out_R.bin",
     {.kind = LL_REPORT_RESTATED, .number = 2, .venue_ns = VENUE_NS + 1223, .code = 'R', .raw_type = 'R'}},
    {"ouch50/out_G.bin", {.number = 6, .venue_ns = VENUE_NS + 1423, .raw_type = 'G'}},
    {"ouch50/out_K.bin", {.number = 7, .venue_ns = VENUE_NS + 1523, .raw_type = 'K'}},
    {"ouch50/out_Q.bin",
     {.kind = LL_REPORT_QUERY, .number = 8, .venue_ns = VENUE_NS + 1623, .raw_type = 'Q'}},
    {"ouch42/out_S.bin",
     {.kind = LL_REPORT_SYSTEM, .venue_ns = VENUE_NS + 123, .code = 'S', .raw_type = 'S'}},
    /* The tokens of the 4.2 vectors are not ours: number 0. */
    {"ouch42/out_A.bin",
     {.kind = LL_REPORT_ACCEPTED,
      .venue_ns = VENUE_NS + 223,
      .exchange_ref = 4000001,
      .price = 1503400,
      .quantity = 500,
      .side = 'B',
      .raw_type = 'A'}},
    {"ouch42/out_U.bin",
     {.kind = LL_REPORT_REPLACED,
      .venue_ns = VENUE_NS + 423,
      .exchange_ref = 4000002,
      .price = 1503500,
      .quantity = 400,
      .side = 'B',
      .raw_type = 'U'}},
    {"ouch42/out_C.bin",
     {.kind = LL_REPORT_CANCELLED,
      .venue_ns = VENUE_NS + 523,
      .quantity = 100,
      .code = 'U',
      .raw_type = 'C'}},
};

START_TEST(vectors_report_what_they_say)
{
    const struct vector *vector = &vectors[_i];
    struct ll_test_file file = ll_test_read(LL_VECTORS, vector->name);
    struct ll_report report;
    memset(&report, 0x5a, sizeof report);
    uint8_t protocol = vector->name[4] == '5' ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
    ck_assert_int_eq(ll_ouch_report(protocol, file.bytes, file.bytes_count, &report), LL_OK);
    ck_assert_mem_eq(&report, &vector->report, sizeof report);
    free(file.bytes);
}
END_TEST

/* --- lengths and appendages ----------------------------------------------------------------------------- */

static int decode(uint8_t protocol, const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_ouch50_message message50;
    union ll_ouch42_message message42;
    return protocol == LL_PROTOCOL_OUCH50 ? ll_ouch50_decode(LL_OUCH_OUT, bytes, bytes_count, &message50)
                                          : ll_ouch42_decode(LL_OUCH_OUT, bytes, bytes_count, &message42);
}

START_TEST(a_refusal_is_the_codecs_own_and_changes_nothing)
{
    struct ll_report untouched;
    uint32_t refused_count = 0;
    memset(&untouched, 0x5a, sizeof untouched);
    for (uint32_t step = 0; step < 2u * 256 * 90; step++) {
        uint8_t protocol = step % 2 == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
        uint8_t filler[90] = {(uint8_t)(step / 2 % 256)};
        uint32_t bytes_count = step / 512;
        uint8_t *bytes = ll_test_copy(filler, bytes_count);
        struct ll_report report = untouched;
        int err = ll_ouch_report(protocol, bytes, bytes_count, &report);
        ck_assert_int_eq(err, decode(protocol, bytes, bytes_count));
        if (err != LL_OK)
            ck_assert_mem_eq(&report, &untouched, sizeof report);
        refused_count += err != LL_OK;
        free(bytes);
    }
    ck_assert_uint_gt(refused_count, 40000);
}
END_TEST

START_TEST(broken_appendages_are_refused)
{
    struct ll_report report;
    struct ll_test_file file = ll_test_read(LL_VECTORS, "ouch50/NEG_appendage_overrun.bin");
    ck_assert_int_eq(ll_ouch_report(LL_PROTOCOL_OUCH50, file.bytes, file.bytes_count, &report),
                     LL_ERR_MALFORMED);
    free(file.bytes);
    file = ll_test_read(LL_VECTORS, "ouch50/NEG_out_S_appendage.bin");
    ck_assert_int_eq(ll_ouch_report(LL_PROTOCOL_OUCH50, file.bytes, file.bytes_count, &report), LL_ERR_LONG);
    free(file.bytes);
}
END_TEST

/* --- tokens --------------------------------------------------------------------------------------------- */

static uint64_t number_of_token(const char *token)
{
    union ll_ouch42_message message = {.cancel_pending = {.message_type = 'P'}};
    uint8_t bytes[LL_OUCH42_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = 0;
    struct ll_report report;
    memcpy(message.cancel_pending.order_token, token, LL_OUCH42_TOKEN_BYTES);
    ck_assert_int_eq(ll_ouch42_encode(LL_OUCH_OUT, &message, bytes, sizeof bytes, &bytes_count), LL_OK);
    ck_assert_int_eq(ll_ouch_report(LL_PROTOCOL_OUCH42, bytes, bytes_count, &report), LL_OK);
    return report.number;
}

START_TEST(only_our_tokens_have_numbers)
{
    ck_assert_uint_eq(number_of_token("LL000000000001"), 1);
    ck_assert_uint_eq(number_of_token("LL999999999999"), 999999999999u);
    ck_assert_uint_eq(number_of_token("LL000000000000"), 0);
    ck_assert_uint_eq(number_of_token("lL000000000001"), 0);
    ck_assert_uint_eq(number_of_token("Ll000000000001"), 0);
    ck_assert_uint_eq(number_of_token("GW000000000001"), 0);
    ck_assert_uint_eq(number_of_token("LL00000000000 "), 0);
    ck_assert_uint_eq(number_of_token("LL:00000000001"), 0);
    ck_assert_uint_eq(number_of_token("LL/00000000001"), 0);
    ck_assert_uint_eq(number_of_token("LL 00000000001"), 0);
}
END_TEST

/* --- random messages against the full decoders ---------------------------------------------------------- */

static void expected50_opening(const struct ll_ouch50_message *m, struct ll_report *r)
{
    if (m->message_type == 'A') {
        r->kind = LL_REPORT_ACCEPTED;
        r->side = m->accepted.side;
        r->quantity = m->accepted.quantity;
        r->price = m->accepted.price;
        r->exchange_ref = m->accepted.order_reference_number;
        r->dead = m->accepted.order_state == 'D';
        return;
    }
    r->kind = LL_REPORT_REPLACED;
    r->old_number = m->replaced.orig_user_ref_num;
    r->number = m->replaced.user_ref_num;
    r->side = m->replaced.side;
    r->quantity = m->replaced.quantity;
    r->price = m->replaced.price;
    r->exchange_ref = m->replaced.order_reference_number;
    r->dead = m->replaced.order_state == 'D';
}

/* The members of one message type, by the name of the type in the layout. */
static struct ll_report expected50(const struct ll_ouch50_message *m)
{
    struct ll_report r = {.raw_type = (uint8_t)m->message_type, .venue_ns = m->executed.timestamp};
    r.number = m->executed.user_ref_num;
    switch (m->message_type) {
    case 'S':
        r.number = 0;
        r.kind = LL_REPORT_SYSTEM;
        r.code = (uint8_t)m->system_event.event_code;
        break;
    case 'A':
    case 'U':
        expected50_opening(m, &r);
        break;
    case 'C':
        r.kind = LL_REPORT_CANCELLED;
        r.quantity = m->canceled.quantity;
        r.code = (uint8_t)m->canceled.reason;
        break;
    case 'D':
        r.kind = LL_REPORT_CANCELLED;
        r.quantity = m->aiq_canceled.decrement_shares;
        r.code = (uint8_t)m->aiq_canceled.reason;
        break;
    case 'E':
        r.kind = LL_REPORT_EXECUTED;
        r.quantity = m->executed.quantity;
        r.price = m->executed.price;
        r.code = (uint8_t)m->executed.liquidity_flag;
        r.match = m->executed.match_number;
        break;
    case 'B':
        r.kind = LL_REPORT_BROKEN;
        r.match = m->broken_trade.match_number;
        r.code = (uint8_t)m->broken_trade.reason;
        break;
    case 'J':
        r.kind = LL_REPORT_REJECTED;
        r.code = m->rejected.reason;
        break;
    case 'P':
        r.kind = LL_REPORT_CANCEL_PENDING;
        break;
    case 'I':
        r.kind = LL_REPORT_CANCEL_REJECTED;
        break;
    case 'T':
        r.kind = LL_REPORT_PRIORITY;
        r.price = m->priority_update.price;
        r.exchange_ref = m->priority_update.order_reference_number;
        break;
    case 'M':
        r.kind = LL_REPORT_MODIFIED;
        r.side = m->modified.side;
        r.quantity = m->modified.quantity;
        break;
    case 'R':
        r.kind = LL_REPORT_RESTATED;
        r.code = (uint8_t)m->restated.reason;
        break;
    case 'Q':
        r.kind = LL_REPORT_QUERY;
        break;
    default:
        ck_assert_ptr_nonnull(strchr("XGK", m->message_type));
    }
    return r;
}

static uint64_t token_number(const char *token)
{
    char text[LL_OUCH42_TOKEN_BYTES + 1] = {0};
    char *end = NULL;
    memcpy(text, token, LL_OUCH42_TOKEN_BYTES);
    return strncmp(text, "LL", 2) == 0 ? strtoull(text + 2, &end, 10) : 0;
}

static void expected42_opening(const union ll_ouch42_message *m, struct ll_report *r)
{
    if (m->message_type == 'A') {
        r->kind = LL_REPORT_ACCEPTED;
        r->side = m->accepted.buy_sell_indicator;
        r->quantity = m->accepted.shares;
        r->price = m->accepted.price;
        r->exchange_ref = m->accepted.order_reference_number;
        r->dead = m->accepted.order_state == 'D';
        return;
    }
    r->kind = LL_REPORT_REPLACED;
    r->old_number = token_number(m->replaced.previous_order_token);
    r->side = m->replaced.buy_sell_indicator;
    r->quantity = m->replaced.shares;
    r->price = m->replaced.price;
    r->exchange_ref = m->replaced.order_reference_number;
    r->dead = m->replaced.order_state == 'D';
}

static struct ll_report expected42(const union ll_ouch42_message *m)
{
    struct ll_report r = {.raw_type = (uint8_t)m->message_type, .venue_ns = m->executed.timestamp};
    r.number = token_number(m->executed.order_token);
    switch (m->message_type) {
    case 'S':
        r.number = 0;
        r.kind = LL_REPORT_SYSTEM;
        r.code = (uint8_t)m->system_event.event_code;
        break;
    case 'A':
    case 'U':
        expected42_opening(m, &r);
        break;
    case 'C':
        r.kind = LL_REPORT_CANCELLED;
        r.quantity = m->canceled.decrement_shares;
        r.code = (uint8_t)m->canceled.reason;
        break;
    case 'D':
        r.kind = LL_REPORT_CANCELLED;
        r.quantity = m->aiq_canceled.decrement_shares;
        r.code = (uint8_t)m->aiq_canceled.reason;
        break;
    case 'E':
        r.kind = LL_REPORT_EXECUTED;
        r.quantity = m->executed.executed_shares;
        r.price = m->executed.execution_price;
        r.code = (uint8_t)m->executed.liquidity_flag;
        r.match = m->executed.match_number;
        break;
    case 'G':
        r.kind = LL_REPORT_EXECUTED;
        r.quantity = m->executed_reference.executed_shares;
        r.price = m->executed_reference.execution_price;
        r.code = (uint8_t)m->executed_reference.liquidity_flag;
        r.match = m->executed_reference.match_number;
        break;
    case 'B':
        r.kind = LL_REPORT_BROKEN;
        r.match = m->broken_trade.match_number;
        r.code = (uint8_t)m->broken_trade.reason;
        break;
    case 'J':
        r.kind = LL_REPORT_REJECTED;
        r.code = (uint8_t)m->rejected.reason;
        break;
    case 'P':
        r.kind = LL_REPORT_CANCEL_PENDING;
        break;
    case 'I':
        r.kind = LL_REPORT_CANCEL_REJECTED;
        break;
    case 'T':
        r.kind = LL_REPORT_PRIORITY;
        r.price = m->priority_update.price;
        r.exchange_ref = m->priority_update.order_reference_number;
        break;
    default:
        ck_assert_int_eq(m->message_type, 'M');
        r.kind = LL_REPORT_MODIFIED;
        r.side = m->modified.buy_sell_indicator;
        r.quantity = m->modified.shares;
    }
    return r;
}

/* Random bytes behind a type, and tokens of ours in half of the 4.2 ones; where the state is, L or D. */
static uint32_t random_message(struct ll_prng *prng, uint8_t protocol, uint8_t *bytes)
{
    enum ll_ouch_direction direction = LL_OUCH_IN;
    uint32_t bytes_count;
    if (protocol == LL_PROTOCOL_OUCH50) {
        uint8_t type = ll_ouch50_type_at(
            LL_OUCH50_IN_TYPE_COUNT + ll_prng_below(prng, LL_OUCH50_OUT_TYPE_COUNT), &direction);
        bytes_count = ll_ouch50_bytes_of_type(direction, type);
        ll_test_fill(prng, bytes, bytes_count);
        bytes[0] = type;
        if (type == 'A')
            bytes[LL_OUCH50_OFFSET_ACCEPTED_order_state] = ll_prng_below(prng, 2) == 0 ? 'D' : 'L';
        if (type == 'U')
            bytes[LL_OUCH50_OFFSET_REPLACED_order_state] = ll_prng_below(prng, 2) == 0 ? 'D' : 'L';
        if (type == 'S')
            return bytes_count;
        static const uint8_t appendage[] = {0, 7, 3, 99, 1, 2, 2, 28, 5};
        memcpy(bytes + bytes_count, appendage, sizeof appendage);
        return bytes_count + (uint32_t)sizeof appendage;
    }
    uint8_t type = ll_ouch42_type_at(LL_OUCH42_IN_TYPE_COUNT + ll_prng_below(prng, LL_OUCH42_OUT_TYPE_COUNT),
                                     &direction);
    bytes_count = ll_ouch42_bytes_of_type(direction, type);
    ll_test_fill(prng, bytes, bytes_count);
    bytes[0] = type;
    if (type == 'S')
        return bytes_count;
    char token[LL_OUCH42_TOKEN_BYTES + 1];
    (void)snprintf(token, sizeof token, "LL%012llu",
                   (unsigned long long)(ll_prng_next(prng) % 1000000000000u));
    memcpy(bytes + LL_OUCH42_OFFSET_EXECUTED_order_token, token, LL_OUCH42_TOKEN_BYTES);
    if (type == 'U')
        memcpy(bytes + LL_OUCH42_OFFSET_REPLACED_previous_order_token, token, LL_OUCH42_TOKEN_BYTES);
    if (type == 'A' || type == 'U')
        bytes[LL_OUCH42_OFFSET_ACCEPTED_order_state] = ll_prng_below(prng, 2) == 0 ? 'D' : 'L';
    return bytes_count;
}

START_TEST(random_messages_report_what_the_decoders_read)
{
    struct ll_prng prng;
    uint32_t kinds_seen = 0;
    ll_prng_init(&prng, ll_test_seed("random_messages_report_what_the_decoders_read"));
    for (uint32_t step = 0; step < 40000; step++) {
        uint8_t protocol = step % 2 == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
        uint8_t bytes[LL_OUCH50_FIXED_BYTES_MAX + 32];
        uint32_t bytes_count = random_message(&prng, protocol, bytes);
        uint8_t *exact = ll_test_copy(bytes, bytes_count);
        struct ll_report expected;
        struct ll_report report;
        memset(&report, 0x5a, sizeof report);
        struct ll_ouch50_message message50;
        union ll_ouch42_message message42;
        if (protocol == LL_PROTOCOL_OUCH50) {
            ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_OUT, exact, bytes_count, &message50), LL_OK);
            expected = expected50(&message50);
        } else {
            ck_assert_int_eq(ll_ouch42_decode(LL_OUCH_OUT, exact, bytes_count, &message42), LL_OK);
            expected = expected42(&message42);
        }
        ck_assert_int_eq(ll_ouch_report(protocol, exact, bytes_count, &report), LL_OK);
        ck_assert_mem_eq(&report, &expected, sizeof report);
        kinds_seen |= 1u << report.kind;
        free(exact);
    }
    ck_assert_uint_eq(kinds_seen, (1u << (LL_REPORT_QUERY + 1)) - 1);
}
END_TEST

/* --- messages written for an order ---------------------------------------------------------------------- */

static struct ll_ouch_order random_order(struct ll_prng *prng)
{
    static const char sides[] = {'B', 'S', 'T', 'E'};
    struct ll_ouch_order order = {.number = 1 + ll_prng_below(prng, UINT32_MAX - 1),
                                  .old_number = 1 + ll_prng_below(prng, UINT32_MAX - 1),
                                  .price = ll_prng_below(prng, 4) == 0 ? LL_OUCH_PRICE_MARKET
                                                                       : ll_prng_below(prng, 2000000000),
                                  .quantity = 1 + ll_prng_below(prng, LL_OUCH_QUANTITY_MAX),
                                  .expire_s = ll_prng_below(prng, 100000),
                                  .symbol = {'A', 'B', ' ', ' ', ' ', ' ', ' ', ' '},
                                  .side = sides[ll_prng_below(prng, 4)],
                                  .time_in_force = (uint8_t)ll_prng_below(prng, 5),
                                  .post_only = ll_prng_below(prng, 2) == 0};
    if (ll_prng_below(prng, 4) == 0)
        order.expire_s = 0;
    if (ll_prng_below(prng, 3) > 0)
        memcpy(order.firm, ll_prng_below(prng, 2) == 0 ? "FIRM" : "    ", 4);
    return order;
}

static void check_token(uint64_t number, const char *token)
{
    char text[LL_OUCH42_TOKEN_BYTES + 1];
    (void)snprintf(text, sizeof text, "LL%012llu", (unsigned long long)number);
    ck_assert_mem_eq(token, text, LL_OUCH42_TOKEN_BYTES);
}

/* What the documents' tables of times in force say, written again. */
static char tif50_of(const struct ll_ouch_order *order)
{
    if (order->time_in_force == LL_TIF_IOC || order->time_in_force == LL_TIF_FOK)
        return '3';
    return order->time_in_force == LL_TIF_GTD && order->expire_s >= 1 && order->expire_s <= 86399 ? '6' : '0';
}

static uint32_t tif42_of(const struct ll_ouch_order *order)
{
    char tif50 = tif50_of(order);
    return tif50 == '3' ? 0 : tif50 == '6' ? order->expire_s : 99998;
}

static void check_options(const struct ll_ouch_order *order, const struct ll_ouch50_options *options,
                          bool with_firm)
{
    uint32_t present = 0;
    if (with_firm && order->firm[0] == 'F') {
        present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_FIRM);
        ck_assert_mem_eq(options->firm, "FIRM", 4);
    }
    if (order->time_in_force == LL_TIF_FOK) {
        present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_MIN_QTY);
        ck_assert_uint_eq(options->min_qty, order->quantity);
    }
    if (order->post_only) {
        present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_POST_ONLY);
        ck_assert_int_eq(options->post_only, 'P');
    }
    if (tif50_of(order) == '6') {
        present |= LL_OUCH50_PRESENT(LL_OUCH50_TAG_EXPIRE_TIME);
        ck_assert_uint_eq(options->expire_time, order->expire_s);
    }
    ck_assert_uint_eq(options->present, present);
    ck_assert_uint_eq(options->unknown_count, 0);
    ck_assert_uint_eq(options->wrong_length_count, 0);
    ck_assert_uint_eq(options->repeated_count, 0);
}

static void check_enter50(const struct ll_ouch_order *order)
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    struct ll_ouch50_message m;
    uint32_t bytes_count = ll_ouch_enter(LL_PROTOCOL_OUCH50, order, bytes);
    ck_assert_uint_le(bytes_count, sizeof bytes);
    ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_IN, bytes, bytes_count, &m), LL_OK);
    ck_assert_int_eq(m.message_type, 'O');
    ck_assert_uint_eq(m.enter.user_ref_num, order->number);
    ck_assert_int_eq(m.enter.side, order->side);
    ck_assert_uint_eq(m.enter.quantity, order->quantity);
    ck_assert_mem_eq(m.enter.symbol, order->symbol, 8);
    ck_assert_uint_eq(m.enter.price, order->price);
    ck_assert_int_eq(m.enter.time_in_force, tif50_of(order));
    ck_assert_int_eq(m.enter.display, 'Y');
    ck_assert_int_eq(m.enter.capacity, 'P');
    ck_assert_int_eq(m.enter.intermarket_sweep_eligibility, 'N');
    ck_assert_int_eq(m.enter.cross_type, 'N');
    check_token(order->number, m.enter.cl_ord_id);
    check_options(order, &m.options, true);
}

static void check_rest50(const struct ll_ouch_order *order)
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    struct ll_ouch50_message m;
    uint32_t bytes_count = ll_ouch_replace(LL_PROTOCOL_OUCH50, order, bytes);
    ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_IN, bytes, bytes_count, &m), LL_OK);
    ck_assert_int_eq(m.message_type, 'U');
    ck_assert_uint_eq(m.replace.orig_user_ref_num, order->old_number);
    ck_assert_uint_eq(m.replace.user_ref_num, order->number);
    ck_assert_uint_eq(m.replace.quantity, order->quantity);
    ck_assert_uint_eq(m.replace.price, order->price);
    ck_assert_int_eq(m.replace.time_in_force, tif50_of(order));
    ck_assert_int_eq(m.replace.display, 'Y');
    ck_assert_int_eq(m.replace.intermarket_sweep_eligibility, 'N');
    check_token(order->number, m.replace.cl_ord_id);
    check_options(order, &m.options, false);
    bytes_count = ll_ouch_cancel(LL_PROTOCOL_OUCH50, order, bytes);
    ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_IN, bytes, bytes_count, &m), LL_OK);
    ck_assert_int_eq(m.message_type, 'X');
    ck_assert_uint_eq(m.cancel.user_ref_num, order->number);
    ck_assert_uint_eq(m.cancel.quantity, order->quantity);
    ck_assert_uint_eq(m.options.present, 0);
}

static void check_enter42(const struct ll_ouch_order *order)
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    union ll_ouch42_message m;
    uint32_t bytes_count = ll_ouch_enter(LL_PROTOCOL_OUCH42, order, bytes);
    ck_assert_int_eq(ll_ouch42_decode(LL_OUCH_IN, bytes, bytes_count, &m), LL_OK);
    ck_assert_int_eq(m.message_type, 'O');
    check_token(order->number, m.enter.order_token);
    ck_assert_int_eq(m.enter.buy_sell_indicator, order->side);
    ck_assert_uint_eq(m.enter.shares, order->quantity);
    ck_assert_mem_eq(m.enter.stock, order->symbol, 8);
    ck_assert_uint_eq(m.enter.price, order->price);
    ck_assert_uint_eq(m.enter.time_in_force, tif42_of(order));
    ck_assert_mem_eq(m.enter.firm, order->firm[0] == 'F' ? "FIRM" : "    ", 4);
    ck_assert_int_eq(m.enter.display, order->post_only ? 'P' : 'Y');
    ck_assert_int_eq(m.enter.capacity, 'P');
    ck_assert_int_eq(m.enter.intermarket_sweep_eligibility, 'N');
    ck_assert_uint_eq(m.enter.minimum_quantity, order->time_in_force == LL_TIF_FOK ? order->quantity : 0);
    ck_assert_int_eq(m.enter.cross_type, 'N');
    ck_assert_int_eq(m.enter.customer_type, ' ');
}

static void check_rest42(const struct ll_ouch_order *order)
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    union ll_ouch42_message m;
    uint32_t bytes_count = ll_ouch_replace(LL_PROTOCOL_OUCH42, order, bytes);
    ck_assert_int_eq(ll_ouch42_decode(LL_OUCH_IN, bytes, bytes_count, &m), LL_OK);
    ck_assert_int_eq(m.message_type, 'U');
    check_token(order->old_number, m.replace.existing_order_token);
    check_token(order->number, m.replace.replacement_order_token);
    ck_assert_uint_eq(m.replace.shares, order->quantity);
    ck_assert_uint_eq(m.replace.price, order->price);
    ck_assert_uint_eq(m.replace.time_in_force, tif42_of(order));
    ck_assert_int_eq(m.replace.display, order->post_only ? 'P' : 'Y');
    ck_assert_int_eq(m.replace.intermarket_sweep_eligibility, 'N');
    ck_assert_uint_eq(m.replace.minimum_quantity, order->time_in_force == LL_TIF_FOK ? order->quantity : 0);
    bytes_count = ll_ouch_cancel(LL_PROTOCOL_OUCH42, order, bytes);
    ck_assert_int_eq(ll_ouch42_decode(LL_OUCH_IN, bytes, bytes_count, &m), LL_OK);
    ck_assert_int_eq(m.message_type, 'X');
    check_token(order->number, m.cancel.order_token);
    ck_assert_uint_eq(m.cancel.shares, order->quantity);
}

START_TEST(random_orders_are_written_as_the_documents_ask)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_orders_are_written_as_the_documents_ask"));
    for (uint32_t step = 0; step < 20000; step++) {
        struct ll_ouch_order order = random_order(&prng);
        check_enter50(&order);
        check_rest50(&order);
        check_enter42(&order);
        check_rest42(&order);
    }
}
END_TEST

START_TEST(the_same_order_gives_the_same_bytes)
{
    struct ll_prng prng;
    ll_prng_init(&prng, 7);
    for (uint32_t step = 0; step < 100; step++) {
        struct ll_ouch_order order = random_order(&prng);
        uint8_t protocol = step % 2 == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
        uint8_t first[LL_OUCH_MESSAGE_BYTES_MAX];
        uint8_t second[LL_OUCH_MESSAGE_BYTES_MAX];
        memset(first, 0x00, sizeof first);
        memset(second, 0xff, sizeof second);
        uint32_t bytes_count = ll_ouch_enter(protocol, &order, first);
        ck_assert_uint_eq(ll_ouch_enter(protocol, &order, second), bytes_count);
        ck_assert_mem_eq(first, second, bytes_count);
    }
}
END_TEST

START_TEST(only_50_can_be_asked_for_its_next_number)
{
    uint8_t bytes[LL_OUCH_MESSAGE_BYTES_MAX];
    struct ll_ouch50_message message;
    uint32_t bytes_count = ll_ouch_query(LL_PROTOCOL_OUCH50, bytes);
    ck_assert_int_eq(ll_ouch50_decode(LL_OUCH_IN, bytes, bytes_count, &message), LL_OK);
    ck_assert_int_eq(message.message_type, 'Q');
    ck_assert_uint_eq(ll_ouch_query(LL_PROTOCOL_OUCH42, bytes), 0);
}
END_TEST

/* --- words ---------------------------------------------------------------------------------------------- */

START_TEST(what_may_be_tried_again)
{
    static const uint16_t retryable50[] = {0x01, 0x02, 0x07, 0x0a, 0x12, 0x28, 0x29, 0x32};
    uint32_t count = 0;
    for (uint32_t reason = 0; reason <= UINT16_MAX; reason++)
        count += ll_ouch_reject_is_retryable(LL_PROTOCOL_OUCH50, (uint16_t)reason);
    ck_assert_uint_eq(count, sizeof retryable50 / sizeof retryable50[0]);
    for (uint32_t i = 0; i < count; i++)
        ck_assert(ll_ouch_reject_is_retryable(LL_PROTOCOL_OUCH50, retryable50[i]));
    count = 0;
    for (uint32_t reason = 0; reason <= UINT16_MAX; reason++)
        count += ll_ouch_reject_is_retryable(LL_PROTOCOL_OUCH42, (uint16_t)reason);
    ck_assert_uint_eq(count, 6);
    for (const char *letter = "CHMqwx"; *letter != 0; letter++)
        ck_assert(ll_ouch_reject_is_retryable(LL_PROTOCOL_OUCH42, (uint16_t)*letter));
}
END_TEST

START_TEST(every_reason_has_a_text)
{
    ck_assert_str_eq(ll_ouch_reason_text(LL_PROTOCOL_OUCH50, LL_REPORT_REJECTED, 0x1d), "invalid price");
    ck_assert_str_eq(ll_ouch_reason_text(LL_PROTOCOL_OUCH42, LL_REPORT_REJECTED, 'X'), "invalid price");
    ck_assert_str_eq(ll_ouch_reason_text(LL_PROTOCOL_OUCH42, LL_REPORT_CANCELLED, 'U'),
                     "requested by the user");
    ck_assert_str_eq(ll_ouch_reason_text(LL_PROTOCOL_OUCH50, LL_REPORT_BROKEN, 'E'), "erroneous");
    ck_assert_str_eq(ll_ouch_reason_text(LL_PROTOCOL_OUCH50, LL_REPORT_SYSTEM, 'S'), "start of day");
    ck_assert_str_eq(ll_ouch_reason_text(LL_PROTOCOL_OUCH42, LL_REPORT_SYSTEM, 'E'), "end of day");
    for (uint32_t reason = 0; reason <= UINT16_MAX; reason++)
        for (uint8_t kind = 0; kind < 16; kind++)
            ck_assert_ptr_nonnull(ll_ouch_reason_text(LL_PROTOCOL_OUCH42, kind, (uint16_t)reason));
    ck_assert_str_eq(ll_ouch_reason_text(LL_PROTOCOL_OUCH42, LL_REPORT_REJECTED, 0x100 + 'X'),
                     "a reason that is not listed");
    ck_assert_str_eq(ll_protocol_name(LL_PROTOCOL_OUCH50), "ouch50");
    ck_assert_str_eq(ll_protocol_name(LL_PROTOCOL_OUCH42), "ouch42");
    ck_assert_str_eq(ll_protocol_name(9), "unknown");
}
END_TEST

static Suite *ouch_report_suite(void)
{
    Suite *suite = suite_create("ouch_report");
    TCase *reports = tcase_create("reports");
    tcase_set_timeout(reports, 60);
    tcase_add_loop_test(reports, vectors_report_what_they_say, 0, sizeof vectors / sizeof vectors[0]);
    tcase_add_test(reports, a_refusal_is_the_codecs_own_and_changes_nothing);
    tcase_add_test(reports, broken_appendages_are_refused);
    tcase_add_test(reports, only_our_tokens_have_numbers);
    tcase_add_test(reports, random_messages_report_what_the_decoders_read);
    suite_add_tcase(suite, reports);
    TCase *orders = tcase_create("orders");
    tcase_set_timeout(orders, 60);
    tcase_add_test(orders, random_orders_are_written_as_the_documents_ask);
    tcase_add_test(orders, the_same_order_gives_the_same_bytes);
    tcase_add_test(orders, only_50_can_be_asked_for_its_next_number);
    suite_add_tcase(suite, orders);
    TCase *words = tcase_create("words");
    tcase_add_test(words, what_may_be_tried_again);
    tcase_add_test(words, every_reason_has_a_text);
    suite_add_tcase(suite, words);
    return suite;
}

int main(void)
{
    return ll_test_run(ouch_report_suite());
}
