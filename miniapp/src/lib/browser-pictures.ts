import type { ChosenPicture } from './upload'

/**
 * The browser's own sheet for pictures; none when the person changes their mind. Taro's would drop without a word what this browser cannot
 * show, such as a HEIC, and unfold every photo besides.
 */
export function pickInBrowser(most: number): Promise<ChosenPicture[]> {
  const field = document.createElement('input')
  field.type = 'file'
  field.accept = 'image/*'
  field.multiple = most > 1
  field.hidden = true
  // some browsers open no sheet for a field that is nowhere
  document.body.appendChild(field)
  return new Promise<ChosenPicture[]>((resolve) => {
    field.onchange = () =>
      resolve(Array.from(field.files ?? []).map((file) => ({ path: URL.createObjectURL(file), bytes: file.size })))
    field.oncancel = () => resolve([])
    field.click()
  }).finally(() => field.remove())
}
