/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a SoupBinTCP session: every sequenced message once and in order, over connections that
 * may break at any byte.
 *
 * Shape    A pure state machine over a byte door: no socket, no clock, no allocation after init. It starts
 *          closed; _restart says which session and number to ask for, and from then on _poll connects, logs
 *          in, delivers, keeps the heartbeats, and after a break connects again (with a wait that doubles up
 *          to a bound) and asks for the next expected number. What the owner has to decide stops it: a login
 *          that is refused, an answer with another number or session than asked for, a packet longer than
 *          the buffer. Then the state is `refused` until the next _restart.
 *          Every on_open is followed by exactly one on_closed; on_closed also tells of connections and
 *          logins that failed before they were open.
 *          Client to server nothing is sequenced: what is sent around a break may be lost, and the
 *          application's own resend is to be harmless.
 * Units    sequence numbers count messages from 1; *_ns nanoseconds of the caller's clock; bytes.
 * Errors   send: LL_ERR_FULL = the output buffer has no room, nothing was taken, poll and try again;
 *          LL_ERR_STOPPED = not open; LL_ERR_LONG = it could never fit. What the server does wrong is a
 *          reason of on_closed, and counted.
 * Threads  one owner. Callbacks run inside _poll, _restart and _logout, may call _send and the getters but
 *          not those three, and may read message pointers during the call only.
 * Source   SoupBinTCP 3.00, 4.00, 4.10: "Logical Packets", "Heartbeats", "End of Session".
 */
#ifndef LL_HOST_PROVIDER_SOUP_CLIENT_H
#define LL_HOST_PROVIDER_SOUP_CLIENT_H

#include "host/base/ll_byte_door.h"
#include "host/base/ll_err.h"
#include "host/wire/ll_soupbintcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_SOUP_CLIENT_STATES(S)                                                    \
    S(CLOSED, "closed")         /* nothing is wanted: at first, and after logout */ \
    S(WAITING, "waiting")       /* for the time of the next connect */              \
    S(CONNECTING, "connecting") /* the door is at it */                             \
    S(LOGGING_IN, "logging in") /* the request is sent, the answer is not here */   \
    S(OPEN, "open")                                                                 \
    S(LEAVING, "leaving") /* logout is sent; the server closes */                   \
    S(ENDED, "ended")     /* the server ended the session: ask for the next one */  \
    S(REFUSED, "refused") /* the owner has to decide */

enum ll_soup_client_state {
#define LL_SOUP_CLIENT_STATE_ENUM(name, text) LL_SOUP_CLIENT_##name,
    LL_SOUP_CLIENT_STATES(LL_SOUP_CLIENT_STATE_ENUM)
#undef LL_SOUP_CLIENT_STATE_ENUM
        LL_SOUP_CLIENT_STATE_COUNT
};

/* Why a connection, or the attempt at one, is over; and the state that follows. */
#define LL_SOUP_CLIENT_REASONS(R)                                                                          \
    R(CONNECT_FAILED, WAITING, "no connection could be made")                                              \
    R(CONNECT_TIMEOUT, WAITING, "the connection was not made in time")                                     \
    R(LOGIN_TIMEOUT, WAITING, "the login was not answered in time")                                        \
    R(PEER_CLOSED, WAITING, "the server closed the connection")                                            \
    R(BROKEN, WAITING, "the connection broke")                                                             \
    R(SILENT, WAITING, "the server fell silent, heartbeats included")                                      \
    R(BAD_PACKET, WAITING, "the server sent a packet that cannot be read")                                 \
    R(UNEXPECTED, WAITING, "the server sent a packet out of its place")                                    \
    R(TOO_LONG, REFUSED, "the server sent a packet longer than the input buffer; make input_bytes larger") \
    R(NOT_AUTHORISED, REFUSED, "login rejected: user name or password; correct them")                      \
    R(NO_SESSION, REFUSED, "login rejected: no such session; ask for the current one with a blank name")   \
    R(REJECTED, REFUSED, "login rejected with a code the protocol does not define")                        \
    R(OTHER_SESSION, REFUSED, "the server opened another session than the one asked for")                  \
    R(OTHER_SEQUENCE, REFUSED,                                                                             \
      "the server starts at another number than the one asked for; messages would"                         \
      " be lost or come twice")                                                                            \
    R(SESSION_ENDED, ENDED, "the server ended the session")                                                \
    R(LOGOUT, CLOSED, "logged out")                                                                        \
    R(RESTARTED, CLOSED, "given up by its owner for a new start")

enum ll_soup_client_reason {
#define LL_SOUP_CLIENT_REASON_ENUM(name, next, text) LL_SOUP_CLIENT_REASON_##name,
    LL_SOUP_CLIENT_REASONS(LL_SOUP_CLIENT_REASON_ENUM)
#undef LL_SOUP_CLIENT_REASON_ENUM
        LL_SOUP_CLIENT_REASON_COUNT
};

const char *ll_soup_client_state_text(enum ll_soup_client_state state);
const char *ll_soup_client_reason_text(enum ll_soup_client_reason reason);

struct ll_soup_client;

/* What the client tells its owner. None may be NULL. */
struct ll_soup_client_handler {
    void *context;
    /* Logged in: remember the session; the next on_message has this number. */
    void (*on_open)(void *context, const char *session, uint64_t next_sequence, uint64_t now_ns);
    /* One sequenced message, exactly once over all connections of one _restart. It may be empty. */
    void (*on_message)(void *context, uint64_t sequence, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns);
    /* `why` says more than the reason's text where there is more: the door's own words. */
    void (*on_closed)(void *context, enum ll_soup_client_reason reason, const struct ll_why *why,
                      uint64_t now_ns);
    /* No message of this session follows. on_closed comes right after. */
    void (*on_end_of_session)(void *context, uint64_t next_sequence, uint64_t now_ns);
};

struct ll_soup_client_config {
    char username[LL_SOUP_USERNAME_BYTES + 1];
    char password[LL_SOUP_PASSWORD_BYTES + 1];
    uint32_t heartbeat_timeout_ms; /* 0 = the login of 3.00 and 4.00; else that of 4.10, with this number */
    uint32_t input_bytes;          /* longest packet of the server, with its three bytes of header */
    uint32_t output_bytes;         /* held back at most when the connection takes less than we send */
    uint32_t poll_bytes_max;       /* read in one poll at most */
    uint64_t heartbeat_ns;         /* send one after this long without sending anything */
    uint64_t silence_ns;           /* hear nothing for this long: close. Also waits for the login's answer */
    uint64_t connect_timeout_ns;
    uint64_t backoff_first_ns; /* between a break and the next connect; doubles with each further one */
    uint64_t backoff_max_ns;   /* up to this. Open for so long: the next break counts as the first again */
};

struct ll_soup_client_counters {
    uint64_t connects; /* attempts */
    uint64_t logins;   /* requests sent */
    uint64_t opens;
    uint64_t closes[LL_SOUP_CLIENT_REASON_COUNT];
    uint64_t messages; /* sequenced, delivered */
    uint64_t unsequenced_ignored;
    uint64_t debug_ignored;
    uint64_t heartbeats_received;
    uint64_t heartbeats_sent;
    uint64_t sends;      /* packets taken from the owner */
    uint64_t sends_full; /* refused, the buffer had no room */
    uint64_t bytes_received;
    uint64_t bytes_sent;
    uint64_t partial_bytes_discarded; /* of a packet that a break cut */
    uint64_t unsent_bytes_discarded;  /* of packets taken that never left */
};

/* Everything but user name and password, which are empty. */
void ll_soup_client_config_default(struct ll_soup_client_config *config);

/* 0 = bad config: a size or time that is 0 or out of its range, or text that no login can carry. */
size_t ll_soup_client_footprint_bytes(const struct ll_soup_client_config *config);
/* `memory` is aligned as malloc aligns; config, door and handler are copied. NULL = bad config. */
struct ll_soup_client *ll_soup_client_init(void *memory, const struct ll_soup_client_config *config,
                                           const struct ll_byte_door *door,
                                           const struct ll_soup_client_handler *handler);
/* Closes the door without a word to the other side or the owner. The memory is the caller's again. */
void ll_soup_client_deinit(struct ll_soup_client *client);

/* Ask for this session ("" = the current one) from this number on (0 = the latest message); the first time, and
 * whenever the owner has decided. What was open is closed. LL_ERR_USAGE, and nothing happens: not a session's
 * name, or a number that no session reaches. */
LL_MUST_CHECK int ll_soup_client_restart(struct ll_soup_client *client, const char *session,
                                         uint64_t sequence, uint64_t now_ns);
/* Time passes, bytes may have come: bounded work. */
void ll_soup_client_poll(struct ll_soup_client *client, uint64_t now_ns);
/* One unsequenced packet, sent at once as far as the connection takes it. */
LL_MUST_CHECK int ll_soup_client_send(struct ll_soup_client *client, const uint8_t *payload,
                                      uint32_t payload_bytes);
/* Open: what was taken is sent first, then the server closes. Else: closed at once. */
void ll_soup_client_logout(struct ll_soup_client *client, uint64_t now_ns);

enum ll_soup_client_state ll_soup_client_state(const struct ll_soup_client *client);
const struct ll_soup_client_counters *ll_soup_client_counters(const struct ll_soup_client *client);
/* The number of the next on_message: what to give to _restart with the session's name. */
uint64_t ll_soup_client_next_sequence(const struct ll_soup_client *client);
/* As the server named it; as asked for until the first on_open. */
const char *ll_soup_client_session(const struct ll_soup_client *client);
/* Held back because the connection did not take it yet. */
uint32_t ll_soup_client_unsent_bytes(const struct ll_soup_client *client);

#endif
