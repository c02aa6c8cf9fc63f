"use strict";
(() => {
  const viewer = document.getElementById("viewer");
  const stage = viewer.querySelector(".stage");
  const what = viewer.querySelector(".what");
  let pair = [], at = 0;
  const show = () => {
    const figure = pair[at];
    stage.replaceChildren(figure.querySelector("svg").cloneNode(true));
    for (const image of stage.querySelectorAll("image")) image.removeAttribute("id");
    what.textContent = figure.querySelector("figcaption").textContent;
  };
  const flip = () => { at = 1 - at; show(); };
  const lines = () => stage.classList.toggle("bare");
  for (const button of document.querySelectorAll(".card button")) {
    button.setAttribute("aria-haspopup", "dialog");
    button.addEventListener("click", () => {
      const same = `button[data-card="${button.dataset.card}"][data-kind="${button.dataset.kind}"]`;
      const both = [...document.querySelectorAll(same)];
      pair = both.map((one) => one.closest("figure"));
      at = both.indexOf(button);
      stage.classList.remove("bare");
      show();
      viewer.showModal();
    });
  }
  viewer.querySelector('[data-do="flip"]').addEventListener("click", flip);
  viewer.querySelector('[data-do="lines"]').addEventListener("click", lines);
  viewer.addEventListener("keydown", (event) => {
    if ([" ", "ArrowLeft", "ArrowRight"].includes(event.key)) { event.preventDefault(); flip(); }
    if (event.key === "o" || event.key === "O") lines();
  });
})();
