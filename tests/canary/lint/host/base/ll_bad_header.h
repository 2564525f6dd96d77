/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No guard, no contract, and it needs an include that it does not have.
 */
#include "host/wire/ll_up.h"

#include <rte_mbuf.h>

uint32_t ll_bad_header(void);
