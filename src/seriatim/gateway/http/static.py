"""The built web client: its files with their headers, its page for its own addresses, a hint when it is missing."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from seriatim.core.errors import NotFound
from seriatim.gateway.http.headers import PAGE_POLICY

BUILT: Final = Path(__file__).parents[2] / "static"
DOCS: Final = Path(__file__).parent / "docs"
MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
PACKED_ALREADY: Final = frozenset({".png", ".webp", ".woff2"})
FOR_EVER: Final = "public, max-age=31536000, immutable"
"""For assets, whose names hold the digest of their content."""
ASK_FIRST: Final = "no-cache"
NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Seriatim</title>
<h1>The server runs, but its web client is not built</h1>
<p>In a checkout <code>make run</code> builds it (it needs Node 20.19 or newer, or fetches one); a released package
brings it along. Everything else works: <a href="/v1/docs">the HTTP interface</a> is described here,
and <code>seriatim chat</code> talks in a terminal.</p>
</html>
"""


class File(NamedTuple):
    """One file as it is sent; `packed` is None where gzip gains nothing."""

    changed_ns: int
    content: bytes
    packed: bytes | None
    etag: str
    media_type: str


class Files:
    """The files of one folder, read and packed once, and again when they change; nothing outside it, nothing hidden."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, File] = {}

    def get(self, name: str) -> File | None:
        """Return the file of this relative name; None: there is none, or it is none of ours to give."""
        parts = name.split("/")
        if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        path = self._folder.joinpath(*parts)
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is None or not path.is_file():
            return None
        changed_ns = path.stat().st_mtime_ns
        file = self._files.get(name)
        if file is None or file.changed_ns != changed_ns:
            file = self._files[name] = _read(path, changed_ns, media_type)
        return file


def static_routes(folder: Path = BUILT) -> list[HTTPRouteHandler]:
    """Return the routes of the web client, built into `folder`, and of the page that shows the HTTP interface."""
    client, docs = Files(folder), Files(DOCS)

    def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        if client.get("index.html") is None:
            return Response(NOT_BUILT.encode(), status_code=503, media_type="text/html")
        return _answer(request, client, "index.html", ASK_FIRST)

    def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _answer(request, client, f"assets{request.path_params['name']}", FOR_EVER)

    def top(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _answer(request, client, request.path_params["name"], ASK_FIRST)

    def docs_page(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _answer(request, docs, "index.html", ASK_FIRST)

    def docs_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _answer(request, docs, request.path_params["name"], ASK_FIRST)

    return [
        # One handler each: Litestar wraps a handler in its thread once per path.
        _get("/", page),
        _get("/c", page),
        _get("/c/{rest:path}", page),
        _get("/join/{token:str}", page),
        _get("/share", page),
        _get("/reset", page),
        _get("/confirm", page),
        _get("/unsubscribe", page),
        _get("/assets/{name:path}", asset),
        _get("/{name:str}", top),
        _get("/v1/docs", docs_page),
        _get("/v1/docs/{name:str}", docs_file),
    ]


def _get(path: str, handler: Callable[[Request[Any, Any, Any]], Response[bytes]]) -> HTTPRouteHandler:
    # In threads: a file is read and packed when it is first asked for.
    async_route = route(
        path,
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        sync_to_thread=True,
        exclude_from_auth=True,
        include_in_schema=False,
    )
    return async_route(handler)


def _read(path: Path, changed_ns: int, media_type: str) -> File:
    content = path.read_bytes()
    packed = None if path.suffix in PACKED_ALREADY else gzip.compress(content, 9, mtime=0)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return File(changed_ns, content, packed if packed and len(packed) < len(content) else None, etag, media_type)


def _answer(request: Request[Any, Any, Any], files: Files, name: str, cache_control: str) -> Response[bytes]:
    file = files.get(name)
    if file is None:
        raise NotFound("there is nothing at this address")
    headers = {
        "Content-Security-Policy": PAGE_POLICY,
        "Cache-Control": cache_control,
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
