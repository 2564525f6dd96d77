/* SPDX-License-Identifier: Apache-2.0 */
#include "ll_up.h"
