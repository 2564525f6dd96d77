/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: `lifeline decode` prints every field of every vector by its published name, tells what each file is,
 * refuses what must be refused with a reason and the right exit code, and decodes the rest.
 * Method: the verb runs in a child process, its lines are read back with a JSON library and compared with the
 * manifest; every negative; every usage error; files built here for the limits.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/app/ll_cmd_decode.h"
#include "host/app/ll_exit.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_err.h"
#include "host/wire/ll_itch50.h"
#include "host/wire/ll_moldudp64.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define ARGS_MAX   8
#define OUTPUT_MAX (512u * 1024u)
#define PATH_BYTES 128u

struct result {
    int exit_code;
    char *out;
    char *err;
};

static char *slurp(int fd)
{
    char *text = calloc(1, OUTPUT_MAX);
    ck_assert_ptr_nonnull(text);
    ssize_t got = pread(fd, text, OUTPUT_MAX - 1, 0);
    ck_assert_int_ge(got, 0);
    (void)close(fd);
    return text;
}

/* Runs the verb in a child; out and err are its complete output. `stdout_path` NULL = capture it. */
static struct result run_to(const char *const *args, const char *stdout_path)
{
    char *argv[ARGS_MAX + 2] = {"decode"};
    int argc = 1;
    for (; args[argc - 1] != NULL; argc++) {
        ck_assert_int_le(argc, ARGS_MAX);
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
    }
    char out_path[] = "/tmp/ll_test_cmd_decode.XXXXXX";
    char err_path[] = "/tmp/ll_test_cmd_decode.XXXXXX";
    int out_fd = mkstemp(out_path);
    int err_fd = mkstemp(err_path);
    ck_assert(out_fd >= 0 && err_fd >= 0);
    (void)fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int target = stdout_path != NULL ? open(stdout_path, O_WRONLY) : out_fd;
        if (dup2(target, STDOUT_FILENO) < 0 || dup2(err_fd, STDERR_FILENO) < 0)
            _exit(99);
        int exit_code = ll_cmd_decode(argc, argv);
        (void)fflush(stdout);
        _exit(exit_code);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    (void)unlink(out_path);
    (void)unlink(err_path);
    struct result result = {WEXITSTATUS(status), slurp(out_fd), slurp(err_fd)};
    ck_assert_msg(WIFEXITED(status), "the verb did not exit: %s", result.err);
    return result;
}

#define RUN(...) run_to((const char *const[]){__VA_ARGS__, NULL}, NULL)

static void done(struct result *result)
{
    free(result->out);
    free(result->err);
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Line `index` of the output as JSON. */
static json_t *line_at(const char *text, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        text = strchr(text, '\n');
        ck_assert_msg(text != NULL, "no line %zu", index);
        text++;
    }
    json_error_t error;
    json_t *line = json_loadb(text, strcspn(text, "\n"), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(line != NULL, "line %zu is not JSON: %s", index, error.text);
    return line;
}

static void check_one_line(const struct result *result)
{
    ck_assert_msg(result->exit_code == LL_EXIT_OK, "%s", result->err);
    ck_assert_str_eq(result->err, "");
    ck_assert_uint_eq(count_lines(result->out), 1);
}

static void check_refused(const struct result *result, const char *reason)
{
    ck_assert_int_eq(result->exit_code, LL_EXIT_REFUSED);
    ck_assert_str_eq(result->out, "");
    ck_assert_msg(strstr(result->err, reason) != NULL, "'%s' is not in '%s'", reason, result->err);
}

/* --- vectors -------------------------------------------------------------------------------------------- */

/* Does the line hold every field of the manifest, the type, and nothing else? Numbers above 2^63-1, which the
 * JSON library cannot hold, are compared as text. */
static void check_fields(const char *text, char type, const json_t *fields)
{
    const char *key;
    json_t *expected;
    bool has_large = false;
    json_object_foreach((json_t *)(uintptr_t)fields, key, expected)
    {
        char pair[128];
        bool is_number = json_is_integer(expected) ||
                         (json_is_string(expected) && strcmp(key, "order_reference_number") == 0);
        if (is_number)
            (void)snprintf(pair, sizeof pair, "\"%s\":%llu", key,
                           (unsigned long long)ll_test_json_u64(expected));
        else
            (void)snprintf(pair, sizeof pair, "\"%s\":\"%s\"", key, json_string_value(expected));
        const char *found = strstr(text, pair);
        ck_assert_msg(found != NULL, "%s is not in %s", pair, text);
        ck_assert(found[strlen(pair)] == ',' || found[strlen(pair)] == '}');
        has_large = has_large || (is_number && ll_test_json_u64(expected) > INT64_MAX);
    }
    if (has_large)
        return;
    json_t *line = line_at(text, 0);
    const char *type_text = json_string_value(json_object_get(line, "message_type"));
    ck_assert_ptr_nonnull(type_text);
    ck_assert_int_eq(type_text[0], type);
    ck_assert_uint_eq(json_object_size(line), json_object_size(fields) + 1);
    json_object_foreach((json_t *)(uintptr_t)fields, key, expected)
        ck_assert_msg(json_equal(json_object_get(line, key), expected), "%s", key);
    json_decref(line);
}

START_TEST(every_message_vector_prints_its_fields)
{
    json_t *manifest = ll_test_json("manifest.json");
    size_t checked_count = 0;
    for (size_t i = 0; i < json_array_size(manifest); i++) {
        const json_t *entry = json_array_get(manifest, i);
        const json_t *fields = json_object_get(entry, "fields");
        char path[PATH_BYTES];
        const char *name = json_string_value(json_object_get(entry, "file"));
        if (!json_is_object(fields) || strncmp(name, "itch50/", 7) != 0)
            continue;
        (void)snprintf(path, sizeof path, LL_VECTORS "%s", name);
        struct ll_test_file file = ll_test_read("", path);
        struct result guessed = RUN(path);
        struct result told = RUN("--protocol", "itch50", path);
        check_one_line(&guessed);
        check_one_line(&told);
        ck_assert_str_eq(guessed.out, told.out);
        check_fields(told.out, (char)file.bytes[0], fields);
        free(file.bytes);
        done(&guessed);
        done(&told);
        checked_count++;
    }
    ck_assert_uint_ge(checked_count, LL_ITCH50_TYPE_COUNT);
    json_decref(manifest);
}
END_TEST

static void check_packet(const char *text, size_t index, const char *kind, uint64_t sequence, char type)
{
    json_t *line = line_at(text, index);
    const json_t *packet = json_object_get(line, "packet");
    ck_assert_str_eq(json_string_value(json_object_get(packet, "kind")), kind);
    ck_assert_str_eq(json_string_value(json_object_get(packet, "session")), "000010059B");
    ck_assert_uint_eq(ll_test_json_u64(json_object_get(packet, "sequence")), sequence);
    const char *type_text = json_string_value(json_object_get(line, "message_type"));
    if (type == '\0')
        ck_assert_ptr_null(type_text);
    else
        ck_assert(type_text != NULL && type_text[0] == type);
    json_decref(line);
}

struct packet_case {
    const char *file;
    const char *kinds[2];
    uint64_t sequence;
    const char *types; /* one per line; ' ' = a line without a message */
};

static const struct packet_case packet_cases[] = {
    {"moldudp64/heartbeat_seq1.bin", {"heartbeat"}, 1, " "},
    {"moldudp64/data_seq1_x2.bin", {"message", "message"}, 1, "SR"},
    {"moldudp64/data_seq3_x1.bin", {"message"}, 3, "A"},
    {"moldudp64/data_seq4_x2.bin", {"message", "message"}, 4, "FE"},
    {"moldudp64/end_of_session_seq7.bin", {"end_of_session"}, 7, " "},
    {"moldudp64/zero_length_block.bin", {"empty", "message"}, 7, " S"},
    {"moldudp64/request_seq4_x2.bin", {"request"}, 4, " "}};
#define PACKET_CASE_COUNT (sizeof packet_cases / sizeof packet_cases[0])

START_TEST(packet_vectors_print_their_blocks)
{
    const struct packet_case *expected = &packet_cases[_i];
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, LL_VECTORS "%s", expected->file);
    struct result guessed = RUN(path);
    struct result told = RUN("--protocol=moldudp64", path);
    ck_assert_msg(told.exit_code == LL_EXIT_OK, "%s", told.err);
    ck_assert_int_eq(guessed.exit_code, LL_EXIT_OK);
    ck_assert_str_eq(guessed.out, told.out);
    ck_assert_uint_eq(count_lines(told.out), strlen(expected->types));
    for (size_t i = 0; i < strlen(expected->types); i++)
        check_packet(told.out, i, expected->kinds[i], expected->sequence + i,
                     expected->types[i] == ' ' ? '\0' : expected->types[i]);
    done(&guessed);
    done(&told);
}
END_TEST

START_TEST(negative_vectors_are_refused)
{
    static const char *const cases[][2] = {{"itch50/truncated_A.bin", "too_short"},
                                           {"itch50/unknown_type.bin", "unknown_type"},
                                           {"moldudp64/NEG_short_header.bin", "too_short"},
                                           {"moldudp64/NEG_count_exceeds_data.bin", "too_short"},
                                           {"moldudp64/NEG_truncated_block.bin", "too_short"}};
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, LL_VECTORS "%s", cases[_i][0]);
    struct result told = RUN("--protocol", _i < 2 ? "itch50" : "moldudp64", path);
    struct result guessed = RUN(path);
    check_refused(&told, cases[_i][1]);
    check_refused(&guessed, "");
    ck_assert_uint_eq(count_lines(guessed.err), 1);
    done(&told);
    done(&guessed);
}
END_TEST

/* --- captures ------------------------------------------------------------------------------------------- */

START_TEST(a_capture_names_packet_session_and_sequence)
{
    struct result all = RUN(LL_VECTORS "itch50/all_types_in_moldudp64.pcap");
    ck_assert_msg(all.exit_code == LL_EXIT_OK, "%s", all.err);
    ck_assert_uint_eq(count_lines(all.out), LL_ITCH50_TYPE_COUNT);
    for (size_t i = 0; i < LL_ITCH50_TYPE_COUNT; i++)
        check_packet(all.out, i, "message", i + 1, "SRHYLVWKJhAFECXUDPQBINO"[i]);
    json_t *line = line_at(all.out, 22);
    const json_t *packet = json_object_get(line, "packet");
    ck_assert_uint_eq(ll_test_json_u64(json_object_get(packet, "number")), 6);
    ck_assert_uint_eq(ll_test_json_u64(json_object_get(packet, "time_ns")), 1767000000000005000u);
    ck_assert_str_eq(json_string_value(json_object_get(packet, "target")), "233.54.12.111:26477");
    json_decref(line);
    done(&all);
}
END_TEST

START_TEST(a_request_is_told_by_its_port)
{
    const char *path = LL_VECTORS "moldudp64/gap_and_retransmit.pcap";
    struct result usual = RUN(path);
    ck_assert_msg(usual.exit_code == LL_EXIT_OK, "%s", usual.err);
    ck_assert_uint_eq(count_lines(usual.out), 9);
    check_packet(usual.out, 4, "request", 4, '\0');
    check_packet(usual.out, 5, "message", 4, 'F');
    check_packet(usual.out, 7, "heartbeat", 7, '\0');
    check_packet(usual.out, 8, "end_of_session", 7, '\0');
    struct result none = RUN("--request-port", "0", path);
    ck_assert_int_eq(none.exit_code, LL_EXIT_REFUSED);
    ck_assert_uint_eq(count_lines(none.out), 8);
    ck_assert_msg(strstr(none.err, "packet 4: too_short") != NULL, "%s", none.err);
    struct result chosen = RUN("--port", "26477", path);
    ck_assert_int_eq(chosen.exit_code, LL_EXIT_OK);
    ck_assert_str_eq(chosen.out, usual.out);
    /* Answers come from the request port to whatever port asked; they belong to it. */
    struct result answers = RUN("--port=9", path);
    ck_assert_int_eq(answers.exit_code, LL_EXIT_OK);
    ck_assert_uint_eq(count_lines(answers.out), 3);
    check_packet(answers.out, 0, "request", 4, '\0');
    check_packet(answers.out, 2, "message", 5, 'E');
    done(&answers);
    struct result other = RUN("--port=9", "--request-port=0", path);
    check_refused(&other, "no datagram to decode");
    done(&usual);
    done(&none);
    done(&chosen);
    done(&other);
}
END_TEST

START_TEST(every_capture_is_walked)
{
    struct result clean = RUN(LL_VECTORS "moldudp64/clean_session.pcap");
    struct result lines =
        RUN(LL_VECTORS "moldudp64/ab_arbitration.pcap", LL_VECTORS "moldudp64/clean_session.pcap");
    ck_assert_int_eq(clean.exit_code, LL_EXIT_OK);
    ck_assert_uint_eq(count_lines(clean.out), 8);
    ck_assert_int_eq(lines.exit_code, LL_EXIT_OK);
    ck_assert_uint_eq(count_lines(lines.out), 14 + 8);
    done(&clean);
    done(&lines);
}
END_TEST

/* --- files built here ----------------------------------------------------------------------------------- */

struct made_file {
    char path[PATH_BYTES];
    uint8_t bytes[4096];
    size_t bytes_count;
};

static void add_message(struct made_file *file, const char *vector, bool with_prefix)
{
    struct ll_test_file message = ll_test_read(LL_VECTORS, vector);
    ll_store_be16(file->bytes + file->bytes_count, with_prefix ? (uint16_t)message.bytes_count : 0);
    memcpy(file->bytes + file->bytes_count + 2, message.bytes, message.bytes_count);
    file->bytes_count += 2 + message.bytes_count;
    free(message.bytes);
}

static void write_made(struct made_file *file, const char *suffix)
{
    (void)snprintf(file->path, sizeof file->path, "/tmp/ll_test_cmd_decode.XXXXXX%s", suffix);
    int fd = mkstemps(file->path, (int)strlen(suffix));
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, file->bytes, file->bytes_count), (ssize_t)file->bytes_count);
    (void)close(fd);
}

START_TEST(a_binary_file_is_told_by_name_or_content)
{
    static const char *const suffixes[] = {".ITCH50", ".itch50", ".bin", ""};
    struct made_file file = {.bytes_count = 0};
    add_message(&file, "itch50/S.bin", true);
    add_message(&file, "itch50/A.bin", false);
    add_message(&file, "itch50/D.bin", true);
    write_made(&file, suffixes[_i]);
    struct result guessed = RUN(file.path);
    struct result told = RUN("--protocol", "itch50", file.path);
    struct result single =
        RUN(LL_VECTORS "itch50/S.bin", LL_VECTORS "itch50/A.bin", LL_VECTORS "itch50/D.bin");
    ck_assert_msg(guessed.exit_code == LL_EXIT_OK, "%s", guessed.err);
    ck_assert_str_eq(guessed.out, single.out);
    ck_assert_str_eq(told.out, single.out);
    (void)unlink(file.path);
    gzFile gz = gzopen(file.path, "wb");
    ck_assert_int_eq(gzwrite(gz, file.bytes, (unsigned)file.bytes_count), (int)file.bytes_count);
    ck_assert_int_eq(gzclose(gz), Z_OK);
    struct result packed = RUN(file.path);
    ck_assert_msg(packed.exit_code == LL_EXIT_OK, "%s", packed.err);
    ck_assert_str_eq(packed.out, single.out);
    (void)unlink(file.path);
    done(&guessed);
    done(&told);
    done(&single);
    done(&packed);
}
END_TEST

START_TEST(a_bad_message_does_not_stop_the_rest)
{
    struct made_file file = {.bytes_count = 0};
    add_message(&file, "itch50/S.bin", true);
    add_message(&file, "itch50/unknown_type.bin", true);
    add_message(&file, "itch50/truncated_A.bin", true);
    add_message(&file, "itch50/D.bin", true);
    write_made(&file, ".ITCH50");
    struct result result = RUN(file.path, LL_VECTORS "itch50/A.bin");
    ck_assert_int_eq(result.exit_code, LL_EXIT_REFUSED);
    ck_assert_uint_eq(count_lines(result.out), 3);
    ck_assert_uint_eq(count_lines(result.err), 2);
    ck_assert_msg(strstr(result.err, "message 2 at byte 14: unknown_type") != NULL, "%s", result.err);
    ck_assert_msg(strstr(result.err, "message 3 at byte 52: too_short") != NULL, "%s", result.err);
    (void)unlink(file.path);
    done(&result);
}
END_TEST

START_TEST(many_reasons_are_counted_not_repeated)
{
    struct made_file file = {.bytes_count = 0};
    add_message(&file, "itch50/S.bin", true);
    for (int i = 0; i < 50; i++)
        add_message(&file, "itch50/unknown_type.bin", true);
    write_made(&file, ".ITCH50");
    struct result result = RUN(file.path);
    ck_assert_int_eq(result.exit_code, LL_EXIT_REFUSED);
    ck_assert_uint_eq(count_lines(result.out), 1);
    ck_assert_uint_eq(count_lines(result.err), 11);
    ck_assert_msg(strstr(result.err, "50 refused in all") != NULL, "%s", result.err);
    (void)unlink(file.path);
    done(&result);
}
END_TEST

START_TEST(a_cut_binary_file_prints_what_came_before)
{
    struct made_file file = {.bytes_count = 0};
    add_message(&file, "itch50/S.bin", true);
    add_message(&file, "itch50/A.bin", true);
    file.bytes_count--;
    write_made(&file, ".ITCH50");
    struct result result = RUN(file.path);
    ck_assert_int_eq(result.exit_code, LL_EXIT_REFUSED);
    ck_assert_uint_eq(count_lines(result.out), 1);
    ck_assert_msg(strstr(result.err, "ends inside the message at byte 14") != NULL, "%s", result.err);
    (void)unlink(file.path);
    done(&result);
}
END_TEST

/* A bad message inside a packet: its neighbours are good and are printed. */
START_TEST(a_bad_message_in_a_packet_is_named_by_sequence)
{
    struct made_file file = {.bytes_count = 0};
    struct ll_moldudp64_builder builder;
    struct ll_test_file good = ll_test_read(LL_VECTORS, "itch50/S.bin");
    struct ll_test_file bad = ll_test_read(LL_VECTORS, "itch50/unknown_type.bin");
    ll_moldudp64_begin(&builder, file.bytes, sizeof file.bytes, "000010059B", 41);
    ck_assert_int_eq(ll_moldudp64_add(&builder, good.bytes, good.bytes_count), LL_OK);
    ck_assert_int_eq(ll_moldudp64_add(&builder, bad.bytes, bad.bytes_count), LL_OK);
    ck_assert_int_eq(ll_moldudp64_add(&builder, good.bytes, good.bytes_count), LL_OK);
    file.bytes_count = ll_moldudp64_end(&builder);
    write_made(&file, ".bin");
    struct result result = RUN(file.path);
    ck_assert_int_eq(result.exit_code, LL_EXIT_REFUSED);
    ck_assert_uint_eq(count_lines(result.out), 2);
    check_packet(result.out, 0, "message", 41, 'S');
    check_packet(result.out, 1, "message", 43, 'S');
    ck_assert_msg(strstr(result.err, "message 42: unknown_type") != NULL, "%s", result.err);
    (void)unlink(file.path);
    free(good.bytes);
    free(bad.bytes);
    done(&result);
}
END_TEST

START_TEST(too_large_for_a_packet_is_refused)
{
    char path[] = "/tmp/ll_test_cmd_decode.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "000010059B", 10), 10);
    ck_assert_int_eq(ftruncate(fd, LL_MOLDUDP64_DATAGRAM_BYTES_MAX + 1), 0);
    (void)close(fd);
    struct result result = RUN("--protocol", "moldudp64", path);
    check_refused(&result, "too_long");
    (void)unlink(path);
    done(&result);
}
END_TEST

/* --- the command line ----------------------------------------------------------------------------------- */

START_TEST(help_teaches)
{
    struct result result = RUN("--help");
    ck_assert_int_eq(result.exit_code, LL_EXIT_OK);
    ck_assert_str_eq(result.err, "");
    static const char *const words[] = {
        "--direction", "soupbintcp", "ouch42",         "options",  "gap",
        "usage:",      "--protocol", "--request-port", "pcap",     "BinaryFILE",
        "heartbeat",   "Exit:",      "session",        "sequence", "message_type"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(strstr(result.out, words[i]) != NULL, "no '%s' in the help", words[i]);
    done(&result);
}
END_TEST

START_TEST(usage_errors_exit_2)
{
    struct result results[] = {run_to((const char *const[]){NULL}, NULL),
                               RUN("--protocol", "morse", "x"),
                               RUN("--direction", "up", "x"),
                               RUN("--colour", "x"),
                               RUN("--port", "65536", "x"),
                               RUN("--protocol")};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        ck_assert_int_eq(results[i].exit_code, LL_EXIT_USAGE);
        ck_assert_str_eq(results[i].out, "");
        ck_assert_msg(strstr(results[i].err, "--help") != NULL, "%s", results[i].err);
        done(&results[i]);
    }
}
END_TEST

/* The bytes of both sides look alike, so nothing is guessed. */
START_TEST(a_bare_order_message_needs_its_direction)
{
    struct result unsaid = RUN("--protocol", "ouch50", LL_VECTORS "ouch50/in_U.bin");
    ck_assert_int_eq(unsaid.exit_code, LL_EXIT_USAGE);
    ck_assert_str_eq(unsaid.out, "");
    ck_assert_msg(strstr(unsaid.err, "--direction in") != NULL, "%s", unsaid.err);
    struct result in = RUN("--protocol", "ouch50", "--direction", "in", LL_VECTORS "ouch50/in_U.bin");
    check_one_line(&in);
    struct result out = RUN("--protocol", "ouch50", "--direction=out", LL_VECTORS "ouch50/in_U.bin");
    check_refused(&out, "too_short");
    struct result other = RUN("--protocol", "ouch42", "--direction", "in", LL_VECTORS "ouch50/in_U.bin");
    check_refused(&other, "too_short");
    struct result pipe = RUN("--protocol", "ouch42", "--direction", "in", "/dev/null");
    check_refused(&pipe, "");
    done(&unsaid);
    done(&in);
    done(&out);
    done(&other);
    done(&pipe);
}
END_TEST

START_TEST(more_bare_packets_than_are_read_are_refused)
{
    char path[] = "/tmp/ll_test_cmd_decode.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    static const uint8_t heartbeat[3] = {0, 1, 'H'};
    for (uint32_t i = 0; i < 22000; i++)
        ck_assert_int_eq(write(fd, heartbeat, sizeof heartbeat), sizeof heartbeat);
    (void)close(fd);
    struct result result = RUN("--protocol", "soupbintcp", path);
    check_refused(&result, "too_long");
    (void)unlink(path);
    done(&result);
}
END_TEST

START_TEST(files_that_cannot_be_read_say_why)
{
    struct result missing = RUN("/tmp/ll_test_cmd_decode.no/such", LL_VECTORS "itch50/S.bin");
    ck_assert_int_eq(missing.exit_code, LL_EXIT_IO);
    ck_assert_uint_eq(count_lines(missing.out), 1); /* the other file is decoded */
    ck_assert_msg(strstr(missing.err, "no such file; check the path") != NULL, "%s", missing.err);
    struct result folder = RUN("tests");
    check_refused(&folder, "is a directory");
    struct result empty = RUN("/dev/null");
    check_refused(&empty, "holds no bytes");
    struct result text = RUN(LL_VECTORS "layouts.json");
    check_refused(&text, "--protocol");
    done(&missing);
    done(&folder);
    done(&empty);
    done(&text);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct result result = run_to((const char *const[]){LL_VECTORS "itch50/S.bin", NULL}, "/dev/full");
    ck_assert_int_eq(result.exit_code, LL_EXIT_IO);
    ck_assert_msg(strstr(result.err, "could not be written") != NULL, "%s", result.err);
    done(&result);
}
END_TEST

START_TEST(exit_codes_follow_the_errors)
{
    ck_assert_int_eq(ll_exit_code(LL_OK), LL_EXIT_OK);
#define CHECK_NOT_OK(name, value, text) \
    if ((value) != 0)                   \
        ck_assert_msg(ll_exit_code(value) != LL_EXIT_OK, "%s", text);
    LL_ERRORS(CHECK_NOT_OK)
    ck_assert_int_eq(ll_exit_code(LL_ERR_USAGE), LL_EXIT_USAGE);
    ck_assert_int_eq(ll_exit_code(LL_ERR_MALFORMED), LL_EXIT_REFUSED);
    ck_assert_int_eq(ll_exit_code(LL_ERR_NO_SPACE), LL_EXIT_IO);
    ck_assert_int_eq(ll_exit_code(LL_ERR_CORRUPT), LL_EXIT_CORRUPT);
    ck_assert_int_eq(ll_exit_code(LL_ERR_BUSY), LL_EXIT_ENVIRONMENT);
    ck_assert_int_eq(ll_exit_code(-1000), LL_EXIT_ENVIRONMENT);
}
END_TEST

static Suite *cmd_decode_suite(void)
{
    Suite *suite = suite_create("cmd_decode");
    TCase *vectors = tcase_create("vectors");
    tcase_set_timeout(vectors, 60);
    tcase_add_test(vectors, every_message_vector_prints_its_fields);
    tcase_add_loop_test(vectors, packet_vectors_print_their_blocks, 0, (int)PACKET_CASE_COUNT);
    tcase_add_loop_test(vectors, negative_vectors_are_refused, 0, 5);
    tcase_add_test(vectors, a_capture_names_packet_session_and_sequence);
    tcase_add_test(vectors, a_request_is_told_by_its_port);
    tcase_add_test(vectors, every_capture_is_walked);
    suite_add_tcase(suite, vectors);
    TCase *made = tcase_create("made");
    tcase_set_timeout(made, 30);
    tcase_add_loop_test(made, a_binary_file_is_told_by_name_or_content, 0, 4);
    tcase_add_test(made, a_bad_message_does_not_stop_the_rest);
    tcase_add_test(made, many_reasons_are_counted_not_repeated);
    tcase_add_test(made, a_cut_binary_file_prints_what_came_before);
    tcase_add_test(made, a_bad_message_in_a_packet_is_named_by_sequence);
    tcase_add_test(made, too_large_for_a_packet_is_refused);
    suite_add_tcase(suite, made);
    TCase *line = tcase_create("command_line");
    tcase_add_test(line, help_teaches);
    tcase_add_test(line, usage_errors_exit_2);
    tcase_add_test(line, a_bare_order_message_needs_its_direction);
    tcase_add_test(line, more_bare_packets_than_are_read_are_refused);
    tcase_add_test(line, files_that_cannot_be_read_say_why);
    tcase_add_test(line, a_full_disk_is_an_error);
    tcase_add_test(line, exit_codes_follow_the_errors);
    suite_add_tcase(suite, line);
    return suite;
}

int main(void)
{
    return ll_test_run(cmd_decode_suite());
}
