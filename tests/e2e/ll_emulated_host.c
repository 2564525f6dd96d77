/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small host of the emulated card: launches the gateway kernel through the real XRT and compares every answer with
 * those of the same kernel called in this process.
 *
 * Shape    ll_emulated_host batch|resident|lost XCLBIN ROUNDS. Two processes: a child, in a session of its own, makes
 *          the OpenCL calls, because XRT ends its process group when its device process dies; this one waits, and in
 *          `resident` and `lost` it maps the two link memories by the descriptors that the child sends it, and
 *          exchanges requests and answers through them. `batch` launches the whole script at once and then ROUNDS
 *          times one request, and prints what a launch costs. `resident` sends the script one by one, then ROUNDS
 *          times a PING, leaving the kernel alone now and then until it has ended and is started again, and stops
 *          it. `lost` prints "resident" with the child's process number, goes on with PINGs until none is answered,
 *          and says how the child ended. LL_SEED chooses the script.
 * Units    ns; requests.
 * Errors   exit status 1 and a line that starts with FAILED; 2 when the OpenCL library or the platform is not there.
 * Threads  one in each process (and XRT's own).
 */
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include "hls/ll_gateway.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_book_memory.h"
#include "kernels/ll_gateway_args.h"

#include <CL/cl.h>
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS            256u
#define UPDATES          200u
#define BOOKS            8u
#define ROUNDS_MAX       1000000u
#define LOOKS_MAX        20000u /* some milliseconds, then a resident kernel ends and is started again */
#define IDLE_PINGS       1000u  /* after so many pings the kernel is left alone until then */
#define BATCH            16u
#define LIMIT_S          120u         /* neither process lives longer */
#define ANSWER_NS_MAX    20000000000u /* a machine can be busy */
#define LOST_NS_MAX      1000000000u  /* no answer for so long: the device is gone */
#define LIFE_BYTES       4096u        /* the lifecycle half is not there */
#define BINARY_BYTES_MAX (64u << 20)

/* XRT's own extension of clCreateBuffer, as in its CL/cl_ext_xilinx.h. */
#define XRT_MEM_EXT_PTR ((cl_mem_flags)1 << 31)
#define XRT_HOST_ONLY   (1u << 29)
struct xrt_mem_ext {
    unsigned flags;
    void *object;
    void *parameter;
};

#define OPENCL_CALLS(C)          \
    C(clGetPlatformIDs)          \
    C(clGetPlatformInfo)         \
    C(clGetDeviceIDs)            \
    C(clCreateContext)           \
    C(clCreateCommandQueue)      \
    C(clCreateProgramWithBinary) \
    C(clCreateKernel)            \
    C(clCreateBuffer)            \
    C(clSetKernelArg)            \
    C(clEnqueueTask)             \
    C(clWaitForEvents)           \
    C(clReleaseEvent)            \
    C(clEnqueueWriteBuffer)      \
    C(clEnqueueReadBuffer)       \
    C(clEnqueueMapBuffer)        \
    C(clFinish)                  \
    C(clGetExtensionFunctionAddressForPlatform)

struct opencl {
#define OPENCL_MEMBER(name) __typeof__(&name) name;
    OPENCL_CALLS(OPENCL_MEMBER)
#undef OPENCL_MEMBER
    cl_platform_id platform;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel kernel;
    cl_mem memories[LL_GATEWAY_MEMORY_COUNT];
};

/* The same kernel in this process: its tables, its link, and what is asked of it. */
struct golden {
    struct ll_book_memory book;
    struct ll_life_control life_control;
    u64 *to_device;
    u64 *from_device;
    uint32_t request_count;
};

enum { TO_DEVICE = 10, FROM_DEVICE = 11 };

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("FAILED: ", stdout);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    (void)fflush(stdout);
    va_end(arguments);
    _exit(1);
}

static void check(cl_int err, const char *what)
{
    if (err != CL_SUCCESS)
        fail("%s: OpenCL error %d", what, err);
}

static size_t link_bytes(void)
{
    return (size_t)ll_link_words(SLOTS) * sizeof(u64);
}

/* --- the script and its golden answers ------------------------------------------------------------------ */

static const struct ll_book_config config = {.orders = 512, .levels = 512, .books = BOOKS, .hash_seed = 7};

static void ask(struct golden *golden, u32 kind, struct ll_beat beat)
{
    golden->request_count++;
    ll_link_put(golden->to_device, SLOTS, golden->request_count, kind, beat);
}

static void ask_control(struct golden *golden, u32 op, u32 part, u64 count)
{
    ask(golden, LL_BEAT_CONTROL, (struct ll_beat){{op, part, 0, count, 0, 0, 0, 0}});
}

static struct ll_update random_update(struct ll_prng *prng)
{
    struct ll_update update = {.op = (u8)(LL_OP_ADD + ll_prng_below(prng, 5)),
                               .side = (u8)ll_prng_below(prng, 2),
                               .book = ll_prng_below(prng, BOOKS),
                               .price = 1000 + ll_prng_below(prng, 20),
                               .quantity = 1 + ll_prng_below(prng, 300),
                               .ref = 1 + ll_prng_below(prng, 60),
                               .new_ref = 1 + ll_prng_below(prng, 60)};
    return update;
}

static void golden_init(struct golden *golden, uint64_t seed)
{
    struct ll_prng prng;
    size_t bytes = ll_book_memory_footprint_bytes(&config);
    void *memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    golden->to_device = calloc(1, link_bytes());
    golden->from_device = calloc(1, link_bytes());
    if (memory == NULL || golden->to_device == NULL || golden->from_device == NULL)
        fail("no memory");
    ll_book_memory_place(&golden->book, memory, &config);
    ll_prng_init(&prng, seed);
    ask_control(golden, LL_BEAT_OP_PING, 0, 0);
    ll_words_from_book_control(golden->to_device + ll_link_window_at(SLOTS), *golden->book.control);
    ask_control(golden, LL_BEAT_OP_LOAD, LL_PART_BOOK_CONTROL, 1);
    ask_control(golden, LL_BEAT_OP_RESET, LL_PART_BOOK_CONTROL, 0);
    for (uint32_t i = 0; i < UPDATES; i++)
        ask(golden, LL_BEAT_UPDATE, ll_beat_from_update(random_update(&prng)));
    ask_control(golden, LL_BEAT_OP_HASH, LL_PART_BOOK_BUCKETS, golden->book.control->bucket_count);
    ask_control(golden, LL_BEAT_OP_HASH, LL_PART_SIDES, (u64)BOOKS * 2);
}

/* Answers the script here; the answers then stand in golden->from_device. */
static void golden_answer(struct golden *golden)
{
    static struct ll_update updates[LL_GATEWAY_RUN_MAX];
    static struct ll_result results[LL_GATEWAY_RUN_MAX];
    static struct ll_life_ask asks[LL_GATEWAY_RUN_MAX];
    static struct ll_life_answer answers[LL_GATEWAY_RUN_MAX];
    struct ll_book_memory *book = &golden->book;
    ll_gateway_run(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                   &golden->life_control, NULL, NULL, NULL, updates, results, asks, answers,
                   golden->to_device, golden->from_device, SLOTS, 1, golden->request_count, 0, BATCH);
    struct ll_beat ping = ll_link_get(golden->from_device, SLOTS, 1);
    struct ll_beat hash = ll_link_get(golden->from_device, SLOTS, golden->request_count);
    if (ping.word[4] != LL_GATEWAY_LAYOUT || hash.word[4] == 0 || book->control->live_orders == 0)
        fail("the script says nothing: layout %" PRIx64 ", hash %" PRIx64, ping.word[4], hash.word[4]);
}

static void compare(const struct golden *golden, const volatile u64 *from_device, uint32_t ordinal)
{
    struct ll_beat wanted = ll_link_get(golden->from_device, SLOTS, ordinal);
    struct ll_beat got = ll_link_get(from_device, SLOTS, ordinal);
    for (uint32_t i = 0; i < LL_BEAT_WORDS; i++)
        if (got.word[i] != wanted.word[i])
            fail("answer %" PRIu32 " word %" PRIu32 " is %" PRIx64 ", not %" PRIx64, ordinal, i, got.word[i],
                 wanted.word[i]);
}

/* --- OpenCL, in the child ------------------------------------------------------------------------------- */

static void opencl_load(struct opencl *opencl)
{
    cl_platform_id platforms[8];
    cl_uint count = 0;
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW);
    if (library == NULL) {
        (void)printf("no libOpenCL.so.1\n");
        _exit(2);
    }
#define OPENCL_FIND(name)                                \
    {                                                    \
        void *address = dlsym(library, #name);           \
        memcpy(&opencl->name, &address, sizeof address); \
    }
    OPENCL_CALLS(OPENCL_FIND)
#undef OPENCL_FIND
    check(opencl->clGetPlatformIDs(8, platforms, &count), "clGetPlatformIDs");
    for (cl_uint i = 0; i < count && i < 8; i++) {
        char name[64] = "";
        (void)opencl->clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof name, name, NULL);
        if (strcmp(name, "Xilinx") == 0)
            opencl->platform = platforms[i];
    }
    if (opencl->platform == NULL) {
        (void)printf("no platform Xilinx\n");
        _exit(2);
    }
}

static unsigned char *read_binary(const char *path, size_t *bytes)
{
    unsigned char *binary = malloc(BINARY_BYTES_MAX);
    FILE *file = fopen(path, "rbe");
    if (file == NULL || binary == NULL)
        fail("%s: %s", path, strerror(errno));
    *bytes = fread(binary, 1, BINARY_BYTES_MAX, file);
    (void)fclose(file);
    return binary;
}

static void opencl_open(struct opencl *opencl, const char *path)
{
    cl_device_id device;
    cl_int status = 0;
    cl_int err = 0;
    size_t bytes;
    unsigned char *binary = read_binary(path, &bytes);
    const unsigned char *binaries[1] = {binary};
    check(opencl->clGetDeviceIDs(opencl->platform, CL_DEVICE_TYPE_ACCELERATOR, 1, &device, NULL),
          "clGetDeviceIDs");
    opencl->context = opencl->clCreateContext(NULL, 1, &device, NULL, NULL, &err);
    check(err, "clCreateContext");
    opencl->queue =
        opencl->clCreateCommandQueue(opencl->context, device, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &err);
    check(err, "clCreateCommandQueue");
    opencl->program =
        opencl->clCreateProgramWithBinary(opencl->context, 1, &device, &bytes, binaries, &status, &err);
    check(err, "clCreateProgramWithBinary");
    opencl->kernel = opencl->clCreateKernel(opencl->program, LL_GATEWAY_KERNEL, &err);
    check(err, "clCreateKernel");
    free(binary);
}

/* All memories as buffers; those of the link as host memory when the kernel is to stay. */
static void opencl_memories(struct opencl *opencl, const struct golden *golden, bool is_resident)
{
    struct ll_book_part parts[LL_BOOK_PARTS];
    ll_book_memory_parts(&golden->book, parts);
    for (cl_uint i = 0; i < LL_GATEWAY_MEMORY_COUNT; i++) {
        struct xrt_mem_ext host_only = {XRT_HOST_ONLY, NULL, NULL};
        bool is_link = i == TO_DEVICE || i == FROM_DEVICE;
        bool is_shared = is_link && is_resident;
        size_t bytes = is_link ? link_bytes() : i < LL_BOOK_PARTS ? parts[i].bytes : LIFE_BYTES;
        cl_int err = 0;
        opencl->memories[i] =
            opencl->clCreateBuffer(opencl->context, CL_MEM_READ_WRITE | (is_shared ? XRT_MEM_EXT_PTR : 0),
                                   bytes, is_shared ? &host_only : NULL, &err);
        check(err, "clCreateBuffer");
        check(opencl->clSetKernelArg(opencl->kernel, i, sizeof(cl_mem), &opencl->memories[i]),
              "clSetKernelArg");
    }
}

static void opencl_scalars(struct opencl *opencl, u32 first, u32 count)
{
    const u32 values[LL_GATEWAY_SCALAR_COUNT] = {SLOTS, first, count, LOOKS_MAX, BATCH};
    for (cl_uint i = 0; i < LL_GATEWAY_SCALAR_COUNT; i++)
        check(opencl->clSetKernelArg(opencl->kernel, LL_GATEWAY_MEMORY_COUNT + i, sizeof(u32), &values[i]),
              "clSetKernelArg");
}

/* Nothing is released: XRT still looks at what a launch was made of for a moment after it has ended. */
static void opencl_end(struct opencl *opencl)
{
    check(opencl->clFinish(opencl->queue), "clFinish");
    (void)fflush(stdout);
    _exit(0);
}

static void launch(struct opencl *opencl, u32 first, u32 count)
{
    cl_event done;
    opencl_scalars(opencl, first, count);
    check(opencl->clEnqueueTask(opencl->queue, opencl->kernel, 0, NULL, &done), "clEnqueueTask");
    check(opencl->clWaitForEvents(1, &done), "clWaitForEvents");
    check(opencl->clReleaseEvent(done), "clReleaseEvent");
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void say_times(const char *what, uint64_t *times_ns, uint32_t count)
{
    qsort(times_ns, count, sizeof *times_ns, compare_ns);
    (void)printf(
        "%s: %" PRIu32 " times, min %" PRIu64 " p50 %" PRIu64 " p99 %" PRIu64 " max %" PRIu64 " ns\n", what,
        count, times_ns[0], times_ns[count / 2], times_ns[count - 1 - count / 100], times_ns[count - 1]);
}

/* --- batch ---------------------------------------------------------------------------------------------- */

static void write_link(struct opencl *opencl, const u64 *to_device, u32 at, u32 words)
{
    check(opencl->clEnqueueWriteBuffer(opencl->queue, opencl->memories[TO_DEVICE], CL_TRUE, at * sizeof(u64),
                                       words * sizeof(u64), to_device + at, 0, NULL, NULL),
          "clEnqueueWriteBuffer");
}

static void read_link(struct opencl *opencl, u64 *from_device, u32 at, u32 words)
{
    check(opencl->clEnqueueReadBuffer(opencl->queue, opencl->memories[FROM_DEVICE], CL_TRUE, at * sizeof(u64),
                                      words * sizeof(u64), from_device + at, 0, NULL, NULL),
          "clEnqueueReadBuffer");
}

static void batch_rounds(struct opencl *opencl, struct golden *golden, u64 *from_device, uint32_t rounds)
{
    uint64_t *times_ns = malloc(rounds * sizeof *times_ns);
    if (times_ns == NULL)
        fail("no memory");
    for (uint32_t i = 0; i < rounds; i++) {
        ask_control(golden, LL_BEAT_OP_PING, 0, 0);
        u32 ordinal = golden->request_count;
        u32 at = ll_link_slot_at(ordinal, SLOTS);
        write_link(opencl, golden->to_device, at, LL_BEAT_WORDS);
        uint64_t begin_ns = ll_clock_mono_ns();
        launch(opencl, ordinal, 1);
        times_ns[i] = ll_clock_mono_ns() - begin_ns;
        read_link(opencl, from_device, at, LL_BEAT_WORDS);
        struct ll_beat answer = ll_link_get(from_device, SLOTS, ordinal);
        if (ll_beat_ordinal(answer.word[LL_BEAT_TAG]) != ordinal || answer.word[4] != LL_GATEWAY_LAYOUT)
            fail("launch %" PRIu32 " did not answer", i);
    }
    say_times("a launch of one request", times_ns, rounds);
    free(times_ns);
}

static void run_batch(struct opencl *opencl, struct golden *golden, uint32_t rounds)
{
    u64 *from_device = calloc(1, link_bytes());
    if (from_device == NULL)
        fail("no memory");
    write_link(opencl, golden->to_device, 0, ll_link_window_at(SLOTS) + 64);
    launch(opencl, 1, golden->request_count);
    read_link(opencl, from_device, 0, ll_link_window_at(SLOTS));
    for (u32 ordinal = 1; ordinal <= golden->request_count; ordinal++)
        compare(golden, from_device, ordinal);
    if (from_device[LL_LINK_END] != LL_LINK_DONE || from_device[LL_LINK_NEXT] != golden->request_count + 1)
        fail("the batch ended as %" PRIu64 " at %" PRIu64, from_device[LL_LINK_END],
             from_device[LL_LINK_NEXT]);
    (void)printf("batch: %" PRIu32 " answers equal\n", golden->request_count);
    batch_rounds(opencl, golden, from_device, rounds);
    free(from_device);
}

/* --- resident: the child launches and lends, this process exchanges --------------------------------------- */

static void send_memories(int to, const int fds[2])
{
    char byte = 0;
    struct iovec part = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr aligned;
    } control = {{0}};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(rights), fds, 2 * sizeof(int));
    if (sendmsg(to, &message, 0) != 1)
        fail("the descriptors could not be sent: %s", strerror(errno));
}

static bool receive_memories(int from, volatile u64 *links[2])
{
    char byte = 0;
    int fds[2];
    struct iovec part = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr aligned;
    } control = {{0}};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(from, &message, 0) != 1 || CMSG_FIRSTHDR(&message) == NULL)
        return false;
    memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fds);
    for (uint32_t i = 0; i < 2; i++) {
        void *link = mmap(NULL, link_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
        if (link == MAP_FAILED)
            fail("a descriptor of XRT's buffer cannot be mapped: %s", strerror(errno));
        links[i] = link;
        (void)close(fds[i]);
    }
    return true;
}

static void run_resident_child(struct opencl *opencl, int to_parent)
{
    cl_int (*get_fd)(cl_mem, int *) = NULL;
    volatile u64 *links[2];
    int fds[2];
    cl_int err = 0;
    void *address = opencl->clGetExtensionFunctionAddressForPlatform(opencl->platform, "xclGetMemObjectFd");
    memcpy(&get_fd, &address, sizeof address);
    if (get_fd == NULL)
        fail("XRT has no xclGetMemObjectFd");
    for (uint32_t i = 0; i < 2; i++) {
        cl_mem memory = opencl->memories[TO_DEVICE + i];
        void *mapped = opencl->clEnqueueMapBuffer(opencl->queue, memory, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                                                  0, link_bytes(), 0, NULL, NULL, &err);
        check(err, "clEnqueueMapBuffer");
        memset(mapped, 0, link_bytes());
        links[i] = mapped;
        check(get_fd(memory, &fds[i]), "xclGetMemObjectFd");
    }
    send_memories(to_parent, fds);
    uint32_t launches = 0;
    for (u32 next = 1; launches == 0 || links[1][LL_LINK_END] == LL_LINK_IDLE; launches++) {
        if (launches > 0)
            (void)send(to_parent, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        launch(opencl, next, 0);
        next = (u32)links[1][LL_LINK_NEXT];
    }
    if (links[1][LL_LINK_END] != LL_LINK_STOPPED)
        fail("the kernel ended as %" PRIu64, links[1][LL_LINK_END]);
    (void)printf("stopped after %" PRIu32 " launches\n", launches);
}

/* False when no answer comes in time. */
static bool exchange(const struct golden *golden, volatile u64 *links[2], u32 ordinal, uint64_t limit_ns)
{
    uint64_t begin_ns = ll_clock_mono_ns();
    struct ll_beat beat = ll_link_get(golden->to_device, SLOTS, ordinal);
    ll_link_put(links[0], SLOTS, ordinal, ll_beat_kind_of(beat.word[LL_BEAT_TAG]), beat);
    while (ll_link_has(links[1], SLOTS, ordinal) == 0)
        if (ll_clock_mono_ns() - begin_ns > limit_ns)
            return false;
    return true;
}

static bool exchange_ping(struct golden *golden, volatile u64 *links[2], uint64_t limit_ns)
{
    ask_control(golden, LL_BEAT_OP_PING, 0, 0);
    u32 ordinal = golden->request_count;
    if (!exchange(golden, links, ordinal, limit_ns))
        return false;
    struct ll_beat answer = ll_link_get(links[1], SLOTS, ordinal);
    if (ll_beat_is_whole(answer) == 0 || answer.word[4] != LL_GATEWAY_LAYOUT)
        fail("request %" PRIu32 " has a broken answer", ordinal);
    return true;
}

static void exchange_script(const struct golden *golden, volatile u64 *links[2])
{
    u32 window = ll_link_window_at(SLOTS);
    for (u32 i = 0; i < LL_PART_COUNT; i++)
        links[0][window + i] = golden->to_device[window + i];
    for (u32 ordinal = 1; ordinal <= golden->request_count; ordinal++) {
        if (!exchange(golden, links, ordinal, ANSWER_NS_MAX))
            fail("request %" PRIu32 " had no answer", ordinal);
        compare(golden, links[1], ordinal);
    }
    (void)printf("resident: %" PRIu32 " answers equal\n", golden->request_count);
}

static void run_resident_parent(struct golden *golden, volatile u64 *links[2], uint32_t rounds,
                                int from_child)
{
    char byte;
    uint64_t *times_ns = malloc(rounds * sizeof *times_ns);
    if (times_ns == NULL)
        fail("no memory");
    exchange_script(golden, links);
    for (uint32_t i = 0; i < rounds; i++) {
        uint64_t begin_ns = ll_clock_mono_ns();
        if (!exchange_ping(golden, links, ANSWER_NS_MAX))
            fail("ping %" PRIu32 " had no answer", i);
        times_ns[i] = ll_clock_mono_ns() - begin_ns;
        if (i % IDLE_PINGS == IDLE_PINGS - 1 && recv(from_child, &byte, 1, 0) != 1)
            fail("the idle kernel was not started again");
    }
    say_times("a request and its answer", times_ns, rounds);
    free(times_ns);
    ll_link_store(links[0] + LL_LINK_STOP, 1);
}

static void run_lost_parent(struct golden *golden, volatile u64 *links[2], pid_t child)
{
    uint64_t begin_ns = ll_clock_mono_ns();
    exchange_script(golden, links);
    (void)printf("resident %d\n", (int)child);
    (void)fflush(stdout);
    while (exchange_ping(golden, links, LOST_NS_MAX))
        if (ll_clock_mono_ns() - begin_ns > ANSWER_NS_MAX)
            fail("nobody took the device away");
    (void)printf("no answer any more\n");
    (void)fflush(stdout);
}

/* --- the two processes ---------------------------------------------------------------------------------- */

static void run_child(struct golden *golden, const char *mode, const char *path, uint32_t rounds,
                      int to_parent)
{
    struct opencl opencl = {0};
    bool is_batch = strcmp(mode, "batch") == 0;
    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(LIMIT_S);
    opencl_load(&opencl);
    opencl_open(&opencl, path);
    opencl_memories(&opencl, golden, !is_batch);
    if (is_batch)
        run_batch(&opencl, golden, rounds);
    else
        run_resident_child(&opencl, to_parent);
    opencl_end(&opencl);
}

static int end_of_child(pid_t child, bool is_lost)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ; /* a signal */
    if (WIFSIGNALED(status))
        (void)printf("the OpenCL process ended by signal %d\n", WTERMSIG(status));
    else
        (void)printf("the OpenCL process ended with %d\n", WEXITSTATUS(status));
    if (is_lost)
        return 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    struct golden golden = {0};
    int sockets[2];
    const char *seed = getenv("LL_SEED");
    if (argc != 4)
        fail("use: ll_emulated_host batch|resident|lost XCLBIN ROUNDS");
    uint32_t rounds = (uint32_t)strtoul(argv[3], NULL, 10);
    if (rounds == 0 || rounds > ROUNDS_MAX)
        fail("ROUNDS is 1 to %u", ROUNDS_MAX);
    golden_init(&golden, seed != NULL ? strtoull(seed, NULL, 0) : 1);
    golden_answer(&golden);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        fail("socketpair: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        fail("fork: %s", strerror(errno));
    if (child == 0) {
        (void)close(sockets[0]);
        run_child(&golden, argv[1], argv[2], rounds, sockets[1]);
    }
    (void)close(sockets[1]);
    (void)alarm(LIMIT_S);
    volatile u64 *links[2];
    bool is_lost = strcmp(argv[1], "lost") == 0;
    if (receive_memories(sockets[0], links)) {
        if (is_lost)
            run_lost_parent(&golden, links, child);
        else
            run_resident_parent(&golden, links, rounds, sockets[0]);
    }
    return end_of_child(child, is_lost);
}
