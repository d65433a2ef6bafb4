"""How make installs: pip's settings as uv understands them."""

from __future__ import annotations

import importlib.util

import pytest

from tests.galaxy_tools import ROOT

spec = importlib.util.spec_from_file_location("install", ROOT / "packaging" / "install.py")
install = importlib.util.module_from_spec(spec)
spec.loader.exec_module(install)


@pytest.mark.parametrize(
    ("settings", "variables"),
    [
        ({}, {}),
        ({"index-url": "https://mirror/simple"}, {"UV_DEFAULT_INDEX": "https://mirror/simple"}),
        ({"extra-index-url": "file:///a\nfile:///b"}, {"UV_INDEX": "file:///a file:///b"}),
        ({"find-links": "/wheels /more"}, {"UV_FIND_LINKS": "/wheels,/more"}),
        ({"cert": "/ca.crt", "timeout": "60", "quiet": "1"}, {"SSL_CERT_FILE": "/ca.crt", "UV_HTTP_TIMEOUT": "60"}),
        ({"proxy": "http://p"}, {"HTTPS_PROXY": "http://p", "HTTP_PROXY": "http://p"}),
        ({"constraint": "/pins.txt"}, {}),
    ],
)
def test_settings__are_handed_to_uv(settings, variables):
    assert install.as_uv_variables(settings) == {"UV_INDEX_STRATEGY": "unsafe-best-match", **variables}


@pytest.mark.parametrize("name", ["no-binary", "require-hashes", "keyring-provider", "no-index", "pre"])
def test_settings__that_uv_has_no_word_for_leave_it_to_pip(name):
    assert install.as_uv_variables({name: "1"}) is None


def test_settings__are_those_of_pip(monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", "/some/wheels /others")
    assert install.pip_settings()["find-links"] == "/some/wheels /others"
