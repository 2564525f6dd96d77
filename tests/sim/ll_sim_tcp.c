/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ll_sim_tcp.h"

#include "host/base/ll_assert.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS   4u /* at once, with those that only the venue still holds */
#define CHUNKS        256u
#define DELAY_MIN_NS  UINT64_C(20000)
#define DELAY_DRAW_NS UINT64_C(2000000)
#define STALL_NS      UINT64_C(3000000000)
#define TRICKLE_BYTES 7u
#define NEVER         UINT64_MAX

enum end { CLIENT, VENUE, ENDS };

/* All bytes of a stream up to `end` have arrived at `due_ns`. */
struct chunk {
    uint64_t due_ns;
    uint64_t end;
};

/* One direction: places in it count bytes from the connection's beginning. */
struct stream {
    uint64_t sent;
    uint64_t read;
    uint64_t due_ns; /* of the last byte */
    uint32_t chunk_first;
    uint32_t chunk_count;
    struct chunk chunks[CHUNKS]; /* a ring */
    uint8_t bytes[LL_SIM_TCP_BYTES];
};

struct connection {
    struct ll_sim_tcp *tcp;
    uint64_t number; /* the order in which they were made; 0 = free */
    bool is_accepted;
    bool is_cut;            /* what is sent from now on goes nowhere */
    bool is_open[ENDS];     /* the end is held by its owner */
    bool is_waiting[ENDS];  /* its last send was not taken whole */
    uint64_t over_ns[ENDS]; /* when the end hears that it is over; NEVER = it is not */
    int over_status[ENDS];
    uint64_t stalled_until_ns;
    bool stalls_sends;
    struct stream to[ENDS]; /* on its way to this end */
};

struct ll_sim_tcp {
    struct ll_sim_faults *faults;
    struct ll_prng prng; /* of the delays */
    uint64_t now_ns;
    uint64_t made; /* connections so far */
    bool is_listening;
    bool is_connecting;
    uint64_t connect_ns;       /* when it will be known whether the connect succeeds */
    struct connection *client; /* the gateway's; NULL = none */
    struct ll_byte_door door;
    struct connection connections[CONNECTIONS];
};

/* --- streams ------------------------------------------------------------------------------------------------ */

static uint64_t draw_delay_ns(struct ll_sim_tcp *tcp)
{
    return DELAY_MIN_NS + ll_prng_next(&tcp->prng) % DELAY_DRAW_NS;
}

static uint32_t unread(const struct stream *stream)
{
    return (uint32_t)(stream->sent - stream->read);
}

static void put(struct stream *stream, const uint8_t *bytes, uint32_t bytes_count, uint64_t due_ns)
{
    for (uint32_t i = 0; i < bytes_count; i++)
        stream->bytes[(stream->sent + i) % LL_SIM_TCP_BYTES] = bytes[i];
    stream->sent += bytes_count;
    stream->due_ns = due_ns > stream->due_ns ? due_ns : stream->due_ns;
    if (bytes_count == 0)
        return;
    if (stream->chunk_count == CHUNKS) /* the last ones arrive together */
        stream->chunk_count--;
    uint32_t at = (stream->chunk_first + stream->chunk_count++) % CHUNKS;
    stream->chunks[at] = (struct chunk){stream->due_ns, stream->sent};
}

/* Bytes that are there to be read. */
static uint32_t arrived(struct stream *stream, uint64_t now_ns)
{
    uint64_t end = stream->read;
    while (stream->chunk_count > 0) {
        const struct chunk *chunk = &stream->chunks[stream->chunk_first];
        if (chunk->due_ns > now_ns)
            break;
        end = chunk->end < stream->sent ? chunk->end : stream->sent;
        if (end > stream->read)
            break;
        stream->chunk_first = (stream->chunk_first + 1) % CHUNKS; /* it has been read */
        stream->chunk_count--;
    }
    return (uint32_t)(end - stream->read);
}

static void take(struct stream *stream, uint8_t *bytes, uint32_t bytes_count)
{
    for (uint32_t i = 0; i < bytes_count; i++)
        bytes[i] = stream->bytes[(stream->read + i) % LL_SIM_TCP_BYTES];
    stream->read += bytes_count;
}

/* What is behind the next `kept` bytes never arrives. */
static void forget(struct stream *stream, uint32_t kept)
{
    stream->sent = stream->read + kept;
}

/* --- connections -------------------------------------------------------------------------------------------- */

static enum end other(enum end end)
{
    return end == CLIENT ? VENUE : CLIENT;
}

static bool is_stalled(const struct connection *connection)
{
    return !connection->tcp->faults->is_calm && connection->tcp->now_ns < connection->stalled_until_ns;
}

static bool is_whole(const struct connection *connection)
{
    return connection->number != 0 && !connection->is_cut && connection->is_open[CLIENT] &&
           connection->is_open[VENUE];
}

/* This end will hear it behind the last byte that arrives. */
static void tell_over(struct connection *connection, enum end end, int status)
{
    struct ll_sim_tcp *tcp = connection->tcp;
    uint64_t over_ns = tcp->now_ns + draw_delay_ns(tcp);
    if (connection->over_ns[end] != NEVER)
        return;
    connection->over_ns[end] = over_ns > connection->to[end].due_ns ? over_ns : connection->to[end].due_ns;
    connection->over_status[end] = status;
}

static void cut(struct connection *connection)
{
    connection->is_cut = true;
    tell_over(connection, CLIENT, LL_ERR_IO);
    tell_over(connection, VENUE, LL_ERR_IO);
}

static void close_end(struct connection *connection, enum end end, int status)
{
    connection->is_open[end] = false;
    connection->is_waiting[end] = false;
    forget(&connection->to[end], 0);
    tell_over(connection, other(end), status);
    if (!connection->is_open[CLIENT] && !connection->is_open[VENUE])
        connection->number = 0;
}

static struct connection *make(struct ll_sim_tcp *tcp)
{
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &tcp->connections[i];
        if (connection->number != 0)
            continue;
        connection->tcp = tcp;
        connection->number = ++tcp->made;
        connection->is_accepted = false;
        connection->is_cut = false;
        connection->stalled_until_ns = 0;
        for (uint32_t end = 0; end < ENDS; end++) {
            connection->is_open[end] = true;
            connection->is_waiting[end] = false;
            connection->over_ns[end] = NEVER;
            memset(&connection->to[end], 0, offsetof(struct stream, chunks));
        }
        return connection;
    }
    return NULL;
}

/* --- transfers ---------------------------------------------------------------------------------------------- */

static uint32_t trickle(struct ll_sim_tcp *tcp, uint32_t bytes_count)
{
    if (!ll_sim_strikes(tcp->faults, LL_SIM_TCP_TRICKLE))
        return bytes_count;
    uint32_t few = 1 + (uint32_t)ll_sim_draw(tcp->faults, LL_SIM_TCP_TRICKLE, TRICKLE_BYTES);
    return few < bytes_count ? few : bytes_count;
}

static void stall(struct connection *connection)
{
    struct ll_sim_tcp *tcp = connection->tcp;
    if (!ll_sim_strikes(tcp->faults, LL_SIM_TCP_STALL))
        return;
    connection->stalled_until_ns = tcp->now_ns + 1 + ll_sim_draw(tcp->faults, LL_SIM_TCP_STALL, STALL_NS);
    connection->stalls_sends = ll_sim_draw(tcp->faults, LL_SIM_TCP_STALL, 2) == 0;
}

/* How many of the bytes the network takes; they may not all arrive. */
static uint32_t transfer(struct connection *connection, enum end end, const uint8_t *bytes,
                         uint32_t bytes_count)
{
    struct ll_sim_tcp *tcp = connection->tcp;
    struct stream *stream = &connection->to[other(end)];
    uint32_t room_bytes = LL_SIM_TCP_BYTES - unread(stream);
    uint64_t due_ns = tcp->now_ns + draw_delay_ns(tcp);
    if (is_stalled(connection) && connection->stalls_sends)
        return 0;
    if (!is_whole(connection))
        return bytes_count; /* it has not heard yet that nobody is there */
    stall(connection);
    uint32_t taken = trickle(tcp, bytes_count < room_bytes ? bytes_count : room_bytes);
    if (taken > 0 && ll_sim_strikes(tcp->faults, LL_SIM_TCP_CUT_INSIDE)) {
        put(stream, bytes, (uint32_t)ll_sim_draw(tcp->faults, LL_SIM_TCP_CUT_INSIDE, taken + 1), due_ns);
        cut(connection);
    } else {
        put(stream, bytes, taken, due_ns);
    }
    return taken;
}

static int send_from(struct connection *connection, enum end end, const uint8_t *bytes, uint32_t bytes_count)
{
    if (connection->tcp->now_ns >= connection->over_ns[end])
        return LL_ERR_IO;
    uint32_t taken = transfer(connection, end, bytes, bytes_count);
    connection->is_waiting[end] = taken < bytes_count;
    return (int)taken;
}

static int receive_at(struct connection *connection, enum end end, uint8_t *bytes, uint32_t capacity_bytes)
{
    struct ll_sim_tcp *tcp = connection->tcp;
    struct stream *stream = &connection->to[end];
    if (is_stalled(connection))
        return 0;
    uint32_t bytes_count = arrived(stream, tcp->now_ns);
    if (bytes_count > 0) {
        bytes_count = trickle(tcp, bytes_count < capacity_bytes ? bytes_count : capacity_bytes);
        take(stream, bytes, bytes_count);
        return (int)bytes_count;
    }
    bool is_over = tcp->now_ns >= connection->over_ns[end] && unread(stream) == 0;
    return is_over ? connection->over_status[end] : 0;
}

/* --- the venue's end ---------------------------------------------------------------------------------------- */

static int venue_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    return send_from(context, VENUE, bytes, bytes_count);
}

static int venue_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    return receive_at(context, VENUE, bytes, capacity_bytes);
}

static void venue_close(void *context)
{
    struct connection *connection = context;
    if (connection->is_open[VENUE])
        close_end(connection, VENUE, LL_ERR_STOPPED);
}

bool ll_sim_tcp_accept(struct ll_sim_tcp *tcp, struct ll_byte_door *door)
{
    struct connection *oldest = NULL;
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &tcp->connections[i];
        bool is_new = connection->number != 0 && connection->is_open[VENUE] && !connection->is_accepted;
        if (is_new && (oldest == NULL || connection->number < oldest->number))
            oldest = connection;
    }
    if (oldest == NULL)
        return false;
    oldest->is_accepted = true;
    *door = (struct ll_byte_door){
        .context = oldest, .send = venue_send, .receive = venue_receive, .close = venue_close};
    return true;
}

void ll_sim_tcp_listen(struct ll_sim_tcp *tcp, bool is_listening)
{
    tcp->is_listening = is_listening;
    for (uint32_t i = 0; i < CONNECTIONS && !is_listening; i++) {
        struct connection *connection = &tcp->connections[i];
        if (connection->number == 0)
            continue;
        cut(connection);
        forget(&connection->to[VENUE], 0);
        connection->over_ns[VENUE] = tcp->now_ns;
        connection->stalled_until_ns = 0; /* it hears of it at once */
        if (!connection->is_accepted && connection->is_open[VENUE])
            close_end(connection, VENUE, LL_ERR_IO);
    }
}

/* --- the gateway's end -------------------------------------------------------------------------------------- */

static int client_connect(void *context, struct ll_why *why)
{
    struct ll_sim_tcp *tcp = context;
    LL_ASSERT(tcp->client == NULL);
    if (!tcp->is_connecting) {
        tcp->is_connecting = true;
        tcp->connect_ns = tcp->now_ns + draw_delay_ns(tcp);
        return LL_ERR_BUSY;
    }
    if (tcp->now_ns < tcp->connect_ns)
        return LL_ERR_BUSY;
    tcp->is_connecting = false;
    if (tcp->is_listening && !ll_sim_strikes(tcp->faults, LL_SIM_TCP_REFUSED))
        tcp->client = make(tcp);
    return tcp->client != NULL ? LL_OK : LL_FAIL(why, LL_ERR_IO, "connection refused; is the venue there?");
}

static int client_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_sim_tcp *tcp = context;
    return tcp->client != NULL ? send_from(tcp->client, CLIENT, bytes, bytes_count) : LL_ERR_IO;
}

static int client_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    struct ll_sim_tcp *tcp = context;
    return tcp->client != NULL ? receive_at(tcp->client, CLIENT, bytes, capacity_bytes) : LL_ERR_IO;
}

static void leave(struct ll_sim_tcp *tcp, int status)
{
    if (tcp->client != NULL)
        close_end(tcp->client, CLIENT, status);
    tcp->client = NULL;
    tcp->is_connecting = false;
}

static void client_close(void *context)
{
    leave(context, LL_ERR_STOPPED);
}

void ll_sim_tcp_client_died(struct ll_sim_tcp *tcp)
{
    leave(tcp, LL_ERR_IO);
}

const struct ll_byte_door *ll_sim_tcp_client_door(struct ll_sim_tcp *tcp)
{
    return &tcp->door;
}

/* --- life --------------------------------------------------------------------------------------------------- */

struct ll_sim_tcp *ll_sim_tcp_new(struct ll_sim_faults *faults)
{
    struct ll_sim_tcp *tcp = calloc(1, sizeof *tcp);
    LL_ASSERT(tcp != NULL);
    tcp->faults = faults;
    ll_prng_init(&tcp->prng, ll_sim_draw(faults, LL_SIM_TCP_STALL, UINT64_MAX));
    tcp->door = (struct ll_byte_door){tcp, client_connect, client_send, client_receive, client_close};
    return tcp;
}

void ll_sim_tcp_free(struct ll_sim_tcp *tcp)
{
    free(tcp);
}

void ll_sim_tcp_poll(struct ll_sim_tcp *tcp, uint64_t now_ns)
{
    tcp->now_ns = now_ns;
    if (tcp->client == NULL || !is_whole(tcp->client) || !ll_sim_strikes(tcp->faults, LL_SIM_TCP_CUT))
        return;
    for (uint32_t end = 0; end < ENDS; end++) {
        struct stream *stream = &tcp->client->to[end];
        forget(stream, (uint32_t)ll_sim_draw(tcp->faults, LL_SIM_TCP_CUT, unread(stream) + 1));
    }
    cut(tcp->client);
}

bool ll_sim_tcp_is_connected(const struct ll_sim_tcp *tcp)
{
    return tcp->client != NULL && is_whole(tcp->client);
}

bool ll_sim_tcp_is_quiet(const struct ll_sim_tcp *tcp)
{
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        const struct connection *connection = &tcp->connections[i];
        if (connection->number == 0)
            continue;
        for (uint32_t end = 0; end < ENDS; end++)
            if (connection->is_open[end] &&
                (unread(&connection->to[end]) > 0 || (connection->is_waiting[end] && is_whole(connection))))
                return false;
    }
    return true;
}
