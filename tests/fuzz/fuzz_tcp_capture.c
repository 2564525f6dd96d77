/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any capture file is read to an end, with every TCP payload inside its packet and every refusal explained;
 * any segments leave a stream that holds together and gives out only bytes that were put in.
 * Method: the bytes are put into a memory file and walked; all segments go into one stream, whose ready bytes are
 * read from first to last, so that the sanitizer sees one that lies outside; now and then some are dropped.
 */
#include "host/app/ll_tcp_capture.h"
#include "host/app/ll_tcp_stream.h"
#include "host/base/ll_assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void check_stream(struct ll_tcp_stream *stream, const struct ll_tcp_segment *segment)
{
    volatile uint8_t sum = 0;
    uint32_t ready_bytes = 0;
    if (segment->is_syn)
        ll_tcp_stream_start(stream, segment->sequence + 1);
    uint32_t missing_before = ll_tcp_stream_missing_bytes(stream);
    uint32_t next_before = ll_tcp_stream_next_sequence(stream);
    int err = ll_tcp_stream_add(stream, segment->sequence, segment->payload, segment->payload_bytes);
    if (err != LL_OK) {
        LL_ASSERT(err == LL_ERR_FULL);
        LL_ASSERT(ll_tcp_stream_missing_bytes(stream) == missing_before);
        LL_ASSERT(ll_tcp_stream_next_sequence(stream) == next_before);
    }
    const uint8_t *ready = ll_tcp_stream_ready(stream, &ready_bytes);
    LL_ASSERT(ready_bytes <= LL_TCP_STREAM_BYTES);
    for (uint32_t i = 0; i < ready_bytes; i++)
        sum = (uint8_t)(sum + ready[i]);
    uint32_t end = ready_bytes;
    for (uint32_t i = 0; i < stream->held_count; i++) {
        LL_ASSERT(stream->held[i].from > end && stream->held[i].to > stream->held[i].from);
        end = stream->held[i].to;
    }
    LL_ASSERT(end <= LL_TCP_STREAM_BYTES);
    if (segment->target_port % 4 == 0)
        ll_tcp_stream_drop(stream, segment->source_port);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_tcp_capture capture;
    struct ll_tcp_segment segment;
    struct ll_why why = {0};
    char path[32];
    uint64_t packet_number = 0;
    struct ll_tcp_stream *stream = calloc(1, sizeof *stream);
    int fd = memfd_create("fuzz_tcp_capture", 0);
    LL_ASSERT(fd >= 0 && stream != NULL);
    LL_ASSERT(write(fd, bytes, bytes_count) == (ssize_t)bytes_count);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int err = ll_tcp_capture_open(&capture, path, &why);
    LL_ASSERT(err == why.code);
    bool is_open = err == LL_OK;
    while (err == LL_OK || err == LL_ERR_MALFORMED) {
        why = (struct ll_why){0};
        err = ll_tcp_capture_next(&capture, &segment, &why);
        if (err == LL_OK) {
            LL_ASSERT(segment.packet_number > packet_number);
            packet_number = segment.packet_number;
            check_stream(stream, &segment);
        } else {
            LL_ASSERT(err == LL_ERR_SHORT || why.code == err);
        }
    }
    if (is_open)
        ll_tcp_capture_close(&capture);
    (void)close(fd);
    free(stream);
    return 0;
}
