"""Where `index`, `qa` and `eval` lie, and that it is ours that get imported.

In a checkout they lie beside this package. A wheel carries them in `pincite/_app`, since
names that generic must not stand at the top of site-packages.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("index", "qa", "eval")
_HERE = Path(__file__).resolve().parent


def make_importable() -> None:
    """Put the `_app` folder, where there is one, on `sys.path`.

    Raises ImportError if `import index`, `qa` or `eval` would give, or has given, another's.
    """
    app = _HERE / "_app"
    root = app if app.is_dir() else _HERE.parent
    if root == app and str(app) not in sys.path:
        sys.path.insert(0, str(app))
    for name in PACKAGES:
        places = _places(name)
        if places is None or any(Path(place).resolve() == root / name for place in places):
            continue
        where = f" ({places[0]})" if places else ""
        raise ImportError(
            f"pincite needs its own package {name!r}, but that name is taken by another module"
            f"{where}: rename that one, or use pincite in a process that does not import it.",
            name=name,
        )


def _places(name: str) -> list[str] | None:
    """Return the folders, or else the file, of the module `name`; None if there is no such one."""
    if name in sys.modules:
        module = sys.modules[name]
        folders, file = getattr(module, "__path__", None), getattr(module, "__file__", None)
    else:
        spec = find_spec(name)
        if spec is None:
            return None
        folders, file = spec.submodule_search_locations, spec.origin
    return list(folders or ([file] if file else []))
