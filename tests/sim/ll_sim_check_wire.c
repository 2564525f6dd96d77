/* SPDX-License-Identifier: Apache-2.0 */
/* What reached the exchange: nothing the gateway does not know, and nothing twice. */
#include "tests/sim/ll_sim_checks_parts.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_bytes.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_SIM_TOKEN_BYTES   14u
#define LL_SIM_TOKEN_PREFIX  2u
#define LL_SIM_MESSAGE_BYTES 160u

/* --- What the gateway knows ----------------------------------------------------------------------------- */

void ll_sim_known_free(struct ll_sim_known *known)
{
    ll_sim_index_free(&known->numbers);
    ll_sim_index_free(&known->keys);
}

void ll_sim_known_clear(struct ll_sim_known *known)
{
    ll_sim_index_clear(&known->numbers);
    ll_sim_index_clear(&known->keys);
    known->ids_seen = 0;
}

static bool ll_sim_known_take_key(struct ll_sim_known *known, uint32_t account,
                                  const struct ll_oms_id_view *id, struct ll_sim_verdict *verdict)
{
    uint64_t key = ll_sim_key_text(account, id->text, strlen(id->text));
    uint32_t other = ll_sim_index_find(&known->keys, key);
    if (other != LL_SIM_INDEX_NONE && other != id->order)
        return ll_sim_break(verdict, LL_SIM_CHECK_ONCE,
                            "client_order_id %s of account %u is of two orders, %u and %u", id->text, account,
                            other, id->order);
    ll_sim_index_put(&known->keys, key, id->order);
    return true;
}

bool ll_sim_known_follow(struct ll_sim_known *known, const struct ll_oms *oms, struct ll_sim_verdict *verdict)
{
    uint32_t id_count = ll_oms_id_count(oms);
    for (; known->ids_seen < id_count; known->ids_seen++) {
        struct ll_oms_id_view id;
        struct ll_oms_view order;
        ll_oms_id(oms, known->ids_seen, &id);
        if (id.order == LL_LIFE_NONE || (id.type != LL_ID_PROVIDER_REF && id.type != LL_ID_CLIENT_KEY))
            continue;
        ll_oms_order(oms, id.order, &order);
        if (id.type == LL_ID_PROVIDER_REF)
            ll_sim_index_put(&known->numbers, ll_sim_key_number(order.session, strtoull(id.text, NULL, 10)),
                             id.order);
        else if (!ll_sim_known_take_key(known, order.account, &id, verdict))
            return false;
    }
    return true;
}

uint32_t ll_sim_known_number(const struct ll_sim_known *known, uint32_t session, uint64_t number)
{
    return ll_sim_index_find(&known->numbers, ll_sim_key_number(session, number));
}

uint32_t ll_sim_known_key(const struct ll_sim_known *known, const struct ll_oms *oms, const char *account,
                          const char *key)
{
    uint32_t number = ll_names_find(ll_oms_accounts(oms), account, strlen(account));
    return number == LL_NAME_NONE
               ? LL_LIFE_NONE
               : ll_sim_index_find(&known->keys, ll_sim_key_text(number, key, strlen(key)));
}

/* --- Messages ------------------------------------------------------------------------------------------- */

/* "LL" and twelve digits; 0 = no token of the gateway's. */
static uint64_t ll_sim_token_number(const char *token)
{
    uint64_t number = 0;
    if (memcmp(token, "LL", LL_SIM_TOKEN_PREFIX) != 0)
        return 0;
    for (uint32_t i = LL_SIM_TOKEN_PREFIX; i < LL_SIM_TOKEN_BYTES; i++) {
        if (token[i] < '0' || token[i] > '9')
            return 0;
        number = 10 * number + (uint64_t)(token[i] - '0');
    }
    return number;
}

uint64_t ll_sim_link_number(const struct ll_ouch_port *port, const struct ll_ouch_link *link)
{
    return ll_ouch_port_protocol(port) == LL_PROTOCOL_OUCH50 ? link->number : ll_sim_token_number(link->name);
}

/* `rest` is a copy of the message whose own number is wiped out. */
static void ll_sim_read50(const uint8_t *bytes, uint8_t *rest, struct ll_sim_arrived *arrived)
{
    if (bytes[0] == LL_OUCH50_TYPE_ENTER) {
        arrived->number = ll_load_be32(bytes + LL_OUCH50_OFFSET_ENTER_user_ref_num);
        arrived->quantity = ll_load_be32(bytes + LL_OUCH50_OFFSET_ENTER_quantity);
        arrived->side = (char)bytes[LL_OUCH50_OFFSET_ENTER_side];
        memcpy(arrived->symbol, bytes + LL_OUCH50_OFFSET_ENTER_symbol, LL_SYMBOL_BYTES);
        memset(rest + LL_OUCH50_OFFSET_ENTER_user_ref_num, 0, sizeof(uint32_t));
        memset(rest + LL_OUCH50_OFFSET_ENTER_cl_ord_id, 0, LL_SIM_TOKEN_BYTES);
    } else {
        arrived->number = ll_load_be32(bytes + LL_OUCH50_OFFSET_REPLACE_user_ref_num);
        arrived->old_number = ll_load_be32(bytes + LL_OUCH50_OFFSET_REPLACE_orig_user_ref_num);
        arrived->quantity = ll_load_be32(bytes + LL_OUCH50_OFFSET_REPLACE_quantity);
        memset(rest + LL_OUCH50_OFFSET_REPLACE_user_ref_num, 0, sizeof(uint32_t));
        memset(rest + LL_OUCH50_OFFSET_REPLACE_cl_ord_id, 0, LL_SIM_TOKEN_BYTES);
    }
}

static void ll_sim_read42(const uint8_t *bytes, uint8_t *rest, struct ll_sim_arrived *arrived)
{
    const char *text = (const char *)bytes;
    if (bytes[0] == LL_OUCH42_TYPE_ENTER) {
        arrived->number = ll_sim_token_number(text + LL_OUCH42_OFFSET_ENTER_order_token);
        arrived->quantity = ll_load_be32(bytes + LL_OUCH42_OFFSET_ENTER_shares);
        arrived->side = (char)bytes[LL_OUCH42_OFFSET_ENTER_buy_sell_indicator];
        memcpy(arrived->symbol, bytes + LL_OUCH42_OFFSET_ENTER_stock, LL_SYMBOL_BYTES);
        memset(rest + LL_OUCH42_OFFSET_ENTER_order_token, 0, LL_SIM_TOKEN_BYTES);
    } else {
        arrived->number = ll_sim_token_number(text + LL_OUCH42_OFFSET_REPLACE_replacement_order_token);
        arrived->old_number = ll_sim_token_number(text + LL_OUCH42_OFFSET_REPLACE_existing_order_token);
        arrived->quantity = ll_load_be32(bytes + LL_OUCH42_OFFSET_REPLACE_shares);
        memset(rest + LL_OUCH42_OFFSET_REPLACE_replacement_order_token, 0, LL_SIM_TOKEN_BYTES);
    }
}

/* False: neither an enter nor a replace. */
static bool ll_sim_read(uint8_t protocol, const uint8_t *bytes, uint32_t bytes_count,
                        struct ll_sim_arrived *arrived)
{
    uint8_t rest[LL_SIM_MESSAGE_BYTES];
    bool is_50 = protocol == LL_PROTOCOL_OUCH50;
    int status = is_50 ? ll_ouch50_check(LL_OUCH_IN, bytes, bytes_count)
                       : ll_ouch42_check(LL_OUCH_IN, bytes, bytes_count);
    if (status != LL_OK || bytes_count > sizeof rest || (bytes[0] != 'O' && bytes[0] != 'U'))
        return false;
    memcpy(rest, bytes, bytes_count);
    arrived->type = (char)bytes[0];
    if (is_50)
        ll_sim_read50(bytes, rest, arrived);
    else
        ll_sim_read42(bytes, rest, arrived);
    arrived->bytes_hash = XXH3_64bits(bytes, bytes_count);
    arrived->asking_hash = ll_sim_key_text(arrived->session, (const char *)rest, bytes_count);
    return true;
}

/* --- What arrived --------------------------------------------------------------------------------------- */

void ll_sim_wire_free(struct ll_sim_wire *wire)
{
    free(wire->arrived);
    ll_sim_index_free(&wire->numbers);
    ll_sim_index_free(&wire->entered);
}

static void ll_sim_wire_keep(struct ll_sim_wire *wire, const struct ll_sim_arrived *arrived)
{
    if (wire->arrived_count == wire->arrived_max) {
        wire->arrived_max = wire->arrived_max == 0 ? 256 : 2 * wire->arrived_max;
        wire->arrived = realloc(wire->arrived, wire->arrived_max * sizeof *wire->arrived);
        LL_ASSERT(wire->arrived != NULL);
    }
    uint32_t index = wire->arrived_count++;
    wire->arrived[index] = *arrived;
    wire->arrived[index].previous = wire->last[arrived->session] - 1; /* 0 - 1 is none */
    wire->last[arrived->session] = index + 1;
    ll_sim_index_put(&wire->numbers, ll_sim_key_number(arrived->session, arrived->number), index);
}

bool ll_sim_wire_take(struct ll_sim_wire *wire, uint32_t session, uint8_t protocol, const uint8_t *bytes,
                      uint32_t bytes_count, struct ll_sim_verdict *verdict)
{
    struct ll_sim_arrived arrived = {.session = session};
    if (!ll_sim_read(protocol, bytes, bytes_count, &arrived))
        return true;
    uint32_t before = ll_sim_index_find(&wire->numbers, ll_sim_key_number(session, arrived.number));
    if (before == LL_SIM_INDEX_NONE) {
        ll_sim_wire_keep(wire, &arrived);
        return true;
    }
    const struct ll_sim_arrived *first = &wire->arrived[before];
    if (first->bytes_hash == arrived.bytes_hash)
        return true;
    return ll_sim_break(verdict, LL_SIM_CHECK_ONCE,
                        "session %u, number %llu came as %c %c %u %.8s and again as %c %c %u %.8s", session,
                        (unsigned long long)arrived.number, first->type, first->side != 0 ? first->side : '-',
                        first->quantity, first->symbol, arrived.type, arrived.side != 0 ? arrived.side : '-',
                        arrived.quantity, arrived.symbol);
}

void ll_sim_wire_restart(struct ll_sim_wire *wire)
{
    wire->looked = 0;
    memset(wire->links_seen, 0, sizeof wire->links_seen);
    ll_sim_index_clear(&wire->entered);
}

/* An order of the gateway's is what this message asks for. */
static bool ll_sim_arrived_is_of(const struct ll_sim_arrived *arrived, const struct ll_sim_known *known,
                                 const struct ll_oms *oms, uint32_t number)
{
    static const char sides[] = {LL_OUCH_SIDE_BUY, LL_OUCH_SIDE_SELL, LL_OUCH_SIDE_SHORT};
    struct ll_oms_view order;
    if (number == LL_LIFE_NONE)
        return false;
    if (arrived->type == 'U')
        return ll_sim_known_number(known, arrived->session, arrived->old_number) == number;
    ll_oms_order(oms, number, &order);
    return order.side < sizeof sides && arrived->side == sides[order.side] &&
           memcmp(arrived->symbol, order.symbol, LL_SYMBOL_BYTES) == 0;
}

static bool ll_sim_was_rejected(const struct ll_ouch_port *port, uint64_t number)
{
    for (uint32_t index = 0; index < ll_ouch_port_link_count(port); index++) {
        const struct ll_ouch_link *link = ll_ouch_port_link(port, index);
        if (ll_sim_link_number(port, link) == number)
            return link->state == LL_OUCH_LINK_REJECTED;
    }
    return false;
}

/* What arrived right before, if it asked for the same; NULL = something else, or in vain. */
static const struct ll_sim_arrived *ll_sim_said_before(const struct ll_sim_wire *wire,
                                                       const struct ll_sim_arrived *arrived,
                                                       const struct ll_ouch_port *port)
{
    if (arrived->previous == LL_SIM_INDEX_NONE)
        return NULL;
    const struct ll_sim_arrived *previous = &wire->arrived[arrived->previous];
    bool is_same = previous->asking_hash == arrived->asking_hash;
    return is_same && !ll_sim_was_rejected(port, previous->number) ? previous : NULL;
}

bool ll_sim_wire_known(struct ll_sim_wire *wire, const struct ll_sim_known *known, const struct ll_oms *oms,
                       const struct ll_ouch_port *const ports[LL_SIM_SESSIONS], uint64_t *looked_count,
                       struct ll_sim_verdict *verdict)
{
    for (; wire->looked < wire->arrived_count; wire->looked++) {
        const struct ll_sim_arrived *arrived = &wire->arrived[wire->looked];
        uint32_t order = ll_sim_known_number(known, arrived->session, arrived->number);
        ++*looked_count;
        if (ll_sim_arrived_is_of(arrived, known, oms, order))
            continue;
        const struct ll_sim_arrived *previous = ll_sim_said_before(wire, arrived, ports[arrived->session]);
        if (previous != NULL)
            return ll_sim_break(verdict, LL_SIM_CHECK_ONCE,
                                "session %u: what number %llu asked came again under number %llu, which is "
                                "not the gateway's",
                                arrived->session, (unsigned long long)previous->number,
                                (unsigned long long)arrived->number);
        return ll_sim_break(verdict, LL_SIM_CHECK_KNOWN,
                            "session %u: number %llu (%c %c %u %.8s) reached the exchange; the gateway %s",
                            arrived->session, (unsigned long long)arrived->number, arrived->type,
                            arrived->side != 0 ? arrived->side : '-', arrived->quantity, arrived->symbol,
                            order == LL_LIFE_NONE ? "does not know it" : "knows it as another order");
    }
    return true;
}

/* --- What the exchange opened --------------------------------------------------------------------------- */

static bool ll_sim_wire_link(struct ll_sim_wire *wire, const struct ll_sim_known *known, uint32_t session,
                             uint64_t number, struct ll_sim_verdict *verdict)
{
    uint32_t order = ll_sim_known_number(known, session, number);
    if (order == LL_LIFE_NONE)
        return ll_sim_break(verdict, LL_SIM_CHECK_ONCE,
                            "session %u: the exchange has an order under number %llu, the gateway has none",
                            session, (unsigned long long)number);
    uint32_t before = ll_sim_index_find(&wire->entered, (uint64_t)order + 1);
    if (before != LL_SIM_INDEX_NONE && before != number)
        return ll_sim_break(verdict, LL_SIM_CHECK_ONCE,
                            "session %u: order %u was taken by the exchange twice, as number %u and as %llu",
                            session, order, before, (unsigned long long)number);
    ll_sim_index_put(&wire->entered, (uint64_t)order + 1, (uint32_t)number);
    return true;
}

bool ll_sim_wire_links(struct ll_sim_wire *wire, const struct ll_sim_known *known, uint32_t session,
                       const struct ll_ouch_port *port, uint64_t *looked_count,
                       struct ll_sim_verdict *verdict)
{
    uint32_t link_count = ll_ouch_port_link_count(port);
    for (; wire->links_seen[session] < link_count; wire->links_seen[session]++) {
        const struct ll_ouch_link *link = ll_ouch_port_link(port, wire->links_seen[session]);
        if (link->replaces != LL_OUCH_PORT_NONE || link->state == LL_OUCH_LINK_REJECTED ||
            link->state == LL_OUCH_LINK_USED)
            continue;
        ++*looked_count;
        if (!ll_sim_wire_link(wire, known, session, ll_sim_link_number(port, link), verdict))
            return false;
    }
    return true;
}
