/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a journal of any content, with right checksums, is replayed as far as it makes sense and then refused: never an
 * assertion, never an engine whose states, ledger or risk do not add up. Method: a day of orders, fills, cancels,
 * breaks and time-outs is journaled once; the input changes its records (takes out, doubles, moves, new bytes, new
 * kind, verdict, time) and adds records of its own, all are numbered anew, and a fresh engine replays them. What was
 * not changed must replay.
 *
 * Input: changes of 4 bytes: record, what, and two arguments; what comes behind an added record's four is its payload.
 */
#include "host/base/ll_assert.h"
#include "tests/fuzz/ll_fuzz_bytes.h"
#include "tests/model/ll_oms_rig.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

enum { FUZZ_RECORDS_MAX = 400, FUZZ_CHANGES_MAX = 100, FUZZ_BASE_MAX = 256 };

/* --- The day ---------------------------------------------------------------------------------------------- */

static void trade(struct ll_oms_rig *rig)
{
    (void)ll_oms_rig_place(rig, "OR-1", LL_ORDER_BUY, 100, LL_RIG_MID);
    uint64_t number = ll_oms_rig_last(rig, LL_PROTOCOL_OUCH50).number;
    ll_oms_rig_say(
        rig, 0,
        &(struct ll_rig_message){
            .type = 'A', .number = number, .quantity = 100, .price = LL_RIG_MID, .exchange_ref = 7});
    ll_oms_rig_hold(rig, 0,
                    &(struct ll_rig_message){
                        .type = 'E', .number = number, .quantity = 40, .price = LL_RIG_MID, .match = 1});
    ll_oms_rig_say(rig, 0,
                   &(struct ll_rig_message){
                       .type = 'E', .number = number, .quantity = 10, .price = LL_RIG_MID, .match = 2});
    (void)ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_STOPLOSS_ADD,
                                                      .target = "OR-1",
                                                      .id = "SL-1",
                                                      .stop_price = LL_RIG_MID - 5000});
    (void)ll_oms_rig_replace(rig, "OR-1", 120, LL_RIG_MID - 100);
    ll_oms_rig_say(rig, 0,
                   &(struct ll_rig_message){.type = 'U',
                                            .old_number = number,
                                            .number = ll_oms_rig_last(rig, LL_PROTOCOL_OUCH50).number,
                                            .quantity = 70,
                                            .price = LL_RIG_MID - 100,
                                            .exchange_ref = 8});
    ll_oms_rig_say(rig, 0, &(struct ll_rig_message){.type = 'B', .number = number, .match = 2});
    (void)ll_oms_rig_cancel(rig, "OR-1");
    ll_oms_rig_say(rig, 0, &(struct ll_rig_message){.type = 'C', .number = number + 2, .quantity = 70});
}

static void trade_elsewhere(struct ll_oms_rig *rig)
{
    (void)ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_PLACE,
                                                      .symbol = "SYM1",
                                                      .id = "OR-2",
                                                      .key = "key",
                                                      .session = 1,
                                                      .side = LL_ORDER_SELL,
                                                      .quantity = 30,
                                                      .price = LL_RIG_MID,
                                                      .strategy = "mean"});
    uint64_t number = ll_oms_rig_last(rig, LL_PROTOCOL_OUCH42).number;
    ll_oms_rig_say(rig, 1, &(struct ll_rig_message){.type = 'J', .number = number, .code = 'Z'});
    ll_oms_rig_pass(rig, 3 * LL_RIG_S);
    ll_oms_rig_link(rig, 1, LL_LINK_CLOSED, NULL, 0);
    ll_oms_rig_open(rig, 1, "DAY1", 1);
    (void)ll_oms_rig_do(
        rig, &(struct ll_rig_command){
                 .kind = LL_COMMAND_ID_ADD, .target = "OR-2", .id = "CL-9", .id_type = LL_ID_CLOSE});
    (void)ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_KILL, .scope = LL_KILL_FIRM});
    (void)ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_WITHDRAW, .amount = 1000});
    ll_oms_rig_link(rig, 0, LL_LINK_ENDED, NULL, 0);
    ll_oms_rig_pass(rig, LL_RIG_S);
}

static void make_small(struct ll_oms_rig *rig)
{
    struct ll_oms_config config;
    ll_oms_rig_config(&config);
    config.orders = 16;
    config.ids = 96;
    config.accounts = 48;
    config.names = 4;
    ll_oms_rig_make(rig, &config);
}

static uint32_t make_day(struct ll_oms_rig *rig, struct ll_rig_record *records)
{
    ll_oms_rig_ready(rig);
    ll_oms_rig_configure(rig, 1, LL_PROTOCOL_OUCH42);
    ll_oms_rig_open(rig, 1, "DAY1", 1);
    trade(rig);
    trade_elsewhere(rig);
    LL_ASSERT(rig->record_count <= FUZZ_BASE_MAX);
    memcpy(records, rig->journal, rig->record_count * sizeof *records);
    return rig->record_count;
}

/* --- What is made of it ----------------------------------------------------------------------------------- */

struct journal {
    struct ll_rig_record records[FUZZ_RECORDS_MAX];
    uint32_t count;
};

static void insert(struct journal *journal, uint32_t at, const struct ll_rig_record *record)
{
    if (journal->count == FUZZ_RECORDS_MAX)
        return;
    memmove(&journal->records[at + 1], &journal->records[at],
            (journal->count - at) * sizeof journal->records[0]);
    journal->records[at] = *record;
    journal->count++;
}

static void take_out(struct journal *journal, uint32_t at)
{
    journal->count--;
    memmove(&journal->records[at], &journal->records[at + 1],
            (journal->count - at) * sizeof journal->records[0]);
}

/* Kinds of the order engine only: the feed's records are the rig's own. */
static uint8_t any_kind(uint8_t byte)
{
    return LL_RECORD_COMMAND + byte % (LL_RECORD_SETTINGS - LL_RECORD_COMMAND + 2);
}

static void add_own(struct journal *journal, struct ll_fuzz_bytes *input, uint32_t at, uint8_t kind,
                    uint8_t length)
{
    struct ll_rig_record record = {.time_ns = journal->records[at].time_ns, .kind = any_kind(kind)};
    size_t left = ll_fuzz_left_bytes(input);
    record.payload_bytes = length < left ? length : (uint32_t)left;
    memcpy(record.payload, input->at, record.payload_bytes);
    input->at += record.payload_bytes;
    insert(journal, at, &record);
}

static void change(struct journal *journal, struct ll_fuzz_bytes *input)
{
    uint32_t at = ll_fuzz_u8(input) % journal->count;
    uint8_t what = ll_fuzz_u8(input);
    uint8_t first = ll_fuzz_u8(input);
    uint8_t second = ll_fuzz_u8(input);
    struct ll_rig_record *record = &journal->records[at];
    struct ll_rig_record copy = *record;
    if (what % 8 == 7) {
        add_own(journal, input, at, first, second);
        return;
    }
    if (record->kind == LL_RECORD_FEED || journal->count < 2)
        return;
    switch (what % 8) {
    case 0: /* a byte of the payload, whole or a bit of it */
    case 1:
        if (record->payload_bytes > 0)
            record->payload[first % record->payload_bytes] ^= second;
        break;
    case 2: /* shorter, or longer by zeros */
        record->payload_bytes = (record->payload_bytes + first - second / 2u) % sizeof record->payload;
        break;
    case 3:
        take_out(journal, at);
        break;
    case 4: /* once more, somewhere */
        insert(journal, first % journal->count, &copy);
        break;
    case 5:
        record->kind = first < 128 ? record->kind : any_kind(first);
        record->verdict = second;
        break;
    default:
        record->time_ns += ((uint64_t)first << second % 64) - (first >= 128 ? LL_RIG_S : 0);
        break;
    }
}

/* Numbers as a journal has them: one more for each record. */
static void replay(struct ll_oms_rig *rig, struct journal *journal, bool is_whole)
{
    struct ll_oms_rig from = {.journal = journal->records, .record_count = journal->count};
    struct ll_why why = {0};
    for (uint32_t i = 0; i < journal->count; i++)
        journal->records[i].event_id = i + 1;
    ll_oms_rig_again(rig);
    rig->is_unchecked = true;
    int err = ll_oms_rig_replay(rig, &from, journal->count, &why);
    LL_ASSERT(err == why.code);
    LL_ASSERT(err == LL_OK || (err == LL_ERR_CORRUPT && !is_whole));
    if (err == LL_OK)
        err = ll_oms_replay_end(rig->oms, &why);
    LL_ASSERT(err == LL_OK || (err == LL_ERR_CORRUPT && !is_whole));
    if (err == LL_OK)
        ll_oms_rig_check(rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static struct ll_rig_record day[FUZZ_BASE_MAX];
    static struct journal journal;
    static struct ll_oms_rig rig;
    static uint32_t day_count;
    struct ll_fuzz_bytes input = ll_fuzz_begin(bytes, bytes_count);
    if (day_count == 0) {
        make_small(&rig);
        day_count = make_day(&rig, day);
    }
    memcpy(journal.records, day, day_count * sizeof day[0]);
    journal.count = day_count;
    for (uint32_t i = 0; i < FUZZ_CHANGES_MAX && ll_fuzz_left_bytes(&input) >= 4; i++)
        change(&journal, &input);
    replay(&rig, &journal, bytes_count < 4);
    return 0;
}
