/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a replay's datagrams come from: files, one after the other, each through a DPDK port.
 *
 * Shape    A capture goes through a pcap port as it is. A NASDAQ BinaryFILE is framed into MoldUDP64 packets of one
 *          session and sent through a ring port, so that from there on the path is the same. A source is polled: each
 *          call returns the datagrams that are there, with the time each is due.
 * Units    feed time: UTC ns for captures; for a BinaryFILE midnight of its day plus the message's timestamp.
 * Errors   what the file or the port says, once all that came before it was given out; LL_ERR_INPUT for what is
 *          neither, and for BinaryFILEs that are not the feed of the journal to be resumed.
 * Threads  one owner.
 */
#ifndef LL_HOST_APP_REPLAY_SOURCE_H
#define LL_HOST_APP_REPLAY_SOURCE_H

#include "dpdk/ll_port.h"
#include "host/base/ll_err.h"
#include "host/wire/ll_moldudp64.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_replay_source;

struct ll_replay_source_config {
    const char *const *paths;
    int path_count;
    const struct ll_flow *flows; /* of captures */
    uint32_t flow_count;
    uint64_t
        split_ns; /* a BinaryFILE packet ends when the next message is this much later; 0 = only by size */
    uint64_t midnight_ns; /* UTC ns of a BinaryFILE day; 0 = from its name, else 1970-01-01 */
    /* The last message a resumed journal holds, as far as a record keeps it: BinaryFILEs must have the same under this
     * number. 0 = nothing to compare. */
    uint64_t resumed_sequence;
    const uint8_t *resumed_message;
    uint32_t resumed_bytes;
};

LL_MUST_CHECK int ll_replay_source_open(struct ll_replay_source **source,
                                        const struct ll_replay_source_config *config, struct ll_why *why);
void ll_replay_source_close(struct ll_replay_source *source);

/* The next datagrams, 0..LL_PORT_BURST_MAX of them; 0 with *done set: there are no more. Each one's rx_ns is its feed
 * time. */
LL_MUST_CHECK int ll_replay_source_poll(struct ll_replay_source *source, struct ll_datagram *datagrams,
                                        uint32_t *count, bool *done, struct ll_why *why);

/* For a progress bar: bytes or frames, whatever the file counts in. */
void ll_replay_source_progress(const struct ll_replay_source *source, uint64_t *done, uint64_t *total);

/* Sums over all files so far. */
void ll_replay_source_counters(struct ll_replay_source *source, struct ll_port_counters *counters);

/* True for the session name that BinaryFILEs are framed with; they carry none of their own. */
bool ll_replay_source_is_own_session(const char session[LL_MOLDUDP64_SESSION_BYTES]);

/* Midnight (UTC ns) of the day in a file name, YYYYMMDD or MMDDYYYY; 0 = none there. */
uint64_t ll_replay_source_day_of_name(const char *path);

#endif
