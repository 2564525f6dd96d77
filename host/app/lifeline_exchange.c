/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated exchange `lifeline-exchange`. */
#include "host/app/ll_exchange.h"

int main(int argc, char **argv)
{
    return ll_exchange(argc, argv);
}
