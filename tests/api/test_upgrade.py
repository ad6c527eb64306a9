"""A database of an earlier version, with jobs in it, is served by this one."""
import pathlib
import sqlite3

from bodies import wav
from whazz import Case

SQL = sorted((pathlib.Path(__file__).resolve().parents[2] / "sql").glob("0*.sql"))
TABLE = """CREATE TABLE schema_migrations (version INTEGER NOT NULL PRIMARY KEY,
           name TEXT NOT NULL, applied_us BIGINT NOT NULL)"""
NEW = ("outputs",)  # fields of a status that a row of then says nothing of
NEW_IN_5 = ("peak_dbfs", "loudness_lufs", "noise_removed_db")


def as_of(version, path):
    """Makes the database at `path` one that the first `version` migrations made, with the same
    rows: what a later version added is lost."""
    now = sqlite3.connect(path)
    then = sqlite3.connect(path.with_name("then.db"))
    then.execute(TABLE)
    for i, script in enumerate(SQL[:version], 1):
        then.executescript(script.read_text())
        then.execute("INSERT INTO schema_migrations VALUES (?, ?, ?)", (i, script.stem, i))
    for (table,) in then.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table in ("schema_migrations", "sqlite_sequence"):
            continue
        columns = ", ".join(c[1] for c in then.execute(f"PRAGMA table_info({table})"))
        rows = now.execute(f"SELECT {columns} FROM {table}").fetchall()
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            then.executemany(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", rows)
    # What was being worked on is picked up at once rather than when its lease ends.
    then.execute("UPDATE jobs SET lease_expires_us = 1 WHERE status = 1")
    then.commit()
    then.close()
    now.close()
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.with_name("then.db").rename(path)


class Upgrade(Case):
    OPTIONS = ("--user-files-per-day", "1000")

    def seen(self, client, job):
        told = client.get(f"/audio/status/{job}")
        self.assertEqual(told.status, 200, str(told))
        return told.json

    def upgraded(self, version):
        user, guest = self.server.user(), self.server.guest()
        done, gone = user.uploaded(wav(1.0)), user.uploaded(wav(0.5))
        guests = guest.uploaded(wav(1.0))
        for client, job in ((user, done), (user, gone), (guest, guests)):
            self.assertEqual(client.wait_for_job(job)["status"], "completed")
        body = user.get(f"/audio/download/{done}").body
        running = user.uploaded(wav(60.0))
        figures = user.get("/usage/me").json
        before = self.seen(user, done)
        self.server.kill()
        as_of(version, self.server.data_dir / "whazz.db")
        self.server.start()
        user.close(), guest.close()

        after = self.seen(user, done)
        lost = (*NEW, *(NEW_IN_5 if version < 5 else ()))
        self.assertEqual({k: v for k, v in after.items() if k not in lost},
                         {k: v for k, v in before.items() if k not in lost})
        self.assertEqual([(o["index"], o["label"], o["name"], o["size_bytes"])
                          for o in after["outputs"]],
                         [(0, None, "processed_speech.wav", len(body))])
        self.assertEqual(user.get(f"/audio/download/{done}").body, body)
        self.assertEqual(user.get(f"/audio/download/{done}?output=0").body, body)
        self.assertEqual(user.get(f"/audio/archive/{done}").status, 200)
        self.assertEqual(user.get(f"/audio/peaks/{done}").status, 200)
        self.assertEqual(self.seen(guest, guests)["status"], "completed")
        self.assertEqual(user.wait_for_job(running)["status"], "completed")
        self.assertEqual(user.get("/usage/me").json["total_files_uploaded"],
                         figures["total_files_uploaded"])
        self.answer(user.delete(f"/audio/jobs/{gone}"), 200)
        self.assertEqual(len(user.get("/audio/jobs").json["jobs"]), 2)
        new = user.wait_for_job(user.uploaded())
        self.assertEqual((new["status"], len(new["outputs"])), ("completed", 1))
        verified = self.server.verify()
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def test_from_each_version(self):
        """From the fourth on, the first whose database had all that a job needs."""
        for version in range(4, len(SQL)):
            with self.subTest(version):
                self.upgraded(version)

    def test_all_migrations_are_applied(self):
        newest = sqlite3.connect(self.server.data_dir / "whazz.db").execute(
            "SELECT MAX(version) FROM schema_migrations").fetchone()[0]
        self.assertEqual(newest, len(SQL))
