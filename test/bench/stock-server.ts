import type { AddressInfo } from 'node:net'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import express from 'express'
import { appRouter } from '../../bff/src/app-router'
import type { Actor } from '../../bff/src/ctx'
import { testHouse } from '../support/people'

/**
 * What one gets from the manuals: Express with tRPC's own middleware, on the same router and context, and nothing
 * besides: no log, no rate limit, no headers. Settings: DATABASE_URL.
 */
const { house } = testHouse(process.env.DATABASE_URL as string)
const nobody = async (): Promise<Actor> => ({ kind: 'nobody' })

const app = express()
app.use(
  '/trpc',
  createExpressMiddleware({
    router: appRouter,
    allowMethodOverride: true,
    createContext: ({ req }) => ({ house, requestId: '', clientIp: req.ip ?? '', log: house.log, actor: nobody }),
  }),
)
const server = app.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit(0))
