/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the ledger books what each command says and nothing else, to the last unit; a command or a step that
 * fails leaves every byte as it was; its memory can be copied anywhere; its check sees every kind of damage.
 * Method: memory of exactly the footprint with guard bytes behind it; each command against written-down
 * balances and entries; amounts at the limits of 64 bits; every error, with the whole memory compared before
 * and after; random commands and steps against a model that searches a plain array and adds in 128 bits.
 */
#include "host/core/ll_ledger.h"
#include "hls/ll_records.h"
#include "host/base/ll_prng.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_BYTES = 64, GUARD = 0x5a, ENTRIES = 64 };
enum { CASH = LL_LEDGER_CURRENCY, GOLD = 1, SALT = 2 };
enum { ALICE = 0, BOB = 1, VENUE = 2, HOUSE = 3 };
enum {
    AVAILABLE = LL_LEDGER_AVAILABLE,
    LOCKED = LL_LEDGER_LOCKED,
    SUSPENSE = LL_LEDGER_SUSPENSE,
    FEES = LL_LEDGER_FEES,
    PROVIDER = LL_LEDGER_PROVIDER,
    EXTERNAL = LL_LEDGER_EXTERNAL
};

struct fixture {
    struct ll_ledger ledger;
    uint8_t *memory;
    uint8_t *before; /* a copy, to compare with */
    size_t bytes;
    struct ll_ledger_entry entries[ENTRIES];
    uint32_t entry_count; /* of the last step */
};

static const struct ll_ledger_config small = {.owners = 4, .assets = 3, .accounts = 40};

static void open_ledger(struct fixture *fixture, const struct ll_ledger_config *config)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->bytes = ll_ledger_footprint_bytes(config);
    ck_assert_uint_gt(fixture->bytes, 0);
    fixture->memory = malloc(fixture->bytes + GUARD_BYTES);
    fixture->before = malloc(fixture->bytes);
    ck_assert_ptr_nonnull(fixture->memory);
    ck_assert_ptr_nonnull(fixture->before);
    memset(fixture->memory, GUARD, fixture->bytes + GUARD_BYTES);
    ll_ledger_init(&fixture->ledger, fixture->memory, config);
}

static void check_clean(const struct fixture *fixture)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_ledger_check(&fixture->ledger, NULL, &why) == LL_OK, "%s", why.text);
}

static void close_ledger(struct fixture *fixture)
{
    check_clean(fixture);
    for (size_t i = 0; i < GUARD_BYTES; i++)
        ck_assert_uint_eq(fixture->memory[fixture->bytes + i], GUARD);
    free(fixture->memory);
    free(fixture->before);
}

/* --- Commands as data, so that every test gives them the same way ------------------------------------- */

enum op { DEPOSIT, WITHDRAW, LOCK, UNLOCK, FEE, SETTLE, CLAIM, SUSPEND, BUST, CORRECT, OP_COUNT };

struct command {
    enum op op;
    uint32_t payee;
    int64_t amount;
    struct ll_ledger_fill fill; /* owner and asset also of the commands without a fill */
    struct ll_ledger_fill is;   /* of CORRECT */
};

static int run(struct ll_ledger *ledger, const struct command *c, struct ll_why *why)
{
    switch (c->op) {
    case DEPOSIT:
        return ll_ledger_deposit(ledger, c->fill.owner, c->fill.asset, c->amount, why);
    case WITHDRAW:
        return ll_ledger_withdraw(ledger, c->fill.owner, c->fill.asset, c->amount, why);
    case LOCK:
        return ll_ledger_lock(ledger, c->fill.owner, c->fill.asset, c->amount, why);
    case UNLOCK:
        return ll_ledger_unlock(ledger, c->fill.owner, c->fill.asset, c->amount, why);
    case FEE:
        return ll_ledger_fee(ledger, c->fill.owner, c->payee, c->fill.asset, c->amount, why);
    case SETTLE:
        return ll_ledger_settle(ledger, &c->fill, why);
    case CLAIM:
        return ll_ledger_claim(ledger, &c->fill, why);
    case SUSPEND:
        return ll_ledger_suspend(ledger, &c->fill, why);
    case BUST:
        return ll_ledger_bust(ledger, &c->fill, why);
    default:
        return ll_ledger_correct(ledger, &c->fill, &c->is, why);
    }
}

static struct command transfer(enum op op, uint32_t owner, uint32_t asset, int64_t amount)
{
    return (struct command){.op = op, .amount = amount, .fill = {.owner = owner, .asset = asset}};
}

static struct ll_ledger_fill fill_of(uint32_t owner, uint32_t side, int64_t lots, int64_t value, int64_t lock)
{
    return (struct ll_ledger_fill){owner, VENUE, GOLD, side, lots, value, lock};
}

static struct command trade(enum op op, uint32_t side, int64_t lots, int64_t value, int64_t lock)
{
    return (struct command){.op = op, .fill = fill_of(ALICE, side, lots, value, lock)};
}

/* One command as a step of its own, which must do. */
static void book(struct fixture *fixture, struct command command)
{
    struct ll_why why = {0};
    ll_ledger_begin(&fixture->ledger, fixture->entries, ENTRIES);
    ck_assert_msg(run(&fixture->ledger, &command, &why) == LL_OK, "op %d: %s", command.op, why.text);
    fixture->entry_count = ll_ledger_commit(&fixture->ledger);
    ck_assert_uint_le(fixture->entry_count, LL_LEDGER_ENTRIES_MAX);
    check_clean(fixture);
}

/* One command that must fail with `code`, say why, and change nothing. */
static void refuse(struct fixture *fixture, struct command command, int code)
{
    struct ll_why why = {0};
    memcpy(fixture->before, fixture->memory, fixture->bytes);
    uint64_t hash = ll_ledger_hash(&fixture->ledger);
    ll_ledger_begin(&fixture->ledger, fixture->entries, ENTRIES);
    int status = run(&fixture->ledger, &command, &why);
    ck_assert_msg(status == code, "op %d: %s instead of %s: %s", command.op, ll_err_name(status),
                  ll_err_name(code), why.text);
    ck_assert_msg(strchr(why.text, ';') != NULL, "no remedy: %s", why.text);
    ck_assert_int_eq(run(&fixture->ledger, &command, NULL), code);
    ck_assert_uint_eq(ll_ledger_commit(&fixture->ledger), 0);
    ck_assert_uint_eq(ll_ledger_hash(&fixture->ledger), hash);
    ck_assert_int_eq(memcmp(fixture->before, fixture->memory, fixture->bytes), 0);
}

static int64_t balance(const struct fixture *fixture, uint32_t owner, uint32_t asset, uint32_t kind)
{
    return ll_ledger_balance(&fixture->ledger, owner, asset, kind);
}

static void balances(const struct fixture *fixture, uint32_t owner, uint32_t asset, int64_t available,
                     int64_t locked)
{
    ck_assert_int_eq(balance(fixture, owner, asset, AVAILABLE), available);
    ck_assert_int_eq(balance(fixture, owner, asset, LOCKED), locked);
}

/* --- Start ---------------------------------------------------------------------------------------------- */

START_TEST(configs_that_cannot_be)
{
    static const struct ll_ledger_config bad[] = {{0, 1, 1},
                                                  {1, 0, 1},
                                                  {1, 1, 0},
                                                  {LL_LEDGER_OWNERS_MAX + 1, 1, 1},
                                                  {1, LL_LEDGER_ASSETS_MAX + 1, 1},
                                                  {1, 1, LL_LEDGER_ACCOUNTS_MAX + 1},
                                                  {UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(ll_ledger_footprint_bytes(&bad[i]), 0);
    static const struct ll_ledger_config largest = {LL_LEDGER_OWNERS_MAX, LL_LEDGER_ASSETS_MAX,
                                                    LL_LEDGER_ACCOUNTS_MAX};
    ck_assert_uint_gt(ll_ledger_footprint_bytes(&largest),
                      LL_LEDGER_ACCOUNTS_MAX * sizeof(struct ll_ledger_account));
}
END_TEST

START_TEST(an_empty_ledger)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    ck_assert_uint_eq(ll_ledger_account_count(&fixture.ledger), 0);
    ck_assert_uint_eq(ll_ledger_hash(&fixture.ledger), 0);
    ck_assert_ptr_null(ll_ledger_find(&fixture.ledger, ALICE, CASH, AVAILABLE));
    ck_assert_ptr_null(ll_ledger_find(&fixture.ledger, UINT32_MAX, CASH, AVAILABLE));
    ck_assert_ptr_null(ll_ledger_find(&fixture.ledger, ALICE, UINT32_MAX, AVAILABLE));
    ck_assert_ptr_null(ll_ledger_find(&fixture.ledger, ALICE, CASH, UINT32_MAX));
    ck_assert_int_eq(balance(&fixture, ALICE, CASH, AVAILABLE), 0);
    ck_assert_str_eq(ll_ledger_kind_name(SUSPENSE), "suspense");
    ck_assert_str_eq(ll_ledger_kind_name(LL_LEDGER_KIND_COUNT), "unknown");
    close_ledger(&fixture);
}
END_TEST

START_TEST(accounts_run_out)
{
    struct fixture fixture;
    struct ll_ledger_config config = {.owners = 10, .assets = 1, .accounts = 3};
    open_ledger(&fixture, &config);
    book(&fixture, transfer(DEPOSIT, 0, CASH, 5));
    refuse(&fixture, transfer(DEPOSIT, 1, CASH, 5), LL_ERR_FULL); /* two accounts, and there is one */
    book(&fixture, transfer(LOCK, 0, CASH, 5));
    ck_assert_uint_eq(ll_ledger_account_count(&fixture.ledger), 3);
    struct command fee = transfer(FEE, 0, CASH, 1);
    book(&fixture, transfer(UNLOCK, 0, CASH, 5));
    refuse(&fixture, fee, LL_ERR_FULL);
    struct ll_why why = {0};
    ck_assert_int_eq(ll_ledger_permit(&fixture.ledger, 7, CASH, AVAILABLE, -1, &why), LL_ERR_FULL);
    ck_assert_ptr_nonnull(strchr(why.text, ';'));
    close_ledger(&fixture);
}
END_TEST

/* As many accounts as configured fit, whatever their numbers are. */
START_TEST(the_promised_accounts)
{
    enum { COUNT = 3000 };
    struct fixture fixture;
    struct ll_ledger_config config = {
        .owners = LL_LEDGER_OWNERS_MAX, .assets = (uint64_t)COUNT << 6, .accounts = (uint64_t)2 * COUNT};
    open_ledger(&fixture, &config);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t owners[] = {i, UINT32_MAX - i, 0, i << 20};
        const uint32_t assets[] = {0, i, i << 6, i};
        ll_ledger_begin(&fixture.ledger, fixture.entries, ENTRIES);
        ck_assert_int_eq(ll_ledger_deposit(&fixture.ledger, owners[_i], assets[_i], i + 1, NULL), LL_OK);
        ck_assert_uint_eq(ll_ledger_commit(&fixture.ledger), 2);
        ck_assert_int_eq(balance(&fixture, owners[_i], assets[_i], AVAILABLE), i + 1);
    }
    ck_assert_uint_eq(ll_ledger_account_count(&fixture.ledger), config.accounts);
    close_ledger(&fixture);
}
END_TEST

START_TEST(an_account_may_be_opened_before)
{
    struct fixture fixture;
    const struct ll_ledger_config config = {.owners = 2, .assets = 2, .accounts = 2};
    open_ledger(&fixture, &config);
    ck_assert_int_eq(ll_ledger_open(&fixture.ledger, 2, 0, AVAILABLE, NULL), LL_ERR_INPUT);
    ck_assert_int_eq(ll_ledger_open(&fixture.ledger, 0, 2, AVAILABLE, NULL), LL_ERR_INPUT);
    ck_assert_int_eq(ll_ledger_open(&fixture.ledger, 0, 0, AVAILABLE, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_open(&fixture.ledger, 0, 0, AVAILABLE, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_open(&fixture.ledger, 0, 0, LL_LEDGER_EXTERNAL, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_open(&fixture.ledger, 1, 0, AVAILABLE, NULL), LL_ERR_FULL);
    ck_assert_uint_eq(ll_ledger_account_count(&fixture.ledger), 2);
    ck_assert_uint_eq(ll_ledger_find(&fixture.ledger, 0, 0, AVAILABLE)->version, 0);
    ck_assert_int_eq(ll_ledger_check(&fixture.ledger, NULL, NULL), LL_OK);
    ll_ledger_begin(&fixture.ledger, fixture.entries, ENTRIES);
    ck_assert_int_eq(ll_ledger_deposit(&fixture.ledger, 0, 0, 5, NULL), LL_OK);
    ck_assert_uint_eq(ll_ledger_commit(&fixture.ledger), 2);
    ck_assert_int_eq(balance(&fixture, 0, 0, AVAILABLE), 5);
    ck_assert_int_eq(ll_ledger_check(&fixture.ledger, NULL, NULL), LL_OK);
    close_ledger(&fixture);
}
END_TEST

/* --- Each command --------------------------------------------------------------------------------------- */

START_TEST(deposit_and_withdraw)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    ck_assert_uint_eq(fixture.entry_count, 2);
    const struct ll_ledger_entry want[2] = {{ALICE, CASH, EXTERNAL, 0, -100, -100, 1},
                                            {ALICE, CASH, AVAILABLE, 1, 100, 100, 1}};
    ck_assert_int_eq(memcmp(fixture.entries, want, sizeof want), 0);
    refuse(&fixture, transfer(WITHDRAW, ALICE, CASH, 101), LL_ERR_FUNDS); /* one too many */
    refuse(&fixture, transfer(WITHDRAW, BOB, CASH, 1), LL_ERR_FUNDS);
    refuse(&fixture, transfer(WITHDRAW, ALICE, GOLD, 1), LL_ERR_FUNDS);
    book(&fixture, transfer(WITHDRAW, ALICE, CASH, 100)); /* exactly */
    const struct ll_ledger_account *account = ll_ledger_find(&fixture.ledger, ALICE, CASH, AVAILABLE);
    ck_assert_ptr_eq(account, ll_ledger_account_at(&fixture.ledger, 1));
    ck_assert_int_eq(account->balance, 0);
    ck_assert_uint_eq(account->version, 2);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 0)); /* nothing */
    ck_assert_uint_eq(fixture.entry_count, 0);
    close_ledger(&fixture);
}
END_TEST

START_TEST(lock_and_unlock)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    refuse(&fixture, transfer(LOCK, ALICE, CASH, 101), LL_ERR_FUNDS);
    book(&fixture, transfer(LOCK, ALICE, CASH, 100));
    balances(&fixture, ALICE, CASH, 0, 100);
    refuse(&fixture, transfer(WITHDRAW, ALICE, CASH, 1), LL_ERR_FUNDS); /* what is locked is not there */
    refuse(&fixture, transfer(LOCK, ALICE, CASH, 1), LL_ERR_FUNDS);
    refuse(&fixture, transfer(UNLOCK, ALICE, CASH, 101), LL_ERR_FUNDS);
    book(&fixture, transfer(UNLOCK, ALICE, CASH, 40));
    balances(&fixture, ALICE, CASH, 40, 60);
    close_ledger(&fixture);
}
END_TEST

START_TEST(a_buyer_fills)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 1000));
    book(&fixture, transfer(LOCK, ALICE, CASH, 500));        /* 10 lots at 50 */
    book(&fixture, trade(SETTLE, LL_SIDE_BUY, 4, 188, 200)); /* at 47 */
    const struct ll_ledger_entry want[5] = {{ALICE, CASH, LOCKED, 2, -200, 300, 2},
                                            {ALICE, CASH, AVAILABLE, 1, 12, 512, 3},
                                            {VENUE, CASH, PROVIDER, 3, 188, 188, 1},
                                            {VENUE, GOLD, PROVIDER, 4, -4, -4, 1},
                                            {ALICE, GOLD, AVAILABLE, 5, 4, 4, 1}};
    ck_assert_uint_eq(fixture.entry_count, 5);
    ck_assert_int_eq(memcmp(fixture.entries, want, sizeof want), 0);
    book(&fixture, trade(SETTLE, LL_SIDE_BUY, 6, 300, 300)); /* at the limit: AVAILABLE stays untouched */
    ck_assert_uint_eq(fixture.entry_count, 4);
    balances(&fixture, ALICE, CASH, 512, 0);
    balances(&fixture, ALICE, GOLD, 10, 0);
    book(&fixture, trade(SETTLE, LL_SIDE_BUY, 1, 512, 0)); /* beyond the lock: paid from what is free */
    balances(&fixture, ALICE, CASH, 0, 0);
    refuse(&fixture, trade(SETTLE, LL_SIDE_BUY, 1, 1, 0), LL_ERR_FUNDS);
    refuse(&fixture, trade(SETTLE, LL_SIDE_BUY, 1, 0, 1), LL_ERR_FUNDS); /* more unlocked than locked */
    book(&fixture, trade(SETTLE, LL_SIDE_BUY, 1, 0, 0));                 /* a gift has a price of 0 */
    ck_assert_uint_eq(fixture.entry_count, 2);
    close_ledger(&fixture);
}
END_TEST

START_TEST(a_seller_fills)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, GOLD, 10));
    book(&fixture, transfer(LOCK, ALICE, GOLD, 8));
    book(&fixture, trade(SETTLE, LL_SIDE_SELL, 3, 150, 3));
    balances(&fixture, ALICE, GOLD, 2, 5);
    balances(&fixture, ALICE, CASH, 150, 0);
    ck_assert_int_eq(balance(&fixture, VENUE, GOLD, PROVIDER), 3);
    ck_assert_int_eq(balance(&fixture, VENUE, CASH, PROVIDER), -150);
    book(&fixture, trade(SETTLE, LL_SIDE_SELL, 7, 70, 5)); /* two more than locked, and two were free */
    balances(&fixture, ALICE, GOLD, 0, 0);
    refuse(&fixture, trade(SETTLE, LL_SIDE_SELL, 1, 1, 0), LL_ERR_FUNDS);
    close_ledger(&fixture);
}
END_TEST

START_TEST(a_fill_is_busted)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    book(&fixture, transfer(LOCK, ALICE, CASH, 60));
    book(&fixture, trade(SETTLE, LL_SIDE_BUY, 6, 54, 60));
    book(&fixture, trade(BUST, LL_SIDE_BUY, 6, 54, 0));
    balances(&fixture, ALICE, CASH, 100, 0);
    balances(&fixture, ALICE, GOLD, 0, 0);
    ck_assert_int_eq(balance(&fixture, VENUE, CASH, PROVIDER), 0);
    refuse(&fixture, trade(BUST, LL_SIDE_BUY, 6, 54, 0), LL_ERR_FUNDS); /* the lots are gone */
    refuse(&fixture, trade(BUST, LL_SIDE_BUY, 6, 54, 6), LL_ERR_INPUT); /* no lock comes back */
    book(&fixture, transfer(DEPOSIT, ALICE, GOLD, 2));
    book(&fixture, trade(SETTLE, LL_SIDE_SELL, 2, 20, 0));
    book(&fixture, trade(BUST, LL_SIDE_SELL, 2, 20, 0));
    balances(&fixture, ALICE, CASH, 100, 0);
    balances(&fixture, ALICE, GOLD, 2, 0);
    close_ledger(&fixture);
}
END_TEST

START_TEST(a_fill_is_corrected)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    book(&fixture, trade(SETTLE, LL_SIDE_BUY, 10, 100, 0));
    book(&fixture, transfer(WITHDRAW, ALICE, GOLD, 10));
    /* Neither the lots nor all of the money are there, but only the difference is asked for. */
    struct command correct = {.op = CORRECT,
                              .fill = fill_of(ALICE, LL_SIDE_BUY, 10, 100, 0),
                              .is = fill_of(ALICE, LL_SIDE_BUY, 10, 99, 0)};
    book(&fixture, correct);
    ck_assert_uint_eq(fixture.entry_count, 2);
    balances(&fixture, ALICE, CASH, 1, 0);
    correct = (struct command){.op = CORRECT, .fill = correct.is, .is = correct.is};
    book(&fixture, correct);
    ck_assert_uint_eq(fixture.entry_count, 0); /* nothing is different */
    correct.is.value = 101;
    refuse(&fixture, correct, LL_ERR_FUNDS);
    correct.is.value = 100;
    correct.is.lots = 9;
    refuse(&fixture, correct, LL_ERR_FUNDS); /* the tenth lot is gone */
    correct.is.lots = 11;
    book(&fixture, correct);
    balances(&fixture, ALICE, CASH, 0, 0);
    balances(&fixture, ALICE, GOLD, 1, 0);
    /* It was a sale in truth, with a live order behind it: every account a command can touch. */
    book(&fixture, transfer(DEPOSIT, ALICE, GOLD, 30));
    book(&fixture, transfer(LOCK, ALICE, GOLD, 5));
    correct = (struct command){.op = CORRECT,
                               .fill = fill_of(ALICE, LL_SIDE_BUY, 11, 100, 0),
                               .is = fill_of(ALICE, LL_SIDE_SELL, 5, 60, 5)};
    book(&fixture, correct);
    ck_assert_uint_eq(fixture.entry_count, 5);
    balances(&fixture, ALICE, CASH, 160, 0);
    balances(&fixture, ALICE, GOLD, 15, 0);
    correct.is.owner = BOB;
    refuse(&fixture, correct, LL_ERR_INPUT);
    correct.is.owner = ALICE;
    correct.is.provider = HOUSE;
    refuse(&fixture, correct, LL_ERR_INPUT);
    correct.is.provider = VENUE;
    correct.is.asset = SALT;
    refuse(&fixture, correct, LL_ERR_INPUT);
    close_ledger(&fixture);
}
END_TEST

START_TEST(a_fill_of_nobody_finds_its_owner)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, trade(SUSPEND, LL_SIDE_BUY, 4, 40, 0));
    ck_assert_int_eq(balance(&fixture, VENUE, CASH, SUSPENSE), -40);
    ck_assert_int_eq(balance(&fixture, VENUE, GOLD, SUSPENSE), 4);
    ck_assert_int_eq(balance(&fixture, VENUE, CASH, PROVIDER), 40);
    refuse(&fixture, trade(CLAIM, LL_SIDE_BUY, 4, 40, 0), LL_ERR_FUNDS); /* the owner cannot pay */
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 50));
    book(&fixture, transfer(LOCK, ALICE, CASH, 44));
    book(&fixture, trade(CLAIM, LL_SIDE_BUY, 4, 40, 44));
    ck_assert_int_eq(balance(&fixture, VENUE, CASH, SUSPENSE), 0);
    ck_assert_int_eq(balance(&fixture, VENUE, GOLD, SUSPENSE), 0);
    balances(&fixture, ALICE, CASH, 10, 0);
    balances(&fixture, ALICE, GOLD, 4, 0);
    book(&fixture, trade(SUSPEND, LL_SIDE_SELL, 4, 40, 0));
    ck_assert_int_eq(balance(&fixture, VENUE, GOLD, SUSPENSE), -4);
    book(&fixture, trade(SUSPEND, LL_SIDE_BUY, 4, 40, 0)); /* it is busted */
    ck_assert_int_eq(balance(&fixture, VENUE, GOLD, SUSPENSE), 0);
    refuse(&fixture, trade(SUSPEND, LL_SIDE_BUY, 4, 40, 1), LL_ERR_INPUT);
    close_ledger(&fixture);
}
END_TEST

START_TEST(fees_and_rebates)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 10));
    struct command fee = transfer(FEE, ALICE, CASH, 10);
    fee.payee = HOUSE;
    book(&fixture, fee);
    ck_assert_int_eq(balance(&fixture, HOUSE, CASH, FEES), 10);
    refuse(&fixture, fee, LL_ERR_FUNDS);
    fee.amount = -11; /* more than was ever paid */
    refuse(&fixture, fee, LL_ERR_FUNDS);
    ck_assert_int_eq(ll_ledger_permit(&fixture.ledger, HOUSE, CASH, FEES, -1, NULL), LL_OK);
    book(&fixture, fee);
    balances(&fixture, ALICE, CASH, 11, 0);
    fee.amount = INT64_MIN;
    refuse(&fixture, fee, LL_ERR_OVERFLOW);
    close_ledger(&fixture);
}
END_TEST

START_TEST(a_credit_by_name)
{
    struct fixture fixture;
    struct ll_why why = {0};
    open_ledger(&fixture, &small);
    struct ll_ledger *ledger = &fixture.ledger;
    uint64_t hash = ll_ledger_hash(ledger);
    ck_assert_int_eq(ll_ledger_permit(ledger, ALICE, CASH, AVAILABLE, -50, &why), LL_OK);
    ck_assert_uint_ne(ll_ledger_hash(ledger), hash);
    refuse(&fixture, transfer(LOCK, ALICE, CASH, 51), LL_ERR_FUNDS);
    book(&fixture, transfer(LOCK, ALICE, CASH, 50));
    balances(&fixture, ALICE, CASH, -50, 50);
    refuse(&fixture, transfer(LOCK, BOB, CASH, 1), LL_ERR_FUNDS); /* only whom it was given to */
    ck_assert_int_eq(ll_ledger_permit(ledger, ALICE, CASH, AVAILABLE, -49, &why), LL_ERR_FUNDS);
    ck_assert_int_eq(ll_ledger_permit(ledger, ALICE, CASH, AVAILABLE, 1, NULL), LL_ERR_INPUT);
    for (uint32_t kind = 0; kind <= LL_LEDGER_KIND_COUNT; kind++)
        if (kind != AVAILABLE && kind != FEES)
            ck_assert_int_eq(ll_ledger_permit(ledger, ALICE, CASH, kind, -1, NULL), LL_ERR_INPUT);
    ck_assert_int_eq(ll_ledger_permit(ledger, 4, CASH, AVAILABLE, -1, NULL), LL_ERR_INPUT);
    ck_assert_int_eq(ll_ledger_permit(ledger, ALICE, 3, AVAILABLE, -1, NULL), LL_ERR_INPUT);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 50));
    ck_assert_int_eq(ll_ledger_permit(ledger, ALICE, CASH, AVAILABLE, 0, &why), LL_OK);
    refuse(&fixture, transfer(WITHDRAW, ALICE, CASH, 1), LL_ERR_FUNDS);
    close_ledger(&fixture);
}
END_TEST

START_TEST(bad_input)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    for (enum op op = DEPOSIT; op <= UNLOCK; op++) {
        refuse(&fixture, transfer(op, ALICE, CASH, -1), LL_ERR_INPUT);
        refuse(&fixture, transfer(op, ALICE, CASH, INT64_MIN), LL_ERR_INPUT);
        refuse(&fixture, transfer(op, 4, CASH, 1), LL_ERR_INPUT);
        refuse(&fixture, transfer(op, UINT32_MAX, CASH, 1), LL_ERR_INPUT);
        refuse(&fixture, transfer(op, ALICE, 3, 1), LL_ERR_INPUT);
        refuse(&fixture, transfer(op, ALICE, UINT32_MAX, 1), LL_ERR_INPUT);
    }
    struct command fee = transfer(FEE, ALICE, CASH, 1);
    fee.payee = 4; /* found when the payer's leg is booked already */
    refuse(&fixture, fee, LL_ERR_INPUT);
    for (enum op op = SETTLE; op <= CORRECT; op++) {
        struct command good = trade(op, LL_SIDE_BUY, 1, 1, 0);
        good.is = good.fill;
        struct command bad = good;
        bad.fill.asset = CASH;
        refuse(&fixture, bad, LL_ERR_INPUT);
        bad = good;
        bad.fill.side = 2;
        refuse(&fixture, bad, LL_ERR_INPUT);
        bad = good;
        bad.fill.lots = 0;
        refuse(&fixture, bad, LL_ERR_INPUT);
        bad = good;
        bad.fill.lots = -1;
        refuse(&fixture, bad, LL_ERR_INPUT);
        bad = good;
        bad.fill.value = -1;
        refuse(&fixture, bad, LL_ERR_INPUT);
        bad = good;
        bad.fill.lock = -1;
        refuse(&fixture, bad, LL_ERR_INPUT);
        bad = good;
        bad.fill.provider = 4;
        bad.is.provider = 4;
        bad.is.value = 2;
        refuse(&fixture, bad, LL_ERR_INPUT);
    }
    close_ledger(&fixture);
}
END_TEST

/* --- The limits of 64 bits ------------------------------------------------------------------------------ */

START_TEST(amounts_at_the_limit)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, INT64_MAX));
    refuse(&fixture, transfer(DEPOSIT, ALICE, CASH, 1), LL_ERR_OVERFLOW);
    refuse(&fixture, transfer(DEPOSIT, ALICE, CASH, 2), LL_ERR_OVERFLOW); /* EXTERNAL wraps first */
    book(&fixture, transfer(LOCK, ALICE, CASH, INT64_MAX));
    balances(&fixture, ALICE, CASH, 0, INT64_MAX);
    refuse(&fixture, trade(SETTLE, LL_SIDE_BUY, INT64_MAX, INT64_MAX, 0), LL_ERR_FUNDS);
    book(&fixture, trade(SETTLE, LL_SIDE_BUY, INT64_MAX, INT64_MAX, INT64_MAX));
    balances(&fixture, ALICE, GOLD, INT64_MAX, 0);
    ck_assert_int_eq(balance(&fixture, VENUE, GOLD, PROVIDER), -INT64_MAX);
    refuse(&fixture, trade(SETTLE, LL_SIDE_BUY, 1, 0, 0), LL_ERR_OVERFLOW);
    refuse(&fixture, trade(SUSPEND, LL_SIDE_BUY, 1, 1, 0), LL_ERR_OVERFLOW);
    book(&fixture, trade(SUSPEND, LL_SIDE_BUY, 1, 0, 0)); /* the provider's lots reach the lowest number */
    ck_assert_int_eq(balance(&fixture, VENUE, GOLD, PROVIDER), INT64_MIN);
    refuse(&fixture, trade(SUSPEND, LL_SIDE_BUY, 1, 0, 0), LL_ERR_OVERFLOW);
    book(&fixture, trade(BUST, LL_SIDE_BUY, INT64_MAX, INT64_MAX, 0));
    balances(&fixture, ALICE, CASH, INT64_MAX, 0);
    /* Amounts that only a command's own sum cannot hold. */
    struct command correct = {.op = CORRECT,
                              .fill = fill_of(ALICE, LL_SIDE_SELL, INT64_MAX, 1, 0),
                              .is = fill_of(ALICE, LL_SIDE_BUY, INT64_MAX, 1, 0)};
    refuse(&fixture, correct, LL_ERR_OVERFLOW);
    close_ledger(&fixture);
}
END_TEST

START_TEST(the_lowest_credit)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    ck_assert_int_eq(ll_ledger_permit(&fixture.ledger, ALICE, GOLD, AVAILABLE, INT64_MIN, NULL), LL_OK);
    book(&fixture, transfer(LOCK, ALICE, GOLD, INT64_MAX));
    refuse(&fixture, transfer(LOCK, ALICE, GOLD, 1), LL_ERR_OVERFLOW); /* of LOCKED */
    book(&fixture, transfer(WITHDRAW, ALICE, GOLD, 1));
    ck_assert_int_eq(balance(&fixture, ALICE, GOLD, AVAILABLE), INT64_MIN);
    refuse(&fixture, transfer(WITHDRAW, ALICE, GOLD, 1), LL_ERR_OVERFLOW);
    close_ledger(&fixture);
}
END_TEST

/* --- Steps ---------------------------------------------------------------------------------------------- */

START_TEST(a_step_is_all_or_nothing)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    struct ll_ledger *ledger = &fixture.ledger;
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    memcpy(fixture.before, fixture.memory, fixture.bytes);
    ll_ledger_begin(ledger, fixture.entries, ENTRIES);
    ck_assert_int_eq(ll_ledger_lock(ledger, ALICE, CASH, 60, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_deposit(ledger, BOB, GOLD, 5, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_lock(ledger, BOB, GOLD, 5, NULL), LL_OK); /* sees the command before */
    ck_assert_int_eq(ll_ledger_lock(ledger, ALICE, CASH, 41, NULL), LL_ERR_FUNDS);
    balances(&fixture, ALICE, CASH, 40, 60); /* only the command is undone, */
    ll_ledger_abort(ledger);                 /* until the step is */
    ck_assert_int_eq(memcmp(fixture.before, fixture.memory, fixture.bytes), 0);
    ll_ledger_begin(ledger, fixture.entries, ENTRIES);
    ck_assert_int_eq(ll_ledger_lock(ledger, ALICE, CASH, 60, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_lock(ledger, ALICE, CASH, 41, NULL), LL_ERR_FUNDS);
    ck_assert_int_eq(ll_ledger_lock(ledger, ALICE, CASH, 40, NULL), LL_OK);
    ck_assert_uint_eq(ll_ledger_commit(ledger), 4);
    ck_assert_uint_eq(fixture.entries[3].version, 2);
    balances(&fixture, ALICE, CASH, 0, 100);
    ll_ledger_begin(ledger, fixture.entries, 0);
    ll_ledger_abort(ledger);
    close_ledger(&fixture);
}
END_TEST

START_TEST(entries_run_out)
{
    struct fixture fixture;
    struct ll_why why = {0};
    open_ledger(&fixture, &small);
    ll_ledger_begin(&fixture.ledger, fixture.entries, 3);
    ck_assert_int_eq(ll_ledger_deposit(&fixture.ledger, ALICE, CASH, 1, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_deposit(&fixture.ledger, BOB, CASH, 1, &why), LL_ERR_FULL);
    ck_assert_ptr_nonnull(strchr(why.text, ';'));
    ck_assert_uint_eq(ll_ledger_commit(&fixture.ledger), 2);
    ck_assert_ptr_null(ll_ledger_find(&fixture.ledger, BOB, CASH, EXTERNAL));
    close_ledger(&fixture);
}
END_TEST

/* --- Memory --------------------------------------------------------------------------------------------- */

START_TEST(a_copy_goes_on)
{
    struct fixture fixture;
    struct fixture other;
    struct ll_why why = {0};
    open_ledger(&fixture, &small);
    open_ledger(&other, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    memcpy(other.memory, fixture.memory, fixture.bytes);
    memset(&other.ledger, GUARD, sizeof other.ledger);
    ck_assert_int_eq(ll_ledger_attach(&other.ledger, other.memory, other.bytes, &why), LL_OK);
    ck_assert_uint_eq(ll_ledger_hash(&other.ledger), ll_ledger_hash(&fixture.ledger));
    book(&fixture, transfer(LOCK, ALICE, CASH, 30));
    ck_assert_uint_ne(ll_ledger_hash(&other.ledger), ll_ledger_hash(&fixture.ledger));
    book(&other, transfer(LOCK, ALICE, CASH, 30));
    ck_assert_int_eq(memcmp(other.memory, fixture.memory, fixture.bytes), 0);
    close_ledger(&fixture);
    close_ledger(&other);
}
END_TEST

START_TEST(memory_that_is_no_ledger)
{
    struct fixture fixture;
    struct ll_ledger ledger;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    for (size_t bytes = 0; bytes < fixture.bytes; bytes += bytes < 70 ? 1 : 997) {
        struct ll_why why = {0};
        ck_assert_int_eq(ll_ledger_attach(&ledger, fixture.memory, bytes, &why), LL_ERR_CORRUPT);
        ck_assert_ptr_nonnull(strchr(why.text, ';'));
    }
    ck_assert_int_eq(ll_ledger_attach(&ledger, fixture.memory, fixture.bytes - 1, NULL), LL_ERR_CORRUPT);
    memcpy(fixture.before, fixture.memory, fixture.bytes);
    static const size_t header[] = {0, 8, 12, 20, 24, 29, 32, 36, 40}; /* words that attach judges by */
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        fixture.memory[header[i] + 3] ^= 0x80;
        ck_assert_msg(ll_ledger_attach(&ledger, fixture.memory, fixture.bytes, NULL) == LL_ERR_CORRUPT,
                      "byte %zu", header[i] + 3);
        memcpy(fixture.memory, fixture.before, fixture.bytes);
    }
    close_ledger(&fixture);
}
END_TEST

START_TEST(the_hash_is_of_the_meaning)
{
    struct fixture one;
    struct fixture other;
    struct ll_ledger_config large = {.owners = 1000, .assets = 100, .accounts = 5000};
    open_ledger(&one, &small);
    open_ledger(&other, &large);
    book(&one, transfer(DEPOSIT, ALICE, CASH, 100));
    book(&one, transfer(DEPOSIT, BOB, GOLD, 7));
    book(&other, transfer(DEPOSIT, BOB, GOLD, 7)); /* accounts in another order */
    book(&other, transfer(DEPOSIT, ALICE, CASH, 100));
    ck_assert_uint_eq(ll_ledger_hash(&one.ledger), ll_ledger_hash(&other.ledger));
    book(&one, transfer(DEPOSIT, ALICE, CASH, 1));
    ck_assert_uint_ne(ll_ledger_hash(&one.ledger), ll_ledger_hash(&other.ledger));
    book(&one, transfer(WITHDRAW, ALICE, CASH, 1)); /* the same balances, after more changes */
    ck_assert_uint_ne(ll_ledger_hash(&one.ledger), ll_ledger_hash(&other.ledger));
    close_ledger(&one);
    close_ledger(&other);
}
END_TEST

START_TEST(locked_is_what_live_orders_hold)
{
    struct fixture fixture;
    struct ll_why why = {0};
    int64_t expected[40] = {0};
    open_ledger(&fixture, &small);
    struct ll_ledger *ledger = &fixture.ledger;
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    book(&fixture, transfer(LOCK, ALICE, CASH, 30));
    ck_assert_int_eq(ll_ledger_check(ledger, expected, &why), LL_ERR_CORRUPT);
    ck_assert_int_eq(ll_ledger_expect_locked(ledger, expected, ALICE, CASH, 10, &why), LL_OK);
    ck_assert_int_eq(ll_ledger_expect_locked(ledger, expected, ALICE, CASH, 19, &why), LL_OK);
    ck_assert_int_eq(ll_ledger_check(ledger, expected, NULL), LL_ERR_CORRUPT);
    ck_assert_int_eq(ll_ledger_expect_locked(ledger, expected, ALICE, CASH, 1, &why), LL_OK);
    ck_assert_int_eq(ll_ledger_check(ledger, expected, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_expect_locked(ledger, expected, BOB, CASH, 0, NULL), LL_OK);
    ck_assert_int_eq(ll_ledger_expect_locked(ledger, expected, BOB, CASH, 1, NULL), LL_ERR_CORRUPT);
    ck_assert_int_eq(ll_ledger_expect_locked(ledger, expected, ALICE, CASH, INT64_MAX, NULL),
                     LL_ERR_OVERFLOW);
    close_ledger(&fixture);
}
END_TEST

/* --- Damage --------------------------------------------------------------------------------------------- */

static void damage(struct fixture *fixture, const void *at, uint64_t value, size_t bytes, const char *what)
{
    struct ll_why why = {0};
    size_t offset = (size_t)((const uint8_t *)at - fixture->memory);
    memcpy(fixture->before, fixture->memory, fixture->bytes);
    memcpy(fixture->memory + offset, &value, bytes);
    ck_assert_msg(memcmp(fixture->before, fixture->memory, fixture->bytes) != 0, "no damage: %s", what);
    ck_assert_msg(ll_ledger_check(&fixture->ledger, NULL, &why) == LL_ERR_CORRUPT, "not seen: %s", what);
    ck_assert_msg(why.text[0] != 0, "no reason: %s", what);
    memcpy(fixture->memory, fixture->before, fixture->bytes);
    check_clean(fixture);
}

START_TEST(damage_is_seen)
{
    struct fixture fixture;
    open_ledger(&fixture, &small);
    book(&fixture, transfer(DEPOSIT, ALICE, CASH, 100));
    book(&fixture, transfer(LOCK, ALICE, CASH, 30));
    book(&fixture, trade(SUSPEND, LL_SIDE_BUY, 3, 30, 0));
    const struct ll_ledger_account *a = ll_ledger_find(&fixture.ledger, ALICE, CASH, AVAILABLE);
    const struct ll_ledger_account *locked = ll_ledger_find(&fixture.ledger, ALICE, CASH, LOCKED);
    damage(&fixture, &a->balance, 71, 8, "a unit out of nothing");
    damage(&fixture, &a->balance, 70 + ((uint64_t)1 << 32), 8, "a unit out of nothing, higher up");
    damage(&fixture, &a->balance, (uint64_t)-1, 8, "below zero");
    damage(&fixture, &a->lowest, 71, 8, "a lowest balance above zero");
    damage(&fixture, &locked->lowest, (uint64_t)-1, 8, "LOCKED that may fall below zero");
    damage(&fixture, &a->version, 7, 8, "a version");
    damage(&fixture, &a->version, 0, 8, "a balance that never changed");
    damage(&fixture, &a->owner, BOB, 4, "an owner, so that it is not where it is looked for");
    damage(&fixture, &a->owner, 4, 4, "an owner out of range");
    damage(&fixture, &a->asset, 3, 4, "an asset out of range");
    damage(&fixture, &a->kind, LL_LEDGER_KIND_COUNT, 4, "a kind out of range");
    damage(&fixture, &a->reserved, 1, 4, "reserved bytes");
    const uint32_t *slots = (const uint32_t *)(const void *)(fixture.memory + 64);
    uint32_t used = 0;
    uint32_t empty = 0;
    while (slots[used] == 0)
        used++;
    while (slots[empty] != 0)
        empty++;
    damage(&fixture, &slots[used], 0, 4, "a slot emptied");
    damage(&fixture, &slots[empty], 1, 4, "an account in two slots");
    damage(&fixture, &slots[used], 41, 4, "a slot out of range");
    damage(&fixture, &slots[used], UINT32_MAX, 4, "a slot far out of range");
    damage(&fixture, &slots[used], slots[used] == 1 ? 2 : 1, 4, "a slot of another account");
    damage(&fixture, fixture.memory + 12, ll_ledger_account_count(&fixture.ledger) + 1, 4, "the count");
    damage(&fixture, fixture.memory + 48, 1, 8, "the count of changes");
    memset(fixture.memory + fixture.bytes - 16, GUARD, 16); /* scratch of the check: no meaning, no damage */
    close_ledger(&fixture);
}
END_TEST

/* --- Random commands against a model -------------------------------------------------------------------- */

__extension__ typedef __int128 wide;

enum { MODEL_ACCOUNTS = 4 * 3 * 6 };

struct model_account {
    uint32_t owner;
    uint32_t asset;
    uint32_t kind;
    bool used;
    wide balance;
    wide lowest;
    uint64_t version;
};

struct model {
    struct model_account account[MODEL_ACCOUNTS];
    bool bad;
};

static struct model_account *model_at(struct model *model, uint32_t owner, uint32_t asset, uint32_t kind)
{
    for (int i = 0; i < MODEL_ACCOUNTS; i++) {
        struct model_account *account = &model->account[i];
        if (account->used && account->owner == owner && account->asset == asset && account->kind == kind)
            return account;
        if (!account->used) {
            *account = (struct model_account){
                .owner = owner, .asset = asset, .kind = kind, .used = true, .lowest = 0};
            if (kind == SUSPENSE || kind == PROVIDER || kind == EXTERNAL)
                account->lowest = INT64_MIN;
            return account;
        }
    }
    ck_abort_msg("the model is too small");
    return NULL;
}

static void model_give(struct model *model, uint32_t owner, uint32_t asset, uint32_t kind, wide amount)
{
    model_at(model, owner, asset, kind)->balance += amount;
}

static void model_fill(struct model *model, const struct ll_ledger_fill *f, uint32_t own_kind, uint32_t other)
{
    uint32_t own = own_kind == SUSPENSE ? f->provider : f->owner;
    wide sign = f->side == LL_SIDE_BUY ? 1 : -1;
    model->bad |= f->asset == CASH || f->lots < 1 || f->value < 0 || f->lock < 0;
    model_give(model, own, f->asset, own_kind, sign * f->lots);
    model_give(model, f->provider, f->asset, other, -sign * f->lots);
    model_give(model, own, CASH, own_kind, -sign * f->value);
    model_give(model, f->provider, CASH, other, sign * f->value);
    model_give(model, f->owner, f->side == LL_SIDE_BUY ? CASH : f->asset, LOCKED, -(wide)f->lock);
    model_give(model, f->owner, f->side == LL_SIDE_BUY ? CASH : f->asset, AVAILABLE, f->lock);
}

static void model_bust(struct model *model, struct ll_ledger_fill f)
{
    model->bad |= f.lock != 0;
    f.side = 1 - f.side;
    model_fill(model, &f, AVAILABLE, PROVIDER);
}

static void model_run(struct model *model, const struct command *c)
{
    static const uint32_t from[] = {EXTERNAL, AVAILABLE, AVAILABLE, LOCKED, AVAILABLE};
    static const uint32_t to[] = {AVAILABLE, EXTERNAL, LOCKED, AVAILABLE, FEES};
    switch (c->op) {
    case SETTLE:
        model_fill(model, &c->fill, AVAILABLE, PROVIDER);
        break;
    case CLAIM:
        model_fill(model, &c->fill, AVAILABLE, SUSPENSE);
        break;
    case SUSPEND:
        model->bad |= c->fill.lock != 0;
        model_fill(model, &c->fill, SUSPENSE, PROVIDER);
        break;
    case CORRECT:
        model_bust(model, c->fill);
        model_fill(model, &c->is, AVAILABLE, PROVIDER);
        break;
    case BUST:
        model_bust(model, c->fill);
        break;
    default:
        model->bad |= c->amount < 0 && c->op != FEE;
        model_give(model, c->fill.owner, c->fill.asset, from[c->op], -(wide)c->amount);
        model_give(model, c->op == FEE ? c->payee : c->fill.owner, c->fill.asset, to[c->op], c->amount);
    }
}

/* Runs the command on the model when every balance then is legal; returns how many changed, or -1. */
static int model_try(struct model *model, const struct command *command)
{
    struct model next = *model;
    int changed = 0;
    model_run(&next, command);
    for (int i = 0; i < MODEL_ACCOUNTS; i++) {
        struct model_account *account = &next.account[i];
        if (next.bad || account->balance < account->lowest || account->balance < INT64_MIN ||
            account->balance > INT64_MAX)
            return -1;
        if (account->balance != model->account[i].balance) {
            account->version++;
            changed++;
        }
    }
    *model = next;
    return changed;
}

static void model_compare(struct model *model, const struct fixture *fixture)
{
    wide sum[3] = {0};
    const struct ll_ledger *ledger = &fixture->ledger;
    for (uint32_t i = 0; i < MODEL_ACCOUNTS; i++) {
        const struct model_account *m = &model->account[i];
        const struct ll_ledger_account *account =
            m->used ? ll_ledger_find(ledger, m->owner, m->asset, m->kind) : NULL;
        ck_assert(m->version == 0 || account != NULL);
        ck_assert_int_eq(account != NULL ? account->balance : 0, (int64_t)m->balance);
        ck_assert_uint_eq(account != NULL ? account->version : 0, m->version);
    }
    for (uint32_t i = 0; i < ll_ledger_account_count(ledger); i++)
        sum[ll_ledger_account_at(ledger, i)->asset] += ll_ledger_account_at(ledger, i)->balance;
    for (uint32_t asset = 0; asset < 3; asset++)
        ck_assert(sum[asset] == 0);
}

/* Every new entry says what the model now has. */
static void model_compare_entries(struct model *model, const struct ll_ledger_entry *entries, int count)
{
    for (int i = 0; i < count; i++) {
        const struct model_account *m = model_at(model, entries[i].owner, entries[i].asset, entries[i].kind);
        ck_assert_int_eq(entries[i].balance_after, (int64_t)m->balance);
        ck_assert_uint_eq(entries[i].version, m->version);
        ck_assert_int_ne(entries[i].amount, 0);
    }
}

/* Mostly amounts of the same small size, so that about half the commands succeed; sometimes the extremes. */
static int64_t random_amount(struct ll_prng *prng, bool extremes)
{
    static const int64_t edges[] = {0, -1, 1, INT64_MAX, INT64_MAX - 1, INT64_MAX / 2};
    if (extremes && ll_prng_chance(prng, 300))
        return edges[ll_prng_below(prng, 6)];
    return ll_prng_below(prng, 50);
}

static struct command random_command(struct ll_prng *prng, bool extremes)
{
    struct command command = {.op = (enum op)ll_prng_below(prng, OP_COUNT)};
    bool far = extremes && command.op != CORRECT; /* the model adds in 128 bits what a correction may not */
    command.payee = ll_prng_below(prng, 4);
    command.amount = random_amount(prng, far) * (command.op == FEE && ll_prng_chance(prng, 300) ? -1 : 1);
    command.fill = (struct ll_ledger_fill){.owner = ll_prng_below(prng, 2),
                                           .provider = 2 + ll_prng_below(prng, 2),
                                           .asset = ll_prng_below(prng, 3),
                                           .side = ll_prng_below(prng, 2),
                                           .lots = random_amount(prng, far),
                                           .value = random_amount(prng, far)};
    command.is = command.fill;
    if (ll_prng_chance(prng, 500))
        command.fill.lock = random_amount(prng, far);
    if (command.op == CORRECT) {
        command.fill.lock = 0;
        command.is.lots = random_amount(prng, false);
        command.is.value = random_amount(prng, false);
        command.is.lock = ll_prng_chance(prng, 300) ? random_amount(prng, false) : 0;
    }
    return command;
}

/* A step of up to six commands on both; sometimes taken back. Returns how many commands succeeded. */
static int random_step(struct fixture *fixture, struct model *model, struct ll_prng *prng, bool extremes)
{
    struct model model_before = *model;
    uint32_t commands = 1 + ll_prng_below(prng, 6);
    int done = 0;
    uint32_t entries = 0;
    memcpy(fixture->before, fixture->memory, fixture->bytes);
    ll_ledger_begin(&fixture->ledger, fixture->entries, ENTRIES);
    for (uint32_t i = 0; i < commands; i++) {
        struct command command = random_command(prng, extremes);
        int changed = model_try(model, &command);
        int status = run(&fixture->ledger, &command, NULL);
        ck_assert_msg((status == LL_OK) == (changed >= 0), "op %d: %s, the model says %d", command.op,
                      ll_err_name(status), changed);
        done += status == LL_OK;
        if (changed > 0)
            model_compare_entries(model, &fixture->entries[entries], changed);
        entries += changed > 0 ? (uint32_t)changed : 0;
    }
    if (ll_prng_chance(prng, 200)) {
        ll_ledger_abort(&fixture->ledger);
        *model = model_before;
        ck_assert_int_eq(memcmp(fixture->before, fixture->memory, fixture->bytes), 0);
        return 0;
    }
    ck_assert_uint_eq(ll_ledger_commit(&fixture->ledger), entries);
    return done;
}

START_TEST(random_steps_against_the_model)
{
    enum { STEPS = 20000 };
    struct ll_ledger_config config = {.owners = 4, .assets = 3, .accounts = MODEL_ACCOUNTS};
    struct fixture fixture;
    static struct model model;
    struct ll_prng prng;
    int done = 0;
    memset(&model, 0, sizeof model);
    ll_prng_init(&prng, ll_test_seed("random_steps_against_the_model") + (uint64_t)_i);
    open_ledger(&fixture, &config);
    for (int step = 0; step < STEPS; step++) {
        done += random_step(&fixture, &model, &prng, _i % 2 == 1);
        if (step % 16 == 0) {
            model_compare(&model, &fixture);
            check_clean(&fixture);
        }
        if (step % 1000 == 999) { /* goes on in another place */
            uint64_t hash = ll_ledger_hash(&fixture.ledger);
            uint8_t *moved = malloc(fixture.bytes + GUARD_BYTES);
            ck_assert_ptr_nonnull(moved);
            memcpy(moved, fixture.memory, fixture.bytes + GUARD_BYTES);
            memset(fixture.memory, GUARD, fixture.bytes);
            free(fixture.memory);
            fixture.memory = moved;
            ck_assert_int_eq(ll_ledger_attach(&fixture.ledger, moved, fixture.bytes, NULL), LL_OK);
            ck_assert_uint_eq(ll_ledger_hash(&fixture.ledger), hash);
        }
    }
    ck_assert_int_gt(done, STEPS / 4);
    model_compare(&model, &fixture);
    close_ledger(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger");
    TCase *tcase = tcase_create("ledger");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, configs_that_cannot_be);
    tcase_add_test(tcase, an_empty_ledger);
    tcase_add_test(tcase, accounts_run_out);
    tcase_add_loop_test(tcase, the_promised_accounts, 0, 4);
    tcase_add_test(tcase, an_account_may_be_opened_before);
    tcase_add_test(tcase, deposit_and_withdraw);
    tcase_add_test(tcase, lock_and_unlock);
    tcase_add_test(tcase, a_buyer_fills);
    tcase_add_test(tcase, a_seller_fills);
    tcase_add_test(tcase, a_fill_is_busted);
    tcase_add_test(tcase, a_fill_is_corrected);
    tcase_add_test(tcase, a_fill_of_nobody_finds_its_owner);
    tcase_add_test(tcase, fees_and_rebates);
    tcase_add_test(tcase, a_credit_by_name);
    tcase_add_test(tcase, bad_input);
    tcase_add_test(tcase, amounts_at_the_limit);
    tcase_add_test(tcase, the_lowest_credit);
    tcase_add_test(tcase, a_step_is_all_or_nothing);
    tcase_add_test(tcase, entries_run_out);
    tcase_add_test(tcase, a_copy_goes_on);
    tcase_add_test(tcase, memory_that_is_no_ledger);
    tcase_add_test(tcase, the_hash_is_of_the_meaning);
    tcase_add_test(tcase, locked_is_what_live_orders_hold);
    tcase_add_test(tcase, damage_is_seen);
    tcase_add_loop_test(tcase, random_steps_against_the_model, 0, 4);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
