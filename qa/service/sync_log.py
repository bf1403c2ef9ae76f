"""What the log says of a sync that the service made."""

import logging

from index.changes import SyncReport

_log = logging.getLogger("pincite")


def log_report(report: SyncReport) -> None:
    """Say what changed, or that it was held back; nothing where nothing changed."""
    if report.kept_aside:
        _log.warning(
            "The sources changed, and gold questions are answered worse: the snapshot before "
            "stays live, %s is kept aside. `pincite index` tells which questions.",
            report.kept_aside,
        )
        return
    told = [len(x) for x in (report.added, report.changed, report.removed, report.renamed)]
    if any(told):
        _log.info("Indexed: %d added, %d changed, %d removed, %d renamed", *told)
