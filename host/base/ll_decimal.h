/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal numbers of money as text, to and from integers: exactly, and never through a float.
 *
 * Shape    "150.34" with 4 decimals <-> 1503400. Digits, at most one point with a digit on each side; no sign, no
 *          exponent, no blank, no separators.
 * Units    value = number * 10^decimals.
 * Errors   LL_ERR_USAGE: not such a number; more decimals than there are (zeros too: they claim what is not there); or
 *          too large for 64 bits. A cut or rounded price is never made.
 * Threads  pure functions.
 */
#ifndef LL_HOST_BASE_DECIMAL_H
#define LL_HOST_BASE_DECIMAL_H

#include "host/base/ll_err.h"

#include <stdint.h>

#define LL_DECIMALS_MAX       18u
#define LL_DECIMAL_TEXT_BYTES 24u /* 20 digits, point, leading zero, NUL */

LL_MUST_CHECK int ll_decimal_parse(const char *text, unsigned decimals, uint64_t *value, struct ll_why *why);

/* With all its decimals: 1503400 and 4 give "150.3400". */
void ll_decimal_format(char text[LL_DECIMAL_TEXT_BYTES], uint64_t value, unsigned decimals);

#endif
