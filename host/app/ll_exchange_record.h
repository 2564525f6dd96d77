/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exchange's own truth as JSON lines: what became of every order of every account.
 *
 * Shape    write(path) as often as wanted; each time the whole day so far. A line is one link of a chain of replaces:
 *          {"port","protocol","user_ref_num","channel","token","cl_ord_id","symbol","side","quantity","price",
 *          "open","executed","cancelled","passed_on","state","reason","reference","replaces","replaced_by",
 *          "executions":[{"match","price","quantity","liquidity","broken"}]}; replaces and replaced_by are line
 *          numbers of the same port, from 0, or null. In 5.0 token is null, in 4.2 user_ref_num and cl_ord_id.
 * Units    prices in 1/10,000; quantities in shares.
 * Errors   LL_ERR_IO with the path and the system's reason. The file appears whole, or not at all.
 * Threads  the exchange's.
 */
#ifndef LL_HOST_APP_EXCHANGE_RECORD_H
#define LL_HOST_APP_EXCHANGE_RECORD_H

#include "host/base/ll_err.h"
#include "host/exchange/ll_ouch_port.h"

#include <stdio.h>

void ll_exchange_record_print(const struct ll_ouch_ports *ports, FILE *file);
LL_MUST_CHECK int ll_exchange_record_write(const struct ll_ouch_ports *ports, const char *path,
                                           struct ll_why *why);

#endif
