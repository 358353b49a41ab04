// Hallobot: shows the conversation, and asks its server how it goes on.
import { known, loadWords, speak, spoken, show } from './words.js';
import * as api from './api.js';
import { greet, hear } from './log.js';
import { answerFor } from './answers.js';

const busyPhases = ['ordering', 'waiting', 'introducing'];
const area = document.getElementById('answer');
const trouble = document.getElementById('trouble');
let current = { kind: '', update() {} };
let timer;
let acts = 0; // what was asked before the person did something is out of date

/** Shows a conversation; acted is true after something the person did. */
function render(view, acted) {
  if (!view && current.kind !== 'start') greet();
  const news = view ? hear(view.lines, view.code) : null;
  const kind = answerFor.kind(view);
  const held = area.contains(document.activeElement);
  if (kind !== current.kind) {
    area.parentElement.classList.toggle('greeting', kind === 'start');
    current = { kind, ...answerFor.make(view, act) };
    area.replaceChildren(current.element);
    if (acted || held) area.querySelector('[data-focus]')?.focus({ preventScroll: true });
  } else {
    current.update(view);
    // What had the focus may be gone with what it asked for.
    if (held && !area.contains(document.activeElement)) area.querySelector('[data-focus]')?.focus({ preventScroll: true });
  }
  const typing = document.activeElement?.matches('input, textarea, select'); // who types is left in peace
  if (acted || (news && !typing)) scroll(news ?? document.getElementById('log').lastElementChild);
  clearTimeout(timer);
  if (view && busyPhases.includes(view.phase)) timer = setTimeout(refresh, document.hidden ? 10000 : 1200);
}

/** Shows all that can be answered now, or if that is too tall, what is new from its beginning. */
function scroll(from) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const tall = area.getBoundingClientRect().bottom - from.getBoundingClientRect().top > innerHeight - 32;
  (tall ? from : area).scrollIntoView({ block: tall ? 'start' : 'end', behavior: calm ? 'auto' : 'smooth' });
}

/** Does something for the person, and shows what came of it or why nothing did; below, unless `refused` has said it where it belongs. */
async function act(action, refused = () => false) {
  acts++;
  area.setAttribute('aria-busy', 'true');
  try {
    const view = await action();
    acts++;
    tell();
    render(view, true);
  } catch (error) {
    tell(refused(error.type) ? '' : error.type ?? 'internal');
    if (['unknown', 'not-now', 'order-open'].includes(error.type)) await refresh();
  } finally {
    area.removeAttribute('aria-busy');
  }
}

function tell(type) {
  trouble.hidden = !type;
  if (type) show(trouble, known(`error.${type}`) ? `error.${type}` : 'error.internal');
}

function reached() {
  if (trouble.dataset.t === 'error.offline') tell();
}

async function refresh() {
  const asked = acts;
  try {
    const view = await api.look();
    if (asked !== acts) {
      clearTimeout(timer);
      timer = setTimeout(refresh, 1200);
      return;
    }
    reached();
    render(view);
  } catch (error) {
    tell(error.type ?? 'internal');
    timer = setTimeout(refresh, 4000);
  }
}

let wanted;

async function change(language) {
  wanted = language;
  try {
    await loadWords(language);
  } catch {
    tell('offline');
    return;
  }
  if (wanted !== language) return; // the other one was chosen meanwhile
  reached();
  speak(language);
  document.cookie = `__Host-language=${language}; Path=/; Secure; SameSite=Strict; Max-Age=31536000`;
  api.step('language', { language }).catch(() => {}); // there may be no conversation yet
}

/** Comes to life; without its words it would have nothing to say. */
function start() {
  for (const button of document.querySelectorAll('[data-language]')) button.addEventListener('click', () => change(button.dataset.language));
  document.addEventListener('visibilitychange', () => { if (!document.hidden && current.kind !== 'start') refresh(); });
  addEventListener('online', refresh);
  speak(spoken());
  stuck.remove();
  refresh();
}

// Until it is removed, the style shows after a while that the page is stuck, also where no script arrives.
const stuck = document.getElementById('stuck');
loadWords(spoken()).then(start, () => {
  stuck.className += ' now';
  addEventListener('online', () => location.reload());
});
