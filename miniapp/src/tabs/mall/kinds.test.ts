import { someReward } from '../../lib/reward.fixture'
import { KINDS } from './kinds'

const kindsOf = (more: Parameters<typeof someReward>[0]) =>
  KINDS.filter(({ fits }) => fits(someReward(more))).map(({ name }) => name)

test('every reward stands under all it is', () => {
  expect(kindsOf({})).toEqual(['换得起', '全部'])
  expect(kindsOf({ favourite: true, refusal: { code: 'REWARD_GONE', detail: {} } })).toEqual(['收藏', '全部'])
  expect(kindsOf({ kind: 'partner_code' })).toEqual(['换得起', '全部', '券'])
  expect(kindsOf({ tierGate: 6, stockTotal: 36 })).toEqual(['换得起', '全部', '会员专享', '限量'])
})
