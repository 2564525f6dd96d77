/* SPDX-License-Identifier: Apache-2.0 */
#include "host/client/ll_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void ll_link_ring(const struct ll_link *link)
{
    (void)atomic_fetch_or_explicit(&link->shm.header->bell, UINT64_C(1) << link->place, memory_order_release);
}

/* A door that another user made for us would read our orders, and root may use everybody's. */
static int ll_link_attach(struct ll_link *link, const char *path, struct ll_why *why)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "no gateway at %.100s; start one, or give the path of its door (LIFELINE_DOOR)", path);
    if (fd < 0)
        return LL_FAIL(why, LL_ERR_IO, "%.100s: %s; a door can be used by the gateway's user only", path,
                       strerror(errno));
    int err = LL_OK;
    if (fstat(fd, &status) != 0 || (status.st_uid != geteuid() && geteuid() != 0))
        err = LL_FAIL(why, LL_ERR_INPUT, "%.100s belongs to another user; use your own gateway's door", path);
    if (err == LL_OK)
        err = ll_door_shm_attach(&link->shm, fd, path, why);
    (void)close(fd);
    return err;
}

/* Takes the first free place by writing our name into it. */
static int ll_link_take_place(struct ll_link *link, uint64_t self, struct ll_why *why)
{
    for (uint32_t place = 0; place < link->shm.places; place++) {
        struct ll_door_place *shared = ll_door_place(&link->shm, place);
        uint64_t nobody = 0;
        if (!atomic_compare_exchange_strong(&shared->owner, &nobody, self))
            continue;
        /* All zero unless somebody wrote where he should not have. */
        atomic_store_explicit(&shared->request_head, 0, memory_order_relaxed);
        atomic_store_explicit(&shared->event_tail, 0, memory_order_relaxed);
        atomic_store_explicit(&shared->subscription, LL_SUBSCRIBE_NONE, memory_order_relaxed);
        atomic_store_explicit(&shared->leaving, 0, memory_order_relaxed);
        link->place = place;
        ll_link_ring(link);
        return LL_OK;
    }
    return LL_FAIL(why, LL_ERR_FULL,
                   "all %u client places of the gateway are taken; end a client, or start the "
                   "gateway with more places",
                   link->shm.places);
}

int ll_link_open(struct ll_link *link, const char *path, struct ll_why *why)
{
    memset(link, 0, sizeof *link);
    uint64_t self = ll_process_self();
    if (self == 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "/proc cannot be read, which tells who lives; mount it");
    int err = ll_link_attach(link, path, why);
    if (err == LL_OK) {
        link->gateway = link->shm.header->gateway;
        if (ll_link_state(link) != LL_OK || !ll_link_gateway_is_alive(link))
            err = LL_FAIL(why, LL_ERR_ENVIRONMENT,
                          "the gateway of %.100s, process %u, has ended; start one, or give another path",
                          path, ll_process_pid(link->gateway));
    }
    if (err == LL_OK)
        err = ll_link_take_place(link, self, why);
    if (err != LL_OK)
        ll_door_shm_unmap(&link->shm);
    return err;
}

void ll_link_close(struct ll_link *link)
{
    if (!ll_link_is_open(link))
        return;
    atomic_store_explicit(&ll_door_place(&link->shm, link->place)->leaving, 1, memory_order_release);
    ll_link_ring(link);
    ll_door_shm_unmap(&link->shm);
}

int ll_link_state(const struct ll_link *link)
{
    if (!ll_link_is_open(link) ||
        atomic_load_explicit(&link->shm.header->state, memory_order_acquire) != LL_DOOR_OPEN)
        return LL_ERR_STOPPED;
    uint32_t state =
        atomic_load_explicit(&ll_door_place(&link->shm, link->place)->state, memory_order_acquire);
    return state == LL_PLACE_EVICTED ? LL_ERR_CORRUPT : LL_OK;
}

bool ll_link_gateway_is_alive(const struct ll_link *link)
{
    return ll_link_is_open(link) && ll_process_is_alive(link->gateway);
}

int ll_link_send(struct ll_link *link, const struct ll_command *command)
{
    int err = ll_link_state(link);
    if (err != LL_OK)
        return err;
    struct ll_door_place *shared = ll_door_place(&link->shm, link->place);
    if (link->request_head - link->request_tail_seen >= link->shm.requests) {
        link->request_tail_seen = atomic_load_explicit(&shared->request_tail, memory_order_acquire);
        if (link->request_head - link->request_tail_seen >= link->shm.requests)
            return LL_ERR_FULL;
    }
    memcpy(ll_door_request(&link->shm, link->place, link->request_head), command, sizeof *command);
    link->request_head++;
    atomic_store_explicit(&shared->request_head, link->request_head, memory_order_release);
    ll_link_ring(link);
    return LL_OK;
}

bool ll_link_receive(struct ll_link *link, struct ll_client_event *event)
{
    if (!ll_link_is_open(link))
        return false;
    struct ll_door_place *shared = ll_door_place(&link->shm, link->place);
    if (link->event_tail == link->event_head_seen) {
        link->event_head_seen = atomic_load_explicit(&shared->event_head, memory_order_acquire);
        if (link->event_tail == link->event_head_seen)
            return false;
    }
    memcpy(event, ll_door_event(&link->shm, link->place, link->event_tail), sizeof *event);
    link->event_tail++;
    atomic_store_explicit(&shared->event_tail, link->event_tail, memory_order_release);
    return true;
}

void ll_link_subscribe(struct ll_link *link, uint32_t subscription)
{
    atomic_store_explicit(&ll_door_place(&link->shm, link->place)->subscription, subscription,
                          memory_order_relaxed);
    ll_link_ring(link);
}
