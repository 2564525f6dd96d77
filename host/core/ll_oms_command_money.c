/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about no order: money into and out of an account, and latches. */
#include "host/core/ll_oms_state.h"

/* A client's key is its account's own: the table knows it by the keyed digest of both, in hexadecimal digits. */
static void ll_oms_booking_name(const struct ll_oms *oms, uint32_t account, struct ll_oms_text key,
                                char name[LL_OMS_BOOKING_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    struct ll_key digest = ll_oms_key_text(oms, account, key);
    for (uint32_t i = 0; i < LL_OMS_BOOKING_BYTES; i++)
        name[i] = digits[digest.word[i / 16] >> (i % 16 * 4) & 15];
}

bool ll_oms_command_money(struct ll_oms *oms, const struct ll_command *command,
                          struct ll_oms_refusal *refusal)
{
    struct ll_oms_text key = ll_oms_text_of(command, LL_TEXT_client_order_id);
    char name[LL_OMS_BOOKING_BYTES];
    uint32_t booking = LL_NAME_NONE;
    struct ll_ledger_entry entries[LL_LEDGER_ENTRIES_MAX];
    struct ll_oms_text symbol = ll_oms_text_of(command, LL_TEXT_symbol);
    uint32_t account =
        ll_oms_limited(oms, &oms->accounts, LL_SCOPE_ACCOUNT, ll_oms_text_of(command, LL_TEXT_account));
    uint32_t instrument = symbol.bytes_count == 0 ? LL_INSTRUMENT_NONE : ll_oms_instrument(oms, symbol);
    if (account == LL_OMS_NONE) {
        refusal->code = LL_REFUSAL_TABLE_FULL;
        return false;
    }
    if (symbol.bytes_count != 0 && instrument == LL_INSTRUMENT_NONE) {
        refusal->code = LL_REFUSAL_UNKNOWN_INSTRUMENT;
        return false;
    }
    if (key.bytes_count != 0) {
        ll_oms_booking_name(oms, account, key, name);
        if (ll_names_find(&oms->bookings, name, sizeof name) != LL_NAME_NONE)
            return true;
        if (ll_names_count(&oms->bookings) == oms->config.bookings) {
            refusal->code = LL_REFUSAL_TABLE_FULL;
            return false;
        }
    }
    uint32_t asset = symbol.bytes_count == 0 ? LL_LEDGER_CURRENCY : instrument + 1;
    ll_ledger_begin(&oms->ledger, entries, LL_LEDGER_ENTRIES_MAX);
    int status = command->kind == LL_COMMAND_DEPOSIT
                     ? ll_ledger_deposit(&oms->ledger, account, asset, command->amount, NULL)
                     : ll_ledger_withdraw(&oms->ledger, account, asset, command->amount, NULL);
    (void)ll_ledger_commit(&oms->ledger);
    if (status == LL_OK && key.bytes_count != 0)
        status = ll_names_intern(&oms->bookings, name, sizeof name, &booking, NULL);
    if (status == LL_OK)
        return false;
    refusal->code = status == LL_ERR_FUNDS      ? LL_REFUSAL_BALANCE
                    : status == LL_ERR_OVERFLOW ? LL_REFUSAL_OVERFLOW
                    : status == LL_ERR_FULL     ? LL_REFUSAL_TABLE_FULL
                                                : LL_REFUSAL_BAD_QUANTITY;
    refusal->limit = (uint64_t)ll_ledger_balance(&oms->ledger, account, asset, LL_LEDGER_AVAILABLE);
    refusal->value = (uint64_t)command->amount;
    return false;
}

/* The number of what a latch is about; LL_OMS_NONE = there is none. */
static uint32_t ll_oms_scope_number(struct ll_oms *oms, const struct ll_command *command)
{
    switch (command->scope) {
    case LL_KILL_FIRM:
        return 0;
    case LL_KILL_ACCOUNT:
        return ll_oms_limited(oms, &oms->accounts, LL_SCOPE_ACCOUNT,
                              ll_oms_text_of(command, LL_TEXT_account));
    case LL_KILL_STRATEGY:
        return ll_oms_limited(oms, &oms->strategies, LL_SCOPE_STRATEGY,
                              ll_oms_text_of(command, LL_TEXT_strategy));
    case LL_KILL_SYMBOL:
        return ll_oms_instrument(oms, ll_oms_text_of(command, LL_TEXT_symbol));
    default:
        return LL_OMS_NONE;
    }
}

void ll_oms_command_latch(struct ll_oms *oms, const struct ll_command *command,
                          struct ll_oms_refusal *refusal)
{
    bool strategy = command->kind == LL_COMMAND_ENABLE_STRATEGY;
    uint32_t number = strategy ? ll_oms_limited(oms, &oms->strategies, LL_SCOPE_STRATEGY,
                                                ll_oms_text_of(command, LL_TEXT_strategy))
                               : ll_oms_scope_number(oms, command);
    if (!strategy && command->scope > LL_KILL_SYMBOL) {
        refusal->code = LL_REFUSAL_MALFORMED;
    } else if (number == LL_OMS_NONE) {
        refusal->code = !strategy && command->scope == LL_KILL_SYMBOL ? LL_REFUSAL_UNKNOWN_INSTRUMENT
                                                                      : LL_REFUSAL_TABLE_FULL;
    } else if (strategy) {
        ll_risk_enable_strategy(&oms->risk, number);
    } else if (command->kind == LL_COMMAND_UNKILL) {
        ll_risk_unkill(&oms->risk, (enum ll_kill_scope)command->scope, number);
    } else {
        ll_risk_kill(&oms->risk, (enum ll_kill_scope)command->scope, number);
        oms->control->kill_cursor = oms->control->live_first;
    }
}
