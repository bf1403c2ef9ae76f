"""Settings as options of commands: each is defined once, in `qa.settings`, with its help."""

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from inspect import Parameter
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from qa.settings import Flag, Settings, load_settings

STORE = ("store", "collection")
MODELS = ("model", "reader", "backend")
"""Settings that most commands have."""
LANGUAGE_MODEL = ("llm", "llm_model", "llm_remote", "llm_timeout", "llm_tokens")
"""Settings of what writes answers, but for its key: other users can see options."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

Command = Callable[..., None]


def with_settings(*names: str, **defaults: Any) -> Callable[[Command], Command]:
    """Give a command options of these settings; it gets those in force as `settings`.

    A setting with one of the `defaults` has this where its option is not given.
    """

    def load(**flags: Any) -> Settings:
        given = {name: value for name, value in flags.items() if value is not None}
        return load_settings(**defaults | given)

    options = [_option(name, defaults.get(name)) for name in names]
    return partial(with_options, name="settings", options=options, make=load)


def with_options(
    command: Command, name: str, options: Iterable[Parameter], make: Callable[..., object]
) -> Command:
    """Return a command with options behind its own, of which `make` makes its argument `name`."""
    own = inspect.signature(command).parameters
    shared = {option.name: option for option in options}
    parameters = [*(own[each] for each in own if each != name), *shared.values()]

    def run(**given: Any) -> None:
        made = make(**{each: given.pop(each) for each in shared})
        command(**given, **{name: made})

    run.__doc__ = command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def refuse_options_before(context: typer.Context) -> None:
    """Refuse an option that stands before a subcommand, where it would do nothing."""
    for parameter in context.command.params:
        if is_given(context, parameter.name or ""):
            raise typer.BadParameter(
                f"put it behind {context.invoked_subcommand}", param_hint=parameter.opts[0]
            )


def is_given(context: typer.Context, name: str) -> bool:
    """Tell whether an option stands on the command line."""
    return getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"


def _option(name: str, default: object) -> Parameter:
    """Return the option of a setting, which is None where it is not given."""
    field, bare = Settings.model_fields[name], name.replace("_", "-")
    flag = next((each for each in field.metadata if isinstance(each, Flag)), Flag())
    types = (field.annotation, *get_args(field.annotation))
    kind = next((each for each in (bool, int, float) if each in types), str)
    shown = default or field.default
    if kind is bool:
        shown = bare if shown else f"no-{bare}"
    values = types[1:] if get_origin(field.annotation) is Literal else ()
    option = typer.Option(
        None,
        f"--{bare}/--no-{bare}" if kind is bool else f"--{bare}",
        help=field.description,
        metavar=flag.metavar or "|".join(values) or None,
        show_default=flag.default or (str(shown) if shown is not None else False),
    )
    given = (list[str] if flag.is_repeated else kind) | None
    return Parameter(name, Parameter.KEYWORD_ONLY, default=option, annotation=given)
