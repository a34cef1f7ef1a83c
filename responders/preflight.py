"""Every brake tried once before it is needed, up to sending it.

So the first brake is as fast as any other, and one that would not work is known in time.
"""

from responders.adapters.base import NotNowError
from responders.agreement import question_of
from responders.drill import NO_ACTION, Drill
from responders.fees import Fee
from responders.levers import Lever, Levers
from responders.outlook import Outlook
from responders.signer import SignerRefusalError
from runtime.logs import logger

_log = logger(__name__)

_WORTHLESS = Fee(ceiling=0, tip=0)


def preflight(outlook: Outlook, levers: Levers) -> list[str]:
    """Drill every brake on the newest block, and have it signed; return, and log, what is wrong
    with which.

    Raises `TransientError` when no node, or no signer, answers.
    """
    found = []
    for lever, ready in zip(levers.values(), Drill(outlook, levers).rehearse(), strict=True):
        if trouble := _unsigned(outlook, lever) or ready.trouble:
            found.append(f"{ready.protocol}: brake {ready.brake}: {trouble}")
            _log.error("brake_not_ready", reason=found[-1])
    return found


def _unsigned(outlook: Outlook, lever: Lever) -> str:
    """Return why the signer does not sign the brake, '' when it does."""
    signer = outlook.account.signer
    if signer is None:
        return ""
    # Never leaves this function, and no block could ever take it: it pays nothing.
    try:
        signer.sign(lever.adapter.call(NO_ACTION), 0, _WORTHLESS)
        question = question_of(lever, outlook.head)
        if question is not None:
            signer.attest(question, outlook.time)  # has run out as it is signed
    except (NotNowError, SignerRefusalError) as error:
        return str(error)
    return ""
