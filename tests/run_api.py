#!/usr/bin/env python3
"""Runs the tests from outside against the program that WHAZZ names.

    WHAZZ=build/src/cli/whazz tests/run_api.py [--list] [--except NAME]... [NAME]...

NAME is "api", "crash", or part of a test's name (module.Class.test).

Ends with one line "N passed, M failed"; the exit status is 0 only when at least one test ran
and none failed. A test that was skipped, or that passed although it was expected to fail,
counts as failed: nothing is left out silently.
"""
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "support"))

import contract  # noqa: E402 (needs the path above)

AT_ONCE = 2
SLOW = ("test_kill", "test_bad_audio", "test_memory")  # so that they do not end the run alone


class Result(unittest.TextTestResult):
    """Counts what passed; a failing subtest fails its test once."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.passed, self.bad = 0, set()
        self.begun = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def _bad(self, test, how):
        self.bad.add(test.id())
        print(f"  {how}: {test.id()}", file=self.stream, flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad(test, "FAILED")

    def addError(self, test, err):
        super().addError(test, err)
        self._bad(test, "ERROR")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._bad(test, f"FAILED {subtest._subDescription()}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._bad(test, f"SKIPPED ({reason})")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._bad(test, "PASSED AGAINST EXPECTATION")

    def stopTest(self, test):
        took = time.monotonic() - self.begun
        if took > 5:
            print(f"  {took:.1f} s: {test.id()}", file=self.stream, flush=True)
        super().stopTest(test)


def flat(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flat(item)
        else:
            yield item


def tests_of(names, unwanted):
    """Every wanted test, by its module."""
    loader, modules = unittest.TestLoader(), {}
    for folder in ("api", "crash"):
        found = loader.discover(str(HERE / folder), "test_*.py", top_level_dir=str(HERE / folder))
        for test in flat(found):
            if any(n in test.id() for n in unwanted):
                continue
            if not names or folder in names or any(n in test.id() for n in names):
                modules.setdefault(test.id().split(".")[0], []).append(test)
    return modules


def run_here(tests):
    """Runs tests in this process: what passed, what failed, and which replies were seen."""
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, resultclass=Result,
                                     buffer=False).run(unittest.TestSuite(tests))
    return {"passed": result.passed, "failed": len(result.bad), "seen": sorted(contract.seen)}


def run_module(module, argv):
    """Runs one module in a process of its own; its text and what run_here() says."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as told:
        done = subprocess.run([sys.executable, __file__, *argv, "--module", module, told.name],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        text = told.read()
    return done.stdout, json.loads(text) if text else {"passed": 0, "failed": 1, "seen": []}


def run_all(modules, argv):
    """Two modules at a time, those with the most tests first: they wait more than they work."""
    total, order = {"passed": 0, "failed": 0}, sorted(modules, key=lambda m: -len(modules[m]))
    order.sort(key=lambda m: m not in SLOW)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for text, got in pool.map(lambda m: run_module(m, argv), order):
            print(text, end="", flush=True)
            contract.seen.update(map(tuple, got["seen"]))
            total["passed"] += got["passed"]
            total["failed"] += got["failed"]
    return total


def main(argv):
    names, unwanted, only, rest = [], [], None, iter(argv)
    for argument in rest:
        if argument == "--except":
            unwanted.append(next(rest))
        elif argument == "--module":
            only = (next(rest), next(rest))
        elif not argument.startswith("-"):
            names.append(argument)
    modules = tests_of(names, unwanted)
    if "--list" in argv:
        print("\n".join(t.id() for tests in modules.values() for t in tests))
        return 0
    if only:
        pathlib.Path(only[1]).write_text(json.dumps(run_here(modules[only[0]])))
        return 0
    total = run_all(modules, argv)
    if not names and not unwanted:
        for operation in contract.untried():
            print(f"  NEVER TRIED: {operation}")
            total["failed"] += 1
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 0 if total["failed"] == 0 and total["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
