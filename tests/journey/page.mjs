// How a person finds things on the page: by what they are and what they are called.

/**
 * Runs inside the page. The visible `kind` (button, field, link, option) whose name contains `name`, or null. Disabled ones count only
 * if asked for.
 */
export function findInPage(kind, name, disabled = false) {
  const selectors = {
    button: "button, [role=button], a[role=button]",
    field: "input, textarea, select",
    link: "a",
    option: "[role=radio], [role=option], input[type=radio], button",
    heading: "h1, h2, h3",
  };
  const nameOf = (element) => {
    const by = element.getAttribute("aria-labelledby");
    const labels = by
      ? by.split(/\s+/).map((id) => document.getElementById(id)?.innerText ?? "")
      : [...(element.labels ?? [])].map((label) => label.innerText);
    return [
      element.getAttribute("aria-label") ?? "",
      ...labels,
      element.innerText ?? "",
      element.title ?? "",
    ].join(" ");
  };
  const shown = (element) =>
    element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
  const wanted = name.toLowerCase();
  const all = [...document.querySelectorAll(selectors[kind])].filter(
    (element) =>
      shown(element) && (disabled || !element.disabled) && nameOf(element).toLowerCase().includes(wanted),
  );
  return all.find((element) => nameOf(element).trim().toLowerCase() === wanted) ?? all[0] ?? null;
}

/** Runs inside the page. True when no transition and no animation with an end is running. */
export function isStillInPage() {
  return document
    .getAnimations()
    .every(
      (animation) =>
        animation.playState !== "running" || animation.effect?.getTiming().iterations === Infinity,
    );
}
