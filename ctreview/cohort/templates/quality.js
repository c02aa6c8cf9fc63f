"use strict";
(() => {
  const all = [...document.querySelectorAll(".tile")];
  const main = document.getElementById("tiles");
  const decides = document.body.dataset.decides === "yes";
  const [show, sort, find] = ["show", "sort", "find"].map((name) => document.getElementById(name));
  const words = new Map(all.map((tile) => [tile, tile.textContent.toLowerCase()]));
  let here = null;

  const seen = () => [...main.children].filter((tile) => !tile.hidden);

  function go(tile) {
    if (!tile) return;
    if (here) here.classList.remove("here");
    here = tile;
    tile.classList.add("here");
    tile.scrollIntoView({ block: "nearest" });
    tile.focus({ preventScroll: true });
  }

  function step(by) {
    const tiles = seen();
    const place = tiles.indexOf(here);
    go(tiles[place < 0 ? 0 : Math.min(Math.max(place + by, 0), tiles.length - 1)]);
  }

  function nextOpen() {
    const tiles = seen();
    const place = tiles.indexOf(here);
    const turned = [...tiles.slice(place + 1), ...tiles.slice(0, place + 1)];
    go(turned.find((tile) => tile.dataset.decision === "open" && tile !== here));
  }

  function shown(tile) {
    const wanted = show.value;
    const fits = {
      "": true,
      failed: tile.dataset.status !== "done",
      flagged: tile.dataset.checks !== "0",
    }[wanted] ?? tile.dataset.decision === wanted;
    return fits && words.get(tile).includes(find.value.trim().toLowerCase());
  }

  function filter() {
    for (const tile of all) tile.hidden = !shown(tile);
    count();
  }

  function value(tile, by) {
    const said = tile.dataset[by];
    if (by === "name" || by === "verdict") return said;
    return said === "" ? Infinity : Number(said) * (by === "checks" ? -1 : 1);
  }

  function order() {
    const by = sort.value;
    const sorted = [...all].sort((one, other) => {
      const [a, b] = [value(one, by), value(other, by)];
      return a < b ? -1 : a > b ? 1 : one.dataset.place - other.dataset.place;
    });
    main.append(...sorted);
  }

  function count() {
    const left = all.filter((tile) => tile.dataset.decision === "open").length;
    document.getElementById("count").textContent = `${seen().length} of ${all.length} shown, ${left} to decide`;
  }

  function mark(tile, decision) {
    tile.dataset.decision = decision;
    tile.querySelector(".decision").textContent = decision === "open" ? "" : decision;
  }

  async function decide(tile, decision) {
    const comment = tile.querySelector("textarea").value;
    const sent = { place: Number(tile.dataset.place), decision, comment };
    const said = tile.querySelector(".decision");
    try {
      const answer = await fetch("decisions", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(sent),
      });
      if (!answer.ok) throw new Error(await answer.text());
      mark(tile, decision);
    } catch (error) {
      said.textContent = `not kept: ${error.message}`;
    }
    count();
  }

  for (const tile of all) mark(tile, tile.dataset.decision);
  for (const control of [show, find]) control.addEventListener("input", filter);
  sort.addEventListener("input", order);
  document.getElementById("outlines").addEventListener("input", (event) =>
    document.body.classList.toggle("plain", !event.target.checked));

  main.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (tile && !event.target.closest("textarea")) go(tile);
    const wanted = event.target.dataset.decide;
    if (wanted) decide(tile, wanted);
  });
  main.addEventListener("change", (event) => {
    const tile = event.target.closest(".tile");
    if (event.target.matches("textarea") && tile.dataset.decision !== "open") decide(tile, tile.dataset.decision);
  });

  const keys = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1), n: nextOpen,
    o: () => document.getElementById("outlines").click(),
    "/": () => find.focus(),
  };
  const deciding = {
    a: () => decide(here, "accepted"), r: () => decide(here, "rejected"), u: () => decide(here, "open"),
    c: () => here.querySelector("textarea").focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { document.activeElement.blur(); if (here) go(here); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("textarea, input, select")) return;
    const act = keys[event.key] ?? (decides && here ? deciding[event.key] : undefined);
    if (act) { event.preventDefault(); act(); }
  });
  count();
})();
