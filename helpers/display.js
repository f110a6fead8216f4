// Gives every slider handle and box in a Lab its label as accessible name; makes the spoken line a live region; keeps
// JupyterLab's one-letter shortcuts from what is typed in a Lab or a card: D D would delete its cell; says above them
// when the kernel behind them has gone.

// what a slider says where its own number is not the setting
function words(scale, now) {
  if (scale?.log) return `${+(10 ** now).toPrecision(3)}`;
  if (scale?.zero) return now ? `${now}` : scale.zero;
}

const GONE = ["restarting", "autorestarting", "terminating", "dead"]; // statuses after which a kernel knows us no more

// calls `gone` once the kernel that made these widgets has gone; a busy one, or a lost connection, is not gone
async function watch(model, gone) {
  const manager = model.widget_manager;
  const session = manager.context?.sessionContext; // JupyterLab's, and nobody else's
  const check = () => (!session?.session?.kernel || GONE.includes(session.session.kernel.status)) && gone();
  session?.statusChanged.connect(check);
  session?.kernelChanged.connect(check);
  const own = await manager.get_model(model.get("me"));
  const live = () => own.comm_live || gone();
  own.on("comm_live_update", live);
  live();
  return () => {
    session?.statusChanged.disconnect(check);
    session?.kernelChanged.disconnect(check);
    own.off("comm_live_update", live);
  };
}

function render({ model, el }) {
  el.style.display = "none";
  let observer, lab, watching;
  const gone = () => {
    if (lab?.classList.contains("lab-gone")) return;
    lab?.classList.add("lab-gone");
    el.style.display = "";
    el.innerHTML = `<p class="lab-alarm" role="alert">The kernel of these controls has gone. Run this cell again.</p>`;
  };
  const keep = (event) => {
    const { target, ctrlKey, metaKey, altKey, shiftKey, key } = event;
    if (!lab?.contains(target)) return;
    const shortcut = ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");
    target.toggleAttribute("data-lm-suppress-shortcuts", !shortcut);
    if (key === "End" && target.matches(".noUi-handle")) {  // noUiSlider goes to the first maximum it ever had
      target.closest(".noUi-target").noUiSlider.set(target.ariaValueMax);
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  const start = () => {
    lab = el.closest(".lab, .lab-card");
    if (!lab) return requestAnimationFrame(start);
    const name = () => {
      for (const row of lab.querySelectorAll(".lab-control")) {
        const label = row.querySelector(".widget-label")?.textContent;
        const handle = row.querySelector(".noUi-handle");
        const scale = model.get("scales")[label];
        const said = scale && words(scale, row.querySelector(".noUi-target").noUiSlider.get(true));
        handle?.setAttribute("aria-label", label);
        if (said && handle.ariaValueText !== said) handle.ariaValueText = said;
        row.querySelector(".lab-box input")?.setAttribute("aria-label", `${label}, typed`);
      }
      lab.querySelector(".lab-spoken")?.setAttribute("role", "status");
    };
    name();
    observer = new MutationObserver(name);
    const controls = lab.querySelector(".lab-controls") ?? lab;
    observer.observe(controls, { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] });
    watching = watch(model, gone).catch(() => () => {}); // where nobody tells of the kernel
  };
  start();
  window.addEventListener("keydown", keep, true);
  return () => {
    observer?.disconnect();
    watching?.then((stop) => stop());
    window.removeEventListener("keydown", keep, true);
  };
}

export default { render };
