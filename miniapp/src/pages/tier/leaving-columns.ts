import { businessDay } from '@huiyuan/shared/time'

export interface LeavingColumn {
  /** `2027-3` */
  month: string
  /** The month's number; empty where there is no room for it. */
  label: string
  growth: number
  /** The sum, where there is room for it. */
  figure: string
  /** Of the fullest month, 0 to 1. */
  share: number
  /** It still counts on the tier's last day, if the tier has one. */
  stays: boolean
}

/** With more than so many, every other month is named. */
const TIGHT = 8
/** So many columns have room for a number each. */
const ROOMY = 6

/** Every month from the first in which growth leaves to the last, the empty ones between them as well. */
export function leavingColumnsOf(
  leaving: { at: string; growth: number }[],
  by: string | null,
  write: (growth: number) => string,
): LeavingColumn[] {
  const months = leaving.map(({ at, growth }) => {
    const { year, month } = businessDay(new Date(at))
    return { index: year * 12 + month - 1, growth, stays: by === null || new Date(at) > new Date(by) }
  })
  const first = months[0]?.index ?? 0
  const last = months[months.length - 1]?.index ?? -1
  const count = last - first + 1
  const fullest = Math.max(1, ...months.map(({ growth }) => growth))
  const peak = months.find(({ growth }) => growth === fullest)?.index
  return Array.from({ length: count }, (_, nth) => {
    const index = first + nth
    const own = months.find((one) => one.index === index)
    const growth = own?.growth ?? 0
    const tells = count <= ROOMY || index === peak
    return {
      month: `${Math.floor(index / 12)}-${(index % 12) + 1}`,
      label: count <= TIGHT || nth % 2 === 0 ? String((index % 12) + 1) : '',
      growth,
      figure: tells && growth > 0 ? write(growth) : '',
      share: growth / fullest,
      stays: own?.stays ?? false,
    }
  })
}
