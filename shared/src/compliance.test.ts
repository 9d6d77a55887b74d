import fc from 'fast-check'
import {
  type CampaignForm,
  FORBIDDEN_TRIGGERS,
  LEGAL_TRIGGERS,
  RULES,
  ruleOf,
  type Trigger,
  violationsOf,
} from './compliance'
import { FRIENDS, ILLEGAL, LEGAL } from './compliance-campaigns.fixture'
import { copyFindings } from './compliance-copy'
import { HONEST_COPY, SPOKEN_COPY } from './compliance-spoken.fixture'
import { FORBIDDEN_COPY, LEGAL_COPY } from './compliance-words.fixture'
import { DEMO_POLICY } from './policy'

const rulesOf = (form: CampaignForm) => violationsOf(form, DEMO_POLICY).map(({ rule }) => rule)

test.each(ILLEGAL)('refuses what $what', ({ form, rules }) => {
  expect(new Set(rulesOf(form))).toEqual(new Set(rules))
  for (const { rule, words, source } of violationsOf(form, DEMO_POLICY)) {
    expect(ruleOf(rule)).toBe(RULES[rule])
    expect([words.includes(RULES[rule].words), source]).toEqual([true, RULES[rule].source])
  }
})

test.each(LEGAL)('accepts $what', ({ form }) => expect(violationsOf(form, DEMO_POLICY)).toEqual([]))

test('every rule has its example, every forbidden reason its rule, and nothing else is forbidden', () => {
  expect(new Set(ILLEGAL.flatMap(({ rules }) => rules))).toEqual(new Set(Object.keys(RULES)))
  const forbidden = Object.keys(FORBIDDEN_TRIGGERS) as Trigger[]
  for (const trigger of forbidden) expect(rulesOf({ ...FRIENDS, trigger })).toHaveLength(1)
  for (const trigger of LEGAL_TRIGGERS) expect(rulesOf({ ...FRIENDS, trigger, labelled: true })).toEqual([])
  expect(ruleOf('constructor')).toBeNull()
})

test('what a sentence may not say is found, with the passage as it was written', () => {
  const missed = [...FORBIDDEN_COPY, ...SPOKEN_COPY].filter((text) => copyFindings(text).length === 0)
  expect(missed).toEqual([])
  for (const text of FORBIDDEN_COPY) for (const { found } of copyFindings(text)) expect(text).toContain(found)
  expect(copyFindings('来喝茶，轉 發 即 領 券！')).toEqual([{ rule: 'share_copy', found: '轉 發 即 領' }])
})

test('what a tea brand says all day is let through', () => {
  expect(LEGAL_COPY.length).toBeGreaterThanOrEqual(30)
  const wronged = [...LEGAL_COPY, ...HONEST_COPY].flatMap((text) =>
    copyFindings(text).map((finding) => ({ text, ...finding })),
  )
  expect(wronged).toEqual([])
})

const BETWEEN = [' ', '\u3000', '\u200b', '-', '·', '~', '。', '*', '、', '_', '\u200d', '！', '…', '😀', '\n', '】【']
const wide = (text: string) => text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
const PLAIN_SINS = [
  '分享即得',
  '转发领券',
  '分享得积分',
  '躺赚',
  '帮我点',
  '集满38个赞免单',
  '好评返现',
  '抽奖赢茶',
  '发展下线',
  '人人有奖',
]

test('no disguise helps: signs between all characters, fullwidth figures, traditional characters', () => {
  const traditional: Record<string, string> = {
    转: '轉',
    发: '發',
    领: '領',
    积: '積',
    赚: '賺',
    帮: '幫',
    点: '點',
    满: '滿',
    个: '個',
    赞: '讚',
    评: '評',
    现: '現',
    奖: '獎',
    赢: '贏',
    线: '線',
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...PLAIN_SINS),
      fc.constantFrom(...BETWEEN),
      fc.boolean(),
      fc.boolean(),
      (sin, between, old, fullwidth) => {
        const signs = [...(fullwidth ? wide(sin) : sin)].map((sign) => (old ? (traditional[sign] ?? sign) : sign))
        expect(copyFindings(`一盏的茶${between}${between}${signs.join(between)}`)).not.toEqual([])
      },
    ),
    { numRuns: 400 },
  )
})

test('any text at all is read, and what is found is a part of it', () => {
  const piece = fc.constantFrom(...FORBIDDEN_COPY, ...LEGAL_COPY, '🧧', '轉', 'pyq', 'ＺＨＵＡＮＦＡ', '|', '□')
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'grapheme' })), { maxLength: 4 }), (parts) => {
      const text = parts.join('')
      for (const { found } of copyFindings(text)) expect([text.includes(found), found.length > 0]).toEqual([true, true])
    }),
    { numRuns: 300 },
  )
})
