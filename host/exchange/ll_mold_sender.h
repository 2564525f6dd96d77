/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sending end of a MoldUDP64 session: a day's messages, numbered, kept, sent on two lines, and sent again to
 * who asks. With an unreliable network built in, for tests of the receiving end.
 *
 * Shape    footprint_bytes(config) -> init(memory, config, door) -> add ... poll ... request ... -> finish -> poll,
 *          for as long as the end of the session shall be told. Messages wait until poll sends them; each line
 *          cuts its packets for itself. Nothing is forgotten before the day is over: the store holds all
 *          messages. A line sends a heartbeat after `heartbeat_ns` of silence, and the end of session in its
 *          place after finish. What the faults do to a packet is drawn when it is sent, per line, from the
 *          seed: it is lost, or held for some time, or sent behind its successor, or sent twice. The
 *          re-request server answers one request with one packet, as the protocol has it, or is silent, or
 *          is late. Same seed, same calls: same packets at the same times.
 * Units    sequence numbers count messages from 1; *_per_mille of the packets; *_ns of the caller's clock.
 * Errors   init: LL_ERR_USAGE for a config outside its limits, LL_ERR_NO_MEMORY. add: LL_ERR_FULL when the store is,
 *          or LL_ERR_STOPPED after finish: the message is not taken. Requests are outside bytes: a verdict.
 * Threads  one owner. The door is called inside poll and request, and must not call back.
 * Source   MoldUDP64 Protocol Specification V 1.00.
 */
#ifndef LL_HOST_EXCHANGE_MOLD_SENDER_H
#define LL_HOST_EXCHANGE_MOLD_SENDER_H

#include "host/base/ll_err.h"
#include "host/wire/ll_moldudp64.h"

#include <stddef.h>
#include <stdint.h>

#define LL_MOLD_SENDER_LINES_MAX         2u
#define LL_MOLD_SENDER_MESSAGES_MAX      (UINT64_C(1) << 32)
#define LL_MOLD_SENDER_MESSAGE_BYTES_MAX 1024u
#define LL_MOLD_SENDER_HELD_MAX          65536u
#define LL_MOLD_SENDER_BURST_PACKETS     64u /* a line sends at most so many new packets in one poll */

/* Each is drawn for itself, in this order; the first that comes decides. */
struct ll_mold_sender_faults {
    uint32_t loss_per_mille;
    uint32_t delay_per_mille;
    uint32_t reorder_per_mille;
    uint32_t duplicate_per_mille;
    uint64_t delay_ns_max; /* a delay is 1..delay_ns_max */
};

struct ll_mold_sender_server_faults {
    uint32_t silence_per_mille;
    uint32_t late_per_mille;
    uint64_t late_ns_max;
};

struct ll_mold_sender_config {
    uint64_t seed;
    uint64_t messages_max; /* of the day, 1..LL_MOLD_SENDER_MESSAGES_MAX */
    uint64_t heartbeat_ns; /* more than 0; the protocol's habit is one second */
    uint32_t message_bytes_max;
    uint32_t held_max; /* packets under way late at once, 1..LL_MOLD_SENDER_HELD_MAX; more are sent at once */
    uint32_t line_count;
    uint32_t packet_bytes_max[LL_MOLD_SENDER_LINES_MAX]; /* at least one message's */
    uint32_t answer_bytes_max;                           /* of the re-request server's packets */
    char session[LL_MOLDUDP64_SESSION_BYTES];
    struct ll_mold_sender_faults faults[LL_MOLD_SENDER_LINES_MAX];
    struct ll_mold_sender_server_faults server_faults;
};

/* Where datagrams leave. Neither may be NULL. */
struct ll_mold_sender_door {
    void *context;
    void (*send)(void *context, uint32_t line, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns);
    /* `requester` is what came with the request: an address in the caller's words. */
    void (*answer)(void *context, uint64_t requester, const uint8_t *bytes, uint32_t bytes_count,
                   uint64_t now_ns);
};

/* What became of a request. */
enum ll_mold_request {
    LL_MOLD_REQUEST_ANSWERED,
    LL_MOLD_REQUEST_LATE,    /* a fault: the answer will come */
    LL_MOLD_REQUEST_SILENT,  /* a fault: no answer */
    LL_MOLD_REQUEST_BAD,     /* not 20 bytes, or numbers that end beyond 64 bits */
    LL_MOLD_REQUEST_SESSION, /* of another session */
    LL_MOLD_REQUEST_RANGE,   /* nothing wanted, or nothing there: number 0, or one too high */
    LL_MOLD_REQUEST_COUNT
};

struct ll_mold_sender_counters {
    uint64_t messages;
    uint64_t messages_refused; /* the store was full, or the session over */
    struct {
        uint64_t packets; /* that went through the door */
        uint64_t heartbeats;
        uint64_t ends;
        uint64_t lost;
        uint64_t duplicated;
        uint64_t reordered;
        uint64_t delayed;
        uint64_t held_full; /* were to be held, and there was no room */
    } line[LL_MOLD_SENDER_LINES_MAX];
    uint64_t requests[LL_MOLD_REQUEST_COUNT];
    uint64_t answers; /* that went through the door */
};

struct ll_mold_sender; /* lives in the caller's memory */

/* 0 = config outside its limits. */
size_t ll_mold_sender_footprint_bytes(const struct ll_mold_sender_config *config);
/* `memory` is aligned to 64 bytes; config and door are copied. */
LL_MUST_CHECK int ll_mold_sender_init(struct ll_mold_sender **sender, void *memory, size_t memory_bytes,
                                      const struct ll_mold_sender_config *config,
                                      const struct ll_mold_sender_door *door, struct ll_why *why);

/* The next message of the session; at most message_bytes_max. */
LL_MUST_CHECK int ll_mold_sender_add(struct ll_mold_sender *sender, const uint8_t *message,
                                     uint32_t message_bytes);
/* No more messages will come. */
void ll_mold_sender_finish(struct ll_mold_sender *sender);

/* Time passes: sends what waits and what is due. Returns the datagrams that went through the door. */
uint32_t ll_mold_sender_poll(struct ll_mold_sender *sender, uint64_t now_ns);

/* A datagram that came to the re-request server. */
enum ll_mold_request ll_mold_sender_request(struct ll_mold_sender *sender, uint64_t requester,
                                            const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns);

/* From now on; the draws go on where they are. For a line that heals, or dies. */
void ll_mold_sender_set_faults(struct ll_mold_sender *sender, uint32_t line,
                               const struct ll_mold_sender_faults *faults);
void ll_mold_sender_set_server_faults(struct ll_mold_sender *sender,
                                      const struct ll_mold_sender_server_faults *faults);

/* The message under a number, 1..messages; its length in *message_bytes. */
const uint8_t *ll_mold_sender_message(const struct ll_mold_sender *sender, uint64_t sequence,
                                      uint32_t *message_bytes);
const struct ll_mold_sender_counters *ll_mold_sender_counters(const struct ll_mold_sender *sender);

#endif
