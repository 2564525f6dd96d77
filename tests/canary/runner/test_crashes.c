/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: prove that a crash is seen, also one after a good report. Method: claims twelve good checks, then aborts.
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    printf("100%%: Checks: 12, Failures: 0, Errors: 0\n");
    (void)fflush(stdout);
    abort();
}
