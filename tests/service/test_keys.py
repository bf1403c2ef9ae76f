"""API keys: who is let in, to what, and what is kept of a key."""

import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.errors import SettingsError, StoreError
from index.store import open_store
from qa.service.app import build_app
from qa.service.keys import add_key, find_key, revoke_key
from qa.service.policy import Policy, policy_of
from qa.service.writer import Writer
from qa.settings import Settings
from tests.service.conftest import Corpus, live_over
from tests.service.test_http import problem_of
from tests.store.places import Place

QUESTION = {"question": "Where do owls sleep?"}
ASKING = [
    ("POST", "/v1/ask", QUESTION),
    ("POST", "/v1/verify", {"citations": []}),
    ("GET", "/v1/documents", None),
    ("GET", "/v1/examples", None),
    ("GET", "/v1/documents/no-such", None),
    ("GET", "/metrics", None),
    ("GET", "/v1/whatever-comes-later", None),
]
WRITING = [
    ("PUT", "/v1/documents/owls", {"text": "Owls sleep in barns."}),
    ("GET", "/v1/jobs/0", None),
    ("DELETE", "/v1/documents/owls", None),
]
OPEN = ["/", "/static/app.js", "/healthz", "/readyz", "/docs", "/openapi.json"]


@pytest.fixture
def corpus(corpus_anywhere: Corpus) -> Corpus:
    return corpus_anywhere


@pytest.fixture
def locked(corpus: Corpus) -> Corpus:
    corpus.write("owls.txt", "Owls sleep in red barns until midnight.")
    corpus.index()
    return corpus


def opened(corpus: Corpus, policy: Policy) -> TestClient:
    live = live_over(corpus.store, corpus._encoder)
    return TestClient(
        build_app(live, policy), base_url="http://127.0.0.1", raise_server_exceptions=False
    )


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_without_a_key_nothing_of_the_documents_is_told(locked: Corpus) -> None:
    keys = open_store(locked.store).keys
    add_key(keys, "reader", ["ask"])
    client = opened(locked, Policy(keys=keys))
    for headers, told, challenge in (
        ({}, "asks for an API key", "Bearer"),
        ({"Authorization": "Basic dXNlcg=="}, "asks for an API key", "Bearer"),
        (bearer(""), "asks for an API key", "Bearer"),
        (bearer("pin_wrong"), "key is not valid", 'Bearer error="invalid_token"'),
    ):
        for method, path, body in ASKING + WRITING:
            response = client.request(method, path, json=body, headers=headers)
            detail = problem_of(response, 401)
            assert told in detail
            assert "pincite key add" in detail
            assert response.headers["www-authenticate"] == challenge
    for path in OPEN:
        assert client.get(path).status_code == 200


def test_a_key_opens_what_it_has_the_right_to(locked: Corpus) -> None:
    store = open_store(locked.store)
    keys = store.keys
    reader, writer, both = (
        bearer(add_key(keys, "reader", ["ask"])),
        bearer(add_key(keys, "writer", ["write"])),
        bearer(add_key(keys, "both", ["write", "ask"])),
    )
    live = live_over(locked.store, locked._encoder)
    with Writer(store, live) as writing:
        app = build_app(live, Policy(keys=keys), writing=(store, writing))
        client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        for method, path, body in ASKING:
            assert client.request(method, path, json=body, headers=reader).status_code in (200, 404)
            assert client.request(method, path, json=body, headers=both).status_code in (200, 404)
            assert "ask" in problem_of(client.request(method, path, json=body, headers=writer), 403)
        for method, path, body in WRITING:
            assert "write" in problem_of(
                client.request(method, path, json=body, headers=reader), 403
            )
            done = client.request(method, path, json=body, headers=writer)
            assert done.status_code in (201, 204, 404), done.text


def test_what_is_revoked_opens_nothing_at_once(locked: Corpus) -> None:
    keys = open_store(locked.store).keys
    secret = add_key(keys, "reader", ["ask"])
    client = opened(locked, Policy(keys=open_store(locked.store).keys))
    assert client.post("/v1/ask", json=QUESTION, headers=bearer(secret)).status_code == 200
    revoke_key(keys, "reader")
    revoked = client.post("/v1/ask", json=QUESTION, headers=bearer(secret))
    assert "key is not valid" in problem_of(revoked, 401)
    unknown = client.post("/v1/ask", json=QUESTION, headers=bearer("pin_wrong"))
    assert unknown.json() == revoked.json(), "nobody learns that a key was one once"


def test_the_key_itself_is_not_kept(place: Place, locked: Corpus) -> None:
    secret = add_key(open_store(locked.store).keys, "reader", ["ask"])
    assert not any(secret.encode() in each for each in place.contents(open_store(locked.store)))
    assert open_store(locked.store).keys.find(hashlib.sha256(secret.encode()).hexdigest())
    locked.write("more.txt", "Swallows sleep on the wing.")
    locked.index()
    assert find_key(open_store(locked.store).keys, secret), "indexing leaves the keys alone"


def test_keys_that_cannot_be_read_let_nobody_in(
    locked: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise StoreError("The database cannot be opened.")

    keys = open_store(locked.store).keys
    secret = add_key(keys, "reader", ["ask"])
    monkeypatch.setattr(type(keys), "find", unreadable)
    response = opened(locked, Policy(keys=keys)).post(
        "/v1/ask", json=QUESTION, headers=bearer(secret)
    )
    assert "cannot be read" in problem_of(response, 503)


@pytest.mark.parametrize("name", ["", " ", "a b", "../x", "-x", "x" * 65, "ä", "a\n"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot name a key"):
        add_key(open_store(tmp_path / "store").keys, name, ["ask"])


def test_keys_are_asked_for_where_there_was_one_or_others_can_come(locked: Corpus) -> None:
    def policy(**settings: object) -> Policy:
        return policy_of(Settings(store=locked.store, **settings), None)

    assert policy().keys is None
    assert policy().rate_limit is None
    for refused in (
        {"host": "0.0.0.0"},
        {"keys": "required"},
        {"trusted_proxies": "127.0.0.1"},
        {"allowed_hosts": "pincite.example"},
    ):
        with pytest.raises(SettingsError, match="pincite key add"):
            policy(**refused)
    assert policy(host="0.0.0.0", keys="off").keys is None
    assert policy(host="0.0.0.0", keys="off").rate_limit
    keys = open_store(locked.store).keys
    add_key(keys, "reader", ["ask"])
    assert policy().keys
    assert policy(host="0.0.0.0").keys
    assert policy(keys="off").keys is None
    revoke_key(keys, "reader")
    with pytest.raises(SettingsError, match="pincite key add"):
        policy()  # with the last key gone, the door does not stand open


def test_a_service_for_others_goes_by_its_address_or_the_names_it_was_given(
    locked: Corpus,
) -> None:
    off = Settings(store=locked.store, host="0.0.0.0", keys="off")
    client = opened(locked, policy_of(off, None))
    for host, status in [("192.168.1.5:8000", 200), ("[fe80::1]", 200), ("evil.example", 400)]:
        assert client.get("/healthz", headers={"Host": host}).status_code == status


def test_pages_of_other_sites_may_use_it_only_where_that_is_set(locked: Corpus) -> None:
    origin = "https://intranet.example"
    asked = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    preflight = asked | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    closed = opened(locked, Policy())
    problem_of(closed.post("/v1/ask", json=QUESTION, headers=asked), 403)
    problem_of(closed.options("/v1/ask", headers=preflight), 403)

    keys = open_store(locked.store).keys
    secret = add_key(keys, "page", ["ask"])
    client = opened(locked, Policy(keys=keys, cors_origins=frozenset({origin})))
    allowed = client.options("/v1/ask", headers=preflight)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == origin
    answered = client.post("/v1/ask", json=QUESTION, headers=asked | bearer(secret))
    assert answered.status_code == 200
    assert answered.headers["access-control-allow-origin"] == origin
    other = asked | bearer(secret) | {"Origin": "https://evil.example"}
    problem_of(client.post("/v1/ask", json=QUESTION, headers=other), 403)


def test_a_folder_of_other_files_gets_no_keys(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear …")
    with pytest.raises(StoreError, match="holds other files"):
        add_key(open_store(tmp_path).keys, "reader", ["ask"])
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
