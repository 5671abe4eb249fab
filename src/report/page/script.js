(() => {
  "use strict";
  const tip = document.getElementById("tip");
  let shown = null;
  const hide = () => {
    if (shown) shown.classList.remove("on");
    shown = null;
    tip.hidden = true;
  };
  const show = (point) => {
    if (shown === point) return;
    hide();
    shown = point;
    point.classList.add("on");
    tip.textContent = point.getAttribute("aria-label");
    tip.hidden = false;
    const at = point.lastElementChild.getBoundingClientRect();
    const box = tip.getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const left = Math.min(Math.max(8, at.left + at.width / 2 - box.width / 2), wide - box.width - 8);
    const above = at.top - box.height - 10;
    tip.style.left = left + "px";
    tip.style.top = (above > 4 ? above : at.bottom + 10) + "px";
  };
  const nearest = (panel, x, y) => {
    let best = null, least = 26 * 26;
    for (const point of panel.querySelectorAll(".p")) {
      const box = point.lastElementChild.getBoundingClientRect();
      const away = (box.left + box.width / 2 - x) ** 2 + (box.top + box.height / 2 - y) ** 2;
      if (away < least) { least = away; best = point; }
    }
    return best;
  };
  // A plot is one stop of the Tab key; the arrow keys go from point to point.
  for (const panel of document.querySelectorAll(".panel")) {
    const points = [...panel.querySelectorAll(".p")];
    points.forEach((point, index) => {
      const title = point.querySelector("title");
      point.setAttribute("aria-label", title.textContent);
      title.remove();
      point.setAttribute("tabindex", index ? "-1" : "0");
    });
    const go = (from, to) => {
      if (!points[to] || from === to) return;
      points[from].setAttribute("tabindex", "-1");
      points[to].setAttribute("tabindex", "0");
      points[to].focus();
    };
    panel.addEventListener("keydown", (event) => {
      const from = points.indexOf(document.activeElement);
      if (from < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      const to = { ArrowRight: from + 1, ArrowDown: from + 1, ArrowLeft: from - 1, ArrowUp: from - 1, Home: 0, End: points.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(from, to);
    });
    const point = (event) => {
      const found = nearest(panel, event.clientX, event.clientY);
      if (found) show(found); else hide();
    };
    panel.addEventListener("pointermove", point);
    panel.addEventListener("pointerdown", point);
    panel.addEventListener("pointerleave", hide);
    panel.addEventListener("focusin", (event) => { if (points.includes(event.target)) show(event.target); });
    panel.addEventListener("focusout", hide);
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", hide, { passive: true });
  const choice = document.getElementById("curve-choice");
  if (choice) {
    const choose = () => {
      for (const figure of document.querySelectorAll("[data-choice]")) figure.hidden = figure.dataset.choice !== choice.value;
    };
    choice.closest("p").hidden = false;
    choice.addEventListener("change", choose);
    choose();
  }
})();
