/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_device.h"

#include "host/app/ll_device_options.h"
#include "host/app/ll_device_show.h"
#include "host/app/ll_device_trial.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_report.h"
#include "host/app/ll_stop.h"
#include "host/base/ll_beside.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LL_DEVICE_PROGRAM "lifeline-device"

struct ll_device_verb {
    bool json;
    bool unverified;
    uint64_t count;
    uint64_t seed;
    uint64_t batch;
    struct ll_device_options device;
    struct ll_book_config book;
    struct ll_life_config life;
};

#define LL_VERB_ROW(name, kind, field, min, max, value, help)                           \
    {                                                                                   \
        name, kind, offsetof(struct ll_device_verb, field), min, max, value, NULL, help \
    }

static const struct ll_option ll_device_table[] = {
    LL_VERB_ROW("json", LL_OPTION_FLAG, json, 0, 0, NULL, "print one JSON object"),
    LL_VERB_ROW("count", LL_OPTION_U64, count, 2, (uint64_t)1 << 40, "N",
                "test: requests, half of them one at a time, the others 64 together (default 100000)"),
    LL_VERB_ROW("seed", LL_OPTION_U64, seed, 0, 0, "N", "test: of the requests (default 1)"),
    LL_VERB_ROW("unverified", LL_OPTION_FLAG, unverified, 0, 0, NULL,
                "test: only compare the tables at the end, so that the times are the device's alone"),
    LL_DEVICE_ROWS(struct ll_device_verb, device),
    LL_VERB_ROW("batch", LL_OPTION_U64, batch, 1, 64, "N",
                "messages the kernel works together, 1..64 (default 32)"),
    LL_VERB_ROW("orders", LL_OPTION_U64, book.orders, 1, LL_BOOK_ORDERS_MAX, "N",
                "live orders to make room for (default 65536)"),
    LL_VERB_ROW("levels", LL_OPTION_U64, book.levels, 1, LL_BOOK_LEVELS_MAX, "N",
                "price levels to make room for (default 65536)"),
    LL_VERB_ROW("books", LL_OPTION_U64, book.books, 1, LL_BOOK_BOOKS_MAX, "N",
                "instruments to make room for (default 1024)"),
    LL_VERB_ROW("own-orders", LL_OPTION_U64, life.orders, 1, LL_LIFE_ORDERS_MAX, "N",
                "own orders to make room for (default 65536)"),
    LL_VERB_ROW("ids", LL_OPTION_U64, life.ids, 1, LL_LIFE_IDS_MAX, "N",
                "identifiers of own orders to make room for (default 262144)"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_device_help[] =
    "usage: lifeline device list\n"
    "       lifeline device info [options]\n"
    "       lifeline device test [options]\n"
    "\n"
    "Where the kernel can run beside this processor, and whether it works there.\n"
    "\n"
    "  list    the OpenCL platforms and devices of this machine, and what is missing for each\n"
    "  info    starts the device, loads empty tables, and says what it is and how large they are\n"
    "  test    starts it, sends requests drawn from a seed, compares every answer with what this\n"
    "          processor makes of it, then the tables, and says how long round trips took\n"
    "\n"
    "  lifeline device test --device pocl                     the kernel as OpenCL C on this CPU\n"
    "  lifeline device test --device pocl --device-mode batch --count 1000000\n"
    "  lifeline device test --device xrt --device-binary lifeline.xclbin\n"
    "  XCL_EMULATION_MODE=sw_emu lifeline device test --device xrt     XRT without a card\n"
    "\n"
    "The kernel runs in a process of its own, lifeline-device, which lies beside this program: whatever a\n"
    "runtime does to it, the gateway goes on. Times of an emulated device say nothing about a card.\n"
    "\n"
    "Exit: 0 done and right, 2 usage, 3 there is no such device, it does not start, or it was lost, 4 the\n"
    "output could not be written, 5 it gave a wrong answer. lifelined and replay end with 6 when all is\n"
    "done and right but the device was lost on the way.\n"
    "\n"
    "options:\n";

/* --- list ------------------------------------------------------------------------------------------------- */

/* Only the device process may load a runtime; it takes our place and says what it finds. */
static int ll_device_list(const struct ll_device_verb *verb, struct ll_why *why)
{
    char path[LL_BESIDE_PATH_BYTES];
    int status = ll_beside(path, LL_DEVICE_PROGRAM, why);
    if (status != LL_OK)
        return status;
    (void)execl(path, LL_DEVICE_PROGRAM, "--list", verb->json ? "--json" : (char *)NULL, (char *)NULL);
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%.150s: %s", path, strerror(errno));
}

/* --- info and test ---------------------------------------------------------------------------------------- */

static int ll_device_start(const struct ll_device_verb *verb, bool verify, struct ll_device **device,
                           uint64_t *start_ns, struct ll_why *why)
{
    struct ll_device_config config;
    struct ll_why lost = {0};
    uint64_t before_ns = ll_clock_mono_ns();
    ll_device_config_default(&config);
    ll_device_options_config(&verb->device, &config);
    config.batch = (uint32_t)verb->batch;
    config.book = verb->book;
    config.life = verb->life;
    config.verify = config.verify || verify;
    int status = ll_device_open(device, &config, why);
    if (status == LL_OK) {
        struct ll_book_memory book;
        struct ll_life_memory life;
        ll_book_memory_place(&book, ll_device_book_bytes(*device), &config.book);
        ll_life_memory_place(&life, ll_device_life_bytes(*device), &config.life);
        status = ll_device_attach(*device, why);
    }
    *start_ns = ll_clock_mono_ns() - before_ns;
    /* With --device-start may: nothing else is of interest here. */
    if (status == LL_OK && ll_device_counters(*device)->losses != 0) {
        (void)ll_device_status(*device, &lost);
        status = LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s", lost.text);
    }
    /* Who wanted to know whether it starts does not know. */
    return ll_device_options_was_stopped(status) ? LL_ERR_ENVIRONMENT : status;
}

static void ll_device_print(const struct ll_device_verb *verb, const struct ll_device *device,
                            uint64_t start_ns)
{
    const struct ll_book_config *book = &verb->book;
    char a[32];
    char b[32];
    char c[32];
    (void)printf("device      %s\n", ll_device_describe(device));
    (void)printf("ready       in %s: started, the program built or loaded, the tables loaded\n",
                 ll_report_duration(start_ns, a));
    (void)printf("books       room for %s orders, %s price levels, %s books\n",
                 ll_report_grouped(book->orders, a), ll_report_grouped(book->levels, b),
                 ll_report_grouped(book->books, c));
    (void)printf("orders      room for %s own orders, %s identifiers\n",
                 ll_report_grouped(verb->life.orders, a), ll_report_grouped(verb->life.ids, b));
    (void)printf("memory      %s bytes here, in %s pages; tables %s bytes\n",
                 ll_report_grouped(ll_device_memory_bytes(device), a), ll_device_memory_pages(device),
                 ll_report_grouped(
                     ll_book_memory_footprint_bytes(book) + ll_life_memory_footprint_bytes(&verb->life), b));
}

static void ll_device_json(const struct ll_device_verb *verb, struct ll_device *device, uint64_t start_ns,
                           struct ll_json *json)
{
    ll_json_string(json, "wanted", verb->device.name);
    ll_json_string(json, "is", ll_device_describe(device));
    ll_json_string(json, "mode", verb->device.mode);
    ll_json_string(json, "standing", ll_device_standing_name(ll_device_standing(device)));
    ll_json_u64(json, "ready_ns", start_ns);
    ll_json_u64(json, "epoch", ll_device_book(device)->control->epoch);
    ll_json_u64(json, "memory_bytes", ll_device_memory_bytes(device));
    ll_json_u64(json, "book_bytes", ll_book_memory_footprint_bytes(&verb->book));
    ll_json_u64(json, "life_bytes", ll_life_memory_footprint_bytes(&verb->life));
}

static int ll_device_info(const struct ll_device_verb *verb, struct ll_why *why)
{
    struct ll_device *device = NULL;
    uint64_t start_ns;
    int status = ll_device_start(verb, false, &device, &start_ns, why);
    if (status == LL_OK && verb->json) {
        struct ll_json json;
        ll_json_init(&json, stdout, false);
        ll_json_begin_object(&json, NULL);
        ll_device_json(verb, device, start_ns, &json);
        ll_json_end_object(&json);
        ll_json_newline(&json);
    } else if (status == LL_OK) {
        ll_device_print(verb, device, start_ns);
        (void)printf("epoch       %" PRIu32 ": so often were tables loaded\n",
                     ll_device_book(device)->control->epoch);
    }
    ll_device_close(device);
    return status;
}

static void ll_device_test_json(const struct ll_device_verb *verb, struct ll_device_trial *trial,
                                uint64_t start_ns, int status, const struct ll_why *why)
{
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_string(&json, "status", status == LL_OK ? "good" : ll_err_name(status));
    ll_json_string(&json, "reason", why->text);
    ll_device_json(verb, trial->device, start_ns, &json);
    ll_json_bool(&json, "verified", !verb->unverified);
    ll_device_trial_json(trial, &json);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

static const char *ll_device_verdict(const struct ll_device_verb *verb, const struct ll_device_trial *trial,
                                     int status)
{
    if (status != LL_OK)
        return "NOT good";
    if (ll_device_standing(trial->device) == LL_DEVICE_HERE)
        return "good; this processor has nobody to be compared with";
    return verb->unverified ? "good, as far as the tables say" : "good: every answer was compared";
}

static int ll_device_test(const struct ll_device_verb *verb, struct ll_why *why)
{
    uint64_t start_ns;
    struct ll_device_trial *trial = calloc(1, sizeof *trial);
    if (trial == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for a test");
    trial->count = verb->count;
    trial->seed = verb->seed;
    trial->has_life = true;
    ll_device_workload_init(&trial->workload, verb->seed, &verb->book, &verb->life);
    int status = ll_device_start(verb, !verb->unverified, &trial->device, &start_ns, why);
    if (status == LL_OK) {
        if (!verb->json)
            ll_device_print(verb, trial->device, start_ns);
        status = ll_device_trial_run(trial, why);
        if (verb->json) {
            ll_device_test_json(verb, trial, start_ns, status, why);
        } else {
            ll_device_trial_print(trial, stdout);
            (void)printf("%s\n", ll_device_verdict(verb, trial, status));
        }
    }
    ll_device_close(trial->device);
    free(trial);
    return status;
}

/* --- The verb --------------------------------------------------------------------------------------------- */

static void ll_device_verb_default(struct ll_device_verb *verb)
{
    memset(verb, 0, sizeof *verb);
    verb->count = 100000;
    verb->seed = 1;
    verb->batch = 32;
    ll_device_options_default(&verb->device);
    ll_book_config_default(&verb->book);
    ll_life_config_default(&verb->life);
    verb->book.orders = 65536;
    verb->book.levels = 65536;
    verb->book.books = 1024;
    verb->life.orders = 65536;
    verb->life.ids = 262144;
}

static int ll_device_run(const struct ll_device_verb *verb, const char *what, struct ll_why *why)
{
    if (strcmp(what, "list") == 0)
        return ll_device_list(verb, why);
    if (strcmp(what, "info") == 0)
        return ll_device_info(verb, why);
    if (strcmp(what, "test") == 0)
        return ll_device_test(verb, why);
    return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is nothing to do with a device: give list, info or test",
                   what);
}

int ll_cmd_device(int argc, char **argv)
{
    struct ll_device_verb verb;
    struct ll_operands operands;
    struct ll_why why = {0};
    int help = 0;
    ll_device_verb_default(&verb);
    int status = ll_options_parse(ll_device_table, argc, argv, &verb, &operands, &help, &why);
    if (status == LL_OK && help) {
        (void)fputs(ll_device_help, stdout);
        ll_options_print_help(ll_device_table, stdout);
        return LL_EXIT_OK;
    }
    if (status == LL_OK && operands.count != 1)
        status = LL_FAIL(&why, LL_ERR_USAGE, "give one of list, info and test");
    if (status == LL_OK) {
        ll_stop_install();
        status = ll_device_run(&verb, operands.value[0], &why);
    }
    if (status != LL_OK)
        (void)fprintf(stderr, "lifeline device: %s: %s\n%s", ll_err_name(status), why.text,
                      status == LL_ERR_USAGE ? "Try: lifeline device --help\n" : "");
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        (void)fprintf(stderr, "lifeline device: the output could not be written; is the disk full?\n");
        return LL_EXIT_IO;
    }
    return ll_exit_code(status);
}
