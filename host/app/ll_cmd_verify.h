/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline verify`: reads a whole journal and says whether it is intact.
 *
 * Shape    argv[0] is the verb, as main hands it on. The finding goes to standard output, reasons to
 *          standard error. `lifeline verify --help` documents both.
 * Units    event ids, slots.
 * Errors   the exit code: LL_EXIT_OK intact; LL_EXIT_CORRUPT; LL_EXIT_IO; LL_EXIT_REFUSED no journal there;
 *          LL_EXIT_USAGE.
 * Threads  one; a gateway may write the journal meanwhile.
 */
#ifndef LL_HOST_APP_CMD_VERIFY_H
#define LL_HOST_APP_CMD_VERIFY_H

int ll_cmd_verify(int argc, char **argv);

#endif
