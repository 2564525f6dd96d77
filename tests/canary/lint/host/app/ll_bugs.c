/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>

int ll_bug_leak(const char *path);
int ll_bug_index(void);
uint64_t ll_bug_wide(uint32_t seconds);

int ll_bug_leak(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    int first = getc(file);
    if (first < 0)
        return -1;
    (void)fclose(file);
    return first;
}

int ll_bug_index(void)
{
    int values[4] = {0};
    for (int i = 0; i <= 4; i++)
        values[i] = i;
    return values[0];
}

uint64_t ll_bug_wide(uint32_t seconds)
{
    uint64_t wide = seconds * 1000000000u;
    return wide;
}
