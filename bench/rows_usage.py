"""GET /usage/me: against nginx answering the same bytes, and against the FastAPI peer."""
import client
from context import alternate, median_of, median_ratio, wav
from report import at_least, at_most
from servers import same_reply_location

TARGET = "/usage/me"
CONNECTIONS = 64


def loaded(context, server, token):
    """Requests per second and CPU microseconds per request of one run."""
    before = server.cpu_seconds()
    report = context.load.run(server.port, TARGET, connections=CONNECTIONS,
                              seconds=context.seconds, tokens=[token])
    report["cpu_us"] = (server.cpu_seconds() - before) / report["done"] * 1e6
    return report


def measure_one(context, who, whazz, fastapi, token, peer_token):
    status, reply_headers, body = client.request(whazz.port, "GET", TARGET, headers={
        "Authorization": f"Bearer {token}"})
    if status != 200:
        raise client.Failed(f"/usage/me: {status}")
    nginx = context.nginx(same_reply_location(TARGET, reply_headers, body))
    with nginx:
        got = alternate(context.rounds, {
            "nginx": lambda: loaded(context, nginx, token),
            "whazz": lambda: loaded(context, whazz, token),
            "fastapi": lambda: loaded(context, fastapi, peer_token),
        })
    what = f"GET /usage/me, {who}, {CONNECTIONS} connections"
    def rate(name):
        return [r["per_second"] for r in got[name]]
    def cpu(name):
        return [r["cpu_us"] for r in got[name]]
    def row(kind, label, key, peer, unit, values, target):
        return kind(f"{what}: {label}", median_of(got["whazz"], key),
                    median_of(got[peer], key), unit, median_ratio(*values), target)
    return [
        row(at_least, "against nginx `return 200` of the same bytes", "per_second", "nginx",
            "req/s", (rate("whazz"), rate("nginx")), 0.7),
        row(at_most, "its CPU against nginx's", "cpu_us", "nginx", "us/req",
            (cpu("whazz"), cpu("nginx")), 1.5),
        row(at_least, "against FastAPI, 2 workers", "per_second", "fastapi", "req/s",
            (rate("whazz"), rate("fastapi")), 25),
    ]


def measure(context):
    form = f"{context.folder}/small.form"
    client.multipart_write(form, "talk.wav", wav(100_000))
    rows = []
    with context.whazz() as whazz, context.fastapi() as fastapi:
        for who, tokens in (("a user", [s.user_token() for s in (whazz, fastapi)]),
                            ("a guest", [s.guest_token() for s in (whazz, fastapi)])):
            for server, token in zip((whazz, fastapi), tokens):
                client.job_wait(server.port, token, client.upload(server.port, token, form))
            rows += measure_one(context, who, whazz, fastapi, *tokens)
    return rows
