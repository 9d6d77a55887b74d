import { crackle, type Point } from './crackle'

const areaOf = (cell: Point[]): number =>
  Math.abs(
    cell.reduce((sum, [x, y], index) => {
      const [nextX, nextY] = cell[(index + 1) % cell.length] as Point
      return sum + x * nextY - nextX * y
    }, 0) / 2,
  )

test('the cells cover the whole field once, and are the same every time', () => {
  const cells = crackle(750, 900, 40, 7)
  expect(cells).toHaveLength(40)
  expect(cells.reduce((sum, cell) => sum + areaOf(cell), 0)).toBeCloseTo(750 * 900, 3)
  expect(crackle(750, 900, 40, 7)).toEqual(cells)
})
