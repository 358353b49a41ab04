// While the factory is at work: how far it is, and who the owner is.
import { h, show } from './words.js';
import * as api from './api.js';
import { aboutYou } from './settings.js';

const steps = ['DomainRegistered', 'SiteAvailable', 'DNSPublished', 'CertificateIssued', 'Reachable'];

export function work(first, act) {
  const places = { domain: first.domain };
  const list = h('ul', { class: 'steps' });
  const note = h('p', { class: 'hint', hidden: true, t: 'progress.slow' });
  const again = h('button', { type: 'button', class: 'button quiet', hidden: true, t: 'progress.again', on: { click: () => act(() => api.step('again')) } });
  const progress = h('section', { class: 'card progress', 'aria-labelledby': 'how-far' },
    h('h2', { id: 'how-far', tabindex: '-1', 'data-focus': true, t: 'progress.title', places }),
    h('div', { 'aria-live': 'polite' }, list), note, again);
  const place = h('div');
  let form, shown = '';

  function draw(view) {
    const done = [];
    if (view.phase !== 'ordering') done.push('ordered');
    if (view.phase === 'waiting') done.push(...steps.filter((s) => view.reached?.includes(s)));
    if (view.phase === 'arrived' || view.phase === 'introducing') done.push('arrived');
    const next = view.phase === 'arrived' ? '' : view.phase;
    const key = [...done, next].join(' ');
    if (key === shown) return;
    shown = key;
    const kept = new Map([...list.children].map((item) => [item.dataset.step, item]));
    list.replaceChildren(...[...done.map((s) => [s, 'done']), ...(next ? [[next, 'next']] : [])].map(([s, state]) => (
      kept.get(s + state) ?? h('li', { class: state, 'data-step': s + state },
        h('span', { class: 'mark', 'aria-hidden': 'true' }, state === 'done' ? '✓' : ''), h('span', { t: `progress.${s}` })))));
  }

  function update(view) {
    draw(view);
    const stuck = Boolean(view.trouble);
    again.hidden = !stuck && !view.slow;
    show(again, stuck ? 'progress.retry' : 'progress.again');
    note.hidden = !view.slow;
    const asks = view.phase === 'arrived' || !view.settings;
    if (asks && !form) {
      form = aboutYou(view, act);
      place.replaceChildren(form);
    } else if (!asks && form) {
      form = undefined;
      place.replaceChildren();
    }
  }

  update(first);
  return { element: h('div', { class: 'stack' }, progress, place), update };
}
