import { businessDay } from '@huiyuan/shared/time'
import type { Honour } from './honours'

export interface CertificateWords {
  brand: string
  slogan: string
  kind: string
  honour: string
  mark: string
  name: string
  words: string
  term: string
}

/** `2026 年 11 月 1 日` */
function day(at: string): string {
  const { year, month, day } = businessDay(new Date(at))
  return `${year} 年 ${month} 月 ${day} 日`
}

/** What stands on a certificate: the honour, the name on the card, the term and the brand; nothing else of anybody. */
export function certificateWords(
  {
    name: honour,
    mark,
    words,
    kind,
    grantedAt,
    until,
  }: Pick<Honour, 'name' | 'mark' | 'words' | 'kind' | 'grantedAt' | 'until'>,
  name: string,
  brand: { name: string; slogan: string },
): CertificateWords {
  const from = grantedAt ? day(grantedAt) : ''
  return {
    brand: brand.name,
    slogan: brand.slogan,
    kind: kind === 'title' ? '称号证书' : '徽章证书',
    ...{ honour, mark, name, words },
    term: until ? `${from} — ${day(until)}` : `${from}起 · 长期有效`,
  }
}
