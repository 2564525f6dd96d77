/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: `lifeline decode` prints one JSON value per line of whatever bytes it is given, in every protocol, or says
 * what it refused; never half a line, never something that is no text. Method: the first byte chooses the options, the
 * rest is the file, in memory. Each line that was printed is read by the simplest reader of JSON; the exit code must
 * agree with what was refused. The same again must print the same.
 */
#include "host/app/ll_cmd_decode.h"
#include "host/app/ll_exit.h"
#include "host/base/ll_assert.h"
#include "tests/fuzz/ll_fuzz_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

struct said {
    int status;
    char *out;
    char *err;
    size_t out_bytes;
    size_t err_bytes;
};

static const char *const protocols[] = {"", "moldudp64", "itch50", "soupbintcp", "ouch42", "ouch50"};

static struct said decode(uint8_t choice, int fd)
{
    char path[32];
    char protocol[32];
    char program[] = "decode";
    char direction_in[] = "--direction=in";
    char direction_out[] = "--direction=out";
    char port[] = "--port=26400";
    char *argv[6] = {program};
    int argc = 1;
    struct said said = {0};
    FILE *out = stdout;
    FILE *err = stderr;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    (void)snprintf(protocol, sizeof protocol, "--protocol=%s", protocols[choice % 6]);
    if (choice % 6 != 0)
        argv[argc++] = protocol;
    if (choice / 6 % 3 != 0)
        argv[argc++] = choice / 6 % 3 == 1 ? direction_in : direction_out;
    if (choice >= 128)
        argv[argc++] = port;
    argv[argc++] = path;
    stdout = open_memstream(&said.out, &said.out_bytes);
    stderr = open_memstream(&said.err, &said.err_bytes);
    LL_ASSERT(stdout != NULL && stderr != NULL);
    said.status = ll_cmd_decode(argc, argv);
    (void)fclose(stdout);
    (void)fclose(stderr);
    stdout = out;
    stderr = err;
    return said;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    if (bytes_count == 0)
        return 0;
    int fd = memfd_create("fuzz_decode", 0);
    LL_ASSERT(fd >= 0);
    LL_ASSERT(write(fd, bytes + 1, bytes_count - 1) == (ssize_t)bytes_count - 1);
    struct said said = decode(bytes[0], fd);
    struct said again = decode(bytes[0], fd);
    LL_ASSERT(said.status == LL_EXIT_OK || said.status == LL_EXIT_REFUSED || said.status == LL_EXIT_USAGE);
    LL_ASSERT(said.status == LL_EXIT_OK || said.err_bytes > 0); /* what was passed over is told too */
    LL_ASSERT(ll_fuzz_json_is_lines(said.out, said.out_bytes));
    LL_ASSERT(said.status == again.status && said.out_bytes == again.out_bytes);
    LL_ASSERT(memcmp(said.out, again.out, said.out_bytes) == 0);
    free(said.out);
    free(said.err);
    free(again.out);
    free(again.err);
    (void)close(fd);
    return 0;
}
