/** Says a line now and then, not each time. → what is called each time, with the line */
export function sayEvery(milliseconds: number): (line: () => string) => void {
  let saidAt = performance.now()
  return (line) => {
    if (performance.now() - saidAt < milliseconds) return
    saidAt = performance.now()
    console.log(`  … ${line()}`)
  }
}
