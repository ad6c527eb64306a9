"""/admin and /usage/admin: what only admins may do."""
import concurrent.futures
import sqlite3
import threading
import time
import uuid

from bodies import wav, wav_header
from test_usage import ME
from whazz import PASSWORD, Case

U = {"email", "username", "id", "is_active", "is_verified", "created_at", "is_admin",
     "updated_at", "verification_token", "verification_token_expires"}
GUEST = {"id", "guest_id", "ip_address", "user_agent", "session_metadata",
         "converted_to_user_id", "created_at", "last_active_at", "expires_at"}
JOB = {"id", "job_id", "user_id", "guest_id", "filename", "original_filename",
       "input_file_path", "output_file_path", "status", "progress", "file_size", "file_format",
       "duration", "sample_rate", "channels", "processing_type", "error_message",
       "job_metadata", "created_at", "started_at", "completed_at", "expires_at"}


def name():
    return "n" + uuid.uuid4().hex[:12]


class Base(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.server.admin()

    def get(self, path, status=200):
        return self.answer(self.admin.get(path), status)

    def make(self, **fields):
        who = name()
        reply = self.admin.post("/admin/users", {
            "email": f"{who}@example.com", "username": who, "password": PASSWORD, **fields})
        return self.answer(reply, 201)


class Users(Base):
    def test_create(self):
        user = self.make(is_verified=True)
        self.assertEqual(set(user), U)
        self.assertEqual((user["is_verified"], user["is_admin"], user["is_active"]),
                         (True, False, True))
        self.assertEqual((user["updated_at"], user["verification_token"],
                          user["verification_token_expires"]), (None, None, None))
        self.assertDate(user["created_at"])
        self.server.login(user["username"])

    def test_create_another_admin(self):
        user = self.make(is_admin=True)
        self.answer(self.server.login(user["username"]).get("/admin/users"), 200)

    def test_two_admins_do_not_end_each_other(self):
        """Both were admins when they asked; the second is none any more when it is its turn."""
        def demote(user):
            return lambda by: by.patch(f"/admin/users/{user['id']}", {"is_admin": False})
        def end(how):
            return lambda user: lambda by: how(by, f"/admin/users/{user['id']}")
        for way in (demote, end(lambda by, path: by.post(path + "/deactivate")),
                    end(lambda by, path: by.delete(path))):
            one, two = self.make(is_admin=True), self.make(is_admin=True)
            clients = [self.server.login(u["username"]) for u in (one, two)]
            for client in clients:
                self.answer(client.get("/admin/users?limit=1"), 200)
            writer = sqlite3.connect(self.server.data_dir / "whazz.db", isolation_level=None)
            writer.execute("BEGIN IMMEDIATE")  # the server's writes wait for this one
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                asked = [pool.submit(way(two), clients[0]), pool.submit(way(one), clients[1])]
                time.sleep(0.5)
                writer.execute("ROLLBACK")
                got = sorted(reply.result().status for reply in asked)
            writer.close()
            self.assertEqual(got[0], 200)
            self.assertIn(got[1], (401, 403))

    def test_create_refusals(self):
        taken = self.make()
        post = self.admin.post
        self.problem(post("/admin/users", {"email": taken["email"], "username": name(),
                                           "password": PASSWORD}), 400, "Email already registered")
        self.problem(post("/admin/users", {"email": "q@example.com", "password": PASSWORD,
                                           "username": taken["username"]}),
                     400, "Username already taken")
        self.invalid(
            post("/admin/users", {"email": "x", "is_admin": "perhaps"}),
            ("value_error", ("body", "email"), "value is not a valid email address: "
             "An email address must have an @-sign."),
            ("missing", ("body", "username"), "Field required"),
            ("missing", ("body", "password"), "Field required"),
            ("bool_parsing", ("body", "is_admin"),
             "Input should be a valid boolean, unable to interpret input"))

    def test_read(self):
        user = self.make()
        self.assertEqual(self.get(f"/admin/users/{user['id']}"), user)
        self.problem(self.admin.get("/admin/users/999999"), 404, "User not found")
        self.problem(self.admin.get("/admin/users/99999999999999999999"), 404)
        self.invalid(self.admin.get("/admin/users/abc"), (
            "int_parsing", ("path", "user_id"),
            "Input should be a valid integer, unable to parse string as an integer"))

    def test_list(self):
        made = [self.make()["id"] for _ in range(3)]
        users = self.get("/admin/users?limit=3")
        self.assertEqual([u["id"] for u in users], made[::-1])
        self.assertTrue(all(set(u) == U for u in users))
        self.assertEqual([u["id"] for u in self.get("/admin/users?limit=2&skip=1")],
                         made[::-1][1:])
        self.assertEqual(self.get("/admin/users?skip=10000"), [])

    def test_filters(self):
        user = self.make(is_verified=True)
        self.answer(self.admin.post(f"/admin/users/{user['id']}/deactivate"), 200)
        for query, there in (("is_active=false", True), ("is_active=yes", False),
                             ("is_active=0", True), ("is_verified=on", True),
                             ("is_verified=off", False), ("is_admin=true", False),
                             (f"search={user['username'].upper()}", True),
                             ("search=no-such-user", False), ("search=%25", True),
                             ("search=n___________", True)):
            with self.subTest(query):
                found = {u["id"] for u in self.get(f"/admin/users?limit=100&{query}")}
                self.assertEqual(user["id"] in found, there)

    def test_list_refusals(self):
        for query, kind, text in (
                ("skip=-1", "greater_than_equal", "greater than or equal to 0"),
                ("limit=0", "greater_than_equal", "greater than or equal to 1"),
                ("limit=101", "less_than_equal", "less than or equal to 100")):
            field = query.split("=")[0]
            self.invalid(self.admin.get(f"/admin/users?{query}"),
                         (kind, ("query", field), f"Input should be {text}"))
        self.invalid(self.admin.get("/admin/users?is_active=maybe"), (
            "bool_parsing", ("query", "is_active"),
            "Input should be a valid boolean, unable to interpret input"))
        for bad in ("limit=abc", "limit=", "limit=1e3"):
            self.problem(self.admin.get(f"/admin/users?{bad}"), 422)

    def test_patch(self):
        user, new = self.make(), name()
        changed = self.answer(self.admin.patch(f"/admin/users/{user['id']}", {
            "username": new, "is_verified": True}), 200)
        self.assertEqual((changed["username"], changed["is_verified"], changed["email"]),
                         (new, True, user["email"]))
        self.assertDate(changed["updated_at"])
        again = self.answer(self.admin.patch(f"/admin/users/{user['id']}", {}), 200)
        self.assertEqual({**again, "updated_at": 0}, {**changed, "updated_at": 0})
        self.server.login(new)

    def test_patch_refusals(self):
        one, two = self.make(), self.make()
        at = f"/admin/users/{one['id']}"
        self.problem(self.admin.patch(at, {"email": two["email"]}), 400, "Email already in use")
        self.problem(self.admin.patch(at, {"username": two["username"]}), 400,
                     "Username already taken")
        self.problem(self.admin.patch(f"/admin/users/{self.admin.user['id']}",
                                      {"is_admin": False}), 400,
                     "Cannot remove your own admin privileges")
        self.problem(self.admin.patch("/admin/users/999999", {}), 404, "User not found")
        self.invalid(
            self.admin.patch(at, {"username": "a", "email": "b", "is_active": "x"}),
            ("value_error", ("body", "email"), "value is not a valid email address: "
             "An email address must have an @-sign."),
            ("string_too_short", ("body", "username"), "String should have at least 3 characters"),
            ("bool_parsing", ("body", "is_active"),
             "Input should be a valid boolean, unable to interpret input"))
        self.invalid(self.admin.request("PATCH", at),
                     ("missing", ("body",), "Field required"))

    def test_password(self):
        user = self.make()
        session = self.server.login(user["username"])
        at = f"/admin/users/{user['id']}/password"
        self.assertEqual(self.answer(self.admin.post(at, {"new_password": "another pw 2"}), 200), {
            "message": f"Password updated successfully for user {user['username']}"})
        self.problem(session.get("/auth/me"), 401)  # a new password ends every session
        self.problem(self.server.client().post("/auth/refresh", {
            "refresh_token": session.refresh_token}), 401)
        self.server.login(user["username"], "another pw 2")
        self.invalid(self.admin.post(at, {"new_password": "x"}), (
            "string_too_short", ("body", "new_password"),
            "String should have at least 8 characters"))
        self.problem(self.admin.post("/admin/users/999999/password",
                                     {"new_password": "another pw 2"}), 404, "User not found")

    def test_verify_activate_deactivate(self):
        user = self.make()
        session = self.server.login(user["username"])
        at, who = f"/admin/users/{user['id']}", user["username"]
        self.assertEqual(self.answer(self.admin.post(at + "/verify"), 200),
                         {"message": f"User {who} email verified successfully"})
        self.assertEqual(self.answer(self.admin.post(at + "/deactivate"), 200),
                         {"message": f"User {who} deactivated successfully"})
        self.assertIn(session.get("/auth/me").status, (401, 403))
        self.assertIn(session.get("/usage/me").status, (401, 403))
        login = self.server.client().post("/auth/login", {"username_or_email": who,
                                                          "password": PASSWORD})
        self.problem(login, 403, "User account is inactive")
        self.problem(self.server.client().post("/auth/refresh", {
            "refresh_token": session.refresh_token}), 401)
        self.assertEqual(self.answer(self.admin.post(at + "/activate"), 200),
                         {"message": f"User {who} activated successfully"})
        self.server.login(who)
        for action in ("verify", "activate", "deactivate"):
            self.problem(self.admin.post(f"/admin/users/999999/{action}"), 404, "User not found")
        self.problem(self.admin.post(f"/admin/users/{self.admin.user['id']}/deactivate"), 400,
                     "Cannot deactivate your own account")

    def test_delete(self):
        user = self.make()
        session = self.server.login(user["username"])
        session.wait_for_job(session.uploaded())
        before = self.server.files()
        self.assertEqual(self.answer(self.admin.delete(f"/admin/users/{user['id']}"), 200), {
            "message": f"User {user['username']} and all associated data deleted successfully"})
        self.problem(session.get("/auth/me"), 401)
        self.problem(self.admin.delete(f"/admin/users/{user['id']}"), 404, "User not found")
        self.problem(self.admin.delete(f"/admin/users/{self.admin.user['id']}"), 400,
                     "Cannot delete your own account")
        self.assertLess(len(self.server.files()), len(before), "its files are removed")
        self.assertEqual(self.server.verify().returncode, 0)


class Everything(Base):
    def test_guests(self):
        made = self.server.client().post("/guest/session").json["guest_id"]
        guests = self.get("/admin/guests?limit=2")
        self.assertTrue(all(set(g) == GUEST for g in guests), guests)
        self.assertEqual(guests[0]["guest_id"], made)
        for key in ("created_at", "last_active_at", "expires_at"):
            self.assertDate(guests[0][key])
        self.get("/admin/guests?include_expired=true")
        self.invalid(self.admin.get("/admin/guests?limit=0&skip=-1"), (
            "greater_than_equal", ("query", "skip"),
            "Input should be greater than or equal to 0"), (
            "greater_than_equal", ("query", "limit"),
            "Input should be greater than or equal to 1"))

    def test_delete_guest(self):
        made = self.server.client().post("/guest/session").json
        guest = self.server.client(made["guest_token"])
        job = guest.uploaded()
        who = made["guest_id"]
        self.assertEqual(self.answer(self.admin.delete(f"/admin/guests/{who}"), 200), {
            "message": f"Guest session {who} and all associated data deleted successfully"})
        self.problem(self.admin.delete(f"/admin/guests/{who}"), 404, "Guest session not found")
        self.problem(self.admin.get(f"/audio/status/{job}"), 404)
        self.assertEqual(self.server.verify().returncode, 0)

    def test_jobs(self):
        guest = self.server.guest()
        job = guest.uploaded()
        guest.wait_for_job(job)
        jobs = self.get("/admin/jobs?limit=5")
        self.assertTrue(all(set(j) == JOB for j in jobs), jobs)
        self.assertNotIn(str(self.server.data_dir), str(jobs))
        mine = self.get(f"/admin/jobs?guest_id={guest.guest_id}&status_filter=completed")
        self.assertEqual([j["job_id"] for j in mine], [job])
        self.assertEqual(self.get("/admin/jobs?status_filter=bogus"), [])
        self.assertIn(job, [j["job_id"] for j in self.get("/admin/jobs?user_id=0&limit=100")])
        self.problem(self.admin.get("/admin/jobs?user_id=x"), 422)
        self.problem(self.admin.get("/admin/jobs?limit=101"), 422)

    def test_delete_job(self):
        guest = self.server.guest()
        job = guest.uploaded()
        guest.wait_for_job(job)
        self.assertEqual(self.answer(self.admin.delete(f"/admin/jobs/{job}"), 200),
                         {"message": f"Job {job} deleted successfully"})
        self.problem(self.admin.delete(f"/admin/jobs/{job}"), 404, "Job not found")
        self.problem(guest.get(f"/audio/status/{job}"), 404, "Job not found")
        self.assertEqual(guest.get("/usage/me").json["total_files_uploaded"], 1)

    def test_overview(self):
        got = self.get("/admin/stats/overview")
        self.assertEqual({k: set(v) for k, v in got.items() if k != "timestamp"}, {
            "users": {"total", "active", "verified", "admins", "inactive", "new_last_24h"},
            "guests": {"total", "active", "expired"},
            "jobs": {"total", "pending", "processing", "completed", "failed",
                     "success_rate_percent", "new_last_24h"}})
        self.assertDate(got["timestamp"])
        self.assertEqual(got["users"]["total"],
                         got["users"]["active"] + got["users"]["inactive"])
        guest = self.server.guest()
        self.answer(guest.delete(f"/audio/jobs/{guest.uploaded()}"), 200)
        got = self.get("/admin/stats/overview")
        for kind in ("users", "jobs"):
            self.assertLessEqual(got[kind]["new_last_24h"], got[kind]["total"])

    def test_cleanup(self):
        reply = self.answer(self.admin.post("/admin/cleanup/expired"), 200)
        self.assertRegex(reply["message"],
                         r"^Cleanup completed: \d+ jobs and \d+ guest sessions removed$")


class Workers(Base):
    """One worker, so that what waits and what runs is known."""
    OPTIONS = ("--workers", "1")
    CLEANED = [("processing_type", "noise_reduction")]  # the quick one

    def until(self, holds):
        end = time.monotonic() + 60
        while not holds(got := self.get("/admin/workers")):
            self.assertLess(time.monotonic(), end, got)
            time.sleep(0.02)
        return got

    def test_the_queue_and_the_worker_are_seen(self):
        idle = self.get("/admin/workers")
        self.assertEqual(idle["queue"], {"pending": 0, "longest_wait_seconds": 0})
        self.assertEqual([(w["worker"], w["state"], w["job"]) for w in idle["workers"]],
                         [(1, "idle", None)])
        done = idle["workers"][0]["jobs_completed"]
        guest = self.server.guest()
        small = wav()
        long = guest.uploaded(wav_header(2 * 16000 * 600) + bytes(2 * 16000 * 600), "long <b>.wav",
                              self.CLEANED)
        self.until(lambda got: got["workers"][0]["state"] == "processing")
        waiting = [guest.uploaded(small) for _ in range(2)]
        got = self.get("/admin/workers")
        self.assertEqual(got["queue"]["pending"], 2)
        self.assertGreater(got["queue"]["longest_wait_seconds"], 0)
        worker = got["workers"][0]
        self.assertEqual((worker["job"]["job_id"], worker["job"]["original_filename"],
                          worker["job"]["processing_type"], worker["job"]["duration"],
                          worker["job"]["attempt"]),
                         (long, "long <b>.wav", "noise_reduction", 600.0, 1))
        self.assertEqual(worker["state"], "processing")
        self.assertGreater(worker["processing_seconds"], 0)
        self.assertGreater(worker["since"], got["started_at"])
        metrics = self.server.client().get("/metrics").body.decode()
        self.assertIn('\nwhazz_workers{state="processing"} 1\n', metrics)
        self.assertRegex(metrics, r"\nwhazz_jobs_longest_wait_seconds \d+\.\d*[1-9]")
        for job in (long, *waiting):
            guest.wait_for_job(job)
        got = self.until(lambda got: got["workers"][0]["state"] == "idle")
        self.assertEqual(got["workers"][0]["jobs_completed"], done + 3)
        self.assertGreater(got["workers"][0]["processing_seconds"],
                           worker["processing_seconds"])
        self.assertEqual(got["queue"], {"pending": 0, "longest_wait_seconds": 0})

    def test_of_a_deleted_job_only_the_work_is_seen(self):
        guest = self.server.guest()
        job = guest.uploaded(wav_header(2 * 16000 * 600) + bytes(2 * 16000 * 600), "long.wav",
                             self.CLEANED)
        self.until(lambda got: got["workers"][0]["state"] == "processing")
        self.answer(self.admin.delete(f"/admin/jobs/{job}"), 200)
        worker = self.get("/admin/workers")["workers"][0]
        self.assertIsNone(worker["job"])
        self.until(lambda got: got["workers"][0]["state"] == "idle")


class Usage(Base):
    def test_user(self):
        user = self.server.user()
        user.wait_for_job(user.uploaded())
        got = self.get(f"/usage/admin/user/{user.user['id']}")
        self.assertEqual(set(got["user"]),
                         {"id", "username", "email", "is_verified", "created_at"})
        self.assertEqual(set(got), {*ME, "user", "limits"})
        self.assertEqual(got["total_files_uploaded"], 1)
        mine = user.get("/usage/me").json
        self.assertEqual({k: got[k] for k in ME}, mine)
        self.problem(self.admin.get("/usage/admin/user/999999"), 404, "User not found")
        self.problem(self.admin.get("/usage/admin/user/abc"), 422)

    def test_guest(self):
        guest = self.server.guest()
        guest.wait_for_job(guest.uploaded())
        got = self.get(f"/usage/admin/guest/{guest.guest_id}")
        self.assertEqual(set(got), {"guest_id", "stats"})
        self.assertEqual(list(got["stats"]), ME)
        self.assertEqual(got["stats"]["total_files_uploaded"], 1)
        self.assertEqual(got["stats"]["user_type"], "guest")
        nobody = self.get(f"/usage/admin/guest/{uuid.uuid4()}")
        self.assertEqual(nobody["stats"]["total_files_uploaded"], 0)

    def test_top_users(self):
        many, few = self.server.user(), self.server.user()
        for _ in range(4):
            many.wait_for_job(many.uploaded(wav(0.3)))
        few.wait_for_job(few.uploaded(wav(9.0)))
        for key in ("files_processed", "files_uploaded", "api_calls", "storage",
                    "processing_time", "bogus"):
            got = self.get(f"/usage/admin/top-users?sort_by={key}&limit=2")
            self.assertEqual((got["sort_by"], got["limit"]), (key, 2))
            self.assertLessEqual(len(got["results"]), 2)
            first = got["results"][0]
            self.assertEqual(set(first["user"]), {"id", "username", "email"})
            self.assertEqual(list(first["stats"]), ME)
            if key in ("files_processed", "files_uploaded", "bogus"):
                self.assertEqual(first["user"]["id"], many.user["id"], key)
            if key == "storage":
                self.assertEqual(first["user"]["id"], few.user["id"])
        got = self.get("/usage/admin/top-users")
        self.assertEqual((got["sort_by"], got["limit"]), ("files_processed", 10))
        self.assertEqual(self.get("/usage/admin/top-users?limit=0")["results"], [])
        for bad in ("abc", "", "-1"):
            self.problem(self.admin.get(f"/usage/admin/top-users?limit={bad}"), 422)

    def test_stats_and_analytics_move_together(self):
        before = self.get("/usage/admin/stats")
        self.assertEqual({k: set(v) for k, v in before.items()}, {
            "users": {"total_registered", "total_guests"},
            "files": {"total_uploaded", "total_processed", "total_failed",
                      "success_rate_percent"},
            "storage": {"total_mb"}, "processing": {"total_minutes", "types_breakdown"}})
        guest = self.server.guest()
        guest.wait_for_job(guest.uploaded(wav(9.0, 44100)))
        after = self.get("/usage/admin/stats")
        self.assertEqual(after["files"]["total_uploaded"], before["files"]["total_uploaded"] + 1)
        self.assertEqual(after["users"]["total_guests"], before["users"]["total_guests"] + 1)
        self.assertGreater(after["storage"]["total_mb"], before["storage"]["total_mb"])
        got = self.get("/usage/admin/analytics")
        self.assertEqual(set(got), {
            "total_users", "total_guests", "total_files_processed", "total_storage_mb",
            "total_processing_minutes", "processing_types_breakdown", "series"})
        self.assertEqual(got["total_files_processed"], after["files"]["total_processed"])
        self.assertEqual(got["total_guests"], after["users"]["total_guests"])
        self.assertEqual(got["processing_types_breakdown"],
                         after["processing"]["types_breakdown"])
        self.assertEqual(sum(b["files_processed"] for b in got["series"]),
                         after["files"]["total_processed"])


class Secrets(Base):
    def test_no_reply_shows_a_hash_or_a_token(self):
        user = self.server.user()
        for path in ("/admin/users", f"/admin/users/{user.user['id']}", "/admin/guests",
                     "/admin/jobs", f"/usage/admin/user/{user.user['id']}", "/auth/me",
                     "/usage/admin/top-users", "/metrics"):
            reply = self.admin.get(path)
            self.assertEqual(reply.status, 200, str(reply))
            for secret in (b"$argon2", b"$2b$", b"hashed", b"eyJ", PASSWORD.encode(),
                           b"password"):
                self.assertNotIn(secret, reply.body, path)

    def test_the_log_holds_no_secret(self):
        user = self.server.user()
        self.server.client().post("/auth/login", {"username_or_email": "x",
                                                  "password": "very-visible-1"})
        user.get("/auth/me?token=" + user.token)
        text = self.server.log_path.read_text()
        for secret in (PASSWORD, "very-visible-1", user.token, user.refresh_token, "$argon2",
                       self.SECRET):
            self.assertNotIn(secret, text)

    def test_everyone_else_is_refused(self):
        for client, status, text in ((self.server.user(), 403, "Admin privileges required"),
                                     (self.server.client(), 401, "Not authenticated"),
                                     (self.server.client("bad"), 401,
                                      "Could not validate credentials")):
            for path in ("/usage/admin/stats", "/usage/admin/analytics", "/admin/users",
                         "/usage/admin/top-users", "/admin/jobs", "/admin/guests",
                         "/admin/stats/overview"):
                self.problem(client.get(path), status, text)


class ManyUsers(Base):
    """More than a loop looks at before it serves others."""
    OPTIONS = ("--loops", "1")
    COUNT = 200_000  # older than all others; the first is the oldest

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        database = sqlite3.connect(cls.server.data_dir / "whazz.db", timeout=10)
        database.executemany(
            "INSERT INTO users VALUES (?, 'old' || ? || '@example.com', 'old' || ?, '', 1, 0, 0, ?, 0)",
            ((10**6 + i, i, i, 1 + i) for i in range(cls.COUNT)))
        database.commit()
        database.close()

    def names(self, query):
        return [u["username"] for u in self.get(f"/admin/users?{query}")]

    def test_the_oldest_are_found(self):
        last = self.COUNT - 1
        for query, expected in (
                ("search=no-such-user", []), ("search=OLD0@", ["old0"]), ("search=old0%40", ["old0"]),
                (f"search=old{last}", [f"old{last}"]),
                ("search=old9990_&limit=3&skip=1", ["old99908", "old99907", "old99906"]),
                (f"skip={last}", ["old1", "old0"]), (f"skip={last + 2}", []),
                (f"skip={2**63 - 1}", []), ("search=root-admin&is_admin=true", ["root-admin"]),
                ("is_admin=true", ["root-admin"]), ("is_admin=true&skip=1", [])):
            with self.subTest(query):
                self.assertEqual(self.names(query), expected)

    def test_a_search_lets_others_be_served(self):
        client = self.server.client()
        client.get("/health")
        thread = threading.Thread(target=self.names, args=("search=no-such-user",))
        thread.start()
        served = 0
        while thread.is_alive():
            self.answer(client.get("/health"), 200)
            served += 1
        self.assertGreater(served, 4)  # one at most, if it held the loop

    def test_a_caller_who_leaves_ends_the_search(self):
        self.admin.timeout = 0.01
        for _ in range(20):
            try:
                self.names("search=no-such-user")
            except OSError:
                pass
        self.admin.timeout = 30
        self.admin.close()
        self.assertEqual(self.names("search=old0@"), ["old0"])
