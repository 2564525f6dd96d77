/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: any bytes either give a report or are refused, exactly as the full decoder of that edition judges them,
 * without reading past them.
 * Method: the first byte is the edition; what the decoder says is compared, and that every text is there.
 */
#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_ouch_report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct ll_report report;
    struct ll_ouch50_message message50;
    union ll_ouch42_message message42;
    if (bytes_count == 0 || bytes_count > UINT32_MAX)
        return 0;
    uint8_t protocol = (bytes[0] & 1) != 0 ? LL_PROTOCOL_OUCH50 : LL_PROTOCOL_OUCH42;
    uint32_t message_bytes = (uint32_t)bytes_count - 1;
    bytes++;
    int decoded = protocol == LL_PROTOCOL_OUCH50
                      ? ll_ouch50_decode(LL_OUCH_OUT, bytes, message_bytes, &message50)
                      : ll_ouch42_decode(LL_OUCH_OUT, bytes, message_bytes, &message42);
    LL_ASSERT(ll_ouch_report(protocol, bytes, message_bytes, &report) == decoded);
    if (decoded != LL_OK)
        return 0;
    LL_ASSERT(report.raw_type == bytes[0] && report.kind <= LL_REPORT_QUERY);
    LL_ASSERT(ll_ouch_reason_text(protocol, report.kind, report.code) != NULL);
    return 0;
}
