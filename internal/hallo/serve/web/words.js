// The words of the page, and elements that know which words they show, so that
// the language can be changed under them.

const words = {};
let language = document.documentElement.lang;

const pauses = [500, 1500, 4000]; // ms before each further try

/** Loads the words of a language, with patience. */
export async function loadWords(l, tried = 0) {
  if (words[l]) return;
  try {
    const response = await fetch(`/assets/${l}.json`, { signal: AbortSignal.timeout(8000) });
    if (!response.ok) throw new Error(`no words: ${response.status}`);
    words[l] = await response.json();
  } catch (error) {
    if (tried === pauses.length) throw error;
    await new Promise((go) => { setTimeout(go, pauses[tried]); });
    await loadWords(l, tried + 1);
  }
}

/** The language that is spoken now, nl or en. */
export const spoken = () => language;

/** Whether there are words for a key. */
export const known = (key) => key in words[language];

/** The words for a key, with what stands in their {places}. */
export function t(key, places = {}) {
  return (words[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => places[name] ?? '');
}

/** Has an element show words, in whatever language is spoken. */
export function show(element, key, places) {
  element.dataset.t = key;
  element.dataset.places = JSON.stringify(places ?? {});
  element.textContent = t(key, places);
  return element;
}

/** Speaks a language that is loaded from now on, everywhere on the page. */
export function speak(l) {
  language = l;
  document.documentElement.lang = l;
  for (const element of document.querySelectorAll('[data-t]')) {
    element.textContent = t(element.dataset.t, JSON.parse(element.dataset.places ?? '{}'));
  }
  for (const element of document.querySelectorAll('[data-t-label]')) {
    element.setAttribute('aria-label', t(element.dataset.tLabel));
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === l));
  }
}

/** Makes an element. `t` gives it words, `label` a name that is heard, `on` listeners; the rest are attributes. */
export function h(name, { t: key, places, label, on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    element.setAttribute(attribute, value === true ? '' : value);
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  if (key) show(element, key, places);
  if (label) {
    element.dataset.tLabel = label;
    element.setAttribute('aria-label', t(label));
  }
  element.append(...children.filter((child) => child != null));
  return element;
}
