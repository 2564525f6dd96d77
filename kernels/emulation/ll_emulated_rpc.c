/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/emulation/ll_emulated_rpc.h"

#include <string.h>

/* Protobuf's wire types, and the two heads' keys: field 1 as 64 bits, field 2 as 32 bits. */
#define WIRE_VARINT  0u
#define WIRE_64_BITS 1u
#define WIRE_BYTES   2u
#define WIRE_32_BITS 5u
#define KEY_SIZE     0x09u
#define KEY_NUMBER   0x15u

#define VARINT_BYTES_MAX 10u

struct rpc_shape {
    const char *text;
    uint32_t number;
    uint32_t address, size, bytes, offset, flag; /* field numbers, 0 = none */
};

static const struct rpc_shape rpc_shapes[] = {
#define RPC_SHAPE(name, number, text, address, size, bytes, offset, flag) \
    {(text), (number), (address), (size), (bytes), (offset), (flag)},
    LL_RPC_CALLS(RPC_SHAPE)
#undef RPC_SHAPE
};

/* What is left of a body. */
struct rpc_rest {
    const uint8_t *at;
    size_t left;
};

struct rpc_field {
    uint32_t number;
    uint32_t wire;
    uint64_t value; /* of WIRE_BYTES: how many */
    const uint8_t *bytes;
};

static const struct rpc_shape *rpc_shape_of(uint32_t number)
{
    for (size_t i = 0; i < sizeof rpc_shapes / sizeof rpc_shapes[0]; i++)
        if (rpc_shapes[i].number == number)
            return &rpc_shapes[i];
    return NULL;
}

const char *ll_rpc_name(uint32_t number)
{
    const struct rpc_shape *shape = rpc_shape_of(number);
    return shape != NULL ? shape->text : "unknown call";
}

const char *ll_rpc_verdict_text(int verdict)
{
    switch (verdict) {
    case LL_RPC_UNKNOWN:
        return "a call that this emulation does not know; it speaks as XRT 2022.1 does in software emulation";
    case LL_RPC_TOO_LONG:
        return "a call of more than 64 MiB; set SW_EMU_PACKET_SIZE to less";
    case LL_RPC_MALFORMED:
        return "a call whose bytes do not fit together; only XRT may write to this socket";
    default:
        return "well";
    }
}

/* Little-endian, as both heads and protobuf have it. */
static uint64_t rpc_fixed(const uint8_t *bytes, uint32_t count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static bool rpc_take_varint(struct rpc_rest *rest, uint64_t *value)
{
    *value = 0;
    for (uint32_t i = 0; i < VARINT_BYTES_MAX && i < rest->left; i++) {
        uint8_t byte = rest->at[i];
        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            return false; /* more than 64 bits */
        *value |= (uint64_t)(byte & 0x7fu) << 7 * i;
        if (byte < 0x80u) {
            rest->at += i + 1;
            rest->left -= i + 1;
            return true;
        }
    }
    return false;
}

static bool rpc_take_fixed(struct rpc_rest *rest, uint32_t count, uint64_t *value)
{
    if (rest->left < count)
        return false;
    *value = rpc_fixed(rest->at, count);
    rest->at += count;
    rest->left -= count;
    return true;
}

static bool rpc_take_bytes(struct rpc_rest *rest, struct rpc_field *field)
{
    if (!rpc_take_varint(rest, &field->value) || field->value > rest->left)
        return false;
    field->bytes = rest->at;
    rest->at += field->value;
    rest->left -= (size_t)field->value;
    return true;
}

static bool rpc_take_field(struct rpc_rest *rest, struct rpc_field *field)
{
    uint64_t key;
    if (!rpc_take_varint(rest, &key) || key >> 3 == 0 || key >> 3 > LL_RPC_FIELD_NUMBER_MAX)
        return false;
    field->number = (uint32_t)(key >> 3);
    field->wire = (uint32_t)(key & 7u);
    field->bytes = NULL;
    switch (field->wire) {
    case WIRE_VARINT:
        return rpc_take_varint(rest, &field->value);
    case WIRE_64_BITS:
        return rpc_take_fixed(rest, 8, &field->value);
    case WIRE_BYTES:
        return rpc_take_bytes(rest, field);
    case WIRE_32_BITS:
        return rpc_take_fixed(rest, 4, &field->value);
    default:
        return false;
    }
}

int ll_rpc_read_head(struct ll_rpc_head *head, const uint8_t *bytes)
{
    if (bytes[0] != KEY_SIZE || bytes[9] != KEY_NUMBER)
        return LL_RPC_MALFORMED;
    head->body_bytes = rpc_fixed(bytes + 1, 8);
    head->number = (uint32_t)rpc_fixed(bytes + 10, 4);
    return head->body_bytes <= LL_RPC_BODY_BYTES_MAX ? LL_RPC_OK : LL_RPC_TOO_LONG;
}

/* Puts a field where the call's shape wants it; false when it is of another kind than that. */
static bool rpc_place(struct ll_rpc_call *call, const struct rpc_shape *shape, const struct rpc_field *field)
{
    if (field->number == shape->bytes) {
        call->bytes = field->bytes;
        call->bytes_count = field->value;
        return field->wire == WIRE_BYTES;
    }
    if (field->number == shape->address)
        call->address = field->value;
    else if (field->number == shape->size)
        call->size = field->value;
    else if (field->number == shape->offset)
        call->offset = field->value;
    else if (field->number == shape->flag)
        call->flag = field->value != 0;
    else
        return true;
    return field->wire == WIRE_VARINT;
}

static bool rpc_is_whole(const struct ll_rpc_call *call, const struct rpc_shape *shape, uint32_t seen)
{
    const uint32_t needed[] = {shape->address, shape->size, shape->bytes, shape->offset};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (needed[i] != 0 && (seen >> needed[i] & 1u) == 0)
            return false;
    return shape->bytes == 0 || shape->size == 0 || call->size == call->bytes_count;
}

int ll_rpc_read(struct ll_rpc_call *call, uint32_t number, const uint8_t *body, size_t body_bytes)
{
    const struct rpc_shape *shape = rpc_shape_of(number);
    struct rpc_rest rest = {body, body_bytes};
    uint32_t seen = 0; /* bit n: field n */
    if (shape == NULL)
        return LL_RPC_UNKNOWN;
    memset(call, 0, sizeof *call);
    call->number = number;
    while (rest.left > 0) {
        struct rpc_field field;
        if (!rpc_take_field(&rest, &field) || !rpc_place(call, shape, &field))
            return LL_RPC_MALFORMED;
        if (field.number < 32)
            seen |= 1u << field.number;
    }
    if (!rpc_is_whole(call, shape, seen))
        return LL_RPC_MALFORMED;
    bool is_answered_with_bytes = shape->size != 0 && shape->bytes == 0 && number != LL_RPC_ALLOCATE;
    return is_answered_with_bytes && call->size > LL_RPC_BODY_BYTES_MAX ? LL_RPC_TOO_LONG : LL_RPC_OK;
}

static size_t rpc_put_fixed64(uint8_t *to, uint64_t value)
{
    for (uint32_t i = 0; i < 8; i++)
        to[i] = (uint8_t)(value >> 8 * i);
    return 8;
}

static size_t rpc_put_varint(uint8_t *to, uint64_t value)
{
    size_t count = 0;
    for (; value >= 0x80u; value >>= 7)
        to[count++] = (uint8_t)(value | 0x80u);
    to[count++] = (uint8_t)value;
    return count;
}

size_t ll_rpc_write_reply(uint8_t *opening, uint64_t number, bool with_bytes, uint64_t bytes_count)
{
    size_t count = LL_RPC_REPLY_HEAD_BYTES;
    opening[count++] = 1u << 3 | WIRE_VARINT;
    count += rpc_put_varint(opening + count, number);
    if (with_bytes) {
        opening[count++] = 2u << 3 | WIRE_BYTES;
        count += rpc_put_varint(opening + count, bytes_count);
    }
    opening[0] = KEY_SIZE;
    (void)rpc_put_fixed64(opening + 1, count - LL_RPC_REPLY_HEAD_BYTES + (with_bytes ? bytes_count : 0));
    return count;
}
