/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte door: what a session over a byte stream needs of the world, so that it can run over a socket, over
 * memory, or over a script of faults.
 *
 * Shape    connect until it says LL_OK, then send and receive, then close; then connect again. A door that
 *          was accepted from outside is connected already and has no connect.
 * Units    bytes. A count of 0 means: nothing now, ask again later.
 * Errors   connect: LL_ERR_BUSY = under way, anything else negative = failed. send, receive: LL_ERR_STOPPED
 *          = the other side closed in order (receive only), anything else negative = the connection broke.
 *          After an error only close may be called.
 * Threads  none of them ever blocks; one owner.
 */
#ifndef LL_HOST_BASE_BYTE_DOOR_H
#define LL_HOST_BASE_BYTE_DOOR_H

#include "host/base/ll_err.h"

#include <stdint.h>

struct ll_byte_door {
    void *context;
    int (*connect)(void *context, struct ll_why *why);
    /* How many of the bytes were taken. */
    int (*send)(void *context, const uint8_t *bytes, uint32_t bytes_count);
    /* How many bytes came. */
    int (*receive)(void *context, uint8_t *bytes, uint32_t capacity_bytes);
    /* Also of a door that is not connected, or closed already. */
    void (*close)(void *context);
};

#endif
