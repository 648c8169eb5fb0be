"""The emulator over HTTP: what is tried again, what is counted, what stops it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from helpers import http_target
from helpers.api_target import ApiTarget
from helpers.config import Workbook
from helpers.http_target import ApiRefused
from helpers.postings import Posting
from helpers.tally import Tally

WORKBOOK = Workbook("0a1b2c3d4e5f", *[""] * 10)
POSTING = Posting({"pin": {"index": 1, "title": "é"}, "geo": {"ind": 1}})
GOOD, DROP = 200, "drop"


class Api:
    """An API that answers as it is told: a status, "drop" (no answer), or outcomes a record."""

    def __init__(self, *script):
        self.script, self.requests = list(script), []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                api.requests.append((self.path, self.headers["Content-Type"], body["records"]))
                step = api.script.pop(0) if api.script else GOOD
                if step == DROP:
                    self.close_connection = True
                    return
                answer = {"offsets": step} if isinstance(step, list) else {"message": "words"}
                if step == GOOD:
                    answer = {"offsets": [{"partition": 0, "offset": 1, "error_code": None}] * len(body["records"])}
                data = json.dumps(answer).encode()
                self.send_response(step if isinstance(step, int) else 200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/prod/"


@pytest.fixture
def start(monkeypatch):
    monkeypatch.setattr(http_target, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(http_target, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(http_target, "GIVE_UP_SECONDS", 0.5)
    running = []

    def begin(*script, batch=1):
        api, tally = Api(*script), Tally()
        running.append(api.server)
        return api, tally, ApiTarget(WORKBOOK, tally, api.url, batch)

    yield begin
    for server in running:
        server.shutdown()
        server.server_close()


def test_each_table_goes_to_its_topic_as_the_course_sends_it(start):
    api, tally, target = start()
    target.post(POSTING)
    assert api.requests == [
        ("/prod/topics/0a1b2c3d4e5f.pin", "application/vnd.kafka.json.v2+json", [{"value": POSTING.rows["pin"]}]),
        ("/prod/topics/0a1b2c3d4e5f.geo", "application/vnd.kafka.json.v2+json", [{"value": POSTING.rows["geo"]}]),
    ]
    assert str(tally) == "1 of 1 postings acknowledged"


@pytest.mark.parametrize(
    ("answer", "twice"), [(429, 0), (500, 1), (503, 1), (504, 1), (DROP, 1)], ids=["429", "500", "503", "504", "lost"]
)
def test_what_may_pass_is_tried_again_and_a_lost_reply_is_counted(start, answer, twice):
    api, tally, target = start(answer, answer)
    target.post(POSTING)
    assert [path.rpartition(".")[2] for path, _, _ in api.requests] == ["pin", "pin", "pin", "geo"]
    assert (tally.acknowledged, tally.perhaps_twice) == (1, 2 * twice)
    if twice:
        assert str(tally) == "1 of 1 postings acknowledged; 2 records sent again after a lost reply"


def test_only_the_records_that_failed_are_sent_again(start):
    stored, failed = {"error_code": None}, {"error_code": 2, "error": "the broker was away"}
    api, tally, target = start([stored, failed, stored], batch=3)
    for number in range(3):
        target.post(Posting({"geo": {"ind": number}}))
    assert [[record["value"]["ind"] for record in records] for _, _, records in api.requests] == [[0, 1, 2], [1]]
    assert (tally.acknowledged, tally.perhaps_twice) == (3, 1)


@pytest.mark.parametrize("answer", [403, 404, 422, [{"error_code": 1, "error": "words"}]], ids=str)
def test_what_will_not_pass_stops_with_its_words(start, answer):
    api, tally, target = start(answer)
    with pytest.raises(ApiRefused, match=r"topics/0a1b2c3d4e5f\.pin .*words"):
        target.post(POSTING)
    assert (len(api.requests), tally.acknowledged, tally.perhaps_twice) == (1, 0, 0)


def test_after_a_while_it_gives_up_and_says_why(start):
    _, tally, target = start(*[503] * 1000)
    target.post(POSTING)
    assert tally.acknowledged == 0
    assert "records were not stored within" in str(tally)
    assert "HTTP 503: words" in str(tally)


def test_nobody_listening_is_no_lost_reply(start):
    api, tally, target = start()
    api.server.shutdown()
    api.server.server_close()
    target.post(POSTING)
    assert (tally.acknowledged, tally.perhaps_twice) == (0, 0)


def test_the_rest_of_a_batch_is_sent_at_the_end(start):
    api, tally, target = start(batch=10)
    for _ in range(12):
        target.post(POSTING)
    assert tally.acknowledged == 10
    target.close()
    assert (tally.acknowledged, [len(records) for _, _, records in api.requests]) == (12, [10, 10, 2, 2])
