/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_history.h"

#include "host/app/ll_journal_look.h"
#include "host/base/ll_json.h"
#include "host/client/lifeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char ll_history_help[] =
    "usage: lifeline history [options] DIR ID\n"
    "\n"
    "Prints the order that ID belongs to, however old that identifier is, and every identifier the order "
    "ever\n"
    "had, oldest first: what it names, its status, and what replaced it.\n"
    "\n"
    "Exit: 0 done; 1 no journal in DIR or nobody's identifier, 2 usage, 3 the machine lacks something,\n"
    "4 it could not be read, 5 the journal is corrupt.\n"
    "\n"
    "options:\n";

static void ll_history_line(const struct ll_oms *oms, const struct ll_oms_id_view *id)
{
    (void)printf("  %-20s %-24s %-10s", lifeline_id_type_name(id->type), id->text,
                 lifeline_id_status_name(id->status));
    if (id->replaced_by != LL_LIFE_NONE) {
        struct ll_oms_id_view next;
        ll_oms_id(oms, id->replaced_by, &next);
        (void)printf(" replaced by %s", next.text);
    }
    (void)printf("\n");
}

static void ll_history_json(const struct ll_oms *oms, struct ll_json *json, const struct ll_oms_id_view *id)
{
    ll_json_begin_object(json, NULL);
    ll_json_string(json, "id_type", lifeline_id_type_name(id->type));
    ll_json_string(json, "lifecycle_id", id->text);
    ll_json_string(json, "status", lifeline_id_status_name(id->status));
    ll_json_u64(json, "created_ns", id->created_ns);
    ll_json_u64(json, "updated_ns", id->updated_ns);
    if (id->replaced_by != LL_LIFE_NONE) {
        struct ll_oms_id_view next;
        ll_oms_id(oms, id->replaced_by, &next);
        ll_json_string(json, "replaced_by", next.text);
    }
    ll_json_end_object(json);
    ll_json_newline(json);
}

int ll_cmd_history(int argc, char **argv)
{
    struct ll_journal_look look;
    struct ll_why why = {0};
    int status = LL_OK;
    int exit_code = ll_journal_look_open(&look, argc, argv, ll_history_help, 2, 2);
    if (exit_code >= 0)
        return exit_code;
    struct ll_oms *oms = ll_trading_oms(ll_gateway_trading(look.gateway));
    const char *text = look.operands.value[1];
    uint32_t id = ll_oms_resolve(oms, text, (uint32_t)strlen(text));
    struct ll_json json;
    ll_json_init(&json, stdout, false);
    if (id == LL_LIFE_NONE) {
        status = LL_FAIL(&why, LL_ERR_INPUT, "'%s' is nobody's identifier", text);
    } else {
        struct ll_oms_id_view view;
        struct ll_oms_view order;
        ll_oms_id(oms, id, &view);
        ll_oms_order(oms, view.order, &order);
        if (!look.json)
            (void)printf("order %u: %.8s %s, %s, %" PRIu64 " of %" PRIu64 " filled\n", order.order,
                         order.symbol, ll_order_side_name(order.side), lifeline_state_name(order.state),
                         order.cumulative, order.quantity);
        for (uint32_t at = ll_oms_first_id(oms, view.order); at != LL_LIFE_NONE;
             at = ll_oms_next_id(oms, at)) {
            ll_oms_id(oms, at, &view);
            if (look.json)
                ll_history_json(oms, &json, &view);
            else
                ll_history_line(oms, &view);
        }
    }
    return ll_journal_look_close(&look, "history", status, &why);
}
