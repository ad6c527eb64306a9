"""A person's own account: a new password, its end, all that is kept about it."""
import sqlite3
import threading
import time
from contextlib import closing

from bodies import multipart, wav
from whazz import PASSWORD, Case

NEW = "another horse 2"


def change(client, current=PASSWORD, new=NEW):
    return client.post("/auth/password", {"current_password": current, "new_password": new})


def delete(client, password=PASSWORD):
    return client.request("DELETE", "/auth/me", json_body={"password": password})


class Password(Case):
    def test_the_caller_goes_on_and_every_other_session_ends(self):
        user = self.server.user()
        phone = self.server.login(user.name)
        self.answer(phone.get("/auth/me"), 200)
        tokens = self.answer(change(user), 200)
        for old in (user, phone):
            self.problem(old.get("/auth/me"), 401)
            self.problem(old.post("/auth/refresh", {"refresh_token": old.refresh_token}), 401)
        here = self.server.client(tokens["access_token"])
        self.assertEqual(self.answer(here.get("/auth/me"), 200)["username"], user.name)
        again = here.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
        self.answer(again, 200)
        self.assertEqual(again.headers["Cache-Control"], "no-store")
        login = {"username_or_email": user.name, "password": PASSWORD}
        self.problem(user.post("/auth/login", login), 401)
        self.server.login(user.name, NEW)

    def test_a_wrong_password_changes_nothing(self):
        user = self.server.user()
        self.problem(change(user, "not my password"), 401, "Incorrect password")
        self.problem(change(user, ""), 401, "Incorrect password")
        self.answer(user.get("/auth/me"), 200)
        self.server.login(user.name)

    def test_what_is_asked_for(self):
        user = self.server.user()
        self.invalid(user.post("/auth/password", {}),
                     ("missing", ("body", "current_password"), "Field required"),
                     ("missing", ("body", "new_password"), "Field required"))
        self.assertEqual(change(user, new="short").status, 422)
        self.server.login(user.name)
        self.problem(change(self.server.guest()), 401)

    def test_two_at_once_one_wins(self):
        user = self.server.user()
        wishes, replies = [f"{NEW} {n}" for n in range(4)], {}
        clients = [self.server.client(user.token) for _ in wishes]

        def wish(client, new):
            replies[new] = change(client, new=new).status

        threads = [threading.Thread(target=wish, args=pair) for pair in zip(clients, wishes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(replies.values()), [200, 401, 401, 401])
        self.server.login(user.name, next(w for w, s in replies.items() if s == 200))


class Guessing(Case):
    PLENTY = False
    OPTIONS = ("--signups-per-hour", "100", "--logins-per-minute", "3")

    def test_guesses_are_counted_with_those_at_the_login(self):
        user, other = self.server.user(), self.server.user()
        for guess in range(2):
            self.problem(change(user, f"guess {guess}"), 401)
        self.problem(delete(user, "a guess"), 401)
        for reply in (change(user), delete(user)):
            self.problem(reply, 429)
            self.assertGreater(int(reply.headers["Retry-After"]), 0)
        self.answer(change(other), 200)  # another's guesses do not matter
        self.answer(user.get("/auth/me"), 200)


class Deletion(Case):
    def test_all_goes_but_the_sums(self):
        admin, user = self.server.admin(), self.server.user()
        job = user.uploaded(wav())
        user.wait_for_job(job)
        other = self.server.login(user.name)
        before = self.answer(admin.get("/usage/admin/stats"), 200)
        files = self.server.files()
        self.problem(delete(user, "not my password"), 401, "Incorrect password")
        self.assertEqual(self.server.files(), files)
        self.answer(delete(user), 200)
        for gone in (user, other):
            self.problem(gone.get("/auth/me"), 401)
            self.problem(gone.post("/auth/refresh", {"refresh_token": gone.refresh_token}), 401)
        self.problem(user.post("/auth/login", {"username_or_email": user.name,
                                               "password": PASSWORD}), 401)
        self.problem(admin.get(f"/admin/users/{user.user['id']}"), 404)
        self.problem(admin.get(f"/audio/status/{job}"), 404)
        self.assertEqual(len(self.server.files()), len(files) - 2)
        after = self.answer(admin.get("/usage/admin/stats"), 200)
        for part in ("files", "storage", "processing"):
            self.assertEqual(after[part], before[part])
        self.assertEqual(after["users"]["total_registered"],
                         before["users"]["total_registered"] - 1)
        self.assertEqual(self.server.verify().returncode, 0)
        self.assertNotEqual(self.server.user(user.name).user["id"], user.user["id"])

    def test_an_upload_on_its_way_is_refused(self):
        user = self.server.user()
        body, kind = multipart([("file", "late.wav", wav())])
        link = self.begun(body, kind, user)
        link.sendall(body[:-1])
        self.answer(delete(user), 200)
        link.sendall(body[-1:])
        answer = b"".join(iter(lambda: link.recv(65536), b""))
        self.assertIn(b"HTTP/1.1 401 ", answer)
        self.assertIn(b"WWW-Authenticate: Bearer", answer)
        self.assertEqual(self.server.verify().returncode, 0)

    def test_a_job_on_its_way_goes_too(self):
        user = self.server.user()
        user.uploaded(wav(seconds=8))
        self.answer(delete(user), 200)
        end = time.monotonic() + 20
        while self.server.files() and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(self.server.files(), {})
        self.assertEqual(self.server.verify().returncode, 0)

    def test_what_is_asked_for(self):
        user = self.server.user()
        self.invalid(user.request("DELETE", "/auth/me", json_body={}),
                     ("missing", ("body", "password"), "Field required"))
        self.assertEqual(user.delete("/auth/me").status, 422)
        self.answer(user.get("/auth/me"), 200)
        self.problem(delete(self.server.guest()), 401)


class LastAdmin(Case):
    def test_the_last_admin_stays(self):
        admin = self.server.admin()
        refusal = "The last admin's account cannot be deleted"
        self.problem(delete(admin), 409, refusal)
        made = self.answer(admin.post("/admin/users", {
            "email": "two@example.com", "username": "second", "password": PASSWORD,
            "is_admin": True}), 201)
        self.answer(admin.post(f"/admin/users/{made['id']}/deactivate"), 200)
        self.problem(delete(admin), 409, refusal)  # nobody else could log in
        self.answer(admin.post(f"/admin/users/{made['id']}/activate"), 200)
        self.answer(delete(admin), 200)
        self.problem(delete(self.server.login("second")), 409, refusal)


class Data(Case):
    def data(self, client):
        reply = client.get("/auth/me/data")
        self.assertEqual(reply.headers["Content-Disposition"],
                         'attachment; filename="whazz-data.json"')
        return self.answer(reply, 200)  # and the whole of it is held against the document

    def test_of_a_user(self):
        user, other = self.server.user(), self.server.user()
        jobs = [user.uploaded(wav(seed=n), f"talk \"{n}\".wav") for n in range(2)]
        other.uploaded(wav())
        for job in jobs:
            user.wait_for_job(job)
        data = self.data(user)
        self.assertEqual(data["profile"], user.get("/auth/me").json)
        self.assertEqual([j["job_id"] for j in data["jobs"]], jobs[::-1])
        self.assertEqual(data["jobs"][0], user.get(f"/audio/status/{jobs[1]}").json)
        self.assertEqual(data["usage"]["total_files_uploaded"], 2)
        self.assertEqual(data["limits"]["files_per_day"]["used"], 2)
        uploads = [r for r in data["ledger"] if r["meter"] == "files_uploaded"]
        self.assertEqual([r["reference"] for r in uploads], jobs)
        self.assertEqual(data["ledger"], user.get("/usage/export?format=json")
                         .json[:len(data["ledger"])])

    def test_of_a_guest(self):
        for guest in (self.server.guest(), self.server.client(
                self.server.client().post("/guest/session").json["guest_token"])):
            empty = self.data(guest)
            self.assertEqual((empty["jobs"], empty["usage"]["user_type"]), ([], "guest"))
            job = guest.uploaded(wav())
            data = self.data(guest)
            self.assertEqual([j["job_id"] for j in data["jobs"]], [job])
            self.assertEqual(data["profile"]["guest_id"], empty["profile"]["guest_id"])
            self.assertEqual(data["profile"]["ip_address"], "127.0.0.1")
        self.problem(self.server.client().get("/auth/me/data"), 401)

    def test_the_call_itself_counts(self):
        user = self.server.user()
        before = user.get("/usage/me").json["api_calls_count"]
        self.assertEqual(self.data(user)["usage"]["api_calls_count"], before + 1)


class ManyJobs(Case):
    OPTIONS = ("--user-files-per-day", "1000", "--user-storage", "100GB",
               "--user-processing", "10000m")

    def test_more_than_a_page(self):
        user = self.server.user()
        small, jobs = wav(seconds=0.1), []
        for count in (80, 125):  # pages of 40: two that are full, then one that is not
            while len(jobs) < count:
                jobs.append(user.uploaded(small))
            data = self.answer(user.get("/auth/me/data"), 200)
            self.assertEqual([j["job_id"] for j in data["jobs"]], jobs[::-1])
            ids = [r["event_id"] for r in data["ledger"]]
            self.assertEqual(ids, sorted(set(ids)))
            self.assertEqual(sum(r["amount"] for r in data["ledger"]
                                 if r["meter"] == "files_uploaded"), count)


class LongLedger(Case):
    ROWS = 80_000

    def test_its_length_costs_no_memory(self):
        user = self.server.user()
        user.get("/auth/me")
        self.assertEqual(self.server.stop(), 0)
        with closing(sqlite3.connect(next(self.server.data_dir.glob("*.db")))) as db:
            db.execute("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                INSERT INTO usage_events (occurred_us, day, account_id, group_id, kind, meter,
                    type, ref, amount, held)
                SELECT e.occurred_us, e.day, e.account_id, e.group_id, e.kind, e.meter, e.type,
                    e.ref, 0, 0
                FROM n, (SELECT * FROM usage_events WHERE account_id = ? LIMIT 1) e""",
                       (self.ROWS, user.user["id"]))
            db.commit()
        self.server.start()
        user = self.server.login(user.name)
        self.answer(user.get("/usage/me"), 200)
        peak = self.server.memory("VmHWM")
        reply = user.get("/auth/me/data")
        self.assertGreater(len(reply.body), 150 * self.ROWS)
        self.assertGreater(len(self.answer(reply, 200)["ledger"]), self.ROWS)
        self.assertLess(self.server.memory("VmHWM") - peak, 8 << 20)


class Plans(Case):
    OPTIONS = ("--user-files-per-day", "7", "--guest-storage", "2560KB", "--network-factor", "3")
    PLENTY = False

    def test_of_every_plan(self):
        admin = self.server.admin()
        plans = self.answer(admin.get("/admin/limits"), 200)
        self.assertEqual(plans["user"], {
            "files_per_day": {"limit": 7, "unit": "files", "window": "day"},
            "storage_mb": {"limit": 1000, "unit": "MB", "window": "stored"},
            "processing_minutes": {"limit": 60, "unit": "minutes", "window": "month"}})
        self.assertEqual({n: [p["limit"] for p in plans[n].values()] for n in plans},
                         {"user": [7, 1000, 60], "guest": [5, 2.5, 10], "network": [15, 7.5, 30]})

    def test_of_one_user(self):
        user = self.server.user()
        user.uploaded(wav())
        seen = self.answer(
            self.server.admin().get(f"/usage/admin/user/{user.user['id']}"), 200)
        own = self.answer(user.get("/usage/limits"), 200)
        self.assertEqual(seen["limits"]["files_per_day"], own["files_per_day"])
        self.assertEqual(seen["limits"]["files_per_day"]["used"], 1)
