/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_clients.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "tests/sim/ll_sim_venue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS_ASKED   2048u
#define CLIENTS_NAMED   16384u
#define CLIENTS_BUCKETS 32768u /* a power of two, and twice as many as names */
#define CLIENT_PENDING  16u    /* requests without an answer; as many as the door has room for */
#define CLIENT_TRIES    24u    /* orders looked at for one to do something with */
#define CLIENT_CASH     UINT64_C(100000000000)
#define CLIENT_LOTS     UINT64_C(10000000)
#define CLIENT_ROUND    100u /* lots that the instruments trade in */
#define CLIENT_REST_NS  (50 * LL_NS_PER_MS)
#define CLIENT_AGAIN_NS (2 * LL_NS_PER_S) /* a request that was not answered for so long is asked again */

enum pending_kind { PENDING_NONE, PENDING_FUNDS, PENDING_PLACE, PENDING_ACTION, PENDING_STATUS };

struct pending {
    int64_t request;
    uint32_t asked;
    enum pending_kind kind;
    char id[LIFELINE_ID_BYTES]; /* that the action has, when we gave it one */
};

struct client {
    struct ll_prng prng;
    struct lifeline *gateway;
    bool is_in;
    bool is_funded;         /* its deposits were answered; they are asked again until then */
    uint64_t rest_until_ns; /* after a refusal: what was refused now will be refused again */
    uint64_t next_ns;       /* quiet: when it looks after its orders again */
    char account[8];
    struct pending pending[CLIENT_PENDING];
};

struct ll_sim_clients {
    struct ll_sim_clients_config config;
    struct client client[LL_SIM_CLIENTS_MAX];
    uint32_t client_count;
    bool is_quiet;
    uint64_t now_ns;
    uint64_t durable_event_id;
    uint32_t asked_count;
    uint32_t named_count;
    uint32_t action_count;
    struct ll_sim_asked asked[CLIENTS_ASKED];
    uint32_t owner[CLIENTS_ASKED]; /* client */
    bool is_known[CLIENTS_ASKED];  /* whether the gateway has it was answered */
    struct ll_sim_named named[CLIENTS_NAMED];
    uint32_t bucket[CLIENTS_BUCKETS]; /* named + 1 */
};

/* --- what is remembered ------------------------------------------------------------------------------------ */

static uint32_t text_hash(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

/* NULL = nobody has named it yet. */
static struct ll_sim_named *find_named(struct ll_sim_clients *clients, const char *id, uint32_t *bucket)
{
    uint32_t at = text_hash(id) & (CLIENTS_BUCKETS - 1);
    for (; clients->bucket[at] != 0; at = (at + 1) & (CLIENTS_BUCKETS - 1))
        if (strcmp(clients->named[clients->bucket[at] - 1].id, id) == 0)
            return &clients->named[clients->bucket[at] - 1];
    *bucket = at;
    return NULL;
}

static void name(struct ll_sim_clients *clients, const char *id, uint32_t asked, bool is_durable)
{
    uint32_t bucket;
    if (id[0] == '\0' || clients->named_count == CLIENTS_NAMED)
        return;
    struct ll_sim_named *named = find_named(clients, id, &bucket);
    if (named == NULL) {
        named = &clients->named[clients->named_count++];
        clients->bucket[bucket] = clients->named_count;
        (void)snprintf(named->id, sizeof named->id, "%s", id);
        named->asked = asked;
    }
    named->is_durable |= is_durable;
}

static bool has_ended(uint8_t status)
{
    return status == LIFELINE_STATE_FILLED || status == LIFELINE_STATE_CANCELLED ||
           status == LIFELINE_STATE_REJECTED || status == LIFELINE_STATE_EXPIRED;
}

/* What an event says about an order that was asked for. */
static void learn(struct ll_sim_clients *clients, uint32_t index, const struct lifeline_event *event)
{
    struct ll_sim_asked *asked = &clients->asked[index];
    clients->is_known[index] = true;
    (void)snprintf(asked->order_id, sizeof asked->order_id, "%s", event->order_id);
    /* Events of one order come in order, but an answer that says how it stands may come before them. */
    if (event->event_id >= asked->event_id) {
        asked->status = (uint8_t)event->state;
        asked->event_id = event->event_id;
    }
    asked->is_durable |= event->is_durable;
    name(clients, event->order_id, index, event->is_durable);
}

static struct pending *find_pending(struct client *client, int64_t request)
{
    for (uint32_t i = 0; i < CLIENT_PENDING; i++)
        if (client->pending[i].kind != PENDING_NONE && client->pending[i].request == request)
            return &client->pending[i];
    return NULL;
}

static void take_answer(struct ll_sim_clients *clients, struct client *client, struct pending *pending,
                        const struct lifeline_event *event)
{
    bool is_good = event->kind == LIFELINE_EVENT_ACCEPTED || event->kind == LIFELINE_EVENT_EXISTING ||
                   event->kind == LIFELINE_EVENT_RESOLVED;
    if (pending->kind == PENDING_FUNDS) {
        client->is_funded |= is_good;
    } else if (is_good && event->order_id[0] != '\0') {
        if (pending->kind != PENDING_ACTION)
            learn(clients, pending->asked, event);
        /* An exit has an order of its own, whose name stands in the event. */
        else if (strcmp(event->order_id, clients->asked[pending->asked].order_id) == 0)
            name(clients, pending->id, pending->asked, event->is_durable);
    } else if (pending->kind != PENDING_ACTION) {
        client->rest_until_ns = clients->now_ns + CLIENT_REST_NS;
        /* Refused, or nobody knows it: then there is no such order, unless an earlier answer named it. */
        clients->is_known[pending->asked] = true;
        clients->asked[pending->asked].is_refused = clients->asked[pending->asked].order_id[0] == '\0';
    }
    pending->kind = PENDING_NONE;
}

static void take_news(struct ll_sim_clients *clients, const struct lifeline_event *event)
{
    uint32_t bucket;
    const struct ll_sim_named *named =
        event->order_id[0] == '\0' ? NULL : find_named(clients, event->order_id, &bucket);
    if (named != NULL)
        learn(clients, named->asked, event);
}

static void trace_event(const struct ll_sim_clients *clients, const struct client *client,
                        const struct lifeline_event *event)
{
    if (clients->config.trace == NULL)
        return;
    (void)fprintf(clients->config.trace, "       %s: %s %s %s, order '%s', id '%s'", client->account,
                  lifeline_event_name((int)event->kind), lifeline_command_name(event->command),
                  lifeline_state_name((int)event->state), event->order_id, event->lifecycle_id);
    if (event->kind == LIFELINE_EVENT_REFUSED)
        (void)fprintf(clients->config.trace, ", %s: %" PRIu64 " against %" PRIu64,
                      lifeline_refusal_name(event->refusal), event->value, event->limit);
    (void)fputc('\n', clients->config.trace);
}

static void take_event(struct ll_sim_clients *clients, struct client *client,
                       const struct lifeline_event *event)
{
    trace_event(clients, client, event);
    if (event->is_durable && event->event_id > clients->durable_event_id)
        clients->durable_event_id = event->event_id;
    struct pending *pending = event->request == 0 ? NULL : find_pending(client, (int64_t)event->request);
    if (pending != NULL)
        take_answer(clients, client, pending, event);
    else if (event->kind == LIFELINE_EVENT_ORDER || event->kind == LIFELINE_EVENT_TRIGGERED)
        take_news(clients, event);
}

/* --- coming and going --------------------------------------------------------------------------------------- */

/* What was not answered will not be: it is asked again. */
static void forget_pending(struct client *client)
{
    memset(client->pending, 0, sizeof client->pending);
}

static void come_in(struct ll_sim_clients *clients, struct client *client)
{
    forget_pending(client);
    if (client->gateway == NULL)
        client->is_in = lifeline_open(&client->gateway, clients->config.door_path) == LIFELINE_OK;
    else
        client->is_in = lifeline_reopen(client->gateway) == LIFELINE_OK;
    if (client->is_in)
        client->is_in = lifeline_subscribe(client->gateway, LIFELINE_NEWS_OWN) == LIFELINE_OK;
}

/* As one that dies does: events stay unread. */
static void leave(struct client *client)
{
    lifeline_close(client->gateway);
    client->gateway = NULL;
    client->is_in = false;
    forget_pending(client);
}

static void read_events(struct ll_sim_clients *clients, struct client *client)
{
    struct lifeline_event event;
    int came = 0;
    while (client->is_in && (came = lifeline_poll(client->gateway, &event)) == 1)
        take_event(clients, client, &event);
    if (came < 0)
        client->is_in = false;
}

/* --- asking -------------------------------------------------------------------------------------------------- */

static struct pending *free_pending(struct client *client)
{
    for (uint32_t i = 0; i < CLIENT_PENDING; i++)
        if (client->pending[i].kind == PENDING_NONE)
            return &client->pending[i];
    return NULL;
}

/* Remembers a request that was taken; one that was not is as if it had never been. */
static void expect(struct client *client, int64_t request, enum pending_kind kind, uint32_t asked,
                   const char *id)
{
    struct pending *pending = free_pending(client);
    if (request == LIFELINE_ERR_GONE)
        client->is_in = false;
    if (request <= 0 || pending == NULL)
        return;
    *pending = (struct pending){.request = request, .asked = asked, .kind = kind};
    (void)snprintf(pending->id, sizeof pending->id, "%s", id);
}

static void fund(struct client *client)
{
    char key[LIFELINE_ID_BYTES];
    for (uint32_t i = 0; i < LL_SIM_INSTRUMENTS; i++) {
        (void)snprintf(key, sizeof key, "lots-%s-%u", client->account, i);
        expect(client,
               lifeline_deposit(client->gateway, client->account, ll_sim_venue_symbol(i), CLIENT_LOTS, key),
               PENDING_FUNDS, 0, "");
    }
    (void)snprintf(key, sizeof key, "cash-%s", client->account);
    expect(client, lifeline_deposit(client->gateway, client->account, NULL, CLIENT_CASH, key), PENDING_FUNDS,
           0, "");
}

/* The same key always gives the same order: so it can be asked again at any time. */
static void place(struct ll_sim_clients *clients, uint32_t index)
{
    struct client *client = &clients->client[clients->owner[index]];
    const struct ll_sim_asked *asked = &clients->asked[index];
    struct ll_prng prng;
    ll_prng_init(&prng, clients->config.seed ^ text_hash(asked->key));
    uint32_t close = ll_sim_venue_price(asked->instrument);
    uint32_t reach = close / 200; /* half a percent to either side */
    uint64_t price = close - reach + ll_prng_below(&prng, 2 * reach);
    struct lifeline_order order = {
        .account = asked->account,
        .user = asked->account,
        .strategy = "SIM",
        .symbol = ll_sim_venue_symbol(asked->instrument),
        .client_order_id = asked->key,
        .quantity_lots = CLIENT_ROUND * (1 + (uint64_t)ll_prng_below(&prng, 12)),
        .price_ticks = price - price % 100,
        .side = ll_prng_chance(&prng, 500) ? LIFELINE_BUY : LIFELINE_SELL,
        .time_in_force = ll_prng_chance(&prng, 100) ? LIFELINE_IOC : LIFELINE_DAY,
        .session = (uint8_t)ll_prng_below(&prng, LL_SIM_SESSIONS),
    };
    if (ll_prng_chance(&prng, 100))
        order.stop_price_ticks = order.side == LIFELINE_BUY ? close - 3 * reach : close + 3 * reach;
    expect(client, lifeline_place(client->gateway, &order), PENDING_PLACE, index, "");
}

static void place_new(struct ll_sim_clients *clients, uint32_t number)
{
    struct client *client = &clients->client[number];
    if (clients->asked_count == CLIENTS_ASKED)
        return;
    uint32_t index = clients->asked_count++;
    struct ll_sim_asked *asked = &clients->asked[index];
    char account[sizeof client
                     ->account]; /* a copy: both are parts of one object, and gcc warns of an overlap */
    memcpy(account, client->account, sizeof account);
    (void)snprintf(asked->key, sizeof asked->key, "%s-%u", account, index);
    (void)snprintf(asked->account, sizeof asked->account, "%s", account);
    asked->instrument = ll_prng_below(&client->prng, LL_SIM_INSTRUMENTS);
    clients->owner[index] = number;
    place(clients, index);
}

/* One of the client's orders that the gateway has, live or, seldom, one that has ended; CLIENTS_ASKED = none found. */
static uint32_t pick_order(struct ll_sim_clients *clients, uint32_t number)
{
    struct client *client = &clients->client[number];
    bool wants_live = !ll_prng_chance(&client->prng, 50);
    for (uint32_t tries = 0; tries < CLIENT_TRIES && clients->asked_count != 0; tries++) {
        uint32_t index = ll_prng_below(&client->prng, clients->asked_count);
        const struct ll_sim_asked *asked = &clients->asked[index];
        if (clients->owner[index] == number && asked->order_id[0] != '\0' &&
            has_ended(asked->status) != wants_live)
            return index;
    }
    return CLIENTS_ASKED;
}

static void act(struct ll_sim_clients *clients, uint32_t number)
{
    struct client *client = &clients->client[number];
    struct lifeline *gateway = client->gateway;
    uint32_t index = pick_order(clients, number);
    char id[LIFELINE_ID_BYTES];
    int64_t request = 0;
    if (index == CLIENTS_ASKED)
        return;
    const char *target = clients->asked[index].order_id;
    (void)snprintf(id, sizeof id, "act-%u", clients->action_count++);
    uint64_t price = ll_sim_venue_price(clients->asked[index].instrument) +
                     100 * (uint64_t)ll_prng_below(&client->prng, 50) - 2500;
    switch (ll_prng_below(&client->prng, 9)) {
    case 0:
    case 1:
        request = lifeline_replace(gateway, target, id,
                                   CLIENT_ROUND * (1 + (uint64_t)ll_prng_below(&client->prng, 16)), price);
        break;
    case 2:
        request = lifeline_stoploss_add(gateway, target, id, price);
        break;
    case 3:
        request = lifeline_stoploss_cancel(gateway, target, id);
        break;
    case 4:
        request = lifeline_takeprofit_add(gateway, target, id, price);
        break;
    case 5:
        request = lifeline_id_add(gateway, target, LIFELINE_ID_MODIFY, id, "by hand");
        break;
    case 6:
        request = lifeline_close_position(gateway, target, id, price);
        break;
    default:
        request = lifeline_cancel(gateway, target, id, 0);
        break;
    }
    expect(client, request, PENDING_ACTION, index, id);
}

/* Orders of which we do not know whether the gateway has them are asked for again, under the same key. */
static void ask_again(struct ll_sim_clients *clients, uint32_t number)
{
    for (uint32_t index = 0; index < clients->asked_count; index++)
        if (clients->owner[index] == number && !clients->is_known[index])
            place(clients, index);
}

/* Quiet: finds out how every order stands, and ends those that live. */
static void wind_up(struct ll_sim_clients *clients, uint32_t number)
{
    struct client *client = &clients->client[number];
    for (uint32_t index = 0; index < clients->asked_count; index++) {
        const struct ll_sim_asked *asked = &clients->asked[index];
        if (clients->owner[index] != number || asked->is_refused ||
            (clients->is_known[index] && has_ended(asked->status)))
            continue;
        if (asked->order_id[0] == '\0') {
            place(clients, index); /* whether it was taken is found out by asking for it again */
            continue;
        }
        expect(client, lifeline_status(client->gateway, asked->order_id), PENDING_STATUS, index, "");
        expect(client, lifeline_cancel(client->gateway, asked->order_id, NULL, 0), PENDING_ACTION, index, "");
    }
}

static void turn(struct ll_sim_clients *clients, uint32_t number)
{
    struct client *client = &clients->client[number];
    if (!client->is_in) {
        if (ll_prng_chance(&client->prng, 100))
            come_in(clients, client);
        return;
    }
    if (ll_prng_chance(&client->prng, 700))
        read_events(clients, client);
    if (ll_sim_strikes(clients->config.faults, LL_SIM_CLIENT_GONE)) {
        leave(client);
        return;
    }
    if (clients->now_ns >= client->next_ns) {
        client->next_ns = clients->now_ns + CLIENT_AGAIN_NS;
        forget_pending(client);
        if (!client->is_funded)
            fund(client);
        if (clients->is_quiet)
            wind_up(clients, number);
        else
            ask_again(clients, number);
    }
    if (clients->is_quiet || !client->is_in || !client->is_funded || free_pending(client) == NULL)
        return;
    if (clients->asked_count != 0 && ll_sim_strikes(clients->config.faults, LL_SIM_CLIENT_REPEAT)) {
        uint32_t index = ll_prng_below(&client->prng, clients->asked_count);
        if (clients->owner[index] == number)
            place(clients, index);
    }
    if (clients->now_ns >= client->rest_until_ns && ll_prng_chance(&client->prng, 60))
        place_new(clients, number);
    if (ll_prng_chance(&client->prng, 40))
        act(clients, number);
}

/* --- for the run --------------------------------------------------------------------------------------------- */

struct ll_sim_clients *ll_sim_clients_new(const struct ll_sim_clients_config *config)
{
    struct ll_prng prng;
    struct ll_sim_clients *clients = calloc(1, sizeof *clients);
    LL_ASSERT(clients != NULL);
    clients->config = *config;
    ll_prng_init(&prng, config->seed);
    clients->client_count = 1 + ll_prng_below(&prng, LL_SIM_CLIENTS_MAX);
    for (uint32_t i = 0; i < clients->client_count; i++) {
        ll_prng_init(&clients->client[i].prng, ll_prng_next(&prng));
        (void)snprintf(clients->client[i].account, sizeof clients->client[i].account, "SIM%u",
                       i % LL_SIM_CLIENTS_MAX); /* which i is below, but not every compiler sees it */
    }
    return clients;
}

void ll_sim_clients_free(struct ll_sim_clients *clients)
{
    for (uint32_t i = 0; i < clients->client_count; i++)
        leave(&clients->client[i]);
    free(clients);
}

void ll_sim_clients_turn(struct ll_sim_clients *clients, uint64_t now_ns)
{
    clients->now_ns = now_ns;
    for (uint32_t i = 0; i < clients->client_count; i++)
        turn(clients, i);
}

void ll_sim_clients_quiet(struct ll_sim_clients *clients)
{
    clients->is_quiet = true;
}

bool ll_sim_clients_are_settled(const struct ll_sim_clients *clients)
{
    for (uint32_t i = 0; i < clients->asked_count; i++) {
        const struct ll_sim_asked *asked = &clients->asked[i];
        if (!clients->is_known[i] || (!asked->is_refused && !has_ended(asked->status)))
            return false;
    }
    return true;
}

uint32_t ll_sim_clients_asked_count(const struct ll_sim_clients *clients)
{
    return clients->asked_count;
}

const struct ll_sim_asked *ll_sim_clients_asked(const struct ll_sim_clients *clients, uint32_t index)
{
    LL_ASSERT(index < clients->asked_count);
    return &clients->asked[index];
}

uint32_t ll_sim_clients_named_count(const struct ll_sim_clients *clients)
{
    return clients->named_count;
}

const struct ll_sim_named *ll_sim_clients_named(const struct ll_sim_clients *clients, uint32_t index)
{
    LL_ASSERT(index < clients->named_count);
    return &clients->named[index];
}

uint64_t ll_sim_clients_durable_event_id(const struct ll_sim_clients *clients)
{
    return clients->durable_event_id;
}
