/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_exchange.h"

#include "host/app/ll_exchange_account.h"
#include "host/app/ll_exchange_options.h"
#include "host/app/ll_exchange_record.h"
#include "host/app/ll_exit.h"
#include "host/app/ll_stop.h"
#include "host/app/ll_udp_socket.h"
#include "host/app/ll_version.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"
#include "host/base/ll_json.h"
#include "host/exchange/ll_house.h"
#include "host/exchange/ll_itch_publisher.h"
#include "host/exchange/ll_matching.h"
#include "host/exchange/ll_mold_sender.h"
#include "host/wire/ll_ouch_report.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ALIGN_BYTES       64u
#define DAY_NS            (86400 * LL_NS_PER_S)
#define WAIT_MS           1
#define DRAIN_NS          (3 * LL_NS_PER_S / 2) /* one heartbeat and more: the end of the feed is told in its place */
#define PACKET_BYTES_A    1400u
#define PACKET_BYTES_B    1000u /* lines that cut their packets alike would test less */
#define HELD_MAX          4096u
#define TRADES_MAX        65536u /* that can still be broken */
#define REQUESTS_PER_POLL 16u
#define FDS_MAX           (LL_EXCHANGE_ACCOUNTS_MAX * (1 + LL_EXCHANGE_CONNECTIONS) + 2)

struct exchange {
    struct ll_exchange_options options;
    struct ll_arena arena;
    struct ll_matching *matching;
    struct ll_house *house;        /* NULL = none */
    struct ll_mold_sender *sender; /* NULL = no feed */
    struct ll_itch_publisher publisher;
    struct ll_ouch_ports ports;
    struct ll_exchange_account accounts[LL_EXCHANGE_ACCOUNTS_MAX];
    struct ll_udp_socket feed; /* both lines leave by it */
    struct ll_udp_socket rerequest;
    int record_fd; /* SIGUSR1 as a descriptor; -1 = no record is wanted */
    uint64_t start_utc_ns;
    uint64_t start_mono_ns;
    uint64_t midnight_ns;
    uint64_t datagrams_lost; /* the system did not take them */
};

static uint64_t now(const struct exchange *exchange)
{
    return exchange->start_utc_ns + (ll_clock_mono_ns() - exchange->start_mono_ns);
}

/* --- the feed's way out ----------------------------------------------------------------------------------- */

static void on_send(void *context, uint32_t line, const uint8_t *bytes, uint32_t bytes_count, uint64_t now_ns)
{
    struct exchange *exchange = context;
    const struct ll_ipv4 *to = line == 0 ? &exchange->options.mold_to : &exchange->options.mold_b_to;
    (void)now_ns;
    exchange->datagrams_lost += !ll_udp_socket_send(&exchange->feed, to, bytes, bytes_count);
}

static void on_answer(void *context, uint64_t requester, const uint8_t *bytes, uint32_t bytes_count,
                      uint64_t now_ns)
{
    struct exchange *exchange = context;
    struct ll_ipv4 to = {.address = (uint32_t)(requester >> 16), .port = (uint16_t)requester};
    (void)now_ns;
    exchange->datagrams_lost += !ll_udp_socket_send(&exchange->rerequest, &to, bytes, bytes_count);
}

static void answer_requests(struct exchange *exchange, uint64_t now_ns)
{
    uint8_t bytes[256];
    struct ll_ipv4 from;
    for (uint32_t i = 0; i < REQUESTS_PER_POLL; i++) {
        uint32_t bytes_count = ll_udp_socket_receive(&exchange->rerequest, &from, bytes, sizeof bytes);
        if (bytes_count == 0)
            return;
        (void)ll_mold_sender_request(exchange->sender, (uint64_t)from.address << 16 | from.port, bytes,
                                     bytes_count, now_ns);
    }
}

/* --- opening ---------------------------------------------------------------------------------------------- */

static struct ll_matching_config matching_config(const struct ll_exchange_options *options)
{
    return (struct ll_matching_config){.instruments = options->instruments,
                                       .instrument_count = options->instrument_count,
                                       .orders_max = (uint32_t)options->orders,
                                       .trades_max = TRADES_MAX,
                                       .reference_first = options->first_reference,
                                       .match_first = options->first_match,
                                       .band_per_mille = (uint32_t)options->band,
                                       .self_trade = options->self_trade_kind};
}

static struct ll_house_config house_config(const struct ll_exchange_options *options)
{
    struct ll_house_config config;
    ll_house_config_default(&config);
    config.seed = options->seed;
    config.rate_per_s = (uint32_t)options->house_rate;
    config.lots_max = (uint32_t)options->house_lots;
    config.instrument_count = options->instrument_count;
    return config;
}

static struct ll_mold_sender_config sender_config(const struct ll_exchange_options *options)
{
    struct ll_mold_sender_config config = {.seed = options->seed,
                                           .messages_max = options->feed_messages,
                                           .heartbeat_ns = LL_NS_PER_S,
                                           .message_bytes_max = LL_ITCH50_MESSAGE_BYTES_MAX,
                                           .held_max = HELD_MAX,
                                           .line_count = options->has_mold_b ? 2 : 1,
                                           .packet_bytes_max = {PACKET_BYTES_A, PACKET_BYTES_B},
                                           .answer_bytes_max = PACKET_BYTES_A};
    memset(config.session, ' ', sizeof config.session);
    memcpy(config.session, options->session, strlen(options->session));
    memcpy(config.faults, options->feed_faults, sizeof config.faults);
    return config;
}

static int take_memory(struct exchange *exchange, struct ll_why *why)
{
    const struct ll_exchange_options *options = &exchange->options;
    struct ll_matching_config matching = matching_config(options);
    struct ll_house_config house = house_config(options);
    struct ll_mold_sender_config sender = sender_config(options);
    size_t bytes = ll_align_up(ll_matching_footprint_bytes(&matching), ALIGN_BYTES);
    if (options->house_lots > 0)
        bytes += ll_align_up(ll_house_footprint_bytes(&house), ALIGN_BYTES);
    if (options->has_mold)
        bytes += ll_align_up(ll_mold_sender_footprint_bytes(&sender), ALIGN_BYTES);
    for (uint32_t i = 0; i < options->account_count; i++) {
        size_t account_bytes = ll_exchange_account_bytes(options, i);
        if (account_bytes == 0)
            return LL_FAIL(
                why, LL_ERR_USAGE,
                "--session, --user and --password are printable ASCII; and --day-orders has limits");
        bytes += account_bytes;
    }
    return ll_arena_init(&exchange->arena, bytes, why);
}

static int open_feed(struct exchange *exchange, struct ll_why *why)
{
    const struct ll_exchange_options *options = &exchange->options;
    const struct ll_ipv4 *interface = options->has_interface ? &options->interface_at : NULL;
    /* A feed for this machine leaves by a socket that nobody else can reach. */
    const struct ll_ipv4 loopback = {INADDR_LOOPBACK, 0};
    const struct ll_ipv4 *local = options->mold_to.address >> 24 == IN_LOOPBACKNET ? &loopback : NULL;
    struct ll_mold_sender_config config = sender_config(options);
    struct ll_mold_sender_door door = {exchange, on_send, on_answer};
    size_t bytes = ll_mold_sender_footprint_bytes(&config);
    int err = ll_mold_sender_init(&exchange->sender, ll_arena_alloc(&exchange->arena, bytes, ALIGN_BYTES),
                                  bytes, &config, &door, why);
    if (err == LL_OK)
        err = ll_udp_socket_open(&exchange->feed, local, interface, why);
    if (err == LL_OK && options->has_rerequest)
        err = ll_udp_socket_open(&exchange->rerequest, &options->rerequest_at, NULL, why);
    if (err == LL_OK)
        ll_itch_publisher_init(&exchange->publisher, options->instruments, options->instrument_count,
                               exchange->midnight_ns, exchange->sender);
    return err;
}

static int open_matching(struct exchange *exchange, struct ll_why *why)
{
    const struct ll_exchange_options *options = &exchange->options;
    struct ll_matching_config config = matching_config(options);
    struct ll_house_config house = house_config(options);
    struct ll_matching_handler handlers[LL_MATCHING_HANDLERS_MAX];
    uint32_t handler_count = 0;
    size_t bytes = ll_matching_footprint_bytes(&config);
    size_t house_bytes = ll_house_footprint_bytes(&house);
    if (exchange->sender != NULL)
        handlers[handler_count++] = ll_itch_publisher_handler(&exchange->publisher);
    handlers[handler_count++] = ll_ouch_ports_handler(&exchange->ports);
    if (options->house_lots > 0) {
        int err = ll_house_init(&exchange->house, ll_arena_alloc(&exchange->arena, house_bytes, ALIGN_BYTES),
                                house_bytes, &house, why);
        if (err != LL_OK)
            return err;
        handlers[handler_count++] = ll_house_handler(exchange->house);
    }
    int err = ll_matching_init(&exchange->matching, ll_arena_alloc(&exchange->arena, bytes, ALIGN_BYTES),
                               bytes, &config, handlers, handler_count, why);
    if (err == LL_OK && exchange->house != NULL)
        ll_house_attach(exchange->house, exchange->matching);
    return err;
}

static int open_record_signal(struct exchange *exchange, struct ll_why *why)
{
    sigset_t signals;
    if (exchange->options.record == NULL)
        return LL_OK;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    exchange->record_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    return exchange->record_fd >= 0 ? LL_OK : LL_FAIL(why, LL_ERR_ENVIRONMENT, "no descriptor for SIGUSR1");
}

static int open_all(struct exchange *exchange, struct ll_why *why)
{
    int err = take_memory(exchange, why);
    if (err == LL_OK && exchange->options.has_mold)
        err = open_feed(exchange, why);
    for (uint32_t i = 0; err == LL_OK && i < exchange->options.account_count; i++) {
        err = ll_exchange_account_init(&exchange->accounts[i], &exchange->arena, &exchange->options, i,
                                       exchange->midnight_ns, why);
        if (err == LL_OK)
            ll_ouch_ports_add(&exchange->ports, exchange->accounts[i].port);
    }
    if (err == LL_OK)
        err = open_matching(exchange, why);
    if (err == LL_OK)
        err = open_record_signal(exchange, why);
    if (err != LL_OK)
        return err;
    ll_arena_seal(&exchange->arena);
    for (uint32_t i = 0; i < exchange->options.account_count; i++)
        ll_ouch_port_attach(exchange->accounts[i].port, exchange->matching);
    return LL_OK;
}

static void close_all(struct exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->options.account_count; i++)
        ll_exchange_account_close(&exchange->accounts[i]);
    ll_udp_socket_close(&exchange->feed);
    ll_udp_socket_close(&exchange->rerequest);
    if (exchange->record_fd >= 0)
        (void)close(exchange->record_fd);
    ll_arena_deinit(&exchange->arena);
}

/* --- what it says ------------------------------------------------------------------------------------------- */

static void print_banner(const struct exchange *exchange, FILE *file)
{
    const struct ll_exchange_options *options = &exchange->options;
    (void)fprintf(file, "lifeline-exchange %s\n", ll_version());
    (void)fprintf(file, "  market    %u instruments, seed %" PRIu64 ", session %s\n",
                  options->instrument_count, options->seed, options->session);
    if (exchange->house != NULL)
        (void)fprintf(file, "  house     %" PRIu64 " actions per second, up to %" PRIu64 " lots\n",
                      options->house_rate, options->house_lots);
    else
        (void)fprintf(file, "  house     none: only clients trade\n");
    (void)fprintf(file, "  feed      %s%s%s\n", options->has_mold ? options->mold : "none",
                  options->has_mold_b ? " and " : "", options->has_mold_b ? options->mold_b : "");
    (void)fprintf(file, "  on        %s\n",
                  options->misbehave != NULL ? options->misbehave
                                             : "best behaviour (--misbehave changes that)");
    (void)fprintf(file, "  memory    %zu MB (%s pages); none is taken later\n",
                  (exchange->arena.size_bytes >> 20) + 1, ll_arena_pages_name(&exchange->arena));
    (void)fprintf(file, "  end       Ctrl-C ends the day in order\n\n");
}

static void print_address(const char *what, const struct ll_ipv4 *address)
{
    char text[LL_IPV4_TEXT_BYTES];
    ll_ipv4_print(address, text);
    (void)printf("listening %s %s\n", what, text);
}

static void print_addresses(const struct exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->options.account_count; i++)
        print_address(ll_protocol_name(exchange->options.accounts[i].protocol),
                      &exchange->accounts[i].listener.local);
    if (exchange->rerequest.fd >= 0)
        print_address("rerequest", &exchange->rerequest.local);
    (void)printf("ready\n");
    (void)fflush(stdout);
}

static void print_summary(const struct exchange *exchange)
{
    const struct ll_matching_counters *market = ll_matching_counters(exchange->matching);
    (void)printf("market: %" PRIu64 " orders, %" PRIu64 " replaced, %" PRIu64 " rejected, %" PRIu64
                 " trades of %" PRIu64 " shares, %" PRIu64 " broken\n",
                 market->entered, market->replaced, market->rejected, market->trades, market->quantity_traded,
                 market->broken);
    for (uint32_t i = 0; i < exchange->options.account_count; i++) {
        const struct ll_ouch_port_counters *port = ll_ouch_port_counters(exchange->accounts[i].port);
        const struct ll_soup_server_counters *server = ll_soup_server_counters(exchange->accounts[i].server);
        (void)printf("account %u: %" PRIu64 " logins, %" PRIu64 " messages in (%" PRIu64 " ignored, %" PRIu64
                     " malformed), %" PRIu64 " out (%" PRIu64 " lost), %" PRIu64 " accepted, %" PRIu64
                     " replaced, %" PRIu64 " rejected, %" PRIu64 " executions\n",
                     i + 1, server->logins, port->received, port->ignored, port->malformed, port->published,
                     port->lost, port->accepted, port->replaced, port->rejected, port->executions);
        for (uint32_t fault = 0; fault < LL_OUCH_PORT_FAULT_COUNT; fault++)
            if (port->faults[fault] != 0)
                (void)printf("  %s: %" PRIu64 "\n", ll_ouch_port_fault_name(fault), port->faults[fault]);
    }
    if (exchange->sender != NULL) {
        const struct ll_mold_sender_counters *feed = ll_mold_sender_counters(exchange->sender);
        (void)printf("feed: %" PRIu64 " messages, %" PRIu64 " packets on A, %" PRIu64 " on B, %" PRIu64
                     " answers, %" PRIu64 " datagrams not taken by the system%s\n",
                     feed->messages, feed->line[0].packets, feed->line[1].packets, feed->answers,
                     exchange->datagrams_lost,
                     ll_itch_publisher_is_whole(&exchange->publisher) ? "" : "; NOT WHOLE: --feed-messages");
    }
}

static void put_account(struct ll_json *json, const struct ll_exchange_account *account)
{
    const struct ll_ouch_port_counters *port = ll_ouch_port_counters(account->port);
    const struct ll_soup_server_counters *server = ll_soup_server_counters(account->server);
    ll_json_begin_object(json, NULL);
    ll_json_string(json, "protocol", ll_protocol_name(ll_ouch_port_protocol(account->port)));
    ll_json_u64(json, "logins", server->logins);
    ll_json_u64(json, "received", port->received);
    ll_json_u64(json, "ignored", port->ignored);
    ll_json_u64(json, "malformed", port->malformed);
    ll_json_u64(json, "published", port->published);
    ll_json_u64(json, "lost", port->lost);
    ll_json_u64(json, "accepted", port->accepted);
    ll_json_u64(json, "replaced", port->replaced);
    ll_json_u64(json, "rejected", port->rejected);
    ll_json_u64(json, "executions", port->executions);
    ll_json_u64(json, "broken", port->broken);
    ll_json_begin_object(json, "faults");
    for (uint32_t fault = 0; fault < LL_OUCH_PORT_FAULT_COUNT; fault++)
        ll_json_u64(json, ll_ouch_port_fault_name(fault), port->faults[fault]);
    ll_json_end_object(json);
    ll_json_end_object(json);
}

static void print_summary_json(const struct exchange *exchange)
{
    const struct ll_matching_counters *market = ll_matching_counters(exchange->matching);
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    ll_json_begin_object(&json, NULL);
    ll_json_u64(&json, "orders", market->entered);
    ll_json_u64(&json, "trades", market->trades);
    ll_json_u64(&json, "quantity_traded", market->quantity_traded);
    ll_json_u64(&json, "broken", market->broken);
    ll_json_begin_array(&json, "accounts");
    for (uint32_t i = 0; i < exchange->options.account_count; i++)
        put_account(&json, &exchange->accounts[i]);
    ll_json_end_array(&json);
    if (exchange->sender != NULL) {
        const struct ll_mold_sender_counters *feed = ll_mold_sender_counters(exchange->sender);
        ll_json_begin_object(&json, "feed");
        ll_json_u64(&json, "messages", feed->messages);
        ll_json_bool(&json, "whole", ll_itch_publisher_is_whole(&exchange->publisher));
        ll_json_u64(&json, "packets_a", feed->line[0].packets);
        ll_json_u64(&json, "packets_b", feed->line[1].packets);
        ll_json_u64(&json, "answers", feed->answers);
        ll_json_end_object(&json);
    }
    ll_json_end_object(&json);
    ll_json_newline(&json);
}

/* --- the day -------------------------------------------------------------------------------------------------- */

static int write_record(const struct exchange *exchange, struct ll_why *why)
{
    if (exchange->options.record == NULL)
        return LL_OK;
    return ll_exchange_record_write(&exchange->ports, exchange->options.record, why);
}

static void work(struct exchange *exchange, uint64_t now_ns)
{
    for (uint32_t i = 0; i < exchange->options.account_count; i++)
        ll_exchange_account_poll(&exchange->accounts[i], now_ns);
    if (exchange->house != NULL)
        (void)ll_house_poll(exchange->house, now_ns);
    if (exchange->rerequest.fd >= 0)
        answer_requests(exchange, now_ns);
    if (exchange->sender != NULL)
        (void)ll_mold_sender_poll(exchange->sender, now_ns);
}

/* Sleeps until something comes, or a moment: the house and the faults keep no other alarm. */
static void wait_for_input(const struct exchange *exchange)
{
    struct pollfd fds[FDS_MAX];
    nfds_t count = 0;
    int wait_ms = WAIT_MS;
    for (uint32_t i = 0; i < exchange->options.account_count; i++) {
        const struct ll_exchange_account *account = &exchange->accounts[i];
        if (ll_exchange_account_has_output(account))
            wait_ms = 0;
        fds[count++] = (struct pollfd){.fd = account->listener.fd, .events = POLLIN};
        for (uint32_t c = 0; c < LL_EXCHANGE_CONNECTIONS; c++)
            fds[count++] = (struct pollfd){.fd = ll_tcp_fd(&account->connections[c]), .events = POLLIN};
    }
    fds[count++] = (struct pollfd){.fd = exchange->rerequest.fd, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = exchange->record_fd, .events = POLLIN};
    (void)poll(fds, count, wait_ms); /* closed ones are -1, which poll passes over */
}

static int work_record_signal(struct exchange *exchange, struct ll_why *why)
{
    struct signalfd_siginfo info;
    if (exchange->record_fd < 0 || read(exchange->record_fd, &info, sizeof info) != sizeof info)
        return LL_OK;
    return write_record(exchange, why);
}

static int run(struct exchange *exchange, struct ll_why *why)
{
    uint64_t end_ns = UINT64_MAX;
    if (exchange->options.duration_ns != 0)
        end_ns = exchange->start_utc_ns + exchange->options.duration_ns;
    for (;;) {
        uint64_t now_ns = now(exchange);
        if (ll_stop_requested() || now_ns >= end_ns)
            return LL_OK;
        work(exchange, now_ns);
        int err = work_record_signal(exchange, why);
        if (err != LL_OK)
            return err;
        if (!exchange->options.spin)
            wait_for_input(exchange);
    }
}

static void start_of_day(struct exchange *exchange)
{
    uint64_t now_ns = now(exchange);
    for (uint32_t i = 0; i < exchange->options.account_count; i++)
        ll_ouch_port_start_of_day(exchange->accounts[i].port, now_ns);
    if (exchange->sender != NULL)
        ll_itch_publisher_start_of_day(&exchange->publisher, now_ns);
    if (exchange->house != NULL)
        ll_house_open(exchange->house, now_ns);
}

static bool has_more_to_say(const struct exchange *exchange)
{
    for (uint32_t i = 0; i < exchange->options.account_count; i++)
        if (ll_soup_server_has_client(exchange->accounts[i].server))
            return true;
    return exchange->sender != NULL && ll_mold_sender_counters(exchange->sender)->line[0].ends == 0;
}

/* Orders go, everybody hears it, and then hears the end. */
static void end_of_day(struct exchange *exchange)
{
    uint64_t now_ns = now(exchange);
    uint64_t end_ns = now_ns + DRAIN_NS;
    ll_matching_end_of_day(exchange->matching, now_ns);
    if (exchange->sender != NULL)
        ll_itch_publisher_end_of_day(&exchange->publisher, now_ns);
    for (uint32_t i = 0; i < exchange->options.account_count; i++) {
        ll_ouch_port_end_of_day(exchange->accounts[i].port, now_ns);
        ll_soup_server_end(exchange->accounts[i].server);
    }
    while (has_more_to_say(exchange) && now_ns < end_ns) {
        for (uint32_t i = 0; i < exchange->options.account_count; i++)
            ll_soup_server_poll(exchange->accounts[i].server, now_ns);
        if (exchange->rerequest.fd >= 0)
            answer_requests(exchange, now_ns);
        if (exchange->sender != NULL)
            (void)ll_mold_sender_poll(exchange->sender, now_ns);
        wait_for_input(exchange);
        now_ns = now(exchange);
    }
}

static int run_day(struct exchange *exchange, struct ll_why *why)
{
    int err = open_all(exchange, why);
    if (err != LL_OK)
        return err;
    if (!exchange->options.quiet)
        print_banner(exchange, stderr);
    start_of_day(exchange);
    print_addresses(exchange);
    err = run(exchange, why);
    end_of_day(exchange);
    if (err == LL_OK)
        err = write_record(exchange, why);
    if (exchange->options.json)
        print_summary_json(exchange);
    else
        print_summary(exchange);
    return err;
}

int ll_exchange(int argc, char **argv)
{
    struct ll_why why = {0};
    struct ll_arena arena; /* the exchange itself, with the instruments of its options, is large */
    int err = ll_arena_init(&arena, sizeof(struct exchange) + ALIGN_BYTES, &why);
    if (err != LL_OK) {
        (void)fprintf(stderr, "lifeline-exchange: %s\n", why.text);
        return ll_exit_code(err);
    }
    struct exchange *exchange = ll_arena_alloc(&arena, sizeof *exchange, ALIGN_BYTES);
    exchange->feed.fd = -1;
    exchange->rerequest.fd = -1;
    exchange->record_fd = -1;
    exchange->start_utc_ns = ll_clock_utc_ns();
    exchange->start_mono_ns = ll_clock_mono_ns();
    exchange->midnight_ns = exchange->start_utc_ns - exchange->start_utc_ns % DAY_NS;
    err = ll_exchange_options_parse(&exchange->options, argc, argv, &why);
    if (err == LL_OK && exchange->options.help) {
        ll_exchange_options_print_help(stdout);
    } else if (err == LL_OK) {
        ll_stop_install();
        err = run_day(exchange, &why);
        close_all(exchange);
    }
    if (err != LL_OK)
        (void)fprintf(stderr, "lifeline-exchange: %s\n", why.text);
    ll_arena_deinit(&arena);
    return ll_exit_code(err);
}
