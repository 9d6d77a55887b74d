import { type Request, type RequestHandler, Router } from 'express'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Ctx, House } from '../ctx'
import { refuse } from '../refusal'
import { keepUpload } from './keep-upload'
import { receiveFile } from './receive-file'
import { turns } from './turns'
import { linkEnd } from './upload-url'

/** Files in memory at once: what one process needs at most is this times the size of a picture. */
const RECEIVING = { most: 16, mostEach: 4, mostWaiting: 256 }
/** Tries of one member in an hour, of each picture they may send in a day. */
const TRIES = 3
const HOUR_S = 3_600
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * `POST /` takes one picture of a member, `GET /:id?t=` shows it to whoever holds a link. Refusals go to the server's last resort.
 * `ctxOf` reads who asks.
 */
export function uploadRoutes(house: House, ctxOf: (req: Request) => Promise<Ctx>): Router {
  const router = Router()
  router.post('/', takePicture(house, ctxOf))
  router.get('/:uploadId', showPicture(house))
  return router
}

function takePicture(house: House, ctxOf: (req: Request) => Promise<Ctx>): RequestHandler {
  const { mostBytes, perDay } = house.policy.uploads
  const receiving = turns(RECEIVING)
  const tries = new RateLimiterMemory({ points: TRIES * perDay, duration: HOUR_S })
  return async (req, res, next) => {
    try {
      const ctx = await ctxOf(req)
      const { actor } = ctx
      if (actor.kind !== 'member') refuse('SESSION_NEEDED')
      const { memberId } = actor
      await tries
        .consume(memberId)
        .catch(({ msBeforeNext }: { msBeforeNext: number }) =>
          refuse('TOO_MANY', { retryAfterSeconds: Math.ceil(msBeforeNext / 1000) }),
        )
      const kept = await receiving.run(memberId, async () =>
        keepUpload(ctx, memberId, await receiveFile(req, { mostBytes })),
      )
      res.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).json(kept)
    } catch (error) {
      // what is still on its way is thrown away, so that the refusal is read
      req.resume()
      next(error)
    }
  }
}

/** One answer for what there is not, what the link does not open and what is over: a stranger learns nothing. */
function showPicture(house: House): RequestHandler {
  return async (req, res, next) => {
    try {
      const uploadId = String(req.params.uploadId)
      const until = UUID.test(uploadId) ? linkEnd(house, uploadId, req.query.t) : null
      const select = { mime: true, storageKey: true }
      const row = until === null ? null : await house.prisma.upload.findFirst({ where: { uploadId }, select })
      const bytes = row?.storageKey ? await house.pictures.get(row.storageKey) : null
      res.set({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-site',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex',
      })
      if (!bytes || !row || until === null)
        return void res.status(404).set('cache-control', 'no-store').type('text/plain').send('没有这张图片')
      const seconds = Math.floor((until - house.now().getTime()) / 1000)
      res.set({ 'cache-control': `private, max-age=${seconds}, immutable`, 'content-disposition': 'inline' })
      res.type(row.mime).send(bytes)
    } catch (error) {
      next(error)
    }
  }
}
