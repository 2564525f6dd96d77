/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_snapshot_keeper.h"

#include "host/base/ll_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LL_KEEPER_LOOK_NS      ((long)50 * 1000 * 1000)
#define LL_KEEPER_TOOL         "lifeline"
#define LL_KEEPER_WORDS_MAX    32u
#define LL_KEEPER_NUMBER_BYTES 24u

struct ll_snapshot_keeper {
    struct ll_snapshot_keeper_config config;
    struct ll_snapshot_keeper_counts counts; /* the thread's until it is joined */
    uint64_t last_event_id;                  /* durable when the last one was begun */
    pthread_t thread;
    atomic_bool stopping;
    char tool[LL_BESIDE_PATH_BYTES];
};

/* The tool that was built with this daemon lies beside it. */
static int ll_keeper_find_tool(struct ll_snapshot_keeper *keeper, struct ll_why *why)
{
    int status = ll_beside(keeper->tool, LL_KEEPER_TOOL, why);
    if (status != LL_OK)
        ll_why_append(why, "--snapshot-every");
    return status;
}

/* The process's own surroundings: no files of ours, no terminal, no Ctrl-C of ours, no real-time priority. */
static int ll_keeper_surroundings(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions)
{
    const struct sched_param ordinary = {.sched_priority = 0};
    const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSCHEDULER;
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setschedpolicy(attributes, SCHED_OTHER);
    if (error == 0)
        error = posix_spawnattr_setschedparam(attributes, &ordinary);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

/* The words of the child's command line; numbers are written into texts of their own. */
struct ll_keeper_words {
    const char *word[LL_KEEPER_WORDS_MAX];
    char number[LL_KEEPER_WORDS_MAX][LL_KEEPER_NUMBER_BYTES];
    uint32_t count;
};

static void ll_keeper_say(struct ll_keeper_words *words, const char *word)
{
    LL_ASSERT(words->count + 1 < LL_KEEPER_WORDS_MAX);
    words->word[words->count++] = word;
    words->word[words->count] = NULL;
}

static void ll_keeper_say_number(struct ll_keeper_words *words, const char *option, uint64_t value)
{
    ll_keeper_say(words, option);
    char *text = words->number[words->count];
    (void)snprintf(text, LL_KEEPER_NUMBER_BYTES, "%" PRIu64, value);
    ll_keeper_say(words, text);
}

static void ll_keeper_say_all(const struct ll_snapshot_keeper_config *config, struct ll_keeper_words *words)
{
    words->count = 0;
    ll_keeper_say(words, LL_KEEPER_TOOL);
    ll_keeper_say(words, "snapshot");
    ll_keeper_say_number(words, "--batch", config->common->batch);
    ll_keeper_say_number(words, "--orders", config->common->orders);
    ll_keeper_say_number(words, "--levels", config->common->levels);
    ll_keeper_say_number(words, "--books", config->common->books);
    if (config->trading != NULL) {
        ll_keeper_say(words, "--trade");
        ll_keeper_say_number(words, "--own-orders", config->trading->own_orders);
        ll_keeper_say_number(words, "--ids", config->trading->ids);
        ll_keeper_say_number(words, "--instruments", config->trading->instruments);
    }
    ll_keeper_say(words, "--");
    ll_keeper_say(words, config->journal_dir);
}

static int ll_keeper_spawn(struct ll_snapshot_keeper *keeper, pid_t *child)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    struct ll_keeper_words words;
    ll_keeper_say_all(&keeper->config, &words);
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = ll_keeper_surroundings(&attributes, &actions);
        if (error == 0)
            error =
                posix_spawn(child, keeper->tool, &actions, &attributes, (char *const *)words.word, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

static void ll_keeper_rest(void)
{
    const struct timespec rest = {0, LL_KEEPER_LOOK_NS};
    (void)nanosleep(&rest, NULL);
}

/* True when it ended by itself and well. Told to stop, it ends the process: its pid stays ours until waited for. */
static bool ll_keeper_await(struct ll_snapshot_keeper *keeper, pid_t child)
{
    int status = 0;
    pid_t ended = 0;
    while (ended == 0 && !atomic_load_explicit(&keeper->stopping, memory_order_acquire)) {
        ll_keeper_rest();
        ended = waitpid(child, &status, WNOHANG);
    }
    if (ended == 0) {
        (void)kill(child, SIGTERM);
        do
            ended = waitpid(child, &status, 0);
        while (ended < 0 && errno == EINTR);
    }
    return ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void *ll_keeper_main(void *argument)
{
    struct ll_snapshot_keeper *keeper = argument;
    while (!atomic_load_explicit(&keeper->stopping, memory_order_acquire)) {
        uint64_t durable_event_id = ll_gateway_durable_event_id(keeper->config.gateway);
        pid_t child;
        ll_keeper_rest();
        if (durable_event_id - keeper->last_event_id < keeper->config.every_records)
            continue;
        keeper->last_event_id = durable_event_id;
        bool good = ll_keeper_spawn(keeper, &child) == 0 && ll_keeper_await(keeper, child);
        if (good)
            keeper->counts.made++;
        else if (!atomic_load_explicit(&keeper->stopping, memory_order_acquire))
            keeper->counts.failed++;
    }
    return NULL;
}

int ll_snapshot_keeper_start(struct ll_snapshot_keeper **keeper_out,
                             const struct ll_snapshot_keeper_config *config, struct ll_why *why)
{
    struct ll_snapshot_keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL)
        return LL_FAIL(why, LL_ERR_NO_MEMORY,
                       "no memory for the snapshot keeper; do without --snapshot-every");
    keeper->config = *config;
    keeper->last_event_id = ll_gateway_counters(config->gateway)->snapshot_event_id;
    atomic_init(&keeper->stopping, false);
    int status = ll_keeper_find_tool(keeper, why);
    if (status == LL_OK && pthread_create(&keeper->thread, NULL, ll_keeper_main, keeper) != 0)
        status = LL_FAIL(why, LL_ERR_ENVIRONMENT, "no thread for snapshots; do without --snapshot-every");
    if (status != LL_OK) {
        free(keeper);
        return status;
    }
    (void)pthread_setname_np(keeper->thread, "ll-snapshots");
    *keeper_out = keeper;
    return LL_OK;
}

void ll_snapshot_keeper_stop(struct ll_snapshot_keeper *keeper, struct ll_snapshot_keeper_counts *counts)
{
    *counts = (struct ll_snapshot_keeper_counts){0, 0};
    if (keeper == NULL)
        return;
    atomic_store_explicit(&keeper->stopping, true, memory_order_release);
    (void)pthread_join(keeper->thread, NULL);
    *counts = keeper->counts;
    free(keeper);
}
