import { words } from './words.js'
import { Unreachable } from './site.js'

/**
 * @param {string} id
 * @returns {any} an element of any kind
 */
export const $ = (id) => document.getElementById(id)

/** Says what is going on; it is read out too. */
export function say(text, tone = 'calm') {
  const progress = $('progress')
  progress.textContent = text
  progress.dataset.tone = tone
}

/**
 * Shows an error at a field, or takes it away.
 * @param {string} id
 * @param {string} [text]
 */
export function complain(id, text = '') {
  const line = $(`${id}-error`)
  line.textContent = text
  line.hidden = !text
  if (text) $(id).setAttribute('aria-invalid', 'true')
  else $(id).removeAttribute('aria-invalid')
}

/**
 * Shows every error, and brings the person to the first.
 * @param {Record<string, string>} errors by field, '' for none
 * @returns {boolean} whether there were none
 */
export function check(errors) {
  for (const [id, text] of Object.entries(errors)) complain(id, text)
  const first = Object.keys(errors).find((id) => errors[id])
  if (first) $(first).focus()
  return !first
}

/**
 * Runs the task when the form is sent, once at a time. The browser itself never sends it anywhere.
 * @param {() => Promise<void>} task
 */
export function onSubmit(task) {
  const form = $('form')
  const submit = $('submit')
  let busy = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (busy) return
    busy = true
    submit.setAttribute('aria-disabled', 'true')
    form.setAttribute('aria-busy', 'true')
    try {
      await task()
    } catch (error) {
      console.error(error)
      say(error instanceof Unreachable ? words.unreachable : words.noCrypto, 'bad')
    } finally {
      busy = false
      submit.removeAttribute('aria-disabled')
      form.removeAttribute('aria-busy')
    }
  })
  form.hidden = false
  $('needs').remove()
}

/**
 * A button that shows the passwords and hides them again.
 * @param {...string} ids of the fields
 * @returns {(visible: boolean) => void}
 */
export function showButton(...ids) {
  const button = $('show')
  let shown = false
  const set = (visible) => {
    shown = visible
    for (const id of ids) $(id).type = visible ? 'text' : 'password'
    button.textContent = visible ? words.hide : words.show
  }
  button.addEventListener('click', () => set(!shown))
  return set
}

/**
 * What to say of an answer that is none of the expected ones.
 * @param {import('./site.js').Answer} answer
 */
export function unexpected({ status, problem }) {
  if (WRONG_HOST.includes(problem)) return words.wrongHost
  return status === 503 || status === 429 ? words.busy : words.failed
}

// The password has opened the key by then, and the challenge is fresh: what is left is that the site sees another host than the browser.
const WRONG_HOST = ['wrong-signature', 'too-many-wrong-signatures']
