/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a file that a person named: the checks every reader needs, with errors that say what to do.
 *
 * Shape    open -> a descriptor and what is known before reading: size, whether it can be mapped, and the
 *          first bytes' signature (gzip, pcap, pcapng).
 * Units    bytes.
 * Errors   LL_ERR_IO: missing, or not readable. LL_ERR_INPUT: a directory, or empty.
 * Threads  any; nothing is shared.
 * Source   signatures: RFC 1952 section 2.3.1 (gzip); pcap-savefile(5); draft-ietf-opsawg-pcapng section 4.1.
 */
#ifndef LL_HOST_PROVIDER_INPUT_FILE_H
#define LL_HOST_PROVIDER_INPUT_FILE_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

enum ll_input_signature {
    LL_INPUT_UNKNOWN, /* none of the below; also everything that cannot be read twice */
    LL_INPUT_GZIP,
    LL_INPUT_PCAP,
    LL_INPUT_PCAPNG
};

struct ll_input_file {
    int fd;              /* the caller closes it */
    bool is_regular;     /* false: a pipe or a device, which can be read only once and has no size */
    uint64_t size_bytes; /* 0 when not regular */
    enum ll_input_signature signature;
};

LL_MUST_CHECK int ll_input_file_open(struct ll_input_file *file, const char *path, struct ll_why *why);

/* What four bytes at the start of a file say; fewer say nothing. */
enum ll_input_signature ll_input_signature_of(const uint8_t *bytes, uint64_t bytes_count);

/* The end of a path, short enough that a message that shows it keeps room for its remedy. */
const char *ll_input_path_shown(const char *path);

#endif
