"""Damaged inputs, kills and full disks through the real command: what ends without words, half written or never."""
