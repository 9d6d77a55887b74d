import { connect, createServer } from 'node:net'

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
  return (await portIfFree(wish)) ?? ((await portIfFree(0)) as number)
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
