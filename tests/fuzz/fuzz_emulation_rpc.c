/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any bytes on the emulated card's socket are calls, whole, or refused; nothing is read beyond them; and the
 * opening of every reply says how long the reply is.
 * Method: the input is heads and bodies as they come over the socket, each body in memory of exactly its size. What a
 * call says of bytes must lie inside its body, and what it must have must be there. Each call is answered with its
 * own numbers.
 */
#include "host/base/ll_assert.h"
#include "kernels/emulation/ll_emulated_rpc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void check_call(const struct ll_rpc_call *call, uint32_t number, const uint8_t *body,
                       size_t body_bytes)
{
    LL_ASSERT(call->number == number);
    LL_ASSERT(strcmp(ll_rpc_name(number), "unknown call") != 0);
    LL_ASSERT(call->bytes_count == 0 || call->bytes != NULL);
    if (call->bytes != NULL) {
        LL_ASSERT(call->bytes >= body && call->bytes <= body + body_bytes);
        LL_ASSERT(call->bytes_count <= (size_t)(body + body_bytes - call->bytes));
    }
    if (number == LL_RPC_HOST_TO_DEVICE || number == LL_RPC_MEMORY_WRITE || number == LL_RPC_CONTROL_WRITE)
        LL_ASSERT(call->bytes != NULL && call->size == call->bytes_count);
    if (number == LL_RPC_DEVICE_TO_HOST || number == LL_RPC_MEMORY_READ)
        LL_ASSERT(call->size <= LL_RPC_BODY_BYTES_MAX);
}

static void check_reply(const struct ll_rpc_call *call)
{
    uint8_t opening[LL_RPC_REPLY_OPENING_BYTES];
    for (int with_bytes = 0; with_bytes < 2; with_bytes++) {
        uint64_t payload_bytes = with_bytes != 0 ? call->size : 0;
        size_t count = ll_rpc_write_reply(opening, call->address, with_bytes != 0, call->size);
        uint64_t said_bytes;
        LL_ASSERT(count > LL_RPC_REPLY_HEAD_BYTES && count <= sizeof opening);
        memcpy(&said_bytes, opening + 1, sizeof said_bytes);
        LL_ASSERT(said_bytes == count - LL_RPC_REPLY_HEAD_BYTES + payload_bytes);
    }
}

/* One call of the input; returns how many bytes it was, 0 at the end. */
static size_t feed_call(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_rpc_head head;
    struct ll_rpc_call call;
    if (bytes_count < LL_RPC_CALL_HEAD_BYTES)
        return 0;
    int verdict = ll_rpc_read_head(&head, bytes);
    LL_ASSERT(verdict == LL_RPC_OK || ll_rpc_verdict_text(verdict)[0] == 'a');
    if (verdict != LL_RPC_OK || head.body_bytes > bytes_count - LL_RPC_CALL_HEAD_BYTES)
        return 0;
    uint8_t *body = malloc(head.body_bytes > 0 ? head.body_bytes : 1);
    LL_ASSERT(body != NULL);
    memcpy(body, bytes + LL_RPC_CALL_HEAD_BYTES, head.body_bytes);
    verdict = ll_rpc_read(&call, head.number, body, head.body_bytes);
    LL_ASSERT(verdict == LL_RPC_OK || ll_rpc_verdict_text(verdict)[0] == 'a');
    if (verdict == LL_RPC_OK) {
        check_call(&call, head.number, body, head.body_bytes);
        check_reply(&call);
    }
    free(body);
    return LL_RPC_CALL_HEAD_BYTES + head.body_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    size_t done;
    while ((done = feed_call(bytes, bytes_count)) > 0) {
        bytes += done;
        bytes_count -= done;
    }
    return 0;
}
