/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot lines: a store on chip in front of a big memory of 64-byte lines, and a window of lines just written.
 *
 * Shape    A store is direct-mapped and written through: line `index` of the big memory may stand at place
 *          index mod LL_HOT_LINES, under its tag, and the big memory always has it as well. So a store
 *          changes how long a read takes and never what it finds; a line that has no place on chip is in the
 *          big memory, and only the big memory can be full, which is a verdict of its table's.
 *
 *            ll_hot_look    on chip or not, and the line           ll_hot_keep   a line read or written, on chip
 *            ll_hot_clear   nothing is on chip: after anything but the kernel has written the big memory
 *
 *          On chip are eight flat arrays, one for each word of a line, and one of tags. The caller owns them
 *          (LL_HOT_ARRAYS lists them) and hands them on as the last arguments of a function, LL_HOT(name) and
 *          LL_HOT_PASS(name). It reads and writes the big memory itself, whole lines, each once.
 *          LL_HOT_LINES is set for each build: a power of two, or 0 for no store at all. 0 is the way of a CPU
 *          and of OpenCL C: then LL_HOT(name) is nothing, and the tables read and write their memory directly.
 *
 *          The window is what makes reading, changing and writing a line right in a pipeline that starts a
 *          message before the last ones have ended: a memory on chip shows what was written only some cycles
 *          later, so the last LL_HOT_WINDOW lines stand in registers, and a newer line is taken before an older
 *          one, and either before what the memory says. One line is pushed for each message, so that the window
 *          covers messages, and a tool may be told that what the memory shows is LL_HOT_WINDOW messages old
 *          (DEPENDENCE with that distance). It lives as long as one run of a pipelined loop; outside of it the
 *          tools keep reads behind writes by themselves.
 * Units    index: lines from 0, below LL_HOT_NONE; words of 64 bits.
 * Errors   none.
 * Threads  one owner of the arrays; the window is values in, values out.
 */
#ifndef LL_HLS_HOT_H
#define LL_HLS_HOT_H

#include "hls/ll_types.h"

#ifndef LL_HOT_LINES
#define LL_HOT_LINES 0
#endif
#ifndef LL_HOT_WINDOW
#define LL_HOT_WINDOW 4
#endif

#define LL_HOT_WORDS 8u
#define LL_HOT_NONE  0xffffffffu

LL_STATIC_ASSERT((LL_HOT_LINES & (LL_HOT_LINES - 1)) == 0, "a power of two");
LL_STATIC_ASSERT(LL_HOT_WINDOW >= 1 && LL_HOT_WINDOW <= 16, "every line of it is compared in one cycle");

struct ll_line {
    u64 word[LL_HOT_WORDS];
};
LL_STATIC_ASSERT(sizeof(struct ll_line) == 64, "one line");

/* A line, if it was there. */
struct ll_hot_found {
    struct ll_line line;
    u32 hit; /* 0 = it was not; the line says nothing then */
};

/* --- The window ----------------------------------------------------------------------------------------- */

/* The newest line first. */
struct ll_window {
    struct ll_line line[LL_HOT_WINDOW];
    u32 index[LL_HOT_WINDOW]; /* LL_HOT_NONE = no line yet */
};

LL_FN_HOT struct ll_window ll_window_empty(void)
{
    struct ll_window window;
    for (u32 i = 0; i < LL_HOT_WINDOW; i++) {
#pragma HLS UNROLL
        window.index[i] = LL_HOT_NONE;
        for (u32 w = 0; w < LL_HOT_WORDS; w++) {
#pragma HLS UNROLL
            window.line[i].word[w] = 0;
        }
    }
    return window;
}

/* The newest line of this index, else `memory`: what the store says. */
LL_FN_HOT struct ll_hot_found ll_window_find(struct ll_window window, u32 index, struct ll_hot_found memory)
{
    struct ll_hot_found found = memory;
    for (u32 i = LL_HOT_WINDOW; i > 0; i--) {
#pragma HLS UNROLL
        if (window.index[i - 1u] == index) {
            found.line = window.line[i - 1u];
            found.hit = 1;
        }
    }
    return found;
}

/* The window with one more line; the oldest leaves it. */
LL_FN_HOT struct ll_window ll_window_push(struct ll_window window, u32 index, struct ll_line line)
{
    for (u32 i = LL_HOT_WINDOW - 1u; i > 0; i--) {
#pragma HLS UNROLL
        window.line[i] = window.line[i - 1u];
        window.index[i] = window.index[i - 1u];
    }
    window.line[0] = line;
    window.index[0] = index;
    return window;
}

/* --- The store ------------------------------------------------------------------------------------------ */

#if LL_HOT_LINES > 0

#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
#error "OpenCL C has no memory on chip that lives from launch to launch: LL_HOT_LINES is 0 there"
#endif

/* A(type, array) The arrays of a store, of LL_HOT_LINES elements each, for whoever owns them. */
#define LL_HOT_ARRAYS(A, name) \
    A(u64, name##_word0)       \
    A(u64, name##_word1)       \
    A(u64, name##_word2)       \
    A(u64, name##_word3)       \
    A(u64, name##_word4)       \
    A(u64, name##_word5)       \
    A(u64, name##_word6)       \
    A(u64, name##_word7)       \
    A(u32, name##_tags)

/* The arrays as the last arguments of a function, and handed on. */
#define LL_HOT_ARGUMENT(type, array) , type *array
#define LL_HOT_HAND_ON(type, array)  , array
#define LL_HOT(name)                 LL_HOT_ARRAYS(LL_HOT_ARGUMENT, name)
#define LL_HOT_PASS(name)            LL_HOT_ARRAYS(LL_HOT_HAND_ON, name)

/* For a function that is handed a store and does not look into it. */
#define LL_HOT_UNUSED_ARRAY(type, array) (void)(array);
#define LL_HOT_UNUSED(name)              LL_HOT_ARRAYS(LL_HOT_UNUSED_ARRAY, name)(void) 0

/* How a word gets into its array, and the end of a pipelined loop, after which all that was written shows. A
 * test puts a memory in their place that is as late as one on chip. */
#ifndef LL_HOT_SET
#define LL_HOT_SET(array, at, value) ((array)[at] = (value))
#define LL_HOT_SETTLED()             ((void)0)
#endif

/* A tag is the index and one, so that an array of zeros is an empty store. */
LL_FN_HOT struct ll_hot_found ll_hot_look(u32 index LL_HOT(hot))
{
    struct ll_hot_found found;
    u32 at = index & (LL_HOT_LINES - 1u);
    found.line.word[0] = hot_word0[at];
    found.line.word[1] = hot_word1[at];
    found.line.word[2] = hot_word2[at];
    found.line.word[3] = hot_word3[at];
    found.line.word[4] = hot_word4[at];
    found.line.word[5] = hot_word5[at];
    found.line.word[6] = hot_word6[at];
    found.line.word[7] = hot_word7[at];
    found.hit = (u32)(hot_tags[at] == index + 1u);
    return found;
}

LL_FN_HOT void ll_hot_keep(u32 index, struct ll_line line LL_HOT(hot))
{
    u32 at = index & (LL_HOT_LINES - 1u);
    LL_HOT_SET(hot_word0, at, line.word[0]);
    LL_HOT_SET(hot_word1, at, line.word[1]);
    LL_HOT_SET(hot_word2, at, line.word[2]);
    LL_HOT_SET(hot_word3, at, line.word[3]);
    LL_HOT_SET(hot_word4, at, line.word[4]);
    LL_HOT_SET(hot_word5, at, line.word[5]);
    LL_HOT_SET(hot_word6, at, line.word[6]);
    LL_HOT_SET(hot_word7, at, line.word[7]);
    LL_HOT_SET(hot_tags, at, index + 1u);
}

/* `tags` of a store. The words are left as they are: without its tag none is read. */
LL_FN void ll_hot_clear(u32 *tags)
{
    for (u32 at = 0; at < LL_HOT_LINES; at++)
        tags[at] = 0;
}

#else

#define LL_HOT(name)
#define LL_HOT_PASS(name)
#define LL_HOT_UNUSED(name) (void)0

#endif

/* --- Elements of a big memory that is not on chip ------------------------------------------------------- */

/* LL_WORK_ON: `name` points to element `at` of `memory`, to be read and changed until LL_WORK_DONE;
 * LL_WORK_AGAIN: to the element `at` as it is now. Where a word of memory costs what the whole element does, it
 * is a copy, read once and written once. */
#if LL_HOT_LINES > 0
#define LL_WORK_ON(type, name, memory, at) \
    type name##_copy = (memory)[at];       \
    type *name = &name##_copy
#define LL_WORK_AGAIN(name, memory, at) name##_copy = (memory)[at]
#define LL_WORK_DONE(name, memory, at)  (memory)[at] = name##_copy
#else
#define LL_WORK_ON(type, name, memory, at) LL_GLOBAL type *name = &(memory)[at]
#define LL_WORK_AGAIN(name, memory, at)    name = &(memory)[at]
#define LL_WORK_DONE(name, memory, at)     (void)0
#endif

#endif
