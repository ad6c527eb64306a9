"""A thread that stands in for the audio work: it copies the file and counts."""
import os
import queue
import shutil
import threading
import time

import settings
from store import Job, SessionLocal, Usage, count, now

waiting: "queue.Queue[str]" = queue.Queue()


def process(job_id: str) -> None:
    started = time.monotonic()
    with SessionLocal() as db:
        job = db.get(Job, job_id)
        output = os.path.join(settings.DATA_DIR, "processed", os.path.basename(job.input_path))
        shutil.copyfile(job.input_path, output)
        job.status, job.output_path, job.completed_at = "completed", output, now()
        count(db, job.caller,
              total_files_processed=Usage.total_files_processed + 1,
              total_output_bytes=Usage.total_output_bytes + os.path.getsize(output),
              total_processing_seconds=(Usage.total_processing_seconds
                                        + time.monotonic() - started))
        db.commit()


def run() -> None:
    while True:
        process(waiting.get())


def start() -> None:
    threading.Thread(target=run, daemon=True).start()
