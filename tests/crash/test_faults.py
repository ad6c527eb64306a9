"""A full disk, a read-only folder, a broken database, a port in use, a clock set back."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from bodies import sha256, wav
from whazz import Server, binary, clock_moved, run

class InMount(Server):
    """A server whose data folder is a mount of its own, seen by it alone."""

    def __init__(self, mount, *options):
        self.mount = mount
        super().__init__(*options, start=False)

    def command(self):
        as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        return ["unshare", "--mount", *as_root, "sh", "-c", f'{self.mount} && exec "$@"', "sh",
                *super().command()]

    def fill(self, left_bytes):
        """Leaves so many bytes of the mount to the server; None: all of them again."""
        inside = pathlib.Path(f"/proc/{self.process.pid}/root{self.data_dir.parent}")
        filler, still = inside / "filler", 0
        if left_bytes is None:
            filler.unlink()
            return
        while still < 10:  # what runs gives its room back a little later
            free = os.statvfs(inside).f_bavail * os.statvfs(inside).f_frsize - left_bytes
            still = still + 1 if free <= 0 else 0
            with open(filler, "ab") as out:
                out.write(bytes(max(free, 0)))
            time.sleep(0.1)


class Fault(unittest.TestCase):
    def refuses(self, *options, **kwargs):
        """A start that must fail with one clear line; that line."""
        server = Server(*options, start=False, **kwargs)
        server.start(wait=False)
        self.assertNotEqual(server.process.wait(20), 0)
        lines = [line for line in server.log().splitlines() if line.strip()]
        self.assertEqual(len(lines), 1, lines)
        server.close()
        return lines[0]

    def put_off(self, server, user):
        """A small upload with a large result, 2 MB, that has no room now; its job."""
        made = server.home / "silence.flac"
        subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i",
                        "anullsrc=r=16000:cl=mono", "-t", "60", made], check=True)
        job = user.uploaded(made.read_bytes(), made.name)
        end = time.monotonic() + 60
        while not re.search(rf"job_put_off job_id={job}", server.log(10**6)) or \
                user.get(f"/audio/status/{job}").json["status"] != "pending":
            self.assertLess(time.monotonic(), end, server.log())
            time.sleep(0.1)
        return job

    def test_a_full_disk(self):
        home = tempfile.mkdtemp(prefix="whazz-full-")
        server = InMount(f"mount -t tmpfs -o size=12m tmpfs {home}",
                         "--user-files-per-day", "100000", "--user-storage", "1GB",
                         "--disk-reserve", "4MB")
        server.data_dir = pathlib.Path(home) / "data"
        server.start()
        user, kept, full = server.user(), {}, None
        for n in range(60):
            content = wav(10, 16000, seed=n)
            reply = user.upload(content, f"{n}.wav")
            if reply.status != 201:
                full = reply
                break
            kept[reply.json["job_id"]] = sha256(content)
            if n == 0:
                self.assertEqual(user.wait_for_job(reply.json["job_id"])["status"], "completed")
        self.assertIsNotNone(full, "the disk never filled")
        self.assertEqual((full.status, full.detail), (507, "The server is out of storage."))
        self.assertTrue(kept)
        for job, digest in kept.items():
            reply = user.get(f"/audio/original/{job}")
            self.assertEqual((reply.status, sha256(reply.body)), (200, digest))
        for job in kept:
            self.assertEqual(user.delete(f"/audio/jobs/{job}").status, 200)
        server.fill(5 << 20)
        waiting = self.put_off(server, user)
        server.fill(None)
        for job in (user.uploaded(wav(1.0)), waiting):
            self.assertEqual(user.wait_for_job(job)["status"], "completed")
        me = user.get("/usage/me").json
        self.assertEqual(me["total_files_uploaded"], len(kept) + 2)
        self.assertEqual(me["total_files_failed"], 0)
        self.assertEqual(server.stop(), 0)
        server.close()
        shutil.rmtree(home, ignore_errors=True)

    def test_a_read_only_folder(self):
        server = InMount("mount --bind {0} {0} && mount -o remount,ro,bind {0}")
        server.mount = server.mount.format(server.home)
        server.data_dir = server.home / "data"
        server.log_path = pathlib.Path(tempfile.mkdtemp()) / "log"
        server.start(wait=False)
        self.assertNotEqual(server.process.wait(20), 0)
        lines = server.log().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r"(?i)read-only")
        server.close()

    def test_a_broken_database(self):
        server = Server()
        user = server.user()
        user.wait_for_job(user.uploaded())
        server.stop()
        database = next(server.data_dir.glob("*.db"))
        whole = database.read_bytes()
        for name, content in (("no database", b"this is not a database" * 500),
                              ("cut", whole[:len(whole) // 2 - 100]),
                              ("scribbled over", whole[:4096] + b"\xa5" * (len(whole) - 4096))):
            with self.subTest(name):
                database.write_bytes(content)
                for extra in server.data_dir.glob("*.db-*"):
                    extra.unlink()
                line = self.refuses(data_dir=server.data_dir)
                self.assertRegex(line, r"(?i)database|malformed|corrupt")
                self.assertEqual(database.read_bytes(), content, "it was written to")
        database.write_bytes(whole)
        server.start()
        self.assertEqual(user.get("/usage/me").json["total_files_uploaded"], 1)
        server.close()

    def on_a_taken_port(self):
        """A server that begins to start, and the socket that listens where it wants to."""
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(start=False)
        server.port = taken.getsockname()[1]
        return server.start(wait=False), taken

    def test_a_port_in_use(self):
        server, _ = self.on_a_taken_port()
        self.assertNotEqual(server.process.wait(20), 0)
        self.assertRegex(server.log(), rf"(?i)127\.0\.0\.1:{server.port}.*in use")
        server.close()

    def test_a_port_let_go_during_the_start(self):
        """A server that was killed holds its port for a moment longer, by its children."""
        server, taken = self.on_a_taken_port()
        time.sleep(0.5)
        taken.close()
        server.wait_ready()
        server.close()

    def test_two_servers_on_one_folder(self):
        """The second serves as well, or says why it does not; nothing breaks."""
        one = Server()
        user = one.user()
        two = Server(data_dir=one.data_dir, start=False)
        two.start(wait=False)
        time.sleep(1)
        self.assertEqual(user.wait_for_job(user.uploaded())["status"], "completed")
        self.assertEqual(one.verify().returncode, 0)
        two.close()
        one.close()

    def test_wrong_options_stop_the_start(self):
        for options in (("--upload-max", "12 parsecs"), ("--nonsense",), ("--workers", "-1"),
                        ("--listen", "nowhere"), ("--day-zone", "Mars/Base"),
                        ("--secret-key", "short"), ("--trusted-proxies", "10.0.0.0/99")):
            with self.subTest(options):
                self.assertIn(options[0], self.refuses(*options, secret=None))

    def test_a_clock_set_back(self):
        """What was counted stays, new work is accepted, the figures agree."""
        server = Server()
        user = server.user()
        user.wait_for_job(user.uploaded())
        server.stop()
        server.env = clock_moved(-48)
        server.start()
        back = server.login(user.name)
        job = back.uploaded()
        self.assertEqual(back.wait_for_job(job)["status"], "completed")
        me = back.get("/usage/me").json
        self.assertEqual(me["total_files_uploaded"], 2)
        self.assertEqual(server.verify().returncode, 0)
        # Setting a clock back does not give the day's uploads anew.
        self.assertEqual(back.get("/usage/limits").json["files_per_day"]["used"], 2)
        server.stop()
        server.env = None
        server.start()
        now = server.login(user.name)
        self.assertEqual(now.get("/usage/me").json["total_files_uploaded"], 2)
        self.assertEqual(now.wait_for_job(now.uploaded())["status"], "completed")
        self.assertEqual(server.verify().returncode, 0)
        server.close()

    def test_verify_names_a_difference(self):
        server = Server()
        user = server.user()
        user.wait_for_job(user.uploaded())
        server.stop()
        database = next(server.data_dir.glob("*.db"))
        script = ("import sqlite3,sys;d=sqlite3.connect(sys.argv[1]);"
                  "d.execute('UPDATE usage_totals SET sum = sum + 1 WHERE rowid IN "
                  "(SELECT rowid FROM usage_totals LIMIT 1)');d.commit()")
        subprocess.run(["python3", "-c", script, database], check=True)
        verified = server.verify()
        self.assertEqual(verified.returncode, 1)
        self.assertRegex(verified.stdout + verified.stderr, r"(?i)usage_totals|account")
        server.close()

    def test_unknown_commands(self):
        self.assertEqual(run("nonsense").returncode, 2)
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("--version").stdout.split()[0], "whazz")
        self.assertTrue(binary())
