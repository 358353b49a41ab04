// Choosing a name, with ✓ or ✗ as it is typed.
import { h, show } from './words.js';
import * as api from './api.js';

const pause = 350; // ms after the last key

/** What was typed, as a name can be written: "José Peeters" is jose-peeters. */
export function plain(typed, suffix) {
  let name = typed.trim().toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  if (name.endsWith(`.${suffix}`)) name = name.slice(0, -suffix.length - 1);
  return name.replace(/\s+/g, '-');
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function chooseName(first, act) {
  const suffixes = document.documentElement.dataset.suffixes.split(' ');
  const input = h('input', {
    id: 'name', type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', inputmode: 'url', enterkeyhint: 'go',
    maxlength: '80', 'aria-describedby': 'verdict', 'data-focus': true, on: { input: typed },
  });
  const ending = suffixes.length > 1
    ? h('select', { label: 'name.suffix', on: { change: typed } }, ...suffixes.map((s) => h('option', { value: s }, `.${s}`)))
    : h('span', { class: 'suffix' }, `.${suffixes[0]}`);
  const mark = h('span', { class: 'mark', 'aria-hidden': 'true' });
  const words = h('span', { t: 'name.hint' });
  const verdict = h('p', { id: 'verdict', class: 'verdict', role: 'status' }, mark, words);
  const again = h('button', { type: 'button', class: 'button link', hidden: true, t: 'check.again', on: { click: ask } });
  const order = h('button', { type: 'submit', class: 'button', disabled: true, t: 'name.order-none' });
  const form = h('form', { class: 'card', on: { submit } },
    h('label', { for: 'name', class: 'label', t: 'name.label' }),
    h('div', { class: 'name-field' }, input, ending), verdict, again, order);
  let timer, running, free, said;

  const suffix = () => (suffixes.length > 1 ? ending.value : suffixes[0]);

  function judge(state, domain) {
    free = state === 'free' ? domain : undefined;
    verdict.dataset.state = state;
    mark.textContent = { free: '✓', taken: '✗', 'no-name': '✗', asking: '…' }[state] ?? '';
    show(words, state ? `check.${state}` : 'name.hint', { domain });
    input.setAttribute('aria-invalid', String(state === 'taken' || state === 'no-name'));
    again.hidden = !['unsure', 'offline', 'too-fast'].includes(state);
    order.disabled = !free;
    show(order, free ? 'name.order' : 'name.order-none', { domain });
  }

  function typed() {
    clearTimeout(timer);
    running?.abort();
    const name = plain(input.value, suffix());
    if (!name) return judge('');
    // A hyphen at the end is most often on its way to becoming more.
    if (!label.test(name)) return judge(/^[a-z0-9-]+-$/.test(name) && !name.startsWith('-') ? '' : 'no-name');
    judge('asking', `${name}.${suffix()}`);
    timer = setTimeout(ask, pause);
  }

  async function ask() {
    clearTimeout(timer);
    const name = plain(input.value, suffix());
    if (!label.test(name)) return judge(name ? 'no-name' : '');
    const domain = `${name}.${suffix()}`;
    running?.abort();
    const mine = running = new AbortController();
    judge('asking', domain);
    try {
      const answer = await api.check(domain, mine.signal);
      if (mine === running) judge(answer.state, domain);
    } catch (error) {
      if (error.name === 'AbortError' || mine !== running) return;
      judge(['too-fast', 'offline'].includes(error.type) ? error.type : 'unsure', domain);
    }
  }

  function submit(event) {
    event.preventDefault();
    const domain = free;
    if (!domain) return ask();
    order.disabled = true;
    act(() => api.step('order', { domain })).finally(() => { order.disabled = !free; });
  }

  /** What was free may be gone by now, as Hallobot has just said. */
  function update(view) {
    const newest = view.lines.at(-1).id;
    if (said && said !== newest && free) ask();
    said = newest;
  }

  update(first);
  return { element: form, update };
}
