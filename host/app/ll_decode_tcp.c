/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_decode.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_tcp_capture.h"
#include "host/app/ll_tcp_stream.h"
#include "host/base/ll_bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One stream is one direction of a connection; more of them belong into more than one run with --port. */
#define LL_DECODE_STREAMS_MAX 64u

enum ll_decode_side { LL_DECODE_SIDE_UNKNOWN, LL_DECODE_SIDE_CLIENT, LL_DECODE_SIDE_SERVER };

struct ll_decode_stream {
    struct ll_tcp_segment last; /* its payload is gone */
    enum ll_decode_side sender;
    bool is_started;
    bool is_certain; /* that packets begin where they are cut: seen from its SYN on, or a packet was there */
    bool is_given_up;
    bool has_sequence;
    uint32_t syn_sequence;
    uint64_t next_sequence;
    char session[LL_SOUP_SESSION_BYTES + 1];
    struct ll_tcp_stream tcp;
};

struct ll_decode_tcp {
    struct ll_decode *decode;
    uint64_t left_out_count; /* segments to and from other ports */
    uint64_t packet_count;
    uint32_t stream_count;
    struct ll_decode_stream streams[LL_DECODE_STREAMS_MAX];
};

/* --- streams -------------------------------------------------------------------------------------------- */

static bool ll_decode_same_way(const struct ll_tcp_segment *left, const struct ll_tcp_segment *right)
{
    return left->source_ipv4 == right->source_ipv4 && left->source_port == right->source_port &&
           left->target_ipv4 == right->target_ipv4 && left->target_port == right->target_port;
}

static bool ll_decode_other_way(const struct ll_tcp_segment *left, const struct ll_tcp_segment *right)
{
    return left->source_ipv4 == right->target_ipv4 && left->source_port == right->target_port &&
           left->target_ipv4 == right->source_ipv4 && left->target_port == right->source_port;
}

/* Says it of both directions of the connection. */
static void ll_decode_learn_sender(struct ll_decode_tcp *tcp, struct ll_decode_stream *stream,
                                   enum ll_decode_side sender)
{
    stream->sender = sender;
    for (uint32_t i = 0; i < tcp->stream_count; i++) {
        struct ll_decode_stream *other = &tcp->streams[i];
        if (ll_decode_other_way(&stream->last, &other->last))
            other->sender = sender == LL_DECODE_SIDE_CLIENT ? LL_DECODE_SIDE_SERVER : LL_DECODE_SIDE_CLIENT;
    }
}

static struct ll_decode_stream *ll_decode_find_stream(struct ll_decode_tcp *tcp,
                                                      const struct ll_tcp_segment *segment)
{
    enum ll_decode_side sender = LL_DECODE_SIDE_UNKNOWN;
    for (uint32_t i = 0; i < tcp->stream_count; i++) {
        struct ll_decode_stream *stream = &tcp->streams[i];
        if (ll_decode_same_way(&stream->last, segment))
            return stream;
        if (ll_decode_other_way(&stream->last, segment) && stream->sender != LL_DECODE_SIDE_UNKNOWN)
            sender = stream->sender == LL_DECODE_SIDE_CLIENT ? LL_DECODE_SIDE_SERVER : LL_DECODE_SIDE_CLIENT;
    }
    if (tcp->stream_count == LL_DECODE_STREAMS_MAX)
        return NULL;
    struct ll_decode_stream *stream = &tcp->streams[tcp->stream_count++];
    stream->sender = sender;
    if (tcp->decode->config.port != 0)
        stream->sender =
            segment->target_port == tcp->decode->config.port ? LL_DECODE_SIDE_CLIENT : LL_DECODE_SIDE_SERVER;
    return stream;
}

static struct ll_decode_origin ll_decode_origin_of(const struct ll_decode_stream *stream)
{
    return (struct ll_decode_origin){.segment = &stream->last,
                                     .has_direction = stream->sender != LL_DECODE_SIDE_UNKNOWN,
                                     .direction =
                                         stream->sender == LL_DECODE_SIDE_SERVER ? LL_OUCH_OUT : LL_OUCH_IN,
                                     .session = stream->session};
}

static void ll_decode_give_up(struct ll_decode_tcp *tcp, struct ll_decode_stream *stream, const char *reason)
{
    char where[LL_DECODE_WHERE_BYTES];
    struct ll_decode_origin origin = ll_decode_origin_of(stream);
    ll_decode_order_where(where, &origin);
    ll_decode_refuse(tcp->decode, where, "%s; the stream from port %u to port %u is given up", reason,
                     (unsigned)stream->last.source_port, (unsigned)stream->last.target_port);
    stream->is_given_up = true;
}

/* --- packets in order ----------------------------------------------------------------------------------- */

static void ll_decode_stream_packet(struct ll_decode_tcp *tcp, struct ll_decode_stream *stream,
                                    const struct ll_soup_packet *packet)
{
    enum ll_soup_sender sender = ll_soup_sender_of_type(packet->type);
    struct ll_soup_login_accepted accepted;
    if (sender == LL_SOUP_SENDER_CLIENT && stream->sender == LL_DECODE_SIDE_UNKNOWN)
        ll_decode_learn_sender(tcp, stream, LL_DECODE_SIDE_CLIENT);
    if (sender == LL_SOUP_SENDER_SERVER && stream->sender == LL_DECODE_SIDE_UNKNOWN)
        ll_decode_learn_sender(tcp, stream, LL_DECODE_SIDE_SERVER);
    struct ll_decode_origin origin = ll_decode_origin_of(stream);
    /* Servers may send U too, but OUCH comes from them in S. */
    if (packet->type == LL_SOUP_UNSEQUENCED)
        origin.has_direction = true;
    if (packet->type == LL_SOUP_SEQUENCED && stream->has_sequence) {
        origin.has_sequence = true;
        origin.sequence = stream->next_sequence++;
    }
    if (packet->type == LL_SOUP_LOGIN_ACCEPTED &&
        ll_soup_login_accepted_decode(packet->payload, packet->payload_bytes, &accepted) == LL_OK) {
        memcpy(stream->session, accepted.session, sizeof stream->session);
        stream->next_sequence = accepted.sequence;
        stream->has_sequence = true;
    }
    tcp->packet_count++;
    ll_decode_soup_packet(tcp->decode, &origin, packet);
}

/* Takes every complete packet that is ready. */
static void ll_decode_drain(struct ll_decode_tcp *tcp, struct ll_decode_stream *stream)
{
    struct ll_soup_packet packet;
    uint32_t ready_bytes = 0;
    uint32_t at = 0;
    const uint8_t *bytes = ll_tcp_stream_ready(&stream->tcp, &ready_bytes);
    int err = LL_OK;
    if (!stream->is_certain && ready_bytes >= LL_SOUP_HEADER_BYTES) {
        if (ll_soup_name_of_type(bytes[LL_SOUP_LENGTH_BYTES]) == NULL) {
            ll_decode_give_up(tcp, stream, "malformed: no SoupBinTCP packet begins where the capture does");
            return;
        }
        stream->is_certain = true;
    }
    while ((err = ll_soup_packet_next(bytes + at, ready_bytes - at, &packet)) == LL_OK) {
        ll_decode_stream_packet(tcp, stream, &packet);
        at += packet.packet_bytes;
    }
    if (err == LL_ERR_MALFORMED)
        ll_decode_give_up(tcp, stream, "malformed: a SoupBinTCP length of 0 has no packet type");
    else
        ll_tcp_stream_drop(&stream->tcp, at);
}

/* --- gaps ----------------------------------------------------------------------------------------------- */

/* A line of its own, so that nobody takes what follows for all there was. */
static void ll_decode_gap_line(struct ll_decode_tcp *tcp, const struct ll_decode_stream *stream,
                               uint32_t missing_bytes)
{
    struct ll_json *json = &tcp->decode->json;
    struct ll_decode_origin origin = ll_decode_origin_of(stream);
    ll_decode_begin_order_packet(json, &origin, "gap");
    ll_json_u64(json, "missing_bytes", missing_bytes);
    ll_json_end_object(json);
    ll_decode_end_line(json);
}

/* Steps over a gap behind what is ready when it lies inside one packet, whose length came before it; then the
 * next one begins for certain. Otherwise the stream is given up. */
static void ll_decode_step_over_gap(struct ll_decode_tcp *tcp, struct ll_decode_stream *stream,
                                    uint32_t missing_bytes)
{
    char where[LL_DECODE_WHERE_BYTES];
    uint32_t ready_bytes = 0;
    uint32_t packet_bytes = 0;
    const uint8_t *bytes = ll_tcp_stream_ready(&stream->tcp, &ready_bytes);
    ll_decode_gap_line(tcp, stream, missing_bytes);
    if (ready_bytes >= LL_SOUP_LENGTH_BYTES)
        packet_bytes = LL_SOUP_LENGTH_BYTES + ll_load_be16(bytes);
    if (!stream->is_certain || ready_bytes > packet_bytes || missing_bytes > packet_bytes - ready_bytes) {
        ll_decode_give_up(tcp, stream,
                          "gap: bytes are missing, and where the next packet begins is not certain");
        return;
    }
    struct ll_decode_origin origin = ll_decode_origin_of(stream);
    ll_decode_order_where(where, &origin);
    ll_decode_refuse(tcp->decode, where,
                     "gap: %" PRIu32
                     " bytes are missing inside one packet; it is left out, the next one is taken",
                     missing_bytes);
    if (ready_bytes < LL_SOUP_HEADER_BYTES)
        stream->has_sequence = false; /* whether it was to be counted is lost with its type */
    else if (bytes[LL_SOUP_LENGTH_BYTES] == LL_SOUP_SEQUENCED)
        stream->next_sequence++;
    ll_tcp_stream_drop(&stream->tcp, packet_bytes);
    ll_decode_drain(tcp, stream);
}

/* Nothing more comes: what is held waits in vain, and so does half a packet. */
static void ll_decode_end_stream(struct ll_decode_tcp *tcp, struct ll_decode_stream *stream)
{
    uint32_t ready_bytes = 0;
    uint32_t missing_bytes;
    while (!stream->is_given_up && (missing_bytes = ll_tcp_stream_missing_bytes(&stream->tcp)) > 0)
        ll_decode_step_over_gap(tcp, stream, missing_bytes);
    (void)ll_tcp_stream_ready(&stream->tcp, &ready_bytes);
    if (!stream->is_given_up && ready_bytes > 0)
        ll_decode_give_up(tcp, stream, "too_short: the stream ends inside a packet");
}

/* --- segments ------------------------------------------------------------------------------------------- */

static void ll_decode_start_stream(struct ll_decode_tcp *tcp, struct ll_decode_stream *stream,
                                   const struct ll_tcp_segment *segment)
{
    if (stream->is_started && stream->is_certain && stream->syn_sequence == segment->sequence)
        return; /* sent again */
    if (stream->is_started)
        ll_decode_end_stream(tcp, stream);
    stream->last = *segment;
    stream->is_started = true;
    stream->is_certain = true;
    stream->is_given_up = false;
    stream->has_sequence = false;
    stream->syn_sequence = segment->sequence;
    ll_tcp_stream_start(&stream->tcp, segment->sequence + 1);
    if (tcp->decode->config.port == 0)
        ll_decode_learn_sender(tcp, stream, segment->is_ack ? LL_DECODE_SIDE_SERVER : LL_DECODE_SIDE_CLIENT);
}

static void ll_decode_segment(struct ll_decode_tcp *tcp, const struct ll_tcp_segment *segment)
{
    uint32_t sequence = segment->sequence + (segment->is_syn ? 1u : 0u);
    struct ll_decode_stream *stream = ll_decode_find_stream(tcp, segment);
    if (stream == NULL) {
        struct ll_decode_origin origin = {.segment = segment};
        char where[LL_DECODE_WHERE_BYTES];
        ll_decode_order_where(where, &origin);
        ll_decode_refuse(tcp->decode, where, "full: more than %u TCP streams; choose a server with --port",
                         LL_DECODE_STREAMS_MAX);
        return;
    }
    if (segment->is_syn)
        ll_decode_start_stream(tcp, stream, segment);
    stream->last = *segment;
    if (segment->payload_bytes == 0 || stream->is_given_up)
        return;
    if (!stream->is_started) {
        stream->is_started = true;
        ll_tcp_stream_start(&stream->tcp, sequence);
    }
    while (ll_tcp_stream_add(&stream->tcp, sequence, segment->payload, segment->payload_bytes) != LL_OK) {
        uint32_t missing_bytes = ll_tcp_stream_missing_bytes(&stream->tcp);
        if (missing_bytes ==
            0) /* nothing is held: the gap is in front of this segment, too wide to step over */
            missing_bytes = sequence - ll_tcp_stream_next_sequence(&stream->tcp);
        ll_decode_step_over_gap(tcp, stream, missing_bytes); /* bounded: each time one run less is held */
        if (stream->is_given_up)
            return;
    }
    ll_decode_drain(tcp, stream);
}

/* --- captures ------------------------------------------------------------------------------------------- */

static bool ll_decode_is_port_taken(const struct ll_decode *decode, const struct ll_tcp_segment *segment)
{
    uint64_t port = decode->config.port;
    return port == 0 || segment->target_port == port || segment->source_port == port;
}

static void ll_decode_segments(struct ll_decode_tcp *tcp, struct ll_tcp_capture *capture)
{
    struct ll_decode *decode = tcp->decode;
    struct ll_tcp_segment segment;
    struct ll_why why = {0};
    int err;
    while ((err = ll_tcp_capture_next(capture, &segment, &why)) == LL_OK || err == LL_ERR_MALFORMED) {
        if (err == LL_ERR_MALFORMED)
            ll_decode_refuse_text(decode, why.text);
        else if (ll_decode_is_port_taken(decode, &segment))
            ll_decode_segment(tcp, &segment);
        else
            tcp->left_out_count++;
        why = (struct ll_why){0};
    }
    for (uint32_t i = 0; i < tcp->stream_count; i++)
        ll_decode_end_stream(tcp, &tcp->streams[i]);
    uint64_t passed_over_count = ll_tcp_capture_passed_over_count(capture);
    if (err != LL_ERR_SHORT)
        ll_decode_file_failed(decode, err, &why);
    else if (tcp->packet_count == 0) /* an answer of nothing would look like success */
        ll_decode_refuse(decode, "",
                         "no SoupBinTCP packet to decode (%" PRIu64 " packets are not TCP over IPv4, %" PRIu64
                         " of other ports); is it the right capture?",
                         passed_over_count, tcp->left_out_count);
    else if (passed_over_count + tcp->left_out_count > 0)
        (void)fprintf(stderr,
                      "lifeline decode: %s: passed over: %" PRIu64 " packets not TCP over IPv4, %" PRIu64
                      " of other ports\n",
                      decode->path, passed_over_count, tcp->left_out_count);
}

void ll_decode_tcp_capture(struct ll_decode *decode)
{
    struct ll_tcp_capture capture;
    struct ll_why why = {0};
    struct ll_decode_tcp *tcp = calloc(1, sizeof *tcp);
    if (tcp == NULL) {
        int err = LL_FAIL(&why, LL_ERR_NO_MEMORY, "%s: no memory for its TCP streams", decode->path);
        ll_decode_file_failed(decode, err, &why);
        return;
    }
    tcp->decode = decode;
    int err = ll_tcp_capture_open(&capture, decode->path, &why);
    if (err == LL_OK) {
        ll_decode_segments(tcp, &capture);
        ll_tcp_capture_close(&capture);
    } else {
        ll_decode_file_failed(decode, err, &why);
    }
    free(tcp);
}
