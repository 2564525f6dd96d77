/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_steer_program.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_beside.h"
#include "host/base/ll_bytes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

_Static_assert(LL_STEER_PATH_BYTES == LL_BESIDE_PATH_BYTES, "a path is a path");

#define PROGRAM_MAPS_MAX 16u
#define NO_RIGHT         "reading XDP programs needs root (CAP_SYS_ADMIN)"

/* A program can be attached in three places; each has a word of its own for `ip link`. */
struct place {
    const char *ip_word;
    uint32_t flag;
};

static const struct place in_driver = {"xdp", XDP_FLAGS_DRV_MODE};
static const struct place in_kernel = {"xdpgeneric", XDP_FLAGS_SKB_MODE};
static const struct place in_card = {"xdpoffload", XDP_FLAGS_HW_MODE};

/* What is attached to an interface. */
struct attached {
    uint32_t interface_index;
    uint32_t program_id; /* 0 = nothing, and then nothing below counts */
    const struct place *place;
    int program_fd;
    char name[LL_STEER_NAME_BYTES];
    struct bpf_map_info sockets, flows, passes; /* id 0 = it has no such map */
};

/* Only the names: so that a program of another version is known, too. */
static bool is_ours(const struct attached *attached)
{
    return strcmp(attached->name, LL_STEER_PROGRAM) == 0 && attached->sockets.id != 0 &&
           attached->flows.id != 0 && attached->passes.id != 0;
}

int ll_steer_find_object(char path[LL_STEER_PATH_BYTES], struct ll_why *why)
{
    static const char *const places[] = {LL_STEER_OBJECT, "../lib/lifeline/" LL_STEER_OBJECT};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int status = ll_beside_path(path, places[i], why);
        if (status != LL_OK)
            return status;
        if (access(path, R_OK) == 0)
            return LL_OK;
    }
    return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                   LL_STEER_OBJECT
                   " is neither beside this program nor in ../lib/lifeline: build it (make all, "
                   "which needs clang), install it, or name it with ,program=FILE");
}

/* --- What is attached ----------------------------------------------------------------------------------- */

static int note_maps(struct attached *attached, const uint32_t *map_ids, uint32_t map_count,
                     struct ll_why *why)
{
    const struct {
        const char *name;
        struct bpf_map_info *info;
    } wanted[] = {{LL_STEER_SOCKETS_MAP, &attached->sockets},
                  {LL_STEER_FLOWS_MAP, &attached->flows},
                  {LL_STEER_PASSES_MAP, &attached->passes}};
    for (uint32_t i = 0; i < map_count; i++) {
        struct bpf_map_info info;
        uint32_t info_bytes = sizeof info;
        memset(&info, 0, sizeof info);
        int fd = bpf_map_get_fd_by_id(map_ids[i]);
        int error = fd < 0 ? errno : bpf_obj_get_info_by_fd(fd, &info, &info_bytes) != 0 ? errno : 0;
        if (fd >= 0)
            (void)close(fd);
        if (error != 0)
            return LL_FAIL(why, LL_ERR_ENVIRONMENT, "map %u of XDP program %u cannot be read: %s; " NO_RIGHT,
                           map_ids[i], attached->program_id, strerror(error));
        for (size_t j = 0; j < sizeof wanted / sizeof wanted[0]; j++)
            if (strcmp(info.name, wanted[j].name) == 0)
                *wanted[j].info = info;
    }
    return LL_OK;
}

static int note_program(struct attached *attached, const char *interface, struct ll_why *why)
{
    struct bpf_prog_info info;
    uint32_t info_bytes = sizeof info;
    uint32_t map_ids[PROGRAM_MAPS_MAX];
    memset(&info, 0, sizeof info);
    info.nr_map_ids = PROGRAM_MAPS_MAX;
    info.map_ids = (uint64_t)(uintptr_t)map_ids;
    attached->program_fd = bpf_prog_get_fd_by_id(attached->program_id);
    if (attached->program_fd < 0 || bpf_obj_get_info_by_fd(attached->program_fd, &info, &info_bytes) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "XDP program %u of %s cannot be looked at: %s; " NO_RIGHT,
                       attached->program_id, interface, strerror(errno));
    (void)memcpy(attached->name, info.name, sizeof attached->name - 1);
    return note_maps(attached, map_ids,
                     info.nr_map_ids < PROGRAM_MAPS_MAX ? info.nr_map_ids : PROGRAM_MAPS_MAX, why);
}

static int look(struct attached *attached, const char *interface, struct ll_why *why)
{
    struct bpf_xdp_query_opts query;
    memset(&query, 0, sizeof query); /* the library wants every byte that it does not know as 0 */
    query.sz = sizeof query;
    memset(attached, 0, sizeof *attached);
    attached->program_fd = -1;
    attached->interface_index = if_nametoindex(interface);
    if (attached->interface_index == 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no interface '%.15s' here; see: ip link", interface);
    /* It prints what it does not like; we say it ourselves. */
    libbpf_print_fn_t printer = libbpf_set_print(NULL);
    int error = bpf_xdp_query((int)attached->interface_index, 0, &query);
    (void)libbpf_set_print(printer);
    if (error != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%s: the kernel does not say which XDP program it has: %s",
                       interface, strerror(-error));
    attached->place = query.drv_prog_id != 0 ? &in_driver : query.skb_prog_id != 0 ? &in_kernel : &in_card;
    attached->program_id = query.drv_prog_id != 0   ? query.drv_prog_id
                           : query.skb_prog_id != 0 ? query.skb_prog_id
                                                    : query.hw_prog_id;
    return attached->program_id != 0 ? note_program(attached, interface, why) : LL_OK;
}

static void forget(struct attached *attached)
{
    if (attached->program_fd >= 0)
        (void)close(attached->program_fd);
    attached->program_fd = -1;
}

static int detach(const struct attached *attached, const char *interface, struct ll_why *why)
{
    /* Only this very program: not one that came a moment ago. */
    struct bpf_xdp_attach_opts options;
    memset(&options, 0, sizeof options);
    options.sz = sizeof options;
    options.old_prog_fd = attached->program_fd;
    libbpf_print_fn_t printer = libbpf_set_print(NULL);
    int error = bpf_xdp_detach((int)attached->interface_index, attached->place->flag, &options);
    (void)libbpf_set_print(printer);
    if (error != 0)
        return LL_FAIL(
            why, LL_ERR_BUSY,
            "%s: the XDP program of an earlier gateway cannot be taken off: %s; try: ip link set dev "
            "%s %s off",
            interface, strerror(-error), interface, attached->place->ip_word);
    return LL_OK;
}

int ll_steer_clear(const char *interface, struct ll_why *why)
{
    struct attached attached;
    int status = look(&attached, interface, why);
    if (status == LL_OK && attached.program_id != 0) {
        if (is_ours(&attached))
            status = detach(&attached, interface, why);
        else
            status =
                LL_FAIL(why, LL_ERR_ENVIRONMENT,
                        "%s has an XDP program that is not ours, '%s' (id %u), and takes only one; ask whose "
                        "it is, or take it off: ip link set dev %s %s off",
                        interface, attached.name, attached.program_id, interface, attached.place->ip_word);
    }
    forget(&attached);
    return status;
}

/* --- A program of ours ---------------------------------------------------------------------------------- */

static int open_maps(struct ll_steer *steer, const struct attached *attached, const char *interface,
                     struct ll_why *why)
{
    if (attached->program_id == 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "no steering program on %s: no gateway receives there (lifelined --feed af_xdp:%s)",
                       interface, interface);
    if (!is_ours(attached))
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the XDP program on %s, '%s' (id %u), is not the gateway's",
                       interface, attached->name, attached->program_id);
    if (attached->flows.key_size != sizeof(struct ll_steer_flow) ||
        attached->flows.value_size != sizeof(struct ll_steer_flow_count) ||
        attached->passes.value_size != sizeof(struct ll_steer_passes))
        return LL_FAIL(
            why, LL_ERR_ENVIRONMENT,
            "the steering program on %s is of another version of lifeline; use the programs and the "
            "object of one",
            interface);
    steer->flows_fd = bpf_map_get_fd_by_id(attached->flows.id);
    steer->passes_fd = bpf_map_get_fd_by_id(attached->passes.id);
    if (steer->flows_fd < 0 || steer->passes_fd < 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the maps of the steering program on %s: %s; " NO_RIGHT,
                       interface, strerror(errno));
    steer->interface_index = attached->interface_index;
    steer->program_id = attached->program_id;
    steer->flows_id = attached->flows.id;
    steer->passes_id = attached->passes.id;
    steer->is_generic = attached->place == &in_kernel;
    return LL_OK;
}

int ll_steer_open(struct ll_steer *steer, const char *interface, struct ll_why *why)
{
    struct attached attached;
    memset(steer, 0, sizeof *steer);
    steer->flows_fd = -1;
    steer->passes_fd = -1;
    int status = look(&attached, interface, why);
    if (status == LL_OK)
        status = open_maps(steer, &attached, interface, why);
    forget(&attached);
    if (status != LL_OK)
        ll_steer_close(steer);
    return status;
}

void ll_steer_close(struct ll_steer *steer)
{
    if (steer->flows_fd >= 0)
        (void)close(steer->flows_fd);
    if (steer->passes_fd >= 0)
        (void)close(steer->passes_fd);
    steer->flows_fd = -1;
    steer->passes_fd = -1;
}

static int processor_count(uint32_t *count, struct ll_why *why)
{
    int found = libbpf_num_possible_cpus();
    if (found <= 0 || found > LL_STEER_CPUS_MAX)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%d processors; this was built for 1 to %d", found,
                       LL_STEER_CPUS_MAX);
    *count = (uint32_t)found;
    return LL_OK;
}

int ll_steer_add_flow(const struct ll_steer *steer, uint32_t ipv4_address, uint16_t udp_port,
                      struct ll_why *why)
{
    struct ll_steer_flow flow = {.port = udp_port};
    struct ll_steer_flow_count none[LL_STEER_CPUS_MAX]; /* the kernel takes as many as there are */
    uint32_t count = 0;
    LL_ASSERT(steer->flows_fd >= 0);
    int status = processor_count(&count, why);
    if (status != LL_OK)
        return status;
    ll_store_be32(flow.address, ipv4_address);
    memset(none, 0, count * sizeof none[0]);
    if (bpf_map_update_elem(steer->flows_fd, &flow, none, BPF_NOEXIST) == 0 || errno == EEXIST)
        return LL_OK;
    if (errno == E2BIG)
        return LL_FAIL(why, LL_ERR_FULL, "the steering program has %d flows, and that is all it takes",
                       LL_STEER_FLOWS_MAX);
    return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the steering program does not take a flow: %s", strerror(errno));
}

/* --- What it counted ------------------------------------------------------------------------------------ */

static bool goes_before(const struct ll_steer_flow_sum *one, const struct ll_steer_flow_sum *other)
{
    if (one->ipv4_address != other->ipv4_address)
        return one->ipv4_address < other->ipv4_address;
    return one->udp_port < other->udp_port;
}

static void insert(struct ll_steer_report *report, const struct ll_steer_flow_sum *sum)
{
    uint32_t at = report->flow_count++;
    for (; at > 0 && goes_before(sum, &report->flow[at - 1]); at--)
        report->flow[at] = report->flow[at - 1];
    report->flow[at] = *sum;
}

static int read_flows(const struct ll_steer *steer, uint32_t cpu_count, struct ll_steer_report *report,
                      struct ll_why *why)
{
    struct ll_steer_flow_count counts[LL_STEER_CPUS_MAX];
    struct ll_steer_flow flow;
    struct ll_steer_flow last;
    bool is_first = true;
    while (report->flow_count < LL_STEER_FLOWS_MAX &&
           bpf_map_get_next_key(steer->flows_fd, is_first ? NULL : &last, &flow) == 0) {
        struct ll_steer_flow_sum sum = {.ipv4_address = ll_load_be32(flow.address), .udp_port = flow.port};
        is_first = false;
        last = flow;
        if (bpf_map_lookup_elem(steer->flows_fd, &flow, counts) != 0) {
            if (errno == ENOENT)
                continue; /* taken out meanwhile */
            return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the flows' counts cannot be read: %s", strerror(errno));
        }
        for (uint32_t cpu = 0; cpu < cpu_count; cpu++) {
            sum.count.packets += counts[cpu].packets;
            sum.count.bytes += counts[cpu].bytes;
            sum.count.unstamped += counts[cpu].unstamped;
        }
        insert(report, &sum);
    }
    return LL_OK;
}

static int read_passes(const struct ll_steer *steer, uint32_t cpu_count, struct ll_steer_passes *sum,
                       struct ll_why *why)
{
    struct ll_steer_passes counts[LL_STEER_CPUS_MAX];
    const uint32_t only = 0;
    if (bpf_map_lookup_elem(steer->passes_fd, &only, counts) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "the passes' counts cannot be read: %s", strerror(errno));
    for (uint32_t cpu = 0; cpu < cpu_count; cpu++) {
#define LL_STEER_ADD(name, text)                   \
    sum->name.packets += counts[cpu].name.packets; \
    sum->name.bytes += counts[cpu].name.bytes;
        LL_STEER_PASSES(LL_STEER_ADD)
#undef LL_STEER_ADD
    }
    return LL_OK;
}

int ll_steer_read(const struct ll_steer *steer, struct ll_steer_report *report, struct ll_why *why)
{
    uint32_t cpu_count = 0;
    memset(report, 0, sizeof *report);
    LL_ASSERT(steer->flows_fd >= 0 && steer->passes_fd >= 0);
    int status = processor_count(&cpu_count, why);
    if (status == LL_OK)
        status = read_flows(steer, cpu_count, report, why);
    if (status == LL_OK)
        status = read_passes(steer, cpu_count, &report->passes, why);
    return status;
}
