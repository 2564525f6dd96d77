/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway: receiver, engine, device and journal tied together. The one place that knows all four.
 *
 * Shape    open (recovers: loads the newest snapshot that fits, replays the records behind it) -> datagram...
 *          flush, again and again -> finish, or drain when the feed is not at its end -> close.
 *          A datagram's messages are collected into the engine's batch; a full batch, or flush, makes one
 *          step: device, reconcile, journal. Nothing is kept back after flush.
 *          Until the state is brought back all work is done in this process; open then attaches the device.
 *          A feed of reports (trading->feed_protocol) goes to the order engine instead, many messages together.
 * Units    now_ns: UTC nanoseconds of the feed: when the datagram came, or was captured.
 * Errors   The first failure is final: status keeps it, later datagrams are not taken (the feed's sequence
 *          numbers say where to go on). Fail closed. A device that is lost is one only when it was opened so
 *          (LL_DEVICE_LOSS_STOP): LL_ERR_ENVIRONMENT.
 * Threads  one owner, the hot thread. The journal has threads of its own.
 */
#ifndef LL_HOST_APP_GATEWAY_H
#define LL_HOST_APP_GATEWAY_H

#include "host/base/ll_err.h"
#include "host/app/ll_trading.h"
#include "host/base/ll_histogram.h"
#include "host/core/ll_engine.h"
#include "host/device/ll_device.h"
#include "host/journal/ll_journal.h"
#include "host/journal/ll_snapshot.h"
#include "host/provider/ll_mold_receiver.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_gateway;

struct ll_gateway_config {
    const struct ll_trading_config *trading; /* NULL = a feed alone: no orders */
    struct ll_device_config device;          /* its life is the trading half's, whatever stands there */
    struct ll_mold_config mold;       /* session and start are taken from the journal when it has any */
    struct ll_journal_config journal; /* journal.dir NULL = no journal */
    bool resume;                      /* go on with a journal that has records; without it that is refused */
    bool no_snapshot;                 /* replay every record, whatever snapshots there are */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* of the recovery; NULL = none */
    void *progress_context;
    void (*note)(void *context, const char *sentence); /* of each snapshot that is refused; NULL = none */
    void *note_context;
    /* Sends a re-request packet; LL_OK or why it did not leave, which is counted only. NULL = there is no server. */
    int (*send_request)(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES]);
    void *send_request_context;
};

struct ll_gateway_counters {
    uint64_t steps;
    uint64_t journal_waits;     /* times the journal's ring was full and the hot thread had to wait */
    uint64_t records_recovered; /* at open: those in the snapshot and those replayed behind it */
    uint64_t snapshot_event_id; /* the last record in the snapshot that open began with; 0 = none */
    uint64_t snapshots_refused;
    uint64_t torn_slots_cut;
    uint64_t requests;      /* re-request packets made ... */
    uint64_t requests_sent; /* ... and sent */
};

/* Without a re-request server: requests are made, so that one sees what would have been asked for. */
void ll_gateway_config_default(struct ll_gateway_config *config);

LL_MUST_CHECK int ll_gateway_open(struct ll_gateway **gateway, const struct ll_gateway_config *config,
                                  struct ll_why *why);

/* `line` as for ll_mold_receiver_packet. `ordinal` numbers the frames of the source; 0 = live, not numbered. */
void ll_gateway_datagram(struct ll_gateway *gateway, uint32_t line, const uint8_t *payload,
                         uint32_t payload_bytes, uint64_t ordinal, uint64_t now_ns);
/* Time passes without a datagram. */
void ll_gateway_poll(struct ll_gateway *gateway, uint64_t now_ns);
void ll_gateway_flush(struct ll_gateway *gateway);
/* Works what was received and waits until all that was appended is durable, or the journal has failed. */
void ll_gateway_drain(struct ll_gateway *gateway);
/* Now and then, also when nothing comes: sees what became of the device. */
void ll_gateway_tend(struct ll_gateway *gateway);
/* One turn of the trading half, if there is one: sessions, clients, what is due. Returns how much there was to do. */
uint32_t ll_gateway_trade(struct ll_gateway *gateway, uint64_t now_ns);
/* No more datagrams: gaps are given up, all that was held is worked, all that was appended is made durable. */
void ll_gateway_finish(struct ll_gateway *gateway, uint64_t now_ns);

/* LL_OK, or the error that stopped the gateway; `why` then says what failed. */
int ll_gateway_status(const struct ll_gateway *gateway, struct ll_why *why);
/* Returns the final status. NULL is allowed. */
int ll_gateway_close(struct ll_gateway *gateway, struct ll_why *why);

/* Brings the state of config->journal.dir back to look at, beside whoever writes there: no journal is opened, nothing
 * can be taken in. Every verdict is proven on the way. */
LL_MUST_CHECK int ll_gateway_look(struct ll_gateway **gateway, const struct ll_gateway_config *config,
                                  struct ll_why *why);

/* What ll_gateway_make_snapshot did. */
struct ll_gateway_snapshot {
    uint64_t from_event_id;       /* of the snapshot it began with; 0 = none */
    struct ll_snapshot_info made; /* event_id 0: there was nothing new that is durable */
    uint32_t removed_count;       /* older ones */
};

/* Makes a snapshot of config->journal.dir, beside whoever writes there: replays what is durable in tables of its
 * own, which takes as much memory as the gateway. Every verdict is proven on the way. LL_ERR_BUSY: another one is
 * being made. */
LL_MUST_CHECK int ll_gateway_make_snapshot(const struct ll_gateway_config *config,
                                           struct ll_gateway_snapshot *snapshot, struct ll_why *why);

const struct ll_engine *ll_gateway_engine(const struct ll_gateway *gateway);
/* NULL = a feed alone. */
struct ll_trading *ll_gateway_trading(const struct ll_gateway *gateway);
const struct ll_book_memory *ll_gateway_book(const struct ll_gateway *gateway);
const struct ll_mold_counters *ll_gateway_mold_counters(const struct ll_gateway *gateway);
const struct ll_gateway_counters *ll_gateway_counters(const struct ll_gateway *gateway);
struct ll_device *ll_gateway_device(const struct ll_gateway *gateway);
/* What it was opened with. */
const struct ll_device_config *ll_gateway_device_config(const struct ll_gateway *gateway);
/* From the updates of a step handed over to the last result, in ns; empty while the device is this process. */
const struct ll_histogram *ll_gateway_round_trips(const struct ll_gateway *gateway);
/* Where the feed stands, of whichever kind: the next message wanted, and the session it is of; 0 = none yet. */
uint64_t ll_gateway_feed_place(const struct ll_gateway *gateway, char session[LL_MOLDUDP64_SESSION_BYTES]);
bool ll_gateway_feed_ended(const struct ll_gateway *gateway);
/* Zeroes without a journal. */
void ll_gateway_journal_stats(const struct ll_gateway *gateway, struct ll_journal_stats *stats);
uint64_t ll_gateway_durable_event_id(const struct ll_gateway *gateway);
/* Memory taken at open: engine, receiver and tables. */
uint64_t ll_gateway_memory_bytes(const struct ll_gateway *gateway);
/* What engine and receiver lie in; the tables say it themselves (ll_device_memory_pages). */
const char *ll_gateway_memory_pages(const struct ll_gateway *gateway);

#endif
