"""/auth: users, passwords, tokens."""
import concurrent.futures
import json
import sqlite3
import time

from bodies import b64, claims, sign
from whazz import PASSWORD, Case

MISSING = ("missing", "Field required")
W = "Could not validate credentials"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def person(name, **changes):
    return {"email": f"{name}@example.com", "username": name, "password": PASSWORD, **changes}


class Signup(Case):
    def signup(self, body):
        return self.server.client().post("/auth/signup", body)

    def test_answers_the_user_without_secrets(self):
        reply = self.signup(person("alice"))
        user = self.answer(reply, 201)
        self.assertEqual(set(user), {"email", "username", "id", "is_active", "is_verified",
                                     "created_at"})
        self.assertEqual(user["email"], "alice@example.com")
        self.assertEqual(user["username"], "alice")
        self.assertIs(type(user["id"]), int)
        self.assertIs(user["is_active"], True)
        self.assertIs(user["is_verified"], False)
        self.assertDate(user["created_at"])
        self.assertNotIn(b"argon2", reply.body)
        self.assertNotIn(PASSWORD.encode(), reply.body)

    def test_email_and_name_are_taken_once(self):
        self.answer(self.signup(person("bobby")), 201)
        self.problem(self.signup(person("bobby2", email="bobby@example.com")), 400,
                     "Email already registered")
        self.problem(self.signup(person("bobby", email="other@example.com")), 400,
                     "Username already taken")
        self.problem(self.signup(person("bobby")), 400, "Email already registered")

    def test_domain_is_lower_cased_and_local_part_kept(self):
        user = self.answer(self.signup(person("mixed", email="MixedCase@EXAMPLE.Com")), 201)
        self.assertEqual(user["email"], "MixedCase@example.com")

    def test_blanks_around_an_email_are_none_of_it(self):
        user = self.answer(self.signup(person("blanks", email=" blanks@example.com\t ")), 201)
        self.assertEqual(user["email"], "blanks@example.com")
        for email in ("bl anks@example.com", "   "):
            self.problem(self.signup(person("blanks2", email=email)), 422)

    def test_extra_fields_change_nothing(self):
        user = self.answer(self.signup(person("extra", is_admin=True, id=77)), 201)
        self.assertNotEqual(user["id"], 77)
        client = self.server.login("extra")
        self.problem(client.get("/usage/admin/stats"), 403, "Admin privileges required")

    def test_names_in_any_script(self):
        name = "音楽家Ünïcode"
        user = self.answer(self.signup(person(name, email="music@example.com")), 201)
        self.assertEqual(user["username"], name)
        self.assertEqual(self.server.login(name).get("/auth/me").json["username"], name)

    def test_spaces_in_a_name_are_kept(self):
        user = self.answer(self.signup(person("  a b  ", email="spaces@example.com")), 201)
        self.assertEqual(user["username"], "  a b  ")

    def test_lengths_count_characters(self):
        self.answer(self.signup(person("é" * 50, email="long@example.com")), 201)
        self.invalid(
            self.signup(person("é" * 51, email="longer@example.com")),
            ("string_too_long", ("body", "username"), "String should have at most 50 characters"))

    def test_missing_fields(self):
        at = [(MISSING[0], ("body", f), MISSING[1]) for f in ("email", "username", "password")]
        self.invalid(self.signup({}), *at)
        self.invalid(self.signup({"email": "x@example.com", "username": "xxx"}), at[2])

    def test_wrong_types(self):
        self.invalid(self.signup({"email": None, "username": 12345, "password": []}),
                     *[("string_type", ("body", f), "Input should be a valid string")
                       for f in ("email", "username", "password")])

    def test_lengths(self):
        self.invalid(
            self.signup(person("ab", email="short@example.com", password="short")),
            ("string_too_short", ("body", "username"), "String should have at least 3 characters"),
            ("string_too_short", ("body", "password"), "String should have at least 8 characters"))
        self.invalid(
            self.signup(person("longpass", password="p" * 73)),
            ("string_too_long", ("body", "password"), "String should have at most 72 characters"))
        self.invalid(
            self.signup(person("longpass", password="é" * 40)),
            ("value_error", ("body", "password"),
             "Value error, Password cannot be longer than 72 bytes when encoded in UTF-8"))
        self.answer(self.signup(person("fullpass", password="p" * 72)), 201)

    def test_ctx_of_a_length(self):
        errors = self.problem(self.signup(person("ab", email="q@example.com")), 422)["detail"]
        self.assertEqual(errors[0]["ctx"], {"min_length": 3})

    def test_emails(self):
        before = "value is not a valid email address: "
        for email, reason in (
                ("nope", "An email address must have an @-sign."),
                ("a@b", "The part after the @-sign is not valid. It should have a period."),
                ("a@localhost", "The part after the @-sign is not valid. It should have a period."),
                ("a@foo.test", "The part after the @-sign is a special-use or reserved name that "
                               "cannot be used with email.")):
            with self.subTest(email):
                errors = self.invalid(self.signup(person("bobbyx", email=email)),
                                      ("value_error", ("body", "email"), before + reason))
                self.assertEqual(errors[0]["ctx"], {"reason": reason})

    def test_no_422_repeats_the_password(self):
        secret = "my secret pw 1"
        for body in ({"username": "someone", "password": secret},
                     person("ab", password=secret), {"password": [secret]},
                     person("someone", password=secret * 20), [person("x", password=secret)]):
            reply = self.signup(body)
            self.problem(reply, 422)
            self.assertNotIn(secret.encode(), reply.body)

    def test_bodies_that_are_no_object(self):
        kind = ("model_attributes_type", ("body",),
                "Input should be a valid dictionary or object to extract fields from")
        self.invalid(self.signup([1]), kind)
        self.invalid(self.signup("x"), kind)
        send = self.server.client().request
        for content_type in ("text/plain", "application/x-www-form-urlencoded"):
            with self.subTest(content_type):
                self.invalid(send("POST", "/auth/signup", b"email=a",
                                  {"Content-Type": content_type}), kind)

    def test_broken_and_empty_json(self):
        send = self.server.client().request
        for text in (b'{"email": "x"', b"nope", b'{"a":1}x', b'{"email":"\xff"}', b"[" * 60000,
                     b'{"a":1,}', b"{\x00}"):
            with self.subTest(text[:20]):
                errors = self.problem(send("POST", "/auth/signup", text,
                                           {"Content-Type": "application/json"}), 422)["detail"]
                self.assertEqual(errors[0]["type"], "json_invalid")
                self.assertEqual(errors[0]["loc"][0], "body")
                self.assertIs(type(errors[0]["loc"][1]), int)
                self.assertEqual(errors[0]["msg"], "JSON decode error")
        self.invalid(send("POST", "/auth/signup"), ("missing", ("body",), "Field required"))

    def test_json_without_a_content_type_is_read(self):
        reply = self.server.client().request(
            "POST", "/auth/signup",
            b'{"email":"n@example.com","username":"notype","password":"correct horse 1"}')
        self.answer(reply, 201)

    def test_nul_and_lone_surrogates_are_refused(self):
        for change in ({"username": "nul\u0000name"}, {"password": "pass\u0000word1"},
                       {"username": "half\ud83d"}):
            with self.subTest(change):
                raw = person("nulls", **change)
                reply = self.server.client().request(
                    "POST", "/auth/signup", json.dumps(raw), {"Content-Type": "application/json"})
                self.problem(reply, 422)

    def test_a_huge_body_is_refused(self):
        self.problem(self.signup(person("big", padding="x" * (8 << 20))), 413)


class Login(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls.server.user("alice")

    def login(self, name, password):
        return self.server.client().post("/auth/login",
                                         {"username_or_email": name, "password": password})

    def test_by_name_and_by_email(self):
        for name in ("alice", "alice@example.com"):
            tokens = self.answer(self.login(name, PASSWORD), 200)
            self.assertEqual(set(tokens), {"access_token", "refresh_token", "token_type"})
            self.assertEqual(tokens["token_type"], "bearer")

    def test_claims(self):
        for key, kind, life in (("access_token", "access", 1800),
                                ("refresh_token", "refresh", 7 * 86400)):
            token = self.login("alice", PASSWORD).json[key]
            claim = claims(token)
            self.assertEqual(claim["sub"], str(self.alice.user["id"]))
            self.assertEqual(claim["username"], "alice")
            self.assertEqual(claim["type"], kind)
            self.assertLess(abs(claim["exp"] - time.time() - life), 30)

    def test_two_logins_differ(self):
        one, two = (self.login("alice", PASSWORD).json["access_token"] for _ in range(2))
        self.assertNotEqual(one, two)
        self.answer(self.server.client(one).post("/auth/logout"), 200)
        self.answer(self.server.client(two).get("/auth/me"), 200)

    def test_wrong(self):
        text = "Incorrect username/email or password"
        for name, password in (("alice", "wrong"), ("ghost", "wrong"),
                               ("ALICE@EXAMPLE.COM", PASSWORD), ("alice", PASSWORD + " "),
                               ("alice", "a\u0000b"), ("alice", PASSWORD + "\u0000"), ("", "")):
            with self.subTest(name):
                reply = self.login(name, password)
                self.assertIn(reply.status, (401, 422) if "\0" in password else (401,))
                if reply.status == 401:
                    self.problem(reply, 401, text)

    def test_unknown_users_take_as_long(self):
        """Nobody learns from the time which names exist."""
        def seconds(name):
            begun = time.monotonic()
            self.login(name, "wrong password")
            return time.monotonic() - begun
        # In turn, and the quickest of each: what else the machine does only adds.
        pairs = [(seconds("alice"), seconds("ghost")) for _ in range(9)]
        known, unknown = (min(times) for times in zip(*pairs))
        self.assertLess(abs(known - unknown), 0.5 * max(known, unknown), (known, unknown))

    def test_missing(self):
        self.invalid(self.server.client().post("/auth/login", {"username_or_email": "alice"}),
                     ("missing", ("body", "password"), "Field required"))


class Tokens(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls.server.user("alice")
        cls.alice_id = str(cls.alice.user["id"])

    def me(self, token=None, authorization=None):
        return self.server.client(token).get(
            "/auth/me", **({"Authorization": authorization} if authorization else {}))

    def payload(self, **changes):
        made = {**claims(self.alice.token), **changes}
        return {k: v for k, v in made.items() if v is not None}

    def test_me_is_the_signup_answer_and_whether_it_is_an_admin(self):
        self.assertEqual(self.answer(self.alice.get("/auth/me"), 200),
                         {**self.alice.user, "is_admin": False})

    def test_without_credentials(self):
        self.problem(self.me(), 401, "Not authenticated")
        for value in ("Bearer", "Bearer "):
            self.problem(self.me(authorization=value), 401)
        self.problem(self.me(authorization="Basic x"), 401)

    def test_scheme_in_any_case(self):
        for scheme in ("bearer", "BEARER", "bEaReR"):
            self.answer(self.me(authorization=f"{scheme} {self.alice.token}"), 200)

    def test_a_token_signed_with_the_key_is_good(self):
        """The forgeries below fail for their flaw, not for being made here."""
        self.answer(self.me(sign(self.payload())), 200)

    def test_forged(self):
        now = int(time.time())
        head, body, mac = self.alice.token.split(".")
        none = b64(b'{"alg":"none","typ":"JWT"}')
        changed = b64(b'{"sub":"1","type":"access","exp":%d}' % (now + 600))
        for name, token in {
            "garbage": "garbage", "two parts": f"{head}.{body}", "no signature": f"{head}.{body}.",
            "four parts": self.alice.token + ".x", "bad signature": sign(self.payload(), "k" * 40),
            "cut signature": self.alice.token[:-3], "other payload": f"{head}.{changed}.{mac}",
            "alg none": f"{none}.{body}.", "alg none signed": f"{none}.{body}.{mac}",
            "alg None": sign(self.payload(), header={"alg": "None", "typ": "JWT"}),
            "HS512": sign(self.payload(), header={"alg": "HS512", "typ": "JWT"},
                          hash_name="sha512"),
            "says RS256": sign(self.payload(), header={"alg": "RS256", "typ": "JWT"}),
            "expired": sign(self.payload(exp=now - 1)),
            "expired long ago": sign(self.payload(exp=1)),
            "sub missing": sign(self.payload(sub=None)), "sub text": sign(self.payload(sub="abc")),
            "sub number": sign(self.payload(sub=int(self.alice_id))),
            "sub spaced": sign(self.payload(sub=" " + self.alice_id)),
            "sub signed": sign(self.payload(sub="+" + self.alice_id)),
            "sub huge": sign(self.payload(sub="9" * 30)),
            "nobody": sign(self.payload(sub="999999")), "padded": self.alice.token + "=",
            "exp text": sign(self.payload(exp=str(now + 600))), "very long": "x" * 5000,
        }.items():
            with self.subTest(name):
                self.problem(self.me(token), 401, W)
                with_guest = self.server.client(token, guest="a-guest")
                self.problem(with_guest.get("/usage/me"), 401)  # never a silent guest

    def test_wrong_kind(self):
        guest = self.server.client().post("/guest/session").json["guest_token"]
        for token in (self.alice.refresh_token, guest, sign(self.payload(type=None)),
                      sign(self.payload(type="other"))):
            self.problem(self.me(token), 401, "Invalid token type")

    def test_logout(self):
        client = self.server.login("alice")
        self.assertEqual(self.answer(client.post("/auth/logout"), 200),
                         {"message": "Successfully logged out"})
        self.problem(client.get("/auth/me"), 401, "Token has been revoked")
        self.problem(client.get("/usage/me"), 401, "Token has been revoked")
        self.problem(client.post("/auth/logout"), 400, "Token already invalidated")
        refreshed = client.post("/auth/refresh", {"refresh_token": client.refresh_token})
        self.problem(refreshed, 401, "Token has been revoked")

    def test_logout_refusals(self):
        self.problem(self.server.client().post("/auth/logout"), 401, "Not authenticated")
        for token in ("garbage", sign(self.payload(exp=1)), sign(self.payload(exp=None))):
            self.problem(self.server.client(token).post("/auth/logout"), 401, "Invalid token")

    def test_logout_survives_a_restart(self):
        client = self.server.login("alice")
        self.answer(client.post("/auth/logout"), 200)
        self.server.kill()
        self.server.start()
        self.problem(client.get("/auth/me"), 401, "Token has been revoked")

    def refresh(self, token, key=None):
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.server.client().post("/auth/refresh", {"refresh_token": token}, **headers)

    def test_refresh_rotates(self):
        first = self.server.login("alice")
        second = self.answer(self.refresh(first.refresh_token), 200)
        self.assertEqual(set(second), {"access_token", "refresh_token", "token_type"})
        self.assertNotEqual(second["refresh_token"], first.refresh_token)
        self.answer(self.me(second["access_token"]), 200)
        third = self.answer(self.refresh(second["refresh_token"]), 200)
        self.answer(self.me(third["access_token"]), 200)

    def test_reuse_ends_the_family_and_no_other(self):
        other = self.server.login("alice")
        first = self.server.login("alice")
        second = self.answer(self.refresh(first.refresh_token), 200)
        self.problem(self.refresh(first.refresh_token), 401, "Token has been revoked")
        self.problem(self.refresh(second["refresh_token"]), 401, "Token has been revoked")
        self.problem(self.me(second["access_token"]), 401, "Token has been revoked")
        self.answer(other.get("/auth/me"), 200)

    def test_a_lost_reply_is_had_again_by_its_key(self):
        first = self.server.login("alice")
        second = self.answer(self.refresh(first.refresh_token, KEY), 200)
        for key in (KEY, f'"{KEY}"'):
            self.assertEqual(self.answer(self.refresh(first.refresh_token, key), 200), second)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.answer(self.refresh(first.refresh_token, KEY), 200), second)
        self.answer(self.me(second["access_token"]), 200)
        third = self.answer(self.refresh(second["refresh_token"], KEY), 200)
        self.assertNotEqual(third["refresh_token"], second["refresh_token"])
        self.answer(self.me(third["access_token"]), 200)

    def test_only_the_same_key_gives_a_reply_again(self):
        for key in (None, KEY + "x", KEY.upper()):
            with self.subTest(key):
                first = self.server.login("alice")
                second = self.answer(self.refresh(first.refresh_token, KEY), 200)
                self.problem(self.refresh(first.refresh_token, key), 401, "Token has been revoked")
                self.problem(self.me(second["access_token"]), 401, "Token has been revoked")
                self.problem(self.refresh(first.refresh_token, KEY), 401, "Token has been revoked")

    def test_a_reply_is_not_had_again_once_its_token_was_used(self):
        first = self.server.login("alice")
        second = self.answer(self.refresh(first.refresh_token, KEY), 200)
        third = self.answer(self.refresh(second["refresh_token"]), 200)
        self.problem(self.refresh(first.refresh_token, KEY), 401, "Token has been revoked")
        self.problem(self.me(third["access_token"]), 401, "Token has been revoked")

    def test_a_reply_is_not_had_again_after_a_minute(self):
        first = self.server.login("alice")
        second = self.answer(self.refresh(first.refresh_token, KEY), 200)
        self.server.kill()  # so that the row can be made to be of a minute ago
        rows = sqlite3.connect(self.server.data_dir / "whazz.db")
        with rows:
            changed = rows.execute("UPDATE sessions SET used_us = used_us - 60000000 "
                                   "WHERE family = ?", (claims(first.token)["fam"],)).rowcount
        rows.close()
        self.assertEqual(changed, 1)
        self.server.start()
        self.answer(self.me(second["access_token"]), 200)
        self.problem(self.refresh(first.refresh_token, KEY), 401, "Token has been revoked")
        self.problem(self.me(second["access_token"]), 401, "Token has been revoked")

    def test_all_who_repeat_at_once_have_one_reply(self):
        token = self.server.login("alice").refresh_token
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: self.refresh(token, KEY), range(32)))
        self.assertEqual([reply.status for reply in replies], [200] * 32)
        pairs = {(r.json["access_token"], r.json["refresh_token"]) for r in replies}
        self.assertEqual(len(pairs), 1)
        self.answer(self.refresh(pairs.pop()[1]), 200)

    def test_a_key_too_short_or_long_uses_no_token(self):
        first = self.server.login("alice")
        for key in ("k" * 15, f'"{"k" * 15}"', "k" * 256):
            with self.subTest(len(key)):
                self.problem(self.refresh(first.refresh_token, key), 400,
                             "Idempotency-Key must have 16 to 255 characters")
        second = self.answer(self.refresh(first.refresh_token, "k" * 255), 200)
        self.assertEqual(self.answer(self.refresh(first.refresh_token, "k" * 255), 200), second)

    def test_refresh_refusals(self):
        self.problem(self.refresh("x"), 401, "Invalid refresh token")
        self.problem(self.refresh(self.alice.token), 401, "Invalid token type")
        for token, text in (
                (sign(self.payload(type="refresh", sub="999999")), "User not found or inactive"),
                (sign(self.payload(type="refresh", sub="abc")), "Invalid token payload"),
                (sign(self.payload(type="refresh", exp=1)), "Invalid refresh token"),
                (sign(self.payload(type="refresh"), "k" * 40), "Invalid refresh token")):
            self.problem(self.refresh(token), 401, text)
        self.invalid(self.server.client().post("/auth/refresh", {}),
                     ("missing", ("body", "refresh_token"), "Field required"))


class Throttles(Case):
    PLENTY = False
    OPTIONS = ("--logins-per-minute", "5", "--signups-per-hour", "3")

    def test_logins_are_throttled(self):
        self.server.user("target")
        for _ in range(5):
            reply = self.server.client().post(
                "/auth/login", {"username_or_email": "target", "password": "wrong"})
            self.problem(reply, 401)
        reply = self.server.client().post(
            "/auth/login", {"username_or_email": "target", "password": "wrong"})
        self.problem(reply, 429)
        self.assertGreaterEqual(int(reply.headers["Retry-After"]), 1)
        self.assertLessEqual(int(reply.headers["Retry-After"]), 60 + 60 // 16 + 1)

    def test_signups_are_throttled(self):
        seen = []
        for n in range(5):
            reply = self.server.client().post("/auth/signup", person(f"crowd{n}"))
            seen.append(reply.status)
        self.assertEqual(seen[-1], 429)
        self.assertLessEqual(seen.count(201), 3)
        self.assertGreaterEqual(int(reply.headers["Retry-After"]), 1)


class OwnKey(Case):
    SECRET = None

    def test_the_first_start_makes_a_key_that_stays(self):
        key = self.server.data_dir / "secret.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertGreaterEqual(key.stat().st_size, 32)
        user = self.server.user()
        self.server.restart()
        self.answer(user.get("/auth/me"), 200)
