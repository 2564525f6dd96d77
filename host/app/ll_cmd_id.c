/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_cmd_id.h"

#include "host/app/ll_ask.h"

#include <string.h>

/* The types that a person may add; provider's names and executions come from the provider. */
#define LL_ID_TYPE_CHOICES                                                                \
    "order_id|close_id|cancel_id|modify_id|stoploss_id|takeprofit_id|stoploss_cancel_id|" \
    "takeprofit_cancel_id|provider_ref"

static const struct ll_option ll_id_add_options[] = {
    LL_ASK_ROW(
        "type", LL_OPTION_CHOICE, id_type, 0, "TYPE", LL_ID_TYPE_CHOICES,
        "what it names: close_id, cancel_id, modify_id, stoploss_id, takeprofit_id, stoploss_cancel_id, "
        "takeprofit_cancel_id, provider_ref or order_id"),
    LL_ASK_TEXT("notes", notes, "TEXT", "at most 255 bytes, kept with the identifier"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_id_status_options[] = {
    LL_ASK_TEXT("notes", notes, "TEXT", "at most 255 bytes, kept with the identifier"), LL_ASK_COMMON_ROWS};

static const struct ll_option ll_id_resolve_options[] = {LL_ASK_COMMON_ROWS};

static int64_t ll_id_add(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    int type = 0;
    if (ask->id_type == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "--type is missing: %s", LL_ID_TYPE_CHOICES);
    while (strcmp(lifeline_id_type_name(type), ask->id_type) != 0)
        type++; /* it is one of the choices, so it is found */
    return lifeline_id_add(gateway, ask->operands.value[0], (enum lifeline_id_type)type,
                           ask->operands.value[1], ask->notes);
}

static int64_t ll_id_status(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    for (int status = LIFELINE_ID_ACTIVE; status <= LIFELINE_ID_EXECUTED; status++)
        if (strcmp(lifeline_id_status_name(status), ask->operands.value[1]) == 0)
            return lifeline_id_status(gateway, ask->operands.value[0], (enum lifeline_id_status)status,
                                      ask->notes);
    return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is no status; use active, replaced, cancelled or executed",
                   ask->operands.value[1]);
}

static int64_t ll_id_resolve(struct lifeline *gateway, const struct ll_ask *ask, struct ll_why *why)
{
    (void)why;
    return lifeline_resolve(gateway, ask->operands.value[0]);
}

static const struct ll_ask_verb ll_id_verbs[] = {
    {"add", " TARGET ID", 2, ll_id_add_options, "give an order one more identifier",
     "Adds ID to the order that TARGET, any of its identifiers, belongs to. The active identifier of that\n"
     "type is replaced by it, and both resolve for ever. The same add again changes nothing.\n"
     "\n"
     "  lifeline id add OR-1 SL-2 --type stoploss_id --notes 'moved by hand'\n",
     ll_id_add},
    {"status", " ID STATUS", 2, ll_id_status_options, "say what became of an identifier",
     "Sets the status of an identifier: active, replaced, cancelled or executed. Nothing leaves executed.\n"
     "\n"
     "  lifeline id status SL-1 executed --notes 'confirmed by phone'\n",
     ll_id_status},
    {"resolve", " ID", 1, ll_id_resolve_options, "whose is this identifier",
     "Says to which order an identifier belongs, of which type it is, and its status, however old it is.\n"
     "\n"
     "  lifeline id resolve SL-1\n",
     ll_id_resolve},
};

int ll_cmd_id(int argc, char **argv)
{
    return ll_ask_group("Lifecycle identifiers, asked of the gateway that runs on this machine.\n",
                        ll_id_verbs, sizeof ll_id_verbs / sizeof ll_id_verbs[0], argc, argv);
}
