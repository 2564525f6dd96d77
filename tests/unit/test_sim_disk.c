/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the simulated disk keeps what it promises, and breaks it only in the ways it was told to: a killed process
 * leaves what it wrote, a power cut may take what was not synced and never what was, a full disk has no room, a lying
 * one forgets. Method: one file, a few writes and syncs through the door, and a look at what is left.
 */
#include "tests/model/ll_sim_disk.h"

#include <check.h>
#include <string.h>

#define BYTES 4096u

struct rig {
    struct ll_sim_disk *disk;
    const struct ll_journal_files *files;
    int dir;
    int file;
};

static struct rig rig_new(void)
{
    struct rig rig = {.disk = ll_sim_disk_new()};
    rig.files = ll_sim_disk_files(rig.disk);
    ck_assert_int_eq(rig.files->dir_open(rig.files->context, "/", true, &rig.dir, NULL), LL_OK);
    ck_assert_int_eq(
        rig.files->open(rig.files->context, rig.dir, "file", LL_JOURNAL_FILE_CREATE, &rig.file, NULL), LL_OK);
    ck_assert_int_eq(rig.files->dir_sync(rig.files->context, rig.dir, NULL), LL_OK);
    return rig;
}

static int rig_write(const struct rig *rig, uint8_t value, uint64_t offset, size_t bytes_count)
{
    uint8_t bytes[BYTES];
    memset(bytes, value, sizeof bytes);
    return rig->files->write(rig->files->context, rig->file, bytes, bytes_count, offset, NULL);
}

static int rig_sync(const struct rig *rig)
{
    return rig->files->sync(rig->files->context, rig->file, NULL);
}

/* How many bytes of the file have this value. */
static uint64_t rig_count(const struct rig *rig, uint8_t value)
{
    uint8_t *bytes;
    uint64_t bytes_count;
    uint64_t count = 0;
    ck_assert(ll_sim_disk_file(rig->disk, "file", &bytes, &bytes_count));
    for (uint64_t i = 0; i < bytes_count; i++)
        count += bytes[i] == value;
    return count;
}

START_TEST(a_killed_process_leaves_what_it_wrote)
{
    struct rig rig = rig_new();
    ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
    ll_sim_disk_halt(rig.disk);
    ck_assert(ll_sim_disk_is_halted(rig.disk));
    ck_assert_int_eq(rig_write(&rig, 2, 0, BYTES), LL_ERR_IO);
    ck_assert_int_eq(rig_sync(&rig), LL_ERR_IO);
    ck_assert_uint_eq(ll_sim_disk_open_count(rig.disk), 2);
    ll_sim_disk_restart(rig.disk);
    ck_assert_uint_eq(ll_sim_disk_open_count(rig.disk), 0);
    ck_assert(!ll_sim_disk_is_halted(rig.disk));
    ck_assert_uint_eq(rig_count(&rig, 1), BYTES);
    ll_sim_disk_free(rig.disk);
}
END_TEST

/* The kill is in the midst of a write: all of it, none, or up to any byte. */
START_TEST(a_write_that_is_cut_by_a_kill_is_done_in_part)
{
    bool was_partial = false;
    for (uint64_t seed = 0; seed < 32; seed++) {
        struct rig rig = rig_new();
        ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
        ll_sim_disk_plan_kill(rig.disk, 2, seed);
        ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
        ck_assert(!ll_sim_disk_struck(rig.disk));
        ck_assert_int_eq(rig_write(&rig, 2, 0, BYTES), LL_ERR_IO);
        ck_assert(ll_sim_disk_struck(rig.disk));
        ll_sim_disk_restart(rig.disk);
        uint64_t done = rig_count(&rig, 2);
        ck_assert_uint_eq(rig_count(&rig, 1), BYTES - done);
        was_partial = was_partial || (done != 0 && done != BYTES);
        ll_sim_disk_free(rig.disk);
    }
    ck_assert(was_partial);
}
END_TEST

/* What a killed process had not synced is lost by a later power cut, or is not; what it had synced stays. */
START_TEST(a_power_cut_after_a_kill_takes_what_was_not_synced)
{
    bool was_lost = false;
    bool was_kept = false;
    for (uint64_t seed = 0; seed < 64; seed++) {
        struct rig rig = rig_new();
        ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
        ck_assert_int_eq(rig_sync(&rig), LL_OK);
        ck_assert_int_eq(rig_write(&rig, 2, 0, LL_SIM_SECTOR_BYTES), LL_OK);
        ll_sim_disk_halt(rig.disk);
        ll_sim_disk_restart(rig.disk);
        ll_sim_disk_power_cut(rig.disk, seed);
        uint64_t left = rig_count(&rig, 1);
        ck_assert_uint_ge(left, BYTES - LL_SIM_SECTOR_BYTES);
        was_lost = was_lost || left == BYTES;
        was_kept = was_kept || rig_count(&rig, 2) == LL_SIM_SECTOR_BYTES;
        ll_sim_disk_free(rig.disk);
    }
    ck_assert(was_lost);
    ck_assert(was_kept);
}
END_TEST

START_TEST(a_full_disk_has_room_for_what_is_there)
{
    struct rig rig = rig_new();
    ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
    ll_sim_disk_set_full(rig.disk, true);
    ck_assert_int_eq(rig_write(&rig, 2, 0, BYTES), LL_OK);
    ck_assert_int_eq(rig_write(&rig, 3, 1, BYTES), LL_ERR_NO_SPACE);
    ck_assert_uint_eq(rig_count(&rig, 2), BYTES);
    ll_sim_disk_set_full(rig.disk, false);
    ck_assert_int_eq(rig_write(&rig, 3, 1, BYTES), LL_OK);
    ll_sim_disk_free(rig.disk);
}
END_TEST

/* The first sync of a file is true, so that what is left is a state that once was. */
START_TEST(a_lying_disk_falls_back_whole)
{
    struct rig rig = rig_new();
    ll_sim_disk_set_lying(rig.disk, true);
    ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
    ck_assert_int_eq(rig_sync(&rig), LL_OK);
    for (uint8_t value = 2; value < 5; value++) {
        ck_assert_int_eq(rig_write(&rig, value, 0, BYTES), LL_OK);
        ck_assert_int_eq(rig_sync(&rig), LL_OK);
    }
    ck_assert_uint_eq(rig_count(&rig, 4), BYTES);
    ll_sim_disk_power_cut(rig.disk, 7);
    ck_assert_uint_eq(rig_count(&rig, 1), BYTES);
    ll_sim_disk_free(rig.disk);
}
END_TEST

START_TEST(a_short_read_gives_half_once)
{
    struct rig rig = rig_new();
    uint8_t bytes[BYTES];
    size_t got_bytes = 0;
    ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
    ll_sim_disk_plan_short_read(rig.disk, 2);
    for (uint32_t nth = 1; nth <= 3; nth++) {
        ck_assert_int_eq(
            rig.files->read(rig.files->context, rig.file, bytes, sizeof bytes, 0, &got_bytes, NULL), LL_OK);
        ck_assert_uint_eq(got_bytes, nth == 2 ? BYTES / 2 : BYTES);
        ck_assert(ll_sim_disk_struck(rig.disk) == (nth >= 2));
    }
    ll_sim_disk_free(rig.disk);
}
END_TEST

START_TEST(what_was_planned_can_be_called_off)
{
    struct rig rig = rig_new();
    ll_sim_disk_plan_fault(rig.disk, LL_SIM_WRITE, 1, LL_ERR_IO);
    ll_sim_disk_plan_kill(rig.disk, 1, 0);
    ll_sim_disk_plan_nothing(rig.disk);
    ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
    ck_assert_int_eq(rig_sync(&rig), LL_OK);
    ll_sim_disk_free(rig.disk);
}
END_TEST

/* More files than the disk can hold at once, one after the other; a handle keeps its file. */
START_TEST(places_of_files_are_used_again)
{
    struct rig rig = rig_new();
    ck_assert_int_eq(rig_write(&rig, 1, 0, BYTES), LL_OK);
    for (uint32_t i = 0; i < 2000; i++) {
        int other = -1;
        ck_assert_int_eq(
            rig.files->open(rig.files->context, rig.dir, "other", LL_JOURNAL_FILE_CREATE, &other, NULL),
            LL_OK);
        ck_assert_int_eq(rig.files->write(rig.files->context, other, &i, sizeof i, 0, NULL), LL_OK);
        rig.files->close(rig.files->context, other);
        ck_assert_int_eq(rig.files->unlink(rig.files->context, rig.dir, "other", NULL), LL_OK);
        ck_assert_int_eq(rig.files->dir_sync(rig.files->context, rig.dir, NULL), LL_OK);
    }
    ck_assert_uint_eq(rig_count(&rig, 1), BYTES);
    ll_sim_disk_free(rig.disk);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim_disk");
    TCase *tests = tcase_create("disk");
    tcase_add_test(tests, a_killed_process_leaves_what_it_wrote);
    tcase_add_test(tests, a_write_that_is_cut_by_a_kill_is_done_in_part);
    tcase_add_test(tests, a_power_cut_after_a_kill_takes_what_was_not_synced);
    tcase_add_test(tests, a_full_disk_has_room_for_what_is_there);
    tcase_add_test(tests, a_lying_disk_falls_back_whole);
    tcase_add_test(tests, a_short_read_gives_half_once);
    tcase_add_test(tests, what_was_planned_can_be_called_off);
    tcase_add_test(tests, places_of_files_are_used_again);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
