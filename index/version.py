"""Which version of a package is installed."""

from importlib.metadata import PackageNotFoundError, version


def installed_version(package: str = "pincite") -> str:
    """Return the version, or "unknown" for a checkout that was never installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
