/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the simulated exchange arrives at a port message by message as it was generated, in time order, and a day
 * taken up in the middle goes on with exactly the messages that are missing. Method: what comes out of the port is
 * taken apart and compared with a second generator of the same config, from the start and from random places. EAL
 * starts once, so the cases share the process.
 */
#include "host/app/ll_sim_feed.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_eal.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_UTC_NS ((uint64_t)1763700000 * 1000000000)
#define DAY_MESSAGES 20000u
#define FULL_LOOPS   (DAY_MESSAGES + 100u)
#define LIVE_ORDERS  500u
#define SYMBOLS      20u

static uint64_t seed;

static struct ll_feed_sim_config day_config(void)
{
    return (struct ll_feed_sim_config){.seed = seed,
                                       .message_count = DAY_MESSAGES,
                                       .symbol_count = SYMBOLS,
                                       .live_orders_target = LIVE_ORDERS,
                                       .faults_per_mille = 20};
}

/* The generator that the feed is compared with. */
struct model {
    void *memory;
    struct ll_feed_sim *sim;
    uint64_t sequence; /* of the next message */
    bool is_whole;     /* from the start, where every time is known */
};

static void model_init(struct model *model, const struct ll_feed_sim_config *config)
{
    size_t bytes = (ll_feed_sim_footprint_bytes(config) + 63) & ~(size_t)63;
    struct ll_why why = {0};
    model->memory = aligned_alloc(64, bytes);
    ck_assert_ptr_nonnull(model->memory);
    ck_assert_msg(ll_feed_sim_init(&model->sim, model->memory, bytes, config, &why) == LL_OK, "%s", why.text);
    model->sequence = 1;
}

static uint32_t model_next(struct model *model, uint8_t *message, uint64_t *market_ns)
{
    uint32_t bytes = ll_feed_sim_next(model->sim, message, market_ns);
    model->sequence += bytes != 0;
    return bytes;
}

static struct ll_sim_feed *open_feed(const struct ll_feed_sim_config *config, uint64_t split_ns)
{
    struct ll_sim_feed *feed;
    struct ll_why why = {0};
    ck_assert_msg(ll_sim_feed_open(&feed, config, split_ns, &why) == LL_OK, "%s", why.text);
    return feed;
}

/* One packet against the model; true when it is the end of session. */
static bool check_packet(const struct ll_datagram *datagram, struct model *model, const char *session)
{
    struct ll_moldudp64_packet packet;
    ck_assert_int_eq(ll_moldudp64_parse(datagram->payload, datagram->payload_bytes, &packet), LL_OK);
    ck_assert_mem_eq(packet.session, session, LL_MOLDUDP64_SESSION_BYTES);
    ck_assert_uint_eq(packet.sequence, model->sequence);
    if (packet.kind == LL_MOLDUDP64_END)
        return true;
    struct ll_moldudp64_cursor cursor = ll_moldudp64_cursor(&packet);
    ck_assert_uint_gt(packet.message_count, 0);
    for (uint32_t i = 0; i < packet.message_count; i++) {
        uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
        uint64_t market_ns;
        uint32_t got_bytes;
        const uint8_t *got = ll_moldudp64_next(&cursor, &got_bytes);
        uint32_t bytes = model_next(model, message, &market_ns);
        ck_assert_uint_eq(got_bytes, bytes);
        ck_assert_mem_eq(got, message, bytes);
        if (i == 0 && market_ns >= LL_FEED_SIM_OPEN_NS && model->is_whole)
            ck_assert_uint_eq(datagram->rx_ns,
                              START_UTC_NS + LL_SIM_FEED_QUIET_NS + (market_ns - LL_FEED_SIM_OPEN_NS));
    }
    return false;
}

/* Everything behind the first `skip` messages. */
static void check_day(const struct ll_feed_sim_config *config, uint64_t skip, uint64_t split_ns)
{
    struct ll_sim_feed *feed = open_feed(config, split_ns);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    struct model model = {0};
    char session[LL_MOLDUDP64_SESSION_BYTES];
    uint8_t message[LL_ITCH50_MESSAGE_BYTES_MAX];
    uint64_t market_ns;
    uint64_t last_ns = START_UTC_NS;
    uint64_t last_market_ns = 0;
    bool end = false;
    model_init(&model, config);
    model.is_whole = skip == 0;
    ll_sim_feed_session(config, session);
    ck_assert_uint_eq(ll_sim_feed_skip(feed, skip), skip);
    for (uint64_t i = 0; i < skip; i++)
        (void)model_next(&model, message, &market_ns);
    ll_sim_feed_begin(feed, START_UTC_NS);
    for (uint32_t loop = 0; !end && loop < FULL_LOOPS; loop++) {
        (void)ll_sim_feed_fill(feed, 1 + loop % 300);
        uint32_t count = ll_port_receive(ll_sim_feed_port(feed), datagrams);
        for (uint32_t i = 0; i < count; i++) {
            ck_assert(!end);
            ck_assert_uint_ge(datagrams[i].rx_ns, last_ns);
            last_ns = datagrams[i].rx_ns;
            ck_assert_uint_ge(ll_sim_feed_market_ns(feed, last_ns), last_market_ns);
            last_market_ns = ll_sim_feed_market_ns(feed, last_ns);
            end = check_packet(&datagrams[i], &model, session);
        }
    }
    ck_assert(end);
    ck_assert(ll_sim_feed_ended(feed));
    ck_assert_uint_eq(ll_sim_feed_fill(feed, 1), 0);
    ck_assert_uint_eq(model_next(&model, message, &market_ns), 0);
    free(model.memory);
    ll_sim_feed_close(feed);
}

START_TEST(a_day_comes_whole)
{
    struct ll_feed_sim_config config = day_config();
    check_day(&config, 0, 1000);
    check_day(&config, 0, 0);
}
END_TEST

START_TEST(a_day_is_taken_up_anywhere)
{
    struct ll_feed_sim_config config = day_config();
    struct ll_prng prng;
    ll_prng_init(&prng, seed);
    check_day(&config, 1, 1000);
    check_day(&config, DAY_MESSAGES - 1, 1000);
    check_day(&config, DAY_MESSAGES, 1000); /* nothing but the end is missing */
    for (int i = 0; i < 8; i++)
        check_day(&config, ll_prng_below(&prng, DAY_MESSAGES), 1000);
}
END_TEST

START_TEST(a_day_has_no_more_than_it_has)
{
    struct ll_feed_sim_config config = day_config();
    struct ll_sim_feed *feed = open_feed(&config, 0);
    ck_assert_uint_eq(ll_sim_feed_skip(feed, DAY_MESSAGES + 5), DAY_MESSAGES);
    ll_sim_feed_close(feed);
}
END_TEST

START_TEST(a_full_ring_waits)
{
    struct ll_feed_sim_config config = day_config();
    config.message_count = 0;
    struct ll_sim_feed *feed = open_feed(&config, 1000);
    struct ll_datagram datagrams[LL_PORT_BURST_MAX];
    uint64_t framed = 0;
    uint64_t messages = 0;
    uint32_t count = 1;
    ll_sim_feed_begin(feed, START_UTC_NS);
    for (uint32_t i = 0; i < 100000 && count != 0; i++) {
        count = ll_sim_feed_fill(feed, 100);
        framed += count;
    }
    ck_assert_uint_eq(count, 0); /* no room */
    ck_assert_uint_gt(framed, 0);
    while ((count = ll_port_receive(ll_sim_feed_port(feed), datagrams)) != 0)
        for (uint32_t i = 0; i < count; i++)
            messages += (uint64_t)datagrams[i].payload[18] << 8 | datagrams[i].payload[19];
    ck_assert_uint_eq(messages, framed);
    ck_assert_uint_gt(ll_sim_feed_fill(feed, 100), 0);
    ck_assert(!ll_sim_feed_ended(feed));
    ll_sim_feed_close(feed);
}
END_TEST

START_TEST(the_name_is_the_config)
{
    const struct ll_feed_sim_config config = day_config();
    struct ll_feed_sim_config others[] = {config, config, config, config, config, config};
    char name[LL_MOLDUDP64_SESSION_BYTES];
    char other[LL_MOLDUDP64_SESSION_BYTES];
    others[1].seed++;
    others[2].message_count++;
    others[3].symbol_count++;
    others[4].live_orders_target++;
    others[5].faults_per_mille++;
    ll_sim_feed_session(&config, name);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ll_sim_feed_session(&others[i], other);
        ck_assert_int_eq(memcmp(name, other, sizeof name) == 0, i == 0);
    }
}
END_TEST

START_TEST(a_day_that_cannot_be_is_refused)
{
    struct ll_feed_sim_config config = day_config();
    struct ll_sim_feed *feed;
    struct ll_why why = {0};
    config.message_count = 3;
    ck_assert_int_eq(ll_sim_feed_open(&feed, &config, 0, &why), LL_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(why.text, "3 messages"));
    ll_sim_feed_close(NULL);
}
END_TEST

int main(void)
{
    seed = ll_test_seed("sim_feed");
    (void)alarm(300); /* the cases share this process: check's own timeout needs a fork */
    const struct ll_eal_config eal = {0};
    Suite *suite = suite_create("sim_feed");
    TCase *tcase = tcase_create("sim_feed");
    tcase_add_test(tcase, a_day_comes_whole);
    tcase_add_test(tcase, a_day_is_taken_up_anywhere);
    tcase_add_test(tcase, a_day_has_no_more_than_it_has);
    tcase_add_test(tcase, a_full_ring_waits);
    tcase_add_test(tcase, the_name_is_the_config);
    tcase_add_test(tcase, a_day_that_cannot_be_is_refused);
    suite_add_tcase(suite, tcase);
    return ll_test_run_with_eal(suite, &eal);
}
