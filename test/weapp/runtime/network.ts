import { request as sendHttp } from 'node:http'
import { request as sendHttps } from 'node:https'

/** A request as it leaves the phone. */
export interface Letter {
  url: URL
  method: string
  headers: Record<string, string>
  body: string | Uint8Array | null
  timeoutMs: number
}

/** What came back, whatever the status. */
export interface Reply {
  status: number
  headers: Record<string, string>
  cookies: string[]
  body: Buffer
}

/** Really sends it. Rejects with the reason in `message`, 'timeout' when patience ran out; `hangUp` drops the line. */
export function send({ url, method, headers, body, timeoutMs }: Letter): {
  reply: Promise<Reply>
  hangUp: () => void
} {
  const start = url.protocol === 'https:' ? sendHttps : sendHttp
  const sent = start(url, { method, headers, agent: false })
  const reply = new Promise<Reply>((settle, refuse) => {
    const patience = setTimeout(() => sent.destroy(new Error('timeout')), timeoutMs)
    sent.on('close', () => clearTimeout(patience))
    sent.on('error', (error) => refuse(new Error((error as NodeJS.ErrnoException).code ?? error.message)))
    sent.on('response', (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', refuse)
      answer.on('end', () =>
        settle({
          status: answer.statusCode ?? 0,
          headers: headersOf(answer.rawHeaders),
          cookies: answer.headers['set-cookie'] ?? [],
          body: Buffer.concat(parts),
        }),
      )
    })
  })
  sent.end(body ?? undefined)
  return { reply, hangUp: () => sent.destroy() }
}

function headersOf(raw: string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i + 1 < raw.length; i += 2) headers[raw[i] as string] = raw[i + 1] as string
  return headers
}
