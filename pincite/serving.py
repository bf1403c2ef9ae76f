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
from qa.cli import (
    BackendOption,
    CollectionOption,
    KeepOption,
    ModelOption,
    OcrOption,
    ReaderOption,
    StoreOption,
    ThresholdOption,
    WithoutOption,
    read_scans,
)
from qa.engine import Engine
from qa.settings import Settings, load_settings


def serve_command(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on.", show_default="8000")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many processes answer.", show_default="1")
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(
            metavar="auto|required|off",
            help="Ask for API keys (`pincite key add NAME`). auto: if there is one, or where "
            "others can reach the service.",
            show_default="auto",
        ),
    ] = None,
    rate_limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Requests a minute for each key or address; 0: as many as they like.",
            show_default="600 where others can reach the service or keys are asked for, else 0",
        ),
    ] = None,
    max_queue: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Questions that may wait, for each process; more get 503.",
            show_default="100",
        ),
    ] = None,
    allowed_hosts: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…", help="Host names it may be reached by, besides those of this machine."
        ),
    ] = None,
    cors_origins: Annotated[
        str | None,
        typer.Option(
            metavar="ORIGIN,…",
            help="Other sites whose pages may use it, such as https://intranet.example.",
            show_default="none",
        ),
    ] = None,
    trusted_proxies: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS,…",
            help="Reverse proxies whose X-Forwarded-For is believed.",
            show_default="none",
        ),
    ] = None,
    log_format: Annotated[
        str | None,
        typer.Option(
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
    ocr: OcrOption = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
    collection: CollectionOption = None,
) -> None:
    """Serve the HTTP interface and the web page until interrupted."""
    given = dict(locals())  # each option has the name of its setting
    from qa.service.run import serve

    settings = load_settings(**given)
    read_scans(settings)
    serve(settings, gate_of)


def mcp_command(
    http: Annotated[
        bool, typer.Option("--http", help="Serve over HTTP at /mcp, as `pincite serve --mcp`.")
    ] = False,
    host: Annotated[
        str | None,
        typer.Option(help="With --http: address to listen on.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="With --http: port to listen on.", show_default="8000")
    ] = None,
    threshold: ThresholdOption = None,
    without: WithoutOption = None,
    model: ModelOption = None,
    reader: ReaderOption = None,
    backend: BackendOption = None,
    store: StoreOption = None,
    collection: CollectionOption = None,
) -> None:
    """Let language models ask, through the Model Context Protocol. A client starts this.

    Without --http it is spoken over standard input and output, until the input ends.
    """
    given = {name: value for name, value in locals().items() if name != "http"}
    for name in ("host", "port"):
        if given[name] is not None and not http:
            raise typer.BadParameter("it needs --http", param_hint=f"--{name}")
    settings = load_settings(mcp=http or None, **given)
    if http:
        from qa.service.run import serve

        serve(settings, gate_of)
        return
    from qa.live import LiveEngine
    from qa.protocol.server import serve_on_standard_streams
    from qa.service.answerer import Answerer
    from qa.service.logs import log_lines
    from qa.service.metrics import Metrics

    live = LiveEngine(settings.folder, **settings.for_engine)
    Thread(target=live.follow, name="follow", daemon=True).start()
    with log_lines(settings.log_format):
        serve_on_standard_streams(Answerer(live, Metrics(), settings.log_questions))


def gate_of(settings: Settings) -> Callable[[Engine], Gate | None]:
    """Return what makes the quality gate of the running service's engine; it writes to the log."""

    def gate(engine: Engine) -> Gate | None:
        from pincite.gating import GoldCheck

        check = GoldCheck.of(open_store(settings.folder), engine.model, force=False)
        return check.gate(settings, engine.model, engine.encoder, no_progress)

    return gate
