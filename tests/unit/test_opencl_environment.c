/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: before the first OpenCL call everything a runtime needs is there and set, or a sentence says what to do; a
 * request of the gateway is used only when all of it can be done; OpenCL's errors have names and remedies.
 * Method: trees of empty files in a directory of the test's own, each decision from an environment that holds nothing
 * but what the case sets; what is set and what is made is looked at; every field of a request beyond its edges.
 */
#include "host/device/ll_opencl_api.h"
#include "host/device/ll_opencl_environment.h"
#include "host/device/ll_opencl_request.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 512u
#define MODEL      "vitis/data/emulation/unified/cpu_em/generic_pcie/model/genericpciemodel"

static char place[48];

/* --- Trees of files ----------------------------------------------------------------------------------------- */

/* An empty file, with the directories above it. */
static void make_file(const char *path, mode_t mode)
{
    char whole[2 * PATH_BYTES];
    (void)snprintf(whole, sizeof whole, "%s/%s", place, path);
    for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0700);
        *slash = '/';
    }
    int fd = open(whole, O_CREAT | O_WRONLY, mode);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
}

static void remove_file(const char *path)
{
    char whole[2 * PATH_BYTES];
    (void)snprintf(whole, sizeof whole, "%s/%s", place, path);
    ck_assert_int_eq(unlink(whole), 0);
}

static void set_path(const char *name, const char *path)
{
    char whole[2 * PATH_BYTES];
    (void)snprintf(whole, sizeof whole, "%s/%s", place, path);
    (void)setenv(name, whole, 1);
}

static void make_tree(void)
{
    make_file("emulation/xrt/lib/libxrt_core.so.2", 0600);
    make_file("emulation/icd/xilinx.icd", 0600);
    make_file("emulation/" MODEL, 0700);
}

static void setup(void)
{
    (void)clearenv();
    (void)snprintf(place, sizeof place, "/tmp/lifeline-environment-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static int remove_one(const char *path, const struct stat *status, int what, struct FTW *where)
{
    (void)status;
    (void)what;
    (void)where;
    return remove(path);
}

static void teardown(void)
{
    (void)nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int decide(struct ll_opencl_environment *environment, enum ll_device_platform platform,
                  struct ll_why *why)
{
    return ll_opencl_environment_decide(environment, platform, place, getpid(), why);
}

static void refused(int code, const char *because)
{
    struct ll_opencl_environment environment;
    struct ll_why why = {0};
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_XRT, &why), code);
    ck_assert_msg(strstr(why.text, because) != NULL, "\"%s\" does not say \"%s\"", why.text, because);
}

/* What a decision sets a variable to; NULL = it leaves it. */
static const char *set_to(const struct ll_opencl_environment *environment, const char *name)
{
    for (uint32_t i = 0; i < environment->setting_count; i++)
        if (strcmp(environment->settings[i].name, name) == 0)
            return environment->settings[i].value;
    return NULL;
}

static void check_set(const struct ll_opencl_environment *environment, const char *name, const char *end)
{
    const char *value = set_to(environment, name);
    ck_assert_msg(value != NULL, "%s is not set", name);
    size_t bytes = strlen(value);
    ck_assert_msg(bytes >= strlen(end) && strcmp(value + bytes - strlen(end), end) == 0,
                  "%s is %s, not ...%s", name, value, end);
}

/* --- PoCL --------------------------------------------------------------------------------------------------- */

START_TEST(pocl_leaves_what_is_said)
{
    struct ll_opencl_environment environment;
    (void)setenv("OCL_ICD_VENDORS", "/somewhere", 1);
    (void)setenv("HOME", place, 1);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_POCL, NULL), LL_OK);
    ck_assert_uint_eq(environment.setting_count, 0);
    ck_assert(!environment.must_exec);
    ck_assert_int_eq(environment.private_pid, 0);
}
END_TEST

START_TEST(pocl_without_a_home_keeps_its_cache)
{
    struct ll_opencl_environment environment;
    (void)setenv("HOME", "/nonexistent", 1);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_POCL, NULL), LL_OK);
    ck_assert_ptr_nonnull(set_to(&environment, "POCL_CACHE_DIR"));
    (void)setenv("POCL_CACHE_DIR", place, 1);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_POCL, NULL), LL_OK);
    ck_assert_ptr_null(set_to(&environment, "POCL_CACHE_DIR"));
}
END_TEST

/* What others can write to is no place for code. */
START_TEST(cache_of_others_is_refused)
{
    struct ll_opencl_environment environment;
    struct ll_why why = {0};
    memset(&environment, 0, sizeof environment);
    (void)snprintf(environment.cache, sizeof environment.cache, "%s/k", place);
    ck_assert_int_eq(ll_opencl_environment_apply(&environment, NULL), LL_OK);
    ck_assert_int_eq(ll_opencl_environment_apply(&environment, NULL), LL_OK);
    ck_assert_int_eq(chmod(environment.cache, 0777), 0);
    ck_assert_int_eq(ll_opencl_environment_apply(&environment, &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(why.text, "set POCL_CACHE_DIR"));
    ck_assert_int_eq(rmdir(environment.cache), 0);
    ck_assert_int_eq(symlink(place, environment.cache), 0);
    ck_assert_int_eq(ll_opencl_environment_apply(&environment, NULL), LL_ERR_ENVIRONMENT);
}
END_TEST

/* --- XRT ---------------------------------------------------------------------------------------------------- */

START_TEST(card_needs_an_installation)
{
    struct ll_opencl_environment environment;
    refused(LL_ERR_ENVIRONMENT, "XILINX_XRT is not set");
    set_path("XILINX_XRT", "xrt");
    refused(LL_ERR_ENVIRONMENT, "has no lib/libxrt_core.so.2");
    make_file("xrt/lib/libxrt_core.so.2", 0600);
    (void)setenv("OCL_ICD_VENDORS", "/somewhere", 1);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_XRT, NULL), LL_OK);
    ck_assert_uint_eq(environment.setting_count, 0);
    ck_assert(!environment.must_exec);
    ck_assert_str_eq(environment.emulation, "");
}
END_TEST

/* Debian registers no .icd for XRT: then the library itself is named. */
START_TEST(card_without_registration)
{
    struct ll_opencl_environment environment;
    set_path("XILINX_XRT", "xrt");
    make_file("xrt/lib/libxrt_core.so.2", 0600);
    if (ll_opencl_environment_decide(&environment, LL_DEVICE_PLATFORM_XRT, place, getpid(), NULL) == LL_OK)
        return; /* this machine has a registered XRT */
    refused(LL_ERR_ENVIRONMENT, "libxilinxopencl");
    make_file("xrt/lib/libxilinxopencl.so.2", 0600);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_XRT, NULL), LL_OK);
    check_set(&environment, "OCL_ICD_VENDORS", "/xrt/lib/libxilinxopencl.so.2");
}
END_TEST

START_TEST(modes)
{
    static const char *const wrong[] = {"noop", "sw_emu ", "SW_EMU", "a mode longer than any there is"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)setenv("XCL_EMULATION_MODE", wrong[i], 1);
        refused(LL_ERR_USAGE, wrong[i]);
    }
    (void)setenv("XCL_EMULATION_MODE", "hw_emu", 1);
    refused(LL_ERR_ENVIRONMENT, "XILINX_VITIS is not set");
    (void)setenv("XILINX_VITIS", place, 1);
    refused(LL_ERR_ENVIRONMENT, "XILINX_XRT is not set");
}
END_TEST

START_TEST(emulation_tree)
{
    static const char *const parts[] = {"xrt/lib/libxrt_core.so.2", "icd/xilinx.icd", MODEL};
    struct ll_opencl_environment environment;
    char path[PATH_BYTES];
    (void)setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    refused(LL_ERR_ENVIRONMENT, "make emulation");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        make_tree();
        (void)snprintf(path, sizeof path, "emulation/%s", parts[i]);
        remove_file(path);
        refused(LL_ERR_ENVIRONMENT, parts[i]);
    }
    make_tree();
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_XRT, NULL), LL_OK);
    check_set(&environment, "XILINX_XRT", "/emulation/xrt");
    check_set(&environment, "XILINX_VITIS", "/emulation/vitis");
    check_set(&environment, "OCL_ICD_VENDORS", "/emulation/icd/xilinx.icd");
    check_set(&environment, "EMCONFIG_PATH", "/emulation");
    check_set(&environment, "SW_EMU_PACKET_SIZE", "2048");
    check_set(&environment, "GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=1:glibc.malloc.mmap_max=10000000");
    ck_assert(environment.must_exec);
    ck_assert_int_eq(environment.private_pid, getpid());
    ck_assert_str_eq(environment.emulation, "sw_emu");
}
END_TEST

START_TEST(emulation_of_another_place_and_more_tunables)
{
    struct ll_opencl_environment environment;
    make_tree();
    make_file("other/xrt/lib/libxrt_core.so.2", 0600);
    make_file("other/icd/xilinx.icd", 0600);
    make_file("other/" MODEL, 0700);
    set_path("LIFELINE_EMULATION", "other");
    (void)setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    (void)setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=512", 1);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_XRT, NULL), LL_OK);
    check_set(&environment, "XILINX_XRT", "/other/xrt");
    ck_assert_int_eq(strncmp(set_to(&environment, "GLIBC_TUNABLES"),
                             "glibc.rtld.optional_static_tls=512:glibc.malloc", 47),
                     0);
    set_path("XILINX_XRT", "nowhere");
    refused(LL_ERR_ENVIRONMENT, "XILINX_XRT is");
}
END_TEST

/* Where Vitis' own emulation is set up, it is used, and only the private place is ours. */
START_TEST(emulation_of_vitis)
{
    struct ll_opencl_environment environment;
    make_tree();
    make_file("xrt/lib/libxrt_core.so.2", 0600);
    make_file("xrt/lib/libxilinxopencl.so.2", 0600);
    make_file("v/" MODEL, 0700);
    set_path("XILINX_XRT", "xrt");
    set_path("XILINX_VITIS", "v/vitis");
    (void)setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_XRT, NULL), LL_OK);
    ck_assert_ptr_null(set_to(&environment, "XILINX_XRT"));
    ck_assert_ptr_null(set_to(&environment, "GLIBC_TUNABLES"));
    ck_assert_ptr_nonnull(set_to(&environment, "SDACCEL_EM_RUN_DIR"));
    ck_assert_str_eq(environment.tree, "");
}
END_TEST

/* Applied once, decided again: nothing more to do. The private place is there, and goes. */
START_TEST(once_is_enough)
{
    struct ll_opencl_environment environment;
    struct ll_opencl_environment again;
    char path[PATH_BYTES];
    make_tree();
    (void)setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    ck_assert_int_eq(decide(&environment, LL_DEVICE_PLATFORM_XRT, NULL), LL_OK);
    ck_assert_int_eq(ll_opencl_environment_apply(&environment, NULL), LL_OK);
    ck_assert_str_eq(getenv("SDACCEL_EM_RUN_DIR"), set_to(&environment, "SDACCEL_EM_RUN_DIR"));
    (void)snprintf(path, sizeof path, "/dev/shm/lifeline-device.%d", (int)getpid());
    ck_assert_int_eq(access(path, W_OK), 0);
    ck_assert_int_eq(decide(&again, LL_DEVICE_PLATFORM_XRT, NULL), LL_OK);
    ck_assert(!again.must_exec);
    ck_assert_uint_eq(again.setting_count, 0);
    ck_assert_str_eq(again.tree, environment.tree);
    ck_assert_int_eq(again.private_pid, getpid());
    ll_opencl_environment_sweep(); /* not of the living */
    ck_assert_int_eq(access(path, W_OK), 0);
    ll_opencl_environment_remove(getpid());
    ck_assert_int_ne(access(path, F_OK), 0);
    /* Another process that inherits all this does not take it for its own. */
    ck_assert_int_eq(ll_opencl_environment_decide(&again, LL_DEVICE_PLATFORM_XRT, place, getpid() + 1, NULL),
                     LL_OK);
    ck_assert(again.must_exec);
}
END_TEST

START_TEST(sweep_takes_what_the_dead_left)
{
    char path[PATH_BYTES];
    char inside[PATH_BYTES + 16];
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    (void)snprintf(path, sizeof path, "/dev/shm/lifeline-device.%d", (int)child);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    (void)snprintf(inside, sizeof inside, "%s/run", path);
    ck_assert_int_eq(mkdir(inside, 0700), 0);
    (void)snprintf(inside, sizeof inside, "%s/run/link", path);
    ck_assert_int_eq(symlink(place, inside), 0);
    make_file("kept", 0600);
    ll_opencl_environment_sweep();
    ck_assert_int_ne(access(path, F_OK), 0);
    (void)snprintf(inside, sizeof inside, "%s/kept", place);
    ck_assert_int_eq(access(inside, F_OK), 0);
}
END_TEST

/* --- Requests ----------------------------------------------------------------------------------------------- */

static struct ll_device_request good_request(void)
{
    struct ll_device_request request;
    memset(&request, 0, sizeof request);
    request.magic = LL_DEVICE_LINK_MAGIC;
    request.version = LL_DEVICE_LINK_VERSION;
    request.platform = LL_DEVICE_PLATFORM_XRT;
    request.mode = LL_DEVICE_BATCH;
    request.slots = 256;
    request.batch_max = 256;
    request.lanes = 4;
    request.kernel_batch = 64;
    return request;
}

START_TEST(requests)
{
    struct ll_device_request good = good_request();
    struct ll_device_request request = good;
    ck_assert_int_eq(ll_opencl_request_check(&good, sizeof good, NULL), LL_OK);
    ck_assert_int_eq(ll_opencl_request_check(&good, sizeof good - 1, NULL), LL_ERR_USAGE);
    ck_assert_int_eq(ll_opencl_request_check(&good, sizeof good + 1, NULL), LL_ERR_USAGE);
    ck_assert_int_eq(ll_opencl_request_check(&good, 4, NULL), LL_ERR_USAGE);
#define REFUSED(field, value) \
    request = good;           \
    request.field = (value);  \
    ck_assert_int_eq(ll_opencl_request_check(&request, sizeof request, NULL), LL_ERR_USAGE)
    REFUSED(magic, 1);
    REFUSED(version, LL_DEVICE_LINK_VERSION + 1);
    REFUSED(platform, 0);
    REFUSED(platform, 3);
    REFUSED(mode, 2);
    REFUSED(slots, 0);
    REFUSED(slots, 255);
    REFUSED(slots, 2 * LL_LINK_SLOTS_MAX);
    REFUSED(batch_max, 0);
    REFUSED(batch_max, 257);
    REFUSED(lanes, 0);
    REFUSED(lanes, 5);
    REFUSED(kernel_batch, 0);
    REFUSED(kernel_batch, 65);
#undef REFUSED
    request = good;
    memset(request.binary, 'x', sizeof request.binary);
    ck_assert_int_eq(ll_opencl_request_check(&request, sizeof request, NULL), LL_ERR_USAGE);
    /* A kernel that stays has no batches. */
    request = good;
    request.mode = LL_DEVICE_RESIDENT;
    request.batch_max = 0;
    request.lanes = 0;
    ck_assert_int_eq(ll_opencl_request_check(&request, sizeof request, NULL), LL_OK);
}
END_TEST

/* --- The calls ---------------------------------------------------------------------------------------------- */

START_TEST(missing_library)
{
    struct ll_opencl_api api;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_opencl_api_open(&api, "libNoSuchThing.so.1", &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(why.text, "ocl-icd-libopencl1"));
    why = (struct ll_why){0};
    ck_assert_int_eq(ll_opencl_api_open(&api, "libm.so.6", &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(why.text, "clGetPlatformIDs"));
    ck_assert_ptr_null(api.library);
}
END_TEST

START_TEST(errors_have_names_and_remedies)
{
    struct ll_why why = {0};
    ck_assert_str_eq(ll_opencl_error_name(CL_DEVICE_NOT_FOUND), "CL_DEVICE_NOT_FOUND");
    ck_assert_str_eq(ll_opencl_error_name(CL_PLATFORM_NOT_FOUND_KHR), "CL_PLATFORM_NOT_FOUND_KHR");
    ck_assert_ptr_nonnull(ll_opencl_error_name(-4711));
    ck_assert_ptr_nonnull(ll_opencl_error_remedy(-4711));
    ck_assert_int_eq(LL_OPENCL_FAIL(&why, CL_INVALID_BINARY, "loading"), LL_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(why.text, "loading: CL_INVALID_BINARY (-42); give the binary"));
    why = (struct ll_why){0};
    ck_assert_int_eq(LL_OPENCL_FAIL(&why, CL_OUT_OF_HOST_MEMORY, "taking"), LL_ERR_NO_MEMORY);
    ck_assert_ptr_nonnull(strstr(why.text, "--orders"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("opencl_environment");
    TCase *tcase = tcase_create("opencl_environment");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, pocl_leaves_what_is_said);
    tcase_add_test(tcase, pocl_without_a_home_keeps_its_cache);
    tcase_add_test(tcase, cache_of_others_is_refused);
    tcase_add_test(tcase, card_needs_an_installation);
    tcase_add_test(tcase, card_without_registration);
    tcase_add_test(tcase, modes);
    tcase_add_test(tcase, emulation_tree);
    tcase_add_test(tcase, emulation_of_another_place_and_more_tunables);
    tcase_add_test(tcase, emulation_of_vitis);
    tcase_add_test(tcase, once_is_enough);
    tcase_add_test(tcase, sweep_takes_what_the_dead_left);
    tcase_add_test(tcase, requests);
    tcase_add_test(tcase, missing_library);
    tcase_add_test(tcase, errors_have_names_and_remedies);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
