"""Speaking the protocol over standard input and output, as a client's subprocess."""

import signal

import anyio
from mcp.server.stdio import stdio_server

from qa.live import LiveEngine
from qa.protocol.server import mcp_server


def serve_on_standard_streams(live: LiveEngine) -> None:
    """Answer until standard input ends. Nothing but the protocol goes to standard output.

    To be called in the main thread.
    """
    # The thread that waits for input cannot be woken: without this, Ctrl-C would wait for it, too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    anyio.run(_serve, live)


async def _serve(live: LiveEngine) -> None:
    server = mcp_server(live)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
