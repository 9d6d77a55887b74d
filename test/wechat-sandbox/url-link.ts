import { randomBytes } from 'node:crypto'
import { Router } from 'express'
import { ApiRefusal, type Asked, type Endpoint } from './endpoint'
import { escapeHtml, page as htmlPage } from './page'
import type { SandboxApp, World } from './world'

const QUERY = /^[0-9a-zA-Z!#$&'()*+,/:;=?@\-._~%]*$/
const MOST_DAYS = 30
const DAY_S = 86_400

export const urlLinkEndpoints: Endpoint[] = [
  {
    path: '/wxa/generate_urllink',
    method: 'POST',
    token: true,
    answer(world, asked, app) {
      if (app.kind !== 'weapp') throw new ApiRefusal(48001, 'api unauthorized')
      const link = readWish(world, asked, app)
      const ticket = randomBytes(8).toString('hex')
      world.links.set(ticket, { appid: app.appid, ...link })
      return { errcode: 0, errmsg: 'ok', url_link: `${asked.origin}/urllink/${ticket}` }
    },
  },
]

function readWish(world: World, { body }: Asked, app: SandboxApp): { path: string; query: string; expiresAt: number } {
  const { path = '', query = '', expire_type = 0, expire_time, expire_interval } = body
  if (typeof path !== 'string' || typeof query !== 'string') throw new ApiRefusal(47001, 'data format error')
  if (path !== '' && (/^\/|\?/.test(path) || (app.pages && !app.pages.includes(path))))
    throw new ApiRefusal(40165, 'invalid weapp pagepath')
  if (query.length > 1_024 || !QUERY.test(query)) throw new ApiRefusal(40212, 'invalid query')
  const now = Math.floor(world.clock.now() / 1000)
  const until = expire_type === 1 ? now + Number(expire_interval) * DAY_S : Number(expire_time)
  if (![0, 1].includes(expire_type as number) || !(until > now + 60 && until <= now + MOST_DAYS * DAY_S))
    throw new ApiRefusal(85401, 'invalid expire time')
  return { path, query, expiresAt: until * 1000 }
}

/** Where a link leads whoever opens it: into the demo's pages, with the query as the mini-program would get it. */
export function urlLinkRoutes(world: World): Router {
  const router = Router()
  router.get('/urllink/:ticket', (request, response) => {
    const link = world.links.get(request.params.ticket as string)
    const app = link && link.expiresAt > world.clock.now() ? world.apps.get(link.appid) : undefined
    if (link && app?.webUrl)
      return response.redirect(303, `${app.webUrl}/#/${link.path || 'tabs/home/index'}?${link.query}`)
    const words =
      link && app
        ? `真正的微信里，它打开「${escapeHtml(app.name)}」的 ${escapeHtml(link.path || '首页')}，带着 ${escapeHtml(link.query)}。`
        : '这个链接已经失效。'
    response.status(app ? 200 : 404).send(htmlPage('小程序链接 · 微信沙箱', `<h1>小程序链接</h1>\n<p>${words}</p>`))
  })
  return router
}
