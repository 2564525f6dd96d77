/* SPDX-License-Identifier: Apache-2.0 */
/* What clients ask of an order's stop-loss and take-profit. host/core/ll_oms_due.c sends them. */
#include "host/core/ll_oms_state.h"

void ll_oms_stop_clear(struct ll_oms *oms, struct ll_oms_stop *stop, uint8_t status)
{
    struct ll_oms_refusal ignored = {.code = LL_REFUSAL_NONE};
    if (stop->id != LL_OMS_NONE)
        ll_oms_id_status(oms, stop->id, status);
    if (stop->closer != LL_OMS_NONE && ll_oms_is_working(&oms->orders[stop->closer]))
        ll_oms_cancel_order(oms, stop->closer, 0, &ignored);
    *stop = (struct ll_oms_stop){0, LL_OMS_NONE, LL_OMS_NONE, 0};
}

/* Arms a stop under its identifier, in place of the one that may be there. */
static void ll_oms_stop_set(struct ll_oms *oms, uint32_t order, uint8_t type, uint32_t id, uint64_t price)
{
    struct ll_oms_order *entry = &oms->orders[order];
    struct ll_oms_stop *stop = type == LL_ID_STOPLOSS ? &entry->stoploss : &entry->takeprofit;
    struct ll_oms_refusal ignored = {.code = LL_REFUSAL_NONE};
    uint32_t closer = stop->closer;
    *stop = (struct ll_oms_stop){price, id, LL_OMS_NONE, 0};
    /* What the old one has sent must not close the position beside the new one. */
    if (closer != LL_OMS_NONE && ll_oms_is_working(&oms->orders[closer]))
        ll_oms_cancel_order(oms, closer, 0, &ignored);
    ll_oms_watch(oms, order);
}

void ll_oms_stop_follow(struct ll_oms *oms, uint32_t order, uint32_t id)
{
    struct ll_oms_order *entry = &oms->orders[order];
    struct ll_oms_stop *stops[] = {&entry->stoploss, &entry->takeprofit};
    for (uint32_t i = 0; i < 2; i++)
        if (stops[i]->id == id)
            ll_oms_stop_clear(oms, stops[i], oms->ids[id].status);
    ll_oms_watch_off(oms, order);
}

void ll_oms_place_stops(struct ll_oms *oms, const struct ll_command *command, uint32_t order)
{
    const uint64_t prices[] = {command->stop_price, command->take_price};
    const uint8_t types[] = {LL_ID_STOPLOSS, LL_ID_TAKEPROFIT};
    const struct ll_oms_text made_here = {NULL, 0};
    for (uint32_t i = 0; i < 2; i++) {
        struct ll_oms_refusal ignored = {.code = LL_REFUSAL_NONE};
        if (prices[i] == 0)
            continue;
        uint32_t id = ll_oms_id_give(oms, order, types[i], made_here, &ignored);
        if (id == LL_OMS_NONE) { /* the device has no room: the order is on its way all the same */
            oms->control->counters.ids_on_host++;
            continue;
        }
        ll_oms_stop_set(oms, order, types[i], id, prices[i]);
    }
}

uint32_t ll_oms_command_stop_add(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                 bool *existing, struct ll_oms_refusal *refusal)
{
    bool is_loss = command->kind == LL_COMMAND_STOPLOSS_ADD;
    uint64_t price = is_loss ? command->stop_price : command->take_price;
    uint8_t type = is_loss ? LL_ID_STOPLOSS : LL_ID_TAKEPROFIT;
    uint32_t order = ll_oms_target(oms, command, refusal);
    if (order == LL_OMS_NONE || !ll_oms_check_name(oms, command, order, type, id, refusal))
        return order;
    *existing = *id != LL_OMS_NONE;
    if (*existing)
        return order; /* the same again changes nothing, however long ago it was */
    const struct ll_oms_order *entry = &oms->orders[order];
    if (price == 0 || price > LL_PRICE_TICKS_MAX) {
        refusal->code = LL_REFUSAL_BAD_PRICE;
        refusal->value = price;
    } else if (!ll_oms_is_working(entry) && entry->cumulative <= entry->closed) {
        refusal->code = LL_REFUSAL_ORDER_ENDED; /* there is no position, and there will be none */
    } else {
        /* A stop is watched under its identifier: one that finds no room for it is not armed, and says so. */
        *id = ll_oms_id_give(oms, order, type, ll_oms_text_of(command, LL_TEXT_lifecycle_id), refusal);
        if (*id != LL_OMS_NONE)
            ll_oms_stop_set(oms, order, type, *id, price);
    }
    return order;
}

uint32_t ll_oms_command_stop_cancel(struct ll_oms *oms, const struct ll_command *command, uint32_t *id,
                                    bool *existing, struct ll_oms_refusal *refusal)
{
    bool is_loss = command->kind == LL_COMMAND_STOPLOSS_CANCEL;
    uint8_t type = is_loss ? LL_ID_STOPLOSS_CANCEL : LL_ID_TAKEPROFIT_CANCEL;
    uint32_t order = ll_oms_target(oms, command, refusal);
    if (order == LL_OMS_NONE || !ll_oms_check_name(oms, command, order, type, id, refusal))
        return order;
    *existing = *id != LL_OMS_NONE;
    if (*existing)
        return order;
    struct ll_oms_order *entry = &oms->orders[order];
    struct ll_oms_stop *stop = is_loss ? &entry->stoploss : &entry->takeprofit;
    if (stop->id == LL_OMS_NONE) {
        refusal->code = LL_REFUSAL_NOT_ACTIVE;
        return order;
    }
    *id = ll_oms_name_action(oms, command, order, type);
    ll_oms_stop_clear(oms, stop, LL_ID_STATUS_CANCELLED);
    ll_oms_watch_off(oms, order);
    ll_oms_id_status(oms, *id, LL_ID_STATUS_EXECUTED); /* nobody else has to do it */
    return order;
}
