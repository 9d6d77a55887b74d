import { createHmac, randomUUID } from 'node:crypto'
import { codeStep, memberCodeAt } from '@huiyuan/shared/code'
import { seedDemoBrand } from '../../prisma/seed/demo-brand'
import type { Client, RunningHouse } from '../support/running-house'
import { DEMO_APPS, openidOf, unionidOf } from '../wechat-sandbox'

/** The demo brand with its named people, as the sandbox knows them, and as many unnamed members as wished. */
export const seedFor = (databaseUrl: string, masterKey: string, members = 0, now = new Date()): Promise<void> =>
  seedDemoBrand({
    databaseUrl,
    masterKey,
    members,
    now,
    weappAppid: DEMO_APPS.weapp.appid,
    oaAppid: DEMO_APPS.oa.appid,
    wechatOf: (key) => ({
      weapp: { openid: openidOf(DEMO_APPS.weapp.appid, key), unionid: unionidOf(key) },
      oa: { openid: openidOf(DEMO_APPS.oa.appid, key) },
    }),
  })

export interface PhoneCode {
  handle: string
  secret: string
}

/** The eighteen digits a phone would show, `steps` away from now. */
export const codeOn = ({ handle, secret }: PhoneCode, steps = 0): string =>
  memberCodeAt({
    handle,
    secret: Buffer.from(secret, 'base64url'),
    step: codeStep(Date.now()) + steps,
    hmacSha256: (key, message) => createHmac('sha256', key).update(message).digest(),
  })

/** Puts the member's code on a phone. */
export const enrol = (api: Client): Promise<PhoneCode> =>
  api.code.enrol.mutate({ requestId: randomUUID(), deviceLabel: '测试手机', platform: 'weapp' })

let strangers = 0
/** Adds `count` people to the sandbox whom nobody here has seen, each with a phone of their own. */
export function addStrangers({ sandbox }: RunningHouse, count: number): string[] {
  const keys = Array.from({ length: count }, (_, n) => `stranger-${randomUUID().slice(0, 8)}-${n}`)
  for (const [n, key] of keys.entries())
    sandbox.control.addPerson({
      key,
      name: `路人${n}`,
      phone: `+86137${10_000_000 + strangers++}`,
    })
  return keys
}
