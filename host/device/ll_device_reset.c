/* SPDX-License-Identifier: Apache-2.0 */
#include "hls/ll_gateway_parts.h"
#include "host/device/ll_device_parts.h"

#include <string.h>

union ll_device_element {
    struct ll_order_bucket bucket;
    struct ll_leaf leaf;
    struct ll_inner inner;
    struct ll_life_bucket life_bucket;
    struct ll_life_order life_order;
    uint64_t places;
    unsigned char bytes[sizeof(struct ll_level) * LL_LEAF_LANES];
};

/* One element after RESET. False for those that RESET fills with more, and for half a pair of places: there
 * are few of them. */
static bool ll_device_reset_element(const struct ll_device_mirror *mirror, uint32_t part, uint64_t element,
                                    union ll_device_element *reset)
{
    const struct ll_book_control *control = mirror->book.control;
    uint32_t next = (uint32_t)element + 1;
    switch (part) {
    case LL_PART_BOOK_BUCKETS:
        reset->bucket = ll_bucket_empty(element < control->bucket_count ? 0 : next);
        return true;
    case LL_PART_LEAVES:
        reset->leaf.lane[0] = next;
        return element >= 2 * (uint64_t)control->book_count;
    case LL_PART_INNERS:
        reset->inner.child[0] = next;
        return element >= 2 * (uint64_t)control->book_count;
    case LL_PART_LEVELS:
        return true;
    case LL_PART_LIFE_BUCKETS:
        reset->life_bucket = ll_life_bucket_empty();
        return true;
    case LL_PART_LIFE_PLACES:
        reset->places = (uint64_t)LL_LIFE_NONE << 32 | LL_LIFE_NONE;
        return 2 * element + 1 < mirror->life.control->id_count;
    case LL_PART_LIFE_ORDERS:
        reset->life_order = ll_life_order_new(LL_ORDER_NONE, 0);
        return true;
    default:
        return false;
    }
}

bool ll_device_is_as_reset(const struct ll_device_mirror *mirror, uint32_t part, const unsigned char *bytes,
                           uint64_t first, uint64_t count)
{
    const size_t element_bytes = ll_part_words(part) * sizeof(uint64_t);
    union ll_device_element reset;
    memset(&reset, 0, sizeof reset);
    for (uint64_t i = 0; i < count; i++, bytes += element_bytes) {
        if (!ll_device_reset_element(mirror, part, first + i, &reset) ||
            memcmp(bytes, &reset, element_bytes) != 0)
            return false;
    }
    return true;
}
