import { randomUUID } from 'node:crypto'
import { codeStep } from '@huiyuan/shared/code'
import { codeOn } from '../story/demo-people.fixture'
import { signIn } from '../support/running-house'
import type { WebHouse } from './web-house'

/** Gives the eighteen digits that somebody at the counter shows next. */
export type NextCode = () => Promise<string>

/** A customer with a phone of her own; `now` is the server's time. A new code each time, since one is taken once. */
export async function customerOf(there: WebHouse, person: string, now = () => new Date()): Promise<NextCode> {
  const { api } = await signIn(there.house.sandbox, there.url, person)
  let former: string | null = null
  return async () => {
    if (former) await api.code.revoke.mutate({ requestId: randomUUID(), deviceId: former })
    const phone = await api.code.enrol.mutate({ requestId: randomUUID(), deviceLabel: '我的手机', platform: 'weapp' })
    former = phone.deviceId
    return codeOn(phone, codeStep(now().getTime()) - codeStep(Date.now()))
  }
}
