// How documents come: chosen, dropped, pasted, photographed, or one of the samples.

import { $ } from "./dom.js";

// take(files) gets the documents.
export function intake(take) {
  for (const id of ["file", "camera"]) {
    $(id).addEventListener("change", () => { take([...$(id).files]); $(id).value = ""; });
  }
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      $("drop").classList.toggle("over", name === "dragover");
      if (name === "drop") take([...event.dataTransfer.files]);
    });
  }
  document.addEventListener("paste", (event) => take([...event.clipboardData.files]));
  for (const sample of document.querySelectorAll("[data-sample]")) {
    sample.addEventListener("click", async () => {
      const response = await fetch(sample.dataset.sample);
      const name = sample.dataset.sample.split("/").pop();
      take([new File([await response.blob()], name, { type: response.headers.get("Content-Type") })]);
    });
  }
}
