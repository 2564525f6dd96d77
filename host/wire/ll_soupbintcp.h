/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SoupBinTCP 3.00, 4.00 and 4.10: packets of a byte stream and the login packets, bytes to structs and back.
 *
 * Shape    0 packet_length u16 big-endian (bytes behind it), 2 packet_type, 3 payload. A TCP segment may hold
 *          several packets or a part of one, so packets are cut from the front of a stream:
 *          ll_soup_packet_next, then go on packet_bytes further. Packet types are LL_SOUP_PACKETS
 *          P(ID, id, type char, sender, "name"); 'U' is sent by both sides, from the server since 4.00.
 *          Text is held trimmed and NUL-terminated. On input blanks on either end are trimmed; on output
 *          username and password are padded right, session and numbers left.
 * Units    bytes; sequence numbers count messages from 1 (0 in a login: the latest message); timeout in ms.
 * Errors   ll_soup_packet_next: LL_ERR_SHORT the packet goes on beyond these bytes, wait for more;
 *          LL_ERR_MALFORMED length 0, which has no type: close. Logins, decode: LL_ERR_SHORT, LL_ERR_LONG
 *          another length than the packet has; LL_ERR_MALFORMED a number that is no decimal number or does not
 *          fit, or text that is not printable ASCII. Encode: LL_ERR_FULL no room; LL_ERR_LONG a payload beyond
 *          65,534 bytes, or a text or number wider than its field; LL_ERR_MALFORMED text that is not printable
 *          ASCII. Nothing is written to a result that is refused.
 * Threads  pure functions.
 * Source   SoupBinTCP specification 4.10, sections 2.1 to 2.4.
 */
#ifndef LL_HOST_WIRE_SOUPBINTCP_H
#define LL_HOST_WIRE_SOUPBINTCP_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_SOUP_LENGTH_BYTES           2u
#define LL_SOUP_HEADER_BYTES           3u /* length and type */
#define LL_SOUP_PAYLOAD_BYTES_MAX      65534u
#define LL_SOUP_PACKET_BYTES_MAX       (LL_SOUP_HEADER_BYTES + LL_SOUP_PAYLOAD_BYTES_MAX)
#define LL_SOUP_USERNAME_BYTES         6u
#define LL_SOUP_PASSWORD_BYTES         10u
#define LL_SOUP_SESSION_BYTES          10u
#define LL_SOUP_SEQUENCE_BYTES         20u
#define LL_SOUP_TIMEOUT_BYTES          5u
#define LL_SOUP_TIMEOUT_MS_MAX         99999u
#define LL_SOUP_LOGIN_REQUEST_BYTES    49u /* the whole packet, 3.00 and 4.00 */
#define LL_SOUP_LOGIN_REQUEST_BYTES_41 54u /* 4.10: with the heartbeat timeout */
#define LL_SOUP_LOGIN_ACCEPTED_BYTES   33u
#define LL_SOUP_LOGIN_REJECTED_BYTES   4u

/* What the session rules say about silence. */
#define LL_SOUP_HEARTBEAT_AFTER_MS 1000u  /* send one after this long without sending anything */
#define LL_SOUP_SERVER_TIMEOUT_MS  15000u /* "typically"; 4.10: the login says it */
#define LL_SOUP_LOGIN_TIMEOUT_MS   30000u /* "typically": a client that connects and does not log in */

/* clang-format off */
#define LL_SOUP_PACKETS(P) \
    P(DEBUG, debug, '+', BOTH, "Debug") \
    P(LOGIN_ACCEPTED, login_accepted, 'A', SERVER, "Login Accepted") \
    P(LOGIN_REJECTED, login_rejected, 'J', SERVER, "Login Rejected") \
    P(SEQUENCED, sequenced, 'S', SERVER, "Sequenced Data") \
    P(UNSEQUENCED, unsequenced, 'U', BOTH, "Unsequenced Data") \
    P(SERVER_HEARTBEAT, server_heartbeat, 'H', SERVER, "Server Heartbeat") \
    P(END_OF_SESSION, end_of_session, 'Z', SERVER, "End of Session") \
    P(LOGIN_REQUEST, login_request, 'L', CLIENT, "Login Request") \
    P(CLIENT_HEARTBEAT, client_heartbeat, 'R', CLIENT, "Client Heartbeat") \
    P(LOGOUT_REQUEST, logout_request, 'O', CLIENT, "Logout Request")
/* clang-format on */

enum ll_soup_type {
#define LL_SOUP_TYPE_ENUM(ID, id, type, sender, name) LL_SOUP_##ID = (type),
    LL_SOUP_PACKETS(LL_SOUP_TYPE_ENUM)
#undef LL_SOUP_TYPE_ENUM
};

#define LL_SOUP_TYPE_COUNT 10u

/* Who sends packets of a type. */
enum ll_soup_sender {
    LL_SOUP_SENDER_NONE,
    LL_SOUP_SENDER_CLIENT,
    LL_SOUP_SENDER_SERVER,
    LL_SOUP_SENDER_BOTH
};

enum ll_soup_reject_reason { LL_SOUP_REJECT_NOT_AUTHORISED = 'A', LL_SOUP_REJECT_NO_SESSION = 'S' };

struct ll_soup_packet {
    uint8_t type;           /* enum ll_soup_type, or one that this protocol does not define */
    uint32_t payload_bytes; /* 0 is legal everywhere: an empty S counts as a message */
    uint32_t packet_bytes;  /* to step over it */
    const uint8_t *payload; /* points into the stream */
};

struct ll_soup_login_request {
    char username[LL_SOUP_USERNAME_BYTES + 1]; /* both case-insensitive */
    char password[LL_SOUP_PASSWORD_BYTES + 1];
    char session[LL_SOUP_SESSION_BYTES + 1]; /* "" = the current one */
    uint64_t sequence;                       /* the next one wanted; 0 = begin with the latest message */
    bool has_timeout;                        /* 4.10; the version is agreed per port, never negotiated */
    uint32_t timeout_ms;
};

struct ll_soup_login_accepted {
    char session[LL_SOUP_SESSION_BYTES + 1];
    uint64_t sequence; /* of the next Sequenced Data packet */
};

struct ll_soup_login_rejected {
    char reason; /* enum ll_soup_reject_reason, or one that this protocol does not define */
};

/* "Sequenced Data"; NULL = no such type. */
const char *ll_soup_name_of_type(uint8_t type);
/* LL_SOUP_SENDER_NONE = no such type. */
enum ll_soup_sender ll_soup_sender_of_type(uint8_t type);

/* The first packet of these bytes. Its type is not judged. */
LL_MUST_CHECK int ll_soup_packet_next(const uint8_t *bytes, uint32_t bytes_count,
                                      struct ll_soup_packet *packet);

/* Header and payload; the length in *bytes_count. `payload` may already stand at bytes + 3, and may be NULL when
 * payload_bytes is 0. */
LL_MUST_CHECK int ll_soup_packet_encode(uint8_t type, const uint8_t *payload, uint32_t payload_bytes,
                                        uint8_t *bytes, uint32_t capacity_bytes, uint32_t *bytes_count);

/* Decoding takes the payload of a packet of that type; encoding writes the whole packet. */
LL_MUST_CHECK int ll_soup_login_request_decode(const uint8_t *payload, uint32_t payload_bytes,
                                               struct ll_soup_login_request *login);
LL_MUST_CHECK int ll_soup_login_request_encode(const struct ll_soup_login_request *login, uint8_t *bytes,
                                               uint32_t capacity_bytes, uint32_t *bytes_count);
LL_MUST_CHECK int ll_soup_login_accepted_decode(const uint8_t *payload, uint32_t payload_bytes,
                                                struct ll_soup_login_accepted *accepted);
LL_MUST_CHECK int ll_soup_login_accepted_encode(const struct ll_soup_login_accepted *accepted, uint8_t *bytes,
                                                uint32_t capacity_bytes, uint32_t *bytes_count);
LL_MUST_CHECK int ll_soup_login_rejected_decode(const uint8_t *payload, uint32_t payload_bytes,
                                                struct ll_soup_login_rejected *rejected);
LL_MUST_CHECK int ll_soup_login_rejected_encode(const struct ll_soup_login_rejected *rejected, uint8_t *bytes,
                                                uint32_t capacity_bytes, uint32_t *bytes_count);

#endif
