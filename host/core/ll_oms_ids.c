/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_assert.h"
#include "host/core/ll_oms_state.h"

#include <string.h>

/* --- Asks ------------------------------------------------------------------------------------------------ */

struct ll_life_ask *ll_oms_ask(struct ll_oms *oms, uint8_t op)
{
    LL_ASSERT(oms->ask_count < LL_OMS_ASKS_MAX);
    struct ll_life_ask *ask = &oms->asks[oms->ask_count];
    memset(ask, 0, sizeof *ask);
    ask->op = op;
    ask->order = LL_OMS_NONE;
    ask->id = LL_OMS_NONE;
    ask->new_id = LL_OMS_NONE;
    ask->seq = ++oms->ask_count;
    return ask;
}

const struct ll_life_answer *ll_oms_ask_run(struct ll_oms *oms)
{
    if (oms->ask_count != 0)
        oms->door.ask(oms->door.context, oms->asks, oms->answers, oms->ask_count);
    oms->ask_count = 0;
    return oms->answers;
}

/* --- Keys ------------------------------------------------------------------------------------------------ */

struct ll_key ll_oms_key_text(const struct ll_oms *oms, uint32_t account, struct ll_oms_text text)
{
    struct ll_key_scope scope = {LL_KEY_PLATFORM, 0, 0};
    if (account != LL_OMS_NONE)
        scope = (struct ll_key_scope){LL_KEY_CLIENT, (uint16_t)account, 0};
    return ll_key_text(&oms->keys, scope, text.bytes, text.bytes_count);
}

struct ll_key ll_oms_key_number(const struct ll_oms *oms, uint8_t kind, uint8_t session, uint64_t number)
{
    const struct ll_key_scope scope = {kind, session, oms->control->sessions[session].generation};
    return ll_key_number(scope, number);
}

uint8_t ll_oms_execution_kind(uint64_t number)
{
    return (number & 1) != 0 ? LL_KEY_EXECUTION_BUY : LL_KEY_EXECUTION_SELL;
}

void ll_oms_ask_key(struct ll_life_ask *ask, struct ll_key key)
{
    ask->key[0] = key.word[0];
    ask->key[1] = key.word[1];
}

/* --- Identifiers ----------------------------------------------------------------------------------------- */

bool ll_oms_ids_room(const struct ll_oms *oms, uint32_t ids, uint32_t texts)
{
    return oms->config.ids - oms->control->id_count >= ids &&
           oms->config.ids - oms->control->text_count >= texts;
}

static struct ll_oms_id *ll_oms_id_new(struct ll_oms *oms, uint8_t type, uint32_t *id)
{
    LL_ASSERT(oms->control->id_count < oms->config.ids);
    *id = oms->control->id_count++;
    struct ll_oms_id *identifier = &oms->ids[*id];
    memset(identifier, 0, sizeof *identifier);
    identifier->type = type;
    identifier->order = LL_OMS_NONE;
    identifier->next = LL_OMS_NONE;
    identifier->replaced_by = LL_OMS_NONE;
    identifier->text = LL_OMS_NONE;
    identifier->exit_order = LL_OMS_NONE;
    identifier->created_ns = oms->time_ns;
    identifier->updated_ns = oms->time_ns;
    return identifier;
}

uint32_t ll_oms_id_text(struct ll_oms *oms, uint8_t type, uint32_t account, struct ll_oms_text text)
{
    uint32_t id;
    struct ll_oms_id *identifier = ll_oms_id_new(oms, type, &id);
    LL_ASSERT(text.bytes_count <= LL_ID_BYTES_MAX);
    identifier->text = oms->control->text_count++;
    identifier->text_bytes = (uint8_t)text.bytes_count;
    memset(oms->texts[identifier->text], 0, LL_ID_BYTES_MAX);
    memcpy(oms->texts[identifier->text], text.bytes, text.bytes_count);
    identifier->key = ll_oms_key_text(oms, account, text);
    return id;
}

uint32_t ll_oms_id_number(struct ll_oms *oms, uint8_t type, uint8_t kind, uint8_t session, uint64_t number)
{
    uint32_t id;
    struct ll_oms_id *identifier = ll_oms_id_new(oms, type, &id);
    identifier->number = number;
    identifier->session = session;
    identifier->generation = oms->control->sessions[session].generation;
    identifier->key = ll_oms_key_number(oms, kind, session, number);
    return id;
}

static const char *ll_oms_prefix(uint8_t type)
{
    switch (type) {
#define LL_ID_PREFIX_CASE(name, number, text, prefix) \
    case number:                                      \
        return prefix;
        LL_ID_TYPES(LL_ID_PREFIX_CASE)
#undef LL_ID_PREFIX_CASE
    default:
        return "";
    }
}

/* The prefix, two digits of the gateway, the event id and a count within the event: no two alike, at any
 * restart, on any gateway, and they sort by time. */
uint32_t ll_oms_id_generate(struct ll_oms *oms, uint8_t type)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[LL_ID_BYTES_MAX];
    const char *prefix = ll_oms_prefix(type);
    uint32_t at = (uint32_t)strlen(prefix);
    uint64_t event_id = oms->control->event_id;
    memcpy(text, prefix, at);
    text[at++] = digits[oms->config.instance >> 4];
    text[at++] = digits[oms->config.instance & 15];
    for (uint32_t shift = 48; shift != 0; shift -= 4)
        text[at++] = digits[event_id >> (shift - 4) & 15];
    text[at++] = digits[oms->control->generated++ & 15];
    return ll_oms_id_text(oms, type, LL_OMS_NONE, (struct ll_oms_text){text, at});
}

void ll_oms_id_drop(struct ll_oms *oms, uint32_t id)
{
    LL_ASSERT(id + 1 == oms->control->id_count);
    LL_ASSERT(oms->ids[id].order == LL_OMS_NONE);
    if (oms->ids[id].text != LL_OMS_NONE)
        oms->control->text_count--;
    memset(&oms->ids[id], 0, sizeof oms->ids[id]);
    oms->control->id_count--;
}

void ll_oms_id_attach(struct ll_oms *oms, uint32_t id, uint32_t order)
{
    struct ll_oms_order *owner = &oms->orders[order];
    LL_ASSERT(oms->ids[id].order == LL_OMS_NONE);
    oms->ids[id].order = order;
    if (owner->last_id == LL_OMS_NONE)
        owner->first_id = id;
    else
        oms->ids[owner->last_id].next = id;
    owner->last_id = id;
}

void ll_oms_ask_add(struct ll_oms *oms, uint32_t id, uint32_t order, uint8_t flags)
{
    struct ll_life_ask *ask = ll_oms_ask(oms, LL_LIFE_OP_ADD);
    ll_oms_ask_key(ask, oms->ids[id].key);
    ask->id = id;
    ask->order = order;
    ask->type = oms->ids[id].type;
    ask->flags = flags;
}

void ll_oms_id_answered(struct ll_oms *oms, uint32_t id, const struct ll_life_answer *answer)
{
    if (answer->previous != LL_OMS_NONE) {
        struct ll_oms_id *previous = &oms->ids[answer->previous];
        previous->status = LL_ID_STATUS_REPLACED;
        previous->replaced_by = id;
        previous->updated_ns = oms->time_ns;
    }
    if (answer->verdict == LL_VERDICT_TABLE_FULL)
        oms->control->counters.ids_on_host++;
}

uint32_t ll_oms_id_give(struct ll_oms *oms, uint32_t order, uint8_t type, struct ll_oms_text text,
                        struct ll_oms_refusal *refusal)
{
    if (!ll_oms_ids_room(oms, 1, 1)) {
        refusal->code = LL_REFUSAL_TABLE_FULL;
        return LL_OMS_NONE;
    }
    uint32_t id =
        text.bytes_count == 0 ? ll_oms_id_generate(oms, type) : ll_oms_id_text(oms, type, LL_OMS_NONE, text);
    ll_oms_ask_add(oms, id, order, 0);
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    if (answer->verdict == LL_VERDICT_OK) {
        ll_oms_id_attach(oms, id, order);
        ll_oms_id_answered(oms, id, answer);
        return id;
    }
    ll_oms_id_drop(oms, id);
    if (answer->verdict ==
        LL_VERDICT_DUPLICATE) /* it is this order's already, as this type: nothing changes */
        return answer->id;
    refusal->code = answer->verdict == LL_VERDICT_TABLE_FULL ? LL_REFUSAL_TABLE_FULL : LL_REFUSAL_ID_TAKEN;
    refusal->order = answer->verdict == LL_VERDICT_TABLE_FULL ? LL_OMS_NONE : answer->other_order;
    return LL_OMS_NONE;
}

bool ll_oms_id_check(struct ll_oms *oms, uint32_t order, uint8_t type, struct ll_oms_text text,
                     uint32_t *known, struct ll_oms_refusal *refusal)
{
    const struct ll_life_answer *answer = text.bytes_count == 0 ? NULL : ll_oms_find(oms, LL_OMS_NONE, text);
    *known = LL_OMS_NONE;
    if (answer != NULL && (answer->order != order || answer->type != type)) {
        refusal->code = LL_REFUSAL_ID_TAKEN;
        refusal->order = answer->order;
        return false;
    }
    if (answer != NULL) {
        *known = answer->id;
        return true;
    }
    /* An order can be cancelled also when nothing can be named any more: a cancel that was given no name has none. */
    bool goes_without = type == LL_ID_CANCEL && text.bytes_count == 0;
    if (!goes_without && !ll_oms_ids_room(oms, 1, 1))
        refusal->code = LL_REFUSAL_TABLE_FULL;
    return refusal->code == LL_REFUSAL_NONE;
}

void ll_oms_id_status(struct ll_oms *oms, uint32_t id, uint8_t status)
{
    struct ll_oms_id *identifier = &oms->ids[id];
    struct ll_life_ask *ask = ll_oms_ask(oms, LL_LIFE_OP_STATUS);
    ll_oms_ask_key(ask, identifier->key);
    ask->status = status;
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    if (answer->verdict != LL_VERDICT_OK && answer->verdict != LL_VERDICT_LATE &&
        answer->verdict != LL_VERDICT_DUPLICATE)
        return;
    oms->control->counters.late += answer->verdict == LL_VERDICT_LATE;
    identifier->status = status;
    identifier->updated_ns = oms->time_ns;
}

const struct ll_life_answer *ll_oms_find(struct ll_oms *oms, uint32_t account, struct ll_oms_text text)
{
    ll_oms_ask_key(ll_oms_ask(oms, LL_LIFE_OP_RESOLVE), ll_oms_key_text(oms, account, text));
    const struct ll_life_answer *answer = ll_oms_ask_run(oms);
    if ((answer->flags & LL_LIFE_FOUND) == 0)
        return NULL;
    const struct ll_oms_id *identifier = &oms->ids[answer->id];
    /* Only a collision of 128-bit digests makes the texts differ; then the text is nobody's. */
    if (identifier->text_bytes != text.bytes_count ||
        memcmp(oms->texts[identifier->text], text.bytes, text.bytes_count) != 0) {
        oms->control->counters.digest_collisions++;
        return NULL;
    }
    return answer;
}

uint32_t ll_oms_resolve(struct ll_oms *oms, const char *text, uint32_t text_bytes)
{
    if (!ll_id_text_is_good(text, text_bytes))
        return LL_OMS_NONE;
    const struct ll_life_answer *answer =
        ll_oms_find(oms, LL_OMS_NONE, (struct ll_oms_text){text, text_bytes});
    return answer == NULL ? LL_OMS_NONE : answer->id;
}

/* --- Reading --------------------------------------------------------------------------------------------- */

uint32_t ll_oms_id_count(const struct ll_oms *oms)
{
    return oms->control->id_count;
}

uint32_t ll_oms_first_id(const struct ll_oms *oms, uint32_t order)
{
    return oms->orders[order].first_id;
}

uint32_t ll_oms_next_id(const struct ll_oms *oms, uint32_t id)
{
    return oms->ids[id].next;
}

/* A provider's number, in digits. */
static void ll_oms_print_number(char *text, uint64_t number)
{
    char digits[24];
    uint32_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count != 0)
        *text++ = digits[--count];
    *text = '\0';
}

void ll_oms_id(const struct ll_oms *oms, uint32_t id, struct ll_oms_id_view *view)
{
    const struct ll_oms_id *identifier = &oms->ids[id];
    LL_ASSERT(id < oms->control->id_count);
    memset(view, 0, sizeof *view);
    view->id = id;
    view->order = identifier->order;
    view->replaced_by = identifier->replaced_by;
    view->type = identifier->type;
    view->status = identifier->status;
    view->created_ns = identifier->created_ns;
    view->updated_ns = identifier->updated_ns;
    if (identifier->text == LL_OMS_NONE)
        ll_oms_print_number(view->text, identifier->number);
    else
        memcpy(view->text, oms->texts[identifier->text], identifier->text_bytes);
}
