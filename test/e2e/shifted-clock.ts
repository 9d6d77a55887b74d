/** The moment in which every set of pictures is taken: a Sunday morning in Hangzhou. */
const MOMENT = Date.parse('2026-11-22T10:26:00+08:00')

/** Added to the wall's clock it gives the clock of the pictures. */
const offsetMs = MOMENT - Date.now()

/** What time it is in the pictures. */
export const pictureTime = (): Date => new Date(Date.now() + offsetMs)

/** NODE_OPTIONS of a process that lives in that time. */
export const inPictureTime = (): string => {
  const script = `const Real = Date
globalThis.Date = class extends Real {
  constructor(...parts) { parts.length > 0 ? super(...parts) : super(Real.now() + ${offsetMs}) }
  static now() { return Real.now() + ${offsetMs} }
}`
  return `--import data:text/javascript,${encodeURIComponent(script)}`
}
