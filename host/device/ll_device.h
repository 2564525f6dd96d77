/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A way to reach the kernel, both halves of it. `cpu` runs it in this process; `pocl` and `xrt` run it in a
 * device process (host/device/ll_device_link.h) through rings in shared memory.
 *
 * Shape    open -> write the tables or leave them empty -> attach -> submit, poll, submit, poll... ask... ->
 *          close. Results come in the order of the updates. Before attach everything runs in this process:
 *          recovery replays there, and attach loads what came of it into the device. The tables in this
 *          process are the mirror: a thread of its own follows with the same requests and the same kernel, so
 *          that a device that is lost costs nothing but time: what is unanswered is done here, and the mirror
 *          takes over (on_loss), or a new device process is loaded from it. With `verify` the mirror is in
 *          step and each answer is compared before anybody sees it; an answer that differs is a loss. For the
 *          `cpu` the mirror is the device, and there is no thread.
 * Units    counts of updates; bytes; ns.
 * Errors   open, attach: LL_ERR_USAGE (no such device, a size out of range), LL_ERR_NO_MEMORY,
 *          LL_ERR_ENVIRONMENT (the runtime is missing or does not start; the text names the remedy),
 *          LL_ERR_INPUT (a wrong binary), LL_ERR_STOPPED (give_up said so; whatever must_start says). Later:
 *          none that is seen in a result; ll_device_status says what became of the device.
 * Threads  one owner.
 */
#ifndef LL_HOST_DEVICE_DEVICE_H
#define LL_HOST_DEVICE_DEVICE_H

#include "hls/ll_life_records.h"
#include "hls/ll_records.h"
#include "host/base/ll_err.h"
#include "host/core/ll_book_memory.h"
#include "host/core/ll_life_memory.h"
#include "host/device/ll_device_carrier.h"
#include "host/device/ll_device_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ll_device;

/* What happens when the device does not answer in time, answers what it must not, or its process is gone. */
enum ll_device_loss {
    LL_DEVICE_LOSS_CPU = 0,    /* go on in this process */
    LL_DEVICE_LOSS_RELOAD = 1, /* go on here at once, start a new device process, load it, go on there */
    LL_DEVICE_LOSS_STOP = 2    /* fail closed */
};

struct ll_device_config {
    const char
        *name; /* "cpu", "pocl", "xrt" or "xrt:N", the N-th card; with a carrier any that is not "cpu" */
    const struct ll_device_carrier *carrier; /* NULL = a device process; the device keeps a copy */
    struct ll_book_config book;
    struct ll_life_config life; /* ids 0 = no lifecycle half */
    uint32_t batch; /* messages the kernel works together, 1..64; the results do not depend on it */
    enum ll_device_mode mode;
    bool verify;
    bool must_start; /* false: a device that does not start is a loss, not an error */
    enum ll_device_loss on_loss;
    uint32_t batch_max; /* see ll_device_request; 0 = the default of each, the times below too */
    uint32_t lanes;
    uint64_t batch_close_ns;
    uint64_t looks_max;
    uint64_t watchdog_ns;      /* the longest wait for an answer */
    uint64_t start_timeout_ns; /* for the process to be ready: a program may have to be compiled first */
    uint64_t load_limit_ns;    /* for all of a load after a loss: the owner does nothing else meanwhile */
    const char *program;       /* the device process; NULL = lifeline-device beside this program */
    const char *binary;        /* xclbin, or directory of the OpenCL source; NULL = the default */
    void (*note)(void *context,
                 const char *sentence); /* what became of the device, for people; NULL = none */
    void *note_context;
    bool (*give_up)(void *context); /* asked all the time while open and attach wait; NULL = never */
    void *give_up_context;
};

/* D(name, "text") */
#define LL_DEVICE_COUNTERS(D)                                         \
    D(updates, "updates")                                             \
    D(asks, "asks")                                                   \
    D(batches, "batches")                                             \
    D(device_answers, "answers of the device")                        \
    D(losses, "times the device was lost")                            \
    D(reloads, "times a new one was loaded")                          \
    D(silent, "losses: no answer in time")                            \
    D(gone, "losses: the device process ended")                       \
    D(out_of_sequence, "losses: an answer out of sequence")           \
    D(broken, "losses: a slot that is not whole")                     \
    D(stale, "losses: an answer of another epoch")                    \
    D(impossible, "losses: an answer no kernel gives")                \
    D(different, "losses: an answer the verification does not share") \
    D(failed, "losses: it could not be started or loaded")            \
    D(reloads_failed, "times a new one could not be loaded")          \
    D(mirror_waits, "times the mirror's log was full")

struct ll_device_counters {
#define LL_DEVICE_COUNTER_FIELD(name, text) uint64_t name;
    LL_DEVICE_COUNTERS(LL_DEVICE_COUNTER_FIELD)
#undef LL_DEVICE_COUNTER_FIELD
};

/* Where requests go now. */
enum ll_device_standing {
    LL_DEVICE_HERE = 0,      /* cpu, or not attached yet */
    LL_DEVICE_THERE = 1,     /* the device answers */
    LL_DEVICE_FALLEN = 2,    /* it was lost: this process answers */
    LL_DEVICE_RELOADING = 3, /* the same, and a new device process starts */
    LL_DEVICE_STOPPED = 4    /* it was lost, and that is the end */
};

/* Everything but name and sizes: resident, must start, on_loss cpu, and times for the slowest runtime. */
void ll_device_config_default(struct ll_device_config *config);

LL_MUST_CHECK int ll_device_open(struct ll_device **device, const struct ll_device_config *config,
                                 struct ll_why *why);
/* NULL is allowed. */
void ll_device_close(struct ll_device *device);

/* --- State --------------------------------------------------------------------------------------------- */

/* The tables, as they are after the last polled result: the mirror, which has caught up when this returns.
 * Whoever writes there does so before attach. */
const struct ll_book_memory *ll_device_book(struct ll_device *device);
const struct ll_life_memory *ll_device_life(struct ll_device *device);
/* Where each half lies, for who formats it or loads a snapshot before attach: 64-byte aligned, footprint
 * bytes. */
void *ll_device_book_bytes(struct ll_device *device);
void *ll_device_life_bytes(struct ll_device *device);

/* Loads the tables into the device, under the next epoch; requests go there from now on. */
LL_MUST_CHECK int ll_device_attach(struct ll_device *device, struct ll_why *why);
/* The state hash of the tables in the device, summed there: ll_book_memory_hash and ll_life_memory_hash of the
 * mirror, when all is well. */
LL_MUST_CHECK int ll_device_hash(struct ll_device *device, uint64_t *book_hash, uint64_t *life_hash,
                                 struct ll_why *why);
/* Reads all tables back out of the device and compares them with the mirror, byte by byte. LL_ERR_CORRUPT: the
 * first difference. */
LL_MUST_CHECK int ll_device_compare(struct ll_device *device, struct ll_why *why);

/* --- Work ---------------------------------------------------------------------------------------------- */

/* Hands updates over; returns how many were taken. They stay in place until their results have been polled. */
uint32_t ll_device_submit(struct ll_device *device, const struct ll_update *updates, uint32_t count);
/* Up to count_max results; 0 = none yet. Waiting is bounded: after watchdog_ns the device is lost, and
 * results come. */
uint32_t ll_device_poll(struct ll_device *device, struct ll_result *results, uint32_t count_max);
/* Answers at once and in order. Nothing may be submitted and not polled; what is, when the status is LL_ERR_STOPPED,
 * is dropped, and the tables lack it. */
void ll_device_ask(struct ll_device *device, const struct ll_life_ask *asks, struct ll_life_answer *answers,
                   uint32_t count);
/* Off the fast path, now and then: sees that a device process is gone or, after a loss, that a new one is
 * ready. */
void ll_device_tend(struct ll_device *device);

/* --- Reading ------------------------------------------------------------------------------------------- */

/* LL_OK while results are to be had, wherever they come from; LL_ERR_STOPPED after a loss with on_loss stop.
 * `why`: the last loss, also when the status is LL_OK; empty = none. */
int ll_device_status(const struct ll_device *device, struct ll_why *why);
enum ll_device_standing ll_device_standing(const struct ll_device *device);
const struct ll_device_counters *ll_device_counters(const struct ll_device *device);
/* "cpu", or platform, device and mode. */
const char *ll_device_describe(const struct ll_device *device);
size_t ll_device_memory_bytes(const struct ll_device *device);
/* "plain", "transparent huge", "huge" or where else the tables lie. */
const char *ll_device_memory_pages(const struct ll_device *device);

#endif
