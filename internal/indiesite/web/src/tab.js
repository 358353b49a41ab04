// What a page keeps in its tab for the next one: until the tab is closed, and for nobody else. Not every browser lets a page keep anything.

/**
 * @param {string} name
 * @param {string} text
 * @returns {boolean} whether it is kept
 */
export function keep(name, text) {
  try {
    sessionStorage.setItem(name, text)
    return true
  } catch {
    return false
  }
}

/**
 * @param {string} name
 * @returns {string} '' for what was not kept
 */
export function kept(name) {
  try {
    return sessionStorage.getItem(name) ?? ''
  } catch {
    return ''
  }
}

/** @param {string} name */
export function drop(name) {
  try {
    sessionStorage.removeItem(name)
  } catch {
    // Then it was never kept.
  }
}
