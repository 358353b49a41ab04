// What the person can answer, in each phase of the conversation.
import { h, show, spoken } from './words.js';
import * as api from './api.js';
import { chooseName } from './name.js';
import { work } from './work.js';

const still = () => {};
const button = (key, click, { kind = '', places, focus } = {}) => h('button', {
  type: 'button', class: `button ${kind}`, t: key, places, 'data-focus': focus, on: { click },
});

function start(_, act) {
  return { element: button('start.button', () => act(() => api.begin(spoken())), { kind: 'big' }), update: still };
}

/** The secret code, with a way to copy it. */
function codeCard(code) {
  const words = code.split('-');
  const half = Math.ceil(words.length / 2);
  const value = h('output', { class: 'code', 'aria-labelledby': 'code-label' },
    h('span', {}, words.slice(0, half).join('-') + (words.length > half ? '-' : '')), h('span', {}, words.slice(half).join('-')));
  const copy = button('code.copy', async () => {
    try {
      await navigator.clipboard.writeText(code);
      show(copy, 'code.copied');
    } catch {
      getSelection().selectAllChildren(value);
      show(copy, 'code.select');
    }
  }, { kind: 'quiet' });
  copy.setAttribute('aria-live', 'polite');
  return h('div', { class: 'code-card' }, h('p', { id: 'code-label', class: 'label', t: 'code.label' }), value, copy);
}

function keep(view, act) {
  return {
    element: h('div', { class: 'card' }, codeCard(view.code),
      button('code.kept', () => act(() => api.step('kept')), { focus: true })),
    update: still,
  };
}

function failed(view, act) {
  const another = view.mayStand ? null : button('failed.another', () => act(() => api.step('another')), { kind: 'quiet' });
  return {
    element: h('div', { class: 'card row' },
      button('failed.again', () => act(() => api.step('again')), { places: { domain: view.domain }, focus: true }), another),
    update: still,
  };
}

function stranded(_, act) {
  return {
    element: h('div', { class: 'card row' },
      button('stranded.again', () => act(() => api.step('again')), { focus: true }),
      button('stranded.begin', () => act(() => api.begin(spoken())), { kind: 'quiet' })),
    update: still,
  };
}

function ready(view, act) {
  return {
    element: h('div', { class: 'card ready' },
      h('a', { class: 'button big', href: view.link, rel: 'noreferrer', 'data-focus': true, t: 'ready.go', places: { domain: view.domain } }),
      h('p', { class: 'hint', t: 'ready.hint' }),
      h('details', {}, h('summary', { t: 'code.show' }), codeCard(view.code)),
      button('ready.another', () => act(() => api.begin(spoken())), { kind: 'link' })),
    update: still,
  };
}

const makers = {
  start, 'keeping-code': keep, choosing: chooseName, ordering: work, waiting: work, arrived: work, introducing: work, ready, failed, stranded,
};

export const answerFor = {
  /** Two views of one kind show the same element, which is brought up to date. */
  kind(view) {
    if (!view) return 'start';
    if (makers[view.phase] === work) return `work ${view.domain}`;
    return `${view.phase} ${view.code} ${view.mayStand ?? ''}`;
  },
  make(view, act) {
    return makers[view ? view.phase : 'start'](view, act);
  },
};
