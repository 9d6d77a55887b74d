import type { RequestHandler } from 'express'
import { ctxOf, type House } from '../ctx'
import type { PushSetup } from '../wechat'
import { handleNotify } from './handle-notify'

/**
 * Serves WeChat's message push. The body must have been read as bytes (`express.raw({ type: () => true })`): what is
 * signed is the text as it came.
 */
export const notifyRoute =
  (house: House, setups: readonly PushSetup[]): RequestHandler =>
  async (req, res, next) => {
    try {
      const rawBody = Buffer.isBuffer(req.body) ? req.body.toString('utf8') : ''
      const asked = { method: req.method, query: req.query, rawBody }
      const { status, body } = await handleNotify(ctxOf(house, { kind: 'nobody' }, req.ip ?? ''), setups, asked)
      // plain text: the greeting is an echo of what was sent
      res.status(status).type('text/plain').send(body)
    } catch (error) {
      next(error)
    }
  }
