/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: every event of a feed becomes one journal record with one verdict, and the books stay what the feed says.
 *
 * Shape    Events go in (message, session, gap, bad packet, end) until the batch is full or the owner has no more;
 *          then one step: the batch's updates go to a device, its results come back through reconcile, its records go
 *          to the journal, and clear opens the next batch:
 *
 *            event... -> updates -> [device] -> results -> reconcile -> records -> [journal] -> clear
 *
 *          The engine holds the logical state outside the device: where the feed stands, the symbol directory,
 *          counters. It sees no clock, no I/O and no allocator: the same events give the same records and the same
 *          state. Replaying a journal is the same path with the records as events; the verdicts must come out the same.
 * Units    time_ns UTC nanoseconds; sequences and event ids count from 1.
 * Errors   a verdict for each message; LL_ERR_CORRUPT when a device answers out of order, or a replayed record comes
 *          out different from what the journal says.
 * Threads  one owner.
 */
#ifndef LL_HOST_CORE_ENGINE_H
#define LL_HOST_CORE_ENGINE_H

#include "hls/ll_records.h"
#include "host/base/ll_err.h"
#include "host/core/ll_record_batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_ENGINE_BATCH_MAX     64u
#define LL_ENGINE_SYMBOLS       65536u /* one per stock locate */
#define LL_ENGINE_SYMBOL_BYTES  8u
#define LL_ENGINE_SESSION_BYTES 10u

/* Counts up with every change of what the engine's memory means: it tells snapshots of other versions apart. */
#define LL_ENGINE_LAYOUT 1u

struct ll_engine;

struct ll_engine_counters {
    uint64_t messages;
    uint64_t by_type[256]; /* by the first byte of the message; empty messages count under 0 */
    uint64_t verdicts[LL_VERDICT_COUNT];
    uint64_t sessions;
    uint64_t gaps;
    uint64_t messages_lost;
    uint64_t bad_packets;
    uint64_t payloads_cut; /* longer than a record can keep; since this start: a journal does not tell */
    uint64_t symbols;      /* locates with a known name */
    uint64_t symbols_without_directory; /* of these, learnt from an order because no directory message came
                                           first */
    uint64_t exceptions;                /* records that are not plainly ok: verdicts, gaps, bad packets */
};

/* The memory holds no pointers: between steps, after clear, a copy of it is a copy of the engine. */
size_t ll_engine_footprint_bytes(void);
struct ll_engine *ll_engine_init(void *memory);

/* No room for another event of any size: step first. */
bool ll_engine_full(const struct ll_engine *engine);

/* One sequenced message. `bytes` may be shorter or longer than any type; bytes_count 0 is a legal empty
 * message. */
void ll_engine_message(struct ll_engine *engine, uint64_t sequence, const uint8_t *bytes,
                       uint32_t bytes_count, uint64_t time_ns);
void ll_engine_session(struct ll_engine *engine, const char session[LL_ENGINE_SESSION_BYTES],
                       uint64_t first_sequence, uint64_t time_ns);
void ll_engine_gap(struct ll_engine *engine, uint64_t first_sequence, uint64_t count, uint64_t time_ns);
/* `ordinal` numbers the frames of the source, from 1. One that is neither above the last one journaled nor later
 * than all of them is ignored: a file read again after a restart brings the same bad packets again. (A later
 * capture of the same feed counts its frames from 1 again, but its times go on.) 0 = not numbered. */
void ll_engine_bad_packet(struct ll_engine *engine, uint64_t ordinal, const uint8_t *bytes,
                          uint32_t bytes_count, uint64_t time_ns);
void ll_engine_feed_end(struct ll_engine *engine, uint64_t next_sequence, uint64_t time_ns);

/* One record of a journal as an event. LL_ERR_CORRUPT: it does not continue this engine's state. */
LL_MUST_CHECK int ll_engine_replay(struct ll_engine *engine, uint8_t kind, uint8_t verdict, uint64_t event_id,
                                   uint64_t time_ns, const uint8_t *payload, uint32_t payload_bytes,
                                   struct ll_why *why);

/* The step. Updates stay in place until clear. */
uint32_t ll_engine_updates(const struct ll_engine *engine, const struct ll_update **updates);
/* The record that an update was made of. */
const struct ll_slot *ll_engine_update_slot(const struct ll_engine *engine, uint32_t index);
LL_MUST_CHECK int ll_engine_reconcile(struct ll_engine *engine, const struct ll_result *results,
                                      uint32_t count, struct ll_why *why);
uint32_t ll_engine_records(const struct ll_engine *engine, const struct ll_slot **slots);
void ll_engine_clear(struct ll_engine *engine);

/* Where the records of the step are collected, for the order engine to put its own between them. */
struct ll_record_batch *ll_engine_batch(struct ll_engine *engine);

const struct ll_engine_counters *ll_engine_counters(const struct ll_engine *engine);
uint64_t ll_engine_next_event_id(const struct ll_engine *engine);
/* Next sequence number wanted from the feed; 0 = no session yet. */
uint64_t ll_engine_next_sequence(const struct ll_engine *engine);
bool ll_engine_session_name(const struct ll_engine *engine, char session[LL_ENGINE_SESSION_BYTES]);
bool ll_engine_feed_ended(const struct ll_engine *engine);
/* The message the replayed journal ends with (what is not a message may follow it), as far as a record keeps it;
 * returns its bytes and its sequence number; 0 in *sequence = none, or its number was given up as lost. */
const uint8_t *ll_engine_last_replayed(const struct ll_engine *engine, uint64_t *sequence,
                                       uint32_t *bytes_count);

/* Name of a locate, space padded; false = unknown. */
bool ll_engine_symbol(const struct ll_engine *engine, uint32_t locate, char symbol[LL_ENGINE_SYMBOL_BYTES]);
/* Locate of a name (padded with spaces); LL_ENGINE_SYMBOLS = unknown. Cold: walks the directory. */
uint32_t ll_engine_locate(const struct ll_engine *engine, const char symbol[LL_ENGINE_SYMBOL_BYTES]);

/* Hash of the logical state: the books' hash and the count of every verdict. */
uint64_t ll_engine_state_hash(const struct ll_engine *engine, uint64_t book_hash);

const char *ll_verdict_name(uint8_t verdict);

#endif
