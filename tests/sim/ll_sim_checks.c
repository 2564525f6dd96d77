/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_checks_parts.h"

#include "host/base/ll_assert.h"
#include "host/core/ll_book_memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LL_SIM_NAMES_PER_STEP   4u
#define LL_SIM_STEPS_TO_INDEX   32u
#define LL_SIM_STEPS_TO_HEALTH  64u
#define LL_SIM_SCRATCH_ACCOUNTS ((uint64_t)1 << 16)

struct ll_sim_checks {
    struct ll_sim_node *node;
    struct ll_sim_venue *venue;
    struct ll_sim_clients *clients;
    struct ll_sim_verdict verdict; /* the first thing that was not so */
    struct ll_sim_known known;
    struct ll_sim_wire wire;
    struct ll_sim_life life;
    struct ll_sim_told told;
    struct ll_sim_tail tail;
    int64_t *scratch;
    uint64_t durable_event_id; /* as the gateway said last */
    uint64_t steps;
    uint64_t made[LL_SIM_CHECK_COUNT];
};

/* --- Names ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *text;
} ll_sim_check_words[LL_SIM_CHECK_COUNT] = {
#define LL_SIM_CHECK_WORDS(NAME, text) {#NAME, text},
    LL_SIM_CHECKS(LL_SIM_CHECK_WORDS)
#undef LL_SIM_CHECK_WORDS
};

static const struct {
    const char *name;
    enum ll_sim_check check;
} ll_sim_bug_words[LL_SIM_BUG_COUNT] = {[LL_SIM_BUG_NONE] = {"NONE", LL_SIM_CHECK_COUNT},
#define LL_SIM_BUG_WORDS(NAME, check, text) [LL_SIM_BUG_##NAME] = {#NAME, LL_SIM_CHECK_##check},
                                        LL_SIM_BUGS(LL_SIM_BUG_WORDS)
#undef LL_SIM_BUG_WORDS
};

const char *ll_sim_check_name(enum ll_sim_check check)
{
    return check < LL_SIM_CHECK_COUNT ? ll_sim_check_words[check].name : "none";
}

const char *ll_sim_check_text(enum ll_sim_check check)
{
    return check < LL_SIM_CHECK_COUNT ? ll_sim_check_words[check].text : "nothing is promised";
}

const char *ll_sim_bug_name(enum ll_sim_bug bug)
{
    return bug < LL_SIM_BUG_COUNT ? ll_sim_bug_words[bug].name : "none";
}

enum ll_sim_check ll_sim_bug_check(enum ll_sim_bug bug)
{
    return bug < LL_SIM_BUG_COUNT ? ll_sim_bug_words[bug].check : LL_SIM_CHECK_COUNT;
}

bool ll_sim_break(struct ll_sim_verdict *verdict, enum ll_sim_check check, const char *format, ...)
{
    va_list arguments;
    if (verdict->is_broken)
        return false;
    verdict->is_broken = true;
    verdict->check = check;
    va_start(arguments, format);
    (void)vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
    return false;
}

/* --- Life ----------------------------------------------------------------------------------------------- */

struct ll_sim_checks *ll_sim_checks_new(struct ll_sim_node *node, struct ll_sim_venue *venue,
                                        struct ll_sim_clients *clients)
{
    struct ll_sim_checks *checks = calloc(1, sizeof *checks);
    LL_ASSERT(checks != NULL);
    checks->node = node;
    checks->venue = venue;
    checks->clients = clients;
    uint64_t accounts = ll_sim_node_gateway_config(node)->trading->oms.accounts;
    LL_ASSERT(accounts <= LL_SIM_SCRATCH_ACCOUNTS);
    checks->scratch = calloc(accounts, sizeof *checks->scratch);
    LL_ASSERT(checks->scratch != NULL);
    return checks;
}

void ll_sim_checks_free(struct ll_sim_checks *checks)
{
    ll_sim_known_free(&checks->known);
    ll_sim_wire_free(&checks->wire);
    ll_sim_life_free(&checks->life);
    ll_sim_told_free(&checks->told);
    ll_sim_tail_free(&checks->tail);
    free(checks->scratch);
    free(checks);
}

const uint64_t *ll_sim_checks_made(const struct ll_sim_checks *checks)
{
    return checks->made;
}

static bool ll_sim_judged(const struct ll_sim_checks *checks, struct ll_sim_verdict *verdict)
{
    *verdict = checks->verdict;
    return !checks->verdict.is_broken;
}

static struct ll_oms *ll_sim_oms(const struct ll_gateway *gateway)
{
    return ll_trading_oms(ll_gateway_trading(gateway));
}

/* --- While it runs -------------------------------------------------------------------------------------- */

void ll_sim_checks_on_order(struct ll_sim_checks *checks, uint32_t session, const uint8_t *message,
                            uint32_t message_bytes)
{
    uint8_t protocol = ll_ouch_port_protocol(ll_sim_venue_port(checks->venue, session));
    checks->made[LL_SIM_CHECK_ONCE]++;
    (void)!ll_sim_wire_take(&checks->wire, session, protocol, message, message_bytes, &checks->verdict);
}

/* What the exchange has got, against what the gateway knows. */
static bool ll_sim_check_exchange(struct ll_sim_checks *checks, const struct ll_oms *oms)
{
    struct ll_sim_verdict *verdict = &checks->verdict;
    const struct ll_ouch_port *ports[LL_SIM_SESSIONS];
    for (uint32_t session = 0; session < LL_SIM_SESSIONS; session++)
        ports[session] = ll_sim_venue_port(checks->venue, session);
    bool is_good = ll_sim_known_follow(&checks->known, oms, verdict) &&
                   ll_sim_wire_known(&checks->wire, &checks->known, oms, ports,
                                     &checks->made[LL_SIM_CHECK_KNOWN], verdict);
    for (uint32_t session = 0; is_good && session < LL_SIM_SESSIONS; session++)
        is_good = ll_sim_wire_links(&checks->wire, &checks->known, session, ports[session],
                                    &checks->made[LL_SIM_CHECK_ONCE], verdict);
    return is_good;
}

static bool ll_sim_check_told(struct ll_sim_checks *checks, struct ll_oms *oms, uint32_t names)
{
    return ll_sim_told_asked(&checks->told, checks->clients, &checks->known, oms,
                             &checks->made[LL_SIM_CHECK_ACKNOWLEDGED], &checks->verdict) &&
           ll_sim_told_named(&checks->told, checks->clients, &checks->known, oms, names,
                             &checks->made[LL_SIM_CHECK_IDENTIFIERS], &checks->verdict);
}

static bool ll_sim_check_index(struct ll_sim_checks *checks, const struct ll_gateway *gateway)
{
    const struct ll_oms *oms = ll_sim_oms(gateway);
    return ll_sim_told_index(oms, ll_device_life(ll_gateway_device(gateway)),
                             &checks->made[LL_SIM_CHECK_IDENTIFIERS], &checks->verdict) &&
           ll_sim_life_ids(&checks->life, oms, &checks->made[LL_SIM_CHECK_LEGAL], &checks->verdict) &&
           ll_sim_told_paid(oms, &checks->made[LL_SIM_CHECK_ONCE], &checks->verdict);
}

static bool ll_sim_check_health(struct ll_sim_checks *checks, const struct ll_gateway *gateway)
{
    struct ll_why why = {0};
    checks->made[LL_SIM_CHECK_HEALTH]++;
    if (ll_oms_check(ll_sim_oms(gateway), checks->scratch, &why) == LL_OK)
        return true;
    return ll_sim_break(&checks->verdict, LL_SIM_CHECK_HEALTH, "%s", why.text);
}

static bool ll_sim_check_up(struct ll_sim_checks *checks, const struct ll_gateway *gateway)
{
    struct ll_oms *oms = ll_sim_oms(gateway);
    uint64_t next_event_id = ll_engine_next_event_id(ll_gateway_engine(gateway));
    checks->durable_event_id = ll_gateway_durable_event_id(gateway);
    bool is_good = ll_sim_check_exchange(checks, oms) &&
                   ll_sim_life_follow(&checks->life, oms, next_event_id, &checks->made[LL_SIM_CHECK_LEGAL],
                                      &checks->verdict) &&
                   ll_sim_check_told(checks, oms, LL_SIM_NAMES_PER_STEP);
    if (is_good && checks->steps % LL_SIM_STEPS_TO_INDEX == 0)
        is_good = ll_sim_check_index(checks, gateway);
    if (is_good && checks->steps % LL_SIM_STEPS_TO_HEALTH == 0)
        is_good = ll_sim_check_health(checks, gateway);
    return is_good;
}

bool ll_sim_checks_step(struct ll_sim_checks *checks, uint64_t now_ns, struct ll_sim_verdict *verdict)
{
    const struct ll_gateway *gateway = ll_sim_node_gateway(checks->node);
    (void)now_ns;
    const struct ll_why *stop_why = ll_sim_node_stop_why(checks->node);
    checks->steps++;
    if (stop_why->code != LL_OK)
        (void)!ll_sim_break(&checks->verdict, LL_SIM_CHECK_HEALTH, "the gateway stopped by itself: %s: %s",
                            ll_err_name(stop_why->code), stop_why->text);
    else if (gateway == NULL)
        ll_sim_tail_look(&checks->tail, ll_sim_node_gateway_config(checks->node), checks->durable_event_id);
    else if (ll_gateway_status(gateway, NULL) == LL_OK)
        (void)!ll_sim_check_up(checks, gateway);
    return ll_sim_judged(checks, verdict);
}

/* --- After a start -------------------------------------------------------------------------------------- */

/* The gateway refused to start. It may when durable bytes were damaged, and then only with that word. */
static bool ll_sim_check_refusal(struct ll_sim_checks *checks, int status, const struct ll_why *why)
{
    bool is_damaged = ll_sim_node_is_damaged(checks->node);
    checks->made[LL_SIM_CHECK_CORRUPTION] += is_damaged;
    if (is_damaged && status == LL_ERR_CORRUPT)
        return true;
    return ll_sim_break(&checks->verdict, is_damaged ? LL_SIM_CHECK_CORRUPTION : LL_SIM_CHECK_ACKNOWLEDGED,
                        "the gateway does not start on a disk that %s: %s: %s",
                        is_damaged ? "was damaged" : "is well", ll_err_name(status), why->text);
}

static bool ll_sim_check_journal(struct ll_sim_checks *checks, const struct ll_gateway *gateway)
{
    const struct ll_gateway_counters *counters = ll_gateway_counters(gateway);
    uint64_t told_event_id = ll_sim_clients_durable_event_id(checks->clients);
    bool is_damaged = ll_sim_node_is_damaged(checks->node);
    uint64_t *made = &checks->made[is_damaged ? LL_SIM_CHECK_CORRUPTION : LL_SIM_CHECK_ACKNOWLEDGED];
    ++*made;
    if (ll_sim_node_took_damage(checks->node))
        return ll_sim_break(&checks->verdict, LL_SIM_CHECK_CORRUPTION,
                            "the snapshot of event %llu was damaged, and the gateway took it",
                            (unsigned long long)counters->snapshot_event_id);
    if (!ll_sim_tail_compare(&checks->tail, ll_sim_node_gateway_config(checks->node), counters, is_damaged,
                             made, &checks->verdict))
        return false;
    if (counters->records_recovered >= told_event_id)
        return true;
    return ll_sim_break(&checks->verdict, LL_SIM_CHECK_ACKNOWLEDGED,
                        "clients were told that event %llu is durable; the gateway started with %llu events",
                        (unsigned long long)told_event_id, (unsigned long long)counters->records_recovered);
}

bool ll_sim_checks_boot(struct ll_sim_checks *checks, int status, const struct ll_why *why, uint64_t now_ns,
                        struct ll_sim_verdict *verdict)
{
    (void)now_ns;
    if (status != LL_OK) {
        (void)!ll_sim_check_refusal(checks, status, why);
        return ll_sim_judged(checks, verdict);
    }
    const struct ll_gateway *gateway = ll_sim_node_gateway(checks->node);
    struct ll_oms *oms = ll_sim_oms(gateway);
    ll_sim_known_clear(&checks->known);
    ll_sim_wire_restart(&checks->wire);
    ll_sim_life_restart(&checks->life);
    ll_sim_told_restart(&checks->told, checks->clients);
    (void)!(ll_sim_check_journal(checks, gateway) && ll_sim_check_exchange(checks, oms) &&
            ll_sim_check_told(checks, oms, UINT32_MAX) && ll_sim_check_index(checks, gateway) &&
            ll_sim_check_health(checks, gateway));
    return ll_sim_judged(checks, verdict);
}

/* --- Now and then --------------------------------------------------------------------------------------- */

static bool ll_sim_check_tables(struct ll_sim_checks *checks, const struct ll_gateway *gateway)
{
    struct ll_why why = {0};
    int status = ll_book_memory_check(ll_gateway_book(gateway), &why);
    if (status == LL_OK)
        status = ll_life_memory_check(ll_device_life(ll_gateway_device(gateway)), &why);
    if (status == LL_OK)
        return ll_sim_check_health(checks, gateway);
    return ll_sim_break(&checks->verdict, LL_SIM_CHECK_HEALTH, "%s", why.text);
}

static bool ll_sim_check_replay(struct ll_sim_checks *checks, struct ll_gateway *gateway)
{
    const struct ll_gateway_config *config = ll_sim_node_gateway_config(checks->node);
    const struct ll_why *why = ll_sim_node_snapshot_why(checks->node);
    if (why->code != LL_OK)
        return ll_sim_break(&checks->verdict, LL_SIM_CHECK_REPLAY, "no snapshot could be made: %s",
                            why->text);
    ll_gateway_drain(gateway);
    /* The disk failed under it, or it was killed: it stops. */
    if (ll_gateway_status(gateway, NULL) != LL_OK || ll_sim_disk_is_halted(ll_sim_node_disk(checks->node)))
        return true;
    checks->made[LL_SIM_CHECK_REPLAY] += 2;
    return ll_sim_replay(gateway, config, false, &checks->verdict) &&
           ll_sim_replay(gateway, config, true, &checks->verdict);
}

bool ll_sim_checks_deep(struct ll_sim_checks *checks, struct ll_sim_verdict *verdict)
{
    struct ll_gateway *gateway = ll_sim_node_gateway(checks->node);
    if (gateway == NULL || ll_gateway_status(gateway, NULL) != LL_OK)
        return ll_sim_judged(checks, verdict);
    ll_sim_told_again(&checks->told);
    (void)!(ll_sim_check_exchange(checks, ll_sim_oms(gateway)) &&
            ll_sim_check_told(checks, ll_sim_oms(gateway), UINT32_MAX) &&
            ll_sim_check_index(checks, gateway) && ll_sim_check_tables(checks, gateway) &&
            ll_sim_check_replay(checks, gateway));
    return ll_sim_judged(checks, verdict);
}

/* --- Healing -------------------------------------------------------------------------------------------- */

/* Each of these: true = it is so; else the text says what is missing. */
static bool ll_sim_are_sessions_open(const struct ll_gateway *gateway, struct ll_sim_verdict *missing)
{
    if (gateway == NULL) {
        (void)snprintf(missing->text, sizeof missing->text, "the gateway is down");
        return false;
    }
    for (uint32_t session = 0; session < LL_SIM_SESSIONS; session++) {
        if (ll_trading_session_is_open(ll_gateway_trading(gateway), session))
            continue;
        const struct ll_soup_client *client = ll_trading_session(ll_gateway_trading(gateway), session);
        (void)snprintf(missing->text, sizeof missing->text, "session %u is not open: its connection is %s",
                       session, ll_soup_client_state_text(ll_soup_client_state(client)));
        return false;
    }
    return true;
}

static bool ll_sim_is_current(const struct ll_gateway *gateway, const struct ll_sim_venue *venue,
                              struct ll_sim_verdict *missing)
{
    char session[LL_MOLDUDP64_SESSION_BYTES];
    uint64_t next = ll_gateway_feed_place(gateway, session);
    uint64_t end = ll_mold_sender_counters(ll_sim_venue_sender(venue))->messages + 1;
    (void)snprintf(missing->text, sizeof missing->text,
                   "the feed is at message %llu, and %llu would be the next", (unsigned long long)next,
                   (unsigned long long)end);
    return next == end;
}

/* Nothing waits for an answer, or for another try. */
static bool ll_sim_are_orders_settled(const struct ll_oms *oms, struct ll_sim_verdict *missing)
{
    for (uint8_t session = 0; session < LL_SIM_SESSIONS; session++)
        if (ll_oms_in_flight(oms, session) != 0) {
            (void)snprintf(missing->text, sizeof missing->text, "session %u has %llu requests in flight",
                           session, (unsigned long long)ll_oms_in_flight(oms, session));
            return false;
        }
    for (uint32_t number = 0; number < ll_oms_order_count(oms); number++) {
        struct ll_oms_view order;
        ll_oms_order(oms, number, &order);
        if (!order.request_outstanding && order.state != LL_ORDER_PENDING &&
            order.state != LL_ORDER_SUBMITTED && order.state != LL_ORDER_FAILED)
            continue;
        (void)snprintf(missing->text, sizeof missing->text,
                       "order %u (session %u, number %llu) is in state %u%s", number, order.session,
                       (unsigned long long)order.number, order.state,
                       order.request_outstanding ? " with a request outstanding" : "");
        return false;
    }
    return true;
}

static bool ll_sim_are_clients_settled(const struct ll_sim_clients *clients, struct ll_sim_verdict *missing)
{
    if (ll_sim_clients_are_settled(clients))
        return true;
    uint32_t open_count = 0;
    uint32_t first = 0;
    for (uint32_t i = ll_sim_clients_asked_count(clients); i > 0; i--) {
        const struct ll_sim_asked *asked = ll_sim_clients_asked(clients, i - 1);
        if (asked->is_refused || ll_order_is_ended(asked->status) != 0)
            continue;
        open_count++;
        first = i - 1;
    }
    const struct ll_sim_asked *asked = ll_sim_clients_asked(clients, first);
    (void)snprintf(missing->text, sizeof missing->text,
                   "the clients know of no end of %u orders, the first of key %s, order %s, in state %u",
                   open_count, asked->key, asked->order_id, asked->status);
    return false;
}

static bool ll_sim_is_settled(const struct ll_sim_checks *checks, const struct ll_gateway *gateway,
                              struct ll_sim_verdict *missing)
{
    const struct ll_oms *oms = ll_sim_oms(gateway);
    if (!ll_sim_are_orders_settled(oms, missing) || !ll_sim_are_clients_settled(checks->clients, missing))
        return false;
    (void)snprintf(missing->text, sizeof missing->text, "something is on its way still: %s",
                   ll_oms_send_peek(oms) != NULL    ? "a message waits to leave"
                   : ll_oms_event_peek(oms) != NULL ? "news for clients wait to leave"
                                                    : "the exchange is not quiet");
    return ll_oms_send_peek(oms) == NULL && ll_oms_event_peek(oms) == NULL &&
           ll_sim_venue_is_quiet(checks->venue);
}

bool ll_sim_checks_healing(struct ll_sim_checks *checks, uint64_t now_ns, bool *is_healed,
                           enum ll_sim_check *waits_for, struct ll_sim_verdict *verdict)
{
    const struct ll_gateway *gateway = ll_sim_node_gateway(checks->node);
    (void)now_ns;
    *is_healed = false;
    if (!ll_sim_judged(checks, verdict))
        return false;
    *waits_for = LL_SIM_CHECK_SESSIONS;
    checks->made[LL_SIM_CHECK_SESSIONS]++;
    if (!ll_sim_are_sessions_open(gateway, verdict))
        return true;
    *waits_for = LL_SIM_CHECK_CURRENT;
    checks->made[LL_SIM_CHECK_CURRENT]++;
    if (!ll_sim_is_current(gateway, checks->venue, verdict))
        return true;
    *waits_for = LL_SIM_CHECK_SETTLED;
    checks->made[LL_SIM_CHECK_SETTLED]++;
    *is_healed = ll_sim_is_settled(checks, gateway, verdict);
    if (*is_healed)
        *verdict = checks->verdict;
    return true;
}

/* --- The end -------------------------------------------------------------------------------------------- */

static bool ll_sim_end_port(struct ll_sim_checks *checks, const struct ll_oms *oms, uint32_t session,
                            struct ll_sim_moved *all, uint8_t *is_taken)
{
    uint64_t *made = &checks->made[LL_SIM_CHECK_RECORD];
    struct ll_sim_moved moved = {0};
    ll_sim_moved_make(&moved, oms);
    bool is_good = ll_sim_record_orders(ll_sim_venue_port(checks->venue, session), session, &checks->known,
                                        oms, &moved, is_taken, made, &checks->verdict) &&
                   ll_sim_record_provider(oms, session, &moved, made, &checks->verdict);
    ll_sim_moved_add(all, &moved);
    ll_sim_moved_free(&moved);
    return is_good;
}

static bool ll_sim_end_record(struct ll_sim_checks *checks, const struct ll_oms *oms)
{
    uint64_t *made = &checks->made[LL_SIM_CHECK_RECORD];
    uint8_t *is_taken = calloc(ll_oms_order_count(oms) + 1, 1);
    struct ll_sim_moved moved = {0};
    LL_ASSERT(is_taken != NULL);
    ll_sim_moved_make(&moved, oms);
    bool is_good = ll_sim_known_follow(&checks->known, oms, &checks->verdict);
    for (uint32_t session = 0; is_good && session < LL_SIM_SESSIONS; session++)
        is_good = ll_sim_end_port(checks, oms, session, &moved, is_taken);
    is_good = is_good && ll_sim_record_others(oms, is_taken, made, &checks->verdict) &&
              ll_sim_record_accounts(oms, &moved, made, &checks->verdict);
    ll_sim_moved_free(&moved);
    free(is_taken);
    return is_good;
}

/* Messages that were given up as lost, or orders and levels that found no room, are missing in the books by rule. */
static bool ll_sim_is_book_whole(const struct ll_gateway *gateway)
{
    const struct ll_engine_counters *counters = ll_engine_counters(ll_gateway_engine(gateway));
    return counters->messages_lost == 0 && counters->verdicts[LL_VERDICT_TABLE_FULL] == 0;
}

bool ll_sim_checks_end(struct ll_sim_checks *checks, struct ll_sim_verdict *verdict)
{
    const struct ll_gateway *gateway = ll_sim_node_gateway(checks->node);
    LL_ASSERT(gateway != NULL); /* healed */
    if (ll_sim_end_record(checks, ll_sim_oms(gateway)) && ll_sim_is_book_whole(gateway))
        (void)!ll_sim_record_books(ll_sim_venue_matching(checks->venue), ll_gateway_book(gateway),
                                   &checks->made[LL_SIM_CHECK_BOOK], &checks->verdict);
    return ll_sim_judged(checks, verdict);
}
