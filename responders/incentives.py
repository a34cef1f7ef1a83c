"""Bonds and rewards of watchers from outside: what makes honesty the best that they can do. Pure.

Two watchers choose, each for itself, per period:

    honest   watches, requests a halt when it sees an attack, challenges what it knows to be false
    lazy     watches nothing and requests nothing
    blind    watches nothing and requests a halt every period
    grief    requests a halt for nothing, to profit from it
    collude  the same, with the other one's silence: they share profit and bond

With attack probability a, share found d, false requests f, watching cost c, profit S + G of a false
halt, challenger's share x, bond B, reward R, and s the probability that a false request is slashed
(s1 where the other one is honest, s0 where not), a watcher's payoffs are as follows. Who knows that
its request is false challenges it from another account, before anybody else can, and has the
challenger's share back: what it loses is K = (1-x) B.

    honest   a d R / (2 if the other is honest, else 1) - c - (1-a) f s B
    lazy     0
    blind    a R / (2 if the other requests in an attack, else 1) - (1-a) s K
    grief    S + G - s K
    collude  (S + G - s0 K) / 2 with another colluder, else as grief

Honesty is an equilibrium where no other choice pays more against an honest one. That is linear in B
and R, so the cheapest pair is a linear programme.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from schemas.errors import ConfigurationError
from schemas.watchers import Watchers

CHOICES = ("honest", "lazy", "blind", "grief", "collude")
_HONEST, _LAZY, _BLIND, _GRIEF, _COLLUDE = range(len(CHOICES))
MARGIN = 0.1
"""By what part of what is at stake honesty has to be better: numbers are estimates."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terms:
    """A bond and a reward, in money."""

    bond: float
    reward: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """A manifest's numbers, ready to compute with."""

    a: float
    d: float
    f: float
    c: float
    gain: float
    s1: float
    s0: float
    kept: float
    """1 - x: the part of a slashed bond that who challenges itself does lose."""

    @classmethod
    def of(cls, told: Watchers) -> "Numbers":
        """Read them from the manifest."""
        return cls(
            a=told.attack_probability,
            d=told.found,
            f=told.false_requests,
            c=float(told.watch_cost),
            gain=float(told.short_profit + told.griefing_value),
            s1=told.slashed_watched,
            s0=told.slashed_alone,
            kept=1.0 - told.challenger_share,
        )


def payoffs(told: Watchers, terms: Terms) -> Matrix:
    """Return what a watcher gains in a period by each choice (rows) against each choice of the
    other one (columns), in the order of `CHOICES`."""
    n, bond, reward = Numbers.of(told), terms.bond, terms.reward
    lost = n.kept * bond
    table = np.zeros((len(CHOICES), len(CHOICES)))
    for other in range(len(CHOICES)):
        slashed = n.s1 if other == _HONEST else n.s0
        table[_HONEST, other] = (
            n.a * n.d * reward / (2 if other == _HONEST else 1)
            - n.c
            - (1 - n.a) * n.f * slashed * bond
        )
        shared = other in (_HONEST, _BLIND)
        table[_BLIND, other] = n.a * reward / (2 if shared else 1) - (1 - n.a) * slashed * lost
        table[_GRIEF, other] = n.gain - slashed * lost
        table[_COLLUDE, other] = n.gain - slashed * lost
    table[_COLLUDE, _COLLUDE] = (n.gain - n.s0 * lost) / 2
    return table


def honesty_holds(told: Watchers, terms: Terms) -> bool:
    """Say whether no choice pays more than honesty where the other watcher is honest."""
    against = payoffs(told, terms)[:, _HONEST]
    return bool(against[_HONEST] >= against.max())


def deterred(told: Watchers, terms: Terms) -> bool:
    """Say whether a false halt does not pay, even where nobody else watches:
    K * P(slash) >= short profit + griefing value."""
    n = Numbers.of(told)
    return bool(n.s0 * n.kept * terms.bond >= n.gain)


def equilibria(table: Matrix) -> Iterator[tuple[Matrix, Matrix]]:
    """Yield the equilibria of two watchers with these payoffs, as shares of the choices.

    Raises `ConfigurationError` where nashpy is not installed.
    """
    try:
        import nashpy  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigurationError("equilibria need nashpy: pip install 'firebreak[risk]'") from error
    with warnings.catch_warnings():
        # It warns of degenerate games; ours is one, as grief and collude pay the same alone.
        warnings.simplefilter("ignore", RuntimeWarning)
        yield from nashpy.Game(table, table.T).support_enumeration()


def cheapest(told: Watchers) -> Terms:
    """Return the least bond and reward under which honesty is an equilibrium and a false halt does
    not pay even unwatched, each by `MARGIN` of what is at stake; the reward counts first.

    Raises `ConfigurationError` naming what to change where there are none within the bounds.
    """
    n = Numbers.of(told)
    erring = (1 - n.a) * n.f * n.s1
    half = n.a * n.d / 2
    # rows: coefficients of B and R, and what the left side may be at most
    rows = [
        (-n.s0 * n.kept, 0.0, -n.gain * (1 + MARGIN)),  # grief and collude, where nobody watches
        (erring, -half, -n.c * (1 + MARGIN)),  # lazy
        (erring - n.s1 * n.kept, -half, -n.c - n.gain * (1 + MARGIN)),  # grief, watched
        # blind: it finds every attack, and errs in every period without one
        (erring - (1 - n.a) * n.s1 * n.kept, n.a / 2 - half, -n.c * (1 + MARGIN)),
    ]
    limits = [(0.0, float(told.most_bond)), (0.0, float(told.most_reward))]
    found = linprog(
        [1e-3, 1.0],
        A_ub=[row[:2] for row in rows],
        b_ub=[row[2] for row in rows],
        bounds=limits,
    )
    if found.x is None:
        least = n.gain * (1 + MARGIN) / (n.s0 * n.kept)
        raise ConfigurationError(
            f"no bond up to {told.most_bond} and reward up to {told.most_reward} makes honesty "
            f"pay: the bond alone has to be {least:,.0f}; raise most_bond or most_reward, lower "
            f"watch_cost, or have more false requests found out"
        )
    return Terms(bond=float(found.x[0]), reward=float(found.x[1]))
