/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public feed of the simulated exchange: what the matching engine tells, as ITCH 5.0 messages.
 *
 * Shape    init(publisher, matching's instruments, sender) -> its handler goes to ll_matching_init -> start_of_day ->
 *          events -> end_of_day. Every message is added to the sender, which numbers, keeps and sends it. What
 *          becomes of an event:
 *              booked        A, or F for an attributed order; nothing for a hidden one
 *              executed      E of the maker; C when the price is not the order's own; P when it is hidden
 *              cancelled     X, or D with the last share; nothing for what was not in the book, or hidden
 *              replaced      U when all of the new order rests as displayed as the old one did; else D, then A
 *                            or F when the new one rests
 *              broken        B, once per trade
 *              trading       H
 *          so that a book built from the feed holds the engine's displayed orders after every request, and is
 *          never crossed on the way.
 * Units    message times are ns since midnight: the event's time less `midnight_ns`.
 * Errors   a message that the sender has no room for is not published: the sender counts it, and is_whole says so.
 *          An event before midnight, or 2^48 ns after, is the caller's mistake: assertion.
 * Threads  one owner, the engine's.
 * Source   Nasdaq TotalView-ITCH 5.0 specification, "System Event Message" to "Broken Trade".
 */
#ifndef LL_HOST_EXCHANGE_ITCH_PUBLISHER_H
#define LL_HOST_EXCHANGE_ITCH_PUBLISHER_H

#include "host/exchange/ll_matching.h"
#include "host/exchange/ll_mold_sender.h"
#include "host/wire/ll_itch50.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_itch_publisher { /* private */
    const struct ll_matching_instrument *instruments;
    uint32_t instrument_count;
    uint64_t midnight_ns;
    struct ll_mold_sender *sender;
    bool is_whole;
};

/* The sender and the instruments must stay; the sender's messages may have LL_ITCH50_MESSAGE_BYTES_MAX. */
void ll_itch_publisher_init(struct ll_itch_publisher *publisher,
                            const struct ll_matching_instrument *instruments, uint32_t instrument_count,
                            uint64_t midnight_ns, struct ll_mold_sender *sender);
struct ll_matching_handler ll_itch_publisher_handler(struct ll_itch_publisher *publisher);

/* S 'O', R and H of each instrument, S 'S', S 'Q'. */
void ll_itch_publisher_start_of_day(struct ll_itch_publisher *publisher, uint64_t now_ns);
/* S 'M', S 'E', S 'C', and the sender is finished. ll_matching_end_of_day comes before. */
void ll_itch_publisher_end_of_day(struct ll_itch_publisher *publisher, uint64_t now_ns);

/* False once a message did not find room. */
bool ll_itch_publisher_is_whole(const struct ll_itch_publisher *publisher);

#endif
