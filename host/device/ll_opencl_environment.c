/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_environment.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_options.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIVATE_NAME "lifeline-device."
#define PREPARED     "LIFELINE_DEVICE_PREPARED" /* the process that has executed itself again */
#define MODEL        "data/emulation/unified/cpu_em/generic_pcie/model/genericpciemodel"
/* libxrt1 of Debian 12 loses what realloc returns. With a mapping for every allocation realloc stays in place, as
 * long as no packet is larger than a page. */
#define TUNABLES     "glibc.malloc.mmap_threshold=1:glibc.malloc.mmap_max=10000000"
#define PACKET_BYTES "2048"
#define ICD_BYTES    256u
#define OPEN_FILES   16

/* Where a process that may be gone has left files. */
static const char *const ll_opencl_private_roots[] = {"/dev/shm", "/tmp"};
#define PRIVATE_ROOTS (sizeof ll_opencl_private_roots / sizeof ll_opencl_private_roots[0])

/* --- Small things ------------------------------------------------------------------------------------------- */

/* The variable, or "" when it is not set: the runtimes make no difference either. */
static const char *ll_opencl_variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

static bool ll_opencl_has(const char *directory, const char *path, int what)
{
    char whole[2 * LL_OPENCL_PATH_BYTES];
    (void)snprintf(whole, sizeof whole, "%s/%s", directory, path);
    return access(whole, what) == 0;
}

static LL_PRINTF(3, 4) void ll_opencl_set(struct ll_opencl_environment *environment, const char *name,
                                          const char *format, ...)
{
    struct ll_opencl_setting *setting = &environment->settings[environment->setting_count++];
    va_list values;
    LL_ASSERT(environment->setting_count <= LL_OPENCL_SETTINGS_MAX);
    setting->name = name;
    va_start(values, format);
    (void)vsnprintf(setting->value, sizeof setting->value, format, values);
    va_end(values);
}

/* --- Which platforms the loader knows ----------------------------------------------------------------------- */

static bool ll_opencl_icd_names(const char *path, const char *library)
{
    char text[ICD_BYTES + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? -1 : read(fd, text, ICD_BYTES);
    if (fd >= 0)
        (void)close(fd);
    if (bytes < 0)
        return false;
    text[bytes] = '\0';
    return strstr(text, library) != NULL;
}

/* Has nobody said which platforms to load, then only the one that is wanted: another could end this process. */
static bool ll_opencl_narrow(struct ll_opencl_environment *environment, const char *library)
{
    char path[LL_OPENCL_PATH_BYTES];
    bool is_found = false;
    if (ll_opencl_variable("OCL_ICD_VENDORS")[0] != '\0')
        return true;
    DIR *directory = opendir(LL_OPENCL_VENDORS_DIR);
    if (directory == NULL)
        return false;
    for (const struct dirent *entry = readdir(directory); entry != NULL && !is_found;
         entry = readdir(directory)) {
        size_t bytes = strlen(entry->d_name);
        (void)snprintf(path, sizeof path, "%s/%s", LL_OPENCL_VENDORS_DIR, entry->d_name);
        is_found =
            bytes > 4 && strcmp(entry->d_name + bytes - 4, ".icd") == 0 && ll_opencl_icd_names(path, library);
    }
    (void)closedir(directory);
    if (is_found)
        ll_opencl_set(environment, "OCL_ICD_VENDORS", "%s", path);
    return is_found;
}

/* --- PoCL --------------------------------------------------------------------------------------------------- */

static void ll_opencl_decide_pocl(struct ll_opencl_environment *environment)
{
    const char *home = ll_opencl_variable("HOME");
    (void)ll_opencl_narrow(environment, "libpocl"); /* not there: the search for the platform says so */
    if (ll_opencl_variable("POCL_CACHE_DIR")[0] != '\0' || ll_opencl_variable("XDG_CACHE_HOME")[0] != '\0' ||
        (home[0] != '\0' && access(home, W_OK) == 0))
        return; /* PoCL finds a place that lasts */
    (void)snprintf(environment->cache, sizeof environment->cache, "/tmp/lifeline-kernels.%u",
                   (unsigned)getuid());
    ll_opencl_set(environment, "POCL_CACHE_DIR", "%s", environment->cache);
}

/* --- XRT ---------------------------------------------------------------------------------------------------- */

static int ll_opencl_check_xrt(const char *xrt, struct ll_why *why)
{
    if (ll_opencl_has(xrt, "lib/libxrt_core.so.2", R_OK))
        return LL_OK;
    return LL_FAIL(
        why, LL_ERR_ENVIRONMENT,
        "XILINX_XRT is %s, and that has no lib/libxrt_core.so.2: source setup.sh of an installation of XRT, "
        "or unset it",
        xrt);
}

/* A card, or an emulation of Vitis: what the installation's setup.sh sets is right, and is there. */
static int ll_opencl_decide_installed(struct ll_opencl_environment *environment, struct ll_why *why)
{
    const char *xrt = ll_opencl_variable("XILINX_XRT");
    int err;
    if (xrt[0] == '\0')
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "XILINX_XRT is not set: source /opt/xilinx/xrt/setup.sh; or, without a card, set "
                       "XCL_EMULATION_MODE=sw_emu after `make emulation`; or use --device pocl or cpu");
    err = ll_opencl_check_xrt(xrt, why);
    if (err != LL_OK || ll_opencl_narrow(environment, "libxilinxopencl"))
        return err;
    if (!ll_opencl_has(xrt, "lib/libxilinxopencl.so.2", R_OK))
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "no file in " LL_OPENCL_VENDORS_DIR
                       " names libxilinxopencl, nor is it in %s/lib: install XRT "
                       "in full, or set OCL_ICD_VENDORS",
                       xrt);
    ll_opencl_set(environment, "OCL_ICD_VENDORS", "%s/lib/libxilinxopencl.so.2", xrt);
    return LL_OK;
}

/* Everything of the tree that XRT ends the process over when it is missing. */
static int ll_opencl_check_tree(const char *tree, struct ll_why *why)
{
    static const struct {
        const char *path;
        int what;
    } parts[] = {{"xrt/lib/libxrt_core.so.2", R_OK}, {"icd/xilinx.icd", R_OK}, {"vitis/" MODEL, X_OK}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!ll_opencl_has(tree, parts[i].path, parts[i].what))
            return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                           "the emulation in %s lacks %s: install libxrt1, run `make emulation`, or set "
                           "LIFELINE_EMULATION",
                           tree, parts[i].path);
    return LL_OK;
}

static int ll_opencl_decide_tree(struct ll_opencl_environment *environment, const char *program_dir,
                                 struct ll_why *why)
{
    const char *tree = ll_opencl_variable("LIFELINE_EMULATION");
    const char *tunables = ll_opencl_variable("GLIBC_TUNABLES");
    char path[PATH_MAX];
    if (tree[0] == '\0')
        (void)snprintf(environment->tree, sizeof environment->tree, "%s/emulation", program_dir);
    else if (realpath(tree, path) != NULL && strlen(path) < sizeof environment->tree)
        memcpy(environment->tree, path, strlen(path) + 1); /* the working directory will be another */
    else
        (void)snprintf(environment->tree, sizeof environment->tree, "%s", tree);
    tree = environment->tree;
    int err = ll_opencl_check_tree(tree, why);
    if (err != LL_OK)
        return err;
    ll_opencl_set(environment, "LIFELINE_EMULATION", "%s", tree);
    ll_opencl_set(environment, "XILINX_XRT", "%s/xrt", tree);
    ll_opencl_set(environment, "XILINX_VITIS", "%s/vitis", tree);
    ll_opencl_set(environment, "OCL_ICD_VENDORS", "%s/icd/xilinx.icd", tree);
    ll_opencl_set(environment, "EMCONFIG_PATH", "%s", tree);
    ll_opencl_set(environment, "GLIBC_TUNABLES", "%s%s%s", tunables, tunables[0] == '\0' ? "" : ":",
                  TUNABLES);
    ll_opencl_set(environment, "SW_EMU_PACKET_SIZE", "%s", PACKET_BYTES);
    return LL_OK;
}

static int ll_opencl_decide_sw_emu(struct ll_opencl_environment *environment, const char *program_dir,
                                   struct ll_why *why)
{
    const char *vitis = ll_opencl_variable("XILINX_VITIS");
    const char *xrt = ll_opencl_variable("XILINX_XRT");
    bool is_ours = ll_opencl_variable("LIFELINE_EMULATION")[0] != '\0' || !ll_opencl_has(vitis, MODEL, X_OK);
    int err = xrt[0] == '\0' ? LL_OK : ll_opencl_check_xrt(xrt, why);
    if (err != LL_OK)
        return err;
    return is_ours ? ll_opencl_decide_tree(environment, program_dir, why)
                   : ll_opencl_decide_installed(environment, why);
}

static int ll_opencl_decide_hw_emu(struct ll_opencl_environment *environment, struct ll_why *why)
{
    if (ll_opencl_variable("XILINX_VITIS")[0] == '\0')
        return LL_FAIL(
            why, LL_ERR_ENVIRONMENT,
            "XCL_EMULATION_MODE is hw_emu, and XILINX_VITIS is not set: source Vitis' settings64.sh, or "
            "use sw_emu");
    return ll_opencl_decide_installed(environment, why);
}

/* XRT makes its sockets in /tmp/$USER, and they must be nobody else's; other files where it can write: in the working
 * directory, or else in SDACCEL_EM_RUN_DIR. */
static void ll_opencl_set_private(struct ll_opencl_environment *environment, pid_t pid)
{
    ll_opencl_set(environment, "USER", PRIVATE_NAME "%d", (int)pid);
    ll_opencl_set(environment, "SDACCEL_EM_RUN_DIR", "%s/" PRIVATE_NAME "%d", ll_opencl_private_roots[0],
                  (int)pid);
    ll_opencl_set(environment, PREPARED, "%d", (int)pid);
    environment->must_exec = true;
}

/* This process has been here before, and executed itself. */
static bool ll_opencl_is_prepared(struct ll_opencl_environment *environment, pid_t pid)
{
    char mark[16];
    (void)snprintf(mark, sizeof mark, "%d", (int)pid);
    if (strcmp(ll_opencl_variable(PREPARED), mark) != 0)
        return false;
    (void)snprintf(environment->tree, sizeof environment->tree, "%s",
                   ll_opencl_variable("LIFELINE_EMULATION"));
    return true;
}

static int ll_opencl_decide_xrt(struct ll_opencl_environment *environment, const char *program_dir, pid_t pid,
                                struct ll_why *why)
{
    const char *mode = ll_opencl_variable("XCL_EMULATION_MODE");
    if (strlen(mode) >= sizeof environment->emulation ||
        (mode[0] != '\0' && strcmp(mode, "sw_emu") != 0 && strcmp(mode, "hw_emu") != 0))
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "XCL_EMULATION_MODE is %s: unset it for a card, or set it to sw_emu (or hw_emu, with Vitis)",
            mode);
    (void)snprintf(environment->emulation, sizeof environment->emulation, "%s", mode);
    if (mode[0] == '\0')
        return ll_opencl_decide_installed(environment, why);
    environment->private_pid = pid;
    if (ll_opencl_is_prepared(environment, pid))
        return LL_OK;
    int err = mode[0] == 's' ? ll_opencl_decide_sw_emu(environment, program_dir, why)
                             : ll_opencl_decide_hw_emu(environment, why);
    if (err == LL_OK)
        ll_opencl_set_private(environment, pid);
    return err;
}

int ll_opencl_environment_decide(struct ll_opencl_environment *environment, enum ll_device_platform platform,
                                 const char *program_dir, pid_t pid, struct ll_why *why)
{
    memset(environment, 0, sizeof *environment);
    if (platform == LL_DEVICE_PLATFORM_XRT)
        return ll_opencl_decide_xrt(environment, program_dir, pid, why);
    ll_opencl_decide_pocl(environment);
    return LL_OK;
}

/* --- Doing it ----------------------------------------------------------------------------------------------- */

/* Nobody else's, and no link to somewhere else; and without the permissions of `forbidden`. */
static bool ll_opencl_is_ours(const char *path, mode_t forbidden)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == getuid() &&
           (status.st_mode & forbidden) == 0;
}

/* Compiled kernels in a place that everybody can write to are only taken from a directory that is our own. */
static int ll_opencl_make_cache(const char *path, struct ll_why *why)
{
    (void)mkdir(path, 0700);
    if (ll_opencl_is_ours(path, S_IWGRP | S_IWOTH))
        return LL_OK;
    return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                   "%s, for compiled kernels, is somebody else's or cannot be made: set POCL_CACHE_DIR",
                   path);
}

int ll_opencl_environment_apply(const struct ll_opencl_environment *environment, struct ll_why *why)
{
    char path[LL_OPENCL_PATH_BYTES];
    for (uint32_t i = 0; i < environment->setting_count; i++)
        if (setenv(environment->settings[i].name, environment->settings[i].value, 1) != 0)
            return LL_FAIL(why, LL_ERR_NO_MEMORY, "cannot set %s: %s", environment->settings[i].name,
                           strerror(errno));
    if (environment->cache[0] != '\0')
        return ll_opencl_make_cache(environment->cache, why);
    if (!environment->must_exec)
        return LL_OK;
    ll_opencl_environment_remove(environment->private_pid); /* of another process that had this number */
    (void)snprintf(path, sizeof path, "%s/" PRIVATE_NAME "%d", ll_opencl_private_roots[0],
                   (int)environment->private_pid);
    if (mkdir(path, 0700) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot make %s, where the emulation keeps its files: %s",
                       path, strerror(errno));
    return LL_OK;
}

int ll_opencl_environment_enter(const struct ll_opencl_environment *environment, struct ll_why *why)
{
    char path[LL_OPENCL_PATH_BYTES];
    if (environment->private_pid == 0)
        return LL_OK;
    (void)snprintf(path, sizeof path, "%s/" PRIVATE_NAME "%d", ll_opencl_private_roots[0],
                   (int)environment->private_pid);
    if (chdir(path) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot enter %s, where the emulation keeps its files: %s",
                       path, strerror(errno));
    return LL_OK;
}

static int ll_opencl_remove_one(const char *path, const struct stat *status, int what, struct FTW *where)
{
    (void)status;
    (void)what;
    (void)where;
    (void)remove(path);
    return 0;
}

void ll_opencl_environment_remove(pid_t pid)
{
    char path[LL_OPENCL_PATH_BYTES];
    for (size_t i = 0; pid > 0 && i < PRIVATE_ROOTS; i++) {
        (void)snprintf(path, sizeof path, "%s/" PRIVATE_NAME "%d", ll_opencl_private_roots[i], (int)pid);
        if (ll_opencl_is_ours(path, 0))
            (void)nftw(path, ll_opencl_remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
}

void ll_opencl_environment_sweep(void)
{
    size_t prefix_bytes = strlen(PRIVATE_NAME);
    for (size_t i = 0; i < PRIVATE_ROOTS; i++) {
        DIR *directory = opendir(ll_opencl_private_roots[i]);
        if (directory == NULL)
            continue;
        for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
            uint64_t pid = 0;
            if (strncmp(entry->d_name, PRIVATE_NAME, prefix_bytes) == 0 &&
                ll_options_parse_u64(entry->d_name + prefix_bytes, LL_OPTION_U64, &pid, NULL) == LL_OK &&
                pid > 0 && pid < INT32_MAX && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
                ll_opencl_environment_remove((pid_t)pid);
        }
        (void)closedir(directory);
    }
}
