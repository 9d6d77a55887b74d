/**
 * Code 128 (ISO/IEC 15417): digits in set C, two a symbol; anything else in set B, one a symbol. Each symbol is six
 * widths, bar and space in turn, eleven modules in all; the stop symbol has seven widths and thirteen modules.
 */
const WIDTHS =
  '212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232'
const STOP = '2331112'
const START_B = 104
const START_C = 105
/** The character whose value is 0 in set B. */
const FIRST_OF_B = 32
/** Empty modules that a scanner needs on either side. */
export const QUIET_MODULES = 10

const symbol = (value: number) => WIDTHS.slice(value * 6, value * 6 + 6)

/** The bars of an even run of digits, or of plain letters, as [start, width] in modules, with the quiet zones counted in. */
export function barsOf(text: string): { bars: [start: number, width: number][]; modules: number } {
  const paired = /^(\d\d)+$/.test(text)
  const start = paired ? START_C : START_B
  const values = paired
    ? (text.match(/\d\d/g) ?? []).map(Number)
    : [...text].map((letter) => letter.charCodeAt(0) - FIRST_OF_B)
  const check = values.reduce((sum, value, index) => sum + value * (index + 1), start) % 103
  const widths = [start, ...values, check].map(symbol).join('') + STOP
  const bars: [number, number][] = []
  let at = QUIET_MODULES
  for (let i = 0; i < widths.length; i++) {
    const width = Number(widths[i])
    if (i % 2 === 0) bars.push([at, width])
    at += width
  }
  return { bars, modules: at + QUIET_MODULES }
}
