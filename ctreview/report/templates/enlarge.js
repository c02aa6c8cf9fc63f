// A picture of a level, enlarged: space changes between the scans, O hides the outlines.
(() => {
  const dialog = document.getElementById("enlarged");
  if (!dialog) return;
  const stage = dialog.querySelector(".stage");
  const what = dialog.querySelector(".what");
  let pair = [], at = 0;
  const show = () => {
    const figure = pair[at];
    stage.replaceChildren(copyOfPicture(figure));
    what.textContent = figure.querySelector("figcaption").textContent;
  };
  const flip = () => { at = (at + 1) % pair.length; show(); };
  const lines = () => stage.classList.toggle("bare");
  for (const button of document.querySelectorAll(".card button")) {
    button.setAttribute("aria-haspopup", "dialog");
    button.addEventListener("click", () => {
      const both = figuresOf(button.dataset.level, button.dataset.kind);
      pair = both;
      at = both.indexOf(button.closest("figure"));
      stage.classList.remove("bare");
      show();
      dialog.showModal();
    });
  }
  dialog.querySelector('[data-do="flip"]').addEventListener("click", flip);
  dialog.querySelector('[data-do="lines"]').addEventListener("click", lines);
  dialog.addEventListener("keydown", (event) => {
    if ([" ", "ArrowLeft", "ArrowRight"].includes(event.key)) { event.preventDefault(); flip(); }
    if (event.key === "o" || event.key === "O") lines();
  });
})();
