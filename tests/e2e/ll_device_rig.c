/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway reduced to its link: it starts the device process, loads tables into it, sends random requests of both
 * halves, and holds every answer and at the end every byte of the tables against the same kernel in this process.
 *
 * Shape    ll_device_rig --program FILE [options]: one line for each thing that happened, `key value...`: started,
 *          note, failed, ready, checked, lost, ended. The test reads them.
 * Units    counts; ns.
 * Errors   exit status 0 all equal, 1 a difference or no answer, 2 usage, 3 the device process said FAILED, 4 LOST.
 * Threads  one. The device process ends with it, since the socket closes.
 */
#include "hls/ll_gateway.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"
#include "host/base/ll_prng.h"
#include "host/core/ll_book_memory.h"
#include "host/core/ll_life_memory.h"
#include "host/device/ll_device_link.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_MAX     64u
#define ANSWER_NS   (20 * LL_NS_PER_S)
#define READY_MS    120000
#define END_MS      10000
#define EXIT_DIFFER 1
#define EXIT_FAILED 3
#define EXIT_LOST   4

struct options {
    const char *program;
    const char *platform;
    const char *mode;
    const char *binary;
    uint64_t card;
    uint64_t slots;
    uint64_t batch_max;
    uint64_t lanes;
    uint64_t close_ns;
    uint64_t kernel_batch;
    uint64_t looks_max;
    uint64_t orders;
    uint64_t updates;
    uint64_t pause_ns;
    uint64_t table_bytes;
    uint64_t version;
    uint64_t seed;
    bool hold;
};

#define ROW(name, type, field, min, max, value, help)                            \
    {                                                                            \
        name, type, offsetof(struct options, field), min, max, value, NULL, help \
    }

static const struct ll_option table[] = {
    ROW("program", LL_OPTION_STRING, program, 0, 0, "FILE", "the device process"),
    ROW("platform", LL_OPTION_STRING, platform, 0, 0, "NAME", "pocl or xrt"),
    ROW("mode", LL_OPTION_STRING, mode, 0, 0, "NAME", "resident or batch"),
    ROW("binary", LL_OPTION_STRING, binary, 0, 0, "PATH", "xclbin, or directory of the source"),
    ROW("card", LL_OPTION_U64, card, 0, 0, "N", "device of the platform"),
    ROW("slots", LL_OPTION_U64, slots, 0, 0, "N", "of the rings"),
    ROW("batch-max", LL_OPTION_U64, batch_max, 0, 0, "N", "requests that close a batch"),
    ROW("lanes", LL_OPTION_U64, lanes, 0, 0, "N", "launches in flight"),
    ROW("close", LL_OPTION_DURATION, close_ns, 0, 0, "TIME", "age that closes a batch"),
    ROW("kernel-batch", LL_OPTION_U64, kernel_batch, 0, 0, "N", "messages the kernel works together"),
    ROW("looks", LL_OPTION_U64, looks_max, 0, 0, "N",
        "looks without a request before a resident kernel ends"),
    ROW("orders", LL_OPTION_U64, orders, 16, 1 << 20, "N", "size of the tables"),
    ROW("updates", LL_OPTION_U64, updates, 0, 0, "N", "random requests"),
    ROW("pause", LL_OPTION_DURATION, pause_ns, 0, 0, "TIME", "wait in the middle of them"),
    ROW("table-bytes", LL_OPTION_SIZE, table_bytes, 0, 0, "BYTES",
        "ask for such order buckets; 0: as it needs"),
    ROW("link-version", LL_OPTION_U64, version, 0, 0, "N", "speak this version of the link"),
    ROW("seed", LL_OPTION_U64, seed, 0, 0, "N", "of the requests"),
    ROW("hold", LL_OPTION_FLAG, hold, 0, 0, NULL,
        "when ready, say so and wait for the end of standard input"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

struct rig {
    struct options options;
    struct ll_arena arena;
    struct ll_book_memory book;
    struct ll_life_memory life;
    struct ll_device_request request;
    struct ll_prng prng;
    pid_t pid;
    int socket;
    volatile u64 *to;
    volatile u64 *from;
    uint32_t slots;
    uint32_t next; /* ordinal */
    uint64_t checked;
    struct {
        void *memory;
        uint64_t bytes;
    } parts[LL_PART_COUNT];
};

/* --- The device process ------------------------------------------------------------------------------------- */

static int start_process(struct rig *rig)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return EXIT_DIFFER;
    rig->pid = fork();
    if (rig->pid == 0) {
        if (ends[1] != LL_DEVICE_LINK_FD)
            (void)dup2(ends[1], LL_DEVICE_LINK_FD);
        else
            (void)fcntl(ends[1], F_SETFD, 0);
        (void)execl(rig->options.program, rig->options.program, "--serve", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    rig->socket = ends[0];
    (void)printf("started %d\n", (int)rig->pid);
    return send(rig->socket, &rig->request, sizeof rig->request, MSG_NOSIGNAL) < 0 ? EXIT_DIFFER : 0;
}

static int map_memories(struct rig *rig, struct msghdr *message)
{
    size_t bytes = (size_t)ll_link_words(rig->slots) * sizeof(u64);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fds[2];
    if (header == NULL || header->cmsg_len != CMSG_LEN(sizeof fds))
        return EXIT_DIFFER;
    memcpy(fds, CMSG_DATA(header), sizeof fds);
    void *to = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
    void *from = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[1], 0);
    if (to == MAP_FAILED || from == MAP_FAILED)
        return EXIT_DIFFER;
    rig->to = to;
    rig->from = from;
    return 0;
}

/* The next word of the process; 0 = a note or ready. *is_ready when it is that. */
static int hear(struct rig *rig, bool *is_ready, int wait_ms)
{
    struct ll_device_word word;
    char control[CMSG_SPACE(2 * sizeof(int))];
    struct iovec part = {&word, sizeof word};
    struct msghdr message = {0};
    struct pollfd ready = {rig->socket, POLLIN, 0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (poll(&ready, 1, wait_ms) <= 0 || recvmsg(rig->socket, &message, 0) != (ssize_t)sizeof word) {
        (void)printf("gone\n");
        return EXIT_DIFFER;
    }
    switch (word.kind) {
    case LL_DEVICE_NOTE:
        (void)printf("note %s\n", word.text);
        return 0;
    case LL_DEVICE_READY:
        (void)printf("ready platform=%s device=%s memory=%" PRIu64 " build_ms=%" PRIu64 "\n", word.platform,
                     word.device, word.memory_bytes, word.build_ns / LL_NS_PER_MS);
        *is_ready = true;
        return map_memories(rig, &message);
    default:
        (void)printf("%s %s %s\n", word.kind == LL_DEVICE_LOST ? "lost" : "failed", ll_err_name(word.code),
                     word.text);
        return word.kind == LL_DEVICE_LOST ? EXIT_LOST : EXIT_FAILED;
    }
}

static int wait_ready(struct rig *rig)
{
    bool is_ready = false;
    int status = start_process(rig);
    while (status == 0 && !is_ready)
        status = hear(rig, &is_ready, READY_MS);
    (void)fflush(stdout);
    return status;
}

/* Closes the socket and waits for the process, which must end by itself. */
static int end_process(struct rig *rig)
{
    int status = 0;
    (void)close(rig->socket);
    for (int waited_ms = 0; waited_ms < END_MS; waited_ms += 10) {
        if (waitpid(rig->pid, &status, WNOHANG) == rig->pid) {
            (void)printf("ended status=%d signal=%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                         WIFSIGNALED(status) ? WTERMSIG(status) : 0);
            return 0;
        }
        (void)usleep(10000);
    }
    (void)printf("ended not: it had to be killed\n");
    (void)kill(rig->pid, SIGKILL);
    (void)waitpid(rig->pid, &status, 0);
    return EXIT_DIFFER;
}

/* --- Beats -------------------------------------------------------------------------------------------------- */

/* The answer to `ordinal`; false = none came, or it is not whole. */
static bool wait_answer(struct rig *rig, uint32_t ordinal, struct ll_beat *beat)
{
    uint64_t deadline_ns = ll_clock_mono_ns() + ANSWER_NS;
    for (uint32_t looks = 0; ll_link_has(rig->from, rig->slots, ordinal) == 0; looks++) {
        if (looks % 1024 == 1023) {
            (void)sched_yield();
            if (ll_clock_mono_ns() > deadline_ns) {
                (void)printf("silent ordinal=%u\n", ordinal);
                return false;
            }
        }
    }
    *beat = ll_link_get(rig->from, rig->slots, ordinal);
    return ll_beat_is_whole(*beat) != 0;
}

static bool control(struct rig *rig, enum ll_beat_op op, uint32_t part, uint64_t first, uint64_t count,
                    uint64_t *value)
{
    struct ll_beat beat = {{op, part, first, count, 0, 0, 0, 0}};
    uint32_t ordinal = rig->next++;
    ll_link_put(rig->to, rig->slots, ordinal, LL_BEAT_CONTROL, beat);
    if (!wait_answer(rig, ordinal, &beat))
        return false;
    *value = beat.word[4];
    if (beat.word[6] != LL_BEAT_OK)
        (void)printf("refused op=%d part=%u first=%" PRIu64 " count=%" PRIu64 "\n", (int)op, part, first,
                     count);
    return beat.word[6] == LL_BEAT_OK;
}

/* --- Tables ------------------------------------------------------------------------------------------------- */

static int make_tables(struct rig *rig)
{
    struct ll_book_config book = {rig->options.orders, rig->options.orders, 16, 7};
    struct ll_life_config life = {rig->options.orders, rig->options.orders / 4 + 1, 9};
    struct ll_book_part parts[LL_BOOK_PARTS];
    size_t book_bytes = ll_book_memory_footprint_bytes(&book);
    size_t life_bytes = ll_life_memory_footprint_bytes(&life);
    if (ll_arena_init(&rig->arena, ll_align_up(book_bytes, 64) + ll_align_up(life_bytes, 64), NULL) != LL_OK)
        return EXIT_DIFFER;
    ll_book_memory_place(&rig->book, ll_arena_alloc(&rig->arena, book_bytes, 64), &book);
    ll_life_memory_place(&rig->life, ll_arena_alloc(&rig->arena, life_bytes, 64), &life);
    ll_book_memory_parts(&rig->book, parts);
    for (uint32_t i = 0; i < LL_BOOK_PARTS; i++) {
        rig->parts[i].memory = parts[i].memory;
        rig->parts[i].bytes = parts[i].bytes;
    }
    const struct ll_life_control *counts = rig->life.control;
    rig->parts[LL_PART_LIFE_CONTROL].memory = rig->life.control;
    rig->parts[LL_PART_LIFE_CONTROL].bytes = sizeof *rig->life.control;
    rig->parts[LL_PART_LIFE_BUCKETS].memory = rig->life.buckets;
    rig->parts[LL_PART_LIFE_BUCKETS].bytes =
        ((uint64_t)counts->bucket_count + counts->overflow_count) * sizeof *rig->life.buckets;
    rig->parts[LL_PART_LIFE_PLACES].memory = rig->life.places;
    rig->parts[LL_PART_LIFE_PLACES].bytes = ((uint64_t)counts->id_count + 1) / 2 * 8;
    rig->parts[LL_PART_LIFE_ORDERS].memory = rig->life.orders;
    rig->parts[LL_PART_LIFE_ORDERS].bytes = (uint64_t)counts->order_count * sizeof *rig->life.orders;
    return 0;
}

/* LOADs, or DUMPs and compares, every part, a window at a time. */
static bool move_tables(struct rig *rig, enum ll_beat_op op)
{
    uint64_t value;
    volatile u64 *window = (op == LL_BEAT_OP_LOAD ? rig->to : rig->from) + ll_link_window_at(rig->slots);
    for (uint32_t part = 0; part < LL_PART_COUNT; part++) {
        uint64_t element_bytes = (uint64_t)ll_part_words(part) * sizeof(u64);
        uint64_t count = rig->parts[part].bytes / element_bytes;
        uint64_t at_once = LL_LINK_WINDOW_WORDS * sizeof(u64) / element_bytes;
        for (uint64_t first = 0; first < count; first += at_once) {
            uint64_t now = count - first < at_once ? count - first : at_once;
            uint8_t *bytes = (uint8_t *)rig->parts[part].memory + first * element_bytes;
            if (op == LL_BEAT_OP_LOAD)
                memcpy((void *)(uintptr_t)window, bytes, now * element_bytes);
            if (!control(rig, op, part, first, now, &value))
                return false;
            bool is_odd =
                part == LL_PART_LIFE_PLACES && first + now == count && rig->life.control->id_count % 2 != 0;
            uint64_t compared = now * element_bytes - (is_odd ? sizeof(u32) : 0);
            if (op == LL_BEAT_OP_DUMP && memcmp((const void *)(uintptr_t)window, bytes, compared) != 0) {
                (void)printf("differs part=%u first=%" PRIu64 "\n", part, first);
                return false;
            }
        }
    }
    return true;
}

static bool check_hash(struct rig *rig, uint32_t part, uint64_t count, uint64_t wanted)
{
    uint64_t value = 0;
    if (!control(rig, LL_BEAT_OP_HASH, part, 0, count, &value))
        return false;
    if (value != wanted)
        (void)printf("differs hash part=%u %" PRIx64 " not %" PRIx64 "\n", part, value, wanted);
    return value == wanted;
}

static bool check_hashes(struct rig *rig)
{
    const struct ll_book_memory *book = &rig->book;
    const struct ll_life_memory *life = &rig->life;
    uint32_t buckets = book->control->bucket_count;
    uint32_t sides = book->control->book_count * 2;
    uint32_t ids = life->control->bucket_count + life->control->overflow_count;
    uint32_t orders = life->control->order_count;
    return check_hash(rig, LL_PART_BOOK_BUCKETS, buckets, ll_state_hash_orders(book->buckets, 0, buckets)) &&
           check_hash(
               rig, LL_PART_SIDES, sides,
               ll_state_hash_levels(book->leaves, book->levels, book->inners, book->sides, 0, sides)) &&
           check_hash(rig, LL_PART_LIFE_BUCKETS, ids, ll_state_hash_ids(life->buckets, 0, ids)) &&
           check_hash(rig, LL_PART_LIFE_ORDERS, orders, ll_state_hash_life_orders(life->orders, 0, orders));
}

/* --- Random requests ---------------------------------------------------------------------------------------- */

static struct ll_update random_update(struct rig *rig)
{
    struct ll_prng *prng = &rig->prng;
    uint32_t references = (uint32_t)rig->options.orders / 2;
    struct ll_update update = {.ref = 1 + ll_prng_below(prng, references),
                               .new_ref = 1 + ll_prng_below(prng, references),
                               .price = 1000 + ll_prng_below(prng, 300),
                               .quantity = ll_prng_below(prng, 200),
                               .book = ll_prng_below(prng, 17),
                               .op = (u8)ll_prng_below(prng, 6),
                               .side = (u8)ll_prng_below(prng, 2)};
    if (ll_prng_chance(prng, 400))
        update.op = LL_OP_ADD;
    return update;
}

static struct ll_life_ask random_ask(struct rig *rig)
{
    struct ll_prng *prng = &rig->prng;
    uint32_t numbers = (uint32_t)rig->options.orders;
    struct ll_life_ask ask = {.key = {ll_prng_below(prng, numbers), 5},
                              .new_key = {ll_prng_below(prng, numbers), 5},
                              .order = ll_prng_below(prng, numbers / 4),
                              .id = ll_prng_below(prng, numbers),
                              .new_id = ll_prng_below(prng, numbers),
                              .quantity = ll_prng_below(prng, 100),
                              .op = (u8)ll_prng_below(prng, LL_LIFE_OP_COUNT),
                              .type = (u8)ll_prng_below(prng, LL_ID_TYPE_COUNT),
                              .status = (u8)ll_prng_below(prng, LL_ID_STATUS_COUNT),
                              .flags = (u8)ll_prng_below(prng, 2)};
    if (ll_prng_chance(prng, 300))
        ask.op = LL_LIFE_OP_OPEN;
    return ask;
}

/* The answer that the kernel in this process gives; a request that is broken on purpose is done nowhere. */
static struct ll_beat answer_here(struct rig *rig, uint32_t kind, struct ll_beat beat)
{
    const struct ll_book_memory *book = &rig->book;
    const struct ll_life_memory *life = &rig->life;
    beat.word[LL_BEAT_TAG] = 0;
    if (kind == LL_BEAT_UPDATE) {
        struct ll_update update = ll_beat_to_update(beat);
        struct ll_result result;
        ll_book_batch(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                      &update, &result, 1, 1);
        return ll_beat_from_result(result);
    }
    struct ll_life_ask ask = ll_beat_to_ask(beat);
    struct ll_life_answer answer;
    ll_life_batch(life->control, life->buckets, life->places, life->orders, &ask, &answer, 1, 1);
    return ll_beat_from_answer(answer);
}

/* A run of requests into the ring, their answers worked out here, then compared. */
static bool exchange_run(struct rig *rig, uint32_t count)
{
    static struct ll_beat wanted[LL_LINK_SLOTS_MAX];
    static uint32_t kinds[LL_LINK_SLOTS_MAX];
    uint32_t first = rig->next;
    bool asks = ll_prng_chance(&rig->prng, 500) != 0;
    for (uint32_t i = 0; i < count; i++) {
        if (ll_prng_chance(&rig->prng, 100))
            asks = !asks;
        kinds[i] = asks ? LL_BEAT_ASK : LL_BEAT_UPDATE;
        struct ll_beat beat =
            asks ? ll_beat_from_ask(random_ask(rig)) : ll_beat_from_update(random_update(rig));
        ll_link_put(rig->to, rig->slots, rig->next++, kinds[i], beat);
        wanted[i] = answer_here(rig, kinds[i], beat);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct ll_beat got;
        if (!wait_answer(rig, first + i, &got))
            return false;
        if (ll_beat_kind_of(got.word[LL_BEAT_TAG]) != kinds[i] ||
            memcmp(got.word, wanted[i].word, LL_BEAT_CONTENT * sizeof(u64)) != 0) {
            (void)printf("differs ordinal=%u kind=%u\n", first + i, kinds[i]);
            return false;
        }
        rig->checked++;
    }
    return true;
}

/* A request whose words do not belong to its tag is answered as such, and nothing is done. */
static bool exchange_broken(struct rig *rig)
{
    struct ll_beat beat = ll_beat_from_update(random_update(rig));
    uint32_t ordinal = rig->next++;
    volatile u64 *slot = rig->to + ll_link_slot_at(ordinal, rig->slots);
    for (uint32_t i = 0; i < LL_BEAT_CONTENT; i++)
        slot[i] = beat.word[i];
    ll_link_store(slot + LL_BEAT_TAG, ll_beat_tag(beat, ordinal, LL_BEAT_UPDATE) ^ (u64)1 << 32);
    return wait_answer(rig, ordinal, &beat) && ll_beat_kind_of(beat.word[LL_BEAT_TAG]) == LL_BEAT_BROKEN;
}

/* How often the kernel is seen to have ended for want of requests, before it is started again. */
static void pause_and_look(const struct rig *rig)
{
    uint64_t end_ns = ll_clock_mono_ns() + rig->options.pause_ns;
    uint64_t idle = 0;
    while (ll_clock_mono_ns() < end_ns)
        idle += ll_link_load(rig->from + LL_LINK_END) == LL_LINK_IDLE;
    (void)printf("idle %" PRIu64 "\n", idle);
}

static bool exchange(struct rig *rig)
{
    uint64_t left = rig->options.updates;
    bool has_paused = rig->options.pause_ns == 0;
    while (left > 0) {
        uint32_t most = left < rig->slots ? (uint32_t)left : rig->slots;
        uint32_t count = 1 + ll_prng_below(&rig->prng, most);
        if (!exchange_run(rig, count))
            return false;
        left -= count;
        if (!has_paused && left < rig->options.updates / 2) {
            pause_and_look(rig);
            has_paused = true;
        }
    }
    return exchange_broken(rig);
}

static int check_device(struct rig *rig)
{
    uint64_t value = 0;
    bool good = control(rig, LL_BEAT_OP_PING, 0, 0, 0, &value) && value == LL_GATEWAY_LAYOUT;
    (void)printf("ping %s\n", good ? "answered" : "wrong");
    good =
        good && move_tables(rig, LL_BEAT_OP_LOAD) && check_hashes(rig) && move_tables(rig, LL_BEAT_OP_DUMP);
    (void)printf("loaded %s\n", good ? "equal" : "different");
    (void)fflush(stdout);
    good = good && exchange(rig) && check_hashes(rig) && move_tables(rig, LL_BEAT_OP_DUMP);
    (void)printf("checked %" PRIu64 " %s\n", rig->checked, good ? "equal" : "different");
    (void)fflush(stdout);
    return good ? 0 : EXIT_DIFFER;
}

/* --- The whole of it ---------------------------------------------------------------------------------------- */

static void make_request(struct rig *rig)
{
    const struct options *options = &rig->options;
    struct ll_device_request *request = &rig->request;
    request->magic = LL_DEVICE_LINK_MAGIC;
    request->version = (uint32_t)options->version;
    request->platform =
        strcmp(options->platform, "xrt") == 0 ? LL_DEVICE_PLATFORM_XRT : LL_DEVICE_PLATFORM_POCL;
    request->mode = strcmp(options->mode, "batch") == 0 ? LL_DEVICE_BATCH : LL_DEVICE_RESIDENT;
    request->card = (uint32_t)options->card;
    request->slots = (uint32_t)options->slots;
    request->batch_max = (uint32_t)options->batch_max;
    request->lanes = (uint32_t)options->lanes;
    request->kernel_batch = (uint32_t)options->kernel_batch;
    request->batch_close_ns = options->close_ns;
    request->looks_max = options->looks_max;
    for (uint32_t part = 0; part < LL_PART_COUNT; part++)
        request->part_bytes[part] = rig->parts[part].bytes;
    if (options->table_bytes != 0)
        request->part_bytes[LL_PART_BOOK_BUCKETS] = options->table_bytes;
    (void)snprintf(request->binary, sizeof request->binary, "%s", options->binary);
    rig->slots = request->slots;
    rig->next = 1;
}

static int run(struct rig *rig)
{
    char byte;
    bool is_ready = false;
    int status = wait_ready(rig);
    if (status == 0 && rig->options.hold) {
        while (read(STDIN_FILENO, &byte, 1) > 0)
            continue;
        status = hear(rig, &is_ready, END_MS);
    } else if (status == 0) {
        status = check_device(rig);
    }
    int ended = end_process(rig);
    return status == 0 ? ended : status;
}

int main(int argc, char **argv)
{
    static struct rig rig;
    struct ll_operands operands = {0};
    struct ll_why why = {0};
    int help = 0;
    rig.options = (struct options){.platform = "pocl",
                                   .mode = "resident",
                                   .binary = "",
                                   .slots = 256,
                                   .batch_max = 64,
                                   .lanes = 2,
                                   .kernel_batch = 32,
                                   .looks_max = UINT32_MAX,
                                   .orders = 4096,
                                   .updates = 20000,
                                   .version = LL_DEVICE_LINK_VERSION,
                                   .seed = 1};
    if (ll_options_parse(table, argc, argv, &rig.options, &operands, &help, &why) != LL_OK || help != 0 ||
        rig.options.program == NULL) {
        ll_options_print_help(table, stdout);
        return 2;
    }
    ll_prng_init(&rig.prng, rig.options.seed);
    if (make_tables(&rig) != 0)
        return EXIT_DIFFER;
    make_request(&rig);
    return run(&rig);
}
