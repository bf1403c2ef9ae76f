"""`POST /v1/feedback`: whether an answer was of help, kept for whoever runs the service."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, HTTPException

from index.errors import StoreError
from index.store.feedback import Feedback, FeedbackFolder, FeedbackFullError
from index.store.store import Store
from qa.service.feedback_wire import FeedbackBody, FeedbackJson
from qa.service.problems import GATE, OF_A_BODY, problem_responses

_FULL = "No more feedback is taken until whoever runs this service has looked through it."
_NOT_WRITTEN = "The feedback cannot be kept just now: its disk is full or may not be written to."

_log = logging.getLogger("pincite")


def add_feedback_route(app: FastAPI, store: Store) -> None:
    """Let answers be rated; what is said is kept in `store`."""
    folder = FeedbackFolder(store.folder)

    @app.post(
        "/v1/feedback",
        tags=["Answers"],
        summary="Rate an answer",
        status_code=HTTPStatus.CREATED,
        responses=problem_responses(*GATE, *OF_A_BODY, details={507: _FULL}),
    )
    def send_feedback(body: FeedbackBody) -> FeedbackJson:
        """Say whether an answer was of help. It is on the disk when the call returns."""
        entry = Feedback.new(
            body.question.strip(),
            helpful=body.helpful,
            answered=body.answered,
            snapshot=body.snapshot or "",
            citations=[citation.quote() for citation in body.citations],
            comment=body.comment or "",
        )
        try:
            folder.add(entry)
        except FeedbackFullError as error:
            _log.warning("%s", error)
            raise HTTPException(HTTPStatus.INSUFFICIENT_STORAGE, _FULL) from None
        except StoreError as error:
            _log.warning("Feedback was not kept: %s", error)
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE, _NOT_WRITTEN, {"Retry-After": "60"}
            ) from None
        return FeedbackJson(id=entry.id, created=entry.created)
