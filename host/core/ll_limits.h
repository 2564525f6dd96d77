/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits: one list of what can be limited, and the set of values in force.
 *
 * Shape    begin, add..., commit: a whole new set each time, which takes the place of the old one at once. Before the
 *          first commit there is none, and everything is refused. An entry gives values for the firm, or for one
 *          account, strategy or symbol by name, or, with the name "*", for every one that has none of its own.
 *          Kinds of limits:
 *          ORDER  one order, or one account in one symbol. Values of the account, the strategy and the symbol stand
 *                 beside each other: the tightest of those that are set counts. Only when none is set the firm's does.
 *          TOTAL  a sum. The firm, the account, the strategy and the symbol have a sum each, and each is held
 *                 against its own value.
 *          FIRM   one value for all.
 *          All state is in the caller's memory, without pointers: a copy of it attached elsewhere is the same set.
 * Units    by limit: basis points, ticks, ns, lots, money (ticks x lots x multiplier), a count, or a switch (0, 1).
 * Errors   add, commit: LL_ERR_MALFORMED, LL_ERR_FULL; the set in force stays as it is.
 * Threads  one owner.
 * Source   which limits there have to be: Delegated Regulation (EU) 2017/589, Article 15(1); 17 CFR 240.15c3-5(c)(1).
 */
#ifndef LL_HOST_CORE_LIMITS_H
#define LL_HOST_CORE_LIMITS_H

#include "host/base/ll_err.h"
#include "host/wire/ll_command.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_LIMIT_SCOPES(S)     \
    S(FIRM, 0, "firm")         \
    S(ACCOUNT, 1, "account")   \
    S(STRATEGY, 2, "strategy") \
    S(SYMBOL, 3, "symbol")

enum ll_limit_scope {
#define LL_SCOPE_ENUM(name, number, text) LL_SCOPE_##name = (number),
    LL_LIMIT_SCOPES(LL_SCOPE_ENUM)
#undef LL_SCOPE_ENUM
        LL_SCOPE_COUNT = 4
};
static_assert((int)LL_SCOPE_SYMBOL == (int)LL_KILL_SYMBOL, "kill latches have the same scopes");

enum ll_limit_kind { LL_LIMIT_ORDER, LL_LIMIT_TOTAL, LL_LIMIT_FIRM };

/* U(NAME, "text") */
#define LL_LIMIT_UNITS(U)  \
    U(BPS, "basis points") \
    U(PRICE, "price")      \
    U(TIME, "time")        \
    U(LOTS, "lots")        \
    U(NOTIONAL, "money")   \
    U(COUNT, "count")      \
    U(SWITCH, "true or false")

enum ll_limit_unit {
#define LL_UNIT_ENUM(name, text) LL_UNIT_##name,
    LL_LIMIT_UNITS(LL_UNIT_ENUM)
#undef LL_UNIT_ENUM
};

#define LL_SCOPES_FIRM     1u
#define LL_SCOPES_STRATEGY (1u << LL_SCOPE_FIRM | 1u << LL_SCOPE_STRATEGY)
#define LL_SCOPES_SYMBOL   (1u << LL_SCOPE_FIRM | 1u << LL_SCOPE_SYMBOL)
#define LL_SCOPES_ALL      15u

#define LL_LIMIT_TIME_MAX     UINT64_C(2592000000000000) /* 30 days */
#define LL_LIMIT_NOTIONAL_MAX (UINT64_C(1) << 62)
#define LL_LIMIT_LOTS_MAX     UINT64_C(0xffffffff)
#define LL_LIMIT_PRICE_MAX    ((UINT64_C(1) << 48) - 1)
#define LL_LIMIT_COUNT_MAX    1000000u

/* L(NAME, number, "name", UNIT, control, KIND, scopes, least, most). The number is in the journal and never changes.
 * The control is the number in docs/risk.md. */
#define LL_LIMITS(L)                                                                                               \
    /* How far beyond the reference a price may reach: over it to buy, under it to sell. Both set: the tighter. */ \
    L(COLLAR_BPS, 0, "collar_bps", BPS, 1, ORDER, LL_SCOPES_ALL, 0, 10000)                                         \
    L(COLLAR_PRICE, 1, "collar_price", PRICE, 1, ORDER, LL_SCOPES_ALL, 0, LL_LIMIT_PRICE_MAX)                      \
    /* How old a reference may be; prior closes have a limit of their own, and without it they are none. */        \
    L(REFERENCE_AGE, 2, "reference_age", TIME, 1, ORDER, LL_SCOPES_ALL, 1, LL_LIMIT_TIME_MAX)                      \
    L(PRIOR_CLOSE_AGE, 3, "prior_close_age", TIME, 1, ORDER, LL_SCOPES_ALL, 1, LL_LIMIT_TIME_MAX)                  \
    L(ORDER_QUANTITY, 4, "order_quantity", LOTS, 2, ORDER, LL_SCOPES_ALL, 0, LL_LIMIT_LOTS_MAX)                    \
    L(ORDER_NOTIONAL, 5, "order_notional", NOTIONAL, 3, ORDER, LL_SCOPES_ALL, 0, LL_LIMIT_NOTIONAL_MAX)            \
    /* The same order may come this often inside the window. */                                                    \
    L(REPEAT_COUNT, 6, "repeat_count", COUNT, 4, ORDER, LL_SCOPES_ALL, 1, LL_LIMIT_COUNT_MAX)                      \
    L(REPEAT_WINDOW, 7, "repeat_window", TIME, 4, FIRM, LL_SCOPES_FIRM, 1, LL_LIMIT_TIME_MAX)                      \
    /* Executed and open, buys and sells added up. */                                                              \
    L(EXPOSURE, 8, "exposure", NOTIONAL, 5, TOTAL, LL_SCOPES_ALL, 0, LL_LIMIT_NOTIONAL_MAX)                        \
    /* Of one account in one symbol, if all open orders of that side fill. */                                      \
    L(POSITION_LONG, 9, "position_long", LOTS, 6, ORDER, LL_SCOPES_ALL, 0, LL_LIMIT_LOTS_MAX)                      \
    L(POSITION_SHORT, 10, "position_short", LOTS, 6, ORDER, LL_SCOPES_ALL, 0, LL_LIMIT_LOTS_MAX)                   \
    /* The same of all accounts together. */                                                                       \
    L(FIRM_LONG, 11, "firm_long", LOTS, 6, ORDER, LL_SCOPES_SYMBOL, 0, LL_LIMIT_LOTS_MAX)                          \
    L(FIRM_SHORT, 12, "firm_short", LOTS, 6, ORDER, LL_SCOPES_SYMBOL, 0, LL_LIMIT_LOTS_MAX)                        \
    /* New orders and replaces inside the window; cancels are never refused. */                                    \
    L(MESSAGES, 13, "messages", COUNT, 7, TOTAL, LL_SCOPES_ALL, 0, LL_LIMIT_COUNT_MAX)                             \
    L(SESSION_MESSAGES, 14, "session_messages", COUNT, 7, FIRM, LL_SCOPES_FIRM, 0, LL_LIMIT_COUNT_MAX)             \
    L(MESSAGE_WINDOW, 15, "message_window", TIME, 7, FIRM, LL_SCOPES_FIRM, 1, LL_LIMIT_TIME_MAX)                   \
    /* Executions of one strategy inside the window; one more disables it until a person enables it. */            \
    L(EXECUTIONS, 16, "executions", COUNT, 8, ORDER, LL_SCOPES_STRATEGY, 1, LL_LIMIT_COUNT_MAX)                    \
    L(EXECUTION_WINDOW, 17, "execution_window", TIME, 8, FIRM, LL_SCOPES_FIRM, 1, LL_LIMIT_TIME_MAX)               \
    /* One active order per account, symbol and side (ll_guard.h); not set: exits yes, entries no. */              \
    L(ONE_ACTIVE_EXIT, 18, "one_active_exit", SWITCH, 4, FIRM, LL_SCOPES_FIRM, 0, 1)                               \
    L(ONE_ACTIVE_ENTRY, 19, "one_active_entry", SWITCH, 4, FIRM, LL_SCOPES_FIRM, 0, 1)

enum ll_limit {
#define LL_LIMIT_ENUM(name, number, text, unit, control, kind, scopes, least, most) \
    LL_LIMIT_##name = (number),
    LL_LIMITS(LL_LIMIT_ENUM)
#undef LL_LIMIT_ENUM
        LL_LIMIT_COUNT = 20,
    LL_LIMIT_NONE = 255
};

#define LL_LIMIT_NOT_SET UINT64_MAX

/* What is known of a limit; `name` is NULL behind the last. */
struct ll_limit_info {
    const char *name;
    uint64_t least;
    uint64_t most;
    uint8_t unit;    /* enum ll_limit_unit */
    uint8_t control; /* of the table in docs/risk.md */
    uint8_t kind;    /* enum ll_limit_kind */
    uint8_t scopes;  /* bit 1 << enum ll_limit_scope */
};

const struct ll_limit_info *ll_limit_info(enum ll_limit limit);
const char *ll_limit_scope_name(uint8_t scope);
const char *ll_limit_unit_name(uint8_t unit);

#define LL_LIMIT_ENTRY_VALUES_MAX 11u

/* Some values of one scope, as the journal keeps them. A scope may have several. */
struct ll_limit_entry {
    char name
        [LL_NAME_BYTES_MAX]; /* zero padded; the firm has none; "*" = all that have no value of their own */
    uint8_t scope;
    uint8_t value_count;
    uint8_t limit[LL_LIMIT_ENTRY_VALUES_MAX]; /* enum ll_limit */
    uint8_t reserved[3];
    uint64_t value[LL_LIMIT_ENTRY_VALUES_MAX];
};
static_assert(sizeof(struct ll_limit_entry) == 120, "journal payload");

/* All values of one scope. Unset values are LL_LIMIT_NOT_SET, so that the tightest is the smallest. */
struct ll_limit_row {
    char name[LL_NAME_BYTES_MAX];
    uint32_t scope;
    uint32_t reserved;
    uint64_t own[LL_LIMIT_COUNT];   /* as given */
    uint64_t value[LL_LIMIT_COUNT]; /* with those of "*" where none is given */
};

/* One difference between two sets. */
struct ll_limit_change {
    char name[LL_NAME_BYTES_MAX];
    uint8_t scope;
    uint8_t limit;
    uint64_t old_value; /* LL_LIMIT_NOT_SET = none */
    uint64_t new_value;
};

struct ll_limits_config {
    uint32_t rows_max;     /* scopes with values, the firm and the three "*" included */
    uint32_t window_count; /* most events a window can count: larger messages and executions are refused */
};

struct ll_limits_control;

struct ll_limits { /* private */
    struct ll_limits_control *control;
    struct ll_limit_row *rows[2]; /* in force and the other, see control */
    uint32_t *slots[2];           /* hash by scope and name: row + 1 */
};

size_t ll_limits_footprint_bytes(const struct ll_limits_config *config);
void ll_limits_init(struct ll_limits *limits, void *memory, const struct ll_limits_config *config);
LL_MUST_CHECK int ll_limits_attach(struct ll_limits *limits, void *memory, size_t memory_bytes);

/* Starts a new set, empty; what was begun before and not committed is gone. */
void ll_limits_begin(struct ll_limits *limits);
/* LL_ERR_MALFORMED: no such scope, limit or value, or a limit given twice. After an error commit refuses too. */
LL_MUST_CHECK int ll_limits_add(struct ll_limits *limits, const struct ll_limit_entry *entry,
                                struct ll_why *why);
/* Puts the new set in force. LL_ERR_USAGE: not begun, or the firm lacks a value that has to be there: a collar,
 * reference_age, order_quantity, order_notional, messages, message_window, and a window for every count. */
LL_MUST_CHECK int ll_limits_commit(struct ll_limits *limits, struct ll_why *why);

/* As configured. */
uint32_t ll_limits_window_count(const struct ll_limits *limits);
/* Commits so far; 0 = nothing is loaded. */
uint32_t ll_limits_version(const struct ll_limits *limits);
/* The row in force for a name: its own, else that of "*". Names are zero padded. Valid until the next commit. */
uint32_t ll_limits_find(const struct ll_limits *limits, enum ll_limit_scope scope,
                        const char name[LL_NAME_BYTES_MAX]);
const struct ll_limit_row *ll_limits_row(const struct ll_limits *limits, uint32_t row);
/* The firm's value. */
uint64_t ll_limits_firm(const struct ll_limits *limits, enum ll_limit limit);

/* What the last commit changed, one difference per call, from `*cursor` = 0 on; false at the end. Ends to be
 * valid with the next begin. */
bool ll_limits_next_change(const struct ll_limits *limits, uint64_t *cursor, struct ll_limit_change *change);

/* Puts a value into an entry; a full one refuses with false. */
bool ll_limit_entry_add(struct ll_limit_entry *entry, enum ll_limit limit, uint64_t value);

uint64_t ll_limits_hash(const struct ll_limits *limits);

#endif
