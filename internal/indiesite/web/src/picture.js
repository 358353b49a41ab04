const SIDE = 512 // pixels, the most that the site keeps
const LARGEST = 900_000 // bytes; the site takes a little more

/**
 * Draws the middle of a picture onto the canvas, as large as the site keeps it. What the file says besides, such as where it was taken,
 * does not come along.
 * @param {Blob} file
 * @param {HTMLCanvasElement} canvas
 */
export async function draw(file, canvas) {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  const side = Math.min(bitmap.width, bitmap.height)
  canvas.width = canvas.height = Math.min(SIDE, side)
  const context = canvas.getContext('2d')
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, canvas.width, canvas.height)
  bitmap.close()
}

/**
 * What the canvas shows as a file: with its transparent parts where there are any and there is room for them.
 * @param {HTMLCanvasElement} canvas
 * @param {string} type of the file that was chosen
 * @returns {Promise<Blob>}
 */
export async function toFile(canvas, type) {
  if (type === 'image/png' || type === 'image/webp' || type === 'image/gif') {
    const file = await encode(canvas, 'image/png')
    if (file.size <= LARGEST) return file
  }
  return encode(canvas, 'image/jpeg')
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} type
 * @returns {Promise<Blob>}
 */
const encode = (canvas, type) =>
  new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture came out'))), type, 0.88)
  )
