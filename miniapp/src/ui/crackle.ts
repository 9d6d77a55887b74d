export type Point = readonly [x: number, y: number]

/** Chance that is the same on every phone, so that every poster has the same glaze. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

/** The part of a cell on the side of `own` that is nearer to it than to `other`. */
function nearer(cell: Point[], own: Point, other: Point): Point[] {
  const mid = [(own[0] + other[0]) / 2, (own[1] + other[1]) / 2] as const
  const beyond = ([x, y]: Point) => (x - mid[0]) * (other[0] - own[0]) + (y - mid[1]) * (other[1] - own[1])
  return cell.flatMap((from, index) => {
    const to = cell[(index + 1) % cell.length] as Point
    const [a, b] = [beyond(from), beyond(to)]
    const kept = a <= 0 ? [from] : []
    if (a <= 0 === b <= 0) return kept
    const share = a / (a - b)
    return [...kept, [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share] as const]
  })
}

/** The crackle of celadon: the cells of points strewn over a field. Each is a closed line. */
export function crackle(width: number, height: number, count: number, seed: number): Point[][] {
  const random = chance(seed)
  const seeds = Array.from({ length: count }, (): Point => [random() * width, random() * height])
  const field: Point[] = [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ]
  return seeds.map((own) => seeds.reduce((cell, other) => (other === own ? cell : nearer(cell, own, other)), field))
}
