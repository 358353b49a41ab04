// What the pages ask the site for.

/** The site could not be reached, or its answer could not be read. */
export class Unreachable extends Error {}

/** @typedef {{status: number, problem: string, detail: string, body: any, retryAfter: number}} Answer problem is the last part of the problem's type, '' without one */

const TIMEOUT = 30_000 // milliseconds; above the ten seconds that a code may have to wait for its turn

/**
 * @param {string} method
 * @param {string} path
 * @param {object|Blob} [content]
 * @returns {Promise<Answer>}
 */
export async function ask(method, path, content) {
  const headers = { Accept: 'application/json' }
  let body
  if (content instanceof Blob) {
    headers['Content-Type'] = content.type
    body = content
  } else if (content) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(content)
  }
  try {
    const response = await fetch(path, { method, headers, body, cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(TIMEOUT) })
    const text = await response.text()
    const ours = (response.headers.get('Content-Type') ?? '').includes('json')
    // What stands before the site says so when it waited in vain; whether the site has done what was asked, it does not know.
    if (response.status >= 500 && !ours) throw new Error(`${response.status}, not by the site`)
    const answer = text && ours ? JSON.parse(text) : {}
    return {
      status: response.status,
      problem: response.ok ? '' : String(answer.type ?? '').split('/').pop() ?? '',
      detail: String(answer.detail ?? ''),
      body: answer,
      retryAfter: Number(response.headers.get('Retry-After') ?? 0)
    }
  } catch (error) {
    throw new Unreachable(String(error))
  }
}

/**
 * Proves with the key that it is the owner who is here. The text that is signed has the host as this browser sees it, so that nobody
 * who stands in between under another name could use it.
 * @param {import('./keyring.js').Keyring} keyring
 * @returns {Promise<Answer>} 204 if all went well
 */
export async function signIn(keyring) {
  const asked = await ask('POST', '/session/challenge')
  if (asked.status !== 200) return asked
  const { challenge } = asked.body
  const signature = await keyring.sign(`indie-site sign-in\n${location.hostname.toLowerCase()}\n${challenge}`)
  return ask('POST', '/session', { challenge, signature })
}
