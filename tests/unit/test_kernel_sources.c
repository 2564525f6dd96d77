/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: one C text, three compilers: hls/ is OpenCL C 1.2, C11 and C++14, without a warning.
 * Method: the compilers themselves, syntax only: clang's OpenCL C over kernels/ (what PoCL loads), and gcc and
 * g++ over each header alone, also as a hardware compiler reads it (__SYNTHESIS__, with lines on chip and
 * without). Run from the root of the tree. A compiler that is absent makes this test a skip by name, after the
 * others have been asked.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLAGS " -fsyntax-only -Wall -Wextra -Werror -Wno-unknown-pragmas -I. "

static const char *const headers[] = {
    "hls/ll_types.h",      "hls/ll_records.h",      "hls/ll_hash.h",         "hls/ll_lanes.h",
    "hls/ll_book_types.h", "hls/ll_book_tree.h",    "hls/ll_orders.h",       "hls/ll_levels.h",
    "hls/ll_book.h",       "hls/ll_order_states.h", "hls/ll_life_records.h", "hls/ll_life_types.h",
    "hls/ll_life_ids.h",   "hls/ll_life_step.h",    "hls/ll_life.h",         "hls/ll_beat.h",
    "hls/ll_link.h",       "hls/ll_words.h",        "hls/ll_state_hash.h",   "hls/ll_gateway_parts.h",
    "hls/ll_gateway.h",    "hls/ll_hot.h",          "hls/ll_life_orders.h"};

static const char *const kernels[] = {"kernels/ll_gateway.cl"};

enum { HEADER_COUNT = sizeof headers / sizeof headers[0] };

static int shell(const char *command)
{
    /* NOLINTNEXTLINE(cert-env33-c): compilers are found as the Makefile finds them */
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int is_there(const char *program)
{
    char command[128];
    (void)snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return shell(command) == 0;
}

/* Each header alone. In C++ a static function that nobody calls would be a warning of its own. */
static void check_headers(const char *compiler)
{
    char command[512];
    for (int i = 0; i < HEADER_COUNT; i++) {
        (void)snprintf(command, sizeof command, "echo '#include \"%s\"' | %s -Wno-unused-function" FLAGS "-",
                       headers[i], compiler);
        ck_assert_msg(shell(command) == 0, "%s", command);
    }
}

START_TEST(c11)
{
    if (!is_there("gcc"))
        return;
    check_headers("gcc -xc -std=c11 -Wpedantic");
    check_headers("gcc -xc -std=c11 -Wpedantic -D__SYNTHESIS__");
    check_headers("gcc -xc -std=c11 -Wpedantic -D__SYNTHESIS__ -DLL_HOT_LINES=1024");
}
END_TEST

START_TEST(cpp14)
{
    if (!is_there("g++"))
        return;
    check_headers("g++ -xc++ -std=c++14");
    check_headers("g++ -xc++ -std=c++14 -D__SYNTHESIS__");
    check_headers("g++ -xc++ -std=c++14 -D__SYNTHESIS__ -DLL_HOT_LINES=1024");
}
END_TEST

START_TEST(opencl_c)
{
    if (!is_there("clang"))
        return;
    char command[256];
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        (void)snprintf(command, sizeof command,
                       "clang -x cl -cl-std=CL1.2 -Xclang -finclude-default-header" FLAGS "%s", kernels[i]);
        ck_assert_msg(shell(command) == 0, "%s", command);
    }
}
END_TEST

int main(void)
{
    static const char *const compilers[] = {"gcc", "g++", "clang"};
    int absent = 0;
    if (access("hls/ll_book.h", R_OK) != 0) {
        printf("test_kernel_sources: skipped: hls/ is not here; run from the root of the tree\n");
        return 77;
    }
    Suite *suite = suite_create("kernel_sources");
    TCase *tcase = tcase_create("compilers");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, c11);
    tcase_add_test(tcase, cpp14);
    tcase_add_test(tcase, opencl_c);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (int i = 0; i < 3; i++) {
        if (!is_there(compilers[i])) {
            printf("test_kernel_sources: skipped in part: no %s\n", compilers[i]);
            absent = 1;
        }
    }
    return failed != 0 ? 1 : absent ? 77 : 0;
}
