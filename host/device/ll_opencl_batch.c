/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_opencl_batch.h"

#include "hls/ll_gateway_parts.h"
#include "host/base/ll_assert.h"

#include <string.h>

#define PAGE_BYTES 4096u
#define WAITS_MAX  (LL_OPENCL_MOVES_MAX + 1u)

/* Words of a link that travel: at, count. */
struct ll_opencl_move {
    uint32_t at;
    uint32_t count;
};

uint32_t ll_opencl_batch_slots(const struct ll_device_request *request)
{
    uint32_t slots = 2;
    while (slots < request->batch_max)
        slots *= 2;
    return slots;
}

/* --- Opening ------------------------------------------------------------------------------------------------ */

static int ll_opencl_lane_init(struct ll_opencl_batch *batch, uint32_t index, size_t bytes,
                               struct ll_why *why)
{
    struct ll_opencl_device *device = batch->device;
    struct ll_opencl_lane *lane = &batch->lanes[index];
    for (uint32_t way = 0; way < LL_OPENCL_WAYS; way++) {
        cl_int error = CL_SUCCESS;
        lane->words[way] = ll_arena_alloc(&batch->memory, bytes, PAGE_BYTES);
        lane->buffers[way] =
            device->api.clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &error);
        if (error != CL_SUCCESS)
            return LL_OPENCL_FAIL(why, error, "taking memory for a lane");
        device->memory_bytes += bytes;
    }
    int err = ll_opencl_device_set_link(device, index, lane->buffers[LL_OPENCL_TO_DEVICE],
                                        lane->buffers[LL_OPENCL_FROM_DEVICE], why);
    /* The kernel counts on a head of zeros. */
    for (uint32_t way = 0; way < LL_OPENCL_WAYS && err == LL_OK; way++) {
        cl_int error = device->api.clEnqueueWriteBuffer(device->queue, lane->buffers[way], CL_TRUE, 0,
                                                        ll_link_window_at(batch->slots) * sizeof(u64),
                                                        lane->words[way], 0, NULL, NULL);
        if (error != CL_SUCCESS)
            err = LL_OPENCL_FAIL(why, error, "clearing a lane");
    }
    return err;
}

int ll_opencl_batch_init(struct ll_opencl_batch *batch, struct ll_opencl_device *device,
                         struct ll_opencl_link *link, const struct ll_device_request *request,
                         struct ll_why *why)
{
    memset(batch, 0, sizeof *batch);
    batch->device = device;
    batch->link = link;
    batch->lane_count = request->lanes;
    batch->slots = ll_opencl_batch_slots(request);
    batch->batch_max = request->batch_max;
    batch->close_ns = request->batch_close_ns;
    batch->next = 0; /* the ping */
    size_t bytes = ll_align_up((size_t)ll_link_words(batch->slots) * sizeof(u64), PAGE_BYTES);
    int err = ll_arena_init(&batch->memory, bytes * LL_OPENCL_WAYS * batch->lane_count, why);
    for (uint32_t i = 0; i < batch->lane_count && err == LL_OK; i++)
        err = ll_opencl_lane_init(batch, i, bytes, why);
    if (err != LL_OK)
        return err;
    ll_link_store(link->ways[LL_OPENCL_FROM_DEVICE].words + LL_LINK_END, LL_LINK_RUNS);
    ll_opencl_link_put_ping(link);
    return LL_OK;
}

/* --- What travels ------------------------------------------------------------------------------------------- */

/* The places of the lane's requests in one of its rings: two stretches where it turns. */
static uint32_t ll_opencl_ring_moves(const struct ll_opencl_batch *batch, const struct ll_opencl_lane *lane,
                                     struct ll_opencl_move *moves)
{
    uint32_t place = lane->first & (batch->slots - 1);
    uint32_t before_turn = batch->slots - place;
    uint32_t count = lane->count < before_turn ? lane->count : before_turn;
    moves[0] = (struct ll_opencl_move){ll_link_slot_at(lane->first, batch->slots), count * LL_BEAT_WORDS};
    if (count == lane->count)
        return 1;
    moves[1] = (struct ll_opencl_move){LL_LINK_HEAD_WORDS, (lane->count - count) * LL_BEAT_WORDS};
    return 2;
}

static int ll_opencl_read(struct ll_opencl_batch *batch, struct ll_opencl_lane *lane,
                          const struct ll_opencl_move *move, struct ll_why *why)
{
    struct ll_opencl_device *device = batch->device;
    cl_int error = device->api.clEnqueueReadBuffer(
        device->queue, lane->buffers[LL_OPENCL_FROM_DEVICE], CL_FALSE, move->at * sizeof(u64),
        move->count * sizeof(u64), lane->words[LL_OPENCL_FROM_DEVICE] + move->at, 1, &lane->task,
        &lane->reads[lane->read_count]);
    if (error != CL_SUCCESS)
        return LL_OPENCL_FAIL(why, error, "fetching answers");
    lane->read_count++;
    return LL_OK;
}

static int ll_opencl_write(struct ll_opencl_batch *batch, struct ll_opencl_lane *lane,
                           const struct ll_opencl_move *move, cl_event *event, struct ll_why *why)
{
    struct ll_opencl_device *device = batch->device;
    cl_int error = device->api.clEnqueueWriteBuffer(
        device->queue, lane->buffers[LL_OPENCL_TO_DEVICE], CL_FALSE, move->at * sizeof(u64),
        move->count * sizeof(u64), lane->words[LL_OPENCL_TO_DEVICE] + move->at, 0, NULL, event);
    return error == CL_SUCCESS ? LL_OK : LL_OPENCL_FAIL(why, error, "giving requests to the device");
}

/* Words of the window that a control request moves with `op`; what the kernel will refuse moves none. */
static uint32_t ll_opencl_window_words(struct ll_beat beat, enum ll_beat_op op)
{
    uint32_t words = ll_part_words(beat.word[1]);
    if (ll_beat_kind_of(beat.word[LL_BEAT_TAG]) != LL_BEAT_CONTROL || beat.word[0] != op || words == 0 ||
        beat.word[3] > LL_LINK_WINDOW_WORDS / words)
        return 0;
    return (uint32_t)beat.word[3] * words;
}

/* --- Launching ---------------------------------------------------------------------------------------------- */

/* Copies the lane's requests as they are, and what of the window goes with them. Returns the moves. */
static uint32_t ll_opencl_fill(const struct ll_opencl_batch *batch, struct ll_opencl_lane *lane,
                               struct ll_opencl_move *moves)
{
    const volatile u64 *to = batch->link->ways[LL_OPENCL_TO_DEVICE].words;
    u64 *words = lane->words[LL_OPENCL_TO_DEVICE];
    uint32_t move_count = ll_opencl_ring_moves(batch, lane, moves);
    uint32_t window_words = 0;
    lane->dump_words = 0;
    for (uint32_t i = 0; i < lane->count; i++) {
        struct ll_beat beat = ll_link_get(to, batch->link->slots, lane->first + i);
        memcpy(words + ll_link_slot_at(lane->first + i, batch->slots), &beat, sizeof beat);
        window_words = ll_opencl_window_words(beat, LL_BEAT_OP_LOAD);
        lane->dump_words = ll_opencl_window_words(beat, LL_BEAT_OP_DUMP);
    }
    if (window_words == 0)
        return move_count;
    moves[move_count] = (struct ll_opencl_move){ll_link_window_at(batch->slots), window_words};
    memcpy(words + moves[move_count].at,
           (const void *)(uintptr_t)(to + ll_link_window_at(batch->link->slots)), window_words * sizeof(u64));
    return move_count + 1;
}

static int ll_opencl_lane_launch(struct ll_opencl_batch *batch, struct ll_opencl_lane *lane,
                                 const cl_event *after, struct ll_why *why)
{
    struct ll_opencl_move moves[LL_OPENCL_MOVES_MAX];
    cl_event waits[WAITS_MAX];
    uint32_t wait_count = 0;
    uint32_t move_count = ll_opencl_fill(batch, lane, moves);
    int err = LL_OK;
    lane->read_count = 0;
    for (uint32_t i = 0; i < move_count && err == LL_OK; i++) {
        err = ll_opencl_write(batch, lane, &moves[i], &waits[wait_count], why);
        wait_count += err == LL_OK;
    }
    uint32_t write_count = wait_count;
    if (after != NULL)
        waits[wait_count++] = *after;
    if (err == LL_OK)
        err = ll_opencl_device_launch(batch->device, (uint32_t)(lane - batch->lanes), lane->first,
                                      lane->count, waits, wait_count, &lane->task, why);
    for (uint32_t i = 0; i < write_count; i++)
        (void)batch->device->api.clReleaseEvent(waits[i]);
    if (err != LL_OK)
        return err;
    move_count = ll_opencl_ring_moves(batch, lane, moves);
    if (lane->dump_words != 0)
        moves[move_count++] = (struct ll_opencl_move){ll_link_window_at(batch->slots), lane->dump_words};
    for (uint32_t i = 0; i < move_count && err == LL_OK; i++)
        err = ll_opencl_read(batch, lane, &moves[i], why);
    return err == LL_OK ? ll_opencl_device_flush(batch->device, why) : err;
}

/* Looks for requests that have come: only behind those that were seen before. */
static void ll_opencl_look(struct ll_opencl_batch *batch, uint64_t now_ns)
{
    const volatile u64 *to = batch->link->ways[LL_OPENCL_TO_DEVICE].words;
    uint32_t slots = batch->link->slots;
    while (!batch->is_cut && batch->seen < batch->batch_max) {
        uint32_t ordinal = batch->next + batch->seen;
        if (ll_link_has(to, slots, ordinal) == 0)
            return;
        u64 tag = to[ll_link_slot_at(ordinal, slots) + LL_BEAT_TAG];
        batch->is_cut = ll_beat_kind_of(tag) == LL_BEAT_CONTROL;
        if (batch->is_cut && batch->seen != 0)
            return; /* it comes with the next batch */
        if (batch->seen == 0)
            batch->since_ns = now_ns;
        batch->seen++;
    }
}

static bool ll_opencl_is_due(const struct ll_opencl_batch *batch, uint64_t now_ns)
{
    return batch->seen != 0 &&
           (batch->is_cut || batch->seen == batch->batch_max || now_ns - batch->since_ns >= batch->close_ns);
}

static int ll_opencl_launch_next(struct ll_opencl_batch *batch, struct ll_why *why)
{
    struct ll_opencl_lane *lane = &batch->lanes[(batch->oldest + batch->busy) % batch->lane_count];
    const struct ll_opencl_lane *before =
        batch->busy == 0 ? NULL : &batch->lanes[(batch->oldest + batch->busy - 1) % batch->lane_count];
    lane->first = batch->next;
    lane->count = batch->seen;
    int err = ll_opencl_lane_launch(batch, lane, before == NULL ? NULL : &before->task, why);
    batch->next += batch->seen;
    batch->seen = 0;
    batch->is_cut = false;
    batch->busy++;
    return err;
}

/* --- Answers ------------------------------------------------------------------------------------------------ */

/* The window first, then each answer, its tag last. */
static int ll_opencl_publish(const struct ll_opencl_batch *batch, const struct ll_opencl_lane *lane,
                             struct ll_why *why)
{
    volatile u64 *from = batch->link->ways[LL_OPENCL_FROM_DEVICE].words;
    const u64 *words = lane->words[LL_OPENCL_FROM_DEVICE];
    if (lane->dump_words != 0)
        memcpy((void *)(uintptr_t)(from + ll_link_window_at(batch->link->slots)),
               words + ll_link_window_at(batch->slots), lane->dump_words * sizeof(u64));
    for (uint32_t i = 0; i < lane->count; i++) {
        uint32_t ordinal = lane->first + i;
        const u64 *answer = words + ll_link_slot_at(ordinal, batch->slots);
        volatile u64 *slot = from + ll_link_slot_at(ordinal, batch->link->slots);
        if (ll_link_has(words, batch->slots, ordinal) == 0)
            return LL_FAIL(
                why, LL_ERR_STOPPED,
                "the kernel has ended without an answer to request %u: its program is of another version",
                ordinal);
        for (uint32_t word = 0; word < LL_BEAT_CONTENT; word++)
            slot[word] = answer[word];
        ll_link_store(slot + LL_BEAT_TAG, answer[LL_BEAT_TAG]);
    }
    return LL_OK;
}

static void ll_opencl_lane_release(struct ll_opencl_batch *batch, struct ll_opencl_lane *lane)
{
    for (uint32_t i = 0; i < lane->read_count; i++)
        (void)batch->device->api.clReleaseEvent(lane->reads[i]);
    (void)batch->device->api.clReleaseEvent(lane->task);
    lane->read_count = 0;
    lane->task = NULL;
}

int ll_opencl_batch_collect(struct ll_opencl_batch *batch, struct ll_why *why)
{
    int count = 0;
    while (batch->busy != 0) {
        struct ll_opencl_lane *lane = &batch->lanes[batch->oldest];
        for (uint32_t i = lane->read_count; i > 0; i--) {
            int ended = ll_opencl_device_ended(batch->device, lane->reads[i - 1], why);
            if (ended <= 0)
                return ended < 0 ? ended : count;
        }
        int err = ll_opencl_publish(batch, lane, why);
        ll_opencl_lane_release(batch, lane);
        batch->oldest = (batch->oldest + 1) % batch->lane_count;
        batch->busy--;
        if (err != LL_OK)
            return err;
        count++;
    }
    return count;
}

int ll_opencl_batch_step(struct ll_opencl_batch *batch, uint64_t now_ns, struct ll_why *why)
{
    int count = ll_opencl_batch_collect(batch, why);
    if (count < 0)
        return count;
    ll_link_store(batch->link->ways[LL_OPENCL_FROM_DEVICE].words + LL_LINK_PULSE, ++batch->pulse);
    ll_opencl_look(batch, now_ns);
    if (batch->busy == batch->lane_count || !ll_opencl_is_due(batch, now_ns))
        return count;
    int err = ll_opencl_launch_next(batch, why);
    return err == LL_OK ? count + 1 : err;
}

bool ll_opencl_batch_is_idle(const struct ll_opencl_batch *batch)
{
    return batch->busy == 0;
}

void ll_opencl_batch_deinit(struct ll_opencl_batch *batch)
{
    LL_ASSERT(batch->busy == 0);
    for (uint32_t i = 0; i < batch->lane_count; i++)
        for (uint32_t way = 0; way < LL_OPENCL_WAYS; way++)
            if (batch->lanes[i].buffers[way] != NULL)
                (void)batch->device->api.clReleaseMemObject(batch->lanes[i].buffers[way]);
    ll_arena_deinit(&batch->memory);
    memset(batch, 0, sizeof *batch);
}
