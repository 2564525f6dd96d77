/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_venue.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/exchange/ll_house.h"
#include "host/exchange/ll_itch_publisher.h"
#include "host/exchange/ll_soup_server.h"
#include "host/wire/ll_itch50.h"
#include "host/wire/ll_ouch_report.h"
#include "tests/sim/ll_sim_net.h"
#include "tests/sim/ll_sim_venue_bugs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(LL_SIM_LINE_ANSWERS == LL_SIM_NET_ANSWERS, "the network's lines are passed on as they are");

#define ALIGN_BYTES     64u
#define BLOCKS          8u
#define DAY_NS          (86400 * LL_NS_PER_S)
#define ORDERS          512u
#define TRADES          4096u
#define LINKS           8192u
#define EXECUTIONS      8192u
#define ANSWERS         1024u
#define FEED_MESSAGES   (1u << 18)
#define PORT_MESSAGES   (1u << 18)
#define MESSAGE_BYTES   80u /* of a port, on average at most */
#define PACKET_BYTES_A  300u
#define PACKET_BYTES_B  200u /* lines that cut their packets alike would test less */
#define HELD_MAX        16u
#define TICK            100u
#define LOT             100u
#define BAND_PER_MILLE  200u
#define HOUSE_RATE      8u /* actions per simulated second */
#define HOUSE_LOTS      3u
#define HEARTBEAT_NS    (LL_NS_PER_S / 4)
#define AWAY_MIN_NS     (LL_NS_PER_S / 5)
#define AWAY_NS         (4 * LL_NS_PER_S)
#define SILENT_NS       (3 * LL_NS_PER_S)
#define PORT_SILENCE_NS (LL_NS_PER_S / 2)
#define RACE_PER_MILLE  80u
#define RACE_DRAWS      8u
#define RACE_NS         (2 * LL_NS_PER_S) /* the longest until a bust or a cancel that was drawn */
#define DROPS_MAX       4u
#define LOST_ONE_IN     6u   /* reports, LL_SIM_BUG_LOST_REPORT */
#define POKED_ONE_IN    3u   /* orders, LL_SIM_BUG_BOOK_POKE */
#define DROPPED_FROM    100u /* the day begins well */
#define DROPPED_ONE_IN  16u  /* messages of the feed, LL_SIM_BUG_SILENT_SERVER */
#define TWICE_MAX       3u   /* in a run, LL_SIM_BUG_SENT_TWICE */

/* One order session: the port, and the session's server on its way through the network. */
struct account {
    struct ll_sim_venue *venue;
    uint32_t index;
    uint8_t protocol;
    struct ll_soup_server *server;
    struct ll_ouch_port *port;
    struct ll_sim_tcp *tcp;
    struct ll_ouch_port_faults races; /* of this run's exchange */
    uint64_t sequence_sent;           /* the next message's number when the session was polled last */
    uint64_t silent_until_ns;         /* 0 = it talks */
    bool is_server_silent;            /* else its port is */
    bool drop_wanted;
    bool is_deaf; /* LL_SIM_BUG_DEAF_VENUE */
    struct ll_byte_door deaf_door;
    uint32_t twice_count;
};

struct ll_sim_venue {
    struct ll_sim_venue_config config;
    struct ll_matching_instrument instruments[LL_SIM_INSTRUMENTS];
    struct ll_matching *matching;
    struct ll_house *house;
    struct ll_mold_sender *sender;
    struct ll_itch_publisher publisher;
    struct ll_ouch_ports ports;
    struct account accounts[LL_SIM_SESSIONS];
    struct ll_sim_net *net;
    struct ll_prng bugs;
    uint64_t now_ns;
    uint64_t away_until_ns; /* 0 = it is there */
    uint64_t settled_ns;    /* calm, and no bust or cancel that was drawn before is still to come */
    bool is_calm;
    uint32_t block_count;
    void *blocks[BLOCKS];
};

static const char *const symbols[LL_SIM_INSTRUMENTS] = {"ALPHA", "BRAVO", "CHARLIE", "DELTA"};
static const uint32_t prices[LL_SIM_INSTRUMENTS] = {1000000, 253400, 87500, 1999900};

const char *ll_sim_venue_symbol(uint32_t instrument)
{
    LL_ASSERT(instrument < LL_SIM_INSTRUMENTS);
    return symbols[instrument];
}

uint32_t ll_sim_venue_price(uint32_t instrument)
{
    LL_ASSERT(instrument < LL_SIM_INSTRUMENTS);
    return prices[instrument];
}

/* --- the feed's way out ------------------------------------------------------------------------------------- */

/* Orders of the house, some of them: by the order, so that both lines and the answers tell the same. */
static bool is_poked(const void *context, uint64_t reference)
{
    const struct ll_sim_venue *venue = context;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        const struct ll_ouch_port *port = venue->accounts[i].port;
        for (uint32_t link = 0; link < ll_ouch_port_link_count(port); link++)
            if (ll_ouch_port_link(port, link)->reference == reference)
                return false;
    }
    return reference % POKED_ONE_IN == 0;
}

/* By the message, so that both lines lose the same. */
static bool is_lost_for_good(const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_moldudp64_packet packet;
    int err = ll_moldudp64_parse(bytes, bytes_count, &packet);
    LL_ASSERT(err == LL_OK);
    uint64_t last = packet.sequence + packet.message_count - 1;
    return packet.message_count > 0 && packet.sequence >= DROPPED_FROM &&
           last / DROPPED_ONE_IN != (packet.sequence - 1) / DROPPED_ONE_IN;
}

static void on_send(void *context, uint32_t line, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    struct ll_sim_venue *venue = context;
    uint8_t told[LL_SIM_NET_PACKET_BYTES];
    if (venue->config.bug == LL_SIM_BUG_SILENT_SERVER && is_lost_for_good(bytes, bytes_count))
        return;
    LL_ASSERT(bytes_count <= sizeof told);
    memcpy(told, bytes, bytes_count);
    if (venue->config.bug == LL_SIM_BUG_BOOK_POKE)
        ll_sim_poke_feed(told, bytes_count, is_poked, venue);
    if (line == LL_SIM_LINE_ANSWERS)
        ll_sim_net_answer(venue->net, told, bytes_count, now_ns);
    else
        ll_sim_net_send(venue->net, line, told, bytes_count, now_ns);
}

static void on_answer(void *context, uint64_t requester, const uint8_t *bytes, uint32_t bytes_count,
                      uint64_t now_ns)
{
    (void)requester;
    on_send(context, LL_SIM_LINE_ANSWERS, bytes, bytes_count, now_ns);
}

void ll_sim_venue_request(struct ll_sim_venue *venue, const uint8_t request[LL_MOLDUDP64_HEADER_BYTES],
                          uint64_t now_ns)
{
    bool is_heard = ll_sim_net_request(venue->net, now_ns);
    if (is_heard && !ll_sim_venue_is_away(venue) && venue->config.bug != LL_SIM_BUG_SILENT_SERVER)
        (void)ll_mold_sender_request(venue->sender, 0, request, LL_MOLDUDP64_HEADER_BYTES, now_ns);
}

bool ll_sim_venue_feed_take(struct ll_sim_venue *venue, uint64_t now_ns, uint32_t *line,
                            const uint8_t **bytes, uint32_t *bytes_count)
{
    return ll_sim_net_take(venue->net, now_ns, line, bytes, bytes_count);
}

void ll_sim_venue_feed_drop(struct ll_sim_venue *venue, uint64_t now_ns)
{
    uint32_t line;
    const uint8_t *bytes;
    uint32_t bytes_count;
    while (ll_sim_net_take(venue->net, now_ns, &line, &bytes, &bytes_count))
        continue;
}

/* --- between session and port ------------------------------------------------------------------------------- */

static int publish(struct account *account, const uint8_t *message, uint32_t message_bytes)
{
    int err = ll_soup_server_publish(account->server, message, message_bytes);
    LL_ASSERT(err == LL_OK); /* the day has room: an answer that is lost would be no fault of the network's */
    return err;
}

static int on_publish(void *context, const uint8_t *message, uint32_t message_bytes)
{
    struct account *account = context;
    struct ll_sim_venue *venue = account->venue;
    struct ll_sim_told told;
    if (venue->config.bug == LL_SIM_BUG_LOST_REPORT && ll_sim_is_loss(message) &&
        ll_prng_below(&venue->bugs, LOST_ONE_IN) == 0)
        return LL_OK;
    if (venue->config.bug != LL_SIM_BUG_SHORT_FILL)
        return publish(account, message, message_bytes);
    ll_sim_short_fill(account->protocol, message, message_bytes, &told);
    for (uint32_t i = 0; i < told.count; i++)
        (void)publish(account, told.bytes[i], told.bytes_count[i]);
    return LL_OK;
}

/* The server must not be changed inside its own poll. */
static void on_drop(void *context)
{
    struct account *account = context;
    account->drop_wanted = true;
}

static void on_login(void *context, uint64_t next_sequence, uint64_t now_ns)
{
    (void)context;
    (void)next_sequence;
    (void)now_ns;
}

static void on_closed(void *context, enum ll_soup_server_reason reason, bool was_in, uint64_t now_ns)
{
    (void)context;
    (void)reason;
    (void)was_in;
    (void)now_ns;
}

static void work(struct account *account, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns)
{
    const struct ll_sim_venue_config *config = &account->venue->config;
    if (config->on_order != NULL)
        config->on_order(config->context, account->index, message, message_bytes);
    ll_ouch_port_receive(account->port, message, message_bytes, now_ns);
}

/* The order that has just been taken comes again. */
static void work_again(struct account *account, const uint8_t *message, uint32_t message_bytes,
                       uint64_t now_ns)
{
    uint8_t again[LL_OUCH_PORT_MESSAGE_BYTES];
    if (account->twice_count == TWICE_MAX || message_bytes > sizeof again)
        return;
    memcpy(again, message, message_bytes);
    if (!ll_sim_sent_twice(account->protocol, again, message_bytes))
        return;
    account->twice_count++;
    work(account, again, message_bytes, now_ns);
}

static void on_message(void *context, const uint8_t *message, uint32_t message_bytes, uint64_t now_ns)
{
    struct account *account = context;
    if (account->drop_wanted) /* what comes behind a drop is lost with the connection */
        return;
    uint64_t accepted = ll_ouch_port_counters(account->port)->accepted;
    work(account, message, message_bytes, now_ns);
    bool is_in = ll_ouch_port_counters(account->port)->accepted > accepted;
    if (is_in && !account->drop_wanted && account->venue->config.bug == LL_SIM_BUG_SENT_TWICE)
        work_again(account, message, message_bytes, now_ns);
}

/* --- opening ------------------------------------------------------------------------------------------------ */

/* Zeroed, aligned, and not touched before it is used. */
static void *take(struct ll_sim_venue *venue, size_t bytes)
{
    LL_ASSERT(bytes != 0);
    LL_ASSERT(venue->block_count < BLOCKS);
    unsigned char *block = calloc(1, bytes + ALIGN_BYTES);
    LL_ASSERT(block != NULL);
    venue->blocks[venue->block_count++] = block;
    return block + (ALIGN_BYTES - (uintptr_t)block % ALIGN_BYTES);
}

static void open_instruments(struct ll_sim_venue *venue)
{
    for (uint32_t i = 0; i < LL_SIM_INSTRUMENTS; i++) {
        struct ll_matching_instrument *instrument = &venue->instruments[i];
        memset(instrument->symbol, ' ', sizeof instrument->symbol);
        memcpy(instrument->symbol, symbols[i], strlen(symbols[i]));
        instrument->locate = (uint16_t)(i + 1);
        instrument->tick = TICK;
        instrument->lot = LOT;
        instrument->prior_close = prices[i];
    }
}

static void open_feed(struct ll_sim_venue *venue, uint64_t midnight_ns)
{
    struct ll_mold_sender_config config = {.seed = venue->config.seed,
                                           .messages_max = FEED_MESSAGES,
                                           .heartbeat_ns = HEARTBEAT_NS,
                                           .message_bytes_max = LL_ITCH50_MESSAGE_BYTES_MAX,
                                           .held_max = HELD_MAX,
                                           .line_count = LL_MOLD_SENDER_LINES_MAX,
                                           .packet_bytes_max = {PACKET_BYTES_A, PACKET_BYTES_B},
                                           .answer_bytes_max = PACKET_BYTES_A};
    struct ll_mold_sender_door door = {venue, on_send, on_answer};
    size_t bytes = ll_mold_sender_footprint_bytes(&config);
    memcpy(config.session, LL_SIM_SESSION_NAME, sizeof config.session);
    int err = ll_mold_sender_init(&venue->sender, take(venue, bytes), bytes, &config, &door, NULL);
    LL_ASSERT(err == LL_OK);
    ll_itch_publisher_init(&venue->publisher, venue->instruments, LL_SIM_INSTRUMENTS, midnight_ns,
                           venue->sender);
}

static void open_port(struct account *account, uint64_t midnight_ns)
{
    struct ll_ouch_port_config config = {.protocol = account->protocol,
                                         .number = account->index + 1,
                                         .group = account->index + 1,
                                         .links_max = LINKS,
                                         .executions_max = EXECUTIONS,
                                         .answers_max = ANSWERS,
                                         .firm_count = 1,
                                         .midnight_ns = midnight_ns,
                                         .seed = account->venue->config.seed + account->index,
                                         .faults = account->races};
    struct ll_ouch_port_door door = {account, on_publish, on_drop};
    size_t bytes = ll_ouch_port_footprint_bytes(&config);
    memcpy(config.firms[0], LL_SIM_FIRM, sizeof config.firms[0]);
    int err = ll_ouch_port_init(&account->port, take(account->venue, bytes), bytes, &config, &door, NULL);
    LL_ASSERT(err == LL_OK);
}

static void open_server(struct account *account)
{
    struct ll_soup_server_config config;
    struct ll_soup_server_handler handler = {account, on_login, on_message, on_closed};
    ll_soup_server_config_default(&config);
    memcpy(config.username, LL_SIM_USER, sizeof LL_SIM_USER);
    memcpy(config.password, LL_SIM_PASSWORD, sizeof LL_SIM_PASSWORD);
    memcpy(config.session, LL_SIM_SESSION_NAME, sizeof LL_SIM_SESSION_NAME);
    config.message_count_max = PORT_MESSAGES;
    config.store_bytes = (uint64_t)PORT_MESSAGES * MESSAGE_BYTES;
    config.second_login_kicks = true;
    account->server =
        ll_soup_server_init(take(account->venue, ll_soup_server_footprint_bytes(&config)), &config, &handler);
    LL_ASSERT(account->server != NULL);
}

/* Each kind of misbehaviour of a port is in half of the runs that have any. */
static void draw_races(struct ll_sim_faults *faults, struct ll_ouch_port_faults *races)
{
    races->delay_ns_max = LL_NS_PER_S / 2;
    races->silence_ns_max = PORT_SILENCE_NS;
    races->bust_ns_max = RACE_NS;
    races->cancel_ns_max = RACE_NS;
    for (uint32_t i = 0; i < LL_OUCH_PORT_FAULT_COUNT; i++) {
        bool is_on = ll_sim_draw(faults, LL_SIM_VENUE_RACES, 2) == 0;
        uint32_t rate = 1 + (uint32_t)ll_sim_draw(faults, LL_SIM_VENUE_RACES, RACE_PER_MILLE);
        races->per_mille[i] = is_on ? rate : 0;
    }
}

static void open_accounts(struct ll_sim_venue *venue, uint64_t midnight_ns)
{
    /* Drawn once a day only: a run that has it at all shall meet it more often than not. */
    bool has_races = false;
    for (uint32_t i = 0; i < RACE_DRAWS && !has_races; i++)
        has_races = ll_sim_strikes(venue->config.faults, LL_SIM_VENUE_RACES);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        struct account *account = &venue->accounts[i];
        account->venue = venue;
        account->index = i;
        account->protocol = i == 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
        account->tcp = venue->config.tcp[i];
        account->is_deaf = i == 0 && venue->config.bug == LL_SIM_BUG_DEAF_VENUE;
        if (has_races)
            draw_races(venue->config.faults, &account->races);
        open_port(account, midnight_ns);
        open_server(account);
        ll_ouch_ports_add(&venue->ports, account->port);
        ll_sim_tcp_listen(account->tcp, true);
    }
}

static void open_matching(struct ll_sim_venue *venue)
{
    struct ll_house_config house;
    ll_house_config_default(&house);
    house.seed = venue->config.seed;
    house.rate_per_s = HOUSE_RATE;
    house.lots_max = HOUSE_LOTS;
    house.instrument_count = LL_SIM_INSTRUMENTS;
    struct ll_prng prng;
    ll_prng_init(&prng, venue->config.seed);
    struct ll_matching_config config = {.instruments = venue->instruments,
                                        .instrument_count = LL_SIM_INSTRUMENTS,
                                        .orders_max = ORDERS,
                                        .trades_max = TRADES,
                                        .reference_first = 1,
                                        .match_first = 1,
                                        .band_per_mille = BAND_PER_MILLE,
                                        .self_trade = (enum ll_matching_self_trade)ll_prng_below(
                                            &prng, (uint32_t)LL_MATCHING_SELF_DECREMENT + 1)};
    size_t house_bytes = ll_house_footprint_bytes(&house);
    int err = ll_house_init(&venue->house, take(venue, house_bytes), house_bytes, &house, NULL);
    LL_ASSERT(err == LL_OK);
    struct ll_matching_handler handlers[] = {ll_itch_publisher_handler(&venue->publisher),
                                             ll_ouch_ports_handler(&venue->ports),
                                             ll_house_handler(venue->house)};
    size_t bytes = ll_matching_footprint_bytes(&config);
    err = ll_matching_init(&venue->matching, take(venue, bytes), bytes, &config, handlers,
                           sizeof handlers / sizeof handlers[0], NULL);
    LL_ASSERT(err == LL_OK);
    ll_house_attach(venue->house, venue->matching);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_ouch_port_attach(venue->accounts[i].port, venue->matching);
}

struct ll_sim_venue *ll_sim_venue_new(const struct ll_sim_venue_config *config)
{
    struct ll_sim_venue *venue = calloc(1, sizeof *venue);
    uint64_t midnight_ns = config->now_ns - config->now_ns % DAY_NS;
    LL_ASSERT(venue != NULL);
    venue->config = *config;
    ll_prng_init(&venue->bugs, config->seed);
    venue->net = ll_sim_net_new(config->faults);
    open_instruments(venue);
    open_feed(venue, midnight_ns);
    open_accounts(venue, midnight_ns);
    open_matching(venue);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_ouch_port_start_of_day(venue->accounts[i].port, config->now_ns);
    ll_itch_publisher_start_of_day(&venue->publisher, config->now_ns);
    ll_house_open(venue->house, config->now_ns);
    return venue;
}

void ll_sim_venue_free(struct ll_sim_venue *venue)
{
    if (venue == NULL)
        return;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_soup_server_deinit(venue->accounts[i].server);
    for (uint32_t i = 0; i < venue->block_count; i++)
        free(venue->blocks[i]);
    ll_sim_net_free(venue->net);
    free(venue);
}

/* --- silence ------------------------------------------------------------------------------------------------ */

static void talk(struct account *account)
{
    struct ll_soup_server_faults none = {0};
    account->silent_until_ns = 0;
    ll_soup_server_set_faults(account->server, &none);
    ll_ouch_port_set_faults(account->port, &account->races);
}

/* Either the whole session says nothing, heartbeats included, or the port keeps its answers. */
static void fall_silent(struct account *account, uint64_t now_ns)
{
    struct ll_sim_faults *faults = account->venue->config.faults;
    account->silent_until_ns = now_ns + 1 + ll_sim_draw(faults, LL_SIM_VENUE_SILENT, SILENT_NS);
    account->is_server_silent = ll_sim_draw(faults, LL_SIM_VENUE_SILENT, 2) == 0;
    if (account->is_server_silent) {
        struct ll_soup_server_faults silent = {.silent = true};
        ll_soup_server_set_faults(account->server, &silent);
    } else {
        struct ll_ouch_port_faults silent = account->races;
        silent.per_mille[LL_OUCH_PORT_FAULT_SILENCE] = 1000;
        silent.silence_ns_max = PORT_SILENCE_NS;
        ll_ouch_port_set_faults(account->port, &silent);
    }
}

/* --- sessions ----------------------------------------------------------------------------------------------- */

static void take_connections(struct account *account, uint64_t now_ns)
{
    struct ll_byte_door door;
    while (ll_sim_tcp_accept(account->tcp, &door)) {
        if (account->is_deaf) {
            if (account->deaf_door.close != NULL)
                account->deaf_door.close(account->deaf_door.context);
            account->deaf_door = door;
        } else if (ll_soup_server_accept(account->server, &door, now_ns) != LL_OK) {
            door.close(door.context);
        }
    }
}

/* Closes whoever is logged in; somebody on the way in may have to go with him. */
static void drop(struct account *account, uint64_t now_ns)
{
    bool is_silent = account->silent_until_ns != 0 && account->is_server_silent;
    struct ll_soup_server_faults now = {.drop = true};
    struct ll_soup_server_faults later = {.silent = is_silent};
    for (uint32_t i = 0; i < DROPS_MAX && ll_soup_server_has_client(account->server); i++) {
        ll_soup_server_set_faults(account->server, &now);
        ll_soup_server_poll(account->server, now_ns);
    }
    LL_ASSERT(!ll_soup_server_has_client(account->server));
    ll_soup_server_set_faults(account->server, &later);
    account->drop_wanted = false;
}

static void account_poll(struct account *account, uint64_t now_ns)
{
    take_connections(account, now_ns);
    if (account->silent_until_ns != 0 && now_ns >= account->silent_until_ns)
        talk(account);
    ll_soup_server_poll(account->server, now_ns);
    if (account->drop_wanted)
        drop(account, now_ns);
    account->sequence_sent = ll_soup_server_next_sequence(account->server);
    ll_ouch_port_poll(account->port, now_ns);
}

static void go_away(struct ll_sim_venue *venue, uint64_t now_ns)
{
    struct ll_sim_faults *faults = venue->config.faults;
    venue->away_until_ns =
        now_ns + AWAY_MIN_NS + ll_sim_draw(faults, LL_SIM_VENUE_RESTART, AWAY_NS - AWAY_MIN_NS);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        struct account *account = &venue->accounts[i];
        talk(account);
        ll_sim_tcp_listen(account->tcp, false);
        ll_soup_server_poll(account->server, now_ns); /* sees that its connections are gone */
    }
}

static void come_back(struct ll_sim_venue *venue)
{
    venue->away_until_ns = 0;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        ll_sim_tcp_listen(venue->accounts[i].tcp, true);
}

/* --- time --------------------------------------------------------------------------------------------------- */

void ll_sim_venue_poll(struct ll_sim_venue *venue, uint64_t now_ns)
{
    struct ll_sim_faults *faults = venue->config.faults;
    venue->now_ns = now_ns;
    ll_sim_net_poll(venue->net, now_ns);
    if (ll_sim_venue_is_away(venue) && now_ns >= venue->away_until_ns)
        come_back(venue);
    else if (!ll_sim_venue_is_away(venue) && ll_sim_strikes(faults, LL_SIM_VENUE_RESTART))
        go_away(venue, now_ns);
    if (ll_sim_venue_is_away(venue))
        return;
    if (ll_sim_strikes(faults, LL_SIM_VENUE_SILENT))
        fall_silent(&venue->accounts[ll_sim_draw(faults, LL_SIM_VENUE_SILENT, LL_SIM_SESSIONS)], now_ns);
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++)
        account_poll(&venue->accounts[i], now_ns);
    if (!venue->is_calm)
        (void)ll_house_poll(venue->house, now_ns);
    (void)ll_mold_sender_poll(venue->sender, now_ns);
    LL_ASSERT(ll_itch_publisher_is_whole(&venue->publisher));
}

void ll_sim_venue_calm(struct ll_sim_venue *venue)
{
    venue->is_calm = true;
    venue->settled_ns = venue->now_ns + RACE_NS;
    for (uint32_t i = 0; i < LL_SIM_SESSIONS; i++) {
        struct account *account = &venue->accounts[i];
        memset(&account->races, 0, sizeof account->races);
        talk(account);
    }
}

/* --- the truth ---------------------------------------------------------------------------------------------- */

bool ll_sim_venue_is_away(const struct ll_sim_venue *venue)
{
    return venue->away_until_ns != 0;
}

const struct ll_matching *ll_sim_venue_matching(const struct ll_sim_venue *venue)
{
    return venue->matching;
}

const struct ll_ouch_port *ll_sim_venue_port(const struct ll_sim_venue *venue, uint32_t session)
{
    LL_ASSERT(session < LL_SIM_SESSIONS);
    return venue->accounts[session].port;
}

const struct ll_mold_sender *ll_sim_venue_sender(const struct ll_sim_venue *venue)
{
    return venue->sender;
}

static bool is_quiet(const struct account *account)
{
    if (account->is_deaf)
        return true;
    return account->silent_until_ns == 0 && !account->drop_wanted &&
           ll_ouch_port_waiting(account->port) == 0 &&
           account->sequence_sent == ll_soup_server_next_sequence(account->server) &&
           ll_sim_tcp_is_quiet(account->tcp);
}

bool ll_sim_venue_is_quiet(const struct ll_sim_venue *venue)
{
    return venue->now_ns >= venue->settled_ns && !ll_sim_venue_is_away(venue) &&
           ll_sim_net_is_quiet(venue->net) && is_quiet(&venue->accounts[0]) && is_quiet(&venue->accounts[1]);
}
