"""The server's own pages: /, /health, /metrics, the document, CORS, HEAD."""
import json
import re

import contract
from whazz import Case


class General(Case):
    def test_root_tells_programs_what_this_is(self):
        body = self.answer(self.server.client().get("/"), 200)
        self.assertIn("message", body)

    def test_the_document_is_served_as_it_is_kept(self):
        reply = self.server.client().get("/openapi.json")
        self.assertEqual(self.answer(reply, 200), contract.DOCUMENT)
        again = self.server.client().get("/openapi.json", If_None_Match=reply.headers["ETag"])
        self.assertEqual((again.status, again.body), (304, b""))

    def test_health(self):
        body = self.answer(self.server.client().get("/health"), 200)
        self.assertEqual(body["status"], "healthy")

    def test_metrics_are_prometheus_text(self):
        guest = self.server.guest()
        before = self.sample(self.server.client().get("/metrics"))
        guest.wait_for_job(guest.uploaded())
        reply = self.server.client().get("/metrics")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers.get_content_type(), "text/plain")
        lines = reply.body.decode().splitlines()
        sample = re.compile(r'^[a-z_]+(\{([a-z_]+="[^"]*",?)*\})? [-+0-9.eE]+$')
        for line in lines:
            if not line.startswith("#"):
                self.assertRegex(line, sample)
        self.assertEqual(self.sample(reply), before + 1)
        for series in (rb'whazz_files_processed_total{processing_type="speech_enhancement",'
                       rb'outcome="completed"} [1-9]\d*',
                       rb'whazz_processing_seconds_total{processing_type="speech_enhancement"} '
                       rb'\d+\.\d*[1-9]\d*'):
            self.assertRegex(reply.body, rb"(?m)^" + series + rb"$")
        names = re.findall(rb"(?m)^([a-z_]+)[ {]", reply.body)
        for name in set(names):
            family = re.sub(rb"_(bucket|sum|count)$", b"", name)
            self.assertEqual(reply.body.count(b"# TYPE " + family + b" "), 1, name)

    def sample(self, reply):
        return int(re.search(rb"^whazz_files_uploaded_total (\d+)$", reply.body, re.M)[1])

    def test_head_is_get_without_a_body(self):
        user = self.server.user()
        job = user.uploaded()
        user.wait_for_job(job)
        for path in ("/", "/health", "/openapi.json", "/auth/me", "/usage/me", "/usage/limits",
                     f"/audio/status/{job}", f"/audio/download/{job}", "/audio/jobs",
                     "/usage/history"):
            with self.subTest(path):
                head, get = user.head(path), user.get(path)
                self.assertEqual((head.status, head.body), (200, b""))
                self.assertEqual(get.status, 200)
                self.assertEqual(head.headers.get_content_type(),
                                 get.headers.get_content_type())
                if "history" not in path:  # its end is the moment of the request
                    self.assertEqual(head.headers["Content-Length"],
                                     get.headers["Content-Length"])

    def test_a_head_delivers_no_download(self):
        user = self.server.user()
        job = user.uploaded()
        user.wait_for_job(job)
        user.head(f"/audio/download/{job}")
        self.assertEqual(user.get("/usage/me").json["total_files_downloaded"], 0)
        user.get(f"/audio/download/{job}")
        self.assertEqual(user.get("/usage/me").json["total_files_downloaded"], 1)

    def test_long_text_is_compressed_for_who_takes_it(self):
        user = self.server.user()
        plain = user.get("/usage/history?start=2026-01-01")
        packed = user.get("/usage/history?start=2026-01-01", Accept_Encoding="br, gzip;q=0.5")
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertIn("Accept-Encoding", packed.headers["Vary"])
        self.assertLess(len(packed.packed), len(plain.body) // 4)
        self.assertEqual(packed.json["buckets"], plain.json["buckets"])
        self.assertIsNone(plain.headers["Content-Encoding"])
        for refused in ("gzip;q=0", "identity", "br"):
            reply = user.get("/usage/history?start=2026-01-01", Accept_Encoding=refused)
            self.assertIsNone(reply.headers["Content-Encoding"])
        self.assertIsNone(user.get("/usage/me", Accept_Encoding="gzip").headers[
            "Content-Encoding"])

    def test_unknown_paths_and_methods(self):
        self.problem(self.server.client().get("/nowhere"), 404, "Not Found")
        self.problem(self.server.client().request("TRACE", "/usage/me"), 405)
        reply = self.server.client().request("DELETE", "/usage/me")
        self.problem(reply, 405, "Method Not Allowed")
        self.assertEqual(reply.headers["Allow"], "GET, HEAD")
        reply = self.server.client().request("OPTIONS", "/audio/jobs/x")
        self.problem(reply, 405, "Method Not Allowed")
        self.assertEqual(reply.headers["Allow"], "DELETE")
        self.problem(self.server.client().request("OPTIONS", "/nowhere"), 404, "Not Found")

    def test_a_request_id_is_kept_when_it_is_sane(self):
        get = self.server.client().get
        self.assertEqual(get("/health", X_Request_ID="abc-1.2_3").headers["X-Request-ID"],
                         "abc-1.2_3")
        for bad in ("a b", "x" * 300, 'a"b', "a;b"):
            self.assertNotEqual(get("/health", X_Request_ID=bad).headers["X-Request-ID"], bad)


class Cors(Case):
    def preflight(self, origin, path="/usage/me", method="GET"):
        return self.server.client().request("OPTIONS", path, headers={
            "Origin": origin, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,x-guest-id,content-type"})

    def test_the_old_clients_pages(self):
        for origin in ("http://localhost:3000", "http://localhost:8000",
                       "http://localhost:5173"):
            reply = self.preflight(origin)
            self.assertIn(reply.status, (200, 204))
            self.assertEqual(reply.headers["Access-Control-Allow-Origin"], origin)
            self.assertEqual(reply.headers["Access-Control-Allow-Credentials"], "true")
            allowed = reply.headers["Access-Control-Allow-Headers"].lower()
            for name in ("authorization", "x-guest-id", "content-type"):
                self.assertIn(name, allowed)
            self.assertIn("GET", reply.headers["Access-Control-Allow-Methods"])

    def test_others_get_nothing(self):
        reply = self.preflight("http://evil.example")
        self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])

    def test_errors_carry_it_too(self):
        reply = self.server.client().get("/usage/me", Origin="http://localhost:5173")
        self.problem(reply, 401)
        self.assertEqual(reply.headers["Access-Control-Allow-Origin"], "http://localhost:5173")
        self.assertIn("Origin", reply.headers["Vary"])


class AnyOrigin(Case):
    OPTIONS = ("--cors-origins", "*")

    def test_all(self):
        reply = self.server.client().get("/health", Origin="http://anyone.example")
        self.assertEqual(reply.headers["Access-Control-Allow-Origin"],
                         "http://anyone.example")


class OldDashboard(Case):
    """The requests of the replaced system's own dashboard, as its page makes them."""

    def test_as_user_and_as_guest(self):
        for client in (self.server.user(), self.server.guest()):
            reply = client.get("/usage/me", Origin="http://localhost:5173",
                               Content_Type="application/json")
            body = self.answer(reply, 200)
            self.assertEqual(set(body), {
                "total_files_uploaded", "total_files_processed", "total_files_failed",
                "total_files_downloaded", "total_input_size_mb", "total_output_size_mb",
                "average_file_size_mb", "total_processing_time_minutes",
                "average_processing_time_seconds", "processing_types_breakdown",
                "success_rate_percent", "first_upload_at", "last_upload_at",
                "last_download_at", "api_calls_count", "last_api_call_at", "created_at",
                "user_type"}, json.dumps(body))
