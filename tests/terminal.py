"""A program on a terminal of its own, and all that it shows there."""

from __future__ import annotations

import os
import pty
import subprocess

__all__ = ["shown_on_terminal"]


def shown_on_terminal(words: list[str], **environment: str) -> str:
    """What a command that ends well writes to a terminal, with the signs that move its cursor."""
    leader, follower = pty.openpty()
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment}
    with subprocess.Popen(words, stdout=follower, stderr=follower, env=settings) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            shown += part
        assert process.wait(timeout=60) == 0
    os.close(leader)
    return shown.decode().replace("\r\n", "\n")
