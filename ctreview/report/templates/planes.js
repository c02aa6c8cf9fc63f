// Three planes of each scan on reduced volumes: patient's right on the left, head and front at the top.
(async () => {
  const root = document.getElementById("planes");
  if (!root || !("DecompressionStream" in window)) return;
  const data = JSON.parse(document.getElementById("planes-data").textContent);

  const bytes = async (text) => {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  };
  const summed = async (text) => {
    const values = new Uint8Array(await bytes(text));
    for (let at = 1; at < values.length; at++) values[at] += values[at - 1];
    return values;
  };
  const inverse = (m) => {  // of the 3 × 3 part of an affine, three rows of four
    const [a, b, c, , d, e, f, , g, h, i] = m;
    const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    return [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f,
      d * h - e * g, b * g - a * h, a * e - b * d].map((value) => value / det);
  };

  // index: along the array axes (head, posterior, left); point: LPS millimetres
  class Scan {
    constructor(told, box) {
      Object.assign(this, { shape: told.shape, affine: told.affine, back: inverse(told.affine), box });
      const column = (axis) => Math.hypot(...[0, 4, 8].map((row) => told.affine[row + axis]));
      this.spacing = [0, 1, 2].map(column);
      this.at = told.shape.map((size) => Math.floor(size / 2));
    }
    point(index) {
      return [0, 4, 8].map((row) => this.affine[row + 3] + index.reduce((sum, i, axis) => sum + this.affine[row + axis] * i, 0));
    }
    index(point) {
      const from = point.map((value, row) => value - this.affine[4 * row + 3]);
      return [0, 3, 6].map((row) => from.reduce((sum, value, axis) => sum + this.back[row + axis] * value, 0));
    }
    go(index) {
      this.at = index.map((value, axis) => Math.min(this.shape[axis] - 1, Math.max(0, Math.round(value))));
    }
    voxel(index) { return (index[0] * this.shape[1] + index[1]) * this.shape[2] + index[2]; }
  }
  const scans = await Promise.all(data.scans.map(async (told, at) => {
    const scan = new Scan(told, root.querySelectorAll(".scan")[at]);
    scan.grey = await summed(told.grey);
    scan.marks = await summed(told.marks);
    scan.places = await summed(told.places);
    return scan;
  }));

  // What becomes of a point of the first scan in a later one.
  const links = await Promise.all(data.links.map(async (link) =>
    link && { ...link, values: new Int16Array(await bytes(link.values)) }));
  const moved = (link, point) => {
    const [nz, ny, nx] = link.shape;
    const at = point.map((value, axis) => Math.min([nx, ny, nz][axis] - 1.001, Math.max(0, (value - link.origin[axis]) / link.step)));
    const low = at.map(Math.floor), part = at.map((value, axis) => value - low[axis]);
    const sum = [0, 0, 0];
    for (let corner = 0; corner < 8; corner++) {
      const bits = [corner & 1, (corner >> 1) & 1, corner >> 2];
      const weight = bits.reduce((product, bit, axis) => product * (bit ? part[axis] : 1 - part[axis]), 1);
      const node = ((low[2] + bits[2]) * ny + low[1] + bits[1]) * nx + low[0] + bits[0];
      for (let axis = 0; axis < 3; axis++) sum[axis] += weight * link.values[3 * node + axis] * link.unit;
    }
    return point.map((value, axis) => value + sum[axis]);
  };
  const byShare = (here, there, index) =>
    index.map((value, axis) => value / (here.shape[axis] - 1) * (there.shape[axis] - 1));
  const toFirst = (from, index) => {
    if (from === 0) return index;
    const here = scans[from], link = links[from];
    if (!link) return byShare(here, scans[0], index);
    const point = here.point(index);
    let found = point;
    for (let round = 0; round < 12; round++) {
      const there = moved(link, found);
      found = found.map((value, axis) => value + point[axis] - there[axis]);
    }
    return scans[0].index(found);
  };
  const fromFirst = (to, index) => {
    if (to === 0) return index;
    return links[to] ? scans[to].index(moved(links[to], scans[0].point(index))) : byShare(scans[0], scans[to], index);
  };

  // A view looks along an axis; its rows run along one axis (the head upwards), its columns along another.
  const VIEWS = [{ normal: 0, row: 1, column: 2 }, { normal: 1, row: 0, column: 2 }, { normal: 2, row: 0, column: 1 }];
  const LETTERS = data.letters;
  const size = (scan, axis) => scan.shape[axis] * scan.spacing[axis];
  const widest = (axis) => Math.max(...scans.map((scan) => size(scan, axis)));
  const PIXELS_PER_MM = 3;

  const chosen = () => root.querySelector('input[name="marks"]:checked').value;
  const markOf = (value) => ({ none: 0, opacity: value & 15, fate: value >> 4 })[chosen()];
  const legend = () => (chosen() === "fate" ? data.fates : data.classes);

  class Plane {
    constructor(scan, canvas, view) {
      Object.assign(this, { scan, canvas, ...view });
      canvas.width = Math.round(widest(this.column) * PIXELS_PER_MM);
      canvas.height = Math.round(widest(this.row) * PIXELS_PER_MM);
      this.left = (canvas.width - size(scan, this.column) * PIXELS_PER_MM) / 2;
      this.top = (canvas.height - size(scan, this.row) * PIXELS_PER_MM) / 2;
      this.small = document.createElement("canvas");
      this.small.width = scan.shape[this.column];
      this.small.height = scan.shape[this.row];
      canvas.setAttribute("aria-valuemax", scan.shape[this.normal]);
    }
    // Rows of coronal and sagittal pictures run from the head down, against their axis.
    flipped(row) { return this.row === 0 ? this.scan.shape[0] - 1 - row : row; }
    voxel(row, column) {
      const index = [];
      index[this.normal] = this.scan.at[this.normal];
      index[this.row] = this.flipped(row);
      index[this.column] = column;
      return this.scan.voxel(index);
    }
    draw() {
      const { scan, canvas, small } = this;
      const pen = canvas.getContext("2d"), pixels = small.getContext("2d");
      const image = pixels.createImageData(small.width, small.height);
      for (let row = 0, at = 0; row < small.height; row++) {
        for (let column = 0; column < small.width; column++, at += 4) {
          const grey = scan.grey[this.voxel(row, column)] * data.shade;
          image.data.set([grey, grey, grey, 255], at);
        }
      }
      pixels.putImageData(image, 0, 0);
      pen.fillStyle = "#000";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      const [width, height] = [size(scan, this.column), size(scan, this.row)].map((mm) => mm * PIXELS_PER_MM);
      pen.drawImage(small, this.left, this.top, width, height);
      this.outline(pen);
      this.cross(pen);
      this.letter(pen);
      const number = this.normal === 2 ? scan.at[2] + 1 : this.normal === 1 ? scan.at[1] + 1 : scan.shape[0] - scan.at[0];
      canvas.setAttribute("aria-valuenow", number);
      canvas.setAttribute("aria-valuetext", `${number} / ${scan.shape[this.normal]}`);
    }
    x(column) { return this.left + column * this.scan.spacing[this.column] * PIXELS_PER_MM; }
    y(row) { return this.top + row * this.scan.spacing[this.row] * PIXELS_PER_MM; }
    outline(pen) {
      const mark = (row, column) =>
        row < 0 || column < 0 || row >= this.small.height || column >= this.small.width ? 0
          : markOf(this.scan.marks[this.voxel(row, column)]);
      const paths = new Map();
      for (let row = 0; row <= this.small.height; row++) {
        for (let column = 0; column <= this.small.width; column++) {
          const here = mark(row, column);
          for (const [beside, x, y] of [[mark(row, column - 1), 0, 1], [mark(row - 1, column), 1, 0]]) {
            for (const value of here === beside ? [] : [here, beside]) {
              if (!value || !legend()[value]) continue;
              if (!paths.has(value)) paths.set(value, new Path2D());
              paths.get(value).moveTo(this.x(column), this.y(row));
              paths.get(value).lineTo(this.x(column + x), this.y(row + y));
            }
          }
        }
      }
      pen.lineWidth = 2.4;
      for (const [value, path] of paths) {
        pen.strokeStyle = legend()[value].colour;
        pen.setLineDash(legend()[value].dash);
        pen.stroke(path);
      }
      pen.setLineDash([]);
    }
    cross(pen) {
      const x = this.x(this.scan.at[this.column] + 0.5), y = this.y(this.flipped(this.scan.at[this.row]) + 0.5);
      pen.strokeStyle = "rgba(255, 255, 255, .75)";
      pen.lineWidth = 1.5;
      pen.beginPath();
      const gap = 18, { width, height } = this.canvas;
      for (const [x0, y0, x1, y1] of [[0, y, x - gap, y], [x + gap, y, width, y], [x, 0, x, y - gap], [x, y + gap, x, height]]) {
        pen.moveTo(x0, y0);
        pen.lineTo(x1, y1);
      }
      pen.stroke();
    }
    letter(pen) {
      const letters = LETTERS[this.normal], { width, height } = this.canvas;
      pen.font = "600 22px system-ui, sans-serif";
      pen.textBaseline = "middle";
      pen.fillStyle = "#fff";
      pen.strokeStyle = "#000";
      pen.lineWidth = 4;
      const spots = [["left", 6, height / 2], ["right", width - 6, height / 2], ["center", width / 2, 16], ["center", width / 2, height - 16]];
      spots.forEach(([align, x, y], at) => {
        pen.textAlign = align;
        pen.strokeText(letters[at], x, y);
        pen.fillText(letters[at], x, y);
      });
    }
    pick(event) {
      const box = this.canvas.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * this.canvas.width;
      const y = (event.clientY - box.top) / box.height * this.canvas.height;
      const index = [...this.scan.at];
      const row = Math.floor((y - this.top) / (this.scan.spacing[this.row] * PIXELS_PER_MM));
      index[this.row] = this.flipped(row);
      index[this.column] = Math.floor((x - this.left) / (this.scan.spacing[this.column] * PIXELS_PER_MM));
      go(scans.indexOf(this.scan), index);
    }
    // Down the list of slices: to the feet, to the back, to the left.
    step(count) {
      const index = [...this.scan.at];
      index[this.normal] += this.normal === 0 ? -count : count;
      go(scans.indexOf(this.scan), index);
    }
  }

  const planes = scans.flatMap((scan) =>
    [...scan.box.querySelectorAll("canvas")].map((canvas, at) => new Plane(scan, canvas, VIEWS[at])));
  // One scale for all planes of all scans.
  const columns = VIEWS.map((view) => `minmax(0, ${widest(view.column)}fr)`).join(" ");
  for (const row of root.querySelectorAll(".three-planes")) row.style.gridTemplateColumns = columns;
  const draw = () => {
    for (const plane of planes) plane.draw();
    scans.forEach((scan, which) => {
      const voxel = scan.voxel(scan.at), value = scan.marks[voxel];
      const said = [data.places[which][scan.places[voxel] - 1], data.classes[value & 15]?.name, data.fates[value >> 4]?.name];
      scan.box.querySelector(".readout span").textContent = said.filter(Boolean).join(", ");
    });
  };
  const go = (which, index) => {
    scans[which].go(index);
    const inFirst = toFirst(which, scans[which].at);
    scans.forEach((scan, to) => { if (to !== which) scan.go(fromFirst(to, inFirst)); });
    draw();
  };
  const KEYS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -5, PageDown: 5, Home: -1e4, End: 1e4 };
  for (const plane of planes) {
    const { canvas } = plane;
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); canvas.focus(); plane.pick(event); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons & 1) plane.pick(event); });
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas) return;  // the page scrolls until a picture was chosen
      event.preventDefault();
      plane.step(Math.sign(event.deltaY));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      if (event.key in KEYS) { event.preventDefault(); plane.step(KEYS[event.key]); }
    });
  }
  root.addEventListener("change", draw);
  root.addEventListener("keydown", (event) => {
    if (event.key === "o" || event.key === "O") nextChoice([...root.querySelectorAll('input[name="marks"]')]);
  });
  const last = scans.length - 1;
  for (const button of document.querySelectorAll("button.go")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      go(last, scans[last].index(button.dataset.point.split(" ").map(Number)));
      root.scrollIntoView();
    });
  }
  root.hidden = false;
  if (data.start) go(last, scans[last].index(data.start));
  else draw();
})();
