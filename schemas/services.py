"""Every service there is, as data: what it reads and writes, and in which groups.

Its rights on Kafka follow from this (`runtime.access`), and so does what documents say of it.
"""

from dataclasses import dataclass

from schemas.topics import (
    ACKNOWLEDGEMENTS,
    ACTIONS,
    ALERTS,
    ASSESSMENTS,
    AUTHORITY,
    BEATS,
    BLOCKS,
    CHANGES,
    CHECKPOINTS,
    CONSENTS,
    DEAD_LETTERS,
    DECISIONS,
    DEPLOYMENTS,
    DETECTOR_STATE,
    EVENTS,
    FINDINGS,
    FUND_FLOWS,
    INCIDENTS,
    PAGES,
    PENDING,
    PRICES,
    READINESS,
    RECOVERIES,
    RISK,
    SEALS,
    SIGNALS,
    TOPICS,
    TRANSACTIONS,
    TopicSpec,
)


@dataclass(frozen=True, slots=True)
class Service:
    """A process, and all that it may do with the log: everything else is refused to it."""

    name: str
    doc: str
    reads: tuple[TopicSpec, ...]
    writes: tuple[TopicSpec, ...]
    groups: tuple[str, ...] = ()
    """The consumer groups it joins; one that ends in `*` stands for all that begin so."""
    by_hand: bool = False
    """A command that people run; every other one tells with what configuration it began."""
    changelogs: tuple[str, ...] = ()
    """Topics of its own, which no other service knows: it makes, writes and reads them."""


HISTORY = tuple(
    spec for spec in TOPICS.values() if spec not in (BEATS, CHECKPOINTS, DETECTOR_STATE)
)
"""What tells what happened; the other topics only let a service go on."""

_CHAIN_TOPICS = (BLOCKS, EVENTS, TRANSACTIONS, PENDING, DEPLOYMENTS, PRICES)

RECORDED = (
    ALERTS,
    ACTIONS,
    AUTHORITY,
    CONSENTS,
    SIGNALS,
    RECOVERIES,
    DECISIONS,
    ACKNOWLEDGEMENTS,
    FINDINGS,
    CHANGES,
)
"""Every record here becomes a leaf of the forensic log. Cases are not among them: they follow from
alerts, actions and recoveries, and their topic forgets what was."""

SERVICES: dict[str, Service] = {
    service.name: service
    for service in (
        Service(
            "ingest",
            "Publishes what a chain did. Reads its own topics only to resume.",
            reads=(*_CHAIN_TOPICS, CHECKPOINTS),
            writes=(*_CHAIN_TOPICS, CHECKPOINTS, CHANGES, BEATS, DEAD_LETTERS),
            groups=("firebreak-ingest-*",),
        ),
        Service(
            "detect",
            "Scores transactions or single events, learns from final ones, raises and withdraws "
            "alerts.",
            reads=(TRANSACTIONS, EVENTS, DETECTOR_STATE),
            writes=(ALERTS, DETECTOR_STATE, CHANGES, BEATS, DEAD_LETTERS),
            groups=("firebreak-detect-*",),
        ),
        Service(
            "vet",
            "Judges new contracts by their code, raises and withdraws alerts.",
            reads=(DEPLOYMENTS, BLOCKS),
            writes=(ALERTS, CHANGES, DEAD_LETTERS),
            groups=("firebreak-vet",),
        ),
        Service(
            "assure",
            "Assesses watched contracts as they are deployed and upgraded; tells what gates say of "
            "those who may brake, and each brake and release on chain. Reads what it said only to "
            "resume.",
            reads=(DEPLOYMENTS, EVENTS, ASSESSMENTS, AUTHORITY),
            writes=(FINDINGS, ASSESSMENTS, AUTHORITY, CHANGES, DEAD_LETTERS),
            groups=("firebreak-assure",),
        ),
        Service(
            "respond",
            "Decides on alerts and brakes on chain, by itself or with other operators; neighbours' "
            "signals raise what it believes. Who takes over reads what was done.",
            reads=(ALERTS, ACTIONS, CONSENTS, SIGNALS),
            writes=(ACTIONS, CONSENTS, AUTHORITY, CHANGES, READINESS, BEATS, DEAD_LETTERS),
            groups=("firebreak-respond-*",),
        ),
        Service(
            "consents",
            "Tells other operators by HTTP what our responder agrees to, and hears them.",
            reads=(CONSENTS,),
            writes=(CONSENTS, CHANGES),
            groups=("firebreak-consents",),
        ),
        Service(
            "incidents",
            "Keeps cases of alerts, findings, actions, recoveries and what people say of them.",
            reads=(ALERTS, ACTIONS, RECOVERIES, DECISIONS, ACKNOWLEDGEMENTS, FINDINGS),
            writes=(INCIDENTS, CHANGES, BEATS, DEAD_LETTERS),
            groups=("firebreak-incidents",),
            changelogs=("firebreak-incidents-cases-changelog",),
        ),
        Service(
            "forensics",
            "Keeps the log of what was seen, decided, done and changed, and signs it.",
            reads=(*RECORDED, SEALS),
            writes=(SEALS, CHANGES),
            groups=("firebreak-forensics",),
        ),
        Service(
            "signals",
            "Takes neighbours' warnings in, and sends out what our own cases came to.",
            reads=(INCIDENTS, EVENTS, SIGNALS),
            writes=(SIGNALS, CHANGES, DEAD_LETTERS),
            groups=("firebreak-signals",),
        ),
        Service(
            "verdict",
            "People's own command: tells whether a neighbour's warning was right.",
            reads=(SIGNALS,),
            writes=(SIGNALS,),
            by_hand=True,
        ),
        Service(
            "page",
            "Tells people of cases until somebody acknowledges; of silent services and of brakes "
            "that would not work.",
            reads=(INCIDENTS, PAGES, BEATS, READINESS),
            writes=(PAGES, CHANGES, BEATS, DEAD_LETTERS),
            groups=("firebreak-page",),
        ),
        Service(
            "archive",
            "Keeps every record of history for years, beyond what the topics keep.",
            reads=HISTORY,
            writes=(CHANGES, BEATS),
            groups=("firebreak-archive",),
        ),
        Service(
            "risk",
            "Computes what an insurer asks of each protocol, and serves it.",
            reads=(ALERTS, INCIDENTS, BLOCKS, SIGNALS, RISK),
            writes=(RISK, CHANGES, DEAD_LETTERS),
            groups=("firebreak-risk",),
        ),
        Service(
            "recover",
            "People's own commands: what they say of a case, and what was decided about it.",
            reads=(INCIDENTS, DECISIONS),
            writes=(RECOVERIES, ACKNOWLEDGEMENTS),
            by_hand=True,
        ),
        Service(
            "console",
            "Shows people what there is, and publishes what they propose, answer and have in hand.",
            reads=(
                ALERTS,
                ACTIONS,
                INCIDENTS,
                RECOVERIES,
                AUTHORITY,
                DECISIONS,
                ACKNOWLEDGEMENTS,
                PAGES,
                READINESS,
                SIGNALS,
                RISK,
                ASSESSMENTS,
                FINDINGS,
                FUND_FLOWS,
                TRANSACTIONS,
            ),
            writes=(DECISIONS, ACKNOWLEDGEMENTS, CHANGES),
        ),
        Service(
            "case",
            "People's own command: gathers an incident's evidence, tells where its funds went.",
            reads=(INCIDENTS, ALERTS, ACTIONS, RECOVERIES, AUTHORITY, DEPLOYMENTS),
            writes=(FUND_FLOWS,),
            by_hand=True,
        ),
    )
}
