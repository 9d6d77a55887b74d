import { clockText, daysUntil, dayWords } from '@huiyuan/shared/time'

/** `王** · 尾号 3421` */
export const whoOf = ({ nameMasked, memberNo }: { nameMasked: string | null; memberNo: string }): string =>
  `${nameMasked ?? '未留名'} · 尾号 ${memberNo.slice(-4)}`

/** `今天 10:32`, `11 月 20 日 09:05` */
export function moment(iso: string): string {
  const at = new Date(iso)
  const now = new Date()
  return `${daysUntil(at, now) === 0 ? '今天' : dayWords(at, now)} ${clockText(at)}`
}

/** When a reward that is cleared now arrives: `12 月 8 日到账`. */
export const paidWords = (releaseAt: string | null, now = new Date()): string =>
  releaseAt && new Date(releaseAt) > now ? `${dayWords(new Date(releaseAt), now)}到账` : '几分钟内到账'
