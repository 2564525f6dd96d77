/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: only an xclbin that XRT can be given gets through: whole, for the right mode, with this version's kernel;
 * every other one is refused with a sentence that says what to do.
 * Method: files made here field by field, one fault each; every prefix of a good one; random bytes changed in a good
 * one, which must never lead outside of it (the address sanitizer looks); metadata written in other ways.
 */
#include "host/device/ll_xclbin.h"

#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES 4096u
#define KERNEL     "the_kernel"

static const char *const arguments[] = {"first", "second", "third"};
#define ARGUMENT_COUNT 3u

static const char good_metadata[] =
    "<?xml version=\"1.0\"?>\n<project name=\"p\"><core>\n"
    "<kernel name=\"other\" language=\"c\"><arg name=\"x\" id=\"0\"/></kernel>\n"
    "<kernel name=\"the_kernel\" language=\"c\">\n"
    "<port name=\"M_AXI\"/>\n"
    "<arg name=\"first\" id=\"0\" hostSize=\"0x8\"/>\n"
    "<arg id=\"1\" name=\"second\"/>\n"
    "<!-- <arg name=\"not\"/> <kernel name=\"no\"> -->\n"
    "<arg name='third' id=\"2\"/><argument name=\"fourth\"/>\n"
    "<instance name=\"the_kernel_1\"/></kernel>\n"
    "<kernel name=\"behind\"><arg name=\"y\"/></kernel></core></project>\n";

struct file {
    uint8_t bytes[FILE_BYTES];
    size_t count;
};

static void put(struct file *file, size_t at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        file->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_section(struct file *file, uint32_t number, uint32_t kind, uint64_t offset, uint64_t bytes)
{
    size_t at = LL_XCLBIN_HEADER_BYTES + number * LL_XCLBIN_SECTION_BYTES;
    put(file, at, kind, 4);
    put(file, at + 24, offset, 8);
    put(file, at + 32, bytes, 8);
}

static void make_file(struct file *file, uint16_t mode, const char *metadata)
{
    size_t bitstream_at = LL_XCLBIN_HEADER_BYTES + 2 * LL_XCLBIN_SECTION_BYTES;
    size_t metadata_at = bitstream_at + 16;
    size_t metadata_bytes = strlen(metadata);
    memset(file, 0, sizeof *file);
    file->count = metadata_at + metadata_bytes;
    ck_assert_uint_le(file->count, sizeof file->bytes);
    memcpy(file->bytes, "xclbin2", 8);
    put(file, 304, file->count, 8);
    put(file, 332, mode, 2);
    memcpy(file->bytes + 352, "a_card", 6);
    put(file, 448, 2, 4);
    put_section(file, 0, LL_XCLBIN_BITSTREAM, bitstream_at, 16);
    put_section(file, 1, LL_XCLBIN_METADATA, metadata_at, metadata_bytes);
    memcpy(file->bytes + metadata_at, metadata, metadata_bytes);
}

/* Through all checks, on a copy of exactly that size, for software emulation. */
static int take(const struct file *file, size_t count, struct ll_why *why)
{
    struct ll_xclbin xclbin;
    uint8_t *copy = malloc(count == 0 ? 1 : count);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, file->bytes, count);
    int err = ll_xclbin_read(&xclbin, copy, count, why);
    if (err == LL_OK)
        err = ll_xclbin_check_mode(&xclbin, "sw_emu", why);
    if (err == LL_OK)
        err = ll_xclbin_check_kernel(&xclbin, KERNEL, arguments, ARGUMENT_COUNT, why);
    free(copy);
    return err;
}

static void refused(const struct file *file, const char *because)
{
    struct ll_why why = {0};
    ck_assert_int_eq(take(file, file->count, &why), LL_ERR_INPUT);
    ck_assert_msg(strstr(why.text, because) != NULL, "\"%s\" does not say \"%s\"", why.text, because);
}

static void refused_metadata(const char *metadata, const char *because)
{
    struct file file;
    make_file(&file, LL_XCLBIN_SW_EMU, metadata);
    refused(&file, because);
}

START_TEST(good)
{
    struct file file;
    struct ll_xclbin xclbin;
    make_file(&file, LL_XCLBIN_SW_EMU, good_metadata);
    ck_assert_int_eq(take(&file, file.count, NULL), LL_OK);
    ck_assert_int_eq(ll_xclbin_read(&xclbin, file.bytes, file.count, NULL), LL_OK);
    ck_assert_str_eq(xclbin.platform, "a_card");
    ck_assert_uint_eq(xclbin.metadata_bytes, strlen(good_metadata));
}
END_TEST

START_TEST(every_prefix_is_refused)
{
    struct file file;
    make_file(&file, LL_XCLBIN_SW_EMU, good_metadata);
    for (size_t count = 0; count < file.count; count++)
        ck_assert_int_eq(take(&file, count, NULL), LL_ERR_INPUT);
    file.count++;
    refused(&file, "something was added");
}
END_TEST

START_TEST(modes)
{
    static const struct {
        uint16_t mode;
        const char *emulation;
        const char *because; /* NULL = it fits */
    } cases[] = {{LL_XCLBIN_FLAT, "", NULL},
                 {LL_XCLBIN_PR, "", NULL},
                 {LL_XCLBIN_SW_EMU, "sw_emu", NULL},
                 {LL_XCLBIN_HW_EMU, "hw_emu", NULL},
                 {LL_XCLBIN_HW_EMU_PR, "hw_emu", NULL},
                 {LL_XCLBIN_FLAT, "sw_emu", "for a card (a_card)"},
                 {LL_XCLBIN_SW_EMU, "", "set it to sw_emu"},
                 {LL_XCLBIN_HW_EMU, "sw_emu", "set it to hw_emu"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct file file;
        struct ll_xclbin xclbin;
        struct ll_why why = {0};
        make_file(&file, cases[i].mode, good_metadata);
        ck_assert_int_eq(ll_xclbin_read(&xclbin, file.bytes, file.count, NULL), LL_OK);
        int err = ll_xclbin_check_mode(&xclbin, cases[i].emulation, &why);
        ck_assert_int_eq(err, cases[i].because == NULL ? LL_OK : LL_ERR_INPUT);
        if (cases[i].because != NULL)
            ck_assert_ptr_nonnull(strstr(why.text, cases[i].because));
    }
}
END_TEST

START_TEST(wrong_files)
{
    struct file file;
    make_file(&file, LL_XCLBIN_SW_EMU, good_metadata);
    memcpy(file.bytes, "#!/bin/sh", 9);
    refused(&file, "no xclbin");
    make_file(&file, LL_XCLBIN_MODE_COUNT, good_metadata);
    refused(&file, "mode 7");
    make_file(&file, LL_XCLBIN_SW_EMU, good_metadata);
    put(&file, 448, LL_XCLBIN_SECTIONS_MAX + 1, 4);
    refused(&file, "sections");
    put(&file, 448, 200, 4);
    refused(&file, "sections");
    put(&file, 448, 1, 4);
    refused(&file, "EMBEDDED_METADATA");
    make_file(&file, LL_XCLBIN_SW_EMU, good_metadata);
    put_section(&file, 1, LL_XCLBIN_METADATA, file.count, 1);
    refused(&file, "beyond its end");
    put_section(&file, 0, LL_XCLBIN_BITSTREAM, UINT64_MAX - 3, 16);
    refused(&file, "beyond its end");
}
END_TEST

START_TEST(wrong_kernels)
{
    refused_metadata("", "no kernel at all");
    refused_metadata("<kernel", "no kernel at all");
    refused_metadata("<kernels name=\"the_kernel\"><arg name=\"first\"/></kernels>", "no kernel at all");
    refused_metadata("<kernel name=\"vadd\"><arg name=\"first\"/></kernel>", "kernel `vadd`");
    refused_metadata("<kernel name=\"the_kernel\"></kernel>", "has 0 arguments, not 3");
    refused_metadata("<kernel name=\"the_kernel\"><arg name=\"first\"/><arg name=\"second\"/></kernel>",
                     "has 2 arguments, not 3");
    refused_metadata("<kernel name=\"the_kernel\"><arg name=\"first\"/><arg name=\"third\"/></kernel>",
                     "argument 1 of kernel the_kernel in the xclbin is `third`, not `second`");
    refused_metadata("<kernel name=\"the_kernel\"><arg name=\"first\"/><arg rename=\"second\"/></kernel>",
                     "is ``, not `second`");
    refused_metadata(
        "<kernel name=\"the_kernel\"><arg name=\"first\"/><arg name=\"second\"/><arg name=\"third\"/>"
        "<arg name=\"fourth\"/></kernel>",
        "has 4 arguments, not 3");
    refused_metadata("<kernel vlnv=\"name=the_kernel\" name=\"the_kernel", "no kernel at all");
}
END_TEST

START_TEST(random_changes)
{
    struct ll_prng prng;
    struct file good_file;
    uint32_t taken = 0;
    ll_prng_init(&prng, ll_test_seed("random_changes"));
    make_file(&good_file, LL_XCLBIN_SW_EMU, good_metadata);
    for (uint32_t round = 0; round < 20000; round++) {
        struct file file = good_file;
        uint32_t changes = 1 + ll_prng_below(&prng, 4);
        for (uint32_t i = 0; i < changes; i++) {
            /* Half of them where sizes and offsets stand. */
            size_t at = ll_prng_chance(&prng, 500) ? 304 + ll_prng_below(&prng, 240)
                                                   : ll_prng_below(&prng, (uint32_t)file.count);
            file.bytes[at] = (uint8_t)ll_prng_next(&prng);
        }
        int err = take(&file, file.count, NULL);
        ck_assert(err == LL_OK || err == LL_ERR_INPUT);
        taken += err == LL_OK;
    }
    ck_assert_uint_gt(taken, 0); /* some bytes mean nothing to us */
    ck_assert_uint_lt(taken, 20000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xclbin");
    TCase *tcase = tcase_create("xclbin");
    tcase_add_test(tcase, good);
    tcase_add_test(tcase, every_prefix_is_refused);
    tcase_add_test(tcase, modes);
    tcase_add_test(tcase, wrong_files);
    tcase_add_test(tcase, wrong_kernels);
    tcase_add_test(tcase, random_changes);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
