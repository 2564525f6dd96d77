/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_device.h"

#include "hls/ll_gateway.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/device/ll_device_carrier.h"

#include <stdlib.h>
#include <string.h>

#define DEVICE_SLOTS_MAX   256u
#define DEVICE_WORDS       (LL_LINK_HEAD_WORDS + DEVICE_SLOTS_MAX * LL_BEAT_WORDS + LL_LINK_WINDOW_WORDS)
#define DEVICE_PART_BYTES  512u /* at least: a part that is not there is still a memory */
#define DEVICE_START_NS    (20 * LL_NS_PER_MS)
#define DEVICE_LINGER_NS   (300 * LL_NS_PER_MS)
#define DEVICE_TIMEOUT_NS  LL_NS_PER_S
#define DEVICE_RESETS      3u /* ways to be reset */
#define DEVICE_BREAKS      3u /* ways not to be whole */
#define DEVICE_TORN_RESTS  16u
#define DEVICE_LEAVES_MAX  8u /* answers before a process that goes is gone */
#define DEVICE_NO_VERDICT  0x80u
#define DEVICE_NAME        "simulated"
#define DEVICE_WATCHDOG_NS (50 * LL_NS_PER_US)

enum device_state { DEVICE_NONE, DEVICE_STARTS, DEVICE_RUNS, DEVICE_GONE };

/* What kind of device it is; the same for the whole run. */
struct device_kind {
    bool is_cpu;
    bool is_verified;
    bool is_reloaded;
    uint32_t slots;
    uint32_t batch;
    uint32_t idle_per_mille; /* rests in which nothing is done */
    uint32_t work_max;       /* requests done in one rest */
    uint64_t watchdog_ns;
    uint64_t rest_ns;
};

struct ll_sim_device {
    struct ll_sim_device_config config;
    struct ll_device_carrier carrier;
    struct ll_prng prng;
    struct device_kind kind;
    enum device_state state;
    uint64_t now_ns;
    uint64_t ready_ns;
    uint64_t silent_until_ns;
    uint64_t busy_until_ns; /* the card is held by a process that was killed */
    uint32_t leaves_in;     /* answers; 0 = it stays */
    struct ll_device_request request;
    uint32_t next; /* ordinal of the request it takes next */
    struct {
        uint32_t ordinal; /* 0 = none is torn */
        struct ll_beat whole;
        uint64_t until_ns;
    } torn;
    void *part[LL_PART_COUNT];
    uint64_t part_bytes[LL_PART_COUNT];
    uint64_t *to_device;
    uint64_t *from_device;
    struct ll_update updates[LL_GATEWAY_RUN_MAX];
    struct ll_result results[LL_GATEWAY_RUN_MAX];
    struct ll_life_ask asks[LL_GATEWAY_RUN_MAX];
    struct ll_life_answer answers[LL_GATEWAY_RUN_MAX];
};

static void device_trace(const struct ll_sim_device *device, const char *what)
{
    if (device->config.trace != NULL)
        (void)fprintf(device->config.trace, "       %12.6f  device: %s\n",
                      (double)device->now_ns / (double)LL_NS_PER_S, what);
}

static bool device_strikes(const struct ll_sim_device *device, enum ll_sim_fault fault)
{
    if (!ll_sim_strikes(device->config.faults, fault))
        return false;
    device_trace(device, ll_sim_fault_text(fault));
    return true;
}

static uint64_t device_draw(const struct ll_sim_device *device, enum ll_sim_fault fault, uint64_t bound)
{
    return ll_sim_draw(device->config.faults, fault, bound);
}

/* --- The link -------------------------------------------------------------------------------------------- */

static void device_write(struct ll_sim_device *device, uint32_t ordinal, struct ll_beat beat)
{
    uint64_t *slot = device->from_device + ll_link_slot_at(ordinal, device->kind.slots);
    memcpy(slot, &beat, sizeof beat);
}

static void device_mend(struct ll_sim_device *device)
{
    if (device->torn.ordinal == 0)
        return;
    device_write(device, device->torn.ordinal, device->torn.whole);
    device->torn.ordinal = 0;
}

/* --- The kernel ------------------------------------------------------------------------------------------ */

static void device_run_one(struct ll_sim_device *device)
{
    void **part = device->part;
    ll_gateway_run(part[LL_PART_BOOK_CONTROL], part[LL_PART_BOOK_BUCKETS], part[LL_PART_LEAVES],
                   part[LL_PART_LEVELS], part[LL_PART_INNERS], part[LL_PART_SIDES],
                   part[LL_PART_LIFE_CONTROL], part[LL_PART_LIFE_BUCKETS], part[LL_PART_LIFE_PLACES],
                   part[LL_PART_LIFE_ORDERS], device->updates, device->results, device->asks, device->answers,
                   device->to_device, device->from_device, device->kind.slots, device->next, 1, 1,
                   device->request.kernel_batch);
    device->next++;
}

static void device_forget_tables(struct ll_sim_device *device)
{
    for (uint32_t part = 0; part < LL_PART_COUNT; part++)
        memset(device->part[part], 0, device->part_bytes[part]);
}

/* Empty tables of the same sizes, of the epoch before. */
static void device_empty_tables(struct ll_sim_device *device)
{
    void **part = device->part;
    struct ll_book_control *book = part[LL_PART_BOOK_CONTROL];
    struct ll_life_control *life = part[LL_PART_LIFE_CONTROL];
    book->epoch--;
    ll_book_reset(part[LL_PART_BOOK_CONTROL], part[LL_PART_BOOK_BUCKETS], part[LL_PART_LEAVES],
                  part[LL_PART_LEVELS], part[LL_PART_INNERS], part[LL_PART_SIDES]);
    if (life->bucket_count == 0)
        return;
    life->epoch--;
    ll_life_reset(part[LL_PART_LIFE_CONTROL], part[LL_PART_LIFE_BUCKETS], part[LL_PART_LIFE_PLACES],
                  part[LL_PART_LIFE_ORDERS]);
}

/* --- Misbehaviour ---------------------------------------------------------------------------------------- */

/* In a load there may be no tables yet that could be empty. */
static void device_reset(struct ll_sim_device *device, bool is_control)
{
    uint64_t way = device_draw(device, LL_SIM_DEVICE_RESET, DEVICE_RESETS);
    if (way == 0 && !is_control) {
        device_empty_tables(device);
        return;
    }
    device_forget_tables(device);
    if (way == 1)
        device->next = 0; /* no request is that one */
}

/* One bit, and a tag that fits. Now and then it is the one that makes the verdict none. */
static void device_lie(struct ll_sim_device *device, uint32_t ordinal)
{
    struct ll_beat beat = ll_link_get(device->from_device, device->kind.slots, ordinal);
    uint64_t word = device_draw(device, LL_SIM_DEVICE_WRONG, LL_BEAT_CONTENT + 1);
    uint64_t bit = device_draw(device, LL_SIM_DEVICE_WRONG, 64);
    if (word == LL_BEAT_CONTENT)
        beat.word[0] ^= DEVICE_NO_VERDICT;
    else
        beat.word[word] ^= (uint64_t)1 << bit;
    ll_link_put(device->from_device, device->kind.slots, ordinal, ll_beat_kind_of(beat.word[LL_BEAT_TAG]),
                beat);
}

/* `before` is what lay at the answer's place. */
static void device_break(struct ll_sim_device *device, uint32_t ordinal, struct ll_beat before)
{
    struct ll_beat beat = ll_link_get(device->from_device, device->kind.slots, ordinal);
    uint64_t way = device_draw(device, LL_SIM_DEVICE_BROKEN, DEVICE_BREAKS);
    uint64_t bits = device_draw(device, LL_SIM_DEVICE_BROKEN, LL_BEAT_CONTENT * 64);
    if (way == 0) {
        ll_link_put(device->from_device, device->kind.slots, ordinal, LL_BEAT_BROKEN, beat);
        return;
    }
    if (way == 1) {
        beat.word[bits / 64] ^= (uint64_t)1 << bits % 64;
        device_write(device, ordinal, beat);
        return;
    }
    device_mend(device);
    device->torn.ordinal = ordinal;
    device->torn.whole = beat;
    device->torn.until_ns =
        device->now_ns +
        device->kind.rest_ns * (1 + device_draw(device, LL_SIM_DEVICE_BROKEN, DEVICE_TORN_RESTS));
    for (uint32_t i = 0; i < LL_BEAT_CONTENT; i++)
        if ((bits >> i & 1u) != 0)
            beat.word[i] = before.word[i];
    device_write(device, ordinal, beat);
    if (ll_beat_is_whole(beat) != 0) /* what lay there was the same: it is taken at once */
        device->torn.ordinal = 0;
}

static void device_leave(struct ll_sim_device *device)
{
    device->state = DEVICE_GONE;
    device->leaves_in = 0;
}

/* --- Work ------------------------------------------------------------------------------------------------ */

static bool device_works(const struct ll_sim_device *device)
{
    return device->state == DEVICE_RUNS &&
           (device->config.faults->is_calm || device->now_ns >= device->silent_until_ns);
}

static void device_answer(struct ll_sim_device *device)
{
    struct ll_beat request = ll_link_get(device->to_device, device->kind.slots, device->next);
    bool is_control = ll_beat_kind_of(request.word[LL_BEAT_TAG]) == LL_BEAT_CONTROL;
    if (device->leaves_in != 0 && --device->leaves_in == 0) {
        device_leave(device);
        return;
    }
    if (device_strikes(device, LL_SIM_DEVICE_STALL)) {
        device->silent_until_ns =
            device->now_ns + device_draw(device, LL_SIM_DEVICE_STALL, 3 * device->kind.watchdog_ns);
        return;
    }
    if (device_strikes(device, LL_SIM_DEVICE_RESET))
        device_reset(device, is_control);
    if (ll_link_has(device->to_device, device->kind.slots, device->next) == 0)
        return;
    uint32_t ordinal = device->next;
    struct ll_beat before = ll_link_get(device->from_device, device->kind.slots, ordinal);
    device_run_one(device);
    if (!is_control && device->kind.is_verified && device_strikes(device, LL_SIM_DEVICE_WRONG))
        device_lie(device, ordinal);
    else if (device_strikes(device, LL_SIM_DEVICE_BROKEN))
        device_break(device, ordinal, before);
}

static void device_work(struct ll_sim_device *device)
{
    uint32_t room = 1 + ll_prng_below(&device->prng, device->kind.work_max);
    while (room-- != 0 && device_works(device) &&
           ll_link_has(device->to_device, device->kind.slots, device->next) != 0)
        device_answer(device);
}

/* --- The carrier ----------------------------------------------------------------------------------------- */

static void device_free_parts(struct ll_sim_device *device)
{
    for (uint32_t part = 0; part < LL_PART_COUNT; part++) {
        free(device->part[part]);
        device->part[part] = NULL;
    }
}

static void device_end(struct ll_sim_device *device)
{
    device->state = DEVICE_NONE;
    device->leaves_in = 0;
    device->silent_until_ns = 0;
    device->torn.ordinal = 0;
    device_free_parts(device);
}

static void device_take_parts(struct ll_sim_device *device)
{
    for (uint32_t part = 0; part < LL_PART_COUNT; part++) {
        uint64_t bytes = device->request.part_bytes[part];
        bytes = bytes < DEVICE_PART_BYTES ? DEVICE_PART_BYTES : (bytes + 63) / 64 * 64;
        device->part[part] = aligned_alloc(64, bytes);
        LL_ASSERT(device->part[part] != NULL);
        device->part_bytes[part] = bytes;
    }
    device_forget_tables(device);
}

static int carried_start(void *context, const struct ll_device_request *request, struct ll_why *why)
{
    struct ll_sim_device *device = context;
    (void)why;
    LL_ASSERT(device->state == DEVICE_NONE);
    LL_ASSERT(request->magic == LL_DEVICE_LINK_MAGIC);
    LL_ASSERT(request->slots == device->kind.slots);
    LL_ASSERT(device->now_ns >= device->busy_until_ns || device->config.faults->is_calm);
    device->request = *request;
    device_take_parts(device);
    memset(device->to_device, 0, ll_link_window_at(request->slots) * sizeof(uint64_t));
    memset(device->from_device, 0, ll_link_window_at(request->slots) * sizeof(uint64_t));
    device->next = 1;
    device->state = DEVICE_STARTS;
    device->ready_ns = device->now_ns + ll_prng_below(&device->prng, DEVICE_START_NS);
    device_trace(device, "starts");
    return LL_OK;
}

static enum ll_carrier_news carried_hear(void *context, struct ll_device_word *word,
                                         struct ll_device_memories *memories, struct ll_why *why)
{
    struct ll_sim_device *device = context;
    if (device->state == DEVICE_GONE) {
        (void)LL_FAIL(why, LL_ERR_ENVIRONMENT, "the simulated device is gone");
        return LL_CARRIER_ENDED;
    }
    if (device->state != DEVICE_STARTS || device->now_ns < device->ready_ns)
        return LL_CARRIER_NOTHING;
    device->state = DEVICE_RUNS;
    *word = (struct ll_device_word){.magic = LL_DEVICE_LINK_MAGIC,
                                    .version = LL_DEVICE_LINK_VERSION,
                                    .kind = LL_DEVICE_READY,
                                    .slots = device->kind.slots,
                                    .platform = "simulated platform",
                                    .device = "simulated device"};
    *memories = (struct ll_device_memories){device->to_device, device->from_device};
    return LL_CARRIER_READY;
}

static void carried_await(void *context, uint64_t wait_ns)
{
    struct ll_sim_device *device = context;
    uint64_t end_ns = device->now_ns + wait_ns;
    bool comes = device->state == DEVICE_STARTS && device->ready_ns < end_ns;
    device->now_ns = comes ? device->ready_ns : end_ns;
}

static void carried_rest(void *context, uint32_t rests)
{
    struct ll_sim_device *device = context;
    bool is_calm = device->config.faults->is_calm;
    (void)rests;
    device->now_ns += device->kind.rest_ns;
    if (device->now_ns >= device->torn.until_ns || is_calm)
        device_mend(device);
    if (!ll_prng_chance(&device->prng, device->kind.idle_per_mille) || is_calm)
        device_work(device);
}

static uint64_t carried_now_ns(void *context)
{
    const struct ll_sim_device *device = context;
    return device->now_ns;
}

static void carried_kill(void *context)
{
    struct ll_sim_device *device = context;
    if (device->state != DEVICE_NONE && !device->config.faults->is_calm && ll_prng_chance(&device->prng, 200))
        device->busy_until_ns = device->now_ns + ll_prng_below(&device->prng, DEVICE_LINGER_NS);
    device_end(device);
}

static bool carried_reap(void *context)
{
    const struct ll_sim_device *device = context;
    return device->now_ns >= device->busy_until_ns || device->config.faults->is_calm;
}

static void carried_end(void *context, uint64_t wait_ns)
{
    struct ll_sim_device *device = context;
    (void)wait_ns;
    device->busy_until_ns = 0;
    device_end(device);
}

/* --- The run's side -------------------------------------------------------------------------------------- */

static void device_draw_kind(struct ll_sim_device *device)
{
    struct ll_prng *prng = &device->prng;
    struct device_kind *kind = &device->kind;
    kind->is_cpu = ll_prng_chance(prng, 250);
    kind->is_verified = ll_prng_chance(prng, 500);
    kind->is_reloaded = ll_prng_chance(prng, 700);
    kind->slots = DEVICE_SLOTS_MAX >> ll_prng_below(prng, 6);
    kind->batch = 1 + ll_prng_below(prng, LL_BATCH_MAX);
    kind->idle_per_mille = ll_prng_chance(prng, 500) ? ll_prng_below(prng, 800) : 0;
    kind->work_max = 1 + ll_prng_below(prng, 64);
    /* From 50 us to 10 ms; 64 to 8192 rests long, so that a torn answer is given up before it or after. */
    kind->watchdog_ns = DEVICE_WATCHDOG_NS << ll_prng_below(prng, 8);
    kind->watchdog_ns += ll_prng_below(prng, (uint32_t)kind->watchdog_ns / 2);
    kind->rest_ns = 1 + (kind->watchdog_ns >> (6 + ll_prng_below(prng, 8)));
}

struct ll_sim_device *ll_sim_device_new(const struct ll_sim_device_config *config)
{
    struct ll_sim_device *device = calloc(1, sizeof *device);
    LL_ASSERT(device != NULL);
    device->config = *config;
    ll_prng_init(&device->prng, config->seed);
    device_draw_kind(device);
    device->to_device = calloc(DEVICE_WORDS, sizeof(uint64_t));
    device->from_device = calloc(DEVICE_WORDS, sizeof(uint64_t));
    LL_ASSERT(device->to_device != NULL);
    LL_ASSERT(device->from_device != NULL);
    device->carrier = (struct ll_device_carrier){.context = device,
                                                 .is_stepped = true,
                                                 .slots = device->kind.slots,
                                                 .start = carried_start,
                                                 .hear = carried_hear,
                                                 .await = carried_await,
                                                 .rest = carried_rest,
                                                 .now_ns = carried_now_ns,
                                                 .kill = carried_kill,
                                                 .reap = carried_reap,
                                                 .end = carried_end};
    return device;
}

void ll_sim_device_free(struct ll_sim_device *device)
{
    if (device == NULL)
        return;
    device_free_parts(device);
    free(device->to_device);
    free(device->from_device);
    free(device);
}

static void device_note(void *context, const char *sentence)
{
    device_trace(context, sentence);
}

void ll_sim_device_fill(struct ll_sim_device *device, struct ll_device_config *config)
{
    const struct device_kind *kind = &device->kind;
    const struct ll_device_config sizes = *config;
    carried_end(device, 0);
    ll_device_config_default(config);
    config->book = sizes.book;
    config->life = sizes.life;
    config->name = kind->is_cpu ? "cpu" : DEVICE_NAME;
    config->carrier = &device->carrier;
    config->batch = kind->batch;
    config->verify = kind->is_verified;
    config->must_start = false; /* whoever boots wants to be up */
    config->on_loss = kind->is_reloaded ? LL_DEVICE_LOSS_RELOAD : LL_DEVICE_LOSS_CPU;
    config->watchdog_ns = kind->watchdog_ns;
    config->start_timeout_ns = DEVICE_TIMEOUT_NS;
    config->load_limit_ns = DEVICE_TIMEOUT_NS;
    config->note = device_note;
    config->note_context = device;
}

void ll_sim_device_step(struct ll_sim_device *device, uint64_t now_ns)
{
    if (device->now_ns < now_ns)
        device->now_ns = now_ns;
    if (device->config.faults->is_calm)
        device->leaves_in = 0;
    if (device->state != DEVICE_STARTS && device->state != DEVICE_RUNS)
        return;
    if (device->leaves_in == 0 && device_strikes(device, LL_SIM_DEVICE_GONE)) {
        device->leaves_in = (uint32_t)device_draw(device, LL_SIM_DEVICE_GONE, DEVICE_LEAVES_MAX);
        if (device->leaves_in == 0 || device->state == DEVICE_STARTS)
            device_leave(device);
    }
}

uint64_t ll_sim_device_now_ns(const struct ll_sim_device *device)
{
    return device->now_ns;
}
