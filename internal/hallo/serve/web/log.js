// What was said so far.
import { h } from './words.js';

const log = document.getElementById('log');
let last = 0;
let told = '';

/** The words that a line is said with. */
function keyOf(line) {
  if (line.who === 'bot') return `say.${line.says}`;
  return line.says === 'settings' && !line.name ? 'answer.settings-nameless' : `answer.${line.says}`;
}

function bubble(line, grouped) {
  const speaker = line.who === 'bot' ? 'bot' : 'you';
  return h('p', { class: `line ${speaker}${grouped ? ' grouped' : ''}` },
    h('span', { class: 'speaker' }, h('span', { t: speaker }), ': '),
    h('span', { t: keyOf(line), places: { domain: line.domain, name: line.name } }));
}

/** Adds what is new in a conversation, which is known by its code; returns the first new element, if there is one. */
export function hear(lines, code) {
  if (told && code !== told) forget();
  told = code;
  const fresh = lines.filter((line) => line.id > last);
  for (const line of fresh) {
    const before = log.lastElementChild;
    const grouped = before?.classList.contains(line.who === 'bot' ? 'bot' : 'you');
    log.append(bubble(line, grouped));
    last = line.id;
  }
  return fresh.length ? log.children[log.children.length - fresh.length] : null;
}

function forget() {
  log.replaceChildren();
  last = 0;
}

/** The greeting before there is a conversation, which then begins with the same line. */
export function greet() {
  forget();
  hear([{ id: 1, who: 'bot', says: 'hello' }], '');
}

