/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A multiplied day: the recorded feed of one instrument, played on many instruments at once.
 *
 * Shape    footprint_bytes(config, source) -> init(memory, config, source) -> next... -> 0 bytes at the end.
 *          The source is a BinaryFILE in memory (two bytes of length before each message) with one
 *          instrument in it. Copy i has locate i + 1, a symbol, references and match numbers of its own,
 *          its prices moved up by a constant and its times moved by a constant jitter; the copies are merged
 *          in time order, so the order within each is that of the source. Messages of no instrument (locate
 *          0) come once; those after the first of the instrument come when every copy has passed that
 *          point. Same config and source, same bytes.
 * Units    planned time: ns since midnight, as in the message, never going backwards.
 * Errors   init: LL_ERR_USAGE for a config outside its limits, LL_ERR_NO_MEMORY for too little memory,
 *          LL_ERR_INPUT for a source that is cut off, has two instruments, unknown types or wrong lengths,
 *          times that go backwards, or a book that does not fit together.
 * Threads  one owner; the source is only read, and must stay.
 */
#ifndef LL_HOST_EXCHANGE_MUX_H
#define LL_HOST_EXCHANGE_MUX_H

#include "host/base/ll_err.h"
#include "host/wire/ll_itch50.h"

#include <stddef.h>
#include <stdint.h>

#define LL_MUX_INSTRUMENTS_MAX 65535u
#define LL_MUX_PREFIX_BYTES    2u /* length before each message of a BinaryFILE, big-endian */

enum ll_mux_references {
    LL_MUX_DISJOINT, /* copy i counts in its own range: the source's numbers + i * the source's range */
    LL_MUX_MIXED     /* a bijective mix of those over all 64 bits */
};

struct ll_mux_config {
    uint64_t seed;          /* of jitter, price shifts and mixing */
    uint64_t jitter_ns_max; /* at most an hour */
    uint64_t messages_max;  /* of the source's instrument, its first so many; 0 = all */
    uint32_t instrument_count;
    enum ll_mux_references references;
};

struct ll_mux_stats {
    uint64_t messages;
    uint64_t message_bytes; /* without length prefixes */
    uint64_t by_type[256];
    uint64_t live_orders;
    uint64_t live_orders_max;
};

struct ll_mux; /* lives in the caller's memory */

/* Bytes needed for a source of this length; 0 = config outside its limits. */
size_t ll_mux_footprint_bytes(const struct ll_mux_config *config, size_t source_bytes);

/* `memory` is aligned to 64 bytes. */
LL_MUST_CHECK int ll_mux_init(struct ll_mux **mux, void *memory, size_t memory_bytes,
                              const struct ll_mux_config *config, const uint8_t *source, size_t source_bytes,
                              struct ll_why *why);

/* What the whole day will be, known from the start: messages, and bytes of it as a BinaryFILE. */
uint64_t ll_mux_message_count(const struct ll_mux *mux);
uint64_t ll_mux_file_bytes(const struct ll_mux *mux);

/* Writes the next message and its planned time. Returns its bytes; 0 at the end of the day. */
uint32_t ll_mux_next(struct ll_mux *mux, uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX], uint64_t *planned_ns);

/* Of what has been written so far. */
const struct ll_mux_stats *ll_mux_stats(const struct ll_mux *mux);

#endif
