"""The routes that answer a question and verify an answer."""

from fastapi import FastAPI
from fastapi.responses import Response

from qa.formats.answer import AnswerJson, answer_json
from qa.formats.verdicts import VerificationJson
from qa.service.ask_wire import AskBody, VerifyBody
from qa.service.asking import Asking
from qa.service.direct import JSON, worked_off_by
from qa.service.openapi import answered_with, asked_with
from qa.service.problems import GATE, OF_A_BODY, problem_responses
from qa.service.work_queue import WorkQueue
from qa.verify.checking import verify
from qa.verify.relocation import SnapshotDocuments


def add_answer_routes(app: FastAPI, asking: Asking, queue: WorkQueue) -> None:
    """Add `/v1/ask` and `/v1/verify`, whose work is done in turn."""
    router = worked_off_by(queue)

    @router.post(
        "/v1/ask",
        tags=["Answers"],
        summary="Ask a question",
        response_model=AnswerJson,
        openapi_extra=asked_with("question", "filtered_question"),
        responses={
            200: answered_with("The answer, or that there is none.", "answer", "abstention"),
            **problem_responses(*GATE, *OF_A_BODY),
        },
    )
    def ask(body: AskBody) -> Response:
        """Answer a question from the documents, or abstain.

        The answer is made of sentences of the documents, each cited with its place. Where the
        documents do not seem to hold one, `answered` is false, `answer` null, and the nearest
        passages are returned all the same. The same question gets the same answer until the
        documents change (`snapshot`).
        """
        answer = asking.ask(body.question, body.top_k, explain=body.explain, filters=body.filters)
        return Response(answer_json(answer), media_type=JSON)

    @router.post(
        "/v1/verify",
        tags=["Answers"],
        summary="Verify an answer",
        operation_id="verify",
        response_model=VerificationJson,
        openapi_extra=asked_with("answer", "citations"),
        responses={
            200: answered_with("What holds, and what does not.", "verification"),
            **problem_responses(
                *GATE, *OF_A_BODY, details={422: "body.citations.0.cited_text: Field required."}
            ),
        },
    )
    def check(body: VerifyBody) -> Response:
        """Tell whether an answer holds in the documents that the service answers from.

        Send an answer as it came from `/v1/ask`, or `citations` by themselves: all words are
        looked up again. Of what is lost, it tells what is there now instead.
        """
        snapshot = asking.live.current().snapshot
        found = verify(body, SnapshotDocuments(snapshot))
        return Response(VerificationJson.of(found).model_dump_json(), media_type=JSON)

    app.router.routes += router.routes
