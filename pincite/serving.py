"""`pincite serve`: the HTTP service and the web page."""

from collections.abc import Callable
from typing import Annotated

import typer

from index.progress import no_progress
from index.store.store import Store
from index.sync import Gate
from qa.cli import (
    BackendOption,
    KeepOption,
    ModelOption,
    ReaderOption,
    StoreOption,
    ThresholdOption,
    WithoutOption,
)
from qa.engine import Engine
from qa.service.run import serve
from qa.settings import Settings, load_settings


def serve_command(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on.", show_default="8000")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="How many processes answer.", show_default="1"),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(
            "--keys",
            metavar="auto|required|off",
            help="Ask for API keys (`pincite key add NAME`). auto: if there is one, or where "
            "others can reach the service.",
            show_default="auto",
        ),
    ] = None,
    rate_limit: Annotated[
        int | None,
        typer.Option(
            "--rate-limit",
            metavar="N",
            help="Requests a minute for each key or address; 0: as many as they like.",
            show_default="600 where others can reach the service or keys are asked for, else 0",
        ),
    ] = None,
    max_queue: Annotated[
        int | None,
        typer.Option(
            "--max-queue",
            metavar="N",
            help="Questions that may wait, for each process; more get 503.",
            show_default="100",
        ),
    ] = None,
    allowed_hosts: Annotated[
        str | None,
        typer.Option(
            "--allowed-hosts",
            metavar="NAME,…",
            help="Host names it may be reached by, besides those of this machine.",
        ),
    ] = None,
    cors_origins: Annotated[
        str | None,
        typer.Option(
            "--cors-origins",
            metavar="ORIGIN,…",
            help="Other sites whose pages may use it, such as https://intranet.example.",
            show_default="none",
        ),
    ] = None,
    trusted_proxies: Annotated[
        str | None,
        typer.Option(
            "--trusted-proxies",
            metavar="ADDRESS,…",
            help="Reverse proxies whose X-Forwarded-For is believed.",
            show_default="none",
        ),
    ] = None,
    log_format: Annotated[
        str | None,
        typer.Option(
            "--log-format",
            metavar="auto|json|text",
            help="auto: text at a terminal, JSON elsewhere.",
            show_default="auto",
        ),
    ] = None,
    log_questions: Annotated[
        bool | None,
        typer.Option(
            "--log-questions/--no-log-questions",
            help="Write questions into the log.",
            show_default="no-log-questions",
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
    reader: ReaderOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
) -> None:
    """Serve the HTTP interface and the web page until interrupted."""
    given = dict(locals())  # each option is called as its setting
    serve(load_settings(**given), gate_of)


def gate_of(settings: Settings) -> Callable[[Engine], Gate | None]:
    """Return what makes of the running service's engine the gate for what changed in the sources.

    What came of it is said in the log.
    """

    def gate(engine: Engine) -> Gate | None:
        from pincite.gating import GoldCheck  # a service can answer without what evaluating needs

        check = GoldCheck.of(Store(settings.store), engine.model, force=False)
        return check.gate(settings, engine.model, engine.encoder, no_progress)

    return gate
