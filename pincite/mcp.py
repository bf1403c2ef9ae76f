"""`pincite mcp`: the tools for language models, over standard streams or HTTP."""

from typing import Annotated

import typer

from qa.cli import (
    BackendOption,
    ModelOption,
    ReaderOption,
    StoreOption,
    ThresholdOption,
    WithoutOption,
)
from qa.live import LiveEngine
from qa.protocol.server import serve_on_standard_streams
from qa.service.answerer import Answerer
from qa.service.logs import log_lines
from qa.service.metrics import Metrics
from qa.settings import load_settings


def mcp_command(
    http: Annotated[
        bool, typer.Option("--http", help="Serve over HTTP at /mcp, as `pincite serve --mcp`.")
    ] = False,
    host: Annotated[
        str | None,
        typer.Option("--host", help="With --http: address to listen on.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="With --http: port to listen on.", show_default="8000"),
    ] = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Let language models ask, through the Model Context Protocol. A client starts this.

    Without --http it is spoken over standard input and output, until the input ends.
    """
    for name, value in (("host", host), ("port", port)):
        if value is not None and not http:
            raise typer.BadParameter("it needs --http", param_hint=f"--{name}")
    settings = load_settings(
        mcp=http or None,
        host=host,
        port=port,
        threshold=threshold,
        without=without,
        model=model,
        reader=reader,
        backend=backend,
        store=store,
    )
    if http:
        # A client that starts this without --http need not wait for the HTTP service.
        from pincite.serving import gate_of
        from qa.service.run import serve

        serve(settings, gate_of)
        return
    live = LiveEngine(settings.store, **settings.for_engine)
    with log_lines(settings.log_format):
        serve_on_standard_streams(Answerer(live, Metrics(), settings.log_questions))
