/** The encrypted key can be had by anybody, so a password has to withstand somebody who tries them for years. */
export const SHORTEST = 12 // characters

/** @param {string} password */
export const lengthOf = (password) => [...password.normalize('NFKC')].length

const CONSONANTS = 'bdfghjklmnprstvz'
const VOWELS = 'aeiou'
const WORDS = 4
const SYLLABLES = 3

/**
 * Makes a password that can be said and written down: 4 words of 3 syllables. Each syllable is one of 80, so that it holds 12 × log₂ 80 = 75.8 bits.
 * @param {(array: Uint8Array) => Uint8Array} [random]
 */
export function makePassword(random = (array) => crypto.getRandomValues(array)) {
  const below = (limit) => {
    const byte = new Uint8Array(1)
    do random(byte)
    while (byte[0] >= 256 - (256 % limit)) // or the first few would come more often
    return byte[0] % limit
  }
  const syllable = () => CONSONANTS[below(CONSONANTS.length)] + VOWELS[below(VOWELS.length)]
  const word = () => Array.from({ length: SYLLABLES }, syllable).join('')
  return Array.from({ length: WORDS }, word).join('-')
}
