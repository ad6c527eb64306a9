"""The service and its peers, each with a folder of its own."""
import os
import subprocess

import client
from processes import Process, free_port

PASSWORD = "bench password"
NO_LIMIT = "1000000000"
# Uploads of one account without end: a benchmark must not meet a limit. In the environment,
# so that every command of the program has them: each sets the plans that it finds there.
WHAZZ_OPTIONS = {
    "WHAZZ_LOG_LEVEL": "error",
    "WHAZZ_UPLOAD_MAX": "101MB",
    "WHAZZ_USER_FILES_PER_DAY": NO_LIMIT,
    "WHAZZ_USER_STORAGE": "10TB",
    "WHAZZ_USER_PROCESSING": "1000000m",
    "WHAZZ_GUEST_FILES_PER_DAY": NO_LIMIT,
    "WHAZZ_GUEST_STORAGE": "10TB",
    "WHAZZ_GUEST_PROCESSING": "1000000m",
    "WHAZZ_GUESTS_PER_HOUR": "1000000",
    "WHAZZ_LOGINS_PER_MINUTE": "100000",
    "WHAZZ_ACCESS_TOKEN_EXPIRY": "7d",
}


class Whazz(Process):
    def __init__(self, program, folder, database=None, workers=1):
        self.program = program
        self.folder = folder
        self.port = free_port()
        self.place = ["--data-dir", folder]
        if database:
            self.place += ["--database", f"sqlite:{database}"]
        os.makedirs(folder, exist_ok=True)
        super().__init__("whazz", [program, "serve", "--listen", f"127.0.0.1:{self.port}",
                                   *self.place], f"{folder}/log",
                         env={**WHAZZ_OPTIONS, "WHAZZ_WORKERS": str(workers)})
        self.require(lambda: client.is_healthy(self.port))

    def user_token(self, name="bench", admin=False):
        subprocess.run([self.program, "user", "add", *self.place, *(["--admin"] if admin else []),
                        name, f"{name}@example.com"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, **WHAZZ_OPTIONS, "WHAZZ_PASSWORD": PASSWORD})
        return login(self.port, name)

    def guest_token(self):
        return client.call(self.port, "POST", "/guest/session", {})["guest_token"]


def login(port, name):
    return client.call(port, "POST", "/auth/login", {"username_or_email": name,
                                                     "password": PASSWORD})["access_token"]


class FastApi(Process):
    """bench/peers/fastapi with two workers."""

    def __init__(self, folder):
        self.port = free_port()
        os.makedirs(folder, exist_ok=True)
        # Debian's Python sees Debian's packages; another one first in PATH does not.
        super().__init__(
            "the FastAPI peer",
            ["/usr/bin/python3", "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port",
             str(self.port), "--workers", "2", "--log-level", "warning", "--no-access-log",
             "--loop", "uvloop", "--http", "httptools"],
            f"{folder}/log", cwd=os.path.join(os.path.dirname(__file__), "peers", "fastapi"),
            env={"PEER_DATABASE_URL": f"sqlite:///{folder}/peer.db", "PEER_DATA_DIR": folder,
                 "PYTHONDONTWRITEBYTECODE": "1"})
        self.require(lambda: client.is_healthy(self.port), 60)

    def user_token(self, name="bench"):
        client.call(self.port, "POST", "/auth/signup", {
            "email": f"{name}@example.com", "username": name, "password": PASSWORD}, status=201)
        return login(self.port, name)

    def guest_token(self):
        return client.call(self.port, "POST", "/guest/session", {})["guest_token"]


NGINX_CONF = """
daemon off;
user root;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_max_body_size 1g;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} reuseport;
        root {folder}/files;
        location = /health {{ return 200; }}
        location /put/ {{ dav_methods PUT; create_full_put_path on; }}
        {extra}
    }}
}}
"""


def same_reply_location(target, headers, body):
    """A location that returns these bytes, with the headers that nginx does not send itself."""
    own = {"content-length", "content-type", "connection", "date", "server"}
    lines = [f"add_header {name} '{value}';" for name, value in headers.items()
             if name.lower() not in own]
    return (f"location = {target} {{ default_type application/json; {' '.join(lines)} "
            f"return 200 '{body.decode()}'; }}")


class Nginx(Process):
    def __init__(self, folder, extra=""):
        self.port = free_port()
        self.files = f"{folder}/files"
        os.makedirs(f"{self.files}/put", exist_ok=True)
        with open(f"{folder}/nginx.conf", "w") as f:
            f.write(NGINX_CONF.format(folder=folder, port=self.port, extra=extra))
        super().__init__("nginx", ["/usr/sbin/nginx", "-c", f"{folder}/nginx.conf", "-e",
                                   f"{folder}/start.log"], f"{folder}/log")
        self.require(lambda: client.is_healthy(self.port))
