/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo strategy `lifeline-strategy`: some clients of a running gateway that do all that a client can do, at random
 * and by a seed. It knows nothing of the gateway but liblifeline; an example of a program that keeps many orders.
 *
 * Shape    One thread and one handle for each client: come in, deposit, try until orders are taken, act at a rate, read
 *          what comes; at the end cancel what lives and read until all is answered. Then one summary of all clients.
 * Units    prices in ticks of 1/10,000, quantities in lots, ns.
 * Errors   exit status: 0 done, 1 the gateway went away and did not come back or lost events, 2 usage, 3 no gateway.
 * Threads  a client belongs to its thread; the stop flag is the only thing they share.
 */
#include "host/app/ll_exit.h"
#include "host/app/ll_stop.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_decimal.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "host/base/ll_prng.h"
#include "host/client/lifeline.h"

#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLIENTS_MAX     64u
#define SYMBOLS_MAX     64u
#define SYMBOL_BYTES    9u
#define EXITS           96u  /* orders that closed something, kept in mind to be cancelled at the end */
#define SLOTS           48u  /* orders that a client keeps in mind */
#define PENDING         128u /* requests of a client that may be unanswered, a power of two */
#define REFUSALS        64u
#define TICK            100u /* steps of a price: 0.01 */
#define PRICE_DECIMALS  4u
#define NAP_NS          UINT64_C(100000)
#define TRY_NS          (100 * LL_NS_PER_MS)
#define LATE_NS         (100 * LL_NS_PER_MS) /* behind by more than this, a client lets go of what it missed */
#define ANSWER_NS       (5 * LL_NS_PER_S)
#define CLEAN_UP_NS     (5 * LL_NS_PER_S)
#define MONEY_PER_WHOLE UINT64_C(10000)
#define NO_SLOT         UINT32_MAX

/* A(NAME, "text", per mille): what a client does, and how often. What is left of the thousand are new orders. */
#define ACTIONS(A)                                \
    A(PLACE, "place", 0)                          \
    A(REPLACE, "replace", 100)                    \
    A(CANCEL, "cancel", 150)                      \
    A(CLOSE, "close", 150)                        \
    A(STOPLOSS_ADD, "stoploss-add", 80)           \
    A(STOPLOSS_CANCEL, "stoploss-cancel", 40)     \
    A(TAKEPROFIT_ADD, "takeprofit-add", 80)       \
    A(TAKEPROFIT_CANCEL, "takeprofit-cancel", 40) \
    A(RESOLVE, "resolve", 20)                     \
    A(STATUS, "status", 20)

enum action {
#define ACTION_ENUM(name, text, per_mille) ACTION_##name,
    ACTIONS(ACTION_ENUM)
#undef ACTION_ENUM
        ACTION_COUNT
};

static const struct {
    const char *text;
    uint32_t per_mille;
} actions[ACTION_COUNT] = {
#define ACTION_ROW(name, text, per_mille) {text, per_mille},
    ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

struct options {
    const char *door;
    const char *symbol;
    const char *account;
    uint64_t clients;
    uint64_t rate_per_s;
    uint64_t duration_ns;
    uint64_t wait_ns;
    uint64_t seed;
    uint64_t deposit;
    uint64_t lot;
    uint64_t lots;
    uint64_t wrong_per_mille;
    bool json;
    /* What follows from it. */
    uint32_t symbol_count;
    char symbols[SYMBOLS_MAX][SYMBOL_BYTES];
    uint64_t prices[SYMBOLS_MAX];
};

/* C(name, "text") */
#define COUNTS(C)                                                    \
    C(requests, "requests")                                          \
    C(accepted, "accepted")                                          \
    C(existing, "asked before")                                      \
    C(refused, "refused")                                            \
    C(resolved, "resolved")                                          \
    C(unanswered, "unanswered")                                      \
    C(tries, "tries before orders were taken")                       \
    C(skipped, "actions skipped: too many requests were unanswered") \
    C(orders, "orders taken")                                        \
    C(fills, "fills")                                                \
    C(filled_lots, "lots filled")                                    \
    C(triggers, "stop-losses and take-profits triggered")            \
    C(failed, "cancels and replaces that came to nothing")           \
    C(lost, "events lost")                                           \
    C(reopens, "times the gateway was come back to")

struct counts {
#define COUNT_FIELD(name, text) uint64_t name;
    COUNTS(COUNT_FIELD)
#undef COUNT_FIELD
    uint64_t value; /* of all fills, price times lots */
    uint64_t asked[ACTION_COUNT];
    uint64_t refusals[REFUSALS];
};

/* An order a client keeps in mind. */
struct slot {
    char id[LIFELINE_ID_BYTES];
    uint32_t order; /* number in the gateway */
    uint32_t symbol;
    uint64_t cumulative_lots;
    bool is_used;
    bool is_known; /* the gateway has taken it: `id` and `order` are right */
    bool has_ended;
    bool is_sell;
    bool is_exit; /* only followed */
};

struct pending {
    uint64_t request; /* 0 = none */
    uint64_t sent_ns;
    uint32_t slot;
    enum action action;
};

struct client {
    const struct options *options;
    struct lifeline *gateway;
    struct ll_prng prng;
    pthread_t thread;
    uint32_t number;
    uint32_t outstanding;
    uint64_t serial; /* of orders */
    char account[17];
    char strategy[17];
    char last_key[LIFELINE_ID_BYTES]; /* client_order_id of the last order */
    uint64_t prices[SYMBOLS_MAX];
    struct slot slots[SLOTS + EXITS];
    struct pending pending[PENDING];
    struct counts counts;
    struct ll_histogram answer_ns;
    int exit;
    char error[256];
};

/* --- Options ------------------------------------------------------------------------------------------------ */

#define ROW(name, type, field, min, max, value, help)                            \
    {                                                                            \
        name, type, offsetof(struct options, field), min, max, value, NULL, help \
    }

static const struct ll_option table[] = {
    ROW("door", LL_OPTION_STRING, door, 0, 0, "PATH",
        "the gateway's door (default: $LIFELINE_DOOR, else /dev/shm/lifeline-UID)"),
    ROW("symbol", LL_OPTION_STRING, symbol, 0, 0, "NAME:PRICE,...",
        "what to trade, and a price to begin around; later ones come from own fills (default AAPL:150)"),
    ROW("clients", LL_OPTION_U64, clients, 1, CLIENTS_MAX, "N",
        "threads, each a client of its own (default 1)"),
    ROW("rate", LL_OPTION_U64, rate_per_s, 1, 1000000, "N",
        "actions of each client per second (default 100)"),
    ROW("duration", LL_OPTION_DURATION, duration_ns, 0, 86400 * LL_NS_PER_S, "TIME",
        "end after this long (default 10s); 0: at Ctrl-C"),
    ROW("wait", LL_OPTION_DURATION, wait_ns, 0, 3600 * LL_NS_PER_S, "TIME",
        "wait this long for a gateway, and for its session with the venue to open (default 10s)"),
    ROW("seed", LL_OPTION_U64, seed, 0, UINT64_MAX, "N",
        "what is done follows from it, and so do the keys of the orders (default 1)"),
    ROW("account", LL_OPTION_STRING, account, 0, 0, "NAME",
        "accounts are NAME-1, NAME-2 ..., one for each client; at most 12 characters (default DEMO)"),
    ROW("deposit", LL_OPTION_U64, deposit, 0, UINT64_C(100000000000), "N",
        "money for each account, and as many lots of each instrument as that would buy of it among all of "
        "them "
        "(default 10000000)"),
    ROW("lot", LL_OPTION_U64, lot, 1, 1000000, "N",
        "round lot: quantities are multiples of it (default 100)"),
    ROW("lots", LL_OPTION_U64, lots, 1, 10000, "N", "largest order, in round lots (default 3)"),
    ROW("wrong", LL_OPTION_U64, wrong_per_mille, 0, 1000, "PER-MILLE",
        "of a thousand new orders so many have a price or size no limit should let through, and as many are "
        "said "
        "twice (default 20)"),
    ROW("json", LL_OPTION_FLAG, json, 0, 0, NULL, "print the summary as one JSON object"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char help_text[] =
    "usage: lifeline-strategy [options]\n"
    "\n"
    "Trades at random with a running lifelined, so that one sees it work: deposits money and lots, places "
    "entries\n"
    "around the market, adds, moves and cancels stop-losses and take-profits, replaces, cancels, closes "
    "positions,\n"
    "resolves identifiers, and now and then does what a gateway has to refuse. At the end it cancels what "
    "still\n"
    "lives and prints what came of it. It uses nothing but liblifeline, as your own strategy would\n"
    "(docs/client.md; a whole one in a page: docs/examples/strategy.c).\n"
    "\n"
    "  lifeline-strategy --symbol AAPL:150.34,MSFT:400 --clients 4 --rate 500 --duration 30s\n"
    "  lifeline-strategy --symbol ZXZZT:10 --wrong 500           see the limits at work\n"
    "  lifeline-strategy --seed 7                                 again with another day's keys\n"
    "\n"
    "What is done follows from --seed. So do the client_order_ids: a second run with the same seed and the "
    "same\n"
    "journal is answered `existing` and makes no second order; give another seed.\n"
    "\n"
    "Exit: 0 done, 1 the gateway went away, or requests stayed unanswered, or events were lost, 2 usage, 3 "
    "no\n"
    "gateway, or it took no order in time.\n"
    "\n"
    "options:\n";

/* "AAPL:150.34,MSFT:400" */
static int parse_symbols(struct options *options, struct ll_why *why)
{
    const char *at = options->symbol;
    while (*at != '\0') {
        char price[32];
        size_t name_bytes = strcspn(at, ":,");
        size_t part_bytes = strcspn(at, ",");
        if (options->symbol_count == SYMBOLS_MAX)
            return LL_FAIL(why, LL_ERR_USAGE, "--symbol: at most %u", SYMBOLS_MAX);
        if (name_bytes == 0 || name_bytes >= SYMBOL_BYTES || part_bytes <= name_bytes + 1 ||
            part_bytes - name_bytes > sizeof price)
            return LL_FAIL(why, LL_ERR_USAGE,
                           "--symbol '%.40s': give NAME:PRICE,NAME:PRICE, such as AAPL:150.34", at);
        memcpy(options->symbols[options->symbol_count], at, name_bytes);
        memcpy(price, at + name_bytes + 1, part_bytes - name_bytes - 1);
        price[part_bytes - name_bytes - 1] = '\0';
        uint64_t *ticks = &options->prices[options->symbol_count];
        int status = ll_decimal_parse(price, PRICE_DECIMALS, ticks, why);
        if (status != LL_OK)
            return status;
        if (*ticks < (uint64_t)100 * TICK || *ticks > (uint64_t)100000 * MONEY_PER_WHOLE)
            return LL_FAIL(why, LL_ERR_USAGE, "--symbol: a price from 1 to 100000, not %s", price);
        options->symbol_count++;
        at += part_bytes + (at[part_bytes] == ',');
    }
    return LL_OK;
}

static int parse_options(struct options *options, int argc, char **argv, int *help, struct ll_why *why)
{
    struct ll_operands operands;
    *options = (struct options){.symbol = "AAPL:150",
                                .account = "DEMO",
                                .clients = 1,
                                .rate_per_s = 100,
                                .duration_ns = 10 * LL_NS_PER_S,
                                .wait_ns = 10 * LL_NS_PER_S,
                                .seed = 1,
                                .deposit = 10000000,
                                .lot = 100,
                                .lots = 3,
                                .wrong_per_mille = 20};
    int status = ll_options_parse(table, argc, argv, options, &operands, help, why);
    if (status != LL_OK || *help != 0)
        return status;
    if (operands.count != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is no option", operands.value[0]);
    if (options->account[0] == '\0' || strlen(options->account) > 12)
        return LL_FAIL(why, LL_ERR_USAGE, "--account: 1 to 12 characters");
    status = parse_symbols(options, why);
    if (status == LL_OK && options->symbol_count == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "--symbol: name at least one");
    return status;
}

/* --- What a client keeps in mind ------------------------------------------------------------------------------ */

static void nap(uint64_t ns)
{
    const struct timespec pause = {(time_t)(ns / LL_NS_PER_S), (long)(ns % LL_NS_PER_S)};
    (void)nanosleep(&pause, NULL);
}

static void remember(struct client *client, int64_t request, enum action action, uint32_t slot)
{
    struct pending *pending = &client->pending[(uint64_t)request % PENDING];
    if (pending->request != 0) { /* overtaken by PENDING others */
        client->counts.unanswered++;
        client->outstanding--;
    }
    *pending = (struct pending){(uint64_t)request, ll_clock_mono_ns(), slot, action};
    client->outstanding++;
    client->counts.requests++;
    client->counts.asked[action]++;
}

static uint32_t free_slot(const struct client *client)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        if (!client->slots[i].is_used)
            return i;
    return NO_SLOT;
}

/* A known order, any of them alike; NO_SLOT = there is none. With `ended` the ones whose position is still open. */
static uint32_t some_slot(struct client *client, bool ended)
{
    uint32_t first = ll_prng_below(&client->prng, SLOTS);
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t at = (first + i) % SLOTS;
        const struct slot *slot = &client->slots[at];
        if (slot->is_used && slot->is_known && slot->has_ended == ended)
            return at;
    }
    return NO_SLOT;
}

static struct slot *slot_of_order(struct client *client, uint32_t order)
{
    for (uint32_t i = 0; i < SLOTS + EXITS; i++)
        if (client->slots[i].is_used && client->slots[i].is_known && client->slots[i].order == order)
            return &client->slots[i];
    return NULL;
}

/* An order without fills that has ended is of no more use. */
static void follow(struct slot *slot, const struct lifeline_event *event)
{
    slot->cumulative_lots = event->cumulative_lots;
    slot->has_ended = event->state >= LIFELINE_STATE_FILLED && event->state != LIFELINE_STATE_FAILED;
    if (slot->has_ended && slot->cumulative_lots == 0)
        slot->is_used = false;
}

/* --- What the gateway says ---------------------------------------------------------------------------------- */

static void read_answer(struct client *client, const struct lifeline_event *event)
{
    struct pending *pending = &client->pending[event->request % PENDING];
    if (pending->request != event->request)
        return; /* given up before */
    struct slot *slot = pending->slot != NO_SLOT ? &client->slots[pending->slot] : NULL;
    bool taken = event->kind == LIFELINE_EVENT_ACCEPTED || event->kind == LIFELINE_EVENT_EXISTING;
    ll_histogram_record(&client->answer_ns, ll_clock_mono_ns() - pending->sent_ns, 1);
    client->counts.accepted += event->kind == LIFELINE_EVENT_ACCEPTED;
    client->counts.existing += event->kind == LIFELINE_EVENT_EXISTING;
    client->counts.refused += event->kind == LIFELINE_EVENT_REFUSED;
    client->counts.resolved += event->kind == LIFELINE_EVENT_RESOLVED;
    if (event->kind == LIFELINE_EVENT_REFUSED)
        client->counts.refusals[(uint32_t)event->refusal % REFUSALS]++;
    if (pending->action == ACTION_PLACE && slot != NULL && event->kind == LIFELINE_EVENT_ACCEPTED) {
        struct slot *early = slot_of_order(client, event->order);
        if (early != NULL) /* its first news overtook the answer */
            early->is_used = false;
        client->counts.orders++;
        memcpy(slot->id, event->order_id, sizeof slot->id);
        slot->order = event->order;
        slot->is_known = true;
        follow(slot, event);
    } else if (pending->action == ACTION_PLACE && slot != NULL) {
        slot->is_used = false; /* no order of it, or one that has a place already */
    } else if (pending->action == ACTION_CLOSE && slot != NULL && taken) {
        slot->is_used = false; /* its position is being closed */
    } else if (slot != NULL && event->kind == LIFELINE_EVENT_REFUSED &&
               strcmp(lifeline_refusal_name(event->refusal), "order_ended") == 0 && !slot->has_ended) {
        slot->is_used = false; /* the news of its end overtook the answer */
    }
    pending->request = 0;
    client->outstanding--;
}

/* An exit order of ours that the gateway made: of a close, a stop-loss or a take-profit. */
static void adopt(struct client *client, const struct lifeline_event *event)
{
    for (uint32_t i = SLOTS; i < SLOTS + EXITS; i++) {
        struct slot *slot = &client->slots[i];
        if (slot->is_used)
            continue;
        *slot = (struct slot){.order = event->order, .is_used = true, .is_known = true, .is_exit = true};
        memcpy(slot->id, event->order_id, sizeof slot->id);
        follow(slot, event);
        slot->is_used = !slot->has_ended;
        return;
    }
}

static void read_news(struct client *client, const struct lifeline_event *event)
{
    struct slot *slot = slot_of_order(client, event->order);
    client->counts.triggers += event->kind == LIFELINE_EVENT_TRIGGERED;
    client->counts.failed += event->kind == LIFELINE_EVENT_REQUEST_FAILED;
    if (event->kind == LIFELINE_EVENT_LOST)
        client->counts.lost += event->value;
    if (event->kind != LIFELINE_EVENT_ORDER)
        return;
    if (event->last_quantity_lots != 0) {
        client->counts.fills++;
        client->counts.filled_lots += event->last_quantity_lots;
        client->counts.value += event->last_quantity_lots * event->last_price_ticks;
        if (slot != NULL && !slot->is_exit)
            client->prices[slot->symbol] = event->last_price_ticks;
    }
    if (slot == NULL) {
        adopt(client, event);
        return;
    }
    follow(slot, event);
    if (slot->is_exit && slot->has_ended)
        slot->is_used = false;
}

/* All that is there. Returns how many, or an error. */
static int read_events(struct client *client)
{
    struct lifeline_event event;
    int count = 0;
    int got;
    while ((got = lifeline_poll(client->gateway, &event)) > 0) {
        if (event.request != 0)
            read_answer(client, &event);
        else
            read_news(client, &event);
        count++;
    }
    return got < 0 ? got : count;
}

/* --- What a client does --------------------------------------------------------------------------------------- */

/* The price `bps` of 1/10,000 away from what is known of the market, on a tick. */
static uint64_t price_at(const struct client *client, uint32_t symbol, int32_t bps)
{
    int64_t price = (int64_t)client->prices[symbol];
    int64_t away = price + price * bps / 10000;
    return (uint64_t)(away / TICK) * TICK;
}

static int32_t random_bps(struct client *client, int32_t from, int32_t to)
{
    return from + (int32_t)ll_prng_below(&client->prng, (uint32_t)(to - from + 1));
}

static uint64_t random_lots(struct client *client)
{
    return (1 + ll_prng_below(&client->prng, (uint32_t)client->options->lots)) * client->options->lot;
}

/* What limits are there for: a fat finger, or a price far from the market. */
static void spoil(struct client *client, struct lifeline_order *order)
{
    if (ll_prng_chance(&client->prng, 500))
        order->quantity_lots *= 10000;
    else
        order->price_ticks *= 2;
}

static int64_t place(struct client *client, uint32_t slot)
{
    char key[LIFELINE_ID_BYTES];
    uint32_t symbol = ll_prng_below(&client->prng, client->options->symbol_count);
    bool is_sell = ll_prng_chance(&client->prng, 400);
    /* Half of them meet the market, the others wait for it. */
    struct lifeline_order order = {
        .account = client->account,
        .strategy = client->strategy,
        .symbol = client->options->symbols[symbol],
        .client_order_id = key,
        .side = is_sell ? LIFELINE_SELL : LIFELINE_BUY,
        .quantity_lots = random_lots(client),
        .price_ticks = price_at(client, symbol, random_bps(client, -30, 30)),
    };
    if (ll_prng_chance(&client->prng, 200))
        order.stop_price_ticks =
            price_at(client, symbol, is_sell ? random_bps(client, 60, 300) : random_bps(client, -300, -60));
    if (ll_prng_chance(&client->prng, 200))
        order.take_price_ticks =
            price_at(client, symbol, is_sell ? random_bps(client, -300, -60) : random_bps(client, 60, 300));
    (void)snprintf(key, sizeof key, "%s-%" PRIu64 "-%" PRIu64, client->account, client->options->seed,
                   ++client->serial);
    if (ll_prng_chance(&client->prng, (uint32_t)client->options->wrong_per_mille))
        spoil(client, &order);
    else if (client->last_key[0] != '\0' &&
             ll_prng_chance(&client->prng, (uint32_t)client->options->wrong_per_mille))
        memcpy(key, client->last_key, sizeof key);
    memcpy(client->last_key, key, sizeof client->last_key);
    client->slots[slot] = (struct slot){.symbol = symbol, .is_used = true, .is_sell = is_sell};
    int64_t request = lifeline_place(client->gateway, &order);
    client->slots[slot].is_used = request > 0;
    return request;
}

static int64_t guard(struct client *client, const struct slot *slot, enum action action)
{
    /* A stop-loss is below what was bought and above what was sold; a take-profit the other way round. */
    bool is_above = (action == ACTION_TAKEPROFIT_ADD) != slot->is_sell;
    uint64_t price =
        price_at(client, slot->symbol, is_above ? random_bps(client, 5, 200) : random_bps(client, -200, -5));
    if (action == ACTION_TAKEPROFIT_ADD)
        return lifeline_takeprofit_add(client->gateway, slot->id, NULL, price);
    return lifeline_stoploss_add(client->gateway, slot->id, NULL, price);
}

static int64_t ask(struct client *client, uint32_t at, enum action action)
{
    struct slot *slot = &client->slots[at];
    uint64_t market_or_limit = 0;
    switch (action) {
    case ACTION_REPLACE:
        return lifeline_replace(client->gateway, slot->id, NULL, slot->cumulative_lots + random_lots(client),
                                price_at(client, slot->symbol, random_bps(client, -30, 30)));
    case ACTION_CANCEL:
        return lifeline_cancel(client->gateway, slot->id, NULL, 0);
    case ACTION_CLOSE:
        if (ll_prng_chance(&client->prng, 700))
            market_or_limit = price_at(client, slot->symbol, slot->is_sell ? 40 : -40);
        return lifeline_close_position(client->gateway, slot->id, NULL, market_or_limit);
    case ACTION_STOPLOSS_ADD:
    case ACTION_TAKEPROFIT_ADD:
        return guard(client, slot, action);
    case ACTION_STOPLOSS_CANCEL:
        return lifeline_stoploss_cancel(client->gateway, slot->id, NULL);
    case ACTION_TAKEPROFIT_CANCEL:
        return lifeline_takeprofit_cancel(client->gateway, slot->id, NULL);
    case ACTION_RESOLVE:
        return lifeline_resolve(client->gateway, slot->id);
    case ACTION_STATUS:
        return lifeline_status(client->gateway, slot->id);
    default:
        return place(client, at);
    }
}

static enum action choose(struct client *client)
{
    uint32_t draw = ll_prng_below(&client->prng, 1000);
    for (uint32_t action = 0; action < ACTION_COUNT; action++) {
        if (draw < actions[action].per_mille)
            return (enum action)action;
        draw -= actions[action].per_mille;
    }
    return ACTION_PLACE;
}

/* One action; an error when the gateway has gone. */
static int act(struct client *client)
{
    enum action action = choose(client);
    if (client->outstanding > PENDING / 2) {
        client->counts.skipped++;
        return LIFELINE_OK;
    }
    /* When all places are taken, the next thing to do is to close. */
    if (action == ACTION_PLACE && free_slot(client) == NO_SLOT)
        action = ACTION_CLOSE;
    uint32_t slot = action == ACTION_PLACE ? free_slot(client) : some_slot(client, action == ACTION_CLOSE);
    if (slot == NO_SLOT && action == ACTION_CLOSE) {
        action = ACTION_CANCEL;
        slot = some_slot(client, false);
    }
    if (slot == NO_SLOT) {
        action = ACTION_PLACE;
        slot = free_slot(client);
    }
    if (slot == NO_SLOT)
        return LIFELINE_OK;
    int64_t request = ask(client, slot, action);
    if (request > 0)
        remember(client, request, action, slot);
    else if (request == LIFELINE_ERR_FULL)
        client->counts.skipped++;
    else
        return (int)request;
    return LIFELINE_OK;
}

/* --- A client's day -------------------------------------------------------------------------------------------- */

static int fail(struct client *client, int exit_code, const char *what)
{
    client->exit = exit_code;
    (void)snprintf(client->error, sizeof client->error, "%s: %s", what, lifeline_error_text(client->gateway));
    return exit_code;
}

static int come_in(struct client *client, uint64_t end_ns)
{
    int err = lifeline_open(&client->gateway, client->options->door);
    while (err == LIFELINE_ERR_NO_GATEWAY && ll_clock_mono_ns() < end_ns && !ll_stop_requested()) {
        nap(TRY_NS);
        err = lifeline_reopen(client->gateway);
    }
    if (err == LIFELINE_OK)
        err = lifeline_subscribe(client->gateway, LIFELINE_NEWS_OWN);
    return err == LIFELINE_OK ? 0 : fail(client, LL_EXIT_ENVIRONMENT, "cannot come in");
}

/* What passes by itself: the session opens, limits are loaded, the feed names an instrument and brings a price. */
static bool passes(const struct lifeline_event *event)
{
    static const char *const passing[] = {"not_open", "no_reference", "halted", "no_limits",
                                          "unknown_instrument"};
    for (uint32_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (event->kind == LIFELINE_EVENT_REFUSED &&
            strcmp(lifeline_refusal_name(event->refusal), passing[i]) == 0)
            return true;
    return false;
}

static int refused_for_good(struct client *client, const char *what, const struct lifeline_event *event)
{
    client->exit = LL_EXIT_ENVIRONMENT;
    (void)snprintf(client->error, sizeof client->error, "%s was refused: %s", what,
                   lifeline_refusal_name(event->refusal));
    return client->exit;
}

/* `asset` NULL = money. */
static int deposit(struct client *client, const char *asset, uint64_t amount, uint64_t end_ns)
{
    struct lifeline_event event;
    char key[LIFELINE_ID_BYTES];
    (void)snprintf(key, sizeof key, "%s-%" PRIu64 "-%s", client->account, client->options->seed,
                   asset != NULL ? asset : "money");
    for (;;) {
        int64_t request = lifeline_deposit(client->gateway, client->account, asset, amount, key);
        int err = request < 0 ? (int)request : lifeline_wait(client->gateway, request, ANSWER_NS, &event);
        if (err != LIFELINE_OK)
            return fail(client, LL_EXIT_ENVIRONMENT, "no deposit");
        if (event.kind != LIFELINE_EVENT_REFUSED)
            return 0;
        if (!passes(&event) || ll_clock_mono_ns() >= end_ns || ll_stop_requested())
            return refused_for_good(client, "the deposit", &event);
        client->counts.tries++;
        nap(TRY_NS);
    }
}

static int deposit_all(struct client *client, uint64_t end_ns)
{
    const struct options *options = client->options;
    uint64_t money = options->deposit * MONEY_PER_WHOLE;
    if (money == 0)
        return 0;
    int failed = deposit(client, NULL, money, end_ns);
    for (uint32_t i = 0; i < options->symbol_count && failed == 0; i++)
        failed = deposit(client, options->symbols[i], money / options->prices[i] / options->symbol_count + 1,
                         end_ns);
    return failed;
}

/* A round lot far below the market for each symbol, until the gateway takes orders. They are cancelled at once. */
static int wait_until_open(struct client *client, uint64_t end_ns)
{
    struct lifeline_event event;
    for (uint32_t symbol = 0; symbol < client->options->symbol_count;) {
        char key[LIFELINE_ID_BYTES];
        const struct lifeline_order order = {.account = client->account,
                                             .strategy = client->strategy,
                                             .symbol = client->options->symbols[symbol],
                                             .client_order_id = key,
                                             .time_in_force = LIFELINE_IOC,
                                             .quantity_lots = client->options->lot,
                                             .price_ticks = price_at(client, symbol, -100)};
        (void)snprintf(key, sizeof key, "%s-%" PRIu64 "-try-%" PRIu64, client->account, client->options->seed,
                       client->counts.tries++);
        int64_t request = lifeline_place(client->gateway, &order);
        int err = request < 0 ? (int)request : lifeline_wait(client->gateway, request, ANSWER_NS, &event);
        if (err != LIFELINE_OK)
            return fail(client, LL_EXIT_ENVIRONMENT, "no answer");
        if (!passes(&event)) {
            symbol++;
            continue;
        }
        if (ll_clock_mono_ns() >= end_ns || ll_stop_requested())
            return refused_for_good(client, "every order", &event);
        nap(TRY_NS);
    }
    return 0;
}

/* The gateway went away: what was not answered is given up, its orders are not forgotten by the gateway. */
static int come_back(struct client *client)
{
    uint64_t end_ns = ll_clock_mono_ns() + client->options->wait_ns;
    int err = lifeline_reopen(client->gateway);
    while (err < 0 && ll_clock_mono_ns() < end_ns && !ll_stop_requested()) {
        nap(TRY_NS);
        err = lifeline_reopen(client->gateway);
    }
    if (err < 0)
        return fail(client, LL_EXIT_REFUSED, "the gateway went away and did not come back");
    client->counts.unanswered += client->outstanding;
    client->counts.reopens++;
    client->outstanding = 0;
    memset(client->pending, 0, sizeof client->pending);
    memset(client->slots, 0, sizeof client->slots);
    return 0;
}

static int trade(struct client *client)
{
    const struct options *options = client->options;
    uint64_t start_ns = ll_clock_mono_ns();
    uint64_t end_ns = options->duration_ns != 0 ? start_ns + options->duration_ns : UINT64_MAX;
    uint64_t step_ns = LL_NS_PER_S / options->rate_per_s;
    uint64_t next_ns = start_ns;
    uint64_t now_ns = start_ns;
    while (now_ns < end_ns && !ll_stop_requested()) {
        int got = read_events(client);
        if (got >= 0 && now_ns >= next_ns) {
            next_ns = now_ns - next_ns > LATE_NS ? now_ns : next_ns + step_ns;
            got = act(client);
        } else if (got == 0) {
            nap(next_ns - now_ns < NAP_NS ? next_ns - now_ns : NAP_NS);
        }
        if (got < 0 && come_back(client) != 0)
            return client->exit;
        now_ns = ll_clock_mono_ns();
    }
    return 0;
}

/* Cancels what lives, then reads until nothing lives and all is answered. */
static int clean_up(struct client *client)
{
    uint64_t end_ns = ll_clock_mono_ns() + CLEAN_UP_NS;
    uint64_t next_ns = 0;
    uint32_t living = 1;
    while ((living != 0 || client->outstanding != 0) && ll_clock_mono_ns() < end_ns) {
        if (read_events(client) < 0)
            return fail(client, LL_EXIT_REFUSED, "the gateway went away");
        living = 0;
        bool again = ll_clock_mono_ns() >= next_ns;
        if (again)
            next_ns = ll_clock_mono_ns() + TRY_NS;
        for (uint32_t i = 0; i < SLOTS + EXITS; i++) {
            const struct slot *slot = &client->slots[i];
            if (!slot->is_used || slot->has_ended)
                continue;
            living++;
            int64_t request = slot->is_known && again && client->outstanding < PENDING / 2
                                  ? lifeline_cancel(client->gateway, slot->id, NULL, 0)
                                  : 0;
            if (request > 0)
                remember(client, request, ACTION_CANCEL, i);
        }
        nap(NAP_NS);
    }
    client->counts.unanswered += client->outstanding;
    return 0;
}

static void *client_main(void *context)
{
    struct client *client = context;
    uint64_t end_ns = ll_clock_mono_ns() + client->options->wait_ns;
    if (come_in(client, end_ns) == 0 && deposit_all(client, end_ns) == 0 &&
        wait_until_open(client, end_ns) == 0 && trade(client) == 0)
        (void)clean_up(client);
    lifeline_close(client->gateway);
    return NULL;
}

/* --- Summary ----------------------------------------------------------------------------------------------------- */

static void add_counts(struct counts *sum, const struct counts *one)
{
#define COUNT_ADD(name, text) sum->name += one->name;
    COUNTS(COUNT_ADD)
#undef COUNT_ADD
    sum->value += one->value;
    for (uint32_t i = 0; i < ACTION_COUNT; i++)
        sum->asked[i] += one->asked[i];
    for (uint32_t i = 0; i < REFUSALS; i++)
        sum->refusals[i] += one->refusals[i];
}

static void print_summary(const struct counts *sum, const struct ll_histogram *answer_ns)
{
    char value[LL_DECIMAL_TEXT_BYTES];
#define COUNT_PRINT(name, text) \
    if (sum->name != 0)         \
        (void)printf("%12" PRIu64 "  %s\n", sum->name, text);
    COUNTS(COUNT_PRINT)
#undef COUNT_PRINT
    ll_decimal_format(value, sum->value, PRICE_DECIMALS);
    (void)printf("value traded  %s\nasked for    ", value);
    for (uint32_t i = 0; i < ACTION_COUNT; i++)
        (void)printf(" %s %" PRIu64, actions[i].text, sum->asked[i]);
    (void)printf("\nrefused for  ");
    for (uint32_t i = 0; i < REFUSALS; i++)
        if (sum->refusals[i] != 0)
            (void)printf(" %s %" PRIu64, lifeline_refusal_name((int)i), sum->refusals[i]);
    (void)printf("\nanswers after p50 %" PRIu64 " us, p99 %" PRIu64 " us, max %" PRIu64
                 " us; an answer comes when what it says is durable\n",
                 ll_histogram_percentile(answer_ns, 500000) / LL_NS_PER_US,
                 ll_histogram_percentile(answer_ns, 990000) / LL_NS_PER_US, answer_ns->max / LL_NS_PER_US);
}

static void print_json(const struct options *options, const struct counts *sum,
                       const struct ll_histogram *answer_ns)
{
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_u64(&json, "clients", options->clients);
    ll_json_u64(&json, "seed", options->seed);
#define COUNT_JSON(name, text) ll_json_u64(&json, #name, sum->name);
    COUNTS(COUNT_JSON)
#undef COUNT_JSON
    ll_json_u64(&json, "value", sum->value);
    ll_json_begin_object(&json, "asked");
    for (uint32_t i = 0; i < ACTION_COUNT; i++)
        ll_json_u64(&json, actions[i].text, sum->asked[i]);
    ll_json_end_object(&json);
    ll_json_begin_object(&json, "refusals");
    for (uint32_t i = 0; i < REFUSALS; i++)
        if (sum->refusals[i] != 0)
            ll_json_u64(&json, lifeline_refusal_name((int)i), sum->refusals[i]);
    ll_json_end_object(&json);
    ll_json_begin_object(&json, "answer_ns");
    ll_json_u64(&json, "count", answer_ns->count);
    ll_json_u64(&json, "p50", ll_histogram_percentile(answer_ns, 500000));
    ll_json_u64(&json, "p99", ll_histogram_percentile(answer_ns, 990000));
    ll_json_u64(&json, "max", answer_ns->count != 0 ? answer_ns->max : 0);
    ll_json_end_object(&json);
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

/* --- All clients -------------------------------------------------------------------------------------------- */

static void start_client(struct client *client, const struct options *options, uint32_t number)
{
    client->options = options;
    client->number = number;
    ll_prng_init(&client->prng, options->seed * CLIENTS_MAX + number);
    ll_histogram_init(&client->answer_ns);
    memcpy(client->prices, options->prices, sizeof client->prices);
    (void)snprintf(client->account, sizeof client->account, "%.12s-%u", options->account, number + 1);
    (void)snprintf(client->strategy, sizeof client->strategy, "random-%u", number + 1);
    if (pthread_create(&client->thread, NULL, client_main, client) == 0)
        return;
    client->exit = LL_EXIT_ENVIRONMENT;
    (void)snprintf(client->error, sizeof client->error, "no thread for it");
}

static int run(const struct options *options, struct client *clients)
{
    struct counts sum = {0};
    int exit_code = LL_EXIT_OK;
    for (uint32_t i = 0; i < options->clients; i++)
        start_client(&clients[i], options, i);
    for (uint32_t i = 0; i < options->clients; i++) {
        if (clients[i].thread != 0)
            (void)pthread_join(clients[i].thread, NULL);
        add_counts(&sum, &clients[i].counts);
        if (i > 0)
            ll_histogram_add(&clients[0].answer_ns, &clients[i].answer_ns);
        if (clients[i].exit == LL_EXIT_OK)
            continue;
        (void)fprintf(stderr, "lifeline-strategy: client %u: %s\n", i + 1, clients[i].error);
        exit_code = clients[i].exit;
    }
    if (options->json)
        print_json(options, &sum, &clients[0].answer_ns);
    else
        print_summary(&sum, &clients[0].answer_ns);
    if (exit_code == LL_EXIT_OK && sum.unanswered + sum.lost != 0)
        exit_code = LL_EXIT_REFUSED;
    return exit_code;
}

int main(int argc, char **argv)
{
    struct options options;
    struct ll_why why = {0};
    int help = 0;
    if (parse_options(&options, argc, argv, &help, &why) != LL_OK) {
        (void)fprintf(stderr, "lifeline-strategy: %s\nTry: lifeline-strategy --help\n", why.text);
        return LL_EXIT_USAGE;
    }
    if (help != 0) {
        (void)fputs(help_text, stdout);
        ll_options_print_help(table, stdout);
        return LL_EXIT_OK;
    }
    struct client *clients = calloc(options.clients, sizeof *clients);
    if (clients == NULL) {
        (void)fprintf(stderr, "lifeline-strategy: no memory for %" PRIu64 " clients\n", options.clients);
        return LL_EXIT_ENVIRONMENT;
    }
    ll_stop_install();
    int exit_code = run(&options, clients);
    free(clients);
    return exit_code;
}
