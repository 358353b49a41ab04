// What the page asks of its server. A conversation is known by a cookie that no
// script can read.

/** An answer other than the one that was hoped for; type is one of the page's words. */
export class Trouble extends Error {
  constructor(type) {
    super(type);
    this.type = type;
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Trouble('offline');
  }
  if (response.status === 204) return null;
  if (response.status === 429) throw new Trouble('too-fast');
  const document = await response.json().catch(() => ({}));
  if (!response.ok) throw new Trouble(document.type ?? 'internal');
  return document;
}

const post = (path, body = {}) => ask(path, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
});

/** This browser's conversation, or null. */
export const look = () => ask('/conversation');
/** Begins one. */
export const begin = (language) => post('/conversation', { language });
/** Goes on with it. */
export const step = (name, body) => post(`/conversation/${name}`, body);
/** Asks whether a name can be had. */
export const check = (name, signal) => ask(`/name/${encodeURIComponent(name)}`, { signal });
