import { connect, createServer, type Server, type Socket } from 'node:net'

/** A line to a server that can be cut and mended, as a network does. */
export interface CutLine {
  port: number
  /** Ends every connection and takes no new one. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** Puts a line before `target`, e.g. a database. */
export async function cutLine(target: { host: string; port: number }): Promise<CutLine> {
  const open = new Set<Socket>()
  let down = false
  const server: Server = createServer((near) => {
    if (down) return void near.destroy()
    const far = connect(target.port, target.host)
    for (const end of [near, far]) {
      open.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        open.delete(end)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
  const hangUp = () => {
    for (const end of [...open]) end.destroy()
  }
  return {
    port,
    cut: () => {
      down = true
      hangUp()
    },
    mend: () => {
      down = false
    },
    close: () => {
      hangUp()
      return new Promise((done) => server.close(() => done()))
    },
  }
}
