#!/usr/bin/env python3
"""Runs the tests from outside against the program that WHAZZ names.

    WHAZZ=build/src/cli/whazz tests/run_api.py [--list] [--except NAME]... [NAME]...

NAME is "api", "crash", or part of a test's name (module.Class.test).

Ends with one line "N passed, M failed"; the exit status is 0 only when at least one test ran
and none failed. A test that was skipped, or that passed although it was expected to fail,
counts as failed: nothing is left out silently.
"""
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "support"))

import contract  # noqa: E402 (needs the path above)


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


def main(argv):
    names, unwanted, rest = [], [], iter(argv)
    for argument in rest:
        if argument == "--except":
            unwanted.append(next(rest))
        elif not argument.startswith("-"):
            names.append(argument)
    loader, suite = unittest.TestLoader(), unittest.TestSuite()
    for folder in ("api", "crash"):
        found = loader.discover(str(HERE / folder), "test_*.py", top_level_dir=str(HERE / folder))
        for test in flat(found):
            if any(n in test.id() for n in unwanted):
                continue
            if not names or folder in names or any(n in test.id() for n in names):
                suite.addTest(test)
    if "--list" in argv:
        for test in flat(suite):
            print(test.id())
        return 0
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, resultclass=Result,
                                     buffer=False).run(suite)
    failed = len(result.bad)
    if not names and not unwanted:
        for operation in contract.untried():
            print(f"  NEVER TRIED: {operation}")
            failed += 1
    print(f"{result.passed} passed, {failed} failed")
    return 0 if failed == 0 and result.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
