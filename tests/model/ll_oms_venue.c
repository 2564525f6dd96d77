/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_oms_venue.h"

#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch.h"

#include <string.h>

void ll_oms_venue_init(struct ll_oms_venue *venue, uint8_t protocol, struct ll_prng *prng)
{
    memset(venue, 0, sizeof *venue);
    venue->prng = prng;
    venue->protocol = protocol;
    venue->next_match = 1;
    venue->next_ref = 1000;
}

const struct ll_venue_order *ll_oms_venue_order(const struct ll_oms_venue *venue, uint64_t number)
{
    LL_ASSERT(number < LL_VENUE_NUMBERS);
    uint32_t order = venue->order_of[number];
    return order == 0 ? NULL : &venue->orders[order - 1];
}

static struct ll_venue_order *ll_venue_live(struct ll_oms_venue *venue, uint64_t number)
{
    LL_ASSERT(number < LL_VENUE_NUMBERS);
    uint32_t order = venue->order_of[number];
    if (order == 0 || venue->orders[order - 1].number != number || venue->orders[order - 1].open == 0)
        return NULL;
    return &venue->orders[order - 1];
}

static void ll_venue_say(struct ll_oms_venue *venue, const struct ll_rig_message *message)
{
    LL_ASSERT(venue->said_count < LL_VENUE_SAID);
    venue->said[venue->said_count++] = *message;
}

static bool ll_venue_maybe(struct ll_oms_venue *venue, uint32_t per_mille)
{
    return !venue->is_calm && ll_prng_chance(venue->prng, per_mille);
}

/* --- What it says by itself ------------------------------------------------------------------------------- */

static void ll_venue_fill(struct ll_oms_venue *venue, struct ll_venue_order *order, uint64_t quantity)
{
    uint64_t better = ll_prng_below(venue->prng, 3) * 100u;
    uint64_t price = order->side == 'B' ? order->price - better : order->price + better;
    LL_ASSERT(venue->fill_count < LL_VENUE_FILLS);
    venue->fills[venue->fill_count++] = (struct ll_venue_fill){
        venue->next_match, (uint32_t)(order - venue->orders), (uint32_t)quantity, false};
    order->executed += quantity;
    order->open -= quantity;
    ll_venue_say(venue, &(struct ll_rig_message){.type = 'E',
                                                 .side = order->side,
                                                 .number = order->number,
                                                 .quantity = quantity,
                                                 .price = price,
                                                 .match = venue->next_match++});
}

static void ll_venue_gone(struct ll_oms_venue *venue, struct ll_venue_order *order, uint64_t quantity,
                          char reason)
{
    order->open -= quantity;
    ll_venue_say(venue,
                 &(struct ll_rig_message){
                     .type = 'C', .number = order->number, .quantity = quantity, .code = (uint16_t)reason});
}

/* Sometimes twice: the second one must move nothing. */
static void ll_venue_bust(struct ll_oms_venue *venue)
{
    if (venue->fill_count == 0)
        return;
    struct ll_venue_fill *fill = &venue->fills[ll_prng_below(venue->prng, venue->fill_count)];
    struct ll_venue_order *order = &venue->orders[fill->order];
    if (!fill->is_busted)
        order->busted += fill->quantity;
    fill->is_busted = true;
    ll_venue_say(venue, &(struct ll_rig_message){.type = 'B', .number = order->number, .match = fill->match});
}

void ll_oms_venue_stir(struct ll_oms_venue *venue)
{
    if (venue->order_count == 0 || venue->is_calm)
        return;
    if (ll_prng_chance(venue->prng, 60)) {
        ll_venue_bust(venue);
        return;
    }
    struct ll_venue_order *order = &venue->orders[ll_prng_below(venue->prng, venue->order_count)];
    if (order->open == 0)
        return;
    if (ll_prng_chance(venue->prng, 700))
        ll_venue_fill(venue, order, 1 + ll_prng_below(venue->prng, (uint32_t)order->open));
    else if (ll_prng_chance(venue->prng, 500))
        ll_venue_gone(venue, order, 1 + ll_prng_below(venue->prng, (uint32_t)order->open),
                      LL_OUCH_CANCEL_SELF_MATCH);
    else
        ll_venue_say(venue, &(struct ll_rig_message){.type = 'T',
                                                     .number = order->number,
                                                     .price = order->price,
                                                     .exchange_ref = venue->next_ref++});
}

/* --- What it answers -------------------------------------------------------------------------------------- */

/* May the number be used? The same bytes may come again and mean nothing; other bytes must never. */
static bool ll_venue_is_new(struct ll_oms_venue *venue, const struct ll_oms_send *send, uint64_t number)
{
    LL_ASSERT(number != 0 && number < LL_VENUE_NUMBERS);
    if (venue->bytes_count[number] != 0) {
        LL_ASSERT(venue->bytes_count[number] == send->bytes_count);
        LL_ASSERT(memcmp(venue->bytes[number], send->bytes, send->bytes_count) == 0);
    }
    venue->bytes_count[number] = send->bytes_count;
    memcpy(venue->bytes[number], send->bytes, send->bytes_count);
    return venue->protocol == LL_PROTOCOL_OUCH50 ? number > venue->last_number : !venue->is_used[number];
}

static void ll_venue_use(struct ll_oms_venue *venue, uint64_t number)
{
    venue->is_used[number] = true;
    if (number > venue->last_number)
        venue->last_number = number;
}

static void ll_venue_reject(struct ll_oms_venue *venue, uint64_t number, bool may_try_again)
{
    uint16_t code = may_try_again ? LL_OUCH50_REJECT_HALTED : LL_OUCH50_REJECT_OTHER;
    if (venue->protocol != LL_PROTOCOL_OUCH50)
        code = may_try_again ? LL_OUCH42_REJECT_HALTED : LL_OUCH42_REJECT_OTHER;
    ll_venue_say(venue, &(struct ll_rig_message){.type = 'J', .number = number, .code = code});
}

static void ll_venue_enter(struct ll_oms_venue *venue, const struct ll_oms_send *send,
                           const struct ll_rig_sent *sent)
{
    if (!ll_venue_is_new(venue, send, sent->number))
        return;
    ll_venue_use(venue, sent->number);
    if (venue->protocol == LL_PROTOCOL_OUCH50 && ll_venue_maybe(venue, 50))
        return; /* as if a higher number had come before it */
    if (ll_venue_maybe(venue, 150)) {
        ll_venue_reject(venue, sent->number, ll_prng_chance(venue->prng, 500));
        return;
    }
    LL_ASSERT(venue->order_count < LL_VENUE_ORDERS);
    struct ll_venue_order *order = &venue->orders[venue->order_count++];
    *order = (struct ll_venue_order){.number = sent->number,
                                     .first_number = sent->number,
                                     .price = sent->price,
                                     .open = sent->quantity,
                                     .side = sent->side};
    venue->order_of[sent->number] = venue->order_count;
    bool dead = ll_venue_maybe(venue, 50);
    if (dead)
        order->open = 0;
    ll_venue_say(venue, &(struct ll_rig_message){.type = 'A',
                                                 .side = sent->side,
                                                 .number = sent->number,
                                                 .quantity = sent->quantity,
                                                 .price = sent->price,
                                                 .exchange_ref = venue->next_ref++,
                                                 .dead = dead});
    if (sent->time_in_force != LL_OUCH50_TIF_IOC || dead)
        return;
    if (!ll_venue_maybe(venue, 300))
        ll_venue_fill(venue, order, 1 + ll_prng_below(venue->prng, (uint32_t)order->open));
    if (order->open != 0)
        ll_venue_gone(venue, order, order->open, LL_OUCH_CANCEL_IOC);
}

static void ll_venue_cancel(struct ll_oms_venue *venue, const struct ll_rig_sent *sent)
{
    struct ll_venue_order *order = ll_venue_live(venue, sent->number);
    if (order == NULL || order->executed + order->open <= sent->quantity ||
        (order->is_cancel_refused && !venue->is_calm))
        return;
    if (ll_venue_maybe(venue, 100)) {
        order->is_cancel_refused = true;
        ll_venue_say(venue, &(struct ll_rig_message){.type = 'I', .number = order->number});
        return;
    }
    uint64_t stays = sent->quantity > order->executed ? sent->quantity - order->executed : 0;
    ll_venue_gone(venue, order, order->open - stays, LL_OUCH_CANCEL_USER);
}

static void ll_venue_replace(struct ll_oms_venue *venue, const struct ll_oms_send *send,
                             const struct ll_rig_sent *sent)
{
    struct ll_venue_order *order = ll_venue_live(venue, sent->old_number);
    if (!ll_venue_is_new(venue, send, sent->number) || order == NULL)
        return;
    if (sent->quantity <= order->executed || ll_venue_maybe(venue, 50)) {
        ll_venue_gone(venue, order, order->open, LL_OUCH_CANCEL_USER);
        return;
    }
    ll_venue_use(venue, sent->number);
    if (ll_venue_maybe(venue, 150)) {
        ll_venue_reject(venue, sent->number, ll_prng_chance(venue->prng, 500));
        return;
    }
    bool dead = ll_venue_maybe(venue, 50);
    uint64_t open = sent->quantity - order->executed;
    order->number = sent->number;
    order->price = sent->price;
    order->open = dead ? 0 : open;
    order->is_cancel_refused = false;
    venue->order_of[sent->number] = (uint32_t)(order - venue->orders) + 1;
    ll_venue_say(venue, &(struct ll_rig_message){.type = 'U',
                                                 .side = order->side,
                                                 .number = sent->number,
                                                 .old_number = sent->old_number,
                                                 .quantity = open,
                                                 .price = sent->price,
                                                 .exchange_ref = venue->next_ref++,
                                                 .dead = dead});
}

void ll_oms_venue_take(struct ll_oms_venue *venue, const struct ll_oms_send *send)
{
    struct ll_rig_sent sent = ll_rig_read(venue->protocol, send);
    /* What was on its way when the message came in. */
    if (ll_venue_maybe(venue, 200))
        ll_oms_venue_stir(venue);
    if (sent.type == 'O')
        ll_venue_enter(venue, send, &sent);
    else if (sent.type == 'U')
        ll_venue_replace(venue, send, &sent);
    else if (sent.type == 'X')
        ll_venue_cancel(venue, &sent);
    else
        ll_venue_say(venue, &(struct ll_rig_message){.type = 'Q', .number = venue->last_number + 1});
}
