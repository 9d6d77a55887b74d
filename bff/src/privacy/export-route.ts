import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { dayText } from '@huiyuan/shared/time'
import type { RequestHandler } from 'express'
import { ctxOf, type House } from '../ctx'
import { plainError } from '../plain-error'
import { spendExportLink } from './export-link'
import { exportMember } from './export-member'

const TOKEN = /^[\w-]{40,1000}$/

/** Serves the file behind a link of {@link makeExportLink}, as a download that nothing on the way keeps. */
export const exportRoute =
  (house: House): RequestHandler =>
  async (req, res, next) => {
    // whoever only looks ahead, as link previews do, must not spend what opens once
    if (req.method !== 'GET') return void res.status(405).set('allow', 'GET').end()
    const ctx = ctxOf(house, { kind: 'nobody' }, req.ip ?? '', req.log)
    try {
      res.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
      const token = typeof req.query.t === 'string' && TOKEN.test(req.query.t) ? req.query.t : null
      const memberId = token && (await spendExportLink(ctx, token))
      if (!memberId)
        return void res.status(410).type('text/plain').send('这个链接已经用过或过期了，请回到会员中心重新生成。')
      res.set('content-disposition', `attachment; filename="member-${dayText(ctx.now())}.json"`)
      res.type('application/json')
      await pipeline(Readable.from(exportMember(ctx, memberId)), res)
    } catch (error) {
      if (!res.headersSent) return next(error)
      // half a file cannot be taken back: the connection ends, and the phone sees that it is not whole
      ctx.log.error({ err: plainError(error) }, 'an export was broken off')
      res.destroy()
    }
  }
