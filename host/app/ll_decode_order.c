/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_decode.h"

#include "host/app/ll_exit.h"
#include "host/app/ll_field_json.h"
#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- OUCH messages -------------------------------------------------------------------------------------- */

/* An OUCH message that has been decoded, of either edition. */
struct ll_decode_ouch {
    const uint8_t *bytes;
    uint32_t bytes_count; /* 0 = no message */
    const struct ll_field *fields;
    uint32_t field_count;
    const struct ll_ouch50_options *options; /* NULL = none */
};

static bool ll_decode_is_ouch(const struct ll_decode *decode)
{
    return ll_decode_is_told(decode, "ouch42") || ll_decode_is_told(decode, "ouch50");
}

static void ll_decode_refuse_ouch(struct ll_decode *decode, const char *where, int err,
                                  enum ll_ouch_direction direction, const uint8_t *bytes,
                                  uint32_t bytes_count)
{
    const char *side = direction == LL_OUCH_IN ? "from the client" : "from the exchange";
    const char *name = NULL;
    if (bytes_count > 0 && ll_decode_is_told(decode, "ouch50"))
        name = ll_ouch50_name_of_type(direction, bytes[0]);
    else if (bytes_count > 0)
        name = ll_ouch42_name_of_type(direction, bytes[0]);
    if (bytes_count == 0)
        ll_decode_refuse(decode, where, "%s: no bytes at all", ll_err_name(err));
    else if (name == NULL)
        ll_decode_refuse(decode, where, "%s: type '%c' (0x%02x) is not one of %s %s (%" PRIu32 " bytes)",
                         ll_err_name(err), isprint(bytes[0]) ? bytes[0] : '?', bytes[0],
                         decode->config.protocol, side, bytes_count);
    else
        ll_decode_refuse(decode, where, "%s: '%c' %s, %s, of %" PRIu32 " bytes: %s", ll_err_name(err),
                         bytes[0], name, side, bytes_count,
                         err == LL_ERR_MALFORMED ? "its appendage does not fit together"
                                                 : "cut, or of another edition or direction");
}

/* The last element of each tag with the length that the tag has; NULL = none. Then those passed over. */
static void ll_decode_options(struct ll_json *json, const struct ll_ouch50_options *options)
{
    const uint8_t *value_of_tag[256] = {NULL};
    struct ll_ouch50_cursor cursor = ll_ouch50_cursor(options->raw, options->raw_bytes);
    struct ll_ouch50_element element;
    if (cursor.left_bytes == 0)
        return;
    while (ll_ouch50_next(&cursor, &element)) {
        const struct ll_field *option = ll_ouch50_option(element.tag);
        if (option != NULL && option->bytes == element.value_bytes)
            value_of_tag[element.tag] = element.value;
    }
    ll_json_begin_object(json, "options");
    for (uint32_t tag = 0; tag < 256; tag++) {
        if (value_of_tag[tag] != NULL)
            ll_field_json(json, ll_ouch50_option((uint8_t)tag), value_of_tag[tag]);
    }
    if (options->unknown_count + options->wrong_length_count > 0) {
        ll_json_begin_array(json, "passed_over");
        cursor = ll_ouch50_cursor(options->raw, options->raw_bytes);
        while (ll_ouch50_next(&cursor, &element)) {
            const struct ll_field *option = ll_ouch50_option(element.tag);
            if (option != NULL && option->bytes == element.value_bytes)
                continue;
            ll_json_begin_object(json, NULL);
            ll_json_u64(json, "tag", element.tag);
            ll_json_hex(json, "value", element.value, element.value_bytes);
            ll_json_end_object(json);
        }
        ll_json_end_array(json);
    }
    ll_json_end_object(json);
}

/* A field that an older revision ends in front of is left out. */
static void ll_decode_ouch_fields(struct ll_json *json, const struct ll_decode_ouch *ouch)
{
    for (uint32_t i = 0; i < ouch->field_count; i++) {
        if (ouch->fields[i].offset < ouch->bytes_count)
            ll_field_json(json, &ouch->fields[i], ouch->bytes + ouch->fields[i].offset);
    }
    if (ouch->options != NULL)
        ll_decode_options(json, ouch->options);
}

/* Decodes to *ouch, of which the options go to `message`, or refuses. */
static bool ll_decode_ouch_message(struct ll_decode *decode, const char *where,
                                   enum ll_ouch_direction direction, const uint8_t *bytes,
                                   uint32_t bytes_count, struct ll_ouch50_message *message,
                                   struct ll_decode_ouch *ouch)
{
    union ll_ouch42_message message42;
    bool is_ouch50 = ll_decode_is_told(decode, "ouch50");
    int err = is_ouch50 ? ll_ouch50_decode(direction, bytes, bytes_count, message)
                        : ll_ouch42_decode(direction, bytes, bytes_count, &message42);
    if (err != LL_OK) {
        ll_decode_refuse_ouch(decode, where, err, direction, bytes, bytes_count);
        return false;
    }
    ouch->bytes = bytes;
    ouch->bytes_count = bytes_count;
    ouch->fields = is_ouch50 ? ll_ouch50_fields(direction, bytes[0], &ouch->field_count)
                             : ll_ouch42_fields(direction, bytes[0], &ouch->field_count);
    ouch->options = is_ouch50 ? &message->options : NULL;
    return true;
}

void ll_decode_ouch_file(struct ll_decode *decode)
{
    struct ll_ouch50_message message;
    struct ll_decode_ouch ouch;
    if (decode->config.direction == NULL) {
        struct ll_why why = {0};
        int err =
            LL_FAIL(&why, LL_ERR_USAGE,
                    "%s: an OUCH message does not say who sent it, and the types of both sides collide; add "
                    "--direction in (client to exchange) or out",
                    decode->path);
        ll_decode_file_failed(decode, err, &why);
        return;
    }
    enum ll_ouch_direction direction = strcmp(decode->config.direction, "in") == 0 ? LL_OUCH_IN : LL_OUCH_OUT;
    if (!ll_decode_ouch_message(decode, "", direction, decode->head, decode->head_bytes, &message, &ouch))
        return;
    ll_json_begin_object(&decode->json, NULL);
    ll_decode_ouch_fields(&decode->json, &ouch);
    ll_decode_end_line(&decode->json);
}

/* --- SoupBinTCP packets --------------------------------------------------------------------------------- */

static const char *ll_decode_soup_kind(uint8_t type)
{
    switch (type) {
#define LL_DECODE_SOUP_KIND(ID, id, type, sender, name) \
    case type:                                          \
        return #id;
        LL_SOUP_PACKETS(LL_DECODE_SOUP_KIND)
    default:
        return NULL;
    }
}

void ll_decode_order_where(char where[LL_DECODE_WHERE_BYTES], const struct ll_decode_origin *origin)
{
    where[0] = '\0';
    if (origin != NULL && origin->has_sequence)
        (void)snprintf(where, LL_DECODE_WHERE_BYTES, "packet %" PRIu64 ": message %" PRIu64 ": ",
                       origin->segment->packet_number, origin->sequence);
    else if (origin != NULL)
        (void)snprintf(where, LL_DECODE_WHERE_BYTES, "packet %" PRIu64 ": ", origin->segment->packet_number);
}

void ll_decode_begin_order_packet(struct ll_json *json, const struct ll_decode_origin *origin,
                                  const char *kind)
{
    ll_json_begin_object(json, NULL);
    ll_json_begin_object(json, "packet");
    if (origin != NULL) {
        const struct ll_tcp_segment *segment = origin->segment;
        ll_json_u64(json, "number", segment->packet_number);
        ll_json_u64(json, "time_ns", segment->time_ns);
        ll_decode_address(json, "source", segment->source_ipv4, segment->source_port);
        ll_decode_address(json, "target", segment->target_ipv4, segment->target_port);
        if (origin->has_direction)
            ll_json_string(json, "direction", origin->direction == LL_OUCH_IN ? "in" : "out");
    }
    ll_json_string(json, "kind", kind);
    if (origin != NULL && origin->has_sequence) {
        ll_json_string(json, "session", origin->session);
        ll_json_u64(json, "sequence", origin->sequence);
    }
}

/* A packet without fields of its own, or with one: the line up to there. */
static void ll_decode_begin_soup_line(struct ll_decode *decode, const struct ll_decode_origin *origin,
                                      uint8_t type)
{
    ll_decode_begin_order_packet(&decode->json, origin, ll_decode_soup_kind(type));
    ll_json_end_object(&decode->json);
}

static int ll_decode_login_request(struct ll_decode *decode, const struct ll_decode_origin *origin,
                                   const struct ll_soup_packet *packet)
{
    struct ll_soup_login_request login;
    int err = ll_soup_login_request_decode(packet->payload, packet->payload_bytes, &login);
    if (err != LL_OK)
        return err;
    ll_decode_begin_soup_line(decode, origin, packet->type);
    ll_json_string(&decode->json, "username", login.username);
    ll_json_string(&decode->json, "password", login.password);
    ll_json_string(&decode->json, "session", login.session);
    ll_json_u64(&decode->json, "sequence", login.sequence);
    if (login.has_timeout)
        ll_json_u64(&decode->json, "heartbeat_timeout", login.timeout_ms);
    ll_decode_end_line(&decode->json);
    return LL_OK;
}

static int ll_decode_login_accepted(struct ll_decode *decode, const struct ll_decode_origin *origin,
                                    const struct ll_soup_packet *packet)
{
    struct ll_soup_login_accepted accepted;
    int err = ll_soup_login_accepted_decode(packet->payload, packet->payload_bytes, &accepted);
    if (err != LL_OK)
        return err;
    ll_decode_begin_soup_line(decode, origin, packet->type);
    ll_json_string(&decode->json, "session", accepted.session);
    ll_json_u64(&decode->json, "sequence", accepted.sequence);
    ll_decode_end_line(&decode->json);
    return LL_OK;
}

static int ll_decode_login_rejected(struct ll_decode *decode, const struct ll_decode_origin *origin,
                                    const struct ll_soup_packet *packet)
{
    struct ll_soup_login_rejected rejected;
    int err = ll_soup_login_rejected_decode(packet->payload, packet->payload_bytes, &rejected);
    if (err != LL_OK)
        return err;
    ll_decode_begin_soup_line(decode, origin, packet->type);
    ll_json_text(&decode->json, "reason", &rejected.reason, 1);
    ll_decode_end_line(&decode->json);
    return LL_OK;
}

/* Of OUCH in a packet: what is known of its stream; in a file S is the exchange's. */
static enum ll_ouch_direction ll_decode_data_direction(const struct ll_decode_origin *origin, uint8_t type)
{
    if (origin != NULL && origin->has_direction)
        return origin->direction;
    return type == LL_SOUP_SEQUENCED ? LL_OUCH_OUT : LL_OUCH_IN;
}

static void ll_decode_soup_data(struct ll_decode *decode, const struct ll_decode_origin *origin,
                                const struct ll_soup_packet *packet)
{
    struct ll_ouch50_message message;
    struct ll_decode_ouch ouch = {.bytes_count = 0};
    bool is_ouch = ll_decode_is_ouch(decode);
    if (is_ouch && packet->payload_bytes > 0) {
        char where[LL_DECODE_WHERE_BYTES];
        ll_decode_order_where(where, origin);
        if (!ll_decode_ouch_message(decode, where, ll_decode_data_direction(origin, packet->type),
                                    packet->payload, packet->payload_bytes, &message, &ouch))
            return;
    }
    ll_decode_begin_soup_line(decode, origin, packet->type);
    if (is_ouch)
        ll_decode_ouch_fields(&decode->json, &ouch);
    else
        ll_json_hex(&decode->json, "payload", packet->payload, packet->payload_bytes);
    ll_decode_end_line(&decode->json);
}

static int ll_decode_soup_empty(struct ll_decode *decode, const struct ll_decode_origin *origin,
                                const struct ll_soup_packet *packet)
{
    if (packet->payload_bytes > 0)
        return LL_ERR_LONG;
    ll_decode_begin_soup_line(decode, origin, packet->type);
    ll_decode_end_line(&decode->json);
    return LL_OK;
}

/* LL_ERR_TYPE for a packet that this protocol does not define; otherwise the verdict on what is in it. */
static int ll_decode_soup_by_type(struct ll_decode *decode, const struct ll_decode_origin *origin,
                                  const struct ll_soup_packet *packet)
{
    switch (packet->type) {
    case LL_SOUP_LOGIN_REQUEST:
        return ll_decode_login_request(decode, origin, packet);
    case LL_SOUP_LOGIN_ACCEPTED:
        return ll_decode_login_accepted(decode, origin, packet);
    case LL_SOUP_LOGIN_REJECTED:
        return ll_decode_login_rejected(decode, origin, packet);
    case LL_SOUP_SEQUENCED:
    case LL_SOUP_UNSEQUENCED:
        ll_decode_soup_data(decode, origin, packet); /* refuses by itself */
        return LL_OK;
    case LL_SOUP_DEBUG:
        ll_decode_begin_soup_line(decode, origin, packet->type);
        ll_json_text(&decode->json, "text", (const char *)packet->payload, packet->payload_bytes);
        ll_decode_end_line(&decode->json);
        return LL_OK;
    default:
        return ll_soup_name_of_type(packet->type) == NULL ? LL_ERR_TYPE
                                                          : ll_decode_soup_empty(decode, origin, packet);
    }
}

void ll_decode_soup_packet(struct ll_decode *decode, const struct ll_decode_origin *origin,
                           const struct ll_soup_packet *packet)
{
    char where[LL_DECODE_WHERE_BYTES];
    int err = ll_decode_soup_by_type(decode, origin, packet);
    if (err == LL_OK)
        return;
    ll_decode_order_where(where, origin);
    if (err == LL_ERR_TYPE)
        ll_decode_refuse(decode, where,
                         "%s: 0x%02x is no SoupBinTCP packet type (%" PRIu32 " bytes of payload)",
                         ll_err_name(err), packet->type, packet->payload_bytes);
    else
        ll_decode_refuse(
            decode, where, "%s: a SoupBinTCP '%c' %s does not look like this (%" PRIu32 " bytes of payload)",
            ll_err_name(err), packet->type, ll_soup_name_of_type(packet->type), packet->payload_bytes);
}

void ll_decode_soup_file(struct ll_decode *decode)
{
    struct ll_soup_packet packet;
    uint32_t at = 0;
    int err = LL_OK;
    if (decode->head_bytes == LL_DECODE_HEAD_BYTES) {
        ll_decode_refuse(decode, "", "%s: bare packets are read up to %u bytes in all; give a capture",
                         ll_err_name(LL_ERR_LONG), LL_SOUP_PACKET_BYTES_MAX);
        return;
    }
    while (at < decode->head_bytes) {
        err = ll_soup_packet_next(decode->head + at, decode->head_bytes - at, &packet);
        if (err != LL_OK)
            break;
        ll_decode_soup_packet(decode, NULL, &packet);
        at += packet.packet_bytes;
    }
    if (err != LL_OK)
        ll_decode_refuse(decode, "", "%s: at byte %" PRIu32 ": %s", ll_err_name(err), at,
                         err == LL_ERR_SHORT ? "the file ends inside a packet"
                                             : "a SoupBinTCP length of 0 has no packet type");
}
