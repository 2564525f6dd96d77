/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of one SoupBinTCP port: the day's sequenced messages, and who is logged in to read them.
 *
 * Shape    A pure state machine over accepted byte doors. _publish stores a message of the session for good;
 *          whoever logs in gets all from the number asked for on, first the stored ones, then the live ones,
 *          without a mark between. One connection may be logged in, one more may be on its way in.
 *          The faults make the server misbehave in the ways a client has to stand; the caller sets them.
 * Units    sequence numbers count messages from 1; *_ns nanoseconds of the caller's clock; bytes.
 * Errors   publish: LL_ERR_FULL = the day's store is full, LL_ERR_STOPPED = the session has ended, LL_ERR_LONG
 *          = longer than a packet. What a client does wrong is a reason of on_closed, and counted.
 * Threads  one owner. Callbacks run inside _poll and may call _publish, _send and the getters, not _poll.
 * Source   SoupBinTCP 3.00, 4.00, 4.10: "Logical Packets", "Heartbeats", "End of Session". The answer to a
 *          number beyond the end is not defined there: here it is the number that will really come next.
 */
#ifndef LL_HOST_EXCHANGE_SOUP_SERVER_H
#define LL_HOST_EXCHANGE_SOUP_SERVER_H

#include "host/base/ll_byte_door.h"
#include "host/base/ll_err.h"
#include "host/wire/ll_soupbintcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a connection is over. */
#define LL_SOUP_SERVER_REASONS(R)                                        \
    R(PEER_CLOSED, "the client closed the connection")                   \
    R(BROKEN, "the connection broke")                                    \
    R(LOGOUT, "the client logged out")                                   \
    R(SILENT, "the client fell silent, heartbeats included")             \
    R(LOGIN_TIMEOUT, "no login came in time")                            \
    R(BAD_PACKET, "the client sent a packet that cannot be read")        \
    R(UNEXPECTED, "the client sent a packet out of its place")           \
    R(TOO_LONG, "the client sent a packet longer than the input buffer") \
    R(REFUSED, "the login was refused")                                  \
    R(SECOND_LOGIN, "somebody is logged in already")                     \
    R(KICKED, "a second login of the same account took the place")       \
    R(SESSION_ENDED, "the session has ended")                            \
    R(FAULT, "dropped on purpose")

enum ll_soup_server_reason {
#define LL_SOUP_SERVER_REASON_ENUM(name, text) LL_SOUP_SERVER_REASON_##name,
    LL_SOUP_SERVER_REASONS(LL_SOUP_SERVER_REASON_ENUM)
#undef LL_SOUP_SERVER_REASON_ENUM
        LL_SOUP_SERVER_REASON_COUNT
};

const char *ll_soup_server_reason_text(enum ll_soup_server_reason reason);

struct ll_soup_server;

/* What the server tells its owner. None may be NULL. */
struct ll_soup_server_handler {
    void *context;
    /* Somebody is logged in and gets what has this number next. */
    void (*on_login)(void *context, uint64_t next_sequence, uint64_t now_ns);
    /* One unsequenced message of the client that is logged in. */
    void (*on_message)(void *context, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns);
    /* `was_in`: the connection was logged in; on_login came for it. */
    void (*on_closed)(void *context, enum ll_soup_server_reason reason, bool was_in, uint64_t now_ns);
};

struct ll_soup_server_config {
    char username[LL_SOUP_USERNAME_BYTES + 1]; /* both are compared without regard to case */
    char password[LL_SOUP_PASSWORD_BYTES + 1];
    char session[LL_SOUP_SESSION_BYTES + 1];
    bool second_login_kicks;    /* the first one out; else the second one is not let in */
    uint32_t message_count_max; /* of the day */
    uint64_t store_bytes;       /* of all of them together */
    uint32_t input_bytes;       /* longest packet of a client, with its three bytes of header */
    uint32_t output_bytes;      /* held for a slow client, each connection its own */
    uint32_t poll_bytes_max;    /* read, and written anew, in one poll and connection at most */
    uint64_t heartbeat_ns;
    uint64_t silence_ns; /* of a client whose login does not say it */
    uint64_t login_timeout_ns;
};

/* All zero = behave. They hold from the moment they are set, for every connection. */
struct ll_soup_server_faults {
    bool drop; /* close the connection when ... */
    uint64_t
        drop_after_bytes;  /* ... so many more bytes have left, wherever in a packet that is; then behave */
    bool silent;           /* send nothing, read everything */
    char refuse;           /* refuse each login with this code; 0 = as it deserves */
    uint64_t accept_ahead; /* name a number in the answer that is so much too high */
};

struct ll_soup_server_counters {
    uint64_t accepted; /* connections */
    uint64_t logins;   /* let in */
    uint64_t closes[LL_SOUP_SERVER_REASON_COUNT];
    uint64_t published;
    uint64_t sequenced_sent; /* over all logins */
    uint64_t unsequenced_received;
    uint64_t heartbeats_sent;
    uint64_t heartbeats_received;
    uint64_t debug_ignored;
    uint64_t bytes_sent;
};

/* Everything but user name, password and session, which are empty. */
void ll_soup_server_config_default(struct ll_soup_server_config *config);

/* 0 = bad config: a size or time that is 0 or out of its range, or text that no packet can carry. */
size_t ll_soup_server_footprint_bytes(const struct ll_soup_server_config *config);
/* `memory` is aligned as malloc aligns; config and handler are copied. NULL = bad config. */
struct ll_soup_server *ll_soup_server_init(void *memory, const struct ll_soup_server_config *config,
                                           const struct ll_soup_server_handler *handler);
/* Closes the doors without a word. The memory is the caller's again. */
void ll_soup_server_deinit(struct ll_soup_server *server);

/* A new connection; its door is copied, and closed by the server. LL_ERR_FULL: both places are taken, the door
 * stays the caller's. */
LL_MUST_CHECK int ll_soup_server_accept(struct ll_soup_server *server, const struct ll_byte_door *door,
                                        uint64_t now_ns);
/* Time passes, bytes may have come, messages may have been published: bounded work. */
void ll_soup_server_poll(struct ll_soup_server *server, uint64_t now_ns);

/* The next sequenced message of the session. It leaves with the next poll. */
LL_MUST_CHECK int ll_soup_server_publish(struct ll_soup_server *server, const uint8_t *message,
                                         uint32_t message_bytes);
/* One unsequenced packet to whoever is logged in (since 4.00): LL_ERR_STOPPED = nobody, LL_ERR_FULL = the
 * client is slow, LL_ERR_LONG. */
LL_MUST_CHECK int ll_soup_server_send(struct ll_soup_server *server, const uint8_t *message,
                                      uint32_t message_bytes);
/* The session is over: everything published is sent, then the end, then the connection closes. Later logins
 * that name this session are refused; so are all others. */
void ll_soup_server_end(struct ll_soup_server *server);

void ll_soup_server_set_faults(struct ll_soup_server *server, const struct ll_soup_server_faults *faults);

bool ll_soup_server_has_client(const struct ll_soup_server *server);
/* The number the next _publish will have. */
uint64_t ll_soup_server_next_sequence(const struct ll_soup_server *server);
/* A stored message, to be read until _deinit; NULL = no such number. */
const uint8_t *ll_soup_server_message(const struct ll_soup_server *server, uint64_t sequence,
                                      uint32_t *message_bytes);
const struct ll_soup_server_counters *ll_soup_server_counters(const struct ll_soup_server *server);

#endif
