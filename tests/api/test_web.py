"""The pages that a build with the web app serves beside the API."""
from whazz import Case


class Pages(Case):
    def test_the_apis_pages(self):
        for path in ("/docs", "/redoc"):
            reply = self.server.client().get(path)
            self.answer_is_a_page(reply)

    def test_a_browser_gets_the_app_and_a_program_gets_json(self):
        self.answer_is_a_page(self.server.client().get("/", Accept="text/html"))
        self.answer_is_a_page(self.server.client().get("/usage", Accept="text/html,*/*;q=0.8"))
        self.assertIn("message", self.answer(self.server.client().get("/"), 200))
        self.problem(self.server.client().get("/no-page"), 404, "Not Found")

    def answer_is_a_page(self, reply):
        self.assertEqual(reply.status, 200, str(reply))
        self.assertEqual(reply.headers.get_content_type(), "text/html")
        self.assertIn("script-src 'self'", reply.headers["Content-Security-Policy"])
        self.assertIn(b"<script", reply.body)
