/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance suite: one device, through host/device/ll_device.h only, against the naive models.
 *
 *   conformance [--device cpu|pocl|xrt[:N]] [--mode resident|batch] [--seed N] [--random N] [--hour FILE]
 *               [--program FILE] [--binary FILE] [--canary N] [--json] [--list]
 *
 * Each section prints the digest of all its results and the state hash of both halves at its end, so that runs
 * on different devices are compared line by line: with the same seed they are the same. All 64 bytes of every
 * result are compared with the naive models; see tests/device/ll_conf.h. Every verdict that can be reached,
 * and every event in every state, must have come; else the suite has not tested what it says.
 * Exit status: 0 all equal; 1 something differs; 2 usage.
 */
#include "host/base/ll_assert.h"
#include "host/base/ll_beside.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "host/core/ll_engine.h"
#include "tests/device/ll_conf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION(name, type, field, min, max, value, choices, help)                           \
    {                                                                                       \
        name, type, offsetof(struct ll_conf_options, field), min, max, value, choices, help \
    }
static const struct ll_option options[] = {
    OPTION("device", LL_OPTION_STRING, device, 0, 0, "NAME", NULL, "cpu, pocl, xrt or xrt:N; default cpu"),
    OPTION("mode", LL_OPTION_CHOICE, mode, 0, 0, "MODE", "resident|batch", "default resident"),
    OPTION("seed", LL_OPTION_U64, seed, 0, 0, "N", NULL, "of all that is random, default 1"),
    OPTION("random", LL_OPTION_U64, random, 1, 20000000, "N", NULL,
           "random operations of each half, default 1000000"),
    OPTION("hour", LL_OPTION_STRING, hour, 0, 0, "FILE", NULL, "a feed to run as well, BinaryFILE"),
    OPTION("program", LL_OPTION_STRING, program, 0, 0, "FILE", NULL,
           "the device process; default lifeline-device in the build directory of this program"),
    OPTION("binary", LL_OPTION_STRING, binary, 0, 0, "FILE", NULL,
           "xclbin or source, default the device's own"),
    OPTION("canary", LL_OPTION_U64, canary, 0, 0, "N", NULL,
           "change one bit of result N before it is compared: the run must fail"),
    OPTION("json", LL_OPTION_FLAG, is_json, 0, 0, NULL, NULL, "one JSON object instead of lines"),
    OPTION("list", LL_OPTION_FLAG, is_list, 0, 0, NULL, NULL, "name the sections, and do nothing"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

/* --- What runs on which tables ---------------------------------------------------------------------------- */

static void main_sections(struct ll_conf *conf)
{
    ll_conf_nothing(conf);
    ll_conf_book_steps(conf);
    ll_conf_book_pairs(conf);
    ll_conf_book_sizes(conf);
    ll_conf_life_states(conf);
    ll_conf_life_pairs(conf);
    ll_conf_life_sizes(conf);
    ll_conf_interleaved(conf);
    ll_conf_book_random(conf);
    ll_conf_life_random(conf);
    ll_conf_hour(conf);
}

static void tiny_sections(struct ll_conf *conf)
{
    ll_conf_book_bucket(conf);
    ll_conf_life_numbers(conf);
}

static void few_sections(struct ll_conf *conf)
{
    ll_conf_book_overflow(conf);
    ll_conf_book_full_random(conf);
    ll_conf_life_chains(conf);
}

static void run_tables(struct ll_conf *conf, const struct ll_conf_tables *tables,
                       void (*sections)(struct ll_conf *conf), bool attach_first)
{
    ll_conf_open(conf, tables);
    if (attach_first)
        ll_conf_attach(conf);
    if (!conf->failed)
        sections(conf);
    ll_conf_close(conf);
}

static void run_all(struct ll_conf *conf)
{
    uint64_t random = conf->options->random;
    struct ll_conf_tables main_tables = {
        .name = "main",
        .book = {1 << 17, 1 << 16, 256, 0x1234567},
        .life = {180000 + random / 2 + random / 64, 60000 + random / 4, 0x89abcde},
        .epoch = 1,
        .batch = 64};
    static const struct ll_conf_tables tiny = {
        .name = "tiny", .book = {1, 1, 1, 5}, .life = {1, 1, 6}, .batch = 1};
    static const struct ll_conf_tables few = {
        .name = "few", .book = {40, 64, 3, 7}, .life = {70, 3, 8}, .epoch = UINT32_MAX, .batch = 7};
    static const struct ll_conf_tables levels = {.name = "levels", .book = {8192, 1, 2, 9}, .batch = 32};
    static const struct ll_conf_tables loaded = {.name = "loaded",
                                                 .book = {1 << 16, 1 << 14, 256, 10},
                                                 .life = {40000, 20000, 11},
                                                 .epoch = 41,
                                                 .batch = 13,
                                                 .verify = true};
    run_tables(conf, &main_tables, main_sections, true);
    run_tables(conf, &tiny, tiny_sections, true);
    run_tables(conf, &few, few_sections, true);
    run_tables(conf, &levels, ll_conf_book_levels, true);
    run_tables(conf, &loaded, ll_conf_preload, false);
}

/* --- What must have come ---------------------------------------------------------------------------------- */

static void check_verdicts(struct ll_conf *conf)
{
    static const uint8_t book[] = {LL_VERDICT_OK,           LL_VERDICT_DUPLICATE,  LL_VERDICT_UNKNOWN_ID,
                                   LL_VERDICT_OVERFILL,     LL_VERDICT_TABLE_FULL, LL_VERDICT_BAD_INPUT,
                                   LL_VERDICT_BOOK_MISMATCH};
    static const uint8_t life[] = {
        LL_VERDICT_OK,           LL_VERDICT_DUPLICATE, LL_VERDICT_UNKNOWN_ID,         LL_VERDICT_LATE,
        LL_VERDICT_OUT_OF_ORDER, LL_VERDICT_OVERFILL,  LL_VERDICT_ILLEGAL_TRANSITION, LL_VERDICT_ID_TAKEN,
        LL_VERDICT_TABLE_FULL,   LL_VERDICT_BAD_INPUT};
    for (size_t i = 0; i < sizeof book; i++)
        if (conf->book_verdicts[book[i]] == 0)
            ll_conf_fail(conf, "no update had verdict %u", book[i]);
    for (size_t i = 0; i < sizeof life; i++)
        if (conf->life_verdicts[life[i]] == 0)
            ll_conf_fail(conf, "no ask had verdict %u", life[i]);
    if (conf->full_orders == 0 || conf->full_levels == 0 || conf->full_chains == 0)
        ll_conf_fail(conf,
                     "orders, levels and chains were full %" PRIu64 ", %" PRIu64 " and %" PRIu64 " times",
                     conf->full_orders, conf->full_levels, conf->full_chains);
}

/* An order that was never filled has no execution to bust or correct. */
static bool can_come(uint32_t state, uint32_t event)
{
    bool is_unfilled = state == LL_ORDER_PENDING || state == LL_ORDER_SUBMITTED || state == LL_ORDER_NEW ||
                       state == LL_ORDER_FAILED;
    return !(is_unfilled && (event == LL_EVENT_BUST || event == LL_EVENT_CORRECT));
}

static void check_cells(struct ll_conf *conf)
{
    for (uint32_t state = LL_ORDER_PENDING; state < LL_ORDER_STATE_COUNT; state++)
        for (uint32_t event = 0; event < LL_ORDER_EVENT_COUNT; event++)
            if ((conf->cells[state][event] != 0) != can_come(state, event))
                ll_conf_fail(conf, "event %u in state %u came %" PRIu64 " times", event, state,
                             conf->cells[state][event]);
}

/* --- Printing --------------------------------------------------------------------------------------------- */

static uint64_t total_cases(const struct ll_conf *conf)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < conf->section_count; i++)
        sum += conf->section[i].cases;
    return sum;
}

/* Of all results and of the state after each section. */
static uint64_t total_hash(const struct ll_conf *conf)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < conf->section_count; i++) {
        const struct ll_conf_section *section = &conf->section[i];
        sum = (sum ^ section->digest) * 0x9e3779b97f4a7c15u;
        sum = (sum ^ section->book_hash) * 0x9e3779b97f4a7c15u;
        sum = (sum ^ section->life_hash) * 0x9e3779b97f4a7c15u;
    }
    return sum;
}

static void print_verdicts(const char *label, const uint64_t counts[LL_VERDICT_COUNT])
{
    const char *between = "";
    printf("%s: ", label);
    for (uint32_t i = 0; i < LL_VERDICT_COUNT; i++) {
        if (counts[i] == 0)
            continue;
        printf("%s%s %" PRIu64, between, ll_verdict_name((uint8_t)i), counts[i]);
        between = ", ";
    }
    printf("\n");
}

static void print_text(const struct ll_conf *conf)
{
    printf("device %s\n", conf->describe);
    print_verdicts("verdicts of updates", conf->book_verdicts);
    print_verdicts("verdicts of asks", conf->life_verdicts);
    printf("tables full: orders %" PRIu64 ", levels %" PRIu64 ", chains of identifiers %" PRIu64 "\n",
           conf->full_orders, conf->full_levels, conf->full_chains);
    if (conf->failed)
        printf("FAILED: %s\n", conf->text);
    printf("%" PRIu64 " cases, %" PRIu64 " operations, state hash %016" PRIx64 "\n", total_cases(conf),
           conf->operations, total_hash(conf));
}

static void json_verdicts(struct ll_json *json, const char *key, const uint64_t counts[LL_VERDICT_COUNT])
{
    ll_json_begin_object(json, key);
    for (uint32_t i = 0; i < LL_VERDICT_COUNT; i++)
        if (counts[i] != 0)
            ll_json_u64(json, ll_verdict_name((uint8_t)i), counts[i]);
    ll_json_end_object(json);
}

static void json_section(struct ll_json *json, const struct ll_conf_section *section)
{
    ll_json_begin_object(json, NULL);
    ll_json_string(json, "tables", section->tables);
    ll_json_string(json, "name", section->name);
    ll_json_u64(json, "cases", section->cases);
    ll_json_u64(json, "operations", section->operations);
    ll_json_hash(json, "results", section->digest);
    ll_json_hash(json, "book", section->book_hash);
    ll_json_hash(json, "life", section->life_hash);
    ll_json_u64(json, "ms", section->took_ns / LL_NS_PER_MS);
    ll_json_end_object(json);
}

static void print_json(const struct ll_conf *conf)
{
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "device", conf->describe);
    ll_json_bool(&json, "equal", !conf->failed);
    ll_json_string(&json, "failed", conf->text);
    ll_json_begin_array(&json, "sections");
    for (uint32_t i = 0; i < conf->section_count; i++)
        json_section(&json, &conf->section[i]);
    ll_json_end_array(&json);
    json_verdicts(&json, "update_verdicts", conf->book_verdicts);
    json_verdicts(&json, "ask_verdicts", conf->life_verdicts);
    ll_json_u64(&json, "full_orders", conf->full_orders);
    ll_json_u64(&json, "full_levels", conf->full_levels);
    ll_json_u64(&json, "full_chains", conf->full_chains);
    ll_json_u64(&json, "cases", total_cases(conf));
    ll_json_u64(&json, "operations", conf->operations);
    ll_json_hash(&json, "state_hash", total_hash(conf));
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

static void print_list(void)
{
#define SECTION_LINE(function, name, text) printf("%-28s %s\n", name, text);
    LL_CONF_SECTIONS(SECTION_LINE)
#undef SECTION_LINE
}

/* --- Main ------------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    struct ll_conf_options chosen = {.device = "cpu", .mode = "resident", .seed = 1, .random = 1000000};
    struct ll_operands operands;
    struct ll_why why = {0};
    int help = 0;
    char program[LL_BESIDE_PATH_BYTES];
    if (ll_beside(program, "../../lifeline-device", NULL) == LL_OK)
        chosen.program = program;
    if (ll_options_parse(options, argc, argv, &chosen, &operands, &help, &why) != LL_OK ||
        operands.count != 0) {
        (void)fprintf(stderr, "conformance: %s\n", operands.count != 0 ? "it takes no operands" : why.text);
        return 2;
    }
    if (help) {
        ll_options_print_help(options, stdout);
        return 0;
    }
    if (chosen.is_list) {
        print_list();
        return 0;
    }
    struct ll_conf *conf = calloc(1, sizeof *conf);
    LL_ASSERT(conf != NULL);
    conf->options = &chosen;
    run_all(conf);
    if (!conf->failed) {
        check_verdicts(conf);
        check_cells(conf);
    }
    if (chosen.is_json)
        print_json(conf);
    else
        print_text(conf);
    int status = conf->failed ? 1 : 0;
    free(conf);
    return status;
}
