import json
import threading
import urllib.error
import urllib.request

import pytest

from ctreview.cohort.quality_log import QualityLog
from ctreview.cohort.quality_page import QualityPage, quality_page
from ctreview.cohort.quality_server import QualityServer
from tests.cohort.pretended import lines, pretended_cohort


@pytest.fixture
def served(tmp_path):
    cohort = pretended_cohort(tmp_path, 3)
    page = QualityPage("anna", decides=True)
    with QualityServer(quality_page(cohort, page), QualityLog(cohort.path)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server, cohort.path / "quality" / "decisions.jsonl"
        server.shutdown()


def ask(url, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def test_the_token_is_good_once_and_the_browser_that_had_it_comes_back(served):
    server, _ = served
    url = server.url
    status, text, headers = ask(url)
    assert status == 200
    assert "S001_v0_v1" in text
    assert ask(url)[0] == 403
    assert ask(f"http://{server.host}/", Cookie=headers["Set-Cookie"].partition(";")[0])[0] == 200


def test_a_decision_is_kept_from_the_page_alone(served):
    server, file = served
    origin = f"http://{server.host}"
    cookie = ask(server.url)[2]["Set-Cookie"].partition(";")[0]
    sent = {"place": 1, "decision": "rejected", "comment": "motion"}
    assert ask(f"{origin}/decisions", sent, Origin=origin)[0] == 403
    assert ask(f"{origin}/decisions", sent, Origin="http://evil.example", Cookie=cookie)[0] == 403
    assert ask(f"{origin}/decisions", sent, Host="evil.example", Origin=origin, Cookie=cookie)[0] == 403
    assert not file.exists()
    assert ask(f"{origin}/decisions", sent, Origin=origin, Cookie=cookie)[0] == 200
    (kept,) = lines(file)
    assert (kept["case"], kept["key"], kept["reader"], kept["comment"]) == ("S002_v0_v1", "key-1", "anna", "motion")
    assert '"rejected"' in ask(f"{origin}/", Cookie=cookie)[1]


@pytest.mark.parametrize("sent", [{}, {"place": 99, "decision": "accepted"}, {"place": -1, "decision": "accepted"}, []])
def test_nonsense_is_refused_and_nothing_is_kept(served, sent):
    server, file = served
    cookie = ask(server.url)[2]["Set-Cookie"].partition(";")[0]
    status = ask(f"http://{server.host}/decisions", sent, Origin=f"http://{server.host}", Cookie=cookie)[0]
    assert status in (400, 409)
    assert not file.exists()
