import { randomUUID } from 'node:crypto'
import type { Holder } from './holder'
import type { RequestEntry } from './journal'
import { send } from './network'
import type { Air } from './request'
import { type Answer, type Asked, asyncApi, type Ground, handOver, WxFailure } from './wx-call'

const PATIENCE_MS = 60_000

/** Pictures on the phone: those that the holder picks lie under paths of the phone's own, and are sent as a form. */
export function pictureApis(ground: Ground, air: Air, holder: Holder): Record<string, unknown> {
  const kept = new Map<string, Buffer>()
  return {
    chooseMedia: asyncApi(ground, 'chooseMedia', ({ count = 9 }) => {
      const picked = holder.pictures().slice(0, Number(count))
      if (picked.length === 0) throw new WxFailure('cancel')
      const tempFiles = picked.map((bytes) => {
        const tempFilePath = `http://tmp/${randomUUID()}.jpg`
        kept.set(tempFilePath, bytes)
        return { tempFilePath, size: bytes.length, fileType: 'image' }
      })
      return { tempFiles, type: 'image' }
    }),
    uploadFile: uploadApi(ground, air, kept),
  }
}

/** wx.uploadFile: succeeds with every status, gives the answer as text, and tells how far it is. */
const uploadApi = (ground: Ground, air: Air, kept: ReadonlyMap<string, Buffer>) => (asked: Asked) => {
  const { journal, realm, activity } = ground
  const done = activity.begin(`uploadFile ${asked.url}`)
  const url = String(asked.url)
  const entry: RequestEntry = { url, method: 'POST', origin: /^\w+:\/\/[^/]+/.exec(url)?.[0] ?? '', status: 0 }
  journal.requests.push(entry)
  const told: ((how: unknown) => void)[] = []
  let hangUp = () => {}
  const end = (ok: boolean, answer: Answer) => {
    done()
    const given = handOver(realm, answer)
    realm.guard('uploadFile', () => (ok ? asked.success : asked.fail)?.(given))
    realm.guard('uploadFile', () => asked.complete?.(given))
  }
  const fail = (reason: string) => {
    entry.failure = reason
    end(false, { errMsg: `uploadFile:fail ${reason}` })
  }
  setTimeout(() => {
    const bytes = kept.get(String(asked.filePath))
    if (!bytes) return fail('file not found')
    if (!air.online) return fail('net::ERR_INTERNET_DISCONNECTED')
    const sent = send(letterOf(asked, air, bytes))
    hangUp = sent.hangUp
    sent.reply.then(
      ({ status, headers, body }) => {
        entry.status = status
        for (const listener of told)
          realm.guard('progress', () => listener(realm.value({ progress: 100, totalBytesSent: bytes.length })))
        end(true, { errMsg: 'uploadFile:ok', statusCode: status, header: headers, data: body.toString('utf8') })
      },
      (error: Error) => fail(error.message),
    )
  }, 0)
  const listeners = { onProgressUpdate: (listener: (how: unknown) => void) => void told.push(listener) }
  const rest = ['offProgressUpdate', 'onHeadersReceived', 'offHeadersReceived'].map((name) => [name, () => {}] as const)
  return Object.assign(realm.value({}) as Answer, { abort: () => hangUp(), ...listeners, ...Object.fromEntries(rest) })
}

function letterOf(asked: Asked, air: Air, bytes: Buffer) {
  const { pathname, search } = new URL(String(asked.url))
  const boundary = `----wx${randomUUID()}`
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${asked.name}"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
  const given = Object.entries((asked.header ?? {}) as Record<string, unknown>)
  const headers = {
    ...Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)])),
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': String(body.length),
    referer: `https://servicewechat.com/${air.appid}/0/page-frame.html`,
  }
  const timeoutMs = Number(asked.timeout ?? PATIENCE_MS)
  return { url: new URL(pathname + search, air.baseUrl), method: 'POST', headers, body, timeoutMs }
}
