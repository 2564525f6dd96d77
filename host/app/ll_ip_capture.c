/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_ip_capture.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/provider/ll_input_file.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LL_ETHERTYPE_IPV4     0x0800u
#define LL_ETHERTYPE_VLAN     0x8100u /* 802.1Q */
#define LL_ETHERTYPE_QINQ     0x88a8u /* 802.1ad */
#define LL_ETHERTYPE_QINQ_OLD 0x9100u
#define LL_VLAN_TAGS_MAX      4u
#define LL_VLAN_TAG_BYTES     4u
#define LL_IPV4_BYTES_MIN     20u
#define LL_IPV4_FRAGMENT_MASK 0x3fffu /* more-fragments flag and offset */

/* Where a link layer keeps the protocol of what it carries, and where that begins. */
struct ll_link_layer {
    int link_type;
    uint8_t header_bytes;
    uint8_t ethertype_offset;
};

static const struct ll_link_layer ll_link_layers[] = {{DLT_EN10MB, 14, 12},
                                                      {DLT_LINUX_SLL, 16, 14},
                                                      {DLT_LINUX_SLL2, 20, 0},
                                                      {DLT_RAW, 0, 0},
                                                      {DLT_IPV4, 0, 0}};
#define LL_LINK_LAYER_COUNT (sizeof ll_link_layers / sizeof ll_link_layers[0])

static const struct ll_link_layer *ll_link_layer_of(int link_type)
{
    for (size_t i = 0; i < LL_LINK_LAYER_COUNT; i++) {
        if (ll_link_layers[i].link_type == link_type)
            return &ll_link_layers[i];
    }
    return NULL;
}

int ll_ip_capture_open(struct ll_ip_capture *capture, const char *path, struct ll_why *why)
{
    LL_ASSERT(path != NULL);
    const char *shown = ll_input_path_shown(path);
    char pcap_text[PCAP_ERRBUF_SIZE] = "";
    struct ll_input_file input;
    memset(capture, 0, sizeof *capture);
    capture->path = path;
    int err = ll_input_file_open(&input, path, why);
    if (err != LL_OK)
        return err;
    FILE *file = fdopen(input.fd, "rb");
    if (file == NULL) {
        (void)close(input.fd);
        return LL_FAIL(why, LL_ERR_NO_MEMORY, "%s: %s", shown, strerror(errno));
    }
    capture->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, pcap_text);
    if (capture->pcap == NULL) {
        (void)fclose(file);
        return LL_FAIL(why, LL_ERR_INPUT, "%s: cannot be read as a capture (%.80s); is it a pcap or pcapng?",
                       shown, pcap_text);
    }
    capture->link_type = pcap_datalink(capture->pcap);
    if (ll_link_layer_of(capture->link_type) != NULL)
        return LL_OK;
    const char *name = pcap_datalink_val_to_name(capture->link_type);
    ll_ip_capture_close(capture);
    return LL_FAIL(why, LL_ERR_INPUT, "%s: link layer %s is not known here; capture on an Ethernet interface",
                   shown, name != NULL ? name : "unknown");
}

void ll_ip_capture_close(struct ll_ip_capture *capture)
{
    if (capture->pcap != NULL)
        pcap_close(capture->pcap);
    capture->pcap = NULL;
}

uint64_t ll_ip_capture_passed_over_count(const struct ll_ip_capture *capture)
{
    return capture->passed_over_count;
}

/* Takes the link layer off. Not IPv4, or too short for its own header: false. */
static bool ll_capture_find_ipv4(int link_type, const uint8_t **bytes, uint32_t *bytes_count)
{
    const struct ll_link_layer *layer = ll_link_layer_of(link_type);
    LL_ASSERT(layer != NULL);
    if (*bytes_count < layer->header_bytes)
        return false;
    if (layer->header_bytes == 0)
        return *bytes_count > 0 && ((*bytes)[0] >> 4) == 4;
    uint32_t ethertype = ll_load_be16(*bytes + layer->ethertype_offset);
    *bytes += layer->header_bytes;
    *bytes_count -= layer->header_bytes;
    for (uint32_t tags = 0; tags < LL_VLAN_TAGS_MAX; tags++) {
        if (ethertype != LL_ETHERTYPE_VLAN && ethertype != LL_ETHERTYPE_QINQ &&
            ethertype != LL_ETHERTYPE_QINQ_OLD)
            break;
        if (*bytes_count < LL_VLAN_TAG_BYTES)
            return false;
        ethertype = ll_load_be16(*bytes + 2); /* behind the two bytes of priority and VLAN number */
        *bytes += LL_VLAN_TAG_BYTES;
        *bytes_count -= LL_VLAN_TAG_BYTES;
    }
    return ethertype == LL_ETHERTYPE_IPV4;
}

/* What is wrong with these IPv4 bytes; NULL when they hold one whole packet, or when it is of another protocol
 * (*is_wanted false). */
static const char *ll_capture_parse_ipv4(const uint8_t *bytes, uint32_t bytes_count, uint8_t protocol,
                                         struct ll_ip_packet *packet, bool *is_wanted)
{
    *is_wanted = true;
    if (bytes_count < LL_IPV4_BYTES_MIN)
        return "is too short for an IPv4 header";
    uint32_t header_bytes = (bytes[0] & 0x0fu) * 4u;
    uint32_t total_bytes = ll_load_be16(bytes + 2);
    if ((bytes[0] >> 4) != 4 || header_bytes < LL_IPV4_BYTES_MIN || total_bytes < header_bytes)
        return "has a wrong IPv4 header";
    *is_wanted = bytes[9] == protocol;
    if (!*is_wanted)
        return NULL;
    if ((ll_load_be16(bytes + 6) & LL_IPV4_FRAGMENT_MASK) != 0)
        return "is an IPv4 fragment, which cannot be read alone";
    if (total_bytes > bytes_count)
        return "was cut by the capture; capture with a snapshot length of 65535 (tcpdump -s 0)";
    packet->source_ipv4 = ll_load_be32(bytes + 12);
    packet->target_ipv4 = ll_load_be32(bytes + 16);
    packet->payload = bytes + header_bytes;
    packet->payload_bytes = total_bytes - header_bytes;
    return NULL;
}

int ll_ip_capture_next(struct ll_ip_capture *capture, uint8_t protocol, struct ll_ip_packet *packet,
                       struct ll_why *why)
{
    const char *shown = ll_input_path_shown(capture->path);
    for (;;) { /* bounded by the packets of the file */
        struct pcap_pkthdr *head = NULL;
        const uint8_t *bytes = NULL;
        int got = pcap_next_ex(capture->pcap, &head, &bytes);
        if (got == PCAP_ERROR_BREAK)
            return LL_ERR_SHORT;
        if (got != 1)
            return LL_FAIL(why, LL_ERR_INPUT, "%s: damaged after packet %" PRIu64 " (%.80s); copy it again",
                           shown, capture->packet_number, pcap_geterr(capture->pcap));
        capture->packet_number++;
        uint32_t bytes_count = head->caplen;
        if (!ll_capture_find_ipv4(capture->link_type, &bytes, &bytes_count)) {
            capture->passed_over_count++;
            continue;
        }
        bool is_wanted = false;
        const char *wrong = ll_capture_parse_ipv4(bytes, bytes_count, protocol, packet, &is_wanted);
        if (wrong != NULL)
            return ll_ip_capture_malformed(capture, wrong, why);
        if (!is_wanted) {
            capture->passed_over_count++;
            continue;
        }
        packet->packet_number = capture->packet_number;
        /* With nanosecond precision libpcap keeps nanoseconds in tv_usec. */
        packet->time_ns = (uint64_t)head->ts.tv_sec * LL_NS_PER_S + (uint64_t)head->ts.tv_usec;
        return LL_OK;
    }
}

int ll_ip_capture_malformed(const struct ll_ip_capture *capture, const char *wrong, struct ll_why *why)
{
    return LL_FAIL(why, LL_ERR_MALFORMED, "%s: packet %" PRIu64 " %s", ll_input_path_shown(capture->path),
                   capture->packet_number, wrong);
}
