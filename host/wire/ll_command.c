/* SPDX-License-Identifier: Apache-2.0 */
#include "host/wire/ll_command.h"

#include "host/base/ll_assert.h"

#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(struct ll_command, text) == LL_COMMAND_HEAD_BYTES, "the texts follow the head");

static const uint8_t ll_command_longest[LL_COMMAND_TEXT_COUNT] = {
#define LL_COMMAND_LONGEST(name, longest) (longest),
    LL_COMMAND_TEXTS(LL_COMMAND_LONGEST)
#undef LL_COMMAND_LONGEST
};

static uint32_t ll_command_text_at(const struct ll_command *command, uint32_t which)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < which; i++)
        at += command->text_bytes[i];
    return at;
}

int ll_command_add_text(struct ll_command *command, enum ll_command_text which, const char *text,
                        uint32_t text_bytes)
{
    uint32_t at = ll_command_text_at(command, LL_COMMAND_TEXT_COUNT);
    LL_ASSERT(ll_command_text_at(command, (uint32_t)which) == at); /* in their order */
    if (text_bytes > UINT8_MAX || text_bytes > LL_COMMAND_TEXT_BYTES_MAX - at)
        return LL_ERR_FULL;
    memcpy(command->text + at, text, text_bytes);
    command->text_bytes[which] = (uint8_t)text_bytes;
    return LL_OK;
}

const char *ll_command_text(const struct ll_command *command, enum ll_command_text which,
                            uint32_t *text_bytes)
{
    *text_bytes = command->text_bytes[which];
    return command->text + ll_command_text_at(command, (uint32_t)which);
}

uint32_t ll_command_bytes(const struct ll_command *command)
{
    return LL_COMMAND_HEAD_BYTES + ll_command_text_at(command, LL_COMMAND_TEXT_COUNT);
}

int ll_command_read(struct ll_command *command, const uint8_t *bytes, uint32_t bytes_count)
{
    if (bytes_count < LL_COMMAND_HEAD_BYTES)
        return LL_ERR_SHORT;
    if (bytes_count > LL_COMMAND_BYTES_MAX)
        return LL_ERR_LONG;
    memset(command, 0, sizeof *command);
    memcpy(command, bytes, bytes_count);
    if (ll_command_bytes(command) != bytes_count)
        return LL_ERR_MALFORMED;
    return ll_command_check(command);
}

static bool ll_command_is_known(uint8_t kind)
{
    return ll_command_verb(kind) != NULL;
}

int ll_command_check(const struct ll_command *command)
{
    uint32_t bytes_count = ll_command_bytes(command);
    const uint8_t *bytes = (const uint8_t *)command;
    if (!ll_command_is_known(command->kind) || bytes_count > LL_COMMAND_BYTES_MAX)
        return LL_ERR_MALFORMED;
    for (uint32_t i = 0; i < LL_COMMAND_TEXT_COUNT; i++)
        /* One byte too long is let through for identifiers, so that the engine can refuse them by name. */
        if (command->text_bytes[i] > ll_command_longest[i] && ll_command_longest[i] != LL_ID_BYTES_MAX)
            return LL_ERR_MALFORMED;
    for (uint32_t i = 0; i < sizeof command->reserved8; i++)
        if (command->reserved8[i] != 0)
            return LL_ERR_MALFORMED;
    for (uint32_t i = 0; i < sizeof command->reserved; i++)
        if (command->reserved[i] != 0)
            return LL_ERR_MALFORMED;
    for (uint32_t i = bytes_count; i < LL_COMMAND_BYTES_MAX; i++)
        if (bytes[i] != 0)
            return LL_ERR_MALFORMED;
    return LL_OK;
}

const char *ll_command_verb(uint8_t kind)
{
    switch (kind) {
#define LL_COMMAND_CASE(name, number, verb, journaled) \
    case number:                                       \
        return verb;
        LL_COMMANDS(LL_COMMAND_CASE)
#undef LL_COMMAND_CASE
    default:
        return NULL;
    }
}

bool ll_command_is_journaled(uint8_t kind)
{
    switch (kind) {
#define LL_COMMAND_CASE(name, number, verb, journaled) \
    case number:                                       \
        return (journaled) != 0;
        LL_COMMANDS(LL_COMMAND_CASE)
#undef LL_COMMAND_CASE
    default:
        return false;
    }
}

const char *ll_refusal_name(uint8_t refusal)
{
    switch (refusal) {
#define LL_REFUSAL_CASE(name, number, text) \
    case number:                            \
        return text;
        LL_REFUSALS(LL_REFUSAL_CASE)
#undef LL_REFUSAL_CASE
    default:
        return "unknown";
    }
}

const char *ll_client_event_name(uint8_t kind)
{
    switch (kind) {
#define LL_CLIENT_EVENT_CASE(name, number, text) \
    case number:                                 \
        return text;
        LL_CLIENT_EVENTS(LL_CLIENT_EVENT_CASE)
#undef LL_CLIENT_EVENT_CASE
    default:
        return "unknown";
    }
}

bool ll_id_text_is_good(const char *text, uint32_t text_bytes)
{
    if (text_bytes == 0 || text_bytes > LL_ID_BYTES_MAX)
        return false;
    for (uint32_t i = 0; i < text_bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}
