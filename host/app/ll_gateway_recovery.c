/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_gateway_parts.h"

#include "host/journal/ll_journal_reader.h"

#include <stdio.h>
#include <string.h>

#define LL_GATEWAY_PROGRESS_MASK 0xffffu

/* --- The state as regions --------------------------------------------------------------------------------- */

/* What a snapshot holds. Whoever adds a part with state adds its memory here, and its sizes and layout version to
 * the text. */
struct ll_gateway_state {
    struct ll_snapshot_state snapshot;
    struct ll_snapshot_region regions[LL_SNAPSHOT_REGIONS_MAX];
    char config[LL_SNAPSHOT_CONFIG_BYTES];
};

static void ll_gateway_state_fill(const struct ll_gateway *gateway, struct ll_gateway_state *state)
{
    const struct ll_book_config *book = &gateway->device_config.book;
    struct ll_book_part parts[LL_BOOK_PARTS];
    uint32_t count = 0;
    state->regions[count++] =
        (struct ll_snapshot_region){"engine", gateway->engine, ll_engine_footprint_bytes()};
    ll_book_memory_parts(ll_device_book(gateway->device), parts);
    for (uint32_t i = 0; i < LL_BOOK_PARTS; i++)
        state->regions[count++] = (struct ll_snapshot_region){parts[i].name, parts[i].memory, parts[i].bytes};
    (void)snprintf(state->config, sizeof state->config,
                   "orders %llu levels %llu books %llu seed %u engine %u book %u",
                   (unsigned long long)book->orders, (unsigned long long)book->levels,
                   (unsigned long long)book->books, book->hash_seed, LL_ENGINE_LAYOUT, LL_BOOK_LAYOUT);
    if (gateway->trading != NULL) {
        size_t used = strlen(state->config);
        ll_trading_regions(gateway->trading, &state->regions[count]);
        count += LL_TRADING_REGIONS;
        ll_trading_describe(gateway->trading, state->config + used, sizeof state->config - used);
    }
    state->snapshot = (struct ll_snapshot_state){state->config, state->regions, count};
}

/* As after open: nothing has happened. */
static void ll_gateway_state_clear(void *context)
{
    struct ll_gateway *gateway = context;
    struct ll_book_memory book;
    (void)ll_engine_init(gateway->engine);
    ll_book_memory_place(&book, ll_device_book_bytes(gateway->device), &gateway->device_config.book);
    if (gateway->trading != NULL)
        ll_trading_clear(gateway->trading);
}

/* --- Bringing it back --------------------------------------------------------------------------------------- */

/* The newest snapshot that fits, or none; the reader then stands where the replay begins. */
static int ll_gateway_restore(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                              struct ll_journal_reader *reader, struct ll_why *why)
{
    struct ll_gateway_state state;
    if (config->no_snapshot)
        return LL_OK;
    ll_gateway_state_fill(gateway, &state);
    struct ll_snapshot_restore restore = {.state = &state.snapshot,
                                          .reset = ll_gateway_state_clear,
                                          .reset_context = gateway,
                                          .refused = config->note,
                                          .refused_context = config->note_context};
    int status = ll_snapshot_restore(&restore, reader, why);
    uint64_t event_id = restore.loaded.event_id;
    gateway->counters.snapshots_refused = restore.refused_count;
    if (status != LL_OK || event_id == 0)
        return status;
    /* Right checksums say that the bytes are what was written; this, that it was a gateway that wrote them. */
    if (ll_engine_next_event_id(gateway->engine) != event_id + 1)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "the snapshot of event %llu holds another state; move it away, or start with "
                       "--no-snapshot",
                       (unsigned long long)event_id);
    if (gateway->trading != NULL)
        status = ll_trading_take(gateway->trading, why);
    if (status != LL_OK)
        return status;
    gateway->counters.snapshot_event_id = event_id;
    gateway->counters.records_recovered = event_id;
    return LL_OK;
}

/* One record, to the half of the gateway that it is of. Each half sees the other's events worked before its own, as
 * when they happened. */
static int ll_gateway_replay_record(struct ll_gateway *gateway, const struct ll_journal_record *record,
                                    struct ll_why *why)
{
    if (!ll_trading_wants(record->kind)) {
        if (gateway->trading != NULL)
            ll_oms_step(ll_trading_oms(gateway->trading));
        if (ll_engine_full(gateway->engine))
            ll_gateway_step(gateway, false);
        return ll_engine_replay(gateway->engine, record->kind, record->verdict, record->event_id,
                                record->time_ns, record->payload, record->payload_bytes, why);
    }
    if (gateway->trading == NULL)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "record %llu is of an order: this journal belongs to a gateway that trades; give its --limits, "
            "--ouch50 or --ouch42, or --trade",
            (unsigned long long)record->event_id);
    const struct ll_update *updates;
    if (ll_engine_updates(gateway->engine, &updates) != 0)
        ll_gateway_step(gateway, false);
    return ll_trading_replay(gateway->trading, record, why);
}

/* An event also numbers the messages that it makes, so their records are still to be read when it is done. */
static bool ll_gateway_is_before(const struct ll_gateway *gateway, uint64_t until_event_id)
{
    if (ll_engine_next_event_id(gateway->engine) <= until_event_id)
        return true;
    const struct ll_oms_send *send =
        gateway->trading == NULL ? NULL : ll_oms_send_peek(ll_trading_oms(gateway->trading));
    return send != NULL && send->event_id <= until_event_id;
}

/* Replays up to `until_event_id`, or to the end: LL_ERR_SHORT. `record` is the last one. */
static int ll_gateway_replay_records(struct ll_gateway *gateway, struct ll_journal_reader *reader,
                                     const struct ll_gateway_config *config, uint64_t until_event_id,
                                     struct ll_journal_record *record, struct ll_why *why)
{
    int status = LL_OK;
    while (ll_gateway_is_before(gateway, until_event_id)) {
        status = ll_journal_reader_next(reader, record, why);
        if (status != LL_OK)
            break;
        status = ll_gateway_replay_record(gateway, record, why);
        if (status != LL_OK || gateway->status != LL_OK)
            break;
        gateway->counters.records_recovered++;
        if (config->progress != NULL && (record->event_id & LL_GATEWAY_PROGRESS_MASK) == 0)
            config->progress(config->progress_context, record->event_id,
                             until_event_id != UINT64_MAX ? until_event_id : 0);
    }
    if (status == LL_OK || status == LL_ERR_SHORT) {
        if (gateway->trading != NULL)
            ll_oms_step(ll_trading_oms(gateway->trading));
        ll_gateway_step(gateway, false);
    }
    if (gateway->status != LL_OK) {
        *why = gateway->why;
        return gateway->status;
    }
    return status;
}

/* No record is there that could be gone on with. */
static int ll_gateway_begin_journal(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                                    struct ll_why *why)
{
    struct ll_snapshot_list list;
    struct ll_journal_recovery recovery;
    int status = ll_snapshot_list_read(&list, config->journal.dir, config->journal.files, why);
    if (status == LL_OK && list.count != 0)
        status =
            LL_FAIL(why, LL_ERR_CORRUPT,
                    "%s holds snapshots, and no journal that they could be of; bring its segments back, or "
                    "take another directory",
                    config->journal.dir);
    return status == LL_OK ? ll_journal_start(gateway->journal, NULL, &recovery, why) : status;
}

/* Each record is read once: by the replay, and from where that ends the journal goes on. */
static int ll_gateway_resume(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                             struct ll_journal_reader *reader, struct ll_why *why)
{
    struct ll_journal_recovery recovery;
    struct ll_journal_record record;
    gateway->is_recovering = true;
    int status = ll_gateway_restore(gateway, config, reader, why);
    if (status == LL_OK)
        status = ll_gateway_replay_records(gateway, reader, config, UINT64_MAX, &record, why);
    gateway->is_recovering = false;
    if (status != LL_ERR_SHORT)
        return status;
    status = ll_journal_start(gateway->journal, reader, &recovery, why);
    gateway->counters.torn_slots_cut = recovery.torn_slots_cut;
    if (status == LL_OK && gateway->trading != NULL) {
        status = ll_trading_replay_end(gateway->trading, why);
        ll_gateway_flush(gateway);
    }
    return status;
}

/* Only looks whether there is something to go on with: then it is refused. */
static int ll_gateway_do_not_resume(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                                    struct ll_why *why)
{
    struct ll_journal_recovery recovery;
    int status = ll_journal_start(gateway->journal, NULL, &recovery, why);
    gateway->counters.torn_slots_cut = recovery.torn_slots_cut;
    if (status == LL_OK && recovery.last_event_id != 0)
        status = LL_FAIL(why, LL_ERR_USAGE,
                         "%s already holds %llu records; give --resume to go on, or another directory",
                         config->journal.dir, (unsigned long long)recovery.last_event_id);
    return status;
}

int ll_gateway_recover(struct ll_gateway *gateway, const struct ll_gateway_config *config, struct ll_why *why)
{
    struct ll_journal_reader *reader = NULL;
    struct ll_why none = {0};
    int status = ll_journal_lock(&gateway->journal, &config->journal, why);
    if (status != LL_OK)
        return status;
    status = ll_journal_reader_open_files(&reader, config->journal.dir, config->journal.files, &none);
    if (status == LL_OK && config->resume)
        status = ll_gateway_resume(gateway, config, reader, why);
    else if (status == LL_OK)
        status = ll_gateway_do_not_resume(gateway, config, why);
    else if (status == LL_ERR_INPUT)
        status = ll_gateway_begin_journal(gateway, config, why);
    else if (why != NULL && why->code == LL_OK)
        *why = none;
    ll_journal_reader_close(reader);
    return status;
}

/* --- Looking ------------------------------------------------------------------------------------------------ */

/* Whatever the gateway runs on: who only reads needs no device. */
static int ll_gateway_take_here(struct ll_gateway **gateway, const struct ll_gateway_config *config,
                                void **no_receiver, struct ll_why *why)
{
    struct ll_gateway_config here = *config;
    here.device.name = "cpu";
    return ll_gateway_take(gateway, &here, 0, no_receiver, why);
}

int ll_gateway_look(struct ll_gateway **gateway_out, const struct ll_gateway_config *config,
                    struct ll_why *why)
{
    struct ll_gateway *gateway = NULL;
    struct ll_journal_reader *reader = NULL;
    struct ll_journal_record record;
    void *no_receiver;
    int status = ll_journal_reader_open_files(&reader, config->journal.dir, config->journal.files, why);
    if (status != LL_OK)
        return status;
    status = ll_gateway_take_here(&gateway, config, &no_receiver, why);
    if (status == LL_OK) {
        gateway->is_recovering = true;
        status = ll_gateway_restore(gateway, config, reader, why);
    }
    if (status == LL_OK)
        status = ll_gateway_replay_records(gateway, reader, config, UINT64_MAX, &record, why);
    ll_journal_reader_close(reader);
    if (status != LL_ERR_SHORT) {
        (void)ll_gateway_close(gateway, NULL);
        return status;
    }
    *gateway_out = gateway;
    return LL_OK;
}

/* --- Making a snapshot -------------------------------------------------------------------------------------- */

/* The last event that is durable: what the marks read up to the end say. */
static int ll_gateway_find_durable(struct ll_journal_reader *reader, uint64_t *event_id, struct ll_why *why)
{
    struct ll_journal_record record;
    struct ll_journal_position position;
    int status = LL_OK;
    while (status == LL_OK)
        status = ll_journal_reader_next(reader, &record, why);
    ll_journal_reader_position(reader, &position);
    *event_id = position.durable_event_id;
    return status == LL_ERR_SHORT ? LL_OK : status;
}

/* Reports that were matched together are replayed together: a tail must not begin amid them. What is durable may end
 * there, when the journal's writer had to write them in two runs; then more is written behind. */
static int ll_gateway_is_amid_reports(struct ll_journal_reader *reader, bool *is_amid, struct ll_why *why)
{
    struct ll_journal_record next;
    struct ll_record_wire head;
    *is_amid = false;
    int status = ll_journal_reader_next(reader, &next, why);
    if (status == LL_ERR_SHORT)
        return LL_OK;
    if (status != LL_OK || next.kind != LL_RECORD_REPORT || next.payload_bytes < sizeof head)
        return status;
    memcpy(&head, next.payload, sizeof head);
    *is_amid = head.begins == 0;
    return LL_OK;
}

static int ll_gateway_snapshot_from(struct ll_gateway *gateway, const struct ll_gateway_config *config,
                                    struct ll_journal_reader *reader, struct ll_snapshot_maker *maker,
                                    struct ll_gateway_snapshot *snapshot, struct ll_why *why)
{
    struct ll_gateway_state state;
    struct ll_journal_record last = {.payload = NULL};
    struct ll_journal_position position;
    uint64_t durable_event_id = 0;
    int status = ll_gateway_restore(gateway, config, reader, why);
    if (status == LL_OK)
        status = ll_gateway_find_durable(reader, &durable_event_id, why);
    snapshot->from_event_id = gateway->counters.snapshot_event_id;
    if (status != LL_OK || durable_event_id <= snapshot->from_event_id)
        return status;
    uint64_t next_event_id = ll_engine_next_event_id(gateway->engine);
    status = ll_journal_reader_seek(reader, next_event_id > 1 ? next_event_id : 0, why);
    gateway->is_recovering = true;
    if (status == LL_OK)
        status = ll_gateway_replay_records(gateway, reader, config, durable_event_id, &last, why);
    /* The last event made messages whose records are not durable yet: the next time. */
    if (status != LL_OK || ll_engine_next_event_id(gateway->engine) != durable_event_id + 1)
        return status;
    ll_journal_reader_position(reader, &position);
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX]; /* the reader's own goes with the next record */
    bool is_amid;
    LL_ASSERT(last.payload != NULL); /* there was something new */
    memcpy(payload, last.payload, last.payload_bytes);
    last.payload = payload;
    status = ll_gateway_is_amid_reports(reader, &is_amid, why);
    if (status != LL_OK || is_amid) /* the next time */
        return status;
    ll_gateway_state_fill(gateway, &state);
    return ll_snapshot_write(maker, &state.snapshot, &last, position.salt, &snapshot->made,
                             &snapshot->removed_count, why);
}

int ll_gateway_make_snapshot(const struct ll_gateway_config *config, struct ll_gateway_snapshot *snapshot,
                             struct ll_why *why)
{
    struct ll_gateway *gateway = NULL;
    struct ll_journal_reader *reader = NULL;
    struct ll_snapshot_maker maker;
    void *no_receiver;
    memset(snapshot, 0, sizeof *snapshot);
    int status = ll_journal_reader_open_files(&reader, config->journal.dir, config->journal.files, why);
    if (status != LL_OK)
        return status;
    status = ll_snapshot_maker_open(&maker, config->journal.dir, config->journal.files, why);
    if (status != LL_OK) {
        ll_journal_reader_close(reader);
        return status;
    }
    status = ll_gateway_take_here(&gateway, config, &no_receiver, why);
    if (status == LL_OK)
        status = ll_gateway_snapshot_from(gateway, config, reader, &maker, snapshot, why);
    (void)ll_gateway_close(gateway, NULL);
    ll_journal_reader_close(reader);
    ll_snapshot_maker_close(&maker);
    return status;
}
