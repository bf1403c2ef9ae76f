"""`pincite serve` and `pincite mcp`: answers over HTTP, and for language models.

Each imports only what it needs: a client that starts `pincite mcp` does not wait for the HTTP
service, and a service can answer without what evaluating needs.
"""

from collections.abc import Callable
from threading import Thread
from typing import Annotated

import typer

from index.progress import no_progress
from index.store import open_store
from index.sync import Gate
from qa.cli import read_scans
from qa.engine import Engine
from qa.options import LANGUAGE_MODEL, MODELS, STORE, is_given, with_settings
from qa.settings import Settings


@with_settings(
    *("host", "port", "workers", "keys", "rate_limit", "max_queue", "allowed_hosts"),
    *("cors_origins", "trusted_proxies", "log_format", "log_questions", "watch", "mcp"),
    *("keep", "ocr", "threshold", "without", *MODELS, *STORE, "read_from", *LANGUAGE_MODEL),
)
def serve_command(settings: Settings) -> None:
    """Serve the HTTP interface and the web page until interrupted."""
    from qa.service.run import serve

    read_scans(settings)
    serve(settings, gate_of)


@with_settings("host", "port", "threshold", "without", *MODELS, *STORE, "read_from")
def mcp_command(
    settings: Settings,
    context: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help="Serve over HTTP at /mcp, as `pincite serve --mcp`.")
    ] = False,
) -> None:
    """Let language models ask, through the Model Context Protocol. A client starts this.

    Without --http it is spoken over standard input and output, until the input ends; --host and
    --port go with --http.
    """
    if http:
        from qa.service.run import serve

        serve(settings.model_copy(update={"mcp": True}), gate_of)
        return
    for name in ("host", "port"):
        if is_given(context, name):
            raise typer.BadParameter("it needs --http", param_hint=f"--{name}")
    from qa.live import LiveEngine
    from qa.protocol.server import serve_on_standard_streams
    from qa.service.answerer import Answerer
    from qa.service.logs import log_lines
    from qa.service.metrics import Metrics

    live = LiveEngine(settings.location, **settings.for_engine)
    Thread(target=live.follow, name="follow", daemon=True).start()
    with log_lines(settings.log_format):
        serve_on_standard_streams(Answerer(live, Metrics(), settings.log_questions))


def gate_of(settings: Settings) -> Callable[[Engine], Gate | None]:
    """Return what makes the quality gate of the running service's engine; it writes to the log."""

    def gate(engine: Engine) -> Gate | None:
        from pincite.gating import GoldCheck

        check = GoldCheck.of(open_store(settings.location), engine.model, force=False)
        return check.gate(settings, engine.model, engine.encoder, no_progress)

    return gate
