/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_soupbintcp.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* Where the login packets keep their fields, from the first byte of the payload. */
enum ll_soup_offset {
    LL_SOUP_REQUEST_USERNAME = 0,
    LL_SOUP_REQUEST_PASSWORD = LL_SOUP_REQUEST_USERNAME + LL_SOUP_USERNAME_BYTES,
    LL_SOUP_REQUEST_SESSION = LL_SOUP_REQUEST_PASSWORD + LL_SOUP_PASSWORD_BYTES,
    LL_SOUP_REQUEST_SEQUENCE = LL_SOUP_REQUEST_SESSION + LL_SOUP_SESSION_BYTES,
    LL_SOUP_REQUEST_TIMEOUT = LL_SOUP_REQUEST_SEQUENCE + LL_SOUP_SEQUENCE_BYTES,
    LL_SOUP_REQUEST_END = LL_SOUP_REQUEST_TIMEOUT + LL_SOUP_TIMEOUT_BYTES,
    LL_SOUP_ACCEPTED_SESSION = 0,
    LL_SOUP_ACCEPTED_SEQUENCE = LL_SOUP_ACCEPTED_SESSION + LL_SOUP_SESSION_BYTES,
    LL_SOUP_ACCEPTED_END = LL_SOUP_ACCEPTED_SEQUENCE + LL_SOUP_SEQUENCE_BYTES
};
static_assert(LL_SOUP_HEADER_BYTES + LL_SOUP_REQUEST_TIMEOUT == LL_SOUP_LOGIN_REQUEST_BYTES, "3.00");
static_assert(LL_SOUP_HEADER_BYTES + LL_SOUP_REQUEST_END == LL_SOUP_LOGIN_REQUEST_BYTES_41, "4.10");
static_assert(LL_SOUP_HEADER_BYTES + LL_SOUP_ACCEPTED_END == LL_SOUP_LOGIN_ACCEPTED_BYTES, "accepted");

const char *ll_soup_name_of_type(uint8_t type)
{
    switch (type) {
#define LL_SOUP_NAME_CASE(ID, id, type, sender, name) \
    case type:                                        \
        return name;
        LL_SOUP_PACKETS(LL_SOUP_NAME_CASE)
    default:
        return NULL;
    }
}

enum ll_soup_sender ll_soup_sender_of_type(uint8_t type)
{
    switch (type) {
#define LL_SOUP_SENDER_CASE(ID, id, type, sender, name) \
    case type:                                          \
        return LL_SOUP_SENDER_##sender;
        LL_SOUP_PACKETS(LL_SOUP_SENDER_CASE)
    default:
        return LL_SOUP_SENDER_NONE;
    }
}

/* --- packets -------------------------------------------------------------------------------------------- */

int ll_soup_packet_next(const uint8_t *bytes, uint32_t bytes_count, struct ll_soup_packet *packet)
{
    LL_ASSERT(packet != NULL);
    if (bytes_count < LL_SOUP_LENGTH_BYTES)
        return LL_ERR_SHORT;
    uint32_t length_bytes = ll_load_be16(bytes);
    if (length_bytes == 0)
        return LL_ERR_MALFORMED;
    if (bytes_count - LL_SOUP_LENGTH_BYTES < length_bytes)
        return LL_ERR_SHORT;
    packet->type = bytes[LL_SOUP_LENGTH_BYTES];
    packet->payload = bytes + LL_SOUP_HEADER_BYTES;
    packet->payload_bytes = length_bytes - 1;
    packet->packet_bytes = LL_SOUP_LENGTH_BYTES + length_bytes;
    return LL_OK;
}

int ll_soup_packet_encode(uint8_t type, const uint8_t *payload, uint32_t payload_bytes, uint8_t *bytes,
                          uint32_t capacity_bytes, uint32_t *bytes_count)
{
    LL_ASSERT(payload != NULL || payload_bytes == 0);
    if (payload_bytes > LL_SOUP_PAYLOAD_BYTES_MAX)
        return LL_ERR_LONG;
    if (capacity_bytes < LL_SOUP_HEADER_BYTES + payload_bytes)
        return LL_ERR_FULL;
    if (payload_bytes > 0)
        memmove(bytes + LL_SOUP_HEADER_BYTES, payload, payload_bytes);
    ll_store_be16(bytes, (uint16_t)(payload_bytes + 1));
    bytes[LL_SOUP_LENGTH_BYTES] = type;
    *bytes_count = LL_SOUP_HEADER_BYTES + payload_bytes;
    return LL_OK;
}

/* --- text and numbers of a fixed width ------------------------------------------------------------------ */

/* The part of a field between its blanks. */
struct ll_soup_trimmed {
    const uint8_t *at;
    uint32_t bytes_count;
};

static struct ll_soup_trimmed ll_soup_trim(const uint8_t *field, uint32_t field_bytes)
{
    while (field_bytes > 0 && field[field_bytes - 1] == ' ')
        field_bytes--;
    while (field_bytes > 0 && field[0] == ' ') {
        field++;
        field_bytes--;
    }
    return (struct ll_soup_trimmed){field, field_bytes};
}

static bool ll_soup_is_printable(const void *text, uint32_t text_bytes)
{
    const uint8_t *at = text;
    for (uint32_t i = 0; i < text_bytes; i++) {
        if (at[i] < 0x20 || at[i] > 0x7e)
            return false;
    }
    return true;
}

/* `text` has room for field_bytes + 1 and is clear. */
static int ll_soup_read_text(const uint8_t *field, uint32_t field_bytes, char *text)
{
    struct ll_soup_trimmed trimmed = ll_soup_trim(field, field_bytes);
    if (!ll_soup_is_printable(trimmed.at, trimmed.bytes_count))
        return LL_ERR_MALFORMED;
    memcpy(text, trimmed.at, trimmed.bytes_count);
    return LL_OK;
}

static int ll_soup_read_number(const uint8_t *field, uint32_t field_bytes, uint64_t *number)
{
    struct ll_soup_trimmed trimmed = ll_soup_trim(field, field_bytes);
    uint64_t value = 0;
    if (trimmed.bytes_count == 0)
        return LL_ERR_MALFORMED;
    for (uint32_t i = 0; i < trimmed.bytes_count; i++) {
        uint32_t digit = (uint32_t)trimmed.at[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return LL_ERR_MALFORMED;
    }
    *number = value;
    return LL_OK;
}

enum ll_soup_padding { LL_SOUP_PAD_LEFT, LL_SOUP_PAD_RIGHT };

static int ll_soup_write_text(const char *text, enum ll_soup_padding padding, uint8_t *field,
                              uint32_t field_bytes)
{
    uint32_t text_bytes = (uint32_t)strnlen(text, field_bytes + 1u);
    if (text_bytes > field_bytes)
        return LL_ERR_LONG;
    if (!ll_soup_is_printable(text, text_bytes))
        return LL_ERR_MALFORMED;
    memset(field, ' ', field_bytes);
    memcpy(padding == LL_SOUP_PAD_LEFT ? field + field_bytes - text_bytes : field, text, text_bytes);
    return LL_OK;
}

/* Padded left. */
static int ll_soup_write_number(uint64_t number, uint8_t *field, uint32_t field_bytes)
{
    memset(field, ' ', field_bytes);
    uint32_t at = field_bytes;
    do {
        if (at == 0)
            return LL_ERR_LONG;
        field[--at] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return LL_OK;
}

/* --- login packets -------------------------------------------------------------------------------------- */

int ll_soup_login_request_decode(const uint8_t *payload, uint32_t payload_bytes,
                                 struct ll_soup_login_request *login)
{
    LL_ASSERT(login != NULL);
    if (payload_bytes < LL_SOUP_REQUEST_TIMEOUT)
        return LL_ERR_SHORT;
    if (payload_bytes != LL_SOUP_REQUEST_TIMEOUT && payload_bytes != LL_SOUP_REQUEST_END)
        return payload_bytes < LL_SOUP_REQUEST_END ? LL_ERR_SHORT : LL_ERR_LONG;
    struct ll_soup_login_request got = {.has_timeout = payload_bytes == LL_SOUP_REQUEST_END};
    uint64_t timeout_ms = 0;
    int err = ll_soup_read_text(payload + LL_SOUP_REQUEST_USERNAME, LL_SOUP_USERNAME_BYTES, got.username);
    if (err == LL_OK)
        err = ll_soup_read_text(payload + LL_SOUP_REQUEST_PASSWORD, LL_SOUP_PASSWORD_BYTES, got.password);
    if (err == LL_OK)
        err = ll_soup_read_text(payload + LL_SOUP_REQUEST_SESSION, LL_SOUP_SESSION_BYTES, got.session);
    if (err == LL_OK)
        err = ll_soup_read_number(payload + LL_SOUP_REQUEST_SEQUENCE, LL_SOUP_SEQUENCE_BYTES, &got.sequence);
    if (err == LL_OK && got.has_timeout)
        err = ll_soup_read_number(payload + LL_SOUP_REQUEST_TIMEOUT, LL_SOUP_TIMEOUT_BYTES, &timeout_ms);
    if (err != LL_OK)
        return err;
    got.timeout_ms = (uint32_t)timeout_ms; /* five digits */
    *login = got;
    return LL_OK;
}

int ll_soup_login_request_encode(const struct ll_soup_login_request *login, uint8_t *bytes,
                                 uint32_t capacity_bytes, uint32_t *bytes_count)
{
    LL_ASSERT(login != NULL);
    uint8_t payload[LL_SOUP_REQUEST_END];
    int err = ll_soup_write_text(login->username, LL_SOUP_PAD_RIGHT, payload + LL_SOUP_REQUEST_USERNAME,
                                 LL_SOUP_USERNAME_BYTES);
    if (err == LL_OK)
        err = ll_soup_write_text(login->password, LL_SOUP_PAD_RIGHT, payload + LL_SOUP_REQUEST_PASSWORD,
                                 LL_SOUP_PASSWORD_BYTES);
    if (err == LL_OK)
        err = ll_soup_write_text(login->session, LL_SOUP_PAD_LEFT, payload + LL_SOUP_REQUEST_SESSION,
                                 LL_SOUP_SESSION_BYTES);
    if (err == LL_OK)
        err =
            ll_soup_write_number(login->sequence, payload + LL_SOUP_REQUEST_SEQUENCE, LL_SOUP_SEQUENCE_BYTES);
    if (err == LL_OK && login->has_timeout)
        err =
            ll_soup_write_number(login->timeout_ms, payload + LL_SOUP_REQUEST_TIMEOUT, LL_SOUP_TIMEOUT_BYTES);
    if (err != LL_OK)
        return err;
    return ll_soup_packet_encode(LL_SOUP_LOGIN_REQUEST, payload,
                                 login->has_timeout ? LL_SOUP_REQUEST_END : LL_SOUP_REQUEST_TIMEOUT, bytes,
                                 capacity_bytes, bytes_count);
}

int ll_soup_login_accepted_decode(const uint8_t *payload, uint32_t payload_bytes,
                                  struct ll_soup_login_accepted *accepted)
{
    LL_ASSERT(accepted != NULL);
    if (payload_bytes != LL_SOUP_ACCEPTED_END)
        return payload_bytes < LL_SOUP_ACCEPTED_END ? LL_ERR_SHORT : LL_ERR_LONG;
    struct ll_soup_login_accepted got = {.sequence = 0};
    int err = ll_soup_read_text(payload + LL_SOUP_ACCEPTED_SESSION, LL_SOUP_SESSION_BYTES, got.session);
    if (err == LL_OK)
        err = ll_soup_read_number(payload + LL_SOUP_ACCEPTED_SEQUENCE, LL_SOUP_SEQUENCE_BYTES, &got.sequence);
    if (err == LL_OK)
        *accepted = got;
    return err;
}

int ll_soup_login_accepted_encode(const struct ll_soup_login_accepted *accepted, uint8_t *bytes,
                                  uint32_t capacity_bytes, uint32_t *bytes_count)
{
    LL_ASSERT(accepted != NULL);
    uint8_t payload[LL_SOUP_ACCEPTED_END];
    int err = ll_soup_write_text(accepted->session, LL_SOUP_PAD_LEFT, payload + LL_SOUP_ACCEPTED_SESSION,
                                 LL_SOUP_SESSION_BYTES);
    if (err == LL_OK)
        err = ll_soup_write_number(accepted->sequence, payload + LL_SOUP_ACCEPTED_SEQUENCE,
                                   LL_SOUP_SEQUENCE_BYTES);
    if (err != LL_OK)
        return err;
    return ll_soup_packet_encode(LL_SOUP_LOGIN_ACCEPTED, payload, LL_SOUP_ACCEPTED_END, bytes, capacity_bytes,
                                 bytes_count);
}

int ll_soup_login_rejected_decode(const uint8_t *payload, uint32_t payload_bytes,
                                  struct ll_soup_login_rejected *rejected)
{
    LL_ASSERT(rejected != NULL);
    if (payload_bytes != sizeof rejected->reason)
        return payload_bytes == 0 ? LL_ERR_SHORT : LL_ERR_LONG;
    rejected->reason = (char)payload[0];
    return LL_OK;
}

int ll_soup_login_rejected_encode(const struct ll_soup_login_rejected *rejected, uint8_t *bytes,
                                  uint32_t capacity_bytes, uint32_t *bytes_count)
{
    LL_ASSERT(rejected != NULL);
    uint8_t reason = (uint8_t)rejected->reason;
    return ll_soup_packet_encode(LL_SOUP_LOGIN_REJECTED, &reason, sizeof reason, bytes, capacity_bytes,
                                 bytes_count);
}
