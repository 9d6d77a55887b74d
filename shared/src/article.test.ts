import fc from 'fast-check'
import { articleProblems, articleState, blocksOf, momentOf, momentText, readingMinutes, spreadWords } from './article'

describe('what an article says', () => {
  test('a line is a heading, a paragraph or an item; items that follow each other are one list', () => {
    expect(blocksOf('## 山上\r\n\n今年\n- 一芽\n－ 二叶\n\n- 手采\n#\n-\n<b>x</b> **y**')).toEqual([
      { kind: 'heading', text: '山上' },
      { kind: 'text', text: '今年' },
      { kind: 'list', items: ['一芽', '二叶'] },
      { kind: 'list', items: ['手采'] },
      { kind: 'text', text: '#' },
      { kind: 'text', text: '-' },
      { kind: 'text', text: '<b>x</b> **y**' },
    ])
  })

  test('whatever is written, no word of it is lost and none is made up', () => {
    const letters = (text: string) => text.replace(/[\s#＃\-－]/g, '')
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('茶', '#', '-', '<', '\n', ' ', '&', 'a') }), (body) => {
        const said = blocksOf(body).map((block) => (block.kind === 'list' ? block.items.join('') : block.text))
        expect(letters(said.join(''))).toBe(letters(body))
      }),
    )
  })

  test('takes at least a minute', () => {
    expect([readingMinutes(''), readingMinutes('茶'.repeat(1_000))]).toEqual([1, 3])
  })
})

test('an article is out from its first instant to before its last, unless it was withdrawn', () => {
  const [from, until] = [new Date(1_000), new Date(2_000)]
  const at = (ms: number, withdrawnAt: Date | null = null) =>
    articleState({ publishFrom: from, publishUntil: until, withdrawnAt }, new Date(ms))
  expect([at(999), at(1_000), at(1_999), at(2_000), at(1_500, from)]).toEqual([
    'soon',
    'shown',
    'shown',
    'over',
    'withdrawn',
  ])
})

test('what stands in the way of saving is said field by field', () => {
  const form = {
    title: ' 茶 ',
    summary: '',
    body: '茶'.repeat(4_001),
    art: 'x',
    publishFrom: new Date(2),
    publishUntil: new Date(1),
  }
  expect(articleProblems(form).map(({ field }) => field)).toEqual(['title', 'summary', 'body', 'art', 'publishUntil'])
})

test('a moment is read as it is written, and a day that is none is not', () => {
  const at = new Date('2026-11-25T00:00:00Z')
  expect([momentText(at), momentOf('2026-11-25 08:00'), momentOf(' 2026-2-3  9：05 ')]).toEqual([
    '2026-11-25 08:00',
    at,
    new Date('2026-02-03T01:05:00Z'),
  ])
  for (const wrong of ['', '2026-02-30 08:00', '2026-13-01 08:00', '2026-11-25', '2026-11-25 24:00', 'x'])
    expect(momentOf(wrong)).toBeNull()
})

test('why readers do not count is said in numbers, and nothing where all do', () => {
  const none = { readers: 3, waiting: 1, counted: 2, returned: 0, doubtful: 0, self: 0, double: 0, passed: 0 }
  expect(spreadWords(none, { attributionDays: 7 })).toEqual([])
  expect(spreadWords({ ...none, self: 1, double: 2, passed: 1_000 }, { attributionDays: 7 })).toEqual([
    '1 位是你自己的另一张会员卡，不计',
    '2 位和另一位读者是同一个人，不计',
    '1,000 位读过以后 7 天里没有到店，不计',
  ])
})
