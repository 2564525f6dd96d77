/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_dump.h"

#include "host/app/ll_exit.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "host/core/ll_engine.h"
#include "host/journal/ll_journal_reader.h"
#include "host/wire/ll_command.h"

#include <stdbool.h>
#include <stdio.h>

struct ll_dump_config {
    uint64_t from;
    uint64_t count;
    bool exceptions;
};

static const struct ll_option ll_dump_options[] = {
    {"from", LL_OPTION_U64, offsetof(struct ll_dump_config, from), 1, 0, "ID", NULL,
     "begin at this event id; default 1"},
    {"count", LL_OPTION_U64, offsetof(struct ll_dump_config, count), 1, 0, "N", NULL,
     "print at most this many records; default: all"},
    {"exceptions", LL_OPTION_FLAG, offsetof(struct ll_dump_config, exceptions), 0, 0, NULL, NULL,
     "print only what was not ok: records with a verdict other than 0, gaps, and bad packets"},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_dump_help[] =
    "usage: lifeline dump [--from ID] [--count N] [--exceptions] DIR\n"
    "\n"
    "Prints the journal in DIR as JSON, one line per record:\n"
    "\n"
    "  "
    "{\"event_id\":7,\"time_ns\":1763693471123456789,\"kind\":\"feed\",\"verdict\":0,\"verdict_name\":\"ok\","
    "\n"
    "   \"type\":\"A\",\"payload_bytes\":36,\"payload\":\"4100...\"}   (one line)\n"
    "\n"
    "  kind     session | feed | gap | bad_packet | feed_end; of a gateway that trades also command | "
    "report\n"
    "           | link | action | sent | limit | settings\n"
    "  verdict  0 is ok; of a command it is why it was refused, of a feed or report what was wrong with it\n"
    "  type     feed only: the first byte of the message, its type\n"
    "  payload  the bytes of the record, two hexadecimal digits each\n"
    "\n"
    "Every record is checked on the way. Changes nothing; a gateway may be writing meanwhile.\n"
    "Exit: 0 done, 1 no journal in DIR, 2 usage, 4 read or write failed, 5 corrupt (what is before the\n"
    "damage is printed).\n"
    "\n"
    "options:\n";

/* A command's verdict is why it was refused; every other record's is one of the kernel's. */
static const char *ll_dump_verdict_name(const struct ll_journal_record *record)
{
    if (record->kind == LL_RECORD_COMMAND && record->verdict != 0)
        return ll_refusal_name(record->verdict);
    return ll_verdict_name(record->verdict);
}

static void ll_dump_print(struct ll_json *json, const struct ll_journal_record *record)
{
    ll_json_begin_object(json, NULL);
    ll_json_u64(json, "event_id", record->event_id);
    ll_json_u64(json, "time_ns", record->time_ns);
    ll_json_string(json, "kind", ll_record_kind_name(record->kind));
    ll_json_u64(json, "verdict", record->verdict);
    ll_json_string(json, "verdict_name", ll_dump_verdict_name(record));
    if (record->kind == LL_RECORD_FEED && record->payload_bytes > 0)
        ll_json_text(json, "type", (const char *)record->payload, 1);
    ll_json_u64(json, "payload_bytes", record->payload_bytes);
    ll_json_hex(json, "payload", record->payload, record->payload_bytes);
    ll_json_end_object(json);
    ll_json_newline(json);
}

static bool ll_dump_wanted(const struct ll_dump_config *config, const struct ll_journal_record *record)
{
    if (record->event_id < config->from)
        return false;
    return !config->exceptions || record->verdict != 0 || record->kind == LL_RECORD_BAD_PACKET ||
           record->kind == LL_RECORD_GAP;
}

static int ll_dump_run(const struct ll_dump_config *config, const char *dir, struct ll_why *why)
{
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    struct ll_json json;
    uint64_t printed_count = 0;
    int err = ll_journal_reader_open(&reader, dir, why);
    if (err != LL_OK)
        return err;
    ll_json_init(&json, stdout, false);
    while (printed_count < config->count && !ferror(stdout)) {
        err = ll_journal_reader_next(reader, &record, why);
        if (err != LL_OK)
            break;
        if (!ll_dump_wanted(config, &record))
            continue;
        ll_dump_print(&json, &record);
        printed_count++;
    }
    ll_journal_reader_close(reader);
    return err == LL_ERR_SHORT ? LL_OK : err;
}

int ll_cmd_dump(int argc, char **argv)
{
    struct ll_dump_config config = {1, UINT64_MAX, false};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_why why = {0};
    int help = 0;
    int err = ll_options_parse(ll_dump_options, argc, argv, &config, &operands, &help, &why);
    if (err == LL_OK && help) {
        (void)fputs(ll_dump_help, stdout);
        ll_options_print_help(ll_dump_options, stdout);
        return LL_EXIT_OK;
    }
    if (err == LL_OK && operands.count != 1)
        err = LL_FAIL(&why, LL_ERR_USAGE, "give one DIR; usage: lifeline dump [--from ID] [--count N] DIR");
    if (err != LL_OK) {
        (void)fprintf(stderr, "lifeline dump: %s\nTry: lifeline dump --help\n", why.text);
        return LL_EXIT_USAGE;
    }
    err = ll_dump_run(&config, operands.value[0], &why);
    if (err != LL_OK)
        (void)fprintf(stderr, "lifeline dump: %s: %s\n", ll_err_name(err), why.text);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "lifeline dump: the output could not be written; is the disk full?\n");
        return LL_EXIT_IO;
    }
    return ll_exit_code(err);
}
