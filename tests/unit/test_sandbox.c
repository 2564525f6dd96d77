/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a user who cannot be is refused with a reason; what the filter denies ends the process, and nothing else does.
 * Method: every case is a process of its own, since none of it can be undone. A denied call must end it by SIGSYS, also
 * in a thread that was there before, and in a program started afterwards; what a gateway does must go on. What all
 * threads look like after a change of user is tests/e2e/test_security.py's.
 */
#include "host/app/ll_sandbox.h"
#include "host/app/ll_sandbox_filter.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOOD 7

/* --- What the filter lets through --------------------------------------------------------------------------- */

/* The status of a child that does it: GOOD, or -SIGSYS when it was ended for it. */
static int status_of(void (*act)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        act();
        _exit(GOOD);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void install(bool allows_debug, bool allows_bpf)
{
    struct ll_why why = {0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ll_sandbox_filter_install(allows_debug, allows_bpf, &why) != LL_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        _exit(1);
    }
}

/* Arguments that the kernel refuses, should the filter let them through. */
static void call(long number)
{
    (void)syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
}

static void bpf_when_denied(void)
{
    install(true, false);
    call(SYS_bpf);
}

static void bpf_when_allowed(void)
{
    install(false, true);
    call(SYS_bpf);
}

static void ptrace_when_denied(void)
{
    install(false, false);
    call(SYS_ptrace);
}

static void ptrace_when_allowed(void)
{
    install(true, false);
    call(SYS_ptrace);
    call(SYS_perf_event_open);
    (void)syscall(SYS_personality, 0xffffffffL);
}

static void keyctl_always(void)
{
    install(true, true);
    call(SYS_keyctl);
}

static void mount_always(void)
{
    install(true, true);
    call(SYS_mount);
}

static void module_always(void)
{
    install(true, true);
    call(SYS_finit_module);
}

static void *unmount(void *context)
{
    atomic_bool *goes = context;
    while (!atomic_load(goes))
        ;
    call(SYS_umount2);
    return NULL;
}

static void thread_from_before(void)
{
    atomic_bool goes = false;
    pthread_t thread;
    if (pthread_create(&thread, NULL, unmount, &goes) != 0)
        _exit(1);
    install(false, false);
    atomic_store(&goes, true);
    (void)pthread_join(thread, NULL);
}

static void ordinary_work(void)
{
    install(false, false);
    char path[] = "/tmp/lifeline-sandbox-XXXXXX";
    int file = mkstemp(path);
    int ends[2];
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool is_good = file >= 0 && write(file, "x", 1) == 1 && fdatasync(file) == 0 && unlink(path) == 0 &&
                   memory != MAP_FAILED && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0 &&
                   socket(AF_INET, SOCK_STREAM, 0) >= 0;
    pid_t child = is_good ? fork() : -1;
    if (child == 0) {
        (void)execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        _exit(1);
}

static const struct {
    const char *name;
    void (*act)(void);
    int status;
} filter_rows[] = {
    {"bpf is denied", bpf_when_denied, -SIGSYS},
    {"bpf for a port that needs it", bpf_when_allowed, GOOD},
    {"ptrace is denied", ptrace_when_denied, -SIGSYS},
    {"debuggers may", ptrace_when_allowed, GOOD},
    {"keys", keyctl_always, -SIGSYS},
    {"mount", mount_always, -SIGSYS},
    {"modules", module_always, -SIGSYS},
    {"a thread from before", thread_from_before, -SIGSYS},
    {"what a gateway does", ordinary_work, GOOD},
};

START_TEST(filter_ends_what_is_denied)
{
    ck_assert_msg(status_of(filter_rows[_i].act) == filter_rows[_i].status, "%s", filter_rows[_i].name);
}
END_TEST

START_TEST(filter_needs_no_new_privs)
{
    struct ll_why why = {0};
    if (geteuid() == 0) {
        (void)printf("SKIP: root needs no leave to install a filter\n");
        return;
    }
    ck_assert_int_eq(ll_sandbox_filter_install(false, false, &why), LL_ERR_ENVIRONMENT);
    ck_assert(strstr(why.text, "--sandbox off") != NULL);
}
END_TEST

/* --- Users ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *user;
    int code;
    const char *reason;
} user_bad[] = {
    {"lifeline-nobody-knows", LL_ERR_USAGE, "no such user"},
    {"root", LL_ERR_USAGE, "is root"},
    {"0", LL_ERR_USAGE, "is root"},
    {"4294967295", LL_ERR_USAGE, "no such user"}, /* the number that means "no change" */
    {"", LL_ERR_USAGE, "no such user"},
    {"-1", LL_ERR_USAGE, "no such user"},
};

START_TEST(user_is_refused)
{
    struct ll_sandbox sandbox;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_sandbox_init(&sandbox, "full", user_bad[_i].user, &why), user_bad[_i].code);
    ck_assert_msg(strstr(why.text, user_bad[_i].reason) != NULL, "%s", why.text);
}
END_TEST

START_TEST(user_by_number_without_a_name)
{
    struct ll_sandbox sandbox;
    struct ll_why why = {0};
    int status = ll_sandbox_init(&sandbox, "debug", "2147480001", &why);
    if (geteuid() != 0) {
        ck_assert_int_eq(status, LL_ERR_ENVIRONMENT);
        ck_assert(strstr(why.text, "only root") != NULL);
        return;
    }
    ck_assert_int_eq(status, LL_OK);
    ck_assert(sandbox.changes_user && !sandbox.stays_root);
    ck_assert_uint_eq(sandbox.uid, 2147480001u);
    ck_assert_uint_eq(sandbox.gid, 2147480001u);
    ck_assert_str_eq(sandbox.name, "");
    ck_assert_int_eq(sandbox.mode, LL_SANDBOX_DEBUG);
}
END_TEST

START_TEST(user_none_stays)
{
    struct ll_sandbox sandbox;
    char text[256];
    ck_assert_int_eq(ll_sandbox_init(&sandbox, "off", NULL, NULL), LL_OK);
    ck_assert(!sandbox.changes_user);
    ck_assert_uint_eq(sandbox.uid, geteuid());
    ck_assert_int_eq(sandbox.mode, LL_SANDBOX_OFF);
    ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    ll_sandbox_describe(&sandbox, text, sizeof text);
    ck_assert_msg((strstr(text, "ROOT's") != NULL) == (geteuid() == 0), "%s", text);
}
END_TEST

/* The whole way, in a process with a thread of before, as another user when root tests. */
static void the_whole_way(void)
{
    struct ll_sandbox sandbox;
    struct ll_why why = {0};
    int status = ll_sandbox_init(&sandbox, "full", geteuid() == 0 ? "2147480001" : NULL, &why);
    if (status == LL_OK)
        status = ll_sandbox_begin(&sandbox, &why);
    if (status == LL_OK)
        status = ll_sandbox_raise(&sandbox, &why);
    if (status == LL_OK)
        status = ll_sandbox_lower(&sandbox, &why);
    if (status == LL_OK)
        status = ll_sandbox_finish(&sandbox, &why);
    if (status != LL_OK || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || getuid() == 0 || setuid(0) == 0) {
        (void)fprintf(stderr, "%s\n", why.text);
        _exit(1);
    }
}

START_TEST(sandbox_whole)
{
    ck_assert_int_eq(status_of(the_whole_way), GOOD);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *filter = tcase_create("filter");
    TCase *user = tcase_create("user");
    tcase_add_loop_test(filter, filter_ends_what_is_denied, 0,
                        (int)(sizeof filter_rows / sizeof filter_rows[0]));
    tcase_add_test(filter, filter_needs_no_new_privs);
    tcase_add_loop_test(user, user_is_refused, 0, (int)(sizeof user_bad / sizeof user_bad[0]));
    tcase_add_test(user, user_by_number_without_a_name);
    tcase_add_test(user, user_none_stays);
    tcase_add_test(user, sandbox_whole);
    suite_add_tcase(suite, filter);
    suite_add_tcase(suite, user);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
