/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_ouch_port.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/exchange/ll_ouch_port_parts.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_ouch_report.h"

#include <string.h>

#define ALIGN_BYTES 64u
#define NS_PER_S    UINT64_C(1000000000)

static bool is_50(const struct ll_ouch_port *port)
{
    return port->config.protocol == LL_PROTOCOL_OUCH50;
}

/* --- names -------------------------------------------------------------------------------------------------- */

const char *ll_ouch_port_fault_name(uint32_t fault)
{
    static const char *const names[LL_OUCH_PORT_FAULT_COUNT] = {
#define FAULT_ROW(NAME, of, text) [LL_OUCH_PORT_FAULT_##NAME] = (text),
        LL_OUCH_PORT_FAULTS(FAULT_ROW)
#undef FAULT_ROW
    };
    LL_ASSERT(fault < LL_OUCH_PORT_FAULT_COUNT);
    return names[fault];
}

const char *ll_ouch_link_state_name(uint8_t state)
{
    static const char *const names[LL_OUCH_LINK_STATE_COUNT] = {
#define STATE_ROW(NAME, text) [LL_OUCH_LINK_##NAME] = (text),
        LL_OUCH_LINK_STATES(STATE_ROW)
#undef STATE_ROW
    };
    LL_ASSERT(state < LL_OUCH_LINK_STATE_COUNT);
    return names[state];
}

/* --- life cycle --------------------------------------------------------------------------------------------- */

static uint32_t bucket_count(uint32_t links_max)
{
    uint32_t count = 1;
    while (count < 2 * links_max)
        count *= 2;
    return count;
}

static struct ll_timers_config timers_config(const struct ll_ouch_port_config *config)
{
    return (struct ll_timers_config){.items = 2 * (uint64_t)config->links_max + config->executions_max};
}

size_t ll_ouch_port_footprint_bytes(const struct ll_ouch_port_config *config)
{
    if (config->protocol != LL_PROTOCOL_OUCH50 && config->protocol != LL_PROTOCOL_OUCH42)
        return 0;
    if (config->number == 0 || config->number > LL_OUCH_PORTS_MAX)
        return 0;
    if (config->links_max == 0 || config->links_max > LL_OUCH_PORT_LINKS_MAX)
        return 0;
    if (config->executions_max == 0 || config->executions_max > LL_OUCH_PORT_EXECUTIONS_MAX)
        return 0;
    if (config->answers_max == 0 || config->answers_max > LL_OUCH_PORT_ANSWERS_MAX)
        return 0;
    if (config->firm_count == 0 || config->firm_count > LL_OUCH_PORT_FIRMS_MAX)
        return 0;
    struct ll_timers_config timers = timers_config(config);
    return ll_align_up(sizeof(struct ll_ouch_port), ALIGN_BYTES) +
           ll_align_up(config->links_max * sizeof(struct ll_ouch_link), ALIGN_BYTES) +
           ll_align_up(config->executions_max * sizeof(struct ll_ouch_execution), ALIGN_BYTES) +
           ll_align_up(config->answers_max * sizeof(struct ll_ouch_answer), ALIGN_BYTES) +
           ll_align_up(bucket_count(config->links_max) * sizeof(uint32_t), ALIGN_BYTES) +
           ll_align_up(ll_timers_footprint_bytes(&timers), ALIGN_BYTES);
}

int ll_ouch_port_init(struct ll_ouch_port **port_out, void *memory, size_t memory_bytes,
                      const struct ll_ouch_port_config *config, const struct ll_ouch_port_door *door,
                      struct ll_why *why)
{
    size_t footprint_bytes = ll_ouch_port_footprint_bytes(config);
    if (footprint_bytes == 0)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "order port: a value is outside its limits; number 1..%u, numbers or tokens 1..%u, "
                       "executions 1..%u, waiting answers 1..%u, firms 1..%u",
                       LL_OUCH_PORTS_MAX, LL_OUCH_PORT_LINKS_MAX, LL_OUCH_PORT_EXECUTIONS_MAX,
                       LL_OUCH_PORT_ANSWERS_MAX, LL_OUCH_PORT_FIRMS_MAX);
    if (memory == NULL || memory_bytes < footprint_bytes)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "order port: %zu bytes given, %zu needed", memory_bytes,
                       footprint_bytes);
    LL_ASSERT(((uintptr_t)memory & (ALIGN_BYTES - 1)) == 0);
    LL_ASSERT(door->publish != NULL && door->drop != NULL);
    struct ll_timers_config timers = timers_config(config);
    unsigned char *bytes = memory;
    struct ll_ouch_port *port = memory;
    memset(port, 0, sizeof *port);
    port->config = *config;
    port->door = *door;
    bytes += ll_align_up(sizeof *port, ALIGN_BYTES);
    port->links = (struct ll_ouch_link *)(void *)bytes;
    bytes += ll_align_up(config->links_max * sizeof *port->links, ALIGN_BYTES);
    port->executions = (struct ll_ouch_execution *)(void *)bytes;
    bytes += ll_align_up(config->executions_max * sizeof *port->executions, ALIGN_BYTES);
    port->answers = (struct ll_ouch_answer *)(void *)bytes;
    bytes += ll_align_up(config->answers_max * sizeof *port->answers, ALIGN_BYTES);
    port->buckets = (uint32_t *)(void *)bytes;
    port->bucket_mask = bucket_count(config->links_max) - 1;
    memset(port->buckets, 0, (port->bucket_mask + 1) * sizeof *port->buckets);
    bytes += ll_align_up((port->bucket_mask + 1) * sizeof *port->buckets, ALIGN_BYTES);
    ll_timers_init(&port->timers, bytes, &timers);
    for (uint32_t fault = 0; fault < LL_OUCH_PORT_FAULT_COUNT; fault++) {
        ll_prng_init(&port->prng[fault], config->seed + fault);
        ll_prng_init(&port->prng[fault], ll_prng_next(&port->prng[fault]) ^ config->number);
    }
    port->number_last[0] = config->number_last;
    port->held = LL_OUCH_PORT_NONE;
    port->modifying = LL_OUCH_PORT_NONE;
    *port_out = port;
    return LL_OK;
}

void ll_ouch_port_attach(struct ll_ouch_port *port, struct ll_matching *matching)
{
    port->matching = matching;
}

/* --- faults ------------------------------------------------------------------------------------------------- */

void ll_ouch_port_set_faults(struct ll_ouch_port *port, const struct ll_ouch_port_faults *faults)
{
    port->config.faults = *faults;
}

bool ll_ouch_port_draw(struct ll_ouch_port *port, enum ll_ouch_port_fault fault)
{
    bool happens = ll_prng_chance(&port->prng[fault], port->config.faults.per_mille[fault]);
    port->counters.faults[fault] += happens;
    return happens;
}

uint64_t ll_ouch_port_draw_ns(struct ll_ouch_port *port, enum ll_ouch_port_fault fault, uint64_t max_ns)
{
    uint64_t drawn = ll_prng_next(&port->prng[fault]);
    return 1 + (max_ns > 1 ? drawn % max_ns : 0);
}

/* The house comes for a resting order: for part of it, or with more than it has. */
static void fill(struct ll_ouch_port *port, enum ll_ouch_port_fault fault, const struct ll_ouch_link *link,
                 uint64_t now_ns)
{
    struct ll_matching_order order;
    if (!ll_matching_find(port->matching, link->reference, &order))
        return;
    uint32_t quantity = 1 + ll_prng_below(&port->prng[fault], 2 * order.quantity);
    const struct ll_matching_instrument *instrument =
        ll_matching_instrument(port->matching, order.instrument);
    quantity = quantity > LL_MATCHING_QUANTITY_MAX ? LL_MATCHING_QUANTITY_MAX : quantity;
    if (instrument->lots_only)
        quantity = (quantity / instrument->lot + 1) * instrument->lot;
    struct ll_matching_enter house = {.instrument = order.instrument,
                                      .quantity = quantity,
                                      .price = order.price,
                                      .side =
                                          order.side == LL_MATCHING_BUY ? LL_MATCHING_SELL : LL_MATCHING_BUY,
                                      .time_in_force = LL_MATCHING_IOC,
                                      .firm = {' ', ' ', ' ', ' '}};
    (void)ll_matching_enter(port->matching, &house, now_ns); /* halted: then nobody trades */
}

/* --- links by name ------------------------------------------------------------------------------------------ */

static uint32_t key_hash(const struct ll_ouch_port *port, const struct ll_ouch_key *key)
{
    uint64_t words[2] = {key->number, key->channel};
    if (!is_50(port)) {
        memcpy(&words[0], key->token, sizeof words[0]);
        memcpy(&words[1], key->token + sizeof key->token - sizeof words[1], sizeof words[1]);
    }
    uint64_t hash = (words[0] ^ (words[1] << 29 | words[1] >> 35)) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 32);
}

static bool key_is(const struct ll_ouch_port *port, const struct ll_ouch_key *key,
                   const struct ll_ouch_link *link)
{
    if (is_50(port))
        return link->number == key->number && link->channel == key->channel;
    return memcmp(link->name, key->token, sizeof link->name) == 0;
}

/* The bucket of a key: the link's, or the free one where it would go. */
static uint32_t *find_bucket(const struct ll_ouch_port *port, const struct ll_ouch_key *key)
{
    uint32_t at = key_hash(port, key) & port->bucket_mask;
    while (port->buckets[at] != 0 && !key_is(port, key, &port->links[port->buckets[at] - 1]))
        at = (at + 1) & port->bucket_mask;
    return &port->buckets[at];
}

static struct ll_ouch_link *find_link(const struct ll_ouch_port *port, const struct ll_ouch_key *key)
{
    uint32_t link_plus_1 = *find_bucket(port, key);
    return link_plus_1 != 0 ? &port->links[link_plus_1 - 1] : NULL;
}

/* The live link under a key, or NULL: the request is to be ignored. */
static struct ll_ouch_link *find_live(const struct ll_ouch_port *port, const struct ll_ouch_key *key)
{
    struct ll_ouch_link *link = find_link(port, key);
    return link != NULL && link->state == LL_OUCH_LINK_LIVE ? link : NULL;
}

static uint32_t index_of(const struct ll_ouch_port *port, const struct ll_ouch_link *link)
{
    return (uint32_t)(link - port->links);
}

static uint64_t owner_of(const struct ll_ouch_port *port, uint32_t link)
{
    return (uint64_t)port->config.number << LL_OUCH_OWNER_PORT_SHIFT | link;
}

/* A request that opens a link came before: 5.0 numbers only go up, 4.2 tokens are used once. */
static bool was_used(const struct ll_ouch_port *port, const struct ll_ouch_key *key)
{
    return is_50(port) ? key->number <= port->number_last[key->channel] : find_link(port, key) != NULL;
}

/* The next link, not yet known by its key, with these terms; NULL = the day's room is used up. */
static struct ll_ouch_link *prepare_link(struct ll_ouch_port *port, const struct ll_ouch_link *terms,
                                         uint64_t now_ns)
{
    if (port->link_count == port->config.links_max)
        return NULL;
    struct ll_ouch_link *link = &port->links[port->link_count];
    *link = *terms;
    link->entered_ns = now_ns;
    link->reference = 0;
    link->open = 0;
    link->executed = 0;
    link->cancelled = 0;
    link->passed_on = 0;
    link->reason = 0;
    link->replaces = LL_OUCH_PORT_NONE;
    link->replaced_by = LL_OUCH_PORT_NONE;
    link->first_execution = LL_OUCH_PORT_NONE;
    link->last_execution = LL_OUCH_PORT_NONE;
    return link;
}

/* From now on the key is used. */
static void consume(struct ll_ouch_port *port, const struct ll_ouch_key *key, struct ll_ouch_link *link,
                    enum ll_ouch_link_state state)
{
    if (is_50(port))
        port->number_last[key->channel] = key->number;
    if (link == NULL)
        return;
    LL_ASSERT(index_of(port, link) == port->link_count);
    uint32_t *bucket = find_bucket(port, key);
    LL_ASSERT(*bucket == 0);
    link->state = (uint8_t)state;
    *bucket = ++port->link_count;
}

/* --- what an order asks for, in the engine's words --------------------------------------------------------------- */

static uint8_t refusal_of(enum ll_matching_verdict verdict)
{
    static const uint8_t refusals[LL_MATCHING_VERDICT_COUNT] = {
        [LL_MATCHING_OK] = LL_OUCH_REFUSAL_NONE,
        [LL_MATCHING_BAD_INSTRUMENT] = LL_OUCH_REFUSAL_SYMBOL,
        [LL_MATCHING_BAD_SIDE] = LL_OUCH_REFUSAL_SIDE,
        [LL_MATCHING_BAD_QUANTITY] = LL_OUCH_REFUSAL_QUANTITY,
        [LL_MATCHING_BAD_PRICE] = LL_OUCH_REFUSAL_PRICE,
        [LL_MATCHING_PRICE_BAND] = LL_OUCH_REFUSAL_BAND,
        [LL_MATCHING_BAD_MINIMUM] = LL_OUCH_REFUSAL_MINIMUM,
        [LL_MATCHING_BAD_TIME_IN_FORCE] = LL_OUCH_REFUSAL_OTHER,
        [LL_MATCHING_BAD_FLAGS] = LL_OUCH_REFUSAL_DISPLAY,
        [LL_MATCHING_HALTED] = LL_OUCH_REFUSAL_HALTED,
        [LL_MATCHING_CLOSED] = LL_OUCH_REFUSAL_CLOSED,
        [LL_MATCHING_FULL] = LL_OUCH_REFUSAL_FULL,
        [LL_MATCHING_UNKNOWN_ORDER] = LL_OUCH_REFUSAL_OTHER,
    };
    return refusals[verdict];
}

uint16_t ll_ouch_refusal_code(const struct ll_ouch_port *port, uint8_t refusal)
{
    switch (refusal) {
#define REFUSAL_CASE(NAME, id50, id42) \
    case LL_OUCH_REFUSAL_##NAME:       \
        return (uint16_t)(is_50(port) ? (int)LL_OUCH50_REJECT_##id50 : (int)LL_OUCH42_REJECT_##id42);
        LL_OUCH_REFUSALS(REFUSAL_CASE)
#undef REFUSAL_CASE
    default:
        LL_ASSERT(refusal <= LL_OUCH_REFUSAL_OTHER);
        return 0;
    }
}

/* A letter that is none gives a side that the engine refuses. */
static uint8_t side_of(char letter)
{
    switch (letter) {
    case LL_OUCH_SIDE_BUY:
        return LL_MATCHING_BUY;
    case LL_OUCH_SIDE_SELL:
        return LL_MATCHING_SELL;
    case LL_OUCH_SIDE_SHORT:
        return LL_MATCHING_SHORT;
    case LL_OUCH_SIDE_SHORT_EXEMPT:
        return LL_MATCHING_SHORT_EXEMPT;
    default:
        return UINT8_MAX;
    }
}

static uint8_t time_in_force_of(const struct ll_ouch_port *port, const struct ll_ouch_link *terms)
{
    uint32_t ioc = is_50(port) ? (uint32_t)LL_OUCH50_TIF_IOC : (uint32_t)LL_OUCH42_TIF_IOC;
    return terms->time_in_force == ioc ? LL_MATCHING_IOC : LL_MATCHING_DAY;
}

static uint8_t flags_of(const struct ll_ouch_link *terms)
{
    uint32_t flags = 0;
    if (terms->price >= LL_OUCH_PRICE_MARKET_FROM)
        flags |= LL_MATCHING_MARKET;
    if (terms->post_only)
        flags |= LL_MATCHING_POST_ONLY;
    if (terms->display == LL_OUCH_DISPLAY_HIDDEN)
        flags |= LL_MATCHING_HIDDEN;
    if (terms->display == LL_OUCH_DISPLAY_ATTRIBUTABLE || terms->display == 'L')
        flags |= LL_MATCHING_ATTRIBUTED;
    return (uint8_t)flags;
}

static uint32_t price_of(const struct ll_ouch_link *terms)
{
    return terms->price >= LL_OUCH_PRICE_MARKET_FROM ? 0 : (uint32_t)terms->price;
}

/* 5.0 says that a minimum is made of round lots. */
static bool minimum_is_good(const struct ll_ouch_port *port, const struct ll_ouch_link *terms)
{
    if (!is_50(port) || terms->minimum == 0 || terms->instrument == LL_MATCHING_ALL)
        return true;
    return terms->minimum % ll_matching_instrument(port->matching, terms->instrument)->lot == 0;
}

/* LL_OUCH_PORT_FIRMS_MAX = not one of the account's. */
static uint32_t find_firm(const struct ll_ouch_port *port, const char firm[LL_MATCHING_FIRM_BYTES])
{
    for (uint32_t i = 0; i < port->config.firm_count; i++)
        if (memcmp(port->config.firms[i], firm, LL_MATCHING_FIRM_BYTES) == 0)
            return i;
    return LL_OUCH_PORT_FIRMS_MAX;
}

static bool firm_may_enter(const struct ll_ouch_port *port, const char firm[LL_MATCHING_FIRM_BYTES])
{
    uint32_t at = find_firm(port, firm);
    return at < LL_OUCH_PORT_FIRMS_MAX && !port->firm_disabled[at];
}

/* Both are drawn for every order, so that their streams go on alike. */
static uint8_t draw_refusal(struct ll_ouch_port *port)
{
    bool is_retry = ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_REJECT_RETRY);
    bool is_final = ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_REJECT_FINAL);
    if (is_retry)
        return LL_OUCH_REFUSAL_RATE;
    return is_final ? LL_OUCH_REFUSAL_EXPOSURE : LL_OUCH_REFUSAL_NONE;
}

/* The new link is rejected, and its key used up. `link` may be NULL: no room to keep it. */
static void refuse(struct ll_ouch_port *port, const struct ll_ouch_request *request,
                   struct ll_ouch_link *link, uint8_t refusal, uint64_t now_ns)
{
    struct ll_ouch_link unkept = request->terms;
    struct ll_ouch_link *rejected = link != NULL ? link : &unkept;
    rejected->reason = ll_ouch_refusal_code(port, refusal);
    consume(port, &request->key, link, LL_OUCH_LINK_REJECTED);
    port->counters.rejected++;
    ll_ouch_put_rejected(port, rejected, now_ns);
}

/* A live order may expire, and may be cancelled for no reason. */
static void set_timers(struct ll_ouch_port *port, uint32_t link, uint64_t now_ns)
{
    const struct ll_ouch_link *opened = &port->links[link];
    bool is_cancel = ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_CANCEL);
    uint64_t wait_ns =
        ll_ouch_port_draw_ns(port, LL_OUCH_PORT_FAULT_CANCEL, port->config.faults.cancel_ns_max);
    if (opened->state != LL_OUCH_LINK_LIVE)
        return;
    if (opened->expire_s != 0)
        ll_timers_set(&port->timers, ll_ouch_timer_expire(link), now_ns + opened->expire_s * NS_PER_S);
    if (is_cancel)
        ll_timers_set(&port->timers, ll_ouch_timer_cancel(link), now_ns + wait_ns);
}

/* --- requests ------------------------------------------------------------------------------------------------- */

static void work_enter(struct ll_ouch_port *port, struct ll_ouch_request *request, uint64_t now_ns)
{
    struct ll_ouch_link *terms = &request->terms;
    if (was_used(port, &request->key)) {
        port->counters.ignored++;
        return;
    }
    terms->instrument = ll_matching_find_symbol(port->matching, terms->symbol);
    uint8_t refusal = draw_refusal(port);
    if (request->refusal != LL_OUCH_REFUSAL_NONE)
        refusal = request->refusal;
    if (!firm_may_enter(port, terms->firm))
        refusal = LL_OUCH_REFUSAL_FIRM;
    else if (!minimum_is_good(port, terms))
        refusal = LL_OUCH_REFUSAL_MINIMUM;
    struct ll_ouch_link *link = prepare_link(port, terms, now_ns);
    if (link == NULL)
        refusal = LL_OUCH_REFUSAL_FULL;
    if (refusal != LL_OUCH_REFUSAL_NONE) {
        refuse(port, request, link, refusal, now_ns);
        return;
    }
    struct ll_matching_enter enter = {.owner = owner_of(port, index_of(port, link)),
                                      .group = port->config.group,
                                      .instrument = terms->instrument,
                                      .quantity = terms->quantity,
                                      .minimum = terms->minimum,
                                      .price = price_of(terms),
                                      .side = side_of(terms->side),
                                      .time_in_force = time_in_force_of(port, terms),
                                      .flags = flags_of(terms)};
    memcpy(enter.firm, terms->firm, sizeof enter.firm);
    link->state = LL_OUCH_LINK_LIVE;
    enum ll_matching_verdict verdict = ll_matching_enter(port->matching, &enter, now_ns);
    if (verdict != LL_MATCHING_OK) {
        refuse(port, request, link, refusal_of(verdict), now_ns);
        return;
    }
    ll_ouch_port_flush_held(port, now_ns);
    consume(port, &request->key, link, (enum ll_ouch_link_state)link->state);
    set_timers(port, index_of(port, link), now_ns);
}

/* The new link's terms: what the message names over what the old link has. */
static struct ll_ouch_link replace_terms(const struct ll_ouch_port *port,
                                         const struct ll_ouch_request *request,
                                         const struct ll_ouch_link *before)
{
    const struct ll_ouch_link *asked = &request->terms;
    struct ll_ouch_link terms = *before;
    terms.number = asked->number;
    terms.channel = asked->channel;
    terms.has_channel = asked->has_channel;
    memcpy(terms.name, asked->name, sizeof terms.name);
    terms.quantity = asked->quantity;
    terms.price = asked->price;
    terms.time_in_force = asked->time_in_force;
    terms.display = asked->display;
    terms.sweep = asked->sweep;
    if (request->has_minimum)
        terms.minimum = asked->minimum;
    if (request->has_post_only)
        terms.post_only = asked->post_only;
    if (request->has_expire)
        terms.expire_s = asked->expire_s;
    if (is_50(port) && terms.time_in_force != LL_OUCH50_TIF_GTT)
        terms.expire_s = 0;
    if (request->has_side)
        terms.side = asked->side;
    return terms;
}

/* S, T and E may become each other. */
static bool may_become(char side, char wanted)
{
    return side == wanted || (side != LL_OUCH_SIDE_BUY && strchr("STE", wanted) != NULL && wanted != '\0');
}

static bool replace_is_valid(const struct ll_ouch_port *port, const struct ll_ouch_request *request,
                             const struct ll_ouch_link *before, const struct ll_ouch_link *terms)
{
    if (request->refusal != LL_OUCH_REFUSAL_NONE || !may_become(before->side, terms->side))
        return false;
    if (is_50(port) && terms->time_in_force == LL_OUCH50_TIF_GTT &&
        (terms->expire_s == 0 || terms->expire_s >= 86400))
        return false;
    return terms->quantity <= LL_OUCH_QUANTITY_MAX && terms->quantity > before->chain_used &&
           minimum_is_good(port, terms);
}

/* Outcome 2: the order goes, and the new key is not used. */
static void cancel_instead(struct ll_ouch_port *port, const struct ll_ouch_link *before, uint64_t now_ns)
{
    enum ll_matching_verdict verdict =
        ll_matching_cancel(port->matching, before->reference, LL_MATCHING_REASON_USER, now_ns);
    LL_ASSERT(verdict == LL_MATCHING_OK);
}

/* The outcomes are numbered as in the documents. */
static void work_replace(struct ll_ouch_port *port, struct ll_ouch_request *request, uint64_t now_ns)
{
    struct ll_ouch_link *before = find_live(port, &request->target);
    bool is_fill = ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_FILL_ON_REPLACE);
    if (before != NULL && is_fill && !was_used(port, &request->key))
        fill(port, LL_OUCH_PORT_FAULT_FILL_ON_REPLACE, before, now_ns);
    if (before == NULL || before->state != LL_OUCH_LINK_LIVE || was_used(port, &request->key)) {
        port->counters.ignored++; /* 1 */
        return;
    }
    struct ll_ouch_link terms = replace_terms(port, request, before);
    if (!replace_is_valid(port, request, before, &terms)) {
        cancel_instead(port, before, now_ns); /* 2 */
        return;
    }
    uint8_t refusal = draw_refusal(port);
    if (!firm_may_enter(port, terms.firm))
        refusal = LL_OUCH_REFUSAL_FIRM;
    struct ll_ouch_link *link = prepare_link(port, &terms, now_ns);
    if (link == NULL)
        refusal = LL_OUCH_REFUSAL_FULL;
    request->terms = terms;
    if (refusal != LL_OUCH_REFUSAL_NONE) {
        refuse(port, request, link, refusal, now_ns); /* 3 */
        return;
    }
    struct ll_matching_replace replace = {.reference = before->reference,
                                          .owner = owner_of(port, index_of(port, link)),
                                          .quantity = terms.quantity - before->chain_used,
                                          .minimum = terms.minimum,
                                          .price = price_of(&terms),
                                          .time_in_force = time_in_force_of(port, &terms),
                                          .flags = flags_of(&terms)};
    link->state = LL_OUCH_LINK_LIVE;
    enum ll_matching_verdict verdict = ll_matching_replace(port->matching, &replace, now_ns);
    if (verdict == LL_MATCHING_HALTED || verdict == LL_MATCHING_CLOSED || verdict == LL_MATCHING_FULL) {
        refuse(port, request, link, refusal_of(verdict), now_ns); /* 3 */
    } else if (verdict != LL_MATCHING_OK) {
        cancel_instead(port, before, now_ns); /* 2 */
    } else {
        ll_ouch_port_flush_held(port, now_ns); /* 4 */
        consume(port, &request->key, link, (enum ll_ouch_link_state)link->state);
        set_timers(port, index_of(port, link), now_ns);
    }
}

/* What stays open when the chain may execute no more than `size` in all. */
static uint32_t open_of_size(const struct ll_ouch_link *link, uint32_t size)
{
    return size > link->chain_used ? size - link->chain_used : 0;
}

static void work_cancel(struct ll_ouch_port *port, const struct ll_ouch_request *request, uint64_t now_ns)
{
    struct ll_ouch_link *link = find_live(port, &request->key);
    if (ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_FILL_ON_CANCEL) && link != NULL)
        fill(port, LL_OUCH_PORT_FAULT_FILL_ON_CANCEL, link, now_ns);
    uint32_t open = link != NULL ? open_of_size(link, request->terms.quantity) : 0;
    if (link == NULL || link->state != LL_OUCH_LINK_LIVE || open >= link->open) {
        port->counters.ignored++;
        return;
    }
    enum ll_matching_verdict verdict =
        ll_matching_reduce(port->matching, link->reference, open, LL_MATCHING_REASON_USER, now_ns);
    LL_ASSERT(verdict == LL_MATCHING_OK);
}

/* 4.2 only: more than before is a new place in the queue. False = the engine does not take it. */
static bool raise(struct ll_ouch_port *port, struct ll_ouch_link *link, uint32_t open, uint64_t now_ns)
{
    struct ll_matching_replace replace = {.reference = link->reference,
                                          .owner = owner_of(port, index_of(port, link)),
                                          .quantity = open,
                                          .price = price_of(link),
                                          .time_in_force = time_in_force_of(port, link),
                                          .flags = flags_of(link)};
    uint32_t more = open - link->open;
    if (ll_matching_replace(port->matching, &replace, now_ns) != LL_MATCHING_OK)
        return false;
    link->quantity += more;
    return true;
}

static void work_modify(struct ll_ouch_port *port, const struct ll_ouch_request *request, uint64_t now_ns)
{
    struct ll_ouch_link *link = find_live(port, &request->key);
    const struct ll_ouch_link *asked = &request->terms;
    uint32_t open = link != NULL ? open_of_size(link, asked->quantity) : 0;
    bool is_ignored = link == NULL || !may_become(link->side, asked->side) ||
                      asked->quantity > LL_OUCH_QUANTITY_MAX || (is_50(port) && open > link->open) ||
                      (open == link->open && asked->side == link->side);
    if (is_ignored) {
        port->counters.ignored++;
        return;
    }
    if (open == 0) {
        (void)ll_matching_cancel(port->matching, link->reference, LL_MATCHING_REASON_USER, now_ns);
        return;
    }
    bool is_raised = open > link->open;
    port->modifying = index_of(port, link);
    bool is_done = true;
    if (is_raised)
        is_done = raise(port, link, open, now_ns);
    else if (open < link->open)
        is_done = ll_matching_reduce(port->matching, link->reference, open, LL_MATCHING_REASON_USER,
                                     now_ns) == LL_MATCHING_OK;
    port->modifying = LL_OUCH_PORT_NONE;
    if (!is_done) {
        port->counters.ignored++;
        return;
    }
    link->side = asked->side;
    ll_ouch_put_modified(port, link, now_ns);
    if (is_raised)
        ll_ouch_put_priority(port, link, now_ns);
}

struct mass_cancel {
    const struct ll_ouch_port *port;
    const struct ll_ouch_request *request;
};

static bool is_wanted(void *context, const struct ll_matching_order *order)
{
    const struct mass_cancel *mass_cancel = context;
    const struct ll_ouch_port *port = mass_cancel->port;
    const struct ll_ouch_link *wanted = &mass_cancel->request->terms;
    if (order->owner >> LL_OUCH_OWNER_PORT_SHIFT != port->config.number)
        return false;
    const struct ll_ouch_link *link = &port->links[(uint32_t)order->owner];
    if (memcmp(link->firm, wanted->firm, sizeof link->firm) != 0)
        return false;
    if (mass_cancel->request->has_side && link->side != wanted->side)
        return false;
    return !wanted->has_group_id || (link->has_group_id ? link->group_id : 0) == wanted->group_id;
}

/* Answered first, then carried out: the document leaves the order open. */
static void mass_cancel(struct ll_ouch_port *port, const struct ll_ouch_request *request, uint32_t instrument,
                        uint64_t now_ns)
{
    struct mass_cancel context = {port, request};
    ll_ouch_put_administrative(port, request, now_ns);
    (void)ll_matching_mass_cancel(port->matching, instrument, is_wanted, &context, LL_MATCHING_REASON_USER,
                                  now_ns);
}

/* Mass cancel, disable and enable: each uses a number, and names a firm. */
static void work_firm(struct ll_ouch_port *port, struct ll_ouch_request *request, uint64_t now_ns)
{
    static const char blank[LL_MATCHING_SYMBOL_BYTES] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
    const struct ll_ouch_link *terms = &request->terms;
    bool is_mass_cancel = request->kind == LL_OUCH_REQUEST_MASS_CANCEL;
    bool is_everything = memcmp(terms->symbol, blank, sizeof blank) == 0;
    uint32_t firm = find_firm(port, terms->firm);
    uint32_t instrument = LL_MATCHING_ALL;
    if (was_used(port, &request->key)) {
        port->counters.ignored++;
        return;
    }
    if (is_mass_cancel && !is_everything)
        instrument = ll_matching_find_symbol(port->matching, terms->symbol);
    struct ll_ouch_link *link = prepare_link(port, terms, now_ns);
    memset(request->terms.name, ' ', sizeof request->terms.name);
    if (link != NULL)
        memset(link->name, ' ', sizeof link->name);
    if (firm == LL_OUCH_PORT_FIRMS_MAX) {
        refuse(port, request, link, LL_OUCH_REFUSAL_FIRM, now_ns);
        return;
    }
    if (is_mass_cancel && !is_everything && instrument == LL_MATCHING_ALL) {
        refuse(port, request, link, LL_OUCH_REFUSAL_SYMBOL, now_ns);
        return;
    }
    consume(port, &request->key, link, LL_OUCH_LINK_USED);
    if (is_mass_cancel) {
        mass_cancel(port, request, instrument, now_ns);
        return;
    }
    port->firm_disabled[firm] = request->kind == LL_OUCH_REQUEST_DISABLE;
    ll_ouch_put_administrative(port, request, now_ns);
}

static void work(struct ll_ouch_port *port, struct ll_ouch_request *request, uint64_t now_ns)
{
    switch (request->kind) {
    case LL_OUCH_REQUEST_ENTER:
        work_enter(port, request, now_ns);
        break;
    case LL_OUCH_REQUEST_REPLACE:
        work_replace(port, request, now_ns);
        break;
    case LL_OUCH_REQUEST_CANCEL:
        work_cancel(port, request, now_ns);
        break;
    case LL_OUCH_REQUEST_MODIFY:
        work_modify(port, request, now_ns);
        break;
    case LL_OUCH_REQUEST_QUERY:
        ll_ouch_put_administrative(port, request, now_ns);
        break;
    default:
        work_firm(port, request, now_ns);
        break;
    }
}

void ll_ouch_port_receive(struct ll_ouch_port *port, const uint8_t *message, uint32_t message_bytes,
                          uint64_t now_ns)
{
    struct ll_ouch_request request;
    const struct ll_ouch_port_faults *faults = &port->config.faults;
    LL_ASSERT(port->matching != NULL);
    port->counters.received++;
    bool is_dropped = ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_DROP);
    if (faults->drop_every != 0 && port->counters.received % faults->drop_every == 0)
        is_dropped = true;
    if (ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_DROP_LOST)) {
        port->door.drop(port->door.context);
        return;
    }
    if (ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_SILENCE))
        port->silent_until_ns =
            now_ns + ll_ouch_port_draw_ns(port, LL_OUCH_PORT_FAULT_SILENCE, faults->silence_ns_max);
    if (ll_ouch_port_decode(port, message, message_bytes, &request) == LL_OK)
        work(port, &request, now_ns);
    else
        port->counters.malformed++;
    if (is_dropped)
        port->door.drop(port->door.context);
}

/* --- time ----------------------------------------------------------------------------------------------------- */

static void cancel_live(struct ll_ouch_port *port, uint32_t link, enum ll_matching_reason reason,
                        uint64_t now_ns)
{
    if (port->links[link].state == LL_OUCH_LINK_LIVE)
        (void)ll_matching_cancel(port->matching, port->links[link].reference, reason, now_ns);
}

void ll_ouch_port_poll(struct ll_ouch_port *port, uint64_t now_ns)
{
    uint32_t bust_first = ll_ouch_timer_bust(port, 0);
    for (;;) {
        uint32_t timer = ll_timers_pop_due(&port->timers, now_ns);
        if (timer == LL_TIMER_NONE)
            break;
        if (timer >= bust_first)
            (void)ll_matching_break_trade(port->matching, port->executions[timer - bust_first].match_number,
                                          LL_OUCH_BROKEN_ERRONEOUS, now_ns); /* may have been broken before */
        else if (timer % 2 == 0)
            cancel_live(port, timer / 2, LL_MATCHING_REASON_TIMEOUT, now_ns);
        else
            cancel_live(port, timer / 2, LL_MATCHING_REASON_SUPERVISORY, now_ns);
    }
    ll_ouch_port_release(port, now_ns);
}

void ll_ouch_port_start_of_day(struct ll_ouch_port *port, uint64_t now_ns)
{
    ll_ouch_put_system(port, LL_OUCH_EVENT_START_OF_DAY, now_ns);
}

void ll_ouch_port_end_of_day(struct ll_ouch_port *port, uint64_t now_ns)
{
    ll_ouch_put_system(port, LL_OUCH_EVENT_END_OF_DAY, now_ns);
    ll_ouch_port_release(port, UINT64_MAX);
}

/* --- questions -------------------------------------------------------------------------------------------------- */

uint8_t ll_ouch_port_protocol(const struct ll_ouch_port *port)
{
    return port->config.protocol;
}

uint32_t ll_ouch_port_link_count(const struct ll_ouch_port *port)
{
    return port->link_count;
}

const struct ll_ouch_link *ll_ouch_port_link(const struct ll_ouch_port *port, uint32_t link)
{
    LL_ASSERT(link < port->link_count);
    return &port->links[link];
}

const struct ll_ouch_execution *ll_ouch_port_execution(const struct ll_ouch_port *port, uint32_t execution)
{
    LL_ASSERT(execution < port->execution_count);
    return &port->executions[execution];
}

uint32_t ll_ouch_port_waiting(const struct ll_ouch_port *port)
{
    return port->answer_count;
}

const struct ll_ouch_port_counters *ll_ouch_port_counters(const struct ll_ouch_port *port)
{
    return &port->counters;
}
