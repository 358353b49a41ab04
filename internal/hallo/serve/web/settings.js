// Who the owner is: name, words, colour and language of their page.
import { h, spoken } from './words.js';
import * as api from './api.js';
import { faultOf } from './fault.js';

const palette = { green: '#0b5c4a', blue: '#1f4e8c', plum: '#7a2e5d', brick: '#a33b20', violet: '#5b4a8a' };
const colours = Object.values(palette);

/** Black or white, whichever can be read on the colour (WCAG 2.2, relative luminance). */
function readable(colour) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff';
}

/** What was typed and not sent yet survives a reload of the page. */
const draft = {
  key: (view) => `about ${view.domain}`,
  read: (view) => JSON.parse(sessionStorage.getItem(draft.key(view)) ?? 'null'),
  keep: (view, settings) => sessionStorage.setItem(draft.key(view), JSON.stringify(settings)),
};

export function aboutYou(view, act) {
  const earlier = draft.read(view) ?? view.settings ?? {};
  const name = h('input', { id: 'owner-name', type: 'text', autocomplete: 'name', maxlength: '80', 'aria-describedby': 'owner-name-hint', on: { input: typed } });
  const bio = h('textarea', { id: 'owner-bio', rows: '3', maxlength: '2000', on: { input: typed } });
  const colour = h('input', { id: 'owner-colour', type: 'color', label: 'settings.own-colour', value: earlier.colour || colours[0], on: { input: typed } });
  name.value = earlier.name ?? '';
  bio.value = earlier.bio ?? '';
  const swatches = Object.entries(palette).map(([shade, c]) => {
    const swatch = h('button', { type: 'button', class: 'swatch', label: `colour.${shade}`, on: { click: () => { colour.value = c; colour.dispatchEvent(new Event('input')); } } });
    swatch.style.setProperty('--swatch', c);
    return swatch;
  });
  const language = ['nl', 'en'].map((l) => {
    const radio = h('input', { type: 'radio', name: 'owner-language', value: l });
    radio.checked = l === (earlier.language || spoken());
    return h('label', { class: 'choice', lang: l }, radio, { nl: 'Nederlands', en: 'English' }[l]);
  });
  const languages = h('fieldset', { id: 'owner-language', class: 'field', role: 'radiogroup', on: { change: typed } });
  const faults = { name: faultOf(name), bio: faultOf(bio), colour: faultOf(colour), language: faultOf(languages, () => languages.querySelector(':checked')) };
  faults.background = faults.colour; // is not asked for
  languages.append(h('legend', { class: 'label', t: 'settings.language' }), faults.language.words, h('div', { class: 'choices' }, ...language));
  const sign = h('span', { class: 'preview-sign', 'aria-hidden': 'true' });
  const title = h('strong');
  const words = h('span', { class: 'preview-words' });
  const preview = h('div', { class: 'preview', 'aria-hidden': 'true' }, h('div', { class: 'preview-hero' }, sign, title), words);

  function draw() {
    const shown = name.value.trim() || view.domain;
    title.textContent = shown;
    sign.textContent = [...shown][0].toUpperCase();
    words.textContent = bio.value.trim() || view.domain;
    preview.style.setProperty('--preview', colour.value);
    preview.style.setProperty('--on-preview', readable(colour.value));
    swatches.forEach((s, i) => s.setAttribute('aria-pressed', String(colours[i] === colour.value)));
  }

  function typed({ currentTarget }) {
    faults[currentTarget.id.slice('owner-'.length)].clear();
    draw();
    draft.keep(view, { name: name.value, bio: bio.value, ...chosen() });
  }

  /** Says what the server found fault with at its field. */
  function refused(type) {
    const fault = faults[/^setting-([a-z]+)/.exec(type)?.[1]];
    if (!fault) return false;
    Object.values(faults).forEach((f) => f.clear());
    fault.tell(`error.${type}`);
    return true;
  }

  const send = (settings) => act(() => api.step('settings', { settings }), refused);
  const chosen = () => ({ colour: colour.value, language: languages.querySelector(':checked').value });
  const optional = () => h('span', { class: 'optional' }, ' (', h('span', { t: 'settings.optional' }), ')');
  const form = h('form', {
    class: 'card', 'aria-labelledby': 'about-you',
    on: { submit: (event) => { event.preventDefault(); send({ name: name.value, bio: bio.value, ...chosen() }); } },
  },
  h('h2', { id: 'about-you', t: 'settings.title' }),
  h('div', { class: 'field' }, h('label', { for: 'owner-name', class: 'label', t: 'settings.name' }), faults.name.words, name,
    h('p', { id: 'owner-name-hint', class: 'hint', t: 'settings.name-hint' })),
  h('div', { class: 'field' }, h('label', { for: 'owner-bio', class: 'label' }, h('span', { t: 'settings.bio' }), optional()), faults.bio.words, bio),
  h('fieldset', { class: 'field' }, h('legend', { class: 'label', t: 'settings.colour' }), faults.colour.words, h('div', { class: 'colours' }, ...swatches, colour)),
  languages,
  h('div', { class: 'field' }, h('p', { class: 'label', 'aria-hidden': 'true', t: 'settings.preview' }), preview),
  h('div', { class: 'row' },
    h('button', { type: 'submit', class: 'button', t: 'settings.send' }),
    h('button', { type: 'button', class: 'button quiet', t: 'settings.skip', on: { click: () => send(chosen()) } })));
  draw();
  return form;
}

