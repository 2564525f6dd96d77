/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages into MoldUDP64 packets into a ring port: how a file or a simulated feed enters the gateway.
 *
 * Shape    init -> add... -> flush -> end. A packet is closed when the next message does not fit or is due later than
 *          `split_ns` after its first one, and by flush.
 * Units    feed time in ns; sequence numbers count messages, from 1 unless the feed is taken up later.
 * Errors   add and end say LL_ERR_FULL when the ring has no room: receive first, then try the same again.
 *          LL_ERR_LONG: no datagram can carry the message.
 * Threads  one owner, the port's thread.
 */
#ifndef LL_HOST_APP_MOLD_FRAMER_H
#define LL_HOST_APP_MOLD_FRAMER_H

#include "dpdk/ll_port.h"
#include "host/base/ll_err.h"
#include "host/wire/ll_moldudp64.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_MOLD_FRAMER_PACKET_BYTES 1400u       /* below the Ethernet MTU, as senders do */
#define LL_MOLD_FRAMER_ADDRESS      0xe9360c6fu /* 233.54.12.111 */
#define LL_MOLD_FRAMER_PORT         26477u

struct ll_mold_framer { /* private */
    struct ll_port *port;
    struct ll_moldudp64_builder builder;
    uint64_t next_sequence;
    uint64_t packet_ns; /* feed time of the open packet's first message */
    uint64_t split_ns;
    bool open;
    char session[LL_MOLDUDP64_SESSION_BYTES];
};

void ll_mold_framer_init(struct ll_mold_framer *framer, struct ll_port *port,
                         const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t first_sequence,
                         uint64_t split_ns);
LL_MUST_CHECK int ll_mold_framer_add(struct ll_mold_framer *framer, const uint8_t *message,
                                     uint32_t message_bytes, uint64_t feed_ns);
/* Sends the open packet, if any. */
void ll_mold_framer_flush(struct ll_mold_framer *framer);
/* An end-of-session packet. */
LL_MUST_CHECK int ll_mold_framer_end(struct ll_mold_framer *framer, uint64_t feed_ns);

#endif
