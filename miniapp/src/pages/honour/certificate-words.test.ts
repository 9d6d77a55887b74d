import { certificateWords } from './certificate-words'
import { drawCertificate } from './draw-certificate'

const honour = {
  ...{ name: '一盏大使', mark: 'bowl', words: '每个月替一盏做三件小事', kind: 'title' as const },
  ...{ grantedAt: '2026-10-31T16:00:00.000Z', until: '2027-11-30T15:59:59.999Z' },
}
const brand = { name: '一盏', slogan: '今天宜慢慢喝一盏' }

test('a certificate names the honour, the name on the card, the term and the brand', () => {
  expect(certificateWords(honour, '小梅', brand)).toEqual({
    ...{ brand: '一盏', slogan: '今天宜慢慢喝一盏', kind: '称号证书', honour: '一盏大使', mark: 'bowl', name: '小梅' },
    ...{ words: '每个月替一盏做三件小事', term: '2026 年 11 月 1 日 — 2027 年 11 月 30 日' },
  })
  expect(certificateWords({ ...honour, until: null }, '小梅', brand).term).toBe('2026 年 11 月 1 日起 · 长期有效')
})

test('whatever the name and the mark, all of it stays within the frame', () => {
  for (const [mark, name] of [
    ['leaf', '梅'],
    ['no-such-mark', '一位名字特别特别长、长到写不下一行还要再长一些的茶友'],
  ] as const) {
    const written: { text: string; from: number; to: number }[] = []
    let size = 0
    const widthOf = (text: string) => [...text].reduce((sum, one) => sum + (one < '\u0100' ? 0.56 : 1) * size, 0)
    const pen = new Proxy({} as Record<string, unknown>, {
      set(_, key, value) {
        if (key === 'font') size = Number(/(\d+)px/.exec(value as string)?.[1])
        return true
      },
      get(_, key) {
        if (key === 'measureText') return (text: string) => ({ width: widthOf(text) })
        if (key === 'createLinearGradient') return () => ({ addColorStop: () => {} })
        if (key !== 'fillText') return () => {}
        return (text: string, x: number) => written.push({ text, from: x, to: x + widthOf(text) })
      },
    })
    drawCertificate(pen as never, { ...certificateWords(honour, name, brand), mark })
    expect(written.map(({ text }) => text).join('')).toContain('一盏大使')
    for (const { from, to } of written) expect([from >= -42, to <= 750 - 60]).toEqual([true, true])
  }
})
