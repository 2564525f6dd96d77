/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trading half of a gateway: order engine, provider sessions, client door and limits, tied together. ll_gateway.c
 * owns it and gives it turns on the hot thread. What identifiers and orders are is asked of the device, whose
 * lifecycle half is this one's alone.
 *
 * Shape    footprint -> init (formats or takes the state) -> replay... replay_end (recovery) -> start -> poll, again
 *          and again -> stop. A poll takes what the venues and the clients said, does what is due, and lets out what is
 *          durable: a message to a venue only leaves when its record, and with it the intent behind it, is on disk.
 *          Where records are kept is the owner's business: `flush` journals what the batch holds and empties it.
 * Units    now_ns: UTC nanoseconds.
 * Errors   start: what is wrong with the limits file, the door or a session's address. Later: the first failure stays.
 * Threads  the hot thread; ll_limits_watch has one of its own.
 */
#ifndef LL_HOST_APP_TRADING_H
#define LL_HOST_APP_TRADING_H

#include "host/app/ll_limits_file.h"
#include "host/base/ll_byte_door.h"
#include "host/base/ll_err.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_ipv4.h"
#include "host/client/ll_door.h"
#include "host/core/ll_life_memory.h"
#include "host/core/ll_oms.h"
#include "host/device/ll_device.h"
#include "host/journal/ll_journal_reader.h"
#include "host/journal/ll_snapshot.h"
#include "host/provider/ll_soup_client.h"
#include "hls/ll_records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_TRADING_SESSIONS_MAX 2u
#define LL_TRADING_REGIONS      2u
#define LL_TRADING_FEED_SESSION LL_TRADING_SESSIONS_MAX /* reports that come as a feed */

struct ll_trading;

struct ll_trading_session {
    struct ll_ipv4 address;
    const struct ll_byte_door *door; /* what is used in place of a TCP connection to there; NULL = nothing */
    char user[LL_SOUP_USERNAME_BYTES + 1];
    char password[LL_SOUP_PASSWORD_BYTES + 1];
    char firm[4];
    uint8_t protocol; /* enum ll_protocol */
};

struct ll_trading_config {
    struct ll_oms_config oms; /* its settings take effect at start; a journal's own ones hold before */
    struct ll_trading_session sessions[LL_TRADING_SESSIONS_MAX];
    uint32_t session_count;
    uint8_t
        feed_protocol; /* enum ll_protocol of the reports that the feed carries; 0 = it is the public feed */
    uint64_t reconnect_ns;      /* the longest pause between two connects of a session */
    uint64_t silence_ns;        /* a session that says nothing for so long, heartbeats included, is closed */
    const char *door_path;      /* NULL = no clients */
    struct ll_door_config door; /* its sizes; path and generation are not looked at */
    const char *limits_path;    /* NULL = none: every order is refused until limits are known */
    const struct ll_limits_file *limits; /* in place of a path: read already, and nobody looks for another */
    bool
        send_before_durable; /* policy async: messages leave at once, and a crash may lose what they came from */
};

/* What the owner does for it. */
struct ll_trading_owner {
    void *context;
    /* Journals the batch and empties it. */
    void (*flush)(void *context);
    /* The last event that is on disk; UINT64_MAX without a journal. */
    uint64_t (*durable_event_id)(void *context);
};

void ll_trading_config_default(struct ll_trading_config *config);

/* 0 = bad config. */
size_t ll_trading_footprint_bytes(const struct ll_trading_config *config);
/* What the device has to be opened with. */
struct ll_life_config ll_trading_life_config(const struct ll_trading_config *config);
/* `memory` is 64-byte aligned; the device is not attached yet. The config is copied; the strings it points to stay the
 * caller's. */
LL_MUST_CHECK int ll_trading_init(struct ll_trading **trading, void *memory,
                                  const struct ll_trading_config *config, struct ll_record_batch *batch,
                                  struct ll_device *device, const struct ll_trading_owner *owner,
                                  struct ll_why *why);

/* --- Recovery -------------------------------------------------------------------------------------------- */

/* The memories that are its state. */
void ll_trading_regions(const struct ll_trading *trading,
                        struct ll_snapshot_region regions[LL_TRADING_REGIONS]);
/* What the sizes of those regions follow from, as text. */
void ll_trading_describe(const struct ll_trading *trading, char *text, size_t text_bytes);
/* As after init: nothing has happened. Not once the device is attached. */
void ll_trading_clear(struct ll_trading *trading);
/* The regions have been loaded: takes them as they are. */
LL_MUST_CHECK int ll_trading_take(struct ll_trading *trading, struct ll_why *why);
bool ll_trading_wants(uint8_t record_kind);
LL_MUST_CHECK int ll_trading_replay(struct ll_trading *trading, const struct ll_journal_record *record,
                                    struct ll_why *why);
LL_MUST_CHECK int ll_trading_replay_end(struct ll_trading *trading, struct ll_why *why);

/* --- Work ------------------------------------------------------------------------------------------------ */

/* Loads the limits, opens the door, begins to connect. */
LL_MUST_CHECK int ll_trading_start(struct ll_trading *trading, uint64_t now_ns, struct ll_why *why);
/* One turn; returns how much there was to do. */
uint32_t ll_trading_poll(struct ll_trading *trading, uint64_t now_ns);
/* Logs out and closes the door. Orders stay at the venue. */
void ll_trading_stop(struct ll_trading *trading, uint64_t now_ns);
/* Ends its threads and closes what is open; after a stop, or instead of one. NULL is allowed. */
void ll_trading_deinit(struct ll_trading *trading);

/* Records order to wire there as well, from now on; NULL = nowhere else. */
void ll_trading_record_into(struct ll_trading *trading, struct ll_histogram *interval);

/* What the public feed said, matched: `message` are the bytes that `update` was made of. */
void ll_trading_feed(struct ll_trading *trading, const struct ll_update *update,
                     const struct ll_result *result, const uint8_t *message, uint64_t time_ns);

/* --- A feed of reports: a copy of what the sessions of its protocol are told (config.feed_protocol) ----------- */

/* Where it stands: the session it is in and the next message of it; 0 = in none yet. */
uint64_t ll_trading_feed_place(const struct ll_trading *trading, char name[LL_SOUP_SESSION_BYTES]);
bool ll_trading_feed_ended(const struct ll_trading *trading);
void ll_trading_feed_session(struct ll_trading *trading, const char name[LL_SOUP_SESSION_BYTES],
                             uint64_t first_sequence, uint64_t now_ns);
/* Its next message. Worked with those around it: by ll_trading_settle_reports, or when enough wait. */
void ll_trading_feed_report(struct ll_trading *trading, const uint8_t *message, uint32_t message_bytes,
                            uint64_t now_ns);
/* Messages are lost for good. */
void ll_trading_feed_gap(struct ll_trading *trading, uint64_t next_sequence, uint64_t now_ns);
void ll_trading_feed_end(struct ll_trading *trading, uint64_t next_sequence, uint64_t now_ns);
/* Works the reports that wait: before other records are written, and before the batch is journaled. */
void ll_trading_settle_reports(struct ll_trading *trading);

/* --- Reading --------------------------------------------------------------------------------------------- */

struct ll_trading_counters {
    uint64_t turns;
    uint64_t limits_loaded;
    uint64_t limits_refused; /* new limits files that were not good: the old ones stay in force */
};

struct ll_oms *ll_trading_oms(const struct ll_trading *trading);
const struct ll_trading_config *ll_trading_config_of(const struct ll_trading *trading);
const struct ll_trading_counters *ll_trading_counters(const struct ll_trading *trading);
const struct ll_door_counters *
ll_trading_door_counters(const struct ll_trading *trading); /* NULL = no door */
uint32_t ll_trading_session_count(const struct ll_trading *trading);
const struct ll_soup_client *ll_trading_session(const struct ll_trading *trading, uint32_t session);
/* From a client's ring to the first byte handed to the socket, in ns. */
const struct ll_histogram *ll_trading_order_to_wire(const struct ll_trading *trading);
/* From asks handed to the device to the last answer, in ns; empty while the device is this process. */
const struct ll_histogram *ll_trading_ask_trips(const struct ll_trading *trading);
/* The engine has caught up with the venue, and orders may be sent. */
bool ll_trading_session_is_open(const struct ll_trading *trading, uint32_t session);
/* Clients that are here now. */
uint32_t ll_trading_client_count(const struct ll_trading *trading);
/* What the last refused limits file was refused for; empty = none. */
const char *ll_trading_limits_error(const struct ll_trading *trading);
LL_MUST_CHECK int ll_trading_check(struct ll_trading *trading, struct ll_why *why);
uint64_t ll_trading_hash(const struct ll_trading *trading);

#endif
