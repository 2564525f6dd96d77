/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a multiplied day is as many days of one instrument as asked for, each whole and in order, and
 * consistent together. Method: every message of small multiplied days is applied to the naive book; every
 * copy is taken out again and compared with the source field by field; damaged sources must be refused. The
 * source is a simulated hour of one instrument, and the real one when it is there (LL_SHARED, default
 * ../shared); without it the suite ends as skipped.
 */
#include "host/exchange/ll_mux.h"

#include "host/base/ll_bytes.h"
#include "host/exchange/ll_feed_sim.h"
#include "tests/model/ll_naive_book.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5A, SOURCE_BYTES_MAX = 4 << 20 };

struct source {
    uint8_t *bytes;
    size_t bytes_count;
};

struct day {
    struct ll_mux *mux;
    uint8_t *memory;
    size_t footprint_bytes;
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint32_t bytes;
    uint64_t planned_ns;
};

static uint64_t seed_of_run(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20120621;
}

static void *aligned(size_t bytes)
{
    void *memory = NULL;
    ck_assert_int_eq(posix_memalign(&memory, 64, bytes), 0);
    return memory;
}

static void source_append(struct source *source, const uint8_t *message, uint32_t bytes)
{
    ck_assert_uint_le(source->bytes_count + LL_MUX_PREFIX_BYTES + bytes, SOURCE_BYTES_MAX);
    ll_store_be16(source->bytes + source->bytes_count, (uint16_t)bytes);
    memcpy(source->bytes + source->bytes_count + LL_MUX_PREFIX_BYTES, message, bytes);
    source->bytes_count += LL_MUX_PREFIX_BYTES + bytes;
}

/* An hour of one instrument, with messages of no instrument in between and every type of message. */
static struct source source_simulated(uint64_t message_count, uint32_t symbol_count)
{
    struct ll_feed_sim_config config = {.seed = seed_of_run(),
                                        .message_count = message_count,
                                        .symbol_count = symbol_count,
                                        .live_orders_target = 300,
                                        .references = LL_FEED_SIM_SEQUENTIAL};
    void *memory = aligned(ll_feed_sim_footprint_bytes(&config));
    struct ll_feed_sim *sim = NULL;
    ck_assert_int_eq(ll_feed_sim_init(&sim, memory, ll_feed_sim_footprint_bytes(&config), &config, NULL),
                     LL_OK);
    struct source source = {.bytes = malloc(SOURCE_BYTES_MAX)};
    ck_assert_ptr_nonnull(source.bytes);
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint64_t planned_ns = 0;
    uint32_t bytes = 0;
    while ((bytes = ll_feed_sim_next(sim, message, &planned_ns)) > 0)
        source_append(&source, message, bytes);
    free(memory);
    return source;
}

static FILE *real_open(void)
{
    const char *shared = getenv("LL_SHARED");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/data/itch50/AAPL-20120621-0930-1030.ITCH50",
                   shared != NULL ? shared : "../shared");
    return fopen(path, "rb");
}

/* NULL bytes when it is not there. */
static struct source source_real(void)
{
    struct source source = {0};
    FILE *file = real_open();
    if (file == NULL)
        return source;
    source.bytes = malloc(SOURCE_BYTES_MAX);
    ck_assert_ptr_nonnull(source.bytes);
    source.bytes_count = fread(source.bytes, 1, SOURCE_BYTES_MAX, file);
    (void)fclose(file);
    ck_assert_uint_lt(source.bytes_count, SOURCE_BYTES_MAX);
    return source;
}

static void day_open(struct day *day, const struct ll_mux_config *config, const struct source *source)
{
    memset(day, 0, sizeof *day);
    day->footprint_bytes = ll_mux_footprint_bytes(config, source->bytes_count);
    ck_assert_uint_gt(day->footprint_bytes, 0);
    day->memory = aligned(day->footprint_bytes + GUARD_BYTES);
    memset(day->memory, GUARD, day->footprint_bytes + GUARD_BYTES);
    struct ll_why why = {0};
    int status = ll_mux_init(&day->mux, day->memory, day->footprint_bytes, config, source->bytes,
                             source->bytes_count, &why);
    ck_assert_msg(status == LL_OK, "%s", why.text);
}

static bool day_next(struct day *day)
{
    day->bytes = ll_mux_next(day->mux, day->message, &day->planned_ns);
    return day->bytes > 0;
}

static void day_close(struct day *day)
{
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(day->memory[day->footprint_bytes + i], GUARD);
    free(day->memory);
}

static uint16_t locate_of(const uint8_t *message)
{
    return ll_load_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET);
}

static uint64_t time_of(const uint8_t *message)
{
    return ll_load_be48(message + LL_ITCH50_TIMESTAMP_OFFSET);
}

/* --- a whole day on the naive book ---------------------------------------------------------------------- */

static void check_consistent(const struct source *source, const struct ll_mux_config *config)
{
    struct day day;
    struct ll_naive_book *books = NULL;
    day_open(&day, config, source);
    ll_naive_book_init(&books);
    uint64_t count = 0;
    uint64_t file_bytes = 0;
    uint64_t before_ns = 0;
    size_t live_max = 0;
    while (day_next(&day)) {
        struct ll_naive_result result;
        ck_assert_uint_ge(day.planned_ns, before_ns);
        ck_assert_uint_eq(time_of(day.message), day.planned_ns);
        ck_assert_uint_le(locate_of(day.message), config->instrument_count);
        before_ns = day.planned_ns;
        (void)ll_naive_book_apply_itch50(books, day.message, day.bytes, &result);
        if (result.verdict != LL_NAIVE_OK)
            ck_abort_msg("message %llu: %s", (unsigned long long)count,
                         ll_naive_verdict_name(result.verdict));
        size_t live = ll_naive_book_live_count(books);
        ck_assert_uint_eq(ll_mux_stats(day.mux)->live_orders, live);
        live_max = live > live_max ? live : live_max;
        count++;
        file_bytes += LL_MUX_PREFIX_BYTES + day.bytes;
    }
    ck_assert(!day_next(&day));
    ck_assert_uint_gt(count, config->instrument_count);
    ck_assert_uint_eq(ll_mux_stats(day.mux)->messages, count);
    ck_assert_uint_eq(ll_mux_message_count(day.mux), count);
    ck_assert_uint_eq(ll_mux_file_bytes(day.mux), file_bytes);
    ck_assert_uint_eq(ll_mux_stats(day.mux)->live_orders_max, live_max);
    ll_naive_book_deinit(books);
    day_close(&day);
}

static const struct ll_mux_config configs[] = {
    {.seed = 1, .jitter_ns_max = 0, .messages_max = 0, .instrument_count = 1, .references = LL_MUX_DISJOINT},
    {.seed = 1,
     .jitter_ns_max = 1000000000,
     .messages_max = 0,
     .instrument_count = 7,
     .references = LL_MUX_DISJOINT},
    {.seed = 2,
     .jitter_ns_max = 1000000000,
     .messages_max = 0,
     .instrument_count = 7,
     .references = LL_MUX_MIXED},
    {.seed = 3,
     .jitter_ns_max = 5000,
     .messages_max = 500,
     .instrument_count = 300,
     .references = LL_MUX_MIXED},
    {.seed = 4,
     .jitter_ns_max = 3600000000000,
     .messages_max = 1,
     .instrument_count = LL_MUX_INSTRUMENTS_MAX},
};
enum { CONFIG_COUNT = sizeof configs / sizeof configs[0] };

START_TEST(simulated_hour_multiplied_is_consistent)
{
    struct source source = source_simulated(20000, 1);
    check_consistent(&source, &configs[_i]);
    free(source.bytes);
}
END_TEST

START_TEST(real_hour_multiplied_is_consistent)
{
    struct source source = source_real();
    if (source.bytes == NULL)
        return; /* main says so */
    check_consistent(&source, &configs[_i]);
    free(source.bytes);
}
END_TEST

/* --- each copy against the source ----------------------------------------------------------------------- */

/* What the copies of one field must have in common: a difference (kept in *constant), or a plain equality. */
static void check_field(const uint8_t *source, const uint8_t *copy, uint32_t offset, uint32_t bytes,
                        const char *name, enum ll_field_kind kind, int64_t constant[4], bool known[4])
{
    int which = -1;
    if (strcmp(name, "timestamp") == 0)
        which = 0;
    else if (kind == LL_FIELD_PRICE4)
        which = 1;
    else if (strstr(name, "order_reference_number") != NULL)
        which = 2;
    else if (strcmp(name, "match_number") == 0)
        which = 3;
    if (which < 0) {
        if (strcmp(name, "stock") != 0 && strcmp(name, "stock_locate") != 0)
            ck_assert_msg(memcmp(source + offset, copy + offset, bytes) == 0, "%s", name);
        return;
    }
    uint64_t before = 0;
    uint64_t after = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        before = before << 8 | source[offset + i];
        after = after << 8 | copy[offset + i];
    }
    if ((which == 1 && (before == 0 || before >= 1900000000)) || (which == 2 && before == 0)) {
        ck_assert_msg(which == 1 || after == before, "%s", name); /* what stands for nothing stays */
        return;
    }
    if (!known[which])
        constant[which] = (int64_t)(after - before);
    known[which] = true;
    ck_assert_msg(constant[which] == (int64_t)(after - before), "%s", name);
}

static void check_message(const uint8_t *source, const uint8_t *copy, int64_t constant[4], bool known[4])
{
    switch (source[0]) {
#define FIELD_CHECK(ID, id, field, offset, bytes, kind) \
    check_field(source, copy, (offset), (bytes), #field, LL_FIELD_##kind, constant, known);
#define TYPE_CHECK(ID, id, type, bytes, name)            \
    case (type):                                         \
        LL_ITCH50_FIELDS_HEADER(FIELD_CHECK, HEADER, id) \
        LL_ITCH50_FIELDS_##ID(FIELD_CHECK) break;
        LL_ITCH50_MESSAGES(TYPE_CHECK)
#undef TYPE_CHECK
#undef FIELD_CHECK
    default:
        ck_abort_msg("type %u", source[0]);
    }
}

/* The next message of the source that is (or is not) about an instrument. */
static const uint8_t *source_next(const struct source *source, size_t *offset, bool of_instrument)
{
    while (*offset < source->bytes_count) {
        const uint8_t *message = source->bytes + *offset + LL_MUX_PREFIX_BYTES;
        *offset += LL_MUX_PREFIX_BYTES + ll_load_be16(source->bytes + *offset);
        if ((locate_of(message) != 0) == of_instrument)
            return message;
    }
    return NULL;
}

START_TEST(every_copy_is_the_source)
{
    enum { COPIES = 9 };
    struct source source = source_simulated(20000, 1);
    const struct ll_mux_config config = {.seed = seed_of_run(),
                                         .jitter_ns_max = 1000000000,
                                         .instrument_count = COPIES,
                                         .references = LL_MUX_DISJOINT};
    size_t offset[COPIES + 1] = {0}; /* 0: messages of no instrument */
    int64_t constant[COPIES + 1][4] = {{0}};
    bool known[COPIES + 1][4] = {{false}};
    uint64_t stock[COPIES + 1] = {0};
    struct day day;
    day_open(&day, &config, &source);
    while (day_next(&day)) {
        uint16_t locate = locate_of(day.message);
        const uint8_t *wanted = source_next(&source, &offset[locate], locate != 0);
        ck_assert_ptr_nonnull(wanted);
        if (locate == 0) {
            known[0][0] = false; /* the start comes at once, the rest with a delay */
            check_message(wanted, day.message, constant[0], known[0]);
        } else {
            check_message(wanted, day.message, constant[locate], known[locate]);
            if (day.message[0] == 'A')
                memcpy(&stock[locate], day.message + LL_ITCH50_OFFSET_ADD_stock, sizeof stock[0]);
        }
    }
    for (int i = 0; i <= COPIES; i++)
        ck_assert_ptr_null(source_next(&source, &offset[i], i != 0));
    for (int i = 1; i <= COPIES; i++) {
        ck_assert_int_ge(constant[i][0], 0);
        ck_assert_int_le(constant[i][0], 1000000000);
        for (int j = 1; j < i; j++) {
            ck_assert_uint_ne(stock[i], stock[j]);
            ck_assert_int_ne(constant[i][2], constant[j][2]);
            ck_assert_int_ne(constant[i][3], constant[j][3]);
        }
    }
    day_close(&day);
    free(source.bytes);
}
END_TEST

START_TEST(first_and_last_messages_frame_the_day)
{
    struct source source = source_simulated(5000, 1);
    const struct ll_mux_config config = {.seed = 5, .jitter_ns_max = 1000000000, .instrument_count = 20};
    struct day day;
    day_open(&day, &config, &source);
    uint64_t total = ll_mux_message_count(day.mux);
    for (uint64_t i = 0; day_next(&day); i++) {
        if (i == 0 || i >= total - 3) {
            ck_assert_uint_eq(day.message[0], 'S');
            char event = (char)day.message[LL_ITCH50_OFFSET_SYSTEM_EVENT_event_code];
            ck_assert_int_eq(event, i == 0 ? 'O' : "MEC"[i + 3 - total]);
        }
    }
    day_close(&day);
    free(source.bytes);
}
END_TEST

START_TEST(same_seed_same_bytes)
{
    struct source source = source_simulated(5000, 1);
    struct ll_mux_config config = {
        .seed = 5, .jitter_ns_max = 1000000, .instrument_count = 50, .references = LL_MUX_MIXED};
    struct day one;
    struct day two;
    struct day other;
    day_open(&one, &config, &source);
    day_open(&two, &config, &source);
    config.seed = 6;
    day_open(&other, &config, &source);
    uint64_t different = 0;
    while (day_next(&one)) {
        ck_assert(day_next(&two));
        ck_assert(day_next(&other));
        ck_assert_uint_eq(one.bytes, two.bytes);
        ck_assert_mem_eq(one.message, two.message, one.bytes);
        different += one.bytes != other.bytes || memcmp(one.message, other.message, one.bytes) != 0;
    }
    ck_assert(!day_next(&two));
    ck_assert_uint_gt(different, 1000);
    day_close(&one);
    day_close(&two);
    day_close(&other);
    free(source.bytes);
}
END_TEST

/* --- refusals ------------------------------------------------------------------------------------------- */

START_TEST(configs_outside_the_limits_are_refused)
{
    const struct ll_mux_config bad[] = {
        {.instrument_count = 0},
        {.instrument_count = LL_MUX_INSTRUMENTS_MAX + 1},
        {.instrument_count = 1, .jitter_ns_max = 3600000000001},
        {.instrument_count = 1, .references = (enum ll_mux_references)2},
    };
    uint8_t byte = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ll_mux *mux = NULL;
        struct ll_why why = {0};
        ck_assert_uint_eq(ll_mux_footprint_bytes(&bad[i], 1), 0);
        ck_assert_int_eq(ll_mux_init(&mux, &byte, 1, &bad[i], &byte, 1, &why), LL_ERR_USAGE);
        ck_assert_int_eq(why.code, LL_ERR_USAGE);
    }
    const struct ll_mux_config good = {.instrument_count = 1};
    struct ll_mux *mux = NULL;
    ck_assert_uint_eq(ll_mux_footprint_bytes(&good, (size_t)UINT32_MAX + 1), 0);
    ck_assert_int_eq(ll_mux_init(&mux, NULL, 0, &good, &byte, 1, NULL), LL_ERR_NO_MEMORY);
    ck_assert_int_eq(ll_mux_init(&mux, &byte, 1, &good, &byte, 1, NULL), LL_ERR_NO_MEMORY);
    ck_assert_ptr_null(mux);
}
END_TEST

static int init_status(const struct source *source)
{
    const struct ll_mux_config config = {.seed = 1, .instrument_count = 2};
    size_t footprint_bytes = ll_mux_footprint_bytes(&config, source->bytes_count);
    void *memory = aligned(footprint_bytes);
    /* An exact copy: reading past the end is seen by the address sanitizer. */
    uint8_t *bytes = malloc(source->bytes_count + 1);
    ck_assert_ptr_nonnull(bytes);
    uint8_t *end = realloc(bytes, source->bytes_count > 0 ? source->bytes_count : 1);
    ck_assert_ptr_nonnull(end);
    memcpy(end, source->bytes, source->bytes_count);
    struct ll_mux *mux = NULL;
    struct ll_why why = {0};
    int status = ll_mux_init(&mux, memory, footprint_bytes, &config, end, source->bytes_count, &why);
    ck_assert((status == LL_OK) == (mux != NULL));
    ck_assert_int_eq(status, why.code);
    free(end);
    free(memory);
    return status;
}

START_TEST(cut_sources_are_refused_unless_cut_between_messages)
{
    struct source source = source_simulated(60, 1);
    size_t whole = source.bytes_count;
    size_t boundary = 0;
    bool has_instrument = false;
    for (source.bytes_count = 0; source.bytes_count <= whole; source.bytes_count++) {
        bool at_boundary = source.bytes_count == boundary;
        if (at_boundary && boundary < whole)
            boundary += LL_MUX_PREFIX_BYTES + ll_load_be16(source.bytes + boundary);
        int wanted = at_boundary && has_instrument ? LL_OK : LL_ERR_INPUT;
        ck_assert_int_eq(init_status(&source), wanted);
        /* The second message is the instrument's first. */
        if (at_boundary && source.bytes_count > 0)
            has_instrument = true;
    }
    free(source.bytes);
}
END_TEST

START_TEST(damaged_sources_are_refused)
{
    struct source source = source_simulated(2000, 1);
    ck_assert_int_eq(init_status(&source), LL_OK);
    size_t first = LL_MUX_PREFIX_BYTES + ll_load_be16(source.bytes);
    uint8_t *message = source.bytes + first + LL_MUX_PREFIX_BYTES; /* R */
    message[0] = 'z';
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    message[0] = 'H'; /* a length of another type */
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    message[0] = 'R';
    uint64_t time_ns = time_of(message);
    ll_store_be48(message + LL_ITCH50_TIMESTAMP_OFFSET, 1); /* before the message before it */
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    ll_store_be48(message + LL_ITCH50_TIMESTAMP_OFFSET, (UINT64_C(1) << 48) - 1);
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    ll_store_be48(message + LL_ITCH50_TIMESTAMP_OFFSET, time_ns);
    ll_store_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET, 2);
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    ll_store_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET, 1);
    ck_assert_int_eq(init_status(&source), LL_OK);
    size_t whole = source.bytes_count;
    uint8_t empty = 0;
    source_append(&source, &empty, 0);
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    source.bytes_count = whole;
    free(source.bytes);
    source = source_simulated(2000, 2);
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT); /* two instruments */
    free(source.bytes);
}
END_TEST

/* Order messages that do not fit what went before, one after the other at the end of a good source. */
START_TEST(inconsistent_sources_are_refused)
{
    struct source source = source_simulated(2000, 1);
    size_t whole = source.bytes_count;
    size_t offset = 0;
    const uint8_t *found = NULL;
    uint8_t add[LL_ITCH50_BYTES_ADD] = {0};
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX] = {0};
    while ((found = source_next(&source, &offset, true)) != NULL)
        if (found[0] == 'A')
            memcpy(add, found, sizeof add);
    ll_store_be48(add + LL_ITCH50_TIMESTAMP_OFFSET, LL_FEED_SIM_OPEN_NS * 2);
    ll_store_be64(add + LL_ITCH50_OFFSET_ADD_order_reference_number, 1u << 30);
    source_append(&source, add, sizeof add);
    ck_assert_int_eq(init_status(&source), LL_OK);
    size_t with_add = source.bytes_count;
    source_append(&source, add, sizeof add); /* twice */
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    source.bytes_count = with_add;
    memcpy(message, add, LL_ITCH50_BYTES_DELETE);
    message[0] = 'D';
    source_append(&source, message, LL_ITCH50_BYTES_DELETE);
    ck_assert_int_eq(init_status(&source), LL_OK);
    source_append(&source, message, LL_ITCH50_BYTES_DELETE); /* gone already */
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    source.bytes_count = with_add;
    message[0] = 'X';
    uint32_t shares = ll_load_be32(add + LL_ITCH50_OFFSET_ADD_shares);
    ll_store_be32(message + LL_ITCH50_OFFSET_CANCEL_cancelled_shares, shares + 1);
    source_append(&source, message, LL_ITCH50_BYTES_CANCEL); /* more than there is */
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    source.bytes_count = whole;
    ll_store_be32(add + LL_ITCH50_OFFSET_ADD_shares, 0);
    source_append(&source, add, sizeof add);
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    source.bytes_count = whole;
    ll_store_be32(add + LL_ITCH50_OFFSET_ADD_shares, 1);
    ll_store_be64(add + LL_ITCH50_OFFSET_ADD_order_reference_number, UINT64_MAX - 1); /* no second range */
    source_append(&source, add, sizeof add);
    ck_assert_int_eq(init_status(&source), LL_ERR_INPUT);
    free(source.bytes);
}
END_TEST

int main(void)
{
    printf("LL_SEED=%llu\n", (unsigned long long)seed_of_run());
    (void)fflush(stdout);
    Suite *suite = suite_create("mux");
    TCase *day = tcase_create("day");
    tcase_set_timeout(day, 120);
    tcase_add_loop_test(day, simulated_hour_multiplied_is_consistent, 0, CONFIG_COUNT);
    tcase_add_loop_test(day, real_hour_multiplied_is_consistent, 0, CONFIG_COUNT);
    tcase_add_test(day, every_copy_is_the_source);
    tcase_add_test(day, first_and_last_messages_frame_the_day);
    tcase_add_test(day, same_seed_same_bytes);
    suite_add_tcase(suite, day);
    TCase *refusals = tcase_create("refusals");
    tcase_set_timeout(refusals, 60);
    tcase_add_test(refusals, configs_outside_the_limits_are_refused);
    tcase_add_test(refusals, cut_sources_are_refused_unless_cut_between_messages);
    tcase_add_test(refusals, damaged_sources_are_refused);
    tcase_add_test(refusals, inconsistent_sources_are_refused);
    suite_add_tcase(suite, refusals);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed != 0)
        return 1;
    FILE *file = real_open();
    if (file == NULL) {
        printf(
            "skipped: data/itch50/AAPL-20120621-0930-1030.ITCH50 is not in $LL_SHARED (default ../shared)\n");
        return 77;
    }
    (void)fclose(file);
    return 0;
}
