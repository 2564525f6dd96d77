/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What XRT's software emulation and its device process say to each other: calls and replies as bytes.
 *
 * Shape    XRT calls, the device answers, one at a time over a stream socket. A call is a head of
 *          LL_RPC_CALL_HEAD_BYTES and a body; a reply a head of LL_RPC_REPLY_HEAD_BYTES and a body. Bodies
 *          are protobuf messages. Every call that is understood here is made of at most one address, size,
 *          offset, text of bytes and flag, and every reply of a number (1: an acknowledgement or a count)
 *          and perhaps bytes (2); LL_RPC_CALLS says which field is which. Fields that are not named are
 *          skipped.
 * Units    bytes; bodies at most LL_RPC_BODY_BYTES_MAX.
 * Errors   enum ll_rpc_verdict: nothing is read beyond the bytes that are there, and a call is whole or refused.
 * Threads  pure.
 * Source   XRT 202210.2.13, src/runtime_src/core/pcie/emulation/common_em/rpc_messages.proto and xcl_macros.h;
 *          Protocol Buffers, "Encoding".
 */
#ifndef LL_KERNELS_EMULATION_EMULATED_RPC_H
#define LL_KERNELS_EMULATION_EMULATED_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_RPC_CALL_HEAD_BYTES     14u
#define LL_RPC_REPLY_HEAD_BYTES    9u
#define LL_RPC_REPLY_OPENING_BYTES 40u /* head, number, and what stands before the bytes; always enough */
#define LL_RPC_BODY_BYTES_MAX      (64u << 20)
#define LL_RPC_FIELD_NUMBER_MAX    ((1u << 29) - 1u)

/*
 * C(NAME, number, "text", address, size, bytes, offset, flag) The calls, and by which field number each part
 * goes; 0: the call has no such part. A flag may be left out, all else must be there.
 */
#define LL_RPC_CALLS(C)                                    \
    C(CLOSE, 1, "close", 0, 0, 0, 0, 3)                    \
    C(LOAD, 3, "load bitstream", 0, 0, 2, 0, 0)            \
    C(ALLOCATE, 4, "allocate", 1, 2, 0, 0, 3)              \
    C(FREE, 5, "free", 1, 0, 0, 0, 0)                      \
    C(HOST_TO_DEVICE, 6, "host to device", 3, 5, 4, 0, 0)  \
    C(DEVICE_TO_HOST, 7, "device to host", 4, 5, 0, 0, 0)  \
    C(MEMORY_WRITE, 8, "memory write", 2, 3, 4, 0, 0)      \
    C(CONTROL_WRITE, 9, "control write", 2, 3, 4, 0, 0)    \
    C(MEMORY_READ, 10, "memory read", 2, 3, 0, 0, 0)       \
    C(CONTROL_READ, 11, "control read", 2, 3, 0, 0, 0)     \
    C(SET_UP, 28, "set up instance", 0, 0, 0, 0, 0)        \
    C(REGISTER_WRITE, 51, "register write", 1, 0, 3, 2, 0) \
    C(REGISTER_READ, 52, "register read", 1, 3, 0, 2, 0)

enum ll_rpc_number {
#define LL_RPC_ENUM(name, number, text, address, size, bytes, offset, flag) LL_RPC_##name = (number),
    LL_RPC_CALLS(LL_RPC_ENUM)
#undef LL_RPC_ENUM
};

enum ll_rpc_verdict {
    LL_RPC_OK = 0,
    LL_RPC_UNKNOWN = -1,   /* no call of this number */
    LL_RPC_TOO_LONG = -2,  /* a body of more than LL_RPC_BODY_BYTES_MAX, or that asks for as many */
    LL_RPC_MALFORMED = -3, /* the bytes are not what they say */
};

struct ll_rpc_head {
    uint64_t body_bytes;
    uint32_t number; /* enum ll_rpc_number, or any other */
};

struct ll_rpc_call {
    uint32_t number; /* enum ll_rpc_number */
    bool flag;
    uint64_t address;
    uint64_t size; /* bytes */
    uint64_t offset;
    const uint8_t *bytes; /* in the body; bytes_count of them */
    uint64_t bytes_count;
};

/* The text of a call's number, for people; "unknown call" for any other. */
const char *ll_rpc_name(uint32_t number);

/* The text of a verdict, with what to do. */
const char *ll_rpc_verdict_text(int verdict);

/* Reads LL_RPC_CALL_HEAD_BYTES. Returns enum ll_rpc_verdict; LL_RPC_UNKNOWN comes from ll_rpc_read. */
int ll_rpc_read_head(struct ll_rpc_head *head, const uint8_t *bytes);

/* Reads the body of a call. Where a call writes bytes, their count is the size it names. */
int ll_rpc_read(struct ll_rpc_call *call, uint32_t number, const uint8_t *body, size_t body_bytes);

/*
 * The opening of a reply: its head, the number, and, with_bytes, what stands before `bytes_count` bytes, which
 * the caller sends behind it. Writes at most LL_RPC_REPLY_OPENING_BYTES and returns how many.
 */
size_t ll_rpc_write_reply(uint8_t *opening, uint64_t number, bool with_bytes, uint64_t bytes_count);

#endif
