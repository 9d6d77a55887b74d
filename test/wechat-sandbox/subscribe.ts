import { setTimeout as pause } from 'node:timers/promises'
import { ApiRefusal, type Asked, type Endpoint, getText } from './endpoint'
import { dataRefusal } from './subscribe-rules'
import { findPersonByOpenid, keep, type Person, type SandboxApp, type World } from './world'

// Long enough for a second send to the same person to meet the first.
const SENDING_MS = 15

export const subscribeEndpoints: Endpoint[] = [
  {
    path: '/cgi-bin/message/subscribe/send',
    method: 'POST',
    token: true,
    async answer(world, asked, app) {
      const letter = readLetter(world, asked, app)
      if (world.sending.has(letter.openid)) {
        throw new ApiRefusal(43108, 'Cannot make concurrent calls to the same OpenID, please try again')
      }
      world.sending.add(letter.openid)
      try {
        await pause(SENDING_MS)
        spendConsent(world, letter.openid, letter.templateId)
      } finally {
        world.sending.delete(letter.openid)
      }
      const { person, ...message } = letter
      keep(world.sent, {
        at: new Date(world.clock.now()).toISOString(),
        appid: app.appid,
        person: person.key,
        ...message,
      })
      return { errcode: 0, errmsg: 'ok' }
    },
  },
]

/** How many messages of this template the person still allows. */
export function consentsLeft(world: World, openid: string, templateId: string): number {
  return world.consents.get(`${openid} ${templateId}`) ?? 0
}

/** What a tap on 允许 does: one more message of this template. Returns how many are allowed now. */
export function addConsent(world: World, openid: string, templateId: string): number {
  const left = consentsLeft(world, openid, templateId) + 1
  world.consents.set(`${openid} ${templateId}`, left)
  return left
}

function spendConsent(world: World, openid: string, templateId: string): void {
  const left = consentsLeft(world, openid, templateId)
  if (left <= 0) throw new ApiRefusal(43101, 'user refuse to accept the msg')
  world.consents.set(`${openid} ${templateId}`, left - 1)
}

interface Letter {
  person: Person
  openid: string
  templateId: string
  page: string
  data: Record<string, string>
}

function readLetter(world: World, asked: Asked, app: SandboxApp): Letter {
  const openid = getText(asked.body, 'touser')
  const templateId = getText(asked.body, 'template_id')
  const { page = '', data } = asked.body
  if (typeof data !== 'object' || data === null || typeof page !== 'string') {
    throw new ApiRefusal(47001, 'data format error')
  }
  const person = findPersonByOpenid(world, app.appid, openid)
  if (!person) throw new ApiRefusal(40003, 'invalid openid')
  const template = app.templates?.find((one) => one.templateId === templateId)
  if (app.templates && !template) throw new ApiRefusal(40037, 'invalid template_id')
  if (app.pages && page && !app.pages.includes(page.replace(/\?.*$/, '').replace(/^\//, ''))) {
    throw new ApiRefusal(41030, 'invalid page')
  }
  const given = data as Record<string, { value?: unknown }>
  const problem = dataRefusal(template?.keys ?? Object.keys(given), given)
  if (problem) throw new ApiRefusal(47003, problem)
  const words = Object.entries(given).map(([key, entry]) => [key, String(entry?.value)] as const)
  return { person, openid, templateId, page, data: Object.fromEntries(words) }
}
