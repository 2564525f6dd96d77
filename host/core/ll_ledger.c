/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_ledger.h"

#include "hls/ll_hash.h"
#include "hls/ll_records.h"
#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_LEDGER_MAGIC      0x6c6c6c6564676572u /* "llledger" */
#define LL_LEDGER_LAYOUT     1u
#define LL_LEDGER_HASH_SEED  3u   /* apart from the orders' and levels' hashes, which may be added to it */
#define LL_LEDGER_SLOW_COUNT 256u /* accounts up to which a debug build checks everything after every step */
#define LL_LEDGER_NONE       UINT32_MAX

/* The memory: this, then the slots, the accounts, the sums. */
struct ll_ledger_control {
    uint64_t magic;
    uint32_t layout;
    uint32_t account_count;
    uint64_t owners;
    uint64_t assets;
    uint64_t account_max;
    uint64_t slot_count; /* a power of two, at least twice account_max */
    uint64_t changes;    /* all there ever were: the sum of the versions */
    uint64_t reserved;
};
_Static_assert(sizeof(struct ll_ledger_control) == 64, "no padding");

/* One asset's sum while ll_ledger_check adds it up, zero otherwise: high * 2^32 + low. With at most
 * LL_LEDGER_ACCOUNTS_MAX accounts neither half leaves 64 bits (high is in two's complement). */
struct ll_ledger_sum {
    uint64_t high;
    uint64_t low;
};

static const struct {
    const char *name;
    int64_t lowest;
} ll_ledger_kinds[LL_LEDGER_KIND_COUNT] = {
#define LL_LEDGER_ROW(name, number, text, lowest) [number] = {text, lowest},
    LL_LEDGER_KINDS(LL_LEDGER_ROW)
#undef LL_LEDGER_ROW
};

const char *ll_ledger_kind_name(uint32_t kind)
{
    return kind < LL_LEDGER_KIND_COUNT ? ll_ledger_kinds[kind].name : "unknown";
}

/* --- Memory --------------------------------------------------------------------------------------------- */

static uint64_t ll_ledger_slot_count(uint64_t account_max)
{
    uint64_t count = 2;
    while (count < 2 * account_max)
        count <<= 1;
    return count;
}

size_t ll_ledger_footprint_bytes(const struct ll_ledger_config *config)
{
    if (config->owners == 0 || config->owners > LL_LEDGER_OWNERS_MAX || config->assets == 0 ||
        config->assets > LL_LEDGER_ASSETS_MAX || config->accounts == 0 ||
        config->accounts > LL_LEDGER_ACCOUNTS_MAX)
        return 0;
    return sizeof(struct ll_ledger_control) + ll_ledger_slot_count(config->accounts) * sizeof(uint32_t) +
           config->accounts * sizeof(struct ll_ledger_account) +
           config->assets * sizeof(struct ll_ledger_sum);
}

/* Finds the parts of a memory whose control is right. */
static void ll_ledger_locate(struct ll_ledger *ledger, void *memory)
{
    unsigned char *at = memory;
    memset(ledger, 0, sizeof *ledger);
    ledger->control = (void *)at;
    at += sizeof *ledger->control;
    ledger->slots = (void *)at;
    at += ledger->control->slot_count * sizeof *ledger->slots;
    ledger->accounts = (void *)at;
    at += ledger->control->account_max * sizeof *ledger->accounts;
    ledger->sums = (void *)at;
}

void ll_ledger_init(struct ll_ledger *ledger, void *memory, const struct ll_ledger_config *config)
{
    size_t bytes = ll_ledger_footprint_bytes(config);
    LL_ASSERT(bytes != 0);
    LL_ASSERT(((uintptr_t)memory & 7u) == 0);
    memset(memory, 0, bytes);
    struct ll_ledger_control *control = memory;
    control->magic = LL_LEDGER_MAGIC;
    control->layout = LL_LEDGER_LAYOUT;
    control->owners = config->owners;
    control->assets = config->assets;
    control->account_max = config->accounts;
    control->slot_count = ll_ledger_slot_count(config->accounts);
    ll_ledger_locate(ledger, memory);
}

int ll_ledger_attach(struct ll_ledger *ledger, void *memory, size_t memory_bytes, struct ll_why *why)
{
    LL_ASSERT(((uintptr_t)memory & 7u) == 0);
    const struct ll_ledger_control *control = memory;
    if (memory_bytes < sizeof *control || control->magic != LL_LEDGER_MAGIC)
        return LL_FAIL(why, LL_ERR_CORRUPT, "this memory holds no ledger; rebuild it from the journal");
    if (control->layout != LL_LEDGER_LAYOUT)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "a ledger of layout %" PRIu32 ", known is %u; rebuild it from the journal",
                       control->layout, LL_LEDGER_LAYOUT);
    struct ll_ledger_config config = {control->owners, control->assets, control->account_max};
    size_t bytes = ll_ledger_footprint_bytes(&config);
    if (bytes == 0 || bytes > memory_bytes || control->slot_count != ll_ledger_slot_count(config.accounts) ||
        control->account_count > control->account_max)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "the ledger's sizes do not fit its memory of %zu bytes; rebuild it from the journal",
                       memory_bytes);
    ll_ledger_locate(ledger, memory);
    return LL_OK;
}

/* --- Accounts ------------------------------------------------------------------------------------------- */

/* The slot that holds the account, or the empty one where it belongs. At most half the slots are taken, so
 * the walk is short and ends. */
static uint64_t ll_ledger_probe(const struct ll_ledger *ledger, uint32_t owner, uint32_t asset, uint32_t kind)
{
    uint64_t mask = ledger->control->slot_count - 1;
    uint64_t slot = ll_hash_ref((uint64_t)owner << 32 | asset << 8 | kind, LL_LEDGER_HASH_SEED) & mask;
    for (; ledger->slots[slot] != 0; slot = (slot + 1) & mask) {
        const struct ll_ledger_account *account = &ledger->accounts[ledger->slots[slot] - 1];
        if (account->owner == owner && account->asset == asset && account->kind == kind)
            break;
    }
    return slot;
}

/* The index of the account, made if it is new; LL_LEDGER_NONE = no room. */
static uint32_t ll_ledger_account_make(struct ll_ledger *ledger, uint32_t owner, uint32_t asset,
                                       uint32_t kind)
{
    struct ll_ledger_control *control = ledger->control;
    uint64_t slot = ll_ledger_probe(ledger, owner, asset, kind);
    if (ledger->slots[slot] != 0)
        return ledger->slots[slot] - 1;
    if (control->account_count == control->account_max)
        return LL_LEDGER_NONE;
    uint32_t index = control->account_count++;
    ledger->slots[slot] = index + 1;
    ledger->accounts[index] = (struct ll_ledger_account){
        .owner = owner, .asset = asset, .kind = kind, .lowest = ll_ledger_kinds[kind].lowest};
    return index;
}

/* Takes the newest accounts away until `count` are left. Newest first: nothing was probed past their slots,
 * so that they can simply be emptied. */
static void ll_ledger_accounts_forget(struct ll_ledger *ledger, uint32_t count)
{
    while (ledger->control->account_count > count) {
        struct ll_ledger_account *account = &ledger->accounts[--ledger->control->account_count];
        LL_ASSERT(account->version == 0);
        ledger->slots[ll_ledger_probe(ledger, account->owner, account->asset, account->kind)] = 0;
        memset(account, 0, sizeof *account);
    }
}

const struct ll_ledger_account *ll_ledger_find(const struct ll_ledger *ledger, uint32_t owner, uint32_t asset,
                                               uint32_t kind)
{
    if (asset >= ledger->control->assets || kind >= LL_LEDGER_KIND_COUNT)
        return NULL;
    uint32_t number = ledger->slots[ll_ledger_probe(ledger, owner, asset, kind)];
    return number != 0 ? &ledger->accounts[number - 1] : NULL;
}

int64_t ll_ledger_balance(const struct ll_ledger *ledger, uint32_t owner, uint32_t asset, uint32_t kind)
{
    const struct ll_ledger_account *account = ll_ledger_find(ledger, owner, asset, kind);
    return account != NULL ? account->balance : 0;
}

uint32_t ll_ledger_account_count(const struct ll_ledger *ledger)
{
    return ledger->control->account_count;
}

const struct ll_ledger_account *ll_ledger_account_at(const struct ll_ledger *ledger, uint32_t index)
{
    LL_ASSERT(index < ledger->control->account_count);
    return &ledger->accounts[index];
}

/* --- What a command moves ------------------------------------------------------------------------------- */

/* One side of a movement. */
struct ll_ledger_party {
    uint32_t owner;
    uint32_t kind;
};

struct ll_ledger_leg {
    uint32_t owner;
    uint32_t asset;
    uint32_t kind;
    int64_t amount;
};

/* The net changes of a command, one leg to an account. They sum to zero for each asset because ll_legs_move
 * is the only way to add to them. */
struct ll_ledger_legs {
    struct ll_ledger_leg leg[LL_LEDGER_ENTRIES_MAX];
    uint32_t count;
    bool overflow;
};

static void ll_legs_add(struct ll_ledger_legs *legs, uint32_t asset, struct ll_ledger_party party,
                        int64_t amount)
{
    uint32_t i = 0;
    while (i < legs->count && (legs->leg[i].owner != party.owner || legs->leg[i].asset != asset ||
                               legs->leg[i].kind != party.kind))
        i++;
    if (i == legs->count) {
        LL_ASSERT(i < LL_LEDGER_ENTRIES_MAX);
        legs->leg[legs->count++] = (struct ll_ledger_leg){party.owner, asset, party.kind, 0};
    }
    if (__builtin_add_overflow(legs->leg[i].amount, amount, &legs->leg[i].amount))
        legs->overflow = true;
}

/* `amount` >= 0. */
static void ll_legs_move(struct ll_ledger_legs *legs, uint32_t asset, struct ll_ledger_party from,
                         struct ll_ledger_party to, int64_t amount)
{
    LL_ASSERT(amount >= 0);
    if (amount == 0)
        return;
    ll_legs_add(legs, asset, from, -amount);
    ll_legs_add(legs, asset, to, amount);
}

static void ll_legs_trade(struct ll_ledger_legs *legs, const struct ll_ledger_fill *fill,
                          struct ll_ledger_party buyer, struct ll_ledger_party seller)
{
    ll_legs_move(legs, LL_LEDGER_CURRENCY, buyer, seller, fill->value);
    ll_legs_move(legs, fill->asset, seller, buyer, fill->lots);
}

static bool ll_legs_are_balanced(const struct ll_ledger_legs *legs)
{
    for (uint32_t i = 0; i < legs->count; i++) {
        uint64_t sum = 0;
        for (uint32_t j = 0; j < legs->count; j++)
            if (legs->leg[j].asset == legs->leg[i].asset)
                sum += (uint64_t)legs->leg[j].amount;
        if (sum != 0)
            return false;
    }
    return true;
}

/* --- Steps ---------------------------------------------------------------------------------------------- */

#ifdef LL_SLOW_CHECKS
/* True as well when it would take too long to say. */
static bool ll_ledger_is_sound(const struct ll_ledger *ledger)
{
    return ledger->control->account_count > LL_LEDGER_SLOW_COUNT ||
           ll_ledger_check(ledger, NULL, NULL) == LL_OK;
}
#endif

void ll_ledger_begin(struct ll_ledger *ledger, struct ll_ledger_entry *entries, uint32_t entry_max)
{
    LL_ASSERT(ledger->entries == NULL);
    LL_ASSERT(entries != NULL);
    ledger->entries = entries;
    ledger->entry_max = entry_max;
    ledger->entry_count = 0;
    ledger->account_mark = ledger->control->account_count;
}

uint32_t ll_ledger_commit(struct ll_ledger *ledger)
{
    LL_ASSERT(ledger->entries != NULL);
    ledger->entries = NULL;
    LL_ASSERT_SLOW(ll_ledger_is_sound(ledger));
    return ledger->entry_count;
}

/* Takes the newest entries back until `entry_count` are left. */
static void ll_ledger_undo(struct ll_ledger *ledger, uint32_t entry_count, uint32_t account_count)
{
    while (ledger->entry_count > entry_count) {
        const struct ll_ledger_entry *entry = &ledger->entries[--ledger->entry_count];
        struct ll_ledger_account *account = &ledger->accounts[entry->account];
        LL_ASSERT(account->version == entry->version);
        account->balance = entry->balance_after - entry->amount;
        account->version--;
        ledger->control->changes--;
    }
    ll_ledger_accounts_forget(ledger, account_count);
}

void ll_ledger_abort(struct ll_ledger *ledger)
{
    LL_ASSERT(ledger->entries != NULL);
    ll_ledger_undo(ledger, 0, ledger->account_mark);
    ledger->entries = NULL;
    LL_ASSERT_SLOW(ll_ledger_is_sound(ledger));
}

static int ll_ledger_post_leg(struct ll_ledger *ledger, const struct ll_ledger_leg *leg, struct ll_why *why)
{
    if (leg->owner >= ledger->control->owners || leg->asset >= ledger->control->assets)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "owner %" PRIu32 ", asset %" PRIu32 ": there are %" PRIu64 " and %" PRIu64
                       "; configure more",
                       leg->owner, leg->asset, ledger->control->owners, ledger->control->assets);
    if (ledger->entry_count == ledger->entry_max)
        return LL_FAIL(why, LL_ERR_FULL, "no room for more than %" PRIu32 " entries in one step; split it",
                       ledger->entry_max);
    uint32_t index = ll_ledger_account_make(ledger, leg->owner, leg->asset, leg->kind);
    if (index == LL_LEDGER_NONE)
        return LL_FAIL(why, LL_ERR_FULL, "all %" PRIu64 " accounts are in use; configure more",
                       ledger->control->account_max);
    struct ll_ledger_account *account = &ledger->accounts[index];
    int64_t balance;
    if (__builtin_add_overflow(account->balance, leg->amount, &balance))
        return LL_FAIL(why, LL_ERR_OVERFLOW,
                       "%s of owner %" PRIu32 ", asset %" PRIu32 ": %" PRId64 " and %" PRId64
                       " are more than 64 bits hold; use larger units",
                       ll_ledger_kind_name(leg->kind), leg->owner, leg->asset, account->balance, leg->amount);
    if (balance < account->lowest)
        return LL_FAIL(why, LL_ERR_FUNDS,
                       "%s of owner %" PRIu32 ", asset %" PRIu32 ": %" PRId64 " with %" PRId64
                       " is below %" PRId64 "; deposit, or ask for less",
                       ll_ledger_kind_name(leg->kind), leg->owner, leg->asset, account->balance, leg->amount,
                       account->lowest);
    account->balance = balance;
    account->version++;
    ledger->control->changes++;
    ledger->entries[ledger->entry_count++] = (struct ll_ledger_entry){
        leg->owner, leg->asset, leg->kind, index, leg->amount, balance, account->version};
    return LL_OK;
}

/* All legs or none. */
static int ll_ledger_post(struct ll_ledger *ledger, const struct ll_ledger_legs *legs, struct ll_why *why)
{
    LL_ASSERT(ledger->entries != NULL);
    if (legs->overflow)
        return LL_FAIL(why, LL_ERR_OVERFLOW,
                       "the command's amounts together are more than 64 bits hold; split it");
    LL_ASSERT(ll_legs_are_balanced(legs));
    uint32_t entry_mark = ledger->entry_count;
    uint32_t account_mark = ledger->control->account_count;
    for (uint32_t i = 0; i < legs->count; i++) {
        if (legs->leg[i].amount == 0)
            continue;
        int status = ll_ledger_post_leg(ledger, &legs->leg[i], why);
        if (status != LL_OK) {
            ll_ledger_undo(ledger, entry_mark, account_mark);
            return status;
        }
    }
    return LL_OK;
}

/* --- Commands ------------------------------------------------------------------------------------------- */

static int ll_ledger_transfer(struct ll_ledger *ledger, uint32_t asset, struct ll_ledger_party from,
                              struct ll_ledger_party to, int64_t amount, struct ll_why *why)
{
    struct ll_ledger_legs legs = {.count = 0};
    if (amount < 0)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "an amount of %" PRId64 "; amounts are not negative, there is a command for each way",
                       amount);
    ll_legs_move(&legs, asset, from, to, amount);
    return ll_ledger_post(ledger, &legs, why);
}

int ll_ledger_deposit(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                      struct ll_why *why)
{
    return ll_ledger_transfer(ledger, asset, (struct ll_ledger_party){owner, LL_LEDGER_EXTERNAL},
                              (struct ll_ledger_party){owner, LL_LEDGER_AVAILABLE}, amount, why);
}

int ll_ledger_withdraw(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                       struct ll_why *why)
{
    return ll_ledger_transfer(ledger, asset, (struct ll_ledger_party){owner, LL_LEDGER_AVAILABLE},
                              (struct ll_ledger_party){owner, LL_LEDGER_EXTERNAL}, amount, why);
}

int ll_ledger_lock(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                   struct ll_why *why)
{
    return ll_ledger_transfer(ledger, asset, (struct ll_ledger_party){owner, LL_LEDGER_AVAILABLE},
                              (struct ll_ledger_party){owner, LL_LEDGER_LOCKED}, amount, why);
}

int ll_ledger_unlock(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                     struct ll_why *why)
{
    return ll_ledger_transfer(ledger, asset, (struct ll_ledger_party){owner, LL_LEDGER_LOCKED},
                              (struct ll_ledger_party){owner, LL_LEDGER_AVAILABLE}, amount, why);
}

int ll_ledger_fee(struct ll_ledger *ledger, uint32_t owner, uint32_t payee, uint32_t asset, int64_t amount,
                  struct ll_why *why)
{
    struct ll_ledger_party payer = {owner, LL_LEDGER_AVAILABLE};
    struct ll_ledger_party fees = {payee, LL_LEDGER_FEES};
    if (amount == INT64_MIN)
        return LL_FAIL(why, LL_ERR_OVERFLOW, "a rebate of more than 64 bits hold; split it");
    if (amount < 0)
        return ll_ledger_transfer(ledger, asset, fees, payer, -amount, why);
    return ll_ledger_transfer(ledger, asset, payer, fees, amount, why);
}

static int ll_ledger_fill_check(const struct ll_ledger_fill *fill, bool locks, struct ll_why *why)
{
    if (fill->asset == LL_LEDGER_CURRENCY)
        return LL_FAIL(why, LL_ERR_INPUT, "a fill of the currency itself; name the asset that was traded");
    if (fill->side > LL_SIDE_SELL)
        return LL_FAIL(why, LL_ERR_INPUT, "side %" PRIu32 "; it is buy (0) or sell (1)", fill->side);
    if (fill->lots <= 0 || fill->value < 0)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "a fill of %" PRId64 " lots for %" PRId64 "; it has lots, and a value of at least 0",
                       fill->lots, fill->value);
    if (fill->lock < 0 || (!locks && fill->lock != 0))
        return LL_FAIL(why, LL_ERR_INPUT,
                       "a lock of %" PRId64 "; it is not negative, and 0 where there is no live order",
                       fill->lock);
    return LL_OK;
}

/* The trade between the owner and PROVIDER or SUSPENSE, `side` being the owner's. */
static void ll_legs_fill(struct ll_ledger_legs *legs, const struct ll_ledger_fill *fill, uint32_t side,
                         uint32_t other_kind)
{
    struct ll_ledger_party own = {fill->owner, LL_LEDGER_AVAILABLE};
    struct ll_ledger_party locked = {fill->owner, LL_LEDGER_LOCKED};
    struct ll_ledger_party other = {fill->provider, other_kind};
    ll_legs_move(legs, side == LL_SIDE_BUY ? LL_LEDGER_CURRENCY : fill->asset, locked, own, fill->lock);
    if (side == LL_SIDE_BUY)
        ll_legs_trade(legs, fill, own, other);
    else
        ll_legs_trade(legs, fill, other, own);
}

static int ll_ledger_book_fill(struct ll_ledger *ledger, const struct ll_ledger_fill *fill,
                               uint32_t other_kind, struct ll_why *why)
{
    struct ll_ledger_legs legs = {.count = 0};
    int status = ll_ledger_fill_check(fill, true, why);
    if (status != LL_OK)
        return status;
    ll_legs_fill(&legs, fill, fill->side, other_kind);
    return ll_ledger_post(ledger, &legs, why);
}

int ll_ledger_settle(struct ll_ledger *ledger, const struct ll_ledger_fill *fill, struct ll_why *why)
{
    return ll_ledger_book_fill(ledger, fill, LL_LEDGER_PROVIDER, why);
}

int ll_ledger_claim(struct ll_ledger *ledger, const struct ll_ledger_fill *fill, struct ll_why *why)
{
    return ll_ledger_book_fill(ledger, fill, LL_LEDGER_SUSPENSE, why);
}

int ll_ledger_bust(struct ll_ledger *ledger, const struct ll_ledger_fill *fill, struct ll_why *why)
{
    struct ll_ledger_legs legs = {.count = 0};
    int status = ll_ledger_fill_check(fill, false, why);
    if (status != LL_OK)
        return status;
    ll_legs_fill(&legs, fill, LL_SIDE_SELL - fill->side, LL_LEDGER_PROVIDER);
    return ll_ledger_post(ledger, &legs, why);
}

int ll_ledger_correct(struct ll_ledger *ledger, const struct ll_ledger_fill *was,
                      const struct ll_ledger_fill *is, struct ll_why *why)
{
    struct ll_ledger_legs legs = {.count = 0};
    int status = ll_ledger_fill_check(was, false, why);
    if (status == LL_OK)
        status = ll_ledger_fill_check(is, true, why);
    if (status != LL_OK)
        return status;
    if (was->owner != is->owner || was->provider != is->provider || was->asset != is->asset)
        return LL_FAIL(
            why, LL_ERR_INPUT,
            "a correction to another owner, provider or asset; bust the fill and settle the other");
    ll_legs_fill(&legs, was, LL_SIDE_SELL - was->side, LL_LEDGER_PROVIDER);
    ll_legs_fill(&legs, is, is->side, LL_LEDGER_PROVIDER);
    return ll_ledger_post(ledger, &legs, why);
}

int ll_ledger_suspend(struct ll_ledger *ledger, const struct ll_ledger_fill *fill, struct ll_why *why)
{
    struct ll_ledger_legs legs = {.count = 0};
    struct ll_ledger_party suspense = {fill->provider, LL_LEDGER_SUSPENSE};
    struct ll_ledger_party provider = {fill->provider, LL_LEDGER_PROVIDER};
    int status = ll_ledger_fill_check(fill, false, why);
    if (status != LL_OK)
        return status;
    if (fill->side == LL_SIDE_BUY)
        ll_legs_trade(&legs, fill, suspense, provider);
    else
        ll_legs_trade(&legs, fill, provider, suspense);
    return ll_ledger_post(ledger, &legs, why);
}

int ll_ledger_open(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, uint32_t kind,
                   struct ll_why *why)
{
    LL_ASSERT(ledger->entries == NULL);
    LL_ASSERT(kind < LL_LEDGER_KIND_COUNT);
    if (owner >= ledger->control->owners || asset >= ledger->control->assets)
        return LL_FAIL(why, LL_ERR_INPUT, "owner %" PRIu32 ", asset %" PRIu32 ": no such numbers", owner,
                       asset);
    if (ll_ledger_account_make(ledger, owner, asset, kind) == LL_LEDGER_NONE)
        return LL_FAIL(why, LL_ERR_FULL, "all %" PRIu64 " accounts are in use; configure more",
                       ledger->control->account_max);
    return LL_OK;
}

int ll_ledger_permit(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, uint32_t kind, int64_t lowest,
                     struct ll_why *why)
{
    LL_ASSERT(ledger->entries == NULL);
    if (owner >= ledger->control->owners || asset >= ledger->control->assets)
        return LL_FAIL(why, LL_ERR_INPUT, "owner %" PRIu32 ", asset %" PRIu32 ": no such numbers", owner,
                       asset);
    if ((kind != LL_LEDGER_AVAILABLE && kind != LL_LEDGER_FEES) || lowest > 0)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "%s down to %" PRId64 "; only available and fees can be permitted, and at most 0",
                       ll_ledger_kind_name(kind), lowest);
    if (ll_ledger_balance(ledger, owner, asset, kind) < lowest)
        return LL_FAIL(why, LL_ERR_FUNDS,
                       "%s of owner %" PRIu32 ", asset %" PRIu32 " is below %" PRId64
                       " already; deposit first",
                       ll_ledger_kind_name(kind), owner, asset, lowest);
    uint32_t index = ll_ledger_account_make(ledger, owner, asset, kind);
    if (index == LL_LEDGER_NONE)
        return LL_FAIL(why, LL_ERR_FULL, "all %" PRIu64 " accounts are in use; configure more",
                       ledger->control->account_max);
    ledger->accounts[index].lowest = lowest;
    return LL_OK;
}

/* --- Hash and check ------------------------------------------------------------------------------------- */

uint64_t ll_ledger_hash(const struct ll_ledger *ledger)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ledger->control->account_count; i++)
        sum += XXH3_64bits_withSeed(&ledger->accounts[i], sizeof ledger->accounts[i], LL_LEDGER_HASH_SEED);
    return sum;
}

int ll_ledger_expect_locked(const struct ll_ledger *ledger, int64_t *expected, uint32_t owner, uint32_t asset,
                            int64_t amount, struct ll_why *why)
{
    const struct ll_ledger_account *account = ll_ledger_find(ledger, owner, asset, LL_LEDGER_LOCKED);
    if (amount == 0)
        return LL_OK;
    if (account == NULL)
        return LL_FAIL(why, LL_ERR_CORRUPT,
                       "a live order of owner %" PRIu32 " holds %" PRId64 " of asset %" PRIu32
                       ", and nothing was ever locked there",
                       owner, amount, asset);
    int64_t *sum = &expected[account - ledger->accounts];
    if (__builtin_add_overflow(*sum, amount, sum))
        return LL_FAIL(why, LL_ERR_OVERFLOW,
                       "live orders of owner %" PRIu32 " hold more of asset %" PRIu32 " than 64 bits hold",
                       owner, asset);
    return LL_OK;
}

/* Every account is in exactly one slot, and no slot holds anything else. Before that is known, no account may
 * be looked up: the walk might leave the table, or never end. */
static int ll_ledger_check_slots(const struct ll_ledger *ledger, struct ll_why *why)
{
    const struct ll_ledger_control *control = ledger->control;
    uint64_t used = 0;
    for (uint64_t slot = 0; slot < control->slot_count; slot++) {
        if (ledger->slots[slot] > control->account_count)
            return LL_FAIL(why, LL_ERR_CORRUPT, "slot %" PRIu64 " names account %" PRIu32 " of %" PRIu32,
                           slot, ledger->slots[slot], control->account_count);
        used += ledger->slots[slot] != 0;
    }
    if (used != control->account_count)
        return LL_FAIL(why, LL_ERR_CORRUPT, "%" PRIu64 " slots for %" PRIu32 " accounts", used,
                       control->account_count);
    for (uint32_t i = 0; i < control->account_count; i++) {
        const struct ll_ledger_account *account = &ledger->accounts[i];
        if (account->owner >= control->owners || account->asset >= control->assets ||
            account->kind >= LL_LEDGER_KIND_COUNT || account->reserved != 0)
            return LL_FAIL(why, LL_ERR_CORRUPT, "account %" PRIu32 " is of no owner, asset or kind", i);
        if (ledger->slots[ll_ledger_probe(ledger, account->owner, account->asset, account->kind)] != i + 1)
            return LL_FAIL(why, LL_ERR_CORRUPT, "account %" PRIu32 " is not where it is looked for", i);
    }
    return LL_OK;
}

static bool ll_ledger_lowest_is_legal(const struct ll_ledger_account *account)
{
    if (account->kind == LL_LEDGER_AVAILABLE || account->kind == LL_LEDGER_FEES)
        return account->lowest <= 0;
    return account->lowest == ll_ledger_kinds[account->kind].lowest;
}

static int ll_ledger_check_accounts(const struct ll_ledger *ledger, const int64_t *expected,
                                    struct ll_why *why)
{
    uint64_t changes = 0;
    for (uint32_t i = 0; i < ledger->control->account_count; i++) {
        const struct ll_ledger_account *account = &ledger->accounts[i];
        changes += account->version;
        if (!ll_ledger_lowest_is_legal(account) || account->balance < account->lowest)
            return LL_FAIL(why, LL_ERR_CORRUPT,
                           "%s of owner %" PRIu32 ", asset %" PRIu32 ": %" PRId64 ", lowest %" PRId64,
                           ll_ledger_kind_name(account->kind), account->owner, account->asset,
                           account->balance, account->lowest);
        if (account->version == 0 && account->balance != 0)
            return LL_FAIL(why, LL_ERR_CORRUPT, "account %" PRIu32 " holds %" PRId64 " and never changed", i,
                           account->balance);
        if (expected != NULL && account->kind == LL_LEDGER_LOCKED && account->balance != expected[i])
            return LL_FAIL(why, LL_ERR_CORRUPT,
                           "owner %" PRIu32 ", asset %" PRIu32 ": locked %" PRId64
                           ", live orders hold %" PRId64,
                           account->owner, account->asset, account->balance, expected[i]);
    }
    if (changes != ledger->control->changes)
        return LL_FAIL(why, LL_ERR_CORRUPT, "versions add up to %" PRIu64 " of %" PRIu64 " changes", changes,
                       ledger->control->changes);
    return LL_OK;
}

static int ll_ledger_check_sums(const struct ll_ledger *ledger, struct ll_why *why)
{
    int status = LL_OK;
    size_t sum_bytes = ledger->control->assets * sizeof *ledger->sums;
    memset(ledger->sums, 0, sum_bytes);
    for (uint32_t i = 0; i < ledger->control->account_count; i++) {
        struct ll_ledger_sum *sum = &ledger->sums[ledger->accounts[i].asset];
        sum->high += (uint64_t)(ledger->accounts[i].balance >> 32);
        sum->low += (uint64_t)ledger->accounts[i].balance & UINT32_MAX;
    }
    for (uint32_t asset = 0; asset < ledger->control->assets; asset++) {
        const struct ll_ledger_sum *sum = &ledger->sums[asset];
        if ((sum->low & UINT32_MAX) != 0 || sum->high + (sum->low >> 32) != 0)
            status =
                LL_FAIL(why, LL_ERR_CORRUPT, "the accounts of asset %" PRIu32 " do not sum to zero", asset);
    }
    memset(ledger->sums, 0, sum_bytes);
    return status;
}

int ll_ledger_check(const struct ll_ledger *ledger, const int64_t *expected, struct ll_why *why)
{
    LL_ASSERT(ledger->entries == NULL);
    int status = ll_ledger_check_slots(ledger, why);
    if (status == LL_OK)
        status = ll_ledger_check_accounts(ledger, expected, why);
    if (status == LL_OK)
        status = ll_ledger_check_sums(ledger, why);
    return status;
}
