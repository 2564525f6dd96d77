/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: real exchange data decodes completely, with exactly the counts its description states.
 * Method: both BinaryFILEs and all captures of MoldUDP64 and OUCH 5.0 below $LL_SHARED/data (default ../shared)
 * are read message by message, encoded back and counted by type. The data is not part of this tree; without it
 * the program says so and exits 77.
 */
#include "tests/unit/ll_test_vectors.h"

#include "host/app/ll_tcp_capture.h"
#include "host/app/ll_udp_capture.h"
#include "host/provider/ll_binary_file.h"
#include "host/wire/ll_itch50.h"
#include "host/wire/ll_moldudp64.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_soupbintcp.h"

#include <dirent.h>
#include <sys/stat.h>

#define PATH_BYTES 1024u

struct counts {
    uint64_t total;
    uint64_t by_type[256];
};

/* Also called outside a test case, where nothing may be asserted: a path too long is cut and does not exist.
 */
static void data_path(char path[PATH_BYTES], const char *name)
{
    const char *shared = getenv("LL_SHARED");
    (void)snprintf(path, PATH_BYTES, "%s/data/%s", shared != NULL ? shared : "../shared", name);
}

/* Decodes, and encodes back to the same bytes. */
static void count_message(struct counts *counts, const uint8_t *message, uint32_t message_bytes)
{
    union ll_itch50_message decoded;
    uint8_t encoded[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint32_t encoded_bytes = 0;
    ck_assert_int_eq(ll_itch50_decode(message, message_bytes, &decoded), LL_OK);
    ck_assert_int_eq(ll_itch50_encode(&decoded, encoded, sizeof encoded, &encoded_bytes), LL_OK);
    ck_assert_uint_eq(encoded_bytes, message_bytes);
    ck_assert_int_eq(memcmp(encoded, message, message_bytes), 0);
    counts->total++;
    counts->by_type[message[0]]++;
}

static void count_binary_file(const char *name, struct counts *counts)
{
    struct ll_binary_file file;
    struct ll_why why = {0};
    char path[PATH_BYTES];
    const uint8_t *message = NULL;
    uint32_t message_bytes = 0;
    int err;
    data_path(path, name);
    memset(counts, 0, sizeof *counts);
    ck_assert_msg(ll_binary_file_open(&file, path, &why) == LL_OK, "%s", why.text);
    while ((err = ll_binary_file_next(&file, &message, &message_bytes, &why)) == LL_OK)
        count_message(counts, message, message_bytes);
    ck_assert_msg(err == LL_ERR_SHORT, "%s", why.text);
    ck_assert_uint_eq(ll_binary_file_position_bytes(&file), ll_binary_file_size_bytes(&file));
    ll_binary_file_close(&file);
}

struct type_count {
    char type;
    uint64_t count;
};

static void check_counts(const struct counts *counts, const struct type_count *expected,
                         size_t expected_count)
{
    uint64_t total = 0;
    for (size_t i = 0; i < expected_count; i++) {
        ck_assert_msg(counts->by_type[(uint8_t)expected[i].type] == expected[i].count, "'%c': %llu",
                      expected[i].type, (unsigned long long)counts->by_type[(uint8_t)expected[i].type]);
        total += expected[i].count;
    }
    ck_assert_uint_eq(counts->total, total);
}

START_TEST(one_hour_of_one_stock)
{
    static const struct type_count expected[] = {{'A', 40408}, {'D', 37076}, {'E', 4067},
                                                 {'U', 3928},  {'P', 2201},  {'X', 469},
                                                 {'S', 2},     {'R', 1},     {'H', 1}};
    struct counts counts;
    count_binary_file("itch50/AAPL-20120621-0930-1030.ITCH50", &counts);
    ck_assert_uint_eq(counts.total, 88153);
    check_counts(&counts, expected, sizeof expected / sizeof expected[0]);
}
END_TEST

START_TEST(start_of_a_day)
{
    static const struct type_count expected[] = {{'R', 993}, {'H', 3}, {'Y', 3}, {'S', 1}};
    struct counts counts;
    count_binary_file("itch50/stock-directory-start-of-day.ITCH50", &counts);
    ck_assert_uint_eq(counts.total, 1000);
    check_counts(&counts, expected, sizeof expected / sizeof expected[0]);
}
END_TEST

/* Counts the messages of a capture; the largest number of messages in one packet is the result. */
static uint32_t count_capture(const char *path, struct counts *counts)
{
    struct ll_udp_capture capture;
    struct ll_udp_datagram datagram;
    struct ll_why why = {0};
    uint32_t largest_count = 0;
    int err;
    ck_assert_msg(ll_udp_capture_open(&capture, path, &why) == LL_OK, "%s", why.text);
    while ((err = ll_udp_capture_next(&capture, &datagram, &why)) == LL_OK) {
        struct ll_moldudp64_packet packet;
        const uint8_t *message;
        uint32_t message_bytes = 0;
        ck_assert_int_eq(ll_moldudp64_parse(datagram.payload, datagram.payload_bytes, &packet), LL_OK);
        ck_assert_mem_eq(packet.session, "000010059B", LL_MOLDUDP64_SESSION_BYTES);
        ck_assert_int_eq(packet.kind, LL_MOLDUDP64_DATA);
        if (packet.message_count > largest_count)
            largest_count = packet.message_count;
        struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(&packet);
        while ((message = ll_moldudp64_next(&cursor, &message_bytes)) != NULL)
            count_message(counts, message, message_bytes);
    }
    ck_assert_msg(err == LL_ERR_SHORT, "%s", why.text);
    ck_assert_uint_eq(ll_udp_capture_passed_over_count(&capture), 0);
    ll_udp_capture_close(&capture);
    return largest_count;
}

START_TEST(every_real_packet_decodes)
{
    char folder[PATH_BYTES];
    struct counts counts = {0, {0}};
    uint32_t file_count = 0;
    uint32_t largest_count = 0;
    data_path(folder, "moldudp64");
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[PATH_BYTES + 300];
        size_t name_bytes = strlen(entry->d_name);
        if (name_bytes < 5 || strcmp(entry->d_name + name_bytes - 5, ".pcap") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        uint64_t before = counts.total;
        uint32_t largest_here = count_capture(path, &counts);
        ck_assert_msg(counts.total > before, "%s holds no message", path);
        largest_count = largest_here > largest_count ? largest_here : largest_count;
        file_count++;
    }
    (void)closedir(entries);
    ck_assert_uint_ge(file_count, 1);
    ck_assert_uint_eq(largest_count, 38); /* "one packet with 38 messages" */
    printf("every_real_packet_decodes: %u captures, %llu messages\n", file_count,
           (unsigned long long)counts.total);
}
END_TEST

/* The one packet of an OUCH capture, and the message in it; false = a heartbeat. */
static bool read_order_packet(const char *name, enum ll_ouch_direction direction, char type,
                              struct ll_ouch50_message *message)
{
    struct ll_tcp_capture capture;
    struct ll_tcp_segment segment;
    struct ll_soup_packet packet;
    struct ll_why why = {0};
    char path[PATH_BYTES];
    data_path(path, name);
    ck_assert_msg(ll_tcp_capture_open(&capture, path, &why) == LL_OK, "%s", why.text);
    ck_assert_msg(ll_tcp_capture_next(&capture, &segment, &why) == LL_OK, "%s", why.text);
    ck_assert_int_eq(ll_soup_packet_next(segment.payload, segment.payload_bytes, &packet), LL_OK);
    ck_assert_uint_eq(packet.packet_bytes, segment.payload_bytes);
    ck_assert_int_eq(packet.type, type);
    if (packet.payload_bytes > 0) {
        uint8_t encoded[LL_OUCH50_MESSAGE_BYTES_MAX];
        uint32_t encoded_bytes = 0;
        ck_assert_int_eq(ll_ouch50_decode(direction, packet.payload, packet.payload_bytes, message), LL_OK);
        ck_assert_int_eq(ll_ouch50_encode(direction, message, encoded, sizeof encoded, &encoded_bytes),
                         LL_OK);
        ck_assert_uint_eq(encoded_bytes, packet.payload_bytes);
        ck_assert_mem_eq(encoded, packet.payload, encoded_bytes);
        /* Built again from the options it is the same too: real elements come in the order of their tags. */
        message->options.raw = NULL;
        ck_assert_int_eq(ll_ouch50_encode(direction, message, encoded, sizeof encoded, &encoded_bytes),
                         LL_OK);
        ck_assert_uint_eq(encoded_bytes, packet.payload_bytes);
        ck_assert_mem_eq(encoded, packet.payload, encoded_bytes);
    }
    bool has_message = packet.payload_bytes > 0;
    ck_assert_int_eq(ll_tcp_capture_next(&capture, &segment, &why), LL_ERR_SHORT);
    ll_tcp_capture_close(&capture);
    return has_message;
}

START_TEST(every_real_order_message_decodes)
{
    struct ll_ouch50_message message;
    char folder[PATH_BYTES];
    struct stat status;
    data_path(folder, "ouch50");
    if (stat(folder, &status) != 0) {
        printf("every_real_order_message_decodes: skipped: %s is absent\n", folder);
        return;
    }
    ck_assert(read_order_packet("ouch50/EnterOrderMessage.pcap", LL_OUCH_IN, 'U', &message));
    ck_assert_int_eq(message.message_type, LL_OUCH50_TYPE_ENTER);
    ck_assert_mem_eq(message.options.firm, "LIME", LL_OUCH50_FIRM_BYTES);
    ck_assert(read_order_packet("ouch50/CancelOrderMessage.pcap", LL_OUCH_IN, 'U', &message));
    ck_assert_int_eq(message.message_type, LL_OUCH50_TYPE_CANCEL);
    ck_assert_uint_eq(message.options.present, 0);
    ck_assert(read_order_packet("ouch50/OrderAcceptedMessage.pcap", LL_OUCH_OUT, 'S', &message));
    ck_assert_int_eq(message.message_type, LL_OUCH50_TYPE_ACCEPTED);
    ck_assert_int_eq(message.accepted.order_state, LL_OUCH_STATE_LIVE);
    ck_assert_int_eq(message.options.bbo_weight_indicator, '0');
    ck_assert(read_order_packet("ouch50/CanceledMessage.pcap", LL_OUCH_OUT, 'S', &message));
    ck_assert_int_eq(message.canceled.reason, LL_OUCH_CANCEL_USER);
    ck_assert(!read_order_packet("ouch50/ClientHeartbeatPacket.pcap", LL_OUCH_IN, 'R', &message));
    ck_assert(!read_order_packet("ouch50/ServerHeartbeatPacket.pcap", LL_OUCH_OUT, 'H', &message));
}
END_TEST

static Suite *real_captures_suite(void)
{
    Suite *suite = suite_create("real_captures");
    TCase *data = tcase_create("data");
    tcase_set_timeout(data, 60);
    tcase_add_test(data, one_hour_of_one_stock);
    tcase_add_test(data, start_of_a_day);
    tcase_add_test(data, every_real_packet_decodes);
    tcase_add_test(data, every_real_order_message_decodes);
    suite_add_tcase(suite, data);
    return suite;
}

int main(void)
{
    char path[PATH_BYTES];
    struct stat status;
    data_path(path, "itch50");
    if (stat(path, &status) != 0) {
        printf("test_real_captures: skipped: %s is absent; set LL_SHARED to the directory that holds data/\n",
               path);
        return LL_TEST_SKIPPED;
    }
    return ll_test_run(real_captures_suite());
}
