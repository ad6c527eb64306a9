"""The app's script as the browser asks for it: against nginx with gzip_static, the same bytes."""
import gzip
import re

import client
from context import alternate, median_of, median_ratio
from report import at_least

CONNECTIONS = 64
ENCODING = {"Accept-Encoding": "gzip"}


def script_of(whazz):
    """(path, its bytes in gzip) of the largest script that the front page names."""
    page = client.request(whazz.port, "GET", "/", headers={"Accept": "text/html"})[2].decode()
    packed = []
    for path in set(re.findall(r'"(/assets/[^"]+\.js)"', page)):
        status, headers, body = client.request(whazz.port, "GET", path, headers=ENCODING)
        if status != 200 or dict(headers).get("Content-Encoding") != "gzip":
            raise client.Failed(f"{path}: {status}, not in gzip")
        packed.append((len(body), path, body))
    if not packed:
        raise client.Failed("the front page names no script: a build without the web app")
    return max(packed)[1:]


def measure(context):
    with context.whazz() as whazz, context.nginx("gzip_static on;") as nginx:
        path, packed = script_of(whazz)
        name = "/app.js"
        with open(f"{nginx.files}{name}.gz", "wb") as out:
            out.write(packed)
        with open(f"{nginx.files}{name}", "wb") as out:
            out.write(gzip.decompress(packed))
        theirs = client.request(nginx.port, "GET", name, headers=ENCODING)[2]
        if theirs != packed:
            raise client.Failed("nginx does not send the same bytes")

        def loaded(port, target):
            return context.load.run(port, target, connections=CONNECTIONS,
                                    seconds=context.seconds, headers=["Accept-Encoding: gzip"])
        got = alternate(context.rounds, {
            "nginx": lambda: loaded(nginx.port, name),
            "whazz": lambda: loaded(whazz.port, path),
        })
    return [at_least(
        f"GET the app's script, {len(packed) // 1000} kB of gzip, {CONNECTIONS} connections: "
        "against nginx gzip_static",
        median_of(got["whazz"], "per_second"), median_of(got["nginx"], "per_second"), "req/s",
        median_ratio([r["per_second"] for r in got["whazz"]],
                     [r["per_second"] for r in got["nginx"]]), 0.7)]
