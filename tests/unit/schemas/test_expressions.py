"""The language of invariants: what it takes, and what it says about what it does not take."""

import time
from fractions import Fraction

import pytest

from schemas.expressions import ExpressionError, parse
from schemas.statements import Arithmetic, Compared, Logic, Number, Quantity, quantities, units


def test_it_reads_what_the_manual_shows() -> None:
    assert parse("minted(SHARE) > 0 implies inflow(AUSD) > 0") == Logic(
        "implies",
        (
            Compared(">", Quantity("minted", ("SHARE",)), Number(Fraction(0))),
            Compared(">", Quantity("inflow", ("AUSD",)), Number(Fraction(0))),
        ),
    )
    assert parse("outflow(AUSD) <= 50_000.5 AUSD") == Compared(
        "<=", Quantity("outflow", ("AUSD",)), Number(Fraction("50000.5"), "AUSD")
    )
    assert parse('balance(AUSD, "CLV/AUSD") >= before(supply(SHARE)) * 99%') == Compared(
        ">=",
        Quantity("balance", ("AUSD", "CLV/AUSD")),
        Arithmetic("*", Quantity("supply", ("SHARE",), before=True), Number(Fraction(99, 100))),
    )


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("1 + 2 * 3 < 4", "(1 + (2 * 3)) < 4"),
        ("1 - 2 - 3 < 4", "((1 - 2) - 3) < 4"),
        ("8 / 4 / 2 < 4", "((8 / 4) / 2) < 4"),
        ("-1 < 2", "(0 - 1) < 2"),
        ("1 < 2 or 2 < 3 and 3 < 4", "(1 < 2) or ((2 < 3) and (3 < 4))"),
        ("not 1 < 2 and 2 < 3", "(not (1 < 2)) and (2 < 3)"),
        ("1 < 2 implies 2 < 3 implies 3 < 4", "(1 < 2) implies ((2 < 3) implies (3 < 4))"),
        ("written(0x" + "aB" * 20 + ", 0x0f) < 1", "written(0x" + "aB" * 20 + ", 15) < 1"),
    ],
)
def test_precedence_is_that_of_arithmetic(short: str, long: str) -> None:
    assert parse(short) == parse(long)


def test_what_it_speaks_of_is_found() -> None:
    statement = parse("count(A) > 0 and not total(B.c) < 3 X or minted(T) == count(A) + 1 Y")
    assert [str(q) for q in quantities(statement)] == ["count(A)", "total(B.c)", "minted(T)"]
    assert set(units(statement)) == {"X", "Y"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "column 1: 'the end' where a number or a quantity belongs"),
        ("1", "a number, where something true or false belongs"),
        ("1 < 2 + (3 < 4)", "column 7: something true or false, where a number belongs"),
        ("(1 < 2", "column 7: 'the end' where ')' belongs"),
        ("1 < 2 < 3", "column 7: '<' where the end belongs"),
        ("minted() > 0", "minted lacks its token"),
        ("balance(A) > 0", "balance lacks its address"),
        ("minted(A, B) > 0", "column 11: minted takes no more"),
        ("eval(A) > 0", "column 1: no quantity 'eval'; inflow, outflow"),
        ("__import__ > 0", "no quantity '__import__'"),
        ("minted(A).b > 0", "column 10: '.' where the end belongs"),
        ("1 ** 2 > 0", "column 4: '*' where"),
        ("1 < 2 $", "column 7: '$' means nothing"),
        ("before(minted(A)) > 0", "only balance, stored, supply have a before"),
        ("before(before(supply(A))) > 0", "have a before"),
        ("written(A, b) > 0", "'b' where the number of a storage slot belongs"),
        ("total(A) > 0", "where '.' belongs"),
        ("1e9 < 2", "means nothing"),
        ("9" * 91 + " < 1", "more than 90 digits"),
        ("1 < 2 " + "and 1 < 2 " * 150, "longer than 1000 characters"),
        ("(" * 30 + "1 < 2" + ")" * 30, "nested deeper than 24"),
        ("not " * 30 + "1 < 2", "nested deeper than 24"),
        ("-" * 100 + "1 < 2", "nested deeper than 24"),
        ("1 < 2 implies " * 30 + "1 < 2", "nested deeper than 24"),
        ("1<2 and " * 110 + "1<2", "more than 400 words"),
    ],
)
def test_what_means_nothing_is_refused_where_it_stands(text: str, reason: str) -> None:
    start = time.process_time()
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert time.process_time() - start < 0.1
    assert reason in str(refused.value)
