"""`pincite key`."""

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("anywhere")


def test_keys_are_made_listed_and_revoked_at_the_command_line(
    pincite: Command,
) -> None:
    made = pincite("key", "add", "laptop", "--can", "ask,write")
    assert made.code == 0, made
    secret = made.out.strip()
    assert "\n" not in secret
    assert secret not in made.err
    assert pincite("key", "list").out.startswith("laptop  ask,write  since 2")
    assert secret not in pincite("key", "list").out

    for arguments, said in [
        (("key", "add", "laptop"), "There is a key laptop already"),
        (("key", "add", "other", "--can", "read"), "--can 'read'"),
        (("key", "revoke", "lap"), "no key 'lap'; there are: laptop"),
    ]:
        refused = pincite(*arguments)
        assert (refused.code, refused.out) == (2, "")
        assert said in refused.err
        assert len(refused.err.splitlines()) == 1

    rights, limits = ("--can", "write", "--can", "ask"), ("--collection", "b", "--collection", "a")
    assert pincite("key", "add", "van", *rights, *limits).code == 0
    listed = pincite("key", "list").out.splitlines()
    assert [listed[1][:14], listed[1][-8:]] == ["van  ask,write", "only a,b"]

    assert pincite("key", "revoke", "van").code == 0
    assert pincite("key", "revoke", "laptop").code == 0
    assert pincite("key", "list").out == ""
