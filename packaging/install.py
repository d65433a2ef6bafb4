"""Install this package into the environment of the Python that runs this, as fast as its pip settings allow.

Run by make: `.venv/bin/python packaging/install.py UV_VERSION [EXTRA ...]`. uv takes an eighth of pip's time, and
does not read pip's settings: they are handed to it. Where they hold something that uv has no word for, or uv does not
end well, pip installs.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = "constraints.txt"
LISTS = {
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
}
"""Of pip's settings with several values: the variable of uv, and what stands between its values."""
SINGLE = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "proxy": ("HTTPS_PROXY", "HTTP_PROXY"),
}
WITHOUT_MEANING = {
    "break-system-packages", "cache-dir", "disable-pip-version-check", "no-cache-dir", "no-color", "no-input",
    "no-python-version-warning", "no-warn-script-location", "prefer-binary", "progress-bar", "quiet", "retries",
    "require-virtualenv", "root-user-action", "user", "verbose",
}  # fmt: skip
"""Settings that change nothing about what is installed here."""


def say(text: str) -> None:
    """A line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def pip_settings() -> dict[str, str]:
    """Pip's settings by name, as `pip config list` tells them; the environment's come last and win."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    places = ("global.", "install.", ":env:.")
    settings = {}
    for place in places:
        for line in listed:
            key, _, value = line.partition("=")
            if key.startswith(place):
                settings[key.removeprefix(place)] = str(ast.literal_eval(value))
    return settings


def as_uv_variables(settings: dict[str, str]) -> dict[str, str] | None:
    """Pip's settings as variables of uv; None where it has no word for one of them.

    Examples
    --------
    >>> as_uv_variables({"index-url": "https://mirror/simple", "find-links": "/a /b"})["UV_FIND_LINKS"]
    '/a,/b'
    >>> as_uv_variables({"no-binary": ":all:"}) is None
    True
    """
    # pip takes the best version of all its indexes, uv that of the first one that has any
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for name, value in settings.items():
        if name in LISTS:
            variable, between = LISTS[name]
            variables[variable] = between.join(value.split())
        elif name in SINGLE:
            variables |= dict.fromkeys(SINGLE[name], value)
        elif name not in {"constraint", *WITHOUT_MEANING}:
            return None
    return variables


def install_by_uv(what: str, version: str) -> bool:
    """Whether uv of this version installed it."""
    settings = pip_settings()
    variables = as_uv_variables(settings)
    if variables is None:
        return False
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", f"uv=={version}"]
    if subprocess.run(pip, check=False, capture_output=True).returncode:
        return False
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--python", sys.executable]
    quiet = [] if sys.stderr.isatty() else ["-q"]
    # constraints of pip's settings hold beside ours
    constraints = [word for path in (CONSTRAINTS, *settings.get("constraint", "").split()) for word in ("-c", path)]
    command = [*uv, *quiet, *constraints, "-e", what]
    # what the user says to uv itself wins
    return subprocess.run(command, check=False, cwd=ROOT, env={**variables, **os.environ}).returncode == 0


def install_by_pip(what: str) -> int:
    """The exit code of pip."""
    quiet = [] if sys.stdout.isatty() else ["-qq"]
    pip = [sys.executable, "-m", "pip", "install", *quiet, "--disable-pip-version-check"]
    return subprocess.run([*pip, "-c", CONSTRAINTS, "-e", what], check=False, cwd=ROOT).returncode


def main(version: str, *extras: str) -> int:
    """Install with these extras, by this version of uv where that works; returns an exit code."""
    what = f".[{','.join(extras)}]" if extras else "."
    started = time.monotonic()
    say("Installing drugresponse and its libraries (once; 2.9 GB on disk, half a minute to some minutes)")
    if install_by_uv(what, version):
        say(f"Installed by uv in {time.monotonic() - started:.0f} s")
        return 0
    say("uv cannot install with these settings; pip does, which takes longer")
    code = install_by_pip(what)
    if not code:
        say(f"Installed by pip in {time.monotonic() - started:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
