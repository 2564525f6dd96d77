/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of `lifeline decode` share: the options, the file at hand, and how something is refused.
 *
 * Shape    ll_cmd_decode.c runs the verb and decodes ITCH and MoldUDP64; ll_decode_order.c prints the messages
 *          and packets of the order protocols, ll_decode_tcp.c walks their captures.
 * Units    as in the protocols.
 * Errors   a refusal is written to standard error and kept for the exit code; reading goes on behind it.
 * Threads  one.
 */
#ifndef LL_HOST_APP_DECODE_H
#define LL_HOST_APP_DECODE_H

#include "host/app/ll_tcp_capture.h"
#include "host/base/ll_err.h"
#include "host/base/ll_json.h"
#include "host/wire/ll_ouch.h"
#include "host/wire/ll_soupbintcp.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_DECODE_WHERE_BYTES 96u
/* One byte more than any packet, so that "too large" is seen. */
#define LL_DECODE_HEAD_BYTES (LL_SOUP_PACKET_BYTES_MAX + 1u)

struct ll_decode_config {
    const char *protocol;  /* NULL: tell from each file */
    const char *direction; /* of bare OUCH messages; NULL: not said */
    uint64_t port;
    uint64_t request_port;
};

struct ll_decode {
    struct ll_json json;
    struct ll_decode_config config;
    const char *path;
    int exit_code; /* of the first thing that went wrong */
    uint64_t refused_count;
    uint32_t head_bytes;
    uint8_t head[LL_DECODE_HEAD_BYTES];
};

/* --- ll_cmd_decode.c ------------------------------------------------------------------------------------ */

bool ll_decode_is_told(const struct ll_decode *decode, const char *protocol);
void ll_decode_note(struct ll_decode *decode, int exit_code);
/* A file that cannot be read, or not further: its own text names it. */
void ll_decode_file_failed(struct ll_decode *decode, int err, const struct ll_why *why);
/* A message or packet that is refused; reading goes on behind it. `text` names the file. */
void ll_decode_refuse_text(struct ll_decode *decode, const char *text);
void ll_decode_refuse(struct ll_decode *decode, const char *where, const char *fmt, ...) LL_PRINTF(3, 4);
void ll_decode_address(struct ll_json *json, const char *key, uint32_t ipv4, uint16_t port);
void ll_decode_end_line(struct ll_json *json);

/* --- ll_decode_order.c ---------------------------------------------------------------------------------- */

/* Where in a capture a packet comes from. */
struct ll_decode_origin {
    const struct ll_tcp_segment *segment; /* the one that completed it */
    bool has_direction;
    enum ll_ouch_direction direction;
    bool has_sequence; /* of a Sequenced Data packet, since a login was accepted */
    uint64_t sequence;
    const char *session;
};

/* "packet 3: ", or nothing for a file that is one packet. */
void ll_decode_order_where(char where[LL_DECODE_WHERE_BYTES], const struct ll_decode_origin *origin);
/* Begins a line and its "packet" object, which the caller may extend and must end. `origin` may be NULL. */
void ll_decode_begin_order_packet(struct ll_json *json, const struct ll_decode_origin *origin,
                                  const char *kind);
/* One SoupBinTCP packet, and the OUCH message in it when that is the protocol. `origin` may be NULL. */
void ll_decode_soup_packet(struct ll_decode *decode, const struct ll_decode_origin *origin,
                           const struct ll_soup_packet *packet);
/* The file at hand: SoupBinTCP packets one behind the other; one bare OUCH message. */
void ll_decode_soup_file(struct ll_decode *decode);
void ll_decode_ouch_file(struct ll_decode *decode);

/* --- ll_decode_tcp.c ------------------------------------------------------------------------------------ */

void ll_decode_tcp_capture(struct ll_decode *decode);

#endif
