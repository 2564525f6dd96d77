/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the device share. For nobody else.
 *
 * Shape    ll_device.c        open, close, submit, poll, ask, and what is read
 *          ll_device_start.c  which device is meant, and the wait for its process to be ready
 *          ll_device_wait.c   one step of waiting for an answer: look, then rest; the clock
 *          ll_device_load.c   CONTROL requests: the tables into the device, their hash, the tables out again
 *          ll_device_reset.c  what a device has already when it is empty
 *          ll_device_loss.c   what a loss is called, what happens then, and how a new process is loaded
 * Units    ns of the carrier's clock.
 * Errors   a cause with a reason, or an error code with a reason; nothing is lost before ll_device_lose.
 * Threads  the owner of the device.
 */
#ifndef LL_HOST_DEVICE_DEVICE_PARTS_H
#define LL_HOST_DEVICE_DEVICE_PARTS_H

#include "host/base/ll_arena.h"
#include "host/device/ll_device.h"
#include "host/device/ll_device_carrier.h"
#include "host/device/ll_device_mirror.h"
#include "host/device/ll_device_process.h"
#include "host/device/ll_ring_port.h"

#define LL_DEVICE_SLOTS          1024u
#define LL_DEVICE_VERIFY_RUN     64u
#define LL_DEVICE_DESCRIBE_BYTES 240u
#define LL_DEVICE_PATH_BYTES     4096u
#define LL_DEVICE_END_NS         ((uint64_t)3000000000) /* for a process to end by itself, and to be let go */

/* A(NAME, counter) Why a device is lost: each cause has its counter. */
#define LL_CAUSES(A)                    \
    A(SILENT, silent)                   \
    A(GONE, gone)                       \
    A(OUT_OF_SEQUENCE, out_of_sequence) \
    A(BROKEN, broken)                   \
    A(STALE, stale)                     \
    A(IMPOSSIBLE, impossible)           \
    A(DIFFERENT, different)             \
    A(FAILED, failed)

enum ll_device_cause {
    LL_CAUSE_NONE = 0,
#define LL_CAUSE_ENUM(name, counter) LL_CAUSE_##name,
    LL_CAUSES(LL_CAUSE_ENUM)
#undef LL_CAUSE_ENUM
};

struct ll_device {
    struct ll_arena arena;
    struct ll_device_config config;
    struct ll_device_request request;
    struct ll_device_mirror mirror;
    struct ll_device_carrier carrier;
    struct ll_device_process process; /* what carries, unless somebody else does */
    struct ll_ring_port port;
    void *port_memory;
    struct ll_device_counters counters;
    enum ll_device_standing standing;
    bool is_cpu;
    bool is_started; /* a device is there, or comes */
    bool is_attached;
    bool is_given_up; /* the wait for it was called off */
    uint32_t epoch;
    uint32_t pending_count; /* updates submitted and not polled */
    const struct ll_update *updates;
    /* waiting */
    uint32_t looks;
    uint64_t waiting_since_ns; /* 0 = not that long yet */
    bool is_overdue;           /* the time has passed, and one look is left */
    /* a new process */
    uint32_t tries;
    uint64_t next_try_ns;
    uint64_t ready_until_ns;
    uint64_t load_until_ns; /* 0 = no load is under way */
    uint64_t attached_ns;
    struct ll_why why; /* the last loss */
    size_t memory_bytes;
    char program[LL_DEVICE_PATH_BYTES]; /* empty = the one beside this program */
    char describe[LL_DEVICE_DESCRIBE_BYTES];
    union {
        struct ll_result results[LL_DEVICE_VERIFY_RUN];
        struct ll_life_answer answers[LL_DEVICE_VERIFY_RUN];
    } own; /* what the mirror says, when it is asked first */
};

/* --- ll_device_start.c */

/* "cpu", "pocl", "xrt", "xrt:N"; or any, of a carrier's own. */
LL_MUST_CHECK int ll_device_read_name(struct ll_device_request *request, bool *is_cpu,
                                      const struct ll_device_config *config, struct ll_why *why);
LL_MUST_CHECK int ll_device_fill_request(struct ll_device *device, struct ll_why *why);
LL_MUST_CHECK int ll_device_start(struct ll_device *device, struct ll_why *why);
/* Takes the words that are there; true when the last one is READY, and the ring port is made then. An end is
 * in `why`. */
bool ll_device_hear(struct ll_device *device, struct ll_why *why);
LL_MUST_CHECK int ll_device_start_and_await(struct ll_device *device, struct ll_why *why);
/* Nothing of it can be seen from here on, so no answer of it can come late. */
void ll_device_let_go(struct ll_device *device);
void ll_device_note(const struct ll_device *device, const char *sentence);

/* --- ll_device_wait.c */

uint64_t ll_device_now_ns(const struct ll_device *device);
/* An answer has come: the next wait begins anew. */
void ll_device_wait_over(struct ll_device *device);
/* One step behind a look that found nothing; SILENT after `limit_ns` and one look more, GONE when the process is. */
enum ll_device_cause ll_device_wait(struct ll_device *device, uint64_t limit_ns, struct ll_why *why);
/* Of an answer that is none. */
enum ll_device_cause ll_device_take_cause(const struct ll_device *device, enum ll_ring_take take,
                                          struct ll_why *why);
/* The owner wants no device any more; then that is the reason. */
bool ll_device_gives_up(struct ll_device *device, struct ll_why *why);
/* The process has ended or said so. */
bool ll_device_is_gone(struct ll_device *device, struct ll_why *why);

/* --- ll_device_load.c */

/* Loads the tables with a new epoch and compares the hashes. */
enum ll_device_cause ll_device_load(struct ll_device *device, struct ll_why *why);
enum ll_device_cause ll_device_sum(struct ll_device *device, uint64_t *book_hash, uint64_t *life_hash,
                                   struct ll_why *why);
/* LL_ERR_CORRUPT in `why` with no cause: a difference. */
enum ll_device_cause ll_device_hold_against(struct ll_device *device, struct ll_why *why);

/* --- ll_device_reset.c */

/* `count` elements of a part, from element `first` on, are what RESET makes of zeroed memory, to the last byte. */
bool ll_device_is_as_reset(const struct ll_device_mirror *mirror, uint32_t part, const unsigned char *bytes,
                           uint64_t first, uint64_t count);

/* --- ll_device_loss.c */

/* From here on requests are answered in this process; `why` becomes the last loss. */
void ll_device_lose(struct ll_device *device, enum ll_device_cause cause, const struct ll_why *why);
/* Loads the tables, and requests go there. */
enum ll_device_cause ll_device_go_there(struct ll_device *device, struct ll_why *why);
void ll_device_try_again(struct ll_device *device);

#endif
