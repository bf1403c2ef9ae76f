// A thumb up or down for an answer, kept for whoever runs the service.

import { request } from "./service.js";
import { button, element, foreign } from "./text.js";

const MOST_CITATIONS = 20;

/** Ask whether an answer, or that there is none, was of help. */
export function rating(answer) {
  const node = element("p", "rating note");
  node.role = "status";
  const rate = async (helpful) => {
    node.replaceChildren("Sending…");
    try {
      await request("v1/feedback", { body: feedback(answer, helpful), quietly: true });
      node.replaceChildren("Thank you. It is kept for whoever runs this service.");
    } catch (refusal) {
      node.replaceChildren("It could not be kept: ", foreign(refusal.message), " ", ...choice());
    }
  };
  const choice = () => [
    button("Yes", () => rate(true), "plain"), button("No", () => rate(false), "plain"),
  ];
  node.append("Was this of help? ", ...choice());
  return node;
}

function feedback(answer, helpful) {
  const citations = answer.citations.slice(0, MOST_CITATIONS).map((each) => ({
    document_id: each.document_id,
    cited_text: each.cited_text,
    start_char_index: each.start_char_index,
    end_char_index: each.end_char_index,
  }));
  const { question, answered, snapshot } = answer;
  return { question, helpful, answered, snapshot, citations };
}
