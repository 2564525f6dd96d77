/* SPDX-License-Identifier: Apache-2.0 */
#include "host/provider/ll_input_file.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LL_INPUT_PATH_SHOWN_BYTES_MAX 80u

const char *ll_input_path_shown(const char *path)
{
    size_t bytes = strlen(path);
    return bytes > LL_INPUT_PATH_SHOWN_BYTES_MAX ? path + bytes - LL_INPUT_PATH_SHOWN_BYTES_MAX : path;
}

enum ll_input_signature ll_input_signature_of(const uint8_t *bytes, uint64_t bytes_count)
{
    if (bytes_count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return LL_INPUT_GZIP;
    if (bytes_count < 4)
        return LL_INPUT_UNKNOWN;
    switch (ll_load_be32(bytes)) {
    case 0xa1b2c3d4u: /* microseconds, big-endian and little-endian */
    case 0xd4c3b2a1u:
    case 0xa1b23c4du: /* nanoseconds */
    case 0x4d3cb2a1u:
        return LL_INPUT_PCAP;
    case 0x0a0d0d0au:
        return LL_INPUT_PCAPNG;
    default:
        return LL_INPUT_UNKNOWN;
    }
}

static int ll_input_file_inspect(struct ll_input_file *file, const char *shown, struct ll_why *why)
{
    struct stat status;
    if (fstat(file->fd, &status) != 0)
        return LL_FAIL(why, LL_ERR_IO, "%s: %s; check the path", shown, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return LL_FAIL(why, LL_ERR_INPUT, "%s: is a directory; name a file in it", shown);
    file->is_regular = S_ISREG(status.st_mode);
    if (!file->is_regular)
        return LL_OK;
    if (status.st_size == 0)
        return LL_FAIL(why, LL_ERR_INPUT, "%s: is empty; was the copy or the download finished?", shown);
    file->size_bytes = (uint64_t)status.st_size;
    uint8_t head[4];
    ssize_t got = pread(file->fd, head, sizeof head, 0);
    if (got < 0)
        return LL_FAIL(why, LL_ERR_IO, "%s: %s; is the disk healthy?", shown, strerror(errno));
    file->signature = ll_input_signature_of(head, (uint64_t)got);
    return LL_OK;
}

int ll_input_file_open(struct ll_input_file *file, const char *path, struct ll_why *why)
{
    LL_ASSERT(path != NULL);
    const char *shown = ll_input_path_shown(path);
    memset(file, 0, sizeof *file);
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 && errno == ENOENT)
        return LL_FAIL(why, LL_ERR_IO, "%s: no such file; check the path", shown);
    if (file->fd < 0 && errno == EACCES)
        return LL_FAIL(why, LL_ERR_IO, "%s: permission denied; make the file readable for this user", shown);
    if (file->fd < 0)
        return LL_FAIL(why, LL_ERR_IO, "%s: %s; check the path", shown, strerror(errno));
    int err = ll_input_file_inspect(file, shown, why);
    if (err != LL_OK) {
        (void)close(file->fd);
        file->fd = -1;
    }
    return err;
}
