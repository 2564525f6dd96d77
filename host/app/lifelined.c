/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway `lifelined`. */
#include "host/app/ll_daemon.h"

int main(int argc, char **argv)
{
    return ll_daemon(argc, argv);
}
