/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: what is appended comes back, record by record, bit exact, over segments and days; what is damaged is
 * refused with its place; nobody else writes meanwhile.
 * Method: known edges on real files; a scripted journal on a simulated disk, then every kind of damage:
 * single bits anywhere, a missing segment, a foreign one; a reader that follows a live writer.
 */
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/journal/ll_journal_segment.h"
#include "tests/model/ll_journal_script.h"
#include "tests/model/ll_sim_disk.h"
#include "tests/unit/ll_test_dir.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_NS ((uint64_t)86400 * LL_NS_PER_S)

static uint64_t journal_seed(void)
{
    const char *text = getenv("LL_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 20261121u;
}

static void small_config(struct ll_journal_config *config, const char *dir,
                         const struct ll_journal_files *files)
{
    ll_journal_config_default(config);
    config->dir = dir;
    config->segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
    config->ring_slots = 1024;
    config->writer_spin_ns = 1000;
    config->files = files;
}

static struct ll_journal *open_ok(const struct ll_journal_config *config,
                                  struct ll_journal_recovery *recovery)
{
    struct ll_journal *journal;
    struct ll_why why = {0};
    int rc = ll_journal_open(&journal, config, recovery, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
    return journal;
}

static void close_ok(struct ll_journal *journal)
{
    struct ll_why why = {0};
    int rc = ll_journal_close(journal, &why);
    ck_assert_msg(rc == LL_OK, "%s", why.text);
}

/* Appends records first..last and closes. */
static void write_life(const struct ll_journal_config *config, const struct ll_journal_script *script,
                       uint64_t first, uint64_t last)
{
    struct ll_journal_recovery recovery;
    struct ll_journal *journal = open_ok(config, &recovery);
    ck_assert_uint_eq(recovery.last_event_id, first - 1);
    ck_assert_uint_eq(recovery.torn_slots_cut, 0);
    ck_assert_int_eq(ll_script_append(script, journal, first, last + 1 - first), LL_OK);
    close_ok(journal);
}

static void read_ok(const struct ll_journal_script *script, const char *dir,
                    const struct ll_journal_files *files, uint64_t last_expected)
{
    uint64_t last;
    struct ll_why why = {0};
    int rc = ll_script_read(script, dir, files, &last, &why);
    ck_assert_msg(rc == LL_ERR_SHORT, "rc %d %s", rc, why.text);
    ck_assert_uint_eq(last, last_expected);
}

static const struct ll_journal_script *mixed_script(void)
{
    static struct ll_journal_script script;
    script = (struct ll_journal_script){.seed = journal_seed(),
                                        .start_ns = 20000 * DAY_NS,
                                        .step_ns = DAY_NS / 500,
                                        .payload_bytes = UINT32_MAX};
    return &script;
}

START_TEST(segment_names_are_one_to_one)
{
    static const char *const bad[] = {
        "",
        "20250102-000001",
        "20250102-000001.lljournal.tmp",
        "20250102-00001.lljournal",
        "20250102-0000001.lljournal",
        "20250102-000000.lljournal",
        "20250230-000001.lljournal",
        "2025010a-000001.lljournal",
        "20250102_000001.lljournal",
        "20250102-00000a.lljournal",
        "next.tmp",
        "19690102-000001.lljournal",
        "20250102-99999999999999999999.lljournal",
    };
    uint64_t day;
    uint64_t number;
    char name[LL_SEGMENT_NAME_BYTES];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!ll_segment_name_parse(bad[i], &day, &number), "%s", bad[i]);
    ll_segment_name(name, 20090, 7);
    ck_assert_str_eq(name, "20250102-000007.lljournal");
    for (uint64_t d = 0; d < 200000; d += 997) {
        ll_segment_name(name, d, 999999 + d);
        ck_assert(ll_segment_name_parse(name, &day, &number));
        ck_assert_uint_eq(day, d);
        ck_assert_uint_eq(number, 999999 + d);
    }
}
END_TEST

START_TEST(slot_checksum_has_one_value)
{
    struct ll_prng prng;
    struct ll_slot slot;
    ll_prng_init(&prng, journal_seed());
    for (int i = 0; i < 1000; i++) {
        for (size_t at = 0; at < sizeof slot; at++)
            ((uint8_t *)&slot)[at] = (uint8_t)ll_prng_next(&prng);
        uint32_t seed = (uint32_t)ll_prng_next(&prng);
        ck_assert_uint_eq(ll_slot_crc32c(&slot, seed), ll_slot_crc32c_portable(&slot, seed));
    }
}
END_TEST

START_TEST(config_is_checked)
{
    struct ll_journal *journal;
    struct ll_journal_recovery recovery;
    for (int i = 0; i < 9; i++) {
        struct ll_journal_config config;
        struct ll_why why = {0};
        struct ll_sim_disk *disk = ll_sim_disk_new();
        small_config(&config, "sim", ll_sim_disk_files(disk));
        static char long_dir[LL_JOURNAL_DIR_BYTES_MAX + 2];
        memset(long_dir, 'x', sizeof long_dir - 1);
        switch (i) {
        case 0:
            config.dir = NULL;
            break;
        case 1:
            config.dir = "";
            break;
        case 2:
            config.dir = long_dir;
            break;
        case 3:
            config.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN - 4096;
            break;
        case 4:
            config.segment_bytes += 512;
            break;
        case 5:
            config.ring_slots = 1000;
            break;
        case 6:
            config.ring_slots = LL_JOURNAL_RING_SLOTS_MIN / 2;
            break;
        case 7:
            config.run_align_bytes = 1024;
            break;
        default:
            config.writer_cpu = 1 << 20;
            break;
        }
        ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_ERR_USAGE);
        ck_assert_ptr_null(journal);
        ck_assert_uint_gt(strlen(why.text), 10);
        ll_sim_disk_free(disk);
    }
    ck_assert_int_eq(ll_journal_close(NULL, NULL), LL_OK);
}
END_TEST

START_TEST(empty_journal_opens_again)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    small_config(&config, "sim", ll_sim_disk_files(disk));
    for (int i = 0; i < 3; i++) {
        struct ll_journal *journal = open_ok(&config, &recovery);
        ck_assert_uint_eq(recovery.last_event_id, 0);
        ck_assert_uint_eq(ll_journal_durable_event_id(journal), 0);
        ck_assert_int_eq(ll_journal_status(journal, NULL), LL_OK);
        close_ok(journal);
        read_ok(mixed_script(), "sim", config.files, 0);
    }
    write_life(&config, mixed_script(), 1, 1);
    read_ok(mixed_script(), "sim", config.files, 1);
    ll_sim_disk_free(disk);
}
END_TEST

START_TEST(records_come_back_over_lives)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config;
    struct ll_prng prng;
    ll_prng_init(&prng, journal_seed() + (uint64_t)_i);
    printf("LL_SEED=%llu\n", (unsigned long long)journal_seed());
    uint64_t last = 0;
    for (int life = 0; life < 12; life++) {
        small_config(&config, "sim", ll_sim_disk_files(disk));
        config.write_slots_max = 1u << ll_prng_below(&prng, 10);
        config.ring_slots = 64u << ll_prng_below(&prng, 5);
        config.run_align_bytes = ll_prng_chance(&prng, 300) ? 4096 : 512;
        config.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN + 4096u * ll_prng_below(&prng, 20);
        uint64_t next = last + ll_prng_below(&prng, 300);
        write_life(&config, mixed_script(), last + 1, next);
        last = next;
        read_ok(mixed_script(), "sim", config.files, last);
    }
    ll_sim_disk_free(disk);
}
END_TEST

START_TEST(stats_add_up)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal_stats stats;
    small_config(&config, "sim", ll_sim_disk_files(disk));
    struct ll_journal_script script = *mixed_script();
    script.payload_bytes = 36;
    for (uint64_t life = 0; life < 2; life++) {
        struct ll_journal *journal = open_ok(&config, &recovery);
        ck_assert_uint_eq(recovery.bytes, life * 2000 * LL_SLOT_BYTES);
        ck_assert_int_eq(ll_script_append(&script, journal, 1 + life * 2000, 2000), LL_OK);
        ck_assert_int_eq(ll_script_wait_durable(journal, 2000 + life * 2000), LL_OK);
        /* The watermark moves after the counters: they are complete here. */
        ll_journal_stats(journal, &stats);
        ck_assert_uint_eq(stats.records_appended, 2000);
        ck_assert_uint_eq(stats.slots_appended, 2000);
        ck_assert_uint_eq(stats.slots_written, 2000);
        ck_assert_uint_eq(stats.slots_durable, 2000);
        ck_assert_uint_eq(stats.bytes_written, 2000 * LL_SLOT_BYTES);
        ck_assert_uint_eq(stats.writes, stats.syncs);
        ck_assert_uint_ge(stats.segments_created, 2);
        ck_assert_uint_ge(stats.sync_ns_total, stats.sync_ns_max);
        close_ok(journal);
    }
    ll_sim_disk_free(disk);
}
END_TEST

/* Two slots are left in the segment; a record of 1, 2, 3 slots follows. */
START_TEST(record_never_straddles_segments)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_slot slots[LL_RECORD_SLOTS_MAX];
    static const uint32_t payload_bytes[] = {40, 41, 89, LL_RECORD_PAYLOAD_BYTES_MAX};
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX];
    uint8_t *bytes;
    uint64_t bytes_count;
    memset(payload, 0x5a, sizeof payload);
    small_config(&config, "sim", ll_sim_disk_files(disk));
    struct ll_journal *journal = open_ok(&config, &recovery);
    uint64_t segment_slots = (config.segment_bytes - LL_SEGMENT_HEADER_BYTES) / LL_SLOT_BYTES;
    uint64_t id = 0;
    for (; id < segment_slots - 2; id++) {
        (void)ll_record_write(slots, 1, 0, id + 1, 5, payload, 8);
        ck_assert_int_eq(ll_journal_append(journal, slots, 1), LL_OK);
        ck_assert_int_eq(ll_script_wait_durable(journal, id % 100 == 99 ? id + 1 : 0), LL_OK);
    }
    close_ok(journal); /* writes the seal: one slot is left or none, runs start at sectors */
    journal = open_ok(&config, &recovery);
    ck_assert_uint_eq(recovery.last_event_id, id);
    uint32_t count = ll_record_write(slots, 1, 0, id + 1, 5, payload, payload_bytes[_i]);
    ck_assert_int_eq(ll_journal_append(journal, slots, count), LL_OK);
    close_ok(journal);
    ck_assert(ll_sim_disk_file(disk, "19700101-000002.lljournal", &bytes, &bytes_count));
    struct ll_journal_reader *reader;
    struct ll_journal_record record = {0};
    struct ll_why why = {0};
    ck_assert_int_eq(ll_journal_reader_open_files(&reader, "sim", config.files, &why), LL_OK);
    uint64_t read = 0;
    while (ll_journal_reader_next(reader, &record, &why) == LL_OK)
        read++;
    ck_assert_msg(why.code == LL_OK, "%s", why.text);
    ck_assert_uint_eq(read, id + 1);
    ck_assert_uint_eq(record.payload_bytes, payload_bytes[_i]);
    ck_assert_mem_eq(record.payload, payload, payload_bytes[_i]);
    ll_journal_reader_close(reader);
    ll_sim_disk_free(disk);
}
END_TEST

START_TEST(days_have_their_segments)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_slot slot;
    uint8_t *bytes;
    uint64_t bytes_count;
    /* A day begins, one ns before the next, the next, back by a day, on, two days later. */
    static const uint64_t time_ns[] = {20090 * DAY_NS,     20091 * DAY_NS - 1, 20091 * DAY_NS,
                                       20090 * DAY_NS + 7, 20091 * DAY_NS + 5, 20093 * DAY_NS};
    small_config(&config, "sim", ll_sim_disk_files(disk));
    struct ll_journal *journal = open_ok(&config, &recovery);
    for (uint64_t i = 0; i < 6; i++) {
        (void)ll_record_write(&slot, 2, 0, i + 1, time_ns[i], (const uint8_t *)"day", 3);
        ck_assert_int_eq(ll_journal_append(journal, &slot, 1), LL_OK);
        if (i % 2 == 0)
            ck_assert_int_eq(ll_script_wait_durable(journal, i + 1), LL_OK);
    }
    close_ok(journal);
    static const char *const names[] = {"20250102-000001.lljournal", "20250103-000002.lljournal",
                                        "20250105-000003.lljournal"};
    static const uint64_t first_id[] = {1, 3, 6};
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(ll_sim_disk_file(disk, names[i], &bytes, &bytes_count), "%s", names[i]);
        const struct ll_slot *first = (const struct ll_slot *)(const void *)(bytes + LL_SEGMENT_HEADER_BYTES);
        ck_assert_uint_eq(first->event_id, first_id[i]);
    }
    ck_assert(!ll_sim_disk_file(disk, "19700101-000001.lljournal", &bytes, &bytes_count));
    journal = open_ok(&config, &recovery);
    ck_assert_uint_eq(recovery.last_event_id, 6);
    ck_assert_uint_eq(recovery.segments, 3);
    close_ok(journal);
    ll_sim_disk_free(disk);
}
END_TEST

START_TEST(second_writer_is_refused)
{
    char dir[] = "/tmp/ll-journal-busy-XXXXXX";
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal *other;
    struct ll_why why = {0};
    ck_assert_ptr_nonnull(mkdtemp(dir));
    small_config(&config, dir, NULL);
    struct ll_journal *journal = open_ok(&config, &recovery);
    ck_assert_int_eq(ll_journal_open(&other, &config, &recovery, &why), LL_ERR_BUSY);
    ck_assert_ptr_null(other);
    ck_assert_ptr_nonnull(strstr(why.text, "another process"));
    close_ok(journal);
    journal = open_ok(&config, &recovery);
    close_ok(journal);
    ll_test_remove_dir(dir);
}
END_TEST

START_TEST(bad_directories_are_refused)
{
    char dir[] = "/tmp/ll-journal-bad-XXXXXX";
    char path[64];
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal *journal;
    struct ll_journal_reader *reader;
    struct ll_why why = {0};
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(ll_journal_reader_open(&reader, dir, &why), LL_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(why.text, "no journal"));
    (void)snprintf(path, sizeof path, "%s/file", dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    static const char *const bad[] = {"/file", "/file/below", "/absent/below"};
    for (int i = 0; i < 3; i++) {
        memset(&why, 0, sizeof why);
        (void)snprintf(path, sizeof path, "%s%s", dir, bad[i]);
        small_config(&config, path, NULL);
        ck_assert_msg(ll_journal_open(&journal, &config, &recovery, &why) == LL_ERR_IO, "%s", path);
        ck_assert_uint_gt(strlen(why.text), 10);
    }
    memset(&why, 0, sizeof why);
    (void)snprintf(path, sizeof path, "%s/absent", dir);
    ck_assert_int_eq(ll_journal_reader_open(&reader, path, &why), LL_ERR_INPUT);
    if (geteuid() != 0) { /* root may write anywhere */
        ck_assert_int_eq(chmod(dir, 0500), 0);
        memset(&why, 0, sizeof why);
        small_config(&config, path, NULL);
        ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_ERR_IO);
        small_config(&config, dir, NULL);
        memset(&why, 0, sizeof why);
        ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_ERR_IO);
        ck_assert_int_eq(chmod(dir, 0700), 0);
    }
    /* A file system that nobody can make files in, not even root. */
    memset(&why, 0, sizeof why);
    small_config(&config, "/proc/self", NULL);
    ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_ERR_IO);
    ck_assert_ptr_null(journal);
    ll_test_remove_dir(dir);
}
END_TEST

/* A journal of three used segments and a prepared one on a simulated disk. */
#define DAMAGE_RECORDS 700u
static struct ll_sim_disk *damage_make(struct ll_journal_config *config)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    small_config(config, "sim", ll_sim_disk_files(disk));
    config->write_slots_max = 40;
    write_life(config, mixed_script(), 1, 300);
    write_life(config, mixed_script(), 301, DAMAGE_RECORDS);
    read_ok(mixed_script(), "sim", config->files, DAMAGE_RECORDS);
    return disk;
}

/* The used segments in order: names, and where the last byte lies that a record or the seal occupies. */
struct damage_map {
    char name[16][LL_SEGMENT_NAME_BYTES];
    uint64_t used_bytes[16];
    uint32_t count; /* of used ones */
};

static void damage_look(struct ll_sim_disk *disk, struct damage_map *map)
{
    map->count = 0;
    for (uint64_t number = 1; number < 16; number++) {
        for (uint32_t i = 0; i < ll_sim_disk_file_count(disk); i++) {
            const char *name = ll_sim_disk_file_name(disk, i);
            uint64_t day;
            uint64_t found;
            uint8_t *bytes;
            uint64_t used_bytes;
            if (!ll_segment_name_parse(name, &day, &found) || found != number)
                continue;
            ck_assert(ll_sim_disk_file(disk, name, &bytes, &used_bytes));
            while (bytes[used_bytes - 1] == 0)
                used_bytes--;
            if (used_bytes <= LL_SEGMENT_HEADER_BYTES)
                continue;
            (void)snprintf(map->name[map->count], LL_SEGMENT_NAME_BYTES, "%s", name);
            map->used_bytes[map->count++] = (used_bytes + LL_SLOT_BYTES - 1) & ~(uint64_t)(LL_SLOT_BYTES - 1);
        }
    }
    ck_assert_uint_ge(map->count, 3);
}

START_TEST(any_flipped_bit_is_found)
{
    struct ll_journal_config config;
    struct ll_sim_disk *disk = damage_make(&config);
    struct damage_map map;
    struct ll_prng prng;
    printf("LL_SEED=%llu\n", (unsigned long long)journal_seed());
    ll_prng_init(&prng, journal_seed() + (uint64_t)_i);
    damage_look(disk, &map);
    for (int i = 0; i < 1500; i++) {
        uint8_t *bytes;
        uint64_t bytes_count;
        uint64_t last;
        struct ll_why why = {0};
        uint32_t segment = ll_prng_below(&prng, map.count);
        ck_assert(ll_sim_disk_file(disk, map.name[segment], &bytes, &bytes_count));
        /* Of the last segment all before the seal; of the others everything, unused slots too. */
        uint64_t part_bytes =
            segment + 1 == map.count ? map.used_bytes[segment] - LL_SLOT_BYTES : bytes_count;
        uint64_t at = ll_prng_below(&prng, i % 4 == 0 ? LL_SEGMENT_HEADER_BYTES : (uint32_t)part_bytes);
        uint8_t bit = (uint8_t)(1u << ll_prng_below(&prng, 8));
        bytes[at] ^= bit;
        int rc = ll_script_read(mixed_script(), "sim", config.files, &last, &why);
        ck_assert_msg(rc == LL_ERR_CORRUPT, "%s byte %llu bit %u: rc %d, last %llu", map.name[segment],
                      (unsigned long long)at, bit, rc, (unsigned long long)last);
        ck_assert_msg(strstr(why.text, map.name[segment]) != NULL, "%s byte %llu: %s", map.name[segment],
                      (unsigned long long)at, why.text);
        ck_assert_ptr_nonnull(strstr(why.text, "offset"));
        ck_assert_ptr_nonnull(strstr(why.text, "restore"));
        struct ll_journal *journal;
        struct ll_journal_recovery recovery;
        if (i % 100 == 0)
            ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_ERR_CORRUPT);
        bytes[at] ^= bit;
    }
    read_ok(mixed_script(), "sim", config.files, DAMAGE_RECORDS);
    ll_sim_disk_free(disk);
}
END_TEST

START_TEST(garbage_behind_the_end_is_cut)
{
    struct ll_journal_config config;
    struct ll_sim_disk *disk = damage_make(&config);
    struct ll_journal_recovery recovery;
    struct damage_map map;
    uint8_t *bytes;
    uint64_t bytes_count;
    damage_look(disk, &map);
    uint32_t last = map.count - 1;
    ck_assert(ll_sim_disk_file(disk, map.name[last], &bytes, &bytes_count));
    memset(bytes + map.used_bytes[last] + 1000, 0xA5, 5000);
    read_ok(mixed_script(), "sim", config.files, DAMAGE_RECORDS);
    struct ll_journal *journal = open_ok(&config, &recovery);
    ck_assert_uint_ge(recovery.torn_slots_cut, 5000 / LL_SLOT_BYTES);
    close_ok(journal);
    write_life(&config, mixed_script(), DAMAGE_RECORDS + 1, DAMAGE_RECORDS + 100);
    read_ok(mixed_script(), "sim", config.files, DAMAGE_RECORDS + 100);
    ll_sim_disk_free(disk);
}
END_TEST

/* The start of a run says that all before it is durable, and the seal says so of the last run. */
START_TEST(a_reader_knows_what_was_durable)
{
    struct ll_sim_disk *disk = ll_sim_disk_new();
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal_position position;
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    small_config(&config, "sim", ll_sim_disk_files(disk));
    config.is_stepped = true;
    struct ll_journal *journal = open_ok(&config, &recovery);
    for (uint64_t event_id = 1; event_id <= 5; event_id += 2) { /* runs of two records */
        ck_assert_int_eq(ll_script_append(mixed_script(), journal, event_id, 2), LL_OK);
        while (ll_journal_work(journal))
            ;
        ck_assert_uint_eq(ll_journal_durable_event_id(journal), event_id + 1);
    }
    close_ok(journal);
    ck_assert_int_eq(ll_journal_reader_open_files(&reader, "sim", config.files, NULL), LL_OK);
    for (uint64_t event_id = 1; event_id <= 6; event_id++) {
        ck_assert_int_eq(ll_journal_reader_next(reader, &record, NULL), LL_OK);
        ll_journal_reader_position(reader, &position);
        ck_assert_uint_eq(position.durable_event_id, (event_id - 1) / 2 * 2);
    }
    ck_assert_int_eq(ll_journal_reader_next(reader, &record, NULL), LL_ERR_SHORT);
    ll_journal_reader_position(reader, &position);
    ck_assert_uint_eq(position.durable_event_id, 6);
    ll_journal_reader_close(reader);
    ll_sim_disk_free(disk);
}
END_TEST

START_TEST(missing_and_foreign_segments_are_refused)
{
    struct ll_journal_config config;
    struct ll_sim_disk *disk = damage_make(&config);
    struct ll_sim_disk *foreign = damage_make(&config);
    struct damage_map map;
    struct ll_why why = {0};
    uint64_t last;
    uint8_t *bytes;
    uint64_t bytes_count;
    damage_look(disk, &map);
    config.files = ll_sim_disk_files(disk);
    uint8_t *copy = malloc(config.segment_bytes);
    ck_assert_ptr_nonnull(copy);
    ck_assert(ll_sim_disk_file(disk, map.name[1], &bytes, &bytes_count));
    memcpy(copy, bytes, config.segment_bytes);
    /* A middle one gone. */
    ck_assert(ll_sim_disk_remove(disk, map.name[1]));
    ck_assert_int_eq(ll_script_read(mixed_script(), "sim", config.files, &last, &why), LL_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(why.text, "000002 is missing"));
    /* Shortened. */
    memset(&why, 0, sizeof why);
    ll_sim_disk_put(disk, map.name[1], copy, config.segment_bytes - 4096);
    ck_assert_int_eq(ll_script_read(mixed_script(), "sim", config.files, &last, &why), LL_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(why.text, map.name[1]));
    /* Another one under its name. */
    memset(&why, 0, sizeof why);
    ck_assert(ll_sim_disk_file(disk, map.name[0], &bytes, &bytes_count));
    ll_sim_disk_put(disk, map.name[1], bytes, config.segment_bytes);
    ck_assert_int_eq(ll_script_read(mixed_script(), "sim", config.files, &last, &why), LL_ERR_CORRUPT);
    /* That of another journal, written with the same records. */
    memset(&why, 0, sizeof why);
    ck_assert(ll_sim_disk_file(foreign, map.name[1], &bytes, &bytes_count));
    bytes[16] ^= 1; /* the simulated disks draw the same salt: change it, and the header's checksum with it */
    struct ll_segment segment = {.salt = 99,
                                 .number = 2,
                                 .segment_bytes = config.segment_bytes,
                                 .run_align_bytes = config.run_align_bytes};
    ll_segment_header_encode(&segment, bytes);
    ll_sim_disk_put(disk, map.name[1], bytes, config.segment_bytes);
    ck_assert_int_eq(ll_script_read(mixed_script(), "sim", config.files, &last, &why), LL_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(why.text, "another journal"));
    /* Twice, under two days. */
    memset(&why, 0, sizeof why);
    ll_sim_disk_put(disk, map.name[1], copy, config.segment_bytes);
    ll_sim_disk_put(disk, "20300101-000002.lljournal", copy, config.segment_bytes);
    ck_assert_int_eq(ll_script_read(mixed_script(), "sim", config.files, &last, &why), LL_ERR_CORRUPT);
    ck_assert(ll_sim_disk_remove(disk, "20300101-000002.lljournal"));
    read_ok(mixed_script(), "sim", config.files, DAMAGE_RECORDS);
    /* The oldest may have been archived. */
    ck_assert(ll_sim_disk_remove(disk, map.name[0]));
    read_ok(mixed_script(), "sim", config.files, DAMAGE_RECORDS);
    struct ll_journal_recovery recovery;
    struct ll_journal *journal = open_ok(&config, &recovery);
    ck_assert_uint_eq(recovery.last_event_id, DAMAGE_RECORDS);
    close_ok(journal);
    /* All of them but a prepared one: then the next event id is not known. */
    while (ll_sim_disk_file_count(disk) > 0)
        ck_assert(ll_sim_disk_remove(disk, ll_sim_disk_file_name(disk, 0)));
    memset(copy, 0, config.segment_bytes);
    segment.number = 7;
    ll_segment_header_encode(&segment, copy);
    ll_sim_disk_put(disk, "20250102-000007.lljournal", copy, config.segment_bytes);
    memset(&why, 0, sizeof why);
    ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_ERR_CORRUPT);
    free(copy);
    ll_sim_disk_free(disk);
    ll_sim_disk_free(foreign);
}
END_TEST

#define FOLLOW_RECORDS 30000u

struct follower {
    const struct ll_journal_script *script;
    const char *dir;
    uint64_t read;
    int rc;
    struct ll_why why;
};

static void *follow(void *argument)
{
    struct follower *follower = argument;
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    follower->rc = ll_journal_reader_open(&reader, follower->dir, &follower->why);
    if (follower->rc != LL_OK)
        return NULL;
    while (follower->read < FOLLOW_RECORDS) {
        int rc = ll_journal_reader_next(reader, &record, &follower->why);
        if (rc == LL_ERR_SHORT) {
            (void)usleep(50);
            continue;
        }
        if (rc == LL_OK &&
            (record.event_id != follower->read + 1 || !ll_script_equals(follower->script, &record)))
            rc = LL_ERR_MALFORMED;
        if (rc != LL_OK) {
            follower->rc = rc;
            break;
        }
        follower->read++;
    }
    ll_journal_reader_close(reader);
    return NULL;
}

START_TEST(reader_follows_a_live_writer)
{
    char dir[] = "/tmp/ll-journal-follow-XXXXXX";
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal_report report;
    struct ll_why why = {0};
    pthread_t thread;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    struct ll_journal_script script = *mixed_script();
    script.step_ns = DAY_NS / 4000;
    small_config(&config, dir, NULL);
    struct ll_journal *journal = open_ok(&config, &recovery);
    struct follower follower = {.script = &script, .dir = dir};
    ck_assert_int_eq(pthread_create(&thread, NULL, follow, &follower), 0);
    ck_assert_int_eq(ll_script_append(&script, journal, 1, FOLLOW_RECORDS), LL_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_msg(follower.rc == LL_OK, "at %llu: rc %d %s", (unsigned long long)follower.read, follower.rc,
                  follower.why.text);
    ck_assert_uint_eq(follower.read, FOLLOW_RECORDS);
    close_ok(journal);
    ck_assert_int_eq(ll_journal_verify(dir, &report, NULL, NULL, &why), LL_OK);
    ck_assert_uint_eq(report.records, FOLLOW_RECORDS);
    ck_assert_uint_eq(report.first_event_id, 1);
    ck_assert_uint_eq(report.last_event_id, FOLLOW_RECORDS);
    ck_assert_uint_eq(report.torn_slots, 0);
    ck_assert_uint_gt(report.segments, 7);
    ll_test_remove_dir(dir);
}
END_TEST

START_TEST(name_that_leads_nowhere_is_an_error)
{
    char dir[] = "/tmp/ll-journal-link-XXXXXX";
    char path[64];
    struct ll_journal_config config;
    struct ll_why why = {0};
    uint64_t last;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    small_config(&config, dir, NULL);
    write_life(&config, mixed_script(), 1, 3);
    (void)snprintf(path, sizeof path, "%s/19700101-000002.lljournal", dir);
    (void)unlink(path); /* the prepared one, which may be there or not */
    (void)snprintf(path, sizeof path, "%s/20241004-000002.lljournal", dir);
    ck_assert_int_eq(symlink("/nowhere/at/all", path), 0);
    ck_assert_int_eq(ll_script_read(mixed_script(), dir, NULL, &last, &why), LL_ERR_IO);
    ck_assert_ptr_nonnull(strstr(why.text, "20241004-000002.lljournal"));
    ll_test_remove_dir(dir);
}
END_TEST

START_TEST(idle_writer_wakes_up)
{
    char dir[] = "/tmp/ll-journal-idle-XXXXXX";
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    small_config(&config, dir, NULL);
    config.writer_spin_ns = 0;
    struct ll_journal *journal = open_ok(&config, &recovery);
    for (uint64_t id = 1; id <= 300; id++) {
        ck_assert_int_eq(ll_script_append(mixed_script(), journal, id, 1), LL_OK);
        ck_assert_int_eq(ll_script_wait_durable(journal, id), LL_OK);
        if (id % 10 == 0)
            (void)usleep(300);
    }
    close_ok(journal);
    read_ok(mixed_script(), dir, NULL, 300);
    ll_test_remove_dir(dir);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *edges = tcase_create("edges");
    tcase_set_timeout(edges, 60);
    tcase_add_test(edges, segment_names_are_one_to_one);
    tcase_add_test(edges, slot_checksum_has_one_value);
    tcase_add_test(edges, config_is_checked);
    tcase_add_test(edges, empty_journal_opens_again);
    tcase_add_loop_test(edges, records_come_back_over_lives, 0, 8);
    tcase_add_test(edges, stats_add_up);
    tcase_add_loop_test(edges, record_never_straddles_segments, 0, 4);
    tcase_add_test(edges, days_have_their_segments);
    tcase_add_test(edges, second_writer_is_refused);
    tcase_add_test(edges, bad_directories_are_refused);
    tcase_add_test(edges, idle_writer_wakes_up);
    tcase_add_test(edges, name_that_leads_nowhere_is_an_error);
    suite_add_tcase(suite, edges);
    TCase *damage = tcase_create("damage");
    tcase_set_timeout(damage, 120);
    tcase_add_loop_test(damage, any_flipped_bit_is_found, 0, 3);
    tcase_add_test(damage, garbage_behind_the_end_is_cut);
    tcase_add_test(damage, a_reader_knows_what_was_durable);
    tcase_add_test(damage, missing_and_foreign_segments_are_refused);
    suite_add_tcase(suite, damage);
    TCase *live = tcase_create("live");
    tcase_set_timeout(live, 120);
    tcase_add_test(live, reader_follows_a_live_writer);
    suite_add_tcase(suite, live);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
