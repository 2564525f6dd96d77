/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_matching_log.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_err.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void ll_matching_log_init(struct ll_matching_log *log, bool full)
{
    log->full = full;
    log->used_bytes = 0;
    log->text[0] = '\0';
}

const char *ll_matching_log_take(struct ll_matching_log *log)
{
    log->text[log->used_bytes] = '\0'; /* nothing came: nothing of before */
    log->used_bytes = 0;
    return log->text;
}

static void add(struct ll_matching_log *log, const char *fmt, ...) LL_PRINTF(2, 3);

static void add(struct ll_matching_log *log, const char *fmt, ...)
{
    va_list arguments;
    size_t room_bytes = sizeof log->text - log->used_bytes;
    va_start(arguments, fmt);
    int written = vsnprintf(log->text + log->used_bytes, room_bytes, fmt, arguments);
    va_end(arguments);
    LL_ASSERT(written >= 0);
    LL_ASSERT((size_t)written < room_bytes);
    log->used_bytes += (size_t)written;
}

/* Ends a line; of a full one, with all the fields that the short one leaves out. */
static void add_end(struct ll_matching_log *log, const struct ll_matching_order *order, uint64_t now_ns)
{
    if (log->full && order != NULL)
        add(log, " [%" PRIu64 " o%" PRIu64 " g%u i%u %u@%u side%u tif%u flags%u %.4s%s]", order->reference,
            order->owner, order->group, order->instrument, order->quantity, order->price, order->side,
            order->time_in_force, order->flags, order->firm, order->booked ? " booked" : "");
    if (log->full)
        add(log, " %" PRIu64 " ns", now_ns);
    add(log, "\n");
}

static void on_accepted(void *context, const struct ll_matching_accepted *event)
{
    const struct ll_matching_order *order = &event->order;
    add(context, "accepted %" PRIu64 " o%" PRIu64 " %c %u@%u", order->reference, order->owner,
        "BSTE"[order->side], order -> quantity, order -> price);
    add_end(context, order, event->now_ns);
}

static void on_rejected(void *context, const struct ll_matching_rejected *event)
{
    add(context, "rejected o%" PRIu64, event->owner);
    if (event->reference != 0)
        add(context, " of %" PRIu64, event->reference);
    add(context, " %s", ll_matching_verdict_name(event->verdict));
    add_end(context, NULL, event->now_ns);
}

static void on_booked(void *context, const struct ll_matching_booked *event)
{
    add(context, "booked %" PRIu64 " %u@%u", event->order.reference, event->order.quantity,
        event->order.price);
    if (event->replaces != 0)
        add(context, " for %" PRIu64, event->replaces);
    add_end(context, &event->order, event->now_ns);
}

static void on_executed(void *context, const struct ll_matching_executed *event)
{
    add(context, "%s %" PRIu64 " o%" PRIu64 " m%" PRIu64 " %u@%u left %u", event->taker ? "taker" : "maker",
        event->order.reference, event->order.owner, event->match_number, event->quantity, event->price,
        event->order.quantity);
    add_end(context, &event->order, event->now_ns);
}

static void on_cancelled(void *context, const struct ll_matching_cancelled *event)
{
    add(context, "cancelled %" PRIu64 " o%" PRIu64 " %u left %u %c", event->order.reference,
        event->order.owner, event->quantity, event->order.quantity, (char)event->reason);
    if (event->prevented_quantity != 0)
        add(context, " prevented %u@%u %s", event->prevented_quantity, event->prevented_price,
            event->taker ? "taker" : "maker");
    add_end(context, &event->order, event->now_ns);
}

static void on_replaced(void *context, const struct ll_matching_replaced *event)
{
    add(context, "replaced %" PRIu64 " by %" PRIu64 " o%" PRIu64 " %u@%u%s%s", event->before.reference,
        event->order.reference, event->order.owner, event->order.quantity, event->order.price,
        event->rests ? " rests" : "", event->keeps_priority ? " keeps" : "");
    if (((struct ll_matching_log *)context)->full)
        add_end(context, &event->before, event->now_ns);
    add_end(context, &event->order, event->now_ns);
}

static void on_broken(void *context, const struct ll_matching_broken *event)
{
    add(context, "broken %" PRIu64 " o%" PRIu64 " m%" PRIu64 " %u@%u %s %c", event->reference, event->owner,
        event->match_number, event->quantity, event->price, event->taker ? "taker" : "maker", event->reason);
    if (((struct ll_matching_log *)context)->full)
        add(context, " i%u side%u", event->instrument, event->side);
    add_end(context, NULL, event->now_ns);
}

static void on_trading(void *context, const struct ll_matching_trading *event)
{
    add(context, "trading %u %s %.4s", event->instrument, event->halted ? "halted" : "resumed",
        event->reason);
    add_end(context, NULL, event->now_ns);
}

struct ll_matching_handler ll_matching_log_handler(struct ll_matching_log *log)
{
    return (struct ll_matching_handler){.context = log,
                                        .accepted = on_accepted,
                                        .rejected = on_rejected,
                                        .booked = on_booked,
                                        .executed = on_executed,
                                        .cancelled = on_cancelled,
                                        .replaced = on_replaced,
                                        .broken = on_broken,
                                        .trading = on_trading};
}
