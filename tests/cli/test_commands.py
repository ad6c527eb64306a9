"""The commands of the real binary, each in a data folder of its own.

    test_commands.py WHAZZ
"""
import contextlib
import http.client
import json
import math
import os
import pathlib
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest
import wave

WHAZZ = None
COMMANDS = ("serve", "enhance", "user", "stats", "verify", "man")


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="whazz-cli-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.data = self.dir / "data"

    def run_bare(self, *args, stdin="", env=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("WHAZZ_")}
        return subprocess.run([WHAZZ, *map(str, args)], input=stdin, text=True, timeout=60,
                              errors="surrogateescape", capture_output=True, env={**clean, **(env or {})}, cwd=self.dir)

    def run_on_data(self, *args, **more):
        return self.run_bare(*args, "--data-dir", self.data, **more)

    def check(self, done, status, out="", err=""):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(out, done.stdout)
        self.assertIn(err, done.stderr)
        return done

    def add(self, name, *flags, password="correct horse"):
        return self.run_on_data("user", "add", name, f"{name}@example.org", *flags,
                                env={"WHAZZ_PASSWORD": password})

    def users(self):
        done = self.check(self.run_on_data("user", "list", "--json"), 0)
        return {u["username"]: u for u in json.loads(done.stdout)}

    def sql(self, text, *values):
        with sqlite3.connect(self.data / "whazz.db") as db:
            db.execute(text, values)
        db.close()


class Help(Folder):
    def test_each_command_has_a_line_in_the_overview(self):
        for args in (["--help"], ["-h"], ["help"]):
            done = self.check(self.run_bare(*args), 0)
            for command in COMMANDS:
                self.assertRegex(done.stdout, rf"(?m)^  whazz {command}\b.*\n      \S")
            self.assertIn("--data-dir", done.stdout)

    def test_help_of_each_command_is_help_and_nothing_else(self):
        for command in COMMANDS:
            done = self.check(self.run_bare(command, "--help"), 0, out=f"whazz {command}")
            self.assertEqual(done.stderr, "")
        self.assertFalse((self.dir / "data").exists())

    def test_a_call_without_a_command_and_an_unknown_one_are_wrong(self):
        self.check(self.run_bare(), 2, err="Usage:")
        self.check(self.run_bare("frobnicate"), 2, err='no command "frobnicate"')

    def test_version_and_manual(self):
        done = self.check(self.run_bare("--version"), 0)
        self.assertRegex(done.stdout, r"^whazz \d+\.\d+\.\d+\n$")
        page = self.check(self.run_bare("man"), 0, out=".TH").stdout
        self.assertIn("\n.SH EXIT STATUS\n", page)
        self.assertIn(r".B whazz enhance [\-\-type TYPE] [\-\-strength S]", page)

    def test_wrong_options_are_named(self):
        for command in ("serve", "user", "stats", "verify"):
            self.check(self.run_bare(command, "--no-such"), 2, err="--no-such")
            self.check(self.run_bare(command, "--loops", "many"), 2, err="--loops")
        networks = ",".join(f"10.{i}.0.0/16" for i in range(33))
        self.check(self.run_on_data("serve", "--trusted-proxies", networks), 1,
                   err="--trusted-proxies: more than 32 networks")
        self.check(self.run_bare("serve", "now"), 2, err='"now"')
        self.check(self.run_on_data("verify", "now"), 2, err='"now"')


class Users(Folder):
    def test_people_are_added_and_listed(self):
        done = self.check(self.add("ann"), 0, out="Added ann with id ")
        self.check(self.add("root", "--admin"), 0, out="Added the admin root with id ")
        users = self.users()
        self.assertEqual(set(users), {"ann", "root"})
        self.assertEqual(users["ann"]["id"], int(re.search(r"id (\d+)", done.stdout)[1]))
        self.assertEqual(users["ann"]["email"], "ann@example.org")
        self.assertEqual((users["ann"]["is_admin"], users["root"]["is_admin"]), (False, True))
        table = self.check(self.run_on_data("user", "list"), 0).stdout
        self.assertRegex(table, r"root +root@example.org +admin +active +20\d\d-\d\d-\d\d")
        self.assertEqual(os.stat(self.data).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(self.data / "whazz.db").st_mode & 0o777, 0o600)

    def test_what_is_taken_or_wrong_is_refused_and_adds_nobody(self):
        self.check(self.add("ann"), 0)
        env = {"WHAZZ_PASSWORD": "correct horse"}
        for name, email, words in (
                ("ann", "x@example.org", "Username already taken"),
                ("bob", "ann@example.org", "Email already registered"),
                ("ann@example.org", "b@example.org", "Username already taken"),
                ("bob", "nobody", "must have an @-sign"),
                ("bo", "b@example.org", "3 to 50 characters"),
                ("b" * 51, "b@example.org", "3 to 50 characters"),
                (b"bo\xff\xfe", "b@example.org", "3 to 50 characters")):
            args = [os.fsdecode(name), email]
            self.check(self.run_on_data("user", "add", *args, env=env), 1, err=words)
        self.check(self.add("bob", password="short"), 1, err="8 to 72 bytes")
        self.check(self.add("bob", password="x" * 73), 1, err="8 to 72 bytes")
        self.check(self.add("bob", password="x" * 400), 1, err="8 to 72 bytes")
        self.assertEqual(set(self.users()), {"ann"})

    def test_a_name_is_measured_in_characters(self):
        done = self.run_on_data("user", "add", "é" * 50, "e@example.org",
                                env={"WHAZZ_PASSWORD": "correct horse"})
        self.check(done, 0)
        self.assertIn("é" * 50, self.users())

    def test_a_name_cannot_steer_the_operators_terminal(self):
        name = "a\x1b]0;b\x07\x9b2Jc\x7fd"
        self.check(self.run_on_data("user", "add", name, "ann@example.org",
                                    env={"WHAZZ_PASSWORD": "correct horse"}), 0)
        self.check(self.run_on_data("user", "list"), 0, out="  a?]0;b??2Jc?d  ")
        self.check(self.run_on_data("user", "promote", name), 0, out="a?]0;b??2Jc?d is an")

    def test_roles_and_states_change_and_say_so(self):
        self.check(self.add("ann"), 0)
        for verb, words, field, value in (
                ("promote", "is an admin now", "is_admin", True),
                ("demote", "is no admin any more", "is_admin", False),
                ("deactivate", "is logged out and cannot log in", "is_active", False),
                ("activate", "may log in again", "is_active", True)):
            self.check(self.run_on_data("user", verb, "ann"), 0, out=f"ann {words}.")
            self.assertIs(self.users()["ann"][field], value)
            self.check(self.run_on_data("user", verb, "ann@example.org"), 0, out="ann ")
            self.check(self.run_on_data("user", verb, "nobody"), 1, err='no user "nobody"')

    def test_wrong_calls_are_told_the_usage(self):
        self.check(self.add("ann"), 0)
        for args in ([], ["frobnicate"], ["add"], ["add", "bob"], ["add", "a", "b", "c"],
                     ["promote"], ["promote", "ann", "bob"], ["passwd"]):
            self.check(self.run_on_data("user", *args), 2, err="whazz user add [--admin]")

    def test_a_password_comes_from_a_pipe_too(self):
        args = ["user", "add", "ann", "ann@example.org"]
        self.check(self.run_on_data(*args), 1, err="no password was given")
        self.check(self.run_on_data(*args, stdin="correct horse\n"), 0, out="Added ann")

    def test_a_list_of_many_names_each_once(self):
        self.check(self.add("ann"), 0)
        for i in range(250):
            self.sql("INSERT INTO users VALUES (?, ?, ?, 'x', 1, 0, 0, 5, 0)", 1000 + i,
                     f"u{i}@example.org", f"u{i}")
        done = self.check(self.run_on_data("user", "list", "--json"), 0)
        names = [u["username"] for u in json.loads(done.stdout)]
        self.assertEqual(len(names), 251)
        self.assertEqual(len(set(names)), 251)

    def test_there_must_be_a_database_to_read(self):
        for args in (["user", "list"], ["stats"], ["verify"]):
            self.check(self.run_on_data(*args), 1, err="whazz: ")
        self.assertFalse((self.data / "whazz.db").exists())

    def test_a_name_cannot_steer_the_terminal(self):
        self.check(self.add("ann"), 0)
        for name in ("\x1b[31mred", "two\r\nlines", "\x9b31mc1", "\x7fdel"):
            with contextlib.closing(sqlite3.connect(self.data / "whazz.db")) as db:
                db.execute("UPDATE users SET username = ?1, email = ?1 || '@example.org'", (name,))
                db.commit()
            table = self.check(self.run_on_data("user", "list"), 0).stdout
            self.assertEqual(len(table.splitlines()), 2, table)
            self.assertTrue(table.replace("\n", "").isprintable(), ascii(table))
            self.assertEqual(set(self.users()), {name})

    def test_a_list_takes_no_name(self):
        self.check(self.add("ann"), 0)
        self.check(self.run_on_data("user", "list", "ann"), 2, err="Usage:")

    def test_figures_of_another_version_are_not_read(self):
        self.check(self.add("ann"), 0)
        for statement, told in (
                ("INSERT INTO schema_migrations SELECT MAX(version) + 1, 'x', 1 FROM "
                 "schema_migrations", "newer than this program"),
                ("DELETE FROM schema_migrations WHERE version > 3", "older than this program"),
                ("DROP TABLE schema_migrations", "is not of this program")):
            with contextlib.closing(sqlite3.connect(self.data / "whazz.db")) as db:
                db.execute(statement)
                db.commit()
            for args in (["user", "list"], ["stats"], ["verify"]):
                done = self.check(self.run_on_data(*args), 1, err=told)
                self.assertEqual(done.stdout, "")


class Figures(Folder):
    def test_the_platforms_and_a_persons_figures(self):
        self.check(self.add("ann"), 0)
        table = self.check(self.run_on_data("stats"), 0, out="Platform").stdout
        for figure in ("files_uploaded", "stored_bytes", "api_calls"):
            self.assertRegex(table, rf"{figure} +0")
        table = self.check(self.run_on_data("stats", "user", "ann"), 0, out="User ann").stdout
        self.assertRegex(table, r"files_uploaded, today +0 +0 +\d+")
        found = json.loads(self.check(self.run_on_data("stats", "user", "ann", "--json"),
                                      0).stdout)
        self.assertEqual(found["subject"], "User ann")
        self.assertEqual(found["figures"]["files_uploaded"]["sum"], 0)
        self.assertIsNone(found["figures"]["files_uploaded"]["first_at"])
        self.assertIn("files_uploaded", {limit["meter"] for limit in found["limits"]})

    def test_nobodys_figures_and_wrong_calls(self):
        self.check(self.add("ann"), 0)
        self.check(self.run_on_data("stats", "user", "bob"), 1, err='no user "bob"')
        self.check(self.run_on_data("stats", "guest", "g-1"), 1, err='no guest "g-1"')
        for args in (["ann"], ["user"], ["team", "x"], ["user", "ann", "bob"]):
            self.check(self.run_on_data("stats", *args), 2, err="Usage: whazz stats")

    def test_verify_finds_a_figure_that_was_tampered_with(self):
        self.check(self.add("ann"), 0)
        done = self.check(self.run_on_data("verify"), 0, out="equal.")
        self.assertRegex(done.stdout, r"^Compared \d+ figures of \d+ accounts with \d+ ledger")
        self.sql("INSERT INTO usage_totals (account_id, meter, type, sum, first_us, last_us, ranked)"
                 " VALUES (1, 0, '', 7, 0, 0, 0)")
        self.check(self.run_on_data("verify"), 1, out="First difference: ")


class Enhance(Folder):
    def recording(self, name="in.wav", seconds=1):
        frames = b"".join(struct.pack("<h", int(9000 * math.sin(i * 0.05)) + i * 7919 % 500)
                          for i in range(16000 * seconds))
        with wave.open(str(self.dir / name), "wb") as w:
            w.setparams((1, 2, 16000, 0, "NONE", ""))
            w.writeframes(frames)
        return self.dir / name

    def entries(self):
        return sorted(p.name for p in self.dir.iterdir())

    def test_a_recording_is_cleaned(self):
        self.recording()
        done = self.run_bare("enhance", "--type", "noise_reduction", "in.wav", "out.wav")
        self.check(done, 0, out="1.00 s of wav, 16000 Hz, 1 channel, cleaned")
        with wave.open(str(self.dir / "out.wav")) as w:
            self.assertEqual((w.getframerate(), w.getnchannels(), w.getsampwidth()),
                             (16000, 1, 2))
            self.assertEqual(w.getnframes(), 16000)
        self.assertEqual(self.entries(), ["in.wav", "out.wav"])

    def test_a_file_that_is_there_is_kept_unless_forced(self):
        self.recording()
        out = self.dir / "out.wav"
        out.write_text("mine")
        self.check(self.run_bare("enhance", "in.wav", "out.wav"), 1, err="--force")
        self.assertEqual(out.read_text(), "mine")
        self.check(self.run_bare("enhance", "--force", "in.wav", "out.wav"), 0)
        self.assertEqual(out.read_bytes()[:4], b"RIFF")
        self.assertEqual(self.entries(), ["in.wav", "out.wav"])

    def test_a_failure_leaves_everything_as_it_was(self):
        (self.dir / "in.wav").write_text("no audio")
        out = self.dir / "out.wav"
        self.check(self.run_bare("enhance", "in.wav", "out.wav"), 1, err="not audio")
        self.assertEqual(self.entries(), ["in.wav"])
        out.write_text("mine")
        self.check(self.run_bare("enhance", "--force", "in.wav", "out.wav"), 1)
        self.assertEqual(out.read_text(), "mine")
        self.assertEqual(self.entries(), ["in.wav", "out.wav"])

    def test_a_recording_may_be_cleaned_in_place(self):
        before = self.recording().read_bytes()
        self.check(self.run_bare("enhance", "--force", "in.wav", "in.wav"), 0)
        after = (self.dir / "in.wav").read_bytes()
        self.assertEqual(len(after), len(before))
        self.assertNotEqual(after, before)

    def test_strength_says_how_much_noise_goes(self):
        self.recording(seconds=3)
        removed = []
        for strength in ("light", "normal", "strong"):
            done = self.run_bare("enhance", "--type", "noise_reduction", "--strength", strength,
                                 "in.wav", f"{strength}.wav")
            self.check(done, 0, out="Noise floor")
            removed.append((self.dir / f"{strength}.wav").read_bytes())
        self.assertEqual(len(set(removed)), 3)
        self.check(self.run_bare("enhance", "--force", "--type", "noise_reduction", "in.wav",
                                 "usual.wav"), 0)
        self.assertEqual((self.dir / "usual.wav").read_bytes(), removed[1])
        self.check(self.run_bare("enhance", "--strength", "brutal", "in.wav", "a"), 2,
                   err="no such strength")
        self.check(self.run_bare("enhance", "in.wav", "a", "--strength"), 2,
                   err="Strengths: normal light strong")

    def test_what_is_no_file_is_never_replaced(self):
        self.recording()
        os.mkfifo(self.dir / "pipe")
        (self.dir / "folder").mkdir()
        for name in ("pipe", "folder"):
            self.check(self.run_bare("enhance", "--force", "in.wav", name), 1, err=name)
        self.assertTrue((self.dir / "pipe").is_fifo())
        self.assertEqual(self.entries(), ["folder", "in.wav", "pipe"])

    def test_wrong_calls(self):
        self.recording()
        for args in ([], ["in.wav"], ["in.wav", "a", "b"], ["--loud", "in.wav", "a"]):
            self.check(self.run_bare("enhance", *args), 2, err="Usage: whazz enhance")
        self.check(self.run_bare("enhance", "--type", "louder", "in.wav", "a"), 2,
                   err='no type "louder"')
        self.check(self.run_bare("enhance", "none.wav", "out.wav"), 1, err="none.wav")
        self.check(self.run_bare("enhance", "in.wav", "none/out.wav"), 1, err="none/out.wav")
        self.assertEqual(self.entries(), ["in.wav"])


class BesideAServer(Folder):
    def serve(self):
        process = subprocess.Popen([WHAZZ, "serve", "--listen", "localhost:0", "--data-dir",
                                    self.data, "--log-format", "json"],
                                   stderr=subprocess.PIPE, text=True, cwd=self.dir)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if '"serving"' in line:
                return process, json.loads(line)["port"]
        self.fail("the server did not start")

    def post(self, path, body, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        http_ = http.client.HTTPConnection("localhost", self.port, timeout=30)
        http_.request("POST" if body is not None else "GET", path,
                      json.dumps(body) if body is not None else None, headers)
        reply = http_.getresponse()
        text = reply.read()
        http_.close()
        return reply.status, json.loads(text)

    def login(self, password):
        return self.post("/auth/login", {"username_or_email": "ann", "password": password})

    def test_the_operators_changes_hold_at_once(self):
        self.check(self.add("ann"), 0)
        process, self.port = self.serve()
        status, tokens = self.login("correct horse")
        self.assertEqual(status, 200)
        token = tokens["access_token"]
        self.assertEqual(self.post("/auth/me", None, token)[0], 200)
        self.check(self.run_on_data("user", "passwd", "ann", stdin="another horse\n"), 0,
                   out="ann has a new password")
        self.assertEqual(self.post("/auth/me", None, token)[0], 401)
        self.assertEqual(self.login("correct horse")[0], 401)
        token = self.login("another horse")[1]["access_token"]
        self.assertEqual(self.post("/usage/admin/stats", None, token)[0], 403)
        self.check(self.run_on_data("user", "promote", "ann"), 0)
        self.assertEqual(self.post("/usage/admin/stats", None, token)[0], 200)
        self.check(self.run_on_data("user", "deactivate", "ann"), 0)
        self.assertEqual(self.post("/auth/me", None, token)[0], 403)
        self.assertEqual(self.login("another horse")[0], 403)
        self.check(self.run_on_data("verify"), 0, out="equal.")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        self.check(self.run_on_data("verify"), 0, out="equal.")

    def test_a_second_server_on_the_port_says_why_not(self):
        self.check(self.add("ann"), 0)
        _, port = self.serve()
        other = self.run_bare("serve", "--listen", f"localhost:{port}", "--data-dir",
                              self.dir / "other")
        self.check(other, 1, err=str(port))


if __name__ == "__main__":
    WHAZZ = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
