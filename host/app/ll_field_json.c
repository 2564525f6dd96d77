/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_field_json.h"

#include "host/base/ll_bytes.h"

void ll_field_json(struct ll_json *json, const struct ll_field *field, const uint8_t *at)
{
    size_t text_bytes = field->bytes;
    switch ((enum ll_field_kind)field->kind) {
    case LL_FIELD_CHAR:
        ll_json_text(json, field->name, (const char *)at, 1);
        break;
    case LL_FIELD_ALPHA:
        while (text_bytes > 0 && at[text_bytes - 1] == ' ')
            text_bytes--;
        ll_json_text(json, field->name, (const char *)at, text_bytes);
        break;
    case LL_FIELD_U8:
        ll_json_u64(json, field->name, *at);
        break;
    case LL_FIELD_U16:
        ll_json_u64(json, field->name, ll_load_be16(at));
        break;
    case LL_FIELD_U32:
    case LL_FIELD_PRICE4:
        ll_json_u64(json, field->name, ll_load_be32(at));
        break;
    case LL_FIELD_SIGNED_PRICE4:
        ll_json_i64(json, field->name, (int32_t)ll_load_be32(at));
        break;
    case LL_FIELD_U48:
        ll_json_u64(json, field->name, ll_load_be48(at));
        break;
    case LL_FIELD_U64:
    case LL_FIELD_LONG_PRICE4:
    case LL_FIELD_PRICE8:
        ll_json_u64(json, field->name, ll_load_be64(at));
        break;
    }
}

void ll_fields_json(struct ll_json *json, const struct ll_field *fields, uint32_t field_count,
                    const uint8_t *message)
{
    for (uint32_t i = 0; i < field_count; i++)
        ll_field_json(json, &fields[i], message + fields[i].offset);
}
