// The same arithmetic as the site's own, for the preview: WCAG 2.2, relative luminance.

/** @param {string} hex two digits */
function channel(hex) {
  const c = parseInt(hex, 16) / 255
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
}

/** @param {string} colour as #rrggbb */
const luminance = (colour) =>
  0.2126 * channel(colour.slice(1, 3)) + 0.7152 * channel(colour.slice(3, 5)) + 0.0722 * channel(colour.slice(5, 7))

/**
 * Black or white, whichever reads better on the colour.
 * @param {string} colour as #rrggbb
 */
export function textOn(colour) {
  const l = luminance(colour)
  return 1.05 / (l + 0.05) >= (l + 0.05) / 0.05 ? '#ffffff' : '#000000'
}
