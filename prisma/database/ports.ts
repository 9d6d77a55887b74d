import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'

/**
 * Below what a system hands out by itself: a connection that leaves this machine could otherwise be given the port before a
 * server takes it, or while one is started again.
 */
const OWN_PORTS = [20_000, 32_000] as const
const TRIES = 20

/** Whether nobody on this machine answers at the port. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      done(false)
    }).once('error', () => done(true))
  })
}

/** A port nobody has, the wished one if it can be had. */
export async function freePort(wish = 0): Promise<number> {
  const own = Array.from({ length: TRIES }, () => randomInt(...OWN_PORTS))
  for (const port of wish ? [wish, ...own] : own) {
    const found = await portIfFree(port)
    if (found !== null) return found
  }
  return (await portIfFree(0)) as number
}

function portIfFree(wish: number): Promise<number | null> {
  return new Promise((done) => {
    const server = createServer().once('error', () => done(null))
    server.listen(wish, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : null))
    })
  })
}
