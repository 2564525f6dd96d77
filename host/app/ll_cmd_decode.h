/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline decode`: provider bytes from files as one JSON line per message.
 *
 * Shape    argv[0] is the verb, as main hands it on. Lines go to standard output, reasons to standard error.
 *          `lifeline decode --help` documents the lines and how a file's kind is told.
 * Units    integers raw, as on the wire.
 * Errors   the exit code: LL_EXIT_OK all decoded; LL_EXIT_REFUSED something was refused (the rest is decoded
 *          all the same); LL_EXIT_USAGE; LL_EXIT_IO.
 * Threads  one.
 */
#ifndef LL_HOST_APP_CMD_DECODE_H
#define LL_HOST_APP_CMD_DECODE_H

int ll_cmd_decode(int argc, char **argv);

#endif
