import { createHmac, randomBytes } from 'node:crypto'
import { useCode } from './code'
import { ApiRefusal, checkKeys, type Endpoint } from './endpoint'
import { unionidSeen, type World } from './world'

export const loginEndpoints: Endpoint[] = [
  {
    path: '/sns/jscode2session',
    method: 'GET',
    answer(world, asked) {
      const app = checkKeys(world, asked, asked.query)
      const code = asked.query.js_code
      if (!code) throw new ApiRefusal(41008, 'missing code')
      if (asked.query.grant_type !== 'authorization_code') throw new ApiRefusal(40002, 'invalid grant_type')
      const { person } = useCode(world, 'login', app.appid, code)
      if (person.blocked) throw new ApiRefusal(40226, 'code blocked')
      const openid = person.openids[app.appid] as string
      const sessionKey = rotateKey(world, app.appid, openid)
      const unionid = unionidSeen(app, person)
      return { session_key: sessionKey, openid, ...(unionid ? { unionid } : {}) }
    },
  },
  {
    path: '/wxa/checksession',
    method: 'GET',
    token: true,
    answer(world, asked, app) {
      checkSignature(world, app.appid, asked.query)
      return { errcode: 0, errmsg: 'ok' }
    },
  },
  {
    path: '/wxa/resetusersessionkey',
    method: 'GET',
    token: true,
    answer(world, asked, app) {
      const openid = checkSignature(world, app.appid, asked.query)
      return { errcode: 0, errmsg: 'ok', openid, session_key: rotateKey(world, app.appid, openid) }
    },
  },
]

function rotateKey(world: World, appid: string, openid: string): string {
  const key = randomBytes(16).toString('base64')
  world.sessionKeys.set(`${appid} ${openid}`, key)
  return key
}

/** The openid, when the signature is an HMAC of nothing under the person's present key. */
function checkSignature(world: World, appid: string, query: Record<string, string>): string {
  if (query.sig_method !== 'hmac_sha256') throw new ApiRefusal(87008, 'invalid sig_method')
  const openid = query.openid ?? ''
  const key = world.sessionKeys.get(`${appid} ${openid}`)
  const due = key && createHmac('sha256', key).update('').digest('hex')
  if (!due || due !== query.signature) throw new ApiRefusal(87009, 'invalid signature')
  return openid
}
