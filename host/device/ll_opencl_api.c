/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define LOWER_SIZES  "lower --orders, --levels, --books, --own-orders or --ids, or free memory"
#define OUR_MISTAKE  "that is a defect of this program: please report it with this line"
#define OTHER_BINARY "give the binary that was built for this card and this version (--device-binary)"
#define ASK_RUNTIME  "the runtime's own messages, above on stderr, say more"

/* E(NAME, enum ll_err, remedy) */
#define LL_OPENCL_ERRORS(E)                                                                            \
    E(CL_DEVICE_NOT_FOUND, ENVIRONMENT, "the platform has no such device: see lifeline-device --list") \
    E(CL_DEVICE_NOT_AVAILABLE, BUSY, "another process holds the device, or it must be reset")          \
    E(CL_COMPILER_NOT_AVAILABLE, ENVIRONMENT, "the platform cannot compile: install pocl-opencl-icd")  \
    E(CL_MEM_OBJECT_ALLOCATION_FAILURE, NO_MEMORY, LOWER_SIZES)                                        \
    E(CL_OUT_OF_RESOURCES, NO_MEMORY, "another program is loaded on the device, or " LOWER_SIZES)      \
    E(CL_OUT_OF_HOST_MEMORY, NO_MEMORY, LOWER_SIZES)                                                   \
    E(CL_BUILD_PROGRAM_FAILURE, INPUT,                                                                 \
      "the kernel's source does not compile: install the sources of this version")                     \
    E(CL_MAP_FAILURE, ENVIRONMENT, "the memory cannot be seen by the host: " ASK_RUNTIME)              \
    E(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, STOPPED, ASK_RUNTIME)                              \
    E(CL_INVALID_VALUE, ENVIRONMENT, OUR_MISTAKE)                                                      \
    E(CL_INVALID_PLATFORM, ENVIRONMENT, OUR_MISTAKE)                                                   \
    E(CL_INVALID_DEVICE, ENVIRONMENT, OUR_MISTAKE)                                                     \
    E(CL_INVALID_CONTEXT, ENVIRONMENT, OUR_MISTAKE)                                                    \
    E(CL_INVALID_QUEUE_PROPERTIES, ENVIRONMENT, OUR_MISTAKE)                                           \
    E(CL_INVALID_COMMAND_QUEUE, ENVIRONMENT, OUR_MISTAKE)                                              \
    E(CL_INVALID_MEM_OBJECT, ENVIRONMENT, OUR_MISTAKE)                                                 \
    E(CL_INVALID_BINARY, INPUT, OTHER_BINARY)                                                          \
    E(CL_INVALID_BUILD_OPTIONS, ENVIRONMENT, OUR_MISTAKE)                                              \
    E(CL_INVALID_PROGRAM, ENVIRONMENT, OUR_MISTAKE)                                                    \
    E(CL_INVALID_PROGRAM_EXECUTABLE, INPUT, OTHER_BINARY)                                              \
    E(CL_INVALID_KERNEL_NAME, INPUT, OTHER_BINARY)                                                     \
    E(CL_INVALID_KERNEL_DEFINITION, INPUT, OTHER_BINARY)                                               \
    E(CL_INVALID_ARG_INDEX, INPUT, OTHER_BINARY)                                                       \
    E(CL_INVALID_ARG_VALUE, INPUT, OTHER_BINARY)                                                       \
    E(CL_INVALID_ARG_SIZE, INPUT, OTHER_BINARY)                                                        \
    E(CL_INVALID_KERNEL_ARGS, INPUT, OTHER_BINARY)                                                     \
    E(CL_INVALID_EVENT_WAIT_LIST, ENVIRONMENT, OUR_MISTAKE)                                            \
    E(CL_INVALID_EVENT, ENVIRONMENT, OUR_MISTAKE)                                                      \
    E(CL_INVALID_OPERATION, ENVIRONMENT, ASK_RUNTIME)                                                  \
    E(CL_INVALID_BUFFER_SIZE, FULL, LOWER_SIZES)                                                       \
    E(CL_INVALID_HOST_PTR, ENVIRONMENT, OUR_MISTAKE)                                                   \
    E(CL_PLATFORM_NOT_FOUND_KHR, ENVIRONMENT,                                                          \
      "no OpenCL platform is installed: install pocl-opencl-icd (pocl) or libxrt1 (xrt)")

static const struct ll_opencl_error {
    cl_int error;
    int code;
    const char *name;
    const char *remedy;
} ll_opencl_errors[] = {
#define LL_OPENCL_ERROR_ROW(error, code, remedy) {error, LL_ERR_##code, #error, remedy},
    LL_OPENCL_ERRORS(LL_OPENCL_ERROR_ROW)
#undef LL_OPENCL_ERROR_ROW
};

static const struct ll_opencl_error *ll_opencl_error_of(cl_int error)
{
    static const struct ll_opencl_error unknown = {0, LL_ERR_ENVIRONMENT,
                                                   "an error this program has no name for", ASK_RUNTIME};
    for (size_t i = 0; i < sizeof ll_opencl_errors / sizeof ll_opencl_errors[0]; i++)
        if (ll_opencl_errors[i].error == error)
            return &ll_opencl_errors[i];
    return &unknown;
}

const char *ll_opencl_error_name(cl_int error)
{
    return ll_opencl_error_of(error)->name;
}

const char *ll_opencl_error_remedy(cl_int error)
{
    return ll_opencl_error_of(error)->remedy;
}

int ll_opencl_failed(struct ll_why *why, cl_int error, const char *file, int line, const char *what)
{
    const struct ll_opencl_error *row = ll_opencl_error_of(error);
    return ll_why_set(why, row->code, file, line, "%s: %s (%d); %s", what, ll_opencl_error_name(error),
                      (int)error, row->remedy);
}

int ll_opencl_api_open(struct ll_opencl_api *api, const char *library, struct ll_why *why)
{
    void *symbol;
    memset(api, 0, sizeof *api);
    if (library == NULL)
        library = LL_OPENCL_LIBRARY;
    api->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (api->library == NULL)
        return LL_FAIL(
            why, LL_ERR_ENVIRONMENT,
            "OpenCL's loader %s is not here: install the package ocl-icd-libopencl1, and for a platform "
            "pocl-opencl-icd (pocl) or libxrt1 (xrt); or use --device cpu",
            library);
        /* POSIX has a function's address in a void pointer; C has no cast for it. */
#define LL_OPENCL_CALL_LOAD(name)                                                                          \
    symbol = dlsym(api->library, #name);                                                                   \
    memcpy(&api->name, &symbol, sizeof symbol);                                                            \
    if (symbol == NULL) {                                                                                  \
        ll_opencl_api_close(api);                                                                          \
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,                                                            \
                       "%s has no %s: it is no OpenCL 1.2 loader; install the package ocl-icd-libopencl1", \
                       library, #name);                                                                    \
    }
    LL_OPENCL_CALLS(LL_OPENCL_CALL_LOAD)
#undef LL_OPENCL_CALL_LOAD
    return LL_OK;
}

void ll_opencl_api_close(struct ll_opencl_api *api)
{
    if (api->library != NULL)
        (void)dlclose(api->library);
    memset(api, 0, sizeof *api);
}

void ll_opencl_api_find_xcl(struct ll_opencl_api *api)
{
    static const char *const names[] = {"libxilinxopencl.so.2", "libxilinxopencl.so"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && api->xcl_get_fd == NULL; i++) {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_NOLOAD);
        void *symbol = library == NULL ? NULL : dlsym(library, "xclGetMemObjectFd");
        memcpy(&api->xcl_get_fd, &symbol, sizeof symbol);
        if (library != NULL)
            (void)dlclose(library); /* the ICD loader keeps it */
    }
}
