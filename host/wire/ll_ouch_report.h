/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OUCH as the order engine sees it: what a provider's message says about an order, and the messages that an order
 * needs, alike for 5.0 and 4.2.
 *
 * Shape    ll_ouch_report takes the few fields that matter by their offsets; ll_ouch_enter, _replace, _cancel, _query
 *          write whole messages. An order's link has a number: the UserRefNum of 5.0; in 4.2 a token of ours,
 *          "LL" and twelve digits.
 * Units    quantity in shares, price in 1/10,000, venue_ns: ns since the venue's midnight.
 * Errors   ll_ouch_report: LL_ERR_SHORT, LL_ERR_LONG, LL_ERR_MALFORMED, LL_ERR_TYPE (count it, go on). Writing into at
 *          least LL_OUCH_MESSAGE_BYTES_MAX cannot fail.
 * Threads  pure functions.
 * Source   Nasdaq OUCH 5.0 revision 1.05, OUCH 4.2 (October 2025).
 */
#ifndef LL_HOST_WIRE_OUCH_REPORT_H
#define LL_HOST_WIRE_OUCH_REPORT_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_OUCH_MESSAGE_BYTES_MAX 96u /* of what is written here */

/* P(NAME, number, "text"). The number is in the journal. */
#define LL_PROTOCOLS(P)    \
    P(OUCH50, 1, "ouch50") \
    P(OUCH42, 2, "ouch42")

enum ll_protocol {
#define LL_PROTOCOL_ENUM(name, number, text) LL_PROTOCOL_##name = (number),
    LL_PROTOCOLS(LL_PROTOCOL_ENUM)
#undef LL_PROTOCOL_ENUM
};

enum ll_report_kind {
    LL_REPORT_OTHER = 0, /* nothing an order engine has to do something about */
    LL_REPORT_SYSTEM,    /* code S or E: start, end of day */
    LL_REPORT_ACCEPTED,
    LL_REPORT_REPLACED, /* old_number -> number */
    LL_REPORT_CANCELLED,
    LL_REPORT_EXECUTED,
    LL_REPORT_BROKEN,
    LL_REPORT_REJECTED,
    LL_REPORT_CANCEL_PENDING,
    LL_REPORT_CANCEL_REJECTED,
    LL_REPORT_PRIORITY, /* a new exchange reference */
    LL_REPORT_MODIFIED,
    LL_REPORT_RESTATED,
    LL_REPORT_QUERY /* number: the next one the venue would take */
};

struct ll_report {
    uint64_t number;     /* of the order's link; 0 = a token that is not ours */
    uint64_t old_number; /* REPLACED */
    uint64_t exchange_ref;
    uint64_t match;
    uint64_t price;
    uint64_t venue_ns;
    uint32_t quantity; /* accepted, open, removed or executed, as the message says */
    uint16_t code;     /* reason of a reject or cancel, system event, liquidity flag */
    uint8_t kind;      /* enum ll_report_kind */
    char side;         /* as the venue writes it; 0 = not said */
    bool dead;         /* accepted or replaced, and gone at once */
    uint8_t raw_type;
    uint8_t reserved[6];
};

LL_MUST_CHECK int ll_ouch_report(uint8_t protocol, const uint8_t *bytes, uint32_t bytes_count,
                                 struct ll_report *report);

/* A reject that may be another word the next time (the venue was busy or closed), so that a retry makes sense. All
 * others are final. */
bool ll_ouch_reject_is_retryable(uint8_t protocol, uint16_t reason);
/* A liquidity flag of a fill that took shares from the displayed book: the public feed executes the order then. */
bool ll_ouch_is_displayed_add(uint16_t liquidity);
/* "invalid price"; never NULL. */
const char *ll_ouch_reason_text(uint8_t protocol, uint8_t report_kind, uint16_t reason);

struct ll_ouch_order {
    uint64_t number;
    uint64_t old_number; /* replace */
    uint64_t price;      /* LL_OUCH_PRICE_MARKET (ll_ouch.h) = at any price */
    uint32_t quantity; /* replace: in all, executed ones included; cancel: what shall be executable in all */
    uint32_t expire_s; /* GTD: seconds to live; 0, or a day and more, = as long as the venue's day */
    char symbol[8];    /* padded with spaces */
    char firm[4];      /* padded with spaces; all spaces or zeros = the port's default */
    char side;         /* LL_OUCH_SIDE_... */
    uint8_t time_in_force; /* enum ll_time_in_force of ll_command.h */
    bool post_only;
    uint8_t reserved[5];
};

/* Each returns the bytes written. The same order gives the same bytes, so that it may be sent again. */
uint32_t ll_ouch_enter(uint8_t protocol, const struct ll_ouch_order *order, uint8_t *bytes);
uint32_t ll_ouch_replace(uint8_t protocol, const struct ll_ouch_order *order, uint8_t *bytes);
uint32_t ll_ouch_cancel(uint8_t protocol, const struct ll_ouch_order *order, uint8_t *bytes);
/* 0 = this protocol has no such question. */
uint32_t ll_ouch_query(uint8_t protocol, uint8_t *bytes);

const char *ll_protocol_name(uint8_t protocol);

#endif
