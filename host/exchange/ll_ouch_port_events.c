/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine tells: each event finds its link, moves the link's sums, and becomes a message. */
#include "host/base/ll_assert.h"
#include "host/exchange/ll_ouch_port_parts.h"

void ll_ouch_port_flush_held(struct ll_ouch_port *port, uint64_t now_ns)
{
    if (port->held == LL_OUCH_PORT_NONE)
        return;
    const struct ll_ouch_link *link = &port->links[port->held];
    port->held = LL_OUCH_PORT_NONE;
    ll_ouch_put_opened(port, link, false, now_ns);
}

static struct ll_ouch_port *port_of(const struct ll_ouch_ports *ports, uint64_t owner)
{
    uint64_t number = owner >> LL_OUCH_OWNER_PORT_SHIFT;
    return number <= LL_OUCH_PORTS_MAX ? ports->port[number] : NULL;
}

static struct ll_ouch_link *link_of(struct ll_ouch_port *port, uint64_t owner)
{
    return &port->links[(uint32_t)owner];
}

static void on_accepted(void *context, const struct ll_matching_accepted *event)
{
    struct ll_ouch_port *port = port_of(context, event->order.owner);
    if (port == NULL)
        return;
    struct ll_ouch_link *link = link_of(port, event->order.owner);
    link->reference = event->order.reference;
    link->open = event->order.quantity;
    port->held = (uint32_t)event->order.owner;
    port->counters.accepted++;
}

static void on_booked(void *context, const struct ll_matching_booked *event)
{
    struct ll_ouch_port *port = port_of(context, event->order.owner);
    if (port != NULL)
        ll_ouch_port_flush_held(port, event->now_ns);
}

static char liquidity_of(const struct ll_matching_executed *event)
{
    if (event->taker)
        return 'R';
    return (event->order.flags & LL_MATCHING_HIDDEN) != 0 ? 'J' : 'A';
}

/* Kept for the day when there is room; the link's sums are right in any case. */
static void keep_execution(struct ll_ouch_port *port, struct ll_ouch_link *link,
                           const struct ll_ouch_execution *execution)
{
    uint32_t index = port->execution_count;
    bool is_bust = ll_ouch_port_draw(port, LL_OUCH_PORT_FAULT_BUST);
    uint64_t wait_ns = ll_ouch_port_draw_ns(port, LL_OUCH_PORT_FAULT_BUST, port->config.faults.bust_ns_max);
    if (index == port->config.executions_max) {
        port->counters.executions_not_kept++;
        return;
    }
    port->executions[index] = *execution;
    port->execution_count++;
    if (link->first_execution == LL_OUCH_PORT_NONE)
        link->first_execution = index;
    else
        port->executions[link->last_execution].next = index;
    link->last_execution = index;
    if (is_bust)
        ll_timers_set(&port->timers, ll_ouch_timer_bust(port, index), execution->time_ns + wait_ns);
}

static void on_executed(void *context, const struct ll_matching_executed *event)
{
    struct ll_ouch_port *port = port_of(context, event->order.owner);
    if (port == NULL)
        return;
    struct ll_ouch_link *link = link_of(port, event->order.owner);
    struct ll_ouch_execution execution = {.match_number = event->match_number,
                                          .time_ns = event->now_ns,
                                          .link = (uint32_t)event->order.owner,
                                          .price = event->price,
                                          .quantity = event->quantity,
                                          .next = LL_OUCH_PORT_NONE,
                                          .liquidity = liquidity_of(event)};
    ll_ouch_port_flush_held(port, event->now_ns);
    link->executed += event->quantity;
    link->chain_used += event->quantity;
    link->open = event->order.quantity;
    if (link->open == 0)
        link->state = LL_OUCH_LINK_FILLED;
    port->counters.executions++;
    keep_execution(port, link, &execution);
    ll_ouch_put_executed(port, link, &execution);
}

/* What the strategy of the engine is called is not published; these letters are ours. */
static char strategy_of(const struct ll_matching_cancelled *event)
{
    return event->quantity == event->prevented_quantity ? 'D' : 'O';
}

static void on_cancelled(void *context, const struct ll_matching_cancelled *event)
{
    struct ll_ouch_port *port = port_of(context, event->order.owner);
    if (port == NULL)
        return;
    uint32_t index = (uint32_t)event->order.owner;
    struct ll_ouch_link *link = &port->links[index];
    bool is_self_match = event->reason == LL_MATCHING_REASON_SELF_MATCH;
    link->cancelled += event->quantity;
    link->chain_used += is_self_match ? event->quantity : 0;
    link->open = event->order.quantity;
    link->reason = (uint16_t)event->reason;
    if (link->open == 0)
        link->state = LL_OUCH_LINK_CANCELLED;
    if (port->modifying == index)
        return;
    /* Nothing was to be had for an order that does not rest: accepted, and dead, in one message. */
    if (port->held == index && event->reason == LL_MATCHING_REASON_IOC) {
        port->held = LL_OUCH_PORT_NONE;
        ll_ouch_put_opened(port, link, true, event->now_ns);
        return;
    }
    ll_ouch_port_flush_held(port, event->now_ns);
    if (is_self_match)
        ll_ouch_put_prevented(port, link, event, strategy_of(event));
    else
        ll_ouch_put_cancelled(port, link, event->quantity, (char)event->reason, event->now_ns);
}

static void on_replaced(void *context, const struct ll_matching_replaced *event)
{
    struct ll_ouch_port *port = port_of(context, event->order.owner);
    if (port == NULL)
        return;
    struct ll_ouch_link *link = link_of(port, event->order.owner);
    struct ll_ouch_link *before = link_of(port, event->before.owner);
    link->reference = event->order.reference;
    link->open = event->order.quantity;
    if (link == before) /* a modify that asks for more: the same link in another place of the queue */
        return;
    before->passed_on = event->before.quantity;
    before->open = 0;
    before->state = LL_OUCH_LINK_REPLACED;
    before->replaced_by = (uint32_t)event->order.owner;
    link->quantity = event->order.quantity;
    link->chain_used = before->chain_used;
    link->replaces = (uint32_t)event->before.owner;
    port->held = (uint32_t)event->order.owner;
    port->counters.replaced++;
}

static void on_broken(void *context, const struct ll_matching_broken *event)
{
    struct ll_ouch_port *port = port_of(context, event->owner);
    if (port == NULL)
        return;
    struct ll_ouch_link *link = link_of(port, event->owner);
    uint32_t index = link->first_execution;
    while (index != LL_OUCH_PORT_NONE && port->executions[index].match_number != event->match_number)
        index = port->executions[index].next;
    if (index != LL_OUCH_PORT_NONE) {
        port->executions[index].broken = true;
        port->executions[index].broken_reason = event->reason;
    }
    port->counters.broken++;
    ll_ouch_put_broken(port, link, event->match_number, (char)event->reason, event->now_ns);
}

void ll_ouch_ports_add(struct ll_ouch_ports *ports, struct ll_ouch_port *port)
{
    LL_ASSERT(ports->port[port->config.number] == NULL);
    ports->port[port->config.number] = port;
}

struct ll_matching_handler ll_ouch_ports_handler(struct ll_ouch_ports *ports)
{
    return (struct ll_matching_handler){.context = ports,
                                        .accepted = on_accepted,
                                        .booked = on_booked,
                                        .executed = on_executed,
                                        .cancelled = on_cancelled,
                                        .replaced = on_replaced,
                                        .broken = on_broken};
}
