/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_device_carrier.h"

#include "host/base/ll_clock.h"
#include "host/device/ll_device_process.h"

#include <sched.h>
#include <time.h>

/* Looks in a row that find nothing: the first ones cost nothing, the next ones give way to whoever is ready to
 * run, and then the thread sleeps: one of real-time priority that only yields would keep a device process of
 * its CPU from ever answering. */
#define LL_CARRIER_SPINS    2048u
#define LL_CARRIER_YIELDS   4096u
#define LL_CARRIER_SLEEP_NS ((long)50000)

static int ll_carrier_start(void *context, const struct ll_device_request *request, struct ll_why *why)
{
    return ll_device_process_start(context, request, why);
}

static enum ll_carrier_news ll_carrier_hear(void *context, struct ll_device_word *word,
                                            struct ll_device_memories *memories, struct ll_why *why)
{
    const struct ll_device_process *process = context;
    enum ll_carrier_news news = ll_device_process_look(context, word, why);
    if (news == LL_CARRIER_READY)
        *memories = (struct ll_device_memories){process->to_device, process->from_device};
    return news;
}

static void ll_carrier_await(void *context, uint64_t wait_ns)
{
    ll_device_process_await(context, wait_ns);
}

static void ll_carrier_rest(void *context, uint32_t rests)
{
    const struct timespec rest = {0, LL_CARRIER_SLEEP_NS};
    (void)context;
    if (rests < LL_CARRIER_YIELDS)
        (void)sched_yield();
    else
        (void)nanosleep(&rest, NULL);
}

static uint64_t ll_carrier_now_ns(void *context)
{
    (void)context;
    return ll_clock_mono_ns();
}

static void ll_carrier_kill(void *context)
{
    ll_device_process_kill(context);
}

static bool ll_carrier_reap(void *context)
{
    return ll_device_process_reap(context);
}

static void ll_carrier_end(void *context, uint64_t wait_ns)
{
    ll_device_process_end(context, wait_ns);
}

struct ll_device_carrier ll_device_carrier_of(struct ll_device_process *process)
{
    return (struct ll_device_carrier){.context = process,
                                      .spins = LL_CARRIER_SPINS,
                                      .start = ll_carrier_start,
                                      .hear = ll_carrier_hear,
                                      .await = ll_carrier_await,
                                      .rest = ll_carrier_rest,
                                      .now_ns = ll_carrier_now_ns,
                                      .kill = ll_carrier_kill,
                                      .reap = ll_carrier_reap,
                                      .end = ll_carrier_end};
}
