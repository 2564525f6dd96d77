/* SPDX-License-Identifier: Apache-2.0 */
#include "host/client/lifeline.h"

#include "hls/ll_life_records.h"
#include "hls/ll_order_states.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_err.h"
#include "host/client/ll_link.h"
#include "host/wire/ll_command.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define LIFELINE_KEPT_MAX    1024u /* events that came while waiting for another; a power of two */
#define LIFELINE_CHECK_NS    (20 * LL_NS_PER_MS)
#define LIFELINE_CHECK_POLLS 256u /* between two looks at the clock */
#define LIFELINE_SPIN_NS     (50 * LL_NS_PER_US)
#define LIFELINE_SLEEP_NS    50000
#define LIFELINE_PATH_BYTES  512u

struct lifeline {
    struct ll_link link;
    struct ll_why why;
    uint64_t request; /* the last number given */
    uint64_t checked_ns;
    uint32_t polls;
    uint32_t subscription;
    uint32_t kept_first;
    uint32_t kept_count;
    char path[LIFELINE_PATH_BYTES];
    struct ll_client_event kept[LIFELINE_KEPT_MAX];
};

/* The public numbers are those of the layout: each list is held against its definition. */
#define LIFELINE_SAME(public_name, name) \
    _Static_assert((int)(public_name) == (int)(name), "a public number is that of the layout");
LIFELINE_SAME(LIFELINE_ID_BYTES, LL_ID_BYTES_MAX + 1)
#define LIFELINE_SAME_ID(name, number, text, prefix) LIFELINE_SAME(LIFELINE_ID_##name, LL_ID_##name)
LL_ID_TYPES(LIFELINE_SAME_ID)
#define LIFELINE_SAME_STATUS(name, number, text) LIFELINE_SAME(LIFELINE_ID_##name, LL_ID_STATUS_##name)
LL_ID_STATUSES(LIFELINE_SAME_STATUS)
#define LIFELINE_SAME_SCOPE(name, number, text) LIFELINE_SAME(LIFELINE_KILL_##name, LL_KILL_##name)
LL_KILL_SCOPES(LIFELINE_SAME_SCOPE)
#define LIFELINE_SAME_EVENT(name, number, text) LIFELINE_SAME(LIFELINE_EVENT_##name, LL_CLIENT_##name)
LL_CLIENT_EVENTS(LIFELINE_SAME_EVENT)
#define LIFELINE_SAME_STATE(name, number, text, live) LIFELINE_SAME(LIFELINE_STATE_##name, LL_ORDER_##name)
LL_ORDER_STATES(LIFELINE_SAME_STATE)
LIFELINE_SAME(LIFELINE_BUY, LL_ORDER_BUY)
LIFELINE_SAME(LIFELINE_SELL, LL_ORDER_SELL)
LIFELINE_SAME(LIFELINE_SELL_SHORT, LL_ORDER_SELL_SHORT)
LIFELINE_SAME(LIFELINE_LIMIT, LL_TYPE_LIMIT)
LIFELINE_SAME(LIFELINE_MARKET, LL_TYPE_MARKET)
LIFELINE_SAME(LIFELINE_STOP, LL_TYPE_STOP)
LIFELINE_SAME(LIFELINE_STOP_LIMIT, LL_TYPE_STOP_LIMIT)
LIFELINE_SAME(LIFELINE_DAY, LL_TIF_DAY)
LIFELINE_SAME(LIFELINE_IOC, LL_TIF_IOC)
LIFELINE_SAME(LIFELINE_FOK, LL_TIF_FOK)
LIFELINE_SAME(LIFELINE_GTC, LL_TIF_GTC)
LIFELINE_SAME(LIFELINE_GTD, LL_TIF_GTD)
LIFELINE_SAME(LIFELINE_NEWS_NONE, LL_SUBSCRIBE_NONE)
LIFELINE_SAME(LIFELINE_NEWS_OWN, LL_SUBSCRIBE_OWN)
LIFELINE_SAME(LIFELINE_NEWS_ALL, LL_SUBSCRIBE_ALL)

/* Puts an error's text into the handle, instead of an older one. */
#define LIFELINE_FAIL(gateway, error, ...) \
    ((void)((gateway)->why.code = LL_OK), (void)LL_FAIL(&(gateway)->why, (error), __VA_ARGS__), (error))

/* ---- the connection ------------------------------------------------------------------------------------- */

static int lifeline_connect(struct lifeline *gateway)
{
    gateway->why.code = LL_OK;
    gateway->checked_ns = ll_clock_mono_ns();
    int err = ll_link_open(&gateway->link, gateway->path, &gateway->why);
    if (err == LL_OK && gateway->subscription != LL_SUBSCRIBE_NONE)
        ll_link_subscribe(&gateway->link, gateway->subscription);
    switch (err) {
    case LL_OK:
        return LIFELINE_OK;
    case LL_ERR_FULL:
        return LIFELINE_ERR_FULL;
    case LL_ERR_IO:
        return LIFELINE_ERR_SYSTEM;
    default: /* no gateway, or a file that is no door of ours */
        return LIFELINE_ERR_NO_GATEWAY;
    }
}

int lifeline_open(struct lifeline **gateway, const char *path)
{
    struct lifeline *made = calloc(1, sizeof *made);
    *gateway = made;
    if (made == NULL)
        return LIFELINE_ERR_SYSTEM;
    if (path == NULL)
        ll_door_default_path(made->path, sizeof made->path);
    else if (path[0] != '\0' && strlen(path) < sizeof made->path)
        memcpy(made->path, path, strlen(path));
    else
        return LIFELINE_FAIL(made, LIFELINE_ERR_ARGUMENT, "the path of a door has 1 to %zu bytes",
                             sizeof made->path - 1);
    return lifeline_connect(made);
}

int lifeline_reopen(struct lifeline *gateway)
{
    if (gateway->path[0] == '\0')
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "lifeline_open was given no usable path");
    ll_link_close(&gateway->link);
    return lifeline_connect(gateway);
}

void lifeline_close(struct lifeline *gateway)
{
    if (gateway == NULL)
        return;
    ll_link_close(&gateway->link);
    free(gateway);
}

const char *lifeline_error_text(const struct lifeline *gateway)
{
    return gateway != NULL ? gateway->why.text : "out of memory";
}

/* What the state of a link means to a caller. */
static int lifeline_link_error(struct lifeline *gateway, int err)
{
    switch (err) {
    case LL_OK:
        return LIFELINE_OK;
    case LL_ERR_FULL:
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_FULL,
                             "the gateway has not taken the last %u requests yet; try again in a moment",
                             gateway->link.shm.requests);
    case LL_ERR_CORRUPT:
        return LIFELINE_FAIL(
            gateway, LIFELINE_ERR_EVICTED,
            "the gateway put this client out, because its shared memory made no sense; look for "
            "a stray write, and for a handle used by two threads or after fork");
    default:
        return LIFELINE_FAIL(
            gateway, LIFELINE_ERR_GONE,
            "the gateway of %.100s has gone; lifeline_reopen when it runs again. What was not "
            "answered may have been taken",
            gateway->path);
    }
}

int lifeline_check(struct lifeline *gateway)
{
    int err = ll_link_state(&gateway->link);
    if (err == LL_OK && !ll_link_gateway_is_alive(&gateway->link))
        err = LL_ERR_STOPPED;
    return lifeline_link_error(gateway, err);
}

int lifeline_subscribe(struct lifeline *gateway, enum lifeline_subscription news)
{
    if ((uint32_t)news > LL_SUBSCRIBE_ALL)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "subscription %d; use NONE, OWN or ALL",
                             (int)news);
    int err = ll_link_state(&gateway->link);
    if (err != LL_OK)
        return lifeline_link_error(gateway, err);
    gateway->subscription = (uint32_t)news;
    ll_link_subscribe(&gateway->link, gateway->subscription);
    return LIFELINE_OK;
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static bool lifeline_is_id(enum ll_command_text which)
{
    return which == LL_TEXT_client_order_id || which == LL_TEXT_lifecycle_id || which == LL_TEXT_target ||
           which == LL_TEXT_reference;
}

/* Adds a text after looking at it; NULL adds nothing. Texts go in in their order. */
static int lifeline_add(struct lifeline *gateway, struct ll_command *command, enum ll_command_text which,
                        const char *text)
{
    static const struct {
        const char *name;
        uint32_t longest;
    } rows[LL_COMMAND_TEXT_COUNT] = {
#define LIFELINE_TEXT_ROW(name, longest) {#name, longest},
        LL_COMMAND_TEXTS(LIFELINE_TEXT_ROW)
#undef LIFELINE_TEXT_ROW
    };
    if (text == NULL)
        return LIFELINE_OK;
    size_t text_bytes = strlen(text);
    const char *name = rows[which].name;
    if (text_bytes == 0 && which != LL_TEXT_notes)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT,
                             "%s is empty; give 1 to %u bytes, or NULL for none", name, rows[which].longest);
    if (text_bytes > rows[which].longest)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "%s has %zu bytes; it takes at most %u", name,
                             text_bytes, rows[which].longest);
    for (size_t i = 0; i < text_bytes && which != LL_TEXT_notes; i++)
        if (!ll_id_text_is_good(text + i, 1))
            return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT,
                                 "%s holds byte 0x%02x at %zu; %s are printable ASCII without space", name,
                                 (unsigned char)text[i], i, lifeline_is_id(which) ? "identifiers" : "names");
    if (ll_command_add_text(command, which, text, (uint32_t)text_bytes) != LL_OK)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT,
                             "with %s the texts of this request exceed %u bytes; shorten them", name,
                             LL_COMMAND_TEXT_BYTES_MAX);
    return LIFELINE_OK;
}

/* The texts of a command, in their order; those in `required` must be there. */
static int lifeline_add_all(struct lifeline *gateway, struct ll_command *command,
                            const char *const texts[LL_COMMAND_TEXT_COUNT], uint32_t required)
{
    static const char *const names[LL_COMMAND_TEXT_COUNT] = {
#define LIFELINE_TEXT_NAME(name, longest) #name,
        LL_COMMAND_TEXTS(LIFELINE_TEXT_NAME)
#undef LIFELINE_TEXT_NAME
    };
    for (uint32_t which = 0; which < LL_COMMAND_TEXT_COUNT; which++) {
        if (texts[which] == NULL && (required & 1u << which) != 0)
            return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "%s needs %s",
                                 ll_command_verb(command->kind), names[which]);
        int err = lifeline_add(gateway, command, (enum ll_command_text)which, texts[which]);
        if (err != LIFELINE_OK)
            return err;
    }
    return LIFELINE_OK;
}

#define LIFELINE_NEEDS(text) (1u << LL_TEXT_##text)

static int64_t lifeline_send(struct lifeline *gateway, struct ll_command *command,
                             const char *const texts[LL_COMMAND_TEXT_COUNT], uint32_t required)
{
    int err = lifeline_add_all(gateway, command, texts, required);
    if (err != LIFELINE_OK)
        return err;
    command->request = gateway->request + 1;
    LL_ASSERT(ll_command_check(command) == LL_OK);
    err = ll_link_send(&gateway->link, command);
    /* A ring that stays full may be that of a gateway that was killed. */
    if (err == LL_ERR_FULL && !ll_link_gateway_is_alive(&gateway->link))
        err = LL_ERR_STOPPED;
    if (err != LL_OK)
        return lifeline_link_error(gateway, err);
    gateway->request++;
    return (int64_t)gateway->request;
}

static int lifeline_check_order(struct lifeline *gateway, const struct lifeline_order *order)
{
    bool has_limit = order->type == LIFELINE_LIMIT || order->type == LIFELINE_STOP_LIMIT;
    bool has_stop = order->type == LIFELINE_STOP || order->type == LIFELINE_STOP_LIMIT;
    if ((uint32_t)order->side > LL_ORDER_SELL_SHORT || (uint32_t)order->type > LL_TYPE_STOP_LIMIT ||
        (uint32_t)order->time_in_force > LL_TIF_GTD)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT,
                             "side %d, type %d, time_in_force %d: one of them is none; use the enums",
                             (int)order->side, (int)order->type, (int)order->time_in_force);
    if (order->quantity_lots == 0)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "quantity_lots is 0; give at least 1");
    if (has_limit && order->price_ticks == 0)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT,
                             "a limit order needs price_ticks; for none use LIFELINE_MARKET");
    if (has_stop && order->stop_price_ticks == 0)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "a stop order needs stop_price_ticks");
    if ((order->time_in_force == LIFELINE_GTD) != (order->expire_ns != 0))
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT,
                             "expire_ns goes with LIFELINE_GTD, and only with it");
    return LIFELINE_OK;
}

int64_t lifeline_place(struct lifeline *gateway, const struct lifeline_order *order)
{
    int err = lifeline_check_order(gateway, order);
    if (err != LIFELINE_OK)
        return err;
    struct ll_command command = {
        .kind = LL_COMMAND_PLACE,
        .quantity = order->quantity_lots,
        .price = order->price_ticks,
        .stop_price = order->stop_price_ticks,
        .take_price = order->take_price_ticks,
        .expected_price = order->expected_price_ticks,
        .expire_ns = order->expire_ns,
        .max_slippage_bps = order->max_slippage_bps,
        .side = (uint8_t)order->side,
        .type = (uint8_t)order->type,
        .time_in_force = (uint8_t)order->time_in_force,
        .flags = (uint8_t)((order->is_exit ? LL_COMMAND_EXIT : 0u) |
                           (order->is_post_only ? LL_COMMAND_POST_ONLY : 0u) |
                           (order->is_demo ? LL_COMMAND_DEMO : 0u)),
        .max_attempts = order->max_attempts,
        .session = order->session,
    };
    const char *const texts[LL_COMMAND_TEXT_COUNT] = {
        [LL_TEXT_account] = order->account,     [LL_TEXT_user] = order->user,
        [LL_TEXT_strategy] = order->strategy,   [LL_TEXT_symbol] = order->symbol,
        [LL_TEXT_notes] = order->notes,         [LL_TEXT_client_order_id] = order->client_order_id,
        [LL_TEXT_reference] = order->reference, [LL_TEXT_lifecycle_id] = order->order_id,
    };
    return lifeline_send(gateway, &command, texts,
                         LIFELINE_NEEDS(account) | LIFELINE_NEEDS(symbol) | LIFELINE_NEEDS(client_order_id));
}

/* An action on an order: its target, and the name of the action. */
static int64_t lifeline_act(struct lifeline *gateway, struct ll_command command, const char *target,
                            const char *id)
{
    const char *const texts[LL_COMMAND_TEXT_COUNT] = {[LL_TEXT_target] = target, [LL_TEXT_lifecycle_id] = id};
    return lifeline_send(gateway, &command, texts, LIFELINE_NEEDS(target));
}

int64_t lifeline_cancel(struct lifeline *gateway, const char *target, const char *cancel_id,
                        uint64_t stay_lots)
{
    struct ll_command command = {.kind = LL_COMMAND_CANCEL, .quantity = stay_lots};
    return lifeline_act(gateway, command, target, cancel_id);
}

int64_t lifeline_replace(struct lifeline *gateway, const char *target, const char *modify_id,
                         uint64_t quantity_lots, uint64_t price_ticks)
{
    struct ll_command command = {.kind = LL_COMMAND_REPLACE, .quantity = quantity_lots, .price = price_ticks};
    if (quantity_lots == 0)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT,
                             "quantity_lots is 0; to end the order cancel it");
    if (price_ticks == 0)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "a replace needs price_ticks, old or new");
    return lifeline_act(gateway, command, target, modify_id);
}

int64_t lifeline_close_position(struct lifeline *gateway, const char *target, const char *close_id,
                                uint64_t price_ticks)
{
    struct ll_command command = {.kind = LL_COMMAND_CLOSE,
                                 .price = price_ticks,
                                 .type = price_ticks == 0 ? LL_TYPE_MARKET : LL_TYPE_LIMIT};
    return lifeline_act(gateway, command, target, close_id);
}

int64_t lifeline_stoploss_add(struct lifeline *gateway, const char *target, const char *stoploss_id,
                              uint64_t stop_price_ticks)
{
    struct ll_command command = {.kind = LL_COMMAND_STOPLOSS_ADD, .stop_price = stop_price_ticks};
    if (stop_price_ticks == 0)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "a stop-loss needs stop_price_ticks");
    return lifeline_act(gateway, command, target, stoploss_id);
}

int64_t lifeline_stoploss_cancel(struct lifeline *gateway, const char *target, const char *cancel_id)
{
    struct ll_command command = {.kind = LL_COMMAND_STOPLOSS_CANCEL};
    return lifeline_act(gateway, command, target, cancel_id);
}

int64_t lifeline_takeprofit_add(struct lifeline *gateway, const char *target, const char *takeprofit_id,
                                uint64_t take_price_ticks)
{
    struct ll_command command = {.kind = LL_COMMAND_TAKEPROFIT_ADD, .take_price = take_price_ticks};
    if (take_price_ticks == 0)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "a take-profit needs take_price_ticks");
    return lifeline_act(gateway, command, target, takeprofit_id);
}

int64_t lifeline_takeprofit_cancel(struct lifeline *gateway, const char *target, const char *cancel_id)
{
    struct ll_command command = {.kind = LL_COMMAND_TAKEPROFIT_CANCEL};
    return lifeline_act(gateway, command, target, cancel_id);
}

int64_t lifeline_status(struct lifeline *gateway, const char *target)
{
    struct ll_command command = {.kind = LL_COMMAND_STATUS};
    return lifeline_act(gateway, command, target, NULL);
}

int64_t lifeline_id_add(struct lifeline *gateway, const char *target, enum lifeline_id_type type,
                        const char *id, const char *notes)
{
    struct ll_command command = {.kind = LL_COMMAND_ID_ADD, .id_type = (uint8_t)type};
    const char *const texts[LL_COMMAND_TEXT_COUNT] = {
        [LL_TEXT_target] = target, [LL_TEXT_lifecycle_id] = id, [LL_TEXT_notes] = notes};
    if ((uint32_t)type >= LL_ID_TYPE_COUNT)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "id type %d is none; use the enum", (int)type);
    return lifeline_send(gateway, &command, texts, LIFELINE_NEEDS(target) | LIFELINE_NEEDS(lifecycle_id));
}

int64_t lifeline_id_status(struct lifeline *gateway, const char *id, enum lifeline_id_status status,
                           const char *notes)
{
    struct ll_command command = {.kind = LL_COMMAND_ID_STATUS, .id_status = (uint8_t)status};
    const char *const texts[LL_COMMAND_TEXT_COUNT] = {[LL_TEXT_lifecycle_id] = id, [LL_TEXT_notes] = notes};
    if ((uint32_t)status >= LL_ID_STATUS_COUNT)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "id status %d is none; use the enum",
                             (int)status);
    return lifeline_send(gateway, &command, texts, LIFELINE_NEEDS(lifecycle_id));
}

int64_t lifeline_resolve(struct lifeline *gateway, const char *id)
{
    struct ll_command command = {.kind = LL_COMMAND_RESOLVE};
    const char *const texts[LL_COMMAND_TEXT_COUNT] = {[LL_TEXT_lifecycle_id] = id};
    return lifeline_send(gateway, &command, texts, LIFELINE_NEEDS(lifecycle_id));
}

static int64_t lifeline_move_money(struct lifeline *gateway, uint8_t kind, const char *account,
                                   const char *asset, uint64_t amount, const char *id)
{
    struct ll_command command = {.kind = kind, .amount = (int64_t)amount};
    const char *const texts[LL_COMMAND_TEXT_COUNT] = {
        [LL_TEXT_account] = account, [LL_TEXT_symbol] = asset, [LL_TEXT_client_order_id] = id};
    if (amount == 0 || amount > INT64_MAX)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "an amount is 1 to 2^63-1 units of the asset");
    return lifeline_send(gateway, &command, texts, LIFELINE_NEEDS(account));
}

int64_t lifeline_deposit(struct lifeline *gateway, const char *account, const char *asset, uint64_t amount,
                         const char *id)
{
    return lifeline_move_money(gateway, LL_COMMAND_DEPOSIT, account, asset, amount, id);
}

int64_t lifeline_withdraw(struct lifeline *gateway, const char *account, const char *asset, uint64_t amount,
                          const char *id)
{
    return lifeline_move_money(gateway, LL_COMMAND_WITHDRAW, account, asset, amount, id);
}

static int64_t lifeline_latch(struct lifeline *gateway, uint8_t kind, enum lifeline_scope scope,
                              const char *name, const char *notes)
{
    struct ll_command command = {.kind = kind, .scope = (uint8_t)scope};
    const char *texts[LL_COMMAND_TEXT_COUNT] = {[LL_TEXT_notes] = notes};
    uint32_t required = 0;
    switch (scope) {
    case LIFELINE_KILL_FIRM:
        if (name != NULL)
            return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "the firm has no name here; give NULL");
        break;
    case LIFELINE_KILL_ACCOUNT:
        texts[LL_TEXT_account] = name;
        required = LIFELINE_NEEDS(account);
        break;
    case LIFELINE_KILL_STRATEGY:
        texts[LL_TEXT_strategy] = name;
        required = LIFELINE_NEEDS(strategy);
        break;
    case LIFELINE_KILL_SYMBOL:
        texts[LL_TEXT_symbol] = name;
        required = LIFELINE_NEEDS(symbol);
        break;
    default:
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "scope %d is none; use the enum", (int)scope);
    }
    return lifeline_send(gateway, &command, texts, required);
}

int64_t lifeline_kill(struct lifeline *gateway, enum lifeline_scope scope, const char *name,
                      const char *notes)
{
    return lifeline_latch(gateway, LL_COMMAND_KILL, scope, name, notes);
}

int64_t lifeline_unkill(struct lifeline *gateway, enum lifeline_scope scope, const char *name,
                        const char *notes)
{
    return lifeline_latch(gateway, LL_COMMAND_UNKILL, scope, name, notes);
}

int64_t lifeline_enable_strategy(struct lifeline *gateway, const char *strategy, const char *notes)
{
    struct ll_command command = {.kind = LL_COMMAND_ENABLE_STRATEGY};
    const char *const texts[LL_COMMAND_TEXT_COUNT] = {[LL_TEXT_strategy] = strategy, [LL_TEXT_notes] = notes};
    return lifeline_send(gateway, &command, texts, LIFELINE_NEEDS(strategy));
}

/* ---- events --------------------------------------------------------------------------------------------- */

static void lifeline_copy_id(char target[LIFELINE_ID_BYTES], const char *source, uint8_t source_bytes)
{
    size_t count = source_bytes < LL_ID_BYTES_MAX ? source_bytes : LL_ID_BYTES_MAX;
    memset(target, 0, LIFELINE_ID_BYTES);
    memcpy(target, source, count);
}

static void lifeline_give(struct lifeline_event *event, const struct ll_client_event *raw)
{
    *event = (struct lifeline_event){
        .request = raw->request,
        .event_id = raw->event_id,
        .time_ns = raw->time_ns,
        .limit = raw->limit,
        .value = raw->value,
        .quantity_lots = raw->quantity,
        .leaves_lots = raw->leaves,
        .cumulative_lots = raw->cumulative,
        .price_ticks = raw->price,
        .last_price_ticks = raw->last_price,
        .last_quantity_lots = raw->last_quantity,
        .order = raw->order,
        .kind = (enum lifeline_event_kind)raw->kind,
        .state = (enum lifeline_state)raw->state,
        .refusal = raw->refusal,
        .verdict = raw->verdict,
        .command = raw->command,
        .id_type = (enum lifeline_id_type)raw->id_type,
        .id_status = (enum lifeline_id_status)raw->id_status,
        .is_late = (raw->flags & LL_CLIENT_EVENT_LATE) != 0,
        .is_durable = (raw->flags & LL_CLIENT_EVENT_DURABLE) != 0,
    };
    lifeline_copy_id(event->order_id, raw->order_id, raw->order_id_bytes);
    lifeline_copy_id(event->lifecycle_id, raw->lifecycle_id, raw->lifecycle_id_bytes);
}

static struct ll_client_event *lifeline_kept(struct lifeline *gateway, uint32_t index)
{
    return &gateway->kept[(gateway->kept_first + index) % LIFELINE_KEPT_MAX];
}

/* Looks at the gateway's process once in LIFELINE_CHECK_NS. */
static int lifeline_check_rarely(struct lifeline *gateway, uint64_t now_ns)
{
    int err = ll_link_state(&gateway->link);
    if (err == LL_OK && now_ns - gateway->checked_ns >= LIFELINE_CHECK_NS) {
        gateway->checked_ns = now_ns;
        err = ll_link_gateway_is_alive(&gateway->link) ? LL_OK : LL_ERR_STOPPED;
    }
    return err;
}

int lifeline_poll(struct lifeline *gateway, struct lifeline_event *event)
{
    struct ll_client_event raw;
    if (gateway->kept_count > 0) {
        lifeline_give(event, lifeline_kept(gateway, 0));
        gateway->kept_first++;
        gateway->kept_count--;
        return 1;
    }
    int state = ll_link_state(&gateway->link); /* before the last look, so that nothing is missed */
    if (++gateway->polls % LIFELINE_CHECK_POLLS == 0)
        state = lifeline_check_rarely(gateway, ll_clock_mono_ns());
    if (ll_link_receive(&gateway->link, &raw)) {
        lifeline_give(event, &raw);
        return 1;
    }
    return lifeline_link_error(gateway, state);
}

/* Takes the answer out of the kept events; those before it move up by one. */
static bool lifeline_take_kept(struct lifeline *gateway, uint64_t request, struct lifeline_event *event)
{
    for (uint32_t i = 0; i < gateway->kept_count; i++) {
        if (lifeline_kept(gateway, i)->request != request)
            continue;
        lifeline_give(event, lifeline_kept(gateway, i));
        for (uint32_t j = i; j > 0; j--)
            *lifeline_kept(gateway, j) = *lifeline_kept(gateway, j - 1);
        gateway->kept_first++;
        gateway->kept_count--;
        return true;
    }
    return false;
}

/* Reads events until the answer; keeps the others. LIFELINE_ERR_TIMEOUT: it has not come yet. */
static int lifeline_look_for(struct lifeline *gateway, uint64_t request, struct lifeline_event *event,
                             bool *lost)
{
    struct ll_client_event raw;
    while (gateway->kept_count < LIFELINE_KEPT_MAX) {
        if (!ll_link_receive(&gateway->link, &raw))
            return LIFELINE_ERR_TIMEOUT;
        if (raw.request == request) {
            lifeline_give(event, &raw);
            return LIFELINE_OK;
        }
        *lost |= raw.kind == LL_CLIENT_LOST;
        *lifeline_kept(gateway, gateway->kept_count) = raw;
        gateway->kept_count++;
    }
    return LIFELINE_FAIL(gateway, LIFELINE_ERR_FULL, "%u events wait; take them with lifeline_poll first",
                         LIFELINE_KEPT_MAX);
}

int lifeline_wait(struct lifeline *gateway, int64_t request, uint64_t timeout_ns,
                  struct lifeline_event *event)
{
    const struct timespec nap = {0, LIFELINE_SLEEP_NS};
    uint64_t start_ns = ll_clock_mono_ns();
    uint64_t now_ns = start_ns;
    bool lost = false;
    if (request <= 0 || (uint64_t)request > gateway->request)
        return LIFELINE_FAIL(gateway, LIFELINE_ERR_ARGUMENT, "%lld is no request of this handle",
                             (long long)request);
    if (lifeline_take_kept(gateway, (uint64_t)request, event))
        return LIFELINE_OK;
    for (;;) {
        int state =
            lifeline_check_rarely(gateway, now_ns); /* before the last look, so that nothing is missed */
        int err = lifeline_look_for(gateway, (uint64_t)request, event, &lost);
        if (err != LIFELINE_ERR_TIMEOUT)
            return err;
        if (state != LL_OK)
            return lifeline_link_error(gateway, state);
        now_ns = ll_clock_mono_ns();
        if (now_ns - start_ns >= timeout_ns)
            break;
        if (now_ns - start_ns < LIFELINE_SPIN_NS)
            (void)sched_yield();
        else
            (void)nanosleep(&nap, NULL);
    }
    if (lost)
        return LIFELINE_FAIL(
            gateway, LIFELINE_ERR_LOST,
            "no answer in time, and events were lost; ask lifeline_status or lifeline_resolve");
    return LIFELINE_FAIL(gateway, LIFELINE_ERR_TIMEOUT,
                         "no answer in time; it may still come, and what was asked may have been done");
}

/* ---- words ---------------------------------------------------------------------------------------------- */

static uint8_t lifeline_number(int number)
{
    return number < 0 || number > UINT8_MAX ? UINT8_MAX : (uint8_t)number;
}

const char *lifeline_event_name(int kind)
{
    return ll_client_event_name(lifeline_number(kind));
}

const char *lifeline_refusal_name(int refusal)
{
    return ll_refusal_name(lifeline_number(refusal));
}

const char *lifeline_command_name(int command)
{
    const char *verb = ll_command_verb(lifeline_number(command));
    return verb != NULL ? verb : "unknown";
}

const char *lifeline_state_name(int state)
{
    static const char *const names[] = {
#define LIFELINE_STATE_NAME(name, number, text, live) [number] = (text),
        LL_ORDER_STATES(LIFELINE_STATE_NAME)
#undef LIFELINE_STATE_NAME
    };
    return state >= 0 && state < LL_ORDER_STATE_COUNT ? names[state] : "unknown";
}

const char *lifeline_id_type_name(int type)
{
    static const char *const names[] = {
#define LIFELINE_ID_TYPE_NAME(name, number, text, prefix) [number] = (text),
        LL_ID_TYPES(LIFELINE_ID_TYPE_NAME)
#undef LIFELINE_ID_TYPE_NAME
    };
    return type >= 0 && type < LL_ID_TYPE_COUNT ? names[type] : "unknown";
}

const char *lifeline_id_status_name(int status)
{
    static const char *const names[] = {
#define LIFELINE_ID_STATUS_NAME(name, number, text) [number] = (text),
        LL_ID_STATUSES(LIFELINE_ID_STATUS_NAME)
#undef LIFELINE_ID_STATUS_NAME
    };
    return status >= 0 && status < LL_ID_STATUS_COUNT ? names[status] : "unknown";
}

const char *lifeline_error_name(int error)
{
    static const char *const names[] = {"ok",      "bad_argument", "no_gateway", "gone",  "full",
                                        "timeout", "lost",         "evicted",    "system"};
    return error <= 0 && error >= LIFELINE_ERR_SYSTEM ? names[-error] : "unknown";
}
