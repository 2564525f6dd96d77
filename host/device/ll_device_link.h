/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway and the device process say to each other. The process (lifeline-device) is the only one
 * that makes OpenCL calls: a runtime that aborts, exits or hangs takes nothing but it down.
 *
 * Shape    The gateway starts the process with one end of a SOCK_SEQPACKET pair as descriptor
 *          LL_DEVICE_LINK_FD and sends one ll_device_request. The process answers with any number of notes,
 *          then READY with two descriptors (the memories of hls/ll_link.h, to and from the device, to be
 *          mapped shared), or FAILED. From then on requests and answers go through these memories and the
 *          socket is silent, until the process says LOST, or either side closes it: the process then stops
 *          its kernel and ends. In batch-launch mode the process itself takes requests out of the ring and
 *          puts answers in: for the gateway both ways look alike.
 * Units    bytes, counts, ns as named.
 * Errors   FAILED and LOST carry an error code (host/base/ll_err.h) and a sentence with the remedy.
 * Threads  plain data.
 */
#ifndef LL_HOST_DEVICE_DEVICE_LINK_H
#define LL_HOST_DEVICE_DEVICE_LINK_H

#include "hls/ll_link.h"
#include "host/base/ll_err.h"

#include <stdint.h>

#define LL_DEVICE_LINK_FD         3
#define LL_DEVICE_LINK_MAGIC      0x6b6e696c64656c6cull
#define LL_DEVICE_LINK_VERSION    1u
#define LL_DEVICE_LINK_NAME_BYTES 64u
#define LL_DEVICE_LINK_PATH_BYTES 1024u

enum ll_device_platform {
    LL_DEVICE_PLATFORM_POCL = 1, /* CL_PLATFORM_NAME "Portable Computing Language" */
    LL_DEVICE_PLATFORM_XRT = 2   /* CL_PLATFORM_NAME "Xilinx": a card, or its software emulation */
};

enum ll_device_mode {
    LL_DEVICE_RESIDENT = 0, /* one launch, the kernel polls the ring in host memory */
    LL_DEVICE_BATCH = 1     /* a launch for each batch */
};

struct ll_device_request {
    uint64_t magic;
    uint32_t version;
    uint32_t platform;       /* enum ll_device_platform */
    uint32_t mode;           /* enum ll_device_mode */
    uint32_t card;           /* of the platform's devices, from 0 */
    uint32_t slots;          /* of the rings, a power of two */
    uint32_t batch_max;      /* batch launch: requests that close a batch, 1..1024 and at most slots */
    uint32_t lanes;          /* batch launch: launches in flight, 1..4 */
    uint32_t kernel_batch;   /* messages the kernel works together, 1..LL_GATEWAY_RUN_MAX */
    uint64_t batch_close_ns; /* batch launch: the age that closes a batch that is not full; 0 = at once */
    uint64_t looks_max; /* resident: looks without a request before the kernel ends and is started again */
    uint64_t part_bytes[LL_PART_COUNT]; /* of the tables */
    char binary
        [LL_DEVICE_LINK_PATH_BYTES]; /* xclbin, or directory of the OpenCL source; empty = the default */
};

enum ll_device_word_kind {
    LL_DEVICE_NOTE = 1, /* what it is doing, for people */
    LL_DEVICE_READY = 2,
    LL_DEVICE_FAILED = 3, /* it could not start */
    LL_DEVICE_LOST = 4    /* it ran, and runs no more */
};

struct ll_device_word {
    uint64_t magic;
    uint32_t version;
    uint32_t kind; /* enum ll_device_word_kind */
    int32_t code;  /* enum ll_err, of FAILED and LOST */
    uint32_t slots;
    uint64_t memory_bytes; /* taken on the device */
    uint64_t build_ns;     /* of the program, or loading it */
    char platform[LL_DEVICE_LINK_NAME_BYTES];
    char device[LL_DEVICE_LINK_NAME_BYTES];
    char text[LL_WHY_BYTES];
};

#endif
