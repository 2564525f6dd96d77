/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line that EAL is started with: which words, and why. Pure text: no DPDK in here.
 *
 * Shape    init fills argv from the configuration and what the machine has (free huge pages, allowed CPUs).
 *          EAL can be started once per process, also after a failure, so the choice is made before the start.
 * Units    megabytes are 2^20 bytes.
 * Errors   LL_ERR_USAGE: extra_args is too long, or holds a word that would end the process (--help).
 *          LL_ERR_ENVIRONMENT: more memory than the machine has, which EAL answers by crashing.
 * Threads  start-up only.
 */
#ifndef LL_DPDK_EAL_WORDS_H
#define LL_DPDK_EAL_WORDS_H

#include "dpdk/ll_port.h"
#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_EAL_WORDS_MAX       64
#define LL_EAL_TEXT_BYTES      2048u
#define LL_EAL_MEMORY_MB       128u /* when ll_eal_config.memory_mb is 0 */
#define LL_EAL_HUGE_PAGE_SIZES 8u   /* x86 has two, other machines a few more */

struct ll_eal_machine {
    uint64_t memory_bytes;    /* of the whole machine */
    uint64_t huge_free_bytes; /* in huge pages nobody uses */
    uint32_t cpu;             /* one this process may run on */
    uint32_t process_id;
};

struct ll_eal_words {
    int argc;
    char *argv[LL_EAL_WORDS_MAX + 1]; /* into `text`; NULL at the end */
    bool huge_pages;
    bool logs_visible; /* extra_args names a log level: the operator wants to see the log */
    char file_prefix[32];
    char text[LL_EAL_TEXT_BYTES];
};

/* The struct must not move afterwards: argv points into it. */
LL_MUST_CHECK int ll_eal_words_init(struct ll_eal_words *words, const struct ll_eal_config *config,
                                    const struct ll_eal_machine *machine, struct ll_why *why);

#endif
