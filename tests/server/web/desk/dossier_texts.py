"""The message ids about dossiers of communes that are put together at run time."""

from server.domain.dossiers import LACKS, NAMES, RESULTS, STATES
from server.domain.evidence import LACKS as PARTS

OF_DOSSIERS: dict[str, tuple[str, ...]] = {
    "desk.dossierstate.": STATES,
    "desk.dossierlack.": LACKS,
    "desk.dossierpart.": PARTS,
    "desk.dossierresult.": RESULTS,
    "desk.dossiermove.": NAMES,
    "desk.dossiermeans.": NAMES,
}
