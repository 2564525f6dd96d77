/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_pcap_scan.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/stat.h>

/* Only a regular file can be read twice; and libpcap takes "-" for the standard input. */
static int check_file(const char *path, struct ll_why *why)
{
    struct stat status;
    if (strcmp(path, "-") == 0)
        return LL_FAIL(why, LL_ERR_INPUT, "pcap:-: the standard input cannot be replayed; save it to a file");
    if (stat(path, &status) != 0)
        return LL_FAIL(why, LL_ERR_INPUT, "%.120s: %s; check the path", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return LL_FAIL(why, LL_ERR_INPUT, "%.120s is a directory; name one pcap file in it", path);
    if (!S_ISREG(status.st_mode))
        return LL_FAIL(why, LL_ERR_INPUT, "%.120s is not a regular file; save the capture to a file", path);
    if (status.st_size == 0)
        return LL_FAIL(why, LL_ERR_INPUT, "%.120s is empty, not even a pcap header; capture again", path);
    return LL_OK;
}

static int scan_open(pcap_t *pcap, const char *path, uint64_t *frame_count, struct ll_why *why)
{
    int link_type = pcap_datalink(pcap);
    if (link_type != DLT_EN10MB) {
        const char *name = pcap_datalink_val_to_name(link_type);
        return LL_FAIL(why, LL_ERR_INPUT,
                       "%.120s holds %s (link type %d), not Ethernet; capture on one interface, not on 'any'",
                       path, name != NULL ? name : "something else", link_type);
    }
    uint64_t count = 0;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int result;
    while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1)
        count++;
    if (result != PCAP_ERROR_BREAK)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "%.80s: frame %" PRIu64 " is cut or damaged (%.60s); keep the %" PRIu64
                       " before it: editcap %.80s fixed.pcap",
                       path, count + 1, pcap_geterr(pcap), count, path);
    *frame_count = count;
    return LL_OK;
}

int ll_pcap_scan(const char *path, uint64_t *frame_count, struct ll_why *why)
{
    LL_ASSERT(path != NULL);
    LL_ASSERT(frame_count != NULL);
    int rc = check_file(path, why);
    if (rc != LL_OK)
        return rc;
    char error[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_open_offline(path, error);
    if (pcap == NULL)
        return LL_FAIL(why, LL_ERR_INPUT, "%.100s: not a readable pcap file (%.80s); see: file %.40s", path,
                       error, path);
    rc = scan_open(pcap, path, frame_count, why);
    pcap_close(pcap);
    return rc;
}
