/* SPDX-License-Identifier: Apache-2.0 */
#include "host/client/ll_door_shm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LL_PROCESS_PID_BITS   24u
#define LL_PROCESS_START_MASK ((UINT64_C(1) << 40) - 1)
/* Blanks between the state, field 3 of /proc/PID/stat, and the start time, field 22. */
#define LL_PROCESS_START_AFTER 19u

static bool ll_door_is_ring_size(uint32_t count, uint32_t count_max)
{
    return count >= 2 && count <= count_max && (count & (count - 1)) == 0;
}

int ll_door_shm_size(struct ll_door_shm *shm, uint32_t places, uint32_t requests, uint32_t events,
                     struct ll_why *why)
{
    if (places < 1 || places > LL_DOOR_PLACES_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "%u client places; a door has 1 to %u", places, LL_DOOR_PLACES_MAX);
    if (!ll_door_is_ring_size(requests, LL_DOOR_REQUESTS_MAX))
        return LL_FAIL(why, LL_ERR_USAGE, "%u requests per client; give a power of two from 2 to %u",
                       requests, LL_DOOR_REQUESTS_MAX);
    if (!ll_door_is_ring_size(events, LL_DOOR_EVENTS_MAX))
        return LL_FAIL(why, LL_ERR_USAGE, "%u events per client; give a power of two from 2 to %u", events,
                       LL_DOOR_EVENTS_MAX);
    shm->places = places;
    shm->requests = requests;
    shm->events = events;
    shm->place_bytes = sizeof(struct ll_door_place) + (uint64_t)requests * sizeof(struct ll_command) +
                       (uint64_t)events * sizeof(struct ll_client_event);
    shm->file_bytes = LL_DOOR_PAGE_BYTES + places * shm->place_bytes;
    return LL_OK;
}

int ll_door_shm_map(struct ll_door_shm *shm, int fd, struct ll_why *why)
{
    void *memory = mmap(NULL, (size_t)shm->file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    shm->header = NULL;
    if (memory == MAP_FAILED)
        return LL_FAIL(why, LL_ERR_IO, "the door file cannot be mapped: %s", strerror(errno));
    shm->header = memory;
    return LL_OK;
}

/* Whether the first bytes of a file are a door of this version, of this size. */
static int ll_door_shm_check(struct ll_door_shm *shm, const struct ll_door_header *header,
                             uint64_t file_bytes, const char *path, struct ll_why *why)
{
    if (header->magic != LL_DOOR_MAGIC)
        return LL_FAIL(why, LL_ERR_INPUT, "%.100s is not a door; give the path that the gateway was given",
                       path);
    if (header->version != LL_DOOR_VERSION || header->command_bytes != sizeof(struct ll_command) ||
        header->event_bytes != sizeof(struct ll_client_event))
        return LL_FAIL(
            why, LL_ERR_INPUT,
            "%.100s is a door of version %u, this is version %u; use client and gateway of one build", path,
            header->version, LL_DOOR_VERSION);
    /* Of sizes that no door has, nobody wants to know which one it is. */
    int err = ll_door_shm_size(shm, header->places, header->requests, header->events, NULL);
    if (err == LL_OK && shm->file_bytes == file_bytes)
        return LL_OK;
    return LL_FAIL(why, LL_ERR_INPUT, "%.100s has %" PRIu64 " bytes, which is not what its header says", path,
                   file_bytes);
}

int ll_door_shm_attach(struct ll_door_shm *shm, int fd, const char *path, struct ll_why *why)
{
    struct ll_door_header header;
    struct stat status;
    if (fstat(fd, &status) != 0)
        return LL_FAIL(why, LL_ERR_IO, "%.100s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
        return LL_FAIL(why, LL_ERR_INPUT, "%.100s is not a door; give the path that the gateway was given",
                       path);
    int err = ll_door_shm_check(shm, &header, (uint64_t)status.st_size, path, why);
    return err == LL_OK ? ll_door_shm_map(shm, fd, why) : err;
}

void ll_door_shm_unmap(struct ll_door_shm *shm)
{
    if (shm->header != NULL)
        (void)munmap(shm->header, (size_t)shm->file_bytes);
    shm->header = NULL;
}

void ll_door_default_path(char *path, size_t path_bytes)
{
    const char *given = getenv("LIFELINE_DOOR");
    if (given != NULL && given[0] != '\0')
        (void)snprintf(path, path_bytes, "%s", given);
    else
        (void)snprintf(path, path_bytes, "/dev/shm/lifeline-%u", (unsigned)geteuid());
}

/* The number that stands after `blanks` blanks; 0 when there is none. */
static uint64_t ll_process_field(const char *text, uint32_t blanks)
{
    uint64_t value = 0;
    for (; blanks > 0 && *text != '\0'; text++)
        blanks -= *text == ' ';
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

/* Reads state letter and start time of a process. LL_ERR_INPUT: there is no such process. */
static int ll_process_read(const char *path, char *state, uint64_t *start)
{
    char text[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? LL_ERR_INPUT : LL_ERR_IO;
    ssize_t got = read(fd, text, sizeof text - 1);
    int reason = errno;
    (void)close(fd);
    if (got <= 0) /* it ended between open and read */
        return got == 0 || reason == ESRCH ? LL_ERR_INPUT : LL_ERR_IO;
    text[got] = '\0';
    const char *name_end = strrchr(text, ')'); /* the name may hold anything, brackets too */
    if (name_end == NULL || name_end[1] != ' ')
        return LL_ERR_IO;
    *state = name_end[2];
    *start = ll_process_field(name_end + 2, LL_PROCESS_START_AFTER) & LL_PROCESS_START_MASK;
    return LL_OK;
}

uint64_t ll_process_self(void)
{
    char state;
    uint64_t start;
    if (ll_process_read("/proc/self/stat", &state, &start) != LL_OK)
        return 0;
    return start << LL_PROCESS_PID_BITS | (uint64_t)getpid();
}

bool ll_process_is_alive(uint64_t process)
{
    char path[32];
    char state = '?';
    uint64_t start = 0;
    (void)snprintf(path, sizeof path, "/proc/%u/stat", ll_process_pid(process));
    int err = ll_process_read(path, &state, &start);
    if (err == LL_ERR_INPUT)
        return access("/proc/self/stat", R_OK) != 0; /* without /proc nothing is known */
    if (err != LL_OK)
        return true;
    return state != 'Z' && state != 'X' && start == process >> LL_PROCESS_PID_BITS;
}
