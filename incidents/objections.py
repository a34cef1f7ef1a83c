"""Why a record changes no case, though whoever wrote it may write to its topic. Pure.

What ends a case ends that people are woken for it. So an alert is taken back by its detectors
alone, never under cover of a finding; and where `paging` names whose word silences a case, nobody
else's calls it a false alarm.
"""

from collections.abc import Iterator

from incidents.docket import Docket
from incidents.entries import FOUND
from runtime.acknowledging import People
from schemas.assurance import Finding
from schemas.base import Record
from schemas.decisions import Answer, Matter, Proposal


def objection(docket: Docket, record: Record, people: People) -> str:
    """Return what is wrong with a record that may be read, '' where nothing is."""
    if isinstance(record, Finding) and record.id in _alerts(docket):
        return "a finding under the name of an alert"
    if isinstance(record, Proposal | Answer):
        matter = record.matter if isinstance(record, Proposal) else _asked(docket, record.proposal)
        if matter == "false-alarm" and not people.counts(record.by.account):
            return f"{record.by.person} is none of those whose word silences a case"
    return ""


def _alerts(docket: Docket) -> Iterator[str]:
    return (one.alert for case in docket.cases for one in case.sightings if one.set != FOUND)


def _asked(docket: Docket, proposal: str) -> Matter | None:
    """Return what was proposed under this name; an answer that nothing was heard of before counts
    for nothing."""
    for case in docket.cases:
        for one in case.decisions:
            if one.proposal == proposal:
                return one.matter
    waiting = (one for one in docket.said if isinstance(one, Proposal) and one.id == proposal)
    return next((one.matter for one in waiting), None)
