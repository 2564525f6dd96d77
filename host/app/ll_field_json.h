/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a binary message as JSON members, from the field tables of the codecs.
 *
 * Shape    integers raw, as on the wire; text without the spaces behind it.
 * Units    as in the layout of the protocol.
 * Errors   none: the caller has decoded the message, so that every field is there.
 * Threads  one owner of the writer.
 */
#ifndef LL_HOST_APP_FIELD_JSON_H
#define LL_HOST_APP_FIELD_JSON_H

#include "host/base/ll_json.h"
#include "host/wire/ll_field.h"

#include <stdint.h>

/* One field, whose first byte is `at`. */
void ll_field_json(struct ll_json *json, const struct ll_field *field, const uint8_t *at);

/* All fields of a message. */
void ll_fields_json(struct ll_json *json, const struct ll_field *fields, uint32_t field_count,
                    const uint8_t *message);

#endif
