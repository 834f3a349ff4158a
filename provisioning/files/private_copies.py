"""Copies a folder's files for this user alone: `python -m provisioning.files.private_copies FROM TO`.

Kubernetes mounts the files of a Secret so that their group may read them, which our processes refuse.
"""

import sys
from pathlib import Path

from provisioning.files import durable


def copy(source: Path, target: Path) -> list[Path]:
    """Copies each file of a folder, mode 0600; entries with a leading dot are Kubernetes' own.

    Raises:
        OSError: a file cannot be read or written.
    """
    files = [each for each in sorted(source.iterdir()) if each.is_file() and not each.name.startswith(".")]
    return [durable.write(target / each.name, each.read_bytes()) for each in files]


def main(arguments: list[str]) -> int:
    """Copies; exit code 2 with the reason on stderr."""
    source, target = map(Path, arguments)
    try:
        copied = copy(source, target)
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}; check the Secret and the volume\n")
        return 2
    sys.stdout.write(f"{target}: {len(copied)} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
