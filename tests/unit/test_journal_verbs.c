/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the verbs verify and dump say the truth about a journal, in their output and their exit code.
 * Method: a journal on real files, whole, with a bit flipped, with a segment taken away; the verbs run in
 * this process with their output in files; dump lines are compared with the script.
 */
#include "host/app/ll_cmd_dump.h"
#include "host/app/ll_cmd_verify.h"
#include "host/app/ll_exit.h"
#include "host/core/ll_engine.h"
#include "tests/model/ll_journal_script.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERB_RECORDS 500u

static char verb_dir[64];
static char verb_out[96];
static char verb_text[1 << 20];
static struct ll_journal_script verb_script;

static void verb_setup(void)
{
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal *journal;
    struct ll_why why = {0};
    (void)snprintf(verb_dir, sizeof verb_dir, "/tmp/ll-journal-verbs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(verb_dir));
    (void)snprintf(verb_out, sizeof verb_out, "%s/out", verb_dir);
    verb_script = (struct ll_journal_script){
        .seed = 5, .start_ns = (uint64_t)1763693471123456789, .step_ns = 1000, .payload_bytes = UINT32_MAX};
    ll_journal_config_default(&config);
    config.dir = verb_dir;
    config.segment_bytes = LL_JOURNAL_SEGMENT_BYTES_MIN;
    ck_assert_int_eq(ll_journal_open(&journal, &config, &recovery, &why), LL_OK);
    ck_assert_int_eq(ll_script_append(&verb_script, journal, 1, VERB_RECORDS), LL_OK);
    ck_assert_int_eq(ll_journal_close(journal, &why), LL_OK);
}

static void verb_teardown(void)
{
    char path[512];
    DIR *stream = opendir(verb_dir);
    ck_assert_ptr_nonnull(stream);
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        (void)snprintf(path, sizeof path, "%s/%s", verb_dir, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    (void)closedir(stream);
    (void)rmdir(verb_dir);
}

/* Runs a verb with standard output and error in a file; verb_text holds what it said. */
static int verb_run(int (*verb)(int argc, char **argv), char **argv)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    (void)fflush(NULL);
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    int file = open(verb_out, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(file, 0);
    (void)dup2(file, STDOUT_FILENO);
    (void)dup2(file, STDERR_FILENO);
    int code = verb(argc, argv);
    (void)fflush(NULL);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    (void)close(out);
    (void)close(err);
    ssize_t got = pread(file, verb_text, sizeof verb_text - 1, 0);
    ck_assert_int_ge(got, 0);
    verb_text[got] = 0;
    (void)close(file);
    return code;
}

static void verb_flip(const char *name, off_t at)
{
    char path[256];
    uint8_t byte;
    (void)snprintf(path, sizeof path, "%s/%s", verb_dir, name);
    int fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

START_TEST(verify_finds_it_intact)
{
    ck_assert_int_eq(verb_run(ll_cmd_verify, (char *[]){"verify", verb_dir, NULL}), LL_EXIT_OK);
    ck_assert_ptr_nonnull(strstr(verb_text, "intact: 500 records"));
    ck_assert_ptr_nonnull(strstr(verb_text, "events 1 to 500"));
    ck_assert_int_eq(verb_run(ll_cmd_verify, (char *[]){"verify", "--json", verb_dir, NULL}), LL_EXIT_OK);
    ck_assert_ptr_nonnull(strstr(verb_text, "{\"status\":\"intact\",\"records\":500,"));
    ck_assert_ptr_nonnull(strstr(verb_text, "\"torn_slots\":0}\n"));
}
END_TEST

START_TEST(verify_finds_damage)
{
    verb_flip("20251121-000001.lljournal", 4096 + 64 * 100 + 30);
    ck_assert_int_eq(verb_run(ll_cmd_verify, (char *[]){"verify", verb_dir, NULL}), LL_EXIT_CORRUPT);
    ck_assert_ptr_nonnull(strstr(verb_text, "20251121-000001.lljournal, offset "));
    ck_assert_ptr_nonnull(strstr(verb_text, "intact before that: "));
    ck_assert_int_eq(verb_run(ll_cmd_verify, (char *[]){"verify", "--json", verb_dir, NULL}),
                     LL_EXIT_CORRUPT);
    ck_assert_ptr_nonnull(strstr(verb_text, "\"status\":\"corrupt\""));
    ck_assert_int_eq(verb_run(ll_cmd_dump, (char *[]){"dump", verb_dir, NULL}), LL_EXIT_CORRUPT);
    ck_assert_ptr_nonnull(strstr(verb_text, "{\"event_id\":1,"));
    char path[256];
    (void)snprintf(path, sizeof path, "%s/20251121-000001.lljournal", verb_dir);
    ck_assert_int_eq(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/20251121-000002.lljournal", verb_dir);
    ck_assert_int_eq(truncate(path, 100), 0);
    ck_assert_int_eq(verb_run(ll_cmd_verify, (char *[]){"verify", verb_dir, NULL}), LL_EXIT_CORRUPT);
}
END_TEST

START_TEST(verbs_refuse_what_is_no_journal)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/absent", verb_dir);
    int (*const verbs[])(int argc, char **argv) = {ll_cmd_verify, ll_cmd_dump};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(verb_run(verbs[i], (char *[]){"verb", path, NULL}), LL_EXIT_REFUSED);
        ck_assert_int_eq(verb_run(verbs[i], (char *[]){"verb", NULL}), LL_EXIT_USAGE);
        ck_assert_int_eq(verb_run(verbs[i], (char *[]){"verb", "a", "b", NULL}), LL_EXIT_USAGE);
        ck_assert_int_eq(verb_run(verbs[i], (char *[]){"verb", "--wrong", "a", NULL}), LL_EXIT_USAGE);
        ck_assert_int_eq(verb_run(verbs[i], (char *[]){"verb", "--help", NULL}), LL_EXIT_OK);
        ck_assert_ptr_nonnull(strstr(verb_text, "usage: lifeline "));
    }
}
END_TEST

/* Takes the next line off the text, without its end; NULL when there is none. */
static char *verb_next_line(char **text)
{
    char *line = *text;
    if (*line == 0)
        return NULL;
    char *end = strchr(line, '\n');
    ck_assert_ptr_nonnull(end);
    *end = 0;
    *text = end + 1;
    return line;
}

/* Compares one line with the script; returns its event id. */
static uint64_t verb_check_line(const char *line)
{
    struct ll_script_record record;
    char expected[256];
    char hex[2 * LL_RECORD_PAYLOAD_BYTES_MAX + 1] = "";
    unsigned long long id;
    ck_assert_int_eq(sscanf(line, "{\"event_id\":%llu,", &id), 1);
    ll_script_make(&verb_script, id, &record);
    (void)snprintf(
        expected, sizeof expected,
        "{\"event_id\":%llu,\"time_ns\":%llu,\"kind\":\"%s\",\"verdict\":%u,\"verdict_name\":\"%s\",", id,
        (unsigned long long)record.time_ns, ll_record_kind_name(record.kind), record.verdict,
        ll_verdict_name(record.verdict));
    ck_assert_msg(strncmp(line, expected, strlen(expected)) == 0, "%.200s\n%s", line, expected);
    ck_assert((strstr(line, "\"type\":\"") != NULL) ==
              (record.kind == LL_RECORD_FEED && record.payload_bytes > 0));
    for (uint32_t i = 0; i < record.payload_bytes; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", record.payload[i]);
    const char *payload = strstr(line, "\"payload\":\"");
    ck_assert_ptr_nonnull(payload);
    payload += strlen("\"payload\":\"");
    ck_assert_int_eq(strncmp(payload, hex, strlen(hex)), 0);
    ck_assert_int_eq(strncmp(payload + strlen(hex), "\"}", 3), 0);
    return id;
}

START_TEST(dump_prints_the_records)
{
    uint64_t expected_id = 1;
    ck_assert_int_eq(verb_run(ll_cmd_dump, (char *[]){"dump", verb_dir, NULL}), LL_EXIT_OK);
    for (char *text = verb_text, *line = verb_next_line(&text); line != NULL; line = verb_next_line(&text))
        ck_assert_uint_eq(verb_check_line(line), expected_id++);
    ck_assert_uint_eq(expected_id, VERB_RECORDS + 1);
    ck_assert_int_eq(verb_run(ll_cmd_dump, (char *[]){"dump", "--from", "17", "--count=3", verb_dir, NULL}),
                     LL_EXIT_OK);
    expected_id = 17;
    for (char *text = verb_text, *line = verb_next_line(&text); line != NULL; line = verb_next_line(&text))
        ck_assert_uint_eq(verb_check_line(line), expected_id++);
    ck_assert_uint_eq(expected_id, 20);
}
END_TEST

START_TEST(dump_prints_exceptions_only)
{
    uint64_t exceptions = 0;
    uint64_t lines = 0;
    for (uint64_t id = 1; id <= VERB_RECORDS; id++) {
        struct ll_script_record record;
        ll_script_make(&verb_script, id, &record);
        exceptions +=
            record.verdict != 0 || record.kind == LL_RECORD_BAD_PACKET || record.kind == LL_RECORD_GAP;
    }
    ck_assert_uint_lt(exceptions, VERB_RECORDS);
    ck_assert_int_eq(verb_run(ll_cmd_dump, (char *[]){"dump", "--exceptions", verb_dir, NULL}), LL_EXIT_OK);
    for (char *text = verb_text, *line = verb_next_line(&text); line != NULL; line = verb_next_line(&text)) {
        (void)verb_check_line(line);
        ck_assert(strstr(line, "\"verdict\":0,") == NULL || strstr(line, "\"kind\":\"bad_packet\"") != NULL ||
                  strstr(line, "\"kind\":\"gap\"") != NULL);
        lines++;
    }
    ck_assert_uint_eq(lines, exceptions);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_verbs");
    TCase *verbs = tcase_create("verbs");
    tcase_set_timeout(verbs, 60);
    tcase_add_checked_fixture(verbs, verb_setup, verb_teardown);
    tcase_add_test(verbs, verify_finds_it_intact);
    tcase_add_test(verbs, verify_finds_damage);
    tcase_add_test(verbs, verbs_refuse_what_is_no_journal);
    tcase_add_test(verbs, dump_prints_the_records);
    tcase_add_test(verbs, dump_prints_exceptions_only);
    suite_add_tcase(suite, verbs);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
