"""How large a loss is once there is one: a body and a tail, capped at what there is. Pure.

Losses up to the threshold u follow a lognormal that is cut off there, losses above it a generalised
Pareto distribution (`runtime.tails`): S(x), the share of incidents that lose more than x, is

    S(x) = 1 - (1 - zeta) * F(x) / F(u)            for x <= u, with F the lognormal's
    S(x) = zeta * (1 + xi * (x - u) / beta) ** (-1 / xi)                        beyond

(a composite model: Cooray and Ananda, 2005; Scollnik, 2007). Nothing is lost that is not there, so
what is asked for is E[min(X, V)], the integral of S from 0 to V, which is finite for every xi.
"""

from dataclasses import dataclass
from functools import cached_property
from math import exp, expm1, inf, log
from statistics import NormalDist

from runtime.tails import Tail, spared

_STANDARD = NormalDist()


@dataclass(frozen=True)
class Severity:
    """The distribution of the loss of one incident, in money."""

    mu: float
    """Mean of the logarithm of the lognormal that is cut off."""
    sigma: float
    tail: Tail

    def beyond(self, loss: float) -> float:
        """Return the share of incidents that lose more than this."""
        if loss <= 0.0:
            return 1.0
        tail = self.tail
        if loss > tail.threshold:
            reach = (loss - tail.threshold) / tail.scale
            if abs(tail.shape) < 1e-9:
                return tail.share * exp(-reach)
            inside = 1.0 + tail.shape * reach
            return tail.share * exp(-log(inside) / tail.shape) if inside > 0.0 else 0.0
        return 1.0 - (1.0 - tail.share) * self._body(loss) / self._whole

    def mean(self, most: float, least: float = 0.0) -> float:
        """Return the integral of `beyond` from `least` to `most`; with least 0, the mean of the
        loss capped at `most`."""
        return self._reached(most) - self._reached(least)

    def exceeded_by(self, share: float) -> float:
        """Return the loss that this share of the incidents exceeds; `inf` for none."""
        if share >= 1.0:
            return 0.0
        tail = self.tail
        if share <= tail.share:
            if share <= 0.0:
                return inf
            beyond = -log(share / tail.share)
            flat = abs(tail.shape) < 1e-9
            grown = beyond if flat else expm1(tail.shape * beyond) / tail.shape
            return tail.threshold + tail.scale * grown
        within = (1.0 - share) * self._whole / (1.0 - tail.share)
        return exp(self.mu + self.sigma * _STANDARD.inv_cdf(within)) if within > 0.0 else 0.0

    @cached_property
    def _whole(self) -> float:
        return self._body(self.tail.threshold)

    def _body(self, loss: float) -> float:
        return _STANDARD.cdf((log(loss) - self.mu) / self.sigma)

    def _reached(self, most: float) -> float:
        """Return the integral of `beyond` from 0 to `most`."""
        if most <= 0.0:
            return 0.0
        tail, within = self.tail, min(most, self.tail.threshold)
        part = exp(self.mu + self.sigma**2 / 2) * _STANDARD.cdf(
            (log(within) - self.mu) / self.sigma - self.sigma
        )
        inside = within - (1.0 - tail.share) * (within * self._body(within) - part) / self._whole
        if most <= tail.threshold:
            return inside
        reach = (most - tail.threshold) / tail.scale
        return inside + tail.share * tail.scale * spared(reach, tail.shape)


def fitted(losses: list[float], tail: Tail) -> tuple[float, float]:
    """Return mu and sigma of the body: maximum likelihood of a lognormal cut off at the threshold.

    The losses are all of them, above nought.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.stats import norm

    logs = np.log([loss for loss in losses if loss <= tail.threshold])
    top = log(tail.threshold)

    def against(given: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        mu, sigma = float(given[0]), exp(float(given[1]))
        seen = norm.logpdf(logs, mu, sigma) - norm.logcdf(top, mu, sigma)
        return -float(seen.sum())

    start = np.array([logs.mean(), log(logs.std())])
    found = minimize(against, start, method="Nelder-Mead").x
    return float(found[0]), exp(float(found[1]))
