"""The VADs of one process in address order (MiLocateAddress, MiFindEmptyAddressRange)."""

from collections.abc import Iterator

from sortedcontainers import SortedDict

from ntmm.kernel.mm.vad.vad import Vad


class VadTree:
    """Non-overlapping VADs by starting page; the last one found is tried first, as Windows' VadHint does."""

    def __init__(self) -> None:
        self._by_start: SortedDict[int, Vad] = SortedDict()
        self._hint: Vad | None = None

    def __len__(self) -> int:
        return len(self._by_start)

    def __iter__(self) -> Iterator[Vad]:
        return iter(list(self._by_start.values()))

    def find(self, vpn: int) -> Vad | None:
        """The VAD that holds a virtual page number."""
        hint = self._hint
        if hint is not None and hint.start_vpn <= vpn <= hint.end_vpn:
            return hint
        position = self._by_start.bisect_right(vpn) - 1
        if position < 0:
            return None
        vad: Vad = self._by_start.peekitem(position)[1]
        if vpn > vad.end_vpn:
            return None
        self._hint = vad
        return vad

    def insert(self, vad: Vad) -> None:
        """Adds a VAD; it must not overlap another."""
        assert vad.start_vpn <= vad.end_vpn and self.overlapping(vad.start_vpn, vad.end_vpn) is None
        self._by_start[vad.start_vpn] = vad

    def remove(self, vad: Vad) -> None:
        """Takes a VAD out of the tree."""
        del self._by_start[vad.start_vpn]
        if self._hint is vad:
            self._hint = None

    def overlapping(self, start_vpn: int, end_vpn: int) -> Vad | None:
        """The lowest VAD that shares a page with the range, both ends inclusive."""
        position = max(0, self._by_start.bisect_right(start_vpn) - 1)
        for start in self._by_start.islice(position):
            vad: Vad = self._by_start[start]
            if vad.start_vpn > end_vpn:
                return None
            if vad.end_vpn >= start_vpn:
                return vad
        return None

    def next_after(self, vpn: int) -> Vad | None:
        """The first VAD that starts above a page."""
        position = self._by_start.bisect_right(vpn)
        return self._by_start.peekitem(position)[1] if position < len(self._by_start) else None

    def last(self) -> Vad | None:
        """The VAD with the highest address."""
        return self._by_start.peekitem(-1)[1] if self._by_start else None

    def find_empty(self, pages: int, granularity: int, low_vpn: int, high_vpn: int, top_down: bool) -> int | None:
        """Start of a free range of `pages` in [low, high], aligned to `granularity` pages; None if there is no room."""
        gaps = self._gaps(low_vpn, high_vpn)
        for first, last in reversed(list(gaps)) if top_down else gaps:
            if top_down:
                start = (last + 1 - pages) // granularity * granularity
                if start >= first:
                    return start
            else:
                start = -(-first // granularity) * granularity
                if start + pages - 1 <= last:
                    return start
        return None

    def _gaps(self, low_vpn: int, high_vpn: int) -> Iterator[tuple[int, int]]:
        at = low_vpn
        for vad in self._by_start.values():
            if vad.start_vpn > high_vpn:
                break
            if vad.start_vpn > at:
                yield at, vad.start_vpn - 1
            at = max(at, vad.end_vpn + 1)
        if at <= high_vpn:
            yield at, high_vpn
