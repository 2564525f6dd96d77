/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test benches of the tops share: a random sequence without a seed of its own, and the comparison.
 *
 * Shape    A bench keeps every table twice. The top works in one; the plain kernel, compiled into the bench
 *          without lines on chip and given one message at a time, works in the other. All bytes of all
 *          answers must be equal, and then the state. The numbers are the same in every run: csim, cosim and
 *          gcc see the same messages.
 *          The argument --canary changes one byte of the first answer before it is compared: the bench must
 *          then fail, or it could not fail at all.
 * Units    counts.
 * Errors   ll_tb_end: 1 = something differed, or nothing was compared; for main to return.
 * Threads  one.
 */
#ifndef LL_KERNELS_VITIS_TB_H
#define LL_KERNELS_VITIS_TB_H

/* The plain kernel: whatever the top was built with. */
#undef LL_HOT_LINES
#define LL_HOT_LINES 0
#include "hls/ll_gateway.h"
#include "kernels/vitis/ll_tops.h"

#include <stdio.h>
#include <string.h>

#define LL_TB_SHOWN_MAX 5u

struct ll_tb {
    u64 random;
    u32 compared;
    u32 different;
    u32 canary;
};

static inline void ll_tb_begin(struct ll_tb *tb, int count, char **words)
{
    tb->random = 0x9e3779b97f4a7c15u;
    tb->compared = 0;
    tb->different = 0;
    tb->canary = (u32)(count > 1 && strcmp(words[1], "--canary") == 0);
}

/* A number below `bound`. */
static inline u32 ll_tb_random(struct ll_tb *tb, u32 bound)
{
    tb->random ^= tb->random << 13;
    tb->random ^= tb->random >> 7;
    tb->random ^= tb->random << 17;
    return (u32)(tb->random >> 32) % bound;
}

static inline void ll_tb_equal(struct ll_tb *tb, const char *what, u32 index, const void *top,
                               const void *plain, u32 bytes)
{
    u8 seen[64];
    memcpy(seen, top, bytes);
    if (tb->canary != 0 && tb->compared == 0)
        seen[0] ^= 1u;
    tb->compared++;
    if (memcmp(seen, plain, bytes) == 0)
        return;
    tb->different++;
    if (tb->different <= LL_TB_SHOWN_MAX)
        printf("%s %u: the top and the plain kernel differ\n", what, index);
}

static inline void ll_tb_equal_word(struct ll_tb *tb, const char *what, u64 top, u64 plain)
{
    ll_tb_equal(tb, what, 0, &top, &plain, sizeof top);
}

static inline int ll_tb_end(const struct ll_tb *tb, const char *name)
{
    printf("%s: %u compared, %u different\n", name, tb->compared, tb->different);
    return tb->different != 0 || tb->compared == 0;
}

#endif
