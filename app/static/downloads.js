// What was read, saved as a file. A format that the result has not is made from the pages that the server has read already.

import { $, save } from "./dom.js";

const KINDS = {
  json: ["JSON", "json", "application/json"], text: ["Text", "txt", "text/plain"], markdown: ["Markdown", "md", "text/markdown"],
  html: ["HTML", "html", "text/html"], csv: ["CSV (tables)", "csv", "text/csv"], hocr: ["hOCR", "hocr.html", "text/html"],
  alto: ["ALTO", "alto.xml", "application/xml"], pdf: ["PDF with text", "pdf", "application/pdf"],
};

// Without its file, which is gone after a reload, a document has the formats that it was read with.
export function offerFormats(reading) {
  const outputs = reading.result.outputs || {};
  const offered = Object.keys(KINDS).filter((format) => ["json", "text"].includes(format) || format in outputs || reading.file);
  $("format").replaceChildren(...offered.map((format) => new Option(KINDS[format][0], format)));
}

// again(request) reads the document once more and gives its result.
export async function download(reading, format, again) {
  const [, ending, type] = KINDS[format];
  let data = { json: () => JSON.stringify(reading.result, null, 2), text: () => reading.result.text }[format]?.();
  if (data === undefined) {
    reading.result.outputs ||= {};
    reading.result.outputs[format] ??= (await again({ output: [format] })).outputs[format];
    data = reading.result.outputs[format];
  }
  if (format === "pdf") data = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  save(`${reading.name}.${ending}`, type, data);
}
