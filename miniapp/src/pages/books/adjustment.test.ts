import { memberNoFrom } from '@huiyuan/shared/member'
import {
  courseOf,
  type Draft,
  memberNoOf,
  memberNoProblem,
  pointsOf,
  previewOf,
  problemsOf,
  signed,
  whoOf,
} from './adjustment'

const NO = memberNoFrom('10000000000001')
const draft = (change: Partial<Draft> = {}): Draft => ({
  sign: 1,
  points: '300',
  reason: 'goodwill',
  note: '12 月 1 日来电',
  ...change,
})

test('a number is taken as it was typed or pasted', () => {
  const spaced = NO.replace(/(\d{4})(?=\d)/g, '$1 ')
  const wide = [...NO].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('')
  for (const said of [NO, spaced, spaced.replace(/ /g, '-'), ` ${NO}\n`, wide]) {
    expect(memberNoOf(said)).toBe(NO)
    expect(memberNoProblem(said)).toBeNull()
  }
})

test('what cannot be a number is refused in words', () => {
  expect(memberNoProblem('')).toBe('请输入 16 位会员号')
  expect(memberNoProblem('8123')).toBe('会员号是 16 位，现在 4 位')
  expect(memberNoProblem('13800003318x')).toBe('会员号只有数字')
  const wrong = NO.slice(0, 15) + ((Number(NO[15]) + 1) % 10)
  expect(memberNoProblem(wrong)).toBe('会员号不对，请核对每一位')
})

test('points are a whole number above zero, up to the most that one correction may move', () => {
  expect(pointsOf(draft())).toBe(300)
  expect(pointsOf(draft({ sign: -1, points: '1,000' }))).toBe(-1_000)
  expect(pointsOf(draft({ points: '１００，０００' }))).toBe(100_000)
  for (const points of ['', ' ', '0', '-5', '3.5', '3e2', '一百', '100001', '9999999999'])
    expect({ points, is: pointsOf(draft({ points })) }).toEqual({ points, is: null })
})

test('each part of the draft says what is missing', () => {
  expect(problemsOf(draft())).toEqual({})
  expect(problemsOf(draft({ points: '', reason: null, note: ' ' }))).toEqual({
    points: '请填写积分',
    reason: '请选一个原因',
    note: '请写一句说明，复核和审计都会看',
  })
  expect(problemsOf(draft({ points: '3.5' })).points).toBe('只能填大于 0 的整数')
  expect(problemsOf(draft({ points: '100001' })).points).toBe('一次最多 100,000 积分')
})

test('more pays what is owed first, fewer leaves what cannot be taken as owed', () => {
  const at = (points: number, debtPoints: number) => ({ points, debtPoints })
  expect(previewOf(300, at(1_000, 0))).toEqual(at(1_300, 0))
  expect(previewOf(300, at(0, 120))).toEqual(at(180, 0))
  expect(previewOf(100, at(0, 120))).toEqual(at(0, 20))
  expect(previewOf(-300, at(1_000, 0))).toEqual(at(700, 0))
  expect(previewOf(-300, at(100, 0))).toEqual(at(0, 200))
  expect(previewOf(-300, at(0, 50))).toEqual(at(0, 350))
})

test('one operator is enough up to what is left of the day, and never for their own points', () => {
  expect(courseOf(300, 500, false)).toEqual({ atOnce: true, words: '提交后立即生效，今天还能一个人调整 200 分' })
  expect(courseOf(-500, 500, false).atOnce).toBe(true)
  expect(courseOf(-501, 500, false)).toEqual({
    atOnce: false,
    words: '超过今天一个人还能调整的 500 分，提交后等另一位运营复核',
  })
  expect(courseOf(1, 0, false).words).toContain('已经用完')
  expect(courseOf(1, 500, true)).toMatchObject({ atOnce: false })
})

test('a member is told by a masked name and four digits', () => {
  expect(whoOf({ nameMasked: '小*', memberNo: '**** 3421' })).toBe('小* · 尾号 3421')
  expect(whoOf({ nameMasked: null, memberNo: '**** 3421' })).toBe('未留名 · 尾号 3421')
})

test('a sign stands before the points', () => expect([signed(1_200), signed(-80)]).toEqual(['+1,200', '−80']))
