"""Debian's nginx, as the service that is called and as the plain reverse proxy that Portway is compared with."""

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 10.0
PAYLOAD_BYTES = (1_000, 100_000, 10_000_000)
"""Sizes of the answers at /payload/<size>."""

_CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 64m;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    {server}
}}
"""
_UPSTREAM = """\
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type application/json;
        location /items/ {{ return 200 '{item}'; }}
        location = /token {{ return 200 '{token}'; }}
        # A body is read whole before it is answered, as a service does it.
        location = /echo {{ proxy_pass http://127.0.0.1:{port}/swallowed; proxy_request_buffering on; }}
        location = /swallowed {{ return 200 '{item}'; }}
        location /payload/ {{ alias {folder}/payload/; }}
    }}
"""
_PROXY = """\
    upstream service {{ {servers} keepalive 256; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
"""
_TOKEN = json.dumps(
    {"access_token": "bench-token-that-was-refreshed", "token_type": "Bearer", "expires_in": 3600}
)
_ITEM = json.dumps(
    {"id": "17", "object": "item", "name": "Analytical engine", "tags": ["brass", "steam"], "quantity": 3}
)


class NginxMissing(Exception):
    """There is no nginx."""


@contextmanager
def service(folder: Path) -> Iterator[tuple[int, int]]:
    """A service that answers at once; its port and process id."""
    payloads = folder / "payload"
    payloads.mkdir(parents=True, exist_ok=True)
    for size in PAYLOAD_BYTES:
        (payloads / str(size)).write_text(json.dumps({"data": "x" * (size - 11)}), encoding="ascii")
    folder.chmod(0o755)
    port = _free_port()
    with _running(folder, _UPSTREAM.format(port=port, item=_ITEM, token=_TOKEN, folder=folder), port) as pid:
        yield port, pid


@contextmanager
def reverse_proxy(folder: Path, *upstreams: int) -> Iterator[tuple[int, int]]:
    """A proxy in front of these ports, in turn, that does nothing but pass on; its port and process id."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    servers = " ".join(f"server 127.0.0.1:{upstream};" for upstream in upstreams)
    with _running(folder, _PROXY.format(port=port, servers=servers), port) as pid:
        yield port, pid


@contextmanager
def _running(folder: Path, server: str, port: int) -> Iterator[int]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise NginxMissing("nginx is missing: apt-get install nginx-light wrk")
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, server=server), encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(configuration), "-p", str(folder)])
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(START_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise NginxMissing("nginx did not start; its words are above")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
