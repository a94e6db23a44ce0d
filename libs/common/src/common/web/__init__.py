"""Pages: who looks at them, how they log in, and what every answer says to the browser."""

from common.web.asking import install_login_redirect, login_url
from common.web.viewer import LoginNeeded, Sessions, Viewer, Viewing, same_site, viewing

__all__ = [
    "LoginNeeded",
    "Sessions",
    "Viewer",
    "Viewing",
    "install_login_redirect",
    "login_url",
    "same_site",
    "viewing",
]
