"""Bytes as devices send them: `corpus/README.md` says of each file what it is."""

from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def corpus(name: str) -> bytes:
    return (CORPUS / name).read_bytes()
