// One level of both scans on one another, with a border that moves, and the fate map beside it.
(() => {
  const root = document.getElementById("compare");
  if (!root) return;
  const levels = [...new Set([...document.querySelectorAll(".card button")].map((button) => button.dataset.level))];
  const layers = root.querySelector(".layers");
  const border = root.querySelector('input[type="range"]');
  const chosen = (name) => root.querySelector(`input[name="${name}"]:checked`).value;
  // Which scan lies on a side of the border: of more than two, the one that is chosen.
  const scanOn = (side, otherwise) => {
    const select = root.querySelector(`select[name="${side}"]`);
    if (!select) return otherwise;
    root.querySelector(`.tag.${side}`).textContent = select.selectedOptions[0].textContent;
    return Number(select.value);
  };
  const place = () => layers.style.setProperty("--at", `${border.value}%`);
  const show = () => {
    const level = levels[Number(chosen("level"))];
    const pictures = figuresOf(level, chosen("outlines")).map(copyOfPicture);
    for (const [side, at] of [["before", scanOn("left", 0)], ["after", scanOn("right", 1)]]) {
      layers.querySelector(`.${side}`).replaceChildren(pictures[at].cloneNode(true));
    }
    const fates = root.querySelectorAll(".fate");
    figuresOf(level, "fate").forEach((figure, at) => {
      const caption = figure.querySelector("figcaption").cloneNode(true);
      fates[at].replaceChildren(copyOfPicture(figure), caption);
    });
  };
  const drag = (event) => {
    const box = layers.getBoundingClientRect();
    border.value = 100 * (event.clientX - box.left) / box.width;
    place();
  };
  layers.addEventListener("pointerdown", (event) => { layers.setPointerCapture(event.pointerId); drag(event); });
  layers.addEventListener("pointermove", (event) => { if (event.buttons & 1) drag(event); });
  border.addEventListener("input", place);
  root.addEventListener("change", show);
  root.addEventListener("keydown", (event) => {
    if (event.key === "o" || event.key === "O") nextChoice([...root.querySelectorAll('input[name="outlines"]')]);
  });
  root.hidden = false;
  place();
  show();
})();
