/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_oms.h"

#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_OMS_MAGIC         UINT64_C(0x31534d4f2d6c6c02) /* its low byte counts layouts */
#define LL_OMS_ORDERS_MAX    ((uint64_t)1 << 26)
#define LL_OMS_NAMES_MAX     ((uint64_t)1 << 15)
#define LL_OMS_POSITIONS_MAX ((uint64_t)1 << 16)
#define LL_OMS_LIVE_MAX      ((uint64_t)1 << 20) /* live orders the guard keeps apart */
#define LL_OMS_BOOKINGS      (1u << 16)
#define LL_OMS_REPEATS       (1u << 16)
#define LL_OMS_LIMIT_ROWS    4096u
#define LL_OMS_WINDOW        8192u

/* --- The state's parts ----------------------------------------------------------------------------------- */

/* P(NAME) in the order in which they lie in the state. */
/* clang-format off */
#define LL_OMS_PARTS(P) \
    P(CONTROL) \
    P(ORDERS) \
    P(IDS) \
    P(TEXTS) \
    P(PEERS) \
    P(QUOTES) \
    P(OWN_REFS) \
    P(OWN_ORDERS) \
    P(LEDGER) \
    P(ACCOUNTS) \
    P(USERS) \
    P(STRATEGIES) \
    P(BOOKINGS) \
    P(INSTRUMENTS) \
    P(LIMITS) \
    P(GUARD) \
    P(RISK) \
    P(TIMERS)
/* clang-format on */

enum ll_oms_part {
#define LL_OMS_PART_ENUM(name) LL_OMS_PART_##name,
    LL_OMS_PARTS(LL_OMS_PART_ENUM)
#undef LL_OMS_PART_ENUM
        LL_OMS_PART_COUNT
};

/* What the parts are configured as, all from one configuration. */
struct ll_oms_parts {
    struct ll_ledger_config ledger;
    struct ll_names_config names;
    struct ll_names_config bookings;
    struct ll_instruments_config instruments;
    struct ll_limits_config limits;
    struct ll_guard_config guard;
    struct ll_risk_config risk;
    struct ll_timers_config timers;
    uint32_t own_places;
};

static uint64_t ll_oms_smaller(uint64_t left, uint64_t right)
{
    return left < right ? left : right;
}

static uint32_t ll_oms_or(uint32_t given, uint32_t otherwise)
{
    return given != 0 ? given : otherwise;
}

static void ll_oms_parts(const struct ll_oms_config *config, struct ll_oms_parts *parts)
{
    uint64_t live = ll_oms_smaller(config->orders, LL_OMS_LIVE_MAX);
    uint32_t window = ll_oms_or(config->window, LL_OMS_WINDOW);
    uint64_t places = 16;
    while (places < live * LL_OMS_OWN_REFS)
        places <<= 1;
    parts->own_places = (uint32_t)places;
    parts->ledger = (struct ll_ledger_config){config->names + LL_OMS_SESSIONS_MAX, config->instruments + 2,
                                              config->accounts};
    parts->names = (struct ll_names_config){config->names, config->hash_seed};
    parts->bookings =
        (struct ll_names_config){ll_oms_or(config->bookings, LL_OMS_BOOKINGS), config->hash_seed};
    parts->instruments = (struct ll_instruments_config){(uint32_t)config->instruments, UINT16_MAX};
    parts->limits = (struct ll_limits_config){ll_oms_or(config->limit_rows, LL_OMS_LIMIT_ROWS), window};
    parts->guard = (struct ll_guard_config){(uint32_t)live, ll_oms_or(config->repeats, LL_OMS_REPEATS),
                                            config->hash_seed};
    parts->risk = (struct ll_risk_config){
        .accounts_max = (uint32_t)config->names,
        .strategies_max = (uint32_t)config->names,
        .sessions_max = LL_OMS_SESSIONS_MAX,
        .instruments_max = (uint32_t)config->instruments,
        .positions_max = (uint32_t)ll_oms_smaller(config->names * config->instruments, LL_OMS_POSITIONS_MAX),
        .window_count = window,
        .hash_seed = config->hash_seed};
    parts->timers = (struct ll_timers_config){config->orders};
}

static bool ll_oms_config_is_good(const struct ll_oms_config *config)
{
    return config->orders != 0 && config->orders <= LL_OMS_ORDERS_MAX && config->ids >= config->orders &&
           config->ids <= LL_OMS_ORDERS_MAX && config->names != 0 && config->names <= LL_OMS_NAMES_MAX &&
           config->instruments != 0 && config->instruments < UINT16_MAX && config->accounts != 0 &&
           config->answer_timeout_ns != 0 && config->retry_ns != 0;
}

/* Bytes of each part. */
static void ll_oms_sizes(const struct ll_oms_config *config, size_t sizes[LL_OMS_PART_COUNT])
{
    struct ll_oms_parts parts;
    ll_oms_parts(config, &parts);
    sizes[LL_OMS_PART_CONTROL] = sizeof(struct ll_oms_control);
    sizes[LL_OMS_PART_ORDERS] = (size_t)config->orders * sizeof(struct ll_oms_order);
    sizes[LL_OMS_PART_IDS] = (size_t)config->ids * sizeof(struct ll_oms_id);
    sizes[LL_OMS_PART_TEXTS] = (size_t)config->ids * LL_ID_BYTES_MAX;
    sizes[LL_OMS_PART_PEERS] = (size_t)config->instruments * sizeof(uint32_t);
    sizes[LL_OMS_PART_QUOTES] = (size_t)config->instruments * sizeof(struct ll_oms_quote);
    sizes[LL_OMS_PART_OWN_REFS] = (size_t)parts.own_places * sizeof(uint64_t);
    sizes[LL_OMS_PART_OWN_ORDERS] = (size_t)parts.own_places * sizeof(uint32_t);
    sizes[LL_OMS_PART_LEDGER] = ll_ledger_footprint_bytes(&parts.ledger);
    sizes[LL_OMS_PART_ACCOUNTS] = ll_names_footprint_bytes(&parts.names);
    sizes[LL_OMS_PART_USERS] = sizes[LL_OMS_PART_ACCOUNTS];
    sizes[LL_OMS_PART_STRATEGIES] = sizes[LL_OMS_PART_ACCOUNTS];
    sizes[LL_OMS_PART_BOOKINGS] = ll_names_footprint_bytes(&parts.bookings);
    sizes[LL_OMS_PART_INSTRUMENTS] = ll_instruments_footprint_bytes(&parts.instruments);
    sizes[LL_OMS_PART_LIMITS] = ll_limits_footprint_bytes(&parts.limits);
    sizes[LL_OMS_PART_GUARD] = ll_guard_footprint_bytes(&parts.guard);
    sizes[LL_OMS_PART_RISK] = ll_risk_footprint_bytes(&parts.risk);
    sizes[LL_OMS_PART_TIMERS] = ll_timers_footprint_bytes(&parts.timers);
}

static size_t ll_oms_round_up(size_t bytes)
{
    return (bytes + 63u) & ~(size_t)63u;
}

size_t ll_oms_footprint_bytes(const struct ll_oms_config *config)
{
    return ll_oms_config_is_good(config) ? ll_oms_round_up(sizeof(struct ll_oms)) : 0;
}

size_t ll_oms_state_bytes(const struct ll_oms_config *config)
{
    size_t sizes[LL_OMS_PART_COUNT];
    size_t total = 0;
    if (!ll_oms_config_is_good(config))
        return 0;
    ll_oms_sizes(config, sizes);
    for (uint32_t part = 0; part < LL_OMS_PART_COUNT; part++) {
        if (sizes[part] == 0)
            return 0;
        total += ll_oms_round_up(sizes[part]);
    }
    return total;
}

/* --- Settings -------------------------------------------------------------------------------------------- */

static void ll_oms_apply(struct ll_oms *oms)
{
    const struct ll_record_settings *settings = &oms->control->settings;
    oms->config.answer_timeout_ns = settings->answer_timeout_ns;
    oms->config.retry_ns = settings->retry_ns;
    oms->config.instance = settings->instance;
}

void ll_oms_settings(struct ll_oms *oms, const struct ll_record_settings *settings, uint64_t time_ns)
{
    ll_oms_begin(oms, time_ns);
    (void)ll_record_batch_write(oms->batch, LL_RECORD_SETTINGS, 0, time_ns, settings, sizeof *settings);
    oms->control->settings = *settings;
    ll_oms_apply(oms);
}

const struct ll_record_settings *ll_oms_settings_in_force(const struct ll_oms *oms)
{
    return &oms->control->settings;
}

/* --- Life ------------------------------------------------------------------------------------------------ */

static void ll_oms_format(struct ll_oms *oms, unsigned char *const at[LL_OMS_PART_COUNT],
                          const struct ll_oms_parts *parts, const struct ll_risk_parts *risk_parts)
{
    struct ll_oms_control *control = oms->control;
    memset(control, 0, sizeof *control);
    control->magic = LL_OMS_MAGIC;
    control->state_bytes = ll_oms_state_bytes(&oms->config);
    control->settings = (struct ll_record_settings){.answer_timeout_ns = oms->config.answer_timeout_ns,
                                                    .retry_ns = oms->config.retry_ns,
                                                    .instance = oms->config.instance};
    control->live_first = LL_OMS_NONE;
    control->live_last = LL_OMS_NONE;
    control->watch_first = LL_OMS_NONE;
    control->kill_cursor = LL_OMS_NONE;
    control->expire_cursor = LL_OMS_NONE;
    memset(oms->peers, 0xff, (size_t)oms->config.instruments * sizeof *oms->peers);
    memset(oms->quotes, 0, (size_t)oms->config.instruments * sizeof *oms->quotes);
    memset(oms->own_refs, 0, (size_t)parts->own_places * sizeof *oms->own_refs);
    memset(oms->own_orders, 0, (size_t)parts->own_places * sizeof *oms->own_orders);
    ll_ledger_init(&oms->ledger, at[LL_OMS_PART_LEDGER], &parts->ledger);
    ll_names_init(&oms->accounts, at[LL_OMS_PART_ACCOUNTS], &parts->names);
    ll_names_init(&oms->users, at[LL_OMS_PART_USERS], &parts->names);
    ll_names_init(&oms->strategies, at[LL_OMS_PART_STRATEGIES], &parts->names);
    ll_names_init(&oms->bookings, at[LL_OMS_PART_BOOKINGS], &parts->bookings);
    ll_instruments_init(&oms->instruments, at[LL_OMS_PART_INSTRUMENTS], &parts->instruments);
    ll_limits_init(&oms->limits, at[LL_OMS_PART_LIMITS], &parts->limits);
    ll_guard_init(&oms->guard, at[LL_OMS_PART_GUARD], &parts->guard);
    ll_risk_init(&oms->risk, at[LL_OMS_PART_RISK], &parts->risk, risk_parts);
    ll_timers_init(&oms->timers, at[LL_OMS_PART_TIMERS], &parts->timers);
}

static int ll_oms_take(struct ll_oms *oms, unsigned char *const at[LL_OMS_PART_COUNT],
                       const size_t sizes[LL_OMS_PART_COUNT], const struct ll_risk_parts *risk_parts,
                       struct ll_why *why)
{
    if (oms->control->magic != LL_OMS_MAGIC || oms->control->state_bytes != ll_oms_state_bytes(&oms->config))
        return LL_FAIL(why, LL_ERR_CORRUPT, "this is no order state of this configuration");
    int status = ll_ledger_attach(&oms->ledger, at[LL_OMS_PART_LEDGER], sizes[LL_OMS_PART_LEDGER], why);
    if (status == LL_OK)
        status = ll_names_attach(&oms->accounts, at[LL_OMS_PART_ACCOUNTS], sizes[LL_OMS_PART_ACCOUNTS], why);
    if (status == LL_OK)
        status = ll_names_attach(&oms->users, at[LL_OMS_PART_USERS], sizes[LL_OMS_PART_USERS], why);
    if (status == LL_OK)
        status =
            ll_names_attach(&oms->strategies, at[LL_OMS_PART_STRATEGIES], sizes[LL_OMS_PART_STRATEGIES], why);
    if (status == LL_OK)
        status = ll_names_attach(&oms->bookings, at[LL_OMS_PART_BOOKINGS], sizes[LL_OMS_PART_BOOKINGS], why);
    if (status == LL_OK)
        status = ll_timers_attach(&oms->timers, at[LL_OMS_PART_TIMERS], sizes[LL_OMS_PART_TIMERS], why);
    if (status == LL_OK)
        status = ll_instruments_attach(&oms->instruments, at[LL_OMS_PART_INSTRUMENTS],
                                       sizes[LL_OMS_PART_INSTRUMENTS]);
    if (status == LL_OK)
        status = ll_limits_attach(&oms->limits, at[LL_OMS_PART_LIMITS], sizes[LL_OMS_PART_LIMITS]);
    if (status == LL_OK)
        status = ll_guard_attach(&oms->guard, at[LL_OMS_PART_GUARD], sizes[LL_OMS_PART_GUARD]);
    if (status == LL_OK)
        status = ll_risk_attach(&oms->risk, at[LL_OMS_PART_RISK], sizes[LL_OMS_PART_RISK], risk_parts);
    if (status != LL_OK)
        return LL_FAIL(why, status, "a part of the order state is not one of this configuration");
    return LL_OK;
}

int ll_oms_init(struct ll_oms **oms_out, void *handle, void *state, const struct ll_oms_config *config,
                const struct ll_oms_door *door, struct ll_record_batch *batch, bool attach,
                struct ll_why *why)
{
    static const uint8_t salt[8] = {'l', 'i', 'f', 'e', 'l', 'i', 'n', 'e'};
    size_t sizes[LL_OMS_PART_COUNT];
    unsigned char *at[LL_OMS_PART_COUNT];
    unsigned char *next = state;
    struct ll_oms *oms = handle;
    struct ll_oms_parts parts;
    uint8_t seed[16] = {0};
    LL_ASSERT(ll_oms_config_is_good(config));
    ll_oms_sizes(config, sizes);
    ll_oms_parts(config, &parts);
    for (uint32_t part = 0; part < LL_OMS_PART_COUNT; part++) {
        at[part] = next;
        next += ll_oms_round_up(sizes[part]);
    }
    memset(oms, 0, sizeof *oms);
    oms->config = *config;
    oms->config.bookings = (uint32_t)parts.bookings.names;
    oms->door = *door;
    oms->batch = batch;
    oms->expected = LL_OMS_EXPECTED_NONE;
    oms->control = (struct ll_oms_control *)at[LL_OMS_PART_CONTROL];
    oms->orders = (struct ll_oms_order *)at[LL_OMS_PART_ORDERS];
    oms->ids = (struct ll_oms_id *)at[LL_OMS_PART_IDS];
    oms->texts = (char(*)[LL_ID_BYTES_MAX])at[LL_OMS_PART_TEXTS];
    oms->peers = (uint32_t *)at[LL_OMS_PART_PEERS];
    oms->quotes = (struct ll_oms_quote *)at[LL_OMS_PART_QUOTES];
    oms->own_refs = (uint64_t *)at[LL_OMS_PART_OWN_REFS];
    oms->own_orders = (uint32_t *)at[LL_OMS_PART_OWN_ORDERS];
    oms->own_mask = parts.own_places - 1u;
    memcpy(seed, salt, sizeof salt);
    memcpy(seed + sizeof salt, &config->hash_seed, sizeof config->hash_seed);
    ll_keys_init(&oms->keys, seed);
    const struct ll_risk_parts risk_parts = {&oms->limits, &oms->instruments, &oms->guard};
    int status = LL_OK;
    if (attach)
        status = ll_oms_take(oms, at, sizes, &risk_parts, why);
    else
        ll_oms_format(oms, at, &parts, &risk_parts);
    if (status == LL_OK)
        ll_oms_apply(oms);
    if (status == LL_OK)
        *oms_out = oms;
    return status;
}

/* --- Every event ----------------------------------------------------------------------------------------- */

bool ll_oms_room(const struct ll_oms *oms)
{
    /* A waiting report may still send two cancels; the event to come a command, a message and two cancels. */
    uint32_t promised_sends = oms->waiting_count * 2u + 8u;
    uint32_t promised = promised_sends + LL_RECORD_SLOTS_MAX;
    return oms->batch->slot_count + promised <= LL_RECORD_BATCH_SLOTS &&
           oms->send_head - oms->send_tail + promised_sends <= LL_OMS_SENDS;
}

bool ll_oms_is_busy(const struct ll_oms *oms)
{
    return oms->send_head - oms->send_tail >= LL_OMS_SENDS / 2 ||
           oms->event_head - oms->event_tail >= LL_OMS_EVENTS / 2;
}

void ll_oms_begin(struct ll_oms *oms, uint64_t time_ns)
{
    LL_ASSERT(oms->waiting_count == 0); /* ll_oms_step comes first */
    oms->time_ns = time_ns;
    oms->control->event_id = oms->batch->next_event_id;
    oms->control->generated = 0;
}

void ll_oms_check_expected(struct ll_oms *oms, uint8_t verdict)
{
    if (oms->expected != LL_OMS_EXPECTED_NONE && oms->expected != verdict)
        oms->replay_status = LL_ERR_CORRUPT;
}

int ll_oms_limit(struct ll_oms *oms, const struct ll_record_limit *entry, uint64_t time_ns,
                 struct ll_why *why)
{
    int status = LL_OK;
    ll_oms_begin(oms, time_ns);
    switch (entry->what) {
    case LL_LIMIT_RECORD_BEGIN:
        ll_limits_begin(&oms->limits);
        ll_instruments_begin(&oms->instruments);
        break;
    case LL_LIMIT_RECORD_VALUES:
        status = ll_limits_add(&oms->limits, &entry->values, why);
        break;
    case LL_LIMIT_RECORD_INSTRUMENT:
        status = ll_instruments_list(&oms->instruments, &entry->instrument, why);
        break;
    default:
        status = ll_limits_commit(&oms->limits, why);
        if (status == LL_OK)
            ll_instruments_commit(&oms->instruments);
        break;
    }
    uint8_t verdict = status == LL_OK ? LL_VERDICT_OK : LL_VERDICT_BAD_INPUT;
    (void)ll_record_batch_write(oms->batch, LL_RECORD_LIMIT, verdict, time_ns, entry, sizeof *entry);
    ll_oms_check_expected(oms, verdict);
    return status;
}

void ll_oms_directory(struct ll_oms *oms, const char symbol[LL_SYMBOL_BYTES], uint16_t book,
                      uint32_t round_lot)
{
    /* A symbol for which there is no room cannot be traded; its book is kept all the same. */
    (void)!ll_instruments_directory(&oms->instruments, symbol, book, round_lot);
}

void ll_oms_trading_action(struct ll_oms *oms, const char symbol[LL_SYMBOL_BYTES], char trading_state)
{
    ll_instruments_trading_action(&oms->instruments, symbol, trading_state);
}

/* --- Reading --------------------------------------------------------------------------------------------- */

const struct ll_oms_counters *ll_oms_counters(const struct ll_oms *oms)
{
    return &oms->control->counters;
}

uint64_t ll_oms_events_dropped(const struct ll_oms *oms)
{
    return oms->events_dropped;
}

const struct ll_ledger *ll_oms_ledger(const struct ll_oms *oms)
{
    return &oms->ledger;
}

const struct ll_names *ll_oms_accounts(const struct ll_oms *oms)
{
    return &oms->accounts;
}

uint32_t ll_oms_first_session_owner(const struct ll_oms *oms)
{
    return (uint32_t)oms->config.names;
}

const struct ll_instruments *ll_oms_instruments(const struct ll_oms *oms)
{
    return &oms->instruments;
}

/* What of an order is state, and not only where it stands in a list. */
static uint64_t ll_oms_order_hash(const struct ll_oms *oms, uint32_t order)
{
    const struct ll_oms_order *entry = &oms->orders[order];
    const uint64_t words[] = {order,
                              entry->price,
                              entry->notional,
                              entry->locked,
                              entry->number,
                              entry->exchange_ref,
                              (uint64_t)entry->quantity << 32 | entry->leaves,
                              (uint64_t)entry->cumulative << 32 | entry->closed,
                              (uint64_t)entry->account << 32 | entry->instrument,
                              (uint64_t)entry->stoploss.id << 32 | entry->takeprofit.id,
                              (uint64_t)entry->stoploss.closer << 32 | entry->takeprofit.closer,
                              entry->stoploss.price,
                              entry->takeprofit.price,
                              (uint64_t)entry->request_quantity << 32 | entry->request_link,
                              entry->request_price,
                              entry->request_number,
                              entry->retry_ns,
                              (uint64_t)entry->state << 32 | (uint64_t)entry->request << 16 |
                                  entry->attempts};
    return XXH3_64bits(words, sizeof words);
}

static uint64_t ll_oms_id_hash(const struct ll_oms *oms, uint32_t id)
{
    const struct ll_oms_id *identifier = &oms->ids[id];
    const uint64_t words[] = {id, identifier->number,
                              (uint64_t)identifier->order << 32 | identifier->replaced_by,
                              (uint64_t)identifier->type << 8 | identifier->status, identifier->price};
    uint64_t hash = XXH3_64bits(words, sizeof words);
    if (identifier->text != LL_OMS_NONE)
        hash ^= XXH3_64bits_withSeed(oms->texts[identifier->text], LL_ID_BYTES_MAX, id);
    return hash;
}

/* Where a session stands, and what it has not answered. */
static uint64_t ll_oms_session_hash(const struct ll_oms_session *link)
{
    const uint64_t words[] = {link->state,       link->generation, link->connections,  link->next_sequence,
                              link->next_number, link->query_out,  link->query_lost,   link->day_over,
                              link->sweep,       link->sweep_end,  link->known_number, link->flight_first,
                              link->flight_next};
    uint64_t hash = XXH3_64bits(words, sizeof words);
    for (uint64_t i = link->flight_first; i < link->flight_next; i++)
        hash = XXH3_64bits_withSeed(&link->flight[i % LL_OMS_FLIGHT], sizeof link->flight[0], hash);
    return hash;
}

uint64_t ll_oms_hash(const struct ll_oms *oms)
{
    uint64_t words[9] = {0};
    for (uint32_t order = 0; order < oms->control->order_count; order++)
        words[0] += ll_oms_order_hash(oms, order);
    for (uint32_t id = 0; id < oms->control->id_count; id++)
        words[1] += ll_oms_id_hash(oms, id);
    words[2] = ll_ledger_hash(&oms->ledger);
    words[3] = ll_risk_hash(&oms->risk);
    words[4] = ll_limits_hash(&oms->limits);
    words[5] = ll_names_hash(&oms->accounts) ^ ll_names_hash(&oms->bookings);
    words[6] = ll_guard_hash(&oms->guard);
    words[7] = ll_timers_hash(&oms->timers);
    for (uint32_t session = 0; session < LL_OMS_SESSIONS_MAX; session++)
        words[8] = words[8] * 31 + ll_oms_session_hash(&oms->control->sessions[session]);
    return XXH3_64bits(words, sizeof words);
}
