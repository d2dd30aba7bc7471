// @ts-check

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Finds the one element that the page must have.
 *
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type what it must be, e.g. HTMLInputElement
 * @param {ParentNode} [root]
 * @returns {T}
 * @throws {Error} if it is absent or of another type: the page and its script do not fit together
 */
export function find(selector, type, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} at "${selector}".`);
  return found;
}

/**
 * Makes an element. Strings among the children become text nodes, never markup, so what a server
 * sent can be passed as it is.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Makes one of the icons that index.html defines. It is hidden from assistive technology: text
 * beside it says the same.
 *
 * @param {"check" | "cross" | "wait" | "retry" | "off" | "alert" | "send" | "answer" | "chevron"} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svgNamespace, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}
