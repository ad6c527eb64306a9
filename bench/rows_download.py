"""GET /audio/download against nginx serving the same file."""
import client
from context import MIB, alternate, median_of, median_ratio, wav
from report import at_least

CASES = [("100 kB", 100_000, 16, 0.7), ("100 MB", 100 * MIB, 4, 0.9)]


def loaded(context, port, target, token, connections):
    report = context.load.run(port, target, connections=connections, seconds=context.seconds,
                              tokens=[token])
    report["mb_per_second"] = report["bytes"] / report["seconds"] / 1e6
    return report


def loaded_and_counted(context, port, target, token, connections):
    """The same, and waits until all of it is in the ledger: it must be exact, and must not go
    on while the peer runs."""
    def count():
        return client.call(port, "GET", "/usage/me", token=token)["total_files_downloaded"]
    before = count()
    report = loaded(context, port, target, token, connections)
    counted = count() - before
    if counted != report["done"]:
        raise client.Failed(f"{report['done']} downloads were counted as {counted}")
    return report


def measure(context):
    rows = []
    with context.whazz() as whazz, context.nginx() as nginx:
        token = whazz.user_token()
        for name, size, connections, target in CASES:
            form = f"{context.folder}/download.form"
            client.multipart_write(form, "talk.wav", wav(size))
            job = client.upload(whazz.port, token, form)
            client.job_wait(whazz.port, token, job)
            path = f"/audio/download/{job}"
            headers = {"Authorization": f"Bearer {token}"}
            with open(f"{nginx.files}/{size}.wav", "wb") as out:
                out.write(client.request(whazz.port, "GET", path, headers=headers)[2])
            got = alternate(context.rounds, {
                "nginx": lambda: loaded(context, nginx.port, f"/{size}.wav", token, connections),
                "whazz": lambda: loaded_and_counted(context, whazz.port, path, token,
                                                    connections),
            })
            rows.append(at_least(
                f"GET /audio/download, {name}, {connections} connections: against nginx",
                median_of(got["whazz"], "mb_per_second"), median_of(got["nginx"], "mb_per_second"),
                "MB/s", median_ratio([r["mb_per_second"] for r in got["whazz"]],
                                     [r["mb_per_second"] for r in got["nginx"]]), target))
    return rows
