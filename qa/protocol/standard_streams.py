"""Speaking the protocol over standard input and output, as a client's subprocess."""

import signal

import anyio
from mcp.server.stdio import stdio_server

from index.terminal import note
from qa.protocol.server import mcp_server
from qa.service.asking import Asking


def serve_on_standard_streams(asking: Asking) -> None:
    """Answer until standard input ends. Nothing but the protocol goes to standard output.

    To be called in the main thread.
    """
    # The thread that waits for input cannot be woken: without this, Ctrl-C would wait for it, too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    note("Pincite speaks the Model Context Protocol on its standard input and output.")
    anyio.run(_serve, asking)


async def _serve(asking: Asking) -> None:
    server = mcp_server(asking)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
