#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of the kernel that its compilers do not say: gcc and OpenCL skip a misspelt pragma without a word.

    tools/hls_lint.py             every rule on hls/ and kernels/, after the canary
    tools/hls_lint.py --canary    only the canary: tests/canary/hls holds one seeded fault per rule, each must be seen

Every `#pragma HLS` is held against the table PRAGMAS (names, options and values of the Vitis HLS front end; UG1399),
the tops against the rules of their ports, the cards' memories against the ports, and the source, as clang reads it for
synthesis, against what hardware compilers take. A finding is `file:line: [rule] what is wrong; what to do instead`.
Exceptions stand in tools/hls-lint-allow.txt, as those of tools/lint.py. Exit status: 0 clean, 1 findings, 77 without
clang.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time

import lint

CANARY = "tests/canary/hls"
ALLOW = "tools/hls-lint-allow.txt"
CARDS = "kernels/vitis/cards"
SYNTHESIS = ["-std=c11", "-D__SYNTHESIS__", "-DLL_HOT_LINES=4096", "-I.", "-Wno-unknown-pragmas",
             "-Wno-unused-function"]
PORT_BYTES_MAX = 128  # an AXI port has at most 1024 bits, and a struct on a port is one word of it
BUILTINS = ("__builtin_ctz", "__builtin_popcount")

# --- pragmas ---------------------------------------------------------------------------------------------------------
# name: {option: what it takes}. NUMBER, NAME, FLAG (no value), or the words it may be. The first word of an
# option's name may also stand alone where `words` has it: `#pragma HLS INLINE off`.
NUMBER = "a number"
NAME = "a name"
FLAG = "no value"
STORAGE = "ram_1p ram_2p ram_s2p ram_t2p ram_1wnr rom_1p rom_2p rom_np fifo".split()

PRAGMAS = {
    "interface": {
        "mode": "m_axi s_axilite axis ap_ctrl_none ap_ctrl_hs ap_ctrl_chain ap_none ap_vld ap_ack ap_hs ap_fifo "
                "ap_memory bram ap_ovld".split(),
        "port": NAME, "bundle": NAME, "depth": NUMBER, "offset": "slave direct off".split(),
        "num_read_outstanding": NUMBER, "num_write_outstanding": NUMBER, "max_read_burst_length": NUMBER,
        "max_write_burst_length": NUMBER, "latency": NUMBER, "max_widen_bitwidth": NUMBER},
    "pipeline": {"ii": NUMBER, "style": "stp flp frp".split(), "rewind": FLAG, "off": FLAG},
    "dataflow": {"disable_start_propagation": FLAG},
    "bind_storage": {"variable": NAME, "type": STORAGE, "impl": "bram uram lutram".split(), "latency": NUMBER},
    "bind_op": {"variable": NAME, "op": NAME, "impl": NAME, "latency": NUMBER},
    "array_partition": {"variable": NAME, "type": "complete cyclic block".split(), "factor": NUMBER, "dim": NUMBER},
    "array_reshape": {"variable": NAME, "type": "complete cyclic block".split(), "factor": NUMBER, "dim": NUMBER},
    "dependence": {"variable": NAME, "type": "inter intra".split(), "direction": "raw war waw".split(),
                   "distance": NUMBER, "dependent": "true false".split(), "class": "array pointer".split()},
    "unroll": {"factor": NUMBER, "skip_exit_check": FLAG, "off": "true".split()},
    "loop_tripcount": {"min": NUMBER, "max": NUMBER, "avg": NUMBER},
    "loop_flatten": {"off": FLAG},
    "loop_merge": {"force": FLAG},
    "inline": {"off": FLAG, "recursive": FLAG},
    "allocation": {"function": FLAG, "operation": FLAG, "instances": NAME, "limit": NUMBER},
    "latency": {"min": NUMBER, "max": NUMBER},
    "stream": {"variable": NAME, "depth": NUMBER, "type": "fifo pipo shared unsync".split()},
    "stable": {"variable": NAME},
    "aggregate": {"variable": NAME, "compact": "none byte bit auto".split()},
    "disaggregate": {"variable": NAME},
    "reset": {"variable": NAME, "off": FLAG},
    "occurrence": {"cycle": NUMBER},
    "protocol": {"mode": "fixed floating".split()},
    "function_instantiate": {"variable": NAME},
    "expression_balance": {"off": FLAG},
    "top": {"name": NAME},
    "alias": {"ports": NAME, "distance": NUMBER, "offset": NUMBER},
}
NEEDED = {  # what a pragma means nothing without
    "interface": ["mode", "port"], "bind_storage": ["variable", "type", "impl"], "array_partition": ["variable"],
    "array_reshape": ["variable"], "dependence": ["variable", "type"], "stream": ["variable"],
    "aggregate": ["variable"], "disaggregate": ["variable"], "loop_tripcount": ["max"], "stable": ["variable"],
    "reset": ["variable"]}
DEAD = {  # old examples have them
    "resource": "it is ignored now: use BIND_STORAGE or BIND_OP",
    "data_pack": "it is an error now: use AGGREGATE",
    "array_map": "it is an error now: write one array",
    "extract": "it is an error now",
    "region": "it is an error now: put the code in a function",
    "shared": "it is ignored now: use STREAM type=shared",
    "clock": "it is ignored now: the clock is set in the script",
}
DEAD_MODES = {"ap_bus": "it is an error now: use m_axi", "ap_stable": "it is deprecated: use STABLE"}
OF_A_LOOP = ("loop_tripcount", "unroll", "loop_flatten", "pipeline")


class Pragma:
    """One `#pragma HLS`: its line, its name, its options, all in small letters but for the names."""

    def __init__(self, line, words):
        self.line = line
        self.text = words
        words = re.sub(r"\s*=\s*", "=", words).split()
        self.name = words[0].lower() if words else ""
        self.options = []
        for word in words[1:]:
            option, equals, value = word.partition("=")
            self.options.append((option.lower(), value if equals else None))

    def get(self, option):
        return next((value for name, value in self.options if name == option), None)


class Unit:
    """A source file with its pragmas."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.code = lint.blank("\n".join(self.lines)).split("\n")
        self.is_top = re.match(r"kernels/vitis/\w+_top\.c$", path) is not None
        self.pragmas = []
        for number, line in enumerate(self.code, 1):
            found = re.match(r"\s*#\s*pragma\s+HLS\b\s*(.*)$", line, re.I)
            if not found:
                continue
            words, at = found.group(1), number
            while words.endswith("\\") and at < len(self.code):
                words = words[:-1] + " " + self.code[at]
                at += 1
            self.pragmas.append(Pragma(number, words))

    def depth_at(self, line):
        """How many braces are open before a line, preprocessor lines not counted."""
        depth, continued = 0, False
        for text in self.code[:line - 1]:
            if not continued and not text.lstrip().startswith("#"):
                depth += text.count("{") - text.count("}")
            continued = text.endswith("\\") and (continued or text.lstrip().startswith("#"))
        return depth

    def before(self, line):
        """The statement or head that ends before a line, pragmas passed over, on one line."""
        head = []
        for text in reversed(self.code[:line - 1]):
            if text.lstrip().startswith("#") or (not text.strip() and not head):
                continue
            if head and (not text.strip() or text.rstrip().endswith((";", "{", "}"))
                         and not head[-1].lstrip().startswith(";")):
                break
            head.append(text)
            if re.match(r"\s*(?:for|while|do)\b", text):
                break
        return " ".join(text.strip() for text in reversed(head))


def takes(kind, value):
    if kind is FLAG:
        return value is None
    if value is None:
        return False
    if kind is NUMBER:
        return re.fullmatch(r"\d+", value) is not None
    if kind is NAME:
        return re.fullmatch(r"[A-Za-z_][\w.]*", value) is not None
    return value.lower() in kind


def rule_pragma(unit):
    for pragma in unit.pragmas:
        if pragma.name in DEAD:
            yield pragma.line, "dead-pragma", "%s: %s" % (pragma.name.upper(), DEAD[pragma.name])
            continue
        if pragma.name not in PRAGMAS:
            yield pragma.line, "unknown-pragma", "%s: no such pragma; see PRAGMAS in tools/hls_lint.py" % pragma.name
            continue
        known = PRAGMAS[pragma.name]
        for option, value in pragma.options:
            if option not in known:
                yield pragma.line, "unknown-option", "%s has no option %s; it has %s" % (
                    pragma.name.upper(), option, ", ".join(known))
            elif option == "mode" and value in DEAD_MODES:
                yield pragma.line, "dead-pragma", "mode=%s: %s" % (value, DEAD_MODES[value])
            elif not takes(known[option], value):
                wanted = known[option] if isinstance(known[option], str) else "one of " + ", ".join(known[option])
                yield pragma.line, "bad-value", "%s=%s; it takes %s" % (option, value, wanted)
        for option in NEEDED.get(pragma.name, []):
            if option not in [name for name, _ in pragma.options]:
                yield pragma.line, "missing-option", "%s without %s says nothing; add it" % (pragma.name.upper(),
                                                                                             option)


def rule_pragma_place(unit):
    for pragma in unit.pragmas:
        if unit.depth_at(pragma.line) == 0:
            yield pragma.line, "pragma-scope", "outside a function no tool looks at it; put it into the body"
        elif pragma.name in OF_A_LOOP and not re.match(r"(?:for|while|do)\b.*\{$", unit.before(pragma.line)):
            if pragma.name != "pipeline" or unit.depth_at(pragma.line) != 1:  # PIPELINE may be a function's own
                yield pragma.line, "pragma-place", "%s belongs right behind the { of its loop" % pragma.name.upper()
        if pragma.name == "interface" and not unit.is_top:
            yield pragma.line, "interface-place", "ports are the tops': kernels/vitis/*_top.c"
        if pragma.name == "dependence" and (pragma.get("dependent") or "").lower() == "false" and \
                pragma.get("type") == "inter":
            yield pragma.line, "dependence-false", ("a wrong one is wrong on hardware alone; forward, and say "
                                                    "distance= and dependent=true")
    for number, line in enumerate(unit.code, 1):
        if re.search(r"\b_Pragma\b", line):
            yield number, "pragma-operator", "tools read literal lines only: write #pragma HLS"


# --- text ------------------------------------------------------------------------------------------------------------

def rule_words(unit):
    types = os.path.basename(unit.path) == "ll_types.h"
    depth = 0
    for number, line in enumerate(unit.code, 1):
        if re.match(r"\s*#\s*if", line):
            depth += 1
        elif re.match(r"\s*#\s*endif", line):
            depth -= 1
        if re.match(r"\s*#\s*include\s*<", line) and depth < 2:  # 1 is the header's own guard
            yield number, "system-include", "OpenCL C has no such header: hls/ll_types.h has the types"
        if line.lstrip().startswith("#"):
            continue
        if not types and not unit.path.endswith(".cl"):
            for found in re.finditer(r"\b(?:%s)\b" % lint.HLS_RESERVED, line):
                yield number, "reserved-word", "%s: a word of OpenCL C; take another name" % found.group(0)
        for found in re.finditer(r"\bsize_t\b", line):
            yield number, "size-t", "its width is the compiler's: u32 or u64"


# --- the ports of a top ----------------------------------------------------------------------------------------------

def rule_top(unit, tops):
    """`tops`: (name, first line, [(parameter, type)]) of the functions of this file that others can call."""
    if not unit.is_top:
        return
    if len(tops) != 1:
        yield 1, "top-count", "%d functions that others can call; a top's file has one" % len(tops)
    for _, line, parameters in tops:
        ports = [pragma for pragma in unit.pragmas if pragma.name == "interface"]
        names = [name for name, _ in parameters]
        for pragma in ports:
            if pragma.get("port") not in names + ["return"]:
                yield pragma.line, "no-such-port", "there is no argument %s" % pragma.get("port")
        yield from memory_ports([pragma for pragma in ports if pragma.get("mode") == "m_axi"], line, parameters)
        registers = [pragma.get("port") for pragma in ports if pragma.get("mode") == "s_axilite"]
        for name in names + ["return"]:
            if name not in registers:
                yield line, "no-register", "%s has no s_axilite: the host could not set it" % name
        protocols = [pragma for pragma in ports if str(pragma.get("mode")).startswith("ap_ctrl_")]
        if len(protocols) != 1 or protocols[0].get("mode") == "ap_ctrl_none":
            yield line, "block-protocol", "one of ap_ctrl_chain and ap_ctrl_hs on port=return: XRT starts no other"
        for name, kind in parameters:
            if "*" not in kind and not re.fullmatch(r"(?:const )?u(?:8|16|32|64)", kind):
                yield line, "top-argument", "%s %s: a top takes pointers and unsigned scalars" % (kind, name)


def memory_ports(ports, line, parameters):
    bundles = {}
    for pragma in ports:
        bundle = pragma.get("bundle")
        if not bundle:
            yield pragma.line, "no-bundle", "without a bundle of its own a memory shares one port with all others"
        elif bundle in bundles:
            yield pragma.line, "shared-bundle", "%s is the port of %s already; a port each" % (bundle, bundles[bundle])
        bundles.setdefault(bundle, pragma.get("port"))
        if pragma.get("offset") != "slave" or pragma.get("depth") is None:
            yield pragma.line, "port-options", "m_axi needs offset=slave for XRT and depth= for cosim"
    for name, kind in parameters:
        if "*" in kind and name not in [pragma.get("port") for pragma in ports]:
            yield line, "no-port", "%s is a memory without an m_axi interface" % name


# --- what clang reads ------------------------------------------------------------------------------------------------

class Node:
    """A node of clang's tree, with the place it stands at."""

    def __init__(self, raw, path, line, children):
        self.raw = raw
        self.kind = raw.get("kind", "")
        self.path = path
        self.line = line
        self.children = children

    def type(self):
        return self.raw.get("type", {}).get("qualType", "")

    def plain_type(self):
        return self.raw.get("type", {}).get("desugaredQualType", self.type())

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


class TreeReader:
    """clang leaves out of a place what has not changed since the place before it."""

    def __init__(self):
        self.path = ""
        self.line = 0

    def place(self, raw):
        """The place a thing is written at or expanded to; every place on the way is taken note of."""
        if "spellingLoc" in raw or "expansionLoc" in raw:
            self.place(raw.get("spellingLoc", {}))
            return self.place(raw.get("expansionLoc", {}))
        if "file" in raw:
            self.path = os.path.normpath(raw["file"])
        self.line = raw.get("line", self.line)
        return self.path, self.line

    def read(self, raw):
        path, line = self.place(raw["loc"]) if raw.get("loc") else (self.path, self.line)
        span = raw.get("range", {})
        begin = self.place(span.get("begin", {}))
        self.place(span.get("end", {}))
        if not raw.get("loc"):
            path, line = begin
        return Node(raw, path, line, [self.read(child) for child in raw.get("inner", []) if child])


def is_constant(node):
    """1 when nothing in an expression can change between two evaluations."""
    for part in node.walk():
        if part.kind in ("MemberExpr", "CallExpr", "ArraySubscriptExpr"):
            return False
        if part.kind == "DeclRefExpr" and part.raw.get("referencedDecl", {}).get("kind") != "EnumConstantDecl":
            return False
    return True


def width(node):
    """Bits of an operand before it was made as wide as the other one."""
    while node.kind in ("ImplicitCastExpr", "ParenExpr", "CStyleCastExpr") and node.children:
        inner = node.children[-1]
        if node.raw.get("castKind") == "IntegralCast" and bits(inner) > bits(node):
            break
        node = inner
    return bits(node)


def bits(node):
    return 64 if re.search(r"\blong\b|64", node.plain_type()) else 32


def function_findings(function):
    """What is wrong inside one function."""
    for node in function.walk():
        operator = node.raw.get("opcode", "")
        if node.kind in ("BinaryOperator", "CompoundAssignOperator") and operator in ("/", "%", "/=", "%="):
            if not is_constant(node.children[1]):
                yield node, "divide", "a divider costs some 30 cycles: shift and mask instead"
        elif node.kind in ("BinaryOperator", "CompoundAssignOperator") and operator in ("*", "*="):
            if min(width(child) for child in node.children) > 32 and not any(map(is_constant, node.children)):
                yield node, "wide-multiply", "64 by 64 bits take some 10 multipliers and 5 cycles: 32 by 32, or shifts"
        elif node.kind == "GotoStmt":
            yield node, "goto", "tools do not schedule it"
        elif node.kind == "ConditionalOperator" and "*" in node.type():
            yield node, "pointer-select", "a pointer to one of two memories is no port: select the values"
        elif node.raw.get("castKind") == "BitCast" and "*" in node.type():
            yield node, "pointer-cast", "only pointers to plain numbers can be cast: give the right type"
        elif node.kind == "VarDecl" and node.raw.get("storageClass") == "static" and "const" not in node.type():
            yield node, "static-state", "%s outlives the call" % node.raw.get("name")


def declaration_findings(tree):
    for node in tree.walk():
        if node.kind == "RecordDecl" and node.raw.get("tagUsed") == "union":
            yield node, "union", "no unions in layouts: shift and mask"
        elif node.kind == "FieldDecl" and node.raw.get("isBitfield"):
            yield node, "bit-field", "no bit-fields in layouts: shift and mask"
        elif node.kind == "FieldDecl" and "*" in node.type():
            yield node, "struct-pointer", "no pointer in a struct: an index into an array that is passed in"
        if node.kind in ("VarDecl", "ParmVarDecl", "FieldDecl", "TypedefDecl"):
            if re.search(r"\(\*", node.type()):
                yield node, "function-pointer", "call by name"
            elif re.search(r"\*\s*(?:const\s*)?\*", node.plain_type()):
                yield node, "pointer-to-pointer", "pass the array itself"
            if re.search(r"\b(?:float|double)\b", node.plain_type()):
                yield node, "float", "integer ticks and lots"
        if node.kind == "FunctionDecl" and node.raw.get("variadic") and not node.raw.get("isImplicit"):
            yield node, "variadic", "a fixed list of arguments"


def calls_of(function):
    for node in function.walk():
        if node.kind == "CallExpr":
            callee = next((part for part in node.children[0].walk() if part.kind == "DeclRefExpr"), None)
            yield node, callee.raw.get("referencedDecl", {}).get("name", "") if callee else ""


def call_findings(functions):
    """Calls of what has no body, and functions that reach themselves."""
    graph = {name: {callee for _, callee in calls_of(function)} for name, function in functions.items()}
    for name, function in functions.items():
        for node, callee in calls_of(function):
            if callee not in functions and callee not in BUILTINS:
                yield node, "no-body", "%s: hardware can only call what it has the body of" % (callee or "a pointer")
        reached, left = set(), set(graph[name])
        while left:
            one = left.pop()
            if one not in reached:
                reached.add(one)
                left |= graph.get(one, set())
        if name in reached:
            yield function, "recursion", "%s reaches itself; use a loop with a bound" % name


def loop_findings(function, units):
    """A loop whose bound is not a constant needs a LOOP_TRIPCOUNT, or reports have no latency."""
    for node in function.walk():
        if node.kind == "ForStmt":
            condition = node.raw["inner"][2] if len(node.raw.get("inner", [])) > 2 else {}
            bounded = condition.get("opcode") in ("<", "<=", ">", ">=", "!=") and is_constant(
                TreeReader().read(condition["inner"][1]))
        elif node.kind in ("WhileStmt", "DoStmt"):
            bounded = False
        else:
            continue
        unit = units.get(node.path)
        if bounded or unit is None:
            continue
        body = node.children[0 if node.kind == "DoStmt" else -1]
        below = [pragma.name for pragma in unit.pragmas
                 if body.kind == "CompoundStmt" and body.line < pragma.line <= body.line + 4]
        if "loop_tripcount" not in below:
            yield node, "no-tripcount", "its bound is no constant: braces, and #pragma HLS LOOP_TRIPCOUNT max="


class Reading:
    """A top as clang reads it for synthesis."""

    def __init__(self, root, path):
        command = ["clang", *SYNTHESIS, "-Wvla", "-fsyntax-only", "-Xclang", "-ast-dump=json", path]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        self.findings = []
        for where, line, kind, text in re.findall(r"^([^:\n]+):(\d+):\d+: (?:fatal )?(error|warning): (.*)$",
                                                  done.stderr, re.M):
            rule = "vla" if "-Wvla" in text else "parse"
            if rule == "vla" or kind == "error":
                self.findings.append((os.path.normpath(where), int(line), rule, text))
        self.tree = TreeReader().read(json.loads(done.stdout)) if done.stdout else None
        self.root = root
        self.functions = {}
        if self.tree:
            for node in self.tree.children:
                if node.kind == "FunctionDecl" and any(part.kind == "CompoundStmt" for part in node.children):
                    self.functions[node.raw["name"]] = node

    def tops(self, path):
        for name, node in self.functions.items():
            if node.path == path and node.raw.get("storageClass") != "static":
                yield name, node.line, [(part.raw.get("name"), part.type()) for part in node.children
                                        if part.kind == "ParmVarDecl"]

    def check(self, units):
        if not self.tree:
            return
        found = list(declaration_findings(self.tree)) + list(call_findings(self.functions))
        for function in self.functions.values():
            found += list(function_findings(function)) + list(loop_findings(function, units))
        for node, rule, message in found:
            if node.path in units:
                yield node.path, node.line, rule, message


def port_widths(root, path, tops):
    """Whether the elements of a top's memories fit a port, as clang counts them."""
    for _, line, parameters in tops:
        kinds = {name: re.sub(r"\b(?:const|volatile|restrict)\b|\*", "", kind).strip() for name, kind in parameters
                 if "*" in kind}
        text = '#include "%s"\n%s' % (path, "".join(
            '_Static_assert(sizeof(%s) <= %d, "port of %s");\n' % (kind, PORT_BYTES_MAX, name)
            for name, kind in kinds.items()))
        done = subprocess.run(["clang", *SYNTHESIS, "-fsyntax-only", "-x", "c", "-"], cwd=root, input=text,
                              capture_output=True, text=True, check=False)
        for name in re.findall(r'"?port of (\w+)"?$', done.stderr, re.M):
            yield path, line, "port-width", "an element of %s has more than %d bytes, and a port is no wider" % (
                name, PORT_BYTES_MAX)


# --- which memory each port of a card has -----------------------------------------------------------------------------

def card_findings(root, bundles):
    """`bundles`: of each kernel the names of its m_axi bundles."""
    folder = os.path.join(root, CARDS)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = CARDS + "/" + name
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            lines = file.read().split("\n")
        kernel = next((line.split("=")[1].split(":")[0] for line in lines if line.startswith("nk=")), "")
        if kernel not in bundles:
            yield path, 1, "card-kernel", "nk names '%s', and no top is called so" % kernel
            continue
        placed, channels = {}, {}
        for number, line in enumerate(lines, 1):
            found = re.match(r"sp=\w+\.(\w+):(HBM|DDR|HOST|PLRAM)\[(\d+)(?::(\d+))?\]$", line)
            if not found:
                if line.startswith("sp="):
                    yield path, number, "card-line", "sp=<instance>.<bundle>:HBM[0] or HBM[0:3], DDR[0], HOST[0]"
                continue
            bundle, memory, first, last = found.group(1), found.group(2), int(found.group(3)), found.group(4)
            if bundle not in bundles[kernel] or bundle in placed:
                yield path, number, "card-bundle", "%s is no bundle of %s, or is placed twice" % (bundle, kernel)
            placed[bundle] = memory
            for channel in range(first, int(last or first) + 1) if memory == "HBM" else []:
                if channel > 31 or channel in channels:
                    yield path, number, "card-channel", "HBM[%d] is %s; a port has its channels alone" % (
                        channel, "that of " + channels[channel] if channel in channels else "not there")
                    break
                channels[channel] = bundle
        for bundle in bundles[kernel]:
            if bundle not in placed:
                yield path, 1, "card-missing", "%s has no sp= line: the linker would choose" % bundle


def statics_are_placed(unit, finding):
    """A top may own arrays on chip, when it says where they lie."""
    _, line, rule, message = finding
    if rule != "static-state" or not unit.is_top:
        return False
    name = message.split()[0]
    return any(pragma.get("variable") == name and pragma.name in ("bind_storage", "array_partition")
               for pragma in unit.pragmas if line < pragma.line)


# --- putting it together ---------------------------------------------------------------------------------------------

def list_units(root):
    paths = []
    for folder, keep in (("hls", r"\.h$"), ("kernels", r"\.(?:cl|h)$"),
                         ("kernels/vitis", r"(?:_top\.c|ll_tops\.h)$")):
        if os.path.isdir(os.path.join(root, folder)):
            paths += [folder + "/" + name for name in os.listdir(os.path.join(root, folder)) if re.search(keep, name)]
    return {path: Unit(root, path) for path in sorted(paths)}


def check(root):
    units = list_units(root)
    has_clang = shutil.which("clang") is not None
    findings = []
    for path, unit in units.items():
        for rule in (rule_pragma, rule_pragma_place, rule_words):
            findings += [(path, line, name, message) for line, name, message in rule(unit)]
    bundles = {}
    for path, unit in units.items():
        if not unit.is_top or not has_clang:
            continue
        reading = Reading(root, path)
        tops = list(reading.tops(path))
        findings += reading.findings + list(reading.check(units)) + list(port_widths(root, path, tops))
        findings += [(path, line, name, message) for line, name, message in rule_top(unit, tops)]
        for name, _, _ in tops:
            bundles[name] = [pragma.get("bundle") for pragma in unit.pragmas if pragma.get("mode") == "m_axi"]
    findings += card_findings(root, bundles) if has_clang else []
    kept = [one for one in set(findings) if one[0] not in units or not statics_are_placed(units[one[0]], one)]
    return units, sorted(lint.apply_allowed(root, kept, ALLOW)), has_clang


def canary():
    """Every seeded fault must be reported, and nothing else."""
    root = os.path.join(lint.HOME, CANARY)
    with open(os.path.join(root, "expected.list"), encoding="utf-8") as file:
        expected = {tuple(line.split()) for line in file if line.strip() and not line.startswith("#")}
    _, findings, has_clang = check(root)
    found = {("%s:%d" % (path, line), rule) for path, line, rule, _ in findings}
    problems = ["%s/%s: [canary] hls-lint reports %s, which nobody seeded" % (CANARY, *one)
                for one in sorted(found - expected)]
    if has_clang:
        problems += ["%s/%s: [canary] hls-lint is blind: it does not report %s here" % (CANARY, *one)
                     for one in sorted(expected - found)]
    for problem in problems:
        print(problem)
    return len(expected), len(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canary", action="store_true")
    args = parser.parse_args()
    start = time.monotonic()
    seeded, bad = canary()
    if args.canary or bad:
        print("hls-lint canary: %d faults seeded, %s" % (seeded, "%d problems" % bad if bad else "all of them seen"))
        return 1 if bad else 0
    units, findings, has_clang = check(lint.HOME)
    for path, line, rule, message in findings:
        print("%s:%d: [%s] %s" % (path, line, rule, message))
    print("hls-lint: %d files, %d pragmas, %d findings, %.1f s; the canary's %d faults were all seen" % (
        len(units), sum(len(unit.pragmas) for unit in units.values()), len(findings), time.monotonic() - start,
        seeded))
    if findings:
        return 1
    if not has_clang:
        print("SKIP: hls-lint ran without clang; make deps installs it")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
