import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import type { LookupFunction } from 'node:net'
import { callableUrl, type Outside, openAddresses } from './outside'

/** In all: finding the address, connecting, sending, and the answer's head. */
const TIMEOUT_MS = 10_000
/** As much of an answer is read, and thrown away, so that its sender can finish. */
const ANSWER_BYTES = 16_384

/**
 * Posts a JSON text and answers with the status. Follows no redirect; the connection goes to the very address that was
 * judged, whatever the name stands for a moment later.
 * @throws Error when nobody answered in time, or the address is not one to call
 */
export async function postOutside(
  address: string,
  { headers, body, outside }: { headers: Record<string, string>; body: string; outside: Outside },
): Promise<number> {
  const url = await callableUrl(address, outside)
  if (!url) throw new Error('not an address to call')
  const request = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      lookup: judgedLookup(outside),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      maxHeaderSize: ANSWER_BYTES,
    })
    call.on('error', reject)
    call.on('response', (answer) => {
      let read = 0
      answer.on('data', (chunk: Buffer) => {
        read += chunk.length
        if (read > ANSWER_BYTES) answer.destroy()
      })
      // the status is all that counts, also of an answer that does not end well
      answer.on('error', () => {})
      resolve(answer.statusCode ?? 0)
    })
    call.end(body)
  })
}

const judgedLookup =
  (outside: Outside): LookupFunction =>
  (hostname, options, done) =>
    void openAddresses(hostname, outside).then(
      (addresses) => {
        const [first] = addresses
        if (options.all) done(null, addresses)
        else done(null, first?.address ?? '', first?.family)
      },
      (error) => done(error as NodeJS.ErrnoException, ''),
    )
