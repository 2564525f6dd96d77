/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_trading_show.h"

#include "hls/ll_order_states.h"
#include "host/app/ll_report.h"
#include "host/client/lifeline.h"
#include "host/core/ll_engine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define LL_SHOW_MONEY_UNIT   10000u
#define LL_SHOW_REFUSALS_TOP 4u
#define LL_SHOW_ROW_BYTES    160u

/* --- Looking (hot thread) --------------------------------------------------------------------------------- */

static void ll_show_look_at_session(const struct ll_trading *trading, uint32_t session,
                                    struct ll_trading_shown_session *shown)
{
    const struct ll_soup_client *client = ll_trading_session(trading, session);
    uint64_t opens = ll_soup_client_counters(client)->opens;
    *shown = (struct ll_trading_shown_session){
        .reconnects = opens != 0 ? opens - 1 : 0,
        .in_flight = ll_oms_in_flight(ll_trading_oms(trading), (uint8_t)session),
        .protocol = ll_trading_config_of(trading)->sessions[session].protocol,
        .state = ll_soup_client_state(client),
        .is_open = ll_trading_session_is_open(trading, session)};
}

/* What all owners have of the money together. */
static void ll_show_add_money(const struct ll_ledger *ledger, struct ll_trading_snapshot *snapshot)
{
    uint32_t count = ll_ledger_account_count(ledger);
    snapshot->has_money = true;
    for (uint32_t i = 0; i < count; i++) {
        const struct ll_ledger_account *account = ll_ledger_account_at(ledger, i);
        if (account->asset != LL_LEDGER_CURRENCY)
            continue;
        if (account->kind == LL_LEDGER_AVAILABLE)
            snapshot->money_available += account->balance;
        else if (account->kind == LL_LEDGER_LOCKED)
            snapshot->money_locked += account->balance;
    }
}

void ll_trading_look(const struct ll_trading *trading, struct ll_trading_snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    if (trading == NULL)
        return;
    const struct ll_oms *oms = ll_trading_oms(trading);
    const struct ll_door_counters *door = ll_trading_door_counters(trading);
    snapshot->is_trading = true;
    snapshot->live = ll_oms_live_count(oms);
    snapshot->accounts = ll_ledger_account_count(ll_oms_ledger(oms));
    snapshot->clients = ll_trading_client_count(trading);
    snapshot->limits_loaded = ll_trading_counters(trading)->limits_loaded;
    snapshot->limits_refused = ll_trading_counters(trading)->limits_refused;
    snapshot->session_count = ll_trading_session_count(trading);
    snapshot->counters = *ll_oms_counters(oms);
    if (door != NULL)
        snapshot->door = *door;
    for (uint32_t i = 0; i < snapshot->session_count; i++)
        ll_show_look_at_session(trading, i, &snapshot->sessions[i]);
    if (snapshot->accounts <= LL_TRADING_SHOW_ACCOUNTS)
        ll_show_add_money(ll_oms_ledger(oms), snapshot);
    memcpy(snapshot->limits_error, ll_trading_limits_error(trading), sizeof snapshot->limits_error);
}

/* --- Text -------------------------------------------------------------------------------------------------- */

struct ll_show_text {
    char *text;
    uint32_t room_bytes;
    uint32_t used_bytes;
};

static void ll_show_say(struct ll_show_text *out, const char *format, ...) LL_PRINTF(2, 3);

static void ll_show_say(struct ll_show_text *out, const char *format, ...)
{
    va_list args;
    uint32_t left_bytes = out->room_bytes - out->used_bytes;
    va_start(args, format);
    int length = vsnprintf(out->text + out->used_bytes, left_bytes, format, args);
    va_end(args);
    if (length > 0)
        out->used_bytes += (uint32_t)length < left_bytes ? (uint32_t)length : left_bytes - 1;
}

const char *ll_trading_show_money(int64_t money, char buffer[48])
{
    uint64_t size = money < 0 ? (uint64_t)0 - (uint64_t)money : (uint64_t)money;
    char whole[32];
    (void)snprintf(buffer, 48, "%s%s.%04" PRIu64, money < 0 ? "-" : "",
                   ll_report_grouped(size / LL_SHOW_MONEY_UNIT, whole), size % LL_SHOW_MONEY_UNIT);
    return buffer;
}

/* The most frequent ones of a table, "collar 5, throttle 4 ..."; "none" when all are 0. Number 0 means that all is well
 * and is not shown. */
static void ll_show_top(struct ll_show_text *out, const uint64_t *counts, uint32_t count,
                        const char *(*name)(uint8_t number))
{
    uint64_t below =
        UINT64_MAX; /* what has been shown: all above it, and of those equal to it up to `last` */
    uint32_t last = 0;
    uint32_t shown = 0;
    for (; shown < LL_SHOW_REFUSALS_TOP; shown++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < count; i++) {
            bool is_new = counts[i] < below || (counts[i] == below && i > last);
            if (is_new && counts[i] != 0 && (best == 0 || counts[i] > counts[best]))
                best = i;
        }
        if (best == 0)
            break;
        ll_show_say(out, "%s%s %" PRIu64, shown == 0 ? "" : ", ", name((uint8_t)best), counts[best]);
        below = counts[best];
        last = best;
    }
    if (shown == 0)
        ll_show_say(out, "none");
}

static void ll_show_latency(struct ll_show_text *out, const struct ll_histogram *latency)
{
    char p50[32];
    char p99[32];
    char max[32];
    if (latency->count == 0)
        ll_show_say(out, "none");
    else
        ll_show_say(out, "p50 %s p99 %s max %s",
                    ll_report_duration(ll_histogram_percentile(latency, 500000), p50),
                    ll_report_duration(ll_histogram_percentile(latency, 990000), p99),
                    ll_report_duration(latency->max, max));
}

/* The same three without their names: there is room for them once. */
static void ll_show_latency_again(struct ll_show_text *out, const struct ll_histogram *latency)
{
    char p50[32];
    char p99[32];
    char max[32];
    if (latency->count != 0)
        ll_show_say(out, "   run %s, %s, %s",
                    ll_report_duration(ll_histogram_percentile(latency, 500000), p50),
                    ll_report_duration(ll_histogram_percentile(latency, 990000), p99),
                    ll_report_duration(latency->max, max));
}

static void ll_show_sessions(struct ll_show_text *out, const struct ll_trading_snapshot *now)
{
    ll_show_say(out, "sessions    ");
    for (uint32_t i = 0; i < now->session_count; i++) {
        const struct ll_trading_shown_session *session = &now->sessions[i];
        bool is_catching_up = session->state == LL_SOUP_CLIENT_OPEN && !session->is_open;
        ll_show_say(out, "%s%s %s, reconnects %" PRIu64, i == 0 ? "" : "   ",
                    ll_protocol_name((uint8_t)session->protocol),
                    is_catching_up ? "catching up"
                                   : ll_soup_client_state_text((enum ll_soup_client_state)session->state),
                    session->reconnects);
    }
    ll_show_say(out, "%s   clients %" PRIu64 "\n", now->session_count == 0 ? "none" : "", now->clients);
}

static void ll_show_orders(struct ll_show_text *out, const struct ll_trading_snapshot *now,
                           uint64_t fills_per_s)
{
    const struct ll_oms_counters *counters = &now->counters;
    char a[32];
    char b[32];
    char c[32];
    char d[32];
    char e[32];
    ll_show_say(out, "orders      %s taken   %s live   %s filled   %s cancelled   %s rejected\n",
                ll_report_grouped(counters->orders, a), ll_report_grouped(now->live, b),
                ll_report_grouped(counters->ended[LL_ORDER_FILLED], c),
                ll_report_grouped(counters->ended[LL_ORDER_CANCELLED], d),
                ll_report_grouped(counters->ended[LL_ORDER_REJECTED], e));
    uint64_t in_flight = 0;
    for (uint32_t i = 0; i < now->session_count; i++)
        in_flight += now->sessions[i].in_flight;
    ll_show_say(out, "requests    %s sent   in flight %s   late answers %s   fills %s, %s per s\n",
                ll_report_grouped(counters->sends, a), ll_report_grouped(in_flight, b),
                ll_report_grouped(counters->timeouts, c), ll_report_grouped(counters->fills, d),
                ll_report_grouped(fills_per_s, e));
}

static void ll_show_ledger(struct ll_show_text *out, const struct ll_trading_snapshot *now)
{
    char a[48];
    char b[48];
    char c[32];
    if (now->has_money)
        ll_show_say(out, "ledger      money %s free, %s locked   %s accounts\n",
                    ll_trading_show_money(now->money_available, a),
                    ll_trading_show_money(now->money_locked, b), ll_report_grouped(now->accounts, c));
    else
        ll_show_say(out, "ledger      %s accounts\n", ll_report_grouped(now->accounts, c));
}

/* The last line is about what has to be put right, if anything. */
static void ll_show_limits(struct ll_show_text *out, const struct ll_trading_snapshot *now)
{
    if (now->limits_refused != 0)
        ll_show_say(out,
                    "limits      %" PRIu64 " loaded   %" PRIu64 " refused, the ones before stay: %.100s\n",
                    now->limits_loaded, now->limits_refused, now->limits_error);
    else if (now->limits_loaded == 0)
        ll_show_say(out, "limits      none: every order is refused\n");
    else
        ll_show_say(out,
                    "limits      %" PRIu64 " loaded, 0 refused   own fills told first: session %" PRIu64
                    ", feed %" PRIu64 "\n",
                    now->limits_loaded, now->counters.private_first, now->counters.public_first);
}

uint32_t ll_trading_show_picture(const struct ll_trading_snapshot *now,
                                 const struct ll_trading_interval *interval, char *text, uint32_t text_bytes)
{
    struct ll_show_text out = {text, text_bytes, 0};
    char a[32];
    ll_show_sessions(&out, now);
    ll_show_orders(&out, now, interval->fills_per_s);
    ll_show_say(&out, "refused     %s: ", ll_report_grouped(now->counters.refused, a));
    ll_show_top(&out, now->counters.refusals, LL_REFUSAL_COUNT, ll_refusal_name);
    ll_show_say(&out, "\nreports     %s, exceptions: ", ll_report_grouped(now->counters.reports, a));
    ll_show_top(&out, now->counters.verdicts, LL_VERDICT_COUNT, ll_verdict_name);
    ll_show_say(&out, "\nto the wire ");
    ll_show_latency(&out, interval->wire);
    ll_show_latency_again(&out, interval->wire_whole);
    ll_show_say(&out, "\n");
    ll_show_ledger(&out, now);
    ll_show_limits(&out, now);
    return out.used_bytes;
}

uint32_t ll_trading_show_line(const struct ll_trading_snapshot *now,
                              const struct ll_trading_interval *interval, char *text, uint32_t text_bytes)
{
    struct ll_show_text out = {text, text_bytes, 0};
    const struct ll_oms_counters *counters = &now->counters;
    uint64_t open = 0;
    uint64_t reconnects = 0;
    uint64_t in_flight = 0;
    uint64_t exceptions = 0;
    for (uint32_t i = 0; i < now->session_count; i++) {
        open += now->sessions[i].is_open;
        reconnects += now->sessions[i].reconnects;
        in_flight += now->sessions[i].in_flight;
    }
    for (uint32_t verdict = LL_VERDICT_OK + 1; verdict < LL_VERDICT_COUNT; verdict++)
        exceptions += counters->verdicts[verdict];
    ll_show_say(&out,
                " sessions=%" PRIu32 " sessions_open=%" PRIu64 " reconnects=%" PRIu64 " clients=%" PRIu64
                " own_orders=%" PRIu64 " own_live=%" PRIu64 " filled=%" PRIu64 " cancelled=%" PRIu64
                " rejected=%" PRIu64,
                now->session_count, open, reconnects, now->clients, counters->orders, now->live,
                counters->ended[LL_ORDER_FILLED], counters->ended[LL_ORDER_CANCELLED],
                counters->ended[LL_ORDER_REJECTED]);
    ll_show_say(&out,
                " sent=%" PRIu64 " in_flight=%" PRIu64 " timeouts=%" PRIu64 " fills=%" PRIu64
                " fills_per_s=%" PRIu64 " refused=%" PRIu64 " reports=%" PRIu64 " report_exceptions=%" PRIu64,
                counters->sends, in_flight, counters->timeouts, counters->fills, interval->fills_per_s,
                counters->refused, counters->reports, exceptions);
    for (uint32_t refusal = LL_REFUSAL_NONE + 1; refusal < LL_REFUSAL_COUNT; refusal++)
        if (counters->refusals[refusal] != 0)
            ll_show_say(&out, " refused_%s=%" PRIu64, ll_refusal_name((uint8_t)refusal),
                        counters->refusals[refusal]);
    if (now->has_money)
        ll_show_say(&out, " money_available=%" PRId64 " money_locked=%" PRId64, now->money_available,
                    now->money_locked);
    ll_show_say(&out,
                " accounts=%" PRIu64 " limits_loaded=%" PRIu64 " limits_refused=%" PRIu64
                " private_first=%" PRIu64 " public_first=%" PRIu64,
                now->accounts, now->limits_loaded, now->limits_refused, counters->private_first,
                counters->public_first);
    ll_show_say(
        &out, " wire_count=%" PRIu64 " wire_p50_ns=%" PRIu64 " wire_p99_ns=%" PRIu64 " wire_max_ns=%" PRIu64,
        interval->wire->count, ll_histogram_percentile(interval->wire, 500000),
        ll_histogram_percentile(interval->wire, 990000), interval->wire->max);
    return out.used_bytes;
}

/* --- The final report ---------------------------------------------------------------------------------------- */

static void ll_show_row(FILE *file, const char *label, uint64_t value, const char *rest)
{
    char grouped[32];
    (void)fprintf(file, "  %-22s %16s%s%s\n", label, ll_report_grouped(value, grouped),
                  rest[0] != '\0' ? "  " : "", rest);
}

static void ll_show_print_table(FILE *file, const char *label, uint64_t total, const uint64_t *counts,
                                uint32_t count, const char *(*name)(uint8_t number))
{
    char rest[LL_SHOW_ROW_BYTES];
    struct ll_show_text out = {rest, sizeof rest, 0};
    ll_show_top(&out, counts, count, name);
    ll_show_row(file, label, total, rest);
}

static void ll_show_print_orders(const struct ll_trading_snapshot *now, FILE *file)
{
    const struct ll_oms_counters *counters = &now->counters;
    char rest[LL_SHOW_ROW_BYTES];
    uint64_t exceptions = counters->reports - counters->verdicts[LL_VERDICT_OK];
    (void)snprintf(rest, sizeof rest,
                   "%" PRIu64 " live, %" PRIu64 " filled, %" PRIu64 " cancelled, %" PRIu64
                   " rejected, %" PRIu64 " expired",
                   now->live, counters->ended[LL_ORDER_FILLED], counters->ended[LL_ORDER_CANCELLED],
                   counters->ended[LL_ORDER_REJECTED], counters->ended[LL_ORDER_EXPIRED]);
    ll_show_row(file, "own orders", counters->orders, rest);
    (void)snprintf(rest, sizeof rest, "told first by the session %" PRIu64 ", by the feed %" PRIu64,
                   counters->private_first, counters->public_first);
    ll_show_row(file, "own fills", counters->fills, rest);
    (void)snprintf(rest, sizeof rest, "unanswered in time %" PRIu64 ", sent again %" PRIu64,
                   counters->timeouts, counters->resends);
    ll_show_row(file, "messages sent", counters->sends, rest);
    ll_show_row(file, "commands", counters->commands, "");
    ll_show_print_table(file, "commands refused", counters->refused, counters->refusals, LL_REFUSAL_COUNT,
                        ll_refusal_name);
    ll_show_row(file, "reports", counters->reports, "");
    ll_show_print_table(file, "report exceptions", exceptions, counters->verdicts, LL_VERDICT_COUNT,
                        ll_verdict_name);
    if (counters->triggers != 0)
        ll_show_row(file, "stops triggered", counters->triggers, "");
    if (counters->suspended + counters->money_short + counters->money_lost != 0) {
        (void)snprintf(rest, sizeof rest, "of unknown orders; %" PRIu64 " not paid, %" PRIu64 " too large",
                       counters->money_short, counters->money_lost);
        ll_show_row(file, "fills in suspense", counters->suspended, rest);
    }
}

static void ll_show_print_latency(const struct ll_trading *trading, FILE *file)
{
    const struct ll_histogram *wire = ll_trading_order_to_wire(trading);
    char rest[LL_SHOW_ROW_BYTES];
    struct ll_show_text out = {rest, sizeof rest, 0};
    ll_show_latency(&out, wire);
    ll_show_row(file, "order to wire", wire->count, rest);
}

void ll_trading_show_print(const struct ll_trading *trading, FILE *file)
{
    struct ll_trading_snapshot now;
    char a[48];
    char b[48];
    char rest[LL_SHOW_ROW_BYTES];
    ll_trading_look(trading, &now);
    now.money_available = now.money_locked = 0;
    ll_show_add_money(ll_oms_ledger(ll_trading_oms(trading)), &now);
    (void)fprintf(file, "Trading:\n");
    for (uint32_t i = 0; i < now.session_count; i++) {
        (void)snprintf(rest, sizeof rest, "%s, reconnects %" PRIu64 ", in flight %" PRIu64,
                       ll_protocol_name((uint8_t)now.sessions[i].protocol), now.sessions[i].reconnects,
                       now.sessions[i].in_flight);
        ll_show_row(file, "session", i, rest);
    }
    ll_show_print_orders(&now, file);
    (void)snprintf(rest, sizeof rest, "money %s available, %s locked",
                   ll_trading_show_money(now.money_available, a), ll_trading_show_money(now.money_locked, b));
    ll_show_row(file, "ledger accounts", now.accounts, rest);
    (void)snprintf(rest, sizeof rest, "refused %" PRIu64 "%s%.100s", now.limits_refused,
                   now.limits_refused != 0 ? ", the last: " : "", now.limits_error);
    ll_show_row(file, "limits loaded", now.limits_loaded, rest);
    (void)snprintf(rest, sizeof rest, "died %" PRIu64 ", evicted %" PRIu64 ", answers and news lost %" PRIu64,
                   now.door.clients_died, now.door.clients_evicted, now.door.events_lost);
    ll_show_row(file, "clients", now.door.clients_come, rest);
    (void)fprintf(file, "  %-22s 0x%016" PRIx64 "\n", "trading state hash", ll_trading_hash(trading));
    ll_show_print_latency(trading, file);
}

/* --- JSON ---------------------------------------------------------------------------------------------------- */

static void ll_show_json_table(struct ll_json *json, const char *key, const uint64_t *counts, uint32_t count,
                               const char *(*name)(uint8_t number))
{
    ll_json_begin_object(json, key);
    for (uint32_t i = 0; i < count; i++)
        if (counts[i] != 0)
            ll_json_u64(json, name((uint8_t)i), counts[i]);
    ll_json_end_object(json);
}

static void ll_show_json_sessions(struct ll_json *json, const struct ll_trading_snapshot *now)
{
    ll_json_begin_array(json, "sessions");
    for (uint32_t i = 0; i < now->session_count; i++) {
        const struct ll_trading_shown_session *session = &now->sessions[i];
        ll_json_begin_object(json, NULL);
        ll_json_string(json, "protocol", ll_protocol_name((uint8_t)session->protocol));
        ll_json_string(json, "state", ll_soup_client_state_text((enum ll_soup_client_state)session->state));
        ll_json_u64(json, "reconnects", session->reconnects);
        ll_json_u64(json, "in_flight", session->in_flight);
        ll_json_end_object(json);
    }
    ll_json_end_array(json);
}

static const char *ll_show_state_name(uint8_t state)
{
    return lifeline_state_name(state);
}

static void ll_show_json_counters(struct ll_json *json, const struct ll_trading_snapshot *now,
                                  uint64_t events_dropped)
{
    const struct ll_oms_counters *counters = &now->counters;
#define LL_SHOW_COUNTER(name, text) ll_json_u64(json, #name, counters->name);
    LL_OMS_COUNTERS(LL_SHOW_COUNTER)
#undef LL_SHOW_COUNTER
    ll_json_u64(json, "events_dropped", events_dropped);
    ll_json_u64(json, "live", now->live);
    ll_show_json_table(json, "ended", counters->ended, LL_ORDER_STATE_COUNT, ll_show_state_name);
    ll_show_json_table(json, "refusals", counters->refusals, LL_REFUSAL_COUNT, ll_refusal_name);
    ll_show_json_table(json, "verdicts", counters->verdicts, LL_VERDICT_COUNT, ll_verdict_name);
    ll_json_begin_object(json, "door");
    ll_json_u64(json, "clients", now->clients);
#define LL_SHOW_DOOR(name, text) ll_json_u64(json, #name, now->door.name);
    LL_DOOR_COUNTERS(LL_SHOW_DOOR)
#undef LL_SHOW_DOOR
    ll_json_end_object(json);
}

void ll_trading_show_json(const struct ll_trading *trading, struct ll_json *json, const char *key)
{
    const struct ll_histogram *wire = ll_trading_order_to_wire(trading);
    struct ll_trading_snapshot now;
    ll_trading_look(trading, &now);
    now.money_available = now.money_locked = 0;
    ll_show_add_money(ll_oms_ledger(ll_trading_oms(trading)), &now);
    now.counters.refusals[LL_REFUSAL_NONE] = 0; /* what was not refused */
    ll_json_begin_object(json, key);
    ll_show_json_sessions(json, &now);
    ll_show_json_counters(json, &now, ll_oms_events_dropped(ll_trading_oms(trading)));
    ll_json_begin_object(json, "ledger");
    ll_json_u64(json, "accounts", now.accounts);
    ll_json_i64(json, "money_available", now.money_available);
    ll_json_i64(json, "money_locked", now.money_locked);
    ll_json_end_object(json);
    ll_json_begin_object(json, "limits");
    ll_json_u64(json, "loaded", now.limits_loaded);
    ll_json_u64(json, "refused", now.limits_refused);
    ll_json_string(json, "error", now.limits_error);
    ll_json_end_object(json);
    ll_json_begin_object(json, "order_to_wire_ns");
    ll_json_u64(json, "count", wire->count);
    ll_json_u64(json, "p50", ll_histogram_percentile(wire, 500000));
    ll_json_u64(json, "p99", ll_histogram_percentile(wire, 990000));
    ll_json_u64(json, "max", wire->max);
    ll_json_end_object(json);
    ll_json_hash(json, "state_hash", ll_trading_hash(trading));
    ll_json_end_object(json);
}
