// What needs no browser. Run by web_test.go with node --test.

import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { forgetCode, readTyped, takeCode } from '../src/code.js'
import { textOn } from '../src/colour.js'
import { SHORTEST, lengthOf, makePassword } from '../src/password.js'
import { languages } from '../src/words.js'

const shape = (value) => (typeof value === 'object' ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, shape(value[key])])) : typeof value)

test('both languages have all words', () => {
  assert.deepEqual(shape(languages.nl), shape(languages.en))
  for (const words of Object.values(languages)) {
    for (const word of Object.values(words)) assert.ok(word)
  }
})

test('a password that is made can be said, and holds at least 75 bits', () => {
  const seen = new Set()
  for (let i = 0; i < 200; i++) {
    const password = makePassword((array) => webcrypto.getRandomValues(array)) // older Nodes have no crypto at hand
    assert.match(password, /^([bdfghjklmnprstvz][aeiou]){3}(-([bdfghjklmnprstvz][aeiou]){3}){3}$/)
    assert.ok(lengthOf(password) >= SHORTEST)
    seen.add(password)
  }
  assert.equal(seen.size, 200)
  assert.ok(12 * Math.log2(16 * 5) >= 75)
})

test('a byte that would make the first letters likelier is passed over', () => {
  const bytes = [0, 255, 1] // b; 255 would be another a, as 256 is no multiple of 5; e
  let next = 0
  const given = (array) => {
    array[0] = bytes[next++] ?? 2
    return array
  }
  assert.equal(makePassword(given), 'befifi-fififi-fififi-fififi')
})

test('a password is measured as it is derived from, in composed characters', () => {
  assert.equal(lengthOf('e\u0301'.repeat(12)), 12)
  assert.equal(lengthOf('👩'.repeat(12)), 12)
})

test('text reads on every colour', () => {
  assert.equal(textOn('#0b5c4a'), '#ffffff')
  assert.equal(textOn('#f2b705'), '#000000')
})

/** A tab at an address, with or without a place to keep something. */
function tab(hash, kept) {
  globalThis.location = { hash, pathname: '/' }
  globalThis.history = { replaceState: (_state, _title, path) => (globalThis.location = { hash: '', pathname: path }) }
  Object.defineProperty(globalThis, 'sessionStorage', {
    configurable: true,
    get() {
      if (!kept) throw new Error('this browser keeps nothing')
      return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) }
    }
  })
}

test('the code leaves the address and stays in the tab until it is forgotten', () => {
  const kept = new Map()
  tab('#code=k7mf%2B2', kept)
  assert.deepEqual(takeCode(), ['k7mf+2'])
  assert.equal(location.hash, '')
  tab('', kept) // loaded again
  assert.deepEqual(takeCode(), ['k7mf+2'])
  forgetCode()
  assert.deepEqual(takeCode(), [])
  assert.equal(kept.size, 0)
})

test('a code is read exactly as it stands in the address, and then as a form writes it', () => {
  for (const [hash, ...codes] of [
    ['#code=open%20sesame', 'open sesame'],
    ['#code=%20outer%20', ' outer '],
    ['#code=two%0Alines', 'two\nlines'],
    ['#code=a%2Bb%2Fc%3D%3D', 'a+b/c=='],
    ['#code=a+b/c==', 'a+b/c==', 'a b/c=='], // base64 that nobody escaped
    ['#code=open+sesame%2B', 'open+sesame+', 'open sesame+'],
    ['#code=100%', '100%'], // no escape at all
    ['#code=%e9t%C3%A9', '%e9t%C3%A9'], // not UTF-8
    ['#lang=nl&code=k7mf&code=other', 'k7mf'],
    ['#decode=k7mf'],
    ['#code'],
    ['#code=']
  ]) {
    tab(hash, new Map())
    assert.deepEqual(takeCode(), codes, hash)
    if (codes.length > 0) assert.deepEqual(takeCode(), codes, `${hash}, loaded again`)
  }
})

test('a code that was typed is tried without the space that was pasted along, then as it is', () => {
  assert.deepEqual(readTyped('\u00a0k7mf '), ['k7mf', '\u00a0k7mf '])
  assert.deepEqual(readTyped('k7mf'), ['k7mf'])
  assert.deepEqual(readTyped('  '), ['  '])
  assert.deepEqual(readTyped(''), [])
})

test('where nothing can be kept, the code stays in the address', () => {
  tab('#code=k7mf')
  assert.deepEqual(takeCode(), ['k7mf'])
  assert.equal(location.hash, '#code=k7mf')
  forgetCode()
  tab('')
  assert.deepEqual(takeCode(), [])
})
