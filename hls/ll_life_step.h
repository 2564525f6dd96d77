/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event does to an order: values in, values out, no memory and no loop.
 *
 * Shape    ll_life_step(where the order stands, op, quantity, quantity of the execution) -> where it stands
 *          then, the event by its full name, the verdict, and the lots it moved.
 * Units    lots.
 * Errors   verdicts; a duplicate, an illegal_transition and a bad_input (a sum beyond 32 bits) change
 *          nothing.
 * Threads  pure.
 */
#ifndef LL_HLS_LIFE_STEP_H
#define LL_HLS_LIFE_STEP_H

#include "hls/ll_life_types.h"

struct ll_life_turn {
    struct ll_order_standing standing; /* after */
    u32 verdict;
    u32 event;
    u32 booked;
};

/* The event of each op, LL_ORDER_EVENT_COUNT where it is none. */
#define LL_EVENT_COUNT                              LL_ORDER_EVENT_COUNT
#define LL_LIFE_OP_EVENT(name, number, text, event) LL_EVENT_##event,
LL_CONST u8 ll_life_op_events[LL_LIFE_OP_COUNT] = {LL_LIFE_OPS(LL_LIFE_OP_EVENT)};
#undef LL_LIFE_OP_EVENT
#undef LL_EVENT_COUNT

/* The verdict of each LL_CELL_HOW_... */
LL_CONST u8 ll_life_how_verdicts[8] = {LL_VERDICT_OK,
                                       LL_VERDICT_OUT_OF_ORDER,
                                       LL_VERDICT_LATE,
                                       LL_VERDICT_DUPLICATE,
                                       LL_VERDICT_ILLEGAL_TRANSITION,
                                       LL_VERDICT_ILLEGAL_TRANSITION,
                                       LL_VERDICT_ILLEGAL_TRANSITION,
                                       LL_VERDICT_ILLEGAL_TRANSITION};

/* What the order may fill yet; of an ended one, what it might have. */
LL_FN_HOT u32 ll_life_remains(struct ll_order_standing standing)
{
    return standing.quantity > standing.cumulative ? standing.quantity - standing.cumulative : 0u;
}

/* The event by its full name: a fill or cancel of less than remains is a partial one. */
LL_FN_HOT u32 ll_life_event(u32 op, u32 quantity, u32 remains)
{
    u32 event = ll_life_op_events[op];
    u32 less = (u32)(quantity < remains);
    if (op == LL_LIFE_OP_FILL)
        event = ll_select32(less, LL_EVENT_PARTIAL_FILL, LL_EVENT_FILL);
    if (op == LL_LIFE_OP_CANCEL)
        event = ll_select32(less, LL_EVENT_PARTIAL_CANCEL, LL_EVENT_CANCEL);
    return event;
}

LL_FN struct ll_life_turn ll_life_turn_fill(struct ll_life_turn turn, u32 quantity, u32 remains)
{
    u64 sum = (u64)turn.standing.cumulative + quantity;
    if (sum >> 32 != 0) {
        turn.verdict = LL_VERDICT_BAD_INPUT;
        return turn;
    }
    turn.standing.cumulative = (u32)sum;
    turn.booked = quantity;
    if (quantity > remains)
        turn.verdict = LL_VERDICT_OVERFILL;
    return turn;
}

LL_FN struct ll_life_turn ll_life_turn_ack(struct ll_life_turn turn, u32 quantity)
{
    if ((turn.standing.flags & LL_STANDING_ACKED) != 0) {
        turn.verdict = LL_VERDICT_DUPLICATE;
        return turn;
    }
    turn.standing.flags |= LL_STANDING_ACKED;
    if (quantity != 0 && quantity < turn.standing.quantity) {
        u32 filled = turn.standing.cumulative;
        turn.standing.quantity = quantity > filled ? quantity : filled;
        if (quantity < filled)
            turn.verdict = LL_VERDICT_OVERFILL;
    }
    return turn;
}

/* More than remains of an ended order is no alarm: nothing of it is open, and nothing leaves. */
LL_FN struct ll_life_turn ll_life_turn_cancel(struct ll_life_turn turn, u32 quantity, u32 remains)
{
    u32 late = (u32)(turn.verdict == LL_VERDICT_LATE);
    turn.booked = turn.standing.leaves;
    if (quantity > remains && quantity != LL_LIFE_ALL && late == 0)
        turn.verdict = LL_VERDICT_OVERFILL;
    if (turn.event == LL_EVENT_PARTIAL_CANCEL && late == 0) {
        turn.standing.quantity -= quantity;
        turn.booked = quantity;
    }
    return turn;
}

LL_FN struct ll_life_turn ll_life_turn_replace(struct ll_life_turn turn, u32 quantity)
{
    u64 sum = (u64)turn.standing.cumulative + quantity;
    if (turn.verdict == LL_VERDICT_LATE)
        return turn;
    if (sum >> 32 != 0)
        turn.verdict = LL_VERDICT_BAD_INPUT;
    else
        turn.standing.quantity = (u32)sum;
    return turn;
}

/* An execution of `executed` lots becomes one of `quantity`, 0 = none. Leaves stay as they are: what is open
 * at the venue is not touched by what was traded before. */
LL_FN struct ll_life_turn ll_life_turn_correct(struct ll_life_turn turn, u32 quantity, u32 executed)
{
    u64 sum = (u64)turn.standing.cumulative - executed + quantity;
    u64 whole =
        ll_order_is_live(turn.standing.state) != 0 ? sum + turn.standing.leaves : turn.standing.quantity;
    if ((sum | whole) >> 32 != 0) {
        turn.verdict = LL_VERDICT_BAD_INPUT;
        return turn;
    }
    if (quantity > executed && sum > turn.standing.quantity)
        turn.verdict = LL_VERDICT_OVERFILL;
    turn.booked = turn.event == LL_EVENT_BUST ? executed : quantity - executed;
    turn.standing.cumulative = (u32)sum;
    turn.standing.quantity = (u32)whole;
    return turn;
}

LL_FN struct ll_life_turn ll_life_turn_amounts(struct ll_life_turn turn, u32 op, u32 quantity, u32 executed,
                                               u32 remains)
{
    switch (op) {
    case LL_LIFE_OP_ACK:
        return ll_life_turn_ack(turn, quantity);
    case LL_LIFE_OP_FILL:
        return ll_life_turn_fill(turn, quantity, remains);
    case LL_LIFE_OP_CANCEL:
        return ll_life_turn_cancel(turn, quantity, remains);
    case LL_LIFE_OP_REPLACE:
        return ll_life_turn_replace(turn, quantity);
    case LL_LIFE_OP_REJECT:
    case LL_LIFE_OP_EXPIRE:
        turn.booked = turn.standing.leaves;
        return turn;
    case LL_LIFE_OP_BUST:
        return ll_life_turn_correct(turn, 0, executed);
    case LL_LIFE_OP_CORRECT:
        return ll_life_turn_correct(turn, quantity, executed);
    default:
        return turn;
    }
}

/* 1 = the ask took effect. */
LL_FN_HOT u32 ll_life_accepts(u32 verdict)
{
    return (1u << LL_VERDICT_OK | 1u << LL_VERDICT_LATE | 1u << LL_VERDICT_OUT_OF_ORDER |
            1u << LL_VERDICT_OVERFILL) >>
               verdict &
           1u;
}

/* `op` is an event (SUBMIT and up, below LL_LIFE_OP_COUNT) and `quantity` one that may be sent with it;
 * `executed` is the quantity of the execution that a BUST or CORRECT is about. */
LL_FN struct ll_life_turn ll_life_step(struct ll_order_standing before, u32 op, u32 quantity, u32 executed)
{
    struct ll_life_turn turn;
    u32 remains = ll_life_remains(before);
    turn.event = ll_life_event(op, quantity, remains);
    struct ll_order_step step = ll_order_transition(before.state, turn.event);
    turn.standing = before;
    turn.booked = 0;
    turn.verdict = ll_life_how_verdicts[step.how];
    if (ll_life_accepts(turn.verdict) != 0)
        turn = ll_life_turn_amounts(turn, op, quantity, executed, remains);
    if (ll_life_accepts(turn.verdict) == 0) {
        turn.standing = before;
        turn.booked = 0;
        return turn;
    }
    u32 live = ll_order_is_live(step.state);
    u32 leaves = live != 0 ? turn.standing.quantity - turn.standing.cumulative : 0u;
    u32 filled = (u32)(live != 0 && leaves == 0); /* an ACK lowered it to what is filled already */
    turn.standing.state = (u8)ll_select32(filled, LL_ORDER_FILLED, step.state);
    turn.standing.leaves = leaves;
    return turn;
}

#endif
