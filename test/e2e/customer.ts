import { randomUUID } from 'node:crypto'
import { codeStep } from '@huiyuan/shared/code'
import { codeOn } from '../story/demo-people.fixture'
import { strangerAt } from '../support/running-house'
import type { WebHouse } from './web-house'

type Api = ReturnType<typeof strangerAt>['api']

/** She comes with a coupon in her pocket and something to pick up; who has no points for it comes without. */
async function wantsThings(api: Api): Promise<void> {
  const { points, rewards } = await api.mall.list.query()
  let left = points
  for (const { rewardId, points: price, refusal } of rewards) {
    if (!['coupon_8', 'autumn_cup'].includes(rewardId) || refusal || price > left) continue
    await api.mall.exchange.mutate({ requestId: randomUUID(), rewardId, points: price })
    left -= price
  }
}

const PLACE = { deviceLabel: 'iPhone · 微信', platform: 'weapp' as const }

/** Gives the eighteen digits that somebody at the counter shows next. */
export type NextCode = () => Promise<string>

/** A customer with a phone of her own; `now` is the server's time. A new code each time, since one is taken once. */
export async function customerOf(there: WebHouse, person: string, now = () => new Date()): Promise<NextCode> {
  const phone = strangerAt(there.url)
  const { api } = phone
  const opened = await api.session.open.mutate({
    door: { kind: 'weapp', code: there.house.sandbox.control.loginCode(person) },
    ...PLACE,
  })
  if (opened.kind !== 'member') throw new Error(`${person} is no member`)
  phone.token = opened.tokens.accessToken
  await wantsThings(api)
  let former: string | null = null
  return async () => {
    if (former) await api.code.revoke.mutate({ requestId: randomUUID(), deviceId: former })
    const enrolled = await api.code.enrol.mutate({ requestId: randomUUID(), ...PLACE })
    former = enrolled.deviceId
    return codeOn(enrolled, codeStep(now().getTime()) - codeStep(Date.now()))
  }
}
