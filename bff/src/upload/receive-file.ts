import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import { refuse } from '../refusal'

/** What a form may hold besides its one file; a client may name it, and nothing of that is read. */
const LIMITS = { files: 1, fields: 4, fieldNameSize: 64, fieldSize: 1_024, parts: 6, headerPairs: 20 }
/** What stands around the file in a form. */
const FORM_BYTES = 16 * 1024
/** Somebody who sends nothing for so long has gone. */
const STALL_MS = 15_000

/**
 * The one file of a form, under the name `file`, held in memory; reading stops as soon as it is too long. What is left of the
 * request is thrown away by whoever answers.
 * @throws UPLOAD_TOO_LARGE, UPLOAD_BROKEN (cut off, or nothing in it), BAD_INPUT (no such form)
 */
export async function receiveFile(request: IncomingMessage, { mostBytes }: { mostBytes: number }): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes + FORM_BYTES) refuse('UPLOAD_TOO_LARGE', { mostBytes })
  // whoever gave up while waiting for their turn keeps nobody else waiting
  if (request.destroyed) refuse('UPLOAD_BROKEN')
  const form = formOf(request, mostBytes)
  const stall = setTimeout(() => form.destroy(new Error('stalled')), STALL_MS)
  const goesOn = () => void stall.refresh()
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const stop = (refusal: () => never) => {
        try {
          refusal()
        } catch (error) {
          reject(error)
        }
      }
      let file: Buffer[] | null = null
      form.on('file', (name: string, part: Readable) => {
        part.on('error', () => {})
        if (name !== 'file' || file) return stop(noForm)
        const parts: Buffer[] = []
        file = parts
        part.on('data', (bytes: Buffer) => void parts.push(bytes))
        part.on('limit', () => stop(() => refuse('UPLOAD_TOO_LARGE', { mostBytes })))
      })
      for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) form.on(limit, () => stop(noForm))
      form.on('error', () => stop(() => refuse('UPLOAD_BROKEN')))
      form.on('finish', () => {
        const bytes = file && Buffer.concat(file)
        if (!bytes) return stop(noForm)
        if (bytes.length === 0) return stop(() => refuse('UPLOAD_BROKEN'))
        resolve(bytes)
      })
      request.on('data', goesOn)
      request.once('close', () => {
        if (!request.complete) stop(() => refuse('UPLOAD_BROKEN'))
      })
      request.pipe(form)
    })
  } finally {
    clearTimeout(stall)
    request.off('data', goesOn)
    request.unpipe(form)
    // its remains: a form that is cut off complains
    form.on('error', () => {})
    request.resume()
  }
}

function formOf(request: IncomingMessage, mostBytes: number): InstanceType<typeof Busboy> {
  try {
    const headers = request.headers as BusboyHeaders
    if (!/^multipart\/form-data\b/i.test(headers['content-type'] ?? '')) noForm()
    return new Busboy({ headers, limits: { ...LIMITS, fileSize: mostBytes } })
  } catch {
    return noForm()
  }
}

const noForm = (): never => refuse('BAD_INPUT', { fields: [{ path: 'file', problem: 'malformed' }] })
