import express, { type Request, Router } from 'express'
import { authorizePage, authorizeProblemPage } from './authorize-page'
import { issueCode, type SandboxApp, type World } from './world'

const ORDER = ['appid', 'redirect_uri', 'response_type', 'scope', 'state']

interface Wish {
  app: SandboxApp
  redirectUri: URL
  scope: string
  state: string
}

/** The page of open.weixin.qq.com: pick a person, come back with a code. */
export function authorizeRoutes(world: World): Router {
  const router = Router()
  router.get('/connect/oauth2/authorize', (request, response) => {
    const names = [...new URL(request.url, 'http://sandbox').searchParams.keys()].filter((name) => ORDER.includes(name))
    // WeChat matches the whole link against a pattern, so another order fails in life too.
    const inOrder = names.join() === ORDER.filter((name) => names.includes(name)).join()
    const wish = inOrder
      ? readWish(world, request.query)
      : '参数顺序须为 appid、redirect_uri、response_type、scope、state'
    if (typeof wish === 'string') {
      response.status(400).send(authorizeProblemPage(wish))
      return
    }
    const { app, redirectUri, scope, state } = wish
    const fields = { appid: app.appid, redirect_uri: redirectUri.href, response_type: 'code', scope, state }
    response.send(authorizePage(app, [...world.people.values()], fields))
  })
  router.post('/connect/oauth2/authorize', express.urlencoded({ extended: false }), (request: Request, response) => {
    const fields = (request.body ?? {}) as Record<string, unknown>
    const wish = readWish(world, fields)
    const person = world.people.get(String(fields.person))
    if (typeof wish === 'string' || !person) {
      response.status(400).send(authorizeProblemPage(typeof wish === 'string' ? wish : '没有这个人'))
      return
    }
    const { app, redirectUri, scope, state } = wish
    const code = issueCode(world, { kind: 'oauth', appid: app.appid, personKey: person.key, scope })
    redirectUri.searchParams.set('code', code)
    redirectUri.searchParams.set('state', state)
    response.redirect(303, redirectUri.href)
  })
  return router
}

function readWish(world: World, fields: Record<string, unknown>): Wish | string {
  const app = world.apps.get(String(fields.appid))
  if (app?.kind !== 'oa') return 'AppID 参数错误：没有这个公众号'
  const address = String(fields.redirect_uri ?? '')
  const redirectUri = URL.canParse(address) ? new URL(address) : null
  if (!redirectUri || !/^https?:$/.test(redirectUri.protocol))
    return 'redirect_uri 参数错误(10003)：须为 http 或 https 地址'
  if (app.hosts && !app.hosts.includes(redirectUri.host)) return 'redirect_uri 参数错误(10003)：不在网页授权域名内'
  if (fields.response_type !== 'code') return 'response_type 参数错误：须为 code'
  const scope = String(fields.scope)
  if (scope !== 'snsapi_base' && scope !== 'snsapi_userinfo') return 'scope 参数错误(10005)'
  const state = String(fields.state ?? '')
  if (!/^[a-zA-Z0-9]{0,128}$/.test(state)) return 'state 参数错误：只能是字母和数字，最多 128 个'
  return { app, redirectUri, scope, state }
}
