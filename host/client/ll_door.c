/* SPDX-License-Identifier: Apache-2.0 */
#include "host/client/ll_door.h"

#include "host/base/ll_assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LL_DOOR_PLACE_BITS 6u
/* A client's number: six bits of place below 26 of serial; a generation begins at a serial of its own. */
#define LL_DOOR_SERIAL_MASK      ((1u << 26) - 1)
#define LL_DOOR_GENERATION_SHIFT 16u

_Static_assert(LL_DOOR_PLACES_MAX == 1u << LL_DOOR_PLACE_BITS, "a place fits in its bits");

void ll_door_config_default(struct ll_door_config *config)
{
    *config = (struct ll_door_config){.places = LL_DOOR_PLACES_MAX, .requests = 128, .events = 512};
}

/* ---- open and close ------------------------------------------------------------------------------------ */

/* What can be known of a file that stands where the door shall be, once it is ours: of another version, nothing. */
static void ll_door_end_stale(int fd, const char *path, uint64_t *generation)
{
    struct ll_door_shm stale = {0};
    if (ll_door_shm_attach(&stale, fd, path, NULL) != LL_OK)
        return;
    *generation = stale.header->generation;
    atomic_store_explicit(&stale.header->state, LL_DOOR_CLOSED, memory_order_release);
    ll_door_shm_unmap(&stale);
}

/* Locks the file that stands there; LL_ERR_BUSY when a gateway lives in it, or another one is taking it over. */
static int ll_door_lock_stale(int fd, const char *path, struct ll_why *why)
{
    struct ll_door_header header = {0};
    struct stat held;
    struct stat named;
    ssize_t got = pread(fd, &header, sizeof header, 0);
    if (got < (ssize_t)sizeof header.magic || header.magic != LL_DOOR_MAGIC)
        return LL_FAIL(why, LL_ERR_INPUT, "%.100s is there and is no door; remove it or give another path",
                       path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return LL_FAIL(why, LL_ERR_BUSY,
                       "a gateway, process %u, lives at %.100s; stop it or give another path",
                       ll_process_pid(header.gateway), path);
    if (fstat(fd, &held) != 0 || stat(path, &named) != 0 || held.st_ino != named.st_ino)
        return LL_FAIL(why, LL_ERR_BUSY,
                       "another gateway is starting at %.100s; stop it or give another path", path);
    return LL_OK;
}

/* Takes the file of an earlier gateway, so that no other one takes it over too. LL_OK with *fd -1: there is none. */
static int ll_door_take_stale(const char *path, int *fd, uint64_t *generation, struct ll_why *why)
{
    *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0 && errno == ENOENT)
        return LL_OK;
    if (*fd < 0)
        return LL_FAIL(why, LL_ERR_IO, "%.100s: %s; give another path", path, strerror(errno));
    int err = ll_door_lock_stale(*fd, path, why);
    if (err == LL_OK) {
        ll_door_end_stale(*fd, path, generation);
        return LL_OK;
    }
    (void)close(*fd);
    *fd = -1;
    return err;
}

static void ll_door_write_header(struct ll_door *door, uint64_t generation)
{
    struct ll_door_header *header = door->shm.header;
    header->version = LL_DOOR_VERSION;
    header->places = door->shm.places;
    header->requests = door->shm.requests;
    header->events = door->shm.events;
    header->command_bytes = sizeof(struct ll_command);
    header->event_bytes = sizeof(struct ll_client_event);
    header->place_bytes = door->shm.place_bytes;
    header->file_bytes = door->shm.file_bytes;
    header->generation = generation;
    header->gateway = door->process;
    header->magic = LL_DOOR_MAGIC;
    atomic_store_explicit(&header->state, LL_DOOR_OPEN, memory_order_release);
}

/* Makes the file under a name of its own, whole and locked, before it takes the name that clients know. */
static int ll_door_make(struct ll_door *door, const char *path_new, uint64_t generation, struct ll_why *why)
{
    (void)unlink(path_new); /* left behind by a process that had our number */
    door->fd = open(path_new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (door->fd < 0)
        return LL_FAIL(why, LL_ERR_IO, "%.100s: %s; give a path in a directory that may be written", path_new,
                       strerror(errno));
    int reason = posix_fallocate(door->fd, 0, (off_t)door->shm.file_bytes);
    if (reason != 0)
        return LL_FAIL(why, reason == ENOSPC ? LL_ERR_NO_SPACE : LL_ERR_IO,
                       "%.100s: %s; make room or give less", path_new, strerror(reason));
    if (flock(door->fd, LOCK_EX | LOCK_NB) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "%.100s cannot be locked: %s; give a path on a local file system", path_new,
                       strerror(errno));
    int err = ll_door_shm_map(&door->shm, door->fd, why);
    if (err == LL_OK)
        ll_door_write_header(door, generation);
    return err;
}

int ll_door_open(struct ll_door *door, const struct ll_door_config *config, struct ll_why *why)
{
    char path_new[LL_DOOR_PATH_BYTES + 32];
    uint64_t generation = 0;
    int stale_fd = -1;
    memset(door, 0, sizeof *door);
    door->fd = -1;
    if (config->path == NULL || config->path[0] == '\0' || strlen(config->path) >= sizeof door->path)
        return LL_FAIL(why, LL_ERR_USAGE, "the path of a door has 1 to %zu bytes", sizeof door->path - 1);
    memcpy(door->path, config->path, strlen(config->path));
    door->process = ll_process_self();
    if (door->process == 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "/proc cannot be read, which tells dead clients; mount it");
    int err = ll_door_shm_size(&door->shm, config->places, config->requests, config->events, why);
    if (err == LL_OK)
        err = ll_door_take_stale(door->path, &stale_fd, &generation, why);
    if (err != LL_OK)
        return err;
    generation = config->generation != 0 ? config->generation : generation + 1;
    door->serial = (uint32_t)(generation << LL_DOOR_GENERATION_SHIFT) & LL_DOOR_SERIAL_MASK;
    (void)snprintf(path_new, sizeof path_new, "%s.%ld.new", door->path, (long)getpid());
    err = ll_door_make(door, path_new, generation, why);
    /* Over the stale file, which we hold; or where there was none, and then only if there still is none. */
    if (err == LL_OK && (stale_fd >= 0 ? rename(path_new, door->path) : link(path_new, door->path)) != 0)
        err = errno == EEXIST
                  ? LL_FAIL(why, LL_ERR_BUSY, "another gateway has just started at %.100s", door->path)
                  : LL_FAIL(why, LL_ERR_IO, "%.100s: %s", door->path, strerror(errno));
    if (stale_fd < 0 || err != LL_OK)
        (void)unlink(path_new);
    if (stale_fd >= 0)
        (void)close(stale_fd);
    if (err != LL_OK) {
        ll_door_shm_unmap(&door->shm);
        if (door->fd >= 0)
            (void)close(door->fd);
        door->fd = -1;
    }
    return err;
}

void ll_door_close(struct ll_door *door)
{
    struct stat held;
    struct stat named;
    if (door->fd < 0)
        return;
    atomic_store_explicit(&door->shm.header->state, LL_DOOR_CLOSED, memory_order_release);
    if (fstat(door->fd, &held) == 0 && stat(door->path, &named) == 0 && held.st_ino == named.st_ino &&
        held.st_dev == named.st_dev)
        (void)unlink(door->path);
    ll_door_shm_unmap(&door->shm);
    (void)close(door->fd);
    door->fd = -1;
}

/* ---- clients come and go -------------------------------------------------------------------------------- */

static uint64_t ll_door_bit(uint32_t place)
{
    return UINT64_C(1) << place;
}

/* The word of the place that says whose it is; nobody else's word counts while somebody is served there. */
static void ll_door_adopt(struct ll_door *door, uint32_t place, uint64_t owner)
{
    struct ll_door_client *client = &door->clients[place];
    struct ll_door_place *shared = ll_door_place(&door->shm, place);
    door->serial = (door->serial + 1) & LL_DOOR_SERIAL_MASK;
    *client = (struct ll_door_client){.owner = owner, .number = door->serial << LL_DOOR_PLACE_BITS | place};
    atomic_store_explicit(&shared->client, client->number, memory_order_relaxed);
    atomic_store_explicit(&shared->state, LL_PLACE_SERVED, memory_order_release);
    door->counters.clients_come++;
}

/* Everything as new, the owner's word last: then the next client may come. */
static void ll_door_free_place(struct ll_door *door, uint32_t place)
{
    struct ll_door_place *shared = ll_door_place(&door->shm, place);
    door->pending &= ~ll_door_bit(place);
    door->sees_all &= ~ll_door_bit(place);
    door->sees_own &= ~ll_door_bit(place);
    memset(&door->clients[place], 0, sizeof door->clients[place]);
    atomic_store_explicit(&shared->request_head, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->request_tail, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->event_head, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->event_tail, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->subscription, LL_SUBSCRIBE_NONE, memory_order_relaxed);
    atomic_store_explicit(&shared->leaving, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->client, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->state, LL_PLACE_FREE, memory_order_relaxed);
    atomic_store_explicit(&shared->owner, 0, memory_order_release);
}

static void ll_door_evict(struct ll_door *door, uint32_t place)
{
    struct ll_door_place *shared = ll_door_place(&door->shm, place);
    door->clients[place].is_evicted = true;
    door->pending &= ~ll_door_bit(place);
    door->sees_all &= ~ll_door_bit(place);
    door->sees_own &= ~ll_door_bit(place);
    door->counters.clients_evicted++;
    atomic_store_explicit(&shared->state, LL_PLACE_EVICTED, memory_order_release);
}

static void ll_door_subscribe(struct ll_door *door, uint32_t place, uint32_t subscription)
{
    uint64_t bit = ll_door_bit(place);
    door->sees_all = subscription == LL_SUBSCRIBE_ALL ? door->sees_all | bit : door->sees_all & ~bit;
    door->sees_own = subscription == LL_SUBSCRIBE_OWN ? door->sees_own | bit : door->sees_own & ~bit;
}

/* ---- events --------------------------------------------------------------------------------------------- */

/* Room in a client's event ring. A tail that makes no sense evicts the client, and then there is none. */
static uint64_t ll_door_room(struct ll_door *door, uint32_t place)
{
    const struct ll_door_client *client = &door->clients[place];
    uint64_t tail = atomic_load_explicit(&ll_door_place(&door->shm, place)->event_tail, memory_order_acquire);
    uint64_t used = client->event_head - tail;
    if (LL_UNLIKELY(used > door->shm.events)) {
        ll_door_evict(door, place);
        return 0;
    }
    return door->shm.events - used;
}

static void ll_door_write_event(struct ll_door *door, uint32_t place, const struct ll_client_event *event)
{
    struct ll_door_client *client = &door->clients[place];
    memcpy(ll_door_event(&door->shm, place, client->event_head), event, sizeof *event);
    client->event_head++;
    atomic_store_explicit(&ll_door_place(&door->shm, place)->event_head, client->event_head,
                          memory_order_release);
}

/* Says how many events were lost, when there is room to say so. Returns the room that is left. */
static uint64_t ll_door_tell_lost(struct ll_door *door, uint32_t place)
{
    struct ll_door_client *client = &door->clients[place];
    uint64_t room = ll_door_room(door, place);
    if (LL_LIKELY(client->lost == 0) || room == 0)
        return room;
    struct ll_client_event lost = {.kind = LL_CLIENT_LOST, .value = client->lost, .client = client->number};
    ll_door_write_event(door, place, &lost);
    client->lost = 0;
    return room - 1;
}

static void ll_door_push(struct ll_door *door, uint32_t place, const struct ll_client_event *event)
{
    uint64_t room = ll_door_tell_lost(door, place);
    if (LL_UNLIKELY(room == 0)) {
        door->clients[place].lost++;
        door->counters.events_lost++;
        return;
    }
    ll_door_write_event(door, place, event);
    door->counters.events++;
}

static bool ll_door_is_served(const struct ll_door *door, uint32_t client)
{
    const struct ll_door_client *own = &door->clients[client & (LL_DOOR_PLACES_MAX - 1)];
    return own->owner != 0 && own->number == client && !own->is_evicted;
}

void ll_door_answer(struct ll_door *door, uint32_t client, const struct ll_client_event *event)
{
    if (ll_door_is_served(door, client))
        ll_door_push(door, client & (LL_DOOR_PLACES_MAX - 1), event);
    else
        door->counters.events_gone++;
}

void ll_door_news(struct ll_door *door, const struct ll_client_event *event)
{
    uint32_t own = event->client & (LL_DOOR_PLACES_MAX - 1);
    uint64_t places = door->sees_all;
    if ((door->sees_own & ll_door_bit(own)) != 0 && door->clients[own].number == event->client)
        places |= ll_door_bit(own);
    for (; places != 0; places &= places - 1)
        ll_door_push(door, (uint32_t)__builtin_ctzll(places), event);
}

/* ---- commands ------------------------------------------------------------------------------------------- */

static void ll_door_refuse_malformed(struct ll_door *door, uint32_t place, const struct ll_command *command)
{
    struct ll_client_event event = {.request = command->request,
                                    .client = command->client,
                                    .kind = LL_CLIENT_REFUSED,
                                    .refusal = LL_REFUSAL_MALFORMED,
                                    .command = command->kind};
    door->counters.malformed++;
    ll_door_push(door, place, &event);
}

/* Copies the next command of a place out. False: it has none that can be handed out. */
static bool ll_door_take(struct ll_door *door, uint32_t place, struct ll_command *command)
{
    struct ll_door_client *client = &door->clients[place];
    struct ll_door_place *shared = ll_door_place(&door->shm, place);
    memcpy(command, ll_door_request(&door->shm, place, client->request_tail), sizeof *command);
    /* From here on only the copy counts: the compiler must not read the shared bytes again. */
    atomic_signal_fence(memory_order_seq_cst);
    client->request_tail++;
    atomic_store_explicit(&shared->request_tail, client->request_tail, memory_order_release);
    command->client = client->number;
    if (ll_command_check(command) != LL_OK) {
        ll_door_refuse_malformed(door, place, command);
        return false;
    }
    door->counters.commands++;
    return true;
}

/* A place that nobody is known to use has rung, or is swept. */
static bool ll_door_look_for_newcomer(struct ll_door *door, uint32_t place)
{
    struct ll_door_place *shared = ll_door_place(&door->shm, place);
    uint64_t owner = atomic_load_explicit(&shared->owner, memory_order_acquire);
    if (owner != 0) {
        ll_door_adopt(door, place, owner);
        return true;
    }
    door->pending &= ~ll_door_bit(place);
    return false;
}

/* Looks at one place; true when it gave a command. */
static bool ll_door_visit(struct ll_door *door, uint32_t place, struct ll_command *command)
{
    struct ll_door_client *client = &door->clients[place];
    struct ll_door_place *shared = ll_door_place(&door->shm, place);
    if (client->owner == 0 && !ll_door_look_for_newcomer(door, place))
        return false;
    uint32_t leaving = atomic_load_explicit(&shared->leaving, memory_order_acquire);
    uint64_t waiting =
        atomic_load_explicit(&shared->request_head, memory_order_acquire) - client->request_tail;
    if (client->is_evicted) {
        door->pending &= ~ll_door_bit(place);
        return false;
    }
    if (LL_UNLIKELY(waiting > door->shm.requests ||
                    atomic_load_explicit(&shared->owner, memory_order_relaxed) != client->owner)) {
        ll_door_evict(door, place);
        return false;
    }
    ll_door_subscribe(door, place, atomic_load_explicit(&shared->subscription, memory_order_relaxed));
    if (waiting > 0)
        return ll_door_take(door, place, command);
    door->pending &= ~ll_door_bit(place);
    if (client->is_ending || leaving != 0) {
        door->counters.clients_died += client->is_ending;
        door->counters.clients_left += !client->is_ending;
        ll_door_free_place(door, place);
    } else if (client->lost > 0) {
        (void)ll_door_tell_lost(door, place);
    }
    return false;
}

/* The first pending place at or after `from`, going round. */
static uint32_t ll_door_first_pending(uint64_t pending, uint32_t from)
{
    uint64_t after = pending & ~(ll_door_bit(from) - 1);
    return (uint32_t)__builtin_ctzll(after != 0 ? after : pending);
}

uint32_t ll_door_poll(struct ll_door *door, struct ll_command *commands, uint32_t count_max)
{
    struct ll_door_header *header = door->shm.header;
    uint32_t count = 0;
    if (LL_UNLIKELY(atomic_load_explicit(&header->bell, memory_order_relaxed) != 0))
        door->pending |= atomic_exchange_explicit(&header->bell, 0, memory_order_acquire);
    if (door->shm.places < LL_DOOR_PLACES_MAX)
        door->pending &= ll_door_bit(door->shm.places) - 1;
    /* Visits that give nothing are bounded too: each place falls silent once, malformed commands count. */
    for (uint32_t visits = count_max + LL_DOOR_PLACES_MAX; visits > 0; visits--) {
        if (door->pending == 0 || count == count_max)
            break;
        uint32_t place = ll_door_first_pending(door->pending, door->next);
        door->next = (place + 1) & (LL_DOOR_PLACES_MAX - 1);
        count += ll_door_visit(door, place, &commands[count]);
    }
    return count;
}

/* ---- the slow look ------------------------------------------------------------------------------------- */

/* A free place that somebody wrote to is made new, under our own name so that no client comes meanwhile. */
static void ll_door_clear_stray(struct ll_door *door, uint32_t place)
{
    struct ll_door_place *shared = ll_door_place(&door->shm, place);
    uint64_t nobody = 0;
    if (atomic_load_explicit(&shared->request_head, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&shared->event_tail, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&shared->subscription, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&shared->leaving, memory_order_relaxed) == 0)
        return;
    if (!atomic_compare_exchange_strong(&shared->owner, &nobody, door->process))
        return; /* a client came in between */
    ll_door_free_place(door, place);
    door->counters.strays++;
}

static void ll_door_sweep_place(struct ll_door *door, uint32_t place)
{
    struct ll_door_client *client = &door->clients[place];
    if (client->owner == 0 && !ll_door_look_for_newcomer(door, place)) {
        ll_door_clear_stray(door, place);
        return;
    }
    bool is_alive = ll_process_is_alive(client->owner);
    if (!is_alive && client->is_evicted)
        ll_door_free_place(door, place);
    else if (!is_alive)
        client->is_ending = true;
    /* A bell that was not rung, or was silenced by another, is made good here. */
    if (client->owner != 0 && !client->is_evicted)
        door->pending |= ll_door_bit(place);
}

void ll_door_sweep(struct ll_door *door, uint32_t places_max)
{
    uint32_t count = places_max < door->shm.places ? places_max : door->shm.places;
    for (uint32_t i = 0; i < count; i++) {
        ll_door_sweep_place(door, door->next_sweep);
        door->next_sweep = door->next_sweep + 1 < door->shm.places ? door->next_sweep + 1 : 0;
    }
}

uint32_t ll_door_client_count(const struct ll_door *door)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < door->shm.places; i++)
        count += door->clients[i].owner != 0;
    return count;
}
