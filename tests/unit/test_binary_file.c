/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a BinaryFILE gives back exactly its messages, from a plain file, gzip or a pipe, and a file that is
 * cut, damaged or something else is refused with a reason that helps. Method: each file is read in all three
 * ways and compared with a reader that only walks the bytes; every cut of a small file; random files larger
 * than the read buffer; each way to fail at open.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/base/ll_bytes.h"
#include "host/base/ll_prng.h"
#include "host/provider/ll_binary_file.h"
#include "host/provider/ll_input_file.h"
#include "host/wire/ll_itch50.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define PATH_BYTES 128u

static void make_folder(char folder[PATH_BYTES])
{
    (void)snprintf(folder, PATH_BYTES, "/tmp/ll_test_binary_file.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void write_plain(const char *path, const uint8_t *bytes, size_t bytes_count)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, bytes_count, file), bytes_count);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_gzip(const char *path, const uint8_t *bytes, size_t bytes_count)
{
    gzFile file = gzopen(path, "wb1");
    ck_assert_ptr_nonnull(file);
    if (bytes_count > 0)
        ck_assert_int_eq(gzwrite(file, bytes, (unsigned)bytes_count), (int)bytes_count);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

/* --- the model: a walk over bytes in memory ------------------------------------------------------------- */

struct walk {
    uint64_t message_count;
    uint64_t bytes_sum;
    uint64_t content_sum; /* depends on order and content */
    int end;              /* LL_ERR_SHORT or LL_ERR_INPUT */
};

static void walk_add(struct walk *walk, const uint8_t *message, uint32_t message_bytes)
{
    walk->message_count++;
    walk->bytes_sum += message_bytes;
    for (uint32_t i = 0; i < message_bytes; i++)
        walk->content_sum = walk->content_sum * 31 + message[i] + 1;
}

static struct walk walk_memory(const uint8_t *bytes, size_t bytes_count)
{
    struct walk walk = {0, 0, 0, LL_ERR_INPUT};
    size_t at = 0;
    while (bytes_count - at >= 2) {
        size_t length = ll_load_be16(bytes + at);
        if (length == 0 && bytes_count - at == 2) {
            at += 2;
            break;
        }
        if (length == 0)
            length = ll_itch50_bytes_of_type(bytes[at + 2]);
        if (length == 0 || length > bytes_count - at - 2)
            return walk;
        walk_add(&walk, bytes + at + 2, (uint32_t)length);
        at += 2 + length;
    }
    if (at == bytes_count)
        walk.end = LL_ERR_SHORT;
    return walk;
}

static struct walk walk_file(const char *path)
{
    struct ll_binary_file file;
    struct walk walk = {0, 0, 0, LL_OK};
    struct ll_why why = {0};
    const uint8_t *message = NULL;
    uint32_t message_bytes = 0;
    uint64_t position_bytes = 0;
    walk.end = ll_binary_file_open(&file, path, &why);
    if (walk.end != LL_OK)
        return walk;
    while ((walk.end = ll_binary_file_next(&file, &message, &message_bytes, &why)) == LL_OK) {
        walk_add(&walk, message, message_bytes);
        ck_assert_uint_eq(ll_binary_file_offset_bytes(&file), walk.bytes_sum + 2 * walk.message_count);
        ck_assert_uint_ge(ll_binary_file_position_bytes(&file), position_bytes);
        position_bytes = ll_binary_file_position_bytes(&file);
        if (ll_binary_file_size_bytes(&file) > 0)
            ck_assert_uint_le(position_bytes, ll_binary_file_size_bytes(&file));
    }
    ck_assert_int_eq(why.code, walk.end == LL_ERR_SHORT ? LL_OK : walk.end);
    /* What it said once, it says again. */
    ck_assert_int_eq(ll_binary_file_next(&file, &message, &message_bytes, NULL), walk.end);
    ll_binary_file_close(&file);
    return walk;
}

static void check_walk(const struct walk *got, const struct walk *expected)
{
    ck_assert_int_eq(got->end, expected->end);
    ck_assert_uint_eq(got->message_count, expected->message_count);
    ck_assert_uint_eq(got->bytes_sum, expected->bytes_sum);
    ck_assert_uint_eq(got->content_sum, expected->content_sum);
}

/* Writes the bytes to a named pipe from a child, as another program would. */
static struct walk walk_pipe(const char *path, const uint8_t *bytes, size_t bytes_count)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int fd = open(path, O_WRONLY);
        size_t at = 0;
        while (fd >= 0 && at < bytes_count) {
            ssize_t put = write(fd, bytes + at, bytes_count - at);
            if (put <= 0)
                break;
            at += (size_t)put;
        }
        _exit(0);
    }
    struct walk walk = walk_file(path);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(unlink(path), 0);
    return walk;
}

/* The same content read as a plain file, gzip and a pipe. */
static void check_three_ways(const char *folder, const uint8_t *bytes, size_t bytes_count)
{
    char path[PATH_BYTES + 16];
    struct walk expected = walk_memory(bytes, bytes_count);
    (void)snprintf(path, sizeof path, "%s/plain", folder);
    write_plain(path, bytes, bytes_count);
    struct walk got = walk_file(path);
    check_walk(&got, &expected);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/gzip", folder);
    write_gzip(path, bytes, bytes_count);
    got = walk_file(path);
    check_walk(&got, &expected);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    got = walk_pipe(path, bytes, bytes_count);
    check_walk(&got, &expected);
}

/* --- content ------------------------------------------------------------------------------------------- */

static size_t put_message(uint8_t *bytes, size_t at, uint16_t length, uint8_t type, uint32_t message_bytes)
{
    ll_store_be16(bytes + at, length);
    memset(bytes + at + 2, (int)(at & 0x7f), message_bytes);
    bytes[at + 2] = type;
    return at + 2 + message_bytes;
}

START_TEST(every_cut_is_told_from_a_clean_end)
{
    char folder[PATH_BYTES];
    uint8_t bytes[256];
    size_t at = put_message(bytes, 0, 12, 'S', 12);
    at = put_message(bytes, at, 0, 'D', 19); /* length by type */
    at = put_message(bytes, at, 7, 'z', 7);  /* a type of the future: handed out, judged elsewhere */
    at = put_message(bytes, at, 36, 'A', 36);
    ll_store_be16(bytes + at, 0);
    at += 2;
    make_folder(folder);
    for (size_t cut = 1; cut <= at; cut++)
        check_three_ways(folder, bytes, cut);
    struct walk whole = walk_memory(bytes, at);
    ck_assert_int_eq(whole.end, LL_ERR_SHORT);
    ck_assert_uint_eq(whole.message_count, 4);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_zero_length_needs_a_known_type)
{
    char folder[PATH_BYTES];
    char path[PATH_BYTES + 16];
    uint8_t bytes[64] = {0};
    size_t at = put_message(bytes, 0, 12, 'S', 12);
    at = put_message(bytes, at, 0, 'z', 12);
    make_folder(folder);
    check_three_ways(folder, bytes, at);
    (void)snprintf(path, sizeof path, "%s/zero", folder);
    write_plain(path, bytes, at);
    struct ll_binary_file file;
    struct ll_why why = {0};
    const uint8_t *message = NULL;
    uint32_t message_bytes = 0;
    ck_assert_int_eq(ll_binary_file_open(&file, path, &why), LL_OK);
    ck_assert_int_eq(ll_binary_file_next(&file, &message, &message_bytes, &why), LL_OK);
    ck_assert_int_eq(ll_binary_file_next(&file, &message, &message_bytes, &why), LL_ERR_INPUT);
    ck_assert_msg(strstr(why.text, "byte 14") != NULL, "%s", why.text);
    ck_assert_msg(strstr(why.text, "0x7a") != NULL, "%s", why.text);
    ll_binary_file_close(&file);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

#define RANDOM_BYTES_MAX (700u * 1024u)

/* Larger than the buffer of the streaming reader, with messages up to the longest a prefix can say, so that
 * they lie across every refill. */
START_TEST(random_files_read_the_same_in_all_ways)
{
    char folder[PATH_BYTES];
    struct ll_prng prng;
    uint8_t *bytes = malloc(RANDOM_BYTES_MAX + UINT16_MAX + 2u);
    ck_assert_ptr_nonnull(bytes);
    ll_prng_init(&prng, ll_test_seed("random_files_read_the_same_in_all_ways"));
    make_folder(folder);
    for (uint32_t step = 0; step < 8; step++) {
        size_t at = 0;
        bool is_long = ll_prng_chance(&prng, 500);
        while (at < RANDOM_BYTES_MAX) {
            uint8_t type = ll_itch50_type_at(ll_prng_below(&prng, LL_ITCH50_TYPE_COUNT));
            uint32_t type_bytes = ll_itch50_bytes_of_type(type);
            if (is_long && ll_prng_chance(&prng, 20)) {
                uint32_t length = 1 + ll_prng_below(&prng, UINT16_MAX);
                at = put_message(bytes, at, (uint16_t)length, type, length);
            } else {
                bool by_type = ll_prng_chance(&prng, 100);
                at = put_message(bytes, at, by_type ? 0 : (uint16_t)type_bytes, type, type_bytes);
            }
        }
        if (ll_prng_chance(&prng, 500))
            at -= 1 + ll_prng_below(&prng, 1000);
        check_three_ways(folder, bytes, at);
    }
    free(bytes);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(damaged_gzip_is_refused)
{
    char folder[PATH_BYTES];
    char path[PATH_BYTES + 16];
    struct ll_prng prng;
    uint8_t *bytes = malloc(RANDOM_BYTES_MAX);
    ck_assert_ptr_nonnull(bytes);
    ll_prng_init(&prng, ll_test_seed("damaged_gzip_is_refused"));
    size_t at = 0;
    while (at < 400000) {
        at = put_message(bytes, at, 36, 'A', 36);
        ll_store_be64(bytes + at - 8, ll_prng_next(&prng));
    }
    make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/gzip", folder);
    write_gzip(path, bytes, at);
    struct ll_test_file packed = ll_test_read("", path);
    /* Cut: what came before is handed out, then the cut is named. */
    write_plain(path, packed.bytes, packed.bytes_count - packed.bytes_count / 3);
    struct walk got = walk_file(path);
    ck_assert_int_eq(got.end, LL_ERR_INPUT);
    ck_assert_uint_gt(got.message_count, 1000);
    ck_assert_uint_lt(got.message_count, at / 38);
    /* Only the check sum at its end is missing: still not whole. */
    write_plain(path, packed.bytes, packed.bytes_count - 4);
    got = walk_file(path);
    ck_assert_int_eq(got.end, LL_ERR_INPUT);
    ck_assert_uint_eq(got.message_count, at / 38);
    /* A changed byte in the middle. */
    packed.bytes[packed.bytes_count / 2] ^= 0x10;
    write_plain(path, packed.bytes, packed.bytes_count);
    ck_assert_int_eq(walk_file(path).end, LL_ERR_INPUT);
    free(packed.bytes);
    free(bytes);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* --- what is refused at open ---------------------------------------------------------------------------- */

struct refused_file {
    const char *content;
    uint32_t content_bytes;
    bool packed;
    const char *reason; /* part of the text */
};

static const struct refused_file refused_files[] = {
    {"", 0, false, "is empty"},
    {"", 0, true, "holds no bytes"},
    {"\xa1\xb2\xc3\xd4 a capture", 14, false, "is a pcap capture"},
    {"\xd4\xc3\xb2\xa1 a capture", 14, false, "is a pcap capture"},
    {"\xa1\xb2\x3c\x4d a capture", 14, false, "is a pcap capture"},
    {"\x4d\x3c\xb2\xa1 a capture", 14, false, "is a pcap capture"},
    {"\x4d\x3c\xb2\xa1 a capture", 14, true, "is a compressed pcap capture"},
    {"\x0a\x0d\x0d\x0a a capture", 14, false, "is a pcapng capture"},
    {"\x1f\x8b gzip in gzip", 15, true, "not a BinaryFILE"},
    {"time,price\n", 11, false, "begins with a message of type 'm', not a BinaryFILE"},
    {"\0\0\0\0\0\0\0\0", 8, false, "begins with type 0x00, not a BinaryFILE"},
    {"000010059B", 10, false, "not a BinaryFILE"}};
#define REFUSED_FILE_COUNT (sizeof refused_files / sizeof refused_files[0])

static int lowest_free_fd(void)
{
    int fd = open("/dev/null", O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
    return fd;
}

static void check_refused(const char *path, int err, const char *reason)
{
    struct ll_binary_file file;
    struct ll_why why = {0};
    int fd_before = lowest_free_fd();
    ck_assert_int_eq(ll_binary_file_open(&file, path, &why), err);
    ck_assert_int_eq(why.code, err);
    ck_assert_msg(strstr(why.text, reason) != NULL, "'%s' is not in '%s'", reason, why.text);
    ck_assert_msg(strchr(why.text, ';') != NULL, "no remedy in '%s'", why.text);
    ck_assert_int_eq(lowest_free_fd(), fd_before); /* nothing stays open */
}

START_TEST(what_is_no_binary_file_is_refused)
{
    const struct refused_file *refused = &refused_files[_i];
    char folder[PATH_BYTES];
    char path[PATH_BYTES + 16];
    make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/file.ITCH50", folder);
    if (refused->packed)
        write_gzip(path, (const uint8_t *)refused->content, refused->content_bytes);
    else
        write_plain(path, (const uint8_t *)refused->content, refused->content_bytes);
    check_refused(path, LL_ERR_INPUT, refused->reason);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(paths_that_cannot_be_read_are_refused)
{
    char long_path[600];
    check_refused("/tmp/ll_test_binary_file.no/such/file", LL_ERR_IO, "no such file");
    check_refused("/tmp", LL_ERR_INPUT, "is a directory");
    /* Even with a very long path the remedy is still there. */
    memset(long_path, 'x', sizeof long_path);
    memcpy(long_path, "/tmp/", 5);
    for (size_t i = 100; i < sizeof long_path; i += 100)
        long_path[i] = '/';
    long_path[sizeof long_path - 1] = '\0';
    check_refused(long_path, LL_ERR_IO, "no such file; check the path");
}
END_TEST

START_TEST(an_unreadable_file_is_refused)
{
    char folder[PATH_BYTES];
    char path[PATH_BYTES + 16];
    make_folder(folder);
    (void)snprintf(path, sizeof path, "%s/secret", folder);
    write_plain(path, (const uint8_t *)"\0\x0cS", 3);
    ck_assert_int_eq(chmod(path, 0), 0);
    if (access(path, R_OK) == 0) /* root reads everything */
        printf(
            "an_unreadable_file_is_refused: this user may read it all the same, only reading is checked\n");
    else
        check_refused(path, LL_ERR_IO, "permission denied");
    struct walk walk = walk_file(path);
    ck_assert(walk.end == LL_ERR_INPUT || walk.end == LL_ERR_IO);
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

static Suite *binary_file_suite(void)
{
    Suite *suite = suite_create("binary_file");
    TCase *content = tcase_create("content");
    tcase_set_timeout(content, 60);
    tcase_add_test(content, every_cut_is_told_from_a_clean_end);
    tcase_add_test(content, a_zero_length_needs_a_known_type);
    tcase_add_test(content, random_files_read_the_same_in_all_ways);
    tcase_add_test(content, damaged_gzip_is_refused);
    suite_add_tcase(suite, content);
    TCase *refused = tcase_create("refused");
    tcase_add_loop_test(refused, what_is_no_binary_file_is_refused, 0, (int)REFUSED_FILE_COUNT);
    tcase_add_test(refused, paths_that_cannot_be_read_are_refused);
    tcase_add_test(refused, an_unreadable_file_is_refused);
    suite_add_tcase(suite, refused);
    return suite;
}

int main(void)
{
    return ll_test_run(binary_file_suite());
}
