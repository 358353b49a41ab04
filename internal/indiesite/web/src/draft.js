// What somebody wrote on the settings page, kept in the tab while they sign in again. A picture is too large for that.

import { $ } from './form.js'
import { drop, keep, kept } from './tab.js'

const DRAFT = 'draft'
const FIELDS = ['name', 'bio', 'colour', 'own-background', 'background', 'language']

/** @param {string} id */
const property = (id) => ($(id).type === 'checkbox' ? 'checked' : 'value')

/** @returns {boolean} whether it is kept */
export const keepDraft = () => keep(DRAFT, JSON.stringify(Object.fromEntries(FIELDS.map((id) => [id, $(id)[property(id)]]))))

export const dropDraft = () => drop(DRAFT)

/**
 * Fills the draft in, and keeps it no longer.
 * @returns {boolean} whether there was one
 */
export function takeDraft() {
  const draft = kept(DRAFT)
  if (!draft) return false
  dropDraft()
  const values = JSON.parse(draft)
  for (const id of FIELDS) $(id)[property(id)] = values[id]
  return true
}
