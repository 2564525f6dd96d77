/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One account of the simulated exchange: a listening socket, the SoupBinTCP session of the day, and the order port.
 *
 * Shape    init -> attach -> poll ... -> end -> poll ... -> close. Connections come and go; session and port stay.
 * Units    *_ns UTC nanoseconds.
 * Errors   init: what the parts say; LL_ERR_ENVIRONMENT for an address that cannot be listened at.
 * Threads  one owner, the exchange's.
 */
#ifndef LL_HOST_APP_EXCHANGE_ACCOUNT_H
#define LL_HOST_APP_EXCHANGE_ACCOUNT_H

#include "host/app/ll_exchange_options.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_tcp.h"
#include "host/exchange/ll_ouch_port.h"
#include "host/exchange/ll_soup_server.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_EXCHANGE_CONNECTIONS 2u /* as many as the session server takes: one in, one on its way in */

struct ll_exchange_account { /* private, but for what is read at the end */
    struct ll_tcp_listener listener;
    struct ll_tcp connections[LL_EXCHANGE_CONNECTIONS];
    struct ll_soup_server *server;
    struct ll_ouch_port *port;
    uint64_t sequence_sent;    /* the next message's number when the session was polled last */
    uint64_t drop_after_bytes; /* still to be set at the next login */
    bool drop_wanted;
    bool is_open;
};

/* Bytes of the arena that an account takes; 0 = the options do not fit together. */
size_t ll_exchange_account_bytes(const struct ll_exchange_options *options, uint32_t index);
LL_MUST_CHECK int ll_exchange_account_init(struct ll_exchange_account *account, struct ll_arena *arena,
                                           const struct ll_exchange_options *options, uint32_t index,
                                           uint64_t midnight_ns, struct ll_why *why);
/* Takes connections, reads, works, writes. */
void ll_exchange_account_poll(struct ll_exchange_account *account, uint64_t now_ns);
/* Something was published behind the session's last poll, and waits for the next one. */
bool ll_exchange_account_has_output(const struct ll_exchange_account *account);
void ll_exchange_account_close(struct ll_exchange_account *account);

#endif
