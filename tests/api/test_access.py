"""I5: nobody sees another's. Every operation of the document, tried as everyone who may not."""
import time

import contract
from bodies import b64, claims, sign, wav
from whazz import Case

PUBLIC = {("post", "/auth/login"), ("post", "/auth/refresh"), ("post", "/auth/signup"),
          ("post", "/guest/session"), ("get", "/guest/example/mixed-access")}
# What belongs to the one who asks: others get their own, never someone else's.
OWN = {"/auth/me", "/auth/me/data", "/auth/password", "/auth/logout", "/usage/me",
       "/usage/limits", "/usage/history", "/usage/export", "/audio/jobs", "/audio/upload"}


class Access(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner, cls.other = cls.server.user("owner"), cls.server.user("other")
        cls.guest, cls.stranger = cls.server.guest(), cls.server.guest()
        cls.owner_job = cls.owner.uploaded(wav(), "secret-name.wav")
        cls.guest_job = cls.guest.uploaded(wav(), "guest-secret.wav")
        for client, job in ((cls.owner, cls.owner_job), (cls.guest, cls.guest_job)):
            client.wait_for_job(job)

    def operations(self):
        for template, item in contract.DOCUMENT["paths"].items():
            for method in contract.METHODS:
                if method in item:
                    yield method, template, item[method]

    def path(self, template, job=None):
        return (template.replace("{job_id}", job or self.owner_job)
                .replace("{user_id}", str(self.owner.user["id"]))
                .replace("{guest_id}", self.guest.guest_id))

    def is_open(self, method, template, operation):
        return operation.get("security") == [] or (method, template) in PUBLIC

    def refused(self, client, method, template, allowed, job=None):
        reply = client.request(method.upper(), self.path(template, job))
        self.assertIn(reply.status, allowed, str(reply))
        for secret in (b"secret-name", b"owner@example.com", b"guest-secret"):
            self.assertNotIn(secret, reply.body)
        return reply

    def bad_tokens(self):
        head, body, mac = self.owner.token.split(".")
        payload = claims(self.owner.token)
        left = self.server.login("owner")
        left.post("/auth/logout")
        return {
            "forged": sign(payload, "another key, also of more than 32 bytes"),
            "expired": sign({**payload, "exp": int(time.time()) - 5}),
            "revoked": left.token,
            "alg none": b64(b'{"alg":"none","typ":"JWT"}') + "." + body + ".",
            "alg none with its signature":
                b64(b'{"alg":"none","typ":"JWT"}') + "." + body + "." + mac,
            "a refresh token": self.owner.refresh_token,
            "cut": self.owner.token[:-2],
            "swapped parts": f"{body}.{head}.{mac}",
        }

    def test_without_an_identity(self):
        for method, template, operation in self.operations():
            if not self.is_open(method, template, operation):
                with self.subTest(f"{method} {template}"):
                    self.refused(self.server.client(), method, template, (401,))

    def test_with_a_token_that_does_not_hold(self):
        for name, token in self.bad_tokens().items():
            for method, template, operation in self.operations():
                if self.is_open(method, template, operation) or template == "/auth/logout":
                    continue
                with self.subTest(f"{name}: {method} {template}"):
                    self.refused(self.server.client(token), method, template, (401,))
                    # nor does a guest's name beside it make it hold
                    self.refused(self.server.client(token, guest="someone"), method, template,
                                 (401,))

    def test_jobs_of_others(self):
        outsiders = (self.other, self.stranger, self.server.client(
            self.server.client().post("/guest/session").json["guest_token"]))
        for method, template, _ in self.operations():
            if "{job_id}" not in template or template.startswith("/admin"):
                continue
            for client in outsiders:
                for job in (self.owner_job, self.guest_job):
                    with self.subTest(f"{method} {template}"):
                        self.refused(client, method, template, (403, 404), job)
            self.refused(self.guest, method, template, (403, 404), self.owner_job)
            self.refused(self.owner, method, template, (403, 404), self.guest_job)
        self.assertEqual(self.owner.get(f"/audio/status/{self.owner_job}").status, 200)
        self.assertEqual(self.guest.get(f"/audio/status/{self.guest_job}").status, 200)

    def test_what_only_an_admin_may(self):
        for method, template, _ in self.operations():
            if template.startswith(("/admin", "/usage/admin")):
                with self.subTest(f"{method} {template}"):
                    self.problem(self.refused(self.other, method, template, (403,)), 403,
                                 "Admin privileges required")
                    self.refused(self.stranger, method, template, (401,))

    def test_anothers_guest_session(self):
        for client in (self.other, self.stranger):
            self.refused(client, "get", "/guest/session/{guest_id}", (403, 404))

    def test_own_pages_never_show_another(self):
        for template in ("/usage/me", "/usage/limits", "/usage/history", "/usage/export",
                         "/audio/jobs", "/auth/me/data"):
            for client in (self.other, self.stranger):
                with self.subTest(template):
                    body = self.refused(client, "get", template, (200,)).body
                    self.assertNotIn(self.owner_job.encode(), body)
                    self.assertNotIn(self.guest_job.encode(), body)

    def test_a_deactivated_user_is_out_at_once(self):
        gone = self.server.user("gone")
        admin = self.server.admin()
        self.answer(admin.post(f"/admin/users/{gone.user['id']}/deactivate"), 200)
        for method, template, operation in self.operations():
            if not self.is_open(method, template, operation) and template != "/auth/logout":
                with self.subTest(f"{method} {template}"):
                    self.refused(gone, method, template, (401, 403))
        refreshed = gone.post("/auth/refresh", {"refresh_token": gone.refresh_token})
        self.assertIn(refreshed.status, (401, 403))

    def test_a_new_password_ends_every_session(self):
        user = self.server.user("forgetful")
        admin = self.server.admin()
        self.answer(admin.post(f"/admin/users/{user.user['id']}/password",
                               {"new_password": "a new password 1"}), 200)
        self.problem(user.get("/auth/me"), 401)
        self.assertEqual(
            user.post("/auth/refresh", {"refresh_token": user.refresh_token}).status, 401)
        self.server.login("forgetful", "a new password 1")
