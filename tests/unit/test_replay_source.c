/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: files come out as the datagrams they hold, all of them, in order, whatever a file is and wherever it breaks.
 * Method: the day in a name by a table and against a calendar counted here; then small BinaryFILEs and captures written
 * here, read through real ports (EAL is started once, so the cases run in one process): whole, cut, piped, several in a
 * row, mixed, and resumed with the right and the wrong message.
 */
#include "host/app/ll_replay_source.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_clock.h"
#include "host/wire/ll_moldudp64.h"
#include "tests/unit/ll_test_eal.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY_NS        (86400u * LL_NS_PER_S)
#define MESSAGE_BYTES 19u
#define PATH_BYTES    200u
#define SEQUENCES_MAX 20000u
#define PCAP_HEADER   "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0"

static char place[] = "/tmp/ll_test_replay_source.XXXXXX";

/* --- the day in a name ------------------------------------------------------------------------------------------- */

START_TEST(days_in_names)
{
    static const struct {
        const char *path;
        uint64_t days;
    } names[] = {{"19900101", 7305},
                 {"/data/01302019.NASDAQ_ITCH50.gz", 17926},
                 {"S20190130-v50.txt", 17926},
                 {"AAPL-20120621-0930-1030.ITCH50", 15512},
                 {"20200229", 18321},
                 {"/20120621/none", 0},
                 {"none", 0},
                 {"", 0},
                 {"123456789", 0}, /* nine digits are no day */
                 {"1234-20120621", 15512},
                 {"20121301", 0}, /* neither way round */
                 {"13012012", 0},
                 {"00000000", 0},
                 {"2012062", 0},
                 {"99999999", 0},
                 {"20120621", 15512},
                 {"06212012", 15512},
                 {"12312012", 15705}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(ll_replay_source_day_of_name(names[i].path) == names[i].days * DAY_NS, "%s: day %llu",
                      names[i].path,
                      (unsigned long long)(ll_replay_source_day_of_name(names[i].path) / DAY_NS));
}
END_TEST

/* Every day of 1990 to 2100, by counting. */
START_TEST(every_day_counts_on)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t days = 7305;
    for (int year = 1990; year <= 2100; year++)
        for (int month = 1; month <= 12; month++) {
            bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            int length = lengths[month - 1] + (month == 2 && is_leap);
            for (int day = 1; day <= length; day++, days++) {
                char name[64];
                (void)snprintf(name, sizeof name, "x/%04d%02d%02d.ITCH50", year, month, day);
                ck_assert_msg(ll_replay_source_day_of_name(name) == days * DAY_NS, "%s", name);
            }
        }
}
END_TEST

/* --- files ------------------------------------------------------------------------------------------------------- */

static const char *path_of(const char *name)
{
    static char paths[8][PATH_BYTES];
    static int next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, PATH_BYTES, "%s/%s", place, name);
    return path;
}

/* Message n of a feed: a delete of order n at n microseconds. */
static void make_message(uint8_t *bytes, uint64_t number)
{
    memset(bytes, 0, MESSAGE_BYTES);
    bytes[0] = 'D';
    ll_store_be32(bytes + 7, (uint32_t)(number * 1000));
    ll_store_be64(bytes + 11, number);
}

/* Messages first..last as a BinaryFILE; the last `cut_bytes` bytes are missing. */
static const char *write_binary(const char *name, uint64_t first, uint64_t last, size_t cut_bytes)
{
    const char *path = path_of(name);
    size_t item_bytes = MESSAGE_BYTES + 2;
    size_t total_bytes = (size_t)(last + 1 - first) * item_bytes;
    uint8_t *bytes = calloc(1, total_bytes + 1);
    ck_assert_ptr_nonnull(bytes);
    for (uint64_t number = first; number <= last; number++) {
        uint8_t *at = bytes + (number - first) * item_bytes;
        ll_store_be16(at, MESSAGE_BYTES);
        make_message(at + 2, number);
    }
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, total_bytes - cut_bytes, file), total_bytes - cut_bytes);
    ck_assert_int_eq(fclose(file), 0);
    free(bytes);
    return path;
}

/* A capture of `count` datagrams of one message each, and a frame that is none before each. */
static const char *write_capture(const char *name, uint64_t first, uint32_t count)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(PCAP_HEADER, 1, 24, file), 24);
    for (uint32_t i = 0; i < 2 * count; i++) {
        uint8_t frame[128] = {1, 0, 94, 1, 1, 1, 2, 0, 0, 0, 0, 1};
        uint8_t message[MESSAGE_BYTES];
        struct ll_moldudp64_builder builder;
        make_message(message, first + i / 2);
        ll_moldudp64_begin(&builder, frame + 42, sizeof frame - 42, "CAPTURED01", first + i / 2);
        ck_assert_int_eq(ll_moldudp64_add(&builder, message, sizeof message), LL_OK);
        uint32_t payload_bytes = ll_moldudp64_end(&builder);
        uint32_t header[4] = {100 + i, 0, 42 + payload_bytes, 42 + payload_bytes};
        ll_store_be16(frame + 12, i % 2 == 0 ? 0x0806 : 0x0800); /* ARP, IPv4 */
        frame[14] = 0x45;
        ll_store_be16(frame + 16, (uint16_t)(28 + payload_bytes));
        frame[22] = 16;
        frame[23] = 17;
        frame[30] = 224;
        ll_store_be16(frame + 36, 26477);
        ll_store_be16(frame + 38, (uint16_t)(8 + payload_bytes));
        ck_assert_uint_eq(fwrite(header, 1, sizeof header, file), sizeof header);
        ck_assert_uint_eq(fwrite(frame, 1, 42 + payload_bytes, file), 42 + payload_bytes);
    }
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

struct got {
    int status;
    uint32_t message_count;
    uint32_t end_count;
    uint64_t ordinal_last;
    uint64_t sequences[SEQUENCES_MAX];
    uint64_t numbers[SEQUENCES_MAX]; /* as make_message wrote them */
    struct ll_why why;
    struct ll_port_counters counters;
};

static void take(struct got *got, const struct ll_datagram *datagram)
{
    struct ll_moldudp64_packet packet;
    uint32_t bytes_count;
    ck_assert_int_eq(ll_moldudp64_parse(datagram->payload, datagram->payload_bytes, &packet), LL_OK);
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(&packet);
    got->end_count += packet.kind == LL_MOLDUDP64_END;
    got->ordinal_last = datagram->ordinal;
    const uint8_t *message;
    for (uint64_t i = 0; (message = ll_moldudp64_next(&cursor, &bytes_count)) != NULL; i++) {
        ck_assert_uint_eq(bytes_count, MESSAGE_BYTES);
        ck_assert_uint_lt(got->message_count, SEQUENCES_MAX);
        got->sequences[got->message_count] = packet.sequence + i;
        got->numbers[got->message_count++] = ll_load_be64(message + 11);
    }
}

/* Polls to the end or the first error. */
static struct got *read_all(const struct ll_replay_source_config *config)
{
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct ll_replay_source *source = NULL;
    struct got *got = calloc(1, sizeof *got);
    ck_assert_ptr_nonnull(got);
    bool done = false;
    got->status = ll_replay_source_open(&source, config, &got->why);
    for (uint32_t polls = 0; got->status == LL_OK && !done; polls++) {
        uint32_t count = 0;
        uint64_t done_units;
        uint64_t total_units;
        ck_assert_uint_lt(polls, 100000);
        got->status = ll_replay_source_poll(source, datagrams, &count, &done, &got->why);
        for (uint32_t i = 0; got->status == LL_OK && i < count; i++)
            take(got, &datagrams[i]);
        ll_replay_source_progress(source, &done_units, &total_units);
        ck_assert_uint_le(done_units, total_units);
    }
    if (source != NULL)
        ll_replay_source_counters(source, &got->counters);
    ll_replay_source_close(source);
    ck_assert_int_eq(got->why.code, got->status);
    return got;
}

static struct got *read_paths(const char *const *paths, int path_count)
{
    const struct ll_replay_source_config config = {.paths = paths, .path_count = path_count};
    return read_all(&config);
}

/* Messages number..number+count-1 with the sequences from `sequence`, at `at`. */
static void check_run(const struct got *got, uint32_t at, uint64_t sequence, uint64_t number, uint32_t count)
{
    ck_assert_uint_ge(got->message_count, at + count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_uint_eq(got->sequences[at + i], sequence + i);
        ck_assert_uint_eq(got->numbers[at + i], number + i);
    }
}

START_TEST(one_file_whole)
{
    static const uint32_t counts[] = {1, 2, 65, 66, 67, 1279, 1280, 1281, 5000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const char *path = write_binary("whole", 1, counts[i], 0);
        struct got *got = read_paths(&path, 1);
        ck_assert_int_eq(got->status, LL_OK);
        ck_assert_uint_eq(got->message_count, counts[i]);
        ck_assert_uint_eq(got->end_count, 1);
        check_run(got, 0, 1, 1, counts[i]);
        free(got);
    }
}
END_TEST

START_TEST(a_cut_file_gives_all_before_the_cut)
{
    static const uint32_t counts[] = {1, 2, 66, 1280, 1281, 3000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t cut_bytes = 1; cut_bytes < MESSAGE_BYTES + 2; cut_bytes += 3) {
            const char *path = write_binary("cut", 1, counts[i], cut_bytes);
            struct got *got = read_paths(&path, 1);
            ck_assert_int_eq(got->status, LL_ERR_INPUT);
            ck_assert_ptr_nonnull(strstr(got->why.text, "cut"));
            ck_assert_uint_eq(got->message_count, counts[i] - 1);
            ck_assert_uint_eq(got->end_count, 0);
            check_run(got, 0, 1, 1, counts[i] - 1);
            free(got);
        }
}
END_TEST

START_TEST(several_files_are_one_feed)
{
    const char *const paths[] = {write_binary("a", 1, 100, 0), write_binary("b", 101, 101, 0),
                                 write_binary("c", 102, 4000, 0)};
    struct got *got = read_paths(paths, 3);
    ck_assert_int_eq(got->status, LL_OK);
    ck_assert_uint_eq(got->message_count, 4000);
    ck_assert_uint_eq(got->end_count, 1);
    check_run(got, 0, 1, 1, 4000);
    free(got);
    const char *const bad[] = {write_binary("a", 1, 100, 0), path_of("missing")};
    got = read_paths(bad, 2);
    ck_assert_int_eq(got->status, LL_ERR_IO);
    check_run(got, 0, 1, 1, 100);
    free(got);
}
END_TEST

/* Frame numbers count captures only, and a BinaryFILE goes on where the one before the capture ended. */
START_TEST(captures_and_files_mixed)
{
    const char *const paths[] = {write_binary("a", 1, 300, 0), write_capture("b.pcap", 1, 70),
                                 write_binary("c", 301, 400, 0), write_capture("d.pcap", 71, 10)};
    struct got *got = read_paths(paths, 4);
    ck_assert_int_eq(got->status, LL_OK);
    ck_assert_uint_eq(got->message_count, 480);
    check_run(got, 0, 1, 1, 300);
    check_run(got, 300, 1, 1, 70);
    check_run(got, 370, 301, 301, 100);
    check_run(got, 470, 71, 71, 10);
    ck_assert_uint_eq(got->ordinal_last, 160);
    ck_assert_uint_eq(got->counters.not_ipv4, 80);
    free(got);
}
END_TEST

START_TEST(a_pipe_is_read_once)
{
    const char *whole = write_binary("whole", 1, 3000, 0);
    const char *pipe_path = path_of("pipe");
    ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        execlp("sh", "sh", "-c", "exec cat \"$0\" >\"$1\"", whole, pipe_path, (char *)NULL);
        _exit(127);
    }
    struct got *got = read_paths(&pipe_path, 1);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(got->status, LL_OK);
    check_run(got, 0, 1, 1, 3000);
    free(got);
}
END_TEST

START_TEST(a_resumed_feed_is_the_same_feed)
{
    const char *const paths[] = {write_binary("a", 1, 1500, 0), write_binary("b", 1501, 2000, 0)};
    static const uint64_t sequences[] = {1, 1500, 1501, 2000, 2001, 9999};
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        for (uint64_t off = 0; off < 3; off++) {
            uint8_t message[MESSAGE_BYTES];
            make_message(message, sequences[i] + (off == 1));
            const struct ll_replay_source_config config = {.paths = paths,
                                                           .path_count = 2,
                                                           .resumed_sequence = sequences[i],
                                                           .resumed_message = message,
                                                           .resumed_bytes =
                                                               MESSAGE_BYTES - (uint32_t)(off == 2)};
            struct got *got = read_all(&config);
            bool is_there = sequences[i] <= 2000;
            ck_assert_int_eq(got->status, off == 0 && is_there ? LL_OK : LL_ERR_INPUT);
            ck_assert_uint_eq(got->message_count, !is_there || off == 0 ? 2000 : sequences[i] - 1);
            ck_assert_uint_eq(got->end_count, off == 0 && is_there);
            free(got);
        }
    struct got *got = read_paths(paths, 2); /* nothing to compare */
    ck_assert_int_eq(got->status, LL_OK);
    free(got);
}
END_TEST

START_TEST(what_is_no_file)
{
    const char *path = place;
    struct got *got = read_paths(&path, 1);
    ck_assert_int_eq(got->status, LL_ERR_INPUT);
    free(got);
    path = path_of("missing");
    got = read_paths(&path, 1);
    ck_assert_int_eq(got->status, LL_ERR_IO);
    free(got);
    ck_assert(ll_replay_source_is_own_session("BINARYFILE"));
    ck_assert(!ll_replay_source_is_own_session("BINARYFIL "));
    ll_replay_source_close(NULL);
}
END_TEST

int main(void)
{
    const struct ll_eal_config eal = {0};
    if (mkdtemp(place) == NULL) {
        printf("%s: no directory can be made\n", place);
        return 1;
    }
    Suite *suite = suite_create("replay_source");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 100);
    tcase_add_test(all, days_in_names);
    tcase_add_test(all, every_day_counts_on);
    tcase_add_test(all, one_file_whole);
    tcase_add_test(all, a_cut_file_gives_all_before_the_cut);
    tcase_add_test(all, several_files_are_one_feed);
    tcase_add_test(all, captures_and_files_mixed);
    tcase_add_test(all, a_pipe_is_read_once);
    tcase_add_test(all, a_resumed_feed_is_the_same_feed);
    tcase_add_test(all, what_is_no_file);
    suite_add_tcase(suite, all);
    int status = ll_test_run_with_eal(suite, &eal);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    return system(command) != 0 ? 1 : status;
}
