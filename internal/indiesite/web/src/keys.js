// The worker in which all cryptography happens. The password comes in and signatures go out; derived and private keys never leave it,
// and are gone with it. Parameters and sizes are those of docs/indie-site.md, "The owner's key".

/*! libsodium.js (sumo), ISC licence. 
Copyright (c) 2015-2026
Ahmad Ben Mrad <batikhsouri at gmail dot org>
Frank Denis <j at pureftpd dot org>
Ryan Lester <ryan at cyph dot com>

Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE. */

import sodium from 'libsodium-wrappers-sumo'

// RFC 9106, section 4, the second recommended choice, with the one lane that libsodium has.
const OPSLIMIT = 3
const MEMLIMIT = 64 * 1024 * 1024 // bytes
const KEY_LENGTH = 32 // bytes

/** @typedef {{derivedKeySalt: string, encryptedPrivateSigningKeyNonce: string, encryptedPrivateSigningKey: string, publicSigningKey: string}} OwnerKeys all in lower-case hex */

/** @type {Uint8Array|undefined} */
let privateKey

/**
 * @param {string} password
 * @param {Uint8Array} salt
 */
function derive(password, salt) {
  const bytes = sodium.from_string(password.normalize('NFKC'))
  try {
    return sodium.crypto_pwhash(KEY_LENGTH, bytes, salt, OPSLIMIT, MEMLIMIT, sodium.crypto_pwhash_ALG_ARGON2ID13)
  } finally {
    sodium.memzero(bytes)
  }
}

/** @param {Uint8Array} key */
function hold(key) {
  if (privateKey) sodium.memzero(privateKey)
  privateKey = key
}

const commands = {
  /**
   * Makes a signing key and encrypts it with the password.
   * @param {{password: string}} from
   * @returns {OwnerKeys}
   */
  make({ password }) {
    const salt = sodium.randombytes_buf(sodium.crypto_pwhash_SALTBYTES)
    const nonce = sodium.randombytes_buf(sodium.crypto_secretbox_NONCEBYTES)
    const pair = sodium.crypto_sign_keypair()
    const key = derive(password, salt)
    const encrypted = sodium.crypto_secretbox_easy(pair.privateKey, nonce, key)
    sodium.memzero(key)
    hold(pair.privateKey)
    return {
      derivedKeySalt: sodium.to_hex(salt),
      encryptedPrivateSigningKeyNonce: sodium.to_hex(nonce),
      encryptedPrivateSigningKey: sodium.to_hex(encrypted),
      publicSigningKey: sodium.to_hex(pair.publicKey)
    }
  },

  /**
   * Opens a signing key, and says whether the password was the right one.
   * @param {{password: string, keys: Omit<OwnerKeys, 'publicSigningKey'>}} from
   * @returns {boolean}
   */
  open({ password, keys }) {
    const encrypted = sodium.from_hex(keys.encryptedPrivateSigningKey)
    const nonce = sodium.from_hex(keys.encryptedPrivateSigningKeyNonce)
    const key = derive(password, sodium.from_hex(keys.derivedKeySalt))
    try {
      hold(sodium.crypto_secretbox_open_easy(encrypted, nonce, key))
      return true
    } catch {
      return false
    } finally {
      sodium.memzero(key)
    }
  },

  /**
   * Signs a text with the key that was made or opened before.
   * @param {{text: string}} from
   * @returns {string} in hex
   */
  sign({ text }) {
    if (!privateKey) throw new Error('there is no key to sign with')
    return sodium.to_hex(sodium.crypto_sign_detached(sodium.from_string(text), privateKey))
  }
}

self.onmessage = async ({ data }) => {
  try {
    await sodium.ready
    self.postMessage({ id: data.id, result: commands[data.command](data) })
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error) })
  }
}
