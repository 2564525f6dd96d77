/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of a TCP connection, put in order: segments in, a run of bytes out.
 *
 * Shape    start -> add ... ; ready gives what is in order and not dropped yet, drop steps over it. What comes
 *          early is held until the bytes before it come, within LL_TCP_STREAM_BYTES and
 *          LL_TCP_STREAM_HELD_MAX runs; what comes again is passed over. When a gap will not be filled, drop
 *          more than is ready: the bytes behind the gap become ready as soon as they are next.
 * Units    bytes; sequence numbers as on the wire, modulo 2^32.
 * Errors   add: LL_ERR_FULL, the segment cannot be held and nothing is taken of it; the gap before what is held
 *          must be given up first.
 * Threads  one owner.
 * Source   RFC 9293 section 3.4 (sequence numbers).
 */
#ifndef LL_HOST_APP_TCP_STREAM_H
#define LL_HOST_APP_TCP_STREAM_H

#include "host/base/ll_err.h"

#include <stdint.h>

/* Room for the largest packet not complete yet, and for three times as much that came early. */
#define LL_TCP_STREAM_BYTES    (256u * 1024u)
#define LL_TCP_STREAM_HELD_MAX 64u

struct ll_tcp_run { /* private: from..to, counted from the first byte that is not dropped */
    uint32_t from;
    uint32_t to;
};

struct ll_tcp_stream {       /* private */
    uint32_t first_sequence; /* of bytes[0] */
    uint32_t ready_bytes;
    uint32_t held_count;
    struct ll_tcp_run
        held[LL_TCP_STREAM_HELD_MAX]; /* ascending, apart from each other and from what is ready */
    uint8_t bytes[LL_TCP_STREAM_BYTES];
};

/* `sequence` is that of the first byte. */
void ll_tcp_stream_start(struct ll_tcp_stream *stream, uint32_t sequence);

LL_MUST_CHECK int ll_tcp_stream_add(struct ll_tcp_stream *stream, uint32_t sequence, const uint8_t *bytes,
                                    uint32_t bytes_count);

/* Valid until the next call with this stream. */
const uint8_t *ll_tcp_stream_ready(const struct ll_tcp_stream *stream, uint32_t *bytes_count);

/* Missing between what is ready and what is held next; 0 = nothing is held. */
uint32_t ll_tcp_stream_missing_bytes(const struct ll_tcp_stream *stream);

/* Of the first byte that is not ready. */
uint32_t ll_tcp_stream_next_sequence(const struct ll_tcp_stream *stream);

/* Bytes that never came may be dropped as well. */
void ll_tcp_stream_drop(struct ll_tcp_stream *stream, uint32_t bytes_count);

#endif
