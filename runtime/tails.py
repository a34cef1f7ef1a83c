"""How large a loss can be, from recorded ones: peaks over a threshold, capped at what there is.

Above a high threshold u losses follow a generalised Pareto distribution, whatever they are below it
(Pickands, 1975; Balkema and de Haan, 1974). Losses of this trade have no variance and sometimes no
mean, so a mean of recorded losses says little; with shape xi, scale sigma and a share zeta of the
losses above u,

    VaR(q) = u + sigma / xi * (((1 - q) / zeta) ** -xi - 1)
    ES(q)  = (VaR(q) + sigma - xi * u) / (1 - xi)                               for xi < 1

Nothing is lost that is not there: ES is that of min(loss, TVL), which is finite for every xi. With
beta = sigma + xi * (VaR - u), the scale above VaR, and x = (TVL - VaR) / beta,

    ES(q)  = VaR + beta / (1 - xi) * (1 - (1 + xi * x) ** (1 - 1 / xi))

and its limits at xi = 0 and xi = 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, inf, log, log1p
from typing import Any

from schemas.errors import ConfigurationError

FEWEST = 20
"""Losses above the threshold; fewer do not tell a shape."""

_FLAT = 1e-9
"""A shape so near to 0 or 1 is taken for it."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The tail of a distribution of losses; `threshold` and `scale` in the losses' unit."""

    threshold: float
    share: float
    """Of the losses that exceed the threshold."""
    shape: float
    scale: float
    exceeding: int
    """How many losses it rests on."""

    def value_at_risk(self, level: float, most: float = inf) -> float:
        """Return the loss that is exceeded with probability 1 - `level`, at most `most`.

        Raises `ValueError` for a level below the threshold's: the tail knows nothing of it.
        """
        beyond = (1.0 - level) / self.share
        if not 0.0 < beyond <= 1.0:
            raise ValueError(f"the tail begins at the level {1.0 - self.share:g}")
        if abs(self.shape) < _FLAT:
            return min(most, self.threshold - self.scale * log(beyond))
        grown = expm1(-self.shape * log(beyond)) / self.shape
        return min(most, self.threshold + self.scale * grown)

    def expected_shortfall(self, level: float, most: float) -> float:
        """Return the mean of min(loss, `most`) over the losses beyond `value_at_risk(level)`."""
        at_risk = self.value_at_risk(level, most)
        if at_risk >= most:
            return most
        beta = self.scale + self.shape * (at_risk - self.threshold)
        return min(most, at_risk + beta * spared((most - at_risk) / beta, self.shape))


def spared(reach: float, shape: float) -> float:
    """Return the integral of (1 + xi t) ** (-1 / xi) from 0 to `reach`: what a tail of scale 1 adds
    to a mean that is capped `reach` above the threshold."""
    if abs(shape) < _FLAT:
        return -expm1(-reach)
    if abs(1.0 - shape) < _FLAT:
        return log1p(reach)
    inside = 1.0 + shape * reach
    if inside <= 0.0:  # a tail that ends before `reach`
        return 1.0 / (1.0 - shape)
    if inside == inf:
        return 1.0 / (1.0 - shape) if shape < 1.0 else inf
    return (1.0 - exp((1.0 - 1.0 / shape) * log(inside))) / (1.0 - shape)


def fit(losses: Sequence[float], share: float = 0.1) -> Tail:
    """Fit the tail to the largest `share` of these losses, by maximum likelihood.

    Raises `ConfigurationError` where fewer than `FEWEST` losses are above the threshold, a loss is
    no positive number, or pyextremes is not installed.
    """
    ranked = sorted(losses)
    if not ranked or not all(0.0 <= loss < inf for loss in ranked):
        raise ConfigurationError("losses have to be finite numbers, none below nought")
    threshold = ranked[-max(1, round(share * len(ranked))) - 1] if len(ranked) > 1 else inf
    exceeding = [loss for loss in ranked if loss > threshold]
    if len(exceeding) < FEWEST:
        raise ConfigurationError(
            f"{len(exceeding)} losses above the threshold, {FEWEST} are needed: "
            f"record more, or take a larger share"
        )
    found = _maximum_likelihood(exceeding, threshold)
    return Tail(
        threshold=threshold,
        share=len(exceeding) / len(ranked),
        shape=float(found["c"]),
        scale=float(found["scale"]),
        exceeding=len(exceeding),
    )


def _maximum_likelihood(exceeding: Sequence[float], threshold: float) -> dict[str, Any]:
    try:
        import pandas as pd
        from pyextremes.models import get_model
    except ImportError as error:
        raise ConfigurationError("tails need pyextremes: pip install 'firebreak[risk]'") from error
    # pyextremes wants a time for each; the distribution does not look at it
    days = pd.date_range("2000-01-01", periods=len(exceeding), freq="D")
    model = get_model(
        "MLE",
        extremes=pd.Series(exceeding, index=days, name="loss"),
        distribution="genpareto",
        distribution_kwargs={"floc": threshold},
    )
    return dict(model.fit_parameters)
