/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline dump`: the journal as JSON, one line per record.
 *
 * Shape    argv[0] is the verb, as main hands it on. Lines go to standard output, reasons to standard error.
 *          `lifeline dump --help` documents the line.
 * Units    event ids; time_ns is UTC ns since 1970; payloads as hexadecimal digits.
 * Errors   the exit code: LL_EXIT_OK; LL_EXIT_CORRUPT what is before the damage is printed; LL_EXIT_IO;
 *          LL_EXIT_REFUSED no journal there; LL_EXIT_USAGE.
 * Threads  one; a gateway may write the journal meanwhile.
 */
#ifndef LL_HOST_APP_CMD_DUMP_H
#define LL_HOST_APP_CMD_DUMP_H

int ll_cmd_dump(int argc, char **argv);

#endif
