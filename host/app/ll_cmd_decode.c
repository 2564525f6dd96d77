/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_decode.h"

#include "host/app/ll_decode.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_field_json.h"
#include "host/app/ll_udp_capture.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_json.h"
#include "host/base/ll_options.h"
#include "host/provider/ll_binary_file.h"
#include "host/provider/ll_input_file.h"
#include "host/wire/ll_itch50.h"
#include "host/wire/ll_moldudp64.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A damaged file can hold millions of bad messages; the first ones tell, the count tells the rest. */
#define LL_DECODE_REASONS_SHOWN_MAX 10u

enum ll_decode_kind {
    LL_DECODE_MESSAGE,
    LL_DECODE_PACKET,
    LL_DECODE_BINARY_FILE,
    LL_DECODE_CAPTURE,
    LL_DECODE_SOUP_PACKETS,
    LL_DECODE_OUCH_MESSAGE,
    LL_DECODE_TCP_CAPTURE
};

static const struct ll_option ll_decode_options[] = {
    {"protocol", LL_OPTION_CHOICE, offsetof(struct ll_decode_config, protocol), 0, 0, "NAME",
     "moldudp64|itch50|soupbintcp|ouch42|ouch50",
     "what a file holds; default: told from each file, see above"},
    {"direction", LL_OPTION_CHOICE, offsetof(struct ll_decode_config, direction), 0, 0, "WAY", "in|out",
     "who sent a bare OUCH message: in from the client, out from the exchange; captures say it themselves"},
    {"port", LL_OPTION_U64, offsetof(struct ll_decode_config, port), 0, 65535, "PORT", NULL,
     "captures: take only datagrams to this UDP port, and requests with their answers; of TCP only streams "
     "of "
     "the server on this port, which also says who is the client; default 0: all"},
    {"request-port", LL_OPTION_U64, offsetof(struct ll_decode_config, request_port), 0, 65535, "PORT", NULL,
     "captures: datagrams to this UDP port are re-requests (only the port tells them from packets); default "
     "26478, 0: there are none"},
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_decode_help[] =
    "usage: lifeline decode [--protocol NAME] [--direction in|out] FILE...\n"
    "\n"
    "Prints the messages in each FILE as JSON, one line per message, every field by its name in the\n"
    "specification. Integers are raw: prices in 1/10,000 (type V: 1/100,000,000), timestamps in\n"
    "nanoseconds after midnight. Text fields are without their trailing spaces.\n"
    "\n"
    "  lifeline decode S.bin\n"
    "  "
    "{\"message_type\":\"S\",\"stock_locate\":0,\"tracking_number\":0,\"timestamp\":34200000000123,\"event_"
    "code\":\"Q\"}\n"
    "\n"
    "What a FILE can be, and how that is told, first match first:\n"
    "  capture     pcap or pcapng, by its first bytes: UDP over IPv4, MoldUDP64 inside, ITCH 5.0 inside "
    "that\n"
    "  BinaryFILE  gzip content, or a name that ends in .ITCH50, or a first length that fits the type "
    "behind\n"
    "              it; a pipe is read as a BinaryFILE too\n"
    "  message     the whole file is one ITCH 5.0 message: known type, length of that type\n"
    "  packet      the whole file is one MoldUDP64 packet or re-request, or begins like a session name\n"
    "--protocol settles it: itch50 = a message (or BinaryFILE, or capture), moldudp64 = a packet (or "
    "capture).\n"
    "The order protocols are never guessed, because their bytes do not tell them apart; --protocol names "
    "them:\n"
    "  soupbintcp      SoupBinTCP packets one behind the other, or a capture of TCP; payloads in hex\n"
    "  ouch42, ouch50  one bare OUCH message, which also needs --direction; or a capture of TCP, SoupBinTCP\n"
    "                  inside, OUCH inside that. There the direction follows from --port, from who opened "
    "the\n"
    "                  connection, or from the types of packets.\n"
    "\n"
    "Messages that came in a packet carry it in an object \"packet\":\n"
    "  number, time_ns, source, target   captures only: packet in the file, UTC ns since 1970, address:port\n"
    "  session, sequence                 MoldUDP64 session and the message's own sequence number\n"
    "  kind    message | empty (a block without bytes; it uses up its number) | heartbeat | end_of_session "
    "|\n"
    "          request. The last three are lines of their own: sequence is the next message to be sent, or\n"
    "          the first one requested, with message_count.\n"
    "  SoupBinTCP: direction (in, out) where it is known; kind is the packet type (login_request, "
    "sequenced,\n"
    "          unsequenced, ...); session and sequence of sequenced packets since a login was accepted.\n"
    "  kind gap: missing_bytes of a TCP stream never came. The stream goes on only when they are all inside "
    "one\n"
    "          packet, so that the next one is certain; otherwise it is given up with a reason.\n"
    "OUCH 5.0 messages carry their appendage in an object \"options\", by the names of the tags; passed_over "
    "are\n"
    "elements with unknown tags or with values of another length.\n"
    "\n"
    "What is refused (unknown type, wrong length, malformed packet, cut file) gives a reason on standard\n"
    "error and no line; the rest is decoded. Exit: 0 all decoded, 1 something refused, 2 usage, 4 a file\n"
    "could not be read or the output not written.\n"
    "\n"
    "options:\n";

/* --- reasons -------------------------------------------------------------------------------------------- */

bool ll_decode_is_told(const struct ll_decode *decode, const char *protocol)
{
    return decode->config.protocol != NULL && strcmp(decode->config.protocol, protocol) == 0;
}

void ll_decode_note(struct ll_decode *decode, int exit_code)
{
    if (decode->exit_code == LL_EXIT_OK)
        decode->exit_code = exit_code;
}

void ll_decode_file_failed(struct ll_decode *decode, int err, const struct ll_why *why)
{
    (void)fprintf(stderr, "lifeline decode: %s\n", why->text);
    ll_decode_note(decode, ll_exit_code(err));
}

void ll_decode_refuse_text(struct ll_decode *decode, const char *text)
{
    ll_decode_note(decode, LL_EXIT_REFUSED);
    decode->refused_count++;
    if (decode->refused_count <= LL_DECODE_REASONS_SHOWN_MAX)
        (void)fprintf(stderr, "lifeline decode: %s\n", text);
}

void ll_decode_refuse(struct ll_decode *decode, const char *where, const char *fmt, ...)
{
    struct ll_why why = {0};
    (void)LL_FAIL(&why, LL_ERR_INPUT, "%s: %s", ll_input_path_shown(decode->path), where);
    size_t used = strlen(why.text);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why.text + used, sizeof why.text - used, fmt, args);
    va_end(args);
    ll_decode_refuse_text(decode, why.text);
}

static void ll_decode_refuse_message(struct ll_decode *decode, const char *where, int err,
                                     const uint8_t *bytes, uint32_t bytes_count)
{
    if (bytes_count == 0) {
        ll_decode_refuse(decode, where, "%s: no bytes at all", ll_err_name(err));
        return;
    }
    const char *name = ll_itch50_name_of_type(bytes[0]);
    if (name == NULL)
        ll_decode_refuse(decode, where, "%s: type %s%c%s (0x%02x) is not one of ITCH 5.0 (%" PRIu32 " bytes)",
                         ll_err_name(err), isprint(bytes[0]) ? "'" : "", isprint(bytes[0]) ? bytes[0] : '?',
                         isprint(bytes[0]) ? "'" : "", bytes[0], bytes_count);
    else
        ll_decode_refuse(decode, where,
                         "%s: '%c' %s has %" PRIu32 " bytes, here are %" PRIu32
                         "; cut, or of another edition of the protocol",
                         ll_err_name(err), bytes[0], name, ll_itch50_bytes_of_type(bytes[0]), bytes_count);
}

static void ll_decode_refuse_packet(struct ll_decode *decode, const char *where, int err,
                                    uint32_t bytes_count)
{
    const char *text = "sequence and count overflow, or a packet without messages has bytes behind it";
    if (err == LL_ERR_SHORT)
        text = bytes_count < LL_MOLDUDP64_HEADER_BYTES ? "less than a MoldUDP64 header of 20 bytes"
                                                       : "its message blocks run past its end";
    else if (err == LL_ERR_LONG)
        text = "bytes are left over after its last message block";
    ll_decode_refuse(decode, where, "%s: %s (%" PRIu32 " bytes); nothing of it is taken", ll_err_name(err),
                     text, bytes_count);
}

/* --- lines ---------------------------------------------------------------------------------------------- */

/* The fields of a message that has been decoded, so that every one of them is there. */
static void ll_decode_fields(struct ll_json *json, const uint8_t *bytes)
{
    uint32_t field_count = 0;
    const struct ll_field *fields = ll_itch50_fields(bytes[0], &field_count);
    ll_fields_json(json, fields, field_count, bytes);
}

void ll_decode_end_line(struct ll_json *json)
{
    ll_json_end_object(json);
    ll_json_newline(json);
}

static void ll_decode_message(struct ll_decode *decode, const char *where, const uint8_t *bytes,
                              uint32_t bytes_count)
{
    union ll_itch50_message message;
    int err = ll_itch50_decode(bytes, bytes_count, &message);
    if (err != LL_OK) {
        ll_decode_refuse_message(decode, where, err, bytes, bytes_count);
        return;
    }
    ll_json_begin_object(&decode->json, NULL);
    ll_decode_fields(&decode->json, bytes);
    ll_decode_end_line(&decode->json);
}

void ll_decode_address(struct ll_json *json, const char *key, uint32_t ipv4, uint16_t port)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%u.%u.%u.%u:%u", ipv4 >> 24, ipv4 >> 16 & 0xffu, ipv4 >> 8 & 0xffu,
                   ipv4 & 0xffu, (unsigned)port);
    ll_json_string(json, key, text);
}

/* Begins a line and its "packet" object, which the caller may extend and must end. `datagram` may be NULL. */
static void ll_decode_begin_packet(struct ll_json *json, const struct ll_udp_datagram *datagram,
                                   const char *kind, const char session[LL_MOLDUDP64_SESSION_BYTES],
                                   uint64_t sequence)
{
    ll_json_begin_object(json, NULL);
    ll_json_begin_object(json, "packet");
    if (datagram != NULL) {
        ll_json_u64(json, "number", datagram->packet_number);
        ll_json_u64(json, "time_ns", datagram->time_ns);
        ll_decode_address(json, "source", datagram->source_ipv4, datagram->source_port);
        ll_decode_address(json, "target", datagram->target_ipv4, datagram->target_port);
    }
    ll_json_string(json, "kind", kind);
    ll_json_text(json, "session", session, LL_MOLDUDP64_SESSION_BYTES);
    ll_json_u64(json, "sequence", sequence);
}

/* "packet 3: ", or nothing for a file that is one packet. */
static void ll_decode_where(char where[LL_DECODE_WHERE_BYTES], const struct ll_udp_datagram *datagram)
{
    where[0] = '\0';
    if (datagram != NULL)
        (void)snprintf(where, LL_DECODE_WHERE_BYTES, "packet %" PRIu64 ": ", datagram->packet_number);
}

static void ll_decode_block(struct ll_decode *decode, const struct ll_udp_datagram *datagram,
                            const struct ll_moldudp64_packet *packet, uint64_t sequence, const uint8_t *bytes,
                            uint32_t bytes_count)
{
    union ll_itch50_message message;
    int err = bytes_count > 0 ? ll_itch50_decode(bytes, bytes_count, &message) : LL_OK;
    if (err != LL_OK) {
        char where[LL_DECODE_WHERE_BYTES];
        ll_decode_where(where, datagram);
        size_t used = strlen(where);
        (void)snprintf(where + used, sizeof where - used, "message %" PRIu64 ": ", sequence);
        ll_decode_refuse_message(decode, where, err, bytes, bytes_count);
        return;
    }
    ll_decode_begin_packet(&decode->json, datagram, bytes_count > 0 ? "message" : "empty", packet->session,
                           sequence);
    ll_json_end_object(&decode->json);
    if (bytes_count > 0)
        ll_decode_fields(&decode->json, bytes);
    ll_decode_end_line(&decode->json);
}

static void ll_decode_packet(struct ll_decode *decode, const struct ll_udp_datagram *datagram,
                             const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_moldudp64_packet packet;
    int err = ll_moldudp64_parse(bytes, bytes_count, &packet);
    if (err != LL_OK) {
        char where[LL_DECODE_WHERE_BYTES];
        ll_decode_where(where, datagram);
        ll_decode_refuse_packet(decode, where, err, bytes_count);
        return;
    }
    if (packet.kind != LL_MOLDUDP64_DATA) {
        const char *kind = packet.kind == LL_MOLDUDP64_END ? "end_of_session" : "heartbeat";
        ll_decode_begin_packet(&decode->json, datagram, kind, packet.session, packet.sequence);
        ll_json_end_object(&decode->json);
        ll_decode_end_line(&decode->json);
        return;
    }
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(&packet);
    uint64_t sequence = packet.sequence;
    uint32_t message_bytes = 0;
    const uint8_t *message;
    while ((message = ll_moldudp64_next(&cursor, &message_bytes)) != NULL)
        ll_decode_block(decode, datagram, &packet, sequence++, message, message_bytes);
}

static void ll_decode_request_line(struct ll_decode *decode, const struct ll_udp_datagram *datagram,
                                   const struct ll_moldudp64_request *request)
{
    ll_decode_begin_packet(&decode->json, datagram, "request", request->session, request->sequence);
    ll_json_u64(&decode->json, "message_count", request->count);
    ll_json_end_object(&decode->json);
    ll_decode_end_line(&decode->json);
}

static void ll_decode_request(struct ll_decode *decode, const struct ll_udp_datagram *datagram)
{
    struct ll_moldudp64_request request;
    int err = ll_moldudp64_parse_request(datagram->payload, datagram->payload_bytes, &request);
    if (err == LL_OK) {
        ll_decode_request_line(decode, datagram, &request);
        return;
    }
    char where[LL_DECODE_WHERE_BYTES];
    ll_decode_where(where, datagram);
    ll_decode_refuse(decode, where, "%s: a re-request is 20 bytes, here are %" PRIu32 "; %s",
                     ll_err_name(err), datagram->payload_bytes,
                     "if this is not the re-request port, name the right one with --request-port");
}

/* A file has no port to tell a request by. But a header that counts messages and holds none is no packet, so
 * there it can only be a request; in a capture it stays refused. */
static void ll_decode_packet_file(struct ll_decode *decode)
{
    struct ll_moldudp64_packet packet;
    struct ll_moldudp64_request request;
    if (decode->head_bytes > LL_MOLDUDP64_DATAGRAM_BYTES_MAX)
        ll_decode_refuse(decode, "", "too_long: larger than any UDP datagram, so it is not one packet");
    else if (ll_moldudp64_parse(decode->head, decode->head_bytes, &packet) != LL_OK &&
             ll_moldudp64_parse_request(decode->head, decode->head_bytes, &request) == LL_OK)
        ll_decode_request_line(decode, NULL, &request);
    else
        ll_decode_packet(decode, NULL, decode->head, decode->head_bytes);
}

/* --- whole files ---------------------------------------------------------------------------------------- */

/* One datagram by its ports; false when --port leaves it out. */
static bool ll_decode_datagram(struct ll_decode *decode, const struct ll_udp_datagram *datagram)
{
    const struct ll_decode_config *config = &decode->config;
    bool has_requests = config->request_port != 0;
    if (has_requests && datagram->target_port == config->request_port) {
        ll_decode_request(decode, datagram);
        return true;
    }
    bool is_answer = has_requests && datagram->source_port == config->request_port;
    if (config->port != 0 && !is_answer && datagram->target_port != config->port)
        return false;
    ll_decode_packet(decode, datagram, datagram->payload, datagram->payload_bytes);
    return true;
}

static void ll_decode_capture(struct ll_decode *decode)
{
    struct ll_udp_capture capture;
    struct ll_udp_datagram datagram;
    struct ll_why why = {0};
    uint64_t left_out_count = 0;
    bool is_empty = true;
    int err = ll_udp_capture_open(&capture, decode->path, &why);
    if (err != LL_OK) {
        ll_decode_file_failed(decode, err, &why);
        return;
    }
    while ((err = ll_udp_capture_next(&capture, &datagram, &why)) == LL_OK || err == LL_ERR_MALFORMED) {
        bool is_taken = true;
        if (err == LL_ERR_MALFORMED)
            ll_decode_refuse_text(decode, why.text);
        else
            is_taken = ll_decode_datagram(decode, &datagram);
        left_out_count += is_taken ? 0 : 1;
        is_empty = is_empty && !is_taken;
        why = (struct ll_why){0};
    }
    uint64_t passed_over_count = ll_udp_capture_passed_over_count(&capture);
    ll_udp_capture_close(&capture);
    if (err != LL_ERR_SHORT)
        ll_decode_file_failed(decode, err, &why);
    else if (is_empty) /* an answer of nothing would look like success */
        ll_decode_refuse(decode, "",
                         "no datagram to decode (%" PRIu64 " packets are not UDP over IPv4, %" PRIu64
                         " go to other ports); is it the right capture? TCP needs --protocol",
                         passed_over_count, left_out_count);
    else if (passed_over_count + left_out_count > 0)
        (void)fprintf(stderr,
                      "lifeline decode: %s: passed over: %" PRIu64 " packets not UDP over IPv4, %" PRIu64
                      " to other ports\n",
                      decode->path, passed_over_count, left_out_count);
}

static void ll_decode_binary_file(struct ll_decode *decode)
{
    struct ll_binary_file file;
    struct ll_why why = {0};
    int err = ll_binary_file_open(&file, decode->path, &why);
    if (err != LL_OK) {
        ll_decode_file_failed(decode, err, &why);
        return;
    }
    uint64_t number = 0;
    const uint8_t *message = NULL;
    uint32_t message_bytes = 0;
    uint64_t offset = ll_binary_file_offset_bytes(&file);
    while ((err = ll_binary_file_next(&file, &message, &message_bytes, &why)) == LL_OK) {
        char where[LL_DECODE_WHERE_BYTES];
        number++;
        /* The text is made for every message; a few ns beside the line itself. */
        (void)snprintf(where, sizeof where, "message %" PRIu64 " at byte %" PRIu64 ": ", number, offset);
        ll_decode_message(decode, where, message, message_bytes);
        offset = ll_binary_file_offset_bytes(&file);
    }
    if (err != LL_ERR_SHORT)
        ll_decode_file_failed(decode, err, &why);
    ll_binary_file_close(&file);
}

/* --- what a file is ------------------------------------------------------------------------------------- */

static bool ll_decode_ends_with(const char *text, const char *end)
{
    size_t text_bytes = strlen(text);
    size_t end_bytes = strlen(end);
    return text_bytes >= end_bytes && strcasecmp(text + text_bytes - end_bytes, end) == 0;
}

/* No bare message and no usual session name begins like this, so it can be believed. */
static bool ll_decode_looks_like_binary_file(const struct ll_decode *decode)
{
    if (decode->head_bytes <= LL_BINARY_FILE_PREFIX_BYTES)
        return false;
    uint32_t length = ll_load_be16(decode->head);
    uint32_t type_bytes = ll_itch50_bytes_of_type(decode->head[LL_BINARY_FILE_PREFIX_BYTES]);
    return type_bytes != 0 && (length == 0 || length == type_bytes);
}

static bool ll_decode_looks_like_session(const struct ll_decode *decode)
{
    if (decode->head_bytes < LL_MOLDUDP64_SESSION_BYTES)
        return false;
    for (uint32_t i = 0; i < LL_MOLDUDP64_SESSION_BYTES; i++) {
        if (!isalnum(decode->head[i]) && decode->head[i] != ' ')
            return false;
    }
    return true;
}

static int ll_decode_guess(const struct ll_decode *decode, enum ll_decode_kind *kind, struct ll_why *why)
{
    struct ll_moldudp64_packet packet;
    uint32_t type_bytes = decode->head_bytes > 0 ? ll_itch50_bytes_of_type(decode->head[0]) : 0;
    if (type_bytes != 0 && type_bytes == decode->head_bytes)
        *kind = LL_DECODE_MESSAGE;
    else if (ll_moldudp64_parse(decode->head, decode->head_bytes, &packet) == LL_OK)
        *kind = LL_DECODE_PACKET;
    else if (ll_decode_looks_like_session(decode))
        *kind = LL_DECODE_PACKET;
    else if (type_bytes != 0)
        *kind = LL_DECODE_MESSAGE;
    else
        return LL_FAIL(
            why, LL_ERR_INPUT,
            "%s: neither a capture nor a BinaryFILE, and its first byte 0x%02x is no ITCH 5.0 type; "
            "name what it is with --protocol",
            ll_input_path_shown(decode->path), decode->head[0]);
    return LL_OK;
}

static int ll_decode_kind_of(const struct ll_decode *decode, const struct ll_input_file *input,
                             enum ll_decode_kind *kind, struct ll_why *why)
{
    bool is_packet = ll_decode_is_told(decode, "moldudp64");
    bool is_message = ll_decode_is_told(decode, "itch50");
    bool is_soup = ll_decode_is_told(decode, "soupbintcp");
    bool is_ouch = ll_decode_is_told(decode, "ouch42") || ll_decode_is_told(decode, "ouch50");
    if (input->signature == LL_INPUT_PCAP || input->signature == LL_INPUT_PCAPNG)
        *kind = is_soup || is_ouch ? LL_DECODE_TCP_CAPTURE : LL_DECODE_CAPTURE;
    else if ((is_soup || is_ouch) && !input->is_regular)
        return LL_FAIL(why, LL_ERR_INPUT, "%s: a pipe cannot hold %s; give a file",
                       ll_input_path_shown(decode->path), decode->config.protocol);
    else if (is_soup)
        *kind = LL_DECODE_SOUP_PACKETS;
    else if (is_ouch)
        *kind = LL_DECODE_OUCH_MESSAGE;
    else if (is_packet)
        *kind = LL_DECODE_PACKET;
    else if (!input->is_regular || input->signature == LL_INPUT_GZIP ||
             ll_decode_ends_with(decode->path, ".ITCH50") || ll_decode_looks_like_binary_file(decode))
        *kind = LL_DECODE_BINARY_FILE;
    else if (is_message)
        *kind = LL_DECODE_MESSAGE;
    else
        return ll_decode_guess(decode, kind, why);
    return LL_OK;
}

/* The file's beginning, or all of it when it is one message or packet. A pipe is left alone: what is read
 * here could not be read again. */
static int ll_decode_read_head(struct ll_decode *decode, const struct ll_input_file *input,
                               struct ll_why *why)
{
    decode->head_bytes = 0;
    while (input->is_regular && decode->head_bytes < LL_DECODE_HEAD_BYTES) {
        ssize_t got = pread(input->fd, decode->head + decode->head_bytes,
                            LL_DECODE_HEAD_BYTES - decode->head_bytes, (off_t)decode->head_bytes);
        if (got < 0)
            return LL_FAIL(why, LL_ERR_IO, "%s: %s; is the disk healthy?", ll_input_path_shown(decode->path),
                           strerror(errno));
        if (got == 0)
            break;
        decode->head_bytes += (uint32_t)got;
    }
    return LL_OK;
}

static void ll_decode_file(struct ll_decode *decode, const char *path)
{
    struct ll_input_file input;
    struct ll_why why = {0};
    enum ll_decode_kind kind = LL_DECODE_MESSAGE;
    decode->path = path;
    decode->refused_count = 0;
    int err = ll_input_file_open(&input, path, &why);
    if (err == LL_OK) {
        err = ll_decode_read_head(decode, &input, &why);
        if (err == LL_OK)
            err = ll_decode_kind_of(decode, &input, &kind, &why);
        (void)close(input.fd);
    }
    if (err != LL_OK) {
        ll_decode_file_failed(decode, err, &why);
        return;
    }
    switch (kind) {
    case LL_DECODE_CAPTURE:
        ll_decode_capture(decode);
        break;
    case LL_DECODE_TCP_CAPTURE:
        ll_decode_tcp_capture(decode);
        break;
    case LL_DECODE_BINARY_FILE:
        ll_decode_binary_file(decode);
        break;
    case LL_DECODE_PACKET:
        ll_decode_packet_file(decode);
        break;
    case LL_DECODE_SOUP_PACKETS:
        ll_decode_soup_file(decode);
        break;
    case LL_DECODE_OUCH_MESSAGE:
        ll_decode_ouch_file(decode);
        break;
    case LL_DECODE_MESSAGE:
        ll_decode_message(decode, "", decode->head, decode->head_bytes);
        break;
    }
    if (decode->refused_count > LL_DECODE_REASONS_SHOWN_MAX)
        (void)fprintf(stderr, "lifeline decode: %s: %" PRIu64 " refused in all, the first %u are shown\n",
                      path, decode->refused_count, LL_DECODE_REASONS_SHOWN_MAX);
}

int ll_cmd_decode(int argc, char **argv)
{
    struct ll_decode_config config = {NULL, NULL, 0, 26478};
    struct ll_operands operands = {{NULL}, 0};
    struct ll_why why = {0};
    int help = 0;
    int err = ll_options_parse(ll_decode_options, argc, argv, &config, &operands, &help, &why);
    if (err == LL_OK && help) {
        (void)fputs(ll_decode_help, stdout);
        ll_options_print_help(ll_decode_options, stdout);
        return LL_EXIT_OK;
    }
    if (err == LL_OK && operands.count == 0)
        err = LL_FAIL(&why, LL_ERR_USAGE, "no FILE given; usage: lifeline decode [--protocol NAME] FILE...");
    if (err != LL_OK) {
        (void)fprintf(stderr, "lifeline decode: %s\nTry: lifeline decode --help\n", why.text);
        return LL_EXIT_USAGE;
    }
    struct ll_decode *decode = calloc(1, sizeof *decode);
    if (decode == NULL) {
        (void)fprintf(stderr, "lifeline decode: no memory\n");
        return LL_EXIT_ENVIRONMENT;
    }
    decode->config = config;
    ll_json_init(&decode->json, stdout, false);
    for (int i = 0; i < operands.count; i++)
        ll_decode_file(decode, operands.value[i]);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "lifeline decode: the output could not be written; is the disk full?\n");
        ll_decode_note(decode, LL_EXIT_IO);
    }
    int exit_code = decode->exit_code;
    free(decode);
    return exit_code;
}
