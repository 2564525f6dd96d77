/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's side of the door: one place taken in a gateway's shared memory, requests in, events out.
 *
 * Shape    open -> send, receive -> close. The public face of it is lifeline.h.
 * Units    positions count commands and events.
 * Errors   open: LL_ERR_ENVIRONMENT no gateway lives there; LL_ERR_INPUT the file is no door; LL_ERR_FULL every place
 *          is taken; LL_ERR_IO. send and state: LL_ERR_FULL; LL_ERR_STOPPED the gateway has gone; LL_ERR_CORRUPT it put
 *          us out.
 * Threads  one owner; the other side is the gateway's thread. send, receive and state make no system call.
 */
#ifndef LL_HOST_CLIENT_LINK_H
#define LL_HOST_CLIENT_LINK_H

#include "host/base/ll_err.h"
#include "host/client/ll_door_shm.h"
#include "host/wire/ll_command.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_link { /* private */
    struct ll_door_shm shm;
    uint32_t place;
    uint64_t gateway; /* its process */
    uint64_t request_head;
    uint64_t request_tail_seen;
    uint64_t event_tail;
    uint64_t event_head_seen;
};

/* `link` is all zero, or was closed. */
LL_MUST_CHECK int ll_link_open(struct ll_link *link, const char *path, struct ll_why *why);
/* What was sent is still carried out. */
void ll_link_close(struct ll_link *link);
static inline bool ll_link_is_open(const struct ll_link *link)
{
    return link->shm.header != NULL;
}

LL_MUST_CHECK int ll_link_send(struct ll_link *link, const struct ll_command *command);
bool ll_link_receive(struct ll_link *link, struct ll_client_event *event);
/* Tells the gateway which news to send: enum ll_subscription. */
void ll_link_subscribe(struct ll_link *link, uint32_t subscription);
/* As far as the shared memory tells. */
LL_MUST_CHECK int ll_link_state(const struct ll_link *link);
/* Whether the gateway's process runs. Cold. */
bool ll_link_gateway_is_alive(const struct ll_link *link);

#endif
