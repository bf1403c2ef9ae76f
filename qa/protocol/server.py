"""The tools as a server of the Model Context Protocol, whatever carries it."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from importlib.metadata import version
from typing import Any

from anyio import to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
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

from qa.errors import FilterError, QuestionError
from qa.protocol.tools import TOOLS, Tool
from qa.service.asking import Asking

_log = logging.getLogger("pincite")
_TOOLS = {tool.name: tool for tool in TOOLS}
_INSTRUCTIONS = (
    "Pincite answers from the user's own documents, with quotes whose exact places it tells, or "
    "says that they hold no answer. Ask it before answering what the user's documents may treat."
)
_HINTS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def mcp_server(
    asking: Asking, turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
) -> Server[Any]:
    """Return a server whose tools ask; each waits for its `turn`, which may raise HTTPException."""

    async def list_tools(
        _: ServerRequestContext[Any], __: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[_described(tool) for tool in TOOLS])

    async def call_tool(
        _: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        tool = _TOOLS.get(params.name)
        if tool is None:
            known = ", ".join(_TOOLS)
            raise MCPError(INVALID_PARAMS, f"There is no tool of that name; there are: {known}.")
        try:
            async with turn():
                return await to_thread.run_sync(_called, asking, tool, params.arguments or {})
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


def _called(asking: Asking, tool: Tool, arguments: dict[str, Any]) -> CallToolResult:
    """Run a tool; what is wrong with the call is told in a result, for the model to correct it."""
    try:
        reply = tool.run(asking, tool.arguments.model_validate(arguments))
    except ValidationError as error:
        return _failed(_what_is_wrong(error))
    except (QuestionError, FilterError) as error:
        return _failed(str(error))
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
