"""Every brake tried once before it is needed, up to sending it.

So the first brake is as fast as any other, and one that would not work is known in time.
"""

from responders.adapters.base import NotNowError, Outcome
from responders.fees import Fee
from responders.levers import Lever, Levers
from responders.outlook import Outlook
from responders.signer import SignerRefusalError
from runtime.logs import logger
from schemas.ids import content_id

_log = logger(__name__)

_NO_ACTION = content_id("preflight")
_WORTHLESS = Fee(ceiling=0, tip=0)


def preflight(outlook: Outlook, levers: Levers) -> list[str]:
    """Try every brake on the newest block; return, and log, what is wrong with which.

    Raises `TransientError` when no node, or no signer, answers.
    """
    outlook.refresh()
    found = [trouble for lever in levers.values() if (trouble := _try(outlook, lever))]
    for trouble in found:
        _log.error("brake_not_ready", reason=trouble)
    return found


def _try(outlook: Outlook, lever: Lever) -> str:
    lever.adapter.probe(outlook.head)
    signer, address = outlook.account.signer, outlook.account.address
    if signer is not None:
        # Never leaves this function, and no block could ever take it: it pays nothing.
        try:
            signer.sign(lever.adapter.call(_NO_ACTION), 0, _WORTHLESS)
        except (NotNowError, SignerRefusalError) as error:
            return f"{lever.manifest.protocol}: brake {lever.brake.name}: {error}"
    if address is None:
        return ""
    trial = lever.adapter.simulate(_NO_ACTION, address, outlook.head)
    if trial.outcome is not Outcome.WOULD_FAIL:
        return ""
    return f"{lever.manifest.protocol}: brake {lever.brake.name}: {trial.reason}"
