"""What a detector of prices is.

It is a detector like any other (`detectors.api`), except that it reads bars instead of
transactions. A bar is final when it comes, so the host lets it learn right after it judged; one
that alerted counts for little. What it gives is a p-value at once: a market's bars follow each
other so closely that a histogram of its own scores would only learn how one afternoon felt.
"""

from abc import abstractmethod

from detectors.api import Detector, Explanation, Features
from detectors.market.board import Board, Quote
from schemas.chain import Transaction


class PriceDetector(Detector):
    """One way of seeing that something is wrong with a price."""

    @abstractmethod
    def judge(self, quote: Quote, board: Board) -> float | None:
        """Return how often an ordinary bar looks at least this odd, in [0, 1]; None is no opinion.

        The board shows what all markets quoted last, this one before the bar. Changes nothing.
        """

    @abstractmethod
    def learn(self, quote: Quote, board: Board, weight: float) -> None:
        """Take the bar for ordinary, counted `weight` times (0..1]."""

    @abstractmethod
    def tell(self, quote: Quote, board: Board) -> Explanation:
        """Say what is odd about the bar; called only when an alert is raised."""

    def features(self, tx: Transaction) -> Features:
        """Return nothing: transactions are not read."""
        del tx
        return {}

    def score_one(self, x: Features) -> float:
        """Return 0: transactions are not judged."""
        del x
        return 0.0

    def learn_one(self, x: Features, weight: float) -> None:
        """Learn nothing from transactions."""

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Say nothing about transactions."""
        del x, tx
        return Explanation()
