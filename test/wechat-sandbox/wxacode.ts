import { Router } from 'express'
import { ApiRefusal, type Asked, type Endpoint, Picture } from './endpoint'
import { escapeHtml, page as htmlPage } from './page'
import { qrPng } from './qr-png'
import type { SandboxApp, World } from './world'

const SCENE = /^[0-9a-zA-Z!#$&'()*+,/:;=?@\-._~]+$/

export const wxacodeEndpoints: Endpoint[] = [
  {
    path: '/wxa/getwxacodeunlimit',
    method: 'POST',
    token: true,
    answer(_world, asked, app) {
      if (app.kind !== 'weapp') throw new ApiRefusal(48001, 'api unauthorized')
      const { scene, page, width } = checkWish(asked, app)
      const query = new URLSearchParams({ appid: app.appid, page, scene })
      // WeChat draws a flower that only WeChat reads; here any camera reads it
      return new Picture('image/png', qrPng(`${asked.origin}/wxacode?${query}`, width))
    },
  },
]

function checkWish({ body }: Asked, app: SandboxApp): { scene: string; page: string; width: number } {
  const { scene, page = '', width = 430, check_path = true, env_version = 'release' } = body
  if (typeof scene !== 'string' || scene.length < 1 || scene.length > 32)
    throw new ApiRefusal(40169, 'invalid length for scene, or the data is not json string')
  if (!SCENE.test(scene)) throw new ApiRefusal(40129, 'invalid scene')
  // a page of the released version, without leading slash and without parameters; none is the home page
  const known = page === '' || !app.pages || app.pages.includes(String(page))
  if (typeof page !== 'string' || /^\/|\?/.test(page) || (check_path !== false && !known))
    throw new ApiRefusal(41030, 'invalid page')
  const sized = typeof width === 'number' && width >= 280 && width <= 1280
  if (!sized || !['release', 'trial', 'develop'].includes(String(env_version)))
    throw new ApiRefusal(40097, 'invalid args')
  return { scene, page, width }
}

/** Where the code leads whoever scans it: into the demo's pages, with the scene as the mini-program would get it. */
export function wxacodeRoutes(world: World): Router {
  const router = Router()
  router.get('/wxacode', (request, response) => {
    const [appid, page, scene] = [request.query.appid, request.query.page, request.query.scene].map(String)
    const app = world.apps.get(appid as string)
    if (app?.webUrl) {
      const path = page === '' ? 'tabs/home/index' : page
      return response.redirect(303, `${app.webUrl}/#/${path}?scene=${encodeURIComponent(scene as string)}`)
    }
    response.status(app ? 200 : 404).send(
      htmlPage(
        '小程序码 · 微信沙箱',
        `<h1>小程序码</h1>
<p>${app ? `真正的微信里，它打开「${escapeHtml(app.name)}」的 ${escapeHtml(page || '首页')}，带着 ${escapeHtml(scene as string)}。` : '没有这个小程序。'}</p>`,
      ),
    )
  })
  return router
}
