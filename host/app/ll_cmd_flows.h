/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb `lifeline flows`: what the steering program on an interface counted, for a gateway that receives through
 * AF_XDP.
 *
 * Shape    argv[0] is "flows", as main hands it on. Output to standard output, reasons to standard error.
 *          `lifeline flows --help` documents it.
 * Units    frames, and bytes of whole frames.
 * Errors   the exit code: see host/app/ll_exit.h.
 * Threads  one. Reads only: the gateway does not notice.
 */
#ifndef LL_HOST_APP_CMD_FLOWS_H
#define LL_HOST_APP_CMD_FLOWS_H

int ll_cmd_flows(int argc, char **argv);

#endif
