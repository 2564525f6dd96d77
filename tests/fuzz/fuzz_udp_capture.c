/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any capture file is read to an end, with every payload inside its packet and every refusal explained.
 * Method: the bytes are put into a memory file and walked; each payload is read from first to last byte, so
 * that the sanitizer sees one that lies outside. The check that a replay makes of a capture first walks them too: no
 * datagram may lie behind the frames that it counts.
 */
#include "dpdk/ll_pcap_scan.h"
#include "host/app/ll_udp_capture.h"
#include "host/base/ll_assert.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_udp_capture capture;
    struct ll_udp_datagram datagram;
    struct ll_why why = {0};
    char path[32];
    uint64_t packet_number = 0;
    volatile uint8_t sum = 0;
    int fd = memfd_create("fuzz_udp_capture", 0);
    LL_ASSERT(fd >= 0);
    LL_ASSERT(write(fd, bytes, bytes_count) == (ssize_t)bytes_count);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    uint64_t frame_count = 0;
    int scanned = ll_pcap_scan(path, &frame_count, &why);
    LL_ASSERT(scanned == why.code && (scanned == LL_OK || scanned == LL_ERR_INPUT));
    why = (struct ll_why){0};
    int err = ll_udp_capture_open(&capture, path, &why);
    LL_ASSERT(err == why.code);
    while (err == LL_OK || err == LL_ERR_MALFORMED) {
        why = (struct ll_why){0};
        err = ll_udp_capture_next(&capture, &datagram, &why);
        if (err == LL_OK) {
            LL_ASSERT(datagram.packet_number > packet_number);
            packet_number = datagram.packet_number;
            LL_ASSERT(scanned != LL_OK || packet_number <= frame_count);
            for (uint32_t i = 0; i < datagram.payload_bytes; i++)
                sum = (uint8_t)(sum + datagram.payload[i]);
        } else {
            LL_ASSERT(err == LL_ERR_SHORT || why.code == err);
            if (err == LL_ERR_SHORT || err == LL_ERR_INPUT)
                ll_udp_capture_close(&capture);
        }
    }
    (void)close(fd);
    return 0;
}
