/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_side.h"
