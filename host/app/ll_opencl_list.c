/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_opencl_list.h"

#include "host/app/ll_exit.h"
#include "host/base/ll_json.h"
#include "host/device/ll_opencl_device.h"

#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNTIMES_MAX  16u
#define PLATFORMS_MAX 8u
#define DEVICES_MAX   16u
#define TEXT_BYTES    128u
#define ANSWER_MS     20000
#define MB_SHIFT      20u

/* A runtime to try: an .icd file, or the card's, whose environment is made first. */
struct runtime {
    char icd[LL_OPENCL_PATH_BYTES]; /* empty = XRT, by its environment */
};

/* What the process that tries one writes to the pipe, one for each platform, device or error. */
enum finding_kind { FINDING_PLATFORM = 1, FINDING_DEVICE = 2, FINDING_ERROR = 3 };

struct finding {
    enum finding_kind kind;
    uint32_t number;
    uint32_t units;
    uint64_t memory_bytes;
    uint64_t buffer_bytes;
    char name[TEXT_BYTES];
    char version[TEXT_BYTES];
    char vendor[TEXT_BYTES];
    char text[LL_WHY_BYTES];
};

struct output {
    struct ll_json json;
    bool as_json;
    bool in_platform;
    uint32_t usable; /* platforms that lifeline can use */
};

/* --- In the process that tries a runtime -------------------------------------------------------------------- */

static void say(int fd, const struct finding *finding)
{
    (void)!write(fd, finding, sizeof *finding); /* smaller than PIPE_BUF: whole */
}

static void say_error(int fd, const char *text)
{
    struct finding finding = {.kind = FINDING_ERROR};
    (void)snprintf(finding.text, sizeof finding.text, "%s", text);
    say(fd, &finding);
}

static void try_devices(const struct ll_opencl_api *api, cl_platform_id platform, int fd)
{
    cl_device_id devices[DEVICES_MAX];
    cl_uint count = 0;
    cl_int error = api->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, DEVICES_MAX, devices, &count);
    if (error != CL_SUCCESS) {
        say_error(fd, ll_opencl_error_remedy(error));
        return;
    }
    for (cl_uint i = 0; i < count && i < DEVICES_MAX; i++) {
        struct finding finding = {.kind = FINDING_DEVICE, .number = i};
        cl_ulong memory = 0;
        cl_ulong buffer = 0;
        cl_uint units = 0;
        (void)api->clGetDeviceInfo(devices[i], CL_DEVICE_NAME, TEXT_BYTES - 1, finding.name, NULL);
        (void)api->clGetDeviceInfo(devices[i], CL_DEVICE_VERSION, TEXT_BYTES - 1, finding.version, NULL);
        (void)api->clGetDeviceInfo(devices[i], CL_DEVICE_VENDOR, TEXT_BYTES - 1, finding.vendor, NULL);
        (void)api->clGetDeviceInfo(devices[i], CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
        (void)api->clGetDeviceInfo(devices[i], CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof buffer, &buffer, NULL);
        (void)api->clGetDeviceInfo(devices[i], CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
        finding.memory_bytes = memory;
        finding.buffer_bytes = buffer;
        finding.units = units;
        say(fd, &finding);
    }
}

static void try_platforms(const char *library, int fd)
{
    struct ll_opencl_api api;
    struct ll_why why = {0};
    cl_platform_id platforms[PLATFORMS_MAX];
    cl_uint count = 0;
    if (ll_opencl_api_open(&api, library, &why) != LL_OK) {
        say_error(fd, why.text);
        return;
    }
    cl_int error = api.clGetPlatformIDs(PLATFORMS_MAX, platforms, &count);
    if (error != CL_SUCCESS || count == 0) {
        say_error(fd, "it has no platform now: its library is not installed, or it finds no device");
        return;
    }
    for (cl_uint i = 0; i < count && i < PLATFORMS_MAX; i++) {
        struct finding finding = {.kind = FINDING_PLATFORM};
        (void)api.clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, TEXT_BYTES - 1, finding.name, NULL);
        (void)api.clGetPlatformInfo(platforms[i], CL_PLATFORM_VERSION, TEXT_BYTES - 1, finding.version, NULL);
        (void)api.clGetPlatformInfo(platforms[i], CL_PLATFORM_VENDOR, TEXT_BYTES - 1, finding.vendor, NULL);
        say(fd, &finding);
        try_devices(&api, platforms[i], fd);
    }
}

/* What a runtime prints goes nowhere: the list is what was asked for. */
static void try_runtime(const struct runtime *runtime, const char *program_dir, const char *library, int fd)
{
    struct ll_opencl_environment environment;
    struct ll_why why = {0};
    (void)setpgid(0, 0);
    (void)!freopen("/dev/null", "w", stdout);
    (void)!freopen("/dev/null", "w", stderr);
    if (runtime->icd[0] != '\0') {
        (void)setenv("OCL_ICD_VENDORS", runtime->icd, 1);
        try_platforms(library, fd);
        return;
    }
    int err = ll_opencl_environment_decide(&environment, LL_DEVICE_PLATFORM_XRT, program_dir, getpid(), &why);
    environment.must_exec = false; /* no program is loaded: what wants that is not reached */
    if (err == LL_OK)
        err = ll_opencl_environment_apply(&environment, &why);
    if (err == LL_OK)
        try_platforms(library, fd);
    else
        say_error(fd, why.text);
    ll_opencl_environment_remove(getpid());
}

/* --- Here --------------------------------------------------------------------------------------------------- */

/* The names that --device knows. */
static const char *device_name(const char *platform)
{
    if (strcmp(platform, "Portable Computing Language") == 0)
        return "pocl";
    return strcmp(platform, "Xilinx") == 0 ? "xrt" : "";
}

static void show_text(const struct finding *finding, const char *source)
{
    const char *device = device_name(finding->name);
    switch (finding->kind) {
    case FINDING_PLATFORM:
        (void)printf("%s\n  platform   %s   %s\n", source, finding->name, finding->version);
        (void)printf("  use        %s%s\n", device[0] != '\0' ? "--device " : "not by lifeline", device);
        break;
    case FINDING_DEVICE:
        (void)printf("  device %-2u  %s   %s   memory %" PRIu64 " MB, one buffer %" PRIu64 " MB\n",
                     finding->number, finding->name, finding->version, finding->memory_bytes >> MB_SHIFT,
                     finding->buffer_bytes >> MB_SHIFT);
        break;
    default:
        (void)printf("%s\n  not usable %s\n", source, finding->text);
    }
}

static void end_platform(struct output *output)
{
    if (output->as_json && output->in_platform) {
        ll_json_end_array(&output->json);
        ll_json_end_object(&output->json);
    }
    output->in_platform = false;
}

static void show_json(struct output *output, const struct finding *finding, const char *source)
{
    struct ll_json *json = &output->json;
    if (finding->kind != FINDING_DEVICE) {
        end_platform(output);
        ll_json_begin_object(json, NULL);
        ll_json_string(json, "source", source);
    }
    if (finding->kind == FINDING_ERROR) {
        ll_json_string(json, "error", finding->text);
        ll_json_end_object(json);
        return;
    }
    if (finding->kind == FINDING_DEVICE)
        ll_json_begin_object(json, NULL);
    ll_json_string(json, "name", finding->name);
    ll_json_string(json, "version", finding->version);
    ll_json_string(json, "vendor", finding->vendor);
    if (finding->kind == FINDING_DEVICE) {
        ll_json_u64(json, "number", finding->number);
        ll_json_u64(json, "compute_units", finding->units);
        ll_json_u64(json, "memory_bytes", finding->memory_bytes);
        ll_json_u64(json, "buffer_bytes", finding->buffer_bytes);
        ll_json_end_object(json);
        return;
    }
    ll_json_string(json, "device", device_name(finding->name));
    ll_json_begin_array(json, "devices");
    output->in_platform = true;
}

static void show(struct output *output, const struct finding *finding, const char *source)
{
    output->usable += finding->kind == FINDING_PLATFORM && device_name(finding->name)[0] != '\0';
    if (output->as_json)
        show_json(output, finding, source);
    else
        show_text(finding, source);
}

/* How the process that tried it ended, when that was not in order. */
static void show_end(struct output *output, int status, bool is_late, const char *source)
{
    struct finding finding = {.kind = FINDING_ERROR};
    if (is_late)
        (void)snprintf(finding.text, sizeof finding.text, "it did not answer within %d s", ANSWER_MS / 1000);
    else if (WIFSIGNALED(status))
        (void)snprintf(
            finding.text, sizeof finding.text,
            "the runtime ended the process (signal %d); for XRT: source the setup.sh of its installation, "
            "and unset XCL_EMULATION_MODE or set it to sw_emu",
            WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        (void)snprintf(finding.text, sizeof finding.text, "the runtime ended the process (exit %d)",
                       WEXITSTATUS(status));
    else
        return;
    show(output, &finding, source);
}

static int list_runtime(struct output *output, const struct runtime *runtime, const char *program_dir,
                        const char *library)
{
    const char *source = runtime->icd[0] != '\0' ? runtime->icd : "xrt";
    struct finding finding;
    int status = 0;
    int fds[2];
    if (pipe(fds) != 0)
        return LL_EXIT_ENVIRONMENT;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)close(fds[0]);
        try_runtime(runtime, program_dir, library, fds[1]);
        _exit(0);
    }
    (void)close(fds[1]);
    struct pollfd readable = {fds[0], POLLIN, 0};
    bool is_late = false;
    while (child > 0 && !is_late) {
        is_late = poll(&readable, 1, ANSWER_MS) <= 0;
        if (is_late || read(fds[0], &finding, sizeof finding) != (ssize_t)sizeof finding)
            break;
        show(output, &finding, source);
    }
    (void)close(fds[0]);
    if (child < 0)
        return LL_EXIT_ENVIRONMENT;
    if (is_late)
        (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
    show_end(output, status, is_late, source);
    end_platform(output);
    return LL_EXIT_OK;
}

static int is_icd(const struct dirent *entry)
{
    size_t bytes = strlen(entry->d_name);
    return bytes > 4 && strcmp(entry->d_name + bytes - 4, ".icd") == 0;
}

/* Every .icd file the loader would load; XRT by its environment, wherever it is registered. */
static uint32_t find_runtimes(struct runtime *runtimes)
{
    const char *vendors = getenv("OCL_ICD_VENDORS");
    struct dirent **entries = NULL;
    uint32_t count = 0;
    if (vendors == NULL || vendors[0] == '\0')
        vendors = LL_OPENCL_VENDORS_DIR;
    int found = scandir(vendors, &entries, is_icd, alphasort);
    if (found < 0) /* a file, or a library: ocl-icd takes these too */
        (void)snprintf(runtimes[count++].icd, sizeof runtimes->icd, "%s", vendors);
    for (int i = 0; i < found; i++) {
        if (count < RUNTIMES_MAX - 1 && strstr(entries[i]->d_name, "xilinx") == NULL)
            (void)snprintf(runtimes[count++].icd, sizeof runtimes->icd, "%s/%s", vendors, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    runtimes[count++].icd[0] = '\0';
    return count;
}

int ll_opencl_list(const char *program_dir, const char *library, bool as_json)
{
    struct runtime runtimes[RUNTIMES_MAX];
    struct output output = {.as_json = as_json};
    int status = LL_EXIT_OK;
    ll_opencl_environment_sweep();
    uint32_t count = find_runtimes(runtimes);
    if (as_json) {
        ll_json_init(&output.json, stdout, true);
        ll_json_begin_object(&output.json, NULL);
        ll_json_begin_array(&output.json, "platforms");
    }
    for (uint32_t i = 0; i < count && status == LL_EXIT_OK; i++)
        status = list_runtime(&output, &runtimes[i], program_dir, library);
    if (as_json) {
        ll_json_end_array(&output.json);
        ll_json_end_object(&output.json);
        ll_json_newline(&output.json);
    }
    if (status != LL_EXIT_OK)
        return status;
    return output.usable != 0 ? LL_EXIT_OK : LL_EXIT_ENVIRONMENT;
}
