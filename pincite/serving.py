"""`pincite serve`."""

from typing import Annotated

import typer

from qa.cli import (
    BackendOption,
    KeepOption,
    ModelOption,
    StoreOption,
    ThresholdOption,
    WithoutOption,
)
from qa.settings import load_settings


def serve_command(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on.", show_default="8000")
    ] = None,
    allowed_hosts: Annotated[
        str | None,
        typer.Option(
            "--allowed-hosts",
            metavar="NAME,…",
            help="Host names it may be reached by, besides those of this machine.",
        ),
    ] = None,
    watch: Annotated[
        bool | None,
        typer.Option(
            "--watch/--no-watch", help="Index what changes in the sources.", show_default="watch"
        ),
    ] = None,
    mcp: Annotated[
        bool | None,
        typer.Option(
            "--mcp/--no-mcp",
            help="Speak the Model Context Protocol at /mcp, too.",
            show_default="no-mcp",
        ),
    ] = None,
    keep: KeepOption = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Serve the HTTP interface and the web page until interrupted."""
    from pincite.gating import gate_of
    from qa.service.run import serve

    settings = load_settings(
        host=host,
        port=port,
        allowed_hosts=allowed_hosts,
        watch=watch,
        mcp=mcp,
        keep=keep,
        threshold=threshold,
        without=without,
        model=model,
        backend=backend,
        store=store,
    )
    serve(settings, gate_of(settings))
