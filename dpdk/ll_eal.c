/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_eal_words.h"
#include "dpdk/ll_log_capture.h"
#include "dpdk/ll_port.h"
#include "host/base/ll_assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HUGE_PAGES_PATH      "/sys/kernel/mm/hugepages"
#define RUNTIME_PREFIX       "/lifeline-" /* and a process id: the --file-prefix of ll_eal_words.c */
#define RUNTIME_PREFIX_BYTES (sizeof RUNTIME_PREFIX - 1)
#define RUNTIME_ENTRIES_MAX  65536u

/* The number in a one-line file of the kernel; 0 when there is none. */
static uint64_t read_number(const char *path)
{
    char text[32] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    char *got = fgets(text, sizeof text, file);
    (void)fclose(file);
    return got != NULL ? strtoull(text, NULL, 10) : 0;
}

/* The free huge pages of all sizes, from hugepages-<size>kB/free_hugepages. */
static uint64_t huge_free_bytes(void)
{
    DIR *directory = opendir(HUGE_PAGES_PATH);
    if (directory == NULL)
        return 0;
    uint64_t bytes = 0;
    const struct dirent *entry;
    for (uint32_t i = 0; i < LL_EAL_HUGE_PAGE_SIZES + 2u && (entry = readdir(directory)) != NULL; i++) {
        char path[sizeof HUGE_PAGES_PATH + sizeof entry->d_name + sizeof "/free_hugepages"];
        if (strncmp(entry->d_name, "hugepages-", 10) != 0)
            continue;
        (void)snprintf(path, sizeof path, HUGE_PAGES_PATH "/%s/free_hugepages", entry->d_name);
        bytes += read_number(path) * strtoull(entry->d_name + 10, NULL, 10) * 1024u;
    }
    (void)closedir(directory);
    return bytes;
}

/* The wanted CPU when this process may run there, else the first one it may run on. */
static uint32_t allowed_cpu(uint32_t wanted, const cpu_set_t *allowed)
{
    if (wanted < CPU_SETSIZE && CPU_ISSET(wanted, allowed))
        return wanted;
    for (uint32_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, allowed))
            return cpu;
    }
    return wanted;
}

/* EAL makes a directory per file prefix, also when it keeps nothing in it. Removed when it is empty. */
static void remove_runtime_directory(void)
{
    const char *path = rte_eal_get_runtime_dir();
    if (path != NULL && strstr(path, RUNTIME_PREFIX) != NULL)
        (void)rmdir(path);
}

/* As that of a process that was killed stays. Its number is in the name; nothing is in the directory, so one that is
 * taken from a living process, of another PID namespace, is not missed by it. */
static void remove_dead_runtime_directories(void)
{
    char path[PATH_MAX];
    const char *own = rte_eal_get_runtime_dir();
    const char *last = own != NULL ? strrchr(own, '/') : NULL;
    if (last == NULL || strncmp(last, RUNTIME_PREFIX, RUNTIME_PREFIX_BYTES) != 0)
        return;
    (void)snprintf(path, sizeof path, "%.*s", (int)(last - own), own);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    const struct dirent *entry;
    for (uint32_t i = 0; i < RUNTIME_ENTRIES_MAX && (entry = readdir(directory)) != NULL; i++) {
        if (strncmp(entry->d_name, &RUNTIME_PREFIX[1], RUNTIME_PREFIX_BYTES - 1) != 0)
            continue;
        long process_id = strtol(entry->d_name + RUNTIME_PREFIX_BYTES - 1, NULL, 10);
        if (process_id > 0 && kill((pid_t)process_id, 0) != 0 && errno == ESRCH)
            (void)unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
    }
    (void)closedir(directory);
}

static int start_failed(int error, const char *reason, bool huge_pages, struct ll_why *why)
{
    remove_runtime_directory();
    if (error == EALREADY)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "EAL was started before in this process; DPDK allows one start, run a new process");
    const char *remedy = error == EINVAL   ? "check the extra EAL words"
                         : error == ENOMEM ? "give EAL another amount of memory"
                         : huge_pages      ? "free the huge pages, or run without (nr_hugepages 0)"
                                           : "see docs/dpdk.md";
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "EAL does not start: %s%s%s; %s", rte_strerror(error),
                   reason[0] != '\0' ? ": " : "", reason, remedy);
}

/* EAL pins the calling thread to its lcore, and every thread made later would inherit that. Afterwards the
 * caller is put back where it was; EAL's own helper threads stay on the lcore's CPU. */
static int start_unpinned(struct ll_eal_words *words, const cpu_set_t *allowed, struct ll_why *why)
{
    struct ll_log_capture capture;
    char reason[LL_LOG_REASON_BYTES];
    ll_log_capture_begin(&capture, !words->logs_visible, true);
    rte_errno = 0;
    int word_count = rte_eal_init(words->argc, words->argv);
    int error = rte_errno;
    ll_log_capture_end(&capture, reason);
    (void)pthread_setaffinity_np(pthread_self(), sizeof *allowed, allowed);
    if (word_count < 0)
        return start_failed(error, reason, words->huge_pages, why);
    if (word_count + 1 < words->argc) {
        int rc = LL_FAIL(why, LL_ERR_USAGE, "extra EAL word '%.60s' is not an option; options begin with '-'",
                         words->argv[word_count + 1]);
        ll_eal_stop();
        return rc;
    }
    remove_dead_runtime_directories();
    if (!words->logs_visible)
        rte_log_set_global_level(RTE_LOG_CRIT);
    remove_runtime_directory(); /* now: whoever stops EAL may have become another user by then */
    return LL_OK;
}

int ll_eal_start(const struct ll_eal_config *config, struct ll_why *why)
{
    LL_ASSERT(config != NULL);
    cpu_set_t allowed;
    if (pthread_getaffinity_np(pthread_self(), sizeof allowed, &allowed) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot read the CPU affinity of the process");
    long page_count = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    LL_ASSERT(page_count > 0 && page_bytes > 0);
    struct ll_eal_machine machine = {.memory_bytes = (uint64_t)page_count * (uint64_t)page_bytes,
                                     .huge_free_bytes = huge_free_bytes(),
                                     .cpu = allowed_cpu(config->cpu, &allowed),
                                     .process_id = (uint32_t)getpid()};
    struct ll_eal_words words;
    int rc = ll_eal_words_init(&words, config, &machine, why);
    if (rc != LL_OK)
        return rc;
    return start_unpinned(&words, &allowed, why);
}

int ll_eal_pin_thread(struct ll_why *why)
{
    rte_cpuset_t cpus = rte_lcore_cpuset(rte_get_main_lcore());
    int error = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
    if (error != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "cannot pin the thread to EAL's CPU: %s", strerror(error));
    return LL_OK;
}

bool ll_eal_has_huge_pages(void)
{
    return rte_eal_has_hugepages() != 0;
}

void ll_eal_stop(void)
{
    (void)rte_eal_cleanup();
    remove_runtime_directory();
}
