"""No port of the lab answers a page of another site, or somebody without a credential."""

import os
import subprocess
import sys

import pytest
import strangers
from rest_proxies import Launcher

from lab.core import browsers, processes
from lab.services import ALL

SERVER = """
import http.server
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
http.server.BaseHTTPRequestHandler.do_GET = lambda self: (self.send_response(200), self.end_headers())
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.lab
def test_no_port_answers_a_stranger(lab, workbook, tmp_path):
    launcher = Launcher(lab, workbook, tmp_path)
    try:
        proxy = launcher.start()
        ports = strangers.listening(lab.home)
        started = {port for service in ALL if not service.on_demand for port in service.ports} - {"rest"}
        assert {lab.ports[name] for name in {*started, "supervisor"}} | {proxy.port} <= ports.keys()
        assert strangers.unguarded(ports) == []
        assert proxy.get("/topics").status_code == 200
    finally:
        launcher.end()


def test_a_port_that_answers_everybody_is_found(tmp_path):
    marked = os.environ | {processes.MARK: str(tmp_path)}
    server = subprocess.Popen([sys.executable, "-c", SERVER], env=marked, stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        ports = strangers.listening(tmp_path)
        assert list(ports) == [port]
        found = strangers.unguarded(ports)
        assert any("evil.example" in words and "200" in words for words in found)
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize(
    ("method", "headers", "words"),
    [
        ("GET", {"Host": "evil.example"}, "not at 'evil.example'"),
        ("GET", {"Host": "127.0.0.1.evil.example:8082"}, "not at"),
        ("GET", {}, "not at ''"),
        ("POST", {"Host": "localhost:8082", "Origin": "http://evil.example"}, "comes from 'http://evil.example'"),
        ("POST", {"Host": "localhost:8082", "Origin": "http://localhost:8888"}, "comes from 'http://localhost:8888'"),
        ("POST", {"Host": "localhost:8082", "Origin": "null"}, "comes from 'null'"),
        ("GET", {"Host": "localhost:8082", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "a browser"),
        ("POST", {"Host": "localhost:8082", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, "a browser"),
    ],
)
def test_a_page_of_another_site_is_turned_away(method, headers, words):
    assert words in browsers.refusal(method, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1:8082"},
        {"Host": "localhost"},
        {"Host": "LOCALHOST:9999", "Origin": "http://localhost:9999", "Sec-Fetch-Site": "same-origin"},
        {"Host": "localhost:8787", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_programs_and_the_labs_own_pages_are_let_in(headers):
    assert browsers.refusal("GET", headers) is None
