/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_port_spec.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_options.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEVICE_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

#define INTERFACE_WORD       "iface="
#define INTERFACE_WORD_BYTES (sizeof INTERFACE_WORD - 1)
#define QUEUE_WORD           "queue="
#define PROGRAM_WORD         "program="

struct kind_row {
    const char *prefix;
    enum ll_port_kind kind;
};

static const struct kind_row kinds[] = {
    {"pcap:", LL_PORT_KIND_PCAP},    {"ring:", LL_PORT_KIND_RING}, {"af_packet:", LL_PORT_KIND_AF_PACKET},
    {"vdev:", LL_PORT_KIND_VDEV},    {"pci:", LL_PORT_KIND_PCI},   {"udp:", LL_PORT_KIND_UDP},
    {"af_xdp:", LL_PORT_KIND_AF_XDP}};

_Static_assert(sizeof kinds / sizeof kinds[0] == LL_PORT_KIND_COUNT, "a row for each kind");

static int parse_file(struct ll_port_spec *spec, const char *rest, struct ll_why *why)
{
    size_t length = strlen(rest);
    if (length == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "pcap: without a file; write pcap:FILE");
    if (length >= sizeof spec->path)
        return LL_FAIL(why, LL_ERR_USAGE, "pcap: path of %zu bytes; at most %zu", length,
                       sizeof spec->path - 1);
    memcpy(spec->path, rest, length + 1);
    return LL_OK;
}

static int parse_ring(const char *rest, struct ll_why *why)
{
    if (rest[0] != '\0')
        return LL_FAIL(why, LL_ERR_USAGE, "ring:%.40s: nothing may follow; write ring:", rest);
    return LL_OK;
}

/* What the kernel calls a valid name, without what would end the driver's argument. */
static bool parse_interface(struct ll_port_spec *spec, const char *text, size_t length)
{
    if (length == 0 || length >= IF_NAMESIZE || strcspn(text, " /:,=[]()\t\n") < length)
        return false;
    memcpy(spec->device, text, length);
    spec->device[length] = '\0';
    return true;
}

static int parse_af_packet(struct ll_port_spec *spec, const char *rest, struct ll_why *why)
{
    if (!parse_interface(spec, rest, strlen(rest)))
        return LL_FAIL(why, LL_ERR_USAGE,
                       "af_packet:%.40s: not an interface name; write af_packet:IFACE, 1 to %d characters",
                       rest, IF_NAMESIZE - 1);
    return LL_OK;
}

static int parse_queue(struct ll_port_spec *spec, const char *text, size_t length, struct ll_why *why)
{
    char number[8];
    uint64_t queue = 0;
    (void)snprintf(number, sizeof number, "%.*s", (int)length, text);
    if (length >= sizeof number || ll_options_parse_u64(number, LL_OPTION_U64, &queue, NULL) != LL_OK ||
        queue > LL_PORT_SPEC_QUEUE_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "af_xdp:%s,queue=%.*s: give a number, 0 to %u", spec->device,
                       (int)(length < 40 ? length : 40), text, LL_PORT_SPEC_QUEUE_MAX);
    spec->queue = (uint32_t)queue;
    return LL_OK;
}

/* IFACE[,queue=N][,program=FILE]. The file comes last and may have any characters. */
static int parse_af_xdp(struct ll_port_spec *spec, const char *rest, struct ll_why *why)
{
    static const char wanted[] = "write af_xdp:IFACE[,queue=N][,program=FILE]";
    size_t length = strcspn(rest, ",");
    int rc = LL_OK;
    if (!parse_interface(spec, rest, length))
        return LL_FAIL(why, LL_ERR_USAGE, "af_xdp:%.40s: not an interface name; %s", rest, wanted);
    rest += length;
    if (strncmp(rest, "," QUEUE_WORD, sizeof QUEUE_WORD) == 0) {
        rest += sizeof QUEUE_WORD;
        length = strcspn(rest, ",");
        rc = parse_queue(spec, rest, length, why);
        rest += length;
    }
    if (rc == LL_OK && strncmp(rest, "," PROGRAM_WORD, sizeof PROGRAM_WORD) == 0) {
        rest += sizeof PROGRAM_WORD;
        length = strlen(rest);
        if (length == 0 || length >= sizeof spec->path)
            return LL_FAIL(why, LL_ERR_USAGE, "af_xdp:%s: program= of %zu bytes; at least 1, at most %zu",
                           spec->device, length, sizeof spec->path - 1);
        memcpy(spec->path, rest, length + 1);
        rest += length;
    }
    if (rc == LL_OK && rest[0] != '\0')
        return LL_FAIL(why, LL_ERR_USAGE, "af_xdp:%s: '%.40s' is not known; %s", spec->device, rest, wanted);
    return rc;
}

static int parse_vdev(struct ll_port_spec *spec, const char *rest, struct ll_why *why)
{
    size_t length = strcspn(rest, ",");
    if (length == 0 || length > LL_PORT_SPEC_DEVICE_BYTES - 1 || strspn(rest, DEVICE_CHARACTERS) < length)
        return LL_FAIL(why, LL_ERR_USAGE,
                       "vdev:%.40s: not a device name; write vdev:NAME,ARGS such as "
                       "vdev:net_af_xdp0,iface=eth1",
                       rest);
    memcpy(spec->device, rest, length);
    spec->device[length] = '\0';
    const char *args = rest[length] == ',' ? rest + length + 1 : "";
    if (strlen(args) >= sizeof spec->args)
        return LL_FAIL(why, LL_ERR_USAGE, "vdev:%s: arguments of %zu bytes; at most %zu", spec->device,
                       strlen(args), sizeof spec->args - 1);
    (void)snprintf(spec->args, sizeof spec->args, "%s", args);
    return LL_OK;
}

/* [DDDD:]BB:DD.F in hexadecimal; the domain is 0000 when left out. */
static int parse_pci(struct ll_port_spec *spec, const char *rest, struct ll_why *why)
{
    static const char shape[] = "hhhh:hh:hh.o";
    char full[24];
    size_t length = strlen(rest);
    bool valid = length == sizeof shape - 1 || length == sizeof shape - 6;
    if (valid)
        (void)snprintf(full, sizeof full, "%s%s", length == sizeof shape - 1 ? "" : "0000:", rest);
    for (size_t i = 0; valid && i < sizeof shape - 1; i++) {
        if (shape[i] == 'h')
            valid = strchr("0123456789abcdefABCDEF", full[i]) != NULL;
        else if (shape[i] == 'o')
            valid = full[i] >= '0' && full[i] <= '7';
        else
            valid = full[i] == shape[i];
    }
    if (!valid)
        return LL_FAIL(why, LL_ERR_USAGE, "pci:%.40s: not an address; write pci:0000:03:00.0 (see lspci -D)",
                       rest);
    memcpy(spec->device, full, sizeof shape);
    return LL_OK;
}

/* ADDR:PORT, or iface=ADDR which may stand anywhere among them. */
static int parse_endpoint(struct ll_port_spec *spec, const char *text, size_t length, struct ll_why *why)
{
    char interface[LL_IPV4_TEXT_BYTES] = "";
    struct ll_ipv4 endpoint;
    bool is_interface = strncmp(text, INTERFACE_WORD, INTERFACE_WORD_BYTES) == 0;
    if (is_interface && length < sizeof interface) {
        (void)snprintf(interface, sizeof interface, "%.*s:0", (int)(length - INTERFACE_WORD_BYTES),
                       text + INTERFACE_WORD_BYTES);
        text = interface;
        length = strlen(interface);
    }
    int rc = ll_ipv4_parse(&endpoint, text, (uint32_t)length, why);
    if (rc != LL_OK) {
        ll_why_append(why, "write udp:ADDR:PORT[,ADDR:PORT...][,iface=ADDR]");
        return rc;
    }
    if (is_interface) {
        spec->interface_address = endpoint.address;
        return LL_OK;
    }
    if (endpoint.port == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "udp:%.*s: port 0; name the port", (int)length, text);
    if (spec->endpoint_count == LL_PORT_SPEC_ENDPOINTS_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "udp: more than %u endpoints", LL_PORT_SPEC_ENDPOINTS_MAX);
    spec->endpoint[spec->endpoint_count++] = endpoint;
    return LL_OK;
}

static int parse_udp(struct ll_port_spec *spec, const char *rest, struct ll_why *why)
{
    int rc = LL_OK;
    spec->interface_address = INADDR_LOOPBACK;
    while (rc == LL_OK) {
        size_t length = strcspn(rest, ",");
        rc = parse_endpoint(spec, rest, length, why);
        if (rest[length] == '\0')
            break;
        rest += length + 1;
    }
    if (rc == LL_OK && spec->endpoint_count == 0)
        return LL_FAIL(why, LL_ERR_USAGE, "udp: without an endpoint; write udp:ADDR:PORT");
    return rc;
}

int ll_port_spec_parse(struct ll_port_spec *spec, const char *text, struct ll_why *why)
{
    LL_ASSERT(spec != NULL);
    LL_ASSERT(text != NULL);
    memset(spec, 0, sizeof *spec);
    for (size_t i = 0; i < LL_PORT_KIND_COUNT; i++) {
        size_t prefix_bytes = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, prefix_bytes) != 0)
            continue;
        spec->kind = kinds[i].kind;
        const char *rest = text + prefix_bytes;
        switch (spec->kind) {
        case LL_PORT_KIND_PCAP:
            return parse_file(spec, rest, why);
        case LL_PORT_KIND_RING:
            return parse_ring(rest, why);
        case LL_PORT_KIND_AF_PACKET:
            return parse_af_packet(spec, rest, why);
        case LL_PORT_KIND_VDEV:
            return parse_vdev(spec, rest, why);
        case LL_PORT_KIND_PCI:
            return parse_pci(spec, rest, why);
        case LL_PORT_KIND_UDP:
            return parse_udp(spec, rest, why);
        case LL_PORT_KIND_AF_XDP:
            return parse_af_xdp(spec, rest, why);
        case LL_PORT_KIND_COUNT:
            break;
        }
    }
    return LL_FAIL(
        why, LL_ERR_USAGE,
        "port '%.40s' is of no known kind; write udp:ADDR:PORT, pcap:FILE, ring:, af_packet:IFACE, "
        "af_xdp:IFACE, vdev:NAME,ARGS or pci:ADDRESS",
        text);
}
