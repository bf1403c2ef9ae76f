"""Pages over HTTP: of a SOURCE's file and of an upload, with marks, and clear errors."""

import io

from PIL import Image

from tests.pdf_writing import lines, write_pdf
from tests.service.conftest import Corpus

REPORT = write_pdf(
    [
        lines(72, 700, "The report tells of the clinic. It opens at eight on weekdays."),
        lines(72, 700, "Parking is free behind the clinic."),
    ]
)


def test_a_page_of_a_file_is_shown_with_its_marks(corpus: Corpus) -> None:
    (corpus.files / "report.pdf").write_bytes(REPORT)
    corpus.index()
    with corpus.client() as client:
        (listed,) = client.get("/v1/documents").json()["documents"]
        path = f"/v1/documents/{listed['id']}/pages"
        answer = client.get(f"{path}/2?width=306&format=png")
        assert answer.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(answer.content)).size == (306, 396)
        text = client.get(f"/v1/documents/{listed['id']}").json()["text"]
        start = text.index("Parking")
        marks = client.get(f"{path}/2/marks?start={start}&end={len(text)}").json()
        assert marks["marked"] == 1
        (edges,) = marks["rectangles"]
        assert 60 < edges["left"] < 80
        assert 80 < edges["top"] < 792 - 700 < edges["bottom"] < 100
        elsewhere = client.get(f"{path}/1/marks?start={start}&end={len(text)}").json()
        assert elsewhere["rectangles"] == []

        for wrong, status, message in (
            (f"{path}/3", 404, "no page 3; it has 2"),
            (f"{path}/0", 422, "greater than or equal to 1"),
            (f"{path}/1?width=9", 422, "greater than or equal to 50"),
            (f"{path}/1?format=gif", 422, "webp"),
            (f"{path}/1/marks?start=-1&end=2", 422, "start"),
            ("/v1/documents/no-such/pages/1", 404, "no document of that id"),
        ):
            problem = client.get(wrong)
            assert problem.status_code == status
            assert message in problem.json()["detail"]

        (corpus.files / "report.pdf").write_bytes(REPORT + b"\n% changed")
        lost = client.get(f"{path}/1?width=200")
        assert lost.status_code == 410
        assert "changed since it was indexed" in lost.json()["detail"]


def test_a_page_of_an_upload_is_shown_until_it_is_removed(corpus: Corpus) -> None:
    corpus.write("notes.txt", "The clinic opens at eight.\n")
    corpus.index()
    with corpus.uploading() as client:
        sent = client.put(
            "/v1/documents/report", content=REPORT, headers={"Content-Type": "application/pdf"}
        )
        assert sent.status_code == 201
        shown = client.get("/v1/documents/report/pages/1")
        assert shown.headers["content-type"] == "image/webp"
        assert Image.open(io.BytesIO(shown.content)).width == 1000
        marks = client.get("/v1/documents/report/pages/1/marks?start=0&end=32").json()
        assert marks["marked"] == 1
        assert client.delete("/v1/documents/report").status_code == 204
        assert client.get("/v1/documents/report/pages/1").status_code == 404
        (notes,) = client.get("/v1/documents").json()["documents"]
        no_pages = client.get(f"/v1/documents/{notes['id']}/pages/1")
        assert no_pages.status_code == 404
        assert "Only PDF documents" in no_pages.json()["detail"]
