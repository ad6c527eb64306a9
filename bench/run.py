"""make bench: measures Whazz beside its peers in one run and prints the table.

    python3 bench/run.py BUILD_FOLDER [--quick] [--only NAME,...] [--keep-document]

Exits 1 when a peer could not be started or a measurement failed, 2 when a target was missed."""
import argparse
import datetime
import os
import shutil
import sys
import traceback

import report
import rows_audio
import rows_download
import rows_static
import rows_store
import rows_upload
import rows_usage
from context import Context, fsync_median_us
from processes import NotStarted

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GROUPS = {
    "usage": rows_usage.measure,
    "upload": rows_upload.small,
    "large-upload": rows_upload.large,
    "download": rows_download.measure,
    "static": rows_static.measure,
    "analytics": rows_store.analytics,
    "ledger": rows_store.ledger,
    "start": rows_store.start,
    "audio": rows_audio.measure,
}


def arguments():
    parser = argparse.ArgumentParser(description="Measures Whazz beside its peers.")
    parser.add_argument("build", help="the build folder")
    parser.add_argument("--quick", action="store_true",
                        help="short runs, fewer accounts: for a first look")
    parser.add_argument("--only", default="", help="groups: " + ",".join(GROUPS))
    parser.add_argument("--keep-document", action="store_true",
                        help="leave docs/benchmarks.md alone")
    return parser.parse_args()


def measure_all(context, wanted):
    """Rows and what was left out; every group gets its turn whatever became of the others."""
    rows, skipped, failed = [], [], False
    for name, group in GROUPS.items():
        if name not in wanted:
            skipped.append(report.Skipped(name, "not asked for"))
            continue
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        try:
            got = group(context)
            context.forget_all()
            rows += got
            print(report.table(got), file=sys.stderr, flush=True)
        except Exception as error:  # a peer that fails must not hide the other rows
            traceback.print_exc()
            failed = True
            why = str(error).split(":")[0] if isinstance(error, NotStarted) else "failed"
            skipped.append(report.Skipped(name, why))
    if context.quick:
        skipped.append(report.Skipped("a million accounts", "a quick run takes fewer"))
    return rows, skipped, failed


def main():
    options = arguments()
    wanted = [name for name in options.only.split(",") if name] or list(GROUPS)
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        sys.exit(f"bench: no group {', '.join(unknown)}")
    build = os.path.abspath(options.build)
    folder = f"{build}/run/{os.getpid()}"
    os.makedirs(folder)
    try:
        context = Context(build, folder, options.quick)
        context.fsync_us = fsync_median_us(folder)
        where = report.machine(context.fsync_us)
        rows, skipped, failed = measure_all(context, wanted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    block = report.text(datetime.date.today().isoformat(),
                        "a quick run" if options.quick else "a full run", where, rows, skipped)
    print(block)
    if not options.keep_document:
        report.document_update(f"{ROOT}/docs/benchmarks.md", block)
    missed = any(row.passed is False for row in rows)
    sys.exit(1 if failed else 2 if missed else 0)


if __name__ == "__main__":
    main()
