/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever the order, the cuts and the repeats of segments, the bytes come out once and in order; a gap is
 * told by its size, can be stepped over, and what cannot be held is refused whole.
 * Method: the known edges one by one, also where sequence numbers wrap; then a stream cut, shuffled within a
 * window, repeated and overlapped at random, compared with itself byte by byte.
 */
#include "tests/unit/ll_test_fields.h"

#include "host/app/ll_tcp_stream.h"

static struct ll_tcp_stream stream; /* too large for a stack that a sanitizer watches */

static void add(uint32_t sequence, const char *text)
{
    uint8_t *bytes = ll_test_copy(text, strlen(text));
    ck_assert_int_eq(ll_tcp_stream_add(&stream, sequence, bytes, (uint32_t)strlen(text)), LL_OK);
    free(bytes);
}

static void check_ready(const char *text)
{
    uint32_t ready_bytes = 0;
    const uint8_t *ready = ll_tcp_stream_ready(&stream, &ready_bytes);
    ck_assert_uint_eq(ready_bytes, strlen(text));
    ck_assert_mem_eq(ready, text, ready_bytes);
}

/* The first sequence numbers of the edge tests: usual, and about to wrap inside the text. */
static const uint32_t starts[] = {1000, UINT32_MAX - 2, INT32_MAX - 2};
#define START_COUNT (sizeof starts / sizeof starts[0])

START_TEST(early_segments_wait)
{
    uint32_t start = starts[_i];
    ll_tcp_stream_start(&stream, start);
    add(start + 6, "gh");
    add(start + 3, "de");
    check_ready("");
    ck_assert_uint_eq(ll_tcp_stream_missing_bytes(&stream), 3);
    add(start, "abc");
    check_ready("abcde");
    ck_assert_uint_eq(ll_tcp_stream_missing_bytes(&stream), 1);
    ck_assert_uint_eq(ll_tcp_stream_next_sequence(&stream), start + 5);
    add(start + 5, "f");
    check_ready("abcdefgh");
    ck_assert_uint_eq(ll_tcp_stream_missing_bytes(&stream), 0);
}
END_TEST

START_TEST(what_comes_again_is_passed_over)
{
    uint32_t start = starts[_i];
    ll_tcp_stream_start(&stream, start);
    add(start, "abcd");
    add(start, "abcd");
    add(start + 2, "cdef"); /* half of it again */
    check_ready("abcdef");
    ll_tcp_stream_drop(&stream, 5);
    add(start, "abcd");
    add(start + 3, "defgh");
    add(start - 1, "");
    check_ready("fgh");
}
END_TEST

START_TEST(runs_that_touch_are_joined)
{
    uint32_t start = starts[_i];
    ll_tcp_stream_start(&stream, start);
    add(start + 2, "c");
    add(start + 6, "g");
    add(start + 4, "e");
    add(start + 2, "cdefgh"); /* over all three */
    ck_assert_uint_eq(stream.held_count, 1);
    add(start, "ab");
    check_ready("abcdefgh");
}
END_TEST

START_TEST(a_gap_can_be_dropped)
{
    uint32_t start = starts[_i];
    ll_tcp_stream_start(&stream, start);
    add(start, "ab");
    add(start + 5, "fgh");
    add(start + 10, "k");
    ll_tcp_stream_drop(&stream, 6); /* c, d and e never came, and f belongs to them */
    check_ready("gh");
    ck_assert_uint_eq(ll_tcp_stream_missing_bytes(&stream), 2);
    ll_tcp_stream_drop(&stream, 7); /* beyond all there is */
    check_ready("");
    ck_assert_uint_eq(ll_tcp_stream_missing_bytes(&stream), 0);
    add(start + 10, "klmnop");
    check_ready("nop");
}
END_TEST

START_TEST(what_cannot_be_held_is_refused)
{
    static const uint8_t bytes[2] = "xy";
    ll_tcp_stream_start(&stream, 0);
    for (uint32_t i = 0; i < LL_TCP_STREAM_HELD_MAX; i++)
        ck_assert_int_eq(ll_tcp_stream_add(&stream, 2 + 2 * i, bytes, 1), LL_OK);
    ck_assert_int_eq(ll_tcp_stream_add(&stream, 1000, bytes, 1), LL_ERR_FULL);
    ck_assert_int_eq(ll_tcp_stream_add(&stream, 3, bytes, 1), LL_OK); /* joins two */
    ck_assert_int_eq(ll_tcp_stream_add(&stream, 1000, bytes, 1), LL_OK);
    ck_assert_int_eq(ll_tcp_stream_add(&stream, LL_TCP_STREAM_BYTES - 1, bytes, 2), LL_ERR_FULL);
    ck_assert_int_eq(ll_tcp_stream_add(&stream, LL_TCP_STREAM_BYTES + 1, bytes, 1), LL_ERR_FULL);
    ck_assert_int_eq(ll_tcp_stream_add(&stream, INT32_MAX, bytes, 1), LL_ERR_FULL);
    ll_tcp_stream_start(&stream, 0);
    ck_assert_int_eq(ll_tcp_stream_add(&stream, LL_TCP_STREAM_BYTES - 1, bytes, 1), LL_OK);
    ck_assert_uint_eq(ll_tcp_stream_missing_bytes(&stream), LL_TCP_STREAM_BYTES - 1);
}
END_TEST

#define SENT_BYTES 60000u
#define WINDOW     4000u

/* Segments of any place within a window behind what came already, until all of it is out. */
START_TEST(random_segments_come_out_in_order)
{
    static uint8_t sent[SENT_BYTES];
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("random_segments_come_out_in_order"));
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t start = (uint32_t)ll_prng_next(&prng);
        uint32_t out_bytes = 0;
        ll_test_fill(&prng, sent, sizeof sent);
        ll_tcp_stream_start(&stream, start);
        while (out_bytes < SENT_BYTES) {
            uint32_t from = out_bytes + ll_prng_below(&prng, WINDOW);
            uint32_t bytes_count = 1 + ll_prng_below(&prng, 200);
            from = from > 300 ? from - 300 : 0; /* some of it again */
            if (from >= SENT_BYTES)
                continue;
            if (bytes_count > SENT_BYTES - from)
                bytes_count = SENT_BYTES - from;
            int err = ll_tcp_stream_add(&stream, start + from, sent + from, bytes_count);
            ck_assert(err == LL_OK || err == LL_ERR_FULL);
            uint32_t ready_bytes = 0;
            const uint8_t *ready = ll_tcp_stream_ready(&stream, &ready_bytes);
            ck_assert_uint_le(ready_bytes, SENT_BYTES - out_bytes);
            ck_assert_int_eq(memcmp(ready, sent + out_bytes, ready_bytes), 0);
            uint32_t taken_bytes = ll_prng_below(&prng, ready_bytes + 1);
            ll_tcp_stream_drop(&stream, taken_bytes);
            out_bytes += taken_bytes;
        }
    }
}
END_TEST

static Suite *tcp_stream_suite(void)
{
    Suite *suite = suite_create("tcp_stream");
    TCase *edges = tcase_create("edges");
    tcase_add_loop_test(edges, early_segments_wait, 0, START_COUNT);
    tcase_add_loop_test(edges, what_comes_again_is_passed_over, 0, START_COUNT);
    tcase_add_loop_test(edges, runs_that_touch_are_joined, 0, START_COUNT);
    tcase_add_loop_test(edges, a_gap_can_be_dropped, 0, START_COUNT);
    tcase_add_test(edges, what_cannot_be_held_is_refused);
    suite_add_tcase(suite, edges);
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 60);
    tcase_add_test(random, random_segments_come_out_in_order);
    suite_add_tcase(suite, random);
    return suite;
}

int main(void)
{
    return ll_test_run(tcp_stream_suite());
}
