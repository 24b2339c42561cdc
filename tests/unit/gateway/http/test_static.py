"""The files of the web client: what is given, with which headers, and what is not."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from seriatim.gateway.http.headers import complete_headers
from seriatim.gateway.http.problems import HANDLERS
from seriatim.gateway.http.static import static_routes

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types seriatim"
)


def page_of(folder: Path) -> httpx.AsyncClient:
    app = Litestar(
        static_routes(folder),
        exception_handlers=HANDLERS,
        before_send=[complete_headers],
        openapi_config=None,
        logging_config=None,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.test")


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Seriatim</title>")
    (tmp_path / "sw.js").write_text("// service worker")
    (tmp_path / ".digest").write_text("hidden")
    (tmp_path / "notes.bak").write_text("of no known kind")
    (tmp_path / "assets" / "index-1a2b.js").write_text("export const x = 1;\n" * 100)
    (tmp_path.parent / "outside.js").write_text("// not ours to give")
    async with page_of(tmp_path) as web:
        yield web


@pytest.mark.parametrize("path", ["/", "/c/12", "/c/12/34", "/c", "/join/0123abcd", "/share"])
async def test_every_address_of_the_client_is_its_page(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Seriatim</title>" in answer.text


@pytest.mark.parametrize("path", ["/", "/sw.js", "/assets/index-1a2b.js", "/v1/docs", "/v1/docs/docs.js"])
async def test_every_file_carries_the_policy_and_its_companions(web: httpx.AsyncClient, path: str) -> None:
    headers = (await web.get(path)).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "permissions-policy" in headers


async def test_assets_are_kept_for_ever_and_the_rest_is_asked_for(web: httpx.AsyncClient) -> None:
    assert "immutable" in (await web.get("/assets/index-1a2b.js")).headers["cache-control"]
    page = await web.get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = await web.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_files_are_packed_for_who_takes_it(web: httpx.AsyncClient) -> None:
    packed = await web.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip"})
    plain = await web.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])


@pytest.mark.parametrize(
    "path",
    [
        "/.digest",
        "/notes.bak",
        "/nothing.js",
        "/assets/nothing.js",
        "/assets/../../outside.js",
        "/assets/..%2f..%2foutside.js",
        "/assets/%2e%2e/%2e%2e/outside.js",
        "/..%2foutside.js",
        "/%2e%2e%5coutside.js",
        "/index.html%00.js",
        "/assets/",
        "/assets",
        "/nothing/at/all",
    ],
)
async def test_nothing_outside_nothing_hidden_and_nothing_missing_is_given(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_file_that_was_built_anew_is_given_anew(web: httpx.AsyncClient, tmp_path: Path) -> None:
    await web.get("/")
    (tmp_path / "index.html").write_text("<!doctype html><title>Newer</title>")
    os.utime(tmp_path / "index.html", (1, 1))
    assert "Newer" in (await web.get("/")).text


async def test_a_client_that_is_not_built_is_said_so(tmp_path: Path) -> None:
    async with page_of(tmp_path) as web:
        answer = await web.get("/")
    assert answer.status_code == 503
    assert "make run" in answer.text


async def test_the_page_of_the_documents_needs_nothing_from_elsewhere(web: httpx.AsyncClient) -> None:
    for path in ("/v1/docs", "/v1/docs/docs.js", "/v1/docs/docs.css"):
        text = (await web.get(path)).text
        assert re.findall(r"https?://[^ ]*|(?:src|href)=\"(?!/v1/)[^\"]*|url\(|@import|<style|<script>", text) == []
