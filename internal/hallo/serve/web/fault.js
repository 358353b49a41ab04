// What is wrong with a field, said there until the person changes it.
import { h, show } from './words.js';

/** A place for words on a field or a group of them; `focus` finds what takes the focus. */
export function faultOf(field, focus = () => field) {
  const words = h('p', { id: `${field.id}-fault`, class: 'fault', hidden: true });
  const described = field.getAttribute('aria-describedby');
  return {
    words,
    tell(key) {
      show(words, key).hidden = false;
      field.setAttribute('aria-invalid', 'true');
      field.setAttribute('aria-describedby', [words.id, described].filter(Boolean).join(' '));
      focus().focus();
    },
    clear() {
      words.hidden = true;
      field.removeAttribute('aria-invalid');
      if (described) field.setAttribute('aria-describedby', described);
      else field.removeAttribute('aria-describedby');
    },
  };
}
