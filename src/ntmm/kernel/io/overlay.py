"""What an overlay remembers beside its files: which names of the host's folder the program has deleted."""

import json
from pathlib import Path

from ntmm.kernel.io.names import fold

FoldedPath = tuple[str, ...]


def folded(path: tuple[str, ...]) -> FoldedPath:
    """The form under which two spellings of a path are the same."""
    return tuple(fold(name) for name in path)


class Whiteouts:
    """Deleted paths of the lower tree; one stays hidden even when the program creates the name again."""

    def __init__(self, record: Path) -> None:
        """`record` is the file that keeps them between runs; raises ValueError if it is not ours."""
        self._record = record
        self._paths: dict[FoldedPath, tuple[str, ...]] = {}
        self._changed = False
        if record.exists():
            self._load()

    def _load(self) -> None:
        try:
            rows = json.loads(self._record.read_text(encoding="utf-8"))
            paths = [tuple(str(name) for name in row) for row in rows]
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self._record} is not an overlay's list of deleted files") from error
        self._paths = {folded(path): path for path in paths}

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def add(self, path: tuple[str, ...]) -> None:
        """Hides the lower tree's entry at `path` and everything below."""
        self._paths[folded(path)] = path
        self._changed = True

    def paths(self) -> list[tuple[str, ...]]:
        """All hidden paths as they were spelled, sorted."""
        return [self._paths[key] for key in sorted(self._paths)]

    def save(self) -> None:
        """Writes the record if anything changed."""
        if self._changed:
            self._record.write_text(json.dumps(self.paths(), indent=1) + "\n", encoding="utf-8")
            self._changed = False
