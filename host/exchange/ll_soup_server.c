/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_soup_server.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/base/ll_secret.h"

#include <limits.h>
#include <string.h>

/*
 * Memory: server | ends[message_count_max] | output, input of place 0 | output, input of place 1 | store
 *
 * ends[n] is one past the last byte of message n + 1 in the store; it begins where the one before it ends.
 */
#define LL_SOUP_SERVER_ALIGN_BYTES 64u
#define LL_SOUP_SERVER_PLACES      2u
#define LL_SOUP_SERVER_OUTPUT_MIN  LL_SOUP_LOGIN_ACCEPTED_BYTES
#define LL_SOUP_SERVER_INPUT_MIN   LL_SOUP_LOGIN_REQUEST_BYTES_41
#define LL_SOUP_SERVER_NS_PER_MS   UINT64_C(1000000)

enum ll_soup_place_state {
    LL_SOUP_PLACE_FREE,
    LL_SOUP_PLACE_ARRIVING, /* connected, no login yet */
    LL_SOUP_PLACE_IN,
    LL_SOUP_PLACE_LEAVING /* the last word is in the buffer; closed when it has left */
};

struct ll_soup_place {
    enum ll_soup_place_state state;
    bool was_in;
    enum ll_soup_server_reason leaving_reason;
    uint32_t output_first;
    uint32_t output_end;
    uint32_t input_used_bytes;
    uint64_t next_sequence; /* to be sent */
    uint64_t since_ns;
    uint64_t last_sent_ns;
    uint64_t last_received_ns;
    uint64_t silence_ns;
    uint8_t *output;
    uint8_t *input;
    struct ll_byte_door door;
};

struct ll_soup_server {
    bool busy;
    bool ended;
    uint64_t now_ns;
    uint64_t message_count;
    uint64_t stored_bytes;
    uint64_t *ends;
    uint8_t *store;
    struct ll_soup_place place[LL_SOUP_SERVER_PLACES];
    struct ll_soup_server_faults faults;
    struct ll_soup_server_handler handler;
    struct ll_soup_server_config config;
    struct ll_soup_server_counters counters;
};

static const char *const ll_soup_server_reason_texts[] = {
#define LL_SOUP_SERVER_REASON_TEXT(name, text) [LL_SOUP_SERVER_REASON_##name] = (text),
    LL_SOUP_SERVER_REASONS(LL_SOUP_SERVER_REASON_TEXT)
#undef LL_SOUP_SERVER_REASON_TEXT
};

const char *ll_soup_server_reason_text(enum ll_soup_server_reason reason)
{
    return (uint32_t)reason < LL_SOUP_SERVER_REASON_COUNT ? ll_soup_server_reason_texts[reason] : "unknown";
}

/* --- set-up --- */

struct ll_soup_server_layout {
    size_t ends_at_bytes;
    size_t output_at_bytes[LL_SOUP_SERVER_PLACES];
    size_t input_at_bytes[LL_SOUP_SERVER_PLACES];
    size_t store_at_bytes;
    size_t total_bytes;
};

void ll_soup_server_config_default(struct ll_soup_server_config *config)
{
    *config = (struct ll_soup_server_config){
        .message_count_max = 1u << 20,
        .store_bytes = UINT64_C(64) << 20,
        .input_bytes = 4096,
        .output_bytes = 65536,
        .poll_bytes_max = 65536,
        .heartbeat_ns = LL_SOUP_HEARTBEAT_AFTER_MS * LL_SOUP_SERVER_NS_PER_MS,
        .silence_ns = LL_SOUP_SERVER_TIMEOUT_MS * LL_SOUP_SERVER_NS_PER_MS,
        .login_timeout_ns = LL_SOUP_LOGIN_TIMEOUT_MS * LL_SOUP_SERVER_NS_PER_MS,
    };
}

static bool ll_soup_server_config_is_good(const struct ll_soup_server_config *config)
{
    struct ll_soup_login_accepted accepted = {.sequence = 1};
    uint8_t packet[LL_SOUP_LOGIN_ACCEPTED_BYTES];
    uint32_t packet_bytes;
    memcpy(accepted.session, config->session, sizeof accepted.session);
    return ll_soup_login_accepted_encode(&accepted, packet, sizeof packet, &packet_bytes) == LL_OK &&
           config->session[0] != '\0' && config->message_count_max > 0 && config->store_bytes > 0 &&
           config->store_bytes <= SIZE_MAX / 4 && config->input_bytes >= LL_SOUP_SERVER_INPUT_MIN &&
           config->input_bytes <= INT_MAX && config->output_bytes >= LL_SOUP_SERVER_OUTPUT_MIN &&
           config->output_bytes <= INT_MAX && config->poll_bytes_max > 0 && config->heartbeat_ns > 0 &&
           config->silence_ns > 0 && config->login_timeout_ns > 0;
}

static size_t ll_soup_server_align(size_t bytes)
{
    return (bytes + LL_SOUP_SERVER_ALIGN_BYTES - 1) & ~(size_t)(LL_SOUP_SERVER_ALIGN_BYTES - 1);
}

static struct ll_soup_server_layout ll_soup_server_layout(const struct ll_soup_server_config *config)
{
    struct ll_soup_server_layout layout;
    size_t at_bytes = ll_soup_server_align(sizeof(struct ll_soup_server));
    layout.ends_at_bytes = at_bytes;
    at_bytes += ll_soup_server_align(config->message_count_max * sizeof(uint64_t));
    for (uint32_t i = 0; i < LL_SOUP_SERVER_PLACES; i++) {
        layout.output_at_bytes[i] = at_bytes;
        at_bytes += ll_soup_server_align(config->output_bytes);
        layout.input_at_bytes[i] = at_bytes;
        at_bytes += ll_soup_server_align(config->input_bytes);
    }
    layout.store_at_bytes = at_bytes;
    layout.total_bytes = at_bytes + config->store_bytes;
    return layout;
}

static void ll_soup_server_pad(char *text, size_t text_bytes)
{
    size_t length = strnlen(text, text_bytes);
    memset(text + length, 0, text_bytes - length);
}

size_t ll_soup_server_footprint_bytes(const struct ll_soup_server_config *config)
{
    return ll_soup_server_config_is_good(config) ? ll_soup_server_layout(config).total_bytes : 0;
}

struct ll_soup_server *ll_soup_server_init(void *memory, const struct ll_soup_server_config *config,
                                           const struct ll_soup_server_handler *handler)
{
    LL_ASSERT(memory != NULL);
    LL_ASSERT((uintptr_t)memory % _Alignof(struct ll_soup_server) == 0);
    LL_ASSERT(handler->on_login != NULL);
    LL_ASSERT(handler->on_message != NULL);
    LL_ASSERT(handler->on_closed != NULL);
    if (!ll_soup_server_config_is_good(config))
        return NULL;
    struct ll_soup_server_layout layout = ll_soup_server_layout(config);
    struct ll_soup_server *server = memory;
    uint8_t *base = memory;
    memset(server, 0, sizeof *server);
    server->ends = (uint64_t *)(void *)(base + layout.ends_at_bytes);
    server->store = base + layout.store_at_bytes;
    for (uint32_t i = 0; i < LL_SOUP_SERVER_PLACES; i++) {
        server->place[i].output = base + layout.output_at_bytes[i];
        server->place[i].input = base + layout.input_at_bytes[i];
    }
    server->handler = *handler;
    server->config = *config;
    /* What a login brings is padded with zeros, and is compared as a whole. */
    ll_soup_server_pad(server->config.username, sizeof server->config.username);
    ll_soup_server_pad(server->config.password, sizeof server->config.password);
    return server;
}

void ll_soup_server_deinit(struct ll_soup_server *server)
{
    for (uint32_t i = 0; i < LL_SOUP_SERVER_PLACES; i++) {
        struct ll_soup_place *place = &server->place[i];
        if (place->state != LL_SOUP_PLACE_FREE)
            place->door.close(place->door.context);
        place->state = LL_SOUP_PLACE_FREE;
    }
}

/* --- the store --- */

const uint8_t *ll_soup_server_message(const struct ll_soup_server *server, uint64_t sequence,
                                      uint32_t *message_bytes)
{
    if (sequence == 0 || sequence > server->message_count)
        return NULL;
    uint64_t first = sequence > 1 ? server->ends[sequence - 2] : 0;
    *message_bytes = (uint32_t)(server->ends[sequence - 1] - first);
    return server->store + first;
}

int ll_soup_server_publish(struct ll_soup_server *server, const uint8_t *message, uint32_t message_bytes)
{
    if (server->ended)
        return LL_ERR_STOPPED;
    /* A packet that no output buffer holds would stand in front of all that follow. */
    if (message_bytes > LL_SOUP_PAYLOAD_BYTES_MAX ||
        message_bytes + LL_SOUP_HEADER_BYTES > server->config.output_bytes)
        return LL_ERR_LONG;
    if (server->message_count == server->config.message_count_max ||
        message_bytes > server->config.store_bytes - server->stored_bytes)
        return LL_ERR_FULL;
    if (message_bytes > 0)
        memcpy(server->store + server->stored_bytes, message, message_bytes);
    server->stored_bytes += message_bytes;
    server->ends[server->message_count++] = server->stored_bytes;
    server->counters.published++;
    return LL_OK;
}

/* --- one place --- */

/* A clock that steps back is no reason to hurry. */
static uint64_t ll_soup_server_elapsed_ns(uint64_t since_ns, uint64_t now_ns)
{
    return now_ns > since_ns ? now_ns - since_ns : 0;
}

static void ll_soup_place_close(struct ll_soup_server *server, struct ll_soup_place *place,
                                enum ll_soup_server_reason reason)
{
    bool was_in = place->was_in;
    place->door.close(place->door.context);
    place->state = LL_SOUP_PLACE_FREE;
    server->counters.closes[reason]++;
    server->handler.on_closed(server->handler.context, reason, was_in, server->now_ns);
}

static void ll_soup_place_leave(struct ll_soup_place *place, enum ll_soup_server_reason reason)
{
    place->state = LL_SOUP_PLACE_LEAVING;
    place->leaving_reason = reason;
}

/* How much may leave now: the fault counts bytes, not packets. */
static uint32_t ll_soup_server_may_send(const struct ll_soup_server *server, uint32_t waiting_bytes)
{
    const struct ll_soup_server_faults *faults = &server->faults;
    return faults->drop && faults->drop_after_bytes < waiting_bytes ? (uint32_t)faults->drop_after_bytes
                                                                    : waiting_bytes;
}

static void ll_soup_place_flush(struct ll_soup_server *server, struct ll_soup_place *place)
{
    uint32_t waiting_bytes = place->output_end - place->output_first;
    uint32_t may_bytes = ll_soup_server_may_send(server, waiting_bytes);
    int sent = 0;
    if (server->faults.silent)
        return;
    if (may_bytes > 0)
        sent = place->door.send(place->door.context, place->output + place->output_first, may_bytes);
    if (sent < 0) {
        ll_soup_place_close(server, place,
                            place->state == LL_SOUP_PLACE_LEAVING ? place->leaving_reason
                                                                  : LL_SOUP_SERVER_REASON_BROKEN);
        return;
    }
    LL_ASSERT((uint32_t)sent <= may_bytes);
    if (sent > 0)
        place->last_sent_ns = server->now_ns;
    server->counters.bytes_sent += (uint32_t)sent;
    place->output_first += (uint32_t)sent;
    if (place->output_first == place->output_end) {
        place->output_first = 0;
        place->output_end = 0;
    }
    if (!server->faults.drop)
        return;
    server->faults.drop_after_bytes -= (uint32_t)sent;
    if (server->faults.drop_after_bytes == 0) {
        server->faults.drop = false;
        ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_FAULT);
    }
}

/* Puts one packet into the buffer; false = no room now. */
static bool ll_soup_place_put(struct ll_soup_server *server, struct ll_soup_place *place, uint8_t type,
                              const uint8_t *payload, uint32_t payload_bytes)
{
    uint32_t capacity_bytes = server->config.output_bytes;
    uint32_t waiting_bytes = place->output_end - place->output_first;
    uint32_t packet_bytes;
    if (payload_bytes + LL_SOUP_HEADER_BYTES > capacity_bytes - waiting_bytes)
        return false;
    if (payload_bytes + LL_SOUP_HEADER_BYTES > capacity_bytes - place->output_end) {
        memmove(place->output, place->output + place->output_first, waiting_bytes);
        place->output_first = 0;
        place->output_end = waiting_bytes;
    }
    int status = ll_soup_packet_encode(type, payload, payload_bytes, place->output + place->output_end,
                                       capacity_bytes - place->output_end, &packet_bytes);
    LL_ASSERT(status == LL_OK);
    place->output_end += packet_bytes;
    return true;
}

/* --- logging in --- */

static struct ll_soup_place *ll_soup_server_client(struct ll_soup_server *server)
{
    for (uint32_t i = 0; i < LL_SOUP_SERVER_PLACES; i++)
        if (server->place[i].state == LL_SOUP_PLACE_IN)
            return &server->place[i];
    return NULL;
}

static void ll_soup_server_reject(struct ll_soup_server *server, struct ll_soup_place *place, char code,
                                  enum ll_soup_server_reason reason)
{
    const uint8_t payload = (uint8_t)code;
    bool room = ll_soup_place_put(server, place, LL_SOUP_LOGIN_REJECTED, &payload, sizeof payload);
    LL_ASSERT(room); /* nothing else was ever sent here */
    ll_soup_place_leave(place, reason);
}

/* 0 = none: it may come in. */
static char ll_soup_server_judge(const struct ll_soup_server *server,
                                 const struct ll_soup_login_request *login)
{
    const struct ll_soup_server_config *config = &server->config;
    if (server->faults.refuse != 0)
        return server->faults.refuse;
    /* Both are always compared, and each to its end: how long it takes tells nobody what was right. */
    bool name_is_right = ll_secret_equal_caseless(login->username, config->username, sizeof config->username);
    bool password_is_right =
        ll_secret_equal_caseless(login->password, config->password, sizeof config->password);
    if (!((uint32_t)name_is_right & (uint32_t)password_is_right))
        return LL_SOUP_REJECT_NOT_AUTHORISED;
    if (server->ended || (login->session[0] != '\0' && strcmp(login->session, config->session) != 0))
        return LL_SOUP_REJECT_NO_SESSION;
    return 0;
}

static uint64_t ll_soup_server_first_sequence(const struct ll_soup_server *server, uint64_t wanted)
{
    if (wanted == 0) /* the latest message there is, or the first one to come */
        return server->message_count > 0 ? server->message_count : 1;
    return wanted <= server->message_count ? wanted : server->message_count + 1;
}

static void ll_soup_server_let_in(struct ll_soup_server *server, struct ll_soup_place *place,
                                  const struct ll_soup_login_request *login)
{
    struct ll_soup_login_accepted accepted = {0};
    uint32_t packet_bytes;
    place->next_sequence = ll_soup_server_first_sequence(server, login->sequence);
    memcpy(accepted.session, server->config.session, sizeof accepted.session);
    accepted.sequence = place->next_sequence + server->faults.accept_ahead;
    int status =
        ll_soup_login_accepted_encode(&accepted, place->output, server->config.output_bytes, &packet_bytes);
    LL_ASSERT(status == LL_OK);
    place->output_first = 0;
    place->output_end = packet_bytes;
    place->state = LL_SOUP_PLACE_IN;
    place->was_in = true;
    place->last_sent_ns = server->now_ns;
    place->silence_ns = login->has_timeout && login->timeout_ms > 0
                            ? login->timeout_ms * LL_SOUP_SERVER_NS_PER_MS
                            : server->config.silence_ns;
    server->counters.logins++;
    server->handler.on_login(server->handler.context, place->next_sequence, server->now_ns);
}

static void ll_soup_server_on_login(struct ll_soup_server *server, struct ll_soup_place *place,
                                    const struct ll_soup_packet *packet)
{
    struct ll_soup_login_request login;
    struct ll_soup_place *client = ll_soup_server_client(server);
    if (ll_soup_login_request_decode(packet->payload, packet->payload_bytes, &login) != LL_OK) {
        ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_BAD_PACKET);
        return;
    }
    char code = ll_soup_server_judge(server, &login);
    if (code != 0) {
        ll_soup_server_reject(server, place, code, LL_SOUP_SERVER_REASON_REFUSED);
    } else if (client != NULL && !server->config.second_login_kicks) {
        ll_soup_server_reject(server, place, LL_SOUP_REJECT_NOT_AUTHORISED,
                              LL_SOUP_SERVER_REASON_SECOND_LOGIN);
    } else {
        if (client != NULL)
            ll_soup_place_close(server, client, LL_SOUP_SERVER_REASON_KICKED);
        ll_soup_server_let_in(server, place, &login);
    }
}

/* --- in --- */

static void ll_soup_server_take_in(struct ll_soup_server *server, struct ll_soup_place *place,
                                   const struct ll_soup_packet *packet)
{
    switch (packet->type) {
    case LL_SOUP_UNSEQUENCED:
        server->counters.unsequenced_received++;
        server->handler.on_message(server->handler.context, packet->payload, packet->payload_bytes,
                                   server->now_ns);
        break;
    case LL_SOUP_CLIENT_HEARTBEAT:
        server->counters.heartbeats_received++;
        break;
    case LL_SOUP_LOGOUT_REQUEST:
        ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_LOGOUT);
        break;
    default:
        ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_UNEXPECTED);
        break;
    }
}

static void ll_soup_server_take(struct ll_soup_server *server, struct ll_soup_place *place,
                                const struct ll_soup_packet *packet)
{
    if (packet->type == LL_SOUP_DEBUG)
        server->counters.debug_ignored++;
    else if (place->state == LL_SOUP_PLACE_IN)
        ll_soup_server_take_in(server, place, packet);
    else if (packet->type == LL_SOUP_LOGIN_REQUEST)
        ll_soup_server_on_login(server, place, packet);
    else
        ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_UNEXPECTED);
}

static bool ll_soup_place_listens(const struct ll_soup_place *place)
{
    return place->state == LL_SOUP_PLACE_ARRIVING || place->state == LL_SOUP_PLACE_IN;
}

/* Every whole packet; the rest of one moves to the front and waits for more. */
static void ll_soup_place_take_all(struct ll_soup_server *server, struct ll_soup_place *place)
{
    uint32_t at = 0;
    while (ll_soup_place_listens(place)) {
        struct ll_soup_packet packet;
        const uint8_t *bytes = place->input + at;
        uint32_t left_bytes = place->input_used_bytes - at;
        int status = ll_soup_packet_next(bytes, left_bytes, &packet);
        if (status == LL_ERR_SHORT && left_bytes >= LL_SOUP_LENGTH_BYTES &&
            (uint32_t)ll_load_be16(bytes) + LL_SOUP_LENGTH_BYTES > server->config.input_bytes) {
            ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_TOO_LONG);
        } else if (status == LL_ERR_SHORT) {
            memmove(place->input, bytes, left_bytes);
            place->input_used_bytes = left_bytes;
            return;
        } else if (status != LL_OK) {
            ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_BAD_PACKET);
        } else {
            at += packet.packet_bytes;
            ll_soup_server_take(server, place, &packet);
        }
    }
}

static void ll_soup_place_receive(struct ll_soup_server *server, struct ll_soup_place *place)
{
    uint32_t budget_bytes = server->config.poll_bytes_max;
    while (budget_bytes > 0 && ll_soup_place_listens(place)) {
        uint32_t room_bytes = server->config.input_bytes - place->input_used_bytes;
        uint32_t wanted_bytes = room_bytes < budget_bytes ? room_bytes : budget_bytes;
        LL_ASSERT(wanted_bytes > 0);
        int got =
            place->door.receive(place->door.context, place->input + place->input_used_bytes, wanted_bytes);
        if (got == 0)
            return;
        if (got < 0) {
            ll_soup_place_close(server, place,
                                got == LL_ERR_STOPPED ? LL_SOUP_SERVER_REASON_PEER_CLOSED
                                                      : LL_SOUP_SERVER_REASON_BROKEN);
            return;
        }
        LL_ASSERT((uint32_t)got <= wanted_bytes);
        place->input_used_bytes += (uint32_t)got;
        place->last_received_ns = server->now_ns;
        budget_bytes -= (uint32_t)got;
        ll_soup_place_take_all(server, place);
    }
}

/* --- out --- */

/* As many of the messages that are due as the buffer takes, then the end, when there is one. */
static void ll_soup_place_feed(struct ll_soup_server *server, struct ll_soup_place *place)
{
    uint32_t budget_bytes = server->config.poll_bytes_max;
    while (place->next_sequence <= server->message_count) {
        uint32_t message_bytes = 0;
        const uint8_t *message = ll_soup_server_message(server, place->next_sequence, &message_bytes);
        if (!ll_soup_place_put(server, place, LL_SOUP_SEQUENCED, message, message_bytes))
            return;
        place->next_sequence++;
        server->counters.sequenced_sent++;
        if (message_bytes + LL_SOUP_HEADER_BYTES >= budget_bytes)
            return;
        budget_bytes -= message_bytes + LL_SOUP_HEADER_BYTES;
    }
    if (server->ended && ll_soup_place_put(server, place, LL_SOUP_END_OF_SESSION, NULL, 0))
        ll_soup_place_leave(place, LL_SOUP_SERVER_REASON_SESSION_ENDED);
}

static void ll_soup_place_heartbeat(struct ll_soup_server *server, struct ll_soup_place *place)
{
    if (place->output_end != 0 || server->faults.silent ||
        ll_soup_server_elapsed_ns(place->last_sent_ns, server->now_ns) < server->config.heartbeat_ns)
        return;
    bool room = ll_soup_place_put(server, place, LL_SOUP_SERVER_HEARTBEAT, NULL, 0);
    LL_ASSERT(room);
    server->counters.heartbeats_sent++;
}

static void ll_soup_place_check_silence(struct ll_soup_server *server, struct ll_soup_place *place)
{
    uint64_t waited_ns = ll_soup_server_elapsed_ns(place->since_ns, server->now_ns);
    uint64_t silent_ns = ll_soup_server_elapsed_ns(place->last_received_ns, server->now_ns);
    if (place->state == LL_SOUP_PLACE_ARRIVING && waited_ns >= server->config.login_timeout_ns)
        ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_LOGIN_TIMEOUT);
    else if (place->state == LL_SOUP_PLACE_IN && silent_ns >= place->silence_ns)
        ll_soup_place_close(server, place, LL_SOUP_SERVER_REASON_SILENT);
    /* Its last word does not get through: it has been given as long as any silence. */
    else if (place->state == LL_SOUP_PLACE_LEAVING && silent_ns >= place->silence_ns)
        ll_soup_place_close(server, place, place->leaving_reason);
}

static void ll_soup_place_poll(struct ll_soup_server *server, struct ll_soup_place *place)
{
    ll_soup_place_receive(server, place);
    if (place->state == LL_SOUP_PLACE_IN)
        ll_soup_place_feed(server, place);
    if (place->state == LL_SOUP_PLACE_IN)
        ll_soup_place_heartbeat(server, place);
    if (place->state != LL_SOUP_PLACE_FREE)
        ll_soup_place_flush(server, place);
    if (place->state == LL_SOUP_PLACE_LEAVING && place->output_end == 0)
        ll_soup_place_close(server, place, place->leaving_reason);
    if (place->state != LL_SOUP_PLACE_FREE)
        ll_soup_place_check_silence(server, place);
}

/* --- the owner's calls --- */

int ll_soup_server_accept(struct ll_soup_server *server, const struct ll_byte_door *door, uint64_t now_ns)
{
    LL_ASSERT(door->send != NULL);
    LL_ASSERT(door->receive != NULL);
    LL_ASSERT(door->close != NULL);
    for (uint32_t i = 0; i < LL_SOUP_SERVER_PLACES; i++) {
        struct ll_soup_place *place = &server->place[i];
        if (place->state != LL_SOUP_PLACE_FREE)
            continue;
        *place = (struct ll_soup_place){.state = LL_SOUP_PLACE_ARRIVING,
                                        .since_ns = now_ns,
                                        .last_sent_ns = now_ns,
                                        .last_received_ns = now_ns,
                                        .silence_ns = server->config.silence_ns,
                                        .output = place->output,
                                        .input = place->input,
                                        .door = *door};
        server->counters.accepted++;
        return LL_OK;
    }
    return LL_ERR_FULL;
}

void ll_soup_server_poll(struct ll_soup_server *server, uint64_t now_ns)
{
    LL_ASSERT(!server->busy);
    server->busy = true;
    server->now_ns = now_ns;
    for (uint32_t i = 0; i < LL_SOUP_SERVER_PLACES; i++)
        if (server->place[i].state != LL_SOUP_PLACE_FREE)
            ll_soup_place_poll(server, &server->place[i]);
    server->busy = false;
}

int ll_soup_server_send(struct ll_soup_server *server, const uint8_t *message, uint32_t message_bytes)
{
    struct ll_soup_place *place = ll_soup_server_client(server);
    if (place == NULL)
        return LL_ERR_STOPPED;
    if (message_bytes > LL_SOUP_PAYLOAD_BYTES_MAX ||
        message_bytes + LL_SOUP_HEADER_BYTES > server->config.output_bytes)
        return LL_ERR_LONG;
    return ll_soup_place_put(server, place, LL_SOUP_UNSEQUENCED, message, message_bytes) ? LL_OK
                                                                                         : LL_ERR_FULL;
}

void ll_soup_server_end(struct ll_soup_server *server)
{
    server->ended = true;
}

void ll_soup_server_set_faults(struct ll_soup_server *server, const struct ll_soup_server_faults *faults)
{
    server->faults = *faults;
}

bool ll_soup_server_has_client(const struct ll_soup_server *server)
{
    for (uint32_t i = 0; i < LL_SOUP_SERVER_PLACES; i++)
        if (server->place[i].state == LL_SOUP_PLACE_IN)
            return true;
    return false;
}

uint64_t ll_soup_server_next_sequence(const struct ll_soup_server *server)
{
    return server->message_count + 1;
}

const struct ll_soup_server_counters *ll_soup_server_counters(const struct ll_soup_server *server)
{
    return &server->counters;
}
