/* SPDX-License-Identifier: Apache-2.0 */
#include "host/provider/ll_soup_client.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"

#include <limits.h>
#include <string.h>

/*
 * Memory: client | output[output_bytes + reserve] | input[input_bytes]
 *
 * output: | sent | waiting | free |   `output_first` .. `output_end` waits for the door. The reserve belongs to
 * a heartbeat and a logout, so that a full buffer never keeps the session from saying those.
 */
#define LL_SOUP_CLIENT_ALIGN_BYTES   64u
#define LL_SOUP_CLIENT_RESERVE_BYTES 6u
#define LL_SOUP_CLIENT_INPUT_MIN     LL_SOUP_LOGIN_ACCEPTED_BYTES
#define LL_SOUP_CLIENT_OUTPUT_MIN    LL_SOUP_LOGIN_REQUEST_BYTES_41
#define LL_SOUP_CLIENT_SEQUENCE_MAX  (UINT64_MAX / 2) /* counting on from it never wraps */
#define LL_SOUP_CLIENT_NS_PER_MS     UINT64_C(1000000)
#define LL_SOUP_CLIENT_NS_PER_S      (1000 * LL_SOUP_CLIENT_NS_PER_MS)

_Static_assert(LL_SOUP_CLIENT_RESERVE_BYTES == 2 * LL_SOUP_HEADER_BYTES, "two packets without payload");

struct ll_soup_client {
    enum ll_soup_client_state state;
    bool busy;   /* inside a call that calls back: a callback that calls it again is our owner's mistake */
    bool broken; /* sending failed; what came before is still read */
    uint32_t output_first;
    uint32_t output_end;
    uint32_t input_used_bytes;
    uint8_t *output;
    uint8_t *input;
    uint64_t next_sequence; /* expected; while logging in: asked for */
    uint64_t now_ns;        /* of the last call that told it */
    uint64_t state_since_ns;
    uint64_t last_sent_ns;
    uint64_t last_received_ns;
    uint64_t backoff_ns;     /* the next wait */
    uint64_t backoff_end_ns; /* of the present wait */
    char session[LL_SOUP_SESSION_BYTES + 1];
    struct ll_byte_door door;
    struct ll_soup_client_handler handler;
    struct ll_soup_client_config config;
    struct ll_soup_client_counters counters;
};

static const char *const ll_soup_client_state_texts[] = {
#define LL_SOUP_CLIENT_STATE_TEXT(name, text) [LL_SOUP_CLIENT_##name] = (text),
    LL_SOUP_CLIENT_STATES(LL_SOUP_CLIENT_STATE_TEXT)
#undef LL_SOUP_CLIENT_STATE_TEXT
};

struct ll_soup_client_reason_row {
    enum ll_soup_client_state next;
    const char *text;
};

static const struct ll_soup_client_reason_row ll_soup_client_reason_rows[] = {
#define LL_SOUP_CLIENT_REASON_ROW(name, next, text) \
    [LL_SOUP_CLIENT_REASON_##name] = {LL_SOUP_CLIENT_##next, (text)},
    LL_SOUP_CLIENT_REASONS(LL_SOUP_CLIENT_REASON_ROW)
#undef LL_SOUP_CLIENT_REASON_ROW
};

const char *ll_soup_client_state_text(enum ll_soup_client_state state)
{
    return (uint32_t)state < LL_SOUP_CLIENT_STATE_COUNT ? ll_soup_client_state_texts[state] : "unknown";
}

const char *ll_soup_client_reason_text(enum ll_soup_client_reason reason)
{
    return (uint32_t)reason < LL_SOUP_CLIENT_REASON_COUNT ? ll_soup_client_reason_rows[reason].text
                                                          : "unknown";
}

/* --- set-up --- */

void ll_soup_client_config_default(struct ll_soup_client_config *config)
{
    *config = (struct ll_soup_client_config){
        .input_bytes = LL_SOUP_PACKET_BYTES_MAX,
        .output_bytes = 65536,
        .poll_bytes_max = 65536,
        .heartbeat_ns = LL_SOUP_HEARTBEAT_AFTER_MS * LL_SOUP_CLIENT_NS_PER_MS,
        .silence_ns = 5 * LL_SOUP_CLIENT_NS_PER_S,
        .connect_timeout_ns = 5 * LL_SOUP_CLIENT_NS_PER_S,
        .backoff_first_ns = LL_SOUP_CLIENT_NS_PER_S / 10,
        .backoff_max_ns = 10 * LL_SOUP_CLIENT_NS_PER_S,
    };
}

/* What a login says is checked by making one. */
static int ll_soup_client_encode_login(const struct ll_soup_client_config *config, const char *session,
                                       uint64_t sequence, uint8_t packet[LL_SOUP_LOGIN_REQUEST_BYTES_41],
                                       uint32_t *packet_bytes)
{
    struct ll_soup_login_request login = {.sequence = sequence,
                                          .has_timeout = config->heartbeat_timeout_ms != 0,
                                          .timeout_ms = config->heartbeat_timeout_ms};
    if (strlen(session) >= sizeof login.session)
        return LL_ERR_LONG;
    memcpy(login.username, config->username, sizeof login.username);
    memcpy(login.password, config->password, sizeof login.password);
    memcpy(login.session, session, strlen(session));
    return ll_soup_login_request_encode(&login, packet, LL_SOUP_LOGIN_REQUEST_BYTES_41, packet_bytes);
}

static bool ll_soup_client_config_is_good(const struct ll_soup_client_config *config)
{
    uint8_t packet[LL_SOUP_LOGIN_REQUEST_BYTES_41];
    uint32_t packet_bytes;
    return ll_soup_client_encode_login(config, "", 0, packet, &packet_bytes) == LL_OK &&
           config->input_bytes >= LL_SOUP_CLIENT_INPUT_MIN && config->input_bytes <= INT_MAX &&
           config->output_bytes >= LL_SOUP_CLIENT_OUTPUT_MIN && config->output_bytes <= INT_MAX &&
           config->poll_bytes_max > 0 && config->heartbeat_timeout_ms <= LL_SOUP_TIMEOUT_MS_MAX &&
           config->heartbeat_ns > 0 && config->silence_ns > 0 && config->connect_timeout_ns > 0 &&
           config->backoff_first_ns > 0 && config->backoff_first_ns <= config->backoff_max_ns &&
           config->backoff_max_ns <= UINT64_MAX / 2;
}

static size_t ll_soup_client_align(size_t bytes)
{
    return (bytes + LL_SOUP_CLIENT_ALIGN_BYTES - 1) & ~(size_t)(LL_SOUP_CLIENT_ALIGN_BYTES - 1);
}

static size_t ll_soup_client_output_at(void)
{
    return ll_soup_client_align(sizeof(struct ll_soup_client));
}

static size_t ll_soup_client_input_at(const struct ll_soup_client_config *config)
{
    size_t output_bytes = (size_t)config->output_bytes + LL_SOUP_CLIENT_RESERVE_BYTES;
    return ll_soup_client_output_at() + ll_soup_client_align(output_bytes);
}

size_t ll_soup_client_footprint_bytes(const struct ll_soup_client_config *config)
{
    return ll_soup_client_config_is_good(config) ? ll_soup_client_input_at(config) + config->input_bytes : 0;
}

struct ll_soup_client *ll_soup_client_init(void *memory, const struct ll_soup_client_config *config,
                                           const struct ll_byte_door *door,
                                           const struct ll_soup_client_handler *handler)
{
    LL_ASSERT(memory != NULL);
    LL_ASSERT((uintptr_t)memory % _Alignof(struct ll_soup_client) == 0);
    LL_ASSERT(door->connect != NULL);
    LL_ASSERT(door->send != NULL);
    LL_ASSERT(door->receive != NULL);
    LL_ASSERT(door->close != NULL);
    LL_ASSERT(handler->on_open != NULL);
    LL_ASSERT(handler->on_message != NULL);
    LL_ASSERT(handler->on_closed != NULL);
    LL_ASSERT(handler->on_end_of_session != NULL);
    if (!ll_soup_client_config_is_good(config))
        return NULL;
    struct ll_soup_client *client = memory;
    memset(client, 0, sizeof *client);
    client->output = (uint8_t *)memory + ll_soup_client_output_at();
    client->input = (uint8_t *)memory + ll_soup_client_input_at(config);
    client->door = *door;
    client->handler = *handler;
    client->config = *config;
    return client;
}

void ll_soup_client_deinit(struct ll_soup_client *client)
{
    client->door.close(client->door.context);
    client->state = LL_SOUP_CLIENT_CLOSED;
}

/* --- small things --- */

/* A clock that steps back is no reason to hurry. */
static uint64_t ll_soup_client_elapsed_ns(uint64_t since_ns, uint64_t now_ns)
{
    return now_ns > since_ns ? now_ns - since_ns : 0;
}

static bool ll_soup_client_is_live(const struct ll_soup_client *client)
{
    return client->state == LL_SOUP_CLIENT_LOGGING_IN || client->state == LL_SOUP_CLIENT_OPEN ||
           client->state == LL_SOUP_CLIENT_LEAVING;
}

static void ll_soup_client_enter(struct ll_soup_client *client, uint64_t now_ns)
{
    LL_ASSERT(!client->busy);
    client->busy = true;
    client->now_ns = now_ns;
}

static void ll_soup_client_set_state(struct ll_soup_client *client, enum ll_soup_client_state state)
{
    client->state = state;
    client->state_since_ns = client->now_ns;
}

/* The wait before the next connect, and the one after that. */
static void ll_soup_client_back_off(struct ll_soup_client *client, uint64_t open_ns)
{
    if (open_ns >= client->config.backoff_max_ns)
        client->backoff_ns = client->config.backoff_first_ns;
    client->backoff_end_ns = client->now_ns + client->backoff_ns;
    client->backoff_ns *= 2;
    if (client->backoff_ns > client->config.backoff_max_ns)
        client->backoff_ns = client->config.backoff_max_ns;
}

/* The one way out of a connection. `why` NULL = the reason's text says it all. */
static void ll_soup_client_close(struct ll_soup_client *client, enum ll_soup_client_reason reason,
                                 const struct ll_why *why)
{
    struct ll_why own = {0};
    bool was_open = client->state == LL_SOUP_CLIENT_OPEN;
    uint64_t open_ns = was_open ? ll_soup_client_elapsed_ns(client->state_since_ns, client->now_ns) : 0;
    if (why == NULL) {
        (void)LL_FAIL(&own, LL_ERR_STOPPED, "%s", ll_soup_client_reason_text(reason));
        why = &own;
    }
    client->door.close(client->door.context);
    client->counters.closes[reason]++;
    client->counters.partial_bytes_discarded += client->input_used_bytes;
    client->counters.unsent_bytes_discarded += client->output_end - client->output_first;
    client->input_used_bytes = 0;
    client->output_first = 0;
    client->output_end = 0;
    client->broken = false;
    ll_soup_client_set_state(client, ll_soup_client_reason_rows[reason].next);
    if (client->state == LL_SOUP_CLIENT_WAITING)
        ll_soup_client_back_off(client, open_ns);
    client->handler.on_closed(client->handler.context, reason, why, client->now_ns);
}

/* --- out --- */

static void ll_soup_client_flush(struct ll_soup_client *client)
{
    uint32_t waiting_bytes = client->output_end - client->output_first;
    if (waiting_bytes == 0 || client->broken)
        return;
    int sent = client->door.send(client->door.context, client->output + client->output_first, waiting_bytes);
    if (sent < 0) {
        client->broken = true;
        return;
    }
    LL_ASSERT((uint32_t)sent <= waiting_bytes);
    if (sent > 0)
        client->last_sent_ns = client->now_ns;
    client->counters.bytes_sent += (uint32_t)sent;
    client->output_first += (uint32_t)sent;
    if (client->output_first == client->output_end) {
        client->output_first = 0;
        client->output_end = 0;
    }
}

/* Room for one packet, or NULL. `limit_bytes` is all of the buffer that this kind of packet may fill. */
static uint8_t *ll_soup_client_room(struct ll_soup_client *client, uint32_t packet_bytes,
                                    uint32_t limit_bytes)
{
    uint32_t waiting_bytes = client->output_end - client->output_first;
    if (waiting_bytes > limit_bytes || packet_bytes > limit_bytes - waiting_bytes)
        return NULL;
    if (packet_bytes > limit_bytes - client->output_end || client->output_end > limit_bytes) {
        memmove(client->output, client->output + client->output_first, waiting_bytes);
        client->output_first = 0;
        client->output_end = waiting_bytes;
    }
    uint8_t *room = client->output + client->output_end;
    client->output_end += packet_bytes;
    return room;
}

/* Into room that was made for exactly this packet. */
static void ll_soup_client_put(uint8_t *room, uint8_t type, const uint8_t *payload, uint32_t payload_bytes)
{
    uint32_t bytes_count;
    int status = ll_soup_packet_encode(type, payload, payload_bytes, room,
                                       LL_SOUP_HEADER_BYTES + payload_bytes, &bytes_count);
    LL_ASSERT(status == LL_OK);
}

int ll_soup_client_send(struct ll_soup_client *client, const uint8_t *payload, uint32_t payload_bytes)
{
    if (client->state != LL_SOUP_CLIENT_OPEN || client->broken)
        return LL_ERR_STOPPED;
    if (payload_bytes > LL_SOUP_PAYLOAD_BYTES_MAX ||
        payload_bytes + LL_SOUP_HEADER_BYTES > client->config.output_bytes)
        return LL_ERR_LONG;
    uint8_t *room =
        ll_soup_client_room(client, payload_bytes + LL_SOUP_HEADER_BYTES, client->config.output_bytes);
    if (room == NULL) {
        client->counters.sends_full++;
        return LL_ERR_FULL;
    }
    ll_soup_client_put(room, LL_SOUP_UNSEQUENCED, payload, payload_bytes);
    client->counters.sends++;
    ll_soup_client_flush(client);
    return LL_OK;
}

/* Out of the reserve: a heartbeat goes when nothing waits, a logout once, so there is room. */
static void ll_soup_client_say(struct ll_soup_client *client, uint8_t type)
{
    uint8_t *room = ll_soup_client_room(client, LL_SOUP_HEADER_BYTES,
                                        client->config.output_bytes + LL_SOUP_CLIENT_RESERVE_BYTES);
    LL_ASSERT(room != NULL);
    ll_soup_client_put(room, type, NULL, 0);
    ll_soup_client_flush(client);
}

/* --- connecting and logging in --- */

static void ll_soup_client_log_in(struct ll_soup_client *client)
{
    uint8_t packet[LL_SOUP_LOGIN_REQUEST_BYTES_41];
    uint32_t packet_bytes;
    int status = ll_soup_client_encode_login(&client->config, client->session, client->next_sequence, packet,
                                             &packet_bytes);
    LL_ASSERT(status == LL_OK); /* _init and _restart tried it, and what the server names is text, too */
    uint8_t *room = ll_soup_client_room(client, packet_bytes, client->config.output_bytes);
    LL_ASSERT(room != NULL);
    memcpy(room, packet, packet_bytes);
    ll_soup_client_set_state(client, LL_SOUP_CLIENT_LOGGING_IN);
    client->last_sent_ns = client->now_ns;
    client->last_received_ns = client->now_ns;
    client->counters.logins++;
    ll_soup_client_flush(client);
}

static void ll_soup_client_connect(struct ll_soup_client *client)
{
    struct ll_why why = {0};
    int status = client->door.connect(client->door.context, &why);
    if (status == LL_OK)
        ll_soup_client_log_in(client);
    else if (status != LL_ERR_BUSY)
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_CONNECT_FAILED, why.code != LL_OK ? &why : NULL);
    else if (ll_soup_client_elapsed_ns(client->state_since_ns, client->now_ns) >=
             client->config.connect_timeout_ns)
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_CONNECT_TIMEOUT, NULL);
}

static void ll_soup_client_begin_connect(struct ll_soup_client *client)
{
    ll_soup_client_set_state(client, LL_SOUP_CLIENT_CONNECTING);
    client->counters.connects++;
}

static void ll_soup_client_on_accepted(struct ll_soup_client *client, const struct ll_soup_packet *packet)
{
    struct ll_soup_login_accepted accepted;
    struct ll_why why = {0};
    uint64_t asked = client->next_sequence;
    if (ll_soup_login_accepted_decode(packet->payload, packet->payload_bytes, &accepted) != LL_OK ||
        accepted.sequence == 0 || accepted.sequence > LL_SOUP_CLIENT_SEQUENCE_MAX) {
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_BAD_PACKET, NULL);
        return;
    }
    if (client->session[0] != '\0' && strcmp(client->session, accepted.session) != 0) {
        (void)LL_FAIL(&why, LL_ERR_INPUT, "asked for session '%s', the server opened '%s'; choose one",
                      client->session, accepted.session);
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_OTHER_SESSION, &why);
        return;
    }
    if (asked != 0 && asked != accepted.sequence) {
        (void)LL_FAIL(&why, LL_ERR_INPUT,
                      "asked for number %llu of session '%s', the server starts at %llu; find out which "
                      "of the two sides lost something",
                      (unsigned long long)asked, accepted.session, (unsigned long long)accepted.sequence);
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_OTHER_SEQUENCE, &why);
        return;
    }
    memcpy(client->session, accepted.session, sizeof client->session);
    client->next_sequence = accepted.sequence;
    client->counters.opens++;
    ll_soup_client_set_state(client, LL_SOUP_CLIENT_OPEN);
    client->handler.on_open(client->handler.context, client->session, client->next_sequence, client->now_ns);
}

static void ll_soup_client_on_rejected(struct ll_soup_client *client, const struct ll_soup_packet *packet)
{
    enum ll_soup_client_reason reason = LL_SOUP_CLIENT_REASON_REJECTED;
    struct ll_soup_login_rejected rejected;
    if (ll_soup_login_rejected_decode(packet->payload, packet->payload_bytes, &rejected) != LL_OK)
        reason = LL_SOUP_CLIENT_REASON_BAD_PACKET;
    else if (rejected.reason == LL_SOUP_REJECT_NOT_AUTHORISED)
        reason = LL_SOUP_CLIENT_REASON_NOT_AUTHORISED;
    else if (rejected.reason == LL_SOUP_REJECT_NO_SESSION)
        reason = LL_SOUP_CLIENT_REASON_NO_SESSION;
    ll_soup_client_close(client, reason, NULL);
}

/* --- in --- */

static void ll_soup_client_on_end(struct ll_soup_client *client)
{
    client->handler.on_end_of_session(client->handler.context, client->next_sequence, client->now_ns);
    ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_SESSION_ENDED, NULL);
}

static void ll_soup_client_deliver(struct ll_soup_client *client, const struct ll_soup_packet *packet)
{
    uint64_t sequence = client->next_sequence++;
    client->counters.messages++;
    client->handler.on_message(client->handler.context, sequence, packet->payload, packet->payload_bytes,
                               client->now_ns);
}

/* The answer to a login comes before everything else but debug texts, and once. */
static bool ll_soup_client_is_in_place(const struct ll_soup_client *client, uint8_t type)
{
    bool answer = type == LL_SOUP_LOGIN_ACCEPTED || type == LL_SOUP_LOGIN_REJECTED;
    return answer == (client->state == LL_SOUP_CLIENT_LOGGING_IN);
}

static void ll_soup_client_take(struct ll_soup_client *client, const struct ll_soup_packet *packet)
{
    if (packet->type == LL_SOUP_DEBUG) {
        client->counters.debug_ignored++;
        return;
    }
    if (!ll_soup_client_is_in_place(client, packet->type)) {
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_UNEXPECTED, NULL);
        return;
    }
    switch (packet->type) {
    case LL_SOUP_SEQUENCED:
        ll_soup_client_deliver(client, packet);
        break;
    case LL_SOUP_UNSEQUENCED:
        client->counters.unsequenced_ignored++;
        break;
    case LL_SOUP_SERVER_HEARTBEAT:
        client->counters.heartbeats_received++;
        break;
    case LL_SOUP_LOGIN_ACCEPTED:
        ll_soup_client_on_accepted(client, packet);
        break;
    case LL_SOUP_LOGIN_REJECTED:
        ll_soup_client_on_rejected(client, packet);
        break;
    case LL_SOUP_END_OF_SESSION:
        ll_soup_client_on_end(client);
        break;
    default: /* known, but a client's */
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_UNEXPECTED, NULL);
        break;
    }
}

/* Hands on every whole packet; the rest of one moves to the front and waits for more. */
static void ll_soup_client_take_all(struct ll_soup_client *client)
{
    uint32_t at = 0;
    while (ll_soup_client_is_live(client)) {
        struct ll_soup_packet packet;
        const uint8_t *bytes = client->input + at;
        uint32_t left_bytes = client->input_used_bytes - at;
        int status = ll_soup_packet_next(bytes, left_bytes, &packet);
        if (status == LL_ERR_SHORT) {
            if (left_bytes >= LL_SOUP_LENGTH_BYTES &&
                (uint32_t)ll_load_be16(bytes) + LL_SOUP_LENGTH_BYTES > client->config.input_bytes) {
                ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_TOO_LONG, NULL);
                return;
            }
            memmove(client->input, bytes, left_bytes);
            client->input_used_bytes = left_bytes;
            return;
        }
        if (status != LL_OK) {
            ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_BAD_PACKET, NULL);
            return;
        }
        at += packet.packet_bytes;
        ll_soup_client_take(client, &packet);
    }
}

static void ll_soup_client_receive_failed(struct ll_soup_client *client, int error)
{
    enum ll_soup_client_reason reason = LL_SOUP_CLIENT_REASON_BROKEN;
    if (client->state == LL_SOUP_CLIENT_LEAVING)
        reason = LL_SOUP_CLIENT_REASON_LOGOUT;
    else if (error == LL_ERR_STOPPED)
        reason = LL_SOUP_CLIENT_REASON_PEER_CLOSED;
    ll_soup_client_close(client, reason, NULL);
}

static void ll_soup_client_receive(struct ll_soup_client *client)
{
    uint32_t budget_bytes = client->config.poll_bytes_max;
    while (budget_bytes > 0 && ll_soup_client_is_live(client)) {
        uint32_t room_bytes = client->config.input_bytes - client->input_used_bytes;
        uint32_t wanted_bytes = room_bytes < budget_bytes ? room_bytes : budget_bytes;
        LL_ASSERT(wanted_bytes > 0);
        int got = client->door.receive(client->door.context, client->input + client->input_used_bytes,
                                       wanted_bytes);
        /* A connection that does not send any more is closed when what came before has been read. */
        if (got == 0 && client->broken)
            got = LL_ERR_IO;
        if (got == 0)
            return;
        if (got < 0) {
            ll_soup_client_receive_failed(client, got);
            return;
        }
        LL_ASSERT((uint32_t)got <= wanted_bytes);
        client->input_used_bytes += (uint32_t)got;
        client->counters.bytes_received += (uint32_t)got;
        client->last_received_ns = client->now_ns;
        budget_bytes -= (uint32_t)got;
        ll_soup_client_take_all(client);
    }
}

/* --- time --- */

static void ll_soup_client_check_silence(struct ll_soup_client *client)
{
    if (client->state == LL_SOUP_CLIENT_OPEN) {
        if (ll_soup_client_elapsed_ns(client->last_received_ns, client->now_ns) >= client->config.silence_ns)
            ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_SILENT, NULL);
    } else if (ll_soup_client_elapsed_ns(client->state_since_ns, client->now_ns) >=
               client->config.silence_ns) {
        /* Debug texts and heartbeats are no answer: here the whole wait counts, not the silence. */
        ll_soup_client_close(client,
                             client->state == LL_SOUP_CLIENT_LEAVING ? LL_SOUP_CLIENT_REASON_LOGOUT
                                                                     : LL_SOUP_CLIENT_REASON_LOGIN_TIMEOUT,
                             NULL);
    }
}

static void ll_soup_client_work(struct ll_soup_client *client)
{
    ll_soup_client_flush(client);
    ll_soup_client_receive(client);
    if (ll_soup_client_is_live(client))
        ll_soup_client_check_silence(client);
    /* What waits in the buffer speaks for us as soon as the connection takes it. */
    if (client->state == LL_SOUP_CLIENT_OPEN && client->output_end == 0 && !client->broken &&
        ll_soup_client_elapsed_ns(client->last_sent_ns, client->now_ns) >= client->config.heartbeat_ns) {
        client->counters.heartbeats_sent++;
        ll_soup_client_say(client, LL_SOUP_CLIENT_HEARTBEAT);
    }
}

/* --- the owner's calls --- */

void ll_soup_client_poll(struct ll_soup_client *client, uint64_t now_ns)
{
    ll_soup_client_enter(client, now_ns);
    if (client->state == LL_SOUP_CLIENT_WAITING && now_ns >= client->backoff_end_ns)
        ll_soup_client_begin_connect(client);
    if (client->state == LL_SOUP_CLIENT_CONNECTING)
        ll_soup_client_connect(client);
    if (ll_soup_client_is_live(client))
        ll_soup_client_work(client);
    client->busy = false;
}

int ll_soup_client_restart(struct ll_soup_client *client, const char *session, uint64_t sequence,
                           uint64_t now_ns)
{
    uint8_t packet[LL_SOUP_LOGIN_REQUEST_BYTES_41];
    uint32_t packet_bytes;
    if (sequence > LL_SOUP_CLIENT_SEQUENCE_MAX ||
        ll_soup_client_encode_login(&client->config, session, sequence, packet, &packet_bytes) != LL_OK)
        return LL_ERR_USAGE;
    ll_soup_client_enter(client, now_ns);
    if (ll_soup_client_is_live(client) || client->state == LL_SOUP_CLIENT_CONNECTING)
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_RESTARTED, NULL);
    /* It may be our own name of it that is handed in again. */
    memmove(client->session, session, strlen(session) + 1);
    client->next_sequence = sequence;
    client->backoff_ns = client->config.backoff_first_ns;
    ll_soup_client_begin_connect(client);
    client->busy = false;
    return LL_OK;
}

void ll_soup_client_logout(struct ll_soup_client *client, uint64_t now_ns)
{
    ll_soup_client_enter(client, now_ns);
    if (client->state == LL_SOUP_CLIENT_OPEN) {
        ll_soup_client_set_state(client, LL_SOUP_CLIENT_LEAVING);
        ll_soup_client_say(client, LL_SOUP_LOGOUT_REQUEST);
    } else if (client->state == LL_SOUP_CLIENT_LOGGING_IN || client->state == LL_SOUP_CLIENT_CONNECTING) {
        ll_soup_client_close(client, LL_SOUP_CLIENT_REASON_LOGOUT, NULL);
    } else if (client->state != LL_SOUP_CLIENT_LEAVING) {
        ll_soup_client_set_state(client, LL_SOUP_CLIENT_CLOSED);
    }
    client->busy = false;
}

enum ll_soup_client_state ll_soup_client_state(const struct ll_soup_client *client)
{
    return client->state;
}

const struct ll_soup_client_counters *ll_soup_client_counters(const struct ll_soup_client *client)
{
    return &client->counters;
}

uint64_t ll_soup_client_next_sequence(const struct ll_soup_client *client)
{
    return client->next_sequence;
}

const char *ll_soup_client_session(const struct ll_soup_client *client)
{
    return client->session;
}

uint32_t ll_soup_client_unsent_bytes(const struct ll_soup_client *client)
{
    return client->output_end - client->output_first;
}
