// What the scripts of the pictures share.
"use strict";
const figuresOf = (level, kind) =>
  [...document.querySelectorAll(`.card button[data-level="${level}"][data-kind="${kind}"]`)]
    .map((button) => button.closest("figure"));
const copyOfPicture = (figure) => {
  const copy = figure.querySelector("svg").cloneNode(true);
  for (const image of copy.querySelectorAll("image")) image.removeAttribute("id");
  return copy;
};
// O steps through the choices of outlines, wherever no text is typed.
const nextChoice = (radios) => {
  const next = radios[(radios.findIndex((radio) => radio.checked) + 1) % radios.length];
  next.checked = true;
  next.dispatchEvent(new Event("change", { bubbles: true }));
};
