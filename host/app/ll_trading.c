/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_trading.h"

#include "host/app/ll_limits_watch.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_tcp.h"
#include "host/wire/ll_itch50.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of one turn, so that no side can keep the others waiting. */
#define LL_TRADING_COMMANDS      32u
#define LL_TRADING_ACTIONS       64u
#define LL_TRADING_SWEEP_NS      (10 * LL_NS_PER_MS)
#define LL_TRADING_LIMITS_NS     (100 * LL_NS_PER_MS)
#define LL_TRADING_LIMITS_WINDOW 8192u

struct ll_trading_link {
    struct ll_trading *trading;
    struct ll_soup_client *client;
    struct ll_tcp tcp;
    uint64_t heartbeats; /* received when the session opened: one more says that the venue has caught up */
    uint8_t session;
    bool is_open;     /* as the engine knows it */
    bool day_is_over; /* the session that was asked for is no more: the next login asks for the current one */
    uint64_t login_ns; /* and not before */
};

struct ll_trading {
    struct ll_trading_config config;
    struct ll_trading_owner owner;
    struct ll_record_batch *batch;
    struct ll_oms *oms;
    struct ll_device *device;
    void *oms_handle;
    void *oms_state;
    struct ll_trading_link links[LL_TRADING_SESSIONS_MAX];
    struct ll_door door;
    bool door_is_open;
    struct ll_limits_watch *limits;
    uint64_t now_ns;
    uint64_t next_sweep_ns;
    uint64_t next_limits_ns;
    struct ll_trading_counters counters;
    struct ll_histogram order_to_wire;
    struct ll_histogram ask_trips;
    struct ll_histogram *interval; /* NULL = none */
    struct ll_why limits_why;
};

void ll_trading_config_default(struct ll_trading_config *config)
{
    memset(config, 0, sizeof *config);
    config->reconnect_ns = 10 * LL_NS_PER_S;
    config->silence_ns = 5 * LL_NS_PER_S;
    ll_door_config_default(&config->door);
    config->oms = (struct ll_oms_config){.orders = (uint64_t)1 << 18,
                                         .ids = (uint64_t)1 << 20,
                                         .names = 256,
                                         .instruments = 1024,
                                         .accounts = (uint64_t)1 << 16,
                                         .answer_timeout_ns = 2 * LL_NS_PER_S,
                                         .retry_ns = LL_NS_PER_S,
                                         .hash_seed = 0x6c6c};
}

/* --- Memory ---------------------------------------------------------------------------------------------- */

struct ll_life_config ll_trading_life_config(const struct ll_trading_config *config)
{
    return (struct ll_life_config){config->oms.ids, config->oms.orders, config->oms.hash_seed};
}

static void ll_trading_client_config(const struct ll_trading_config *config, uint32_t number,
                                     struct ll_soup_client_config *client)
{
    const struct ll_trading_session *session = &config->sessions[number];
    ll_soup_client_config_default(client);
    client->silence_ns = config->silence_ns;
    client->backoff_max_ns = config->reconnect_ns;
    if (client->backoff_first_ns > client->backoff_max_ns)
        client->backoff_first_ns = client->backoff_max_ns;
    memcpy(client->username, session->user, sizeof client->username);
    memcpy(client->password, session->password, sizeof client->password);
}

static size_t ll_trading_client_bytes(const struct ll_trading_config *config, uint32_t session)
{
    struct ll_soup_client_config client;
    ll_trading_client_config(config, session, &client);
    return ll_align_up(ll_soup_client_footprint_bytes(&client), 64);
}

size_t ll_trading_footprint_bytes(const struct ll_trading_config *config)
{
    const struct ll_life_config life = ll_trading_life_config(config);
    size_t handle = ll_oms_footprint_bytes(&config->oms);
    size_t state = ll_oms_state_bytes(&config->oms);
    size_t total = ll_align_up(sizeof(struct ll_trading), 64);
    if (handle == 0 || state == 0 || ll_life_memory_footprint_bytes(&life) == 0 ||
        config->session_count > LL_TRADING_SESSIONS_MAX)
        return 0;
    for (uint32_t session = 0; session < config->session_count; session++) {
        size_t client = ll_trading_client_bytes(config, session);
        if (client == 0)
            return 0;
        total += client;
    }
    return total + ll_align_up(handle, 64) + ll_align_up(state, 64);
}

/* The engine's way to the kernel. */
static void ll_trading_ask(void *context, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                           uint32_t count)
{
    struct ll_trading *trading = context;
    bool is_away = ll_device_standing(trading->device) == LL_DEVICE_THERE;
    uint64_t start_ns = is_away ? ll_clock_mono_ns() : 0;
    ll_device_ask(trading->device, asks, answers, count);
    if (is_away)
        ll_histogram_record(&trading->ask_trips, ll_clock_mono_ns() - start_ns, 1);
}

static int ll_trading_init_oms(struct ll_trading *trading, bool attach, struct ll_why *why)
{
    const struct ll_oms_door door = {trading, ll_trading_ask};
    return ll_oms_init(&trading->oms, trading->oms_handle, trading->oms_state, &trading->config.oms, &door,
                       trading->batch, attach, why);
}

void ll_trading_clear(struct ll_trading *trading)
{
    const struct ll_life_config config = ll_trading_life_config(&trading->config);
    struct ll_life_memory life;
    ll_life_memory_place(&life, ll_device_life_bytes(trading->device), &config);
    int status = ll_trading_init_oms(trading, false, NULL);
    LL_ASSERT(status == LL_OK); /* only taking a state can fail */
}

/* --- Sessions -------------------------------------------------------------------------------------------- */

/* Journals what is written, so that there is room for the next event. */
static void ll_trading_flush(struct ll_trading *trading)
{
    ll_oms_step(trading->oms);
    trading->owner.flush(trading->owner.context);
}

static void ll_trading_let_out(struct ll_trading *trading);

static void ll_trading_make_room(struct ll_trading *trading)
{
    if (ll_oms_room(trading->oms))
        return;
    ll_trading_flush(trading);
    ll_trading_let_out(trading);
}

/* May something new be begun? What leaves waits for the disk or for a venue's socket, and either may be slow; clients'
 * requests then wait in their rings. */
static bool ll_trading_may_begin(struct ll_trading *trading)
{
    ll_trading_make_room(trading);
    return ll_oms_room(trading->oms) && !ll_oms_is_busy(trading->oms);
}

/* A copy speaks of the first session of its protocol, here or in the journal. */
static void ll_trading_describe_copy(const struct ll_trading *trading, struct ll_record_link *link)
{
    link->role = LL_LINK_ROLE_COPY;
    link->protocol = trading->config.feed_protocol;
    for (uint32_t session = trading->config.session_count; session > 0; session--)
        if (trading->config.sessions[session - 1].protocol == link->protocol)
            link->of = (uint8_t)(session - 1);
}

static void ll_trading_say(struct ll_trading *trading, uint8_t session, uint8_t event, const char *name,
                           uint64_t next_sequence)
{
    struct ll_record_link link = {.session = session, .event = event, .next_sequence = next_sequence};
    if (session == LL_TRADING_FEED_SESSION) {
        ll_trading_describe_copy(trading, &link);
    } else {
        const struct ll_trading_session *config = &trading->config.sessions[session];
        link.protocol = config->protocol;
        memcpy(link.firm, config->firm, sizeof link.firm);
    }
    memset(link.name, ' ', sizeof link.name);
    memcpy(link.name, name, strnlen(name, sizeof link.name));
    ll_oms_step(trading->oms);
    ll_trading_make_room(trading);
    ll_oms_link(trading->oms, &link, trading->now_ns);
}

static void ll_trading_on_open(void *context, const char *session, uint64_t next_sequence, uint64_t now_ns)
{
    struct ll_trading_link *link = context;
    (void)now_ns;
    link->is_open = true;
    link->day_is_over = false;
    link->heartbeats = ll_soup_client_counters(link->client)->heartbeats_received;
    ll_trading_say(link->trading, link->session, LL_LINK_OPENED, session, next_sequence);
}

static void ll_trading_on_message(void *context, uint64_t sequence, const uint8_t *message,
                                  uint32_t message_bytes, uint64_t now_ns)
{
    struct ll_trading_link *link = context;
    (void)sequence;
    ll_trading_make_room(link->trading);
    ll_oms_report(link->trading->oms, link->session, message, message_bytes, now_ns);
}

static void ll_trading_on_closed(void *context, enum ll_soup_client_reason reason, const struct ll_why *why,
                                 uint64_t now_ns)
{
    struct ll_trading_link *link = context;
    (void)why;
    /* The venue's day ended while we were away. When it has no other yet, it is asked again from time to time. */
    if (reason == LL_SOUP_CLIENT_REASON_NO_SESSION && link->day_is_over) {
        link->login_ns = now_ns + link->trading->config.reconnect_ns;
    } else if (reason == LL_SOUP_CLIENT_REASON_NO_SESSION) {
        ll_trading_say(link->trading, link->session, LL_LINK_ENDED, "", 0);
        link->day_is_over = true;
        link->login_ns = now_ns;
    }
    if (!link->is_open)
        return;
    link->is_open = false;
    if (reason != LL_SOUP_CLIENT_REASON_SESSION_ENDED)
        ll_trading_say(link->trading, link->session, LL_LINK_CLOSED, "", 0);
}

static void ll_trading_on_end(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    struct ll_trading_link *link = context;
    (void)now_ns;
    ll_trading_say(link->trading, link->session, LL_LINK_ENDED, "", next_sequence);
}

static int ll_trading_init_link(struct ll_trading *trading, uint8_t session, void *memory, struct ll_why *why)
{
    struct ll_trading_link *link = &trading->links[session];
    struct ll_soup_client_config config;
    const struct ll_soup_client_handler handler = {link, ll_trading_on_open, ll_trading_on_message,
                                                   ll_trading_on_closed, ll_trading_on_end};
    ll_trading_client_config(&trading->config, session, &config);
    link->trading = trading;
    link->session = session;
    ll_tcp_init(&link->tcp, &trading->config.sessions[session].address);
    const struct ll_byte_door tcp = ll_tcp_door(&link->tcp);
    const struct ll_byte_door *door = trading->config.sessions[session].door;
    link->client = ll_soup_client_init(memory, &config, door != NULL ? door : &tcp, &handler);
    if (link->client == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "session %u: the user name or password cannot be one", session);
    return LL_OK;
}

int ll_trading_init(struct ll_trading **trading_out, void *memory, const struct ll_trading_config *config,
                    struct ll_record_batch *batch, struct ll_device *device,
                    const struct ll_trading_owner *owner, struct ll_why *why)
{
    unsigned char *at = memory;
    struct ll_trading *trading = memory;
    memset(trading, 0, sizeof *trading);
    trading->config = *config;
    trading->owner = *owner;
    trading->batch = batch;
    trading->device = device;
    ll_histogram_init(&trading->order_to_wire);
    ll_histogram_init(&trading->ask_trips);
    at += ll_align_up(sizeof *trading, 64);
    trading->oms_handle = at;
    at += ll_align_up(ll_oms_footprint_bytes(&config->oms), 64);
    trading->oms_state = at;
    at += ll_align_up(ll_oms_state_bytes(&config->oms), 64);
    int status = LL_OK;
    for (uint32_t session = 0; session < config->session_count && status == LL_OK; session++) {
        status = ll_trading_init_link(trading, (uint8_t)session, at, why);
        at += ll_trading_client_bytes(config, session);
    }
    if (status != LL_OK)
        return status;
    ll_trading_clear(trading);
    *trading_out = trading;
    return LL_OK;
}

/* --- Recovery -------------------------------------------------------------------------------------------- */

void ll_trading_regions(const struct ll_trading *trading,
                        struct ll_snapshot_region regions[LL_TRADING_REGIONS])
{
    const struct ll_life_config life = ll_trading_life_config(&trading->config);
    regions[0] =
        (struct ll_snapshot_region){"orders", trading->oms_state, ll_oms_state_bytes(&trading->config.oms)};
    regions[1] = (struct ll_snapshot_region){"life", ll_device_life_bytes(trading->device),
                                             ll_life_memory_footprint_bytes(&life)};
}

void ll_trading_describe(const struct ll_trading *trading, char *text, size_t text_bytes)
{
    const struct ll_oms_config *oms = &trading->config.oms;
    (void)snprintf(
        text, text_bytes, " own-orders %llu ids %llu names %llu instruments %llu accounts %llu seed %u",
        (unsigned long long)oms->orders, (unsigned long long)oms->ids, (unsigned long long)oms->names,
        (unsigned long long)oms->instruments, (unsigned long long)oms->accounts, oms->hash_seed);
}

int ll_trading_take(struct ll_trading *trading, struct ll_why *why)
{
    const struct ll_life_config config = ll_trading_life_config(&trading->config);
    struct ll_life_memory life;
    /* The snapshot's checksums have said that these are the bytes a gateway of this configuration wrote, as they do for
     * the books; to walk all of it again would cost a start more than the rest of it. `lifeline check` does. */
    int status = ll_life_memory_attach(&life, ll_device_life_bytes(trading->device),
                                       ll_life_memory_footprint_bytes(&config), why);
    if (status == LL_OK)
        status = ll_trading_init_oms(trading, true, why);
    return status;
}

bool ll_trading_wants(uint8_t record_kind)
{
    return record_kind >= LL_RECORD_COMMAND && record_kind <= LL_RECORD_SETTINGS;
}

int ll_trading_replay(struct ll_trading *trading, const struct ll_journal_record *record, struct ll_why *why)
{
    if (!ll_oms_room(trading->oms))
        ll_trading_flush(trading);
    return ll_oms_replay(trading->oms, record->kind, record->verdict, record->event_id, record->time_ns,
                         record->payload, record->payload_bytes, why);
}

int ll_trading_replay_end(struct ll_trading *trading, struct ll_why *why)
{
    ll_oms_step(trading->oms);
    return ll_oms_replay_end(trading->oms, why);
}

/* --- Limits ---------------------------------------------------------------------------------------------- */

static int ll_trading_limit(struct ll_trading *trading, const struct ll_record_limit *record,
                            struct ll_why *why)
{
    ll_trading_make_room(trading);
    return ll_oms_limit(trading->oms, record, trading->now_ns, why);
}

static int ll_trading_load(struct ll_trading *trading, const struct ll_limits_file *file, struct ll_why *why)
{
    struct ll_record_limit record = {.what = LL_LIMIT_RECORD_BEGIN};
    int status = ll_trading_limit(trading, &record, why);
    for (uint32_t i = 0; i < file->entry_count && status == LL_OK; i++) {
        record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_VALUES};
        record.values = file->entries[i];
        status = ll_trading_limit(trading, &record, why);
    }
    for (uint32_t i = 0; i < file->instrument_count && status == LL_OK; i++) {
        record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_INSTRUMENT};
        record.instrument = file->instruments[i];
        status = ll_trading_limit(trading, &record, why);
    }
    record = (struct ll_record_limit){.what = LL_LIMIT_RECORD_COMMIT};
    if (status == LL_OK)
        status = ll_trading_limit(trading, &record, why);
    if (status == LL_OK)
        trading->counters.limits_loaded++;
    return status;
}

/* A file that is not good, or does not fit, leaves the limits in force as they are. */
static int ll_trading_look_at_limits(struct ll_trading *trading)
{
    int status = LL_OK;
    struct ll_why why = {0};
    const struct ll_limits_file *file = ll_limits_watch_take(trading->limits, &status, &why);
    if (file != NULL) {
        status = ll_trading_load(trading, file, &why);
        ll_limits_watch_done(trading->limits);
    }
    if (status != LL_OK) {
        trading->counters.limits_refused++;
        trading->limits_why = why;
    }
    return status;
}

/* --- Start and stop --------------------------------------------------------------------------------------- */

static int ll_trading_start_session(struct ll_trading *trading, uint8_t session, struct ll_why *why)
{
    char name[LL_SOUP_SESSION_BYTES + 1] = {0};
    ll_trading_say(trading, session, LL_LINK_CONFIGURED, "", 0);
    /* Whatever the journal says: now nothing is connected. */
    ll_trading_say(trading, session, LL_LINK_CLOSED, "", 0);
    uint64_t sequence = ll_oms_next_sequence(trading->oms, session, name);
    for (size_t end = LL_SOUP_SESSION_BYTES; end > 0 && name[end - 1] == ' '; end--)
        name[end - 1] = '\0';
    int status = ll_soup_client_restart(trading->links[session].client, name, sequence, trading->now_ns);
    if (status != LL_OK)
        return LL_FAIL(why, LL_ERR_CORRUPT, "the journal asks for session '%s' from %llu, which cannot be",
                       name, (unsigned long long)sequence);
    return LL_OK;
}

static int ll_trading_open_door(struct ll_trading *trading, struct ll_why *why)
{
    struct ll_door_config config = trading->config.door;
    if (trading->config.door_path == NULL)
        return LL_OK;
    config.path = trading->config.door_path;
    /* Grows with each start, and so no answer reaches a client of another one. */
    config.generation = trading->batch->next_event_id;
    int status = ll_door_open(&trading->door, &config, why);
    trading->door_is_open = status == LL_OK;
    return status;
}

/* What the command line says now is in force from now on, and the journal says so. */
static void ll_trading_settle(struct ll_trading *trading)
{
    const struct ll_oms_config *config = &trading->config.oms;
    const struct ll_record_settings settings = {.answer_timeout_ns = config->answer_timeout_ns,
                                                .retry_ns = config->retry_ns,
                                                .instance = config->instance};
    /* Always in a new journal: its readers need not know the defaults of the day it was written. */
    if (trading->batch->next_event_id == 1 ||
        memcmp(&settings, ll_oms_settings_in_force(trading->oms), sizeof settings) != 0)
        ll_oms_settings(trading->oms, &settings, trading->now_ns);
}

static int ll_trading_start_limits(struct ll_trading *trading, struct ll_why *why)
{
    if (trading->config.limits != NULL)
        return ll_trading_load(trading, trading->config.limits, why);
    if (trading->config.limits_path == NULL)
        return LL_OK;
    int status =
        ll_limits_watch_start(&trading->limits, trading->config.limits_path, LL_TRADING_LIMITS_WINDOW, why);
    if (status != LL_OK)
        return status;
    status = ll_trading_look_at_limits(trading);
    if (status != LL_OK && why->code == LL_OK)
        *why = trading->limits_why;
    return status;
}

int ll_trading_start(struct ll_trading *trading, uint64_t now_ns, struct ll_why *why)
{
    trading->now_ns = now_ns;
    ll_trading_settle(trading);
    int status = ll_trading_start_limits(trading, why);
    for (uint32_t session = 0; session < trading->config.session_count && status == LL_OK; session++)
        status = ll_trading_start_session(trading, (uint8_t)session, why);
    if (trading->config.feed_protocol != 0)
        ll_trading_say(trading, LL_TRADING_FEED_SESSION, LL_LINK_CONFIGURED, "", 0);
    if (status == LL_OK)
        status = ll_trading_open_door(trading, why);
    ll_trading_flush(trading);
    return status;
}

void ll_trading_stop(struct ll_trading *trading, uint64_t now_ns)
{
    trading->now_ns = now_ns;
    for (uint32_t session = 0; session < trading->config.session_count; session++) {
        ll_soup_client_logout(trading->links[session].client, now_ns);
        ll_soup_client_poll(trading->links[session].client, now_ns);
    }
    ll_trading_flush(trading);
}

void ll_trading_deinit(struct ll_trading *trading)
{
    if (trading == NULL)
        return;
    for (uint32_t session = 0; session < trading->config.session_count; session++)
        ll_soup_client_deinit(trading->links[session].client);
    if (trading->door_is_open)
        ll_door_close(&trading->door);
    trading->door_is_open = false;
    ll_limits_watch_stop(trading->limits);
    trading->limits = NULL;
}

/* --- One turn --------------------------------------------------------------------------------------------- */

static void ll_trading_measure(struct ll_trading *trading, uint64_t order_to_wire_ns)
{
    ll_histogram_record(&trading->order_to_wire, order_to_wire_ns, 1);
    if (trading->interval != NULL)
        ll_histogram_record(trading->interval, order_to_wire_ns, 1);
}

/* Messages whose records are durable leave; what the socket does not take waits here. A session that is not open takes
 * nothing: what is unanswered then is settled when it is open again. */
static uint32_t ll_trading_let_out_sends(struct ll_trading *trading, uint64_t durable_event_id)
{
    const struct ll_oms_send *send;
    uint32_t count = 0;
    while ((send = ll_oms_send_peek(trading->oms)) != NULL) {
        if (!trading->config.send_before_durable && send->event_id > durable_event_id)
            break;
        int status = LL_ERR_STOPPED;
        if (send->session < trading->config.session_count &&
            send->connection == ll_oms_connection(trading->oms, send->session))
            status =
                ll_soup_client_send(trading->links[send->session].client, send->bytes, send->bytes_count);
        if (status == LL_ERR_FULL)
            break;
        if (status == LL_OK)
            ll_trading_measure(trading, ll_clock_utc_ns() - send->time_ns);
        ll_oms_send_pop(trading->oms);
        count++;
    }
    return count;
}

static uint32_t ll_trading_let_out_events(struct ll_trading *trading, uint64_t durable_event_id)
{
    const struct ll_oms_event *waiting;
    uint32_t count = 0;
    while ((waiting = ll_oms_event_peek(trading->oms)) != NULL) {
        struct ll_client_event event = waiting->event;
        if (event.event_id > durable_event_id && !trading->config.send_before_durable)
            break;
        if (event.event_id <= durable_event_id)
            event.flags |= LL_CLIENT_EVENT_DURABLE;
        if (trading->door_is_open && event.request != 0 && event.kind != LL_CLIENT_REQUEST_FAILED)
            ll_door_answer(&trading->door, event.client, &event);
        else if (trading->door_is_open)
            ll_door_news(&trading->door, &event);
        ll_oms_event_pop(trading->oms);
        count++;
    }
    return count;
}

static void ll_trading_let_out(struct ll_trading *trading)
{
    /* The owner is about to stop: what the engine believes came from answers that are not to be trusted. */
    if (LL_UNLIKELY(ll_device_status(trading->device, NULL) != LL_OK))
        return;
    uint64_t durable_event_id = trading->owner.durable_event_id(trading->owner.context);
    (void)ll_trading_let_out_sends(trading, durable_event_id);
    (void)ll_trading_let_out_events(trading, durable_event_id);
}

/* A session that ended makes way for the next day's. A login that is on its way is left alone. */
static bool ll_trading_asks_anew(const struct ll_trading *trading, const struct ll_trading_link *link)
{
    enum ll_soup_client_state state = ll_soup_client_state(link->client);
    return state == LL_SOUP_CLIENT_ENDED ||
           (state == LL_SOUP_CLIENT_REFUSED && link->day_is_over && trading->now_ns >= link->login_ns);
}

static uint32_t ll_trading_poll_sessions(struct ll_trading *trading)
{
    uint32_t work = 0;
    for (uint32_t session = 0; session < trading->config.session_count; session++) {
        struct ll_trading_link *link = &trading->links[session];
        const struct ll_soup_client_counters *counters = ll_soup_client_counters(link->client);
        uint64_t before = counters->messages;
        ll_soup_client_poll(link->client, trading->now_ns);
        work += (uint32_t)(counters->messages - before);
        ll_oms_step(trading->oms);
        /* A heartbeat says that the venue had nothing more to send: what was missed has been said. */
        if (link->is_open && link->heartbeats != UINT64_MAX &&
            counters->heartbeats_received != link->heartbeats) {
            link->heartbeats = UINT64_MAX;
            ll_trading_say(trading, link->session, LL_LINK_CAUGHT_UP, "", 0);
        }
        if (ll_trading_asks_anew(trading, link))
            (void)!ll_soup_client_restart(link->client, "", 1, trading->now_ns);
    }
    return work;
}

static uint32_t ll_trading_poll_door(struct ll_trading *trading)
{
    if (!trading->door_is_open)
        return 0;
    struct ll_command command;
    uint32_t count = 0;
    while (count < LL_TRADING_COMMANDS && ll_trading_may_begin(trading) &&
           ll_door_poll(&trading->door, &command, 1) != 0) {
        /* The intent's own time, so that order to wire says how long it took from here on. */
        ll_oms_command(trading->oms, &command, trading->now_ns);
        count++;
    }
    if (trading->now_ns >= trading->next_sweep_ns) {
        trading->next_sweep_ns = trading->now_ns + LL_TRADING_SWEEP_NS;
        ll_door_sweep(&trading->door, 1);
    }
    return count;
}

static uint32_t ll_trading_poll_due(struct ll_trading *trading)
{
    struct ll_record_action action;
    uint32_t count = 0;
    while (count < LL_TRADING_ACTIONS && ll_trading_may_begin(trading) &&
           ll_oms_due(trading->oms, trading->now_ns, &action)) {
        ll_oms_action(trading->oms, &action, trading->now_ns);
        count++;
    }
    return count;
}

/* Time never goes back: records are in the order of events. */
static void ll_trading_go_on_to(struct ll_trading *trading, uint64_t now_ns)
{
    if (now_ns > trading->now_ns)
        trading->now_ns = now_ns;
}

uint32_t ll_trading_poll(struct ll_trading *trading, uint64_t now_ns)
{
    ll_trading_go_on_to(trading, now_ns);
    trading->counters.turns++;
    uint32_t work = ll_trading_poll_sessions(trading);
    work += ll_trading_poll_door(trading);
    work += ll_trading_poll_due(trading);
    if (trading->limits != NULL && trading->now_ns >= trading->next_limits_ns) {
        trading->next_limits_ns = trading->now_ns + LL_TRADING_LIMITS_NS;
        (void)ll_trading_look_at_limits(trading);
    }
    if (work != 0 || trading->batch->slot_count != 0)
        ll_trading_flush(trading);
    ll_trading_let_out(trading);
    return work;
}

/* --- The public feed --------------------------------------------------------------------------------------- */

static void ll_trading_feed_other(struct ll_trading *trading, const uint8_t *message)
{
    char symbol[LL_SYMBOL_BYTES];
    if (message[0] == LL_ITCH50_TYPE_STOCK_DIRECTORY) {
        memcpy(symbol, message + LL_ITCH50_OFFSET_STOCK_DIRECTORY_stock, sizeof symbol);
        ll_oms_directory(trading->oms, symbol, ll_load_be16(message + LL_ITCH50_STOCK_LOCATE_OFFSET),
                         ll_load_be32(message + LL_ITCH50_OFFSET_STOCK_DIRECTORY_round_lot_size));
    } else if (message[0] == LL_ITCH50_TYPE_TRADING_ACTION) {
        memcpy(symbol, message + LL_ITCH50_OFFSET_TRADING_ACTION_stock, sizeof symbol);
        ll_oms_trading_action(trading->oms, symbol,
                              (char)message[LL_ITCH50_OFFSET_TRADING_ACTION_trading_state]);
    }
}

void ll_trading_feed(struct ll_trading *trading, const struct ll_update *update,
                     const struct ll_result *result, const uint8_t *message, uint64_t time_ns)
{
    if (update->op == LL_OP_NONE) {
        ll_trading_feed_other(trading, message);
        return;
    }
    uint32_t executed = update->op == LL_OP_EXECUTE ? result->removed : 0;
    bool gone = result->leaves == 0 || update->op == LL_OP_DELETE || update->op == LL_OP_REPLACE;
    (void)ll_oms_public(trading->oms, update->ref, executed, gone);
    if (update->op == LL_OP_REPLACE)
        (void)ll_oms_public(trading->oms, update->new_ref, 0, false);
    ll_oms_market(trading->oms, result->book, result, time_ns);
}

/* --- A feed of reports -------------------------------------------------------------------------------------- */

uint64_t ll_trading_feed_place(const struct ll_trading *trading, char name[LL_SOUP_SESSION_BYTES])
{
    uint64_t next_sequence = ll_oms_next_sequence(trading->oms, LL_TRADING_FEED_SESSION, name);
    return ll_oms_connection(trading->oms, LL_TRADING_FEED_SESSION) == 0 ? 0 : next_sequence;
}

bool ll_trading_feed_ended(const struct ll_trading *trading)
{
    return ll_oms_is_ended(trading->oms, LL_TRADING_FEED_SESSION);
}

void ll_trading_feed_session(struct ll_trading *trading, const char name[LL_SOUP_SESSION_BYTES],
                             uint64_t first_sequence, uint64_t now_ns)
{
    ll_trading_go_on_to(trading, now_ns);
    ll_trading_say(trading, LL_TRADING_FEED_SESSION, LL_LINK_OPENED, name, first_sequence);
}

void ll_trading_feed_report(struct ll_trading *trading, const uint8_t *message, uint32_t message_bytes,
                            uint64_t now_ns)
{
    ll_trading_go_on_to(trading, now_ns);
    ll_trading_make_room(trading);
    ll_oms_report(trading->oms, LL_TRADING_FEED_SESSION, message, message_bytes, trading->now_ns);
}

void ll_trading_feed_gap(struct ll_trading *trading, uint64_t next_sequence, uint64_t now_ns)
{
    ll_trading_go_on_to(trading, now_ns);
    ll_trading_say(trading, LL_TRADING_FEED_SESSION, LL_LINK_GAP, "", next_sequence);
}

void ll_trading_feed_end(struct ll_trading *trading, uint64_t next_sequence, uint64_t now_ns)
{
    ll_trading_go_on_to(trading, now_ns);
    ll_trading_say(trading, LL_TRADING_FEED_SESSION, LL_LINK_ENDED, "", next_sequence);
}

void ll_trading_settle_reports(struct ll_trading *trading)
{
    ll_oms_step(trading->oms);
}

/* --- Reading --------------------------------------------------------------------------------------------- */

void ll_trading_record_into(struct ll_trading *trading, struct ll_histogram *interval)
{
    trading->interval = interval;
}

const struct ll_trading_config *ll_trading_config_of(const struct ll_trading *trading)
{
    return &trading->config;
}

struct ll_oms *ll_trading_oms(const struct ll_trading *trading)
{
    return trading->oms;
}

const struct ll_trading_counters *ll_trading_counters(const struct ll_trading *trading)
{
    return &trading->counters;
}

const struct ll_door_counters *ll_trading_door_counters(const struct ll_trading *trading)
{
    return trading->door_is_open ? &trading->door.counters : NULL;
}

uint32_t ll_trading_session_count(const struct ll_trading *trading)
{
    return trading->config.session_count;
}

const struct ll_soup_client *ll_trading_session(const struct ll_trading *trading, uint32_t session)
{
    LL_ASSERT(session < trading->config.session_count);
    return trading->links[session].client;
}

const struct ll_histogram *ll_trading_ask_trips(const struct ll_trading *trading)
{
    return &trading->ask_trips;
}

bool ll_trading_session_is_open(const struct ll_trading *trading, uint32_t session)
{
    return ll_oms_is_open(trading->oms, (uint8_t)session);
}

uint32_t ll_trading_client_count(const struct ll_trading *trading)
{
    return trading->door_is_open ? ll_door_client_count(&trading->door) : 0;
}

const struct ll_histogram *ll_trading_order_to_wire(const struct ll_trading *trading)
{
    return &trading->order_to_wire;
}

const char *ll_trading_limits_error(const struct ll_trading *trading)
{
    return trading->limits_why.text;
}

int ll_trading_check(struct ll_trading *trading, struct ll_why *why)
{
    int64_t *scratch = calloc(trading->config.oms.accounts, sizeof *scratch);
    if (scratch == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory to check the ledger with");
    int status = ll_life_memory_check(ll_device_life(trading->device), why);
    if (status == LL_OK)
        status = ll_oms_check(trading->oms, scratch, why);
    free(scratch);
    return status;
}

uint64_t ll_trading_hash(const struct ll_trading *trading)
{
    return ll_oms_hash(trading->oms) ^ ll_life_memory_hash(ll_device_life(trading->device));
}
