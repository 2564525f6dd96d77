/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: EAL's words are the right ones for the machine; EAL starts quietly and leaves the thread's CPUs
 * alone; when it cannot start, that is an error with a reason, not the end of the process. Method: the words
 * are pure text and are compared as such. EAL starts once per process, so each of those cases runs in a
 * process of its own (check's fork), with its standard output in a file that must stay empty.
 */
#include "dpdk/ll_eal_words.h"
#include "dpdk/ll_port.h"

#include <check.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Asked by the leak sanitizer, when there is one: EAL gives up halfway when it cannot start. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:librte_eal";
}

#define GIB (UINT64_C(1) << 30)

static bool has_word(const struct ll_eal_words *words, const char *word)
{
    for (int i = 1; i < words->argc; i++) {
        if (strcmp(words->argv[i], word) == 0)
            return true;
    }
    return false;
}

static void make_words(struct ll_eal_words *words, const struct ll_eal_config *config,
                       const struct ll_eal_machine *machine)
{
    struct ll_why why = {0};
    int rc = ll_eal_words_init(words, config, machine, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    ck_assert_ptr_null(words->argv[words->argc]);
}

START_TEST(words_without_huge_pages)
{
    struct ll_eal_words words;
    make_words(&words, &(struct ll_eal_config){0},
               &(struct ll_eal_machine){.memory_bytes = GIB, .cpu = 200, .process_id = 77});
    ck_assert(!words.huge_pages);
    ck_assert(has_word(&words, "--no-huge"));
    ck_assert(has_word(&words, "--no-shconf"));
    ck_assert(has_word(&words, "--no-pci"));
    ck_assert(has_word(&words, "--no-telemetry"));
    ck_assert(has_word(&words, "-m"));
    ck_assert(has_word(&words, "128"));
    ck_assert(has_word(&words, "--lcores=0@200"));
    ck_assert(has_word(&words, "--file-prefix=lifeline-77"));
    ck_assert(!has_word(&words, "--in-memory"));
    ck_assert(!words.logs_visible);
}
END_TEST

START_TEST(words_with_huge_pages)
{
    struct ll_eal_words words;
    const struct ll_eal_config config = {.memory_mb = 64, .allow_pci = true};
    struct ll_eal_machine machine = {.memory_bytes = GIB, .huge_free_bytes = (UINT64_C(64) << 20) - 1};
    make_words(&words, &config, &machine);
    ck_assert(has_word(&words, "--no-huge"));
    ck_assert(has_word(&words, "64"));
    machine.huge_free_bytes++;
    make_words(&words, &config, &machine);
    ck_assert(words.huge_pages);
    ck_assert(has_word(&words, "--in-memory"));
    ck_assert(has_word(&words, "--iova-mode=va"));
    ck_assert(!has_word(&words, "--no-huge")); /* excludes --in-memory */
    ck_assert(!has_word(&words, "-m"));
    ck_assert(!has_word(&words, "--no-pci"));
}
END_TEST

START_TEST(extra_words_come_last)
{
    struct ll_eal_words words;
    const struct ll_eal_config config = {.extra_args = "  -a 0000:01:00.0   --log-level=lib.eal:8 "};
    make_words(&words, &config, &(struct ll_eal_machine){.memory_bytes = GIB});
    ck_assert_str_eq(words.argv[words.argc - 3], "-a");
    ck_assert_str_eq(words.argv[words.argc - 2], "0000:01:00.0");
    ck_assert_str_eq(words.argv[words.argc - 1], "--log-level=lib.eal:8");
    ck_assert(words.logs_visible);
    make_words(&words, &(struct ll_eal_config){.extra_args = "   "},
               &(struct ll_eal_machine){.memory_bytes = GIB});
    ck_assert(has_word(&words, "--no-pci"));
}
END_TEST

static void refuse_words(const char *extra_args)
{
    struct ll_eal_words words;
    struct ll_why why = {0};
    const struct ll_eal_config config = {.extra_args = extra_args};
    ck_assert_int_eq(ll_eal_words_init(&words, &config, &(struct ll_eal_machine){.memory_bytes = GIB}, &why),
                     LL_ERR_USAGE);
    ck_assert_uint_gt(strlen(why.text), 0);
}

START_TEST(bad_words_are_refused)
{
    static char many[1024];
    static char wide[LL_EAL_TEXT_BYTES + 100];
    for (size_t i = 0; i + 3 < 3 * LL_EAL_WORDS_MAX; i += 3)
        memcpy(many + i, "-v ", 3);
    memset(wide, 'x', sizeof wide - 1);
    refuse_words(many);
    refuse_words(wide);
    refuse_words("--help");
    refuse_words("--he");
    refuse_words("-v -h");
    refuse_words("-vh");
}
END_TEST

START_TEST(memory_up_to_what_the_machine_has)
{
    struct ll_eal_words words;
    struct ll_why why = {0};
    const struct ll_eal_machine machine = {.memory_bytes = GIB};
    make_words(&words, &(struct ll_eal_config){.memory_mb = 1024}, &machine);
    ck_assert(has_word(&words, "1024"));
    const struct ll_eal_config config = {.memory_mb = 1025};
    ck_assert_int_eq(ll_eal_words_init(&words, &config, &machine, &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(why.text, "ask for less"));
}
END_TEST

/* From here on each case is a process of its own. Its output goes to a file, whose size is what was printed.
 */
static int catch_output(char path[32])
{
    (void)snprintf(path, 32, "/tmp/lifeline-eal-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)fflush(NULL);
    ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
    ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
    return fd;
}

static void check_silent(int fd, const char *path)
{
    struct stat status;
    (void)fflush(NULL);
    ck_assert_int_eq(fstat(fd, &status), 0);
    (void)unlink(path);
    ck_assert_int_eq(status.st_size, 0);
}

static void *read_affinity(void *cpus)
{
    (void)pthread_getaffinity_np(pthread_self(), sizeof(cpu_set_t), cpus);
    return NULL;
}

START_TEST(starts_quietly_and_keeps_the_affinity)
{
    char path[32];
    struct ll_why why = {0};
    cpu_set_t before;
    cpu_set_t after;
    cpu_set_t in_thread;
    pthread_t thread;
    ck_assert_int_eq(pthread_getaffinity_np(pthread_self(), sizeof before, &before), 0);
    int fd = catch_output(path);
    int rc = ll_eal_start(&(struct ll_eal_config){0}, &why);
    check_silent(fd, path);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    ck_assert_int_eq(pthread_getaffinity_np(pthread_self(), sizeof after, &after), 0);
    ck_assert(CPU_EQUAL(&before, &after));
    ck_assert_int_eq(pthread_create(&thread, NULL, read_affinity, &in_thread), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(CPU_EQUAL(&before, &in_thread));
    ck_assert_int_eq(ll_eal_pin_thread(&why), LL_OK);
    ck_assert_int_eq(pthread_getaffinity_np(pthread_self(), sizeof after, &after), 0);
    ck_assert_int_eq(CPU_COUNT(&after), 1);
    ck_assert_int_eq(ll_eal_start(&(struct ll_eal_config){0}, &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(why.text, "started before"));
    ll_eal_stop();
}
END_TEST

/* Whatever CPU is asked for, EAL runs on one that the process may run on. */
START_TEST(runs_on_an_allowed_cpu)
{
    cpu_set_t allowed;
    struct ll_why why = {0};
    ck_assert_int_eq(pthread_getaffinity_np(pthread_self(), sizeof allowed, &allowed), 0);
    uint32_t last = 0;
    for (uint32_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        last = CPU_ISSET(cpu, &allowed) ? cpu : last;
    cpu_set_t only_last;
    CPU_ZERO(&only_last);
    CPU_SET(last, &only_last);
    ck_assert_int_eq(pthread_setaffinity_np(pthread_self(), sizeof only_last, &only_last), 0);
    static const uint32_t asked[] = {0, 5000};
    int rc = ll_eal_start(&(struct ll_eal_config){.cpu = asked[_i]}, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    rte_cpuset_t used = rte_lcore_cpuset(rte_get_main_lcore());
    ck_assert(CPU_EQUAL(&used, &only_last));
    ll_eal_stop();
}
END_TEST

struct failing_start {
    const char *extra_args;
    uint32_t memory_mb;
    int code;
    bool reaches_eal;
    const char *word; /* in the reason */
};

static const struct failing_start failing_starts[] = {
    {"--no-such-word", 0, LL_ERR_ENVIRONMENT, true, "--no-such-word"},
    {"--vdev=net_nothing0", 0, LL_ERR_ENVIRONMENT, true, "net_nothing0"},
    {"--in-memory", 0, LL_ERR_ENVIRONMENT, true, "compatible"},
    {"-m", 0, LL_ERR_ENVIRONMENT, true, "argument"},
    {"-l 99999", 0, LL_ERR_ENVIRONMENT, true, "EAL does not start"},
    {"banana", 0, LL_ERR_USAGE, true, "banana"},
    {"--help", 0, LL_ERR_USAGE, false, "--help"},
    {NULL, UINT32_MAX, LL_ERR_ENVIRONMENT, false, "memory"},
};

START_TEST(failing_start_is_an_error_with_a_reason)
{
    const struct failing_start *failing = &failing_starts[_i];
    const struct ll_eal_config config = {.extra_args = failing->extra_args, .memory_mb = failing->memory_mb};
    char path[32];
    struct ll_why why = {0};
    int fd = catch_output(path);
    int rc = ll_eal_start(&config, &why);
    check_silent(fd, path);
    ck_assert_msg(rc == failing->code, "%d %s", rc, why.text);
    ck_assert_msg(strstr(why.text, failing->word) != NULL, "'%s' not in: %s", failing->word, why.text);
    ck_assert_msg(strchr(why.text, ';') != NULL, "no remedy in: %s", why.text);
    /* A start that was refused before EAL saw it costs nothing; EAL itself has only one. */
    struct ll_why again = {0};
    rc = ll_eal_start(&(struct ll_eal_config){0}, &again);
    ck_assert_int_eq(rc, failing->reaches_eal ? LL_ERR_ENVIRONMENT : LL_OK);
    if (rc == LL_OK)
        ll_eal_stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eal");
    TCase *tcase = tcase_create("words");
    tcase_add_test(tcase, words_without_huge_pages);
    tcase_add_test(tcase, words_with_huge_pages);
    tcase_add_test(tcase, extra_words_come_last);
    tcase_add_test(tcase, bad_words_are_refused);
    tcase_add_test(tcase, memory_up_to_what_the_machine_has);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("start");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, starts_quietly_and_keeps_the_affinity);
    tcase_add_loop_test(tcase, runs_on_an_allowed_cpu, 0, 2);
    tcase_add_loop_test(tcase, failing_start_is_an_error_with_a_reason, 0,
                        (int)(sizeof failing_starts / sizeof failing_starts[0]));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
