import { DAY_MS } from '@huiyuan/shared/time'
import { linkAfter, linkOf, originOf, stillCounts } from './arrival'
import { learnServerTime, serverTimeOf } from './arrival-clock'

jest.mock('@tarojs/taro', () => ({ __esModule: true, default: {} }))

const NOON = Date.UTC(2026, 10, 22, 4)
const DAYS = 30

test.each([
  ['a link', { l: 'Ab3dE9xZ' }, 'Ab3dE9xZ'],
  ['a code scanned in WeChat', { scene: 'l%3DAb3dE9xZ' }, 'Ab3dE9xZ'],
  ['a code scanned in WeChat, not packed', { scene: 'l=Ab3dE9xZ' }, 'Ab3dE9xZ'],
  ['a reward that was shared', { rewardId: 'bowl_black', l: 'Ab3dE9xZ' }, 'Ab3dE9xZ'],
  ['both', { scene: 's%3Dhubin%26l%3DAb3dE9xZ' }, 'Ab3dE9xZ'],
  ['nothing', {}, undefined],
  ['an empty one', { l: '' }, undefined],
  ['one that is too long', { l: 'a'.repeat(11) }, undefined],
  ['words', { l: '<script>' }, undefined],
  ['a list', { l: ['Ab3dE9xZ'] }, undefined],
  ['a scene that cannot be read', { scene: '%E0%A4%A' }, undefined],
])('%s leads to its friend', (_, query, code) => {
  expect(linkOf(query)).toBe(code)
})

test('a code on the counter names its shop, also through WeChat', () => {
  expect(originOf({ query: { s: 'hubin' }, scene: 1047 })).toEqual({ channel: 'store', storeId: 'hubin', scene: 1047 })
  expect(originOf({ query: { scene: 's%3Dhubin' } })).toEqual({ channel: 'store', storeId: 'hubin' })
  expect(originOf({ query: { s: 'No Shop' } })).toEqual({ channel: 'weapp' })
})

test('the last link opened before joining wins; coming back without one changes nothing', () => {
  const first = linkAfter(null, 'aaaa', NOON, true)
  expect(first).toEqual({ code: 'aaaa', at: NOON })
  expect(linkAfter(first, undefined, NOON + DAY_MS, true)).toBe(first)
  expect(linkAfter(first, 'bbbb', NOON + DAY_MS, false)).toEqual({ code: 'bbbb', at: NOON + DAY_MS })
})

test('opening a link again starts its days over; looking at the app again does not', () => {
  const link = { code: 'aaaa', at: NOON }
  expect(linkAfter(link, 'aaaa', NOON + DAY_MS, false)).toBe(link)
  expect(linkAfter(link, 'aaaa', NOON + DAY_MS, true)).toEqual({ code: 'aaaa', at: NOON + DAY_MS })
})

test('an opening is told by the server’s clock, as its last answer told it, in WeChat and in browsers', () => {
  expect(serverTimeOf(NOON)).toBe(NOON)
  learnServerTime({ Date: new Date(NOON).toUTCString() }, NOON + 3 * DAY_MS)
  expect(serverTimeOf(NOON)).toBe(NOON - 3 * DAY_MS)
  learnServerTime({ date: new Date(NOON).toUTCString() }, NOON)
  learnServerTime({}, 0)
  learnServerTime({ Date: 'soon' }, 0)
  expect(serverTimeOf(NOON)).toBe(NOON)
})

test(`a link is kept for ${DAYS} days, also on a phone whose clock was set back`, () => {
  const link = { code: 'aaaa', at: NOON }
  expect(stillCounts(link, NOON + 2 * DAY_MS)).toBe(true)
  expect(stillCounts(link, NOON + DAYS * DAY_MS - 1)).toBe(true)
  expect(stillCounts(link, NOON + DAYS * DAY_MS)).toBe(false)
  expect(stillCounts(link, NOON - DAYS * DAY_MS)).toBe(false)
  expect(stillCounts(null, NOON)).toBe(false)
})
