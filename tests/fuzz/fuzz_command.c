/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any bytes are read as a command whole or refused whole, and what is read is made of exactly these bytes.
 * Method: a command that was read is cut to its used bytes and compared with the input; its texts must lie inside it,
 * one behind the other, and built again from them it is the same. The bytes are also checked as a whole command, as
 * they would come out of shared memory.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_command.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

static void rebuild_command(const struct ll_command *command)
{
    struct ll_command again = *command;
    uint32_t at = 0;
    memset(again.text_bytes, 0, sizeof again.text_bytes);
    memset(again.text, 0, sizeof again.text);
    for (uint32_t i = 0; i < LL_COMMAND_TEXT_COUNT; i++) {
        uint32_t text_bytes = 0;
        const char *text = ll_command_text(command, (enum ll_command_text)i, &text_bytes);
        LL_ASSERT(text == command->text + at);
        LL_ASSERT(text_bytes <= LL_COMMAND_TEXT_BYTES_MAX - at);
        LL_ASSERT(ll_command_add_text(&again, (enum ll_command_text)i, text, text_bytes) == LL_OK);
        at += text_bytes;
    }
    LL_ASSERT(memcmp(&again, command, sizeof again) == 0);
    LL_ASSERT(ll_command_bytes(command) == LL_COMMAND_HEAD_BYTES + at);
    LL_ASSERT(ll_command_verb(command->kind) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_command command;
    struct ll_command whole = {0};
    if (bytes_count > UINT32_MAX)
        return 0;
    int err = ll_command_read(&command, bytes, (uint32_t)bytes_count);
    LL_ASSERT(err == LL_OK || err == LL_ERR_SHORT || err == LL_ERR_LONG || err == LL_ERR_MALFORMED);
    if (err == LL_OK) {
        LL_ASSERT(ll_command_bytes(&command) == bytes_count);
        LL_ASSERT(memcmp(&command, bytes, bytes_count) == 0);
        rebuild_command(&command);
    }
    memcpy(&whole, bytes, bytes_count < sizeof whole ? bytes_count : sizeof whole);
    if (ll_command_check(&whole) == LL_OK)
        rebuild_command(&whole);
    return 0;
}
