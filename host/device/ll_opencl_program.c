/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_program.h"

#include "host/base/ll_arena.h"
#include "host/device/ll_xclbin.h"
#include "kernels/ll_gateway_args.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((off_t)1 << 31)
#define LOG_BYTES      16384u
#define ALIGN_BYTES    4096u

/* In the order of the kernel's arguments. */
static const char *const ll_opencl_arguments[] = {
#define LL_OPENCL_MEMORY_NAME(name, type) #name,
#define LL_OPENCL_SCALAR_NAME(name)       #name,
    LL_GATEWAY_MEMORIES(LL_OPENCL_MEMORY_NAME) LL_GATEWAY_SCALARS(LL_OPENCL_SCALAR_NAME)
#undef LL_OPENCL_MEMORY_NAME
#undef LL_OPENCL_SCALAR_NAME
};
#define ARGUMENT_COUNT ((uint32_t)(sizeof ll_opencl_arguments / sizeof ll_opencl_arguments[0]))

struct ll_opencl_file {
    struct ll_arena memory;
    uint8_t *bytes;
    size_t bytes_count;
};

/* --- Files -------------------------------------------------------------------------------------------------- */

static int ll_opencl_file_fill(struct ll_opencl_file *file, int fd, const char *path, struct ll_why *why)
{
    size_t at = 0;
    while (at < file->bytes_count) {
        ssize_t got = read(fd, file->bytes + at, file->bytes_count - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return LL_FAIL(why, LL_ERR_IO, "cannot read %s: %s", path,
                           got < 0 ? strerror(errno) : "it became shorter");
        at += (size_t)got;
    }
    return LL_OK;
}

static int ll_opencl_file_read(struct ll_opencl_file *file, const char *path, struct ll_why *why)
{
    struct stat status;
    memset(file, 0, sizeof *file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int err = LL_FAIL(why, LL_ERR_INPUT, "cannot open %s: %s", path, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    int err = LL_OK;
    if (!S_ISREG(status.st_mode) || status.st_size == 0 || status.st_size > FILE_BYTES_MAX)
        err = LL_FAIL(why, LL_ERR_INPUT, "%s is %s", path,
                      !S_ISREG(status.st_mode) ? "no file"
                      : status.st_size == 0    ? "empty"
                                               : "larger than 2 GiB");
    if (err == LL_OK)
        err = ll_arena_init(&file->memory, ll_align_up((size_t)status.st_size, ALIGN_BYTES), why);
    if (err == LL_OK) {
        file->bytes_count = (size_t)status.st_size;
        file->bytes = ll_arena_alloc(&file->memory, file->bytes_count, ALIGN_BYTES);
        err = ll_opencl_file_fill(file, fd, path, why);
    }
    (void)close(fd);
    return err;
}

static void ll_opencl_file_end(struct ll_opencl_file *file)
{
    ll_arena_deinit(&file->memory);
}

/* --- Source ------------------------------------------------------------------------------------------------- */

static bool ll_opencl_has_source(char *path, const char *directory, const char *below)
{
    char file[LL_OPENCL_PATH_BYTES + sizeof "/" LL_OPENCL_SOURCE];
    int bytes = snprintf(path, LL_OPENCL_PATH_BYTES, "%s%s", directory, below);
    if (bytes < 0 || bytes >= (int)LL_OPENCL_PATH_BYTES)
        return false;
    (void)snprintf(file, sizeof file, "%s/" LL_OPENCL_SOURCE, path);
    return access(file, R_OK) == 0;
}

int ll_opencl_find_source(char *path, const char *named, const char *program_dir, struct ll_why *why)
{
    const char *variable = getenv("LIFELINE_KERNELS");
    bool is_named = named[0] != '\0';
    if (!is_named && variable != NULL && variable[0] != '\0')
        named = variable;
    bool is_found = named[0] != '\0' ? ll_opencl_has_source(path, named, "")
                                     : ll_opencl_has_source(path, program_dir, "/../..") ||
                                           ll_opencl_has_source(path, program_dir, "/../share/lifeline");
    if (!is_found)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "%s has no " LL_OPENCL_SOURCE
                       ": give the source tree, or PREFIX/share/lifeline of an installation, "
                       "with --device-binary or LIFELINE_KERNELS",
                       named[0] != '\0' ? named : path);
    if (strpbrk(path, " \t\n\"'\\") != NULL)
        return LL_FAIL(
            why, LL_ERR_ENVIRONMENT,
            "the OpenCL compiler cannot be given the directory `%s`: name one without spaces and quotes",
            path);
    return LL_OK;
}

/* Of the compiler's log, the first line that is an error. */
static int ll_opencl_build_failed(cl_program program, const struct ll_opencl_place *place, cl_int error,
                                  struct ll_why *why)
{
    char log[LOG_BYTES];
    size_t log_bytes = 0;
    const char *line = NULL;
    int err = LL_OPENCL_FAIL(why, error, "compiling " LL_OPENCL_SOURCE);
    memset(log, 0, sizeof log);
    if (place->api->clGetProgramBuildInfo(program, place->device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log,
                                          &log_bytes) == CL_SUCCESS)
        line = strstr(log, "error:");
    if (line != NULL)
        ll_why_append(why, "%.*s", (int)strcspn(line, "\n"), line);
    return err;
}

int ll_opencl_build_source(cl_program *program, const struct ll_opencl_place *place, const char *directory,
                           struct ll_why *why)
{
    char text[LL_OPENCL_PATH_BYTES + 64];
    struct ll_opencl_file file;
    cl_int error = CL_SUCCESS;
    (void)snprintf(text, sizeof text, "%s/" LL_OPENCL_SOURCE, directory);
    int err = ll_opencl_file_read(&file, text, why);
    if (err == LL_OK) {
        const char *source = (const char *)file.bytes;
        *program =
            place->api->clCreateProgramWithSource(place->context, 1, &source, &file.bytes_count, &error);
        if (error != CL_SUCCESS)
            err = LL_OPENCL_FAIL(why, error, "taking the kernel's source");
    }
    if (err == LL_OK) {
        (void)snprintf(text, sizeof text, "-cl-std=CL1.2 -I %s", directory);
        error = place->api->clBuildProgram(*program, 1, &place->device, text, NULL, NULL);
        if (error != CL_SUCCESS)
            err = ll_opencl_build_failed(*program, place, error, why);
    }
    ll_opencl_file_end(&file);
    return err;
}

/* --- xclbin ------------------------------------------------------------------------------------------------- */

int ll_opencl_find_xclbin(char *path, const char *named, const struct ll_opencl_environment *environment,
                          struct ll_why *why)
{
    if (named[0] == '\0' && environment->tree[0] == '\0')
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "no xclbin was named: make one with `make xclbin PLATFORM=...` and give it with --device-binary");
    if (named[0] != '\0')
        (void)snprintf(path, LL_OPENCL_PATH_BYTES, "%s", named);
    else if (snprintf(path, LL_OPENCL_PATH_BYTES, "%s/" LL_OPENCL_XCLBIN, environment->tree) >=
             (int)LL_OPENCL_PATH_BYTES)
        return LL_FAIL(why, LL_ERR_USAGE, "the path of the emulation tree is too long");
    return LL_OK;
}

static int ll_opencl_check_xclbin(const struct ll_opencl_file *file, const char *emulation,
                                  struct ll_why *why)
{
    struct ll_xclbin xclbin;
    int err = ll_xclbin_read(&xclbin, file->bytes, file->bytes_count, why);
    if (err == LL_OK)
        err = ll_xclbin_check_mode(&xclbin, emulation, why);
    if (err == LL_OK)
        err = ll_xclbin_check_kernel(&xclbin, LL_GATEWAY_KERNEL, ll_opencl_arguments, ARGUMENT_COUNT, why);
    return err;
}

int ll_opencl_load_xclbin(cl_program *program, const struct ll_opencl_place *place, const char *path,
                          const char *emulation, struct ll_why *why)
{
    struct ll_opencl_file file;
    cl_int error = CL_SUCCESS;
    cl_int status = CL_SUCCESS;
    int err = ll_opencl_file_read(&file, path, why);
    if (err == LL_OK)
        err = ll_opencl_check_xclbin(&file, emulation, why);
    if (err == LL_OK) {
        const unsigned char *bytes = file.bytes;
        *program = place->api->clCreateProgramWithBinary(place->context, 1, &place->device, &file.bytes_count,
                                                         &bytes, &status, &error);
        if (error != CL_SUCCESS || status != CL_SUCCESS)
            err = LL_OPENCL_FAIL(why, error != CL_SUCCESS ? error : status, "loading the xclbin");
    }
    if (err == LL_OK) {
        error = place->api->clBuildProgram(*program, 1, &place->device, NULL, NULL, NULL);
        if (error != CL_SUCCESS)
            err = LL_OPENCL_FAIL(why, error, "preparing the xclbin");
    }
    if (err != LL_OK)
        ll_why_append(why, "%s", path);
    ll_opencl_file_end(&file);
    return err;
}
