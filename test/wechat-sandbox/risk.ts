import { ApiRefusal, type Endpoint, getText } from './endpoint'
import { findPersonByOpenid } from './world'

const VISIT_WINDOW_MS = 2 * 3600_000

export const riskEndpoints: Endpoint[] = [
  {
    path: '/wxa/getuserriskrank',
    method: 'POST',
    token: true,
    answer(world, asked, app) {
      const openid = getText(asked.body, 'openid')
      if (getText(asked.body, 'appid') !== app.appid) throw new ApiRefusal(40013, 'invalid appid')
      getText(asked.body, 'client_ip')
      if (![0, 1, 2].includes(asked.body.scene as number)) throw new ApiRefusal(47001, 'data format error')
      const person = findPersonByOpenid(world, app.appid, openid)
      if (!person) throw new ApiRefusal(40003, 'invalid openid')
      const visitedAt = person.visitedAt[app.appid]
      const recent = visitedAt !== undefined && world.clock.now() - visitedAt <= VISIT_WINDOW_MS
      if (!recent && asked.body.is_test !== true) throw new ApiRefusal(61010, 'user visit record expired')
      // "unoin_id" is WeChat's own spelling.
      return { errcode: 0, errmsg: 'getuserriskrank succ', risk_rank: person.riskRank, unoin_id: 123456789 }
    },
  },
]
