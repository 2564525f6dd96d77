/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_node.h"

#include "host/app/ll_gateway_parts.h"
#include "host/app/ll_limits_file.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/journal/ll_journal_segment.h"
#include "host/journal/ll_snapshot.h"
#include "tests/sim/ll_sim_damage.h"
#include "tests/sim/ll_sim_device.h"
#include "tests/sim/ll_sim_hand.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LL_SIM_DIR_NAME      "/journal"
#define LL_SIM_LIMITS_WINDOW 512u
/* The smallest that a whole batch of the gateway fits in. */
#define LL_SIM_RING_SLOTS_MIN 256u

/* How far a clock may be off, either way. */
#define LL_SIM_CLOCK_MOST_NS ((int64_t)600 * (int64_t)LL_NS_PER_S)
#define LL_SIM_SLOW_MOST_NS  LL_NS_PER_S

/* Per thousand turns: the journal's writer gets to work, a wrong byte is written, the device is looked after. */
#define LL_SIM_WRITER_PER_MILLE 400u
#define LL_SIM_POKE_PER_MILLE   10u
#define LL_SIM_TEND_PER_MILLE   100u
/* Turns before the first wrong byte: there has to be something. */
#define LL_SIM_POKE_AFTER 300u
/* Group commits and segments in one turn. */
#define LL_SIM_WRITER_STEPS 3u
/* Disk operations until a kill or a planned failure strikes: a commit is two, a segment six. */
#define LL_SIM_OPERATIONS_AHEAD 24u
/* Starts that are cut short before one is let through. */
#define LL_SIM_CUT_STARTS 3u

static_assert(LL_SIM_RING_SLOTS_MIN >= LL_RECORD_BATCH_SLOTS &&
                  LL_SIM_RING_SLOTS_MIN / 2 < LL_RECORD_BATCH_SLOTS,
              "the smallest ring that is taken");

struct ll_sim_node {
    struct ll_sim_node_config config;
    struct ll_prng prng;
    struct ll_sim_disk *disk;
    struct ll_sim_device *device; /* NULL = none: what a hand pokes at is all there is */
    struct ll_limits_file limits;
    struct ll_trading_config trading;
    struct ll_gateway_config gateway_config;
    struct ll_gateway *gateway; /* NULL = down */
    struct ll_sim_damage damage;
    uint64_t damaged_snapshot; /* event id of the one that was damaged before the last boot; 0 = none */
    bool took_damage;
    struct ll_why snapshot_why;
    struct ll_why stop_why;
    uint64_t now_ns;
    int64_t clock_offset_ns;
    uint64_t slow_until_ns; /* the disk takes until then over what it has in hand */
    uint64_t turns;
    bool ends_with_power; /* what is planned amid an operation of the disk is a power cut, not a kill */
    bool is_small;
};

/* Wide enough for everything: what is refused is to be refused by the simulated world. */
static const char ll_sim_limits_text[] = "price_decimals: 4\n"
                                         "firm:\n"
                                         "  collar_bps: 9000\n"
                                         "  reference_age: 30d\n"
                                         "  order_quantity: 1_000_000\n"
                                         "  order_notional: 1_000_000_000.00\n"
                                         "  messages: 500\n"
                                         "  session_messages: 500\n"
                                         "  message_window: 1s\n"
                                         "  one_active_exit: false\n"
                                         "instruments:\n"
                                         "  \"*\": {tick: 0.0001, lot: 1, state: trading}\n";

__attribute__((format(printf, 2, 3))) static void ll_sim_node_say(const struct ll_sim_node *node,
                                                                  const char *format, ...)
{
    va_list arguments;
    if (node->config.trace == NULL)
        return;
    (void)fprintf(node->config.trace, "%" PRIu64 " node: ", node->now_ns);
    va_start(arguments, format);
    (void)vfprintf(node->config.trace, format, arguments);
    va_end(arguments);
    (void)fputc('\n', node->config.trace);
}

/* --- What the gateway is opened with ---------------------------------------------------------------------- */

static int ll_sim_node_send_request(void *context, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES])
{
    struct ll_sim_node *node = context;
    ll_sim_venue_request(node->config.venue, request, node->now_ns);
    return LL_OK;
}

static void ll_sim_node_note(void *context, const char *sentence)
{
    ll_sim_node_say(context, "%s", sentence);
}

static void ll_sim_node_set_session(struct ll_sim_node *node, uint32_t session, uint8_t protocol)
{
    struct ll_trading_session *config = &node->trading.sessions[session];
    config->door = ll_sim_tcp_client_door(node->config.tcp[session]);
    config->protocol = protocol;
    (void)snprintf(config->user, sizeof config->user, "%s", LL_SIM_USER);
    (void)snprintf(config->password, sizeof config->password, "%s", LL_SIM_PASSWORD);
    memcpy(config->firm, LL_SIM_FIRM, sizeof config->firm);
}

static void ll_sim_node_set_trading(struct ll_sim_node *node)
{
    struct ll_trading_config *trading = &node->trading;
    uint64_t orders = node->is_small ? 24 + ll_prng_below(&node->prng, 64) : 256;
    ll_trading_config_default(trading);
    trading->oms.orders = orders;
    trading->oms.ids = node->is_small ? orders * 4 : 2048;
    trading->oms.names = 32;
    trading->oms.instruments = 16;
    trading->oms.accounts = node->is_small ? 40 : 256;
    trading->oms.bookings = node->is_small ? 8 : 1024;
    trading->oms.repeats = node->is_small ? 8 : 256;
    trading->oms.limit_rows = 16;
    trading->oms.window = LL_SIM_LIMITS_WINDOW;
    trading->oms.answer_timeout_ns = 300 * LL_NS_PER_MS;
    trading->oms.retry_ns = 100 * LL_NS_PER_MS;
    trading->reconnect_ns = 500 * LL_NS_PER_MS;
    trading->silence_ns = 3 * LL_NS_PER_S;
    trading->session_count = LL_SIM_SESSIONS;
    ll_sim_node_set_session(node, 0, LL_PROTOCOL_OUCH50);
    ll_sim_node_set_session(node, 1, LL_PROTOCOL_OUCH42);
    trading->door_path = node->config.door_path;
    trading->door.places = 4;
    trading->door.requests = 16;
    trading->door.events = 128;
    trading->limits = &node->limits;
    trading->send_before_durable = node->config.bug == LL_SIM_BUG_EARLY_SEND;
}

static void ll_sim_node_set_gateway(struct ll_sim_node *node)
{
    struct ll_gateway_config *config = &node->gateway_config;
    ll_gateway_config_default(config);
    config->trading = &node->trading;
    config->device.name = "cpu";
    config->device.book = (struct ll_book_config){
        .orders = node->is_small ? 64 : 1024, .levels = node->is_small ? 48 : 1024, .books = 16};
    /* A hole is never given up: there is a server, and books can only be compared once all is there. */
    config->mold.line_count = 2;
    config->mold.start_sequence = 1;
    config->mold.holdback_packets = 8u << ll_prng_below(&node->prng, 5);
    config->mold.give_up_when_full = false;
    config->mold.request_timeout_ns = 20 * LL_NS_PER_MS;
    config->mold.gap_requests_max = 0;
    config->mold.gap_timeout_ns = LL_NS_PER_DAY;
    config->mold.ahead_messages_max = 2000;
    config->mold.stale_after_ns = LL_NS_PER_S;
    config->journal.dir = LL_SIM_DIR_NAME;
    config->journal.files = ll_sim_disk_files(node->disk);
    config->journal.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
    config->journal.ring_slots = ll_prng_chance(&node->prng, 250) ? LL_SIM_RING_SLOTS_MIN : 1024;
    config->journal.write_slots_max = ll_prng_chance(&node->prng, 250) ? 16 : 0;
    config->journal.run_align_bytes = ll_prng_chance(&node->prng, 250) ? 4096 : LL_JOURNAL_RUN_ALIGN_DEFAULT;
    config->journal.is_stepped = true;
    config->resume = true;
    config->note = ll_sim_node_note;
    config->note_context = node;
    config->send_request = ll_sim_node_send_request;
    config->send_request_context = node;
}

/* --- Life ------------------------------------------------------------------------------------------------- */

struct ll_sim_node *ll_sim_node_new(const struct ll_sim_node_config *config)
{
    struct ll_sim_node *node = calloc(1, sizeof *node);
    struct ll_why why = {0};
    LL_ASSERT(node != NULL);
    node->config = *config;
    ll_prng_init(&node->prng, config->seed);
    node->disk = ll_sim_disk_new();
    ll_sim_disk_set_lying(node->disk, config->bug == LL_SIM_BUG_LYING_DISK);
    node->is_small = ll_sim_strikes(config->faults, LL_SIM_TABLE_SMALL);
    int status = ll_limits_file_parse(&node->limits, "limits", (const uint8_t *)ll_sim_limits_text,
                                      sizeof ll_sim_limits_text - 1, LL_SIM_LIMITS_WINDOW, &why);
    LL_ASSERT(status == LL_OK);
    ll_sim_node_set_trading(node);
    ll_sim_node_set_gateway(node);
    const struct ll_sim_device_config device = {ll_prng_next(&node->prng), config->faults, config->trace};
    if (config->bug == LL_SIM_BUG_NONE)
        node->device = ll_sim_device_new(&device);
    return node;
}

void ll_sim_node_free(struct ll_sim_node *node)
{
    (void)ll_gateway_close(node->gateway, NULL);
    if (node->device != NULL)
        ll_sim_device_free(node->device);
    ll_limits_file_deinit(&node->limits);
    ll_sim_disk_free(node->disk);
    free(node);
}

/* --- Down ------------------------------------------------------------------------------------------------- */

/* The process ends without another word. The disk does nothing any more, and the venue sees its end of each connection
 * break, before the gateway's memory is given back: what that does on its way reaches nobody. One thing does: the
 * clients' door is closed in order, while a killed process would leave it behind. Clients are told that it is gone
 * either way, here by the door and there by the process; both ways are tested where the door is. */
static void ll_sim_node_kill(struct ll_sim_node *node)
{
    for (uint32_t session = 0; session < LL_SIM_SESSIONS; session++)
        ll_sim_tcp_client_died(node->config.tcp[session]);
    ll_sim_disk_halt(node->disk);
    (void)ll_gateway_close(node->gateway, NULL);
    node->gateway = NULL;
    LL_ASSERT(ll_sim_disk_open_count(node->disk) == 0);
}

void ll_sim_node_crash(struct ll_sim_node *node)
{
    ll_sim_node_say(node, "killed");
    if (node->gateway != NULL)
        ll_sim_node_kill(node);
    ll_sim_disk_restart(node->disk);
}

void ll_sim_node_power_cut(struct ll_sim_node *node)
{
    ll_sim_node_say(node, "power cut");
    if (node->gateway != NULL)
        ll_sim_node_kill(node);
    ll_sim_disk_power_cut(node->disk, ll_prng_next(&node->prng));
}

/* As the daemon does when its gateway has failed. */
static void ll_sim_node_stop(struct ll_sim_node *node)
{
    struct ll_why why = {0};
    int status = ll_gateway_close(node->gateway, &why);
    node->gateway = NULL;
    ll_sim_node_say(node, "stopped: %s: %s", ll_err_name(status), why.text);
    if (status != LL_ERR_IO && status != LL_ERR_NO_SPACE) {
        node->stop_why = why;
        node->stop_why.code = status != LL_OK ? status : LL_ERR_STOPPED;
    }
    LL_ASSERT(ll_sim_disk_open_count(node->disk) == 0);
    ll_sim_disk_restart(node->disk);
}

/* --- Up --------------------------------------------------------------------------------------------------- */

static void ll_sim_node_do_damage(struct ll_sim_node *node)
{
    struct ll_sim_faults *faults = node->config.faults;
    node->damaged_snapshot = 0;
    if (ll_sim_strikes(faults, LL_SIM_SNAPSHOT_DAMAGED) &&
        ll_sim_damage_snapshot(node->disk, &node->prng, &node->damaged_snapshot))
        ll_sim_node_say(node, "the snapshot of event %" PRIu64 " is damaged", node->damaged_snapshot);
    if (ll_sim_node_is_damaged(node))
        return;
    if (node->config.bug == LL_SIM_BUG_BLIND_READER && ll_prng_chance(&node->prng, 500))
        (void)ll_sim_damage_forge(&node->damage, node->disk, &node->prng);
    else if (ll_sim_strikes(faults, LL_SIM_DISK_BIT_FLIP))
        (void)ll_sim_damage_flip(&node->damage, node->disk, &node->prng);
    if (ll_sim_node_is_damaged(node))
        ll_sim_node_say(node, "segment %s is damaged at %" PRIu64 ", event %" PRIu64, node->damage.name,
                        node->damage.offset, node->damage.event_id);
}

static int ll_sim_node_start(struct ll_sim_node *node, struct ll_why *why)
{
    if (node->device != NULL) {
        ll_sim_device_step(node->device, node->now_ns); /* time has passed without it */
        ll_sim_device_fill(node->device, &node->gateway_config.device);
    }
    int status = ll_gateway_open(&node->gateway, &node->gateway_config, why);
    if (status != LL_OK) {
        node->gateway = NULL;
        return status;
    }
    status =
        ll_trading_start(ll_gateway_trading(node->gateway), ll_sim_node_clock_ns(node, node->now_ns), why);
    if (status == LL_OK)
        status = ll_gateway_status(node->gateway, why);
    if (status != LL_OK) {
        (void)ll_gateway_close(node->gateway, NULL);
        node->gateway = NULL;
    }
    return status;
}

enum ll_sim_cut { LL_SIM_CUT_NONE, LL_SIM_CUT_KILL, LL_SIM_CUT_POWER, LL_SIM_CUT_SHORT_READ };

/* Recovery can be cut short as well, and a run that has these faults at all has them there more often: there are few
 * starts, and each has few operations. */
static enum ll_sim_cut ll_sim_node_plan_cut(struct ll_sim_node *node)
{
    struct ll_sim_faults *faults = node->config.faults;
    ll_sim_disk_plan_nothing(node->disk);
    if (faults->is_calm)
        return LL_SIM_CUT_NONE;
    if (ll_sim_strikes(faults, LL_SIM_DISK_SHORT_READ)) {
        ll_sim_disk_plan_short_read(node->disk, 1 + ll_sim_draw(faults, LL_SIM_DISK_SHORT_READ, 12));
        return LL_SIM_CUT_SHORT_READ;
    }
    uint64_t nth = 1 + ll_prng_below(&node->prng, 12);
    if (faults->per_million[LL_SIM_CRASH_INSIDE] != 0 && ll_prng_chance(&node->prng, 150)) {
        ll_sim_disk_plan_kill(node->disk, nth, ll_prng_next(&node->prng));
        return LL_SIM_CUT_KILL;
    }
    if (faults->per_million[LL_SIM_POWER_CUT] != 0 && ll_prng_chance(&node->prng, 150)) {
        ll_sim_disk_plan_cut(node->disk, nth);
        return LL_SIM_CUT_POWER;
    }
    return LL_SIM_CUT_NONE;
}

/* The start was cut short: the next one finds what it left. */
static void ll_sim_node_fall(struct ll_sim_node *node, enum ll_sim_cut cut, const struct ll_why *why)
{
    ll_sim_node_say(node, "the start was cut short (%d): %s", (int)cut, why->text);
    if (cut == LL_SIM_CUT_POWER)
        ll_sim_node_power_cut(node);
    else
        ll_sim_node_crash(node);
}

int ll_sim_node_boot(struct ll_sim_node *node, uint64_t now_ns, struct ll_why *why)
{
    LL_ASSERT(node->gateway == NULL);
    node->now_ns = now_ns;
    node->slow_until_ns = 0;
    ll_sim_disk_set_full(node->disk, false);
    ll_sim_node_do_damage(node);
    int status = LL_ERR_IO;
    for (uint32_t tries = 0;; tries++) {
        struct ll_why failed = {0};
        enum ll_sim_cut cut = tries < LL_SIM_CUT_STARTS ? ll_sim_node_plan_cut(node) : LL_SIM_CUT_NONE;
        status = ll_sim_node_start(node, &failed);
        bool was_cut =
            ll_sim_disk_is_halted(node->disk) || (status != LL_OK && ll_sim_disk_struck(node->disk));
        ll_sim_disk_plan_nothing(node->disk);
        if (cut == LL_SIM_CUT_NONE || !was_cut) {
            *why = failed;
            break;
        }
        ll_sim_node_fall(node, cut, &failed);
    }
    if (status != LL_OK) {
        ll_sim_node_say(node, "refused to start: %s: %s", ll_err_name(status), why->text);
        LL_ASSERT(ll_sim_disk_open_count(node->disk) == 0);
        return status;
    }
    const struct ll_gateway_counters *counters = ll_gateway_counters(node->gateway);
    if (node->damaged_snapshot != 0 && counters->snapshot_event_id == node->damaged_snapshot)
        node->took_damage = true;
    ll_sim_node_say(node, "up: %" PRIu64 " records, snapshot of event %" PRIu64 ", %" PRIu64 " slots cut",
                    counters->records_recovered, counters->snapshot_event_id, counters->torn_slots_cut);
    return LL_OK;
}

/* --- A turn ----------------------------------------------------------------------------------------------- */

/* A millisecond as likely as minutes. */
static int64_t ll_sim_node_leap_ns(struct ll_sim_faults *faults, enum ll_sim_fault fault, uint32_t bits)
{
    uint64_t most_ns = LL_NS_PER_MS << ll_sim_draw(faults, fault, bits);
    return (int64_t)(1 + ll_sim_draw(faults, fault, most_ns));
}

static void ll_sim_node_move_clock(struct ll_sim_node *node, int64_t leap_ns)
{
    int64_t offset_ns = node->clock_offset_ns + leap_ns;
    if (offset_ns > LL_SIM_CLOCK_MOST_NS || offset_ns < -LL_SIM_CLOCK_MOST_NS)
        return;
    node->clock_offset_ns = offset_ns;
    ll_sim_node_say(node, "the clock jumps by %" PRId64 " ns", leap_ns);
}

static void ll_sim_node_plan_error(struct ll_sim_node *node, enum ll_sim_fault fault, int code)
{
    struct ll_sim_faults *faults = node->config.faults;
    enum ll_sim_operation kind = ll_sim_draw(faults, fault, 2) == 0 ? LL_SIM_WRITE : LL_SIM_SYNC;
    if (code == LL_ERR_NO_SPACE)
        kind = LL_SIM_WRITE;
    ll_sim_disk_plan_fault(node->disk, kind, 1 + ll_sim_draw(faults, fault, LL_SIM_OPERATIONS_AHEAD), code);
    ll_sim_node_say(node, "the disk will fail: %s", ll_err_name(code));
}

/* Full is a disk that has no room for another file, or not even for what is written in place (it copies). */
static void ll_sim_node_fill_disk(struct ll_sim_node *node)
{
    if (ll_sim_draw(node->config.faults, LL_SIM_DISK_FULL, 2) == 0) {
        ll_sim_node_plan_error(node, LL_SIM_DISK_FULL, LL_ERR_NO_SPACE);
        return;
    }
    ll_sim_disk_set_full(node->disk, true);
    ll_sim_node_say(node, "the disk is full");
}

/* The process is killed amid an operation of the disk; where the power may be cut as well, every other time it is. */
static void ll_sim_node_plan_end(struct ll_sim_node *node, uint64_t nth)
{
    struct ll_sim_faults *faults = node->config.faults;
    node->ends_with_power =
        faults->per_million[LL_SIM_POWER_CUT] != 0 && ll_sim_draw(faults, LL_SIM_CRASH_INSIDE, 2) == 0;
    if (node->ends_with_power)
        ll_sim_disk_plan_cut(node->disk, nth);
    else
        ll_sim_disk_plan_kill(node->disk, nth, ll_prng_next(&node->prng));
}

static void ll_sim_node_strike(struct ll_sim_node *node)
{
    struct ll_sim_faults *faults = node->config.faults;
    if (ll_sim_strikes(faults, LL_SIM_CLOCK_FORWARD))
        ll_sim_node_move_clock(node, ll_sim_node_leap_ns(faults, LL_SIM_CLOCK_FORWARD, 19));
    if (ll_sim_strikes(faults, LL_SIM_CLOCK_BACK))
        ll_sim_node_move_clock(node, -ll_sim_node_leap_ns(faults, LL_SIM_CLOCK_BACK, 16));
    if (ll_sim_strikes(faults, LL_SIM_DISK_SLOW))
        node->slow_until_ns = node->now_ns + ll_sim_draw(faults, LL_SIM_DISK_SLOW, LL_SIM_SLOW_MOST_NS);
    if (ll_sim_strikes(faults, LL_SIM_DISK_ERROR))
        ll_sim_node_plan_error(node, LL_SIM_DISK_ERROR, LL_ERR_IO);
    if (ll_sim_strikes(faults, LL_SIM_DISK_FULL))
        ll_sim_node_fill_disk(node);
    if (ll_sim_strikes(faults, LL_SIM_CRASH_INSIDE))
        ll_sim_node_plan_end(node, 1 + ll_sim_draw(faults, LL_SIM_CRASH_INSIDE, LL_SIM_OPERATIONS_AHEAD));
    if (faults->is_calm) {
        ll_sim_disk_plan_nothing(node->disk);
        ll_sim_disk_set_full(node->disk, false);
        node->slow_until_ns = 0;
    }
}

/* As the daemon's loop. */
static void ll_sim_node_round(struct ll_sim_node *node)
{
    struct ll_gateway *gateway = node->gateway;
    uint64_t clock_ns = ll_sim_node_clock_ns(node, node->now_ns);
    const uint8_t *bytes;
    uint32_t bytes_count;
    uint32_t line;
    while (ll_sim_venue_feed_take(node->config.venue, node->now_ns, &line, &bytes, &bytes_count)) {
        if (line == LL_SIM_LINE_ANSWERS)
            line = LL_MOLD_LINE_REREQUEST;
        ll_gateway_datagram(gateway, line, bytes, bytes_count, 0, clock_ns);
    }
    ll_gateway_poll(gateway, clock_ns);
    ll_gateway_flush(gateway);
    (void)ll_gateway_trade(gateway, clock_ns);
    if (ll_prng_chance(&node->prng, LL_SIM_TEND_PER_MILLE))
        ll_gateway_tend(gateway);
}

/* Its writer and its preparer, which are threads elsewhere. */
static void ll_sim_node_write(struct ll_sim_node *node)
{
    if (node->now_ns < node->slow_until_ns || !ll_prng_chance(&node->prng, LL_SIM_WRITER_PER_MILLE))
        return;
    for (uint32_t i = 0; i < LL_SIM_WRITER_STEPS; i++)
        if (!ll_journal_work(node->gateway->journal))
            break;
}

/* What another process would do. That it fails is no matter of the gateway; that it calls the journal damaged is. */
static void ll_sim_node_snapshot(struct ll_sim_node *node)
{
    struct ll_gateway_snapshot snapshot;
    struct ll_why why = {0};
    int status = ll_gateway_make_snapshot(&node->gateway_config, &snapshot, &why);
    if (status == LL_OK)
        ll_sim_node_say(node, "snapshot of event %" PRIu64, snapshot.made.event_id);
    else
        ll_sim_node_say(node, "no snapshot: %s: %s", ll_err_name(status), why.text);
    if (status == LL_ERR_CORRUPT)
        node->snapshot_why = why;
}

bool ll_sim_node_turn(struct ll_sim_node *node, uint64_t now_ns)
{
    node->now_ns = now_ns;
    if (node->gateway == NULL) {
        ll_sim_venue_feed_drop(node->config.venue, now_ns);
        return false;
    }
    node->turns++;
    ll_sim_node_strike(node);
    if (node->device != NULL)
        ll_sim_device_step(node->device, now_ns);
    ll_sim_node_round(node);
    ll_sim_node_write(node);
    if (!ll_sim_disk_is_halted(node->disk) && ll_sim_strikes(node->config.faults, LL_SIM_SNAPSHOT))
        ll_sim_node_snapshot(node);
    if (ll_sim_disk_is_halted(node->disk)) {
        if (node->ends_with_power)
            ll_sim_node_power_cut(node);
        else
            ll_sim_node_crash(node);
        return false;
    }
    if (ll_gateway_status(node->gateway, NULL) != LL_OK) {
        ll_sim_node_stop(node);
        return false;
    }
    if (node->turns > LL_SIM_POKE_AFTER && ll_prng_chance(&node->prng, LL_SIM_POKE_PER_MILLE) &&
        ll_sim_hand(node->gateway, node->config.bug, &node->prng))
        ll_sim_node_say(node, "a wrong byte");
    return true;
}

/* --- Looking ---------------------------------------------------------------------------------------------- */

bool ll_sim_node_is_up(const struct ll_sim_node *node)
{
    return node->gateway != NULL;
}

struct ll_gateway *ll_sim_node_gateway(struct ll_sim_node *node)
{
    return node->gateway;
}

struct ll_sim_disk *ll_sim_node_disk(struct ll_sim_node *node)
{
    return node->disk;
}

const struct ll_gateway_config *ll_sim_node_gateway_config(const struct ll_sim_node *node)
{
    return &node->gateway_config;
}

bool ll_sim_node_is_damaged(const struct ll_sim_node *node)
{
    return node->damage.name[0] != '\0';
}

void ll_sim_node_repair(struct ll_sim_node *node)
{
    ll_sim_damage_undo(&node->damage, node->disk);
}

bool ll_sim_node_took_damage(const struct ll_sim_node *node)
{
    return node->took_damage;
}

const struct ll_why *ll_sim_node_snapshot_why(const struct ll_sim_node *node)
{
    return &node->snapshot_why;
}

const struct ll_why *ll_sim_node_stop_why(const struct ll_sim_node *node)
{
    return &node->stop_why;
}

bool ll_sim_node_is_small(const struct ll_sim_node *node)
{
    return node->is_small;
}

uint64_t ll_sim_node_clock_ns(const struct ll_sim_node *node, uint64_t now_ns)
{
    uint64_t first_ns = now_ns - now_ns % LL_NS_PER_DAY;
    uint64_t last_ns = first_ns + LL_NS_PER_DAY - 1;
    uint64_t most_back_ns = now_ns - first_ns;
    if (node->clock_offset_ns >= 0)
        return now_ns + (uint64_t)node->clock_offset_ns < last_ns ? now_ns + (uint64_t)node->clock_offset_ns
                                                                  : last_ns;
    uint64_t back_ns = (uint64_t)-node->clock_offset_ns;
    return now_ns - (back_ns < most_back_ns ? back_ns : most_back_ns);
}
