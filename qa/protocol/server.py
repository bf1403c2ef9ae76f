"""The tools as a server of the Model Context Protocol, over HTTP or standard streams."""

import logging
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from importlib.metadata import version
from typing import Any

import anyio
from anyio import to_thread
from fastapi import FastAPI
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as DescribedTool
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from index.errors import StoreAwayError
from index.terminal import note
from qa.errors import FilterError, QuestionError
from qa.protocol.tools import TOOLS, Tool
from qa.service.answerer import Answerer
from qa.service.problems import STORE_AWAY
from qa.service.work_queue import WorkQueue

_log = logging.getLogger("pincite")
_TOOLS = {tool.name: tool for tool in TOOLS}
_INSTRUCTIONS = (
    "Pincite answers from the user's own documents with quotes and their exact places, or says "
    "that they hold no answer. Ask it before you answer what the user's documents may tell."
)
_HINTS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def add_mcp(app: FastAPI, answerer: Answerer, questions: WorkQueue) -> None:
    """Answer `POST /mcp`, behind the middleware of the service."""
    endpoint = _Endpoint(answerer, questions)
    # A GET would open a stream of messages from the server, which sends none.
    app.router.routes.append(Route("/mcp", endpoint, methods=["POST"], include_in_schema=False))


def serve_on_standard_streams(answerer: Answerer) -> None:
    """Answer on standard output until standard input ends. Call it in the main thread."""
    # The thread that waits for input cannot be woken: without this, Ctrl-C would wait for it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    note("Pincite speaks the Model Context Protocol on its standard input and output.")
    anyio.run(_serve, answerer)


async def _serve(answerer: Answerer) -> None:
    server = mcp_server(answerer)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())


def mcp_server(
    answerer: Answerer, turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
) -> Server[Any]:
    """Return a server of the tools. A call waits for its `turn`, which may raise HTTPException."""

    async def list_tools(
        _: ServerRequestContext[Any], __: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[_described(tool) for tool in TOOLS])

    async def call_tool(
        _: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        tool = _TOOLS.get(params.name)
        if tool is None:
            names = ", ".join(_TOOLS)
            raise MCPError(INVALID_PARAMS, f"There is no tool of that name; there are: {names}.")
        try:
            async with turn():
                return await to_thread.run_sync(_called, answerer, tool, params.arguments or {})
        except HTTPException as error:
            return _failed(error.detail)

    return Server(
        "pincite",
        title="Pincite",
        version=version("pincite"),
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _described(tool: Tool) -> DescribedTool:
    return DescribedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=_HINTS,
    )


def _called(answerer: Answerer, tool: Tool, arguments: dict[str, Any]) -> CallToolResult:
    """Run a tool. The result of a wrong call says what is wrong, so that the model corrects it."""
    try:
        reply = tool.run(answerer, tool.arguments.model_validate(arguments))
    except ValidationError as error:
        return _failed(_what_is_wrong(error))
    except (QuestionError, FilterError) as error:
        return _failed(str(error))
    except StoreAwayError:
        return _failed(STORE_AWAY.detail)
    except Exception:  # noqa: BLE001 (the caller learns that it failed, the log learns why)
        _log.exception("The tool %s failed", tool.name)
        return _failed("Something went wrong here; see the log of Pincite.")
    return CallToolResult(
        content=[TextContent(text=reply.text)],
        structured_content=reply.data.model_dump(mode="json"),
    )


def _failed(message: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=message)], is_error=True)


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown argument; leave it out."
    if first["type"] == "missing":
        return f"{place}: is missing; give it."
    return f"{place}: {first['msg'].removeprefix('Value error, ')}."


class _Endpoint:
    """An ASGI app that answers each request by itself."""

    def __init__(self, answerer: Answerer, questions: WorkQueue) -> None:
        self._server = mcp_server(answerer, questions.turn)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Without sessions, any of several processes can answer a request. Guard checks hosts,
        # origins and sizes.
        manager = StreamableHTTPSessionManager(self._server, json_response=True, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)
