"""A count-min sketch: how often was something seen, never too few, in fixed memory."""

import numpy as np
from numpy.typing import NDArray

ROWS = 4
_FULL = 255


class Sketch:
    """Counts keys of 64 well mixed bits, up to 255, within an epoch and the one before it.

    The count is never less than the truth; with n keys in an epoch it is more than `n * e / width`
    too large with a probability of at most e^-4. With every new epoch all counts are halved.
    """

    def __init__(self, width: int) -> None:
        self.counts: NDArray[np.uint8] = np.zeros((ROWS, width), np.uint8)
        self.epoch = 0

    @property
    def bytes(self) -> int:
        """How much it holds; it never grows."""
        return int(self.counts.nbytes)

    def add(self, key: np.uint64, epoch: int) -> int:
        """Count a key once more; return how often it was seen, this time included.

        Conservative: only the smallest of its counters grow (Estan, Varghese, 2002).
        """
        if epoch > self.epoch:
            self.counts >>= min(7, epoch - self.epoch)
            self.epoch = epoch
        cells = [(row, self._column(int(key), row)) for row in range(ROWS)]
        seen = min(_FULL, min(int(self.counts[cell]) for cell in cells) + 1)
        for cell in cells:
            self.counts[cell] = max(seen, int(self.counts[cell]))
        return seen

    def _column(self, key: int, row: int) -> int:
        """Return a row's column: double hashing (Kirsch, Mitzenmacher, 2008)."""
        low, high = key & 0xFFFFFFFF, key >> 32
        return (low + row * (high | 1)) % int(self.counts.shape[1])

    def restore(self, counts: NDArray[np.uint8], epoch: NDArray[np.int64]) -> None:
        """Become what was saved. Raises `ValueError` for counts of another shape."""
        if counts.shape != self.counts.shape:
            raise ValueError(f"a sketch of shape {counts.shape}, not {self.counts.shape}")
        self.counts[...] = counts
        self.epoch = int(epoch)
