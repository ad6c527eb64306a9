"""Guests: sessions, the ids that clients make up, and what becomes of them at signup."""
import socket
import time
import uuid

from bodies import claims, sign
from whazz import PASSWORD, UUID, Case, raw, statuses


class Session(Case):
    def session(self):
        return self.answer(self.server.client().post("/guest/session"), 200)

    def test_new(self):
        made = self.session()
        self.assertEqual(set(made), {"guest_token", "guest_id", "token_type", "expires_in"})
        self.assertRegex(made["guest_id"], UUID)
        self.assertEqual(made["token_type"], "bearer")
        self.assertIn(made["expires_in"], (7 * 86400, 7 * 86400 - 1))
        claim = claims(made["guest_token"])
        self.assertEqual((claim["sub"], claim["type"]), (made["guest_id"], "guest"))
        self.assertLess(abs(claim["exp"] - time.time() - 7 * 86400), 30)

    def test_any_body_is_ignored(self):
        self.answer(self.server.client().post("/guest/session", {"a": 1}), 200)
        self.answer(self.server.client().request("POST", "/guest/session", b"not json"), 200)

    def test_two_differ(self):
        self.assertNotEqual(self.session()["guest_id"], self.session()["guest_id"])

    def test_read_by_its_own_guest(self):
        made = self.session()
        for client in (self.server.client(made["guest_token"]),
                       self.server.client(guest=made["guest_id"])):
            info = self.answer(client.get(f"/guest/session/{made['guest_id']}"), 200)
            self.assertEqual(set(info), {"guest_id", "created_at", "last_active_at",
                                         "expires_at"})
            self.assertEqual(info["guest_id"], made["guest_id"])
            for name in ("created_at", "last_active_at", "expires_at"):
                self.assertDate(info[name])

    def test_read_by_others(self):
        made = self.session()
        path = f"/guest/session/{made['guest_id']}"
        self.problem(self.server.client().get(path), 401, "Not authenticated")
        self.problem(self.server.guest().get(path), 403)
        self.problem(self.server.user().get(path), 403)
        self.answer(self.server.admin().get(path), 200)

    def test_unknown(self):
        self.problem(self.server.admin().get("/guest/session/none"), 404,
                     "Guest session not found")


class Identity(Case):
    def test_a_made_up_id_simply_works(self):
        for guest in (str(uuid.uuid4()), "a", "A-Z_a.z:0-9", "x" * 128):
            with self.subTest(guest):
                usage = self.answer(self.server.client(guest=guest).get("/usage/me"), 200)
                self.assertEqual(usage["user_type"], "guest")

    def test_what_is_no_id(self):
        for guest in ("x" * 129, "a b", "a/b", "é", "a;b", "a,b", "'", "%00", "a\tb", "<x>"):
            with self.subTest(guest):
                client = self.server.client(guest=guest.encode("utf-8").decode("latin-1"))
                self.problem(client.get("/usage/me"), 401)
                self.problem(client.upload(), 401)

    def test_empty_counts_as_absent(self):
        self.problem(self.server.client(guest="").get("/usage/me"), 401, "Not authenticated")

    def test_two_ids_in_one_request(self):
        """Two X-Guest-ID headers never let one be checked and the other used."""
        one, two = str(uuid.uuid4()), str(uuid.uuid4())
        job = self.server.client(guest=two).uploaded()
        with socket.create_connection(("127.0.0.1", self.server.port), 10) as link:
            link.sendall(f"GET /audio/status/{job} HTTP/1.1\r\nHost: x\r\nX-Guest-ID: {one}\r\n"
                         f"X-Guest-ID: {two}\r\nConnection: close\r\n\r\n".encode())
            self.assertNotIn(b" 200 ", link.makefile("rb").readline())

    def test_a_guest_token_is_the_guest(self):
        made = self.server.client().post("/guest/session").json
        by_token = self.server.client(made["guest_token"])
        job = by_token.uploaded()
        reply = by_token.get(f"/audio/status/{job}")
        self.answer(reply, 200)
        self.answer(self.server.client(guest=made["guest_id"]).get(f"/audio/status/{job}"), 200)
        self.assertEqual(by_token.get("/usage/me").json["total_files_uploaded"], 1)

    def test_the_header_wins_nothing_over_a_token(self):
        user = self.server.user()
        both = self.server.client(user.token, guest=str(uuid.uuid4()))
        self.assertEqual(both.get("/usage/me").json["user_type"], "authenticated")

    def test_bad_guest_tokens(self):
        guest = str(uuid.uuid4())
        for name, token in {
            "expired": sign({"sub": guest, "type": "guest", "exp": 1}),
            "other key": sign({"sub": guest, "type": "guest", "exp": 1 << 33}, "k" * 40),
            "no exp": sign({"sub": guest, "type": "guest"}),
            "bad id": sign({"sub": "a/b", "type": "guest", "exp": 1 << 33}),
            "no sub": sign({"type": "guest", "exp": 1 << 33}),
        }.items():
            with self.subTest(name):
                self.problem(self.server.client(token).get("/usage/me"), 401)
                self.problem(self.server.client(token, guest).get("/usage/me"), 401)

    def test_a_logged_out_guest_token(self):
        made = self.server.client().post("/guest/session").json
        client = self.server.client(made["guest_token"])
        self.answer(client.post("/auth/logout"), 200)
        self.problem(client.get("/usage/me"), 401, "Token has been revoked")

    def test_reading_makes_no_rows(self):
        admin = self.server.admin()
        before = admin.get("/usage/admin/stats").json["users"]["total_guests"]
        for _ in range(20):
            self.answer(self.server.guest().get("/usage/me"), 200)
            self.answer(self.server.guest().get("/usage/limits"), 200)
        after = admin.get("/usage/admin/stats").json["users"]["total_guests"]
        self.assertEqual(after, before)

    def test_mixed_access(self):
        path = "/guest/example/mixed-access"
        self.assertEqual(self.answer(self.server.client().get(path), 200), {
            "message": "Hello anonymous visitor!", "user_type": "anonymous",
            "note": "Create a guest session at POST /guest/session or register at "
                    "POST /auth/signup"})
        made = self.server.client().post("/guest/session").json
        hello = self.answer(self.server.client(made["guest_token"]).get(path), 200)
        self.assertDate(hello.pop("session_created"))
        self.assertEqual(hello, {"message": "Hello guest user!", "user_type": "guest",
                                 "guest_id": made["guest_id"]})
        user = self.server.user()
        self.assertEqual(self.answer(user.get(path), 200), {
            "message": f"Hello registered user {user.name}!", "user_type": "registered",
            "user_id": user.user["id"], "email": f"{user.name}@example.com"})
        self.problem(self.server.client("garbage").get(path), 401)


class Merge(Case):
    def test_signup_takes_the_guest_along(self):
        guest = self.server.guest()
        job = guest.uploaded()
        guest.wait_for_job(job)
        before = guest.get("/usage/me").json
        reply = guest.post("/auth/signup", {"email": "merge@example.com", "username": "merge",
                                            "password": PASSWORD})
        self.answer(reply, 201)
        user = self.server.login("merge")
        self.answer(user.get(f"/audio/status/{job}"), 200)
        after = user.get("/usage/me").json
        for name in ("total_files_uploaded", "total_files_processed", "total_input_size_mb",
                     "total_output_size_mb", "processing_types_breakdown"):
            self.assertEqual(after[name], before[name], name)
        self.assertEqual(self.server.verify().returncode, 0)

    def test_the_merged_guest_no_longer_reads_the_files(self):
        guest = self.server.guest()
        job = guest.uploaded()
        self.answer(guest.post("/auth/signup", {
            "email": "gone@example.com", "username": "gone", "password": PASSWORD}), 201)
        self.assertNotEqual(guest.get(f"/audio/status/{job}").status, 200)

    def test_signup_with_a_bad_token_merges_nothing(self):
        """Older clients send whatever token they have left."""
        reply = self.server.client("garbage").post("/auth/signup", {
            "email": "bad@example.com", "username": "badtoken", "password": PASSWORD})
        self.answer(reply, 201)
        figures = self.server.login("badtoken").get("/usage/me").json
        self.assertEqual(figures["total_files_uploaded"], 0)


class OnlyUuids(Case):
    OPTIONS = ("--guest-ids", "uuid")

    def test_uuid_is_demanded(self):
        self.answer(self.server.guest().get("/usage/me"), 200)
        self.problem(self.server.client(guest="somebody").get("/usage/me"), 401)


class OnlySigned(Case):
    OPTIONS = ("--guest-ids", "signed")

    def test_a_token_is_demanded(self):
        self.problem(self.server.guest().get("/usage/me"), 401)
        made = self.server.client().post("/guest/session").json
        self.answer(self.server.client(made["guest_token"]).get("/usage/me"), 200)


class Throttle(Case):
    PLENTY = False
    OPTIONS = ("--guests-per-hour", "4")

    def test_new_guests_per_network(self):
        seen = [self.server.client().post("/guest/session") for _ in range(6)]
        self.assertEqual([r.status for r in seen], [200] * 4 + [429] * 2)
        self.assertGreaterEqual(int(seen[-1].headers["Retry-After"]), 1)


class BehindAProxy(Case):
    PLENTY = False
    OPTIONS = ("--guests-per-hour", "4", "--trusted-proxies", "127.0.0.1")

    def statuses_from(self, *forwarded):
        """Of six sessions asked for by way of a proxy, with these lines, {n} counting."""
        seen = []
        for n in range(6):
            lines = b"".join(b"X-Forwarded-For: %s\r\n" % f.format(n=n).encode()
                             for f in forwarded)
            seen += statuses(raw(self.server.port, b"POST /guest/session HTTP/1.1\r\nHost: x\r\n"
                                 b"Connection: close\r\nContent-Length: 0\r\n" + lines +
                                 b"\r\n"))
        return seen

    def test_the_network_is_the_one_that_the_proxy_saw(self):
        for forwarded in (("192.0.2.7",), ("10.{n}.0.1, 198.51.100.7",),
                          ("10.{n}.0.1", "203.0.113.7"),
                          ("10.{n}.0.1", "11.{n}.0.1, 11.{n}.0.2", "8.8.8.8"),
                          ("10.{n}.0.1", "9.9.9.9", "127.0.0.1")):
            with self.subTest(forwarded):
                self.assertEqual(self.statuses_from(*forwarded), [200] * 4 + [429] * 2)

    def test_networks_have_a_budget_each(self):
        self.assertEqual(self.statuses_from("10.{n}.0.1", "100.{n}.0.1"), [200] * 6)
