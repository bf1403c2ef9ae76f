"""`pincite key`: who may ask, and who may write, where the service asks for keys."""

from pathlib import Path
from typing import Annotated

import typer

from index.errors import SettingsError
from index.store.store import Store
from index.terminal import console, note
from qa.cli import StoreOption
from qa.service.keys import RIGHTS, Keys
from qa.settings import load_settings

key_app = typer.Typer(
    help="API keys for the service: who holds one may ask, or write, or both.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@key_app.command("add")
def add_command(
    name: Annotated[str, typer.Argument(help="What the key is called in the list and in logs.")],
    can: Annotated[
        str, typer.Option("--can", metavar="RIGHT,…", help="What it may: ask, write, or both.")
    ] = "ask",
    store: StoreOption = None,
) -> None:
    """Make a key and print it; only its hash is kept, so it is shown this once."""
    wanted = {right.strip() for right in can.split(",")}
    if not wanted <= set(RIGHTS):
        raise SettingsError(f"--can {can!r}: give {' or '.join(RIGHTS)}, or ask,write for both.")
    rights = tuple(right for right in RIGHTS if right in wanted)
    secret = _keys(store).add(name, rights)
    print(secret)
    note(
        f"The key {name} may {' and '.join(rights)}. It is not shown again; send it as the header "
        "`Authorization: Bearer KEY`. A service on this store asks for keys from its next start on."
    )


@key_app.command("list")
def list_command(store: StoreOption = None) -> None:
    """List the keys by name; what they are cannot be shown."""
    keys = _keys(store).all()
    for key in keys:
        console().print(f"{key.name}  {','.join(key.rights)}  since {key.created}", soft_wrap=True)
    if not keys:
        note("There is no key: `pincite key add NAME` makes one.")


@key_app.command("revoke")
def revoke_command(
    name: Annotated[str, typer.Argument(help="The key's name.")], store: StoreOption = None
) -> None:
    """Forget a key: from now on it opens nothing, in a running service, too."""
    _keys(store).revoke(name)
    note(f"The key {name} opens nothing any more.")


def _keys(store: Path | None) -> Keys:
    return Keys(Store(load_settings(store=store).store))
