/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_mold_framer.h"

#include <string.h>

void ll_mold_framer_init(struct ll_mold_framer *framer, struct ll_port *port,
                         const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t first_sequence,
                         uint64_t split_ns)
{
    memset(framer, 0, sizeof *framer);
    framer->port = port;
    framer->next_sequence = first_sequence;
    framer->split_ns = split_ns;
    memcpy(framer->session, session, sizeof framer->session);
}

void ll_mold_framer_flush(struct ll_mold_framer *framer)
{
    if (!framer->open)
        return;
    ll_port_send_commit(framer->port, ll_moldudp64_end(&framer->builder), LL_MOLD_FRAMER_ADDRESS,
                        LL_MOLD_FRAMER_PORT, framer->packet_ns);
    framer->open = false;
}

static int ll_mold_framer_begin(struct ll_mold_framer *framer, uint32_t message_bytes, uint64_t feed_ns)
{
    uint32_t needed_bytes = LL_MOLDUDP64_HEADER_BYTES + LL_MOLDUDP64_BLOCK_HEADER_BYTES + message_bytes;
    uint32_t capacity_bytes;
    uint8_t *bytes = ll_port_send_begin(framer->port, &capacity_bytes);
    if (bytes == NULL)
        return LL_ERR_FULL;
    if (needed_bytes > capacity_bytes)
        return LL_ERR_LONG;
    if (capacity_bytes > LL_MOLD_FRAMER_PACKET_BYTES && needed_bytes <= LL_MOLD_FRAMER_PACKET_BYTES)
        capacity_bytes = LL_MOLD_FRAMER_PACKET_BYTES; /* a longer message gets a packet of its own */
    ll_moldudp64_begin(&framer->builder, bytes, capacity_bytes, framer->session, framer->next_sequence);
    framer->packet_ns = feed_ns;
    framer->open = true;
    return LL_OK;
}

int ll_mold_framer_add(struct ll_mold_framer *framer, const uint8_t *message, uint32_t message_bytes,
                       uint64_t feed_ns)
{
    if (framer->open && framer->split_ns != 0 && feed_ns > framer->packet_ns + framer->split_ns)
        ll_mold_framer_flush(framer);
    if (framer->open && ll_moldudp64_add(&framer->builder, message, message_bytes) != LL_OK)
        ll_mold_framer_flush(framer);
    else if (framer->open) {
        framer->next_sequence++;
        return LL_OK;
    }
    int status = ll_mold_framer_begin(framer, message_bytes, feed_ns);
    if (status == LL_OK)
        status = ll_moldudp64_add(&framer->builder, message, message_bytes);
    if (status == LL_OK)
        framer->next_sequence++;
    return status;
}

int ll_mold_framer_end(struct ll_mold_framer *framer, uint64_t feed_ns)
{
    uint32_t capacity_bytes;
    ll_mold_framer_flush(framer);
    uint8_t *bytes = ll_port_send_begin(framer->port, &capacity_bytes);
    if (bytes == NULL)
        return LL_ERR_FULL;
    ll_moldudp64_write_header(bytes, framer->session, framer->next_sequence, LL_MOLDUDP64_COUNT_END);
    ll_port_send_commit(framer->port, LL_MOLDUDP64_HEADER_BYTES, LL_MOLD_FRAMER_ADDRESS, LL_MOLD_FRAMER_PORT,
                        feed_ns);
    return LL_OK;
}
