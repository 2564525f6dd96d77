/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole strategy in a page: buys once, guards the order with a stop-loss, follows it until it ends.
 *
 *     cc strategy.c -llifeline -o strategy && ./strategy          (the door of `lifelined`; or LIFELINE_DOOR=PATH)
 *
 * What to learn here: answers are waited for, news is polled; a gateway that goes away is come back to, and what was
 * not answered is asked again under the same client_order_id, which never makes a second order.
 */
#include <lifeline.h>

#include <inttypes.h>
#include <stdio.h>

/* Places the order; comes back to the gateway when it goes away meanwhile. */
static int place(struct lifeline *gateway, struct lifeline_event *answer)
{
    const struct lifeline_order order = {
        .account = "A1",
        .strategy = "example",
        .symbol = "AAPL",
        .client_order_id = "example-2026-11-20-1",
        .side = LIFELINE_BUY,
        .quantity_lots = 100,
        .price_ticks = 1503400, /* 150.34 */
    };
    for (int tries = 0; tries < 3; tries++) {
        int64_t request = lifeline_place(gateway, &order);
        int err = request < 0 ? (int)request : lifeline_wait(gateway, request, LIFELINE_SECOND, answer);
        if (err != LIFELINE_ERR_GONE && err != LIFELINE_ERR_TIMEOUT)
            return err;
        if (err == LIFELINE_ERR_GONE && lifeline_reopen(gateway) < 0)
            return LIFELINE_ERR_GONE;
    }
    return LIFELINE_ERR_TIMEOUT;
}

/* Prints news until the order has ended, or the gateway has gone. */
static int follow(struct lifeline *gateway, const char *order_id)
{
    struct lifeline_event event = {.state = LIFELINE_STATE_NONE};
    while (event.state < LIFELINE_STATE_FILLED) {
        int got = lifeline_poll(gateway, &event);
        if (got < 0)
            return got;
        if (got > 0 && event.request == 0)
            printf("%s %s: %s, %" PRIu64 " filled, %" PRIu64 " open\n", lifeline_event_name((int)event.kind),
                   order_id, lifeline_state_name((int)event.state), event.cumulative_lots, event.leaves_lots);
    }
    return LIFELINE_OK;
}

int main(void)
{
    struct lifeline *gateway;
    struct lifeline_event answer;
    int err = lifeline_open(&gateway, NULL);
    if (err == LIFELINE_OK)
        err = lifeline_subscribe(gateway, LIFELINE_NEWS_OWN);
    if (err == LIFELINE_OK)
        err = place(gateway, &answer);
    if (err == LIFELINE_OK && answer.kind == LIFELINE_EVENT_REFUSED) {
        printf("refused: %s (limit %" PRIu64 ", value %" PRIu64 ")\n", lifeline_refusal_name(answer.refusal),
               answer.limit, answer.value);
    } else if (err == LIFELINE_OK) {
        int64_t request = lifeline_stoploss_add(gateway, answer.order_id, NULL, 1490000);
        struct lifeline_event guard;
        err = request < 0 ? (int)request : lifeline_wait(gateway, request, LIFELINE_SECOND, &guard);
        if (err == LIFELINE_OK)
            err = follow(gateway, answer.order_id);
    }
    if (err != LIFELINE_OK)
        fprintf(stderr, "strategy: %s\n", lifeline_error_text(gateway));
    lifeline_close(gateway);
    return err == LIFELINE_OK ? 0 : 1;
}
