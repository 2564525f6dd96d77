/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_exchange_options.h"

#include "host/base/ll_clock.h"
#include "host/base/ll_decimal.h"
#include "host/base/ll_options.h"
#include "host/exchange/ll_house.h"
#include "host/exchange/ll_symbol_name.h"
#include "host/wire/ll_ouch_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define ROW(name, type, field, min, max, value, choices, help)                                  \
    {                                                                                           \
        name, type, offsetof(struct ll_exchange_options, field), min, max, value, choices, help \
    }

static const struct ll_option ll_exchange_table[] = {
    ROW("ouch50", LL_OPTION_STRING, ouch50, 0, 0, "ADDR:PORT,...", NULL,
        "listen for OUCH 5.0 over SoupBinTCP, one account for each address; port 0 = any free one"),
    ROW("ouch42", LL_OPTION_STRING, ouch42, 0, 0, "ADDR:PORT,...", NULL, "the same for OUCH 4.2"),
    ROW("user", LL_OPTION_STRING, user, 0, 0, "NAME", NULL,
        "user name of every account, at most 6 characters (default LIFE01)"),
    ROW("password", LL_OPTION_STRING, password, 0, 0, "TEXT", NULL,
        "password of every account, at most 10 characters (default LIFELINE)"),
    ROW("password-file", LL_OPTION_STRING, password_file, 0, 0, "FILE", NULL,
        "the password is the first line of FILE, so that no process list shows it"),
    ROW("session", LL_OPTION_STRING, session, 0, 0, "NAME", NULL,
        "name of the day's sessions, SoupBinTCP and MoldUDP64, at most 10 characters (default LIFELINE01)"),
    ROW("firms", LL_OPTION_STRING, firms, 0, 0, "MPID,...", NULL,
        "firms that an account may enter for; the first is the default (default LIFE)"),
    ROW("mold", LL_OPTION_STRING, mold, 0, 0, "ADDR:PORT", NULL,
        "send the ITCH 5.0 feed over MoldUDP64 to this address, line A; default: no feed"),
    ROW("mold-b", LL_OPTION_STRING, mold_b, 0, 0, "ADDR:PORT", NULL, "line B, the same messages"),
    ROW("rerequest", LL_OPTION_STRING, rerequest, 0, 0, "ADDR:PORT", NULL,
        "answer MoldUDP64 re-requests here; port 0 = any free one"),
    ROW("interface", LL_OPTION_STRING, interface, 0, 0, "ADDR:0", NULL,
        "leave for multicast groups by the interface that has this address"),
    ROW("mold-faults", LL_OPTION_STRING, mold_faults, 0, 0, "NAME=N,...", NULL,
        "of 1000 packets of line A so many go wrong: loss, delay, reorder, duplicate"),
    ROW("mold-b-faults", LL_OPTION_STRING, mold_b_faults, 0, 0, "NAME=N,...", NULL, "the same for line B"),
    ROW("symbols", LL_OPTION_U64, symbols, 1, LL_EXCHANGE_INSTRUMENTS_MAX, "N", NULL,
        "instruments A, B, ... Z, AA, ... with made-up prices (default 10)"),
    ROW("symbol", LL_OPTION_STRING, symbol, 0, 0, "NAME:PRICE,...", NULL,
        "these instruments instead, such as AAPL:150.34,MSFT:400"),
    ROW("band", LL_OPTION_U64, band, 0, 1000, "PER-MILLE", NULL,
        "refuse limit prices further from the first price than this; 0 (the default): none is refused"),
    ROW("self-trade", LL_OPTION_CHOICE, self_trade, 0, 0, NULL, "off|newest|oldest|decrement",
        "when two orders of one account meet: they trade (off, the default), or who is cancelled"),
    ROW("seed", LL_OPTION_U64, seed, 0, UINT64_MAX, "N", NULL,
        "of the house and of everything that goes wrong (default 1)"),
    ROW("house-rate", LL_OPTION_U64, house_rate, 0, LL_HOUSE_RATE_MAX, "N", NULL,
        "actions of the exchange's own market maker and takers per second (default 100); 0: quotes, and then "
        "nothing"),
    ROW("house-lots", LL_OPTION_U64, house_lots, 0, 1000, "N", NULL,
        "largest order of the house in round lots (default 10); 0: no house at all"),
    ROW("duration", LL_OPTION_DURATION, duration_ns, 0, (uint64_t)72 * 3600 * LL_NS_PER_S, "TIME", NULL,
        "end the day after this long; 0 (the default): until Ctrl-C"),
    ROW("misbehave", LL_OPTION_STRING, misbehave, 0, 0, "NAME=N,...", NULL,
        "what goes wrong on purpose, N of 1000: delay, silence, drop, drop-lost, reject-retry, reject-final, "
        "fill-on-cancel, fill-on-replace, bust, cancel; drop-every=N closes after each N messages"),
    ROW("delay-max", LL_OPTION_DURATION, delay_max_ns, 1, 60 * LL_NS_PER_S, "TIME", NULL,
        "a delayed answer waits up to this long (default 5ms)"),
    ROW("silence-max", LL_OPTION_DURATION, silence_max_ns, 1, 600 * LL_NS_PER_S, "TIME", NULL,
        "a silence lasts up to this long (default 500ms)"),
    ROW("bust-max", LL_OPTION_DURATION, bust_max_ns, 1, 3600 * LL_NS_PER_S, "TIME", NULL,
        "a bust comes up to this long after the trade (default 1s)"),
    ROW("cancel-max", LL_OPTION_DURATION, cancel_max_ns, 1, 3600 * LL_NS_PER_S, "TIME", NULL,
        "a cancel that nobody asked for comes up to this long after the order (default 1s)"),
    ROW("drop-after-bytes", LL_OPTION_U64, drop_after_bytes, 0, UINT64_MAX, "N", NULL,
        "close each account's connection once, after N more bytes have left, in the middle of a packet if "
        "so; "
        "0 (the default): never"),
    ROW("next-number", LL_OPTION_U64, next_number, 1, UINT32_MAX, "N", NULL,
        "restart in the middle of a day: UserRefNums below N were used (default 1)"),
    ROW("first-reference", LL_OPTION_U64, first_reference, 1, UINT64_MAX, "N", NULL,
        "restart: reference of the first order (default 1)"),
    ROW("first-match", LL_OPTION_U64, first_match, 1, UINT64_MAX, "N", NULL,
        "restart: number of the first trade (default 1)"),
    ROW("orders", LL_OPTION_U64, orders, 1, LL_MATCHING_ORDERS_MAX, "N", NULL,
        "live orders to make room for (default 65536)"),
    ROW("day-orders", LL_OPTION_U64, day_orders, 1, LL_OUCH_PORT_LINKS_MAX, "N", NULL,
        "numbers or tokens of an account in a day to make room for (default 65536)"),
    ROW("feed-messages", LL_OPTION_U64, feed_messages, 1, LL_MOLD_SENDER_MESSAGES_MAX, "N", NULL,
        "messages of the feed in a day to make room for (default 1048576)"),
    ROW("record", LL_OPTION_STRING, record, 0, 0, "FILE", NULL,
        "write what happened to every order as JSON lines to FILE, at the end and at each SIGUSR1"),
    ROW("idle", LL_OPTION_CHOICE, idle, 0, 0, NULL, "sleep|spin",
        "when nothing is due: wait for input for up to a millisecond (default), or spin"),
    ROW("json", LL_OPTION_FLAG, json, 0, 0, NULL, NULL, "print the summary as one JSON object on stdout"),
    ROW("quiet", LL_OPTION_FLAG, quiet, 0, 0, NULL, NULL,
        "no banner; errors, addresses and the summary only"),
    {NULL, LL_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}};

static const char ll_exchange_help[] =
    "usage: lifeline-exchange [options]\n"
    "\n"
    "A simulated exchange to trade against: orders come in as OUCH 5.0 or 4.2 over SoupBinTCP, are\n"
    "matched, and the public book goes out as ITCH 5.0 over MoldUDP64 on two lines. A house of its own\n"
    "quotes and trades, so that there is somebody to meet. What it does wrong, it does on purpose and by\n"
    "the seed.\n"
    "\n"
    "  lifeline-exchange --ouch50 127.0.0.1:26400\n"
    "  lifeline-exchange --ouch50 127.0.0.1:0,127.0.0.1:0 --ouch42 127.0.0.1:0 --symbol AAPL:150.34\n"
    "  lifeline-exchange --ouch50 127.0.0.1:26400 --mold 127.0.0.1:26477 --mold-b 127.0.0.1:26478 \\\n"
    "                    --rerequest 127.0.0.1:26479 --mold-faults loss=20 --record truth.jsonl\n"
    "  lifeline-exchange --ouch50 127.0.0.1:26400 \\\n"
    "                    --misbehave drop-every=500,delay=100,fill-on-cancel=200,bust=10\n"
    "\n"
    "stdout says where it listens, one line for each socket, then `ready`, so that scripts can give port 0\n"
    "and read the number; the summary comes at the end:\n"
    "  listening ouch50 127.0.0.1:41235\n"
    "\n"
    "Ctrl-C (SIGINT) or SIGTERM ends the day in order: orders are cancelled, clients hear the end of the\n"
    "day and of the session, the feed ends. SIGUSR1 writes the record and goes on. Killed otherwise, the\n"
    "day is gone: start again with another --session, and with --next-number, --first-reference and\n"
    "--first-match behind what was used.\n"
    "\n"
    "Exit: 0 ended in order, 2 usage, 3 the machine lacks something (memory, a UDP port), 4 the system\n"
    "refused an address to listen at, or a file.\n"
    "\n"
    "options:\n";

static void ll_exchange_options_default(struct ll_exchange_options *options)
{
    memset(options, 0, sizeof *options);
    options->user = "LIFE01";
    options->password = "LIFELINE";
    options->session = "LIFELINE01";
    options->firms = "LIFE";
    options->symbols = 10;
    options->self_trade = "off";
    options->seed = 1;
    options->house_rate = 100;
    options->house_lots = 10;
    options->delay_max_ns = 5 * LL_NS_PER_MS;
    options->silence_max_ns = 500 * LL_NS_PER_MS;
    options->bust_max_ns = LL_NS_PER_S;
    options->cancel_max_ns = LL_NS_PER_S;
    options->next_number = 1;
    options->first_reference = 1;
    options->first_match = 1;
    options->orders = 65536;
    options->day_orders = 65536;
    options->feed_messages = 1048576;
    options->idle = "sleep";
}

/* --- lists ------------------------------------------------------------------------------------------------ */

struct part {
    const char *text;
    uint32_t bytes;
};

/* The next part of a list with commas; false = there is none. */
static bool next_part(const char **list, struct part *part)
{
    if (*list == NULL)
        return false;
    part->text = *list;
    part->bytes = (uint32_t)strcspn(*list, ",");
    *list = part->text[part->bytes] == ',' ? part->text + part->bytes + 1 : NULL;
    return true;
}

/* NAME=N, or NAME:TEXT: the bytes of the name; 0 = the separator is missing. */
static uint32_t name_bytes(const struct part *part, char separator)
{
    const char *at = memchr(part->text, separator, part->bytes);
    return at != NULL ? (uint32_t)(at - part->text) : 0;
}

static bool name_is(const struct part *part, uint32_t bytes, const char *name)
{
    return strlen(name) == bytes && memcmp(part->text, name, bytes) == 0;
}

static int parse_count(const struct part *part, uint32_t from, uint64_t max, uint64_t *value,
                       const char *option, struct ll_why *why)
{
    char text[24];
    uint32_t bytes = part->bytes - from;
    if (bytes == 0 || bytes >= sizeof text)
        return LL_FAIL(why, LL_ERR_USAGE, "--%s: '%.*s' has no number behind it", option, (int)part->bytes,
                       part->text);
    memcpy(text, part->text + from, bytes);
    text[bytes] = '\0';
    if (ll_options_parse_u64(text, LL_OPTION_U64, value, NULL) != LL_OK || *value > max)
        return LL_FAIL(why, LL_ERR_USAGE, "--%s: '%.*s': give a number up to %" PRIu64, option,
                       (int)part->bytes, part->text, max);
    return LL_OK;
}

/* --- addresses -------------------------------------------------------------------------------------------- */

static int add_accounts(struct ll_exchange_options *options, const char *list, uint8_t protocol,
                        struct ll_why *why)
{
    struct part part;
    while (next_part(&list, &part)) {
        if (options->account_count == LL_EXCHANGE_ACCOUNTS_MAX)
            return LL_FAIL(why, LL_ERR_USAGE, "--ouch50, --ouch42: at most %u accounts together",
                           LL_EXCHANGE_ACCOUNTS_MAX);
        struct ll_exchange_account_options *account = &options->accounts[options->account_count];
        int err = ll_ipv4_parse(&account->listen, part.text, part.bytes, why);
        if (err != LL_OK)
            return err;
        account->protocol = protocol;
        options->account_count++;
    }
    return LL_OK;
}

static int parse_address(const char *text, const char *option, bool any_port, struct ll_ipv4 *address,
                         bool *is_given, struct ll_why *why)
{
    *is_given = text != NULL;
    if (text == NULL)
        return LL_OK;
    int err = ll_ipv4_parse(address, text, (uint32_t)strlen(text), why);
    if (err == LL_OK && address->port == 0 && !any_port)
        return LL_FAIL(why, LL_ERR_USAGE, "--%s: name the port to send to", option);
    return err;
}

static int check_addresses(struct ll_exchange_options *options, struct ll_why *why)
{
    int err = add_accounts(options, options->ouch50, LL_PROTOCOL_OUCH50, why);
    if (err == LL_OK)
        err = add_accounts(options, options->ouch42, LL_PROTOCOL_OUCH42, why);
    if (err == LL_OK)
        err = parse_address(options->mold, "mold", false, &options->mold_to, &options->has_mold, why);
    if (err == LL_OK)
        err = parse_address(options->mold_b, "mold-b", false, &options->mold_b_to, &options->has_mold_b, why);
    if (err == LL_OK)
        err = parse_address(options->rerequest, "rerequest", true, &options->rerequest_at,
                            &options->has_rerequest, why);
    if (err == LL_OK)
        err = parse_address(options->interface, "interface", true, &options->interface_at,
                            &options->has_interface, why);
    if (err != LL_OK)
        return err;
    if (options->has_mold_b && !options->has_mold)
        return LL_FAIL(why, LL_ERR_USAGE, "--mold-b: give line A with --mold too");
    if (options->account_count == 0 && !options->has_mold)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "nothing to do: give --ouch50 or --ouch42 ADDR:PORT to take orders, --mold ADDR:PORT to "
            "send the feed");
    return LL_OK;
}

/* --- names ------------------------------------------------------------------------------------------------ */

static int read_password(struct ll_exchange_options *options, struct ll_why *why)
{
    char line[64];
    FILE *file = fopen(options->password_file, "r");
    if (file == NULL)
        return LL_FAIL(why, LL_ERR_IO, "%.100s: %s", options->password_file, strerror(errno));
    bool has_line = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    if (!has_line)
        return LL_FAIL(why, LL_ERR_USAGE, "%.100s: the first line shall be the password",
                       options->password_file);
    line[strcspn(line, "\r\n")] = '\0';
    if (strlen(line) >= sizeof options->password_read)
        return LL_FAIL(why, LL_ERR_USAGE, "%.100s: a password has at most %u characters",
                       options->password_file, LL_SOUP_PASSWORD_BYTES);
    memcpy(options->password_read, line, strlen(line) + 1);
    options->password = options->password_read;
    return LL_OK;
}

static int check_names(struct ll_exchange_options *options, struct ll_why *why)
{
    const char *list = options->firms;
    struct part part;
    if (options->password_file != NULL) {
        int err = read_password(options, why);
        if (err != LL_OK)
            return err;
    }
    if (strlen(options->user) > LL_SOUP_USERNAME_BYTES ||
        strlen(options->password) > LL_SOUP_PASSWORD_BYTES ||
        strlen(options->session) > LL_SOUP_SESSION_BYTES || options->session[0] == '\0')
        return LL_FAIL(why, LL_ERR_USAGE,
                       "--user has at most %u characters, --password %u, --session 1 to %u",
                       LL_SOUP_USERNAME_BYTES, LL_SOUP_PASSWORD_BYTES, LL_SOUP_SESSION_BYTES);
    while (next_part(&list, &part)) {
        if (part.bytes == 0 || part.bytes > LL_MATCHING_FIRM_BYTES ||
            options->firm_count == LL_OUCH_PORT_FIRMS_MAX)
            return LL_FAIL(why, LL_ERR_USAGE, "--firms: 1 to %u names of 1 to %u characters",
                           LL_OUCH_PORT_FIRMS_MAX, LL_MATCHING_FIRM_BYTES);
        memset(options->firm[options->firm_count], ' ', LL_MATCHING_FIRM_BYTES);
        memcpy(options->firm[options->firm_count++], part.text, part.bytes);
    }
    return LL_OK;
}

/* --- instruments ------------------------------------------------------------------------------------------ */

#define PRICE_DECIMALS 4u

/* "150.34" in 1/10,000; 0 = not a price, or one that no tick fits. */
static uint32_t parse_price(const char *text, uint32_t bytes)
{
    char number[LL_DECIMAL_TEXT_BYTES];
    uint64_t price;
    if (bytes >= sizeof number)
        return 0;
    memcpy(number, text, bytes);
    number[bytes] = '\0';
    if (ll_decimal_parse(number, PRICE_DECIMALS, &price, NULL) != LL_OK)
        return 0;
    return price <= LL_MATCHING_PRICE_MAX && price % LL_EXCHANGE_TICK == 0 ? (uint32_t)price : 0;
}

static void add_instrument(struct ll_exchange_options *options, const char *name, uint32_t bytes,
                           uint32_t price)
{
    struct ll_matching_instrument *instrument = &options->instruments[options->instrument_count++];
    memset(instrument->symbol, ' ', sizeof instrument->symbol);
    memcpy(instrument->symbol, name, bytes);
    instrument->locate = (uint16_t)options->instrument_count;
    instrument->tick = LL_EXCHANGE_TICK;
    instrument->lot = LL_EXCHANGE_LOT;
    instrument->prior_close = price;
}

static int check_instruments(struct ll_exchange_options *options, struct ll_why *why)
{
    const char *list = options->symbol;
    struct part part;
    while (next_part(&list, &part)) {
        uint32_t bytes = name_bytes(&part, ':');
        uint32_t price = bytes > 0 ? parse_price(part.text + bytes + 1, part.bytes - bytes - 1) : 0;
        if (bytes == 0 || bytes > LL_MATCHING_SYMBOL_BYTES || price == 0 ||
            options->instrument_count == LL_EXCHANGE_INSTRUMENTS_MAX)
            return LL_FAIL(why, LL_ERR_USAGE,
                           "--symbol '%.*s': give NAME:PRICE, a name of 1 to %u characters and a price in "
                           "dollars and cents below 200000",
                           (int)part.bytes, part.text, LL_MATCHING_SYMBOL_BYTES);
        add_instrument(options, part.text, bytes, price);
    }
    if (options->symbol != NULL)
        return LL_OK;
    for (uint32_t i = 0; i < options->symbols; i++) {
        uint64_t name = ll_symbol_name(i);
        /* 10 dollars and up, seven more each, so that no two neighbours are alike. */
        add_instrument(options, (const char *)&name, LL_SYMBOL_NAME_BYTES, 100000 + 70000 * (i % 1000));
    }
    return LL_OK;
}

/* --- what goes wrong -------------------------------------------------------------------------------------- */

static int check_misbehave(struct ll_exchange_options *options, struct ll_why *why)
{
    const char *list = options->misbehave;
    struct part part;
    options->faults.delay_ns_max = options->delay_max_ns;
    options->faults.silence_ns_max = options->silence_max_ns;
    options->faults.bust_ns_max = options->bust_max_ns;
    options->faults.cancel_ns_max = options->cancel_max_ns;
    while (next_part(&list, &part)) {
        uint32_t bytes = name_bytes(&part, '=');
        uint32_t fault = 0;
        uint64_t value = 0;
        bool is_every = name_is(&part, bytes, "drop-every");
        while (fault < LL_OUCH_PORT_FAULT_COUNT && !name_is(&part, bytes, ll_ouch_port_fault_name(fault)))
            fault++;
        if (fault == LL_OUCH_PORT_FAULT_COUNT && !is_every)
            return LL_FAIL(why, LL_ERR_USAGE, "--misbehave '%.*s': no such fault; --help lists them",
                           (int)part.bytes, part.text);
        int err = parse_count(&part, bytes + 1, is_every ? UINT32_MAX : 1000, &value, "misbehave", why);
        if (err != LL_OK)
            return err;
        if (is_every)
            options->faults.drop_every = value;
        else
            options->faults.per_mille[fault] = (uint32_t)value;
    }
    return LL_OK;
}

static int check_feed_faults(const char *list, const char *option, struct ll_mold_sender_faults *faults,
                             struct ll_why *why)
{
    struct part part;
    faults->delay_ns_max = 5 * LL_NS_PER_MS;
    while (next_part(&list, &part)) {
        uint32_t bytes = name_bytes(&part, '=');
        uint32_t *to = name_is(&part, bytes, "loss")        ? &faults->loss_per_mille
                       : name_is(&part, bytes, "delay")     ? &faults->delay_per_mille
                       : name_is(&part, bytes, "reorder")   ? &faults->reorder_per_mille
                       : name_is(&part, bytes, "duplicate") ? &faults->duplicate_per_mille
                                                            : NULL;
        uint64_t value = 0;
        if (to == NULL)
            return LL_FAIL(why, LL_ERR_USAGE, "--%s '%.*s': give loss, delay, reorder or duplicate =N",
                           option, (int)part.bytes, part.text);
        int err = parse_count(&part, bytes + 1, 1000, &value, option, why);
        if (err != LL_OK)
            return err;
        *to = (uint32_t)value;
    }
    return LL_OK;
}

int ll_exchange_options_parse(struct ll_exchange_options *options, int argc, char **argv, struct ll_why *why)
{
    struct ll_operands operands;
    int help = 0;
    ll_exchange_options_default(options);
    int err = ll_options_parse(ll_exchange_table, argc, argv, options, &operands, &help, why);
    options->help = help != 0;
    if (err != LL_OK || options->help)
        return err;
    if (operands.count != 0)
        return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is no option; --help lists them", operands.value[0]);
    options->spin = strcmp(options->idle, "spin") == 0;
    if (strcmp(options->self_trade, "oldest") == 0)
        options->self_trade_kind = LL_MATCHING_SELF_CANCEL_OLDEST;
    else if (strcmp(options->self_trade, "decrement") == 0)
        options->self_trade_kind = LL_MATCHING_SELF_DECREMENT;
    err = check_addresses(options, why);
    if (err == LL_OK)
        err = check_names(options, why);
    if (err == LL_OK)
        err = check_instruments(options, why);
    if (err == LL_OK)
        err = check_misbehave(options, why);
    if (err == LL_OK)
        err = check_feed_faults(options->mold_faults, "mold-faults", &options->feed_faults[0], why);
    if (err == LL_OK)
        err = check_feed_faults(options->mold_b_faults, "mold-b-faults", &options->feed_faults[1], why);
    return err;
}

void ll_exchange_options_print_help(FILE *file)
{
    (void)fputs(ll_exchange_help, file);
    ll_options_print_help(ll_exchange_table, file);
}
