import { randomBytes } from 'node:crypto'
import { useCode } from './code'
import { ApiRefusal, checkKeys, type Endpoint } from './endpoint'
import { unionidSeen } from './world'

export const oauthEndpoints: Endpoint[] = [
  {
    path: '/sns/oauth2/access_token',
    method: 'GET',
    answer(world, asked) {
      const app = checkKeys(world, asked, asked.query)
      if (!asked.query.code) throw new ApiRefusal(41008, 'missing code')
      if (asked.query.grant_type !== 'authorization_code') throw new ApiRefusal(40002, 'invalid grant_type')
      const { code, person } = useCode(world, 'oauth', app.appid, asked.query.code)
      // WeChat gives the unionid only with this scope.
      const unionid = code.scope === 'snsapi_userinfo' ? unionidSeen(app, person) : null
      return {
        access_token: `80_${randomBytes(60).toString('base64url')}`,
        expires_in: 7200,
        refresh_token: `80_${randomBytes(60).toString('base64url')}`,
        openid: person.openids[app.appid],
        scope: code.scope,
        ...(unionid ? { unionid } : {}),
      }
    },
  },
]
