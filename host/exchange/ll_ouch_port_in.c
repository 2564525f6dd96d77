/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exchange/ll_ouch_port_parts.h"

#include "host/base/ll_assert.h"
#include "host/wire/ll_ouch42.h"
#include "host/wire/ll_ouch50.h"
#include "host/wire/ll_ouch_report.h"

#include <assert.h>
#include <string.h>

static_assert(LL_OUCH50_CL_ORD_BYTES == LL_OUCH_PORT_NAME_BYTES, "ClOrdIDs and tokens share a member");
static_assert(LL_OUCH42_TOKEN_BYTES == LL_OUCH_PORT_NAME_BYTES, "ClOrdIDs and tokens share a member");

#define DAY_S 86400u

static bool is_one_of(char letter, const char *letters)
{
    return letter != '\0' && strchr(letters, letter) != NULL;
}

static bool is_blank(const char firm[LL_MATCHING_FIRM_BYTES])
{
    return memcmp(firm, "    ", LL_MATCHING_FIRM_BYTES) == 0;
}

/* What a message without a firm means. */
static void set_firm(const struct ll_ouch_port *port, struct ll_ouch_link *terms, const char *firm)
{
    terms->has_firm = firm != NULL && !is_blank(firm);
    memcpy(terms->firm, terms->has_firm ? firm : port->config.firms[0], sizeof terms->firm);
}

/* --- OUCH 5.0 ------------------------------------------------------------------------------------------- */

static bool has_tag(const struct ll_ouch50_options *options, enum ll_ouch50_tag tag)
{
    return (options->present & LL_OUCH50_PRESENT(tag)) != 0;
}

/* The options that enter and replace share, into the terms. */
static void take_options50(const struct ll_ouch50_options *options, struct ll_ouch_request *request)
{
    struct ll_ouch_link *terms = &request->terms;
    request->has_minimum = has_tag(options, LL_OUCH50_TAG_MIN_QTY);
    request->has_post_only = has_tag(options, LL_OUCH50_TAG_POST_ONLY);
    request->has_expire = has_tag(options, LL_OUCH50_TAG_EXPIRE_TIME);
    request->has_side = has_tag(options, LL_OUCH50_TAG_SIDE);
    terms->minimum = options->min_qty;
    terms->post_only = options->post_only == 'P';
    terms->expire_s = options->expire_time;
    if (has_tag(options, LL_OUCH50_TAG_PRICE_TYPE) && options->price_type != 'L')
        request->refusal = LL_OUCH_REFUSAL_PEG;
    else if (has_tag(options, LL_OUCH50_TAG_MAX_FLOOR) && options->max_floor != 0)
        request->refusal = LL_OUCH_REFUSAL_FLOOR;
    else if (has_tag(options, LL_OUCH50_TAG_DISCRETION_PRICE) && options->discretion_price != 0)
        request->refusal = LL_OUCH_REFUSAL_OTHER;
}

/* A time in force that is no letter of the document, or needs an option that is not there. */
static bool tif50_is_good(const struct ll_ouch_link *terms)
{
    char letter = (char)terms->time_in_force;
    if (letter == LL_OUCH50_TIF_GTT)
        return terms->expire_s > 0 && terms->expire_s < DAY_S;
    return is_one_of(letter, "035E");
}

static void take_enter50(const struct ll_ouch_port *port, const struct ll_ouch50_message *message,
                         struct ll_ouch_request *request)
{
    const struct ll_ouch50_enter *enter = &message->enter;
    const struct ll_ouch50_options *options = &message->options;
    struct ll_ouch_link *terms = &request->terms;
    request->kind = LL_OUCH_REQUEST_ENTER;
    request->key.number = enter->user_ref_num;
    terms->side = enter->side;
    terms->quantity = enter->quantity;
    memcpy(terms->symbol, enter->symbol, sizeof terms->symbol);
    terms->price = enter->price;
    terms->time_in_force = (uint8_t)enter->time_in_force;
    terms->display = enter->display;
    terms->capacity = enter->capacity;
    terms->sweep = enter->intermarket_sweep_eligibility;
    terms->cross = enter->cross_type;
    memcpy(terms->name, enter->cl_ord_id, sizeof terms->name);
    set_firm(port, terms, has_tag(options, LL_OUCH50_TAG_FIRM) ? options->firm : NULL);
    if (has_tag(options, LL_OUCH50_TAG_CUSTOMER_TYPE))
        terms->customer_type = options->customer_type;
    terms->has_group_id = has_tag(options, LL_OUCH50_TAG_GROUP_ID);
    terms->group_id = options->group_id;
    take_options50(options, request);
    if (terms->cross != LL_OUCH_CROSS_CONTINUOUS)
        request->refusal = LL_OUCH_REFUSAL_CROSS;
    else if (!is_one_of(terms->display, "YNA"))
        request->refusal = LL_OUCH_REFUSAL_DISPLAY;
    else if (!is_one_of(terms->capacity, "APRO") || !is_one_of(terms->sweep, "YN") || !tif50_is_good(terms))
        request->refusal = LL_OUCH_REFUSAL_OTHER;
}

static void take_replace50(const struct ll_ouch50_message *message, struct ll_ouch_request *request)
{
    const struct ll_ouch50_replace *replace = &message->replace;
    struct ll_ouch_link *terms = &request->terms;
    request->kind = LL_OUCH_REQUEST_REPLACE;
    request->key.number = replace->user_ref_num;
    request->target.number = replace->orig_user_ref_num;
    terms->quantity = replace->quantity;
    terms->price = replace->price;
    terms->time_in_force = (uint8_t)replace->time_in_force;
    terms->display = replace->display;
    terms->sweep = replace->intermarket_sweep_eligibility;
    memcpy(terms->name, replace->cl_ord_id, sizeof terms->name);
    terms->side = message->options.side;
    take_options50(&message->options, request);
    if (!is_one_of(terms->display, "YNA"))
        request->refusal = LL_OUCH_REFUSAL_DISPLAY;
    else if (!is_one_of((char)terms->time_in_force, "0356") || !is_one_of(terms->sweep, "YN"))
        request->refusal = LL_OUCH_REFUSAL_OTHER;
}

static void take_firm50(struct ll_ouch_request *request, enum ll_ouch_request_kind kind, uint32_t number,
                        const char *firm)
{
    request->kind = (uint8_t)kind;
    request->key.number = number;
    memcpy(request->terms.firm, firm, sizeof request->terms.firm);
}

static void take50(const struct ll_ouch_port *port, const struct ll_ouch50_message *message,
                   struct ll_ouch_request *request)
{
    const struct ll_ouch50_options *options = &message->options;
    struct ll_ouch_link *terms = &request->terms;
    switch (message->message_type) {
    case LL_OUCH50_TYPE_ENTER:
        take_enter50(port, message, request);
        break;
    case LL_OUCH50_TYPE_REPLACE:
        take_replace50(message, request);
        break;
    case LL_OUCH50_TYPE_CANCEL:
        request->kind = LL_OUCH_REQUEST_CANCEL;
        request->key.number = message->cancel.user_ref_num;
        terms->quantity = message->cancel.quantity;
        break;
    case LL_OUCH50_TYPE_MODIFY:
        request->kind = LL_OUCH_REQUEST_MODIFY;
        request->key.number = message->modify.user_ref_num;
        terms->side = message->modify.side;
        terms->quantity = message->modify.quantity;
        break;
    case LL_OUCH50_TYPE_MASS_CANCEL:
        take_firm50(request, LL_OUCH_REQUEST_MASS_CANCEL, message->mass_cancel.user_ref_num,
                    message->mass_cancel.firm);
        memcpy(terms->symbol, message->mass_cancel.symbol, sizeof terms->symbol);
        request->has_side = has_tag(options, LL_OUCH50_TAG_SIDE);
        terms->side = options->side;
        terms->has_group_id = has_tag(options, LL_OUCH50_TAG_GROUP_ID);
        terms->group_id = options->group_id;
        break;
    case LL_OUCH50_TYPE_DISABLE:
        take_firm50(request, LL_OUCH_REQUEST_DISABLE, message->disable.user_ref_num, message->disable.firm);
        break;
    case LL_OUCH50_TYPE_ENABLE:
        take_firm50(request, LL_OUCH_REQUEST_ENABLE, message->enable.user_ref_num, message->enable.firm);
        break;
    default:
        request->kind = LL_OUCH_REQUEST_QUERY;
        break;
    }
    terms->has_channel = has_tag(options, LL_OUCH50_TAG_USER_REF_IDX);
    terms->channel = options->user_ref_idx;
    request->key.channel = terms->channel;
    request->target.channel = terms->channel;
    terms->number = request->key.number;
}

/* --- OUCH 4.2 ------------------------------------------------------------------------------------------- */

/* 'L' is post only under the firm's name. */
#define DISPLAY42_POST_ONLY "PL"

/* Seconds to live become the option that 5.0 has for it; what lives as long as the system loses its number. */
static void take_terms42(struct ll_ouch_request *request, uint32_t time_in_force, char display)
{
    struct ll_ouch_link *terms = &request->terms;
    terms->time_in_force =
        time_in_force > LL_OUCH42_TIF_SYSTEM_HOURS ? (uint32_t)LL_OUCH42_TIF_SYSTEM_HOURS : time_in_force;
    terms->expire_s = time_in_force > 0 && time_in_force < DAY_S ? time_in_force : 0;
    terms->display = display;
    terms->post_only = is_one_of(display, DISPLAY42_POST_ONLY);
    request->has_minimum = true;
    request->has_post_only = true;
    request->has_expire = true;
    if (!is_one_of(display, "YNAPL"))
        request->refusal = LL_OUCH_REFUSAL_DISPLAY;
}

static void take_enter42(const struct ll_ouch_port *port, const struct ll_ouch42_enter *enter,
                         struct ll_ouch_request *request)
{
    struct ll_ouch_link *terms = &request->terms;
    request->kind = LL_OUCH_REQUEST_ENTER;
    memcpy(request->key.token, enter->order_token, sizeof request->key.token);
    terms->side = enter->buy_sell_indicator;
    terms->quantity = enter->shares;
    memcpy(terms->symbol, enter->stock, sizeof terms->symbol);
    terms->price = enter->price;
    terms->minimum = enter->minimum_quantity;
    terms->capacity = is_one_of(enter->capacity, "APR") ? enter->capacity : (char)LL_OUCH_CAPACITY_OTHER;
    terms->sweep = enter->intermarket_sweep_eligibility;
    terms->cross = enter->cross_type;
    terms->customer_type = enter->customer_type;
    set_firm(port, terms, enter->firm);
    take_terms42(request, enter->time_in_force, enter->display);
    if (terms->cross != LL_OUCH_CROSS_CONTINUOUS)
        request->refusal = LL_OUCH_REFUSAL_CROSS;
    else if (!is_one_of(terms->sweep, "YNy"))
        request->refusal = LL_OUCH_REFUSAL_OTHER;
}

static void take42(const struct ll_ouch_port *port, const union ll_ouch42_message *message,
                   struct ll_ouch_request *request)
{
    struct ll_ouch_link *terms = &request->terms;
    switch (message->message_type) {
    case LL_OUCH42_TYPE_ENTER:
        take_enter42(port, &message->enter, request);
        break;
    case LL_OUCH42_TYPE_REPLACE:
        request->kind = LL_OUCH_REQUEST_REPLACE;
        memcpy(request->target.token, message->replace.existing_order_token, sizeof request->target.token);
        memcpy(request->key.token, message->replace.replacement_order_token, sizeof request->key.token);
        terms->quantity = message->replace.shares;
        terms->price = message->replace.price;
        terms->minimum = message->replace.minimum_quantity;
        terms->sweep = message->replace.intermarket_sweep_eligibility;
        take_terms42(request, message->replace.time_in_force, message->replace.display);
        if (!is_one_of(terms->sweep, "YNy"))
            request->refusal = LL_OUCH_REFUSAL_OTHER;
        break;
    case LL_OUCH42_TYPE_CANCEL:
        request->kind = LL_OUCH_REQUEST_CANCEL;
        memcpy(request->key.token, message->cancel.order_token, sizeof request->key.token);
        terms->quantity = message->cancel.shares;
        break;
    default:
        request->kind = LL_OUCH_REQUEST_MODIFY;
        memcpy(request->key.token, message->modify.order_token, sizeof request->key.token);
        terms->side = message->modify.buy_sell_indicator;
        terms->quantity = message->modify.shares;
        break;
    }
    memcpy(terms->name, request->key.token, sizeof terms->name);
}

int ll_ouch_port_decode(const struct ll_ouch_port *port, const uint8_t *message, uint32_t message_bytes,
                        struct ll_ouch_request *request)
{
    struct ll_ouch50_message message50;
    union ll_ouch42_message message42;
    int err;
    memset(request, 0, sizeof *request);
    if (port->config.protocol == LL_PROTOCOL_OUCH50) {
        err = ll_ouch50_decode(LL_OUCH_IN, message, message_bytes, &message50);
        if (err == LL_OK)
            take50(port, &message50, request);
    } else {
        err = ll_ouch42_decode(LL_OUCH_IN, message, message_bytes, &message42);
        if (err == LL_OK)
            take42(port, &message42, request);
    }
    return err;
}
