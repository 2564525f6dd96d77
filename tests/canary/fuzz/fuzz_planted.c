/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a bug that a fuzzer has to find: without it, nobody would notice a fuzzer that cannot find any. Method: a
 * decoder of a length and a checksum reads one byte beyond what it was given when both are right; the sanitizer sees
 * that. A key of four bytes guards the way, so that luck alone does not do it. Built by tests/canary/fuzz.sh alone.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    static const uint8_t key[4] = {'L', 'I', 'N', 'E'};
    volatile uint8_t sum = 0;
    if (bytes_count < 6)
        return 0;
    uint8_t *copy = malloc(bytes_count);
    if (copy == NULL)
        return 0;
    memcpy(copy, bytes, bytes_count);
    if (copy[0] == key[0] && copy[1] == key[1] && copy[2] == key[2] && copy[3] == key[3] &&
        copy[4] == (uint8_t)(bytes_count - 5))
        for (size_t i = 0; i < copy[4] + LL_PLANTED; i++) /* the bug: one more than there are */
            sum = (uint8_t)(sum + copy[5 + i]);
    free(copy);
    return 0;
}
