// The sign-up code, with which an onboarder sends people here in the address: https://alice.gent/#code=…

const CODE = 'sign-up code'

/**
 * Takes the code out of the address bar, where somebody else could read it, and keeps it in this tab for the case that the page is loaded again.
 * A browser that lets no page keep anything leaves it where it is.
 * @returns {string} '' while none has arrived
 */
export function takeCode() {
  const arrived = new URLSearchParams(location.hash.slice(1)).get('code') ?? ''
  try {
    if (arrived) sessionStorage.setItem(CODE, arrived)
    if (location.hash) history.replaceState(null, '', location.pathname)
    return sessionStorage.getItem(CODE) ?? ''
  } catch {
    return arrived
  }
}

/** The code has done its work, or is none. */
export function forgetCode() {
  try {
    sessionStorage.removeItem(CODE)
  } catch {
    // Then it was never kept.
  }
}
