/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the command layout is what its header says: texts come back as they went in, what cannot be is refused, and a
 * command cut to its used bytes is the same one again.
 * Method: offsets held against the header's numbers; each text at its longest and one beyond; every byte that must be
 * zero set in turn; random commands there and back; every number in the lists has its name.
 */
#include "host/base/ll_prng.h"
#include "host/wire/ll_command.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stddef.h>
#include <string.h>

static const uint32_t command_longest[LL_COMMAND_TEXT_COUNT] = {16, 16, 16, 8, 64, 64, 64, 64, 255};

START_TEST(command_layout)
{
    ck_assert_uint_eq(sizeof(struct ll_command), 384);
    ck_assert_uint_eq(offsetof(struct ll_command, client), 64);
    ck_assert_uint_eq(offsetof(struct ll_command, kind), 72);
    ck_assert_uint_eq(offsetof(struct ll_command, text_bytes), 87);
    ck_assert_uint_eq(offsetof(struct ll_command, text), 112);
    ck_assert_uint_eq(sizeof(struct ll_client_event), 256);
    ck_assert_uint_eq(offsetof(struct ll_client_event, order), 88);
    ck_assert_uint_eq(offsetof(struct ll_client_event, kind), 96);
    ck_assert_uint_eq(offsetof(struct ll_client_event, order_id), 128);
    ck_assert_uint_eq(offsetof(struct ll_client_event, lifecycle_id), 192);
}
END_TEST

START_TEST(command_text_limits)
{
    char text[256];
    memset(text, 'x', sizeof text);
    struct ll_command command = {.kind = LL_COMMAND_PLACE};
    uint32_t longest = command_longest[_i];
    bool is_id = longest == 64;
    ck_assert_int_eq(ll_command_add_text(&command, (enum ll_command_text)_i, text, longest), LL_OK);
    ck_assert_int_eq(ll_command_check(&command), LL_OK);
    ck_assert_uint_eq(ll_command_bytes(&command), 112 + longest);
    if (longest == 255)
        return;
    command = (struct ll_command){.kind = LL_COMMAND_PLACE};
    ck_assert_int_eq(ll_command_add_text(&command, (enum ll_command_text)_i, text, longest + 1), LL_OK);
    /* An identifier too long is let through, so that the engine refuses it by name. */
    ck_assert_int_eq(ll_command_check(&command), is_id ? LL_OK : LL_ERR_MALFORMED);
}
END_TEST

START_TEST(command_texts_have_room_together)
{
    char text[256];
    uint32_t bytes = 0;
    memset(text, 'x', sizeof text);
    struct ll_command command = {.kind = LL_COMMAND_PLACE};
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_account, text, 256), LL_ERR_FULL);
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_account, text, 16), LL_OK);
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_client_order_id, text, 64), LL_OK);
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_notes, text, 193), LL_ERR_FULL);
    ck_assert_uint_eq(ll_command_bytes(&command), 112 + 80);
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_notes, text, 192), LL_OK);
    ck_assert_uint_eq(ll_command_bytes(&command), LL_COMMAND_BYTES_MAX);
    ck_assert_int_eq(ll_command_check(&command), LL_OK);
    ck_assert_ptr_eq(ll_command_text(&command, LL_TEXT_notes, &bytes), command.text + 80);
    ck_assert_uint_eq(bytes, 192);
    (void)ll_command_text(&command, LL_TEXT_symbol, &bytes);
    ck_assert_uint_eq(bytes, 0);
}
END_TEST

START_TEST(command_refuses_what_cannot_be)
{
    struct ll_command good = {.kind = LL_COMMAND_STATUS, .request = 1};
    ck_assert_int_eq(ll_command_add_text(&good, LL_TEXT_target, "OR-1", 4), LL_OK);
    ck_assert_int_eq(ll_command_check(&good), LL_OK);
    uint32_t refused = 0;
    for (uint32_t i = 0; i < sizeof good; i++) {
        struct ll_command bad = good;
        uint8_t *bytes = (uint8_t *)&bad;
        bool must_be_zero =
            (i >= offsetof(struct ll_command, reserved8) &&
             i < offsetof(struct ll_command, reserved8) + sizeof good.reserved8) ||
            (i >= offsetof(struct ll_command, reserved) && i < offsetof(struct ll_command, text)) ||
            i >= 112 + 4;
        if (!must_be_zero)
            continue;
        bytes[i] = 1;
        ck_assert_int_eq(ll_command_check(&bad), LL_ERR_MALFORMED);
        refused++;
    }
    ck_assert_uint_eq(refused, 5 + 16 + 384 - 116);
    for (uint32_t kind = 0; kind < 256; kind++) {
        struct ll_command any = good;
        any.kind = (uint8_t)kind;
        ck_assert_int_eq(ll_command_check(&any), kind >= 1 && kind <= 17 ? LL_OK : LL_ERR_MALFORMED);
    }
    struct ll_command full = good;
    memset(full.text_bytes, 255, sizeof full.text_bytes); /* far beyond its end */
    ck_assert_int_eq(ll_command_check(&full), LL_ERR_MALFORMED);
    /* Identifiers may be too long each, but never all together. */
    struct ll_command ids = {.kind = LL_COMMAND_STATUS};
    memset(ids.text, 'i', sizeof ids.text);
    ids.text_bytes[LL_TEXT_client_order_id] = 255;
    ids.text_bytes[LL_TEXT_target] = 17;
    ck_assert_int_eq(ll_command_check(&ids), LL_OK);
    ids.text_bytes[LL_TEXT_target] = 18;
    ck_assert_int_eq(ll_command_check(&ids), LL_ERR_MALFORMED);
}
END_TEST

START_TEST(command_reads_its_used_bytes)
{
    struct ll_command command = {.kind = LL_COMMAND_KILL, .request = 7};
    struct ll_command back;
    uint8_t bytes[LL_COMMAND_BYTES_MAX + 1] = {0};
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_notes, "why", 3), LL_OK);
    memcpy(bytes, &command, sizeof command);
    for (uint32_t count = 0; count <= sizeof bytes; count++) {
        int wanted = count < 112    ? LL_ERR_SHORT
                     : count > 384  ? LL_ERR_LONG
                     : count == 115 ? LL_OK
                                    : LL_ERR_MALFORMED;
        ck_assert_int_eq(ll_command_read(&back, bytes, count), wanted);
    }
    ck_assert_int_eq(ll_command_read(&back, bytes, 115), LL_OK);
    ck_assert_mem_eq(&back, &command, sizeof command);
}
END_TEST

START_TEST(command_random_there_and_back)
{
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("command"));
    for (uint32_t step = 0; step < 20000; step++) {
        char texts[LL_COMMAND_TEXT_COUNT][256];
        uint32_t lengths[LL_COMMAND_TEXT_COUNT] = {0};
        uint32_t room = LL_COMMAND_TEXT_BYTES_MAX;
        struct ll_command command = {.kind = (uint8_t)(1 + ll_prng_below(&prng, 17)),
                                     .request = ll_prng_next(&prng),
                                     .quantity = ll_prng_next(&prng),
                                     .side = (uint8_t)ll_prng_below(&prng, 3)};
        for (uint32_t i = 0; i < LL_COMMAND_TEXT_COUNT; i++) {
            uint32_t most = command_longest[i] < room ? command_longest[i] : room;
            lengths[i] = ll_prng_chance(&prng, 500) ? ll_prng_below(&prng, most + 1) : 0;
            for (uint32_t j = 0; j < lengths[i]; j++)
                texts[i][j] = (char)('!' + ll_prng_below(&prng, 94));
            ck_assert_int_eq(ll_command_add_text(&command, (enum ll_command_text)i, texts[i], lengths[i]),
                             LL_OK);
            room -= lengths[i];
        }
        struct ll_command back;
        ck_assert_int_eq(ll_command_read(&back, (const uint8_t *)&command, ll_command_bytes(&command)),
                         LL_OK);
        ck_assert_mem_eq(&back, &command, sizeof command);
        for (uint32_t i = 0; i < LL_COMMAND_TEXT_COUNT; i++) {
            uint32_t bytes;
            const char *text = ll_command_text(&back, (enum ll_command_text)i, &bytes);
            ck_assert_uint_eq(bytes, lengths[i]);
            ck_assert_mem_eq(text, texts[i], bytes);
        }
    }
}
END_TEST

START_TEST(command_names)
{
    ck_assert_ptr_null(ll_command_verb(0));
    ck_assert_ptr_null(ll_command_verb(18));
    ck_assert_str_eq(ll_command_verb(LL_COMMAND_PLACE), "place");
    ck_assert_str_eq(ll_command_verb(LL_COMMAND_STATUS), "status");
    ck_assert(ll_command_is_journaled(LL_COMMAND_CANCEL));
    ck_assert(!ll_command_is_journaled(LL_COMMAND_RESOLVE));
    ck_assert(!ll_command_is_journaled(LL_COMMAND_STATUS));
    ck_assert(!ll_command_is_journaled(0));
    for (uint8_t i = 0; i < LL_REFUSAL_COUNT; i++) {
        ck_assert_str_ne(ll_refusal_name(i), "unknown");
        for (uint8_t j = 0; j < i; j++)
            ck_assert_str_ne(ll_refusal_name(i), ll_refusal_name(j));
    }
    ck_assert_str_eq(ll_refusal_name(LL_REFUSAL_COUNT), "unknown");
    for (uint8_t i = 1; i <= 8; i++)
        ck_assert_str_ne(ll_client_event_name(i), "unknown");
    ck_assert_str_eq(ll_client_event_name(0), "unknown");
    ck_assert_str_eq(ll_client_event_name(9), "unknown");
}
END_TEST

START_TEST(command_identifiers)
{
    char text[66];
    memset(text, 'a', sizeof text);
    ck_assert(!ll_id_text_is_good(text, 0));
    ck_assert(ll_id_text_is_good(text, 1));
    ck_assert(ll_id_text_is_good(text, 64));
    ck_assert(!ll_id_text_is_good(text, 65));
    for (int byte = 0; byte < 256; byte++) {
        text[7] = (char)byte;
        ck_assert(ll_id_text_is_good(text, 10) == (byte > 0x20 && byte < 0x7f));
        ck_assert(ll_id_text_is_good(text, 7)); /* what lies behind it does not count */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command");
    TCase *edges = tcase_create("edges");
    tcase_add_test(edges, command_layout);
    tcase_add_loop_test(edges, command_text_limits, 0, LL_COMMAND_TEXT_COUNT);
    tcase_add_test(edges, command_texts_have_room_together);
    tcase_add_test(edges, command_refuses_what_cannot_be);
    tcase_add_test(edges, command_reads_its_used_bytes);
    tcase_add_test(edges, command_random_there_and_back);
    tcase_add_test(edges, command_names);
    tcase_add_test(edges, command_identifiers);
    suite_add_tcase(suite, edges);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
