#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a machine can check.

    tools/lint.py             every rule on the tree, after the canary
    tools/lint.py --canary    only the canary: tests/canary/lint holds one seeded fault per rule, and each must be seen
    tools/lint.py --fast      without the compilers and analysers

A finding is `file:line: [rule] what is wrong; what to do instead`. Exceptions stand in tools/lint-allow.txt, one per
line with its reason; an entry that excuses nothing is a finding too. Exit status: 0 clean, 1 findings, 77 clean as
far as the tools that are there can see.
"""
import argparse
import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # sources stay clean

import mutants  # noqa: E402

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CANARY = "tests/canary/lint"
ALLOW = "tools/lint-allow.txt"
JOBS = os.cpu_count() or 1
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 120

# The floors of the house: includes go down only, and never to a neighbour.
FLOORS = [
    ["hls", "host/base"],
    ["host/wire", "kernels"],
    ["host/core", "host/journal"],
    ["dpdk", "host/device", "host/provider", "host/exchange", "host/client", "host/store", "host/api",
     "host/cluster"],
    ["host/app"],
    ["tests", "bench"],
]
FLOOR_OF = {folder: number for number, folders in enumerate(FLOORS) for folder in folders}
NO_LIBRARIES = ("", "host/app", "tests", "bench", "kernels")
CLOSED = {"hls": ["hls"], "host/base": ["host/base"], "kernels": ["hls", "kernels"]}

ANYWHERE = {  # call: what to do instead
    "strcpy": "use memcpy with a length that was checked, or snprintf",
    "strcat": "use snprintf",
    "strncpy": "it does not always end the string: use memcpy with a length that was checked, or snprintf",
    "strncat": "use snprintf",
    "sprintf": "use snprintf",
    "vsprintf": "use vsnprintf",
    "gets": "use fgets",
    "rand": "use host/base/ll_prng.h with a printed seed",
    "srand": "use host/base/ll_prng.h with a printed seed",
    "random": "use host/base/ll_prng.h with a printed seed",
    "srandom": "use host/base/ll_prng.h with a printed seed",
    "atoi": "it takes anything: use ll_options_parse_u64",
    "atol": "it takes anything: use ll_options_parse_u64",
    "atof": "it takes anything, and money is not floating point: use ll_options_parse_u64",
    "time": "use host/base/ll_clock.h in host/app, and pass now_ns down",
    "localtime": "records are UTC: use gmtime_r",
    "gmtime": "it shares a buffer: use gmtime_r",
    "ctime": "it shares a buffer: use strftime",
    "asctime": "it shares a buffer: use strftime",
    "alloca": "take it from the arena at start",
    "setjmp": "return an error code",
    "longjmp": "return an error code",
    "system": "call what it does",
    "popen": "call what it does",
    "tmpnam": "use mkdtemp",
    "mktemp": "use mkdtemp",
}
IN_LIBRARIES = {  # rule: (words, what to do instead)
    "print-in-library": ("printf vprintf puts putchar perror stderr stdout",
                         "libraries never print: return an error with LL_FAIL, or take a FILE * from host/app"),
    "exit-in-library": ("exit _exit _Exit quick_exit abort rte_exit rte_panic",
                        "libraries never exit: return an error; for own mistakes use LL_ASSERT"),
    "alloc-in-library": ("malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf aligned_alloc "
                         "posix_memalign open_memstream",
                         "take memory from the arena at start, or list the file with its reason in " + ALLOW),
    "clock-in-library": ("ll_clock_read_ns ll_clock_mono_ns ll_clock_utc_ns clock_gettime gettimeofday",
                         "only host/app reads a clock: take now_ns as an argument"),
    "loose-parse": ("strtol strtoul strtoll strtoull strtod sscanf fscanf",
                    "numbers are parsed to the end or refused: use ll_options_parse_u64"),
}
HLS_RESERVED = "half|kernel|global|local|constant|private|queue|uint|ulong"
TIDY_CHECKS = ("-*,clang-analyzer-*,-clang-analyzer-valist.*,"
               "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,bugprone-*,"
               "-bugprone-branch-clone,-bugprone-easily-swappable-parameters,-bugprone-macro-parentheses,"
               "-bugprone-narrowing-conversions,-bugprone-not-null-terminated-result,-bugprone-reserved-identifier,"
               "-bugprone-sizeof-expression")


class Source:
    """One text file: its lines, and the same lines without comments and strings."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        self.is_c = path.endswith((".c", ".h", ".cl"))
        self.folder = folder_of(path)
        self.is_library = self.folder not in NO_LIBRARIES and not path.endswith("_tb.c")
        self.code = blank(self.text) if self.is_c else ""
        self.code_lines = self.code.split("\n")

    def line_of(self, offset):
        return self.code.count("\n", 0, offset) + 1

    def functions(self):
        """(name, first line, last line) of every function, found by the house's braces in column 0."""
        for number, line in enumerate(self.code_lines):
            if line.rstrip() != "{":
                continue
            end = next((n for n in range(number, len(self.code_lines)) if self.code_lines[n].startswith("}")), number)
            start = number
            while start > 0 and self.code_lines[start - 1].strip() and self.code_lines[start - 1][0] != "#" \
                    and not self.code_lines[start - 1].rstrip().endswith((";", "}")):
                start -= 1
            head = " ".join(self.code_lines[start:number])
            name = re.search(r"(\w+)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)|_Alignas\s*\(.*?\)", "", head))
            yield name.group(1) if name else "?", start + 1, end + 1


def folder_of(path):
    """The floor's folder a path belongs to, "" for the rest of the tree."""
    return next((folder for folder in sorted(FLOOR_OF, key=len, reverse=True) if path.startswith(folder + "/")), "")


def blank(text):
    """C text with comments and the insides of strings as spaces: same lines, same columns."""
    def spaces(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[-1]
        return re.sub(r"[^\n]", " ", found)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', spaces, text, flags=re.S)


# --- rules on text: each takes a Source and yields (line, rule, message) ---------------------------------------------

def rule_spdx(source):
    if source.path.endswith(".md") or os.path.basename(source.path) in ("LICENSE", ".gitignore"):
        return
    if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(source.lines[:3]):
        yield 1, "spdx", "no licence in the first three lines; add SPDX-License-Identifier: Apache-2.0"


def rule_text(source):
    marks = re.compile(r"\b(?:%s)\b" % "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]))
    places = re.compile(r"(?<![\w.*])/(?:%s)/\w" % "|".join(["home", "root", "work", "workspace", "builds", "Users"]))
    for number, line in enumerate(source.lines, 1):
        if marks.search(line):
            yield number, "mark", "unfinished work does not stay in the tree; finish it or write it down in docs/"
        if places.search(line):
            yield number, "machine-path", "a path of one machine; take it from the environment or relative to the tree"
        if len(line) > LINE_COLUMNS_MAX and not source.path.endswith((".md", ".json", ".txt")):
            yield number, "line-length", "%d columns; at most %d" % (len(line), LINE_COLUMNS_MAX)
        if line != line.rstrip():
            yield number, "trailing-space", "white space at the end of the line; remove it"


def rule_includes(source):
    if not source.is_c or not source.folder:
        return
    floor = FLOOR_OF[source.folder]
    for number, line in enumerate(source.lines, 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
        if not found:
            continue
        target = folder_of(found.group(2))
        if found.group(1) == "<":
            if source.folder == "hls" and os.path.basename(source.path) != "ll_types.h" and source.is_library:
                yield number, "hls-include", "the device compilers have no such header; hls/ll_types.h has the types"
            if found.group(2).startswith("rte_") and source.folder not in ("dpdk", "tests", "bench"):
                yield number, "include-floor", "DPDK stays in dpdk/; use dpdk/ll_port.h"
            continue
        if not target:
            yield number, "include-path", "include by path from the root, such as \"host/base/ll_err.h\""
        elif source.folder in CLOSED and target not in CLOSED[source.folder]:
            yield number, "include-floor", "%s includes only %s" % (source.folder, " and ".join(CLOSED[source.folder]))
        elif target != source.folder and FLOOR_OF[target] >= floor:
            yield number, "include-floor", "%s is not below %s; move what both need down a floor" % (target,
                                                                                                     source.folder)


def rule_functions(source):
    if not source.is_c:
        return
    for name, first, last in source.functions():
        count = last - first + 1
        if count > FUNCTION_LINES_MAX:
            yield first, "function-length", "%s has %d lines, more than %d: split it where the detail changes" % (
                name, count, FUNCTION_LINES_MAX)
        body = "\n".join(source.code_lines[first:last])
        body = body[body.find("{"):]
        if source.is_library and re.search(r"(?<![\w.>])%s\s*\(" % re.escape(name), body):
            yield first, "recursion", "%s calls itself; use a loop with a bound" % name


def rule_calls(source):
    if not source.is_c:
        return
    for found in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(ANYWHERE), source.code):
        if found.group(1) in ("system", "popen") and source.folder == "tests":
            continue  # tests set up interfaces and run programs
        yield source.line_of(found.start()), "forbidden-call", "%s: %s" % (found.group(1), ANYWHERE[found.group(1)])
    if not source.is_library:
        return
    for rule, (words, remedy) in IN_LIBRARIES.items():
        for found in re.finditer(r"(?<![\w.>])(%s)\b(?!\s*;?\s*/\*)" % "|".join(words.split()), source.code):
            if found.group(1) not in ("stderr", "stdout") and not re.match(r"\s*\(", source.code[found.end():]):
                continue
            line = source.line_of(found.start())
            if not source.lines[line - 1].lstrip().startswith("#"):
                yield line, rule, "%s: %s" % (found.group(1), remedy)


def rule_state(source):
    """Mutable variables at file scope, and mutable statics in functions."""
    if not source.is_c or source.folder in ("", "tests", "bench"):
        return
    opened = ""
    for number, line in enumerate(source.code_lines, 1):
        if re.match(r"[A-Za-z_]", line) and line.rstrip().endswith("{"):
            opened = line
        closes = re.match(r"\}\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?(\w+)", line)
        static = re.match(r"\s+static\b(.*)", line)
        if closes:
            declaration = opened.split("{")[0] + " " + line[1:]
        elif static:
            declaration = line.strip()
        elif re.match(r"[A-Za-z_][\w\s*\[\]]*[\w\]]\s*(?:=|;|\[)", line):
            declaration = line
        else:
            continue
        declaration = re.split(r"[=;]", re.sub(r"\[.*?\]|_Alignas\s*\(.*?\)", "", declaration))[0]
        if "(" in declaration or re.match(r"\s*(?:typedef|return|goto|else|case)\b", declaration):
            continue
        words = declaration.replace("*", " * ").split()
        if len(words) < 2 or words[0] in ("struct", "union", "enum") and len(words) == 2:
            continue  # a forward declaration
        after_star = declaration.rsplit("*", 1)[-1] if "*" in declaration else declaration
        if not re.search(r"\b(?:const|LL_CONST)\b", after_star):
            yield number, "mutable-state", "%s outlives its function: pass it in a struct, or make it const" % words[-1]


def rule_header(source):
    if not source.path.endswith(".h") or source.folder in ("", "tests", "bench"):
        return
    guard = re.search(r"^#ifndef (\w+)\n#define \1\b", source.text, re.M)
    if not guard:
        yield 1, "header-guard", "no include guard; add #ifndef LL_<FOLDER>_<NAME>_H and #define"
    head = "\n".join(source.lines[:60])
    missing = [word for word in ("Shape", "Units", "Errors", "Threads") if not re.search(r"\* %s\b" % word, head)]
    if missing:
        yield 2, "header-contract", "the opening comment does not speak of %s" % ", ".join(missing)


def rule_test(source):
    if re.match(r"tests/(unit/test_|fuzz/fuzz_)\w+\.c$", source.path) and "Goal" not in "\n".join(source.lines[:12]):
        yield 2, "test-goal", "a test opens with its goal and its method"


def rule_hls(source):
    if source.folder != "hls" or not source.is_c or not source.is_library:
        return
    patterns = [
        (r"[%/]=?\s*(?!sizeof\b)[a-z_]\w*", "hls-divide", "a divider costs some 30 cycles: shift and mask instead"),
        (r"\b(?:float|double)\b", "hls-float", "no floating point: integer ticks and lots"),
        (r"\b(?:malloc|calloc|free|memcpy|memset|memmove|memcmp|printf|assert)\s*\(", "hls-call",
         "not on a device: assign structs, loop with a constant bound, answer with a verdict"),
        (r"\(\s*\*\s*\w+\s*\)\s*\(", "hls-function-pointer", "no function pointers: call by name"),
        (r"\w\s*\*\s*\*\s*\w", "hls-pointer", "no pointers to pointers"),
        (r"\b_Pragma\b", "hls-pragma", "write #pragma HLS in the top; gcc and OpenCL ignore it there"),
        (r"\bgoto\b", "hls-goto", "no goto: tools do not schedule it"),
        (r"^\s*static\s+(?!inline\b|const\b)[^();]*[;=]", "hls-static", "state lives in a struct that is passed in"),
    ]
    if os.path.basename(source.path) != "ll_types.h":
        patterns.append((r"\b(?:%s)\b" % HLS_RESERVED, "hls-reserved", "a word of OpenCL C; take another name"))
    for pattern, rule, remedy in patterns:
        for found in re.finditer(pattern, source.code, re.M):
            line = source.line_of(found.start() + len(found.group(0)) - len(found.group(0).lstrip()))
            if source.lines[line - 1].lstrip().startswith("#") and rule != "hls-pragma":
                continue
            yield line, rule, "%s: %s" % (found.group(0).strip(), remedy)
    for found in re.finditer(r"\b(?:struct|union)\b[^;{}()]*\{([^{}]*)\}", source.code):
        for member in re.finditer(r"\*|:\s*\w+\s*;", found.group(1)):
            line = source.line_of(found.start(1) + member.start())
            if member.group(0) == "*":
                yield line, "hls-struct-pointer", "no pointer in a struct: an index into an array that is passed in"
            else:
                yield line, "hls-bit-field", "no bit-fields in a layout: shift and mask"


def rule_scripts(source):
    first = source.lines[0]
    if source.path.endswith(".py"):
        try:
            compile(source.text, source.path, "exec")
        except SyntaxError as error:
            yield error.lineno or 1, "script-syntax", str(error.msg)
    elif source.path.endswith(".sh") or first.startswith("#!/bin/bash"):
        done = subprocess.run(["bash", "-n"], input=source.text, capture_output=True, text=True, check=False)
        for number, message in re.findall(r"line (\d+): (.*)", done.stderr)[:1]:
            yield int(number), "script-syntax", message


def rule_links(source, root):
    if not source.path.endswith(".md"):
        return
    for number, line in enumerate(source.lines, 1):
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", line):
            if not os.path.exists(os.path.join(root, os.path.dirname(source.path), target)):
                yield number, "doc-link", "%s is not there" % target


TEXT_RULES = [rule_spdx, rule_text, rule_includes, rule_functions, rule_calls, rule_state, rule_header, rule_test,
              rule_hls, rule_scripts]


# --- rules that run a tool: each takes a Tree and yields (path, line, rule, message) ---------------------------------

class Tree:
    def __init__(self, root):
        self.root = root
        self.sources = [Source(root, path) for path in list_files(root)]
        self.missing = []
        self.cflags = cflags()

    def paths(self, *endings):
        return [source.path for source in self.sources if source.path.endswith(endings)]

    def run(self, command, text=None):
        return subprocess.run(command, cwd=self.root, input=text, capture_output=True, text=True, errors="replace",
                              check=False)

    def has(self, tool):
        if shutil.which(tool):
            return True
        self.missing.append(tool)
        return False


def list_files(root):
    """Text files of the tree: what git tracks or would track; every file where there is no git or it ignores us."""
    paths = []
    if os.path.samefile(root, HOME):
        done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True,
                              text=True, check=False)
        paths = done.stdout.split("\0")[:-1]
    if not paths:
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in ("build", ".git")]
            paths += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    keep = re.compile(r"(?:\.(?:c|h|cl|py|sh|md|txt|cfg)|(?:^|/)(?:Makefile|run|\.clang-format))$")
    drop = re.compile(r"^tests/(?:canary/lint|canary/hls|vectors|fuzz/corpus)/")
    return sorted(path for path in set(paths)
                  if keep.search(path) and not drop.search(path) and os.path.isfile(os.path.join(root, path)))


def cflags():
    done = subprocess.run(["make", "-s", "--no-print-directory", "_cflags"], cwd=HOME, capture_output=True, text=True,
                          check=False, env={key: value for key, value in os.environ.items() if key != "MAKEFLAGS"})
    return done.stdout.split()


def flags_for(tree, path):
    """The build's flags; what lies below DPDK must do without its headers."""
    if folder_of(path) in ("dpdk", "host/app", "tests", "bench"):
        return tree.cflags
    words, skip = [], False
    for word in tree.cflags:
        if not skip and word not in ("-isystem", "-include"):
            words.append(word)
        skip = word in ("-isystem", "-include")
    if folder_of(path) == "kernels":  # the packer reads XRT's layout of an xclbin
        words += ["-isystem", "/usr/include/xrt"]
    return words


def parallel(work, items):
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        return [finding for findings in pool.map(work, items) for finding in findings]


def first_message(output, rule):
    pattern = r"^([^\s:][^:]*):(\d+):\d+: (?:fatal )?(?:error|warning): (.*)$"
    for path, line, message in re.findall(pattern, output, re.M):
        return [(os.path.normpath(path), int(line), rule, message)]
    return []


def tool_headers(tree):
    """Every header compiles alone, with both compilers; the kernel's also as OpenCL C and as C++14."""
    jobs = []
    for compiler in [name for name in ("gcc", "clang") if tree.has(name)]:
        jobs += [([compiler] + flags_for(tree, path) + ["-fsyntax-only", "-x", "c", "-"], path, "header-alone")
                 for path in tree.paths(".h")]
    kernel = [path for path in tree.paths(".h") if path.startswith("hls/")]
    if shutil.which("clang"):
        jobs += [(["clang", "-x", "cl", "-cl-std=CL1.2", "-Xclang", "-finclude-default-header", "-I.", "-fsyntax-only",
                   "-Wno-unknown-pragmas", "-"], path, "hls-opencl") for path in kernel]
    if shutil.which("g++"):
        jobs += [(["g++", "-std=c++14", "-I.", "-fsyntax-only", "-Wno-unknown-pragmas", "-x", "c++", "-"], path,
                  "hls-c++") for path in kernel]

    def work(job):
        command, path, rule = job
        done = tree.run(command, '#include "%s"\nint ll_one_declaration(int);\n' % path)
        if done.returncode == 0:
            return []
        found = first_message(done.stdout + done.stderr, rule) or [(path, 1, rule, (done.stderr or "failed")[:200])]
        where, line, _, message = found[0]
        if where == path:
            return [(path, line, rule, "%s: %s" % (command[0], message))]
        return [(path, 1, rule, "%s: %s:%d: %s" % (command[0], where, line, message))]
    return parallel(work, jobs)


def tool_format(tree):
    if not tree.has("clang-format"):
        return []
    done = tree.run(["clang-format", "--dry-run", "-Werror", "--style=file:" + os.path.join(HOME, ".clang-format")] +
                    tree.paths(".c", ".h", ".cl"))
    seen = {}
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: error: .*clang-format", done.stderr, re.M):
        seen.setdefault(path, int(line))
    return [(path, line, "format", "not as clang-format writes it; run clang-format -i %s" % path)
            for path, line in seen.items()]


def tool_cppcheck(tree):
    if not tree.has("cppcheck"):
        return []
    paths = [path for path in tree.paths(".c") if not path.startswith("tests/canary/")]
    if not paths:
        return []
    done = tree.run(["cppcheck", "-j%d" % JOBS, "--quiet", "--std=c11", "--language=c", "--enable=warning,portability",
                     "--inline-suppr", "--suppress=missingIncludeSystem", "--suppress=unknownMacro", "-I.",
                     "-D__x86_64__",  # one configuration, as gcc reads it: trying out every macro takes minutes a file
                     "--template={file}:{line}:{id}:{message}"] + paths)
    return [(path, int(line), "cppcheck", "%s (%s)" % (message, what))
            for path, line, what, message in re.findall(r"^([^:\n]+):(\d+):(\w+):(.*)$", done.stderr, re.M)]


def tool_tidy(tree):
    """clang-tidy on libraries and programs. It is the slow one, so a clean file is not looked at again until it, any
    header or the checks change."""
    if not tree.has("clang-tidy"):
        return []
    headers = hashlib.sha256((TIDY_CHECKS + " ".join(tree.cflags)).encode())
    for source in tree.sources:
        if source.path.endswith(".h"):
            headers.update(source.text.encode())
    cache = os.path.join(HOME, "build", "lint-cache")
    os.makedirs(cache, exist_ok=True)

    def work(source):
        key = hashlib.sha256(headers.digest() + source.path.encode() + b"\0" + source.text.encode()).hexdigest()
        if os.path.exists(os.path.join(cache, key)):
            return []
        done = tree.run(["clang-tidy", "--quiet", "-checks=" + TIDY_CHECKS, source.path, "--"] +
                        flags_for(tree, source.path))
        found = []
        for path, line, message in re.findall(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$", done.stdout, re.M):
            path = os.path.relpath(path, tree.root) if os.path.isabs(path) else path
            found.append((path, int(line), "clang-tidy", message))
        if not found:
            with open(os.path.join(cache, key), "w", encoding="utf-8"):
                pass
        return found
    # The steering program is for another processor: clang itself compiles it with all warnings.
    return parallel(work, [source for source in tree.sources if source.path.endswith(".c") and
                           not source.path.endswith(".bpf.c") and source.folder not in ("", "tests", "bench")])


TOOL_RULES = [tool_headers, tool_format, tool_cppcheck, tool_tidy]


# --- putting it together ---------------------------------------------------------------------------------------------

def read_allowed(root, allow):
    allowed = []
    try:
        with open(os.path.join(root, allow), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                words = line.split("#")[0].split(None, 2)
                if words:
                    allowed.append((number, words[0], words[1] if len(words) > 1 else "", len(words) > 2))
    except FileNotFoundError:
        pass
    return allowed


def apply_allowed(root, findings, allow=ALLOW):
    """Drops what the list excuses; adds a finding for each entry that excuses nothing or gives no reason."""
    allowed = read_allowed(root, allow)
    used = set()
    kept = []
    for finding in findings:
        path, _, rule, message = finding
        entry = next((number for number, name, where, _ in allowed if name == rule and
                      where in (path, "%s:%s" % (path, re.split(r"[ :]", message)[0]))), None)
        if entry is None:
            kept.append(finding)
        used.add(entry)
    for number, _, _, has_reason in allowed:
        if number not in used:
            kept.append((allow, number, "stale-allow", "excuses nothing; remove it"))
        elif not has_reason:
            kept.append((allow, number, "stale-allow", "gives no reason; add one"))
    return kept


def check(root, fast):
    tree = Tree(root)
    findings = []
    for source in tree.sources:
        for rule in TEXT_RULES:
            findings += [(source.path, line, name, message) for line, name, message in rule(source)]
        findings += [(source.path, line, name, message) for line, name, message in rule_links(source, root)]
    findings += mutants.whole_list(root)[1]
    for rule in [] if fast else TOOL_RULES:
        findings += rule(tree)
    return tree, sorted(set(apply_allowed(root, findings)))


def canary(fast):
    """Every seeded fault must be reported, and nothing else."""
    root = os.path.join(HOME, CANARY)
    with open(os.path.join(root, "expected.list"), encoding="utf-8") as file:
        expected = {tuple(line.split()) for line in file if line.strip() and not line.startswith("#")}
    tree, findings = check(root, fast)
    found = {("%s:%d" % (path, line), rule) for path, line, rule, _ in findings}
    blind = {"format": "clang-format", "cppcheck": "cppcheck", "clang-tidy": "clang-tidy", "header-alone": "clang"}
    problems = []
    for where, rule in sorted(expected - found):
        needs_tool = rule in ("format", "cppcheck", "clang-tidy", "header-alone", "hls-opencl", "hls-c++")
        if not (needs_tool and (fast or blind.get(rule) in tree.missing)):
            problems.append("%s/%s: [canary] lint is blind: it does not report %s here" % (CANARY, where, rule))
    tools = ("clang-tidy", "cppcheck", "hls-opencl", "hls-c++")  # what these find beside the seeds is their version's
    for where, rule in sorted(item for item in found - expected if item[1] not in tools):
        problems.append("%s/%s: [canary] lint reports %s, which nobody seeded" % (CANARY, where, rule))
    for problem in problems:
        print(problem)
    return len(expected), len(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canary", action="store_true")
    parser.add_argument("--fast", action="store_true")
    args = parser.parse_args()
    start = time.monotonic()
    seeded, bad = canary(args.fast)
    if args.canary or bad:
        print("lint canary: %d faults seeded, %s" % (seeded, "%d problems" % bad if bad else "all of them seen"))
        return 1 if bad else 0
    tree, findings = check(HOME, args.fast)
    for path, line, rule, message in findings:
        print("%s:%d: [%s] %s" % (path, line, rule, message))
    print("lint: %d files, %d findings, %.1f s; the canary's %d faults were all seen" % (
        len(tree.sources), len(findings), time.monotonic() - start, seeded))
    if findings:
        return 1
    if tree.missing:
        print("SKIP: lint ran without %s; make deps installs them" % ", ".join(sorted(set(tree.missing))))
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
