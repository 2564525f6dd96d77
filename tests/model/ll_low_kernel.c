/* SPDX-License-Identifier: Apache-2.0 */
/* The limits are used by the code, not by the layouts, so that lower ones read the same memory. */
#include "hls/ll_book_types.h"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored \
    "-Wmaybe-uninitialized" /* gcc unrolls two heights, and cannot know that none is 0 */
#endif
#undef LL_TREE_HEIGHT_MAX
#define LL_TREE_HEIGHT_MAX 2u
#undef LL_CHAIN_MAX
#define LL_CHAIN_MAX 2u
#include "hls/ll_book.h"

#include "tests/model/ll_other_kernels.h"

void ll_low_kernel(const struct ll_book_memory *book, const struct ll_update *updates,
                   struct ll_result *results, uint32_t count, uint32_t batch)
{
    ll_book_batch(book->control, book->buckets, book->leaves, book->levels, book->inners, book->sides,
                  updates, results, count, batch);
}
