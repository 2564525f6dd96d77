/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_good.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int ll_bad_counter;
static const char *ll_bad_text = "the pointer can change";
int ll_bad_table[4] = {1, 2, 3, 4};

struct ll_bad_state {
    int value;
} ll_bad_instance;

int ll_bad_calls(char *text, const char *source);

int ll_bad_calls(char *text, const char *source)
{
    static int calls;
    struct timespec now;
    int value = 0;
    strcpy(text, source);
    printf("%s\n", ll_bad_text);
    (void)fputs(text, stderr);
    if (sscanf(text, "%d", &value) != 1)
        exit(1);
    char *copy = strdup(text);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    srand((unsigned)time(NULL));
    free(copy);
    ll_bad_instance.value = ll_bad_table[value & 3];
    return ll_bad_counter + ++calls > 9 ? 0 : ll_bad_calls(text, source);
}
