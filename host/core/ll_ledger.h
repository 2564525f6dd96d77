/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: who has how much of what, in double entry.
 *
 * Shape    config -> footprint -> init (formats the caller's memory). Then per step: begin, one or more commands,
 *          commit or abort. A command moves amounts from one account to another and so sums to zero for each
 *          asset; it does all of what it says or nothing. A step of several commands can be taken back as a whole.
 *          What changed comes out as entries, at most one per account and command, in the caller's array; until the
 *          step ends the array belongs to the ledger, which reads it to take back.
 *
 *            deposit   EXTERNAL of the owner  -> AVAILABLE       withdraw  the other way
 *            lock      AVAILABLE              -> LOCKED          unlock    the other way
 *            settle    LOCKED -> AVAILABLE what the order had locked for this fill; then the trade between AVAILABLE
 *                      and PROVIDER: the buyer pays `value` and gets `lots`, the seller gives `lots` and gets `value`.
 *                      So a price better than the limit stays in AVAILABLE, and a fill beyond the lock is paid from it.
 *            bust      the trade backwards; nothing is locked again
 *            correct   a bust and a settle whose entries are netted, so only the difference has to be there
 *            suspend   a trade between SUSPENSE of the provider and PROVIDER: a fill that belongs to no known order
 *            claim     as settle, against SUSPENSE: the owner of a suspended fill was found
 *            fee       AVAILABLE -> FEES of the payee; a negative amount is a rebate
 *
 *          An account comes into being by its first entry, or is opened before, and stays. The memory holds numbers
 *          and indices only: it may be copied or written out between steps, and attached elsewhere. Equal commands
 *          make equal bytes.
 * Units    amounts in the asset's own units: lots, and for the currency price ticks times lots (the caller multiplies).
 *          Owners, assets and accounts are dense numbers from 0. A version counts the changes of a balance, from 1.
 * Errors   a command that fails has changed nothing: LL_ERR_INPUT (a number out of range, a negative amount),
 *          LL_ERR_FUNDS (an account would fall below its lowest balance), LL_ERR_OVERFLOW, LL_ERR_FULL (accounts, or
 *          the caller's array). An amount of 0 is good and books nothing. A command outside a step is our own mistake.
 *          `why` may be NULL; text is only made on failure.
 * Threads  one owner.
 */
#ifndef LL_HOST_CORE_LEDGER_H
#define LL_HOST_CORE_LEDGER_H

#include "host/base/ll_err.h"

#include <stddef.h>
#include <stdint.h>

#define LL_LEDGER_CURRENCY     0u /* the asset that everything else is paid with */
#define LL_LEDGER_ACCOUNTS_MAX ((uint64_t)1 << 26)
#define LL_LEDGER_OWNERS_MAX   ((uint64_t)1 << 32)
#define LL_LEDGER_ASSETS_MAX   ((uint64_t)1 << 24)
#define LL_LEDGER_ENTRIES_MAX  5u /* of one command */

/* Kinds of account: number, name in tables, lowest balance of a new one. */
#define LL_LEDGER_KINDS(K)                                                                  \
    K(AVAILABLE, 0, "available", 0)       /* free to use */                                 \
    K(LOCKED, 1, "locked", 0)             /* what live orders can still cost */             \
    K(SUSPENSE, 2, "suspense", INT64_MIN) /* fills nobody is known to own; of a provider */ \
    K(FEES, 3, "fees", 0)                 /* of whom they were paid to */                   \
    K(PROVIDER, 4, "provider", INT64_MIN) /* the other side of every trade */               \
    K(EXTERNAL, 5, "external", INT64_MIN) /* the other side of deposits; of whom they were for */

enum ll_ledger_kind {
#define LL_LEDGER_ENUM(name, number, text, lowest) LL_LEDGER_##name = (number),
    LL_LEDGER_KINDS(LL_LEDGER_ENUM)
#undef LL_LEDGER_ENUM
        LL_LEDGER_KIND_COUNT
};

struct ll_ledger_config {
    uint64_t owners;   /* highest owner number + 1 */
    uint64_t assets;   /* highest asset number + 1 */
    uint64_t accounts; /* accounts that shall fit, over all owners, assets and kinds */
};

struct ll_ledger_account {
    uint32_t owner;
    uint32_t asset;
    uint32_t kind; /* enum ll_ledger_kind */
    uint32_t reserved;
    int64_t balance;
    int64_t lowest; /* the balance never falls below */
    uint64_t version;
};
_Static_assert(sizeof(struct ll_ledger_account) == 40, "no padding");

/* One change of one account, for the journal and the audit. */
struct ll_ledger_entry {
    uint32_t owner;
    uint32_t asset;
    uint32_t kind;
    uint32_t account; /* its index */
    int64_t amount;
    int64_t balance_after;
    uint64_t version; /* of the balance after */
};
_Static_assert(sizeof(struct ll_ledger_entry) == 40, "one fits the head slot of a record");

/* A fill as the ledger sees it. */
struct ll_ledger_fill {
    uint32_t owner;    /* whose order it was; not read by suspend */
    uint32_t provider; /* owner number of the provider */
    uint32_t asset;    /* what was bought or sold, not the currency */
    uint32_t side;     /* LL_SIDE_BUY or LL_SIDE_SELL */
    int64_t lots;      /* at least 1 */
    int64_t value;     /* price times lots in the currency */
    int64_t lock; /* what the order had locked for these lots: currency of a buyer, lots of a seller; 0 for
                          bust and suspend */
};

struct ll_ledger_control;
struct ll_ledger_sum;

/* The handle; all state between steps is in the memory. */
struct ll_ledger { /* private */
    struct ll_ledger_control *control;
    uint32_t *slots;
    struct ll_ledger_account *accounts;
    struct ll_ledger_sum *sums;
    struct ll_ledger_entry *entries; /* of the open step, NULL between steps */
    uint32_t entry_max;
    uint32_t entry_count;
    uint32_t account_mark; /* accounts there were when the step began */
};

/* Name of a kind for tables; "unknown" for a number that is none. */
const char *ll_ledger_kind_name(uint32_t kind);

/* 0 = bad config: a count of 0 or beyond its limit. */
size_t ll_ledger_footprint_bytes(const struct ll_ledger_config *config);
/* Formats `memory` (8-byte aligned, footprint bytes): no accounts. */
void ll_ledger_init(struct ll_ledger *ledger, void *memory, const struct ll_ledger_config *config);
/* Takes memory that was formatted before, here or elsewhere. Only its header is looked at: bytes from outside
 * need ll_ledger_check before they are used. LL_ERR_CORRUPT when it is no ledger of this size. */
LL_MUST_CHECK int ll_ledger_attach(struct ll_ledger *ledger, void *memory, size_t memory_bytes,
                                   struct ll_why *why);

/* --- Steps and commands --------------------------------------------------------------------------------- */

/* `entries` has room for LL_LEDGER_ENTRIES_MAX per command. */
void ll_ledger_begin(struct ll_ledger *ledger, struct ll_ledger_entry *entries, uint32_t entry_max);
/* Both end the step. commit returns the count of entries; after abort all is as before begin. */
uint32_t ll_ledger_commit(struct ll_ledger *ledger);
void ll_ledger_abort(struct ll_ledger *ledger);

LL_MUST_CHECK int ll_ledger_deposit(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                                    struct ll_why *why);
LL_MUST_CHECK int ll_ledger_withdraw(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                                     struct ll_why *why);
LL_MUST_CHECK int ll_ledger_lock(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                                 struct ll_why *why);
LL_MUST_CHECK int ll_ledger_unlock(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, int64_t amount,
                                   struct ll_why *why);
/* A fill that the owner cannot pay, or a bust that he cannot give back, is LL_ERR_FUNDS. It still happened: suspend
 * the fill, or for the bust the fill with the other side. */
LL_MUST_CHECK int ll_ledger_settle(struct ll_ledger *ledger, const struct ll_ledger_fill *fill,
                                   struct ll_why *why);
LL_MUST_CHECK int ll_ledger_bust(struct ll_ledger *ledger, const struct ll_ledger_fill *fill,
                                 struct ll_why *why);
/* `was` with lock 0 and `is` have owner, provider and asset in common. */
LL_MUST_CHECK int ll_ledger_correct(struct ll_ledger *ledger, const struct ll_ledger_fill *was,
                                    const struct ll_ledger_fill *is, struct ll_why *why);
/* The bust of a suspended fill is its suspension with the other side. */
LL_MUST_CHECK int ll_ledger_suspend(struct ll_ledger *ledger, const struct ll_ledger_fill *fill,
                                    struct ll_why *why);
LL_MUST_CHECK int ll_ledger_claim(struct ll_ledger *ledger, const struct ll_ledger_fill *fill,
                                  struct ll_why *why);
LL_MUST_CHECK int ll_ledger_fee(struct ll_ledger *ledger, uint32_t owner, uint32_t payee, uint32_t asset,
                                int64_t amount, struct ll_why *why);

/* Lets AVAILABLE or FEES of this owner and asset fall to `lowest` (at most 0), a credit by name; 0 ends it.
 * Between steps. LL_ERR_FUNDS when the balance is below already. */
LL_MUST_CHECK int ll_ledger_permit(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, uint32_t kind,
                                   int64_t lowest, struct ll_why *why);

/* Makes an account before anything is booked there, so that what is booked later finds its room. Between steps. */
LL_MUST_CHECK int ll_ledger_open(struct ll_ledger *ledger, uint32_t owner, uint32_t asset, uint32_t kind,
                                 struct ll_why *why);

/* --- Reading -------------------------------------------------------------------------------------------- */

/* NULL = there is no such account: nothing was ever booked there. */
const struct ll_ledger_account *ll_ledger_find(const struct ll_ledger *ledger, uint32_t owner, uint32_t asset,
                                               uint32_t kind);
/* 0 where nothing was ever booked. */
int64_t ll_ledger_balance(const struct ll_ledger *ledger, uint32_t owner, uint32_t asset, uint32_t kind);
/* Accounts 0..count-1, in the order in which they came into being. */
uint32_t ll_ledger_account_count(const struct ll_ledger *ledger);
const struct ll_ledger_account *ll_ledger_account_at(const struct ll_ledger *ledger, uint32_t index);

/* A hash of what the accounts hold; a sum over accounts, so it depends neither on their order nor on capacity. */
uint64_t ll_ledger_hash(const struct ll_ledger *ledger);

/* Adds what a live order holds to `expected`, one zeroed number per account. LL_ERR_CORRUPT when there is no such
 * LOCKED account, LL_ERR_OVERFLOW. */
LL_MUST_CHECK int ll_ledger_expect_locked(const struct ll_ledger *ledger, int64_t *expected, uint32_t owner,
                                          uint32_t asset, int64_t amount, struct ll_why *why);
/* Walks everything, between steps: accounts against the index, lowest balances, versions, each asset's sum of 0, and
 * LOCKED against `expected` unless that is NULL. LL_ERR_CORRUPT names the first thing that is wrong. */
LL_MUST_CHECK int ll_ledger_check(const struct ll_ledger *ledger, const int64_t *expected,
                                  struct ll_why *why);

#endif
