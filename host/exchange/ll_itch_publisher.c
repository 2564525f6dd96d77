/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_itch_publisher.h"

#include "host/base/ll_assert.h"

#include <string.h>

#define TIME_NS_MAX ((UINT64_C(1) << 48) - 1)

/* --- one message ---------------------------------------------------------------------------------------- */

/* An empty message of a type. `locate` 0 = about no instrument. */
static union ll_itch50_message message_of(const struct ll_itch_publisher *publisher, enum ll_itch50_type type,
                                          uint16_t locate, uint64_t now_ns)
{
    union ll_itch50_message message;
    LL_ASSERT(now_ns >= publisher->midnight_ns);
    LL_ASSERT(now_ns - publisher->midnight_ns <= TIME_NS_MAX);
    memset(&message, 0, sizeof message);
    message.header.message_type = (char)type;
    message.header.stock_locate = locate;
    message.header.timestamp = now_ns - publisher->midnight_ns;
    return message;
}

static const struct ll_matching_instrument *instrument_of(const struct ll_itch_publisher *publisher,
                                                          uint32_t instrument)
{
    LL_ASSERT(instrument < publisher->instrument_count);
    return &publisher->instruments[instrument];
}

static void publish(struct ll_itch_publisher *publisher, const union ll_itch50_message *message)
{
    uint8_t bytes[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint32_t bytes_count = 0;
    int err = ll_itch50_encode(message, bytes, sizeof bytes, &bytes_count);
    LL_ASSERT(err == LL_OK);
    if (ll_mold_sender_add(publisher->sender, bytes, bytes_count) != LL_OK)
        publisher->is_whole = false;
}

/* --- the displayed book --------------------------------------------------------------------------------- */

static bool is_displayed(const struct ll_matching_order *order)
{
    return order->booked && (order->flags & LL_MATCHING_HIDDEN) == 0;
}

static char side_of(const struct ll_matching_order *order)
{
    return order->side == LL_MATCHING_BUY ? 'B' : 'S';
}

static void publish_add(struct ll_itch_publisher *publisher, const struct ll_matching_order *order,
                        uint64_t now_ns)
{
    const struct ll_matching_instrument *instrument = instrument_of(publisher, order->instrument);
    bool is_attributed = (order->flags & LL_MATCHING_ATTRIBUTED) != 0;
    enum ll_itch50_type type = is_attributed ? LL_ITCH50_TYPE_ADD_MPID : LL_ITCH50_TYPE_ADD;
    union ll_itch50_message message = message_of(publisher, type, instrument->locate, now_ns);
    if (is_attributed) {
        message.add_mpid.order_reference_number = order->reference;
        message.add_mpid.buy_sell_indicator = side_of(order);
        message.add_mpid.shares = order->quantity;
        memcpy(message.add_mpid.stock, instrument->symbol, sizeof message.add_mpid.stock);
        message.add_mpid.price = order->price;
        memcpy(message.add_mpid.attribution, order->firm, sizeof message.add_mpid.attribution);
    } else {
        message.add.order_reference_number = order->reference;
        message.add.buy_sell_indicator = side_of(order);
        message.add.shares = order->quantity;
        memcpy(message.add.stock, instrument->symbol, sizeof message.add.stock);
        message.add.price = order->price;
    }
    publish(publisher, &message);
}

static void publish_delete(struct ll_itch_publisher *publisher, const struct ll_matching_order *order,
                           uint64_t now_ns)
{
    uint16_t locate = instrument_of(publisher, order->instrument)->locate;
    union ll_itch50_message message = message_of(publisher, LL_ITCH50_TYPE_DELETE, locate, now_ns);
    message.delete.order_reference_number = order->reference;
    publish(publisher, &message);
}

/* --- events --------------------------------------------------------------------------------------------- */

static void on_booked(void *context, const struct ll_matching_booked *event)
{
    if (event->replaces == 0 && is_displayed(&event->order)) /* else `replaced` has said it */
        publish_add(context, &event->order, event->now_ns);
}

static void on_replaced(void *context, const struct ll_matching_replaced *event)
{
    struct ll_itch_publisher *publisher = context;
    const struct ll_matching_order *before = &event->before;
    struct ll_matching_order after = event->order;
    after.booked = event->rests;
    bool is_same_name = ((before->flags ^ after.flags) & LL_MATCHING_ATTRIBUTED) == 0;
    if (is_displayed(before) && is_displayed(&after) && is_same_name) {
        uint16_t locate = instrument_of(publisher, after.instrument)->locate;
        union ll_itch50_message message =
            message_of(publisher, LL_ITCH50_TYPE_REPLACE, locate, event->now_ns);
        message.replace.original_order_reference_number = before->reference;
        message.replace.new_order_reference_number = after.reference;
        message.replace.shares = after.quantity;
        message.replace.price = after.price;
        publish(publisher, &message);
        return;
    }
    if (is_displayed(before))
        publish_delete(publisher, before, event->now_ns);
    if (is_displayed(&after))
        publish_add(publisher, &after, event->now_ns);
}

/* A trade against a hidden order tells neither its reference nor its side. */
static void publish_trade(struct ll_itch_publisher *publisher, const struct ll_matching_executed *event)
{
    const struct ll_matching_instrument *instrument = instrument_of(publisher, event->order.instrument);
    union ll_itch50_message message =
        message_of(publisher, LL_ITCH50_TYPE_TRADE, instrument->locate, event->now_ns);
    message.trade.buy_sell_indicator = 'B';
    message.trade.shares = event->quantity;
    memcpy(message.trade.stock, instrument->symbol, sizeof message.trade.stock);
    message.trade.price = event->price;
    message.trade.match_number = event->match_number;
    publish(publisher, &message);
}

static void on_executed(void *context, const struct ll_matching_executed *event)
{
    struct ll_itch_publisher *publisher = context;
    if (event->taker)
        return;
    if (!is_displayed(&event->order)) {
        publish_trade(publisher, event);
        return;
    }
    uint16_t locate = instrument_of(publisher, event->order.instrument)->locate;
    bool is_own_price = event->price == event->order.price;
    enum ll_itch50_type type = is_own_price ? LL_ITCH50_TYPE_EXECUTED : LL_ITCH50_TYPE_EXECUTED_PRICE;
    union ll_itch50_message message = message_of(publisher, type, locate, event->now_ns);
    if (is_own_price) {
        message.executed.order_reference_number = event->order.reference;
        message.executed.executed_shares = event->quantity;
        message.executed.match_number = event->match_number;
    } else {
        message.executed_price.order_reference_number = event->order.reference;
        message.executed_price.executed_shares = event->quantity;
        message.executed_price.match_number = event->match_number;
        message.executed_price.printable = 'Y';
        message.executed_price.execution_price = event->price;
    }
    publish(publisher, &message);
}

static void on_cancelled(void *context, const struct ll_matching_cancelled *event)
{
    struct ll_itch_publisher *publisher = context;
    if (!is_displayed(&event->order))
        return;
    if (event->order.quantity == 0) {
        publish_delete(publisher, &event->order, event->now_ns);
        return;
    }
    uint16_t locate = instrument_of(publisher, event->order.instrument)->locate;
    union ll_itch50_message message = message_of(publisher, LL_ITCH50_TYPE_CANCEL, locate, event->now_ns);
    message.cancel.order_reference_number = event->order.reference;
    message.cancel.cancelled_shares = event->quantity;
    publish(publisher, &message);
}

static void on_broken(void *context, const struct ll_matching_broken *event)
{
    struct ll_itch_publisher *publisher = context;
    if (event->taker)
        return;
    uint16_t locate = instrument_of(publisher, event->instrument)->locate;
    union ll_itch50_message message =
        message_of(publisher, LL_ITCH50_TYPE_BROKEN_TRADE, locate, event->now_ns);
    message.broken_trade.match_number = event->match_number;
    publish(publisher, &message);
}

static void publish_trading(struct ll_itch_publisher *publisher, uint32_t index, char state,
                            const char reason[4], uint64_t now_ns)
{
    const struct ll_matching_instrument *instrument = instrument_of(publisher, index);
    union ll_itch50_message message =
        message_of(publisher, LL_ITCH50_TYPE_TRADING_ACTION, instrument->locate, now_ns);
    memcpy(message.trading_action.stock, instrument->symbol, sizeof message.trading_action.stock);
    message.trading_action.trading_state = state;
    message.trading_action.reserved = ' ';
    memcpy(message.trading_action.reason, reason, sizeof message.trading_action.reason);
    publish(publisher, &message);
}

static void on_trading(void *context, const struct ll_matching_trading *event)
{
    publish_trading(context, event->instrument, event->halted ? 'H' : 'T', event->reason, event->now_ns);
}

struct ll_matching_handler ll_itch_publisher_handler(struct ll_itch_publisher *publisher)
{
    return (struct ll_matching_handler){.context = publisher,
                                        .booked = on_booked,
                                        .executed = on_executed,
                                        .cancelled = on_cancelled,
                                        .replaced = on_replaced,
                                        .broken = on_broken,
                                        .trading = on_trading};
}

/* --- the day -------------------------------------------------------------------------------------------- */

void ll_itch_publisher_init(struct ll_itch_publisher *publisher,
                            const struct ll_matching_instrument *instruments, uint32_t instrument_count,
                            uint64_t midnight_ns, struct ll_mold_sender *sender)
{
    LL_ASSERT(instruments != NULL);
    LL_ASSERT(sender != NULL);
    *publisher = (struct ll_itch_publisher){instruments, instrument_count, midnight_ns, sender, true};
}

static void publish_system_event(struct ll_itch_publisher *publisher, char event_code, uint64_t now_ns)
{
    union ll_itch50_message message = message_of(publisher, LL_ITCH50_TYPE_SYSTEM_EVENT, 0, now_ns);
    message.system_event.event_code = event_code;
    publish(publisher, &message);
}

static void publish_directory(struct ll_itch_publisher *publisher, uint32_t index, uint64_t now_ns)
{
    const struct ll_matching_instrument *instrument = instrument_of(publisher, index);
    union ll_itch50_message message =
        message_of(publisher, LL_ITCH50_TYPE_STOCK_DIRECTORY, instrument->locate, now_ns);
    struct ll_itch50_stock_directory *directory = &message.stock_directory;
    memcpy(directory->stock, instrument->symbol, sizeof directory->stock);
    directory->market_category = 'Q';
    directory->financial_status_indicator = 'N';
    directory->round_lot_size = instrument->lot;
    directory->round_lots_only = instrument->lots_only ? 'Y' : 'N';
    directory->issue_classification = 'C';
    memcpy(directory->issue_sub_type, "Z ", sizeof directory->issue_sub_type);
    directory->authenticity = 'P';
    directory->short_sale_threshold_indicator = 'N';
    directory->ipo_flag = 'N';
    directory->luld_reference_price_tier = '1';
    directory->etp_flag = 'N';
    directory->inverse_indicator = 'N';
    publish(publisher, &message);
}

void ll_itch_publisher_start_of_day(struct ll_itch_publisher *publisher, uint64_t now_ns)
{
    publish_system_event(publisher, 'O', now_ns);
    for (uint32_t index = 0; index < publisher->instrument_count; index++)
        publish_directory(publisher, index, now_ns);
    for (uint32_t index = 0; index < publisher->instrument_count; index++)
        publish_trading(publisher, index, 'T', "    ", now_ns);
    publish_system_event(publisher, 'S', now_ns);
    publish_system_event(publisher, 'Q', now_ns);
}

void ll_itch_publisher_end_of_day(struct ll_itch_publisher *publisher, uint64_t now_ns)
{
    publish_system_event(publisher, 'M', now_ns);
    publish_system_event(publisher, 'E', now_ns);
    publish_system_event(publisher, 'C', now_ns);
    ll_mold_sender_finish(publisher->sender);
}

bool ll_itch_publisher_is_whole(const struct ll_itch_publisher *publisher)
{
    return publisher->is_whole;
}
