import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PATIENCE_MS } from '../../../test/support/patience'
import { memoryTokenStore } from './token-store'
import { createWechat } from './wechat'
import { failure, OA, WEAPP } from './wechat.fixture'

let server: Server
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function roomBefore(answer: Parameters<typeof createServer>[1], timeoutMs = 120) {
  server = createServer(answer as never)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const log = { debug: () => {}, warn: () => {} }
  const apps = { weapp: WEAPP, oa: OA }
  return createWechat({ apiBase: base, oauthBase: base, apps, tokenStore: memoryTokenStore(), log, timeoutMs })
}

test('an answer that does not begin in time', async () => {
  const room = await roomBefore((() => {}) as never)
  expect(await failure(room.codeToSession('code'))).toMatchObject({ trouble: 'timeout', outcome: 'unknown' })
})

test('an answer that begins and does not end in time', async () => {
  const room = await roomBefore(((_asked: unknown, response: { write(text: string): void }) => {
    response.write('{"openid":')
  }) as never)
  expect(await failure(room.codeToSession('code'))).toMatchObject({ trouble: 'timeout', outcome: 'unknown' })
})

test('a redirect is not followed: it would carry the secret away', async () => {
  let asked = 0
  const room = await roomBefore(
    ((_asked: unknown, response: { writeHead(s: number, h: object): { end(): void } }) => {
      asked += 1
      response.writeHead(302, { location: '/elsewhere' }).end()
    }) as never,
    PATIENCE_MS,
  )
  expect(await failure(room.codeToSession('code'))).toMatchObject({ trouble: 'cut', outcome: 'unknown' })
  expect(asked).toBe(1)
})
