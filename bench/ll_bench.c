/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/ll_bench.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/exchange/ll_mux.h"
#include "host/wire/ll_moldudp64.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PACKET_BYTES 1400u /* below the Ethernet MTU, as senders do */
#define CLOCK_READS  1000000u

/* --- Datagrams ------------------------------------------------------------------------------------------ */

static int packets_no_memory(struct ll_packets *packets, struct ll_why *why)
{
    ll_packets_free(packets);
    return LL_FAIL(why, LL_ERR_NO_MEMORY, "no memory for the datagrams of a day");
}

/* One datagram that begins at `place`, which moves behind it. Returns the messages in it. */
static uint32_t packet_fill(struct ll_packets *packets, uint64_t used_bytes, const struct ll_day *day,
                            struct ll_packets_place *place, uint64_t messages_max)
{
    static const char session[LL_MOLDUDP64_SESSION_BYTES] = {'B', 'I', 'N', 'A', 'R',
                                                             'Y', 'F', 'I', 'L', 'E'};
    struct ll_moldudp64_builder builder;
    uint32_t count = 0;
    ll_moldudp64_begin(&builder, packets->bytes + used_bytes, PACKET_BYTES, session, place->sequence);
    while (place->at_bytes < day->bytes_count && count < messages_max) {
        uint32_t bytes = ll_load_be16(day->bytes + place->at_bytes);
        if (ll_moldudp64_add(&builder, day->bytes + place->at_bytes + LL_MUX_PREFIX_BYTES, bytes) != LL_OK)
            break;
        place->at_bytes += LL_MUX_PREFIX_BYTES + bytes;
        count++;
    }
    place->sequence += count;
    packets->packet[packets->count++] = (struct ll_packet){used_bytes, ll_moldudp64_end(&builder), count};
    return count;
}

int ll_packets_build(struct ll_packets *packets, const struct ll_day *day, struct ll_packets_place *place,
                     uint64_t message_count, uint32_t messages_max, struct ll_why *why)
{
    /* A datagram ends for its length at PACKET_BYTES less the longest message at the earliest, or for its count. */
    uint64_t bytes_max = day->bytes_count - place->at_bytes;
    if (message_count < bytes_max / (LL_MUX_PREFIX_BYTES + LL_ITCH50_MESSAGE_BYTES_MAX))
        bytes_max = message_count * (LL_MUX_PREFIX_BYTES + LL_ITCH50_MESSAGE_BYTES_MAX);
    uint64_t count_max = bytes_max / (PACKET_BYTES - 128u) + 2;
    if (messages_max != 0)
        count_max += message_count / messages_max + 1;
    else
        messages_max = UINT32_MAX;
    memset(packets, 0, sizeof *packets);
    packets->bytes = malloc(bytes_max + count_max * LL_MOLDUDP64_HEADER_BYTES + PACKET_BYTES);
    packets->packet = malloc(count_max * sizeof *packets->packet);
    if (packets->bytes == NULL || packets->packet == NULL)
        return packets_no_memory(packets, why);
    uint64_t used_bytes = 0;
    while (message_count > 0 && place->at_bytes < day->bytes_count) {
        LL_ASSERT(packets->count < count_max);
        uint32_t messages = packet_fill(packets, used_bytes, day, place,
                                        message_count < messages_max ? message_count : messages_max);
        if (messages == 0) {
            ll_packets_free(packets);
            return LL_FAIL(why, LL_ERR_INPUT, "message %llu fits no datagram",
                           (unsigned long long)place->sequence);
        }
        message_count -= messages;
        used_bytes += packets->packet[packets->count - 1].payload_bytes;
    }
    return LL_OK;
}

void ll_packets_free(struct ll_packets *packets)
{
    free(packets->bytes);
    free(packets->packet);
    memset(packets, 0, sizeof *packets);
}

/* --- Rounds --------------------------------------------------------------------------------------------- */

void ll_rounds_add(struct ll_rounds *rounds, uint64_t ns, uint64_t message_count)
{
    LL_ASSERT(rounds->count < LL_ROUNDS_MAX);
    rounds->ns[rounds->count++] = (double)ns / (double)message_count;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double ll_rounds_median(const struct ll_rounds *rounds)
{
    struct ll_rounds sorted = *rounds;
    LL_ASSERT(rounds->count > 0);
    qsort(sorted.ns, sorted.count, sizeof sorted.ns[0], compare_doubles);
    return (sorted.ns[(sorted.count - 1) / 2] + sorted.ns[sorted.count / 2]) / 2;
}

double ll_rounds_best(const struct ll_rounds *rounds)
{
    double best = rounds->ns[0];
    LL_ASSERT(rounds->count > 0);
    for (uint32_t i = 1; i < rounds->count; i++)
        if (rounds->ns[i] < best)
            best = rounds->ns[i];
    return best;
}

/* --- The machine ---------------------------------------------------------------------------------------- */

/* What follows `key` in the file's first line that begins with it; "" = the first line. */
static void file_value(const char *path, const char *key, char value[128])
{
    char line[512];
    FILE *file = fopen(path, "r");
    (void)snprintf(value, 128, "unknown");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const char *text = line + strlen(key);
        text += strspn(text, " \t:");
        (void)snprintf(value, 128, "%.*s", (int)strcspn(text, "\n"), text);
        break;
    }
    (void)fclose(file);
    if (value[0] == '\0')
        (void)snprintf(value, 128, "none");
}

static double clock_cost_ns(void)
{
    uint64_t start_ns = ll_clock_mono_ns();
    uint64_t last_ns = start_ns;
    for (uint32_t i = 0; i < CLOCK_READS; i++)
        last_ns = ll_clock_mono_ns();
    return (double)(last_ns - start_ns) / CLOCK_READS;
}

static const char *policy_name(int policy)
{
    return policy == SCHED_FIFO ? "SCHED_FIFO" : policy == SCHED_RR ? "SCHED_RR" : "SCHED_OTHER";
}

void ll_bench_header(FILE *file, const char *name)
{
    char model[128];
    char load[128];
    char isolated[128];
    char huge[128];
    char transparent[128];
    struct utsname system;
    struct sched_param parameters = {0};
    file_value("/proc/cpuinfo", "model name", model);
    file_value("/proc/loadavg", "", load);
    file_value("/sys/devices/system/cpu/isolated", "", isolated);
    file_value("/proc/meminfo", "HugePages_Total", huge);
    file_value("/sys/kernel/mm/transparent_hugepage/enabled", "", transparent);
    (void)uname(&system);
    (void)sched_getparam(0, &parameters);
    (void)fprintf(file, "# %s: %s, %ld cpus, %s %s\n", name, model, sysconf(_SC_NPROCESSORS_ONLN),
                  system.sysname, system.release);
    (void)fprintf(file, "# load %s; isolated cpus: %s; policy %s %d\n", load, isolated,
                  policy_name(sched_getscheduler(0)), parameters.sched_priority);
    (void)fprintf(file, "# huge pages %s, transparent %s; clock read %.1f ns; compiler %s\n", huge,
                  transparent, clock_cost_ns(), __VERSION__);
}

bool ll_bench_pin(int cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)cpu, &cpus);
    return sched_setaffinity(0, sizeof cpus, &cpus) == 0;
}

void ll_bench_pin_away(int cpu)
{
    cpu_set_t cpus;
    memset(&cpus, 0xff, sizeof cpus);
    CPU_CLR((size_t)cpu, &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) {
        CPU_SET((size_t)cpu, &cpus);
        (void)sched_setaffinity(0, sizeof cpus, &cpus);
    }
}

/* --- Directories ---------------------------------------------------------------------------------------- */

int ll_bench_make_dir(const char *dir, struct ll_why *why)
{
    char path[512];
    int bytes = snprintf(path, sizeof path, "%s", dir);
    if (bytes <= 0 || (size_t)bytes >= sizeof path)
        return LL_FAIL(why, LL_ERR_USAGE, "the directory needs a name of 1 to %zu bytes", sizeof path - 1);
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        (void)mkdir(path, 0777);
        *at = '/';
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return LL_FAIL(why, LL_ERR_IO, "%s: %s", dir, strerror(errno));
    return LL_OK;
}

void ll_bench_remove_dir(const char *dir)
{
    char path[1024];
    DIR *stream = opendir(dir);
    if (stream == NULL)
        return;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (entry->d_name[0] == '.' && (entry->d_name[1] == '\0' || strcmp(entry->d_name, "..") == 0))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(stream);
    (void)rmdir(dir);
}
