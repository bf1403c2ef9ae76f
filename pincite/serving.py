"""`pincite serve`."""

from typing import Annotated

import typer

from qa.cli import (
    BackendOption,
    KeepOption,
    ModelOption,
    ReaderOption,
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
    from pincite.gating import gate_of
    from qa.service.run import serve

    serve(load_settings(**given), gate_of)
