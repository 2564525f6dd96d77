/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads of the records that the order engine keeps (kinds: ll_record.h).
 *
 * Shape    COMMAND  a client's command as ll_command.h lays it out, used bytes only; the record's verdict is its
 *                   refusal (enum ll_refusal)
 *          REPORT   4-byte head, then one sequenced message of a provider session, raw; the sequence number is the
 *                   session's next one
 *          SENT     the same head, then a message that left, raw. It follows from the record before it; a replay makes
 *                   it again and compares
 *          LINK     what happened to a session
 *          ACTION   what the gateway itself decided: a trigger, a time-out, a retry
 *          SETTINGS what the engine's decisions depend on beside the events, so that a replay decides alike
 *          LIMIT    one entry of a limit set (host/core/ll_limits.h), or its begin or end
 * Units    quantities in lots, prices in ticks.
 * Errors   none.
 * Threads  plain data.
 */
#ifndef LL_HOST_WIRE_ORDER_RECORDS_H
#define LL_HOST_WIRE_ORDER_RECORDS_H

#include <assert.h>
#include <stdint.h>

struct ll_record_wire {
    uint8_t session;
    uint8_t protocol; /* enum ll_protocol */
    uint8_t
        begins; /* REPORT: 1 = the first of those that were matched together; a replay matches the same ones */
    uint8_t reserved;
};
static_assert(sizeof(struct ll_record_wire) == 4, "a 36-byte execution report and its head fit one slot");

/* L(NAME, number, "text") */
#define LL_LINK_EVENTS(L)                                                                        \
    L(CONFIGURED, 0, "configured") /* protocol and firm of the session */                        \
    L(OPENED, 1, "opened")         /* logged in: session name, next sequence */                  \
    L(CLOSED, 2, "closed")         /* the connection broke, or was closed */                     \
    L(ENDED, 3, "ended")           /* the venue ended the session: nothing more comes from it */ \
    L(CAUGHT_UP, 4, "caught_up")   /* all that was missed has been said again */                 \
    L(GAP, 5, "gap")               /* messages are lost for good: the next sequence behind them */

enum ll_link_event {
#define LL_LINK_ENUM(name, number, text) LL_LINK_##name = (number),
    LL_LINK_EVENTS(LL_LINK_ENUM)
#undef LL_LINK_ENUM
        LL_LINK_EVENT_COUNT = 6
};

/* What a session is for. A copy repeats what another session is told, over a way of its own; nothing is sent on it. */
enum ll_link_role { LL_LINK_ROLE_ORDERS = 0, LL_LINK_ROLE_COPY = 1 };

struct ll_record_link {
    uint8_t session;
    uint8_t event; /* enum ll_link_event */
    uint8_t protocol;
    uint8_t role; /* enum ll_link_role; configured */
    char firm[4];
    char name[10];
    uint8_t of; /* of a copy: the session whose orders it speaks of; configured */
    uint8_t reserved[5];
    uint64_t next_sequence;
};
static_assert(sizeof(struct ll_record_link) == 32, "one slot");

/* A(NAME, number, "text") */
#define LL_ACTIONS(A)                                                                   \
    A(TRIGGER_STOPLOSS, 1, "trigger_stoploss") /* price: the best price that did it */  \
    A(TRIGGER_TAKEPROFIT, 2, "trigger_takeprofit")                                      \
    A(TIMEOUT, 3, "timeout")         /* a request went unanswered for too long */       \
    A(RETRY, 4, "retry")             /* the next try of a failed order is due */        \
    A(RESEND, 5, "resend")           /* after a reconnect: the venue has not seen it */ \
    A(KILL_CANCEL, 6, "kill_cancel") /* a latch is engaged: this order goes too */      \
    A(EXPIRE, 7, "expire")           /* its time is over, or its session's day */       \
    A(UNANSWERED, 8, "unanswered")   /* the venue has answered all that came later: this one it passed over */

enum ll_action {
#define LL_ACTION_ENUM(name, number, text) LL_ACTION_##name = (number),
    LL_ACTIONS(LL_ACTION_ENUM)
#undef LL_ACTION_ENUM
};

struct ll_record_action {
    uint8_t action; /* enum ll_action */
    uint8_t session;
    uint16_t reserved16;
    uint32_t order;
    uint32_t id;
    uint32_t reserved32;
    uint64_t price;
};
static_assert(sizeof(struct ll_record_action) == 24, "one slot");

struct ll_record_settings {
    uint64_t answer_timeout_ns;
    uint64_t retry_ns;
    uint8_t instance; /* of the gateway, in the identifiers it makes */
    uint8_t reserved[15];
};
static_assert(sizeof(struct ll_record_settings) == 32, "one slot");

#endif
