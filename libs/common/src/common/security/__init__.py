"""Who calls: bearer tokens checked against the issuer's keys, and the scope each route asks for."""

from common.security.jwks import IssuerUnreachable, Jwks, JwksFile, JwksUrl
from common.security.routes import (
    PUBLIC,
    Requires,
    Scoped,
    ScopedRoute,
    authenticated,
    install_security,
    requires,
    scoped_routes,
    unscoped_routes,
)
from common.security.tokens import Authenticator, Caller, Rejected

__all__ = [
    "PUBLIC",
    "Authenticator",
    "Caller",
    "IssuerUnreachable",
    "Jwks",
    "JwksFile",
    "JwksUrl",
    "Rejected",
    "Requires",
    "Scoped",
    "ScopedRoute",
    "authenticated",
    "install_security",
    "requires",
    "scoped_routes",
    "unscoped_routes",
]
