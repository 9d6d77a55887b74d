import { CAME_ALONE, formerWords, identityWords, mergeWords } from './identity-words'

const now = new Date('2026-11-22T04:00:00Z')
const at = '2026-11-20T04:00:00Z'

test('an identity says when it was proven and what it is good for', () => {
  const phone = { kind: 'phone', label: '手机号', hint: '138****2207', provenAt: at, cameFromAnother: false } as const
  expect(identityWords(phone, now)).toEqual(['138****2207 · 11 月 20 日验证', '换了手机或微信，也能找回会员'])
})

test('a number that went is explained by how it went, and that nothing else did', () => {
  const gone = { hint: '138****2207', endedAt: at }
  expect(formerWords({ ...gone, because: 'moved' }, now)).toContain('积分、券和订单都没有动')
  expect(formerWords({ ...gone, because: 'newer_phone' }, now)).toContain('换成了新号码')
  expect(formerWords({ ...gone, because: 'unlinked' }, now)).toContain('不再使用')
  expect(CAME_ALONE).toContain('只有号码过来了')
})

test('a merge says what it brought, and an undone one that each has the own again', () => {
  const merge = { at, because: 'card_shown', other4: '3421', points: 320, growth: 0, undoneAt: null } as const
  expect(mergeWords(merge, now)).toEqual(['11 月 20 日并进来，带来 320 积分', '店员核对了实体卡或本人'])
  expect(mergeWords({ ...merge, undoneAt: at }, now).join()).toContain('又分开了')
})
