/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_matching.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/exchange/ll_matching_book.h"

#include <string.h>

#define ALIGN_BYTES 64u
#define FLAGS_ALL   (LL_MATCHING_POST_ONLY | LL_MATCHING_MARKET | LL_MATCHING_HIDDEN | LL_MATCHING_ATTRIBUTED)

struct instrument {
    struct ll_matching_instrument config;
    uint32_t band_low; /* prices allowed, both ends included */
    uint32_t band_high;
    uint32_t symbol_next; /* under the same bucket of symbols */
    bool halted;
};

/* What breaking a trade needs; the latest trades_max, by match number. */
struct trade {
    uint64_t match_number; /* 0 = none yet */
    uint64_t reference[2]; /* of the maker, of the taker */
    uint64_t owner[2];
    uint32_t instrument;
    uint32_t price;
    uint32_t quantity;
    uint8_t side[2];
    bool broken;
};

struct ll_matching {
    struct ll_matching_book book;
    struct ll_matching_config config; /* its instruments are not the caller's any more */
    struct ll_matching_handler handlers[LL_MATCHING_HANDLERS_MAX];
    uint32_t handler_count;
    struct instrument *instruments;
    uint32_t *symbol_buckets;
    uint32_t symbol_mask;
    struct trade *trades;
    uint64_t reference_next;
    uint64_t match_next;
    bool closed;
    struct ll_matching_counters counters;
};

#define TELL(matching, name, event)                                                               \
    do {                                                                                          \
        for (uint32_t teller = 0; teller < (matching)->handler_count; teller++)                   \
            if ((matching)->handlers[teller].name != NULL)                                        \
                (matching)->handlers[teller].name((matching)->handlers[teller].context, (event)); \
    } while (0)

const char *ll_matching_verdict_name(enum ll_matching_verdict verdict)
{
    static const char *const names[LL_MATCHING_VERDICT_COUNT] = {
#define VERDICT_ROW(name, text) [LL_MATCHING_##name] = (text),
        LL_MATCHING_VERDICTS(VERDICT_ROW)
#undef VERDICT_ROW
    };
    LL_ASSERT(verdict < LL_MATCHING_VERDICT_COUNT);
    return names[verdict];
}

/* --- life cycle ----------------------------------------------------------------------------------------- */

static size_t align_up(size_t bytes)
{
    return ll_align_up(bytes, ALIGN_BYTES);
}

static uint32_t symbol_bucket_count(uint32_t instrument_count)
{
    uint32_t count = 1;
    while (count < 2 * instrument_count)
        count *= 2;
    return count;
}

size_t ll_matching_footprint_bytes(const struct ll_matching_config *config)
{
    if (config->instrument_count == 0 || config->instrument_count > LL_MATCHING_INSTRUMENTS_MAX)
        return 0;
    if (config->orders_max == 0 || config->orders_max > LL_MATCHING_ORDERS_MAX)
        return 0;
    if (config->trades_max == 0 || config->trades_max > LL_MATCHING_TRADES_MAX)
        return 0;
    if (config->reference_first == 0 || config->match_first == 0)
        return 0;
    if (config->band_per_mille > 1000 || config->self_trade > LL_MATCHING_SELF_DECREMENT)
        return 0;
    return align_up(sizeof(struct ll_matching)) +
           align_up(config->instrument_count * sizeof(struct instrument)) +
           align_up(symbol_bucket_count(config->instrument_count) * sizeof(uint32_t)) +
           align_up(config->trades_max * sizeof(struct trade)) +
           ll_matching_book_footprint_bytes(config->instrument_count, config->orders_max);
}

static uint32_t *symbol_bucket(const struct ll_matching *matching,
                               const char symbol[LL_MATCHING_SYMBOL_BYTES])
{
    uint64_t name;
    memcpy(&name, symbol, sizeof name);
    name *= UINT64_C(0x9e3779b97f4a7c15);
    return &matching->symbol_buckets[(uint32_t)(name >> 32) & matching->symbol_mask];
}

static void band_set(struct instrument *made, uint32_t band_per_mille)
{
    uint64_t reach = (uint64_t)made->config.prior_close * band_per_mille / 1000;
    uint64_t high = made->config.prior_close + reach;
    made->band_low = 0;
    made->band_high = LL_MATCHING_PRICE_MAX;
    if (band_per_mille == 0)
        return;
    made->band_low = made->config.prior_close - (uint32_t)reach;
    if (high < LL_MATCHING_PRICE_MAX)
        made->band_high = (uint32_t)high;
}

static int instruments_init(struct ll_matching *matching, const struct ll_matching_config *config,
                            struct ll_why *why)
{
    uint8_t locate_seen[(UINT16_MAX + 1) / 8] = {0};
    for (uint32_t index = 0; index <= matching->symbol_mask; index++)
        matching->symbol_buckets[index] = LL_MATCHING_NONE;
    for (uint32_t index = 0; index < config->instrument_count; index++) {
        const struct ll_matching_instrument *source = &config->instruments[index];
        struct instrument *made = &matching->instruments[index];
        if (source->locate == 0 || source->tick == 0 || source->tick > LL_MATCHING_PRICE_MAX ||
            source->lot == 0 || source->lot > LL_MATCHING_QUANTITY_MAX ||
            source->prior_close > LL_MATCHING_PRICE_MAX)
            return LL_FAIL(why, LL_ERR_USAGE,
                           "exchange: instrument %u of the table needs a locate from 1, a tick and a lot "
                           "above 0, and prices within the protocol's",
                           index);
        if (config->band_per_mille > 0 && source->prior_close == 0)
            return LL_FAIL(why, LL_ERR_USAGE,
                           "exchange: instrument %u has no prior close to lay the price band around", index);
        if (ll_matching_find_symbol(matching, source->symbol) != LL_MATCHING_ALL)
            return LL_FAIL(why, LL_ERR_USAGE, "exchange: the symbol of instrument %u is there twice", index);
        if ((locate_seen[source->locate / 8] >> source->locate % 8 & 1) != 0)
            return LL_FAIL(why, LL_ERR_USAGE, "exchange: the locate of instrument %u is there twice", index);
        locate_seen[source->locate / 8] |= (uint8_t)(1u << source->locate % 8);
        uint32_t *bucket = symbol_bucket(matching, source->symbol);
        memset(made, 0, sizeof *made);
        made->config = *source;
        band_set(made, config->band_per_mille);
        made->symbol_next = *bucket;
        *bucket = index;
    }
    return LL_OK;
}

int ll_matching_init(struct ll_matching **matching, void *memory, size_t memory_bytes,
                     const struct ll_matching_config *config, const struct ll_matching_handler *handlers,
                     uint32_t handler_count, struct ll_why *why)
{
    size_t footprint_bytes = ll_matching_footprint_bytes(config);
    if (footprint_bytes == 0 || handler_count > LL_MATCHING_HANDLERS_MAX)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "exchange: a value is outside its limits; instruments 1..%u, orders 1..%u, trades "
                       "1..%u, first numbers from 1, band 0..1000 per mille, at most %u handlers",
                       LL_MATCHING_INSTRUMENTS_MAX, LL_MATCHING_ORDERS_MAX, LL_MATCHING_TRADES_MAX,
                       LL_MATCHING_HANDLERS_MAX);
    if (memory == NULL || memory_bytes < footprint_bytes)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "exchange: %zu bytes given, %zu needed", memory_bytes,
                       footprint_bytes);
    LL_ASSERT(((uintptr_t)memory & (ALIGN_BYTES - 1)) == 0);
    unsigned char *bytes = memory;
    struct ll_matching *made = memory;
    uint32_t bucket_count = symbol_bucket_count(config->instrument_count);
    memset(made, 0, sizeof *made);
    made->config = *config;
    made->config.instruments = NULL;
    made->handler_count = handler_count;
    for (uint32_t index = 0; index < handler_count; index++)
        made->handlers[index] = handlers[index];
    bytes += align_up(sizeof *made);
    made->instruments = (struct instrument *)(void *)bytes;
    bytes += align_up(config->instrument_count * sizeof(struct instrument));
    made->symbol_buckets = (uint32_t *)(void *)bytes;
    made->symbol_mask = bucket_count - 1;
    bytes += align_up(bucket_count * sizeof(uint32_t));
    made->trades = (struct trade *)(void *)bytes;
    memset(made->trades, 0, config->trades_max * sizeof(struct trade));
    bytes += align_up(config->trades_max * sizeof(struct trade));
    ll_matching_book_init(&made->book, bytes, config->instrument_count, config->orders_max);
    made->reference_next = config->reference_first;
    made->match_next = config->match_first;
    int err = instruments_init(made, config, why);
    if (err == LL_OK)
        *matching = made;
    return err;
}

/* --- what a request may be ------------------------------------------------------------------------------ */

static bool never_rests(uint8_t time_in_force, uint8_t flags)
{
    return time_in_force != LL_MATCHING_DAY || (flags & LL_MATCHING_MARKET) != 0;
}

static bool flags_are_good(uint8_t time_in_force, uint8_t flags)
{
    if ((flags & ~FLAGS_ALL) != 0)
        return false;
    if ((flags & LL_MATCHING_POST_ONLY) != 0 && never_rests(time_in_force, flags))
        return false;
    return (flags & LL_MATCHING_HIDDEN) == 0 || (flags & LL_MATCHING_ATTRIBUTED) == 0;
}

static enum ll_matching_verdict price_check(const struct instrument *instrument, uint32_t price,
                                            uint8_t flags)
{
    if ((flags & LL_MATCHING_MARKET) != 0)
        return price == 0 ? LL_MATCHING_OK : LL_MATCHING_BAD_PRICE;
    if (price == 0 || price > LL_MATCHING_PRICE_MAX || price % instrument->config.tick != 0)
        return LL_MATCHING_BAD_PRICE;
    return price < instrument->band_low || price > instrument->band_high ? LL_MATCHING_PRICE_BAND
                                                                         : LL_MATCHING_OK;
}

/* The checks an enter and a replace have in common; a replace is seen as the enter of what it asks for. */
static enum ll_matching_verdict request_check(const struct ll_matching *matching,
                                              const struct ll_matching_enter *request)
{
    if (matching->closed)
        return LL_MATCHING_CLOSED;
    if (request->instrument >= matching->config.instrument_count)
        return LL_MATCHING_BAD_INSTRUMENT;
    const struct instrument *instrument = &matching->instruments[request->instrument];
    if (instrument->halted)
        return LL_MATCHING_HALTED;
    if (request->side > LL_MATCHING_SHORT_EXEMPT)
        return LL_MATCHING_BAD_SIDE;
    if (request->time_in_force > LL_MATCHING_FOK)
        return LL_MATCHING_BAD_TIME_IN_FORCE;
    if (!flags_are_good(request->time_in_force, request->flags))
        return LL_MATCHING_BAD_FLAGS;
    if (request->quantity == 0 || request->quantity > LL_MATCHING_QUANTITY_MAX)
        return LL_MATCHING_BAD_QUANTITY;
    if (instrument->config.lots_only && request->quantity % instrument->config.lot != 0)
        return LL_MATCHING_BAD_QUANTITY;
    if (request->minimum > request->quantity)
        return LL_MATCHING_BAD_MINIMUM;
    if (request->minimum > 0 && !never_rests(request->time_in_force, request->flags))
        return LL_MATCHING_BAD_MINIMUM;
    return price_check(instrument, request->price, request->flags);
}

static enum ll_matching_verdict reject(struct ll_matching *matching, uint64_t owner, uint64_t reference,
                                       enum ll_matching_verdict verdict, uint64_t now_ns)
{
    struct ll_matching_rejected event = {owner, reference, verdict, now_ns};
    matching->counters.rejected++;
    TELL(matching, rejected, &event);
    return verdict;
}

/* --- the end of orders ---------------------------------------------------------------------------------- */

/* Quantity leaves an order without a trade; with the last of it, the order goes. */
static void cancel_part(struct ll_matching *matching, uint32_t slot, struct ll_matching_cancelled *event)
{
    struct ll_matching_order *order = &matching->book.slots[slot].order;
    LL_ASSERT(event->quantity > 0);
    LL_ASSERT(event->quantity <= order->quantity);
    event->order = *order;
    event->order.quantity -= event->quantity;
    if (event->order.quantity == 0) {
        if (order->booked)
            ll_matching_book_remove(&matching->book, slot);
        ll_matching_book_unindex(&matching->book, slot);
        ll_matching_book_give(&matching->book, slot);
    } else if (order->booked) {
        ll_matching_book_reduce(&matching->book, slot, event->quantity);
    } else {
        order->quantity -= event->quantity;
    }
    matching->counters.cancelled++;
    TELL(matching, cancelled, event);
}

static void cancel_rest(struct ll_matching *matching, uint32_t slot, enum ll_matching_reason reason,
                        uint64_t now_ns)
{
    struct ll_matching_cancelled event = {
        .quantity = matching->book.slots[slot].order.quantity, .reason = reason, .now_ns = now_ns};
    cancel_part(matching, slot, &event);
}

/* --- trades --------------------------------------------------------------------------------------------- */

static uint32_t smaller(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

/* The worst key of the other side that this order takes. */
static uint32_t limit_key(const struct ll_matching_order *order)
{
    if ((order->flags & LL_MATCHING_MARKET) != 0)
        return UINT32_MAX;
    return ll_matching_key(order->price, !ll_matching_is_sell(order->side));
}

static bool level_crosses(const struct ll_matching_book *book, uint32_t level, uint32_t limit)
{
    return level != LL_MATCHING_NONE && book->nodes[level].key <= limit;
}

static uint32_t best_against(const struct ll_matching *matching, const struct ll_matching_order *order)
{
    return ll_matching_book_best(&matching->book, order->instrument, !ll_matching_is_sell(order->side));
}

static bool would_trade(const struct ll_matching *matching, const struct ll_matching_order *order)
{
    return level_crosses(&matching->book, best_against(matching, order), limit_key(order));
}

static bool is_self_match(const struct ll_matching_order *one, const struct ll_matching_order *other)
{
    return one->group != 0 && one->group == other->group;
}

/* How much the order would trade now. */
static uint32_t tradable(const struct ll_matching *matching, const struct ll_matching_order *order)
{
    const struct ll_matching_book *book = &matching->book;
    uint32_t limit = limit_key(order);
    uint32_t left = order->quantity;
    uint32_t traded = 0;
    for (uint32_t level = best_against(matching, order); level_crosses(book, level, limit);
         level = book->nodes[level].next[0]) {
        uint32_t slot = book->nodes[level].head;
        for (; slot != LL_MATCHING_NONE; slot = book->slots[slot].next) {
            const struct ll_matching_order *maker = &book->slots[slot].order;
            uint32_t quantity = smaller(left, maker->quantity);
            bool is_self = is_self_match(order, maker);
            if (is_self && matching->config.self_trade == LL_MATCHING_SELF_CANCEL_NEWEST)
                return traded;
            if (is_self && matching->config.self_trade == LL_MATCHING_SELF_CANCEL_OLDEST)
                continue;
            left -= quantity;
            traded += is_self ? 0 : quantity;
            if (left == 0)
                return traded;
        }
    }
    return traded;
}

static void self_match(struct ll_matching *matching, uint32_t taker, uint32_t maker, uint64_t now_ns)
{
    const struct ll_matching_order *incoming = &matching->book.slots[taker].order;
    const struct ll_matching_order *resting = &matching->book.slots[maker].order;
    uint32_t both = smaller(incoming->quantity, resting->quantity);
    struct ll_matching_cancelled event = {.reason = LL_MATCHING_REASON_SELF_MATCH,
                                          .prevented_quantity = both,
                                          .prevented_price = resting->price,
                                          .now_ns = now_ns};
    uint32_t of_taker = both;
    uint32_t of_maker = both;
    if (matching->config.self_trade == LL_MATCHING_SELF_CANCEL_NEWEST) {
        of_taker = incoming->quantity;
        of_maker = 0;
    } else if (matching->config.self_trade == LL_MATCHING_SELF_CANCEL_OLDEST) {
        of_taker = 0;
        of_maker = resting->quantity;
    }
    if (of_maker > 0) {
        event.quantity = of_maker;
        cancel_part(matching, maker, &event);
    }
    if (of_taker > 0) {
        event.quantity = of_taker;
        event.taker = true;
        cancel_part(matching, taker, &event);
    }
}

static void trade_store(struct ll_matching *matching, const struct ll_matching_executed sides[2])
{
    struct trade *trade = &matching->trades[sides[0].match_number % matching->config.trades_max];
    *trade = (struct trade){.match_number = sides[0].match_number,
                            .reference = {sides[0].order.reference, sides[1].order.reference},
                            .owner = {sides[0].order.owner, sides[1].order.owner},
                            .instrument = sides[0].order.instrument,
                            .price = sides[0].price,
                            .quantity = sides[0].quantity,
                            .side = {sides[0].order.side, sides[1].order.side}};
}

static void trade(struct ll_matching *matching, uint32_t taker, uint32_t maker, uint64_t now_ns)
{
    struct ll_matching_book *book = &matching->book;
    struct ll_matching_order *incoming = &book->slots[taker].order;
    struct ll_matching_order *resting = &book->slots[maker].order;
    uint32_t quantity = smaller(incoming->quantity, resting->quantity);
    struct ll_matching_executed sides[2];
    memset(sides, 0, sizeof sides);
    for (uint32_t side = 0; side < 2; side++) {
        sides[side].order = side == 0 ? *resting : *incoming;
        sides[side].order.quantity -= quantity;
        sides[side].match_number = matching->match_next;
        sides[side].price = resting->price;
        sides[side].quantity = quantity;
        sides[side].taker = side == 1;
        sides[side].now_ns = now_ns;
    }
    matching->match_next++;
    matching->counters.trades++;
    matching->counters.quantity_traded += quantity;
    trade_store(matching, sides);
    incoming->quantity -= quantity;
    if (quantity < resting->quantity) {
        ll_matching_book_reduce(book, maker, quantity);
    } else {
        ll_matching_book_remove(book, maker);
        ll_matching_book_unindex(book, maker);
        ll_matching_book_give(book, maker);
    }
    if (incoming->quantity == 0) {
        ll_matching_book_unindex(book, taker);
        ll_matching_book_give(book, taker);
    }
    TELL(matching, executed, &sides[0]);
    TELL(matching, executed, &sides[1]);
}

/* The order meets the first one of the other side. True = it has ended by that. */
static bool meet(struct ll_matching *matching, uint32_t taker, uint32_t maker, uint64_t now_ns)
{
    const struct ll_matching_order *incoming = &matching->book.slots[taker].order;
    const struct ll_matching_order *resting = &matching->book.slots[maker].order;
    bool is_used_up = incoming->quantity <= resting->quantity;
    if (!is_self_match(incoming, resting)) {
        trade(matching, taker, maker, now_ns);
        return is_used_up;
    }
    self_match(matching, taker, maker, now_ns);
    if (matching->config.self_trade == LL_MATCHING_SELF_DECREMENT)
        return is_used_up;
    return matching->config.self_trade == LL_MATCHING_SELF_CANCEL_NEWEST;
}

/* An order that is in no queue meets the other side, and then rests or ends. `minimum` and `replaces` as in
 * the request and in the booked event. */
static void work(struct ll_matching *matching, uint32_t slot, uint32_t minimum, uint64_t replaces,
                 uint64_t now_ns)
{
    const struct ll_matching_book *book = &matching->book;
    const struct ll_matching_order *order = &book->slots[slot].order;
    if ((order->flags & LL_MATCHING_POST_ONLY) != 0 && would_trade(matching, order)) {
        cancel_rest(matching, slot, LL_MATCHING_REASON_POST_ONLY, now_ns);
        return;
    }
    if (order->time_in_force == LL_MATCHING_FOK)
        minimum = order->quantity;
    if (minimum > 0 && tradable(matching, order) < minimum) {
        cancel_rest(matching, slot, LL_MATCHING_REASON_IOC, now_ns);
        return;
    }
    while (would_trade(matching, order))
        if (meet(matching, slot, book->nodes[best_against(matching, order)].head, now_ns))
            return;
    if (never_rests(order->time_in_force, order->flags)) {
        cancel_rest(matching, slot, LL_MATCHING_REASON_IOC, now_ns);
        return;
    }
    ll_matching_book_insert(&matching->book, slot);
    struct ll_matching_booked event = {*order, replaces, now_ns};
    TELL(matching, booked, &event);
}

/* --- requests ------------------------------------------------------------------------------------------- */

static void live_count(struct ll_matching *matching)
{
    matching->counters.orders_live = matching->book.slots_used;
    if (matching->counters.orders_live > matching->counters.orders_live_max)
        matching->counters.orders_live_max = matching->counters.orders_live;
}

enum ll_matching_verdict ll_matching_enter(struct ll_matching *matching,
                                           const struct ll_matching_enter *request, uint64_t now_ns)
{
    enum ll_matching_verdict verdict = request_check(matching, request);
    if (verdict != LL_MATCHING_OK)
        return reject(matching, request->owner, 0, verdict, now_ns);
    uint32_t slot = ll_matching_book_take(&matching->book);
    if (slot == LL_MATCHING_NONE)
        return reject(matching, request->owner, 0, LL_MATCHING_FULL, now_ns);
    struct ll_matching_order *order = &matching->book.slots[slot].order;
    *order = (struct ll_matching_order){.reference = matching->reference_next++,
                                        .owner = request->owner,
                                        .group = request->group,
                                        .instrument = request->instrument,
                                        .quantity = request->quantity,
                                        .price = request->price,
                                        .side = request->side,
                                        .time_in_force = request->time_in_force,
                                        .flags = request->flags};
    memcpy(order->firm, request->firm, sizeof order->firm);
    ll_matching_book_index(&matching->book, slot);
    matching->counters.entered++;
    struct ll_matching_accepted event = {*order, now_ns};
    TELL(matching, accepted, &event);
    work(matching, slot, request->minimum, 0, now_ns);
    live_count(matching);
    return LL_MATCHING_OK;
}

/* Takes on what a replace asks for, under the next reference. */
static void order_change(struct ll_matching *matching, uint32_t slot,
                         const struct ll_matching_replace *request)
{
    struct ll_matching_order *order = &matching->book.slots[slot].order;
    ll_matching_book_unindex(&matching->book, slot);
    order->reference = matching->reference_next++;
    order->owner = request->owner;
    order->time_in_force = request->time_in_force;
    order->flags = request->flags;
    ll_matching_book_index(&matching->book, slot);
}

static bool keeps_priority(const struct ll_matching *matching, const struct ll_matching_order *order,
                           const struct ll_matching_replace *request)
{
    return matching->config.replace_keeps_priority && request->price == order->price &&
           request->quantity <= order->quantity && !never_rests(request->time_in_force, request->flags) &&
           ((request->flags ^ order->flags) & LL_MATCHING_HIDDEN) == 0;
}

static void replace_in_place(struct ll_matching *matching, uint32_t slot,
                             const struct ll_matching_replace *request, uint64_t now_ns)
{
    struct ll_matching_order *order = &matching->book.slots[slot].order;
    struct ll_matching_replaced event = {
        .before = *order, .rests = true, .keeps_priority = true, .now_ns = now_ns};
    if (request->quantity < order->quantity)
        ll_matching_book_reduce(&matching->book, slot, order->quantity - request->quantity);
    order_change(matching, slot, request);
    event.order = *order;
    TELL(matching, replaced, &event);
    struct ll_matching_booked booked = {*order, event.before.reference, now_ns};
    TELL(matching, booked, &booked);
}

static void replace_anew(struct ll_matching *matching, uint32_t slot,
                         const struct ll_matching_replace *request, uint64_t now_ns)
{
    struct ll_matching_order *order = &matching->book.slots[slot].order;
    struct ll_matching_replaced event = {.before = *order, .now_ns = now_ns};
    ll_matching_book_remove(&matching->book, slot);
    order_change(matching, slot, request);
    order->quantity = request->quantity;
    order->price = request->price;
    event.order = *order;
    event.rests = !never_rests(order->time_in_force, order->flags) && !would_trade(matching, order);
    TELL(matching, replaced, &event);
    work(matching, slot, request->minimum, event.rests ? event.before.reference : 0, now_ns);
}

enum ll_matching_verdict ll_matching_replace(struct ll_matching *matching,
                                             const struct ll_matching_replace *request, uint64_t now_ns)
{
    uint32_t slot = ll_matching_book_find(&matching->book, request->reference);
    if (slot == LL_MATCHING_NONE)
        return reject(matching, request->owner, request->reference, LL_MATCHING_UNKNOWN_ORDER, now_ns);
    const struct ll_matching_order *order = &matching->book.slots[slot].order;
    struct ll_matching_enter wanted = {.instrument = order->instrument,
                                       .side = order->side,
                                       .quantity = request->quantity,
                                       .minimum = request->minimum,
                                       .price = request->price,
                                       .time_in_force = request->time_in_force,
                                       .flags = request->flags};
    enum ll_matching_verdict verdict = request_check(matching, &wanted);
    if (verdict != LL_MATCHING_OK)
        return reject(matching, request->owner, request->reference, verdict, now_ns);
    matching->counters.replaced++;
    if (keeps_priority(matching, order, request))
        replace_in_place(matching, slot, request, now_ns);
    else
        replace_anew(matching, slot, request, now_ns);
    live_count(matching);
    return LL_MATCHING_OK;
}

enum ll_matching_verdict ll_matching_reduce(struct ll_matching *matching, uint64_t reference,
                                            uint32_t quantity, enum ll_matching_reason reason,
                                            uint64_t now_ns)
{
    uint32_t slot = ll_matching_book_find(&matching->book, reference);
    if (slot == LL_MATCHING_NONE)
        return LL_MATCHING_UNKNOWN_ORDER;
    uint32_t open = matching->book.slots[slot].order.quantity;
    if (quantity >= open)
        return LL_MATCHING_NO_CHANGE;
    struct ll_matching_cancelled event = {.quantity = open - quantity, .reason = reason, .now_ns = now_ns};
    cancel_part(matching, slot, &event);
    live_count(matching);
    return LL_MATCHING_OK;
}

enum ll_matching_verdict ll_matching_cancel(struct ll_matching *matching, uint64_t reference,
                                            enum ll_matching_reason reason, uint64_t now_ns)
{
    return ll_matching_reduce(matching, reference, 0, reason, now_ns);
}

/* One side of one instrument. What follows an order or a level is read before the order goes, and stays. */
static uint32_t side_cancel(struct ll_matching *matching, uint32_t head,
                            bool (*wanted)(void *context, const struct ll_matching_order *order),
                            void *context, enum ll_matching_reason reason, uint64_t now_ns)
{
    const struct ll_matching_book *book = &matching->book;
    uint32_t count = 0;
    uint32_t level = book->nodes[head].next[0];
    while (level != LL_MATCHING_NONE) {
        uint32_t level_next = book->nodes[level].next[0];
        uint32_t slot = book->nodes[level].head;
        while (slot != LL_MATCHING_NONE) {
            uint32_t slot_next = book->slots[slot].next;
            if (wanted(context, &book->slots[slot].order)) {
                cancel_rest(matching, slot, reason, now_ns);
                count++;
            }
            slot = slot_next;
        }
        level = level_next;
    }
    return count;
}

uint32_t ll_matching_mass_cancel(struct ll_matching *matching, uint32_t instrument,
                                 bool (*wanted)(void *context, const struct ll_matching_order *order),
                                 void *context, enum ll_matching_reason reason, uint64_t now_ns)
{
    LL_ASSERT(instrument == LL_MATCHING_ALL || instrument < matching->config.instrument_count);
    bool is_all = instrument == LL_MATCHING_ALL;
    uint32_t count = 0;
    uint32_t head = is_all ? 0 : ll_matching_book_head(instrument, 0);
    uint32_t head_end = is_all ? 2 * matching->config.instrument_count : head + 2;
    for (; head < head_end; head++)
        count += side_cancel(matching, head, wanted, context, reason, now_ns);
    live_count(matching);
    return count;
}

enum ll_matching_verdict ll_matching_break_trade(struct ll_matching *matching, uint64_t match_number,
                                                 uint8_t reason, uint64_t now_ns)
{
    struct trade *broken = &matching->trades[match_number % matching->config.trades_max];
    if (match_number == 0 || broken->match_number != match_number)
        return LL_MATCHING_UNKNOWN_TRADE;
    if (broken->broken)
        return LL_MATCHING_BROKEN_BEFORE;
    broken->broken = true;
    matching->counters.broken++;
    for (uint32_t side = 0; side < 2; side++) {
        struct ll_matching_broken event = {.reference = broken->reference[side],
                                           .owner = broken->owner[side],
                                           .match_number = match_number,
                                           .instrument = broken->instrument,
                                           .price = broken->price,
                                           .quantity = broken->quantity,
                                           .side = broken->side[side],
                                           .taker = side == 1,
                                           .reason = reason,
                                           .now_ns = now_ns};
        TELL(matching, broken, &event);
    }
    return LL_MATCHING_OK;
}

static enum ll_matching_verdict trading_set(struct ll_matching *matching, uint32_t instrument, bool halted,
                                            const char reason[4], uint64_t now_ns)
{
    if (instrument >= matching->config.instrument_count)
        return LL_MATCHING_BAD_INSTRUMENT;
    if (matching->instruments[instrument].halted == halted)
        return LL_MATCHING_NO_CHANGE;
    struct ll_matching_trading event = {.instrument = instrument, .halted = halted, .now_ns = now_ns};
    memcpy(event.reason, reason, sizeof event.reason);
    matching->instruments[instrument].halted = halted;
    TELL(matching, trading, &event);
    return LL_MATCHING_OK;
}

enum ll_matching_verdict ll_matching_halt(struct ll_matching *matching, uint32_t instrument,
                                          const char reason[4], uint64_t now_ns)
{
    return trading_set(matching, instrument, true, reason, now_ns);
}

enum ll_matching_verdict ll_matching_resume(struct ll_matching *matching, uint32_t instrument,
                                            const char reason[4], uint64_t now_ns)
{
    return trading_set(matching, instrument, false, reason, now_ns);
}

static bool want_all(void *context, const struct ll_matching_order *order)
{
    (void)context;
    (void)order;
    return true;
}

void ll_matching_end_of_day(struct ll_matching *matching, uint64_t now_ns)
{
    matching->closed = true;
    (void)ll_matching_mass_cancel(matching, LL_MATCHING_ALL, want_all, NULL, LL_MATCHING_REASON_CLOSED,
                                  now_ns);
}

/* --- questions ------------------------------------------------------------------------------------------ */

uint32_t ll_matching_instrument_count(const struct ll_matching *matching)
{
    return matching->config.instrument_count;
}

const struct ll_matching_instrument *ll_matching_instrument(const struct ll_matching *matching,
                                                            uint32_t instrument)
{
    LL_ASSERT(instrument < matching->config.instrument_count);
    return &matching->instruments[instrument].config;
}

uint32_t ll_matching_find_symbol(const struct ll_matching *matching,
                                 const char symbol[LL_MATCHING_SYMBOL_BYTES])
{
    uint32_t index = *symbol_bucket(matching, symbol);
    while (index != LL_MATCHING_NONE &&
           memcmp(matching->instruments[index].config.symbol, symbol, LL_MATCHING_SYMBOL_BYTES) != 0)
        index = matching->instruments[index].symbol_next;
    return index == LL_MATCHING_NONE ? LL_MATCHING_ALL : index;
}

bool ll_matching_is_halted(const struct ll_matching *matching, uint32_t instrument)
{
    LL_ASSERT(instrument < matching->config.instrument_count);
    return matching->instruments[instrument].halted;
}

bool ll_matching_find(const struct ll_matching *matching, uint64_t reference, struct ll_matching_order *order)
{
    uint32_t slot = ll_matching_book_find(&matching->book, reference);
    if (slot == LL_MATCHING_NONE)
        return false;
    *order = matching->book.slots[slot].order;
    return true;
}

uint32_t ll_matching_levels(const struct ll_matching *matching, uint32_t instrument,
                            enum ll_matching_side side, struct ll_matching_level *levels, uint32_t count_max)
{
    const struct ll_matching_book *book = &matching->book;
    uint32_t is_sell = ll_matching_is_sell((uint8_t)side);
    uint32_t count = 0;
    LL_ASSERT(instrument < matching->config.instrument_count);
    uint32_t level = ll_matching_book_best(book, instrument, is_sell);
    for (; level != LL_MATCHING_NONE && count < count_max; level = book->nodes[level].next[0]) {
        const struct ll_matching_node *node = &book->nodes[level];
        levels[count++] = (struct ll_matching_level){.price = ll_matching_key(node->key, is_sell),
                                                     .orders_displayed = node->orders_displayed,
                                                     .quantity_displayed = node->quantity_displayed,
                                                     .orders_hidden = node->orders_hidden,
                                                     .quantity_hidden = node->quantity_hidden};
    }
    return count;
}

const struct ll_matching_counters *ll_matching_counters(const struct ll_matching *matching)
{
    return &matching->counters;
}

void ll_matching_check(const struct ll_matching *matching)
{
    const struct ll_matching_book *book = &matching->book;
    ll_matching_book_check(book);
    LL_ASSERT(matching->counters.orders_live == book->slots_used);
    for (uint32_t instrument = 0; instrument < matching->config.instrument_count; instrument++) {
        uint32_t bid = ll_matching_book_best(book, instrument, 0);
        uint32_t ask = ll_matching_book_best(book, instrument, 1);
        if (bid != LL_MATCHING_NONE && ask != LL_MATCHING_NONE)
            LL_ASSERT(~book->nodes[bid].key < book->nodes[ask].key);
    }
}
