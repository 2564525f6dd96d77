/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of numbers by keys, for what the checks of a simulated run remember.
 *
 * Shape    zeroed -> put, find -> clear (empty again) -> free. Grows by itself; nothing is taken out one by one.
 * Units    none.
 * Errors   none; no memory aborts.
 * Threads  one owner.
 */
#ifndef LL_TESTS_SIM_INDEX_H
#define LL_TESTS_SIM_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define LL_SIM_INDEX_NONE UINT32_MAX

struct ll_sim_index {
    uint64_t *keys; /* 0 = a free place */
    uint32_t *values;
    uint32_t places; /* a power of two, or 0 */
    uint32_t count;
};

void ll_sim_index_free(struct ll_sim_index *index);
void ll_sim_index_clear(struct ll_sim_index *index);
/* `key` is not 0. A key that is there gets the new value. */
void ll_sim_index_put(struct ll_sim_index *index, uint64_t key, uint32_t value);
/* LL_SIM_INDEX_NONE = not there. */
uint32_t ll_sim_index_find(const struct ll_sim_index *index, uint64_t key);

/* Keys: a number within a small scope, exactly; a text within a scope, by its hash. */
uint64_t ll_sim_key_number(uint32_t scope, uint64_t number);
uint64_t ll_sim_key_text(uint32_t scope, const char *text, size_t text_bytes);

#endif
