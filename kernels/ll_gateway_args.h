/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments of the gateway kernel: one list for the OpenCL wrapper, the card's top, the emulation and
 * the host.
 *
 * Shape   A(name, C type) a memory, in this order; then V(name) scalars of 32 bits; then, for OpenCL only,
 *          S(name, type) the scratch memories, which the card has on chip. The kernel is called
 *          LL_GATEWAY_KERNEL everywhere.
 * Units    as in hls/ll_gateway.h: slots, first, count, looks_max, batch.
 * Errors   none.
 * Threads  none.
 */
#ifndef LL_KERNELS_GATEWAY_ARGS_H
#define LL_KERNELS_GATEWAY_ARGS_H

#define LL_GATEWAY_KERNEL "ll_gateway_kernel"

#define LL_GATEWAY_MEMORIES(A)              \
    A(control, struct ll_book_control)      \
    A(buckets, struct ll_order_bucket)      \
    A(leaves, struct ll_leaf)               \
    A(levels, struct ll_level)              \
    A(inners, struct ll_inner)              \
    A(sides, struct ll_book_side)           \
    A(life_control, struct ll_life_control) \
    A(life_buckets, struct ll_life_bucket)  \
    A(life_places, u32)                     \
    A(life_orders, struct ll_life_order)    \
    A(to_device, volatile u64)              \
    A(from_device, volatile u64)

#define LL_GATEWAY_SCALARS(V) V(slots) V(first) V(count) V(looks_max) V(batch)

#define LL_GATEWAY_SCRATCHES(S)  \
    S(updates, struct ll_update) \
    S(results, struct ll_result) \
    S(asks, struct ll_life_ask)  \
    S(answers, struct ll_life_answer)

#define LL_GATEWAY_MEMORY_COUNT  12u
#define LL_GATEWAY_SCALAR_COUNT  5u
#define LL_GATEWAY_SCRATCH_COUNT 4u

#endif
