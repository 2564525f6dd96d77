/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_tcp_stream.h"

#include "host/base/ll_assert.h"

#include <string.h>

void ll_tcp_stream_start(struct ll_tcp_stream *stream, uint32_t sequence)
{
    stream->first_sequence = sequence;
    stream->ready_bytes = 0;
    stream->held_count = 0;
}

static void ll_tcp_stream_remove_runs(struct ll_tcp_stream *stream, uint32_t at, uint32_t count)
{
    stream->held_count -= count;
    memmove(&stream->held[at], &stream->held[at + count], (stream->held_count - at) * sizeof stream->held[0]);
}

/* What is held and now follows on what is ready becomes ready. */
static void ll_tcp_stream_absorb(struct ll_tcp_stream *stream)
{
    uint32_t count = 0;
    while (count < stream->held_count && stream->held[count].from <= stream->ready_bytes) {
        if (stream->held[count].to > stream->ready_bytes)
            stream->ready_bytes = stream->held[count].to;
        count++;
    }
    ll_tcp_stream_remove_runs(stream, 0, count);
}

/* Puts a run that begins behind a gap among those that are held, joined with those it touches. */
static int ll_tcp_stream_hold(struct ll_tcp_stream *stream, struct ll_tcp_run run)
{
    uint32_t at = 0;
    uint32_t joined_count = 0;
    while (at < stream->held_count && stream->held[at].to < run.from)
        at++;
    while (at + joined_count < stream->held_count && stream->held[at + joined_count].from <= run.to)
        joined_count++;
    if (joined_count == 0) {
        if (stream->held_count == LL_TCP_STREAM_HELD_MAX)
            return LL_ERR_FULL;
        memmove(&stream->held[at + 1], &stream->held[at], (stream->held_count - at) * sizeof stream->held[0]);
        stream->held_count++;
        stream->held[at] = run;
        return LL_OK;
    }
    const struct ll_tcp_run *last = &stream->held[at + joined_count - 1];
    run.from = run.from < stream->held[at].from ? run.from : stream->held[at].from;
    run.to = run.to > last->to ? run.to : last->to;
    stream->held[at] = run;
    ll_tcp_stream_remove_runs(stream, at + 1, joined_count - 1);
    return LL_OK;
}

int ll_tcp_stream_add(struct ll_tcp_stream *stream, uint32_t sequence, const uint8_t *bytes,
                      uint32_t bytes_count)
{
    uint32_t offset = sequence - stream->first_sequence;
    if (offset > INT32_MAX) { /* begins before what is kept: sent again, wholly or in part */
        uint32_t old_bytes = stream->first_sequence - sequence;
        if (old_bytes >= bytes_count)
            return LL_OK;
        bytes += old_bytes;
        bytes_count -= old_bytes;
        offset = 0;
    }
    if (bytes_count == 0)
        return LL_OK;
    if (offset > LL_TCP_STREAM_BYTES || bytes_count > LL_TCP_STREAM_BYTES - offset)
        return LL_ERR_FULL;
    struct ll_tcp_run run = {offset, offset + bytes_count};
    if (run.from > stream->ready_bytes) {
        int err = ll_tcp_stream_hold(stream, run);
        if (err != LL_OK)
            return err;
    } else if (run.to > stream->ready_bytes) {
        stream->ready_bytes = run.to;
    }
    memcpy(stream->bytes + offset, bytes, bytes_count);
    ll_tcp_stream_absorb(stream);
    return LL_OK;
}

const uint8_t *ll_tcp_stream_ready(const struct ll_tcp_stream *stream, uint32_t *bytes_count)
{
    *bytes_count = stream->ready_bytes;
    return stream->bytes;
}

uint32_t ll_tcp_stream_missing_bytes(const struct ll_tcp_stream *stream)
{
    return stream->held_count > 0 ? stream->held[0].from - stream->ready_bytes : 0;
}

uint32_t ll_tcp_stream_next_sequence(const struct ll_tcp_stream *stream)
{
    return stream->first_sequence + stream->ready_bytes;
}

static uint32_t ll_tcp_stream_less(uint32_t position, uint32_t dropped_bytes)
{
    return position > dropped_bytes ? position - dropped_bytes : 0;
}

void ll_tcp_stream_drop(struct ll_tcp_stream *stream, uint32_t bytes_count)
{
    LL_ASSERT(bytes_count <= LL_TCP_STREAM_BYTES);
    uint32_t kept_end = stream->ready_bytes;
    uint32_t gone_count = 0;
    if (stream->held_count > 0)
        kept_end = stream->held[stream->held_count - 1].to;
    if (kept_end > bytes_count)
        memmove(stream->bytes, stream->bytes + bytes_count, kept_end - bytes_count);
    stream->first_sequence += bytes_count;
    stream->ready_bytes = ll_tcp_stream_less(stream->ready_bytes, bytes_count);
    for (uint32_t i = 0; i < stream->held_count; i++) {
        stream->held[i].from = ll_tcp_stream_less(stream->held[i].from, bytes_count);
        stream->held[i].to = ll_tcp_stream_less(stream->held[i].to, bytes_count);
        gone_count += stream->held[i].to == 0;
    }
    ll_tcp_stream_remove_runs(stream, 0, gone_count);
    ll_tcp_stream_absorb(stream);
}
