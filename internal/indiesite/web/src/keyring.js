import { Unreachable } from './site.js'

/** @typedef {import('./keys.js').OwnerKeys} OwnerKeys */

/** The worker with the cryptography, seen from a page. It is loaded ahead, while somebody still types. */
export class Keyring {
  #address
  /** @type {Worker|undefined} */
  #worker
  #waiting = new Map()
  #next = 0

  /** @param {string} address of the worker's script */
  constructor(address) {
    this.#address = address
    this.#start()
  }

  #start() {
    const worker = new Worker(this.#address, { type: 'module' })
    worker.onmessage = ({ data }) => {
      const { resolve, reject } = this.#waiting.get(data.id)
      this.#waiting.delete(data.id)
      if ('error' in data) reject(new Error(data.error))
      else resolve(data.result)
    }
    // Without a message it could not be loaded: the next time that it is needed is the next attempt.
    worker.onerror = (event) => this.#end(event.message ? new Error(event.message) : new Unreachable('the worker'))
    this.#worker = worker
  }

  #ask(command, rest) {
    if (!this.#worker) this.#start()
    return new Promise((resolve, reject) => {
      const id = this.#next++
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, command, ...rest })
    })
  }

  /**
   * @param {string} password
   * @returns {Promise<OwnerKeys>}
   */
  make(password) {
    return this.#ask('make', { password })
  }

  /**
   * @param {string} password
   * @param {Omit<OwnerKeys, 'publicSigningKey'>} keys
   * @returns {Promise<boolean>} whether it was the right password
   */
  open(password, keys) {
    return this.#ask('open', { password, keys })
  }

  /**
   * @param {string} text
   * @returns {Promise<string>}
   */
  sign(text) {
    return this.#ask('sign', { text })
  }

  /** Ends the worker, and its memory with it. */
  forget() {
    this.#end(new Error('the worker has ended'))
  }

  /** @param {Error} reason */
  #end(reason) {
    this.#worker?.terminate()
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }
}
