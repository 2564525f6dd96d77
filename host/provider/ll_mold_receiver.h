/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MoldUDP64 receiver: datagrams of up to two lines in, every message once and in order out.
 *
 * Shape    A pure state machine: no socket, no clock, no allocation after init. Arbitration is per message
 *          number, so the lines may cut their packets differently. Packets ahead of the expected number are
 *          held back (whole datagrams, in a bounded store); when the missing numbers come, from the other
 *          line or from a re-request, everything is handed out in order. Each hole is requested when it is
 *          seen; the first one again every `request_timeout_ns`. A hole that is not filled is given up after
 *          `gap_requests_max` unanswered requests or `gap_timeout_ns`: one `on_gap` names exactly the numbers
 *          lost, then delivery goes on. Numbers delivered and numbers named lost together are first, first+1,
 *          ... next-1, each once.
 *          The session is learnt from the first packet (or preset); a packet of another session is counted
 *          and dropped. A packet more than `ahead_messages_max` beyond everything known so far is put aside
 *          until a second packet near it confirms it: one forged or damaged number moves nothing. Only the very last
 *          packet before finish is believed unconfirmed.
 * Units    sequence numbers count messages from 1; *_ns nanoseconds of the caller's clock; bytes.
 * Errors   Malformed datagrams are counted by line and handed to on_bad_packet; nothing is fatal.
 * Threads  one owner. Callbacks run inside _packet, _poll and _finish, must not call those three, and may
 *          read message pointers during the call only.
 * Source   MoldUDP64 Protocol Specification V 1.00; where it is silent: docs/moldudp64-receiver.md.
 */
#ifndef LL_HOST_PROVIDER_MOLD_RECEIVER_H
#define LL_HOST_PROVIDER_MOLD_RECEIVER_H

#include "host/base/ll_err.h"
#include "host/wire/ll_moldudp64.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_MOLD_LINES_MAX              2u
#define LL_MOLD_LINE_REREQUEST         LL_MOLD_LINES_MAX /* the `line` of answers from the re-request server */
#define LL_MOLD_HOLDBACK_PACKETS_MAX   65536u
#define LL_MOLD_AHEAD_MESSAGES_DEFAULT 65536u

struct ll_mold_receiver;

/* What the receiver tells its owner. None may be NULL. */
struct ll_mold_handler {
    void *context;
    /* One message, in order, exactly once. */
    void (*on_message)(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns);
    /* The first packet of the session came: its name and the sequence number delivery starts at. Once. */
    void (*on_session)(void *context, const char session[LL_MOLDUDP64_SESSION_BYTES], uint64_t first_sequence,
                       uint64_t now_ns);
    /* Messages first..first+count-1 are given up. */
    void (*on_gap)(void *context, uint64_t first_sequence, uint64_t count, uint64_t now_ns);
    /* A 20-byte request packet to send to the re-request server. */
    void (*on_request)(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES], uint64_t now_ns);
    /* A datagram that cannot be read: reason is the ll_moldudp64_parse error. */
    void (*on_bad_packet)(void *context, uint32_t line, int reason, const uint8_t *bytes,
                          uint32_t bytes_count, uint64_t now_ns);
    /* End of session reached and everything before it delivered or given up. Once; no message follows. */
    void (*on_end)(void *context, uint64_t next_sequence, uint64_t now_ns);
};

struct ll_mold_config {
    uint32_t line_count;     /* 1 or 2 */
    uint64_t start_sequence; /* first number wanted; 0 = start at whatever comes first */
    bool session_known;      /* session[] is preset (resume), not learnt */
    char session[LL_MOLDUDP64_SESSION_BYTES];
    uint32_t holdback_packets; /* datagrams held at most: 1..LL_MOLD_HOLDBACK_PACKETS_MAX */
    uint32_t
        holdback_bytes_max; /* longest datagram that can be held; longer ones count as dropped_holdback */
    uint64_t request_timeout_ns; /* repeat a request after this long; 0 = there is no server, never ask */
    uint32_t gap_requests_max;   /* give a hole up after this many unanswered requests in a row; 0 = only by
                                    gap_timeout_ns */
    uint64_t gap_timeout_ns;     /* give a hole up this long after it was seen, in any case; 0 = only by
                                    gap_requests_max */
    bool give_up_when_full; /* nobody answers requests: a full store gives its first hole up; else the packet
                                    furthest ahead is dropped, since its messages can be asked for again */
    uint64_t ahead_messages_max; /* a jump beyond this needs a second packet; 0 = the default above */
    uint64_t stale_after_ns;     /* no packet on a line for this long: the line is stale; 0 = never */
};

struct ll_mold_line_counters {
    uint64_t packets;
    uint64_t bytes;
    uint64_t heartbeats;
    uint64_t messages_first;     /* messages handed out from this line's packets */
    uint64_t messages_duplicate; /* messages that had come before, or had been given up before they came */
    uint64_t wrong_session;      /* packets of another session */
    uint64_t malformed;          /* packets refused by ll_moldudp64_parse */
    uint64_t gaps;               /* times the line was seen to jump ahead of its own last number */
    uint64_t packets_back;   /* packets below the line's own last number: reordered, repeated, restarted */
    uint64_t stale_periods;  /* times the line fell silent */
    uint64_t last_packet_ns; /* of this session; 0 = none yet */
    uint64_t next_sequence;  /* what this line should send next; 0 = nothing came yet */
    bool stale;
};

struct ll_mold_counters {
    /* The last one is LL_MOLD_LINE_REREQUEST: it has no order of its own, so no gaps, and it is never stale.
     */
    struct ll_mold_line_counters line[LL_MOLD_LINES_MAX + 1];
    uint64_t messages; /* delivered */
    uint64_t
        messages_before_start; /* below start_sequence: already known, skipped on resume; not duplicates */
    uint64_t gaps_detected;    /* times delivery had to stop for a missing number */
    uint64_t gaps_filled;      /* completely, by the other line or a re-request */
    uint64_t gaps_given_up;    /* at least one number of it is lost */
    uint64_t messages_lost;
    uint64_t requests;
    uint64_t held_packets;      /* ever held */
    uint64_t held_packets_max;  /* most at once */
    uint64_t dropped_holdback;  /* ahead-of-sequence packets that could not be held; their messages must come
                                   again */
    uint64_t messages_dropped;  /* messages in dropped_holdback, far_dropped and packets_after_end packets */
    uint64_t far_packets;       /* packets put aside for jumping more than ahead_messages_max */
    uint64_t far_dropped;       /* of those, never confirmed */
    uint64_t end_contradicted;  /* ends of session refused or withdrawn, because later messages exist */
    uint64_t packets_after_end; /* packets of the session with numbers beyond its end */
};

/* 0 = bad config: a count or length out of its range, or no rule by which a hole is ever given up. */
size_t ll_mold_receiver_footprint_bytes(const struct ll_mold_config *config);
/* `memory` is aligned as malloc aligns; config and handler are copied. NULL = bad config. */
struct ll_mold_receiver *ll_mold_receiver_init(void *memory, const struct ll_mold_config *config,
                                               const struct ll_mold_handler *handler);

/* One datagram's UDP payload. `line` < line_count, or LL_MOLD_LINE_REREQUEST for an answer of the re-request
 * server: it asks at once for the rest, and tells nothing about the health of a line. */
void ll_mold_receiver_packet(struct ll_mold_receiver *receiver, uint32_t line, const uint8_t *bytes,
                             uint32_t bytes_count, uint64_t now_ns);

/* Time passes: repeats requests, gives gaps up, marks lines stale. Call at least every few ms, or at each
 * packet. */
void ll_mold_receiver_poll(struct ll_mold_receiver *receiver, uint64_t now_ns);

/* No more packets will come: gives up what is missing and hands out what is held. */
void ll_mold_receiver_finish(struct ll_mold_receiver *receiver, uint64_t now_ns);

/* All lines together: counts are added up, last_packet_ns is the latest; next_sequence and stale have no sum
 * and are 0. */
struct ll_mold_line_counters ll_mold_counters_sum(const struct ll_mold_counters *counters);
const struct ll_mold_counters *ll_mold_receiver_counters(const struct ll_mold_receiver *receiver);
/* The next number to be delivered; 0 until the first packet of the session. */
uint64_t ll_mold_receiver_next_sequence(const struct ll_mold_receiver *receiver);
bool ll_mold_receiver_ended(const struct ll_mold_receiver *receiver);

#endif
