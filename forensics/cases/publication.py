"""Writes everything that is made of one incident's evidence into one folder."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha512
from pathlib import Path

import msgspec

from forensics.cases.analysis import Analysis
from forensics.cases.bag import files
from forensics.cases.casefile import CaseFile
from forensics.cases.findings import findings
from forensics.cases.playbook import playbook
from forensics.cases.report.render import html, pdf
from forensics.cases.report.view import Sealed, view
from forensics.cases.stamp import Stamp
from runtime.pictures.fund_flow import fund_flow_svg


def write(case: CaseFile, analysis: Analysis, out: Path, stamp: Stamp | None) -> list[Path]:
    """Write report, picture, analysis, playbook and findings; return their paths. Of the same
    evidence every file is the same, byte for byte."""
    out.mkdir(parents=True, exist_ok=True)
    found = []
    for name, data in documents(case, analysis, stamp).items():
        path = out / name
        path.write_bytes(data)
        found.append(path)
    return found


def documents(case: CaseFile, analysis: Analysis, stamp: Stamp | None) -> Mapping[str, bytes]:
    """Return every document by the name of its file."""
    sealed = Sealed(
        folder=case.folder.name,
        sha512=sha512(case.sealed).hexdigest(),
        files=sum(1 for _ in files(case.folder / "data")),
        stamp=stamp,
    )
    words = view(analysis, case.custody, sealed)
    members = [one.address for one in analysis.members if one.standing == "member"]
    return {
        "report.html": html(words).encode(),
        "report.pdf": pdf(words, datetime.fromisoformat(case.custody.ended)),
        "fund-flow.svg": fund_flow_svg(analysis.flow).encode(),
        "analysis.json": _json(analysis),
        "playbook.json": _json(playbook(analysis, case.custody)),
        "findings.json": _json(findings(case.dossier, members)),
    }


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"
