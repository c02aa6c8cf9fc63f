"""The quality page served to one browser of this machine, and the decisions that come back from it."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from ctreview.cohort.quality_log import QualityDecision, QualityLog
from ctreview.cohort.quality_page import render_quality_page
from ctreview.errors import CtreviewError, WrongUse

__all__ = ["QualityServer"]

LONGEST_BYTES = 100_000
"""Of a decision with its comment."""

COOKIE = "ctreview"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class _Answer:
    status: int
    text: str
    kind: str = "text/plain; charset=utf-8"
    cookie: str | None = None


class QualityServer(ThreadingHTTPServer):
    """Serves one page on 127.0.0.1, to whoever opens it first with the token.

    The token in `url` is good for one request; that browser then has a cookie, which no other site can send. Other
    names of this machine are refused, so that no page of the web reaches the server by a name of its own.

    Parameters
    ----------
    content : mapping
        What `quality_page` gave.
    log : QualityLog
        Where decisions go.
    port : int
        Any free one if 0.
    """

    daemon_threads = True

    def __init__(self, content: Mapping[str, Any], log: QualityLog, *, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._content, self._log = content, log
        self._token: str | None = secrets.token_urlsafe(24)
        self._session = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Where the page is, with its token."""
        return f"http://{self.host}/?token={self._token}"

    @property
    def host(self) -> str:
        """The only name that is answered to."""
        return f"127.0.0.1:{self.server_address[1]}"

    def page(self, token: str | None, session: str | None) -> _Answer:
        """The page, for the token or for who has shown it."""
        cookie = None
        if not self._knows(session):
            if token is None or self._token is None or not hmac.compare_digest(token, self._token):
                return _Answer(403, "The token is missing, wrong, or was used. Start ctreview qc again.")
            self._token = None
            cookie = f"{COOKIE}={self._session}; HttpOnly; SameSite=Strict; Path=/"
        self._take_over_decisions()
        return _Answer(200, render_quality_page(self._content), "text/html; charset=utf-8", cookie)

    def decide(self, body: bytes, session: str | None) -> _Answer:
        """Record a decision of who has shown the token."""
        if not self._knows(session):
            return _Answer(403, "Open the page with its token first.")
        try:
            said = json.loads(body)
            place = said["place"]
            if not isinstance(place, int) or place < 0:
                raise WrongUse("no tile has this place")
            tile = self._tiles[place]
            decision = QualityDecision(
                case=tile["name"],
                key=tile["key"],
                reader=self._content["reader"],
                decision=said["decision"],
                comment=str(said.get("comment", "")),
                blinded=self._content["blinded"],
                reading=tile["reading"],
            )
            self._log.record(decision)
        except CtreviewError as error:
            return _Answer(409, str(error))
        except OSError as error:
            return _Answer(500, error.strerror or "the disk cannot be written to")
        except (ValueError, KeyError, TypeError, IndexError):
            return _Answer(400, "This is no decision.")
        return _Answer(200, "kept")

    @property
    def _tiles(self) -> Sequence[dict[str, Any]]:
        return cast("Sequence[dict[str, Any]]", self._content["tiles"])

    def _knows(self, session: str | None) -> bool:
        return session is not None and hmac.compare_digest(session, self._session)

    def _take_over_decisions(self) -> None:
        """Show what was decided since, where the page is loaded again."""
        standing = self._log.standing()
        reader, blinded = self._content["reader"], self._content["blinded"]
        for tile in self._tiles:
            last = standing.get((tile["name"], reader, tile["reading"], blinded))
            if last is None or last.key == tile["key"]:
                tile["decision"] = last.decision if last else "open"
                tile["comment"] = last.comment if last else ""


class _Handler(BaseHTTPRequestHandler):
    """Answers requests; says nothing on the terminal."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - so it is called
        return

    def do_GET(self) -> None:
        wanted = urlsplit(self.path)
        if not self._asked_by_name():
            self._send(_Answer(403, "Ask by 127.0.0.1."))
        elif wanted.path == "/":
            token = parse_qs(wanted.query).get("token", [None])[0]
            self._send(self._server.page(token, self._session()))
        else:
            self._send(_Answer(404, "There is nothing here."))

    def do_POST(self) -> None:
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            size = -1
        if not self._asked_by_name() or self.headers.get("Origin") != f"http://{self._server.host}":
            self._send(_Answer(403, "Decisions are taken from the page alone."))
        elif self.path != "/decisions":
            self._send(_Answer(404, "There is nothing here."))
        elif not 0 <= size <= LONGEST_BYTES:
            self._send(_Answer(413, "This is too long for a comment."))
        else:
            self._send(self._server.decide(self.rfile.read(size), self._session()))

    @property
    def _server(self) -> QualityServer:
        return cast("QualityServer", self.server)

    def _asked_by_name(self) -> bool:
        return self.headers.get("Host") == self._server.host

    def _session(self) -> str | None:
        morsel = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        return None if morsel is None else morsel.value

    def _send(self, answer: _Answer) -> None:
        data = answer.text.encode()
        self.send_response(answer.status)
        for name, value in {**HEADERS, "Content-Type": answer.kind, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        if answer.cookie is not None:
            self.send_header("Set-Cookie", answer.cookie)
        self.end_headers()
        self.wfile.write(data)
