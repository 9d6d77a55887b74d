import type { Wish } from './separate-wishes.fixture'

type Row = [Wish['do'], number, number, number, number, number, boolean, number]

const wished = (rows: Row[]): Wish[] =>
  rows.map(([action, who, nth, points, inDays, lifeDays, programme, thenMinutes]) => ({
    do: action,
    ...{ who, nth, points, inDays, lifeDays, programme, thenMinutes },
  }))

/** A payer that had been separated itself got what it paid back into a lot of the survivor's. */
const PAYER_SEPARATED = wished([
  ['spend', 2, 2, 60, 0, 12, true, 2880],
  ['spend', 0, 2, 7, 1, 2, true, 1],
  ['merge', 2, 4, 1, 0, 9, false, 1],
  ['settle', 1, 5, 7, 3, 3, true, 1440],
  ['award', 2, 1, 1, 0, 5, false, 1],
  ['settle', 1, 1, 30, 3, 10, false, 1440],
  ['takeBack', 0, 4, 90, 0, 10, true, 5760],
  ['andBack', 0, 4, 45, 1, 12, false, 1],
  ['award', 0, 7, 60, 0, 12, true, 1],
  ['award', 1, 2, 60, 1, 8, true, 2880],
  ['undo', 0, 5, 60, 0, 6, false, 1],
  ['cancel', 1, 7, 30, 0, 1, false, 1],
  ['spend', 0, 5, 45, 0, 9, false, 1],
  ['andBack', 2, 2, 60, 0, 7, true, 1],
  ['undo', 1, 3, 45, 3, 7, false, 2880],
  ['award', 0, 3, 45, 1, 10, false, 1],
])

/** The same, where the payer had been merged and separated twice. */
const PAYER_SEPARATED_TWICE = wished([
  ['merge', 1, 3, 90, 1, 8, false, 1],
  ['award', 2, 2, 30, 0, 2, false, 1],
  ['takeBack', 1, 3, 60, 0, 7, false, 1],
  ['award', 0, 2, 1, 1, 11, false, 5760],
  ['takeBack', 0, 0, 20, 3, 5, false, 1],
  ['merge', 1, 2, 7, 1, 3, false, 1],
  ['spend', 1, 4, 1, 0, 5, false, 2880],
  ['merge', 1, 0, 20, 0, 6, false, 5760],
  ['spend', 1, 3, 30, 1, 8, false, 1],
  ['merge', 2, 7, 60, 0, 11, false, 1],
  ['spend', 0, 0, 7, 0, 6, true, 1],
  ['takeBack', 2, 0, 45, 1, 1, false, 5760],
  ['merge', 2, 2, 1, 0, 2, false, 2880],
  ['award', 2, 5, 7, 1, 9, false, 5760],
  ['award', 1, 2, 1, 0, 2, false, 1],
  ['award', 0, 4, 20, 0, 11, false, 1],
  ['takeBack', 2, 7, 1, 3, 10, false, 1],
  ['merge', 2, 2, 90, 0, 11, false, 1],
  ['award', 0, 4, 90, 3, 6, false, 1],
  ['settle', 0, 6, 60, 0, 12, true, 2880],
  ['cancel', 0, 1, 60, 3, 7, false, 5760],
  ['undo', 1, 0, 30, 1, 1, false, 1],
  ['award', 1, 2, 7, 0, 3, true, 1],
  ['merge', 0, 1, 30, 3, 5, false, 2880],
  ['award', 2, 7, 7, 1, 9, true, 1440],
  ['cancel', 2, 6, 60, 3, 6, false, 1],
  ['undo', 2, 7, 60, 1, 12, false, 1],
])

/** Stories that once went wrong. */
export const WENT_WRONG: Wish[][] = [PAYER_SEPARATED, PAYER_SEPARATED_TWICE]
