// Looks whether the page has become another one, ever less often, and only while somebody sees it.

import { takeCode } from './code.js'

const OFTEN = 3_000 // milliseconds
const SELDOM = 30_000
const SLOWER = 1.3

takeCode() // for the page to come
addEventListener('hashchange', takeCode)

const note = document.getElementById('looks')
if (note) {
  note.hidden = false
  tag().then((first) => look(OFTEN, first))
}

/**
 * @param {number} wait in milliseconds
 * @param {string|null} first what the page was, if that is known
 */
async function look(wait, first) {
  await new Promise((resolve) => setTimeout(resolve, wait))
  if (document.visibilityState === 'visible') {
    const now = await tag()
    if (first && now && now !== first) return location.reload()
    first ||= now
  }
  look(Math.min(wait * SLOWER, SELDOM), first)
}

async function tag() {
  try {
    const response = await fetch('/', { method: 'HEAD', cache: 'no-store' })
    return response.ok ? response.headers.get('ETag') : null
  } catch {
    return null
  }
}
