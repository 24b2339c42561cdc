"""The headers of every answer: what a browser may do with it."""

from typing import Final

from litestar.types import Message, Scope

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types seriatim"
)
"""For the page, its workers and all their files; nothing of another site runs, loads or is called."""
DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
EVERY_ANSWER: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(self), microphone=(self), geolocation=(), payment=(), usb=(), serial=(), midi=()",
    b"content-security-policy": DATA_POLICY.encode(),
    b"cache-control": b"no-store",
}
HSTS: Final = b"max-age=31536000"


async def complete_headers(message: Message, scope: Scope) -> None:
    """Add to the head of an answer what its route left out."""
    if message["type"] != "http.response.start":
        return
    headers = list(message["headers"])
    present = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in EVERY_ANSWER.items() if name not in present]
    if scope["scheme"] == "https":
        headers.append((b"strict-transport-security", HSTS))
    message["headers"] = headers
