/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program `lifeline-exchange`: matching engine, feed, accounts and house, tied together in one loop.
 *
 * Shape    one call: parse, open, tell where, run until the day ends, sum up.
 * Units    *_ns UTC nanoseconds of the start, carried on by the monotonic clock, so that the day never goes back.
 * Errors   exit codes of host/app/ll_exit.h.
 * Threads  one.
 */
#ifndef LL_HOST_APP_EXCHANGE_H
#define LL_HOST_APP_EXCHANGE_H

int ll_exchange(int argc, char **argv);

#endif
