/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no commands of clients, no messages of a venue and no breaks of its sessions, in whatever order, break the
 * order engine: its states, identifiers, ledger and risk stay sound, and the journal it wrote gives the same engine
 * again. Method: a small engine with two sessions, one of each edition; the input is a script of commands (made up, or
 * any bytes that pass for one), reports (made up, or any bytes), sessions, prices, limits and time. The engine's
 * checks run as it goes; at last, when the first byte asks for it (an engine's memory is large), the journal is
 * replayed into another one, and both must have the same hash.
 *
 * Input: choice u8, then commands: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_assert.h"
#include "tests/fuzz/ll_fuzz_bytes.h"
#include "tests/model/ll_oms_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

enum { FUZZ_COMMANDS_MAX = 400, FUZZ_CHECK_EVERY = 16, FUZZ_REPORT_BYTES_MAX = 200, FUZZ_NAMES = 4 };

/* The last one is none. */
static const char *const names[FUZZ_NAMES] = {"ACC", "B", "C", NULL};
static const char *const symbols[] = {"SYM0", "SYM1", "SYM2", "NONE"};

struct fuzz {
    struct ll_fuzz_bytes input;
    struct ll_oms_rig rig;
    struct ll_oms_rig again;
    char id[2][8]; /* the texts of the command at hand */
};

/* A name that mutations meet again: I0..I31, or none. */
static const char *any_id(struct fuzz *fuzz, uint32_t which)
{
    uint8_t number = ll_fuzz_u8(&fuzz->input);
    if (number >= 240)
        return NULL;
    (void)snprintf(fuzz->id[which], sizeof fuzz->id[which], "I%u", number % 32u);
    return fuzz->id[which];
}

/* Around the middle, or far off. */
static uint64_t any_price(struct fuzz *fuzz)
{
    uint8_t byte = ll_fuzz_u8(&fuzz->input);
    return byte < 240 ? LL_RIG_MID - 12000 + byte * 100u : ll_fuzz_u64(&fuzz->input) >> byte % 64;
}

static uint64_t any_quantity(struct fuzz *fuzz)
{
    uint8_t byte = ll_fuzz_u8(&fuzz->input);
    return byte < 240 ? byte : ll_fuzz_u64(&fuzz->input) >> byte % 64;
}

static void make_command(struct fuzz *fuzz)
{
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    struct ll_rig_command command = {.kind = kind % 2 == 0 ? LL_COMMAND_PLACE : 1 + kind / 2 % 17,
                                     .side = choice % 3,
                                     .type = choice / 3 % 8 == 7 ? choice : choice / 3 % 2,
                                     .time_in_force = choice / 24 % 5,
                                     .flags = choice / 120,
                                     .session = kind >= 128,
                                     .account = names[kind / 32 % FUZZ_NAMES],
                                     .symbol = symbols[kind / 64],
                                     .id = any_id(fuzz, 0)};
    command.quantity = any_quantity(fuzz);
    command.price = any_price(fuzz);
    if (command.kind != LL_COMMAND_PLACE) {
        command.target = any_id(fuzz, 1);
        command.id_type = choice % 16;
        command.id_status = choice / 16 % 8;
        command.scope = choice % 4;
        command.stop_price = command.price;
        command.take_price = command.price;
        command.amount = (int64_t)(command.quantity << choice % 48);
        if (choice % 2 == 0)
            command.symbol = NULL;
    } else if (choice % 4 == 3) {
        command.stop_price = any_price(fuzz);
        command.take_price = any_price(fuzz);
        command.key = any_id(fuzz, 1);
        command.strategy = names[choice / 64 % FUZZ_NAMES];
    }
    (void)ll_oms_rig_do(&fuzz->rig, &command);
}

/* Any bytes that pass for a command, as they come out of shared memory. */
static void raw_command(struct fuzz *fuzz)
{
    struct ll_command command = {.kind = LL_COMMAND_PLACE};
    size_t count = ll_fuzz_u8(&fuzz->input) * 2u;
    count = count < sizeof command ? count : sizeof command;
    count = count < ll_fuzz_left_bytes(&fuzz->input) ? count : ll_fuzz_left_bytes(&fuzz->input);
    memcpy(&command, fuzz->input.at, count);
    fuzz->input.at += count;
    if (ll_command_check(&command) == LL_OK)
        (void)ll_oms_rig_command(&fuzz->rig, &command);
}

static void make_report(struct fuzz *fuzz, uint8_t session, bool holds)
{
    static const char types[] = "AACEEEUJBPITSQ";
    static const uint16_t codes[] = {0, 'U', 'T', 'I', 'Z', 'J', 'S', 'E', 0x0001, 0x000b, 0xffff, 'D'};
    uint8_t type = ll_fuzz_u8(&fuzz->input);
    uint8_t number = ll_fuzz_u8(&fuzz->input);
    struct ll_rig_message message = {.type = types[type % (sizeof types - 1)],
                                     .dead = type >= 192,
                                     .number = number % 64,
                                     .old_number = ll_fuzz_u8(&fuzz->input) % 64,
                                     .match = number / 64,
                                     .exchange_ref = number};
    if (session == 1 && message.type == 'Q')
        message.type = 'A';
    message.quantity = any_quantity(fuzz);
    message.price = any_price(fuzz);
    message.match += message.quantity % 8;
    message.code = codes[ll_fuzz_u8(&fuzz->input) % (sizeof codes / sizeof codes[0])];
    if (holds)
        ll_oms_rig_hold(&fuzz->rig, session, &message);
    else
        ll_oms_rig_say(&fuzz->rig, session, &message);
}

static void raw_report(struct fuzz *fuzz, uint8_t session)
{
    size_t count = ll_fuzz_u8(&fuzz->input) % FUZZ_REPORT_BYTES_MAX;
    count = count < ll_fuzz_left_bytes(&fuzz->input) ? count : ll_fuzz_left_bytes(&fuzz->input);
    ll_oms_rig_bytes(&fuzz->rig, session, fuzz->input.at, (uint32_t)count);
    fuzz->input.at += count;
}

static void break_session(struct fuzz *fuzz, uint8_t session, uint8_t choice)
{
    char known[10];
    uint64_t next = ll_oms_next_sequence(fuzz->rig.oms, session, known);
    switch (choice % 6) {
    case 0:
        ll_oms_rig_link(&fuzz->rig, session, LL_LINK_CLOSED, NULL, 0);
        break;
    case 1:
        ll_oms_rig_link(&fuzz->rig, session, LL_LINK_OPENED, "DAY1", next);
        break;
    case 2:
        ll_oms_rig_link(&fuzz->rig, session, LL_LINK_CAUGHT_UP, NULL, 0);
        break;
    case 3:
        ll_oms_rig_link(&fuzz->rig, session, LL_LINK_GAP, NULL, next + choice);
        break;
    case 4:
        ll_oms_rig_link(&fuzz->rig, session, LL_LINK_OPENED, "DAY2", 1);
        break;
    default:
        ll_oms_rig_link(&fuzz->rig, session, LL_LINK_ENDED, NULL, 0);
        break;
    }
}

/* One record of a set of limits: most sets come to nothing, and then the one before stays in force. */
static void change_limit(struct fuzz *fuzz)
{
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    struct ll_record_limit record = {.what = choice % 4};
    if (record.what == LL_LIMIT_RECORD_VALUES) {
        const char *name = names[choice / 16 % FUZZ_NAMES];
        record.values.scope = choice / 4 % 4;
        if (name != NULL && record.values.scope != LL_SCOPE_FIRM)
            memcpy(record.values.name, name, strlen(name));
        for (uint32_t i = 0; i < 3; i++) {
            uint8_t limit = ll_fuzz_u8(&fuzz->input);
            (void)ll_limit_entry_add(&record.values, (enum ll_limit)(limit % 24), any_quantity(fuzz));
        }
    } else if (record.what == LL_LIMIT_RECORD_INSTRUMENT) {
        record.instrument = (struct ll_instrument_entry){.price_step_ticks = any_quantity(fuzz),
                                                         .lot_step_lots = any_quantity(fuzz),
                                                         .prior_close_ticks = any_price(fuzz),
                                                         .multiplier = ll_fuzz_u8(&fuzz->input),
                                                         .state = choice / 64,
                                                         .restricted_sides = choice / 16 % 4};
        memcpy(record.instrument.symbol, "SYM0    ", LL_SYMBOL_BYTES);
        record.instrument.symbol[3] = (char)('0' + choice / 4 % 8);
    }
    ll_oms_step(fuzz->rig.oms);
    (void)!ll_oms_limit(fuzz->rig.oms, &record, fuzz->rig.now_ns, NULL);
    ll_oms_rig_pump(&fuzz->rig);
}

static void run_command(struct fuzz *fuzz)
{
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    uint8_t session = kind >= 192;
    switch (kind % 12) {
    case 0:
    case 1:
        make_command(fuzz);
        break;
    case 2:
        raw_command(fuzz);
        break;
    case 3:
    case 4:
        make_report(fuzz, session, false);
        break;
    case 5:
        make_report(fuzz, session, true);
        break;
    case 6:
        raw_report(fuzz, session);
        break;
    case 7:
        break_session(fuzz, session, kind / 12);
        break;
    case 8:
        ll_oms_rig_quote(&fuzz->rig, kind / 64, any_price(fuzz), any_price(fuzz));
        break;
    case 9:
        ll_oms_rig_trading(&fuzz->rig, kind / 64, (kind & 16) != 0 ? 'T' : 'H');
        break;
    case 10:
        change_limit(fuzz);
        break;
    default: /* what is due is looked for when no report waits */
        ll_oms_rig_pump(&fuzz->rig);
        ll_oms_rig_pass(&fuzz->rig, (uint64_t)ll_fuzz_u8(&fuzz->input) % 32 * LL_RIG_S / 4);
        break;
    }
}

static void compare_replay(struct fuzz *fuzz)
{
    struct ll_oms_rig *again = &fuzz->again;
    struct ll_why why = {0};
    ll_oms_rig_again(again);
    again->is_unchecked = true;
    int err = ll_oms_rig_replay(again, &fuzz->rig, fuzz->rig.record_count, &why);
    if (err != LL_OK)
        (void)fprintf(stderr, "%s\n", why.text);
    LL_ASSERT(err == LL_OK);
    ll_oms_rig_replay_end(again);
    LL_ASSERT(again->record_count == fuzz->rig.record_count);
    ll_oms_rig_check(again);
    LL_ASSERT(ll_oms_rig_hash(again) == ll_oms_rig_hash(&fuzz->rig));
}

static void make_rigs(struct fuzz *fuzz)
{
    struct ll_oms_config config;
    ll_oms_rig_config(&config);
    config.orders = 24;
    config.ids = 96;
    config.accounts = 48;
    config.names = 5;
    ll_oms_rig_make(&fuzz->rig, &config);
    ll_oms_rig_make(&fuzz->again, &config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static struct fuzz fuzz;
    if (fuzz.rig.oms == NULL)
        make_rigs(&fuzz);
    ll_oms_rig_again(&fuzz.rig);
    fuzz.input = ll_fuzz_begin(bytes, bytes_count);
    bool replays = ll_fuzz_u8(&fuzz.input) % 2 == 0;
    fuzz.rig.is_unchecked = true;
    ll_oms_rig_ready(&fuzz.rig);
    ll_oms_rig_configure(&fuzz.rig, 1, LL_PROTOCOL_OUCH42);
    ll_oms_rig_open(&fuzz.rig, 1, "DAY1", 1);
    for (uint32_t i = 0; i < FUZZ_COMMANDS_MAX && ll_fuzz_left_bytes(&fuzz.input) > 0; i++) {
        fuzz.rig.is_unchecked = i % FUZZ_CHECK_EVERY != FUZZ_CHECK_EVERY - 1;
        run_command(&fuzz);
    }
    fuzz.rig.is_unchecked = false;
    ll_oms_rig_pump(&fuzz.rig); /* reports that are held are worked */
    if (replays)
        compare_replay(&fuzz);
    return 0;
}
