/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device process `lifeline-device`: the only program that makes OpenCL calls.
 *
 * Shape    --serve works for the gateway that started it; --list says what there is to be had.
 * Units    none.
 * Errors   exit status: see --help.
 * Threads  one, besides those of the OpenCL runtime.
 */
#include "host/app/ll_exit.h"
#include "host/app/ll_opencl_list.h"
#include "host/app/ll_opencl_serve.h"
#include "host/app/ll_version.h"
#include "host/base/ll_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 1024u

struct options {
    bool serve;
    bool list;
    bool json;
    bool version;
};

#define ROW(name, field, help)                                                        \
    {                                                                                 \
        name, LL_OPTION_FLAG, offsetof(struct options, field), 0, 0, NULL, NULL, help \
    }

static const struct ll_option table[] = {
    ROW("serve", serve, "work for the gateway whose socket is descriptor 3; lifelined starts it so"),
    ROW("list", list, "platforms and devices, each runtime tried in a process of its own"),
    ROW("json", json, "with --list: one JSON object on stdout"),
    ROW("version", version, "which source it was built from"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char help_text[] =
    "usage: lifeline-device --list [--json]\n"
    "       lifeline-device --serve\n"
    "\n"
    "The process between the gateway and an OpenCL device. lifelined and lifeline replay start it for\n"
    "--device pocl and --device xrt, so that a runtime that aborts takes down nothing but it; by hand you\n"
    "want --list, to see which devices there are, and why one is missing.\n"
    "\n"
    "  lifeline-device --list\n"
    "  XCL_EMULATION_MODE=sw_emu lifeline-device --list      the card's software emulation (make emulation)\n"
    "\n"
    "pocl  the kernel's OpenCL C, compiled and run on this processor. Debian: ocl-icd-libopencl1,\n"
    "      pocl-opencl-icd.\n"
    "xrt   an Alveo card: XILINX_XRT as the setup.sh of an installation of XRT sets it, and an xclbin; or,\n"
    "      with XCL_EMULATION_MODE=sw_emu, the software emulation. Debian: ocl-icd-libopencl1, libxrt1.\n"
    "\n"
    "Environment, besides the runtimes' own:\n"
    "  LIFELINE_KERNELS     directory that has kernels/ll_gateway.cl and hls/ (default: the source tree\n"
    "                       around this program, or ../share/lifeline)\n"
    "  LIFELINE_EMULATION   the emulation tree (default: emulation beside this program)\n"
    "  LIFELINE_OPENCL      OpenCL's loader (default: libOpenCL.so.1)\n"
    "  OCL_ICD_VENDORS      which platforms the loader loads; set, it is left alone but for the emulation\n"
    "  POCL_CACHE_DIR       where PoCL keeps compiled kernels\n"
    "\n"
    "With --serve it ends when the gateway closes the socket; Ctrl-C and SIGTERM are the gateway's to act\n"
    "on. What runtimes print goes to stderr.\n"
    "\n"
    "Exit: 0 done, 1 a bad binary, 2 usage, 3 the machine lacks something (the text says what to install or\n"
    "set), 4 the device stopped.\n"
    "\n"
    "options:\n";

static int print_help(void)
{
    (void)fputs(help_text, stdout);
    ll_options_print_help(table, stdout);
    return LL_EXIT_OK;
}

static int refuse(int err, const struct ll_why *why)
{
    (void)fprintf(stderr, "lifeline-device: %s\nTry: lifeline-device --help\n", why->text);
    return ll_exit_code(err);
}

/* Where this program lies. */
static int find_program_dir(char *path, struct ll_why *why)
{
    ssize_t bytes = readlink("/proc/self/exe", path, PATH_BYTES - 1);
    if (bytes <= 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot read /proc/self/exe: mount /proc");
    path[bytes] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
    return LL_OK;
}

int main(int argc, char **argv)
{
    char program_dir[PATH_BYTES];
    struct options options = {0};
    struct ll_operands operands = {0};
    struct ll_why why = {0};
    const char *library = getenv("LIFELINE_OPENCL");
    int help = 0;
    int err = ll_options_parse(table, argc, argv, &options, &operands, &help, &why);
    if (help != 0)
        return print_help();
    if (err == LL_OK && options.version) {
        (void)printf("lifeline-device %s\n", ll_version());
        return LL_EXIT_OK;
    }
    if (err == LL_OK && (operands.count != 0 || options.serve == options.list))
        err = LL_FAIL(&why, LL_ERR_USAGE, "say --list or --serve, and nothing else");
    if (err == LL_OK)
        err = find_program_dir(program_dir, &why);
    if (err != LL_OK)
        return refuse(err, &why);
    if (library != NULL && library[0] == '\0')
        library = NULL;
    if (options.list)
        return ll_opencl_list(program_dir, library, options.json);
    struct ll_opencl_serve_config config = {program_dir, library, argv};
    return ll_opencl_serve(&config);
}
