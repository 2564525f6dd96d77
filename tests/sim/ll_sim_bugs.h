/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canaries of the simulator: a bug that is built in on purpose, for each thing that is checked. A run with the bug has
 * to fail, and by the check that is named here; a check that cannot fail would prove nothing.
 *
 * Shape    one list. The bugs live in the simulated world (a disk that lies, a wire that says things twice, a hand in
 *          the gateway's memory), never in the code under test.
 * Units    none.
 * Errors   none.
 * Threads  any.
 */
#ifndef LL_TESTS_SIM_BUGS_H
#define LL_TESTS_SIM_BUGS_H

/* C(NAME, "what is promised"): the checks. */
#define LL_SIM_CHECKS(C)                                                   \
    C(ACKNOWLEDGED, "what a client was told is durable is there for ever") \
    C(KNOWN, "nothing is on the wire that a restart does not know")        \
    C(ONCE, "no order is sent twice")                                      \
    C(IDENTIFIERS, "every identifier ever used resolves to its order")     \
    C(LEGAL, "every change of a state is one of the table's")              \
    C(HEALTH, "the engine's own checks hold: identifiers, ledger, risk")   \
    C(RECORD, "orders and money are as the exchange has them")             \
    C(BOOK, "books are as the exchange has them, once gaps are filled")    \
    C(REPLAY, "the journal replayed gives the state that is")              \
    C(CORRUPTION, "damage to what was durable is refused, not taken")      \
    C(SESSIONS, "healed: every session opens in bounded time")             \
    C(CURRENT, "healed: the feed is caught up with in bounded time")       \
    C(SETTLED, "healed: nothing stays pending")

/* B(NAME, check that has to see it, "what is wrong") */
#define LL_SIM_BUGS(B)                                                               \
    B(LYING_DISK, ACKNOWLEDGED, "a sync says it is done, and is not")                \
    B(EARLY_SEND, KNOWN, "orders leave before they are durable")                     \
    B(SENT_TWICE, ONCE, "an order message goes out again, under the next number")    \
    B(FORGOTTEN_ID, IDENTIFIERS, "an identifier is taken out of the table")          \
    B(STATE_JUMP, LEGAL, "an order's state changes by itself")                       \
    B(MONEY_LEAK, HEALTH, "a balance loses a unit")                                  \
    B(SHORT_FILL, RECORD, "an execution is told with one share less")                \
    B(BOOK_POKE, BOOK, "a quantity of the feed is changed on both lines")            \
    B(UNRECORDED, REPLAY, "the state changes without a record")                      \
    B(BLIND_READER, CORRUPTION, "damaged bytes get a good checksum")                 \
    B(DEAF_VENUE, SESSIONS, "a session is never answered")                           \
    B(SILENT_SERVER, CURRENT, "no re-request is ever answered, and both lines lose") \
    B(LOST_REPORT, SETTLED, "an order port leaves out an answer")

enum ll_sim_check {
#define LL_SIM_CHECK_ENUM(NAME, text) LL_SIM_CHECK_##NAME,
    LL_SIM_CHECKS(LL_SIM_CHECK_ENUM)
#undef LL_SIM_CHECK_ENUM
        LL_SIM_CHECK_COUNT
};

enum ll_sim_bug {
    LL_SIM_BUG_NONE,
#define LL_SIM_BUG_ENUM(NAME, check, text) LL_SIM_BUG_##NAME,
    LL_SIM_BUGS(LL_SIM_BUG_ENUM)
#undef LL_SIM_BUG_ENUM
        LL_SIM_BUG_COUNT
};

#endif
