// The sign-up code, with which an onboarder sends people here in the address: https://alice.gent/#code=…

import { drop, keep, kept } from './tab.js'

const CODE = 'sign-up code'

/**
 * Takes the code out of the address bar, where somebody else could read it, and keeps it in this tab for the case that the page is loaded again.
 * A browser that lets no page keep anything leaves it where it is.
 * @returns {string[]} what the code may be, the likeliest first; none while none has arrived
 */
export function takeCode() {
  const arrived = /^#(?:.*?&)?code=([^&]*)/.exec(location.hash)?.[1] ?? ''
  if (arrived && !keep(CODE, arrived)) return readArrived(arrived)
  if (location.hash) history.replaceState(null, '', location.pathname)
  return readArrived(kept(CODE))
}

/**
 * A fragment is percent-encoded (RFC 3986), in which a plus is a plus, as codes in base64 have them; forms write one for a space.
 * @param {string} text as it stands in the address
 */
const readArrived = (text) => distinct(decode(text), decode(text.replaceAll('+', ' ')))

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // it was never encoded
  }
}

/**
 * Outer space that was typed has most often been copied along, and each wrong code counts: so it is left off at first.
 * @param {string} text as it was typed
 * @returns {string[]} what the code may be, the likeliest first
 */
export const readTyped = (text) => distinct(text.trim(), text)

/** @param {...string} texts */
const distinct = (...texts) => [...new Set(texts)].filter(Boolean)

/** The code has done its work, or is none. */
export const forgetCode = () => drop(CODE)
