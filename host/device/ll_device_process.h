/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device process, as the gateway sees it: a child that is started, listened to, and ended for certain.
 *
 * Shape    init -> start -> look... until READY: then its two memories are mapped here -> look now and then ->
 *          dismiss or kill -> reap until it is gone -> start again, or end. The child is the leader of a
 *          process group of its own, with nothing open of ours but its end of the socket (LL_DEVICE_LINK_FD)
 *          and stderr, and ordinary priority. Who dismisses or kills it has no memory of it left from that
 *          moment on. What is left of a group whose leader has ended is killed with it, and the directories in
 *          /dev/shm and /tmp that a leader may leave behind are removed, when they are ours.
 * Units    ns, of the caller's clock.
 * Errors   start: LL_ERR_ENVIRONMENT with the remedy. look: LL_CARRIER_ENDED and the reason: what the process
 *          said of itself, a word that is none, memories that are too small, or the end of the process.
 * Threads  one owner. Only the child itself is waited for: other children of the program are not disturbed.
 */
#ifndef LL_HOST_DEVICE_DEVICE_PROCESS_H
#define LL_HOST_DEVICE_DEVICE_PROCESS_H

#include "host/device/ll_device_carrier.h"
#include "host/device/ll_device_link.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ll_device_process {
    volatile uint64_t *to_device;         /* NULL unless READY */
    const volatile uint64_t *from_device; /* the same */
    const char *program;                  /* of the caller; empty = lifeline-device beside this program */
    pid_t pid;                            /* 0 = none */
    int socket;                           /* -1 = none */
    uint32_t slots;
    size_t memory_bytes; /* of each memory */
    cpu_set_t cpus;      /* where whoever called init may run: the owner may be bound to a CPU later on */
};

void ll_device_process_init(struct ll_device_process *process, const char *program);

/* No other process may be there. */
LL_MUST_CHECK int ll_device_process_start(struct ll_device_process *process,
                                          const struct ll_device_request *request, struct ll_why *why);

/* The next word; never waits. `word` is whole text, and filled with NOTE and READY only. */
enum ll_carrier_news ll_device_process_look(struct ll_device_process *process, struct ll_device_word *word,
                                            struct ll_why *why);
/* Waits for the next word, or the end, for so long at most. */
void ll_device_process_await(const struct ll_device_process *process, uint64_t wait_ns);

/* Takes the memories and the socket away: the process ends by itself. */
void ll_device_process_dismiss(struct ll_device_process *process);
/* The same, and does not wait for that. */
void ll_device_process_kill(struct ll_device_process *process);
/* True when there is no process any more. Never waits. */
bool ll_device_process_reap(struct ll_device_process *process);
/* Dismisses it, waits for so long at most, kills it, and waits so long again for the kernel to let it go. */
void ll_device_process_end(struct ll_device_process *process, uint64_t wait_ns);

#endif
