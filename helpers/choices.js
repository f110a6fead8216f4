// Shows HTML whose buttons hold a number, and tells the kernel which is pressed. They are one stop of the Tab key, and
// the arrow keys, Home and End go from one to the next, as in a toolbar.

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function render({ model, el }) {
  let at = 0;
  const buttons = () => [...el.querySelectorAll("button[data-choice]")];
  const go = (to) => buttons().forEach((button, place) => (button.tabIndex = place === to ? 0 : -1));
  const show = () => {
    const held = el.contains(document.activeElement) ? document.activeElement.dataset.choice : undefined;
    el.innerHTML = model.get("value");
    const same = held === undefined ? -1 : buttons().findIndex((button) => button.dataset.choice === held);
    at = same >= 0 ? same : Math.max(0, Math.min(at, buttons().length - 1));
    go(at);
    if (held !== undefined) buttons()[at]?.focus();
  };
  el.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-choice]");
    if (!button) return;
    at = Math.max(0, buttons().findIndex((other) => other.dataset.choice === button.dataset.choice));
    go(at);
    buttons()[at].focus();
    model.send({ choice: button.dataset.choice });
  });
  el.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS) || !event.target.matches("[data-choice]")) return;
    at = Math.max(0, Math.min(at + STEPS[event.key], buttons().length - 1));
    go(at);
    buttons()[at].focus();
    event.preventDefault();
  });
  model.on("change:value", show);
  show();
}

export default { render };
