"""Security headers, set by hand on every response: nothing may be loaded from outside this host."""

from __future__ import annotations

from flask import Flask, Response

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
# A stand-alone map holds its scripts and styles inside itself; it runs in a sandbox and may contact nobody.
DOCUMENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'unsafe-inline' data:",
        "style-src 'unsafe-inline' data:",
        "img-src data: blob:",
        "font-src data:",
        "connect-src 'none'",
        "frame-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-scripts allow-popups allow-downloads",
    )
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}


def secure(response: Response) -> Response:
    """Add the headers; a view that set its own content policy keeps it."""
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    return response


def init_app(app: Flask) -> None:
    """Secure every response of the application."""
    app.after_request(secure)
