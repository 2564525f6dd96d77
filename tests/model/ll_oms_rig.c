/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_oms_rig.h"

#include "hls/ll_life.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LL_RIG_BATCH 32u

static void ll_rig_fail(const char *what, const struct ll_why *why)
{
    (void)fprintf(stderr, "rig: %s: %s\n", what, why->text);
    abort();
}

/* --- Making --------------------------------------------------------------------------------------------- */

static void *ll_rig_memory(size_t bytes)
{
    LL_ASSERT(bytes != 0);
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    LL_ASSERT(memory != NULL);
    memset(memory, 0xa5, bytes);
    return memory;
}

static void ll_rig_ask(void *context, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                       uint32_t count)
{
    const struct ll_oms_rig *rig = context;
    const struct ll_life_memory *life = &rig->life;
    ll_life_batch(life->control, life->buckets, life->places, life->orders, asks, answers, count,
                  LL_RIG_BATCH);
    for (uint32_t i = 0; rig->finds_nothing && i < count; i++)
        if (asks[i].op == LL_LIFE_OP_RESOLVE)
            answers[i] = (struct ll_life_answer){.verdict = LL_VERDICT_UNKNOWN_ID,
                                                 .op = LL_LIFE_OP_RESOLVE,
                                                 .order = LL_LIFE_NONE,
                                                 .id = LL_LIFE_NONE,
                                                 .previous = LL_LIFE_NONE,
                                                 .other_order = LL_LIFE_NONE,
                                                 .seq = asks[i].seq};
}

void ll_oms_rig_config(struct ll_oms_config *config)
{
    *config = (struct ll_oms_config){.orders = 1024,
                                     .ids = 8192,
                                     .names = 8,
                                     .instruments = LL_RIG_SYMBOLS + 2,
                                     .accounts = 256,
                                     .answer_timeout_ns = LL_RIG_TIMEOUT_NS,
                                     .retry_ns = LL_RIG_RETRY_NS,
                                     .hash_seed = 7,
                                     .instance = 1};
}

static struct ll_life_config ll_rig_life(const struct ll_oms_config *config)
{
    return (struct ll_life_config){config->ids, config->orders, config->hash_seed};
}

static void ll_rig_init(struct ll_oms_rig *rig, bool attach)
{
    const struct ll_oms_door door = {rig, ll_rig_ask};
    struct ll_why why = {0};
    if (ll_oms_init(&rig->oms, rig->handle, rig->state, &rig->config, &door, &rig->batch, attach, &why) !=
        LL_OK)
        ll_rig_fail("init", &why);
}

/* Empty tables, and no event yet. */
static void ll_rig_begin(struct ll_oms_rig *rig)
{
    const struct ll_life_config life = ll_rig_life(&rig->config);
    ll_life_memory_place(&rig->life, rig->life_bytes, &life);
    rig->batch.next_event_id = 1;
    rig->now_ns = LL_RIG_START_NS;
    ll_rig_init(rig, false);
}

void ll_oms_rig_make(struct ll_oms_rig *rig, const struct ll_oms_config *config)
{
    memset(rig, 0, sizeof *rig);
    ll_oms_rig_config(&rig->config);
    if (config != NULL)
        rig->config = *config;
    const struct ll_life_config life = ll_rig_life(&rig->config);
    rig->handle = ll_rig_memory(ll_oms_footprint_bytes(&rig->config));
    rig->state = ll_rig_memory(ll_oms_state_bytes(&rig->config));
    rig->life_bytes = ll_rig_memory(ll_life_memory_footprint_bytes(&life));
    rig->scratch = ll_rig_memory(rig->config.accounts * sizeof *rig->scratch);
    ll_rig_begin(rig);
}

void ll_oms_rig_again(struct ll_oms_rig *rig)
{
    struct ll_oms_rig fresh = {.config = rig->config,
                               .handle = rig->handle,
                               .state = rig->state,
                               .life_bytes = rig->life_bytes,
                               .scratch = rig->scratch};
    free(rig->journal);
    free(rig->sends);
    free(rig->events);
    *rig = fresh;
    ll_rig_begin(rig);
}

void ll_oms_rig_free(struct ll_oms_rig *rig)
{
    free(rig->handle);
    free(rig->state);
    free(rig->life_bytes);
    free(rig->scratch);
    free(rig->journal);
    free(rig->sends);
    free(rig->events);
    memset(rig, 0, sizeof *rig);
}

/* --- Pumping -------------------------------------------------------------------------------------------- */

/* Room for one more item; doubles. */
static void *ll_rig_grow(void *items, uint32_t count, uint32_t *max, size_t item_bytes)
{
    if (count < *max)
        return items;
    *max = *max == 0 ? 64 : *max * 2;
    void *grown = realloc(items, *max * item_bytes);
    LL_ASSERT(grown != NULL);
    return grown;
}

/* One record out of the batch; returns its slots. */
static uint32_t ll_rig_keep_record(struct ll_oms_rig *rig, uint32_t at)
{
    const struct ll_slot *head = &rig->batch.slots[at];
    rig->journal = ll_rig_grow(rig->journal, rig->record_count, &rig->record_max, sizeof *rig->journal);
    struct ll_rig_record *record = &rig->journal[rig->record_count++];
    memset(record, 0, sizeof *record);
    record->event_id = head->event_id;
    record->time_ns = head->time_ns;
    record->kind = head->kind;
    record->verdict = head->verdict;
    record->payload_bytes = head->payload_bytes;
    LL_ASSERT(record->payload_bytes <= sizeof record->payload);
    uint32_t first =
        record->payload_bytes < LL_RECORD_HEAD_PAYLOAD ? record->payload_bytes : LL_RECORD_HEAD_PAYLOAD;
    memcpy(record->payload, head->payload, first);
    uint32_t slots = ll_record_slots(record->payload_bytes);
    for (uint32_t tail = 1, done = first; tail < slots; tail++, done += LL_RECORD_TAIL_PAYLOAD) {
        uint32_t left = record->payload_bytes - done;
        memcpy(record->payload + done, ll_record_tail_payload(&rig->batch.slots[at + tail]),
               left < LL_RECORD_TAIL_PAYLOAD ? left : LL_RECORD_TAIL_PAYLOAD);
    }
    return slots;
}

static void ll_rig_keep_events(struct ll_oms_rig *rig)
{
    const struct ll_oms_send *send;
    const struct ll_oms_event *event;
    while ((send = ll_oms_send_peek(rig->oms)) != NULL) {
        rig->sends = ll_rig_grow(rig->sends, rig->send_count, &rig->send_max, sizeof *rig->sends);
        rig->sends[rig->send_count++] = *send;
        ll_oms_send_pop(rig->oms);
    }
    while ((event = ll_oms_event_peek(rig->oms)) != NULL) {
        LL_ASSERT(event->event_id == event->event.event_id);
        LL_ASSERT(event->event_id < rig->batch.next_event_id);
        rig->events = ll_rig_grow(rig->events, rig->event_count, &rig->event_max, sizeof *rig->events);
        rig->events[rig->event_count++] = event->event;
        ll_oms_event_pop(rig->oms);
    }
}

void ll_oms_rig_check(struct ll_oms_rig *rig)
{
    struct ll_why why = {0};
    if (ll_oms_check(rig->oms, rig->scratch, &why) != LL_OK)
        ll_rig_fail("the engine's check", &why);
    if (ll_life_memory_check(&rig->life, &why) != LL_OK)
        ll_rig_fail("the lifecycle tables' check", &why);
}

void ll_oms_rig_pump(struct ll_oms_rig *rig)
{
    ll_oms_step(rig->oms);
    for (uint32_t at = 0; at < rig->batch.slot_count;)
        at += ll_rig_keep_record(rig, at);
    rig->batch.slot_count = 0;
    ll_rig_keep_events(rig);
    if (!rig->is_unchecked)
        ll_oms_rig_check(rig);
}

/* --- Limits and quotes ---------------------------------------------------------------------------------- */

void ll_oms_rig_limit(struct ll_oms_rig *rig, uint8_t scope, const char *name, uint8_t limit, uint64_t value)
{
    struct ll_rig_limit made = {scope, limit, name, value};
    for (uint32_t i = 0; i < rig->limit_count; i++) {
        struct ll_rig_limit *old = &rig->limits[i];
        if (old->scope == scope && old->limit == limit && strcmp(old->name, name) == 0) {
            *old = made;
            return;
        }
    }
    LL_ASSERT(rig->limit_count < LL_RIG_LIMITS_MAX);
    rig->limits[rig->limit_count++] = made;
}

static void ll_rig_limit_record(struct ll_oms_rig *rig, const struct ll_record_limit *record)
{
    struct ll_why why = {0};
    if (ll_oms_limit(rig->oms, record, rig->now_ns, &why) != LL_OK)
        ll_rig_fail("limits", &why);
    ll_oms_rig_pump(rig);
}

void ll_oms_rig_load(struct ll_oms_rig *rig)
{
    struct ll_record_limit record = {.what = LL_LIMIT_RECORD_BEGIN};
    ll_rig_limit_record(rig, &record);
    for (uint32_t i = 0; i < rig->limit_count; i++) {
        record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_VALUES};
        record.values.scope = rig->limits[i].scope;
        memcpy(record.values.name, rig->limits[i].name, strlen(rig->limits[i].name));
        LL_ASSERT(ll_limit_entry_add(&record.values, rig->limits[i].limit, rig->limits[i].value));
        ll_rig_limit_record(rig, &record);
    }
    for (uint32_t i = 0; i < LL_RIG_SYMBOLS; i++) {
        record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_INSTRUMENT};
        record.instrument = (struct ll_instrument_entry){.symbol = "SYM0    ",
                                                         .price_step_ticks = 100,
                                                         .lot_step_lots = 1,
                                                         .multiplier = 1,
                                                         .state = LL_INSTRUMENT_TRADING};
        record.instrument.symbol[3] = (char)('0' + i);
        ll_rig_limit_record(rig, &record);
    }
    record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_COMMIT};
    ll_rig_limit_record(rig, &record);
}

static void ll_rig_limit_default(struct ll_oms_rig *rig, uint8_t limit, uint64_t value)
{
    for (uint32_t i = 0; i < rig->limit_count; i++)
        if (rig->limits[i].scope == LL_SCOPE_FIRM && rig->limits[i].limit == limit)
            return;
    ll_oms_rig_limit(rig, LL_SCOPE_FIRM, "", limit, value);
}

/* What the public feed says, as the rig's own record of it. */
struct ll_rig_feed {
    uint64_t bid;
    uint64_t ask;
    uint32_t symbol;
    char trading_state; /* '\0' = prices */
    uint8_t reserved[3];
};

static void ll_rig_symbol(char symbol[LL_SYMBOL_BYTES], uint32_t number)
{
    memcpy(symbol, "SYM0    ", LL_SYMBOL_BYTES);
    symbol[3] = (char)('0' + number);
}

static void ll_rig_feed(struct ll_oms_rig *rig, const struct ll_rig_feed *feed, uint64_t time_ns)
{
    char symbol[LL_SYMBOL_BYTES];
    const struct ll_result result = {.bid_price = (uint32_t)feed->bid,
                                     .ask_price = (uint32_t)feed->ask,
                                     .flags = (uint8_t)((feed->bid != 0 ? LL_RESULT_HAS_BID : 0) |
                                                        (feed->ask != 0 ? LL_RESULT_HAS_ASK : 0))};
    ll_rig_symbol(symbol, feed->symbol);
    if (feed->trading_state != '\0') {
        ll_oms_trading_action(rig->oms, symbol, feed->trading_state);
        return;
    }
    ll_oms_directory(rig->oms, symbol, (uint16_t)(feed->symbol + 1), 1);
    ll_oms_market(rig->oms, feed->symbol + 1, &result, time_ns);
}

static void ll_rig_tell(struct ll_oms_rig *rig, const struct ll_rig_feed *feed)
{
    ll_oms_step(rig->oms);
    (void)ll_record_batch_write(&rig->batch, LL_RECORD_FEED, 0, rig->now_ns, feed, sizeof *feed);
    ll_rig_feed(rig, feed, rig->now_ns);
    ll_oms_rig_pump(rig);
}

void ll_oms_rig_quote(struct ll_oms_rig *rig, uint32_t symbol, uint64_t bid, uint64_t ask)
{
    const struct ll_rig_feed feed = {.bid = bid, .ask = ask, .symbol = symbol};
    ll_rig_tell(rig, &feed);
}

void ll_oms_rig_trading(struct ll_oms_rig *rig, uint32_t symbol, char trading_state)
{
    const struct ll_rig_feed feed = {.symbol = symbol, .trading_state = trading_state};
    ll_rig_tell(rig, &feed);
}

void ll_oms_rig_ready(struct ll_oms_rig *rig)
{
    ll_rig_limit_default(rig, LL_LIMIT_COLLAR_BPS, 1000);
    ll_rig_limit_default(rig, LL_LIMIT_REFERENCE_AGE, LL_LIMIT_TIME_MAX);
    ll_rig_limit_default(rig, LL_LIMIT_ORDER_QUANTITY, LL_LIMIT_LOTS_MAX);
    ll_rig_limit_default(rig, LL_LIMIT_ORDER_NOTIONAL, LL_LIMIT_NOTIONAL_MAX);
    ll_rig_limit_default(rig, LL_LIMIT_MESSAGES, 8192);
    ll_rig_limit_default(rig, LL_LIMIT_MESSAGE_WINDOW, LL_RIG_S);
    ll_oms_rig_load(rig);
    for (uint32_t symbol = 0; symbol < LL_RIG_SYMBOLS; symbol++)
        ll_oms_rig_quote(rig, symbol, LL_RIG_MID - 100, LL_RIG_MID + 100);
    ll_oms_rig_configure(rig, 0, LL_PROTOCOL_OUCH50);
    ll_oms_rig_open(rig, 0, "DAY1", 1);
    (void)ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_DEPOSIT, .amount = LL_RIG_CASH});
    for (uint32_t symbol = 0; symbol < LL_RIG_SYMBOLS; symbol++) {
        const char *const names[LL_RIG_SYMBOLS] = {"SYM0", "SYM1", "SYM2", "SYM3"};
        (void)ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_DEPOSIT,
                                                          .symbol = names[symbol],
                                                          .amount = LL_RIG_LOTS});
    }
}

/* --- Commands ------------------------------------------------------------------------------------------- */

static void ll_rig_text(struct ll_command *command, enum ll_command_text which, const char *text)
{
    if (text != NULL)
        LL_ASSERT(ll_command_add_text(command, which, text, (uint32_t)strlen(text)) == LL_OK);
}

const struct ll_client_event *ll_oms_rig_command(struct ll_oms_rig *rig, const struct ll_command *command)
{
    uint32_t before = rig->event_count;
    LL_ASSERT(ll_command_check(command) == LL_OK);
    ll_oms_step(rig->oms);
    LL_ASSERT(ll_oms_room(rig->oms));
    ll_oms_command(rig->oms, command, rig->now_ns);
    ll_oms_rig_pump(rig);
    LL_ASSERT(rig->event_count > before);
    rig->answer = rig->events[rig->event_count - 1];
    LL_ASSERT(rig->answer.request == command->request && rig->answer.command == command->kind);
    return &rig->answer;
}

const struct ll_client_event *ll_oms_rig_do(struct ll_oms_rig *rig, const struct ll_rig_command *made)
{
    struct ll_command command = {.request = ++rig->request,
                                 .quantity = made->quantity,
                                 .price = made->price,
                                 .stop_price = made->stop_price,
                                 .take_price = made->take_price,
                                 .amount = made->amount,
                                 .expire_ns = made->expire_ns,
                                 .client = made->client,
                                 .kind = made->kind,
                                 .side = made->side,
                                 .type = made->type,
                                 .time_in_force = made->time_in_force,
                                 .flags = made->flags,
                                 .id_type = made->id_type,
                                 .id_status = made->id_status,
                                 .scope = made->scope,
                                 .max_attempts = made->max_attempts,
                                 .session = made->session};
    ll_rig_text(&command, LL_TEXT_account, made->account != NULL ? made->account : "ACC");
    ll_rig_text(&command, LL_TEXT_strategy, made->strategy);
    ll_rig_text(&command, LL_TEXT_symbol, made->symbol);
    ll_rig_text(&command, LL_TEXT_client_order_id, made->key);
    ll_rig_text(&command, LL_TEXT_lifecycle_id, made->id);
    ll_rig_text(&command, LL_TEXT_target, made->target);
    return ll_oms_rig_command(rig, &command);
}

const struct ll_client_event *ll_oms_rig_place(struct ll_oms_rig *rig, const char *id, uint8_t side,
                                               uint64_t quantity, uint64_t price)
{
    return ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_PLACE,
                                                       .symbol = "SYM0",
                                                       .id = id,
                                                       .side = side,
                                                       .quantity = quantity,
                                                       .price = price});
}

const struct ll_client_event *ll_oms_rig_cancel(struct ll_oms_rig *rig, const char *target)
{
    return ll_oms_rig_do(rig, &(struct ll_rig_command){.kind = LL_COMMAND_CANCEL, .target = target});
}

const struct ll_client_event *ll_oms_rig_replace(struct ll_oms_rig *rig, const char *target,
                                                 uint64_t quantity, uint64_t price)
{
    return ll_oms_rig_do(
        rig, &(struct ll_rig_command){
                 .kind = LL_COMMAND_REPLACE, .target = target, .quantity = quantity, .price = price});
}

/* --- Sessions ------------------------------------------------------------------------------------------- */

void ll_oms_rig_link(struct ll_oms_rig *rig, uint8_t session, uint8_t event, const char *name,
                     uint64_t next_sequence)
{
    struct ll_record_link link = {.session = session, .event = event, .next_sequence = next_sequence};
    memset(link.name, ' ', sizeof link.name);
    if (name != NULL)
        memcpy(link.name, name, strlen(name));
    ll_oms_step(rig->oms);
    ll_oms_link(rig->oms, &link, rig->now_ns);
    ll_oms_rig_pump(rig);
}

void ll_oms_rig_configure(struct ll_oms_rig *rig, uint8_t session, uint8_t protocol)
{
    struct ll_record_link link = {
        .session = session, .event = LL_LINK_CONFIGURED, .protocol = protocol, .firm = "FIRM"};
    ll_oms_step(rig->oms);
    ll_oms_link(rig->oms, &link, rig->now_ns);
    ll_oms_rig_pump(rig);
}

void ll_oms_rig_open(struct ll_oms_rig *rig, uint8_t session, const char *name, uint64_t next_number)
{
    char known[10];
    uint64_t next_sequence = ll_oms_next_sequence(rig->oms, session, known);
    uint32_t before = rig->send_count;
    ll_oms_rig_link(rig, session, LL_LINK_OPENED, name, next_sequence);
    if (rig->send_count != before)
        ll_oms_rig_say(rig, session, &(struct ll_rig_message){.type = 'Q', .number = next_number});
    else
        ll_oms_rig_link(rig, session, LL_LINK_CAUGHT_UP, NULL, 0);
}

/* --- Time ----------------------------------------------------------------------------------------------- */

uint32_t ll_oms_rig_due(struct ll_oms_rig *rig)
{
    struct ll_record_action action;
    uint32_t count = 0;
    while (ll_oms_due(rig->oms, rig->now_ns, &action)) {
        LL_ASSERT(++count < 20000); /* whatever is due is over some time */
        ll_oms_action(rig->oms, &action, rig->now_ns);
        ll_oms_rig_pump(rig);
    }
    return count;
}

void ll_oms_rig_pass(struct ll_oms_rig *rig, uint64_t time_ns)
{
    for (uint64_t done = 0; done < time_ns; done += LL_RIG_S / 4) {
        rig->now_ns += LL_RIG_S / 4;
        (void)ll_oms_rig_due(rig);
    }
}

/* --- Reading -------------------------------------------------------------------------------------------- */

struct ll_oms_id_view ll_oms_rig_id(struct ll_oms_rig *rig, const char *id)
{
    struct ll_oms_id_view view;
    uint32_t number = ll_oms_resolve(rig->oms, id, (uint32_t)strlen(id));
    LL_ASSERT(number != LL_LIFE_NONE);
    ll_oms_id(rig->oms, number, &view);
    return view;
}

struct ll_oms_view ll_oms_rig_order(struct ll_oms_rig *rig, const char *id)
{
    struct ll_oms_view view;
    ll_oms_order(rig->oms, ll_oms_rig_id(rig, id).order, &view);
    return view;
}

int64_t ll_oms_rig_balance(const struct ll_oms_rig *rig, const char *account, int symbol, uint32_t kind)
{
    char name[LL_SYMBOL_BYTES];
    uint32_t owner = ll_names_find(ll_oms_accounts(rig->oms), account, strlen(account));
    uint32_t asset = LL_LEDGER_CURRENCY;
    LL_ASSERT(owner != LL_NAME_NONE);
    if (symbol >= 0) {
        ll_rig_symbol(name, (uint32_t)symbol);
        asset = ll_instruments_find(ll_oms_instruments(rig->oms), name) + 1;
    }
    return ll_ledger_balance(ll_oms_ledger(rig->oms), owner, asset, kind);
}

uint64_t ll_oms_rig_hash(const struct ll_oms_rig *rig)
{
    return ll_oms_hash(rig->oms) ^ ll_life_memory_hash(&rig->life);
}

/* --- Replay and copies ---------------------------------------------------------------------------------- */

int ll_oms_rig_replay(struct ll_oms_rig *rig, const struct ll_oms_rig *from, uint32_t count,
                      struct ll_why *why)
{
    int status = LL_OK;
    for (uint32_t i = 0; i < count && status == LL_OK; i++) {
        const struct ll_rig_record *record = &from->journal[i];
        rig->now_ns = record->time_ns;
        if (!ll_oms_room(rig->oms))
            rig->batch.slot_count = 0;
        if (record->kind != LL_RECORD_FEED) {
            status = ll_oms_replay(rig->oms, record->kind, record->verdict, record->event_id, record->time_ns,
                                   record->payload, record->payload_bytes, why);
        } else {
            struct ll_rig_feed feed;
            memcpy(&feed, record->payload, sizeof feed);
            ll_oms_step(rig->oms);
            (void)ll_record_batch_write(&rig->batch, LL_RECORD_FEED, 0, record->time_ns, &feed, sizeof feed);
            ll_rig_feed(rig, &feed, record->time_ns);
        }
        rig->journal = ll_rig_grow(rig->journal, rig->record_count, &rig->record_max, sizeof *rig->journal);
        rig->journal[rig->record_count++] = *record;
    }
    return status;
}

void ll_oms_rig_replay_end(struct ll_oms_rig *rig)
{
    struct ll_why why = {0};
    ll_oms_step(rig->oms);
    rig->batch.slot_count = 0;
    if (ll_oms_replay_end(rig->oms, &why) != LL_OK)
        ll_rig_fail("replay end", &why);
    ll_oms_rig_pump(rig);
}

void ll_oms_rig_copy(struct ll_oms_rig *rig, const struct ll_oms_rig *from)
{
    const struct ll_life_config life = ll_rig_life(&rig->config);
    struct ll_why why = {0};
    memcpy(rig->state, from->state, ll_oms_state_bytes(&rig->config));
    memcpy(rig->life_bytes, from->life_bytes, ll_life_memory_footprint_bytes(&life));
    if (ll_life_memory_attach(&rig->life, rig->life_bytes, ll_life_memory_footprint_bytes(&life), &why) !=
        LL_OK)
        ll_rig_fail("attach", &why);
    rig->batch.slot_count = 0;
    rig->batch.next_event_id = from->batch.next_event_id;
    rig->now_ns = from->now_ns;
    ll_rig_init(rig, true);
}
