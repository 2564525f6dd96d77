/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/ll_children.h"

#include "host/base/ll_clock.h"
#include "host/base/ll_options.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 4096u

/* Fields of /proc/PID/stat behind the name, which ends with the last bracket; the state is the first. */
#define FIELD_PARENT 1u
#define FIELD_USER   11u
#define FIELD_SYSTEM 12u
#define FIELD_COUNT  13u

struct process {
    uint64_t pid;
    uint64_t parent;
    uint64_t ticks;
};

static bool process_read(struct process *process, const char *name)
{
    char path[64];
    char text[1024];
    uint64_t field[FIELD_COUNT] = {0};
    if (ll_options_parse_u64(name, LL_OPTION_U64, &process->pid, NULL) != LL_OK)
        return false;
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[bytes] = 0;
    char *at = strrchr(text, ')');
    if (at == NULL)
        return false;
    char *place = NULL;
    char *word = strtok_r(at + 1, " ", &place);
    for (uint32_t i = 0; i < FIELD_COUNT && word != NULL; i++, word = strtok_r(NULL, " ", &place))
        (void)(ll_options_parse_u64(word, LL_OPTION_U64, &field[i], NULL) == LL_OK);
    process->parent = field[FIELD_PARENT];
    process->ticks = field[FIELD_USER] + field[FIELD_SYSTEM];
    return true;
}

static uint32_t processes_read(struct process *processes)
{
    uint32_t count = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return 0;
    for (struct dirent *entry = readdir(proc); entry != NULL && count < PROCESSES_MAX; entry = readdir(proc))
        count += process_read(&processes[count], entry->d_name);
    (void)closedir(proc);
    return count;
}

/* The ticks of everything below `parent`; few processes, so a walk for each will do. */
static uint64_t ticks_below(const struct process *processes, uint32_t count, uint64_t parent, uint32_t depth)
{
    uint64_t ticks = 0;
    for (uint32_t i = 0; i < count && depth < 8; i++)
        if (processes[i].parent == parent)
            ticks += processes[i].ticks + ticks_below(processes, count, processes[i].pid, depth + 1);
    return ticks;
}

uint64_t ll_children_cpu_ns(void)
{
    static struct process processes[PROCESSES_MAX];
    uint32_t count = processes_read(processes);
    uint64_t per_s = (uint64_t)sysconf(_SC_CLK_TCK);
    return ticks_below(processes, count, (uint64_t)getpid(), 0) * (LL_NS_PER_S / per_s);
}

pid_t ll_children_first(void)
{
    static struct process processes[PROCESSES_MAX];
    uint32_t count = processes_read(processes);
    uint64_t first = 0;
    for (uint32_t i = 0; i < count; i++)
        if (processes[i].parent == (uint64_t)getpid() && (first == 0 || processes[i].pid < first))
            first = processes[i].pid;
    return (pid_t)first;
}
