import { textOn } from './colour.js'
import { dropDraft, keepDraft, takeDraft } from './draft.js'
import { $, check, complain, onSubmit, say, unexpected } from './form.js'
import { draw, toFile } from './picture.js'
import { ask } from './site.js'
import { drop, keep, kept as keptInTab } from './tab.js'
import { words } from './words.js'

const host = $('settings').dataset.host
const canvas = $('preview-picture')

const SAVED = 'saved'

// What is shown as the picture, what the site has, and what it was when it was chosen.
const kept = $('kept-picture')
/** @type {'kept'|'chosen'|'none'} */
let shown = kept ? 'kept' : 'none'
let siteHasOne = Boolean(kept)
let pictureChanged = false
let pictureType = ''
// How often something was changed, and how often of that when it was last saved: what somebody types meanwhile is not saved.
let changes = 0
let saved = 0
// Whether leaving this page loses nothing, as it is kept for the next one.
let draftKept = false

/**
 * @param {CSSStyleDeclaration} style
 * @param {string} colour
 */
function paint(style, colour) {
  style.setProperty('--accent', colour)
  style.setProperty('--on-accent', textOn(colour))
}

function preview() {
  const name = $('name').value.trim()
  $('preview-name').textContent = name || host
  $('preview-bio').textContent = $('bio').value.trim()
  if (kept) kept.hidden = shown !== 'kept'
  canvas.hidden = shown !== 'chosen'
  const monogram = $('preview-monogram')
  monogram.textContent = /^\p{L}/u.test(name) ? [...name][0].toUpperCase() : ''
  monogram.hidden = !monogram.textContent || shown !== 'none'
  $('remove-picture').hidden = shown === 'none'

  const style = $('preview').style
  paint(style, $('colour').value)
  $('background-field').hidden = !$('own-background').checked
  for (const name of ['--paper', '--ink']) style.removeProperty(name)
  if ($('own-background').checked) {
    style.setProperty('--paper', $('background').value)
    style.setProperty('--ink', textOn($('background').value))
  }
}

function onChange() {
  if (changes++ === saved) say(words.unsaved)
  if (draftKept) keepDraft()
  preview()
}

async function choose() {
  const [file] = $('picture').files
  $('picture').value = ''
  if (!file) return
  complain('picture')
  try {
    await draw(file, canvas)
  } catch {
    return void check({ picture: words.notPicture })
  }
  shown = 'chosen'
  pictureType = file.type
  pictureChanged = true
  onChange()
}

/** @returns {Promise<import('./site.js').Answer|undefined>} the answer if it is not as it should be */
async function savePicture() {
  if (!pictureChanged) return undefined
  const chosen = shown === 'chosen'
  if (chosen || siteHasOne) {
    const answer = chosen ? await ask('PUT', '/picture', await toFile(canvas, pictureType)) : await ask('DELETE', '/picture')
    if (answer.status !== 204) return answer
  }
  siteHasOne = chosen
  pictureChanged = false
  return undefined
}

async function save() {
  check({ picture: '', name: '', bio: '' })
  $('to-sign-in').hidden = true
  say(words.saving)
  const now = changes
  const settings = {
    name: $('name').value,
    bio: $('bio').value,
    colour: $('colour').value,
    language: $('language').value,
    ...($('own-background').checked && { background: $('background').value })
  }
  const answer = await ask('PUT', '/settings', settings)
  if (answer.status !== 204) return refused(answer)
  const pictures = await savePicture()
  if (pictures) return refused(pictures, 'picture')
  saved = now
  forgetDraft()
  paint(document.documentElement.style, settings.colour)
  if (changes !== saved) return say(words.unsaved)
  if (settings.language && settings.language !== document.documentElement.lang) {
    keep(SAVED, SAVED)
    return location.reload() // in the language that was chosen
  }
  say(words.saved, 'good')
}

function forgetDraft() {
  dropDraft()
  draftKept = false
}

/**
 * @param {import('./site.js').Answer} answer
 * @param {string} [field]
 */
function refused(answer, field) {
  if (answer.status === 401) return signInAgain()
  const named = field ?? /^settings\.(name|bio) /.exec(answer.detail)?.[1]
  if (answer.status >= 500 || answer.status === 429 || !named) return say(unexpected(answer), 'bad')
  say('')
  const reason = answer.detail.endsWith('without control characters') ? 'controls' : named
  check({ [named]: named === 'picture' ? words.pictureRefused : words.field[reason] })
}

/** The session has ended, elsewhere or of old age. */
function signInAgain() {
  draftKept = keepDraft()
  say(pictureChanged ? words.signedOutWithPicture : words.signedOut, 'bad')
  $('to-sign-in').hidden = false
  $('to-sign-in').focus()
}

async function signOut() {
  const answer = await ask('DELETE', '/session')
  if (answer.status !== 204 && answer.status !== 401) return say(unexpected(answer), 'bad')
  saved = changes
  forgetDraft()
  location.replace('/')
}

onSubmit(save)
$('form').addEventListener('input', (event) => event.target.id === 'picture' || onChange())
$('picture').addEventListener('change', choose)
$('remove-picture').addEventListener('click', () => {
  shown = 'none'
  pictureChanged = true
  onChange()
  $('picture').focus()
})
$('sign-out').addEventListener('click', () => signOut().catch(() => say(words.unreachable, 'bad')))
$('sign-out').hidden = false
addEventListener('beforeunload', (event) => changes !== saved && !draftKept && event.preventDefault())
if (keptInTab(SAVED)) {
  drop(SAVED)
  say(words.saved, 'good')
}
if (takeDraft()) {
  changes++
  say(words.restored)
}
// A page that the browser brings back after signing out is looked at again.
addEventListener('pageshow', (event) => event.persisted && location.reload())
preview()
