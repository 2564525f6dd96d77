/* SPDX-License-Identifier: Apache-2.0 */
#include "host/provider/ll_binary_file.h"

#include "host/provider/ll_input_file.h"
#include "host/wire/ll_itch50.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

/* Holds the longest message with its prefix several times over, so that little is moved per refill. */
#define LL_BINARY_FILE_BUFFER_BYTES ((size_t)256 << 10)
#define LL_BINARY_FILE_ITEM_BYTES   ((size_t)LL_BINARY_FILE_PREFIX_BYTES + UINT16_MAX)

_Static_assert(LL_BINARY_FILE_BUFFER_BYTES >= 2u * LL_BINARY_FILE_ITEM_BYTES,
               "a message fits behind another");

static size_t ll_binary_file_left_bytes(const struct ll_binary_file *file)
{
    return (size_t)(file->end - file->at);
}

uint64_t ll_binary_file_offset_bytes(const struct ll_binary_file *file)
{
    return file->base_offset_bytes + (uint64_t)(file->at - file->base);
}

uint64_t ll_binary_file_position_bytes(const struct ll_binary_file *file)
{
    if (file->gzip == NULL)
        return ll_binary_file_offset_bytes(file);
    z_off_t position = gzoffset(file->gzip);
    return position > 0 ? (uint64_t)position : 0;
}

uint64_t ll_binary_file_size_bytes(const struct ll_binary_file *file)
{
    return file->size_bytes;
}

/* --- the source: a mapping, or a stream through a buffer ------------------------------------------------ */

static int ll_binary_file_map(struct ll_binary_file *file, struct ll_why *why)
{
    void *map = mmap(NULL, file->size_bytes, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (map == MAP_FAILED)
        return LL_FAIL(why, LL_ERR_IO, "%s: cannot be mapped (%s); copy it to a local disk",
                       ll_input_path_shown(file->path), strerror(errno));
    /* Read ahead in large steps; a refusal costs speed only. */
    (void)madvise(map, file->size_bytes, MADV_SEQUENTIAL);
    file->base = map;
    file->at = file->base;
    file->end = file->base + file->size_bytes;
    file->at_end = true;
    return LL_OK;
}

static int ll_binary_file_stream(struct ll_binary_file *file, struct ll_why *why)
{
    file->buffer = malloc(LL_BINARY_FILE_BUFFER_BYTES);
    file->gzip = file->buffer != NULL ? gzdopen(file->fd, "rb") : NULL;
    if (file->gzip == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "%s: no memory for a read buffer; free some",
                       ll_input_path_shown(file->path));
    file->fd = -1; /* the stream owns it now */
    (void)gzbuffer(file->gzip, LL_BINARY_FILE_BUFFER_BYTES);
    file->base = file->buffer;
    file->at = file->base;
    file->end = file->base;
    return LL_OK;
}

static int ll_binary_file_stream_failed(struct ll_binary_file *file, struct ll_why *why)
{
    int zlib_err = Z_OK;
    const char *text = gzerror(file->gzip, &zlib_err);
    uint64_t offset = file->base_offset_bytes + (uint64_t)(file->end - file->base);
    file->at_end = true;
    file->failed = zlib_err == Z_ERRNO ? LL_ERR_IO : LL_ERR_INPUT;
    return LL_FAIL(why, file->failed, "%s: cannot be read beyond byte %" PRIu64 " (%s); copy it again",
                   ll_input_path_shown(file->path), offset,
                   zlib_err == Z_BUF_ERROR ? "the compressed stream is cut" : text);
}

/* Makes at least `wanted_bytes` available if the source has them; fewer only at its clean end. What came
 * before a failure is good and is handed out first. */
static int ll_binary_file_fill(struct ll_binary_file *file, size_t wanted_bytes, struct ll_why *why)
{
    LL_ASSERT(wanted_bytes <= LL_BINARY_FILE_ITEM_BYTES);
    size_t left_bytes = ll_binary_file_left_bytes(file);
    if (left_bytes < wanted_bytes && !file->at_end) {
        file->base_offset_bytes += (uint64_t)(file->at - file->base);
        memmove(file->buffer, file->at, left_bytes);
        unsigned room_bytes = (unsigned)(LL_BINARY_FILE_BUFFER_BYTES - left_bytes);
        int got = gzread(file->gzip, file->buffer + left_bytes, room_bytes);
        int zlib_err = Z_OK;
        (void)gzerror(file->gzip, &zlib_err);
        /* gzread gives less than was asked for only where the stream ends, in order or not. */
        file->at_end = got < (int)room_bytes;
        if (got < 0 || zlib_err == Z_BUF_ERROR)
            file->failed = LL_ERR_INPUT;
        left_bytes += got > 0 ? (size_t)got : 0;
        file->at = file->base;
        file->end = file->base + left_bytes;
    }
    if (left_bytes < wanted_bytes && file->failed != LL_OK)
        return ll_binary_file_stream_failed(file, why);
    return LL_OK;
}

/* --- open and close ------------------------------------------------------------------------------------- */

static int ll_binary_file_not_one(const struct ll_binary_file *file, struct ll_why *why, const char *what)
{
    return LL_FAIL(why, LL_ERR_INPUT, "%s: %s, not a BinaryFILE; %s", ll_input_path_shown(file->path), what,
                   "a BinaryFILE (*.ITCH50) is ITCH 5.0 messages with a 2-byte length before each");
}

/* Refuses at once what the first bytes show to be something else. */
static int ll_binary_file_check_head(struct ll_binary_file *file, struct ll_why *why)
{
    int err = ll_binary_file_fill(file, 4, why);
    if (err != LL_OK)
        return err;
    size_t left_bytes = ll_binary_file_left_bytes(file);
    if (left_bytes == 0)
        return LL_FAIL(why, LL_ERR_INPUT, "%s: holds no bytes; was the copy or the download finished?",
                       ll_input_path_shown(file->path));
    enum ll_input_signature signature = ll_input_signature_of(file->at, left_bytes);
    if (signature == LL_INPUT_PCAP || signature == LL_INPUT_PCAPNG)
        return LL_FAIL(
            why, LL_ERR_INPUT,
            "%s: is a %s%s capture, not a BinaryFILE; read it as a capture, or take the messages out",
            ll_input_path_shown(file->path), file->gzip != NULL ? "compressed " : "",
            signature == LL_INPUT_PCAP ? "pcap" : "pcapng");
    if (signature == LL_INPUT_GZIP)
        return ll_binary_file_not_one(file, why, "gzip within gzip");
    if (left_bytes <= LL_BINARY_FILE_PREFIX_BYTES)
        return LL_OK; /* no message to judge: next tells an end mark from a cut */
    uint8_t type = file->at[LL_BINARY_FILE_PREFIX_BYTES];
    if (ll_itch50_bytes_of_type(type) != 0)
        return LL_OK;
    char what[64];
    (void)snprintf(what, sizeof what,
                   isprint(type) ? "begins with a message of type '%c'" : "begins with type 0x%02x", type);
    return ll_binary_file_not_one(file, why, what);
}

int ll_binary_file_open(struct ll_binary_file *file, const char *path, struct ll_why *why)
{
    LL_ASSERT(path != NULL);
    memset(file, 0, sizeof *file);
    file->fd = -1;
    file->path = path;
    struct ll_input_file input;
    int err = ll_input_file_open(&input, path, why);
    if (err != LL_OK)
        return err;
    file->fd = input.fd;
    file->size_bytes = input.size_bytes;
    bool is_mapped = input.is_regular && input.signature != LL_INPUT_GZIP;
    err = is_mapped ? ll_binary_file_map(file, why) : ll_binary_file_stream(file, why);
    if (err != LL_OK)
        goto fail;
    err = ll_binary_file_check_head(file, why);
    if (err != LL_OK)
        goto fail;
    return LL_OK;
fail:
    ll_binary_file_close(file);
    return err;
}

void ll_binary_file_close(struct ll_binary_file *file)
{
    if (file->gzip != NULL)
        (void)gzclose(file->gzip);
    else if (file->base != NULL)
        (void)munmap((void *)(uintptr_t)file->base, file->size_bytes);
    if (file->fd >= 0)
        (void)close(file->fd);
    free(file->buffer);
    memset(file, 0, sizeof *file);
    file->fd = -1;
}

/* --- the less usual cases ------------------------------------------------------------------------------- */

static int ll_binary_file_cut(const struct ll_binary_file *file, size_t wanted_bytes, struct ll_why *why)
{
    return LL_FAIL(
        why, LL_ERR_INPUT, "%s: ends inside the message at byte %" PRIu64 " (%zu of %zu bytes); %s",
        ll_input_path_shown(file->path), ll_binary_file_offset_bytes(file), ll_binary_file_left_bytes(file),
        wanted_bytes, "the file was cut, or is no BinaryFILE: copy it again");
}

int ll_binary_file_next_slow(struct ll_binary_file *file, const uint8_t **message, uint32_t *message_bytes,
                             struct ll_why *why)
{
    int err = ll_binary_file_fill(file, LL_BINARY_FILE_PREFIX_BYTES + 1u, why);
    if (err != LL_OK)
        return err;
    size_t left_bytes = ll_binary_file_left_bytes(file);
    if (left_bytes == 0)
        return LL_ERR_SHORT;
    if (left_bytes < LL_BINARY_FILE_PREFIX_BYTES)
        return ll_binary_file_cut(file, LL_BINARY_FILE_PREFIX_BYTES, why);
    uint32_t length = ll_load_be16(file->at);
    if (length == 0) {
        if (left_bytes == LL_BINARY_FILE_PREFIX_BYTES)
            return LL_ERR_SHORT; /* the end-of-session mark */
        uint8_t type = file->at[LL_BINARY_FILE_PREFIX_BYTES];
        length = ll_itch50_bytes_of_type(type);
        if (length == 0)
            return LL_FAIL(why, LL_ERR_INPUT,
                           "%s: a length of 0 at byte %" PRIu64
                           " is followed by the unknown type 0x%02x; the file is damaged there, or is newer",
                           ll_input_path_shown(file->path), ll_binary_file_offset_bytes(file), type);
    }
    size_t wanted_bytes = LL_BINARY_FILE_PREFIX_BYTES + length;
    err = ll_binary_file_fill(file, wanted_bytes, why);
    if (err != LL_OK)
        return err;
    if (ll_binary_file_left_bytes(file) < wanted_bytes)
        return ll_binary_file_cut(file, wanted_bytes, why);
    *message = file->at + LL_BINARY_FILE_PREFIX_BYTES;
    *message_bytes = length;
    file->at += wanted_bytes;
    return LL_OK;
}
