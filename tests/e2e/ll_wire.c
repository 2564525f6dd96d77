/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wire between two interfaces that loses, repeats, delays and so reorders frames, counts what it delivered, and keeps
 * it as a capture.
 *
 * What comes in on the first interface leaves on the second with faults, and the other way round without. It is for
 * kernels without netem, and says exactly what was on the wire behind the faults. Commands come on standard input, one
 * per line, each is answered by one line of JSON:
 *   stats                                      counts so far
 *   hold | go                                  keep all frames that go to the second interface, in order, or not
 *   faults LOSS BURST REPEAT DELAY LATE MORE   of 1000 frames LOSS begin a loss of 1 to BURST frames, REPEAT are sent
 *                                              twice, LATE come MORE us later; every frame up to DELAY us later
 * The end of standard input ends it. Everything is drawn from the seed, but when frames come is the machine's.
 */
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES_MAX    32768u
#define FRAME_BYTES   1600u
#define CLASSES_MAX   8u
#define BUFFER_BYTES  (64 << 20)
#define BURST_FRAMES  256u
#define FAULT_NUMBERS 6

struct frame {
    uint64_t due_ns;
    uint32_t bytes_count;
    uint8_t bytes[FRAME_BYTES];
};

struct class
{
    const char *name;
    uint64_t packets;
    uint64_t bytes;
};

struct wire {
    struct ll_prng prng;
    int from_fd;
    int to_fd;
    FILE *record;
    uint16_t answers_port; /* answers come from here, and are recorded as sent to here */
    struct frame *frames;
    uint32_t queue[FRAMES_MAX]; /* into frames: first those that are due first, then the free ones */
    uint32_t queue_count;
    bool is_held;
    uint64_t fault[FAULT_NUMBERS];     /* loss, burst, repeat, delay, late, more */
    uint64_t losing;                   /* frames of the loss that is under way */
    struct class classes[CLASSES_MAX]; /* flows, then udp, tcp, other */
    uint32_t flow_count;
    uint64_t lost, repeated, late, back, refused, overflowed;
};

enum { LOSS, BURST, REPEAT, DELAY, LATE, MORE };

static int open_interface(const char *name)
{
    const int buffer_bytes = BUFFER_BYTES;
    const int one = 1;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)fprintf(stderr, "ll_wire: %s: %s\n", name, strerror(errno));
        exit(1);
    }
    return fd;
}

static uint64_t kernel_drops(int fd)
{
    struct tpacket_stats statistics = {0};
    socklen_t length = sizeof statistics;
    (void)getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length);
    return statistics.tp_drops;
}

/* --- what a frame is ------------------------------------------------------------------------------------ */

static bool is_udp(const struct frame *frame)
{
    const uint8_t *bytes = frame->bytes;
    return frame->bytes_count >= 42 && ll_load_be16(bytes + 12) == ETH_P_IP && bytes[14] == 0x45 &&
           bytes[23] == IPPROTO_UDP;
}

static struct class *class_of(struct wire *wire, const struct frame *frame)
{
    const uint8_t *bytes = frame->bytes;
    char name[32];
    uint32_t i = wire->flow_count;
    if (is_udp(frame)) {
        (void)snprintf(name, sizeof name, "%u.%u.%u.%u:%u", bytes[30], bytes[31], bytes[32], bytes[33],
                       ll_load_be16(bytes + 36));
        for (i = 0; i < wire->flow_count && strcmp(name, wire->classes[i].name) != 0; i++)
            continue;
        return &wire->classes[i];
    }
    bool is_tcp =
        frame->bytes_count >= 34 && ll_load_be16(bytes + 12) == ETH_P_IP && bytes[23] == IPPROTO_TCP;
    return &wire->classes[wire->flow_count + (is_tcp ? 1 : 2)];
}

/* Flows and answers, in microseconds: what a gateway needs to see the day again. */
static void keep(struct wire *wire, struct frame *frame, const struct class *class)
{
    bool is_answer = is_udp(frame) && ll_load_be16(frame->bytes + 34) == wire->answers_port;
    if (class >= &wire->classes[wire->flow_count] && !is_answer)
        return;
    if (is_answer)
        ll_store_be16(frame->bytes + 36, wire->answers_port);
    uint64_t now_ns = ll_clock_utc_ns();
    const uint32_t header[4] = {(uint32_t)(now_ns / LL_NS_PER_S),
                                (uint32_t)(now_ns % LL_NS_PER_S / LL_NS_PER_US), frame->bytes_count,
                                frame->bytes_count};
    (void)fwrite(header, sizeof header, 1, wire->record);
    (void)fwrite(frame->bytes, frame->bytes_count, 1, wire->record);
}

static void deliver(struct wire *wire, struct frame *frame)
{
    struct class *class = class_of(wire, frame);
    if (send(wire->to_fd, frame->bytes, frame->bytes_count, 0) != (ssize_t)frame->bytes_count) {
        wire->refused++;
        return;
    }
    class->packets++;
    class->bytes += frame->bytes_count;
    keep(wire, frame, class);
}

/* --- the queue ------------------------------------------------------------------------------------------ */

/* Behind all that are due no later. */
static void enqueue(struct wire *wire, const uint8_t *bytes, uint32_t bytes_count, uint64_t due_ns)
{
    if (wire->queue_count == FRAMES_MAX) {
        wire->overflowed++;
        return;
    }
    uint32_t index = wire->queue[wire->queue_count];
    uint32_t at = wire->queue_count++;
    for (; at > 0 && wire->frames[wire->queue[at - 1]].due_ns > due_ns; at--)
        wire->queue[at] = wire->queue[at - 1];
    wire->queue[at] = index;
    struct frame *frame = &wire->frames[index];
    frame->due_ns = due_ns;
    frame->bytes_count = bytes_count;
    memcpy(frame->bytes, bytes, bytes_count);
}

static void deliver_due(struct wire *wire, uint64_t now_ns)
{
    uint32_t count = 0;
    if (wire->is_held)
        return;
    while (count < wire->queue_count && wire->frames[wire->queue[count]].due_ns <= now_ns)
        deliver(wire, &wire->frames[wire->queue[count++]]);
    /* The delivered ones are free: they change places with the rest. */
    uint32_t *freed = malloc((count + 1) * sizeof freed[0]);
    memcpy(freed, wire->queue, count * sizeof freed[0]);
    wire->queue_count -= count;
    memmove(wire->queue, wire->queue + count, wire->queue_count * sizeof wire->queue[0]);
    memcpy(wire->queue + wire->queue_count, freed, count * sizeof freed[0]);
    free(freed);
}

static void take(struct wire *wire, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    if (wire->losing == 0 && ll_prng_chance(&wire->prng, (uint32_t)wire->fault[LOSS]))
        wire->losing = 1 + ll_prng_below(&wire->prng, (uint32_t)wire->fault[BURST]);
    if (wire->losing > 0) {
        wire->losing--;
        wire->lost++;
        return;
    }
    uint32_t copies = ll_prng_chance(&wire->prng, (uint32_t)wire->fault[REPEAT]) ? 2 : 1;
    wire->repeated += copies - 1;
    for (uint32_t i = 0; i < copies; i++) {
        uint64_t delay_us = ll_prng_below(&wire->prng, (uint32_t)wire->fault[DELAY] + 1);
        if (ll_prng_chance(&wire->prng, (uint32_t)wire->fault[LATE])) {
            delay_us += wire->fault[MORE];
            wire->late++;
        }
        enqueue(wire, bytes, bytes_count, now_ns + delay_us * LL_NS_PER_US);
    }
}

/* --- commands ------------------------------------------------------------------------------------------- */

static void print_stats(struct wire *wire)
{
    wire->overflowed += kernel_drops(wire->from_fd) + kernel_drops(wire->to_fd);
    (void)printf("{\"delivered\": {");
    for (uint32_t i = 0; i < wire->flow_count + 3; i++)
        (void)printf("%s\"%s\": [%" PRIu64 ", %" PRIu64 "]", i == 0 ? "" : ", ", wire->classes[i].name,
                     wire->classes[i].packets, wire->classes[i].bytes);
    (void)printf("}, \"queued\": %u, \"lost\": %" PRIu64 ", \"repeated\": %" PRIu64 ", \"late\": %" PRIu64
                 ", \"back\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"overflowed\": %" PRIu64 "}\n",
                 wire->queue_count, wire->lost, wire->repeated, wire->late, wire->back, wire->refused,
                 wire->overflowed);
}

static void obey(struct wire *wire, const char *line)
{
    uint64_t *fault = wire->fault;
    if (strcmp(line, "hold\n") == 0)
        wire->is_held = true;
    else if (strcmp(line, "go\n") == 0)
        wire->is_held = false;
    else if (sscanf(line, "faults %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
                    &fault[LOSS], &fault[BURST], &fault[REPEAT], &fault[DELAY], &fault[LATE],
                    &fault[MORE]) != FAULT_NUMBERS &&
             strcmp(line, "stats\n") != 0) {
        (void)fprintf(stderr, "ll_wire: what is '%s'?\n", line);
        exit(2);
    }
    (void)fflush(wire->record);
    print_stats(wire);
    (void)fflush(stdout);
}

/* --- the run -------------------------------------------------------------------------------------------- */

/* Gives the processor to the command line now and then, so that a flood does not starve it. */
static void pump(struct wire *wire)
{
    uint8_t bytes[65536];
    for (uint32_t i = 0; i < BURST_FRAMES; i++) {
        ssize_t got = recv(wire->from_fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            break;
        if (got > (ssize_t)FRAME_BYTES)
            wire->refused++; /* offload is on: nothing on a wire is so long */
        else
            take(wire, bytes, (uint32_t)got, ll_clock_mono_ns());
    }
    for (uint32_t i = 0; i < BURST_FRAMES; i++) {
        ssize_t got = recv(wire->to_fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            break;
        wire->back++;
        if (send(wire->from_fd, bytes, (size_t)got, 0) != got)
            wire->refused++;
    }
    deliver_due(wire, ll_clock_mono_ns());
}

static void wait_for_work(const struct wire *wire)
{
    struct pollfd fds[3] = {{.fd = 0, .events = POLLIN},
                            {.fd = wire->from_fd, .events = POLLIN},
                            {.fd = wire->to_fd, .events = POLLIN}};
    struct timespec wait = {1, 0};
    if (wire->queue_count != 0 && !wire->is_held) {
        uint64_t now_ns = ll_clock_mono_ns();
        uint64_t due_ns = wire->frames[wire->queue[0]].due_ns;
        uint64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
        wait = (struct timespec){(time_t)(wait_ns / LL_NS_PER_S), (long)(wait_ns % LL_NS_PER_S)};
    }
    (void)ppoll(fds, 3, &wait, NULL);
}

static void run(struct wire *wire)
{
    char line[128];
    for (;;) {
        struct pollfd command = {.fd = 0, .events = POLLIN};
        wait_for_work(wire);
        pump(wire);
        if (poll(&command, 1, 0) <= 0)
            continue;
        if (fgets(line, sizeof line, stdin) == NULL)
            return;
        obey(wire, line);
    }
}

static void open_record(struct wire *wire, const char *path)
{
    /* libpcap's file header: microseconds, version 2.4, whole frames, Ethernet. */
    const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
    wire->record = fopen(path, "wb");
    if (wire->record == NULL || fwrite(header, sizeof header, 1, wire->record) != 1) {
        (void)fprintf(stderr, "ll_wire: %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (argc < 6 || argc > 6 + (int)CLASSES_MAX - 3 || wire == NULL) {
        (void)fprintf(stderr, "usage: ll_wire SEED RECORD ANSWERS-PORT FROM-IFACE TO-IFACE [FLOW...]\n");
        return 2;
    }
    wire->frames = calloc(FRAMES_MAX, sizeof wire->frames[0]);
    if (wire->frames == NULL) {
        free(wire);
        return 1;
    }
    for (uint32_t i = 0; i < FRAMES_MAX; i++)
        wire->queue[i] = i;
    ll_prng_init(&wire->prng, strtoull(argv[1], NULL, 0));
    open_record(wire, argv[2]);
    wire->answers_port = (uint16_t)strtoul(argv[3], NULL, 10);
    wire->from_fd = open_interface(argv[4]);
    wire->to_fd = open_interface(argv[5]);
    for (int i = 6; i < argc; i++)
        wire->classes[wire->flow_count++].name = argv[i];
    static const char *const rest[] = {"udp", "tcp", "other"};
    for (uint32_t i = 0; i < 3; i++)
        wire->classes[wire->flow_count + i].name = rest[i];
    print_stats(wire);
    (void)fflush(stdout);
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* poll sees what is not read yet */
    run(wire);
    (void)fclose(wire->record);
    free(wire->frames);
    free(wire);
    return 0;
}
