/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_log_capture.h"

#include <rte_log.h>
#include <stdlib.h>
#include <string.h>

void ll_log_capture_begin(struct ll_log_capture *capture, bool enabled, bool stdio)
{
    memset(capture, 0, sizeof *capture);
    if (!enabled)
        return;
    capture->stream = open_memstream(&capture->text, &capture->text_bytes);
    if (capture->stream == NULL)
        return;
    capture->enabled = true;
    capture->stdio = stdio;
    capture->saved_level = rte_log_get_global_level();
    rte_log_set_global_level(RTE_LOG_ERR);
    (void)rte_openlog_stream(capture->stream);
    if (stdio) {
        capture->saved_stdout = stdout;
        capture->saved_stderr = stderr;
        stdout = capture->stream;
        stderr = capture->stream;
    }
}

/* Lines up to EAL's usage, each once (getopt runs twice over the words), joined with "; ". The BPF libraries
 * warn about sections they do not know, also when all is well. */
static void join_lines(char *text, char reason[LL_LOG_REASON_BYTES])
{
    size_t used_bytes = 0;
    char *rest = NULL;
    const char *previous = "";
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "Usage:", 6) == 0)
            return;
        if (strcmp(line, previous) == 0 || strncmp(line, "libbpf:", 7) == 0 ||
            strncmp(line, "libxdp:", 7) == 0)
            continue;
        int length = snprintf(reason + used_bytes, LL_LOG_REASON_BYTES - used_bytes, "%s%s",
                              used_bytes > 0 ? "; " : "", line);
        if (length < 0 || (size_t)length >= LL_LOG_REASON_BYTES - used_bytes)
            return;
        used_bytes += (size_t)length;
        previous = line;
    }
}

void ll_log_capture_end(struct ll_log_capture *capture, char reason[LL_LOG_REASON_BYTES])
{
    reason[0] = '\0';
    if (!capture->enabled)
        return;
    if (capture->stdio) {
        stdout = capture->saved_stdout;
        stderr = capture->saved_stderr;
    }
    (void)rte_openlog_stream(NULL);
    rte_log_set_global_level(capture->saved_level);
    (void)fclose(capture->stream);
    join_lines(capture->text, reason);
    free(capture->text);
    capture->enabled = false;
}
