"""Pages: who looks at them, how they log in, and what every answer says to the browser."""

from common.web.addresses import CALLBACK, LOGIN, LOGOUT
from common.web.asking import install_login_redirect, login_url
from common.web.login import Login
from common.web.oidc import OidcClient
from common.web.routes import Farewell, install_login
from common.web.sessions import purge_sessions, real_now
from common.web.settings import PagesSettings
from common.web.viewer import LoginNeeded, Sessions, Viewer, Viewing, same_site, viewing

__all__ = [
    "CALLBACK",
    "LOGIN",
    "LOGOUT",
    "Farewell",
    "Login",
    "LoginNeeded",
    "OidcClient",
    "PagesSettings",
    "Sessions",
    "Viewer",
    "Viewing",
    "install_login",
    "install_login_redirect",
    "login_url",
    "purge_sessions",
    "real_now",
    "same_site",
    "viewing",
]
