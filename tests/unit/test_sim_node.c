/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the gateway's machine of a simulated run starts, turns, dies at any instant and starts again; what it knows
 * after a start is what was durable or more; and the same seed gives the same disk and the same state, to the byte.
 * Method: the machine with a network that never connects and a feed made here, which is read again from where the
 * gateway stands, under all the faults that are the machine's own.
 */
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/journal/ll_journal_segment.h"
#include "tests/sim/ll_sim_node.h"
#include "tests/unit/ll_test_dir.h"
#include "tests/unit/ll_test_seed.h"

#define XXH_INLINE_ALL
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define STEPS    1500u
#define START_NS ((UINT64_C(20400) * 86400 + 50000) * LL_NS_PER_S)
#define PACKETS  2048u

/* --- a venue that is only a feed, and a network that never connects ------------------------------------------- */

struct ll_sim_venue {
    struct ll_prng prng;
    uint64_t sequence;  /* of the next message */
    uint64_t delivered; /* to both lines together, in packets of one message */
    uint64_t wanted;    /* asked for again; 0 = nothing */
    uint32_t wanted_count;
    uint8_t bytes[128];
};

struct ll_sim_tcp {
    struct ll_byte_door door;
};

static int never_connect(void *context, struct ll_why *why)
{
    (void)context;
    (void)why;
    return LL_ERR_BUSY;
}

static int never_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    (void)context;
    (void)bytes;
    (void)bytes_count;
    return LL_ERR_IO;
}

static int never_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    (void)context;
    (void)bytes;
    (void)capacity_bytes;
    return LL_ERR_IO;
}

static void never_close(void *context)
{
    (void)context;
}

const struct ll_byte_door *ll_sim_tcp_client_door(struct ll_sim_tcp *tcp)
{
    return &tcp->door;
}

void ll_sim_tcp_client_died(struct ll_sim_tcp *tcp)
{
    (void)tcp;
}

/* Message n is a function of n. */
static uint32_t make_packet(struct ll_sim_venue *venue, uint64_t sequence)
{
    struct ll_moldudp64_builder builder;
    struct ll_prng prng;
    uint8_t message[36] = {'A'};
    ll_prng_init(&prng, sequence);
    ll_store_be16(message + 1, (uint16_t)(1 + ll_prng_below(&prng, LL_SIM_INSTRUMENTS)));
    ll_store_be64(message + 11, sequence);
    message[19] = ll_prng_chance(&prng, 500) ? 'B' : 'S';
    ll_store_be32(message + 20, 100);
    memcpy(message + 24, "SYM     ", 8);
    ll_store_be32(message + 32, 1000 + ll_prng_below(&prng, 20));
    if (sequence > 200 && ll_prng_chance(&prng, 700)) {
        message[0] = 'D';
        ll_store_be64(message + 11, sequence - 200);
    }
    ll_moldudp64_begin(&builder, venue->bytes, sizeof venue->bytes, LL_SIM_SESSION_NAME, sequence);
    ck_assert_int_eq(ll_moldudp64_add(&builder, message, message[0] == 'A' ? 36 : 19), LL_OK);
    return ll_moldudp64_end(&builder);
}

bool ll_sim_venue_feed_take(struct ll_sim_venue *venue, uint64_t now_ns, uint32_t *line,
                            const uint8_t **bytes, uint32_t *bytes_count)
{
    (void)now_ns;
    *bytes = venue->bytes;
    if (venue->wanted_count > 0) {
        *line = LL_SIM_LINE_ANSWERS;
        *bytes_count = make_packet(venue, venue->wanted++);
        venue->wanted_count--;
        return true;
    }
    if (venue->delivered >= venue->sequence * 2)
        return false;
    *line = (uint32_t)(venue->delivered % 2);
    *bytes_count = make_packet(venue, venue->delivered++ / 2 + 1);
    return true;
}

void ll_sim_venue_feed_drop(struct ll_sim_venue *venue, uint64_t now_ns)
{
    (void)now_ns;
    venue->delivered = venue->sequence * 2;
}

void ll_sim_venue_request(struct ll_sim_venue *venue, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES],
                          uint64_t now_ns)
{
    (void)now_ns;
    venue->wanted = ll_load_be64(request + 10);
    venue->wanted_count = ll_load_be16(request + 18);
    if (venue->wanted + venue->wanted_count > venue->sequence + 1)
        venue->wanted_count = 0;
}

/* --- a run ------------------------------------------------------------------------------------------------------ */

struct world {
    struct ll_sim_faults faults;
    struct ll_sim_venue venue;
    struct ll_sim_tcp tcp[LL_SIM_SESSIONS];
    struct ll_sim_node *node;
    struct ll_prng prng;
    uint64_t now_ns;
    uint64_t durable; /* the last event that was ever said to be */
    uint64_t boots;
    uint64_t refusals;
    uint64_t snapshots; /* starts that began with one */
    uint64_t snapshots_refused;
    uint64_t torn_slots;
    char dir[32];
    char door_path[64];
};

static void world_init(struct world *world, uint64_t seed, enum ll_sim_bug bug)
{
    memset(world, 0, sizeof *world);
    (void)snprintf(world->dir, sizeof world->dir, "/tmp/ll-sim-node-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(world->dir));
    (void)snprintf(world->door_path, sizeof world->door_path, "%s/door", world->dir);
    ll_prng_init(&world->prng, seed);
    ll_sim_faults_init(&world->faults, ll_prng_next(&world->prng));
    world->now_ns = START_NS;
    struct ll_sim_node_config config = {.seed = ll_prng_next(&world->prng),
                                        .faults = &world->faults,
                                        .venue = &world->venue,
                                        .door_path = world->door_path,
                                        .bug = bug,
                                        .trace = getenv("LL_SIM_TRACE") != NULL ? stderr : NULL};
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        world->tcp[i].door =
            (struct ll_byte_door){&world->tcp[i], never_connect, never_send, never_receive, never_close};
        config.tcp[i] = &world->tcp[i];
    }
    world->node = ll_sim_node_new(&config);
}

static void world_deinit(struct world *world)
{
    ll_sim_node_free(world->node);
    ll_test_remove_dir(world->dir);
}

/* Every start succeeds, or there was damage; and nothing that was durable is missing. */
static void world_boot(struct world *world)
{
    struct ll_why why = {0};
    int status = ll_sim_node_boot(world->node, world->now_ns, &why);
    world->boots++;
    if (ll_sim_node_is_damaged(world->node)) {
        ck_assert_msg(status == LL_ERR_CORRUPT, "damage was taken: %d %s", status, why.text);
        ll_sim_node_repair(world->node);
        world->refusals++;
        return;
    }
    ck_assert_msg(status == LL_OK, "boot %llu: %s", (unsigned long long)world->boots, why.text);
    ck_assert(!ll_sim_node_took_damage(world->node));
    ck_assert_uint_ge(ll_gateway_durable_event_id(ll_sim_node_gateway(world->node)), world->durable);
    const struct ll_gateway_counters *counters = ll_gateway_counters(ll_sim_node_gateway(world->node));
    world->snapshots += counters->snapshot_event_id != 0;
    world->snapshots_refused += counters->snapshots_refused;
    world->torn_slots += counters->torn_slots_cut;
}

static void world_step(struct world *world)
{
    struct ll_why why = {0};
    world->now_ns += 1 + ll_prng_next(&world->prng) % (2 * LL_NS_PER_MS);
    world->venue.sequence += ll_prng_below(&world->prng, 6);
    if (!ll_sim_node_is_up(world->node)) {
        ll_sim_venue_feed_drop(&world->venue, world->now_ns);
        world_boot(world);
        return;
    }
    if (ll_sim_node_turn(world->node, world->now_ns))
        world->durable = ll_gateway_durable_event_id(ll_sim_node_gateway(world->node));
    if (ll_sim_strikes(&world->faults, LL_SIM_CRASH) && ll_sim_node_is_up(world->node))
        ll_sim_node_crash(world->node);
    if (ll_sim_strikes(&world->faults, LL_SIM_POWER_CUT))
        ll_sim_node_power_cut(world->node);
    why = *ll_sim_node_snapshot_why(world->node);
    ck_assert_msg(why.code == LL_OK, "%s", why.text);
}

/* Of the disk's files and of the state. */
static uint64_t world_hash(struct world *world)
{
    struct ll_sim_disk *disk = ll_sim_node_disk(world->node);
    uint64_t hash = world->boots * 31 + world->refusals;
    for (uint32_t i = 0; i < ll_sim_disk_file_count(disk); i++) {
        const char *name = ll_sim_disk_file_name(disk, i);
        uint8_t *bytes;
        uint64_t bytes_count;
        ck_assert(ll_sim_disk_file(disk, name, &bytes, &bytes_count));
        hash = XXH3_64bits_withSeed(bytes, bytes_count, hash);
        hash = XXH3_64bits_withSeed(name, strlen(name), hash);
    }
    struct ll_gateway *gateway = ll_sim_node_gateway(world->node);
    if (gateway != NULL)
        hash ^= ll_trading_hash(ll_gateway_trading(gateway)) ^ ll_book_memory_hash(ll_gateway_book(gateway));
    return hash;
}

static uint64_t run(uint64_t seed, enum ll_sim_bug bug, uint64_t *boots)
{
    struct world world;
    world_init(&world, seed, bug);
    for (uint32_t i = 0; i < STEPS; i++)
        world_step(&world);
    uint64_t hash = world_hash(&world);
    *boots = world.boots;
    world_deinit(&world);
    return hash;
}

START_TEST(it_runs_and_every_start_finds_what_was_durable)
{
    uint64_t seed = ll_test_seed("sim_node");
    uint64_t boots = 0;
    for (uint64_t i = 0; i < 8; i++) {
        uint64_t of_run;
        (void)run(seed * 1000 + (uint64_t)_i * 8 + i, LL_SIM_BUG_NONE, &of_run);
        boots += of_run;
    }
    ck_assert_uint_gt(boots, 8);
}
END_TEST

START_TEST(the_same_seed_is_the_same_run)
{
    uint64_t seed = ll_test_seed("sim_node");
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t boots;
        uint64_t hash = run(seed + i, LL_SIM_BUG_NONE, &boots);
        ck_assert_uint_eq(run(seed + i, LL_SIM_BUG_NONE, &boots), hash);
        ck_assert_uint_ne(run(seed + i + 100, LL_SIM_BUG_NONE, &boots), hash);
    }
}
END_TEST

/* One kind of trouble alone, and often. */
static void run_with(struct world *world, const enum ll_sim_fault *kinds, uint32_t kind_count,
                     uint32_t per_million)
{
    world_init(world, ll_test_seed("sim_node"), LL_SIM_BUG_NONE);
    memset(world->faults.per_million, 0, sizeof world->faults.per_million);
    for (uint32_t i = 0; i < kind_count; i++)
        world->faults.per_million[kinds[i]] = per_million;
    for (uint32_t i = 0; i < STEPS; i++)
        world_step(world);
    for (uint32_t i = 0; i < kind_count; i++)
        ck_assert_msg(world->faults.struck[kinds[i]] != 0, "%s", ll_sim_fault_name(kinds[i]));
}

START_TEST(damage_is_refused_and_can_be_repaired)
{
    static const enum ll_sim_fault KINDS[] = {LL_SIM_CRASH, LL_SIM_DISK_BIT_FLIP};
    struct world world;
    run_with(&world, KINDS, 2, 50000);
    ck_assert_uint_gt(world.refusals, 0);
    ck_assert_uint_gt(world.boots, 2 * world.refusals); /* and each time the next start was good */
    world_deinit(&world);
}
END_TEST

START_TEST(a_damaged_snapshot_is_passed_over)
{
    static const enum ll_sim_fault KINDS[] = {LL_SIM_CRASH, LL_SIM_SNAPSHOT, LL_SIM_SNAPSHOT_DAMAGED};
    struct world world;
    run_with(&world, KINDS, 3, 100000);
    ck_assert_uint_gt(world.snapshots, 0);
    ck_assert_uint_gt(world.snapshots_refused, 0);
    world_deinit(&world);
}
END_TEST

START_TEST(a_kill_inside_the_disk_tears_writes)
{
    static const enum ll_sim_fault KINDS[] = {LL_SIM_CRASH_INSIDE, LL_SIM_DISK_SHORT_READ};
    struct world world;
    run_with(&world, KINDS, 2, 100000);
    ck_assert_uint_gt(world.torn_slots, 0);
    world_deinit(&world);
}
END_TEST

START_TEST(a_power_cut_is_survived)
{
    static const enum ll_sim_fault KINDS[] = {LL_SIM_POWER_CUT, LL_SIM_CRASH_INSIDE, LL_SIM_DISK_SLOW};
    struct world world;
    run_with(&world, KINDS, 3, 30000);
    ck_assert_uint_gt(world.torn_slots, 0);
    world_deinit(&world);
}
END_TEST

START_TEST(a_disk_that_fails_stops_it_until_the_next_start)
{
    static const enum ll_sim_fault KINDS[] = {LL_SIM_DISK_ERROR, LL_SIM_DISK_FULL};
    struct world world;
    run_with(&world, KINDS, 2, 30000);
    ck_assert_uint_gt(world.boots, 3);
    world_deinit(&world);
}
END_TEST

/* It may be wrong by minutes, but is never of another day. */
START_TEST(the_clock_stays_in_its_day)
{
    static const enum ll_sim_fault KINDS[] = {LL_SIM_CLOCK_FORWARD, LL_SIM_CLOCK_BACK};
    const uint64_t day_ns = START_NS - START_NS % LL_NS_PER_DAY;
    struct world world;
    run_with(&world, KINDS, 2, 50000);
    ck_assert_uint_ne(ll_sim_node_clock_ns(world.node, START_NS), START_NS);
    ck_assert_uint_ge(ll_sim_node_clock_ns(world.node, day_ns), day_ns);
    ck_assert_uint_lt(ll_sim_node_clock_ns(world.node, day_ns + LL_NS_PER_DAY - 1), day_ns + LL_NS_PER_DAY);
    world_deinit(&world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim_node");
    TCase *tests = tcase_create("node");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, it_runs_and_every_start_finds_what_was_durable, 0, 2);
    tcase_add_test(tests, the_same_seed_is_the_same_run);
    tcase_add_test(tests, damage_is_refused_and_can_be_repaired);
    tcase_add_test(tests, a_damaged_snapshot_is_passed_over);
    tcase_add_test(tests, a_kill_inside_the_disk_tears_writes);
    tcase_add_test(tests, a_power_cut_is_survived);
    tcase_add_test(tests, a_disk_that_fails_stops_it_until_the_next_start);
    tcase_add_test(tests, the_clock_stays_in_its_day);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
