/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_replay_source.h"

#include "host/app/ll_mold_framer.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/provider/ll_binary_file.h"
#include "host/provider/ll_input_file.h"
#include "host/wire/ll_itch50.h"
#include "host/wire/ll_record.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Packets framed ahead of each receive: enough for full bursts, few enough to stay in cache. */
#define LL_REPLAY_MESSAGES_AHEAD ((uint64_t)32 * 40)

static const char ll_replay_session[LL_MOLDUDP64_SESSION_BYTES] = {'B', 'I', 'N', 'A', 'R',
                                                                   'Y', 'F', 'I', 'L', 'E'};

struct ll_replay_source {
    struct ll_replay_source_config config;
    int path_index; /* of the file being read */
    struct ll_port *port;
    bool is_capture; /* of the file being read */
    bool file_open;
    bool end_sent;
    uint64_t last_ns;
    uint64_t midnight_ns;
    struct ll_binary_file file;
    struct ll_mold_framer framer;
    bool message_pending; /* read from the file, not yet framed */
    const uint8_t *message;
    uint32_t message_bytes;
    int file_status; /* why the file cannot be read on; said when all that came before it is given out */
    struct ll_why file_why;
    uint64_t sequence_next; /* of the next BinaryFILE message, over all files; 0 = none was read yet */
    struct ll_port_counters finished; /* of the ports closed so far */
    uint64_t ordinal_base;            /* frames of the ports closed so far */
};

/* --- Days ----------------------------------------------------------------------------------------------- */

static uint64_t ll_days_from_civil(int year, int month, int day)
{
    /* Days since 1970-01-01, Gregorian, years from March on (H. Hinnant, "chrono-Compatible Low-Level Date
     * Algorithms"). */
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (uint64_t)(era * 146097 + day_of_era - 719468);
}

static uint64_t ll_day_of(int year, int month, int day)
{
    if (year < 1990 || year > 2100 || month < 1 || month > 12 || day < 1 || day > 31)
        return 0;
    return ll_days_from_civil(year, month, day) * 86400u * LL_NS_PER_S;
}

uint64_t ll_replay_source_day_of_name(const char *path)
{
    const char *name = strrchr(path, '/');
    for (const char *at = name != NULL ? name + 1 : path; *at != '\0'; at++) {
        int digits = 0;
        while (digits < 9 && isdigit((unsigned char)at[digits]))
            digits++;
        if (digits == 8) {
            int v[8];
            for (int i = 0; i < 8; i++)
                v[i] = at[i] - '0';
            int front4 = v[0] * 1000 + v[1] * 100 + v[2] * 10 + v[3];
            int back4 = v[4] * 1000 + v[5] * 100 + v[6] * 10 + v[7];
            uint64_t day_ns = ll_day_of(front4, v[4] * 10 + v[5], v[6] * 10 + v[7]);
            return day_ns != 0 ? day_ns : ll_day_of(back4, v[0] * 10 + v[1], v[2] * 10 + v[3]);
        }
        if (digits > 0)
            at += digits - 1;
    }
    return 0;
}

/* --- Files ---------------------------------------------------------------------------------------------- */

static void ll_replay_add_counters(struct ll_port_counters *sum, const struct ll_port_counters *more)
{
    sum->frames += more->frames;
    sum->bytes += more->bytes;
    sum->datagrams += more->datagrams;
    sum->not_ipv4 += more->not_ipv4;
    sum->not_udp += more->not_udp;
    sum->fragments += more->fragments;
    sum->no_flow += more->no_flow;
    sum->truncated += more->truncated;
    sum->oversize += more->oversize;
    sum->missed += more->missed;
    sum->errors += more->errors;
}

static void ll_replay_close_port(struct ll_replay_source *source)
{
    struct ll_port_counters counters;
    if (source->port == NULL)
        return;
    uint64_t frames_before = source->finished.frames;
    ll_port_counters(source->port, &counters);
    ll_replay_add_counters(&source->finished, &counters);
    /* Frames of captures only: how many frames a BinaryFILE makes depends on pace, and they are never bad. */
    if (source->is_capture)
        source->ordinal_base += source->finished.frames - frames_before;
    else
        source->sequence_next = source->framer.next_sequence;
    ll_port_close(source->port);
    source->port = NULL;
}

/* A journal goes on with its own feed: the message it ends with must be the one that has this number here. */
static int ll_replay_check_resumed(const struct ll_replay_source *source, struct ll_why *why)
{
    const struct ll_replay_source_config *config = &source->config;
    uint32_t compared_bytes = source->message_bytes < LL_RECORD_PAYLOAD_BYTES_MAX
                                  ? source->message_bytes
                                  : LL_RECORD_PAYLOAD_BYTES_MAX;
    if (source->framer.next_sequence != config->resumed_sequence)
        return LL_OK;
    if (compared_bytes == config->resumed_bytes &&
        memcmp(source->message, config->resumed_message, compared_bytes) == 0)
        return LL_OK;
    return LL_FAIL(
        why, LL_ERR_INPUT,
        "message %llu is not the one the journal ends with: another feed; name the journal's own files",
        (unsigned long long)config->resumed_sequence);
}

static void ll_replay_close_file(struct ll_replay_source *source)
{
    if (source->file_open && !source->is_capture)
        ll_binary_file_close(&source->file);
    if (source->is_capture)
        ll_replay_close_port(source);
    source->file_open = false;
}

static int ll_replay_open_capture(struct ll_replay_source *source, const char *path, struct ll_why *why)
{
    char specification[4200];
    if ((size_t)snprintf(specification, sizeof specification, "pcap:%s", path) >= sizeof specification)
        return LL_FAIL(why, LL_ERR_USAGE, "the path is longer than %zu bytes", sizeof specification);
    return ll_port_open(&source->port, specification, source->config.flows, source->config.flow_count, why);
}

static int ll_replay_open_binary(struct ll_replay_source *source, const char *path, struct ll_why *why)
{
    int status = ll_binary_file_open(&source->file, path, why);
    if (status != LL_OK)
        return status;
    uint64_t day_ns =
        source->config.midnight_ns != 0 ? source->config.midnight_ns : ll_replay_source_day_of_name(path);
    source->midnight_ns = day_ns;
    if (source->port != NULL) /* a BinaryFILE after a BinaryFILE goes on in the same session */
        return LL_OK;
    status = ll_port_open(&source->port, "ring:", NULL, 0, why);
    if (status != LL_OK) {
        ll_binary_file_close(&source->file);
        return status;
    }
    ll_mold_framer_init(&source->framer, source->port, ll_replay_session, 1, source->config.split_ns);
    return LL_OK;
}

static int ll_replay_open_file(struct ll_replay_source *source, struct ll_why *why)
{
    const char *path = source->config.paths[source->path_index];
    struct ll_input_file input = {.signature = LL_INPUT_UNKNOWN};
    struct stat file;
    /* A pipe is opened once: its writer would not survive to see the second time. */
    if (stat(path, &file) != 0 || S_ISREG(file.st_mode) || S_ISDIR(file.st_mode)) {
        int opened = ll_input_file_open(&input, path, why);
        if (opened != LL_OK)
            return opened;
        (void)close(input.fd);
    }
    bool is_capture = input.signature == LL_INPUT_PCAP || input.signature == LL_INPUT_PCAPNG;
    if (is_capture)
        ll_replay_close_port(source); /* the ring port of a BinaryFILE before it */
    source->is_capture = is_capture;
    int status;
    status = source->is_capture ? ll_replay_open_capture(source, path, why)
                                : ll_replay_open_binary(source, path, why);
    source->file_open = status == LL_OK;
    if (source->file_open && !source->is_capture && source->framer.next_sequence < source->sequence_next)
        source->framer.next_sequence = source->sequence_next; /* a capture lay between two BinaryFILEs */
    return status;
}

int ll_replay_source_open(struct ll_replay_source **source_out, const struct ll_replay_source_config *config,
                          struct ll_why *why)
{
    LL_ASSERT(config->path_count >= 1);
    struct ll_replay_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the source");
    source->config = *config;
    int status = ll_replay_open_file(source, why);
    if (status != LL_OK) {
        ll_replay_source_close(source);
        return status;
    }
    *source_out = source;
    return LL_OK;
}

void ll_replay_source_close(struct ll_replay_source *source)
{
    if (source == NULL)
        return;
    ll_replay_close_file(source);
    ll_replay_close_port(source);
    free(source);
}

/* --- Polling -------------------------------------------------------------------------------------------- */

static uint64_t ll_replay_message_ns(const struct ll_replay_source *source)
{
    if (source->message_bytes < LL_ITCH50_HEADER_BYTES)
        return source->last_ns;
    return source->midnight_ns + ll_load_be48(source->message + LL_ITCH50_TIMESTAMP_OFFSET);
}

/* Frames messages until enough packets wait in the ring. LL_ERR_SHORT: the file is at its end. */
static int ll_replay_frame(struct ll_replay_source *source, struct ll_why *why)
{
    uint64_t first_sequence = source->framer.next_sequence;
    while (source->framer.next_sequence - first_sequence < LL_REPLAY_MESSAGES_AHEAD) {
        if (!source->message_pending) {
            int status = ll_binary_file_next(&source->file, &source->message, &source->message_bytes, why);
            if (status != LL_OK)
                return status;
            source->message_pending = true;
        }
        uint64_t feed_ns = ll_replay_message_ns(source);
        int status = ll_replay_check_resumed(source, why);
        if (status != LL_OK)
            return status;
        status = ll_mold_framer_add(&source->framer, source->message, source->message_bytes, feed_ns);
        if (status == LL_ERR_FULL)
            return LL_OK;
        if (status != LL_OK)
            return LL_FAIL(why, LL_ERR_INPUT, "a message of %u bytes at offset %llu fits no datagram",
                           source->message_bytes,
                           (unsigned long long)ll_binary_file_offset_bytes(&source->file));
        source->message_pending = false;
        source->last_ns = feed_ns;
    }
    return LL_OK;
}

/* Ends the file, and opens the next or ends the source. */
static int ll_replay_next_file(struct ll_replay_source *source, bool *done, struct ll_why *why)
{
    bool last = source->path_index + 1 == source->config.path_count;
    if (last && !source->is_capture && !source->end_sent &&
        source->framer.next_sequence <= source->config.resumed_sequence)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "the files end at message %llu, and the journal at %llu: another feed; name the "
                       "journal's own files",
                       (unsigned long long)source->framer.next_sequence - 1,
                       (unsigned long long)source->config.resumed_sequence);
    if (last && !source->is_capture && !source->end_sent) {
        if (ll_mold_framer_end(&source->framer, source->last_ns) != LL_OK)
            return LL_OK; /* the ring is full: receive first */
        source->end_sent = true;
        return LL_OK;
    }
    *done = last;
    if (last)
        return LL_OK;
    ll_replay_close_file(source);
    source->path_index++;
    return ll_replay_open_file(source, why);
}

bool ll_replay_source_is_own_session(const char session[LL_MOLDUDP64_SESSION_BYTES])
{
    return memcmp(session, ll_replay_session, sizeof ll_replay_session) == 0;
}

static void ll_replay_number(const struct ll_replay_source *source, struct ll_datagram *datagrams,
                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        datagrams[i].ordinal += source->ordinal_base;
}

int ll_replay_source_poll(struct ll_replay_source *source, struct ll_datagram *datagrams, uint32_t *count,
                          bool *done, struct ll_why *why)
{
    bool at_end = false;
    *done = false;
    if (!source->is_capture && !source->end_sent) {
        int status =
            source->file_status != LL_OK ? source->file_status : ll_replay_frame(source, &source->file_why);
        if (status != LL_OK && status != LL_ERR_SHORT)
            source->file_status = status;
        at_end = status == LL_ERR_SHORT;
        ll_mold_framer_flush(&source->framer);
    }
    *count = ll_port_receive(source->port, datagrams);
    ll_replay_number(source, datagrams, *count);
    if (*count == 0 && source->file_status != LL_OK) {
        *why = source->file_why;
        return source->file_status;
    }
    if (*count == 0 && (source->is_capture ? ll_port_drained(source->port) : at_end || source->end_sent))
        return ll_replay_next_file(source, done, why);
    return LL_OK;
}

void ll_replay_source_progress(const struct ll_replay_source *source, uint64_t *done, uint64_t *total)
{
    struct ll_port_counters counters;
    if (!source->is_capture) {
        *done = ll_binary_file_position_bytes(&source->file);
        *total = ll_binary_file_size_bytes(&source->file);
        return;
    }
    ll_port_counters(source->port, &counters);
    *done = counters.frames;
    *total = ll_port_frames_total(source->port);
}

void ll_replay_source_counters(struct ll_replay_source *source, struct ll_port_counters *counters)
{
    *counters = source->finished;
    if (source->port != NULL) {
        struct ll_port_counters open;
        ll_port_counters(source->port, &open);
        ll_replay_add_counters(counters, &open);
    }
}
